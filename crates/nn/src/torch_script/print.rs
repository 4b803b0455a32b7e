//! Graphs as lines of code.

use super::{Attribute, BATCH_MAX, Module};
use crate::graph::{Constant, Extent, Graph, Op, Value};
use crate::kernels::spectrum::hann;
use crate::stream::{Statistics, Transfer};
use crate::torch_checkpoint::Tensor;

impl Module {
    /// Adds the method `name(x: Tensor) -> Tensor`, which computes `result` of a graph.
    pub fn graph(&mut self, name: &str, graph: &Graph, result: Value) {
        let states: Vec<String> = graph.states.iter().map(|extents| self.state(extents)).collect();
        let mut printer = Printer { module: self, states, lines: vec![], names: vec![] };
        for step in &graph.steps {
            let inputs: Vec<String> =
                step.inputs.iter().map(|input| printer.names[input.0].clone()).collect();
            let name = printer.step(&step.op, &inputs);
            printer.names.push(name);
        }
        let Printer { mut lines, names, .. } = printer;
        lines.push(format!("return {}", names[result.0]));
        self.method(name, &[("x", "Tensor")], "Tensor", &lines);
    }
}

struct Printer<'a> {
    module: &'a mut Module,
    /// How methods call the states.
    states: Vec<String>,
    lines: Vec<String>,
    /// How the method calls what each step made.
    names: Vec<String>,
}

