//! A film, written frame by frame and whole or not at all.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{
    Canvas, Error,
    h264::H264,
    mp4::{self, MAX_FRAMES, Samples},
    yuv::Planes,
};

/// What a film is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Pixels in a row: even, 16 to 3840.
    pub width: usize,
    /// Rows: even, 16 to 3840; of width and height, one is at most 2160.
    pub height: usize,
    /// Frames a second, 1 to 240.
    pub frames_per_sec: u32,
    /// How fine the pictures are.
    pub quality: Quality,
}

/// How much a film may differ from what was drawn.
///
/// The sizes are those of a minute in 640x840 at 60 frames a second: of a game with a ball and bricks, and of one
/// whose whole screen scrolls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// Thin lines and small type blur a little: 0.37 and 3.1 MB.
    Small,
    /// Differences can be found only by looking for them: 0.43 and 4.0 MB.
    #[default]
    Good,
    /// For films that are cut or encoded again: 0.63 and 6.0 MB.
    Fine,
}

impl Quality {
    /// The quantiser of H.264, 0 to 51; six more halve the precision.
    fn quantiser(self) -> u8 {
        match self {
            Self::Small => 26,
            Self::Good => 20,
            Self::Fine => 12,
        }
    }
}

/// What players and video sites show beside a film.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tags<'a> {
    /// One line; empty for none.
    pub title: &'a str,
    /// Some lines; empty for none.
    pub description: &'a str,
}

/// What became of a film.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written {
    /// Frames in it.
    pub n_frames: u32,
    /// The size of the file.
    pub n_bytes: u64,
    /// How long it plays, in seconds: frames over frames a second.
    pub length_secs: f64,
}

/// A film in the making. It may move to another thread.
///
/// Encoded frames go to a file without a name in the folder of the film. [`Writer::finish`] writes the tables and
/// copies the frames behind them, so that a player can start before it has everything; then it flushes the film to
/// disk and gives it its name. Until then nothing is to be seen, and the disk must hold the film twice. A writer
/// that is dropped leaves nothing. A program that is killed while it finishes a film leaves `.film-*.part`.
///
/// ```
/// # fn main() -> Result<(), film::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("breakout.mp4");
/// use film::{Canvas, Quality, Rgb, Settings, Tags, Writer};
///
/// let settings = Settings { width: 64, height: 64, frames_per_sec: 60, quality: Quality::Good };
/// let mut film = Writer::create(&path, settings)?;
/// let mut canvas = Canvas::new(64, 64, Rgb::BLACK);
/// film.chapter("Hour 1");
/// for x in 0..30 {
///     canvas.fill(Rgb::BLACK);
///     canvas.circle(x as f32, 32.0, 6.0, Rgb::WHITE);
///     film.frame(&canvas)?;
/// }
/// let written = film.finish(Tags { title: "A ball", description: "" })?;
/// assert_eq!(written.length_secs, 0.5);
/// # Ok(())
/// # }
/// ```
pub struct Writer {
    path: PathBuf,
    settings: Settings,
    planes: Planes,
    encoder: H264,
    /// The samples so far, in a file without a name.
    spill: BufWriter<File>,
    samples: Samples,
    /// The latest sample.
    sample: Vec<u8>,
    chapters: Vec<(u32, String)>,
    is_broken: bool,
}

impl Writer {
    /// Begins a film at `path`, where a file is replaced only when the new one is whole.
    ///
    /// # Errors
    /// [`Error::Size`] and [`Error::Rate`] for settings outside of their bounds; [`Error::File`] or
    /// [`Error::DiskFull`] if the folder cannot be written.
    pub fn create(path: &Path, settings: Settings) -> Result<Self, Error> {
        check(settings)?;
        let spill = tempfile::tempfile_in(folder(path)).map_err(|it| Error::file(path, it))?;
        Self::over(path, settings, spill)
    }

    /// Begins a film whose samples go to a file that is open for reading and writing.
    fn over(path: &Path, settings: Settings, spill: File) -> Result<Self, Error> {
        let Settings { width, height, frames_per_sec, quality } = settings;
        Ok(Self {
            path: path.to_owned(),
            settings,
            planes: Planes::new(width, height),
            encoder: H264::new(width, height, frames_per_sec, quality.quantiser())?,
            spill: BufWriter::with_capacity(1 << 18, spill),
            samples: Samples::default(),
            sample: Vec::new(),
            chapters: Vec::new(),
            is_broken: false,
        })
    }

    /// Frames so far.
    pub fn n_frames(&self) -> u32 {
        self.samples.n_frames()
    }

