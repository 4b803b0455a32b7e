//! Oscillators without audible aliases, a filter, and an envelope, for [`super::Tone`].

use std::f32::consts::{PI, TAU};

/// A phase that goes from 0 to 1 and round.
#[derive(Clone, Copy, Default)]
pub(super) struct Phase(f32);

impl Phase {
    /// A phase that starts somewhere.
    pub(super) fn at(phase: f32) -> Self {
        Self(phase.fract())
    }

    /// The phase now; then it goes on by a step below 1.
    pub(super) fn next(&mut self, step: f32) -> f32 {
        let now = self.0;
        self.0 += step;
        if self.0 >= 1.0 {
            self.0 -= self.0.floor();
        }
        now
    }
}

/// A sine of a phase.
pub(super) fn sine(phase: f32) -> f32 {
    (TAU * phase).sin()
}

/// A sawtooth of a phase that goes on by `step` a frame, its jump rounded (polyBLEP).
pub(super) fn saw(phase: f32, step: f32) -> f32 {
    2.0 * phase - 1.0 - jump(phase, step)
}

/// A pulse, high for the share `width` of its period.
pub(super) fn pulse(phase: f32, step: f32, width: f32) -> f32 {
    let other = (phase + 1.0 - width).fract();
    saw(phase, step) - saw(other, step)
}

/// What the rounding of a jump by 2 at phase 0 takes away around it.
fn jump(phase: f32, step: f32) -> f32 {
    if phase < step {
        let x = phase / step;
        x + x - x * x - 1.0
    } else if phase > 1.0 - step {
        let x = (phase - 1.0) / step;
        x * x + x + x + 1.0
    } else {
        0.0
    }
}

/// A state-variable low-pass of two poles.
#[derive(Clone, Copy, Default)]
pub(super) struct LowPass {
    s1: f32,
    s2: f32,
}

impl LowPass {
    /// A frame through the filter with this cutoff; `damping` is 2 without resonance and smaller with.
    pub(super) fn run(&mut self, x: f32, cutoff_hz: f32, damping: f32, rate_hz: f32) -> f32 {
        let g = (PI * (cutoff_hz / rate_hz).clamp(1e-4, 0.45)).tan();
        let high = (x - (damping + g) * self.s1 - self.s2) / (1.0 + g * (damping + g));
        let band = g * high + self.s1;
        let low = g * band + self.s2;
        self.s1 = 2.0 * band - self.s1;
        self.s2 = 2.0 * low - self.s2;
        low
    }
}

/// Attack, decay, sustain, release, in exponentials.
#[derive(Clone, Copy)]
pub(super) struct Envelope {
    level: f32,
    attack: f32,
    decay: f32,
    sustain: f32,
    release: f32,
    is_rising: bool,
}

impl Envelope {
    /// Times in seconds to come most of the way; the sustained level from 0 to 1.
    pub(super) fn new(times: [f32; 3], sustain: f32, rate_hz: f32) -> Self {
        let [attack, decay, release] =
            times.map(|secs| 1.0 - (-1.0 / (secs.max(1e-4) * rate_hz)).exp());
        Self { level: 0.0, attack, decay, sustain, release, is_rising: true }
    }

    /// The level of the next frame.
    pub(super) fn next(&mut self, is_held: bool) -> f32 {
        if !is_held {
            self.is_rising = false;
            self.level -= self.level * self.release;
        } else if self.is_rising {
            // It aims above 1, so that it arrives.
            self.level += (1.2 - self.level) * self.attack;
            if self.level >= 1.0 {
                self.level = 1.0;
                self.is_rising = false;
            }
        } else {
            self.level += (self.sustain - self.level) * self.decay;
        }
        self.level
    }

    /// Whether it has faded below what can be heard; it may also have decayed.
    pub(super) fn is_done(&self) -> bool {
        !self.is_rising && self.level < 2e-5
    }
}
