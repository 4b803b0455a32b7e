//! `dc_offset`: a wave that does not swing around 0.
//!
//! The median over blocks of half a second, so that a thump with a mean of its own does not count.

use super::{Check, Finding};

/// From this share of full scale on it is worth removing: -46 dB, audible as a click where sound starts.
const LEAST: f64 = 0.005;

pub(super) struct DcOffset {
    block: u64,
    n_in_block: u64,
    sums: Vec<f64>,
    /// Means of the blocks, channel by channel.
    means: Vec<Vec<f32>>,
}

impl DcOffset {
    pub(super) fn new(rate_hz: u32, n_channels: usize) -> Self {
        let block = u64::from(rate_hz / 2).max(1);
        Self { block, n_in_block: 0, sums: vec![0.0; n_channels], means: vec![vec![]; n_channels] }
    }
}

impl Check for DcOffset {
    fn push(&mut self, block: &[Vec<f32>]) {
        let n = block.first().map_or(0, Vec::len);
        let mut at = 0;
        while at < n {
            let more = (self.block - self.n_in_block).min((n - at) as u64) as usize;
            for (sum, channel) in self.sums.iter_mut().zip(block) {
                *sum += channel[at..at + more].iter().map(|x| f64::from(*x)).sum::<f64>();
            }
            at += more;
            self.n_in_block += more as u64;
            if self.n_in_block == self.block {
                self.n_in_block = 0;
                for (means, sum) in self.means.iter_mut().zip(&mut self.sums) {
                    means.push((std::mem::take(sum) / self.block as f64) as f32);
                }
            }
        }
    }

    fn finish(&mut self, secs: f64, findings: &mut Vec<Finding>) {
        let median = |means: &mut Vec<f32>| {
            means.sort_by(f32::total_cmp);
            means.get(means.len() / 2).map_or(0.0, |median| f64::from(*median))
        };
        let offset =
            self.means.iter_mut().map(median).fold(0.0f64, |worst, offset| {
                if offset.abs() > worst.abs() { offset } else { worst }
            });
        if offset.abs() < LEAST {
            return;
        }
        findings.push(Finding {
            kind: "dc_offset",
            start_s: 0.0,
            end_s: secs,
            sentence: format!(
                "It swings around {:+.1} % of full scale instead of 0: remove the DC offset, or high-pass it at 20 Hz.",
                100.0 * offset
            ),
        });
    }
}
