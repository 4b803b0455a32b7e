//! How much memory and computing a sound takes, from settings alone.

use nn::dense::Precision;

use super::config::UnetConfig;
use super::forecast;
use super::kind::AudioLdmConfig;
use super::unet::Unet;
use super::vae::{Spelling, Vae};
use super::vocoder::Vocoder;
use crate::clap::ClapText;
use crate::effort::{Effort, Work, bytes_of, multiplied};
use crate::layers::listed;
use crate::words::Wish;

/// Bytes besides the weights: the most that any of the networks takes.
pub(super) fn sound_bytes(config: &AudioLdmConfig, wish: &Wish) -> u64 {
    let size = config.latent_size(wish.secs);
    let n_frames = size[0] * config.vae.scale();
    forecast::unet_bytes(&config.unet, n_told(config, wish), size)
        .max(forecast::vae_bytes(&config.vae, size))
        .max(forecast::vocoder_bytes(&config.vocoder, n_frames))
}

/// What a wish takes.
pub(super) fn effort(config: &AudioLdmConfig, wish: &Wish, precision: Precision) -> Effort {
    let text = ClapText::tensors(&config.text);
    let unet = listed(|tensors| Unet::new(tensors, &config.unet));
    let vae = listed(|tensors| Vae::new(tensors, &config.vae, Spelling::Newer));
    let vocoder = listed(|tensors| Vocoder::new(tensors, &config.vocoder));
    let packed = |name: &str| (!name.contains(".embeddings.")).then_some(precision);
    let weight_bytes = bytes_of(&text, packed)
        + bytes_of(&unet, packed)
        + bytes_of(&vae, packed)
        + bytes_of(&vocoder, |_| None);

    let size @ [rows, columns] = config.latent_size(wish.secs);
    let n_pixels = (rows * columns) as f64;
    let steps = config.abilities().steps.map_or(1, |it| it[1]);
    let n_runs = (wish.steps.unwrap_or(steps) * n_told(config, wish)) as f64;
    let is_square = |shape: &[usize]| shape.len() == 4 && shape[2] > 1;
    let of = |tensors: &[(String, Vec<usize>)], times: &dyn Fn(&str) -> f64| {
        let by = |square: bool| {
            multiplied(
                tensors,
                |name, shape| {
                    if is_square(shape) == square { times(name) } else { 0.0 }
                },
            )
        };
        Work { pictures: by(true), products: by(false), ..Work::default() }
    };
    let n_tokens = 32.0;
    let words =
        multiplied(&text, |name, _| if name.contains(".embeddings.") { 0.0 } else { n_tokens });

    let mut work = of(&unet, &|name| pixels_of_unet(&config.unet, name, size)) * n_runs;
    work.attention = attention(&config.unet, size) * n_runs;
    let levels = config.vae.block_out_channels.len();
    let is_begun = wish.begin.is_some();
    let mut pictures = of(&vae, &|name| {
        let is_used = is_begun || !(name.starts_with("encoder.") || name.starts_with("quant_conv"));
        if is_used { n_pixels * finer_of_vae(name, levels) } else { 0.0 }
    });
    let widest = config.vae.block_out_channels.last().map_or(0.0, |it| *it as f64);
    pictures.attention = 2.0 * n_pixels * n_pixels * widest;
    let n_frames = (rows * config.vae.scale()) as f64;
    let kernels = config.vocoder.resblock_kernel_sizes.len();
    let sound = multiplied(&vocoder, |name, _| {
        n_frames * finer_of_vocoder(name, &config.vocoder.upsample_rates, kernels)
    });
    let sound = Work { convolutions: sound, products: words, ..Work::default() };
    let work = work + pictures + sound;
    Effort { weight_bytes, sound_bytes: sound_bytes(config, wish), work }
}

/// How many latents are asked at once: with the prompt, and without.
fn n_told(config: &AudioLdmConfig, wish: &Wish) -> usize {
    1 + usize::from(wish.guidance.unwrap_or(config.abilities().guidance) > 1.0)
}

/// The number behind a word in a name: of `up_blocks.`, say.
fn index(name: &str, word: &str) -> Option<usize> {
    name.split_once(word)?.1.split('.').next()?.parse().ok()
}

