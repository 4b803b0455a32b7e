//! The notes of one voice: a singer, a flute, a bass line.
//!
//! Pitches by YIN (see [`PitchFinder`]), put together to notes as in `segments`. When each starts is where
//! [`notes_of_instrument`] hears its harmonics rise, so that a note that is repeated is several.

use super::{
    NoteEvent, midi_from_hz, notes_of_instrument,
    segments::{Moment, notes},
};
use crate::{PitchFinder, harmony::at_rate, spectrum::Stft};

const RATE_HZ: u32 = 22_050;
/// 5.8 ms.
const HOP: usize = 128;
/// Samples over which a level is taken: two periods of the lowest pitch, so that it does not follow the waves.
const LEVEL_WINDOW: usize = 1024;
/// Samples in which the fundamental of a pitch is looked for.
const SPECTRUM_WINDOW: usize = 2048;
/// A pitch whose first two harmonics are both below this share of the strongest one is none: it is the common period of
/// a note and the tail of the one before.
const FUNDAMENTAL: f32 = 0.03;
/// What people and instruments play, in Hz: from below the E of a bass to above the highest C of a soprano.
const RANGE_HZ: [f32; 2] = [36.0, 2600.0];
/// Confidences at which a pitch is surely none, and surely one.
const VOICED: [f32; 2] = [0.55, 0.9];

/// The notes of a channel in which one thing at a time has a pitch, in order.
#[must_use]
pub fn notes_of_voice(samples: &[f32], rate_hz: u32) -> Vec<NoteEvent> {
    let hop_secs = HOP as f64 / f64::from(RATE_HZ);
    let samples = at_rate(samples, rate_hz, RATE_HZ);
    notes(&moments(&samples), hop_secs, &notes_of_instrument(&samples, RATE_HZ))
}

/// Pitch and level every hop, each in the middle of its window.
fn moments(samples: &[f32]) -> Vec<Moment> {
    let mut finder = PitchFinder::new(RATE_HZ, RANGE_HZ);
    let window = finder.window();
    let mut padded = vec![0.0; window / 2];
    padded.extend_from_slice(samples);
    padded.resize(padded.len() + window, 0.0);
    let level = |at: usize| {
        let reach = LEVEL_WINDOW / 2;
        let near = &samples[at.saturating_sub(reach)..(at + reach).min(samples.len())];
        (near.iter().map(|x| x * x).sum::<f32>() / near.len().max(1) as f32).sqrt()
    };
    let loudest = (0..samples.len()).step_by(HOP).map(level).fold(0.0f32, f32::max);
    let mut spectrum = Spectrum::new();
    let moment = |at: usize| {
        let level = level(at);
        let pitch = finder.find(&padded[at..at + window]);
        // 50 dB below the loudest is the room.
        let pitch = pitch.filter(|_| level > 3e-3 * loudest);
        match pitch {
            None => Moment { level, ..Moment::default() },
            Some(pitch) => {
                let sure = (pitch.confidence - VOICED[0]) / (VOICED[1] - VOICED[0]);
                let is_real = spectrum.has_fundamental(samples, at, pitch.hz);
                Moment {
                    midi: midi_from_hz(f64::from(pitch.hz)),
                    voiced: if is_real { sure.clamp(0.0, 1.0) } else { 0.0 },
                    level,
                }
            }
        }
    };
    (0..samples.len()).step_by(HOP).map(moment).collect()
}

/// A spectrum around a sample.
struct Spectrum {
    stft: Stft,
    magnitudes: Vec<f32>,
}

impl Spectrum {
    fn new() -> Self {
        let magnitudes = Vec::with_capacity(SPECTRUM_WINDOW / 2 + 1);
        Self { stft: Stft::new(SPECTRUM_WINDOW), magnitudes }
    }

    /// Whether there is something at a frequency or at its double.
    fn has_fundamental(&mut self, samples: &[f32], centre: usize, hz: f32) -> bool {
        let sample = |n: usize| {
            let at = (centre + n).checked_sub(SPECTRUM_WINDOW / 2);
            at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0)
        };
        self.magnitudes.clear();
        self.stft.magnitudes((0..SPECTRUM_WINDOW).map(sample), &mut self.magnitudes);
        let largest = self.magnitudes.iter().fold(0.0f32, |max, x| max.max(*x));
        let near = |hz: f32| {
            let bin = (hz * SPECTRUM_WINDOW as f32 / RATE_HZ as f32).round() as usize;
            let around =
                &self.magnitudes[bin.saturating_sub(1)..(bin + 2).min(self.magnitudes.len())];
            around.iter().fold(0.0f32, |max, x| max.max(*x))
        };
        near(hz).max(near(2.0 * hz)) >= FUNDAMENTAL * largest
    }
}
