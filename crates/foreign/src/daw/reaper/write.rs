//! Writes REAPER's projects.

use std::fmt::Write as _;

use super::super::{Clip, Content, Note, Project, Timeline, Track};

/// Ticks of a quarter note in what is written.
const TICKS: f64 = 960.0;

/// The text of a project for REAPER: tempo and meter map, markers, tracks with their notes and sound files.
///
/// Names of effects are written as a note of the project, because their states are not known here.
pub fn write(project: &Project) -> String {
    let timeline = Timeline::new(&project.tempos);
    let (tempo, meter) = (project.tempos.first(), project.meters.first());
    let bpm = tempo.map_or(120.0, |it| it.bpm);
    let (numerator, denominator) = meter.map_or((4, 4), |it| (it.numerator, it.denominator));
    let mut out = String::from("<REAPER_PROJECT 0.1 \"7.0\" 0\n");
    let effects: Vec<String> = project
        .tracks
        .iter()
        .filter(|track| !track.effects.is_empty())
        .map(|track| format!("    |{}: {}\n", line(&track.name), line(&track.effects.join(", "))))
        .collect();
    if !effects.is_empty() {
        let _ = write!(out, "  <NOTES 0 2\n    |Effects of the tracks:\n{}  >\n", effects.concat());
    }
    let _ = writeln!(out, "  TEMPO {bpm} {numerator} {denominator}");
    tempo_map(&mut out, project, &timeline);
    for (i, marker) in project.markers.iter().enumerate() {
        let secs = timeline.secs(marker.quarter);
        let _ = writeln!(out, "  MARKER {} {secs:.12} {} 0", i + 1, quoted(&marker.name));
    }
    for one in &project.tracks {
        track(&mut out, one, &timeline);
    }
    out.push_str(">\n");
    out
}

fn tempo_map(out: &mut String, project: &Project, timeline: &Timeline) {
    let mut places: Vec<f64> = project
        .tempos
        .iter()
        .map(|it| it.quarter)
        .chain(project.meters.iter().map(|it| it.quarter))
        .collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    if places.len() < 2 {
        return;
    }
    out.push_str("  <TEMPOENVEX\n    ACT 1 -1\n");
    for place in places {
        let tempo = project.tempos.iter().rev().find(|it| it.quarter <= place);
        let bpm = tempo.map_or(120.0, |it| it.bpm);
        let _ = write!(out, "    PT {:.12} {bpm:.10} 1", timeline.secs(place));
        if let Some(meter) = project.meters.iter().find(|it| it.quarter == place) {
            let code = u32::from(meter.denominator) << 16 | u32::from(meter.numerator);
            let _ = write!(out, " {code} 0 1");
        }
        out.push('\n');
    }
    out.push_str("  >\n");
}

fn track(out: &mut String, track: &Track, timeline: &Timeline) {
    let volume = track.volume.unwrap_or(1.0);
    let mute = u8::from(track.is_muted);
    let _ = write!(
        out,
        "  <TRACK\n    NAME {}\n    VOLPAN {volume} 0 -1 -1 1\n    MUTESOLO {mute} 0 0\n",
        quoted(&track.name)
    );
    for clip in &track.clips {
        item(out, clip, timeline);
    }
    out.push_str("  >\n");
}

fn item(out: &mut String, clip: &Clip, timeline: &Timeline) {
    let start = timeline.secs(clip.start);
    let length = timeline.secs(clip.start + clip.length) - start;
    let _ = write!(
        out,
        "    <ITEM\n      POSITION {start:.12}\n      LENGTH {length:.12}\n      LOOP 0\n      NAME {}\n",
        quoted(&clip.name)
    );
    match &clip.content {
        Content::Audio { path, from_secs, .. } => {
            let kind = match path.rsplit('.').next().map(str::to_lowercase).as_deref() {
                Some("mp3") => "MP3",
                Some("flac") => "FLAC",
                Some("ogg" | "opus") => "VORBIS",
                _ => "WAVE",
            };
            let _ = write!(
                out,
                "      SOFFS {from_secs:.12}\n      <SOURCE {kind}\n        FILE {}\n      >\n",
                quoted(path)
            );
        }
        Content::Notes(notes) => {
            let _ = write!(out, "      <SOURCE MIDI\n        HASDATA 1 {TICKS} QN\n");
            events(out, notes, clip.length);
            out.push_str("      >\n");
        }
    }
    out.push_str("    >\n");
}

/// The events of notes, each with its distance from the last; then the end of the clip.
fn events(out: &mut String, notes: &[Note], length: f64) {
    let tick = |quarter: f64| (quarter * TICKS).round().max(0.0) as u64;
    // What ends comes before what starts.
    let mut events: Vec<(u64, u8, [u8; 3])> = Vec::with_capacity(2 * notes.len());
    for note in notes {
        let start = tick(note.start);
        let end = tick(note.start + note.length).max(start + 1);
        events.push((
            start,
            1,
            [0x90 | note.channel & 15, note.key & 127, note.velocity.clamp(1, 127)],
        ));
        events.push((end, 0, [0x80 | note.channel & 15, note.key & 127, 0]));
    }
    events.sort_by_key(|it| (it.0, it.1));
    let mut last = 0;
    for (at, _, [status, key, velocity]) in events {
        let _ = writeln!(out, "        E {} {status:02x} {key:02x} {velocity:02x}", at - last);
        last = at;
    }
    let _ = writeln!(out, "        E {} b0 7b 00", tick(length).saturating_sub(last));
}

/// A text on one line.
fn line(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

/// A text between quotes that are not in it.
fn quoted(text: &str) -> String {
    let text = line(text);
    for quote in ['"', '\'', '`'] {
        if !text.contains(quote) {
            return format!("{quote}{text}{quote}");
        }
    }
    format!("`{}`", text.replace('`', "'"))
}
