//! Layers as lines of code.

use super::{BATCH_MAX, Module};
use crate::stream::{Activation, Branch, Conv, Layer, Noise, Statistics, Transfer, Upsample};

/// The lines of a method, which is put together step by step.
#[derive(Debug)]
pub struct Method {
    /// What was written so far.
    pub lines: Vec<String>,
    /// Whether layers remember the end of a block, or take sound as a whole with zeros around it.
    is_streaming: bool,
    n_names: usize,
}

impl Method {
    /// One without lines.
    #[must_use]
    pub fn new(is_streaming: bool) -> Self {
        Self { lines: vec![], is_streaming, n_names: 0 }
    }

    /// Gives a value a name.
    pub fn name(&mut self, value: &str) -> String {
        let name = self.next_name();
        self.lines.push(format!("{name} = {value}"));
        name
    }

    fn next_name(&mut self) -> String {
        self.n_names += 1;
        format!("v{}", self.n_names)
    }

    /// Adds a line that only has an effect.
    fn act(&mut self, call: &str) {
        self.name(call);
    }

    /// What layers make of `x`, a `[batch, channels, frames]` of whole frames of everything that follows.
    ///
    /// Random numbers are multiplied by `noise`, the name of a float.
    pub fn layers(
        &mut self,
        module: &mut Module,
        layers: &[Layer],
        x: &Signal,
        noise: &str,
    ) -> Signal {
        layers.iter().fold(x.clone(), |x, layer| {
            let name = self.layer(module, layer, &x, noise);
            Signal { name, channels: channels_out(layer, x.channels) }
        })
    }

    fn layer(
        &mut self,
        module: &mut Module,
        layer: &Layer,
        signal: &Signal,
        noise: &str,
    ) -> String {
        let (x, channels) = (signal.name.as_str(), signal.channels);
        match layer {
            Layer::Conv(conv) => self.conv(module, conv, x),
            Layer::Upsample(conv) => self.upsample(module, conv, x),
            Layer::Activate(activation) => self.activate(module, activation, x),
            Layer::Affine { scale, shift } => {
                let [scale, shift] =
                    [scale, shift].map(|it| module.constant(&[1, it.len(), 1], it));
                self.name(&format!("torch.add(torch.mul({x}, {scale}), {shift})"))
            }
            Layer::Residual { delay, layers } => {
                let around = self.late(module, *delay, channels, x);
                let inner = self.layers(module, layers, signal, noise).name;
                self.name(&format!("torch.add({inner}, {around})"))
            }
            Layer::Sum(branches) => self.joined(module, branches, "add", signal, noise),
            Layer::Product(branches) => self.joined(module, branches, "mul", signal, noise),
            Layer::Gate => {
                let half = channels / 2;
                let (first, second) = (
                    format!("torch.slice({x}, 1, 0, {half})"),
                    format!("torch.slice({x}, 1, {half})"),
                );
                self.name(&format!("torch.mul({first}, torch.sigmoid({second}))"))
            }
            Layer::Mirror { n_band } => {
                // Frames come in pairs.
                let sign = |i: usize| if i % 4 == 2 { -1.0 } else { 1.0 };
                let signs: Vec<f32> = (0..2 * n_band).map(sign).collect();
                let signs = module.constant(&[1, 1, *n_band, 1, 2], &signs);
                let sounds = channels / n_band;
                let pairs =
                    format!("torch.reshape({x}, [torch.size({x}, 0), {sounds}, {n_band}, -1, 2])");
                let turned = self.name(&format!("torch.mul({pairs}, {signs})"));
                self.name(&format!("torch.reshape({turned}, [torch.size({x}, 0), {channels}, -1])"))
            }
            Layer::Unfold { groups } => {
                let parts = format!(
                    "torch.reshape({x}, [torch.size({x}, 0), {groups}, -1, torch.size({x}, 2)])"
                );
                let turned = self.name(&format!("torch.permute({parts}, [0, 1, 3, 2])"));
                self.name(&format!("torch.reshape({turned}, [torch.size({x}, 0), {groups}, -1])"))
            }
            // Blocks are whole frames of the deepest layer, so nothing has to wait.
            Layer::Gather { .. } => x.to_owned(),
            Layer::Transfer(transfer) => self.transfer(module, transfer, x),
            Layer::Noise(made) => self.noise(module, made, signal, noise),
            Layer::Gru(layers) => self.gru(module, layers, x),
        }
    }

