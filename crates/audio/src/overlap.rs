//! Overlapping windows of a channel as spectra, and back: squares of Hann windows add up evenly where at least three overlap.

use std::{ops::Range, sync::Arc};

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealToComplex};

use crate::hann_window;
use crate::spectrum::{forward, inverse};

/// Windows that overlap where nothing else is wanted.
pub(crate) const OVERLAP: usize = 4;

/// Windows of a channel, there and back.
pub(crate) struct Transform {
    shape: Vec<f32>,
    overlap: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    time: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Transform {
    /// For windows of so many samples, so many of which overlap: at least three.
    pub(crate) fn new(window: usize, overlap: usize) -> Self {
        let (forward, inverse) = (forward(window), inverse(window));
        let n_scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            shape: hann_window(window),
            overlap,
            time: vec![0.0; window],
            bins: forward.make_output_vec(),
            scratch: vec![Complex::default(); n_scratch],
            forward,
            inverse,
        }
    }

    /// Samples from window to window.
    pub(crate) fn hop(&self) -> usize {
        self.shape.len() / self.overlap
    }

    /// Samples of a window.
    pub(crate) fn len(&self) -> usize {
        self.shape.len()
    }

    /// Where a window of a row starts, of which window `i` is centred on sample `i * hop`.
    pub(crate) fn start(&self, window: isize) -> isize {
        window * self.hop() as isize - (self.shape.len() / 2) as isize
    }

    /// A spectrum with nothing in it.
    pub(crate) fn silence(&self) -> Vec<Complex<f32>> {
        self.forward.make_output_vec()
    }

    /// Samples of the window that starts at a place, which lie in a channel of so many.
    fn within(&self, start: isize, n: usize) -> Range<usize> {
        let len = self.shape.len() as isize;
        (-start).clamp(0, len) as usize..(n as isize - start).clamp(0, len) as usize
    }

    /// The spectrum of a window of the row.
    pub(crate) fn of(&mut self, channel: &[f32], window: isize) -> Vec<Complex<f32>> {
        let mut bins = self.silence();
        self.take(channel, self.start(window), &mut bins);
        bins
    }

    /// The spectrum of the window that starts at a sample; outside the channel is silence.
    pub(crate) fn take(&mut self, channel: &[f32], start: isize, into: &mut Vec<Complex<f32>>) {
        let within = self.within(start, channel.len());
        self.time.fill(0.0);
        if !within.is_empty() {
            let sound = &channel[(start + within.start as isize) as usize..];
            let time = self.time[within.clone()].iter_mut();
            for ((time, x), shape) in time.zip(sound).zip(&self.shape[within]) {
                *time = x * shape;
            }
        }
        let scratch = &mut self.scratch[..self.forward.get_scratch_len()];
        self.forward
            .process_with_scratch(&mut self.time, &mut self.bins, scratch)
            .expect("all buffers were made by the plan");
        std::mem::swap(&mut self.bins, into);
    }

    /// Adds a spectrum to the channel, as the window that starts at a sample.
    pub(crate) fn add(&mut self, bins: &[Complex<f32>], start: isize, channel: &mut [f32]) {
        self.bins.copy_from_slice(bins);
        let last = self.bins.len() - 1;
        (self.bins[0].im, self.bins[last].im) = (0.0, 0.0);
        let scratch = &mut self.scratch[..self.inverse.get_scratch_len()];
        self.inverse
            .process_with_scratch(&mut self.bins, &mut self.time, scratch)
            .expect("all buffers were made by the plan");
        // Squares of Hann windows have a mean of 3/8.
        let scale = 1.0 / (0.375 * self.overlap as f32 * self.shape.len() as f32);
        let within = self.within(start, channel.len());
        if within.is_empty() {
            return;
        }
        let out = channel[(start + within.start as isize) as usize..].iter_mut();
        for ((out, x), shape) in out.zip(&self.time[within.clone()]).zip(&self.shape[within]) {
            *out += x * shape * scale;
        }
    }
}
