//! How likely a tempo and a meter are together, from what is heard on their beats and between them.
//!
//! Half and double of a tempo, and a beat and a half of it, fit its onsets about as well. What tells them apart is what a
//! bar is like: the snare drum answers the bass drum on every second beat in 4/4, harmony changes on first beats and not
//! between beats, bars repeat themselves, and few notes are shorter than half a beat. Each of these is a number here, and
//! their weighted sum is the logarithm of how likely the hypothesis is, up to a constant.
//!
//! Sources: levels of the meter found together as in Klapuri, Eronen and Astola, "Analysis of the meter of acoustic
//! musical signals" (2006), and patterns of a bar in bands as in Krebs, Böck and Widmer, "Rhythmic pattern modeling for
//! beat and downbeat tracking in musical audio" (ISMIR 2013); a logistic model of few features instead of theirs of many.

use super::{
    Meter,
    bars::{Bars, Marks, near, standardised},
    beats::{Division, Path},
    chroma::{Chroma, difference},
    envelope::Envelope,
    loops, tempo,
};

/// How far from a place of a beat an onset still is on it, in seconds before and after.
const ON_PLACE_SECS: (f64, f64) = (0.02, 0.03);
/// Places of a beat that are looked at, evenly spaced: halves, thirds and quarters are among them.
const N_PLACES: usize = 12;

// The weights are those of a logistic regression on 336 rendered songs (sets of seeds 0 to 8 and 12 to 16); seeds 9 to 11
// are the test.
/// Of how well the beats fit the onsets.
const FIT: f64 = 19.21;
/// Of how usual the tempo is.
const PREFERENCE: f64 = 4.43;
/// Of beats with three parts.
const THIRDS: f64 = -0.41;
/// Of onsets a quarter of a beat before and after beats, relative to all places.
const QUARTERS: f64 = -3.42;
/// Of how clearly beats make bars.
const CLARITY: f64 = 4.02;
/// Of how much bars repeat themselves.
const REPEATS: f64 = 4.86;
/// Of how much more bass and bass drum play on beats than half a beat later.
const LOW_ON_BEAT: f64 = 1.53;
/// Of a snare drum on the second and fourth beat of 4/4, against the first and third.
const ANSWER_4: f64 = 1.15;
/// Of a low first beat in 6/8: where it is, bars of 4/4 and 3/4 are mostly clear too.
const LOW_FIRST_6: f64 = -2.14;
/// Of the harmony that changes most on one of the other beats.
const HARMONY_ELSEWHERE: f64 = -3.13;
/// Of harmony that changes more on beats than half a beat later, which it does in most wrong tempos too.
const HARMONY_ON_BEAT: f64 = -2.71;
/// Of bass and bass drum alike on every beat.
const LOW_AGAIN_1: f64 = 2.64;
/// Of bass and bass drum alike on beats a bar of 4/4 apart.
const LOW_AGAIN_4: f64 = 6.36;
/// Of bass and bass drum alike on beats a bar of 3/4 apart.
const LOW_AGAIN_3: f64 = 2.94;

/// Sounds shorter than this have too few bars for their mean to say much: the fit and the usual tempo decide, and how
/// clear bars are. In seconds.
pub(super) const SHORT_SECS: f64 = 20.0;

/// What is the same for all meters: what beats of a path have between them.
pub(super) struct Between {
    /// The score of it.
    score: f64,
    marks: Marks,
    division: Division,
    /// The score without what is between beats.
    plain: f64,
}

impl Between {
    /// Of the beats of a path, at times in seconds, at a tempo.
    pub(super) fn of(
        envelope: &Envelope,
        chroma: &Chroma,
        times: &[f64],
        (path, bpm): (&Path, f64),
    ) -> Self {
        let [low, ..] = &envelope.bands;
        let all = places(&envelope.all, envelope.rate, times);
        let low = places(low, envelope.rate, times);
        let mean = |places: &[f64]| places.iter().sum::<f64>() / N_PLACES as f64 + 1e-9;
        let quarters = 0.5 * (all[N_PLACES / 4] + all[3 * N_PLACES / 4]) / mean(&all);
        let low_on_beat = (low[0] - low[N_PLACES / 2]) / mean(&low);
        let is_thirds = if path.division == Division::Thirds { 1.0 } else { 0.0 };
        let score = FIT * path.fit
            + PREFERENCE * tempo::preference(bpm)
            + THIRDS * is_thirds
            + QUARTERS * quarters
            + LOW_ON_BEAT * low_on_beat
            + HARMONY_ON_BEAT * harmony_on_beat(chroma, times);
        let plain = loops::score(path.fit, path.division, bpm);
        Self { score, marks: Marks::of(envelope, chroma, times), division: path.division, plain }
    }

