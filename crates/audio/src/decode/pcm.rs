//! WAV and AIFF: uncompressed sound, parsed here because the headers of these files are often wrong.
//!
//! Recorders that lose power, streams and careless programs write lengths that are too long, too
//! short, 0 or 2^32 - 1. General decoders refuse such files; here the length of the file takes
//! precedence over the length in the header. Sources: Microsoft, "Multiple Channel Audio Data and WAVE
//! Files" (2007); EBU Tech 3306 (RF64); Apple, "Audio Interchange File Format AIFF-C" (1991).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::{Extent, Failure, Format, Note};

/// A family of chunked files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// RIFF, and RF64 for more than 4 GiB; little-endian.
    Wav,
    /// Plain AIFF; big-endian.
    Aiff,
    /// AIFF with a codec.
    Aifc,
    /// Sony Wave64: RIFF with lengths of 64 bits; little-endian.
    Wave64,
}

/// The last 12 bytes of Wave64 chunk ids, after the 4 that RIFF has: the first chunk's, and all others'.
const WAVE64_RIFF: &[u8; 12] = b"\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0";
const WAVE64_CHUNK: &[u8; 12] = b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a";

/// The container, detected by a file's first 16 bytes.
pub(super) fn container(start: &[u8]) -> Option<Container> {
    if start.starts_with(b"riff") && start[4..] == *WAVE64_RIFF {
        return Some(Container::Wave64);
    }
    match (start.get(0..4)?, start.get(8..12)?) {
        (b"RIFF" | b"RF64" | b"BW64", b"WAVE") => Some(Container::Wav),
        (b"FORM", b"AIFF") => Some(Container::Aiff),
        (b"FORM", b"AIFC") => Some(Container::Aifc),
        _ => None,
    }
}

/// How samples are encoded in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    U8,
    S8,
    Int16Le,
    Int16Be,
    Int24Le,
    Int24Be,
    Int32Le,
    Int32Be,
    Float32Le,
    Float32Be,
    Float64Le,
    Float64Be,
    ALaw,
    MuLaw,
}

impl Encoding {
    fn n_bytes(self) -> usize {
        match self {
            Self::U8 | Self::S8 | Self::ALaw | Self::MuLaw => 1,
            Self::Int16Le | Self::Int16Be => 2,
            Self::Int24Le | Self::Int24Be => 3,
            Self::Int32Le | Self::Int32Be | Self::Float32Le | Self::Float32Be => 4,
            Self::Float64Le | Self::Float64Be => 8,
        }
    }
}

/// The contents of the format chunk.
#[derive(Clone, Copy, Debug)]
struct Layout {
    rate_hz: u32,
    n_channels: usize,
    encoding: Encoding,
}

/// Where the sound is according to the header; the length is not to be trusted.
#[derive(Clone, Copy, Debug)]
struct Claim {
    start: u64,
    /// `None` if the header leaves it open.
    n_bytes: Option<u64>,
}

/// The sound of a file whose first bytes are those of a container.
pub(super) struct Reader {
    sound: io::Take<File>,
    n_bytes: u64,
    layout: Layout,
    format: Format,
    /// Bytes on their way.
    bytes: Vec<u8>,
}

