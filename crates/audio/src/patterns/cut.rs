//! Where a sound is cut into patterns: where it becomes another sound, moved to the nearest onset or beat.
//!
//! Source: novelty as in Foote, "Automatic audio segmentation using a measure of audio novelty" (2000), with the
//! distance of the means of what is before and after in place of the checkerboard kernel, which is the same for
//! Euclidean distances but for what varies within each side.

use super::{
    RATE_HZ,
    spectra::{FRAME_RATE, Spectra},
};
use crate::{harmony::at_rate, rhythm::Rhythm};

/// How a sound is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutSettings {
    /// No part is shorter, in seconds, unless the sound is.
    pub shortest_secs: f64,
    /// No part is longer.
    pub longest_secs: f64,
    /// Which of the [`WAYS`] to cut: 0 is the usual one.
    pub way: usize,
}

impl Default for CutSettings {
    fn default() -> Self {
        Self { shortest_secs: 0.3, longest_secs: 6.0, way: 0 }
    }
}

/// A part of a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Where it begins.
    pub start_secs: f64,
    /// Where it ends.
    pub end_secs: f64,
    /// How sure both ends are, from 0 to 1: the share of the eight other [`WAYS`] to cut, which look at other stretches of
    /// time before and after and cut more or less easily, that have both ends within 70 ms.
    pub confidence: f64,
}

/// Ends that are so near to each other are the same.
const SAME_SECS: f64 = 0.07;
/// Ways to cut: the stretch before and after that is compared, in seconds, and the threshold of a change, as a multiple
/// of the usual one. The first is the usual one.
pub const WAYS: [(f64, f64); 9] = [
    (0.7, 1.0),
    (0.4, 0.8),
    (0.4, 1.25),
    (0.55, 0.8),
    (0.55, 1.25),
    (0.9, 0.8),
    (0.9, 1.25),
    (1.2, 0.8),
    (1.2, 1.25),
];
/// An end that a person has set is met by one that is so near to it, in seconds.
const MET_SECS: f64 = 0.15;
/// The least distance of two sides that is a change: the spread of cepstral coefficients within a steady sound.
const LEAST: f64 = 18.0;
/// How far a cut is moved to an onset, in seconds.
const TO_ONSET_SECS: f64 = 0.12;
/// What is softer than this below the loudest is silence, in dB.
const SILENT_DB: f64 = -50.0;
/// A beat that is less sure does not say where to cut.
const BEAT_CONFIDENCE: f64 = 0.4;

/// Cuts a sound of one channel; `rhythm` is what was found in it. Silence is left out.
#[must_use]
pub fn cut(samples: &[f32], rate_hz: u32, rhythm: &Rhythm, settings: &CutSettings) -> Vec<Cut> {
    let mut others = all_ways(samples, rate_hz, rhythm, settings).to_vec();
    let kept = others.swap_remove(settings.way.min(WAYS.len() - 1));
    let is_same = |a: (f64, f64), b: &(f64, f64)| {
        (a.0 - b.0).abs() <= SAME_SECS && (a.1 - b.1).abs() <= SAME_SECS
    };
    let confidence = |part: (f64, f64)| {
        let n = others.iter().filter(|it| it.iter().any(|other| is_same(part, other))).count();
        n as f64 / others.len() as f64
    };
    let cut = |(start_secs, end_secs): (f64, f64)| Cut {
        start_secs,
        end_secs,
        confidence: confidence((start_secs, end_secs)),
    };
    kept.into_iter().map(cut).collect()
}

/// The parts of a sound by each of the [`WAYS`]; none of silence.
fn all_ways(
    samples: &[f32],
    rate_hz: u32,
    rhythm: &Rhythm,
    settings: &CutSettings,
) -> [Vec<(f64, f64)>; WAYS.len()] {
    let length_secs = samples.len() as f64 / f64::from(rate_hz);
    let samples = at_rate(samples, rate_hz, RATE_HZ);
    if samples.iter().all(|x| x.abs() < 1e-5 || !x.is_finite()) {
        return std::array::from_fn(|_| vec![]);
    }
    let spectra = Spectra::of(&samples);
    let places = Places::of(&spectra, rhythm);
    WAYS.map(|way| parts(&spectra, &places, way, settings, length_secs))
}

