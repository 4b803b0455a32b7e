//! Blocks of samples filtered by impulse responses of their own: the heart of a noise synthesiser.

use burn::tensor::Tensor;

use crate::array::{Array, is_host};
use crate::composed;
use crate::differentiable::{Input, Operation, apply};
use crate::threads;

/// Causal convolution inside each block: `y[n] = sum over k <= n of response[k] x[n - k]`.
///
/// What a response would ring on into the next block is cut off. The gradient flows into
/// `responses` only.
///
/// # Shapes
/// - `responses`, `x`: `[blocks, samples]`
/// - output: `[blocks, samples]`
///
/// # Panics
/// When the shapes differ.
#[must_use]
pub fn filter_blocks(responses: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
    assert_eq!(responses.dims(), x.dims(), "one response for each block");
    if !is_host(&responses) {
        return composed::filter_blocks(responses, x);
    }
    apply(&FilterBlocks, [Input::new(responses), Input::new(x.inner())])
}

/// Blocks that one task takes.
const TASK: usize = 1024;

#[derive(Clone, Debug)]
struct FilterBlocks;

impl Operation<2> for FilterBlocks {
    /// The blocks.
    type Saved = Array;

    fn infer(&self, [responses, x]: [Array; 2]) -> Array {
        let [_, length] = x.dims();
        let mut y = vec![0.0; x.len()];
        threads::for_each_chunk(&mut y, TASK * length, |task, y| {
            let start = task * TASK * length;
            let blocks = responses.values()[start..].chunks(length);
            let blocks = blocks.zip(x.values()[start..].chunks(length)).zip(y.chunks_mut(length));
            for ((response, x), y) in blocks {
                for (k, h) in response.iter().enumerate() {
                    y[k..].iter_mut().zip(x).for_each(|(y, x)| *y += h * x);
                }
            }
        });
        Array::new(y, x.shape())
    }

    fn forward(&self, inputs: [Array; 2], _wanted: [bool; 2]) -> (Array, Array) {
        let x = inputs[1].clone();
        (self.infer(inputs), x)
    }

    fn backward(&self, x: Array, gradient: Array, wanted: [bool; 2]) -> [Option<Array>; 2] {
        let [_, length] = x.dims();
        let of_responses = || {
            let mut out = vec![0.0; x.len()];
            threads::for_each_chunk(&mut out, TASK * length, |task, out| {
                let start = task * TASK * length;
                let blocks = gradient.values()[start..].chunks(length);
                let blocks =
                    blocks.zip(x.values()[start..].chunks(length)).zip(out.chunks_mut(length));
                for ((gradient, x), out) in blocks {
                    for (k, out) in out.iter_mut().enumerate() {
                        *out = gradient[k..].iter().zip(x).map(|(g, x)| g * x).sum();
                    }
                }
            });
            Array::new(out, x.shape())
        };
        [wanted[0].then(of_responses), None]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{from_values, values};

    #[test]
    fn blocks_are_filtered_apart_and_gradients_agree_with_the_definition() {
        let h = vec![1.0, 0.5, 0.0, 2.0, 0.0, -1.0];
        let x = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let expected = vec![1.0, 2.5, 4.0, 8.0, 10.0, 8.0];
        let responses = from_values(h, [2, 3]).autodiff().require_grad();
        let y = filter_blocks(responses.clone(), from_values(x, [2, 3]));
        assert_eq!(values(y.clone()), expected);
        let gradients = y.sum().backward();
        let gradient = responses.grad(&gradients).expect("it took part");
        assert_eq!(values(gradient), [6.0, 3.0, 1.0, 15.0, 9.0, 4.0]);
    }
}
