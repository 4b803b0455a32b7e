//! Voices: glottal pulses through the formants of vowels.

use std::f64::consts::TAU;

use super::{Biquad, OnePole, RATE, frames};
use crate::Rng;

/// The first three formants of a vowel, in Hz, for a man.
///
/// Source: Peterson and Barney, "Control methods used in a study of the vowels" (1952), table II.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Vowel([f64; 3]);

pub(crate) const A: Vowel = Vowel([730.0, 1090.0, 2440.0]);
pub(crate) const E: Vowel = Vowel([530.0, 1840.0, 2480.0]);
pub(crate) const I: Vowel = Vowel([270.0, 2290.0, 3010.0]);
pub(crate) const O: Vowel = Vowel([570.0, 840.0, 2410.0]);
pub(crate) const U: Vowel = Vowel([300.0, 870.0, 2240.0]);

/// The fourth and fifth formant, which hardly depend on the vowel, in Hz.
const UPPER: [f64; 2] = [3400.0, 4300.0];
/// Bandwidths of the five formants, in Hz (Klatt 1980, table 2, rounded).
const BANDWIDTHS: [f64; 5] = [70.0, 90.0, 140.0, 220.0, 300.0];
/// Samples between two movements of the formants.
const CONTROL_PERIOD: usize = 64;

/// A sung note.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Song<'a> {
    /// The pitch.
    pub(crate) frequency_hz: f64,
    /// How long it is held.
    pub(crate) secs: f64,
    /// The vowels it goes through, evenly, gliding from each to the next; at least one.
    pub(crate) vowels: &'a [Vowel],
    /// Formants relative to a man's: 1.0, about 1.17 for a woman's.
    pub(crate) size: f64,
    /// Share of breath, from 0 to 1.
    pub(crate) breath: f64,
}

/// Sings a note, with vibrato that sets in after a while, and the small irregularities of a person.
pub(crate) fn sing(song: &Song<'_>, rng: &mut Rng) -> Vec<f32> {
    let n = frames(song.secs);
    let mut formants: [Biquad; 5] = Default::default();
    let (mut drift, mut breath) = (OnePole::new(3.0), OnePole::new(5000.0));
    let vibrato_hz = f64::from(rng.uniform(4.9, 5.7));
    let mut phase = 0.0;
    let mut flow = 0.0;
    (0..n)
        .map(|i| {
            let t = i as f64 / RATE;
            if i % CONTROL_PERIOD == 0 {
                tune(&mut formants, song, t / song.secs);
            }
            let depth = 0.3 * ((t - 0.35) / 0.6).clamp(0.0, 1.0);
            let wander = 6.0 * drift.run(f64::from(rng.normal()));
            let semitones = depth * (TAU * vibrato_hz * t).sin() + wander;
            let frequency = song.frequency_hz * (semitones / 12.0).exp2();
            phase = (phase + frequency / RATE) % 1.0;
            let next = glottal_flow(phase);
            // The lips radiate the change of the flow; taking it between samples instead of at
            // them keeps aliasing low.
            let pulse = (next - flow) * RATE / (8.0 * frequency);
            flow = next;
            let air = breath.run(f64::from(rng.uniform(-1.0, 1.0))) * (0.2 + flow);
            let source = (1.0 - song.breath) * pulse + song.breath * air;
            let voiced = formants.iter_mut().fold(source, |x, formant| formant.run(x));
            (voiced * envelope(t, song.secs)) as f32
        })
        .collect()
}

/// One period of the flow through the glottis: it opens for 40 %, closes for 16 %, then rests.
///
/// Source: Rosenberg, "Effect of glottal pulse shape on the quality of natural vowels" (1971),
/// shape C.
fn glottal_flow(phase: f64) -> f64 {
    const OPENING: f64 = 0.4;
    const CLOSING: f64 = 0.16;
    if phase < OPENING {
        0.5 - 0.5 * (std::f64::consts::PI * phase / OPENING).cos()
    } else if phase < OPENING + CLOSING {
        (std::f64::consts::FRAC_PI_2 * (phase - OPENING) / CLOSING).cos()
    } else {
        0.0
    }
}

/// Tunes the formants to a position in the song, from 0 to 1.
fn tune(formants: &mut [Biquad; 5], song: &Song<'_>, position: f64) {
    let last = song.vowels.len() - 1;
    let at = position * last as f64;
    let from = (at as usize).min(last);
    let (Vowel(a), Vowel(b)) = (song.vowels[from], song.vowels[(from + 1).min(last)]);
    // Vowels are held and change within the middle third of their time.
    let glide = ((at - from as f64 - 0.33) / 0.34).clamp(0.0, 1.0);
    let glide = 0.5 - 0.5 * (std::f64::consts::PI * glide).cos();
    for (i, formant) in formants.iter_mut().enumerate() {
        let frequency = if i < 3 { a[i] + glide * (b[i] - a[i]) } else { UPPER[i - 3] };
        formant.retune(&Biquad::formant(song.size * frequency, song.size * BANDWIDTHS[i]));
    }
}

fn envelope(t: f64, secs: f64) -> f64 {
    let edge = (t / 0.09).min((secs - t) / 0.22).clamp(0.0, 1.0);
    0.5 - 0.5 * (std::f64::consts::PI * edge).cos()
}
