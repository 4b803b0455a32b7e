//! A prior that plays: one frame after the other, with what was before as its state.
//!
//! All memory is taken when it begins; making a frame neither allocates nor locks.

use nn::stream::{self, Engine, Precision};
use nn::{Init, Parameters};

use super::config::Distribution;
use super::directions::Directions;
use super::infer::Model;
use super::network::{Layer, Network, SLOPE};
use super::{mixture, objective, quantised};
use crate::{LivePrior, PriorSettings};

/// A prior that plays.
pub(super) struct Live {
    row: Row,
    head: Head,
    directions: Directions,
    rng: Draws,
    temperature: f32,
    /// Values along all directions of the frame that is made or heard.
    values: Vec<f32>,
    /// What the network sees next: what it made or heard last.
    input: Vec<f32>,
}

/// Random numbers, drawn one by one.
#[derive(Clone, Debug)]
struct Draws {
    rng: Init,
    /// The second of a pair of normal numbers.
    spare: Option<f32>,
}

impl Draws {
    fn new(seed: u64) -> Self {
        Self { rng: Init::named(seed, "prior"), spare: None }
    }

    /// In [0, 1).
    fn uniform(&mut self) -> f32 {
        (self.rng.next_u64() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Standard normal (Box and Muller, 1958).
    fn normal(&mut self) -> f32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let mut draw = || ((self.rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let (radius, angle) = ((-2.0 * draw().ln()).sqrt(), std::f64::consts::TAU * draw());
        self.spare = Some((radius * angle.sin()) as f32);
        (radius * angle.cos()) as f32
    }
}

/// The row of convolutions, frame by frame.
struct Row {
    first: Engine,
    /// The gate of each block, and its residual and skip connections in one matrix.
    blocks: Vec<(Engine, Engine)>,
    after: Engine,
    res: usize,
    x: Vec<f32>,
    gated: Vec<f32>,
    skip: Vec<f32>,
}

/// Weights and biases of convolutions as a layer that plays.
pub(super) fn conv(parameters: &Parameters, layers: &[&Layer]) -> stream::Layer {
    let layer = layers[0];
    let of = |name: String| parameters.values(&name).expect("the network has it").to_vec();
    let [_, n_in, kernel] = layer.shape;
    stream::Layer::Conv(stream::Conv {
        weight: layers.iter().flat_map(|it| of(it.weight())).collect(),
        bias: layers.iter().filter(|it| it.has_bias).flat_map(|it| of(it.bias())).collect(),
        channels_in: n_in * layer.groups,
        channels_out: layers.iter().map(|it| it.shape[0]).sum(),
        kernel,
        stride: 1,
        dilation: layer.dilation,
        groups: layer.groups,
        padding: (layer.padding(), 0),
        delay: 0,
    })
}

fn engine(layers: &[stream::Layer], channels: usize) -> Engine {
    Engine::new(layers, channels, 1, Precision::Float32)
}

impl Row {
    fn new(network: &Network, parameters: &Parameters) -> Self {
        let leaky = || stream::Layer::Activate(stream::Activation::Leaky(SLOPE));
        let (res, skip) = (network.config.res_size, network.config.skp_size);
        let first = network.first();
        let blocks = network.blocks().into_iter().map(|block| {
            let gate = engine(&[conv(parameters, &[&block.gate])], res);
            let both = conv(parameters, &[&block.residual, &block.skip]);
            (gate, engine(&[both], res))
        });
        Self {
            blocks: blocks.collect(),
            first: engine(&[conv(parameters, &[&first]), leaky()], network.channels_in()),
            after: engine(&[conv(parameters, &[&network.after()]), leaky()], skip),
            res,
            x: vec![0.0; res],
            gated: vec![0.0; res],
            skip: vec![0.0; skip],
        }
    }

    fn reset(&mut self) {
        self.first.reset();
        self.after.reset();
        for (gate, both) in &mut self.blocks {
            gate.reset();
            both.reset();
        }
    }

    /// What is known after one more frame, rectified for the head.
    fn step(&mut self, input: &[f32]) -> &[f32] {
        let no_noise = &mut |_: &mut [f32]| {};
        self.x.copy_from_slice(self.first.process(input, no_noise));
        self.skip.fill(0.0);
        for (gate, both) in &mut self.blocks {
            let made = gate.process(&self.x, no_noise);
            let halves = made[..self.res].iter().zip(&made[self.res..]);
            for (to, (a, b)) in self.gated.iter_mut().zip(halves) {
                *to = b.tanh() / (1.0 + (-a).exp());
            }
            let made = both.process(&self.gated, no_noise);
            self.x.iter_mut().zip(made).for_each(|(to, x)| *to += x);
            self.skip.iter_mut().zip(&made[self.res..]).for_each(|(to, x)| *to += x);
        }
        self.after.process(&self.skip, no_noise)
    }
}

/// What makes a frame of what is known.
enum Head {
    Mixture(Mixtures),
    Bins(Bins),
}

struct Mixtures {
    context: Engine,
    /// Hidden units of a direction.
    units: usize,
    /// What each direction adds to the hidden units of those after it: `[direction][hidden]`.
    before: Vec<f32>,
    /// `[direction * outputs, units]`.
    out: Vec<f32>,
    bias: Vec<f32>,
    hidden: Vec<f32>,
    parameters: Vec<f32>,
}

/// Quantised directions that take turns: direction `j` of `n` is drawn `n - 1 - j` frames ahead.
struct Bins {
    out: Engine,
    n: usize,
    resolution: usize,
    /// Bins of the frame that is made next and of those after it: `[frame][direction]`, `n` frames.
    ahead: Vec<usize>,
    /// The frames that were heard last, the newest at the end: `[frame][direction]`, `n` frames.
    heard: Vec<usize>,
    n_heard: usize,
    /// Whether frames have been made since one was heard.
    is_ahead: bool,
    /// The bins of the turn that the network sees next, if there has been one.
    turn: Vec<usize>,
    has_turn: bool,
}

impl Live {
    pub(super) fn new(model: &Model, settings: PriorSettings) -> Self {
        let (network, parameters) = (model.network(), model.parameters());
        let head = match network.config.distribution {
            Distribution::Mixture => Head::Mixture(Mixtures::new(network, parameters)),
            Distribution::Quantised => Head::Bins(Bins::new(network, parameters)),
        };
        Self {
            row: Row::new(network, parameters),
            head,
            values: vec![0.0; model.directions().size()],
            input: vec![0.0; network.channels_in()],
            directions: model.directions().clone(),
            rng: Draws::new(settings.seed),
            temperature: settings.temperature.max(0.0),
        }
    }
}

impl LivePrior for Live {
    fn reset(&mut self, seed: u64) {
        self.row.reset();
        self.input.fill(0.0);
        self.rng = Draws::new(seed);
        if let Head::Bins(bins) = &mut self.head {
            bins.reset();
        }
    }

    fn set_temperature(&mut self, temperature: f32) {
        self.temperature = temperature.max(0.0);
    }

    fn hear(&mut self, frame: &[f32]) {
        self.directions.values_of(frame, &mut self.values);
        let n = self.directions.n;
        match &mut self.head {
            Head::Mixture(_) => {
                self.row.step(&self.input);
                self.input.copy_from_slice(&self.values[..n]);
            }
            Head::Bins(bins) => bins.hear(&mut self.row, &mut self.input, &self.values[..n]),
        }
    }

    fn next(&mut self, frame: &mut [f32]) {
        let (n, temperature) = (self.directions.n, self.temperature);
        match &mut self.head {
            Head::Mixture(mixtures) => {
                let known = self.row.step(&self.input);
                mixtures.draw(known, temperature, &mut self.rng, &mut self.values[..n]);
                self.input.copy_from_slice(&self.values[..n]);
            }
            Head::Bins(bins) => {
                let values = &mut self.values[..n];
                bins.draw(&mut self.row, &mut self.input, temperature, &mut self.rng, values);
            }
        }
        for value in &mut self.values[n..] {
            *value = temperature * self.rng.normal();
        }
        self.directions.frame_of(&mut self.values, frame);
    }
}

impl Mixtures {
    fn new(network: &Network, parameters: &Parameters) -> Self {
        let head = network.mixtures();
        let of = |name: String| parameters.values(&name).expect("the network has it").to_vec();
        let [hidden, n, _] = head.before.shape;
        let before = of(head.before.weight());
        let turned = (0..n).flat_map(|j| (0..hidden).map(move |i| (i, j)));
        Self {
            context: engine(&[conv(parameters, &[&head.context])], network.config.skp_size),
            units: network.config.head_size,
            before: turned.map(|(i, j)| before[i * n + j]).collect(),
            out: of(head.out.weight()),
            bias: of(head.out.bias()),
            hidden: vec![0.0; hidden],
            parameters: vec![0.0; network.n_outputs()],
        }
    }

    fn draw(&mut self, known: &[f32], temperature: f32, rng: &mut Draws, values: &mut [f32]) {
        self.hidden.copy_from_slice(self.context.process(known, &mut |_: &mut [f32]| {}));
        let (units, n_outputs) = (self.units, self.parameters.len());
        for (j, value) in values.iter_mut().enumerate() {
            let hidden = &mut self.hidden[j * units..(j + 1) * units];
            hidden.iter_mut().for_each(|x| *x = if *x < 0.0 { SLOPE * *x } else { *x });
            for (i, to) in self.parameters.iter_mut().enumerate() {
                let row = j * n_outputs + i;
                let weights = &self.out[row * units..(row + 1) * units];
                let sum: f32 = weights.iter().zip(&*hidden).map(|(w, x)| w * x).sum();
                *to = self.bias[row] + sum;
            }
            *value = mixture::draw(&self.parameters, temperature, rng.uniform(), rng.normal());
            let n_hidden = self.hidden.len();
            let later = (j + 1) * units..n_hidden;
            let added = &self.before[j * n_hidden..(j + 1) * n_hidden][later.clone()];
            self.hidden[later].iter_mut().zip(added).for_each(|(to, w)| *to += w * *value);
        }
    }
}

impl Bins {
    fn new(network: &Network, parameters: &Parameters) -> Self {
        let (n, skip) = (network.n, network.config.skp_size);
        Self {
            out: engine(&[conv(parameters, &[&network.bins()])], skip),
            n,
            resolution: network.config.resolution,
            ahead: vec![0; n * n],
            heard: vec![0; n * n],
            n_heard: 0,
            is_ahead: false,
            turn: vec![0; n],
            has_turn: false,
        }
    }

    fn reset(&mut self) {
        (self.n_heard, self.is_ahead, self.has_turn) = (0, false, false);
    }

    /// What the network knows after the last turn.
    fn known<'a>(&self, row: &'a mut Row, input: &mut [f32]) -> &'a [f32] {
        input.fill(0.0);
        for (of_direction, bin) in input.chunks_exact_mut(self.resolution).zip(&self.turn) {
            of_direction[*bin] = 1.0;
        }
        row.step(input)
    }

    /// A turn has the first direction of the newest frame and the last of the oldest, so one is whole once `n`
    /// frames were heard.
    fn hear(&mut self, row: &mut Row, input: &mut [f32], values: &[f32]) {
        if self.is_ahead {
            // What was drawn ahead did not come.
            (self.n_heard, self.is_ahead) = (0, false);
        }
        let n = self.n;
        self.heard.copy_within(n.., 0);
        for (to, x) in self.heard[(n - 1) * n..].iter_mut().zip(values) {
            *to = quantised::bin(*x, self.resolution);
        }
        self.n_heard = (self.n_heard + 1).min(n);
        if self.n_heard == n {
            if self.has_turn {
                self.known(row, input);
            }
            for (j, bin) in self.turn.iter_mut().enumerate() {
                *bin = self.heard[(n - 1 - j) * n + j];
            }
            self.has_turn = true;
        }
    }

    fn draw(
        &mut self,
        row: &mut Row,
        input: &mut [f32],
        temperature: f32,
        rng: &mut Draws,
        values: &mut [f32],
    ) {
        if !self.has_turn {
            // As the original begins: from zeros.
            self.turn.fill(self.resolution / 2);
            self.has_turn = true;
        }
        // The directions of the last frames that were heard take their turns first, beside new ones.
        let n_turns = if self.is_ahead { 1 } else { self.n };
        self.is_ahead = true;
        for n_new in self.n + 1 - n_turns..=self.n {
            self.take_turn(row, input, temperature, rng, n_new);
        }
        for (value, bin) in values.iter_mut().zip(&self.ahead) {
            let place = if temperature > 0.0 { rng.uniform() } else { 0.5 };
            *value = quantised::value(*bin, f64::from(place), self.resolution);
        }
        self.ahead.copy_within(self.n.., 0);
    }

    /// Draws the next turn: the first `n_new` directions are of frames to come, the others of frames that were
    /// heard, if any were.
    fn take_turn(
        &mut self,
        row: &mut Row,
        input: &mut [f32],
        temperature: f32,
        rng: &mut Draws,
        n_new: usize,
    ) {
        let (n, resolution) = (self.n, self.resolution);
        let known = self.known(row, input);
        let logits = self.out.process(known, &mut |_: &mut [f32]| {});
        for (j, logits) in logits.chunks_exact(resolution).enumerate() {
            let drawn = objective::draw_index(logits, temperature, rng.uniform());
            self.turn[j] = drawn;
            if j < n_new {
                self.ahead[(n_new - 1 - j) * n + j] = drawn;
            } else if j - n_new < self.n_heard {
                self.turn[j] = self.heard[(n - 1 - (j - n_new)) * n + j];
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
