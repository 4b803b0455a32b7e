//! RAVE's encoder and decoder, with their weights, as layers of the streaming engine.
//!
//! Indices are those in the original's checkpoints, and delays those that keep its
//! streaming models in step: strided convolutions of the first architecture account for the delay of
//! their input, those of the second do not.

use nn::Parameters;
use nn::stream::{
    self, Branch, Conv, GruLayer, Layer, Noise, PowerSpectrum, Statistics, Transfer, Upsample,
};

use crate::rave::network::mel;
use crate::rave::network::noise::impulse_responses;
use crate::rave::network::pqmf::Pqmf;
use crate::rave::{Architecture, Config, DecoderOutput, EncoderInput, Padding};

/// The negative slope of every leaky ReLU.
const SLOPE: f32 = 0.2;
/// The constant that batch normalisation adds to a variance.
const BATCH_NORM_EPSILON: f64 = 1e-5;
/// Layers with at least this many weights wait for several frames: smaller ones stay in the cache.
const MIN_GATHERED: usize = 1 << 18;

/// A network to describe.
#[derive(Clone, Copy)]
pub(in crate::rave) struct Description<'a> {
    pub(in crate::rave) config: &'a Config,
    pub(in crate::rave) parameters: &'a Parameters,
}

/// The geometry of a convolution, apart from its weights.
#[derive(Clone, Copy)]
struct Shape {
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    dilation: usize,
    groups: usize,
    /// The known delay, in frames, of the input of a strided convolution.
    late: usize,
}

impl Shape {
    fn new(channels: [usize; 2], kernel: usize) -> Self {
        Self { channels, kernel, stride: 1, dilation: 1, groups: 1, late: 0 }
    }
}

