//! Layers out of the tensors of a folder: one definition of a network says which tensors it needs and builds it of them.
//!
//! A network is a function of [`Tensors`] that asks for its layers by name. [`listed`] runs it to learn names and shapes
//! alone, [`loaded`] to build it; then tensors are read a few at a time, as they are asked for, so that numbers which are
//! packed already do not stay in memory beside what they became.

use std::collections::{BTreeMap, VecDeque};

use nn::dense::{
    Conv1d, Conv2d, ConvTranspose1d, GroupNorm, Kernel1d, Kernel2d, Linear, Precision, layer_norm,
};
use nn::weight_files::WeightFiles;

use crate::Error;

/// Names and shapes that a network needs.
pub(crate) type Needed = Vec<(String, Vec<usize>)>;

/// Where a network's layers come from.
pub(crate) struct Tensors {
    source: Source,
    precision: Precision,
    /// Bytes of the layers that were made, and of arrays that were handed out.
    n_bytes: u64,
}

enum Source {
    /// Names and shapes are taken down; layers are stand-ins with one output.
    Listing(Needed),
    /// Numbers are handed out.
    Reading(Reading),
}

/// The numbers of a folder, read in the order in which they are asked for.
struct Reading {
    files: WeightFiles,
    /// What is still to be read.
    ahead: VecDeque<(String, Vec<usize>)>,
    /// What was read and not asked for yet.
    there: BTreeMap<String, Vec<f32>>,
    /// Why reading ended; zeros are handed out from then on.
    failed: Option<nn::Error>,
}

/// How many numbers are read together, unless a single tensor has more: 32 MB of them.
const READ_TOGETHER: usize = 1 << 23;

/// What a network needs.
pub(crate) fn listed<N>(network: impl FnOnce(&mut Tensors) -> N) -> Needed {
    let mut tensors = Tensors::new(Source::Listing(vec![]), Precision::Float32);
    network(&mut tensors);
    match tensors.source {
        Source::Listing(needed) => needed,
        Source::Reading(_) => vec![],
    }
}

/// A network with the weights of a folder, and the bytes that they take.
///
/// # Errors
/// When a tensor is missing or has another shape, or a file is damaged.
pub(crate) fn loaded<N>(
    files: &WeightFiles,
    precision: Precision,
    network: impl Fn(&mut Tensors) -> N,
) -> Result<(N, u64), Error> {
    let needed = listed(&network);
    files.require(&needed)?;
    let reading = Reading {
        files: files.clone(),
        ahead: needed.into(),
        there: BTreeMap::new(),
        failed: None,
    };
    let mut tensors = Tensors::new(Source::Reading(reading), precision);
    let network = network(&mut tensors);
    match tensors.source {
        Source::Reading(Reading { failed: Some(error), .. }) => Err(error.into()),
        _ => Ok((network, tensors.n_bytes)),
    }
}

impl Reading {
    fn take(&mut self, name: &str, n: usize) -> Vec<f32> {
        if !self.there.contains_key(name)
            && self.failed.is_none()
            && let Err(error) = self.read_on()
        {
            self.failed = Some(error);
        }
        match self.there.remove(name) {
            Some(values) => values,
            None if self.failed.is_some() => vec![0.0; n],
            None => panic!("`{name}` is asked for in the order in which it was listed"),
        }
    }

    fn read_on(&mut self) -> Result<(), nn::Error> {
        let mut together = vec![];
        let mut n = 0;
        while n < READ_TOGETHER
            && let Some((name, shape)) = self.ahead.pop_front()
        {
            n += shape.iter().product::<usize>();
            together.push((name, shape));
        }
        let arrays = self.files.read(&together)?;
        self.there.extend(arrays.into_iter().map(|it| (it.name, it.values)));
        Ok(())
    }
}

/// How many numbers shapes have together, or nothing if they are more than `most`.
pub(crate) fn numbers_of(needed: &Needed, most: usize) -> Option<usize> {
    needed.iter().try_fold(0usize, |n, (_, shape)| {
        let of_one = shape.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent))?;
        n.checked_add(of_one).filter(|n| *n <= most)
    })
}

/// A layer normalisation with its gain and bias.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    gain: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

impl LayerNorm {
    /// Normalises every frame.
    pub(crate) fn run(&self, x: &[f32]) -> Vec<f32> {
        layer_norm(x, &self.gain, Some(&self.bias), self.epsilon)
    }
}

impl Tensors {
    fn new(source: Source, precision: Precision) -> Self {
        Self { source, precision, n_bytes: 0 }
    }

    /// The numbers of a tensor that is kept as it is; none while a network is listed.
    pub(crate) fn array(&mut self, name: &str, shape: &[usize]) -> Vec<f32> {
        let values = self.take(name, shape);
        self.n_bytes += 4 * values.len() as u64;
        values
    }

    fn take(&mut self, name: &str, shape: &[usize]) -> Vec<f32> {
        match &mut self.source {
            Source::Listing(needed) => {
                needed.push((name.to_owned(), shape.to_vec()));
                vec![]
            }
            Source::Reading(reading) => reading.take(name, shape.iter().product()),
        }
    }

    fn is_listing(&self) -> bool {
        matches!(self.source, Source::Listing(_))
    }

    /// `name.weight`, `[n_out, n_in]`, and `name.bias`.
    pub(crate) fn linear(&mut self, name: &str, sizes: [usize; 2]) -> Linear {
        let bias = self.take(&format!("{name}.bias"), &sizes[1..]);
        self.matrix(name, sizes, &[], Some(&bias))
    }

    /// `name.weight`, `[n_out, n_in]`, without a bias.
    pub(crate) fn linear_unbiased(&mut self, name: &str, sizes: [usize; 2]) -> Linear {
        self.matrix(name, sizes, &[], None)
    }

