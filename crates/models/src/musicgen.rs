//! `MusicGen`: music from words, going on from a sound, or along a melody; weights are the user's, in a folder as a model
//! hub has it.
//!
//! T5 reads the prompt, a transformer writes codes frame by frame, and `EnCodec` turns them into sound.
//!
//! Sources: Copet et al., "Simple and Controllable Music Generation", 2023; names of tensors and settings are those of
//! transformers' `MusicgenForConditionalGeneration` and `MusicgenMelodyForConditionalGeneration`.

mod config;
mod decoder;
mod forecast;
mod generation;
mod kind;
mod melody;
mod pattern;
mod sampling;

use std::ops::ControlFlow;
use std::path::Path;

use nn::dense::{Linear, Precision};
use nn::weight_files::WeightFiles;

use crate::Error;
use crate::encodec::{Codes, Encodec};
use crate::hub::HubFolder;
use crate::layers::{Needed, Tensors, listed, loaded};
use crate::t5::T5;
use crate::tokenizer::Tokenizer;
use crate::words::{Abilities, Begin, BeginHow, BeginKind, MadeSound, Step, TextToAudio, Wish};

pub use config::{DecoderConfig, MelodyConfig, MusicGenConfig};
use decoder::Decoder;
pub(crate) use kind::{KIND, MELODY_KIND};
use sampling::Choice;

/// The most tokens of a prompt that are read.
const TOKENS_MAX: usize = 256;
/// The longest sound, in seconds.
const SECS_MAX: f64 = 300.0;
/// The usual guidance. Source: the paper, section 3.2.
const GUIDANCE: f64 = 3.0;

/// A model with its weights.
#[derive(Debug)]
pub struct MusicGen {
    config: MusicGenConfig,
    tokenizer: Tokenizer,
    text: T5,
    /// From T5's width to the decoder's; none if they are the same.
    projection: Option<Linear>,
    melody: Option<Melody>,
    decoder: Decoder,
    decoder_bytes: u64,
    codec: Encodec,
    abilities: Abilities,
}

/// How pitch classes become frames of the decoder.
#[derive(Debug)]
struct Melody {
    config: MelodyConfig,
    /// None if there are as many classes as numbers of a frame.
    projection: Option<Linear>,
}

/// What rows of the batch are told: those with prompts, and without if there is guidance.
#[derive(Debug, Default)]
struct Conditions {
    /// `[tokens][hidden]` of each row; the last one, of guidance, has none unless there is a negative prompt.
    prompts: Vec<Option<Vec<f32>>>,
    /// Of rows with a prompt.
    shares: Vec<f64>,
    /// What the last row is led away from by; none where there is none.
    guidance: Option<f64>,
    /// Tokens of the first prompt.
    n_tokens: usize,
    /// The pitch classes to follow.
    melody: Option<Vec<usize>>,
}

const TEXT: &str = "text_encoder.";
const CODEC: &str = "audio_encoder.";
const DECODER: &str = "decoder.";
const PROJECTION: &str = "enc_to_dec_proj";
const MELODY_PROJECTION: &str = "audio_enc_to_dec_proj";

impl MusicGen {
    /// Loads a folder.
    ///
    /// # Errors
    /// When it is none of such a model, a file is damaged or not whole, or a tensor is missing or of another shape.
    pub fn open(folder: &Path, precision: Precision) -> Result<Self, Error> {
        kind::open(&HubFolder::new(folder), precision)
    }

    fn load(
        config: MusicGenConfig,
        tokenizer: Tokenizer,
        files: &WeightFiles,
        precision: Precision,
    ) -> Result<Self, Error> {
        let around = |tensors: &mut Tensors| projections(tensors, &config);
        let ([projection, of_melody], _) = loaded(files, Precision::Float32, around)?;
        let melody = config.melody.map(|config| Melody { config, projection: of_melody });
        let decoder =
            |tensors: &mut Tensors| Decoder::new(tensors, &config.decoder, config.melody.is_none());
        let (decoder, decoder_bytes) = loaded(&files.within(DECODER), precision, decoder)?;
        Ok(Self {
            tokenizer,
            text: T5::load(config.text.clone(), &files.within(TEXT), precision)?,
            projection,
            melody,
            decoder,
            decoder_bytes,
            codec: Encodec::load(config.codec.clone(), &files.within(CODEC))?,
            abilities: abilities(&config),
            config,
        })
    }

