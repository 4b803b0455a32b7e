//! [`Clip`], the one layout of sound in memory, and how its number of channels changes.

/// A sound in memory: planar `f32` samples, nominally in [-1, 1].
///
/// `channels[c][n]` is frame `n` of channel `c`; every channel has the same length and there is at
/// least one. More than two channels are in the order of WAVE files: front left, front right,
/// front centre, low frequencies, rear left, rear right, side left, side right.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Frames per second; never 0.
    pub rate_hz: u32,
    /// Samples, channel by channel.
    pub channels: Vec<Vec<f32>>,
}

impl Clip {
    /// Samples per channel.
    pub fn n_frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Length in seconds.
    pub fn length_secs(&self) -> f64 {
        self.n_frames() as f64 / f64::from(self.rate_hz)
    }
}

/// -3 dB, the gain of a centre or surround channel in ITU-R BS.775-3, annex 4, table 2.
const MINUS_3_DB: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// The clip with `n` channels.
///
/// - Mono becomes every channel as it is.
/// - To one or two channels, 3 to 8 channels are mixed with the coefficients of ITU-R BS.775-3
///   (annex 4, table 2): centre and surrounds at -3 dB, the low-frequency channel left out; mono
///   is the mean of that left and right. The sum is then scaled so that full scale in every channel
///   stays full scale, a deviation that keeps the result in [-1, 1] without a limiter. Two
///   channels to one is thus their mean.
/// - Nine channels or more have no agreed positions: even ones are averaged left, odd ones right.
/// - To three or more, channels are kept in order and missing ones are silent.
///
/// # Panics
/// If `n` is 0.
pub fn with_channels(clip: Clip, n: usize) -> Clip {
    assert!(n > 0, "a clip has at least one channel");
    let Clip { rate_hz, mut channels } = clip;
    let n_frames = channels.first().map_or(0, Vec::len);
    let channels = match (channels.len(), n) {
        (from, to) if from == to => channels,
        (1, _) => vec![channels.swap_remove(0); n],
        (from, 1) => vec![mix(&channels, &mono_gains(from))],
        (from, 2) => {
            let (left, right) = stereo_gains(from);
            vec![mix(&channels, &left), mix(&channels, &right)]
        }
        _ => {
            channels.resize(n, vec![0.0; n_frames]);
            channels
        }
    };
    Clip { rate_hz, channels }
}

/// Gains of `n` channels in left and in right; each side adds up to 1.
fn stereo_gains(n: usize) -> (Vec<f32>, Vec<f32>) {
    const S: f32 = MINUS_3_DB;
    let (left, right): (Vec<f32>, Vec<f32>) = match n {
        2 => (vec![1.0, 0.0], vec![0.0, 1.0]),
        // Front left, front right, centre.
        3 => (vec![1.0, 0.0, S], vec![0.0, 1.0, S]),
        // Front left, front right, rear left, rear right.
        4 => (vec![1.0, 0.0, S, 0.0], vec![0.0, 1.0, 0.0, S]),
        5 => (vec![1.0, 0.0, S, S, 0.0], vec![0.0, 1.0, S, 0.0, S]),
        6 => (vec![1.0, 0.0, S, 0.0, S, 0.0], vec![0.0, 1.0, S, 0.0, 0.0, S]),
        // 6.1: a rear centre before the sides, -3 dB to each of two surrounds of -3 dB.
        7 => (vec![1.0, 0.0, S, 0.0, 0.5, S, 0.0], vec![0.0, 1.0, S, 0.0, 0.5, 0.0, S]),
        8 => (vec![1.0, 0.0, S, 0.0, S, 0.0, S, 0.0], vec![0.0, 1.0, S, 0.0, 0.0, S, 0.0, S]),
        _ => (0..n).map(|c| if c % 2 == 0 { (1.0, 0.0) } else { (0.0, 1.0) }).unzip(),
    };
    (normalised(left), normalised(right))
}

fn mono_gains(n: usize) -> Vec<f32> {
    let (left, right) = stereo_gains(n);
    left.iter().zip(&right).map(|(l, r)| 0.5 * (l + r)).collect()
}

fn normalised(gains: Vec<f32>) -> Vec<f32> {
    let sum: f32 = gains.iter().sum();
    gains.into_iter().map(|gain| gain / sum).collect()
}

fn mix(channels: &[Vec<f32>], gains: &[f32]) -> Vec<f32> {
    let mut mixed = vec![0.0; channels[0].len()];
    for (channel, &gain) in channels.iter().zip(gains).filter(|(_, gain)| **gain != 0.0) {
        for (out, x) in mixed.iter_mut().zip(channel) {
            *out += gain * x;
        }
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one frame becomes.
    fn check(frame: &[f32], expected: &[f32]) {
        let clip = Clip { rate_hz: 8000, channels: frame.iter().map(|x| vec![*x; 2]).collect() };
        let out = with_channels(clip, expected.len());
        assert_eq!(out.channels.len(), expected.len());
        for (channel, x) in out.channels.iter().zip(expected) {
            assert!(channel.len() == 2 && (channel[1] - x).abs() < 1e-6, "{frame:?} -> {out:?}");
        }
    }

    #[test]
    fn channels_are_mixed_as_the_standard_says() {
        let s = MINUS_3_DB;
        let norm = 1.0 / (1.0 + 2.0 * s);
        check(&[0.5], &[0.5, 0.5]);
        check(&[0.5], &[0.5, 0.5, 0.5]);
        check(&[0.5, -0.25], &[0.125]);
        check(&[0.5, -0.25], &[0.5, -0.25]);
        check(&[0.5, -0.25], &[0.5, -0.25, 0.0]);
        check(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0], &[norm, 0.0]);
        check(&[0.0, 0.0, 1.0, 0.0, 0.0, 0.0], &[s * norm, s * norm]);
        check(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0], &[0.0, 0.0]);
        check(&[0.0, 0.0, 0.0, 0.0, 0.0, 1.0], &[0.0, s * norm]);
        check(&[0.0, 0.0, 1.0, 0.0, 0.0, 0.0], &[s * norm]);
    }

    #[test]
    fn full_scale_stays_full_scale() {
        for n in 2..=12 {
            // Only the low-frequency channel of 5.1 and above may be missing.
            check(&vec![1.0; n], &[1.0]);
            check(&vec![1.0; n], &[1.0, 1.0]);
        }
    }

    #[test]
    fn an_empty_clip_stays_empty() {
        let clip = Clip { rate_hz: 8000, channels: vec![vec![], vec![]] };
        assert_eq!(with_channels(clip.clone(), 1).n_frames(), 0);
        assert_eq!(clip.length_secs(), 0.0);
    }
}
