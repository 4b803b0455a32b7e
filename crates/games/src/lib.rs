//! Deterministic games that people and agents play: rules, screens, observations and recordings.
//!
//! A [`Game`] advances one frame of 1/60 s at a time and knows nothing of learning. The same seed and the
//! same actions give the same frames, on every computer.
//!
//! A console that runs a cartridge is a [`Game`], too: nothing outside this crate asks how the frames come
//! about.

mod game;
mod random;

pub use game::{
    Error, FRAMES_PER_SEC, Frame, Game, HEIGHT, Info, NumbersInfo, PlanesInfo, Screen, Sound, WIDTH,
};
pub use random::Random;