/// How well each of the [`WAYS`] meets parts that a person has set, from 0 to 1.
///
/// It is the F-measure of the ends that lie where something was set, as in the evaluation of segmentation (Turnbull et
/// al., 2007). What was not looked at by the person says nothing, so ends more than half a second away from all that was
/// set are left out.
#[must_use]
pub fn agreement(
    samples: &[f32],
    rate_hz: u32,
    rhythm: &Rhythm,
    settings: &CutSettings,
    set: &[(f64, f64)],
) -> [f64; WAYS.len()] {
    all_ways(samples, rate_hz, rhythm, settings).map(|parts| {
        let mut ends: Vec<f64> = parts.iter().flat_map(|it| [it.0, it.1]).collect();
        ends.sort_by(f64::total_cmp);
        ends.dedup_by(|a, b| (*a - *b).abs() < SAME_SECS);
        let wanted: Vec<f64> = set.iter().flat_map(|it| [it.0, it.1]).collect();
        let is_near =
            |end: &&f64| set.iter().any(|(start, stop)| (start - 0.5..=stop + 0.5).contains(*end));
        let looked_at: Vec<f64> = ends.iter().filter(is_near).copied().collect();
        let met = |of: &[f64], by: &[f64]| {
            let n = of.iter().filter(|a| by.iter().any(|b| (*a - b).abs() <= MET_SECS)).count();
            n as f64 / of.len().max(1) as f64
        };
        let (precision, recall) = (met(&looked_at, &wanted), met(&wanted, &looked_at));
        2.0 * precision * recall / (precision + recall).max(1e-9)
    })
}

/// Where cuts may be moved to.
struct Places<'a> {
    onsets: &'a [f64],
    beats: &'a [f64],
    downbeats: &'a [f64],
    /// Sums of coefficients up to each frame.
    sums: Vec<Vec<f64>>,
}

impl<'a> Places<'a> {
    fn of(spectra: &Spectra, rhythm: &'a Rhythm) -> Self {
        let has_beat = rhythm.tempo_confidence >= BEAT_CONFIDENCE && rhythm.beats.len() >= 8;
        let loudest = spectra.level_db.iter().copied().fold(f64::MIN, f64::max);
        let mut sums = vec![vec![0.0; spectra.cepstral[0].len() + 1]];
        for (cepstral, level) in spectra.cepstral.iter().zip(&spectra.level_db) {
            let last = sums.last().expect("it begins with one");
            let level = 2.0 * (level - loudest).max(-60.0);
            let numbers = cepstral.iter().map(|x| f64::from(*x)).chain([level]);
            sums.push(last.iter().zip(numbers).map(|(sum, x)| sum + x).collect());
        }
        Self {
            onsets: &rhythm.onsets,
            beats: if has_beat { &rhythm.beats } else { &[] },
            downbeats: if has_beat { &rhythm.downbeats } else { &[] },
            sums,
        }
    }

    /// How much the sound changes at each frame: the distance of what is before and after.
    fn novelty(&self, stretch_secs: f64) -> Vec<f64> {
        let n_frames = self.sums.len() - 1;
        let stretch = ((stretch_secs * FRAME_RATE) as usize).max(1);
        let change = |i: usize| {
            let (from, to) = (i.saturating_sub(stretch), (i + stretch).min(n_frames));
            if i - from < stretch / 2 || to - i < stretch / 2 {
                return 0.0;
            }
            let (left, here, right) = (&self.sums[from], &self.sums[i], &self.sums[to]);
            let distance = |k: usize| {
                let before = (here[k] - left[k]) / (i - from) as f64;
                let after = (right[k] - here[k]) / (to - i) as f64;
                (after - before).powi(2)
            };
            (0..here.len()).map(distance).sum::<f64>().sqrt()
        };
        (0..n_frames).map(change).collect()
    }

