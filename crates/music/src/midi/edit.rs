//! Changes notes of a MIDI file and nothing else of it: tempo, controllers, texts, other tracks stay as they are.
//!
//! Chunks that no edit names are copied byte by byte; in a track that is edited, all other events stay, in their order.
//! Notes are named by their place in the track's list, as [`Score::from_midi`](crate::Score::from_midi) gives it.

use std::collections::BTreeMap;

use super::{
    Event, Keys, Meta, MidiTrack, Read, TimedEvent,
    notes::{Paired, Pairs, pairs},
    read_midi,
    write::track_bytes,
    write_midi,
};
use crate::score::Note;

/// The last tick at which an edited note may end.
const TICK_MAX: u64 = u32::MAX as u64;

/// What is changed in a track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackEdit {
    /// The track, by its place in the file.
    pub track: usize,
    /// Notes that go, by their places in the list of the track's notes.
    pub removed: Vec<usize>,
    /// Notes that become others, by their places; each keeps its channel and its release.
    pub changed: Vec<(usize, EditedNote)>,
    /// Notes that are new.
    pub added: Vec<EditedNote>,
}

/// A note as it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EditedNote {
    /// Where it starts, in ticks from the start of its track.
    pub start: u64,
    /// Its length in ticks, at least 1; one that had none may keep that.
    pub length: u64,
    /// The key, 0 to 127; 60 is the middle C.
    pub key: u8,
    /// How hard it is struck, 1 to 127.
    pub velocity: u8,
    /// The channel of a new one, 0 to 15; that of most notes of the track if nothing is said.
    pub channel: Option<u8>,
}

/// An edit could not be done. Messages follow "failed to …"; tracks and notes count from 0 in them, as in the edit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is no MIDI file.
    #[error(transparent)]
    Unread(#[from] super::Error),
    /// There is no such track, or it is named twice.
    #[error("edit track {track}: the file has {n_tracks} tracks, and each may be named once")]
    Track {
        /// The track that was named.
        track: usize,
        /// Tracks of the file.
        n_tracks: usize,
    },
    /// There is no such note, or it is named twice.
    #[error(
        "edit note {note} of track {track}: it has {n_notes} notes, and each may be named once"
    )]
    Note {
        /// The track.
        track: usize,
        /// The note that was named.
        note: usize,
        /// Notes of the track.
        n_notes: usize,
    },
    /// A value is out of range.
    #[error(
        "write a note at tick {start} of track {track}: keys go from 0 to 127, velocities from 1 to 127, channels \
         from 0 to 15, lengths from 1 tick, and it must end before tick {}",
        TICK_MAX
    )]
    Range {
        /// The track.
        track: usize,
        /// Where the note was to start.
        start: u64,
    },
    /// A key of a channel sounds once at a time.
    #[error(
        "write a note of key {key} at tick {tick} of track {track}: the key sounds there already, and MIDI cannot say \
         which of the two a release ends; let one end before the other starts"
    )]
    Overlap {
        /// The track.
        track: usize,
        /// The key.
        key: u8,
        /// Where the note starts.
        tick: u64,
    },
}

/// The bytes of a MIDI file with some notes changed, added or removed.
///
/// What the file gets is read again and compared note by note, so that it holds what was asked for or nothing is written.
/// A file that does not follow the standard, or lies in a RIFF wrapper, is written anew from what could be read of it.
///
/// # Errors
/// When it is no MIDI file, an edit names what is not there, a value is out of range, or two notes of a key overlap so
/// that MIDI cannot tell them apart.
pub fn edit_notes(bytes: &[u8], edits: &[TrackEdit]) -> Result<Vec<u8>, EditError> {
    let mut read = read_midi(bytes)?;
    let n_tracks = read.file.tracks.len();
    let mut keys = Keys::new();
    let mut edited = BTreeMap::new();
    for edit in edits {
        let track = edit.track;
        let there = read.file.tracks.get(track).filter(|_| !edited.contains_key(&track));
        let there = there.ok_or(EditError::Track { track, n_tracks })?;
        edited.insert(track, edited_track(there, edit, &mut keys)?);
    }
    if let Some(out) = with_chunks(bytes, &read, &edited) {
        return Ok(out);
    }
    for (i, track) in edited {
        read.file.tracks[i] = track;
    }
    Ok(write_midi(&read.file))
}

