//! Acrobot: two links hang from a bar; a motor between them swings the lower end up above a line.
//!
//! The system is that of R. Sutton, «Generalization in Reinforcement Learning: Successful Examples Using
//! Sparse Coarse Coding», 1996, in the form that his and A. Barto's book gives it, with the constants,
//! Runge-Kutta steps and limits of Gymnasium's `Acrobot-v1`. A step there takes four frames here, with the
//! action that is given in the first.

mod screen;

use std::f64::consts::PI;

use crate::{
    Error, Frame, Game, Info, NumbersInfo, Random, Screen, Sound,
    state::{self, Codec, Field, State},
};

pub(crate) static INFO: Info = Info {
    key: "acrobot",
    title: "Acrobot",
    about: "Swing two hanging links until the lower end reaches above the line.",
    version: 1,
    actions: &["left", "stay", "right"],
    keys: &[("ArrowLeft", 0), ("ArrowRight", 2), ("ArrowDown", 1)],
    n_players: 1,
    frame_skip: FRAMES as u32,
    frames_max: 500 * FRAMES as u32,
    planes: None,
    numbers: Some(NumbersInfo {
        names: &[
            "cosine of the upper angle",
            "sine of the upper angle",
            "cosine of the lower angle",
            "sine of the lower angle",
            "upper angular velocity",
            "lower angular velocity",
        ],
    }),
    score_unit: "points",
    yardsticks: &[("random", -500.0), ("scripted", -87.0), ("person", -200.0)],
    palette: &screen::PALETTE,
};

/// Frames of a step.
const FRAMES: u8 = 4;
const DT: f64 = 0.2;
/// Length and mass of a link, where its centre of mass is, and its moment of inertia.
const LENGTH: f64 = 1.0;
const MASS: f64 = 1.0;
const CENTRE: f64 = 0.5;
const INERTIA: f64 = 1.0;
const GRAVITY: f64 = 9.8;
const UPPER_SPEED_MAX: f64 = 4.0 * PI;
const LOWER_SPEED_MAX: f64 = 9.0 * PI;
/// Places of the lower end that are remembered, for its trail.
const TRAIL: usize = 12;

/// Both angles, from hanging down and from each other, and their velocities.
type Motion = [f64; 4];

/// The game in play.
#[derive(Clone, Debug)]
pub(crate) struct Acrobot {
    motion: Motion,
    /// That of a step ago, for the frames between.
    before: Motion,
    /// Frames of this step that were played.
    phase: u8,
    last_action: u8,
    n_steps: u32,
    score: i32,
    is_over: bool,
    trail: [(i16, i16); TRAIL],
    trail_at: u8,
}

impl Acrobot {
    /// Begins with seed 0.
    pub(crate) fn new() -> Self {
        let mut game = Self {
            motion: [0.0; 4],
            before: [0.0; 4],
            phase: 0,
            last_action: 1,
            n_steps: 0,
            score: 0,
            is_over: false,
            trail: [(0, 0); TRAIL],
            trail_at: 0,
        };
        game.reset(0);
        game
    }

    fn advance(&mut self, action: u8) {
        self.last_action = action;
        let [upper, lower, upper_speed, lower_speed] =
            runge_kutta(self.motion, f64::from(action) - 1.0);
        let (wrapped_upper, wrapped_lower) = (wrap(upper), wrap(lower));
        // What was before stays close to what is now, so that frames between can be drawn.
        self.before = [
            self.motion[0] + wrapped_upper - upper,
            self.motion[1] + wrapped_lower - lower,
            0.0,
            0.0,
        ];
        self.motion = [
            wrapped_upper,
            wrapped_lower,
            upper_speed.clamp(-UPPER_SPEED_MAX, UPPER_SPEED_MAX),
            lower_speed.clamp(-LOWER_SPEED_MAX, LOWER_SPEED_MAX),
        ];
    }

    fn is_above_line(&self) -> bool {
        let [upper, lower, ..] = self.motion;
        -upper.cos() - (upper + lower).cos() > 1.0
    }

    /// Both angles, from hanging straight down, in the frame that is shown.
    fn shown(&self) -> (f64, f64) {
        let part = match self.phase {
            0 => 1.0,
            phase => f64::from(phase) / f64::from(FRAMES),
        };
        let between = |i: usize| self.before[i] + part * (self.motion[i] - self.before[i]);
        (between(0), between(0) + between(1))
    }
}

/// A step of the classical Runge-Kutta method.
fn runge_kutta(motion: Motion, torque: f64) -> Motion {
    let moved =
        |by: &Motion, dt: f64| -> Motion { std::array::from_fn(|i| motion[i] + dt * by[i]) };
    let a = derivative(&motion, torque);
    let b = derivative(&moved(&a, DT / 2.0), torque);
    let c = derivative(&moved(&b, DT / 2.0), torque);
    let d = derivative(&moved(&c, DT), torque);
    std::array::from_fn(|i| motion[i] + DT / 6.0 * (a[i] + 2.0 * b[i] + 2.0 * c[i] + d[i]))
}

