//! Fewer bits without distortion: noise is added before samples are rounded to steps.

use crate::{Bits, Rng};

/// What noise is added before samples are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dither {
    /// None: rounding distorts quiet sounds.
    Off,
    /// White noise with a triangular distribution of two steps, which leaves neither distortion nor noise that moves
    /// with the sound.
    On,
    /// The same, with the noise moved to where ears hear least of it.
    Shaped,
}

/// The filter that moves the noise, for rates near 44.1 kHz. Source: Lipshitz, Vanderkooy and Wannamaker, "Minimally
/// audible noise shaping" (1991), the five coefficients of table 2.
const SHAPE: [f32; 5] = [2.033, -2.165, 1.959, -1.590, 0.6149];
/// Rates at which that filter fits the ear.
const SHAPED_RATES_HZ: std::ops::RangeInclusive<u32> = 40_000..=50_000;

/// Rounds sound to steps of 16 or 24 bits, block by block; the same sound and seed give the same result.
///
/// Source: Wannamaker, Lipshitz, Vanderkooy and Wright, "A theory of nonsubtractive dither" (2000).
pub struct Ditherer {
    steps: f32,
    dither: Dither,
    channels: Vec<Channel>,
}

struct Channel {
    rng: Rng,
    /// What rounding changed in the last samples, the newest first.
    errors: [f32; 5],
}

impl Ditherer {
    /// For sound at a rate. The shaped noise is for rates from 40 to 50 kHz; elsewhere it is as white as [`Dither::On`].
    #[must_use]
    pub fn new(bits: Bits, dither: Dither, rate_hz: u32, n_channels: usize, seed: u64) -> Self {
        let is_white = dither == Dither::Shaped && !SHAPED_RATES_HZ.contains(&rate_hz);
        let channel = |c: usize| Channel {
            // Equal noise in both channels would sound from the middle.
            rng: Rng::new(seed.wrapping_add((c as u64) << 32)),
            errors: [0.0; 5],
        };
        Self {
            steps: (1u32 << (bits.count() - 1)) as f32,
            dither: if is_white { Dither::On } else { dither },
            channels: (0..n_channels).map(channel).collect(),
        }
    }

    /// Rounds a block, `[channels][frames]`, in place: every sample is then a step.
    pub fn apply(&mut self, block: &mut [Vec<f32>]) {
        let (steps, dither) = (self.steps, self.dither);
        for (channel, samples) in self.channels.iter_mut().zip(block) {
            for x in samples {
                *x = match dither {
                    Dither::Off => rounded(*x * steps, steps),
                    Dither::On => rounded(*x * steps + channel.noise(), steps),
                    Dither::Shaped => channel.shaped(*x * steps, steps),
                } / steps;
            }
        }
    }
}

impl Channel {
    /// Between -1 and 1 step, most often near 0.
    fn noise(&mut self) -> f32 {
        self.rng.uniform(-0.5, 0.5) + self.rng.uniform(-0.5, 0.5)
    }

    fn shaped(&mut self, x: f32, steps: f32) -> f32 {
        let past: f32 = self.errors.iter().zip(SHAPE).map(|(error, gain)| error * gain).sum();
        let wanted = x - past;
        let rounded = rounded(wanted + self.noise(), steps);
        self.errors.rotate_right(1);
        // At full scale the error is no noise any more, and must not come back.
        self.errors[0] = (rounded - wanted).clamp(-2.0, 2.0);
        rounded
    }
}

fn rounded(x: f32, steps: f32) -> f32 {
    let x = if x.is_finite() { x } else { 0.0 };
    x.round_ties_even().clamp(-steps, steps - 1.0)
}

/// Whether every sample of a block is a step of so many bits already.
#[must_use]
pub fn is_in_steps(block: &[Vec<f32>], bits: Bits) -> bool {
    let steps = (1u32 << (bits.count() - 1)) as f32;
    block.iter().flatten().all(|x| (x * steps).fract() == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone of 1 kHz whose amplitude is some steps of 16 bits.
    fn tone(n_steps: f64, n: usize) -> Vec<f32> {
        let step = n_steps / 32_768.0;
        let sample = |i: usize| step * (std::f64::consts::TAU * 1000.0 * i as f64 / 44_100.0).sin();
        (0..n).map(|i| sample(i) as f32).collect()
    }

    fn dithered(samples: &[f32], dither: Dither) -> Vec<f32> {
        let mut block = vec![samples.to_vec()];
        Ditherer::new(Bits::Sixteen, dither, 44_100, 1, 1).apply(&mut block);
        assert!(is_in_steps(&block, Bits::Sixteen), "{dither:?}");
        block.remove(0)
    }

    /// The amplitude of a frequency, in steps.
    fn amplitude(samples: &[f32], hz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, x) in samples.iter().enumerate() {
            let angle = std::f64::consts::TAU * hz * i as f64 / 44_100.0;
            re += f64::from(*x) * angle.cos();
            im += f64::from(*x) * angle.sin();
        }
        2.0 * re.hypot(im) / samples.len() as f64 * 32_768.0
    }

    #[test]
    fn a_tone_below_a_step_is_kept_by_noise_only() {
        let quiet = tone(0.4, 441_000);
        assert!(dithered(&quiet, Dither::Off).iter().all(|x| *x == 0.0));
        for dither in [Dither::On, Dither::Shaped] {
            let found = amplitude(&dithered(&quiet, dither), 1000.0);
            assert!((found - 0.4).abs() < 0.02, "{dither:?}: {found}");
        }
    }

    #[test]
    fn noise_replaces_distortion() {
        // Rounding a tone of 1.4 steps gives harmonics; with noise there are none.
        let tone = tone(1.4, 441_000);
        let third = |dither| amplitude(&dithered(&tone, dither), 3000.0);
        assert!(third(Dither::Off) > 0.1, "{}", third(Dither::Off));
        assert!(third(Dither::On) < 0.01, "{}", third(Dither::On));
    }

    #[test]
    fn shaped_noise_is_lower_where_ears_are_sharp() {
        let silence = vec![0.0; 441_000];
        // The mean over a band, which is what a sum over frequencies in it comes to.
        let noise = |dither, from: u32| {
            let samples = dithered(&silence, dither);
            let squares = (0..20).map(|i| amplitude(&samples, f64::from(from + 37 * i)).powi(2));
            squares.sum::<f64>()
        };
        assert!(noise(Dither::Shaped, 3000) < noise(Dither::On, 3000) / 10.0);
        assert!(noise(Dither::Shaped, 18_000) > noise(Dither::On, 18_000));
    }

    #[test]
    fn rounding_stays_within_full_scale() {
        for dither in [Dither::Off, Dither::On, Dither::Shaped] {
            let rounded = dithered(&[1.0, -1.0, 2.0, -2.0, f32::NAN, 1.0, 1.0, 1.0], dither);
            assert!(rounded.iter().all(|x| (-1.0..=1.0).contains(x)), "{dither:?}: {rounded:?}");
        }
    }
}
