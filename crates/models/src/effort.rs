//! How much memory and time a sound from words takes on this computer, before a weight is read.
//!
//! What there is to compute is counted from the settings alone; how fast this computer does such things is measured for a
//! moment.
//! Kinds of computing are told apart by what they take their time for ([`Work`]); each is measured with the kernel that
//! the models use ([`Speeds`]). What is done to every number alike is not counted, so a forecast is rather too short than
//! too long: docs/benchmarks.md has forecasts beside what was taken.

use std::hint::black_box;
use std::ops::{Add, Mul};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nn::dense::{
    Attention, Conv1d, Conv2d, Kernel1d, Kernel2d, Linear, Pictures, Precision, attend,
    packed_bytes,
};

/// What a sound takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effort {
    /// Bytes of the weights.
    pub weight_bytes: u64,
    /// Bytes besides, at the most.
    pub sound_bytes: u64,
    /// What is computed.
    pub work: Work,
}

/// How much is computed, by what it takes its time for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Multiplications of many frames with weights.
    pub products: f64,
    /// Bytes of weights that are read for a few frames only.
    pub streamed: f64,
    /// Multiplications of many queries with keys, and of their shares with values.
    pub attention: f64,
    /// Numbers of keys and values that single queries look at.
    pub remembered: f64,
    /// Multiplications of convolutions over pictures.
    pub pictures: f64,
    /// Multiplications of convolutions over time.
    pub convolutions: f64,
    /// Multiplications of the layers of a codec.
    pub codec: f64,
}

/// How much of each this computer does in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speeds(Work);

impl Work {
    /// Seconds that it takes.
    #[must_use]
    pub fn secs(&self, speeds: &Speeds) -> f64 {
        let pairs = self.parts().into_iter().zip(speeds.0.parts());
        pairs.map(|(amount, speed)| amount / speed.max(1.0)).sum()
    }

    fn parts(self) -> [f64; 7] {
        let Self { products, streamed, attention, remembered, pictures, convolutions, codec } =
            self;
        [products, streamed, attention, remembered, pictures, convolutions, codec]
    }

    fn of_parts(parts: [f64; 7]) -> Self {
        let [products, streamed, attention, remembered, pictures, convolutions, codec] = parts;
        Self { products, streamed, attention, remembered, pictures, convolutions, codec }
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (a, b) = (self.parts(), other.parts());
        Self::of_parts(std::array::from_fn(|i| a[i] + b[i]))
    }
}

impl Mul<f64> for Work {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self::of_parts(self.parts().map(|it| it * times))
    }
}

/// Multiplications with tensors, each as often as `times` says by its name; those of one axis are added, not multiplied.
pub(crate) fn multiplied(
    tensors: &[(String, Vec<usize>)],
    times: impl Fn(&str, &[usize]) -> f64,
) -> f64 {
    let several = tensors.iter().filter(|(_, shape)| shape.len() > 1);
    several.map(|(name, shape)| numbers(shape) * times(name, shape)).sum()
}

/// Bytes of tensors: packed in a precision, or 32-bit floats where `precision` says none by their name.
pub(crate) fn bytes_of(
    tensors: &[(String, Vec<usize>)],
    precision: impl Fn(&str) -> Option<Precision>,
) -> u64 {
    let of_one = |(name, shape): &(String, Vec<usize>)| match (precision(name), &shape[..]) {
        (Some(precision), [n_out, rest @ ..]) if !rest.is_empty() => {
            packed_bytes(*n_out, rest.iter().product(), precision)
        }
        _ => 4 * numbers(shape) as u64,
    };
    tensors.iter().map(of_one).sum()
}

fn numbers(shape: &[usize]) -> f64 {
    shape.iter().map(|n| *n as f64).product()
}

/// Speeds are measured again once they are older than this: what else runs may have changed.
const FRESH: Duration = Duration::from_secs(120);
/// The best of so many runs counts.
const RUNS: usize = 3;

impl Speeds {
    /// The speeds of this computer with weights of a precision: measured for some tenths of a second, unless that was
    /// done lately.
    #[must_use]
    pub fn of_this_computer(precision: Precision) -> Self {
        static MEASURED: Mutex<Vec<(Precision, Instant, Speeds)>> = Mutex::new(vec![]);
        let mut measured = MEASURED.lock().unwrap_or_else(PoisonError::into_inner);
        measured.retain(|(_, at, _)| at.elapsed() < FRESH);
        if let Some((_, _, speeds)) = measured.iter().find(|it| it.0 == precision) {
            return *speeds;
        }
        let speeds = Self::measured(precision);
        measured.push((precision, Instant::now(), speeds));
        speeds
    }

    fn measured(precision: Precision) -> Self {
        Self(Work {
            products: products(precision),
            streamed: streamed(precision),
            attention: attention(),
            remembered: remembered(),
            pictures: pictures(precision),
            convolutions: convolutions(),
            codec: codec(),
        })
    }
}

