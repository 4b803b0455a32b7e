//! Plays a recording again, frame by frame, for films and for those who watch.

use crate::{Error, Frame, Game, Recording, Screen, Sound};

/// A recording that is being played again: an iterator over its frames.
pub struct Replay {
    recording: Recording,
    game: Box<dyn Game>,
    n_frames: u32,
    has_failed: bool,
}

/// A frame of a replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Its place, from 0.
    pub frame_idx: u32,
    /// The decision whose action was held in it; `None` in the idle frames at the beginning.
    pub decision_idx: Option<usize>,
    /// The action.
    pub action: u8,
    /// What the player gained or lost.
    pub reward: f32,
    /// The score after it.
    pub score: f64,
    /// The lives after it.
    pub lives: u32,
    /// What is to be heard.
    pub sound: Option<Sound>,
    /// Whether the game was over after it.
    pub is_over: bool,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").field("n_frames", &self.n_frames).finish_non_exhaustive()
    }
}

impl Replay {
    /// Stands before the first frame.
    ///
    /// # Errors
    /// When there is no such game, only another version of it, or the recording makes no sense.
    pub fn new(recording: Recording) -> Result<Self, Error> {
        recording.check()?;
        let mut game = crate::with(&recording.key, &recording.options)?;
        let found = game.info().version;
        if found != recording.version {
            let (key, recorded) = (recording.key, recording.version);
            return Err(Error::OtherVersion { key, found, recorded });
        }
        game.reset(recording.seed);
        if let Some(start) = &recording.start
            && !game.load(start)?.is_empty()
        {
            return Err(Error::Damaged { what: "the start of the recording" });
        }
        Ok(Self { recording, game, n_frames: 0, has_failed: false })
    }

    /// What is played again.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The game as it stands.
    #[must_use]
    pub fn game(&self) -> &dyn Game {
        &*self.game
    }

    /// Draws the screen after the frame that was last given.
    pub fn draw(&self, screen: &mut Screen) {
        self.game.draw(screen);
    }

    /// The decision that the next frame belongs to; `None` in the idle frames and at the end.
    #[must_use]
    pub fn next_decision(&self) -> Option<usize> {
        let decided = self.n_frames.checked_sub(self.recording.n_idle_frames)?;
        let is_left = self.n_frames < self.recording.n_frames;
        is_left.then_some((decided / self.recording.frame_skip) as usize)
    }

    /// Plays a frame.
    fn play(&mut self) -> Shown {
        let frame_idx = self.n_frames;
        let recording = &self.recording;
        let decision_idx = frame_idx
            .checked_sub(recording.n_idle_frames)
            .map(|it| (it / recording.frame_skip) as usize);
        let action = decision_idx.map_or(0, |i| recording.actions[i]);
        let second = decision_idx.and_then(|i| recording.second.get(i).copied().flatten());
        let Frame { reward, sound, is_over, .. } = self.game.step(action, second);
        self.n_frames += 1;
        let (score, lives) = (self.game.score(), self.game.lives());
        Shown { frame_idx, decision_idx, action, reward, score, lives, sound, is_over }
    }

    fn differs(&self) -> Error {
        Error::Differs {
            n_frames: self.n_frames,
            score: self.game.score(),
            recorded_frames: self.recording.n_frames,
            recorded_score: self.recording.score,
        }
    }
}

impl Iterator for Replay {
    /// A frame, or in place of the last one how its end differs from the recorded one.
    type Item = Result<Shown, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed || self.n_frames == self.recording.n_frames {
            return None;
        }
        let shown = self.play();
        let is_last = self.n_frames == self.recording.n_frames;
        let has_reached = shown.score == self.recording.score;
        if is_last && !has_reached || !is_last && shown.is_over {
            self.has_failed = true;
            return Some(Err(self.differs()));
        }
        Some(Ok(shown))
    }
}
