//! `node-port-service`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!("node-port-service", "workload", Note, Strict, "0.1.0", "A Service opens a port on every node.");

pub(crate) struct NodePortService;

impl Rule for NodePortService {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if !object.is("", "Service") {
            return;
        }
        let Some(kind) = object.at(&["spec", "type"]).filter(|kind| kind.as_str() == Some("NodePort")) else {
            return;
        };
        let message = format!("Service `{}` is of type NodePort", object.name);
        cx.report(kind.place(), message)
            .object(object, Some("spec.type"))
            .help("use ClusterIP behind an Ingress or Gateway, or a LoadBalancer");
    }
}
