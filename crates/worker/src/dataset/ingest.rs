//! From a file to a sound of a dataset: decoded, checked, mixed and resampled block by block.

use std::{io, path::Path, path::PathBuf, sync::Arc};

use audio::{Clip, DecodeLimits, Note, Resampler, SoundEnd, SoundReader};

use super::sound::{Room, Shape, SoundDraft};
use crate::bad_sound::{self, Unusable};

/// The most samples that are buffered until a file's end: for files that fit, the peak is known before the
/// first sample is stored, without decoding twice.
const HELD_SAMPLES_MAX: usize = 1 << 20;

/// Frames of a sound in memory that are processed at a time.
const BLOCK: usize = 1 << 14;

/// The format of the dataset, and where its sounds are stored.
pub(crate) struct Ingest<'a> {
    /// Of the dataset.
    pub(crate) rate_hz: u32,
    pub(crate) channels: u16,
    /// Where the samples of long sounds are stored.
    pub(crate) spill: PathBuf,
    pub(crate) room: &'a Arc<Room>,
}

/// The result of reading a file.
#[expect(clippy::large_enum_variant, reason = "there is one a file, and it is handed on at once")]
pub(crate) enum Ingested {
    /// All its samples, and warnings about it.
    Sound(SoundDraft, Vec<Note>),
    /// Why it cannot be used, and further warnings.
    Unusable(Unusable, Vec<Note>),
    /// The job was stopped.
    Stopped,
}

impl Ingest<'_> {
    /// Reads the sound of a file. `go_on` is called with the fraction done, 0 to 1, and returns whether to
    /// continue.
    ///
    /// # Errors
    /// The disk is full.
    pub(crate) fn file(
        &self,
        path: &Path,
        mut go_on: impl FnMut(f64) -> bool,
    ) -> io::Result<Ingested> {
        let unusable =
            |error: &audio::Error| Ok(Ingested::Unusable(bad_sound::explain(error), vec![]));
        let mut reader = match SoundReader::open(path, &DecodeLimits::STREAMED) {
            Ok(reader) => reader,
            Err(error) => return unusable(&error),
        };
        let (rate_hz, n_channels) = (reader.rate_hz(), reader.n_channels());
        let mut held = Held::new(n_channels, self.room);
        let mut block = vec![];
        // The block that no longer fits in the buffer.
        let mut over = loop {
            match reader.next(&mut block) {
                Err(error) => return unusable(&error),
                Ok(false) => break None,
                Ok(true) if !go_on(reader.share()) => return Ok(Ingested::Stopped),
                Ok(true) if held.keep(&block) => {}
                Ok(true) => break Some(std::mem::take(&mut block)),
            }
        };
        let needs_two_passes = over.is_some() && reader.may_exceed_full_scale();
        if needs_two_passes {
            (held, over) = (Held::new(n_channels, self.room), None);
            loop {
                match reader.next(&mut block) {
                    Err(error) => return unusable(&error),
                    Ok(false) => break,
                    Ok(true) if go_on(reader.share() / 2.0) => {}
                    Ok(true) => return Ok(Ingested::Stopped),
                }
            }
        }
        let mut draft = self.draft(rate_hz, n_channels);
        let Some(first) = over else {
            // The end is known, so all samples can be scaled.
            let end = reader.end();
            if let Some(why) = bad_sound::of_end(&end) {
                return Ok(Ingested::Unusable(
                    why,
                    without(end.notes, &["silent", "not_a_number"]),
                ));
            }
            if !needs_two_passes {
                draft.push_all(&held.channels, Some(&end))?;
                return Ok(Ingested::Sound(draft.finish()?, end.notes));
            }
            let mut reader = match SoundReader::open(path, &DecodeLimits::STREAMED) {
                Ok(reader) => reader,
                Err(error) => return unusable(&error),
            };
            loop {
                match reader.next(&mut block) {
                    Err(error) => return unusable(&error),
                    Ok(false) => break,
                    Ok(true) if !go_on(0.5 + reader.share() / 2.0) => {
                        return Ok(Ingested::Stopped);
                    }
                    Ok(true) => draft.push(std::mem::take(&mut block), Some(&end))?,
                }
            }
            return Ok(Ingested::Sound(draft.finish()?, end.notes));
        };
        // Samples cannot exceed full scale, so no gain has to be known before they are stored.
        draft.push_all(&held.channels, None)?;
        drop(held);
        draft.push(first, None)?;
        loop {
            match reader.next(&mut block) {
                Err(error) => return unusable(&error),
                Ok(false) => break,
                Ok(true) if !go_on(reader.share()) => return Ok(Ingested::Stopped),
                Ok(true) => draft.push(std::mem::take(&mut block), None)?,
            }
        }
        let end = reader.end();
        if let Some(why) = bad_sound::of_end(&end) {
            return Ok(Ingested::Unusable(why, without(end.notes, &["silent", "not_a_number"])));
        }
        Ok(Ingested::Sound(draft.finish()?, end.notes))
    }

    /// A sound in memory.
    ///
    /// # Errors
    /// The disk is full.
    pub(crate) fn clip(&self, clip: &Clip) -> io::Result<SoundDraft> {
        let mut draft = self.draft(clip.rate_hz, clip.channels.len());
        draft.push_all(&clip.channels, None)?;
        draft.finish()
    }

    fn draft(&self, source_rate_hz: u32, n_channels: usize) -> Shaping {
        let (rate_hz, channels) = (self.rate_hz, self.channels);
        let source_channels = u16::try_from(n_channels).unwrap_or(u16::MAX);
        let shape = Shape { rate_hz, channels, source_rate_hz, source_channels };
        Shaping {
            draft: SoundDraft::new(shape, self.spill.clone(), self.room),
            shaper: Shaper::new(source_rate_hz, rate_hz, usize::from(channels)),
            shaped: vec![],
        }
    }
}

