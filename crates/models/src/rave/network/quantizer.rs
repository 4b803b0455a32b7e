//! Residual vector quantisation: latents become sums of codes, one from each code book.
//!
//! Each book quantises the residual of the books before it. Codes are not trained by gradients: they
//! follow the mean of the latents assigned to them (moving averages), and unused codes restart from
//! latents of the current batch. The gradient passes straight through the quantiser.
//!
//! Source: van den Oord et al., "Neural Discrete Representation Learning", 2017 (moving averages,
//! commitment); Zeghidour et al., "SoundStream", 2021, <https://arxiv.org/abs/2107.03312>, section
//! III-C (residual books, first codes by k-means, revival).

use burn::tensor::Tensor;
use nn::{Init, Parameters, Weights, from_values, values};

use super::constant_like;
use crate::rave::Config;

/// All code books of a model.
#[derive(Debug)]
pub(crate) struct Quantizer {
    n_books: usize,
    n_codes: usize,
    size: usize,
    decay: f32,
    least_use: f32,
}

/// A quantised latent: a sum of codes.
pub(crate) struct Quantized {
    /// Shape: `[batch, latent, frames]`; its gradient is that of the latent it stands for.
    pub(crate) latent: Tensor<3>,
    /// The commitment loss: the mean squared distance to the codes, summed over books. Shape: `[1]`.
    pub(crate) distance: Tensor<1>,
    /// The code of each frame in each book: `[book][batch * frames]`.
    #[cfg(test)]
    pub(crate) codes: Vec<Vec<usize>>,
}

impl Quantizer {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            n_books: config.num_quantizers,
            n_codes: config.codebook_size,
            size: config.latent_size,
            decay: config.codebook_decay as f32,
            least_use: config.dead_code_threshold as f32,
        }
    }

    /// The nearest sum of codes; in training, also updates the code books and reports their use. A model
    /// without initialised codes leaves latents unchanged.
    pub(crate) fn forward(&self, weights: &Weights, latent: Tensor<3>, mut rng: Init) -> Quantized {
        let [batch, size, frames] = latent.dims();
        if !weights.is_training() && !self.is_ready(weights) {
            let distance = Tensor::zeros([1], &latent.device());
            return Quantized {
                latent,
                distance,
                #[cfg(test)]
                codes: Vec::new(),
            };
        }
        let heard = rows_of(latent.clone());
        let mut rest = heard.clone();
        let mut first = Vec::new();
        let (mut later_distance, mut usage) = (0.0, Usage::default());
        #[cfg(test)]
        let mut codes_of_books = Vec::new();
        for book in 0..self.n_books {
            let mut codes_of = Book::read(self, weights, book);
            let is_new = !codes_of.is_ready;
            if is_new && weights.is_training() {
                codes_of.start(&rest, size, &mut rng);
            }
            let codes = codes_of.nearest(&rest, size);
            let chosen: Vec<f32> =
                codes.iter().flat_map(|&code| codes_of.code(code, size)).copied().collect();
            if book == 0 {
                first.clone_from(&chosen);
            } else {
                later_distance += mean_square(&chosen, &rest);
            }
            if weights.is_training() {
                let revived = codes_of.follow(self, &rest, &codes, &mut rng);
                usage.add(&codes, self.n_codes, if is_new { 0 } else { revived });
                codes_of.observe(self, weights, book);
            }
            rest.iter_mut().zip(&chosen).for_each(|(rest, chosen)| *rest -= chosen);
            #[cfg(test)]
            codes_of_books.push(codes);
        }
        if weights.is_training() {
            usage.observe(weights, self.n_books);
        }
        let error = rest.iter().map(|rest| -rest).collect();
        let shift = constant_like(&latent, latent_of_rows(error, [batch, size, frames]));
        let first = constant_like(&latent, latent_of_rows(first, [batch, size, frames]));
        Quantized {
            distance: (latent.clone() - first).square().mean() + later_distance,
            latent: latent + shift,
            #[cfg(test)]
            codes: codes_of_books,
        }
    }

    /// The code of each frame in each book: `[book][batch * frames]`.
    pub(crate) fn codes(&self, weights: &Weights, latent: Tensor<3>) -> Vec<Vec<usize>> {
        let mut rest = rows_of(latent);
        let books = (0..self.n_books).map(|book| {
            let book = Book::read(self, weights, book);
            let codes = book.nearest(&rest, self.size);
            for (rest, code) in rest.chunks_mut(self.size).zip(&codes) {
                rest.iter_mut().zip(book.code(*code, self.size)).for_each(|(rest, x)| *rest -= x);
            }
            codes
        });
        books.collect()
    }

    /// The latents `[latent][frame]` represented by codes `[book][frame]`; `None` if there is no such
    /// code, or not as many books.
    pub(crate) fn latent_of_codes(
        &self,
        weights: &Weights,
        codes: &[Vec<usize>],
    ) -> Option<Vec<Vec<f32>>> {
        if codes.len() != self.n_books || codes.iter().flatten().any(|&it| it >= self.n_codes) {
            return None;
        }
        let n_frames = codes.iter().map(Vec::len).min().unwrap_or(0);
        let mut latent = vec![vec![0.0; n_frames]; self.size];
        for (book, codes) in codes.iter().enumerate() {
            let book = Book::read(self, weights, book);
            for (frame, code) in codes.iter().take(n_frames).enumerate() {
                let code = book.code(*code, self.size);
                latent.iter_mut().zip(code).for_each(|(curve, x)| curve[frame] += x);
            }
        }
        Some(latent)
    }

    /// Whether the code books have been initialised.
    pub(crate) fn is_ready(&self, weights: &Weights) -> bool {
        weights.values(&key(0, "inited")).first().is_some_and(|inited| *inited != 0.0)
    }

    pub(super) fn initialise(&self, parameters: &mut Parameters) {
        for book in 0..self.n_books {
            let shape = [self.n_codes, self.size];
            let mut zeros = |part: &str, shape: &[usize]| {
                let n = shape.iter().product();
                parameters.insert(&key(book, part), shape, vec![0.0; n]);
            };
            zeros("inited", &[1]);
            zeros("cluster_size", &[self.n_codes]);
            zeros("embed", &shape);
            zeros("embed_avg", &shape);
        }
    }
}

