//! Synthesised sounds: tuning, formants, levels and clicks.

use super::pluck::{Pluck, pluck};
use super::voice::{A, E, I, O, Song, U, Vowel, sing};
use super::*;
use crate::{Rng, stft_magnitudes};

/// The strongest frequency within a share of `near_hz`, by a parabola through the log spectrum.
fn strongest_hz(samples: &[f32], near_hz: f64, share: f64) -> f64 {
    const WINDOW: usize = 65_536;
    let spectrum = stft_magnitudes(samples, WINDOW, WINDOW);
    let frame = &spectrum.values[..spectrum.n_bins];
    let bin = |hz: f64| (hz * WINDOW as f64 / RATE) as usize;
    let (low, high) = (bin(near_hz * (1.0 - share)), bin(near_hz * (1.0 + share)) + 1);
    let k = (low..=high).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).unwrap();
    let [a, b, c] = [k - 1, k, k + 1].map(|k| f64::from(frame[k]).ln());
    (k as f64 + 0.5 * (a - c) / (a - 2.0 * b + c)) * RATE / WINDOW as f64
}

#[test]
fn strings_are_in_tune() {
    for note in [40.0, 45.0, 57.0, 64.0, 76.0, 81.0] {
        let frequency_hz = frequency_from_midi(note);
        let string = Pluck {
            frequency_hz,
            secs: 2.0,
            decay_secs: 4.0,
            position: 0.2,
            brightness_hz: 5000.0,
        };
        let samples = pluck(&string, &mut Rng::new(1));
        let found = strongest_hz(&samples[frames(0.2)..], frequency_hz, 0.1);
        let cents = 1200.0 * (found / frequency_hz).log2();
        assert!(cents.abs() < 2.0, "note {note} is {cents} cents off");
    }
}

#[test]
fn strings_decay_as_asked() {
    let string = Pluck {
        frequency_hz: 220.0,
        secs: 2.0,
        decay_secs: 2.0,
        position: 0.2,
        brightness_hz: 5000.0,
    };
    let samples = pluck(&string, &mut Rng::new(1));
    let energy = |from: f64| {
        let part = &samples[frames(from)..frames(from + 0.1)];
        10.0 * part.iter().map(|x| f64::from(x * x)).sum::<f64>().log10()
    };
    // The fundamental falls by 30 dB in a second, what is above it faster.
    let fall = energy(0.5) - energy(1.5);
    assert!((28.0..40.0).contains(&fall), "{fall} dB");
}

#[test]
fn vowels_have_their_formants() {
    let check = |vowel: Vowel, first_hz: f64, second_hz: f64| {
        // A low voice, so that harmonics are dense enough to show the envelope.
        let song = Song { frequency_hz: 70.0, secs: 2.0, vowels: &[vowel], size: 1.0, breath: 0.0 };
        let samples = sing(&song, &mut Rng::new(1));
        for hz in [first_hz, second_hz] {
            let found = strongest_hz(&samples[frames(0.4)..], hz, 0.16);
            assert!((found - hz).abs() < 75.0, "{vowel:?}: {found} Hz, not {hz}");
        }
    };
    check(A, 730.0, 1090.0);
    check(E, 530.0, 1840.0);
    check(I, 270.0, 2290.0);
    check(O, 570.0, 840.0);
    check(U, 300.0, 870.0);
}

#[test]
fn finishing_scales_and_fades() {
    let sound = finish(vec![0.3; 44_100], 0.5, 0.001);
    // A constant is all offset; nothing is left of it but rounding.
    assert!(sound.iter().all(|x| x.is_finite() && x.abs() <= 0.5));
    let saw: Vec<f32> = (0..44_100).map(|n| (n % 100) as f32 / 100.0).collect();
    let sound = finish(saw, 0.5, 0.01);
    assert!((crate::level::peak(&sound) - 0.5).abs() < 1e-6);
    assert!(sound[0] == 0.0 && sound[44_099] == 0.0);
}
