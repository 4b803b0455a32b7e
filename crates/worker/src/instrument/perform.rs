//! What was done while a session was recorded: how it began, and every move with its place, so that it can be
//! played again.
//!
//! A file of lines: the first is a [`Beginning`], each other one a [`Move`].

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path as FilePath,
};

use api::{Id, LiveWeights, SessionCommand, SoundPlace};
use serde::{Deserialize, Serialize};

/// How a recording began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Beginning {
    /// Samples of the input before the recording, from which the models get to where they were.
    pub(crate) pre_roll: u64,
    /// Samples since a latent frame of every model began, where these samples begin.
    #[serde(default)]
    pub(crate) phase: u64,
    /// The seed that random numbers began anew with.
    pub(crate) seed: u64,
    /// The precision of the models' weights.
    #[serde(default)]
    pub(crate) weights: LiveWeights,
    /// Whether the models' own noise was heard.
    #[serde(default = "yes")]
    pub(crate) has_noise: bool,
    /// Controls that were not at their defaults: number and value.
    pub(crate) values: Vec<(u16, f32)>,
    /// The sound that was loaded, and where it was, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sound: Option<(SoundPlace, f64)>,
    /// The part of it that was repeated, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<(f64, f64)>,
    /// The command that gave the path, and where it was, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<(SessionCommand, f64)>,
    /// The prior.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prior: Option<Id>,
}

fn yes() -> bool {
    true
}

/// Something that was done at a sample of the recording, pre-roll not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Move {
    /// The sample.
    pub(crate) at: u64,
    /// What was done.
    #[serde(flatten)]
    pub(crate) what: Moved,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Moved {
    /// A control was moved: its number and its value.
    Set(u16, f32),
    /// Something was asked for.
    Command(SessionCommand),
}

/// A performance that was recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Performance {
    /// How it began.
    pub(crate) beginning: Beginning,
    /// What was done, in order.
    pub(crate) moves: Vec<Move>,
}

/// Moves that are read of one recording.
const MOVES_MAX: usize = 10_000_000;

impl Performance {
    /// Reads a file of moves; a last line that was torn off is left out.
    pub(crate) fn read(path: &FilePath) -> io::Result<Self> {
        let invalid = |error: serde_json::Error| io::Error::new(io::ErrorKind::InvalidData, error);
        let mut lines = BufReader::new(File::open(path)?).lines();
        let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        let beginning = serde_json::from_str(&first).map_err(invalid)?;
        let mut moves = Vec::new();
        for line in lines.take(MOVES_MAX) {
            match serde_json::from_str(&line?) {
                Ok(one) => moves.push(one),
                Err(_) => break,
            }
        }
        Ok(Self { beginning, moves })
    }
}

/// Writes moves as they come.
pub(crate) struct MoveWriter {
    file: BufWriter<File>,
}

impl MoveWriter {
    pub(crate) fn create(path: &FilePath, beginning: &Beginning) -> io::Result<Self> {
        let mut writer = Self { file: BufWriter::new(File::create(path)?) };
        writer.line(beginning)?;
        Ok(writer)
    }

    pub(crate) fn write(&mut self, one: &Move) -> io::Result<()> {
        self.line(one)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn line(&mut self, what: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, what)?;
        self.file.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_up_to_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("moves.jsonl");
        let beginning =
            Beginning { pre_roll: 5, seed: 7, values: vec![(5, 0.5)], ..Default::default() };
        let moves = vec![
            Move { at: 3, what: Moved::Set(6, -3.0) },
            Move { at: 9, what: Moved::Command(SessionCommand::Seek { secs: 1.5 }) },
        ];
        let mut writer = MoveWriter::create(&path, &beginning).unwrap();
        moves.iter().for_each(|one| writer.write(one).unwrap());
        writer.flush().unwrap();
        drop(writer);
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"at\":12,\"se").unwrap();
        assert_eq!(Performance::read(&path).unwrap(), Performance { beginning, moves });
        std::fs::write(&path, "nothing").unwrap();
        assert!(Performance::read(&path).is_err());
    }
}
