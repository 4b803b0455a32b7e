//! Files played as they were written: read again, and computed node by node.
//!
//! Only operators that our own files use are known; whatever else a file asks for is refused by its name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost::Message as _;

use super::proto::{F32, I64, Model, Node, Tensor};
use super::{NEXT_STATE, STATE};
use crate::array::Array;
use crate::evaluate::{self, Found};
use crate::kernels::elementwise;
use crate::torch_script::Played;
use crate::{Conv1d, ConvTranspose1d, Error};

/// A graph that plays.
pub struct Player {
    path: PathBuf,
    nodes: Vec<Node>,
    constants: BTreeMap<String, Item>,
    /// The name of the input that is no state, and of the output that is none.
    ends: [String; 2],
    /// The state, by the names of inputs.
    states: BTreeMap<String, Array>,
    facts: BTreeMap<String, String>,
    /// After which node a value is of no use any more.
    last_use: BTreeMap<String, usize>,
    /// The version of the operators.
    opset: i64,
}

#[derive(Clone, Debug)]
enum Item {
    Array(Array),
    Ints(Vec<i64>),
}

/// Bounds what is read into memory: what a message of this format can have at most.
const BYTES_MAX: u64 = 2 << 30;
/// Numbers that one call may make, of which states may have a thirty-second part: a file of ours needs a fifth of them at most, or
/// two thirds where windows of a spectrum are as long and as near each other as they can be.
const NUMBERS_MAX: usize = 1 << 30;