fn key(book: usize, part: &str) -> String {
    format!("encoder.rvq.layers.{book}._codebook.{part}")
}

/// A code book with the moving averages that update it.
struct Book {
    is_ready: bool,
    /// `[codes, size]`.
    codes: Vec<f32>,
    /// Moving averages of the sum of the latents assigned to each code: `[codes, size]`.
    sums: Vec<f32>,
    /// A moving average of how often each code was chosen.
    uses: Vec<f32>,
}

impl Book {
    fn read(quantizer: &Quantizer, weights: &Weights, book: usize) -> Self {
        let part = |part: &str| weights.values(&key(book, part));
        let this = Self {
            is_ready: part("inited")[0] != 0.0,
            codes: part("embed"),
            sums: part("embed_avg"),
            uses: part("cluster_size"),
        };
        debug_assert_eq!(this.codes.len(), quantizer.n_codes * quantizer.size);
        this
    }

    fn code(&self, code: usize, size: usize) -> &[f32] {
        &self.codes[code * size..(code + 1) * size]
    }

    /// The nearest code of each row of `x`.
    fn nearest(&self, x: &[f32], size: usize) -> Vec<usize> {
        let (n, n_codes) = (x.len() / size, self.codes.len() / size);
        let rows = from_values(x.to_vec(), [n, size]);
        let columns = from_values(self.codes.clone(), [n_codes, size]).transpose();
        let products = values(rows.matmul(columns));
        let square = |row: &[f32]| row.iter().map(|x| x * x).sum::<f32>();
        let squares: Vec<f32> = self.codes.chunks(size).map(square).collect();
        let of_row = |products: &[f32]| {
            let distances =
                products.iter().zip(&squares).map(|(product, square)| square - 2.0 * product);
            let least = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
            least.map_or(0, |(code, _)| code)
        };
        products.chunks(n_codes).map(of_row).collect()
    }

