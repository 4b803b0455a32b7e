//! Logic Pro's projects (`.logicx`): a folder in which `ProjectData` is a list of records.
//!
//! A record has 36 bytes of header (its kind as four letters in reverse, an object number, the size of its content)
//! and the content. Everything that has a place in time is an event in a record `qSvE`: of 32 bytes for tempos and
//! notes, 48 for meters and markers, 80 for what lies on tracks. Numbers are little-endian, times have 960 ticks a
//! quarter note and begin at an offset.
//!
//! Source: the specification in <https://github.com/jonkubis/LogicProFormatWriter> (MIT), which was found out from
//! projects of Logic Pro 11.2; how regions point to tracks was checked on its projects. States of channels and
//! plug-ins are in records that nobody has described. Beside `ProjectData` lies `MetaData.plist` with the key and what the
//! song starts with, and in `Resources` the version that saved it.

mod plist;
mod plugins;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Clip, Content, Marker, Meter, Note, Project, Tempo, Timeline, Track};
use crate::Error;
use crate::error::{Position, io, malformed, unsupported};
use plist::Value;

/// The largest property list that is read.
const LIST_BYTES_MAX: u64 = 4 << 20;
/// The largest `ProjectData` that is read.
const BYTES_MAX: u64 = 512 << 20;
/// Where times of tempos, meters, markers and notes begin, and those of regions.
const ORIGIN: f64 = 38_400.0;
const REGION_ORIGIN: f64 = 34_560.0;
/// Ticks of a quarter note.
const TICKS: f64 = 960.0;
/// The subtype of records that belong to the arrangement.
const ARRANGEMENT: u16 = 23;
/// The number of the object that holds the arrangement.
const ARRANGED: u32 = 0x4_0000;

/// A record.
struct Record<'a> {
    kind: [u8; 4],
    subtype: u16,
    /// The number of the object it belongs to.
    object: u32,
    /// The number by which an event refers to a text.
    link: u16,
    /// The channel and the slot in it, of records of plug-ins.
    channel: u32,
    slot: u32,
    content: &'a [u8],
}

pub(super) fn read(path: &Path) -> Result<Project, Error> {
    let data = project_data(path)?;
    let mut project = read_from(&data, File::open(&data).map_err(io(&data))?)?;
    if path.is_dir() {
        let list = |path: &Path| File::open(path).map_or_else(|_| BTreeMap::new(), property_list);
        let version = list(&path.join("Resources/ProjectInformation.plist"));
        described(&version, &list(&data.with_file_name("MetaData.plist")), &mut project);
    }
    Ok(project)
}

/// Reads a project from its data; `path` is where those are.
pub(super) fn read_from(path: &Path, data: impl Read) -> Result<Project, Error> {
    let mut bytes = Vec::new();
    data.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io(path))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(unsupported(path, format!("a project with more than {} MiB", BYTES_MAX >> 20)));
    }
    parse(path, &bytes)
}

/// What a property list says; nothing where it cannot be read.
pub(super) fn property_list(content: impl Read) -> BTreeMap<String, Value> {
    let mut bytes = Vec::new();
    let read = content.take(LIST_BYTES_MAX).read_to_end(&mut bytes);
    read.map_or_else(|_| BTreeMap::new(), |_| plist::dictionary(&bytes))
}

