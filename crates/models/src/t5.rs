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
use crate::layers::{Tensors, listed, loaded};

pub use config::T5Config;
pub(crate) use kind::{KIND, as_written};

/// The encoder with its weights.
#[derive(Debug)]
pub struct T5 {
    config: T5Config,
    network: Network,
    n_bytes: u64,
}

#[derive(Debug)]
struct Network {
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
        let network = |tensors: &mut Tensors| Network::new(tensors, &config);
        let (network, n_bytes) = loaded(&files, precision, network)?;
        Ok(Self { network, n_bytes, config })
    }

    /// Names and shapes of the tensors that a configuration needs.
    #[must_use]
    pub fn tensors(config: &T5Config) -> Vec<(String, Vec<usize>)> {
        listed(|tensors| Network::new(tensors, config))
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
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// What tokens mean, `[tokens][d_model]`.
    ///
    /// # Panics
    /// When a token is not in the vocabulary.
    #[must_use]
    pub fn run(&self, ids: &[u32]) -> Vec<f32> {
        let Self { config, network, .. } = self;
        let (width, inner) = (config.d_model, config.num_heads * config.d_kv);
        let embedded = |id: &u32| &network.embedding[*id as usize * width..][..width];
        let mut x: Vec<f32> = ids.iter().flat_map(embedded).copied().collect();
        let bias = self.biases(ids.len());
        let attention = Attention {
            scale: 1.0,
            bias: Some(&bias),
            ..Attention::plain(config.num_heads, config.d_kv)
        };
        let epsilon = config.layer_norm_epsilon;
        for layer in &network.layers {
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
        rms_norm(&x, &network.norm, epsilon)
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
                biases.extend(row.map(|bucket| self.network.bias[bucket * n_heads + head]));
            }
        }
        biases
    }
}

impl Network {
    fn new(tensors: &mut Tensors, config: &T5Config) -> Self {
        let embedding = tensors.array(EMBEDDING, &[config.vocab_size, config.d_model]);
        let bias = [config.relative_attention_num_buckets, config.num_heads];
        let bias = tensors.array(BIAS, &bias);
        let layers = (0..config.num_layers).map(|i| Layer::new(tensors, config, i)).collect();
        Self { embedding, bias, layers, norm: tensors.array(NORM, &[config.d_model]) }
    }
}

impl Layer {
    fn new(tensors: &mut Tensors, config: &T5Config, i: usize) -> Self {
        let part = |part: &str| format!("encoder.block.{i}.layer.{part}");
        let parts = |at: &str, names: &[&str]| -> Vec<String> {
            names.iter().map(|name| part(&format!("{at}.{name}"))).collect()
        };
        let (width, inner) = (config.d_model, config.num_heads * config.d_kv);
        let wide: &[&str] = if config.is_gated() { &["wi_0", "wi_1"] } else { &["wi"] };
        let mut norm =
            |at: &str| tensors.array(&part(&format!("{at}.layer_norm.weight")), &[width]);
        let (attention_norm, norm) = (norm("0"), norm("1"));
        let mut joined = |at: &str, names: &[&str], sizes| tensors.joined(&parts(at, names), sizes);
        Self {
            attention_norm,
            norm,
            queries_keys_values: joined("0.SelfAttention", &["q", "k", "v"], [width, inner]),
            out: joined("0.SelfAttention", &["o"], [inner, width]),
            wide: joined("1.DenseReluDense", wide, [width, config.d_ff]),
            narrow: joined("1.DenseReluDense", &["wo"], [config.d_ff, width]),
        }
    }
}

/// Takes frames apart that several layers made side by side, `n` numbers each.
fn parted<const N: usize>(joined: &[f32], n: usize) -> [Vec<f32>; N] {
    std::array::from_fn(|i| {
        joined.chunks_exact(N * n).flat_map(|it| &it[i * n..][..n]).copied().collect()
    })
}

#[cfg(test)]
mod tests;
