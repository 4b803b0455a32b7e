//! Parts fit the harmony, the meter and their ranges, and are the same for the same seed.

use super::*;
use crate::{
    chord::Chord,
    score::{DRUM_CHANNEL, Marker, Meter},
};

/// A sheet of chords, a bar each.
fn sheet_of(names: &[&str], numerator: u8) -> Score {
    let mut score = Score::new(480, 110.0);
    score.meters = vec![Meter { tick: 0, numerator, denominator: 4 }];
    let bar = 480 * u64::from(numerator);
    score.markers = names
        .iter()
        .enumerate()
        .map(|(i, name)| Marker { tick: i as u64 * bar, text: (*name).into() })
        .collect();
    let mut track = Track::new("Melody", 0, 0);
    track.notes = (0..names.len() as u64)
        .map(|i| Note {
            start: i * bar,
            length: bar,
            key: 72,
            velocity: 80,
            channel: 0,
            off_velocity: 64,
        })
        .collect();
    score.tracks.push(track);
    score
}

const SONG: [&str; 8] = ["C", "Am7", "Dm", "G7", "Em", "A7", "Dm7", "G7"];

fn notes(score: &Score, part: Part, style: BandStyle, seed: u64, variation: u32) -> Vec<Note> {
    write_part(score, part, style, seed, variation).unwrap().tracks[0].notes.clone()
}

#[test]
fn parts_are_in_their_bars_and_ranges() {
    for numerator in [2, 3, 4, 5, 7] {
        let score = sheet_of(&SONG, numerator);
        let end = 8 * 480 * u64::from(numerator);
        for (_, style) in BandStyle::ALL {
            for (name, part) in Part::ALL {
                let notes = notes(&score, part, style, 1, 0);
                assert!(notes.len() >= 4, "{name} {style:?} {numerator}: {}", notes.len());
                assert!(notes.iter().all(|note| note.end() <= end + 120), "{name} {style:?}");
                let keys = match part {
                    Part::Bass => 26..=54,
                    Part::Melody => 60..=81,
                    Part::Keys | Part::Pad => 52..=76,
                    Part::Drums => 35..=81,
                };
                assert!(notes.iter().all(|note| keys.contains(&note.key)), "{name} {style:?}");
                assert!(
                    notes
                        .iter()
                        .all(|note| (note.channel == DRUM_CHANNEL) == (part == Part::Drums))
                );
            }
        }
    }
}

#[test]
fn the_same_seed_writes_the_same_and_variations_differ() {
    let score = sheet_of(&SONG, 4);
    for (name, part) in Part::ALL {
        let of = |seed, variation| notes(&score, part, BandStyle::Funk, seed, variation);
        assert_eq!(of(3, 1), of(3, 1), "{name}");
        if part != Part::Pad {
            assert_ne!(of(3, 1), of(3, 2), "{name}");
            assert_ne!(of(3, 1), of(4, 1), "{name}");
        }
    }
}

#[test]
fn bass_and_chords_are_of_the_harmony() {
    let score = sheet_of(&SONG, 4);
    let chord = |note: &Note| Chord::parse(SONG[(note.start / 1920) as usize]).unwrap();
    for (_, style) in BandStyle::ALL {
        for part in [Part::Keys, Part::Pad] {
            let all = notes(&score, part, style, 9, 0);
            assert!(all.iter().all(|note| chord(note).has(note.key)), "{style:?}");
        }
        let bass = notes(&score, Part::Bass, style, 9, 0);
        for bar in 0..8u64 {
            let first = bass.iter().find(|note| note.start >= bar * 1920).unwrap();
            assert_eq!(first.key % 12, chord(first).root, "{style:?} bar {bar}");
        }
        // One note at once.
        assert!(bass.windows(2).all(|pair| pair[0].end() <= pair[1].start), "{style:?}");
    }
}

#[test]
fn melodies_fit_chords_on_strong_beats_and_repeat_their_motif() {
    let score = sheet_of(&SONG, 4);
    let mut leaps = 0;
    let mut n = 0;
    for seed in 0..20 {
        let line = notes(&score, Part::Melody, BandStyle::Pop, seed, 0);
        for note in line.iter().filter(|note| note.start % 480 == 0) {
            let chord = Chord::parse(SONG[(note.start / 1920) as usize]).unwrap();
            assert!(chord.has(note.key), "seed {seed} at {}", note.start);
        }
        assert!(line.windows(2).all(|pair| pair[0].end() <= pair[1].start));
        leaps += line.windows(2).filter(|pair| pair[0].key.abs_diff(pair[1].key) > 7).count();
        n += line.len();
        // The first bars of A and of its repeat have one rhythm.
        let rhythm = |bar: u64| -> Vec<u64> {
            let in_bar = line.iter().filter(|note| note.start / 1920 == bar);
            in_bar.map(|note| note.start % 1920).collect()
        };
        assert_eq!(rhythm(0), rhythm(2), "seed {seed}");
    }
    assert!(leaps * 20 < n, "{leaps} leaps in {n} notes");
}

#[test]
fn drums_have_their_beat_and_their_fills() {
    let score = sheet_of(&SONG, 4);
    let drums = notes(&score, Part::Drums, BandStyle::Pop, 2, 0);
    for bar in 0..8u64 {
        assert!(drums.iter().any(|it| it.key == 36 && it.start == bar * 1920), "bar {bar}");
    }
    assert!(drums.iter().any(|it| it.key == 49 && it.start == 4 * 1920));
    let n_toms = |bar: u64| {
        drums.iter().filter(|it| [50, 47, 43].contains(&it.key) && it.start / 1920 == bar).count()
    };
    assert!(n_toms(0) == 0 && n_toms(7) > 0);
}

#[test]
fn an_arrangement_keeps_the_melody() {
    let score = sheet_of(&SONG, 4);
    let band = arrange(&score, BandStyle::Jazz, 1).unwrap();
    let names: Vec<_> = band.tracks.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["Melody", "Bass", "Keys", "Drums", "Pad"]);
    assert_eq!(band.tracks[0].notes, score.tracks[0].notes);
    assert_eq!(band.markers, score.markers);
    // Swung: the second 8th of the ride comes at two thirds of the beat.
    let ride: Vec<_> = band.tracks[3].notes.iter().filter(|it| it.key == 51).collect();
    assert!(
        ride.iter().any(|it| it.start % 480 == 320) && ride.iter().all(|it| it.start % 480 != 240)
    );
    assert_eq!(arrange(&Score::new(480, 120.0), BandStyle::Pop, 1), Err(HarmonyError::NoNotes));
}
