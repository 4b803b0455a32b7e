//! The settings of the parts of `AudioLDM` as their files have them, checked before anything is made of them.

use serde::Deserialize;
use serde_json::Value;

use super::{unet, vae, vocoder};
use crate::clap::{check_epsilon, within};
use crate::layers::{Needed, listed, numbers_of};

/// The most numbers in all tensors of a part.
const NUMBERS_MAX: usize = 1 << 31;
/// The most levels of a network of pictures.
const LEVELS_MAX: usize = 8;

/// One number for all levels, or one for each.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Each {
    /// The same everywhere.
    One(usize),
    /// One for each level.
    All(Vec<usize>),
}

impl Each {
    /// One for each of `n` levels.
    fn of(&self, n: usize) -> Vec<usize> {
        match self {
            Self::One(value) => vec![*value; n],
            Self::All(values) => values.clone(),
        }
    }
}

/// The network that takes noise away; names and defaults are those of diffusers' `UNet2DConditionModel`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct UnetConfig {
    /// Channels of a latent that comes in.
    pub in_channels: usize,
    /// Channels of the noise that goes out.
    pub out_channels: usize,
    /// Channels of each level, finest first.
    pub block_out_channels: Vec<usize>,
    /// Residual blocks of each level on the way down.
    pub layers_per_block: Each,
    /// The kind of each level on the way down.
    pub down_block_types: Vec<String>,
    /// The kind of the coarsest level.
    pub mid_block_type: Option<String>,
    /// The kind of each level on the way up, coarsest first.
    pub up_block_types: Vec<String>,
    /// Groups of channels that are normalised together.
    pub norm_num_groups: usize,
    /// What is added to variances.
    pub norm_eps: f64,
    /// Heads of attention in each level, whatever the name says.
    pub attention_head_dim: Each,
    /// Channels of what the second attention of a block looks at: those of its level, as it looks at the picture.
    pub cross_attention_dim: Option<Each>,
    /// Transformer blocks in each place.
    pub transformer_layers_per_block: usize,
    /// Whether pictures become rows before they are projected.
    pub use_linear_projection: bool,
    /// How the text's embedding comes in.
    pub class_embed_type: Option<String>,
    /// Numbers of the text's embedding.
    pub projection_class_embeddings_input_dim: Option<usize>,
    /// Whether it stands beside the time instead of being added to it.
    pub class_embeddings_concat: bool,
    /// Whether cosines come first.
    pub flip_sin_to_cos: bool,
    /// By how much frequencies of the time are shifted.
    pub freq_shift: f64,
    /// The activation.
    pub act_fn: String,
    /// Where the time comes in.
    pub resnet_time_scale_shift: String,
    /// What time is told by.
    pub time_embedding_type: String,
    /// Rows of a latent that it was trained for.
    pub sample_size: Option<Value>,
}

impl Default for UnetConfig {
    fn default() -> Self {
        let named = |names: [&str; 4]| names.map(str::to_owned).to_vec();
        let [plain, crossed] = ["DownBlock2D", "CrossAttnDownBlock2D"];
        let [plain_up, crossed_up] = ["UpBlock2D", "CrossAttnUpBlock2D"];
        Self {
            in_channels: 4,
            out_channels: 4,
            block_out_channels: vec![320, 640, 1280, 1280],
            layers_per_block: Each::One(2),
            down_block_types: named([crossed, crossed, crossed, plain]),
            mid_block_type: Some(unet::MID.to_owned()),
            up_block_types: named([plain_up, crossed_up, crossed_up, crossed_up]),
            norm_num_groups: 32,
            norm_eps: 1e-5,
            attention_head_dim: Each::One(8),
            cross_attention_dim: Some(Each::One(1280)),
            transformer_layers_per_block: 1,
            use_linear_projection: false,
            class_embed_type: None,
            projection_class_embeddings_input_dim: None,
            class_embeddings_concat: false,
            flip_sin_to_cos: true,
            freq_shift: 0.0,
            act_fn: "silu".to_owned(),
            resnet_time_scale_shift: "default".to_owned(),
            time_embedding_type: "positional".to_owned(),
            sample_size: None,
        }
    }
}

/// The network between spectrograms and latents; names and defaults are those of diffusers' `AutoencoderKL`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct VaeConfig {
    /// Channels of a spectrogram that comes in.
    pub in_channels: usize,
    /// Channels of a spectrogram that goes out.
    pub out_channels: usize,
    /// Channels of each level, finest first.
    pub block_out_channels: Vec<usize>,
    /// Residual blocks of each level of the encoder.
    pub layers_per_block: usize,
    /// Channels of a latent.
    pub latent_channels: usize,
    /// Groups of channels that are normalised together.
    pub norm_num_groups: usize,
    /// What latents are multiplied by for the network that takes noise away.
    pub scaling_factor: f64,
    /// The activation.
    pub act_fn: String,
}