    fn conv(&mut self, module: &mut Module, conv: &Conv, x: &str) -> String {
        let Conv { channels_in, channels_out, kernel, stride, dilation, groups, .. } = *conv;
        let weight = module.constant(&[channels_out, channels_in / groups, kernel], &conv.weight);
        let bias = bias(module, &conv.bias);
        let (left, right) = conv.padding;
        let seen = if self.is_streaming {
            let n_held = left + right + conv.delay;
            let both = self.with_held(module, n_held, channels_in, x);
            // Frames that the next block looks at for the first time.
            let span = (kernel - 1) * dilation + 1;
            match (n_held + stride).checked_sub(span) {
                None | Some(0) => both,
                Some(n) => self.name(&format!("torch.slice({both}, -1, 0, -{n})")),
            }
        } else if left + right > 0 {
            self.name(&format!("torch.constant_pad_nd({x}, [{left}, {right}], 0)"))
        } else {
            x.to_owned()
        };
        self.name(&format!(
            "torch.conv1d({seen}, {weight}, {bias}, [{stride}], [0], [{dilation}], {groups})"
        ))
    }

    fn upsample(&mut self, module: &mut Module, conv: &Upsample, x: &str) -> String {
        let Upsample { channels_in, channels_out, stride, .. } = *conv;
        let weight = module.constant(&[channels_in, channels_out, 2 * stride], &conv.weight);
        let bias = bias(module, &conv.bias);
        let of = |x: &str, padding: usize| {
            format!(
                "torch.conv_transpose1d({x}, {weight}, {bias}, [{stride}], [{padding}], [0], 1, [1])"
            )
        };
        if !self.is_streaming {
            return self.name(&of(x, stride / 2));
        }
        let both = self.with_held(module, 1, channels_in, x);
        let all = self.name(&of(&both, 0));
        self.name(&format!("torch.slice({all}, -1, {stride}, -{stride})"))
    }

    fn activate(&mut self, module: &mut Module, activation: &Activation, x: &str) -> String {
        match activation {
            Activation::Leaky(slope) => {
                self.name(&format!("torch.leaky_relu({x}, {:?})", f64::from(*slope)))
            }
            Activation::Snake(alpha) => {
                let inverse: Vec<f32> = alpha.iter().map(|a| 1.0 / (a + 1e-9)).collect();
                let [alpha, inverse] =
                    [alpha, &inverse].map(|it| module.constant(&[1, it.len(), 1], it));
                let sine = self.name(&format!("torch.sin(torch.mul({x}, {alpha}))"));
                self.name(&format!(
                    "torch.add({x}, torch.mul(torch.mul({sine}, {sine}), {inverse}))"
                ))
            }
            Activation::Tanh => self.name(&format!("torch.tanh({x})")),
            Activation::Loudness => self.loudness(x),
        }
    }

    fn loudness(&mut self, x: &str) -> String {
        self.name(&format!("torch.add(torch.mul(torch.pow(torch.sigmoid({x}), 2.3), 2), 1e-07)"))
    }

    fn joined(
        &mut self,
        module: &mut Module,
        branches: &[Branch],
        by: &str,
        x: &Signal,
        noise: &str,
    ) -> String {
        let mut made = Vec::with_capacity(branches.len());
        for branch in branches {
            let name = self.late(module, branch.delay, x.channels, &x.name);
            let late = Signal { name, channels: x.channels };
            made.push(self.layers(module, &branch.layers, &late, noise).name);
        }
        let joined = made.into_iter().reduce(|a, b| self.name(&format!("torch.{by}({a}, {b})")));
        joined.expect("there is a branch")
    }

