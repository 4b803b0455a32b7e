//! When things happen in a sound: onsets, tempo, beats, bars and sections.
//!
//! Each is a file with its source in its head: `envelope` and `onsets`, `tempo`, `beats`, `loops`, `bars`, `evidence`,
//! `similarity` and `sections`.
//! [`rhythm`] goes through all of them. Memory: about 30 floats for each 10 ms of sound besides the sound itself, and a
//! few squares of at most 800 bars for sections, so an hour takes some 60 MB.

mod bars;
mod beats;
mod chroma;
mod envelope;
mod evidence;
mod loops;
mod meter;
mod onsets;
mod sections;
mod similarity;
mod tempo;

use std::collections::BTreeSet;

use self::{
    bars::{Bars, has_thirds},
    beats::{Division, Path, Pulse, refined, track},
    chroma::Chroma,
    evidence::Between,
};
pub use self::{envelope::Envelope, meter::Meter, onsets::onsets, sections::Section};

/// The rhythm of a sound; times are in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rhythm {
    /// Beats per minute; none where no beat was found.
    pub tempo_bpm: Option<f64>,
    /// Tempos that fit, likeliest first: beats per minute and weight; the weights add up to 1.
    pub tempo_candidates: Vec<(f64, f64)>,
    /// How sure the tempo is, from 0 to 1.
    pub tempo_confidence: f64,
    /// Whether the length was taken for a whole number of beats, which makes the tempo exact.
    pub is_loop: bool,
    /// Beats in a bar.
    pub meter: Option<Meter>,
    /// Times of the beats.
    pub beats: Vec<f64>,
    /// Times of the first beats of bars.
    pub downbeats: Vec<f64>,
    /// Times at which something begins.
    pub onsets: Vec<f64>,
    /// Sections; none for silence.
    pub sections: Vec<Section>,
}

/// How much later an onset is than the frame in which the envelope is highest, in seconds: the rise of a window begins
/// before its middle. Measured on songs: 0 to 10 ms, the more the quieter it is before.
const LATENCY_SECS: f64 = 0.004;
/// How many tempos are tried.
const CANDIDATES_MAX: usize = 6;
/// A pulse that fits its beats less than this has none. White noise reaches 0.25.
const LEAST_FIT: f64 = 0.3;

/// The rhythm of one channel at any rate; 22,050 Hz is enough.
#[must_use]
pub fn rhythm(samples: &[f32], rate_hz: u32) -> Rhythm {
    let envelope = Envelope::of(samples, rate_hz);
    let onsets = onsets(&envelope, samples, rate_hz);
    if onsets.is_empty() {
        return Rhythm::default();
    }
    let length_secs = samples.len() as f64 / f64::from(rate_hz);
    let chroma = Chroma::of(samples, rate_hz);
    let pulse = Pulse::new(&envelope.pulse());
    let found = beats(&envelope, &chroma, &pulse, &onsets, length_secs);
    let mut rhythm = Rhythm { onsets, ..Rhythm::default() };
    if let Some(found) = found {
        rhythm.downbeats = found.bars.downbeats.iter().map(|i| found.times[*i]).collect();
        rhythm.tempo_bpm = Some(found.bpm);
        rhythm.tempo_candidates = found.candidates;
        rhythm.tempo_confidence = found.confidence;
        rhythm.is_loop = found.is_loop;
        rhythm.meter = Some(found.bars.meter);
        rhythm.beats = found.times;
    }
    // Without beats, sections are looked for on a grid of half seconds.
    let grid: Vec<f64> = match rhythm.beats.len() {
        0..16 => (0..(2.0 * length_secs) as usize).map(|i| 0.5 * i as f64).collect(),
        _ => rhythm.beats.clone(),
    };
    rhythm.sections =
        sections::sections((&envelope, &chroma), &grid, &rhythm.downbeats, length_secs);
    rhythm
}

/// Beats, and what follows from them.
struct Found {
    times: Vec<f64>,
    bars: Bars,
    bpm: f64,
    candidates: Vec<(f64, f64)>,
    confidence: f64,
    is_loop: bool,
}

/// A tempo and a meter with their beats; the score is the logarithm of how likely they are, up to a constant.
struct Tried {
    path: Path,
    bpm: f64,
    bars: Bars,
    score: f64,
}

