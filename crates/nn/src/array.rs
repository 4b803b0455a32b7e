//! The meeting point with the tensor library: contiguous `f32` arrays in and out of its tensors.

use burn::backend::Flex;
use burn::tensor::{Bytes, DType, Device, Shape, Tensor};
use burn_flex::{FlexTensor, Layout};

use crate::kernels::{collect_chunks, elementwise};
use crate::threads;

/// Whether a tensor is in main memory, where our kernels compute.
pub(crate) fn is_host<const D: usize>(tensor: &Tensor<D>) -> bool {
    cfg!(not(feature = "vulkan")) || tensor.device() == Device::flex()
}

/// A tensor in main memory, without gradient, of `values`, in C order, taken over without a copy.
///
/// # Panics
/// When `shape` does not have as many elements as `values`.
#[must_use]
pub fn from_values<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    Array::new(values, shape.to_vec()).into_tensor()
}

/// The values of a tensor in C order, without its graph; without a copy if nobody else holds it and it
/// is in main memory.
#[must_use]
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let tensor = tensor.inner();
    if is_host(&tensor) {
        return Array::from_tensor(tensor).into_values();
    }
    let data = tensor.into_data_dtype(DType::F32);
    data.try_into_vec().expect("it was made to be f32")
}

/// A contiguous array of `f32`, cheap to clone; the kernels' view of a tensor.
#[derive(Clone, Debug)]
pub(crate) struct Array(FlexTensor);

impl Array {
    pub(crate) fn new(values: Vec<f32>, shape: Vec<usize>) -> Self {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "an array of shape {shape:?}");
        let layout = Layout::contiguous(Shape::from(shape));
        Self(FlexTensor::new(Bytes::from_elems(values), layout, DType::F32))
    }

    pub(crate) fn from_primitive(tensor: FlexTensor) -> Self {
        assert_eq!(tensor.dtype(), DType::F32, "kernels compute in f32");
        if tensor.as_slice::<f32>().is_some() { Self(tensor) } else { Self(tensor.to_contiguous()) }
    }

    pub(crate) fn from_tensor<const D: usize>(tensor: Tensor<D>) -> Self {
        let primitive = tensor.try_into_primitive::<Flex>();
        Self::from_primitive(primitive.expect("operations look where their inputs are"))
    }

    pub(crate) fn into_primitive(self) -> FlexTensor {
        self.0
    }

    pub(crate) fn into_tensor<const D: usize>(self) -> Tensor<D> {
        Tensor::from_primitive::<Flex>(self.0)
    }

    pub(crate) fn values(&self) -> &[f32] {
        self.0.as_slice().expect("arrays are contiguous by construction")
    }

    /// Mutable values; copied first if somebody else holds them too.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        let n = self.len();
        let start = self.0.layout().start_offset();
        &mut self.0.storage_mut::<f32>()[start..start + n]
    }

    /// Whether [`Self::values_mut`] would write in place.
    pub(crate) fn is_unique(&self) -> bool {
        self.0.is_unique()
    }

    pub(crate) fn into_values(self) -> Vec<f32> {
        let data = self.0.into_data();
        data.try_into_vec().expect("arrays hold f32")
    }

    pub(crate) fn shape(&self) -> Vec<usize> {
        self.0.layout().shape().to_vec()
    }

    pub(crate) fn dims<const D: usize>(&self) -> [usize; D] {
        let shape = self.shape();
        shape.try_into().unwrap_or_else(|shape| panic!("shape {shape:?} has {D} dimensions"))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.layout().num_elements()
    }

    pub(crate) fn reshaped(self, shape: Vec<usize>) -> Self {
        assert_eq!(self.len(), shape.iter().product::<usize>(), "reshape to {shape:?}");
        Self(self.0.reshape(Shape::from(shape)))
    }

    /// This gradient, passed back through a leaky rectifier of `x`; a slope of 1 is no rectifier.
    pub(crate) fn rectified(self, x: &Self, slope: f32) -> Self {
        if slope == 1.0 {
            return self;
        }
        self.combine(x, |x, gradient| elementwise::leaky_relu_gradient(x, gradient, slope))
    }

    /// Runs an in-place kernel over all elements, in chunks on all threads.
    pub(crate) fn map(self, kernel: impl Fn(&mut [f32]) + Sync) -> Self {
        self.fill_chunks(|_, chunk| kernel(chunk))
    }

    /// Like [`Self::map`], with the same elements of `other` beside.
    pub(crate) fn combine(self, other: &Self, kernel: impl Fn(&[f32], &mut [f32]) + Sync) -> Self {
        let others = other.values();
        assert_eq!(others.len(), self.len(), "arrays to combine");
        self.fill_chunks(|start, chunk| kernel(&others[start..start + chunk.len()], chunk))
    }

    /// Runs `kernel(start, chunk)` over chunks that fit a first-level cache: in place if nobody else
    /// holds the array, else on a copy that is made chunk by chunk.
    fn fill_chunks(mut self, kernel: impl Fn(usize, &mut [f32]) + Sync) -> Self {
        const CHUNK: usize = 4096;
        if self.is_unique() {
            threads::for_each_chunk(self.values_mut(), CHUNK, |i, chunk| kernel(i * CHUNK, chunk));
            return self;
        }
        let values = collect_chunks(self.len(), CHUNK, |i, chunk| {
            let source = &self.values()[i * CHUNK..][..chunk.len()];
            let chunk = chunk.write_copy_of_slice(source);
            kernel(i * CHUNK, chunk);
            chunk
        });
        Self::new(values, self.shape())
    }
}
