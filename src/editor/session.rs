//! A repository that changes while it is looked at: files on disk, and files as an editor has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::finding::Finding;
use crate::fix;
use crate::lint::{self, Names, Options, Report};
use crate::repo::{Analysis, Inventory, Print, Workspace};
use crate::source::{OverlayTree, ReadError, SourceFile, Tree, TreePath};
use crate::yaml::edit::Edit;

/// Opens the repository as it is on disk.
pub type Open = dyn Fn() -> Result<(Workspace, Options), String>;

/// Files that were superseded or that rules tried, beyond which everything is opened anew: what they held is forgotten, but not all
/// that was made of it.
const MAX_MORE: usize = 20_000;

/// Checks after which nothing refers to a file any more that was superseded: an analysis keeps what the last two wanted.
const FORGOTTEN_AFTER: u64 = 3;

/// Analyses that one proof may take.
const MAX_ATTEMPTS: usize = 4;

/// A repository in its present state, with the last report about it.
pub struct Session {
    open: Box<Open>,
    /// The repository as it was when it was opened.
    base: Workspace,
    /// Its files.
    files: FxHashSet<TreePath>,
    options: Options,
    analysis: Analysis<Vec<Finding>>,
    /// What was rendered to prove fixes.
    rendered: Analysis<Print>,
    /// Fixes of the present state that were tried: why not, for those that are not proved.
    proofs: BTreeMap<(String, bool), Result<(), String>>,
    /// Files that have other content on disk since.
    disk: BTreeMap<TreePath, Arc<SourceFile>>,
    /// Files as the editor has them.
    buffers: BTreeMap<TreePath, Arc<SourceFile>>,
    /// Number of files when they were last looked at for superseded ones; 0 before the first check.
    seen: usize,
    /// Number of files behind the first check.
    first: usize,
    /// Files that came later, with the check that they came with.
    young: Vec<(u64, Arc<SourceFile>)>,
    names: Names,
    round: u64,
    checked: Option<Checked>,
}

/// A state that was checked.
pub struct Checked {
    /// The state.
    pub workspace: Workspace,
    /// What was found.
    pub report: Report,
    /// What is rendered.
    pub inventory: Inventory,
}

impl Session {
    /// Opens a repository.
    pub fn new(open: Box<Open>) -> Result<Self, String> {
        let (base, options) = open()?;
        Ok(Self::over(open, base, options))
    }

    /// A session that knows nothing but a repository as it was just opened.
    fn over(open: Box<Open>, base: Workspace, options: Options) -> Self {
        Self {
            open,
            files: base.tree.files().into_iter().collect(),
            base,
            options,
            analysis: Analysis::default(),
            rendered: Analysis::default(),
            proofs: BTreeMap::new(),
            disk: BTreeMap::new(),
            buffers: BTreeMap::new(),
            seen: 0,
            first: 0,
            young: Vec::new(),
            names: Names::default(),
            round: 0,
            checked: None,
        }
    }

    /// What files are called in reports.
    #[must_use]
    pub fn named(self, names: Names) -> Self {
        Self { names, ..self }
    }

    /// The number of the last check.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// Opens everything anew: files came or went, the configuration changed, or too much was superseded. What the editor has
    /// stays as it is.
    pub fn reopen(&mut self) -> Result<(), String> {
        let (base, options) = (self.open)()?;
        let texts: Vec<(TreePath, Vec<u8>)> =
            self.buffers.iter().map(|(path, file)| (path.clone(), file.bytes().to_vec())).collect();
        let open = std::mem::replace(&mut self.open, Box::new(|| Err(String::new())));
        *self = Self {
            names: std::mem::take(&mut self.names),
            round: self.round,
            ..Self::over(open, base, options)
        };
        for (path, text) in texts {
            self.edit(&path, text);
        }
        Ok(())
    }

    /// A file as the editor has it. A file that is not on disk yet is no part of the repository.
    pub fn edit(&mut self, path: &TreePath, text: Vec<u8>) {
        let file = self.file(path, text);
        self.outdated();
        self.buffers.insert(path.clone(), file);
    }

    /// The file is on disk again what the repository has of it.
    pub fn close(&mut self, path: &TreePath) {
        if self.buffers.remove(path).is_some() {
            self.outdated();
        }
    }

    /// What is known is of an earlier state. It consists of thousands of small parts, and who edits need not wait until they are
    /// put away.
    fn outdated(&mut self) {
        if let Some(checked) = self.checked.take() {
            rayon::spawn(move || drop(checked));
        }
    }

    /// A file may have changed on disk. Answers whether everything has to be opened anew.
    pub fn changed_on_disk(&mut self, path: &TreePath) -> bool {
        match (self.has(path), self.base.tree.reread(path)) {
            (true, Ok(file)) => {
                let is_old = self.base.tree.read(path).is_ok_and(|old| old.bytes() == file.bytes());
                let known = self.disk.get(path);
                if is_old {
                    if self.disk.remove(path).is_some() {
                        self.outdated();
                    }
                } else if known.is_none_or(|known| known.bytes() != file.bytes()) {
                    self.disk.insert(path.clone(), file);
                    self.outdated();
                }
                false
            }
            // It came, or it went.
            (true, Err(_)) | (false, Ok(_)) => true,
            // A directory may have come, with files.
            (false, Err(error)) => error == ReadError::IsDir && !self.has_below(path),
        }
    }

