//! A prior as steps of a graph, one frame at a time, from which files for other programs are written.
//!
//! The graph does what [`super::live`] does, with random numbers of the program that runs it.

use nn::graph::{Graph, Lowering, Op, Signal, Value};
use nn::stream;

use super::config::Distribution;
use super::directions::Directions;
use super::infer::Model;
use super::live::conv;
use super::network::{Block, SLOPE};
use super::normal::CLAMP;

/// How convolutions remember what was before.
const STREAMING: Lowering = Lowering { is_streaming: true, noise: None, learns: false };

/// Adds what makes a frame: of a temperature `[batch, 1, 1]` the coordinates of latents along the directions of
/// the codec, `[batch, latents, 1]`.
pub(super) fn frame(model: &Model, graph: &mut Graph, temperature: Value) -> Value {
    let directions = model.directions();
    let (n, size) = (directions.n, directions.size());
    let values = match model.network().config.distribution {
        Distribution::Mixture => mixture(model, graph, temperature),
        Distribution::Quantised => bins(model, graph, temperature),
    };
    let all = if size > n {
        let zeros = graph.constant(&[1, size - n, 1], &vec![0.0; size - n]);
        let like = graph.add(Op::Mul, &[zeros, temperature]);
        let drawn = graph.apply(Op::Normal, like);
        let drawn = graph.add(Op::Mul, &[drawn, temperature]);
        graph.add(Op::Concat(1), &[values, drawn])
    } else {
        values
    };
    scaled(graph, directions, all)
}

/// Values along directions as coordinates of latents.
fn scaled(graph: &mut Graph, directions: &Directions, values: Value) -> Value {
    let (centre, deviation) = directions.scale();
    let size = directions.size();
    let deviation = graph.constant(&[1, size, 1], deviation);
    let centre = graph.constant(&[1, size, 1], centre);
    let wide = graph.add(Op::Mul, &[values, deviation]);
    graph.add(Op::Add, &[wide, centre])
}

/// What is known after one more frame, rectified for the head.
fn row(model: &Model, graph: &mut Graph, input: Value) -> Signal {
    let (network, parameters) = (model.network(), model.parameters());
    let leaky = || stream::Layer::Activate(stream::Activation::Leaky(SLOPE));
    let (res, skip) = (network.config.res_size, network.config.skp_size);
    let first = [conv(parameters, &[&network.first()]), leaky()];
    let input = Signal { value: input, channels: network.channels_in() };
    let mut x = graph.layers(&first, input, STREAMING);
    let mut sum: Option<Value> = None;
    for Block { gate, residual, skip: to_skip } in network.blocks() {
        let both = graph.layers(&[conv(parameters, &[&gate])], x, STREAMING).value;
        let (a, b) = (graph.channels(both, 0, res), graph.channels(both, res, 2 * res));
        let (a, b) = (graph.apply(Op::Sigmoid, a), graph.apply(Op::Tanh, b));
        let gated = Signal { value: graph.add(Op::Mul, &[a, b]), channels: res };
        let made = graph.layers(&[conv(parameters, &[&residual, &to_skip])], gated, STREAMING);
        let (on, out) =
            (graph.channels(made.value, 0, res), graph.channels(made.value, res, res + skip));
        x.value = graph.add(Op::Add, &[x.value, on]);
        sum = Some(sum.map_or(out, |sum| graph.add(Op::Add, &[sum, out])));
    }
    let sum = Signal { value: sum.expect("there is a layer at least"), channels: skip };
    graph.layers(&[conv(parameters, &[&network.after()]), leaky()], sum, STREAMING)
}

