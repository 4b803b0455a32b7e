//! T5's encoder: tokens of a text to what they mean in it, one row of numbers a token.
//!
//! It stands alone as a folder of its own, and inside other models, which read prompts with it. Attention is neither
//! scaled nor told positions; instead each head adds to its scores a number for how far apart two tokens are, from a
//! table that all layers share.
//!
//! Sources: Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2020;
//! Shazeer, "GLU Variants Improve Transformer", 2020, for gated layers. Names of tensors and settings are those of
//! transformers.

mod config;
mod kind;

use nn::dense::{Attention, Linear, Precision, activate, add, attend, rms_norm};
use nn::weight_files::WeightFiles;

use crate::Error;
use crate::tensors::{Shapes, Tensors};

pub use config::T5Config;
pub(crate) use kind::{KIND, as_written};

/// The encoder with its weights.
#[derive(Debug)]
pub struct T5 {
    config: T5Config,
    /// `[tokens][d_model]`.
    embedding: Vec<f32>,
    layers: Vec<Layer>,
    /// What heads add to scores, `[buckets][heads]`.
    bias: Vec<f32>,
    norm: Vec<f32>,
}

#[derive(Debug)]
struct Layer {
    attention_norm: Vec<f32>,
    queries_keys_values: Linear,
    out: Linear,
    norm: Vec<f32>,
    /// Where it is gated, the layer that is activated and the one that it multiplies, one below the other.
    wide: Linear,
    narrow: Linear,
}

const EMBEDDING: &str = "shared.weight";
const BIAS: &str = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight";
const NORM: &str = "encoder.final_layer_norm.weight";
/// Another name of the embedding.
const EMBEDDING_AGAIN: &str = "encoder.embed_tokens.weight";

impl T5 {
    /// Reads the weights of a configuration.
    ///
    /// # Errors
    /// When one is missing, of another shape, or a file is damaged.
    pub fn load(
        config: T5Config,
        files: &WeightFiles,
        precision: Precision,
    ) -> Result<Self, Error> {
        let mut files = files.clone();
        files.rename(EMBEDDING_AGAIN, EMBEDDING);
        let mut tensors = Tensors::read(&files, &around_layers(&config))?;
        let layers = (0..config.num_layers).map(|i| Layer::load(&config, &files, i, precision));
        Ok(Self {
            layers: layers.collect::<Result<_, _>>()?,
            embedding: tensors.take(EMBEDDING),
            bias: tensors.take(BIAS),
            norm: tensors.take(NORM),
            config,
        })
    }

    /// Names and shapes of the tensors that a configuration needs.
    #[must_use]
    pub fn tensors(config: &T5Config) -> Vec<(String, Vec<usize>)> {
        let layers = (0..config.num_layers).flat_map(|i| Layer::tensors(config, i));
        around_layers(config).into_iter().chain(layers).collect()
    }

