//! Weight normalisation: a weight as a direction and a length.
//!
//! Source: Salimans and Kingma, "Weight Normalization", 2016, as `torch.nn.utils.weight_norm` with
//! dimension 0.

use burn::tensor::Tensor;

use crate::array::Array;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::elementwise::dot;
use crate::threads;

/// `g * v / |v|`, the norm taken over all but the first dimension.
///
/// # Shapes
/// - `v`: `[n, m, kernel]`
/// - `g`: `[n, 1, 1]`
/// - output: `[n, m, kernel]`
///
/// # Panics
/// When `g` does not have one value for each first index of `v`.
#[must_use]
pub fn weight_norm(v: Tensor<3>, g: Tensor<3>) -> Tensor<3> {
    assert_eq!(g.dims(), [v.dims()[0], 1, 1], "lengths for directions {:?}", v.dims());
    apply(&WeightNorm, [Input::new(v), Input::new(g)])
}

#[derive(Clone, Debug)]
struct WeightNorm;

impl Operation<2> for WeightNorm {
    type Saved = (Array, Array);

    fn infer(&self, [v, g]: [Array; 2]) -> Array {
        let row = v.len() / g.len().max(1);
        let mut w = vec![0.0; v.len()];
        threads::for_each_chunk(&mut w, row, |i, w| {
            let v = &v.values()[i * row..(i + 1) * row];
            let scale = g.values()[i] / norm(v);
            for (w, v) in w.iter_mut().zip(v) {
                *w = v * scale;
            }
        });
        Array::new(w, v.shape())
    }

    fn forward(&self, [v, g]: [Array; 2], _wanted: [bool; 2]) -> (Array, Self::Saved) {
        (self.infer([v.clone(), g.clone()]), (v, g))
    }

    /// With `u = v / |v|`: the gradient of `g` is `grad · u`, that of `v` is `g / |v| (grad - (grad · u) u)`.
    fn backward(
        &self,
        (v, g): Self::Saved,
        gradient: Array,
        wanted: [bool; 2],
    ) -> [Option<Array>; 2] {
        let row = v.len() / g.len().max(1);
        // Each row of `v` and its one value of `g` are neighbours here, so that one pass fills both.
        let mut both = vec![0.0; v.len() + g.len()];
        threads::for_each_chunk(&mut both, row + 1, |i, both| {
            let v = &v.values()[i * row..(i + 1) * row];
            let gradient = &gradient.values()[i * row..(i + 1) * row];
            let inverse = 1.0 / norm(v);
            let along = dot(gradient, v) * inverse;
            let scale = g.values()[i] * inverse;
            let (to_g, to_v) = both.split_at_mut(1);
            to_g[0] = along;
            for ((to, v), gradient) in to_v.iter_mut().zip(v).zip(gradient) {
                *to = scale * (gradient - along * inverse * v);
            }
        });
        let to_v = || both.chunks(row + 1).flat_map(|row| row[1..].iter().copied()).collect();
        let to_g = || both.chunks(row + 1).map(|row| row[0]).collect();
        [
            wanted[0].then(|| Array::new(to_v(), v.shape())),
            wanted[1].then(|| Array::new(to_g(), g.shape())),
        ]
    }
}

fn norm(v: &[f32]) -> f32 {
    dot(v, v).sqrt()
}