impl Reader {
    /// Finds the sound in the file.
    pub(super) fn open(
        extent: &mut Extent,
        notes: &mut Vec<Note>,
        mut file: File,
        file_bytes: u64,
        container: Container,
    ) -> Result<Self, Failure> {
        let (layout, claim) =
            read_header(&mut file, file_bytes, container).map_err(unreadable)??;
        extent.begin(layout.rate_hz, layout.n_channels)?;

        let frame_bytes = (layout.n_channels * layout.encoding.n_bytes()) as u64;
        let available = file_bytes.saturating_sub(claim.start);
        let n_bytes = match claim.n_bytes {
            Some(claimed) if claimed > available => {
                let secs = |bytes: u64| (bytes / frame_bytes) as f64 / f64::from(layout.rate_hz);
                let (says, ends) = (secs(claimed), secs(available));
                let message =
                    format!("Its header says {says:.2} seconds, but it ends after {ends:.2}");
                notes.push(Note::new("truncated", message));
                available
            }
            Some(claimed)
                if !goes_on(&mut file, claim.start, claimed, container).map_err(unreadable)? =>
            {
                claimed
            }
            _ => {
                let message =
                    "Its header gives a wrong length, so it was read to the end of the file";
                notes.push(Note::new("wrong_length", message));
                available
            }
        };
        // Checked now, so that hours are not decoded in vain.
        extent.make_room(n_bytes / frame_bytes)?;
        file.seek(SeekFrom::Start(claim.start)).map_err(unreadable)?;
        let format = match container {
            Container::Wav | Container::Wave64 => Format::Wav,
            Container::Aiff | Container::Aifc => Format::Aiff,
        };
        let n_bytes = n_bytes - n_bytes % frame_bytes;
        let bytes = vec![0; BLOCK * frame_bytes as usize];
        Ok(Self { sound: file.take(n_bytes), n_bytes, layout, format, bytes })
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn share(&self) -> f64 {
        1.0 - self.sound.limit() as f64 / self.n_bytes.max(1) as f64
    }

    pub(super) fn may_exceed_full_scale(&self) -> bool {
        use Encoding::{Float32Be, Float32Le, Float64Be, Float64Le};
        matches!(self.layout.encoding, Float32Be | Float32Le | Float64Be | Float64Le)
    }

    /// The next frames; `false` at the end.
    pub(super) fn next(
        &mut self,
        extent: &mut Extent,
        block: &mut Vec<Vec<f32>>,
    ) -> Result<bool, Failure> {
        let Layout { n_channels, encoding, .. } = self.layout;
        let frame_bytes = n_channels * encoding.n_bytes();
        let n = fill(&mut self.sound, &mut self.bytes).map_err(Failure::Unreadable)?;
        let frames = &self.bytes[..n - n % frame_bytes];
        let n_frames = (frames.len() / frame_bytes) as u64;
        extent.make_room(n_frames)?;
        extent.n_frames += n_frames;
        block.resize(n_channels, Vec::new());
        block.iter_mut().for_each(Vec::clear);
        append(block, frames, encoding);
        Ok(n_frames > 0)
    }
}

fn unreadable(source: io::Error) -> Failure {
    if source.kind() == io::ErrorKind::UnexpectedEof {
        Failure::Damaged("it ends within its header".into())
    } else {
        Failure::Unreadable(source)
    }
}

/// Whether more sound follows the claimed end: bytes that are neither a chunk nor padding.
///
/// A recorder that updates its header from time to time, or only at the end, leaves such a file
/// when it loses power.
fn goes_on(file: &mut File, start: u64, claimed: u64, container: Container) -> io::Result<bool> {
    // A few stray bytes at the end are not sound; but a whole sound may be short.
    let least = if claimed == 0 { 9 } else { 4096 };
    let end = start.saturating_add(claimed);
    let padding = if container == Container::Wave64 { 8 } else { 2 };
    file.seek(SeekFrom::Start(end.saturating_add(end.wrapping_neg() % padding)))?;
    let ahead = read_body(file, 4096, 4096)?;
    // A chunk begins with four printable characters.
    let is_chunk = ahead.iter().take(4).all(|byte| (0x20..0x7f).contains(byte));
    Ok(ahead.len() >= least && !is_chunk && ahead.iter().any(|byte| *byte != 0))
}

/// Bounds the number of chunks; no program writes so many.
const MAX_CHUNKS: usize = 10_000;

/// Walks the chunks until both the format and the sound are found.
fn read_header(
    file: &mut File,
    file_bytes: u64,
    container: Container,
) -> io::Result<Result<(Layout, Claim), Failure>> {
    let is_wav = matches!(container, Container::Wav | Container::Wave64);
    let is_wave64 = container == Container::Wave64;
    let (mut layout, mut claim, mut long_bytes) = (None, None, None);
    // Wave64 has names of 16 bytes and lengths of 8, which count both.
    let (mut at, head_bytes, padding) = if is_wave64 { (40u64, 24, 8) } else { (12, 8, 2) };
    for _ in 0..MAX_CHUNKS {
        if at.saturating_add(head_bytes) > file_bytes {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut header = [0; 24];
        file.read_exact(&mut header[..head_bytes as usize])?;
        let n_bytes = if is_wave64 {
            if header[4..16] != *WAVE64_CHUNK {
                header[..4].fill(0);
            }
            u64::from_le_bytes(as_array(&header[16..])).saturating_sub(head_bytes)
        } else if is_wav {
            u64::from(u32::from_le_bytes(as_array(&header[4..8])))
        } else {
            u64::from(u32::from_be_bytes(as_array(&header[4..8])))
        };
        let body = at + head_bytes;
        match &header[..4] {
            b"ds64" if is_wav => {
                let sizes = read_body(file, n_bytes, 24)?;
                long_bytes = sizes.get(8..16).map(|b| u64::from_le_bytes(as_array(b)));
            }
            b"fmt " if is_wav => match wav_layout(&read_body(file, n_bytes, 40)?) {
                Ok(found) => layout = Some(found),
                Err(failure) => return Ok(Err(failure)),
            },
            b"data" if is_wav && claim.is_none() => {
                let is_open = !is_wave64 && n_bytes == u64::from(u32::MAX);
                let n_bytes = if is_open { long_bytes } else { Some(n_bytes) };
                claim = Some(Claim { start: body, n_bytes });
            }
            b"COMM" if !is_wav => match aiff_layout(&read_body(file, n_bytes, 64)?, container) {
                Ok(found) => layout = Some(found),
                Err(failure) => return Ok(Err(failure)),
            },
            b"SSND" if !is_wav && claim.is_none() => {
                let offsets = read_body(file, n_bytes, 8)?;
                let offset = offsets.get(..4).map_or(0, |b| u32::from_be_bytes(as_array(b)));
                claim = Some(Claim {
                    start: (body + 8).saturating_add(u64::from(offset)),
                    n_bytes: Some(n_bytes.saturating_sub(8).saturating_sub(u64::from(offset))),
                });
            }
            _ => {}
        }
        if let (Some(layout), Some(claim)) = (layout, claim) {
            return Ok(Ok((layout, claim)));
        }
        at = body.saturating_add(n_bytes);
        at = at.saturating_add(at.wrapping_neg() % padding);
    }
    Ok(Err(match layout {
        Some(_) => Failure::Empty,
        None => Failure::Damaged("its header does not say how the samples are stored".into()),
    }))
}

/// At most `limit` bytes of a chunk; fewer if the file ends.
fn read_body(file: &mut File, n_bytes: u64, limit: u64) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    file.take(n_bytes.min(limit)).read_to_end(&mut body)?;
    Ok(body)
}

fn as_array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the caller takes N bytes")
}

