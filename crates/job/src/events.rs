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
                let told = number(line).filter(|it| *it < NUMBER_MAX);
                n_events = told.map_or(n_events + 1, |it| it.max(n_events));
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

/// The number of a line, even if the rest of it makes no sense.
pub fn number(line: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Numbered {
        seq: u64,
    }
    if let Ok(Numbered { seq }) = serde_json::from_slice(line) {
        return Some(seq);
    }
    // Writers put the number first, so the head of a damaged line still tells it.
    let digits = line.strip_prefix(br#"{"seq":"#)?;
    let n = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&digits[..n]).ok()?.parse().ok()
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
