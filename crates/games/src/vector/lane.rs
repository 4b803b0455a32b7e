//! One game of a vector: its episodes, its ends, and what is seen of it.

use super::{
    Batch, DAMAGED, Finished, Observation, Settings, Wrappers, batch::row_mut, episode_seed,
};
use crate::{
    Error, GREY, Game, Grey, Info, Random, Screen,
    state::{Codec, Field},
};

/// A game, and where it is in its episode.
pub(super) struct Lane {
    game: Box<dyn Game>,
    seed: u64,
    idx: u64,
    progress: Progress,
    eyes: Option<Eyes>,
}

/// Where a game is.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Episodes begun.
    n_episodes: u64,
    n_frames: u32,
    n_steps: u32,
    n_idle_frames: u32,
}

/// What grey pictures need.
struct Eyes {
    screen: Screen,
    grey: Grey,
    /// The frame before the newest, and whether it counts too.
    before: Vec<u8>,
    has_before: bool,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Lane {
    pub(super) fn new(info: &Info, settings: &Settings, idx: u64) -> Result<Self, Error> {
        let is_grey = matches!(settings.wrappers.observation, Observation::Grey84 { .. });
        let eyes = is_grey.then(|| Eyes {
            screen: Screen::default(),
            grey: Grey::new(info.palette),
            before: vec![0; GREY * GREY],
            has_before: false,
        });
        let game = crate::with(&settings.key, &settings.options)?;
        Ok(Self { game, seed: settings.seed, idx, progress: Progress::default(), eyes })
    }

    /// Begins the next episode.
    pub(super) fn begin(&mut self, wrappers: &Wrappers, batch: &mut Batch, i: usize) {
        let seed = episode_seed(self.seed, self.idx, self.progress.n_episodes);
        self.game.reset(seed);
        self.progress =
            Progress { n_episodes: self.progress.n_episodes + 1, ..Progress::default() };
        if wrappers.noop_max > 0 && self.game.info().actions[0] == "stay" {
            self.idle(1 + Random::new(!seed).below(wrappers.noop_max), seed);
        }
        self.observe(wrappers, batch, i, true);
    }

    /// Lets frames pass; if they end the episode, it begins again without them.
    fn idle(&mut self, n: u32, seed: u64) {
        for _ in 0..n {
            if self.game.step(0, None).is_over {
                self.game.reset(seed);
                return;
            }
        }
        self.progress.n_frames = n;
        self.progress.n_idle_frames = n;
    }

    /// Plays a decision.
    pub(super) fn step(&mut self, action: u8, wrappers: &Wrappers, batch: &mut Batch, i: usize) {
        let frames_max = self.game.info().frames_max;
        let (mut reward, mut has_lost_life, mut is_over) = (0.0, false, false);
        for held in 1..=wrappers.frame_skip {
            let frame = self.game.step(action, None);
            self.progress.n_frames += 1;
            reward += frame.reward;
            has_lost_life |= frame.has_lost_life;
            is_over = frame.is_over;
            if wrappers.max_of_two && held + 1 == wrappers.frame_skip {
                self.remember_frame();
            }
            if is_over || self.progress.n_frames >= frames_max {
                break;
            }
        }
        self.progress.n_steps += 1;
        let is_cut = self.progress.n_frames >= frames_max
            || wrappers.steps_max.is_some_and(|max| self.progress.n_steps >= max);
        let terminated = is_over || wrappers.episodic_life && has_lost_life;
        let truncated = is_cut && !terminated;
        if wrappers.clip_reward && reward != 0.0 {
            reward = f32::signum(reward);
        }
        batch.rewards[i] = reward;
        batch.terminated[i] = terminated;
        batch.truncated[i] = truncated;
        batch.finished[i] = None;
        self.observe(wrappers, batch, i, false);
        if terminated || truncated {
            batch.keep_last(i);
        }
        if is_over || is_cut {
            batch.finished[i] = Some(self.finished());
            self.begin(wrappers, batch, i);
        } else if terminated {
            self.observe(wrappers, batch, i, true);
        }
    }

    fn finished(&self) -> Finished {
        let Progress { n_episodes, n_frames, n_steps, n_idle_frames } = self.progress;
        let seed = episode_seed(self.seed, self.idx, n_episodes - 1);
        Finished { score: self.game.score(), n_frames, n_steps, seed, n_idle_frames }
    }

    /// Draws the frame before the newest.
    fn remember_frame(&mut self) {
        if let Some(eyes) = &mut self.eyes {
            self.game.draw(&mut eyes.screen);
            eyes.before.copy_from_slice(eyes.grey.picture(&eyes.screen));
            eyes.has_before = true;
        }
    }

    /// Writes what is seen now; the first observation of an episode knows nothing of those before.
    fn observe(&mut self, wrappers: &Wrappers, batch: &mut Batch, i: usize, is_first: bool) {
        let n = batch.rewards.len();
        match (wrappers.observation, &mut self.eyes) {
            (Observation::Planes, _) => self.game.planes(row_mut(&mut batch.pictures, i, n)),
            (Observation::Numbers, _) => self.game.numbers(row_mut(&mut batch.numbers, i, n)),
            (Observation::Grey84 { stack }, Some(eyes)) => {
                self.game.draw(&mut eyes.screen);
                let newest = row_mut(&mut batch.frames, i, n);
                newest.copy_from_slice(eyes.grey.picture(&eyes.screen));
                if std::mem::take(&mut eyes.has_before) {
                    for (pixel, before) in newest.iter_mut().zip(&eyes.before) {
                        *pixel = (*pixel).max(*before);
                    }
                }
                push(row_mut(&mut batch.pictures, i, n), newest, stack, is_first);
            }
            (Observation::Grey84 { .. }, None) => unreachable!("grey pictures have eyes"),
        }
    }

    pub(super) fn save(&self, to: &mut Vec<u8>) {
        self.game.save(to);
        let mut progress = self.progress;
        progress.fields(&mut Codec::Writes(to));
    }

    pub(super) fn load<'a>(&mut self, from: &'a [u8]) -> Result<&'a [u8], Error> {
        let rest = self.game.load(from)?;
        let mut codec = Codec::Reads { from: rest, is_short: false };
        self.progress.fields(&mut codec);
        let Codec::Reads { from, is_short: false } = codec else { return Err(DAMAGED) };
        let Progress { n_episodes, n_frames, n_steps, .. } = self.progress;
        let is_sound = n_episodes > 0 && n_frames < 1 << 31 && n_steps < 1 << 31;
        is_sound.then_some(from).ok_or(DAMAGED)
    }
}

impl Field for Progress {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.n_episodes.fields(codec);
        self.n_frames.fields(codec);
        self.n_steps.fields(codec);
        self.n_idle_frames.fields(codec);
    }
}

/// Pushes a frame into a stack `[row][column][frame]`.
fn push(pictures: &mut [u8], newest: &[u8], stack: usize, is_first: bool) {
    if is_first {
        pictures.fill(0);
    }
    if stack == 4 {
        // A pixel's four frames are the bytes of a number, so that they move together.
        for (pixel, newest) in pictures.as_chunks_mut::<4>().0.iter_mut().zip(newest) {
            *pixel = (u32::from_le_bytes(*pixel) >> 8 | u32::from(*newest) << 24).to_le_bytes();
        }
        return;
    }
    for (pixel, newest) in pictures.chunks_exact_mut(stack).zip(newest) {
        pixel.copy_within(1.., 0);
        pixel[stack - 1] = *newest;
    }
}
