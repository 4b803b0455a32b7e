//! A recording of an episode: the game, its seed and every action, which is all that its frames depend on.
//!
//! It is written as JSON. Actions are a string with a digit for each decision (0 to 9, then a to z), so that
//! hours of play take kilobytes. A checksum covers all that decides the frames, and what came of them.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Options};

/// Decisions that a recording may have: 18 hours of four frames each.
const DECISIONS_MAX: usize = 1_000_000;
/// Bytes that a start in the middle of an episode may have.
const START_BYTES_MAX: usize = 1 << 16;
/// Bytes that a file may have.
const FILE_BYTES_MAX: usize = 4 << 20;
/// The only format so far.
const FORMAT: u32 = 1;
const FRAME_SKIP_MAX: u32 = 60;
const IDLE_FRAMES_MAX: u32 = 600;
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// The digit of a second player who let the scripted one play.
const SCRIPTED: u8 = b'-';

/// An episode, or the part of one that follows a saved state.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The game.
    pub key: String,
    /// Its version.
    pub version: u32,
    /// What the game began with.
    pub seed: u64,
    /// What was chosen of it.
    pub options: Options,
    /// Frames for which each action was held.
    pub frame_skip: u32,
    /// Idle frames before the first action.
    pub n_idle_frames: u32,
    /// The state that it starts from, if not from the beginning.
    pub start: Option<Vec<u8>>,
    /// An action for each decision.
    pub actions: Vec<u8>,
    /// Those of the second player, `None` where its scripted one played; empty if that played throughout.
    pub second: Vec<Option<u8>>,
    /// Frames from the start to the end; the last action may have been cut short.
    pub n_frames: u32,
    /// The score at the end.
    pub score: f64,
    /// What people want to know of it; nothing depends on it.
    pub titles: Titles,
}

/// What people want to know of a recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Titles {
    /// What it is.
    pub title: String,
    /// Who played.
    pub player: String,
    /// The step of training that the player had reached.
    pub step: Option<u64>,
    /// The share of the training's budget that was used, from 0 to 1.
    pub share: Option<f64>,
}

/// What is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    game: String,
    version: u32,
    seed: u64,
    #[serde(default)]
    options: Options,
    frame_skip: u32,
    #[serde(default)]
    n_idle_frames: u32,
    n_frames: u32,
    score: f64,
    #[serde(default)]
    titles: Titles,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    actions: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    second: String,
    checksum: String,
}

impl Recording {
    /// Writes it as JSON.
    ///
    /// # Errors
    /// When it is too long, or empty.
    pub fn to_json(&self) -> Result<String, Error> {
        self.check()?;
        let written = Written {
            format: FORMAT,
            game: self.key.clone(),
            version: self.version,
            seed: self.seed,
            options: self.options,
            frame_skip: self.frame_skip,
            n_idle_frames: self.n_idle_frames,
            n_frames: self.n_frames,
            score: self.score,
            titles: self.titles.clone(),
            start: self.start.as_deref().map(hex),
            actions: self.actions.iter().map(|it| digit(Some(*it))).collect(),
            second: self.second.iter().map(|it| digit(*it)).collect(),
            checksum: self.checksum(),
        };
        serde_json::to_string(&written).map_err(|_| refused("it cannot be written"))
    }

    /// Reads it from JSON. Whether its game has the same version is left to [`crate::Replay`].
    ///
    /// # Errors
    /// When it is not a recording, was written by a newer version, was changed, or is of an absurd size.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        if text.len() > FILE_BYTES_MAX {
            return Err(refused("its file is too big"));
        }
        let written: Written = serde_json::from_str(text).map_err(|_| DAMAGED)?;
        if written.format != FORMAT {
            return Err(refused("its format is that of another version of this program"));
        }
        let action = |byte: u8| undigit(byte).ok_or(DAMAGED);
        let second = |byte: u8| (byte != SCRIPTED).then(|| action(byte)).transpose();
        let recording = Self {
            key: written.game,
            version: written.version,
            seed: written.seed,
            options: written.options,
            frame_skip: written.frame_skip,
            n_idle_frames: written.n_idle_frames,
            start: written.start.map(|it| unhex(&it).ok_or(DAMAGED)).transpose()?,
            actions: written.actions.bytes().map(action).collect::<Result<_, _>>()?,
            second: written.second.bytes().map(second).collect::<Result<_, _>>()?,
            n_frames: written.n_frames,
            score: written.score,
            titles: written.titles,
        };
        recording.check()?;
        if recording.checksum() != written.checksum {
            return Err(Error::Damaged { what: "the recording (its checksum differs)" });
        }
        Ok(recording)
    }

    /// SHA-256 of all that decides the frames, and of what came of them.
    #[must_use]
    pub fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(self.key.as_bytes());
        part(&self.version.to_le_bytes());
        part(&self.seed.to_le_bytes());
        part(format!("{:?}", self.options.opponent).as_bytes());
        part(&self.frame_skip.to_le_bytes());
        part(&self.n_idle_frames.to_le_bytes());
        part(&[u8::from(self.start.is_some())]);
        part(self.start.as_deref().unwrap_or_default());
        part(&self.actions);
        part(&self.second.iter().map(|it| it.unwrap_or(u8::MAX)).collect::<Vec<u8>>());
        part(&self.n_frames.to_le_bytes());
        part(&self.score.to_le_bytes());
        hex(&hash.finalize())
    }

    /// Whether it is of a sensible size.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let n = self.actions.len();
        let frames_max = n as u64 * u64::from(self.frame_skip) + u64::from(self.n_idle_frames);
        let digits_max = DIGITS.len() as u8;
        let why = if n == 0 || self.n_frames == 0 {
            "nothing happens in it"
        } else if n > DECISIONS_MAX {
            "it is too long"
        } else if !(1..=FRAME_SKIP_MAX).contains(&self.frame_skip) {
            "its actions are held for too long"
        } else if self.n_idle_frames > IDLE_FRAMES_MAX {
            "it begins with too many idle frames"
        } else if u64::from(self.n_frames) > frames_max {
            "it has more frames than its actions have"
        } else if self.start.as_ref().is_some_and(|it| it.len() > START_BYTES_MAX) {
            "its start is too big"
        } else if !self.second.is_empty() && self.second.len() != n {
            "its players have not as many actions as each other"
        } else if self
            .actions
            .iter()
            .chain(self.second.iter().flatten())
            .any(|it| *it >= digits_max)
        {
            "it has an action that no game has"
        } else if !self.score.is_finite() {
            "its score is not a number"
        } else {
            return Ok(());
        };
        Err(refused(why))
    }
}

const DAMAGED: Error = Error::Damaged { what: "the recording" };

fn refused(why: &str) -> Error {
    Error::Unsuitable { why: format!("the recording cannot be used: {why}") }
}

fn digit(action: Option<u8>) -> char {
    char::from(action.map_or(SCRIPTED, |it| DIGITS[usize::from(it)]))
}

fn undigit(byte: u8) -> Option<u8> {
    DIGITS.iter().position(|it| *it == byte).map(|it| it as u8)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |it: u8| char::from(DIGITS[usize::from(it)]);
    bytes.iter().flat_map(|it| [digit(it >> 4), digit(it & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let digit = |it: u8| undigit(it).filter(|it| *it < 16);
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