    fn noise(&mut self, module: &mut Module, made: &Noise, x: &Signal, noise: &str) -> String {
        let (channels, n) = (made.channels, made.n_block);
        let drawn = self.layers(module, &made.layers, x, noise).name;
        let shifted = self.name(&format!("torch.sub({drawn}, 5)"));
        let loud = self.loudness(&shifted);
        let parts = format!(
            "torch.reshape({loud}, [torch.size({loud}, 0), {channels}, -1, torch.size({loud}, 2)])"
        );
        let amplitudes = self.name(&format!("torch.permute({parts}, [0, 1, 3, 2])"));
        let n_amplitudes = made.response.len() / n;
        let response = module.constant(&[n_amplitudes, n], &made.response);
        let impulse = self.name(&format!("torch.matmul({amplitudes}, {response})"));
        let uniform = self.name(&format!("torch.rand_like({impulse})"));
        let white =
            self.name(&format!("torch.mul(torch.sub(torch.mul({uniform}, 2), 1), {noise})"));
        let [a, b] = [&impulse, &white].map(|it| format!("torch.fft_rfft({it}, {}, -1)", 2 * n));
        let filtered = self.name(&format!("torch.fft_irfft(torch.mul({a}, {b}), {}, -1)", 2 * n));
        let cut = self.name(&format!("torch.slice({filtered}, -1, 0, {n})"));
        self.name(&format!("torch.reshape({cut}, [torch.size({cut}, 0), {channels}, -1])"))
    }

    fn gru(&mut self, module: &mut Module, layers: &[crate::stream::GruLayer], x: &str) -> String {
        let n_hidden = layers[0].bias_hidden.len() / 3;
        let mut names = vec![];
        for layer in layers {
            let n_in = layer.weight_input.len() / (3 * n_hidden);
            names.push(module.constant(&[3 * n_hidden, n_in], &layer.weight_input));
            names.push(module.constant(&[3 * n_hidden, n_hidden], &layer.weight_hidden));
            names.push(module.constant(&[3 * n_hidden], &layer.bias_input));
            names.push(module.constant(&[3 * n_hidden], &layer.bias_hidden));
        }
        let (n_layers, weights) = (layers.len(), names.join(", "));
        let state = module.state(&[n_layers, BATCH_MAX, n_hidden]);
        let rows = self.name(&format!("torch.permute({x}, [0, 2, 1])"));
        let held = format!("torch.slice({state}, 1, 0, torch.size({x}, 0))");
        let before =
            if self.is_streaming { held.clone() } else { format!("torch.zeros_like({held})") };
        let before = self.name(&format!("torch.contiguous({before})"));
        let (out, last) = (format!("g{}", self.n_names), format!("h{}", self.n_names));
        self.lines.push(format!(
            "{out}, {last}, = torch.gru({rows}, {before}, [{weights}], True, {n_layers}, 0., False, False, True)"
        ));
        if self.is_streaming {
            self.act(&format!("torch.copy_({held}, {last})"));
        }
        self.name(&format!("torch.permute({out}, [0, 2, 1])"))
    }

    /// Statistics of one sound laid over another, learnt while the attributes `learn_source` and
    /// `learn_target` are true; see [`Transfer`].
    fn transfer(&mut self, module: &mut Module, transfer: &Transfer, x: &str) -> String {
        let n = transfer.source.mean.len();
        let mut part = |is_target: bool, it: &Statistics| Learnt {
            mean: module.statistic(is_target, &[1, n, 1], &it.mean, 0.0),
            deviation: module.statistic(is_target, &[1, n, 1], &it.deviation, 1.0),
            n_blocks: module.statistic(is_target, &[1], &[it.n_blocks], 0.0),
        };
        let (source, target) = (part(false, &transfer.source), part(true, &transfer.target));
        // The deviation of a single frame is not known.
        let several = self.name(&format!("torch.gt(torch.size({x}, 2), 1)"));
        let learns = |what: &str| format!("torch.__and__(self.learn_{what}, {several})");
        self.when(&learns("target"), |this| this.learn(&target, x));
        let source_learns =
            format!("torch.__and__({}, torch.__not__(self.learn_target))", learns("source"));
        self.when(&source_learns, |this| this.learn(&source, x));
        let (a, b) = (&source, &target);
        let scale =
            self.name(&format!("torch.div({}, torch.add({}, 1e-05))", b.deviation, a.deviation));
        let moved = self.name(&format!(
            "torch.add(torch.mul(torch.sub({x}, {}), {scale}), {})",
            a.mean, b.mean
        ));
        let knows = self.name(&format!("torch.gt(torch.mul({}, {}), 0)", a.n_blocks, b.n_blocks));
        let made = self.name(&format!("torch.where({knows}, {moved}, {x})"));
        let name = self.next_name();
        for line in [
            "if self.learn_target:",
            &format!("  {name} = {x}"),
            "else:",
            &format!("  {name} = {made}"),
        ] {
            self.lines.push(line.to_owned());
        }
        name
    }

