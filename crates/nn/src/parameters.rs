//! The named weights of a network, the view of them that a forward pass takes, and their gradients.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Tensor;

use crate::array::{Array, values};
use crate::kernels::elementwise::{add, dot, scale};
use crate::stored::Stored;
use crate::{ArrayView, Compute, Error, NamedArray};

/// An ordered set of named arrays: the whole state of a network.
///
/// The order is that of insertion, so counting, hashing, saving and updating are deterministic.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    names: Vec<String>,
    arrays: Vec<Stored>,
    positions: BTreeMap<String, usize>,
}

impl Parameters {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an array, or replaces the one of that name.
    ///
    /// # Panics
    /// When `shape` does not have as many elements as `values`.
    pub fn insert(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        let array = Stored::new(Array::new(values, shape.to_vec()));
        if let Some(&position) = self.positions.get(name) {
            self.arrays[position] = array;
        } else {
            self.positions.insert(name.to_owned(), self.names.len());
            self.names.push(name.to_owned());
            self.arrays.push(array);
        }
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether there is an array of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.positions.contains_key(name)
    }

    /// The shape of the array of that name.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.stored(name)?.shape().to_vec())
    }

    /// The values of the array of that name.
    #[must_use]
    pub fn values(&self, name: &str) -> Option<&[f32]> {
        Some(self.stored(name)?.array().values())
    }

    /// Mutable values of the array of that name; copied first if a graph still holds them.
    pub fn values_mut(&mut self, name: &str) -> Option<&mut [f32]> {
        let position = *self.positions.get(name)?;
        Some(self.arrays[position].array_mut().values_mut())
    }

    /// How many numbers there are in the arrays whose names `is_counted` accepts.
    pub fn n_values(&self, is_counted: impl Fn(&str) -> bool) -> usize {
        let counted = self.names.iter().zip(&self.arrays).filter(|(name, _)| is_counted(name));
        counted.map(|(_, array)| array.len()).sum()
    }

    /// A number that tells two sets apart: names, shapes and every bit of every value, in order.
    ///
    /// FNV-1a of 64 bits; for comparing, not for security.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut take = |word: u64| hash = (hash ^ word).wrapping_mul(0x0100_0000_01b3);
        for (name, array) in self.names.iter().zip(&self.arrays) {
            name.bytes().for_each(|byte| take(u64::from(byte)));
            array.shape().iter().for_each(|&extent| take(extent as u64));
            array.array().values().iter().for_each(|value| take(u64::from(value.to_bits())));
        }
        hash
    }

    /// Copies of all arrays, in order.
    #[must_use]
    pub fn to_arrays(&self) -> Vec<NamedArray> {
        self.views().into_iter().map(ArrayView::into_owned).collect()
    }

    /// All arrays, in order, for a checkpoint.
    #[must_use]
    pub fn views(&self) -> Vec<ArrayView<'_>> {
        let both = self.names.iter().zip(&self.arrays);
        both.map(|(name, array)| NamedArray {
            name: name.clone(),
            shape: array.shape().to_vec(),
            values: array.array().values().into(),
        })
        .collect()
    }

    /// Takes the values of every array in this set from `arrays`; what else is there is ignored.
    ///
    /// # Errors
    /// When one is missing or has another shape; then nothing is changed.
    pub fn load(&mut self, arrays: &[NamedArray]) -> Result<(), Error> {
        let found: BTreeMap<&str, &NamedArray> =
            arrays.iter().map(|array| (array.name.as_str(), array)).collect();
        let mut loaded = Vec::with_capacity(self.arrays.len());
        for (name, array) in self.names.iter().zip(&self.arrays) {
            let new =
                found.get(name.as_str()).ok_or_else(|| Error::Missing { name: name.clone() })?;
            if new.shape != array.shape() {
                return Err(Error::Shape {
                    name: name.clone(),
                    expected: array.shape().to_vec(),
                    found: new.shape.clone(),
                });
            }
            loaded.push(Stored::new(Array::new(new.values.clone(), new.shape.clone())));
        }
        self.arrays = loaded;
        Ok(())
    }

    /// The weights for a forward pass on the CPU without gradients.
    #[must_use]
    pub fn frozen(&self) -> Weights {
        self.weights(|_| false)
    }

    /// The weights for a forward pass on the CPU, with gradients for those whose names `is_trained` accepts.
    ///
    /// Nothing is copied; the arrays are shared until the weights are dropped.
    pub fn weights(&self, is_trained: impl Fn(&str) -> bool) -> Weights {
        self.weights_at(&Compute::cpu(), is_trained)
    }

    /// The weights for a forward pass on a device, with gradients for those whose names `is_trained`
    /// accepts.
    ///
    /// Arrays are copied to a GPU when they were last written elsewhere; on the CPU they are shared until
    /// the weights are dropped.
    pub fn weights_at(&self, compute: &Compute, is_trained: impl Fn(&str) -> bool) -> Weights {
        let device = compute.device();
        let mut leaves = BTreeMap::new();
        let mut is_training = false;
        for (name, array) in self.names.iter().zip(&self.arrays) {
            let flat = array.tensor(&device);
            let is_trained = is_trained(name);
            is_training |= is_trained;
            let tensor = if is_trained { flat.autodiff().require_grad() } else { flat };
            let host = array.on_host().filter(|_| compute.is_gpu()).cloned();
            let shape = array.shape().to_vec();
            leaves.insert(name.clone(), Leaf { tensor, host, shape, is_trained });
        }
        Weights { leaves, is_training, compute: compute.clone(), observed: Arc::default() }
    }

    /// Updates an exponential moving average: each array that `is_moved` accepts becomes `kept` times itself plus
    /// `1 - kept` times the array of that name in `newer`.
    ///
    /// # Panics
    /// When `newer` lacks one of them.
    pub fn follow(&mut self, newer: &Self, kept: f32, is_moved: impl Fn(&str) -> bool) {
        for (name, old) in self.names.iter().zip(&mut self.arrays) {
            if !is_moved(name) {
                continue;
            }
            let new = newer.stored(name).unwrap_or_else(|| panic!("no parameter `{name}`"));
            if let Some(new) = new.on_gpu() {
                let (device, new) = (new.device(), new.clone());
                let difference = old.tensor(&device) - new.clone();
                old.set(new + difference * kept);
            } else {
                let new = new.array().values();
                let old = old.array_mut().values_mut();
                old.iter_mut().zip(new).for_each(|(old, new)| *old = new + kept * (*old - new));
            }
        }
    }

    pub(crate) fn stored_mut(&mut self, name: &str) -> Option<&mut Stored> {
        let position = *self.positions.get(name)?;
        Some(&mut self.arrays[position])
    }

    fn stored(&self, name: &str) -> Option<&Stored> {
        Some(&self.arrays[*self.positions.get(name)?])
    }
}

