//! Faults that are made and must be found, and sounds without any.

use std::f32::consts::TAU;

use super::*;
use crate::Rng;

const RATE_HZ: u32 = 44_100;

fn tone(hz: f32, gain: f32, secs: f32) -> Vec<f32> {
    let n = (secs * RATE_HZ as f32) as usize;
    (0..n).map(|i| gain * (TAU * ((hz * i as f32 / RATE_HZ as f32) % 1.0)).sin()).collect()
}

fn noise(gain: f32, secs: f32, seed: u64) -> Vec<f32> {
    let mut rng = Rng::new(seed);
    (0..(secs * RATE_HZ as f32) as usize).map(|_| rng.uniform(-gain, gain)).collect()
}

fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// A tune of plucked tones with pauses, in which nothing is wrong.
fn tune(secs: f32) -> Vec<f32> {
    let mut out = vec![0.0; (secs * RATE_HZ as f32) as usize];
    let pitches = [220.0, 277.2, 329.6, 440.0, 392.0];
    for (i, start) in (0..out.len()).step_by(RATE_HZ as usize).enumerate() {
        let pluck = tone(pitches[i % pitches.len()], 0.4, 0.45);
        for (n, x) in pluck.iter().enumerate().take(out.len() - start) {
            let decay = (-20.0 * n as f32 / RATE_HZ as f32).exp();
            let attack = (n as f32 / 200.0).min(1.0);
            out[start + n] += x * decay * attack;
        }
    }
    out
}

/// The kinds that are found, whatever blocks the sound comes in.
fn kinds(rate_hz: u32, channels: &[Vec<f32>]) -> Vec<&'static str> {
    let whole = check_quality(&Clip { rate_hz, channels: channels.to_vec() });
    let mut check = QualityCheck::new(rate_hz, channels.len());
    let n = channels[0].len();
    for start in (0..n).step_by(997) {
        let end = (start + 997).min(n);
        let block: Vec<Vec<f32>> =
            channels.iter().map(|channel| channel[start..end].to_vec()).collect();
        check.push(&block);
    }
    assert_eq!(check.finish(), whole, "in blocks and at once");
    let secs = n as f64 / f64::from(rate_hz);
    for finding in &whole.findings {
        let Finding { start_s, end_s, sentence, .. } = finding;
        assert!(0.0 <= *start_s && start_s <= end_s && *end_s <= secs + 1e-9, "{finding:?}");
        assert!(sentence.ends_with('.') && !sentence.contains("NaN"), "{sentence}");
    }
    let mut kinds: Vec<_> = whole.findings.iter().map(|it| it.kind).collect();
    kinds.dedup();
    kinds
}

#[track_caller]
fn check(samples: &[f32], expected: &[&str]) {
    assert_eq!(kinds(RATE_HZ, &[samples.to_vec()]), expected);
}

#[track_caller]
fn check_stereo(left: &[f32], right: &[f32], expected: &[&str]) {
    assert_eq!(kinds(RATE_HZ, &[left.to_vec(), right.to_vec()]), expected);
}

#[test]
fn nothing_is_wrong_with_a_clean_sound() {
    check(&tune(6.0), &[]);
    check(&tone(50.0, 0.5, 5.0), &[]);
    check(&tone(10.0, 0.5, 5.0), &[]);
    check(&tone(1000.0, 0.99, 1.0), &[]);
    check(&noise(0.3, 5.0, 1), &[]);
}

#[test]
fn clipping_is_found_at_full_scale_and_below() {
    let clipped = |gain: f32| -> Vec<f32> {
        tone(220.0, 1.3, 2.0).iter().map(|x| gain * x.clamp(-1.0, 1.0)).collect()
    };
    // A clipped tone swings over full scale between its samples too.
    assert!(kinds(RATE_HZ, &[clipped(1.0)]).contains(&"clipping"));
    check(&clipped(0.5), &["clipping"]);
    let at_end = [tune(2.0), clipped(0.8)].concat();
    let found = check_quality(&Clip { rate_hz: RATE_HZ, channels: vec![at_end] }).findings;
    let clipping = found.iter().find(|it| it.kind == "clipping").unwrap();
    assert!((clipping.start_s - 2.0).abs() < 0.02 && clipping.end_s > 3.9, "{clipping:?}");
}

#[test]
fn a_dc_offset_is_found() {
    let shifted = |by: f32| -> Vec<f32> { tune(4.0).iter().map(|x| x + by).collect() };
    check(&shifted(0.02), &["dc_offset"]);
    check(&shifted(-0.02), &["dc_offset"]);
    check(&shifted(0.001), &[]);
}

#[test]
fn hum_is_found_under_music_and_told_from_tones() {
    for mains in [50.0, 60.0] {
        let hum: Vec<Vec<f32>> =
            (1..=5).map(|k| tone(mains * k as f32, 0.004 / k as f32, 6.0)).collect();
        let hum = hum.iter().fold(tune(6.0), |all, tone| sum(&all, tone));
        let found = check_quality(&Clip { rate_hz: RATE_HZ, channels: vec![hum] }).findings;
        let hum = found.iter().find(|it| it.kind == "hum").expect("hum is found");
        assert!(hum.sentence.contains(&format!("{mains} Hz")), "{}", hum.sentence);
    }
    // A tone that goes on at another pitch, with all its overtones.
    let drone: Vec<Vec<f32>> = (1..=8).map(|k| tone(55.0 * k as f32, 0.1, 6.0)).collect();
    let drone = drone.iter().fold(vec![0.0; 6 * RATE_HZ as usize], |all, tone| sum(&all, tone));
    check(&drone, &[]);
}

