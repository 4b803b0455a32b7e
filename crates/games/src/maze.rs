//! Maze: a hungry wanderer clears a maze of dots, hunted by three ghosts.
//!
//! The maze is a grid of 15 × 17 cells of 10 × 10 pixels. Whoever moves is between two neighbouring cells; how
//! far is in 1/256 of the way.

mod plan;
mod screen;
mod walker;

use crate::{
    Error, Frame, Game, Info, PlanesInfo, Random, Screen, Sound,
    state::{self, Codec, Field, State},
};
use plan::{CELLS, COLUMNS, DOTS, DOTS_OF, PILLS, PLAN, ROWS, distances, is_open, neighbour};
use walker::{STANDS, WAY, Walker};

pub(crate) static INFO: Info = Info {
    key: "maze",
    title: "Maze",
    about: "Eat all dots of the maze; a big one lets you hunt the ghosts that hunt you.",
    version: 1,
    actions: &["stay", "left", "right", "up", "down"],
    keys: &[("ArrowLeft", 1), ("ArrowRight", 2), ("ArrowUp", 3), ("ArrowDown", 4)],
    n_players: 1,
    frame_skip: 4,
    frames_max: 18_000,
    planes: Some(PlanesInfo {
        rows: ROWS,
        columns: COLUMNS,
        names: &[
            "walls",
            "wanderer",
            "where the wanderer goes",
            "dots",
            "big dots",
            "ghosts",
            "where the ghosts go",
            "ghosts that can be eaten",
        ],
    }),
    numbers: None,
    score_unit: "points",
    yardsticks: &[("random", 52.0), ("scripted", 329.0), ("person", 180.0)],
    palette: &screen::PALETTE,
};

const PLANES: usize = 8;
const GHOSTS: usize = 3;
/// Where the wanderer and the ghosts begin.
const START: usize = 9 * COLUMNS + 7;
const HOUSE: [usize; GHOSTS] = [7 * COLUMNS + 7, 7 * COLUMNS + 6, 7 * COLUMNS + 8];
/// Frames until each ghost sets out.
const WAIT: [u16; GHOSTS] = [20, 150, 300];
/// Frames until one that was eaten does.
const WAIT_EATEN: u16 = 180;
/// The corners that ghosts retire to now and then.
const CORNERS: [usize; GHOSTS] = [COLUMNS + 13, COLUMNS + 1, 15 * COLUMNS + 13];
/// Speeds in 1/256 cell a frame: the wanderer's, the ghosts', what each level adds to it, and in fear.
const SPEED: u16 = 32;
const GHOST_SPEED: u16 = 24;
const LEVEL_SPEED: u16 = 2;
const GHOST_SPEED_MAX: u16 = 32;
const FEAR_SPEED: u16 = 15;
/// Frames of fear after a big dot.
const FEAR: u16 = 400;
const GHOST_POINTS: u32 = 5;
/// Ghosts hunt for so many frames, then retire for so many.
const HUNT: u32 = 1_100;
const RETIRE: u32 = 280;
/// Frames for which a caught wanderer vanishes.
const DYING: u8 = 36;
/// Frames before play begins, and after a life was lost.
const READY: u8 = 50;
/// Pixels below which two touch.
const TOUCH: i32 = 6;
const LIVES: u32 = 3;

/// The game in play.
#[derive(Clone, Debug)]
pub(crate) struct Maze {
    random: Random,
    /// What each cell holds: nothing, a dot, or a big one.
    food: [u8; CELLS],
    n_food: u16,
    wanderer: Walker,
    /// The way asked for last.
    asked: u8,
    ghosts: [Walker; GHOSTS],
    /// Frames until each sets out.
    wait: [u16; GHOSTS],
    /// Which are afraid.
    is_afraid: [bool; GHOSTS],
    fear: u16,
    ready: u8,
    /// Frames that a caught wanderer has left until it begins anew.
    dying: u8,
    n_frames: u32,
    level: u32,
    score: u32,
    lives: u32,
    /// Where a ghost was eaten, and the frames for which that is shown.
    feast: (u16, u8),
}

impl Maze {
    /// Begins with seed 0.
    pub(crate) fn new() -> Self {
        Self {
            random: Random::new(0),
            food: DOTS_OF,
            n_food: DOTS,
            wanderer: Walker::at(START),
            asked: STANDS,
            ghosts: HOUSE.map(Walker::at),
            wait: WAIT,
            is_afraid: [false; GHOSTS],
            fear: 0,
            ready: READY,
            dying: 0,
            n_frames: 0,
            level: 0,
            score: 0,
            lives: LIVES,
            feast: (0, 0),
        }
    }

