//! Reading a dataset: whole sounds for validation, random excerpts for training.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Mutex,
};

use api::{DatasetIndex, IndexedSound, Split};
use thiserror::Error;

use super::{INDEX, chunk_name};

/// Why a dataset cannot be read; one variant for each remedy.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The folder or a file is missing or may not be read.
    #[error("read {path}: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The index is damaged or of a newer format: prepare the dataset again.
    #[error("understand {path}: {why}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// A complete dataset, opened for reading.
pub(crate) struct Dataset {
    index: DatasetIndex,
    chunks: Vec<Mutex<File>>,
}

impl Dataset {
    /// Opens the dataset in a folder and checks that its chunks are as long as its index says.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(INDEX);
        let text =
            fs::read(&path).map_err(|source| Error::Unreadable { path: path.clone(), source })?;
        let damaged = |why: String| Error::Damaged { path: path.clone(), why };
        let index: DatasetIndex =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if index.format > DatasetIndex::FORMAT {
            return Err(damaged(format!("its format {} is newer than this program", index.format)));
        }
        if !(1..=2).contains(&index.summary.channels) {
            return Err(damaged(format!("{} channels", index.summary.channels)));
        }
        let n_chunks = index.sounds.iter().map(|it| it.chunk.saturating_add(1)).max().unwrap_or(0);
        if n_chunks as usize > index.sounds.len() {
            return Err(damaged("more chunks than sounds".into()));
        }
        let mut chunks = vec![];
        for chunk in 0..n_chunks {
            let path = folder.join(chunk_name(chunk));
            let unreadable = |source| Error::Unreadable { path: path.clone(), source };
            let file = File::open(&path).map_err(unreadable)?;
            let bytes = file.metadata().map_err(unreadable)?.len();
            let mut sounds = index.sounds.iter().filter(|it| it.chunk == chunk);
            if sounds.any(|it| end_bytes(it, index.summary.channels).is_none_or(|end| end > bytes))
            {
                return Err(Error::Damaged {
                    path,
                    why: "it is shorter than its index says".into(),
                });
            }
            chunks.push(Mutex::new(file));
        }
        Ok(Self { index, chunks })
    }

    /// The index.
    pub(crate) fn index(&self) -> &DatasetIndex {
        &self.index
    }

    /// The sounds on one side of the split.
    pub(crate) fn sounds(&self, split: Split) -> Vec<&IndexedSound> {
        self.index.sounds.iter().filter(|it| it.file.split == split).collect()
    }

    /// Frames `from..from + n` of a sound, planar, zeros beyond its end.
    /// Shape: `[channels][n]`, samples in [-1, 1).
    pub(crate) fn read(
        &self,
        sound: &IndexedSound,
        from: u64,
        n: usize,
    ) -> io::Result<Vec<Vec<f32>>> {
        let channels = usize::from(self.index.summary.channels);
        let there = usize::try_from(sound.n_frames.saturating_sub(from)).unwrap_or(n).min(n);
        let mut bytes = vec![0; there * channels * 2];
        let offset = sound.offset_bytes + from.min(sound.n_frames) * channels as u64 * 2;
        {
            let mut file = self.chunks[sound.chunk as usize].lock().map_err(|_| broken_lock())?;
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(&mut bytes)?;
        }
        Ok(planar_of(&bytes, channels, n))
    }
}

/// Deinterleaves stored samples, with zeros up to `n` frames.
pub(super) fn planar_of(bytes: &[u8], channels: usize, n: usize) -> Vec<Vec<f32>> {
    let mut planar = vec![vec![0.0; n]; channels];
    for (frame_idx, frame) in bytes.chunks_exact(2 * channels).enumerate() {
        for (channel, sample) in planar.iter_mut().zip(frame.chunks_exact(2)) {
            channel[frame_idx] = f32::from(i16::from_le_bytes([sample[0], sample[1]])) / 32768.0;
        }
    }
    planar
}

fn end_bytes(sound: &IndexedSound, channels: u16) -> Option<u64> {
    sound.n_frames.checked_mul(u64::from(channels) * 2)?.checked_add(sound.offset_bytes)
}

fn broken_lock() -> io::Error {
    io::Error::other("another thread failed while reading")
}
