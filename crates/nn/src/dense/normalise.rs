//! Normalisations of frames.

use crate::threads;

/// Numbers of a task.
const CHUNK: usize = 1 << 14;

/// Layer normalisation of every frame of `gain.len()` numbers.
///
/// Mean and deviation are taken out, then `gain` and `bias` applied. Source: Ba, Kiros and Hinton, "Layer Normalization",
/// 2016.
///
/// # Panics
/// When `x` is no whole number of frames, or there are other biases than gains.
#[must_use]
pub fn layer_norm(x: &[f32], gain: &[f32], bias: Option<&[f32]>, epsilon: f32) -> Vec<f32> {
    let n = gain.len();
    assert!(bias.is_none_or(|bias| bias.len() == n), "a bias for every gain");
    each_frame(x, n, |frame| {
        let mean = frame.iter().map(|x| f64::from(*x)).sum::<f64>() / n as f64;
        let squares = frame.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>();
        let scale = (1.0 / (squares / n as f64 + f64::from(epsilon)).sqrt()) as f32;
        let mean = mean as f32;
        for (x, gain) in frame.iter_mut().zip(gain) {
            *x = (*x - mean) * scale * gain;
        }
        if let Some(bias) = bias {
            frame.iter_mut().zip(bias).for_each(|(x, bias)| *x += bias);
        }
    })
}

/// Normalisation of every frame by its root mean square, then `gain` applied.
///
/// Models that store a gain less 1 are given it whole. Source: Zhang and Sennrich, "Root Mean Square Layer Normalization",
/// 2019.
///
/// # Panics
/// When `x` is no whole number of frames.
#[must_use]
pub fn rms_norm(x: &[f32], gain: &[f32], epsilon: f32) -> Vec<f32> {
    let n = gain.len();
    each_frame(x, n, |frame| {
        let squares = frame.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>();
        let scale = (1.0 / (squares / n as f64 + f64::from(epsilon)).sqrt()) as f32;
        frame.iter_mut().zip(gain).for_each(|(x, gain)| *x *= scale * gain);
    })
}

/// A copy of frames of `n` numbers, changed frame by frame on all threads.
fn each_frame(x: &[f32], n: usize, change: impl Fn(&mut [f32]) + Sync) -> Vec<f32> {
    assert!(n > 0 && x.len().is_multiple_of(n), "whole frames");
    let mut out = x.to_vec();
    let in_task = (CHUNK / n).max(1) * n;
    threads::for_each_chunk(&mut out, in_task, |_, chunk| {
        chunk.chunks_exact_mut(n).for_each(&change);
    });
    out
}
