//! Reads MIDI files, damaged ones too: what can be saved is, and every damage is said with its byte.

use super::{Division, Event, Format, Meta, MidiFile, MidiTrack, TextKind, TimedEvent};

/// A track with more damaged events than this is read no further.
const DAMAGES_OF_TRACK_MAX: usize = 8;
/// Damages that are told; a file has no more use for more.
const DAMAGES_MAX: usize = 100;
/// A file has at most so many tracks; the format's own bound is 65 535.
const TRACKS_MAX: usize = 65_535;

/// A file that was read, and what was wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// What is in it.
    pub file: MidiFile,
    /// Places where it does not follow the standard, in the file's order; at most 100.
    pub damages: Vec<Damage>,
}

/// A place where a file does not follow the standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Bytes from the start of the file.
    pub byte: u64,
    /// The track, from 0, if it lies in one.
    pub track: Option<usize>,
    /// What is wrong, and what was made of it.
    pub sentence: String,
    /// Whether something was lost by it.
    pub is_loss: bool,
}

/// Nothing could be read. Messages follow "failed to …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is a file of another kind.
    #[error("read a MIDI file: there is no header `MThd` in it")]
    NotMidi,
    /// The header is not whole.
    #[error("read the header of a MIDI file: it ends at byte {byte}")]
    Header {
        /// Where it ends.
        byte: u64,
    },
}

/// Reads a file from its bytes. Formats 0, 1 and 2, and the RIFF wrapper of them.
///
/// Memory is at most some 40 times the bytes, whatever they say.
///
/// # Errors
/// When there is no header; else all is read that can be, and the damages are listed.
pub fn read_midi(bytes: &[u8]) -> Result<Read, Error> {
    let mut reader = Reader { bytes, damages: Vec::new() };
    let file = reader.file()?;
    Ok(Read { file, damages: reader.damages })
}

struct Reader<'a> {
    bytes: &'a [u8],
    damages: Vec<Damage>,
}

