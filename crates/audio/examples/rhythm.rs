//! Prints the rhythm of sound files, a JSON object a line: `cargo run --release -p audio --example rhythm -- SOUND…`
//!
//! For `benches/listen/rhythm.py`; `took_s` is the time from samples at 22,050 Hz to all that is printed.

use std::{error::Error, io::Write, path::Path, time::Instant};

use audio::{DecodeLimits, decode_file, resample, rhythm::rhythm, with_channels};
use serde_json::json;

const RATE_HZ: u32 = 22_050;

fn main() -> Result<(), Box<dyn Error>> {
    for file in std::env::args().skip(1) {
        let clip = decode_file(Path::new(&file), &DecodeLimits::default())?.clip;
        let seconds = clip.length_secs();
        let clip = resample(&with_channels(clip, 1), RATE_HZ);
        let started = Instant::now();
        let found = rhythm(&clip.channels[0], RATE_HZ);
        let took_s = started.elapsed().as_secs_f64();
        let sections = found
            .sections
            .iter()
            .map(|it| json!({"start_s": it.start_s, "end_s": it.end_s, "label": it.label}));
        let line = json!({
            "file": file,
            "seconds": seconds,
            "tempo_bpm": found.tempo_bpm,
            "tempo_candidates": found.tempo_candidates,
            "tempo_confidence": found.tempo_confidence,
            "is_loop": found.is_loop,
            "meter": found.meter.map(|meter| meter.to_string()),
            "beats_s": found.beats,
            "downbeats_s": found.downbeats,
            "onsets_s": found.onsets,
            "sections": sections.collect::<Vec<_>>(),
            "took_s": took_s,
        });
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(())
}
