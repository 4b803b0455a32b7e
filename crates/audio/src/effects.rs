//! What is done to sound: variations for training, and what live play needs. One file each.

pub(crate) mod compand;
pub(crate) mod limiter;
pub(crate) mod phase;
pub(crate) mod pitch_shift;
pub(crate) mod speed;
pub(crate) mod true_peak_limiter;