fn wav_layout(body: &[u8]) -> Result<Layout, Failure> {
    if body.len() < 16 {
        return Err(Failure::Damaged("its header is cut off".into()));
    }
    let u16_at = |i: usize| u16::from_le_bytes([body[i], body[i + 1]]);
    let n_channels = usize::from(u16_at(2));
    let rate_hz = u32::from_le_bytes(as_array(&body[4..8]));
    let (frame_bytes, bits) = (usize::from(u16_at(12)), u16_at(14));
    // The extensible format keeps the real tag in the first bytes of a GUID.
    let tag = match u16_at(0) {
        0xfffe if body.len() >= 26 => u16_at(24),
        tag => tag,
    };
    // Samples of, say, 20 bits lie left-justified in the bytes that the frame has for them.
    let sample_bytes = match frame_bytes.checked_div(n_channels) {
        Some(n) if n * n_channels == frame_bytes && n * 8 >= usize::from(bits) && n <= 8 => n,
        _ => usize::from(bits).div_ceil(8),
    };
    let encoding = match (tag, sample_bytes) {
        (1, 1) => Encoding::U8,
        (1, 2) => Encoding::Int16Le,
        (1, 3) => Encoding::Int24Le,
        (1, 4) => Encoding::Int32Le,
        (3, 4) => Encoding::Float32Le,
        (3, 8) => Encoding::Float64Le,
        (6, 1) => Encoding::ALaw,
        (7, 1) => Encoding::MuLaw,
        (1 | 3, _) => return Err(Failure::Unsupported(format!("WAV with {bits}-bit samples"))),
        (0x2 | 0x11, _) => return Err(Failure::Unsupported("ADPCM in WAV".into())),
        (0x50 | 0x55, _) => return Err(Failure::Unsupported("MPEG audio in WAV".into())),
        (tag, _) => return Err(Failure::Unsupported(format!("WAV with the codec {tag:#06x}"))),
    };
    Ok(Layout { rate_hz, n_channels, encoding })
}

