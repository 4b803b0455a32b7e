//! The samples of parts of a sound file, as they come by: a file of any length, in as much memory as a part takes.

use std::path::Path;

use api::Problem;
use audio::{Clip, DecodeLimits, Resampler, SoundReader, with_channels};

use crate::{bad_sound::explain, folder::problem};

/// The form in which samples are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tap {
    /// One channel at a rate.
    Mono(u32),
    /// All channels at the rate of the file.
    Whole,
}

/// What one tap has of a file: channels from `from` on.
pub(super) struct Held {
    rate_hz: u32,
    resampler: Option<Resampler>,
    channels: Vec<Vec<f32>>,
    /// Samples that came by before the first that is held.
    from: u64,
}

impl Held {
    fn has_until(&self) -> f64 {
        let n = self.from + self.channels.first().map_or(0, Vec::len) as u64;
        n as f64 / f64::from(self.rate_hz)
    }

    fn index(&self, secs: f64) -> usize {
        let n =
            ((secs * f64::from(self.rate_hz)).round().max(0.0) as u64).saturating_sub(self.from);
        usize::try_from(n).unwrap_or(usize::MAX).min(self.channels.first().map_or(0, Vec::len))
    }

    /// The samples between two times, as far as they are held.
    pub(super) fn between(&self, [start, end]: [f64; 2]) -> Clip {
        let (from, to) = (self.index(start), self.index(end));
        let channels = self.channels.iter().map(|it| it[from.min(to)..to].to_vec()).collect();
        Clip { rate_hz: self.rate_hz, channels }
    }

    fn forget_before(&mut self, secs: f64) {
        let n = self.index(secs);
        for channel in &mut self.channels {
            channel.drain(..n);
        }
        self.from += n as u64;
    }
}

/// A sound file as several taps hear it.
pub(super) struct Taps {
    reader: SoundReader,
    block: Vec<Vec<f32>>,
    pub(super) held: Vec<Held>,
    pub(super) is_at_end: bool,
}

impl Taps {
    pub(super) fn open(path: &Path, name: &str, taps: &[Tap]) -> Result<Self, Problem> {
        let reader =
            SoundReader::open(path, &DecodeLimits::STREAMED).map_err(|it| refuse(name, &it))?;
        let own_hz = reader.rate_hz();
        let held = taps.iter().map(|tap| match tap {
            Tap::Mono(rate_hz) => Held {
                rate_hz: *rate_hz,
                resampler: Some(Resampler::new(own_hz, *rate_hz, 1)),
                channels: vec![vec![]],
                from: 0,
            },
            Tap::Whole => Held {
                rate_hz: own_hz,
                resampler: None,
                channels: vec![vec![]; reader.n_channels()],
                from: 0,
            },
        });
        let held = held.collect();
        Ok(Self { reader, block: vec![], held, is_at_end: false })
    }

    /// Reads until all taps have the sound up to a time, or it is at its end.
    pub(super) fn read_until(&mut self, secs: f64, name: &str) -> Result<(), Problem> {
        while !self.is_at_end && self.held.iter().any(|it| it.has_until() < secs) {
            let is_more = self.reader.next(&mut self.block).map_err(|it| refuse(name, &it))?;
            let rate_hz = self.reader.rate_hz();
            let mono = is_more.then(|| {
                let clip = Clip { rate_hz, channels: self.block.clone() };
                with_channels(clip, 1).channels
            });
            for held in &mut self.held {
                match (&mut held.resampler, &mono) {
                    (Some(resampler), Some(mono)) => resampler.push(mono, &mut held.channels),
                    (Some(resampler), None) => resampler.finish(&mut held.channels),
                    (None, Some(_)) => {
                        for (channel, samples) in held.channels.iter_mut().zip(&self.block) {
                            channel.extend_from_slice(samples);
                        }
                    }
                    (None, None) => {}
                }
            }
            self.is_at_end = !is_more;
        }
        Ok(())
    }

    pub(super) fn forget_before(&mut self, secs: f64) {
        self.held.iter_mut().for_each(|it| it.forget_before(secs));
    }

    /// What is wrong with a sound that was read to its end, in sentences, if some of it is missing.
    pub(super) fn notes(self) -> Vec<String> {
        let notes = self.reader.end().notes.into_iter();
        let is_lost = |it: &audio::Note| matches!(it.code, "truncated" | "damaged");
        notes.filter(is_lost).map(|it| format!("{}.", it.message)).collect()
    }

    /// Where the sound ends, once it was read to its end.
    pub(super) fn has_until(&self) -> f64 {
        self.held.first().map_or(0.0, Held::has_until)
    }
}

/// Hands over the samples of parts, in order of their beginnings: the number of the part, and a clip for each tap. A part
/// beyond the end of the sound is handed over as far as there is something. Ends early where `take` returns false.
///
/// # Errors
/// When the file cannot be read as sound.
pub(crate) fn each_part(
    path: &Path,
    name: &str,
    taps: &[Tap],
    parts: &[[f64; 2]],
    take: &mut dyn FnMut(usize, Vec<Clip>) -> bool,
) -> Result<bool, Problem> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| parts[*a][0].total_cmp(&parts[*b][0]));
    let mut taps = Taps::open(path, name, taps)?;
    for i in order {
        let [start, end] = parts[i];
        // What lies before the part is read and forgotten a minute at a time.
        while !taps.is_at_end && taps.has_until() < start {
            let next = (taps.has_until() + 60.0).min(start);
            taps.read_until(next.max(taps.has_until() + 1e-3), name)?;
            let reached = taps.has_until().min(start);
            taps.forget_before(reached);
        }
        taps.forget_before(start);
        taps.read_until(end, name)?;
        let clips = taps.held.iter().map(|it| it.between([start, end])).collect();
        if !take(i, clips) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn refuse(name: &str, error: &audio::Error) -> Problem {
    let why = explain(error);
    problem(why.code, format!("“{name}” could not be read as sound."), &why.why, why.remedy)
}
