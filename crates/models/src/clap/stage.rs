//! The blocks of a stage: attention inside windows of a picture, which are shifted by half their size in every other
//! block. Source: Liu et al., "Swin Transformer", 2021.

use nn::dense::{Activation, Attention, Linear, Pictures, activate, add, attend};

use super::config::AudioConfig;
use crate::layers::{LayerNorm, Tensors};

/// The blocks of a stage.
#[derive(Debug)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
    /// Rows and columns of a window.
    window: usize,
    n_heads: usize,
    activation: Activation,
}

#[derive(Debug)]
struct Block {
    before: LayerNorm,
    queries: Linear,
    keys: Linear,
    values: Linear,
    out: Linear,
    /// What a place is drawn to others by where they lie, `[heads][queries][keys]`.
    bias: Vec<f32>,
    after: LayerNorm,
    inner: Linear,
    outer: Linear,
    /// Rows and columns by which windows are shifted.
    shift: usize,
}

impl Blocks {
    pub(super) fn new(tensors: &mut Tensors, at: &str, config: &AudioConfig, stage: usize) -> Self {
        let (window, n_heads) = (config.window_size, config.num_attention_heads[stage]);
        // A picture of one window has nothing to shift to.
        let is_one = config.side(stage) <= window;
        let block = |i: usize| {
            let shift = if i.is_multiple_of(2) || is_one { 0 } else { window / 2 };
            let width = config.width(stage);
            let at = format!("{at}.blocks.{i}");
            Block::new(tensors, &at, [width, window, n_heads, shift], config)
        };
        Self {
            blocks: (0..config.depths[stage]).map(block).collect(),
            window,
            n_heads,
            activation: Activation::named(&config.hidden_act).unwrap_or(Activation::Gelu),
        }
    }

    pub(super) fn run(&self, mut x: Pictures) -> Pictures {
        for block in &self.blocks {
            self.step(block, &mut x);
        }
        x
    }

    fn step(&self, block: &Block, x: &mut Pictures) {
        let normal = block.before.run(&x.values);
        let order = places(x.rows, self.window, block.shift);
        let width = x.channels;
        let gathered: Vec<f32> =
            order.iter().flat_map(|place| &normal[place * width..][..width]).copied().collect();
        let project = |layer: &Linear| layer.run(&gathered);
        let [queries, keys, values] = [&block.queries, &block.keys, &block.values].map(project);
        let in_window = self.window * self.window;
        let mut attended = Vec::with_capacity(gathered.len());
        for (i, places) in order.chunks_exact(in_window).enumerate() {
            let part = i * in_window * width..(i + 1) * in_window * width;
            let regions: Vec<usize> =
                places.iter().map(|place| self.region(x, *place, block.shift)).collect();
            let sees = |query: usize, key: usize| regions[query] == regions[key];
            let how = Attention {
                bias: Some(&block.bias),
                sees: (block.shift > 0).then_some(&sees as &(dyn Fn(usize, usize) -> bool + Sync)),
                ..Attention::plain(self.n_heads, width / self.n_heads)
            };
            let [queries, keys, values] = [&queries, &keys, &values].map(|it| &it[part.clone()]);
            attended.extend(attend(&how, queries, keys, values));
        }
        let attended = block.out.run(&attended);
        for (place, from) in order.iter().zip(attended.chunks_exact(width)) {
            add(&mut x.values[place * width..][..width], from);
        }
        let mut inner = block.inner.run(&block.after.run(&x.values));
        activate(self.activation, &mut inner);
        add(&mut x.values, &block.outer.run(&inner));
    }

    /// Where a place lies, of the parts that the shifted windows put side by side: places see those of their own.
    fn region(&self, x: &Pictures, place: usize, shift: usize) -> usize {
        let part = |at: usize, n: usize| {
            // The place in the shifted picture.
            let at = (at + n - shift) % n;
            usize::from(at + self.window >= n) + usize::from(at + shift >= n)
        };
        3 * part(place / x.columns, x.rows) + part(place % x.columns, x.columns)
    }
}

/// The places of a square picture, window by window, after the picture was shifted up and left.
fn places(side: usize, window: usize, shift: usize) -> Vec<usize> {
    let in_window = window * window;
    let in_row = side / window;
    (0..side * side)
        .map(|i| {
            let (nth, inside) = (i / in_window, i % in_window);
            let row = nth / in_row * window + inside / window;
            let column = nth % in_row * window + inside % window;
            (row + shift) % side * side + (column + shift) % side
        })
        .collect()
}

impl Block {
    fn new(
        tensors: &mut Tensors,
        at: &str,
        [width, window, n_heads, shift]: [usize; 4],
        config: &AudioConfig,
    ) -> Self {
        let epsilon = config.layer_norm_eps as f32;
        let inner = (config.mlp_ratio * width as f64) as usize;
        let span = 2 * window - 1;
        let name = format!("{at}.attention.self.relative_position_bias_table");
        let table = tensors.array(&name, &[span * span, n_heads]);
        Self {
            before: tensors.layer_norm(&format!("{at}.layernorm_before"), width, epsilon),
            queries: tensors.linear(&format!("{at}.attention.self.query"), [width, width]),
            keys: tensors.linear(&format!("{at}.attention.self.key"), [width, width]),
            values: tensors.linear(&format!("{at}.attention.self.value"), [width, width]),
            out: tensors.linear(&format!("{at}.attention.output.dense"), [width, width]),
            bias: if table.is_empty() { table } else { by_places(&table, window, n_heads) },
            after: tensors.layer_norm(&format!("{at}.layernorm_after"), width, epsilon),
            inner: tensors.linear(&format!("{at}.intermediate.dense"), [width, inner]),
            outer: tensors.linear(&format!("{at}.output.dense"), [inner, width]),
            shift,
        }
    }
}

/// The biases of pairs of places of a window, `[heads][queries][keys]`, of a table `[distances][heads]`.
fn by_places(table: &[f32], window: usize, n_heads: usize) -> Vec<f32> {
    let n = window * window;
    let apart = |query: usize, key: usize| query + window - 1 - key;
    let mut out = Vec::with_capacity(n_heads * n * n);
    for head in 0..n_heads {
        for query in 0..n {
            for key in 0..n {
                let rows = apart(query / window, key / window);
                let columns = apart(query % window, key % window);
                out.push(table[(rows * (2 * window - 1) + columns) * n_heads + head]);
            }
        }
    }
    out
}
