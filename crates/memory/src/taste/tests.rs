//! Tests of what ratings teach.

use super::*;
use crate::{Space, SpaceName, testing::Random};

const DIM: usize = 16;

/// A space in which the first numbers say what a person means, and the others do not.
fn space(folder: &std::path::Path, n: u64) -> Space {
    let name = SpaceName { name: "test".into(), version: 1, dim: DIM };
    let mut space = Space::open(folder, &name).unwrap();
    let mut random = Random::new(5);
    let vectors: Vec<Vec<f32>> = (0..n).map(|id| sound(id, &mut random)).collect();
    let rows: Vec<(u64, &[f32])> =
        vectors.iter().enumerate().map(|(id, it)| (id as u64, it.as_slice())).collect();
    space.add(&rows).unwrap();
    space
}

/// Of eight kinds, by the identifier.
fn sound(id: u64, random: &mut Random) -> Vec<f32> {
    let mut vector = random.unit(DIM);
    let kind = (id % 8) as usize;
    for (i, x) in vector.iter_mut().take(3).enumerate() {
        *x = 0.25 * *x + if kind >> i & 1 == 1 { 0.2 } else { -0.2 };
    }
    unit(&mut vector);
    vector
}

fn vector(snapshot: &Snapshot, id: u64) -> Vec<f32> {
    let (row, _) = snapshot.rows().find(|it| it.1 == id).unwrap();
    snapshot.vector(row).to_vec()
}

fn rating(query: &[f32], item: u64, is_liked: bool) -> Rating {
    Rating { space: "test-1".into(), query: query.to_vec(), item: PatternId(item), is_liked }
}

#[test]
fn without_ratings_the_nearest_come_first() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = space(folder.path(), 300).snapshot();
    let taste = Taste::of(&[], &snapshot);
    let query = vector(&snapshot, 7);
    let plain = snapshot.search(&query, 9).unwrap();
    let ranked = taste.find(&snapshot, &query, 9, None).unwrap();
    for (plain, ranked) in plain.iter().zip(&ranked) {
        assert_eq!(plain.id, ranked.id.0);
        assert_eq!(ranked.usefulness, 0.5);
        assert_eq!(ranked.why.to_string(), "by its sound");
    }
    assert_eq!(ranked[0].id.0, 7);
}

#[test]
fn ratings_change_what_is_found_and_forgetting_them_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = space(folder.path(), 2000).snapshot();
    let mut ratings = vec![];
    for id in 0..10 {
        let query = vector(&snapshot, id);
        for found in snapshot.search(&query, 12).unwrap().iter().skip(1) {
            ratings.push(rating(&query, found.id, found.id % 8 == id % 8));
        }
    }
    let share = |taste: &Taste| {
        let mut n = 0;
        for id in 500..580 {
            let found = taste.find(&snapshot, &vector(&snapshot, id), 11, None).unwrap();
            n += found.iter().filter(|it| it.id.0 != id && it.id.0 % 8 == id % 8).count();
        }
        n as f64 / 800.0
    };
    let (before, after) =
        (share(&Taste::of(&[], &snapshot)), share(&Taste::of(&ratings, &snapshot)));
    assert!(after > before + 0.1, "{before} {after}");
    let taste = Taste::of(&ratings, &snapshot);
    let weights = taste.metric().unwrap().weights();
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    assert!(mean(&weights[..3]) > 1.5 * mean(&weights[3..]), "{weights:?}");
    assert_eq!(share(&Taste::of(&ratings[..0], &snapshot)), before);
}

#[test]
fn a_pattern_that_is_liked_often_rises_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = space(folder.path(), 300).snapshot();
    let query = vector(&snapshot, 7);
    let before = Taste::default().find(&snapshot, &query, 20, None).unwrap();
    let place = |ranked: &[Ranked], id: PatternId| ranked.iter().position(|it| it.id == id);
    let last = before[15].id;
    let ratings = vec![rating(&query, last.0, true); 3];
    let after = Taste::of(&ratings, &snapshot).find(&snapshot, &query, 20, None).unwrap();
    assert!(place(&after, last) < place(&before, last));
    let why = after[place(&after, last).unwrap()].why;
    assert!(why.to_string().contains("you liked it 3 times"), "{why}");
    let other = after.iter().find(|it| it.why.n_near_liked > 0).unwrap();
    assert!(other.why.to_string().contains("you liked"), "{}", other.why);
}

#[test]
fn reasons_are_in_words() {
    let check = |why: Why, expected: &str| assert_eq!(why.to_string(), expected);
    let tally = |n_liked, n_disliked| Tally { n_liked, n_disliked };
    check(Why { n_near_liked: 3, ..Why::default() }, "closer to three you liked");
    check(
        Why { n_near_liked: 1, n_near_disliked: 2, tally: tally(2, 0), is_by_metric: true },
        "closer to one you liked; also close to two you disliked; you liked it twice",
    );
    check(Why { tally: tally(0, 1), ..Why::default() }, "you disliked it once");
    check(Why { tally: tally(1, 3), ..Why::default() }, "you liked it 1 of 4 times");
    check(Why { n_near_liked: 12, ..Why::default() }, "closer to 12 you liked");
}

#[test]
fn ten_thousand_ratings_and_contradictions_end_soon_and_are_finite() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = space(folder.path(), 300).snapshot();
    let query = vector(&snapshot, 7);
    let mut ratings: Vec<Rating> =
        (0..10_000).map(|i| rating(&query, i % 300, i % 2 == 0)).collect();
    // Of other spaces, of patterns that are gone, of vectors of another length.
    ratings.push(Rating { space: "other-1".into(), ..rating(&query, 3, true) });
    ratings.push(rating(&query, 99_999, true));
    ratings.push(rating(&query[..4], 3, true));
    let taste = Taste::of(&ratings, &snapshot);
    let found = taste.find(&snapshot, &query, 10, None).unwrap();
    assert_eq!(found.len(), 10);
    assert!(found.iter().all(|it| it.score.is_finite()));
}
