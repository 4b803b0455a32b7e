//! How loud a clip is: its peak and its root mean square.

use crate::Clip;

/// The floor of every level, and the level of silence, in dB.
pub const SILENCE_DB: f64 = -120.0;

/// Largest absolute sample over all channels, in dB relative to full scale; at least -120.
pub fn peak_db(clip: &Clip) -> f64 {
    let peak = clip.channels.iter().map(|channel| peak(channel)).fold(0.0, f32::max);
    db_from_gain(f64::from(peak))
}

/// Root mean square over all channels, in dB relative to full scale; at least -120.
///
/// A full-scale square wave has 0 dB, a full-scale sine -3.01 dB.
pub fn rms_db(clip: &Clip) -> f64 {
    let n: usize = clip.channels.iter().map(Vec::len).sum();
    let energy: f64 = clip.channels.iter().map(|channel| energy(channel)).sum();
    db_from_gain((energy / n.max(1) as f64).sqrt())
}

/// An amplitude in dB, at least -120.
pub fn db_from_gain(gain: f64) -> f64 {
    (20.0 * gain.log10()).max(SILENCE_DB)
}

/// The amplitude of a level in dB.
pub fn gain_from_db(db: f64) -> f64 {
    10.0_f64.powf(db / 20.0)
}

/// Largest absolute sample of a channel; eight lanes so that it is vectorised.
pub(crate) fn peak(samples: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (chunks, rest) = samples.as_chunks::<8>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = lane.max(x.abs());
        }
    }
    lanes.iter().copied().chain(rest.iter().map(|x| x.abs())).fold(0.0, f32::max)
}

/// Sum of squares: `f32` within a block of 256, so that it is vectorised, `f64` over blocks.
fn energy(samples: &[f32]) -> f64 {
    let block_energy = |block: &[f32]| {
        let mut lanes = [0.0f32; 8];
        let (chunks, rest) = block.as_chunks::<8>();
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane += x * x;
            }
        }
        f64::from(lanes.iter().sum::<f32>() + rest.iter().map(|x| x * x).sum::<f32>())
    };
    samples.chunks(256).map(block_energy).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(channels: Vec<Vec<f32>>, peak: f64, rms: f64) {
        let clip = Clip { rate_hz: 8000, channels };
        assert!((peak_db(&clip) - peak).abs() < 1e-3, "{} is not {peak}", peak_db(&clip));
        assert!((rms_db(&clip) - rms).abs() < 1e-3, "{} is not {rms}", rms_db(&clip));
    }

    #[test]
    fn levels_are_relative_to_full_scale() {
        let sine: Vec<f32> =
            (0..8000).map(|n| ((n % 4) as f32 * std::f32::consts::FRAC_PI_2).sin()).collect();
        check(vec![vec![]], -120.0, -120.0);
        check(vec![vec![0.0; 100]], -120.0, -120.0);
        check(vec![vec![1.0, -1.0, 1.0]], 0.0, 0.0);
        check(vec![vec![0.5; 1000], vec![-0.5; 1000]], -6.0206, -6.0206);
        check(vec![vec![0.0; 999], vec![0.1; 999]], -20.0, -23.0103);
        check(vec![sine], 0.0, -3.0103);
    }
}
