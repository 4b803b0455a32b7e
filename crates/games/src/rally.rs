//! Rally: two paddles, one ball, eleven points. A second player or a scripted opponent has the left side.
//!
//! Lengths are in 1/256 pixel. The court is a grid of 16 × 18 cells of 10 × 10 pixels.

mod screen;

use crate::{
    Error, Frame, Game, Info, PlanesInfo, Random, Screen, Sound, Strength,
    state::{self, Codec, Field, State},
};

pub(crate) static INFO: Info = Info {
    key: "rally",
    title: "Rally",
    about: "Return the ball past the other paddle; who has eleven points first wins.",
    version: 1,
    actions: &["stay", "up", "down"],
    keys: &[("ArrowUp", 1), ("ArrowDown", 2)],
    n_players: 2,
    frame_skip: 4,
    frames_max: 18_000,
    planes: Some(PlanesInfo {
        rows: ROWS,
        columns: COLUMNS,
        names: &["own paddle", "other paddle", "ball", "trail"],
    }),
    numbers: None,
    score_unit: "points ahead",
    yardsticks: &[("random", -10.7), ("scripted", 7.8), ("person", 5.0)],
    palette: &screen::PALETTE,
};

/// Rows of cells.
const ROWS: usize = 18;
/// Columns of cells.
const COLUMNS: usize = 16;
/// Pixels of a cell.
const CELL: i32 = 10;
/// The court's upper edge on the screen.
const TOP: i32 = 24;
const WIDTH: i32 = COLUMNS as i32 * CELL;
const HEIGHT: i32 = ROWS as i32 * CELL;
/// 1 pixel.
const ONE: i32 = 256;
/// Width and height of the ball.
const BALL: i32 = 4;
const PADDLE_WIDTH: i32 = 4;
const PADDLE_HEIGHT: i32 = 26;
/// The left edges of both paddles: the other's and the player's own.
const OTHER_X: i32 = 12;
const OWN_X: i32 = WIDTH - 12 - PADDLE_WIDTH;
/// A paddle's lowest place.
const PADDLE_MAX: i32 = (HEIGHT - PADDLE_HEIGHT) * ONE;
/// What a paddle moves in a frame, in 1/256 pixel.
const PADDLE_SPEED: i32 = 3 * ONE;
const POINTS: u8 = 11;
/// Frames until a ball is served.
const PAUSE: u8 = 40;
/// Speed of the first hit, what each hit adds, and the highest, in 1/256 pixel a frame.
const SPEED: i32 = 560;
const SPEED_STEP: i32 = 40;
const SPEED_MAX: i32 = 1100;
/// Sine and cosine, times 256, of the angles at which a ball leaves a paddle, by where it meets it: from 50
/// degrees up to 50 down.
const ANGLES: [(i32, i32); 8] = [
    (-196, 165),
    (-147, 210),
    (-95, 238),
    (-38, 253),
    (38, 253),
    (95, 238),
    (147, 210),
    (196, 165),
];
/// Places of the ball that are remembered: the trail's end is where it was so many frames ago.
const TRAIL: usize = 8;
/// Frames for which a paddle flashes after a hit, and the court after a point.
const FLASH: u8 = 10;

/// The game in play.
#[derive(Clone, Debug)]
pub(crate) struct Rally {
    strength: Strength,
    random: Random,
    /// The upper edges of the other and of the own paddle.
    paddles: [i32; 2],
    /// The ball's left upper corner and its speed.
    x: i32,
    y: i32,
    dx: i32,
    dy: i32,
    /// Frames until it is served.
    pause: u8,
    n_hits: u32,
    /// Points of the other and of the player.
    points: [u8; 2],
    /// Frames that the flash of each paddle, and of each side's point, has left.
    flashes: [u8; 4],
    /// Where it was, in pixels; `trail_at` is the oldest.
    trail: [(i16, i16); TRAIL],
    trail_at: u8,
    /// How far from its middle the opponent, and the scripted player, will meet the ball.
    aims: [i32; 2],
}

impl Rally {
    /// Begins with seed 0, against an opponent.
    pub(crate) fn new(strength: Strength) -> Self {
        let mut game = Self {
            strength,
            random: Random::new(0),
            paddles: [PADDLE_MAX / 2; 2],
            x: 0,
            y: 0,
            dx: 0,
            dy: 0,
            pause: 0,
            n_hits: 0,
            points: [0; 2],
            flashes: [0; 4],
            trail: [(0, 0); TRAIL],
            trail_at: 0,
            aims: [0; 2],
        };
        game.serve(1);
        game
    }

