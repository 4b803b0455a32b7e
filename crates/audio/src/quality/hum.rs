//! `hum`: the mains, at 50 or 60 Hz and whole multiples of it, through all of a sound.
//!
//! Music comes and goes, the mains stay: of each bin of the spectrum up to 500 Hz the tenth of the frames with least
//! power is looked at, and where that stands out of its neighbours at several multiples there is hum.

use super::{Check, Finding, mixed};
use crate::spectrum::Stft;

const MAINS_HZ: [f64; 2] = [50.0, 60.0];
/// Multiples that are looked at.
const N_MULTIPLES: usize = 8;
/// Of which so many must stand out.
const FEWEST: usize = 3;
/// By how much a bin must stand out of its neighbours, in dB.
const STANDS_OUT_DB: f64 = 12.0;
/// What is quieter is not heard, in dB below full scale.
const QUIETEST_DB: f64 = -90.0;
/// How far neighbours are, in Hz.
const NEIGHBOURS_HZ: [f64; 2] = [4.0, 14.0];
/// Frames that are needed, half a second each.
const FEWEST_FRAMES: usize = 6;
/// Frames that are kept; beyond it every other one is dropped.
const MOST_FRAMES: usize = 1024;
/// The share of the frames with least power.
const QUIET_SHARE: f64 = 0.1;

pub(super) struct Hum {
    bin_hz: f64,
    n_fft: usize,
    n_bins: usize,
    stft: Stft,
    waiting: Vec<f32>,
    mix: Vec<f32>,
    magnitudes: Vec<f32>,
    /// Magnitudes of the frames that are kept, `[frames][bins]`.
    frames: Vec<f32>,
    /// Of so many frames one is kept.
    stride: u64,
    n_frames: u64,
}

impl Hum {
    pub(super) fn new(rate_hz: u32) -> Self {
        // At least a second, so that bins are closer than 1 Hz.
        let n_fft = (rate_hz as usize).next_power_of_two();
        let bin_hz = f64::from(rate_hz) / n_fft as f64;
        let top_hz = MAINS_HZ[1] * N_MULTIPLES as f64 + NEIGHBOURS_HZ[1] + 2.0;
        let n_bins = ((top_hz / bin_hz).ceil() as usize).min(n_fft / 2);
        Self {
            bin_hz,
            n_fft,
            n_bins,
            stft: Stft::new(n_fft),
            waiting: vec![],
            mix: vec![],
            magnitudes: vec![],
            frames: vec![],
            stride: 1,
            n_frames: 0,
        }
    }

    fn keep(&mut self) {
        if self.n_frames.is_multiple_of(self.stride) {
            self.frames.extend_from_slice(&self.magnitudes[..self.n_bins]);
        }
        self.n_frames += 1;
        if self.frames.len() >= MOST_FRAMES * self.n_bins {
            let frames = std::mem::take(&mut self.frames);
            let every_other = frames.chunks_exact(self.n_bins).step_by(2);
            self.frames = every_other.flatten().copied().collect();
            self.stride *= 2;
        }
    }

    /// The magnitude that each bin has in the quietest tenth of the frames.
    fn floor(&self) -> Vec<f32> {
        let n_frames = self.frames.len() / self.n_bins;
        let rank = ((n_frames - 1) as f64 * QUIET_SHARE).round() as usize;
        let of_bin = |bin: usize| {
            let mut values: Vec<f32> =
                self.frames.chunks_exact(self.n_bins).map(|frame| frame[bin]).collect();
            *values.select_nth_unstable_by(rank, f32::total_cmp).1
        };
        (0..self.n_bins).map(of_bin).collect()
    }

    /// The level at a multiple of the mains in dB, if it stands out.
    fn level_db(&self, floor: &[f32], hz: f64) -> Option<f64> {
        let bins = |from_hz: f64, to_hz: f64| {
            let bin = |hz: f64| ((hz / self.bin_hz).round().max(0.0) as usize).min(floor.len());
            &floor[bin(from_hz)..bin(to_hz)]
        };
        let peak = bins(hz - 1.0, hz + 1.0 + self.bin_hz).iter().copied().fold(0.0, f32::max);
        let [near, far] = NEIGHBOURS_HZ;
        let mut neighbours = [bins(hz - far, hz - near), bins(hz + near, hz + far)].concat();
        neighbours.sort_by(f32::total_cmp);
        let middle = f64::from(*neighbours.get(neighbours.len() / 2)?);
        let level = crate::db_from_gain(f64::from(peak));
        let stands_out = level - crate::db_from_gain(middle) >= STANDS_OUT_DB;
        (stands_out && level >= QUIETEST_DB).then_some(level)
    }
}

impl Check for Hum {
    fn push(&mut self, block: &[Vec<f32>]) {
        mixed(block, &mut self.mix);
        self.waiting.extend_from_slice(&self.mix);
        let mut at = 0;
        while at + self.n_fft <= self.waiting.len() {
            let frame = self.waiting[at..at + self.n_fft].iter().copied();
            self.magnitudes.clear();
            self.stft.magnitudes(frame, &mut self.magnitudes);
            self.keep();
            at += self.n_fft / 2;
        }
        self.waiting.drain(..at);
    }

    fn finish(&mut self, secs: f64, findings: &mut Vec<Finding>) {
        if self.frames.len() < FEWEST_FRAMES * self.n_bins {
            return;
        }
        let floor = self.floor();
        let levels = |mains: f64| -> Vec<(usize, f64)> {
            let multiples = (1..=N_MULTIPLES)
                .filter_map(|k| Some((k, self.level_db(&floor, mains * k as f64)?)));
            multiples.collect()
        };
        // The mains themselves or their first multiple are there: a chord has multiples too, but of another pitch.
        let is_hum = |found: &[(usize, f64)]| found.len() >= FEWEST && found[0].0 <= 2;
        let found = MAINS_HZ.map(|mains| (mains, levels(mains)));
        let most = found.iter().filter(|(_, found)| is_hum(found)).max_by_key(|it| it.1.len());
        let Some((mains, found)) = most else { return };
        let loudest = found.iter().map(|it| it.1).fold(f64::NEG_INFINITY, f64::max);
        findings.push(Finding {
            kind: "hum",
            start_s: 0.0,
            end_s: secs,
            sentence: format!(
                "It hums at {mains} Hz and {} multiples of it, {:.0} dB below full scale: remove them with notch \
                 filters, and look for a ground loop before you record again.",
                found.len() - usize::from(found[0].0 == 1),
                -loudest
            ),
        });
    }
}
