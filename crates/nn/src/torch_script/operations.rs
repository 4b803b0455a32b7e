//! The values of names while a module is played, and the operations that query shapes.
//!
//! Definitions: the documentation of PyTorch 2.5.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;

use super::draws;
use crate::array::Array;
use crate::evaluate::{self, Found};
use crate::kernels::elementwise;
use crate::{Conv1d, ConvTranspose1d};

/// The value of a name.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Array(Array),
    Spectrum(Spectrum),
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    List(Vec<Item>),
    None,
}

/// Complex numbers, the last axis of them apart.
#[derive(Clone, Debug)]
pub(super) struct Spectrum {
    pub(super) outer: Vec<usize>,
    pub(super) bins: Vec<Complex32>,
}

/// Operations that look at shapes.
pub(super) fn shaped(name: &str, arguments: &[Item]) -> Found<Item> {
    let made = match (name, arguments) {
        ("conv1d", [x, weight, bias, stride, padding, dilation, groups]) => {
            let padding = one(padding)?;
            let conv = Conv1d {
                stride: one(stride)?,
                padding: (padding, padding),
                dilation: one(dilation)?,
                groups: count(groups)?,
            };
            evaluate::conv(array(x)?, array(weight)?, array_if_any(bias)?, conv)?
        }
        (
            "conv_transpose1d",
            [x, weight, bias, stride, padding, output_padding, groups, dilation],
        ) => {
            let conv = ConvTranspose1d {
                stride: one(stride)?,
                padding: one(padding)?,
                output_padding: one(output_padding)?,
                dilation: one(dilation)?,
                groups: count(groups)?,
            };
            evaluate::conv_transpose(array(x)?, array(weight)?, array_if_any(bias)?, conv)?
        }
        ("constant_pad_nd", [x, Item::List(padding), value]) => {
            let [left, right] = &padding[..] else { return Err("padding of one axis".into()) };
            evaluate::padded(&array(x)?, [int(left)?, int(right)?], float(value)?)?
        }
        ("cat", [Item::List(items), axis]) => {
            let all = items.iter().map(array).collect::<Found<Vec<_>>>()?;
            let shape = all.first().ok_or("nothing to join")?.shape();
            evaluate::concat(&all, evaluate::axis_of(&shape, int(axis)?)?)?
        }
        ("slice", [x, axis, from, rest @ ..]) => {
            let x = array(x)?;
            let axis = evaluate::axis_of(&x.shape(), int(axis)?)?;
            let to = rest.first().map(int).transpose()?;
            let step = rest.get(1).map_or(Ok(1), count)?;
            evaluate::slice_by(&x, axis, (int(from)?, to), step)?
        }
        ("matmul", [x, matrix]) => evaluate::matmul(&array(x)?, &array(matrix)?)?,
        ("expand", [x, shape]) => match ints(shape)?[..] {
            [-1, n, -1] if n > 0 => evaluate::widened(&array(x)?, count(&Item::Int(n))?)?,
            ref other => return Err(format!("{other:?} as a new shape")),
        },
        ("select", [x, axis, at]) => {
            let x = array(x)?;
            let axis = evaluate::axis_of(&x.shape(), int(axis)?)?;
            let at = int(at)?;
            let part = evaluate::slice(&x, axis, at, Some(at.saturating_add(1)))?;
            let mut shape: Vec<i64> = part.shape().iter().map(|it| *it as i64).collect();
            shape.remove(axis);
            evaluate::reshape(part, &shape)?
        }
        ("reshape", [x, shape]) => evaluate::reshape(array(x)?, &ints(shape)?)?,
        ("permute", [x, axes]) => {
            let axes: Vec<usize> = ints(axes)?
                .into_iter()
                .map(|it| usize::try_from(it).unwrap_or(usize::MAX))
                .collect();
            evaluate::permute(&array(x)?, &axes)?
        }
        ("sum", [x, axes, Item::Bool(true)]) => {
            let x = array(x)?;
            evaluate::reduce(&x, evaluate::axis_of(&x.shape(), one_int(axes)?)?, elementwise::sum)?
        }
        ("argmax", [x, axis, Item::Bool(true)]) => {
            let x = array(x)?;
            evaluate::reduce(&x, evaluate::axis_of(&x.shape(), int(axis)?)?, evaluate::largest)?
        }
        ("embedding", [table, numbers]) => evaluate::rows(&array(table)?, &array(numbers)?)?,
        ("softmax", [x, Item::Int(-1)]) => draws::softmax(&array(x)?)?,
        ("scatter", [x, Item::Int(1), places, value]) => {
            draws::scattered(array(x)?, &array(places)?, float(value)?)?
        }
        ("mean", [x, axes, Item::Bool(true)]) if ints(axes)? == [2] => {
            let mean = |values: &[f32]| elementwise::sum(values) / values.len().max(1) as f32;
            evaluate::reduce(&array(x)?, 2, mean)?
        }
        ("mean", [x, axes, Item::Bool(true)]) => of_channels(&array(x)?, axes, |values| {
            (values.iter().map(|x| f64::from(*x)).sum::<f64>() / values.len() as f64) as f32
        })?,
        ("std", [x, axes, Item::Bool(true), Item::Bool(true)]) => {
            of_channels(&array(x)?, axes, |values| {
                let n = values.len() as f64;
                let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
                let squares = values.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>();
                (squares / (n - 1.0)).sqrt() as f32
            })?
        }
        ("fft_rfft", [x, n, Item::Int(-1)]) => return spectrum(&array(x)?, count(n)?),
        ("fft_irfft", [Item::Spectrum(x), n, Item::Int(-1)]) => sound(x, count(n)?)?,
        ("abs", [Item::Spectrum(x)]) => {
            let n_bins = x.bins.len() / x.outer.iter().product::<usize>().max(1);
            let values = x.bins.iter().map(|bin| bin.norm()).collect();
            Array::new(values, [&x.outer[..], &[n_bins]].concat())
        }
        ("unfold", [x, axis, size, step]) => {
            let x = array(x)?;
            let is_last = evaluate::axis_of(&x.shape(), int(axis)?)? + 1 == x.shape().len();
            if !is_last {
                return Err("windows along another axis than the last".into());
            }
            evaluate::windows(&x, count(size)?, count(step)?)?
        }
        ("reflection_pad1d", [x, padding]) => {
            let [left, right] = ints(padding)?[..] else {
                return Err("padding of one axis".into());
            };
            evaluate::reflected(&array(x)?, [left, right])?
        }
        ("gru", [x, before, Item::List(weights), _, Item::Int(1), ..]) => {
            let all = weights.iter().map(array).collect::<Found<Vec<_>>>()?;
            let Ok([of_input, of_hidden, a, b]) = <[Array; 4]>::try_from(all) else {
                return Err("units with other than four arrays".into());
            };
            let units = evaluate::Gru { of_input, of_hidden, bias: [a, b] };
            let made = evaluate::gru(&array(x)?, &array(before)?, &units)?;
            return Ok(Item::List(vec![Item::Array(made), Item::None]));
        }
        _ => return Err(format!("{} arguments like these", arguments.len())),
    };
    Ok(Item::Array(made))
}

