//! Many games of one kind played side by side, as agents that learn want them.
//!
//! Each has a seed of its own for each of its episodes, and begins anew by itself: after an episode's end the
//! observation is that of the next one, while the last of the old one is kept beside it. How many threads
//! play makes no difference to what is played.

mod batch;
mod lane;
mod threads;

use crate::{
    Error, Info, Options,
    state::{Codec, Field},
};
pub use batch::{Batch, Finished};
use lane::Lane;
use threads::Worker;

/// What a vector plays, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The game.
    pub key: String,
    /// What is chosen of it.
    pub options: Options,
    /// How many of it are played.
    pub n_games: usize,
    /// Decides all that is random.
    pub seed: u64,
    /// Threads that play, the calling one among them.
    pub n_threads: usize,
    /// What stands between the game and the agent.
    pub wrappers: Wrappers,
}

/// What stands between a game and an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrappers {
    /// Frames for which an action is held.
    pub frame_skip: u32,
    /// What the agent sees.
    pub observation: Observation,
    /// Whether the loss of a life counts as the end of an episode; the game itself goes on.
    pub episodic_life: bool,
    /// Whether rewards are replaced by their sign.
    pub clip_reward: bool,
    /// Up to so many idle frames open an episode, for variety; in a game where one can't idle there are none.
    pub noop_max: u32,
    /// Whether a grey picture shows the brighter of the last two frames, for games that flicker.
    pub max_of_two: bool,
    /// Decisions after which an episode is cut off, besides the game's own [`Info::frames_max`].
    pub steps_max: Option<u32>,
}

/// What an agent sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The planes of [`Info::planes`], `[row][column][plane]`.
    Planes,
    /// The numbers of [`Info::numbers`].
    Numbers,
    /// The last grey pictures of 84 × 84 pixels, `[row][column][frame]`, the newest last. Those from before an
    /// episode's beginning are black.
    Grey84 {
        /// How many.
        stack: usize,
    },
}

impl Wrappers {
    /// What suits a game: numbers or planes if it has them, else four grey pictures.
    #[must_use]
    pub fn of(info: &Info) -> Self {
        let observation = match (info.numbers, info.planes) {
            (Some(_), _) => Observation::Numbers,
            (None, Some(_)) => Observation::Planes,
            (None, None) => Observation::Grey84 { stack: 4 },
        };
        Self {
            frame_skip: info.frame_skip,
            observation,
            episodic_life: false,
            clip_reward: false,
            noop_max: 0,
            max_of_two: false,
            steps_max: None,
        }
    }
}

/// Games side by side.
#[derive(Debug)]
pub struct Vector {
    info: &'static Info,
    settings: Settings,
    /// The first is played by the calling thread.
    chunks: Vec<Option<Box<Chunk>>>,
    workers: Vec<Worker>,
    /// All chunks' batches together, if there are several.
    joined: Batch,
}

/// Games that one thread plays.
#[derive(Debug)]
struct Chunk {
    lanes: Vec<Lane>,
    wrappers: Wrappers,
    actions: Vec<u8>,
    batch: Batch,
}

