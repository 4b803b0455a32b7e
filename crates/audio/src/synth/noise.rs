//! Shaped noises: wind, surf, rain and a shaker.

use std::f64::consts::TAU;

use super::{Biquad, OnePole, RATE, frames};
use crate::Rng;

/// Samples between two movements of a filter.
const CONTROL_PERIOD: usize = 64;

/// Wind: noise through two whistling resonances that wander, over a low rumble.
pub(crate) fn wind(secs: f64, rng: &mut Rng) -> Vec<f32> {
    let mut whistles = [Biquad::default(), Biquad::default()];
    let mut rumble = [OnePole::new(220.0), OnePole::new(220.0)];
    let (mut gust, mut wander) = (OnePole::new(0.5), [OnePole::new(0.8), OnePole::new(0.6)]);
    let mut force = 0.0;
    (0..frames(secs))
        .map(|i| {
            // Slow noise: the one-pole at f Hz has a deviation of about sqrt(pi f / rate).
            let push = gust.run(f64::from(rng.normal())) / (TAU * 0.25 / RATE).sqrt();
            let turns: [f64; 2] =
                [0, 1].map(|k| wander[k].run(f64::from(rng.normal())) / (TAU * 0.35 / RATE).sqrt());
            if i % CONTROL_PERIOD == 0 {
                force = (0.5 + 0.22 * push).clamp(0.08, 1.0);
                for (k, centre) in [480.0, 1150.0].into_iter().enumerate() {
                    let frequency = centre * (0.9 * (force - 0.5) + 0.12 * turns[k]).exp2();
                    whistles[k].retune(&Biquad::band_pass(frequency, 0.16 * frequency));
                }
            }
            let x = f64::from(rng.uniform(-1.0, 1.0));
            let low = rumble.iter_mut().fold(x, |x, filter| filter.run(x));
            let high = whistles[0].run(x) + 0.5 * force * whistles[1].run(x);
            (force * (1.3 * high + 1.1 * low)) as f32
        })
        .collect()
}

/// Surf: waves that gather, break bright and run out hissing.
pub(crate) fn surf(secs: f64, rng: &mut Rng) -> Vec<f32> {
    let mut low = [OnePole::new(300.0), OnePole::new(300.0)];
    let mut foam = OnePole::new(0.0);
    let wave_secs = secs / 1.5;
    let offset = f64::from(rng.uniform(0.05, 0.25));
    (0..frames(secs))
        .map(|i| {
            let t = (i as f64 / RATE / wave_secs + offset) % 1.0;
            // It rises to the break at 35 % of its time and runs out.
            let height = if t < 0.35 { (t / 0.35).powi(2) } else { (-(t - 0.35) * 4.2).exp() };
            if i % CONTROL_PERIOD == 0 {
                foam.keep = OnePole::new(500.0 + 6500.0 * height).keep;
            }
            let x = f64::from(rng.uniform(-1.0, 1.0));
            let deep = low.iter_mut().fold(x, |x, filter| filter.run(x));
            ((0.12 + 0.88 * height) * (0.6 * foam.run(x) + 1.5 * deep)) as f32
        })
        .collect()
}

/// Rain: drops at random, each a short ring, over a hiss.
pub(crate) fn rain(secs: f64, rng: &mut Rng) -> Vec<f32> {
    let n = frames(secs);
    let mut hiss = Biquad::band_pass(5200.0, 5000.0);
    let mut sound: Vec<f32> =
        (0..n).map(|_| (0.05 * hiss.run(f64::from(rng.uniform(-1.0, 1.0)))) as f32).collect();
    for _ in 0..(secs * 110.0) as usize {
        let at = rng.below(n);
        let frequency = 1300.0 * (f64::from(rng.next_f32()) * 2.2).exp2();
        let decay = f64::from(rng.uniform(0.002, 0.009)) * RATE;
        let level = 0.35 * f64::from(rng.next_f32()).powi(3);
        for (i, x) in sound[at..].iter_mut().take((6.0 * decay) as usize).enumerate() {
            let i = i as f64;
            // A drop's pitch rises a little as its bubble closes.
            let cycles = frequency / RATE * i * (1.0 + 0.15 * i / (6.0 * decay));
            *x += (level * (-i / decay).exp() * (TAU * cycles).sin()) as f32;
        }
    }
    sound
}

/// A shaker: beans that collide at random, more of them the harder it is shaken.
///
/// Source: Cook, "Physically informed sonic modeling (`PhISM`)" (1997), the maraca.
pub(crate) fn shaker(secs: f64, beats_per_minute: f64, rng: &mut Rng) -> Vec<f32> {
    const N_BEANS: f64 = 25.0;
    /// Loss of the system's energy and of one collision's sound, per sample at 22.05 kHz there.
    const SYSTEM_DECAY: f64 = 0.9995;
    const SOUND_DECAY: f64 = 0.975;
    let eighth = 30.0 / beats_per_minute;
    let mut gourd = Biquad::band_pass(3200.0, 1300.0);
    let mut sizzle = Biquad::band_pass(7400.0, 3000.0);
    let (mut shake, mut level) = (0.0, 0.0);
    (0..frames(secs))
        .map(|i| {
            let beat = i as f64 / RATE / eighth;
            // A quarter of each eighth pushes, every other one harder.
            if beat.fract() < 0.25 {
                let accent = if (beat as usize).is_multiple_of(2) { 1.0 } else { 0.55 };
                shake +=
                    accent * 0.0006 * (1.0 - (std::f64::consts::TAU * beat.fract() * 4.0).cos());
            }
            shake *= SYSTEM_DECAY;
            if f64::from(rng.next_f32()) < N_BEANS / 512.0 {
                level += shake;
            }
            level *= SOUND_DECAY;
            let x = level * f64::from(rng.uniform(-1.0, 1.0));
            (gourd.run(x) + 0.6 * sizzle.run(x)) as f32
        })
        .collect()
}
