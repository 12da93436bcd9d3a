//! `releases:`: releases of charts that nothing in the repository deploys.

use crate::origin::Place;
use crate::yaml::Node;

use super::decode::Decoder;
use super::{Text, required};

/// An entry of `releases:`: a release of a chart of this repository that no app here makes.
#[derive(Debug, Clone)]
pub struct ReleaseConfig {
    /// `chart`: its directory, relative to the configuration file.
    pub chart: Text,
    /// `values`: values files, the last one wins; relative to the configuration file.
    pub values: Vec<Text>,
    /// `name` of the release.
    pub name: Option<Text>,
    /// `namespace` of the release.
    pub namespace: Option<Text>,
    /// `cluster`, a name in `clusters`.
    pub cluster: Option<Text>,
    /// `environment`: what tells it from other releases of the chart.
    pub environment: Option<Text>,
    /// The whole entry.
    pub place: Place,
}

/// Reads an entry; `None` where it names no chart.
pub(super) fn release(cx: &mut Decoder, node: &Node) -> Option<ReleaseConfig> {
    let (mut chart, mut values) = (None, Vec::new());
    let (mut name, mut namespace, mut cluster, mut environment) = (None, None, None, None);
    let known = &["chart", "values", "name", "namespace", "cluster", "environment"];
    cx.mapping(node, "an entry of `releases`", known, |cx, key, value| match key {
        "chart" => chart = cx.text(value, "`chart`"),
        "values" => values = cx.texts(value, "`values`"),
        "name" => name = cx.text(value, "`name`"),
        "namespace" => namespace = cx.text(value, "`namespace`"),
        "cluster" => cluster = cx.text(value, "`cluster`"),
        _ => environment = cx.text(value, "`environment`"),
    });
    let chart = required(cx, node, chart, "an entry of `releases`", "chart")?;
    Some(ReleaseConfig { chart, values, name, namespace, cluster, environment, place: node.place() })
}
