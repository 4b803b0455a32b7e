//! Recipes: how a sound was made with models, whole enough to make it again.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, ModelPlace, PatternId, WordsBegin};

/// How a sound is made: the same recipe gives the same samples again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recipe {
    /// The models that play, the first one's latents being those that sources speak of. At least one, except where sounds
    /// are blended without latents.
    pub models: Vec<RecipeModel>,
    /// What they play.
    pub source: RecipeSource,
    /// Controls that are not at their defaults, by key: see [`crate::CONTROLS`].
    #[serde(default)]
    pub controls: BTreeMap<String, f64>,
    /// The standard deviation of each latent direction over the model's dataset, which units of latents mean;
    /// 1 where there is none. From the model's map.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<f32>,
    /// What every random number follows from; at most [`crate::SEED_MAX`].
    #[serde(default)]
    pub seed: u64,
    /// How long it is to be, in seconds; a sound's or a path's own length if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secs: Option<f64>,
    /// The random numbers of a variation and how far it goes, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<Variation>,
    /// The loudness to bring it to, in LUFS; as it comes if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loudness_lufs: Option<f64>,
    /// How its edges are finished; as they come if absent.
    #[serde(default, skip_serializing_if = "Finish::is_nothing")]
    pub finish: Finish,
    /// How its samples are stored.
    #[serde(default)]
    pub format: SampleFormat,
}

/// What is done to the edges of a sound after it was made, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Finish {
    /// Silence at both ends is cut off.
    pub trims_silence: bool,
    /// The end is blended into the start over so many seconds, so that the sound repeats without a seam; it becomes as much
    /// shorter. 0 does nothing.
    pub loop_secs: f64,
    /// It fades in over so many seconds.
    pub fade_in_secs: f64,
    /// It fades out over so many seconds.
    pub fade_out_secs: f64,
}

impl Finish {
    /// The longest fade or blend, in seconds.
    pub const SECS_MAX: f64 = 30.0;

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A slow random drift of the latents around what the source says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Variation {
    /// How far it drifts, in standard deviations of each direction: 0 to 2.
    pub amount: f64,
    /// What its random numbers follow from.
    pub seed: u64,
}

/// How samples are stored in a WAV file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SampleFormat {
    /// 16-bit integers; plays everywhere.
    Int16,
    /// 24-bit integers.
    #[default]
    Int24,
    /// 32-bit floats.
    Float32,
}

/// A model of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecipeModel {
    /// Where it is.
    pub place: ModelPlace,
    /// What it was called.
    #[serde(default)]
    pub name: String,
    /// SHA-256 of its weights, in hexadecimal; filled in when the sound is made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
    /// The licence of its weights, if they are somebody else's; filled in when the sound is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
}

impl RecipeModel {
    /// A model of which nothing but its place is known yet, and what it is called, if that is.
    #[must_use]
    pub fn at(place: ModelPlace, name: &str) -> Self {
        Self { place, name: name.to_owned(), sha256: String::new(), licence: None }
    }
}

/// What models play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum RecipeSource {
    /// A sound, sent through the models.
    Sound {
        /// The sound.
        sound: SoundPlace,
        /// Whether the transposition is found from the pitch of the sound and of the model's dataset.
        #[serde(default)]
        transposes_to_model: bool,
    },
    /// What a prior makes up.
    Prior {
        /// The prior.
        prior: RecipeModel,
        /// A sound to go on from, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<SoundPlace>,
        /// How much of that sound it hears, from the sound's start, in seconds; all if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_secs: Option<f64>,
    },
    /// From point to point through the latent space, in equal times.
    Path {
        /// At least one point: coordinates along the first directions, in standard deviations.
        points: Vec<Vec<f32>>,
        /// The way between them.
        #[serde(default)]
        way: Way,
        /// Whether it returns to its first point.
        #[serde(default)]
        is_closed: bool,
    },
    /// A recorded or drawn movement.
    Trajectory {
        /// Coordinates along the first directions, in standard deviations, one frame after the other.
        frames: Vec<Vec<f32>>,
        /// Frames per second.
        rate_hz: f64,
    },
    /// A random walk that stays where the dataset's latents are.
    Walk {
        /// How fast it wanders, 0.01 to 20: about how often a second it comes to another place.
        speed_hz: f64,
        /// How far it goes, in standard deviations: 0 to 3.
        range: f64,
        /// Where it begins, along the first directions; at the mean if empty.
        #[serde(default)]
        start: Vec<f32>,
    },
    /// What words say, by a model of others that makes sound from words; then it is the only model.
    Words(WordsSource),
    /// Sounds that are blended; only latents need a model, the only one.
    Blend(BlendSource),
    /// A recording of a live session, made again from the sound that came in and the moves of its controls.
    Performance {
        /// The sound that came in, relative to the recipe.
        #[schema(value_type = String)]
        input: PathBuf,
        /// What was moved and when, relative to the recipe.
        #[schema(value_type = String)]
        moves: PathBuf,
    },
}

/// Sounds that are blended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BlendSource {
    /// The sounds, 1 to [`BlendSource::SOUNDS_MAX`].
    pub sounds: Vec<BlendSound>,
    /// How.
    #[serde(default)]
    pub way: BlendWay,
    /// The length of a grain, in seconds; of grains.
    #[serde(default = "usual_grain")]
    pub grain_secs: f64,
    /// How far a grain may lie from its time in the sound, in seconds; of grains.
    #[serde(default)]
    pub scatter_secs: f64,
    /// The number of the sound, from 0, whose rhythm the result keeps: its loudness over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhythm: Option<u32>,
}