impl Player {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, or is no graph of ours.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let refuse = |what: String| Error::Unsupported { path: path.to_owned(), what };
        if std::fs::metadata(path).map_err(io)?.len() > BYTES_MAX {
            return Err(refuse("a graph of more than 2 GiB".into()));
        }
        let bytes = std::fs::read(path).map_err(io)?;
        let model = Model::decode(&bytes[..]).map_err(|error| Error::Malformed {
            path: path.to_owned(),
            offset: 0,
            reason: error.to_string(),
        })?;
        drop(bytes);
        let graph = model.graph.ok_or_else(|| refuse("a file without a graph".into()))?;
        let mut constants = BTreeMap::new();
        for tensor in graph.initializer {
            let (name, item) = constant(tensor).map_err(refuse)?;
            constants.insert(name, item);
        }
        let (mut states, mut n_state_numbers) = (BTreeMap::new(), 0);
        let mut inputs = vec![];
        for info in &graph.input {
            if !info.name.starts_with(STATE) {
                inputs.push(info.name.clone());
                continue;
            }
            let shape = info.r#type.as_ref().and_then(|it| it.tensor_type.as_ref());
            let dims =
                shape.and_then(|it| it.shape.as_ref()).map(|it| &it.dim[..]).unwrap_or_default();
            let extent = |it: &super::proto::Dimension| usize::try_from(it.dim_value?).ok();
            let shape: Option<Vec<usize>> = dims.iter().map(extent).collect();
            let shape =
                shape.ok_or_else(|| refuse(format!("a state {} of any size", info.name)))?;
            let n = evaluate::n_numbers(&shape).map_err(refuse)?;
            n_state_numbers += n;
            if n_state_numbers > NUMBERS_MAX / 32 {
                return Err(refuse("states of so many numbers".into()));
            }
            states.insert(info.name.clone(), Array::new(vec![0.0; n], shape));
        }
        let outputs = graph.output.iter().map(|it| it.name.clone());
        let outputs: Vec<String> = outputs.filter(|it| !it.starts_with(NEXT_STATE)).collect();
        let ([input], [output]) = (&inputs[..], &outputs[..]) else {
            return Err(refuse(format!("{} inputs and {} outputs", inputs.len(), outputs.len())));
        };
        let ends = [input.clone(), output.clone()];
        let mut last_use = BTreeMap::new();
        for (i, node) in graph.node.iter().enumerate() {
            last_use.extend(node.input.iter().map(|name| (name.clone(), i)));
        }
        Ok(Self {
            path: path.to_owned(),
            nodes: graph.node,
            constants,
            ends,
            states,
            last_use,
            facts: model.metadata_props.into_iter().map(|it| (it.key, it.value)).collect(),
            opset: model.opset_import.iter().map(|it| it.version).max().unwrap_or(0),
        })
    }

    /// The metadata of the file.
    #[must_use]
    pub fn facts(&self) -> &BTreeMap<String, String> {
        &self.facts
    }

    /// The names of its input and its output.
    #[must_use]
    pub fn ends(&self) -> &[String; 2] {
        &self.ends
    }

    /// Arrays that it remembers.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.states.len()
    }

    /// The version of the operators that it uses.
    #[must_use]
    pub fn opset(&self) -> i64 {
        self.opset
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        for state in self.states.values_mut() {
            let shape = state.shape();
            *state = Array::new(vec![0.0; state.len()], shape);
        }
    }

    /// The error that says what of the file cannot be used.
    #[must_use]
    pub fn refuse(&self, what: String) -> Error {
        Error::Unsupported { path: self.path.clone(), what }
    }

    /// The output for an array `[1, channels, frames]`.
    ///
    /// # Errors
    /// When it does what is not known here, or what cannot be done with an array of this shape.
    pub fn call(&mut self, x: &[f32], shape: [usize; 3]) -> Result<Played, Error> {
        if x.len() != shape.iter().product::<usize>() || x.is_empty() {
            return Err(self.refuse(format!("{} numbers as {shape:?}", x.len())));
        }
        let made = self.run(Array::new(x.to_vec(), shape.to_vec()));
        let array = made.map_err(|what| self.refuse(what))?;
        Ok(Played { shape: array.shape(), values: array.into_values() })
    }

    fn run(&mut self, x: Array) -> Found<Array> {
        let mut n_left = NUMBERS_MAX;
        let mut known: BTreeMap<String, Item> = BTreeMap::new();
        known.insert(self.ends[0].clone(), Item::Array(x));
        let states = self.states.iter();
        known.extend(states.map(|(name, state)| (name.clone(), Item::Array(state.clone()))));
        for (i, node) in self.nodes.iter().enumerate() {
            let mut inputs = vec![];
            for (place, name) in node.input.iter().enumerate() {
                // Lent for the last time, it can be written over.
                let is_last =
                    self.last_use.get(name) == Some(&i) && !node.input[place + 1..].contains(name);
                let item = match is_last.then(|| known.remove(name)).flatten() {
                    Some(item) => Some(item),
                    None => known.get(name).or_else(|| self.constants.get(name)).cloned(),
                };
                if item.is_none() && !name.is_empty() {
                    return Err(format!("the value `{name}`"));
                }
                inputs.push(item);
            }
            let made = operator(node, &inputs);
            let made = made.map_err(|why| format!("`{}`: {why}", node.op_type))?;
            let name = node.output.first().ok_or("a node that makes nothing")?;
            if let Item::Array(array) = &made {
                let left = n_left.checked_sub(array.len());
                n_left = left.ok_or("more work than any model needs")?;
            }
            known.insert(name.clone(), made);
        }
        for (name, state) in &mut self.states {
            let next = format!("{NEXT_STATE}{}", name.trim_start_matches(STATE));
            match known.remove(&next) {
                Some(Item::Array(next)) if next.shape() == state.shape() => *state = next,
                _ => return Err(format!("the value `{next}` of the shape of `{name}`")),
            }
        }
        match known.remove(&self.ends[1]) {
            Some(Item::Array(array)) => Ok(array),
            _ => Err(format!("the value `{}`", self.ends[1])),
        }
    }
}

fn constant(tensor: Tensor) -> Found<(String, Item)> {
    let Tensor { dims, data_type, name, raw_data } = tensor;
    let shape: Option<Vec<usize>> = dims.iter().map(|it| usize::try_from(*it).ok()).collect();
    let shape = shape.ok_or_else(|| format!("the shape {dims:?} of `{name}`"))?;
    let n = evaluate::n_numbers(&shape)?;
    let item = match data_type {
        F32 if raw_data.len() == 4 * n => {
            let values = raw_data.as_chunks::<4>().0.iter().map(|it| f32::from_le_bytes(*it));
            // A number alone is an array of one number here.
            let shape = if shape.is_empty() { vec![1] } else { shape };
            Item::Array(Array::new(values.collect(), shape))
        }
        I64 if raw_data.len() == 8 * n => {
            let values = raw_data.as_chunks::<8>().0.iter().map(|it| i64::from_le_bytes(*it));
            Item::Ints(values.collect())
        }
        _ => return Err(format!("{} bytes of type {data_type} for `{name}`", raw_data.len())),
    };
    Ok((name, item))
}

