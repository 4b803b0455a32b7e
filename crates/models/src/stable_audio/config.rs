//! The settings of Stable Audio 3, read from either layout of its folders and checked before anything is made of them.

use serde_json::Value;

use super::fields::{Fields, within};
use super::schedule::Schedule;
use super::text::TextConfig;

/// Whose folder it is: names of tensors, and small things at the edges, differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// That of diffusers: a folder a component.
    Folders,
    /// That of the original program: one file of weights, and `T5Gemma` in a folder of its own.
    Single,
}

/// All settings of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct StableAudioConfig {
    /// Whose folder it is.
    pub layout: Layout,
    /// The encoder of words.
    pub text: TextConfig,
    /// The most pieces of a prompt; shorter ones are filled up with a vector that was learnt.
    pub n_tokens: usize,
    /// How the length is told.
    pub duration: DurationConfig,
    /// What predicts.
    pub transformer: TransformerConfig,
    /// What turns sound into latents and back.
    pub autoencoder: AutoencoderConfig,
    /// Levels of noise, and how one is left for the next.
    pub schedule: Schedule,
    /// Seconds after the end of a sound that are made and cut off, unless a choice says otherwise.
    pub headroom_secs: f64,
}

/// How the length in seconds becomes numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationConfig {
    /// Cosines and sines.
    pub n_waves: usize,
    /// Seconds that are taken as 0 and as 1.
    pub range_secs: [f64; 2],
    /// Periods over that range, of the slowest and the fastest wave.
    pub frequencies: [f64; 2],
}

/// The transformer over latents.
#[derive(Clone, Debug, PartialEq)]
pub struct TransformerConfig {
    /// Numbers of a latent.
    pub n_latent: usize,
    /// Numbers of a frame inside.
    pub width: usize,
    /// Blocks.
    pub depth: usize,
    /// Heads.
    pub n_heads: usize,
    /// Numbers of a piece of text, and of the length.
    pub n_condition: usize,
    /// Numbers that tell which frames are kept, and what they are; 0 where a model cannot be told.
    pub n_local: usize,
    /// Cosines and sines of the level of noise.
    pub n_waves: usize,
    /// Numbers between both layers of a block's feed forward.
    pub n_inner: usize,
    /// Frames that stand before those of the sound.
    pub n_memory: usize,
    /// Whether heads are differences of two.
    pub is_differential: bool,
    /// What keeps normalisations of frames from dividing by zero.
    pub epsilon: f32,
    /// The same for queries and keys.
    pub head_epsilon: f32,
    /// Numbers of a head that are turned by their position.
    pub n_rotated: usize,
}

/// The autoencoder.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoencoderConfig {
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels of sound.
    pub n_channels: usize,
    /// Samples that become one frame without being computed.
    pub patch: usize,
    /// Numbers of a latent.
    pub n_latent: usize,
    /// The levels of the encoder, from sound to latents; the decoder has them the other way round.
    pub levels: Vec<LevelConfig>,
    /// Taps of the convolution that ends a level of the decoder, and of the one that begins a level of the encoder.
    pub taps: [usize; 2],
    /// Whether heads are differences of two.
    pub is_differential: bool,
    /// Whether one vector stands for all frames that the decoder makes of one.
    pub shares_token: bool,
}

/// A level of the autoencoder.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelConfig {
    /// Numbers of a frame towards the sound.
    pub n_outer: usize,
    /// Numbers of a frame inside, and towards the latents.
    pub width: usize,
    /// Frames that become one.
    pub stride: usize,
    /// Transformer layers.
    pub depth: usize,
    /// Numbers of a head.
    pub head_dim: usize,
    /// Numbers between both layers of a feed forward.
    pub n_inner: usize,
    /// Layers at the end whose gates are sines, of encoder and decoder.
    pub n_sines: [usize; 2],
    /// Which frames see each other.
    pub sight: Sight,
}

