//! The settings of `EnCodec` as its `config.json` has them, checked before anything is made of them.

use serde::Deserialize;

use super::unfit;
use crate::Error;

/// The settings; names and defaults are those of transformers' `EncodecConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct EncodecConfig {
    /// Bandwidths that the model was trained for, in kbit/s, rising; the last says how many books there are.
    pub target_bandwidths: Vec<f64>,
    /// Samples per second.
    pub sampling_rate: u32,
    /// Channels.
    pub audio_channels: usize,
    /// Whether the loudness of each chunk is taken out and put back.
    pub normalize: bool,
    /// Seconds of a chunk, for a model that works in chunks.
    pub chunk_length_s: Option<f64>,
    /// The share of a chunk that the next one overlaps.
    pub overlap: Option<f64>,
    /// Numbers in a latent.
    pub hidden_size: usize,
    /// Channels of the first convolution; each downsampling layer doubles them.
    pub num_filters: usize,
    /// Residual units before each downsampling layer.
    pub num_residual_layers: usize,
    /// Strides of the decoder, first to last; the encoder has them the other way round.
    pub upsampling_ratios: Vec<usize>,
    /// How layers are normalised.
    pub norm_type: Norm,
    /// Taps of the first convolution of encoder and decoder.
    pub kernel_size: usize,
    /// Taps of their last one.
    pub last_kernel_size: usize,
    /// Taps in residual units.
    pub residual_kernel_size: usize,
    /// By how much the dilation grows from one residual unit to the next.
    pub dilation_growth_rate: usize,
    /// Whether convolutions see the past alone.
    pub use_causal_conv: bool,
    /// What stands before and after a sound.
    pub pad_mode: Padding,
    /// How many times fewer channels there are inside a residual unit.
    pub compress: usize,
    /// Recurrent layers.
    pub num_lstm_layers: usize,
    /// The share of a causal upsampling layer's surplus that is cut at its end.
    pub trim_right_ratio: f64,
    /// Vectors of a book.
    pub codebook_size: usize,
    /// Numbers in a vector of a book; `hidden_size` if not said.
    pub codebook_dim: Option<usize>,
    /// Whether a residual unit has a convolution on its shortcut.
    pub use_conv_shortcut: bool,
}

/// How layers are normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// Their weights are.
    WeightNorm,
    /// What they give is, over channels and time together.
    TimeGroupNorm,
}

/// What stands before and after a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// The sound itself, mirrored.
    Reflect,
    /// Silence.
    #[serde(alias = "zero", alias = "zeros")]
    Constant,
    /// Its first and last sample.
    Replicate,
}

impl Default for EncodecConfig {
    fn default() -> Self {
        Self {
            target_bandwidths: vec![1.5, 3.0, 6.0, 12.0, 24.0],
            sampling_rate: 24_000,
            audio_channels: 1,
            normalize: false,
            chunk_length_s: None,
            overlap: None,
            hidden_size: 128,
            num_filters: 32,
            num_residual_layers: 1,
            upsampling_ratios: vec![8, 5, 4, 2],
            norm_type: Norm::WeightNorm,
            kernel_size: 7,
            last_kernel_size: 7,
            residual_kernel_size: 3,
            dilation_growth_rate: 2,
            use_causal_conv: true,
            pad_mode: Padding::Reflect,
            compress: 2,
            num_lstm_layers: 2,
            trim_right_ratio: 1.0,
            codebook_size: 1024,
            codebook_dim: None,
            use_conv_shortcut: true,
        }
    }
}

/// The most books that a model may have.
const BOOKS_MAX: usize = 128;
/// The most numbers in all tensors: far above any such model, and far below what would not fit in memory.
const NUMBERS_MAX: usize = 1 << 30;

