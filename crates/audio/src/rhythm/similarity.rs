//! How alike the bars of a sound are: as repeats of each other, and in texture.
//!
//! Source: bars as the unit, each with its features in order, as in Marmoret, Cohen and Bimbot, "Barwise music structure
//! analysis with the correlation block-matching segmentation algorithm" (TISMIR 2023). Theirs are log mel spectra; here
//! are pitch classes of each beat, the strokes of three bands, and timbre, so that a change of any of them is seen.

use super::{
    bars::near,
    chroma::{Chroma, N_BANDS},
    envelope::Envelope,
};

/// Weights of the bass, of strokes and of timbre in a repeat, relative to pitch classes.
const REPEAT_WEIGHTS: [f32; 3] = [0.6, 0.5, 0.2];
/// Weights of strokes and of timbre in texture.
const TEXTURE_WEIGHTS: [f32; 2] = [1.0, 0.5];
/// Places of a beat at which strokes are looked for.
const PLACES: usize = 4;
/// How far from a place a stroke still is on it, in seconds before and after.
const ON_PLACE_SECS: (f64, f64) = (0.02, 0.03);
/// The bands of a cymbal that rings, from this one up.
const CYMBAL_BAND: usize = 9;

/// How alike bars are. Matrices have the shape `[bars, bars]`; 1 is equal.
pub(super) struct Similarity {
    pub(super) n: usize,
    /// How much a bar is a repeat of another: pitches, strokes and timbre in their order.
    repeats: Vec<f32>,
    /// How much two bars have the same players playing the same way, whatever the pitches.
    textures: Vec<f32>,
    /// How much more a cymbal rings at the beginning of each bar than it does in the middle of them, from 0 to 1.
    pub(super) cymbals: Vec<f32>,
}

impl Similarity {
    /// Of bars from one time to the next, in seconds, of so many beats each.
    pub(super) fn of(
        envelope: &Envelope,
        chroma: &Chroma,
        bars: &[(f64, f64)],
        n_beats: usize,
    ) -> Self {
        let pitches = in_order(chroma, &chroma.all, bars, n_beats);
        let bass = in_order(chroma, &chroma.bass, bars, n_beats);
        let strokes = strokes(envelope, bars, n_beats);
        let timbres: Vec<Vec<f32>> =
            bars.iter().map(|(from, to)| chroma.mean(&chroma.bands, *from, *to).to_vec()).collect();
        let timbres: Vec<Vec<f32>> =
            standardised(timbres, 0.1).into_iter().map(|it| unit(&it)).collect();
        let shapes: Vec<Vec<f32>> = strokes.iter().map(|it| unit(it)).collect();
        let strokes: Vec<Vec<f32>> = centred(strokes).iter().map(|it| length_one(it)).collect();
        let [w_bass, w_strokes, w_timbre] = REPEAT_WEIGHTS;
        let repeats =
            mixed(&[(&pitches, 1.0), (&bass, w_bass), (&shapes, w_strokes), (&timbres, w_timbre)]);
        let [w_strokes, w_timbre] = TEXTURE_WEIGHTS;
        let textures = mixed(&[(&strokes, w_strokes), (&timbres, w_timbre)]);
        Self { n: bars.len(), repeats, textures, cymbals: cymbals(chroma, bars, n_beats) }
    }

    /// How much a bar is a repeat of another.
    pub(super) fn repeat(&self, i: usize, j: usize) -> f32 {
        self.repeats[i * self.n + j]
    }

    /// How alike the textures of two bars are.
    pub(super) fn texture(&self, i: usize, j: usize) -> f32 {
        self.textures[i * self.n + j]
    }
}

/// Pitch classes of each beat of each bar, one after the other.
fn in_order(
    chroma: &Chroma,
    frames: &[[f32; 12]],
    bars: &[(f64, f64)],
    n_beats: usize,
) -> Vec<Vec<f32>> {
    let of_bar = |(from, to): &(f64, f64)| -> Vec<f32> {
        let beat = (to - from) / n_beats as f64;
        let share = 1.0 / (n_beats as f32).sqrt();
        let of_beat = |k: usize| {
            let start = from + k as f64 * beat;
            unit(&chroma.mean(frames, start + 0.04, start + beat))
        };
        (0..n_beats).flat_map(of_beat).map(|x| share * x).collect()
    };
    bars.iter().map(of_bar).collect()
}

