//! A sound in words, and as a point that lies near those of similar sounds.
//!
//! Everything comes from numbers that [`measure`] finds in one pass over mel spectra; [`words()`] compares them with the
//! thresholds of one table, [`WORDS`], and [`Measures::place`] puts them on scales of their own.

mod measures;
mod place;
mod words;

pub(crate) use measures::mel_hz;
pub use measures::{Measures, measure};
pub use place::{PLACE_ENTRIES, distance};
pub use words::{Context, WORDS, Word, words};

#[cfg(test)]
mod tests;
