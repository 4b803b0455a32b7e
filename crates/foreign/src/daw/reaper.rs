//! REAPER's projects (`.rpp`): text, a line for each setting, blocks between `<NAME` and `>`.
//!
//! Source: the state chunk definitions of Cockos' wiki, and files that REAPER 6 and 7 write. Positions in the file are
//! seconds, except those of MIDI events, which are ticks.

mod write;

use std::io::Read;
use std::path::Path;

use super::{Clip, Content, ENTRIES_MAX, Marker, Meter, Note, Project, Tempo, Timeline, Track};
use crate::Error;
use crate::error::{Position, malformed, unsupported};
use crate::file::{read_text, text_from};

pub use write::write;

/// The largest project that is read.
const BYTES_MAX: u64 = 256 << 20;
/// Blocks lie in each other at most so deep.
const DEPTH_MAX: usize = 64;

/// A block: its first line, and what is in it.
#[derive(Default)]
struct Block<'a> {
    head: &'a str,
    items: Vec<Item<'a>>,
}

enum Item<'a> {
    Line(&'a str),
    Block(Block<'a>),
}

impl<'a> Block<'a> {
    fn name(&self) -> &'a str {
        self.head.split_whitespace().next().unwrap_or("")
    }

    fn blocks<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Block<'a>> {
        self.items.iter().filter_map(move |item| match item {
            Item::Block(block) if block.name() == name => Some(block),
            _ => None,
        })
    }

    /// The values of every line with a name.
    fn lines<'b>(&'b self, name: &'b str) -> impl Iterator<Item = Vec<String>> + 'b {
        self.items.iter().filter_map(move |item| match item {
            Item::Line(line) if line.split_whitespace().next() == Some(name) => {
                Some(values(line).into_iter().skip(1).collect())
            }
            _ => None,
        })
    }

    fn text(&self, name: &str) -> Option<String> {
        self.lines(name).next()?.into_iter().next()
    }

    fn number(&self, name: &str) -> Option<f64> {
        number(&self.text(name)?)
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|it: &f64| it.is_finite())
}

/// The values of a line: words, or texts between one of three kinds of quotes.
fn values(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let (value, after) = if ['"', '\'', '`'].contains(&first) {
            rest[1..].split_once(first).unwrap_or((&rest[1..], ""))
        } else {
            rest.split_once(char::is_whitespace).unwrap_or((rest, ""))
        };
        out.push(value.to_owned());
        rest = after.trim_start();
    }
    out
}

pub(super) fn read(path: &Path) -> Result<Project, Error> {
    parse(path, &read_text(path, BYTES_MAX)?)
}

/// Reads a project out of an archive.
pub(super) fn read_from(archive: &Path, content: impl Read) -> Result<Project, Error> {
    parse(archive, &text_from(archive, content, BYTES_MAX)?)
}

fn parse(path: &Path, text: &str) -> Result<Project, Error> {
    let root = blocks(path, text)?;
    if root.name() != "REAPER_PROJECT" {
        return Err(malformed(
            path,
            Position::Line { line: 1, column: 1 },
            "it does not begin with <REAPER_PROJECT",
        ));
    }
    let program = values(root.head).get(2).map_or_else(String::new, |it| format!(" {it}"));
    let mut project = Project { program: format!("REAPER{program}"), ..Project::default() };
    let timeline = tempos(&root, &mut project);
    for marker in root.lines("MARKER") {
        let (Some(secs), Some(name)) = (marker.get(1).and_then(|it| number(it)), marker.get(2))
        else {
            continue;
        };
        // The end of a region has no name.
        if !name.is_empty() || marker.get(3).is_none_or(|it| it == "0") {
            project.markers.push(Marker { quarter: timeline.quarter(secs), name: name.clone() });
        }
    }
    let mut n_notes = 0;
    for block in root.blocks("TRACK") {
        let track = track(block, &timeline, &mut project.unread, &mut n_notes);
        project.tracks.push(track);
        if n_notes > ENTRIES_MAX {
            return Err(unsupported(path, format!("a project with more than {ENTRIES_MAX} notes")));
        }
    }
    if root.blocks("MASTERFXLIST").next().is_some() {
        project.unread.push("The effects of the master track were not read.".into());
    }
    Ok(project)
}