fn operator(node: &Node, inputs: &[Option<Item>]) -> Found<Item> {
    let attribute = |name: &str| node.attribute.iter().find(|it| it.name == name);
    let int = |name: &str, usual: i64| attribute(name).map_or(usual, |it| it.i);
    let array = |i: usize| match inputs.get(i) {
        Some(Some(Item::Array(array))) => Ok(array.clone()),
        _ => Err(format!("input {i} is no array of floats")),
    };
    let ints = |i: usize| match inputs.get(i) {
        Some(Some(Item::Ints(ints))) => Ok(ints.clone()),
        _ => Err(format!("input {i} is no list of whole numbers")),
    };
    let pair = |f: fn(f32, f32) -> f32| evaluate::binary(array(0)?, &array(1)?, f);
    let kernel = |f: fn(&mut [f32])| -> Found<Array> { Ok(array(0)?.map(f)) };
    let made = match node.op_type.as_str() {
        "Identity" => array(0)?,
        "Add" => pair(|a, b| a + b)?,
        "Sub" => pair(|a, b| a - b)?,
        "Mul" => pair(|a, b| a * b)?,
        "Div" => pair(|a, b| a / b)?,
        "Max" => pair(f32::max)?,
        "Pow" => pair(|a, b| elementwise::exp_of(elementwise::ln_of(a) * b))?,
        "Tanh" => kernel(elementwise::tanh)?,
        "Sigmoid" => kernel(elementwise::sigmoid)?,
        "Softplus" => kernel(elementwise::softplus)?,
        "Log" => evaluate::map(array(0)?, f32::ln),
        "Sin" => evaluate::map(array(0)?, f32::sin),
        "Sqrt" => evaluate::map(array(0)?, f32::sqrt),
        "LeakyRelu" => {
            let slope = attribute("alpha").map_or(0.01, |it| it.f);
            array(0)?.map(|x| elementwise::leaky_relu(x, slope))
        }
        "Clip" => {
            let limit =
                |i: usize| -> Found<f32> { Ok(*array(i)?.values().first().ok_or("no limit")?) };
            let (least, most) = (limit(1)?, limit(2)?);
            evaluate::map(array(0)?, |x| x.max(least).min(most))
        }
        "Cast" if [i64::from(F32), i64::from(I64)].contains(&int("to", 0)) => evaluate::map(
            array(0)?,
            if int("to", 0) == i64::from(I64) { f32::trunc } else { |x| x },
        ),
        "Conv" | "ConvTranspose" => convolution(node, array(0)?, array(1)?, array(2).ok())?,
        "ReduceSum" => {
            let (x, axes) = (array(0)?, ints(1)?);
            let &[axis] = &axes[..] else { return Err(format!("axes {axes:?}")) };
            evaluate::reduce(&x, evaluate::axis_of(&x.shape(), axis)?, elementwise::sum)?
        }
        "ArgMax" => {
            let x = array(0)?;
            evaluate::reduce(&x, evaluate::axis_of(&x.shape(), int("axis", 0))?, evaluate::largest)?
        }
        "MatMul" => evaluate::matmul(&array(0)?, &array(1)?)?,
        "Concat" => {
            let all = (0..inputs.len()).map(array).collect::<Found<Vec<_>>>()?;
            let shape = all.first().ok_or("nothing to join")?.shape();
            evaluate::concat(&all, evaluate::axis_of(&shape, int("axis", 0))?)?
        }
        "Slice" => {
            let (x, [from, to, axis]) = (array(0)?, [ints(1)?, ints(2)?, ints(3)?]);
            let step = if inputs.len() > 4 { ints(4)? } else { vec![1] };
            let (&[from], &[to], &[axis], &[step]) = (&from[..], &to[..], &axis[..], &step[..])
            else {
                return Err("more than one axis".into());
            };
            let step = usize::try_from(step).map_err(|_| "a step backwards")?;
            let axis = evaluate::axis_of(&x.shape(), axis)?;
            evaluate::slice_by(&x, axis, (from, Some(to)), step)?
        }
        "Reshape" => {
            let (x, shape) = (array(0)?, ints(1)?);
            let old = x.shape();
            let extent = |(i, n): (usize, &i64)| match n {
                0 => old.get(i).map(|n| *n as i64).ok_or_else(|| format!("{shape:?} of {old:?}")),
                n => Ok(*n),
            };
            let shape = shape.iter().enumerate().map(extent).collect::<Found<Vec<_>>>()?;
            evaluate::reshape(x, &shape)?
        }
        "Transpose" => {
            let axes = attribute("perm").map(|it| it.ints.clone()).unwrap_or_default();
            let axes = axes.iter().map(|it| usize::try_from(*it).unwrap_or(usize::MAX));
            evaluate::permute(&array(0)?, &axes.collect::<Vec<_>>())?
        }
        "Squeeze" => {
            let (x, axes) = (array(0)?, ints(1)?);
            let &[axis] = &axes[..] else { return Err(format!("axes {axes:?}")) };
            let mut shape: Vec<i64> = x.shape().iter().map(|it| *it as i64).collect();
            shape.remove(evaluate::axis_of(&x.shape(), axis)?);
            evaluate::reshape(x, &shape)?
        }
        "Pad" => match (&ints(1)?[..], attribute("mode").map_or(&b""[..], |it| &it.s)) {
            (&[0, 0, left, 0, 0, right], b"reflect") => {
                evaluate::reflected(&array(0)?, [left, right])?
            }
            (&[0, 0, left, 0, 0, right], b"") => evaluate::padded(&array(0)?, [left, right], 0.0)?,
            (other, _) => return Err(format!("pads {other:?}")),
        },
        "Gather" if int("axis", 0) == 0 => evaluate::rows(&array(0)?, &array(1)?)?,
        "GRU" if int("linear_before_reset", 0) == 1 => {
            recurrent(&array(0)?, [array(1)?, array(2)?, array(3)?], &array(5)?)?
        }
        _ => return Err("this operator with these attributes".into()),
    };
    Ok(Item::Array(made))
}

