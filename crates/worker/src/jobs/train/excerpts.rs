//! Random excerpts of the training sounds; the same seed and step give the same ones.

use std::io;

use api::{IndexedSound, Split};
use audio::{Compander, Rng};
use models::ExcerptSettings;

use crate::dataset::Dataset;

/// An excerpt quieter than this is drawn again, because there is little to learn from silence.
const QUIET_PEAK: f32 = 1e-3;
/// How often an excerpt is drawn again.
const DRAWS_MAX: usize = 6;
/// Shorter sounds are drawn as often as sounds of this length, so that short notes are trained on too.
const WEIGHT_SECS_MIN: f64 = 1.0;

/// Draws batches from a dataset.
pub(super) struct Excerpts {
    dataset: Dataset,
    /// Training sounds by index, with the running sum of their weights.
    sounds: Vec<(usize, f64)>,
    settings: ExcerptSettings,
    seed: u64,
}

impl Excerpts {
    /// Batches of the shape in the settings.
    pub(super) fn new(dataset: Dataset, settings: ExcerptSettings, seed: u64) -> Self {
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
        Self { dataset, sounds, settings, seed }
    }

    /// What it draws from.
    pub(super) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The batch of a step. Shape: `[batch, channels, n_signal]`, flat; samples in [-1, 1].
    pub(super) fn batch(&self, step: u64) -> io::Result<Vec<f32>> {
        let channels = usize::from(self.dataset.index().summary.channels);
        let mut batch =
            Vec::with_capacity(self.settings.batch_size * channels * self.settings.n_signal);
        for idx in 0..self.settings.batch_size {
            let mut rng = Rng::new(self.seed ^ mix(step, idx));
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
        let rate_hz = self.dataset.index().summary.rate_hz;
        if rng.next_f64() < self.settings.phase_mangle_share {
            let before = rng.clone();
            for channel in &mut excerpt {
                // The same filter for all channels keeps the stereo image.
                *rng = before.clone();
                audio::phase_mangle(channel, rate_hz, rng);
            }
        }
        let gain = audio::gain_from_db(-self.settings.gain_variation * rng.next_f64()) as f32;
        excerpt.iter_mut().flatten().for_each(|sample| *sample *= gain);
        vary(&mut excerpt, rate_hz, &self.settings, rng);
        Ok(excerpt)
    }

    fn draw(&self, rng: &mut Rng) -> io::Result<Vec<Vec<f32>>> {
        let total = self.sounds.last().map_or(0.0, |it| it.1);
        let at = rng.next_f64() * total;
        let chosen = self.sounds.partition_point(|it| it.1 <= at).min(self.sounds.len() - 1);
        let sound = &self.dataset.index().sounds[self.sounds[chosen].0];
        let speed = (self.settings.speed_variation / 12.0 * (2.0 * rng.next_f64() - 1.0)).exp2();
        let n_read = (self.settings.n_signal as f64 * speed).ceil() as usize + 3;
        let n_read = if speed == 1.0 { self.settings.n_signal } else { n_read };
        let mut excerpt = self.cut(sound, n_read, rng)?;
        if speed != 1.0 {
            for channel in &mut excerpt {
                *channel = audio::at_speed(channel, speed, self.settings.n_signal);
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

/// The original program's augmentations: dynamics, gain, silence, each with its probability.
fn vary(excerpt: &mut [Vec<f32>], rate_hz: u32, settings: &ExcerptSettings, rng: &mut Rng) {
    let is_chosen = |share: f64, rng: &mut Rng| share > 0.0 && rng.next_f64() < share;
    if is_chosen(settings.compress_share, rng) {
        let (least, most) = (settings.compress_least, settings.compress_most);
        let level_db = least + (most - least) * rng.next_f64();
        let compander = Compander {
            attack_secs: 0.1,
            decay_secs: 0.1,
            knee_db: 6.0,
            points_db: vec![(-80.0, -80.0), (settings.compress_threshold, level_db)],
        };
        audio::compand(excerpt, rate_hz, &compander);
    }
    if is_chosen(settings.gain_share, rng) {
        let gain = audio::gain_from_db(-6.0 + 9.0 * rng.next_f64()) as f32;
        let peak = excerpt.iter().flatten().fold(0.0_f32, |peak, it| peak.max(it.abs()));
        let gain = if gain * peak > 1.0 { 1.0 / peak } else { gain };
        excerpt.iter_mut().flatten().for_each(|sample| *sample *= gain);
    }
    if is_chosen(settings.mute_share, rng) {
        excerpt.iter_mut().flatten().for_each(|sample| *sample = 0.0);
    }
}

/// Mixes a step and an index in its batch into a seed, far from those of its neighbours.
pub(super) fn mix(step: u64, idx: usize) -> u64 {
    (step + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (idx as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variations_happen_as_often_as_asked_and_stay_within_full_scale() {
        let check = |settings: serde_json::Value, is_changed: fn(&[f32]) -> bool| {
            let settings = models::FAMILIES[0].settings(&settings).unwrap().excerpts().unwrap();
            let wave: Vec<f32> = (0..4096).map(|i| 0.8 * (i as f32 * 0.05).sin()).collect();
            let mut rng = Rng::new(1);
            let n_changed = (0..200).filter(|_| {
                let mut excerpt = vec![wave.clone()];
                vary(&mut excerpt, 44_100, &settings, &mut rng);
                assert!(excerpt[0].iter().all(|x| x.abs() <= 1.0));
                is_changed(&excerpt[0])
            });
            n_changed.count()
        };
        let is_silent = |x: &[f32]| x.iter().all(|x| *x == 0.0);
        let is_other = |x: &[f32]| (x[31] - 0.8 * (31.0_f32 * 0.05).sin()).abs() > 1e-6;
        assert_eq!(check(json!({}), is_other), 0);
        assert!((80..120).contains(&check(json!({ "mute_share": 0.5 }), is_silent)));
        assert!((80..120).contains(&check(json!({ "gain_share": 0.5 }), is_other)));
        assert!((140..180).contains(&check(json!({ "compress_share": 0.8 }), is_other)));
    }
}
