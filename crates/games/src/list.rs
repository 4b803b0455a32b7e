//! The list of all games, and how to begin one by its name.

use serde::{Deserialize, Serialize};

use crate::{
    Error, Game, Info, acrobot::Acrobot, brick::Brick, cartpole::CartPole, crossing::Crossing,
    invaders::Invaders, maze::Maze, mountaincar::MountainCar, rally::Rally, snake::Snake,
};

/// A game of the list.
#[derive(Debug)]
pub struct Entry {
    /// What is known of it.
    pub info: &'static Info,
    /// Makes one, begun with seed 0.
    pub new: fn(&Options) -> Box<dyn Game>,
}

/// All games, the easiest to learn first.
pub const GAMES: &[Entry] = &[
    Entry { info: &crate::cartpole::INFO, new: |_| Box::new(CartPole::new()) },
    Entry { info: &crate::mountaincar::INFO, new: |_| Box::new(MountainCar::new()) },
    Entry { info: &crate::acrobot::INFO, new: |_| Box::new(Acrobot::new()) },
    Entry { info: &crate::brick::INFO, new: |_| Box::new(Brick::new()) },
    Entry { info: &crate::rally::INFO, new: |it| Box::new(Rally::new(it.opponent)) },
    Entry { info: &crate::snake::INFO, new: |_| Box::new(Snake::new()) },
    Entry { info: &crate::crossing::INFO, new: |_| Box::new(Crossing::new()) },
    Entry { info: &crate::invaders::INFO, new: |_| Box::new(Invaders::new()) },
    Entry { info: &crate::maze::INFO, new: |_| Box::new(Maze::new()) },
];

/// What can be chosen of a game, besides its seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How well a scripted opponent plays; games without one ignore it.
    pub opponent: Strength,
}

/// How well a scripted opponent plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// A beginner beats it.
    Easy,
    /// It has to be outplayed.
    #[default]
    Medium,
    /// It seldom errs.
    Hard,
}

/// What is known of a game.
///
/// # Errors
/// When there is no game of that name.
pub fn info(key: &str) -> Result<&'static Info, Error> {
    entry(key).map(|entry| entry.info)
}

/// Begins a game with seed 0, with everything as usual.
///
/// # Errors
/// When there is no game of that name.
pub fn new(key: &str) -> Result<Box<dyn Game>, Error> {
    with(key, &Options::default())
}

/// Begins a game with seed 0, with options.
///
/// # Errors
/// When there is no game of that name.
pub fn with(key: &str, options: &Options) -> Result<Box<dyn Game>, Error> {
    entry(key).map(|entry| (entry.new)(options))
}

fn entry(key: &str) -> Result<&'static Entry, Error> {
    let found = GAMES.iter().find(|entry| entry.info.key == key);
    found.ok_or_else(|| Error::Unknown { key: key.into() })
}
