//! Chunks of `EnCodec`: sounds cut into overlapping pieces, normalised each, and faded back together.
//!
//! A model without chunks takes the whole sound as one.

use super::layers::Signal;
use super::{Codes, EncodecConfig, unfit};
use crate::Error;

/// The least loudness that is taken out of a chunk, so that silence stays finite.
const LEAST: f32 = 1e-8;

/// Encodes chunk by chunk; the last one may be shorter, as in the original program. Nothing if `encode` ends it.
pub(super) fn encode(
    config: &EncodecConfig,
    sound: &[Vec<f32>],
    mut encode: impl FnMut(Signal) -> Option<Vec<Vec<i64>>>,
) -> Result<Option<Codes>, Error> {
    let n = sound[0].len();
    if n == 0 {
        return Err(unfit("the sound is empty"));
    }
    let (length, stride) = config.chunk().map_or((n, n), |chunk| (chunk.length, chunk.stride));
    let mut codes = Codes::default();
    for start in (0..n).step_by(stride) {
        let length = length.min(n - start);
        let parts = sound.iter().flat_map(|channel| &channel[start..start + length]);
        let mut values: Vec<f32> = parts.copied().collect();
        if config.normalize {
            let scale = loudness(&values, length);
            values.iter_mut().for_each(|x| *x /= scale);
            codes.scales.push(scale);
        }
        let Some(books) = encode(Signal { n_channels: sound.len(), values }) else {
            return Ok(None);
        };
        codes.books.resize(books.len(), vec![]);
        codes.books.iter_mut().zip(books).for_each(|(all, book)| all.extend(book));
    }
    Ok(Some(codes))
}

/// The root of the mean square of the mean of the channels.
fn loudness(values: &[f32], length: usize) -> f32 {
    let n_channels = values.len() / length;
    let mono = |i: usize| values.iter().skip(i).step_by(length).sum::<f32>() / n_channels as f32;
    let square = (0..length).map(|i| f64::from(mono(i)).powi(2)).sum::<f64>() / length as f64;
    square.sqrt() as f32 + LEAST
}

/// Decodes chunk by chunk. Where chunks overlap, each counts by how far it is from its nearer end. Nothing if `decode`
/// ends it.
pub(super) fn decode(
    config: &EncodecConfig,
    codes: &Codes,
    mut decode: impl FnMut(&[&[i64]]) -> Option<Signal>,
) -> Result<Option<Vec<Vec<f32>>>, Error> {
    let n_frames = codes.books[0].len();
    let of_chunk = config.chunk().map_or(n_frames, |chunk| config.n_frames(chunk.length));
    let n_chunks = n_frames.div_ceil(of_chunk);
    if !codes.scales.is_empty() && codes.scales.len() != n_chunks {
        let found = codes.scales.len();
        return Err(unfit(format!("there are {found} scales for {n_chunks} chunks of codes")));
    }
    let mut chunks = Vec::with_capacity(n_chunks);
    for i in 0..n_chunks {
        let range = i * of_chunk..((i + 1) * of_chunk).min(n_frames);
        let books: Vec<&[i64]> = codes.books.iter().map(|book| &book[range.clone()]).collect();
        let Some(mut chunk) = decode(&books) else { return Ok(None) };
        if let Some(scale) = codes.scales.get(i) {
            chunk.values.iter_mut().for_each(|x| *x *= scale);
        }
        chunks.push(chunk);
    }
    let Some(chunk) = config.chunk() else {
        return Ok(Some(chunks[0].channels().map(<[f32]>::to_vec).collect()));
    };
    Ok(Some(faded(&chunks, chunk.stride, config.audio_channels)))
}

/// The chunks, each weighted by a triangle, over the sum of the weights.
fn faded(chunks: &[Signal], stride: usize, n_channels: usize) -> Vec<Vec<f32>> {
    let first = chunks[0].n_frames();
    let last = chunks.last().map_or(0, Signal::n_frames);
    let n = stride * (chunks.len() - 1) + last;
    let weight = |i: usize| {
        let at = (i + 1) as f64 / (first + 1) as f64;
        (0.5 - (at - 0.5).abs()) as f32
    };
    let weights: Vec<f32> = (0..first).map(weight).collect();
    let mut sound = vec![vec![0.0f32; n]; n_channels];
    let mut sums = vec![0.0f32; n];
    for (i, chunk) in chunks.iter().enumerate() {
        let start = i * stride;
        let length = chunk.n_frames().min(n - start);
        for (i, weight) in weights[..length].iter().enumerate() {
            sums[start + i] += weight;
        }
        for (out, channel) in sound.iter_mut().zip(chunk.values.chunks(chunk.n_frames())) {
            for (i, weight) in weights[..length].iter().enumerate() {
                out[start + i] += weight * channel[i];
            }
        }
    }
    for channel in &mut sound {
        // Every sample lies in a chunk, as chunks begin before the one before has ended.
        channel.iter_mut().zip(&sums).for_each(|(x, sum)| *x /= sum.max(f32::MIN_POSITIVE));
    }
    sound
}
