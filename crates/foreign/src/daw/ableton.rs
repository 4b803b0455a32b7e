//! Ableton Live's sets (`.als`): XML, compressed with gzip.
//!
//! Source: sets that Live 9 to 12 write. Live counts in beats, which are quarter notes. What plays in the session view
//! has no place in time and is only counted.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::xml::{self, Node};
use super::{Clip, Content, ENTRIES_MAX, Marker, Meter, Note, Project, Tempo, Track};
use crate::Error;
use crate::error::{Position, io, malformed, unsupported};

/// The largest text that is read; a set of a hundred tracks has some 30 MB.
const TEXT_MAX: u64 = 128 << 20;

pub(super) fn read(path: &Path) -> Result<Project, Error> {
    read_from(path, File::open(path).map_err(io(path))?)
}

/// Reads a set from its compressed content; `path` is where that is.
pub(super) fn read_from(path: &Path, content: impl Read) -> Result<Project, Error> {
    let mut bytes = Vec::new();
    let mut decoder = GzDecoder::new(content).take(TEXT_MAX + 1);
    if let Err(error) = decoder.read_to_end(&mut bytes) {
        let reason = format!("it is not compressed as it should be: {error}");
        return Err(malformed(path, Position::Byte(bytes.len() as u64), reason));
    }
    if bytes.len() as u64 > TEXT_MAX {
        return Err(unsupported(
            path,
            format!("a set with more than {} MiB of text", TEXT_MAX >> 20),
        ));
    }
    let text = String::from_utf8_lossy(&bytes);
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<Project, Error> {
    let root = xml::parse(text)
        .map_err(|broken| malformed(path, Position::Byte(broken.byte as u64), broken.reason))?;
    let Some(set) = root.child("LiveSet").filter(|_| root.name == "Ableton") else {
        return Err(malformed(path, Position::Byte(0), "it has no live set"));
    };
    let mut project = Project { program: root.text("Creator"), ..Project::default() };
    // Called the master track up to Live 11, and the main track from 12 on.
    match set.child("MainTrack").or_else(|| set.child("MasterTrack")) {
        Some(main) => maps(main, &mut project),
        None => project.unread.push("There is no main track, and so no tempo.".into()),
    }
    for locator in set.at(&["Locators", "Locators"]).into_iter().flat_map(|it| it.all("Locator")) {
        if let Some(quarter) = value(locator, "Time") {
            project.markers.push(Marker { quarter, name: text_of(locator, &["Name"]) });
        }
    }
    let mut n_notes = 0;
    let mut n_session = 0;
    for node in set.child("Tracks").into_iter().flat_map(|it| &it.children) {
        let mut track = Track {
            name: text_of(node, &["Name", "EffectiveName"]),
            volume: node
                .at(&["DeviceChain", "Mixer", "Volume", "Manual"])
                .and_then(|it| it.number("Value")),
            is_muted: text_of(node, &["DeviceChain", "Mixer", "Speaker", "Manual"]) == "false",
            ..Track::default()
        };
        if let Some(devices) = node.at(&["DeviceChain", "DeviceChain", "Devices"]) {
            effects(devices, &mut track.effects);
        }
        // Arrangements are the events of a timeline; slots of the session view have a clip as their value.
        node.walk("ClipSlot", &mut |slot| {
            n_session += usize::from(
                slot.at(&["ClipSlot", "Value"]).is_some_and(|it| !it.children.is_empty()),
            );
        });
        for events in arrangements(node) {
            for clip in &events.children {
                let clip = match clip.name {
                    "MidiClip" => midi_clip(clip, &mut n_notes),
                    "AudioClip" => audio_clip(clip),
                    _ => None,
                };
                track.clips.extend(clip);
            }
        }
        if n_notes > ENTRIES_MAX {
            return Err(unsupported(path, format!("a set with more than {ENTRIES_MAX} notes")));
        }
        project.tracks.push(track);
    }
    if n_session > 0 {
        project.unread.push(format!(
            "{n_session} clips of the session view were not read, as they have no place in time."
        ));
    }
    Ok(project)
}

/// The lists of clips that a track has in the arrangement.
fn arrangements<'a, 'b>(track: &'b Node<'a>) -> Vec<&'b Node<'a>> {
    let chain = track.at(&["DeviceChain", "MainSequencer"]);
    let midi = chain.and_then(|it| it.at(&["ClipTimeable", "ArrangerAutomation", "Events"]));
    let audio = chain.and_then(|it| it.at(&["Sample", "ArrangerAutomation", "Events"]));
    midi.into_iter().chain(audio).collect()
}

/// The `Value` of an element inside.
fn value(node: &Node<'_>, name: &str) -> Option<f64> {
    node.child(name)?.number("Value")
}

fn text_of(node: &Node<'_>, path: &[&str]) -> String {
    node.at(path).map_or_else(String::new, |it| it.text("Value"))
}

/// Tempo and meter: what they are at the start, or their automation.
fn maps(main: &Node<'_>, project: &mut Project) {
    let mixer = main.at(&["DeviceChain", "Mixer"]);
    let parameter = |name: &str| mixer.and_then(|it| it.child(name));
    let tempos = parameter("Tempo").map(|it| automation(main, it)).unwrap_or_default();
    let mut is_gradual = false;
    for (i, (quarter, bpm)) in tempos.iter().enumerate() {
        is_gradual |= tempos
            .get(i + 1)
            .is_some_and(|next| next.1 != *bpm && next.0 > *quarter + 1e-6 && i > 0);
        project.tempos.push(Tempo { quarter: quarter.max(0.0), bpm: *bpm });
    }
    if is_gradual {
        project
            .unread
            .push("The tempo goes gradually from point to point; it was read in steps.".into());
    }
    for (quarter, code) in
        parameter("TimeSignature").map(|it| automation(main, it)).unwrap_or_default()
    {
        // The meter as a number: 99 numerators for each power of two.
        let code = code.clamp(0.0, 692.0) as u32;
        let meter = Meter {
            quarter: quarter.max(0.0),
            numerator: (code % 99 + 1) as u8,
            denominator: 1 << (code / 99).min(6),
        };
        project.meters.push(meter);
    }
}

/// The points of a parameter: of its automation, if it has one, else its own value.
fn automation(main: &Node<'_>, parameter: &Node<'_>) -> Vec<(f64, f64)> {
    let target = parameter.child("AutomationTarget").map(|it| it.text("Id")).unwrap_or_default();
    let mut points = Vec::new();
    let envelopes = main.at(&["AutomationEnvelopes", "Envelopes"]);
    for envelope in envelopes.into_iter().flat_map(|it| it.all("AutomationEnvelope")) {
        if text_of(envelope, &["EnvelopeTarget", "PointeeId"]) != target || target.is_empty() {
            continue;
        }
        for event in envelope.at(&["Automation", "Events"]).into_iter().flat_map(|it| &it.children)
        {
            points.extend(event.number("Time").zip(event.number("Value")));
        }
    }
    if points.is_empty() {
        points.extend(value(parameter, "Manual").map(|value| (0.0, value)));
    }
    points
}

/// The names of devices: of plug-ins their own, else those of Live's devices.
fn effects(devices: &Node<'_>, out: &mut Vec<String>) {
    for device in &devices.children {
        if out.len() > 1000 {
            return;
        }
        let mut own = None;
        for (kind, name) in
            [("VstPluginInfo", "PlugName"), ("Vst3PluginInfo", "Name"), ("AuPluginInfo", "Name")]
        {
            device.walk(kind, &mut |it| {
                own.get_or_insert_with(|| text_of(it, &[name]));
            });
        }
        let is_plugin = device.name.contains("Plugin");
        match own.filter(|it| is_plugin && !it.is_empty()) {
            Some(name) => out.push(name),
            None => out.push(device.name.to_owned()),
        }
    }
}

/// Where a clip is, and what of its content is heard: start, length, offset; in quarter notes.
fn span(clip: &Node<'_>) -> Option<(f64, f64, f64)> {
    let start = value(clip, "CurrentStart").or_else(|| clip.number("Time"))?;
    let end = value(clip, "CurrentEnd")?;
    let in_loop = clip.child("Loop");
    let from = in_loop.and_then(|it| value(it, "LoopStart")).unwrap_or(0.0)
        + in_loop.and_then(|it| value(it, "StartRelative")).unwrap_or(0.0);
    Some((start, end - start, from))
}

fn midi_clip(clip: &Node<'_>, n_notes: &mut usize) -> Option<Clip> {
    let (start, length, from) = span(clip)?;
    let in_loop = clip.child("Loop");
    let is_looped = in_loop.is_some_and(|it| text_of(it, &["LoopOn"]) == "true");
    let loop_start = in_loop.and_then(|it| value(it, "LoopStart")).unwrap_or(0.0);
    let loop_length =
        in_loop.and_then(|it| value(it, "LoopEnd")).map_or(length, |end| end - loop_start);
    let mut notes = Vec::new();
    for track in clip.at(&["Notes", "KeyTracks"]).into_iter().flat_map(|it| it.all("KeyTrack")) {
        let Some(key) = value(track, "MidiKey").filter(|it| (0.0..128.0).contains(it)) else {
            continue;
        };
        for event in track.child("Notes").into_iter().flat_map(|it| it.all("MidiNoteEvent")) {
            let (Some(time), Some(duration)) = (event.number("Time"), event.number("Duration"))
            else {
                continue;
            };
            if event.text("IsEnabled") == "false" {
                continue;
            }
            let velocity =
                event.number("Velocity").unwrap_or(100.0).round().clamp(1.0, 127.0) as u8;
            // A loop repeats what lies in it until the clip ends.
            let n_repeats = match is_looped && loop_length > 1e-3 && time >= loop_start {
                true => ((length / loop_length).ceil() as usize + 1).clamp(1, 10_000),
                false => 1,
            };
            for repeat in 0..n_repeats {
                let at = time - from + repeat as f64 * loop_length;
                let is_in_loop = n_repeats == 1 || time < loop_start + loop_length;
                if at < -1e-6 || at >= length || !is_in_loop || *n_notes > ENTRIES_MAX {
                    continue;
                }
                *n_notes += 1;
                let start = at.max(0.0);
                notes.push(Note {
                    start,
                    length: duration.min(length - start),
                    key: key as u8,
                    velocity,
                    channel: 0,
                });
            }
        }
    }
    Some(Clip { name: text_of(clip, &["Name"]), start, length, content: Content::Notes(notes) })
}

fn audio_clip(clip: &Node<'_>) -> Option<Clip> {
    let (start, length, from) = span(clip)?;
    let file = clip.at(&["SampleRef", "FileRef"])?;
    // Whole paths from Live 10 on; before, folders of a relative one.
    let mut path = text_of(file, &["Path"]);
    if path.is_empty() {
        path = text_of(file, &["RelativePath"]);
    }
    if path.is_empty() {
        let folders =
            file.child("RelativePath").into_iter().flat_map(|it| it.all("RelativePathElement"));
        path =
            folders.map(|it| it.text("Dir") + "/").collect::<String>() + &text_of(file, &["Name"]);
    }
    // A clip that follows the tempo counts its offset in beats: its warp markers say the seconds.
    let from_secs = match text_of(clip, &["IsWarped"]) == "true" {
        true => warped(clip, from),
        false => from,
    };
    // Its size, as Live 10 and later say it, and as they did before.
    let sizes = [
        value(file, "OriginalFileSize"),
        file.child("SearchHint").and_then(|it| value(it, "FileSize")),
    ];
    let bytes = sizes.into_iter().flatten().find(|it| *it >= 1.0).map(|it| it as u64);
    let content = Content::Audio { path, from_secs, bytes, form: None };
    Some(Clip { name: text_of(clip, &["Name"]), start, length, content })
}

/// The second of a beat by the warp markers of a clip.
fn warped(clip: &Node<'_>, beat: f64) -> f64 {
    let markers = clip.child("WarpMarkers").into_iter().flat_map(|it| it.all("WarpMarker"));
    let points: Vec<(f64, f64)> =
        markers.filter_map(|it| it.number("BeatTime").zip(it.number("SecTime"))).collect();
    for pair in points.windows(2) {
        let ((b0, s0), (b1, s1)) = (pair[0], pair[1]);
        if b1 > b0 && (beat <= b1 || pair[1] == points[points.len() - 1]) {
            return (s0 + (beat - b0) * (s1 - s0) / (b1 - b0)).max(0.0);
        }
    }
    0.0
}

#[cfg(test)]
mod tests;
