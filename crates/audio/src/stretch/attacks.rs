//! Where something begins suddenly: the places that a stretch must not smear.

use realfft::num_complex::Complex;

use crate::hann_window;
use crate::spectrum::forward;

/// The length of a window and the step between windows, in seconds.
const WINDOW_SECS: f64 = 0.0116;
const HOP_SECS: f64 = 0.0029;
/// How much brighter a window has to be than the mean around it, and at least.
const OVER_MEAN: f32 = 1.6;
const LEAST: f32 = 0.02;
/// Around a place, the highest rise counts; in windows.
const APART: usize = 10;
/// The mean is taken over so many windows on both sides.
const AROUND: usize = 30;

/// The attacks of a sound, in frames, in order.
///
/// The positive changes of the logarithmic spectrum from window to window, summed over frequencies and channels, and of
/// those the peaks. Each is then moved to where the energy rises fastest. Source: Böck and Widmer, "Maximum filter
/// vibrato suppression for onset detection" (2013).
pub(super) fn attacks_of(channels: &[Vec<f32>], rate_hz: u32) -> Vec<usize> {
    let n = channels.first().map_or(0, Vec::len);
    let window = ((WINDOW_SECS * f64::from(rate_hz)) as usize).next_power_of_two().max(32);
    let hop = ((HOP_SECS * f64::from(rate_hz)) as usize).max(1);
    if n < window {
        return vec![];
    }
    let rises = rises(channels, window, hop);
    let mut found: Vec<usize> = vec![];
    for i in 1..rises.len() {
        let near = &rises[i.saturating_sub(APART)..(i + APART + 1).min(rises.len())];
        let around = &rises[i.saturating_sub(AROUND)..(i + AROUND + 1).min(rises.len())];
        let mean = around.iter().sum::<f32>() / around.len() as f32;
        let is_peak = near.iter().all(|other| *other <= rises[i]);
        if is_peak && rises[i] > LEAST + OVER_MEAN * mean {
            let place = sharpened(channels, i * hop, hop);
            if found.last().is_none_or(|last| place > last + hop) {
                found.push(place);
            }
        }
    }
    found
}

/// How much each window is brighter than the one before the last.
fn rises(channels: &[Vec<f32>], window: usize, hop: usize) -> Vec<f32> {
    let shape = hann_window(window);
    let scale = 2.0 / shape.iter().sum::<f32>();
    let fft = forward(window);
    let (mut input, mut spectrum) = (fft.make_input_vec(), fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    let n_bins = window / 2 + 1;
    let n = channels[0].len();
    let mut before = [vec![0.0f32; n_bins], vec![0.0; n_bins]];
    let mut now = vec![0.0f32; n_bins];
    let mut rises = vec![];
    // A sound that is cut off at its end is no attack.
    for at in (0..n.saturating_sub(window / 2)).step_by(hop) {
        now.fill(0.0);
        for channel in channels {
            for (i, (x, shape)) in input.iter_mut().zip(&shape).enumerate() {
                let place = (at + i).checked_sub(window / 2).and_then(|place| channel.get(place));
                *x = place.copied().unwrap_or(0.0) * shape;
            }
            fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch)
                .expect("all buffers were made by the plan");
            for (now, bin) in now.iter_mut().zip(&spectrum) {
                *now += bin.norm_sqr();
            }
        }
        now.iter_mut().for_each(|power| *power = (1.0 + 1000.0 * scale * power.sqrt()).ln());
        let old = &before[0];
        // The largest of three neighbours before: a tone that moves a little is no attack.
        let rise: f32 = (0..n_bins)
            .map(|k| {
                let near = &old[k.saturating_sub(1)..(k + 2).min(n_bins)];
                (now[k] - near.iter().fold(0.0f32, |most, x| most.max(*x))).max(0.0)
            })
            .sum();
        rises.push(rise / n_bins as f32);
        before.rotate_left(1);
        before[1].copy_from_slice(&now);
    }
    rises
}

/// The place near another one where energy rises fastest.
fn sharpened(channels: &[Vec<f32>], place: usize, hop: usize) -> usize {
    let n = channels[0].len();
    let part = (hop / 4).max(1);
    let energy = |at: usize| -> f32 {
        let end = (at + part).min(n);
        channels.iter().flat_map(|channel| &channel[at.min(end)..end]).map(|x| x * x).sum()
    };
    let (first, last) = (place.saturating_sub(2 * hop), (place + 3 * hop).min(n));
    let places = (first..last).step_by(part);
    let rise = |at: usize| energy(at) - energy(at.saturating_sub(part)) * 1.5;
    let best = places.max_by(|a, b| rise(*a).total_cmp(&rise(*b)));
    best.unwrap_or(place).min(n.saturating_sub(1))
}

/// How much louder each bin is after a place than before it: what begins there. `n` is the length of the windows.
pub(super) fn begins(before: &[Complex<f32>], after: &[Complex<f32>], mask: &mut [bool]) {
    // 6 dB.
    for ((mask, before), after) in mask.iter_mut().zip(before).zip(after) {
        *mask = *mask || after.norm_sqr() > 4.0 * before.norm_sqr();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn attacks_are_found_where_they_are() {
        let rate_hz = 44_100;
        let mut rng = Rng::new(1);
        let places = [10_000, 21_000, 26_000, 40_000];
        let mut channel: Vec<f32> = (0..60_000).map(|n| 0.1 * (n as f32 * 0.05).sin()).collect();
        for place in places {
            for (i, x) in channel[place..place + 4000].iter_mut().enumerate() {
                *x += 0.7 * (-(i as f32) / 600.0).exp() * rng.uniform(-1.0, 1.0);
            }
        }
        let found = attacks_of(&[channel], rate_hz);
        // The tone begins at 0, which may count as well.
        let found: Vec<usize> = found.into_iter().filter(|place| *place > 1000).collect();
        assert_eq!(found.len(), places.len(), "{found:?}");
        for (found, place) in found.iter().zip(places) {
            assert!(found.abs_diff(place) < 90, "{found} is not {place}");
        }
    }

    #[test]
    fn steady_sound_has_none() {
        let tone: Vec<f32> = (0..60_000).map(|n| 0.5 * (n as f32 * 0.05).sin()).collect();
        assert!(attacks_of(&[tone], 44_100).iter().all(|place| *place < 1000));
        assert!(attacks_of(&[vec![0.0; 60_000]], 44_100).is_empty());
        assert!(attacks_of(&[vec![0.5; 3]], 44_100).is_empty());
    }
}
