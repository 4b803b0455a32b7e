//! The streaming engine: runs a network block by block, in real time, independent of the training graph.
//!
//! A network is described as data, a list of [`Layer`]s with their weights; [`Engine::new`] packs the
//! weights and takes all the memory that it will ever need; [`Engine::process`] then neither allocates
//! nor locks, on one thread. What a convolution would see as zero padding is the end of the block
//! before, so blocks join without a seam, and the output is the same to the last bit for blocks of
//! whatever sizes.
//!
//! Sound lies frame after frame: `[frames, channels]`, one channel next to the other.
//!
//! A strided layer outputs its `m`-th frame as soon as the first of the `stride` frames that it covers has
//! arrived (its receptive field lies before), so an engine that downsamples by 2048 outputs a frame at samples
//! 0, 2048, 4096… whatever the blocks. With small blocks the load is therefore bursty: the block in which a
//! frame of the deepest layer begins pays for that layer.
//!
//! Numerics: those of networks whose padding is cached, as in Caillon and Esling, "Streamable neural
//! audio synthesis with non-causal convolutions", 2022, <https://arxiv.org/abs/2204.07064>.

mod branches;
mod conv;
mod elements;
mod lookback;
mod noise;
mod recurrent;
mod spectrum;
mod store;

use crate::kernels::frames::{Format, Matrix, Window};
use conv::ConvState;
use elements::TransferState;
use store::Store;

/// One layer of a network.
#[derive(Clone, Debug)]
pub enum Layer {
    /// A convolution over time.
    Conv(Conv),
    /// A transposed convolution, which makes several frames of one.
    Upsample(Upsample),
    /// An elementwise activation.
    Activate(Activation),
    /// `scale * x + shift`, channel by channel.
    Affine {
        /// One for each channel.
        scale: Vec<f32>,
        /// One for each channel.
        shift: Vec<f32>,
    },
    /// A residual connection: the output of its layers, plus the input delayed by `delay` frames.
    Residual {
        /// The latency of the layers, in frames.
        delay: usize,
        /// They keep the number of channels and frames.
        layers: Vec<Layer>,
    },
    /// The sum of branches over the same input.
    Sum(Vec<Branch>),
    /// The product of branches over the same input; a branch with a single channel is broadcast over the
    /// channels of the first.
    Product(Vec<Branch>),
    /// The first half of the channels, times the sigmoid of the second half.
    Gate,
    /// Every odd channel of `n_band` changes its sign in every even frame: turns the bands of a filter
    /// bank the right way round.
    Mirror {
        /// Channels of one sound.
        n_band: usize,
    },
    /// Frames of `groups * n` channels become `n` times as many of `groups` channels.
    Unfold {
        /// Channels that are left.
        groups: usize,
    },
    /// Waits for the first of every `n_frames` frames, and lets it pass with those that were kept.
    ///
    /// The output of later layers with a stride of `n_frames` does not change: it was not due earlier. But they
    /// compute several frames at once, in fewer blocks, which costs little more than one frame if their weights
    /// are large.
    Gather {
        /// How many frames make one that goes out of what follows.
        n_frames: usize,
    },
    /// Statistics of one sound laid over another.
    Transfer(Transfer),
    /// Filtered noise.
    Noise(Noise),
    /// Gated recurrent units.
    Gru(Vec<GruLayer>),
    /// Spectra of windows over time, one channel's bins after the other's.
    PowerSpectrum(PowerSpectrum),
}

/// A convolution over time, with the end of the block before in place of padding.
#[derive(Clone, Debug)]
pub struct Conv {
    /// `[channels_out, channels_in / groups, kernel]`.
    pub weight: Vec<f32>,
    /// One for each channel that goes out, or empty.
    pub bias: Vec<f32>,
    /// Channels that come in.
    pub channels_in: usize,
    /// Channels that go out.
    pub channels_out: usize,
    /// Taps.
    pub kernel: usize,
    /// The stride, in input frames.
    pub stride: usize,
    /// Frames from tap to tap.
    pub dilation: usize,
    /// Groups of channels; each is computed from its own inputs.
    pub groups: usize,
    /// Padding to the left and right that the network was trained with, in frames.
    pub padding: (usize, usize),
    /// Frames by which the input comes late, before everything else; see [`Conv::stride_delay`].
    pub delay: usize,
}

impl Conv {
    /// The delay that a strided convolution is preceded by, so that its frames stay in step, where what
    /// comes in is late by `late` frames already.
    #[must_use]
    pub fn stride_delay(stride: usize, padding_right: usize, late: usize) -> usize {
        (stride - (padding_right + late) % stride) % stride
    }
}

