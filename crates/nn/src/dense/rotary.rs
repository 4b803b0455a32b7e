//! Rotary positions: pairs of numbers of queries and keys are turned by angles that grow with the position.

/// The frequencies of rotary positions. Source: Su et al., "`RoFormer`: Enhanced Transformer with Rotary Position
/// Embedding", 2021.
#[derive(Clone, Debug)]
pub struct Rotary {
    frequencies: Vec<f64>,
}

impl Rotary {
    /// For the first `n_rotated` numbers of a head, which is even, with the wavelengths of `base`, mostly 10,000.
    #[must_use]
    pub fn new(n_rotated: usize, base: f64) -> Self {
        let n = n_rotated / 2;
        let frequency = |i: usize| base.powf(-2.0 * i as f64 / n_rotated as f64);
        Self { frequencies: (0..n).map(frequency).collect() }
    }

    /// With frequencies of a model's own, in radians a position, one for each pair.
    #[must_use]
    pub fn with(frequencies: Vec<f64>) -> Self {
        Self { frequencies }
    }

    /// Turns frames `[frames][n_heads * head_dim]`, the first of which is at `first`. The pairs are a number of the first
    /// half of those that are turned and the one of the second half at the same place.
    ///
    /// # Panics
    /// When `x` is no whole number of frames, or a head is smaller than what is turned.
    pub fn turn(&self, x: &mut [f32], n_heads: usize, head_dim: usize, first: usize) {
        self.turn_by(x, n_heads, head_dim, first, 1.0);
    }

    /// Turns frames the other way: what [`Self::turn`] gave becomes what it was given, and so do gradients.
    ///
    /// # Panics
    /// As [`Self::turn`].
    pub fn turn_back(&self, x: &mut [f32], n_heads: usize, head_dim: usize, first: usize) {
        self.turn_by(x, n_heads, head_dim, first, -1.0);
    }

    fn turn_by(&self, x: &mut [f32], n_heads: usize, head_dim: usize, first: usize, sign: f64) {
        let n = self.frequencies.len();
        assert!(2 * n <= head_dim && x.len().is_multiple_of(n_heads * head_dim), "whole heads");
        let mut turns = vec![(0.0f32, 0.0f32); n];
        for (i, frame) in x.chunks_exact_mut(n_heads * head_dim).enumerate() {
            let position = (first + i) as f64;
            for (turn, frequency) in turns.iter_mut().zip(&self.frequencies) {
                let (sine, cosine) = (sign * position * frequency).sin_cos();
                *turn = (sine as f32, cosine as f32);
            }
            for head in frame.chunks_exact_mut(head_dim) {
                let (a, b) = head.split_at_mut(n);
                for ((a, b), (sine, cosine)) in a.iter_mut().zip(b).zip(&turns) {
                    (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
                }
            }
        }
    }
}
