//! Which events of a track make its notes: for [`Score`](crate::Score), which reads them, and for edits, which change them.

use std::collections::VecDeque;

use super::{Event, MidiTrack};
use crate::score::Note;

/// A note of a track, and the events that make it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Paired {
    /// The note, in ticks from the start of its track.
    pub(crate) note: Note,
    /// The place of the event that strikes it.
    pub(crate) on: usize,
    /// The place of the event that releases it; without one, it lasts to the end of the track.
    pub(crate) off: Option<usize>,
}

/// The notes of a track, in the order of [`Track::sort`](crate::Track::sort), and what of it is none.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    pub(crate) notes: Vec<Paired>,
    /// The last tick of the track.
    pub(crate) end: u64,
    /// Releases of what does not sound.
    pub(crate) n_unstruck: usize,
    /// Notes that are never released, and where the first of them starts.
    pub(crate) n_unreleased: usize,
    pub(crate) first_unreleased: u64,
}

/// The notes of a key of a channel that sound: the event that struck each, its tick and velocity.
type Sounding = VecDeque<(usize, u64, u8)>;

/// What sounds, by channel and key; empty between tracks.
pub(crate) struct Keys(Vec<Sounding>);

impl Keys {
    pub(crate) fn new() -> Self {
        Self(vec![Sounding::new(); 16 * 128])
    }

    fn of(&mut self, channel: u8, key: u8) -> &mut Sounding {
        &mut self.0[usize::from(channel & 15) * 128 + usize::from(key & 127)]
    }
}

/// Finds the notes of a track. One that is struck again before its release ends first what was struck first.
pub(crate) fn pairs(track: &MidiTrack, keys: &mut Keys) -> Pairs {
    let mut found = Pairs::default();
    let mut has_notes = false;
    for (i, timed) in track.events.iter().enumerate() {
        found.end = found.end.max(timed.tick);
        match timed.event {
            Event::NoteOn { channel, key, velocity } if velocity > 0 => {
                has_notes = true;
                keys.of(channel, key).push_back((i, timed.tick, velocity));
            }
            Event::NoteOn { channel, key, .. } | Event::NoteOff { channel, key, .. } => {
                let off_velocity = match timed.event {
                    Event::NoteOff { velocity, .. } => velocity,
                    _ => 64,
                };
                match keys.of(channel, key).pop_front() {
                    Some((on, start, velocity)) => {
                        let length = timed.tick.saturating_sub(start);
                        let note = Note { start, length, key, velocity, channel, off_velocity };
                        found.notes.push(Paired { note, on, off: Some(i) });
                    }
                    None => found.n_unstruck += 1,
                }
            }
            _ => {}
        }
    }
    if has_notes {
        release_all(&mut found, keys);
    }
    found.notes.sort_by_key(|it| it.note.place());
    found
}

/// Ends what still sounds at the end of a track.
fn release_all(found: &mut Pairs, keys: &mut Keys) {
    found.first_unreleased = found.end;
    for (i, sounding) in keys.0.iter_mut().enumerate() {
        for (on, start, velocity) in sounding.drain(..) {
            found.n_unreleased += 1;
            found.first_unreleased = found.first_unreleased.min(start);
            let (channel, key) = ((i / 128) as u8, (i % 128) as u8);
            let length = found.end.saturating_sub(start);
            let note = Note { start, length, key, velocity, channel, off_velocity: 64 };
            found.notes.push(Paired { note, on, off: None });
        }
    }
}
