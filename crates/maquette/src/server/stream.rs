//! Files as answers: streamed from disk with constant memory, whole or in parts (`Range`).
//!
//! Browsers ask for parts when a person jumps in a sound. A dataset keeps many sounds in one file
//! without headers, so an answer is a few bytes made here and a slice of a file.

use std::{
    io::SeekFrom,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::Response,
};
use futures_util::{StreamExt, stream};
use studio::DatasetSound;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};
use tokio_util::io::ReaderStream;

use super::error::Failure;
use crate::percent;

/// Bytes read from disk at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// What is streamed.
pub(crate) enum Source {
    /// A whole file, of the type that its name says.
    File(PathBuf),
    /// A WAV file that is made of a header and a slice of a file.
    Wav { header: Vec<u8>, path: PathBuf, offset_bytes: u64, n_bytes: u64, name: String },
}

impl Source {
    /// A sound of a dataset as a WAV file.
    pub(crate) fn of_sound(sound: DatasetSound) -> Self {
        let stem = sound.name.rsplit_once('.').map_or(sound.name.as_str(), |(stem, _)| stem);
        Self::Wav {
            header: wav_header(sound.rate_hz, sound.channels, sound.n_bytes),
            name: format!("{stem}.wav"),
            path: sound.path,
            offset_bytes: sound.offset_bytes,
            n_bytes: sound.n_bytes,
        }
    }
}

/// A part of a body: `len` bytes from `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) start: u64,
    pub(super) len: u64,
}

/// Which part of a body a request wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    Part(Part),
    /// A part that is not there.
    Nothing,
}

/// The answer to a request for a file with these headers.
///
/// # Errors
/// When the file is not there, or cannot be read, or the part asked for is outside of it.
pub(crate) async fn answer(source: Source, headers: &HeaderMap) -> Result<Response, Failure> {
    let (head, path, slice, name) = match source {
        Source::File(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (Vec::new(), path, None, name)
        }
        Source::Wav { header, path, offset_bytes, n_bytes, name } => {
            (header, path, Some(Part { start: offset_bytes, len: n_bytes }), name)
        }
    };
    let mut file = open(&path).await?;
    let found = file.metadata().await.map_err(|error| Failure::internal(&error))?;
    let slice = slice.unwrap_or(Part { start: 0, len: found.len() });
    if slice.start + slice.len > found.len() {
        return Err(Failure::internal(&format!("{} was cut short", path.display())));
    }

    let written = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let tag = format!(
        "\"{:x}-{:x}-{:x}\"",
        slice.start,
        slice.len,
        written.unwrap_or_default().as_nanos()
    );
    let (content_type, disposition) = presentation(&name);
    let response = Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CONTENT_DISPOSITION, disposition)
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, &tag);
    if text_of(headers, &header::IF_NONE_MATCH) == Some(&tag) {
        return Ok(finish(response.status(StatusCode::NOT_MODIFIED), Body::empty()));
    }

    let total = head.len() as u64 + slice.len;
    let is_same = text_of(headers, &header::IF_RANGE).is_none_or(|known| known == tag);
    let range = text_of(headers, &header::RANGE).filter(|_| is_same);
    let (response, part) = match range.map_or(Wanted::Whole, |range| wanted(range, total)) {
        Wanted::Whole => (response, Part { start: 0, len: total }),
        Wanted::Part(part) => {
            let last = part.start + part.len - 1;
            let range = format!("bytes {}-{last}/{total}", part.start);
            let response = response.status(StatusCode::PARTIAL_CONTENT);
            (response.header(header::CONTENT_RANGE, range), part)
        }
        Wanted::Nothing => {
            let response = response.status(StatusCode::RANGE_NOT_SATISFIABLE);
            let range = format!("bytes */{total}");
            return Ok(finish(response.header(header::CONTENT_RANGE, range), Body::empty()));
        }
    };

    let head_len = head.len() as u64;
    let head_start = part.start.min(head_len);
    let head_end = (part.start + part.len).min(head_len);
    let head = Bytes::from(head).slice(head_start as usize..head_end as usize);
    let rest = part.len - head.len() as u64;
    let from = slice.start + part.start.saturating_sub(head_len);
    file.seek(SeekFrom::Start(from)).await.map_err(|error| Failure::internal(&error))?;
    let pieces = ReaderStream::with_capacity(file.take(rest), PIECE_BYTES);
    let body = Body::from_stream(stream::iter([Ok(head)]).chain(pieces));
    Ok(finish(response.header(header::CONTENT_LENGTH, part.len), body))
}

async fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::no_such_file(),
        _ => Failure::internal(&error),
    })?;
    let is_file = file.metadata().await.is_ok_and(|found| found.is_file());
    if is_file { Ok(file) } else { Err(Failure::no_such_file()) }
}

fn finish(response: axum::http::response::Builder, body: Body) -> Response {
    response.body(body).expect("every header is made of plain text here")
}