/// A transposed convolution of kernel `2 * stride` and padding `stride / 2`, for an even stride.
#[derive(Clone, Debug)]
pub struct Upsample {
    /// `[channels_in, channels_out, 2 * stride]`.
    pub weight: Vec<f32>,
    /// One for each channel that goes out, or empty.
    pub bias: Vec<f32>,
    /// Channels that come in.
    pub channels_in: usize,
    /// Channels that go out.
    pub channels_out: usize,
    /// Frames that go out for one that comes in.
    pub stride: usize,
}

/// A function of every number.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// `x` where it is positive, elsewhere this slope times `x`.
    Leaky(f32),
    /// `x + sin(a x)^2 / (a + 1e-9)`, with an `a` for each channel.
    Snake(Vec<f32>),
    /// Hyperbolic tangent.
    Tanh,
    /// `2 sigmoid(x)^2.3 + 1e-7`, a loudness.
    Loudness,
    /// `ln(1 + x)`, of powers.
    LogOnePlus,
}

/// One of several things that are done to the same input.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Frames by which its input comes late.
    pub delay: usize,
    /// The layers of the branch.
    pub layers: Vec<Layer>,
}

/// Adaptive instance normalisation: frames of a source get the mean and deviation of a target.
///
/// Learning takes the mean and deviation of each block, and averages them over blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// The statistics to be replaced.
    pub source: Statistics,
    /// The statistics that replace them.
    pub target: Statistics,
}

/// Mean and deviation of every channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// One for each channel.
    pub mean: Vec<f32>,
    /// One for each channel.
    pub deviation: Vec<f32>,
    /// Blocks that they were learnt from; without any, nothing is transferred.
    pub n_blocks: f32,
}

/// White noise in every channel, filtered by time-varying amplitudes from layers.
#[derive(Clone, Debug)]
pub struct Noise {
    /// The layers that output the amplitudes, in `channels * n_amplitudes` channels.
    pub layers: Vec<Layer>,
    /// Channels of noise.
    pub channels: usize,
    /// From amplitudes to impulse responses: `[n_amplitudes, n_block]`.
    pub response: Vec<f32>,
    /// Frames that go out for one frame of amplitudes.
    pub n_block: usize,
}

/// One layer of gated recurrent units; the gates are reset, update and new, in this order.
#[derive(Clone, Debug)]
pub struct GruLayer {
    /// `[3 * hidden, channels_in]`.
    pub weight_input: Vec<f32>,
    /// `[3 * hidden, hidden]`.
    pub weight_hidden: Vec<f32>,
    /// `[3 * hidden]`.
    pub bias_input: Vec<f32>,
    /// `[3 * hidden]`.
    pub bias_hidden: Vec<f32>,
}

/// Squared magnitudes of the short-time Fourier transform with a periodic Hann window, not normalised.
///
/// The window of output `m` is centred on frame `m * hop`. Played block by block it comes late by half a
/// window, rounded up to whole hops so that windows are those of the whole sound, and sees zeros before the first frame; of a sound as a whole it sees the
/// ends mirrored, as networks that train on it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerSpectrum {
    /// Frames in a window; even.
    pub n_fft: usize,
    /// Frames from one window to the next.
    pub hop: usize,
}

impl PowerSpectrum {
    /// Bins of each channel.
    #[must_use]
    pub fn n_bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// By how many frames windows come late when sound comes block by block.
    pub(crate) fn lateness(&self) -> usize {
        (self.n_fft / 2).next_multiple_of(self.hop)
    }

    /// Frames of nothing before the first that make the first window as late as that.
    pub(crate) fn n_before(&self) -> usize {
        self.n_fft / 2 + self.lateness()
    }
}

/// The statistics that [`Transfer`]s gather while frames pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learning {
    /// Learn the source.
    pub source: bool,
    /// Learn the target; nothing is transferred meanwhile.
    pub target: bool,
}

/// The precision of weights. The speed of a network that does not fit into the CPU's cache is that of reading
/// its weights from memory: the fewer bytes, the faster.
///
/// Only the weights of large layers are quantised to integers, with a scale for every 64 weights of an output;
/// sums are always computed in 32-bit floats. The quantisation noise was measured with a trained `v2_small` and
/// six recordings, with small layers quantised too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Unquantised: the original's numbers, up to rounding.
    #[default]
    Float32,
    /// 16-bit integers. Noise 78 to 92 dB below the signal.
    Int16,
    /// 8-bit integers. Noise 35 to 43 dB below the signal.
    Int8,
}

/// A network with its state.
#[derive(Debug)]
pub struct Engine {
    nodes: Row,
    store: Store,
    input: Vec<f32>,
    channels_in: usize,
    outlet: Outlet,
}

