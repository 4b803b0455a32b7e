//! Many sounds, over all cores, handed over in order.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
};

use api::{Analysis, Problem};

use super::analyse;
use crate::folder::problem;

/// The most files that are taken from one folder, and the deepest sub-folders.
const FILES_MAX: usize = 100_000;
const DEPTH_MAX: usize = 32;

/// A sound to hear: where it is, and what its analysis calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The file.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
}

/// The sound files in a folder and its sub-folders by path, hidden ones left out; named by their paths in it.
///
/// # Errors
/// When the folder cannot be read, or has no sound or too many: what happened, why, and what to do.
pub fn sound_files(folder: &Path) -> Result<Vec<Heard>, Problem> {
    let shown = folder.display();
    let mut found = vec![];
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((inner, depth)) = folders.pop() {
        let entries = match fs::read_dir(&inner) {
            Ok(entries) => entries,
            Err(error) if inner == folder => {
                let what = format!("“{shown}” could not be read.");
                let why = format!("{error}.");
                return Err(problem("unreadable_folder", what, &why, "Check its permissions."));
            }
            // Sub-folders that may not be read are left out, as hidden ones are.
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            if api::is_hidden_name(&name) {
                continue;
            }
            if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((entry.path(), depth + 1));
            } else if !kind.is_dir() && api::is_library_name(&name) {
                found.push(entry.path());
            }
        }
        if found.len() > FILES_MAX {
            let what = format!("“{shown}” has more than {FILES_MAX} sound files.");
            return Err(problem("too_many_files", what, "", "Choose one of its folders."));
        }
    }
    if found.is_empty() {
        let what = format!("“{shown}” has no sound files.");
        let why = "No file in it has the extension of a sound file, such as wav, flac or mp3.";
        return Err(problem("no_sound", what, why, "Choose another folder."));
    }
    found.sort();
    let named = found.into_iter().map(|path| {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        Heard { name, path }
    });
    Ok(named.collect())
}

/// Hears sounds on all cores and hands what was found over in their order; stops when `hand_over` returns false.
pub fn analyse_many(
    sounds: &[Heard],
    hand_over: &mut dyn FnMut(&Heard, Result<Analysis, Problem>) -> bool,
) {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(sounds.len());
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    // Few wait at a time: an analysis of a long sound is large.
    let (sender, receiver) = mpsc::sync_channel(4 * n_threads.max(1));
    let hear_some = |sender: mpsc::SyncSender<(usize, Result<Analysis, Problem>)>| {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(sound) = sounds.get(i) else { return };
            let mut go_on = |_| !stop.load(Ordering::Relaxed);
            let found = match analyse(&sound.path, &sound.name, &mut go_on) {
                Ok(None) => return,
                Ok(Some(found)) => Ok(found),
                Err(problem) => Err(problem),
            };
            if sender.send((i, found)).is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            let sender = sender.clone();
            scope.spawn(|| hear_some(sender));
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut n_done = 0;
        for (i, found) in receiver {
            early.insert(i, found);
            while let Some(found) = early.remove(&n_done) {
                if !hand_over(&sounds[n_done], found) {
                    stop.store(true, Ordering::Relaxed);
                    return;
                }
                n_done += 1;
            }
        }
    });
}