/// The blocks of a text; the root is the first.
fn blocks<'a>(path: &Path, text: &'a str) -> Result<Block<'a>, Error> {
    let mut open: Vec<Block<'a>> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        let broken =
            |reason: &str| malformed(path, Position::Line { line: i + 1, column: 1 }, reason);
        if let Some(head) = line.strip_prefix('<') {
            if open.len() == DEPTH_MAX {
                return Err(broken("blocks lie too deep in each other"));
            }
            open.push(Block { head, items: Vec::new() });
        } else if line == ">" {
            let block = open.pop().ok_or_else(|| broken("a block ends that did not begin"))?;
            match open.last_mut() {
                Some(parent) => parent.items.push(Item::Block(block)),
                None => return Ok(block),
            }
        } else if let Some(block) = open.last_mut() {
            block.items.push(Item::Line(line));
        } else if !line.is_empty() {
            return Err(broken("it does not begin with a block"));
        }
    }
    let n_lines = text.lines().count();
    Err(malformed(
        path,
        Position::Line { line: n_lines.max(1), column: 1 },
        "it ends before its blocks do",
    ))
}

/// The tempo and meter map, which goes into the project, and the timeline of it.
fn tempos(root: &Block<'_>, project: &mut Project) -> Timeline {
    let first: Vec<f64> =
        root.lines("TEMPO").next().unwrap_or_default().iter().filter_map(|it| number(it)).collect();
    let byte = |value: f64| if (1.0..=255.0).contains(&value) { value as u8 } else { 0 };
    let bpm = first.first().copied().filter(|it| (1.0..=10_000.0).contains(it)).unwrap_or(120.0);
    let mut in_secs = vec![Tempo { quarter: 0.0, bpm }];
    let mut meters = Vec::new();
    if let [_, numerator, denominator, ..] = first[..] {
        meters.push((0.0, byte(numerator), byte(denominator)));
    }
    let mut is_gradual = false;
    let points: Vec<Vec<f64>> = root
        .blocks("TEMPOENVEX")
        .flat_map(|block| {
            block.lines("PT").map(|it| it.iter().filter_map(|it| number(it)).collect())
        })
        .collect();
    for (i, point) in points.iter().enumerate() {
        let &[secs, bpm, ref rest @ ..] = point.as_slice() else { continue };
        if !(1.0..=10_000.0).contains(&bpm) || secs < 0.0 {
            continue;
        }
        in_secs.push(Tempo { quarter: secs, bpm });
        is_gradual |= rest.first() == Some(&0.0)
            && points.get(i + 1).is_some_and(|it| it.get(1) != Some(&bpm));
        if let Some(meter) = rest.get(1).filter(|it| **it >= 65_537.0) {
            let meter = *meter as u64;
            meters.push((secs, (meter & 0xff) as u8, (meter >> 16 & 0xff) as u8));
        }
    }
    if is_gradual {
        project
            .unread
            .push("The tempo goes gradually from point to point; it was read in steps.".into());
    }
    in_secs.sort_by(|a, b| a.quarter.total_cmp(&b.quarter));
    let (timeline, placed) = Timeline::from_secs(&in_secs);
    project.tempos = placed;
    project.tempos.reverse();
    // Of two at one place the later holds.
    project.tempos.dedup_by(|a, b| a.quarter == b.quarter);
    project.tempos.reverse();
    let meter = |(secs, numerator, denominator)| Meter {
        quarter: timeline.quarter(secs),
        numerator,
        denominator,
    };
    project.meters = meters.into_iter().map(meter).collect();
    timeline
}

