//! `mono_in_stereo` and `phase`: two channels that are the same, or that cancel each other.

use super::{Check, Finding, Stretches};

/// What one channel has besides the other, relative to both, below which they are the same: -60 dB.
const SAME: f64 = 1e-6;
/// A channel is silent from this far below the other on: -60 dB.
const SILENT: f64 = 1e-6;
/// From this correlation down, channels cancel each other when they are mixed.
const CANCELS: f64 = -0.4;
/// The least stretch that counts, in seconds.
const LEAST_SECS: f64 = 0.5;
/// Power below which correlation means nothing, -60 dB.
const QUIETEST: f64 = 1e-6;

pub(super) struct Stereo {
    rate_hz: u32,
    has_two: bool,
    n_samples: u64,
    /// Samples of a window: a quarter of a second.
    window: u64,
    n_in_window: u64,
    now: Sums,
    all: Sums,
    cancelling: Stretches,
}

/// Sums of products over time.
#[derive(Clone, Copy, Default)]
struct Sums {
    left: f64,
    right: f64,
    both: f64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.left += other.left;
        self.right += other.right;
        self.both += other.both;
    }

    fn correlation(self) -> f64 {
        let power = (self.left * self.right).sqrt();
        if power > 0.0 { self.both / power } else { 0.0 }
    }
}

impl Stereo {
    pub(super) fn new(rate_hz: u32) -> Self {
        let window = u64::from(rate_hz / 4).max(1);
        Self {
            rate_hz,
            has_two: true,
            n_samples: 0,
            window,
            n_in_window: 0,
            now: Sums::default(),
            all: Sums::default(),
            cancelling: Stretches::new(4 * window),
        }
    }

    fn end_window(&mut self) {
        let now = std::mem::take(&mut self.now);
        let n = std::mem::take(&mut self.n_in_window);
        let quietest = QUIETEST * n as f64;
        if now.left > quietest && now.right > quietest && now.correlation() < CANCELS {
            self.cancelling.add(self.n_samples - n, self.n_samples, n);
        }
        self.all.add(now);
    }
}

impl Check for Stereo {
    fn push(&mut self, block: &[Vec<f32>]) {
        let [left, right] = block else {
            self.has_two = false;
            return;
        };
        let mut at = 0;
        while at < left.len() {
            let more = (self.window - self.n_in_window).min((left.len() - at) as u64) as usize;
            for (left, right) in left[at..at + more].iter().zip(&right[at..at + more]) {
                let (left, right) = (f64::from(*left), f64::from(*right));
                self.now.left += left * left;
                self.now.right += right * right;
                self.now.both += left * right;
            }
            at += more;
            self.n_samples += more as u64;
            self.n_in_window += more as u64;
            if self.n_in_window == self.window {
                self.end_window();
            }
        }
    }

    fn finish(&mut self, secs: f64, findings: &mut Vec<Finding>) {
        if !self.has_two || self.n_samples == 0 {
            return;
        }
        if self.n_in_window > 0 {
            self.end_window();
        }
        let Sums { left, right, .. } = self.all;
        let mut all_of_it = |kind: &'static str, sentence: String| {
            findings.push(Finding { kind, start_s: 0.0, end_s: secs, sentence });
        };
        let correlation = self.all.correlation();
        // What is left of the quieter channel without the louder one, relative to it.
        let rest = 1.0 - correlation * correlation;
        if left.max(right) <= QUIETEST * self.n_samples as f64 * 1e-3 {
            return;
        }
        if left.min(right) < SILENT * left.max(right) {
            let silent = if left < right { "left" } else { "right" };
            return all_of_it(
                "mono_in_stereo",
                format!(
                    "The {silent} channel is silent: make it mono, or find out where that channel got lost."
                ),
            );
        }
        if correlation > 0.0 && rest < SAME {
            let how = if (left / right).sqrt().ln().abs() < 0.01 {
                "the same"
            } else {
                "the same at another level"
            };
            return all_of_it(
                "mono_in_stereo",
                format!("Both channels are {how}: it is mono, and half the space would do."),
            );
        }
        let mut cancelling = std::mem::replace(&mut self.cancelling, Stretches::new(0));
        let least = (LEAST_SECS.min(0.9 * secs) * f64::from(self.rate_hz)) as u64;
        cancelling.all.retain(|stretch| stretch.weight >= least);
        cancelling.report("phase", self.rate_hz, findings, |secs, _| {
            format!(
                "Left and right cancel each other for {secs:.1} s, so it gets thin or vanishes in mono: turn the \
                 polarity of one channel around, or narrow the stereo width."
            )
        });
    }
}
