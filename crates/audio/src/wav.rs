//! WAV files: the header, and a clip written whole or not at all.

use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{Clip, Error};

/// How samples are stored in a WAV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WavFormat {
    /// Signed 16-bit integers, in 1/32768 of full scale; plays everywhere.
    Int16,
    /// Signed 24-bit integers, in 1/8388608 of full scale.
    Int24,
    /// 32-bit floats, stored as they are; samples beyond full scale survive.
    Float32,
}

impl WavFormat {
    fn bytes_per_sample(self) -> usize {
        match self {
            Self::Int16 => 2,
            Self::Int24 => 3,
            Self::Float32 => 4,
        }
    }
}

/// The bytes of a WAV file before its samples, which follow interleaved and little-endian.
///
/// 44 bytes for integers in one or two channels, else 68 with the extensible format. Source:
/// Microsoft, "Multiple Channel Audio Data and WAVE Files" (2007). What does not fit into lengths of
/// 32 bits is RF64 (EBU Tech 3306), 36 bytes longer, which editors and libraries for sound read.
pub fn wav_header(rate_hz: u32, channels: u16, n_frames: u64, format: WavFormat) -> Vec<u8> {
    header_with(rate_hz, channels, n_frames, format, &[])
}

/// [`wav_header`] with other chunks before the format, whole and of an even length.
fn header_with(
    rate_hz: u32,
    channels: u16,
    n_frames: u64,
    format: WavFormat,
    chunks: &[u8],
) -> Vec<u8> {
    let frame_bytes = usize::from(channels) * format.bytes_per_sample();
    let data_bytes = n_frames.saturating_mul(frame_bytes as u64);
    let is_extensible = channels > 2 || format == WavFormat::Float32;
    let fmt_bytes = if is_extensible { 40u32 } else { 16 };
    // A chunk of odd length is followed by a byte of padding.
    let padded_bytes = data_bytes.saturating_add(data_bytes % 2);
    let riff_bytes = padded_bytes
        .saturating_add(4 + 8 + u64::from(fmt_bytes) + 8)
        .saturating_add(chunks.len() as u64);
    let is_long = riff_bytes >= u64::from(u32::MAX);
    let of_32_bits = |n: u64| if is_long { u32::MAX } else { n as u32 }.to_le_bytes();

    let mut header = Vec::with_capacity(104 + chunks.len());
    header.extend(if is_long { b"RF64" } else { b"RIFF" });
    header.extend(of_32_bits(riff_bytes));
    header.extend(b"WAVE");
    if is_long {
        header.extend(b"ds64");
        header.extend(28u32.to_le_bytes());
        header.extend(riff_bytes.saturating_add(8 + 28).to_le_bytes());
        header.extend(data_bytes.to_le_bytes());
        header.extend(n_frames.to_le_bytes());
        header.extend(0u32.to_le_bytes());
    }
    header.extend(chunks);
    header.extend(b"fmt ");
    header.extend(fmt_bytes.to_le_bytes());
    header.extend(if is_extensible { 0xfffe_u16 } else { 1 }.to_le_bytes());
    header.extend(channels.to_le_bytes());
    header.extend(rate_hz.to_le_bytes());
    header.extend(rate_hz.saturating_mul(frame_bytes as u32).to_le_bytes());
    header.extend((frame_bytes as u16).to_le_bytes());
    let bits = (format.bytes_per_sample() * 8) as u16;
    header.extend(bits.to_le_bytes());
    if is_extensible {
        header.extend(22u16.to_le_bytes());
        header.extend(bits.to_le_bytes());
        header.extend(channel_mask(channels).to_le_bytes());
        // KSDATAFORMAT_SUBTYPE_PCM (1) or KSDATAFORMAT_SUBTYPE_IEEE_FLOAT (3).
        header.extend(if format == WavFormat::Float32 { 3u16 } else { 1 }.to_le_bytes());
        header.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    }
    header.extend(b"data");
    header.extend(of_32_bits(data_bytes));
    header
}

/// Positions of the channels in the order of [`Clip::channels`]; 0 where there is no agreement.
fn channel_mask(channels: u16) -> u32 {
    match channels {
        1 => 0x4,
        2 => 0x3,
        3 => 0x7,
        4 => 0x33,
        5 => 0x37,
        6 => 0x3f,
        7 => 0x70f,
        8 => 0x63f,
        _ => 0,
    }
}

