//! What is repeated in a MIDI file.

use std::path::Path;

use api::{MidiOccurrence, MidiPattern, MidiPatternNote, MidiPatterns, Problem};
use music::{Bars, Clock, Pattern, Search, patterns};

use super::file;

/// The patterns of a file: at most so many, of at least so many notes.
///
/// # Errors
/// When the file cannot be read.
pub fn midi_patterns(
    path: &Path,
    most: usize,
    least_notes: usize,
) -> Result<MidiPatterns, Problem> {
    let score = file::open_score(path)?;
    let search = Search { most_patterns: most, least_notes, ..Search::default() };
    let found = patterns(&score, search);
    let (bars, clock) = (Bars::new(&score), Clock::new(&score));
    let steps = f64::from(search.steps_per_quarter);
    let ticks = f64::from(score.ticks_per_quarter) / steps;
    let of = |pattern: Pattern| {
        let first = pattern.points.first().map_or(0, |it| it.step);
        let occurrences = pattern.occurrences.iter().map(|(later, semitones)| {
            let tick = ((first + later) as f64 * ticks).max(0.0);
            MidiOccurrence {
                at_s: clock.secs_from_tick(tick),
                place: bars.place(tick.round() as u64).to_string(),
                quarters_later: *later as f64 / steps,
                semitones: *semitones,
            }
        });
        MidiPattern {
            occurrences: occurrences.collect(),
            covered: pattern.n_covered as u64,
            compression: pattern.compression,
            compactness: pattern.compactness,
            notes: pattern
                .points
                .iter()
                .map(|it| MidiPatternNote { quarter: it.step as f64 / steps, key: it.key as u8 })
                .collect(),
        }
    };
    Ok(MidiPatterns {
        file: path.display().to_string(),
        format: MidiPatterns::FORMAT,
        notes: found.n_points as u64,
        left_out: found.n_left_out as u64,
        covered: found.n_covered as u64,
        compression: found.compression,
        patterns: found.patterns.into_iter().map(of).collect(),
    })
}
