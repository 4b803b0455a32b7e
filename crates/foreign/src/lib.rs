//! Readers of other programs' files, within bounds: gin configurations, LMDB datasets, TensorBoard events, projects
//! of audio workstations;
//! and writers of those that other programs read from us.
//!
//! Every reader assumes a hostile file: no length in it makes the reader allocate more than the file's
//! size, all recursion is bounded, and nothing in a file is executed. An [`Error`] names the file and the
//! byte, the line or the key.

pub mod audio_example;
pub mod daw;
mod error;
mod file;
pub mod gin;
pub mod lmdb;
mod protobuf;
pub mod tfevents;

pub use error::{Error, Position};
