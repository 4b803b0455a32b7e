//! The dataset format: sound in chunks with an index, written by `prepare`, read by `train`.
//!
//! [`api::DatasetIndex`] describes the files. The index is written last, under a temporary name
//! first, so a folder with a `dataset.json` is a complete dataset.

mod groups;
mod ingest;
mod read;
mod sound;
mod write;

pub(crate) use groups::Search;
pub(crate) use ingest::{Ingest, Ingested, Shaper};
pub(crate) use read::Dataset;
pub(crate) use sound::{PreparedSound, Room};
pub(crate) use write::{About, DatasetWriter, hex};

/// The index's file name.
pub(crate) const INDEX: &str = "dataset.json";
/// The peaks' file name.
pub(crate) const PEAKS: &str = "peaks.bin";

/// The name of a temporary file for a sound's samples, removed before the dataset is complete.
pub(crate) fn spill_name(sound: usize) -> String {
    format!("reading-{sound}.pcm")
}

/// Whether a file is such a temporary one.
fn is_spill(name: &str) -> bool {
    let number = name.strip_prefix("reading-").and_then(|rest| rest.strip_suffix(".pcm"));
    number.is_some_and(|number| number.parse::<usize>().is_ok())
}

/// The file name of a chunk of sound.
pub(crate) fn chunk_name(chunk: u32) -> String {
    format!("sound-{chunk:03}.pcm")
}
