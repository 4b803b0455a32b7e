//! The library of sounds that were made here: generated, played, or sent through a model.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Recipe, UnixMs};

/// `sound.json` of a sound, beside `sound.wav` and `peaks.bin`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SoundCard {
    /// Version of this format; see [`SoundCard::FORMAT`].
    pub format: u32,
    /// The name people gave it.
    pub name: String,
    /// When it was made.
    pub created_ms: UnixMs,
    /// The version of Maquette that made it.
    pub version: String,
    /// How it was made.
    pub recipe: Recipe,
    /// What it is like.
    pub facts: SoundFacts,
    /// The parts whose sum it is, in order; [`SoundCard::part`] names the file of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

impl SoundCard {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
    /// The files of a sound's folder.
    pub const CARD: &'static str = "sound.json";
    /// Its samples.
    pub const SOUND: &'static str = "sound.wav";
    /// Its shape, to draw.
    pub const PEAKS: &'static str = "peaks.bin";
    /// The sound that came in, where one was sent through the models: at their sampling rate, as long as
    /// [`SoundCard::SOUND`] and in step with it, so that both can be compared.
    pub const INPUT: &'static str = "input.wav";

    /// The file of a part, by its number from 1: as long as [`SoundCard::SOUND`].
    #[must_use]
    pub fn part(number: usize) -> String {
        format!("part-{number}.wav")
    }
}

/// What a sound is like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SoundFacts {
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Samples of each channel.
    pub n_samples: u64,
    /// The largest sample, in dB below full scale; none for silence.
    #[serde(default)]
    pub peak_db: Option<f64>,
    /// Integrated loudness (EBU R 128), in LUFS; none for silence and for what is shorter than 0.4 s.
    #[serde(default)]
    pub loudness_lufs: Option<f64>,
    /// SHA-256 of `sound.wav`, in hexadecimal: whether two recipes gave the same sound. Empty while it is recorded.
    #[serde(default)]
    pub sha256: String,
}

/// A sound of the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sound {
    /// Its identifier.
    pub id: Id,
    /// The project that it lies in.
    pub project: Id,
    /// When it was taken into the library.
    pub added_ms: UnixMs,
    /// What it is.
    pub card: SoundCard,
    /// Whether somebody likes it.
    pub is_favourite: bool,
    /// Words of one's own.
    pub tags: Vec<String>,
    /// Its folder, to copy or to open.
    pub folder: String,
}

/// What is to be taken into the library of sounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewSound {
    /// The job that made it: a generation or a session.
    pub job: Id,
    /// The sound's folder in the job's.
    pub path: String,
    /// Another name than its card's.
    #[serde(default)]
    pub name: Option<String>,
}

/// What changes about a sound; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SoundChange {
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether somebody likes it.
    #[serde(default)]
    pub is_favourite: Option<bool>,
    /// Words of one's own.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
}
