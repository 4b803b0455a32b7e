//! Random excerpts of the training sounds, the same for the same seed and step.

use std::io;

use api::{IndexedSound, Split};
use audio::Rng;
use models::rave::Config;

use crate::dataset::Dataset;

/// An excerpt quieter than this is drawn again: there is little to learn from silence.
const QUIET_PEAK: f32 = 1e-3;
/// How often an excerpt is drawn again.
const DRAWS_MAX: usize = 6;
/// Sounds shorter than this weigh as if they were this long, so that short notes are heard too.
const WEIGHT_SECS_MIN: f64 = 1.0;

/// Draws batches from a dataset.
pub(super) struct Excerpts {
    dataset: Dataset,
    /// Training sounds by index, with the running sum of their weights.
    sounds: Vec<(usize, f64)>,
    n_signal: usize,
    batch_size: usize,
    mangle_share: f64,
    speed_semitones: f64,
    gain_db: f64,
    seed: u64,
}

impl Excerpts {
    /// Batches of the shape that the configuration asks for.
    pub(super) fn new(dataset: Dataset, config: &Config, seed: u64) -> Self {
        let mut sum = 0.0;
        let sounds = dataset
            .index()
            .sounds
            .iter()
            .enumerate()
            .filter(|(_, it)| it.file.split == Split::Training)
            .map(|(i, it)| {
                sum += it.file.length_secs.max(WEIGHT_SECS_MIN);
                (i, sum)
            })
            .collect();
        Self {
            dataset,
            sounds,
            n_signal: config.n_signal,
            batch_size: config.batch_size,
            mangle_share: config.phase_mangle_share,
            speed_semitones: config.speed_variation,
            gain_db: config.gain_variation,
            seed,
        }
    }

    /// The batch of a step. Shape: `[batch, channels, n_signal]`, flat; samples in [-1, 1].
    pub(super) fn batch(&self, step: u64) -> io::Result<Vec<f32>> {
        let channels = usize::from(self.dataset.index().summary.channels);
        let mut batch = Vec::with_capacity(self.batch_size * channels * self.n_signal);
        for place in 0..self.batch_size {
            let mut rng = Rng::new(self.seed ^ mix(step, place));
            for channel in self.excerpt(&mut rng)? {
                batch.extend_from_slice(&channel);
            }
        }
        Ok(batch)
    }

    fn excerpt(&self, rng: &mut Rng) -> io::Result<Vec<Vec<f32>>> {
        let mut excerpt = self.draw(rng)?;
        for _ in 1..DRAWS_MAX {
            let peak = excerpt.iter().flatten().fold(0.0_f32, |peak, it| peak.max(it.abs()));
            if peak > QUIET_PEAK {
                break;
            }
            excerpt = self.draw(rng)?;
        }
        if rng.next_f64() < self.mangle_share {
            let rate_hz = self.dataset.index().summary.rate_hz;
            let before = rng.clone();
            for channel in &mut excerpt {
                // The same filter for all channels, so that the stereo image stays.
                *rng = before.clone();
                audio::phase_mangle(channel, rate_hz, rng);
            }
        }
        let gain = audio::gain_from_db(-self.gain_db * rng.next_f64()) as f32;
        excerpt.iter_mut().flatten().for_each(|sample| *sample *= gain);
        Ok(excerpt)
    }

    fn draw(&self, rng: &mut Rng) -> io::Result<Vec<Vec<f32>>> {
        let total = self.sounds.last().map_or(0.0, |it| it.1);
        let at = rng.next_f64() * total;
        let chosen = self.sounds.partition_point(|it| it.1 <= at).min(self.sounds.len() - 1);
        let sound = &self.dataset.index().sounds[self.sounds[chosen].0];
        let speed = (self.speed_semitones / 12.0 * (2.0 * rng.next_f64() - 1.0)).exp2();
        let n_read = (self.n_signal as f64 * speed).ceil() as usize + 3;
        let n_read = if speed == 1.0 { self.n_signal } else { n_read };
        let mut excerpt = self.cut(sound, n_read, rng)?;
        if speed != 1.0 {
            for channel in &mut excerpt {
                *channel = audio::at_speed(channel, speed, self.n_signal);
            }
        }
        Ok(excerpt)
    }

    /// `n` frames from somewhere in a sound; a shorter one stays whole, with silence around it.
    fn cut(&self, sound: &IndexedSound, n: usize, rng: &mut Rng) -> io::Result<Vec<Vec<f32>>> {
        let n_there = sound.n_frames;
        if n_there > n as u64 {
            let from = (rng.next_f64() * (n_there - n as u64 + 1) as f64) as u64;
            return self.dataset.read(sound, from, n);
        }
        let mut excerpt = self.dataset.read(sound, 0, n)?;
        let shift = (rng.next_f64() * (n as u64 - n_there + 1) as f64) as usize;
        for channel in &mut excerpt {
            channel.rotate_right(shift);
        }
        Ok(excerpt)
    }
}

/// One number for a step and a place in its batch, far from those of its neighbours.
fn mix(step: u64, place: usize) -> u64 {
    (step + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (place as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03)
}
