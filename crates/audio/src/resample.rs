//! Conversion of the sampling rate, with a synchronous FFT resampler.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};

use crate::Clip;

/// Frames of the slower side per transform, at least; it sets the width of the transition band.
const BLOCK: usize = 2048;
/// Frames of the faster side per transform, at most; only rates a factor 512 apart come to it.
const LARGEST_BLOCK: usize = 1 << 20;

/// The clip at another rate, aligned to the sample.
///
/// The result has `round(n_frames * rate_hz / clip.rate_hz)` frames, at least one unless the clip is
/// empty; its frame `n` is the sound at `n / rate_hz` seconds, with silence assumed before and after the clip. Linear in phase.
///
/// Measured (`resample/tests.rs`): up to 97 % of the lower Nyquist frequency a sine differs from the
/// same sine at the new rate by less than -100 dB; from 101 % of the new Nyquist frequency on it is
/// below -100 dB. On one core of a busy 2-core server it runs at 2300 times real time from 48 to
/// 44.1 kHz, 1700 from 96 kHz and 3400 from 8 kHz, per channel.
///
/// # Panics
/// If either rate is 0.
pub fn resample(clip: &Clip, rate_hz: u32) -> Clip {
    if rate_hz == clip.rate_hz {
        return clip.clone();
    }
    let mut resampler = Resampler::new(clip.rate_hz, rate_hz, clip.channels.len());
    let mut channels = vec![Vec::new(); clip.channels.len()];
    let n_out = resampled_len(clip.n_frames() as u64, clip.rate_hz, rate_hz) as usize;
    channels.iter_mut().for_each(|channel| channel.reserve_exact(n_out));
    resampler.push(&clip.channels, &mut channels);
    resampler.finish(&mut channels);
    Clip { rate_hz, channels }
}

/// Resamples a sound block by block; the result is bit-identical to [`resample`] of the whole.
pub struct Resampler {
    from_hz: u32,
    to_hz: u32,
    /// `None` if the rate does not change.
    fft: Option<Fft<f32>>,
    /// Frames that wait for enough others to fill a transform.
    waiting: Vec<Vec<f32>>,
    /// The output of a transform.
    made: Vec<Vec<f32>>,
    /// Frames at the beginning still to be dropped: the filter's delay.
    n_early: usize,
    n_in: u64,
    n_out: u64,
}

impl Resampler {
    /// From one rate to another.
    ///
    /// # Panics
    /// If either rate is 0.
    pub fn new(from_hz: u32, to_hz: u32, n_channels: usize) -> Self {
        assert!(to_hz > 0 && from_hz > 0, "a rate is at least 1 Hz");
        let fft = (from_hz != to_hz).then(|| resampler(from_hz, to_hz, n_channels));
        let n_early = fft.as_ref().map_or(0, rubato::Resampler::output_delay);
        let n_made = fft.as_ref().map_or(0, rubato::Resampler::output_frames_max);
        let made = vec![vec![0.0; n_made]; n_channels];
        let waiting = vec![Vec::new(); n_channels];
        Self { from_hz, to_hz, fft, waiting, made, n_early, n_in: 0, n_out: 0 }
    }

    /// Takes a block, `[channels][frames]`, and appends the frames that are ready to `out`.
    pub fn push(&mut self, block: &[Vec<f32>], out: &mut [Vec<f32>]) {
        let n = block.first().map_or(0, Vec::len);
        self.n_in += n as u64;
        let Some(fft) = &self.fft else {
            self.n_out += n as u64;
            for (out, block) in out.iter_mut().zip(block) {
                out.extend_from_slice(block);
            }
            return;
        };
        let n_needed = fft.input_frames_max();
        let mut at = 0;
        while at < n {
            // The last frames wait for more, since a transform must know whether it is the last.
            if self.waiting[0].len() == n_needed {
                self.transform(n_needed, out);
            }
            let more = (n_needed - self.waiting[0].len()).min(n - at);
            for (waiting, block) in self.waiting.iter_mut().zip(block) {
                waiting.extend_from_slice(&block[at..at + more]);
            }
            at += more;
        }
    }

    /// Appends the rest to `out`.
    pub fn finish(&mut self, out: &mut [Vec<f32>]) {
        let Some(fft) = &self.fft else { return };
        if self.n_in == 0 {
            return;
        }
        let n_needed = fft.input_frames_max();
        let n_out = resampled_len(self.n_in, self.from_hz, self.to_hz);
        let mut n_last = self.waiting[0].len();
        while self.n_out < n_out {
            self.waiting.iter_mut().for_each(|channel| channel.resize(n_needed, 0.0));
            self.transform(n_last, out);
            n_last = 0;
        }
        let n_over = (self.n_out - n_out) as usize;
        for channel in out {
            channel.truncate(channel.len() - n_over);
        }
        self.n_out = n_out;
    }

    /// Transforms the waiting frames, of which `n` are sound and the rest is padding.
    fn transform(&mut self, n: usize, out: &mut [Vec<f32>]) {
        let Some(fft) = &mut self.fft else { return };
        let (n_channels, n_in, n_made) =
            (self.waiting.len(), self.waiting[0].len(), self.made[0].len());
        let input = SequentialSliceOfVecs::new(&self.waiting, n_channels, n_in)
            .expect("every channel has as many frames");
        let mut output = SequentialSliceOfVecs::new_mut(&mut self.made, n_channels, n_made)
            .expect("every channel has as many frames");
        let partial_len = (n < n_in).then_some(n);
        let indexing = Indexing { partial_len, ..Indexing::new() };
        let (_, n_made) = fft
            .process_into_buffer(&input, &mut output, Some(&indexing))
            .expect("both buffers are as long as the resampler asked for");
        let n_early = self.n_early.min(n_made);
        self.n_early -= n_early;
        self.n_out += (n_made - n_early) as u64;
        for (out, made) in out.iter_mut().zip(&self.made) {
            out.extend_from_slice(&made[n_early..n_made]);
        }
        self.waiting.iter_mut().for_each(Vec::clear);
    }
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

/// The number of frames after resampling; at least one unless `n_frames` is 0.
pub fn resampled_len(n_frames: u64, from_hz: u32, to_hz: u32) -> u64 {
    if n_frames == 0 {
        return 0;
    }
    let (from, to) = (u128::from(from_hz), u128::from(to_hz));
    ((u128::from(n_frames) * to + from / 2) / from).max(1) as u64
}

#[cfg(test)]
mod tests;