    /// Averages in the statistics of a block.
    fn learn(&mut self, learnt: &Learnt, x: &str) {
        let Learnt { mean, deviation, n_blocks } = learnt;
        for (old, new) in [
            (mean, format!("torch.mean({x}, [0, 2], True)")),
            (deviation, format!("torch.std({x}, [0, 2], True, True)")),
        ] {
            self.act(&format!(
                "torch.add_({old}, torch.div(torch.sub({new}, {old}), torch.add({n_blocks}, 1)))"
            ));
        }
        self.act(&format!("torch.add_({n_blocks}, 1)"));
    }

    /// Lines that are run if a condition holds.
    fn when(&mut self, condition: &str, then: impl FnOnce(&mut Self)) {
        self.lines.push(format!("if {condition}:"));
        let first = self.lines.len();
        then(self);
        for line in &mut self.lines[first..] {
            line.insert_str(0, "  ");
        }
        self.lines.extend(["else:".to_owned(), "  pass".to_owned()]);
    }

    /// Frames that come `delay` frames late.
    fn late(&mut self, module: &mut Module, delay: usize, channels: usize, x: &str) -> String {
        if delay == 0 || !self.is_streaming {
            return x.to_owned();
        }
        let both = self.with_held(module, delay, channels, x);
        self.name(&format!("torch.slice({both}, -1, 0, -{delay})"))
    }

    /// The last `n` frames before the block, and the block; those at its end are held for the next.
    fn with_held(&mut self, module: &mut Module, n: usize, channels: usize, x: &str) -> String {
        if n == 0 {
            return x.to_owned();
        }
        let state = module.state(&[BATCH_MAX, channels, n]);
        let held = format!("torch.slice({state}, 0, 0, torch.size({x}, 0))");
        let both = self.name(&format!("torch.cat([{held}, {x}], -1)"));
        self.act(&format!("torch.copy_({held}, torch.slice({both}, -1, -{n}))"));
        both
    }
}

/// The names of statistics.
struct Learnt {
    mean: String,
    deviation: String,
    n_blocks: String,
}

/// A tensor in a method, and how many channels it has.
#[derive(Clone, Debug)]
pub struct Signal {
    /// What the method calls it.
    pub name: String,
    /// Its second extent.
    pub channels: usize,
}

/// Channels that come out of a layer.
fn channels_out(layer: &Layer, channels: usize) -> usize {
    match layer {
        Layer::Conv(conv) => conv.channels_out,
        Layer::Upsample(conv) => conv.channels_out,
        Layer::Sum(branches) | Layer::Product(branches) => {
            branches[0].layers.iter().fold(channels, |n, layer| channels_out(layer, n))
        }
        Layer::Gate => channels / 2,
        Layer::Unfold { groups } => *groups,
        Layer::Noise(noise) => noise.channels,
        Layer::Gru(layers) => layers[layers.len() - 1].bias_hidden.len() / 3,
        Layer::Activate(_)
        | Layer::Affine { .. }
        | Layer::Residual { .. }
        | Layer::Mirror { .. }
        | Layer::Gather { .. }
        | Layer::Transfer(_) => channels,
    }
}

/// How a method calls a bias, or that there is none.
fn bias(module: &mut Module, values: &[f32]) -> String {
    if values.is_empty() { "None".into() } else { module.constant(&[values.len()], values) }
}
