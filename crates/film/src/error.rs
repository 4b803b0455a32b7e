//! What can go wrong with a film, by what helps against it.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// Why there is no film or no picture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// H.264 in 4:2:0 has one colour for four pixels, and the encoder has limits.
    #[error(
        "make a film of {width}x{height} pixels: both must be even, at least 16, and at most 3840 by 2160 \
         (or 2160 by 3840)"
    )]
    Size {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Frames a second outside of what players can show.
    #[error("make a film of {frames_per_sec} frames a second: 1 to 240 are possible")]
    Rate {
        /// What was asked for.
        frames_per_sec: u32,
    },
    /// A picture of another size than the film.
    #[error("add a picture of {width}x{height} pixels to a film of {film_width}x{film_height}")]
    Picture {
        /// Pixels in a row of the picture.
        width: usize,
        /// Rows of the picture.
        height: usize,
        /// Pixels in a row of the film.
        film_width: usize,
        /// Rows of the film.
        film_height: usize,
    },
    /// A film without a frame has no length and cannot be played.
    #[error("finish a film without a single frame")]
    Empty,
    /// More frames than the times in the file can count (77 hours at 60 frames a second).
    #[error("add another frame: a film has at most {max} frames")]
    TooLong {
        /// The most frames a film has.
        max: u32,
    },
    /// An earlier error left the film incomplete; it can only be dropped.
    #[error("go on with a film after an error")]
    Broken,
    /// The encoder refused, which it does only when memory runs out or it has a bug.
    #[error("encode a frame as H.264: {0}")]
    Encoder(#[source] openh264::Error),
    /// The encoder returned a stream that an MP4 cannot hold; a bug in it.
    #[error("encode a frame as H.264: {0}")]
    Stream(&'static str),
    /// The disk, or the share of it that the user may fill, is full. Space must be freed first.
    #[error("write {path}: {source}")]
    DiskFull {
        /// The file that was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file or its folder cannot be written, for any other reason.
    #[error("write {path}: {source}")]
    File {
        /// The file that was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// An error about a file, sorted by whether freeing space helps.
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path, source },
            _ => Self::File { path, source },
        }
    }
}
