//! The blocks that both networks of pictures are made of: residual blocks, attention over all pixels, and changes of
//! size. Sources: He et al., "Deep Residual Learning", 2016; Rombach et al., "High-Resolution Image Synthesis with
//! Latent Diffusion Models", 2022.

use nn::dense::{
    Activation, Attention, Conv2d, GroupNorm, Kernel2d, Linear, Pictures, activate, add, attend,
};

use crate::layers::{LayerNorm, Tensors};

/// A residual block: two normalised convolutions, between which the time is added.
#[derive(Debug)]
pub(super) struct Residual {
    norms: [GroupNorm; 2],
    convs: [Conv2d; 2],
    time: Option<Linear>,
    shortcut: Option<Linear>,
}

/// How blocks normalise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Norms {
    pub(super) n_groups: usize,
    pub(super) epsilon: f32,
}

impl Norms {
    pub(super) fn of(self, tensors: &mut Tensors, name: &str, n_channels: usize) -> GroupNorm {
        tensors.group_norm(name, n_channels, self.n_groups, self.epsilon)
    }
}

impl Residual {
    /// One that is told the time by `time_size` numbers, or not at all.
    pub(super) fn new(
        tensors: &mut Tensors,
        at: &str,
        [channels_in, channels_out]: [usize; 2],
        time_size: Option<usize>,
        norms: Norms,
    ) -> Self {
        let widths = [channels_in, channels_out];
        let mut norm = |i: usize| norms.of(tensors, &format!("{at}.norm{}", i + 1), widths[i]);
        let norms = [norm(0), norm(1)];
        let mut conv = |i: usize| {
            let kernel = Kernel2d::square(widths[i], channels_out, 3);
            tensors.conv2d(&format!("{at}.conv{}", i + 1), &kernel)
        };
        let convs = [conv(0), conv(1)];
        let time = time_size
            .map(|size| tensors.linear(&format!("{at}.time_emb_proj"), [size, channels_out]));
        let shortcut = (channels_in != channels_out)
            .then(|| tensors.pointwise(&format!("{at}.conv_shortcut"), widths));
        Self { norms, convs, time, shortcut }
    }

    /// Of pictures and, activated, the time of each, `[pictures][time_size]`.
    pub(super) fn run(&self, x: &Pictures, times: &[f32]) -> Pictures {
        let mut inner = self.convs[0].run(&self.norms[0].run_activated(x, Activation::Silu));
        if let Some(time) = &self.time {
            let shifts = time.run(times);
            let of_picture = inner.rows * inner.columns * inner.channels;
            let pictures = inner.values.chunks_exact_mut(of_picture);
            for (picture, shift) in pictures.zip(shifts.chunks_exact(inner.channels)) {
                picture.chunks_exact_mut(shift.len()).for_each(|pixel| add(pixel, shift));
            }
        }
        let normal = self.norms[1].run_activated(&inner, Activation::Silu);
        drop(inner);
        let mut out = self.convs[1].run(&normal);
        match &self.shortcut {
            None => add(&mut out.values, &x.values),
            Some(shortcut) => add(&mut out.values, &shortcut.run(&x.values)),
        }
        out
    }
}

/// Transformer blocks over the pixels of a picture, which see each other and nothing else.
#[derive(Debug)]
pub(super) struct Transformer {
    norm: GroupNorm,
    into: Linear,
    blocks: Vec<TransformerBlock>,
    out: Linear,
    n_heads: usize,
}

#[derive(Debug)]
struct TransformerBlock {
    attentions: Vec<(LayerNorm, Heads)>,
    norm: LayerNorm,
    inner: Linear,
    outer: Linear,
}

/// The layers of attention.
#[derive(Debug)]
struct Heads {
    queries: Linear,
    keys: Linear,
    values: Linear,
    out: Linear,
}

/// How transformer blocks of a place are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct TransformerShape {
    pub(super) channels: usize,
    pub(super) n_heads: usize,
    pub(super) n_blocks: usize,
    /// Whether blocks attend twice.
    pub(super) is_double: bool,
    /// Whether its projections are stored as those of rows.
    pub(super) is_linear: bool,
    pub(super) n_groups: usize,
}

/// What is added to variances before the transformer blocks and in the network of spectrograms.
pub(super) const PICTURE_EPSILON: f32 = 1e-6;
/// What is added to variances in transformer blocks.
const EPSILON: f32 = 1e-5;

impl Transformer {
    pub(super) fn new(tensors: &mut Tensors, at: &str, shape: &TransformerShape) -> Self {
        let n = shape.channels;
        let norm = tensors.group_norm(&format!("{at}.norm"), n, shape.n_groups, PICTURE_EPSILON);
        let mut project = |name: &str| {
            let name = format!("{at}.{name}");
            if shape.is_linear {
                tensors.linear(&name, [n, n])
            } else {
                tensors.pointwise(&name, [n, n])
            }
        };
        let [into, out] = ["proj_in", "proj_out"].map(&mut project);
        let blocks = (0..shape.n_blocks)
            .map(|i| TransformerBlock::new(tensors, &format!("{at}.transformer_blocks.{i}"), shape))
            .collect();
        Self { norm, into, blocks, out, n_heads: shape.n_heads }
    }

