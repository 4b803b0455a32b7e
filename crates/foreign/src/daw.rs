//! Projects of audio workstations: what is in them, whichever program wrote them, and written for those that others
//! can open.
//!
//! | program | file | read | written |
//! |---|---|---|---|
//! | any (`DAWproject` 1.0) | `.dawproject` | [`read`] | [`write_dawproject`] |
//! | REAPER | `.rpp` | [`read`] | [`write_reaper`] |
//! | Ableton Live | `.als` | [`read`] | – |
//! | Logic Pro | `.logicx` | [`read`] | – |
//!
//! A project of REAPER, Ableton Live or Logic Pro that was packed into a `.zip` with its sounds is read as it lies there.
//! Positions are in quarter notes from the start. What a project has and these readers do not take is said in
//! [`Project::unread`].

mod ableton;
mod archive;
mod dawproject;
mod logic;
mod reaper;
mod xml;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::Error;
use crate::error::unsupported;

pub use dawproject::write as write_dawproject;
pub use reaper::write as write_reaper;

/// A list in a project has at most so many entries; a file is not larger for a reason.
const ENTRIES_MAX: usize = 4_000_000;

/// A project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// The program that wrote it, with its version where the file says it.
    pub program: String,
    /// The key, like `C major`, where the file says one.
    pub key: Option<String>,
    /// The tempo from a place on, in order; the first is at 0.
    pub tempos: Vec<Tempo>,
    /// The meter from a place on, in order; the first is at 0.
    pub meters: Vec<Meter>,
    /// Names of places, in order.
    pub markers: Vec<Marker>,
    /// The tracks, in the project's order.
    pub tracks: Vec<Track>,
    /// What is in the file and was not read, a sentence each.
    pub unread: Vec<String>,
}

/// A tempo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// From where on, in quarter notes.
    pub quarter: f64,
    /// Quarter notes a minute.
    pub bpm: f64,
}

/// A meter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meter {
    /// From where on, in quarter notes.
    pub quarter: f64,
    /// Beats of a bar.
    pub numerator: u8,
    /// The note value of a beat, a power of two up to 64.
    pub denominator: u8,
}

/// The name of a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// Where, in quarter notes.
    pub quarter: f64,
    /// Its name.
    pub name: String,
}

/// A track.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Its name.
    pub name: String,
    /// Whether it is muted.
    pub is_muted: bool,
    /// Its volume as a factor, where the file says it.
    pub volume: Option<f64>,
    /// Names of its instruments and effects, in the order of the chain.
    pub effects: Vec<String>,
    /// What is on it.
    pub clips: Vec<Clip>,
}

/// A piece of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Its name.
    pub name: String,
    /// Where it starts, in quarter notes.
    pub start: f64,
    /// Its length, in quarter notes.
    pub length: f64,
    /// What sounds.
    pub content: Content,
}

/// What sounds in a clip.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Notes, with places from the start of the clip.
    Notes(Vec<Note>),
    /// A sound file.
    Audio {
        /// Its path as the project has it; it may not be there.
        path: String,
        /// Where in the file the clip begins, in seconds.
        from_secs: f64,
        /// The size of the file, where the project remembers it.
        bytes: Option<u64>,
        /// What the file is like, where that is known.
        form: Option<SoundForm>,
    },
}

/// What a sound file is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoundForm {
    /// Its channels.
    pub n_channels: u16,
    /// Its rate in Hz.
    pub rate_hz: u32,
    /// Its length in seconds.
    pub length_secs: f64,
}

/// A note.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// Where it starts, in quarter notes from the start of the clip.
    pub start: f64,
    /// Its length, in quarter notes.
    pub length: f64,
    /// The key; 60 is the middle C.
    pub key: u8,
    /// How hard it is struck, 1 to 127.
    pub velocity: u8,
    /// The MIDI channel, 0 to 15.
    pub channel: u8,
}

/// Reads a project, by the ending of its name: `.dawproject`, `.rpp`, `.als`, `.logicx`; a `.zip` has one of the
/// last three in it.
///
/// # Errors
/// When the file cannot be read, is damaged, too large, or of a kind that is not known here.
pub fn read(path: &Path) -> Result<Project, Error> {
    let ending = path.extension().map(|it| it.to_string_lossy().to_lowercase());
    let mut project = match ending.as_deref() {
        Some("dawproject") => dawproject::read(path)?,
        Some("rpp" | "rpp-bak") => reaper::read(path)?,
        Some("als" | "alc") => ableton::read(path)?,
        Some("logicx") => logic::read(path)?,
        Some("zip") => archive::read(path)?,
        _ => {
            return Err(unsupported(
                path,
                "a project that does not end in .dawproject, .rpp, .als, .logicx or .zip",
            ));
        }
    };
    project.settle();
    Ok(project)
}

