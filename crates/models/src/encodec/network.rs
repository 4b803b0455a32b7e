//! Encoder and decoder of `EnCodec` as lists of layers, named as their weights are.

use nn::Weights;

use super::EncodecConfig;
use super::layers::{Conv, Layer, Signal};
use super::pieces::{Pace, Pieces};

/// The layers of both halves.
#[derive(Debug)]
pub(super) struct Network {
    encoder: Vec<Layer>,
    decoder: Vec<Layer>,
    /// The tensors of the books between them.
    books: Vec<(String, Vec<usize>)>,
    /// Those of all.
    tensors: Vec<(String, Vec<usize>)>,
}

impl Network {
    pub(super) fn new(config: &EncodecConfig) -> Self {
        let shape = vec![config.codebook_size, config.hidden_size];
        let books = (0..config.n_books()).map(|i| (book(i), shape.clone())).collect();
        let (encoder, decoder) = (encoder(config), decoder(config));
        let mut network = Self { encoder, decoder, books, tensors: vec![] };
        let mut tensors = vec![];
        network.encoder.iter().for_each(|layer| layer.tensors(config, &mut tensors));
        tensors.extend(network.books.iter().cloned());
        network.decoder.iter().for_each(|layer| layer.tensors(config, &mut tensors));
        network.tensors = tensors;
        network
    }

    /// Names and shapes of all tensors.
    pub(super) fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        self.tensors.clone()
    }

    /// Multiplications for a frame of latents, of both halves.
    pub(super) fn multiplications(&self, config: &EncodecConfig) -> [f64; 2] {
        let books = config.n_books() * config.codebook_size * config.hidden_size;
        let (mut from, mut to) = (config.hop() as f64, 1.0);
        let encoder = self.encoder.iter().map(|it| it.multiplications(&mut from)).sum::<f64>();
        let decoder = self.decoder.iter().map(|it| it.multiplications(&mut to)).sum();
        [encoder + books as f64, decoder]
    }

    /// Sound `[channels][samples]` to latents `[hidden_size][frames]`; nothing if the pace ends it.
    pub(super) fn encode(
        &self,
        config: &EncodecConfig,
        weights: &Weights,
        x: &Signal,
        pace: Pace<'_>,
    ) -> Option<Signal> {
        let (front, back) = self.encoder.split_at(recurrent(&self.encoder));
        let pieces = Pieces { layers: front, per_frame: [config.hop(), 1] };
        let y = pieces.run(config, x, |x| run(front, config, weights, x), pace)?;
        Some(run(back, config, weights, y))
    }

    /// Latents to sound; nothing if the pace ends it.
    pub(super) fn decode(
        &self,
        config: &EncodecConfig,
        weights: &Weights,
        z: Signal,
        pace: Pace<'_>,
    ) -> Option<Signal> {
        let (front, back) = self.decoder.split_at(recurrent(&self.decoder) + 1);
        let y = run(front, config, weights, z);
        let pieces = Pieces { layers: back, per_frame: [1, config.hop()] };
        pieces.run(config, &y, |y| run(back, config, weights, y), pace)
    }
}

fn run(layers: &[Layer], config: &EncodecConfig, weights: &Weights, x: Signal) -> Signal {
    layers.iter().fold(x, |x, layer| layer.run(config, weights, x))
}

/// Where the recurrent layers of a half stand; there always are some, if only of no layer.
fn recurrent(layers: &[Layer]) -> usize {
    layers.iter().position(|it| matches!(it, Layer::Lstm { .. })).unwrap_or(0)
}

/// The tensor of a book.
pub(super) fn book(i: usize) -> String {
    format!("quantizer.layers.{i}.codebook.embed")
}

fn encoder(config: &EncodecConfig) -> Vec<Layer> {
    let mut layers = Layers { half: "encoder", layers: vec![] };
    let mut width = config.num_filters;
    layers.conv(config.audio_channels, width, config.kernel_size, 1);
    for ratio in config.upsampling_ratios.iter().rev() {
        layers.residuals(config, width);
        layers.push(Layer::Elu);
        layers.conv(width, 2 * width, 2 * ratio, *ratio);
        width *= 2;
    }
    layers.lstm(config, width);
    layers.push(Layer::Elu);
    layers.conv(width, config.hidden_size, config.last_kernel_size, 1);
    layers.layers
}

fn decoder(config: &EncodecConfig) -> Vec<Layer> {
    let mut layers = Layers { half: "decoder", layers: vec![] };
    let mut width = config.num_filters << config.upsampling_ratios.len();
    layers.conv(config.hidden_size, width, config.kernel_size, 1);
    layers.lstm(config, width);
    for ratio in &config.upsampling_ratios {
        layers.push(Layer::Elu);
        let name = layers.name();
        let (kernel, stride) = (2 * ratio, *ratio);
        let conv = Conv { name, n_in: width, n_out: width / 2, kernel, stride, dilation: 1 };
        layers.push(Layer::Upsampling(conv));
        width /= 2;
        layers.residuals(config, width);
    }
    layers.push(Layer::Elu);
    layers.conv(width, config.audio_channels, config.last_kernel_size, 1);
    layers.layers
}

/// Layers in their order, each named by its position.
struct Layers {
    half: &'static str,
    layers: Vec<Layer>,
}

impl Layers {
    fn name(&self) -> String {
        format!("{}.layers.{}", self.half, self.layers.len())
    }

    fn push(&mut self, layer: Layer) {
        self.layers.push(layer);
    }

    fn conv(&mut self, n_in: usize, n_out: usize, kernel: usize, stride: usize) {
        let name = self.name();
        self.push(Layer::Conv(Conv { name, n_in, n_out, kernel, stride, dilation: 1 }));
    }

    fn lstm(&mut self, config: &EncodecConfig, size: usize) {
        // The reference has a layer here even if it is empty.
        let name = format!("{}.lstm", self.name());
        self.push(Layer::Lstm { name, size, n_layers: config.num_lstm_layers });
    }

    fn residuals(&mut self, config: &EncodecConfig, width: usize) {
        for i in 0..config.num_residual_layers {
            let name = self.name();
            let inner = width / config.compress;
            let conv = |part: &str, n_in: usize, n_out: usize, kernel: usize, dilation: usize| {
                Conv { name: format!("{name}.{part}"), n_in, n_out, kernel, stride: 1, dilation }
            };
            let dilation = config.dilation_growth_rate.pow(i as u32);
            let first = conv("block.1", width, inner, config.residual_kernel_size, dilation);
            let second = conv("block.3", inner, width, 1, 1);
            let path = vec![Layer::Elu, Layer::Conv(first), Layer::Elu, Layer::Conv(second)];
            let shortcut = config.use_conv_shortcut.then(|| conv("shortcut", width, width, 1, 1));
            self.push(Layer::Residual { path, shortcut });
        }
    }
}
