//! Editing in the spectrum: a field of time and frequency is cut, turned up or down, or healed from what is around it.
//!
//! An edit changes a sound by what it takes from the windows of its field, so everything else stays as it is, bit for bit.
//! A list of edits is data: undoing is leaving out the last one.

use std::ops::Range;

use realfft::num_complex::Complex;

use crate::overlap::{OVERLAP, Transform};
use crate::{Clip, gain_from_db};

/// A field of a sound, and what is done to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectralEdit {
    /// Where it starts, in seconds.
    pub start_secs: f64,
    /// Where it ends.
    pub end_secs: f64,
    /// Its lowest frequency, in Hz.
    pub low_hz: f64,
    /// Its highest one.
    pub high_hz: f64,
    /// What is done.
    pub action: SpectralAction,
}

/// What is done to a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SpectralAction {
    /// It becomes silent.
    Cut,
    /// It becomes louder by so many dB, or quieter.
    Gain(f64),
    /// It is replaced by what goes on before and after it.
    Heal,
}

/// The length of a window in seconds; the power of two above is taken: 46 ms at 44.1 kHz.
const WINDOW_SECS: f64 = 0.04;
/// Windows before and after a field whose levels are taken where it is healed.
const N_AROUND: isize = 4;

/// The sound after some edits, one after the other. Fields that lie outside of it change nothing.
#[must_use]
pub fn spectrally_edited(clip: &Clip, edits: &[SpectralEdit]) -> Clip {
    let mut out = clip.clone();
    for edit in edits {
        let Some(field) = Field::of(edit, &out) else { continue };
        for channel in &mut out.channels {
            apply(channel, &field, edit.action);
        }
    }
    out
}

/// A field in windows and bins.
struct Field {
    window: usize,
    /// Windows by their number; number `i` is centred on frame `i * hop`.
    windows: Range<isize>,
    /// How much of each bin belongs to it, from the first bin on.
    shares: Vec<f32>,
}

impl Field {
    fn of(edit: &SpectralEdit, clip: &Clip) -> Option<Self> {
        let rate = f64::from(clip.rate_hz);
        let window = ((WINDOW_SECS * rate) as usize).next_power_of_two().max(32);
        let hop = (window / OVERLAP) as f64;
        let (start, end) =
            (edit.start_secs.max(0.0) * rate, edit.end_secs.min(clip.length_secs()) * rate);
        let is_field = start < end && edit.low_hz < edit.high_hz && edit.high_hz > 0.0;
        if !is_field || !edit.low_hz.is_finite() {
            return None;
        }
        let first = (start / hop).round() as isize;
        let last = ((end / hop).round() as isize).max(first + 1);
        let bin = |hz: f64| hz / rate * window as f64;
        let (low, high) = (bin(edit.low_hz), bin(edit.high_hz));
        // The edges are one bin wide.
        let share = |k: usize| {
            let k = k as f64;
            (k - low + 0.5).clamp(0.0, 1.0).min((high - k + 0.5).clamp(0.0, 1.0)) as f32
        };
        let shares: Vec<f32> = (0..=window / 2).map(share).collect();
        Some(Self { window, windows: first..last, shares })
    }
}

fn apply(channel: &mut [f32], field: &Field, action: SpectralAction) {
    let mut transform = Transform::new(field.window, OVERLAP);
    let mut change = vec![];
    let healed = match action {
        SpectralAction::Heal => Some(Healing::new(channel, field, &mut transform)),
        SpectralAction::Cut | SpectralAction::Gain(_) => None,
    };
    let gain = match action {
        SpectralAction::Gain(db) => gain_from_db(db) as f32,
        SpectralAction::Cut | SpectralAction::Heal => 0.0,
    };
    // What every window gets, before any of it is changed.
    for window in field.windows.clone() {
        let mut bins = transform.of(channel, window);
        match &healed {
            None => {
                for (bin, share) in bins.iter_mut().zip(&field.shares) {
                    *bin *= share * (gain - 1.0);
                }
            }
            Some(healing) => healing.replace(&mut bins, field, window),
        }
        change.push(bins);
    }
    for (window, bins) in field.windows.clone().zip(change) {
        transform.add(&bins, transform.start(window), channel);
    }
}

