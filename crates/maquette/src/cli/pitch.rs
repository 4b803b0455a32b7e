//! `maquette pitch`: the pitch of a voice over a recording, or of a mix's melody, as a table for people's own scripts.

use std::{fmt::Write as _, path::PathBuf};

use api::PitchTrack;
use serde::Serialize;
use worker::PitchOrder;

use super::{
    Console, absolute,
    output::{self, refused},
    table::list,
};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct PitchArgs {
    /// The sound file: one voice or instrument, or a mix; its channels are mixed to one
    file: PathBuf,
    /// The table that comes out: `time_s,f0_hz,voiced,probability`, a line every 23 ms
    #[arg(long, short, value_name = "FILE.csv")]
    output: PathBuf,
    /// Follow the leading voice of a mix, a line every 5.8 ms, between 55 and 1,760 Hz
    #[arg(long, conflicts_with_all = ["low", "high", "rate"])]
    melody: bool,
    /// The lowest pitch
    #[arg(long, value_name = "HZ", default_value_t = PitchOrder::default().low_hz)]
    low: f64,
    /// The highest pitch
    #[arg(long, value_name = "HZ", default_value_t = PitchOrder::default().high_hz)]
    high: f64,
    /// The sampling rate at which it is looked for
    #[arg(long, value_name = "HZ", default_value_t = 22_050,
        value_parser = clap::value_parser!(u32).range(1_000..=192_000))]
    rate: u32,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

/// What is printed about it.
#[derive(Serialize)]
struct Summary {
    frames: usize,
    voiced_frames: usize,
    median_f0_hz: Option<f64>,
    rate_hz: u32,
    hop: u32,
    secs: f64,
}

pub(crate) fn run(args: &PitchArgs, console: &Console) -> anyhow::Result<()> {
    let input = absolute(&args.file)?;
    output::ending(&args.output, &["csv"])?;
    output::check(&input, &args.output, args.force)?;
    if !input.is_file() {
        let what = format!("There is no file “{}”.", input.display());
        return Err(refused("not_found", what, "", "Check the spelling of the path.").into());
    }
    let order = PitchOrder { rate_hz: args.rate, low_hz: args.low, high_hz: args.high };
    let track = match args.melody {
        true => worker::measure_melody(&input),
        false => worker::measure_pitch(&input, &order),
    };
    let track = track.map_err(Refused)?;
    output::write(&args.output, &csv(&track))?;
    let summary = summary(&track);
    console.terminal.result(&summary, || in_words(&summary, &args.output.display().to_string()))
}

/// The table; an unvoiced frame has 0 Hz.
fn csv(track: &PitchTrack) -> String {
    let mut text = "time_s,f0_hz,voiced,probability\n".to_owned();
    for (frame_idx, frame) in track.frames.iter().enumerate() {
        let f0_hz = frame.f0_hz.unwrap_or(0.0);
        let voiced = u8::from(frame.f0_hz.is_some());
        let (time_s, probability) = (track.time_s(frame_idx), frame.probability);
        let _ = writeln!(text, "{time_s:.6},{f0_hz:.3},{voiced},{probability:.6}");
    }
    text
}

fn summary(track: &PitchTrack) -> Summary {
    let mut voiced: Vec<f64> = track.frames.iter().filter_map(|frame| frame.f0_hz).collect();
    voiced.sort_by(f64::total_cmp);
    Summary {
        frames: track.frames.len(),
        voiced_frames: voiced.len(),
        median_f0_hz: voiced.get(voiced.len() / 2).copied(),
        rate_hz: track.rate_hz,
        hop: track.hop,
        secs: track.secs,
    }
}

fn in_words(summary: &Summary, output: &str) -> String {
    let pitch = match summary.median_f0_hz {
        Some(median) => format!(
            "{:.1} Hz in the median; {} of {} frames are voiced",
            median, summary.voiced_frames, summary.frames
        ),
        None => format!("none; all {} frames are unvoiced", summary.frames),
    };
    list(&[
        ("pitch", pitch),
        ("table", output.to_owned()),
        (
            "sound",
            format!(
                "{:.2} s, a frame every {} samples at {} Hz",
                summary.secs, summary.hop, summary.rate_hz
            ),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use api::PitchFrame;

    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_frame() {
        let frames = vec![
            PitchFrame { f0_hz: Some(440.0), probability: 0.9 },
            PitchFrame { f0_hz: None, probability: 0.01 },
        ];
        let track = PitchTrack { rate_hz: 22_050, hop: 512, secs: 0.03, frames };
        let expected = "time_s,f0_hz,voiced,probability\n\
                        0.000000,440.000,1,0.900000\n\
                        0.023220,0.000,0,0.010000\n";
        assert_eq!(csv(&track), expected);
        assert_eq!(summary(&track).median_f0_hz, Some(440.0));
    }
}
