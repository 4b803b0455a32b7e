//! The settings that a model was made with, and the tensors that it needs by them.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The settings; names and defaults are those of `demucs.htdemucs.HTDemucs`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct HtDemucsConfig {
    /// What a song is taken apart into.
    pub(super) sources: Vec<String>,
    /// Channels of sound.
    pub(super) audio_channels: usize,
    /// Samples per second.
    pub(super) samplerate: u32,
    channels: usize,
    channels_time: Option<usize>,
    growth: usize,
    nfft: usize,
    #[serde(deserialize_with = "flag")]
    cac: bool,
    depth: usize,
    #[serde(deserialize_with = "flag")]
    rewrite: bool,
    multi_freqs: Option<Vec<f64>>,
    multi_freqs_depth: usize,
    #[serde(deserialize_with = "flag")]
    freq_emb: bool,
    kernel_size: usize,
    time_stride: usize,
    stride: usize,
    context: usize,
    context_enc: usize,
    norm_starts: usize,
    dconv_mode: usize,
    dconv_depth: i64,
    dconv_comp: f64,
    bottom_channels: usize,
    t_layers: usize,
    t_emb: String,
    t_hidden_scale: f64,
    t_heads: usize,
    t_max_positions: usize,
    #[serde(deserialize_with = "flag")]
    t_norm_in: bool,
    #[serde(deserialize_with = "flag")]
    t_norm_in_group: bool,
    #[serde(deserialize_with = "flag")]
    t_norm_first: bool,
    #[serde(deserialize_with = "flag")]
    t_norm_out: bool,
    #[serde(deserialize_with = "flag")]
    t_layer_scale: bool,
    #[serde(deserialize_with = "flag")]
    t_cross_first: bool,
    #[serde(deserialize_with = "flag")]
    t_sparse_self_attn: bool,
    #[serde(deserialize_with = "flag")]
    t_sparse_cross_attn: bool,
}

impl Default for HtDemucsConfig {
    fn default() -> Self {
        Self {
            sources: vec![],
            audio_channels: 2,
            samplerate: 44_100,
            channels: 48,
            channels_time: None,
            growth: 2,
            nfft: 4_096,
            cac: true,
            depth: 4,
            rewrite: true,
            multi_freqs: None,
            multi_freqs_depth: 3,
            freq_emb: true,
            kernel_size: 8,
            time_stride: 2,
            stride: 4,
            context: 1,
            context_enc: 0,
            norm_starts: 4,
            dconv_mode: 1,
            dconv_depth: 2,
            dconv_comp: 8.0,
            bottom_channels: 0,
            t_layers: 5,
            t_emb: "sin".to_owned(),
            t_hidden_scale: 4.0,
            t_heads: 8,
            t_max_positions: 10_000,
            t_norm_in: true,
            t_norm_in_group: false,
            t_norm_first: true,
            t_norm_out: true,
            t_layer_scale: true,
            t_cross_first: false,
            t_sparse_self_attn: false,
            t_sparse_cross_attn: false,
        }
    }
}

/// A choice that is written as a truth value or as a number, of which 0 is none.
fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Bool(it) => it,
        Value::Number(it) => it.as_f64().is_some_and(|it| it != 0.0),
        _ => false,
    })
}

/// The most numbers of a model.
const NUMBERS_MAX: usize = 1 << 31;

type Tensors = Vec<(String, Vec<usize>)>;

/// A layer of the encoder or the decoder.
#[derive(Clone, Copy)]
struct Layer {
    channels_in: usize,
    channels_out: usize,
    kernel: usize,
    is_over_frequencies: bool,
    has_norm: bool,
    /// Whether only its first convolution is there.
    is_empty: bool,
}

impl HtDemucsConfig {
    /// Reads settings; those that are not known here are left alone.
    pub(super) fn parse(settings: &Map<String, Value>) -> Result<Self, String> {
        let config = Self::deserialize(Value::Object(settings.clone()))
            .map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: usize, from: usize, to: usize| {
            let said = || format!("{name} is {value}, and must be from {from} to {to}");
            if (from..=to).contains(&value) { Ok(()) } else { Err(said()) }
        };
        within("the number of sources", self.sources.len(), 1, 64)?;
        within("audio_channels", self.audio_channels, 1, 8)?;
        within("samplerate", self.samplerate as usize, 1_000, 768_000)?;
        within("channels", self.channels, 1, 4_096)?;
        within("channels_time", self.channels_time.unwrap_or(1), 1, 4_096)?;
        within("growth", self.growth, 1, 8)?;
        within("nfft", self.nfft, 16, 1 << 16)?;
        within("depth", self.depth, 1, 10)?;
        within("kernel_size", self.kernel_size, 1, 64)?;
        within("stride", self.stride, 1, 64)?;
        within("time_stride", self.time_stride, 1, 64)?;
        within("context", self.context, 0, 16)?;
        within("context_enc", self.context_enc, 0, 16)?;
        within("the bands of multi_freqs", self.n_bands(), 1, 16)?;
        within("dconv_depth", self.dconv_depth.unsigned_abs() as usize, 0, 16)?;
        within("bottom_channels", self.bottom_channels, 0, 1 << 14)?;
        within("t_layers", self.t_layers, 0, 64)?;
        within("t_max_positions", self.t_max_positions, 1, 1 << 20)?;
        if !(1.0..=1024.0).contains(&self.dconv_comp)
            || !(0.1..=64.0).contains(&self.t_hidden_scale)
        {
            return Err("dconv_comp or t_hidden_scale is out of its range".into());
        }
        if self.t_sparse_self_attn || self.t_sparse_cross_attn {
            return Err("its attention is sparse, which is not known here".into());
        }
        let n = crate::layers::numbers_of(&self.tensors(), NUMBERS_MAX);
        n.map(|_| ()).ok_or_else(|| "its layers together are larger than any such model".into())
    }

