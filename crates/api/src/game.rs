//! Games that agents learn, and episodes of them that were recorded.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A game, as it is before it is played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Game {
    /// Its name in settings and commands, like `brick`.
    pub key: String,
    /// Its name for people.
    pub title: String,
    /// What one does in it, in a sentence.
    pub about: String,
    /// Raised whenever the same actions no longer give the same frames.
    pub version: u32,
    /// What can be done in it; the first does nothing, if there is such an action.
    pub actions: Vec<String>,
    /// Keys of a keyboard, by the browser's names, with the index of the action of each.
    pub keys: Vec<GameKey>,
    /// How many can play, 1 or 2; an opponent is scripted unless somebody plays it.
    pub n_players: u32,
    /// Frames for which an agent holds an action; there are 60 in a second.
    pub frame_skip: u32,
    /// What agents can see of it: `planes`, `screen`, `numbers`.
    pub observations: Vec<String>,
    /// What a score counts, like `bricks`.
    pub score_unit: String,
    /// What others reach in it.
    pub yardsticks: Vec<Yardstick>,
}

/// A key that plays an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GameKey {
    /// The browser's name, like `ArrowLeft`.
    pub key: String,
    /// The index of the action.
    pub action: u32,
}

/// A score to compare an agent's with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Yardstick {
    /// Who reaches it: `random`, `scripted`, `person`.
    pub player: String,
    /// The mean score.
    pub score: f64,
    /// Whether it was estimated rather than measured, as that of a person is.
    pub is_estimate: bool,
}

/// What an agent reached in some episodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Played {
    /// The game, with what others reach in it.
    pub game: Game,
    /// The seed that the episodes follow from.
    pub seed: u64,
    /// The score of each episode, in the order in which they were played.
    pub scores: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// How far they lie apart: the standard deviation of a sample, 0 for a single episode.
    pub deviation: f64,
    /// The best score.
    pub best: f64,
    /// The score that as many episodes exceed as fall short of.
    pub median: f64,
    /// The worst score.
    pub worst: f64,
    /// The mean length of an episode, in frames of 1/60 s.
    pub mean_frames: f64,
}

/// An episode that an agent played, recorded as its actions: any film of it can be made from that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Episode {
    /// The recording's path in the run's folder.
    pub path: String,
    /// Why it was recorded.
    pub kind: EpisodeKind,
    /// What it is, like `30 %` or `Hour 2`.
    pub title: String,
    /// The agent's step.
    pub step: u64,
    /// The share of the run's budget that was used, 0 to 1, if it has one.
    pub share: Option<f64>,
    /// Seconds of training before it.
    pub elapsed_secs: f64,
    /// Its score.
    pub score: f64,
    /// Its length, in frames of 1/60 s.
    pub n_frames: u64,
    /// The game.
    pub game: String,
    /// The version of the game: no other plays the recording.
    pub game_version: u32,
    /// The path of the agent as it was, in the run's folder, to show what it saw and did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// Why an episode was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeKind {
    /// A tenth of the budget was used; each plays the same seed.
    Milestone,
    /// An hour of training was over.
    Hour,
    /// The run ended: the best, the median and the worst of some episodes.
    Evaluation,
}
