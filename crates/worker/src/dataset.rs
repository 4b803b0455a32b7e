//! The dataset format: sound in chunks with an index, written by `prepare`, read by `train`.
//!
//! [`api::DatasetIndex`] describes the files. The index is written last, under a temporary name
//! first, so a folder with a `dataset.json` is a whole dataset.

mod read;
mod write;

pub(crate) use read::Dataset;
pub(crate) use write::{DatasetWriter, PreparedSound, hex};

/// The index's file name.
pub(crate) const INDEX: &str = "dataset.json";
/// The peaks' file name.
pub(crate) const PEAKS: &str = "peaks.bin";

/// The file name of a chunk of sound.
pub(crate) fn chunk_name(chunk: u32) -> String {
    format!("sound-{chunk:03}.pcm")
}
