//! Features against the numbers of librosa, sounds of which the answer is known, and what must not happen.

use std::f64::consts::TAU;

use super::golden::GOLDEN;
use super::*;
use crate::Rng;

const SETTINGS: FeatureSettings = FeatureSettings { rate_hz: 22_050, n_fft: 2048, hop: 512 };

/// Two seconds that any program can make again: four decaying tones, and noise that gets louder.
fn sound() -> Vec<f32> {
    let mut state = 1u32;
    let sample = |n: usize| {
        let secs = n as f64 / 22_050.0;
        let tone = |hz: f64, from: f64| {
            let since = secs - from;
            if since < 0.0 { 0.0 } else { (-3.0 * since).exp() * (TAU * hz * since).sin() }
        };
        let tones = tone(220.0, 0.0) + tone(277.18, 0.5) + tone(329.63, 1.0) + tone(1760.0, 1.5);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(state) / 4_294_967_296.0 - 0.5;
        (0.25 * tones + 0.02 * secs * noise) as f32
    };
    (0..44_100).map(sample).collect()
}

#[test]
fn names_are_found() {
    for feature in FEATURES {
        assert!(Feature::named(feature.name).is_some(), "{}", feature.name);
    }
    assert!(Feature::named("mfc").is_none());
}

#[test]
fn numbers_are_those_of_librosa() {
    let samples = sound();
    for feature in FEATURES {
        let frames = feature.measure(&samples, &SETTINGS).unwrap();
        for (name, bin, frame, expected, range) in GOLDEN {
            let found = frames.frame(*frame).get(*bin);
            if *name == feature.name {
                let found = *found.expect("a bin of this feature");
                let difference = (found - expected).abs() / range;
                assert!(difference < 1e-4, "{name} {bin} {frame}: {found} is not {expected}");
            }
        }
    }
    let named = GOLDEN.iter().filter(|row| Feature::named(row.0).is_some());
    assert!(named.count() == GOLDEN.len() && GOLDEN.len() > 70);
}

#[test]
fn shapes_are_those_of_librosa() {
    let bins = [128, 20, 12, 12, 84, 84, 1, 1, 1, 7, 6, 1, 1, 1];
    for (feature, n_bins) in FEATURES.iter().zip(bins) {
        for n in [1, 512, 3000] {
            let frames = feature.measure(&sound()[..n], &SETTINGS).unwrap();
            let shape = (frames.n_bins, frames.n_frames());
            assert_eq!(shape, (n_bins, n / 512 + 1), "{} of {n} samples", feature.name);
            assert!(frames.values.iter().all(|x| x.is_finite()), "{}", feature.name);
        }
    }
}

#[test]
fn all_rates_silence_noise_and_hostile_samples_give_finite_numbers() {
    let mut rng = Rng::new(3);
    let noise: Vec<f32> = (0..6000).map(|_| rng.uniform(-1.0, 1.0)).collect();
    let hostile = [f32::NAN, f32::INFINITY, 0.5, -1.0].repeat(800);
    for rate_hz in [8000, 44_100, 192_000] {
        for samples in [&noise, &hostile, &vec![0.0; 3000], &vec![]] {
            for feature in FEATURES {
                let settings = FeatureSettings { rate_hz, ..SETTINGS };
                match feature.measure(samples, &settings) {
                    Ok(frames) => {
                        let name = feature.name;
                        assert!(frames.values.iter().all(|x| x.is_finite()), "{name} {rate_hz}");
                    }
                    // Bins above half the rate, and nothing else.
                    Err(unfit) => assert!(rate_hz == 8000, "{unfit}"),
                }
            }
        }
    }
}

#[test]
fn settings_out_of_range_are_refused_in_words() {
    let check = |settings: FeatureSettings, expected: &str| {
        for feature in FEATURES {
            let unfit = feature.measure(&[0.1; 100], &settings).unwrap_err();
            assert!(unfit.why.contains(expected), "{unfit}");
        }
    };
    check(FeatureSettings { rate_hz: 0, ..SETTINGS }, "a rate of 0 Hz");
    check(FeatureSettings { n_fft: 2047, ..SETTINGS }, "a frame of 2047");
    check(FeatureSettings { n_fft: 1 << 20, ..SETTINGS }, "a frame of 1048576");
    check(FeatureSettings { hop: 0, ..SETTINGS }, "a hop of 0");
    let contrast = Feature::named("spectral_contrast").unwrap();
    let short = FeatureSettings { n_fft: 64, ..SETTINGS };
    assert!(contrast.measure(&[0.1; 100], &short).unwrap_err().why.contains("has no bin"));
}