    fn go_home(&mut self) {
        self.wanderer = Walker::at(START);
        self.asked = STANDS;
        self.ghosts = HOUSE.map(Walker::at);
        self.wait = WAIT;
        self.is_afraid = [false; GHOSTS];
        self.fear = 0;
        self.ready = READY;
    }

    fn move_wanderer(&mut self) {
        if self.wanderer.can_turn_back(self.asked) {
            self.wanderer.turn_back();
        }
        if !self.wanderer.moves(SPEED) {
            return;
        }
        let cell = self.wanderer.cell();
        let way = [self.asked, self.wanderer.way];
        let way = way.into_iter().find(|way| *way != STANDS && is_open(cell, *way));
        self.wanderer.way = way.unwrap_or(STANDS);
    }

    /// Eats what lies in the cell that the wanderer is nearest to.
    fn eat(&mut self, frame: &mut Frame) {
        let food = &mut self.food[self.wanderer.nearest()];
        let eaten = std::mem::take(food);
        if eaten == 0 {
            return;
        }
        self.n_food -= 1;
        self.gain(1, frame);
        if eaten == PILLS {
            self.fear = FEAR;
            self.is_afraid = [true; GHOSTS];
            frame.sound = Some(Sound::Hit);
        }
        if self.n_food == 0 {
            self.level += 1;
            (self.food, self.n_food) = (DOTS_OF, DOTS);
            self.go_home();
            frame.sound = Some(Sound::Won);
        }
    }

    fn gain(&mut self, points: u32, frame: &mut Frame) {
        self.score += points;
        frame.reward += points as f32;
        frame.sound = Some(Sound::Bounce);
    }

    fn move_ghost(&mut self, i: usize) {
        if self.wait[i] > 0 {
            self.wait[i] -= 1;
            return;
        }
        let usual = (GHOST_SPEED + LEVEL_SPEED * self.level.min(8) as u16).min(GHOST_SPEED_MAX);
        let speed = if self.is_afraid[i] { FEAR_SPEED } else { usual };
        if self.ghosts[i].moves(speed) {
            self.ghosts[i].way = self.ghost_way(i);
        }
    }

    /// The way that a ghost takes in a cell: the first goes for the wanderer, the second for where it will be,
    /// the third wherever it likes. None of them turns back.
    fn ghost_way(&mut self, i: usize) -> u8 {
        let ghost = self.ghosts[i];
        let back = if ghost.way == STANDS { STANDS } else { ghost.way ^ 1 };
        let mut ways = [0u8; 4];
        let mut n = 0;
        for way in (0..WAY).filter(|way| *way != back && is_open(ghost.cell(), *way)) {
            ways[n] = way;
            n += 1;
        }
        let ways = &ways[..n];
        let Some(first) = ways.first() else { return back };
        if self.is_afraid[i] || i == 2 && self.random.below(2) == 0 {
            return ways[self.random.below(n as u32) as usize];
        }
        let is_retired = self.n_frames % (HUNT + RETIRE) >= HUNT;
        let target = match i {
            _ if is_retired => CORNERS[i],
            1 => self.wanderer.ahead(3),
            _ => self.wanderer.nearest(),
        };
        let nearest = ways.iter().min_by_key(|way| {
            let next = neighbour(ghost.cell(), **way);
            let (dx, dy) = (
                (next % COLUMNS).abs_diff(target % COLUMNS),
                (next / COLUMNS).abs_diff(target / COLUMNS),
            );
            dx * dx + dy * dy
        });
        *nearest.unwrap_or(first)
    }

    /// What comes of touching ghosts.
    fn meet(&mut self, frame: &mut Frame) {
        for i in 0..GHOSTS {
            let ((x, y), (gx, gy)) = (self.wanderer.place(), self.ghosts[i].place());
            if (x - gx).abs() + (y - gy).abs() >= TOUCH {
                continue;
            }
            if self.is_afraid[i] {
                self.feast = (self.ghosts[i].nearest() as u16, 40);
                self.ghosts[i] = Walker::at(HOUSE[0]);
                self.wait[i] = WAIT_EATEN;
                self.is_afraid[i] = false;
                self.gain(GHOST_POINTS, frame);
                frame.sound = Some(Sound::Hit);
            } else {
                self.lives -= 1;
                frame.has_lost_life = true;
                frame.is_over = self.lives == 0;
                frame.sound = Some(Sound::Lost);
                self.dying = DYING;
                return;
            }
        }
    }
}

