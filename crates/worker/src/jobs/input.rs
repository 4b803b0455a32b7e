//! The input of a model: scanned once, then read block by block at the model's rate and with its channels.

use std::path::Path;

use api::Warning;
use audio::{DecodeLimits, SoundEnd, SoundReader};

use super::{refuse, steps::Steps, steps::Stopped};
use crate::{
    bad_sound::{explain, of_end},
    dataset::Shaper,
};

/// The longest sound that is read, in seconds.
pub(super) const LENGTH_SECS_MAX: f64 = DecodeLimits::STREAMED.max_secs;

/// A sound in the format of a model.
pub(super) struct Input {
    reader: SoundReader,
    end: SoundEnd,
    shaper: Shaper,
    block: Vec<Vec<f32>>,
    shaped: Vec<Vec<f32>>,
    n_frames: u64,
    is_ended: bool,
}

impl Input {
    /// Scans a file, and returns notes about it: whole sentences.
    pub(super) fn open(
        path: &Path,
        name: &str,
        (rate_hz, n_channels): (u32, usize),
        steps: &mut Steps<'_>,
    ) -> anyhow::Result<(Self, Vec<Warning>)> {
        let limits = DecodeLimits::STREAMED;
        let scanned = audio::scan_file(path, &limits, |share| steps.go_on(share));
        let opened = scanned.and_then(|scanned| {
            let Some((end, ..)) = scanned else { return Ok(None) };
            Ok(Some((end, SoundReader::open(path, &limits)?)))
        });
        let what = || format!("“{name}” could not be read as sound.");
        let (end, reader) = match opened {
            Ok(Some(opened)) => opened,
            Ok(None) => return Err(Stopped.into()),
            Err(error) => {
                let why = explain(&error);
                return refuse(why.code, what(), &why.why, why.remedy);
            }
        };
        if end.is_no_number
            && let Some(why) = of_end(&end)
        {
            return refuse(why.code, what(), &why.why, why.remedy);
        }
        let warning =
            |code: &str, message: String| Warning { code: code.to_owned(), file: None, message };
        let mut notes: Vec<Warning> =
            end.notes.iter().map(|note| warning(note.code, format!("{}.", note.message))).collect();
        let n_found = reader.n_channels();
        if n_found != n_channels {
            let channels = |n| if n == 1 { "1 channel".into() } else { format!("{n} channels") };
            let (has, takes) = (channels(n_found), channels(n_channels));
            let message = format!("It has {has} and the model takes {takes}, so it was converted.");
            notes.push(warning("channels", message));
        }
        let input = Self {
            n_frames: audio::resampled_len(end.n_frames, reader.rate_hz(), rate_hz),
            shaper: Shaper::new(reader.rate_hz(), rate_hz, n_channels),
            reader,
            end,
            block: vec![],
            shaped: vec![],
            is_ended: false,
        };
        Ok((input, notes))
    }

    /// Its length at the model's rate, in frames.
    pub(super) fn n_frames(&self) -> u64 {
        self.n_frames
    }

    /// Appends the next samples to each channel; returns whether there may be more.
    pub(super) fn pull(&mut self, channels: &mut [Vec<f32>]) -> anyhow::Result<bool> {
        if self.is_ended {
            return Ok(false);
        }
        if self.reader.next(&mut self.block)? {
            let block = std::mem::take(&mut self.block);
            self.shaper.push(block, Some(&self.end), &mut self.shaped);
        } else {
            self.shaper.finish(&mut self.shaped);
            self.is_ended = true;
        }
        for (channel, shaped) in channels.iter_mut().zip(&self.shaped) {
            channel.extend_from_slice(shaped);
        }
        Ok(!self.is_ended)
    }

    /// The next `n` samples or all that are left; the rest stays in `waiting`.
    pub(super) fn take(
        &mut self,
        n: usize,
        waiting: &mut [Vec<f32>],
    ) -> anyhow::Result<Vec<Vec<f32>>> {
        while waiting[0].len() < n && self.pull(waiting)? {}
        let n = n.min(waiting[0].len());
        Ok(waiting.iter_mut().map(|channel| channel.drain(..n).collect()).collect())
    }
}