/// How strong strokes are at each place of each bar in three bands, relative to the mean of the band.
fn strokes(envelope: &Envelope, bars: &[(f64, f64)], n_beats: usize) -> Vec<Vec<f32>> {
    let n = n_beats * PLACES;
    let mut strokes = vec![vec![]; bars.len()];
    for band in &envelope.bands {
        let at = |(from, to): &(f64, f64), k: usize| {
            let time = from + k as f64 / n as f64 * (to - from);
            near(band, envelope.rate, time, ON_PLACE_SECS) as f32
        };
        let found: Vec<Vec<f32>> =
            bars.iter().map(|bar| (0..n).map(|k| at(bar, k)).collect()).collect();
        let mean = found.iter().flatten().sum::<f32>() / (n * bars.len()).max(1) as f32;
        for (strokes, found) in strokes.iter_mut().zip(found) {
            strokes.extend(found.into_iter().map(|x| x / mean.max(1e-6)));
        }
    }
    strokes
}

/// How much more a cymbal rings after the first stroke of each bar than in most of them.
fn cymbals(chroma: &Chroma, bars: &[(f64, f64)], n_beats: usize) -> Vec<f32> {
    let level = |(from, to): &(f64, f64)| {
        let beat = (to - from) / n_beats as f64;
        let bands = chroma.mean(&chroma.bands, from + 0.25 * beat, from + beat.min(0.6));
        bands[CYMBAL_BAND..].iter().sum::<f32>() / (N_BANDS - CYMBAL_BAND) as f32
    };
    let levels: Vec<f32> = bars.iter().map(level).collect();
    let mut sorted = levels.clone();
    sorted.sort_by(f32::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    let n = levels.len().max(1) as f32;
    let mean = levels.iter().sum::<f32>() / n;
    let deviation = (levels.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / n).sqrt();
    levels.iter().map(|x| ((x - median) / deviation.max(0.05) / 3.0).clamp(0.0, 1.0)).collect()
}

/// Products of features of bars, each list with its weight. Shape: `[bars, bars]`.
fn mixed(lists: &[(&Vec<Vec<f32>>, f32)]) -> Vec<f32> {
    let total: f32 = lists.iter().map(|it| it.1).sum();
    let n = lists[0].0.len();
    let mut values = vec![0.0f32; n * n];
    for i in 0..n {
        for j in i..n {
            let product = |list: &[Vec<f32>]| -> f32 {
                list[i].iter().zip(&list[j]).map(|(a, b)| a * b).sum()
            };
            let alike =
                lists.iter().map(|(list, weight)| weight * product(list)).sum::<f32>() / total;
            values[i * n + j] = alike;
            values[j * n + i] = alike;
        }
    }
    values
}

/// Values without their mean, of length 1; zeros where they are equal.
fn unit(values: &[f32]) -> Vec<f32> {
    let mean = values.iter().sum::<f32>() / values.len().max(1) as f32;
    length_one(&values.iter().map(|x| x - mean).collect::<Vec<f32>>())
}

fn length_one(values: &[f32]) -> Vec<f32> {
    let length = values.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
    values.iter().map(|x| x / length).collect()
}

/// Features of bars without their means over all bars.
fn centred(mut bars: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    let n = bars.len().max(1) as f32;
    for k in 0..bars.first().map_or(0, Vec::len) {
        let mean = bars.iter().map(|it| it[k]).sum::<f32>() / n;
        bars.iter_mut().for_each(|it| it[k] -= mean);
    }
    bars
}

/// The same in standard deviations, of which the least is given.
fn standardised(bars: Vec<Vec<f32>>, least: f32) -> Vec<Vec<f32>> {
    let mut bars = centred(bars);
    let n = bars.len().max(1) as f32;
    for k in 0..bars.first().map_or(0, Vec::len) {
        let power = bars.iter().map(|it| it[k] * it[k]).sum::<f32>() / n;
        let scale = 1.0 / power.sqrt().max(least);
        bars.iter_mut().for_each(|it| it[k] *= scale);
    }
    bars
}
