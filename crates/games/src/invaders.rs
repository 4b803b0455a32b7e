//! Invaders: a fleet marches down, and a cannon under four shields shoots it, one shot at a time.
//!
//! Lengths are in pixels. The field is a grid of 16 × 18 cells of 10 × 10 pixels; invaders stand further apart
//! than that, so each has a cell of the planes to itself.

mod flying;
mod screen;

use crate::{
    Error, Frame, Game, Info, PlanesInfo, Random, Screen, Sound,
    state::{self, Codec, Field, State},
};

pub(crate) static INFO: Info = Info {
    key: "invaders",
    title: "Invaders",
    about: "Shoot the fleet before it lands, and stay out of the way of its bombs.",
    version: 1,
    actions: &["stay", "left", "right", "fire", "left and fire", "right and fire"],
    keys: &[
        ("ArrowLeft+Space", 4),
        ("ArrowRight+Space", 5),
        ("Space", 3),
        ("ArrowLeft", 1),
        ("ArrowRight", 2),
    ],
    n_players: 1,
    frame_skip: 4,
    frames_max: 18_000,
    planes: Some(PlanesInfo {
        rows: ROWS,
        columns: COLUMNS,
        names: &[
            "cannon",
            "invaders that go left",
            "invaders that go right",
            "bombs",
            "own shot",
            "shields",
        ],
    }),
    numbers: None,
    score_unit: "points",
    yardsticks: &[("random", 33.0), ("scripted", 216.0), ("person", 100.0)],
    palette: &screen::PALETTE,
};

/// Rows and columns of cells, and their planes.
const ROWS: usize = 18;
const COLUMNS: usize = 16;
const PLANES: usize = 6;
/// Pixels of a cell.
const CELL: i32 = 10;
/// The field's upper edge on the screen.
const TOP: i32 = 24;
const WIDTH: i32 = COLUMNS as i32 * CELL;
const HEIGHT: i32 = ROWS as i32 * CELL;

const FLEET_COLUMNS: i32 = 7;
const FLEET_ROWS: i32 = 5;
const N_INVADERS: i32 = FLEET_COLUMNS * FLEET_ROWS;
const FULL_FLEET: u64 = (1 << N_INVADERS) - 1;
/// From one invader to the next.
const PITCH_X: i32 = 16;
const PITCH_Y: i32 = 13;
const INVADER_WIDTH: i32 = 11;
const INVADER_HEIGHT: i32 = 8;
/// What the fleet moves in a step, and down at an edge.
const MARCH: i32 = 2;
const DROP: i32 = 6;
/// Points of an invader, by its row.
const POINTS: [u32; FLEET_ROWS as usize] = [3, 2, 2, 1, 1];

const CANNON_WIDTH: i32 = 13;
const CANNON_HEIGHT: i32 = 8;
const CANNON_TOP: i32 = HEIGHT - 12;
const CANNON_SPEED: i32 = 2;
const SHOT_SPEED: i32 = 5;
const SHOT_HEIGHT: i32 = 6;
const BOMBS: usize = 3;
const BOMB_HEIGHT: i32 = 5;
/// A place where nothing flies.
const NOWHERE: (i16, i16) = (0, -100);

const SHIELDS: usize = 4;
/// The first shield's left edge, the way to the next, and the upper edge of all.
const SHIELD_LEFT: i32 = 10;
const SHIELD_PITCH: i32 = 40;
const SHIELD_TOP: i32 = 140;
/// A shield is made of 5 × 3 blocks of 4 × 3 pixels.
const BLOCK_COLUMNS: i32 = 5;
const BLOCK_WIDTH: i32 = 4;
const BLOCK_HEIGHT: i32 = 3;
const FULL_SHIELD: u16 = 0b11011_11111_11111;

/// Frames for which the cannon is out of order after a hit.
const REPAIR: u8 = 60;
const LIVES: u32 = 3;
const BURSTS: usize = 4;
/// Frames for which something bursts.
const BURST: u8 = 14;

/// The game in play.
#[derive(Clone, Debug)]
pub(crate) struct Invaders {
    random: Random,
    /// A bit for each invader, row after row.
    fleet: u64,
    /// The left upper corner of the whole fleet.
    x: i32,
    y: i32,
    is_leftward: bool,
    /// Frames until it moves, and moves so far.
    march_in: u8,
    n_marches: u32,
    wave: u32,
    /// The cannon's left edge.
    cannon: i32,
    repair: u8,
    /// Left upper corners of what flies.
    shot: (i16, i16),
    bombs: [(i16, i16); BOMBS],
    /// A bit for each block of each shield.
    shields: [u16; SHIELDS],
    /// What bursts: where, of which row, and the frames that are left.
    bursts: [((i16, i16), (u8, u8)); BURSTS],
    burst_at: u8,
    score: u32,
    lives: u32,
}

