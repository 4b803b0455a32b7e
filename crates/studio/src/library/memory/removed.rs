//! Patterns that are taken out and ratings that are forgotten, and the way back.
//!
//! What leaves is first written as a library file into the memory's folder `removed`, by the time when it left.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use ::memory::{Library, PatternId, read_library, write_library};
use api::{MemoryMoved, UnixMs};

use super::refused;
use crate::{Error, Studio};

/// The folder in that of the memory.
const FOLDER: &str = "removed";
/// So many of the newest are kept.
const KEPT_MAX: usize = 10;

impl Studio {
    /// Takes patterns out of the memory. Their sounds stay, and so do ratings, which count again if a pattern comes back.
    ///
    /// # Errors
    /// `Io` when that cannot be written.
    pub fn delete_patterns(&self, ids: &[PatternId]) -> Result<MemoryMoved, Error> {
        let wanted: BTreeSet<PatternId> = ids.iter().copied().collect();
        let now_ms = self.shared.now_ms();
        self.remembered(|it| {
            let mut library = it.memory().library(|it| wanted.contains(&it.id));
            if library.patterns.is_empty() {
                return Ok(MemoryMoved::default());
            }
            library.ratings.clear();
            library.sounds = it.sound_copies(&library.patterns);
            let removed = Some(keep(it.folder(), now_ms, &library)?);
            let n_patterns = it.memory_mut().delete(ids).map_err(refused)? as u64;
            ids.iter().for_each(|id| it.remove_sound_copy(*id));
            Ok(MemoryMoved { n_patterns, n_ratings: 0, removed })
        })
    }

    /// Forgets all ratings, as if nothing had been rated.
    ///
    /// # Errors
    /// `Io` when that cannot be written.
    pub fn forget_ratings(&self) -> Result<MemoryMoved, Error> {
        let now_ms = self.shared.now_ms();
        self.remembered(|it| {
            let ratings = it.memory().ratings().to_vec();
            if ratings.is_empty() {
                return Ok(MemoryMoved::default());
            }
            let library = Library { ratings, ..Library::default() };
            let removed = Some(keep(it.folder(), now_ms, &library)?);
            let n_ratings = it.memory_mut().forget_ratings().map_err(refused)? as u64;
            Ok(MemoryMoved { n_patterns: 0, n_ratings, removed })
        })
    }

    /// Puts back what was taken out or forgotten. Patterns that are there again stay as they are.
    ///
    /// # Errors
    /// `Conflict` when it was put back already, or so much was taken out since that it is gone.
    pub fn restore_to_memory(&self, removed: u64) -> Result<MemoryMoved, Error> {
        self.remembered(|it| {
            let path = place(it.folder(), removed);
            if !path.is_file() {
                return Err(Error::Conflict {
                    what: "put that back".to_owned(),
                    why: "it has been put back already, or ten others were taken out since"
                        .to_owned(),
                    remedy: "to find patterns anew, add their sounds with “cut known sounds again”"
                        .to_owned(),
                });
            }
            let mut library = read_library(&path).map_err(refused)?;
            let mut sounds = std::mem::take(&mut library.sounds);
            let ratings = std::mem::take(&mut library.ratings);
            let there = it.memory().patterns();
            sounds.retain(|id, _| !there.contains_key(id));
            // First, as they would not be missed once their patterns are there.
            it.keep_sounds(&sounds)?;
            let memory = it.memory_mut();
            let n_patterns = memory.import(library).map_err(refused)?.n_new as u64;
            let n_ratings = memory.restore_ratings(ratings).map_err(refused)? as u64;
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            Ok(MemoryMoved { n_patterns, n_ratings, removed: None })
        })
    }
}

/// Where a removal is kept.
fn place(memory: &Path, removed: u64) -> PathBuf {
    memory.join(FOLDER).join(format!("{removed}.memory"))
}

/// Keeps what is about to leave, and drops what left long before it.
fn keep(memory: &Path, now_ms: UnixMs, library: &Library) -> Result<u64, Error> {
    let folder = memory.join(FOLDER);
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    let number = |entry: fs::DirEntry| entry.path().file_stem()?.to_str()?.parse::<u64>().ok();
    let entries = fs::read_dir(&folder).map_err(Error::io("read", &folder))?;
    let mut there: Vec<u64> = entries.flatten().filter_map(number).collect();
    there.sort_unstable();
    // Two in the same millisecond, or a clock that was set back, are no reason to lose one.
    let removed = there.last().map_or(0, |it| it + 1).max(now_ms);
    write_library(&place(memory, removed), library).map_err(refused)?;
    let n_old = (there.len() + 1).saturating_sub(KEPT_MAX);
    for old in there.iter().take(n_old) {
        // What is left takes some room and nothing else.
        let _ = fs::remove_file(place(memory, *old));
    }
    Ok(removed)
}
