//! What a game is to those who play it, show it, or learn from it.

/// Columns of a screen.
pub const WIDTH: usize = 160;
/// Rows of a screen.
pub const HEIGHT: usize = 210;
/// Frames of a second.
pub const FRAMES_PER_SEC: u32 = 60;

/// What is known of a game before it is played.
#[derive(Debug)]
pub struct Info {
    /// Its name in commands and files.
    pub key: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What one does in it, in a sentence.
    pub about: &'static str,
    /// Raised whenever the same actions no longer give the same frames or scores.
    pub version: u32,
    /// The names of its actions; an action is an index. The first does nothing, if there is such an action.
    pub actions: &'static [&'static str],
    /// The action of each key that is held, by the browser's codes of keys: `("ArrowLeft", 1)`; keys that
    /// have to be held together are joined by `+`. The first entry that is held counts.
    pub keys: &'static [(&'static str, u8)],
    /// How many can play: a second player is `actions[1]` of [`Game::step`], scripted unless somebody plays.
    pub n_players: usize,
    /// Frames for which an agent holds an action.
    pub frame_skip: u32,
    /// An episode ends after this many frames at the latest. The game itself plays on: whoever plays it
    /// stops there, as [`crate::Vector`] does, so that the end of time is never taken for the end of a game.
    pub frames_max: u32,
    /// Small pictures of features, if it has them.
    pub planes: Option<PlanesInfo>,
    /// Its state as a few numbers, if that is what agents see of it.
    pub numbers: Option<NumbersInfo>,
    /// What a score counts: «bricks», «points», «steps».
    pub score_unit: &'static str,
    /// The mean score of random actions, of the scripted player, and of a person who has played for some
    /// minutes. The first two are measured by a test; that of a person is an estimate.
    pub yardsticks: &'static [(&'static str, f64)],
    /// Colours of [`Screen`], red, green and blue.
    pub palette: &'static [[u8; 3]],
}

/// Small pictures of features: `[row][column][plane]`, each 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanesInfo {
    /// Rows of each.
    pub rows: usize,
    /// Columns of each.
    pub columns: usize,
    /// What each shows: «ball», «bricks».
    pub names: &'static [&'static str],
}

/// A state as a few numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumbersInfo {
    /// What each is: «position», «velocity».
    pub names: &'static [&'static str],
}

/// What happened in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Frame {
    /// What the first player gained or lost.
    pub reward: f32,
    /// Whether a life was lost.
    pub has_lost_life: bool,
    /// Whether the game is over. Playing on without [`Game::reset`] changes nothing.
    pub is_over: bool,
    /// What is to be heard, as [`Sound`]s in order; most frames are silent.
    pub sound: Option<Sound>,
}

/// A sound that a game makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Something touched a wall or a paddle.
    Bounce,
    /// Something was hit, or gained.
    Hit,
    /// A life was lost.
    Lost,
    /// A level was finished, or the game was won.
    Won,
}

/// A game in play.
pub trait Game: Send {
    /// What is known of it before it is played.
    fn info(&self) -> &'static Info;

    /// Begins anew; the seed decides everything that is random from now on.
    fn reset(&mut self, seed: u64);

    /// Plays a frame. Actions that the game does not have count as the first. `None` for the second player
    /// lets its scripted opponent play.
    fn step(&mut self, action: u8, second: Option<u8>) -> Frame;

    /// The score of the first player so far.
    fn score(&self) -> f64;

    /// Lives left, 0 for a game that has none.
    fn lives(&self) -> u32;

    /// The scripted player's next action.
    fn scripted(&mut self) -> u8;

    /// Draws the screen.
    fn draw(&self, screen: &mut Screen);

    /// Writes the planes that [`Info::planes`] describes; does nothing if there are none.
    fn planes(&self, to: &mut [u8]);

    /// Writes the numbers that [`Info::numbers`] describes; does nothing if there are none.
    fn numbers(&self, to: &mut [f32]);

    /// Appends the whole state.
    fn save(&self, to: &mut Vec<u8>);

    /// Takes a state that [`Self::save`] wrote, from the front of the bytes; gives what follows.
    ///
    /// # Errors
    /// When it is damaged; then the game is as it was.
    fn load<'a>(&mut self, from: &'a [u8]) -> Result<&'a [u8], crate::Error>;
}

/// What people see: indices into [`Info::palette`], row after row.
#[derive(Clone)]
pub struct Screen(pub Box<[u8; WIDTH * HEIGHT]>);

/// Why a game could not be loaded or replayed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A saved state or a recording is damaged.
    #[error("{what} is damaged")]
    Damaged {
        /// What was read.
        what: &'static str,
    },
    /// A game of that name does not exist.
    #[error("there is no game `{key}`")]
    Unknown {
        /// The name.
        key: String,
    },
    /// The recording is of another version of the game.
    #[error(
        "this is version {found} of the game `{key}`, but it was recorded with version {recorded}"
    )]
    OtherVersion {
        /// The game.
        key: String,
        /// The version that there is.
        found: u32,
        /// The version that it was recorded with.
        recorded: u32,
    },
    /// A replay did not end as the recording says.
    #[error(
        "the replay is at frame {n_frames} with a score of {score}, but the recording ends at frame \
         {recorded_frames} with {recorded_score}"
    )]
    Differs {
        /// The frames that were replayed.
        n_frames: u32,
        /// The score that was reached.
        score: f64,
        /// The frames that were recorded.
        recorded_frames: u32,
        /// The score that was recorded.
        recorded_score: f64,
    },
    /// Something was asked for that cannot be.
    #[error("{why}")]
    Unsuitable {
        /// What, and why not.
        why: String,
    },
}
