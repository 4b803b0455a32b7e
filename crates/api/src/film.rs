//! Films of agents at play, rendered from recorded episodes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Episode, EpisodeKind, Id, Job};

/// A film to make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewFilm {
    /// The run whose agent plays.
    pub run: Id,
    /// What it shows.
    pub kind: FilmKind,
    /// Paths of the recorded episodes that it shows, in order; those that its kind means if empty.
    #[serde(default)]
    pub episodes: Vec<String>,
    /// A name; made from run and kind if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// How it looks.
    #[serde(default)]
    pub look: FilmLook,
}

/// What changes about a film; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FilmChange {
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether somebody likes it.
    #[serde(default)]
    pub is_favourite: Option<bool>,
    /// Whether somebody has watched it.
    #[serde(default)]
    pub is_watched: Option<bool>,
}

/// What a film shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilmKind {
    /// An episode at a tenth of the budget.
    Milestone,
    /// An episode after an hour of training.
    Hour,
    /// The best, the median and the worst episode of the finished agent.
    Evaluation,
    /// The whole training: every milestone and hour in order, with chapters.
    Journey,
    /// Stages of the training next to each other.
    Stages,
}

impl FilmKind {
    /// All that there are.
    pub const ALL: [Self; 5] =
        [Self::Milestone, Self::Hour, Self::Evaluation, Self::Journey, Self::Stages];

    /// The kind of a film of a single episode.
    pub fn of(kind: EpisodeKind) -> Self {
        match kind {
            EpisodeKind::Milestone => Self::Milestone,
            EpisodeKind::Hour => Self::Hour,
            EpisodeKind::Evaluation => Self::Evaluation,
        }
    }

    /// Its word, as in the JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Milestone => "milestone",
            Self::Hour => "hour",
            Self::Evaluation => "evaluation",
            Self::Journey => "journey",
            Self::Stages => "stages",
        }
    }
}

/// How a film looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilmLook {
    /// Width in pixels, even.
    pub width: u32,
    /// Height in pixels, even.
    pub height: u32,
    /// Whether a caption says game, share, steps and score.
    pub caption: bool,
    /// Whether the learning curve is drawn in a corner.
    pub curve: bool,
    /// Whether what the network sees and does is drawn beside the game.
    pub network: bool,
    /// Whether everything is shown at its full length; else a journey is cut to some minutes.
    pub full_length: bool,
}

impl Default for FilmLook {
    fn default() -> Self {
        Self {
            width: 640,
            height: 960,
            caption: true,
            curve: false,
            network: false,
            full_length: false,
        }
    }
}

/// The order to render a film.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FilmTask {
    /// What to make.
    pub film: NewFilm,
    /// The run's folder, relative to the job's.
    pub run_path: PathBuf,
    /// The name of the run.
    pub run_name: String,
    /// The episodes that it shows, in order.
    pub episodes: Vec<Episode>,
    /// What the run's score is called, and how it went: steps and values, for the learning curve.
    #[serde(default)]
    pub curve: Vec<(u64, f64)>,
}

/// What a finished film is: `result.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FilmResult {
    /// The film's path in the job's folder.
    pub file: String,
    /// The path of a picture of its best moment.
    pub thumbnail: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames of a second.
    pub frames_per_sec: u32,
    /// Frames in all.
    pub n_frames: u64,
    /// Its length in seconds.
    pub length_secs: f64,
    /// Size in bytes.
    pub bytes: u64,
    /// Seconds of processor time that it took.
    pub cpu_secs: f64,
    /// The game.
    pub game: String,
    /// The best score in it.
    pub score: f64,
    /// The agent's step in the last episode.
    pub step: u64,
    /// A title for where it is shown.
    pub title: String,
    /// A description for where it is shown, chapters with their times included.
    pub description: String,
    /// Its chapters.
    pub chapters: Vec<Chapter>,
}

/// A chapter of a film.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Chapter {
    /// Where it begins, in seconds.
    pub start_secs: f64,
    /// What it is.
    pub title: String,
}

/// A film as lists and pages show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Film {
    /// Its identifier.
    pub id: Id,
    /// Its job.
    pub job: Job,
    /// What was asked for.
    pub film: NewFilm,
    /// The name of the run.
    pub run_name: String,
    /// The game.
    pub game: String,
    /// What was made, once it is done.
    pub result: Option<FilmResult>,
    /// Its folder, to copy or to open.
    pub folder: String,
    /// Whether somebody likes it.
    pub is_favourite: bool,
    /// Whether nobody has watched it yet.
    pub is_new: bool,
}
