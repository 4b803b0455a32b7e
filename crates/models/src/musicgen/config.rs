//! The settings of `MusicGen` as its `config.json` has them, checked before anything is made of them.

use nn::dense::Activation;
use serde::Deserialize;
use serde_json::Value;

use crate::encodec::EncodecConfig;
use crate::t5::T5Config;

/// The settings of the three networks.
#[derive(Clone, Debug, PartialEq)]
pub struct MusicGenConfig {
    /// What reads prompts.
    pub text: T5Config,
    /// What turns codes into sound, and sound into codes.
    pub codec: EncodecConfig,
    /// What writes codes.
    pub decoder: DecoderConfig,
    /// How it follows a melody; none if it does not.
    pub melody: Option<MelodyConfig>,
}

/// The settings of the network that writes codes; names and defaults are those of transformers'
/// `MusicgenDecoderConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct DecoderConfig {
    /// Codes of a book.
    pub vocab_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Numbers inside a feed-forward layer.
    pub ffn_dim: usize,
    /// Heads.
    pub num_attention_heads: usize,
    /// The activation of feed-forward layers.
    pub activation_function: String,
    /// Numbers of a frame between layers.
    pub hidden_size: usize,
    /// Books, of all channels together.
    pub num_codebooks: usize,
    /// Channels of the sound: 1, or 2 whose books take turns.
    pub audio_channels: usize,
    /// The code where a book has none; one above the last if absent.
    pub pad_token_id: Option<usize>,
    /// Numbers of what frames attend to, if not those of a frame; not supported.
    pub cross_attention_hidden_size: Option<usize>,
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self {
            vocab_size: 2_048,
            num_hidden_layers: 24,
            ffn_dim: 4_096,
            num_attention_heads: 16,
            activation_function: "gelu".to_owned(),
            hidden_size: 1_024,
            num_codebooks: 4,
            audio_channels: 1,
            pad_token_id: None,
            cross_attention_hidden_size: None,
        }
    }
}

/// How a melody is followed; names and defaults are those of transformers' `MusicgenMelodyConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MelodyConfig {
    /// Pitch classes.
    pub num_chroma: usize,
    /// Frames of melody that stand before the codes.
    pub chroma_length: usize,
}

impl Default for MelodyConfig {
    fn default() -> Self {
        Self { num_chroma: 12, chroma_length: 235 }
    }
}

impl MusicGenConfig {
    /// Reads the settings of a `config.json` of the kind `musicgen` or `musicgen_melody`.
    ///
    /// # Errors
    /// A fragment in words: a part that is missing, a field of another type, out of its range, or at odds with another.
    pub fn parse(json: &Value) -> Result<Self, String> {
        let part = |name: &str| json.get(name).ok_or(format!("it lacks its part `{name}`"));
        let within = |name: &'static str| move |error: String| format!("in {name}: {error}");
        let kind = part("text_encoder")?.get("model_type").and_then(Value::as_str);
        if let Some(kind) = kind.filter(|kind| *kind != "t5") {
            let kind: String = kind.chars().take(60).collect();
            return Err(format!("its text encoder is of the kind “{kind}”, not T5"));
        }
        let text = T5Config::parse(part("text_encoder")?).map_err(within("text_encoder"))?;
        let codec =
            EncodecConfig::parse(part("audio_encoder")?).map_err(within("audio_encoder"))?;
        let decoder = DecoderConfig::parse(part("decoder")?).map_err(within("decoder"))?;
        let is_melody = json.get("model_type").and_then(Value::as_str) == Some("musicgen_melody");
        let melody = is_melody.then(|| MelodyConfig::parse(json)).transpose()?;
        let config = Self { text, codec, decoder, melody };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let (codec, decoder) = (&self.codec, &self.decoder);
        if codec.audio_channels != 1 || codec.normalize || codec.chunk_length_s.is_some() {
            return Err("its codec is not one of one channel that takes a sound as a whole".into());
        }
        if codec.n_books() < decoder.books_of_channel() {
            return Err(format!(
                "the decoder writes {} books a channel, and the codec has {}",
                decoder.books_of_channel(),
                codec.n_books()
            ));
        }
        if codec.codebook_size < decoder.vocab_size {
            return Err(format!(
                "the decoder writes {} codes, and a book of the codec has {}",
                decoder.vocab_size, codec.codebook_size
            ));
        }
        Ok(())
    }

    /// Whether what T5 gives has another width than the decoder's frames, so that a layer is between.
    pub(super) fn has_projection(&self) -> bool {
        self.text.d_model != self.decoder.hidden_size
    }

    /// Frames a second.
    pub(super) fn frame_rate(&self) -> f64 {
        f64::from(self.codec.sampling_rate) / self.codec.hop() as f64
    }
}

impl DecoderConfig {
    fn parse(json: &Value) -> Result<Self, String> {
        let config = Self::deserialize(json).map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        within("vocab_size", self.vocab_size, 2, 1 << 16)?;
        within("num_hidden_layers", self.num_hidden_layers, 1, 128)?;
        within("ffn_dim", self.ffn_dim, 1, 1 << 16)?;
        within("hidden_size", self.hidden_size, 4, 1 << 14)?;
        within("num_attention_heads", self.num_attention_heads, 1, self.hidden_size)?;
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err("hidden_size is not a whole number of heads".to_owned());
        }
        within("audio_channels", self.audio_channels, 1, 2)?;
        within("num_codebooks", self.num_codebooks, self.audio_channels, 32)?;
        if !self.num_codebooks.is_multiple_of(self.audio_channels) {
            return Err("num_codebooks is not a whole number for each channel".to_owned());
        }
        within("pad_token_id", self.pad(), 0, self.vocab_size)?;
        if Activation::named(&self.activation_function).is_none() {
            let name: String = self.activation_function.chars().take(60).collect();
            return Err(format!("activation_function is “{name}”, which is not known here"));
        }
        if self.cross_attention_hidden_size.is_some_and(|it| it != self.hidden_size) {
            return Err("cross_attention_hidden_size is not supported".to_owned());
        }
        Ok(())
    }

    /// The code where a book has none.
    pub(super) fn pad(&self) -> usize {
        self.pad_token_id.unwrap_or(self.vocab_size)
    }

    pub(super) fn books_of_channel(&self) -> usize {
        self.num_codebooks / self.audio_channels
    }

    pub(super) fn activation(&self) -> Activation {
        Activation::named(&self.activation_function).unwrap_or(Activation::Gelu)
    }
}

impl MelodyConfig {
    fn parse(json: &Value) -> Result<Self, String> {
        let config = Self::deserialize(json).map_err(|error| error.to_string())?;
        within("num_chroma", config.num_chroma, 2, 1 << 10)?;
        within("chroma_length", config.chroma_length, 1, 1 << 14)?;
        Ok(config)
    }
}

fn within(name: &str, value: usize, from: usize, to: usize) -> Result<(), String> {
    let said = || format!("{name} is {value}, and must be from {from} to {to}");
    if (from..=to).contains(&value) { Ok(()) } else { Err(said()) }
}
