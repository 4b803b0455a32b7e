//! Weight normalisation: a weight as a direction and a length.
//!
//! Source: Salimans and Kingma, "Weight Normalization", 2016, as `torch.nn.utils.weight_norm` with
//! dimension 0.

use burn::tensor::Tensor;

use crate::array::{Array, is_host};
use crate::composed;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::collect_chunks;
use crate::kernels::elementwise::{add_scaled, dot, scale};
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
    if !is_host(&v) {
        return composed::weight_norm(v, g);
    }
    apply(&WeightNorm, [Input::new(v), Input::new(g)])
}

#[derive(Clone, Debug)]
struct WeightNorm;

impl Operation<2> for WeightNorm {
    type Saved = (Array, Array);

    fn infer(&self, [v, g]: [Array; 2]) -> Array {
        let row = row_len(&v, &g);
        let w = collect_chunks(v.len(), row, |i, w| {
            let v = &v.values()[i * row..][..row];
            let w = w.write_copy_of_slice(v);
            scale(w, g.values()[i] / norm(v));
            w
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
        let row = row_len(&v, &g);
        let rows = |i: usize| [&v, &gradient].map(|array| &array.values()[i * row..][..row]);
        let mut along = vec![0.0; g.len()];
        threads::for_each_chunk(&mut along, 8, |chunk, along| {
            for (i, along) in along.iter_mut().enumerate() {
                let [v, gradient] = rows(8 * chunk + i);
                *along = dot(gradient, v) / norm(v);
            }
        });
        let gradient_of_v = || {
            collect_chunks(v.len(), row, |i, to| {
                let [v, gradient] = rows(i);
                let inverse = 1.0 / norm(v);
                let to = to.write_copy_of_slice(gradient);
                add_scaled(to, v, -along[i] * inverse);
                scale(to, g.values()[i] * inverse);
                to
            })
        };
        [
            wanted[0].then(|| Array::new(gradient_of_v(), v.shape())),
            wanted[1].then(|| Array::new(along.clone(), g.shape())),
        ]
    }
}

/// Numbers in `v` for each in `g`.
fn row_len(v: &Array, g: &Array) -> usize {
    (v.len() / g.len().max(1)).max(1)
}

fn norm(v: &[f32]) -> f32 {
    dot(v, v).sqrt()
}