/// How a field goes on from before it, and comes to what is after it.
struct Healing {
    /// Levels and phases of the last window before, and how far phases turn from window to window; none where the sound
    /// begins.
    before: Option<Side>,
    after: Option<Side>,
}

struct Side {
    levels: Vec<f32>,
    phases: Vec<f32>,
    turns: Vec<f32>,
    /// The number of its window.
    window: isize,
}

impl Healing {
    fn new(channel: &[f32], field: &Field, transform: &mut Transform) -> Self {
        // Windows that touch the field hold some of it already.
        let apart = OVERLAP as isize / 2 + 1;
        let (first, last) = (field.windows.start - apart, field.windows.end - 1 + apart);
        let n_windows = (channel.len() / transform.hop()) as isize;
        let mut side = |window: isize, step: isize| {
            let is_inside = window >= 0 && window <= n_windows;
            is_inside.then(|| Side::new(channel, window, step, n_windows, transform))
        };
        Self { before: side(first, -1), after: side(last, 1) }
    }

    /// Puts into a window's bins what has to be added to it.
    fn replace(&self, bins: &mut [Complex<f32>], field: &Field, window: isize) {
        let n = field.windows.len() as f32;
        let share = ((window - field.windows.start) as f32 + 0.5) / n;
        let (early, late) = match (&self.before, &self.after) {
            (Some(_), Some(_)) => (
                (std::f32::consts::FRAC_PI_2 * share).cos().powi(2),
                (std::f32::consts::FRAC_PI_2 * share).sin().powi(2),
            ),
            (Some(_), None) => (1.0, 0.0),
            (None, Some(_)) => (0.0, 1.0),
            (None, None) => (0.0, 0.0),
        };
        for (k, (bin, belongs)) in bins.iter_mut().zip(&field.shares).enumerate() {
            let mut new = Complex::<f32>::default();
            for (side, weight) in [(&self.before, early), (&self.after, late)] {
                if let Some(side) = side {
                    let steps = (window - side.window) as f32;
                    new +=
                        Complex::from_polar(side.levels[k], side.phases[k] + steps * side.turns[k])
                            * weight;
                }
            }
            *bin = (new - *bin) * *belongs;
        }
    }
}

