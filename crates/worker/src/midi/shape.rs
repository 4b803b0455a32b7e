//! Notes on a grid, off it, or in the manner of another piece.

use std::path::{Path, PathBuf};

use api::{MidiQuantised, MidiRestyled, Problem};
use music::{Groove, Humanise, NoNotes, Quantise, humanise, quantise, restyle};

use super::file;
use crate::folder::problem;

/// How to put notes on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct MidiQuantise {
    /// Steps of a whole note: 16 for 16ths, 12 for triplets of 8ths.
    pub steps: u32,
    /// How late every second step is, in percent: 0 is straight, 67 a triplet.
    pub swing: f64,
    /// How far notes go to their places, in percent.
    pub strength: f64,
    /// Whether beats may be tuplets where they are played so.
    pub has_tuplets: bool,
    /// Whether ends go to the grid too.
    pub moves_ends: bool,
    /// A MIDI file whose groove is followed.
    pub groove: Option<PathBuf>,
}

/// Puts the notes of a file on a grid, and writes another file.
///
/// # Errors
/// When a file cannot be read or written: what happened, and what to do.
pub fn midi_quantise(
    input: &Path,
    output: &Path,
    how: &MidiQuantise,
) -> Result<MidiQuantised, Problem> {
    let score = file::open_score(input)?;
    let groove = match &how.groove {
        Some(path) => {
            Some(Groove::of(&file::open_score(path)?, how.steps).map_err(|it| no_notes(path, it))?)
        }
        None => None,
    };
    let how = Quantise {
        steps: how.steps,
        swing: how.swing / 100.0,
        strength: how.strength / 100.0,
        has_tuplets: how.has_tuplets,
        moves_ends: how.moves_ends,
        groove,
    };
    let (score, moved) = quantise(&score, &how);
    file::save(output, &score)?;
    Ok(MidiQuantised {
        notes: moved.n_notes as u64,
        moved: moved.n_moved as u64,
        rms_ms: moved.rms_ms,
        most_ms: moved.most_ms,
        tuplet_beats: moved.n_tuplet_beats as u64,
    })
}

/// How to play less exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MidiHumanise {
    /// The standard deviation of the times, in milliseconds.
    pub timing_ms: f64,
    /// The standard deviation of the velocities.
    pub velocity: f64,
    /// The random seed.
    pub seed: u64,
}

/// Moves the notes of a file a little, as people do, and writes another file. Gives the number of notes.
///
/// # Errors
/// When a file cannot be read or written: what happened, and what to do.
pub fn midi_humanise(input: &Path, output: &Path, how: MidiHumanise) -> Result<u64, Problem> {
    let MidiHumanise { timing_ms, velocity, seed } = how;
    let score = humanise(&file::open_score(input)?, Humanise { timing_ms, velocity, seed });
    file::save(output, &score)?;
    Ok(score.n_notes() as u64)
}

/// Gives a file the groove, register and loudness of another, and writes a third.
///
/// # Errors
/// When a file cannot be read or written, or the model has no notes: what happened, and what to do.
pub fn midi_restyle(
    input: &Path,
    model: &Path,
    output: &Path,
    steps: u32,
) -> Result<MidiRestyled, Problem> {
    let found = restyle(&file::open_score(input)?, &file::open_score(model)?, steps)
        .map_err(|it| no_notes(model, it))?;
    file::save(output, &found.score)?;
    Ok(MidiRestyled { octaves: found.octaves, similarity: found.similarity })
}

fn no_notes(path: &Path, error: NoNotes) -> Problem {
    let what = format!("“{}” has no groove.", path.display());
    problem(
        "no_notes",
        what,
        &api::sentence(&format!("failed to {error}")),
        "Choose a file with notes.",
    )
}
