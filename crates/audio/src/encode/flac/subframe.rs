//! One channel of a block: predicted in the way that takes the fewest bits, and the rest in Rice codes.
//!
//! Source: RFC 9639, 9.2.

use super::bits::BitWriter;
use super::predict::{PRECISION, Predictor, best_predictor};

/// A channel of a block, ready to be written.
pub(super) struct Subframe {
    kind: Kind,
    /// Bits of a sample, without those below that are all 0.
    bits: u32,
    /// Bits at the low end of every sample that are 0.
    n_wasted: u32,
    n_bits: u64,
}

enum Kind {
    Constant(i32),
    Verbatim(Vec<i32>),
    /// Differences of differences, so many times; the first samples, and what is left.
    Fixed(Vec<i32>, Residual),
    Linear(Predictor, Vec<i32>, Residual),
}

/// What a prediction misses, in partitions with a Rice parameter each.
struct Residual {
    values: Vec<i32>,
    /// Samples of the block, of which the first few are not in `values`.
    n_samples: usize,
    parameters: Vec<u32>,
    n_bits: u64,
}

/// The most partitions, as a power of two.
const PARTITION_ORDER_MAX: u32 = 6;
/// The largest Rice parameter; from 15 on it takes 5 bits.
const PARAMETER_MAX: u32 = 30;
/// The most differences of a fixed predictor.
const FIXED_ORDER_MAX: usize = 4;

/// The shortest way to write a channel.
pub(super) fn best_subframe(samples: &[i32], bits: u32) -> Subframe {
    let first = samples[0];
    if samples.iter().all(|x| *x == first) {
        return Subframe {
            kind: Kind::Constant(first),
            bits,
            n_wasted: 0,
            n_bits: u64::from(8 + bits),
        };
    }
    let n_wasted = samples.iter().fold(0, |all, x| all | x).trailing_zeros();
    let bits = bits - n_wasted;
    let samples: Vec<i32> = samples.iter().map(|x| x >> n_wasted).collect();
    let verbatim_bits = u64::from(bits) * samples.len() as u64;
    let mut best = (verbatim_bits, None);
    let (order, residual) = fixed(&samples);
    let n_bits = order as u64 * u64::from(bits) + residual.n_bits;
    if n_bits < best.0 {
        best = (n_bits, Some(Kind::Fixed(samples[..order].to_vec(), residual)));
    }
    if let Some(predictor) = best_predictor(&samples, bits)
        && let Some(values) = predictor.residual(&samples)
    {
        let order = predictor.coefficients.len();
        let residual = Residual::new(values, samples.len());
        let n_bits = order as u64 * u64::from(bits + PRECISION) + 9 + residual.n_bits;
        if n_bits < best.0 {
            best = (n_bits, Some(Kind::Linear(predictor, samples[..order].to_vec(), residual)));
        }
    }
    let (n_bits, kind) = best;
    let kind = kind.unwrap_or(Kind::Verbatim(samples));
    Subframe { kind, bits, n_wasted, n_bits: 8 + u64::from(n_wasted) + n_bits }
}

/// The fixed predictor that leaves least, and what it leaves.
fn fixed(samples: &[i32]) -> (usize, Residual) {
    let size = |values: &[i32]| values.iter().map(|x| u64::from(x.unsigned_abs())).sum::<u64>();
    let mut differences = samples.to_vec();
    let mut best = (0, differences.clone(), size(&differences));
    for order in 1..=FIXED_ORDER_MAX.min(samples.len() - 1) {
        differences = differences.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let size = size(&differences);
        if size < best.2 {
            best = (order, differences.clone(), size);
        }
    }
    (best.0, Residual::new(best.1, samples.len()))
}

impl Subframe {
    /// How long it is, or a little less.
    pub(super) fn n_bits(&self) -> u64 {
        self.n_bits
    }

    pub(super) fn write(&self, out: &mut BitWriter) {
        let kind = match &self.kind {
            Kind::Constant(_) => 0b00_0000,
            Kind::Verbatim(_) => 0b00_0001,
            Kind::Fixed(first, _) => 0b00_1000 | first.len() as u64,
            Kind::Linear(predictor, ..) => 0b10_0000 | (predictor.coefficients.len() as u64 - 1),
        };
        out.put(kind, 7);
        match self.n_wasted {
            0 => out.put(0, 1),
            n => {
                out.put(1, 1);
                out.unary(u64::from(n) - 1);
            }
        }
        let samples = |out: &mut BitWriter, samples: &[i32]| {
            samples.iter().for_each(|x| out.put_signed(i64::from(*x), self.bits));
        };
        match &self.kind {
            Kind::Constant(value) => samples(out, &[*value]),
            Kind::Verbatim(values) => samples(out, values),
            Kind::Fixed(first, residual) => {
                samples(out, first);
                residual.write(out);
            }
            Kind::Linear(predictor, first, residual) => {
                samples(out, first);
                out.put(u64::from(PRECISION) - 1, 4);
                out.put(u64::from(predictor.shift), 5);
                let coefficients = predictor.coefficients.iter();
                coefficients.for_each(|c| out.put_signed(i64::from(*c), PRECISION));
                residual.write(out);
            }
        }
    }
}