impl Game for Maze {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn reset(&mut self, seed: u64) {
        *self = Self::new();
        self.random = Random::new(seed);
    }

    fn step(&mut self, action: u8, _: Option<u8>) -> Frame {
        if self.lives == 0 {
            return Frame { is_over: true, ..Frame::default() };
        }
        if (1..=4).contains(&action) {
            self.asked = action - 1;
        }
        self.feast.1 = self.feast.1.saturating_sub(1);
        if self.dying > 0 {
            self.dying -= 1;
            if self.dying == 0 {
                self.go_home();
            }
            return Frame::default();
        }
        if self.ready > 0 {
            self.ready -= 1;
            return Frame::default();
        }
        let mut frame = Frame::default();
        self.n_frames += 1;
        self.fear = self.fear.saturating_sub(1);
        if self.fear == 0 {
            self.is_afraid = [false; GHOSTS];
        }
        self.move_wanderer();
        self.eat(&mut frame);
        for i in 0..GHOSTS {
            self.move_ghost(i);
        }
        self.meet(&mut frame);
        frame
    }

    fn score(&self) -> f64 {
        f64::from(self.score)
    }

    fn lives(&self) -> u32 {
        self.lives
    }

    /// Goes the way to the nearest food that keeps away from ghosts.
    fn scripted(&mut self) -> u8 {
        let cell = self.wanderer.nearest();
        let to_food = distances(|cell| self.food[cell] != 0);
        let to_ghost = distances(|cell| {
            let is_there = |(ghost, is_afraid): (&Walker, &bool)| {
                !is_afraid && [ghost.nearest(), ghost.ahead(1)].contains(&cell)
            };
            self.ghosts.iter().zip(&self.is_afraid).any(is_there)
        });
        let ways = (0..WAY).filter(|way| is_open(cell, *way));
        let best = ways.min_by_key(|way| {
            let next = neighbour(cell, *way);
            let danger = 5u16.saturating_sub(to_ghost[next]);
            (danger * 8 + to_food[next], *way ^ self.wanderer.way)
        });
        best.map_or(0, |way| way + 1)
    }

    fn draw(&self, screen: &mut Screen) {
        screen::draw(self, screen);
    }

    fn planes(&self, to: &mut [u8]) {
        for ((to, food), plan) in
            to.chunks_exact_mut(PLANES).zip(self.food).zip(PLAN.as_flattened())
        {
            let is_wall = u8::from(*plan == b'#');
            to.copy_from_slice(&[is_wall, 0, 0, u8::from(food == 1), u8::from(food == 2), 0, 0, 0]);
        }
        let mut set = |cell: usize, plane: usize| to[cell * PLANES + plane] = 1;
        set(self.wanderer.nearest(), 1);
        set(self.wanderer.next(), 2);
        for (ghost, is_afraid) in self.ghosts.iter().zip(self.is_afraid) {
            if is_afraid {
                set(ghost.nearest(), 7);
            } else {
                set(ghost.nearest(), 5);
                set(ghost.next(), 6);
            }
        }
    }

    fn numbers(&self, _: &mut [f32]) {}

    fn save(&self, to: &mut Vec<u8>) {
        state::save(self, &INFO, to);
    }

    fn load<'a>(&mut self, from: &'a [u8]) -> Result<&'a [u8], Error> {
        state::load(self, &INFO, from)
    }
}

impl State for Maze {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.random.fields(codec);
        self.food.fields(codec);
        self.n_food.fields(codec);
        self.wanderer.fields(codec);
        [&mut self.asked, &mut self.ready, &mut self.dying].fields(codec);
        self.ghosts.fields(codec);
        self.wait.fields(codec);
        self.is_afraid.fields(codec);
        self.fear.fields(codec);
        [&mut self.n_frames, &mut self.level, &mut self.score, &mut self.lives].fields(codec);
        self.feast.fields(codec);
    }

    fn is_sound(&self) -> bool {
        let is_food = |(food, most): (&u8, &u8)| *food == 0 || food == most;
        self.food.iter().zip(&DOTS_OF).all(is_food)
            && self.food.iter().filter(|it| **it != 0).count() == usize::from(self.n_food)
            && self.n_food > 0
            && self.wanderer.is_sound()
            && self.asked <= STANDS
            && self.ghosts.iter().all(Walker::is_sound)
            && self.fear <= FEAR
            && self.dying <= DYING
            && [self.n_frames, self.level, self.score].iter().all(|it| *it < 1 << 30)
            && self.lives <= LIVES
            && usize::from(self.feast.0) < CELLS
    }
}
