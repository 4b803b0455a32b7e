//! `silence`: nothing to hear at the beginning, at the end, or for a while in between.

use super::{Check, Finding, Stretches};

/// What is quieter is silent, -70 dB: the absolute gate of EBU R 128, here for peaks.
const SILENT: f32 = 3.2e-4;
/// Silence that counts at the beginning and at the end, in seconds.
const AT_ENDS_SECS: f64 = 1.0;
/// Silence that counts in between, in seconds: more than a rest.
const BETWEEN_SECS: f64 = 3.0;

pub(super) struct Silence {
    rate_hz: u32,
    n_samples: u64,
    /// Where the current silence began.
    since: u64,
    silent: Stretches,
}

impl Silence {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self { rate_hz, n_samples: 0, since: 0, silent: Stretches::new(0) }
    }

    fn end_silence(&mut self, at: u64, least_secs: f64) {
        let n = at - self.since;
        if n as f64 >= least_secs * f64::from(self.rate_hz) {
            self.silent.add(self.since, at, n);
        }
    }
}

impl Check for Silence {
    fn push(&mut self, block: &[Vec<f32>]) {
        let n = block.first().map_or(0, Vec::len);
        for at in 0..n {
            if block.iter().any(|channel| channel[at].abs() >= SILENT) {
                let now = self.n_samples + at as u64;
                let least_secs = if self.since == 0 { AT_ENDS_SECS } else { BETWEEN_SECS };
                self.end_silence(now, least_secs);
                self.since = now + 1;
            }
        }
        self.n_samples += n as u64;
    }

    fn finish(&mut self, secs: f64, findings: &mut Vec<Finding>) {
        if self.since == 0 && self.n_samples > 0 {
            let sentence =
                "There is nothing to hear in it: it is silent from beginning to end.".to_owned();
            findings.push(Finding { kind: "silence", start_s: 0.0, end_s: secs, sentence });
            return;
        }
        self.end_silence(self.n_samples, AT_ENDS_SECS);
        let silent = std::mem::replace(&mut self.silent, Stretches::new(0));
        silent.report("silence", self.rate_hz, findings, |secs, _| {
            format!("{secs:.1} s are silent: cut them off unless they are meant to be there.")
        });
    }
}