    /// Names and shapes of the tensors that a configuration needs.
    #[must_use]
    pub fn tensors(config: &MusicGenConfig) -> Vec<(String, Vec<usize>)> {
        let part = |prefix: &'static str, shapes: Needed| {
            shapes.into_iter().map(move |(name, shape)| (format!("{prefix}{name}"), shape))
        };
        let decoder =
            listed(|tensors| Decoder::new(tensors, &config.decoder, config.melody.is_none()));
        part(TEXT, T5::tensors(&config.text))
            .chain(part(CODEC, Encodec::tensors(&config.codec)))
            .chain(part(DECODER, decoder))
            .chain(listed(|tensors| projections(tensors, config)))
            .collect()
    }

    /// Whether a tensor is none that is needed: of training, one that can be computed, or a second time the same.
    #[must_use]
    pub fn is_not_needed(name: &str) -> bool {
        name.strip_prefix(TEXT).is_some_and(T5::is_not_needed)
            || name.strip_prefix(CODEC).is_some_and(Encodec::is_of_training)
            || name == "decoder.model.decoder.embed_positions.weights"
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &MusicGenConfig {
        &self.config
    }

    /// Frames of a sound of that many seconds.
    fn n_frames(&self, secs: f64) -> usize {
        (secs * self.config.frame_rate()).round().max(1.0) as usize
    }

    /// What a prompt means to the decoder, `[tokens][hidden]`, and a note if it was cut.
    fn read(&self, prompt: &str) -> (Vec<f32>, Option<String>) {
        let encoded = self.tokenizer.encode(prompt, TOKENS_MAX);
        // A tokenizer may know more than the network does.
        let n = self.config.text.vocab_size as u32;
        let ids: Vec<u32> = encoded.ids.into_iter().filter(|id| *id < n).collect();
        let note = (encoded.n_cut > 0).then(|| {
            format!(
                "A prompt is longer than the {TOKENS_MAX} tokens that are read; {} were cut off at its end.",
                encoded.n_cut
            )
        });
        let states = self.text.run(&ids);
        let states = match &self.projection {
            Some(projection) => projection.run(&states),
            None => states,
        };
        (states, note)
    }

    fn conditions(&self, wish: &Wish) -> (Conditions, Vec<String>) {
        let guidance = Some(wish.guidance.unwrap_or(GUIDANCE)).filter(|it| *it > 1.0);
        let mut notes = vec![];
        let mut read = |text: &str| {
            let (states, note) = self.read(text);
            notes.extend(note);
            states
        };
        let mut prompts: Vec<Option<Vec<f32>>> =
            wish.prompts.iter().map(|it| Some(read(&it.text))).collect();
        let hidden = self.config.decoder.hidden_size;
        let n_tokens = prompts[0].as_ref().map_or(0, |it| it.len() / hidden);
        if guidance.is_some() {
            prompts.push(wish.negative.as_deref().map(&mut read));
        }
        let melody = match (&wish.begin, self.config.melody) {
            (Some(Begin { sound, how: BeginHow::Melody }), Some(config)) => {
                let mono = mixed(sound);
                Some(melody::melody(&mono, self.abilities.rate_hz, config.num_chroma))
            }
            _ => None,
        };
        if guidance.is_none() && wish.negative.is_some() {
            notes.push("Without guidance above 1 a negative prompt does nothing.".to_owned());
        }
        notes.dedup();
        (Conditions { prompts, shares: wish.shares(), guidance, n_tokens, melody }, notes)
    }

    /// Codes of a sound `[channels][samples]`, one frame after the other, books of channels taking turns; nothing if
    /// `go_on` ends it.
    fn frames_of(
        &self,
        sound: &[Vec<f32>],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Vec<Vec<u32>>>, Error> {
        let n_books = self.config.decoder.books_of_channel();
        let mut channels = Vec::with_capacity(sound.len());
        for channel in sound {
            let channel = std::slice::from_ref(channel);
            let Some(codes) = self.codec.encode_while(channel, None, go_on)? else {
                return Ok(None);
            };
            if codes.books.len() < n_books {
                let reason =
                    "its codec encodes with fewer books than the decoder writes".to_owned();
                return Err(Error::Unfit { reason });
            }
            channels.push(codes.books);
        }
        let n_frames = channels[0][0].len();
        let code = |frame: usize, book: usize| {
            let n = channels.len();
            channels[book % n][book / n][frame] as u32
        };
        let books = self.config.decoder.num_codebooks;
        let frame = |frame| (0..books).map(|book| code(frame, book)).collect();
        Ok(Some((0..n_frames).map(frame).collect()))
    }

    /// The sound of books, `[channels][samples]`; nothing if `go_on` ends it.
    fn sound_of(
        &self,
        books: &[Vec<i64>],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Vec<Vec<f32>>>, Error> {
        let n = self.config.decoder.audio_channels;
        let mut sound = vec![];
        for channel in 0..n {
            let books = books.iter().skip(channel).step_by(n).cloned().collect();
            let codes = Codes { books, scales: vec![] };
            let Some(made) = self.codec.decode_while(&codes, go_on)? else { return Ok(None) };
            sound.extend(made);
        }
        Ok(Some(sound))
    }
}

/// What a model of a configuration can do.
fn abilities(config: &MusicGenConfig) -> Abilities {
    Abilities {
        rate_hz: config.codec.sampling_rate,
        n_channels: config.decoder.audio_channels,
        max_secs: SECS_MAX,
        steps: None,
        guidance: GUIDANCE,
        takes_negative: true,
        begins: match config.melody {
            None => vec![BeginKind::Continue],
            Some(_) => vec![BeginKind::Melody, BeginKind::Continue],
        },
        takes_adapters: false,
        writes_codes: true,
        max_tokens: TOKENS_MAX,
    }
}

impl TextToAudio for MusicGen {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn weight_bytes(&self) -> u64 {
        let codec = Encodec::tensors(&self.config.codec);
        let codec: usize = codec.iter().map(|(_, shape)| 4 * shape.iter().product::<usize>()).sum();
        self.text.n_bytes() + self.decoder_bytes + codec as u64
    }

    fn sound_bytes(&self, wish: &Wish) -> u64 {
        forecast::sound_bytes(&self.config, wish)
    }

    fn make(
        &self,
        wish: &Wish,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Option<MadeSound>, Error> {
        wish.check(&self.abilities)?;
        if wish.noise.is_some() {
            let reason = "it begins with no noise; to compare it, let it be greedy".to_owned();
            return Err(Error::Unfit { reason });
        }
        let n_frames = self.n_frames(wish.secs);
        let begun = match &wish.begin {
            Some(Begin { sound, how: BeginHow::Continue }) => Some(sound),
            _ => None,
        };
        let n_given = begun.map_or(0, |sound| sound[0].len().div_ceil(self.config.codec.hop()));
        if n_given >= n_frames {
            let secs = n_given as f64 / self.config.frame_rate();
            let reason =
                format!("the sound to go on from is {secs:.2} s long; ask for more than that");
            return Err(Error::Unfit { reason });
        }
        // The codec's part is no step of its own, but can be ended like one.
        let of = self.n_steps(n_given, n_frames);
        let given = match begun {
            None => Some(vec![]),
            Some(sound) => {
                self.frames_of(sound, &mut || watch(Step { done: 0, of }).is_continue())?
            }
        };
        let Some(given) = given else { return Ok(None) };
        let (conditions, notes) = self.conditions(wish);
        let mut choice = if wish.is_greedy { Choice::greedy() } else { Choice::random(wish.seed) };
        let written = self.write(given, n_frames, &conditions, &mut choice, watch);
        let Some(frames) = written else { return Ok(None) };
        let book = |book: usize| frames.iter().map(|codes| i64::from(codes[book])).collect();
        let books: Vec<Vec<i64>> = (0..self.config.decoder.num_codebooks).map(book).collect();
        let go_on = &mut || watch(Step { done: of, of }).is_continue();
        let Some(sound) = self.sound_of(&books, go_on)? else { return Ok(None) };
        Ok(Some(MadeSound { sound, codes: Some(books), notes }))
    }
}

impl Melody {
    /// The frames that stand before the codes, `[chroma_length][hidden]`: pitch classes from `offset` on, over and over
    /// again; the first class throughout if there is no melody.
    fn frames(&self, classes: &[usize], offset: usize) -> Vec<f32> {
        let MelodyConfig { num_chroma, chroma_length } = self.config;
        let mut chroma = vec![0.0; num_chroma * chroma_length];
        for (i, frame) in chroma.chunks_exact_mut(num_chroma).enumerate() {
            let class = classes.get((offset + i) % classes.len().max(1));
            frame[class.copied().unwrap_or(0)] = 1.0;
        }
        match &self.projection {
            Some(projection) => projection.run(&chroma),
            None => chroma,
        }
    }
}

/// What brings prompts, and the classes of a melody, to the width of the decoder; each only where it is needed.
fn projections(tensors: &mut Tensors, config: &MusicGenConfig) -> [Option<Linear>; 2] {
    let hidden = config.decoder.hidden_size;
    let has_text = config.has_projection();
    let text = has_text.then(|| tensors.linear(PROJECTION, [config.text.d_model, hidden]));
    let melody = config.melody.filter(|it| it.num_chroma != hidden);
    [text, melody.map(|it| tensors.linear(MELODY_PROJECTION, [it.num_chroma, hidden]))]
}

/// The mean of all channels.
fn mixed(sound: &[Vec<f32>]) -> Vec<f32> {
    let n = sound.len() as f32;
    let at = |i: usize| sound.iter().map(|channel| channel[i]).sum::<f32>() / n;
    (0..sound[0].len()).map(at).collect()
}

#[cfg(test)]
mod tests;