/// What the property lists of a project's folder say: the program's version, the key, and the tempo and meter at the start,
/// where the data have none.
pub(super) fn described(
    version: &BTreeMap<String, Value>,
    song: &BTreeMap<String, Value>,
    project: &mut Project,
) {
    let text = |value: Option<&Value>| match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let number = |value: Option<&Value>| match value {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    if let Some(program) = text(version.get("LastSavedFrom")).filter(|it| !it.is_empty()) {
        project.program = program;
    }
    let key = text(song.get("SongKey")).zip(text(song.get("SongGenderKey")));
    project.key = key.filter(|it| !it.0.is_empty()).map(|(root, mode)| format!("{root} {mode}"));
    if let Some(bpm) = number(song.get("BeatsPerMinute")).filter(|_| project.tempos.is_empty()) {
        project.tempos.push(Tempo { quarter: 0.0, bpm });
    }
    let part = |name: &str| {
        number(song.get(name)).filter(|it| (1.0..=255.0).contains(it)).map(|it| it as u8)
    };
    let meter = part("SongSignatureNumerator").zip(part("SongSignatureDenominator"));
    if let Some((numerator, denominator)) = meter.filter(|_| project.meters.is_empty()) {
        project.meters.push(Meter { quarter: 0.0, numerator, denominator });
    }
}

/// The data of the first alternative in a project's folder; the path itself, if it is such data.
fn project_data(path: &Path) -> Result<PathBuf, Error> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let alternatives = path.join("Alternatives");
    let mut folders: Vec<PathBuf> = fs::read_dir(&alternatives)
        .map_err(io(&alternatives))?
        .flatten()
        .map(|it| it.path().join("ProjectData"))
        .filter(|it| it.is_file())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .next()
        .ok_or_else(|| malformed(path, Position::Byte(0), "there is no ProjectData in it"))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Project, Error> {
    let mut project = Project { program: "Logic Pro".into(), ..Project::default() };
    let records = records(path, bytes, &mut project.unread)?;
    for record in records.iter().filter(|it| &it.kind == b"qSvE") {
        match record.content.first() {
            Some(0x60) if project.tempos.is_empty() => tempos(record.content, &mut project),
            Some(0x30) if project.meters.is_empty() => meters(record.content, &mut project),
            Some(0x12) if project.markers.is_empty() => {
                markers(record.content, &records, &mut project)
            }
            _ => {}
        }
    }
    project.tempos.sort_by(|a, b| a.quarter.total_cmp(&b.quarter));
    let numbers = tracks(&records, &mut project);
    let timeline = Timeline::new(&project.tempos);
    let arranged = records
        .iter()
        .filter(|it| &it.kind == b"qSvE" && it.object == ARRANGED && it.subtype == ARRANGEMENT);
    let mut n_unplaced = 0;
    for event in arranged.flat_map(|it| it.content.chunks_exact(80)) {
        let clip = match event[0] {
            0x20 => midi_region(event, &records),
            0x24 => audio_region(event, &records, &timeline),
            _ => break,
        };
        let track = numbers.iter().position(|number| *number == u32_at(event, 0x10).unwrap_or(0));
        match clip.zip(track) {
            Some((clip, track)) => project.tracks[track].clips.push(clip),
            None => n_unplaced += 1,
        }
    }
    if n_unplaced > 0 {
        project
            .unread
            .push(format!("{n_unplaced} regions have a content or a track that was not found."));
    }
    project.unread.push("Of instruments and effects only the names of Logic's own were read; volumes, plug-ins of others and automation are in records that are not described anywhere.".into());
    Ok(project)
}

/// The records of a file; those before a damage, if there is one.
fn records<'a>(
    path: &Path,
    bytes: &'a [u8],
    unread: &mut Vec<String>,
) -> Result<Vec<Record<'a>>, Error> {
    if !bytes.starts_with(&[0x23, 0x47, 0xc0, 0xab]) {
        return Err(malformed(
            path,
            Position::Byte(0),
            "it does not begin as data of Logic Pro do",
        ));
    }
    let mut out = Vec::new();
    let mut at = 0x18;
    while at + 0x24 <= bytes.len() {
        let size = u32_at(bytes, at + 0x1c).unwrap_or(0) as usize;
        let Some(content) = bytes.get(at + 0x24..(at + 0x24).saturating_add(size)) else {
            unread.push(format!("The record at byte {at} says {size} bytes, more than are left; the file was read up to there."));
            break;
        };
        out.push(Record {
            kind: [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]],
            subtype: u16_at(bytes, at + 6).unwrap_or(0),
            object: u32_at(bytes, at + 8).unwrap_or(0),
            link: u16_at(bytes, at + 10).unwrap_or(0),
            channel: u32_at(bytes, at + 0x0e).unwrap_or(u32::MAX),
            slot: u32_at(bytes, at + 0x12).unwrap_or(u32::MAX),
            content,
        });
        at += 0x24 + size;
    }
    if out.is_empty() {
        return Err(malformed(path, Position::Byte(0x18), "there are no records in it"));
    }
    Ok(out)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The quarter note of an event of the maps.
