//! `DAWproject`, the open exchange format: a ZIP archive with `project.xml`.
//!
//! Source: `DAWproject` 1.0 (Bitwig and `PreSonus`, 2023), its schema `Project.xsd`.

mod write;

use std::io::Read as _;
use std::path::Path;

use super::archive;
use super::xml::{self, Node};
use super::{
    Clip, Content, ENTRIES_MAX, Marker, Meter, Note, Project, SoundForm, Tempo, Timeline, Track,
};
use crate::Error;
use crate::error::{Position, malformed, unsupported};

pub use write::write;

/// The largest `project.xml` that is read.
const TEXT_MAX: u64 = 128 << 20;

pub(super) fn read(path: &Path) -> Result<Project, Error> {
    let mut archive = archive::opened(path)?;
    let entry = archive::entry(path, &mut archive, "project.xml")?;
    let mut bytes = Vec::new();
    if let Err(error) = entry.take(TEXT_MAX + 1).read_to_end(&mut bytes) {
        let reason = format!("project.xml in it is damaged: {error}");
        return Err(malformed(path, Position::Byte(bytes.len() as u64), reason));
    }
    if bytes.len() as u64 > TEXT_MAX {
        return Err(unsupported(
            path,
            format!("a project with more than {} MiB of text", TEXT_MAX >> 20),
        ));
    }
    parse(path, &String::from_utf8_lossy(&bytes))
}

/// Where a timeline lies: from a quarter note on, counted in seconds or in quarter notes.
#[derive(Clone, Copy)]
struct Frame {
    start: f64,
    is_secs: bool,
}

struct Reader<'a> {
    project: Project,
    /// For each track, its identifier.
    ids: Vec<String>,
    timeline: Timeline,
    n_notes: usize,
    path: &'a Path,
}

fn parse(path: &Path, text: &str) -> Result<Project, Error> {
    let root = xml::parse(text).map_err(|broken| {
        malformed(
            path,
            Position::Byte(broken.byte as u64),
            format!("{} in project.xml", broken.reason),
        )
    })?;
    if root.name != "Project" {
        return Err(malformed(path, Position::Byte(0), "project.xml has no project"));
    }
    let mut project = Project::default();
    if let Some(application) = root.child("Application") {
        project.program = format!("{} {}", application.text("name"), application.text("version"))
            .trim()
            .to_owned();
    }
    let mut ids = Vec::new();
    for track in root.child("Structure").into_iter().flat_map(|it| it.all("Track")) {
        tracks(track, &mut project.tracks, &mut ids);
    }
    let arrangement = root.child("Arrangement");
    maps(&root, arrangement, &mut project);
    let timeline = Timeline::new(&project.tempos);
    let mut reader = Reader { project, ids, timeline, n_notes: 0, path };
    if let Some(arrangement) = arrangement {
        let frame = reader.frame(arrangement, Frame { start: 0.0, is_secs: false });
        for marker in arrangement.child("Markers").into_iter().flat_map(|it| it.all("Marker")) {
            let frame = reader.frame(marker, frame);
            if let Some(quarter) = marker.number("time").map(|time| reader.quarter(frame, time)) {
                reader.project.markers.push(Marker { quarter, name: marker.text("name") });
            }
        }
        for lanes in arrangement.all("Lanes") {
            reader.lanes(lanes, frame, None)?;
        }
    }
    if root.child("Scenes").is_some_and(|it| !it.children.is_empty()) {
        reader
            .project
            .unread
            .push("Clips of scenes were not read, as they have no place in time.".into());
    }
    Ok(reader.project)
}

/// A track and those inside it. The channel on which all others end is no track: nothing lies on it, and other programs
/// have it without saying so.
fn tracks(node: &Node<'_>, out: &mut Vec<Track>, ids: &mut Vec<String>) {
    let channel = node.child("Channel");
    let devices =
        channel.and_then(|it| it.child("Devices")).into_iter().flat_map(|it| &it.children);
    let name = |device: &Node<'_>| {
        let names = [device.text("deviceName"), device.text("name")];
        names.into_iter().find(|it| !it.is_empty()).unwrap_or_else(|| device.name.to_owned())
    };
    let volume = channel.and_then(|it| it.child("Volume"));
    let factor = |it: &Node<'_>| {
        let value = it.number("value")?;
        Some(if it.text("unit") == "decibel" { 10f64.powf(value / 20.0) } else { value })
    };
    if channel.is_some_and(|it| it.text("role") == "master") {
        node.all("Track").for_each(|inner| tracks(inner, out, ids));
        return;
    }
    out.push(Track {
        name: node.text("name"),
        is_muted: channel
            .and_then(|it| it.child("Mute"))
            .is_some_and(|it| it.text("value") == "true"),
        volume: volume.and_then(factor),
        effects: devices.map(name).take(1000).collect(),
        clips: Vec::new(),
    });
    ids.push(node.text("id"));
    node.all("Track").for_each(|inner| tracks(inner, out, ids));
}

