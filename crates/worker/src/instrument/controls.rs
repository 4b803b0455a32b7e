//! Where the controls of an instrument stand, and how gains move without clicks.

use api::{DIRECTION_CONTROLS, DIRECTION_STRIDE, DIRECTIONS_MAX, FIRST_DIRECTION, control};
use audio::gain_from_db;

/// Numbers of controls that the engine reads; a test sees that they are those of the table.
pub(super) mod number {
    pub(crate) const MIC: u16 = 0;
    pub(crate) const MIC_GAIN: u16 = 1;
    pub(crate) const FILE: u16 = 2;
    pub(crate) const FILE_GAIN: u16 = 3;
    pub(crate) const FILE_LOOP: u16 = 4;
    pub(crate) const WET: u16 = 5;
    pub(crate) const GAIN: u16 = 6;
    pub(crate) const TRANSPOSE: u16 = 7;
    pub(crate) const TRANSPOSE_OUT: u16 = 8;
    pub(crate) const FOLLOW: u16 = 9;
    pub(crate) const ENCODER: u16 = 10;
    pub(crate) const MANUAL: u16 = 11;
    pub(crate) const PATH: u16 = 12;
    pub(crate) const PRIOR: u16 = 13;
    pub(crate) const WALK: u16 = 14;
    pub(crate) const TEMPERATURE: u16 = 15;
    pub(crate) const PATH_SPEED: u16 = 16;
    pub(crate) const PATH_LOOP: u16 = 17;
    pub(crate) const WALK_SPEED: u16 = 18;
    pub(crate) const WALK_RANGE: u16 = 19;
    pub(crate) const SCALE: u16 = 20;
    pub(crate) const SMOOTHING: u16 = 21;
    pub(crate) const NOISE: u16 = 22;
    pub(crate) const REST: u16 = 23;
    pub(crate) const HOLD: u16 = 24;
    pub(crate) const MODEL_1: u16 = 25;
    pub(crate) const SHARE_LATENTS: u16 = 29;
}

/// Numbers of controls that there may be.
const N: usize = FIRST_DIRECTION as usize + DIRECTIONS_MAX * DIRECTION_STRIDE as usize;
/// Gains at or below this are silence, in dB.
const SILENT_DB: f32 = -60.0;

/// The values of all controls.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Controls {
    values: Box<[f32; N]>,
}

impl Default for Controls {
    fn default() -> Self {
        let mut values = Box::new([0.0; N]);
        for (number, value) in values.iter_mut().enumerate() {
            *value = control(number as u16).map_or(0.0, |(row, _)| row.default);
        }
        Self { values }
    }
}

impl Controls {
    /// Where one stands.
    pub(crate) fn get(&self, number: u16) -> f32 {
        self.values.get(usize::from(number)).copied().unwrap_or(0.0)
    }

    /// Moves one; what is out of its range comes into it, and NaN and unknown numbers are ignored.
    pub(crate) fn set(&mut self, number: u16, value: f32) {
        if let Some((row, _)) = control(number)
            && value.is_finite()
        {
            self.values[usize::from(number)] = value.clamp(row.least, row.most);
        }
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, number: u16) -> bool {
        self.get(number) >= 0.5
    }

    /// A control of a direction, from 0.
    pub(super) fn of_direction(&self, direction: usize, part: u16) -> f32 {
        self.values[usize::from(direction_number(direction, part))]
    }

    /// The gain of the microphone, 0 while it is off.
    pub(super) fn mic_gain(&self) -> f32 {
        if self.is_on(number::MIC) { gain(self.get(number::MIC_GAIN)) } else { 0.0 }
    }

    /// The gain of the loaded sound, 0 while it is off.
    pub(super) fn file_gain(&self) -> f32 {
        if self.is_on(number::FILE) { gain(self.get(number::FILE_GAIN)) } else { 0.0 }
    }

    /// The gain of the output.
    pub(super) fn output_gain(&self) -> f32 {
        gain(self.get(number::GAIN))
    }

