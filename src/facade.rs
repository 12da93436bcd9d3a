//! What is seen from outside: the two programs, and the tests, benches and fuzzers, which ask the parts as the programs do.
//!
//! This is no stable interface. It names every item that somebody outside of the crate uses and nothing else, so that
//! the compiler tells what nothing uses any more.

/// From [`crate::argocd`].
pub mod argocd {
    pub use crate::argocd::{
        Application, ApplicationSet, BuildEnv, Environment, Project, Renderer, ResourceFilter, Settings,
        expand, is_constraint, jq_problem, pick_tag, track,
    };
}

/// From [`crate::cache`].
pub mod cache {
    pub use crate::cache::Content;
}

/// From [`crate::cel`].
pub mod cel {
    pub use crate::cel::{Budget, Fault, Program, Quantity, Scope, Value};
}

/// From [`crate::cli`].
pub mod cli {
    pub use crate::cli::run;
}

/// From [`crate::config`].
pub mod config {
    pub use crate::config::{Config, FILE_NAME, KnownRule, Level, SCHEMA, read};
}

/// From [`crate::diff`].
pub mod diff {
    pub use crate::diff::{DANGERS, Danger, Diff, How, Version, diff};
}

/// From [`crate::download`].
pub mod download {
    pub use crate::download::{Environment, serve};
}

/// From [`crate::editor`].
pub mod editor {
    pub use crate::editor::Server;
}

/// From [`crate::explain`].
pub mod explain {
    pub use crate::explain::{FieldPath, Part, Story, Subject, Teller, find_object, values, why};
}

/// From [`crate::finding`].
pub mod finding {
    pub use crate::finding::{
        Applicability, Confidence, Finding, Label, ObjectRef, Problem, ProblemKind, RuleId, Severity,
    };
}

/// From [`crate::fix`].
pub mod fix {
    pub use crate::fix::{Options, run};
}

/// From [`crate::flux`].
pub mod flux {

    /// From [`crate::flux::envsubst`].
    pub mod envsubst {
        pub use crate::flux::envsubst::{Template, Variable};
    }
}

/// From [`crate::git`].
pub mod git {
    pub use crate::git::Repository;
}

/// From [`crate::golang`].
pub mod golang {
    pub use crate::golang::Glob;

    /// From [`crate::golang::bytes`].
    pub mod bytes {
        pub use crate::golang::bytes::replaced;
    }

    /// From [`crate::golang::cron`].
    pub mod cron {
        pub use crate::golang::cron::{Descriptors, cron_error};
    }

    /// From [`crate::golang::doublestar`].
    pub mod doublestar {
        pub use crate::golang::doublestar::DoublestarPattern;
    }

    /// From [`crate::golang::path_match`].
    pub mod path_match {
        pub use crate::golang::path_match::PathPattern;
    }

    /// From [`crate::golang::regexp`].
    pub mod regexp {
        pub use crate::golang::regexp::Regexp;
    }

    /// From [`crate::golang::semver`].
    pub mod semver {
        pub use crate::golang::semver::{Constraint, Version};
    }

    /// From [`crate::golang::strconv`].
    pub mod strconv {
        pub use crate::golang::strconv::{format_g, parse_float, parse_int, quote, quote_to_ascii, unquote};
    }

    /// From [`crate::golang::time`].
    pub mod time {
        pub use crate::golang::time::{Duration, Time};
    }

    /// From [`crate::golang::url`].
    pub mod url {
        pub use crate::golang::url::{Url, path_escape, path_unescape, query_unescape};
    }
}

/// From [`crate::gotemplate`].
pub mod gotemplate {
    pub use crate::gotemplate::{
        BUILTINS, Exec, FuncMap, Function, Limits, Map, Param, Templates, Value, parse,
    };
}

/// From [`crate::helm`].
pub mod helm {
    pub use crate::helm::{
        Chart, ChartCache, HELM, Host, ReleaseOptions, SetKind, UserValues, ValuesLayer, load_values,
        prepare, render, render_text, to_value,
    };
}

/// From [`crate::k8s`].
pub mod k8s {
    pub use crate::k8s::{Image, quantity};
}

/// From [`crate::kustomize`].
pub mod kustomize {
    pub use crate::kustomize::{
        Built, Flavor, Flavors, LoadRestrictor, NoOp, NoOpKind, Options, Reorder, build,
    };
}

/// From [`crate::lint`].
pub mod lint {
    pub use crate::lint::{AppStatus, Baseline, Names, Options, Report, Reported, lint, lint_again};
}

/// From [`crate::lock`].
pub mod lock {
    pub use crate::lock::Lock;
}

/// From [`crate::origin`].
pub mod origin {
    pub use crate::origin::{Origin, OriginId, Origins, Place, Placed, Step, Text};
}

/// From [`crate::output`].
pub mod output {
    pub use crate::output::Output;
}

/// From [`crate::repo`].
pub mod repo {
    pub use crate::repo::{
        Analysis, App, AppEntry, AppId, AppKind, ChartIndex, Checkouts, Inventory, KUSTOMIZATION_NAMES,
        Object, Rendered, Spec, Status, Workspace, analyze, chain, render, render_without,
    };
}

/// From [`crate::report`].
pub mod report {
    pub use crate::report::{
        Format, Look, diff_stat, fix_diff, fix_json, objects_yaml, render, render_finding,
    };
}

/// From [`crate::rules`].
pub mod rules {
    pub use crate::rules::{Context, Preset, Registry, RuleMeta, all};
}

/// From [`crate::source`].
pub mod source {
    pub use crate::source::{
        ArchiveLimits, Dir, Found, Home, MemoryTree, OverlayTree, Remotes, SharedTree, SourceFile, Sources,
        Span, Tree, TreePath, WorkTree, normalize_git_url, open_archive,
    };
}

/// From [`crate::sprig`].
pub mod sprig {
    pub use crate::sprig::TABLES;
}

/// From [`crate::world`].
pub mod world {
    pub use crate::world::{Answer, World};
}

/// From [`crate::yaml`].
pub mod yaml {
    pub use crate::yaml::{
        Cache, Data, Dialect, EmitStyle, JsonStyle, Node, Stream, Style, emit, emit_text, parse, parse_as,
    };

    /// From [`crate::yaml::edit`].
    pub mod edit {
        pub use crate::yaml::edit::{Edit, Segment, delete};
    }
}