/// The equations of motion; names as in the book, section 11.3 of the first edition.
fn derivative(&[theta1, theta2, dtheta1, dtheta2]: &Motion, torque: f64) -> Motion {
    let (sin2, cos2) = theta2.sin_cos();
    let d1 = MASS * CENTRE.powi(2)
        + MASS * (LENGTH.powi(2) + CENTRE.powi(2) + 2.0 * LENGTH * CENTRE * cos2)
        + 2.0 * INERTIA;
    let d2 = MASS * (CENTRE.powi(2) + LENGTH * CENTRE * cos2) + INERTIA;
    let phi2 = MASS * CENTRE * GRAVITY * (theta1 + theta2 - PI / 2.0).cos();
    let phi1 = -MASS * LENGTH * CENTRE * dtheta2.powi(2) * sin2
        - 2.0 * MASS * LENGTH * CENTRE * dtheta2 * dtheta1 * sin2
        + (MASS * CENTRE + MASS * LENGTH) * GRAVITY * (theta1 - PI / 2.0).cos()
        + phi2;
    let ddtheta2 =
        (torque + d2 / d1 * phi1 - MASS * LENGTH * CENTRE * dtheta1.powi(2) * sin2 - phi2)
            / (MASS * CENTRE.powi(2) + INERTIA - d2.powi(2) / d1);
    let ddtheta1 = -(d2 * ddtheta2 + phi1) / d1;
    [dtheta1, dtheta2, ddtheta1, ddtheta2]
}

/// An angle between -π and π.
fn wrap(angle: f64) -> f64 {
    let mut angle = angle;
    while angle > PI {
        angle -= 2.0 * PI;
    }
    while angle < -PI {
        angle += 2.0 * PI;
    }
    angle
}

impl Game for Acrobot {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn reset(&mut self, seed: u64) {
        let mut random = Random::new(seed);
        self.motion = std::array::from_fn(|_| f64::from(random.unit()) * 0.2 - 0.1);
        self.before = self.motion;
        (self.phase, self.last_action, self.n_steps, self.score) = (0, 1, 0, 0);
        self.is_over = false;
        self.trail = [screen::lower_end(self); TRAIL];
        self.trail_at = 0;
    }

    fn step(&mut self, action: u8, _: Option<u8>) -> Frame {
        if self.is_over {
            return Frame { is_over: true, ..Frame::default() };
        }
        if self.phase == 0 {
            self.advance(if action > 2 { 0 } else { action });
        }
        self.phase = (self.phase + 1) % FRAMES;
        self.trail[usize::from(self.trail_at)] = screen::lower_end(self);
        self.trail_at = (self.trail_at + 1) % TRAIL as u8;
        if self.phase != 0 {
            return Frame::default();
        }
        self.n_steps += 1;
        self.is_over = self.is_above_line();
        let reward = if self.is_over { 0 } else { -1 };
        self.score += reward;
        let sound = self.is_over.then_some(Sound::Won);
        Frame { reward: reward as f32, has_lost_life: false, is_over: self.is_over, sound }
    }

    fn score(&self) -> f64 {
        f64::from(self.score)
    }

    fn lives(&self) -> u32 {
        0
    }

    /// Turns the lower link the way that it swings, which adds energy.
    fn scripted(&mut self) -> u8 {
        if self.motion[3] > 0.0 { 2 } else { 0 }
    }

    fn draw(&self, screen: &mut Screen) {
        screen::draw(self, screen);
    }

    fn planes(&self, _: &mut [u8]) {}

    fn numbers(&self, to: &mut [f32]) {
        let [upper, lower, upper_speed, lower_speed] = self.motion;
        let ((sin1, cos1), (sin2, cos2)) = (upper.sin_cos(), lower.sin_cos());
        for (to, number) in to.iter_mut().zip([cos1, sin1, cos2, sin2, upper_speed, lower_speed]) {
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

impl State for Acrobot {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.motion.fields(codec);
        self.before.fields(codec);
        self.phase.fields(codec);
        self.last_action.fields(codec);
        self.n_steps.fields(codec);
        self.score.fields(codec);
        self.is_over.fields(codec);
        self.trail.fields(codec);
        self.trail_at.fields(codec);
    }

    fn is_sound(&self) -> bool {
        self.motion.iter().chain(&self.before).all(|it| it.abs() < 100.0)
            && self.phase < FRAMES
            && self.last_action < 3
            && self.n_steps < 1 << 30
            && self.score.abs() < 1 << 30
            && usize::from(self.trail_at) < TRAIL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: `Acrobot-v1` of Gymnasium 1.4.0.
    #[test]
    fn moves_as_that_of_gymnasium() {
        let start = [0.05, -0.03, 0.02, 0.08];
        let mut game = Acrobot::new();
        game.motion = start;
        let expected = [
            (
                1,
                [
                    0.060_577_927_287_745_956,
                    -0.041_032_513_407_943_796,
                    0.083_168_296_332_861_99,
                    -0.186_526_631_839_031_68,
                ],
            ),
            (
                200,
                [
                    0.087_988_462_355_561,
                    -0.162_561_628_096_770_08,
                    0.664_018_597_965_596_9,
                    -1.172_247_919_252_642_5,
                ],
            ),
        ];
        for i in 0..200u32 {
            for _ in 0..FRAMES {
                game.step(((i / 3 + i) % 3) as u8, None);
            }
            if let Some((_, motion)) = expected.iter().find(|it| it.0 == i + 1) {
                for (found, expected) in game.motion.iter().zip(motion) {
                    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
                }
            }
        }
        // Adding energy takes it above the line in 75 steps.
        (game.motion, game.n_steps, game.score) = (start, 0, 0);
        while !game.is_over {
            let action = game.scripted();
            for _ in 0..FRAMES {
                game.step(action, None);
            }
        }
        assert_eq!((game.n_steps, game.score), (75, -74));
        assert!((game.motion[1] + 1.906_598_760_291_226_2).abs() < 1e-6);
    }
}
