//! How much memory and computing a sound takes, from settings alone: the networks are made by one who only counts.

use nn::dense::{Precision, packed_bytes};

use super::autoencoder::{Autoencoder, piece_frames};
use super::config::{AutoencoderConfig, LevelConfig, Sight, StableAudioConfig};
use super::text::Text;
use super::transformer::Transformer;
use super::weights::{Component, Maker, Shape};
use super::{Plan, duration, memory};
use crate::Error;
use crate::effort::{Effort, Work};
use crate::words::{BeginHow, Wish};

/// What a wish takes.
pub(super) fn effort(config: &StableAudioConfig, wish: &Wish, precision: Precision) -> Effort {
    let plan = Plan::of(config, wish, config.headroom_secs);
    let of = &config.transformer;
    let usual = if config.schedule.is_stochastic { 1.0 } else { 7.0 };
    let is_guided = wish.guidance.unwrap_or(usual) > 1.0;
    let n_told = (wish.prompts.len() + usize::from(is_guided)) as f64;
    let n_tokens = 32.0f64.min(config.n_tokens as f64);
    let is_kept =
        wish.begin.as_ref().is_some_and(|begin| !matches!(begin.how, BeginHow::Vary { .. }));
    let n_frames = plan.n_frames as f64;
    let rows = n_frames + of.n_memory as f64;
    let n_steps = plan.n_steps as f64 * n_told;

    let of_words = |_: &str| n_tokens * n_told;
    let of_step = |name: &str| match name {
        _ if name.contains("cross_attn.to_kv") || name.starts_with("to_cond_embed") => {
            n_tokens * n_told
        }
        _ if name.contains("to_local_embed") => {
            if is_kept {
                n_frames * n_told
            } else {
                n_told
            }
        }
        _ if name.contains("embed") => n_steps,
        _ if name.starts_with("transformer_blocks.") => rows * n_steps,
        _ => n_frames * n_steps,
    };
    // Pieces are computed with those around them.
    let codec = &config.autoencoder;
    let piece = piece_frames(codec);
    let inner = (piece - 2 * codec.reach()).max(1);
    let with_around = (plan.n_of_sound + codec.reach()).min(plan.n_frames) as f64
        + 2.0 * (codec.reach() * (plan.n_of_sound.div_ceil(inner)).saturating_sub(1)) as f64;
    let of_codec = |name: &str| {
        let is_used = name.starts_with("decoder") || wish.begin.is_some();
        if is_used { with_around * rows_of_level(codec, name) } else { 0.0 }
    };
    let text = count(precision, &of_words, |it| {
        Text::make(&config.text, &it.component.clone(), it).map(drop)
    });
    let transformer =
        count(precision, &of_step, |it| Transformer::make(of, &it.component.clone(), it).map(drop));
    let autoencoder = count(precision, &of_codec, |it| {
        Autoencoder::make(codec, &it.component.clone(), it).map(drop)
    });
    let length = count(precision, &|_| 1.0, |it| duration(config, it));

    let pairs = if of.is_differential { 2.0 } else { 1.0 };
    let seen = rows * (rows + n_tokens) * of.width as f64 * of.depth as f64;
    let both_ways = if wish.begin.is_some() { 2.0 } else { 1.0 };
    let attention = 2.0 * pairs * seen * n_steps + both_ways * attention(codec) * with_around;
    let parts = [text, transformer, autoencoder, length];
    Effort {
        weight_bytes: parts.iter().map(|it| it.0).sum(),
        sound_bytes: memory::sound_bytes(config, wish, &plan),
        work: Work { products: parts.iter().map(|it| it.1).sum(), attention, ..Work::default() },
    }
}

/// Rows that a tensor of the autoencoder is multiplied with, for each latent.
fn rows_of_level(config: &AutoencoderConfig, name: &str) -> f64 {
    let Some((half, rest)) = name.split_once(".blocks.") else { return 1.0 };
    let Some(i) = rest.split('.').next().and_then(|it| it.parse::<usize>().ok()) else {
        return 1.0;
    };
    let n = config.levels.len();
    let level = if half == "decoder" { n - 1 - i.min(n - 1) } else { i.min(n - 1) };
    let frames = frames_of(config, level);
    let stride = config.levels[level].stride as f64;
    if rest.contains("mapping") { frames * stride } else { frames * (stride + 1.0) }
}

/// Groups of a level for each latent.
fn frames_of(config: &AutoencoderConfig, level: usize) -> f64 {
    config.levels[level + 1..].iter().map(|it| it.stride as f64).product()
}

/// Multiplications of attention in the decoder, for each latent.
fn attention(config: &AutoencoderConfig) -> f64 {
    let pairs = if config.is_differential { 2.0 } else { 1.0 };
    let of_level = |(i, level): (usize, &LevelConfig)| {
        let group = level.stride + 1;
        // Frames that are looked at by each; of a band also those beside it that are computed with others.
        let n_seen = match level.sight {
            Sight::Band(n) => (2 * n + super::autoencoder::GROUPS) * group,
            Sight::Pieces { n, .. } => n * group,
        };
        let rows = frames_of(config, i) * group as f64;
        2.0 * pairs * rows * n_seen as f64 * (level.width * level.depth) as f64
    };
    config.levels.iter().enumerate().map(of_level).sum()
}

/// Bytes of the weights that `make` asks for, and multiplications with them, each as often as `times` says by its name.
fn count(
    precision: Precision,
    times: &dyn Fn(&str) -> f64,
    make: impl FnOnce(&mut Counting<'_>) -> Result<(), Error>,
) -> (u64, f64) {
    let component = Component::Text("");
    let mut counting = Counting { component, precision, times, n_bytes: 0, products: 0.0 };
    make(&mut counting).expect("nothing is read to count");
    (counting.n_bytes, counting.products)
}

/// Counts.
struct Counting<'a> {
    component: Component,
    precision: Precision,
    times: &'a dyn Fn(&str) -> f64,
    n_bytes: u64,
    products: f64,
}

impl Counting<'_> {
    fn add(&mut self, name: &str, n_out: usize, n_in: usize, precision: Precision) {
        self.n_bytes += packed_bytes(n_out, n_in, precision);
        self.products += (n_out * n_in) as f64 * (self.times)(name);
    }
}

impl Maker for Counting<'_> {
    type Linear = ();
    type Vector = ();

    fn parts(&mut self, name: &str, n_parts: usize, shape: Shape) -> Result<Vec<()>, Error> {
        (0..n_parts).for_each(|_| self.add(name, shape.n_out, shape.n_in, self.precision));
        Ok(vec![(); n_parts])
    }

    fn linear(&mut self, name: &str, shape: Shape, n_taps: usize) -> Result<(), Error> {
        let precision = match self.precision {
            Precision::Int8 => Precision::Int16,
            it => it,
        };
        self.add(name, shape.n_out, n_taps * shape.n_in, precision);
        Ok(())
    }

    fn vector(&mut self, _: &str, shape: &[usize]) -> Result<(), Error> {
        self.n_bytes += 4 * shape.iter().product::<usize>() as u64;
        Ok(())
    }

    fn nothing(&mut self) {}
}
