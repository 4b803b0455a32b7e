//! `MountainCar`: a car in a valley, too weak for the slope, has to rock itself out.
//!
//! The system is that of A. Moore's thesis «Efficient Memory-based Learning for Robot Control», 1990, with the
//! constants and limits of Gymnasium's `MountainCar-v0`. A step there takes two frames here, with the action
//! that is given in the first.

use std::sync::LazyLock;

use crate::{
    Error, Frame, Game, Info, NumbersInfo, Random, Screen, Sound,
    state::{self, Codec, Field, State},
};

pub(crate) static INFO: Info = Info {
    key: "mountaincar",
    title: "MountainCar",
    about: "Rock the car out of the valley: its engine is too weak to climb the hill at once.",
    version: 1,
    actions: &["left", "stay", "right"],
    keys: &[("ArrowLeft", 0), ("ArrowRight", 2), ("ArrowDown", 1)],
    n_players: 1,
    frame_skip: FRAMES as u32,
    frames_max: 200 * FRAMES as u32,
    planes: None,
    numbers: Some(NumbersInfo { names: &["position", "velocity"] }),
    score_unit: "points",
    yardsticks: &[("random", -200.0), ("scripted", -119.0), ("person", -150.0)],
    palette: &[
        [44, 38, 84],
        [66, 48, 102],
        [94, 58, 116],
        [128, 70, 124],
        [166, 86, 126],
        [204, 108, 122],
        [236, 138, 118],
        [252, 174, 120],
        [255, 206, 140],
        [88, 64, 118],
        [62, 50, 98],
        [34, 34, 66],
        [84, 190, 150],
        [24, 24, 48],
        [90, 200, 250],
        [46, 130, 196],
        [210, 240, 255],
        [255, 255, 255],
        [255, 96, 96],
        [255, 236, 190],
        [16, 16, 34],
        [122, 110, 150],
    ],
};

const SUN: u8 = 19;
const FAR: u8 = 9;
const NEAR: u8 = 10;
const HILL: u8 = 11;
const GRASS: u8 = 12;
const HILL_DARK: u8 = 13;
const CAR: u8 = 14;
const CAR_DARK: u8 = 15;
const GLASS: u8 = 16;
const WHITE: u8 = 17;
const RED: u8 = 18;
const BLACK: u8 = 20;
const FAINT: u8 = 21;

/// Frames of a step.
const FRAMES: u8 = 2;
const POSITION_MIN: f64 = -1.2;
const POSITION_MAX: f64 = 0.6;
const SPEED_MAX: f64 = 0.07;
const GOAL: f64 = 0.5;
const FORCE: f64 = 0.001;
const GRAVITY: f64 = 0.0025;

/// The game in play.
#[derive(Clone, Debug)]
pub(crate) struct MountainCar {
    position: f64,
    velocity: f64,
    /// The position a step ago, for the frame between.
    position_before: f64,
    /// Frames of this step that were played.
    phase: u8,
    last_action: u8,
    n_steps: u32,
    is_over: bool,
}

impl MountainCar {
    /// Begins with seed 0.
    pub(crate) fn new() -> Self {
        let mut game = Self {
            position: 0.0,
            velocity: 0.0,
            position_before: 0.0,
            phase: 0,
            last_action: 1,
            n_steps: 0,
            is_over: false,
        };
        game.reset(0);
        game
    }

    fn advance(&mut self, action: u8) {
        self.last_action = action;
        self.position_before = self.position;
        let push = (f64::from(action) - 1.0) * FORCE;
        self.velocity += push - (3.0 * self.position).cos() * GRAVITY;
        self.velocity = self.velocity.clamp(-SPEED_MAX, SPEED_MAX);
        self.position = (self.position + self.velocity).clamp(POSITION_MIN, POSITION_MAX);
        if self.position == POSITION_MIN && self.velocity < 0.0 {
            self.velocity = 0.0;
        }
    }
}

impl Game for MountainCar {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn reset(&mut self, seed: u64) {
        let position = -0.6 + 0.2 * f64::from(Random::new(seed).unit());
        *self = Self {
            position,
            velocity: 0.0,
            position_before: position,
            phase: 0,
            last_action: 1,
            n_steps: 0,
            is_over: false,
        };
    }

    fn step(&mut self, action: u8, _: Option<u8>) -> Frame {
        if self.is_over {
            return Frame { is_over: true, ..Frame::default() };
        }
        if self.phase == 0 {
            self.advance(if action > 2 { 0 } else { action });
        }
        self.phase = (self.phase + 1) % FRAMES;
        if self.phase != 0 {
            return Frame::default();
        }
        self.n_steps += 1;
        self.is_over = self.position >= GOAL && self.velocity >= 0.0;
        let sound = self.is_over.then_some(Sound::Won);
        Frame { reward: -1.0, has_lost_life: false, is_over: self.is_over, sound }
    }

    fn score(&self) -> f64 {
        -f64::from(self.n_steps)
    }

    fn lives(&self) -> u32 {
        0
    }

    /// Pushes to where the car rolls.
    fn scripted(&mut self) -> u8 {
        if self.velocity >= 0.0 { 2 } else { 0 }
    }

