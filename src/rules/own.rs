//! A rule that a team wrote itself, in CEL, as one of all rules.

use std::fmt::Write as _;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::admission::{Alone, OfApp, Other, Others, OwnRule, OwnSubject, RULES_BUDGET, Said};
use crate::cel::Budget;
use crate::finding::{ObjectRef, RuleId};
use crate::origin::Place;
use crate::repo::{App, AppEntry, Inventory, ObjectFacts, Rendered};
use crate::source::Sources;
use crate::yaml::Node;

use super::{Context, Preset, Report, Rule, RuleMeta, missing};

/// The subject of the rules that teams write themselves.
pub const OWN: &str = "custom";

/// What to do about a rule that cannot be evaluated.
const SIMPLER: &str = "guard what may be missing with `has(...)`, narrow `match`, or ask for less";

/// A team's own rule.
#[derive(Debug)]
pub struct Own {
    rule: Arc<OwnRule>,
    meta: RuleMeta,
    /// Steps that it may take for one app, or for all objects of the repository.
    budget: u64,
}

impl Own {
    /// A rule that is one `among` so many.
    pub(super) fn new(rule: Arc<OwnRule>, among: usize, sources: &Sources) -> Self {
        let summary = rule.summary();
        let preset = if rule.strict { Preset::Strict } else { Preset::Recommended };
        let at = sources.locate(rule.place.at);
        let at = at.map_or_else(String::new, |(file, start, _)| format!("{file}:{}", start.line));
        let mut page = format!(
            "# {}\n<!-- generated: {} · {} · {at} -->\n\n{summary}\n",
            rule.name,
            rule.severity.as_str(),
            preset.as_str()
        );
        let _ = write!(page, "\n## What must hold\n\n```cel\n{}\n```\n", rule.text.trim_end());
        if let Some(help) = &rule.help {
            let _ = write!(page, "\n## What to do\n\n{help}\n");
        }
        let meta = RuleMeta {
            name: RuleId::new(&rule.name),
            summary,
            severity: rule.severity,
            preset,
            since: None,
            subject: OWN,
            written: Some(rule.place),
            options: &[],
            page: page.into(),
        };
        let among = u64::try_from(among.max(1)).unwrap_or(u64::MAX);
        Self { rule, meta, budget: RULES_BUDGET / among }
    }

    /// Reports what the rule says about an object. `whole` is where the object is, if no field of it can be pointed at.
    fn report<'c, 'a>(
        &self,
        said: Said,
        subject: &OwnSubject<'_>,
        whole: Place,
        mut object: ObjectRef,
        cx: &'c mut Context<'a>,
    ) -> Report<'c, 'a> {
        let (words, field) = match said {
            Said::Broken(words, field) => (words, field),
            Said::Unchecked(why) => {
                let report = cx.report(self.rule.place, format!("the rule was not checked: {why}"));
                return report.object_ref(object).help(SIMPLER).possible();
            }
        };
        let path: Vec<&str> = field.split('.').filter(|name| !name.is_empty()).collect();
        let node = subject.node.at_path(&path).filter(|_| !path.is_empty());
        object.field = node.map(|_| field.clone());
        let report = cx.report(node.map_or(whole, Node::place), words).related(self.rule.place, "the rule");
        let report = report.object_ref(object);
        match &self.rule.help {
            Some(help) => report.help(help.as_str()),
            None => report,
        }
    }

    fn is_spent(&self, pool: &Budget, cx: &mut Context<'_>) -> bool {
        if pool.is_spent() {
            cx.report(self.rule.place, "the rule was not checked everywhere: it takes too many steps")
                .help(SIMPLER)
                .possible();
        }
        pool.is_spent()
    }
}

impl Rule for Own {
    fn meta(&self) -> &RuleMeta {
        &self.meta
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // Without the values that somebody deploys it with, a chart's objects may lack their parts.
        if self.rule.reads_others() || cx.is_chart_alone() {
            return;
        }
        let pool = Budget::new(self.budget);
        for object in rendered.objects.iter().filter(|object| !object.is_helm_test()) {
            if self.is_spent(&pool, cx) {
                return;
            }
            let subject = OwnSubject {
                node: &object.node,
                group: &object.group,
                kind: &object.kind,
                namespace: &object.namespace,
                app: of_app(app),
            };
            if let Some(said) = self.rule.judge(&subject, &Alone, &pool) {
                self.report(said, &subject, object.place(), object.to_ref(&app.cluster, None), cx);
            }
        }
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        if !self.rule.reads_others() {
            return;
        }
        let pool = Budget::new(self.budget);
        for object in inventory.objects.iter().filter(|it| missing::is_deployed(inventory, it)) {
            let (Some(node), Some(entry)) = (object.node.as_deref(), inventory.app(object.app)) else {
                continue;
            };
            if self.is_spent(&pool, cx) {
                return;
            }
            let subject = OwnSubject {
                node,
                group: &object.group,
                kind: &object.kind,
                namespace: &object.namespace,
                app: of_app(&entry.app),
            };
            let beside = Beside { inventory, object };
            if let Some(said) = self.rule.judge(&subject, &beside, &pool) {
                let object_ref = object.to_ref(&entry.app.cluster);
                let report = self.report(said, &subject, object.place, object_ref, cx).apps([object.app]);
                // What is missed may be where nobody here can look.
                if inventory.is_open_for(object.app, true) {
                    report.likely();
                }
            }
        }
    }
}

fn of_app(app: &App) -> OfApp<'_> {
    OfApp { name: &app.name, namespace: &app.namespace, cluster: &app.cluster }
}

/// What of the inventory is on the cluster of an object.
struct Beside<'a> {
    inventory: &'a Inventory,
    object: &'a ObjectFacts,
}

impl Beside<'_> {
    fn other<'f>(&'f self, facts: &'f ObjectFacts) -> Option<Other<'f>> {
        let entry: &AppEntry = self.inventory.app(facts.app)?;
        Some(Other {
            group: &facts.group,
            kind: &facts.kind,
            namespace: &facts.namespace,
            name: &facts.name,
            app: &entry.app.name,
            node: facts.node.as_deref(),
        })
    }

    fn is_near(&self, facts: &ObjectFacts) -> bool {
        self.inventory.may_meet(facts.app, self.object.app)
    }
}

impl Others for Beside<'_> {
    fn of_kind<'a>(&'a self, kind: &str) -> Vec<Other<'a>> {
        let near = self.inventory.of_kind(kind).filter(|facts| self.is_near(facts));
        near.filter_map(|facts| self.other(facts)).collect()
    }

    fn references(&self) -> Vec<[SmolStr; 4]> {
        let each = self.object.references.iter().map(|it| {
            let namespace = it.namespace.clone().unwrap_or_else(|| self.object.namespace.clone());
            [it.group.clone(), it.kind.clone(), namespace, it.name.clone()]
        });
        each.collect()
    }

    fn referrers(&self) -> Vec<Other<'_>> {
        let names = |facts: &&ObjectFacts| {
            facts.references.iter().any(|it| {
                it.name == self.object.name
                    && it.kind == self.object.kind
                    && it.namespace.as_ref().unwrap_or(&facts.namespace) == &self.object.namespace
            })
        };
        let near = self.inventory.referring(&self.object.name).filter(|facts| self.is_near(facts));
        near.filter(names).filter_map(|facts| self.other(facts)).collect()
    }
}
