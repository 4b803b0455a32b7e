//! Playing a game in the page: alone, with an agent, or against it.
//!
//! It is a job that stays and answers on a socket; the server passes its messages on to the page, each a binary
//! message of a WebSocket whose first byte says what it is.
//!
//! To the page:
//! - 1: [`PlayHello`] as JSON, first of all.
//! - 2: a frame. A byte of flags (1: the game is over, 2: the person's action was played), lives, the action, the
//!   score as a little-endian `f32`; then `width * height` indices of colours, row after row; then a byte for
//!   each action, the probability that the agent gives it, 255 for 1, if there is an agent.
//!
//! From the page:
//! - 1: a byte for [`PlayMode`] by its order, and the action that is asked for, or 255 for none.
//! - 2: begin anew.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Game, Id};

/// A game to play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewPlay {
    /// The game; that of the agent if absent.
    #[serde(default)]
    pub game: Option<String>,
    /// The run whose newest agent plays.
    #[serde(default)]
    pub run: Option<Id>,
    /// The model of the library that plays.
    #[serde(default)]
    pub model: Option<Id>,
}

/// The order to play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlayTask {
    /// The game; that of the agent if absent.
    #[serde(default)]
    pub game: Option<String>,
    /// The agent's weights, relative to the job's folder.
    #[serde(default)]
    pub agent: Option<PathBuf>,
    /// What the agent is called.
    #[serde(default)]
    pub agent_name: String,
}

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlayMode {
    /// The agent; a scripted player if there is none.
    Watch,
    /// The person.
    Play,
    /// The person while a key is held, else the agent.
    TakeOver,
    /// The agent, and the person as the second player.
    Against,
}

/// What a page is told before the first frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlayHello {
    /// The game.
    pub game: Game,
    /// Columns of the screen.
    pub width: u32,
    /// Rows of the screen.
    pub height: u32,
    /// Its colours: red, green and blue.
    pub palette: Vec<[u8; 3]>,
    /// What the agent is called; none without one.
    pub agent: Option<String>,
}

/// `session.json`: where a job answers, for the studio alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionAddress {
    /// The port on this computer.
    pub port: u16,
    /// The first 32 bytes that a connection says, so that no other program gets in.
    pub token: String,
}