/// Pixels of a level.
fn pixels([rows, columns]: [usize; 2], level: usize) -> f64 {
    let at = |n: usize| (0..level).fold(n, |n, _| n.div_ceil(2));
    (at(rows) * at(columns)) as f64
}

/// How often a tensor is multiplied in a step.
fn pixels_of_unet(config: &UnetConfig, name: &str, size: [usize; 2]) -> f64 {
    let coarsest = config.n_levels() - 1;
    let is_told = ["time_", "class_embedding"].iter().any(|it| name.contains(it));
    let level = match (index(name, "down_blocks."), index(name, "up_blocks.")) {
        _ if is_told => return 1.0,
        (Some(i), _) => i + usize::from(name.contains("downsamplers")),
        (_, Some(i)) => (coarsest - i.min(coarsest)) - usize::from(name.contains("upsamplers")),
        _ if name.starts_with("mid_block") => coarsest,
        _ => 0,
    };
    pixels(size, level)
}

/// Multiplications of the attention of a step: queries with keys, and shares with values.
fn attention(config: &UnetConfig, size: [usize; 2]) -> f64 {
    let of_level = |level: usize| {
        let n = pixels(size, level);
        let twice = 1.0 + f64::from(u8::from(config.cross_attention_dim.is_some()));
        let depth = config.transformer_layers_per_block as f64;
        2.0 * n * n * config.block_out_channels[level] as f64 * twice * depth
    };
    let attends = |kinds: &[String], i: usize| kinds[i].starts_with("CrossAttn");
    let coarsest = config.n_levels() - 1;
    let mut sum = of_level(coarsest);
    for i in 0..config.n_levels() {
        if attends(&config.down_block_types, i) {
            sum += of_level(i) * config.n_layers(i) as f64;
        }
        if attends(&config.up_block_types, i) {
            let level = coarsest - i;
            sum += of_level(level) * (config.n_layers(level) + 1) as f64;
        }
    }
    sum
}

/// How many times more pixels than latents there are where a tensor is multiplied.
fn finer_of_vae(name: &str, levels: usize) -> f64 {
    let finest = levels - 1;
    let level = match (index(name, "down_blocks."), index(name, "up_blocks.")) {
        // The encoder goes the other way.
        (Some(i), _) => (finest - i.min(finest)) - usize::from(name.contains("downsamplers")),
        (_, Some(i)) => i + usize::from(name.contains("upsamplers")),
        _ if name == "encoder.conv_in.weight" || name == "decoder.conv_out.weight" => finest,
        _ => 0,
    };
    4f64.powi(level as i32)
}

/// How many times more samples than frames there are where a tensor is multiplied.
fn finer_of_vocoder(name: &str, rates: &[usize], n_kernels: usize) -> f64 {
    let stages = match (index(name, "upsampler."), index(name, "resblocks.")) {
        (Some(i), _) => i,
        (_, Some(i)) => i / n_kernels.max(1) + 1,
        _ if name.starts_with("conv_post") => rates.len(),
        _ => 0,
    };
    rates.iter().take(stages).map(|it| *it as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_multiplied_at_their_level() {
        let check = |name, expected| assert_eq!(finer_of_vae(name, 3), expected, "{name}");
        check("decoder.conv_in.weight", 1.0);
        check("decoder.up_blocks.0.resnets.0.conv1.weight", 1.0);
        check("decoder.up_blocks.0.upsamplers.0.conv.weight", 4.0);
        check("decoder.up_blocks.2.resnets.0.conv1.weight", 16.0);
        check("decoder.conv_out.weight", 16.0);
        check("encoder.down_blocks.0.resnets.0.conv1.weight", 16.0);
        check("encoder.down_blocks.0.downsamplers.0.conv.weight", 4.0);
        let check = |name, expected| assert_eq!(finer_of_vocoder(name, &[5, 4], 2), expected);
        check("conv_pre.weight", 1.0);
        check("upsampler.1.weight", 5.0);
        check("resblocks.1.convs1.0.weight", 5.0);
        check("resblocks.2.convs1.0.weight", 20.0);
        check("conv_post.weight", 20.0);
    }
}