impl Reader<'_> {
    fn file(&mut self) -> Result<MidiFile, Error> {
        let start = self.header_start()?;
        let Some(length) = self.u32(start + 4) else {
            return Err(Error::Header { byte: self.bytes.len() as u64 });
        };
        let (Some(format), Some(n_tracks), Some(division)) =
            (self.u16(start + 8), self.u16(start + 10), self.u16(start + 12))
        else {
            return Err(Error::Header { byte: self.bytes.len() as u64 });
        };
        let mut at = start + 14;
        if length > 6 && start + 8 + (length as usize) <= self.bytes.len() {
            at = start + 8 + length as usize;
        } else if length != 6 {
            self.note(
                start + 4,
                None,
                format!("The header says that it has {length} bytes; 6 were read."),
            );
        }
        let format = self.format(format, start + 8);
        let division = self.division(division, start + 12);
        let mut tracks = Vec::new();
        while at < self.bytes.len() && tracks.len() < TRACKS_MAX {
            at = self.chunk(at, &mut tracks);
        }
        if tracks.len() != usize::from(n_tracks) {
            let found = tracks.len();
            self.note(
                start + 10,
                None,
                format!("The header says {n_tracks} tracks; {found} were found."),
            );
        }
        if format == Format::Single && tracks.len() > 1 {
            self.note(start + 8, None, "The format is that of one track, and there are more; they were read as parallel ones.".into());
            return Ok(MidiFile { format: Format::Parallel, division, tracks });
        }
        Ok(MidiFile { format, division, tracks })
    }

    /// Where `MThd` stands: at the start, inside a RIFF wrapper, or after something that another program put before.
    fn header_start(&mut self) -> Result<usize, Error> {
        const ID: &[u8] = b"MThd";
        if self.bytes.starts_with(ID) {
            return Ok(0);
        }
        let start = self.bytes.windows(4).position(|it| it == ID).ok_or(Error::NotMidi)?;
        let is_riff = self.bytes.starts_with(b"RIFF") && self.bytes.get(8..12) == Some(b"RMID");
        if !is_riff {
            self.note(
                0,
                None,
                format!("The file begins with {start} bytes that do not belong to it."),
            );
        }
        Ok(start)
    }

    fn format(&mut self, number: u16, byte: usize) -> Format {
        match number {
            0 => Format::Single,
            1 => Format::Parallel,
            2 => Format::Sequential,
            _ => {
                self.note(
                    byte,
                    None,
                    format!("There is no format {number}; it was read as format 1."),
                );
                Format::Parallel
            }
        }
    }

    fn division(&mut self, number: u16, byte: usize) -> Division {
        let [high, ticks] = number.to_be_bytes();
        if high < 0x80 {
            if number == 0 {
                self.note(byte, None, "A quarter note has 0 ticks; 480 were taken.".into());
                return Division::PerQuarter(480);
            }
            return Division::PerQuarter(number);
        }
        let mut frames = high.wrapping_neg();
        if ![24, 25, 29, 30].contains(&frames) {
            self.note(
                byte,
                None,
                format!("{frames} frames a second are not in the standard; 25 were taken."),
            );
            frames = 25;
        }
        if ticks == 0 {
            self.note(byte + 1, None, "A frame has 0 ticks; 40 were taken.".into());
            return Division::Timecode { frames, ticks: 40 };
        }
        Division::Timecode { frames, ticks }
    }

    /// Reads the chunk at a byte, or looks for the next; gives where to go on.
    fn chunk(&mut self, at: usize, tracks: &mut Vec<MidiTrack>) -> usize {
        let (Some(id), Some(length)) = (self.bytes.get(at..at + 4), self.u32(at + 4)) else {
            // Some programs fill up the last sector with zeros, and RIFF with one byte.
            if self.bytes[at..].iter().any(|byte| *byte != 0) {
                let n = self.bytes.len() - at;
                self.note(at, None, format!("{n} bytes at the end belong to no track."));
            }
            return self.bytes.len();
        };
        let start = at + 8;
        let is_track = id == b"MTrk";
        let is_name = id.iter().all(|byte| (0x20..0x7f).contains(byte));
        let length = length as usize;
        if is_track {
            let said = start.saturating_add(length);
            let end = said.min(self.bytes.len());
            if said > end {
                let n = said - end;
                self.lose(
                    at + 4,
                    Some(tracks.len()),
                    format!("The file ends {n} bytes before the track does."),
                );
            }
            let (track, stop) = Track::read(self, start, end, tracks.len());
            tracks.push(track);
            // A length that is wrong is noticed when it leads out of the file, or to nothing that can be a chunk.
            if said > end {
                let next = self.bytes[stop..].windows(4).position(|it| it == b"MTrk");
                return next.map_or(end, |n| stop + n);
            }
            return if self.is_chunk(end) { end } else { self.next_track(stop, end) };
        }
        // Other chunks are allowed, and skipped.
        if is_name && start.saturating_add(length) <= self.bytes.len() {
            return start + length;
        }
        if self.bytes[at..].iter().all(|byte| *byte == 0) {
            return self.bytes.len();
        }
        self.next_track(at, at)
    }

    fn is_chunk(&self, at: usize) -> bool {
        let rest = &self.bytes[at..];
        rest.starts_with(b"MTrk")
            || rest.len() < 8
            || rest[..4].iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
    }

    /// The next `MTrk` from a byte on; says that something lies before it.
    fn next_track(&mut self, from: usize, expected: usize) -> usize {
        let rest = &self.bytes[from..];
        if rest.iter().all(|byte| *byte == 0) {
            return self.bytes.len();
        }
        match rest.windows(4).position(|it| it == b"MTrk") {
            Some(n) => {
                self.lose(
                    expected,
                    None,
                    format!("No track begins here; the next was found at byte {}.", from + n),
                );
                from + n
            }
            None => {
                self.lose(expected, None, "No track begins here, and none follows.".into());
                self.bytes.len()
            }
        }
    }

    fn note(&mut self, byte: usize, track: Option<usize>, sentence: String) {
        self.add(Damage { byte: byte as u64, track, sentence, is_loss: false });
    }

    fn lose(&mut self, byte: usize, track: Option<usize>, sentence: String) {
        self.add(Damage { byte: byte as u64, track, sentence, is_loss: true });
    }

    fn add(&mut self, damage: Damage) {
        if self.damages.len() < DAMAGES_MAX {
            self.damages.push(damage);
        }
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at + 2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at + 4)?;
        Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

/// A track that is being read: bytes `at..end` are left.
struct Track<'a, 'b> {
    reader: &'a mut Reader<'b>,
    idx: usize,
    at: usize,
    end: usize,
    n_damages: usize,
}

