//! The onset envelope: how much begins to sound at each moment, in all and in three bands.
//!
//! Source: Böck and Widmer, "Maximum filter vibrato suppression for onset detection" (2013), `SuperFlux`: the rise
//! of log magnitudes in quarter tones over the largest of three neighbours before, so that vibrato does not count.

use crate::spectrum::Stft;

/// Frames a second, about: the hop is a whole number of samples.
const FRAMES_A_SECOND: f64 = 100.0;
/// The window, in seconds: the nearest power of two in samples.
const WINDOW_SECS: f64 = 0.046;
/// Bands per octave, and the range of the bands.
const BANDS_AN_OCTAVE: f64 = 24.0;
const LOWEST_HZ: f64 = 27.5;
const HIGHEST_HZ: f64 = 16_000.0;
/// Magnitudes are multiplied by this before the logarithm; with sound at a level of -20 dB it is where the paper has it.
const COMPRESSION: f32 = 500.0;
/// The root mean square to which sounds are scaled, so that quiet ones have the same envelope.
const LEVEL: f64 = 0.1;
/// Where low, middle and high meet: bass and bass drum below, cymbals above.
const CROSSOVERS_HZ: [f64; 2] = [180.0, 3_000.0];

/// How much begins at each frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Envelope {
    /// Frames a second.
    pub rate: f64,
    /// The rise over all bands.
    pub all: Vec<f32>,
    /// The rise in low, middle and high bands.
    pub bands: [Vec<f32>; 3],
    /// The level of each frame: root mean square of its samples, 0 to 1.
    pub level: Vec<f32>,
}

impl Envelope {
    /// Of one channel.
    #[must_use]
    pub fn of(samples: &[f32], rate_hz: u32) -> Self {
        let rate = f64::from(rate_hz);
        let hop = ((rate / FRAMES_A_SECOND).round() as usize).max(1);
        // The nearest power of two.
        let window = ((rate * WINDOW_SECS / 2f64.sqrt()) as usize).next_power_of_two().max(16);
        let bank = Bank::new(window, rate);
        let gain = gain(samples);
        let n_frames = samples.len().div_ceil(hop);
        let mut envelope = Self { rate: rate / hop as f64, ..Self::default() };
        let mut stft = Stft::new(window);
        let mut magnitudes = Vec::with_capacity(window / 2 + 1);
        let mut logs = vec![0.0f32; bank.bands.len()];
        let mut before: Vec<f32> = vec![];
        for frame in 0..n_frames {
            let first = (frame * hop) as isize - (window / 2) as isize;
            magnitudes.clear();
            let sample = |n: usize| {
                let at = usize::try_from(first + n as isize).ok();
                at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0) * gain
            };
            stft.magnitudes((0..window).map(sample), &mut magnitudes);
            bank.logs(&magnitudes, &mut logs);
            // What sounds from the first sample on begins there.
            let rises = if frame == 0 {
                rises(&logs, &vec![0.0; logs.len()])
            } else {
                rises(&logs, &before)
            };
            let mut sums = [0.0f32; 3];
            for (rise, group) in rises.iter().zip(&bank.groups) {
                sums[*group] += rise;
            }
            envelope.all.push(sums.iter().sum());
            for (band, sum) in envelope.bands.iter_mut().zip(sums) {
                band.push(sum);
            }
            let own = &samples[frame * hop..((frame + 1) * hop).min(samples.len())];
            let power = own.iter().map(|x| x * x).sum::<f32>() / own.len().max(1) as f32;
            envelope.level.push(power.sqrt());
            before.clone_from(&logs);
        }
        envelope
    }

    /// How many frames it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The envelope in which beats are looked for: each band relative to its own level nearby, without its mean.
    ///
    /// Cymbals have many more bands than bass drums, and loud parts of a song larger rises than quiet ones; beats are as
    /// sure in both. Shape: `[frames]`; a strong onset has about 2.
    #[must_use]
    pub fn pulse(&self) -> Vec<f32> {
        // Bass drum and bass mark beats; chords, snare drums and cymbals are as often between them.
        const WEIGHTS: [f32; 3] = [1.4, 1.0, 0.7];
        let mut pulse = vec![0.0f32; self.len()];
        let all = rms(&self.all).max(1e-9);
        for (band, weight) in self.bands.iter().zip(WEIGHTS) {
            let local = local_rms(band, (4.0 * self.rate) as usize);
            // A band with next to nothing in it does not count.
            let floor = (0.25 * rms(band)).max(0.04 * all);
            for ((out, x), local) in pulse.iter_mut().zip(band).zip(&local) {
                *out += weight * (x / (2.0 * local.max(floor))).min(1.5);
            }
        }
        let mean = local_mean(&pulse, (1.5 * self.rate) as usize);
        pulse.iter_mut().zip(mean).for_each(|(x, mean)| *x -= mean);
        pulse
    }
}

