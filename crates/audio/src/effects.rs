//! Ways to change a sound without changing what it is, for variety in training: one file each.

pub(crate) mod compand;
pub(crate) mod phase;
pub(crate) mod speed;