/// The track cannot be read any further.
struct Stop;

impl<'a, 'b> Track<'a, 'b> {
    /// The track between two bytes, and where reading stopped.
    fn read(
        reader: &'a mut Reader<'b>,
        start: usize,
        end: usize,
        idx: usize,
    ) -> (MidiTrack, usize) {
        let mut track = Self { reader, idx, at: start, end, n_damages: 0 };
        let mut events = Vec::new();
        let mut tick = 0u64;
        let mut running = None;
        let mut is_ended = false;
        while track.at < end {
            match track.event(&mut tick, &mut running) {
                Ok(Some(event)) => {
                    is_ended = event == Event::Meta(Meta::EndOfTrack);
                    events.push(TimedEvent { tick, event });
                    if is_ended {
                        break;
                    }
                }
                Ok(None) => {}
                Err(Stop) => break,
            }
        }
        let stop = track.at;
        if is_ended {
            if stop < end {
                let n = end - stop;
                track.reader.note(
                    stop,
                    Some(idx),
                    format!("{n} bytes follow after the end of the track; they were left out."),
                );
            }
        } else {
            if track.n_damages == 0 {
                track.reader.note(
                    stop,
                    Some(idx),
                    "The track has no end; it ends with its last event.".into(),
                );
            }
            events.push(TimedEvent { tick, event: Event::Meta(Meta::EndOfTrack) });
        }
        (MidiTrack { events }, stop)
    }

    /// The next event; none where something was skipped.
    fn event(&mut self, tick: &mut u64, running: &mut Option<u8>) -> Result<Option<Event>, Stop> {
        let delta = self.variable("the time before an event")?;
        *tick += u64::from(delta);
        let start = self.at;
        let Some(first) = self.peek() else { return Err(self.cut(start)) };
        let status = if first >= 0x80 {
            self.at += 1;
            first
        } else if let Some(status) = *running {
            status
        } else {
            self.at += 1;
            self.damage(
                start,
                format!("The value {first} stands where an event should begin; it was skipped."),
            )?;
            return Ok(None);
        };
        match status {
            0x80..=0xef => {
                *running = Some(status);
                self.channel_event(status).map(Some)
            }
            0xf0 | 0xf7 => {
                *running = None;
                let bytes = self.block("a system exclusive message")?;
                Ok(Some(if status == 0xf0 { Event::SysEx(bytes) } else { Event::Escape(bytes) }))
            }
            0xff => {
                *running = None;
                self.meta().map(Some)
            }
            _ => {
                // Messages of the wire that the standard keeps out of files; their lengths are known.
                let n: usize = match status {
                    0xf1 | 0xf3 => 1,
                    0xf2 => 2,
                    _ => 0,
                };
                self.at = (self.at + n).min(self.end);
                self.damage(
                    start,
                    format!(
                        "The status {status:#04x} does not belong into a file; it was skipped."
                    ),
                )?;
                Ok(None)
            }
        }
    }

    fn channel_event(&mut self, status: u8) -> Result<Event, Stop> {
        let channel = status & 0x0f;
        let first = self.value()?;
        Ok(match status >> 4 {
            0x8 => Event::NoteOff { channel, key: first, velocity: self.value()? },
            0x9 => Event::NoteOn { channel, key: first, velocity: self.value()? },
            0xa => Event::KeyPressure { channel, key: first, pressure: self.value()? },
            0xb => Event::Controller { channel, number: first, value: self.value()? },
            0xc => Event::Program { channel, program: first },
            0xd => Event::Pressure { channel, pressure: first },
            _ => {
                let high = self.value()?;
                let value = (i16::from(high) << 7) + i16::from(first) - 8192;
                Event::PitchWheel { channel, value }
            }
        })
    }