fn maps(root: &Node<'_>, arrangement: Option<&Node<'_>>, project: &mut Project) {
    let transport = root.child("Transport");
    if let Some(bpm) = transport.and_then(|it| it.child("Tempo")).and_then(|it| it.number("value"))
    {
        project.tempos.push(Tempo { quarter: 0.0, bpm });
    }
    let meter = |it: &Node<'_>, quarter: f64| {
        let (numerator, denominator) = (it.number("numerator")?, it.number("denominator")?);
        let fits = |it: f64| (1.0..=255.0).contains(&it);
        let is_one = fits(numerator) && fits(denominator);
        is_one.then_some(Meter {
            quarter,
            numerator: numerator as u8,
            denominator: denominator as u8,
        })
    };
    project
        .meters
        .extend(transport.and_then(|it| it.child("TimeSignature")).and_then(|it| meter(it, 0.0)));
    let points = |name: &str| {
        arrangement.and_then(|it| it.child(name)).into_iter().flat_map(|it| &it.children)
    };
    let mut is_gradual = false;
    let tempos = points("TempoAutomation").filter(|it| it.name == "RealPoint");
    let mut automated = Vec::new();
    for point in tempos {
        if let Some((quarter, bpm)) = point.number("time").zip(point.number("value")) {
            is_gradual |= point.text("interpolation") == "linear";
            automated.push(Tempo { quarter, bpm });
        }
    }
    if is_gradual && automated.len() > 1 {
        project
            .unread
            .push("The tempo goes gradually from point to point; it was read in steps.".into());
    }
    replace_start(&mut project.tempos, automated, |it| it.quarter);
    let meters =
        points("TimeSignatureAutomation").filter_map(|it| meter(it, it.number("time")?)).collect();
    replace_start(&mut project.meters, meters, |it| it.quarter);
}

/// An automation takes the place of the value at the start, if it begins there.
fn replace_start<T>(list: &mut Vec<T>, automated: Vec<T>, quarter: impl Fn(&T) -> f64) {
    if automated.iter().any(|it| quarter(it) <= 0.0) {
        list.clear();
    }
    list.extend(automated);
    list.sort_by(|a, b| quarter(a).total_cmp(&quarter(b)));
}

