//! pYIN on voices whose pitch is known, and its decoding against that of the textbook.

use std::f64::consts::TAU;

use super::*;
use crate::Rng;

const SETTINGS: PyinSettings =
    PyinSettings { rate_hz: 22_050, range_hz: [C2_HZ, 32.0 * C2_HZ], frame: 2048, hop: 512 };

/// A voice with six overtones whose frequency is given for each second.
fn voice(secs: f64, rate_hz: u32, hz: impl Fn(f64) -> f64) -> Vec<f32> {
    let mut phase = 0.0;
    let sample = |n: usize| {
        phase += hz(n as f64 / f64::from(rate_hz)) / f64::from(rate_hz);
        (1..=6).map(|k| 0.3 / f64::from(k) * (TAU * phase * f64::from(k)).sin()).sum::<f64>() as f32
    };
    (0..(secs * f64::from(rate_hz)) as usize).map(sample).collect()
}

fn cents(a: f64, b: f64) -> f64 {
    1200.0 * (a / b).log2()
}

/// The share of frames, but those at the ends, that are voiced and within 15 cents of the truth.
fn right(samples: &[f32], settings: &PyinSettings, hz: impl Fn(f64) -> f64) -> f64 {
    let frames = pyin(samples, settings).unwrap();
    assert_eq!(frames.len(), samples.len() / settings.hop + 1);
    let inner = 3..frames.len() - 3;
    let is_right = |i: &usize| {
        let secs = (i * settings.hop) as f64 / f64::from(settings.rate_hz);
        frames[*i].f0_hz.is_some_and(|f0| cents(f0, hz(secs)).abs() < 15.0)
    };
    inner.clone().filter(is_right).count() as f64 / inner.len() as f64
}

#[test]
fn steady_and_gliding_voices_are_followed() {
    for hz in [70.0, 110.0, 440.0, 1000.0, 2000.0] {
        let samples = voice(1.0, 22_050, |_| hz);
        let right = right(&samples, &SETTINGS, |_| hz);
        assert!(right == 1.0, "{hz} Hz: {right}");
    }
    let vibrato = |secs: f64| 220.0 * (0.3 * (TAU * 5.0 * secs).sin() / 12.0).exp2();
    let share = right(&voice(2.0, 22_050, vibrato), &SETTINGS, vibrato);
    assert!(share > 0.9, "{share}");
    let glide = |secs: f64| 110.0 * secs.exp2();
    let share = right(&voice(2.0, 22_050, glide), &SETTINGS, glide);
    assert!(share > 0.98, "{share}");
}

#[test]
fn silence_is_unvoiced_and_noise_unsure() {
    let voiced = |samples: &[f32]| {
        let frames = pyin(samples, &SETTINGS).unwrap();
        assert!(frames.iter().all(|it| (0.0..=1.0).contains(&it.probability)));
        frames.iter().filter(|it| it.f0_hz.is_some()).count() as f64 / frames.len() as f64
    };
    assert_eq!(voiced(&[]), 0.0);
    voiced(&[0.3]);
    assert_eq!(voiced(&[0.0; 22_050]), 0.0);
    // Noise has a pitch now and then, and is never sure of it.
    let mut rng = Rng::new(7);
    let noise: Vec<f32> = (0..44_100).map(|_| rng.uniform(-0.5, 0.5)).collect();
    let frames = pyin(&noise, &SETTINGS).unwrap();
    let mean = frames.iter().map(|it| it.probability).sum::<f64>() / frames.len() as f64;
    assert!(mean < 0.05, "{mean}");
}

