//! Crossing: a chick hops over ten lanes of traffic, again and again.
//!
//! The field is a grid of 16 columns of 10 pixels and 12 rows of 14. Cars move in 1/256 pixel, on loops that
//! are longer than the field, so that they come and go.

mod screen;

use crate::{
    Error, Frame, Game, Info, PlanesInfo, Random, Screen, Sound,
    state::{self, Codec, Field, State},
};

pub(crate) static INFO: Info = Info {
    key: "crossing",
    title: "Crossing",
    about: "Hop over ten lanes of traffic; every new lane is a point, and every crossing speeds it up.",
    version: 1,
    actions: &["stay", "left", "right", "up", "down"],
    keys: &[("ArrowUp", 3), ("ArrowDown", 4), ("ArrowLeft", 1), ("ArrowRight", 2)],
    n_players: 1,
    frame_skip: 4,
    frames_max: 7_200,
    planes: Some(PlanesInfo {
        rows: ROWS as usize,
        columns: COLUMNS as usize,
        names: &["chick", "cars", "cars a little before"],
    }),
    numbers: None,
    score_unit: "lanes",
    yardsticks: &[("random", 3.5), ("scripted", 159.0), ("person", 60.0)],
    palette: &screen::PALETTE,
};

/// Rows: the goal, ten lanes, and the pavement that one starts from.
const ROWS: i32 = 12;
const COLUMNS: i32 = 16;
const LANES: usize = 10;
const CELL_WIDTH: i32 = 10;
const CELL_HEIGHT: i32 = 14;
const WIDTH: i32 = COLUMNS * CELL_WIDTH;
/// The field's upper edge on the screen.
const TOP: i32 = 30;
/// 1 pixel.
const ONE: i32 = 256;
/// Pixels of a lane's loop, and how many of them are left of the field.
const LOOP: i32 = 240;
const BEFORE: i32 = 40;
/// Frames of a hop.
const HOP: u8 = 8;
/// Frames for which one who was hit lies there.
const STUNNED: u8 = 40;
/// Frames that a car's trail goes back.
const TRAIL: i32 = 16;
const LIVES: u32 = 3;
/// Where the chick starts.
const START: (i32, i32) = (COLUMNS / 2, ROWS - 1);
/// What is hit of a chick within its cell, from the left.
const BODY: (i32, i32) = (2, 8);
/// Speed that every crossing adds, in 1/256 pixel a frame, and how often.
const SPEED_STEP: i32 = 14;
const SPEED_STEPS_MAX: u32 = 16;

/// A lane's traffic.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    /// Where the first car is on the loop, in 1/256 pixel.
    at: i32,
    /// Speed at first; to the left if negative.
    speed: i32,
    n_cars: u8,
    /// Pixels of a car.
    length: u8,
    colour: u8,
}

/// The game in play.
#[derive(Clone, Debug)]
pub(crate) struct Crossing {
    random: Random,
    lanes: [Lane; LANES],
    /// The chick's cell, and the one that it hops from.
    cell: (i32, i32),
    from: (i32, i32),
    /// Frames of the hop that are left.
    hop: u8,
    is_leftward: bool,
    stunned: u8,
    /// The highest row of this crossing.
    best: i32,
    n_crossings: u32,
    /// Frames that the joy over a crossing has left.
    joy: u8,
    score: u32,
    lives: u32,
}

impl Crossing {
    /// Begins with seed 0.
    pub(crate) fn new() -> Self {
        let mut game = Self {
            random: Random::new(0),
            lanes: [Lane::default(); LANES],
            cell: START,
            from: START,
            hop: 0,
            is_leftward: false,
            stunned: 0,
            best: START.1,
            n_crossings: 0,
            joy: 0,
            score: 0,
            lives: LIVES,
        };
        game.fill_lanes();
        game
    }

