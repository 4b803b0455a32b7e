//! The settings of `CLAP` as its files have them, checked before anything is made of them.

use nn::dense::Activation;
use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::layers::numbers_of;

/// Both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct ClapConfig {
    /// The text side.
    pub text_config: TextConfig,
    /// The audio side.
    pub audio_config: AudioConfig,
}

/// The text side; names and defaults are those of transformers' `ClapTextConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct TextConfig {
    /// Tokens that it knows.
    pub vocab_size: usize,
    /// Numbers of a token between layers.
    pub hidden_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Heads of each.
    pub num_attention_heads: usize,
    /// Numbers inside the feed-forward part of a layer.
    pub intermediate_size: usize,
    /// The activation there.
    pub hidden_act: String,
    /// Positions, those before the first token among them.
    pub max_position_embeddings: usize,
    /// Kinds of token; only the first is used.
    pub type_vocab_size: usize,
    /// What is added to variances.
    pub layer_norm_eps: f64,
    /// Numbers of an embedding.
    pub projection_dim: usize,
    /// The activation before them.
    pub projection_hidden_act: String,
    /// The token that fills up texts; positions count on from it.
    pub pad_token_id: usize,
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            vocab_size: 50_265,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3_072,
            hidden_act: "gelu".to_owned(),
            max_position_embeddings: 514,
            type_vocab_size: 1,
            layer_norm_eps: 1e-12,
            projection_dim: 512,
            projection_hidden_act: "relu".to_owned(),
            pad_token_id: 1,
        }
    }
}

/// The audio side; names and defaults are those of transformers' `ClapAudioConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct AudioConfig {
    /// Rows and columns of a window of attention.
    pub window_size: usize,
    /// Bands of the spectrogram.
    pub num_mel_bins: usize,
    /// Rows and columns of the picture that is made of it.
    pub spec_size: usize,
    /// The activation in the feed-forward part of a layer.
    pub hidden_act: String,
    /// Rows and columns of a patch.
    pub patch_size: usize,
    /// From one patch to the next.
    pub patch_stride: Pair,
    /// Layers of each stage.
    pub depths: Vec<usize>,
    /// Heads of each stage.
    pub num_attention_heads: Vec<usize>,
    /// Whether it also hears parts of long sounds, which is not supported.
    pub enable_fusion: bool,
    /// Numbers of a patch.
    pub patch_embeds_hidden_size: usize,
    /// Whether patches are normalised.
    pub enable_patch_layer_norm: bool,
    /// Whether queries, keys and values have biases.
    pub qkv_bias: bool,
    /// How many times more numbers there are inside the feed-forward part.
    pub mlp_ratio: f64,
    /// What is added to variances.
    pub layer_norm_eps: f64,
    /// Numbers of an embedding.
    pub projection_dim: usize,
    /// The activation before them.
    pub projection_hidden_act: String,
}

/// A number, or one for each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Pair {
    /// The same in both.
    One(usize),
    /// Rows and columns.
    Two([usize; 2]),
}

impl Default for AudioConfig {
    fn default() -> Self {
        Self {
            window_size: 8,
            num_mel_bins: 64,
            spec_size: 256,
            hidden_act: "gelu".to_owned(),
            patch_size: 4,
            patch_stride: Pair::Two([4, 4]),
            depths: vec![2, 2, 6, 2],
            num_attention_heads: vec![4, 8, 16, 32],
            enable_fusion: false,
            patch_embeds_hidden_size: 96,
            enable_patch_layer_norm: true,
            qkv_bias: true,
            mlp_ratio: 4.0,
            layer_norm_eps: 1e-5,
            projection_dim: 512,
            projection_hidden_act: "relu".to_owned(),
        }
    }
}

/// The most numbers in all tensors of one side.
const NUMBERS_MAX: usize = 1 << 31;

/// A fragment in words for a number outside its range.
pub(crate) fn within(name: &str, value: usize, from: usize, to: usize) -> Result<(), String> {
    if (from..=to).contains(&value) {
        return Ok(());
    }
    Err(format!("{name} is {value}, and must be from {from} to {to}"))
}

/// The activation of a name.
pub(crate) fn activation(field: &str, name: &str) -> Result<Activation, String> {
    let short: String = name.chars().take(40).collect();
    Activation::named(name).ok_or_else(|| format!("{field} is “{short}”, which is not known here"))
}

impl ClapConfig {
    /// Reads the settings of a `config.json`; fields that are not known here are left alone.
    ///
    /// # Errors
    /// A fragment in words: a field of another type, out of its range, or at odds with another.
    pub fn parse(json: &Value) -> Result<Self, String> {
        let side = |name: &str| {
            let mut side = json.get(name).cloned().unwrap_or_else(|| serde_json::json!({}));
            // What both sides have in common stands outside of them.
            for field in ["projection_dim", "projection_hidden_act"] {
                if let (Some(value), Some(side)) = (json.get(field), side.as_object_mut()) {
                    side.insert(field.to_owned(), value.clone());
                }
            }
            side
        };
        Ok(Self {
            text_config: TextConfig::parse(&side("text_config"))?,
            audio_config: AudioConfig::parse(&side("audio_config"))?,
        })
    }
}

