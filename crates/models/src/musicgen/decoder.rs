//! The network that writes codes: a transformer over frames of codes, which remembers what it has seen.
//!
//! Several sounds, or one with and without its prompt, are rows of a batch, so that weights are read once for all.
//! Keys and values of a row are kept, and a step computes one frame a row.
//!
//! Source: Copet et al., "Simple and Controllable Music Generation", 2023; names of tensors are those of transformers.

use nn::dense::{Attention, Linear, activate, add, attend};

use super::config::DecoderConfig;
use crate::layers::{LayerNorm, Tensors};

/// The network with its weights.
#[derive(Debug)]
pub(super) struct Decoder {
    config: DecoderConfig,
    /// Of each book, `[codes + 1][hidden]`.
    embeddings: Vec<Vec<f32>>,
    layers: Vec<Layer>,
    norm: LayerNorm,
    /// From a frame to the logits of all books, `[books][codes]`.
    heads: Linear,
}

#[derive(Debug)]
struct Layer {
    attention_norm: LayerNorm,
    queries_keys_values: Linear,
    out: Linear,
    /// How it attends to the prompt; in models of melodies the prompt stands before the codes instead.
    cross: Option<Cross>,
    norm: LayerNorm,
    wide: Linear,
    narrow: Linear,
}

#[derive(Debug)]
struct Cross {
    norm: LayerNorm,
    queries: Linear,
    keys_values: Linear,
    out: Linear,
}

/// What a row of the batch has seen.
#[derive(Debug)]
pub(super) struct Row {
    /// Keys and values of each layer, `[frames][hidden]`.
    seen: Vec<[Vec<f32>; 2]>,
    /// Keys and values of the prompt for each layer, `[tokens][hidden]`; none if the row has no prompt.
    prompt: Vec<[Vec<f32>; 2]>,
    n_seen: usize,
}

/// What keeps normalisation from dividing by 0: the default of PyTorch's `LayerNorm`.
const EPSILON: f32 = 1e-5;

impl Decoder {
    /// The network out of its tensors; `has_cross` is whether it attends to prompts.
    pub(super) fn new(tensors: &mut Tensors, config: &DecoderConfig, has_cross: bool) -> Self {
        let (codes, hidden) = (config.vocab_size, config.hidden_size);
        let books = 0..config.num_codebooks;
        let embedding = |book: usize| format!("model.decoder.embed_tokens.{book}.weight");
        let heads: Vec<String> = books.clone().map(|book| format!("lm_heads.{book}")).collect();
        Self {
            config: config.clone(),
            embeddings: books
                .map(|book| tensors.array(&embedding(book), &[codes + 1, hidden]))
                .collect(),
            heads: tensors.joined(&heads, [hidden, codes]),
            norm: tensors.layer_norm("model.decoder.layer_norm", hidden, EPSILON),
            layers: (0..config.num_hidden_layers)
                .map(|i| Layer::new(tensors, config, i, has_cross))
                .collect(),
        }
    }

    /// A row that will see up to `n_frames` frames, with a prompt `[tokens][hidden]` to attend to, or none.
    pub(super) fn row(&self, prompt: Option<&[f32]>, n_frames: usize) -> Row {
        let hidden = self.config.hidden_size;
        let seen = || [(); 2].map(|()| Vec::with_capacity(n_frames * hidden));
        let keys_values = |prompt: &[f32], cross: &Cross| {
            let mut parts = [vec![], vec![]];
            let joined = cross.keys_values.run(prompt);
            for frame in joined.chunks_exact(2 * hidden) {
                parts[0].extend(&frame[..hidden]);
                parts[1].extend(&frame[hidden..]);
            }
            parts
        };
        let crosses = self.layers.iter().filter_map(|it| it.cross.as_ref());
        let prompt = prompt.map(|it| crosses.map(|cross| keys_values(it, cross)).collect());
        Row {
            seen: self.layers.iter().map(|_| seen()).collect(),
            prompt: prompt.unwrap_or_default(),
            n_seen: 0,
        }
    }

    /// A frame of codes, one a book, as numbers: `[hidden]`.
    pub(super) fn embed(&self, codes: &[u32]) -> Vec<f32> {
        let hidden = self.config.hidden_size;
        let mut sum = vec![0.0; hidden];
        for (code, embedding) in codes.iter().zip(&self.embeddings) {
            add(&mut sum, &embedding[*code as usize * hidden..][..hidden]);
        }
        sum
    }

