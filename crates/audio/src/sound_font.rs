//! [`SoundFontPlayer`]: a user's `SoundFont` (SF2) plays MIDI messages, with the library rustysynth.
//!
//! A `SoundFont` comes from anywhere. Its chunks are checked against the file's size before the library reads it,
//! because a length makes the library allocate; and should it panic, that is an error here.
//!
//! Source of the checks: "SoundFont Technical Specification 2.04" (E-mu, 2006), section 4.

use std::{
    cell::Cell,
    io::Cursor,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::{Arc, Once},
};

use rustysynth::{SoundFont, Synthesizer, SynthesizerSettings};

/// A `SoundFont` cannot be used. Messages follow "failed to …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoundFontError {
    /// It is damaged, or a file of another kind.
    #[error("read the SoundFont: {0}")]
    Malformed(String),
    /// The rate is not one that the player has.
    #[error("play at {0} Hz: a SoundFont plays at 16000 to 192000 Hz")]
    Rate(u32),
    /// The player failed on what is in it.
    #[error("play the SoundFont: what is in it contradicts itself")]
    Unplayable,
}

/// A `SoundFont` that plays.
pub struct SoundFontPlayer {
    synthesizer: Synthesizer,
    name: String,
    is_broken: bool,
}

impl SoundFontPlayer {
    /// A player of the bytes of a file.
    ///
    /// # Errors
    /// When it is damaged, of another kind, or does not play at this rate.
    pub fn new(bytes: &[u8], rate_hz: u32) -> Result<Self, SoundFontError> {
        let malformed = |reason: &str| SoundFontError::Malformed(reason.to_owned());
        check(bytes).map_err(|reason| malformed(&reason))?;
        if !(16_000..=192_000).contains(&rate_hz) {
            return Err(SoundFontError::Rate(rate_hz));
        }
        let opened = quietly(|| {
            let font = SoundFont::new(&mut Cursor::new(bytes)).map_err(|it| it.to_string())?;
            let font = Arc::new(font);
            let settings = SynthesizerSettings::new(rate_hz.cast_signed());
            let player = Synthesizer::new(&font, &settings).map_err(|it| it.to_string())?;
            Ok::<_, String>((player, font.get_info().get_bank_name().to_owned()))
        });
        match opened {
            Ok(Ok((synthesizer, name))) => Ok(Self { synthesizer, name, is_broken: false }),
            Ok(Err(reason)) => Err(malformed(&reason)),
            Err(()) => Err(malformed("what is in it contradicts itself")),
        }
    }

    /// Its name, as the file says it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes a message of a channel, whose status has the channel in its low half.
    ///
    /// # Errors
    /// When the player fails on what is in the file.
    pub fn send(&mut self, message: [u8; 3]) -> Result<(), SoundFontError> {
        let [status, first, second] = message.map(i32::from);
        self.guarded(|it| it.process_midi_message(status & 0x0f, status & 0xf0, first, second))
    }

    /// The next frames of both channels, which are as long as each other.
    ///
    /// # Errors
    /// When the player fails on what is in the file.
    pub fn play(&mut self, left: &mut [f32], right: &mut [f32]) -> Result<(), SoundFontError> {
        self.guarded(|it| it.render(left, right))?;
        // A hostile file may make numbers that are none.
        left.iter_mut().chain(right).filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
        Ok(())
    }

    fn guarded(&mut self, act: impl FnOnce(&mut Synthesizer)) -> Result<(), SoundFontError> {
        if self.is_broken {
            return Err(SoundFontError::Unplayable);
        }
        let synthesizer = &mut self.synthesizer;
        quietly(|| act(synthesizer)).map_err(|()| {
            self.is_broken = true;
            SoundFontError::Unplayable
        })
    }
}

thread_local! {
    /// Whether a panic of this thread is expected, and so not worth a message.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does something that may panic, without the message that a panic writes.
fn quietly<T>(act: impl FnOnce() -> T) -> Result<T, ()> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_GUARDED.get() {
                usual(info);
            }
        }));
    });
    IS_GUARDED.set(true);
    let done = catch_unwind(AssertUnwindSafe(act));
    IS_GUARDED.set(false);
    done.map_err(|_| ())
}

/// Whether every chunk lies in the one around it.
fn check(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"sfbk" {
        return Err("it does not begin as one (RIFF, sfbk)".into());
    }
    let mut at = 12;
    while at + 8 <= bytes.len() {
        let end = end_of(bytes, at, bytes.len())?;
        if &bytes[at..at + 4] == b"LIST" && end >= at + 12 {
            let mut inner = at + 12;
            while inner + 8 <= end {
                inner = end_of(bytes, inner, end)?;
            }
        }
        at = end;
    }
    Ok(())
}

/// The end of the chunk at a byte, which must lie before another.
fn end_of(bytes: &[u8], at: usize, most: usize) -> Result<usize, String> {
    let size = u32::from_le_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]]);
    let end = (at + 8).saturating_add(size as usize);
    if end > most {
        return Err(format!(
            "the chunk at byte {at} says {size} bytes, and {} are left",
            most - at - 8
        ));
    }
    Ok(end)
}

#[cfg(test)]
mod tests;