fn quarter_of(event: &[u8]) -> f64 {
    (f64::from(u32_at(event, 4).unwrap_or(0)) - ORIGIN) / TICKS
}

/// Events of a size that begin with a byte.
fn events(content: &[u8], size: usize, first: u8) -> impl Iterator<Item = &[u8]> {
    content.chunks_exact(size).take_while(move |event| event[0] == first)
}

fn tempos(content: &[u8], project: &mut Project) {
    for event in events(content, 32, 0x60) {
        let bpm = f64::from(u32_at(event, 0x10).unwrap_or(0)) / 10_000.0;
        if (1.0..=10_000.0).contains(&bpm) {
            project.tempos.push(Tempo { quarter: quarter_of(event).max(0.0), bpm });
        }
    }
}

/// The first meter is in a header of 80 bytes, the changes follow.
fn meters(content: &[u8], project: &mut Project) {
    let Some((header, changes)) = content.split_at_checked(80) else { return };
    let mut add = |quarter: f64, event: &[u8]| {
        let (power, numerator) = (event[0x0b], event[0x0c]);
        if numerator > 0 && power <= 6 {
            project.meters.push(Meter {
                quarter: quarter.max(0.0),
                numerator,
                denominator: 1 << power,
            });
        }
    };
    add(0.0, header);
    events(changes, 48, 0x30).for_each(|event| add(quarter_of(event), event));
}