/// The values of a frame, drawn from mixtures one direction after the other.
fn mixture(model: &Model, graph: &mut Graph, temperature: Value) -> Value {
    let (network, parameters) = (model.network(), model.parameters());
    let (n, units, k) = (network.n, network.config.head_size, network.config.n_components);
    let before = graph.held(&[n, 1], temperature);
    let known = row(model, graph, before.value);
    let head = network.mixtures();
    let context = graph.layers(&[conv(parameters, &[&head.context])], known, STREAMING).value;
    let of = |name: String| parameters.values(&name).expect("the network has it");
    let (between, out, bias) =
        (of(head.before.weight()), of(head.out.weight()), of(head.out.bias()));
    let mut made: Vec<Value> = Vec::with_capacity(n);
    for j in 0..n {
        let mut hidden = graph.channels(context, j * units, (j + 1) * units);
        if j > 0 {
            let rows = (j * units..(j + 1) * units).flat_map(|i| &between[i * n..i * n + j]);
            let matrix: Vec<f32> = rows.copied().collect();
            let so_far = graph.add(Op::Concat(1), &made);
            let added = graph.product(so_far, &matrix, &[], [units, j]);
            hidden = graph.add(Op::Add, &[hidden, added]);
        }
        let hidden = graph.apply(Op::Leaky(SLOPE), hidden);
        let rows = j * 3 * k..(j + 1) * 3 * k;
        let matrix = &out[rows.start * units..rows.end * units];
        let of_mixture = graph.product(hidden, matrix, &bias[rows], [3 * k, units]);
        let logits = graph.channels(of_mixture, 0, k);
        let logits = graph.add(Op::Div, &[logits, temperature]);
        let chosen = graph.apply(Op::Draw(k), logits);
        let mut pick = |from: usize| {
            let all = graph.channels(of_mixture, from, from + k);
            let one = graph.add(Op::Mul, &[all, chosen]);
            graph.apply(Op::SumOfChannels, one)
        };
        let (mean, ln_deviation) = (pick(k), pick(2 * k));
        let (least, most) = super::mixture::LN_DEVIATION;
        let within = Op::Within(f64::from(least), f64::from(most));
        let ln_deviation = graph.apply(within, ln_deviation);
        let deviation = graph.apply(Op::Exp, ln_deviation);
        let drawn = graph.apply(Op::Normal, mean);
        let wide = graph.add(Op::Mul, &[drawn, deviation]);
        let wide = graph.add(Op::Mul, &[wide, temperature]);
        made.push(graph.add(Op::Add, &[mean, wide]));
    }
    let all = graph.add(Op::Concat(1), &made);
    graph.hold(before, all);
    all
}

/// The values of a frame whose directions took their turns one after the other.
fn bins(model: &Model, graph: &mut Graph, temperature: Value) -> Value {
    let (network, parameters) = (model.network(), model.parameters());
    let (n, resolution) = (network.n, network.config.resolution);
    // The first turn is of zeros, and what is held is zero at first.
    let mut zeros = vec![0.0; n * resolution];
    zeros.iter_mut().skip(resolution / 2).step_by(resolution).for_each(|it| *it = 1.0);
    let zeros = graph.constant(&[1, n * resolution, 1], &zeros);
    let before = graph.held(&[n * resolution, 1], temperature);
    let last = graph.add(Op::Add, &[before.value, zeros]);
    let known = row(model, graph, last);
    let logits = graph.layers(&[conv(parameters, &[&network.bins()])], known, STREAMING).value;
    let logits = graph.add(Op::Div, &[logits, temperature]);
    let turn = graph.apply(Op::Draw(resolution), logits);
    let moved = graph.add(Op::Sub, &[turn, zeros]);
    graph.hold(before, moved);
    // The number of each direction's bin, and a place in it.
    let mut numbers = vec![0.0; n * n * resolution];
    for j in 0..n {
        for bin in 0..resolution {
            numbers[(j * n + j) * resolution + bin] = bin as f32;
        }
    }
    let bin = graph.product(turn, &numbers, &[], [n, n * resolution]);
    let place = graph.apply(Op::Uniform, bin);
    let place = graph.add(Op::Add, &[bin, place]);
    let scale = graph.number(2.0 / resolution as f64);
    let place = graph.add(Op::Mul, &[place, scale]);
    let one = graph.number(1.0);
    let place = graph.add(Op::Sub, &[place, one]);
    let value = graph.apply(Op::ErfInv, place);
    let root = graph.number(std::f64::consts::SQRT_2);
    let value = graph.add(Op::Mul, &[value, root]);
    let value = graph.apply(Op::Within(-CLAMP, CLAMP), value);
    if n == 1 {
        return value;
    }
    // Direction j comes from j turns after the first of the last n.
    let earlier = graph.held(&[n, n - 1], temperature);
    let window = graph.add(Op::Concat(2), &[earlier.value, value]);
    let kept = Op::Slice { axis: 2, from: 1, to: None, step: 1 };
    let kept = graph.apply(kept, window);
    graph.hold(earlier, kept);
    let own: Vec<f32> = (0..n * n).map(|i| f32::from(u8::from(i / n == i % n))).collect();
    let own = graph.constant(&[1, n, n], &own);
    let chosen = graph.add(Op::Mul, &[window, own]);
    let turned = graph.apply(Op::Permute(vec![0, 2, 1]), chosen);
    let frame = graph.apply(Op::SumOfChannels, turned);
    graph.apply(Op::Permute(vec![0, 2, 1]), frame)
}

#[cfg(test)]
mod tests;
