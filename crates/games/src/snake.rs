//! Snake: a snake grows with every apple, and must meet neither the wall nor itself.
//!
//! The field is a grid of 14 × 16 cells. The snake moves a cell every eight frames, to the side that was asked
//! for last; in between its head slides.

mod screen;

use std::collections::VecDeque;

use crate::{
    Error, Frame, Game, Info, PlanesInfo, Random, Screen, Sound,
    state::{self, Codec, Field, State},
};

pub(crate) static INFO: Info = Info {
    key: "snake",
    title: "Snake",
    about: "Eat the apples; every one makes the snake longer. Walls and its own body end it.",
    version: 1,
    actions: &["stay", "left", "right", "up", "down"],
    keys: &[("ArrowLeft", 1), ("ArrowRight", 2), ("ArrowUp", 3), ("ArrowDown", 4)],
    n_players: 1,
    frame_skip: FRAMES as u32,
    frames_max: 36_000,
    planes: Some(PlanesInfo {
        rows: ROWS,
        columns: COLUMNS,
        names: &["head", "body", "tail", "apple"],
    }),
    numbers: None,
    score_unit: "apples",
    yardsticks: &[("random", 0.16), ("scripted", 54.0), ("person", 25.0)],
    palette: &screen::PALETTE,
};

const ROWS: usize = 16;
const COLUMNS: usize = 14;
const CELLS: usize = ROWS * COLUMNS;
/// Frames of a move.
const FRAMES: u8 = 8;
/// Moves without an apple after which the snake starves: more than the field has cells.
const HUNGER: u16 = 400;
/// How a cell's column and row change with each action but the first.
const WAYS: [(i32, i32); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];

/// The game in play.
#[derive(Clone, Debug)]
pub(crate) struct Snake {
    random: Random,
    /// Cells of the body in a ring, the head at `head`, the rest before it.
    body: [u8; CELLS],
    head: u8,
    length: u16,
    /// Whether a cell is covered.
    is_body: [bool; CELLS],
    /// The way it moved last, and the way asked for.
    way: u8,
    asked: u8,
    apple: u8,
    /// Where the tail was before the last move.
    tail_before: u8,
    phase: u8,
    hunger: u16,
    score: u32,
    /// Frames since an apple was eaten, up to a bound.
    since_apple: u8,
    is_over: bool,
}

impl Snake {
    /// Begins with seed 0.
    pub(crate) fn new() -> Self {
        let mut game = Self {
            random: Random::new(0),
            body: [0; CELLS],
            head: 0,
            length: 0,
            is_body: [false; CELLS],
            way: 1,
            asked: 1,
            apple: 0,
            tail_before: 0,
            phase: 0,
            hunger: 0,
            score: 0,
            since_apple: u8::MAX,
            is_over: false,
        };
        game.reset(0);
        game
    }

    /// The cell of the body that is so many behind the head.
    fn cell(&self, behind: usize) -> usize {
        usize::from(self.body[(usize::from(self.head) + CELLS - behind) % CELLS])
    }

    fn tail(&self) -> usize {
        self.cell(usize::from(self.length) - 1)
    }

    fn push_head(&mut self, cell: usize) {
        self.head = ((usize::from(self.head) + 1) % CELLS) as u8;
        self.body[usize::from(self.head)] = cell as u8;
        self.is_body[cell] = true;
        self.length += 1;
    }

    /// Puts an apple on a free cell.
    fn place_apple(&mut self) {
        let n_free = CELLS as u32 - u32::from(self.length);
        if n_free == 0 {
            return;
        }
        let which = self.random.below(n_free) as usize;
        let mut free = (0..CELLS).filter(|it| !self.is_body[*it]);
        self.apple = free.nth(which).expect("there are so many free cells") as u8;
    }

    /// Moves a cell.
    fn advance(&mut self) -> Frame {
        // Turning back on the spot is no move.
        if self.asked ^ 1 != self.way {
            self.way = self.asked;
        }
        self.hunger += 1;
        let next = neighbour(self.cell(0), self.way);
        self.tail_before = self.tail() as u8;
        let is_apple = next == Some(usize::from(self.apple));
        if !is_apple {
            let tail = self.tail();
            self.is_body[tail] = false;
            self.length -= 1;
        }
        let Some(next) = next.filter(|it| !self.is_body[*it] && self.hunger < HUNGER) else {
            return self.end();
        };
        self.push_head(next);
        if !is_apple {
            return Frame::default();
        }
        self.score += 1;
        self.hunger = 0;
        self.since_apple = 0;
        self.place_apple();
        self.is_over = usize::from(self.length) == CELLS;
        let sound = Some(if self.is_over { Sound::Won } else { Sound::Hit });
        Frame { reward: 1.0, has_lost_life: false, is_over: self.is_over, sound }
    }

    /// The snake stays where it was.
    fn end(&mut self) -> Frame {
        self.is_over = true;
        if self.tail_before != self.tail() as u8 {
            self.length += 1;
            self.is_body[usize::from(self.tail_before)] = true;
        }
        let sound = Some(Sound::Lost);
        Frame { reward: 0.0, has_lost_life: true, is_over: true, sound }
    }