    /// Lets other cars drive.
    fn fill_lanes(&mut self) {
        let random = &mut self.random;
        let paint = random.below(5) as usize;
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            let is_leftward = if i < LANES / 2 { i % 2 == 0 } else { i % 2 == 1 };
            let is_lorry = random.below(4) == 0;
            let speed = 110 + random.below(if is_lorry { 90 } else { 260 }) as i32;
            *lane = Lane {
                at: random.below((LOOP * ONE) as u32) as i32,
                speed: if is_leftward { -speed } else { speed },
                n_cars: 2 + random.below(if is_lorry || speed > 280 { 1 } else { 2 }) as u8,
                length: if is_lorry { 30 } else { 17 },
                colour: ((paint + 2 * i) % 5) as u8,
            };
        }
    }

    /// How fast a lane is by now.
    fn speed(&self, lane: &Lane) -> i32 {
        lane.speed + lane.speed.signum() * SPEED_STEP * self.n_crossings.min(SPEED_STEPS_MAX) as i32
    }

    /// The left edges of a lane's cars some frames ago, in pixels of the field.
    fn cars(&self, lane: &Lane, frames_ago: i32) -> impl Iterator<Item = i32> {
        let first = lane.at - frames_ago * self.speed(lane);
        let n = i32::from(lane.n_cars.max(1));
        (0..n).map(move |i| (first + i * (LOOP * ONE / n)).rem_euclid(LOOP * ONE) / ONE - BEFORE)
    }

    /// The chick's left upper corner in pixels of the field.
    fn place(&self) -> (i32, i32) {
        let left = i32::from(self.hop);
        let between =
            |to: i32, from: i32, size: i32| to * size + (from - to) * size * left / i32::from(HOP);
        (
            between(self.cell.0, self.from.0, CELL_WIDTH),
            between(self.cell.1, self.from.1, CELL_HEIGHT),
        )
    }

    fn begin_hop(&mut self, action: u8) {
        let (dx, dy) = match action {
            1 => (-1, 0),
            2 => (1, 0),
            3 => (0, -1),
            4 => (0, 1),
            _ => return,
        };
        let to = (self.cell.0 + dx, self.cell.1 + dy);
        if !(0..COLUMNS).contains(&to.0) || !(0..ROWS).contains(&to.1) {
            return;
        }
        (self.from, self.cell, self.hop) = (self.cell, to, HOP);
        if dx != 0 {
            self.is_leftward = dx < 0;
        }
    }

    /// Counts a lane that was reached for the first time, and a whole crossing.
    fn arrive(&mut self, frame: &mut Frame) {
        if self.cell.1 >= self.best {
            return;
        }
        self.best = self.cell.1;
        self.score += 1;
        frame.reward += 1.0;
        frame.sound = Some(Sound::Bounce);
        if self.best == 0 {
            frame.sound = Some(Sound::Won);
            self.n_crossings += 1;
            self.joy = 30;
            self.go_home();
        }
    }

    fn go_home(&mut self) {
        (self.cell, self.from, self.hop, self.best) = (START, START, 0, START.1);
    }

    /// Whether a car touches a chick that is at a place of the field, some frames from now.
    fn is_hit(&self, (x, y): (i32, i32), frames_ahead: i32) -> bool {
        let (top, bottom) = (y + 3, y + CELL_HEIGHT - 4);
        let rows = top.div_euclid(CELL_HEIGHT)..=bottom.div_euclid(CELL_HEIGHT);
        rows.filter(|row| (1..=LANES as i32).contains(row)).any(|row| {
            let lane = &self.lanes[row as usize - 1];
            self.cars(lane, -frames_ahead)
                .any(|car| car < x + BODY.1 && car + i32::from(lane.length) > x + BODY.0)
        })
    }
}

impl Game for Crossing {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn reset(&mut self, seed: u64) {
        *self = Self::new();
        self.random = Random::new(seed);
        self.fill_lanes();
    }

    fn step(&mut self, action: u8, _: Option<u8>) -> Frame {
        if self.lives == 0 {
            return Frame { is_over: true, ..Frame::default() };
        }
        let mut frame = Frame::default();
        self.joy = self.joy.saturating_sub(1);
        for i in 0..LANES {
            let speed = self.speed(&self.lanes[i]);
            self.lanes[i].at = (self.lanes[i].at + speed).rem_euclid(LOOP * ONE);
        }
        if self.stunned > 0 {
            self.stunned -= 1;
            if self.stunned == 0 {
                self.go_home();
            }
            return frame;
        }
        if self.hop > 0 {
            self.hop -= 1;
            if self.hop == 0 {
                self.arrive(&mut frame);
            }
        } else {
            self.begin_hop(action);
        }
        if self.is_hit(self.place(), 0) {
            self.lives -= 1;
            self.stunned = STUNNED;
            frame.has_lost_life = true;
            frame.is_over = self.lives == 0;
            frame.sound = Some(Sound::Lost);
        }
        frame
    }

