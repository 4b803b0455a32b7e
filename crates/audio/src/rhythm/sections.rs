//! Sections: where a song changes, and which of its parts are repeats.
//!
//! Of all ways to cut the bars into sections, the best one is taken by dynamic programming: a section is heard again
//! elsewhere, is alike in itself, begins with something new, and is four, eight or sixteen bars long rather than seven.
//!
//! Sources: the search, alikeness within sections and the preference for lengths: Marmoret, Cohen and Bimbot, "Barwise
//! music structure analysis with the correlation block-matching segmentation algorithm" (TISMIR 2023), after Sargent,
//! Bimbot and Vincent (2017); repeats as diagonals of the self-similarity: Müller, Jiang and Grosche, "A robust fitness
//! measure for capturing repetitions in music recordings" (2013); novelty by a checkerboard: Foote (ICME 2000).

use super::{chroma::Chroma, envelope::Envelope, similarity::Similarity};

/// The most bars that are compared with each other; of longer sounds several bars are taken as one.
const BARS_MAX: usize = 800;
/// The shortest section and the longest, in bars.
const SHORTEST: usize = 2;
const LONGEST: usize = 24;
/// Beats of a bar where that is not known.
const BEATS_A_BAR: usize = 4;
/// From so much likeness on bars are repeats.
const REPEATED: f32 = 0.75;
/// What a bar earns that is heard again, and one that is like the others of its section.
const REPEAT_EARNS: f32 = 1.0;
const TEXTURE_EARNS: f32 = 0.5;
/// What a section earns that begins with a cymbal, and one that begins with something new.
const CYMBAL_EARNS: f32 = 0.5;
const NOVELTY_EARNS: f32 = 0.5;
/// What every section costs.
const SECTION_COSTS: f32 = 0.6;
/// How far before and after a bar what is new in it is looked for, in bars.
const NOVELTY_BARS: usize = 4;
/// Sections that are alike so much in the mean are the same.
const SAME: f32 = 0.8;

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
    (envelope, chroma): (&Envelope, &Chroma),
    beats: &[f64],
    downbeats: &[f64],
    length_secs: f64,
) -> Vec<Section> {
    let (bars, n_beats) = bars(beats, downbeats);
    let (bounds, labels) = if bars.len() < 4 {
        (vec![0, bars.len()], vec![0])
    } else {
        let similarity = Similarity::of(envelope, chroma, &bars, n_beats);
        let bounds = bounds(&similarity);
        let labels = labels(&similarity, &bounds);
        (bounds, labels)
    };
    let last = bounds.len() - 1;
    let time = |i: usize| match i {
        0 => 0.0,
        i if i == last => length_secs,
        i => bars[bounds[i]].0,
    };
    let found = labels.iter().enumerate().map(|(i, label)| Section {
        start_s: time(i),
        end_s: time(i + 1),
        label: letter(*label),
    });
    found.collect()
}

/// A, B… Z, A1, B1…
fn letter(idx: usize) -> String {
    let letter = char::from(b'A' + (idx % 26) as u8);
    if idx < 26 { letter.to_string() } else { format!("{letter}{}", idx / 26) }
}

/// Bars from one time to the next, and how many beats they have.
fn bars(beats: &[f64], downbeats: &[f64]) -> (Vec<(f64, f64)>, usize) {
    let starts: Vec<f64> = if downbeats.len() < 2 {
        beats.iter().copied().step_by(BEATS_A_BAR).collect()
    } else {
        downbeats.to_vec()
    };
    let mut n_beats: Vec<usize> = starts
        .windows(2)
        .map(|it| {
            beats.iter().filter(|beat| **beat > it[0] - 1e-6 && **beat < it[1] - 1e-6).count()
        })
        .collect();
    n_beats.sort_unstable();
    let n_beats = n_beats.get(n_beats.len() / 2).copied().unwrap_or(BEATS_A_BAR);
    let step = starts.len().div_ceil(BARS_MAX).max(1);
    let starts: Vec<f64> = starts.into_iter().step_by(step).collect();
    let mut bars: Vec<(f64, f64)> = starts.windows(2).map(|it| (it[0], it[1])).collect();
    if let (Some(last), Some(before)) = (starts.last(), bars.last()) {
        bars.push((*last, last + before.1 - before.0));
    }
    (bars, (n_beats * step).clamp(2, 4 * BEATS_A_BAR))
}

/// Sums over a matrix of bars, so that any block of it is added up at once.
struct Sums {
    n: usize,
    values: Vec<f64>,
}

impl Sums {
    fn of(n: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let mut values = vec![0.0f64; (n + 1) * (n + 1)];
        for i in 0..n {
            let mut row = 0.0;
            for j in 0..n {
                row += f64::from(value(i, j));
                values[(i + 1) * (n + 1) + j + 1] = values[i * (n + 1) + j + 1] + row;
            }
        }
        Self { n: n + 1, values }
    }

