//! Bells and bars: decaying modes, and bells by frequency modulation.

use std::f64::consts::TAU;

use super::{RATE, frames};
use crate::Rng;

/// A mode: frequency relative to the note, level, and decay relative to the note's.
type Mode = (f64, f64, f64);

/// A cast bell: hum, prime, tierce, quint, nominal and above.
///
/// Ratios: Rossing, "Science of Percussion Instruments" (2000), table 11.1; levels and decays by
/// ear.
pub(crate) const BELL: [Mode; 11] = [
    (0.5, 0.45, 1.6),
    (1.0, 0.8, 1.0),
    (1.183, 0.7, 0.85),
    (1.506, 0.35, 0.6),
    (2.0, 1.0, 0.55),
    (2.514, 0.4, 0.35),
    (2.662, 0.35, 0.33),
    (3.011, 0.45, 0.3),
    (4.166, 0.35, 0.2),
    (5.433, 0.25, 0.14),
    (6.796, 0.15, 0.1),
];

/// A bar tuned like a marimba's: 1, 4 and 10 times its pitch (Rossing, chapter 6).
pub(crate) const MARIMBA: [Mode; 4] =
    [(1.0, 1.0, 1.0), (3.98, 0.28, 0.25), (9.9, 0.12, 0.08), (17.2, 0.05, 0.04)];

/// A free bar, as in a glockenspiel: the roots of the Euler-Bernoulli equation.
pub(crate) const GLOCKENSPIEL: [Mode; 4] =
    [(1.0, 1.0, 1.0), (2.756, 0.45, 0.45), (5.404, 0.3, 0.2), (8.933, 0.15, 0.1)];

/// Strikes an instrument, given its modes.
///
/// `decay_secs` is how long the mode at the note's frequency takes to fall by 60 dB. Every mode is
/// two that are nearly equal, as in anything not perfectly round, so that it beats.
pub(crate) fn strike(
    modes: &[Mode],
    frequency_hz: f64,
    decay_secs: f64,
    secs: f64,
    rng: &mut Rng,
) -> Vec<f32> {
    let n = frames(secs);
    let mut sound = vec![0.0f64; n];
    for (ratio, level, decay) in modes {
        let split_hz = f64::from(rng.uniform(0.2, 0.9));
        let level = level * f64::from(rng.uniform(0.8, 1.2));
        for (frequency, share) in [
            (frequency_hz * ratio - split_hz / 2.0, 0.6),
            (frequency_hz * ratio + split_hz / 2.0, 0.4),
        ] {
            if frequency < 0.45 * RATE {
                let phase = TAU * rng.next_f64();
                ring(&mut sound, frequency, level * share, decay_secs * decay, phase);
            }
        }
    }
    let mut click = super::OnePole::new(6000.0);
    for (i, x) in sound.iter_mut().take(frames(0.03)).enumerate() {
        let envelope = (-(i as f64) / (0.004 * RATE)).exp();
        *x += 0.25 * envelope * click.run(f64::from(rng.uniform(-1.0, 1.0)));
    }
    sound.into_iter().map(|x| x as f32).collect()
}

/// Adds one decaying sine, as a rotating complex number.
fn ring(sound: &mut [f64], frequency_hz: f64, level: f64, decay_secs: f64, phase: f64) {
    let per_sample = 10f64.powf(-3.0 / (decay_secs * RATE));
    let (sin, cos) = (TAU * frequency_hz / RATE).sin_cos();
    let (re, im) = (per_sample * cos, per_sample * sin);
    let (mut x, mut y) = (level * phase.cos(), level * phase.sin());
    for out in sound {
        *out += y;
        (x, y) = (x * re - y * im, x * im + y * re);
    }
}

/// A bell by frequency modulation: carrier and modulator at 1 : 1.4, the index falling with the
/// sound.
///
/// Source: Chowning, "The synthesis of complex audio spectra by means of frequency modulation"
/// (1973), bell-like tones.
pub(crate) fn chime(frequency_hz: f64, decay_secs: f64, secs: f64) -> Vec<f32> {
    const RATIO: f64 = 1.4;
    const INDEX: f64 = 7.0;
    let per_sample = 10f64.powf(-3.0 / (decay_secs * RATE));
    let mut level = 1.0f64;
    (0..frames(secs))
        .map(|i| {
            let t = i as f64 / RATE;
            let index = INDEX * level.powf(1.3);
            let modulator = index * (TAU * RATIO * frequency_hz * t).sin();
            let x = level * (TAU * frequency_hz * t + modulator).sin();
            level *= per_sample;
            x as f32
        })
        .collect()
}
