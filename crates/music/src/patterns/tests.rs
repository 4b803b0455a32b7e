//! Patterns that were put into a piece are found in it.

use proptest::prelude::*;

use super::*;
use crate::{
    random::Random,
    score::{Note, Track},
};

fn score_of(points: &[(i64, i32)]) -> Score {
    let mut score = Score::new(12, 120.0);
    let mut track = Track::new("", 0, 0);
    track.notes = points
        .iter()
        .map(|(step, key)| Note {
            start: *step as u64,
            length: 3,
            key: *key as u8,
            velocity: 80,
            channel: 0,
            off_velocity: 64,
        })
        .collect();
    track.sort();
    score.tracks.push(track);
    score
}

#[test]
fn a_motif_is_found_with_its_transpositions() {
    let motif = [(0, 60), (3, 62), (6, 64), (9, 60), (12, 67)];
    let places = [(0, 0), (48, 5), (96, -3), (240, 12), (300, 7)];
    let mut random = Random::of(1, "filler");
    let mut points: Vec<(i64, i32)> =
        (0..40).map(|_| (random.below(360) as i64, 20 + random.below(20) as i32)).collect();
    for (step, key) in places {
        points.extend(motif.iter().map(|(at, pitch)| (at + step, pitch + key)));
    }
    let found = patterns(&score_of(&points), Search::default());
    let first = &found.patterns[0];
    let expected: Vec<Point> =
        motif.iter().map(|(step, key)| Point { step: *step, key: *key }).collect();
    assert_eq!(first.points, expected);
    assert_eq!(first.occurrences, places);
    assert_eq!((first.n_covered, first.compactness), (25, 1.0));
    assert!((first.compression - 25.0 / 9.0).abs() < 1e-12);
}

#[test]
fn nothing_repeated_has_no_patterns() {
    let found = patterns(&score_of(&[(0, 60), (7, 61), (19, 75), (40, 30)]), Search::default());
    assert_eq!((found.patterns.len(), found.n_points, found.compression), (0, 4, 1.0));
    let found = patterns(&Score::new(480, 120.0), Search::default());
    assert_eq!((found.patterns.len(), found.n_points), (0, 0));
}

#[test]
fn large_pieces_are_searched_within_bounds() {
    // A phrase of 40 notes, 100 times on other degrees, among as many notes again.
    let mut random = Random::of(2, "large");
    let phrase: Vec<(i64, i32)> = (0..40).map(|i| (i * 3, 50 + random.below(20) as i32)).collect();
    let mut points = Vec::new();
    for i in 0..100 {
        let up = random.below(12) as i32;
        points.extend(phrase.iter().map(|(step, key)| (step + i * 144, key + up)));
        points.extend(
            (0..40).map(|_| (i * 144 + random.below(144) as i64, 90 + random.below(30) as i32)),
        );
    }
    let search = Search { most_patterns: 1, ..Search::default() };
    let found = patterns(&score_of(&points), search);
    let first = &found.patterns[0];
    assert!(first.points.len() >= 35 && first.occurrences.len() >= 50, "{first:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_occurrence_is_in_the_piece_and_no_note_in_two_patterns(
        points in proptest::collection::vec((0i64..60, 50i32..60), 0..60)
    ) {
        let score = score_of(&points);
        let found = patterns(&score, Search::default());
        let mut seen = HashSet::new();
        for pattern in &found.patterns {
            let mut own = HashSet::new();
            for (steps, semitones) in &pattern.occurrences {
                for point in &pattern.points {
                    let moved = (point.step + steps, point.key + semitones);
                    prop_assert!(points.contains(&moved));
                    own.insert(moved);
                }
            }
            prop_assert_eq!(own.len(), pattern.n_covered);
            prop_assert!(own.iter().all(|it| seen.insert(*it)));
            prop_assert!(pattern.compression > 1.0);
        }
        prop_assert_eq!(seen.len(), found.n_covered);
        prop_assert!(found.compression >= 1.0);
    }
}