#[test]
fn rates_from_8_to_192_khz_work() {
    for rate_hz in [8000, 48_000, 192_000] {
        let frame = (rate_hz as usize / 11).next_power_of_two();
        let settings =
            PyinSettings { rate_hz, frame, hop: frame / 4, range_hz: [C2_HZ, 16.0 * C2_HZ] };
        let share = right(&voice(0.8, rate_hz, |_| 220.0), &settings, |_| 220.0);
        assert!(share == 1.0, "{rate_hz} Hz: {share}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let refused = |settings: PyinSettings| pyin(&[0.0; 100], &settings).is_err();
    assert!(!refused(SETTINGS));
    assert!(refused(PyinSettings { range_hz: [100.0, 100.0], ..SETTINGS }));
    assert!(refused(PyinSettings { range_hz: [0.0, 100.0], ..SETTINGS }));
    assert!(refused(PyinSettings { range_hz: [100.0, 20_000.0], ..SETTINGS }));
    assert!(refused(PyinSettings { range_hz: [f64::NAN, 100.0], ..SETTINGS }));
    assert!(refused(PyinSettings { frame: 256, ..SETTINGS }));
    assert!(refused(PyinSettings { hop: 0, ..SETTINGS }));
}

/// A way that is found by the textbook's algorithm, all states with all.
fn by_the_textbook(frames: &[(Vec<(u16, f64)>, f64)], n: usize, reach: usize) -> Vec<Option<u16>> {
    let log = |x: f64| x.max(f64::MIN_POSITIVE).ln();
    let weight = |a: usize, b: usize| {
        let far = a.abs_diff(b);
        if far > reach { 0.0 } else { 1.0 - far as f64 / (reach + 1) as f64 }
    };
    let move_of = |from: usize, to: usize| {
        let sum: f64 = (0..n).map(|to| weight(from % n, to)).sum();
        let switch = if (from < n) == (to < n) { 0.99 } else { 0.01 };
        log(switch * weight(from % n, to % n) / sum)
    };
    let observed = |(candidates, voiced): &(Vec<(u16, f64)>, f64), state: usize| {
        if state >= n {
            return log((1.0 - voiced) / n as f64);
        }
        log(candidates.iter().find(|it| usize::from(it.0) == state).map_or(0.0, |it| it.1))
    };
    let mut values: Vec<f64> = (0..2 * n).map(|state| observed(&frames[0], state)).collect();
    let mut from = vec![];
    for frame in &frames[1..] {
        let best = |to: usize| {
            let ways = (0..2 * n).map(|from| (from, values[from] + move_of(from, to)));
            ways.fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a })
        };
        let best: Vec<(usize, f64)> = (0..2 * n).map(best).collect();
        values = (0..2 * n).map(|state| best[state].1 + observed(frame, state)).collect();
        from.push(best.into_iter().map(|it| it.0).collect::<Vec<_>>());
    }
    let last = (0..2 * n).fold(0, |a, b| if values[b] > values[a] { b } else { a });
    let mut way = vec![last];
    for from in from.iter().rev() {
        way.push(from[way[way.len() - 1]]);
    }
    let pitch = |state: usize| (state < n).then_some(state as u16);
    way.into_iter().rev().map(pitch).collect()
}

#[test]
fn the_way_is_that_of_the_textbook() {
    let (n, reach) = (40, 5);
    let mut rng = Rng::new(11);
    let mut n_others = 0;
    for _ in 0..20 {
        let frames: Vec<(Vec<(u16, f64)>, f64)> = (0..60)
            .map(|_| {
                let mut states: Vec<u16> =
                    (0..rng.next_u64() % 4).map(|_| (rng.next_u64() % n as u64) as u16).collect();
                states.sort_unstable();
                states.dedup();
                let sum = if rng.next_f32() < 0.2 { 1.0 } else { rng.next_f64() };
                let shares: Vec<f64> = states.iter().map(|_| 0.1 + rng.next_f64()).collect();
                let each = sum / shares.iter().sum::<f64>().max(0.1);
                let candidates: Vec<(u16, f64)> = states
                    .iter()
                    .zip(&shares)
                    .map(|(state, share)| (*state, each * share))
                    .collect();
                let voiced = if candidates.is_empty() { 0.0 } else { sum };
                (candidates, voiced)
            })
            .collect();
        let mut decoder = Decoder::new(n, reach);
        frames.iter().for_each(|(candidates, voiced)| decoder.push(candidates, *voiced));
        let (ours, textbook) = (decoder.finish(), by_the_textbook(&frames, n, reach));
        assert_eq!(ours.len(), textbook.len());
        n_others += ours.iter().zip(&textbook).filter(|(a, b)| a != b).count();
    }
    // Numbers of 32 bits take another way where two are as likely but for some 1e-5.
    assert!(n_others <= 6, "{n_others} of 1200 frames");
}

#[test]
fn a_long_sound_is_decided_as_it_goes_on() {
    // Enough frames that ways are dropped several times: 12,000 of a voice with pauses.
    let settings = PyinSettings { hop: 64, range_hz: [400.0, 500.0], ..SETTINGS };
    let hz = |secs: f64| if secs % 2.0 < 1.5 { 440.0 } else { 0.0 };
    let samples = voice(35.0, 22_050, hz);
    let frames = pyin(&samples, &settings).unwrap();
    let at = |secs: f64| frames[(secs * 22_050.0 / 64.0) as usize].f0_hz;
    for second in 0..17 {
        let start = 2.0 * f64::from(second);
        assert!(at(start + 0.7).is_some_and(|f0| cents(f0, 440.0).abs() < 6.0), "{second}");
        assert_eq!(at(start + 1.75), None, "{second}");
    }
}
