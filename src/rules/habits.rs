//! Kinds that a repository defines itself, as a rule: where all that is named of one is here, a name that is not here stands out, however
//! much of the rest is not seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Confidence;
use crate::relations::Reference;
use crate::repo::ObjectFacts;
use crate::world::near_miss::Evidence;
use crate::world::{Answer, World};

/// Kinds that people write, rather than charts or operators.
const HABITUAL: [&str; 5] = ["ClusterSecretStore", "SecretStore", "ClusterIssuer", "Issuer", "Gateway"];

/// So many references must name what is here, for each that does not.
const SEVERAL: usize = 5;

/// How the references to one kind are answered.
#[derive(Default)]
struct Habit<'a> {
    /// How many name what is here.
    here: usize,
    /// The names that nothing has, and how many references name them.
    gone: BTreeSet<&'a str>,
    uses: usize,
}

/// The habits of a repository, by kind.
pub(super) struct Habits<'a>(BTreeMap<&'static str, Habit<'a>>);

impl<'a> Habits<'a> {
    /// Asks for everything that objects name, by groups that name one thing.
    pub(super) fn of<'g>(
        world: World<'_>,
        groups: impl IntoIterator<Item = &'g Vec<(&'a ObjectFacts, &'a Reference)>>,
    ) -> Self
    where
        'a: 'g,
    {
        let mut habits: BTreeMap<&'static str, Habit<'a>> = BTreeMap::new();
        for group in groups {
            let Some((object, reference)) = group.first().copied() else { continue };
            let Some(kind) = HABITUAL.into_iter().find(|kind| *kind == reference.kind) else { continue };
            let habit = habits.entry(kind).or_default();
            match world.look_up(object.app, &object.namespace, reference) {
                Answer::Provided(..) => habit.here += group.len(),
                _ => {
                    habit.gone.insert(reference.name.as_str());
                    habit.uses += group.len();
                }
            }
        }
        Self(habits)
    }

    /// What speaks against a reference to a kind that is nearly always here.
    pub(super) fn against(&self, reference: &Reference) -> Option<Evidence> {
        let habit = self.0.get(reference.kind.as_str())?;
        (habit.here >= SEVERAL * habit.uses && habit.gone.len() == 1).then(|| Evidence {
            why: format!(
                "which nothing provides, although the {} others that name a {} name one that is here",
                habit.here, reference.kind
            ),
            help: None,
            shown: None,
            file: None,
            kind: false,
            sure: Confidence::Likely,
        })
    }
}
