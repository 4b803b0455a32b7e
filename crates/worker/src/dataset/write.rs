//! Writing a dataset, sound by sound.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use api::{DatasetIndex, DatasetSummary, IndexedSound, SoundFile, SoundGroup, Split, Warning};
use audio::Fingerprint;
use sha2::{Digest, Sha256};

use super::{INDEX, PEAKS, PreparedSound, chunk_name, is_spill, read::planar_of};

/// A new chunk file is begun once the current one holds this many bytes.
const CHUNK_BYTES: u64 = 256 << 20;

/// Writes a dataset into a folder; removes it unless [`DatasetWriter::finish`] is called.
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
    /// The fingerprint of each sound.
    fingerprints: Vec<Option<Fingerprint>>,
    is_finished: bool,
}

/// The properties of a dataset besides its sounds.
pub(crate) struct About {
    /// Where the sounds came from, in words.
    pub(crate) source: String,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) n_skipped: u32,
    pub(crate) prepare_secs: f64,
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
            fingerprints: vec![],
            is_finished: false,
        })
    }

    /// The sounds that are stored.
    pub(crate) fn sounds(&self) -> &[IndexedSound] {
        &self.sounds
    }

    /// Their fingerprints.
    pub(crate) fn fingerprints(&self) -> &[Option<Fingerprint>] {
        &self.fingerprints
    }

    /// Stores a sound. All are training sounds until [`DatasetWriter::finish`] splits them.
    pub(crate) fn add(&mut self, sound: PreparedSound) -> io::Result<()> {
        let n_bytes = sound.samples.n_bytes();
        if self.chunk_bytes > 0 && self.chunk_bytes + n_bytes > CHUNK_BYTES {
            self.next_chunk()?;
        }
        match sound.samples.file() {
            // It fills a chunk by itself.
            Some(file) if self.chunk_bytes == 0 && n_bytes > CHUNK_BYTES => {
                self.chunk.flush()?;
                let path = self.folder.join(chunk_name(self.n_chunks - 1));
                fs::rename(file, &path)?;
                self.chunk = BufWriter::new(OpenOptions::new().append(true).open(&path)?);
            }
            _ => {
                let n_copied = io::copy(&mut sound.samples.open()?, &mut self.chunk)?;
                if n_copied != n_bytes {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        let shape = sound.shape;
        for part in sound.parts {
            // A pair of signed bytes is stored as it is in memory.
            let peaks: Vec<u8> =
                part.peaks.iter().flatten().map(|&it| it.cast_unsigned()).collect();
            self.peaks.write_all(&peaks)?;
            let idx = u32::try_from(self.sounds.len()).map_err(io::Error::other)?;
            self.sounds.push(IndexedSound {
                file: SoundFile {
                    idx,
                    path: part.path,
                    length_secs: part.n_frames as f64 / f64::from(self.rate_hz),
                    source_rate_hz: shape.source_rate_hz,
                    source_channels: shape.source_channels,
                    peak_db: part.peak_db,
                    rms_db: part.rms_db,
                    split: Split::Training,
                    caption: sound.caption.clone(),
                },
                chunk: self.n_chunks - 1,
                offset_bytes: self.chunk_bytes,
                n_frames: part.n_frames,
                peaks_offset_bytes: self.peaks_bytes,
                sha256: part.sha256,
            });
            self.fingerprints.push(sound.fingerprint.clone());
            self.chunk_bytes += part.n_frames * u64::from(self.channels) * 2;
            self.peaks_bytes += peaks.len() as u64;
        }
        Ok(())
    }

    /// Frames of a stored sound, planar; fewer at its end.
    pub(crate) fn read_back(
        &mut self,
        idx: usize,
        frames: Range<u64>,
    ) -> io::Result<Vec<Vec<f32>>> {
        self.chunk.flush()?;
        let sound = &self.sounds[idx];
        let frame_bytes = u64::from(self.channels) * 2;
        let frames = frames.start.min(sound.n_frames)..frames.end.min(sound.n_frames);
        let mut file = File::open(self.folder.join(chunk_name(sound.chunk)))?;
        file.seek(SeekFrom::Start(sound.offset_bytes + frames.start * frame_bytes))?;
        let n = (frames.end - frames.start) as usize;
        let mut bytes = vec![0; n * frame_bytes as usize];
        file.read_exact(&mut bytes)?;
        Ok(planar_of(&bytes, usize::from(self.channels), n))
    }

    /// Splits the sounds, syncs everything, and writes the index last.
    pub(crate) fn finish(
        mut self,
        about: About,
        groups: Vec<SoundGroup>,
        split: impl FnOnce(&[IndexedSound], &[SoundGroup]) -> Vec<Split>,
    ) -> io::Result<DatasetSummary> {
        let splits = split(&self.sounds, &groups);
        for (sound, split) in self.sounds.iter_mut().zip(splits) {
            sound.file.split = split;
        }
        let n_duplicates: usize = groups.iter().map(|group| group.files.len() - 1).sum();
        let n_validation = self.sounds.iter().filter(|it| it.file.split == Split::Validation);
        let summary = DatasetSummary {
            source: about.source,
            rate_hz: self.rate_hz,
            channels: self.channels,
            n_files: u32::try_from(self.sounds.len()).map_err(io::Error::other)?,
            n_skipped: about.n_skipped,
            n_validation: u32::try_from(n_validation.count()).map_err(io::Error::other)?,
            length_secs: self.sounds.iter().map(|it| it.file.length_secs).sum(),
            bytes: self.bytes(),
            hash: self.hash(),
            prepare_secs: about.prepare_secs,
            n_duplicates: u32::try_from(n_duplicates).map_err(io::Error::other)?,
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
            warnings: about.warnings,
            groups,
        };
        job::whole::write(&self.folder.join(INDEX), &serde_json::to_vec(&index)?)?;
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

    /// The same sounds, captions, rate, channels and split give the same hash, whatever the files are called.
    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("maquette dataset 1 {} {}\n", self.rate_hz, self.channels));
        for sound in &self.sounds {
            hash.update(format!("{:?} {}\n", sound.file.split, sound.sha256));
            if let Some(caption) = &sound.file.caption {
                hash.update(format!("{}\n{caption}\n", caption.len()));
            }
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

/// Removes the files of a dataset, complete or not, and leaves the rest of the folder alone.
fn remove_dataset(folder: &Path) {
    let _ = fs::remove_file(folder.join(INDEX));
    let _ = fs::remove_file(folder.join(PEAKS));
    let mut chunk = 0;
    while fs::remove_file(folder.join(chunk_name(chunk))).is_ok() {
        chunk += 1;
    }
    // Left by a process that was killed.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_spill) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
