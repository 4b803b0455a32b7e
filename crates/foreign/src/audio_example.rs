//! The records of the datasets that `rave preprocess` makes, and the `metadata.yaml` beside them.
//!
//! A dataset is a folder with an LMDB database ([`crate::lmdb`]) and `metadata.yaml`. A record of a
//! normal dataset holds the sound itself, `buffers["waveform"]`; one of a lazy dataset names a file in
//! its `metadata`. Source: the message `AudioExample`, fields as documented by the program's output:
//! `map<string, AudioBuffer> buffers = 1; map<string, string> metadata = 2`, with
//! `AudioBuffer { shape = 1, sampling_rate = 2, data = 3, precision = 4, metadata = 5, format = 6 }`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Error;
use crate::error::{Position, malformed};
use crate::file::read_text;
use crate::protobuf::{Broken, Field, Fields, Message};

/// Bounds `metadata.yaml`; one has 60 bytes.
const METADATA_BYTES_MAX: u64 = 64 << 10;

/// One record: buffers of numbers and short texts, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AudioExample<'a> {
    /// The sound, `waveform`, and what else was stored with it.
    pub buffers: BTreeMap<String, AudioBuffer<'a>>,
    /// Of a lazy dataset: `path` (absolute), `length` (seconds), `channels`.
    pub metadata: BTreeMap<String, String>,
}

/// Numbers of one precision, as bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AudioBuffer<'a> {
    /// The shape as the writer states it. `rave preprocess` writes [channels, bytes per channel], so
    /// only the first extent can be relied upon.
    pub shape: Vec<i64>,
    /// Frames per second.
    pub rate_hz: i64,
    /// The numbers, little-endian, channel after channel.
    pub data: &'a [u8],
    /// How one number is stored.
    pub precision: Precision,
}

/// How a number of a buffer is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// IEEE 754 half precision.
    #[default]
    Float16,
    /// Single precision.
    Float32,
    /// Double precision.
    Float64,
    /// 16-bit integers, as `rave preprocess` writes them.
    Int16,
    /// 32-bit integers.
    Int32,
    /// 64-bit integers.
    Int64,
    /// A whole file in some audio format.
    Raw,
}

/// The contents of a dataset's `metadata.yaml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatasetMetadata {
    /// Channels of every record.
    pub n_channels: u32,
    /// Whether the records name files instead of holding sound.
    pub is_lazy: bool,
    /// Total length; the figure that `rave preprocess` writes is off by one record.
    pub length_secs: f64,
    /// Frames per second.
    pub rate_hz: u32,
}

/// Parses a record; `path` and `key` are for messages.
///
/// # Errors
/// When the bytes are not an `AudioExample`.
pub fn decode<'a>(value: &'a [u8], path: &Path, key: &str) -> Result<AudioExample<'a>, Error> {
    decode_example(value).map_err(|broken| {
        let position = Position::Key { key: key.to_owned(), byte: broken.offset };
        malformed(path, position, broken.reason)
    })
}

/// The bytes of a record, with the shape written as `rave preprocess` writes it (not packed).
#[must_use]
pub fn encode(example: &AudioExample<'_>) -> Vec<u8> {
    let mut message = Message::default();
    for (name, buffer) in &example.buffers {
        let mut inner = Message::default();
        for &extent in &buffer.shape {
            inner = inner.int(1, extent);
        }
        let inner = inner.int(2, buffer.rate_hz).bytes(3, buffer.data);
        let inner = inner.int(4, buffer.precision as i64);
        let entry = Message::default().bytes(1, name.as_bytes()).bytes(2, &inner.bytes);
        message = message.bytes(1, &entry.bytes);
    }
    for (key, value) in &example.metadata {
        let entry = Message::default().bytes(1, key.as_bytes()).bytes(2, value.as_bytes());
        message = message.bytes(2, &entry.bytes);
    }
    message.bytes
}

impl AudioBuffer<'_> {
    /// Channels: the first extent of the shape, or one where there is none.
    #[must_use]
    pub fn n_channels(&self) -> usize {
        let first = self.shape.first().copied().unwrap_or(1);
        usize::try_from(first).unwrap_or(0)
    }

    /// The sound, channel by channel, integers scaled to [-1, 1); `None` if the numbers do not divide
    /// evenly into channels, or are a file in some audio format.
    #[must_use]
    pub fn channels(&self) -> Option<Vec<Vec<f32>>> {
        let n_bytes = self.precision.n_bytes()?;
        let n_channels = self.n_channels();
        if n_channels == 0 || !self.data.len().is_multiple_of(n_channels.checked_mul(n_bytes)?) {
            return None;
        }
        let n_of_channel = self.data.len() / n_channels;
        if n_of_channel == 0 {
            return None;
        }
        Some(
            self.data
                .chunks_exact(n_of_channel)
                .map(|bytes| self.precision.decode(bytes))
                .collect(),
        )
    }
}

impl Precision {
    /// Bytes of one number; `None` for [`Precision::Raw`].
    #[must_use]
    pub fn n_bytes(self) -> Option<usize> {
        match self {
            Self::Float16 | Self::Int16 => Some(2),
            Self::Float32 | Self::Int32 => Some(4),
            Self::Float64 | Self::Int64 => Some(8),
            Self::Raw => None,
        }
    }

