//! From a score to the events of a MIDI file.

use super::{Note, Score, Track};
use crate::midi::{Division, Event, Format, Meta, MidiFile, MidiTrack, TextKind, TimedEvent};

/// An event, its tick, and its turn among those of the tick.
type Placed = (u64, u8, Event);

impl Score {
    /// A file of parallel tracks: the first has the tempo map, meters, keys and markers.
    ///
    /// Where the score's first track has no notes, it is that one; else one is put before it.
    pub fn to_midi(&self) -> MidiFile {
        let ticks = self.ticks_per_quarter.clamp(1, 0x7fff) as u16;
        let is_conductor = self.tracks.first().is_some_and(|track| track.notes.is_empty());
        let (conductor, others) = match is_conductor {
            true => (self.tracks.first(), &self.tracks[1..]),
            false => (None, &self.tracks[..]),
        };
        let mut tracks = vec![track_of(conductor, self.shared(), self.end())];
        tracks.extend(others.iter().map(|track| track_of(Some(track), Vec::new(), 0)));
        MidiFile { format: Format::Parallel, division: Division::PerQuarter(ticks), tracks }
    }

    /// What all tracks share.
    fn shared(&self) -> Vec<Placed> {
        let mut events = Vec::new();
        for tempo in &self.tempos {
            let quarter_us = tempo.quarter_us.round().clamp(1.0, 16_777_215.0) as u32;
            events.push((tempo.tick, 0, Event::Meta(Meta::Tempo(quarter_us))));
        }
        for meter in &self.meters {
            let meta = Meta::TimeSignature {
                numerator: meter.numerator,
                denominator_power: meter.denominator.trailing_zeros().min(6) as u8,
                clocks_per_click: (96 / meter.denominator.max(1)).max(1),
                thirty_seconds_per_quarter: 8,
            };
            events.push((meter.tick, 0, Event::Meta(meta)));
        }
        for key in &self.keys {
            let meta = Meta::KeySignature { sharps: key.sharps, is_minor: key.is_minor };
            events.push((key.tick, 0, Event::Meta(meta)));
        }
        for marker in &self.markers {
            let bytes = marker.text.clone().into_bytes();
            let meta = Meta::Text { kind: TextKind::Marker, bytes };
            events.push((marker.tick, 1, Event::Meta(meta)));
        }
        events
    }
}

/// The events of a track with its own and the given ones. At one tick the order is: what is about the file, what
/// ends, programs and controllers, what starts.
fn track_of(track: Option<&Track>, mut events: Vec<Placed>, end: u64) -> MidiTrack {
    let mut all = Vec::new();
    let mut end = end;
    if let Some(track) = track {
        if !track.name.is_empty() {
            let bytes = track.name.clone().into_bytes();
            let event = Event::Meta(Meta::Text { kind: TextKind::Name, bytes });
            all.push(TimedEvent { tick: 0, event });
        }
        events.extend(track.events.iter().map(|it| (it.tick, 3, it.event.clone())));
        for note in &track.notes {
            let &Note { start, key, channel, off_velocity, .. } = note;
            let velocity = note.velocity.max(1);
            events.push((start, 4, Event::NoteOn { channel, key, velocity }));
            // A note without length ends after it began.
            let turn = if note.length == 0 { 5 } else { 2 };
            let off = Event::NoteOff { channel, key, velocity: off_velocity };
            events.push((note.end(), turn, off));
            end = end.max(note.end());
        }
    }
    events.sort_by_key(|(tick, turn, _)| (*tick, *turn));
    end = end.max(events.last().map_or(0, |it| it.0));
    all.extend(events.into_iter().map(|(tick, _, event)| TimedEvent { tick, event }));
    all.push(TimedEvent { tick: end, event: Event::Meta(Meta::EndOfTrack) });
    MidiTrack { events: all }
}