    fn n_bands(&self) -> usize {
        self.multi_freqs.as_ref().map_or(1, |it| it.len() + 1)
    }

    /// Names and shapes of all tensors. Channels of the widest settings that are allowed do not overflow.
    pub(super) fn tensors(&self) -> Tensors {
        let mut out = vec![];
        let parts = if self.cac { 2 } else { 1 };
        let (mut before, mut before_z) = (self.audio_channels, parts * self.audio_channels);
        let (mut after, mut after_z) = (self.channels_time.unwrap_or(self.channels), self.channels);
        let mut freqs = self.nfft / 2;
        // Decoders are named from the inside out.
        let n_time = self.n_time_layers();
        for i in 0..self.depth {
            let is_over_frequencies = freqs > 1;
            let is_last = is_over_frequencies && freqs <= self.kernel_size;
            let kernel = match (is_over_frequencies, is_last) {
                (false, _) => 2 * self.time_stride,
                (true, true) => freqs,
                (true, false) => self.kernel_size,
            };
            if is_last {
                after_z = after.max(after_z);
                after = after_z;
            }
            let has_norm = i >= self.norm_starts;
            let bands = match &self.multi_freqs {
                Some(bands) if !bands.is_empty() && i < self.multi_freqs_depth => bands.len() + 1,
                _ => 0,
            };
            let layer = |channels_in, channels_out| Layer {
                channels_in,
                channels_out,
                kernel,
                is_over_frequencies,
                has_norm,
                is_empty: false,
            };
            let of_time = |channels_in, channels_out| Layer {
                kernel: self.kernel_size,
                is_over_frequencies: false,
                is_empty: is_last,
                ..layer(channels_in, channels_out)
            };
            for name in wrapped(&format!("encoder.{i}"), bands) {
                self.encoder(&name, layer(before_z, after_z), &mut out);
            }
            if is_over_frequencies {
                self.encoder(&format!("tencoder.{i}"), of_time(before, after), &mut out);
            }
            if i == 0 {
                before = self.audio_channels * self.sources.len();
                before_z = parts * before;
            }
            for name in wrapped(&format!("decoder.{}", self.depth - 1 - i), bands) {
                self.decoder(&name, layer(after_z, before_z), bands == 0, &mut out);
            }
            if is_over_frequencies {
                let name = format!("tdecoder.{}", n_time - 1 - i);
                self.decoder(&name, of_time(after, before), true, &mut out);
            }
            (before, before_z) = (after, after_z);
            (after, after_z) = (after * self.growth, after_z * self.growth);
            if is_over_frequencies {
                freqs = if freqs <= self.kernel_size { 1 } else { freqs / self.stride };
            }
            if i == 0 && self.freq_emb {
                out.push(("freq_emb.embedding.weight".to_owned(), vec![freqs, before_z]));
            }
        }
        self.bottom(&mut out);
        out
    }

    /// Layers of the branch over time: those before a single frequency is left.
    fn n_time_layers(&self) -> usize {
        let mut freqs = self.nfft / 2;
        let mut n = 0;
        while n < self.depth && freqs > 1 {
            freqs = if freqs <= self.kernel_size { 1 } else { freqs / self.stride };
            n += 1;
        }
        n
    }

    fn encoder(&self, name: &str, layer: Layer, out: &mut Tensors) {
        let Layer { channels_in, channels_out: n, kernel, is_over_frequencies, .. } = layer;
        let over = |taps: usize| if is_over_frequencies { vec![taps, 1] } else { vec![taps] };
        both(&format!("{name}.conv"), &[&[n, channels_in][..], &over(kernel)].concat(), n, out);
        if layer.is_empty {
            return;
        }
        norm(&format!("{name}.norm1"), n, layer.has_norm, out);
        if self.rewrite {
            let taps = 1 + 2 * self.context_enc;
            let square = if is_over_frequencies { vec![taps; 2] } else { vec![taps] };
            both(&format!("{name}.rewrite"), &[&[2 * n, n][..], &square].concat(), 2 * n, out);
            norm(&format!("{name}.norm2"), 2 * n, layer.has_norm, out);
        }
        if self.dconv_mode & 1 != 0 {
            self.residual(name, n, out);
        }
    }

