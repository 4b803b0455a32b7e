//! The built-in sample sounds.

use crate::{Clip, Rng};

/// The built-in sample sounds.
pub fn sample_sounds(seed: u64) -> Vec<(String, Clip)> {
    let mut rng = Rng::new(seed);
    let channel = (0..44_100).map(|_| rng.uniform(-0.1, 0.1)).collect();
    vec![("noise.wav".into(), Clip { rate_hz: 44_100, channels: vec![channel] })]
}