/// A number of each channel over batch and frames: `[batch, channels, frames]` to `[1, channels, 1]`.
fn of_channels(x: &Array, axes: &Item, f: impl Fn(&[f32]) -> f32) -> Found<Array> {
    let (shape, axes) = (x.shape(), ints(axes)?);
    if shape.len() != 3 || axes != [0, 2] {
        return Err(format!("statistics over {axes:?} of {shape:?}"));
    }
    let turned = evaluate::permute(x, &[1, 0, 2])?;
    let rows = evaluate::reshape(turned, &[shape[1] as i64, -1])?;
    evaluate::reshape(evaluate::reduce(&rows, 1, f)?, &[1, -1, 1])
}

fn spectrum(x: &Array, n: usize) -> Found<Item> {
    let (mut outer, last) = (x.shape(), x.shape().last().copied().unwrap_or(0));
    outer.pop();
    if !(2..=1 << 20).contains(&n) || last == 0 || last > n {
        return Err(format!("a spectrum of {n} samples of {last}"));
    }
    evaluate::n_numbers(&[&outer[..], &[n]].concat())?;
    let plan = RealFftPlanner::<f32>::new().plan_fft_forward(n);
    let (mut signal, mut out) = (plan.make_input_vec(), plan.make_output_vec());
    let mut bins = vec![];
    for row in x.values().chunks(last) {
        signal.fill(0.0);
        signal[..last].copy_from_slice(row);
        plan.process(&mut signal, &mut out).map_err(|error| error.to_string())?;
        bins.extend_from_slice(&out);
    }
    Ok(Item::Spectrum(Spectrum { outer, bins }))
}

