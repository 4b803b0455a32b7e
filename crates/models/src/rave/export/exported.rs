//! A model as seen by another program's player: the latents it exposes, on how many channels and at
//! which rate, as graphs from which files are written.

use nn::graph::{Extent, Graph, Lowering, Op, Signal, Value};
use nn::stream::{Conv, Layer};

use crate::rave::stream::description::Description;
use crate::rave::{Config, LatentSpace, Regularization};

/// How an exported model plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportSettings {
    /// Whether it plays block by block and keeps state; otherwise it takes whole sounds.
    pub is_streaming: bool,
    /// The number of latents to expose, the most important first; `None` for all. Only variational
    /// models whose latent space was measured can expose fewer.
    pub n_latents: Option<usize>,
    /// The number of sounds played in parallel, each with its own latents: 2 lets a mono model play
    /// stereo.
    pub n_parallel: usize,
    /// The player's rate as a multiple of the model's.
    pub rate_multiple: usize,
}

impl ExportSettings {
    /// All latents, on the model's channels and at its rate.
    #[must_use]
    pub fn new(is_streaming: bool) -> Self {
        Self { is_streaming, n_latents: None, n_parallel: 1, rate_multiple: 1 }
    }
}

/// A model with the settings of its export.
pub(in crate::rave) struct Exported<'a> {
    pub(super) network: Description<'a>,
    /// The principal directions that latents are rotated to, if any.
    space: Option<&'a LatentSpace>,
    pub(super) books: Option<Vec<Vec<f32>>>,
    pub(super) settings: ExportSettings,
    /// Latents exposed for each sound.
    n_latents: usize,
}

/// The inputs of a graph that switch its random numbers on; `None` leaves them out.
#[derive(Clone, Copy)]
pub(super) struct Switches {
    /// Factor of a sampled latent's deviation from its mean.
    pub(super) randomness: Option<Value>,
    /// Factor of noise channels: the latents that are not exposed, and the noise augmentation of some decoders.
    pub(super) curves: Option<Value>,
    /// Factor of the synthesiser's noise.
    pub(super) noise: Option<Value>,
    /// Whether style layers gather statistics while playing.
    pub(super) learns: bool,
}

impl<'a> Exported<'a> {
    pub(in crate::rave) fn new(
        network: Description<'a>,
        space: Option<&'a LatentSpace>,
        settings: ExportSettings,
    ) -> Self {
        let config = network.config;
        let books = network.books();
        let space = space.filter(|_| config.regularization == Regularization::Variational);
        let n_latents = match (&books, settings.n_latents) {
            (Some(books), _) => books.len(),
            (None, Some(n)) if space.is_some() => n.clamp(1, config.latent_size),
            (None, _) => config.latent_size,
        };
        Self { network, space, books, settings, n_latents }
    }

