//! TensorBoard's event files (`events.out.tfevents.…`): scalars, sounds and texts of a run.
//!
//! A file is a list of records, each with its length and checksums; each record is a protocol buffer
//! `Event`. [`open`] reads them one by one, [`create`] starts a file that TensorBoard shows.
//!
//! Source: `tensorflow/core/lib/io/record_writer` for the records, `tensorboard/compat/proto/event.proto`
//! and its neighbours for the numbers of the fields.

mod checksum;
mod write;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::{Position, io, malformed, unsupported};
use crate::protobuf::{Broken, Field, Fields};

pub use write::{Sound, Writer, create, file_name};

/// Bounds one record; ten seconds of stereo sound have 2 MB.
const RECORD_BYTES_MAX: u64 = 256 << 20;

/// One event of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it was written, seconds since 1970.
    pub wall_secs: f64,
    /// The step of the run.
    pub step: i64,
    /// What was written; empty for kinds of events that are not supported here.
    pub values: Vec<Value>,
}

/// A named value.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The name.
    pub tag: String,
    /// What it is.
    pub content: Content,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A point of a curve.
    Scalar(f64),
    /// Text; several strings are joined by line breaks.
    Text(String),
    /// A sound as a file, mostly WAV.
    Audio {
        /// Frames per second; `None` if only the file says it.
        rate_hz: Option<f64>,
        /// The bytes of the file.
        bytes: Vec<u8>,
    },
    /// An image, a histogram and so on.
    Other,
}

/// The events of a file, in its order.
///
/// Continues after a malformed event. Ends where a record's length is damaged, because the start of the
/// next one is then unknown.
pub struct Events {
    path: PathBuf,
    reader: BufReader<File>,
    at: u64,
    n_bytes: u64,
    is_done: bool,
    cut_at: Option<u64>,
}

/// Opens a file of events.
///
/// # Errors
/// When the file cannot be opened.
pub fn open(path: &Path) -> Result<Events, Error> {
    let file = File::open(path).map_err(io(path))?;
    let n_bytes = file.metadata().map_err(io(path))?.len();
    let reader = BufReader::new(file);
    Ok(Events { path: path.to_owned(), reader, at: 0, n_bytes, is_done: false, cut_at: None })
}

impl Events {
    /// Where the last record is cut off, once all events have been read: the run ended while writing it,
    /// or is still running.
    #[must_use]
    pub fn cut_at(&self) -> Option<u64> {
        self.cut_at
    }

    /// The bytes of the next record and where they start; `None` at the end.
    fn record(&mut self) -> Result<Option<(Vec<u8>, u64)>, Error> {
        let start = self.at;
        let n_left = self.n_bytes - start;
        if n_left < 12 {
            self.cut_at = (n_left > 0).then_some(start);
            return Ok(None);
        }
        let (length, sum) = (self.array::<8>()?, self.array::<4>()?);
        if checksum::masked(&length) != u32::from_le_bytes(sum) {
            let reason = "the length of a record does not fit its checksum";
            return Err(malformed(&self.path, Position::Byte(start), reason));
        }
        let length = u64::from_le_bytes(length);
        if length > n_left.saturating_sub(16) {
            self.cut_at = Some(start);
            return Ok(None);
        }
        self.at = start + 12 + length + 4;
        if length > RECORD_BYTES_MAX {
            self.reader.seek(SeekFrom::Start(self.at)).map_err(io(&self.path))?;
            return Err(unsupported(&self.path, format!("a record of {length} bytes")));
        }
        let mut bytes = vec![0; length as usize];
        self.reader.read_exact(&mut bytes).map_err(io(&self.path))?;
        let sum = self.array()?;
        if checksum::masked(&bytes) != u32::from_le_bytes(sum) {
            let reason = "a record does not fit its checksum";
            return Err(malformed(&self.path, Position::Byte(start), reason));
        }
        Ok(Some((bytes, start + 12)))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(io(&self.path))?;
        Ok(bytes)
    }
}

impl Iterator for Events {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let start = self.at;
        match self.record() {
            Ok(Some((bytes, offset))) => Some(decode(&bytes, offset).map_err(|broken| {
                malformed(&self.path, Position::Byte(broken.offset), broken.reason)
            })),
            Ok(None) => {
                self.is_done = true;
                None
            }
            Err(error) => {
                self.is_done = self.at == start || matches!(error, Error::Io { .. });
                Some(Err(error))
            }
        }
    }
}

