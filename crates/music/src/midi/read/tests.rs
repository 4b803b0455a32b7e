//! Files as they should be, and files as they are.

use super::*;
use crate::midi::write_midi;

/// A file with one track of these bytes, whose length is right.
fn file_of(track: &[u8]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk".to_vec();
    bytes.extend((track.len() as u32).to_be_bytes());
    bytes.extend(track);
    bytes
}

/// Where a track's bytes start in [`file_of`].
const TRACK: u64 = 22;
const END: [u8; 4] = [0, 0xff, 0x2f, 0];

fn events(bytes: &[u8]) -> Vec<(u64, Event)> {
    let read = read_midi(bytes).unwrap();
    let track = &read.file.tracks[0];
    track.events.iter().map(|it| (it.tick, it.event.clone())).collect()
}

#[test]
fn the_example_of_the_standard_is_read() {
    // The format 0 example of RP-001: 4/4, 120 beats a minute, three channels, running status.
    let track = [
        &[0x00, 0xff, 0x58, 0x04, 0x04, 0x02, 0x18, 0x08][..],
        &[0x00, 0xff, 0x51, 0x03, 0x07, 0xa1, 0x20],
        &[0x00, 0xc0, 0x05, 0x00, 0xc1, 0x2e, 0x00, 0xc2, 0x46],
        &[0x00, 0x92, 0x30, 0x60, 0x00, 0x3c, 0x60],
        &[0x60, 0x91, 0x43, 0x40, 0x60, 0x90, 0x4c, 0x20],
        &[0x81, 0x40, 0x82, 0x30, 0x40, 0x00, 0x3c, 0x40],
        &[0x00, 0x81, 0x43, 0x40, 0x00, 0x80, 0x4c, 0x40],
        &END,
    ]
    .concat();
    let mut bytes = file_of(&track);
    bytes[13] = 0x60; // 96 ticks a quarter note.
    bytes[12] = 0;
    let read = read_midi(&bytes).unwrap();
    assert_eq!(read.damages, []);
    assert_eq!(read.file.division, Division::PerQuarter(96));
    let on = |channel, key, velocity| Event::NoteOn { channel, key, velocity };
    let off = |channel, key| Event::NoteOff { channel, key, velocity: 64 };
    let notes: Vec<_> = events(&bytes).into_iter().skip(5).collect();
    assert_eq!(
        notes,
        [
            (0, on(2, 48, 96)),
            (0, on(2, 60, 96)),
            (96, on(1, 67, 64)),
            (192, on(0, 76, 32)),
            (384, off(2, 48)),
            (384, off(2, 60)),
            (384, off(1, 67)),
            (384, off(0, 76)),
            (384, Event::Meta(Meta::EndOfTrack)),
        ]
    );
    assert_eq!(write_midi(&read.file), bytes);
}

#[test]
fn every_event_is_written_and_read() {
    let text = |kind, text: &str| Event::Meta(Meta::Text { kind, bytes: text.into() });
    let all = vec![
        Event::Meta(Meta::SequenceNumber(None)),
        Event::Meta(Meta::SequenceNumber(Some(513))),
        text(TextKind::Text, "a"),
        text(TextKind::Copyright, "©"),
        text(TextKind::Name, "Violin"),
        text(TextKind::Instrument, ""),
        text(TextKind::Lyric, "la"),
        text(TextKind::Marker, "Verse"),
        text(TextKind::Cue, "curtain"),
        text(TextKind::Program, "p"),
        text(TextKind::Device, "d"),
        Event::Meta(Meta::ChannelPrefix(15)),
        Event::Meta(Meta::Port(3)),
        Event::Meta(Meta::Tempo(0xff_ffff)),
        Event::Meta(Meta::TimecodeOffset([1, 2, 3, 4, 5])),
        Event::Meta(Meta::TimeSignature {
            numerator: 7,
            denominator_power: 3,
            clocks_per_click: 12,
            thirty_seconds_per_quarter: 8,
        }),
        Event::Meta(Meta::KeySignature { sharps: -7, is_minor: true }),
        Event::Meta(Meta::SequencerSpecific(vec![0, 1, 0xff])),
        Event::Meta(Meta::Other { kind: 0x60, bytes: vec![9; 300] }),
        Event::NoteOn { channel: 15, key: 127, velocity: 127 },
        Event::NoteOn { channel: 15, key: 127, velocity: 0 },
        Event::NoteOff { channel: 0, key: 0, velocity: 1 },
        Event::KeyPressure { channel: 1, key: 2, pressure: 3 },
        Event::Controller { channel: 4, number: 64, value: 127 },
        Event::Program { channel: 5, program: 6 },
        Event::Pressure { channel: 7, pressure: 8 },
        Event::PitchWheel { channel: 9, value: -8192 },
        Event::PitchWheel { channel: 9, value: 8191 },
        Event::SysEx(vec![0x7e, 0x7f, 9, 1, 0xf7]),
        Event::Escape(vec![0xf3, 1]),
        Event::Meta(Meta::EndOfTrack),
    ];
    let events = all.into_iter().enumerate();
    let events = events.map(|(i, event)| TimedEvent { tick: (i * i * i * 977) as u64, event });
    let track = MidiTrack { events: events.collect() };
    for (format, n) in [(Format::Single, 1), (Format::Parallel, 3), (Format::Sequential, 2)] {
        for division in [Division::PerQuarter(0x7fff), Division::Timecode { frames: 29, ticks: 80 }]
        {
            let file = MidiFile { format, division, tracks: vec![track.clone(); n] };
            let read = read_midi(&write_midi(&file)).unwrap();
            assert_eq!(read, Read { file, damages: vec![] });
        }
    }
}