    /// Initial codes: the centroids of the batch's latents (k-means).
    fn start(&mut self, x: &[f32], size: usize, rng: &mut Init) {
        let (n, n_codes) = (x.len() / size, self.codes.len() / size);
        for (code, row) in drawn(n, n_codes, rng).into_iter().enumerate() {
            self.codes[code * size..][..size].copy_from_slice(&x[row * size..][..size]);
        }
        let mut before = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let codes = self.nearest(x, size);
            if codes == before {
                break;
            }
            let (sums, uses) = sums_of(x, &codes, size, n_codes);
            for (code, &n) in uses.iter().enumerate().filter(|(_, n)| **n > 0.0) {
                let sum = &sums[code * size..][..size];
                let middle = sum.iter().map(|sum| sum / n);
                self.codes[code * size..][..size].iter_mut().zip(middle).for_each(|(c, m)| *c = m);
            }
            self.uses = uses;
            before = codes;
        }
        self.sums.clone_from(&self.codes);
        let both = self.sums.chunks_mut(size).zip(&self.uses);
        both.for_each(|(sum, n)| sum.iter_mut().for_each(|sum| *sum *= n));
        self.is_ready = true;
    }

    /// Moves each code towards the mean of the latents assigned to it, and revives unused codes; returns
    /// the number of revived ones.
    fn follow(
        &mut self,
        quantizer: &Quantizer,
        x: &[f32],
        codes: &[usize],
        rng: &mut Init,
    ) -> usize {
        let (size, n_codes) = (quantizer.size, quantizer.n_codes);
        let (sums, uses) = sums_of(x, codes, size, n_codes);
        let toward = |old: &mut f32, new: &f32| *old += (1.0 - quantizer.decay) * (new - *old);
        self.uses.iter_mut().zip(&uses).for_each(|(old, new)| toward(old, new));
        self.sums.iter_mut().zip(&sums).for_each(|(old, new)| toward(old, new));
        let total: f32 = self.uses.iter().sum();
        // Use counts are smoothed, to avoid a division by zero for unused codes.
        let smoothed =
            |n: f32| (n + SMOOTHING) / (total + n_codes as f32 * SMOOTHING) * total.max(SMOOTHING);
        let both = self.codes.chunks_mut(size).zip(self.sums.chunks(size)).zip(&self.uses);
        for ((code, sum), &n) in both {
            code.iter_mut().zip(sum).for_each(|(code, sum)| *code = sum / smoothed(n));
        }
        // A batch with fewer frames than codes cannot use every code as often as required.
        let n = codes.len();
        let least = quantizer.least_use.min(EVEN_SHARE * n as f32 / n_codes as f32);
        let dead: Vec<usize> = (0..n_codes).filter(|&code| self.uses[code] < least).collect();
        for (&code, row) in dead.iter().zip(drawn(n, dead.len(), rng)) {
            let row = &x[row * size..][..size];
            self.codes[code * size..][..size].copy_from_slice(row);
            self.uses[code] = least;
            let sum = &mut self.sums[code * size..][..size];
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum = x * least);
        }
        dead.len()
    }

    fn observe(self, quantizer: &Quantizer, weights: &Weights, book: usize) {
        debug_assert_eq!(self.uses.len(), quantizer.n_codes);
        weights.observe(|observed| {
            let mut keep = |part: &str, values| observed.values.insert(key(book, part), values);
            keep("inited", vec![f32::from(u8::from(self.is_ready))]);
            keep("cluster_size", self.uses);
            keep("embed", self.codes);
            keep("embed_avg", self.sums);
        });
    }
}

/// The most rounds of k-means; it usually converges sooner.
const MOST_ROUNDS: usize = 50;
/// Laplace smoothing of the use counts.
const SMOOTHING: f32 = 1e-5;
/// Codes used less than this fraction of uniform use are dead, whatever the settings say.
const EVEN_SHARE: f32 = 0.25;

/// How code books were used in one batch.
#[derive(Default)]
struct Usage {
    used: f64,
    perplexity: f64,
    revived: usize,
}

impl Usage {
    fn add(&mut self, codes: &[usize], n_codes: usize, revived: usize) {
        let mut counts = vec![0u32; n_codes];
        codes.iter().for_each(|&code| counts[code] += 1);
        let shares = counts.iter().filter(|n| **n > 0).map(|n| f64::from(*n) / codes.len() as f64);
        self.used += shares.clone().count() as f64 / n_codes.min(codes.len()) as f64;
        self.perplexity += (-shares.map(|share| share * share.ln()).sum::<f64>()).exp();
        self.revived += revived;
    }

    /// Means over books of the share of codes in use (of at most as many as the batch has frames) and
    /// the perplexity; and the number of revived codes.
    fn observe(&self, weights: &Weights, n_books: usize) {
        let n = n_books.max(1) as f64;
        weights.observe(|observed| {
            observed.metrics.extend([
                ("codebook_usage", self.used / n),
                ("codebook_perplexity", self.perplexity / n),
                ("codes_revived", self.revived as f64),
            ]);
        });
    }
}

/// The sum and the number of the rows that chose each code.
fn sums_of(x: &[f32], codes: &[usize], size: usize, n_codes: usize) -> (Vec<f32>, Vec<f32>) {
    let (mut sums, mut uses) = (vec![0.0; n_codes * size], vec![0.0; n_codes]);
    for (row, &code) in x.chunks(size).zip(codes) {
        uses[code] += 1.0;
        sums[code * size..][..size].iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    (sums, uses)
}

/// `n_drawn` random rows of `n`, without repetition if there are enough.
fn drawn(n: usize, n_drawn: usize, rng: &mut Init) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..n).collect();
    let mut below = |n: usize| (rng.next_u64() % n as u64) as usize;
    if n < n_drawn {
        return (0..n_drawn).map(|_| below(n)).collect();
    }
    for i in 0..n_drawn {
        rows.swap(i, i + below(n - i));
    }
    rows.truncate(n_drawn);
    rows
}

fn mean_square(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    squares.sum::<f64>() / a.len().max(1) as f64
}

/// `[batch, size, frames] -> [batch * frames][size]`.
fn rows_of(latent: Tensor<3>) -> Vec<f32> {
    values(latent.inner().swap_dims(1, 2))
}

fn latent_of_rows(rows: Vec<f32>, [batch, size, frames]: [usize; 3]) -> Tensor<3> {
    from_values(rows, [batch, frames, size]).swap_dims(1, 2)
}

#[cfg(test)]
mod tests;
