//! Long signals of `EnCodec` computed piece by piece, so that memory does not grow with them.
//!
//! A piece is computed with as many frames around it as any of its numbers depends on, and those are thrown away: what
//! is left is what the whole at once would give. At the ends of the whole there is nothing around, and the layers pad as
//! ever. Recurrent layers depend on all that was before, so they are no part of this: they carry their state.

use super::EncodecConfig;
use super::config::Norm;
use super::layers::{Layer, Signal};

/// Samples of a piece: about two seconds, which is 80 MB in the widest layers of the published models.
const SAMPLES: usize = 1 << 16;

/// A run of layers over frames of latents or over the samples that belong to them.
pub(super) struct Pieces<'a> {
    pub(super) layers: &'a [Layer],
    /// Numbers of a channel that go in, and come out, for each frame of latents.
    pub(super) per_frame: [usize; 2],
}

/// How a long signal is walked through.
pub(super) struct Pace<'a> {
    /// Frames of latents of a piece.
    pub(super) n_frames: usize,
    /// Asked before each piece whether to go on.
    pub(super) go_on: &'a mut dyn FnMut() -> bool,
}

/// Frames of a piece; all there are where a layer looks at the whole.
pub(super) fn n_frames(config: &EncodecConfig) -> usize {
    match config.norm_type {
        Norm::TimeGroupNorm => usize::MAX,
        Norm::WeightNorm => (SAMPLES / config.hop()).max(8),
    }
}

impl Pieces<'_> {
    /// Runs the layers, `run`, over a signal; nothing if the pace ends it.
    pub(super) fn run(
        &self,
        config: &EncodecConfig,
        x: &Signal,
        run: impl Fn(Signal) -> Signal,
        pace: Pace<'_>,
    ) -> Option<Signal> {
        let Pace { n_frames: n_of_piece, go_on } = pace;
        let [n_in, n_out] = self.per_frame;
        let n_frames = x.n_frames().div_ceil(n_in);
        let around = self.around(config);
        let mut whole: Option<Joined> = None;
        let mut start = 0;
        while start < n_frames {
            if !go_on() {
                return None;
            }
            let end = start.saturating_add(n_of_piece).min(n_frames);
            let (from, to) = (start.saturating_sub(around), end.saturating_add(around));
            let (from, to) = (from * n_in, to.saturating_mul(n_in).min(x.n_frames()));
            let y = run(x.cut(from, to - from));
            let before = start * n_out - from / n_in * n_out;
            let length = match end == n_frames {
                true => y.n_frames() - before,
                false => (end - start) * n_out,
            };
            if (start, end) == (0, n_frames) {
                return Some(y);
            }
            let whole = whole.get_or_insert_with(|| Joined::new(y.n_channels, n_frames * n_out));
            whole.append(&y, before, length);
            start = end;
        }
        whole.map(Joined::into_signal)
    }

    /// Frames around a piece that its numbers depend on.
    fn around(&self, config: &EncodecConfig) -> usize {
        let mut per_frame = self.per_frame[0] as f64;
        let reach: f64 = self.layers.iter().map(|it| it.reach(config, &mut per_frame)).sum();
        reach.ceil() as usize + 1
    }
}

/// Pieces one behind the other, channel by channel.
struct Joined {
    channels: Vec<Vec<f32>>,
}

impl Joined {
    fn new(n_channels: usize, n: usize) -> Self {
        Self { channels: (0..n_channels).map(|_| Vec::with_capacity(n)).collect() }
    }

    fn append(&mut self, piece: &Signal, from: usize, length: usize) {
        for (all, channel) in self.channels.iter_mut().zip(piece.channels()) {
            all.extend(&channel[from..from + length]);
        }
    }

    fn into_signal(self) -> Signal {
        let n_channels = self.channels.len();
        // A single channel, as sound mostly has, is not copied.
        let values = match <[Vec<f32>; 1]>::try_from(self.channels) {
            Ok([channel]) => channel,
            Err(channels) => channels.concat(),
        };
        Signal { n_channels, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_as_much_around_them_as_their_layers_reach() {
        let config = EncodecConfig::default();
        let conv = |kernel, stride, dilation| {
            let name = String::new();
            super::super::layers::Conv { name, n_in: 1, n_out: 1, kernel, stride, dilation }
        };
        let check = |layers: Vec<Layer>, per_frame, expected| {
            let pieces = Pieces { layers: &layers, per_frame };
            assert_eq!(pieces.around(&config), expected);
        };
        check(vec![Layer::Elu], [1, 1], 1);
        // Seven taps of a causal layer reach six back.
        check(vec![Layer::Conv(conv(7, 1, 1))], [1, 1], 7);
        check(vec![Layer::Conv(conv(7, 1, 1))], [4, 4], 3);
        // Behind an upsampling by four, taps are a quarter of a frame.
        let up = || Layer::Upsampling(conv(8, 4, 1));
        check(vec![up(), Layer::Conv(conv(3, 1, 2))], [1, 4], 3);
        check(vec![Layer::Conv(conv(8, 4, 1)), Layer::Conv(conv(3, 1, 1))], [4, 1], 4);
    }
}
