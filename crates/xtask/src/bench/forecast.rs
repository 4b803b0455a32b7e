//! How long a run was said to take, and how long it then took.

use std::{env, path::Path};

use anyhow::Context;
use serde_json::Value;

use crate::{
    root,
    step::{Step, say},
};

/// One run that is measured and then done.
struct Case {
    preset: &'static str,
    /// Its limit: enough of both phases for a minute or so.
    steps: u64,
    settings: &'static [&'static str],
}

const CASES: [Case; 2] = [
    Case { preset: "sketch", steps: 400, settings: &["phase_1_duration=200"] },
    Case { preset: "standard", steps: 30, settings: &["phase_1_duration=15", "batch_size=2"] },
];

/// Measures each case, trains it, and prints both times and their ratio.
pub(crate) fn run() -> anyhow::Result<()> {
    Step::new("build the command", "cargo", &["build", "--release", "--package", "maquette"])
        .run()?;
    let place = tempfile::tempdir().context("make a temporary folder")?;
    let dataset = maquette(place.path(), &["dataset", "create", "--samples"])?;
    let dataset = dataset["id"].as_str().context("the dataset has no identifier")?;
    say("\nseconds a run takes; ratio = taken / forecast\n");
    say("preset      steps  forecast     taken  ratio   others kept busy");
    CASES.iter().try_for_each(|case| compare(place.path(), dataset, case))
}

fn compare(workspace: &Path, dataset: &str, case: &Case) -> anyhow::Result<()> {
    let steps = case.steps.to_string();
    let mut choices = vec!["--preset", case.preset, "--steps", &steps];
    choices.extend(case.settings.iter().flat_map(|it| ["--set", it]));
    let compose = [&["compose", "--dataset", dataset, "--measure"], &choices[..]].concat();
    let composed = maquette(workspace, &compose)?;
    let forecast = composed["measured"]["end_secs"].as_f64().context("nothing was measured")?;
    let busy = composed["measured"]["measured"]["busy_cores"].as_f64().unwrap_or(f64::NAN);
    let train = [&["train", dataset, "--follow"], &choices[..]].concat();
    let run = maquette(workspace, &train)?;
    let taken =
        run["job"]["progress"]["elapsed_secs"].as_f64().context("the run reported no time")?;
    say(&format!(
        "{:<10} {steps:>6} {forecast:>9.1} {taken:>9.1} {:>6.2} {busy:>10.2} cores",
        case.preset,
        taken / forecast
    ));
    Ok(())
}

/// The last line of what the command answers.
fn maquette(workspace: &Path, args: &[&str]) -> anyhow::Result<Value> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let program = target.join("release/maquette");
    let workspace = workspace.to_string_lossy();
    let args = [args, &["--workspace", &workspace, "--json"]].concat();
    let output = Step::new("maquette", &program.to_string_lossy(), &args).output()?;
    let line = output.lines().last().context("the command printed nothing")?;
    serde_json::from_str(line).with_context(|| format!("understand `{line}`"))
}
