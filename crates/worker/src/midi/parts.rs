//! Voices, bands and single parts written for a MIDI file.

use std::path::{Path, PathBuf};

use api::{MidiWritten, Problem, Span};
use music::{
    BandStyle, ChordSpan, ChordStyle, Clock, HarmonyError, Part, Score, arrange, features,
    harmonise, harmony_of, write_part,
};

use super::{check::track_report, file};
use crate::folder::problem;

/// Suggestions of one part at most.
const VARIATIONS_MAX: u32 = 100;

/// Writes four voices for the melody of a file, in a style of [`super::chord_styles`].
///
/// # Errors
/// When a file cannot be read or written, or has no melody: what happened, and what to do.
pub fn midi_harmonise(input: &Path, output: &Path, style: &str) -> Result<MidiWritten, Problem> {
    let score = file::open_score(input)?;
    let style = named(style, &ChordStyle::ALL)?;
    let found = harmonise(&score, style).map_err(|error| no_harmony(input, &error))?;
    file::save(output, &found.score)?;
    Ok(MidiWritten {
        key: found.key.to_string(),
        parallels: found.n_parallels as u64,
        octaved: found.n_octaved as u64,
        ..written(&[output.to_owned()], &found.score, &found.chords)
    })
}

/// Writes a band for the lead sheet of a file, in a style of [`super::band_styles`].
///
/// # Errors
/// When a file cannot be read or written, or has no harmony: what happened, and what to do.
pub fn midi_arrange(
    input: &Path,
    output: &Path,
    style: &str,
    seed: u64,
) -> Result<MidiWritten, Problem> {
    let score = file::open_score(input)?;
    let style = named(style, &BandStyle::ALL)?;
    let harmony = harmony_of(&score).map_err(|error| no_harmony(input, &error))?;
    let band = arrange(&score, style, seed).map_err(|error| no_harmony(input, &error))?;
    file::save(output, &band)?;
    Ok(MidiWritten {
        key: harmony.key.to_string(),
        chords_are_written: harmony.is_written,
        ..written(&[output.to_owned()], &band, &harmony.chords)
    })
}

/// Suggestions to write.
#[derive(Clone, Debug, PartialEq)]
pub struct WritePart {
    /// The part, of [`super::band_parts`].
    pub part: String,
    /// The style, of [`super::band_styles`].
    pub style: String,
    /// The random seed; the same gives the same.
    pub seed: u64,
    /// How many, 1 to 100.
    pub n_variations: u32,
}

/// Writes suggestions of a part for the harmony of a file: `drums-1.mid` and so on, into a folder that is made if
/// it is not there. Each has nothing but the part.
///
/// # Errors
/// When a file cannot be read or written, or has no harmony: what happened, and what to do.
pub fn midi_write(input: &Path, folder: &Path, order: &WritePart) -> Result<MidiWritten, Problem> {
    let score = file::open_score(input)?;
    let part = named(&order.part, &Part::ALL)?;
    let style = named(&order.style, &BandStyle::ALL)?;
    let harmony = harmony_of(&score).map_err(|error| no_harmony(input, &error))?;
    std::fs::create_dir_all(folder).map_err(|error| {
        let what = format!("The folder “{}” could not be made.", folder.display());
        problem("not_written", what, &api::sentence(&error.to_string()), "Choose another folder.")
    })?;
    let mut files = Vec::new();
    let mut first = None;
    for i in 0..order.n_variations.clamp(1, VARIATIONS_MAX) {
        let suggestion = write_part(&score, part, style, order.seed, i)
            .map_err(|error| no_harmony(input, &error))?;
        let path = folder.join(format!("{}-{}.mid", order.part, i + 1));
        file::save(&path, &suggestion)?;
        files.push(path);
        first.get_or_insert(suggestion);
    }
    let first = first.unwrap_or_else(|| score.clone());
    Ok(MidiWritten {
        key: harmony.key.to_string(),
        chords_are_written: harmony.is_written,
        ..written(&files, &first, &harmony.chords)
    })
}

fn written(files: &[PathBuf], score: &Score, chords: &[ChordSpan]) -> MidiWritten {
    let clock = Clock::new(score);
    let mut spans: Vec<Span> = Vec::new();
    for it in chords {
        let label = it.chord.map_or_else(|| "N".to_owned(), music::Chord::label);
        let end_s = clock.secs_from_tick(it.end as f64);
        match spans.last_mut() {
            Some(last) if last.label == label => last.end_s = end_s,
            _ => spans.push(Span { start_s: clock.secs_from_tick(it.start as f64), end_s, label }),
        }
    }
    MidiWritten {
        files: files.iter().map(|path| path.display().to_string()).collect(),
        chords: spans,
        tracks: features(score).tracks.iter().map(track_report).collect(),
        ..MidiWritten::default()
    }
}

/// The one of a list that has a name.
fn named<T: Copy>(name: &str, all: &[(&'static str, T)]) -> Result<T, Problem> {
    all.iter().find(|it| it.0 == name).map(|it| it.1).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|it| it.0).collect();
        let what = format!("There is no “{name}”.");
        let why = format!("These are there: {}.", names.join(", "));
        problem("unknown", what, &why, "Choose one of them.")
    })
}

fn no_harmony(path: &Path, error: &HarmonyError) -> Problem {
    let what = format!("Nothing could be written for “{}”.", path.display());
    let why = api::sentence(&format!("failed to {error}"));
    problem(
        "no_harmony",
        what,
        &why,
        "Choose a file with a melody, chords, or chord names as markers.",
    )
}