    pub(super) fn run(&self, mut x: Pictures) -> Pictures {
        let mut rows = self.into.run(&self.norm.run(&x).values);
        for block in &self.blocks {
            block.run(&mut rows, x.n, self.n_heads);
        }
        add(&mut x.values, &self.out.run(&rows));
        x
    }
}

impl TransformerBlock {
    fn new(tensors: &mut Tensors, at: &str, shape: &TransformerShape) -> Self {
        let n = shape.channels;
        let mut attention = |i: usize| {
            let norm = tensors.layer_norm(&format!("{at}.norm{i}"), n, EPSILON);
            let at = format!("{at}.attn{i}");
            let mut project = |name: &str| tensors.linear_unbiased(&format!("{at}.{name}"), [n, n]);
            let [queries, keys, values] = ["to_q", "to_k", "to_v"].map(&mut project);
            let out = tensors.linear(&format!("{at}.to_out.0"), [n, n]);
            (norm, Heads { queries, keys, values, out })
        };
        let attentions = (1..=1 + usize::from(shape.is_double)).map(&mut attention).collect();
        Self {
            attentions,
            norm: tensors.layer_norm(&format!("{at}.norm3"), n, EPSILON),
            inner: tensors.linear(&format!("{at}.ff.net.0.proj"), [n, 8 * n]),
            outer: tensors.linear(&format!("{at}.ff.net.2"), [4 * n, n]),
        }
    }

    /// Changes the rows of `n_pictures` pictures, each of which attends to itself.
    fn run(&self, rows: &mut [f32], n_pictures: usize, n_heads: usize) {
        for (norm, heads) in &self.attentions {
            let attended = heads.run(&norm.run(rows), n_pictures, n_heads);
            add(rows, &attended);
        }
        let inner = gated(&self.inner.run(&self.norm.run(rows)), self.outer.n_in());
        add(rows, &self.outer.run(&inner));
    }
}

/// Each row's first half times what is left of its second. Source: Shazeer, "GLU Variants Improve Transformer", 2020.
fn gated(x: &[f32], n: usize) -> Vec<f32> {
    let rows = x.chunks_exact(2 * n);
    let mut gates: Vec<f32> = rows.clone().flat_map(|row| &row[n..]).copied().collect();
    activate(Activation::Gelu, &mut gates);
    for (gates, row) in gates.chunks_exact_mut(n).zip(rows) {
        gates.iter_mut().zip(&row[..n]).for_each(|(gate, x)| *gate *= x);
    }
    gates
}

impl Heads {
    fn run(&self, x: &[f32], n_pictures: usize, n_heads: usize) -> Vec<f32> {
        let width = self.queries.n_out();
        let how = Attention::plain(n_heads, width / n_heads);
        let [queries, keys, values] = [&self.queries, &self.keys, &self.values].map(|it| it.run(x));
        let of_picture = (x.len() / n_pictures).max(1);
        let parts = queries.chunks_exact(of_picture).zip(keys.chunks_exact(of_picture));
        let attended: Vec<f32> = parts
            .zip(values.chunks_exact(of_picture))
            .flat_map(|((queries, keys), values)| attend(&how, queries, keys, values))
            .collect();
        self.out.run(&attended)
    }
}

/// How the attention of the network of spectrograms is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `to_q`, `to_k`, `to_v`, `to_out.0`.
    Newer,
    /// `query`, `key`, `value`, `proj_attn`.
    Older,
}

/// Attention of one head over the pixels of a picture.
#[derive(Debug)]
pub(super) struct PixelAttention {
    norm: GroupNorm,
    heads: Heads,
}

impl PixelAttention {
    pub(super) fn new(
        tensors: &mut Tensors,
        at: &str,
        n: usize,
        norms: Norms,
        spelling: Spelling,
    ) -> Self {
        let names = match spelling {
            Spelling::Newer => ["to_q", "to_k", "to_v", "to_out.0"],
            Spelling::Older => ["query", "key", "value", "proj_attn"],
        };
        let norm = norms.of(tensors, &format!("{at}.group_norm"), n);
        let [queries, keys, values, out] =
            names.map(|name| tensors.linear(&format!("{at}.{name}"), [n, n]));
        Self { norm, heads: Heads { queries, keys, values, out } }
    }

    pub(super) fn run(&self, mut x: Pictures) -> Pictures {
        let attended = self.heads.run(&self.norm.run(&x).values, x.n, 1);
        add(&mut x.values, &attended);
        x
    }
}

/// Half as many rows and columns. Zeros stand around the picture, or, as in encoders, behind it alone.
pub(super) fn halving(tensors: &mut Tensors, at: &str, n: usize, padding: [usize; 2]) -> Conv2d {
    let kernel = Kernel2d { stride: 2, padding, ..Kernel2d::square(n, n, 3) };
    tensors.conv2d(&format!("{at}.downsamplers.0.conv"), &kernel)
}

/// What follows when a picture was enlarged.
pub(super) fn smoothing(tensors: &mut Tensors, at: &str, n: usize) -> Conv2d {
    tensors.conv2d(&format!("{at}.upsamplers.0.conv"), &Kernel2d::square(n, n, 3))
}
