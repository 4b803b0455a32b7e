//! Tuning of a voice: its pitch over time, the notes in it, and the sound with those notes moved.
//!
//! Where no note is moved, the sound stays as it is, bit for bit. It is for one voice or one instrument that plays one note
//! at a time; several at once have no single pitch.

mod curve;
mod marks;
mod notes;
mod psola;

pub use self::{
    curve::{PitchCurve, pitch_curve},
    notes::{VoiceNote, voice_notes},
};
use self::{marks::pitch_marks, psola::moved};
use crate::Clip;

/// How notes are moved to their targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// How far: 0 not at all, 1 all the way.
    pub strength: f64,
    /// How fast, in seconds: the time constant with which a note is drawn to its target.
    pub speed_secs: f64,
    /// Whether vibrato stays; otherwise a note becomes as flat as its target.
    pub keeps_vibrato: bool,
    /// Whether the colour of the voice stays where it is.
    pub keeps_formants: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { strength: 1.0, speed_secs: 0.02, keeps_vibrato: true, keeps_formants: true }
    }
}

/// The sound with its notes at their targets, as long as before.
///
/// # Panics
/// If the strength or the speed is not a number, or is negative.
#[must_use]
pub fn tuned(clip: &Clip, curve: &PitchCurve, notes: &[VoiceNote], tuning: Tuning) -> Clip {
    assert!(tuning.strength >= 0.0 && tuning.speed_secs >= 0.0, "strength and speed are sizes");
    let corrections = corrections(curve, notes, tuning);
    let voice = curve::mixed(clip);
    let mut out = clip.clone();
    for run in curve.voiced_runs() {
        let is_moved = corrections[run.clone()].iter().any(|it| it.abs() >= LEAST_SEMITONES);
        if !is_moved {
            continue;
        }
        let marks = pitch_marks(&voice, curve, run);
        moved(clip, curve, &marks, &corrections, tuning.keeps_formants, &mut out);
    }
    out
}

/// What is less than this does not move a sound, in semitones: nobody hears half a cent.
const LEAST_SEMITONES: f64 = 0.005;

/// By how many semitones each point of the curve is moved.
fn corrections(curve: &PitchCurve, notes: &[VoiceNote], tuning: Tuning) -> Vec<f64> {
    let mut corrections = vec![0.0; curve.semitones.len()];
    // What the last note came to, as a voice goes from note to note without a jump.
    let (mut now, mut last) = (0.0, 0);
    let keep = match tuning.speed_secs > 0.0 {
        true => (-curve.hop_secs() / tuning.speed_secs).exp(),
        false => 0.0,
    };
    for note in notes {
        if note.points.start != last {
            now = 0.0;
        }
        last = note.points.end;
        for point in note.points.clone() {
            let Some(at) = curve.semitones[point] else { continue };
            let centre = if tuning.keeps_vibrato { note.centre_at(point, at) } else { at };
            let wanted = match note.target == note.pitch {
                true => 0.0,
                false => tuning.strength * (note.target - centre),
            };
            now = wanted + (now - wanted) * keep;
            corrections[point] = now;
        }
    }
    corrections
}

#[cfg(test)]
mod tests;