impl Printer<'_> {
    /// Writes a step down; gives how it is called.
    fn step(&mut self, op: &Op, inputs: &[String]) -> String {
        let one = |function: &str| format!("torch.{function}({})", inputs[0]);
        let two = |function: &str| format!("torch.{function}({}, {})", inputs[0], inputs[1]);
        let value = match op {
            Op::Input => return "x".into(),
            Op::Constant(constant) => return self.constant(constant),
            Op::Number(number) => return format!("{number:?}"),
            Op::Switch(name) => format!("float(self.{name})"),
            Op::Held(state) => self.held(*state, &inputs[0]),
            Op::Hold(state) => {
                format!("torch.copy_({}, {})", self.held(*state, &inputs[0]), inputs[0])
            }
            Op::Conv { stride, dilation, groups, padding } => {
                let (bias, [left, right]) = (bias(inputs), *padding);
                let (x, padding) = match (left, right) {
                    (left, right) if left == right => (inputs[0].clone(), left),
                    _ => {
                        let wide =
                            format!("torch.constant_pad_nd({}, [{left}, {right}], 0)", inputs[0]);
                        (self.name(&wide), 0)
                    }
                };
                let weight = &inputs[1];
                format!(
                    "torch.conv1d({x}, {weight}, {bias}, [{stride}], [{padding}], [{dilation}], {groups})"
                )
            }
            Op::ConvTranspose { stride, padding } => {
                let (x, weight, bias) = (&inputs[0], &inputs[1], bias(inputs));
                format!(
                    "torch.conv_transpose1d({x}, {weight}, {bias}, [{stride}], [{padding}], [0], 1, [1])"
                )
            }
            Op::MatMul => two("matmul"),
            Op::Add => two("add"),
            Op::Sub => two("sub"),
            Op::Mul => two("mul"),
            Op::Div => two("div"),
            Op::Power(power) => format!("torch.pow({}, {power:?})", inputs[0]),
            Op::Leaky(slope) => format!("torch.leaky_relu({}, {:?})", inputs[0], f64::from(*slope)),
            Op::Tanh => one("tanh"),
            Op::Sigmoid => one("sigmoid"),
            Op::Sin => one("sin"),
            Op::Sqrt => one("sqrt"),
            Op::Softplus => one("softplus"),
            Op::LogOnePlus => one("log1p"),
            Op::AtLeast(least) => format!("torch.clamp_min({}, {least:?})", inputs[0]),
            Op::SumOfChannels => format!("torch.sum({}, [1], True)", inputs[0]),
            Op::Concat(axis) => format!("torch.cat([{}], {axis})", inputs.join(", ")),
            Op::Slice { axis, from, to, step } => {
                let rest = match (to, step) {
                    (None, 1) => String::new(),
                    (Some(to), 1) => format!(", {to}"),
                    // The largest number stands for the end.
                    (to, step) => format!(", {}, {step}", to.unwrap_or(i64::MAX)),
                };
                format!("torch.slice({}, {axis}, {from}{rest})", inputs[0])
            }
            Op::Reshape(extents) => {
                let extent = |(i, extent): (usize, &Extent)| match extent {
                    Extent::Is(n) => n.to_string(),
                    Extent::Same => format!("torch.size({}, {i})", inputs[0]),
                    Extent::Rest => "-1".into(),
                };
                let extents: Vec<String> = extents.iter().enumerate().map(extent).collect();
                format!("torch.reshape({}, [{}])", inputs[0], extents.join(", "))
            }
            Op::Permute(axes) => format!("torch.permute({}, {axes:?})", inputs[0]),
            Op::Largest => format!("torch.to(torch.argmax({}, 1, True), 6)", inputs[0]),
            Op::Rows(table) => {
                let last = table.shape[0] - 1;
                let table = self.constant(table);
                let numbers = format!("torch.to(torch.select({}, 1, 0), 4)", inputs[0]);
                let numbers = self.name(&format!("torch.clamp({numbers}, 0, {last})"));
                format!("torch.permute(torch.embedding({table}, {numbers}), [0, 2, 1])")
            }
            Op::Widen(channels) => format!("torch.expand({}, [-1, {channels}, -1])", inputs[0]),
            Op::Normal => one("randn_like"),
            Op::Uniform => one("rand_like"),
            Op::Draw(n) => {
                let rows = self.name(&format!("torch.reshape({}, [-1, {n}])", inputs[0]));
                let shares = self.name(&format!("torch.softmax({rows}, -1)"));
                let drawn = self.name(&format!("torch.multinomial({shares}, 1, True)"));
                let ones = format!("torch.scatter(torch.zeros_like({shares}), 1, {drawn}, 1.)");
                let ones = self.name(&ones);
                format!("torch.reshape({ones}, [torch.size({}, 0), -1, 1])", inputs[0])
            }
            Op::Exp => one("exp"),
            Op::ErfInv => one("erfinv"),
            Op::Within(least, most) => {
                format!("torch.clamp({}, {least:?}, {most:?})", inputs[0])
            }
            Op::FilteredNoise { n_block } => self.noise(*n_block, &inputs[0], &inputs[1]),
            Op::Gru { .. } => return self.gru(inputs),
            Op::Reflect([left, right]) => {
                format!("torch.reflection_pad1d({}, [{left}, {right}])", inputs[0])
            }
            Op::PowerSpectrum { channels, n_fft, hop } => {
                self.power_spectrum(&inputs[0], *channels, [*n_fft, *hop])
            }
            Op::Transfer(transfer) => return self.transfer(transfer, &inputs[0]),
        };
        self.name(&value)
    }

    fn constant(&mut self, constant: &Constant) -> String {
        let tensor = Tensor::from_floats(&constant.shape, &constant.values);
        self.module.constant(tensor)
    }

    /// Gives a value a name.
    fn name(&mut self, value: &str) -> String {
        let name = format!("v{}", self.lines.len());
        self.lines.push(format!("{name} = {value}"));
        name
    }

    /// The part of a state that belongs to as many sounds as `x` has.
    fn held(&self, state: usize, x: &str) -> String {
        format!("torch.slice({}, 0, 0, torch.size({x}, 0))", self.states[state])
    }

    /// Products of spectra twice as long, so that nothing wraps round.
    fn noise(&mut self, n_block: usize, responses: &str, amount: &str) -> String {
        let uniform = self.name(&format!("torch.rand_like({responses})"));
        let white = format!("torch.mul(torch.sub(torch.mul({uniform}, 2), 1), {amount})");
        let white = self.name(&white);
        let spectra =
            [responses, &white].map(|it| format!("torch.fft_rfft({it}, {}, -1)", 2 * n_block));
        let product = format!("torch.mul({}, {})", spectra[0], spectra[1]);
        let filtered = self.name(&format!("torch.fft_irfft({product}, {}, -1)", 2 * n_block));
        format!("torch.slice({filtered}, -1, 0, {n_block})")
    }

    fn power_spectrum(&mut self, x: &str, channels: usize, [n_fft, hop]: [usize; 2]) -> String {
        let window = self.constant(&Constant::new(&[n_fft], &hann(n_fft)));
        let windows = self.name(&format!("torch.unfold({x}, 2, {n_fft}, {hop})"));
        let spectra = format!("torch.fft_rfft(torch.mul({windows}, {window}), {n_fft}, -1)");
        let sizes = self.name(&format!("torch.abs({spectra})"));
        let powers = format!("torch.permute(torch.mul({sizes}, {sizes}), [0, 1, 3, 2])");
        let rows = channels * (n_fft / 2 + 1);
        format!("torch.reshape({powers}, [torch.size({x}, 0), {rows}, -1])")
    }

    fn gru(&mut self, inputs: &[String]) -> String {
        let (rows, weights) = (&inputs[0], inputs[2..].join(", "));
        let before = self.name(&format!("torch.contiguous({})", inputs[1]));
        let n = self.lines.len();
        self.lines.push(format!(
            "g{n}, h{n}, = torch.gru({rows}, {before}, [{weights}], True, 1, 0., False, False, True)"
        ));
        format!("g{n}")
    }

    fn transfer(&mut self, transfer: &Transfer, x: &str) -> String {
        let n = transfer.source.mean.len();
        let mut part = |is_target: bool, it: &Statistics| Learnt {
            mean: self.module.statistic(is_target, &[1, n, 1], &it.mean, 0.0),
            deviation: self.module.statistic(is_target, &[1, n, 1], &it.deviation, 1.0),
            n_blocks: self.module.statistic(is_target, &[1], &[it.n_blocks], 0.0),
        };
        let (a, b) = (part(false, &transfer.source), part(true, &transfer.target));
        // The deviation of a single frame is not known.
        let several = self.name(&format!("torch.gt(torch.size({x}, 2), 1)"));
        let learns = |what: &str| format!("torch.__and__(self.learn_{what}, {several})");
        self.when(&learns("target"), |this| this.learn(&b, x));
        let source_learns =
            format!("torch.__and__({}, torch.__not__(self.learn_target))", learns("source"));
        self.when(&source_learns, |this| this.learn(&a, x));
        let scale =
            self.name(&format!("torch.div({}, torch.add({}, 1e-05))", b.deviation, a.deviation));
        let moved = self.name(&format!(
            "torch.add(torch.mul(torch.sub({x}, {}), {scale}), {})",
            a.mean, b.mean
        ));
        let knows = self.name(&format!("torch.gt(torch.mul({}, {}), 0)", a.n_blocks, b.n_blocks));
        let made = self.name(&format!("torch.where({knows}, {moved}, {x})"));
        let name = format!("v{}", self.lines.len());
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
            self.name(&format!(
                "torch.add_({old}, torch.div(torch.sub({new}, {old}), torch.add({n_blocks}, 1)))"
            ));
        }
        self.name(&format!("torch.add_({n_blocks}, 1)"));
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
}

