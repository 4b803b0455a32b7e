//! Rhythm: on clicks, on songs of which everything is known, and on sounds that have none.

use super::*;
use crate::{
    Rng,
    songs::{SongPlan, SongTruth, render},
};

/// One channel of a clip.
fn mono(clip: crate::Clip) -> Vec<f32> {
    crate::with_channels(clip, 1).channels.swap_remove(0)
}

/// Clicks of noise, a few milliseconds long.
fn clicks(times: &[f64], length_secs: f64, rate_hz: u32) -> Vec<f32> {
    accented(times, &[1.0], length_secs, rate_hz)
}

/// The same with levels that take turns.
fn accented(times: &[f64], levels: &[f32], length_secs: f64, rate_hz: u32) -> Vec<f32> {
    let mut rng = Rng::new(5);
    let mut samples = vec![0.0f32; (length_secs * f64::from(rate_hz)) as usize];
    for (time, level) in times.iter().zip(levels.iter().cycle()) {
        let from = (time * f64::from(rate_hz)).round() as usize;
        let n = (0.02 * f64::from(rate_hz)) as usize;
        for (i, x) in samples.iter_mut().skip(from).take(n).enumerate() {
            *x += 0.5 * level * rng.uniform(-1.0, 1.0) * (-(i as f32) / n as f32 * 5.0).exp();
        }
    }
    samples
}

/// The F-measure of times against the truth, within a tolerance.
fn f_measure(truth: &[f64], found: &[f64], tolerance: f64) -> f64 {
    let mut n_hit = 0usize;
    let mut used = vec![false; found.len()];
    for time in truth {
        let near =
            found.iter().enumerate().filter(|(i, it)| !used[*i] && (*it - time).abs() <= tolerance);
        let nearest = near.min_by(|a, b| (a.1 - time).abs().total_cmp(&(b.1 - time).abs()));
        if let Some((i, _)) = nearest {
            used[i] = true;
            n_hit += 1;
        }
    }
    2.0 * n_hit as f64 / (truth.len() + found.len()).max(1) as f64
}

#[test]
fn clicks_are_found_where_they_are() {
    for rate_hz in [8_000, 22_050, 44_100, 192_000] {
        let times: Vec<f64> = (0..20).map(|i| 0.317 + 0.5003 * f64::from(i)).collect();
        let samples = clicks(&times, 10.5, rate_hz);
        let envelope = Envelope::of(&samples, rate_hz);
        let found = onsets(&envelope, &samples, rate_hz);
        assert_eq!(found.len(), times.len(), "{rate_hz} Hz: {found:?}");
        for (found, time) in found.iter().zip(&times) {
            assert!((found - time).abs() < 0.005, "{rate_hz} Hz: {found} is not {time}");
        }
        let rhythm = rhythm(&samples, rate_hz);
        let bpm = rhythm.tempo_bpm.unwrap();
        assert!((bpm - 60.0 / 0.5003).abs() < 0.15, "{rate_hz} Hz: {bpm}");
        let bias: Vec<f64> = times
            .iter()
            .map(|time| {
                let nearest = rhythm.beats.iter().map(|beat| beat - time);
                nearest.min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap()
            })
            .collect();
        let mean = bias.iter().sum::<f64>() / bias.len() as f64;
        assert!(mean.abs() < 0.005, "{rate_hz} Hz: beats are {mean} s late");
    }
}

#[test]
fn level_does_not_change_what_is_found() {
    let song = render(&short_plan(3));
    let samples = mono(crate::resample(&song.clip, 22_050));
    let loud = rhythm(&samples, 22_050);
    let soft: Vec<f32> = samples.iter().map(|x| 0.01 * x).collect();
    let soft = rhythm(&soft, 22_050);
    assert_eq!(loud.beats.len(), soft.beats.len());
    assert!((loud.tempo_bpm.unwrap() - soft.tempo_bpm.unwrap()).abs() < 0.1);
}

#[test]
fn sounds_without_a_beat_have_none() {
    let mut rng = Rng::new(1);
    let noise: Vec<f32> = (0..22_050 * 12).map(|_| 0.2 * rng.normal()).collect();
    let tone: Vec<f32> = (0..22_050 * 12).map(|i| 0.3 * (i as f32 * 0.0627).sin()).collect();
    for (name, samples) in [("silence", vec![0.0; 22_050 * 12]), ("noise", noise), ("tone", tone)] {
        let found = rhythm(&samples, 22_050);
        assert_eq!(found.tempo_bpm, None, "{name}: {found:?}");
        assert!(found.beats.is_empty() && found.downbeats.is_empty(), "{name}");
        assert!(found.onsets.len() <= 12, "{name}: {} onsets", found.onsets.len());
    }
}

#[test]
fn tiny_sounds_are_no_trouble() {
    for n in [0usize, 1, 2, 15, 100, 1_000, 5_000] {
        for rate_hz in [100, 8_000, 44_100, 192_000] {
            let samples: Vec<f32> = (0..n).map(|i| if i % 7 == 0 { 0.9 } else { -0.1 }).collect();
            let found = rhythm(&samples, rate_hz);
            let times = found.beats.iter().chain(&found.onsets).chain(&found.downbeats);
            assert!(times.copied().all(|it| it.is_finite() && it >= 0.0), "{n} at {rate_hz}");
            assert!((0.0..=1.0).contains(&found.tempo_confidence));
        }
    }
}

#[test]
fn a_loop_says_its_tempo_by_its_length() {
    // A bar of 4/4 at 93.7 bpm, cut to the sample.
    let length_secs = 4.0 * 60.0 / 93.7;
    let beat = length_secs / 4.0;
    let times: Vec<f64> = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5].map(|it| it * beat).to_vec();
    let samples = accented(&times, &[1.0, 0.2], length_secs, 44_100);
    let found = rhythm(&samples, 44_100);
    assert!(found.is_loop);
    assert!((found.tempo_bpm.unwrap() - 93.7).abs() < 0.05, "{:?}", found.tempo_candidates);
    assert_eq!((found.beats.len(), found.downbeats.len()), (4, 1));
}

#[test]
fn the_same_sound_loud_and_soft_in_turns_is_a_beat_and_its_half() {
    let times: Vec<f64> = (0..44).map(|i| 0.3 + 0.3 * f64::from(i)).collect();
    let samples = accented(&times, &[1.0, 0.5], 14.3, 22_050);
    let bpm = rhythm(&samples, 22_050).tempo_bpm.unwrap();
    assert!((bpm - 100.0).abs() < 0.5, "{bpm}");
}

/// A song of half a minute.
fn short_plan(idx: usize) -> SongPlan {
    SongPlan { form: "AB".into(), section_bars: 8, ..SongPlan::of_set(9, idx) }
}

#[test]
fn beats_of_songs_are_found() {
    // Four songs here, so that the test is quick; benches/listen/rhythm.py has the whole set.
    let check = |idx: usize| {
        let song = render(&short_plan(idx));
        let SongTruth { beats, plan, .. } = song.truth;
        let samples = mono(crate::resample(&song.clip, 22_050));
        let found = rhythm(&samples, 22_050);
        let f = f_measure(&beats, &found.beats, 0.07);
        assert!(f > 0.95, "song {idx} at {} bpm: F {f}, found {:?}", plan.bpm, found.tempo_bpm);
        assert_eq!(found.meter, Some(plan.meter), "song {idx}");
    };
    [0, 1, 4, 5].into_iter().for_each(check);
}