    fn is_over(&self) -> bool {
        self.points.contains(&POINTS)
    }

    /// Puts the ball in the middle; after a pause it flies to a side.
    fn serve(&mut self, side: usize) {
        self.x = (WIDTH - BALL) / 2 * ONE;
        self.y = (20 + self.random.below((HEIGHT - BALL - 40) as u32) as i32) * ONE;
        let (sin, cos) = ANGLES[2 + self.random.below(4) as usize];
        let sign = if side == 0 { -1 } else { 1 };
        (self.dx, self.dy) = (sign * cos * SPEED / 256, sin * SPEED / 256);
        self.pause = PAUSE;
        self.n_hits = 0;
        self.trail = [((self.x / ONE) as i16, (self.y / ONE) as i16); TRAIL];
        self.trail_at = 0;
        self.take_aim();
    }

    fn take_aim(&mut self) {
        let error = match self.strength {
            Strength::Easy => 19,
            Strength::Medium => 16,
            Strength::Hard => 13,
        };
        self.aims[0] = self.random.below(2 * error + 1) as i32 - error as i32;
        self.aims[1] = self.random.below(23) as i32 - 11;
    }

    fn move_paddle(&mut self, side: usize, action: u8, speed: i32) {
        let by = match action {
            1 => -speed,
            2 => speed,
            _ => 0,
        };
        self.paddles[side] = (self.paddles[side] + by).clamp(0, PADDLE_MAX);
    }

    /// What the opponent does: it follows a ball that comes, and else goes back to the middle.
    fn opponent(&self) -> (u8, i32) {
        let (speed, sight) = match self.strength {
            Strength::Easy => (340, WIDTH / 2),
            Strength::Medium => (500, WIDTH * 3 / 4),
            Strength::Hard => (700, WIDTH),
        };
        let is_coming = self.dx < 0 && self.x < sight * ONE;
        let target = if is_coming { self.y / ONE + BALL / 2 + self.aims[0] } else { HEIGHT / 2 };
        (toward(target, self.paddles[0], 2), speed)
    }

    fn move_ball(&mut self) -> Frame {
        let mut frame = Frame::default();
        self.x += self.dx;
        self.y += self.dy;
        let y_max = (HEIGHT - BALL) * ONE;
        if self.y < 0 || self.y > y_max {
            self.y = if self.y < 0 { -self.y } else { 2 * y_max - self.y };
            self.dy = -self.dy;
            frame.sound = Some(Sound::Bounce);
        }
        let other_front = (OTHER_X + PADDLE_WIDTH) * ONE;
        let own_front = (OWN_X - BALL) * ONE;
        if self.dx < 0 && self.x <= other_front && self.x > other_front + 2 * self.dx {
            self.meet(0, other_front, &mut frame);
        } else if self.dx > 0 && self.x >= own_front && self.x < own_front + 2 * self.dx {
            self.meet(1, own_front, &mut frame);
        }
        frame
    }

    /// Sends the ball back if the paddle of a side is there.
    fn meet(&mut self, side: usize, front: i32, frame: &mut Frame) {
        let over = (self.y - self.paddles[side]) / ONE + BALL;
        if !(0..PADDLE_HEIGHT + BALL).contains(&over) {
            return;
        }
        let (sin, cos) = ANGLES[(over * ANGLES.len() as i32 / (PADDLE_HEIGHT + BALL)) as usize];
        self.n_hits += 1;
        let speed = (SPEED + SPEED_STEP * self.n_hits.min(100) as i32).min(SPEED_MAX);
        let sign = if side == 0 { 1 } else { -1 };
        (self.dx, self.dy) = (sign * cos * speed / 256, sin * speed / 256);
        self.x = front;
        self.flashes[side] = FLASH;
        frame.sound = Some(Sound::Bounce);
        self.take_aim();
    }

    /// Gives a point if the ball left the court.
    fn count(&mut self, frame: &mut Frame) {
        let winner = if self.x < -BALL * ONE {
            1
        } else if self.x > WIDTH * ONE {
            0
        } else {
            return;
        };
        self.points[winner] += 1;
        self.flashes[2 + winner] = 2 * FLASH;
        frame.reward = if winner == 1 { 1.0 } else { -1.0 };
        frame.sound = Some(if winner == 1 { Sound::Hit } else { Sound::Lost });
        frame.is_over = self.is_over();
        if frame.is_over && winner == 1 {
            frame.sound = Some(Sound::Won);
        }
        self.serve(1 - winner);
    }
}

