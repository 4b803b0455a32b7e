//! The settings of T5 as its `config.json` has them, checked before anything is made of them.

use nn::dense::Activation;
use serde::Deserialize;

/// The settings; names and defaults are those of transformers' `T5Config`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct T5Config {
    /// Tokens.
    pub vocab_size: usize,
    /// Numbers of a token between layers.
    pub d_model: usize,
    /// Numbers of a head.
    pub d_kv: usize,
    /// Numbers inside a feed-forward layer.
    pub d_ff: usize,
    /// Layers.
    pub num_layers: usize,
    /// Heads.
    pub num_heads: usize,
    /// Distances that heads tell apart, half of them forwards.
    pub relative_attention_num_buckets: usize,
    /// The distance from which on all are one.
    pub relative_attention_max_distance: usize,
    /// What keeps normalisation from dividing by 0.
    pub layer_norm_epsilon: f32,
    /// How a feed-forward layer is activated: `relu`, or `gated-` and an activation.
    pub feed_forward_proj: String,
}

impl Default for T5Config {
    fn default() -> Self {
        Self {
            vocab_size: 32_128,
            d_model: 512,
            d_kv: 64,
            d_ff: 2_048,
            num_layers: 6,
            num_heads: 8,
            relative_attention_num_buckets: 32,
            relative_attention_max_distance: 128,
            layer_norm_epsilon: 1e-6,
            feed_forward_proj: "relu".to_owned(),
        }
    }
}

impl T5Config {
    /// Reads the settings of a `config.json`; fields that are not known here are left alone.
    ///
    /// # Errors
    /// A fragment in words: a field of another type, out of its range, or at odds with another.
    pub fn parse(json: &serde_json::Value) -> Result<Self, String> {
        let config = Self::deserialize(json).map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: usize, from: usize, to: usize| {
            let said = || format!("{name} is {value}, and must be from {from} to {to}");
            if (from..=to).contains(&value) { Ok(()) } else { Err(said()) }
        };
        within("vocab_size", self.vocab_size, 1, 1 << 20)?;
        within("d_model", self.d_model, 1, 1 << 13)?;
        within("d_kv", self.d_kv, 1, 1 << 10)?;
        within("d_ff", self.d_ff, 1, 1 << 16)?;
        within("num_layers", self.num_layers, 1, 64)?;
        within("num_heads", self.num_heads, 1, 256)?;
        let n_buckets = self.relative_attention_num_buckets;
        within("relative_attention_num_buckets", n_buckets, 4, 1 << 12)?;
        let farthest = self.relative_attention_max_distance;
        within("relative_attention_max_distance", farthest, n_buckets / 4 + 1, 1 << 16)?;
        if !(0.0..1.0).contains(&self.layer_norm_epsilon) {
            return Err("layer_norm_epsilon is not between 0 and 1".to_owned());
        }
        let form = self.form();
        if form.is_none() {
            let name: String = self.feed_forward_proj.chars().take(60).collect();
            return Err(format!("feed_forward_proj is “{name}”, which is not known here"));
        }
        Ok(())
    }

    /// Whether feed-forward layers are gated, and their activation.
    fn form(&self) -> Option<(bool, Activation)> {
        match self.feed_forward_proj.strip_prefix("gated-") {
            // The reference means the form with a hyperbolic tangent here.
            Some("gelu") => Some((true, Activation::GeluTanh)),
            Some(name) => Some((true, Activation::named(name)?)),
            None => Some((false, Activation::named(&self.feed_forward_proj)?)),
        }
    }

    pub(super) fn is_gated(&self) -> bool {
        self.form().is_some_and(|it| it.0)
    }

    pub(super) fn activation(&self) -> Activation {
        self.form().map_or(Activation::Relu, |it| it.1)
    }

    /// The bucket of a distance, from the token that looks to the one that is seen: near ones have one each, far ones
    /// share them in steps of a logarithm.
    pub(super) fn bucket(&self, distance: isize) -> usize {
        let n = self.relative_attention_num_buckets / 2;
        let start = if distance > 0 { n } else { 0 };
        let (far, n_near) = (distance.unsigned_abs(), n / 2);
        if far < n_near {
            return start + far;
        }
        let farthest = self.relative_attention_max_distance as f32;
        let share = (far as f32 / n_near as f32).ln() / (farthest / n_near as f32).ln();
        let step = (share * (n - n_near) as f32) as usize;
        start + (n_near + step).min(n - 1)
    }
}
