//! Prints the melody of sound files, a JSON object a line: `cargo run --release -p audio --example melody -- SOUND…`
//!
//! For `benches/listen/melody.py`; `took_s` is the time from samples at 22,050 Hz to frames and notes. With `--voice`
//! first, `notes` are those of one voice instead.

use std::{error::Error, io::Write, path::Path, time::Instant};

use audio::{
    DecodeLimits, decode_file,
    melody::{Melody, melody},
    notes::{NoteEvent, notes_of_voice},
    resample, with_channels,
};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut files: Vec<String> = std::env::args().skip(1).collect();
    let is_voice = files.first().is_some_and(|it| it == "--voice");
    if is_voice {
        files.remove(0);
    }
    for file in files {
        let clip = decode_file(Path::new(&file), &DecodeLimits::default())?.clip;
        let seconds = clip.length_secs();
        let clip = resample(&with_channels(clip, 1), Melody::RATE_HZ);
        let samples = &clip.channels[0];
        let started = Instant::now();
        let (found, notes) = if is_voice {
            (Melody::default(), notes_of_voice(samples, Melody::RATE_HZ))
        } else {
            let found = melody(samples, Melody::RATE_HZ);
            let notes = found.notes();
            (found, notes)
        };
        let took_s = started.elapsed().as_secs_f64();
        let note = |it: &NoteEvent| {
            json!({"start_s": it.start_secs, "end_s": it.end_secs, "midi": it.midi,
                "velocity": it.velocity})
        };
        let line = json!({
            "file": file,
            "seconds": seconds,
            "hop_s": Melody::HOP as f64 / f64::from(Melody::RATE_HZ),
            "f0_hz": found.frames.iter().map(|it| it.f0_hz.unwrap_or(0.0)).collect::<Vec<f64>>(),
            "clarity": found.frames.iter().map(|it| it.clarity).collect::<Vec<f64>>(),
            "notes": notes.iter().map(note).collect::<Vec<_>>(),
            "took_s": took_s,
        });
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(())
}
