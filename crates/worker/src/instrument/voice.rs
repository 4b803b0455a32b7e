//! A model of an instrument: it makes frames of latents from sound, and sound from frames.

use models::{CodecShape, LiveCodec};

use super::{PIECE, controls::Smoothed, space::Coordinates};

/// A model that plays. While it is not heard it rests, and begins anew with a latent frame when it is heard again.
pub(super) struct Voice {
    player: Box<dyn LiveCodec>,
    seed: u64,
    coordinates: Coordinates,
    n_channels: usize,
    latent_size: usize,
    ratio: usize,
    can_share: bool,
    weight: Smoothed,
    weight_now: f32,
    is_encoding: bool,
    is_decoding: bool,
    /// Latents of the frames that begin in the piece, frame after frame.
    frames: Vec<f32>,
    /// Samples that were made and not heard yet, interleaved.
    waiting: Vec<f32>,
    n_waiting: usize,
    /// Makes it as late as the latest model, interleaved; empty if it is that.
    late: Vec<f32>,
    late_at: usize,
}

impl Voice {
    pub(super) fn new(
        player: Box<dyn LiveCodec>,
        shape: CodecShape,
        coordinates: Coordinates,
        can_share: bool,
        seed: u64,
    ) -> Self {
        let n_frames = PIECE.div_ceil(shape.ratio) + 1;
        Self {
            player,
            seed,
            coordinates,
            n_channels: shape.channels,
            latent_size: shape.latent_size,
            ratio: shape.ratio,
            can_share,
            weight: Smoothed::new(0.0, shape.rate_hz),
            weight_now: 0.0,
            is_encoding: false,
            is_decoding: false,
            frames: Vec::with_capacity(n_frames * shape.latent_size),
            waiting: vec![0.0; shape.channels * (PIECE + (n_frames + 1) * shape.ratio)],
            n_waiting: 0,
            late: vec![],
            late_at: 0,
        }
    }

    pub(super) fn into_player(self) -> Box<dyn LiveCodec> {
        self.player
    }

    /// Makes sound of frames that nobody hears, so that its memory is what it would be after them.
    pub(super) fn decode_unheard(&mut self, frames: &[f32]) {
        let at_once = (PIECE / self.ratio).max(1) * self.latent_size;
        for frames in frames.chunks(at_once) {
            self.player.decode(frames);
        }
    }

    pub(super) fn latency_samples(&self) -> usize {
        self.player.latency_samples()
    }

    /// By how many samples its latents come later than the sound that they are of.
    pub(super) fn encoder_latency_samples(&self) -> usize {
        self.latency_samples().saturating_sub(self.player.decoder_latency_samples())
    }

    /// Makes it as late as that.
    pub(super) fn wait_for(&mut self, latency_samples: usize) {
        let more = latency_samples - self.latency_samples();
        self.late = vec![0.0; more * self.n_channels];
    }

    pub(super) fn coordinates(&self) -> &Coordinates {
        &self.coordinates
    }

    pub(super) fn ratio(&self) -> usize {
        self.ratio
    }

    /// Whether it can decode the latents of the first model.
    pub(super) fn can_share(&self) -> bool {
        self.can_share
    }

    pub(super) fn frames(&self) -> &[f32] {
        &self.frames
    }

    pub(super) fn frames_mut(&mut self) -> &mut [f32] {
        &mut self.frames
    }

    /// Whether anything of it is heard, or still fades out.
    pub(super) fn is_heard(&self, weight: f32) -> bool {
        weight > 0.0 || self.weight_now > 0.0
    }

    pub(super) fn settle(&mut self, weight: f32) {
        self.weight.jump(weight);
        self.weight_now = weight;
    }

    /// Samples until the next latent frame, if it rests in any way and cannot begin here.
    pub(super) fn samples_until_begin(&self, n_played: u64) -> Option<usize> {
        let into = (n_played % self.ratio as u64) as usize;
        let rests = !self.is_encoding || !self.is_decoding;
        (rests && into != 0).then(|| self.ratio - into)
    }

