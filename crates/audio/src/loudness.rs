//! Loudness as people hear it: [`Loudness`], the integrated loudness of a programme.

use std::f64::consts::PI;

use crate::Clip;

/// Gating blocks below this are silence, in LUFS. Source: ITU-R BS.1770-4, annex 1.
const ABSOLUTE_GATE_LUFS: f64 = -70.0;
/// Gating blocks so far below the mean do not count, in LU. Source: as above.
const RELATIVE_GATE_LU: f64 = -10.0;
/// A 1 kHz sine passes the K-weighting louder by this, in dB. Source: as above, eq. 2.
const OFFSET_LUFS: f64 = -0.691;
/// A gating block is four steps of a tenth of a second: 400 ms, overlapping by 75 %.
const STEPS_A_BLOCK: usize = 4;
/// Short-term loudness is over 3 s. Source: EBU Tech 3342, section 2.
const STEPS_A_SHORT_TERM: usize = 30;
/// What is so far below the mean does not count for the loudness range, in LU. Source: as above.
const RANGE_GATE_LU: f64 = -20.0;

/// Integrated loudness of a sound that comes in blocks, by ITU-R BS.1770-4 and EBU R 128, at any rate.
///
/// Sound is K-weighted, measured in blocks of 400 ms, and gated: what is below -70 LUFS, and then what is more than
/// 10 LU below the mean of the rest, does not count. A single channel counts once, so a sound is 3 LU louder with the
/// same samples in both channels. The result does not depend on how the sound is cut into blocks.
#[derive(Clone, Debug)]
pub struct Loudness {
    rate_hz: u32,
    channels: Vec<Channel>,
    /// Samples so far, and in the current step.
    n_samples: u64,
    n_in_step: u64,
    /// Mean squares of the steps so far, weighted and summed over channels.
    steps: Vec<f64>,
}

#[derive(Clone, Debug)]
struct Channel {
    weight: f64,
    shelf: Biquad,
    high_pass: Biquad,
    /// Sum of squares in the current step.
    energy: f64,
}

impl Loudness {
    /// Of a sound at a rate, with channels in the order of [`Clip::channels`].
    ///
    /// # Panics
    /// If the rate is below 10 Hz.
    #[must_use]
    pub fn new(rate_hz: u32, n_channels: usize) -> Self {
        assert!(rate_hz >= 10, "a step of a tenth of a second has at least one sample");
        let rate = f64::from(rate_hz);
        let channel = |idx| Channel {
            weight: weight(idx, n_channels),
            shelf: head_shelf(rate),
            high_pass: high_pass(rate),
            energy: 0.0,
        };
        let channels = (0..n_channels).map(channel).collect();
        Self { rate_hz, channels, n_samples: 0, n_in_step: 0, steps: vec![] }
    }

    /// Takes the next block, `[channels][frames]`, all equally long. What is not a number counts as silence.
    ///
    /// # Panics
    /// If there are fewer channels than were announced.
    pub fn push<C: AsRef<[f32]>>(&mut self, block: &[C]) {
        assert!(block.len() >= self.channels.len(), "channels");
        let n = block.first().map_or(0, |channel| channel.as_ref().len());
        let mut at = 0;
        while at < n {
            let end = (self.steps.len() as u64 + 1) * u64::from(self.rate_hz) / 10;
            let n_now = usize::try_from(end - self.n_samples).unwrap_or(n).min(n - at);
            for (channel, samples) in self.channels.iter_mut().zip(block) {
                channel.push(&samples.as_ref()[at..at + n_now]);
            }
            at += n_now;
            self.n_samples += n_now as u64;
            self.n_in_step += n_now as u64;
            if self.n_samples == end {
                let n_in_step = std::mem::take(&mut self.n_in_step) as f64;
                let energies = self.channels.iter_mut();
                let sum: f64 = energies.map(|it| it.weight * std::mem::take(&mut it.energy)).sum();
                self.steps.push(sum / n_in_step);
            }
        }
    }

    /// The loudness range so far, in LU: how far apart quiet and loud parts are; none for less than 3 s, and for silence.
    ///
    /// Loudness over 3 s, ten times a second; what is below -70 LUFS, and then what is more than 20 LU below the mean of
    /// the rest, does not count; the range is from the 10th to the 95th of a hundred. Source: EBU Tech 3342.
    #[must_use]
    pub fn range_lu(&self) -> Option<f64> {
        let is_loud = |power: &f64| lufs_from_power(*power) >= ABSOLUTE_GATE_LUFS;
        let blocks: Vec<f64> = self
            .steps
            .windows(STEPS_A_SHORT_TERM)
            .map(|steps| steps.iter().sum::<f64>() / STEPS_A_SHORT_TERM as f64)
            .filter(is_loud)
            .collect();
        let gate = lufs_from_power(mean(blocks.iter().copied())?) + RANGE_GATE_LU;
        let mut levels: Vec<f64> =
            blocks.into_iter().map(lufs_from_power).filter(|lufs| *lufs >= gate).collect();
        levels.sort_by(f64::total_cmp);
        let at = |share: f64| levels[((levels.len() - 1) as f64 * share).round() as usize];
        Some(at(0.95) - at(0.1))
    }