fn without(mut notes: Vec<Note>, codes: &[&str]) -> Vec<Note> {
    notes.retain(|note| !codes.contains(&note.code));
    notes
}

/// A sound being stored, with its converter to the dataset's format.
struct Shaping {
    draft: SoundDraft,
    shaper: Shaper,
    shaped: Vec<Vec<f32>>,
}

impl Shaping {
    /// Appends a sound that is in memory, a block at a time.
    fn push_all(&mut self, channels: &[Vec<f32>], end: Option<&SoundEnd>) -> io::Result<()> {
        let n_frames = channels.first().map_or(0, Vec::len);
        for at in (0..n_frames).step_by(BLOCK) {
            let part = at..(at + BLOCK).min(n_frames);
            self.push(channels.iter().map(|it| it[part.clone()].to_vec()).collect(), end)?;
        }
        Ok(())
    }

    fn push(&mut self, block: Vec<Vec<f32>>, end: Option<&SoundEnd>) -> io::Result<()> {
        self.shaper.push(block, end, &mut self.shaped);
        self.draft.push(&self.shaped)
    }

    fn finish(mut self) -> io::Result<SoundDraft> {
        self.shaper.finish(&mut self.shaped);
        self.draft.push(&self.shaped)?;
        Ok(self.draft)
    }
}

/// Converts the samples of a file to another number of channels and another rate.
pub(crate) struct Shaper {
    rate_hz: u32,
    n_channels: usize,
    resampler: Resampler,
}

impl Shaper {
    pub(crate) fn new(from_hz: u32, to_hz: u32, n_channels: usize) -> Self {
        Self { rate_hz: from_hz, n_channels, resampler: Resampler::new(from_hz, to_hz, n_channels) }
    }

    /// Replaces `shaped` with the converted block, scaled if the end of the sound is known.
    pub(crate) fn push(
        &mut self,
        mut block: Vec<Vec<f32>>,
        end: Option<&SoundEnd>,
        shaped: &mut Vec<Vec<f32>>,
    ) {
        if let Some(end) = end {
            end.scale(&mut block);
        }
        shaped.resize(self.n_channels, vec![]);
        shaped.iter_mut().for_each(Vec::clear);
        let clip = Clip { rate_hz: self.rate_hz, channels: block };
        let mixed = audio::with_channels(clip, self.n_channels);
        self.resampler.push(&mixed.channels, shaped);
    }

    /// Replaces `shaped` with the rest.
    pub(crate) fn finish(&mut self, shaped: &mut Vec<Vec<f32>>) {
        shaped.resize(self.n_channels, vec![]);
        shaped.iter_mut().for_each(Vec::clear);
        self.resampler.finish(shaped);
    }
}

/// Samples that are buffered.
struct Held<'a> {
    channels: Vec<Vec<f32>>,
    n_bytes: usize,
    room: &'a Arc<Room>,
}

impl<'a> Held<'a> {
    fn new(n_channels: usize, room: &'a Arc<Room>) -> Self {
        Self { channels: vec![vec![]; n_channels], n_bytes: 0, room }
    }

    /// Appends a block, or returns false if it does not fit.
    fn keep(&mut self, block: &[Vec<f32>]) -> bool {
        let n_bytes = 4 * block.iter().map(Vec::len).sum::<usize>();
        if self.n_bytes + n_bytes > 4 * HELD_SAMPLES_MAX || !self.room.reserve(n_bytes) {
            return false;
        }
        self.n_bytes += n_bytes;
        for (channel, block) in self.channels.iter_mut().zip(block) {
            channel.extend_from_slice(block);
        }
        true
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.room.release(self.n_bytes);
    }
}

#[cfg(test)]
mod tests {
    use audio::{WavFormat, write_wav};

    use super::*;

    /// Reads a file and returns the result, and the fractions that were reported.
    fn ingested(path: &Path, n_shares_max: usize) -> (Ingested, Vec<f64>) {
        let folder = path.parent().unwrap();
        let ingest = Ingest {
            rate_hz: 22_050,
            channels: 1,
            spill: folder.join("spill"),
            room: &Room::new(1 << 16),
        };
        let mut shares = vec![];
        let go_on = |share| {
            shares.push(share);
            shares.len() < n_shares_max
        };
        (ingest.file(path, go_on).unwrap(), shares)
    }

    #[test]
    fn how_far_a_file_is_is_told_and_it_can_be_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.wav");
        let channel = (0..200_000).map(|i| 0.9 * (i as f32 * 0.1).sin()).collect();
        let clip = Clip { rate_hz: 44_100, channels: vec![channel] };
        // Once over, and twice over.
        for format in [WavFormat::Int16, WavFormat::Float32] {
            write_wav(&path, &clip, format).unwrap();
            let (made, shares) = ingested(&path, usize::MAX);
            assert!(matches!(made, Ingested::Sound(..)));
            assert!(shares.len() > 20 && shares.last() > Some(&0.9), "{shares:?}");
            let n_middle = shares.iter().filter(|share| (0.3..0.7).contains(*share)).count();
            assert!(n_middle > 5, "{shares:?}");
            drop(made);
            let (made, shares) = ingested(&path, 20);
            assert!(matches!(made, Ingested::Stopped));
            assert_eq!(shares.len(), 20);
            assert!(!folder.path().join("spill").exists());
        }
    }
}
