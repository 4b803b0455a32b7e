//! The pitch of a voice over time.

use std::ops::Range;

use crate::pyin::exact_pyin;
use crate::{Clip, PyinSettings, with_channels};

/// The pitch of a voice, point after point.
#[derive(Clone, Debug, PartialEq)]
pub struct PitchCurve {
    /// Frames per second of the sound.
    pub rate_hz: u32,
    /// Frames from point to point; the first one is at frame 0.
    pub hop: usize,
    /// The pitch at each point in semitones, of which A = 440 Hz is 69; none where there is no voice.
    pub semitones: Vec<Option<f64>>,
}

/// Voices and most instruments that play one note at a time, in Hz.
const RANGE_HZ: [f64; 2] = [55.0, 1100.0];
/// A frame has so many of the longest periods.
const PERIODS: f64 = 2.2;
/// The time from point to point.
const HOP_SECS: f64 = 0.005;
/// A jump of pitch from point to point that no voice makes, in semitones.
const JUMP: f64 = 4.0;
/// Shorter runs of a pitch are no voice, in points.
const RUN_MIN: usize = 8;

impl PitchCurve {
    /// The time from point to point.
    #[must_use]
    pub fn hop_secs(&self) -> f64 {
        self.hop as f64 / f64::from(self.rate_hz)
    }

    /// The runs of points that have a pitch.
    pub(super) fn voiced_runs(&self) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = vec![];
        for (i, at) in self.semitones.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if at.is_some() && run.end == i => run.end = i + 1,
                _ if at.is_some() => runs.push(i..i + 1),
                _ => {}
            }
        }
        runs
    }

    /// The period of the sound at a frame, in frames; that of the nearest point which has one, within a run.
    pub(super) fn period_at(&self, frame: f64, run: &Range<usize>) -> f64 {
        let place = (frame / self.hop as f64).clamp(run.start as f64, (run.end - 1) as f64);
        let (i, share) = (place as usize, place.fract());
        let here = self.semitones[i].unwrap_or(69.0);
        let next = self.semitones.get(i + 1).copied().flatten().unwrap_or(here);
        f64::from(self.rate_hz) / hz_from_semitones(here + share * (next - here))
    }
}

/// The frequency of a pitch in semitones, of which 69 is 440 Hz.
pub(super) fn hz_from_semitones(semitones: f64) -> f64 {
    440.0 * ((semitones - 69.0) / 12.0).exp2()
}

/// All channels as one.
pub(super) fn mixed(clip: &Clip) -> Vec<f32> {
    with_channels(clip.clone(), 1).channels.remove(0)
}

/// The pitch of a voice every 5 ms, by pYIN. Runs of pitch shorter than 40 ms, and jumps within one, count as no voice.
#[must_use]
pub fn pitch_curve(clip: &Clip) -> PitchCurve {
    let rate_hz = clip.rate_hz;
    let hop = ((HOP_SECS * f64::from(rate_hz)).round() as usize).max(1);
    let voice = mixed(clip);
    let n_points = voice.len().div_ceil(hop);
    let [low, high] = [RANGE_HZ[0], RANGE_HZ[1].min(f64::from(rate_hz) / 4.0)];
    let frame = (PERIODS * f64::from(rate_hz) / low).ceil() as usize;
    let settings = PyinSettings { rate_hz, range_hz: [low, high], frame, hop };
    let found = match high > 2.0 * low {
        true => exact_pyin(&voice, &settings).unwrap_or_default(),
        // At such a rate there is no voice.
        false => vec![],
    };
    let mut semitones: Vec<Option<f64>> =
        found.iter().map(|it| it.f0_hz.map(semitones_from_hz)).collect();
    semitones.resize(n_points, None);
    let mut curve = PitchCurve { rate_hz, hop, semitones };
    without_slips(&mut curve);
    curve
}

fn semitones_from_hz(hz: f64) -> f64 {
    69.0 + 12.0 * (hz / 440.0).log2()
}

/// Takes out single points that slipped by an octave, and runs that are too short.
fn without_slips(curve: &mut PitchCurve) {
    let found = curve.semitones.clone();
    for i in 1..found.len().saturating_sub(1) {
        let (Some(before), Some(at), Some(after)) = (found[i - 1], found[i], found[i + 1]) else {
            continue;
        };
        if (at - before).abs() > JUMP && (at - after).abs() > JUMP && (before - after).abs() < JUMP
        {
            curve.semitones[i] = Some((before + after) / 2.0);
        }
    }
    // A jump ends a run: on both sides of it there is another voice.
    for i in 1..curve.semitones.len() {
        if let (Some(before), Some(at)) = (curve.semitones[i - 1], curve.semitones[i])
            && (at - before).abs() > JUMP
        {
            curve.semitones[i - 1] = None;
        }
    }
    for run in curve.voiced_runs() {
        if run.len() < RUN_MIN {
            curve.semitones[run].fill(None);
        }
    }
}