    /// The integrated loudness so far, in LUFS; none for less than 0.4 s, and for silence.
    #[must_use]
    pub fn integrated_lufs(&self) -> Option<f64> {
        let blocks: Vec<f64> = self
            .steps
            .windows(STEPS_A_BLOCK)
            .map(|steps| steps.iter().sum::<f64>() / STEPS_A_BLOCK as f64)
            .filter(|power| lufs_from_power(*power) >= ABSOLUTE_GATE_LUFS)
            .collect();
        let gate = lufs_from_power(mean(blocks.iter().copied())?) + RELATIVE_GATE_LU;
        let loud = blocks.into_iter().filter(|power| lufs_from_power(*power) >= gate);
        mean(loud).map(lufs_from_power)
    }
}

/// The integrated loudness of a clip, in LUFS: see [`Loudness`].
#[must_use]
pub fn loudness_lufs(clip: &Clip) -> Option<f64> {
    let mut loudness = Loudness::new(clip.rate_hz, clip.channels.len());
    loudness.push(&clip.channels);
    loudness.integrated_lufs()
}

impl Channel {
    fn push(&mut self, samples: &[f32]) {
        for sample in samples {
            let x = if sample.is_finite() { f64::from(*sample) } else { 0.0 };
            let weighted = self.high_pass.next(self.shelf.next(x));
            self.energy += weighted * weighted;
        }
    }
}

fn mean(powers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = powers.fold((0.0, 0u32), |(sum, n), power| (sum + power, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}

fn lufs_from_power(power: f64) -> f64 {
    OFFSET_LUFS + 10.0 * power.log10()
}

/// How much a channel counts: those behind the listener 1.41, one for low-frequency effects not at all. Source:
/// ITU-R BS.1770-4, table 3, with the channels of a WAV file.
fn weight(idx: usize, n_channels: usize) -> f64 {
    match (n_channels, idx) {
        (6.., 3) => 0.0,
        (4, 2..) | (5, 3..) | (6, 4..) | (7.., 4..) => 1.41,
        _ => 1.0,
    }
}

/// Two poles and two zeros (direct form II transposed).
#[derive(Clone, Debug)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Biquad {
    fn next(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// The first stage of the K-weighting, the effect of a head: a high shelf of 4 dB.
///
/// The standard gives coefficients for 48 kHz. These parameters of an analogue filter give the same ones there and fit
/// at other rates. Source: De Man, "Evaluation of implementations of the EBU R128 loudness measurement" (AES 145,
/// 2018).
fn head_shelf(rate_hz: f64) -> Biquad {
    const CENTRE_HZ: f64 = 1_681.974_450_955_533;
    const GAIN_DB: f64 = 3.999_843_853_973_347;
    const Q: f64 = 0.707_175_236_955_419_6;
    if CENTRE_HZ > 0.45 * rate_hz {
        // Such a rate holds nothing of what the shelf lifts, and the filter would not be stable.
        return Biquad { b: [1.0, 0.0, 0.0], a: [0.0; 2], state: [0.0; 2] };
    }
    let k = (PI * CENTRE_HZ / rate_hz).tan();
    let high = 10f64.powf(GAIN_DB / 20.0);
    let middle = high.powf(0.499_666_774_154_541_6);
    let a0 = 1.0 + k / Q + k * k;
    Biquad {
        b: [
            (high + middle * k / Q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - middle * k / Q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / Q + k * k) / a0],
        state: [0.0; 2],
    }
}

/// The second stage of the K-weighting, what ears hear less of: a high-pass at 38 Hz. Source: as [`head_shelf`].
fn high_pass(rate_hz: f64) -> Biquad {
    const CUTOFF_HZ: f64 = 38.135_470_876_024_44;
    const Q: f64 = 0.500_327_037_323_877_3;
    let k = (PI * CUTOFF_HZ / rate_hz).tan();
    let a0 = 1.0 + k / Q + k * k;
    Biquad {
        b: [1.0, -2.0, 1.0],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / Q + k * k) / a0],
        state: [0.0; 2],
    }
}

#[cfg(test)]
mod tests;
