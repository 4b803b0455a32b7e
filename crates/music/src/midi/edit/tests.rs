//! What is asked for comes out, and nothing else changes.

use proptest::prelude::*;

use super::*;
use crate::{
    midi::{Division, Format, MidiFile, TextKind},
    score::Score,
};

const QUARTER: u64 = 480;

fn at(tick: u64, event: Event) -> TimedEvent {
    TimedEvent { tick, event }
}

fn on(channel: u8, key: u8, velocity: u8) -> Event {
    Event::NoteOn { channel, key, velocity }
}

fn off(channel: u8, key: u8) -> Event {
    Event::NoteOff { channel, key, velocity: 30 }
}

fn note(start: u64, length: u64, key: u8, velocity: u8) -> EditedNote {
    EditedNote { start, length, key, velocity, channel: None }
}

/// A track of events in any order.
fn track_of(mut events: Vec<TimedEvent>) -> MidiTrack {
    events.sort_by_key(|it| it.tick);
    let end = events.last().map_or(0, |it| it.tick);
    events.push(at(end, Event::Meta(Meta::EndOfTrack)));
    MidiTrack { events }
}

/// A tempo map, and a part with a pedal, a pitch wheel, a lyric and three notes, one of which is never released.
fn song() -> MidiFile {
    let tempo = |quarter_us| Event::Meta(Meta::Tempo(quarter_us));
    let lyric = Meta::Text { kind: TextKind::Lyric, bytes: b"la".to_vec() };
    let pedal = |value| Event::Controller { channel: 3, number: 64, value };
    let part = vec![
        at(0, Event::Program { channel: 3, program: 12 }),
        at(0, pedal(127)),
        at(0, on(3, 60, 90)),
        at(100, Event::PitchWheel { channel: 3, value: -400 }),
        at(QUARTER, off(3, 60)),
        at(QUARTER, pedal(0)),
        at(QUARTER, Event::Meta(lyric)),
        at(QUARTER, on(3, 62, 80)),
        at(2 * QUARTER, on(3, 62, 0)),
        at(2 * QUARTER, on(3, 64, 70)),
        at(3 * QUARTER, Event::SysEx(vec![0x7e, 0xf7])),
    ];
    let maps = vec![at(0, tempo(500_000)), at(700, tempo(400_000))];
    let tracks = vec![track_of(maps), track_of(part)];
    MidiFile { format: Format::Parallel, division: Division::PerQuarter(480), tracks }
}

fn notes_of(bytes: &[u8]) -> Vec<Vec<Note>> {
    let (score, _) = Score::from_midi(&read_midi(bytes).unwrap().file);
    score.tracks.into_iter().map(|track| track.notes).collect()
}

/// Everything but notes, with its ticks, and without the end, which may move.
fn others(track: &MidiTrack) -> Vec<&TimedEvent> {
    let is_other = |it: &&TimedEvent| {
        let is_note = matches!(it.event, Event::NoteOn { .. } | Event::NoteOff { .. });
        !is_note && it.event != Event::Meta(Meta::EndOfTrack)
    };
    track.events.iter().filter(is_other).collect()
}

#[test]
fn a_note_moves_and_all_else_stays() {
    let song = song();
    let bytes = write_midi(&song);
    let edit = TrackEdit {
        track: 1,
        removed: vec![0],
        changed: vec![(1, note(QUARTER + 60, 2 * QUARTER, 65, 81))],
        added: vec![note(0, 120, 72, 100)],
    };
    let out = edit_notes(&bytes, std::slice::from_ref(&edit)).unwrap();
    let read = read_midi(&out).unwrap();
    assert_eq!((read.damages.len(), &read.file.tracks[0]), (0, &song.tracks[0]));
    assert_eq!(others(&read.file.tracks[1]), others(&song.tracks[1]));
    let is = |start, length, key, velocity, off_velocity| Note {
        start,
        length,
        key,
        velocity,
        channel: 3,
        off_velocity,
    };
    // The note that is never released would last longer, as the track does: it is ended where it was.
    let expected =
        [is(0, 120, 72, 100, 64), is(540, 960, 65, 81, 64), is(960, QUARTER, 64, 70, 64)];
    assert_eq!(notes_of(&out)[1], expected);
    // The chunk of the tempo map is the same, byte by byte.
    let first = 14 + 8 + u32::from_be_bytes(bytes[18..22].try_into().unwrap()) as usize;
    assert_eq!(out[..first], bytes[..first]);
}

