//! Watching files and folders: changes are gathered for a moment, then handed to the keeper.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use notify::event::{EventKind, ModifyKind};
use notify::{Config, Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::keeper::Order;
use super::load::Source;

/// How long changes are gathered: an editor that saves a file changes it several times at once.
const GATHER: Duration = Duration::from_millis(100);

/// A watched path: as the system names it, as the reader does, and whether it is a single file.
#[derive(Clone, Debug)]
struct Root {
    real: PathBuf,
    shown: PathBuf,
}

/// Watches all files and folders of `sources` for as long as what it gives back lives.
pub(super) fn watch(sources: &[Source], orders: Sender<Order>) -> notify::Result<RecommendedWatcher> {
    let (send, receive) = channel();
    let mut watcher = RecommendedWatcher::new(send, Config::default().with_follow_symlinks(false))?;
    let mut roots = Vec::new();
    for source in sources {
        let (Source::Named(shown) | Source::Found(shown)) = source else { continue };
        let Ok(real) = shown.canonicalize() else { continue };
        if real.is_dir() {
            watcher.watch(&real, RecursiveMode::Recursive)?;
        } else if let Some(folder) = real.parent() {
            // A file that an editor replaces is another file: its folder tells.
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        roots.push(Root { real, shown: shown.clone() });
    }
    std::thread::spawn(move || gather(&receive, &roots, &orders));
    Ok(watcher)
}

fn gather(receive: &Receiver<notify::Result<Event>>, roots: &[Root], orders: &Sender<Order>) {
    // The channel ends when the watcher does.
    while let Ok(first) = receive.recv() {
        let mut changed = BTreeSet::new();
        let mut missed = note_event(first, roots, &mut changed);
        loop {
            match receive.recv_timeout(GATHER) {
                Ok(event) => missed |= note_event(event, roots, &mut changed),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // A folder that never rests is shown all the same.
            if changed.len() > 5_000 {
                break;
            }
        }
        let order = if missed { Order::Reload } else { Order::Changed(changed.into_iter().collect()) };
        if matches!(&order, Order::Changed(paths) if paths.is_empty()) {
            continue;
        }
        if orders.send(order).is_err() {
            return;
        }
    }
}

/// Notes what changed, by the names that the reader uses. Says whether events were missed, so that everything has to
/// be looked at.
fn note_event(event: notify::Result<Event>, roots: &[Root], changed: &mut BTreeSet<PathBuf>) -> bool {
    let Ok(event) = event else { return false };
    let matters = match event.kind {
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Any => true,
        EventKind::Modify(kind) => !matches!(kind, ModifyKind::Metadata(_)),
        EventKind::Access(_) | EventKind::Other => false,
    };
    if matters {
        for path in &event.paths {
            changed.extend(roots.iter().filter_map(|root| shown(root, path)));
        }
    }
    event.need_rescan()
}

/// The path as the reader names it, where it lies in the root, and in no hidden folder of it.
fn shown(root: &Root, path: &Path) -> Option<PathBuf> {
    let inside = path.strip_prefix(&root.real).ok()?;
    Some(if inside.as_os_str().is_empty() { root.shown.clone() } else { root.shown.join(inside) })
}