    pub(super) fn config(&self) -> &'a Config {
        self.network.config
    }

    /// The number of channels.
    pub(super) fn channels(&self) -> usize {
        self.config().channels * self.settings.n_parallel
    }

    /// The number of latents.
    pub(super) fn latents(&self) -> usize {
        self.n_latents * self.settings.n_parallel
    }

    /// The most latents that `decode` takes: beyond the exposed ones, a player may send its own in place of noise.
    pub(super) fn latents_taken(&self) -> usize {
        let is_open = self.space.is_some() && self.settings.n_parallel == 1;
        if is_open { self.config().latent_size } else { self.latents() }
    }

    /// Samples per latent frame.
    pub(super) fn ratio(&self) -> usize {
        self.config().ratio() * self.settings.rate_multiple
    }

    /// Samples per second.
    pub(super) fn rate_hz(&self) -> u32 {
        self.config().sampling_rate * u32::try_from(self.settings.rate_multiple).unwrap_or(1)
    }

    /// Encodes sound `[batch, channels, samples]` to latents `[batch, latents, frames]`.
    pub(super) fn encode(&self, graph: &mut Graph, x: Signal, switches: Switches) -> Signal {
        let channels = self.config().channels;
        let x = self.separated(graph, x, channels);
        let mut layers = self.slower();
        layers.extend(self.network.encoder());
        let rows = graph.layers(&layers, x, self.lowering(switches));
        let shown = self.shown(graph, rows, switches.randomness);
        self.beside(graph, Signal { value: shown, channels: self.n_latents })
    }

    /// Decodes latents to sound.
    pub(super) fn decode(&self, graph: &mut Graph, z: Signal, switches: Switches) -> Signal {
        let z = self.separated(graph, z, self.n_latents);
        let z = self.understood(graph, z.value, switches.curves);
        let mut layers = match self.settings.is_streaming {
            true => self.network.decoder(),
            false => self.network.whole_decoder(),
        };
        layers.extend(self.faster());
        let made = graph.layers(&layers, z, self.lowering(switches));
        self.beside(graph, made)
    }

    fn lowering(&self, switches: Switches) -> Lowering {
        let Switches { noise, learns, .. } = switches;
        Lowering { is_streaming: self.settings.is_streaming, noise, learns }
    }

    /// Turns parallel sounds, stacked as channels, into a batch.
    fn separated(&self, graph: &mut Graph, x: Signal, channels: usize) -> Signal {
        self.reshaped(graph, x, channels)
    }

    /// Turns a batch into parallel sounds, stacked as channels.
    fn beside(&self, graph: &mut Graph, x: Signal) -> Signal {
        let channels = x.channels * self.settings.n_parallel;
        self.reshaped(graph, x, channels)
    }

    fn reshaped(&self, graph: &mut Graph, x: Signal, channels: usize) -> Signal {
        if self.settings.n_parallel == 1 {
            return x;
        }
        let shape = vec![Extent::Rest, Extent::Is(channels), Extent::Same];
        Signal { value: graph.apply(Op::Reshape(shape), x.value), channels }
    }

    /// The latents exposed to a player.
    fn shown(&self, graph: &mut Graph, rows: Signal, randomness: Option<Value>) -> Value {
        let n = self.config().latent_size;
        match (self.config().regularization, &self.books) {
            (Regularization::Variational, _) => {
                let mut z = graph.channels(rows.value, 0, n);
                if let Some(randomness) = randomness {
                    let scale = graph.channels(rows.value, n, 2 * n);
                    let softplus = graph.apply(Op::Softplus, scale);
                    let least = graph.number(1e-4);
                    let deviation = graph.add(Op::Add, &[softplus, least]);
                    let drawn = graph.apply(Op::Normal, z);
                    let drawn = graph.add(Op::Mul, &[drawn, deviation]);
                    let drawn = graph.add(Op::Mul, &[drawn, randomness]);
                    z = graph.add(Op::Add, &[z, drawn]);
                }
                let Some(space) = self.space else { return z };
                let mean = graph.constant(&[1, n, 1], &space.mean);
                let centred = graph.add(Op::Sub, &[z, mean]);
                let first = space.directions[..self.n_latents].concat();
                graph.product(centred, &first, &[], [self.n_latents, n])
            }
            (Regularization::Spherical, _) => {
                let squares = graph.add(Op::Mul, &[rows.value, rows.value]);
                let sum = graph.apply(Op::SumOfChannels, squares);
                let sum = graph.apply(Op::AtLeast(1e-24), sum);
                let length = graph.apply(Op::Sqrt, sum);
                graph.add(Op::Div, &[rows.value, length])
            }
            (Regularization::Discrete, Some(books)) => {
                let (mut left, mut all) = (rows.value, vec![]);
                for codes in books {
                    let n_codes = codes.len() / n;
                    let double: Vec<f32> = codes.iter().map(|x| 2.0 * x).collect();
                    let square = |code: &[f32]| -code.iter().map(|x| x * x).sum::<f32>();
                    let squares: Vec<f32> = codes.chunks_exact(n).map(square).collect();
                    let scores = graph.product(left, &double, &squares, [n_codes, n]);
                    let code = graph.apply(Op::Largest, scores);
                    let nearest = self.rows(graph, codes, code);
                    left = graph.add(Op::Sub, &[left, nearest]);
                    all.push(code);
                }
                graph.add(Op::Concat(1), &all)
            }
            _ => rows.value,
        }
    }

    /// The latents exposed to a player, of coordinates along the directions of a space, `[batch, latents, 1]`.
    pub(super) fn of_coordinates(
        &self,
        graph: &mut Graph,
        along: Value,
        space: &LatentSpace,
    ) -> Value {
        let n = self.config().latent_size;
        let shown = match self.space {
            // The same directions.
            Some(own) if own == space => graph.channels(along, 0, self.n_latents),
            own => {
                let mut back = vec![0.0; n * n];
                for (i, direction) in space.directions.iter().enumerate() {
                    direction.iter().enumerate().for_each(|(j, x)| back[j * n + i] = *x);
                }
                let turned = graph.product(along, &back, &[], [n, n]);
                let mean = graph.constant(&[1, n, 1], &space.mean);
                let z = graph.add(Op::Add, &[turned, mean]);
                match own {
                    None => z,
                    Some(own) => {
                        let mean = graph.constant(&[1, n, 1], &own.mean);
                        let centred = graph.add(Op::Sub, &[z, mean]);
                        let first = own.directions[..self.n_latents].concat();
                        graph.product(centred, &first, &[], [self.n_latents, n])
                    }
                }
            }
        };
        match self.settings.n_parallel {
            1 => shown,
            n => graph.add(Op::Concat(1), &vec![shown; n]),
        }
    }

    /// The decoder's latents, from the values sent by a player.
    fn understood(&self, graph: &mut Graph, z: Value, noise: Option<Value>) -> Signal {
        let n = self.config().latent_size;
        let mut z = Signal { value: z, channels: self.n_latents };
        if let Some(books) = &self.books {
            let rows: Vec<Value> = (0..)
                .zip(books)
                .map(|(i, codes)| {
                    let code = graph.channels(z.value, i, i + 1);
                    self.rows(graph, codes, code)
                })
                .collect();
            let sum = rows.into_iter().reduce(|a, b| graph.add(Op::Add, &[a, b]));
            z = Signal { value: sum.expect("there is a code book"), channels: n };
        }
        if let Some(space) = self.space {
            z = with_noise_channels(graph, z, n - self.n_latents, noise);
            if noise.is_some() && self.n_latents < n {
                // A player may send latents of its own in place of random ones.
                z.value = graph.channels(z.value, 0, n);
            }
            let mut back = vec![0.0; n * n];
            for (i, direction) in space.directions.iter().enumerate() {
                direction.iter().enumerate().for_each(|(j, x)| back[j * n + i] = *x);
            }
            let turned = graph.product(z.value, &back, &[], [n, n]);
            let mean = graph.constant(&[1, n, 1], &space.mean);
            z.value = graph.add(Op::Add, &[turned, mean]);
        }
        with_noise_channels(graph, z, self.config().decoder_latent_size() - n, noise)
    }

    fn rows(&self, graph: &mut Graph, codes: &[f32], code: Value) -> Value {
        let n = self.config().latent_size;
        graph.apply(Op::Rows(nn::graph::Constant::new(&[codes.len() / n, n], codes)), code)
    }

    /// The latents `[frames][latent]` that exposed values represent, frame by frame.
    pub(super) fn meaning(&self, shown: &[f32]) -> Vec<f32> {
        let n = self.config().latent_size;
        let mut all = Vec::with_capacity(shown.len() / self.n_latents * n);
        for frame in shown.chunks_exact(self.n_latents) {
            let start = all.len();
            match (&self.books, self.space) {
                (Some(books), _) => {
                    all.resize(start + n, 0.0);
                    for (codes, code) in books.iter().zip(frame) {
                        let code = &codes[(*code as usize).min(codes.len() / n - 1) * n..][..n];
                        all[start..].iter_mut().zip(code).for_each(|(sum, x)| *sum += x);
                    }
                }
                (None, Some(space)) => {
                    all.extend_from_slice(&space.mean);
                    for (direction, x) in space.directions.iter().zip(frame) {
                        all[start..].iter_mut().zip(direction).for_each(|(sum, d)| *sum += x * d);
                    }
                }
                (None, None) => all.extend_from_slice(frame),
            }
        }
        all
    }

    /// Latents after a round trip through the exposed directions.
    pub(super) fn kept(&self, latents: &[f32]) -> Vec<f32> {
        let Some(space) = self.space.filter(|_| self.books.is_none()) else {
            return latents.to_vec();
        };
        let n = self.config().latent_size;
        let shown: Vec<f32> = latents
            .chunks_exact(n)
            .flat_map(|frame| {
                space.directions[..self.n_latents].iter().map(move |direction| {
                    let centred = frame.iter().zip(&space.mean).map(|(x, mean)| x - mean);
                    direction.iter().zip(centred).map(|(d, x)| d * x).sum::<f32>()
                })
            })
            .collect();
        self.meaning(&shown)
    }

    /// Converts from the player's rate to the model's.
    pub(super) fn slower(&self) -> Vec<Layer> {
        let (multiple, channels) = (self.settings.rate_multiple, self.config().channels);
        if multiple == 1 {
            return vec![];
        }
        let half = half_taps(multiple);
        vec![Layer::Conv(Conv {
            weight: lowpass(multiple).repeat(channels),
            bias: vec![],
            channels_in: channels,
            channels_out: channels,
            kernel: 2 * half + 1,
            stride: multiple,
            dilation: 1,
            groups: channels,
            padding: (half, half),
            delay: Conv::stride_delay(multiple, half, 0),
        })]
    }

    /// Converts from the model's rate to the player's: the same filter, with separate taps for each of the
    /// player's samples between two of the model's.
    pub(super) fn faster(&self) -> Vec<Layer> {
        let (multiple, channels) = (self.settings.rate_multiple, self.config().channels);
        if multiple == 1 {
            return vec![];
        }
        let taps = lowpass(multiple);
        let kernel = taps.len().div_ceil(multiple);
        let tap = |phase: usize, i: usize| {
            let at = (kernel - 1 - i) * multiple + phase;
            taps.get(at).map_or(0.0, |tap| tap * multiple as f32)
        };
        let weight: Vec<f32> = (0..multiple)
            .flat_map(|phase| (0..kernel).map(move |i| (phase, i)))
            .map(|(p, i)| tap(p, i))
            .collect();
        let conv = Conv {
            weight: weight.repeat(channels),
            bias: vec![],
            channels_in: channels,
            channels_out: channels * multiple,
            kernel,
            stride: 1,
            dilation: 1,
            groups: channels,
            padding: (kernel - 1, 0),
            delay: 0,
        };
        vec![Layer::Conv(conv), Layer::Unfold { groups: channels }]
    }

    /// The round-trip delay of the rate conversion, in the player's samples.
    pub(super) fn rate_delay(&self) -> usize {
        match self.settings.rate_multiple {
            1 => 0,
            multiple => {
                let half = half_taps(multiple);
                2 * half + Conv::stride_delay(multiple, half, 0)
            }
        }
    }
}