    /// Cells that can be reached from one, but for the snake, until `enough` are found.
    fn room(&self, from: usize, enough: usize) -> usize {
        let mut is_seen = self.is_body;
        is_seen[from] = true;
        let (mut open, mut n) = (VecDeque::from([from]), 0);
        while let Some(cell) = open.pop_front() {
            n += 1;
            if n >= enough {
                break;
            }
            for next in (0..4).filter_map(|way| neighbour(cell, way)) {
                if !std::mem::replace(&mut is_seen[next], true) {
                    open.push_back(next);
                }
            }
        }
        n
    }

    /// How many moves each cell is from the apple.
    fn distances(&self) -> [u16; CELLS] {
        let mut distances = [u16::MAX; CELLS];
        let apple = usize::from(self.apple);
        distances[apple] = 0;
        let mut open = VecDeque::from([apple]);
        while let Some(cell) = open.pop_front() {
            for next in (0..4).filter_map(|way| neighbour(cell, way)) {
                if distances[next] == u16::MAX && !self.is_body[next] {
                    distances[next] = distances[cell] + 1;
                    open.push_back(next);
                }
            }
        }
        distances
    }
}

/// The cell that lies that way, if the field doesn't end.
fn neighbour(cell: usize, way: u8) -> Option<usize> {
    let (dx, dy) = WAYS[usize::from(way)];
    let x = (cell % COLUMNS).checked_add_signed(dx as isize).filter(|it| *it < COLUMNS)?;
    let y = (cell / COLUMNS).checked_add_signed(dy as isize).filter(|it| *it < ROWS)?;
    Some(y * COLUMNS + x)
}

impl Game for Snake {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn reset(&mut self, seed: u64) {
        self.random = Random::new(seed);
        self.is_body = [false; CELLS];
        (self.head, self.length) = (0, 0);
        let start = ROWS / 2 * COLUMNS + 4;
        for cell in start - 2..=start {
            self.push_head(cell);
        }
        (self.way, self.asked) = (1, 1);
        (self.phase, self.hunger, self.score) = (0, 0, 0);
        self.since_apple = u8::MAX;
        self.is_over = false;
        self.tail_before = self.tail() as u8;
        self.place_apple();
    }

    fn step(&mut self, action: u8, _: Option<u8>) -> Frame {
        if self.is_over {
            return Frame { is_over: true, ..Frame::default() };
        }
        if (1..=4).contains(&action) {
            self.asked = action - 1;
        }
        self.since_apple = self.since_apple.saturating_add(1);
        self.phase = (self.phase + 1) % FRAMES;
        if self.phase == 0 { self.advance() } else { Frame::default() }
    }

    fn score(&self) -> f64 {
        f64::from(self.score)
    }

    fn lives(&self) -> u32 {
        0
    }

    /// Takes the shortest way to the apple that leaves room for the whole snake.
    fn scripted(&mut self) -> u8 {
        let distances = self.distances();
        let length = usize::from(self.length);
        let ways = (0..4u8).filter_map(|way| {
            let next = neighbour(self.cell(0), way).filter(|it| !self.is_body[*it])?;
            let room = self.room(next, length).min(length);
            Some((length - room, distances[next], way))
        });
        ways.min().map_or(0, |(_, _, way)| way + 1)
    }

    fn draw(&self, screen: &mut Screen) {
        screen::draw(self, screen);
    }

    fn planes(&self, to: &mut [u8]) {
        for (to, is_body) in to.chunks_exact_mut(4).zip(self.is_body) {
            to.copy_from_slice(&[0, u8::from(is_body), 0, 0]);
        }
        let (head, tail) = (self.cell(0), self.tail());
        to[4 * head] = 1;
        to[4 * head + 1] = 0;
        to[4 * tail + 2] = 1;
        to[4 * usize::from(self.apple) + 3] = 1;
    }

    fn numbers(&self, _: &mut [f32]) {}

    fn save(&self, to: &mut Vec<u8>) {
        state::save(self, &INFO, to);
    }

    fn load<'a>(&mut self, from: &'a [u8]) -> Result<&'a [u8], Error> {
        state::load(self, &INFO, from)
    }
}

impl State for Snake {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.random.fields(codec);
        self.body.fields(codec);
        self.head.fields(codec);
        self.length.fields(codec);
        self.is_body.fields(codec);
        [
            &mut self.way,
            &mut self.asked,
            &mut self.apple,
            &mut self.tail_before,
            &mut self.phase,
            &mut self.since_apple,
        ]
        .fields(codec);
        self.hunger.fields(codec);
        self.score.fields(codec);
        self.is_over.fields(codec);
    }

    fn is_sound(&self) -> bool {
        let length = usize::from(self.length);
        self.body.iter().all(|it| usize::from(*it) < CELLS)
            && usize::from(self.head) < CELLS
            && (1..=CELLS).contains(&length)
            && self.is_body.iter().filter(|it| **it).count() == length
            && (0..length).all(|i| self.is_body[self.cell(i)])
            && self.way < 4
            && self.asked < 4
            && usize::from(self.apple) < CELLS
            && usize::from(self.tail_before) < CELLS
            && self.phase < FRAMES
            && self.hunger <= HUNGER
            && self.score < 1000
    }
}
