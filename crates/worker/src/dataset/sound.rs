//! One sound on its way into a dataset: 16-bit samples, measured as they arrive, in memory while they
//! are few and then in a temporary file beside the dataset.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use api::DatasetIndex;
use audio::{Fingerprint, Fingerprinter};
use sha2::{Digest, Sha256};

use super::write::hex;

/// A sound with more bytes than this goes to a file.
const BYTES_IN_MEMORY_MAX: usize = 8 << 20;
/// Bytes that are read from such a file at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Memory that all sounds in progress share, in bytes. What does not fit goes to files, so no thread waits.
pub(crate) struct Room(AtomicUsize);

impl Room {
    pub(crate) fn new(n_bytes: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(n_bytes)))
    }

    /// Reserves `n_bytes`, if that many are free.
    pub(crate) fn reserve(&self, n_bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(n_bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    pub(crate) fn release(&self, n_bytes: usize) {
        self.0.fetch_add(n_bytes, Ordering::Relaxed);
    }
}

/// The format of a sound, and that of its original file.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Rate and channels of the dataset.
    pub(crate) rate_hz: u32,
    pub(crate) channels: u16,
    /// Rate and channels of the original file.
    pub(crate) source_rate_hz: u32,
    pub(crate) source_channels: u16,
}

/// A sound that is still being read.
pub(crate) struct SoundDraft {
    shape: Shape,
    samples: Samples,
    meter: Meter,
    fingerprinter: Fingerprinter,
    /// Samples so far.
    interleaved: Vec<i16>,
}

/// One sound, ready to be stored: its samples, and the parts they are listed as.
pub(crate) struct PreparedSound {
    pub(crate) shape: Shape,
    pub(crate) samples: Samples,
    pub(crate) parts: Vec<Part>,
    /// Its fingerprint. `None` if it was cut, because the parts are not the whole sound.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// What it is, in words, if somebody says.
    pub(crate) caption: Option<String>,
}

/// Some samples of a sound, measured as they are stored.
#[derive(Debug, PartialEq)]
pub(crate) struct Part {
    /// Its path below the source folder.
    pub(crate) path: String,
    pub(crate) n_frames: u64,
    /// Minimum and maximum of each block, over all channels.
    pub(crate) peaks: Vec<[i8; 2]>,
    /// Largest sample.
    pub(crate) peak_db: f64,
    /// Root mean square.
    pub(crate) rms_db: f64,
    /// SHA-256 of its samples, in hexadecimal.
    pub(crate) sha256: String,
}

impl SoundDraft {
    /// A sound without samples yet. `spill` is where they go when there are many.
    pub(crate) fn new(shape: Shape, spill: PathBuf, room: &Arc<Room>) -> Self {
        Self {
            shape,
            samples: Samples::new(spill, room),
            meter: Meter::new(shape.channels),
            fingerprinter: Fingerprinter::new(shape.rate_hz, shape.source_rate_hz),
            interleaved: vec![],
        }
    }

    /// Appends a block, `[channels][frames]` at the dataset's rate and channels.
    ///
    /// # Errors
    /// The disk is full.
    pub(crate) fn push(&mut self, block: &[Vec<f32>]) -> io::Result<()> {
        self.fingerprinter.push(block);
        self.interleaved.clear();
        let n_frames = block.first().map_or(0, Vec::len);
        for frame in 0..n_frames {
            self.interleaved.extend(block.iter().map(|channel| i16_from_f32(channel[frame])));
        }
        let bytes: Vec<u8> = self.interleaved.iter().flat_map(|it| it.to_le_bytes()).collect();
        self.meter.push(&self.interleaved, &bytes);
        self.samples.push(&bytes)
    }

    /// Ends the sound: one part, or two if `cut` names a frame between the first and the last.
    ///
    /// # Errors
    /// The disk is full, or what was written cannot be read again.
    pub(crate) fn finish(
        mut self,
        path: &str,
        cut: impl FnOnce(u64) -> Option<(u64, String)>,
    ) -> io::Result<PreparedSound> {
        self.samples.flush()?;
        let n_frames = self.meter.n_samples / u64::from(self.shape.channels);
        let (parts, fingerprint) = match cut(n_frames) {
            None => (vec![self.meter.finish(path.to_owned())], self.fingerprinter.finish()),
            Some((at, end_path)) => {
                let mut stored = self.samples.open()?;
                let mut part = |n_frames: u64, path: String| -> io::Result<Part> {
                    let mut meter = Meter::new(self.shape.channels);
                    let n_bytes = n_frames * u64::from(self.shape.channels) * 2;
                    meter.read(&mut (&mut stored).take(n_bytes))?;
                    Ok(meter.finish(path))
                };
                (vec![part(at, path.to_owned())?, part(n_frames - at, end_path)?], None)
            }
        };
        let (shape, samples) = (self.shape, self.samples);
        Ok(PreparedSound { shape, samples, parts, fingerprint, caption: None })
    }
}