impl Description<'_> {
    /// From samples to the rows that latents are computed from.
    pub(in crate::rave) fn encoder(&self) -> Vec<Layer> {
        let mut layers = match self.config.encoder_input {
            EncoderInput::Bands => self.analysis(),
            EncoderInput::Mel => self.mel(),
        };
        match self.config.architecture {
            Architecture::V1 => self.first_encoder(&mut layers),
            Architecture::V2 => self.second_encoder(&mut layers),
        }
        layers
    }

    /// From latents to samples, block by block.
    ///
    /// The bank mirrors bands in every other frame, so bands that come an odd number of frames late reach it in
    /// the wrong one. The original's streaming models then play every odd band inverted, which sounds hollow
    /// where bands meet: here they are turned back.
    pub(in crate::rave) fn decoder(&self) -> Vec<Layer> {
        self.decoder_with(|layers| !late_frames(layers).is_multiple_of(2))
    }

    /// From latents to samples, of whole sounds: nothing comes late.
    pub(in crate::rave) fn whole_decoder(&self) -> Vec<Layer> {
        self.decoder_with(|_| false)
    }

    fn decoder_with(&self, is_turned: impl Fn(&[Layer]) -> bool) -> Vec<Layer> {
        let mut layers = match self.config.architecture {
            Architecture::V1 => self.first_decoder(),
            Architecture::V2 => self.second_decoder(),
        };
        if self.config.decoder_output == DecoderOutput::Bands {
            layers.extend(self.synthesis(is_turned(&layers)));
        }
        layers
    }

    /// The code books of a model that has trained ones: `[code][latent]` each.
    pub(in crate::rave) fn books(&self) -> Option<Vec<Vec<f32>>> {
        let n_books = if self.config.is_quantized() { self.config.num_quantizers } else { 0 };
        let book = |i: usize| {
            let name = |part: &str| format!("encoder.rvq.layers.{i}._codebook.{part}");
            let is_used = self.parameters.values(&name("inited"))?.first() != Some(&0.0);
            is_used.then(|| self.values(&name("embed")))
        };
        let books: Vec<_> = (0..n_books).map_while(book).collect();
        (!books.is_empty()).then_some(books)
    }

    /// The delay of the filter bank alone, in samples, for a sound processed whole: aligned bands join to
    /// a delayed sound, whereas aligned sound has no delay.
    pub(super) fn bank_delay(&self) -> usize {
        if self.config.decoder_output == DecoderOutput::Raw {
            return 0;
        }
        let aside = |(left, right): (usize, usize)| (left - right) / 2;
        let (n_band, bank) = (self.config.n_band, self.bank());
        let analysis = aside(self.padding(bank[0].len() + 1, 1));
        n_band + analysis + n_band * aside(self.padding(synthesis_taps(&bank), 1))
    }

    fn first_encoder(&self, layers: &mut Vec<Layer>) {
        let config = self.config;
        let name = |index: usize| format!("encoder.encoder.net.{index}");
        let mut channels = config.capacity;
        let shape = Shape::new([self.n_data(), channels], 7);
        let mut conv = self.conv(&name(0), shape);
        let mut late = conv.padding.1;
        for (i, &ratio) in config.ratios.iter().enumerate() {
            self.normalise(&mut conv, &name(1 + 3 * i));
            layers.extend([Layer::Conv(conv), leaky()]);
            self.gather(layers, &config.ratios[i..], 2 * channels * channels * (2 * ratio + 1));
            let shape = Shape::new([channels, 2 * channels], 2 * ratio + 1);
            conv = self.conv(&name(3 + 3 * i), Shape { stride: ratio, late, ..shape });
            late = (conv.padding.1 + conv.delay + late) / ratio;
            channels *= 2;
        }
        let rows = config.rows_per_latent() * config.latent_size;
        let shape = Shape { groups: config.rows_per_latent(), ..Shape::new([channels, rows], 5) };
        let last = self.conv(&name(2 + 3 * config.ratios.len()), shape);
        layers.extend([Layer::Conv(conv), leaky(), Layer::Conv(last)]);
    }

    fn second_encoder(&self, layers: &mut Vec<Layer>) {
        let config = self.config;
        let name = |index: usize| format!("encoder.encoder.net.{index}");
        let mut channels = config.capacity;
        let n_heard = match config.encoder_input {
            EncoderInput::Bands => self.n_data(),
            EncoderInput::Mel => config.channels * config.n_mels,
        };
        let shape = Shape::new([n_heard, channels], 2 * config.kernel_size + 1);
        layers.push(Layer::Conv(self.conv(&name(0), shape)));
        let mut index = 1;
        for (stage, &ratio) in config.ratios.iter().enumerate() {
            let n_weights = channels * channels * config.kernel_size;
            self.gather(layers, &config.ratios[stage..], n_weights);
            for &dilation in config.encoder_dilations(stage) {
                self.unit(layers, &name, &mut index, channels, dilation);
            }
            let shape = Shape::new([channels, 2 * channels], 2 * ratio);
            layers.push(self.activation(&name(index), channels));
            let conv = self.conv(&name(index + 1), Shape { stride: ratio, ..shape });
            layers.push(Layer::Conv(conv));
            index += 2;
            channels *= 2;
        }
        let rows = config.rows_per_latent() * config.latent_size;
        layers.push(self.activation(&name(index), channels));
        let shape = Shape::new([channels, rows], config.kernel_size);
        layers.push(Layer::Conv(self.conv(&name(index + 1), shape)));
    }

    fn first_decoder(&self) -> Vec<Layer> {
        let config = self.config;
        let name = |index: usize| format!("decoder.net.{index}");
        let mut channels = config.capacity << config.decoder_ratios().len();
        let shape = Shape::new([config.decoder_latent_size(), channels], 7);
        let mut layers = vec![Layer::Conv(self.conv(&name(0), shape))];
        for (i, &ratio) in config.decoder_ratios().iter().enumerate() {
            layers.push(leaky());
            let (up, halved) = (format!("{}.net.1", name(1 + 2 * i)), [channels, channels / 2]);
            layers.push(match ratio {
                1 => Layer::Conv(self.conv(&up, Shape::new(halved, 3))),
                _ => self.upsample(&up, halved, ratio),
            });
            channels /= 2;
            // A single kernel size, so no branches have to be summed.
            let stack = format!("{}.net.branches.0", name(2 + 2 * i));
            for (j, &dilation) in config.stack_dilations.iter().enumerate() {
                let inner = format!("{stack}.net.{j}.net.aligned.branches.0");
                let convs = [dilation, 1].into_iter().enumerate().map(|(k, dilation)| {
                    let shape = Shape { dilation, ..Shape::new([channels; 2], 3) };
                    self.conv(&format!("{inner}.{}", 1 + 2 * k), shape)
                });
                let convs: Vec<Conv> = convs.collect();
                let delay = convs.iter().map(|conv| conv.padding.1).sum();
                let activated = convs.into_iter().flat_map(|conv| [leaky(), Layer::Conv(conv)]);
                layers.push(Layer::Residual { delay, layers: activated.collect() });
            }
        }
        layers.push(self.first_synth(channels));
        layers
    }

    /// Waveform times loudness, plus noise, all delayed to the latest of them.
    fn first_synth(&self, channels: usize) -> Layer {
        let n_data = self.n_data();
        let name = |branch: usize| format!("decoder.synth.branches.{branch}");
        let wave = self.conv(&name(0), Shape::new([channels, n_data], 7));
        let loudness = self.conv(&name(1), Shape::new([channels, 1], 3));
        let mut late = vec![wave.padding.1, loudness.padding.1];
        let noise = self.config.has_noise.then(|| {
            let (noise, delay) = self.first_noise(channels, &name(2));
            late.push(delay);
            noise
        });
        let latest = late.iter().copied().max().unwrap_or(0);
        let branch = |i: usize, layers: Vec<Layer>| Branch { delay: latest - late[i], layers };
        let tonal = Layer::Product(vec![
            branch(0, vec![Layer::Conv(wave), Layer::Activate(stream::Activation::Tanh)]),
            branch(1, vec![Layer::Conv(loudness), Layer::Activate(stream::Activation::Loudness)]),
        ]);
        match noise {
            None => tonal,
            Some(noise) => Layer::Sum(vec![
                Branch { delay: 0, layers: vec![tonal] },
                branch(2, vec![Layer::Noise(noise)]),
            ]),
        }
    }

    /// The noise synthesiser, and the delay of its layers in frames of its output.
    fn first_noise(&self, channels: usize, name: &str) -> (Noise, usize) {
        let config = self.config;
        let n_last = config.noise_ratios.len() - 1;
        let (mut layers, mut late) = (vec![], 0);
        for (i, &ratio) in config.noise_ratios.iter().enumerate() {
            let out = if i == n_last { self.n_data() * config.noise_bands } else { channels };
            let shape = Shape { stride: ratio, late, ..Shape::new([channels, out], 3) };
            let conv = self.conv(&format!("{name}.net.{}", 2 * i), shape);
            late = (conv.padding.1 + conv.delay + late) / ratio;
            if i > 0 {
                layers.push(leaky());
            }
            layers.push(Layer::Conv(conv));
        }
        let n_block: usize = config.noise_ratios.iter().product();
        (self.noise(layers), late * n_block)
    }

    fn second_decoder(&self) -> Vec<Layer> {
        let config = self.config;
        let name = |index: usize| format!("decoder.net.{index}");
        let ratios = config.decoder_ratios();
        let mut channels = config.capacity << ratios.len();
        let (mut layers, mut index) = (vec![], 0);
        if config.gru_layers > 0 {
            layers.push(self.gru(&format!("{}.gru", name(0))));
            index += 1;
        }
        let shape = Shape::new([config.decoder_latent_size(), channels], config.kernel_size);
        layers.push(Layer::Conv(self.conv(&name(index), shape)));
        index += 1;
        for (stage, &ratio) in ratios.iter().enumerate().rev() {
            layers.push(self.activation(&name(index), channels));
            layers.push(self.upsample(&name(index + 1), [channels, channels / 2], ratio));
            channels /= 2;
            index += 2;
            for &dilation in config.decoder_dilations(stage) {
                self.unit(&mut layers, &name, &mut index, channels, dilation);
            }
        }
        layers.push(self.activation(&name(index), channels));
        let n_data = match config.decoder_output {
            DecoderOutput::Bands => self.n_data(),
            DecoderOutput::Raw => config.channels,
        };
        let shape = Shape::new([channels, 2 * n_data], 2 * config.kernel_size + 1);
        if config.has_noise {
            let wave = self.conv("decoder.waveform_module", shape);
            let noise = Layer::Noise(self.second_noise(channels));
            layers.push(Layer::Sum(vec![
                Branch { delay: 0, layers: vec![Layer::Conv(wave), Layer::Gate] },
                Branch { delay: 0, layers: vec![noise] },
            ]));
        } else {
            layers.extend([Layer::Conv(self.conv(&name(index + 1), shape)), Layer::Gate]);
        }
        layers.push(Layer::Activate(stream::Activation::Tanh));
        layers
    }

    fn second_noise(&self, channels: usize) -> Noise {
        let config = self.config;
        let name = |index: usize| format!("decoder.noise_module.net.{index}");
        let n_last = config.noise_ratios.len() - 1;
        let (mut layers, mut channels) = (vec![], channels);
        for (i, &ratio) in config.noise_ratios.iter().enumerate() {
            if i > 0 {
                layers.push(self.activation(&name(2 * i - 1), channels));
            }
            let out =
                if i == n_last { self.n_data() * config.noise_bands } else { config.noise_hidden };
            let shape = Shape { stride: ratio, ..Shape::new([channels, out], 2 * ratio) };
            // These look back, regardless of the other layers.
            let conv = Conv { padding: (ratio, 0), delay: 0, ..self.conv(&name(2 * i), shape) };
            layers.push(Layer::Conv(conv));
            channels = out;
        }
        self.noise(layers)
    }

    fn noise(&self, layers: Vec<Layer>) -> Noise {
        let n_block = self.config.noise_ratios.iter().product();
        let response = nn::values(impulse_responses(self.config.noise_bands, n_block));
        Noise { layers, channels: self.n_data(), response, n_block }
    }

    /// A residual unit, preceded by a style layer if there are any.
    fn unit(
        &self,
        layers: &mut Vec<Layer>,
        name: &impl Fn(usize) -> String,
        index: &mut usize,
        channels: usize,
        dilation: usize,
    ) {
        if self.config.has_adain {
            let unknown = Statistics::unknown(channels);
            layers.push(Layer::Transfer(Transfer { source: unknown.clone(), target: unknown }));
            *index += 1;
        }
        let inner = |part: usize| format!("{}.aligned.branches.0.net.{part}", name(*index));
        let wide = Shape { dilation, ..Shape::new([channels; 2], self.config.kernel_size) };
        let wide = self.conv(&inner(1), wide);
        layers.push(Layer::Residual {
            delay: wide.padding.1,
            layers: vec![
                self.activation(&inner(0), channels),
                Layer::Conv(wide),
                self.activation(&inner(2), channels),
                Layer::Conv(self.conv(&inner(3), Shape::new([channels; 2], 1))),
            ],
        });
        *index += 1;
    }

    /// Makes frames wait for one another before the first layer with many weights.
    fn gather(&self, layers: &mut Vec<Layer>, ratios: &[usize], n_weights: usize) {
        let is_first = !layers.iter().any(|layer| matches!(layer, Layer::Gather { .. }));
        let n_frames = ratios.iter().product();
        if is_first && n_frames > 1 && n_weights >= MIN_GATHERED {
            layers.push(Layer::Gather { n_frames });
        }
    }

    /// Snake if there is an `alpha` for it: the original's switch does not reach the inside of units.
    fn activation(&self, index: &str, channels: usize) -> Layer {
        match self.parameters.values(&format!("{index}.alpha")) {
            None => leaky(),
            Some(alpha) => {
                assert_eq!(alpha.len(), channels, "an alpha for each channel");
                Layer::Activate(stream::Activation::Snake(alpha.to_vec()))
            }
        }
    }

    fn conv(&self, name: &str, shape: Shape) -> Conv {
        let Shape { channels: [channels_in, channels_out], kernel, stride, dilation, .. } = shape;
        let padding = self.padding(kernel, dilation);
        Conv {
            weight: self.weight(name),
            bias: vec![],
            channels_in,
            channels_out,
            kernel,
            stride,
            dilation,
            groups: shape.groups,
            padding,
            delay: Conv::stride_delay(stride, padding.1, shape.late),
        }
    }

    fn upsample(&self, name: &str, channels: [usize; 2], stride: usize) -> Layer {
        let [channels_in, channels_out] = channels;
        let (weight, bias) = (self.weight(name), vec![]);
        Layer::Upsample(Upsample { weight, bias, channels_in, channels_out, stride })
    }

    fn gru(&self, name: &str) -> Layer {
        let layer = |i: usize| GruLayer {
            weight_input: self.values(&format!("{name}.weight_ih_l{i}")),
            weight_hidden: self.values(&format!("{name}.weight_hh_l{i}")),
            bias_input: self.values(&format!("{name}.bias_ih_l{i}")),
            bias_hidden: self.values(&format!("{name}.bias_hh_l{i}")),
        };
        Layer::Gru((0..self.config.gru_layers).map(layer).collect())
    }

    /// Folds batch normalisation into the convolution before it.
    fn normalise(&self, conv: &mut Conv, name: &str) {
        let part = |part: &str| self.values(&format!("{name}.{part}"));
        let (weight, bias) = (part("weight"), part("bias"));
        let (mean, variance) = (part("running_mean"), part("running_var"));
        let row = conv.weight.len() / conv.channels_out;
        conv.bias = vec![0.0; conv.channels_out];
        for (c, weights) in conv.weight.chunks_exact_mut(row).enumerate() {
            let deviation = (f64::from(variance[c]) + BATCH_NORM_EPSILON).sqrt();
            let scale = f64::from(weight[c]) / deviation;
            weights.iter_mut().for_each(|it| *it = (f64::from(*it) * scale) as f32);
            conv.bias[c] = (f64::from(bias[c]) - f64::from(mean[c]) * scale) as f32;
        }
    }

    /// A weight, recombined if stored as length and direction.
    fn weight(&self, name: &str) -> Vec<f32> {
        let Some(direction) = self.parameters.values(&format!("{name}.weight_v")) else {
            return self.values(&format!("{name}.weight"));
        };
        let lengths = self.values(&format!("{name}.weight_g"));
        let rows = direction.chunks_exact(direction.len() / lengths.len());
        let row = |(row, length): (&[f32], &f32)| -> Vec<f32> {
            let norm = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            let scale = f64::from(*length) / norm;
            row.iter().map(|x| (f64::from(*x) * scale) as f32).collect()
        };
        rows.zip(&lengths).flat_map(row).collect()
    }

    fn values(&self, name: &str) -> Vec<f32> {
        self.parameters.values(name).unwrap_or_else(|| panic!("a model has `{name}`")).to_vec()
    }

    fn padding(&self, kernel: usize, dilation: usize) -> (usize, usize) {
        let reach = (kernel - 1) * dilation;
        match self.config.padding {
            Padding::Centered => (reach / 2, reach.div_ceil(2)),
            Padding::Causal => (reach, 0),
        }
    }

    /// The number of rows of bands, over all channels.
    fn n_data(&self) -> usize {
        self.config.channels * self.config.n_band
    }

    /// The filters of the bank, padded to the next power of two.
    fn bank(&self) -> Vec<Vec<f32>> {
        let (_, bank) = Pqmf::filters(self.config.n_band, self.config.pqmf_attenuation);
        let n_taps = bank[0].len().next_power_of_two();
        let before = (n_taps - bank[0].len()) / 2;
        let padded = bank.iter().map(|filter| {
            let mut taps = vec![0.0; n_taps];
            taps[before..before + filter.len()]
                .iter_mut()
                .zip(filter)
                .for_each(|(tap, value)| *tap = *value as f32);
            taps
        });
        padded.collect()
    }

    pub(super) fn analysis(&self) -> Vec<Layer> {
        let (n_band, channels) = (self.config.n_band, self.config.channels);
        let mut bank = self.bank();
        bank.iter_mut().for_each(|filter| filter.push(0.0));
        let kernel = bank[0].len();
        let shape = Shape::new([channels, channels * n_band], kernel);
        let shape = Shape { stride: n_band, groups: channels, ..shape };
        let conv = self.filter(bank.concat().repeat(channels), shape);
        vec![Layer::Conv(conv), Layer::Mirror { n_band }]
    }

    /// The logarithm of powers in bands on the mel scale.
    pub(super) fn mel(&self) -> Vec<Layer> {
        let Config { channels, n_mels, mel_n_fft: n_fft, mel_hop: hop, .. } = *self.config;
        let spectrum = PowerSpectrum { n_fft, hop };
        let shape = Shape::new([channels * spectrum.n_bins(), channels * n_mels], 1);
        let bands = mel::bands(self.config).repeat(channels);
        vec![
            Layer::PowerSpectrum(spectrum),
            Layer::Conv(self.filter(bands, Shape { groups: channels, ..shape })),
            Layer::Activate(stream::Activation::LogOnePlus),
        ]
    }

    /// From bands to samples; `is_turned` inverts every odd band.
    pub(super) fn synthesis(&self, is_turned: bool) -> Vec<Layer> {
        let (n_band, channels) = (self.config.n_band, self.config.channels);
        let bank = self.bank();
        let (n_taps, kernel) = (bank[0].len(), synthesis_taps(&bank));
        // The first sample of a frame comes from the last row of the reversed filters.
        let value = |sample: usize, band: usize, tap: usize| {
            let at = tap * n_band + n_band - 1 - sample;
            let gain = if is_turned && band % 2 == 1 { -(n_band as f32) } else { n_band as f32 };
            if at < n_taps { gain * bank[band][n_taps - 1 - at] } else { 0.0 }
        };
        let rows = (0..n_band).flat_map(|sample| (0..n_band).map(move |band| (sample, band)));
        let taps = rows.flat_map(|(sample, band)| (0..kernel).map(move |tap| (sample, band, tap)));
        let weight: Vec<f32> = taps.map(|(sample, band, tap)| value(sample, band, tap)).collect();
        let shape = Shape { groups: channels, ..Shape::new([channels * n_band; 2], kernel) };
        let conv = self.filter(weight.repeat(channels), shape);
        vec![Layer::Mirror { n_band }, Layer::Conv(conv), Layer::Unfold { groups: channels }]
    }

    fn filter(&self, weight: Vec<f32>, shape: Shape) -> Conv {
        let padding = self.padding(shape.kernel, 1);
        Conv {
            weight,
            bias: vec![],
            channels_in: shape.channels[0],
            channels_out: shape.channels[1],
            kernel: shape.kernel,
            stride: shape.stride,
            dilation: 1,
            groups: shape.groups,
            padding,
            delay: Conv::stride_delay(shape.stride, padding.1, 0),
        }
    }
}

/// By how many of its frames the output of a decoder's layers comes late, when they play block by block.
pub(super) fn late_frames(layers: &[Layer]) -> usize {
    layers.iter().fold(0, |late, layer| match layer {
        Layer::Conv(conv) => late + conv.padding.1,
        Layer::Upsample(conv) => late * conv.stride + conv.stride / 2,
        Layer::Residual { delay, .. } => late + delay,
        // Branches are delayed to the latest of them.
        Layer::Sum(branches) | Layer::Product(branches) => {
            late + branches[0].delay + late_frames(&branches[0].layers)
        }
        _ => late,
    })
}

/// Taps of each row of the synthesis: as many as fit, made odd by adding one if necessary.
fn synthesis_taps(bank: &[Vec<f32>]) -> usize {
    let n = bank[0].len() / bank.len();
    n + usize::from(n.is_multiple_of(2))
}

fn leaky() -> Layer {
    Layer::Activate(stream::Activation::Leaky(SLOPE))
}