fn aiff_layout(body: &[u8], container: Container) -> Result<Layout, Failure> {
    if body.len() < 18 {
        return Err(Failure::Damaged("its header is cut off".into()));
    }
    let n_channels = usize::from(u16::from_be_bytes([body[0], body[1]]));
    let bits = u16::from_be_bytes([body[6], body[7]]);
    let rate_hz = rate_from_extended(as_array(&body[8..18]));
    let codec: [u8; 4] = match container {
        Container::Aifc if body.len() >= 22 => as_array(&body[18..22]),
        _ => *b"NONE",
    };
    let encoding = match (&codec, usize::from(bits).div_ceil(8)) {
        (b"NONE" | b"twos", 1) => Encoding::S8,
        (b"NONE" | b"twos", 2) => Encoding::Int16Be,
        (b"NONE" | b"twos", 3) | (b"in24", _) => Encoding::Int24Be,
        (b"NONE" | b"twos", 4) | (b"in32", _) => Encoding::Int32Be,
        (b"sowt", 1) => Encoding::S8,
        (b"sowt", 2) => Encoding::Int16Le,
        (b"sowt", 3) => Encoding::Int24Le,
        (b"sowt", 4) => Encoding::Int32Le,
        (b"raw ", 1) => Encoding::U8,
        (b"fl32" | b"FL32", _) => Encoding::Float32Be,
        (b"fl64" | b"FL64", _) => Encoding::Float64Be,
        (b"alaw" | b"ALAW", _) => Encoding::ALaw,
        (b"ulaw" | b"ULAW", _) => Encoding::MuLaw,
        (b"NONE" | b"twos" | b"sowt" | b"raw ", _) => {
            return Err(Failure::Unsupported(format!("AIFF with {bits}-bit samples")));
        }
        _ => {
            let codec = codec.escape_ascii();
            return Err(Failure::Unsupported(format!("AIFF with the codec `{codec}`")));
        }
    };
    Ok(Layout { rate_hz, n_channels, encoding })
}

/// The rate in an 80-bit extended float: sign and exponent, then a mantissa with its leading 1.
fn rate_from_extended(bytes: [u8; 10]) -> u32 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0] & 0x7f, bytes[1]])) - 16_383;
    let mantissa = u64::from_be_bytes(as_array(&bytes[2..]));
    if (0..32).contains(&exponent) {
        ((mantissa >> 31) as f64 * 2f64.powi(exponent - 32)).round() as u32
    } else {
        0
    }
}

/// Frames that are read and converted at a time.
const BLOCK: usize = 4096;