    /// How many frames begin in the next `n` samples.
    fn n_beginning(&self, n_played: u64, n: usize) -> usize {
        let ratio = self.ratio as u64;
        ((n_played + n as u64).div_ceil(ratio) - n_played.div_ceil(ratio)) as usize
    }

    /// Makes the frames that begin in the next `n` samples: of the sound, or empty ones where no sound is needed.
    pub(super) fn encode(
        &mut self,
        sound: &[Vec<f32>],
        n: usize,
        n_played: u64,
        needs_sound: bool,
        weight: f32,
        is_needed: bool,
    ) {
        self.frames.clear();
        if !self.is_heard(weight) && !is_needed {
            self.rest_encoder();
            return;
        }
        let n_frames = self.n_beginning(n_played, n);
        let can_begin = n_played.is_multiple_of(self.ratio as u64);
        if needs_sound && (self.is_encoding || can_begin) {
            self.is_encoding = true;
            let made = match sound {
                [mono] => self.player.encode(&[&mono[..n]]),
                [left, right] => self.player.encode(&[&left[..n], &right[..n]]),
                _ => &[],
            };
            self.frames.extend_from_slice(made);
        } else {
            self.rest_encoder();
        }
        // A model of more than two channels, or one that rests: the mean of its latents.
        self.frames.resize(n_frames * self.latent_size, 0.0);
    }

    fn rest_encoder(&mut self) {
        if std::mem::take(&mut self.is_encoding) {
            self.player.reset_encoder();
        }
    }

    /// Takes the frames of the first model.
    pub(super) fn take_frames(&mut self, frames: &[f32], weight: f32) {
        self.frames.clear();
        self.rest_encoder();
        if self.is_heard(weight) {
            self.frames.extend_from_slice(frames);
        }
    }

    /// Makes sound of the frames, and adds the next `n` samples at its weight.
    pub(super) fn decode(&mut self, weight: f32, n_played: u64, n: usize, wet: &mut [Vec<f32>]) {
        let can_begin = n_played.is_multiple_of(self.ratio as u64);
        if !self.is_heard(weight) {
            if std::mem::take(&mut self.is_decoding) {
                self.player.reset_decoder();
                self.n_waiting = 0;
                self.late.fill(0.0);
            }
            return;
        }
        if !self.is_decoding && !can_begin {
            return;
        }
        self.is_decoding = true;
        let made = self.player.decode(&self.frames);
        self.waiting[self.n_waiting..self.n_waiting + made.len()].copy_from_slice(made);
        self.n_waiting += made.len();
        let n_channels = self.n_channels;
        for i in 0..n {
            self.weight_now = self.weight.next(weight);
            for (c, wet) in wet.iter_mut().enumerate() {
                let mut sample = self.waiting[i * n_channels + c];
                if !self.late.is_empty() {
                    std::mem::swap(&mut sample, &mut self.late[self.late_at + c]);
                }
                // A model that has gone astray must not be heard as noise at full scale for ever.
                let sample = if sample.is_finite() { sample } else { 0.0 };
                wet[i] += sample * self.weight_now;
            }
            if !self.late.is_empty() {
                self.late_at = (self.late_at + n_channels) % self.late.len();
            }
        }
        self.waiting.copy_within(n * n_channels..self.n_waiting, 0);
        self.n_waiting -= n * n_channels;
    }

    /// Lets random numbers begin anew.
    pub(super) fn reseed(&mut self, seed: u64) {
        self.player.reseed(seed);
    }

    pub(super) fn reset(&mut self) {
        self.player.reset_encoder();
        self.player.reset_decoder();
        self.player.reseed(self.seed);
        (self.is_encoding, self.is_decoding) = (false, false);
        self.n_waiting = 0;
        self.late.fill(0.0);
        self.late_at = 0;
        self.frames.clear();
    }
}
