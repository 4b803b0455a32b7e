//! Bars: which beats are first, and how many beats a bar has.
//!
//! Source: what marks a bar, harmony that changes, a bass, and a bass drum against a snare drum, as in Goto, "An
//! audio-based real-time beat tracking system for music with or without drum-sounds" (2001), section 3; the cycle of
//! positions as in Krebs, Böck and Widmer (ISMIR 2013).

use super::{
    Meter,
    beats::{Division, Path, Pulse},
    chroma::{Chroma, difference},
    envelope::Envelope,
};

/// What a jump from a position of the bar to one that does not follow costs.
const JUMP: f64 = 7.0;

/// Bars of a sound.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bars {
    pub(super) meter: Meter,
    /// Indices of the first beats of bars.
    pub(super) downbeats: Vec<usize>,
    /// How clearly beats make bars.
    pub(super) clarity: f64,
}

/// What each beat is like; every list has the deviation from its mean, in standard deviations.
pub(super) struct Marks {
    pub(super) harmony: Vec<f64>,
    bass: Vec<f64>,
    pub(super) low: Vec<f64>,
    pub(super) high: Vec<f64>,
    all: Vec<f64>,
}

/// Whether beats have three parts: onsets on both inner thirds. Swing has them on the last third alone.
pub(super) fn has_thirds(pulse: &Pulse, path: &Path) -> bool {
    let strength = |place: f64| -> f32 {
        path.frames.windows(2).map(|it| pulse.at(it[0] + place * (it[1] - it[0])).max(0.0)).sum()
    };
    path.division == Division::Thirds && strength(1.0 / 3.0) > 0.2 * strength(2.0 / 3.0)
}

/// How far from a beat an onset still is on it, in seconds before and after.
const ON_BEAT_SECS: (f64, f64) = (0.04, 0.05);

/// The strongest onset of a band near a time, as an amplitude.
pub(super) fn near(band: &[f32], rate: f64, time: f64, (before, after): (f64, f64)) -> f64 {
    let from = ((time - before) * rate).round().max(0.0) as usize;
    let to = ((time + after) * rate).round().max(0.0) as usize + 1;
    let (from, to) = (from.min(band.len()), to.min(band.len()));
    f64::from(band[from..to].iter().copied().fold(0.0f32, f32::max)).sqrt()
}

/// How much like a snare drum a time sounds: high and middle, not low.
fn snare_at(envelope: &Envelope, time: f64) -> f64 {
    let [low, middle, high] = &envelope.bands;
    let near = |band: &[f32]| near(band, envelope.rate, time, ON_BEAT_SECS);
    near(high) + 0.5 * near(middle) - 0.5 * near(low)
}

impl Marks {
    /// Of beats at times in seconds.
    pub(super) fn of(envelope: &Envelope, chroma: &Chroma, times: &[f64]) -> Self {
        let near = |band: &[f32], time: f64| near(band, envelope.rate, time, ON_BEAT_SECS);
        let next = |i: usize| match times.get(i + 1) {
            Some(next) => *next,
            None => 2.0 * times[i] - times[i.saturating_sub(1)],
        };
        let change = |frames: &[[f32; 12]], i: usize| {
            if i == 0 {
                return 0.0;
            }
            // A beat before against a beat after, and two against two, which melodies disturb less.
            let length = times[i] - times[i - 1];
            let one = difference(
                &chroma.mean(frames, times[i - 1], times[i] - 0.08),
                &chroma.mean(frames, times[i] + 0.08, next(i)),
            );
            let two = difference(
                &chroma.mean(frames, times[i] - 2.0 * length, times[i] - 0.08),
                &chroma.mean(frames, times[i] + 0.08, next(i) + length),
            );
            f64::from(one + two)
        };
        let n = times.len();
        let of =
            |values: &mut dyn Iterator<Item = f64>| standardised(&values.collect::<Vec<f64>>());
        let [low, ..] = &envelope.bands;
        Self {
            harmony: of(&mut (0..n).map(|i| change(&chroma.all, i))),
            bass: of(&mut (0..n).map(|i| change(&chroma.bass, i))),
            low: of(&mut times.iter().map(|time| near(low, *time))),
            high: of(&mut times.iter().map(|time| snare_at(envelope, *time))),
            all: of(&mut times.iter().map(|time| near(&envelope.all, *time))),
        }
    }