/// Which frames of the autoencoder see each other, counted in groups: a frame towards the latents with its `stride`
/// frames towards the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Those within so many groups to both sides.
    Band(usize),
    /// Those of a piece of so many groups; where it is shifted, the second half of the layers works on pieces half of
    /// that later.
    Pieces {
        /// Groups.
        n: usize,
        /// Whether the second half is shifted.
        is_shifted: bool,
    },
}

impl TransformerConfig {
    /// That of Stable Audio 3 Small, the published model that fits a laptop.
    pub(crate) fn small() -> Self {
        StableAudioConfig::small().transformer
    }
}

impl StableAudioConfig {
    /// That of Stable Audio 3 Small.
    pub(crate) fn small() -> Self {
        let part = |name: &str| match name {
            "text_encoder" => serde_json::json!({ "model_type": "t5gemma", "encoder": {
                "hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 12,
                "num_attention_heads": 12, "num_key_value_heads": 12, "head_dim": 64 } }),
            "transformer" => serde_json::json!({
                "embed_dim": 1024, "depth": 20, "num_heads": 16, "use_differential_attention": false }),
            "scheduler" => serde_json::json!({
                "_class_name": "FlowMatchEulerDiscreteScheduler", "stochastic_sampling": true }),
            _ => serde_json::json!({}),
        };
        Self::of_folders(&part).expect("these are settings of a published model")
    }

    /// Reads the layout of diffusers: the configurations of its components by their names, `transformer`, `vae`,
    /// `duration_embedder`, `text_encoder` and `scheduler`.
    ///
    /// # Errors
    /// A fragment in words: what cannot be used.
    pub fn of_folders(part: &dyn Fn(&str) -> Value) -> Result<Self, String> {
        let told = |name: &'static str| {
            move |why: String| format!("the configuration in {name} cannot be used: {why}")
        };
        let text = TextConfig::parse(&part("text_encoder")).map_err(told("text_encoder"))?;
        let duration = part("duration_embedder");
        let duration = duration_of_folders(&duration).map_err(told("duration_embedder"))?;
        let transformer = part("transformer");
        let transformer = transformer_of_folders(&transformer).map_err(told("transformer"))?;
        let vae = part("vae");
        let autoencoder = autoencoder_of_folders(&vae).map_err(told("vae"))?;
        let scheduler = part("scheduler");
        let schedule = Schedule::of_folders(&scheduler).map_err(told("scheduler"))?;
        let config = Self {
            layout: Layout::Folders,
            text,
            n_tokens: 256,
            duration,
            transformer,
            autoencoder,
            schedule,
            headroom_secs: 0.0,
        };
        config.check()?;
        Ok(config)
    }

    /// Reads `model_config.json` of the original program, and the configuration of `T5Gemma`.
    ///
    /// # Errors
    /// A fragment in words: what cannot be used.
    pub fn of_single(model_config: &Value, text: &Value) -> Result<Self, String> {
        let config = super::original::parse(model_config, text)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let (transformer, autoencoder) = (&self.transformer, &self.autoencoder);
        let same = |what: &str, a: usize, b: usize| {
            let said = || format!("{what} does not fit: {a} and {b} should be equal");
            if a == b { Ok(()) } else { Err(said()) }
        };
        same("the size of latents", transformer.n_latent, autoencoder.n_latent)?;
        same("the size of what is said of words", self.text.width, transformer.n_condition)?;
        within("pieces of a prompt", self.n_tokens, 1, 8_192)?;
        within("width of the transformer", transformer.width, 1, 1 << 14)?;
        within("number of heads", transformer.n_heads, 1, transformer.width)?;
        if transformer.width % transformer.n_heads != 0 {
            return Err("the width of the transformer is no multiple of its heads".into());
        }
        within("blocks", transformer.depth, 1, 256)?;
        within("size of what is said of words", transformer.n_condition, 1, 1 << 14)?;
        within("size inside the feed forward", transformer.n_inner, 1, 1 << 16)?;
        within("memory tokens", transformer.n_memory, 0, 4_096)?;
        within("waves of the level of noise", transformer.n_waves, 2, 1 << 14)?;
        within("waves of the duration", self.duration.n_waves, 2, 1 << 14)?;
        within(
            "numbers turned",
            transformer.n_rotated,
            0,
            transformer.width / transformer.n_heads,
        )?;
        if transformer.n_local != 0 {
            same("the size of what is kept", transformer.n_local, transformer.n_latent + 1)?;
        }
        let [from, to] = self.duration.range_secs;
        if !(from.is_finite() && to.is_finite() && from < to && to <= 1e5) {
            return Err("the range of durations is none".into());
        }
        if !self.duration.frequencies.iter().all(|it| (1e-6..=1e9).contains(it)) {
            return Err("the frequencies of the duration are out of range".into());
        }
        autoencoder.check()
    }

    /// Frames of latents that a sound of so many seconds is made as, with those of the headroom.
    #[must_use]
    pub fn n_frames(&self, secs: f64, headroom_secs: f64) -> usize {
        let (rate, hop) = (f64::from(self.autoencoder.rate_hz), self.autoencoder.hop());
        match self.layout {
            Layout::Folders => ((secs + headroom_secs) * rate / hop as f64).ceil() as usize,
            Layout::Single => {
                let n_samples = ((secs + headroom_secs) * rate) as usize;
                n_samples.div_ceil(hop).next_multiple_of(self.autoencoder.alignment())
            }
        }
    }
}

