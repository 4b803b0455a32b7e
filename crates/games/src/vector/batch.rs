//! What a vector gives its agent after each step, in buffers that are made once.

use super::Observation;
use crate::{
    GREY, Info,
    state::{Codec, Field},
};

/// What a step gave, a row for each game.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Planes or grey pictures; empty if numbers are observed.
    pub pictures: Vec<u8>,
    /// Numbers; empty if pictures are observed.
    pub numbers: Vec<f32>,
    /// The newest grey picture alone, `[row][column]`; empty if others are observed.
    pub frames: Vec<u8>,
    /// Rewards, clipped if the wrappers say so.
    pub rewards: Vec<f32>,
    /// Whether the episode came to its end, or a life did that counts as one.
    pub terminated: Vec<bool>,
    /// Whether the episode was cut off, so that what would have come has to be estimated.
    pub truncated: Vec<bool>,
    /// The last pictures of the old episode; they hold where one was terminated or truncated.
    pub last_pictures: Vec<u8>,
    /// The last numbers of the old episode; they hold where one was terminated or truncated.
    pub last_numbers: Vec<f32>,
    /// The whole episodes that ended.
    pub finished: Vec<Option<Finished>>,
}

/// An episode that ended, whatever the wrappers made of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finished {
    /// Its score.
    pub score: f64,
    /// Its frames, idle ones at its beginning included.
    pub n_frames: u32,
    /// Its decisions.
    pub n_steps: u32,
    /// Its seed.
    pub seed: u64,
    /// The idle frames that it began with.
    pub n_idle_frames: u32,
}

/// An observation of one game, to be saved or loaded.
pub(super) struct Row {
    pictures: Vec<u8>,
    numbers: Vec<f32>,
    frames: Vec<u8>,
}

impl Field for Row {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.pictures.as_mut_slice().fields(codec);
        self.numbers.as_mut_slice().fields(codec);
        self.frames.as_mut_slice().fields(codec);
    }
}

impl Batch {
    pub(super) fn new(info: &Info, observation: Observation, n: usize) -> Self {
        let (mut pictures, mut numbers, mut frames) = (0, 0, 0);
        match observation {
            Observation::Planes => {
                pictures = info.planes.map_or(0, |it| it.rows * it.columns * it.names.len());
            }
            Observation::Numbers => numbers = info.numbers.map_or(0, |it| it.names.len()),
            Observation::Grey84 { stack } => {
                frames = GREY * GREY;
                pictures = frames * stack;
            }
        }
        Self {
            pictures: vec![0; n * pictures],
            numbers: vec![0.0; n * numbers],
            frames: vec![0; n * frames],
            rewards: vec![0.0; n],
            terminated: vec![false; n],
            truncated: vec![false; n],
            last_pictures: vec![0; n * pictures],
            last_numbers: vec![0.0; n * numbers],
            finished: vec![None; n],
        }
    }

    pub(super) fn observation(&self, i: usize, n: usize) -> Row {
        Row {
            pictures: row(&self.pictures, i, n).to_vec(),
            numbers: row(&self.numbers, i, n).to_vec(),
            frames: row(&self.frames, i, n).to_vec(),
        }
    }

    pub(super) fn set_observation(&mut self, i: usize, n: usize, from: &Row) {
        row_mut(&mut self.pictures, i, n).copy_from_slice(&from.pictures);
        row_mut(&mut self.numbers, i, n).copy_from_slice(&from.numbers);
        row_mut(&mut self.frames, i, n).copy_from_slice(&from.frames);
    }

    /// Keeps the observation of now as the last of its episode.
    pub(super) fn keep_last(&mut self, i: usize) {
        let n = self.rewards.len();
        row_mut(&mut self.last_pictures, i, n).copy_from_slice(row(&self.pictures, i, n));
        row_mut(&mut self.last_numbers, i, n).copy_from_slice(row(&self.numbers, i, n));
    }

    /// Takes the `n_own` rows of a chunk as rows from `first` on of `n`.
    pub(super) fn take(&mut self, from: &Self, first: usize, n: usize, n_own: usize) {
        fn copy<T: Copy>(to: &mut [T], from: &[T], first: usize, n: usize, n_own: usize) {
            let width = to.len() / n;
            to[first * width..(first + n_own) * width].copy_from_slice(from);
        }
        copy(&mut self.pictures, &from.pictures, first, n, n_own);
        copy(&mut self.numbers, &from.numbers, first, n, n_own);
        copy(&mut self.frames, &from.frames, first, n, n_own);
        copy(&mut self.rewards, &from.rewards, first, n, n_own);
        copy(&mut self.terminated, &from.terminated, first, n, n_own);
        copy(&mut self.truncated, &from.truncated, first, n, n_own);
        copy(&mut self.finished, &from.finished, first, n, n_own);
        // What is left of old episodes matters only where one ended.
        if from.terminated.contains(&true) || from.truncated.contains(&true) {
            copy(&mut self.last_pictures, &from.last_pictures, first, n, n_own);
            copy(&mut self.last_numbers, &from.last_numbers, first, n, n_own);
        }
    }
}

/// Row `i` of `n`.
pub(super) fn row<T>(rows: &[T], i: usize, n: usize) -> &[T] {
    let width = rows.len() / n;
    &rows[i * width..(i + 1) * width]
}

pub(super) fn row_mut<T>(rows: &mut [T], i: usize, n: usize) -> &mut [T] {
    let width = rows.len() / n;
    &mut rows[i * width..(i + 1) * width]
}