    /// Those that are not at their defaults: number and value.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (u16, f32)> + '_ {
        let all = self.values.iter().enumerate();
        all.filter_map(|(number, value)| {
            let (row, _) = control(number as u16)?;
            (row.default != *value).then_some((number as u16, *value))
        })
    }
}

fn gain(db: f32) -> f32 {
    if db <= SILENT_DB { 0.0 } else { gain_from_db(f64::from(db)) as f32 }
}

/// The number of a control of a direction.
pub(super) fn direction_number(direction: usize, part: u16) -> u16 {
    debug_assert!(direction < DIRECTIONS_MAX && usize::from(part) < DIRECTION_CONTROLS.len());
    FIRST_DIRECTION + direction as u16 * DIRECTION_STRIDE + part
}

/// A value that follows its target sample by sample within some milliseconds, so that moving it makes no click.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smoothed {
    now: f32,
    share: f32,
}

/// The time constant of gains.
const GAIN_SECS: f64 = 0.004;
/// Nearer than this it has arrived.
const ARRIVED: f32 = 1e-5;

impl Smoothed {
    pub(super) fn new(now: f32, rate_hz: u32) -> Self {
        Self { now, share: (1.0 - (-1.0 / (GAIN_SECS * f64::from(rate_hz))).exp()) as f32 }
    }

    /// One sample further.
    pub(super) fn next(&mut self, target: f32) -> f32 {
        let left = target - self.now;
        if left.abs() < ARRIVED {
            self.now = target;
        } else {
            self.now += left * self.share;
        }
        self.now
    }

    pub(super) fn jump(&mut self, to: f32) {
        self.now = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_and_the_table_agree_on_numbers() {
        let table = [
            ("mic", number::MIC),
            ("mic_gain", number::MIC_GAIN),
            ("file", number::FILE),
            ("file_gain", number::FILE_GAIN),
            ("file_loop", number::FILE_LOOP),
            ("wet", number::WET),
            ("gain", number::GAIN),
            ("transpose", number::TRANSPOSE),
            ("transpose_out", number::TRANSPOSE_OUT),
            ("follow", number::FOLLOW),
            ("encoder", number::ENCODER),
            ("manual", number::MANUAL),
            ("path", number::PATH),
            ("prior", number::PRIOR),
            ("walk", number::WALK),
            ("temperature", number::TEMPERATURE),
            ("path_speed", number::PATH_SPEED),
            ("path_loop", number::PATH_LOOP),
            ("walk_speed", number::WALK_SPEED),
            ("walk_range", number::WALK_RANGE),
            ("scale", number::SCALE),
            ("smoothing", number::SMOOTHING),
            ("noise", number::NOISE),
            ("rest", number::REST),
            ("hold", number::HOLD),
            ("model_1", number::MODEL_1),
            ("model_4", number::MODEL_1 + 3),
            ("share_latents", number::SHARE_LATENTS),
            ("z3.noise", direction_number(2, 4)),
        ];
        table.iter().for_each(|(key, n)| assert_eq!(api::control_number(key), Some(*n), "{key}"));
        assert_eq!(api::CONTROLS.len(), 30);
    }

    #[test]
    fn values_come_into_their_range() {
        let mut controls = Controls::default();
        assert_eq!(controls.moved().count(), 0);
        for (number, value) in
            [(number::WET, 7.0), (number::GAIN, f32::NAN), (63, 1.0), (9999, 1.0)]
        {
            controls.set(number, value);
        }
        controls.set(number::WET, -1.0);
        assert_eq!(controls.moved().collect::<Vec<_>>(), [(number::WET, 0.0)]);
        controls.set(number::MIC_GAIN, -60.0);
        controls.set(number::MIC, 1.0);
        assert_eq!(controls.mic_gain(), 0.0);
        controls.set(number::MIC_GAIN, 6.0);
        assert!((controls.mic_gain() - 1.995).abs() < 1e-3);
    }
}