/// The names of statistics.
struct Learnt {
    mean: String,
    deviation: String,
    n_blocks: String,
}

/// The third input, or that there is none.
fn bias(inputs: &[String]) -> &str {
    inputs.get(2).map_or("None", String::as_str)
}

impl Module {
    /// Adds a tensor under a name that nothing else has; gives how methods call it.
    fn constant(&mut self, tensor: Tensor) -> String {
        let name = format!("c{}", self.attributes.len());
        self.attribute(&name, Attribute::Tensor(tensor));
        format!("self.{name}")
    }

    /// Adds something that is remembered between calls, zero at first.
    fn state(&mut self, extents: &[usize]) -> String {
        let name = format!("s{}", self.attributes.len());
        let shape = [&[BATCH_MAX], extents].concat();
        let zeros = vec![0.0; shape.iter().product()];
        self.attribute(&name, Attribute::Tensor(Tensor::from_floats(&shape, &zeros)));
        self.states.push(name.clone());
        format!("self.{name}")
    }

    /// Adds a tensor that is learnt while playing, filled with `before` until then.
    fn statistic(
        &mut self,
        is_target: bool,
        shape: &[usize],
        values: &[f32],
        before: f32,
    ) -> String {
        let path = self.constant(Tensor::from_floats(shape, values));
        let name = path.trim_start_matches("self.").to_owned();
        self.statistics.push((name, is_target, before));
        path
    }
}
