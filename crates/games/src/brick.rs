//! Brick: a ball is kept in play with a paddle and knocks bricks out of a wall.
//!
//! Lengths are in 1/256 pixel. The field is a grid of 14 × 18 cells of 10 × 10 pixels; a brick fills two
//! cells side by side, so what the planes show is where things are.

mod screen;

use crate::{
    Error, Frame, Game, Info, PlanesInfo, Random, Screen, Sound,
    state::{self, Codec, Field, State},
};

pub(crate) static INFO: Info = Info {
    key: "brick",
    title: "Brick",
    about: "Keep the ball in play with the paddle and knock out the wall, brick by brick.",
    version: 1,
    actions: &["stay", "left", "right"],
    keys: &[("ArrowLeft", 1), ("ArrowRight", 2)],
    n_players: 1,
    frame_skip: 4,
    frames_max: 18_000,
    planes: Some(PlanesInfo {
        rows: ROWS,
        columns: COLUMNS,
        names: &["paddle", "ball", "trail", "bricks"],
    }),
    numbers: None,
    score_unit: "bricks",
    yardsticks: &[("random", 1.8), ("scripted", 180.0), ("person", 30.0)],
    palette: &screen::PALETTE,
};

/// Rows of cells.
const ROWS: usize = 18;
/// Columns of cells.
const COLUMNS: usize = 14;
/// Pixels of a cell.
const CELL: i32 = 10;
/// The field's left edge on the screen.
const LEFT: i32 = 10;
/// The field's upper edge on the screen.
const TOP: i32 = 26;
const WIDTH: i32 = COLUMNS as i32 * CELL;
const HEIGHT: i32 = ROWS as i32 * CELL;
/// Columns and rows of the wall, and the row of cells that it begins in.
const WALL_COLUMNS: usize = 7;
const WALL_ROWS: usize = 6;
const WALL_TOP: usize = 2;
const N_BRICKS: usize = WALL_COLUMNS * WALL_ROWS;
const FULL_WALL: u64 = (1 << N_BRICKS) - 1;

/// 1 pixel.
const ONE: i32 = 256;
/// Width and height of the ball.
const BALL: i32 = 4;
const PADDLE_WIDTH: i32 = 28;
const PADDLE_HEIGHT: i32 = 5;
/// The paddle's upper edge in the field, within the last row of cells.
const PADDLE_TOP: i32 = HEIGHT - 9;
/// Pixels that the paddle moves in a frame.
const PADDLE_SPEED: i32 = 3;
/// Frames until a ball is served.
const PAUSE: u8 = 40;
/// Speeds in 1/256 pixel a frame, and the hits with the paddle from which on they hold.
const SPEEDS: [(u32, i32); 5] = [(0, 512), (4, 600), (12, 700), (24, 800), (40, 900)];
/// Sine and cosine, times 256, of the angles from the vertical at which a ball leaves the paddle, by where it
/// meets it: 60, 45, 30 and 12 degrees to the left, then to the right.
const ANGLES: [(i32, i32); 8] = [
    (-222, 128),
    (-181, 181),
    (-128, 222),
    (-53, 250),
    (53, 250),
    (128, 222),
    (181, 181),
    (222, 128),
];
/// Places of the ball that are remembered: the trail's end is where it was so many frames ago.
const TRAIL: usize = 8;
/// Bricks that burst at the same time, at most.
const BURSTS: usize = 4;
/// Frames for which a brick bursts.
const BURST: u8 = 12;
const LIVES: u32 = 3;

/// The game in play.
#[derive(Clone, Debug)]
pub(crate) struct Brick {
    random: Random,
    /// The paddle's left edge, in pixels.
    paddle: i32,
    /// The ball's left upper corner, in 1/256 pixel, and its speed.
    x: i32,
    y: i32,
    dx: i32,
    dy: i32,
    /// Frames until it is served.
    pause: u8,
    /// Where it was, in pixels; `trail_at` is the oldest.
    trail: [(i16, i16); TRAIL],
    trail_at: u8,
    /// A bit for each brick, row after row.
    wall: u64,
    /// What bursts: the brick, and the frames that are left of it.
    bursts: [(u8, u8); BURSTS],
    burst_at: u8,
    n_hits: u32,
    score: u32,
    lives: u32,
    /// Where the scripted player wants to meet the ball, in pixels from the paddle's left edge.
    aim: i32,
}

impl Brick {
    /// Begins with seed 0.
    pub(crate) fn new() -> Self {
        let mut game = Self {
            random: Random::new(0),
            paddle: (WIDTH - PADDLE_WIDTH) / 2,
            x: 0,
            y: 0,
            dx: 0,
            dy: 0,
            pause: 0,
            trail: [(0, 0); TRAIL],
            trail_at: 0,
            wall: FULL_WALL,
            bursts: [(0, 0); BURSTS],
            burst_at: 0,
            n_hits: 0,
            score: 0,
            lives: LIVES,
            aim: PADDLE_WIDTH / 2,
        };
        game.place_ball();
        game
    }

