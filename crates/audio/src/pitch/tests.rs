//! Pitch of tones whose pitch is known, alone and in noise.

use std::f64::consts::TAU;

use super::*;
use crate::{Rng, gain_from_db};

const RANGE_HZ: [f32; 2] = [50.0, 2000.0];

/// A tone with so many partials, each as loud as its number says.
fn tone(rate_hz: u32, hz: f64, secs: f64, gain: impl Fn(usize) -> f64) -> Vec<f32> {
    let n_partials = ((f64::from(rate_hz) / 2.0 / hz) as usize).min(12);
    let n = (secs * f64::from(rate_hz)) as usize;
    let sample = |i: usize| {
        let phase = TAU * hz * i as f64 / f64::from(rate_hz);
        let partials = (1..=n_partials).map(|k| gain(k) * (phase * k as f64 + k as f64).sin());
        0.3 * partials.sum::<f64>() as f32
    };
    (0..n).map(sample).collect()
}

fn cents(hz: f32, expected: f64) -> f64 {
    1200.0 * (f64::from(hz) / expected).log2().abs()
}

#[test]
fn tones_have_their_pitch() {
    let sine = |k| if k == 1 { 1.0 } else { 0.0 };
    let saw = |k| 1.0 / k as f64;
    // A clarinet's: only odd partials. A voice's: the third is the loudest. And one whose first is missing.
    let odd = |k| if k % 2 == 1 { 1.0 / k as f64 } else { 0.0 };
    let voice = |k| if k == 3 { 1.0 } else { 0.3 / k as f64 };
    let missing = |k| if k == 1 { 0.0 } else { 1.0 / k as f64 };
    let timbres: [&dyn Fn(usize) -> f64; 5] = [&sine, &saw, &odd, &voice, &missing];
    for rate_hz in [16_000, 44_100, 48_000] {
        for hz in [60.0, 82.4, 110.0, 196.0, 261.6, 440.0, 659.3, 987.8, 1500.0] {
            // With fewer samples a period, loud partials fall between lags.
            if hz > f64::from(rate_hz) / 20.0 {
                continue;
            }
            for (i, gain) in timbres.into_iter().enumerate() {
                let found = pitches(&tone(rate_hz, hz, 0.3, gain), rate_hz, RANGE_HZ, 1000);
                assert!(!found.is_empty());
                for pitch in found {
                    let pitch = pitch.unwrap();
                    let error = cents(pitch.hz, hz);
                    // The parabola is the coarser the fewer samples a period has.
                    let tolerance = 2.0 + 250.0 * hz / f64::from(rate_hz);
                    assert!(
                        error < tolerance,
                        "{hz} Hz, timbre {i}: {pitch:?} at {rate_hz}, {error}"
                    );
                    assert!(pitch.confidence > 0.9, "{hz} Hz, timbre {i}: {pitch:?} at {rate_hz}");
                }
            }
        }
    }
}

#[test]
fn confidence_tells_tones_from_noise() {
    let mut rng = Rng::new(1);
    let (mut n_sure, mut n_right, mut n_tones) = (0, 0, 0);
    for i in 0..100 {
        let hz = 80.0 * 1.03f64.powi(i);
        let noise = gain_from_db(-20.0) as f32 * 0.3;
        let mut sound = tone(44_100, hz, 0.1, |k| 1.0 / k as f64);
        sound.iter_mut().for_each(|x| *x += noise * rng.normal());
        for pitch in pitches(&sound, 44_100, RANGE_HZ, 441) {
            n_tones += 1;
            let pitch = pitch.filter(|pitch| pitch.confidence >= Pitch::SURE_FROM);
            n_sure += u32::from(pitch.is_some());
            n_right += u32::from(pitch.is_some_and(|pitch| cents(pitch.hz, hz) < 50.0));
        }
    }
    let noise: Vec<f32> = (0..200_000).map(|_| 0.2 * rng.normal()).collect();
    let found = pitches(&noise, 44_100, RANGE_HZ, 500);
    let sure = |pitch: &&Option<Pitch>| pitch.is_some_and(|it| it.confidence >= Pitch::SURE_FROM);
    let n_wrong = found.iter().filter(sure).count();
    let share = |n: u32| f64::from(n) / f64::from(n_tones);
    println!(
        "sure {:.3}, right {:.3}; noise {} of {}",
        share(n_sure),
        share(n_right),
        n_wrong,
        found.len()
    );
    assert!(share(n_sure) > 0.99 && share(n_right) > 0.98, "{} {}", share(n_sure), share(n_right));
    assert!(n_wrong * 100 <= found.len(), "{n_wrong} of {}", found.len());
}

#[test]
fn what_has_no_pitch_has_none() {
    let mut finder = PitchFinder::new(44_100, RANGE_HZ);
    let n = finder.window();
    for value in [0.0, f32::NAN, f32::INFINITY, 1e-7] {
        assert_eq!(finder.find(&vec![value; n]), None, "{value}");
    }
    // Constant: nothing repeats in it that could be heard.
    let pitch = finder.find(&vec![0.5; n]);
    assert!(pitch.is_none_or(|pitch| pitch.confidence < Pitch::SURE_FROM), "{pitch:?}");
    // What came before leaves nothing behind.
    let tone = tone(44_100, 220.0, 0.1, |k| 1.0 / k as f64);
    let again = finder.find(&tone);
    assert_eq!(again, PitchFinder::new(44_100, RANGE_HZ).find(&tone));
    assert_eq!(pitches(&tone[..n - 1], 44_100, RANGE_HZ, 10), []);
}

#[test]
fn the_median_is_that_of_sure_pitches() {
    let pitch = |hz, confidence| Some(Pitch { hz, confidence });
    let found = [pitch(100.0, 0.9), None, pitch(900.0, 0.1), pitch(110.0, 1.0), pitch(220.0, 0.8)];
    assert_eq!(median_pitch_hz(found), Some(110.0));
    assert_eq!(median_pitch_hz([None, pitch(900.0, 0.1)]), None);
}