impl TextConfig {
    /// Reads the settings of the text side.
    ///
    /// # Errors
    /// As [`ClapConfig::parse`].
    pub fn parse(json: &Value) -> Result<Self, String> {
        let config = Self::deserialize(json).map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    /// The most tokens that it takes: positions begin behind that of the token that fills up.
    #[must_use]
    pub fn n_tokens_max(&self) -> usize {
        self.max_position_embeddings - self.pad_token_id - 1
    }

    fn check(&self) -> Result<(), String> {
        within("vocab_size", self.vocab_size, 4, 1 << 21)?;
        within("hidden_size", self.hidden_size, 1, 1 << 14)?;
        within("num_hidden_layers", self.num_hidden_layers, 1, 256)?;
        within("num_attention_heads", self.num_attention_heads, 1, self.hidden_size)?;
        within("intermediate_size", self.intermediate_size, 1, 1 << 16)?;
        within("max_position_embeddings", self.max_position_embeddings, 8, 1 << 20)?;
        within("type_vocab_size", self.type_vocab_size, 1, 64)?;
        within("projection_dim", self.projection_dim, 1, 1 << 14)?;
        within("pad_token_id", self.pad_token_id, 0, self.max_position_embeddings - 4)?;
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err("hidden_size is not a multiple of num_attention_heads".into());
        }
        check_epsilon("layer_norm_eps", self.layer_norm_eps)?;
        activation("hidden_act", &self.hidden_act)?;
        activation("projection_hidden_act", &self.projection_hidden_act)?;
        numbers_of(&super::ClapText::tensors(self), NUMBERS_MAX).map(|_| ()).ok_or_else(too_large)
    }
}

impl AudioConfig {
    /// Reads the settings of the audio side.
    ///
    /// # Errors
    /// As [`ClapConfig::parse`].
    pub fn parse(json: &Value) -> Result<Self, String> {
        let config = Self::deserialize(json).map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if self.enable_fusion {
            return Err(
                "enable_fusion is set: models that fuse parts of long sounds are not supported; \
                        use an unfused one"
                    .into(),
            );
        }
        within("num_mel_bins", self.num_mel_bins, 1, 1_024)?;
        within("spec_size", self.spec_size, self.num_mel_bins, 4_096)?;
        within("patch_size", self.patch_size, 1, 64)?;
        within("window_size", self.window_size, 1, 64)?;
        within("the number of depths", self.depths.len(), 1, 8)?;
        within("patch_embeds_hidden_size", self.patch_embeds_hidden_size, 1, 2_048)?;
        within("projection_dim", self.projection_dim, 1, 1 << 14)?;
        if !self.spec_size.is_multiple_of(self.num_mel_bins) {
            return Err("spec_size is not a multiple of num_mel_bins".into());
        }
        let stride = self.stride()?;
        within("patch_stride", stride, 1, self.patch_size)?;
        if !(self.patch_size - stride).is_multiple_of(2) || !self.spec_size.is_multiple_of(stride) {
            return Err("patches do not fill the picture evenly".into());
        }
        if self.num_attention_heads.len() != self.depths.len() {
            return Err("num_attention_heads and depths are not as many".into());
        }
        for (stage, (depth, heads)) in self.depths.iter().zip(&self.num_attention_heads).enumerate()
        {
            within("each of depths", *depth, 1, 64)?;
            within("each of num_attention_heads", *heads, 1, 1_024)?;
            if !self.width(stage).is_multiple_of(*heads) {
                return Err(format!("the channels of stage {stage} are no multiple of its heads"));
            }
            let side = self.side(stage);
            if side == 0 || !side.is_multiple_of(self.window_size) || side << stage != self.side(0)
            {
                return Err(format!("the picture of stage {stage} is not made of whole windows"));
            }
        }
        if !self.enable_patch_layer_norm || !self.qkv_bias {
            return Err(
                "enable_patch_layer_norm or qkv_bias is not set, which is not supported".into()
            );
        }
        if !(0.1..=64.0).contains(&self.mlp_ratio) {
            return Err("mlp_ratio is not between 0.1 and 64".into());
        }
        check_epsilon("layer_norm_eps", self.layer_norm_eps)?;
        activation("hidden_act", &self.hidden_act)?;
        activation("projection_hidden_act", &self.projection_hidden_act)?;
        numbers_of(&super::ClapSound::tensors(self), NUMBERS_MAX).map(|_| ()).ok_or_else(too_large)
    }