/// The weights as one forward pass sees them.
#[derive(Clone, Debug)]
pub struct Weights {
    leaves: BTreeMap<String, Leaf>,
    is_training: bool,
    compute: Compute,
    observed: Arc<Mutex<Observed>>,
}

/// Updates that a forward pass in training made without gradients: new values of arrays, such as running
/// means and code books, by their names, and numbers to show.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// New values of arrays.
    pub values: BTreeMap<String, Vec<f32>>,
    /// Numbers to show, by the names of metrics.
    pub metrics: Vec<(&'static str, f64)>,
}

#[derive(Clone, Debug)]
struct Leaf {
    /// Flat, so that arrays of every rank are one type.
    tensor: Tensor<1>,
    /// A copy of the values in main memory, so that reading them does not wait for the GPU.
    host: Option<Array>,
    shape: Vec<usize>,
    is_trained: bool,
}

impl Weights {
    /// The tensor of that name.
    ///
    /// # Panics
    /// When there is none or it has another rank: networks and their parameters are made together.
    #[must_use]
    pub fn get<const D: usize>(&self, name: &str) -> Tensor<D> {
        let leaf = self.leaves.get(name).unwrap_or_else(|| panic!("no parameter `{name}`"));
        let shape: [usize; D] = leaf.shape.clone().try_into().unwrap_or_else(|shape| {
            panic!("parameter `{name}` has shape {shape:?}, not {D} dimensions")
        });
        leaf.tensor.clone().reshape(shape)
    }

