//! Playing a game with a person, sixty frames a second: the agent plays, the person, either in turns, or both
//! against each other.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use api::{EventBody, Outcome, PlayHello, PlayMode, PlayTask};
use games::{FRAMES_PER_SEC, Game, HEIGHT, Random, Screen, WIDTH};
use models::agent::{Look, Player, Watcher};

use super::refuse;
use crate::{
    folder::JobFolder,
    progress::{Goal, ProgressMeter},
    session::{Heard, Session},
};

/// The job ends when nobody has been connected for so long.
const ALONE_MAX: Duration = Duration::from_secs(20);
/// Hands have left the keys when none was held for so many frames.
const HANDS_FRAMES: u32 = 24;
/// The end of a game is shown for so many frames, before an agent that plays alone begins anew.
const END_FRAMES: u32 = 90;
/// What messages are: see [`api::PlayHello`] and its module.
const HELLO: u8 = 1;
const FRAME: u8 = 2;
const KEYS: u8 = 1;
const ANEW: u8 = 2;
const NO_ACTION: u8 = 255;

/// Plays until nobody is there any more.
pub(crate) fn run(folder: &mut JobFolder, task: &PlayTask) -> anyhow::Result<Outcome> {
    let agent = match &task.agent {
        None => None,
        Some(path) => {
            let path = folder.path().join(path);
            Some(models::open(&path).with_context(|| format!("load {}", path.display()))?)
        }
    };
    let player = match &agent {
        None => None,
        Some(agent) => match agent.as_player() {
            Some(player) => Some(player),
            None => {
                return refuse(
                    "no_player",
                    "This model plays no game.",
                    &format!("It is of the family `{}`.", agent.family()),
                    "Choose a game agent.",
                );
            }
        },
    };
    let key = task.game.clone().or_else(|| player.map(|it| it.game().key.to_owned()));
    let Some(key) = key else {
        return refuse("no_game", "No game was named.", "", "Choose a game, or an agent.");
    };
    if player.is_some_and(|it| it.game().key != key) {
        let why = format!("The agent does not play `{key}`.");
        return refuse("other_game", "The agent plays another game.", &why, "Choose its game.");
    }
    let options = player.map_or_else(games::Options::default, Player::options);
    let Ok(game) = games::with(&key, &options) else {
        let what = format!("There is no game `{key}`.");
        return refuse(
            "unknown_game",
            what,
            "It may come from a newer version.",
            "Choose another.",
        );
    };
    let meter = ProgressMeter::new("frames", Goal::Open, 0.0);
    folder.emit(EventBody::Progress(meter.progress("playing", 0)))?;
    let mut session = Session::open(folder)?;
    let mut table = Table::new(game, player);
    let hello = hello(&*table.game, task, player.is_some())?;
    let frame_time = Duration::from_secs(1) / FRAMES_PER_SEC;
    let mut next = Instant::now();
    while session.alone_for() < ALONE_MAX && !folder.should_stop() {
        loop {
            match session.hear() {
                Heard::Nothing => break,
                Heard::Arrived => session.send(&[&[HELLO], &hello]),
                Heard::Message(message) => table.follow(&message),
            }
        }
        if session.alone_for() == Duration::ZERO {
            table.frame();
            table.send(&mut session);
        }
        next += frame_time;
        let now = Instant::now();
        match next.checked_duration_since(now) {
            Some(left) => thread::sleep(left),
            // A computer that was asleep does not catch up.
            None => next = now,
        }
    }
    Ok(Outcome::Done)
}

fn hello(game: &dyn Game, task: &PlayTask, has_agent: bool) -> anyhow::Result<Vec<u8>> {
    let hello = PlayHello {
        game: crate::games::told(game.info()),
        width: WIDTH as u32,
        height: HEIGHT as u32,
        palette: game.info().palette.to_vec(),
        agent: has_agent.then(|| task.agent_name.clone()),
    };
    serde_json::to_vec(&hello).context("encode the greeting")
}

