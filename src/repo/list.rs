//! Lists of positions that answer for one app without going through what other clusters have.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Deref;

use super::sites::{SiteId, Sites};

/// Shorter lists are gone through as a whole.
const SHORT: usize = 12;

/// Positions of each site, ascending.
type BySite = Box<[(SiteId, Vec<u32>)]>;

/// Positions in the list of objects, apps or documents, ascending.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    all: Vec<u32>,
    /// The same by site, where there are many and more than one site has them.
    by_site: Option<BySite>,
}

impl Deref for List {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.all
    }
}

impl List {
    /// Adds a position once; they come in order.
    pub(crate) fn push(&mut self, at: u32) {
        if self.all.last() != Some(&at) {
            self.all.push(at);
        }
    }

    /// Prepares a finished list for questions of single apps.
    pub(crate) fn split(&mut self, site: impl Fn(u32) -> SiteId) {
        if self.all.len() <= SHORT {
            return;
        }
        let mut pairs: Vec<(SiteId, u32)> = self.all.iter().map(|at| (site(*at), *at)).collect();
        pairs.sort_unstable();
        let runs = pairs.chunk_by(|a, b| a.0 == b.0);
        let by_site: Vec<(SiteId, Vec<u32>)> =
            runs.filter_map(|run| Some((run.first()?.0, run.iter().map(|(_, at)| *at).collect()))).collect();
        self.by_site = (by_site.len() > 1).then(|| by_site.into_boxed_slice());
    }

    /// Adds the parts of the list that may concern apps of a site to `parts`: at least those of sites whose objects may serve
    /// them. Who asks must look at each.
    fn parts_for<'l>(&'l self, site: SiteId, sites: &Sites, parts: &mut Vec<&'l [u32]>) {
        let Some(by_site) = &self.by_site else {
            parts.push(&self.all);
            return;
        };
        let serving = sites.serving(site);
        if serving.len() < by_site.len() {
            let own = |site: &SiteId| by_site.binary_search_by_key(site, |(site, _)| *site).ok();
            let found = serving.iter().filter_map(own).filter_map(|index| by_site.get(index));
            parts.extend(found.map(|(_, list)| list.as_slice()));
        } else {
            let found = by_site.iter().filter(|(own, _)| serving.binary_search(own).is_ok());
            parts.extend(found.map(|(_, list)| list.as_slice()));
        }
    }
}

/// Positions of several ascending lists in order, each once.
#[derive(Debug, Default)]
pub(crate) struct Positions<'l> {
    only: &'l [u32],
    rest: BinaryHeap<Reverse<&'l [u32]>>,
    last: Option<u32>,
}

impl<'l> Positions<'l> {
    /// All of a list.
    pub(crate) fn all(list: Option<&'l List>) -> Self {
        Self { only: list.map_or(&[], |list| &list.all), ..Self::default() }
    }

    /// What may concern apps of a site: at least what may serve them.
    pub(crate) fn serving(
        lists: impl IntoIterator<Item = &'l List>,
        site: Option<SiteId>,
        sites: &Sites,
    ) -> Self {
        let mut parts: Vec<&[u32]> = Vec::new();
        for list in lists {
            match site {
                Some(site) => list.parts_for(site, sites, &mut parts),
                None => parts.push(&list.all),
            }
        }
        match parts.as_slice() {
            [] => Self::default(),
            [only] => Self { only, ..Self::default() },
            _ => Self { rest: parts.into_iter().map(Reverse).collect(), ..Self::default() },
        }
    }

    fn advance(&mut self) -> Option<u32> {
        if let Some((first, rest)) = self.only.split_first() {
            self.only = rest;
            return Some(*first);
        }
        // Slices are ordered by their first items.
        let mut smallest = self.rest.peek_mut()?;
        match smallest.0.split_first() {
            Some((first, [])) => {
                PeekMut::pop(smallest);
                Some(*first)
            }
            Some((first, rest)) => {
                *smallest = Reverse(rest);
                Some(*first)
            }
            None => {
                PeekMut::pop(smallest);
                self.advance()
            }
        }
    }
}

impl Iterator for Positions<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            let at = self.advance()?;
            if self.last.replace(at) != Some(at) {
                return Some(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(positions: &[u32]) -> List {
        let mut list = List::default();
        for at in positions {
            list.push(*at);
        }
        list
    }

    #[test]
    fn lists_are_merged_in_order() {
        for (lists, want) in [
            (vec![], vec![]),
            (vec![list(&[])], vec![]),
            (vec![list(&[1, 1, 3])], vec![1, 3]),
            (vec![list(&[2, 5]), list(&[]), list(&[1, 2, 9]), list(&[5])], vec![1, 2, 5, 9]),
        ] {
            let found: Vec<u32> = Positions::serving(&lists, None, &Sites::default()).collect();
            assert_eq!(found, want);
        }
    }
}
