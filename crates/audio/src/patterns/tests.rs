//! Tests of patterns: sounds of which it is known where they change and what they are.

use super::*;
use crate::{Rng, rhythm::rhythm, sample_sounds};

fn noise(secs: f64, seed: u64) -> Vec<f32> {
    let mut rng = Rng::new(seed);
    (0..(secs * f64::from(RATE_HZ)) as usize).map(|_| 0.1 * rng.normal()).collect()
}

fn tone(hz: f64, secs: f64) -> Vec<f32> {
    let n = (secs * f64::from(RATE_HZ)) as usize;
    let wave = |i: usize| {
        let phase = std::f64::consts::TAU * hz * i as f64 / f64::from(RATE_HZ);
        (0.2 * (phase.sin() + 0.4 * (2.0 * phase).sin() + 0.2 * (3.0 * phase).sin())) as f32
    };
    (0..n).map(wave).collect()
}

/// Strokes of noise that die away, so many a second.
fn strokes(per_sec: f64, secs: f64) -> Vec<f32> {
    let every = (f64::from(RATE_HZ) / per_sec) as usize;
    let fade = |i: usize| (-((i % every) as f32) / 500.0).exp();
    noise(secs, 2).iter().enumerate().map(|(i, x)| x * fade(i)).collect()
}

fn cut_of(samples: &[f32]) -> Vec<Cut> {
    cut(samples, RATE_HZ, &rhythm(samples, RATE_HZ), &CutSettings::default())
}

#[test]
fn a_sound_is_cut_where_it_becomes_another() {
    let silence = vec![0.0; RATE_HZ as usize];
    let parts = [noise(2.0, 1), tone(220.0, 2.5), silence, tone(880.0, 2.0)];
    let cuts = cut_of(&parts.concat());
    let expected = [(0.0, 2.0), (2.0, 4.5), (5.5, 7.5)];
    assert_eq!(cuts.len(), expected.len(), "{cuts:?}");
    for (cut, (start, end)) in cuts.iter().zip(expected) {
        assert!((cut.start_secs - start).abs() < 0.12, "{cuts:?}");
        assert!((cut.end_secs - end).abs() < 0.15, "{cuts:?}");
        assert!(cut.confidence >= 0.5, "{cuts:?}");
    }
}

#[test]
fn what_stays_the_same_is_one_part_unless_it_is_long() {
    assert_eq!(cut_of(&noise(4.0, 1)).len(), 1);
    let cuts = cut_of(&noise(20.0, 1));
    assert!(
        cuts.len() >= 4 && cuts.iter().all(|it| it.end_secs - it.start_secs <= 6.01),
        "{cuts:?}"
    );
    assert_eq!(cut_of(&vec![0.0; 50_000]), []);
    assert_eq!(cut_of(&[]), []);
    assert_eq!(cut_of(&tone(440.0, 0.1)).len(), 1);
}

#[test]
fn parts_do_not_overlap_and_lie_in_the_sound() {
    for seed in 0..6 {
        let song = crate::songs::render(&crate::songs::SongPlan::of_set(1, seed));
        let samples = &song.clip.channels[0];
        let rate_hz = song.clip.rate_hz;
        let cuts = cut(samples, rate_hz, &rhythm(samples, rate_hz), &CutSettings::default());
        assert!(cuts.len() > 3);
        for pair in cuts.windows(2) {
            assert!(pair[0].end_secs <= pair[1].start_secs + 1e-9, "{pair:?}");
        }
        assert!(
            cuts.iter()
                .all(|it| it.start_secs < it.end_secs && (0.0..=1.0).contains(&it.confidence))
        );
        assert!(
            cuts.last()
                .is_some_and(|it| it.end_secs <= samples.len() as f64 / f64::from(rate_hz) + 1e-9)
        );
    }
}

