//! When things happen in a sound: onsets, tempo, beats, bars and sections.

mod meter;

pub use self::meter::Meter;