    /// A file with that content: the one that there is, where it has it.
    fn file(&mut self, path: &TreePath, text: Vec<u8>) -> Arc<SourceFile> {
        let known =
            [self.base.tree.read(path).ok(), self.disk.get(path).cloned(), self.buffers.get(path).cloned()];
        let same = known.into_iter().flatten().find(|file| file.bytes() == text);
        same.unwrap_or_else(|| self.base.sources.add(path.as_str(), text))
    }

    /// How many apps the last check rendered, and how many it took over.
    pub fn counts(&self) -> (usize, usize) {
        self.analysis.counts()
    }

    /// Whether something changed since the last check.
    pub fn is_stale(&self) -> bool {
        self.checked.is_none()
    }

    /// Whether the repository has this file.
    pub fn has(&self, path: &TreePath) -> bool {
        self.files.contains(path)
    }

    /// Whether the repository has files below a path.
    fn has_below(&self, dir: &TreePath) -> bool {
        self.files.iter().any(|path| path.starts_with(dir))
    }

    /// The present state, checked.
    pub fn check(&mut self) -> Result<&Checked, String> {
        let more = self.base.sources.count().saturating_sub(self.first);
        if self.checked.is_none() && self.first > 0 && more > MAX_MORE {
            self.reopen()?;
        }
        if self.checked.is_none() {
            let mut changed = self.disk.clone();
            changed.extend(self.buffers.iter().map(|(path, file)| (path.clone(), Arc::clone(file))));
            changed.retain(|path, file| self.base.tree.read(path).is_ok_and(|old| old.id() != file.id()));
            let tree: Arc<dyn Tree> = if changed.is_empty() {
                Arc::clone(&self.base.tree)
            } else {
                Arc::new(OverlayTree::new(Arc::clone(&self.base.tree), changed))
            };
            let workspace = self.base.beside(tree, None);
            let (mut report, inventory) = lint::lint_for_questions(&workspace, &self.options, &self.analysis);
            report.names = self.names.clone();
            self.analysis.forget();
            self.proofs.clear();
            self.round += 1;
            self.checked = Some(Checked { workspace, report, inventory });
            self.forget();
        }
        self.checked.as_ref().ok_or_else(String::new)
    }

    /// The last state that was checked.
    pub fn checked(&self) -> Option<&Checked> {
        self.checked.as_ref()
    }

    /// That state without a part of a file, as an edit leaves it.
    pub fn check_without(&self, path: &TreePath, edit: &Edit) -> Option<Checked> {
        let now = self.checked.as_ref()?;
        let text = edit.apply(now.workspace.tree.read(path).ok()?.text()?);
        let file = self.base.sources.add(path.as_str(), text.into_bytes());
        let below = Arc::clone(&now.workspace.tree);
        let workspace =
            self.base.beside(Arc::new(OverlayTree::new(below, [(path.clone(), file)].into())), None);
        let (report, inventory) = lint::lint_for_questions(&workspace, &self.options, &self.analysis);
        Some(Checked { workspace, report, inventory })
    }

    /// Forgets files that were superseded so long ago that nothing refers to them.
    fn forget(&mut self) {
        let sources = &self.base.sources;
        if self.first == 0 {
            (self.first, self.seen) = (sources.count(), sources.count());
        }
        let round = self.round;
        let new = sources.since(self.seen);
        self.seen += new.len();
        // What lies in no tree of ours was fetched, or belongs to another revision: it is superseded by nothing.
        self.young.extend(new.into_iter().filter(|file| file.path().is_some()).map(|file| (round, file)));
        let is_current = |file: &SourceFile| {
            let Some(path) = file.path() else { return true };
            let known = [
                self.base.tree.read(path).ok(),
                self.disk.get(path).cloned(),
                self.buffers.get(path).cloned(),
            ];
            known.into_iter().flatten().any(|known| known.id() == file.id())
        };
        let (kept, old): (Vec<_>, Vec<_>) = std::mem::take(&mut self.young)
            .into_iter()
            .map(|(since, file)| if is_current(&file) { (round, file) } else { (since, file) })
            .partition(|(since, _)| since + FORGOTTEN_AFTER > round);
        for (_, file) in old {
            sources.forget(&file);
            self.base.cache.forget(file.id());
        }
        self.young = kept;
    }

    /// Whether the fix of a finding, or the comment that suppresses it, does what it announces; why not, where it does not. `None`
    /// where that was not tried yet and is not to be.
    pub fn prove(&mut self, fingerprint: &str, suppresses: bool, tries: bool) -> Option<Result<(), String>> {
        let key = (fingerprint.to_owned(), suppresses);
        if let Some(known) = self.proofs.get(&key) {
            return Some(known.clone());
        }
        self.check().ok()?;
        let checked = self.checked.as_ref().filter(|_| tries)?;
        let options = fix::Options {
            lint: self.options.clone(),
            not_safe: true,
            rules: None,
            among: Some([fingerprint.to_owned()].into()),
            suppress: suppresses.then(|| "reason".to_owned()),
            attempts: MAX_ATTEMPTS,
        };
        let reopen = |_: Arc<dyn Tree>| Err("it changes the configuration".to_owned());
        let known = fix::Known { found: &self.analysis, rendered: &self.rendered };
        let proof = fix::run_with(&checked.workspace, &reopen, &options, known).and_then(|outcome| {
            let left = outcome.left.iter().find(|it| it.fingerprint == fingerprint);
            match (outcome.applied.is_empty(), left) {
                (false, _) => Ok(()),
                (true, Some(left)) => Err(left.reason.clone().unwrap_or_default()),
                (true, None) => Err("it does nothing".to_owned()),
            }
        });
        self.rendered.forget();
        self.proofs.insert(key, proof.clone());
        Some(proof)
    }
}
