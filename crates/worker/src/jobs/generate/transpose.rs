//! How far a sound has to be transposed to lie where a model has learnt to sing.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use api::LatentMap;
use audio::median_pitch_hz;

/// Transpositions that the instrument can play, in semitones.
const SEMITONES_MOST: f32 = 24.0;
/// The pitches that are looked for, in Hz.
const RANGE_HZ: [f32; 2] = [50.0, 2000.0];
/// How often pitch is looked for, at most so many times in all.
const HOP_SECS: f64 = 0.02;
const LOOKS_MAX: usize = 20_000;

/// The pitches of the sounds that a model was mapped over: the 5th, 50th and 95th percentile, in Hz; from its newest map
/// in any project. `home` is the job's folder.
pub(super) fn range_of_model(home: &Path, sha256: &str) -> Option<[f32; 3]> {
    let mut maps: Vec<(SystemTime, PathBuf)> = vec![];
    for project in folders(&home.join("../../..")) {
        for map in folders(&project.join(job::Shelf::Maps.name())) {
            let file = map.join(job::files::MAP);
            if let Ok(written) = fs::metadata(&file).and_then(|it| it.modified()) {
                maps.push((written, file));
            }
        }
    }
    maps.sort();
    let of_model = |file: &PathBuf| job::whole::read_json::<LatentMap>(file).ok();
    let maps = maps.iter().rev().filter_map(|(_, file)| of_model(file));
    let mut ranges = maps.filter(|it| it.model_sha256 == sha256).filter_map(|it| it.pitch_hz);
    ranges.next()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// The pitch in the middle of those of a sound, `[channel][sample]`; none where it has no clear one.
pub(super) fn middle_hz(channels: &[Vec<f32>], rate_hz: u32) -> Option<f32> {
    let gain = 1.0 / channels.len() as f32;
    let n = channels.first()?.len();
    let mono: Vec<f32> =
        (0..n).map(|i| channels.iter().map(|channel| channel[i]).sum::<f32>() * gain).collect();
    let hop = ((HOP_SECS * f64::from(rate_hz)) as usize).max(n / LOOKS_MAX).max(1);
    let high = RANGE_HZ[1].min(rate_hz as f32 / 4.0);
    let range = [RANGE_HZ[0].min(high / 2.0), high];
    median_pitch_hz(audio::pitches(&mono, rate_hz, range, hop))
}

/// By how many semitones a sound of a pitch comes into a range; 0 if it lies there already.
pub(super) fn semitones(pitch_hz: f32, range_hz: [f32; 3]) -> f32 {
    if (range_hz[0]..=range_hz[2]).contains(&pitch_hz) {
        return 0.0;
    }
    let to_middle = 12.0 * (range_hz[1] / pitch_hz).log2();
    to_middle.round().clamp(-SEMITONES_MOST, SEMITONES_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_comes_into_the_range_of_the_model() {
        let range = [150.0, 220.0, 330.0];
        for inside in [150.0, 200.0, 330.0] {
            assert_eq!(semitones(inside, range), 0.0);
        }
        assert_eq!(semitones(110.0, range), 12.0);
        assert_eq!(semitones(440.0, range), -12.0);
        assert_eq!(semitones(466.2, range), -13.0);
        assert_eq!(semitones(2000.0, range), -24.0);
    }
}