#[test]
fn rare_hops_work_too() {
    let samples = sound();
    for hop in [1, 441, 513, 4096] {
        let settings = FeatureSettings { hop, ..SETTINGS };
        for name in ["cqt", "morlet", "zero_crossing_rate", "rms"] {
            let samples = if hop == 1 { &samples[..2000] } else { &samples[..] };
            let frames = Feature::named(name).unwrap().measure(samples, &settings).unwrap();
            assert_eq!(frames.n_frames(), samples.len() / hop + 1, "{name} {hop}");
        }
    }
    // Every sixteenth hop is one of 16 times the length.
    let [fine, coarse] = [64, 1024].map(|hop| {
        let settings = FeatureSettings { hop, ..SETTINGS };
        let frames = Feature::named("morlet").unwrap().measure(&samples, &settings).unwrap();
        (0..40).map(|i| frames.frame(i * 1024 / hop)[40]).collect::<Vec<f32>>()
    });
    for (fine, coarse) in fine.iter().zip(&coarse) {
        assert!((fine - coarse).abs() < 1e-5, "{fine} {coarse}");
    }
}

#[test]
fn a_tone_is_where_it_should_be() {
    let tone: Vec<f32> =
        (0..44_100).map(|n| (0.5 * (TAU * 440.0 * f64::from(n) / 22_050.0).sin()) as f32).collect();
    let middle = |name: &str| {
        let frames = Feature::named(name).unwrap().measure(&tone, &SETTINGS).unwrap();
        frames.frame(40).to_vec()
    };
    let highest = |name: &str| {
        let frame = middle(name);
        (0..frame.len()).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).unwrap()
    };
    // A4 is the tenth pitch class from C, and 45 semitones above C1.
    assert_eq!(highest("chroma_stft"), 9);
    assert_eq!(highest("chroma_cqt"), 9);
    assert_eq!(highest("cqt"), 45);
    assert_eq!(highest("morlet"), 45);
    assert!((middle("spectral_centroid")[0] - 440.0).abs() < 5.0);
    assert!((middle("rms")[0] - 0.5 / 2f32.sqrt()).abs() < 1e-3);
    assert!((middle("zero_crossing_rate")[0] - 2.0 * 440.0 / 22_050.0).abs() < 1e-3);
    assert!(middle("spectral_flatness")[0] < 1e-4);
    assert!(tuning(&tone, &SETTINGS, 12).abs() < 0.02);
}

#[test]
fn harmonic_and_percussive_parts_add_up_and_separate() {
    let n = 44_100;
    let tone: Vec<f32> = (0..n).map(|i| (0.1 * (0.2 * f64::from(i)).sin()) as f32).collect();
    let mut clicks = vec![0.0; n as usize];
    (4000..clicks.len()).step_by(8000).for_each(|at| clicks[at] = 0.9);
    let both: Vec<f32> = tone.iter().zip(&clicks).map(|(a, b)| a + b).collect();
    let [harmonic, percussive] = harmonic_percussive(&both, &SETTINGS);
    let power =
        |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum() };
    let sum: Vec<f32> = harmonic.iter().zip(&percussive).map(|(a, b)| a + b).collect();
    assert!(power(&sum, &both) < 1e-9 * power(&both, &vec![0.0; both.len()]));
    let silence = vec![0.0; tone.len()];
    assert!(power(&harmonic, &tone) < 0.01 * power(&tone, &silence));
    assert!(power(&percussive, &clicks) < 0.2 * power(&clicks, &silence));
    for n in [0, 1, 100, 2048] {
        let [harmonic, percussive] = harmonic_percussive(&both[..n], &SETTINGS);
        assert!(harmonic.len() == n && percussive.len() == n);
    }
}

#[test]
fn bins_and_frames_are_turned_around() {
    let frames = FeatureFrames { n_bins: 3, values: (0..300).map(|x| x as f32).collect() };
    let by_bin = frames.by_bin();
    for (i, x) in by_bin.iter().enumerate() {
        assert_eq!(*x, (i % 100 * 3 + i / 100) as f32);
    }
}