impl Engine {
    /// A network for frames of `channels` numbers, at most `max_frames` at a time.
    ///
    /// # Panics
    /// When the layers do not fit together.
    #[must_use]
    pub fn new(layers: &[Layer], channels: usize, max_frames: usize, precision: Precision) -> Self {
        let mut weights = Packer { store: vec![], precision };
        let inlet = Outlet { channels, max_frames, frames_in: 1.0, delay: 0.0 };
        let (nodes, outlet) = row(layers, inlet, &mut weights);
        Self {
            nodes,
            store: Store::new(&weights.store),
            input: vec![0.0; channels * max_frames],
            channels_in: channels,
            outlet,
        }
    }

    /// Runs the network on some frames, at most `max_frames`. Shapes:
    /// `[frames, channels] -> [frames', channels']`.
    ///
    /// `uniform` fills a slice with random numbers in [0, 1), for the noise.
    ///
    /// # Panics
    /// When there are more frames than `max_frames`, or not whole ones.
    pub fn process(&mut self, frames: &[f32], uniform: &mut dyn FnMut(&mut [f32])) -> &[f32] {
        assert!(frames.len().is_multiple_of(self.channels_in), "whole frames");
        let input = &mut self.input[..frames.len()];
        input.copy_from_slice(frames);
        let mut play = Play { weights: self.store.values(), uniform };
        run(&mut self.nodes, input, &mut play)
    }

    /// Forgets all that was heard, but not what was learnt.
    pub fn reset(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.reset());
    }

    /// Channels that come in.
    #[must_use]
    pub fn channels_in(&self) -> usize {
        self.channels_in
    }

    /// Channels that go out.
    #[must_use]
    pub fn channels_out(&self) -> usize {
        self.outlet.channels
    }

    /// The most frames that go out for the most that come in.
    #[must_use]
    pub fn max_frames_out(&self) -> usize {
        self.outlet.max_frames
    }

    /// How many frames that come in pass for one that goes out.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.outlet.frames_in
    }

    /// By how many frames that come in the output is later than that of the network that sees all
    /// sound at once.
    #[must_use]
    pub fn delay(&self) -> f64 {
        self.outlet.delay
    }

    /// The memory of the packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        size_of_val(self.store.values())
    }

    /// Whether there is a [`Transfer`] that [`Self::learn`] applies to.
    #[must_use]
    pub fn can_learn(&mut self) -> bool {
        let mut is_any = false;
        self.for_each_transfer(&mut |_| is_any = true);
        is_any
    }

    /// Learns the statistics of what passes from now on.
    pub fn learn(&mut self, learning: Learning) {
        self.for_each_transfer(&mut |transfer| transfer.learning = learning);
    }

    /// Forgets the statistics of the source.
    pub fn forget_source(&mut self) {
        self.for_each_transfer(&mut |transfer| transfer.statistics.source.forget());
    }

    /// Forgets the statistics of the target.
    pub fn forget_target(&mut self) {
        self.for_each_transfer(&mut |transfer| transfer.statistics.target.forget());
    }

    fn for_each_transfer(&mut self, visit: &mut dyn FnMut(&mut TransferState)) {
        self.nodes.iter_mut().for_each(|node| node.for_each_transfer(visit));
    }
}

impl Transfer {
    /// The scale of each channel, and the shift added after it.
    pub(crate) fn scale_and_shift(&self) -> (Vec<f32>, Vec<f32>) {
        let Self { source, target } = self;
        let ends = source.deviation.iter().zip(&target.deviation);
        let scale: Vec<f32> = ends.map(|(source, target)| target / (source + 1e-5)).collect();
        let means = source.mean.iter().zip(&target.mean).zip(&scale);
        let shift = means.map(|((source, target), scale)| target - source * scale).collect();
        (scale, shift)
    }
}

impl Statistics {
    /// Neutral statistics, learnt from nothing.
    #[must_use]
    pub fn unknown(channels: usize) -> Self {
        Self { mean: vec![0.0; channels], deviation: vec![1.0; channels], n_blocks: 0.0 }
    }

    fn forget(&mut self) {
        self.mean.fill(0.0);
        self.deviation.fill(1.0);
        self.n_blocks = 0.0;
    }
}

/// The format of a layer's output.
#[derive(Clone, Copy, Debug)]
struct Outlet {
    channels: usize,
    /// The most at a time.
    max_frames: usize,
    /// Frames of the engine's input for one of these.
    frames_in: f64,
    /// Frames of the engine's input that these are late.
    delay: f64,
}

