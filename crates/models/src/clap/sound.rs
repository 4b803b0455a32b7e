//! The audio side: a spectrogram as a picture of patches, through stages of windowed attention, to an embedding.

use nn::dense::{Conv2d, Kernel2d, Linear, Pictures};

use super::config::AudioConfig;
use super::resize::stretched_rows;
use super::stage::Blocks;
use super::text::Projection;
use crate::layers::{LayerNorm, Tensors};

/// The network of the audio side.
#[derive(Debug)]
pub(super) struct SoundNetwork {
    bands: Bands,
    patches: Conv2d,
    patch_norm: LayerNorm,
    stages: Vec<(Blocks, Option<Merging>)>,
    norm: LayerNorm,
    projection: Projection,
    config: AudioConfig,
}

/// What is taken out of each band.
#[derive(Debug)]
struct Bands {
    gain: Vec<f32>,
    bias: Vec<f32>,
    mean: Vec<f32>,
    variance: Vec<f32>,
}

/// Four places become one.
#[derive(Debug)]
struct Merging {
    norm: LayerNorm,
    reduction: Linear,
}

/// What is added to variances where the settings do not say.
const EPSILON: f32 = 1e-5;

impl SoundNetwork {
    pub(super) fn new(tensors: &mut Tensors, config: &AudioConfig) -> Self {
        let at = "audio_model.audio_encoder";
        let (n, first) = (config.num_mel_bins, config.width(0));
        let mut of_bands = |name: &str| tensors.array(&format!("{at}.batch_norm.{name}"), &[n]);
        let bands = Bands {
            gain: of_bands("weight"),
            bias: of_bands("bias"),
            mean: of_bands("running_mean"),
            variance: of_bands("running_var"),
        };
        let step = config.patch_step();
        let kernel = Kernel2d {
            stride: step,
            padding: [(config.patch_size - step) / 2; 2],
            ..Kernel2d::square(1, first, config.patch_size)
        };
        let patches = tensors.conv2d(&format!("{at}.patch_embed.proj"), &kernel);
        let patch_norm = tensors.layer_norm(&format!("{at}.patch_embed.norm"), first, EPSILON);
        let n_stages = config.depths.len();
        let mut stage = |i: usize| {
            let at = format!("{at}.layers.{i}");
            let blocks = Blocks::new(tensors, &at, config, i);
            let merging = (i + 1 < n_stages).then(|| {
                let width = config.width(i);
                let at = format!("{at}.downsample");
                let norm = tensors.layer_norm(&format!("{at}.norm"), 4 * width, EPSILON);
                let sizes = [4 * width, 2 * width];
                let reduction = tensors.linear_unbiased(&format!("{at}.reduction"), sizes);
                Merging { norm, reduction }
            });
            (blocks, merging)
        };
        let stages = (0..n_stages).map(&mut stage).collect();
        let last = config.width(n_stages - 1);
        let norm = tensors.layer_norm(&format!("{at}.norm"), last, EPSILON);
        let act = &config.projection_hidden_act;
        let sizes = [last, config.projection_dim];
        let projection = Projection::new(tensors, "audio_projection", sizes, act);
        let config = config.clone();
        Self { bands, patches, patch_norm, stages, norm, projection, config }
    }

    pub(super) fn n_stages(&self) -> usize {
        self.stages.len()
    }

    /// What goes into the first stage, or what comes out of another, of a spectrogram `[frames][bands]`.
    pub(super) fn hidden(&self, spectrogram: &[f32], stage: usize) -> Pictures {
        let mut spectrogram = spectrogram.to_vec();
        self.bands.normalise(&mut spectrogram);
        let patches = self.patches.run(&self.picture_of(&spectrogram));
        let mut x = patches.with_values(self.patch_norm.run(&patches.values));
        for (blocks, merging) in &self.stages[..stage] {
            x = blocks.run(x);
            if let Some(merging) = merging {
                x = merging.run(&x);
            }
        }
        x
    }

    /// The embedding of what the last stage gave.
    pub(super) fn embedding(&self, places: &[f32]) -> Vec<f32> {
        let width = self.config.width(self.n_stages() - 1);
        let normal = self.norm.run(places);
        let mut mean = vec![0.0f64; width];
        for place in normal.chunks_exact(width) {
            mean.iter_mut().zip(place).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        let n_places = (normal.len() / width) as f64;
        let mean: Vec<f32> = mean.iter().map(|sum| (sum / n_places) as f32).collect();
        self.projection.run(&mean)
    }

    /// A square of a spectrogram: drawn out, cut along time, and the pieces put under each other, bands as rows.
    fn picture_of(&self, spectrogram: &[f32]) -> Pictures {
        let (side, n_bands) = (self.config.spec_size, self.config.num_mel_bins);
        let long = stretched_rows(spectrogram, n_bands, side * self.config.pieces());
        let mut picture = Pictures::zeros(1, [side, side], 1);
        for (i, value) in picture.values.iter_mut().enumerate() {
            let (row, column) = (i / side, i % side);
            let frame = row / n_bands * side + column;
            *value = long[frame * n_bands + row % n_bands];
        }
        picture
    }
}

impl Bands {
    fn normalise(&self, spectrogram: &mut [f32]) {
        let scale = |i: usize| self.gain[i] / (self.variance[i] + EPSILON).sqrt();
        for frame in spectrogram.chunks_exact_mut(self.gain.len()) {
            for (i, x) in frame.iter_mut().enumerate() {
                *x = (*x - self.mean[i]) * scale(i) + self.bias[i];
            }
        }
    }
}

impl Merging {
    fn run(&self, x: &Pictures) -> Pictures {
        let (rows, columns) = (x.rows / 2, x.columns / 2);
        let mut values = Vec::with_capacity(x.values.len());
        for row in 0..rows {
            for column in 0..columns {
                // Down first, then to the right.
                for [down, right] in [[0, 0], [1, 0], [0, 1], [1, 1]] {
                    let place = (2 * row + down) * x.columns + 2 * column + right;
                    values.extend_from_slice(&x.values[place * x.channels..][..x.channels]);
                }
            }
        }
        let values = self.reduction.run(&self.norm.run(&values));
        Pictures { n: 1, rows, columns, channels: self.reduction.n_out(), values }
    }
}
