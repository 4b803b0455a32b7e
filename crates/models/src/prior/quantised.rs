//! Latents as bins of the normal distribution, and directions that take turns in time, as in RAVE's prior.
//!
//! A value is quantised by the share of the normal distribution below it, so that bins are alike in
//! probability. Direction `j` of `n` is moved `n - 1 - j` frames to the left, so that what is predicted for a
//! direction follows what is known of the ones before it in the same frame.

use super::normal::{LN_SQRT_TAU, share_below, value_above};

/// The bin of a value.
pub(super) fn bin(x: f32, resolution: usize) -> usize {
    let at = share_below(f64::from(x)) * resolution as f64;
    (at as usize).min(resolution - 1)
}

/// A value of a bin: `place`, from 0 to 1, says where in it.
pub(super) fn value(bin: usize, place: f64, resolution: usize) -> f32 {
    value_above((bin as f64 + place) / resolution as f64) as f32
}

/// The negative logarithm of the density of `x` where its bin has the probability `exp(log_probability)`: a
/// value is drawn evenly from the shares that its bin covers.
pub(super) fn nats(x: f32, log_probability: f64, resolution: usize) -> f64 {
    let x = f64::from(x);
    0.5 * x * x + LN_SQRT_TAU - (resolution as f64).ln() - log_probability
}

/// Frames `[frame][direction]` with every direction moved to its turn: `n - 1` frames fewer.
pub(super) fn shifted<T: Copy>(frames: &[T], n: usize) -> Vec<T> {
    let n_frames = frames.len() / n;
    let moved = |t: usize| (0..n).map(move |j| frames[(t + n - 1 - j) * n + j]);
    (0..(n_frames + 1).saturating_sub(n)).flat_map(moved).collect()
}

/// The reverse of [`shifted`]: again `n - 1` frames fewer.
#[cfg(test)]
pub(super) fn unshifted<T: Copy>(frames: &[T], n: usize) -> Vec<T> {
    let n_frames = frames.len() / n;
    let moved = |t: usize| (0..n).map(move |j| frames[(t + j) * n + j]);
    (0..(n_frames + 1).saturating_sub(n)).flat_map(moved).collect()
}

#[cfg(test)]
mod tests;