/// Rounds to the nearest step; what is beyond full scale is clipped.
fn i16_from_f32(sample: f32) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the range of i16")]
    let step = (sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16;
    step
}

/// Samples as datasets store them, in memory or in a temporary file that is removed with them unless it was
/// moved away.
pub(crate) struct Samples {
    spill: PathBuf,
    room: Arc<Room>,
    store: Store,
    n_bytes: u64,
}

enum Store {
    Memory(Vec<u8>),
    File(BufWriter<File>),
}

impl Samples {
    fn new(spill: PathBuf, room: &Arc<Room>) -> Self {
        Self { spill, room: Arc::clone(room), store: Store::Memory(vec![]), n_bytes: 0 }
    }

    /// How many there are, in bytes.
    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Their file, if they are in one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self.store {
            Store::Memory(_) => None,
            Store::File(_) => Some(&self.spill),
        }
    }

    /// Reads them from the start.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match &self.store {
            Store::Memory(bytes) => Box::new(&bytes[..]),
            Store::File(_) => {
                Box::new(BufReader::with_capacity(PIECE_BYTES, File::open(&self.spill)?))
            }
        })
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.n_bytes += bytes.len() as u64;
        if let Store::Memory(held) = &mut self.store {
            let is_little = held.len() + bytes.len() <= BYTES_IN_MEMORY_MAX;
            if is_little && self.room.reserve(bytes.len()) {
                held.extend_from_slice(bytes);
                return Ok(());
            }
            let held = std::mem::take(held);
            self.room.release(held.len());
            let mut file = BufWriter::with_capacity(1 << 16, File::create(&self.spill)?);
            let written = file.write_all(&held);
            self.store = Store::File(file);
            written?;
        }
        match &mut self.store {
            Store::File(file) => file.write_all(bytes),
            Store::Memory(_) => {
                unreachable!("the samples in memory have just been moved to a file")
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.store {
            Store::Memory(_) => Ok(()),
            Store::File(file) => file.flush(),
        }
    }
}

impl Drop for Samples {
    fn drop(&mut self) {
        match &self.store {
            Store::Memory(held) => self.room.release(held.len()),
            // Fails harmlessly if the file has been moved into the dataset.
            Store::File(_) => drop(fs::remove_file(&self.spill)),
        }
    }
}

/// Measures samples as they are stored.
struct Meter {
    /// Samples of a block of peaks.
    block: usize,
    peaks: Vec<[i8; 2]>,
    /// Minimum and maximum of the current block, and how many samples it has.
    extremes: [i16; 2],
    n_in_block: usize,
    largest: u16,
    energy: f64,
    hash: Sha256,
    n_samples: u64,
    channels: u16,
}

/// The minimum and maximum of no samples.
const NOTHING: [i16; 2] = [i16::MAX, i16::MIN];

impl Meter {
    fn new(channels: u16) -> Self {
        Self {
            block: DatasetIndex::PEAK_BLOCK as usize * usize::from(channels),
            peaks: vec![],
            extremes: NOTHING,
            n_in_block: 0,
            largest: 0,
            energy: 0.0,
            hash: Sha256::new(),
            n_samples: 0,
            channels,
        }
    }

    /// Takes interleaved samples, and the same as bytes.
    fn push(&mut self, mut samples: &[i16], bytes: &[u8]) {
        self.hash.update(bytes);
        self.n_samples += samples.len() as u64;
        while !samples.is_empty() {
            let (now, later) = samples.split_at((self.block - self.n_in_block).min(samples.len()));
            // At most 512 squares of 30 bits each.
            let mut energy = 0u64;
            for x in now {
                self.extremes = [self.extremes[0].min(*x), self.extremes[1].max(*x)];
                energy += u64::from(x.unsigned_abs()).pow(2);
            }
            self.energy += energy as f64;
            self.n_in_block += now.len();
            if self.n_in_block == self.block {
                self.end_block();
            }
            samples = later;
        }
    }

    /// Takes everything from a reader.
    fn read(&mut self, reader: &mut impl Read) -> io::Result<()> {
        let mut bytes = vec![0; PIECE_BYTES];
        let mut samples = Vec::with_capacity(PIECE_BYTES / 2);
        loop {
            let mut n = 0;
            while n < bytes.len() {
                match reader.read(&mut bytes[n..])? {
                    0 => break,
                    more => n += more,
                }
            }
            if n == 0 {
                return Ok(());
            }
            samples.clear();
            let pairs = bytes[..n].as_chunks::<2>().0;
            samples.extend(pairs.iter().map(|pair| i16::from_le_bytes(*pair)));
            self.push(&samples, &bytes[..n]);
        }
    }

