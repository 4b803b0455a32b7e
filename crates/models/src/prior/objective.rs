//! What a prior learns by: the negative logarithm of the likelihood of what came, and its gradient.

use super::config::Distribution;
use super::directions::Directions;
use super::network::Network;
use super::normal::LN_SQRT_TAU;
use super::{mixture, quantised};

/// What is predicted, and of what: a batch of stretches, each `[batch, channels, frames]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Task {
    pub(super) batch: usize,
    pub(super) n_frames: usize,
    /// What goes into the network: what was known before each frame.
    pub(super) input: Vec<f32>,
    /// What comes, for the head of mixtures. `[batch, directions, frames]`.
    pub(super) now: Vec<f32>,
    /// The bin of each value, for the head of bins; of the same shape.
    pub(super) bins: Vec<usize>,
}

impl Task {
    /// Of values along the directions, `[batch][frame][direction]`.
    pub(super) fn new(network: &Network, values: &[f32], batch: usize) -> Self {
        match network.config.distribution {
            Distribution::Mixture => Self::of_mixtures(network, values, batch),
            Distribution::Quantised => Self::of_bins(network, values, batch),
        }
    }

    /// Every frame is predicted, the first from nothing.
    fn of_mixtures(network: &Network, values: &[f32], batch: usize) -> Self {
        let n = network.n;
        let n_frames = values.len() / (batch * n);
        let mut task = Self { batch, n_frames, ..Self::default() };
        task.input = vec![0.0; values.len()];
        task.now = vec![0.0; values.len()];
        for b in 0..batch {
            for t in 0..n_frames {
                for j in 0..n {
                    let (row, x) = ((b * n + j) * n_frames, values[(b * n_frames + t) * n + j]);
                    task.now[row + t] = x;
                    if t + 1 < n_frames {
                        task.input[row + t + 1] = x;
                    }
                }
            }
        }
        task
    }

    /// Directions take turns, and the first frame is predicted from nothing but is no target, as in the
    /// original.
    fn of_bins(network: &Network, values: &[f32], batch: usize) -> Self {
        let (n, resolution) = (network.n, network.config.resolution);
        let each = values.len() / batch;
        let n_frames = (each / n).saturating_sub(n);
        let channels = n * resolution;
        let mut task = Self { batch, n_frames, ..Self::default() };
        task.input = vec![0.0; batch * channels * n_frames];
        task.now = vec![0.0; batch * n * n_frames];
        task.bins = vec![0; batch * n * n_frames];
        for (b, values) in values.chunks_exact(each).enumerate() {
            let moved = quantised::shifted(values, n);
            for (t, frame) in moved.chunks_exact(n).enumerate() {
                for (j, x) in frame.iter().enumerate() {
                    let bin = quantised::bin(*x, resolution);
                    if t < n_frames {
                        task.input[(b * channels + j * resolution + bin) * n_frames + t] = 1.0;
                    }
                    if t > 0 {
                        let at = (b * n + j) * n_frames + t - 1;
                        (task.now[at], task.bins[at]) = (*x, bin);
                    }
                }
            }
        }
        task
    }

    /// How many values are predicted.
    pub(super) fn n_values(&self) -> usize {
        self.now.len()
    }

    /// The sum of what each value costs, in nats along the directions, and its gradient by what the network
    /// gave, `[batch, directions * outputs, frames]`.
    pub(super) fn nats(&self, network: &Network, outputs: &[f32]) -> (f64, Vec<f32>) {
        let (k, n_frames) = (network.n_outputs(), self.n_frames);
        let mut gradient = vec![0.0; outputs.len()];
        let mut scratch = vec![0.0f64; k];
        let mut sum = 0.0;
        for row in 0..self.batch * network.n {
            let of_row = row * k * n_frames;
            for t in 0..n_frames {
                let at = |i: usize| of_row + i * n_frames + t;
                let (x, parameter) = (self.now[row * n_frames + t], |i: usize| outputs[at(i)]);
                let add = |i: usize, g: f32| gradient[at(i)] += g;
                sum += match network.config.distribution {
                    Distribution::Mixture => mixture::nats(k / 3, x, parameter, add, &mut scratch),
                    Distribution::Quantised => {
                        let bin = self.bins[row * n_frames + t];
                        let ln = log_probability(k, bin, parameter, add);
                        quantised::nats(x, ln, k)
                    }
                };
            }
        }
        (sum, gradient)
    }
}

/// The logarithm of the probability of one of `n` by their logits; gives the gradient of its negative.
fn log_probability(
    n: usize,
    chosen: usize,
    logit: impl Fn(usize) -> f32,
    mut add: impl FnMut(usize, f32),
) -> f64 {
    let highest = (0..n).map(&logit).fold(f32::MIN, f32::max);
    let total: f64 = (0..n).map(|i| f64::from(logit(i) - highest).exp()).sum();
    for i in 0..n {
        let share = f64::from(logit(i) - highest).exp() / total;
        add(i, share as f32 - f32::from(u8::from(i == chosen)));
    }
    f64::from(logit(chosen) - highest) - total.ln()
}

/// Draws one of several by their logits; `uniform` is in [0, 1). A temperature of 0 takes the most likely.
pub(super) fn draw_index(logits: &[f32], temperature: f32, uniform: f32) -> usize {
    let mut best = 0;
    for (i, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = i;
        }
    }
    if temperature <= 0.0 {
        return best;
    }
    let weight = |logit: &f32| ((logit - logits[best]) / temperature).exp();
    let mut left = uniform * logits.iter().map(weight).sum::<f32>();
    for (i, logit) in logits.iter().enumerate() {
        left -= weight(logit);
        if left < 0.0 {
            return i;
        }
    }
    best
}

/// Nats that the directions which are not modelled cost in a frame, `values` being of all directions.
pub(super) fn nats_of_rest(directions: &Directions, values: &[f32]) -> f64 {
    values[directions.n..].iter().map(|x| 0.5 * f64::from(x * x) + LN_SQRT_TAU).sum()
}

/// Nats that the scale of the directions costs in each frame.
pub(super) fn nats_of_scales(directions: &Directions) -> f64 {
    (0..directions.size()).map(|i| directions.nats_of_scale(i)).sum()
}
