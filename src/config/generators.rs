//! `generators:`: what generators that need a live system would give.

use crate::yaml::Node;

use super::decode::Decoder;
use super::{Text, required};

/// Parameter sets for generators that need a live system: `generators:`.
#[derive(Debug, Clone)]
pub struct GeneratorFixture {
    /// `applicationSet`: its name.
    pub application_set: Text,
    /// `generator`: `scmProvider`, `pullRequest`, `plugin`, `clusterDecisionResource`; absent means any.
    pub generator: Option<Text>,
    /// `params`: one mapping per generated element.
    pub params: Vec<Node>,
}

/// Reads an entry; `None` where it names no ApplicationSet.
pub(super) fn generator(cx: &mut Decoder, node: &Node) -> Option<GeneratorFixture> {
    let (mut application_set, mut generator, mut params) = (None, None, Vec::new());
    let known = &["applicationSet", "generator", "params"];
    cx.mapping(node, "an entry of `generators`", known, |cx, key, value| match key {
        "applicationSet" => application_set = cx.text(value, "`applicationSet`"),
        "generator" => generator = cx.text(value, "`generator`"),
        _ => params = cx.items(value, "`params`").to_vec(),
    });
    let application_set = required(cx, node, application_set, "an entry of `generators`", "applicationSet")?;
    Some(GeneratorFixture { application_set, generator, params })
}
