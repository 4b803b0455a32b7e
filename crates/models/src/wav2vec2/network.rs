//! The network: convolutions from samples to frames, and a transformer over them.

use nn::dense::{
    Activation, Attention, Conv1d, GroupNorm, Kernel1d, Linear, Pictures, activate, add, attend,
};

use super::config::{Normalised, Wav2Vec2Config};
use crate::layers::{LayerNorm, Tensors};

/// The network.
#[derive(Debug)]
pub(super) struct Network {
    convs: Vec<(Conv1d, Norm)>,
    conv_activation: Activation,
    frame_norm: Option<LayerNorm>,
    project: Linear,
    positions: Conv1d,
    norm: LayerNorm,
    layers: Vec<Layer>,
    config: Wav2Vec2Config,
}

/// What follows a convolution.
#[derive(Debug)]
enum Norm {
    None,
    /// Every channel is normalised over time.
    Channels(GroupNorm),
    Frames(LayerNorm),
}

#[derive(Debug)]
struct Layer {
    queries: Linear,
    keys: Linear,
    values: Linear,
    out: Linear,
    norm: LayerNorm,
    inner: Linear,
    outer: Linear,
    last_norm: LayerNorm,
}

/// What is added to variances where the settings do not say.
const EPSILON: f32 = 1e-5;

impl Network {
    /// Of tensors whose names begin with a prefix.
    pub(super) fn new(tensors: &mut Tensors, config: &Wav2Vec2Config, prefix: &str) -> Self {
        let (n, epsilon) = (config.hidden_size, config.layer_norm_eps as f32);
        let mut before = 1;
        let mut convs = vec![];
        for (i, width) in config.conv_dim.iter().enumerate() {
            let at = format!("{prefix}feature_extractor.conv_layers.{i}");
            let kernel = Kernel1d {
                stride: config.conv_stride[i],
                padding: [0, 0],
                ..Kernel1d::same([before, *width], config.conv_kernel[i], 1)
            };
            let name = format!("{at}.conv");
            let conv = if config.conv_bias {
                tensors.conv1d(&name, &kernel)
            } else {
                tensors.conv1d_unbiased(&name, &kernel)
            };
            let name = format!("{at}.layer_norm");
            let norm = match config.feat_extract_norm {
                Normalised::Layer => Norm::Frames(tensors.layer_norm(&name, *width, EPSILON)),
                Normalised::Group if i == 0 => {
                    Norm::Channels(tensors.group_norm(&name, *width, *width, EPSILON))
                }
                Normalised::Group => Norm::None,
            };
            convs.push((conv, norm));
            before = *width;
        }
        let at = format!("{prefix}feature_projection");
        let frame_norm = config
            .feat_proj_layer_norm
            .then(|| tensors.layer_norm(&format!("{at}.layer_norm"), before, epsilon));
        let project = tensors.linear(&format!("{at}.projection"), [before, n]);
        let at = format!("{prefix}encoder");
        let n_taps = config.num_conv_pos_embeddings;
        // An even number of taps gives a frame too many at the end, which is cut off.
        let kernel = Kernel1d {
            n_groups: config.num_conv_pos_embedding_groups,
            padding: [n_taps / 2, n_taps / 2 - usize::from(n_taps.is_multiple_of(2))],
            ..Kernel1d::same([n, n], n_taps, 1)
        };
        let positions = tensors.conv1d(&format!("{at}.pos_conv_embed.conv"), &kernel);
        let norm = tensors.layer_norm(&format!("{at}.layer_norm"), n, epsilon);
        let layers = (0..config.num_hidden_layers)
            .map(|i| Layer::new(tensors, &format!("{at}.layers.{i}"), config))
            .collect();
        let act = &config.feat_extract_activation;
        let conv_activation = Activation::named(act).unwrap_or(Activation::Gelu);
        let config = config.clone();
        Self { convs, conv_activation, frame_norm, project, positions, norm, layers, config }
    }

    pub(super) fn n_layers(&self) -> usize {
        self.layers.len()
    }