    /// Shows each row its next frames, `[frames][hidden]` one row's after the other's, and gives the logits that follow
    /// the last one of each, `[rows][books][codes]`. Rows with a prompt to attend to come first.
    pub(super) fn run(&self, rows: &mut [Row], frames: &[Vec<f32>]) -> Vec<f32> {
        let hidden = self.config.hidden_size;
        let counts: Vec<usize> = frames.iter().map(|it| it.len() / hidden).collect();
        let mut x: Vec<f32> = frames.concat();
        let positions = rows.iter().zip(&counts).flat_map(|(row, n)| row.n_seen..row.n_seen + n);
        for (frame, position) in x.chunks_exact_mut(hidden).zip(positions) {
            add_position(frame, position);
        }
        let n_prompted = rows.iter().take_while(|row| !row.prompt.is_empty()).count();
        let with_prompt = counts[..n_prompted].iter().sum::<usize>() * hidden;
        for (i, layer) in self.layers.iter().enumerate() {
            let joined = layer.queries_keys_values.run(&layer.attention_norm.run(&x));
            let mut attended = Vec::with_capacity(x.len());
            let mut rest = &joined[..];
            for (row, n) in rows.iter_mut().zip(&counts) {
                let (joined, others) = rest.split_at(n * 3 * hidden);
                rest = others;
                attended.extend(self.attended(row, i, joined));
            }
            add(&mut x, &layer.out.run(&attended));
            if let Some(cross) = layer.cross.as_ref().filter(|_| with_prompt > 0) {
                let x = &mut x[..with_prompt];
                let queries = cross.queries.run(&cross.norm.run(x));
                let how = Attention::plain(self.config.num_attention_heads, self.head_dim());
                let mut attended = Vec::with_capacity(x.len());
                let mut rest = &queries[..];
                for (row, n) in rows[..n_prompted].iter().zip(&counts) {
                    let (queries, others) = rest.split_at(n * hidden);
                    rest = others;
                    let [keys, values] = &row.prompt[i];
                    attended.extend(attend(&how, queries, keys, values));
                }
                add(x, &cross.out.run(&attended));
            }
            let mut wide = layer.wide.run(&layer.norm.run(&x));
            activate(self.config.activation(), &mut wide);
            add(&mut x, &layer.narrow.run(&wide));
        }
        let mut last = Vec::with_capacity(rows.len() * hidden);
        let mut end = 0;
        for (row, n) in rows.iter_mut().zip(&counts) {
            row.n_seen += n;
            end += n * hidden;
            last.extend(&x[end - hidden..end]);
        }
        self.heads.run(&self.norm.run(&last))
    }

    /// What new frames of a row see of it, themselves and what was before; remembers them.
    fn attended(&self, row: &mut Row, layer: usize, joined: &[f32]) -> Vec<f32> {
        let hidden = self.config.hidden_size;
        let [keys, values] = &mut row.seen[layer];
        let mut queries = Vec::with_capacity(joined.len() / 3);
        for frame in joined.chunks_exact(3 * hidden) {
            queries.extend(&frame[..hidden]);
            keys.extend(&frame[hidden..2 * hidden]);
            values.extend(&frame[2 * hidden..]);
        }
        let n_before = row.n_seen;
        let sees = |query: usize, key: usize| key <= n_before + query;
        let is_one = queries.len() == hidden;
        let sees: Option<&(dyn Fn(usize, usize) -> bool + Sync)> =
            if is_one { None } else { Some(&sees) };
        let how = Attention {
            sees,
            ..Attention::plain(self.config.num_attention_heads, self.head_dim())
        };
        attend(&how, &queries, keys, values)
    }

    fn head_dim(&self) -> usize {
        self.config.hidden_size / self.config.num_attention_heads
    }
}

impl Row {
    /// Bytes of a row of that many frames and tokens of a prompt.
    pub(super) fn n_bytes(config: &DecoderConfig, n_frames: usize, n_tokens: usize) -> u64 {
        let of_layer = 2 * 4 * config.hidden_size as u64 * (n_frames + n_tokens) as u64;
        config.num_hidden_layers as u64 * of_layer
    }
}

impl Layer {
    fn new(tensors: &mut Tensors, config: &DecoderConfig, i: usize, has_cross: bool) -> Self {
        let (hidden, wide) = (config.hidden_size, config.ffn_dim);
        let part = |part: &str| format!("model.decoder.layers.{i}.{part}");
        let mut norm = |name: &str| tensors.layer_norm(&part(name), hidden, EPSILON);
        let attention_norm = norm("self_attn_layer_norm");
        let cross_norm = has_cross.then(|| norm("encoder_attn_layer_norm"));
        let last_norm = norm("final_layer_norm");
        let mut attention = |name: &str, parts: &[&str]| {
            let names = parts.iter().map(|it| part(&format!("{name}.{it}_proj")));
            tensors.joined(&names.collect::<Vec<_>>(), [hidden, hidden])
        };
        Self {
            attention_norm,
            queries_keys_values: attention("self_attn", &["q", "k", "v"]),
            out: attention("self_attn", &["out"]),
            cross: cross_norm.map(|norm| Cross {
                norm,
                queries: attention("encoder_attn", &["q"]),
                keys_values: attention("encoder_attn", &["k", "v"]),
                out: attention("encoder_attn", &["out"]),
            }),
            norm: last_norm,
            wide: tensors.linear_unbiased(&part("fc1"), [hidden, wide]),
            narrow: tensors.linear_unbiased(&part("fc2"), [wide, hidden]),
        }
    }
}

/// Adds what tells a frame its position: cosines, then sines, of periods that grow to ten thousand. Source: the paper
/// "Attention Is All You Need", 2017, in the order of tensor2tensor.
fn add_position(frame: &mut [f32], position: usize) {
    let half = frame.len() / 2;
    let step = 10_000f32.ln() / (half - 1) as f32;
    for i in 0..half {
        let angle = position as f32 * (i as f32 * -step).exp();
        frame[i] += angle.cos();
        frame[half + i] += angle.sin();
    }
}
