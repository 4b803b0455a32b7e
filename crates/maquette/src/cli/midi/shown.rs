//! What `maquette midi` found or wrote, as text for people.

use std::path::Path;

use api::{
    MidiPatterns, MidiQuantised, MidiRendered, MidiReport, MidiRestyled, MidiTrackReport,
    MidiWritten,
};

use crate::cli::table::{list, table};

/// What is in a file, its tracks, and its problems.
pub(super) fn report(report: &MidiReport) -> String {
    let tempo = match report.tempo_changes {
        0 => format!("{:.2} bpm", report.first_tempo_bpm),
        n => format!(
            "{:.2} bpm in the mean, {:.2} to {:.2} in {n} changes",
            report.tempo_bpm, report.least_tempo_bpm, report.most_tempo_bpm
        ),
    };
    let meters = report.meters.iter().map(|it| format!("{} from bar {}", it.meter, it.bar));
    let meters: Vec<String> = meters.take(12).collect();
    let key = match (&report.key_signature, &report.key) {
        (Some(said), Some(found)) => format!("{said} by its signature, {found} by its notes"),
        (Some(said), None) => format!("{said} by its signature"),
        (None, Some(found)) => {
            format!("{found} by its notes (confidence {:.2})", report.key_confidence)
        }
        (None, None) => String::new(),
    };
    let range = report.lowest_key.zip(report.highest_key);
    let mut text = list(&[
        ("file", report.file.clone()),
        (
            "format",
            format!("{}, {} ticks a quarter note", report.midi_format, report.ticks_per_quarter),
        ),
        ("length", format!("{:.2} s, {} bars", report.seconds, report.bars)),
        ("notes", format!("{}, {:.2} a second", report.notes, report.notes_per_second)),
        ("tempo", tempo),
        ("meter", meters.join(", ")),
        ("key", key),
        ("range", range.map_or_else(String::new, |(low, high)| format!("{low} to {high}"))),
        (
            "polyphony",
            format!("{} at most, {:.2} in the mean", report.polyphony, report.mean_polyphony),
        ),
        ("velocity", format!("{:.1} in the mean", report.mean_velocity)),
        ("on the grid", format!("{:.1} %", 100.0 * report.on_grid)),
    ]);
    text.push('\n');
    text.push_str(&tracks(&report.tracks));
    if report.problems.is_empty() {
        text.push_str("\nIt follows the standard.\n");
        return text;
    }
    let n = report.problems.len();
    text.push_str(&format!("\n{n} {}:\n", if n == 1 { "problem" } else { "problems" }));
    for it in &report.problems {
        let place = match (it.byte, &it.place) {
            (Some(byte), _) => format!("byte {byte}"),
            (None, Some(place)) => place.clone(),
            (None, None) => String::new(),
        };
        let track = it.track.map_or_else(String::new, |track| format!(", track {track}"));
        text.push_str(&format!("  {place}{track}: {}\n", it.sentence));
    }
    text
}

fn tracks(tracks: &[MidiTrackReport]) -> String {
    let rows: Vec<[String; 7]> = tracks
        .iter()
        .enumerate()
        .map(|(i, track)| {
            let channels: Vec<String> = track.channels.iter().map(ToString::to_string).collect();
            let range = track.lowest_key.zip(track.highest_key);
            let program = track.program.map_or_else(String::new, |it| it.to_string());
            [
                (i + 1).to_string(),
                track.name.clone(),
                track.notes.to_string(),
                range.map_or_else(String::new, |(low, high)| format!("{low}–{high}")),
                track.polyphony.to_string(),
                channels.join(" "),
                if track.is_drums { "drums".into() } else { program },
            ]
        })
        .collect();
    table(["track", "name", "notes", "keys", "at once", "channel", "program"], &rows)
}

pub(super) fn quantised(done: &MidiQuantised, output: &Path) -> String {
    list(&[
        ("notes", format!("{}, in {}", done.notes, output.display())),
        (
            "moved",
            format!("{}, {:.1} ms (rms), {:.1} ms at most", done.moved, done.rms_ms, done.most_ms),
        ),
        ("tuplets", format!("{} beats", done.tuplet_beats)),
    ])
}

pub(super) fn restyled(done: &MidiRestyled, output: &Path) -> String {
    let octaves: Vec<String> = done.octaves.iter().map(|it| format!("{it:+}")).collect();
    list(&[
        ("file", output.display().to_string()),
        ("octaves", octaves.join(" ")),
        ("groove", format!("{:.2} alike", done.similarity)),
    ])
}

pub(super) fn rendered(done: &MidiRendered, output: &Path) -> String {
    list(&[
        ("sound", format!("{:.2} s at {} Hz, in {}", done.seconds, done.rate_hz, output.display())),
        ("played by", done.instruments.clone()),
        ("notes", done.notes.to_string()),
        ("peak", format!("{:.1} dB", done.peak_db)),
        ("speed", format!("{:.1} × real time", done.times_real_time)),
    ])
}

pub(super) fn patterns(found: &MidiPatterns) -> String {
    let mut text = list(&[
        ("notes", found.notes.to_string()),
        ("left out", if found.left_out > 0 { found.left_out.to_string() } else { String::new() }),
        ("in patterns", found.covered.to_string()),
        ("compression", format!("{:.2}", found.compression)),
    ]);
    text.push('\n');
    let rows: Vec<[String; 6]> = found
        .patterns
        .iter()
        .enumerate()
        .map(|(i, it)| {
            let places: Vec<String> = it
                .occurrences
                .iter()
                .take(6)
                .map(|at| match at.semitones {
                    0 => at.place.clone(),
                    semitones => format!("{} ({semitones:+})", at.place),
                })
                .collect();
            [
                (i + 1).to_string(),
                it.notes.len().to_string(),
                it.occurrences.len().to_string(),
                it.covered.to_string(),
                format!("{:.2}", it.compression),
                places.join("; "),
            ]
        })
        .collect();
    text + &table(["pattern", "notes", "times", "covers", "compression", "where"], &rows)
}

pub(super) fn written(done: &MidiWritten) -> String {
    let chords: Vec<&str> = done.chords.iter().map(|it| it.label.as_str()).take(24).collect();
    let source = if done.chords_are_written { " (as the file says)" } else { "" };
    let octaved = match done.octaved {
        0 => String::new(),
        n => format!("{n} notes of the melody were moved by octaves to make room below"),
    };
    let parallels = match done.parallels {
        0 => String::new(),
        n => format!("{n} could not be avoided"),
    };
    let mut text = list(&[
        ("files", done.files.join(", ")),
        ("key", done.key.clone()),
        ("chords", format!("{}{source}", chords.join(" "))),
        ("melody", octaved),
        ("parallels", parallels),
    ]);
    text.push('\n');
    text + &tracks(&done.tracks)
}
