//! What is wrong with a sound, and where: for analysis, before anyone spends time on a recording.
//!
//! One file a check, one line in `CHECKS`. Sound comes block by block and memory does not grow with it, but for some
//! bytes for each second.

mod bandwidth;
mod clipping;
mod dc_offset;
mod hum;
mod noise_floor;
mod silence;
mod stereo;
pub(crate) mod true_peak;

pub use self::true_peak::TruePeak;
use crate::{Clip, Loudness};

/// Something wrong with a sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is, in a word for programs: `clipping`, `dc_offset`, `hum`, `noise_floor`, `bandwidth`,
    /// `mono_in_stereo`, `phase`, `true_peak` or `silence`.
    pub kind: &'static str,
    /// Where it starts, in seconds; 0 where it is all of the sound.
    pub start_s: f64,
    /// Where it ends, in seconds.
    pub end_s: f64,
    /// What it is and what to do about it, for people.
    pub sentence: String,
}

/// How good a sound is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quality {
    /// Integrated loudness, in LUFS; none for less than 0.4 s, and for silence. See [`Loudness`].
    pub loudness_lufs: Option<f64>,
    /// Loudness range, in LU; none for less than 3 s, and for silence. See [`Loudness::range_lu`].
    pub loudness_range_lu: Option<f64>,
    /// The largest value between the samples too, in dB; none for silence. See [`TruePeak`].
    pub true_peak_dbtp: Option<f64>,
    /// What is wrong, in order of time.
    pub findings: Vec<Finding>,
}

/// A check that hears the whole sound.
trait Check {
    /// Hears the next block, `[channels][frames]`.
    fn push(&mut self, block: &[Vec<f32>]);
    /// Adds what it has found in a sound of so many seconds.
    fn finish(&mut self, secs: f64, findings: &mut Vec<Finding>);
}

/// What a check is made for: the rate of the sound and its number of channels.
type New = fn(u32, usize) -> Box<dyn Check>;

const CHECKS: &[New] = &[
    |rate_hz, n| Box::new(clipping::Clipping::new(rate_hz, n)),
    |rate_hz, n| Box::new(dc_offset::DcOffset::new(rate_hz, n)),
    |rate_hz, _| Box::new(hum::Hum::new(rate_hz)),
    |rate_hz, _| Box::new(noise_floor::NoiseFloor::new(rate_hz)),
    |rate_hz, _| Box::new(bandwidth::Bandwidth::new(rate_hz)),
    |rate_hz, _| Box::new(stereo::Stereo::new(rate_hz)),
    |rate_hz, _| Box::new(silence::Silence::new(rate_hz)),
];

/// From here on a sound is over full scale between its samples, in dB: what is said with one decimal is not 0.0.
const TRUE_PEAK_LIMIT_DBTP: f64 = 0.05;
/// Nothing in a sound is louder than this, 120 dB above full scale; so no sum overflows.
const LOUDEST: f32 = 1e6;
/// Findings of one kind that are reported, the longest first.
const MOST_OF_A_KIND: usize = 20;

/// Checks a sound that comes in blocks.
pub struct QualityCheck {
    rate_hz: u32,
    n_frames: u64,
    loudness: Loudness,
    true_peak: TruePeak,
    checks: Vec<Box<dyn Check>>,
}

impl QualityCheck {
    /// Of a sound at a rate, with channels in the order of [`Clip::channels`].
    ///
    /// # Panics
    /// If the rate is below 100 Hz.
    #[must_use]
    pub fn new(rate_hz: u32, n_channels: usize) -> Self {
        assert!(rate_hz >= 100, "a rate that sound files have");
        Self {
            rate_hz,
            n_frames: 0,
            loudness: Loudness::new(rate_hz, n_channels),
            true_peak: TruePeak::new(n_channels),
            checks: CHECKS.iter().map(|new| new(rate_hz, n_channels)).collect(),
        }
    }

    /// Hears the next block, `[channels][frames]`, all equally long. What is not a number counts as silence.
    pub fn push(&mut self, block: &[Vec<f32>]) {
        let is_sound = |x: &f32| x.abs() <= LOUDEST;
        if block.iter().flatten().all(is_sound) {
            return self.hear(block);
        }
        let mend = |x: &f32| if x.is_nan() { 0.0 } else { x.clamp(-LOUDEST, LOUDEST) };
        let mended: Vec<Vec<f32>> =
            block.iter().map(|channel| channel.iter().map(mend).collect()).collect();
        self.hear(&mended);
    }

