//! Kustomize sources: the kustomization in the source's directory, changed as `spec.source.kustomize` says and built
//! with the control plane's options.
//!
//! Mirrors `Build` of `util/kustomize/kustomize.go`, the order of its edits included.

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::kustomize::{self, AddFlags, Draft, LoadRestrictor, Options, Reader, Replica};
use crate::origin::{Origins, Place, Placed};
use crate::output::Output;
use crate::source::Dir;
use crate::yaml::{Data, Node};

use super::Renderer;
use super::{BuildEnv, Source, Text};

/// The fields of an entry of `patches` that Argo CD knows.
const PATCH_FIELDS: [&str; 4] = ["path", "patch", "target", "options"];

impl Renderer<'_> {
    /// Builds the kustomization in `dir`.
    pub(super) fn kustomize(
        &self,
        source: &Source,
        dir: &Dir,
        env: &BuildEnv,
        origins: &mut Origins,
        output: &mut Output,
    ) {
        let block = source.node.get("kustomize").filter(|block| block.as_map().is_some());
        let version = block.and_then(|block| text(block, "version"));
        if let Some(version) = &version
            && !self.settings.has_kustomize_version(&version.value)
        {
            let message = format!("kustomize version {} is not registered", version.value);
            let help = "register it with `kustomize.version.<version>` in argocd-cm, or leave `version` out";
            output.fail(Problem::at(ProblemKind::Render, version.place, message).help(help));
            return;
        }
        let draft = match block.map(|block| Edits { block, dir, env }.apply(self, origins)) {
            None | Some(Ok(None)) => None,
            Some(Ok(Some(draft))) => Some(draft),
            Some(Err(problem)) => {
                output.fail(*problem);
                return;
            }
        };
        let set = self.settings.build_options(version.as_ref().map(|version| version.value.as_str()));
        let restrictor =
            if set.load_restrictions_none() { LoadRestrictor::None } else { LoadRestrictor::RootOnly };
        let options = Options {
            load_restrictor: restrictor,
            enable_helm: set.has_flag("--enable-helm"),
            enable_plugins: set.has_flag("--enable-alpha-plugins") || set.has_flag("--enable_alpha_plugins"),
            remotes: self.remotes,
            kustomization: draft.as_ref().map(Draft::node),
            charts: Some(self.charts),
            flavor: self.flavors.kustomize,
            helm_flavor: self.flavors.helm,
            helm_kube_version: self.kube_version.as_ref(),
            ..Options::default()
        };
        output.take_built(kustomize::build(dir, &options, origins, self.cache));
    }
}

/// What an Application changes in the kustomization of its source.
struct Edits<'a> {
    /// `spec.source.kustomize`
    block: &'a Node,
    dir: &'a Dir,
    env: &'a BuildEnv,
}