impl AutoencoderConfig {
    /// Samples of a latent.
    #[must_use]
    pub fn hop(&self) -> usize {
        self.levels.iter().fold(self.patch, |hop, level| hop.saturating_mul(level.stride))
    }

    /// Pieces of latents that are computed alone begin at a multiple of this.
    pub(super) fn alignment(&self) -> usize {
        self.levels.iter().fold(1, |all, level| match level.sight {
            Sight::Band(_) => all,
            Sight::Pieces { n, .. } => lcm(all, n),
        })
    }

    /// How many latents to both sides a sample depends on, at most; a multiple of the alignment.
    pub(super) fn reach(&self) -> usize {
        let of_level = |level: &LevelConfig| match level.sight {
            Sight::Band(n) => n * level.depth + 1,
            Sight::Pieces { n, .. } => 2 * n + 1,
        };
        self.levels.iter().map(of_level).sum::<usize>().next_multiple_of(self.alignment())
    }

    fn check(&self) -> Result<(), String> {
        within("samples per second", self.rate_hz as usize, 1_000, 768_000)?;
        within("channels of sound", self.n_channels, 1, 8)?;
        within("samples of a patch", self.patch, 1, 1 << 14)?;
        within("size of latents", self.n_latent, 1, 1 << 13)?;
        within("levels of the autoencoder", self.levels.len(), 1, 8)?;
        for level in &self.levels {
            within("width of a level", level.width, 1, 1 << 14)?;
            within("stride of a level", level.stride, 1, 1 << 10)?;
            within("layers of a level", level.depth, 0, 256)?;
            within("size of a head of a level", level.head_dim, 2, 1 << 12)?;
            within("size inside a feed forward of a level", level.n_inner, 1, 1 << 16)?;
            if level.width % level.head_dim != 0 {
                return Err("the width of a level is no multiple of the size of its heads".into());
            }
            match level.sight {
                Sight::Band(n) => within("sliding window", n, 1, 256)?,
                Sight::Pieces { n, is_shifted } => {
                    within("groups of a piece", n, 1, 1 << 10)?;
                    if is_shifted && n % 2 == 1 {
                        return Err("pieces of an odd number of groups cannot be shifted".into());
                    }
                }
            }
        }
        within("samples of a latent", self.hop(), 1, 1 << 20)?;
        within("latents that see each other", self.reach(), 1, 1 << 14)
    }
}

