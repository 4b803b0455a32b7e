//! `CartPole`: a pole on a cart is kept upright by pushing the cart left or right.
//!
//! The system is that of A. Barto, R. Sutton and C. Anderson, «Neuronlike Adaptive Elements That Can Solve
//! Difficult Learning Control Problems», 1983, with the constants, Euler steps and limits of Gymnasium's
//! `CartPole-v1`. A frame here is a step there.

use std::sync::LazyLock;

use crate::{
    Error, Frame, Game, Info, NumbersInfo, Random, Screen, Sound,
    state::{self, Codec, Field, State},
};

pub(crate) static INFO: Info = Info {
    key: "cartpole",
    title: "CartPole",
    about: "Push the cart left or right so that the pole stays upright.",
    version: 1,
    actions: &["left", "right"],
    keys: &[("ArrowLeft", 0), ("ArrowRight", 1)],
    n_players: 1,
    frame_skip: 1,
    frames_max: 500,
    planes: None,
    numbers: Some(NumbersInfo { names: &["position", "velocity", "angle", "angular velocity"] }),
    score_unit: "steps",
    yardsticks: &[("random", 24.0), ("scripted", 500.0), ("person", 60.0)],
    palette: &[
        [22, 24, 46],
        [26, 28, 54],
        [31, 32, 62],
        [37, 36, 71],
        [44, 40, 80],
        [52, 45, 89],
        [61, 50, 97],
        [71, 56, 104],
        [17, 17, 34],
        [126, 130, 172],
        [66, 66, 104],
        [64, 196, 190],
        [38, 140, 150],
        [158, 238, 224],
        [250, 174, 86],
        [255, 216, 144],
        [255, 255, 255],
        [236, 238, 250],
        [130, 130, 176],
        [244, 92, 98],
        [12, 12, 26],
    ],
};

const GROUND: u8 = 8;
const RAIL: u8 = 9;
const TICK: u8 = 10;
const CART: u8 = 11;
const CART_DARK: u8 = 12;
const CART_LIGHT: u8 = 13;
const POLE: u8 = 14;
const POLE_LIGHT: u8 = 15;
const WHITE: u8 = 16;
const TEXT: u8 = 17;
const FAINT: u8 = 18;
const RED: u8 = 19;
const BLACK: u8 = 20;

const GRAVITY: f64 = 9.8;
const CART_MASS: f64 = 1.0;
const POLE_MASS: f64 = 0.1;
const TOTAL_MASS: f64 = CART_MASS + POLE_MASS;
/// Half the length of the pole.
const LENGTH: f64 = 0.5;
const POLE_MASS_LENGTH: f64 = POLE_MASS * LENGTH;
const FORCE: f64 = 10.0;
const DT: f64 = 0.02;
const ANGLE_MAX: f64 = 12.0 * 2.0 * std::f64::consts::PI / 360.0;
const POSITION_MAX: f64 = 2.4;

/// Pixels of a unit of length.
const SCALE: f64 = 29.0;
/// The row of the rail.
const RAIL_Y: i32 = 158;

/// The game in play.
#[derive(Clone, Debug)]
pub(crate) struct CartPole {
    x: f64,
    velocity: f64,
    angle: f64,
    angular_velocity: f64,
    n_steps: u32,
    is_over: bool,
    last_action: u8,
}

impl CartPole {
    /// Begins with seed 0.
    pub(crate) fn new() -> Self {
        let mut game = Self {
            x: 0.0,
            velocity: 0.0,
            angle: 0.0,
            angular_velocity: 0.0,
            n_steps: 0,
            is_over: false,
            last_action: 0,
        };
        game.reset(0);
        game
    }
}

impl Game for CartPole {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn reset(&mut self, seed: u64) {
        let mut random = Random::new(seed);
        let mut small = || f64::from(random.unit()) * 0.1 - 0.05;
        *self = Self {
            x: small(),
            velocity: small(),
            angle: small(),
            angular_velocity: small(),
            n_steps: 0,
            is_over: false,
            last_action: 0,
        };
    }

    fn step(&mut self, action: u8, _: Option<u8>) -> Frame {
        if self.is_over {
            return Frame { is_over: true, ..Frame::default() };
        }
        self.last_action = u8::from(action == 1);
        let force = if action == 1 { FORCE } else { -FORCE };
        let (sin, cos) = self.angle.sin_cos();
        let pushed = (force + POLE_MASS_LENGTH * self.angular_velocity.powi(2) * sin) / TOTAL_MASS;
        let angular_acceleration = (GRAVITY * sin - cos * pushed)
            / (LENGTH * (4.0 / 3.0 - POLE_MASS * cos.powi(2) / TOTAL_MASS));
        let acceleration = pushed - POLE_MASS_LENGTH * angular_acceleration * cos / TOTAL_MASS;
        self.x += DT * self.velocity;
        self.velocity += DT * acceleration;
        self.angle += DT * self.angular_velocity;
        self.angular_velocity += DT * angular_acceleration;
        self.n_steps += 1;
        self.is_over = self.x.abs() > POSITION_MAX || self.angle.abs() > ANGLE_MAX;
        Frame {
            reward: 1.0,
            has_lost_life: self.is_over,
            is_over: self.is_over,
            sound: self.is_over.then_some(Sound::Lost),
        }
    }

    fn score(&self) -> f64 {
        f64::from(self.n_steps)
    }

    fn lives(&self) -> u32 {
        0
    }

    /// Pushes to the side that the pole leans or falls to, a little more so when the cart is far off.
    fn scripted(&mut self) -> u8 {
        let lean = self.angle + 0.3 * self.angular_velocity;
        u8::from(lean + 0.02 * self.x + 0.06 * self.velocity > 0.0)
    }