    /// Whether a tensor is none of the encoder's: the decoder's, or the embedding once more.
    #[must_use]
    pub fn is_not_needed(name: &str) -> bool {
        name.starts_with("decoder.") || name.starts_with("lm_head.") || name == EMBEDDING_AGAIN
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &T5Config {
        &self.config
    }

    /// Bytes that its weights take.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        let of_layer = |it: &Layer| {
            let linear = [&it.queries_keys_values, &it.out, &it.wide, &it.narrow];
            linear.iter().map(|it| it.n_bytes()).sum::<usize>()
        };
        4 * self.embedding.len() + self.layers.iter().map(of_layer).sum::<usize>()
    }

    /// What tokens mean, `[tokens][d_model]`.
    ///
    /// # Panics
    /// When a token is not in the vocabulary.
    #[must_use]
    pub fn run(&self, ids: &[u32]) -> Vec<f32> {
        let config = &self.config;
        let (width, inner) = (config.d_model, config.num_heads * config.d_kv);
        let embedded = |id: &u32| &self.embedding[*id as usize * width..][..width];
        let mut x: Vec<f32> = ids.iter().flat_map(embedded).copied().collect();
        let bias = self.biases(ids.len());
        let attention = Attention {
            scale: 1.0,
            bias: Some(&bias),
            ..Attention::plain(config.num_heads, config.d_kv)
        };
        let epsilon = config.layer_norm_epsilon;
        for layer in &self.layers {
            let normal = rms_norm(&x, &layer.attention_norm, epsilon);
            let joined = layer.queries_keys_values.run(&normal);
            let [queries, keys, values] = parted(&joined, inner);
            add(&mut x, &layer.out.run(&attend(&attention, &queries, &keys, &values)));
            let mut wide = layer.wide.run(&rms_norm(&x, &layer.norm, epsilon));
            if config.is_gated() {
                let [mut gates, factors] = parted(&wide, config.d_ff);
                activate(config.activation(), &mut gates);
                gates.iter_mut().zip(&factors).for_each(|(gate, factor)| *gate *= factor);
                wide = gates;
            } else {
                activate(config.activation(), &mut wide);
            }
            add(&mut x, &layer.narrow.run(&wide));
        }
        rms_norm(&x, &self.norm, epsilon)
    }

    /// What heads add to the scores of `n` tokens, `[heads][queries][keys]`.
    fn biases(&self, n: usize) -> Vec<f32> {
        let n_heads = self.config.num_heads;
        let buckets: Vec<usize> =
            (0..2 * n).map(|i| self.config.bucket(i as isize - n as isize)).collect();
        let mut biases = Vec::with_capacity(n_heads * n * n);
        for head in 0..n_heads {
            for query in 0..n {
                let row = (0..n).map(|key| buckets[n + key - query]);
                biases.extend(row.map(|bucket| self.bias[bucket * n_heads + head]));
            }
        }
        biases
    }
}

impl Layer {
    fn names(config: &T5Config, i: usize) -> [Vec<String>; 6] {
        let part = |part: &str| format!("encoder.block.{i}.layer.{part}.weight");
        let attention = |it: &str| part(&format!("0.SelfAttention.{it}"));
        let wide: &[&str] = if config.is_gated() { &["wi_0", "wi_1"] } else { &["wi"] };
        [
            vec![part("0.layer_norm")],
            ["q", "k", "v"].into_iter().map(attention).collect(),
            vec![attention("o")],
            vec![part("1.layer_norm")],
            wide.iter().map(|it| part(&format!("1.DenseReluDense.{it}"))).collect(),
            vec![part("1.DenseReluDense.wo")],
        ]
    }

    fn tensors(config: &T5Config, i: usize) -> Shapes {
        let (width, inner) = (config.d_model, config.num_heads * config.d_kv);
        let shapes: [&[usize]; 6] = [
            &[width],
            &[inner, width],
            &[width, inner],
            &[width],
            &[config.d_ff, width],
            &[width, config.d_ff],
        ];
        let named = Self::names(config, i).into_iter().zip(shapes);
        named.flat_map(|(names, it)| names.into_iter().map(|name| (name, it.to_vec()))).collect()
    }

    fn load(
        config: &T5Config,
        files: &WeightFiles,
        i: usize,
        precision: Precision,
    ) -> Result<Self, Error> {
        let mut tensors = Tensors::read(files, &Self::tensors(config, i))?;
        let (width, inner) = (config.d_model, config.num_heads * config.d_kv);
        let [attention_norm, joined, out, norm, wide, narrow] = Self::names(config, i);
        Ok(Self {
            attention_norm: tensors.take(&attention_norm[0]),
            queries_keys_values: tensors.linear(&joined, width, precision),
            out: tensors.linear(&out, inner, precision),
            norm: tensors.take(&norm[0]),
            wide: tensors.linear(&wide, width, precision),
            narrow: tensors.linear(&narrow, config.d_ff, precision),
        })
    }
}

fn around_layers(config: &T5Config) -> Shapes {
    vec![
        (EMBEDDING.to_owned(), vec![config.vocab_size, config.d_model]),
        (BIAS.to_owned(), vec![config.relative_attention_num_buckets, config.num_heads]),
        (NORM.to_owned(), vec![config.d_model]),
    ]
}

/// Takes frames apart that several layers made side by side, `n` numbers each.
fn parted<const N: usize>(joined: &[f32], n: usize) -> [Vec<f32>; N] {
    std::array::from_fn(|i| {
        joined.chunks_exact(N * n).flat_map(|it| &it[i * n..][..n]).copied().collect()
    })
}

#[cfg(test)]
mod tests;
