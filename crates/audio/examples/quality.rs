//! Prints loudness, loudness range, true peak and findings of sound files, for `benches/listen/loudness.py`, which
//! compares them with ffmpeg's.
//!
//! Arguments: sound files. A line for each: the numbers (`-` for none) and the file, between tabs; then its findings,
//! each indented.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use audio::quality::QualityCheck;
use audio::{DecodeLimits, SoundReader};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for path in std::env::args().skip(1) {
        let mut reader = SoundReader::open(Path::new(&path), &DecodeLimits::STREAMED)?;
        let mut check = QualityCheck::new(reader.rate_hz(), reader.n_channels());
        let mut block = vec![];
        while reader.next(&mut block)? {
            check.push(&block);
        }
        let quality = check.finish();
        let number = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:.2}"));
        writeln!(
            out,
            "{}\t{}\t{}\t{path}",
            number(quality.loudness_lufs),
            number(quality.loudness_range_lu),
            number(quality.true_peak_dbtp)
        )?;
        for it in &quality.findings {
            writeln!(out, "    {} {:.2} {:.2} {}", it.kind, it.start_s, it.end_s, it.sentence)?;
        }
    }
    Ok(())
}