fn lcm(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

fn duration_of_folders(json: &Value) -> Result<DurationConfig, String> {
    let fields = Fields::of(json)?;
    Ok(DurationConfig {
        n_waves: fields.count("fourier_dim", 256)?,
        range_secs: [fields.number("min_val", 0.0)?, fields.number("max_val", 384.0)?],
        frequencies: [fields.number("min_freq", 0.5)?, fields.number("max_freq", 10_000.0)?],
    })
}

fn transformer_of_folders(json: &Value) -> Result<TransformerConfig, String> {
    let fields = Fields::of(json)?;
    fields.expect("patch_size", &Value::from(1))?;
    let (width, n_heads) = (fields.count("embed_dim", 1536)?, fields.count("num_heads", 24)?);
    let n_condition = fields.count("cond_token_dim", 768)?;
    if fields.count("global_cond_dim", 768)? != n_condition {
        return Err("global_cond_dim differs from cond_token_dim".into());
    }
    Ok(TransformerConfig {
        n_latent: fields.count("io_channels", 256)?,
        width,
        depth: fields.count("depth", 24)?,
        n_heads,
        n_condition,
        n_local: fields.count("local_add_cond_dim", 257)?,
        n_waves: fields.count("timestep_features_dim", 256)?,
        n_inner: (width as f64 * fields.number("ff_mult", 4.0)?) as usize,
        n_memory: fields.count("num_memory_tokens", 64)?,
        is_differential: fields.flag("use_differential_attention", true)?,
        epsilon: 1e-6,
        head_epsilon: 1e-6,
        n_rotated: even(width / n_heads.max(1) / 2),
    })
}

/// The reference takes every second number below this as a frequency, and each turns two.
pub(super) fn even(n: usize) -> usize {
    n.next_multiple_of(2)
}

fn autoencoder_of_folders(json: &Value) -> Result<AutoencoderConfig, String> {
    let fields = Fields::of(json)?;
    let n_channels = fields.count("audio_channels", 2)?;
    let patch = fields.count("patch_size", 256)?;
    let channels = fields.count("encoder_channels", 128)?;
    let widths = fields.counts("encoder_c_mults", &[6])?;
    let strides = fields.counts("encoder_strides", &[16])?;
    let depths = fields.counts("encoder_transformer_depths", &[6])?;
    let n = strides.len();
    if widths.len() != n || depths.len() != n {
        return Err("there are other widths or depths than strides".into());
    }
    let sines = |name: &str| -> Result<Vec<usize>, String> {
        let found = fields.counts(name, &[0])?;
        match found.len() {
            1 => Ok(vec![found[0]; n]),
            len if len == n => Ok(found),
            _ => Err(format!("{name} has another length than encoder_strides")),
        }
    };
    let (of_encoder, of_decoder) =
        (sines("encoder_sinusoidal_blocks")?, sines("decoder_sinusoidal_blocks")?);
    let (dim_heads, mult) = (fields.count("dim_heads", 64)?, fields.count("ff_mult", 3)?);
    let sight = Sight::Band(fields.count("sliding_window", 1)?);
    let mut n_outer = n_channels.saturating_mul(patch);
    let mut levels = vec![];
    let sines = of_encoder.iter().zip(&of_decoder);
    for (((times, stride), depth), sines) in widths.iter().zip(&strides).zip(&depths).zip(sines) {
        let width = channels.saturating_mul(*times);
        levels.push(LevelConfig {
            n_outer,
            width,
            stride: *stride,
            depth: *depth,
            head_dim: dim_heads.min(width),
            n_inner: width.saturating_mul(mult),
            n_sines: [*sines.0, *sines.1],
            sight,
        });
        n_outer = width;
    }
    Ok(AutoencoderConfig {
        rate_hz: fields.count("sampling_rate", 44_100)? as u32,
        n_channels,
        patch,
        n_latent: fields.count("latent_dim", 256)?,
        levels,
        taps: [1, 1],
        is_differential: fields.flag("use_differential_attention", true)?,
        shares_token: true,
    })
}