    fn draw(&self, screen: &mut Screen) {
        screen.copy(&BACKDROP);
        let position = match self.phase {
            0 => self.position,
            _ => 0.5 * (self.position_before + self.position),
        };
        let (x, y) = (column(position), row(position));
        // Along the slope and away from it.
        let angle = (0.45 * 3.0 * (3.0 * position).cos() * SCALE_Y / SCALE_X).atan();
        let (sin, cos) = angle.sin_cos();
        let at = |along: f64, up: f64| (x + along * cos - up * sin, y - along * sin - up * cos);
        if self.last_action != 1 {
            let back = if self.last_action == 2 { -1.0 } else { 1.0 };
            screen.line(at(back * 11.0, 5.0), at(back * 13.0, 5.0), 1, SUN);
            screen.line(at(back * 15.0, 5.0), at(back * 16.0, 5.0), 0, 8);
        }
        screen.line(at(-7.0, 5.0), at(7.0, 5.0), 2, CAR_DARK);
        screen.line(at(-7.0, 6.0), at(7.0, 6.0), 2, CAR);
        screen.line(at(-3.0, 9.0), at(3.0, 9.0), 2, CAR);
        screen.line(at(-2.0, 9.5), at(2.0, 9.5), 1, GLASS);
        for wheel in [-6.0, 6.0] {
            let (x, y) = at(wheel, 3.0);
            screen.disc(x.round() as i32, y.round() as i32, 3, BLACK);
            screen.disc(x.round() as i32, y.round() as i32, 1, FAINT);
        }
        screen.number(8, 8, self.n_steps, 3, WHITE);
        let speed = (self.velocity / SPEED_MAX * 24.0).round() as i32;
        screen.rect(128 + speed.min(0), 12, speed.abs(), 4, CAR);
    }

    fn planes(&self, _: &mut [u8]) {}

    fn numbers(&self, to: &mut [f32]) {
        for (to, number) in to.iter_mut().zip([self.position, self.velocity]) {
            *to = number as f32;
        }
    }

    fn save(&self, to: &mut Vec<u8>) {
        state::save(self, &INFO, to);
    }

    fn load<'a>(&mut self, from: &'a [u8]) -> Result<&'a [u8], Error> {
        state::load(self, &INFO, from)
    }
}

impl State for MountainCar {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.position.fields(codec);
        self.velocity.fields(codec);
        self.position_before.fields(codec);
        self.phase.fields(codec);
        self.last_action.fields(codec);
        self.n_steps.fields(codec);
        self.is_over.fields(codec);
    }

    fn is_sound(&self) -> bool {
        let positions = POSITION_MIN..=POSITION_MAX;
        positions.contains(&self.position)
            && positions.contains(&self.position_before)
            && self.velocity.abs() <= SPEED_MAX
            && self.phase < FRAMES
            && self.last_action < 3
            && self.n_steps < 1 << 30
    }
}

/// Pixels of a unit of position, and of height.
const SCALE_X: f64 = 80.0;
/// Columns left of the leftmost position.
const MARGIN: f64 = 6.0;
const SCALE_Y: f64 = 92.0;

fn column(position: f64) -> f64 {
    MARGIN + (position - POSITION_MIN) * SCALE_X
}

fn row(position: f64) -> f64 {
    188.0 - SCALE_Y * (0.45 * (3.0 * position).sin() + 0.45)
}

static BACKDROP: LazyLock<Screen> = LazyLock::new(|| {
    let mut screen = Screen::default();
    for band in 0..9 {
        screen.rect(0, band * 17, 160, 120, band as u8);
    }
    screen.disc(52, 108, 17, 8);
    screen.disc(52, 108, 14, SUN);
    for x in 0..160 {
        let at = f64::from(x) / 160.0;
        let far = 128.0 - 20.0 * (at * 9.0 + 0.6).sin() - 7.0 * (at * 23.0).sin();
        screen.rect(x, far as i32, 1, 210, FAR);
        let near = 152.0 - 13.0 * (at * 7.0 + 2.4).sin() - 5.0 * (at * 17.0 + 1.0).sin();
        screen.rect(x, near as i32, 1, 210, NEAR);
    }
    for x in 0..160 {
        let top = row(POSITION_MIN + (f64::from(x) - MARGIN) / SCALE_X).round() as i32;
        screen.rect(x, top, 1, 210, HILL);
        screen.rect(x, top, 1, 2, GRASS);
        screen.rect(x, top + 14 + (x / 5 % 2), 1, 210, HILL_DARK);
    }
    let (x, y) = (column(GOAL).round() as i32, row(GOAL).round() as i32);
    screen.rect(x, y - 22, 1, 22, WHITE);
    for (dy, width) in [(0, 10), (1, 9), (2, 8), (3, 7), (4, 8), (5, 9)] {
        screen.rect(x - width, y - 22 + dy, width, 1, RED);
    }
    screen.rect(104, 18, 49, 1, FAR);
    screen.rect(128, 16, 1, 3, WHITE);
    screen
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: `MountainCar-v0` of Gymnasium 1.4.0.
    #[test]
    fn moves_as_that_of_gymnasium() {
        let mut game = MountainCar::new();
        (game.position, game.velocity) = (-0.5, 0.0);
        let expected = [
            (1, -0.501_176_843_004_169_2, -0.001_176_843_004_169_257_3),
            (10, -0.509_666_409_454_244_5, -0.002_500_186_753_954_753_4),
            (150, -0.503_388_807_236_616_9, -0.000_790_800_258_374_126_7),
        ];
        for i in 0..150u32 {
            let action = ((i / 3 + i) % 3) as u8;
            assert_eq!(game.step(action, None).reward, 0.0);
            assert_eq!(game.step(action, None).reward, -1.0);
            if let Some((_, x, v)) = expected.iter().find(|it| it.0 == i + 1) {
                assert!((game.position - x).abs() < 1e-9 && (game.velocity - v).abs() < 1e-9);
            }
        }
        // Pushing to where it rolls takes it out in 124 steps.
        (game.position, game.velocity, game.n_steps) = (-0.5, 0.0, 0);
        while !game.is_over {
            let action = game.scripted();
            game.step(action, None);
            game.step(action, None);
        }
        assert_eq!(game.n_steps, 124);
        assert!((game.position - 0.534_949_982_565_573_6).abs() < 1e-9);
    }
}
