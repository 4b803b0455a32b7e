//! Writes MIDI files, with running status.

use super::{Division, Event, Format, Meta, MidiFile, MidiTrack};

/// The longest time between two events that the format can say.
const DELTA_MAX: u64 = 0x0fff_ffff;

/// The bytes of a file. Each track gets an end if it has none; values out of range are cut to it.
///
/// Reading them again gives the same file, if its events were in order and in range.
pub fn write_midi(file: &MidiFile) -> Vec<u8> {
    let format: u16 = match file.format {
        Format::Single if file.tracks.len() == 1 => 0,
        Format::Single | Format::Parallel => 1,
        Format::Sequential => 2,
    };
    let n_tracks = file.tracks.len().min(65_535);
    let division = match file.division {
        Division::PerQuarter(ticks) => ticks.clamp(1, 0x7fff),
        Division::Timecode { frames, ticks } => u16::from_be_bytes([frames.wrapping_neg(), ticks]),
    };
    let mut out = b"MThd\0\0\0\x06".to_vec();
    for number in [format, n_tracks as u16, division] {
        out.extend(number.to_be_bytes());
    }
    for track in &file.tracks[..n_tracks] {
        let bytes = track_bytes(track);
        out.extend(b"MTrk");
        out.extend((bytes.len() as u32).to_be_bytes());
        out.extend(bytes);
    }
    out
}

/// The content of a track's chunk.
pub(super) fn track_bytes(track: &MidiTrack) -> Vec<u8> {
    let mut out = Vec::new();
    let mut running = None;
    let mut last = 0;
    let mut is_ended = false;
    for timed in &track.events {
        let mut delta = timed.tick.saturating_sub(last);
        last = last.max(timed.tick);
        while delta > DELTA_MAX {
            // An empty text: an event that says nothing, so that the time can be said in two parts.
            variable(&mut out, DELTA_MAX as u32);
            out.extend([0xff, 0x01, 0]);
            running = None;
            delta -= DELTA_MAX;
        }
        variable(&mut out, delta as u32);
        event(&mut out, &timed.event, &mut running);
        is_ended = timed.event == Event::Meta(Meta::EndOfTrack);
        if is_ended {
            break;
        }
    }
    if !is_ended {
        out.extend([0, 0xff, 0x2f, 0]);
    }
    out
}

fn event(out: &mut Vec<u8>, event: &Event, running: &mut Option<u8>) {
    let mut channel_event = |kind: u8, channel: u8, values: &[u8]| {
        let status = kind | (channel & 0x0f);
        if *running != Some(status) {
            out.push(status);
            *running = Some(status);
        }
        out.extend(values.iter().map(|value| (*value).min(0x7f)));
    };
    match event {
        Event::NoteOff { channel, key, velocity } => {
            channel_event(0x80, *channel, &[*key, *velocity])
        }
        Event::NoteOn { channel, key, velocity } => {
            channel_event(0x90, *channel, &[*key, *velocity])
        }
        Event::KeyPressure { channel, key, pressure } => {
            channel_event(0xa0, *channel, &[*key, *pressure])
        }
        Event::Controller { channel, number, value } => {
            channel_event(0xb0, *channel, &[*number, *value])
        }
        Event::Program { channel, program } => channel_event(0xc0, *channel, &[*program]),
        Event::Pressure { channel, pressure } => channel_event(0xd0, *channel, &[*pressure]),
        Event::PitchWheel { channel, value } => {
            let value = (i32::from(*value) + 8192).clamp(0, 0x3fff);
            channel_event(0xe0, *channel, &[(value & 0x7f) as u8, (value >> 7) as u8]);
        }
        Event::SysEx(bytes) | Event::Escape(bytes) => {
            *running = None;
            out.push(if matches!(event, Event::SysEx(_)) { 0xf0 } else { 0xf7 });
            block(out, bytes);
        }
        Event::Meta(it) => {
            *running = None;
            out.push(0xff);
            meta(out, it);
        }
    }
}

fn meta(out: &mut Vec<u8>, meta: &Meta) {
    let mut put = |kind: u8, bytes: &[u8]| {
        out.push(kind);
        block(out, bytes);
    };
    match meta {
        Meta::SequenceNumber(None) => put(0x00, &[]),
        Meta::SequenceNumber(Some(number)) => put(0x00, &number.to_be_bytes()),
        Meta::Text { kind, bytes } => put(*kind as u8, bytes),
        Meta::ChannelPrefix(channel) => put(0x20, &[*channel & 0x0f]),
        Meta::Port(port) => put(0x21, &[*port & 0x7f]),
        Meta::EndOfTrack => put(0x2f, &[]),
        Meta::Tempo(quarter_us) => put(0x51, &(*quarter_us).min(0xff_ffff).to_be_bytes()[1..]),
        Meta::TimecodeOffset(bytes) => put(0x54, bytes),
        Meta::TimeSignature {
            numerator,
            denominator_power,
            clocks_per_click,
            thirty_seconds_per_quarter,
        } => put(
            0x58,
            &[*numerator, *denominator_power, *clocks_per_click, *thirty_seconds_per_quarter],
        ),
        Meta::KeySignature { sharps, is_minor } => {
            put(0x59, &[(*sharps).clamp(-7, 7).cast_unsigned(), u8::from(*is_minor)]);
        }
        Meta::SequencerSpecific(bytes) => put(0x7f, bytes),
        Meta::Other { kind, bytes } => put(*kind, bytes),
    }
}

/// A length and the bytes.
fn block(out: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(DELTA_MAX as usize)];
    variable(out, bytes.len() as u32);
    out.extend(bytes);
}

/// A number of at most 28 bits, 7 a byte, all but the last with the eighth bit.
fn variable(out: &mut Vec<u8>, number: u32) {
    for shift in [21, 14, 7] {
        if number >> shift != 0 {
            out.push(0x80 | (number >> shift & 0x7f) as u8);
        }
    }
    out.push((number & 0x7f) as u8);
}
