//! Tones that are held: two oscillators, a filter, an envelope, set differently for each kind of instrument.

use super::{
    Instrument, frequency_hz,
    oscillator::{Envelope, LowPass, Phase, pulse, saw, sine},
};

/// A tone.
pub(super) struct Tone {
    instrument: Instrument,
    key: f32,
    velocity: f32,
    rate_hz: f32,
    phases: [Phase; 3],
    /// The slow one that makes vibrato.
    slow: Phase,
    envelope: Envelope,
    /// Of brightness: of a filter's cutoff, or of how strongly one sine moves another.
    bright: Envelope,
    filter: LowPass,
    n_frames: u64,
}

impl Tone {
    pub(super) fn new(instrument: Instrument, key: u8, velocity: f32, rate_hz: f32) -> Self {
        // Low keys ring longer than high ones.
        let long = (1.0 - (f32::from(key) - 60.0) / 60.0).clamp(0.3, 2.0);
        let (times, sustain) = match instrument {
            Instrument::Keys => ([0.002, 1.2 * long, 0.12], 0.0),
            Instrument::Bell => ([0.001, 0.9 * long, 0.5], 0.0),
            Instrument::Organ => ([0.006, 0.1, 0.04], 1.0),
            Instrument::Bass => ([0.003, 0.5, 0.05], 0.55),
            Instrument::Pad => ([0.18, 0.5, 0.35], 0.85),
            Instrument::Brass => ([0.03, 0.2, 0.08], 0.75),
            Instrument::Wind => ([0.05, 0.2, 0.08], 0.85),
            _ => ([0.005, 0.2, 0.07], 0.8),
        };
        let (bright, floor) = match instrument {
            Instrument::Keys => ([0.001, 0.35 * long, 0.1], 0.0),
            Instrument::Bell => ([0.001, 0.4 * long, 0.3], 0.1),
            Instrument::Bass => ([0.002, 0.12, 0.05], 0.15),
            Instrument::Pad => ([0.4, 0.8, 0.4], 0.5),
            Instrument::Brass => ([0.06, 0.25, 0.1], 0.5),
            _ => ([0.01, 0.3, 0.1], 0.6),
        };
        Self {
            instrument,
            key: f32::from(key),
            velocity,
            rate_hz,
            phases: [Phase::at(0.0), Phase::at(0.37), Phase::at(0.71)],
            slow: Phase::default(),
            envelope: Envelope::new(times, sustain, rate_hz),
            bright: Envelope::new(bright, floor, rate_hz),
            filter: LowPass::default(),
            n_frames: 0,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.envelope.is_done()
    }

    /// The next frames; the pitch wheel stands at so many semitones.
    pub(super) fn play(&mut self, out: &mut [f32], semitones: f32, is_held: bool) {
        let velocity = 0.25 + 0.75 * self.velocity;
        for x in out {
            let level = self.envelope.next(is_held) * velocity;
            let bright = self.bright.next(is_held);
            *x = level * self.frame(semitones, bright);
            self.n_frames += 1;
        }
    }

    fn frame(&mut self, semitones: f32, bright: f32) -> f32 {
        let hz = frequency_hz(self.key + semitones + self.vibrato());
        // What would be above half the rate stays silent below.
        let step = (hz / self.rate_hz).min(0.49);
        let [a, b, c] = &mut self.phases;
        match self.instrument {
            Instrument::Keys => {
                let tine = if 7.0 * step < 0.45 {
                    0.35 * bright * bright * sine(b.next(7.0 * step))
                } else {
                    0.0
                };
                let index = 0.1 + 1.3 * self.velocity * bright * (0.12 / step.max(0.02)).min(1.0);
                sine(a.next(step) + index * sine(c.next(step)) / 6.0) + 0.3 * self.velocity * tine
            }
            Instrument::Bell => {
                let ratio = if 3.5 * step < 0.4 { 3.5 } else { 1.0 };
                let index = 1.5 * bright * (0.05 / step.max(0.01)).min(1.0);
                sine(a.next(step) + index * sine(b.next(ratio * step)) / 6.0)
            }
            Instrument::Organ => {
                let phase = a.next(step);
                let drawbars =
                    [(1.0, 1.0), (2.0, 0.7), (3.0, 0.5), (4.0, 0.35), (6.0, 0.2), (8.0, 0.15)];
                let sounding = drawbars.iter().filter(|it| it.0 * step < 0.49);
                0.45 * sounding.map(|(n, gain)| gain * sine(n * phase)).sum::<f32>()
            }
            Instrument::Bass => {
                let raw = 0.7 * saw(a.next(step), step) + 0.5 * sine(b.next(step));
                let cutoff = hz * (1.5 + 9.0 * bright * (0.4 + 0.6 * self.velocity));
                self.filter.run(raw, cutoff, 1.2, self.rate_hz)
            }
            Instrument::Pad => {
                // Three saws, apart by a few cents.
                let raw = saw(a.next(step), step)
                    + saw(b.next(step * 1.004), step)
                    + saw(c.next(step * 0.996), step);
                self.filter.run(0.35 * raw, hz * (2.0 + 3.0 * bright), 1.6, self.rate_hz)
            }
            Instrument::Brass => {
                let raw = saw(a.next(step), step) + 0.4 * saw(b.next(step * 1.003), step);
                let cutoff = hz * (1.0 + 8.0 * bright * (0.3 + 0.7 * self.velocity));
                self.filter.run(0.6 * raw, cutoff, 1.3, self.rate_hz)
            }
            Instrument::Wind => {
                let phase = a.next(step);
                let third = if 3.0 * step < 0.49 { 0.25 * sine(3.0 * phase) } else { 0.0 };
                let second = if 2.0 * step < 0.49 { 0.2 * bright * sine(2.0 * phase) } else { 0.0 };
                0.8 * (sine(phase) + second + third)
            }
            _ => {
                let raw = pulse(a.next(step), step, 0.42) + 0.5 * saw(b.next(step * 1.005), step);
                self.filter.run(0.5 * raw, hz * (3.0 + 5.0 * bright), 1.4, self.rate_hz)
            }
        }
    }

    /// Semitones of vibrato, which comes after a while.
    fn vibrato(&mut self) -> f32 {
        let depth = match self.instrument {
            Instrument::Wind | Instrument::Brass => 0.15,
            Instrument::Lead => 0.12,
            Instrument::Pad => 0.04,
            _ => return 0.0,
        };
        let secs = self.n_frames as f32 / self.rate_hz;
        let comes = ((secs - 0.25) / 0.4).clamp(0.0, 1.0);
        depth * comes * sine(self.slow.next(5.3 / self.rate_hz))
    }
}
