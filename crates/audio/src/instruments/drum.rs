//! Drums and cymbals by their keys in General MIDI: a falling sine, filtered noise, or both.

use super::oscillator::{LowPass, Phase, sine};
use crate::Rng;

/// How a drum sounds.
#[derive(Clone, Copy)]
struct Sound {
    /// The sine: where it falls from and to, how fast, how long it sounds, and how loud.
    from_hz: f32,
    to_hz: f32,
    fall_secs: f32,
    tone_secs: f32,
    tone: f32,
    /// The noise: between these frequencies, how long, and how loud.
    low_hz: f32,
    high_hz: f32,
    noise_secs: f32,
    noise: f32,
}

/// A drum that was struck.
pub(super) struct Drum {
    sound: Sound,
    velocity: f32,
    rate_hz: f32,
    n_frames: u64,
    phase: Phase,
    rng: Rng,
    low: LowPass,
    high: LowPass,
}

impl Drum {
    pub(super) fn new(key: u8, velocity: f32, rate_hz: f32, seed: u64) -> Self {
        Self {
            sound: sound(key),
            velocity: velocity * velocity,
            rate_hz,
            n_frames: 0,
            phase: Phase::default(),
            rng: Rng::new(seed),
            low: LowPass::default(),
            high: LowPass::default(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        // After seven times their decay both are below -60 dB.
        let secs = self.n_frames as f32 / self.rate_hz;
        secs > 7.0 * self.sound.tone_secs.max(self.sound.noise_secs)
    }

    pub(super) fn play(&mut self, out: &mut [f32]) {
        let s = self.sound;
        for x in out {
            let secs = self.n_frames as f32 / self.rate_hz;
            self.n_frames += 1;
            let hz = s.to_hz + (s.from_hz - s.to_hz) * (-secs / s.fall_secs).exp();
            let tone = s.tone
                * (-secs / s.tone_secs).exp()
                * sine(self.phase.next((hz / self.rate_hz).min(0.49)));
            let white = self.rng.uniform(-1.0, 1.0);
            let below = self.low.run(white, s.high_hz, 1.4, self.rate_hz);
            let between = below - self.high.run(below, s.low_hz, 1.4, self.rate_hz);
            let noise = s.noise * (-secs / s.noise_secs).exp() * between;
            // A millisecond of attack, so that nothing clicks but what should.
            let attack = (secs * 1000.0).min(1.0);
            *x = 1.6 * self.velocity * attack * (tone + noise);
        }
    }
}

/// The sound of a key.
fn sound(key: u8) -> Sound {
    let tone = |from_hz: f32, to_hz: f32, fall_secs: f32, tone_secs: f32, tone: f32| Sound {
        from_hz,
        to_hz,
        fall_secs,
        tone_secs,
        tone,
        low_hz: 1000.0,
        high_hz: 6000.0,
        noise_secs: 0.005,
        noise: 0.3,
    };
    let noise = |low_hz: f32, high_hz: f32, noise_secs: f32, noise: f32| Sound {
        low_hz,
        high_hz,
        noise_secs,
        noise,
        ..tone(200.0, 200.0, 1.0, 0.001, 0.0)
    };
    match key {
        35 | 36 => tone(160.0, 48.0, 0.035, 0.16, 1.2),
        37 | 75 | 76 | 77 => Sound { noise: 0.4, ..tone(1700.0, 1700.0, 1.0, 0.015, 0.6) },
        38 | 40 => Sound {
            low_hz: 1200.0,
            high_hz: 9000.0,
            noise_secs: 0.07,
            noise: 1.1,
            ..tone(260.0, 185.0, 0.02, 0.06, 0.6)
        },
        39 => noise(900.0, 3500.0, 0.06, 1.4),
        41 | 43 => tone(150.0, 85.0, 0.06, 0.2, 1.0),
        45 | 47 => tone(200.0, 120.0, 0.06, 0.17, 1.0),
        48 | 50 => tone(280.0, 170.0, 0.05, 0.14, 1.0),
        42 | 44 => noise(7000.0, 15_000.0, 0.03, 0.9),
        46 => noise(6500.0, 15_000.0, 0.22, 0.9),
        49 | 52 | 55 | 57 => noise(3500.0, 15_000.0, 0.7, 0.9),
        51 | 53 | 59 => Sound {
            low_hz: 5000.0,
            high_hz: 15_000.0,
            noise_secs: 0.25,
            noise: 0.5,
            ..tone(3200.0, 3200.0, 1.0, 0.18, 0.08)
        },
        54 | 69 | 70 | 82 => noise(5000.0, 13_000.0, 0.035, 0.7),
        56 => tone(800.0, 800.0, 1.0, 0.08, 0.5),
        60 | 61 => tone(420.0, 380.0, 0.02, 0.07, 0.8),
        62..=64 => tone(300.0, 260.0, 0.02, 0.1, 0.8),
        65..=68 => tone(520.0, 480.0, 0.02, 0.12, 0.6),
        80 | 81 => tone(4200.0, 4200.0, 1.0, 0.2, 0.25),
        _ => noise(1500.0, 8000.0, 0.05, 0.6),
    }
}