fn text_of<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Reads a `Range` (RFC 9110, 14.1.2). Several parts at once, other units and nonsense are answered
/// with the whole, which the standard allows.
pub(super) fn wanted(range: &str, total: u64) -> Wanted {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|set| set.split_once('-'))
    else {
        return Wanted::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(first), number(last)) {
        (Some(start), _) if start >= total => Wanted::Nothing,
        (Some(start), None) if last.trim().is_empty() => {
            Wanted::Part(Part { start, len: total - start })
        }
        (Some(start), Some(last)) if last >= start => {
            Wanted::Part(Part { start, len: last.min(total - 1) - start + 1 })
        }
        (None, Some(0)) if first.trim().is_empty() => Wanted::Nothing,
        (None, Some(_)) if first.trim().is_empty() && total == 0 => Wanted::Nothing,
        (None, Some(len)) if first.trim().is_empty() => {
            let len = len.min(total);
            Wanted::Part(Part { start: total - len, len })
        }
        _ => Wanted::Whole,
    }
}

/// The content type by the end of a name, and whether a browser shows it or saves it. Nothing that
/// came from elsewhere is ever shown as a page.
pub(crate) fn presentation(name: &str) -> (&'static str, String) {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let content_type = match extension.to_ascii_lowercase().as_str() {
        "aac" => "audio/aac",
        "aif" | "aiff" => "audio/aiff",
        "csv" => "text/csv; charset=utf-8",
        "flac" => "audio/flac",
        "gif" => "image/gif",
        "jpeg" | "jpg" => "image/jpeg",
        "json" => "application/json",
        "jsonl" | "txt" => "text/plain; charset=utf-8",
        "m4a" => "audio/mp4",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "oga" | "ogg" => "audio/ogg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "wav" => "audio/wav",
        "webm" => "video/webm",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    };
    // A drawing may hold scripts: it is seen as a picture in our pages, and never as a page of its own.
    let is_shown = !["application/octet-stream", "image/svg+xml"].contains(&content_type);
    let how = if is_shown { "inline" } else { "attachment" };
    (content_type, format!("{how}; filename*=UTF-8''{}", percent::encoded(name)))
}

/// The 44 bytes before 16-bit samples in a WAV file. Its lengths end at 4 GiB; players of longer
/// sounds read on.
fn wav_header(rate_hz: u32, channels: u16, n_bytes: u64) -> Vec<u8> {
    const HEADER_BYTES: u32 = 44;
    let n_bytes = u32::try_from(n_bytes).unwrap_or(u32::MAX);
    let frame_bytes = channels * 2;
    let mut header = Vec::with_capacity(HEADER_BYTES as usize);
    header.extend(b"RIFF");
    header.extend(n_bytes.saturating_add(HEADER_BYTES - 8).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16u32.to_le_bytes());
    header.extend(1u16.to_le_bytes());
    header.extend(channels.to_le_bytes());
    header.extend(rate_hz.to_le_bytes());
    header.extend(rate_hz.saturating_mul(frame_bytes.into()).to_le_bytes());
    header.extend(frame_bytes.to_le_bytes());
    header.extend(16u16.to_le_bytes());
    header.extend(b"data");
    header.extend(n_bytes.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let check =
            |range: &str, expected: Wanted| assert_eq!(wanted(range, 100), expected, "{range}");
        let part = |start, len| Wanted::Part(Part { start, len });
        check("bytes=0-", part(0, 100));
        check("bytes=0-0", part(0, 1));
        check("bytes=10-19", part(10, 10));
        check("bytes=90-1000", part(90, 10));
        check("bytes=99-", part(99, 1));
        check("bytes=-10", part(90, 10));
        check("bytes=-1000", part(0, 100));
        check("bytes=100-", Wanted::Nothing);
        check("bytes=100-200", Wanted::Nothing);
        check("bytes=-0", Wanted::Nothing);
        check("bytes=20-10", Wanted::Whole);
        check("bytes=0-1,5-6", Wanted::Whole);
        check("bytes=x-y", Wanted::Whole);
        check("bytes=-", Wanted::Whole);
        check("items=0-1", Wanted::Whole);
        assert_eq!(wanted("bytes=-5", 0), Wanted::Nothing);
    }

    #[test]
    fn names_cannot_break_a_header() {
        let check = |name: &str, expected: &str| assert_eq!(presentation(name).1, expected);
        check("a.wav", "inline; filename*=UTF-8''a.wav");
        check("ä \"\r\n.wav", "inline; filename*=UTF-8''%C3%A4%20%22%0D%0A.wav");
        check("screen.png", "inline; filename*=UTF-8''screen.png");
        check("drawing.svg", "attachment; filename*=UTF-8''drawing.svg");
        check("page.html", "attachment; filename*=UTF-8''page.html");
    }

    #[test]
    fn a_wav_header_has_44_bytes() {
        assert_eq!(wav_header(44_100, 2, 1000).len(), 44);
        assert_eq!(wav_header(44_100, 1, u64::MAX).len(), 44);
    }
}
