//! The device that tensors are computed on, and the precision of convolutions: the CPU with our own kernels,
//! or a GPU through the tensor library.
//!
//! Nothing else chooses a device: a [`Compute`] puts weights and sounds on one, and every operation computes
//! on the device of its inputs.

use std::sync::OnceLock;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};

use crate::from_values;

/// A device to compute on, and the precision of convolutions there.
#[derive(Clone, Debug)]
pub struct Compute {
    /// None for the CPU with our own kernels.
    gpu: Option<Gpu>,
}

#[derive(Clone, Debug)]
struct Gpu {
    device: Device,
    name: String,
    /// The 16-bit type that convolutions multiply in; `None` for 32 bits.
    half: Option<FloatDType>,
}

/// Why there is no GPU to compute on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoGpu {
    /// This program was built without it.
    #[error("this Maquette was built without support for GPUs")]
    NotBuilt,
    /// The system has no card with a driver for Vulkan.
    #[error("no graphics card with a driver for Vulkan was found")]
    NotFound,
}

/// If this variable is set, to any value, a software renderer counts as a GPU: for tests without one. It is
/// much slower than the CPU with our kernels.
pub const SOFTWARE_GPU: &str = "MAQUETTE_SOFTWARE_GPU";

impl Compute {
    /// The CPU, with our own kernels.
    #[must_use]
    pub fn cpu() -> Self {
        Self { gpu: None }
    }

    /// The best GPU of the system. If `is_mixed`, convolutions multiply in 16 bits and everything else stays
    /// in 32: in `bfloat16` where the GPU supports it (few do through Vulkan), else in `float16`, for which losses
    /// must be scaled.
    ///
    /// The first call looks for GPUs, which can take a second.
    ///
    /// # Errors
    /// When there is none.
    pub fn gpu(is_mixed: bool) -> Result<Self, NoGpu> {
        let (device, name) = found()?;
        let halves = [FloatDType::BF16, FloatDType::F16];
        let half = halves.into_iter().find(|half| is_mixed && device.supports_dtype(*half));
        Ok(Self { gpu: Some(Gpu { device: device.clone(), name: name.clone(), half }) })
    }

    /// Whether this is a GPU.
    #[must_use]
    pub fn is_gpu(&self) -> bool {
        self.gpu.is_some()
    }

    /// Whether convolutions multiply in 16 bits.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        self.half().is_some()
    }

    /// Whether losses must be scaled ([`LossScale`](crate::LossScale)), because `float16` gradients would underflow
    /// in convolutions otherwise.
    #[must_use]
    pub fn needs_loss_scale(&self) -> bool {
        self.half() == Some(FloatDType::F16)
    }

    /// The device in words: `CPU`, or the name of a GPU and its precision.
    #[must_use]
    pub fn description(&self) -> String {
        let Some(gpu) = &self.gpu else { return "CPU".into() };
        let precision = match gpu.half {
            Some(FloatDType::BF16) => "mixed precision (bfloat16)",
            Some(_) => "mixed precision (float16)",
            None => "float32",
        };
        format!("{}, {precision}", gpu.name)
    }

    /// A tensor of `values`, in C order, on this device, without gradient.
    ///
    /// # Panics
    /// When `shape` does not have as many elements as `values`.
    #[must_use]
    pub fn tensor<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        match &self.gpu {
            None => from_values(values, shape),
            Some(gpu) => Tensor::from_data(TensorData::new(values, shape), &gpu.device),
        }
    }

    pub(crate) fn device(&self) -> Device {
        self.gpu.as_ref().map_or_else(Device::flex, |gpu| gpu.device.clone())
    }

    /// A weight cast to the precision of convolutions on this device.
    pub(crate) fn cast_for_products<const D: usize>(&self, weight: Tensor<D>) -> Tensor<D> {
        match self.half() {
            Some(half) => weight.cast(half),
            None => weight,
        }
    }

    fn half(&self) -> Option<FloatDType> {
        self.gpu.as_ref()?.half
    }
}

/// The best GPU and its name, looked for once.
fn found() -> Result<&'static (Device, String), NoGpu> {
    static FOUND: OnceLock<Result<(Device, String), NoGpu>> = OnceLock::new();
    FOUND.get_or_init(look).as_ref().map_err(Clone::clone)
}

#[cfg(not(feature = "vulkan"))]
fn look() -> Result<(Device, String), NoGpu> {
    Err(NoGpu::NotBuilt)
}

/// Tries GPUs in this order: discrete, integrated, virtual, software. One that cannot be opened is skipped.
#[cfg(feature = "vulkan")]
fn look() -> Result<(Device, String), NoGpu> {
    use burn::tensor::{DeviceKind, wgpu::WgpuBackend};

    let software = std::env::var_os(SOFTWARE_GPU).map(|_| DeviceKind::Cpu);
    let cards =
        [DeviceKind::DiscreteGpu(0), DeviceKind::IntegratedGpu(0), DeviceKind::VirtualGpu(0)];
    cards
        .into_iter()
        .chain(software)
        .find_map(|kind| {
            let options = Device::wgpu_options().device_kind(kind);
            let device = options.graphics_api(WgpuBackend::Vulkan).init().ok()?;
            let name = device.identity()?.name;
            Some((device, name))
        })
        .ok_or(NoGpu::NotFound)
}
