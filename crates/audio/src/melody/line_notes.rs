//! Notes of a melody's line of pitch.

use super::{HOP_SECS, MelodyFrame};
use crate::notes::{
    NoteEvent, midi_from_hz,
    segments::{Moment, notes},
};

/// A note is struck again where its salience comes up by this factor, between means of so many frames.
const STRUCK: f32 = 1.5;
const REACH: usize = 4;

/// A glide falls that ends so many semitones below its start, by means of so many frames.
///
/// A skin is tighter when it is struck than when it has come to rest, so its pitch falls (Fletcher and Rossing, "The
/// physics of musical instruments", 2nd edition, section 18.5). Measured: 0.8 to 2 for strokes of toms, at most 0.4 for
/// held notes of instruments; of slides on a guitar some do not fall.
const FALL_SEMITONES: f64 = 0.7;
const FALL_REACH: usize = 3;
/// Notes are of one glide where the next begins so near to the end of the one before, in seconds and in semitones.
const SAME_SECS: f64 = 0.03;
const SAME_SEMITONES: f64 = 0.5;

/// Whether all that a line does is fall, from each stroke on, so that it is a drum and no melody.
pub(super) fn is_struck_skin(frames: &[MelodyFrame], notes: &[NoteEvent]) -> bool {
    struct Glide {
        from: f64,
        to: f64,
        end_secs: f64,
    }
    let mut glides: Vec<Glide> = vec![];
    for note in notes {
        let at = |secs: f64| ((secs / HOP_SECS).round() as usize).min(frames.len());
        let pitches: Vec<f64> = frames[at(note.start_secs)..at(note.end_secs)]
            .iter()
            .filter_map(|it| it.f0_hz.map(midi_from_hz))
            .collect();
        if pitches.len() < FALL_REACH {
            return false;
        }
        let mean = |some: &[f64]| some.iter().sum::<f64>() / FALL_REACH as f64;
        let (from, to) =
            (mean(&pitches[..FALL_REACH]), mean(&pitches[pitches.len() - FALL_REACH..]));
        let end_secs = note.end_secs;
        match glides.last_mut() {
            Some(last)
                if note.start_secs - last.end_secs < SAME_SECS
                    && (from - last.to).abs() < SAME_SEMITONES =>
            {
                (last.to, last.end_secs) = (to, end_secs);
            }
            _ => glides.push(Glide { from, to, end_secs }),
        }
    }
    !glides.is_empty() && glides.iter().all(|it| it.from - it.to >= FALL_SEMITONES)
}

/// The notes of a line, in order.
pub(super) fn notes_of_line(frames: &[MelodyFrame]) -> Vec<NoteEvent> {
    let moment = |frame: &MelodyFrame| match frame.f0_hz {
        None => Moment::default(),
        Some(hz) => Moment { midi: midi_from_hz(hz), voiced: 1.0, level: frame.salience },
    };
    let moments: Vec<Moment> = frames.iter().map(moment).collect();
    notes(&moments, HOP_SECS, &struck(&moments))
}

/// Where the salience of a pitch that goes on comes up again.
fn struck(moments: &[Moment]) -> Vec<NoteEvent> {
    let mean = |range: std::ops::Range<usize>| {
        let sum: f32 = moments[range].iter().map(|it| it.level).sum();
        sum / REACH as f32
    };
    let rise = |at: usize| mean(at..at + REACH) / mean(at - REACH..at).max(1e-9);
    let last = moments.len().saturating_sub(REACH);
    let mut found = vec![];
    for at in REACH..last {
        let goes_on = moments[at - REACH..at + REACH].iter().all(|it| it.voiced > 0.0);
        if !goes_on || rise(at) < STRUCK {
            continue;
        }
        let around = at.saturating_sub(REACH).max(REACH)..(at + REACH + 1).min(last);
        let highest = around.max_by(|a, b| rise(*a).total_cmp(&rise(*b)));
        if highest == Some(at) {
            let start_secs = at as f64 * HOP_SECS;
            let midi = moments[at + REACH - 1].midi;
            found.push(NoteEvent { start_secs, end_secs: start_secs, midi, velocity: 64 });
        }
    }
    found
}
