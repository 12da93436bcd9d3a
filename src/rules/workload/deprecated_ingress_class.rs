//! `deprecated-ingress-class`: see the page.

use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "deprecated-ingress-class",
    "workload",
    Note,
    Strict,
    "0.1.0",
    "An Ingress names its class in the deprecated annotation."
);

pub(crate) struct DeprecatedIngressClass;

impl Rule for DeprecatedIngressClass {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        if object.kind != "Ingress" || !matches!(object.group.as_str(), "networking.k8s.io" | "extensions") {
            return;
        }
        let Some(class) = object.annotation("kubernetes.io/ingress.class") else { return };
        let message = format!(
            "Ingress `{}` names its class in the annotation `kubernetes.io/ingress.class`",
            object.name
        );
        let mut report = cx
            .report(class.place(), message)
            .object(object, Some("metadata.annotations[kubernetes.io/ingress.class]"));
        if let Some(field) = object.at(&["spec", "ingressClassName"]) {
            report = report.related(field.place(), "the field says it too");
        }
        let name = class.as_str().unwrap_or_default();
        let field = object.at(&["spec", "ingressClassName"]);
        let spec = object.at(&["spec"]).map(crate::yaml::Node::place);
        report.help(format!("set `spec.ingressClassName: {name}` instead")).mend(|at, mender| {
            let gone = mender.delete(at)?;
            let fields = ["metadata.annotations", "spec.ingressClassName"];
            let fix = match field {
                Some(field) => (field.as_str() == Some(name)).then_some(gone)?,
                None => gone.and(mender.insert(spec?.at, "ingressClassName", name, None))?,
            };
            let title = "name the class in `ingressClassName`".to_owned();
            Some(crate::finding::Fix { title, ..fix }.changing(fields).not_safe())
        });
    }
}