fn track(
    block: &Block<'_>,
    timeline: &Timeline,
    unread: &mut Vec<String>,
    n_notes: &mut usize,
) -> Track {
    let name = block.text("NAME").unwrap_or_default();
    let mut track = Track {
        is_muted: block.number("MUTESOLO").is_some_and(|it| it != 0.0),
        volume: block.number("VOLPAN"),
        ..Track::default()
    };
    for chain in block.blocks("FXCHAIN") {
        for item in &chain.items {
            let Item::Block(effect) = item else { continue };
            if ["VST", "AU", "CLAP", "LV2", "DX", "JS"].contains(&effect.name()) {
                track.effects.extend(values(effect.head).into_iter().nth(1));
            }
        }
    }
    for item in block.blocks("ITEM") {
        let start_secs = item.number("POSITION").unwrap_or(0.0);
        let length_secs = item.number("LENGTH").unwrap_or(0.0);
        let start = timeline.quarter(start_secs);
        let length = timeline.quarter(start_secs + length_secs) - start;
        let from_secs = item.number("SOFFS").unwrap_or(0.0);
        let rate = item.number("PLAYRATE").filter(|it| *it > 0.0).unwrap_or(1.0);
        let clip = item.text("NAME").unwrap_or_default();
        let Some(source) = item.blocks("SOURCE").next() else { continue };
        // A section plays a part of the source in it.
        let inner = source.blocks("SOURCE").next().unwrap_or(source);
        let kind = inner.head.split_whitespace().nth(1).unwrap_or("");
        let content = match kind {
            "MIDI" | "MIDIPOOL" => {
                let before = start - timeline.quarter(start_secs - from_secs / rate);
                let notes = notes(inner, before, length, rate);
                *n_notes += notes.len();
                Content::Notes(notes)
            }
            _ => match inner.text("FILE") {
                Some(path) => Content::Audio { path, from_secs, bytes: None, form: None },
                None => {
                    unread.push(format!("An item of the track “{name}” has a source of the kind {kind}, which was not read."));
                    continue;
                }
            },
        };
        if rate != 1.0 {
            unread.push(format!(
                "The item “{clip}” of the track “{name}” plays at {rate} times its speed."
            ));
        }
        track.clips.push(Clip { name: clip, start, length, content });
    }
    track.name = name;
    track
}

/// The notes of a MIDI source that lie in the clip, whose start is so many quarter notes after that of the source.
fn notes(source: &Block<'_>, before: f64, length: f64, rate: f64) -> Vec<Note> {
    let has_data = source.lines("HASDATA").next().unwrap_or_default();
    let per_quarter =
        has_data.get(1).and_then(|it| number(it)).filter(|it| *it >= 1.0).unwrap_or(960.0) * rate;
    let mut tick = 0.0;
    let mut sounding: Vec<(u8, u8, f64, u8)> = Vec::new();
    let mut found = Vec::new();
    for item in &source.items {
        let line = match item {
            Item::Line(line) => line,
            // System exclusive and texts: their time counts.
            Item::Block(block) if ["X", "x"].contains(&block.name()) => {
                tick += values(block.head).get(1).and_then(|it| number(it)).unwrap_or(0.0).max(0.0);
                continue;
            }
            Item::Block(_) => continue,
        };
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|it| ["E", "e", "Em", "em"].contains(&it)) {
            continue;
        }
        let Some(delta) = words.next().and_then(number) else { continue };
        tick += delta.max(0.0);
        let bytes: Vec<u8> = words.map_while(|it| u8::from_str_radix(it, 16).ok()).collect();
        let &[status, key, velocity, ..] = bytes.as_slice() else { continue };
        let (kind, channel) = (status & 0xf0, status & 0x0f);
        let at = tick / per_quarter - before;
        if kind == 0x90 && velocity > 0 {
            if sounding.len() < 4096 {
                sounding.push((channel, key, at, velocity));
            }
            continue;
        }
        let place = sounding.iter().position(|it| (it.0, it.1) == (channel, key));
        let Some(i) = place.filter(|_| kind == 0x80 || kind == 0x90) else { continue };
        let (channel, key, start, velocity) = sounding.remove(i);
        if start > -1e-6 && start < length {
            let velocity = velocity.clamp(1, 127);
            found.push(Note { start: start.max(0.0), length: at - start, key, velocity, channel });
        }
    }
    found
}

#[cfg(test)]
mod tests;