/// How many of `amount` are done in a second.
fn per_sec(amount: usize, mut run: impl FnMut()) -> f64 {
    run();
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        run();
        best = best.min(started.elapsed().as_secs_f64());
    }
    amount as f64 / best.max(1e-9)
}

/// Numbers as weights and frames have them; which ones, does not matter.
fn some(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i % 251) as f32 / 125.0 - 1.0).collect()
}

fn products(precision: Precision) -> f64 {
    let (n, n_frames) = (1024, 192);
    let layer = Linear::new(&some(n * n), n, None, precision);
    let x = some(n_frames * n);
    per_sec(n_frames * n * n, || drop(black_box(layer.run(&x))))
}

fn streamed(precision: Precision) -> f64 {
    // Together more than the caches hold.
    let (n, n_layers) = (2048, 8);
    let weight = some(n * n);
    let layers: Vec<Linear> =
        (0..n_layers).map(|_| Linear::new(&weight, n, None, precision)).collect();
    let x = some(2 * n);
    let n_bytes = layers.iter().map(Linear::n_bytes).sum();
    per_sec(n_bytes, || layers.iter().for_each(|it| drop(black_box(it.run(&x)))))
}

fn attention() -> f64 {
    let (n, width) = (384, 512);
    let how = Attention::plain(8, width / 8);
    let x = some(n * width);
    per_sec(2 * n * n * width, || drop(black_box(attend(&how, &x, &x, &x))))
}

fn remembered() -> f64 {
    let (n, width, n_layers) = (512, 1024, 8);
    let how = Attention::plain(16, width / 16);
    let layers: Vec<[Vec<f32>; 2]> =
        (0..n_layers).map(|_| [(); 2].map(|()| some(n * width))).collect();
    let x = some(width);
    let run = || {
        for [keys, values] in &layers {
            drop(black_box(attend(&how, &x, keys, values)));
        }
    };
    per_sec(2 * n * width * n_layers, run)
}

fn pictures(precision: Precision) -> f64 {
    let (n, size) = (128, [64, 16]);
    let layer = Conv2d::new(&Kernel2d::square(n, n, 3), &some(9 * n * n), &some(n), precision);
    let x = Pictures { values: some(size[0] * size[1] * n), ..Pictures::zeros(1, size, n) };
    per_sec(9 * n * n * size[0] * size[1], || drop(black_box(layer.run(&x))))
}

fn convolutions() -> f64 {
    let (n, n_taps, n_frames) = (128, 7, 1024);
    let kernel = Kernel1d::same([n, n], n_taps, 1);
    let layer = Conv1d::new(&kernel, &some(n * n * n_taps), &some(n), Precision::Float32);
    let x = some(n * n_frames);
    per_sec(n * n * n_taps * n_frames, || drop(black_box(layer.run(&x))))
}

fn codec() -> f64 {
    let (n, n_taps, n_frames) = (128, 3, 4096);
    let weight = nn::from_values(some(n * n * n_taps), [n, n, n_taps]);
    let x = nn::from_values(some(n * n_frames), [1, n, n_frames]);
    let run = || {
        let y = nn::conv1d(x.clone(), weight.clone(), None, nn::Conv1d::default());
        drop(black_box(nn::values(y)));
    };
    per_sec(n * n * n_taps * n_frames, run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_its_time_by_the_speed_of_each_kind() {
        let speeds = Speeds(Work::of_parts([10.0, 20.0, 1.0, 1.0, 4.0, 1.0, 1.0]));
        let work = Work { products: 30.0, streamed: 10.0, ..Work::default() };
        assert_eq!(work.secs(&speeds), 3.5);
        assert_eq!((work * 2.0 + Work { pictures: 2.0, ..Work::default() }).secs(&speeds), 7.5);
    }

    #[test]
    fn tensors_are_counted_by_their_names() {
        let tensors = [("a.weight".to_owned(), vec![16, 64]), ("a.bias".to_owned(), vec![16])];
        assert_eq!(multiplied(&tensors, |_, _| 10.0), 10_240.0);
        assert_eq!(bytes_of(&tensors, |_| None), 4 * (1024 + 16));
        assert_eq!(bytes_of(&tensors, |_| Some(Precision::Int8)), 1024 + 64 + 64);
    }

    #[test]
    fn packed_layers_are_as_large_as_is_said() {
        for precision in [Precision::Float32, Precision::Int16, Precision::Int8] {
            for [n_out, n_in] in [[16, 64], [40, 100], [512, 300]] {
                let layer = Linear::new(&some(n_out * n_in), n_in, None, precision);
                let (found, said) =
                    (layer.n_bytes() as f64, packed_bytes(n_out, n_in, precision) as f64);
                assert!((found / said - 1.0).abs() < 0.1, "{precision:?}: {found} and {said}");
            }
        }
    }
}