impl BlendSource {
    /// The most sounds.
    pub const SOUNDS_MAX: usize = 16;
    /// The longest sound, in seconds: what is longer is cut.
    pub const SECS_MAX: f64 = 120.0;
}

fn usual_grain() -> f64 {
    0.12
}

/// A sound that is blended with others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BlendSound {
    /// Where it is.
    pub sound: SoundPlace,
    /// Its share, from 0; shares need not add up to 1. Of layers, how loud it is: 1 as it is.
    #[serde(default = "whole")]
    pub weight: f64,
}

/// How sounds are blended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlendWay {
    /// Short grains of one and of another follow and overlap each other.
    #[default]
    Grains,
    /// Spectra are averaged, moment by moment, on a scale of decibels.
    Spectra,
    /// Latents of a model are averaged along a sphere, moment by moment, and decoded.
    Latents,
    /// A way through the latents of a model: from the first sound to the last, each as long as its share.
    Path,
    /// The sounds sound together, each from its start.
    Layers,
}

impl BlendWay {
    /// Whether a model is needed for it.
    #[must_use]
    pub fn needs_model(self) -> bool {
        matches!(self, Self::Latents | Self::Path)
    }

    /// Whether two of the same sounds may differ, by their seeds.
    #[must_use]
    pub fn is_random(self) -> bool {
        !matches!(self, Self::Spectra | Self::Layers)
    }
}

/// What a sound is to be, in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct WordsSource {
    /// What it is to be; several are mixed.
    #[schema(required)]
    pub prompts: Vec<WordsPrompt>,
    /// What it is not to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative: Option<String>,
    /// Steps of the sampler; the model's usual number if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// How closely it follows the words: 1 is as it learnt; the model's usual guidance if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f64>,
    /// A sound to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin: Option<WordsStart>,
    /// Sections that follow on the first, each with words of its own: each goes on from the one before where the model
    /// can, and is blended into it where it cannot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<WordsSection>,
    /// Parts that sound together, each by words of its own with the prompts added to them: all come to one tempo and key,
    /// are kept beside the sound, and their sum is the sound.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<WordsPart>,
    /// The tempo: it is said in the prompts, and beats that are found come to it by stretching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tempo: Option<WordsTempo>,
    /// The key, such as `A minor`: it is said in the prompts, and a part in another key of its mode is transposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Adapters that are added to the model's weights; the model must take them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub adapters: Vec<WordsAdapter>,
    /// Whether large weights are held in 8 bits: less memory, and faster where a model writes one token after the other.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_8_bits: bool,
}

/// An adapter and how much of it is added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsAdapter {
    /// The adapter: a model of the library, or a file.
    pub adapter: RecipeModel,
    /// How much of it: 1 as it was trained, 0 nothing, below 0 away from it.
    #[serde(default = "whole")]
    pub weight: f64,
}

impl WordsAdapter {
    /// The most of an adapter that is added or taken away.
    pub const WEIGHT_MAX: f64 = 4.0;
}

/// A section of a sound from words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsSection {
    /// What it is to be; several are mixed.
    pub prompts: Vec<WordsPrompt>,
    /// How long it is to be, in seconds.
    pub secs: f64,
}

/// A part of a sound from words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsPart {
    /// What it is called: `drums`.
    pub name: String,
    /// What it is to be.
    pub prompt: String,
    /// How loud it is in the sum, in dB.
    #[serde(default)]
    pub gain_db: f64,
}

/// A tempo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsTempo {
    /// Beats per minute; at the start, if it changes.
    pub bpm: f64,
    /// Beats per minute at the end; the same if absent. It changes evenly from beat to beat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_bpm: Option<f64>,
}

/// A prompt and its share of a mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsPrompt {
    /// The words.
    pub text: String,
    /// Its weight, above 0; weights need not add up to 1.
    #[serde(default = "whole")]
    pub weight: f64,
}

fn whole() -> f64 {
    1.0
}

/// A sound that a model that makes sound from words begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsStart {
    /// The sound.
    pub sound: SoundPlace,
    /// How it begins with it.
    pub how: WordsBegin,
    /// To vary a sound: 0 keeps it as the model's codec gives it, 1 keeps nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
    /// To fill a gap: where it begins and where it ends, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_secs: Option<[f64; 2]>,
}

/// The way from one point to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Straight.
    #[default]
    Linear,
    /// Along a sphere around the mean: directions turn evenly, lengths change evenly.
    Sphere,
}

/// Where a sound is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "in", rename_all = "snake_case")]
pub enum SoundPlace {
    /// In the library of sounds.
    Library {
        /// Its identifier.
        id: Id,
    },
    /// In a dataset.
    Dataset {
        /// The dataset.
        dataset: Id,
        /// The sound's place in it, from 0.
        idx: u32,
    },
    /// In what a generation made.
    Generation {
        /// The generation.
        id: Id,
        /// Its number in it, from 1.
        number: u32,
    },
    /// Dropped on the page.
    Upload {
        /// The upload.
        upload: Id,
    },
    /// A file on this computer.
    File {
        /// Absolute path.
        #[schema(value_type = String)]
        path: PathBuf,
    },
    /// A pattern of the memory.
    Pattern {
        /// Which.
        id: PatternId,
        /// Where its samples are; filled in when it is used, so that the memory may forget it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        excerpt: Option<Excerpt>,
    },
}

/// A part of a sound file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Excerpt {
    /// The file.
    #[schema(value_type = String)]
    pub path: PathBuf,
    /// What the part is called.
    pub name: String,
    /// Where it begins and ends, in seconds; the whole file if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_secs: Option<[f64; 2]>,
}