fn sound(x: &Spectrum, n: usize) -> Found<Array> {
    let rows = x.outer.iter().product::<usize>();
    if !(2..=1 << 20).contains(&n) || rows == 0 || x.bins.len() != rows * (n / 2 + 1) {
        return Err(format!("{n} samples of a spectrum of another size"));
    }
    let plan = RealFftPlanner::<f32>::new().plan_fft_inverse(n);
    let (mut bins, mut out) = (plan.make_input_vec(), plan.make_output_vec());
    let mut values = Vec::with_capacity(rows * n);
    for row in x.bins.chunks(n / 2 + 1) {
        bins.copy_from_slice(row);
        (bins[0].im, bins[n / 2].im) =
            (0.0, if n.is_multiple_of(2) { 0.0 } else { bins[n / 2].im });
        plan.process(&mut bins, &mut out).map_err(|error| error.to_string())?;
        values.extend(out.iter().map(|x| x / n as f32));
    }
    Ok(Array::new(values, [x.outer.clone(), vec![n]].concat()))
}

pub(super) fn first(arguments: &[Item]) -> Found<&Item> {
    arguments.first().ok_or_else(|| "no arguments".into())
}

pub(super) fn array(item: &Item) -> Found<Array> {
    match item {
        Item::Array(array) => Ok(array.clone()),
        Item::Int(_) | Item::Float(_) => Ok(evaluate::scalar(float(item)?)),
        _ => Err("an array was needed".into()),
    }
}

fn array_if_any(item: &Item) -> Found<Option<Array>> {
    if matches!(item, Item::None) { Ok(None) } else { array(item).map(Some) }
}

pub(super) fn float(item: &Item) -> Found<f32> {
    match item {
        Item::Int(value) => Ok(*value as f32),
        Item::Float(value) => Ok(*value as f32),
        Item::Bool(value) => Ok(f32::from(*value)),
        _ => Err("a number was needed".into()),
    }
}

pub(super) fn int(item: &Item) -> Found<i64> {
    match item {
        Item::Int(value) => Ok(*value),
        _ => Err("a whole number was needed".into()),
    }
}

fn count(item: &Item) -> Found<usize> {
    usize::try_from(int(item)?).map_err(|_| "a count was needed".into())
}

pub(super) fn ints(item: &Item) -> Found<Vec<i64>> {
    match item {
        Item::List(items) => items.iter().map(int).collect(),
        _ => Err("a list of whole numbers was needed".into()),
    }
}

fn one_int(item: &Item) -> Found<i64> {
    match ints(item)?[..] {
        [only] => Ok(only),
        _ => Err("a list of one number was needed".into()),
    }
}

fn one(item: &Item) -> Found<usize> {
    usize::try_from(one_int(item)?).map_err(|_| "a count was needed".into())
}

pub(super) fn truth(item: &Item) -> Found<bool> {
    match item {
        Item::Bool(value) => Ok(*value),
        _ => Err("a truth value was needed".into()),
    }
}

pub(super) fn texts_of(item: &Item) -> Option<Vec<String>> {
    let Item::List(items) = item else { return None };
    let text = |it: &Item| match it {
        Item::Text(text) => Some(text.clone()),
        _ => None,
    };
    items.iter().map(text).collect()
}
