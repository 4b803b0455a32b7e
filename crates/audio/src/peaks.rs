//! Peaks for drawing waveforms: the minimum and maximum of every block of samples.

/// Minimum and maximum of every block of `block` frames over all channels.
///
/// Shapes: `channels` is `[channels][frames]`, the result `[ceil(frames / block)]` pairs
/// `[minimum, maximum]` in 1/127 of full scale, the last block being shorter if need be. Values are
/// rounded away from zero, so a quiet sound still shows, and limited to [-127, 127].
///
/// # Panics
/// If `block` is 0.
pub fn peaks(channels: &[&[f32]], block: usize) -> Vec<[i8; 2]> {
    assert!(block > 0, "a block has at least one frame");
    let n_frames = channels.iter().map(|channel| channel.len()).max().unwrap_or(0);
    let mut extremes = vec![[f32::INFINITY, f32::NEG_INFINITY]; n_frames.div_ceil(block)];
    for channel in channels {
        for (pair, samples) in extremes.iter_mut().zip(channel.chunks(block)) {
            let [min, max] = min_and_max(samples);
            *pair = [pair[0].min(min), pair[1].max(max)];
        }
    }
    extremes.into_iter().map(|pair| pair.map(quantised)).collect()
}

/// Minimum and maximum of a block, in eight lanes so that it is vectorised.
fn min_and_max(samples: &[f32]) -> [f32; 2] {
    let mut min = [f32::INFINITY; 8];
    let mut max = [f32::NEG_INFINITY; 8];
    let (chunks, rest) = samples.as_chunks::<8>();
    for chunk in chunks {
        for i in 0..8 {
            min[i] = if chunk[i] < min[i] { chunk[i] } else { min[i] };
            max[i] = if chunk[i] > max[i] { chunk[i] } else { max[i] };
        }
    }
    [
        min.iter().chain(rest).copied().fold(f32::INFINITY, f32::min),
        max.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max),
    ]
}

fn quantised(x: f32) -> i8 {
    let scaled = (x * 127.0).clamp(-127.0, 127.0);
    // Away from zero; `as` is exact after rounding, and NaN would become 0.
    (if scaled < 0.0 { scaled.floor() } else { scaled.ceil() }) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(channels: &[&[f32]], block: usize, expected: &[[i8; 2]]) {
        assert_eq!(peaks(channels, block), expected);
    }

    #[test]
    fn every_block_has_its_extremes() {
        check(&[], 4, &[]);
        check(&[&[]], 4, &[]);
        check(&[&[0.0, 1.0, -1.0, 0.5]], 2, &[[0, 127], [-127, 64]]);
        check(&[&[0.0, 1.0, -1.0, 0.5]], 3, &[[-127, 127], [64, 64]]);
        check(&[&[0.001, 0.0], &[-0.001, 0.5]], 2, &[[-1, 64]]);
        check(&[&[3.0, -7.0]], 1, &[[127, 127], [-127, -127]]);
        check(&[&[f32::NAN, 0.5]], 2, &[[64, 64]]);
    }

    #[test]
    fn long_blocks_agree_with_a_plain_search() {
        let mut rng = crate::Rng::new(1);
        let samples: Vec<f32> = (0..10_000).map(|_| rng.uniform(-1.0, 1.0)).collect();
        for block in [1, 7, 8, 9, 256, 4096, 20_000] {
            let expected: Vec<[i8; 2]> = samples
                .chunks(block)
                .map(|b| {
                    let least = b.iter().copied().fold(f32::INFINITY, f32::min);
                    let largest = b.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    [quantised(least), quantised(largest)]
                })
                .collect();
            check(&[&samples], block, &expected);
        }
    }
}
