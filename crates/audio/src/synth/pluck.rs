//! Plucked strings: Karplus-Strong, tuned to a fraction of a sample.

use super::{Biquad, OnePole, RATE, frames};
use crate::Rng;

/// A string and how it is plucked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pluck {
    /// Its pitch.
    pub(crate) frequency_hz: f64,
    /// How long it is listened to.
    pub(crate) secs: f64,
    /// How long until it has fallen by 60 dB.
    pub(crate) decay_secs: f64,
    /// Where it is plucked, from 0 (the bridge, thin) to 0.5 (the middle, hollow).
    pub(crate) position: f64,
    /// Cut-off of the pluck: a finger is near 1500 Hz, a pick near 8000.
    pub(crate) brightness_hz: f64,
}

/// Share of the previous sample in the loop's low-pass: how fast the high partials die.
const DAMPING: f64 = 0.35;

/// Plays a string.
///
/// A burst of noise runs round a delay line as long as a period. Source: Jaffe and Smith,
/// "Extensions of the Karplus-Strong plucked-string algorithm" (1983): loop gain for a decay time
/// (eq. 20), two-tap low-pass, all-pass for the fraction of a sample (eq. 12), pick position as a
/// comb.
pub(crate) fn pluck(note: &Pluck, rng: &mut Rng) -> Vec<f32> {
    let period = RATE / note.frequency_hz;
    // The low-pass delays by DAMPING; the all-pass takes 0.1 to 1.1 samples.
    let n_delay = (period - DAMPING - 0.1).floor() as usize;
    let fraction = period - DAMPING - n_delay as f64;
    let allpass = (1.0 - fraction) / (1.0 + fraction);
    let gain = 10f64.powf(-3.0 / (note.frequency_hz * note.decay_secs));

    let mut line = excitation(n_delay, note, rng);
    let mut at = 0;
    let (mut last, mut allpass_state) = (0.0, 0.0);
    let mut body = Body::new();
    (0..frames(note.secs))
        .map(|_| {
            let x = line[at];
            let damped = gain * ((1.0 - DAMPING) * x + DAMPING * last);
            last = x;
            let y = allpass * damped + allpass_state;
            allpass_state = damped - allpass * y;
            line[at] = y;
            at = (at + 1) % n_delay;
            body.run(x) as f32
        })
        .collect()
}

/// One period of noise, shaped by what plucks the string and where, without an offset.
fn excitation(n: usize, note: &Pluck, rng: &mut Rng) -> Vec<f64> {
    let mut soft = OnePole::new(note.brightness_hz);
    let noise: Vec<f64> = (0..n).map(|_| f64::from(rng.uniform(-1.0, 1.0))).collect();
    // Twice round, so that the low-pass has settled and the ends meet.
    let mut shaped: Vec<f64> = noise.iter().chain(&noise).map(|x| soft.run(*x)).collect();
    shaped.drain(..n);
    let shift = ((note.position * n as f64).round() as usize).clamp(1, n - 1);
    let comb: Vec<f64> = (0..n).map(|i| shaped[i] - shaped[(i + n - shift) % n]).collect();
    let mean = comb.iter().sum::<f64>() / n as f64;
    comb.into_iter().map(|x| x - mean).collect()
}

/// The wood: the string and a little of what a guitar's air and top answer with.
struct Body {
    resonances: [Biquad; 3],
}

impl Body {
    fn new() -> Self {
        Self {
            resonances: [
                Biquad::band_pass(104.0, 18.0),
                Biquad::band_pass(212.0, 26.0),
                Biquad::band_pass(418.0, 60.0),
            ],
        }
    }

    fn run(&mut self, x: f64) -> f64 {
        x + 0.8 * self.resonances.iter_mut().map(|r| r.run(x)).sum::<f64>()
    }
}
