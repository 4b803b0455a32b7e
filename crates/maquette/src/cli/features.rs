//! `maquette features`: numbers that describe a sound over time, as librosa names them, for people's own scripts.

use std::path::PathBuf;

use anyhow::Context;
use api::{MeasuredFeature, nearest};
use worker::FeatureOrder;

use super::{
    Console, absolute,
    output::{self, refused},
    table::list,
};
use crate::client::Refused;

#[derive(clap::Args)]
pub(crate) struct FeaturesArgs {
    /// The sound file; its channels are mixed to one
    file: PathBuf,
    /// The feature, by its name in librosa: `mfcc`, `cqt`, `chroma_stft`…
    #[arg(long, value_name = "NAME", value_parser = feature)]
    feature: String,
    /// The NumPy file that comes out: float32, `[bins, frames]`
    #[arg(long, short, value_name = "FILE.npy")]
    output: PathBuf,
    /// The sampling rate at which it is measured
    #[arg(long, value_name = "HZ", default_value_t = 22_050)]
    rate: u32,
    /// Samples of a frame; constant-Q and wavelet features choose their own
    #[arg(long, value_name = "N", default_value_t = 2048)]
    fft: u32,
    /// Samples from one frame to the next
    #[arg(long, value_name = "N", default_value_t = 512)]
    hop: u32,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &FeaturesArgs, console: &Console) -> anyhow::Result<()> {
    let input = absolute(&args.file)?;
    output::ending(&args.output, &["npy"])?;
    output::check(&input, &args.output, args.force)?;
    if !input.is_file() {
        let what = format!("There is no file “{}”.", input.display());
        return Err(refused("not_found", what, "", "Check the spelling of the path.").into());
    }
    let order = FeatureOrder {
        feature: args.feature.clone(),
        rate_hz: args.rate,
        n_fft: args.fft as usize,
        hop: args.hop as usize,
    };
    let output = std::path::absolute(&args.output).context("failed to find the current folder")?;
    let measured = worker::measure_feature(&input, &output, &order).map_err(Refused)?;
    console.terminal.result(&measured, || summary(&measured, &args.output.display().to_string()))
}

/// The value of `--feature`.
fn feature(text: &str) -> Result<String, String> {
    if worker::feature_names().any(|(name, _)| name == text) {
        return Ok(text.to_owned());
    }
    let names = || worker::feature_names().map(|(name, _)| name);
    let meant = match nearest(text, names()) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => ".".to_owned(),
    };
    let rows = worker::feature_names().map(|(name, what)| format!("\n  {name:20} {what}"));
    let all: String = rows.collect();
    Err(format!("there is no feature `{text}`{meant} There are:{all}"))
}

fn summary(measured: &MeasuredFeature, output: &str) -> String {
    let MeasuredFeature { feature, bins, frames, rate_hz, hop, secs } = measured;
    list(&[
        ("feature", format!("{feature}, {bins} × {frames} numbers, in {output}")),
        ("sound", format!("{secs:.2} s at {rate_hz} Hz, a frame every {hop} samples")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_named_or_listed() {
        assert_eq!(feature("mfcc"), Ok("mfcc".to_owned()));
        let list = feature("mfc").unwrap_err();
        assert!(list.contains("did you mean `mfcc`?") && list.contains("onset_strength"), "{list}");
        assert!(feature("").unwrap_err().contains("tonnetz"));
    }
}