fn markers(content: &[u8], records: &[Record<'_>], project: &mut Project) {
    for event in events(content, 48, 0x12) {
        let link = u32_at(event, 0x10).unwrap_or(0);
        let text = records.iter().find(|it| &it.kind == b"qSxT" && u32::from(it.link) == link);
        let name = text.map_or_else(String::new, |it| text_from_rtf(it.content));
        project.markers.push(Marker { quarter: quarter_of(event), name });
    }
}

/// The plain text of rich text: what is in the outer group, without its commands.
fn text_from_rtf(content: &[u8]) -> String {
    let Some(start) = content.windows(5).position(|it| it == b"{\\rtf") else {
        return String::new();
    };
    let bytes = &content[start..];
    let (mut out, mut depth, mut i) = (Vec::new(), 0, 0);
    while i < bytes.len() && out.len() < 4096 {
        match bytes[i] {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            b'\\' => {
                let word = bytes[i + 1..].iter().take_while(|it| it.is_ascii_alphabetic()).count();
                if word == 0 {
                    // A character by its number in hexadecimal digits, or one that stands for itself.
                    let hex = bytes.get(i + 2..i + 4).and_then(|it| std::str::from_utf8(it).ok());
                    let code = hex.and_then(|it| u8::from_str_radix(it, 16).ok());
                    match (bytes.get(i + 1), code) {
                        (Some(b'\''), Some(code)) => {
                            if depth == 1 {
                                out.push(char::from(code));
                            }
                            i += 3;
                        }
                        (Some(it), _) => {
                            if depth == 1 && b"\\{}".contains(it) {
                                out.push(char::from(*it));
                            }
                            i += 1;
                        }
                        (None, _) => {}
                    }
                } else {
                    i += word;
                    let number = bytes[i + 1..]
                        .iter()
                        .take_while(|it| it.is_ascii_digit() || **it == b'-')
                        .count();
                    i += number;
                    if bytes.get(i + 1) == Some(&b' ') {
                        i += 1;
                    }
                }
            }
            b'\r' | b'\n' => {}
            byte if depth == 1 && !byte.is_ascii_control() => out.push(char::from(byte)),
            _ => {}
        }
        i += 1;
    }
    out.into_iter().collect::<String>().trim().to_owned()
}

/// The tracks of the arrangement with their names; gives the number of each track's object.
fn tracks(records: &[Record<'_>], project: &mut Project) -> Vec<u32> {
    let mut numbers = Vec::new();
    let listed = records.iter().filter(|it| &it.kind == b"karT" && it.object == ARRANGED);
    for record in listed.filter(|it| it.subtype == ARRANGEMENT && it.content.len() >= 12) {
        // Kind 3 is the track of the master, which has no regions.
        let number = u32_at(record.content, 8).unwrap_or(0);
        if record.content[0] != 1 || numbers.contains(&number) {
            continue;
        }
        let object = records
            .iter()
            .find(|it| &it.kind == b"ivnE" && it.object >> 16 == number && number > 0);
        let name = object.and_then(|it| text_at(it.content, plugins::OBJECT_NAME_AT));
        let channel = object.and_then(|it| plugins::channel_of(it.content));
        let effects = channel.map_or_else(Vec::new, |it| plugins::of_channel(records, it));
        project.tracks.push(Track { name: name.unwrap_or_default(), effects, ..Track::default() });
        numbers.push(number);
    }
    numbers
}

/// A text with its length before it.
fn text_at(content: &[u8], at: usize) -> Option<String> {
    let n = usize::from(u16_at(content, at)?);
    let bytes = content.get(at + 2..at + 2 + n)?;
    Some(String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned())
}

fn region_start(event: &[u8]) -> Option<f64> {
    Some((f64::from(u32_at(event, 4)?) - REGION_ORIGIN) / TICKS)
}

/// A region of notes: a sequence of its own, and the events of the same object.
fn midi_region(event: &[u8], records: &[Record<'_>]) -> Option<Clip> {
    let object = u32_at(event, 0x20)?;
    let is_own =
        |it: &&Record<'_>| it.object >> 16 == object && it.subtype == ARRANGEMENT && object > 0;
    let sequence = records.iter().filter(is_own).find(|it| &it.kind == b"qeSM")?;
    let name = text_at(sequence.content, 0x10).unwrap_or_default();
    let length = f64::from(u32_at(sequence.content, 0x54)?) / TICKS;
    let mut notes = Vec::new();
    for record in records.iter().filter(is_own).filter(|it| &it.kind == b"qSvE") {
        for event in record.content.chunks_exact(32).filter(|event| event[0] & 0xf0 == 0x90) {
            notes.push(Note {
                start: quarter_of(event),
                length: f64::from(u32_at(event, 0x1c)?) / TICKS,
                key: event[0x0c] & 0x7f,
                velocity: event[0x0b].clamp(1, 127),
                channel: event[0] & 0x0f,
            });
        }
    }
    Some(Clip { name, start: region_start(event)?, length, content: Content::Notes(notes) })
}

/// A region of sound: its object, and the file that stands before it.
fn audio_region(event: &[u8], records: &[Record<'_>], timeline: &Timeline) -> Option<Clip> {
    let object = u32_at(event, 0x2c)?;
    let i = records.iter().position(|it| &it.kind == b"gRuA" && it.object >> 16 == object)?;
    let region = records[i].content;
    let file = records[..i].iter().rfind(|it| &it.kind == b"lFuA")?.content;
    let n = usize::from(u16_at(file, 8)?);
    let units = file.get(10..10 + 2 * n)?.chunks_exact(2);
    let units: Vec<u16> = units.map(|it| u16::from_le_bytes([it[0], it[1]])).collect();
    let path = format!("Audio Files/{}", String::from_utf16_lossy(&units));
    // Files in other containers than WAV are described in another way; most have this rate.
    let format = file.windows(4).position(|it| it == b"EVAW");
    let rate_hz = format
        .and_then(|at| u32_at(file, at + 0x14))
        .filter(|it| (1000..=768_000).contains(it))
        .unwrap_or(44_100);
    let start = region_start(event)?;
    let secs = f64::from(u32_at(region, 0x16)?) / f64::from(rate_hz);
    let length = timeline.quarter(timeline.secs(start) + secs) - start;
    let name = text_at(region, 0x4a).unwrap_or_default();
    Some(Clip {
        name,
        start,
        length,
        content: Content::Audio { path, from_secs: 0.0, bytes: None, form: None },
    })
}

#[cfg(test)]
mod tests;
