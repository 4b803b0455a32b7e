//! Loudness and faults of an analysis, heard block by block at the file's own rate.

use api::{Analysis, SoundFinding};
use audio::quality::QualityCheck;

/// What hears every block.
pub(super) struct Listener(QualityCheck);

impl Listener {
    pub(super) fn new(rate_hz: u32, n_channels: usize) -> Self {
        Self(QualityCheck::new(rate_hz, n_channels))
    }

    /// Takes the next block, `[channels][frames]`.
    pub(super) fn push(&mut self, block: &[Vec<f32>]) {
        self.0.push(block);
    }

    /// Fills in what was found.
    pub(super) fn fill(self, analysis: &mut Analysis) {
        let found = self.0.finish();
        analysis.loudness_lufs = found.loudness_lufs;
        analysis.loudness_range_lu = found.loudness_range_lu;
        analysis.true_peak_dbtp = found.true_peak_dbtp;
        let finding = |it: audio::quality::Finding| SoundFinding {
            kind: it.kind.to_owned(),
            start_s: it.start_s,
            end_s: it.end_s,
            sentence: it.sentence,
        };
        analysis.findings = found.findings.into_iter().map(finding).collect();
    }
}