    /// The bars of a meter that fit best.
    pub(super) fn bars(&self, meter: Meter) -> Bars {
        let (downbeats, clarity) = cycle(&self.downbeat(meter.n_beats()), meter.n_beats());
        Bars { meter, downbeats, clarity }
    }

    /// How much each beat is like a first one, in bars of `n` beats.
    fn downbeat(&self, n: usize) -> Vec<f64> {
        let at = |values: &[f64], i: usize| values.get(i).copied().unwrap_or(0.0);
        (0..self.low.len())
            .map(|i| {
                // The snare drum answers on the second beat, and on the fourth.
                let answer = match n {
                    4 => 0.5 * (at(&self.high, i + 1) + at(&self.high, i + 3)),
                    _ => at(&self.high, i + 1),
                };
                1.2 * self.harmony[i] + 0.9 * self.bass[i] + 0.6 * self.low[i] + 0.2 * self.all[i]
                    - 0.35 * self.high[i]
                    + 0.35 * answer
            })
            .collect()
    }

    /// How alike beats are that are `n`, 2 n and 3 n apart, less how alike all beats are.
    pub(super) fn repeats(&self, n: usize) -> f64 {
        let lists = [&self.harmony, &self.bass, &self.low, &self.high, &self.all];
        let mut sum = 0.0;
        let mut count = 0.0;
        for k in 1..=3 {
            for list in lists {
                let pairs = list.iter().zip(list.iter().skip(k * n));
                let n_pairs = list.len().saturating_sub(k * n);
                if n_pairs >= n {
                    sum += pairs.map(|(a, b)| a * b).sum::<f64>() / n_pairs as f64;
                    count += 1.0;
                }
            }
        }
        if count > 0.0 { sum / count } else { 0.0 }
    }
}

/// The best first beats of bars of `n`, and how much they stand out: the correlation of the marks with them.
fn cycle(marks: &[f64], n: usize) -> (Vec<usize>, f64) {
    if marks.len() < n {
        return (vec![], 0.0);
    }
    // A first beat earns its mark, the others lose a share of theirs.
    let earned = |i: usize, position: usize| {
        if position == 0 { marks[i] } else { -marks[i] / (n - 1) as f64 }
    };
    let mut scores = vec![vec![0.0f64; n]; marks.len()];
    let mut before = vec![vec![0usize; n]; marks.len()];
    scores[0] = (0..n).map(|position| earned(0, position)).collect();
    for i in 1..marks.len() {
        for position in 0..n {
            let follows = (position + n - 1) % n;
            let (from, score) = (0..n)
                .map(|from| {
                    let cost = if from == follows { 0.0 } else { JUMP };
                    (from, scores[i - 1][from] - cost)
                })
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .unwrap_or((follows, 0.0));
            scores[i][position] = score + earned(i, position);
            before[i][position] = from;
        }
    }
    let last = marks.len() - 1;
    let mut position =
        (0..n).max_by(|a, b| scores[last][*a].total_cmp(&scores[last][*b])).unwrap_or(0);
    let mut downbeats = vec![];
    for i in (0..marks.len()).rev() {
        if position == 0 {
            downbeats.push(i);
        }
        position = before[i][position];
    }
    downbeats.reverse();
    let mut expected = vec![0.0f32; marks.len()];
    downbeats.iter().for_each(|i| expected[*i] = 1.0);
    let marks: Vec<f32> = marks.iter().map(|x| *x as f32).collect();
    (downbeats, super::beats::correlation(&expected, &marks))
}

/// Values as deviations from their mean, in standard deviations; all 0 where they are equal.
pub(super) fn standardised(values: &[f64]) -> Vec<f64> {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
    let scale = if deviation > 1e-9 { 1.0 / deviation } else { 0.0 };
    values.iter().map(|x| ((x - mean) * scale).clamp(-3.0, 3.0)).collect()
}
