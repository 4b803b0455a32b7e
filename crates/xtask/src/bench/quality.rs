//! How near held-out sound comes in the same time, ours and `rave train`, on the same recordings.
//!
//! Folders of sound come from `MAQUETTE_QUALITY` (`name=folder,…`); there are none in the project. Each
//! program learns from five sixths of the files for the same time on the clock, with all threads, one
//! after the other; both models are then measured on the rest, by the same measure (mean latents,
//! multi-band spectral distance).

use std::{env, fs, path::Path};

use anyhow::Context;

use super::reference;
use crate::step::{Step, say};

/// How long each may learn, unless `MAQUETTE_QUALITY_SECS` says otherwise.
const SECS: &str = "600";
/// What the original is tried with: its name here, its configuration, and what is changed in it. Its own
/// defaults do not come to a first checkpoint in this time on a laptop.
const THEIRS: [(&str, &str, &[&str]); 3] = [
    ("v2_small, capacity 16", "v2_small.gin", &["CAPACITY=16", "LATENT_SIZE=64"]),
    ("v2_small, capacity 8", "v2_small.gin", &["CAPACITY=8", "LATENT_SIZE=64"]),
    ("v1, capacity 16", "v1.gin", &["CAPACITY=16", "LATENT_SIZE=16"]),
];

/// Trains and measures, and prints a table.
pub(crate) fn run(with_reference: bool) -> anyhow::Result<()> {
    let Ok(folders) = env::var("MAQUETTE_QUALITY") else {
        say("skipped: name folders of sound in MAQUETTE_QUALITY, like notes=/path,drums=/path");
        return Ok(());
    };
    let secs = env::var("MAQUETTE_QUALITY_SECS").unwrap_or_else(|_| SECS.into());
    let build = ["build", "--release", "--package", "models", "--example", "learn"];
    Step::new("build the trainer", "cargo", &build).run()?;
    let n_theirs = match env::var("MAQUETTE_QUALITY_THEIRS") {
        Ok(n) => n.parse().context("MAQUETTE_QUALITY_THEIRS is a number of choices")?,
        Err(_) => THEIRS.len(),
    };
    let python = if with_reference { reference::environment() } else { None };
    let place = tempfile::tempdir().context("make a temporary folder")?;
    say(&format!("\nheld-out multi-band spectral distance after {secs} s; smaller is better\n"));
    for entry in folders.split(',') {
        let (name, folder) = entry.split_once('=').context("write name=folder")?;
        let ours = last(&learn(&[folder, "sketch", &secs, "clock=wall"])?);
        say(&format!("{name:<10} ours: sketch                    {ours}"));
        let Some(python) = &python else { continue };
        for (i, their) in THEIRS.iter().enumerate().take(n_theirs) {
            let place = place.path().join(format!("{name}-{i}"));
            let found = theirs(python, folder, &place, their, &secs);
            let found = found.unwrap_or_else(|error| format!("failed: {error:#}"));
            say(&format!("{name:<10} acids-rave: {:<22} {found}", their.0));
        }
    }
    Ok(())
}

/// Runs the trainer example; gives what it printed.
fn learn(args: &[&str]) -> anyhow::Result<String> {
    let mut command =
        vec!["run", "--release", "--quiet", "--package", "models", "--example", "learn", "--"];
    command.extend_from_slice(args);
    Step::new("ours", "cargo", &command).output()
}

/// The distance in the last line.
fn last(printed: &str) -> String {
    let words: Vec<&str> = printed.lines().last().unwrap_or_default().split(' ').collect();
    let at = words.iter().position(|word| *word == "last").map(|i| i + 1);
    at.and_then(|i| words.get(i)).map_or_else(|| "no figure".into(), |word| (*word).to_owned())
}

/// Prepares, trains for so long, and measures the newest checkpoint.
fn theirs(
    python: &Path,
    folder: &str,
    place: &Path,
    (_, config, overrides): &(&str, &str, &[&str]),
    secs: &str,
) -> anyhow::Result<String> {
    let sounds = place.join("sounds");
    learn(&[folder, "sketch", "0", &format!("write={}", sounds.display())])?;
    let rave = python.join("bin/rave").to_string_lossy().into_owned();
    let (sounds, data) = (sounds.to_string_lossy(), place.join("data"));
    let data = data.to_string_lossy();
    let args =
        ["preprocess", "--input_path", &sounds, "--output_path", &data, "--num_signal", "65536"];
    Step::new("theirs", &rave, &args).output()?;
    // With fewer excerpts than a batch it does not start, and leaves at once.
    let checkpoint = BATCHES.iter().find_map(|batch| {
        let runs = place.join(format!("runs-{batch}"));
        train_theirs(&rave, &data, &runs, config, overrides, [batch, secs]);
        newest(&runs).map(|found| (found, batch))
    });
    let (checkpoint, batch) = checkpoint.context("it left no checkpoint")?;
    let evaluate = format!("evaluate={}", checkpoint.display());
    let distance = last(&learn(&[folder, "sketch", "0", &evaluate])?);
    Ok(format!("{distance} (batch {batch})"))
}

/// What the original's batch may be, the first that it takes.
const BATCHES: [&str; 2] = ["4", "2"];

/// Lets the original train for so long.
fn train_theirs(
    rave: &str,
    data: &str,
    runs: &Path,
    config: &str,
    overrides: &[&str],
    [batch, secs]: [&str; 2],
) {
    let runs = runs.to_string_lossy().into_owned();
    let mut args = vec!["--signal=INT", secs, rave, "train", "--name", "run", "--config", config];
    for change in overrides {
        args.extend(["--override", change]);
    }
    args.extend(["--db_path", data, "--out_path", &runs, "--channels", "1", "--gpu", "-1"]);
    args.extend(["--n_signal", "65536", "--batch", batch, "--val_every", "40", "--workers", "0"]);
    // It ends by the interrupt, so its status says nothing.
    let _ = Step::new("theirs", "timeout", &args).output();
}

/// The last checkpoint below a folder: not the best, which may be from before phase 2.
fn newest(folder: &Path) -> Option<std::path::PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).ok()?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "ckpt") {
                found.push((entry.metadata().ok()?.modified().ok()?, path));
            }
        }
    }
    found.into_iter().max().map(|(_, path)| path)
}
