//! Which notes sound, folded to one octave, in the bass and above: what chords and keys are found in.
//!
//! Source: Mauch and Dixon, "Approximate note transcription for the improved identification of difficult chords"
//! (ISMIR 2010). Spectra on a scale of semitones are whitened and explained by notes with harmonics, so that a
//! harmonic is not taken for a note of its own.

use super::{LogShape, LogSpectrum, Nnls, at_rate, whiten};

const RATE_HZ: u32 = 11_025;
/// 0.37 s: low notes a semitone apart differ in their harmonics.
const WINDOW: usize = 4096;
const HOP: usize = 512;
/// A0, and seven octaves from there.
const LOWEST: usize = 21;
const N_NOTES: usize = 84;
/// How the harmonics of a note fall; 0.7 in the source.
const DECAY: f64 = 0.7;

/// Notes folded to an octave, frame by frame; entry 0 is C.
#[derive(Clone, Debug, PartialEq)]
pub struct Chroma {
    /// Time between frames, in seconds; the first is at 0.
    pub hop_secs: f64,
    /// Length of the sound, in seconds.
    pub length_secs: f64,
    /// Low notes, at most about the C below middle C.
    pub bass: Vec<[f32; 12]>,
    /// Notes above.
    pub treble: Vec<[f32; 12]>,
    /// How loud each frame is: the root of the mean square of its samples.
    pub level: Vec<f32>,
}

/// The chroma of one channel, tuned some cents from A = 440 Hz.
#[must_use]
pub fn chroma(samples: &[f32], rate_hz: u32, tuning_cents: f64) -> Chroma {
    let length_secs = samples.len() as f64 / f64::from(rate_hz);
    let samples = at_rate(samples, rate_hz, RATE_HZ);
    let shape = LogShape {
        rate_hz: RATE_HZ,
        window: WINDOW,
        lowest: LOWEST,
        n_semitones: N_NOTES,
        tuning_cents,
    };
    let mut log_spectrum = LogSpectrum::new(shape);
    let mut nnls = Nnls::new(log_spectrum.templates(N_NOTES, DECAY), N_NOTES);
    let weights: Vec<[f32; 2]> = (LOWEST..LOWEST + N_NOTES).map(weights).collect();
    let mut spectrum = vec![0.0; log_spectrum.n_bins()];
    let hop_secs = HOP as f64 / f64::from(RATE_HZ);
    let mut chroma = Chroma { hop_secs, length_secs, bass: vec![], treble: vec![], level: vec![] };
    for centre in (0..samples.len()).step_by(HOP) {
        let near = &samples[centre.saturating_sub(HOP)..(centre + HOP).min(samples.len())];
        let level = (near.iter().map(|x| x * x).sum::<f32>() / near.len() as f32).sqrt();
        log_spectrum.at(&samples, centre, &mut spectrum);
        whiten(&mut spectrum, 1.0);
        let (mut bass, mut treble) = ([0.0; 12], [0.0; 12]);
        let notes = nnls.solve(&spectrum, 0.0).iter().zip(&weights).enumerate();
        for (i, (note, [in_bass, in_treble])) in notes {
            let class = (LOWEST + i) % 12;
            bass[class] += note * in_bass;
            treble[class] += note * in_treble;
        }
        chroma.bass.push(bass);
        chroma.treble.push(treble);
        chroma.level.push(level);
    }
    chroma
}

/// How much a note counts in the bass and above it.
fn weights(midi: usize) -> [f32; 2] {
    let ramp = |from: f32, to: f32| ((midi as f32 - from) / (to - from)).clamp(0.0, 1.0);
    [1.0 - ramp(45.0, 57.0), ramp(41.0, 53.0) * (1.0 - ramp(84.0, 100.0))]
}