    fn score(&self) -> f64 {
        f64::from(self.score)
    }

    fn lives(&self) -> u32 {
        self.lives
    }

    /// Hops on where no car will be for a while; else waits, or leaves where one is coming.
    fn scripted(&mut self) -> u8 {
        let hop = i32::from(HOP);
        let is_free = |(dx, dy): (i32, i32)| {
            let (x, y) = (self.cell.0 + dx, self.cell.1 + dy);
            let to = (x * CELL_WIDTH, y * CELL_HEIGHT);
            let from = (self.cell.0 * CELL_WIDTH, self.cell.1 * CELL_HEIGHT);
            (0..COLUMNS).contains(&x)
                && (0..ROWS).contains(&y)
                && (0..hop + 10).all(|t| !self.is_hit(to, t))
                && (0..hop).all(|t| !self.is_hit(from, t) || (dx, dy) == (0, 0))
        };
        [((0, -1), 3), ((0, 0), 0), ((-1, 0), 1), ((1, 0), 2), ((0, 1), 4)]
            .into_iter()
            .find(|(by, _)| is_free(*by))
            .map_or(0, |(_, action)| action)
    }

    fn draw(&self, screen: &mut Screen) {
        screen::draw(self, screen);
    }

    fn planes(&self, to: &mut [u8]) {
        to.fill(0);
        let mut set = |column: i32, row: i32, plane: usize| {
            if (0..COLUMNS).contains(&column) && (0..ROWS).contains(&row) {
                to[(row * COLUMNS + column) as usize * 3 + plane] = 1;
            }
        };
        if self.stunned == 0 {
            let (x, y) = self.place();
            set((x + CELL_WIDTH / 2) / CELL_WIDTH, (y + CELL_HEIGHT / 2) / CELL_HEIGHT, 0);
        }
        for (i, lane) in self.lanes.iter().enumerate() {
            for (plane, frames_ago) in [(1, 0), (2, TRAIL)] {
                for car in self.cars(lane, frames_ago) {
                    // The cells that it covers more than just the edge of.
                    let last = car + i32::from(lane.length) - 3;
                    for column in (car + 2).div_euclid(CELL_WIDTH)..=last.div_euclid(CELL_WIDTH) {
                        set(column, i as i32 + 1, plane);
                    }
                }
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

impl Field for Lane {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        [&mut self.at, &mut self.speed].fields(codec);
        [&mut self.n_cars, &mut self.length, &mut self.colour].fields(codec);
    }
}

impl State for Crossing {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.random.fields(codec);
        self.lanes.fields(codec);
        self.cell.fields(codec);
        self.from.fields(codec);
        [&mut self.hop, &mut self.stunned, &mut self.joy].fields(codec);
        self.is_leftward.fields(codec);
        self.best.fields(codec);
        [&mut self.n_crossings, &mut self.score, &mut self.lives].fields(codec);
    }

    fn is_sound(&self) -> bool {
        let is_cell = |it: (i32, i32)| (0..COLUMNS).contains(&it.0) && (0..ROWS).contains(&it.1);
        is_cell(self.cell)
            && is_cell(self.from)
            && self.lanes.iter().all(|it| (0..LOOP * ONE).contains(&it.at))
            && self.lanes.iter().all(|it| (100..1000).contains(&it.speed.abs()))
            && self.lanes.iter().all(|it| (1..=4).contains(&it.n_cars) && it.colour < 5)
            && self.lanes.iter().all(|it| it.length == 17 || it.length == 30)
            && self.hop <= HOP
            && self.stunned <= STUNNED
            && (0..ROWS).contains(&self.best)
            && self.n_crossings < 1 << 30
            && self.score < 1 << 30
            && self.lives <= LIVES
    }
}
