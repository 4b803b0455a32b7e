//! How much memory and computing a sound takes, from settings alone.

use nn::dense::Precision;

use super::config::MusicGenConfig;
use super::decoder::Row;
use super::generation::windows;
use super::{DECODER, GUIDANCE, MusicGen, SECS_MAX, TEXT, TOKENS_MAX};
use crate::effort::{Effort, Work, bytes_of, multiplied};
use crate::words::{Begin, BeginHow, Wish};

/// Rows of a batch that are computed while weights are read once.
const ROWS: f64 = 4.0;

/// What a wish takes.
pub(super) fn effort(config: &MusicGenConfig, wish: &Wish, precision: Precision) -> Effort {
    let packed = |name: &str| {
        let is_layer = name.starts_with("decoder.model.decoder.layers.")
            || name.starts_with("decoder.lm_heads.")
            || (name.starts_with("text_encoder.encoder.block.")
                && !name.ends_with("relative_attention_bias.weight"));
        is_layer.then_some(precision)
    };
    Effort {
        weight_bytes: bytes_of(&MusicGen::tensors(config), packed),
        sound_bytes: sound_bytes(config, wish),
        work: work(config, wish, precision),
    }
}

/// Bytes besides the weights.
pub(super) fn sound_bytes(config: &MusicGenConfig, wish: &Wish) -> u64 {
    let n_frames = n_frames(config, wish);
    let windows = windows(0, n_frames, config.frame_rate());
    let longest = windows.iter().map(|it| it.n_frames).max().unwrap_or(0);
    let row = Row::n_bytes(
        &config.decoder,
        longest + n_before(config, wish) + config.decoder.books_of_channel(),
        n_tokens(wish),
    );
    let codec = config.codec.working_bytes(n_frames * config.codec.hop());
    // Channels become sound one after the other, and codes are kept besides.
    let sound = 4 * (config.decoder.audio_channels * n_frames * config.codec.hop()) as u64;
    (n_rows(wish) * row).max(codec + sound)
}

fn work(config: &MusicGenConfig, wish: &Wish, precision: Precision) -> Work {
    let decoder = &config.decoder;
    let tensors = MusicGen::tensors(config);
    let part = |prefix: &str| -> Vec<(String, Vec<usize>)> {
        tensors.iter().filter(|(name, _)| name.starts_with(prefix)).cloned().collect()
    };
    let n_rows = n_rows(wish) as f64;
    let n_tokens = n_tokens(wish) as f64;
    let n_prompts = (wish.prompts.len() + usize::from(wish.negative.is_some())) as f64;
    let is_table = |name: &str| name.contains("embed_tokens") || name.contains("shared.");
    let read =
        multiplied(&part(TEXT), |name, _| if is_table(name) { 0.0 } else { n_tokens * n_prompts });
    // Keys and values of the prompt are computed once a window, all else for every frame.
    let is_of_prompt =
        |name: &str| name.contains("encoder_attn.k_proj") || name.contains("encoder_attn.v_proj");
    let layers: Vec<(String, Vec<usize>)> =
        part(DECODER).into_iter().filter(|(name, _)| !is_table(name)).collect();
    let of_prompt = multiplied(&layers, |name, _| f64::from(u8::from(is_of_prompt(name))));
    let of_frame = multiplied(&layers, |name, _| f64::from(u8::from(!is_of_prompt(name))));
    let streamed: Vec<(String, Vec<usize>)> =
        layers.iter().filter(|(name, _)| !is_of_prompt(name)).cloned().collect();
    let of_step = bytes_of(&streamed, |_| Some(precision)) as f64 * (n_rows / ROWS).max(1.0);

    let n_given = match &wish.begin {
        Some(Begin { sound, how: BeginHow::Continue }) => {
            sound.first().map_or(0, Vec::len).div_ceil(config.codec.hop())
        }
        _ => 0,
    };
    let before = n_before(config, wish);
    let (depth, hidden) = (decoder.num_hidden_layers as f64, decoder.hidden_size as f64);
    let mut work = Work { products: read, ..Work::default() };
    let n_frames = n_frames(config, wish);
    for window in windows(n_given, n_frames, config.frame_rate()) {
        let first = (before + window.n_given) as f64;
        let n_steps = (window.n_frames - window.n_given + decoder.books_of_channel())
            .saturating_sub(1) as f64;
        let n_seen = first + n_steps / 2.0 + n_tokens;
        work = work
            + Work {
                products: of_prompt * n_tokens * n_prompts + of_frame * first * n_rows,
                streamed: of_step * n_steps,
                attention: depth * n_rows * first * first * hidden,
                remembered: 2.0 * depth * hidden * n_rows * n_seen * n_steps,
                ..Work::default()
            };
    }
    let [encoded, decoded] = config.codec.multiplications();
    let n_channels = decoder.audio_channels as f64;
    let codec = n_channels * (encoded * n_given as f64 + decoded * n_frames as f64);
    Work { codec, ..work }
}

fn n_frames(config: &MusicGenConfig, wish: &Wish) -> usize {
    (wish.secs.min(SECS_MAX) * config.frame_rate()).round().max(1.0) as usize
}

/// Frames that stand before the codes: of a melody, and then of the prompt.
fn n_before(config: &MusicGenConfig, wish: &Wish) -> usize {
    config.melody.map_or(0, |it| it.chroma_length + n_tokens(wish))
}

fn n_rows(wish: &Wish) -> u64 {
    let is_guided = wish.guidance.unwrap_or(GUIDANCE) > 1.0;
    (wish.prompts.len() + usize::from(is_guided)) as u64
}

/// A prompt has a token for every few bytes.
fn n_tokens(wish: &Wish) -> usize {
    let longest = wish.prompts.iter().map(|it| it.text.len() / 3 + 2).max().unwrap_or(0);
    longest.min(TOKENS_MAX)
}
