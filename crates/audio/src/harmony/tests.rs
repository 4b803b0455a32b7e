//! Tests of tuning, key and chords: chords of known notes.

use super::*;
use crate::{
    Rng,
    songs::{Labelled, SongPlan, render},
};

const RATE_HZ: u32 = 22_050;

/// Notes (MIDI numbers) with eight falling harmonics and a decay, for a time.
fn sounding(notes: &[f64], secs: f64) -> Vec<f32> {
    let n = (secs * f64::from(RATE_HZ)) as usize;
    let mut sound = vec![0.0f32; n];
    for note in notes {
        let f0 = 440.0 * ((note - 69.0) / 12.0).exp2();
        for (i, x) in sound.iter_mut().enumerate() {
            let t = i as f64 / f64::from(RATE_HZ);
            let partial = |h: i32| {
                0.75f64.powi(h - 1) * (std::f64::consts::TAU * f0 * f64::from(h) * t).sin()
            };
            *x += (0.08 * (-t / 0.8).exp() * (1..=8).map(partial).sum::<f64>()) as f32;
        }
    }
    sound
}

/// A bass on the root and the chord above, at a beat of 0.5 s, so many beats each.
fn progression(chords: &[(u8, Quality, usize)], tuning_cents: f64) -> Vec<f32> {
    let mut sound = vec![];
    for (root, quality, n_beats) in chords {
        let above = |interval: &u8| f64::from(60 + (root + interval) % 12);
        let mut notes: Vec<f64> = quality.intervals().iter().map(above).collect();
        notes.push(f64::from(36 + root));
        notes.iter_mut().for_each(|note| *note += tuning_cents / 100.0);
        for _ in 0..*n_beats {
            sound.extend(sounding(&notes, 0.5));
        }
    }
    sound
}

fn labels(found: &[ChordSpan]) -> Vec<String> {
    found.iter().map(|span| span.chord.to_string()).collect()
}

#[test]
fn chords_are_found_on_their_beats_whatever_the_tuning() {
    use Quality::{Major, Minor, Seventh};
    let song = [(0, Major, 4), (9, Minor, 4), (2, Minor, 2), (7, Seventh, 2), (0, Major, 4)];
    let beats: Vec<f64> = (0..16).map(|i| f64::from(i) * 0.5).collect();
    for tuning in [0.0, 30.0, -40.0] {
        let sound = progression(&song, tuning);
        let found = harmony(&sound, RATE_HZ, &beats, &[]);
        assert!((found.tuning_cents - tuning).abs() < 3.0, "{} for {tuning}", found.tuning_cents);
        assert_eq!(labels(&found.chords), ["C:maj", "A:min", "D:min", "G:7", "C:maj"]);
        let starts: Vec<f64> = found.chords.iter().map(|span| span.start_secs).collect();
        assert_eq!(starts, [0.0, 2.0, 4.0, 5.0, 6.0]);
        let key = found.key.expect("it is in a key");
        assert_eq!(key.key.to_string(), "C major");
        assert!(key.confidence > 0.3 && key.confidence <= 1.0);
    }
}

#[test]
fn without_beats_chords_change_within_a_fifth_of_a_second() {
    use Quality::{Major, Minor};
    let sound = progression(&[(5, Major, 4), (2, Minor, 4), (7, Major, 4)], 0.0);
    let found = harmony(&sound, RATE_HZ, &[], &[]).chords;
    assert_eq!(labels(&found), ["F:maj", "D:min", "G:maj"]);
    assert!((found[1].start_secs - 2.0).abs() < 0.21 && (found[2].start_secs - 4.0).abs() < 0.21);
}

#[test]
fn every_chord_and_key_is_found_in_every_transposition() {
    for root in 0..12 {
        for quality in Quality::ALL {
            let sound = progression(&[(root, quality, 4)], 0.0);
            let found = harmony(&sound, RATE_HZ, &[], &[]).chords;
            let expected = Chord::Of { root, quality }.to_string();
            assert_eq!(labels(&found), [expected]);
        }
        let at = |interval: u8| (root + interval) % 12;
        let minor = [
            (at(0), Quality::Minor, 4),
            (at(5), Quality::Minor, 2),
            (at(7), Quality::Major, 2),
            (at(0), Quality::Minor, 4),
        ];
        let found = harmony(&progression(&minor, 0.0), RATE_HZ, &[], &[]).key;
        let key = Key { tonic: root, mode: Mode::Minor };
        assert_eq!(found.map(|it| it.key), Some(key));
    }
}

