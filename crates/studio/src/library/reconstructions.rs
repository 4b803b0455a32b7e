//! Verbs on reconstructions: sounds sent through a model and back.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use api::{Id, ReconstructTask, Reconstruction, Task};
use job::Shelf;

use super::{
    datasets::DatasetSound,
    make_job, models, name_from,
    uploads::{self, StagedFile},
};

use crate::{
    Error, Studio,
    queue::Places,
    store::{
        jobs,
        reconstructions::{self, ReconstructionRow},
    },
    workspace::{move_folder, remove},
};

/// Reconstructions that are kept of one model; the oldest go.
const MAX_KEPT: usize = 200;

impl Studio {
    /// Begins to receive a sound for [`Studio::reconstruct_upload`].
    ///
    /// # Errors
    /// `Io` when nothing can be written.
    pub fn stage_input(&self) -> Result<StagedFile, Error> {
        uploads::stage_input(&self.shared)
    }

    /// Queues a received sound to go through a model and back.
    ///
    /// # Errors
    /// `NotFound` when there is no such model; `Invalid` when the sound is empty; `TooMuch` when
    /// the queue is full.
    pub fn reconstruct_upload(
        &self,
        model: &Id,
        name: &str,
        input: StagedFile,
    ) -> Result<Reconstruction, Error> {
        if input.n_bytes() == 0 {
            return Err(Error::invalid("name", "the file is empty"));
        }
        let file_name = format!("input.{}", ending_of(name));
        self.reconstruct(model, name, &file_name, |path| {
            let staged = input.close()?;
            move_folder(&staged, path)
        })
    }

    /// Queues a sound of a dataset to go through a model and back.
    ///
    /// # Errors
    /// `NotFound` when there is no such model or sound; `TooMuch` when the queue is full, or the
    /// sound too long for a WAV file.
    pub fn reconstruct_sound(
        &self,
        model: &Id,
        dataset: &Id,
        idx: u32,
    ) -> Result<Reconstruction, Error> {
        let sound = self.dataset_sound(dataset, idx)?;
        self.reconstruct(model, &sound.name, "input.wav", |path| write_wav(path, &sound))
    }

