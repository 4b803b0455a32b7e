//! Notes: what is played in a sound, as pitches in time.
//!
//! | want | call | source |
//! |---|---|---|
//! | the notes of one voice | [`notes_of_voice`] | Mauch and others (2015), the note model of Tony |
//! | the notes of an instrument that plays several at once | [`notes_of_instrument`] | Vincent and others (2010), harmonic templates |
//! | which of these a sound is | [`texture()`] | – |
//!
//! Everything takes one channel at any rate.

mod instrument;
pub(crate) mod segments;
mod texture;
mod voice;

pub use instrument::notes_of_instrument;
pub use texture::{Texture, texture};
pub use voice::notes_of_voice;

/// A note that sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoteEvent {
    /// Where it starts, in seconds.
    pub start_secs: f64,
    /// Where it ends, in seconds.
    pub end_secs: f64,
    /// Its pitch, as a MIDI number with a fraction; 69 is the A at 440 Hz.
    pub midi: f64,
    /// How strongly it starts, from 1 to 127.
    pub velocity: u8,
}

/// The MIDI number of a frequency, with its fraction.
pub(crate) fn midi_from_hz(hz: f64) -> f64 {
    69.0 + 12.0 * (hz / 440.0).log2()
}

/// The frequency of a MIDI number.
fn hz_from_midi(midi: f64) -> f64 {
    440.0 * ((midi - 69.0) / 12.0).exp2()
}

/// A velocity for a level relative to the loudest: full at 0 dB, 1 at -50 dB.
fn velocity(gain: f32) -> u8 {
    let db = 20.0 * gain.max(1e-6).log10();
    (127.0 + db * 126.0 / 50.0).round().clamp(1.0, 127.0) as u8
}

#[cfg(test)]
mod tests;
