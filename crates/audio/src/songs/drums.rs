//! Drums of songs, by synthesis: swept sines, two modes of a skin, and filtered noise.

use std::f64::consts::TAU;

use crate::{
    Rng,
    synth::{Biquad, RATE, RATE_HZ, frames},
};

/// What is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drum {
    /// The bass drum.
    Kick,
    /// The snare drum.
    Snare,
    /// The hi-hat, closed.
    Hat,
    /// The hi-hat, open.
    OpenHat,
    /// The ride cymbal.
    Ride,
    /// The crash cymbal.
    Crash,
    /// A tom.
    Tom,
}

impl Drum {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kick => "kick",
            Self::Snare => "snare",
            Self::Hat => "hat",
            Self::OpenHat => "open hat",
            Self::Ride => "ride",
            Self::Crash => "crash",
            Self::Tom => "tom",
        }
    }

    /// Its place from left, -1, to right, 1.
    pub(super) fn place(self) -> f32 {
        match self {
            Self::Kick | Self::Snare => 0.0,
            Self::Hat | Self::OpenHat => 0.4,
            Self::Ride => -0.4,
            Self::Crash => -0.6,
            Self::Tom => 0.25,
        }
    }
}

/// How the drums of a song are tuned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kit {
    kick_hz: f64,
    kick_secs: f64,
    snare_hz: f64,
    wires: f64,
    metal_hz: f64,
}

impl Kit {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        Self {
            kick_hz: f64::from(rng.uniform(42.0, 58.0)),
            kick_secs: f64::from(rng.uniform(0.1, 0.28)),
            snare_hz: f64::from(rng.uniform(165.0, 230.0)),
            wires: f64::from(rng.uniform(0.6, 1.2)),
            metal_hz: f64::from(rng.uniform(310.0, 440.0)),
        }
    }

    /// A stroke; the noise in it is another one each time.
    pub(super) fn strike(&self, drum: Drum, velocity: f64, rng: &mut Rng) -> Vec<f32> {
        match drum {
            Drum::Kick => self.kick(velocity, rng),
            Drum::Snare => self.snare(velocity, rng),
            Drum::Tom => skin(110.0, 1.5, 0.22, velocity, rng),
            Drum::Hat => self.metal(0.045, 7_000.0, 0.32 * velocity, rng),
            Drum::OpenHat => self.metal(0.22, 6_500.0, 0.3 * velocity, rng),
            Drum::Ride => self.metal(0.5, 4_500.0, 0.2 * velocity, rng),
            Drum::Crash => self.metal(1.1, 3_200.0, 0.4 * velocity, rng),
        }
    }

    fn kick(&self, velocity: f64, rng: &mut Rng) -> Vec<f32> {
        let mut sound = skin(self.kick_hz, 3.2, self.kick_secs, velocity, rng);
        sound.iter_mut().for_each(|x| *x *= 1.25);
        sound
    }

    /// Two modes of the skin, and the wires below it.
    fn snare(&self, velocity: f64, rng: &mut Rng) -> Vec<f32> {
        let mut wires = Biquad::band_pass(4_200.0, 5_000.0);
        let hz = self.snare_hz;
        (0..frames(0.26))
            .map(|i| {
                let t = i as f64 / RATE;
                let skin = (TAU * hz * t).sin() * (-t / 0.055).exp()
                    + 0.6 * (TAU * hz * 1.59 * t).sin() * (-t / 0.035).exp();
                let noise = f64::from(rng.uniform(-1.0, 1.0));
                let rattle = self.wires * wires.run(noise) * (-t / 0.075).exp();
                (velocity * (0.5 * skin + 0.9 * rattle) * attack(t, 0.0006)) as f32
            })
            .collect()
    }

    /// Metal: six square waves that are no multiples of each other, and noise, without what is low.
    ///
    /// The ratios are those of the cymbal circuit of the TR-808.
    fn metal(&self, decay_secs: f64, lowest_hz: f64, level: f64, rng: &mut Rng) -> Vec<f32> {
        const RATIOS: [f64; 6] = [1.0, 1.483, 1.8, 2.548, 2.632, 3.902];
        let hz = (lowest_hz * 1.25).min(0.4 * f64::from(RATE_HZ));
        let mut filters = [Biquad::band_pass(hz, hz), Biquad::band_pass(hz, hz)];
        (0..frames(5.0 * decay_secs))
            .map(|i| {
                let t = i as f64 / RATE;
                let squares: f64 = RATIOS
                    .iter()
                    .map(|ratio| if (self.metal_hz * ratio * t).fract() < 0.5 { 1.0 } else { -1.0 })
                    .sum();
                let x = squares / 6.0 + 0.8 * f64::from(rng.uniform(-1.0, 1.0));
                let high = filters.iter_mut().fold(x, |x, filter| filter.run(x));
                (2.0 * level * high * (-t / decay_secs).exp() * attack(t, 0.0004)) as f32
            })
            .collect()
    }
}

/// A skin: a sine that falls to its pitch, and the click of the beater.
fn skin(hz: f64, rise: f64, decay_secs: f64, velocity: f64, rng: &mut Rng) -> Vec<f32> {
    let mut phase = 0.0;
    (0..frames(5.0 * decay_secs))
        .map(|i| {
            let t = i as f64 / RATE;
            phase += hz * (1.0 + rise * (-t / 0.022).exp()) / RATE;
            let click = f64::from(rng.uniform(-1.0, 1.0)) * (-t / 0.003).exp();
            let tone = (TAU * phase).sin() * (-t / decay_secs).exp();
            (velocity * (0.8 * tone + 0.15 * click) * attack(t, 0.001)) as f32
        })
        .collect()
}

/// A short rise, so that nothing begins with a step.
fn attack(t: f64, secs: f64) -> f64 {
    (t / secs).min(1.0)
}
