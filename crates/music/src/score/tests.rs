//! Scores from files and back.

use super::*;
use crate::{
    bars::Bars,
    clock::Clock,
    midi::{Division, Format, Meta, MidiFile, MidiTrack},
};

fn note(start: u64, length: u64, key: u8) -> Note {
    Note { start, length, key, velocity: 100, channel: 0, off_velocity: 64 }
}

fn file_of(format: Format, division: Division, tracks: &[&[(u64, Event)]]) -> MidiFile {
    let track = |events: &&[(u64, Event)]| MidiTrack {
        events: events
            .iter()
            .map(|(tick, event)| TimedEvent { tick: *tick, event: event.clone() })
            .collect(),
    };
    MidiFile { format, division, tracks: tracks.iter().map(track).collect() }
}

fn on(key: u8) -> Event {
    Event::NoteOn { channel: 0, key, velocity: 100 }
}

fn off(key: u8) -> Event {
    Event::NoteOff { channel: 0, key, velocity: 64 }
}

#[test]
fn notes_have_lengths() {
    let check = |events: &[(u64, Event)], notes: &[Note], n_odd: usize| {
        let file = file_of(Format::Parallel, Division::PerQuarter(96), &[events]);
        let (score, oddities) = Score::from_midi(&file);
        assert_eq!(score.tracks[0].notes, notes);
        assert_eq!(oddities.len(), n_odd, "{oddities:?}");
    };
    check(&[(0, on(60)), (96, off(60))], &[note(0, 96, 60)], 0);
    let silent = Event::NoteOn { channel: 0, key: 60, velocity: 0 };
    check(&[(0, on(60)), (96, silent)], &[note(0, 96, 60)], 0);
    // Struck again before it was released: first in, first out.
    check(
        &[(0, on(60)), (10, on(60)), (20, off(60)), (30, off(60))],
        &[note(0, 20, 60), note(10, 20, 60)],
        0,
    );
    // Never released, never struck.
    let end = Event::Meta(Meta::EndOfTrack);
    check(&[(5, on(60)), (50, off(61)), (100, end)], &[note(5, 95, 60)], 2);
}

#[test]
fn what_cannot_be_is_left_out_and_told() {
    let meter = |numerator, denominator_power| {
        Event::Meta(Meta::TimeSignature {
            numerator,
            denominator_power,
            clocks_per_click: 24,
            thirty_seconds_per_quarter: 8,
        })
    };
    let events = [
        (0, Event::Meta(Meta::Tempo(0))),
        (0, meter(0, 2)),
        (0, meter(4, 200)),
        (10, Event::Meta(Meta::Tempo(1))),
        (10, meter(255, 6)),
    ];
    let file = file_of(Format::Parallel, Division::PerQuarter(1), &[&events]);
    let (score, oddities) = Score::from_midi(&file);
    assert_eq!(oddities.len(), 3, "{oddities:?}");
    assert_eq!(score.tempos, [Tempo { tick: 10, quarter_us: 1.0 }]);
    assert_eq!(score.meters, [Meter { tick: 10, numerator: 255, denominator: 64 }]);
    // One tick a quarter: bars and beats have at least a tick.
    assert!(Bars::new(&score).place(1 << 40).bar > 0);
    assert!((Clock::new(&score).secs_from_tick(11.0) - 5.000_001).abs() < 1e-9);
}

#[test]
fn tempo_maps_go_both_ways() {
    let mut score = Score::new(480, 120.0);
    score.tempos.push(Tempo { tick: 960, quarter_us: 1e6 });
    score.tempos.push(Tempo { tick: 1440, quarter_us: 250_000.0 });
    let clock = Clock::new(&score);
    for (tick, secs) in
        [(0.0, 0.0), (480.0, 0.5), (960.0, 1.0), (1200.0, 1.5), (1440.0, 2.0), (1920.0, 2.25)]
    {
        assert!((clock.secs_from_tick(tick) - secs).abs() < 1e-12, "{tick}");
        assert!((clock.tick_from_secs(secs) - tick).abs() < 1e-9, "{secs}");
    }
    // Without a tempo, and one that starts late: 120 before it.
    score.tempos = vec![Tempo { tick: 480, quarter_us: 1e6 }];
    assert!((Clock::new(&score).secs_from_tick(960.0) - 1.5).abs() < 1e-12);
}

#[test]
fn film_frames_are_seconds_whatever_the_tempo() {
    let events = [(0, Event::Meta(Meta::Tempo(1_000_000))), (0, on(60)), (1000, off(60))];
    let division = Division::Timecode { frames: 25, ticks: 40 };
    let (score, _) = Score::from_midi(&file_of(Format::Parallel, division, &[&events]));
    let secs = Clock::new(&score).secs_from_tick(1000.0);
    assert!((secs - 1.0).abs() < 1e-12, "{secs}");
    let division = Division::Timecode { frames: 29, ticks: 80 };
    let (score, _) = Score::from_midi(&file_of(Format::Parallel, division, &[&events]));
    let secs = Clock::new(&score).secs_from_tick(1000.0);
    assert!((secs - 1000.0 * 1001.0 / 30_000.0 / 80.0).abs() < 1e-12, "{secs}");
}

#[test]
fn patterns_follow_one_another() {
    let one = [(0, on(60)), (96, off(60)), (100, Event::Meta(Meta::EndOfTrack))];
    let file = file_of(Format::Sequential, Division::PerQuarter(96), &[&one, &one]);
    let (score, _) = Score::from_midi(&file);
    assert_eq!(score.tracks[1].notes, [note(100, 96, 60)]);
}

#[test]
fn scores_come_back_from_their_files() {
    let mut score = Score::new(480, 97.0);
    score.tempos[0].quarter_us = 618_557.0;
    score.meters.push(Meter { tick: 1920, numerator: 7, denominator: 8 });
    score.keys.push(KeySignature { tick: 0, sharps: -3, is_minor: true });
    score.markers.push(Marker { tick: 960, text: "Refrain — zwei".into() });
    score.tracks.push(Track { name: "Song".into(), ..Track::default() });
    let mut piano = Track::new("Piano", 0, 4);
    // Notes that touch, a note without length, and two at once.
    piano.notes = vec![
        note(0, 480, 60),
        note(480, 480, 60),
        note(480, 0, 62),
        note(960, 10, 64),
        note(960, 20, 67),
    ];
    piano.sort();
    piano.events.push(TimedEvent {
        tick: 480,
        event: Event::Controller { channel: 0, number: 64, value: 127 },
    });
    score.tracks.push(piano);
    let (again, oddities) = Score::from_midi(&score.to_midi());
    assert_eq!(oddities, []);
    assert_eq!(again, score);
    assert_eq!(again.tracks[1].program(), Some(4));
    assert_eq!(again.keys[0].tonic(), 0);
    // A first track with notes gets one before it.
    score.tracks.remove(0);
    let (again, _) = Score::from_midi(&score.to_midi());
    assert_eq!(again.tracks[1..], score.tracks[..]);
}
