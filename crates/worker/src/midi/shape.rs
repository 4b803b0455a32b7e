//! Notes on a grid, off it, or in the manner of another piece.

use std::path::{Path, PathBuf};

use api::{Analysis, MidiQuantised, MidiRestyled, Problem};
use music::{Groove, Humanise, NoNotes, Quantise, humanise, quantise, restyle};

use super::file;
use crate::{folder::problem, listen};

/// The largest analysis that is read.
const ANALYSIS_BYTES_MAX: u64 = 64 << 20;

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
    /// What has the groove that is followed: a MIDI file, a sound, or the analysis of a sound (`.json`).
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
    let groove = how.groove.as_deref().map(|path| groove_of(path, how.steps)).transpose()?;
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

/// The groove of a MIDI file, of a sound, or of what `maquette analyse --json` printed of a sound.
fn groove_of(path: &Path, steps: u32) -> Result<Groove, Problem> {
    if path.file_name().is_some_and(|it| api::is_midi_name(&it.to_string_lossy())) {
        return Groove::of(&file::open_score(path)?, steps).map_err(|it| no_notes(path, it));
    }
    let analysis = match path.extension().is_some_and(|it| it.eq_ignore_ascii_case("json")) {
        true => analysis_in(path)?,
        false => {
            listen::analyse(path, &path.display().to_string(), &mut |_| true)?.unwrap_or_default()
        }
    };
    let beats_of_bar = analysis.meter.as_deref().and_then(|it| it.split('/').next()?.parse().ok());
    let beats_of_bar: usize = beats_of_bar.filter(|it| (1..=64).contains(it)).unwrap_or(4);
    let steps_of_beat = f64::from(steps) / 4.0;
    let places = analysis.onsets_s.iter().filter_map(|onset| {
        let place = beat_in_bar(&analysis, *onset, beats_of_bar)?;
        Some((place * steps_of_beat, 1.0))
    });
    let n_steps = (beats_of_bar as f64 * steps_of_beat).round().max(1.0) as usize;
    Groove::from_places(places, n_steps).map_err(|it| no_notes(path, it))
}

/// The analysis that is in a file.
fn analysis_in(path: &Path) -> Result<Analysis, Problem> {
    let bytes = file::bytes_of(path, ANALYSIS_BYTES_MAX)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let what = format!("“{}” is no analysis.", path.display());
        let why = api::sentence(&error.to_string());
        problem("bad_analysis", what, &why, "Make it with `maquette analyse FILE --json`.")
    })
}

/// Where a time lies in its bar, in beats; none outside of the beats that were found.
fn beat_in_bar(analysis: &Analysis, secs: f64, beats_of_bar: usize) -> Option<f64> {
    let beats = &analysis.beats_s;
    let next = beats.partition_point(|beat| *beat <= secs);
    let (from, to) = (*beats.get(next.checked_sub(1)?)?, *beats.get(next)?);
    let part = (secs - from) / (to - from).max(1e-9);
    // The bar begins with the downbeat that is nearest to a beat before; without any, with the first beat.
    let bar = analysis.downbeats_s.iter().rev().find(|it| **it <= from + (to - from) / 4.0);
    let first = bar.map_or(0, |bar| beats.partition_point(|beat| *beat < bar - (to - from) / 4.0));
    Some(((next - 1 - first.min(next - 1)) % beats_of_bar) as f64 + part)
}

fn no_notes(path: &Path, error: NoNotes) -> Problem {
    let what = format!("“{}” has no groove.", path.display());
    problem(
        "no_notes",
        what,
        &api::sentence(&format!("failed to {error}")),
        "Choose a file with notes, or a sound with a beat.",
    )
}
