//! `clipping`: peaks that are cut flat, at full scale or below it.
//!
//! A run of equal samples at the largest value of a channel, with a corner where it begins or ends: a smooth peak of a
//! low tone is flat too, but has no corner. A square wave looks the same as a clipped wave.

use super::{Check, Finding, Stretches};

/// Equal samples that are a flat peak.
const SHORTEST_RUN: u64 = 4;
/// Flat peaks that a sound must have: a few may be there by design.
const FEWEST_RUNS: u64 = 10;
/// Samples this close are equal: half a step of 16 bits.
const EQUAL: f32 = 1.6e-5;
/// Peaks this close to the largest, as a share of it, are at the same level: half a step of 16 bits, and the rounding
/// of a change of level.
const SAME_LEVEL: f32 = 5e-5;
/// The least step into or out of a flat peak, as a share of it.
const CORNER: f32 = 2e-3;
/// What is quieter than this is not looked at, -40 dB.
const QUIETEST: f32 = 0.01;

pub(super) struct Clipping {
    rate_hz: u32,
    channels: Vec<Channel>,
}

struct Channel {
    n_samples: u64,
    /// The largest magnitude so far, and the flat peaks at it.
    level: f32,
    runs: u64,
    flat: Stretches,
    /// The current run: where it starts, its value, and the step into it.
    start: u64,
    value: f32,
    step: f32,
    gap: u64,
}

impl Clipping {
    pub(super) fn new(rate_hz: u32, n_channels: usize) -> Self {
        let gap = u64::from(rate_hz) / 2;
        let channel = |_| Channel {
            n_samples: 0,
            level: QUIETEST,
            runs: 0,
            flat: Stretches::new(gap),
            start: 0,
            value: 0.0,
            step: 0.0,
            gap,
        };
        Self { rate_hz, channels: (0..n_channels).map(channel).collect() }
    }
}

impl Check for Clipping {
    fn push(&mut self, block: &[Vec<f32>]) {
        for (channel, samples) in self.channels.iter_mut().zip(block) {
            samples.iter().for_each(|x| channel.take(*x));
        }
    }

    fn finish(&mut self, _: f64, findings: &mut Vec<Finding>) {
        let n_channels = self.channels.len();
        let mut all = Stretches::new(u64::from(self.rate_hz) / 2);
        let (mut level, mut stretches) = (0.0f32, vec![]);
        for channel in &mut self.channels {
            channel.end_run(0.0);
            if channel.runs >= FEWEST_RUNS {
                level = level.max(channel.level);
                stretches.append(&mut channel.flat.all);
            }
        }
        stretches.sort_by_key(|stretch| stretch.start);
        stretches.iter().for_each(|it| all.add(it.start, it.end, it.weight));
        let level_db = crate::db_from_gain(f64::from(level));
        let where_flat = if level_db > -0.1 {
            "at full scale".to_owned()
        } else {
            format!("at {level_db:.1} dB, so it was clipped and then turned down")
        };
        let of_channels = if n_channels > 1 { ", over all channels" } else { "" };
        all.report("clipping", self.rate_hz, findings, |_, n| {
            format!(
                "{n} samples are flat {where_flat}{of_channels}: record or export it again at a lower level, or \
                 repair it with a de-clipper."
            )
        });
    }
}

impl Channel {
    fn take(&mut self, x: f32) {
        if (x - self.value).abs() > EQUAL || self.n_samples == 0 {
            let step = (x - self.value).abs();
            self.end_run(step);
            (self.start, self.value, self.step) = (self.n_samples, x, step);
            let magnitude = x.abs();
            if magnitude > self.level * (1.0 + SAME_LEVEL) {
                self.level = magnitude;
                self.runs = 0;
                self.flat = Stretches::new(self.gap);
            }
        }
        self.n_samples += 1;
    }

    /// Ends the current run, with a step out of it.
    fn end_run(&mut self, step_out: f32) {
        let n = self.n_samples - self.start;
        let is_at_level = self.value.abs() >= self.level * (1.0 - SAME_LEVEL);
        let has_corner = self.step.max(step_out) >= CORNER * self.level;
        if n >= SHORTEST_RUN && is_at_level && has_corner {
            self.runs += 1;
            self.flat.add(self.start, self.n_samples, n);
        }
    }
}