impl Residual {
    /// In the partitions that take the fewest bits.
    fn new(values: Vec<i32>, n_samples: usize) -> Self {
        let n_first = n_samples - values.len();
        let orders = (0..=PARTITION_ORDER_MAX)
            .filter(|order| n_samples.is_multiple_of(1 << order) && n_samples >> order > n_first);
        let choices = orders.map(|order| {
            let parts = partitions(&values, n_samples, order);
            let (parameters, n_bits): (Vec<u32>, Vec<u64>) = parts.map(best_parameter).unzip();
            let n_bits: u64 = n_bits.iter().sum();
            let parameter_bits = if parameters.iter().any(|it| *it > 14) { 5 } else { 4 };
            (n_bits + (parameter_bits << order), parameters)
        });
        let (n_bits, parameters) = choices
            .min_by_key(|(n_bits, _)| *n_bits)
            .expect("a single partition is always allowed");
        Self { values, n_samples, parameters, n_bits: n_bits + 6 }
    }

    fn write(&self, out: &mut BitWriter) {
        let is_wide = self.parameters.iter().any(|it| *it > 14);
        let order = self.parameters.len().ilog2();
        out.put(u64::from(is_wide), 2);
        out.put(u64::from(order), 4);
        let parts = partitions(&self.values, self.n_samples, order);
        for (values, parameter) in parts.zip(&self.parameters) {
            out.put(u64::from(*parameter), if is_wide { 5 } else { 4 });
            for value in values {
                let folded = folded(*value);
                out.unary(u64::from(folded >> parameter));
                out.put(u64::from(folded), *parameter);
            }
        }
    }
}

/// The parts of a residual; the first one lacks what the predictor began with.
fn partitions(values: &[i32], n_samples: usize, order: u32) -> impl Iterator<Item = &[i32]> {
    let len = n_samples >> order;
    let n_first = n_samples - values.len();
    (0..1usize << order)
        .map(move |i| &values[(i * len).saturating_sub(n_first)..(i + 1) * len - n_first])
}

/// The Rice parameter of a partition, and how many bits it takes at most.
fn best_parameter(values: &[i32]) -> (u32, u64) {
    let sum: u64 = values.iter().map(|x| u64::from(folded(*x))).sum();
    let n = values.len() as u64;
    let n_bits = |parameter: u32| (sum >> parameter) + n * u64::from(parameter + 1);
    let near = (sum / n.max(1)).checked_ilog2().unwrap_or(0);
    let near = near.saturating_sub(1)..=(near + 1).min(PARAMETER_MAX);
    let choices = near.map(|parameter| (parameter.min(PARAMETER_MAX), n_bits(parameter)));
    choices.min_by_key(|(_, n_bits)| *n_bits).unwrap_or((0, 0))
}

/// A number without its sign: 0, -1, 1, -2 … become 0, 1, 2, 3 …
fn folded(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_their_signs() {
        let values = [0, -1, 1, -2, i32::MAX, i32::MIN + 1];
        assert_eq!(values.map(folded), [0, 1, 2, 3, u32::MAX - 1, u32::MAX - 2]);
    }

    #[test]
    fn the_way_fits_the_sound() {
        let kind = |samples: &[i32]| match best_subframe(samples, 16).kind {
            Kind::Constant(_) => "constant",
            Kind::Verbatim(_) => "verbatim",
            Kind::Fixed(..) => "fixed",
            Kind::Linear(..) => "linear",
        };
        assert_eq!(kind(&[5; 100]), "constant");
        assert_eq!(kind(&[i32::from(i16::MAX), i32::from(i16::MIN)]), "verbatim");
        let ramp: Vec<i32> = (0..100).map(|n| 7 * n).collect();
        assert_eq!(kind(&ramp), "fixed");
        let tone: Vec<i32> = (0..4096).map(|n| ((f64::from(n) * 0.5).sin() * 9e3) as i32).collect();
        assert_eq!(kind(&tone), "linear");
        let wasted: Vec<i32> = tone.iter().map(|x| x << 2).collect();
        assert_eq!(best_subframe(&wasted, 18).n_wasted, 2);
    }

    #[test]
    fn the_promised_length_is_nearly_the_real_one() {
        let noise: Vec<i32> = (0..4096i32).map(|n| n.wrapping_mul(1_103_515_245) >> 20).collect();
        let subframe = best_subframe(&noise, 16);
        let mut out = BitWriter::default();
        subframe.write(&mut out);
        let n_bits = out.into_bytes().len() as u64 * 8;
        assert!(subframe.n_bits() + 2 >= n_bits - 7, "{} of {n_bits}", subframe.n_bits());
        assert!(subframe.n_bits() < n_bits + n_bits / 20, "{} of {n_bits}", subframe.n_bits());
    }
}
