//! Deterministic games that people and agents play: rules, screens, observations and recordings.
//!
//! A [`Game`] advances one frame of 1/60 s at a time and knows nothing of learning. The same seed and the
//! same actions give the same frames, on every computer. [`GAMES`] lists them; [`Vector`] plays many at once
//! for an agent that learns; a [`Recording`] keeps an episode as its actions, and [`Replay`] shows it again.
//!
//! A console that runs a cartridge is a [`Game`], too: nothing outside this crate asks how the frames come
//! about.

mod acrobot;
mod brick;
mod cartpole;
mod crossing;
mod game;
mod grey;
mod invaders;
mod list;
mod maze;
mod mountaincar;
mod paint;
mod rally;
mod random;
mod recording;
mod replay;
mod snake;
mod state;
mod vector;

pub use game::{
    Error, FRAMES_PER_SEC, Frame, Game, HEIGHT, Info, NumbersInfo, PlanesInfo, Screen, Sound, WIDTH,
};
pub use grey::{GREY, Grey};
pub use list::{Entry, GAMES, Options, Strength, info, new, with};
pub use random::Random;
pub use recording::{Recording, Titles};
pub use replay::{Replay, Shown};
pub use vector::{Batch, Finished, Observation, Settings, Vector, Wrappers, episode_seed};
