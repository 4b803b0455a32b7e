//! Whether a MIDI file follows the standard, and what is in it.

use std::path::Path;

use api::{MidiMarker, MidiMeter, MidiProblem, MidiReport, MidiTrackReport, Problem};
use music::{Bars, Clock, Format, Key, Score, TrackFeatures, features};

use super::file;

/// What is in a MIDI file, and where it does not follow the standard.
///
/// # Errors
/// When the file cannot be read at all.
pub fn midi_check(path: &Path) -> Result<MidiReport, Problem> {
    let read = file::open(path)?;
    let (score, oddities) = Score::from_midi(&read.file);
    let found = features(&score);
    let (bars, clock) = (Bars::new(&score), Clock::new(&score));
    let mut problems: Vec<MidiProblem> = read
        .damages
        .into_iter()
        .map(|it| MidiProblem {
            byte: Some(it.byte),
            track: it.track.map(|track| track as u64 + 1),
            place: None,
            sentence: it.sentence,
            is_loss: it.is_loss,
        })
        .collect();
    problems.extend(oddities.into_iter().map(|it| MidiProblem {
        byte: None,
        track: Some(it.track as u64 + 1),
        place: Some(bars.place(it.tick).to_string()),
        sentence: it.sentence,
        is_loss: false,
    }));
    let meters = score.meters.iter().map(|it| MidiMeter {
        bar: bars.place(it.tick).bar + 1,
        meter: format!("{}/{}", it.numerator, it.denominator),
    });
    let markers = score.markers.iter().map(|it| MidiMarker {
        at_s: clock.secs_from_tick(it.tick as f64),
        bar: bars.place(it.tick).bar + 1,
        text: it.text.clone(),
    });
    let said = score.keys.first().map(|it| Key { tonic: it.tonic(), is_minor: it.is_minor });
    Ok(MidiReport {
        file: path.display().to_string(),
        format: MidiReport::FORMAT,
        is_valid: problems.is_empty(),
        problems,
        midi_format: match read.file.format {
            Format::Single => 0,
            Format::Parallel => 1,
            Format::Sequential => 2,
        },
        ticks_per_quarter: score.ticks_per_quarter,
        seconds: found.length_secs,
        bars: found.n_bars,
        notes: found.n_notes as u64,
        tempo_bpm: found.mean_bpm,
        first_tempo_bpm: found.first_bpm,
        least_tempo_bpm: found.least_bpm,
        most_tempo_bpm: found.most_bpm,
        tempo_changes: found.n_tempo_changes as u64,
        meters: meters.collect(),
        key_signature: said.map(|key| key.to_string()),
        key: found.key.map(|it| it.key.to_string()),
        key_confidence: found.key.map_or(0.0, |it| it.confidence),
        lowest_key: found.range.map(|it| it.0),
        highest_key: found.range.map(|it| it.1),
        polyphony: found.polyphony as u64,
        mean_polyphony: found.mean_polyphony,
        notes_per_second: found.notes_per_sec,
        mean_velocity: found.mean_velocity,
        on_grid: found.on_grid,
        pitch_classes: found.pitch_classes.to_vec(),
        tracks: found.tracks.iter().map(track_report).collect(),
        markers: markers.collect(),
    })
}

pub(super) fn track_report(track: &TrackFeatures) -> MidiTrackReport {
    MidiTrackReport {
        name: track.name.clone(),
        program: track.program.map(|it| it + 1),
        channels: track.channels.iter().map(|it| it + 1).collect(),
        is_drums: track.is_drums,
        notes: track.n_notes as u64,
        lowest_key: track.range.map(|it| it.0),
        highest_key: track.range.map(|it| it.1),
        polyphony: track.polyphony as u64,
    }
}
