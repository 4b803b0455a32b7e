//! The residual vector quantiser of `EnCodec`: each book names what the books before have left over.
//!
//! Source: Zeghidour et al., "SoundStream", 2021, algorithm 1.

use nn::Weights;

use super::layers::{Signal, dot};
use super::network::book;
use super::{Codes, EncodecConfig, unfit};
use crate::Error;

/// The codes of latents, `[books][frames]`: in each book the vector that is nearest to what is left.
pub(super) fn encode(
    weights: &Weights,
    config: &EncodecConfig,
    latents: &Signal,
    n_books: usize,
) -> Vec<Vec<i64>> {
    let size = config.hidden_size;
    let n_frames = latents.n_frames();
    // Frame by frame, as vectors are compared.
    let mut left: Vec<f32> =
        (0..n_frames * size).map(|i| latents.values[i % size * n_frames + i / size]).collect();
    let mut books = Vec::with_capacity(n_books);
    for i in 0..n_books {
        let vectors = weights.values(&book(i));
        let lengths: Vec<f32> = vectors.chunks(size).map(|vector| dot(vector, vector)).collect();
        let mut codes = Vec::with_capacity(n_frames);
        for frame in left.chunks_mut(size) {
            let code = nearest(&vectors, &lengths, frame);
            let vector = &vectors[code * size..][..size];
            frame.iter_mut().zip(vector).for_each(|(x, e)| *x -= e);
            codes.push(code as i64);
        }
        books.push(codes);
    }
    books
}

/// The first of the nearest vectors, by |e|² - 2 x·e, which |x|² would not change.
fn nearest(vectors: &[f32], lengths: &[f32], x: &[f32]) -> usize {
    let distances =
        vectors.chunks(x.len()).zip(lengths).map(|(e, length)| length - 2.0 * dot(x, e));
    let mut best = (0, f32::INFINITY);
    for (i, distance) in distances.enumerate() {
        if distance < best.1 {
            best = (i, distance);
        }
    }
    best.0
}

/// The sums of the vectors that codes name, `[hidden_size][frames]`. The codes have been [checked](check).
pub(super) fn decode(weights: &Weights, config: &EncodecConfig, books: &[&[i64]]) -> Signal {
    let size = config.hidden_size;
    let n_frames = books.first().map_or(0, |book| book.len());
    let mut latents = vec![0.0; size * n_frames];
    for (i, codes) in books.iter().enumerate() {
        let vectors = weights.values(&book(i));
        for (frame, code) in codes.iter().enumerate() {
            let vector = &vectors[*code as usize * size..][..size];
            for (row, e) in vector.iter().enumerate() {
                latents[row * n_frames + frame] += e;
            }
        }
    }
    Signal { n_channels: size, values: latents }
}

/// Checks codes before anything is computed of them.
pub(super) fn check(config: &EncodecConfig, codes: &Codes) -> Result<(), Error> {
    let (n, most) = (codes.books.len(), config.n_books());
    if n == 0 || n > most {
        return Err(unfit(format!("there are {n} books of codes, and the model has {most}")));
    }
    let n_frames = codes.books[0].len();
    if n_frames == 0 || codes.books.iter().any(|book| book.len() != n_frames) {
        return Err(unfit("the books have no codes, or not all as many"));
    }
    for (i, book) in codes.books.iter().enumerate() {
        let wrong = book.iter().position(|code| !(0..config.codebook_size as i64).contains(code));
        if let Some(frame) = wrong {
            let (code, size) = (book[frame], config.codebook_size);
            let reason =
                format!("code {code} in book {i}, frame {frame}, is not from 0 to {}", size - 1);
            return Err(unfit(reason));
        }
    }
    Ok(())
}