#[test]
fn a_noise_floor_is_found_where_nothing_else_sounds() {
    let found = |gain: f32| {
        let noisy = sum(&tune(6.0), &noise(gain, 6.0, 2));
        kinds(RATE_HZ, &[noisy])
    };
    assert_eq!(found(0.005), ["noise_floor"]);
    assert_eq!(found(0.00002), [""; 0]);
}

#[test]
fn noise_that_is_music_is_no_noise_floor() {
    // A cymbal that dies away.
    let decay = |i: usize| (-1.5 * i as f32 / RATE_HZ as f32).exp();
    let cymbal = noise(0.5, 3.0, 4).iter().enumerate().map(|(i, x)| x * decay(i)).collect();
    assert_eq!(kinds(RATE_HZ, &[cymbal]), [""; 0]);
    // Brushes, each second in another colour; the dark ones are quieter.
    let mut brushes = noise(0.2, 8.0, 6);
    let mut last = 0.0;
    for (i, x) in brushes.iter_mut().enumerate() {
        let is_dark = i / RATE_HZ as usize % 4 == 3;
        let smoothing = if is_dark { 0.97 } else { 0.0 };
        last = smoothing * last + (1.0 - smoothing) * *x;
        *x = if is_dark { last } else { *x - 0.9 * last };
    }
    assert!(!kinds(RATE_HZ, &[brushes]).contains(&"noise_floor"));
}

#[test]
fn a_cliff_in_the_spectrum_is_found_and_named() {
    let sentence = |from_hz: u32, to_hz: u32| {
        let channels = vec![
            (0..from_hz * 4).scan(Rng::new(3), |rng, _| Some(rng.uniform(-0.3, 0.3))).collect(),
        ];
        let clip = crate::resample(&Clip { rate_hz: from_hz, channels }, to_hz);
        let found = check_quality(&clip).findings;
        found.iter().find(|it| it.kind == "bandwidth").map(|it| it.sentence.clone())
    };
    let of_22 = sentence(22_050, 44_100).unwrap();
    assert!(of_22.contains("a rate of 22050 Hz"), "{of_22}");
    assert!(sentence(48_000, 96_000).unwrap().contains("a rate of 48000 Hz"));
    assert!(sentence(16_000, 48_000).unwrap().contains("a rate of 16000 Hz"));
    // What an encoder at 128 kb/s leaves.
    assert!(sentence(32_000, 44_100).unwrap().contains("MP3"));
    assert_eq!(sentence(44_100, 48_000), None);
    assert_eq!(sentence(44_100, 44_100), None);
}

#[test]
fn channels_that_are_the_same_or_cancel_are_found() {
    let (left, other) = (tune(4.0), noise(0.1, 4.0, 5));
    let scaled = |by: f32| -> Vec<f32> { left.iter().map(|x| x * by).collect() };
    check_stereo(&left, &left, &["mono_in_stereo"]);
    check_stereo(&left, &scaled(0.5), &["mono_in_stereo"]);
    check_stereo(&left, &scaled(0.0), &["mono_in_stereo"]);
    check_stereo(&left, &scaled(-1.0), &["phase"]);
    check_stereo(&left, &sum(&left, &other), &[]);
    check_stereo(&scaled(0.0), &scaled(0.0), &["silence"]);
}

#[test]
fn silence_is_found_at_the_ends_and_in_between() {
    let quiet = |secs: f32| vec![0.0; (secs * RATE_HZ as f32) as usize];
    check(&quiet(1.0), &["silence"]);
    check(&[quiet(1.5), tune(2.0)].concat(), &["silence"]);
    check(&[tune(2.0), quiet(1.5)].concat(), &["silence"]);
    check(&[tune(2.0), quiet(2.0), tune(2.0)].concat(), &[]);
    check(&[tune(2.0), quiet(4.0), tune(2.0)].concat(), &["silence"]);
}

#[test]
fn true_peaks_between_samples_are_found() {
    // A quarter of the rate at 45 degrees: samples at 0.707 of the wave.
    let wave = |gain: f32| -> Vec<f32> {
        let at = |n: usize| (TAU * (n % 4) as f32 / 4.0 + TAU / 8.0).sin();
        (0..RATE_HZ as usize).map(|n| gain * at(n)).collect()
    };
    let peak = |gain: f32| {
        let clip = Clip { rate_hz: RATE_HZ, channels: vec![wave(gain)] };
        check_quality(&clip).true_peak_dbtp.unwrap()
    };
    // EBU Tech 3341, minimum requirements 15 to 18: -6.0 dB, +0.2 and -0.4 dB.
    let minus_6 = peak(0.5);
    assert!((-6.42..=-5.82).contains(&minus_6), "{minus_6}");
    check(&wave(1.2), &["true_peak"]);
    check(&wave(0.9), &[]);
}

#[test]
fn whatever_comes_in_is_answered_in_finite_numbers() {
    let noises = noise(1.0, 0.3, 9);
    for rate_hz in [100, 8000, 44_100, 192_000] {
        for n in [0, 1, 2, 100, noises.len()] {
            for n_channels in [1, 2, 6] {
                kinds(rate_hz, &vec![noises[..n].to_vec(); n_channels]);
                kinds(rate_hz, &vec![vec![0.0; n]; n_channels]);
            }
        }
    }
    let hostile = [f32::NAN, f32::INFINITY, 1e38, -1e38, f32::MIN_POSITIVE, 0.5];
    let clip = Clip { rate_hz: 8000, channels: vec![hostile.repeat(4000)] };
    let quality = check_quality(&clip);
    let numbers = [quality.loudness_lufs, quality.loudness_range_lu, quality.true_peak_dbtp];
    assert!(numbers.iter().flatten().all(|x| x.is_finite()), "{quality:?}");
}