/// The event of a record that starts at `offset`.
fn decode(record: &[u8], offset: u64) -> Result<Event, Broken> {
    let mut event = Event { wall_secs: 0.0, step: 0, values: Vec::new() };
    for field in Fields::new(record, offset) {
        let field = field?;
        match field.number {
            1 => event.wall_secs = field.float()?,
            2 => event.step = field.int()?,
            5 => {
                for field in field.fields()? {
                    let field = field?;
                    if field.number == 1 {
                        event.values.push(value(&field)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(event)
}

fn value(field: &Field<'_>) -> Result<Value, Broken> {
    let mut value = Value { tag: String::new(), content: Content::Other };
    let (mut tensor, mut plugin) = (None, "");
    for field in field.fields()? {
        let field = field?;
        match field.number {
            1 => field.text()?.clone_into(&mut value.tag),
            2 => value.content = Content::Scalar(field.float()?),
            6 => value.content = audio(&field)?,
            8 => tensor = Some(field),
            9 => plugin = plugin_name(&field)?,
            _ => {}
        }
    }
    if let Some(field) = tensor {
        value.content = of_tensor(tensor_parts(&field)?, plugin);
    }
    Ok(value)
}

fn audio(field: &Field<'_>) -> Result<Content, Broken> {
    let (mut rate_hz, mut bytes) = (None, Vec::new());
    for field in field.fields()? {
        let field = field?;
        match field.number {
            1 => rate_hz = Some(field.float()?),
            4 => bytes = field.bytes()?.to_vec(),
            _ => {}
        }
    }
    Ok(Content::Audio { rate_hz, bytes })
}

/// The TensorBoard plugin that shows the value.
fn plugin_name<'a>(field: &Field<'a>) -> Result<&'a str, Broken> {
    let mut name = "";
    for field in field.fields()? {
        let field = field?;
        if field.number == 1 {
            for field in field.fields()? {
                let field = field?;
                if field.number == 1 {
                    name = field.text()?;
                }
            }
        }
    }
    Ok(name)
}

/// The content of a tensor, if it is of one of the two supported types.
#[derive(Default)]
struct TensorParts<'a> {
    texts: Vec<&'a [u8]>,
    first_number: Option<f64>,
}

fn tensor_parts<'a>(field: &Field<'a>) -> Result<TensorParts<'a>, Broken> {
    let (mut parts, mut element, mut content) = (TensorParts::default(), 0, &[][..]);
    for field in field.fields()? {
        let field = field?;
        let first = &mut parts.first_number;
        match field.number {
            1 => element = field.int()?,
            4 => content = field.bytes()?,
            5 => *first = first.or(first_float::<4>(&field)?),
            6 => *first = first.or(first_float::<8>(&field)?),
            7 | 10 => *first = first.or(field.ints()?.first().map(|&value| value as f64)),
            8 => parts.texts.push(field.bytes()?),
            _ => {}
        }
    }
    // The numbers of `DataType` in TensorFlow's `types.proto`.
    let first = match element {
        1 => content.first_chunk().map(|bytes| f64::from(f32::from_le_bytes(*bytes))),
        2 => content.first_chunk().map(|bytes| f64::from_le_bytes(*bytes)),
        3 => content.first_chunk().map(|bytes| f64::from(i32::from_le_bytes(*bytes))),
        9 => content.first_chunk().map(|bytes| i64::from_le_bytes(*bytes) as f64),
        _ => None,
    };
    parts.first_number = parts.first_number.or(first);
    Ok(parts)
}

/// The first number of `N` bytes, single or packed.
fn first_float<const N: usize>(field: &Field<'_>) -> Result<Option<f64>, Broken> {
    let Ok(bytes) = field.bytes() else { return field.float().map(Some) };
    Ok(bytes.first_chunk::<N>().map(|bytes| match N {
        4 => f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        _ => f64::from_le_bytes(std::array::from_fn(|i| bytes[i])),
    }))
}

fn of_tensor(parts: TensorParts<'_>, plugin: &str) -> Content {
    let TensorParts { texts, first_number } = parts;
    match (plugin, first_number) {
        // Pairs of a file and its description; the first is shown.
        ("audio", _) if !texts.is_empty() => {
            Content::Audio { rate_hz: None, bytes: texts[0].to_vec() }
        }
        ("text", _) if !texts.is_empty() => {
            let texts: Vec<_> = texts.into_iter().map(String::from_utf8_lossy).collect();
            Content::Text(texts.join("\n"))
        }
        ("scalars", Some(value)) => Content::Scalar(value),
        _ => Content::Other,
    }
}