fn beats(
    envelope: &Envelope,
    chroma: &Chroma,
    pulse: &Pulse,
    onsets: &[f64],
    length_secs: f64,
) -> Option<Found> {
    // A beat is something that comes again, and again.
    if onsets.len() < 3 {
        return None;
    }
    let rate = envelope.rate;
    let values = envelope.pulse();
    let mut tempos: Vec<f64> =
        tempo::candidates(&values, rate, CANDIDATES_MAX).into_iter().map(|it| it.0).collect();
    // Half and double of the likeliest, if the correlation has no peak there.
    if let Some(first) = tempos.first().copied() {
        for other in [first * 2.0, first / 2.0] {
            let is_in_range = (tempo::SLOWEST_BPM..=tempo::FASTEST_BPM).contains(&other);
            if is_in_range && tempos.iter().all(|it| (it / other).log2().abs() > 0.085) {
                tempos.push(other);
            }
        }
    }
    let latency_frames = LATENCY_SECS * rate;
    let attacks: Vec<f64> = onsets.iter().map(|time| time * rate).collect();
    let place = |path: &Path| -> Vec<f64> {
        let frames = refined(pulse, &path.frames, &attacks, latency_frames);
        frames.into_iter().map(|frame| frame / rate).collect()
    };
    let mut tried: Vec<Tried> = vec![];
    for bpm in tempos {
        let length = 60.0 / bpm * rate;
        let lengths = (length * 0.86).floor() as usize..=(length * 1.16).ceil() as usize;
        for division in [Division::Halves, Division::Thirds] {
            let Some(path) = track(pulse, lengths.clone(), division) else { continue };
            let times = place(&path);
            let bpm = tempo_of(&times).unwrap_or(bpm);
            let between = Between::of(envelope, chroma, &times, (&path, bpm));
            let scored = if length_secs < evidence::SHORT_SECS {
                between.bars_of_short().into_iter().collect()
            } else {
                between.bars()
            };
            for (score, bars) in scored {
                tried.push(Tried { path: path.clone(), bpm, bars, score });
            }
        }
    }
    tried.sort_by(|a, b| b.score.total_cmp(&a.score));
    let free_fit = tried.first().map_or(0.0, |it| it.path.fit);
    if let Some(found) =
        loops::as_loop(envelope, pulse, onsets, length_secs, latency_frames, free_fit)
    {
        return Some(of_loop(&found, pulse, length_secs));
    }
    let best = tried.first().filter(|it| it.path.fit >= LEAST_FIT && it.path.frames.len() > 1)?;
    let scored: Vec<(f64, f64)> = tried.iter().map(|it| (it.bpm, it.score)).collect();
    let candidates = weights(&scored, 1.0);
    let times = place(&best.path);
    let confidence = confidence(&candidates, best.path.fit);
    let (bars, bpm) = (best.bars.clone(), best.bpm);
    let mut found = Found { times, bars, bpm, candidates, confidence, is_loop: false };
    found.keep_to(onsets);
    Some(found)
}

impl Found {
    /// Leaves out beats before the first onset and after the last one: nobody plays there.
    fn keep_to(&mut self, onsets: &[f64]) {
        const TOLERANCE_SECS: f64 = 0.07;
        let (Some(first), Some(last)) = (onsets.first(), onsets.last()) else { return };
        let played = first - TOLERANCE_SECS..last + TOLERANCE_SECS;
        let is_first: BTreeSet<usize> = self.bars.downbeats.drain(..).collect();
        let mut times = vec![];
        for (i, time) in self.times.iter().enumerate().filter(|it| played.contains(it.1)) {
            if is_first.contains(&i) {
                self.bars.downbeats.push(times.len());
            }
            times.push(time.max(0.0));
        }
        self.times = times;
    }
}

fn of_loop(found: &loops::Loop, pulse: &Pulse, length_secs: f64) -> Found {
    let n = found.n_beats;
    let times: Vec<f64> = (0..n).map(|k| k as f64 * length_secs / n as f64).collect();
    let meter = match (has_thirds(pulse, &found.path), n % 4, n % 3) {
        (true, ..) if n.is_multiple_of(2) => Meter::SixEight,
        (_, 0, _) => Meter::FourFour,
        (_, _, 0) => Meter::ThreeFour,
        (_, 2, _) => Meter::TwoFour,
        _ => Meter::FourFour,
    };
    let downbeats = (0..n).step_by(meter.n_beats()).collect();
    let candidates = weights(&found.scored, 2.0);
    Found {
        confidence: confidence(&candidates, found.path.fit),
        bpm: 60.0 * n as f64 / length_secs,
        bars: Bars { meter, downbeats, clarity: 0.0 },
        times,
        candidates,
        is_loop: true,
    }
}

/// The tempo of beats: by the median of their lengths where they drift, by all of them where they do not.
fn tempo_of(times: &[f64]) -> Option<f64> {
    let n = times.len();
    if n < 2 {
        return None;
    }
    let mut lengths: Vec<f64> = times.windows(2).map(|it| it[1] - it[0]).collect();
    lengths.sort_by(f64::total_cmp);
    let median = lengths[lengths.len() / 2];
    // The slope of the line through all beats, which is exact for a steady tempo.
    let mean_k = (n - 1) as f64 / 2.0;
    let mean_t = times.iter().sum::<f64>() / n as f64;
    let (mut kt, mut kk) = (0.0, 0.0);
    for (k, time) in times.iter().enumerate() {
        let k = k as f64 - mean_k;
        kt += k * (time - mean_t);
        kk += k * k;
    }
    let slope = kt / kk;
    let length = if (slope / median - 1.0).abs() < 0.02 { slope } else { median };
    (length > 1e-3).then(|| 60.0 / length)
}

/// Scores as weights that add up to 1, likeliest first; tempos within 2 % are one.
///
/// `sharpness` is by how much the logarithm of a weight grows with a score.
fn weights(scored: &[(f64, f64)], sharpness: f64) -> Vec<(f64, f64)> {
    const KEPT_MAX: usize = 5;
    let best = scored.iter().map(|it| it.1).fold(f64::MIN, f64::max);
    let mut kept: Vec<(f64, f64)> = vec![];
    for (bpm, score) in scored {
        let weight = (sharpness * (score - best)).exp();
        match kept.iter_mut().find(|it| (it.0 / bpm - 1.0).abs() < 0.02) {
            Some(same) => same.1 = same.1.max(weight),
            None => kept.push((*bpm, weight)),
        }
    }
    kept.sort_by(|a, b| b.1.total_cmp(&a.1));
    kept.truncate(KEPT_MAX);
    let total: f64 = kept.iter().map(|it| it.1).sum();
    kept.iter_mut().for_each(|it| it.1 /= total);
    kept
}

/// How sure a tempo is: the weight of the likeliest, less where beats hardly fit.
fn confidence(candidates: &[(f64, f64)], fit: f64) -> f64 {
    let weight = candidates.first().map_or(0.0, |it| it.1);
    (weight * (fit / 0.5).clamp(0.0, 1.0)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
