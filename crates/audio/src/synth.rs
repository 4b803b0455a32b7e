//! Synthesised instruments: one file each, and what they share; `sample_set` plays them.
//!
//! Every instrument is a function from a note to mono samples at [`RATE_HZ`], not yet normalised.

pub(crate) mod bell;
pub(crate) mod noise;
pub(crate) mod pluck;
pub(crate) mod voice;

use std::f64::consts::TAU;

/// The rate of everything that is synthesised, in Hz.
pub(crate) const RATE_HZ: u32 = 44_100;
pub(crate) const RATE: f64 = RATE_HZ as f64;

/// Seconds as a number of frames.
pub(crate) fn frames(secs: f64) -> usize {
    (secs * RATE).round() as usize
}

/// The frequency of a note by its MIDI number; 69 is the A at 440 Hz.
pub(crate) fn frequency_from_midi(note: f64) -> f64 {
    440.0 * ((note - 69.0) / 12.0).exp2()
}

/// Two poles and two zeros, run sample by sample (direct form II transposed).
#[derive(Clone, Debug, Default)]
pub(crate) struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Biquad {
    /// A resonance whose maximum is 0 dB, at its centre.
    ///
    /// Source: Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients",
    /// band-pass with constant peak gain.
    pub(crate) fn band_pass(frequency_hz: f64, bandwidth_hz: f64) -> Self {
        let w = TAU * frequency_hz / RATE;
        let alpha = w.sin() * bandwidth_hz / (2.0 * frequency_hz);
        let a0 = 1.0 + alpha;
        Self {
            b: [alpha / a0, 0.0, -alpha / a0],
            a: [-2.0 * w.cos() / a0, (1.0 - alpha) / a0],
            state: [0.0; 2],
        }
    }

    /// A formant: a resonance with 0 dB at 0 Hz, to be used one after another.
    ///
    /// Source: Klatt, "Software for a cascade/parallel formant synthesizer" (1980), eq. 2.
    pub(crate) fn formant(frequency_hz: f64, bandwidth_hz: f64) -> Self {
        let radius = (-std::f64::consts::PI * bandwidth_hz / RATE).exp();
        let c = -radius * radius;
        let b = 2.0 * radius * (TAU * frequency_hz / RATE).cos();
        Self { b: [1.0 - b - c, 0.0, 0.0], a: [-b, -c], state: [0.0; 2] }
    }

    /// Takes another filter's coefficients and keeps the state, so that the filter can move.
    pub(crate) fn retune(&mut self, to: &Self) {
        (self.b, self.a) = (to.b, to.a);
    }

    pub(crate) fn run(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// A gentle low-pass of one pole.
#[derive(Clone, Debug)]
pub(crate) struct OnePole {
    keep: f64,
    state: f64,
}

impl OnePole {
    pub(crate) fn new(cutoff_hz: f64) -> Self {
        Self { keep: (-TAU * cutoff_hz / RATE).exp(), state: 0.0 }
    }

    pub(crate) fn run(&mut self, x: f64) -> f64 {
        self.state = x + (self.state - x) * self.keep;
        self.state
    }
}

/// Adds `sound` to `mix` from a frame on, making it longer if need be.
pub(crate) fn add_at(mix: &mut Vec<f32>, sound: &[f32], from_frame: usize, gain: f32) {
    if mix.len() < from_frame + sound.len() {
        mix.resize(from_frame + sound.len(), 0.0);
    }
    for (out, x) in mix[from_frame..].iter_mut().zip(sound) {
        *out += gain * x;
    }
}

/// Removes the mean, scales the peak to `peak` and fades both ends so that nothing clicks.
pub(crate) fn finish(mut sound: Vec<f32>, peak: f32, fade_in_secs: f64) -> Vec<f32> {
    let mean = (sound.iter().map(|x| f64::from(*x)).sum::<f64>() / sound.len() as f64) as f32;
    for x in &mut sound {
        *x -= mean;
    }
    let (fade_in, fade_out) = (frames(fade_in_secs).max(1), frames(0.04));
    let n = sound.len();
    for (i, x) in sound.iter_mut().enumerate() {
        let edge = (i as f64 / fade_in as f64).min((n - 1 - i) as f64 / fade_out as f64).min(1.0);
        *x *= (0.5 - 0.5 * (std::f64::consts::PI * edge).cos()) as f32;
    }
    let gain = peak / crate::level::peak(&sound).max(1e-9);
    sound.iter_mut().for_each(|x| *x *= gain);
    sound
}

#[cfg(test)]
mod tests;