#[test]
fn nothing_asked_for_is_the_same_file_even_with_foreign_chunks() {
    let mut bytes = write_midi(&song());
    bytes.extend(b"XFIH\0\0\0\x03abc");
    assert_eq!(edit_notes(&bytes, &[]).unwrap(), bytes);
    let edit = TrackEdit { track: 0, added: vec![note(0, 10, 60, 1)], ..TrackEdit::default() };
    let out = edit_notes(&bytes, &[edit]).unwrap();
    assert!(out.ends_with(b"XFIH\0\0\0\x03abc"));
    assert_eq!(notes_of(&out)[0].len(), 1);
}

#[test]
fn a_damaged_file_is_written_from_what_was_read() {
    let mut bytes = write_midi(&song());
    bytes.truncate(bytes.len() - 3);
    let edit = TrackEdit { track: 1, removed: vec![2], ..TrackEdit::default() };
    let out = edit_notes(&bytes, &[edit]).unwrap();
    assert_eq!(notes_of(&out)[1].len(), 2);
    assert_eq!(read_midi(&out).unwrap().damages, []);
}

#[test]
fn what_cannot_be_is_said() {
    let bytes = write_midi(&song());
    let check = |edit: TrackEdit, expected: &str| {
        let error = edit_notes(&bytes, &[edit]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let of = |track| TrackEdit { track, ..TrackEdit::default() };
    check(of(2), "track 2: the file has 2 tracks");
    check(TrackEdit { removed: vec![3], ..of(1) }, "note 3 of track 1: it has 3 notes");
    check(TrackEdit { removed: vec![0, 0], ..of(1) }, "named once");
    let is_both = TrackEdit { removed: vec![0], changed: vec![(0, note(0, 1, 1, 1))], ..of(1) };
    check(is_both, "named once");
    for odd in [note(0, 0, 60, 1), note(0, 1, 128, 1), note(0, 1, 60, 0), note(0, 1, 60, 128)] {
        check(TrackEdit { added: vec![odd], ..of(1) }, "lengths from 1 tick");
        check(TrackEdit { changed: vec![(0, odd)], ..of(1) }, "lengths from 1 tick");
    }
    let odd = EditedNote { channel: Some(16), ..note(0, 1, 60, 1) };
    check(TrackEdit { added: vec![odd], ..of(1) }, "channels");
    check(TrackEdit { added: vec![note(u64::MAX, 2, 60, 1)], ..of(1) }, "before tick");
    // One note within another of its key: a release would end the wrong one.
    check(TrackEdit { added: vec![note(100, 100, 60, 5)], ..of(1) }, "key 60 at tick");
    let twice = [of(0), of(0)];
    assert!(matches!(edit_notes(&bytes, &twice), Err(EditError::Track { track: 0, .. })));
    assert!(matches!(edit_notes(b"RIFF", &[]), Err(EditError::Unread(_))));
}

/// Notes of a track: ticks of rest before each, its length, velocity, channel.
type Drawn = Vec<(u64, u64, u8, u8)>;

fn drawn() -> impl Strategy<Value = (Drawn, Vec<(u64, u8)>)> {
    let notes = prop::collection::vec((0u64..300, 1u64..600, 1u8..128, 0u8..3), 1..40);
    (notes, prop::collection::vec((0u64..5000, 0u8..128), 0..30))
}

/// A track in which every note has a key of its own, with controllers at any time.
fn drawn_track((notes, controllers): &(Drawn, Vec<(u64, u8)>)) -> MidiTrack {
    let mut events = Vec::new();
    let mut tick = 0;
    for (key, &(rest, length, velocity, channel)) in (0u8..).zip(notes) {
        tick += rest;
        events.push(at(tick, on(channel, key, velocity)));
        events.push(at(tick + length, off(channel, key)));
    }
    let moved = |&(tick, value): &(u64, u8)| {
        at(tick, Event::Controller { channel: 1, number: value % 100, value })
    };
    events.extend(controllers.iter().map(moved));
    track_of(events)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every third note goes, every third becomes another, some are added: all comes out, the rest stays; and the
    /// opposite edit gives the notes back.
    #[test]
    fn edits_come_out_and_can_be_taken_back(
        one in drawn(),
        other in drawn(),
        new in prop::collection::vec((0u64..9000, 1u64..900, 1u8..128), 40),
        n_added in 0usize..40,
    ) {
        let tracks = vec![drawn_track(&one), drawn_track(&other)];
        let file = MidiFile { format: Format::Parallel, division: Division::PerQuarter(480), tracks };
        let bytes = write_midi(&file);
        let before = notes_of(&bytes);
        // Keys that no other note has.
        let wanted = |i: usize| note(new[i].0, new[i].1, 80 + i as u8, new[i].2);
        let n = before[1].len();
        let edit = TrackEdit {
            track: 1,
            removed: (0..n).filter(|i| i % 3 == 0).collect(),
            changed: (0..n).filter(|i| i % 3 == 1).map(|i| (i, wanted(i))).collect(),
            added: (0..n_added).filter(|i| i % 3 != 1 || *i >= n).map(wanted).collect(),
        };
        let out = edit_notes(&bytes, std::slice::from_ref(&edit)).unwrap();
        let after = notes_of(&out);
        let read = read_midi(&out).unwrap();
        prop_assert!(read.damages.is_empty());
        prop_assert_eq!(&read.file.tracks[0], &file.tracks[0]);
        prop_assert_eq!(others(&read.file.tracks[1]), others(&file.tracks[1]));
        let mut expected: Vec<Note> = Vec::new();
        for (i, it) in before[1].iter().enumerate() {
            let EditedNote { start, length, key, velocity, .. } = wanted(i);
            match i % 3 {
                0 => {}
                1 => expected.push(Note { start, length, key, velocity, ..*it }),
                _ => expected.push(*it),
            }
        }
        let channel = usual_channel(&file.tracks[1], &pairs(&file.tracks[1], &mut Keys::new()).notes);
        for it in &edit.added {
            let &EditedNote { start, length, key, velocity, .. } = it;
            expected.push(Note { start, length, key, velocity, channel, off_velocity: 64 });
        }
        let mut found = after[1].clone();
        expected.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, expected);

        let place = |key: u8| after[1].iter().position(|it| it.key == key).unwrap();
        let old = |it: &Note| EditedNote { channel: Some(it.channel), ..note(it.start, it.length, it.key, it.velocity) };
        let back = TrackEdit {
            track: 1,
            removed: edit.added.iter().map(|it| place(it.key)).collect(),
            changed: edit.changed.iter().map(|(i, it)| (place(it.key), old(&before[1][*i]))).collect(),
            added: edit.removed.iter().map(|i| old(&before[1][*i])).collect(),
        };
        let again = notes_of(&edit_notes(&out, &[back]).unwrap());
        let without_release = |notes: &[Note]| -> Vec<Note> {
            let mut all: Vec<Note> = notes.iter().map(|it| Note { off_velocity: 0, ..*it }).collect();
            all.sort_unstable();
            all
        };
        prop_assert_eq!(without_release(&again[1]), without_release(&before[1]));
    }

    /// Whatever is asked for, of whatever file: an error, or exactly that.
    #[test]
    fn nothing_else_comes_out(
        events in prop::collection::vec((0u64..200, 0u8..2, 60u8..64, 0u8..3), 0..40),
        changed in prop::collection::vec((0usize..20, 0u64..300, 0u64..100, 59u8..65, 0u8..130), 0..6),
        removed in prop::collection::vec(0usize..20, 0..4),
    ) {
        let event = |&(tick, kind, key, velocity): &(u64, u8, u8, u8)| match kind {
            0 => at(tick, on(0, key, velocity * 40)),
            _ => at(tick, off(0, key)),
        };
        let track = track_of(events.iter().map(event).collect());
        let bytes = write_midi(&MidiFile { format: Format::Single, division: Division::PerQuarter(96), tracks: vec![track] });
        let before = notes_of(&bytes);
        let edit = TrackEdit {
            track: 0,
            removed,
            changed: changed.iter().map(|&(i, start, length, key, velocity)| (i, note(start, length, key, velocity))).collect(),
            added: vec![],
        };
        if let Ok(out) = edit_notes(&bytes, std::slice::from_ref(&edit)) {
            let mut expected = before[0].clone();
            for (i, it) in &edit.changed {
                let &EditedNote { start, length, key, velocity, .. } = it;
                expected[*i] = Note { start, length, key, velocity, ..expected[*i] };
            }
            let mut kept = (0..expected.len()).filter(|i| !edit.removed.contains(i));
            let mut expected: Vec<Note> = kept.by_ref().map(|i| expected[i]).collect();
            let mut found = notes_of(&out).remove(0);
            expected.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