    fn stride(&self) -> Result<usize, String> {
        match self.patch_stride {
            Pair::One(stride) => Ok(stride),
            Pair::Two([rows, columns]) if rows == columns => Ok(rows),
            Pair::Two(_) => Err("patch_stride is not the same in both directions".into()),
        }
    }

    /// From one patch to the next, in both directions.
    pub(super) fn patch_step(&self) -> usize {
        match self.patch_stride {
            Pair::One(stride) | Pair::Two([stride, _]) => stride,
        }
    }

    /// Numbers of a place in a stage.
    pub(super) fn width(&self, stage: usize) -> usize {
        self.patch_embeds_hidden_size << stage
    }

    /// Rows and columns of places in a stage.
    pub(super) fn side(&self, stage: usize) -> usize {
        (self.spec_size / self.patch_step()) >> stage
    }

    /// How often the spectrogram is cut into pieces that are put under each other.
    pub(super) fn pieces(&self) -> usize {
        self.spec_size / self.num_mel_bins
    }
}

/// How sounds become spectrograms; names and defaults are those of transformers' `ClapFeatureExtractor`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct FeatureConfig {
    /// Bands.
    pub feature_size: usize,
    /// Samples per second.
    pub sampling_rate: u32,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// Seconds that are heard at once.
    pub max_length_s: f64,
    /// Samples of a frame.
    pub fft_window_size: usize,
    /// From where bands reach, in Hz.
    pub frequency_min: f64,
    /// To where they reach, in Hz.
    pub frequency_max: f64,
    /// What is done with short sounds.
    pub padding: Fill,
}

/// What is done with sounds that are shorter than what is heard at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// They are repeated as often as they fit, and followed by silence.
    #[serde(rename = "repeatpad")]
    RepeatPad,
    /// They are repeated, the last time in part.
    Repeat,
    /// They are followed by silence.
    Pad,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        Self {
            feature_size: 64,
            sampling_rate: 48_000,
            hop_length: 480,
            max_length_s: 10.0,
            fft_window_size: 1_024,
            frequency_min: 0.0,
            frequency_max: 14_000.0,
            padding: Fill::RepeatPad,
        }
    }
}

impl FeatureConfig {
    /// Reads the settings of a `preprocessor_config.json` for a network.
    ///
    /// # Errors
    /// A fragment in words: a field of another type, out of its range, or one that the network cannot take.
    pub fn parse(json: &Value, network: &AudioConfig) -> Result<Self, String> {
        let config = Self::deserialize(json).map_err(|error| error.to_string())?;
        within("sampling_rate", config.sampling_rate as usize, 1_000, 768_000)?;
        within("fft_window_size", config.fft_window_size, 16, 1 << 16)?;
        within("hop_length", config.hop_length, 1, 1 << 16)?;
        if !config.fft_window_size.is_multiple_of(2) {
            return Err("fft_window_size is odd".into());
        }
        if !(0.01..=600.0).contains(&config.max_length_s) {
            return Err("max_length_s is not between 0.01 and 600".into());
        }
        let half = f64::from(config.sampling_rate) / 2.0;
        if !(config.frequency_min >= 0.0
            && config.frequency_min < config.frequency_max
            && config.frequency_max <= half)
        {
            return Err("frequency_min and frequency_max span no bands below half the rate".into());
        }
        if config.feature_size != network.num_mel_bins {
            return Err("feature_size differs from num_mel_bins".into());
        }
        let (n, most) = (config.n_frames(), network.spec_size * network.pieces());
        within("the number of frames", n, 1, most)?;
        Ok(config)
    }

    /// Samples that are heard at once.
    pub(super) fn n_samples(&self) -> usize {
        ((self.max_length_s * f64::from(self.sampling_rate)).round() as usize).max(1)
    }

    /// Frames of a spectrogram.
    fn n_frames(&self) -> usize {
        self.n_samples() / self.hop_length + 1
    }

    /// The parts of a sound that are heard one after the other.
    pub(super) fn parts<'a>(&self, samples: &'a [f32]) -> Result<Vec<&'a [f32]>, Error> {
        if samples.is_empty() {
            return Err(Error::Unfit { reason: "the sound is empty".into() });
        }
        let n = self.n_samples();
        if samples.len() <= n {
            return Ok(vec![samples]);
        }
        // As many as are needed, evenly over the whole sound.
        let n_parts = samples.len().div_ceil(n);
        let start = |i: usize| i * (samples.len() - n) / (n_parts - 1);
        Ok((0..n_parts).map(|i| &samples[start(i)..][..n]).collect())
    }
}

/// Whether what is added to variances is a small positive number.
pub(crate) fn check_epsilon(field: &str, epsilon: f64) -> Result<(), String> {
    let is_small = (0.0..=0.1).contains(&epsilon);
    if is_small { Ok(()) } else { Err(format!("{field} is not between 0 and 0.1")) }
}

fn too_large() -> String {
    "its layers together are larger than any such model".into()
}
