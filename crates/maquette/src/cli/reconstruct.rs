//! `maquette reconstruct`: send a sound file through a model and back.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::{Reconstruction, ReconstructionResult};

use super::{
    Console, absolute,
    follow::Onlooker,
    named::{self, Kind},
    output, words,
};
use crate::{
    client::Client,
    percent::{encoded, encoded_path},
};

#[derive(clap::Args)]
pub(crate) struct ReconstructArgs {
    /// The model's identifier or name
    model: String,
    /// The sound file
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where to write the reconstruction, a WAV file
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Overwrite OUT if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &ReconstructArgs, console: &Console) -> anyhow::Result<()> {
    let input = absolute(&args.input)?;
    output::ending(&args.output, &["wav"])?;
    output::check(&input, &args.output, args.force)?;
    let client = console.client()?;
    let onlooker = Onlooker { client: &client, terminal: console.terminal };

    let name = input.file_name().unwrap_or_default().to_string_lossy();
    let model = named::id(&client, Kind::Model, &args.model)?;
    let path = format!("/api/models/{model}/reconstructions?name={}", encoded(&name));
    let sound =
        File::open(&input).with_context(|| format!("failed to open {}", input.display()))?;
    let queued: Reconstruction = client.post_file(&path, &sound)?;
    let reconstruction = onlooker.reconstruction(&queued.id)?;
    let result = save(&client, &reconstruction, &args.output)?;

    let mut json = serde_json::to_value(&reconstruction).context("failed to write JSON")?;
    json["output"] = args.output.to_string_lossy().into();
    console.terminal.result(&json, || {
        format!(
            "{}: {} of sound in {}\n{}",
            args.output.display(),
            words::duration(result.length_secs),
            words::duration(result.compute_secs),
            distances(&result.distances)
        )
    })
}

/// Copies the reconstructed sound to a file.
pub(crate) fn save<'r>(
    client: &Client,
    reconstruction: &'r Reconstruction,
    output: &Path,
) -> anyhow::Result<&'r ReconstructionResult> {
    let result = reconstruction.result.as_ref().context("failed to find what came out")?;
    let path = encoded_path(&result.reconstruction);
    let path = format!("/api/reconstructions/{}/files/{path}", reconstruction.id);
    output::download(client, &path, output)?;
    Ok(result)
}

/// Distances between original and reconstruction in words, one a line.
fn distances(distances: &BTreeMap<String, f64>) -> String {
    let line = |(name, value): (&String, &f64)| match name.as_str() {
        "log_spectral_distance_db" => format!("Log-spectral distance: {value:.2} dB\n"),
        // A distance of a newer or another worker keeps its name.
        _ => format!("{}: {value:.4}\n", name.replace('_', " ")),
    };
    distances.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_have_names_and_units() {
        let check = |name: &str, expected: &str| {
            assert_eq!(distances(&BTreeMap::from([(name.to_owned(), 4.256_78)])), expected);
        };
        check("log_spectral_distance_db", "Log-spectral distance: 4.26 dB\n");
        check("another_distance", "another distance: 4.2568\n");
    }
}