#[test]
fn what_has_no_notes_has_no_chords_and_no_key() {
    let mut rng = Rng::new(3);
    let noise: Vec<f32> = (0..6 * RATE_HZ).map(|_| 0.1 * rng.normal()).collect();
    for sound in [vec![0.0; 4 * RATE_HZ as usize], noise] {
        let found = harmony(&sound, RATE_HZ, &[], &[]);
        assert_eq!(found.key, None);
        assert_eq!(labels(&found.chords), ["N"]);
    }
}

#[test]
fn a_tone_has_no_key_and_neither_has_its_octave() {
    for note in [33.0, 40.0, 45.0, 57.0, 60.0, 64.0, 69.0, 76.0] {
        for notes in [&[note][..], &[note, note + 12.0]] {
            let found = harmony(&sounding(notes, 3.0), RATE_HZ, &[], &[]);
            assert_eq!(found.key, None, "{notes:?}");
        }
    }
    let sine = |i: u32| (f64::from(i) * 0.05).sin() as f32;
    let sine: Vec<f32> = (0..3 * RATE_HZ).map(sine).collect();
    assert_eq!(harmony(&sine, RATE_HZ, &[], &[]).key, None);
    // A tune on three notes has one.
    let tune: Vec<f32> =
        [60.0, 64.0, 67.0, 64.0, 60.0].iter().flat_map(|it| sounding(&[*it], 0.5)).collect();
    let found = harmony(&tune, RATE_HZ, &[], &[]).key.expect("it has a key");
    assert_eq!(found.key.to_string(), "C major");
}

#[test]
fn chords_reach_from_start_to_end_without_gaps_for_any_beats() {
    let sound = progression(&[(0, Quality::Major, 3), (4, Quality::Minor, 3)], 0.0);
    let check = |beats: &[f64]| {
        let found = harmony(&sound, RATE_HZ, beats, beats).chords;
        assert_eq!(found[0].start_secs, 0.0);
        assert!((found[found.len() - 1].end_secs - 3.0).abs() < 1e-9);
        for pair in found.windows(2) {
            assert_eq!(pair[0].end_secs, pair[1].start_secs);
        }
        assert!(found.iter().all(|span| span.end_secs > span.start_secs), "{found:?}");
    };
    check(&[]);
    check(&[1.0]);
    check(&[0.2, 0.7, 1.2]);
    check(&[0.5, 0.4, f64::NAN, -1.0, 1.5, 1.5, 99.0, f64::INFINITY]);
    check(&[0.0, 2.999]);
}

#[test]
fn sounds_of_any_length_and_rate_are_taken() {
    for rate_hz in [8000, 44_100, 192_000] {
        for n in [0, 1, 2, 1000] {
            let sound: Vec<f32> = (0..n).map(|i| (i as f32 * 0.1).sin()).collect();
            let found = harmony(&sound, rate_hz, &[], &[]);
            assert!(found.tuning_cents.is_finite());
            assert_eq!(found.chords.is_empty(), n == 0);
        }
    }
    let broken = harmony(&[f32::NAN; 20_000], 44_100, &[], &[]);
    assert_eq!(labels(&broken.chords), ["N"]);
}

/// Root and whether the third is minor, of a label.
fn triad(label: &str) -> Option<(usize, bool)> {
    const FLATS: [&str; 12] = ["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"];
    let (root, quality) = label.split_once(':')?;
    let root = (0..12).find(|i| FLATS[*i] == root || PITCH_CLASSES[*i] == root)?;
    Some((root, quality.starts_with("min") || quality.starts_with("hdim")))
}

/// The share of the time in which triads are right.
fn share(truth: &[Labelled], found: &[ChordSpan]) -> f64 {
    let (mut right, mut all) = (0.0, 0.0);
    for chord in truth {
        for span in found {
            let both = span.end_secs.min(chord.end_s) - span.start_secs.max(chord.start_s);
            if both > 0.0 {
                all += both;
                if triad(&chord.label) == triad(&span.chord.to_string()) {
                    right += both;
                }
            }
        }
    }
    right / all
}

#[test]
fn songs_have_the_chords_that_were_played() {
    for idx in [4, 8, 9] {
        let plan = SongPlan { form: "AB".into(), section_bars: 4, ..SongPlan::of_set(0, idx) };
        let song = render(&plan);
        let truth = &song.truth;
        let samples: Vec<f32> = song.clip.channels[0]
            .iter()
            .zip(&song.clip.channels[1])
            .map(|(left, right)| 0.5 * (left + right))
            .collect();
        let found = harmony(&samples, song.clip.rate_hz, &truth.beats, &truth.downbeats);
        let share = share(&truth.chords, &found.chords);
        assert!(share > 0.85, "song {idx}: {share}");
        let off = (found.tuning_cents - plan.tuning_cents).abs();
        assert!(off < 6.0, "song {idx}: {off} cents");
    }
}
