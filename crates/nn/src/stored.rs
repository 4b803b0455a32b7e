//! Arrays that live in main memory, on a GPU, or both.

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor, TensorData};

use crate::array::{Array, is_host, values};

/// An array where it was last written, and a copy wherever it was read since.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    shape: Vec<usize>,
    host: OnceLock<Array>,
    /// Flat, so that arrays of every rank are one type.
    gpu: OnceLock<Tensor<1>>,
}

impl Stored {
    pub(crate) fn new(array: Array) -> Self {
        Self { shape: array.shape(), host: OnceLock::from(array), gpu: OnceLock::new() }
    }

    /// The content of a flat tensor, on whatever device it is.
    pub(crate) fn of_tensor(tensor: Tensor<1>, shape: Vec<usize>) -> Self {
        if is_host(&tensor) {
            return Self::new(Array::from_tensor(tensor).reshaped(shape));
        }
        Self { shape, host: OnceLock::new(), gpu: OnceLock::from(tensor) }
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The values in main memory; brought there the first time.
    pub(crate) fn array(&self) -> &Array {
        self.host.get_or_init(|| {
            let tensor = self.gpu.get().expect("it is in one of both places").clone();
            Array::new(values(tensor), self.shape.clone())
        })
    }

    /// The values in main memory, to be changed.
    pub(crate) fn array_mut(&mut self) -> &mut Array {
        self.array();
        self.gpu = OnceLock::new();
        self.host.get_mut().expect("it was just brought here")
    }

    /// The values, flat, on a device; brought there the first time.
    pub(crate) fn tensor(&self, device: &Device) -> Tensor<1> {
        if *device == Device::flex() {
            return self.array().clone().reshaped(vec![self.len()]).into_tensor();
        }
        let upload = || {
            let data = TensorData::new(self.array().values().to_vec(), [self.len()]);
            Tensor::from_data(data, device)
        };
        self.gpu.get_or_init(upload).clone()
    }

    /// The values on a GPU, flat, if they are there; then that is where to go on computing with them.
    pub(crate) fn on_gpu(&self) -> Option<&Tensor<1>> {
        self.gpu.get()
    }

    /// The values in main memory, if they are there.
    pub(crate) fn on_host(&self) -> Option<&Array> {
        self.host.get()
    }

    /// Replaces the values by those of a flat tensor of as many.
    pub(crate) fn set(&mut self, tensor: Tensor<1>) {
        assert_eq!(tensor.dims(), [self.len()], "values for shape {:?}", self.shape);
        *self = Self::of_tensor(tensor, std::mem::take(&mut self.shape));
    }
}