#[test]
fn times_of_any_length_are_written() {
    let on = Event::NoteOn { channel: 0, key: 60, velocity: 1 };
    let tick = 3 * 0x0fff_ffff + 5;
    let track = MidiTrack { events: vec![TimedEvent { tick, event: on.clone() }] };
    let file =
        MidiFile { format: Format::Single, division: Division::PerQuarter(1), tracks: vec![track] };
    let found = events(&write_midi(&file));
    assert_eq!(found.iter().find(|it| it.1 == on), Some(&(tick, on)));
}

/// Checks where a file is damaged, and how many events of its first track could be saved.
fn check(bytes: &[u8], damages: &[u64], n_events: usize) {
    let read = read_midi(bytes).unwrap();
    let found: Vec<u64> = read.damages.iter().map(|it| it.byte).collect();
    assert_eq!(found, damages, "{:?}", read.damages);
    assert_eq!(read.file.tracks[0].events.len(), n_events, "{:?}", read.file.tracks[0]);
}

#[test]
fn damages_are_placed_and_the_rest_is_saved() {
    let note = [0x00, 0x90, 60, 100, 0x60, 60, 0];
    let with = |rest: &[u8]| file_of(&[&note[..], rest].concat());
    let at = TRACK + note.len() as u64;
    check(&with(&END), &[], 3);
    // No end of the track; the end is added.
    check(&with(&[]), &[at], 3);
    // It ends within an event.
    check(&with(&[0, 0x90, 60]), &[at + 3], 3);
    check(&with(&[0x81]), &[at], 3);
    // A value with the eighth bit is read without it.
    check(&with(&[&[0, 0x90, 0xbc, 100][..], &END].concat()), &[at + 2], 4);
    // A status of the wire.
    check(&with(&[&[0, 0xf2, 1, 2][..], &END].concat()), &[at + 1], 3);
    // A length that leads out of the track.
    check(&with(&[0, 0xff, 1, 0x7f, b'a']), &[at + 3], 3);
    // A time of five bytes.
    check(&with(&[0x81, 0x80, 0x80, 0x80, 0x00, 0x90, 1, 1]), &[at], 3);
    // Bytes after the end.
    check(&with(&[&END[..], &[1, 2, 3]].concat()), &[at + 4], 3);
    // A meta event of the wrong length is kept as it is.
    check(&with(&[&[0, 0xff, 0x51, 2, 1, 2][..], &END].concat()), &[at + 2], 4);
    // No status yet.
    check(&file_of(&[&[0, 60][..], &END].concat()), &[TRACK + 1], 1);
    // A track that is nothing but damage ends after eight of them.
    let read = read_midi(&file_of(&[0, 0xf8].repeat(100))).unwrap();
    assert_eq!(read.damages.len(), 9);
}

#[test]
fn lengths_that_lie_do_not_hide_the_next_track() {
    let one = [&[0x00, 0x90, 60, 100, 0x60, 60, 0][..], &END].concat();
    let two = file_of(&one);
    let mut bytes = [&two[..], &two[14..]].concat();
    bytes[11] = 2;
    bytes[9] = 1;
    let check = |length: u32, n_damages: usize| {
        let mut bytes = bytes.clone();
        bytes[18..22].copy_from_slice(&length.to_be_bytes());
        let read = read_midi(&bytes).unwrap();
        assert_eq!(read.file.tracks.len(), 2, "{length}: {:?}", read.damages);
        assert_eq!(read.file.tracks[0].events, read.file.tracks[1].events, "{length}");
        assert_eq!(read.damages.len(), n_damages, "{length}: {:?}", read.damages);
    };
    check(one.len() as u32, 0);
    // That the length leads out of the file, and that the track ended before.
    check(u32::MAX, 2);
    check(1000, 2);
}

#[test]
fn headers_are_taken_as_they_are_meant() {
    let good = file_of(&END);
    let check = |bytes: &[u8], expected: &MidiFile, n_damages: usize| {
        let read = read_midi(bytes).unwrap();
        assert_eq!((&read.file, read.damages.len()), (expected, n_damages), "{:?}", read.damages);
    };
    let expected = read_midi(&good).unwrap().file;
    check(&good, &expected, 0);
    // RIFF around it, with its filling byte.
    let mut riff = b"RIFF\0\0\0\0RMIDdata\0\0\0\0".to_vec();
    riff.extend(&good);
    riff.push(0);
    check(&riff, &expected, 0);
    // Something before it.
    check(&[&[7; 128][..], &good].concat(), &expected, 1);
    // A longer header, and chunks of other kinds.
    let mut longer = good.clone();
    longer[7] = 8;
    longer.splice(14..14, [1, 2]);
    longer.splice(16..16, *b"XFIH\0\0\0\x03abc");
    check(&longer, &expected, 0);
    // Another number of tracks, another format, no ticks.
    for (byte, value) in [(11, 9), (9, 7)] {
        let mut odd = good.clone();
        odd[byte] = value;
        assert_eq!(read_midi(&odd).unwrap().damages[0].byte, if byte == 11 { 10 } else { 8 });
    }
    let mut odd = good.clone();
    odd[12..14].fill(0);
    assert_eq!(read_midi(&odd).unwrap().file.division, Division::PerQuarter(480));
    odd[12..14].copy_from_slice(&[0xe7, 40]);
    let division = read_midi(&odd).unwrap().file.division;
    assert_eq!(division, Division::Timecode { frames: 25, ticks: 40 });
    // Nothing at all.
    assert_eq!(read_midi(b""), Err(Error::NotMidi));
    assert_eq!(read_midi(b"RIFF....WAVE"), Err(Error::NotMidi));
    assert_eq!(read_midi(&good[..13]), Err(Error::Header { byte: 13 }));
}
