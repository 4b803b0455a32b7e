//! `T5Gemma`'s encoder: what the pieces of a prompt mean, in rows of numbers.
//!
//! Source: Zhang et al., "Encoder-Decoder Gemma", 2025; Gemma Team, "Gemma 2", 2024; names of tensors and settings are
//! those of `T5GemmaEncoderModel` in Hugging Face's transformers 5.

use nn::dense::{Activation, Attention, Rotary, activate, add, attend, rms_norm};
use nn::weight_files::WeightFiles;
use serde_json::Value;

use super::fields::{Fields, within};
use super::rows::multiply;
use super::weights::{Component, Listing, Maker, Reading, plain};
use crate::Error;

/// The settings of the encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct TextConfig {
    /// Pieces that there are.
    pub n_pieces: usize,
    /// Numbers of a piece.
    pub width: usize,
    /// Layers, and how far each sees to both sides; to the end where it is none.
    pub sights: Vec<Option<usize>>,
    /// Heads of queries.
    pub n_heads: usize,
    /// Heads of keys and values.
    pub n_key_heads: usize,
    /// Numbers of a head.
    pub head_dim: usize,
    /// Numbers inside the feed forward.
    pub n_inner: usize,
    /// What products of queries and keys are divided by the root of.
    pub scalar: f64,
    /// Scores stay within this.
    pub cap: Option<f32>,
    /// What keeps a normalisation from dividing by zero.
    pub epsilon: f32,
    /// The base of rotary positions.
    pub base: f64,
    /// What stands between the layers of the feed forward.
    pub activation: Activation,
}

/// The encoder.
pub(super) struct Text<M: Maker> {
    config: TextConfig,
    component: Component,
    layers: Vec<Layer<M>>,
    norm: M::Vector,
    rotary: Rotary,
}

struct Layer<M: Maker> {
    /// Before and after attention, before and after the feed forward.
    norms: [M::Vector; 4],
    /// Queries, keys, values and what is made of them.
    attention: [M::Linear; 4],
    /// Gates, numbers, and what is made of their products.
    forward: [M::Linear; 3],
}

impl TextConfig {
    /// Reads the settings of a `config.json`.
    pub(super) fn parse(json: &Value) -> Result<Self, String> {
        let whole = Fields::of(json)?;
        whole.expect("model_type", &"t5gemma".into())?;
        let fields = whole.object("encoder")?;
        fields.expect("attention_bias", &false.into())?;
        let rope = fields.object("rope_parameters")?;
        rope.expect("rope_type", &"default".into())?;
        let depth = fields.count("num_hidden_layers", 26)?;
        within("num_hidden_layers", depth, 1, 256)?;
        let window = fields.get("sliding_window").is_some();
        let window = window.then(|| fields.count("sliding_window", 4_096)).transpose()?;
        let kinds = fields.get("layer_types").and_then(Value::as_array);
        let slides = |i: usize| match kinds {
            Some(kinds) => kinds.get(i).is_some_and(|kind| kind == "sliding_attention"),
            None => i.is_multiple_of(2),
        };
        let name = fields.text("hidden_activation")?.unwrap_or("gelu_pytorch_tanh");
        let activation =
            Activation::named(name).ok_or("hidden_activation is none that is known here")?;
        let config = Self {
            n_pieces: fields.count("vocab_size", 256_000)?,
            width: fields.count("hidden_size", 2304)?,
            sights: (0..depth).map(|i| window.filter(|_| slides(i))).collect(),
            n_heads: fields.count("num_attention_heads", 8)?,
            n_key_heads: fields.count("num_key_value_heads", 4)?,
            head_dim: fields.count("head_dim", 256)?,
            n_inner: fields.count("intermediate_size", 9216)?,
            scalar: fields.number("query_pre_attn_scalar", 256.0)?,
            cap: match fields.get("attn_logit_softcapping") {
                None => None,
                Some(_) => Some(fields.number("attn_logit_softcapping", 50.0)? as f32),
            },
            epsilon: fields.number("rms_norm_eps", 1e-6)? as f32,
            base: match rope.get("rope_theta") {
                None => fields.number("rope_theta", 10_000.0)?,
                Some(_) => rope.number("rope_theta", 10_000.0)?,
            },
            activation,
        };
        within("vocab_size", config.n_pieces, 1, 1 << 21)?;
        within("hidden_size", config.width, 1, 1 << 14)?;
        within("num_attention_heads", config.n_heads, 1, 1 << 10)?;
        within("num_key_value_heads", config.n_key_heads, 1, config.n_heads)?;
        within("head_dim", config.head_dim, 2, 1 << 12)?;
        within("intermediate_size", config.n_inner, 1, 1 << 17)?;
        if !config.n_heads.is_multiple_of(config.n_key_heads) || !config.head_dim.is_multiple_of(2)
        {
            return Err("its heads are not whole groups, or of an odd size".into());
        }
        if !(config.scalar > 0.0 && config.base > 1.0 && config.cap.is_none_or(|cap| cap > 0.0)) {
            return Err("a scale of its attention is out of range".into());
        }
        Ok(config)
    }
}

/// The tensor of the pieces, which is read row by row.
const PIECES: &str = "embed_tokens.weight";

