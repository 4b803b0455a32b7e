//! The memory while it is open, the sounds that came with it, and what corrections have taught.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ::memory::{Library, Memory, Pattern, PatternId};
use serde::{Deserialize, Serialize};

use super::{OWN_SPACE, refused};
use crate::{
    Error,
    shared::{Shared, lock},
};

/// The folder of the memory in the workspace.
const FOLDER: &str = "memory";
/// Sounds that came with library files, in there.
const SOUNDS: &str = "sounds";
/// What corrections teach about cutting, in there and in the folder of the job that found it out.
const TAUGHT: &str = "taught.json";
/// Another way to cut has to be better by so much than the usual one.
const BETTER: f64 = 0.02;

/// The memory, open.
pub(crate) struct Remembered {
    folder: PathBuf,
    memory: Memory,
    taught: Taught,
}

/// What a job has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Patterns of whole sounds, which may be in the place of those that there are.
    Sounds { are_anew: bool },
    /// Patterns that are there, described anew.
    Patterns,
}

/// `taught.json`: how well each way to cut meets what a person has set, by the hash of the sound.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Taught {
    format: u32,
    sounds: BTreeMap<String, Vec<f64>>,
}

impl Taught {
    const FORMAT: u32 = 1;

    /// The mean of each way over all sounds; nothing where there is none.
    fn means(&self) -> Vec<f64> {
        let n_ways = self.sounds.values().map(Vec::len).min().unwrap_or(0);
        let n = self.sounds.len().max(1) as f64;
        (0..n_ways).map(|way| self.sounds.values().map(|it| it[way]).sum::<f64>() / n).collect()
    }

    /// The way that meets most; the usual one unless another is better.
    fn way(&self) -> usize {
        let means = self.means();
        let best = (0..means.len()).max_by(|a, b| means[*a].total_cmp(&means[*b]).then(b.cmp(a)));
        best.filter(|way| means[*way] > means[0] + BETTER).unwrap_or(0)
    }
}

