//! `maquette analyse`: what is in a sound, or in each of a folder.

use std::{fmt::Write as _, path::PathBuf};

use anyhow::{Context, bail};
use api::{Analysis, Problem, Span};

use super::{
    Console, absolute, output,
    table::{list, table},
};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct AnalyseArgs {
    /// A sound file, or a folder with sound files
    #[arg(value_name = "FILE|FOLDER")]
    input: PathBuf,
    /// Write JSON to this file; what is printed stays the same
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &AnalyseArgs, console: &Console) -> anyhow::Result<()> {
    let input = absolute(&args.input)?;
    if let Some(output) = &args.output {
        output::check_place(output, args.force)?;
    }
    if input.is_dir() { of_folder(args, console) } else { of_file(args, console) }
}

fn of_file(args: &AnalyseArgs, console: &Console) -> anyhow::Result<()> {
    let name = args.input.display().to_string();
    console.terminal.note("Listening…");
    let found = worker::analyse(&args.input, &name, &mut |_| true).map_err(Refused)?;
    let found = found.context("failed to listen to the end")?;
    if let Some(output) = &args.output {
        output::write(output, &json(&found)?)?;
    }
    console.terminal.result(&found, || in_words(&found))
}

fn of_folder(args: &AnalyseArgs, console: &Console) -> anyhow::Result<()> {
    let sounds = worker::sound_files(&args.input).map_err(Refused)?;
    let (mut found, mut n_failed): (Vec<Analysis>, usize) = (vec![], 0);
    let mut n_done = 0;
    worker::analyse_many(&sounds, &mut |sound, result| {
        n_done += 1;
        match result {
            Ok(analysis) => found.push(analysis),
            Err(problem) => {
                n_failed += 1;
                // Said at once and apart, so that what is printed stays a list of analyses.
                console.terminal.warn(&problem_of(&sound.name, problem));
            }
        }
        console.terminal.progress(&format!("{n_done} of {} files", sounds.len()));
        true
    });
    console.terminal.erase();
    if let Some(output) = &args.output {
        output::write(output, &json(&found)?)?;
    }
    console.terminal.result(&found, || rows(&found))?;
    if n_failed > 0 {
        bail!("failed to read {n_failed} of {} files as sound", sounds.len());
    }
    Ok(())
}

/// A file's problem; one without a file's name gets it.
fn problem_of(name: &str, problem: Problem) -> Problem {
    if problem.what.contains(name) {
        return problem;
    }
    Problem { what: format!("“{name}”: {}", problem.what), ..problem }
}

fn json(value: &impl serde::Serialize) -> anyhow::Result<String> {
    serde_json::to_string_pretty(value).context("failed to write JSON")
}

/// One line a file.
fn rows(found: &[Analysis]) -> String {
    let rows: Vec<[String; 7]> = found
        .iter()
        .map(|it| {
            [
                it.file.clone(),
                format!("{:.2} s", it.seconds),
                tempo(it),
                it.meter.clone().unwrap_or_default(),
                it.key.clone().unwrap_or_default(),
                it.loudness_lufs.map(|it| format!("{it:.1} LUFS")).unwrap_or_default(),
                match it.findings.len() {
                    0 => String::new(),
                    n => n.to_string(),
                },
            ]
        })
        .collect();
    table(["file", "length", "tempo", "meter", "key", "loudness", "faults"], &rows)
}

/// All of one file.
fn in_words(found: &Analysis) -> String {
    let optional = |value: Option<f64>, unit: &str| {
        value.map(|value| format!("{value:.1} {unit}")).unwrap_or_default()
    };
    let others = found.tempo_candidates.iter().skip(1);
    let others: Vec<String> = others.map(|it| format!("{:.1}", it.bpm)).collect();
    let key =
        found.key.as_ref().map(|key| format!("{key} ({:.0} % sure)", 100.0 * found.key_confidence));
    let beats = match found.beats_s.len() {
        0 => String::new(),
        n => format!("{n}, in {} bars", found.downbeats_s.len()),
    };
    let mut text = list(&[
        ("file", found.file.clone()),
        (
            "sound",
            format!("{:.2} s at {} Hz, channels: {}", found.seconds, found.rate_hz, found.channels),
        ),
        ("tempo", tempo(found)),
        ("or", others.join(", ")),
        ("meter", found.meter.clone().unwrap_or_default()),
        ("beats", beats),
        ("onsets", found.onsets_s.len().to_string()),
        ("key", key.unwrap_or_default()),
        (
            "tuning",
            match found.tuning_cents.round() {
                0.0 => String::new(),
                cents => format!("{cents:+.0} cents"),
            },
        ),
        ("loudness", optional(found.loudness_lufs, "LUFS")),
        ("range", optional(found.loudness_range_lu, "LU")),
        ("peak", optional(found.true_peak_dbtp, "dBTP")),
        ("words", found.words.join(", ")),
    ]);
    for (name, spans) in [("sections", &found.sections), ("chords", &found.chords)] {
        if !spans.is_empty() {
            let _ = write!(text, "\n{name}\n{}", spans_in_words(spans));
        }
    }
    if !found.findings.is_empty() {
        text.push_str("\nfaults\n");
        for finding in &found.findings {
            let _ = writeln!(
                text,
                "  {:8.2} s  {:8.2} s  {}",
                finding.start_s, finding.end_s, finding.sentence
            );
        }
    }
    text
}

fn tempo(found: &Analysis) -> String {
    let sure = format!("{:.0} % sure", 100.0 * found.tempo_confidence);
    found.tempo_bpm.map(|bpm| format!("{bpm:.1} bpm ({sure})")).unwrap_or_default()
}

fn spans_in_words(spans: &[Span]) -> String {
    let line = |it: &Span| format!("  {:8.2} s  {:8.2} s  {}\n", it.start_s, it.end_s, it.label);
    spans.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_found_is_not_shown() {
        let silent = Analysis { file: "a.wav".into(), seconds: 1.0, ..Analysis::default() };
        let text = in_words(&silent);
        assert!(text.contains("a.wav") && text.contains("1.00 s"), "{text}");
        for word in ["tempo", "key", "LUFS", "sections", "faults", "tuning"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        let sure = Analysis { tempo_bpm: Some(93.27), tempo_confidence: 0.5, ..silent };
        assert!(in_words(&sure).contains("93.3 bpm (50 % sure)"));
        assert!(rows(&[sure]).lines().count() == 2);
    }
}