    fn hear(&mut self, block: &[Vec<f32>]) {
        self.n_frames += block.first().map_or(0, Vec::len) as u64;
        self.loudness.push(block);
        self.true_peak.push(block);
        self.checks.iter_mut().for_each(|check| check.push(block));
    }

    /// What was found.
    #[must_use]
    pub fn finish(mut self) -> Quality {
        let secs = self.n_frames as f64 / f64::from(self.rate_hz);
        let mut findings = vec![];
        self.true_peak.finish();
        for check in &mut self.checks {
            check.finish(secs, &mut findings);
        }
        let true_peak_dbtp = self.true_peak.dbtp();
        if let Some(peak) = true_peak_dbtp
            && peak > TRUE_PEAK_LIMIT_DBTP
        {
            let at = (self.true_peak.at_sample() as f64 / f64::from(self.rate_hz)).min(secs);
            findings.push(Finding {
                kind: "true_peak",
                start_s: at,
                end_s: at,
                sentence: format!(
                    "It reaches {peak:.1} dB above full scale between its samples, so converters and encoders may \
                     distort it; turn it down by {:.1} dB, or limit it to -1 dB true peak.",
                    peak + 1.0
                ),
            });
        }
        let by_time = |a: &Finding, b: &Finding| a.start_s.total_cmp(&b.start_s);
        findings.sort_by(by_time);
        Quality {
            loudness_lufs: self.loudness.integrated_lufs(),
            loudness_range_lu: self.loudness.range_lu(),
            true_peak_dbtp,
            findings,
        }
    }
}

/// Checks a clip.
///
/// # Panics
/// As [`QualityCheck::new`].
#[must_use]
pub fn check_quality(clip: &Clip) -> Quality {
    let mut check = QualityCheck::new(clip.rate_hz, clip.channels.len());
    check.push(&clip.channels);
    check.finish()
}

/// The mean of all channels, sample by sample.
fn mixed(block: &[Vec<f32>], mix: &mut Vec<f32>) {
    mix.clear();
    let Some((first, others)) = block.split_first() else { return };
    mix.extend_from_slice(first);
    for channel in others {
        mix.iter_mut().zip(channel).for_each(|(mix, x)| *mix += x);
    }
    let share = 1.0 / block.len() as f32;
    mix.iter_mut().for_each(|x| *x *= share);
}

/// A stretch of time, in samples.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    start: u64,
    end: u64,
    /// How much there was of what it was looked for.
    weight: u64,
}

/// Stretches of time in order, joined where they are near each other.
struct Stretches {
    /// Gaps up to this are joined, in samples.
    gap: u64,
    all: Vec<Stretch>,
}

impl Stretches {
    /// Stretches that are kept; beyond it the gap is doubled, so that there are fewer.
    const MOST: usize = 4096;

    fn new(gap: u64) -> Self {
        Self { gap, all: vec![] }
    }

    fn add(&mut self, start: u64, end: u64, weight: u64) {
        match self.all.last_mut() {
            Some(last) if start <= last.end + self.gap => {
                last.end = last.end.max(end);
                last.weight += weight;
            }
            _ => self.all.push(Stretch { start, end, weight }),
        }
        if self.all.len() > Self::MOST {
            self.gap = (2 * self.gap).max(1);
            for stretch in std::mem::take(&mut self.all) {
                self.add(stretch.start, stretch.end, stretch.weight);
            }
        }
    }

    /// Adds the weightiest as findings, with a sentence that names how many seconds and how much there was.
    fn report(
        mut self,
        kind: &'static str,
        rate_hz: u32,
        findings: &mut Vec<Finding>,
        sentence: impl Fn(f64, u64) -> String,
    ) {
        self.all.sort_by_key(|stretch| std::cmp::Reverse(stretch.weight));
        let rate_hz = f64::from(rate_hz);
        findings.extend(self.all.iter().take(MOST_OF_A_KIND).map(|stretch| {
            let (start_s, end_s) = (stretch.start as f64 / rate_hz, stretch.end as f64 / rate_hz);
            Finding { kind, start_s, end_s, sentence: sentence(end_s - start_s, stretch.weight) }
        }));
    }
}

#[cfg(test)]
mod tests;