impl Side {
    /// From a window away from the field, in steps.
    fn new(
        channel: &[f32],
        window: isize,
        step: isize,
        n_windows: isize,
        transform: &mut Transform,
    ) -> Self {
        let here = transform.of(channel, window);
        let next = transform.of(channel, (window + step).clamp(0, n_windows));
        let mut levels = vec![0.0f32; here.len()];
        let mut n = 0.0;
        for i in 0..N_AROUND {
            let place = window + i * step;
            if place >= 0 && place <= n_windows {
                let bins = transform.of(channel, place);
                levels.iter_mut().zip(&bins).for_each(|(level, bin)| *level += bin.norm_sqr());
                n += 1.0;
            }
        }
        levels.iter_mut().for_each(|level| *level = (*level / n).sqrt());
        // In the direction of time.
        let turn = |(here, next): (&Complex<f32>, &Complex<f32>)| {
            if step < 0 { (here * next.conj()).arg() } else { (next * here.conj()).arg() }
        };
        Self {
            levels,
            phases: here.iter().map(|bin| bin.arg()).collect(),
            turns: here.iter().zip(&next).map(turn).collect(),
            window,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 44_100;

    fn tone(hz: f64, level: f64, n: usize) -> Vec<f32> {
        let sample =
            |i: usize| level * (std::f64::consts::TAU * hz * i as f64 / f64::from(RATE_HZ)).sin();
        (0..n).map(|i| sample(i) as f32).collect()
    }

    fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
        a.iter().zip(b).map(|(a, b)| a + b).collect()
    }

    fn edit(secs: [f64; 2], hz: [f64; 2], action: SpectralAction) -> SpectralEdit {
        SpectralEdit {
            start_secs: secs[0],
            end_secs: secs[1],
            low_hz: hz[0],
            high_hz: hz[1],
            action,
        }
    }

    fn edited(channel: &[f32], edits: &[SpectralEdit]) -> Vec<f32> {
        let clip = Clip { rate_hz: RATE_HZ, channels: vec![channel.to_vec()] };
        spectrally_edited(&clip, edits).channels.remove(0)
    }

    /// The root mean square of a difference, in dB below full scale.
    fn difference_db(a: &[f32], b: &[f32]) -> f64 {
        let squares: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        10.0 * (squares / a.len() as f64 + 1e-20).log10()
    }

    #[test]
    fn outside_of_a_field_nothing_changes() {
        let sound = sum(&tone(440.0, 0.4, 88_200), &tone(3000.0, 0.3, 88_200));
        for action in [SpectralAction::Cut, SpectralAction::Gain(6.0), SpectralAction::Heal] {
            let out = edited(&sound, &[edit([0.5, 0.8], [1000.0, 5000.0], action)]);
            let (start, end) = (22_050 - 2048, 35_280 + 2048);
            assert!(out[..start] == sound[..start] && out[end..] == sound[end..], "{action:?}");
            assert!(out[start..end] != sound[start..end], "{action:?}");
        }
        for nothing in [
            edit([3.0, 4.0], [100.0, 500.0], SpectralAction::Cut),
            edit([0.5, 0.5], [100.0, 500.0], SpectralAction::Cut),
            edit([0.5, 0.8], [500.0, 100.0], SpectralAction::Cut),
            edit([f64::NAN, 0.8], [f64::NAN, 100.0], SpectralAction::Heal),
        ] {
            assert!(edited(&sound, &[nothing]) == sound, "{nothing:?}");
        }
        assert!(edited(&sound, &[]) == sound);
    }

    #[test]
    fn a_gain_of_nothing_is_nothing() {
        let sound = tone(440.0, 0.4, 44_100);
        let out = edited(&sound, &[edit([0.2, 0.8], [0.0, 22_050.0], SpectralAction::Gain(0.0))]);
        assert!(out == sound);
    }

    #[test]
    fn a_tone_is_cut_and_the_other_stays() {
        let (low, high) = (tone(440.0, 0.4, 88_200), tone(3000.0, 0.3, 88_200));
        let cut = edit([0.4, 1.6], [2000.0, 4000.0], SpectralAction::Cut);
        let out = edited(&sum(&low, &high), &[cut]);
        let middle = 26_460..61_740;
        let left = difference_db(&out[middle.clone()], &low[middle.clone()]);
        assert!(left < -80.0, "{left}");
        let up = edit([0.4, 1.6], [2000.0, 4000.0], SpectralAction::Gain(6.0206));
        let out = edited(&sum(&low, &high), &[up]);
        let expected = sum(&low, &tone(3000.0, 0.6, 88_200));
        let left = difference_db(&out[middle.clone()], &expected[middle]);
        assert!(left < -80.0, "{left}");
    }

    #[test]
    fn a_hole_in_a_tone_is_healed() {
        let whole = tone(441.3, 0.4, 88_200);
        let mut spoilt = whole.clone();
        for (i, x) in spoilt[40_000..42_000].iter_mut().enumerate() {
            *x = if i % 7 == 0 { 0.9 } else { 0.0 };
        }
        let heal = edit([0.9, 0.96], [0.0, 22_050.0], SpectralAction::Heal);
        let out = edited(&spoilt, &[heal]);
        let around = 39_000..43_000;
        let before = difference_db(&spoilt[around.clone()], &whole[around.clone()]);
        let after = difference_db(&out[around.clone()], &whole[around]);
        assert!(after < before - 20.0, "{before} {after}");
    }

    #[test]
    fn edits_come_one_after_the_other() {
        let sound = sum(&tone(440.0, 0.4, 44_100), &tone(3000.0, 0.3, 44_100));
        let edits = [
            edit([0.2, 0.5], [2000.0, 4000.0], SpectralAction::Cut),
            edit([0.4, 0.7], [100.0, 600.0], SpectralAction::Gain(-6.0)),
        ];
        let one = edited(&sound, &edits[..1]);
        assert!(edited(&one, &edits[1..]) == edited(&sound, &edits));
    }

    #[test]
    fn short_sounds_and_wide_fields_are_no_trouble() {
        for n in [1, 2, 100, 5000] {
            for action in [SpectralAction::Cut, SpectralAction::Gain(3.0), SpectralAction::Heal] {
                let wide = edit([-5.0, 1e9], [-1e9, 1e9], action);
                let out = edited(&vec![0.3; n], &[wide]);
                assert!(out.len() == n && out.iter().all(|x| x.is_finite()), "{n} {action:?}");
            }
        }
    }
}