impl EncodecConfig {
    /// Reads the settings of a `config.json`; fields that are not known here are left alone.
    ///
    /// # Errors
    /// A fragment in words: a field of another type, out of its range, or at odds with another.
    pub fn parse(json: &serde_json::Value) -> Result<Self, String> {
        let config = Self::deserialize(json).map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: usize, from: usize, to: usize| {
            let said = || format!("{name} is {value}, and must be from {from} to {to}");
            if (from..=to).contains(&value) { Ok(()) } else { Err(said()) }
        };
        within("sampling_rate", self.sampling_rate as usize, 1_000, 768_000)?;
        within("audio_channels", self.audio_channels, 1, 8)?;
        within("hidden_size", self.hidden_size, 1, 8_192)?;
        within("num_filters", self.num_filters, 1, 4_096)?;
        within("num_residual_layers", self.num_residual_layers, 0, 16)?;
        within("the number of upsampling_ratios", self.upsampling_ratios.len(), 1, 10)?;
        for ratio in &self.upsampling_ratios {
            within("each of upsampling_ratios", *ratio, 1, 512)?;
        }
        within("the product of upsampling_ratios", self.hop(), 1, 1 << 20)?;
        within("the widest layer", self.num_filters << self.upsampling_ratios.len(), 1, 1 << 16)?;
        for (name, taps) in [
            ("kernel_size", self.kernel_size),
            ("last_kernel_size", self.last_kernel_size),
            ("residual_kernel_size", self.residual_kernel_size),
        ] {
            within(name, taps, 1, 255)?;
        }
        within("dilation_growth_rate", self.dilation_growth_rate, 1, 16)?;
        let last = self.num_residual_layers.saturating_sub(1) as u32;
        let widest = self.dilation_growth_rate.checked_pow(last).unwrap_or(usize::MAX);
        within("the largest dilation", widest, 1, 1 << 12)?;
        within("compress", self.compress, 1, self.num_filters)?;
        within("num_lstm_layers", self.num_lstm_layers, 0, 16)?;
        within("codebook_size", self.codebook_size, 2, 1 << 16)?;
        if self.codebook_dim.is_some_and(|it| it != self.hidden_size) {
            return Err("codebook_dim differs from hidden_size, which is not supported".into());
        }
        let rises = self.target_bandwidths.is_sorted_by(|a, b| a < b);
        let are_some = self.target_bandwidths.iter().all(|it| (0.001..1e6).contains(it));
        if self.target_bandwidths.is_empty() || !rises || !are_some {
            return Err("target_bandwidths are not rising numbers of kbit/s".into());
        }
        within("the number of books, by the largest bandwidth,", self.n_books(), 1, BOOKS_MAX)?;
        if !(0.0..=1.0).contains(&self.trim_right_ratio) {
            return Err("trim_right_ratio is not between 0 and 1".into());
        }
        if self.use_causal_conv && self.norm_type == Norm::TimeGroupNorm {
            return Err("a causal model cannot be normalised over time".into());
        }
        if let Some(secs) = self.chunk_length_s {
            if !(1e-3..=3_600.0).contains(&secs) {
                return Err("chunk_length_s is not between a millisecond and an hour".into());
            }
            if !self.overlap.is_some_and(|overlap| (0.0..=0.9).contains(&overlap)) {
                return Err("a model with chunk_length_s needs an overlap from 0 to 0.9".into());
            }
            within("a chunk in samples", self.chunk().map_or(1, |chunk| chunk.length), 1, 1 << 26)?;
        }
        let shapes = super::Encodec::tensors(self);
        let n = shapes.iter().try_fold(0usize, |n, (_, shape)| {
            let of_one = shape.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent))?;
            n.checked_add(of_one).filter(|n| *n <= NUMBERS_MAX)
        });
        n.map(|_| ()).ok_or_else(|| "its layers together are larger than any such model".into())
    }

    /// Samples of a frame.
    #[must_use]
    pub fn hop(&self) -> usize {
        self.upsampling_ratios.iter().fold(1usize, |hop, ratio| hop.saturating_mul(*ratio))
    }

    /// Frames a second, rounded up, as bandwidths are counted by.
    #[must_use]
    pub fn frame_rate(&self) -> usize {
        (self.sampling_rate as usize).div_ceil(self.hop())
    }

    /// Books of the model: the reference counts ten bits a code, whatever the size of a book.
    #[must_use]
    pub fn n_books(&self) -> usize {
        let largest = self.target_bandwidths.last().copied().unwrap_or(0.0);
        (1000.0 * largest / (self.frame_rate() * 10) as f64).floor() as usize
    }

    /// How many books a bandwidth, in kbit/s, has room for.
    pub(super) fn n_books_of(&self, bandwidth: Option<f64>) -> Result<usize, Error> {
        let bandwidth = bandwidth.unwrap_or(self.target_bandwidths[0]);
        let of_a_book = (self.codebook_size as f64).log2() * self.frame_rate() as f64;
        let n_books = (bandwidth * 1000.0 / of_a_book).floor().max(1.0);
        let said: Vec<String> = self.target_bandwidths.iter().map(ToString::to_string).collect();
        if !(bandwidth > 0.0 && n_books <= self.n_books() as f64) {
            let reason = format!(
                "a bandwidth of {bandwidth} kbit/s is not among those of the model: {}",
                said.join(", ")
            );
            return Err(unfit(reason));
        }
        Ok(n_books as usize)
    }

    /// The chunks that the model works in; none for one that takes a sound as a whole.
    pub(super) fn chunk(&self) -> Option<Chunk> {
        let (secs, overlap) = (self.chunk_length_s?, self.overlap?);
        let length = (secs * f64::from(self.sampling_rate)) as usize;
        let stride = ((1.0 - overlap) * length as f64) as usize;
        Some(Chunk { length, stride: stride.max(1) })
    }

    /// Frames of that many samples: each strided layer rounds up.
    pub(super) fn n_frames(&self, n_samples: usize) -> usize {
        self.upsampling_ratios.iter().rev().fold(n_samples, |n, ratio| n.div_ceil(*ratio))
    }

    /// Multiplications for a frame of latents, while it is encoded and while it is decoded.
    #[must_use]
    pub fn multiplications(&self) -> [f64; 2] {
        super::Network::new(self).multiplications(self)
    }

    /// About how much memory a sound of that many samples takes while it is encoded or decoded, in bytes: the widest
    /// layers of a piece, with their inputs, outputs and padded copies; the recurrent layers of the whole; and the sound.
    #[must_use]
    pub fn working_bytes(&self, n_samples: usize) -> u64 {
        let n_whole = self.chunk().map_or(n_samples, |chunk| chunk.length.min(n_samples));
        let n_piece = super::pieces::n_frames(self).saturating_mul(self.hop()).min(n_whole);
        let widest = (self.num_filters << self.upsampling_ratios.len()) as u64;
        4 * (5 * self.num_filters as u64 * n_piece as u64
            + 3 * widest * self.n_frames(n_whole) as u64
            + 3 * self.audio_channels as u64 * n_samples as u64)
    }
}

/// The lengths of a model's chunks, in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) length: usize,
    /// From the start of one to the start of the next.
    pub(super) stride: usize,
}
