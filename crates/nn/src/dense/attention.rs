//! Attention of several heads over keys and values that are all there.

use crate::kernels::elementwise::{add_scaled, dot, softmax};
use crate::kernels::gather::{Layout, Places, Product, pack, pack_transposed, packed_len};
use crate::threads;

/// How heads attend. Source: Vaswani et al., "Attention Is All You Need", 2017; keys that heads share: Ainslie et al.,
/// "GQA", 2023.
#[derive(Clone, Copy)]
pub struct Attention<'a> {
    /// Heads of queries.
    pub n_heads: usize,
    /// Heads of keys and values, which divide those of queries: each is shared by as many next to each other.
    pub n_key_heads: usize,
    /// Numbers of a head.
    pub head_dim: usize,
    /// What products of queries and keys are multiplied by: mostly one over the root of [`Self::head_dim`].
    pub scale: f32,
    /// Scores stay within this: `cap * tanh(score / cap)`.
    pub cap: Option<f32>,
    /// What is added to scores, `[heads][queries][keys]`.
    pub bias: Option<&'a [f32]>,
    /// Whether a query may see a key, by their indices; all may where there is none. A query that sees none gives zeros.
    pub sees: Option<&'a (dyn Fn(usize, usize) -> bool + Sync)>,
}

impl Attention<'_> {
    /// Heads that have keys of their own and see everything, scaled by one over the root of `head_dim`.
    #[must_use]
    pub fn plain(n_heads: usize, head_dim: usize) -> Self {
        Self {
            n_heads,
            n_key_heads: n_heads,
            head_dim,
            scale: 1.0 / (head_dim as f32).sqrt(),
            cap: None,
            bias: None,
            sees: None,
        }
    }
}

/// Queries that are computed together.
const BLOCK: usize = 64;
/// Up to so many queries, keys are read where they are; for more they are packed first.
const FEW: usize = 4;

/// What heads see: of queries `[queries][n_heads * head_dim]`, and keys and values `[keys][n_key_heads * head_dim]`,
/// `[queries][n_heads * head_dim]`, on all threads.
///
/// # Panics
/// When something is no whole number of frames, or there are other values than keys.
#[must_use]
pub fn attend(how: &Attention<'_>, queries: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32> {
    let Attention { n_heads, n_key_heads, head_dim, .. } = *how;
    assert!(n_key_heads > 0 && n_heads.is_multiple_of(n_key_heads), "heads that share keys");
    let (width, key_width) = (n_heads * head_dim, n_key_heads * head_dim);
    assert!(queries.len().is_multiple_of(width) && keys.len().is_multiple_of(key_width));
    assert_eq!(keys.len(), values.len(), "a value for every key");
    let (n_queries, n_keys) = (queries.len() / width, keys.len() / key_width);
    assert!(how.bias.is_none_or(|bias| bias.len() == n_heads * n_queries * n_keys));
    // Heads write apart, and are put side by side afterwards.
    let mut by_head = vec![0.0; queries.len()];
    if n_keys == 0 || n_queries == 0 {
        return by_head;
    }
    threads::for_each_chunk(&mut by_head, n_queries * head_dim, |head, out| {
        let of = Head { how, head, queries, keys, values, n_queries, n_keys };
        if n_queries <= FEW { of.few(out) } else { of.many(out) }
    });
    let mut out = vec![0.0; queries.len()];
    for (head, from) in by_head.chunks_exact(n_queries * head_dim).enumerate() {
        for (from, to) in from.chunks_exact(head_dim).zip(out.chunks_exact_mut(width)) {
            to[head * head_dim..][..head_dim].copy_from_slice(from);
        }
    }
    out
}

/// One head.
struct Head<'a> {
    how: &'a Attention<'a>,
    head: usize,
    queries: &'a [f32],
    keys: &'a [f32],
    values: &'a [f32],
    n_queries: usize,
    n_keys: usize,
}

impl Head<'_> {
    /// The heads of all keys or values, one after the other.
    fn of_keys<'a>(&self, frames: &'a [f32]) -> impl Iterator<Item = &'a [f32]> {
        let Attention { n_heads, n_key_heads, head_dim, .. } = *self.how;
        let start = self.head / (n_heads / n_key_heads) * head_dim;
        frames.chunks_exact(n_key_heads * head_dim).map(move |frame| &frame[start..][..head_dim])
    }

    fn few(&self, out: &mut [f32]) {
        let Attention { n_heads, head_dim, .. } = *self.how;
        let mut scores = vec![0.0; self.n_keys];
        for (i, out) in out.chunks_exact_mut(head_dim).enumerate() {
            let query = &self.queries[(i * n_heads + self.head) * head_dim..][..head_dim];
            for (score, key) in scores.iter_mut().zip(self.of_keys(self.keys)) {
                *score = dot(query, key);
            }
            self.shares(i, &mut scores);
            for (share, value) in scores.iter().zip(self.of_keys(self.values)) {
                add_scaled(out, value, *share);
            }
        }
    }

    fn many(&self, out: &mut [f32]) {
        let Attention { n_heads, head_dim, .. } = *self.how;
        let n_keys = self.n_keys;
        let gathered = |frames| self.of_keys(frames).flatten().copied().collect::<Vec<f32>>();
        // Of keys `[key][dim]` the product needs `[dim][key]`, of values `[key][dim]`.
        let mut packed = vec![0.0; packed_len(n_keys, head_dim)];
        pack(&gathered(self.keys), n_keys, head_dim, &mut packed);
        let mut keys = vec![0.0; packed_len(head_dim, n_keys)];
        pack_transposed(&packed, n_keys, head_dim, &mut keys);
        pack(&gathered(self.values), n_keys, head_dim, &mut packed);
        let (dims, key_places) = (Places::apart(head_dim, 1), Places::apart(n_keys, 1));
        let mut scores = vec![0.0; BLOCK.min(self.n_queries) * n_keys];
        for (block, out) in out.chunks_mut(BLOCK * head_dim).enumerate() {
            let (first, n) = (block * BLOCK, out.len() / head_dim);
            let from = (first * n_heads + self.head) * head_dim;
            let x = &self.queries[from..];
            let rows = Places::apart(n, n_heads * head_dim);
            let scores = &mut scores[..n * n_keys];
            let product = Product { x, rows: &rows, taps: &dims, matrix: &keys, n_out: n_keys };
            product.run(Layout::Rows, false, scores);
            for (i, scores) in scores.chunks_exact_mut(n_keys).enumerate() {
                self.shares(first + i, scores);
            }
            let rows = Places::apart(n, n_keys);
            let taps = &key_places;
            let product =
                Product { x: scores, rows: &rows, taps, matrix: &packed, n_out: head_dim };
            product.run(Layout::Rows, false, out);
        }
    }

    /// The products of a query with all keys become shares.
    fn shares(&self, query: usize, scores: &mut [f32]) {
        let how = self.how;
        scores.iter_mut().for_each(|score| *score *= how.scale);
        if let Some(cap) = how.cap {
            scores.iter_mut().for_each(|score| *score = cap * (*score / cap).tanh());
        }
        if let Some(bias) = how.bias {
            let row = self.head * self.n_queries + query;
            let bias = &bias[row * self.n_keys..][..self.n_keys];
            scores.iter_mut().zip(bias).for_each(|(score, bias)| *score += bias);
        }
        if let Some(sees) = how.sees {
            for (key, score) in scores.iter_mut().enumerate() {
                if !sees(query, key) {
                    *score = f32::NEG_INFINITY;
                }
            }
        }
        softmax(scores);
    }
}
