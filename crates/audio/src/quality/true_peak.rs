//! [`TruePeak`]: the largest value of a sound, between its samples too.

/// Samples that one output is made from.
pub(crate) const N_TAPS: usize = 12;
/// The interpolating filter, phase by phase, the newest sample first. Source: ITU-R BS.1770-4, annex 2, table 1.
pub(crate) const PHASES: [[f32; N_TAPS]; 4] = [
    [
        0.001_708_984_4,
        0.010_986_328,
        -0.019_653_32,
        0.033_203_125,
        -0.059_448_242,
        0.137_329_1,
        0.972_167_97,
        -0.102_294_92,
        0.047_607_42,
        -0.026_611_328,
        0.014_892_578,
        -0.008_300_781,
    ],
    [
        -0.029_174_805,
        0.029_296_875,
        -0.051_757_813,
        0.089_111_33,
        -0.166_503_9,
        0.465_087_9,
        0.779_785_16,
        -0.200_317_38,
        0.101_562_5,
        -0.058_227_54,
        0.033_081_055,
        -0.018_920_898,
    ],
    [
        -0.018_920_898,
        0.033_081_055,
        -0.058_227_54,
        0.101_562_5,
        -0.200_317_38,
        0.779_785_16,
        0.465_087_9,
        -0.166_503_9,
        0.089_111_33,
        -0.051_757_813,
        0.029_296_875,
        -0.029_174_805,
    ],
    [
        -0.008_300_781,
        0.014_892_578,
        -0.026_611_328,
        0.047_607_42,
        -0.102_294_92,
        0.972_167_97,
        0.137_329_1,
        -0.059_448_242,
        0.033_203_125,
        -0.019_653_32,
        0.010_986_328,
        0.001_708_984_4,
    ],
];
/// No phase makes a value this many times larger than the largest sample: its magnitudes add up to 2.02 at most.
const MOST_GAIN: f32 = 2.03;
/// Samples by which a value is later than where it lies.
pub(crate) const DELAY: u64 = 6;
/// Samples that are looked at at once.
const PIECE: usize = 256;

/// The largest value of a sound that comes in blocks, four values to a sample, by ITU-R BS.1770-4, annex 2.
///
/// Values of the samples themselves count too. At rates above 48 kHz the same filter is used, which the standard
/// allows and does not need.
#[derive(Clone, Debug)]
pub struct TruePeak {
    /// The newest samples of each channel, then those of the piece that is looked at.
    channels: Vec<Vec<f32>>,
    n_samples: u64,
    largest: f32,
    at_sample: u64,
}

impl TruePeak {
    /// Of a sound with so many channels.
    #[must_use]
    pub fn new(n_channels: usize) -> Self {
        let channels = vec![vec![0.0; N_TAPS - 1]; n_channels];
        Self { channels, n_samples: 0, largest: 0.0, at_sample: 0 }
    }

    /// Takes the next block, `[channels][frames]`, all equally long; samples are finite.
    pub fn push<C: AsRef<[f32]>>(&mut self, block: &[C]) {
        let n = block.first().map_or(0, |channel| channel.as_ref().len());
        for start in (0..n).step_by(PIECE) {
            let end = (start + PIECE).min(n);
            for (channel, samples) in self.channels.iter_mut().zip(block) {
                channel.extend_from_slice(&samples.as_ref()[start..end]);
                if let Some((offset, value)) = largest(channel, self.largest) {
                    self.largest = value;
                    self.at_sample = (self.n_samples + offset as u64).saturating_sub(DELAY);
                }
                channel.drain(..end - start);
            }
            self.n_samples += (end - start) as u64;
        }
    }

    /// Takes the silence after the sound, in which its last values lie.
    pub fn finish(&mut self) {
        let silence = vec![vec![0.0; N_TAPS]; self.channels.len()];
        self.push(&silence);
    }

    /// The largest value so far, in dB relative to full scale; none for silence.
    #[must_use]
    pub fn dbtp(&self) -> Option<f64> {
        (self.largest > 0.0).then(|| 20.0 * f64::from(self.largest).log10())
    }

    /// The sample at which it is.
    #[must_use]
    pub fn at_sample(&self) -> u64 {
        self.at_sample
    }
}

/// The first of the largest values of a piece, if one is above `so_far`. The piece has [`N_TAPS`] - 1 samples before it.
fn largest(samples: &[f32], so_far: f32) -> Option<(usize, f32)> {
    if crate::level::peak(samples) * MOST_GAIN <= so_far {
        return None;
    }
    let mut found = None;
    let mut most = so_far;
    for (offset, window) in samples.windows(N_TAPS).enumerate() {
        let mut value = window[N_TAPS - 1 - DELAY as usize].abs();
        for phase in &PHASES {
            let newest_first = window.iter().rev();
            let sum: f32 = phase.iter().zip(newest_first).map(|(weight, x)| weight * x).sum();
            value = value.max(sum.abs());
        }
        if value > most {
            most = value;
            found = Some((offset, value));
        }
    }
    found
}
