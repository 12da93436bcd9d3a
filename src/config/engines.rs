//! `engines`: versions of the tools that are followed where a repository does not show what it installs.

use crate::yaml::Node;

use super::decode::Decoder;

/// `engines`: versions of the tools that are followed, in the words of this file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Engines {
    /// `3.19` or `4`.
    pub helm: Option<&'static str>,
    /// `5.7` or `5.8`.
    pub kustomize: Option<&'static str>,
}

/// The mapping, checked.
pub(super) fn read(cx: &mut Decoder, node: &Node) -> Engines {
    let mut engines = Engines::default();
    cx.mapping(node, "`engines`", &["helm", "kustomize"], |cx, key, value| match key {
        "helm" => {
            let versions = [("3.19", "3.19"), ("3", "3.19"), ("4", "4")];
            engines.helm = cx.choice(value, "`engines.helm`", &versions);
        }
        _ => {
            let versions = [("5.7", "5.7"), ("5.8", "5.8")];
            engines.kustomize = cx.choice(value, "`engines.kustomize`", &versions);
        }
    });
    engines
}
