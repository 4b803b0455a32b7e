//! The points of a map: which frames are shown, and how high and bright sound is there.

use anyhow::Context;
use audio::{Pitch, PitchFinder};

use super::{super::steps::Steps, frames::Place};
use crate::dataset::Dataset;

/// Points that are shown, at most.
pub(super) const POINTS_MAX: usize = 8000;
/// The share of points that quiet frames get, at most, where there are enough louder ones.
const QUIET_SHARE: f64 = 0.1;
/// What is so far below the loud parts of a dataset counts as quiet, and everything below a level, in dB.
const QUIET_BELOW_LOUD_DB: f32 = 40.0;
const QUIET_DB: f32 = -70.0;
/// The pitches that are looked for, in Hz: from below the lowest voice to above a soprano's.
const PITCH_RANGE_HZ: [f32; 2] = [50.0, 2000.0];
/// The window for brightness, in samples.
const BRIGHTNESS_WINDOW: usize = 2048;

/// Which frames are shown: spread evenly, loud ones before quiet ones, which are there too. In order.
pub(super) fn chosen(places: &[Place]) -> Vec<usize> {
    let n = places.len();
    if n <= POINTS_MAX {
        return (0..n).collect();
    }
    let levels = places.iter().map(|place| place.loudness_db).collect();
    let loud = super::spread::percentiles(levels, [0.95]).map_or(0.0, |[level]| level);
    let quiet_below = (loud - QUIET_BELOW_LOUD_DB).max(QUIET_DB);
    let (quiet, loud): (Vec<usize>, Vec<usize>) =
        (0..n).partition(|i| places[*i].loudness_db < quiet_below);
    let n_quiet = ((POINTS_MAX as f64 * QUIET_SHARE) as usize)
        .max(POINTS_MAX.saturating_sub(loud.len()))
        .min(quiet.len());
    let n_loud = (POINTS_MAX - n_quiet).min(loud.len());
    let evenly =
        |of: &[usize], n: usize| -> Vec<usize> { (0..n).map(|i| of[i * of.len() / n]).collect() };
    let mut chosen = evenly(&loud, n_loud);
    chosen.extend(evenly(&quiet, n_quiet));
    chosen.sort_unstable();
    chosen
}

/// What a moment of a sound is like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Heard {
    /// Its pitch, if it surely has one.
    pub(super) pitch_hz: Option<f32>,
    /// Its spectral centroid, if it is not silent.
    pub(super) centroid_hz: Option<f32>,
}

/// Listens to a dataset at some places.
pub(super) fn listen(
    dataset: &Dataset,
    places: &[Place],
    steps: &mut Steps<'_>,
) -> anyhow::Result<Vec<Heard>> {
    let rate_hz = dataset.index().summary.rate_hz;
    let high_hz = PITCH_RANGE_HZ[1].min(rate_hz as f32 / 4.0);
    let mut finder = PitchFinder::new(rate_hz, [PITCH_RANGE_HZ[0].min(high_hz / 2.0), high_hz]);
    let window = finder.window().max(BRIGHTNESS_WINDOW);
    let mut heard = Vec::with_capacity(places.len());
    for (i, place) in places.iter().enumerate() {
        if place.loudness_db < QUIET_DB {
            heard.push(Heard::default());
            continue;
        }
        let sound = &dataset.index().sounds[place.sound as usize];
        let middle = (place.secs * f64::from(rate_hz)) as u64;
        // The whole window lies in the sound, if that is long enough.
        let latest = sound.n_frames.saturating_sub(window as u64);
        let from = middle.saturating_sub(window as u64 / 2).min(latest);
        let channels = dataset.read(sound, from, window).context("read the dataset")?;
        let gain = 1.0 / channels.len() as f32;
        let samples: Vec<f32> =
            (0..window).map(|i| channels.iter().map(|it| it[i]).sum::<f32>() * gain).collect();
        let part = |n: usize| &samples[(window - n) / 2..][..n];
        let pitch = finder.find(part(finder.window()));
        let sure = pitch.filter(|pitch| pitch.confidence >= Pitch::SURE_FROM);
        let centroid = audio::spectral_centroid_hz(part(BRIGHTNESS_WINDOW), rate_hz);
        heard.push(Heard {
            pitch_hz: sure.map(|pitch| pitch.hz),
            centroid_hz: centroid.map(|hz| hz as f32),
        });
        if i % 256 == 0 {
            steps.check(i as f64 / places.len() as f64)?;
        }
    }
    Ok(heard)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(sound: usize, loudness_db: f32) -> Place {
        Place { sound: sound as u32, secs: 0.0, loudness_db }
    }

    #[test]
    fn loud_frames_come_first_and_silence_is_there() {
        // Half of it is silent.
        let places: Vec<Place> =
            (0..40_000).map(|i| place(i / 400, if i % 2 == 0 { -20.0 } else { -90.0 })).collect();
        let found = chosen(&places);
        assert_eq!(found.len(), POINTS_MAX);
        assert!(found.windows(2).all(|it| it[0] < it[1]));
        let n_quiet = found.iter().filter(|i| places[**i].loudness_db < -70.0).count();
        assert_eq!(n_quiet, 800);
        for sound in 0..100 {
            let n = found.iter().filter(|i| places[**i].sound == sound).count();
            assert!((70..90).contains(&n), "{sound}: {n}");
        }
    }

    #[test]
    fn with_little_that_is_loud_quiet_frames_fill_the_map() {
        let quiet = |i: usize| place(i, if i < 3000 { -10.0 } else { -100.0 });
        let places: Vec<Place> = (0..20_000).map(quiet).collect();
        let found = chosen(&places);
        assert_eq!(found.len(), POINTS_MAX);
        assert_eq!(found.iter().filter(|i| **i < 3000).count(), 3000);
        assert_eq!(chosen(&places[..100]), (0..100).collect::<Vec<_>>());
        assert_eq!(chosen(&[]), Vec::<usize>::new());
        let silent: Vec<Place> = (0..9000).map(|i| place(i, -120.0)).collect();
        assert_eq!(chosen(&silent).len(), POINTS_MAX);
    }
}