impl Default for VaeConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            block_out_channels: vec![64],
            layers_per_block: 1,
            latent_channels: 4,
            norm_num_groups: 32,
            scaling_factor: 0.18215,
            act_fn: "silu".to_owned(),
        }
    }
}

/// The network from spectrograms to sound; names and defaults are those of transformers' `SpeechT5HifiGanConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct VocoderConfig {
    /// Bands of a spectrogram.
    pub model_in_dim: usize,
    /// Samples per second.
    pub sampling_rate: u32,
    /// Channels before the first upsampling layer; each halves them.
    pub upsample_initial_channel: usize,
    /// Frames that each upsampling layer makes of one.
    pub upsample_rates: Vec<usize>,
    /// Taps of each.
    pub upsample_kernel_sizes: Vec<usize>,
    /// Taps of the residual blocks side by side.
    pub resblock_kernel_sizes: Vec<usize>,
    /// Dilations of their layers.
    pub resblock_dilation_sizes: Vec<Vec<usize>>,
    /// What negative numbers are multiplied by.
    pub leaky_relu_slope: f64,
    /// Whether a mean and a scale are taken out of spectrograms.
    pub normalize_before: bool,
}

impl Default for VocoderConfig {
    fn default() -> Self {
        Self {
            model_in_dim: 80,
            sampling_rate: 16_000,
            upsample_initial_channel: 512,
            upsample_rates: vec![4; 4],
            upsample_kernel_sizes: vec![8; 4],
            resblock_kernel_sizes: vec![3, 7, 11],
            resblock_dilation_sizes: vec![vec![1, 3, 5]; 3],
            leaky_relu_slope: 0.1,
            normalize_before: true,
        }
    }
}

/// Reads settings, whose fields that are not known here are left alone.
fn parsed<'a, C: Deserialize<'a>>(json: &'a Value) -> Result<C, String> {
    C::deserialize(json).map_err(|error| error.to_string())
}

fn check_levels(channels: &[usize], n_groups: usize) -> Result<(), String> {
    within("the number of block_out_channels", channels.len(), 1, LEVELS_MAX)?;
    within("norm_num_groups", n_groups, 1, 1 << 14)?;
    for channels in channels {
        within("each of block_out_channels", *channels, 1, 1 << 14)?;
        if !channels.is_multiple_of(n_groups) {
            return Err("block_out_channels are not all multiples of norm_num_groups".into());
        }
    }
    Ok(())
}

fn check_size(needed: &Needed) -> Result<(), String> {
    let too_large = || "its layers together are larger than any such model".to_owned();
    numbers_of(needed, NUMBERS_MAX).map(|_| ()).ok_or_else(too_large)
}

/// Fails unless what a field says is the only thing that is supported.
fn must_be(field: &str, found: &str, known: &str) -> Result<(), String> {
    let found: String = found.chars().take(60).collect();
    if found == known {
        Ok(())
    } else {
        Err(format!("{field} is “{found}”; only “{known}” is supported"))
    }
}

impl UnetConfig {
    /// Reads the settings of a `unet/config.json`.
    ///
    /// # Errors
    /// A fragment in words: a field of another type, out of its range, at odds with another, or not supported.
    pub fn parse(json: &Value) -> Result<Self, String> {
        let config: Self = parsed(json)?;
        config.check()?;
        check_size(&listed(|tensors| unet::Unet::new(tensors, &config)))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        check_levels(&self.block_out_channels, self.norm_num_groups)?;
        let n = self.n_levels();
        within("in_channels", self.in_channels, 1, 4_096)?;
        within("transformer_layers_per_block", self.transformer_layers_per_block, 1, 16)?;
        if self.out_channels != self.in_channels {
            return Err("out_channels differs from in_channels".into());
        }
        let [layers, heads] = [&self.layers_per_block, &self.attention_head_dim].map(|it| it.of(n));
        if self.down_block_types.len() != n
            || self.up_block_types.len() != n
            || layers.len() != n
            || heads.len() != n
        {
            return Err("there are not as many kinds of block, layers or heads as levels".into());
        }
        for (level, channels) in self.block_out_channels.iter().enumerate() {
            within("each of layers_per_block", layers[level], 1, 16)?;
            within("each of attention_head_dim", heads[level], 1, *channels)?;
            if !channels.is_multiple_of(heads[level]) {
                return Err(format!("the channels of level {level} are no multiple of its heads"));
            }
        }
        if self.cross_attention_dim.as_ref().is_some_and(|it| it.of(n) != self.block_out_channels) {
            return Err("cross_attention_dim differs from block_out_channels: this model looks at more than an \
                        embedding of the text, which is not supported"
                .into());
        }
        must_be("mid_block_type", self.mid_block_type.as_deref().unwrap_or("null"), unet::MID)?;
        must_be(
            "class_embed_type",
            self.class_embed_type.as_deref().unwrap_or("null"),
            "simple_projection",
        )?;
        must_be("resnet_time_scale_shift", &self.resnet_time_scale_shift, "default")?;
        must_be("time_embedding_type", &self.time_embedding_type, "positional")?;
        must_be("act_fn", &self.act_fn.replace("swish", "silu"), "silu")?;
        let kinds = self.down_block_types.iter().chain(&self.up_block_types);
        for kind in kinds {
            if !unet::KINDS.contains(&kind.as_str()) {
                let kind: String = kind.chars().take(60).collect();
                return Err(format!("a block is of the kind “{kind}”, which is not supported"));
            }
        }
        within("projection_class_embeddings_input_dim", self.text_size(), 1, 1 << 14)?;
        if !self.block_out_channels[0].is_multiple_of(2) || !(0.0..=1.0).contains(&self.freq_shift)
        {
            return Err("time cannot be told by so many frequencies".into());
        }
        check_epsilon("norm_eps", self.norm_eps)
    }

