//! Policies that decide whether an object may come in, executed without a cluster: ValidatingAdmissionPolicy and its
//! bindings, Kyverno's ValidatingPolicy and the `validate` rules of its ClusterPolicy and Policy, and Gatekeeper's constraints whose
//! templates are CEL, or Rego in a program that is built for it.
//!
//! Mirrors `k8s.io/apiserver/pkg/admission/plugin/policy/validating` for CREATE and UPDATE. What cannot be known offline (who asks,
//! what the authorizer says, objects that are not here) is told as not checked; no part of a policy is taken for the whole.
//!
//! A team's own rules ([`OwnRule`]) are executed alike.
//!
//! Not here: who finds policies and objects in a repository, and what becomes of a decision.

mod compile;
mod defaults;
mod expressions;
mod gaps;
mod gatekeeper;
mod kyverno;
mod matching;
mod others;
mod own;
mod policy;
#[cfg(feature = "rego")]
mod rego;

pub use compile::bad_expressions;
pub use gaps::{Share, is_policy, may_judge};
pub use others::{Alone, Other, Others};
pub use own::{Mistake, OfApp, OwnRule, OwnSubject, Said};
pub use policy::{Action, Decision, Outcome, Policies, Subject, Surroundings, wanted_kinds};

use smol_str::SmolStr;

use crate::yaml::Node;

/// Steps that the rules of a repository, or its policies, may take for all objects of an app together. A cheap expression takes
/// ten, so this is some thousands of objects and a hundred rules.
pub const RULES_BUDGET: u64 = 20_000_000;

/// The deepest field of an object that is there on the way along some paths: the one to point at.
fn deepest(object: &Node, paths: impl IntoIterator<Item = impl IntoIterator<Item = SmolStr>>) -> String {
    let mut best: Vec<SmolStr> = Vec::new();
    for path in paths {
        let mut at = object;
        let mut there = Vec::new();
        for name in path {
            let Some(below) = at.get(&name) else { break };
            at = below;
            there.push(name);
        }
        if there.len() > best.len() {
            best = there;
        }
    }
    best.join(".")
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod page;
#[cfg(test)]
mod shares;
#[cfg(test)]
mod tests;
