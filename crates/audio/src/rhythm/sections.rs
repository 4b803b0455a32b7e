//! Sections: where a song changes, and which of its parts are repeats.
//!
//! Sources: boundaries where a checkerboard fits the self-similarity, Foote, "Automatic audio segmentation using a
//! measure of audio novelty" (ICME 2000), and where repetitions begin and end, Serrà, Müller, Grosche and Arcos,
//! "Unsupervised music structure annotation by time series structure features and segment similarity" (2014). Labels
//! by the similarity of whole sections along their diagonals, as there.

use super::chroma::{Chroma, N_BANDS};

/// The most beats that are compared with each other; longer sounds are compared in steps of several beats.
const BEATS_MAX: usize = 1_200;
/// Beats of the context of each beat.
const CONTEXT: usize = 4;
/// How far the checkerboard reaches to each side, in beats.
const REACH: usize = 16;
/// The shortest section, in beats.
const SHORTEST: usize = 8;
/// Sections whose beats are so similar in the mean are the same.
const SAME: f32 = 0.62;
/// A peak of novelty is a boundary from so much on, relative to the largest.
const NOVEL: f32 = 0.3;

/// A section.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Where it starts, in seconds.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// A letter; equal letters are repeats.
    pub label: String,
}

/// The sections of a sound from its beats; the first begins at 0 and the last ends with the sound.
pub(super) fn sections(
    chroma: &Chroma,
    beats: &[f64],
    downbeats: &[f64],
    length_secs: f64,
) -> Vec<Section> {
    let step = beats.len().div_ceil(BEATS_MAX).max(1);
    let times: Vec<f64> = beats.iter().copied().step_by(step).collect();
    if times.len() < 2 * SHORTEST {
        let label = "A".to_owned();
        return vec![Section { start_s: 0.0, end_s: length_secs, label }];
    }
    let similarity = Similarity::of(&features(chroma, &times, length_secs));
    let first: Vec<usize> = downbeats
        .iter()
        .filter_map(|time| times.iter().position(|beat| (beat - time).abs() < 1e-6))
        .collect();
    let bounds = boundaries(&similarity, &first);
    let labels = labels(&similarity, &bounds);
    let time = |i: usize| if i == 0 { 0.0 } else { times.get(i).copied().unwrap_or(length_secs) };
    let found = bounds.windows(2).zip(labels).map(|(it, label)| Section {
        start_s: time(it[0]),
        end_s: if it[1] >= times.len() { length_secs } else { time(it[1]) },
        label: letter(label),
    });
    found.collect()
}

/// A, B… Z, A1, B1…
fn letter(idx: usize) -> String {
    let letter = char::from(b'A' + (idx % 26) as u8);
    if idx < 26 { letter.to_string() } else { format!("{letter}{}", idx / 26) }
}

/// What each beat is like: pitch classes, bass, and timbre, each of about the same weight. Shape: [beats][features].
fn features(chroma: &Chroma, times: &[f64], length_secs: f64) -> Vec<Vec<f32>> {
    let next = |i: usize| times.get(i + 1).copied().unwrap_or(length_secs);
    let mut timbres: Vec<[f32; N_BANDS]> =
        (0..times.len()).map(|i| chroma.mean(&chroma.bands, times[i], next(i))).collect();
    let n = timbres.len() as f32;
    for band in 0..N_BANDS {
        let mean = timbres.iter().map(|it| it[band]).sum::<f32>() / n;
        let power = timbres.iter().map(|it| (it[band] - mean).powi(2)).sum::<f32>() / n;
        let scale = 1.0 / power.sqrt().max(0.1);
        timbres.iter_mut().for_each(|it| it[band] = (it[band] - mean) * scale);
    }
    let unit = |values: &[f32], weight: f32| -> Vec<f32> {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let norm = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>().sqrt();
        let scale = if norm > 1e-6 { weight / norm } else { 0.0 };
        values.iter().map(|x| (x - mean) * scale).collect()
    };
    (0..times.len())
        .map(|i| {
            let all = chroma.mean(&chroma.all, times[i], next(i));
            let bass = chroma.mean(&chroma.bass, times[i], next(i));
            let mut feature = unit(&all, 1.0);
            feature.extend(unit(&bass, 0.8));
            feature.extend(unit(&timbres[i], 0.7));
            feature
        })
        .collect()
}

