//! Where the tensors of a network lie, and the two things that are done with them: they are listed, or read.
//!
//! A network is described once, over a [`Maker`]. One that lists answers names and shapes without reading numbers; one
//! that reads packs each weight as soon as it is read, so that no more than one lies in memory twice.

use nn::dense::{Linear, Precision};
use nn::weight_files::WeightFiles;

use super::config::Layout;
use crate::Error;
use crate::lora::Adapter;

/// Makes the parts of a network of the tensors that it names, by the names of diffusers.
pub(super) trait Maker {
    type Linear;
    type Vector;

    /// A weight `[n_parts * n_out][n_in]` as layers of their own, packed as was chosen.
    fn parts(
        &mut self,
        name: &str,
        n_parts: usize,
        shape: Shape,
    ) -> Result<Vec<Self::Linear>, Error>;

    /// A small layer, or one that numbers pass once: never of 8 bits. With several taps it is a convolution whose input
    /// frames stand side by side.
    fn linear(&mut self, name: &str, shape: Shape, n_taps: usize) -> Result<Self::Linear, Error>;

    /// Numbers as they are.
    fn vector(&mut self, name: &str, shape: &[usize]) -> Result<Self::Vector, Error>;

    /// No numbers.
    fn nothing(&mut self) -> Self::Vector;

    /// One layer, packed as was chosen.
    fn layer(&mut self, name: &str, shape: Shape) -> Result<Self::Linear, Error> {
        let parts = self.parts(name, 1, shape)?;
        Ok(parts.into_iter().next().expect("there is one part"))
    }
}

/// The shape of a layer; what a name ends in says whether it is a convolution.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) n_out: usize,
    pub(super) n_in: usize,
    pub(super) has_bias: bool,
}

/// A layer without biases.
pub(super) fn plain(n_out: usize, n_in: usize) -> Shape {
    Shape { n_out, n_in, has_bias: false }
}

/// A layer with biases.
pub(super) fn biased(n_out: usize, n_in: usize) -> Shape {
    Shape { n_out, n_in, has_bias: true }
}

/// Lists names and shapes.
pub(super) struct Listing {
    pub(super) component: Component,
    pub(super) tensors: Vec<(String, Vec<usize>)>,
}

/// Reads and packs.
pub(super) struct Reading {
    pub(super) component: Component,
    pub(super) files: WeightFiles,
    pub(super) precision: Precision,
    /// Adapters that are added to weights before they are packed, and how much of each.
    pub(super) adapters: Vec<(Adapter, f64)>,
}

/// A component of the model, and how its tensors are named in files.
#[derive(Clone, Debug)]
pub(super) enum Component {
    Transformer(Layout),
    Autoencoder(Layout, usize),
    Duration(Layout),
    /// What stands before the names of `T5Gemma`'s encoder.
    Text(&'static str),
}

impl Component {
    /// The name in the files.
    pub(super) fn of(&self, name: &str) -> String {
        match self {
            Self::Text(prefix) => format!("{prefix}{name}"),
            Self::Transformer(Layout::Folders)
            | Self::Autoencoder(Layout::Folders, _)
            | Self::Duration(Layout::Folders) => name.to_owned(),
            Self::Duration(Layout::Single) => {
                let of = "conditioner.conditioners.seconds_total.embedder.embedding.1";
                name.replace("linear", of)
            }
            Self::Transformer(Layout::Single) => of_transformer(name),
            Self::Autoencoder(Layout::Single, n_levels) => of_autoencoder(name, *n_levels),
        }
    }

    /// Parts of queries, keys and values in the order of their computation: queries and keys of the first heads, those
    /// of the second, values. The original keeps the values third.
    pub(super) fn in_order<T>(&self, mut parts: Vec<T>) -> Vec<T> {
        let is_original = matches!(
            self,
            Self::Transformer(Layout::Single) | Self::Autoencoder(Layout::Single, _)
        );
        if is_original && parts.len() == 5 {
            // queries, keys, values, queries, keys
            let values = parts.remove(2);
            parts.swap(1, 2);
            parts.push(values);
        }
        parts
    }
}

fn of_transformer(name: &str) -> String {
    if name == "prompt_padding_embedding" {
        return "conditioner.conditioners.prompt.padding_embedding".to_owned();
    }
    let inner = name
        .replace("transformer_blocks.", "layers.")
        .replace("ff.proj_in", "ff.ff.0.proj")
        .replace("ff.proj_out", "ff.ff.2")
        .replace("proj_in.", "project_in.")
        .replace("proj_out.", "project_out.");
    let is_inside = ["layers.", "global_cond_embedder.", "memory_tokens", "project_"]
        .iter()
        .any(|start| inner.starts_with(start));
    format!("model.model.{}{inner}", if is_inside { "transformer." } else { "" })
}

fn of_autoencoder(name: &str, n_levels: usize) -> String {
    let inner = name
        .replace("norm_attn.", "pre_norm.")
        .replace("norm_ff.", "ff_norm.")
        .replace(".attn.", ".self_attn.")
        .replace("ff.proj_in", "ff.ff.0.proj")
        .replace("ff.proj_out", "ff.ff.2")
        .replace("bottleneck.scale", "bottleneck.scaling_factor")
        .replace("encoder.blocks.", "encoder.layers.")
        .replace("encoder.proj.", &format!("encoder.layers.{}.", n_levels + 1))
        .replace("decoder.proj.", "decoder.layers.1.");
    // The decoder's levels stand after a layer between two that only turn.
    let inner = match inner.strip_prefix("decoder.blocks.").and_then(|it| it.split_once('.')) {
        Some((i, rest)) => {
            let i: usize = i.parse().unwrap_or(0);
            format!("decoder.layers.{}.{rest}", i + 3)
        }
        None => inner,
    };
    format!("pretransform.model.{inner}")
}

impl Maker for Listing {
    type Linear = ();
    type Vector = ();