/// Appends `n` channels of noise to latents, which may have more channels than `z` says.
fn with_noise_channels(graph: &mut Graph, z: Signal, n: usize, noise: Option<Value>) -> Signal {
    if n == 0 {
        return z;
    }
    // A product with a zero matrix gives `n` channels of the batch's length, which is not known here.
    let one = graph.channels(z.value, 0, 1);
    let zeros = graph.product(one, &vec![0.0; n], &[], [n, 1]);
    let curves = match noise {
        None => zeros,
        Some(noise) => {
            let drawn = graph.apply(Op::Normal, zeros);
            graph.add(Op::Mul, &[drawn, noise])
        }
    };
    Signal { value: graph.add(Op::Concat(1), &[z.value, curves]), channels: z.channels + n }
}

/// Taps of the rate conversion filter on either side of its centre.
fn half_taps(multiple: usize) -> usize {
    24 * multiple
}

/// A windowed sinc that passes what the lower rate can hold: -6 dB at 0.92 of its limit, 90 dB less above.
/// Window: Kaiser, beta 9 (Kaiser and Schafer, 1980).
fn lowpass(multiple: usize) -> Vec<f32> {
    const BETA: f64 = 9.0;
    let half = half_taps(multiple);
    let cutoff = 0.46 / multiple as f64;
    let tap = |i: usize| {
        let at = i as f64 - half as f64;
        let turn = std::f64::consts::PI * at;
        let sinc = if at == 0.0 { 2.0 * cutoff } else { (2.0 * cutoff * turn).sin() / turn };
        let x = at / half as f64;
        sinc * bessel(BETA * (1.0 - x * x).max(0.0).sqrt()) / bessel(BETA)
    };
    let taps: Vec<f64> = (0..=2 * half).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| (tap / sum) as f32).collect()
}

/// The modified Bessel function of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    (1..40).fold(1.0, |sum, k| {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum + term
    })
}
