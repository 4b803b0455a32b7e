//! WAV files: the header, and a clip written whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::Path;

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
/// Microsoft, "Multiple Channel Audio Data and WAVE Files" (2007). Lengths that do not fit into
/// 32 bits are written as 2^32 - 1, which readers take as "to the end of the file".
pub fn wav_header(rate_hz: u32, channels: u16, n_frames: u64, format: WavFormat) -> Vec<u8> {
    let frame_bytes = usize::from(channels) * format.bytes_per_sample();
    let data_bytes = n_frames.saturating_mul(frame_bytes as u64);
    let is_extensible = channels > 2 || format == WavFormat::Float32;
    let fmt_bytes = if is_extensible { 40u32 } else { 16 };
    let fits_u32 = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();

    let mut header = Vec::with_capacity(68);
    header.extend(b"RIFF");
    // A chunk of odd length is followed by a byte of padding.
    header.extend(fits_u32(
        data_bytes.saturating_add(data_bytes % 2).saturating_add(4 + 8 + u64::from(fmt_bytes) + 8),
    ));
    header.extend(b"WAVEfmt ");
    header.extend(fmt_bytes.to_le_bytes());
    header.extend(if is_extensible { 0xfffe_u16 } else { 1 }.to_le_bytes());
    header.extend(channels.to_le_bytes());
    header.extend(rate_hz.to_le_bytes());
    header.extend(fits_u32(u64::from(rate_hz) * frame_bytes as u64));
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
    header.extend(fits_u32(data_bytes));
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
/// The bytes go to a temporary file in the same folder, are flushed to disk and then renamed over
/// `path`, so a reader never sees half a file and a full disk leaves the old one as it was.
///
/// # Errors
/// [`Error::Unwritable`] if the folder cannot be written or the disk is full.
pub fn write_wav(path: &Path, clip: &Clip, format: WavFormat) -> Result<(), Error> {
    write_whole(path, |file| write_samples(file, clip, format))
        .map_err(|source| Error::Unwritable { path: path.to_owned(), source })
}

fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut std::fs::File>) -> io::Result<()>,
) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".wav-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    let mut writer = BufWriter::with_capacity(1 << 16, file.as_file_mut());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn write_samples(out: &mut impl Write, clip: &Clip, format: WavFormat) -> io::Result<()> {
    let n_channels = u16::try_from(clip.channels.len())
        .map_err(|_| io::Error::other("a WAV file has at most 65535 channels"))?;
    out.write_all(&wav_header(clip.rate_hz, n_channels, clip.n_frames() as u64, format))?;
    for frame_idx in 0..clip.n_frames() {
        for channel in &clip.channels {
            let x = channel[frame_idx];
            match format {
                WavFormat::Int16 => out.write_all(&(to_int(x, 15) as i16).to_le_bytes())?,
                WavFormat::Int24 => out.write_all(&to_int(x, 23).to_le_bytes()[..3])?,
                WavFormat::Float32 => out.write_all(&x.to_le_bytes())?,
            }
        }
    }
    let data_bytes = clip.n_frames() * clip.channels.len() * format.bytes_per_sample();
    if data_bytes % 2 == 1 { out.write_all(&[0]) } else { Ok(()) }
}

/// The nearest of 2^(bits+1) steps; limited at full scale, 0 for what is not a number.
fn to_int(x: f32, bits: u32) -> i32 {
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
        let failed = write_whole(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let missing = folder.path().join("missing/a.wav");
        assert!(matches!(
            write_wav(&missing, &noise(1, 4), WavFormat::Int16),
            Err(Error::Unwritable { .. })
        ));
    }

    #[test]
    fn a_length_beyond_the_format_is_unknown() {
        let header = wav_header(44_100, 2, u64::MAX, WavFormat::Int16);
        assert_eq!(header.len(), 44);
        assert_eq!((&header[4..8], &header[40..44]), (&[255; 4][..], &[255; 4][..]));
    }
}
