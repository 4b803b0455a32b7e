//! Files of other programs, read within bounds: gin configurations, LMDB datasets, TensorBoard events;
//! and written where others must read ours.
//!
//! Every reader takes what it is given for hostile: no length in a file makes it allocate more than the
//! file has, nothing recurses without a bound, and nothing that a file contains is run. What is wrong is
//! an [`Error`] that names the file and the byte, the line or the key.

pub mod audio_example;
mod error;
mod file;
pub mod gin;
pub mod lmdb;
mod protobuf;
pub mod tfevents;

pub use error::{Error, Place};
