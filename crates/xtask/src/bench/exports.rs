//! Exported files in the programs that they are for: the same samples as ours, block by block, and how fast
//! they play there.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::reference;
use crate::step::{Step, say};

/// What is exported: presets with switches and settings, at their full size.
const CASES: [&str; 20] = [
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
    "discrete_v3",
    "hybrid",
    "hybrid+causal",
    "onnx",
    "raspberry",
    "sketch",
];
/// Programs beside PyTorch and onnxruntime: what they are called, what names them, and what asks them.
const PLAYERS: [[&str; 3]; 3] = [
    ["nn~", "MAQUETTE_NN_TILDE", "benches/check_nn_tilde.py"],
    ["RAVE VST", "MAQUETTE_RAVE_VST", "benches/check_rave_vst.py"],
    ["onnxruntime-web", "MAQUETTE_ONNX_WEB", "benches/check_onnx_web.mjs"],
];
/// How far numbers may be from ours, relative to the largest: rounding leaves a hundredth of it.
const DIFFERENCE_MAX: f64 = 1e-4;
/// Samples at a time.
const BLOCK: &str = "2048";

/// Exports, plays elsewhere, prints the table as Markdown, and fails if a program plays something else.
///
/// The environment of the reference programs has PyTorch 2.5; `MAQUETTE_BENCH_VENVS` names others, joined with
/// colons, with another PyTorch or with onnxruntime. `MAQUETTE_NN_TILDE` and `MAQUETTE_RAVE_VST` are
/// `benches/check_nn_tilde.cpp` and `benches/check_rave_vst.cpp`, built with the sources of those programs and
/// libtorch; `MAQUETTE_ONNX_WEB` is a `node_modules` with onnxruntime-web and playwright-core.
pub(crate) fn run(with_reference: bool) -> anyhow::Result<()> {
    let build = ["build", "--release", "--package", "models", "--example", "export_case"];
    Step::new("build the exporter", "cargo", &build).run()?;
    let mut venvs: Vec<PathBuf> =
        reference::environment().filter(|_| with_reference).into_iter().collect();
    let more = std::env::var_os("MAQUETTE_BENCH_VENVS").unwrap_or_default();
    venvs.extend(std::env::split_paths(&more).filter(|path| !path.as_os_str().is_empty()));
    if venvs.is_empty() {
        say("skipped: files are checked by PyTorch and onnxruntime");
        return Ok(());
    }
    let pythons: Vec<String> =
        venvs.iter().map(|venv| venv.join("bin/python").to_string_lossy().into_owned()).collect();
    let folder = tempfile::tempdir().context("make a temporary folder")?;
    say(
        "| configuration | program | latents | sound | after a reset | whole sounds | MB | times real time | ours |",
    );
    say("|---|---|---|---|---|---|---|---|---|");
    for case in CASES {
        let place = folder.path().join("case").to_string_lossy().into_owned();
        let mut command = vec!["run", "--release", "--quiet", "--package", "models", "--example"];
        let mut words = case.split(' ');
        let name = words.next().unwrap_or_default();
        command.extend(["export_case", "--", &place, name, BLOCK]);
        command.extend(words);
        let ours = last_line(&Step::new("ours", "cargo", &command).output()?)?;
        for python in &pythons {
            let command = ["-W", "ignore", "benches/check_exports.py", &place, BLOCK];
            let printed = Step::new("theirs", python, &command).output()?;
            for line in printed.lines().filter(|line| line.starts_with('{')) {
                let theirs: Value = serde_json::from_str(line).context("understand a check")?;
                say(&row(case, &ours, &theirs)?);
            }
        }
        for [title, variable, script] in PLAYERS {
            let Some(program) = std::env::var_os(variable) else { continue };
            let command = [script, &program.to_string_lossy(), &place, BLOCK];
            let interpreter = if script.ends_with(".mjs") { "node" } else { &pythons[0] };
            let printed = Step::new(title, interpreter, &command).output()?;
            say(&row(case, &ours, &last_line(&printed)?)?);
        }
    }
    Ok(())
}

fn row(case: &str, ours: &Value, theirs: &Value) -> anyhow::Result<String> {
    for key in ["latents", "sound", "again", "whole"] {
        let Some(apart) = theirs.get(key) else { continue };
        let (apart, program) = (apart.as_f64().unwrap_or(f64::NAN), &theirs["program"]);
        ensure!(apart <= DIFFERENCE_MAX, "{case}: {key} of {program} differ by {apart:.1e}");
    }
    let apart = |key: &str| match theirs[key].as_f64() {
        Some(x) => format!("{x:.1e}"),
        None => "–".to_owned(),
    };
    let words = |key: &str| theirs[key].as_str().unwrap_or_default().to_owned();
    let kind = match words("program") {
        program if program.starts_with("onnxruntime") => "onnx",
        program if program == "safetensors" => "safetensors",
        _ => "ts",
    };
    let figure = |value: &Value, digits: usize| match value.as_f64() {
        Some(x) => format!("{x:.digits$}"),
        None => "–".to_owned(),
    };
    Ok(format!(
        "| {case} | {} {} | {} | {} | {} | {} | {:.1} | {} | {} |",
        words("program"),
        words("version"),
        apart("latents"),
        apart("sound"),
        apart("again"),
        apart("whole"),
        ours["bytes"][kind].as_f64().unwrap_or(f64::NAN) / 1e6,
        figure(&theirs["realtime"], 1),
        figure(&ours["live"], 0),
    ))
}

fn last_line(printed: &str) -> anyhow::Result<Value> {
    let line = printed.lines().last().context("the program printed nothing")?;
    serde_json::from_str(line).with_context(|| format!("understand `{line}`"))
}
