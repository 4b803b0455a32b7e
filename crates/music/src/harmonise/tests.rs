//! Rules of voice leading hold for any melody, and plain melodies get plain chords.

use proptest::prelude::*;

use super::*;
use crate::{
    chord::Chord,
    random::Random,
    score::{Meter, Tempo},
};

fn melody_of(notes: &[(u64, u8)]) -> Score {
    let mut score = Score::new(480, 90.0);
    let mut at = 0;
    let mut track = Track::new("Melody", 0, 0);
    for (length, key) in notes {
        if *key > 0 {
            track.notes.push(Note {
                start: at,
                length: *length,
                key: *key,
                velocity: 80,
                channel: 0,
                off_velocity: 64,
            });
        }
        at += length;
    }
    score.tracks.push(track);
    score
}

/// Keys of all voices that sound at a tick, the melody first if it does.
fn sounding(score: &Score, tick: u64) -> Vec<Option<u8>> {
    score.tracks[1..]
        .iter()
        .map(|track| {
            track.notes.iter().find(|it| it.start <= tick && tick < it.end()).map(|it| it.key)
        })
        .collect()
}

/// Goes through every moment at which a voice begins a note, and checks each pair of voices.
fn check_rules(found: &Harmonised) {
    let score = &found.score;
    let mut ticks: Vec<u64> = score.notes().map(|note| note.start).collect();
    ticks.sort_unstable();
    ticks.dedup();
    for pair in ticks.windows(2) {
        let (before, after) = (sounding(score, pair[0]), sounding(score, pair[1]));
        for i in 0..4 {
            if let (Some(upper), Some(lower)) = (after[i], after.get(i + 1).copied().flatten()) {
                assert!(lower <= upper, "voices cross at {}", pair[1]);
            }
            for j in i + 1..4 {
                if let (Some(a), Some(b), Some(c), Some(d)) =
                    (before[i], before[j], after[i], after[j])
                {
                    let is_both = a != c && b != d && (a < c) == (b < d);
                    let interval = |x: u8, y: u8| (x - y) % 12;
                    let is_perfect = [0, 7].contains(&interval(a, b));
                    let is_same = interval(a, b) == interval(c, d);
                    assert!(
                        !(is_both && is_perfect && is_same),
                        "voices {i} and {j} at {}: {before:?} {after:?}",
                        pair[1]
                    );
                }
            }
        }
    }
}

fn names(found: &Harmonised) -> Vec<String> {
    found.chords.iter().map(|it| it.chord.unwrap().to_string()).collect()
}

#[test]
fn a_scale_gets_the_chords_of_its_key() {
    let scale: Vec<(u64, u8)> =
        [72, 71, 69, 67, 65, 64, 62, 60].into_iter().map(|key| (480, key)).collect();
    for (name, style) in ChordStyle::ALL {
        let found = harmonise(&melody_of(&scale), style).unwrap();
        check_rules(&found);
        assert_eq!(found.n_parallels, 0);
        assert_eq!(found.key.to_string(), "C major", "{name}");
        let last = found.chords.last().unwrap().chord.unwrap();
        assert_eq!(last.root, 0, "{name}: {:?}", names(&found));
    }
    let found = harmonise(&melody_of(&scale), ChordStyle::Chorale).unwrap();
    let inside =
        found.chords.iter().zip(&scale).filter(|(span, note)| span.chord.unwrap().has(note.1));
    assert_eq!(inside.count(), 8, "{:?}", names(&found));
}

#[test]
fn the_melody_is_kept_and_the_rest_of_the_piece_too() {
    let mut score = melody_of(&[(480, 67), (240, 69), (240, 71), (960, 72)]);
    score.tempos.push(Tempo { tick: 960, quarter_us: 700_000.0 });
    score.meters = vec![Meter { tick: 0, numerator: 2, denominator: 4 }];
    let found = harmonise(&score, ChordStyle::Chorale).unwrap();
    assert_eq!(found.score.tracks[1].notes, score.tracks[0].notes);
    assert_eq!((&found.score.tempos, &found.score.meters), (&score.tempos, &score.meters));
    let names: Vec<_> = found.score.tracks.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["Chords", "Soprano", "Alto", "Tenor", "Bass"]);
    // The chords can be read again from the texts.
    let again = crate::harmony::harmony_of(&found.score).unwrap();
    assert!(again.is_written);
    assert_eq!(again.at(0), found.chords[0].chord);
    assert_eq!(harmonise(&Score::new(480, 120.0), ChordStyle::Pop), Err(HarmonyError::NoNotes));
}

#[test]
fn thirds_and_sevenths_are_there() {
    let mut random = Random::new(4);
    let notes: Vec<(u64, u8)> =
        (0..64).map(|_| (480, 60 + [0, 2, 4, 5, 7, 9, 11][random.below(7)])).collect();
    for (_, style) in ChordStyle::ALL {
        let found = harmonise(&melody_of(&notes), style).unwrap();
        for span in &found.chords {
            let chord: Chord = span.chord.unwrap();
            let keys: Vec<u8> = sounding(&found.score, span.start).into_iter().flatten().collect();
            assert!(keys.iter().any(|key| key % 12 == chord.third()));
            assert!(keys.iter().any(|key| key % 12 == chord.root));
            assert!(keys[1..].iter().all(|key| chord.has(*key)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_melody_makes_parallels_or_crossings(
        notes in proptest::collection::vec((1u64..8, 0u8..=127), 1..40),
        style in 0usize..4,
        numerator in 2u8..8,
    ) {
        let notes: Vec<(u64, u8)> = notes.into_iter().map(|(n, key)| (n * 240, key)).collect();
        let mut score = melody_of(&notes);
        score.meters[0].numerator = numerator;
        if score.n_notes() == 0 {
            return Ok(());
        }
        let found = harmonise(&score, ChordStyle::ALL[style].1).unwrap();
        prop_assert_eq!(found.n_parallels, 0);
        check_rules(&found);
    }

    #[test]
    fn tuneful_melodies_too(
        steps in proptest::collection::vec((prop::sample::select(vec![240u64, 480, 960]), -3i32..=3), 4..60),
        tonic in 0i32..12,
        style in 0usize..4,
    ) {
        let scale = [0, 2, 4, 5, 7, 9, 11];
        let mut degree = 7i32;
        let notes: Vec<(u64, u8)> = steps.iter().map(|(length, step)| {
            degree = (degree + step).clamp(0, 14);
            (*length, (60 + tonic + 12 * (degree / 7) + scale[(degree % 7) as usize] - 6) as u8)
        }).collect();
        let found = harmonise(&melody_of(&notes), ChordStyle::ALL[style].1).unwrap();
        prop_assert_eq!(found.n_parallels, 0);
        check_rules(&found);
    }
}
