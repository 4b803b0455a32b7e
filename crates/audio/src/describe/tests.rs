//! Tests of words and places: sounds of which it is known how they sound.

use super::*;
use crate::{Rng, harmony::harmony, sample_sounds};

const RATE_HZ: u32 = 22_050;

fn noise(secs: f64) -> Vec<f32> {
    let mut rng = Rng::new(2);
    (0..(secs * f64::from(RATE_HZ)) as usize).map(|_| 0.1 * rng.normal()).collect()
}

fn tone(hz: f64, secs: f64) -> Vec<f32> {
    let n = (secs * f64::from(RATE_HZ)) as usize;
    let at = |i: usize| i as f64 / f64::from(RATE_HZ);
    let wave = |i: usize| {
        let phase = std::f64::consts::TAU * hz * at(i);
        (0.2 * (phase.sin() + 0.3 * (2.0 * phase).sin())) as f32
    };
    (0..n).map(wave).collect()
}

/// Strokes of noise that die away within 50 ms, so many a second.
fn strokes(per_sec: f64, secs: f64) -> Vec<f32> {
    let every = (f64::from(RATE_HZ) / per_sec) as usize;
    let fade = |i: usize| (-((i % every) as f32) / 300.0).exp();
    noise(secs).iter().enumerate().map(|(i, x)| x * fade(i)).collect()
}

/// The words of a sound: some that must be there, some that must not.
fn check(samples: &[f32], expected: &[&str], others: &[&str]) {
    let measures = measure(samples, RATE_HZ).expect("it is not silent");
    let harmony = harmony(samples, RATE_HZ, &[], &[]);
    let context = Context { key: harmony.key, chords: &harmony.chords, ..Context::default() };
    let found = words(&measures, &context);
    for word in expected {
        assert!(found.contains(word), "no {word} in {found:?}: {measures:?}");
    }
    for word in others {
        assert!(!found.contains(word), "{word} in {found:?}: {measures:?}");
    }
}

#[test]
fn words_say_what_there_is() {
    check(&noise(3.0), &["bright", "noisy", "sustained"], &["dark", "tonal", "percussive"]);
    check(&tone(110.0, 3.0), &["dark", "tonal", "sustained", "even"], &["bright", "noisy", "busy"]);
    check(&strokes(2.0, 4.0), &["percussive", "noisy"], &["sustained", "tonal"]);
    check(&strokes(6.0, 4.0), &["busy"], &["sparse"]);
}

#[test]
fn a_steady_beat_is_told_from_a_free_one() {
    let measures = measure(&noise(20.0), RATE_HZ).expect("it is not silent");
    let of = |beats_s: &[f64]| {
        words(&measures, &Context { beats_s, tempo_confidence: 0.9, ..Context::default() })
    };
    let steady: Vec<f64> = (0..30).map(|i| 0.5 * f64::from(i)).collect();
    assert!(of(&steady).contains(&"steady") && !of(&steady).contains(&"free"));
    let free: Vec<f64> = (0..30).map(|i| 0.5 * f64::from(i) + 0.06 * f64::from(i % 3)).collect();
    assert!(of(&free).contains(&"free") && !of(&free).contains(&"steady"));
    assert!(!of(&[]).contains(&"free"));
}

#[test]
fn every_word_can_be_said_and_pairs_exclude_each_other() {
    for (i, word) in WORDS.iter().enumerate() {
        assert!(
            WORDS[..i].iter().all(|other| other.word != word.word),
            "{} is there twice",
            word.word
        );
        assert!(["spectral", "timbral", "rhythmic", "harmonic"].contains(&word.about));
    }
}

#[test]
fn sounds_of_an_instrument_lie_near_each_other() {
    let places: Vec<(String, [f32; PLACE_ENTRIES])> = sample_sounds(0)
        .into_iter()
        .filter_map(|(name, clip)| {
            let found = measure(&clip.channels[0], clip.rate_hz)?;
            Some((name, found.place()))
        })
        .collect();
    let of = |name: &str| places.iter().find(|it| it.0 == name).expect("it is in the set").1;
    let check = |one: &str, near: &str, far: &str| {
        let [near_by, far_off] = [near, far].map(|other| distance(&of(one), &of(other)));
        assert!(near_by < far_off, "{one}: {near} is at {near_by}, {far} at {far_off}");
    };
    check("pluck-a3.wav", "pluck-c4.wav", "wind.wav");
    check("voice-e-a3.wav", "voice-a-a2.wav", "shaker.wav");
    check("rain.wav", "wind.wav", "bell-a3.wav");
    check("bell-a3.wav", "bell-e4.wav", "voice-o-e3.wav");
    assert!(distance(&of("surf.wav"), &of("surf.wav")) < 1e-6);
}

#[test]
fn silence_has_no_measures_and_scraps_have_finite_ones() {
    assert_eq!(measure(&[], 44_100), None);
    assert_eq!(measure(&[0.0; 5000], 44_100), None);
    assert_eq!(measure(&[f32::NAN; 5000], 44_100), None);
    for rate_hz in [8000, 44_100, 192_000] {
        for n in [1, 100, 10_000] {
            let found = measure(&vec![0.5; n], rate_hz).map(|it| it.place());
            assert!(found.is_none_or(|it| it.iter().all(|x| x.is_finite())), "{n} at {rate_hz}");
        }
    }
}
