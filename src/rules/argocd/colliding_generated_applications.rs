//! `colliding-generated-applications`: see the page.

use crate::finding::Cause;
use crate::origin::Place;
use crate::repo::{App, AppKind, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};

meta!(
    "colliding-generated-applications",
    "argocd",
    Error,
    Recommended,
    "0.1.0",
    "An ApplicationSet generates two Applications of one name."
);

pub(crate) struct CollidingGeneratedApplications;

impl Rule for CollidingGeneratedApplications {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        if app.kind != AppKind::ApplicationSet || app.provisional {
            return;
        }
        // One line makes all names of a set: however many collide, it is one mistake.
        let mut colliding: Vec<(Place, Vec<&str>)> = Vec::new();
        for problem in &rendered.problems {
            let (Some(place), Cause::DuplicateName { name }) = (problem.place, problem.cause()) else {
                continue;
            };
            match colliding.iter_mut().find(|(known, _)| known.at == place.at) {
                Some((_, names)) if names.contains(&name.as_str()) => {}
                Some((_, names)) => names.push(name),
                None => colliding.push((place, vec![name])),
            }
        }
        for (place, names) in colliding {
            let message = match names.as_slice() {
                [name] => {
                    format!("two generated Applications are called `{name}`: Argo CD applies none of the set")
                }
                [name, ..] => format!(
                    "{} names, such as `{name}`, are those of two generated Applications each: Argo CD applies none of the set",
                    names.len()
                ),
                [] => continue,
            };
            cx.report(place, message).help("put every parameter that tells the elements apart into the name");
        }
    }
}
