//! `maquette play`: a sound file through models, block by block, the way a live session plays it.

use std::path::PathBuf;

use anyhow::Context;
use api::{PlayedThrough, control, control_number, nearest};
use worker::PlayThrough;

use super::{
    Console, absolute,
    convert::{Noise, Weights, model_path, noise},
    output::{self, refused},
    table::list,
};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct PlayArgs {
    /// Models that play together: identifiers or names, or files or folders
    #[arg(required = true)]
    models: Vec<String>,
    /// The sound file that goes in
    #[arg(long = "in", value_name = "FILE")]
    input: PathBuf,
    /// The WAV file that comes out: as long, and late by the latency that is printed
    #[arg(long = "out", value_name = "FILE")]
    output: PathBuf,
    /// Samples of a block; the sound does not depend on it
    #[arg(long, value_name = "N", default_value_t = 2048,
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    block: u32,
    /// Use the means of the latents instead of drawing them
    #[arg(long)]
    mean: bool,
    /// The random seed of the noise in the sound, or `off`
    #[arg(long, value_name = "off|SEED", default_value = "0", value_parser = noise)]
    noise: Noise,
    /// The random seed to draw latents with
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "mean")]
    seed: u64,
    /// Precision of the weights of large layers: fewer bits play faster, with some noise
    #[arg(long, value_enum, default_value = "float32")]
    weights: Weights,
    /// Where a control stands, like `wet=0.5` or `z2.bias=1`; as often as you like
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(u16, f32)>,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &PlayArgs, console: &Console) -> anyhow::Result<()> {
    let input = absolute(&args.input)?;
    output::ending(&args.output, &["wav"])?;
    output::check(&input, &args.output, args.force)?;
    if !input.is_file() {
        let what = format!("There is no file “{}”.", input.display());
        return Err(refused("not_found", what, "", "Check the spelling of the path.").into());
    }
    let paths = args.models.iter().map(|model| model_path(model, console));
    let order = PlayThrough {
        models: paths.collect::<anyhow::Result<_>>()?,
        block: args.block,
        weights: args.weights.into(),
        latents: (!args.mean).then_some(args.seed),
        noise: args.noise.0,
        controls: args.settings.clone(),
    };
    console.terminal.note("Playing…");
    let output = std::path::absolute(&args.output).context("failed to find the current folder")?;
    let played = worker::play_through(&input, &output, &order).map_err(Refused)?;
    console.terminal.result(&played, || summary(&played, &args.output.display().to_string()))
}

/// The value of `--set`: a control's key and a value in its range.
pub(super) fn setting(text: &str) -> Result<(u16, f32), String> {
    let Some((key, value)) = text.split_once('=') else {
        return Err("it takes the form KEY=VALUE, like `wet=0.5`".into());
    };
    let Some(number) = control_number(key) else {
        let keys = api::CONTROLS.iter().map(|row| row.key);
        return Err(match nearest(key, keys) {
            Some(meant) => format!("there is no control `{key}`; did you mean `{meant}`?"),
            None => format!("there is no control `{key}`"),
        });
    };
    let value: f32 = value.parse().map_err(|_| format!("`{key}` takes a number, not `{value}`"))?;
    match control(number) {
        Some((row, _)) if !(row.least..=row.most).contains(&value) => {
            Err(format!("`{key}` goes from {} to {}", row.least, row.most))
        }
        _ => Ok((number, value)),
    }
}

fn summary(played: &PlayedThrough, output: &str) -> String {
    let late_ms = f64::from(played.latency_samples) / f64::from(played.rate_hz) * 1e3;
    list(&[
        ("sound", format!("{:.2} s at {} Hz, in {output}", played.secs, played.rate_hz)),
        ("latency", format!("{} samples ({late_ms:.1} ms)", played.latency_samples)),
        ("speed", format!("{:.1} × real time on one core", played.times_real_time)),
        (
            "blocks",
            format!(
                "{} samples: {:.2} ms in the median, {:.2} ms in 99 of 100, {:.2} ms at worst",
                played.block, played.block_ms_median, played.block_ms_99, played.block_ms_worst
            ),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_or_refused_in_words() {
        assert_eq!(setting("wet=0.5"), Ok((5, 0.5)));
        assert_eq!(setting("z1.bias=-2").map(|it| it.1), Ok(-2.0));
        assert_eq!(
            setting("wett=1").unwrap_err(),
            "there is no control `wett`; did you mean `wet`?"
        );
        assert_eq!(setting("wet=2").unwrap_err(), "`wet` goes from 0 to 1");
        assert!(setting("wet").is_err() && setting("wet=loud").is_err());
    }
}
