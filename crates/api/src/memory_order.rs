//! Orders to jobs of the memory.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Excerpt, Pattern, PatternsForm};

/// The order of a job of the memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryTask {
    /// What is done.
    pub work: MemoryWork,
    /// Spaces whose vectors are computed, beside our own.
    #[serde(default)]
    pub spaces: Vec<SpaceOrder>,
}

/// `known.json` beside an order to cut: sounds that have patterns already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownSounds {
    /// The version of this file; see [`KnownSounds::FORMAT`].
    pub format: u32,
    /// Where each of them is, by the hash of its content.
    pub sounds: BTreeMap<String, PathBuf>,
}

impl KnownSounds {
    /// The version that this program reads and writes.
    pub const FORMAT: u32 = 1;
}

impl Default for KnownSounds {
    /// None is known.
    fn default() -> Self {
        Self { format: Self::FORMAT, sounds: BTreeMap::new() }
    }
}

/// A space, as a job needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceOrder {
    /// Its name without its version.
    pub name: String,
    /// The model's folder: absolute, or relative to the job's.
    pub path: PathBuf,
}

/// What a job of the memory does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum MemoryWork {
    /// Cut sounds and describe their parts.
    Cut {
        /// Folders and files: absolute, or relative to the job's folder.
        sounds: Vec<MemorySound>,
        /// How to cut.
        how: CutOrder,
        /// Tags of the new patterns.
        tags: Vec<String>,
        /// Whether sounds that have patterns are cut anew. If not, those in `known.json` are passed over.
        #[serde(default)]
        again: bool,
    },
    /// Describe parts that are known: set by hand, or with vectors that are missing.
    Describe {
        /// The patterns.
        patterns: Vec<Pattern>,
    },
    /// Hear or read what is looked for.
    Query {
        /// The space, without its version; our own is `dsp`.
        space: String,
        /// Words.
        text: Option<String>,
        /// Or a sound.
        sound: Option<MemorySound>,
        /// The part of it.
        part_secs: Option<[f64; 2]>,
    },
    /// Hear sounds, each by itself, in our own space.
    Hear {
        /// The sounds, each whole or in part.
        sounds: Vec<Excerpt>,
    },
    /// Add the sounds of patterns to a library file that lies in the job's folder, or write them as WAV files.
    Take {
        /// As what.
        form: PatternsForm,
    },
}

/// A sound, or a folder of sounds, that a job reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemorySound {
    /// The file or folder: absolute, or relative to the job's folder.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
}

/// How sounds are cut.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CutOrder {
    /// The shortest part, in seconds.
    pub shortest_secs: f64,
    /// The longest.
    pub longest_secs: f64,
    /// Which of the ways to cut, by its number.
    pub way: u32,
}

impl Default for CutOrder {
    fn default() -> Self {
        Self { shortest_secs: 0.3, longest_secs: 6.0, way: 0 }
    }
}