/// Reads until the block is full or the sound ends; the file may shrink while it is read.
fn fill(sound: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < block.len() {
        match sound.read(&mut block[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

fn append(channels: &mut [Vec<f32>], frames: &[u8], encoding: Encoding) {
    const I16: f32 = 1.0 / 32768.0;
    const I32: f32 = 1.0 / 2_147_483_648.0;
    match encoding {
        Encoding::U8 => append_with(channels, frames, |[a]| (f32::from(a) - 128.0) / 128.0),
        Encoding::S8 => append_with(channels, frames, |[a]| f32::from(a as i8) / 128.0),
        Encoding::Int16Le => {
            append_with(channels, frames, |b| f32::from(i16::from_le_bytes(b)) * I16);
        }
        Encoding::Int16Be => {
            append_with(channels, frames, |b| f32::from(i16::from_be_bytes(b)) * I16);
        }
        // 24 bits in the upper bytes of 32 are exact in f32.
        Encoding::Int24Le => {
            append_with(channels, frames, |[a, b, c]| {
                i32::from_le_bytes([0, a, b, c]) as f32 * I32
            });
        }
        Encoding::Int24Be => {
            append_with(channels, frames, |[a, b, c]| {
                i32::from_be_bytes([a, b, c, 0]) as f32 * I32
            });
        }
        Encoding::Int32Le => append_with(channels, frames, |b| i32::from_le_bytes(b) as f32 * I32),
        Encoding::Int32Be => append_with(channels, frames, |b| i32::from_be_bytes(b) as f32 * I32),
        Encoding::Float32Le => append_with(channels, frames, f32::from_le_bytes),
        Encoding::Float32Be => append_with(channels, frames, f32::from_be_bytes),
        Encoding::Float64Le => append_with(channels, frames, |b| f64::from_le_bytes(b) as f32),
        Encoding::Float64Be => append_with(channels, frames, |b| f64::from_be_bytes(b) as f32),
        Encoding::ALaw => append_with(channels, frames, |[a]| f32::from(linear_from_alaw(a)) * I16),
        Encoding::MuLaw => {
            append_with(channels, frames, |[a]| f32::from(linear_from_mulaw(a)) * I16);
        }
    }
}

fn append_with<const N: usize>(
    channels: &mut [Vec<f32>],
    frames: &[u8],
    sample: impl Fn([u8; N]) -> f32,
) {
    let n_channels = channels.len();
    let (samples, _) = frames.as_chunks::<N>();
    for (c, channel) in channels.iter_mut().enumerate() {
        channel.extend(samples.iter().skip(c).step_by(n_channels).map(|bytes| sample(*bytes)));
    }
}

/// ITU-T G.711, A-law, as a 16-bit sample.
fn linear_from_alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let mantissa = i16::from(byte & 0x0f) << 4;
    let magnitude = match (byte >> 4) & 7 {
        0 => mantissa + 8,
        exponent => (mantissa + 0x108) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

/// ITU-T G.711, mu-law, as a 16-bit sample.
fn linear_from_mulaw(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = (((i16::from(byte & 0x0f) << 3) + 0x84) << ((byte >> 4) & 7)) - 0x84;
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_from_extended_floats() {
        let check =
            |bytes: [u8; 10], expected: u32| assert_eq!(rate_from_extended(bytes), expected);
        check([0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0], 44_100);
        check([0x40, 0x0e, 0xbb, 0x80, 0, 0, 0, 0, 0, 0], 48_000);
        check([0x40, 0x0f, 0xbb, 0x80, 0, 0, 0, 0, 0, 0], 96_000);
        check([0x40, 0x0d, 0xad, 0xe8, 0, 0, 0, 0, 0, 0], 22_260);
        check([0; 10], 0);
        check([0xff; 10], 0);
    }

    #[test]
    fn samples_are_scaled_to_full_scale() {
        let check = |encoding: Encoding, bytes: &[u8], expected: f32| {
            let mut channels = vec![Vec::new()];
            append(&mut channels, bytes, encoding);
            assert_eq!(channels, [[expected]], "{encoding:?} {bytes:?}");
        };
        check(Encoding::U8, &[0], -1.0);
        check(Encoding::U8, &[192], 0.5);
        check(Encoding::S8, &[0x80], -1.0);
        check(Encoding::Int16Le, &[0, 0x40], 0.5);
        check(Encoding::Int16Be, &[0x80, 0], -1.0);
        check(Encoding::Int24Le, &[1, 0, 0], 1.0 / 8_388_608.0);
        check(Encoding::Int24Be, &[0xc0, 0, 0], -0.5);
        check(Encoding::Int32Le, &[0, 0, 0, 0x80], -1.0);
        check(Encoding::Float32Be, &0.25f32.to_be_bytes(), 0.25);
        check(Encoding::Float64Le, &0.25f64.to_le_bytes(), 0.25);
        // ITU-T G.711, table 1a and 2a: largest and smallest magnitudes.
        check(Encoding::ALaw, &[0xaa], 32_256.0 / 32_768.0);
        check(Encoding::ALaw, &[0x55], -8.0 / 32_768.0);
        check(Encoding::MuLaw, &[0x80], 32_124.0 / 32_768.0);
        check(Encoding::MuLaw, &[0xff], 0.0);
    }
}