/// Files that lie inside a project, by their paths in it, with their sizes: a `.dawproject` may have its sounds in it, and
/// a `.zip` a project with its sounds. None for projects of others.
///
/// # Errors
/// When it is an archive that cannot be read.
pub fn files_inside(path: &Path) -> Result<BTreeMap<String, u64>, Error> {
    let is = |ending: &str| path.extension().is_some_and(|it| it.eq_ignore_ascii_case(ending));
    match is("dawproject") || is("zip") {
        true => archive::inside(path),
        false => Ok(BTreeMap::new()),
    }
}

/// Writes a file that lies inside a `.dawproject` or a `.zip` to `out`; gives its size.
///
/// # Errors
/// When there is no such file, it is damaged, or it has more than `most` bytes.
pub fn take_out(path: &Path, name: &str, most: u64, out: &mut dyn Write) -> Result<u64, Error> {
    archive::take_out(path, name, most, out)
}

impl Project {
    /// Puts lists in order, takes out what cannot be, and begins the maps at 0.
    fn settle(&mut self) {
        let is_place = |quarter: f64| quarter.is_finite() && quarter.abs() < 1e9;
        self.tempos.retain(|it| is_place(it.quarter) && (1.0..=10_000.0).contains(&it.bpm));
        self.meters.retain(|it| {
            is_place(it.quarter)
                && it.numerator > 0
                && it.denominator.is_power_of_two()
                && it.denominator <= 64
        });
        self.markers.retain(|it| is_place(it.quarter));
        self.tempos.sort_by(|a, b| a.quarter.total_cmp(&b.quarter));
        self.meters.sort_by(|a, b| a.quarter.total_cmp(&b.quarter));
        self.markers.sort_by(|a, b| a.quarter.total_cmp(&b.quarter));
        match self.tempos.first_mut() {
            Some(first) => first.quarter = 0.0,
            None => self.tempos.push(Tempo { quarter: 0.0, bpm: 120.0 }),
        }
        match self.meters.first_mut() {
            Some(first) => first.quarter = 0.0,
            None => self.meters.push(Meter { quarter: 0.0, numerator: 4, denominator: 4 }),
        }
        // What changes nothing says nothing.
        self.tempos.dedup_by(|later, earlier| later.bpm == earlier.bpm);
        self.meters.dedup_by(|later, earlier| {
            (later.numerator, later.denominator) == (earlier.numerator, earlier.denominator)
        });
        for track in &mut self.tracks {
            track.clips.retain(|it| is_place(it.start) && is_place(it.length) && it.length >= 0.0);
            track.clips.sort_by(|a, b| a.start.total_cmp(&b.start));
            for clip in &mut track.clips {
                if let Content::Notes(notes) = &mut clip.content {
                    notes.retain(|it| is_place(it.start) && is_place(it.length) && it.key < 128);
                    notes.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.key.cmp(&b.key)));
                }
            }
        }
    }
}

/// Seconds and quarter notes of a tempo map.
struct Timeline {
    /// Where each tempo starts: quarter, second, seconds a quarter.
    parts: Vec<(f64, f64, f64)>,
}

impl Timeline {
    /// The timeline of tempos in order.
    fn new(tempos: &[Tempo]) -> Self {
        let mut parts = vec![(0.0, 0.0, 0.5)];
        for tempo in tempos {
            let &(quarter, secs, per_quarter) = parts.last().expect("it starts with one");
            let at = secs + (tempo.quarter - quarter).max(0.0) * per_quarter;
            if tempo.quarter <= quarter {
                parts.pop();
            }
            parts.push((tempo.quarter.max(quarter), at, 60.0 / tempo.bpm));
        }
        Self { parts }
    }

    /// The timeline of tempos whose places are seconds, and the same tempos with places in quarter notes.
    fn from_secs(tempos: &[Tempo]) -> (Self, Vec<Tempo>) {
        let mut placed: Vec<Tempo> = Vec::with_capacity(tempos.len());
        let (mut secs, mut quarter, mut bpm) =
            (0.0, 0.0, tempos.first().map_or(120.0, |it| it.bpm));
        for tempo in tempos {
            quarter += (tempo.quarter - secs).max(0.0) * bpm / 60.0;
            secs = tempo.quarter.max(secs);
            bpm = tempo.bpm;
            placed.push(Tempo { quarter, bpm });
        }
        (Self::new(&placed), placed)
    }

    fn secs(&self, quarter: f64) -> f64 {
        let i = self.parts.partition_point(|part| part.0 <= quarter).saturating_sub(1);
        let (from, secs, per_quarter) = self.parts[i];
        secs + (quarter - from) * per_quarter
    }

    fn quarter(&self, at_secs: f64) -> f64 {
        let i = self.parts.partition_point(|part| part.1 <= at_secs).saturating_sub(1);
        let (from, secs, per_quarter) = self.parts[i];
        from + (at_secs - secs) / per_quarter
    }
}