    /// Puts a new ball under the wall; it falls after a pause.
    fn place_ball(&mut self) {
        self.x = (20 + self.random.below(WIDTH as u32 - 40 - BALL as u32) as i32) * ONE;
        self.y = (WALL_TOP + WALL_ROWS + 1) as i32 * CELL * ONE;
        let is_left = self.x > (WIDTH - BALL) / 2 * ONE;
        let (sin, cos) = ANGLES[if is_left { 2 } else { 4 } + self.random.below(2) as usize];
        (self.dx, self.dy) = (sin * SPEEDS[0].1 / 256, cos * SPEEDS[0].1 / 256);
        self.pause = PAUSE;
        self.n_hits = 0;
        self.trail = [((self.x / ONE) as i16, (self.y / ONE) as i16); TRAIL];
        self.trail_at = 0;
    }

    /// Moves the ball sideways, then down or up, and gives what it met.
    fn move_ball(&mut self) -> Frame {
        let mut frame = Frame::default();
        self.x += self.dx;
        let right_max = (WIDTH - BALL) * ONE;
        if self.x < 0 || self.x > right_max {
            self.x = if self.x < 0 { -self.x } else { 2 * right_max - self.x };
            self.dx = -self.dx;
            frame.sound = Some(Sound::Bounce);
        }
        if self.has_hit_brick(&mut frame) {
            self.x = (self.x - self.dx).clamp(0, right_max);
            self.dx = -self.dx;
        }
        self.y += self.dy;
        if self.y < 0 {
            self.y = -self.y;
            self.dy = -self.dy;
            frame.sound = Some(Sound::Bounce);
        }
        if self.has_hit_brick(&mut frame) {
            self.y -= self.dy;
            self.dy = -self.dy;
        }
        self.meet_paddle(&mut frame);
        frame
    }

    /// Takes out a brick that the ball touches.
    fn has_hit_brick(&mut self, frame: &mut Frame) -> bool {
        let bottom = (WALL_TOP + WALL_ROWS) as i32 * CELL;
        let (x, y) = (self.x / ONE, self.y / ONE);
        if y >= bottom || y + BALL <= WALL_TOP as i32 * CELL {
            return false;
        }
        for (x, y) in [(x, y), (x + BALL - 1, y), (x, y + BALL - 1), (x + BALL - 1, y + BALL - 1)] {
            let (row, column) = (y.div_euclid(CELL) - WALL_TOP as i32, x / (2 * CELL));
            if !(0..WALL_ROWS as i32).contains(&row) {
                continue;
            }
            let brick = row as usize * WALL_COLUMNS + (column as usize).min(WALL_COLUMNS - 1);
            if self.wall >> brick & 1 == 1 {
                self.take_out(brick, frame);
                return true;
            }
        }
        false
    }

    fn take_out(&mut self, brick: usize, frame: &mut Frame) {
        self.wall &= !(1 << brick);
        self.score += 1;
        frame.reward += 1.0;
        frame.sound = Some(Sound::Hit);
        self.bursts[usize::from(self.burst_at)] = (brick as u8, BURST);
        self.burst_at = (self.burst_at + 1) % BURSTS as u8;
    }

    /// Sends the ball up again if it meets the paddle from above.
    fn meet_paddle(&mut self, frame: &mut Frame) {
        let bottom = self.y + BALL * ONE;
        let heights = PADDLE_TOP * ONE..(PADDLE_TOP + PADDLE_HEIGHT + 2) * ONE;
        if self.dy <= 0 || !heights.contains(&bottom) {
            return;
        }
        // How far the ball's right edge is past the paddle's left one.
        let over = self.x / ONE + BALL - self.paddle;
        if over <= 0 || over >= PADDLE_WIDTH + 2 * BALL {
            return;
        }
        let zone = over * ANGLES.len() as i32 / (PADDLE_WIDTH + 2 * BALL);
        self.n_hits += 1;
        let (sin, cos) = ANGLES[zone as usize];
        let speed = self.speed();
        (self.dx, self.dy) = (sin * speed / 256, -cos * speed / 256);
        self.y = (PADDLE_TOP - BALL) * ONE;
        self.aim = 3 + self.random.below(PADDLE_WIDTH as u32 - 6) as i32;
        frame.sound = Some(Sound::Bounce);
        if self.wall == 0 {
            self.wall = FULL_WALL;
            frame.sound = Some(Sound::Won);
        }
    }

