//! What a forward and a backward pass of an agent's network cost: `cargo bench -p nn --bench feedforward`.
//!
//! One thread, the least of several measurements.
#![expect(clippy::print_stdout, reason = "a bench talks to a person")]

use std::time::Instant;

use nn::{
    Init,
    feedforward::{Activation, FirstWeights, FlatAdam, Input, LayerSettings, Network, Pass, Shape},
};

const FIRST: FirstWeights = FirstWeights::Uniform;

const fn conv(n_out: usize, kernel: usize, stride: usize) -> LayerSettings {
    let activation = Activation::Relu;
    LayerSettings { n_out, kernel: Some((kernel, stride)), activation, first: FIRST }
}

const fn linear(n_out: usize, activation: Activation) -> LayerSettings {
    LayerSettings { n_out, kernel: None, activation, first: FIRST }
}

fn main() {
    nn::set_threads(1);
    let ends = [linear(4, Activation::None), linear(1, Activation::None)];
    let heads: [&[LayerSettings]; 2] = [&ends[..1], &ends[1..]];
    let hidden = linear(512, Activation::Relu);
    let nature = [conv(32, 8, 4), conv(64, 4, 2), conv(64, 3, 1), hidden];
    let screen = Shape::Picture { rows: 84, columns: 84, channels: 4 };
    measure("Nature, 64 screens", &Network::new(screen, &nature, &heads), 64, 9.34e6);
    measure("Nature, 4 screens", &Network::new(screen, &nature, &heads), 4, 9.34e6);
    let small = [conv(16, 3, 1), linear(128, Activation::Relu)];
    let planes = Shape::Picture { rows: 10, columns: 10, channels: 4 };
    measure("Small, 64 planes", &Network::new(planes, &small, &heads), 64, 0.168e6);
    measure("Small, 4 planes", &Network::new(planes, &small, &heads), 4, 0.168e6);
}

/// `n_products` are those of one member's forward pass.
fn measure(name: &str, network: &Network, n: usize, n_products: f64) {
    let mut random = Init::new(1);
    let mut parameters = network.init(&mut random);
    let len = network.input().len();
    let bytes: Vec<u8> = (0..n * len).map(|_| random.next_u64() as u8).collect();
    let (mut pass, mut transposed) = (Pass::default(), vec![]);
    let mut gradients = vec![0.0; network.n_parameters()];
    let of = |i: usize| &bytes[i * len..][..len];
    let mut forward = || {
        network.forward(&parameters, &Input::Bytes(&of, 1.0 / 255.0), n, &mut pass);
    };
    let forward_secs = least(&mut forward);
    for head in 0..2 {
        network.head_gradient(head, &mut pass).fill(0.1);
    }
    network.transpose(&parameters, &mut transposed);
    let backward_secs = least(&mut || network.backward(&transposed, &mut pass, &mut gradients));
    let transpose_secs = least(&mut || network.transpose(&parameters, &mut transposed));
    let mut adam = FlatAdam::new(parameters.len(), 1e-5);
    let adam_secs = least(&mut || {
        adam.step(&mut parameters, &gradients, 1e-9, 0.5);
    });
    let speed = |secs: f64, share: f64| 2.0 * n_products * n as f64 * share / secs / 1e9;
    println!(
        "{name:20} forward {:7.3} ms ({:4.0} GFLOP/s)  backward {:7.3} ms ({:4.0} GFLOP/s)  transpose {:6.3} ms  \
         Adam {:6.3} ms",
        forward_secs * 1e3,
        speed(forward_secs, 1.0),
        backward_secs * 1e3,
        speed(backward_secs, 2.0),
        transpose_secs * 1e3,
        adam_secs * 1e3,
    );
}

/// The least of the means over 0.2 s, in seconds.
fn least(act: &mut dyn FnMut()) -> f64 {
    act();
    let mut least = f64::INFINITY;
    for _ in 0..7 {
        let (from, mut n) = (Instant::now(), 0);
        while n == 0 || from.elapsed().as_secs_f64() < 0.1 {
            act();
            n += 1;
        }
        least = least.min(from.elapsed().as_secs_f64() / f64::from(n));
    }
    least
}
