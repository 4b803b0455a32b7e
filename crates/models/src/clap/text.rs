//! The text side: tokens to hidden states, and the first of them to an embedding.

use nn::dense::{Activation, Attention, Linear, activate, add, attend};

use super::config::TextConfig;
use crate::layers::{LayerNorm, Tensors};

/// The network of the text side.
#[derive(Debug)]
pub(super) struct TextNetwork {
    words: Vec<f32>,
    positions: Vec<f32>,
    /// What every token is given for being of the first kind.
    kind: Vec<f32>,
    norm: LayerNorm,
    layers: Vec<Layer>,
    pooler: Linear,
    projection: Projection,
    config: TextConfig,
}

/// The last two layers of either side.
#[derive(Debug)]
pub(super) struct Projection {
    first: Linear,
    activation: Activation,
    second: Linear,
}

#[derive(Debug)]
struct Layer {
    queries: Linear,
    keys: Linear,
    values: Linear,
    out: Linear,
    attended: LayerNorm,
    inner: Linear,
    outer: Linear,
    done: LayerNorm,
}

impl Projection {
    pub(super) fn new(tensors: &mut Tensors, name: &str, sizes: [usize; 2], act: &str) -> Self {
        Self {
            first: tensors.linear(&format!("{name}.linear1"), sizes),
            activation: Activation::named(act).unwrap_or(Activation::Relu),
            second: tensors.linear(&format!("{name}.linear2"), [sizes[1]; 2]),
        }
    }

    pub(super) fn run(&self, x: &[f32]) -> Vec<f32> {
        let mut x = self.first.run(x);
        activate(self.activation, &mut x);
        self.second.run(&x)
    }
}

impl TextNetwork {
    pub(super) fn new(tensors: &mut Tensors, config: &TextConfig) -> Self {
        let (n, epsilon) = (config.hidden_size, config.layer_norm_eps as f32);
        let at = "text_model.embeddings";
        let words = tensors.array(&format!("{at}.word_embeddings.weight"), &[config.vocab_size, n]);
        let shape = [config.max_position_embeddings, n];
        let positions = tensors.array(&format!("{at}.position_embeddings.weight"), &shape);
        let shape = [config.type_vocab_size, n];
        let mut kind = tensors.array(&format!("{at}.token_type_embeddings.weight"), &shape);
        kind.truncate(n);
        let norm = tensors.layer_norm(&format!("{at}.LayerNorm"), n, epsilon);
        let layers = (0..config.num_hidden_layers)
            .map(|i| Layer::new(tensors, &format!("text_model.encoder.layer.{i}"), config))
            .collect();
        let pooler = tensors.linear("text_model.pooler.dense", [n, n]);
        let sizes = [n, config.projection_dim];
        let act = &config.projection_hidden_act;
        let projection = Projection::new(tensors, "text_projection", sizes, act);
        let config = config.clone();
        Self { words, positions, kind, norm, layers, pooler, projection, config }
    }

    pub(super) fn n_tokens_max(&self) -> usize {
        self.config.n_tokens_max()
    }

    pub(super) fn n_layers(&self) -> usize {
        self.layers.len()
    }

    pub(super) fn hidden_size(&self) -> usize {
        self.config.hidden_size
    }

    /// What goes into the first layer, or what comes out of another, `[tokens][hidden_size]`. Tokens that the model
    /// does not know count as the last that it knows.
    pub(super) fn hidden(&self, ids: &[u32], layer: usize) -> Vec<f32> {
        let (n, pad) = (self.config.hidden_size, self.config.pad_token_id);
        let mut x = Vec::with_capacity(ids.len() * n);
        let mut position = pad;
        for id in ids {
            let id = (*id as usize).min(self.config.vocab_size - 1);
            // Tokens that fill up have one position in common.
            let place = if id == pad {
                pad
            } else {
                position += 1;
                position
            };
            let [word, place] = [&self.words[id * n..], &self.positions[place * n..]];
            x.extend((0..n).map(|i| word[i] + self.kind[i] + place[i]));
        }
        let mut x = self.norm.run(&x);
        for layer in &self.layers[..layer] {
            x = layer.run(&x, &self.config);
        }
        x
    }

    /// The embedding of what the last layer gave, of any length.
    pub(super) fn embedding(&self, hidden: &[f32]) -> Vec<f32> {
        let mut pooled = self.pooler.run(&hidden[..self.config.hidden_size]);
        activate(Activation::Tanh, &mut pooled);
        self.projection.run(&pooled)
    }
}

impl Layer {
    fn new(tensors: &mut Tensors, at: &str, config: &TextConfig) -> Self {
        let (n, inner) = (config.hidden_size, config.intermediate_size);
        let epsilon = config.layer_norm_eps as f32;
        Self {
            queries: tensors.linear(&format!("{at}.attention.self.query"), [n, n]),
            keys: tensors.linear(&format!("{at}.attention.self.key"), [n, n]),
            values: tensors.linear(&format!("{at}.attention.self.value"), [n, n]),
            out: tensors.linear(&format!("{at}.attention.output.dense"), [n, n]),
            attended: tensors.layer_norm(&format!("{at}.attention.output.LayerNorm"), n, epsilon),
            inner: tensors.linear(&format!("{at}.intermediate.dense"), [n, inner]),
            outer: tensors.linear(&format!("{at}.output.dense"), [inner, n]),
            done: tensors.layer_norm(&format!("{at}.output.LayerNorm"), n, epsilon),
        }
    }

    fn run(&self, x: &[f32], config: &TextConfig) -> Vec<f32> {
        let n_heads = config.num_attention_heads;
        let how = Attention::plain(n_heads, config.hidden_size / n_heads);
        let [queries, keys, values] = [&self.queries, &self.keys, &self.values].map(|it| it.run(x));
        let mut attended = self.out.run(&attend(&how, &queries, &keys, &values));
        add(&mut attended, x);
        let x = self.attended.run(&attended);
        let mut inner = self.inner.run(&x);
        activate(Activation::named(&config.hidden_act).unwrap_or(Activation::Gelu), &mut inner);
        let mut out = self.outer.run(&inner);
        add(&mut out, &x);
        self.done.run(&out)
    }
}