    fn decoder(&self, name: &str, layer: Layer, sees_frequencies: bool, out: &mut Tensors) {
        let Layer { channels_in: n, channels_out, kernel, is_over_frequencies, .. } = layer;
        let over = if is_over_frequencies { vec![kernel, 1] } else { vec![kernel] };
        let shape = [&[n, channels_out][..], &over].concat();
        both(&format!("{name}.conv_tr"), &shape, channels_out, out);
        norm(&format!("{name}.norm2"), channels_out, layer.has_norm, out);
        if layer.is_empty {
            return;
        }
        if self.rewrite {
            let taps = 1 + 2 * self.context;
            let over = match (is_over_frequencies, sees_frequencies) {
                (false, _) => vec![taps],
                (true, true) => vec![taps; 2],
                (true, false) => vec![1, taps],
            };
            both(&format!("{name}.rewrite"), &[&[2 * n, n][..], &over].concat(), 2 * n, out);
            norm(&format!("{name}.norm1"), 2 * n, layer.has_norm, out);
        }
        if self.dconv_mode & 2 != 0 {
            self.residual(name, n, out);
        }
    }

    /// Dilated convolutions beside a layer.
    fn residual(&self, name: &str, n: usize, out: &mut Tensors) {
        let hidden = (n as f64 / self.dconv_comp) as usize;
        for i in 0..self.dconv_depth.unsigned_abs() {
            let at = |part: usize| format!("{name}.dconv.layers.{i}.{part}");
            both(&at(0), &[hidden, n, 3], hidden, out);
            norm(&at(1), hidden, true, out);
            both(&at(3), &[2 * n, hidden, 1], 2 * n, out);
            norm(&at(4), 2 * n, true, out);
            out.push((format!("{}.scale", at(6)), vec![n]));
        }
    }

    /// The transformer between encoder and decoder, and what changes its width.
    fn bottom(&self, out: &mut Tensors) {
        let outer = self.channels * self.growth.pow(self.depth as u32 - 1);
        let mut width = outer;
        if self.bottom_channels > 0 {
            width = self.bottom_channels;
            for suffix in ["", "_t"] {
                let [up, down] =
                    ["channel_upsampler", "channel_downsampler"].map(|it| format!("{it}{suffix}"));
                both(&up, &[width, outer, 1], width, out);
                both(&down, &[outer, width, 1], outer, out);
            }
        }
        if self.t_layers == 0 {
            return;
        }
        let at = "crosstransformer";
        if self.t_emb == "scaled" {
            let shape = vec![self.t_max_positions, width];
            out.push((format!("{at}.position_embeddings.embedding.weight"), shape));
        }
        for name in ["norm_in", "norm_in_t"] {
            norm(&format!("{at}.{name}"), width, self.t_norm_in || self.t_norm_in_group, out);
        }
        let hidden = (width as f64 * self.t_hidden_scale) as usize;
        for (branch, i) in
            ["layers", "layers_t"].iter().flat_map(|it| (0..self.t_layers).map(move |i| (it, i)))
        {
            let name = format!("{at}.{branch}.{i}");
            let is_own = (i % 2 == 1) == self.t_cross_first;
            let attention = if is_own { "self_attn" } else { "cross_attn" };
            let name_of = |part: &str| format!("{name}.{part}");
            out.push((name_of(&format!("{attention}.in_proj_weight")), vec![3 * width, width]));
            out.push((name_of(&format!("{attention}.in_proj_bias")), vec![3 * width]));
            both(&name_of(&format!("{attention}.out_proj")), &[width, width], width, out);
            both(&name_of("linear1"), &[hidden, width], hidden, out);
            both(&name_of("linear2"), &[width, hidden], width, out);
            for i in 1..=if is_own { 2 } else { 3 } {
                norm(&name_of(&format!("norm{i}")), width, true, out);
            }
            norm(&name_of("norm_out"), width, self.t_norm_first && self.t_norm_out, out);
            if self.t_layer_scale {
                for i in 1..=2 {
                    out.push((name_of(&format!("gamma_{i}.scale")), vec![width]));
                }
            }
        }
    }
}

/// The names of a layer's copies, one for each of some bands; its own where there are none.
fn wrapped(name: &str, n_bands: usize) -> Vec<String> {
    match n_bands {
        0 => vec![name.to_owned()],
        n => (0..n).map(|i| format!("{name}.layers.{i}")).collect(),
    }
}

fn both(name: &str, shape: &[usize], n_out: usize, out: &mut Tensors) {
    out.push((format!("{name}.weight"), shape.to_vec()));
    out.push((format!("{name}.bias"), vec![n_out]));
}

fn norm(name: &str, n: usize, is_there: bool, out: &mut Tensors) {
    if is_there {
        both(name, &[n], n, out);
    }
}
