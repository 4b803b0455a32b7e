//! The vector of a pattern: 128 numbers from its spectra, each put on a common scale, then made one long.
//!
//! | numbers | what |
//! |---|---|
//! | 0–19 | cepstral coefficients, on average: the colour of the sound |
//! | 20–39 | their standard deviations |
//! | 40–52 | how much the first 13 change from frame to frame |
//! | 53–59 | how far tones stand out, in seven groups of bands |
//! | 60–71 | pitch classes |
//! | 72–101 | modulations: five groups of bands at six rates |
//! | 102–109 | the level in each eighth of its length |
//! | 110–127 | brightness, flatness, bass, treble, attack, length and others |

use std::f64::consts::TAU;

use super::{
    RATE_HZ,
    kind::{regularity, tones_db},
    scales::SCALES,
    spectra::{FRAME_RATE, N_CEPSTRAL, Spectra},
};
use crate::{
    describe::{self, Measures},
    features::{FeatureSettings, chroma_stft},
    harmony::at_rate,
};

/// How many numbers a pattern's vector has.
pub const EMBEDDING_DIM: usize = 128;
/// The version of how it is made: vectors of different versions are not compared.
pub const EMBEDDING_VERSION: u32 = 1;

/// How much each group of numbers counts, by how many it has and its weight.
const GROUPS: [(usize, f64); 8] =
    [(20, 1.6), (20, 0.8), (13, 0.7), (7, 0.8), (12, 0.7), (30, 0.7), (8, 0.6), (18, 1.0)];
/// Numbers further from the middle count no more, in spreads.
const FAR: f64 = 3.0;
/// Rates of modulations, in Hz: from each to the next.
const RATES_HZ: [f64; 7] = [0.7, 1.5, 3.0, 5.0, 8.0, 13.0, 20.0];

/// The numbers of a pattern as they are measured, before they are put on a common scale; none for silence. The scale is
/// measured from them.
#[must_use]
pub fn raw_embedding(samples: &[f32], rate_hz: u32) -> Option<Vec<f64>> {
    let samples = at_rate(samples, rate_hz, RATE_HZ);
    let measures = describe::measure(&samples, RATE_HZ)?;
    Some(raw(&samples, &measures, &Spectra::of(&samples)))
}

/// The vector of a pattern at the patterns' rate.
pub(super) fn embedding(samples: &[f32], measures: &Measures, spectra: &Spectra) -> Vec<f32> {
    let raw = raw(samples, measures, spectra);
    let mut vector = Vec::with_capacity(EMBEDDING_DIM);
    for (n, weight) in GROUPS {
        let scale = weight / (n as f64).sqrt();
        for _ in 0..n {
            let i = vector.len();
            let (middle, spread) = SCALES[i];
            let z = (raw[i] - f64::from(middle)) / f64::from(spread);
            vector.push(scale * z.clamp(-FAR, FAR));
        }
    }
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-9);
    vector.into_iter().map(|x| (x / length) as f32).collect()
}

fn raw(samples: &[f32], measures: &Measures, spectra: &Spectra) -> Vec<f64> {
    let mut numbers = Vec::with_capacity(EMBEDDING_DIM);
    let coefficient = |k: usize| move |i: usize| f64::from(spectra.cepstral[i][k]);
    let moments: Vec<(f64, f64)> =
        (0..N_CEPSTRAL).map(|k| spectra.moments(coefficient(k))).collect();
    numbers.extend(moments.iter().map(|it| it.0));
    numbers.extend(moments.iter().map(|it| it.1));
    numbers.extend((0..13).map(|k| change(spectra, k)));
    numbers.extend((0..7).map(|group| peaks(spectra, group)));
    numbers.extend(pitch_classes(samples));
    for group in 0..5 {
        numbers.extend(modulations(spectra, group));
    }
    numbers.extend(levels(spectra));
    numbers.extend(others(samples, measures, spectra));
    debug_assert_eq!(numbers.len(), EMBEDDING_DIM);
    numbers.iter().map(|x| if x.is_finite() { *x } else { 0.0 }).collect()
}

fn change(spectra: &Spectra, k: usize) -> f64 {
    let heard = spectra.heard.windows(2).filter(|it| it[1] == it[0] + 1);
    let changes: Vec<f64> = heard
        .map(|it| f64::from((spectra.cepstral[it[1]][k] - spectra.cepstral[it[0]][k]).abs()))
        .collect();
    changes.iter().sum::<f64>() / changes.len().max(1) as f64
}

