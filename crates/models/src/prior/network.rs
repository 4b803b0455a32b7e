//! The network of a prior: a row of gated, dilated, causal convolutions whose skip connections add up, and a
//! head that makes parameters of distributions of them.
//!
//! Source: van den Oord and others, 2016, <https://arxiv.org/abs/1609.03499>. Names and shapes of the
//! arrays are those of RAVE's prior. The masked head is that of Germain and others, "MADE", 2015,
//! <https://arxiv.org/abs/1502.03509>.

use burn::tensor::Tensor;
use nn::{
    Conv1d, Init, Parameters, Weights, conv1d, from_values, leaky_conv1d, leaky_relu, sigmoid, tanh,
};

use super::config::{Config, Distribution};

/// The slope of its leaky rectifiers.
pub(super) const SLOPE: f32 = 0.2;

/// The shape of the network for so many directions.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) config: Config,
    /// Directions that it models.
    pub(super) n: usize,
}

/// One convolution: its name and shape.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) name: String,
    /// `[channels out, channels in / groups, kernel]`.
    pub(super) shape: [usize; 3],
    pub(super) groups: usize,
    pub(super) dilation: usize,
    pub(super) has_bias: bool,
}

impl Layer {
    fn new(name: impl Into<String>, shape: [usize; 3]) -> Self {
        Self { name: name.into(), shape, groups: 1, dilation: 1, has_bias: true }
    }

    /// Frames before the first that it sees as zeros.
    pub(super) fn padding(&self) -> usize {
        (self.shape[2] - 1) * self.dilation
    }

    pub(super) fn weight(&self) -> String {
        format!("{}.weight", self.name)
    }

    pub(super) fn bias(&self) -> String {
        format!("{}.bias", self.name)
    }

    fn conv(&self) -> Conv1d {
        let padding = (self.padding(), 0);
        Conv1d { padding, dilation: self.dilation, groups: self.groups, ..Conv1d::default() }
    }

    fn forward(&self, weights: &Weights, x: Tensor<3>, slope: f32) -> Tensor<3> {
        let bias = self.has_bias.then(|| weights.get::<1>(&self.bias()));
        leaky_conv1d(x, slope, weights.get::<3>(&self.weight()), bias, self.conv())
    }
}

/// The convolutions of a residual block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) gate: Layer,
    pub(super) residual: Layer,
    pub(super) skip: Layer,
}

/// The convolutions of the head of mixtures.
#[derive(Clone, Debug)]
pub(super) struct MixtureHead {
    /// From what was before to the hidden units of every direction.
    pub(super) context: Layer,
    /// From the directions of the same frame to the hidden units of those after them.
    pub(super) before: Layer,
    /// From the hidden units of a direction to its parameters.
    pub(super) out: Layer,
}

impl Network {
    pub(super) fn new(config: &Config, n: usize) -> Self {
        Self { config: config.clone(), n }
    }

    /// Numbers of a direction that go in for each frame.
    fn n_codes(&self) -> usize {
        match self.config.distribution {
            Distribution::Mixture => 1,
            Distribution::Quantised => self.config.resolution,
        }
    }

    /// Channels that go in.
    pub(super) fn channels_in(&self) -> usize {
        self.n * self.n_codes()
    }

    /// Numbers of a direction that come out: parameters of its distribution.
    pub(super) fn n_outputs(&self) -> usize {
        match self.config.distribution {
            Distribution::Mixture => 3 * self.config.n_components,
            Distribution::Quantised => self.config.resolution,
        }
    }

    pub(super) fn first(&self) -> Layer {
        let groups = if self.config.distribution == Distribution::Quantised { self.n } else { 1 };
        let c = &self.config;
        let shape = [c.res_size, self.channels_in() / groups, c.kernel_size];
        Layer { groups, ..Layer::new("pre_net.0", shape) }
    }

    pub(super) fn blocks(&self) -> Vec<Block> {
        let (res, skip, kernel) =
            (self.config.res_size, self.config.skp_size, self.config.kernel_size);
        let block = |i: usize| {
            let name = |part: &str| format!("residuals.{i}.{part}");
            let gate = Layer::new(name("dconv"), [2 * res, res, kernel]);
            Block {
                gate: Layer { dilation: self.config.dilation(i), ..gate },
                residual: Layer::new(name("rconv"), [res, res, 1]),
                skip: Layer::new(name("sconv"), [skip, res, 1]),
            }
        };
        (0..self.config.n_layers).map(block).collect()
    }

    pub(super) fn after(&self) -> Layer {
        let skip = self.config.skp_size;
        Layer::new("post_net.0", [skip, skip, 1])
    }

    /// The head of quantised latents.
    pub(super) fn bins(&self) -> Layer {
        let shape = [self.n * self.n_outputs(), self.config.skp_size / self.n, 1];
        Layer { groups: self.n, ..Layer::new("post_net.2", shape) }
    }

    pub(super) fn mixtures(&self) -> MixtureHead {
        let (n, hidden) = (self.n, self.n * self.config.head_size);
        let before = Layer::new("head.before", [hidden, n, 1]);
        let out = Layer::new("head.out", [n * self.n_outputs(), self.config.head_size, 1]);
        MixtureHead {
            context: Layer::new("head.context", [hidden, self.config.skp_size, 1]),
            before: Layer { has_bias: false, ..before },
            out: Layer { groups: n, ..out },
        }
    }