    /// What the model gives for samples: that of the last layer, normalised.
    pub(super) fn last(&self, samples: &[f32]) -> Vec<f32> {
        let x = self.hidden(samples, self.n_layers());
        if self.config.do_stable_layer_norm { self.norm.run(&x) } else { x }
    }

    /// What goes into the first layer, or what comes out of another, `[frames][hidden_size]`.
    pub(super) fn hidden(&self, samples: &[f32], layer: usize) -> Vec<f32> {
        let mut x = samples.to_vec();
        for (conv, norm) in &self.convs {
            x = norm.run(conv.run(&x));
            activate(self.conv_activation, &mut x);
        }
        if let Some(norm) = &self.frame_norm {
            x = norm.run(&x);
        }
        x = self.project.run(&x);
        let mut positions = self.positions.run(&x);
        activate(self.conv_activation, &mut positions);
        add(&mut x, &positions);
        let is_stable = self.config.do_stable_layer_norm;
        if !is_stable {
            x = self.norm.run(&x);
        }
        for layer in &self.layers[..layer] {
            x = if is_stable {
                layer.run_stable(x, &self.config)
            } else {
                layer.run(&x, &self.config)
            };
        }
        x
    }
}

impl Norm {
    fn run(&self, x: Vec<f32>) -> Vec<f32> {
        match self {
            Self::None => x,
            Self::Frames(norm) => norm.run(&x),
            Self::Channels(norm) => {
                let channels = norm.gain.len();
                let rows = x.len() / channels;
                norm.run(&Pictures { n: 1, rows, columns: 1, channels, values: x }).values
            }
        }
    }
}

impl Layer {
    fn new(tensors: &mut Tensors, at: &str, config: &Wav2Vec2Config) -> Self {
        let (n, inner) = (config.hidden_size, config.intermediate_size);
        let epsilon = config.layer_norm_eps as f32;
        Self {
            queries: tensors.linear(&format!("{at}.attention.q_proj"), [n, n]),
            keys: tensors.linear(&format!("{at}.attention.k_proj"), [n, n]),
            values: tensors.linear(&format!("{at}.attention.v_proj"), [n, n]),
            out: tensors.linear(&format!("{at}.attention.out_proj"), [n, n]),
            norm: tensors.layer_norm(&format!("{at}.layer_norm"), n, epsilon),
            inner: tensors.linear(&format!("{at}.feed_forward.intermediate_dense"), [n, inner]),
            outer: tensors.linear(&format!("{at}.feed_forward.output_dense"), [inner, n]),
            last_norm: tensors.layer_norm(&format!("{at}.final_layer_norm"), n, epsilon),
        }
    }

    fn attended(&self, x: &[f32], config: &Wav2Vec2Config) -> Vec<f32> {
        let n_heads = config.num_attention_heads;
        let how = Attention::plain(n_heads, config.hidden_size / n_heads);
        let [queries, keys, values] = [&self.queries, &self.keys, &self.values].map(|it| it.run(x));
        self.out.run(&attend(&how, &queries, &keys, &values))
    }

    fn fed(&self, x: &[f32], config: &Wav2Vec2Config) -> Vec<f32> {
        let mut inner = self.inner.run(x);
        activate(Activation::named(&config.hidden_act).unwrap_or(Activation::Gelu), &mut inner);
        self.outer.run(&inner)
    }

    /// Normalises what goes out.
    fn run(&self, x: &[f32], config: &Wav2Vec2Config) -> Vec<f32> {
        let mut attended = self.attended(x, config);
        add(&mut attended, x);
        let x = self.norm.run(&attended);
        let mut out = self.fed(&x, config);
        add(&mut out, &x);
        self.last_norm.run(&out)
    }

    /// Normalises what comes in.
    fn run_stable(&self, mut x: Vec<f32>, config: &Wav2Vec2Config) -> Vec<f32> {
        let attended = self.attended(&self.norm.run(&x), config);
        add(&mut x, &attended);
        let fed = self.fed(&self.last_norm.run(&x), config);
        add(&mut x, &fed);
        x
    }
}