    fn parts(&mut self, name: &str, n_parts: usize, shape: Shape) -> Result<Vec<()>, Error> {
        let Shape { n_out, n_in, has_bias } = shape;
        self.vector(&format!("{name}.weight"), &[n_parts * n_out, n_in])?;
        if has_bias {
            self.vector(&format!("{name}.bias"), &[n_parts * n_out])?;
        }
        Ok(vec![(); n_parts])
    }

    fn linear(&mut self, name: &str, shape: Shape, n_taps: usize) -> Result<(), Error> {
        let Shape { n_out, n_in, has_bias } = shape;
        self.vector(&format!("{name}.weight"), &weight_shape(name, n_out, n_in, n_taps))?;
        if has_bias {
            self.vector(&format!("{name}.bias"), &[n_out])?;
        }
        Ok(())
    }

    fn vector(&mut self, name: &str, shape: &[usize]) -> Result<(), Error> {
        self.tensors.push((self.component.of(name), shape.to_vec()));
        Ok(())
    }

    fn nothing(&mut self) {}
}

/// Convolutions have their taps last, even a single one.
fn weight_shape(name: &str, n_out: usize, n_in: usize, n_taps: usize) -> Vec<usize> {
    if name.ends_with("conv") || name.ends_with("mapping") {
        vec![n_out, n_in, n_taps]
    } else {
        vec![n_out, n_in]
    }
}

impl Maker for Reading {
    type Linear = Linear;
    type Vector = Vec<f32>;

    fn parts(&mut self, name: &str, n_parts: usize, shape: Shape) -> Result<Vec<Linear>, Error> {
        let Shape { n_out, n_in, has_bias } = shape;
        let mut weight = self.vector(&format!("{name}.weight"), &[n_parts * n_out, n_in])?;
        self.adapt(name, n_parts, &mut weight);
        let bias = match has_bias {
            true => self.vector(&format!("{name}.bias"), &[n_parts * n_out])?,
            false => vec![],
        };
        let part = |i: usize| {
            let bias = has_bias.then(|| &bias[i * n_out..][..n_out]);
            Linear::new(&weight[i * n_out * n_in..][..n_out * n_in], n_in, bias, self.precision)
        };
        Ok((0..n_parts).map(part).collect())
    }

    fn linear(&mut self, name: &str, shape: Shape, n_taps: usize) -> Result<Linear, Error> {
        let Shape { n_out, n_in, has_bias } = shape;
        let turned = self.weight(name, shape, n_taps)?;
        let bias = has_bias.then(|| self.vector(&format!("{name}.bias"), &[n_out])).transpose()?;
        let precision = match self.precision {
            Precision::Int8 => Precision::Int16,
            it => it,
        };
        Ok(Linear::new(&turned, n_taps * n_in, bias.as_deref(), precision))
    }

    fn vector(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let needed = [(self.component.of(name), shape.to_vec())];
        let mut arrays = self.files.read(&needed)?;
        Ok(arrays.pop().map(|array| array.values).unwrap_or_default())
    }

    fn nothing(&mut self) -> Vec<f32> {
        vec![]
    }
}

impl Reading {
    /// A weight `[out][tap][in]`, of a file `[out][in][tap]`.
    pub(super) fn weight(
        &mut self,
        name: &str,
        shape: Shape,
        n_taps: usize,
    ) -> Result<Vec<f32>, Error> {
        let Shape { n_out, n_in, .. } = shape;
        let of = weight_shape(name, n_out, n_in, n_taps);
        let weight = self.vector(&format!("{name}.weight"), &of)?;
        let at = |i: usize| {
            let (out, tap, from) = (i / (n_taps * n_in), i / n_in % n_taps, i % n_in);
            weight[(out * n_in + from) * n_taps + tap]
        };
        Ok((0..weight.len()).map(at).collect())
    }

    /// Adds adapters to a weight of several parts, whose order is that of the file.
    fn adapt(&self, name: &str, n_parts: usize, weight: &mut [f32]) {
        let of_part = weight.len() / n_parts;
        let places = self.component.in_order((0..n_parts).collect());
        for (adapter, share) in &self.adapters {
            let Some(addition) = adapter.addition(name, *share) else { continue };
            for (from, place) in addition.chunks_exact(of_part).zip(&places) {
                nn::dense::add(&mut weight[place * of_part..][..of_part], from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_original() {
        let check = |component: &Component, name: &str, expected: &str| {
            assert_eq!(component.of(name), expected);
        };
        let transformer = Component::Transformer(Layout::Single);
        let of = "model.model.transformer.";
        check(&transformer, "proj_in.weight", &format!("{of}project_in.weight"));
        check(
            &transformer,
            "transformer_blocks.3.ff.proj_in.bias",
            &format!("{of}layers.3.ff.ff.0.proj.bias"),
        );
        check(&transformer, "to_cond_embed.0.weight", "model.model.to_cond_embed.0.weight");
        let autoencoder = Component::Autoencoder(Layout::Single, 1);
        check(
            &autoencoder,
            "decoder.blocks.0.transformers.2.attn.to_qkv.weight",
            "pretransform.model.decoder.layers.3.transformers.2.self_attn.to_qkv.weight",
        );
        check(&autoencoder, "encoder.proj.bias", "pretransform.model.encoder.layers.2.bias");
        assert_eq!(transformer.in_order(vec!["q", "k", "v", "Q", "K"]), ["q", "Q", "k", "K", "v"]);
    }
}
