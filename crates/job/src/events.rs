//! The events of a job, `events.jsonl`: numbered lines that are appended and read here only.
//!
//! Numbers start at 1 and have no gaps, over every process that works on the folder. A line that is damaged, or
//! of a kind that this version does not know, keeps its number; a torn last line never counted and is cut off.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::Path,
};

use api::{Event, EventBody, UnixMs};
use serde::Deserialize;

use crate::{Error, files};

/// The longest line that is read, in bytes.
pub const LINE_BYTES_MAX: u64 = 1 << 20;

/// Events that are looked through in one reading: those of a month of training.
const EVENTS_BYTES_MAX: u64 = 1 << 30;

/// Numbers from here on are damage: no job has as many events.
const NUMBER_MAX: u64 = 1 << 48;

/// Appends events to the file of a job.
#[derive(Debug)]
pub struct Writer {
    file: File,
    /// Where the last whole line ends.
    end_bytes: u64,
    n_events: u64,
}

impl Writer {
    /// Opens the events of a folder to append to them. `learn` is told every event that is there.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn open(folder: &Path, mut learn: impl FnMut(&EventBody)) -> Result<Self, Error> {
        let path = folder.join(files::EVENTS);
        let mut open = || {
            let mut file = OpenOptions::new().create(true).read(true).append(true).open(&path)?;
            let (mut n_events, mut end_bytes) = (0, 0);
            read_lines(&file, |line, end| {
                end_bytes = end;
                n_events = number(line).map_or(n_events + 1, |it| it.max(n_events));
                if let Ok(event) = serde_json::from_slice::<Event>(line) {
                    learn(&event.body);
                }
            })?;
            file.set_len(end_bytes)?;
            file.seek(SeekFrom::End(0))?;
            Ok(Self { file, end_bytes, n_events })
        };
        open().map_err(Error::io("open", &path))
    }

    /// Appends an event: one line, in one write, so that a reader never sees half of it for long. Those that the
    /// next process goes on from outlive a power cut.
    ///
    /// # Errors
    /// The disk is full or the folder is gone; no half line is left then.
    pub fn append(&mut self, body: EventBody, time_ms: UnixMs) -> io::Result<Event> {
        let event = Event { seq: self.n_events + 1, time_ms, body };
        let mut line = serde_json::to_vec(&event)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            // Half a line would spoil the next one, which may fit.
            let _ = self.file.set_len(self.end_bytes);
            return Err(error);
        }
        self.end_bytes += line.len() as u64;
        if matches!(event.body, EventBody::Checkpoint(_) | EventBody::Finished(_)) {
            self.file.sync_data()?;
        }
        self.n_events += 1;
        Ok(event)
    }
}

/// Reads every event of a folder that makes sense, in order. A file that is missing has none.
pub fn read_all(folder: &Path, mut learn: impl FnMut(Event)) {
    let Ok(file) = File::open(folder.join(files::EVENTS)) else { return };
    // What cannot be read ends the reading; what was read before counts.
    let _ = read_lines(file.take(EVENTS_BYTES_MAX), |line, _| {
        if let Ok(event) = serde_json::from_slice(line) {
            learn(event);
        }
    });
}

/// How much is read at once.
const CHUNK_BYTES_MAX: u64 = 4 << 20;

/// Whether events were read to the end of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// There is no more, for now.
    End,
    /// There is more to read.
    Behind,
}

/// Part of a file of events, for a reader that follows it.
#[derive(Debug)]
pub struct Chunk {
    /// Its whole lines, except those that are empty or too long.
    pub lines: Vec<Line>,
    /// Lines that were too long to be ours.
    pub n_too_long: u32,
    /// Where the next chunk begins.
    pub next_offset: u64,
    /// Whether that is where the file ends.
    pub reach: Reach,
}

/// A line of a [`Chunk`].
#[derive(Debug)]
pub struct Line {
    /// Without its end.
    pub text: Vec<u8>,
    /// Where the next line begins.
    pub end_offset: u64,
}

