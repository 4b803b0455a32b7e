//! What is done to rows of numbers, `[frames][width]`, besides products with weights.

use nn::dense::{Activation, Attention, Linear, activate, attend};

/// Adds a row to every row.
pub(super) fn add_row(x: &mut [f32], row: &[f32]) {
    for x in x.chunks_exact_mut(row.len()) {
        x.iter_mut().zip(row).for_each(|(x, y)| *x += y);
    }
}

/// Adds rows, each number times that of a row of factors.
pub(super) fn add_scaled(x: &mut [f32], y: &[f32], factors: &[f32]) {
    let n = factors.len();
    for (x, y) in x.chunks_exact_mut(n).zip(y.chunks_exact(n)) {
        for ((x, y), factor) in x.iter_mut().zip(y).zip(factors) {
            *x += y * factor;
        }
    }
}

/// Dynamic tanh: `gain * tanh(alpha * x) + bias`, row by row. Source: Zhu et al., "Transformers without Normalization",
/// 2025.
pub(super) fn dynamic_tanh(x: &[f32], alpha: f32, gain: &[f32], bias: &[f32]) -> Vec<f32> {
    let mut out: Vec<f32> = x.iter().map(|x| x * alpha).collect();
    activate(Activation::Tanh, &mut out);
    for out in out.chunks_exact_mut(gain.len()) {
        for ((out, gain), bias) in out.iter_mut().zip(gain).zip(bias) {
            *out = *out * gain + bias;
        }
    }
    out
}

/// Two layers with an activation between them.
pub(super) fn two_layers(layers: &[Linear; 2], x: &[f32]) -> Vec<f32> {
    let mut inner = layers[0].run(x);
    activate(Activation::Silu, &mut inner);
    layers[1].run(&inner)
}

/// Multiplies number by number.
pub(super) fn multiply(x: &mut [f32], y: &[f32]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x *= y);
}

/// Heads that may be the difference of two. Source: Ye et al., "Differential Transformer", 2024, without the factor that
/// is learnt there.
pub(super) fn attend_all(
    how: &Attention<'_>,
    queries: &[Vec<f32>],
    keys: &[Vec<f32>],
    values: &[f32],
) -> Vec<f32> {
    let mut pairs = queries.iter().zip(keys);
    let Some((query, key)) = pairs.next() else { return vec![] };
    let mut out = attend(how, query, key, values);
    for (query, key) in pairs {
        let second = attend(how, query, key, values);
        out.iter_mut().zip(&second).for_each(|(a, b)| *a -= b);
    }
    out
}

/// Cosines, then sines, of a number, their frequencies evenly spaced on a logarithmic scale. In single precision, in
/// the order of the original, as the fastest turn thousands of times.
pub(super) fn waves(x: f32, n: usize, frequencies: [f64; 2]) -> Vec<f32> {
    let half = n / 2;
    let [from, to] = frequencies.map(f64::ln);
    let step = 1.0 / (half.max(2) - 1) as f32;
    let angle = |i: usize| {
        let ramp = if i < half / 2 { i as f32 * step } else { 1.0 - (half - 1 - i) as f32 * step };
        let ramp = if half == 1 { 0.0 } else { ramp };
        let exponent = ramp * (to - from) as f32 + from as f32;
        let frequency = f64::from(exponent).exp() as f32;
        f64::from(x * frequency * 2.0 * std::f32::consts::PI)
    };
    let cosines = (0..half).map(|i| angle(i).cos() as f32);
    let sines = (0..half).map(|i| angle(i).sin() as f32);
    cosines.chain(sines).collect()
}

pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