    /// The values of that name, in C order.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<f32> {
        let leaf = self.leaves.get(name).unwrap_or_else(|| panic!("no parameter `{name}`"));
        match &leaf.host {
            Some(array) => array.values().to_vec(),
            None => values(leaf.tensor.clone()),
        }
    }

    /// A weight in the precision of convolutions on its device: cast to 16 bits for mixed precision, else
    /// unchanged.
    #[must_use]
    pub fn for_products<const D: usize>(&self, weight: Tensor<D>) -> Tensor<D> {
        self.compute.cast_for_products(weight)
    }

    /// Whether there is a tensor of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.leaves.contains_key(name)
    }

    /// Whether any weight is trained, for layers that behave differently in training.
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.is_training
    }

    /// Notes a layer's updates without gradients, for the owner of the parameters to apply.
    pub fn observe(&self, note: impl FnOnce(&mut Observed)) {
        note(&mut self.observed.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes the updates noted so far.
    #[must_use]
    pub fn take_observed(&self) -> Observed {
        std::mem::take(&mut self.observed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs the backward pass from `loss` and collects the gradients of the trained weights.
    ///
    /// Consumes the weights so that the arrays are not shared any more when they are updated.
    #[must_use]
    pub fn backward(self, loss: Tensor<1>) -> Gradients {
        let mut all = loss.backward();
        drop(loss);
        let mut arrays = BTreeMap::new();
        for (name, leaf) in self.leaves {
            if !leaf.is_trained {
                continue;
            }
            if let Some(gradient) = leaf.tensor.grad_remove(&mut all) {
                arrays.insert(name, Stored::of_tensor(gradient, leaf.shape));
            }
        }
        Gradients { arrays }
    }
}

/// The gradients of one backward pass, by the names of their parameters.
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    arrays: BTreeMap<String, Stored>,
}

impl Gradients {
    /// The gradient of the parameter of that name, if it took part.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.arrays.get(name).map(|stored| stored.array().values())
    }

    /// The names of the parameters that took part, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.keys().map(String::as_str)
    }

    /// The Euclidean norm of all gradients together; not finite if one of them is not.
    #[must_use]
    pub fn norm(&self) -> f64 {
        let mut squares = 0.0;
        let mut on_gpu = Vec::new();
        for stored in self.arrays.values() {
            match stored.on_gpu() {
                Some(tensor) => on_gpu.push(tensor.clone().square().sum()),
                None => {
                    for chunk in stored.array().values().chunks(4096) {
                        squares += f64::from(dot(chunk, chunk));
                    }
                }
            }
        }
        if !on_gpu.is_empty() {
            // One wait for all of them.
            let sums = values(Tensor::cat(on_gpu, 0));
            squares += sums.into_iter().map(f64::from).sum::<f64>();
        }
        squares.sqrt()
    }

    /// Takes in those of another backward pass. Of a parameter that took part in both, they are added.
    pub fn join(&mut self, other: Self) {
        for (name, new) in other.arrays {
            match self.arrays.get_mut(&name) {
                None => drop(self.arrays.insert(name, new)),
                Some(known) => match (known.on_gpu().cloned(), new.on_gpu()) {
                    (Some(known_tensor), Some(new)) => known.set(known_tensor + new.clone()),
                    _ => add(known.array_mut().values_mut(), new.array().values()),
                },
            }
        }
    }

    /// Multiplies all gradients by a factor.
    pub fn scale(&mut self, factor: f32) {
        for stored in self.arrays.values_mut() {
            match stored.on_gpu().cloned() {
                Some(tensor) => stored.set(tensor * factor),
                None => scale(stored.array_mut().values_mut(), factor),
            }
        }
    }

    /// Scales all gradients so that their norm is at most `limit`; gives the norm before.
    pub fn clip_norm(&mut self, limit: f64) -> f64 {
        let norm = self.norm();
        if norm > limit {
            // PyTorch's clip_grad_norm_ adds the same small number.
            self.scale((limit / (norm + 1e-6)) as f32);
        }
        norm
    }

    pub(crate) fn stored(&self) -> impl Iterator<Item = (&str, &Stored)> {
        self.arrays.iter().map(|(name, stored)| (name.as_str(), stored))
    }
}
