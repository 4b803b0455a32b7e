//! Another sampling rate for a clip, by a synchronous FFT resampler.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use crate::Clip;

/// Frames of the slower side per transform, at least; it sets the width of the transition band.
const BLOCK: usize = 2048;
/// Frames of the faster side per transform, at most; only rates a factor 512 apart come to it.
const LARGEST_BLOCK: usize = 1 << 20;

/// The clip at another rate, aligned to the sample.
///
/// The result has `round(n_frames * rate_hz / clip.rate_hz)` frames, one at least of what is not
/// empty; frame `n` of it is the sound at
/// `n / rate_hz` seconds, with silence assumed before and after the clip. Linear in phase.
///
/// Measured (`resample/tests.rs`): up to 97 % of the lower Nyquist frequency a sine differs from the
/// same sine at the new rate by less than -100 dB; from 101 % of the new Nyquist frequency on it is
/// below -100 dB. On one core of a busy 2-core server it runs at 2300 times real time from 48 to
/// 44.1 kHz, 1700 from 96 kHz and 3400 from 8 kHz, per channel.
///
/// # Panics
/// If either rate is 0.
pub fn resample(clip: &Clip, rate_hz: u32) -> Clip {
    assert!(rate_hz > 0 && clip.rate_hz > 0, "a rate is at least 1 Hz");
    let n_in = clip.n_frames();
    if rate_hz == clip.rate_hz || n_in == 0 {
        return Clip { rate_hz, channels: clip.channels.clone() };
    }
    let n_channels = clip.channels.len();
    let mut resampler = resampler(clip.rate_hz, rate_hz, n_channels);
    let n_out = resampled_len(n_in, clip.rate_hz, rate_hz);

    let room = resampler.process_all_needed_output_len(n_in).max(n_out);
    let mut channels = vec![vec![0.0; room]; n_channels];
    let input = SequentialSliceOfVecs::new(&clip.channels, n_channels, n_in)
        .expect("every channel has n_in frames");
    let mut output = SequentialSliceOfVecs::new_mut(&mut channels, n_channels, room)
        .expect("every channel has room frames");
    resampler
        .process_all_into_buffer(&input, &mut output, n_in, None)
        .expect("both buffers are as long as the resampler asked for");
    for channel in &mut channels {
        channel.truncate(n_out);
        channel.shrink_to_fit();
    }
    Clip { rate_hz, channels }
}

fn resampler(from_hz: u32, to_hz: u32, n_channels: usize) -> Fft<f32> {
    let gcd = gcd(from_hz, to_hz);
    let (from, to) = ((from_hz / gcd) as usize, (to_hz / gcd) as usize);
    // An even number of the smallest blocks, so that the filter's centre falls on a sample in
    // both rates.
    let n_blocks = BLOCK.div_ceil(from.min(to)).min(LARGEST_BLOCK / from.max(to));
    let n_blocks = n_blocks.next_multiple_of(2).max(2);
    Fft::new_custom(
        from_hz as usize,
        to_hz as usize,
        from * n_blocks,
        1,
        n_channels,
        WindowFunction::BlackmanHarris2,
        FixedSync::Both,
    )
    .expect("rates and block are greater than 0")
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn resampled_len(n_frames: usize, from_hz: u32, to_hz: u32) -> usize {
    let (from, to) = (u128::from(from_hz), u128::from(to_hz));
    ((n_frames as u128 * to + from / 2) / from).max(1) as usize
}

#[cfg(test)]
mod tests;