    /// One reconstruction.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn reconstruction(&self, id: &Id) -> Result<Reconstruction, Error> {
        self.shared.read(|c| Ok(find(c, id)?.reconstruction(&Places::read(c)?)))
    }

    fn reconstruct(
        &self,
        model: &Id,
        name: &str,
        file_name: &str,
        write_input: impl FnOnce(&Path) -> Result<(), Error>,
    ) -> Result<Reconstruction, Error> {
        self.shared.read(|c| models::find(c, model).map(drop))?;
        let input_name = name_from(name);
        let task = ReconstructTask {
            model: model.clone(),
            model_path: Shelf::Models.seen_from_job(model),
            input: PathBuf::from(file_name),
            input_name: input_name.clone(),
        };
        let id = make_job(
            &self.shared,
            &self.shared.workspace.project_of(model),
            input_name.clone(),
            Task::Reconstruct(task),
            |folder| write_input(&folder.join(file_name)),
            |change, job| {
                // It may have been deleted since we looked.
                models::find(change.tx, model)?;
                let row = ReconstructionRow {
                    job: job.clone(),
                    model: model.clone(),
                    input_name,
                    result: None,
                };
                reconstructions::save(change.tx, &row)
            },
        )?;
        self.remove_oldest(model)?;
        self.reconstruction(&id)
    }

    fn remove_oldest(&self, model: &Id) -> Result<(), Error> {
        let rows = self.shared.read(|c| reconstructions::of_model(c, model))?;
        let old = rows.into_iter().skip(MAX_KEPT).filter(|row| !row.job.phase.is_active());
        for id in old.map(|row| row.job.id) {
            remove(&self.shared.workspace.folder(Shelf::Reconstructions, &id))?;
            self.shared.change(|change| {
                jobs::forget(change.tx, &id)?;
                change.list(Shelf::Reconstructions, &id);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// One reconstruction that is not in the trash.
fn find(connection: &rusqlite::Connection, id: &Id) -> Result<ReconstructionRow, Error> {
    reconstructions::find(connection, id)?
        .filter(|row| row.job.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found("reconstruction", id))
}

/// The ending of a file name, where it is one that is safe in a path; decoding looks into the file.
fn ending_of(name: &str) -> String {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let is_safe =
        (1..=8).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_safe { ending.to_ascii_lowercase() } else { "sound".to_owned() }
}

/// Writes the stored samples with a WAV header before them; nothing is decoded.
fn write_wav(path: &Path, sound: &DatasetSound) -> Result<(), Error> {
    let header = wav_header(sound);
    let copy = || {
        let mut source = File::open(&sound.path)?;
        source.seek(SeekFrom::Start(sound.offset_bytes))?;
        let mut target = File::create_new(path)?;
        target.write_all(&header)?;
        let n_copied = std::io::copy(&mut source.take(sound.n_bytes), &mut target)?;
        if n_copied < sound.n_bytes {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        }
        target.sync_all()
    };
    copy().map_err(Error::io("copy a sound to", path))
}

/// What stands before 16-bit samples. Source: RIFF WAVE, format 1 (PCM), 44 bytes; beyond 4 GiB RF64
/// (EBU Tech 3306), 80 bytes.
fn wav_header(sound: &DatasetSound) -> Vec<u8> {
    let is_long = sound.n_bytes >= u64::from(u32::MAX - 36);
    let of_32_bits = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let open = |n: u64| if is_long { [0xff; 4] } else { of_32_bits(n) };
    let frame_bytes = 2 * sound.channels;
    let mut header = Vec::with_capacity(80);
    header.extend(if is_long { b"RF64" } else { b"RIFF" });
    header.extend(open(36 + sound.n_bytes));
    header.extend(b"WAVE");
    if is_long {
        header.extend(b"ds64");
        header.extend(28_u32.to_le_bytes());
        header.extend((72 + sound.n_bytes).to_le_bytes());
        header.extend(sound.n_bytes.to_le_bytes());
        header.extend(sound.n_frames.to_le_bytes());
        header.extend(0_u32.to_le_bytes());
    }
    header.extend(b"fmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend(1_u16.to_le_bytes());
    header.extend(sound.channels.to_le_bytes());
    header.extend(sound.rate_hz.to_le_bytes());
    header.extend((sound.rate_hz * u32::from(frame_bytes)).to_le_bytes());
    header.extend(frame_bytes.to_le_bytes());
    header.extend(16_u16.to_le_bytes());
    header.extend(b"data");
    header.extend(open(sound.n_bytes));
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_fit_their_sounds() {
        let header = |n_frames: u64| {
            wav_header(&DatasetSound {
                path: PathBuf::new(),
                offset_bytes: 0,
                n_bytes: 4 * n_frames,
                rate_hz: 44_100,
                channels: 2,
                n_frames,
                name: String::new(),
            })
        };
        let short = header(100);
        assert_eq!((&short[..4], short.len()), (&b"RIFF"[..], 44));
        assert_eq!(short[40..], 400_u32.to_le_bytes());
        let long = header(1 << 31);
        assert_eq!((&long[..4], long.len()), (&b"RF64"[..], 80));
        assert_eq!(long[28..36], (1_u64 << 33).to_le_bytes());
        assert_eq!((&long[4..8], &long[76..]), (&[0xff; 4][..], &[0xff; 4][..]));
    }

    #[test]
    fn endings_are_safe_in_paths() {
        let check = |name: &str, expected: &str| assert_eq!(ending_of(name), expected);
        check("a.wav", "wav");
        check("a.b.FLAC", "flac");
        check("wav", "sound");
        check("a.", "sound");
        check("a.🎻", "sound");
        check("a.w/../../x", "sound");
        check("a.averylongending", "sound");
    }
}
