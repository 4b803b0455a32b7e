//! Live sessions: models that play in the page, as an instrument.
//!
//! A session is a job that stays and answers on a socket; the server passes its messages on to the page, each a
//! binary message of a WebSocket whose first byte says what it is. All numbers are little-endian.
//!
//! From the page:
//! - 1: sound to play. `u32` number of the block, `u16` samples, a byte of channels (0: silence), then the samples
//!   as `f32`, channel after channel. It is answered by exactly one message 1.
//! - 2: controls. Any number of pairs: `u16` number of the control, `f32` value.
//! - 3: a point for pad and sliders: a `f32` for each of the first directions, in standard deviations.
//! - 4: a [`SessionCommand`] as JSON.
//!
//! To the page:
//! - 1: sound. `u32` number of the block that it answers, `u16` samples, a byte of channels, a byte of flags (1: this
//!   block took longer to compute than it lasts; 2: the limiter worked), then the samples, channel after channel.
//! - 2: how it goes, about 20 times a second: a `f32` each for the input's peak, the output's peak, the limiter's
//!   gain (1: none), the share of the time that computing takes (mean since the last one, then the largest), the
//!   place in the loaded sound in seconds, the place in the path in seconds, the seconds recorded (−1: not
//!   recording), the median pitch of the input in Hz (0: none); a `u32` of slow blocks so far; then a `f32` for each of
//!   the first directions: where the latents are, in standard deviations.
//! - 3: [`SessionHello`] as JSON, first of all.
//! - 4: a [`SessionNotice`] as JSON.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, LiveWeights, Problem, RecipeModel, SessionControl, SoundPlace, Way};

/// A session to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewSession {
    /// Models of the library, one to four, with the same sampling rate and channels.
    pub models: Vec<Id>,
    /// The precision of their weights.
    #[serde(default)]
    pub weights: LiveWeights,
    /// What every random number follows from.
    #[serde(default)]
    pub seed: u64,
    /// Whether the models' own noise is heard.
    #[serde(default = "yes")]
    pub has_noise: bool,
}

fn yes() -> bool {
    true
}

/// The order to play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionTask {
    /// The models, with the SHA-256 of their weights.
    pub models: Vec<RecipeModel>,
    /// The precision of their weights.
    #[serde(default)]
    pub weights: LiveWeights,
    /// What every random number follows from.
    #[serde(default)]
    pub seed: u64,
    /// Whether the models' own noise is heard.
    #[serde(default = "yes")]
    pub has_noise: bool,
    /// The standard deviation of each direction over the dataset, from the first model's map if it has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<f32>,
}

/// What a page is told first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionHello {
    /// The names of the models.
    pub models: Vec<String>,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels of sound.
    pub channels: u32,
    /// Samples per latent frame of the first model.
    pub ratio: u32,
    /// Latents of the first model.
    pub latent_size: u32,
    /// Directions that have controls, and that messages speak of.
    pub n_directions: u32,
    /// By how many samples the output is late, blocks not counted.
    pub latency_samples: u32,
    /// The longest block, in samples.
    pub block_max: u32,
    /// Whether other models can decode the first one's latents.
    pub can_share_latents: bool,
    /// The standard deviation of each of the directions, in the model's own units.
    pub deviations: Vec<f32>,
    /// The controls of the session, and where they stand, by number.
    pub controls: Vec<SessionControl>,
    /// The controls of each direction.
    pub direction_controls: Vec<SessionControl>,
    /// Where controls stand that are not at their defaults: number and value.
    pub values: Vec<(u16, f32)>,
    /// What is loaded.
    pub loaded: SessionLoaded,
}

/// What is loaded into a session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionLoaded {
    /// The sound, if there is one.
    #[serde(default)]
    pub sound: Option<LoadedSound>,
    /// The name of the prior, if there is one.
    #[serde(default)]
    pub prior: Option<String>,
    /// The length of the path in seconds, if there is one.
    #[serde(default)]
    pub path_secs: Option<f64>,
    /// The name of the recording under way, if there is one.
    #[serde(default)]
    pub recording: Option<String>,
}

/// A sound that is loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoadedSound {
    /// What it is called.
    pub name: String,
    /// Its length, in seconds.
    pub secs: f64,
    /// Its least and largest samples in 512 equal parts, in 1/127 of full scale, to draw.
    pub min: Vec<i8>,
    /// The largest ones.
    pub max: Vec<i8>,
}

/// What a page asks of a session besides moving controls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum SessionCommand {
    /// Load a sound, to play into the model.
    Load {
        /// The sound.
        sound: SoundPlace,
    },
    /// Go to a place in the loaded sound.
    Seek {
        /// Seconds from its start.
        secs: f64,
    },
    /// Repeat a part of the loaded sound.
    Loop {
        /// Its start in seconds,
        from: f64,
        /// and its end.
        to: f64,
    },
    /// Go from point to point, in equal times.
    Path {
        /// At least one point, in standard deviations along the first directions.
        points: Vec<Vec<f32>>,
        /// The way between them.
        #[serde(default)]
        way: Way,
        /// Whether it returns to its first point.
        #[serde(default)]
        is_closed: bool,
        /// Seconds from point to point.
        secs: f64,
    },
    /// Follow a recorded or drawn movement.
    Trajectory {
        /// One frame after the other, in standard deviations along the first directions.
        frames: Vec<Vec<f32>>,
        /// Frames per second.
        rate_hz: f64,
    },
    /// Go to a place in the path.
    SeekPath {
        /// Seconds from its start.
        secs: f64,
    },
    /// Load a prior of the first model.
    Prior {
        /// A model of the library.
        model: Id,
    },
    /// Let the prior begin anew.
    RestartPrior {
        /// What its random numbers follow from.
        seed: u64,
    },
    /// Begin to record.
    Record {
        /// A name for the sound.
        name: String,
    },
    /// End the recording: it goes to the library of sounds.
    StopRecording,
    /// Silence everything that still sounds, and let all models begin anew.
    Reset,
}

/// What a session tells a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum SessionNotice {
    /// Something was loaded, or a recording began or ended.
    Loaded {
        /// What is loaded now.
        loaded: SessionLoaded,
    },
    /// A recording has ended.
    Recorded {
        /// Its folder in the job's: a sound with its card.
        #[schema(value_type = String)]
        path: PathBuf,
        /// Its name.
        name: String,
        /// Its length, in seconds.
        secs: f64,
    },
    /// Something that was asked for could not be done.
    Failed {
        /// Why, and what to do.
        problem: Problem,
    },
    /// Another page has taken the session over; this connection ends.
    TakenOver,
}

/// How a sound went through models as in a live session, block by block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlayedThrough {
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels of sound.
    pub channels: u32,
    /// Its length, in seconds.
    pub secs: f64,
    /// Samples of a block.
    pub block: u32,
    /// By how many samples the output is late.
    pub latency_samples: u32,
    /// How many times faster than it lasts it was computed, on one core.
    pub times_real_time: f64,
    /// How long a block took in the median, in milliseconds.
    pub block_ms_median: f64,
    /// How long all but one in a hundred took, in milliseconds.
    pub block_ms_99: f64,
    /// How long the slowest took, in milliseconds.
    pub block_ms_worst: f64,
}
