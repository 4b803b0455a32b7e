//! `maquette reconstruct`: send a sound file through a model and back.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::{Id, Problem, Reconstruction, ReconstructionResult};

use super::{Console, absolute, follow::Onlooker, words};
use crate::{
    client::{Client, Refused},
    percent::{encoded, encoded_path},
};

#[derive(clap::Args)]
pub(crate) struct ReconstructArgs {
    /// The model's identifier
    model: Id,
    /// The sound file
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where to write the reconstruction, a WAV file
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Write over OUT if it is there
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &ReconstructArgs, console: &Console) -> anyhow::Result<()> {
    let input = absolute(&args.input)?;
    check_output(&input, &args.output, args.force)?;
    let client = console.client()?;
    let onlooker = Onlooker { client: &client, terminal: console.terminal };

    let name = input.file_name().unwrap_or_default().to_string_lossy();
    let path = format!("/api/models/{}/reconstructions?name={}", args.model, encoded(&name));
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
            distances(result)
        )
    })
}

/// Copies the reconstructed sound of a whole reconstruction to a file: whole, or not at all.
pub(crate) fn save<'r>(
    client: &Client,
    reconstruction: &'r Reconstruction,
    output: &Path,
) -> anyhow::Result<&'r ReconstructionResult> {
    let result = reconstruction.result.as_ref().context("failed to find what came out")?;
    let path = encoded_path(&result.reconstruction);
    let path = format!("/api/reconstructions/{}/files/{path}", reconstruction.id);
    let name = output.file_name().context("failed to find a name in the output's path")?;
    let part = output.with_file_name(format!(".{}.part", name.to_string_lossy()));
    let written = File::create(&part).context("failed to create a file").and_then(|mut file| {
        client.download(&path, &mut file)?;
        file.flush().and_then(|()| file.sync_all()).context("failed to write the file")?;
        fs::rename(&part, output).context("failed to rename the file")
    });
    if written.is_err() {
        // It may never have been created.
        let _ = fs::remove_file(&part);
    }
    written.with_context(|| format!("failed to write {}", output.display()))?;
    Ok(result)
}

/// Distances between original and reconstruction in words, one a line.
pub(crate) fn distances(result: &ReconstructionResult) -> String {
    result.distances.iter().map(|(name, value)| format!("{name} {value:.4}\n")).collect()
}

/// Sees that writing the output destroys nothing.
fn check_output(input: &Path, output: &Path, force: bool) -> Result<(), Refused> {
    let refuse = |code: &str, why: &str, remedy: &str| {
        Err(Refused(Problem {
            code: code.to_owned(),
            what: format!("The reconstruction is not written to {}.", output.display()),
            why: Some(why.to_owned()),
            remedy: Some(remedy.to_owned()),
            fields: vec![],
        }))
    };
    let is_wav = output.extension().is_some_and(|it| it.eq_ignore_ascii_case("wav"));
    if !input.is_file() {
        return refuse("not_a_file", "The input is not a file.", "Name one sound file.");
    }
    if !is_wav {
        return refuse("not_wav", "Reconstructions are WAV files.", "Name it like sound.wav.");
    }
    if fs::canonicalize(output).is_ok_and(|output| output == input) {
        return refuse("same_file", "That is the input.", "Name another file.");
    }
    if output.exists() && !force {
        return refuse(
            "exists",
            "That file is there already.",
            "Name another file, or add --force.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_over_by_chance() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().canonicalize().unwrap().join(name);
        fs::write(path("in.wav"), "").unwrap();
        fs::write(path("there.wav"), "").unwrap();
        let check = |output: &str, force: bool, expected: Option<&str>| {
            let refused = check_output(&path("in.wav"), &path(output), force).err();
            assert_eq!(refused.map(|it| it.0.code).as_deref(), expected, "{output}");
        };
        check("new.wav", false, None);
        check("new.WAV", false, None);
        check("new.mp3", false, Some("not_wav"));
        check("new", false, Some("not_wav"));
        check("in.wav", true, Some("same_file"));
        check("there.wav", false, Some("exists"));
        check("there.wav", true, None);
    }
}
