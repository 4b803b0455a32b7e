//! Short pieces laid over each other at other places: a stretch for what is struck.

use crate::hann_window;

use super::warp::Warp;

/// The length of a piece in seconds: shorter than what ears take for two events.
const PIECE_SECS: f64 = 0.006;

/// How long a piece is at a rate, in frames; an even number.
pub(super) fn piece_len(rate_hz: u32) -> usize {
    ((PIECE_SECS * f64::from(rate_hz) / 2.0).round() as usize).max(4) * 2
}

/// Adds a warped sound to `out`: pieces of the sound, as they are, each where its middle goes.
pub(super) fn add_overlapped(channel: &[f32], warp: &Warp, rate_hz: u32, out: &mut [f32]) {
    let len = piece_len(rate_hz);
    let (shape, hop) = (hann_window(len), len / 2);
    for middle in (0..out.len() + hop).step_by(hop) {
        let from = warp.source(middle as f64).round() as isize - hop as isize;
        let to = middle as isize - hop as isize;
        for (i, shape) in shape.iter().enumerate() {
            let sample = usize::try_from(from + i as isize).ok().and_then(|at| channel.get(at));
            let place = usize::try_from(to + i as isize).ok().and_then(|at| out.get_mut(at));
            if let (Some(sample), Some(place)) = (sample, place) {
                *place += sample * shape;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_moves_it_is_the_same() {
        let sound: Vec<f32> = (0..2000).map(|n| (n as f32 * 0.3).sin()).collect();
        let mut out = vec![0.0; 2000];
        add_overlapped(&sound, &Warp::uniform(2000, 2000), 44_100, &mut out);
        let worst = sound.iter().zip(&out).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-6, "{worst}");
    }
}