/// How alike beats are, each with those after it. Shape: [beats, beats], 1 is equal.
struct Similarity {
    n: usize,
    values: Vec<f32>,
}

impl Similarity {
    fn of(features: &[Vec<f32>]) -> Self {
        let n = features.len();
        let norm: Vec<f32> = features
            .iter()
            .map(|it| it.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6))
            .collect();
        let mut plain = vec![0.0f32; n * n];
        for i in 0..n {
            for j in i..n {
                let product: f32 = features[i].iter().zip(&features[j]).map(|(a, b)| a * b).sum();
                let cosine = product / (norm[i] * norm[j]);
                plain[i * n + j] = cosine;
                plain[j * n + i] = cosine;
            }
        }
        let mut values = vec![0.0f32; n * n];
        for i in 0..n {
            for j in 0..n {
                let context = (0..CONTEXT).filter(|k| i + k < n && j + k < n);
                let (mut sum, mut count) = (0.0, 0.0);
                for k in context {
                    sum += plain[(i + k) * n + j + k];
                    count += 1.0;
                }
                values[i * n + j] = sum / count;
            }
        }
        Self { n, values }
    }

    fn at(&self, i: usize, j: usize) -> f32 {
        self.values[i * self.n + j]
    }
}

/// Boundaries of sections in beats: 0, those that were found, and the end.
fn boundaries(similarity: &Similarity, downbeats: &[usize]) -> Vec<usize> {
    let n = similarity.n;
    let (contrast, repetition) = (contrast(similarity), repetition(similarity));
    let novelty: Vec<f32> =
        contrast.iter().zip(&repetition).map(|(a, b)| 0.5 * a + 0.5 * b).collect();
    let largest = novelty[SHORTEST / 2..n - SHORTEST / 2].iter().copied().fold(0.0f32, f32::max);
    let mut peaks: Vec<(usize, f32)> = (SHORTEST / 2..n - SHORTEST / 2)
        .filter(|&i| {
            let near = i.saturating_sub(SHORTEST / 2)..(i + SHORTEST / 2 + 1).min(n);
            novelty[i] >= NOVEL * largest && novelty[near].iter().all(|x| *x <= novelty[i])
        })
        .map(|i| (i, novelty[i]))
        .collect();
    peaks.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut bounds: Vec<usize> = vec![0, n];
    for (peak, _) in peaks {
        let snapped = downbeats.iter().min_by_key(|it| it.abs_diff(peak)).copied();
        let bound = snapped.filter(|it| it.abs_diff(peak) <= 2).unwrap_or(peak);
        if bounds.iter().all(|it| it.abs_diff(bound) >= SHORTEST) {
            bounds.push(bound);
        }
    }
    bounds.sort_unstable();
    bounds
}

/// How well a checkerboard fits around each beat, from 0 to 1: what is before is alike, what is after too, and
/// they differ.
fn contrast(similarity: &Similarity) -> Vec<f32> {
    let n = similarity.n;
    let mut novelty = vec![0.0f32; n];
    for (i, out) in novelty.iter_mut().enumerate() {
        let reach = REACH.min(i).min(n - i);
        let (mut sum, mut total) = (0.0f32, 0.0f32);
        for a in 0..2 * reach {
            for b in 0..2 * reach {
                let (x, y) = (a as f32 + 0.5 - reach as f32, b as f32 + 0.5 - reach as f32);
                let weight = (-2.0 * (x * x + y * y) / (REACH * REACH) as f32).exp();
                let sign = if (x < 0.0) == (y < 0.0) { 1.0 } else { -1.0 };
                sum += sign * weight * similarity.at(i + a - reach, i + b - reach);
                total += weight;
            }
        }
        // Near the ends there is less to see.
        *out = if reach >= 4 { (sum / total).max(0.0) * reach as f32 / REACH as f32 } else { 0.0 };
    }
    scaled(novelty)
}