impl Invaders {
    /// Begins with seed 0.
    pub(crate) fn new() -> Self {
        let mut game = Self {
            random: Random::new(0),
            fleet: 0,
            x: 0,
            y: 0,
            is_leftward: false,
            march_in: 0,
            n_marches: 0,
            wave: 0,
            cannon: (WIDTH - CANNON_WIDTH) / 2,
            repair: 0,
            shot: NOWHERE,
            bombs: [NOWHERE; BOMBS],
            shields: [FULL_SHIELD; SHIELDS],
            bursts: [(NOWHERE, (0, 0)); BURSTS],
            burst_at: 0,
            score: 0,
            lives: LIVES,
        };
        game.line_up();
        game
    }

    /// Lines up a wave; each begins a little lower, down to a bound.
    fn line_up(&mut self) {
        self.fleet = FULL_FLEET;
        self.x = 8 + self.random.below(30) as i32;
        self.y = 14 + 6 * self.wave.min(5) as i32;
        self.is_leftward = self.random.below(2) == 1;
        self.march_in = self.period();
        self.shields = [FULL_SHIELD; SHIELDS];
    }

    /// Frames of a step of the fleet: the fewer it is, the faster.
    fn period(&self) -> u8 {
        2 + (self.fleet.count_ones() / 2).saturating_sub(self.wave.min(6)) as u8
    }

    /// The left upper corner of an invader.
    fn corner(&self, i: i32) -> (i32, i32) {
        (self.x + i % FLEET_COLUMNS * PITCH_X, self.y + i / FLEET_COLUMNS * PITCH_Y)
    }

    /// Those that are left.
    fn invaders(&self) -> impl DoubleEndedIterator<Item = i32> {
        (0..N_INVADERS).filter(|i| self.fleet >> i & 1 == 1)
    }

    /// Moves the cannon and fires.
    fn act(&mut self, action: u8) {
        if self.repair > 0 {
            self.repair -= 1;
            return;
        }
        match action {
            1 | 4 => self.cannon = (self.cannon - CANNON_SPEED).max(0),
            2 | 5 => self.cannon = (self.cannon + CANNON_SPEED).min(WIDTH - CANNON_WIDTH),
            _ => {}
        }
        if (3..=5).contains(&action) && self.shot == NOWHERE {
            self.shot =
                ((self.cannon + CANNON_WIDTH / 2) as i16, (CANNON_TOP - SHOT_HEIGHT) as i16);
        }
    }

    /// Moves the fleet when it is time; true if it has landed.
    fn march(&mut self) -> bool {
        self.march_in = self.march_in.saturating_sub(1);
        if self.march_in > 0 {
            return false;
        }
        self.march_in = self.period();
        self.n_marches += 1;
        let mut columns = 0u64;
        for row in 0..FLEET_ROWS {
            columns |= self.fleet >> (row * FLEET_COLUMNS) & 0b111_1111;
        }
        let left = self.x + columns.trailing_zeros() as i32 * PITCH_X;
        let right = self.x + (63 - columns.leading_zeros() as i32) * PITCH_X + INVADER_WIDTH;
        let is_at_edge =
            if self.is_leftward { left < 2 + MARCH } else { right > WIDTH - 2 - MARCH };
        if is_at_edge {
            self.is_leftward = !self.is_leftward;
            self.y += DROP;
        } else {
            self.x += if self.is_leftward { -MARCH } else { MARCH };
        }
        let lowest = (63 - self.fleet.leading_zeros() as i32) / FLEET_COLUMNS;
        let bottom = self.y + lowest * PITCH_Y + INVADER_HEIGHT;
        if bottom > SHIELD_TOP {
            self.shields = [0; SHIELDS];
        }
        bottom >= CANNON_TOP
    }
}

impl Game for Invaders {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn reset(&mut self, seed: u64) {
        *self = Self::new();
        self.random = Random::new(seed);
        self.line_up();
    }

    fn step(&mut self, action: u8, _: Option<u8>) -> Frame {
        if self.lives == 0 {
            return Frame { is_over: true, ..Frame::default() };
        }
        let mut frame = Frame::default();
        for (_, (_, left)) in &mut self.bursts {
            *left = left.saturating_sub(1);
        }
        self.act(action);
        self.drop_bomb();
        self.move_shot(&mut frame);
        self.move_bombs(&mut frame);
        if frame.is_over {
            return frame;
        }
        if self.fleet == 0 {
            self.wave += 1;
            self.line_up();
            frame.sound = Some(Sound::Won);
        }
        if self.march() {
            // Where they land all is lost.
            self.lives = 1;
            self.lose_life(&mut frame);
        }
        frame
    }