    /// Bars in each meter that the beats can have, with the logarithm of how likely they are.
    pub(super) fn bars(&self) -> Vec<(f64, Bars)> {
        let scored = self.meters().iter().map(|meter| {
            let bars = self.marks.bars(*meter);
            (self.score + of_bars(&self.marks, &bars), bars)
        });
        scored.collect()
    }

    /// The bars of a short sound, with the logarithm of how likely they are.
    pub(super) fn bars_of_short(&self) -> Option<(f64, Bars)> {
        let scored = self.meters().iter().map(|meter| {
            let (n, bars) = (meter.n_beats(), self.marks.bars(*meter));
            // Bars repeat themselves: what a beat is like, that after a bar is like again.
            let usual = if n == 4 { 0.08 } else { 0.0 };
            (bars.clarity + 0.6 * self.marks.repeats(n) + usual, bars)
        });
        let (_, bars) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some((2.0 * (self.plain + 0.8 * bars.clarity), bars))
    }

    fn meters(&self) -> &'static [Meter] {
        match self.division {
            Division::Thirds => &[Meter::SixEight],
            Division::Halves => &[Meter::FourFour, Meter::ThreeFour],
        }
    }
}

/// How likely bars are, as a logarithm.
fn of_bars(marks: &Marks, bars: &Bars) -> f64 {
    let n = bars.meter.n_beats();
    // The mean of marks at a position of the bar.
    let at = |values: &[f64], position: usize| {
        let found: Vec<f64> =
            bars.downbeats.iter().filter_map(|i| values.get(i + position).copied()).collect();
        found.iter().sum::<f64>() / found.len().max(1) as f64
    };
    let elsewhere = (1..n).map(|position| at(&marks.harmony, position)).fold(f64::MIN, f64::max);
    let (low, high) = (|i| at(&marks.low, i), |i| at(&marks.high, i));
    let of_meter = match bars.meter {
        Meter::FourFour => {
            ANSWER_4 * (high(1) + high(3) - high(0) - high(2)) + LOW_AGAIN_4 * again(&marks.low, 4)
        }
        Meter::ThreeFour => LOW_AGAIN_3 * again(&marks.low, 3),
        Meter::SixEight | Meter::TwoFour => LOW_FIRST_6 * (low(0) - low(1)),
    };
    CLARITY * bars.clarity
        + REPEATS * marks.repeats(n)
        + HARMONY_ELSEWHERE * elsewhere
        + LOW_AGAIN_1 * again(&marks.low, 1)
        + of_meter
}

/// How much beats are alike that are so many beats apart: their correlation, where values are standardised.
fn again(values: &[f64], lag: usize) -> f64 {
    let products: Vec<f64> =
        values.iter().zip(values.iter().skip(lag)).map(|(a, b)| a * b).collect();
    products.iter().sum::<f64>() / products.len().max(1) as f64
}

/// How strong onsets of a band are at each place of a beat, in the mean over all beats.
fn places(band: &[f32], rate: f64, times: &[f64]) -> [f64; N_PLACES] {
    let lengths = lengths(times);
    std::array::from_fn(|place| {
        let share = place as f64 / N_PLACES as f64;
        let at = times.iter().zip(&lengths).map(|(time, length)| time + share * length);
        at.map(|time| near(band, rate, time, ON_PLACE_SECS)).sum::<f64>()
            / times.len().max(1) as f64
    })
}

/// The length of each beat; the last is as long as the one before.
fn lengths(times: &[f64]) -> Vec<f64> {
    let mut lengths: Vec<f64> = times.windows(2).map(|it| it[1] - it[0]).collect();
    lengths.extend(lengths.last().copied());
    lengths
}

/// How much more harmony changes on beats than half a beat later, in standard deviations.
fn harmony_on_beat(chroma: &Chroma, times: &[f64]) -> f64 {
    let change = |time: f64, length: f64, gap: f64| {
        let before = chroma.mean(&chroma.all, time - length, time - gap);
        f64::from(difference(&before, &chroma.mean(&chroma.all, time + gap, time + length)))
    };
    let mut changes: Vec<f64> = vec![];
    for (time, length) in times.iter().zip(lengths(times)) {
        for time in [*time, time + 0.5 * length] {
            changes.push(change(time, length, 0.08) + change(time, 0.5 * length, 0.04));
        }
    }
    let changes = standardised(&changes);
    let mean = |from: usize| {
        let list: Vec<f64> = changes.iter().skip(from).step_by(2).copied().collect();
        list.iter().sum::<f64>() / list.len().max(1) as f64
    };
    mean(0) - mean(1)
}
