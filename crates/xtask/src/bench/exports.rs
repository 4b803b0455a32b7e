//! Exported modules in PyTorch: the same samples as ours, block by block, and how fast they play there.

use anyhow::Context;
use serde_json::Value;

use super::reference;
use crate::step::{Step, say};

/// What is exported: presets with switches and settings, at their full size.
const CASES: [&str; 17] = [
    "v1",
    "v1+causal",
    "v2",
    "v2+causal",
    "v2+noise",
    "v2+adain",
    "v2+snake",
    "v2+wasserstein",
    "v2+spherical",
    "v2_small",
    "v2_small channels=2",
    "v2_nopqmf",
    "v3",
    "discrete",
    "onnx",
    "raspberry",
    "sketch",
];
/// Samples at a time.
const BLOCK: &str = "2048";

/// Exports, plays in PyTorch, and prints the table.
pub(crate) fn run(with_reference: bool) -> anyhow::Result<()> {
    let build = ["build", "--release", "--package", "models", "--example", "torch_script"];
    Step::new("build the exporter", "cargo", &build).run()?;
    let Some(python) = reference::environment().filter(|_| with_reference) else {
        say("skipped: modules are checked by PyTorch");
        return Ok(());
    };
    let python = python.join("bin/python").to_string_lossy().into_owned();
    let folder = tempfile::tempdir().context("make a temporary folder")?;
    say("\nlargest differences, relative; speed on one thread, times real time, blocks of 2048\n");
    say("configuration          MB   latents     sound   after reset   in PyTorch   ours");
    for case in CASES {
        let place = folder.path().join("case");
        let file = |name: &str| place.join(name).to_string_lossy().into_owned();
        let mut command = vec!["run", "--release", "--quiet", "--package", "models", "--example"];
        let folder = place.to_string_lossy().into_owned();
        let mut words = case.split(' ');
        let name = words.next().unwrap_or_default();
        command.extend(["torch_script", "--", &folder, name, BLOCK]);
        command.extend(words);
        let ours = last_line(&Step::new("ours", "cargo", &command).output()?)?;
        let files = ["model.ts", "sound.npy", "latents.npy", "made.npy"].map(file);
        let mut command = vec!["-W", "ignore", "benches/check_torch_script.py"];
        command.extend(files.iter().map(String::as_str));
        command.push(BLOCK);
        let theirs = last_line(&Step::new("PyTorch", &python, &command).output()?)?;
        let size = std::fs::metadata(&files[0]).map_or(0, |it| it.len());
        let number = |from: &Value, key: &str| from[key].as_f64().unwrap_or(f64::NAN);
        say(&format!(
            "{case:<20} {:>5.0}   {:>7.1e}   {:>7.1e}       {:>7.1e}   {:>10.1} {:>6.1}",
            size as f64 / 1e6,
            number(&theirs, "latents"),
            number(&theirs, "sound"),
            number(&theirs, "again"),
            number(&theirs, "realtime"),
            number(&ours, "realtime"),
        ));
    }
    Ok(())
}

fn last_line(printed: &str) -> anyhow::Result<Value> {
    let line = printed.lines().last().context("the program printed nothing")?;
    serde_json::from_str(line).with_context(|| format!("understand `{line}`"))
}