#[test]
fn other_people_are_met_by_other_ways_to_cut() {
    // Six notes: for one person each is a pattern, for another the phrase.
    let notes: Vec<f32> =
        [220.0, 277.0, 330.0, 440.0, 220.0, 330.0].iter().flat_map(|hz| tone(*hz, 0.6)).collect();
    let rhythm = rhythm(&notes, RATE_HZ);
    let settings = CutSettings::default();
    let of = |set: &[(f64, f64)]| agreement(&notes, RATE_HZ, &rhythm, &settings, set);
    let each: Vec<(f64, f64)> =
        (0..6).map(|i| (0.6 * f64::from(i), 0.6 * f64::from(i + 1))).collect();
    let (notes, phrase) = (of(&each), of(&[(0.0, 3.6)]));
    assert!(notes.iter().chain(&phrase).all(|x| (0.0..=1.0).contains(x)), "{notes:?} {phrase:?}");
    let best = |scores: &[f64; WAYS.len()]| {
        let best = scores.iter().copied().fold(0.0, f64::max);
        (0..WAYS.len()).filter(|way| scores[*way] == best).collect::<Vec<_>>()
    };
    let (of_notes, of_phrase) = (best(&notes), best(&phrase));
    assert!(of_notes.iter().all(|way| !of_phrase.contains(way)), "{notes:?} {phrase:?}");
}

#[test]
fn kinds_are_what_they_are_called() {
    let check = |samples: &[f32], expected: Kind| {
        let found = describe_pattern(samples, RATE_HZ).expect("it is not silent");
        assert_eq!(found.kind, expected, "{found:?}");
        assert!(found.kind_confidence > 0.5, "{found:?}");
    };
    check(&noise(3.0, 1), Kind::Stochastic);
    check(&tone(220.0, 3.0), Kind::Harmonic);
    check(&strokes(3.0, 4.0), Kind::Rhythmic);
}

#[test]
fn a_part_is_near_to_parts_of_the_same_instrument() {
    let vectors: Vec<(String, Vec<f32>)> = sample_sounds(0)
        .into_iter()
        .filter_map(|(name, clip)| {
            Some((name, describe_pattern(&clip.channels[0], clip.rate_hz)?.embedding))
        })
        .collect();
    let of = |name: &str| &vectors.iter().find(|it| it.0 == name).expect("it is in the set").1;
    let near = |a: &str, b: &str| of(a).iter().zip(of(b)).map(|(a, b)| a * b).sum::<f32>();
    let check = |one: &str, alike: &str, other: &str| {
        assert!(
            near(one, alike) > near(one, other),
            "{one}: {} {}",
            near(one, alike),
            near(one, other)
        );
    };
    check("pluck-a3.wav", "pluck-c4.wav", "wind.wav");
    check("voice-e-a3.wav", "voice-a-a2.wav", "shaker.wav");
    check("rain.wav", "wind.wav", "bell-a3.wav");
    check("bell-a3.wav", "bell-e4.wav", "voice-o-e3.wav");
    for (name, vector) in &vectors {
        assert_eq!(vector.len(), EMBEDDING_DIM);
        let length: f32 = vector.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-4, "{name}");
    }
}

#[test]
fn level_and_rate_change_little() {
    let (_, clip) = sample_sounds(0).remove(3);
    let samples = &clip.channels[0];
    let of = |samples: &[f32], rate_hz: u32| {
        describe_pattern(samples, rate_hz).expect("it sounds").embedding
    };
    let own = of(samples, clip.rate_hz);
    let near = |other: &[f32]| own.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    let quiet: Vec<f32> = samples.iter().map(|x| 0.1 * x).collect();
    assert!(near(&of(&quiet, clip.rate_hz)) > 0.99);
    let slow = crate::resample(&clip, 32_000);
    assert!(near(&of(&slow.channels[0], 32_000)) > 0.95);
}

#[test]
fn scraps_are_described_or_silent() {
    assert_eq!(describe_pattern(&[], 44_100), None);
    assert_eq!(describe_pattern(&[0.0; 5000], 44_100), None);
    assert_eq!(describe_pattern(&[f32::NAN; 5000], 44_100), None);
    for n in [1, 100, 3000] {
        let found = describe_pattern(&vec![0.5; n], 44_100);
        assert!(found.is_none_or(|it| it.embedding.iter().all(|x| x.is_finite())));
    }
}