    fn meta(&mut self) -> Result<Event, Stop> {
        let start = self.at;
        let Some(kind) = self.peek() else { return Err(self.cut(start)) };
        self.at += 1;
        let bytes = self.block("a meta event")?;
        let meta = match (kind, bytes.as_slice()) {
            (0x00, []) => Meta::SequenceNumber(None),
            (0x00, &[high, low]) => Meta::SequenceNumber(Some(u16::from_be_bytes([high, low]))),
            (0x20, &[channel]) if channel < 16 => Meta::ChannelPrefix(channel),
            (0x21, &[port]) if port < 0x80 => Meta::Port(port),
            (0x2f, []) => Meta::EndOfTrack,
            (0x2f, _) => {
                self.reader.note(
                    start,
                    Some(self.idx),
                    "The end of the track has a content; it was left out.".into(),
                );
                Meta::EndOfTrack
            }
            (0x51, &[a, b, c]) => Meta::Tempo(u32::from_be_bytes([0, a, b, c])),
            (0x54, &[a, b, c, d, e]) => Meta::TimecodeOffset([a, b, c, d, e]),
            (
                0x58,
                &[numerator, denominator_power, clocks_per_click, thirty_seconds_per_quarter],
            ) => Meta::TimeSignature {
                numerator,
                denominator_power,
                clocks_per_click,
                thirty_seconds_per_quarter,
            },
            (0x59, &[sharps, minor @ (0 | 1)]) if (-7..=7).contains(&sharps.cast_signed()) => {
                Meta::KeySignature { sharps: sharps.cast_signed(), is_minor: minor == 1 }
            }
            (0x7f, _) => Meta::SequencerSpecific(bytes),
            (0x00 | 0x20 | 0x21 | 0x51 | 0x54 | 0x58 | 0x59, _) => {
                let n = bytes.len();
                self.reader.note(start, Some(self.idx), format!("A meta event of the kind {kind:#04x} has {n} bytes or values that the standard does not allow; it was kept as it is."));
                Meta::Other { kind, bytes }
            }
            (kind, _) => match TextKind::from_number(kind) {
                Some(kind) => Meta::Text { kind, bytes },
                None => Meta::Other { kind, bytes },
            },
        };
        Ok(Event::Meta(meta))
    }

    /// A value of 7 bits. One that has the eighth is read without it.
    fn value(&mut self) -> Result<u8, Stop> {
        let Some(value) = self.peek() else { return Err(self.cut(self.at)) };
        self.at += 1;
        if value >= 0x80 {
            let low = value & 0x7f;
            self.damage(self.at - 1, format!("The byte {value:#04x} stands where a value from 0 to 127 should; it was read as {low}."))?;
            return Ok(low);
        }
        Ok(value)
    }

    /// A length and as many bytes.
    fn block(&mut self, what: &str) -> Result<Vec<u8>, Stop> {
        let start = self.at;
        let n = self.variable("a length")? as usize;
        let Some(bytes) = self.reader.bytes[..self.end].get(self.at..self.at.saturating_add(n))
        else {
            let left = self.end - self.at;
            self.n_damages += 1;
            let sentence = format!(
                "The length of {what} is {n}, and the track has {left} bytes left; it was read up to here."
            );
            self.reader.lose(start, Some(self.idx), sentence);
            return Err(Stop);
        };
        self.at += n;
        Ok(bytes.to_vec())
    }

    /// A number of 7 bits a byte, at most four bytes.
    fn variable(&mut self, what: &str) -> Result<u32, Stop> {
        let start = self.at;
        let mut number = 0u32;
        for _ in 0..4 {
            let Some(byte) = self.peek() else { return Err(self.cut(start)) };
            self.at += 1;
            number = (number << 7) | u32::from(byte & 0x7f);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        self.n_damages += 1;
        let sentence = format!(
            "The number for {what} has more than four bytes; the track was read up to here."
        );
        self.reader.lose(start, Some(self.idx), sentence);
        Err(Stop)
    }

    fn peek(&self) -> Option<u8> {
        self.reader.bytes[..self.end].get(self.at).copied()
    }

    /// The track ends within an event.
    fn cut(&mut self, byte: usize) -> Stop {
        self.n_damages += 1;
        self.at = self.end;
        self.reader.lose(
            byte,
            Some(self.idx),
            "The track ends within an event; it was read up to here.".into(),
        );
        Stop
    }

    /// Notes a damage within the track, and stops where there are too many to trust the rest.
    fn damage(&mut self, byte: usize, sentence: String) -> Result<(), Stop> {
        self.n_damages += 1;
        self.reader.lose(byte, Some(self.idx), sentence);
        if self.n_damages < DAMAGES_OF_TRACK_MAX {
            return Ok(());
        }
        let sentence = format!(
            "It is the {DAMAGES_OF_TRACK_MAX}th damage of the track; it was read up to here."
        );
        self.reader.lose(byte, Some(self.idx), sentence);
        Err(Stop)
    }
}

#[cfg(test)]
mod tests;
