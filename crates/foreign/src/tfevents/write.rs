//! Writing event files that TensorBoard shows.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::checksum;
use crate::Error;
use crate::error::io;
use crate::protobuf::Message;

/// An event file, open for appending.
pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
}

/// A sound to write.
pub struct Sound<'a> {
    /// Frames per second.
    pub rate_hz: u32,
    /// Channels.
    pub n_channels: u32,
    /// Frames.
    pub n_frames: u64,
    /// The whole sound as a WAV file.
    pub wav: &'a [u8],
}

/// The file name that TensorBoard looks for; `n` distinguishes files of the same second.
#[must_use]
pub fn file_name(wall_secs: f64, n: u32) -> String {
    format!("events.out.tfevents.{:010}.maquette.{n}", wall_secs.max(0.0) as u64)
}

/// Starts a new file. A resumed run starts another; TensorBoard shows them together.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn create(path: &Path, wall_secs: f64) -> Result<Writer, Error> {
    let file = File::create_new(path).map_err(io(path))?;
    let mut writer = Writer { path: path.to_owned(), file: BufWriter::new(file) };
    let event = Message::default().double(1, wall_secs).bytes(3, b"brain.Event:2");
    writer.record(&event.bytes)?;
    writer.flush()?;
    Ok(writer)
}

impl Writer {
    /// Appends scalars, all of one step.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn scalars(
        &mut self,
        step: i64,
        wall_secs: f64,
        values: &[(&str, f32)],
    ) -> Result<(), Error> {
        let mut summary = Message::default();
        for (tag, value) in values {
            let value = Message::default().bytes(1, tag.as_bytes()).single(2, *value);
            summary = summary.bytes(1, &value.bytes);
        }
        self.event(step, wall_secs, &summary)
    }

    /// Appends a text, shown as Markdown.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn text(&mut self, step: i64, wall_secs: f64, tag: &str, text: &str) -> Result<(), Error> {
        // `DT_STRING` is 7; the shape is [1].
        let extent = Message::default().int(1, 1);
        let shape = Message::default().bytes(2, &extent.bytes);
        let tensor = Message::default().int(1, 7).bytes(2, &shape.bytes).bytes(8, text.as_bytes());
        let plugin = Message::default().bytes(1, b"text");
        let metadata = Message::default().bytes(1, &plugin.bytes);
        let value = Message::default().bytes(1, tag.as_bytes());
        let value = value.bytes(8, &tensor.bytes).bytes(9, &metadata.bytes);
        self.event(step, wall_secs, &Message::default().bytes(1, &value.bytes))
    }

    /// Appends a sound.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn audio(
        &mut self,
        step: i64,
        wall_secs: f64,
        tag: &str,
        sound: &Sound<'_>,
    ) -> Result<(), Error> {
        let audio = Message::default()
            .single(1, sound.rate_hz as f32)
            .int(2, i64::from(sound.n_channels))
            .int(3, sound.n_frames as i64)
            .bytes(4, sound.wav)
            .bytes(5, b"audio/wav");
        let value = Message::default().bytes(1, tag.as_bytes()).bytes(6, &audio.bytes);
        self.event(step, wall_secs, &Message::default().bytes(1, &value.bytes))
    }

    /// Flushes to the file, so that TensorBoard sees what was appended.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.file.flush().map_err(io(&self.path))
    }

    fn event(&mut self, step: i64, wall_secs: f64, summary: &Message) -> Result<(), Error> {
        let event = Message::default().double(1, wall_secs).int(2, step).bytes(5, &summary.bytes);
        self.record(&event.bytes)
    }

    fn record(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let length = (bytes.len() as u64).to_le_bytes();
        let sums = [checksum::masked(&length), checksum::masked(bytes)].map(u32::to_le_bytes);
        let parts = [&length[..], &sums[0], bytes, &sums[1]];
        parts.into_iter().try_for_each(|part| self.file.write_all(part)).map_err(io(&self.path))
    }
}
