//! How much memory training takes, against what is said before it starts.

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{
    root,
    step::{Step, say},
};

/// A configuration: a preset, and switches and settings over it.
struct Case {
    preset: &'static str,
    changes: &'static [&'static str],
}

const fn case(preset: &'static str, changes: &'static [&'static str]) -> Case {
    Case { preset, changes }
}

/// Every preset as it is, and every kind of discriminators.
const CASES: [Case; 16] = [
    case("sketch", &[]),
    case("sketch", &["spectral_discriminator"]),
    case("sketch", &["descript_discriminator"]),
    case("standard", &[]),
    case("standard", &["spectral_discriminator"]),
    case("standard", &["descript_discriminator"]),
    case("v2_small", &[]),
    case("v2", &[]),
    case("v2_nopqmf", &[]),
    case("v1", &[]),
    case("onnx", &[]),
    case("raspberry", &[]),
    case("discrete", &[]),
    case("hybrid", &[]),
    case("discrete_v3", &[]),
    case("v3", &[]),
];

/// Estimates are aimed to be this near, either way,
const NEAR: f64 = 0.2;
/// or this near in megabytes: a worker has more of a program in memory than the bench, which counts where
/// models are tiny.
const NEAR_MB: f64 = 20.0;

/// Trains a few steps of each case in both phases, each in a process of its own, and prints the table.
/// What would not fit into memory now is done with smaller batches.
pub(crate) fn run() -> anyhow::Result<()> {
    let build = ["build", "--release", "--package", "models", "--example", "train_memory"];
    Step::new("build the bench", "cargo", &build).run()?;
    say("\nmemory of a training process, MB; ratio = forecast / measured\n");
    say("preset and switches                      phase batch  forecast  measured  ratio  s/step");
    let mut far = vec![];
    for case in &CASES {
        for phase in ["1", "2"] {
            let line = measure(case, phase)?;
            say(&line.text);
            if !line.is_near {
                far.push(line.text);
            }
        }
    }
    if !far.is_empty() {
        bail!("estimates further than {NEAR} from what was measured:\n{}", far.join("\n"));
    }
    Ok(())
}

struct Line {
    text: String,
    is_near: bool,
}

fn measure(case: &Case, phase: &str) -> anyhow::Result<Line> {
    // Half of what is free, so that nobody else on the computer is pushed out.
    let free = free_mb().unwrap_or(f64::INFINITY) / 2.0;
    for batch in [None, Some("batch_size=4"), Some("batch_size=2"), Some("batch_size=1")] {
        let mut args = vec!["--forecast", phase, case.preset];
        args.extend(case.changes.iter().copied().chain(batch));
        let forecast = printed(&args)?;
        if mb(&forecast["forecast_bytes"]) > free && batch != Some("batch_size=1") {
            continue;
        }
        let found = printed(&args[1..])?;
        let [forecast, peak] = ["forecast_bytes", "peak_bytes"].map(|key| mb(&found[key]));
        let name = [&[case.preset][..], case.changes].concat().join(" + ");
        let batch = found["batch_size"].as_u64().unwrap_or(0);
        let secs = found["step_secs"].as_f64().unwrap_or(f64::NAN);
        let ratio = forecast / peak;
        let text = format!(
            "{name:<40} {phase:>5} {batch:>5} {forecast:>9.0} {peak:>9.0} {ratio:>6.2} {secs:>7.1}"
        );
        let is_near = (ratio - 1.0).abs() <= NEAR || (forecast - peak).abs() <= NEAR_MB;
        return Ok(Line { text, is_near });
    }
    bail!("nothing fits into memory")
}

fn printed(args: &[&str]) -> anyhow::Result<Value> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let program = target.join("release/examples/train_memory");
    let output = Step::new("train", &program.to_string_lossy(), args).output()?;
    let line = output.lines().last().context("the program printed nothing")?;
    serde_json::from_str(line).with_context(|| format!("understand `{line}`"))
}

fn mb(bytes: &Value) -> f64 {
    bytes.as_f64().unwrap_or(f64::NAN) / 1e6
}

/// Source: proc(5).
fn free_mb() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1e3)
}
