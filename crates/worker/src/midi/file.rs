//! MIDI files read and written, with what went wrong in words.

use std::{fs::File, io::Read as _, path::Path};

use api::Problem;
use music::{Read, Score, read_midi, write_midi};

use crate::folder::problem;

/// The largest file that is read: some ten million notes.
const BYTES_MAX: u64 = 64 << 20;

/// Reads a MIDI file.
pub(super) fn open(path: &Path) -> Result<Read, Problem> {
    read_midi(&bytes(path)?).map_err(|error| not_midi(path, &error))
}

/// The bytes of a MIDI file.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Problem> {
    bytes_of(path, BYTES_MAX)
}

/// What is said of a file that is no MIDI file.
pub(super) fn not_midi(path: &Path, error: &music::Error) -> Problem {
    let why = api::sentence(&format!("failed to {error}"));
    problem(
        "not_midi",
        format!("“{}” could not be read.", path.display()),
        &why,
        "Choose a Standard MIDI File (.mid).",
    )
}

/// Reads the music of a MIDI file; what can be saved of a damaged one.
pub(crate) fn open_score(path: &Path) -> Result<Score, Problem> {
    Ok(Score::from_midi(&open(path)?.file).0)
}

/// The bytes of a file of at most so many.
pub(crate) fn bytes_of(path: &Path, most: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        let what = format!("“{}” could not be read.", path.display());
        let why = api::sentence(&error.to_string());
        return Err(problem("unreadable", what, &why, "Check the path and its permissions."));
    }
    if bytes.len() as u64 > most {
        let what = format!("“{}” is too large.", path.display());
        let why = format!("Files of at most {} MiB are read.", most >> 20);
        return Err(problem("too_large", what, &why, "Split it into parts."));
    }
    Ok(bytes)
}

/// Writes a score as a MIDI file, whole or not at all.
pub(super) fn save(path: &Path, score: &Score) -> Result<(), Problem> {
    save_bytes(path, &write_midi(&score.to_midi()))
}

/// Writes a file, whole or not at all.
pub(crate) fn save_bytes(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    job::whole::write(path, bytes).map_err(|error| {
        let what = format!("“{}” was not written.", path.display());
        let why = api::sentence(&error.to_string());
        problem("not_written", what, &why, "Choose another place, or free some space there.")
    })
}
