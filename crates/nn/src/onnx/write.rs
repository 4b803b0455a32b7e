//! Graphs as files.

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
use crate::torch_checkpoint::write_whole;

/// The versions that files say they have.
const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// What a file says of itself.
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
/// When the graph has what only modules have: switches, chance, styles that learn.
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
    write_whole(path, |beside| {
        let mut file = std::fs::File::create(beside)?;
        file.write_all(&bytes)?;
        file.sync_all()
    })
}

fn model(graph: &Graph, result: Value, described: &Described<'_>) -> Model {
    let mut writer =
        Writer { made: GraphProto { name: "model".into(), ..Default::default() }, n_names: 0 };
    let (input, output) = (described.input, described.output);
    writer.made.input.push(value_info(input.0, [1, input.1], &[], "frames_in"));
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
    writer.made.output.push(value_info(output.0, [1, output.1], &[], "frames_out"));
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
                let ends = [*from, to.unwrap_or(i64::MAX), *axis as i64, *step as i64];
                let [from, to, axis, step] = ends.map(|it| self.integers(&[it]));
                self.node("Slice", &[inputs[0], &from, &to, &axis, &step], vec![])
            }
            Op::Reshape(extents) => {
                let extent = |extent: &Extent| match extent {
                    Extent::Is(n) => *n as i64,
                    Extent::Same => 0,
                    Extent::Rest => -1,
                };
                let shape: Vec<i64> = extents.iter().map(extent).collect();
                let shape = self.integers(&shape);
                self.node("Reshape", &[inputs[0], &shape], vec![])
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

    /// A convolution with the transform's rows, since what runs a graph has convolutions, and seldom transforms.
    fn power_spectrum(&mut self, x: &str, channels: usize, [n_fft, hop]: [usize; 2]) -> String {
        let (window, n_bins) = (hann(n_fft), n_fft / 2 + 1);
        let step = std::f64::consts::TAU / n_fft as f64;
        let row = |wave: fn(f64) -> f64, bin: usize| {
            // Whole turns do not count, and would cost digits.
            let turned = move |i: usize| wave(step * (bin * i % n_fft) as f64);
            (0..n_fft).map(turned).zip(&window).map(|(x, w)| (x * f64::from(*w)) as f32)
        };
        let cosines = (0..n_bins).flat_map(|bin| row(f64::cos, bin));
        let sines = (0..n_bins).flat_map(|bin| row(f64::sin, bin));
        let rows: Vec<f32> = cosines.chain(sines).collect();
        let name = self.name();
        let weight = self.floats(name, &[2 * n_bins, 1, n_fft], &rows);
        // Sounds beside each other are a batch meanwhile.
        let shape = self.integers(&[-1, 1, 0]);
        let apart = self.node("Reshape", &[x, &shape], vec![]);
        let both = self.node("Conv", &[&apart, &weight], vec![ints("strides", &[hop])]);
        let squares = self.node("Mul", &[&both, &both], vec![]);
        let half = |this: &mut Self, from: usize, to: usize| {
            let [from, to, one] = [from, to, 1].map(|it| this.integers(&[it as i64]));
            this.node("Slice", &[&squares, &from, &to, &one, &one], vec![])
        };
        let (real, imaginary) = (half(self, 0, n_bins), half(self, n_bins, 2 * n_bins));
        let powers = self.node("Add", &[&real, &imaginary], vec![]);
        let shape = self.integers(&[-1, (channels * n_bins) as i64, 0]);
        self.node("Reshape", &[&powers, &shape], vec![])
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
        let shape = self.integers(&[0, 0, hidden as i64]);
        self.node("Reshape", &[&turned, &shape], vec![])
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
