//! A file of JSON lines, each with a checksum in front, to which lines are added.
//!
//! Behind the checksum is a `+` where more lines were added with this one, else a space: lines that were added together are
//! all there or none is. A torn end was never promised.

use std::{
    fs::{self, File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, files::write_whole};

/// The largest file that is read.
const BYTES_MAX: u64 = 4 << 30;

/// A file of lines that is open for writing.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    len: u64,
}

impl Journal {
    /// Opens a file, or begins one: its lines, and how many of them were damaged.
    pub(crate) fn open<T: DeserializeOwned>(path: &Path) -> Result<(Self, Vec<T>, usize), Error> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(Error::io("open", path))?;
        if file.metadata().map_err(Error::io("read", path))?.len() > BYTES_MAX {
            return Err(Error::damaged(path, "it is too large"));
        }
        let bytes = fs::read(path).map_err(Error::io("read", path))?;
        let (mut lines, mut n_damaged) = (vec![], 0);
        let len = whole_len(&bytes);
        for line in bytes[..len].split(|it| *it == b'\n').filter(|it| !it.is_empty()) {
            match read_line(line) {
                Some(it) => lines.push(it),
                None => n_damaged += 1,
            }
        }
        let len = len as u64;
        file.set_len(len).map_err(Error::io("write", path))?;
        Ok((Self { path: path.to_owned(), file, len }, lines, n_damaged))
    }

    /// Adds lines, all or none; when this returns, they stay.
    pub(crate) fn append<T: Serialize>(&mut self, lines: &[T]) -> Result<(), Error> {
        let bytes = encoded(lines, '+');
        let written = (|| {
            self.file.seek(SeekFrom::Start(self.len))?;
            self.file.write_all(&bytes)?;
            self.file.sync_data()
        })();
        if let Err(error) = written {
            // Best effort: the next lines go over what was written of these.
            let _ = self.file.set_len(self.len);
            return Err(Error::io("write", &self.path)(error));
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Writes the file again with these lines alone.
    pub(crate) fn rewrite<T: Serialize>(&mut self, lines: &[T]) -> Result<(), Error> {
        let bytes = encoded(lines, ' ');
        write_whole(&self.path, &bytes)?;
        let file = OpenOptions::new().read(true).write(true).open(&self.path);
        self.file = file.map_err(Error::io("open", &self.path))?;
        self.len = bytes.len() as u64;
        Ok(())
    }
}

/// The length without a torn line at the end, and without lines that others were to follow.
fn whole_len(bytes: &[u8]) -> usize {
    let mut len = bytes.iter().rposition(|it| *it == b'\n').map_or(0, |at| at + 1);
    while len > 0 {
        let start = bytes[..len - 1].iter().rposition(|it| *it == b'\n').map_or(0, |at| at + 1);
        if bytes[start..len].get(8) != Some(&b'+') {
            break;
        }
        len = start;
    }
    len
}

/// Lines as they are written, with a mark on each that has another behind it.
fn encoded<T: Serialize>(lines: &[T], mark: char) -> Vec<u8> {
    let mut bytes = vec![];
    for (i, line) in lines.iter().enumerate() {
        let mark = if i + 1 < lines.len() { mark } else { ' ' };
        let json = serde_json::to_vec(line).expect("what is written here is always JSON");
        bytes.extend(format!("{:08x}{mark}", crc32fast::hash(&json)).into_bytes());
        bytes.extend(json);
        bytes.push(b'\n');
    }
    bytes
}

fn read_line<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let (checksum, json) = line.split_at_checked(9)?;
    let checksum = u32::from_str_radix(str::from_utf8(&checksum[..8]).ok()?, 16).ok()?;
    (crc32fast::hash(json) == checksum).then(|| serde_json::from_slice(json).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_and_torn_or_damaged_ones_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        let check = |expected: &[&str], n_damaged: usize| {
            let (journal, lines, n) = Journal::open::<String>(&path).unwrap();
            assert_eq!((lines.as_slice(), n), (expected.map_to_strings().as_slice(), n_damaged));
            journal
        };
        let mut journal = check(&[], 0);
        journal.append(&["a", "b"]).unwrap();
        journal.append(&["c"]).unwrap();
        check(&["a", "b", "c"], 0);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend(b"12345678 \"d");
        fs::write(&path, &bytes).unwrap();
        check(&["a", "b", "c"], 0).append(&["e"]).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes[10] = b'x';
        fs::write(&path, &bytes).unwrap();
        check(&["b", "c", "e"], 1).rewrite(&["b"]).unwrap();
        check(&["b"], 0).append(&["f"]).unwrap();
        check(&["b", "f"], 0);
        // What was added together is there as a whole or not at all.
        check(&["b", "f"], 0).append(&["g", "h", "i"]).unwrap();
        let whole = fs::read(&path).unwrap();
        let n_before = encoded(&["b", "f"], ' ').len();
        for cut in n_before..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            check(&["b", "f"], 0);
        }
        fs::write(&path, &whole).unwrap();
        check(&["b", "f", "g", "h", "i"], 0);
    }

    trait MapToStrings {
        fn map_to_strings(&self) -> Vec<String>;
    }
    impl MapToStrings for [&str] {
        fn map_to_strings(&self) -> Vec<String> {
            self.iter().map(|it| (*it).to_owned()).collect()
        }
    }
}