    fn draw(&self, screen: &mut Screen) {
        screen.copy(&BACKDROP);
        let x = 80 + (self.x * SCALE).round() as i32;
        let top = RAIL_Y - 20;
        draw_cart(screen, x, top, self.last_action, self.is_over);
        let foot = (f64::from(x), f64::from(top + 3));
        let (sin, cos) = self.angle.sin_cos();
        let head = (foot.0 + 70.0 * sin, foot.1 - 70.0 * cos);
        screen.line(foot, head, 2, POLE);
        screen.line((foot.0 - 1.0, foot.1), (head.0 - 1.0, head.1), 0, POLE_LIGHT);
        screen.disc(head.0.round() as i32, head.1.round() as i32, 4, POLE);
        screen.disc(head.0.round() as i32 - 1, head.1.round() as i32 - 1, 1, POLE_LIGHT);
        screen.disc(x, top + 3, 3, BLACK);
        screen.disc(x, top + 3, 1, WHITE);
        screen.number(8, 8, self.n_steps, 3, TEXT);
        draw_dial(screen, self.angle);
        let length = (self.n_steps.min(INFO.frames_max) * 144 / INFO.frames_max) as i32;
        screen.rect(8, 200, length, 2, if self.is_over { RED } else { CART });
    }

    fn planes(&self, _: &mut [u8]) {}

    fn numbers(&self, to: &mut [f32]) {
        let numbers = [self.x, self.velocity, self.angle, self.angular_velocity];
        for (to, number) in to.iter_mut().zip(numbers) {
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

impl State for CartPole {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.x.fields(codec);
        self.velocity.fields(codec);
        self.angle.fields(codec);
        self.angular_velocity.fields(codec);
        self.n_steps.fields(codec);
        self.is_over.fields(codec);
        self.last_action.fields(codec);
    }

    fn is_sound(&self) -> bool {
        let numbers = [self.x, self.velocity, self.angle, self.angular_velocity];
        numbers.iter().all(|it| it.abs() < 100.0) && self.n_steps < 1_000_000_000
    }
}

static BACKDROP: LazyLock<Screen> = LazyLock::new(|| {
    let mut screen = Screen::default();
    for band in 0..8 {
        screen.rect(0, band * 20, 160, 20, band as u8);
    }
    screen.rect(0, RAIL_Y + 2, 160, 60, GROUND);
    screen.rect(0, RAIL_Y, 160, 2, RAIL);
    for tick in -2..=2 {
        let x = 80 + (f64::from(tick) * SCALE).round() as i32;
        screen.rect(x, RAIL_Y + 2, 1, 4, RAIL);
    }
    for end in [-POSITION_MAX, POSITION_MAX] {
        let x = 80 + (end * SCALE).round() as i32;
        screen.rect(x - 1, RAIL_Y - 8, 2, 8, RED);
    }
    screen.rect(8, 200, 144, 2, TICK);
    screen.text(8, 192, "STEPS", 1, FAINT);
    screen
});

/// The cart, with a flame on the side that it was pushed from.
fn draw_cart(screen: &mut Screen, x: i32, top: i32, action: u8, is_over: bool) {
    let (colour, dark) = if is_over { (RED, TICK) } else { (CART, CART_DARK) };
    screen.rounded(x - 15, top, 30, 14, dark);
    screen.rounded(x - 15, top, 30, 11, colour);
    screen.rect(x - 13, top + 1, 26, 1, CART_LIGHT);
    for wheel in [x - 9, x + 9] {
        screen.disc(wheel, RAIL_Y - 5, 4, BLACK);
        screen.disc(wheel, RAIL_Y - 5, 2, FAINT);
    }
    let (near, far) = if action == 1 { (x - 18, x - 21) } else { (x + 16, x + 20) };
    screen.rect(near, top + 3, 2, 6, POLE_LIGHT);
    screen.rect(far, top + 4, 1, 4, POLE);
}

/// How far the pole leans, on a scale that ends where the game does.
fn draw_dial(screen: &mut Screen, angle: f64) {
    screen.rect(100, 14, 52, 1, TICK);
    screen.rect(126, 11, 1, 7, FAINT);
    screen.rect(100, 12, 1, 5, RED);
    screen.rect(151, 12, 1, 5, RED);
    let at = (angle / ANGLE_MAX * 25.0).round().clamp(-25.0, 25.0) as i32;
    screen.disc(126 + at, 14, 2, POLE);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: `CartPole-v1` of Gymnasium 1.4.0.
    #[test]
    fn moves_as_that_of_gymnasium() {
        let mut game = CartPole::new();
        (game.x, game.velocity, game.angle, game.angular_velocity) = (0.01, -0.02, 0.03, 0.04);
        let expected = [
            (
                1,
                [
                    0.009_600_000_000_000_001,
                    -0.215_539_017_102_789_36,
                    0.0308,
                    0.341_995_223_776_039_14,
                ],
            ),
            (
                10,
                [
                    -0.053_074_080_263_717_335,
                    -0.808_479_145_723_337_1,
                    0.137_954_713_685_391,
                    1.397_857_014_350_178,
                ],
            ),
        ];
        while !game.is_over {
            let i = game.n_steps;
            assert_eq!(game.step(((i / 3 + i) % 2) as u8, None).reward, 1.0);
            if let Some((_, numbers)) = expected.iter().find(|it| it.0 == i + 1) {
                let found = [game.x, game.velocity, game.angle, game.angular_velocity];
                for (found, expected) in found.iter().zip(numbers) {
                    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
                }
            }
        }
        assert_eq!(game.n_steps, 13);
    }
}