    /// Appends a picture, which is shown for one frame.
    ///
    /// What did not change since the frame before costs little time and hardly any bytes.
    ///
    /// # Errors
    /// [`Error::Picture`] for a picture of another size, after which the film can go on; [`Error::TooLong`] after
    /// 16,777,215 frames. After [`Error::DiskFull`], [`Error::File`] and errors of the encoder, the film can
    /// only be dropped.
    pub fn frame(&mut self, picture: &Canvas) -> Result<(), Error> {
        if self.is_broken {
            return Err(Error::Broken);
        }
        let Settings { width, height, .. } = self.settings;
        if (picture.width(), picture.height()) != (width, height) {
            let (film_width, film_height) = (width, height);
            let (width, height) = (picture.width(), picture.height());
            return Err(Error::Picture { width, height, film_width, film_height });
        }
        if self.n_frames() == MAX_FRAMES {
            return Err(Error::TooLong { max: MAX_FRAMES });
        }
        self.is_broken = true;
        self.planes.update(picture.pixels());
        let is_keyframe = self.encoder.encode(self.planes.slices(), &mut self.sample)?;
        self.spill.write_all(&self.sample).map_err(|it| Error::file(&self.path, it))?;
        self.samples.push(self.sample.len() as u32, is_keyframe);
        self.is_broken = false;
        Ok(())
    }

    /// Begins a chapter with the next frame.
    ///
    /// Of several chapters at one frame the last stays, and one without a frame is left out. Frames before the first
    /// chapter become one of their own with the title of the film; without such a title they belong to the first.
    pub fn chapter(&mut self, title: impl Into<String>) {
        let begin = self.n_frames();
        self.chapters.pop_if(|(it, _)| *it == begin);
        self.chapters.push((begin, title.into()));
    }

    /// Writes the film to its path.
    ///
    /// # Errors
    /// [`Error::Empty`] without a frame; [`Error::DiskFull`] or [`Error::File`] if the film cannot be written, when
    /// whatever was at the path is still there.
    pub fn finish(mut self, tags: Tags) -> Result<Written, Error> {
        if self.is_broken {
            return Err(Error::Broken);
        }
        let n_frames = self.n_frames();
        if n_frames == 0 {
            return Err(Error::Empty);
        }
        self.chapters.pop_if(|(begin, _)| *begin == n_frames);
        match self.chapters.first_mut() {
            Some((begin, _)) if *begin == 0 => {}
            Some((begin, _)) if tags.title.is_empty() => *begin = 0,
            Some(_) => self.chapters.insert(0, (0, tags.title.to_owned())),
            None => {}
        }
        let head = self.head(tags)?;
        let n_bytes = head.len() as u64 + self.samples.n_bytes();
        let Self { path, spill, .. } = self;
        assemble(&path, &head, spill).map_err(|it| Error::file(&path, it))?;
        let length_secs = f64::from(n_frames) / f64::from(self.settings.frames_per_sec);
        Ok(Written { n_frames, n_bytes, length_secs })
    }

    fn head(&self, tags: Tags) -> Result<Vec<u8>, Error> {
        let parameters = self.encoder.parameters();
        let parameters = parameters.ok_or(Error::Stream("the encoder gave no parameters"))?;
        Ok(mp4::head(&mp4::Film {
            width: self.settings.width,
            height: self.settings.height,
            frames_per_sec: self.settings.frames_per_sec,
            parameters,
            samples: &self.samples,
            chapters: &self.chapters,
            title: tags.title,
            description: tags.description,
        }))
    }
}

fn check(settings: Settings) -> Result<(), Error> {
    let Settings { width, height, frames_per_sec, .. } = settings;
    let is_even = width.is_multiple_of(2) && height.is_multiple_of(2);
    let (less, more) = (width.min(height), width.max(height));
    if !is_even || !(16..=2160).contains(&less) || more > 3840 {
        return Err(Error::Size { width, height });
    }
    if !(1..=240).contains(&frames_per_sec) {
        return Err(Error::Rate { frames_per_sec });
    }
    Ok(())
}

/// Writes head and samples under a temporary name, flushes them to disk and renames the file.
fn assemble(path: &Path, head: &[u8], spill: BufWriter<File>) -> io::Result<()> {
    let mut spill = spill.into_inner().map_err(io::IntoInnerError::into_error)?;
    spill.rewind()?;
    let mut file = temporary_beside(path)?;
    file.write_all(head)?;
    io::copy(&mut spill, file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The name is on disk only when the folder is. Some file systems cannot flush one, and the film is there.
    #[cfg(unix)]
    let _ = File::open(folder(path)).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A temporary file in the folder of `path`, removed when it is dropped.
pub(crate) fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".film-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder(path))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests;