impl<M: Maker> Text<M> {
    pub(super) fn make(
        config: &TextConfig,
        component: &Component,
        maker: &mut M,
    ) -> Result<Self, Error> {
        let layer = |i: usize, maker: &mut M| Layer::make(config, &format!("layers.{i}"), maker);
        let layers = (0..config.sights.len()).map(|i| layer(i, maker)).collect::<Result<_, _>>()?;
        Ok(Self {
            layers,
            norm: maker.vector("norm.weight", &[config.width])?,
            rotary: Rotary::new(config.head_dim, config.base),
            config: config.clone(),
            component: component.clone(),
        })
    }
}

impl Text<Listing> {
    /// Names and shapes of all tensors.
    pub(super) fn tensors(config: &TextConfig, component: &Component) -> Vec<(String, Vec<usize>)> {
        let mut listing = Listing { component: component.clone(), tensors: vec![] };
        let pieces = listing.vector(PIECES, &[config.n_pieces, config.width]);
        pieces
            .and_then(|()| Text::make(config, component, &mut listing))
            .expect("nothing is read to list tensors");
        listing.tensors
    }
}

impl Text<Reading> {
    /// What the pieces mean, `[pieces][width]`.
    pub(super) fn hidden(&self, ids: &[u32], files: &WeightFiles) -> Result<Vec<f32>, Error> {
        let Self { config, .. } = self;
        let ids: Vec<usize> = ids.iter().map(|id| *id as usize).collect();
        let name = self.component.of(PIECES);
        let mut x = files.read_rows(&name, [config.n_pieces, config.width], &ids)?;
        let scale = (config.width as f64).sqrt() as f32;
        x.iter_mut().for_each(|x| *x *= scale);
        for (layer, sight) in self.layers.iter().zip(&config.sights) {
            layer.run(config, &self.rotary, *sight, &mut x);
        }
        Ok(rms_norm(&x, &whole(&self.norm), config.epsilon))
    }

    /// Bytes of its layers.
    pub(super) fn n_bytes(&self) -> usize {
        let of = |layer: &Layer<Reading>| {
            layer
                .attention
                .iter()
                .chain(&layer.forward)
                .map(nn::dense::Linear::n_bytes)
                .sum::<usize>()
        };
        self.layers.iter().map(of).sum::<usize>()
    }
}

impl<M: Maker> Layer<M> {
    fn make(config: &TextConfig, name: &str, maker: &mut M) -> Result<Self, Error> {
        let TextConfig { width, head_dim, n_inner, .. } = *config;
        let (n_queries, n_keys) = (config.n_heads * head_dim, config.n_key_heads * head_dim);
        let mut norm = |part: &str| {
            let name = format!("{name}.{part}_layernorm.weight");
            maker.vector(&name, &[width])
        };
        let norms = [
            norm("pre_self_attn")?,
            norm("post_self_attn")?,
            norm("pre_feedforward")?,
            norm("post_feedforward")?,
        ];
        let mut layer = |part: &str, n_out: usize, n_in: usize| {
            maker.layer(&format!("{name}.{part}_proj"), plain(n_out, n_in))
        };
        Ok(Self {
            norms,
            attention: [
                layer("self_attn.q", n_queries, width)?,
                layer("self_attn.k", n_keys, width)?,
                layer("self_attn.v", n_keys, width)?,
                layer("self_attn.o", width, n_queries)?,
            ],
            forward: [
                layer("mlp.gate", n_inner, width)?,
                layer("mlp.up", n_inner, width)?,
                layer("mlp.down", width, n_inner)?,
            ],
        })
    }
}

impl Layer<Reading> {
    fn run(&self, config: &TextConfig, rotary: &Rotary, sight: Option<usize>, x: &mut [f32]) {
        let TextConfig { n_heads, n_key_heads, head_dim, .. } = *config;
        let norm = |i: usize, x: &[f32]| rms_norm(x, &whole(&self.norms[i]), config.epsilon);
        let normed = norm(0, x);
        let [queries, keys, values, out] = &self.attention;
        let (mut queries, mut keys) = (queries.run(&normed), keys.run(&normed));
        rotary.turn(&mut queries, n_heads, head_dim, 0);
        rotary.turn(&mut keys, n_key_heads, head_dim, 0);
        let near = |query: usize, key: usize| sight.is_none_or(|n| query.abs_diff(key) <= n);
        let how = Attention {
            n_key_heads,
            scale: (1.0 / config.scalar.sqrt()) as f32,
            cap: config.cap,
            sees: if sight.is_some() { Some(&near) } else { None },
            ..Attention::plain(n_heads, head_dim)
        };
        let seen = attend(&how, &queries, &keys, &values.run(&normed));
        add(x, &norm(1, &out.run(&seen)));
        let normed = norm(2, x);
        let [gate, up, down] = &self.forward;
        let mut inner = gate.run(&normed);
        activate(config.activation, &mut inner);
        multiply(&mut inner, &up.run(&normed));
        add(x, &norm(3, &down.run(&inner)));
    }
}

/// Gains are stored less 1.
fn whole(gain: &[f32]) -> Vec<f32> {
    gain.iter().map(|gain| 1.0 + gain).collect()
}