    /// The mean of a block: rows and columns from a bar up to another.
    fn mean(&self, (top, bottom): (usize, usize), (left, right): (usize, usize)) -> f32 {
        let at = |i: usize, j: usize| self.values[i * self.n + j];
        let sum = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
        (sum / ((bottom - top) * (right - left)) as f64) as f32
    }
}

/// Bounds of sections in bars: 0, those that were found, and the end.
fn bounds(similarity: &Similarity) -> Vec<usize> {
    let n = similarity.n;
    let textures = Sums::of(n, |i, j| similarity.texture(i, j));
    let repeats = Repeats::of(similarity);
    let begins: Vec<f32> = (0..n)
        .map(|i| {
            if i == 0 {
                return 0.0;
            }
            CYMBAL_EARNS * similarity.cymbals[i] + NOVELTY_EARNS * novelty(&textures, n, i)
        })
        .collect();
    let mut best = vec![f32::MIN; n + 1];
    let mut before = vec![0usize; n + 1];
    best[0] = 0.0;
    for end in SHORTEST..=n {
        for start in end.saturating_sub(LONGEST)..=end.saturating_sub(SHORTEST) {
            let own = |to: usize| section_score(&textures, &repeats, start, to);
            let mut score = own(end);
            if end == n && end - start > SHORTEST {
                // The last chord of a song is a bar of its own, which belongs to the section before.
                score = score.max(own(end - 1));
            }
            let score = best[start] + score + begins[start];
            if score > best[end] {
                best[end] = score;
                before[end] = start;
            }
        }
    }
    let mut bounds = vec![n];
    let mut at = n;
    while at > 0 {
        at = before[at];
        bounds.push(at);
    }
    bounds.reverse();
    bounds
}

/// How good bars from one up to another are as a section.
fn section_score(textures: &Sums, repeats: &Repeats, start: usize, end: usize) -> f32 {
    let length = (end - start) as f32;
    // Without the bars themselves, each of which is equal to itself.
    let alike = (length * textures.mean((start, end), (start, end)) - 1.0) / (length - 1.0);
    let again = (repeats.best(start, end) - REPEATED).max(0.0) / (1.0 - REPEATED);
    length * (REPEAT_EARNS * again + TEXTURE_EARNS * alike)
        - SECTION_COSTS
        - length_cost(end - start)
}

/// How new a bar is: what is before is alike, what is after too, and they differ.
fn novelty(textures: &Sums, n: usize, at: usize) -> f32 {
    let reach = NOVELTY_BARS.min(at).min(n - at);
    let (before, after) = ((at - reach, at), (at, at + reach));
    let alike = 0.5 * (textures.mean(before, before) + textures.mean(after, after));
    (alike - textures.mean(before, after)) * (0.5 * reach as f32).min(1.0)
}

/// What a length costs, in bars: fours are usual, eight most of all.
fn length_cost(n: usize) -> f32 {
    let eights = n as f32 / 8.0;
    match n {
        4 => 0.3,
        8 => 0.0,
        _ if n.is_multiple_of(8) => 0.6 * (eights - 1.0),
        _ if n.is_multiple_of(4) => 0.3 + 0.6 * (eights - 1.0),
        _ if n.is_multiple_of(2) => 0.6 + 0.3 * (eights - 1.0).abs(),
        _ => 1.0 + 0.3 * (eights - 1.0).abs(),
    }
}

/// Sums of likeness along diagonals. Shape: `[lags, bars + 1]`; a lag is from a bar to an earlier one.
struct Repeats {
    n: usize,
    sums: Vec<f32>,
}

impl Repeats {
    fn of(similarity: &Similarity) -> Self {
        let n = similarity.n;
        let mut sums = vec![0.0f32; n * (n + 1)];
        for lag in 1..n {
            for i in lag..n {
                let at = lag * (n + 1) + i;
                sums[at + 1] = sums[at] + similarity.repeat(i, i - lag);
            }
        }
        Self { n, sums }
    }

    /// How much bars from one up to another are heard again anywhere else, before or after.
    fn best(&self, start: usize, end: usize) -> f32 {
        let length = end - start;
        let sum = |lag: usize, from: usize, to: usize| {
            self.sums[lag * (self.n + 1) + to] - self.sums[lag * (self.n + 1) + from]
        };
        let earlier = (length..=start).map(|lag| sum(lag, start, end));
        let later =
            (length..(self.n + 1).saturating_sub(end)).map(|lag| sum(lag, start + lag, end + lag));
        earlier.chain(later).fold(0.0f32, f32::max) / length as f32
    }
}

