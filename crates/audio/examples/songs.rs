//! Writes songs with known truth: `cargo run -p audio --example songs -- FOLDER [--count 24] [--seed 0]`.
//!
//! Each song is a WAV file and a JSON file beside it that says what was played.

use std::{error::Error, fs, path::PathBuf};

use audio::{
    WavFormat,
    songs::{Labelled, SongPlan, SongTruth, render},
    write_wav,
};
use serde_json::{Value, json};

const USAGE: &str = "usage: songs FOLDER [--count 24] [--seed 0]";

fn main() -> Result<(), Box<dyn Error>> {
    let (folder, count, seed) = arguments()?;
    fs::create_dir_all(&folder)?;
    for idx in 0..count {
        let song = render(&SongPlan::of_set(seed, idx));
        let path = folder.join(format!("song-{idx:02}.wav"));
        write_wav(&path, &song.clip, WavFormat::Int16)?;
        fs::write(path.with_extension("json"), serde_json::to_string_pretty(&truth(&song.truth))?)?;
    }
    Ok(())
}

fn arguments() -> Result<(PathBuf, usize, u64), Box<dyn Error>> {
    let (mut folder, mut count, mut seed) = (None, 24, 0);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--count" => count = words.next().ok_or(USAGE)?.parse()?,
            "--seed" => seed = words.next().ok_or(USAGE)?.parse()?,
            _ if word.starts_with('-') || folder.is_some() => return Err(USAGE.into()),
            _ => folder = Some(PathBuf::from(word)),
        }
    }
    Ok((folder.ok_or(USAGE)?, count, seed))
}

/// What was played, as JSON; times in seconds.
fn truth(truth: &SongTruth) -> Value {
    let plan = &truth.plan;
    let spans = |list: &[Labelled]| -> Vec<Value> {
        let span =
            |it: &Labelled| json!({"start_s": it.start_s, "end_s": it.end_s, "label": it.label});
        list.iter().map(span).collect()
    };
    let notes = truth.notes.iter().map(|it| {
        json!({"part": it.part.name(), "start_s": it.start_s, "end_s": it.end_s, "midi": it.midi,
            "velocity": it.velocity})
    });
    let strokes = truth
        .strokes
        .iter()
        .map(|it| json!({"drum": it.drum.name(), "time_s": it.time_s, "velocity": it.velocity}));
    let melody = truth.notes.iter().filter(|it| it.part == audio::songs::Part::Melody);
    let melody =
        melody.map(|it| json!({"start_s": it.start_s, "end_s": it.end_s, "midi": it.midi}));
    json!({
        "bpm": plan.bpm,
        "drift": plan.drift,
        "meter": plan.meter.to_string(),
        "swing": plan.swing,
        "key": truth.key,
        "tuning_cents": plan.tuning_cents,
        "has_drums": plan.has_drums,
        "has_sevenths": plan.has_sevenths,
        "form": plan.form,
        "beats_s": truth.beats,
        "downbeats_s": truth.downbeats,
        "onsets_s": truth.onsets(),
        "tempo": truth.tempo.iter().map(|(time_s, bpm)| json!({"time_s": time_s, "bpm": bpm}))
            .collect::<Vec<Value>>(),
        "chords": spans(&truth.chords),
        "sections": spans(&truth.sections),
        "melody": melody.collect::<Vec<Value>>(),
        "notes": notes.collect::<Vec<Value>>(),
        "drums": strokes.collect::<Vec<Value>>(),
    })
}
