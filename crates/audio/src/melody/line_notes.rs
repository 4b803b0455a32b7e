//! Notes of a melody's line of pitch.

use super::{HOP_SECS, MelodyFrame};
use crate::notes::{
    NoteEvent, midi_from_hz,
    segments::{Moment, notes},
};

/// A note is struck again where its salience comes up by this factor, between means of so many frames.
const STRUCK: f32 = 1.5;
const REACH: usize = 4;

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
