//! The notes of a voice: stretches of its pitch that stay near one place.

use std::ops::Range;

use super::curve::PitchCurve;

/// A note of a voice, and where it is to go.
#[derive(Clone, Debug, PartialEq)]
pub struct VoiceNote {
    /// The points of the curve that it takes.
    pub points: Range<usize>,
    /// Its pitch in semitones, of which A = 440 Hz is 69: the middle one of its points.
    pub pitch: f64,
    /// The pitch that it is to have; equal to [`Self::pitch`] leaves it as it is.
    pub target: f64,
    /// Its pitch without vibrato, from its first point on.
    slow: Vec<f64>,
}

/// A vibrato swings once in about this time, in seconds: 5 to 7 Hz.
const VIBRATO_SECS: f64 = 0.18;
/// A note ends where the pitch goes away by more than this, in semitones.
const LEAVES: f64 = 0.7;
/// And stays away for so long, in seconds.
const STAYS_SECS: f64 = 0.05;
/// Shorter notes belong to a neighbour, in seconds.
const SHORTEST_SECS: f64 = 0.06;

impl VoiceNote {
    /// Its pitch at a point, without vibrato.
    pub(super) fn centre_at(&self, point: usize, pitch: f64) -> f64 {
        let slow = point.checked_sub(self.points.start).and_then(|i| self.slow.get(i));
        slow.copied().unwrap_or(pitch)
    }
}

/// The notes of a curve, in order; each aims at itself.
///
/// The curve is smoothed over a swing of vibrato; where it leaves a note by more than 0.7 of a semitone for 50 ms, the next
/// one begins.
#[must_use]
pub fn voice_notes(curve: &PitchCurve) -> Vec<VoiceNote> {
    let points = |secs: f64| ((secs / curve.hop_secs()).round() as usize).max(1);
    let mut notes = vec![];
    for run in curve.voiced_runs() {
        let pitches: Vec<f64> = curve.semitones[run.clone()].iter().flatten().copied().collect();
        let smooth = smoothed(&pitches, points(VIBRATO_SECS));
        for part in parts(&smooth, points(STAYS_SECS), points(SHORTEST_SECS)) {
            let own = &pitches[part.clone()];
            let pitch = median(own);
            let slow = smoothed(own, points(VIBRATO_SECS));
            notes.push(VoiceNote {
                points: run.start + part.start..run.start + part.end,
                pitch,
                target: pitch,
                slow,
            });
        }
    }
    notes
}

/// The mean over so many neighbours, fewer near the ends.
fn smoothed(values: &[f64], n: usize) -> Vec<f64> {
    let half = n / 2;
    let mean = |i: usize| {
        // As many on both sides, so that a glide stays where it is.
        let reach = half.min(i).min(values.len() - 1 - i);
        let near = &values[i - reach..=i + reach];
        near.iter().sum::<f64>() / near.len() as f64
    };
    (0..values.len()).map(mean).collect()
}

/// Where a smooth curve leaves one place for another.
fn parts(smooth: &[f64], n_stays: usize, n_shortest: usize) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = vec![];
    let (mut start, mut sum, mut away) = (0, 0.0, 0);
    for (i, pitch) in smooth.iter().enumerate() {
        let n = i - start - away;
        let mean = if n == 0 { *pitch } else { sum / n as f64 };
        if (pitch - mean).abs() > LEAVES {
            away += 1;
            if away >= n_stays {
                let end = i + 1 - away;
                parts.push(start..end);
                start = end;
                sum = smooth[start..=i].iter().sum();
                away = 0;
            }
        } else {
            sum += smooth[i - away..=i].iter().sum::<f64>();
            away = 0;
        }
    }
    parts.push(start..smooth.len());
    // What is too short goes to the note before it, or to the one after.
    let mut kept: Vec<Range<usize>> = vec![];
    for part in parts {
        match kept.last_mut() {
            Some(last) if part.len() < n_shortest || last.len() < n_shortest => last.end = part.end,
            _ => kept.push(part),
        }
    }
    kept
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes_of(semitones: Vec<Option<f64>>) -> Vec<(Range<usize>, f64)> {
        let curve = PitchCurve { rate_hz: 44_100, hop: 220, semitones };
        voice_notes(&curve).into_iter().map(|note| (note.points, note.pitch)).collect()
    }

    #[test]
    fn vibrato_is_one_note_and_steps_are_two() {
        let vibrato: Vec<_> = (0..200)
            .map(|i| Some(60.2 + 0.6 * (f64::from(i) * 0.005 * 6.0 * std::f64::consts::TAU).sin()))
            .collect();
        let notes = notes_of(vibrato);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!((notes[0].1 - 60.2).abs() < 0.1, "{notes:?}");
        let steps: Vec<_> = (0..200).map(|i| Some(if i < 90 { 60.0 } else { 62.1 })).collect();
        let notes = notes_of(steps);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].0.end.abs_diff(90) < 14, "{notes:?}");
        let apart: Vec<_> = (0..200).map(|i| (!(50..60).contains(&i)).then_some(60.0)).collect();
        assert_eq!(notes_of(apart), [(0..50, 60.0), (60..200, 60.0)]);
        assert_eq!(notes_of(vec![None; 20]), []);
    }
}