    fn speed(&self) -> i32 {
        let reached = SPEEDS.iter().rev().find(|(n_hits, _)| self.n_hits >= *n_hits);
        reached.map_or(SPEEDS[0].1, |(_, speed)| *speed)
    }

    /// Where the ball was some frames ago.
    fn trail_end(&self) -> (i16, i16) {
        self.trail[usize::from(self.trail_at)]
    }
}

impl Game for Brick {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn reset(&mut self, seed: u64) {
        *self = Self::new();
        self.random = Random::new(seed);
        self.place_ball();
    }

    fn step(&mut self, action: u8, _: Option<u8>) -> Frame {
        if self.lives == 0 {
            return Frame { is_over: true, ..Frame::default() };
        }
        match action {
            1 => self.paddle = (self.paddle - PADDLE_SPEED).max(0),
            2 => self.paddle = (self.paddle + PADDLE_SPEED).min(WIDTH - PADDLE_WIDTH),
            _ => {}
        }
        for burst in &mut self.bursts {
            burst.1 = burst.1.saturating_sub(1);
        }
        if self.pause > 0 {
            self.pause -= 1;
            return Frame::default();
        }
        self.trail[usize::from(self.trail_at)] = ((self.x / ONE) as i16, (self.y / ONE) as i16);
        self.trail_at = (self.trail_at + 1) % TRAIL as u8;
        let mut frame = self.move_ball();
        if self.y >= HEIGHT * ONE {
            self.lives -= 1;
            frame.has_lost_life = true;
            frame.is_over = self.lives == 0;
            frame.sound = Some(Sound::Lost);
            self.place_ball();
        }
        frame
    }

    fn score(&self) -> f64 {
        f64::from(self.score)
    }

    fn lives(&self) -> u32 {
        self.lives
    }

    /// Follows the ball, and meets it at another place each time.
    fn scripted(&mut self) -> u8 {
        let middle = self.x / ONE + BALL / 2;
        let aim = if self.dy > 0 { self.aim } else { PADDLE_WIDTH / 2 };
        match middle - self.paddle - aim {
            ..-3 => 1,
            -3..=3 => 0,
            _ => 2,
        }
    }

    fn draw(&self, screen: &mut Screen) {
        screen::draw(self, screen);
    }

    fn planes(&self, to: &mut [u8]) {
        to.fill(0);
        let mut set = |row: i32, column: i32, plane: usize| {
            if (0..ROWS as i32).contains(&row) && (0..COLUMNS as i32).contains(&column) {
                to[(row as usize * COLUMNS + column as usize) * 4 + plane] = 1;
            }
        };
        // The cells that the paddle covers by half or more.
        let first = (self.paddle + CELL / 2) / CELL;
        let last = (self.paddle + PADDLE_WIDTH - CELL / 2) / CELL;
        for column in first..=last {
            set(ROWS as i32 - 1, column, 0);
        }
        let half = BALL / 2;
        set((self.y / ONE + half) / CELL, (self.x / ONE + half) / CELL, 1);
        let (x, y) = self.trail_end();
        set((i32::from(y) + half) / CELL, (i32::from(x) + half) / CELL, 2);
        for (i, pair) in to[WALL_TOP * COLUMNS * 4..].chunks_exact_mut(8).take(N_BRICKS).enumerate()
        {
            let is_there = (self.wall >> i & 1) as u8;
            (pair[3], pair[7]) = (is_there, is_there);
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

impl State for Brick {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.random.fields(codec);
        self.paddle.fields(codec);
        [&mut self.x, &mut self.y, &mut self.dx, &mut self.dy].fields(codec);
        self.pause.fields(codec);
        self.trail.fields(codec);
        self.trail_at.fields(codec);
        self.wall.fields(codec);
        self.bursts.fields(codec);
        self.burst_at.fields(codec);
        self.n_hits.fields(codec);
        self.score.fields(codec);
        self.lives.fields(codec);
        self.aim.fields(codec);
    }

    fn is_sound(&self) -> bool {
        let speeds = -1000..=1000;
        (0..=WIDTH - PADDLE_WIDTH).contains(&self.paddle)
            && (0..=(WIDTH - BALL) * ONE).contains(&self.x)
            && (0..=HEIGHT * ONE).contains(&self.y)
            && speeds.contains(&self.dx)
            && speeds.contains(&self.dy)
            && usize::from(self.trail_at) < TRAIL
            && self.trail.iter().all(|(x, y)| *x >= 0 && *y >= 0)
            && self.wall <= FULL_WALL
            && self.bursts.iter().all(|it| usize::from(it.0) < N_BRICKS && it.1 <= BURST)
            && usize::from(self.burst_at) < BURSTS
            && self.n_hits < 1 << 30
            && self.score < 1 << 30
            && self.lives <= LIVES
            && (0..PADDLE_WIDTH).contains(&self.aim)
    }
}