/// Reads on in the events of a folder. A line counts once it ends: a torn last one waits. A file that is not there
/// yet has no lines.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read_chunk(folder: &Path, from: u64) -> Result<Chunk, Error> {
    let path = folder.join(files::EVENTS);
    match chunk_of(&path, from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Chunk { lines: vec![], n_too_long: 0, next_offset: from, reach: Reach::End })
        }
        read => read.map_err(Error::io("read", &path)),
    }
}

fn chunk_of(path: &Path, from: u64) -> io::Result<Chunk> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    // A file that became shorter was cut at a torn line, or put there anew: numbers tell what of it is new.
    let from = if from > length { 0 } else { from };
    let mut chunk = Chunk { lines: vec![], n_too_long: 0, next_offset: from, reach: Reach::End };
    if from == length {
        return Ok(chunk);
    }
    // One byte more than needed tells whether the last chunk ended inside a line that is too long.
    let before = from.saturating_sub(1);
    file.seek(SeekFrom::Start(before))?;
    let mut bytes = vec![];
    file.take(CHUNK_BYTES_MAX).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == CHUNK_BYTES_MAX {
        chunk.reach = Reach::Behind;
    }
    let mut start = (from - before) as usize;
    if start == 1 && bytes.first() != Some(&b'\n') {
        start = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    }
    while let Some(length) = bytes[start..].iter().position(|byte| *byte == b'\n') {
        let end_offset = before + (start + length + 1) as u64;
        if length as u64 > LINE_BYTES_MAX {
            chunk.n_too_long += 1;
        } else if length > 0 {
            chunk.lines.push(Line { text: bytes[start..start + length].to_vec(), end_offset });
        }
        start += length + 1;
    }
    if (bytes.len() - start) as u64 > LINE_BYTES_MAX {
        chunk.n_too_long += 1;
        start = bytes.len();
    }
    chunk.next_offset = before + start as u64;
    Ok(chunk)
}

/// At most so many events of a folder after a number, from a place in the file on.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read_after(
    folder: &Path,
    from_offset: u64,
    after: u64,
    n_max: usize,
) -> Result<Vec<Event>, Error> {
    let (mut events, mut offset) = (vec![], from_offset);
    while events.len() < n_max {
        let chunk = read_chunk(folder, offset)?;
        let parsed = chunk.lines.iter().filter_map(|line| serde_json::from_slice(&line.text).ok());
        events.extend(parsed.filter(|event: &Event| event.seq > after));
        offset = chunk.next_offset;
        if chunk.reach == Reach::End {
            break;
        }
    }
    events.truncate(n_max);
    Ok(events)
}