impl Reader<'_> {
    /// The frame inside a node: its unit, where it says one.
    fn frame(&self, node: &Node<'_>, outer: Frame) -> Frame {
        match node.text("timeUnit").as_str() {
            "seconds" => Frame { is_secs: true, ..outer },
            "beats" => Frame { is_secs: false, ..outer },
            _ => outer,
        }
    }

    /// The quarter note of a time in a frame.
    fn quarter(&self, frame: Frame, time: f64) -> f64 {
        match frame.is_secs {
            true => self.timeline.quarter(self.timeline.secs(frame.start) + time),
            false => frame.start + time,
        }
    }

    fn lanes(&mut self, node: &Node<'_>, outer: Frame, track: Option<usize>) -> Result<(), Error> {
        let frame = self.frame(node, outer);
        let own = node.text("track");
        let track = self.ids.iter().position(|id| !own.is_empty() && *id == own).or(track);
        for child in &node.children {
            match child.name {
                "Lanes" => self.lanes(child, frame, track)?,
                "Clips" => {
                    let frame = self.frame(child, frame);
                    let own = child.text("track");
                    let track =
                        self.ids.iter().position(|id| !own.is_empty() && *id == own).or(track);
                    for clip in child.all("Clip") {
                        self.clip(clip, frame, track)?;
                    }
                }
                "Points" => {
                    let what = "Automation of parameters was not read.";
                    if !self.project.unread.iter().any(|it| it == what) {
                        self.project.unread.push(what.into());
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn clip(&mut self, node: &Node<'_>, frame: Frame, track: Option<usize>) -> Result<(), Error> {
        let (Some(time), Some(track)) = (node.number("time"), track) else { return Ok(()) };
        let start = self.quarter(frame, time);
        let content_frame = match node.text("contentTimeUnit").as_str() {
            "seconds" => Frame { start, is_secs: true },
            "beats" => Frame { start, is_secs: false },
            _ => Frame { start, is_secs: frame.is_secs },
        };
        let from = node.number("playStart").unwrap_or(0.0);
        let said = node.number("duration").map(|it| self.quarter(frame, time + it) - start);
        let name = node.text("name");
        let mut is_taken = false;
        for child in &node.children {
            let content = match child.name {
                "Notes" => {
                    let length = said.unwrap_or(f64::INFINITY);
                    Content::Notes(self.notes(
                        child,
                        self.frame(child, content_frame),
                        from,
                        length,
                    ))
                }
                "Audio" | "Warps" => {
                    let Some(audio) = audio(child) else { continue };
                    let from_secs = match child.name {
                        "Warps" => warped(child, from),
                        _ if content_frame.is_secs => from,
                        _ => self.timeline.secs(start + from) - self.timeline.secs(start),
                    };
                    Content::Audio {
                        path: audio.child("File").map(|it| it.text("path")).unwrap_or_default(),
                        from_secs,
                        bytes: None,
                        form: form(audio),
                    }
                }
                // Clips in a clip: what they are is heard from where the outer one starts.
                "Clips" => {
                    let frame = self.frame(
                        child,
                        Frame { start: self.quarter(content_frame, -from), ..content_frame },
                    );
                    for clip in child.all("Clip") {
                        self.clip(clip, frame, Some(track))?;
                    }
                    is_taken = true;
                    continue;
                }
                _ => continue,
            };
            let length = said.unwrap_or_else(|| match &content {
                Content::Notes(notes) => {
                    notes.iter().map(|it| it.start + it.length).fold(0.0, f64::max)
                }
                Content::Audio { .. } => {
                    audio(child).and_then(|it| it.number("duration")).map_or(0.0, |secs| {
                        self.timeline.quarter(self.timeline.secs(start) + secs) - start
                    })
                }
            });
            self.project.tracks[track].clips.push(Clip {
                name: name.clone(),
                start,
                length,
                content,
            });
            is_taken = true;
        }
        if !is_taken {
            self.project.unread.push(format!("The clip “{name}” has nothing that is read here."));
        }
        match self.n_notes > ENTRIES_MAX || self.project.unread.len() > 1000 {
            true => {
                Err(unsupported(self.path, format!("a project with more than {ENTRIES_MAX} notes")))
            }
            false => Ok(()),
        }
    }

    fn notes(&mut self, node: &Node<'_>, frame: Frame, from: f64, length: f64) -> Vec<Note> {
        let mut out = Vec::new();
        for note in node.all("Note") {
            let (Some(time), Some(duration)) = (note.number("time"), note.number("duration"))
            else {
                continue;
            };
            let Some(key) = note.number("key").filter(|it| (0.0..128.0).contains(it)) else {
                continue;
            };
            let start = self.quarter(frame, time - from) - frame.start;
            let end = self.quarter(frame, time - from + duration) - frame.start;
            if start < -1e-6 || start >= length {
                continue;
            }
            self.n_notes += 1;
            let velocity = note.number("vel").unwrap_or(0.8) * 127.0;
            out.push(Note {
                start: start.max(0.0),
                length: end - start,
                key: key as u8,
                velocity: velocity.round().clamp(1.0, 127.0) as u8,
                channel: note.number("channel").unwrap_or(0.0).clamp(0.0, 15.0) as u8,
            });
        }
        out
    }
}

/// The sound of a clip, which may lie in its warps.
fn audio<'a, 'b>(node: &'b Node<'a>) -> Option<&'b Node<'a>> {
    if node.name == "Audio" { Some(node) } else { node.child("Audio") }
}

/// What a sound is like, if the project says all of it.
fn form(audio: &Node<'_>) -> Option<SoundForm> {
    let number = |name: &str, most: f64| {
        audio.number(name).filter(|it| (1.0..=most).contains(it) && it.fract() == 0.0)
    };
    Some(SoundForm {
        n_channels: number("channels", 1024.0)? as u16,
        rate_hz: number("sampleRate", 10e6)? as u32,
        length_secs: audio.number("duration").filter(|it| (0.0..1e9).contains(it))?,
    })
}

/// The second of a time by warps.
fn warped(node: &Node<'_>, time: f64) -> f64 {
    let points: Vec<(f64, f64)> =
        node.all("Warp").filter_map(|it| it.number("time").zip(it.number("contentTime"))).collect();
    for pair in points.windows(2) {
        let ((t0, c0), (t1, c1)) = (pair[0], pair[1]);
        if t1 > t0 && (time <= t1 || pair[1] == points[points.len() - 1]) {
            return (c0 + (time - t0) * (c1 - c0) / (t1 - t0)).max(0.0);
        }
    }
    time.max(0.0)
}

#[cfg(test)]
mod tests;
