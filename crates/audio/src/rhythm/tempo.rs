//! Tempos that fit: how often the onset envelope repeats itself, and which of those rates people tap.
//!
//! Source: autocorrelation in windows as in Grosche, Müller and Kurth, "Cyclic tempogram" (ICASSP 2010), a comb over
//! multiples as in Klapuri, Eronen and Astola, "Analysis of the meter of acoustic musical signals" (2006), and a
//! preference for moderate tempos as in Parncutt (1994) and Ellis, "Beat tracking by dynamic programming" (2007).

use crate::spectrum::{forward, inverse};

/// Tempos that are looked for, in beats per minute.
pub(super) const SLOWEST_BPM: f64 = 50.0;
pub(super) const FASTEST_BPM: f64 = 220.0;
/// Windows of the autocorrelation, in seconds: long enough for three bars, short enough for a tempo that drifts.
const WINDOW_SECS: f64 = 12.0;
/// The tempo that is preferred where nothing else decides, and how wide the preference is, in octaves.
const PREFERRED_BPM: f64 = 112.0;
const SPREAD_OCTAVES: f64 = 0.75;

/// How much a tempo is preferred before anything is heard, as a logarithm: 0 at the preferred one.
pub(super) fn preference(bpm: f64) -> f64 {
    let octaves = (bpm / PREFERRED_BPM).log2() / SPREAD_OCTAVES;
    -0.5 * octaves * octaves
}

/// Tempos at which the pulse repeats itself, best first, at least 6 % apart: beats per minute and strength.
pub(super) fn candidates(pulse: &[f32], rate: f64, n_max: usize) -> Vec<(f64, f64)> {
    let longest = (60.0 / SLOWEST_BPM * 4.0 * rate) as usize + 2;
    let correlation = autocorrelation(pulse, rate, longest);
    let at = |lag: f64| {
        let (idx, part) = (lag as usize, lag.fract());
        match (correlation.get(idx), correlation.get(idx + 1)) {
            (Some(a), Some(b)) => a + part * (b - a),
            _ => 0.0,
        }
    };
    // Peaks of multiples are wider where the tempo drifts.
    let near = |lag: f64, k: f64| {
        let wide = 0.5 * (k - 1.0);
        [-1.0, -0.5, 0.0, 0.5, 1.0].iter().map(|d| at(lag + d * wide)).fold(f64::MIN, f64::max)
    };
    let steps = ((FASTEST_BPM / SLOWEST_BPM).log2() * 120.0) as usize;
    let grid: Vec<f64> = (0..=steps).map(|i| SLOWEST_BPM * (i as f64 / 120.0).exp2()).collect();
    let strength = |bpm: f64| {
        let lag = 60.0 / bpm * rate;
        (1..=4).map(|k| near(lag * f64::from(k), f64::from(k)) / f64::from(k)).sum::<f64>() / 2.083
    };
    let strengths: Vec<f64> = grid.iter().map(|bpm| strength(*bpm)).collect();
    let mut peaks: Vec<(f64, f64)> = (0..grid.len())
        .filter(|&i| {
            let (from, to) = (i.saturating_sub(5), (i + 6).min(grid.len()));
            strengths[i] > 0.0 && strengths[from..to].iter().all(|it| *it <= strengths[i])
        })
        .map(|i| (grid[i], strengths[i]))
        .collect();
    let score = |(bpm, strength): &(f64, f64)| strength * preference(*bpm).exp();
    peaks.sort_by(|a, b| score(b).total_cmp(&score(a)));
    let mut kept: Vec<(f64, f64)> = vec![];
    for peak in peaks {
        if kept.iter().all(|it| (it.0 / peak.0).log2().abs() > 0.085) && kept.len() < n_max {
            kept.push(peak);
        }
    }
    kept
}

/// The mean autocorrelation of windows, relative to lag 0.
fn autocorrelation(pulse: &[f32], rate: f64, longest: usize) -> Vec<f64> {
    let window = ((WINDOW_SECS * rate) as usize).min(pulse.len()).max(1);
    let hop = (window / 2).max(1);
    let n = (2 * window).next_power_of_two();
    let (to_spectrum, back) = (forward(n), inverse(n));
    let mut total = vec![0.0f64; longest.min(window)];
    let mut from = 0;
    loop {
        let to = (from + window).min(pulse.len());
        let mut input = to_spectrum.make_input_vec();
        for (x, sample) in input.iter_mut().zip(&pulse[from..to]) {
            *x = *sample;
        }
        let mut spectrum = to_spectrum.make_output_vec();
        to_spectrum.process(&mut input, &mut spectrum).expect("all buffers were made by the plan");
        for bin in &mut spectrum {
            *bin = realfft::num_complex::Complex::new(bin.norm_sqr(), 0.0);
        }
        let mut lags = back.make_output_vec();
        back.process(&mut spectrum, &mut lags).expect("a power spectrum is real");
        for (lag, sum) in total.iter_mut().enumerate() {
            // As many products as there are at lag 0.
            let share = (to - from) as f64 / ((to - from).saturating_sub(lag)).max(1) as f64;
            *sum += f64::from(lags[lag]) * share.min(4.0);
        }
        if to == pulse.len() {
            break;
        }
        from += hop;
    }
    let zero = total.first().copied().unwrap_or(0.0).max(1e-12);
    total.iter().map(|x| x / zero).collect()
}