    fn end_block(&mut self) {
        self.peaks.push(self.extremes.map(quantised));
        let largest = self.extremes.map(i16::unsigned_abs);
        self.largest = self.largest.max(largest[0]).max(largest[1]);
        (self.extremes, self.n_in_block) = (NOTHING, 0);
    }

    fn finish(mut self, path: String) -> Part {
        if self.n_in_block > 0 {
            self.end_block();
        }
        let mean = self.energy / self.n_samples.max(1) as f64;
        Part {
            path,
            n_frames: self.n_samples / u64::from(self.channels),
            peaks: self.peaks,
            peak_db: audio::db_from_gain(f64::from(self.largest) / 32768.0),
            rms_db: audio::db_from_gain(mean.sqrt() / 32768.0),
            sha256: hex(&self.hash.finalize()),
        }
    }
}

/// In 1/127 of full scale, away from zero, so that a quiet sound still shows.
fn quantised(x: i16) -> i8 {
    let size = (u32::from(x.unsigned_abs()) * 127).div_ceil(32768) as i8;
    if x < 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape =
        Shape { rate_hz: 8000, channels: 2, source_rate_hz: 8000, source_channels: 2 };

    fn noise(n: usize) -> Vec<Vec<f32>> {
        let mut rng = audio::Rng::new(7);
        (0..2).map(|_| (0..n).map(|_| rng.uniform(-0.7, 0.7)).collect()).collect()
    }

    fn blocks(sound: &[Vec<f32>], n: usize) -> impl Iterator<Item = Vec<Vec<f32>>> {
        let length = sound[0].len();
        (0..length).step_by(n).map(move |at| {
            sound.iter().map(|channel| channel[at..(at + n).min(length)].to_vec()).collect()
        })
    }

    fn stored(samples: &Samples) -> Vec<u8> {
        let mut bytes = vec![];
        samples.open().unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_file_holds_what_memory_would() {
        let folder = tempfile::tempdir().unwrap();
        let spill = folder.path().join("spill");
        let sound = noise(5000);
        let cut = |_| Some((4001, "b".to_owned()));
        let prepared = |n_bytes: usize, block: usize| {
            let room = Room::new(n_bytes);
            let mut draft = SoundDraft::new(SHAPE, spill.clone(), &room);
            for block in blocks(&sound, block) {
                draft.push(&block).unwrap();
            }
            draft.finish("a", cut).unwrap()
        };
        let in_memory = prepared(1 << 20, 5000);
        assert!(in_memory.samples.file().is_none() && !spill.exists());
        let in_file = prepared(3000, 100);
        assert_eq!(in_file.samples.file(), Some(&*spill));
        assert_eq!(stored(&in_memory.samples), stored(&in_file.samples));
        assert_eq!(in_memory.parts, in_file.parts);
        assert_eq!(in_memory.parts.iter().map(|it| it.n_frames).collect::<Vec<_>>(), [4001, 999]);
        drop(in_file);
        assert!(!spill.exists(), "nothing is left behind");
    }

    #[test]
    fn parts_are_measured_as_the_whole_would_be() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(1 << 20);
        let sound = noise(1000);
        let mut draft = SoundDraft::new(SHAPE, folder.path().join("spill"), &room);
        blocks(&sound, 33).for_each(|block| draft.push(&block).unwrap());
        let prepared = draft.finish("a", |_| None).unwrap();
        let part = &prepared.parts[0];
        let clip = audio::Clip { rate_hz: 8000, channels: sound.clone() };
        assert!((part.peak_db - audio::peak_db(&clip)).abs() < 1e-3);
        assert!((part.rms_db - audio::rms_db(&clip)).abs() < 1e-3);
        let planar: Vec<&[f32]> = sound.iter().map(Vec::as_slice).collect();
        for (found, expected) in part.peaks.iter().zip(audio::peaks(&planar, 256)) {
            assert!(found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1));
        }
        assert_eq!(part.peaks.len(), 4);
        assert_eq!(part.sha256, hex(&Sha256::digest(stored(&prepared.samples))));
        // Reserved memory is released.
        drop(prepared);
        assert!(room.reserve(1 << 20));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        // It is removed with the draft, so it must not be the device itself.
        let folder = tempfile::tempdir().unwrap();
        let spill = folder.path().join("spill");
        std::os::unix::fs::symlink("/dev/full", &spill).unwrap();
        let mut draft = SoundDraft::new(SHAPE, spill, &Room::new(0));
        let mut result = Ok(());
        for block in blocks(&noise(50_000), 1000) {
            result = result.and_then(|()| draft.push(&block));
        }
        let error = result.and_then(|()| draft.finish("a", |_| None).map(drop)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
