//! From the encoder's output to latent frames, with the random numbers this needs.

use nn::Parameters;
use nn::stream::{Conv, Engine, Layer, Precision};

use crate::rave::{Config, Regularization};

/// The source of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Randomness {
    /// Deterministic: each draw is replaced by the mean of its distribution.
    Off,
    /// Drawn from a generator with this random seed.
    Seeded(u64),
}

/// Random numbers, or their means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws {
    state: Option<u64>,
}

impl Draws {
    pub(super) fn new(randomness: Randomness) -> Self {
        match randomness {
            Randomness::Off => Self { state: None },
            Randomness::Seeded(seed) => Self { state: Some(seed) },
        }
    }

    /// Numbers in [0, 1).
    pub(super) fn fill_uniform(&mut self, values: &mut [f32]) {
        match &mut self.state {
            None => values.fill(0.5),
            Some(state) => values.fill_with(|| uniform(state) as f32),
        }
    }

    /// Numbers of mean 0 and variance 1.
    pub(super) fn fill_normal(&mut self, values: &mut [f32]) {
        match &mut self.state {
            None => values.fill(0.0),
            Some(state) => values.fill_with(|| normal(state)),
        }
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 (`splitmix64`), of
/// which 24 bits are used.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f64 / f64::from(1 << 24)
}

/// Box and Muller, 1958.
fn normal(state: &mut u64) -> f32 {
    let radius = (-2.0 * (1.0 - uniform(state)).ln()).sqrt();
    (radius * (std::f64::consts::TAU * uniform(state)).cos()) as f32
}

/// Converts the encoder's output to latent frames.
#[derive(Debug)]
pub(super) struct LatentMaker {
    regularization: Regularization,
    latent_size: usize,
    draws: Draws,
    books: Vec<Book>,
}

/// A code book, and the engine that scores its codes.
#[derive(Debug)]
struct Book {
    codes: Vec<f32>,
    /// Twice the product with each code, minus its squared length: largest for the nearest.
    scores: Engine,
}

impl LatentMaker {
    pub(super) fn new(config: &Config, parameters: &Parameters, randomness: Randomness) -> Self {
        let n_books = if config.is_quantized() { config.num_quantizers } else { 0 };
        let books = (0..n_books).map_while(|i| {
            let name = |part: &str| format!("encoder.rvq.layers.{i}._codebook.{part}");
            let is_used = parameters.values(&name("inited"))?.first().is_some_and(|it| *it != 0.0);
            let codes = parameters.values(&name("embed"))?;
            is_used.then(|| Book::new(codes, config.latent_size))
        });
        Self {
            regularization: config.regularization,
            latent_size: config.latent_size,
            draws: Draws::new(randomness),
            books: books.collect(),
        }
    }

    pub(super) fn reset(&mut self, randomness: Randomness) {
        self.draws = Draws::new(randomness);
    }

    /// Appends a latent frame for each frame of `rows`.
    pub(super) fn make(&mut self, rows: &[f32], latents: &mut Vec<f32>) {
        let n = self.latent_size;
        match self.regularization {
            Regularization::Variational => {
                for row in rows.chunks_exact(2 * n) {
                    let (mean, scale) = row.split_at(n);
                    let start = latents.len();
                    latents.resize(start + n, 0.0);
                    let latent = &mut latents[start..];
                    self.draws.fill_normal(latent);
                    for (latent, (mean, scale)) in latent.iter_mut().zip(mean.iter().zip(scale)) {
                        *latent = *latent * deviation(*scale) + mean;
                    }
                }
            }
            Regularization::Wasserstein => latents.extend_from_slice(rows),
            Regularization::Spherical => {
                for row in rows.chunks_exact(n) {
                    let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
                    // Silence has no direction; the original divides by zero and plays nothing more.
                    let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
                    latents.extend(row.iter().map(|x| x * scale));
                }
            }
            Regularization::Discrete if self.books.is_empty() => latents.extend_from_slice(rows),
            Regularization::Discrete => {
                for row in rows.chunks_exact(n) {
                    let start = latents.len();
                    latents.extend_from_slice(row);
                    // The residual of the row and, at the end, the sum of the codes taken from it.
                    let left = &mut latents[start..];
                    self.books.iter_mut().for_each(|book| book.take_nearest(left));
                    left.iter_mut().zip(row).for_each(|(left, x)| *left = x - *left);
                }
            }
        }
    }
}

/// The standard deviation that the encoder's scale represents.
fn deviation(scale: f32) -> f32 {
    let softplus = if scale > 20.0 { scale } else { scale.exp().ln_1p() };
    softplus + 1e-4
}

impl Book {
    fn new(codes: &[f32], size: usize) -> Self {
        let n_codes = codes.len() / size;
        let square = |code: &[f32]| -code.iter().map(|x| x * x).sum::<f32>();
        let product = Conv {
            weight: codes.iter().map(|x| 2.0 * x).collect(),
            bias: codes.chunks_exact(size).map(square).collect(),
            channels_in: size,
            channels_out: n_codes,
            kernel: 1,
            stride: 1,
            dilation: 1,
            groups: 1,
            padding: (0, 0),
            delay: 0,
        };
        let scores = Engine::new(&[Layer::Conv(product)], size, 1, Precision::Float32);
        Self { codes: codes.to_vec(), scores }
    }

    /// Subtracts the nearest code.
    fn take_nearest(&mut self, left: &mut [f32]) {
        let scores = self.scores.process(left, &mut |_| ());
        let start = (0, f32::NEG_INFINITY);
        let best = scores
            .iter()
            .enumerate()
            .fold(start, |best, (i, score)| if *score > best.1 { (i, *score) } else { best });
        let code = &self.codes[best.0 * left.len()..(best.0 + 1) * left.len()];
        left.iter_mut().zip(code).for_each(|(left, code)| *left -= code);
    }
}