/// Writes a clip as a WAV file, whole or not at all.
///
/// # Errors
/// As [`WavWriter`].
pub fn write_wav(path: &Path, clip: &Clip, format: WavFormat) -> Result<(), Error> {
    let n_frames = clip.n_frames() as u64;
    let mut writer = WavWriter::create(path, clip.rate_hz, clip.channels.len(), n_frames, format)?;
    writer.write(&clip.channels)?;
    writer.finish()
}

/// A WAV file written block by block, and whole or not at all.
///
/// The bytes go to a temporary file in the same folder, are flushed to disk and then renamed over
/// the path, so a reader never sees half a file and a full disk leaves the old one as it was.
pub struct WavWriter {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    format: WavFormat,
    /// Chunks before the format.
    chunks: Vec<u8>,
    rate_hz: u32,
    n_channels: u16,
    /// Frames that the header promises.
    n_promised: u64,
    n_written: u64,
}

impl WavWriter {
    /// Begins a file of `n_frames`.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the folder cannot be written, or a WAV file cannot have so many
    /// channels.
    pub fn create(
        path: &Path,
        rate_hz: u32,
        n_channels: usize,
        n_frames: u64,
        format: WavFormat,
    ) -> Result<Self, Error> {
        Self::create_with(path, rate_hz, n_channels, n_frames, format, vec![])
    }

    /// [`Self::create`] with other chunks before the format, whole and of an even length.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub(crate) fn create_with(
        path: &Path,
        rate_hz: u32,
        n_channels: usize,
        n_frames: u64,
        format: WavFormat,
        chunks: Vec<u8>,
    ) -> Result<Self, Error> {
        let begin = || {
            let n_channels = u16::try_from(n_channels)
                .map_err(|_| io::Error::other("a WAV file has at most 65535 channels"))?;
            let mut file = BufWriter::with_capacity(1 << 16, temporary_beside(path)?);
            file.write_all(&header_with(rate_hz, n_channels, n_frames, format, &chunks))?;
            let (path, n_promised) = (path.to_owned(), n_frames);
            Ok(Self { path, file, format, chunks, rate_hz, n_channels, n_promised, n_written: 0 })
        };
        begin().map_err(|source| Error::Unwritable { path: path.to_owned(), source })
    }

    /// Appends a block, `[channels][frames]`.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the disk is full.
    pub fn write(&mut self, channels: &[Vec<f32>]) -> Result<(), Error> {
        let n_frames = channels.first().map_or(0, Vec::len);
        self.n_written += n_frames as u64;
        write_samples(&mut self.file, channels, n_frames, self.format)
            .map_err(|source| Error::Unwritable { path: self.path.clone(), source })
    }

    /// Moves the file to its path. With fewer frames than promised, its header says so.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the disk is full.
    pub fn finish(self) -> Result<(), Error> {
        let path = self.path.clone();
        self.end().map_err(|source| Error::Unwritable { path, source })
    }

    fn end(mut self) -> io::Result<()> {
        let frame_bytes = u64::from(self.n_channels) * self.format.bytes_per_sample() as u64;
        if (self.n_written * frame_bytes) % 2 == 1 {
            self.file.write_all(&[0])?;
        }
        self.file.flush()?;
        if self.n_written != self.n_promised {
            let header =
                |n| header_with(self.rate_hz, self.n_channels, n, self.format, &self.chunks);
            let (promised, written) = (header(self.n_promised), header(self.n_written));
            if promised.len() != written.len() {
                return Err(io::Error::other("the sound is not of the announced length"));
            }
            self.file.get_mut().rewind()?;
            self.file.get_mut().write_all(&written)?;
        }
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

/// A WAV file that grows while it is recorded: at its path from the first sample on, and a whole file up to the
/// last [`Self::sync`] whatever happens to the process.
pub struct GrowingWav {
    path: PathBuf,
    file: BufWriter<std::fs::File>,
    format: WavFormat,
    rate_hz: u32,
    n_channels: u16,
    n_written: u64,
}

impl GrowingWav {
    /// Begins a file.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it cannot be made.
    pub fn create(
        path: &Path,
        rate_hz: u32,
        n_channels: u16,
        format: WavFormat,
    ) -> Result<Self, Error> {
        let begin = || {
            let mut file = BufWriter::with_capacity(1 << 16, std::fs::File::create(path)?);
            file.write_all(&wav_header(rate_hz, n_channels, 0, format))?;
            file.flush()?;
            Ok(Self { path: path.to_owned(), file, format, rate_hz, n_channels, n_written: 0 })
        };
        begin().map_err(|source| Error::Unwritable { path: path.to_owned(), source })
    }

    /// Samples of each channel so far.
    pub fn n_frames(&self) -> u64 {
        self.n_written
    }

    /// Appends a block, `[channels][frames]`.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the disk is full, or the file would be too long for the format.
    pub fn write(&mut self, channels: &[Vec<f32>]) -> Result<(), Error> {
        let n_frames = channels.first().map_or(0, Vec::len);
        let n_bytes = (self.n_written + n_frames as u64)
            * (u64::from(self.n_channels) * self.format.bytes_per_sample() as u64);
        let full = || io::Error::other("a WAV file holds at most 4 GB");
        let written = if n_bytes > GROWING_BYTES_MAX {
            Err(full())
        } else {
            write_samples(&mut self.file, channels, n_frames, self.format)
        };
        written.map_err(|source| Error::Unwritable { path: self.path.clone(), source })?;
        self.n_written += n_frames as u64;
        Ok(())
    }

    /// Says in the header how long it is by now.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the disk is full.
    pub fn sync(&mut self) -> Result<(), Error> {
        let header = wav_header(self.rate_hz, self.n_channels, self.n_written, self.format);
        let mut act = || {
            self.file.flush()?;
            let file = self.file.get_mut();
            file.rewind()?;
            file.write_all(&header)?;
            file.seek(io::SeekFrom::End(0)).map(|_| ())
        };
        act().map_err(|source| Error::Unwritable { path: self.path.clone(), source })
    }

    /// Ends it.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the disk is full.
    pub fn finish(mut self) -> Result<(), Error> {
        self.sync()?;
        let synced = self.file.get_ref().sync_all();
        synced.map_err(|source| Error::Unwritable { path: self.path.clone(), source })
    }
}

/// The samples that a growing file may have, in bytes: beyond that it would need another header.
const GROWING_BYTES_MAX: u64 = u32::MAX as u64 - 1024;

/// A temporary file in the folder of `path`, removed when it is dropped.
pub(crate) fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".wav-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn write_samples(
    out: &mut impl Write,
    channels: &[Vec<f32>],
    n_frames: usize,
    format: WavFormat,
) -> io::Result<()> {
    for frame_idx in 0..n_frames {
        for channel in channels {
            let x = channel[frame_idx];
            match format {
                WavFormat::Int16 => out.write_all(&(to_int(x, 15) as i16).to_le_bytes())?,
                WavFormat::Int24 => out.write_all(&to_int(x, 23).to_le_bytes()[..3])?,
                WavFormat::Float32 => out.write_all(&x.to_le_bytes())?,
            }
        }
    }
    Ok(())
}

