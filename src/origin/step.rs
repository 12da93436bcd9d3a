//! What the writer of a value did, and what kind of thing that is: the one place that sorts steps.

/// What the writer of a value did. The words are those of the tool that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Stands in a file as it is.
    Written,
    /// Copied from an anchor by an alias or a merge key; `at` is the alias.
    Aliased,

    /// A literal piece of a template; `under` is the call frame.
    TemplateText,
    /// The output of a template action; `at` is the action, `from` the printed value, `under` the call frame.
    Templated,
    /// A call frame: `at` is the `include`, `template` or `tpl` action that ran another template.
    Included,
    /// A call frame: `at` is the condition of an `if`, `with` or `range` that decided that what is inside is
    /// rendered, `from` the value that it looked at.
    Decided,
    /// The result of a function that does more than move text; `from` leads to its traced arguments.
    Computed(Name),
    /// Several pieces side by side make one scalar; `from` leads to all of them.
    Joined,

    /// A chart's own values.yaml; `under` is the parent chart's or an earlier layer's value that it merged with.
    ChartValues,
    /// A values file named by the user or the application; `under` is the value that lost.
    ValuesFile,
    /// Inline values of an application (`valuesObject`, `values`); `under` is the value that lost.
    InlineValues,
    /// A `--set` style parameter; `under` is the value that lost.
    Parameter,
    /// Moved into a subchart by `import-values` or as a global.
    PassedDown,
    /// Provided by the renderer itself: release name, namespace, capabilities, chart metadata.
    BuiltIn(Name),

    /// A strategic merge patch; `under` is the value that was there.
    Patched,
    /// A JSON 6902 patch operation.
    JsonPatched,
    /// The `namespace` field of a kustomization, or a targetNamespace.
    NamespaceSet,
    /// `namePrefix` or `nameSuffix`.
    NameAffixed,
    /// `labels` or `commonLabels`.
    Labelled,
    /// `commonAnnotations`.
    Annotated,
    /// An entry of `images`.
    ImageReplaced,
    /// An entry of `replicas`.
    ReplicasSet,
    /// An entry of `replacements`; `from` is the source field.
    Replaced,
    /// A `vars` reference was resolved; `from` is the field it stands for.
    VarResolved,
    /// A name reference follows its referent; `from` is the referent's name.
    NameReference,
    /// A generator (configMapGenerator, secretGenerator) made it.
    Generated,
    /// The content hash behind a generated name.
    HashSuffixed,
    /// Written into the output by the build itself (buildMetadata).
    BuildMetadata,

    /// Set by an Argo CD Application or Flux object: destination namespace, common labels, tracking.
    SetByApp(Name),
    /// A generator element of an ApplicationSet filled a parameter; `from` is the element, `at` the parameter.
    Parameterized,
    /// `${var}` substituted by Flux; `from` is the variable's value.
    Substituted,
}

/// A short static name, such as a function's: the detail of a [`Step`].
///
/// Stored as an index so that an origin stays small; resolved by [`Name::as_str`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(&'static &'static str);

impl Name {
    /// Wraps a name: `Name::new(&"b64enc")`.
    pub const fn new(name: &'static &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// What a step does with the value that passes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Stands as it is written.
    Stands,
    /// Text of a template.
    Text,
    /// Makes text or a value of its inputs.
    Makes,
    /// Runs a template, or decides that it runs: no part of the value.
    Frame,
    /// A layer of values.
    Layer,
    /// Puts there what is written elsewhere; `at` only says where it goes.
    Moves,
    /// Writes over what was there.
    Sets,
}

impl Step {
    fn kind(self) -> Kind {
        match self {
            Self::Written => Kind::Stands,
            Self::TemplateText => Kind::Text,
            Self::Templated | Self::Computed(_) | Self::Joined => Kind::Makes,
            Self::Included | Self::Decided => Kind::Frame,
            Self::ChartValues
            | Self::ValuesFile
            | Self::InlineValues
            | Self::Parameter
            | Self::PassedDown => Kind::Layer,
            Self::Aliased
            | Self::Replaced
            | Self::VarResolved
            | Self::NameReference
            | Self::Parameterized
            | Self::Substituted => Kind::Moves,
            Self::BuiltIn(_)
            | Self::Patched
            | Self::JsonPatched
            | Self::NamespaceSet
            | Self::NameAffixed
            | Self::Labelled
            | Self::Annotated
            | Self::ImageReplaced
            | Self::ReplicasSet
            | Self::Generated
            | Self::HashSuffixed
            | Self::BuildMetadata
            | Self::SetByApp(_) => Kind::Sets,
        }
    }

    /// Whether it makes a value out of its inputs, so that `from` leads on to what the value is.
    pub fn makes(self) -> bool {
        self.kind() == Kind::Makes
    }

    /// Whether a template engine does it. What is `under` it is a call frame then, and nothing that it displaced.
    pub fn is_of_template(self) -> bool {
        matches!(self.kind(), Kind::Text | Kind::Makes | Kind::Frame)
    }

    /// Whether a template printed it: its text, or what an action printed.
    pub fn is_printed(self) -> bool {
        matches!(self, Self::TemplateText | Self::Templated)
    }

    /// Whether what it puts somewhere is written elsewhere: the step only says where it goes.
    pub fn moves(self) -> bool {
        self.kind() == Kind::Moves
    }

    /// Whether it takes up a value that is written elsewhere, by name: an action, a condition, a parameter, a replacement.
    pub fn consumes(self) -> bool {
        match self.kind() {
            Kind::Makes => self != Self::Joined,
            Kind::Frame => self == Self::Decided,
            Kind::Moves => !matches!(self, Self::Aliased | Self::NameReference),
            _ => false,
        }
    }

    /// Whether it is a layer of values, over those `under` it.
    pub fn is_layer(self) -> bool {
        self.kind() == Kind::Layer
    }

    /// Whether it is a layer of values that the user wrote, in a file or in the application.
    pub fn is_written_layer(self) -> bool {
        matches!(self, Self::ValuesFile | Self::InlineValues)
    }

    /// Whether it is a patch.
    pub fn is_patch(self) -> bool {
        matches!(self, Self::Patched | Self::JsonPatched)
    }

    /// What it did, in the words of a label.
    pub fn words(self) -> &'static str {
        match self {
            Self::Written => "written here",
            Self::Aliased => "through this alias",
            Self::TemplateText => "in this template",
            Self::Templated => "printed by this template",
            Self::Included => "included here",
            Self::Decided => "decided here",
            Self::Computed(_) => "computed here",
            Self::Joined => "together with this",
            Self::ChartValues => "the chart's default",
            Self::ValuesFile => "set in this values file",
            Self::InlineValues => "set by these inline values",
            Self::Parameter => "set by this parameter",
            Self::PassedDown => "passed down here",
            Self::BuiltIn(_) => "provided by the renderer",
            Self::Patched | Self::JsonPatched => "patched here",
            Self::NamespaceSet => "the namespace is set here",
            Self::NameAffixed => "the name is changed here",
            Self::Labelled => "labelled here",
            Self::Annotated => "annotated here",
            Self::ImageReplaced => "the image is replaced here",
            Self::ReplicasSet => "replicas are set here",
            Self::Replaced => "replaced here",
            Self::VarResolved => "a var is resolved here",
            Self::NameReference => "follows this name",
            Self::Generated => "generated here",
            Self::HashSuffixed => "gets a hash suffix here",
            Self::BuildMetadata => "added by the build",
            Self::SetByApp(_) => "set by the application",
            Self::Parameterized => "filled in by this generator",
            Self::Substituted => "substituted here",
        }
    }
}
