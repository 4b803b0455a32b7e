//! Loudness and faults of an analysis, heard block by block at the file's own rate.

use api::Analysis;
use audio::Loudness;

/// What hears every block.
pub(super) struct Listener {
    loudness: Loudness,
}

impl Listener {
    pub(super) fn new(rate_hz: u32, n_channels: usize) -> Self {
        Self { loudness: Loudness::new(rate_hz, n_channels) }
    }

    /// Takes the next block, `[channels][frames]`.
    pub(super) fn push(&mut self, block: &[Vec<f32>]) {
        self.loudness.push(block);
    }

    /// Fills in what was found.
    pub(super) fn fill(self, analysis: &mut Analysis) {
        analysis.loudness_lufs = self.loudness.integrated_lufs();
    }
}