/// Bands of a quarter tone, or of one bin where bins are wider.
struct Bank {
    /// Bins of each band with their weights.
    bands: Vec<Vec<(usize, f32)>>,
    /// Low, middle or high.
    groups: Vec<usize>,
}

impl Bank {
    fn new(window: usize, rate: f64) -> Self {
        let bin_hz = rate / window as f64;
        let highest = HIGHEST_HZ.min(0.47 * rate);
        let mut centres: Vec<usize> = vec![];
        let mut i = 0.0f64;
        loop {
            let hz = LOWEST_HZ * (i / BANDS_AN_OCTAVE).exp2();
            if hz > highest {
                break;
            }
            let bin = (hz / bin_hz).round() as usize;
            if bin > 0 && bin <= window / 2 && centres.last() != Some(&bin) {
                centres.push(bin);
            }
            i += 1.0;
        }
        let mut bands = vec![];
        for i in 0..centres.len() {
            let centre = centres[i];
            let low = if i == 0 { centre - 1 } else { centres[i - 1] };
            let high = centres.get(i + 1).copied().unwrap_or(centre + 1);
            let weight = |bin: usize| {
                if bin <= centre {
                    1.0 - (centre - bin) as f32 / (centre - low) as f32
                } else {
                    1.0 - (bin - centre) as f32 / (high - centre) as f32
                }
            };
            let bins = (low + 1..high).filter(|bin| *bin <= window / 2);
            bands.push(bins.map(|bin| (bin, weight(bin))).collect());
        }
        let group = |centre: &usize| {
            let hz = *centre as f64 * bin_hz;
            CROSSOVERS_HZ.iter().filter(|crossover| hz >= **crossover).count()
        };
        Self { groups: centres.iter().map(group).collect(), bands }
    }

    fn logs(&self, magnitudes: &[f32], logs: &mut [f32]) {
        for (log, band) in logs.iter_mut().zip(&self.bands) {
            let sum: f32 = band.iter().map(|(bin, weight)| magnitudes[*bin] * weight).sum();
            *log = (1.0 + COMPRESSION * sum).log10();
        }
    }
}

/// How much each band rises over the largest of three neighbours before.
fn rises(now: &[f32], before: &[f32]) -> Vec<f32> {
    let n = now.len();
    (0..n)
        .map(|i| {
            let near = &before[i.saturating_sub(1)..(i + 2).min(n)];
            let largest = near.iter().copied().fold(0.0f32, f32::max);
            (now[i] - largest).max(0.0)
        })
        .collect()
}

/// The gain to a common level.
fn gain(samples: &[f32]) -> f32 {
    let power = samples.iter().map(|x| f64::from(x * x)).sum::<f64>();
    let rms = (power / samples.len().max(1) as f64).sqrt();
    if rms < 1e-6 { 1.0 } else { (LEVEL / rms) as f32 }
}

fn rms(values: &[f32]) -> f32 {
    let power = values.iter().map(|x| f64::from(x * x)).sum::<f64>();
    (power / values.len().max(1) as f64).sqrt() as f32
}

/// The mean of up to `reach` values to each side.
pub(super) fn local_mean(values: &[f32], reach: usize) -> Vec<f32> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    let mut sum = 0.0f64;
    sums.push(sum);
    for x in values {
        sum += f64::from(*x);
        sums.push(sum);
    }
    let mean = |i: usize| {
        let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(values.len()));
        ((sums[to] - sums[from]) / (to - from) as f64) as f32
    };
    (0..values.len()).map(mean).collect()
}

fn local_rms(values: &[f32], reach: usize) -> Vec<f32> {
    let squares: Vec<f32> = values.iter().map(|x| x * x).collect();
    local_mean(&squares, reach).into_iter().map(|it| it.max(0.0).sqrt()).collect()
}
