//! Chords that were put into a piece are found in it.

use super::*;
use crate::score::{KeySignature, Marker, Track};

fn note(start: u64, length: u64, key: u8) -> Note {
    Note { start, length, key, velocity: 80, channel: 0, off_velocity: 64 }
}

/// Each chord for a bar, broken up over its beats, with its root below.
fn piece(names: &[&str]) -> Score {
    let mut score = Score::new(480, 100.0);
    let mut track = Track::new("Piano", 0, 0);
    for (bar, name) in names.iter().enumerate() {
        let chord = Chord::parse(name).unwrap();
        let start = bar as u64 * 1920;
        track.notes.push(note(start, 1920, 36 + chord.root));
        for (i, class) in chord.pitch_classes().cycle().take(8).enumerate() {
            track.notes.push(note(start + 240 * i as u64, 240, 60 + class));
        }
    }
    track.sort();
    score.tracks.push(track);
    score
}

fn names(harmony: &Harmony) -> Vec<String> {
    harmony.chords.iter().map(|it| it.chord.map_or("N".into(), |it| it.to_string())).collect()
}

#[test]
fn chords_are_found_in_notes() {
    let check = |chords: &[&str], key: &str| {
        let found = harmony_of(&piece(chords)).unwrap();
        assert_eq!(names(&found), chords);
        assert_eq!(found.key.to_string(), key);
        assert!(found.chords.iter().enumerate().all(|(i, it)| it.start == 1920 * i as u64));
    };
    check(&["C", "Am", "F", "G7", "C"], "C major");
    check(&["Dm7", "G7", "Cmaj7", "C"], "C major");
    check(&["Am", "Dm", "E7", "Am"], "A minor");
    check(&["Eb", "Bb", "Cm", "Ab", "Eb"], "Eb major");
}

#[test]
fn written_chords_are_taken_and_section_names_are_not() {
    let mut score = piece(&["C", "C", "C", "C"]);
    let marker = |tick, text: &str| Marker { tick, text: text.into() };
    score.markers = vec![marker(0, "Am"), marker(1920, "F"), marker(3840, "N.C.")];
    let found = harmony_of(&score).unwrap();
    assert!(found.is_written);
    assert_eq!(names(&found), ["Am", "F", "N"]);
    assert_eq!(found.chords[2].end, 4 * 1920);
    assert_eq!(found.at(2000), Chord::parse("F"));
    assert_eq!(found.at(4000), None);
    score.markers = vec![marker(0, "Intro"), marker(1920, "A")];
    assert!(!harmony_of(&score).unwrap().is_written);
    let mut long = piece(&["C"; 12]);
    long.markers = vec![marker(0, "A"), marker(6 * 1920, "B")];
    assert!(!harmony_of(&long).unwrap().is_written);
}

#[test]
fn what_has_no_harmony_is_said() {
    assert_eq!(harmony_of(&Score::new(480, 120.0)), Err(HarmonyError::NoNotes));
    let mut drums = piece(&["C"]);
    drums.tracks[0].notes.iter_mut().for_each(|note| note.channel = DRUM_CHANNEL);
    assert_eq!(harmony_of(&drums), Err(HarmonyError::NoNotes));
    let mut long = piece(&["C"]);
    long.tracks[0].notes.push(note(1 << 40, 480, 60));
    assert!(matches!(harmony_of(&long), Err(HarmonyError::TooLong { .. })));
}

#[test]
fn a_key_that_is_said_is_taken() {
    let mut score = piece(&["C", "F", "G", "C"]);
    score.keys = vec![KeySignature { tick: 0, sharps: 1, is_minor: true }];
    assert_eq!(key_of(&score).to_string(), "E minor");
}