    fn score(&self) -> f64 {
        f64::from(self.score)
    }

    fn lives(&self) -> u32 {
        self.lives
    }

    /// Steps aside from bombs that are close, else goes under the invader that is nearest and fires.
    fn scripted(&mut self) -> u8 {
        let middle = self.cannon + CANNON_WIDTH / 2;
        let close = self.bombs.iter().find(|(x, y)| {
            (i32::from(*x) - middle).abs() < CANNON_WIDTH && i32::from(*y) > CANNON_TOP - 56
        });
        if let Some((x, _)) = close {
            let is_leftward = i32::from(*x) > middle;
            let is_cornered =
                if is_leftward { self.cannon < 8 } else { self.cannon > WIDTH - CANNON_WIDTH - 8 };
            return if is_leftward == is_cornered { 5 } else { 4 };
        }
        // Where it will be when the shot arrives.
        let ahead = |i: i32| {
            let (x, y) = self.corner(i);
            let steps = (CANNON_TOP - y) / SHOT_SPEED / i32::from(self.period());
            let by = if self.is_leftward { -MARCH } else { MARCH };
            x + INVADER_WIDTH / 2 + by * steps - middle
        };
        let off = self.invaders().rev().map(ahead).min_by_key(|off| off.abs());
        match off.unwrap_or(0) {
            ..-2 => 1,
            -2..=2 => 3,
            _ => 2,
        }
    }

    fn draw(&self, screen: &mut Screen) {
        screen::draw(self, screen);
    }

    fn planes(&self, to: &mut [u8]) {
        to.fill(0);
        let mut set = |x: i32, y: i32, plane: usize| {
            if (0..WIDTH).contains(&x) && (0..HEIGHT).contains(&y) {
                to[((y / CELL) as usize * COLUMNS + (x / CELL) as usize) * PLANES + plane] = 1;
            }
        };
        if self.repair == 0 {
            set(self.cannon + CANNON_WIDTH / 2, CANNON_TOP, 0);
        }
        let plane = if self.is_leftward { 1 } else { 2 };
        for i in self.invaders() {
            let (x, y) = self.corner(i);
            set(x + INVADER_WIDTH / 2, y + INVADER_HEIGHT / 2, plane);
        }
        for (x, y) in self.bombs {
            set(i32::from(x), i32::from(y) + BOMB_HEIGHT / 2, 3);
        }
        set(i32::from(self.shot.0), i32::from(self.shot.1) + SHOT_HEIGHT / 2, 4);
        for (i, shield) in self.shields.iter().enumerate() {
            let x = SHIELD_LEFT + i as i32 * SHIELD_PITCH;
            // Two columns of blocks lie in the first cell, three in the second.
            if shield & 0b00011_00011_00011 != 0 {
                set(x, SHIELD_TOP, 5);
            }
            if shield & 0b11100_11100_11100 != 0 {
                set(x + CELL, SHIELD_TOP, 5);
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

impl State for Invaders {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.random.fields(codec);
        self.fleet.fields(codec);
        [&mut self.x, &mut self.y, &mut self.cannon].fields(codec);
        self.is_leftward.fields(codec);
        [&mut self.march_in, &mut self.repair, &mut self.burst_at].fields(codec);
        [&mut self.n_marches, &mut self.wave, &mut self.score, &mut self.lives].fields(codec);
        self.shot.fields(codec);
        self.bombs.fields(codec);
        self.shields.fields(codec);
        self.bursts.fields(codec);
    }

    fn is_sound(&self) -> bool {
        let is_near = |(x, y): &(i16, i16)| (0..200).contains(x) && (-120..300).contains(y);
        self.fleet <= FULL_FLEET
            && (self.fleet > 0 || self.lives == 0)
            && (-200..200).contains(&self.x)
            && (0..200).contains(&self.y)
            && (0..=WIDTH - CANNON_WIDTH).contains(&self.cannon)
            && self.repair <= REPAIR
            && is_near(&self.shot)
            && self.bombs.iter().all(is_near)
            && self.shields.iter().all(|it| *it < 1 << 15)
            && self.bursts.iter().all(|it| is_near(&it.0) && i32::from(it.1.0) <= FLEET_ROWS)
            && self.bursts.iter().all(|it| it.1.1 <= BURST)
            && usize::from(self.burst_at) < BURSTS
            && [self.n_marches, self.wave, self.score].iter().all(|it| *it < 1 << 30)
            && self.lives <= LIVES
    }
}
