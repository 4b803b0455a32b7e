//! How much memory a sound takes while it is made, beside the weights: the largest moment of each network.

use super::config::{UnetConfig, VaeConfig, VocoderConfig};

/// The most pixels of a block of attention's scores at once, for each thread: rows that are computed together.
const ATTENTION_ROWS: usize = 64;

/// Bytes of the network that takes noise away, for `n` latents of a size.
pub(super) fn unet_bytes(config: &UnetConfig, n: usize, size: [usize; 2]) -> u64 {
    let widths = &config.block_out_channels;
    let mut sizes = vec![size];
    for _ in 1..config.n_levels() {
        let [rows, columns] = sizes[sizes.len() - 1];
        sizes.push([rows.div_ceil(2), columns.div_ceil(2)]);
    }
    let pixels = |level: usize| n * sizes[level][0] * sizes[level][1];
    // What is kept for the way up: numbers of each, and the channels.
    let mut kept = vec![(pixels(0), widths[0])];
    let mut most = 0;
    let in_kept = |kept: &[(usize, usize)]| {
        kept.iter().map(|(pixels, channels)| pixels * channels).sum::<usize>()
    };
    let block = |level: usize, channels: [usize; 2], attends: bool| {
        let of_transformer = if attends { transformer(config, level, sizes[level]) } else { 0 };
        let of_residual = residual(channels, sizes[level][1]);
        pixels(level) * of_residual.max(of_transformer)
    };
    let attends = |kinds: &[String], i: usize| kinds[i].starts_with("CrossAttn");
    for level in 0..config.n_levels() {
        for i in 0..config.n_layers(level) {
            let before = if i == 0 { widths[level.saturating_sub(1)] } else { widths[level] };
            let bytes =
                block(level, [before, widths[level]], attends(&config.down_block_types, level));
            most = most.max(in_kept(&kept) + bytes);
            kept.push((pixels(level), widths[level]));
        }
        if level + 1 < config.n_levels() {
            kept.push((pixels(level + 1), widths[level]));
        }
    }
    let coarsest = config.n_levels() - 1;
    most = most.max(in_kept(&kept) + block(coarsest, [widths[coarsest]; 2], true));
    let mut before = widths[coarsest];
    for i in 0..config.n_levels() {
        let level = coarsest - i;
        for _ in 0..=config.n_layers(level) {
            let beside = kept.pop().map_or(0, |(_, channels)| channels);
            let channels = [before + beside, widths[level]];
            let bytes = block(level, channels, attends(&config.up_block_types, i));
            most = most.max(in_kept(&kept) + bytes);
            before = widths[level];
        }
    }
    4 * most as u64
}

/// Bytes from a latent of a size to its spectrogram; the way back takes less.
pub(super) fn vae_bytes(config: &VaeConfig, size: [usize; 2]) -> u64 {
    let widths = &config.block_out_channels;
    let mut before = widths[widths.len() - 1];
    let [mut rows, mut columns] = size;
    let n = rows * columns;
    // Queries, keys, values, what is attended and the picture, and keys and values once more as they are packed.
    let mut most = n * (10 * before) + ATTENTION_ROWS * n;
    for (i, width) in widths.iter().rev().enumerate() {
        most = most.max(rows * columns * residual([before, *width], columns));
        before = *width;
        if i + 1 < widths.len() {
            let small = rows * columns * width;
            [rows, columns] = [2 * rows, 2 * columns];
            // What is enlarged, the same with zeros around, and what comes out.
            most = most.max(small + 3 * rows * columns * width);
        }
    }
    4 * most as u64
}

/// Bytes from so many frames of a spectrogram to sound.
pub(super) fn vocoder_bytes(config: &VocoderConfig, n_frames: usize) -> u64 {
    let mut n = n_frames;
    let mut most = n * (config.model_in_dim + config.upsample_initial_channel);
    for (i, rate) in config.upsample_rates.iter().enumerate() {
        let channels = config.upsample_initial_channel >> (i + 1);
        n *= rate;
        // The stage's input, its sum, a block's, and a layer's input, padded input and output.
        most = most.max(6 * n * channels);
    }
    4 * most as u64
}

/// Numbers for each pixel of a residual block.
fn residual([channels_in, channels_out]: [usize; 2], columns: usize) -> usize {
    // Rows of narrow pictures are copied out as the nine pixels that each looks at.
    let copies =
        |channels: usize| if columns < 8 { 9 * channels } else { channels + channels / columns };
    let first = 2 * channels_in + copies(channels_in) + channels_out;
    let second = channels_in + 2 * channels_out + copies(channels_out);
    first.max(second)
}

/// Numbers for each pixel of the transformer blocks of a level.
fn transformer(config: &UnetConfig, level: usize, [rows, columns]: [usize; 2]) -> usize {
    let channels = config.block_out_channels[level];
    let n_threads = nn::n_threads().min(config.n_heads(level));
    // Scores of some rows with all pixels; shared out over the pixels of a picture.
    let scores = (n_threads * ATTENTION_ROWS).min(rows * columns * n_threads);
    (15 * channels).max(9 * channels + scores)
}