    /// The time of a cut: that of the beat or the onset that it is nearest to.
    fn moved(&self, secs: f64) -> f64 {
        let nearest = |times: &[f64]| {
            times.iter().copied().min_by(|a, b| (a - secs).abs().total_cmp(&(b - secs).abs()))
        };
        let beat = nearest(self.beats).filter(|it| {
            let length = self.beats.windows(2).map(|it| it[1] - it[0]).fold(f64::MAX, f64::min);
            (it - secs).abs() <= length / 2.0
        });
        let onset = nearest(self.onsets).filter(|it| (it - secs).abs() <= TO_ONSET_SECS);
        beat.or(onset).unwrap_or(secs)
    }
}

/// One way to cut.
fn parts(
    spectra: &Spectra,
    places: &Places<'_>,
    (stretch_secs, ease): (f64, f64),
    settings: &CutSettings,
    length_secs: f64,
) -> Vec<(f64, f64)> {
    let novelty = places.novelty(stretch_secs);
    let mean = novelty.iter().sum::<f64>() / novelty.len().max(1) as f64;
    let least = ease * LEAST.max(1.3 * mean);
    let reach = ((stretch_secs * FRAME_RATE / 2.0) as usize).max(1);
    let mut times = vec![0.0];
    for (i, x) in novelty.iter().enumerate() {
        let around = &novelty[i.saturating_sub(reach)..(i + reach + 1).min(novelty.len())];
        if *x >= least && around.iter().all(|other| other <= x) {
            times.push(places.moved(i as f64 / FRAME_RATE));
        }
    }
    times.push(length_secs);
    times.sort_by(f64::total_cmp);
    let mut apart: Vec<f64> = vec![];
    for time in times {
        let is_far = |last: &f64| time - last >= settings.shortest_secs;
        match apart.last() {
            Some(last) if !is_far(last) && time == length_secs && apart.len() > 1 => {
                *apart.last_mut().expect("there is one") = time;
            }
            Some(last) if !is_far(last) && time < length_secs => {}
            _ => apart.push(time),
        }
    }
    let mut parts = vec![];
    for pair in apart.windows(2) {
        divide((pair[0], pair[1]), places, settings, &mut parts);
    }
    parts.into_iter().filter_map(|it| heard(spectra, it)).collect()
}

/// Divides a part that is too long, at the first beat of a bar, a beat or an onset near its middle, where there is one.
fn divide(part: (f64, f64), places: &Places<'_>, settings: &CutSettings, to: &mut Vec<(f64, f64)>) {
    let (start, end) = part;
    if end - start <= settings.longest_secs {
        to.push(part);
        return;
    }
    let middle = f64::midpoint(start, end);
    let reach = (end - start) / 4.0;
    let nearest = |times: &[f64]| {
        let near = times.iter().copied().filter(|it| (it - middle).abs() < reach);
        near.min_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()))
    };
    let at = nearest(places.downbeats)
        .or_else(|| nearest(places.beats))
        .or_else(|| nearest(places.onsets))
        .unwrap_or(middle);
    divide((start, at), places, settings, to);
    divide((at, end), places, settings, to);
}

/// A part without the silence at its ends; nothing where it is all silence. A frame or two of sound are the ends of what
/// is beside it, which a window reaches.
fn heard(spectra: &Spectra, (start, end): (f64, f64)) -> Option<(f64, f64)> {
    const RUN: usize = 3;
    let loudest = spectra.level_db.iter().copied().fold(f64::MIN, f64::max);
    let frame = |secs: f64| ((secs * FRAME_RATE).round() as usize).min(spectra.level_db.len());
    let (from, to) = (frame(start), frame(end));
    let is_heard = |i: &usize| spectra.level_db[*i] > loudest + SILENT_DB;
    let run = RUN.min(to.saturating_sub(from)).max(1);
    let begins = |i: &usize| (*i..(i + run).min(to)).all(|i| is_heard(&i)) && i + run <= to;
    let first = (from..to).find(begins)?;
    let last = (from..to).rfind(begins)? + run - 1;
    let start = if first > from + 4 { (first as f64 - 1.0) / FRAME_RATE } else { start };
    let end = if last + 5 < to { (last as f64 + 2.0) / FRAME_RATE } else { end };
    (end - start > 0.02).then_some((start, end))
}
