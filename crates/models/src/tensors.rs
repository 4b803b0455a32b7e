//! Tensors of a part of a network, read together and taken one by one as layers are made of them.

use std::collections::BTreeMap;

use nn::dense::{Linear, Precision};
use nn::weight_files::WeightFiles;

use crate::Error;

/// Names and shapes.
pub(crate) type Shapes = Vec<(String, Vec<usize>)>;

/// The numbers of tensors by their names.
pub(crate) struct Tensors(BTreeMap<String, Vec<f32>>);

impl Tensors {
    /// Reads tensors.
    ///
    /// # Errors
    /// When one is missing, of another shape, or a file is damaged.
    pub(crate) fn read(
        files: &WeightFiles,
        needed: &[(String, Vec<usize>)],
    ) -> Result<Self, Error> {
        let arrays = files.read(needed)?;
        Ok(Self(arrays.into_iter().map(|it| (it.name, it.values)).collect()))
    }

    /// Takes a tensor that was read.
    ///
    /// # Panics
    /// When it was not among those needed.
    pub(crate) fn take(&mut self, name: &str) -> Vec<f32> {
        self.0.remove(name).expect("a layer takes what it asked to be read")
    }

    /// A linear layer of the weights `names`, one below the other, without biases.
    pub(crate) fn linear(&mut self, names: &[String], n_in: usize, precision: Precision) -> Linear {
        let weight: Vec<f32> = names.iter().flat_map(|name| self.take(name)).collect();
        Linear::new(&weight, n_in, None, precision)
    }
}
