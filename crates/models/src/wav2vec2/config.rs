//! The settings of wav2vec 2.0 and `HuBERT` as their files have them, checked before anything is made of them.

use serde::Deserialize;
use serde_json::Value;

use super::network::Network;
use crate::clap::{activation, check_epsilon, within};
use crate::layers::{listed, numbers_of};

/// The settings; names and defaults are those of transformers' `Wav2Vec2Config` and `HubertConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Wav2Vec2Config {
    /// Numbers of a frame between layers.
    pub hidden_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Heads of each.
    pub num_attention_heads: usize,
    /// Numbers inside the feed-forward part of a layer.
    pub intermediate_size: usize,
    /// The activation there.
    pub hidden_act: String,
    /// What is added to variances.
    pub layer_norm_eps: f64,
    /// What is normalised among the convolutions.
    pub feat_extract_norm: Normalised,
    /// The activation among them.
    pub feat_extract_activation: String,
    /// Channels of each convolution.
    pub conv_dim: Vec<usize>,
    /// Stride of each.
    pub conv_stride: Vec<usize>,
    /// Taps of each.
    pub conv_kernel: Vec<usize>,
    /// Whether they have biases.
    pub conv_bias: bool,
    /// Taps of the convolution that tells positions.
    pub num_conv_pos_embeddings: usize,
    /// Its groups.
    pub num_conv_pos_embedding_groups: usize,
    /// Whether it is normalised by what it sees, which is not supported.
    pub conv_pos_batch_norm: bool,
    /// Whether layers normalise what comes in rather than what goes out.
    pub do_stable_layer_norm: bool,
    /// Whether frames are normalised before they are projected.
    pub feat_proj_layer_norm: bool,
}

/// What is normalised among the convolutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalised {
    /// Every channel of the first, over time.
    Group,
    /// Every frame of all of them.
    Layer,
}

impl Default for Wav2Vec2Config {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3_072,
            hidden_act: "gelu".to_owned(),
            layer_norm_eps: 1e-5,
            feat_extract_norm: Normalised::Group,
            feat_extract_activation: "gelu".to_owned(),
            conv_dim: vec![512; 7],
            conv_stride: vec![5, 2, 2, 2, 2, 2, 2],
            conv_kernel: vec![10, 3, 3, 3, 3, 2, 2],
            conv_bias: false,
            num_conv_pos_embeddings: 128,
            num_conv_pos_embedding_groups: 16,
            conv_pos_batch_norm: false,
            do_stable_layer_norm: false,
            feat_proj_layer_norm: true,
        }
    }
}

/// The most numbers in all tensors.
const NUMBERS_MAX: usize = 1 << 31;

impl Wav2Vec2Config {
    /// Reads the settings of a `config.json`; fields that are not known here are left alone.
    ///
    /// # Errors
    /// A fragment in words: a field of another type, out of its range, or at odds with another.
    pub fn parse(json: &Value) -> Result<Self, String> {
        let config = Self::deserialize(json).map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        within("hidden_size", self.hidden_size, 1, 1 << 14)?;
        within("num_hidden_layers", self.num_hidden_layers, 1, 256)?;
        within("num_attention_heads", self.num_attention_heads, 1, self.hidden_size)?;
        within("intermediate_size", self.intermediate_size, 1, 1 << 16)?;
        let n = self.conv_dim.len();
        within("the number of conv_dim", n, 1, 16)?;
        if self.conv_stride.len() != n || self.conv_kernel.len() != n {
            return Err("conv_dim, conv_stride and conv_kernel are not as many".into());
        }
        for i in 0..n {
            within("each of conv_dim", self.conv_dim[i], 1, 1 << 13)?;
            within("each of conv_stride", self.conv_stride[i], 1, 64)?;
            within("each of conv_kernel", self.conv_kernel[i], 1, 255)?;
        }
        let (groups, taps) = (self.num_conv_pos_embedding_groups, self.num_conv_pos_embeddings);
        within("num_conv_pos_embeddings", taps, 1, 1_024)?;
        within("num_conv_pos_embedding_groups", groups, 1, self.hidden_size)?;
        if !self.hidden_size.is_multiple_of(groups) {
            return Err("hidden_size is not a multiple of num_conv_pos_embedding_groups".into());
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err("hidden_size is not a multiple of num_attention_heads".into());
        }
        if self.conv_pos_batch_norm {
            return Err("conv_pos_batch_norm is set, which is not supported".into());
        }
        check_epsilon("layer_norm_eps", self.layer_norm_eps)?;
        activation("hidden_act", &self.hidden_act)?;
        activation("feat_extract_activation", &self.feat_extract_activation)?;
        let needed = listed(|tensors| Network::new(tensors, self, ""));
        let too_large = || "its layers together are larger than any such model".to_owned();
        numbers_of(&needed, NUMBERS_MAX).map(|_| ()).ok_or_else(too_large)
    }

    /// The fewest samples that make a frame.
    pub(super) fn n_samples_min(&self) -> usize {
        let layers = self.conv_kernel.iter().zip(&self.conv_stride).rev();
        layers.fold(1, |n, (taps, stride)| (n - 1) * stride + taps)
    }
}
