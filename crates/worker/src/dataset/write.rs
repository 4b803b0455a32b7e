//! Writing a dataset, sound by sound.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use api::{DatasetIndex, DatasetSummary, IndexedSound, SoundFile, Split, Warning};
use sha2::{Digest, Sha256};

use super::{INDEX, PEAKS, chunk_name};
use crate::whole_file::write_whole;

/// A new chunk file is begun once the current one holds this many bytes.
const CHUNK_BYTES: u64 = 256 << 20;

/// One sound, ready to be stored.
pub(crate) struct PreparedSound {
    /// Its path below the source folder.
    pub(crate) path: String,
    /// Interleaved samples.
    pub(crate) samples: Vec<i16>,
    /// Least and largest sample per block, over all channels.
    pub(crate) peaks: Vec<[i8; 2]>,
    /// Rate of the original file.
    pub(crate) source_rate_hz: u32,
    /// Channels of the original file.
    pub(crate) source_channels: u16,
    /// Largest sample.
    pub(crate) peak_db: f64,
    /// Root mean square.
    pub(crate) rms_db: f64,
}

/// Writes a dataset into a folder; nothing is left of it unless [`DatasetWriter::finish`] is called.
pub(crate) struct DatasetWriter {
    folder: PathBuf,
    rate_hz: u32,
    channels: u16,
    chunk: BufWriter<File>,
    n_chunks: u32,
    chunk_bytes: u64,
    peaks: BufWriter<File>,
    peaks_bytes: u64,
    sounds: Vec<IndexedSound>,
    is_finished: bool,
}

impl DatasetWriter {
    /// Begins a dataset in a folder; what an earlier attempt left there is removed.
    pub(crate) fn create(folder: &Path, rate_hz: u32, channels: u16) -> io::Result<Self> {
        remove_dataset(folder);
        Ok(Self {
            folder: folder.to_owned(),
            rate_hz,
            channels,
            chunk: BufWriter::new(File::create(folder.join(chunk_name(0)))?),
            n_chunks: 1,
            chunk_bytes: 0,
            peaks: BufWriter::new(File::create(folder.join(PEAKS))?),
            peaks_bytes: 0,
            sounds: vec![],
            is_finished: false,
        })
    }

    /// How many sounds are stored.
    pub(crate) fn n_sounds(&self) -> usize {
        self.sounds.len()
    }

    /// Stores a sound. All are training sounds until [`DatasetWriter::finish`] splits them.
    pub(crate) fn add(&mut self, sound: PreparedSound) -> io::Result<()> {
        let bytes: Vec<u8> = sound.samples.iter().flat_map(|it| it.to_le_bytes()).collect();
        if self.chunk_bytes > 0 && self.chunk_bytes + bytes.len() as u64 > CHUNK_BYTES {
            self.next_chunk()?;
        }
        self.chunk.write_all(&bytes)?;
        // A pair of signed bytes is stored as it is in memory.
        let peaks: Vec<u8> = sound.peaks.iter().flatten().map(|&it| it.cast_unsigned()).collect();
        self.peaks.write_all(&peaks)?;
        let n_frames = (sound.samples.len() / usize::from(self.channels)) as u64;
        let idx = u32::try_from(self.sounds.len()).map_err(io::Error::other)?;
        self.sounds.push(IndexedSound {
            file: SoundFile {
                idx,
                path: sound.path,
                length_secs: n_frames as f64 / f64::from(self.rate_hz),
                source_rate_hz: sound.source_rate_hz,
                source_channels: sound.source_channels,
                peak_db: sound.peak_db,
                rms_db: sound.rms_db,
                split: Split::Training,
            },
            chunk: self.n_chunks - 1,
            offset_bytes: self.chunk_bytes,
            n_frames,
            peaks_offset_bytes: self.peaks_bytes,
            sha256: hex(&Sha256::digest(&bytes)),
        });
        self.chunk_bytes += bytes.len() as u64;
        self.peaks_bytes += peaks.len() as u64;
        Ok(())
    }

    /// Splits the sounds, syncs everything, and writes the index last.
    pub(crate) fn finish(
        mut self,
        source: String,
        split: impl FnOnce(&[IndexedSound]) -> Vec<Split>,
        warnings: Vec<Warning>,
        n_skipped: u32,
        prepare_secs: f64,
    ) -> io::Result<DatasetSummary> {
        let splits = split(&self.sounds);
        for (sound, split) in self.sounds.iter_mut().zip(splits) {
            sound.file.split = split;
        }
        let n_validation = self.sounds.iter().filter(|it| it.file.split == Split::Validation);
        let summary = DatasetSummary {
            source,
            rate_hz: self.rate_hz,
            channels: self.channels,
            n_files: u32::try_from(self.sounds.len()).map_err(io::Error::other)?,
            n_skipped,
            n_validation: u32::try_from(n_validation.count()).map_err(io::Error::other)?,
            length_secs: self.sounds.iter().map(|it| it.file.length_secs).sum(),
            bytes: self.bytes(),
            hash: self.hash(),
            prepare_secs,
        };
        self.chunk.flush()?;
        self.chunk.get_ref().sync_all()?;
        self.peaks.flush()?;
        self.peaks.get_ref().sync_all()?;
        let sounds = std::mem::take(&mut self.sounds);
        let index = DatasetIndex {
            format: DatasetIndex::FORMAT,
            summary: summary.clone(),
            sounds,
            warnings,
        };
        write_whole(&self.folder.join(INDEX), &serde_json::to_vec(&index)?)?;
        self.is_finished = true;
        Ok(summary)
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        self.chunk.flush()?;
        self.chunk.get_ref().sync_all()?;
        let file = File::create(self.folder.join(chunk_name(self.n_chunks)))?;
        self.chunk = BufWriter::new(file);
        self.n_chunks += 1;
        self.chunk_bytes = 0;
        Ok(())
    }

    fn bytes(&self) -> u64 {
        let frames: u64 = self.sounds.iter().map(|it| it.n_frames).sum();
        frames * u64::from(self.channels) * 2 + self.peaks_bytes
    }

    /// The same sounds, rate, channels and split give the same hash, whatever the files are called.
    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("maquette dataset 1 {} {}\n", self.rate_hz, self.channels));
        for sound in &self.sounds {
            hash.update(format!("{:?} {}\n", sound.file.split, sound.sha256));
        }
        hex(&hash.finalize())
    }
}

impl Drop for DatasetWriter {
    fn drop(&mut self) {
        if !self.is_finished {
            remove_dataset(&self.folder);
        }
    }
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Removes the files of a dataset, whole or not, and leaves the rest of the folder alone.
fn remove_dataset(folder: &Path) {
    let _ = fs::remove_file(folder.join(INDEX));
    let _ = fs::remove_file(folder.join(PEAKS));
    let mut chunk = 0;
    while fs::remove_file(folder.join(chunk_name(chunk))).is_ok() {
        chunk += 1;
    }
}
