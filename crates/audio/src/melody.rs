//! The predominant melody of a mix: the pitch line that stands out most, and its notes.
//!
//! Source: Salamon and Gómez, "Melody extraction from polyphonic music signals using pitch contour characteristics"
//! (IEEE TASLP 2012): peaks of spectra (`spectral_peaks`), how salient each pitch is (`salience`), lines of pitch
//! (`contours`), and which of them are the melody (`choice`). Sections and equations in these files are its.

mod choice;
mod contours;
mod line_notes;
mod salience;
mod spectral_peaks;

use crate::{harmony::at_rate, notes::NoteEvent};

/// The rate at which a melody is looked for.
const RATE_HZ: u32 = 22_050;
/// Samples from frame to frame: 5.8 ms.
const HOP: usize = 128;
const HOP_SECS: f64 = HOP as f64 / RATE_HZ as f64;
/// Pitches are counted in bins of 10 cents from 55 Hz on, over five octaves (section III-B).
const LOWEST_HZ: f64 = 55.0;
const BINS_PER_OCTAVE: usize = 120;
const N_BINS: usize = 600;

/// The melody of a sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Melody {
    /// A frame every [`Melody::HOP`] samples at [`Melody::RATE_HZ`]; the first is centred on the first sample.
    pub frames: Vec<MelodyFrame>,
}

/// The melody in a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MelodyFrame {
    /// Its frequency in Hz; none where there is no melody.
    pub f0_hz: Option<f64>,
    /// The share of what is heard that this pitch explains with its harmonics, from 0 to 1.
    pub clarity: f64,
    /// How loud the pitch is with its harmonics; a full-scale sine at 1 kHz has about 1.
    pub salience: f32,
}

impl Melody {
    /// The rate at which it is found, whatever that of the sound is.
    pub const RATE_HZ: u32 = RATE_HZ;
    /// Samples at that rate from frame to frame.
    pub const HOP: usize = HOP;

    /// When a frame is, in seconds.
    #[must_use]
    pub fn time_secs(&self, frame_idx: usize) -> f64 {
        frame_idx as f64 * HOP_SECS
    }

    /// Its notes, one after the other: cut where the pitch moves on and where a note is struck again.
    #[must_use]
    pub fn notes(&self) -> Vec<NoteEvent> {
        line_notes::notes_of_line(&self.frames)
    }
}

/// The melody of one channel; nothing but unvoiced frames where no pitch stands out, as in silence and noise, and where
/// the pitch falls from every stroke on, as that of toms does.
///
/// Memory grows by about 40 kB a second.
#[must_use]
pub fn melody(samples: &[f32], rate_hz: u32) -> Melody {
    let samples = at_rate(samples, rate_hz, RATE_HZ);
    let frames = salience::salient_pitches(&samples);
    let contours = contours::contours(&frames);
    let line = choice::line(&contours, frames.len());
    let frame = |point: Option<contours::Point>| {
        point.map_or(MelodyFrame::default(), |point| MelodyFrame {
            f0_hz: Some(hz_from_bin(point.bin)),
            clarity: f64::from(point.clarity),
            salience: point.salience,
        })
    };
    let mut melody = Melody { frames: line.into_iter().map(frame).collect() };
    if line_notes::is_struck_skin(&melody.frames, &melody.notes()) {
        melody.frames.fill(MelodyFrame::default());
    }
    melody
}

fn hz_from_bin(bin: f32) -> f64 {
    LOWEST_HZ * (f64::from(bin) / BINS_PER_OCTAVE as f64).exp2()
}

#[cfg(test)]
mod tests;
