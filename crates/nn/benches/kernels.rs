//! What each operation costs in the shapes that RAVE trains with: `cargo bench -p nn [FILTER]`.
//!
//! One thread, CPU time where Linux tells it (so that a busy machine does not matter much), the least
//! of several measurements. The last columns compare with the speed of the tensor library's own
//! product of large matrices on this machine.
#![expect(clippy::print_stdout, reason = "a bench talks to a person")]

use std::time::Instant;

use burn::tensor::Tensor;
use nn::{Conv1d, ConvTranspose1d, Init, from_values};

/// Name, channels in and out, samples, kernel, stride, dilation, groups.
type Shape = (&'static str, usize, usize, usize, usize, usize, usize, usize);

const CONVOLUTIONS: &[Shape] = &[
    ("encoder in", 16, 48, 8192, 7, 1, 1, 1),
    ("unit 48, d1", 48, 48, 8192, 3, 1, 1, 1),
    ("unit 48, d9", 48, 48, 8192, 3, 1, 9, 1),
    ("unit 48, k1", 48, 48, 8192, 1, 1, 1, 1),
    ("down 48 to 96", 48, 96, 8192, 8, 4, 1, 1),
    ("unit 96, d3", 96, 96, 2048, 3, 1, 3, 1),
    ("unit 192, d9", 192, 192, 1024, 3, 1, 9, 1),
    ("unit 192, k1", 192, 192, 1024, 1, 1, 1, 1),
    ("unit 384, d1", 384, 384, 512, 3, 1, 1, 1),
    ("down 384 to 768", 384, 768, 512, 4, 2, 1, 1),
    ("decoder out", 48, 16, 8192, 7, 1, 1, 1),
    ("pqmf", 1, 16, 131_072, 513, 16, 1, 1),
    ("scales in", 1, 96, 131_072, 15, 4, 1, 1),
    ("scales 192 to 384", 192, 384, 8192, 15, 4, 1, 1),
    ("scales out", 384, 1, 2048, 1, 1, 1, 1),
    ("depthwise 192", 192, 192, 1024, 3, 1, 1, 192),
];

/// Name, channels in and out, samples, kernel, stride, padding.
const TRANSPOSED: &[(&str, usize, usize, usize, usize, usize, usize)] =
    &[("up 384 to 192", 384, 192, 512, 4, 2, 1), ("up 96 to 48", 96, 48, 2048, 8, 4, 2)];

fn main() {
    nn::set_threads(1);
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let is_wanted =
        |name: &str| filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()));
    let peak = matrix_speed();
    println!("matrix product: {peak:.0} GFLOP/s, CPU time of one thread\n");
    println!("{:22} {:>10} {:>10}   of the matrix product", "", "forward", "backward");
    for &(name, n_in, n_out, length, kernel, stride, dilation, groups) in CONVOLUTIONS {
        if !is_wanted(name) {
            continue;
        }
        let pad = dilation * (kernel - 1) / 2;
        let conv = Conv1d { stride, padding: (pad, pad), dilation, groups };
        let shapes = [[1, n_in, length], [n_out, n_in / groups, kernel]];
        let n_products = conv.length_out(length, kernel) * n_out * n_in / groups * kernel;
        measure(name, shapes, n_products, peak, |x, w| nn::leaky_conv1d(x, 0.2, w, None, conv));
    }
    for &(name, n_in, n_out, length, kernel, stride, padding) in TRANSPOSED {
        let conv = ConvTranspose1d { stride, padding, ..ConvTranspose1d::default() };
        let shapes = [[1, n_in, length], [n_in, n_out, kernel]];
        if is_wanted(name) {
            measure(name, shapes, length * n_in * n_out * kernel, peak, |x, w| {
                nn::leaky_conv_transpose1d(x, 0.2, w, None, conv)
            });
        }
    }
    for (name, shape) in [("distance, full band", [1, 131_072]), ("distance, 16 bands", [16, 8192])]
    {
        if is_wanted(name) {
            measure_distance(name, shape);
        }
    }
    if is_wanted("tanh") {
        let x = random([1, 16, 8192]);
        let seconds = least(|| drop(nn::tanh(x.clone())));
        println!("{:22} {:>8.0}us", "tanh, 16 bands", seconds * 1e6);
    }
}

fn measure(
    name: &str,
    [x, w]: [[usize; 3]; 2],
    n_products: usize,
    peak: f64,
    run: impl Fn(Tensor<3>, Tensor<3>) -> Tensor<3>,
) {
    let (x, w) = (random(x), random(w));
    let forward = least(|| drop(run(x.clone(), w.clone())));
    let both = least(|| {
        let [x, w] = [&x, &w].map(|tensor| tensor.clone().autodiff().require_grad());
        drop(run(x, w).sum().backward());
    });
    let share = |seconds: f64, n: f64| 200.0 * n * n_products as f64 / seconds / (peak * 1e9);
    let backward = both - forward;
    println!(
        "{name:22} {:>8.0}us {:>8.0}us   {:3.0} % {:3.0} %",
        forward * 1e6,
        backward * 1e6,
        share(forward, 1.0),
        share(backward, 2.0),
    );
}

fn measure_distance(name: &str, shape: [usize; 2]) {
    let (predicted, target) = (random(shape), random(shape));
    let distance = |predicted| {
        nn::spectral_distance(predicted, target.clone(), &[2048, 1024, 512, 256, 128], 1e-7)
    };
    let forward = least(|| drop(distance(predicted.clone())));
    let both = least(|| {
        drop(distance(predicted.clone().autodiff().require_grad()).backward());
    });
    println!("{name:22} {:>8.0}us {:>8.0}us", forward * 1e6, (both - forward) * 1e6);
}

/// Billions of operations in a second of a product of square matrices, by the tensor library.
fn matrix_speed() -> f64 {
    const N: usize = 768;
    let (a, b) = (random([N, N]), random([N, N]));
    let seconds = least(|| drop(a.clone().matmul(b.clone())));
    2.0 * (N * N * N) as f64 / seconds / 1e9
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    from_values(Init::new(1).normal(shape.iter().product()), shape)
}

/// The least seconds that one call took, over nine measurements of at least 30 ms.
fn least(mut call: impl FnMut()) -> f64 {
    call();
    let measurement = |_| {
        let (start, mut n) = (seconds(), 0.0);
        while seconds() - start < 0.03 {
            call();
            n += 1.0;
        }
        (seconds() - start) / n
    };
    (0..9).map(measurement).fold(f64::INFINITY, f64::min)
}

/// CPU time of this thread where Linux tells it, else the time of day.
fn seconds() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let on_cpu = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = on_cpu.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
    match nanoseconds {
        Some(nanoseconds) => nanoseconds * 1e-9,
        None => START.get_or_init(Instant::now).elapsed().as_secs_f64(),
    }
}
