//! pYIN: the pitch of one voice over a whole recording, frame by frame, and where there is none.
//!
//! Each frame gives several candidates with probabilities ([`candidates`]); the likeliest way through all frames is
//! found by Viterbi decoding ([`decoding`]). For pitch while a sound goes on there is [`crate::PitchFinder`]. Source:
//! Mauch and Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold distributions" (2014), with
//! the definitions and defaults of librosa 0.11.

mod candidates;
mod decoding;

use self::candidates::CandidateFinder;
use self::decoding::Decoder;

/// Where and how pYIN looks for a pitch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PyinSettings {
    /// Sampling rate of the samples.
    pub rate_hz: u32,
    /// The lowest and the highest pitch, in Hz.
    pub range_hz: [f64; 2],
    /// Samples of a frame.
    pub frame: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
}

impl Default for PyinSettings {
    /// C2 to C7, in frames as librosa has them.
    fn default() -> Self {
        Self { rate_hz: 22_050, range_hz: [C2_HZ, 32.0 * C2_HZ], frame: 2048, hop: 512 }
    }
}

const C2_HZ: f64 = 65.406_391_325_149_66;
/// States of a semitone. Source: librosa, `resolution`.
const PER_SEMITONE: usize = 10;
/// The fastest glide, in octaves a second. Source: librosa, `max_transition_rate`.
const FASTEST_OCTAVES: f64 = 35.92;

/// The pitch of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PyinFrame {
    /// Its frequency in Hz, to a tenth of a semitone; none where the sound is unvoiced.
    pub f0_hz: Option<f64>,
    /// How sure it is that the frame has a pitch, from 0 to 1.
    pub probability: f64,
}

impl PyinSettings {
    /// Whether a pitch can be found with them.
    ///
    /// # Errors
    /// When the range is empty, reaches beyond half the rate, or needs longer frames: a fragment that says which.
    pub fn check(&self) -> Result<(), String> {
        let [low, high] = self.range_hz;
        let rate = f64::from(self.rate_hz);
        if !(low > 0.0 && low < high && high <= rate / 2.0) {
            return Err(format!(
                "a range from {low:.1} to {high:.1} Hz does not fit a rate of {} Hz",
                self.rate_hz
            ));
        }
        if self.hop == 0 || self.frame > 1 << 16 || rate / low >= (self.frame - 1) as f64 {
            return Err(format!(
                "frames of {} samples are too short or too long for a pitch of {low:.1} Hz",
                self.frame
            ));
        }
        Ok(())
    }

    /// States of pitch.
    fn n_pitches(&self) -> usize {
        let [low, high] = self.range_hz;
        (12.0 * PER_SEMITONE as f64 * (high / low).log2()).floor() as usize + 1
    }

    /// The frequency of a state, in Hz.
    fn hz(&self, pitch: usize) -> f64 {
        self.range_hz[0] * (pitch as f64 / (12 * PER_SEMITONE) as f64).exp2()
    }

    /// How far a pitch can be from that of the frame before, in states.
    fn reach(&self) -> usize {
        let octaves = FASTEST_OCTAVES * self.hop as f64 / f64::from(self.rate_hz);
        (12.0 * octaves).round_ties_even() as usize * PER_SEMITONE / 2
    }
}

/// The pitch of one channel; frame `i` is centred on sample `i * hop`, so there are `n / hop + 1`.
///
/// Memory grows by some bytes for a candidate and by a byte for a state of the frames that are not decided yet.
///
/// # Errors
/// As [`PyinSettings::check`].
pub fn pyin(samples: &[f32], settings: &PyinSettings) -> Result<Vec<PyinFrame>, String> {
    let frame = |(state, probability): (Option<u16>, f64)| PyinFrame {
        f0_hz: state.map(|state| settings.hz(usize::from(state))),
        probability,
    };
    Ok(states(samples, settings, |_| {})?.into_iter().map(frame).collect())
}

/// The same, but with the exact frequency of the candidate that was chosen instead of that of its state: for what
/// measures and moves pitches. A frame whose candidates were all passed over has the frequency of its state.
///
/// # Errors
/// As [`PyinSettings::check`].
pub(crate) fn exact_pyin(
    samples: &[f32],
    settings: &PyinSettings,
) -> Result<Vec<PyinFrame>, String> {
    let (mut all, mut ends) = (vec![], vec![]);
    let states = states(samples, settings, |exact| {
        all.extend_from_slice(exact);
        ends.push(all.len());
    })?;
    let mut start = 0;
    let frame = |((state, probability), end): ((Option<u16>, f64), usize)| {
        let exact = &all[std::mem::replace(&mut start, end)..end];
        let f0_hz = state.map(|state| {
            let chosen = exact.iter().rfind(|(of, _)| *of == state);
            chosen.map_or_else(|| settings.hz(usize::from(state)), |(_, hz)| f64::from(*hz))
        });
        PyinFrame { f0_hz, probability }
    };
    Ok(states.into_iter().zip(ends).map(frame).collect())
}

/// The state of each frame, none where it is unvoiced, and how sure it is that it has a pitch. `see` hears the exact
/// frequencies of the candidates of each frame, with their states.
fn states(
    samples: &[f32],
    settings: &PyinSettings,
    mut see: impl FnMut(&[(u16, f32)]),
) -> Result<Vec<(Option<u16>, f64)>, String> {
    settings.check()?;
    let mut finder = CandidateFinder::new(settings);
    let mut decoder = Decoder::new(settings.n_pitches(), settings.reach());
    let mut probabilities = Vec::with_capacity(samples.len() / settings.hop + 1);
    crate::features::for_each_frame(samples, settings.frame, settings.hop, |frame| {
        let candidates = finder.find(frame);
        let sum: f64 = candidates.iter().map(|(_, probability)| probability).sum();
        let voiced = sum.clamp(0.0, 1.0);
        decoder.push(candidates, voiced);
        probabilities.push(voiced);
        see(finder.exact());
    });
    Ok(decoder.finish().into_iter().zip(probabilities).collect())
}

#[cfg(test)]
mod tests;
