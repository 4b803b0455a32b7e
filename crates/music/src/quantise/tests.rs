//! What was played on a grid and then moved comes back to it.

use super::*;
use crate::{
    random::Random,
    score::{Meter, Track},
};

const QUARTER: u32 = 480;

fn score_of(starts: &[u64]) -> Score {
    let mut score = Score::new(QUARTER, 120.0);
    let mut track = Track::new("Piano", 0, 0);
    track.notes = starts
        .iter()
        .map(|start| Note {
            start: *start,
            length: 60,
            key: 60,
            velocity: 80,
            channel: 0,
            off_velocity: 64,
        })
        .collect();
    score.tracks.push(track);
    score
}

fn starts(score: &Score) -> Vec<u64> {
    score.notes().map(|note| note.start).collect()
}

/// Moves every note by a normal number of milliseconds at 120 beats a minute.
fn jittered(score: &Score, spread_ms: f64, seed: u64) -> Score {
    let mut random = Random::of(seed, "jitter");
    let mut out = score.clone();
    for note in &mut out.tracks[0].notes {
        let moved = note.start as f64 + random.normal() * spread_ms * 0.96;
        note.start = moved.round().max(0.0) as u64;
    }
    out
}

#[test]
fn notes_go_to_the_nearest_step() {
    let check = |how: Quantise, start: u64, expected: u64| {
        let (out, _) = quantise(&score_of(&[start]), &how);
        assert_eq!(starts(&out), [expected], "{how:?} {start}");
    };
    let default = Quantise::default;
    check(default(), 130, 120);
    check(default(), 59, 0);
    check(default(), 61, 120);
    // The last step of a bar is nearer to the next bar.
    check(default(), 1900, 1920);
    check(Quantise { steps: 12, ..default() }, 170, 160);
    check(Quantise { strength: 0.5, ..default() }, 130, 125);
    check(Quantise { strength: 0.0, ..default() }, 130, 130);
    // Every second 8th comes late: by a third of a step for a triplet, by half at most.
    check(Quantise { steps: 8, swing: 2.0 / 3.0, ..default() }, 250, 320);
    check(Quantise { steps: 8, swing: 1.0, ..default() }, 300, 360);
    check(Quantise { steps: 8, swing: 1.0, ..default() }, 490, 480);
}

#[test]
fn the_grid_begins_with_every_bar() {
    let mut score = score_of(&[845, 1050]);
    score.meters = vec![Meter { tick: 0, numerator: 7, denominator: 16 }];
    let (out, _) = quantise(&score, &Quantise { steps: 4, ..Quantise::default() });
    // A bar has 840 ticks, so that the second begins between quarters of the first.
    assert_eq!(starts(&out), [840, 840]);
}

#[test]
fn lengths_are_kept_and_keys_stay_apart() {
    let mut score = score_of(&[0, 100, 230]);
    score.tracks[0].notes[1].length = 130;
    let (out, _) = quantise(&score, &Quantise::default());
    let found: Vec<_> = out.notes().map(|note| (note.start, note.length)).collect();
    assert_eq!(found, [(0, 60), (120, 120), (240, 60)]);
    let how = Quantise { moves_ends: true, ..Quantise::default() };
    let (out, _) = quantise(&score, &how);
    let found: Vec<_> = out.notes().map(|note| (note.start, note.length)).collect();
    assert_eq!(found[1], (120, 120));
    assert!(found.iter().all(|it| it.1 >= 60));
}

/// Straight 16ths and 8ths, triplets of 8ths, and quarters, a beat of each kind after the other.
fn mixed(n_beats: u64, seed: u64) -> Vec<u64> {
    let mut random = Random::of(seed, "mixed");
    let mut all = Vec::new();
    let mut kind = 0;
    for beat in 0..n_beats {
        // Kinds stay for two beats, as they mostly do in music.
        if beat % 2 == 0 {
            kind = random.below(4);
        }
        let shares: &[u64] = match kind {
            0 => &[0, 120, 240, 360],
            1 => &[0, 160, 320],
            2 => &[0, 240],
            _ => &[0],
        };
        all.extend(shares.iter().map(|share| beat * 480 + share));
    }
    all
}

/// The share of notes that come back to their places.
fn recovered(spread_ms: f64, n_seeds: u64) -> f64 {
    let (mut n, mut n_back) = (0, 0);
    for seed in 0..n_seeds {
        let original = score_of(&mixed(64, seed));
        let played = jittered(&original, spread_ms, seed);
        let how = Quantise { has_tuplets: true, ..Quantise::default() };
        let (mut out, _) = quantise(&played, &how);
        out.tracks[0].sort();
        n += original.n_notes();
        n_back += starts(&out).iter().zip(starts(&original)).filter(|(a, b)| *a == b).count();
    }
    n_back as f64 / n as f64
}

#[test]
fn tuplets_are_found_where_they_are_played() {
    assert_eq!(recovered(0.0, 20), 1.0);
    let shares = [5.0, 10.0, 15.0, 20.0].map(|ms| recovered(ms, 20));
    assert!(shares[0] > 0.999 && shares[1] > 0.99 && shares[2] > 0.96, "{shares:?}");
}

#[test]
fn straight_playing_has_hardly_any_tuplets() {
    let straight: Vec<u64> = (0..256).map(|i| i * 120).collect();
    let how = Quantise { has_tuplets: true, ..Quantise::default() };
    let (mut n_tuplets, mut n_back) = (0, 0);
    for seed in 0..50 {
        let (out, moved) = quantise(&jittered(&score_of(&straight), 10.0, seed), &how);
        n_tuplets += moved.n_tuplet_beats;
        n_back += starts(&out).iter().zip(&straight).filter(|(a, b)| a == b).count();
    }
    // Of 3200 beats and 12800 notes.
    assert!(n_tuplets <= 16 && n_back >= 12_760, "{n_tuplets} {n_back}");
}

#[test]
fn moves_are_told() {
    let (_, moved) = quantise(&score_of(&[0, 96]), &Quantise { steps: 4, ..Quantise::default() });
    // 96 ticks are a tenth of a second at 120 beats a minute.
    assert_eq!((moved.n_notes, moved.n_moved), (2, 1));
    assert!(
        (moved.most_ms - 100.0).abs() < 1e-9 && (moved.rms_ms - 100.0 / 2f64.sqrt()).abs() < 1e-9
    );
}