/// How much repetitions change at each beat, from 0 to 1: which other parts of the song go along with this one.
fn repetition(similarity: &Similarity) -> Vec<f32> {
    let n = similarity.n;
    let n_near = (n / 16).max(4);
    // Whether a beat is among the most similar ones of another, by lag. Shape: [beats][lags].
    let mut lags = vec![vec![0.0f32; n]; n];
    for (i, row) in lags.iter_mut().enumerate() {
        let mut order: Vec<usize> = (0..n).filter(|j| j.abs_diff(i) >= CONTEXT).collect();
        let n_kept = n_near.min(order.len());
        if n_kept == 0 {
            continue;
        }
        order.select_nth_unstable_by(n_kept - 1, |a, b| {
            similarity.at(i, *b).total_cmp(&similarity.at(i, *a))
        });
        for j in &order[..n_kept] {
            row[(j + n - i) % n] = 1.0;
        }
    }
    const REACH: usize = 6;
    let mut novelty = vec![0.0f32; n];
    for (i, out) in novelty.iter_mut().enumerate().take(n - REACH).skip(REACH) {
        let mut sum = 0.0;
        for lag in 0..n {
            // Lags of neighbours count too, since people are not exact.
            let near = |row: &[f32]| row[lag] + 0.5 * (row[(lag + 1) % n] + row[(lag + n - 1) % n]);
            let before: f32 = lags[i - REACH..i].iter().map(|row| near(row)).sum();
            let after: f32 = lags[i..i + REACH].iter().map(|row| near(row)).sum();
            sum += (after - before).powi(2);
        }
        *out = sum.sqrt();
    }
    let least = novelty[REACH..n - REACH].iter().copied().fold(f32::MAX, f32::min);
    novelty.iter_mut().for_each(|x| *x = (*x - least).max(0.0));
    scaled(novelty)
}

fn scaled(mut values: Vec<f32>) -> Vec<f32> {
    let largest = values.iter().copied().fold(0.0f32, f32::max);
    if largest > 1e-6 {
        values.iter_mut().for_each(|x| *x /= largest);
    }
    values
}

/// A number for each section; equal ones are repeats, and new ones count up.
fn labels(similarity: &Similarity, bounds: &[usize]) -> Vec<usize> {
    let sections: Vec<(usize, usize)> = bounds.windows(2).map(|it| (it[0], it[1])).collect();
    let mut labels: Vec<usize> = vec![];
    let mut n_labels = 0;
    for (i, section) in sections.iter().enumerate() {
        let alike = |j: &usize| alike(similarity, sections[*j], *section);
        let best = (0..i).max_by(|a, b| alike(a).total_cmp(&alike(b)));
        let label = best.filter(|j| alike(j) >= SAME).map_or(n_labels, |j| labels[j]);
        n_labels = n_labels.max(label + 1);
        labels.push(label);
    }
    labels
}

/// How alike two sections are: the best mean along a diagonal over most of the shorter one.
fn alike(similarity: &Similarity, a: (usize, usize), b: (usize, usize)) -> f32 {
    let (len_a, len_b) = (a.1 - a.0, b.1 - b.0);
    let (short, long) = (len_a.min(len_b), len_a.max(len_b));
    // A section is not the repeat of one that is twice as long.
    if 2 * short <= long {
        return 0.0;
    }
    let mut best = 0.0f32;
    for shift in -4isize..=4 {
        let (mut sum, mut count) = (0.0f32, 0usize);
        for i in 0..len_a {
            let j = i as isize + shift;
            if (0..len_b as isize).contains(&j) {
                sum += similarity.at(a.0 + i, b.0 + j as usize);
                count += 1;
            }
        }
        if count + 4 >= short {
            best = best.max(sum / count as f32);
        }
    }
    best
}