impl Edits<'_> {
    /// The kustomization with all changes, in Argo CD's order; `None` when nothing is asked for.
    fn apply(&self, renderer: &Renderer<'_>, origins: &mut Origins) -> Result<Option<Draft>, Box<Problem>> {
        if !self.any() {
            return Ok(None);
        }
        let refuse =
            |message: &str| Box::new(Problem::at(ProblemKind::Kustomize, self.block.place(), message));
        let Some(mut draft) = Draft::open(self.dir, Reader::KustomizeEdit, renderer.cache)? else {
            return Err(refuse("Missing kustomization file 'kustomization.yaml'."));
        };
        for (key, field) in [("namePrefix", "namePrefix"), ("nameSuffix", "nameSuffix")] {
            if let Some(text) = text(self.block, key) {
                draft.set_text(field, &text, origins);
            }
        }
        let images: Vec<Text> = self.texts("images").map(|image| self.expand(&image)).collect();
        if !images.is_empty() {
            draft.set_images(&images, origins)?;
        }
        let replicas = self.replicas()?;
        if !replicas.is_empty() {
            draft.set_replicas(&replicas, origins);
        }
        self.labels(&mut draft, origins)?;
        if let Some(namespace) = text(self.block, "namespace") {
            draft.set_text("namespace", &namespace, origins);
        }
        self.patches(&mut draft)?;
        let ignore = self.flag("ignoreMissingComponents");
        let is_there = |text: &Text| {
            self.dir.path.join(&text.value).is_ok_and(|path| self.dir.tree.kind(&path).is_some())
        };
        let components: Vec<Text> =
            self.texts("components").filter(|component| !ignore || is_there(component)).collect();
        if !components.is_empty() {
            draft.add_components(&components, self.dir, origins)?;
        }
        Ok(Some(draft))
    }

    /// Whether anything is asked for. Flags alone ask for nothing.
    fn any(&self) -> bool {
        let lists = ["images", "replicas", "patches", "components"];
        let maps = ["commonLabels", "commonAnnotations"];
        let texts = ["namePrefix", "nameSuffix", "namespace"];
        lists.iter().any(|key| !self.block.items(&[key]).is_empty())
            || maps.iter().any(|key| self.block.get(key).is_some_and(|it| !it.entries().is_empty()))
            || texts.iter().any(|key| text(self.block, key).is_some())
    }

    fn flag(&self, key: &str) -> bool {
        self.block.get(key).and_then(Node::as_bool).unwrap_or(false)
    }

    fn texts(&self, key: &str) -> impl Iterator<Item = Text> + '_ {
        let items = self.block.items(&[key]).iter();
        items.filter_map(|item| Some(Placed::new(SmolStr::new(item.as_str()?), item.place())))
    }

    fn expand(&self, text: &Text) -> Text {
        Placed::new(self.env.expand(&text.value).into(), text.place)
    }

    fn replicas(&self) -> Result<Vec<Replica>, Box<Problem>> {
        let mut replicas = Vec::new();
        for item in self.block.items(&["replicas"]) {
            let name = item.get("name").and_then(Node::as_str).unwrap_or_default();
            let Some(count) = item.get("count") else { continue };
            let written = count.scalar_text().unwrap_or_default();
            let Ok(number) = written.parse() else {
                let message = format!("expected integer value for count. Received: {written}");
                return Err(Box::new(Problem::at(ProblemKind::Kustomize, count.place(), message)));
            };
            let count = Placed::new(number, count.place());
            replicas.push(Replica { place: item.place(), name: name.into(), count });
        }
        Ok(replicas)
    }

    fn labels(&self, draft: &mut Draft, origins: &mut Origins) -> Result<(), Box<Problem>> {
        let (labels, place) = self.pairs("commonLabels", true);
        if !labels.is_empty() {
            let flags = AddFlags {
                force: self.flag("forceCommonLabels"),
                without_selector: self.flag("labelWithoutSelector"),
                include_templates: self.flag("labelIncludeTemplates"),
            };
            draft.add_labels(&labels, flags, place, origins)?;
        }
        let (annotations, place) = self.pairs("commonAnnotations", self.flag("commonAnnotationsEnvsubst"));
        if !annotations.is_empty() {
            draft.add_annotations(&annotations, self.flag("forceCommonAnnotations"), place, origins)?;
        }
        Ok(())
    }

    fn pairs(&self, key: &str, expand: bool) -> (Vec<(Text, Text)>, Place) {
        let Some(node) = self.block.get(key) else { return (Vec::new(), self.block.place()) };
        let pairs = node.entries().iter().filter_map(|entry| {
            let value = Placed::new(SmolStr::new(entry.value.scalar_text()?), entry.value.place());
            let value = if expand { self.expand(&value) } else { value };
            Some((Placed::new(entry.key.text.clone(), entry.key.place()), value))
        });
        (pairs.collect(), node.place())
    }

    fn patches(&self, draft: &mut Draft) -> Result<(), Box<Problem>> {
        let patches = self.block.items(&["patches"]);
        if let Some(known) = draft.get("patches").filter(|_| !patches.is_empty())
            && known.as_seq().is_none()
        {
            let message = "expected 'patches' field in kustomization.yaml to be []any";
            return Err(Box::new(Problem::at(ProblemKind::Kustomize, known.place(), message)));
        }
        for patch in patches {
            let mut patch = patch.clone();
            if let Data::Map(map) = &mut patch.data {
                map.retain(|entry| PATCH_FIELDS.contains(&entry.key.text.as_str()) && !entry.value.is_null());
                draft.push_patch(patch);
            }
        }
        Ok(())
    }
}

/// Text that says something.
fn text(block: &Node, key: &str) -> Option<Text> {
    let node = block.get(key)?;
    let text = node.as_str().filter(|text| !text.is_empty())?;
    Some(Placed::new(SmolStr::new(text), node.place()))
}
