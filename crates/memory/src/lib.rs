//! A memory of sounds: vectors that are found by similarity, patterns with their facts, and what a person's ratings
//! teach. It knows no sound and no tensors: whoever computes vectors gives them as numbers.
//!
//! | want | call |
//! |---|---|
//! | patterns, vectors and ratings in one folder | [`Memory`] |
//! | vectors on disk, added and deleted while others search | [`Space`] |
//! | the nearest of them | [`Snapshot::search`] |
//! | the nearest as a person's ratings have it, with why | [`Taste`] |
//! | what is known of a part of a sound | [`Pattern`] |
//! | what a person looks for, in words | [`Wanted`] |
//! | all of it as one file | [`write_library`], [`read_library`] |

mod codes;
mod error;
mod files;
mod journal;
mod kernels;
mod library_file;
mod log;
mod map;
mod memory;
mod pattern;
mod rows;
mod snapshot;
mod space;
mod taste;
#[cfg(test)]
mod testing;
mod wanted;

pub use api::{Pattern, PatternId};
pub use error::Error;
pub use library_file::{
    LIBRARY_FORMAT, Library, PATTERNS_MAX, RATINGS_MAX, SOUND_BYTES_MAX, read_library,
    write_library,
};
pub use map::{Plane, plane};
pub use memory::{Memory, MemoryChecked, Vectors};
pub use pattern::check_pattern;
pub use rows::RowSet;
pub use snapshot::{Found, Snapshot};
pub use space::{Added, Checked, SPACE_FORMAT, Space, SpaceName};
pub use taste::{Metric, Pair, Ranked, Rating, Tally, Taste, Why};
pub use wanted::{Fit, Measure, Range, Wanted};

/// Makes a vector one long; one that is, up to rounding, or that has no direction, stays as it is.
pub fn unit(vector: &mut [f32]) {
    let square: f64 = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    if square > 1e-30 && (square - 1.0).abs() > 1e-6 {
        let scale = square.sqrt().recip();
        vector.iter_mut().for_each(|x| *x = (f64::from(*x) * scale) as f32);
    }
}