/// A number for each section; equal ones are repeats. Groups that are alike in the mean are joined, best first.
fn labels(similarity: &Similarity, bounds: &[usize]) -> Vec<usize> {
    let sections: Vec<(usize, usize)> = bounds.windows(2).map(|it| (it[0], it[1])).collect();
    let mut groups: Vec<Vec<usize>> = (0..sections.len()).map(|i| vec![i]).collect();
    let alike: Vec<Vec<f32>> = sections
        .iter()
        .map(|a| sections.iter().map(|b| alike(similarity, *a, *b)).collect())
        .collect();
    loop {
        let mut best: Option<(f32, usize, usize)> = None;
        for i in 0..groups.len() {
            for j in i + 1..groups.len() {
                let pairs = groups[i].iter().flat_map(|a| groups[j].iter().map(|b| alike[*a][*b]));
                let mean = pairs.sum::<f32>() / (groups[i].len() * groups[j].len()) as f32;
                if mean >= SAME && best.is_none_or(|it| mean > it.0) {
                    best = Some((mean, i, j));
                }
            }
        }
        let Some((_, i, j)) = best else { break };
        let joined = groups.remove(j);
        groups[i].extend(joined);
    }
    groups.sort_by_key(|group| group.iter().min().copied());
    let label = |i: usize| groups.iter().position(|group| group.contains(&i)).unwrap_or(0);
    (0..sections.len()).map(label).collect()
}

/// How alike two sections are: the best mean along a diagonal, also one bar aside.
fn alike(similarity: &Similarity, a: (usize, usize), b: (usize, usize)) -> f32 {
    let (len_a, len_b) = (a.1 - a.0, b.1 - b.0);
    let (short, long) = (len_a.min(len_b), len_a.max(len_b));
    // A section is not the repeat of one that is twice as long.
    if 2 * short <= long {
        return 0.0;
    }
    let shifts: &[(usize, usize)] = if short > 2 { &[(0, 0), (1, 0), (0, 1)] } else { &[(0, 0)] };
    let means = shifts.iter().map(|(from_a, from_b)| {
        let n = (len_a - from_a).min(len_b - from_b);
        let pairs = (0..n).map(|k| similarity.repeat(a.0 + from_a + k, b.0 + from_b + k));
        pairs.sum::<f32>() / n as f32
    });
    means.fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sections of eight bars of 4/4 at 120 bpm, each letter with chords, strokes and timbre of its own.
    fn check(form: &str) {
        let mut chroma = Chroma { rate: 12.0, ..Chroma::default() };
        let mut envelope = Envelope { rate: 100.0, ..Envelope::default() };
        for letter in form.bytes() {
            let own = usize::from(letter - b'A');
            for frame in 0..16 * 12 {
                // Chords change every bar; the second half of a section is not as the first.
                let root = (5 * own + [0, 5, 7, 2, 9, 5, 2, 7][frame / 24 % 8]) % 12;
                let is_in = |i: usize| [0, 4, 7].iter().any(|above| (root + above) % 12 == i);
                chroma.all.push(std::array::from_fn(|i| if is_in(i) { 1.0 } else { 0.1 }));
                chroma.bass.push(std::array::from_fn(|i| if i == root { 1.0 } else { 0.0 }));
                chroma.bands.push(std::array::from_fn(|i| if i == own { 1.0 } else { 0.0 }));
            }
            for frame in 0..16 * 100 {
                // Eighths with a stroke on the beat, and one that is elsewhere in each letter.
                let eighth = frame / 25 % 8;
                let is_stroke = frame % 25 == 0 && (eighth % 2 == 0 || eighth == 2 * own + 1);
                let x = if is_stroke { 1.0 } else { 0.0 };
                envelope.bands.iter_mut().for_each(|band| band.push(x));
                envelope.all.push(x);
            }
        }
        let length_secs = 16.0 * form.len() as f64;
        let beats: Vec<f64> = (0..32 * form.len()).map(|i| 0.5 * i as f64).collect();
        let downbeats: Vec<f64> = beats.iter().copied().step_by(4).collect();
        let found = sections((&envelope, &chroma), &beats, &downbeats, length_secs);
        let labels: String = found.iter().map(|it| it.label.as_str()).collect();
        assert_eq!(labels, form, "{found:?}");
        for (i, section) in found.iter().enumerate() {
            assert!((section.start_s - 16.0 * i as f64).abs() < 1e-6, "{form}: {found:?}");
        }
        assert_eq!(found.last().unwrap().end_s, length_secs);
    }

    #[test]
    fn sections_that_differ_are_told_apart_and_repeats_are_known() {
        ["ABA", "AABA", "ABCAB", "AABB"].into_iter().for_each(check);
    }

    #[test]
    fn short_sounds_are_one_section() {
        let (envelope, chroma) = (Envelope::default(), Chroma::default());
        for n in 0..12 {
            let beats: Vec<f64> = (0..n).map(|i| 0.5 * f64::from(i)).collect();
            let found = sections((&envelope, &chroma), &beats, &[], 6.0);
            assert_eq!(found.len(), 1, "{n} beats");
            assert_eq!((found[0].start_s, found[0].end_s), (0.0, 6.0));
        }
    }
}
