//! Plucked strings (Karplus and Strong): noise that goes round in a delay as long as a period, softened each time.

use super::frequency_hz;
use crate::Rng;

/// A string.
pub(super) struct PluckedString {
    /// What goes round; longer than a period at the lowest place of the pitch wheel.
    line: Vec<f32>,
    write: usize,
    key: f32,
    rate_hz: f32,
    /// What is kept each time round while it is held.
    keep: f32,
    last: f32,
    gain: f32,
    level: f32,
    n_frames: u64,
}

impl PluckedString {
    pub(super) fn new(key: u8, velocity: f32, rate_hz: f32, seed: u64) -> Self {
        let hz = frequency_hz(f32::from(key));
        let period = (rate_hz / hz).max(4.0);
        // Room for an octave down.
        let n = (2.0 * period).ceil() as usize + 8;
        let mut rng = Rng::new(seed ^ (u64::from(key) << 32));
        let mut line = vec![0.0; n];
        // Soft plucking has less of the high.
        let (soft, mut held) = (0.25 + 0.7 * velocity, 0.0);
        for x in line.iter_mut().take(period.ceil() as usize + 2) {
            held += soft * (rng.uniform(-1.0, 1.0) - held);
            *x = held;
        }
        let write = period.ceil() as usize + 2;
        // It fades by 60 dB in so many seconds.
        let fade_secs = (4.0 * (1.0 - (f32::from(key) - 48.0) / 72.0)).clamp(0.6, 6.0);
        let keep = 10f32.powf(-3.0 / (fade_secs * hz));
        Self {
            line,
            write,
            key: f32::from(key),
            rate_hz,
            keep,
            last: 0.0,
            gain: 0.9 * (0.3 + 0.7 * velocity),
            level: 1.0,
            n_frames: 0,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.n_frames > 2048 && self.level < 1e-4
    }

    pub(super) fn play(&mut self, out: &mut [f32], semitones: f32, is_held: bool) {
        let n = self.line.len();
        let hz = frequency_hz(self.key + semitones.max(-11.9));
        // Half a frame of the period is the averaging filter's.
        let delay = (self.rate_hz / hz - 0.5).clamp(2.0, n as f32 - 4.0);
        let keep = if is_held { self.keep } else { self.keep * 0.9 };
        let (whole, part) = (delay.floor() as usize, delay.fract());
        let mut peak = 0.0f32;
        for x in out.iter_mut() {
            let at = |back: usize| self.line[(self.write + n - back) % n];
            let read = at(whole) * (1.0 - part) + at(whole + 1) * part;
            let soft = 0.5 * (read + self.last);
            self.last = read;
            self.line[self.write] = keep * soft;
            self.write = (self.write + 1) % n;
            *x = self.gain * read;
            peak = peak.max(read.abs());
        }
        self.n_frames += out.len() as u64;
        let fall = 0.995f32;
        self.level = (self.level * fall).max(peak);
    }
}