/// The same file with other content in some of its tracks; nothing where its chunks are not all where they should be.
fn with_chunks(bytes: &[u8], read: &Read, edited: &BTreeMap<usize, MidiTrack>) -> Option<Vec<u8>> {
    if !read.damages.is_empty() || !bytes.starts_with(b"MThd") {
        return None;
    }
    let (mut out, mut at, mut n_tracks) = (Vec::with_capacity(bytes.len()), 0, 0);
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let chunk = bytes.get(at..at.checked_add(8)?.checked_add(length)?)?;
        let is_track = head.starts_with(b"MTrk");
        match edited.get(&n_tracks).filter(|_| is_track) {
            Some(track) => {
                let content = track_bytes(track);
                out.extend(b"MTrk");
                out.extend(u32::try_from(content.len()).ok()?.to_be_bytes());
                out.extend(content);
            }
            None => out.extend(chunk),
        }
        n_tracks += usize::from(is_track);
        at += chunk.len();
    }
    out.extend(&bytes[at..]);
    (n_tracks == read.file.tracks.len()).then_some(out)
}

/// Where an event that is put in comes among those of its tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// Before all others: what ends there.
    First,
    /// After all others: what starts there.
    Last,
    /// After what starts: the end of what has no length.
    Ending,
}

/// What becomes of a note.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Stays,
    Goes,
    Becomes(Note),
}

/// A track that is being edited.
struct Editing<'a> {
    events: Vec<TimedEvent>,
    /// Whether each of the events stays where it is.
    stays: Vec<bool>,
    /// What is put in.
    placed: Vec<(u64, Turn, Event)>,
    /// The notes that are to come out.
    expected: Vec<Note>,
    edit: &'a TrackEdit,
}

fn edited_track(
    track: &MidiTrack,
    edit: &TrackEdit,
    keys: &mut Keys,
) -> Result<MidiTrack, EditError> {
    let Pairs { notes, end, .. } = pairs(track, keys);
    let mut editing = Editing {
        events: track.events.clone(),
        stays: vec![true; track.events.len()],
        placed: Vec::new(),
        expected: Vec::with_capacity(notes.len() + edit.added.len()),
        edit,
    };
    let fates = editing.fates(&notes)?;
    let channel = usual_channel(track, &notes);
    let newer = edit.changed.iter().map(|(_, note)| note).chain(&edit.added);
    let is_longer = newer.map(|it| it.start + it.length).max().is_some_and(|last| last > end);
    for (paired, fate) in notes.iter().zip(fates) {
        match fate {
            Fate::Goes => editing.remove(paired),
            Fate::Stays => editing.change(paired, paired.note, is_longer),
            Fate::Becomes(note) => editing.change(paired, note, is_longer),
        }
    }
    for note in &edit.added {
        editing.add(note, note.channel.unwrap_or(channel));
    }
    let Editing { mut expected, .. } = editing;
    let done = merged(editing.events, &editing.stays, editing.placed);
    let mut found: Vec<Note> = pairs(&done, keys).notes.iter().map(|it| it.note).collect();
    expected.sort_unstable();
    found.sort_unstable();
    match expected.iter().zip(&found).find(|(expected, found)| expected != found) {
        Some((&Note { start, key, .. }, _)) => {
            Err(EditError::Overlap { track: edit.track, key, tick: start })
        }
        None => Ok(done),
    }
}

impl Editing<'_> {
    /// What becomes of each note.
    fn fates(&self, notes: &[Paired]) -> Result<Vec<Fate>, EditError> {
        let &TrackEdit { track, ref removed, ref changed, ref added } = self.edit;
        let n_notes = notes.len();
        let mut fates = vec![Fate::Stays; n_notes];
        let goes = removed.iter().map(|note| (*note, None));
        for (note, becomes) in goes.chain(changed.iter().map(|(note, it)| (*note, Some(it)))) {
            if fates.get(note) != Some(&Fate::Stays) {
                return Err(EditError::Note { track, note, n_notes });
            }
            let old = notes[note].note;
            fates[note] = match becomes {
                None => Fate::Goes,
                Some(it) => {
                    check_range(track, it, u64::from(old.length > 0))?;
                    let &EditedNote { start, length, key, velocity, .. } = it;
                    Fate::Becomes(Note { start, length, key, velocity, ..old })
                }
            };
        }
        added.iter().try_for_each(|it| check_range(track, it, 1))?;
        Ok(fates)
    }

    fn remove(&mut self, paired: &Paired) {
        self.stays[paired.on] = false;
        if let Some(off) = paired.off {
            self.stays[off] = false;
        }
    }

    /// Makes a note another, or leaves it; its events stay where they are if their ticks do.
    fn change(&mut self, paired: &Paired, becomes: Note, is_track_longer: bool) {
        let Paired { note, on, off } = *paired;
        self.expected.push(becomes);
        let Note { start, key, velocity, channel, .. } = becomes;
        let turn = if becomes.length == 0 { Turn::Ending } else { Turn::First };
        if becomes != note {
            self.put(on, start, Turn::Last, Event::NoteOn { channel, key, velocity });
        }
        match off {
            Some(off) if becomes != note => {
                let event = with_key(&self.events[off].event, key);
                self.put(off, becomes.end(), turn, event);
            }
            // A note that lasted to the end of the track would last longer with it.
            None if becomes.end() != note.end() || is_track_longer => {
                let event = Event::NoteOff { channel, key, velocity: note.off_velocity };
                self.placed.push((becomes.end(), turn, event));
            }
            _ => {}
        }
    }

    /// Puts an event in the place of another, or elsewhere.
    fn put(&mut self, place: usize, tick: u64, turn: Turn, event: Event) {
        if self.events[place].tick == tick {
            self.events[place].event = event;
        } else {
            self.stays[place] = false;
            self.placed.push((tick, turn, event));
        }
    }

    fn add(&mut self, wanted: &EditedNote, channel: u8) {
        let &EditedNote { start, length, key, velocity, .. } = wanted;
        let note = Note { start, length, key, velocity, channel, off_velocity: 64 };
        self.expected.push(note);
        self.placed.push((start, Turn::Last, Event::NoteOn { channel, key, velocity }));
        self.placed.push((note.end(), Turn::First, Event::NoteOff { channel, key, velocity: 64 }));
    }
}