/// The action that brings a paddle's middle to a row, unless it is closer than `slack`.
fn toward(target: i32, paddle: i32, slack: i32) -> u8 {
    let off = target - paddle / ONE - PADDLE_HEIGHT / 2;
    if off < -slack {
        1
    } else if off > slack {
        2
    } else {
        0
    }
}

impl Game for Rally {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn reset(&mut self, seed: u64) {
        *self = Self::new(self.strength);
        self.random = Random::new(seed);
        let side = self.random.below(2) as usize;
        self.serve(side);
    }

    fn step(&mut self, action: u8, second: Option<u8>) -> Frame {
        if self.is_over() {
            return Frame { is_over: true, ..Frame::default() };
        }
        for flash in &mut self.flashes {
            *flash = flash.saturating_sub(1);
        }
        self.move_paddle(1, action, PADDLE_SPEED);
        let (other, speed) = second.map_or_else(|| self.opponent(), |it| (it, PADDLE_SPEED));
        self.move_paddle(0, other, speed);
        if self.pause > 0 {
            self.pause -= 1;
            return Frame::default();
        }
        self.trail[usize::from(self.trail_at)] = ((self.x / ONE) as i16, (self.y / ONE) as i16);
        self.trail_at = (self.trail_at + 1) % TRAIL as u8;
        let mut frame = self.move_ball();
        self.count(&mut frame);
        frame
    }

    fn score(&self) -> f64 {
        f64::from(self.points[1]) - f64::from(self.points[0])
    }

    fn lives(&self) -> u32 {
        0
    }

    /// Follows a ball that comes, and meets it at another place each time; else goes back to the middle.
    fn scripted(&mut self) -> u8 {
        let target = if self.dx > 0 { self.y / ONE + BALL / 2 + self.aims[1] } else { HEIGHT / 2 };
        toward(target, self.paddles[1], 3)
    }

    fn draw(&self, screen: &mut Screen) {
        screen::draw(self, screen);
    }

    fn planes(&self, to: &mut [u8]) {
        to.fill(0);
        let mut set = |x: i32, y: i32, plane: usize| {
            if (0..WIDTH).contains(&x) && (0..HEIGHT).contains(&y) {
                to[((y / CELL) as usize * COLUMNS + (x / CELL) as usize) * 4 + plane] = 1;
            }
        };
        for (x, paddle, plane) in [(OWN_X, self.paddles[1], 0), (OTHER_X, self.paddles[0], 1)] {
            // The cells that the paddle covers by half or more.
            let top = paddle / ONE;
            let first = (top + CELL / 2) / CELL;
            let last = (top + PADDLE_HEIGHT - CELL / 2) / CELL;
            for row in first..=last {
                set(x, row * CELL, plane);
            }
        }
        set(self.x / ONE + BALL / 2, self.y / ONE + BALL / 2, 2);
        let (x, y) = self.trail[usize::from(self.trail_at)];
        set(i32::from(x) + BALL / 2, i32::from(y) + BALL / 2, 3);
    }

    fn numbers(&self, _: &mut [f32]) {}

    fn save(&self, to: &mut Vec<u8>) {
        state::save(self, &INFO, to);
    }

    fn load<'a>(&mut self, from: &'a [u8]) -> Result<&'a [u8], Error> {
        state::load(self, &INFO, from)
    }
}

impl State for Rally {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        let mut strength = self.strength as u8;
        strength.fields(codec);
        self.strength = match strength {
            0 => Strength::Easy,
            1 => Strength::Medium,
            _ => Strength::Hard,
        };
        self.random.fields(codec);
        self.paddles.fields(codec);
        [&mut self.x, &mut self.y, &mut self.dx, &mut self.dy].fields(codec);
        self.pause.fields(codec);
        self.n_hits.fields(codec);
        self.points.fields(codec);
        self.flashes.fields(codec);
        self.trail.fields(codec);
        self.trail_at.fields(codec);
        self.aims.fields(codec);
    }

    fn is_sound(&self) -> bool {
        let speeds = -SPEED_MAX..=SPEED_MAX;
        self.paddles.iter().all(|it| (0..=PADDLE_MAX).contains(it))
            && (-2 * CELL * ONE..=(WIDTH + CELL) * ONE).contains(&self.x)
            && (0..=(HEIGHT - BALL) * ONE).contains(&self.y)
            && speeds.contains(&self.dx)
            && speeds.contains(&self.dy)
            && self.dx != 0
            && self.n_hits < 1 << 30
            && self.points.iter().all(|it| *it <= POINTS)
            && usize::from(self.trail_at) < TRAIL
            && self.aims.iter().all(|it| it.abs() < HEIGHT)
    }
}