/// The number of a line, even if the rest of it makes no sense.
pub fn number(line: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Numbered {
        seq: u64,
    }
    let seq = match serde_json::from_slice(line) {
        Ok(Numbered { seq }) => seq,
        Err(_) => {
            // Writers put the number first, so the head of a damaged line still tells it.
            let digits = line.strip_prefix(br#"{"seq":"#)?;
            let n = digits.iter().take_while(|b| b.is_ascii_digit()).count();
            std::str::from_utf8(&digits[..n]).ok()?.parse().ok()?
        }
    };
    Some(seq).filter(|it| *it < NUMBER_MAX)
}

/// Gives every whole line with the offset behind it. Lines too long to be ours are passed over, a torn last one
/// is left out.
fn read_lines(file: impl Read, mut take: impl FnMut(&[u8], u64)) -> io::Result<()> {
    let mut reader = BufReader::new(file);
    let (mut line, mut end, mut is_too_long) = (Vec::new(), 0, false);
    loop {
        line.clear();
        let n = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? as u64;
        end += n;
        if line.last() == Some(&b'\n') {
            let text = if is_too_long { &[][..] } else { &line[..line.len() - 1] };
            take(text, end);
            is_too_long = false;
        } else if n == LINE_BYTES_MAX {
            is_too_long = true;
        } else {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"seq":1,"time_ms":1,"event":"started","pid":1,"version":"0","n_threads":1,"from_step":0}"#;

    /// Numbers of the events after another process appended one.
    fn seq_after(text: &str) -> u64 {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(files::EVENTS), text).unwrap();
        let mut writer = Writer::open(folder.path(), |_| {}).unwrap();
        let body = EventBody::CheckpointRemoved { step: 1 };
        let seq = writer.append(body, 2).unwrap().seq;
        let mut last = 0;
        read_all(folder.path(), |event| last = event.seq);
        assert_eq!(last, seq, "the appended event is read back: {text}");
        seq
    }

    #[test]
    fn numbers_go_on_after_lines_that_make_no_sense() {
        let check = |second: &str, expected: u64| {
            assert_eq!(seq_after(&format!("{STARTED}\n{second}")), expected, "{second}");
        };
        check("", 2);
        // Torn: it never counted.
        check(r#"{"seq":2,"time_ms":1,"ev"#, 2);
        // Of a newer version, damaged in its tail, damaged altogether, and too long.
        check("{\"seq\":2,\"time_ms\":1,\"event\":\"dreamt\"}\n", 3);
        check("{\"seq\":2,\"time_ms\":1,\"event\":\"fin\u{fffd}\n", 3);
        check("\u{0}\u{0}\u{0}\n", 3);
        check(&format!("{}\n", "x".repeat(3 << 20)), 3);
    }

    /// Lines that come out when the file grows part by part.
    fn lines_of(parts: &[&[u8]]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let (mut offset, mut lines) = (0, Vec::new());
        for part in parts {
            File::options().append(true).create(true).open(&path).unwrap().write_all(part).unwrap();
            loop {
                let chunk = read_chunk(folder.path(), offset).unwrap();
                lines.extend(chunk.lines.into_iter().map(|it| String::from_utf8(it.text).unwrap()));
                offset = chunk.next_offset;
                if chunk.reach == Reach::End {
                    break;
                }
            }
        }
        lines
    }

    #[test]
    fn lines_are_whole_and_bounded() {
        let check = |parts: &[&[u8]], expected: &[&str]| assert_eq!(lines_of(parts), expected);
        check(&[], &[]);
        check(&[b"one\ntwo\n"], &["one", "two"]);
        check(&[b"on", b"e", b"\ntw", b"o\n", b"torn"], &["one", "two"]);
        check(&[b"\n\none\n"], &["one"]);
        let long = vec![b'x'; LINE_BYTES_MAX as usize + 1];
        let longer = vec![b'x'; 3 * CHUNK_BYTES_MAX as usize];
        for long in [&long, &longer] {
            check(&[b"one\n", long, b"\ntwo\n"], &["one", "two"]);
            check(&[b"one\n", long, b"yyy", b"yyy\ntwo\n"], &["one", "two"]);
            check(&[long, b"\n", long, b"\n", b"two\n"], &["two"]);
            check(&[&[long.as_slice(), b"\ntwo\n"].concat()], &["two"]);
        }
        let many = "{\"seq\":1}\n".repeat(1_000_000);
        assert_eq!(lines_of(&[many.as_bytes()]).len(), 1_000_000);
    }

    #[test]
    fn a_shorter_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, "one\n").unwrap();
        let chunk = read_chunk(folder.path(), 100).unwrap();
        assert_eq!((chunk.lines.len(), chunk.next_offset), (1, 4));
        let chunk = read_chunk(folder.path(), 4).unwrap();
        assert_eq!((chunk.lines.len(), chunk.next_offset), (0, 4));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_can_be_appended_to(bytes in proptest::collection::vec(0_u8.., 0..300)) {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(files::EVENTS), bytes).unwrap();
            let mut writer = Writer::open(folder.path(), |_| {}).unwrap();
            let body = EventBody::CheckpointRemoved { step: 1 };
            let first = writer.append(body.clone(), 2).unwrap().seq;
            proptest::prop_assert_eq!(writer.append(body, 2).unwrap().seq, first + 1);
        }
    }
}