/// The weights on their way into the store.
struct Packer {
    store: Vec<u32>,
    precision: Precision,
}

/// Weights of a layer from which on they are kept as whole numbers, if any are: smaller ones stay in the cache
/// between blocks, and are used for more frames.
const MIN_WHOLE: usize = 1 << 17;

impl Packer {
    /// Packs what [`Matrix::pack`] describes.
    fn pack(
        &mut self,
        window: Window,
        [n_out, groups]: [usize; 2],
        bias: &[f32],
        weight: impl Fn(usize, usize) -> f32,
    ) -> Matrix {
        let format = match self.precision {
            _ if n_out * window.n_values() < MIN_WHOLE => Format::Float32,
            precision => Format::from(precision),
        };
        Matrix::pack(window, n_out, groups, bias, format, weight, &mut self.store)
    }
}

/// Resources that layers use while they run.
struct Play<'a> {
    weights: &'a [u32],
    uniform: &'a mut dyn FnMut(&mut [f32]),
}

/// A layer with its state and memory.
trait Node: Send + std::fmt::Debug {
    /// Processes some frames, which it may overwrite.
    fn run<'a>(&'a mut self, x: &'a mut [f32], play: &mut Play<'_>) -> &'a mut [f32];

    /// Clears its state.
    fn reset(&mut self);

    /// Visits every transfer in it.
    fn for_each_transfer(&mut self, _visit: &mut dyn FnMut(&mut TransferState)) {}
}

type Row = Vec<Box<dyn Node>>;

/// One layer after the other.
fn run<'a>(nodes: &'a mut Row, x: &'a mut [f32], play: &mut Play<'_>) -> &'a mut [f32] {
    nodes.iter_mut().fold(x, |x, node| node.run(x, play))
}

/// The state of `layers` behind `inlet`, and what comes out of them. An activation before a convolution
/// is done where the convolution keeps its input.
fn row(layers: &[Layer], inlet: Outlet, weights: &mut Packer) -> (Row, Outlet) {
    let (mut nodes, mut outlet) = (Row::new(), inlet);
    let mut layers = layers.iter().peekable();
    while let Some(layer) = layers.next() {
        let (node, out): (Box<dyn Node>, Outlet) = match layer {
            Layer::Activate(activation) => {
                match layers.next_if(|next| matches!(next, Layer::Conv(_) | Layer::Upsample(_))) {
                    Some(Layer::Conv(conv)) => {
                        boxed(ConvState::new(conv, Some(activation), outlet, weights))
                    }
                    Some(Layer::Upsample(conv)) => {
                        boxed(ConvState::upsampling(conv, Some(activation), outlet, weights))
                    }
                    _ => (Box::new(elements::Activated(activation.clone())), outlet),
                }
            }
            Layer::Conv(conv) => boxed(ConvState::new(conv, None, outlet, weights)),
            Layer::Upsample(conv) => boxed(ConvState::upsampling(conv, None, outlet, weights)),
            Layer::Affine { scale, shift } => {
                assert!(scale.len() == outlet.channels && shift.len() == outlet.channels);
                let (scale, shift) = (scale.clone(), shift.clone());
                (Box::new(elements::Affine { scale, shift }), outlet)
            }
            Layer::Residual { delay, layers } => {
                boxed(branches::Residual::new(*delay, layers, outlet, weights))
            }
            Layer::Sum(all) => boxed(branches::Joined::sum(all, outlet, weights)),
            Layer::Product(all) => boxed(branches::Joined::product(all, outlet, weights)),
            Layer::Gate => boxed(elements::Gate::new(outlet)),
            Layer::Mirror { n_band } => {
                (Box::new(elements::Mirror::new(*n_band, outlet.channels)), outlet)
            }
            Layer::Unfold { groups } => boxed(elements::Unfold::new(*groups, outlet)),
            Layer::Gather { n_frames } => boxed(elements::Gather::new(*n_frames, outlet)),
            Layer::Transfer(transfer) => {
                (Box::new(TransferState::new(transfer, outlet.channels)), outlet)
            }
            Layer::Noise(noise) => boxed(noise::NoiseState::new(noise, outlet, weights)),
            Layer::Gru(layers) => boxed(recurrent::GruState::new(layers, outlet, weights)),
            Layer::PowerSpectrum(spectrum) => {
                boxed(spectrum::SpectrumState::new(*spectrum, outlet))
            }
        };
        nodes.push(node);
        outlet = out;
    }
    (nodes, outlet)
}

fn boxed(it: (impl Node + 'static, Outlet)) -> (Box<dyn Node>, Outlet) {
    (Box::new(it.0), it.1)
}

#[cfg(test)]
mod tests;