/// Rounds to the nearest step; limited at full scale, 0 for NaN.
pub(crate) fn to_int(x: f32, bits: u32) -> i32 {
    let scale = (1u32 << bits) as f32;
    (x * scale).round_ties_even().clamp(-scale, scale - 1.0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeLimits, Rng, decode_file};

    fn noise(n_channels: usize, n_frames: usize) -> Clip {
        let mut rng = Rng::new(5);
        let channel = |_| (0..n_frames).map(|_| rng.uniform(-0.99, 0.99)).collect();
        Clip { rate_hz: 44_100, channels: (0..n_channels).map(channel).collect() }
    }

    fn check(n_channels: usize, n_frames: usize, format: WavFormat, tolerance: f32) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let clip = noise(n_channels, n_frames);
        write_wav(&path, &clip, format).unwrap();
        let header = wav_header(clip.rate_hz, n_channels as u16, n_frames as u64, format);
        assert!(std::fs::read(&path).unwrap().starts_with(&header));

        let decoded = decode_file(&path, &DecodeLimits::default()).unwrap().clip;
        assert_eq!(decoded.rate_hz, clip.rate_hz);
        assert_eq!((decoded.channels.len(), decoded.n_frames()), (n_channels, n_frames));
        for (a, b) in decoded.channels.iter().flatten().zip(clip.channels.iter().flatten()) {
            assert!((a - b).abs() <= tolerance, "{a} is not {b}");
        }
        // An independent reader agrees.
        let mut reader = hound::WavReader::open(&path).unwrap();
        assert_eq!(reader.duration() as usize, n_frames);
        let first: f32 = match format {
            WavFormat::Int16 => reader.samples::<i32>().next().unwrap().unwrap() as f32 / 32768.0,
            WavFormat::Int24 => {
                reader.samples::<i32>().next().unwrap().unwrap() as f32 / 8_388_608.0
            }
            WavFormat::Float32 => reader.samples::<f32>().next().unwrap().unwrap(),
        };
        assert!((first - clip.channels[0][0]).abs() <= tolerance);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn what_is_written_reads_back() {
        for (n_channels, n_frames) in [(1, 1), (1, 3001), (2, 3000), (6, 777)] {
            check(n_channels, n_frames, WavFormat::Int16, 0.5 / 32768.0);
            check(n_channels, n_frames, WavFormat::Int24, 0.5 / 8_388_608.0 + 1e-7);
            check(n_channels, n_frames, WavFormat::Float32, 0.0);
        }
    }

    #[test]
    fn a_growing_file_is_whole_up_to_where_it_was_synced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let clip = noise(2, 3_000);
        let mut file = GrowingWav::create(&path, 44_100, 2, WavFormat::Float32).unwrap();
        let part = |from: usize, to: usize| -> Vec<Vec<f32>> {
            clip.channels.iter().map(|channel| channel[from..to].to_vec()).collect()
        };
        file.write(&part(0, 2_000)).unwrap();
        file.sync().unwrap();
        file.write(&part(2_000, 2_500)).unwrap();
        // As if the process had been killed here.
        let read = |path: &Path| decode_file(path, &DecodeLimits::default()).unwrap().clip;
        assert_eq!(read(&path).channels, part(0, 2_000));
        file.write(&part(2_500, 3_000)).unwrap();
        assert_eq!(file.n_frames(), 3_000);
        file.finish().unwrap();
        assert_eq!(read(&path).channels, clip.channels);
        let nowhere = folder.path().join("no/a.wav");
        assert!(GrowingWav::create(&nowhere, 44_100, 1, WavFormat::Int16).is_err());
    }

    #[test]
    fn samples_beyond_full_scale_are_limited() {
        let cases =
            [(1.5, 32767), (-1.5, -32768), (f32::NAN, 0), (0.0, 0), (-1.0, -32768), (1.0, 32767)];
        for (x, expected) in cases {
            assert_eq!(to_int(x, 15), expected, "{x}");
        }
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        std::fs::write(&path, b"old").unwrap();
        let mut half = WavWriter::create(&path, 8000, 1, 8, WavFormat::Int16).unwrap();
        half.write(&noise(1, 4).channels).unwrap();
        drop(half);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let missing = folder.path().join("missing/a.wav");
        assert!(matches!(
            write_wav(&missing, &noise(1, 4), WavFormat::Int16),
            Err(Error::Unwritable { .. })
        ));
    }

    #[test]
    fn blocks_make_the_file_that_the_whole_makes() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, blocks) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
        for format in [WavFormat::Int16, WavFormat::Int24, WavFormat::Float32] {
            let clip = noise(3, 1001);
            write_wav(&whole, &clip, format).unwrap();
            // The promise was too high.
            let mut writer = WavWriter::create(&blocks, 44_100, 3, 5000, format).unwrap();
            for at in (0..1001).step_by(100) {
                let block = |channel: &Vec<f32>| channel[at..(at + 100).min(1001)].to_vec();
                writer.write(&clip.channels.iter().map(block).collect::<Vec<_>>()).unwrap();
            }
            writer.finish().unwrap();
            assert_eq!(std::fs::read(&whole).unwrap(), std::fs::read(&blocks).unwrap());
        }
    }

    #[test]
    fn beyond_4_gib_lengths_have_64_bits() {
        let header = wav_header(44_100, 2, (1 << 30) - 16, WavFormat::Int16);
        assert_eq!((&header[..4], header.len()), (&b"RIFF"[..], 44));
        for n_frames in [(1 << 30) - 9, 1 << 30, u64::MAX] {
            let header = wav_header(44_100, 2, n_frames, WavFormat::Int16);
            assert_eq!((&header[..4], header.len()), (&b"RF64"[..], 80));
            assert_eq!((&header[4..8], &header[76..]), (&[255; 4][..], &[255; 4][..]));
            let n_bytes = u64::from_le_bytes(header[28..36].try_into().unwrap());
            assert_eq!(n_bytes, n_frames.saturating_mul(4));
        }
    }
}
