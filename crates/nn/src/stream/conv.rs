//! Convolutions with the end of the block before.

use super::lookback::Lookback;
use super::{Activation, Conv, Node, Outlet, Packer, Play, Upsample, elements};
use crate::kernels::frames::{Matrix, Window};

/// A convolution with the frames that it still has to look at.
#[derive(Debug)]
pub(super) struct ConvState {
    matrix: Matrix,
    activation: Option<Activation>,
    seen: Lookback,
    out: Vec<f32>,
}

impl ConvState {
    /// A convolution of activated frames.
    pub(super) fn new(
        conv: &Conv,
        activation: Option<&Activation>,
        inlet: Outlet,
        weights: &mut Packer,
    ) -> (Self, Outlet) {
        let Conv { channels_in, channels_out, kernel, stride, dilation, groups, .. } = *conv;
        assert_eq!(channels_in, inlet.channels, "channels of a convolution");
        let n_group = channels_in / groups;
        assert_eq!(conv.weight.len(), channels_out * n_group * kernel, "weights of a convolution");
        // Taps next to each other are one run.
        let window = if groups == 1 && dilation == 1 {
            Window { n_runs: 1, run_len: kernel * channels_in, run_step: 0 }
        } else {
            Window { n_runs: kernel, run_len: n_group, run_step: dilation * channels_in }
        };
        let weight = |out: usize, i: usize| {
            let (tap, channel) = (i / n_group, i % n_group);
            conv.weight[(out * n_group + channel) * kernel + tap]
        };
        let matrix = weights.pack(window, [channels_out, groups], &conv.bias, weight);
        let span = (kernel - 1) * dilation + 1;
        let n_before = conv.padding.0 + conv.padding.1 + conv.delay;
        let outlet = Outlet {
            channels: channels_out,
            max_frames: inlet.max_frames.div_ceil(stride) + usize::from(stride > 1),
            frames_in: inlet.frames_in * stride as f64,
            delay: inlet.delay + (conv.padding.1 + conv.delay) as f64 * inlet.frames_in,
        };
        let made = Self::with(matrix, activation, inlet, [stride, span, n_before]);
        (made.with_room_for(outlet.max_frames), outlet)
    }

    /// A transposed convolution: each frame and the one before it make `stride` frames.
    pub(super) fn upsampling(
        conv: &Upsample,
        activation: Option<&Activation>,
        inlet: Outlet,
        weights: &mut Packer,
    ) -> (Self, Outlet) {
        let Upsample { channels_in, channels_out, stride, .. } = *conv;
        assert_eq!(channels_in, inlet.channels, "channels of a transposed convolution");
        assert!(stride.is_multiple_of(2), "an even stride");
        assert_eq!(conv.weight.len(), channels_in * channels_out * 2 * stride);
        let window = Window { n_runs: 1, run_len: 2 * channels_in, run_step: 0 };
        let weight = |out: usize, i: usize| {
            let (frame, channel_out) = (out / channels_out, out % channels_out);
            let (is_newer, channel) = (i / channels_in == 1, i % channels_in);
            let tap = if is_newer { frame } else { frame + stride };
            conv.weight[(channel * channels_out + channel_out) * 2 * stride + tap]
        };
        let bias = conv.bias.repeat(stride);
        let matrix = weights.pack(window, [stride * channels_out, 1], &bias, weight);
        let frames_in = inlet.frames_in / stride as f64;
        let outlet = Outlet {
            channels: channels_out,
            max_frames: inlet.max_frames * stride,
            frames_in,
            delay: inlet.delay + (stride / 2) as f64 * frames_in,
        };
        let made = Self::with(matrix, activation, inlet, [1, 2, 1]);
        (made.with_room_for(inlet.max_frames), outlet)
    }

    fn with(
        matrix: Matrix,
        activation: Option<&Activation>,
        inlet: Outlet,
        look: [usize; 3],
    ) -> Self {
        if let Some(Activation::Snake(alpha)) = activation {
            assert_eq!(alpha.len(), inlet.channels, "an alpha for each channel");
        }
        let (activation, seen) = (activation.cloned(), Lookback::new(inlet, look));
        Self { matrix, activation, seen, out: vec![] }
    }

    fn with_room_for(mut self, n_frames: usize) -> Self {
        self.out = vec![0.0; n_frames * self.matrix.n_out()];
        self
    }
}

impl Node for ConvState {
    fn run<'a>(&'a mut self, x: &'a mut [f32], play: &mut Play<'_>) -> &'a mut [f32] {
        let taken = self.seen.take(x);
        if let Some(activation) = &self.activation {
            elements::activate(activation, taken);
        }
        let n = self.seen.n_due();
        let frames = self.seen.frames();
        self.matrix.product(play.weights, frames, self.seen.step(), n, &mut self.out);
        self.seen.let_go(n);
        &mut self.out[..n * self.matrix.n_out()]
    }

    fn reset(&mut self) {
        self.seen.reset();
    }
}
