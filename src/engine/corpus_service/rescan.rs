//! Plans what to read again after changes on disk, and which articles are removed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::article::Problem;
use crate::corpus::Corpus;
use crate::engine::load::ScanIndex;
use crate::engine::loader::known_files::KnownFiles;
use crate::engine::loader::pool::Job;
use crate::engine::loader::removed::RemovedSet;
use crate::engine::loader::source::LoadOptions;
use crate::engine::loader::walk::{FolderEntry, SourceFolder, classify};

/// The work to do after changes on disk.
#[derive(Default)]
pub(crate) struct RescanPlan {
    /// The files and folders to read.
    pub(crate) jobs: Vec<Job>,
    /// The files and folders that are removed or will be replaced.
    pub(crate) removed: RemovedSet,
    /// The known files in folders that are read again.
    pub(crate) known: KnownFiles,
    /// The problems found.
    pub(crate) problems: Vec<Problem>,
    /// Whether a root changed, so that everything must be compared.
    pub(crate) everything: bool,
}

impl RescanPlan {
    /// Makes a plan for the changed `paths`. Removes folders that must be read again from `map`.
    pub(crate) fn after(
        paths: &HashSet<PathBuf>,
        map: &mut ScanIndex,
        corpus: &Corpus,
        options: &LoadOptions,
    ) -> RescanPlan {
        let mut plan = RescanPlan::default();
        let mut places: BTreeMap<PathBuf, (Arc<SourceFolder>, OsString)> = BTreeMap::new();
        for path in paths {
            match locate(path, map) {
                PlannedPath::In(folder, name) => {
                    places.insert(folder.shown.join(&name), (folder, name));
                }
                PlannedPath::Root => plan.everything = true,
                PlannedPath::Nowhere => {}
            }
        }
        let mut again: Vec<PathBuf> = Vec::new();
        for (shown, (folder, name)) in places {
            // Skip paths inside a folder that is read again.
            if again.iter().any(|above| shown.starts_with(above)) {
                continue;
            }
            let is_folder = plan.plan_path(&shown, &folder, &name, map, options);
            if is_folder {
                again.push(shown);
            }
        }
        if !again.is_empty() {
            plan.known = KnownFiles::of(corpus, |file| again.iter().any(|folder| file.dir.starts_with(folder)));
        }
        plan.removed.again = again;
        plan
    }

    /// Plans the entry `name` of `folder`. Returns whether it is a folder that is read again.
    fn plan_path(
        &mut self,
        shown: &Path,
        folder: &Arc<SourceFolder>,
        name: &OsStr,
        map: &mut ScanIndex,
        options: &LoadOptions,
    ) -> bool {
        let real = folder.real.join(name);
        let found = match fs::symlink_metadata(&real) {
            Ok(_) if map.named.contains_key(&real) => Some(FolderEntry::File(name.to_owned())),
            Ok(metadata) => classify(folder, name.to_owned(), metadata.file_type(), options),
            Err(_) => None,
        };
        let child = match found {
            Some(FolderEntry::Folder(name)) => folder.child(&name),
            Some(FolderEntry::Link(name, target)) => folder.linked(&name, target),
            other => {
                self.removed.folder(shown);
                self.leave(shown, map);
                match other {
                    Some(FolderEntry::File(name)) => self.jobs.push(Job::Files(Arc::clone(folder), vec![name])),
                    Some(FolderEntry::Refused(problem)) => self.problems.push(problem),
                    _ => {}
                }
                return false;
            }
        };
        self.leave(shown, map);
        self.jobs.push(Job::Folder(Arc::new(child)));
        true
    }

    /// Removes a path from the map. Folders that another link leads to are read under that one.
    fn leave(&mut self, shown: &Path, map: &mut ScanIndex) {
        self.removed.file(shown);
        let (left, folders) = std::mem::take(&mut map.folders)
            .into_iter()
            .partition(|(_, known): &(PathBuf, Arc<SourceFolder>)| known.shown.starts_with(shown));
        map.folders = folders;
        let left: HashMap<PathBuf, Arc<SourceFolder>> = left;
        map.doubles.retain(|double| {
            if double.shown.starts_with(shown) {
                return false;
            }
            let is_left = left.contains_key(&double.real);
            if is_left && fs::canonicalize(&*double.shown).is_ok_and(|real| real == double.real) {
                self.jobs.push(Job::Folder(Arc::clone(double)));
            }
            !is_left
        });
    }
}

enum PlannedPath {
    In(Arc<SourceFolder>, OsString),
    Root,
    Nowhere,
}

/// Finds `path` in the index: the entry itself, or the outermost new folder around it.
fn locate(path: &Path, map: &ScanIndex) -> PlannedPath {
    if let Some((folder, name)) = map.named.get(path) {
        return PlannedPath::In(Arc::clone(folder), name.clone());
    }
    let mut inner = path;
    while let (Some(parent), Some(name)) = (inner.parent(), inner.file_name()) {
        let known = map.folders.get(parent).or_else(|| {
            // The path may contain a link.
            map.folders.get(&fs::canonicalize(parent).ok()?)
        });
        if let Some(folder) = known {
            return PlannedPath::In(Arc::clone(folder), name.to_owned());
        }
        if map.folders.contains_key(inner) {
            return PlannedPath::Root;
        }
        inner = parent;
    }
    PlannedPath::Nowhere
}