fn convolution(node: &Node, x: Array, weight: Array, bias: Option<Array>) -> Found<Array> {
    let list = |name: &str, usual: &[i64]| {
        let found = node.attribute.iter().find(|it| it.name == name);
        let ints = found.map_or(usual, |it| &it.ints[..]);
        let counts = ints.iter().map(|it| usize::try_from(*it).ok()).collect::<Option<Vec<_>>>();
        counts.filter(|it| it.len() == usual.len()).ok_or_else(|| format!("{name} {ints:?}"))
    };
    let (stride, dilation) = (list("strides", &[1])?[0], list("dilations", &[1])?[0]);
    let pads = list("pads", &[0, 0])?;
    let groups = node.attribute.iter().find(|it| it.name == "group").map_or(1, |it| it.i);
    let groups = usize::try_from(groups).map_err(|_| format!("{groups} groups"))?;
    if node.op_type == "Conv" {
        let conv = Conv1d { stride, padding: (pads[0], pads[1]), dilation, groups };
        return evaluate::conv(x, weight, bias, conv);
    }
    if pads[0] != pads[1] {
        return Err(format!("pads {pads:?}"));
    }
    let conv = ConvTranspose1d { stride, padding: pads[0], output_padding: 0, dilation, groups };
    evaluate::conv_transpose(x, weight, bias, conv)
}

/// Units with gates in the order update, reset, new: `[frames, batch, channels]` to
/// `[frames, 1, batch, hidden]`.
fn recurrent(x: &Array, weights: [Array; 3], before: &Array) -> Found<Array> {
    let [of_input, of_hidden, bias] = weights;
    let hidden = of_hidden.shape().last().copied().unwrap_or(0);
    let turned = |array: Array, columns: usize| {
        let rows = evaluate::reshape(array, &[-1, columns as i64])?;
        let gate =
            |i: i64| evaluate::slice(&rows, 0, i * hidden as i64, Some((i + 1) * hidden as i64));
        evaluate::concat(&[gate(1)?, gate(0)?, gate(2)?], 0)
    };
    let half = |i: i64| {
        let flat = evaluate::reshape(bias.clone(), &[-1])?;
        let part =
            evaluate::slice(&flat, 0, 3 * i * hidden as i64, Some(3 * (i + 1) * hidden as i64))?;
        evaluate::reshape(turned(part, 1)?, &[-1])
    };
    let channels = of_input.shape().last().copied().unwrap_or(0);
    let bias = [half(0)?, half(1)?];
    let (of_input, of_hidden) = (turned(of_input, channels)?, turned(of_hidden, hidden)?);
    let units = evaluate::Gru { of_input, of_hidden, bias };
    let made = evaluate::gru(&evaluate::permute(x, &[1, 0, 2])?, before, &units)?;
    let made = evaluate::permute(&made, &[1, 0, 2])?;
    let shape = made.shape();
    evaluate::reshape(made, &[shape[0] as i64, 1, shape[1] as i64, shape[2] as i64])
}