    /// Levels, the finest among them.
    pub(super) fn n_levels(&self) -> usize {
        self.block_out_channels.len()
    }

    /// Numbers of a text's embedding; 0 if it does not say.
    pub(super) fn text_size(&self) -> usize {
        self.projection_class_embeddings_input_dim.unwrap_or(0)
    }

    /// Residual blocks of a level on the way down.
    pub(super) fn n_layers(&self, level: usize) -> usize {
        self.layers_per_block.of(self.n_levels())[level]
    }

    /// Heads of attention in a level.
    pub(super) fn n_heads(&self, level: usize) -> usize {
        self.attention_head_dim.of(self.n_levels())[level]
    }
}

impl VaeConfig {
    /// Reads the settings of a `vae/config.json`.
    ///
    /// # Errors
    /// As [`UnetConfig::parse`].
    pub fn parse(json: &Value) -> Result<Self, String> {
        let config: Self = parsed(json)?;
        check_levels(&config.block_out_channels, config.norm_num_groups)?;
        within("layers_per_block", config.layers_per_block, 1, 16)?;
        within("latent_channels", config.latent_channels, 1, 4_096)?;
        within("in_channels", config.in_channels, 1, 1)?;
        within("out_channels", config.out_channels, 1, 1)?;
        must_be("act_fn", &config.act_fn.replace("swish", "silu"), "silu")?;
        if !(1e-6..=1e6).contains(&config.scaling_factor) {
            return Err("scaling_factor is not a positive number".into());
        }
        check_size(&listed(|tensors| vae::Vae::new(tensors, &config, vae::Spelling::Newer)))?;
        Ok(config)
    }

    /// Frames and bands of a spectrogram to one of a latent.
    #[must_use]
    pub fn scale(&self) -> usize {
        1 << (self.block_out_channels.len() - 1)
    }
}

impl VocoderConfig {
    /// Reads the settings of a `vocoder/config.json`.
    ///
    /// # Errors
    /// As [`UnetConfig::parse`].
    pub fn parse(json: &Value) -> Result<Self, String> {
        let config: Self = parsed(json)?;
        config.check()?;
        check_size(&listed(|tensors| vocoder::Vocoder::new(tensors, &config)))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        within("model_in_dim", self.model_in_dim, 1, 1_024)?;
        within("sampling_rate", self.sampling_rate as usize, 1_000, 768_000)?;
        let n = self.upsample_rates.len();
        within("the number of upsample_rates", n, 1, 10)?;
        if self.upsample_kernel_sizes.len() != n {
            return Err("upsample_rates and upsample_kernel_sizes are not as many".into());
        }
        for (rate, n_taps) in self.upsample_rates.iter().zip(&self.upsample_kernel_sizes) {
            within("each of upsample_rates", *rate, 1, 64)?;
            within("each of upsample_kernel_sizes", *n_taps, *rate, 255)?;
        }
        within("the product of upsample_rates", self.hop(), 1, 1 << 16)?;
        within("upsample_initial_channel", self.upsample_initial_channel, 1 << n, 1 << 14)?;
        let n_blocks = self.resblock_kernel_sizes.len();
        within("the number of resblock_kernel_sizes", n_blocks, 1, 8)?;
        if self.resblock_dilation_sizes.len() != n_blocks {
            return Err("resblock_kernel_sizes and resblock_dilation_sizes are not as many".into());
        }
        for (n_taps, dilations) in
            self.resblock_kernel_sizes.iter().zip(&self.resblock_dilation_sizes)
        {
            within("each of resblock_kernel_sizes", *n_taps, 1, 255)?;
            within("the number of dilations of a block", dilations.len(), 1, 8)?;
            if n_taps.is_multiple_of(2) {
                return Err("one of resblock_kernel_sizes is even".into());
            }
            for dilation in dilations {
                within("each of resblock_dilation_sizes", *dilation, 1, 1_024)?;
            }
        }
        if !(1e-6..=1.0).contains(&self.leaky_relu_slope) {
            return Err("leaky_relu_slope is not between 0 and 1".into());
        }
        Ok(())
    }

    /// Samples of a frame.
    #[must_use]
    pub fn hop(&self) -> usize {
        self.upsample_rates.iter().fold(1usize, |hop, rate| hop.saturating_mul(*rate))
    }
}