fn check_range(track: usize, note: &EditedNote, length_min: u64) -> Result<(), EditError> {
    let EditedNote { start, length, key, velocity, channel } = *note;
    let is_range = key < 128 && (1..128).contains(&velocity) && channel.unwrap_or(0) < 16;
    let is_end = start.checked_add(length).is_some_and(|end| end < TICK_MAX);
    match is_range && is_end && length >= length_min {
        true => Ok(()),
        false => Err(EditError::Range { track, start }),
    }
}

/// The same release of another key.
fn with_key(event: &Event, key: u8) -> Event {
    match *event {
        Event::NoteOff { channel, velocity, .. } => Event::NoteOff { channel, key, velocity },
        Event::NoteOn { channel, velocity, .. } => Event::NoteOn { channel, key, velocity },
        ref event => event.clone(),
    }
}

/// The channel of most notes of a track, or of its first event that has one.
fn usual_channel(track: &MidiTrack, notes: &[Paired]) -> u8 {
    let mut counts = [0usize; 16];
    for paired in notes {
        counts[usize::from(paired.note.channel & 15)] += 1;
    }
    let first = track.events.iter().find_map(|timed| channel_of(&timed.event)).unwrap_or(0);
    // The first of equal ones.
    let most = (0..16u8).rev().max_by_key(|channel| counts[usize::from(*channel)]).unwrap_or(0);
    if notes.is_empty() { first } else { most }
}

fn channel_of(event: &Event) -> Option<u8> {
    match *event {
        Event::NoteOff { channel, .. }
        | Event::NoteOn { channel, .. }
        | Event::KeyPressure { channel, .. }
        | Event::Controller { channel, .. }
        | Event::Program { channel, .. }
        | Event::Pressure { channel, .. }
        | Event::PitchWheel { channel, .. } => Some(channel),
        Event::Meta(Meta::ChannelPrefix(channel)) => Some(channel),
        _ => None,
    }
}

/// The events that stay with those that are put in; the track ends where the last of them is, if that is later.
fn merged(
    events: Vec<TimedEvent>,
    stays: &[bool],
    mut placed: Vec<(u64, Turn, Event)>,
) -> MidiTrack {
    placed.sort_by_key(|(tick, turn, _)| (*tick, *turn));
    let placed = placed.into_iter().map(|(tick, turn, event)| (turn, TimedEvent { tick, event }));
    let mut placed = placed.peekable();
    let mut all = Vec::with_capacity(events.len() + placed.len());
    for (mut event, _) in events.into_iter().zip(stays).filter(|(_, stays)| **stays) {
        let is_end = event.event == Event::Meta(Meta::EndOfTrack);
        let tick = event.tick;
        let comes_before = |(turn, it): &(Turn, TimedEvent)| {
            is_end || it.tick < tick || (it.tick == tick && *turn == Turn::First)
        };
        while let Some((_, it)) = placed.next_if(comes_before) {
            event.tick = if is_end { event.tick.max(it.tick) } else { event.tick };
            all.push(it);
        }
        all.push(event);
    }
    all.extend(placed.map(|(_, it)| it));
    MidiTrack { events: all }
}

#[cfg(test)]
mod tests;
