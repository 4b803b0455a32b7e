//! Augmentations: they vary a sound for training without changing its character. One file each.

pub(crate) mod compand;
pub(crate) mod phase;
pub(crate) mod speed;