    /// Layers of the same inputs one below the other, `name.weight` of each, `[n_out, n_in]`, without biases.
    pub(crate) fn joined(&mut self, names: &[String], [n_in, n_out]: [usize; 2]) -> Linear {
        let weights = names.iter().map(|name| self.take(&format!("{name}.weight"), &[n_out, n_in]));
        let weight = weights.collect::<Vec<_>>().concat();
        self.packed(&weight, n_in, None)
    }

    /// A convolution that looks at one pixel, `name.weight`, `[n_out, n_in, 1, 1]`, and `name.bias`.
    pub(crate) fn pointwise(&mut self, name: &str, sizes: [usize; 2]) -> Linear {
        let bias = self.take(&format!("{name}.bias"), &sizes[1..]);
        self.matrix(name, sizes, &[1, 1], Some(&bias))
    }

    fn matrix(
        &mut self,
        name: &str,
        [n_in, n_out]: [usize; 2],
        ones: &[usize],
        bias: Option<&[f32]>,
    ) -> Linear {
        let weight = self.take(&format!("{name}.weight"), &[&[n_out, n_in], ones].concat());
        self.packed(&weight, n_in, bias)
    }

    fn packed(&mut self, weight: &[f32], n_in: usize, bias: Option<&[f32]>) -> Linear {
        if self.is_listing() {
            return Linear::new(&vec![0.0; n_in], n_in, None, Precision::Float32);
        }
        let layer = Linear::new(weight, n_in, bias, self.precision);
        self.n_bytes += layer.n_bytes() as u64;
        layer
    }

    /// `name.weight`, `[out, in, rows, columns]`, and `name.bias`.
    pub(crate) fn conv2d(&mut self, name: &str, kernel: &Kernel2d) -> Conv2d {
        let Kernel2d { channels_in, channels_out, size: [rows, columns], .. } = *kernel;
        let shape = [channels_out, channels_in, rows, columns];
        let weight = self.take(&format!("{name}.weight"), &shape);
        let bias = self.take(&format!("{name}.bias"), &[channels_out]);
        if self.is_listing() {
            let kernel = Kernel2d { channels_in: 1, channels_out: 1, size: [1, 1], ..*kernel };
            return Conv2d::new(&kernel, &[0.0], &[], Precision::Float32);
        }
        let layer = Conv2d::new(kernel, &weight, &bias, self.precision);
        self.n_bytes += layer.n_bytes() as u64;
        layer
    }

    /// `name.weight`, `[out, in / groups, taps]`, and `name.bias`.
    pub(crate) fn conv1d(&mut self, name: &str, kernel: &Kernel1d) -> Conv1d {
        let bias = self.take(&format!("{name}.bias"), &[kernel.channels_out]);
        self.conv1d_of(name, kernel, &bias)
    }

    /// `name.weight`, `[out, in / groups, taps]`, without a bias.
    pub(crate) fn conv1d_unbiased(&mut self, name: &str, kernel: &Kernel1d) -> Conv1d {
        self.conv1d_of(name, kernel, &[])
    }

    fn conv1d_of(&mut self, name: &str, kernel: &Kernel1d, bias: &[f32]) -> Conv1d {
        let Kernel1d { channels_in, channels_out, n_taps, n_groups, .. } = *kernel;
        let shape = [channels_out, channels_in / n_groups, n_taps];
        let weight = self.take(&format!("{name}.weight"), &shape);
        if self.is_listing() {
            let kernel = Kernel1d::same([1, 1], 1, 1);
            return Conv1d::new(&kernel, &[0.0], &[], Precision::Float32);
        }
        let layer = Conv1d::new(kernel, &weight, bias, self.precision);
        self.n_bytes += layer.n_bytes() as u64;
        layer
    }

    /// `name.weight`, `[in, out, taps]`, and `name.bias`: `stride` frames of one, as many of `padding` cut off at both
    /// ends.
    pub(crate) fn conv_transpose1d(
        &mut self,
        name: &str,
        channels: [usize; 2],
        [n_taps, stride, padding]: [usize; 3],
    ) -> ConvTranspose1d {
        let weight = self.take(&format!("{name}.weight"), &[channels[0], channels[1], n_taps]);
        let bias = self.take(&format!("{name}.bias"), &channels[1..]);
        if self.is_listing() {
            let weights: [&[f32]; 2] = [&[0.0], &[]];
            return ConvTranspose1d::new([1, 1], 1, 0, weights, Precision::Float32);
        }
        let weights: [&[f32]; 2] = [&weight, &bias];
        let layer = ConvTranspose1d::new(channels, stride, padding, weights, self.precision);
        self.n_bytes += layer.n_bytes() as u64;
        layer
    }

    /// `name.weight` and `name.bias` of a layer normalisation.
    pub(crate) fn layer_norm(&mut self, name: &str, n: usize, epsilon: f32) -> LayerNorm {
        let gain = self.array(&format!("{name}.weight"), &[n]);
        let bias = self.array(&format!("{name}.bias"), &[n]);
        LayerNorm { gain, bias, epsilon }
    }

    /// `name.weight` and `name.bias` of a normalisation of groups of channels.
    pub(crate) fn group_norm(
        &mut self,
        name: &str,
        n_channels: usize,
        n_groups: usize,
        epsilon: f32,
    ) -> GroupNorm {
        let gain = self.array(&format!("{name}.weight"), &[n_channels]);
        let bias = self.array(&format!("{name}.bias"), &[n_channels]);
        GroupNorm { n_groups, gain, bias, epsilon }
    }
}

#[cfg(test)]
pub(crate) mod reference;
