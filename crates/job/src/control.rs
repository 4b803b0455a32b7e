//! What is asked of a running job: lines of `control.jsonl`, appended by the studio and read by the worker.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::Control;

use crate::{Error, events::LINE_BYTES_MAX, files};

/// Asks something of the process that works on a folder.
///
/// # Errors
/// The folder cannot be written, or the disk is full; no half line is left then.
pub fn append(folder: &Path, control: Control) -> Result<(), Error> {
    let path = folder.join(files::CONTROL);
    let append = || {
        let mut line = serde_json::to_vec(&control).map_err(io::Error::other)?;
        line.push(b'\n');
        let mut file = File::options().append(true).create(true).open(&path)?;
        let length = file.metadata()?.len();
        // Half a line on a full disk would spoil the next one.
        file.write_all(&line).inspect_err(|_| drop(file.set_len(length)))
    };
    append().map_err(Error::io("write", &path))
}

/// Reads new lines, a few times a second at most.
#[derive(Debug)]
pub struct ControlReader {
    path: PathBuf,
    offset_bytes: u64,
    looked: Instant,
}

impl ControlReader {
    const PAUSE: Duration = Duration::from_millis(100);

    /// Reads from the start: the studio removes what was asked of an earlier process.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join(files::CONTROL), offset_bytes: 0, looked: Instant::now() }
    }

    /// What was asked since the last call. Lines that make no sense are passed over.
    pub fn read_new(&mut self) -> Vec<Control> {
        if self.looked.elapsed() < Self::PAUSE {
            return vec![];
        }
        self.looked = Instant::now();
        self.read_lines().unwrap_or_default()
    }

    fn read_lines(&mut self) -> io::Result<Vec<Control>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset_bytes))?;
        let mut text = Vec::new();
        file.take(LINE_BYTES_MAX).read_to_end(&mut text)?;
        let whole = text.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        self.offset_bytes += whole as u64;
        let lines = text[..whole].split(|&b| b == b'\n');
        Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}