impl Remembered {
    fn open(root: &Path) -> Result<Self, Error> {
        let folder = root.join(FOLDER);
        let memory = Memory::open(&folder).map_err(refused)?;
        let path = folder.join(TAUGHT);
        let taught = match job::whole::read_versioned::<Taught>(&path, Taught::FORMAT) {
            Ok(taught) => taught,
            Err(_) if !path.exists() => Taught::default(),
            Err(newer @ job::Error::Newer { .. }) => return Err(newer.into()),
            Err(error) => {
                tracing::warn!("what corrections taught is lost: failed to {error}");
                Taught::default()
            }
        };
        Ok(Self { memory, taught, folder })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(super) fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// Takes what a job has found: all patterns of some sounds, or some patterns that were described anew.
    pub(super) fn take(&mut self, found: Library, what: Taken) -> Result<(), Error> {
        let taken = match what {
            Taken::Sounds { are_anew } => self.memory.take(found, OWN_SPACE, are_anew),
            Taken::Patterns => {
                // One that was deleted meanwhile does not come back, and what was set meanwhile stays.
                let there = self.memory.patterns();
                let anew =
                    |it: Pattern| Some(Pattern { facts: it.facts, ..there.get(&it.id)?.clone() });
                let patterns: Vec<Pattern> = found.patterns.into_iter().filter_map(anew).collect();
                let mut spaces = found.spaces;
                for (_, rows) in &mut spaces {
                    rows.retain(|it| there.contains_key(&it.0));
                }
                self.memory.add(patterns, &spaces)
            }
        };
        taken.map(drop).map_err(refused)
    }

    /// The way to cut that corrections ask for.
    pub(super) fn way(&self) -> u32 {
        u32::try_from(self.taught.way()).unwrap_or(0)
    }

    /// What corrections have taught, in words.
    pub(super) fn taught(&self) -> Option<String> {
        let means = self.taught.means();
        let (n, way) = (self.taught.sounds.len(), self.taught.way());
        let usual = means.first()?;
        let sounds = if n == 1 { "one sound".to_owned() } else { format!("{n} sounds") };
        Some(match way {
            0 => format!(
                "You have corrected {sounds}: the usual cuts meet {:.0} % of the ends that you set, and no other way of cutting meets more.",
                100.0 * usual
            ),
            way => format!(
                "Learnt from {sounds} that you corrected: new sounds are cut in a way that meets {:.0} % of the ends that you set, instead of {:.0} %.",
                100.0 * means[way],
                100.0 * usual
            ),
        })
    }

    /// The sound of a pattern that came with a library file, if it did.
    pub(super) fn sound_copy(&self, id: PatternId) -> Option<PathBuf> {
        Some(self.copy_of(id)).filter(|it| it.is_file())
    }

    fn copy_of(&self, id: PatternId) -> PathBuf {
        self.folder.join(SOUNDS).join(format!("{id}.wav"))
    }

    pub(super) fn remove_sound_copy(&self, id: PatternId) {
        // What is left takes some room and is never heard.
        let _ = fs::remove_file(self.copy_of(id));
    }

    /// Copies of some patterns' sounds.
    pub(super) fn sound_copies(&self, patterns: &[Pattern]) -> BTreeMap<PatternId, Vec<u8>> {
        let read = |it: &Pattern| Some((it.id, fs::read(self.sound_copy(it.id)?).ok()?));
        patterns.iter().filter_map(read).collect()
    }

    /// Keeps sounds that came with a library file. Whether they are sounds is seen when they are heard.
    pub(super) fn keep_sounds(&self, sounds: &BTreeMap<PatternId, Vec<u8>>) -> Result<(), Error> {
        if sounds.is_empty() {
            return Ok(());
        }
        let folder = self.folder.join(SOUNDS);
        fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        for (id, bytes) in sounds {
            let path = self.copy_of(*id);
            job::whole::write(&path, bytes).map_err(Error::io("write", &path))?;
        }
        Ok(())
    }

    fn learn(&mut self, found: Taught) -> Result<(), Error> {
        let mut taught = self.taught.clone();
        taught.format = Taught::FORMAT;
        let is_right = |it: &Vec<f64>| it.iter().all(|x| (0.0..=1.0).contains(x)) && it.len() < 100;
        taught.sounds.extend(found.sounds.into_iter().filter(|it| is_right(&it.1)));
        job::whole::write_json(&self.folder.join(TAUGHT), &taught)?;
        self.taught = taught;
        Ok(())
    }
}

/// Does something with the memory, which is opened when that is first asked.
pub(super) fn with<R>(
    shared: &Shared,
    act: impl FnOnce(&mut Remembered) -> Result<R, Error>,
) -> Result<R, Error> {
    let mut open = lock(&shared.memory);
    let memory = match &mut *open {
        Some(memory) => memory,
        none => none.insert(Remembered::open(shared.workspace.root())?),
    };
    act(memory)
}

/// Learns from what a job has found out about corrections.
pub(super) fn learn_cutting(shared: &Shared, job: &Path) -> Result<(), Error> {
    let path = job.join(TAUGHT);
    if !path.is_file() {
        return Ok(());
    }
    // Once: an old lesson must not come after a newer one of the same sound.
    match job::whole::read_versioned::<Taught>(&path, Taught::FORMAT) {
        Ok(found) => with(shared, |it| it.learn(found))?,
        Err(error) => tracing::warn!("what a correction taught is lost: failed to {error}"),
    }
    fs::remove_file(&path).map_err(Error::io("remove", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_that_meets_corrections_is_taken_once_it_is_better() {
        let taught = |sounds: &[[f64; 3]]| Taught {
            format: 1,
            sounds: sounds.iter().enumerate().map(|(i, it)| (i.to_string(), it.to_vec())).collect(),
        };
        assert_eq!(taught(&[]).way(), 0);
        assert_eq!(taught(&[[0.5, 0.51, 0.4]]).way(), 0);
        assert_eq!(taught(&[[0.5, 0.8, 0.4]]).way(), 1);
        assert_eq!(taught(&[[0.5, 0.8, 0.4], [0.5, 0.1, 0.9]]).way(), 2);
        assert_eq!(taught(&[[0.5, 0.8, 0.8]]).way(), 1);
    }
}