/// How far the strongest band of a group stands out of it, in dB.
fn peaks(spectra: &Spectra, group: usize) -> f64 {
    let size = spectra.n_bands / 7;
    let of_frame = |i: usize| {
        let group = &spectra.frame_db(i)[group * size..(group + 1) * size];
        let largest = group.iter().copied().fold(f32::MIN, f32::max);
        f64::from(largest - group.iter().sum::<f32>() / size as f32)
    };
    spectra.moments(of_frame).0
}

/// The strength of 12 pitch classes, less their mean.
fn pitch_classes(samples: &[f32]) -> [f64; 12] {
    let settings = FeatureSettings { rate_hz: RATE_HZ, n_fft: 4096, hop: 2048 };
    let chroma = chroma_stft(samples, &settings);
    let n = chroma.n_frames().max(1) as f64;
    let of =
        |k: usize| (0..chroma.n_frames()).map(|i| f64::from(chroma.frame(i)[k])).sum::<f64>() / n;
    let strengths: [f64; 12] = std::array::from_fn(of);
    let mean = strengths.iter().sum::<f64>() / 12.0;
    strengths.map(|x| x - mean)
}

/// How strongly the amplitude of a group of bands goes up and down at each rate, as a share of its mean.
fn modulations(spectra: &Spectra, group: usize) -> [f64; 6] {
    let size = spectra.n_bands / 5;
    let amplitude = |i: usize| {
        let group = &spectra.frame(i)[group * size..(group + 1) * size];
        group.iter().map(|x| f64::from(*x)).sum::<f64>().sqrt()
    };
    let n = spectra.level_db.len();
    let wave: Vec<f64> = (0..n).map(amplitude).collect();
    let mean = wave.iter().sum::<f64>() / n.max(1) as f64;
    let strength = |hz: f64| {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, x) in wave.iter().enumerate() {
            let phase = TAU * hz * i as f64 / FRAME_RATE;
            re += (x - mean) * phase.cos();
            im += (x - mean) * phase.sin();
        }
        2.0 * re.hypot(im) / (n as f64 * mean).max(1e-9)
    };
    std::array::from_fn(|i| {
        // Four frequencies between the ends of a rate.
        let at =
            |k: usize| RATES_HZ[i] * (RATES_HZ[i + 1] / RATES_HZ[i]).powf((k as f64 + 0.5) / 4.0);
        ((0..4).map(|k| strength(at(k)).powi(2)).sum::<f64>() / 4.0).sqrt().min(2.0)
    })
}

/// The level of each eighth, in dB below the loudest of them.
fn levels(spectra: &Spectra) -> [f64; 8] {
    let n = spectra.level_db.len();
    let eighth = |k: usize| {
        let (from, to) = (k * n / 8, ((k + 1) * n / 8).max(k * n / 8 + 1).min(n));
        let power: f64 =
            spectra.level_db[from.min(n - 1)..to].iter().map(|db| 10f64.powf(db / 10.0)).sum();
        10.0 * (power / (to - from.min(n - 1)) as f64).max(1e-12).log10()
    };
    let levels: [f64; 8] = std::array::from_fn(eighth);
    let loudest = levels.iter().copied().fold(f64::MIN, f64::max);
    levels.map(|db| (db - loudest).max(-60.0))
}

fn others(samples: &[f32], measures: &Measures, spectra: &Spectra) -> [f64; 18] {
    let [low_hz, high_hz] = spectra.range_hz();
    let (centre, movement) = spectra.moments(|i| spectra.centre_octaves(i));
    let (_, spread) = spectra.moments(|i| spectra.level_db[i]);
    let n = spectra.level_db.len();
    let loudest = (0..n).max_by(|a, b| spectra.level_db[*a].total_cmp(&spectra.level_db[*b]));
    let crossings = samples.windows(2).filter(|it| (it[0] < 0.0) != (it[1] < 0.0)).count();
    [
        centre,
        movement,
        measures.flatness_db,
        measures.bass_share,
        measures.treble_share,
        measures.sustain,
        measures.attack_db,
        measures.crest_db,
        measures.dynamics_db,
        (1.0 + measures.attacks_per_sec).log2(),
        measures.length_secs.max(0.02).log2(),
        low_hz.max(20.0).log2(),
        high_hz.max(20.0).log2(),
        tones_db(spectra),
        regularity(samples),
        spread,
        loudest.unwrap_or(0) as f64 / n.max(1) as f64,
        (crossings as f64 / samples.len().max(1) as f64).sqrt(),
    ]
}