    /// Every convolution, in the order of files.
    pub(super) fn layers(&self) -> Vec<Layer> {
        let mut layers = vec![self.first()];
        for Block { gate, residual, skip } in self.blocks() {
            layers.extend([gate, residual, skip]);
        }
        layers.push(self.after());
        match self.config.distribution {
            Distribution::Quantised => layers.push(self.bins()),
            Distribution::Mixture => {
                let MixtureHead { context, before, out } = self.mixtures();
                layers.extend([context, before, out]);
            }
        }
        layers
    }

    /// First weights: PyTorch's.
    pub(super) fn initialise(&self, seed: u64) -> Parameters {
        let mut parameters = Parameters::new();
        for layer in self.layers() {
            let values = Init::named(seed, &layer.weight()).conv_weight(layer.shape);
            parameters.insert(&layer.weight(), &layer.shape, values);
            if layer.has_bias {
                let n = layer.shape[0];
                let values = Init::named(seed, &layer.bias()).conv_bias(n, layer.shape);
                parameters.insert(&layer.bias(), &[n], values);
            }
        }
        if self.config.distribution == Distribution::Mixture {
            self.spread_components(&mut parameters);
        }
        parameters
    }

    /// Lets the components of each mixture begin at different places, from -1 to 1.
    fn spread_components(&self, parameters: &mut Parameters) {
        let k = self.config.n_components;
        let name = self.mixtures().out.bias();
        let bias = parameters.values_mut(&name).expect("it was just inserted");
        for direction in bias.chunks_exact_mut(3 * k) {
            for (i, mean) in direction[k..2 * k].iter_mut().enumerate() {
                *mean += (2 * i + 1) as f32 / k as f32 - 1.0;
            }
        }
    }

    /// How many numbers are trained.
    pub(super) fn n_parameters(&self) -> usize {
        let of = |layer: &Layer| {
            layer.shape.iter().product::<usize>() + usize::from(layer.has_bias) * layer.shape[0]
        };
        self.layers().iter().map(of).sum()
    }

    /// What the row of convolutions makes of `[batch, channels in, frames]`: `[batch, skip, frames]`.
    ///
    /// `masks` are factors of each block's channels, `[batch, residual, 1]`, for dropout.
    fn row(&self, weights: &Weights, input: Tensor<3>, masks: &[Tensor<3>]) -> Tensor<3> {
        let res = self.config.res_size;
        let mut x = leaky_relu(self.first().forward(weights, input, 1.0), SLOPE);
        let mut sum: Option<Tensor<3>> = None;
        let blocks = self.blocks();
        for (i, Block { gate, residual, skip }) in blocks.iter().enumerate() {
            let both = gate.forward(weights, x.clone(), 1.0);
            let mut gated =
                sigmoid(both.clone().narrow(1, 0, res)) * tanh(both.narrow(1, res, res));
            if let Some(mask) = masks.get(i) {
                gated = gated * like(&x, mask.clone());
            }
            let made = skip.forward(weights, gated.clone(), 1.0);
            sum = Some(match sum {
                Some(sum) => sum + made,
                None => made,
            });
            // Nothing comes after the last residual connection.
            if i + 1 < blocks.len() {
                x = x + residual.forward(weights, gated, 1.0);
            }
        }
        self.after().forward(weights, sum.expect("there is a layer at least"), 1.0)
    }

    /// Parameters of the distributions of what comes next, `[batch, directions * outputs, frames]`. Frame `t` of
    /// the input is what was known before frame `t` of the output; `now` are the values of that frame, of
    /// which the mixture of each direction sees the ones before it.
    pub(super) fn forward(
        &self,
        weights: &Weights,
        input: Tensor<3>,
        now: Tensor<3>,
        masks: &[Tensor<3>],
    ) -> Tensor<3> {
        let known = self.row(weights, input, masks);
        if self.config.distribution == Distribution::Quantised {
            return self.bins().forward(weights, known, SLOPE);
        }
        let MixtureHead { context, before, out } = self.mixtures();
        let of_context = context.forward(weights, known, SLOPE);
        let weight = weights.get::<3>(&before.weight());
        let mask = like(&weight, self.mask());
        let of_frame = conv1d(now, weight * mask, None, before.conv());
        out.forward(weights, of_context + of_frame, SLOPE)
    }

    /// Which directions the hidden units of each may see: those before it. `[hidden, directions, 1]`.
    fn mask(&self) -> Tensor<3> {
        let (n, m) = (self.n, self.config.head_size);
        let row = |unit: usize| (0..n).map(move |j| f32::from(u8::from(j < unit / m)));
        from_values((0..n * m).flat_map(row).collect(), [n * m, n, 1])
    }
}

/// A constant that can be combined with `x`.
fn like(x: &Tensor<3>, constant: Tensor<3>) -> Tensor<3> {
    let constant = constant.to_device(&x.device().inner());
    if x.is_autodiff() { constant.autodiff() } else { constant }
}