impl Vector {
    /// Begins all games; [`Self::batch`] holds the first observations.
    ///
    /// # Errors
    /// When there is no such game, or it cannot be observed or played as the settings say.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let info = crate::info(&settings.key)?;
        check(info, &settings)?;
        let n_threads = settings.n_threads.min(settings.n_games);
        let mut chunks = Vec::with_capacity(n_threads);
        for thread in 0..n_threads {
            let of = |thread: usize| thread * settings.n_games / n_threads;
            let games = of(thread)..of(thread + 1);
            let batch = Batch::new(info, settings.wrappers.observation, games.len());
            let actions = vec![0; games.len()];
            let lanes: Result<Vec<Lane>, Error> =
                games.map(|i| Lane::new(info, &settings, i as u64)).collect();
            let wrappers = settings.wrappers.clone();
            chunks.push(Some(Box::new(Chunk { lanes: lanes?, wrappers, actions, batch })));
        }
        let joined = match n_threads {
            1 => Batch::default(),
            _ => Batch::new(info, settings.wrappers.observation, settings.n_games),
        };
        let workers = (1..n_threads).map(|_| Worker::new()).collect();
        let mut vector = Self { info, settings, chunks, workers, joined };
        for chunk in vector.chunks.iter_mut().flatten() {
            chunk.begin();
        }
        vector.join();
        Ok(vector)
    }

    /// What is known of the game.
    #[must_use]
    pub fn info(&self) -> &'static Info {
        self.info
    }

    /// The observations of now, and what the last step gave.
    #[must_use]
    pub fn batch(&self) -> &Batch {
        match &self.chunks[..] {
            [Some(chunk)] => &chunk.batch,
            _ => &self.joined,
        }
    }

    /// Plays a decision in each game.
    ///
    /// # Panics
    /// When there is not an action for each game.
    pub fn step(&mut self, actions: &[u8]) -> &Batch {
        assert_eq!(actions.len(), self.settings.n_games, "an action for each game");
        let mut rest = actions;
        for chunk in self.chunks.iter_mut().flatten() {
            let (own, others) = rest.split_at(chunk.actions.len());
            chunk.actions.copy_from_slice(own);
            rest = others;
        }
        for (worker, chunk) in self.workers.iter().zip(&mut self.chunks[1..]) {
            worker.give(chunk.take().expect("chunks are here between steps"));
        }
        self.chunks[0].as_mut().expect("the first chunk never leaves").step();
        for (worker, chunk) in self.workers.iter().zip(&mut self.chunks[1..]) {
            *chunk = Some(worker.take());
        }
        self.join();
        self.batch()
    }

    /// The whole state, to go on later as if nothing had been between.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for chunk in self.chunks.iter().flatten() {
            for (i, lane) in chunk.lanes.iter().enumerate() {
                lane.save(&mut bytes);
                let mut row = chunk.batch.observation(i, chunk.lanes.len());
                row.fields(&mut Codec::Writes(&mut bytes));
            }
        }
        bytes
    }

    /// Goes on from a state that [`Self::save`] gave under the same settings; the threads may be others. The
    /// rewards and ends of the step before are not kept.
    ///
    /// # Errors
    /// When the state is damaged or of other settings, and as in [`Self::new`].
    pub fn load(settings: Settings, bytes: &[u8]) -> Result<Self, Error> {
        let mut vector = Self::new(settings)?;
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(DAMAGED)?;
        for chunk in vector.chunks.iter_mut().flatten() {
            let n = chunk.lanes.len();
            for (i, lane) in chunk.lanes.iter_mut().enumerate() {
                rest = lane.load(rest)?;
                let mut row = chunk.batch.observation(i, n);
                let mut codec = Codec::Reads { from: rest, is_short: false };
                row.fields(&mut codec);
                let Codec::Reads { from, is_short: false } = codec else { return Err(DAMAGED) };
                chunk.batch.set_observation(i, n, &row);
                rest = from;
            }
        }
        if !rest.is_empty() {
            return Err(DAMAGED);
        }
        vector.join();
        Ok(vector)
    }

    /// Brings the chunks' batches together.
    fn join(&mut self) {
        if self.chunks.len() == 1 {
            return;
        }
        let mut first = 0;
        for chunk in self.chunks.iter().flatten() {
            self.joined.take(&chunk.batch, first, self.settings.n_games, chunk.lanes.len());
            first += chunk.lanes.len();
        }
    }
}

const MAGIC: &[u8] = b"games1\n";
const DAMAGED: Error = Error::Damaged { what: "the saved state of games side by side" };

/// The seed of an episode of a game of a vector.
#[must_use]
pub fn episode_seed(seed: u64, game_idx: u64, episode: u64) -> u64 {
    mix(mix(mix(seed) ^ game_idx) ^ episode)
}

/// The output function of `SplitMix64`. Source: G. Steele et al., «Fast Splittable Pseudorandom Number
/// Generators», 2014.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn check(info: &Info, settings: &Settings) -> Result<(), Error> {
    let wrappers = &settings.wrappers;
    let why = if settings.n_games == 0 || settings.n_games > 4096 {
        format!("{} games cannot be played side by side: 1 to 4096 can", settings.n_games)
    } else if settings.n_threads == 0 || settings.n_threads > 256 {
        format!("{} threads cannot play: 1 to 256 can", settings.n_threads)
    } else if !(1..=60).contains(&wrappers.frame_skip) {
        format!("an action is held for 1 to 60 frames, not for {}", wrappers.frame_skip)
    } else if wrappers.noop_max > 600 {
        format!("{} idle frames are too many: up to 600 can open an episode", wrappers.noop_max)
    } else if wrappers.steps_max == Some(0) {
        "an episode of no steps cannot be played".into()
    } else {
        match wrappers.observation {
            Observation::Planes if info.planes.is_none() => format!("{} has no planes", info.title),
            Observation::Numbers if info.numbers.is_none() => {
                format!("{} has no numbers", info.title)
            }
            Observation::Grey84 { stack } if !(1..=16).contains(&stack) => {
                format!("1 to 16 grey pictures can be stacked, not {stack}")
            }
            _ => return Ok(()),
        }
    };
    Err(Error::Unsuitable { why })
}

impl Chunk {
    /// Begins the first episode of each game.
    fn begin(&mut self) {
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            lane.begin(&self.wrappers, &mut self.batch, i);
        }
    }

    /// Plays a decision in each game.
    fn step(&mut self) {
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            lane.step(self.actions[i], &self.wrappers, &mut self.batch, i);
        }
    }
}