/// A game in play, and who plays.
struct Table<'a> {
    game: Box<dyn Game>,
    player: Option<&'a Player>,
    watcher: Option<Watcher<'a>>,
    random: Random,
    mode: PlayMode,
    /// What the person asks for, and frames since a key was held.
    asked: Option<u8>,
    idle_frames: u32,
    look: Look,
    /// The action that the agent decided for, which it holds for some frames.
    decided: u8,
    /// The action that was played last.
    held: u8,
    n_frames: u32,
    n_games: u64,
    is_over: bool,
    over_frames: u32,
    is_by_person: bool,
    screen: Screen,
}

impl<'a> Table<'a> {
    fn new(game: Box<dyn Game>, player: Option<&'a Player>) -> Self {
        let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let mut table = Self {
            game,
            player,
            watcher: player.map(Player::watch),
            random: Random::new(seconds.map_or(0, |it| it.as_nanos() as u64)),
            mode: PlayMode::Watch,
            asked: None,
            idle_frames: HANDS_FRAMES,
            look: Look::default(),
            decided: 0,
            held: 0,
            n_frames: 0,
            n_games: 0,
            is_over: false,
            over_frames: 0,
            is_by_person: false,
            screen: Screen::default(),
        };
        table.begin();
        table
    }

    fn begin(&mut self) {
        let seed = u64::from(self.random.next_u32());
        self.game.reset(seed);
        if let Some(watcher) = &mut self.watcher {
            watcher.forget();
        }
        (self.n_frames, self.is_over, self.over_frames) = (0, false, 0);
        self.n_games += 1;
    }

    /// Follows a message of the page; what is not understood is left alone.
    fn follow(&mut self, message: &[u8]) {
        match *message {
            [KEYS, mode, action] => {
                self.mode = match mode {
                    1 => PlayMode::Play,
                    2 => PlayMode::TakeOver,
                    3 => PlayMode::Against,
                    _ => PlayMode::Watch,
                };
                let is_known = usize::from(action) < self.game.info().actions.len();
                self.asked = (action != NO_ACTION && is_known).then_some(action);
            }
            [ANEW, ..] => self.begin(),
            _ => {}
        }
    }

    fn frame(&mut self) {
        self.idle_frames =
            if self.asked.is_some() { 0 } else { self.idle_frames.saturating_add(1) };
        let hands_on = self.idle_frames < HANDS_FRAMES;
        if self.is_over {
            self.over_frames += 1;
            let is_left_to_agent = match self.mode {
                PlayMode::Watch => true,
                PlayMode::TakeOver => !hands_on,
                PlayMode::Play | PlayMode::Against => false,
            };
            if is_left_to_agent && self.over_frames > END_FRAMES {
                self.begin();
            }
            return;
        }
        let agent = self.agent_action();
        self.is_by_person = match self.mode {
            PlayMode::Watch => false,
            PlayMode::Play => true,
            PlayMode::TakeOver | PlayMode::Against => hands_on,
        };
        let idle = self.asked.unwrap_or(0);
        let (first, second) = match self.mode {
            PlayMode::Play => (idle, None),
            PlayMode::TakeOver if hands_on => (idle, None),
            PlayMode::Against => (agent, Some(idle)),
            PlayMode::Watch | PlayMode::TakeOver => (agent, None),
        };
        self.held = first;
        let frame = self.game.step(first, second);
        self.n_frames += 1;
        self.is_over = frame.is_over || self.n_frames >= self.game.info().frames_max;
    }

    /// What the agent does in this frame; a scripted player where there is none.
    fn agent_action(&mut self) -> u8 {
        let (Some(player), Some(watcher)) = (self.player, &mut self.watcher) else {
            return self.game.scripted();
        };
        if self.n_frames.is_multiple_of(watcher.frame_skip()) {
            self.look = watcher.look(&*self.game);
            self.decided = player.choose(&self.look, &mut self.random);
        }
        self.decided
    }

    fn send(&mut self, session: &mut Session) {
        self.game.draw(&mut self.screen);
        let flags = u8::from(self.is_over) | u8::from(self.is_by_person) << 1;
        let lives = u8::try_from(self.game.lives()).unwrap_or(u8::MAX);
        let score = (self.game.score() as f32).to_le_bytes();
        let policy: Vec<u8> = self.look.policy.iter().map(|it| (it * 255.0) as u8).collect();
        let head = [FRAME, flags, lives, self.held];
        session.send(&[&head, &score, self.screen.0.as_slice(), &policy]);
    }
}
