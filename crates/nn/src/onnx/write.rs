//! Graphs as files.

mod network;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use prost::Message as _;

use super::proto::{
    Attribute, Dimension, Entry, F32, FLOAT, Graph as GraphProto, I64, INT, INTS, Model, Node,
    OperatorSet, STRING, Shape, Tensor, TensorType, Type, ValueInfo,
};
use super::{NEXT_STATE, STATE};
use crate::Error;
use crate::graph::{Constant, Extent, Graph, Op, Value};
use crate::kernels::spectrum::hann;

pub use network::{NetworkDescribed, read_network_arrays, write_network};

/// The versions that files say they have.
const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// The metadata of a file.
#[derive(Clone, Debug, Default)]
pub struct Described<'a> {
    /// The name of its input, and how many channels that has.
    pub input: (&'a str, usize),
    /// The name of its output, and how many channels that has.
    pub output: (&'a str, usize),
    /// Sounds that are played beside each other inside: the batch of its states.
    pub batch: usize,
    /// A sentence.
    pub about: String,
    /// Facts for programs.
    pub facts: Vec<(&'static str, String)>,
}

/// Writes `result` of a graph, whole or not at all.
///
/// # Panics
/// When the graph uses operations of modules alone: switches, random numbers, styles that learn.
///
/// # Errors
/// When the file cannot be written, and then `path` is as it was.
pub fn write(
    path: &Path,
    graph: &Graph,
    result: Value,
    described: &Described<'_>,
) -> Result<(), Error> {
    let bytes = model(graph, result, described).encode_to_vec();
    crate::whole::write(path, |beside| {
        let mut file = std::fs::File::create(beside)?;
        file.write_all(&bytes)?;
        file.sync_all()
    })
}

fn model(graph: &Graph, result: Value, described: &Described<'_>) -> Model {
    let mut writer =
        Writer { made: GraphProto { name: "model".into(), ..Default::default() }, n_names: 0 };
    let (input, output) = (described.input, described.output);
    writer.made.input.push(value_info(input.0, [1, input.1], &[], &format!("{}_length", input.0)));
    let is_held = |state: usize| {
        graph.steps.iter().any(|step| matches!(step.op, Op::Hold(held) if held == state))
    };
    let mut held = BTreeSet::new();
    for (i, extents) in graph.states.iter().enumerate() {
        let name = format!("{STATE}{i}");
        let shape: Vec<usize> = [&[described.batch], &extents[..]].concat();
        if is_held(i) {
            held.insert(i);
            let info = fixed(&name, &shape);
            writer.made.input.push(info);
        } else {
            let zeros = vec![0.0; shape.iter().product()];
            writer.floats(name, &shape, &zeros);
        }
    }
    let mut names: Vec<String> = vec![];
    for step in &graph.steps {
        let inputs: Vec<&str> = step.inputs.iter().map(|value| &names[value.0][..]).collect();
        let name = match &step.op {
            Op::Input => input.0.to_owned(),
            Op::Gru { hidden } => {
                let constant = |i: usize| match &graph.steps[step.inputs[i].0].op {
                    Op::Constant(constant) => constant,
                    _ => panic!("weights of units are constants"),
                };
                let weights = [constant(2), constant(3), constant(4), constant(5)];
                writer.gru(&inputs, weights, *hidden)
            }
            op => writer.step(op, &inputs),
        };
        names.push(name);
    }
    writer.node_to(output.0.to_owned(), "Identity", &[&names[result.0]], vec![]);
    writer.made.output.push(value_info(
        output.0,
        [1, output.1],
        &[],
        &format!("{}_length", output.0),
    ));
    for i in held {
        let shape: Vec<usize> = [&[described.batch], &graph.states[i][..]].concat();
        writer.made.output.push(fixed(&format!("{NEXT_STATE}{i}"), &shape));
    }
    // Weights of units are among the steps, but their nodes have them in another order.
    let used: BTreeSet<String> =
        writer.made.node.iter().flat_map(|node| node.input.iter().cloned()).collect();
    writer.made.initializer.retain(|it| used.contains(&it.name));
    let facts = described.facts.iter();
    let facts = facts.map(|(key, value)| Entry { key: (*key).into(), value: value.clone() });
    Model {
        ir_version: IR_VERSION,
        producer_name: "Maquette".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: described.about.clone(),
        graph: Some(writer.made),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
        metadata_props: facts.collect(),
    }
}

struct Writer {
    made: GraphProto,
    n_names: usize,
}

impl Writer {
    /// Writes a step down; gives the name of what it makes.
    fn step(&mut self, op: &Op, inputs: &[&str]) -> String {
        match op {
            Op::Constant(constant) => self.constant(constant),
            Op::Number(number) => {
                let name = self.name();
                self.floats(name, &[], &[*number as f32])
            }
            Op::Held(state) => format!("{STATE}{state}"),
            Op::Hold(state) => {
                self.node_to(format!("{NEXT_STATE}{state}"), "Identity", inputs, vec![])
            }
            Op::Conv { stride, dilation, groups, padding } => {
                let attributes = vec![
                    ints("strides", &[*stride]),
                    ints("dilations", &[*dilation]),
                    ints("pads", padding),
                    int("group", *groups),
                ];
                self.node("Conv", inputs, attributes)
            }
            Op::ConvTranspose { stride, padding } => {
                let attributes = vec![ints("strides", &[*stride]), ints("pads", &[*padding; 2])];
                self.node("ConvTranspose", inputs, attributes)
            }
            Op::MatMul => self.node("MatMul", inputs, vec![]),
            Op::Add => self.node("Add", inputs, vec![]),
            Op::Sub => self.node("Sub", inputs, vec![]),
            Op::Mul => self.node("Mul", inputs, vec![]),
            Op::Div => self.node("Div", inputs, vec![]),
            Op::Power(power) => self.with_number("Pow", inputs[0], *power),
            Op::Leaky(slope) => {
                let alpha = Attribute {
                    name: "alpha".into(),
                    f: *slope,
                    r#type: FLOAT,
                    ..Default::default()
                };
                self.node("LeakyRelu", inputs, vec![alpha])
            }
            Op::Tanh => self.node("Tanh", inputs, vec![]),
            Op::Sigmoid => self.node("Sigmoid", inputs, vec![]),
            Op::Sin => self.node("Sin", inputs, vec![]),
            Op::Sqrt => self.node("Sqrt", inputs, vec![]),
            Op::Softplus => self.node("Softplus", inputs, vec![]),
            Op::LogOnePlus => self.log_one_plus(inputs[0]),
            Op::AtLeast(least) => self.with_number("Max", inputs[0], *least),
            Op::SumOfChannels => {
                let axes = self.integers(&[1]);
                self.node("ReduceSum", &[inputs[0], &axes], vec![int("keepdims", 1)])
            }
            Op::Concat(axis) => self.node("Concat", inputs, vec![int("axis", *axis)]),
            Op::Slice { axis, from, to, step } => {
                let to = to.unwrap_or(i64::MAX);
                self.slice(inputs[0], [*from, to, *axis as i64, *step as i64])
            }
            Op::Reshape(extents) => {
                let extent = |extent: &Extent| match extent {
                    Extent::Is(n) => *n as i64,
                    Extent::Same => 0,
                    Extent::Rest => -1,
                };
                let shape: Vec<i64> = extents.iter().map(extent).collect();
                self.reshape(inputs[0], &shape)
            }
            Op::Permute(axes) => self.node("Transpose", inputs, vec![ints("perm", axes)]),
            Op::Largest => {
                let place = self.node("ArgMax", inputs, vec![int("axis", 1), int("keepdims", 1)]);
                self.node("Cast", &[&place], vec![int("to", F32 as usize)])
            }
            Op::Rows(table) => {
                let last = self.number(table.shape[0] as f64 - 1.0);
                let first = self.number(0.0);
                let clipped = self.node("Clip", &[inputs[0], &first, &last], vec![]);
                let whole = self.node("Cast", &[&clipped], vec![int("to", I64 as usize)]);
                let axis = self.integers(&[1]);
                let flat = self.node("Squeeze", &[&whole, &axis], vec![]);
                let table = self.constant(table);
                let rows = self.node("Gather", &[&table, &flat], vec![int("axis", 0)]);
                self.node("Transpose", &[&rows], vec![ints("perm", &[0, 2, 1])])
            }
            Op::Reflect([left, right]) => {
                let pads = self.integers(&[0, 0, *left as i64, 0, 0, *right as i64]);
                self.node("Pad", &[inputs[0], &pads], vec![string("mode", "reflect")])
            }
            Op::PowerSpectrum { channels, n_fft, hop } => {
                self.power_spectrum(inputs[0], *channels, [*n_fft, *hop])
            }
            Op::Input | Op::Gru { .. } => unreachable!("written where they are met"),
            Op::Switch(_)
            | Op::Widen(_)
            | Op::Normal
            | Op::Uniform
            | Op::Draw(_)
            | Op::Exp
            | Op::ErfInv
            | Op::Within(..)
            | Op::FilteredNoise { .. }
            | Op::Transfer(_) => {
                panic!("{op:?} is for modules alone")
            }
        }
    }

    /// There is no such operator, and `1 + x` loses what `x` is near zero: `ln u + (x - (u - 1)) / u` of
    /// `u = 1 + x` has it again.
    fn log_one_plus(&mut self, x: &str) -> String {
        let one = self.number(1.0);
        let u = self.node("Add", &[x, &one], vec![]);
        let found = self.node("Sub", &[&u, &one], vec![]);
        let lost = self.node("Sub", &[x, &found], vec![]);
        let lost = self.node("Div", &[&lost, &u], vec![]);
        let log = self.node("Log", &[&u], vec![]);
        self.node("Add", &[&log, &lost], vec![])
    }

    /// A discrete Fourier transform as two products of matrices, since what runs a graph multiplies, and seldom
    /// transforms. For 2048 samples they have 1.1 MB, where one product would have 17.
    ///
    /// With `n_fft = n1 * n2`, sample `n2 * a + b` and bin `k1 + n1 * k2`, the first product sums over `a`, and the
    /// second, with a matrix for each `k1`, over `b`. Source: Cooley and Tukey, "An algorithm for the machine
    /// calculation of complex Fourier series", 1965.
    fn power_spectrum(&mut self, x: &str, channels: usize, [n_fft, hop]: [usize; 2]) -> String {
        let n_bins = n_fft / 2 + 1;
        let n1 = (1..).take_while(|n| n * n <= n_fft).filter(|n| n_fft.is_multiple_of(*n));
        let n1 = n1.last().unwrap_or(1);
        let (n2, n_k2) = (n_fft / n1, n_fft / 2 / n1 + 1);
        let windows = self.windows(x, [n_fft, hop]);
        let name = self.name();
        let window = self.floats(name, &[n_fft], &hann(n_fft));
        let windowed = self.node("Mul", &[&windows, &window], vec![]);

        let grid = self.reshape(&windowed, &[0, 0, 0, n1 as i64, n2 as i64]);
        let grid = self.node("Transpose", &[&grid], vec![ints("perm", &[0, 1, 2, 4, 3])]);
        let of_a = |a: usize| (0..n1).map(move |k1| angle(a * k1, n1));
        let rows = (0..n1).flat_map(|a| of_a(a).map(f64::cos).chain(of_a(a).map(|x| -x.sin())));
        let rows: Vec<f32> = rows.map(|x| x as f32).collect();
        let name = self.name();
        let first = self.floats(name, &[n1, 2 * n1], &rows);
        let sums = self.node("MatMul", &[&grid, &first], vec![]);
        // Every `k1` apart, with real and imaginary parts of all `b` in a row.
        let sums = self.reshape(&sums, &[0, 0, 0, n2 as i64, 2, n1 as i64]);
        let sums = self.node("Transpose", &[&sums], vec![ints("perm", &[0, 1, 5, 2, 4, 3])]);
        let sums = self.reshape(&sums, &[0, 0, 0, 0, 2 * n2 as i64]);

        let of_b = |k1: usize, b: usize| (0..n_k2).map(move |k2| angle(b * (k1 + n1 * k2), n_fft));
        let mut rows = Vec::with_capacity(n1 * 4 * n2 * n_k2);
        for k1 in 0..n1 {
            for b in 0..n2 {
                rows.extend(of_b(k1, b).map(f64::cos).chain(of_b(k1, b).map(|x| -x.sin())));
            }
            for b in 0..n2 {
                rows.extend(of_b(k1, b).map(f64::sin).chain(of_b(k1, b).map(f64::cos)));
            }
        }
        let rows: Vec<f32> = rows.into_iter().map(|x| x as f32).collect();
        let name = self.name();
        let second = self.floats(name, &[n1, 2 * n2, 2 * n_k2], &rows);
        let bins = self.node("MatMul", &[&sums, &second], vec![]);
        let squares = self.node("Mul", &[&bins, &bins], vec![]);
        let halves = [(0, n_k2), (n_k2, 2 * n_k2)];
        let [real, imaginary] =
            halves.map(|(from, to)| self.slice(&squares, [from as i64, to as i64, 4, 1]));
        let powers = self.node("Add", &[&real, &imaginary], vec![]);
        let powers = self.node("Transpose", &[&powers], vec![ints("perm", &[0, 1, 4, 2, 3])]);
        let powers = self.reshape(&powers, &[0, 0, (n_k2 * n1) as i64, -1]);
        let powers = self.slice(&powers, [0, n_bins as i64, 2, 1]);
        self.reshape(&powers, &[0, (channels * n_bins) as i64, -1])
    }

    /// Windows `n_fft` long and `hop` apart: `[batch, channels, frames]` to `[batch, channels, windows, n_fft]`.
    fn windows(&mut self, x: &str, [n_fft, hop]: [usize; 2]) -> String {
        // Joined from pieces as long as a hop, the last of which may reach beyond the window.
        let n = n_fft.div_ceil(hop) as i64;
        let n_beyond = n_fft.next_multiple_of(hop) - n_fft;
        let padded = (n_beyond > 0).then(|| {
            let pads = self.integers(&[0, 0, 0, 0, 0, n_beyond as i64]);
            self.node("Pad", &[x, &pads], vec![])
        });
        let pieces = self.reshape(padded.as_deref().unwrap_or(x), &[0, 0, -1, hop as i64]);
        let part = |this: &mut Self, i: i64| {
            let to = if i + 1 == n { i64::MAX } else { i + 1 - n };
            this.slice(&pieces, [i, to, 2, 1])
        };
        let parts: Vec<String> = (0..n).map(|i| part(self, i)).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let joined = self.node("Concat", &parts, vec![int("axis", 3)]);
        if n_beyond == 0 {
            return joined;
        }
        self.slice(&joined, [0, n_fft as i64, 3, 1])
    }

    /// Units, whose gates are in the order reset, update, new in a graph, and update, reset, new here.
    fn gru(&mut self, inputs: &[&str], weights: [&Constant; 4], hidden: usize) -> String {
        let turned = |constant: &Constant| {
            let part = constant.values.len() / 3;
            let gate = |i: usize| &constant.values[i * part..(i + 1) * part];
            [gate(1), gate(0), gate(2)].concat()
        };
        let [of_input, of_hidden, bias_input, bias_hidden] = weights.map(turned);
        let n_in = of_input.len() / (3 * hidden);
        let both = [bias_input, bias_hidden].concat();
        let mut floats = |shape: &[usize], values: &[f32]| {
            let name = self.name();
            self.floats(name, shape, values)
        };
        let of_input = floats(&[1, 3 * hidden, n_in], &of_input);
        let of_hidden = floats(&[1, 3 * hidden, hidden], &of_hidden);
        let bias = floats(&[1, 6 * hidden], &both);
        let rows = self.node("Transpose", &inputs[..1], vec![ints("perm", &[1, 0, 2])]);
        let units = [&rows[..], &of_input, &of_hidden, &bias, "", inputs[1]];
        let attributes = vec![int("hidden_size", hidden), int("linear_before_reset", 1)];
        let made = self.node("GRU", &units, attributes);
        let turned = self.node("Transpose", &[&made], vec![ints("perm", &[2, 0, 3, 1])]);
        self.reshape(&turned, &[0, 0, hidden as i64])
    }

    fn name(&mut self) -> String {
        self.n_names += 1;
        format!("v{}", self.n_names)
    }

    fn node(&mut self, kind: &str, inputs: &[&str], attribute: Vec<Attribute>) -> String {
        let name = self.name();
        self.node_to(name, kind, inputs, attribute)
    }

    fn node_to(
        &mut self,
        output: String,
        kind: &str,
        inputs: &[&str],
        attribute: Vec<Attribute>,
    ) -> String {
        self.made.node.push(Node {
            input: inputs.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.clone()],
            name: format!("{kind}_{}", self.made.node.len()),
            op_type: kind.to_owned(),
            attribute,
        });
        output
    }

    /// Reshapes; a dimension of 0 is that of `x`.
    fn reshape(&mut self, x: &str, shape: &[i64]) -> String {
        let shape = self.integers(shape);
        self.node("Reshape", &[x, &shape], vec![])
    }

    /// A part of an axis: where it begins and ends, the axis, and the step.
    fn slice(&mut self, x: &str, part: [i64; 4]) -> String {
        let [from, to, axis, step] = part.map(|it| self.integers(&[it]));
        self.node("Slice", &[x, &from, &to, &axis, &step], vec![])
    }

    fn with_number(&mut self, kind: &str, x: &str, number: f64) -> String {
        let number = self.number(number);
        self.node(kind, &[x, &number], vec![])
    }

    fn number(&mut self, number: f64) -> String {
        let name = self.name();
        self.floats(name, &[], &[number as f32])
    }

    fn constant(&mut self, constant: &Constant) -> String {
        let name = self.name();
        self.floats(name, &constant.shape, &constant.values)
    }

    fn floats(&mut self, name: String, shape: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initializer(name, shape, F32, bytes)
    }

    fn integers(&mut self, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let name = self.name();
        self.initializer(name, &[values.len()], I64, bytes)
    }

    fn initializer(
        &mut self,
        name: String,
        shape: &[usize],
        data_type: i32,
        raw_data: Vec<u8>,
    ) -> String {
        let dims = shape.iter().map(|extent| *extent as i64).collect();
        self.made.initializer.push(Tensor { dims, data_type, name: name.clone(), raw_data });
        name
    }
}

fn int(name: &str, value: usize) -> Attribute {
    Attribute { name: name.into(), i: value as i64, r#type: INT, ..Default::default() }
}

/// The angle of so many of `n` parts of a turn; whole turns do not count, and would cost digits.
fn angle(parts: usize, n: usize) -> f64 {
    std::f64::consts::TAU * (parts % n) as f64 / n as f64
}

fn string(name: &str, text: &str) -> Attribute {
    Attribute { name: name.into(), s: text.into(), r#type: STRING, ..Default::default() }
}

fn ints(name: &str, values: &[usize]) -> Attribute {
    let ints = values.iter().map(|value| *value as i64).collect();
    Attribute { name: name.into(), ints, r#type: INTS, ..Default::default() }
}

/// An array with a last axis of any length.
fn value_info(name: &str, known: [usize; 2], rest: &[usize], any: &str) -> ValueInfo {
    let fixed = known.iter().chain(rest).map(|extent| dimension(*extent));
    let any = Dimension { dim_value: None, dim_param: Some(any.to_owned()) };
    of_shape(name, fixed.chain([any]).collect())
}

fn fixed(name: &str, shape: &[usize]) -> ValueInfo {
    of_shape(name, shape.iter().map(|extent| dimension(*extent)).collect())
}

fn dimension(extent: usize) -> Dimension {
    Dimension { dim_value: Some(extent as i64), dim_param: None }
}

fn of_shape(name: &str, dim: Vec<Dimension>) -> ValueInfo {
    let tensor_type = Some(TensorType { elem_type: F32, shape: Some(Shape { dim }) });
    ValueInfo { name: name.to_owned(), r#type: Some(Type { tensor_type }) }
}
