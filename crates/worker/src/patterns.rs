//! Patterns of sounds for the memory: cut, described, and with vectors in every space that is asked for.
//!
//! Sounds are read in pieces, whatever their length: [`parts`] gives the samples of parts as they come by, [`cut`] cuts
//! what comes by into parts, and [`hearing`] turns parts into vectors.

mod cut;
mod hearing;
mod parts;

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use ::memory::{Error, SpaceName};
use api::{Pattern, PatternFacts, PatternSource, Problem};
use audio::{
    patterns::{EMBEDDING_DIM, EMBEDDING_VERSION, PatternDescription, describe_pattern},
    rhythm::Rhythm,
};
use sha2::{Digest, Sha256};

pub(crate) use self::{
    cut::{CutSound, Cutter, agreement_with},
    hearing::{Hearing, Vectors},
    parts::{Tap, each_part},
};
use crate::folder::problem;

/// The rate at which patterns are heard, in Hz.
pub(crate) const RATE_HZ: u32 = 22_050;
/// Beats in a part that make a tempo, and how sure the tempo of its sound is at least.
const BEATS_LEAST: usize = 3;
const TEMPO_SURE: f64 = 0.3;

/// The space of our own vectors.
pub(crate) fn own_space() -> SpaceName {
    SpaceName { name: "dsp".into(), version: EMBEDDING_VERSION, dim: EMBEDDING_DIM }
}

/// What a part of a sound is like, at [`RATE_HZ`]; nothing where it is silent.
pub(crate) fn described(samples: &[f32]) -> Option<PatternDescription> {
    describe_pattern(samples, RATE_HZ)
}

/// The facts of a part from its description and, where it is known, the rhythm of its sound.
fn facts(found: &PatternDescription, rhythm: Option<(&Rhythm, [f64; 2])>) -> PatternFacts {
    let tempo_bpm = rhythm.and_then(|(rhythm, [start, end])| {
        let n_beats = rhythm.beats.iter().filter(|it| (start..end).contains(*it)).count();
        let has_beat = rhythm.tempo_confidence >= TEMPO_SURE && n_beats >= BEATS_LEAST;
        rhythm.tempo_bpm.filter(|_| has_beat)
    });
    PatternFacts {
        tempo_bpm,
        brightness_hz: found.brightness_hz,
        attacks_per_sec: found.attacks_per_sec,
        level_db: found.level_db,
        words: found.words.iter().map(|it| (*it).to_owned()).collect(),
    }
}

/// A pattern that a person has set, described anew: what they have set stays.
pub(crate) fn described_anew(set: &Pattern, found: &PatternDescription) -> Pattern {
    let mut facts = facts(found, None);
    facts.tempo_bpm = set.facts.tempo_bpm;
    Pattern { facts, ..set.clone() }
}

/// A file as the source of patterns.
pub(crate) fn source_of(path: &Path, name: &str) -> Result<PatternSource, Problem> {
    let sha256 = hash(path).map_err(|error| {
        let what = format!("“{name}” could not be read.");
        problem("unreadable", what, &api::sentence(&error.to_string()), "Check its permissions.")
    })?;
    Ok(PatternSource { sha256, name: name.to_owned(), path: path.to_string_lossy().into_owned() })
}

/// The SHA-256 of a file.
pub(crate) fn hash(path: &Path) -> std::io::Result<String> {
    // Before it is opened, which would wait for somebody at the other end of a pipe.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut file = File::open(path)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            break;
        }
        hash.update(&piece[..n]);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What went wrong with a file of the memory, in words.
pub(crate) fn refused(error: &Error) -> Problem {
    let (code, remedy) = match error {
        Error::Io { .. } => ("not_written", "Check the folder and the space there."),
        Error::Damaged { .. } => ("damaged", "Get an intact copy, or export it again."),
        Error::Newer { .. } => ("newer", "Use the newer version of Maquette that wrote it."),
        Error::Busy { .. } => ("busy", "Wait until the other program has ended."),
        Error::Unfit { .. } => ("unfit", "Change what you asked for."),
    };
    let what = "The memory could not do that.";
    problem(code, what, &api::sentence(&format!("failed to {error}")), remedy)
}

#[cfg(test)]
mod tests;