    fn from_number(number: i64) -> Option<Self> {
        use Precision::{Float16, Float32, Float64, Int16, Int32, Int64, Raw};
        let all = [Float16, Float32, Float64, Int16, Int32, Int64, Raw];
        usize::try_from(number).ok().and_then(|i| all.get(i).copied())
    }

    fn decode(self, bytes: &[u8]) -> Vec<f32> {
        fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes.as_chunks::<N>().0.iter().map(|number| value(*number)).collect()
        }
        match self {
            Self::Float16 => each(bytes, |b| single_from_half(u16::from_le_bytes(b))),
            Self::Float32 => each(bytes, f32::from_le_bytes),
            Self::Float64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
            Self::Int16 => each(bytes, |b| f32::from(i16::from_le_bytes(b)) / 32_768.0),
            Self::Int32 => each(bytes, |b| i32::from_le_bytes(b) as f32 / 2f32.powi(31)),
            Self::Int64 => each(bytes, |b| i64::from_le_bytes(b) as f32 / 2f32.powi(63)),
            Self::Raw => Vec::new(),
        }
    }
}

/// Reads `metadata.yaml`.
///
/// # Errors
/// When the file cannot be read, or one of its lines is malformed.
pub fn read_metadata(path: &Path) -> Result<DatasetMetadata, Error> {
    parse_metadata(path, &read_text(path, METADATA_BYTES_MAX)?)
}

/// Parses the text of `metadata.yaml`: flat lines `key: value`; unknown keys are ignored.
///
/// # Errors
/// When a line is not such a pair, a value is of the wrong type, or the rate is missing.
pub fn parse_metadata(path: &Path, text: &str) -> Result<DatasetMetadata, Error> {
    let mut metadata = DatasetMetadata { n_channels: 1, ..DatasetMetadata::default() };
    for (i, line) in text.lines().enumerate() {
        let line = line.split(" #").next().unwrap_or("").trim();
        if line.is_empty() || line.starts_with('#') || line == "---" || line == "..." {
            continue;
        }
        let bad = |reason: &str| malformed(path, Position::Line { line: i + 1, column: 1 }, reason);
        let (key, value) = line.split_once(':').ok_or_else(|| bad("a line is not `key: value`"))?;
        let value = value.trim().trim_matches(['\'', '"']);
        let number = || value.parse::<f64>().ok().filter(|number| number.is_finite());
        let count = || number().filter(|n| (1.0..=1e9).contains(n) && n.fract() == 0.0);
        match key.trim() {
            "channels" => {
                metadata.n_channels =
                    count().ok_or_else(|| bad("`channels` is not a whole number"))? as u32;
            }
            "sr" => {
                metadata.rate_hz = count().ok_or_else(|| bad("`sr` is not a sampling rate"))? as u32
            }
            "n_seconds" => {
                metadata.length_secs =
                    number().ok_or_else(|| bad("`n_seconds` is not a length"))?;
            }
            "lazy" => {
                metadata.is_lazy = match value.to_ascii_lowercase().as_str() {
                    "true" | "yes" | "on" => true,
                    "false" | "no" | "off" => false,
                    _ => return Err(bad("`lazy` is neither true nor false")),
                }
            }
            _ => {}
        }
    }
    if metadata.rate_hz == 0 {
        return Err(malformed(path, Position::Line { line: 1, column: 1 }, "`sr` is missing"));
    }
    Ok(metadata)
}

fn decode_example(value: &[u8]) -> Result<AudioExample<'_>, Broken> {
    let mut example = AudioExample::default();
    for field in Fields::new(value, 0) {
        let field = field?;
        match field.number {
            1 => {
                let (name, buffer) = entry(&field)?;
                let buffer = buffer.map(|field| decode_buffer(&field)).transpose()?;
                example.buffers.insert(name, buffer.unwrap_or_default());
            }
            2 => {
                let (key, value) = entry(&field)?;
                let value = value.map(|field| field.text()).transpose()?.unwrap_or_default();
                example.metadata.insert(key, value.to_owned());
            }
            _ => {}
        }
    }
    Ok(example)
}

/// The key and the value of an entry of a map.
fn entry<'a>(field: &Field<'a>) -> Result<(String, Option<Field<'a>>), Broken> {
    let (mut key, mut value) = (String::new(), None);
    for field in field.fields()? {
        let field = field?;
        match field.number {
            1 => key = field.text()?.to_owned(),
            2 => value = Some(field),
            _ => {}
        }
    }
    Ok((key, value))
}

fn decode_buffer<'a>(field: &Field<'a>) -> Result<AudioBuffer<'a>, Broken> {
    let mut buffer = AudioBuffer::default();
    for field in field.fields()? {
        let field = field?;
        match field.number {
            1 => buffer.shape.extend(field.ints()?),
            2 => buffer.rate_hz = field.int()?,
            3 => buffer.data = field.bytes()?,
            4 => {
                let precision = Precision::from_number(field.int()?);
                buffer.precision = precision.ok_or_else(|| field.broken("an unknown precision"))?;
            }
            _ => {}
        }
    }
    Ok(buffer)
}

/// An IEEE 754 half in single precision, which represents every half exactly.
fn single_from_half(half: u16) -> f32 {
    let sign = if half & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = ((half >> 10) & 0x1f, f32::from(half & 0x3ff));
    match exponent {
        0 => sign * fraction * 2.0f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        exponent => sign * (1024.0 + fraction) * 2.0f32.powi(i32::from(exponent) - 25),
    }
}
