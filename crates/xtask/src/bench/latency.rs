//! How long sound takes through models that play live: what a block takes to compute, and from input to output; and
//! what a prior costs that plays beside them.

use anyhow::Context;
use serde_json::Value;

use super::median;
use crate::step::{Step, say};

/// How often the cases take turns.
const TURNS: usize = 3;
/// Seconds of sound in a turn.
const SECONDS: &str = "10";
/// Samples that mean times are given for.
const GROUP: f64 = 2048.0;
/// Samples of a second.
const RATE: f64 = 44_100.0;

/// Preset, samples of a block, and the precision of weights.
const CASES: [[&str; 3]; 9] = [
    ["brave", "128", "float32"],
    ["brave", "128", "int16"],
    ["brave", "128", "int8"],
    ["brave", "64", "int8"],
    ["brave_wide", "128", "int8"],
    ["sketch", "2048", "int8"],
    ["v2_small", "2048", "int8"],
    ["v2", "2048", "int8"],
    ["v2_small", "512", "int8"],
];

/// Presets of priors, and samples of a frame of the codec that they go with.
const PRIORS: [&str; 3] = ["quick", "standard", "prior_v1"];
const FRAME: f64 = 512.0;

/// One turn of a case.
struct Took {
    cpu_secs: f64,
    median_secs: f64,
    late_secs: f64,
    latency_secs: f64,
}

/// Measures all cases in turns and prints the table as Markdown, with the median turn of each figure.
pub(crate) fn run() -> anyhow::Result<()> {
    let build = ["bench", "--package", "models", "--bench", "play", "--no-run"];
    Step::new("build the bench", "cargo", &build).run()?;
    let mut turns: Vec<Vec<Took>> = CASES.iter().map(|_| vec![]).collect();
    for _ in 0..TURNS {
        for (case, turns) in CASES.iter().zip(&mut turns) {
            turns.push(took(case)?);
        }
    }
    say(
        "| configuration | block | weights | a block, ms: median | 99th percentile | times real time | fixed delay, ms \
         | input to output, ms |",
    );
    say("|---|---|---|---|---|---|---|---|");
    for ([preset, block, precision], turns) in CASES.iter().zip(&turns) {
        let of = |figure: fn(&Took) -> f64| median(turns.iter().map(figure).collect());
        let (late, fixed) = (of(|it| it.late_secs), of(|it| it.latency_secs));
        let filled = block.parse::<f64>().context("a block is a number")? / RATE;
        say(&format!(
            "| {preset} | {block} | {precision} | {:.2} | {:.2} | {:.1} | {:.1} | {:.1} |",
            1e3 * of(|it| it.median_secs),
            1e3 * late,
            GROUP / RATE / of(|it| it.cpu_secs),
            1e3 * fixed,
            // A sample waits until its block is full, and its block for the computer.
            1e3 * (filled + fixed + late),
        ));
    }
    say("");
    say("| prior | parameters | a frame, ms | of a core, at 86 frames a second |");
    say("|---|---|---|---|");
    for preset in PRIORS {
        let mut turns = vec![];
        let mut n_parameters = 0.0;
        for _ in 0..TURNS {
            let printed = played(&["--prior", preset])?;
            turns.push(figure(&printed, "cpu_secs")?);
            n_parameters = figure(&printed, "n_parameters")?;
        }
        let secs = median(turns);
        let share = 100.0 * secs * RATE / FRAME;
        say(&format!(
            "| {preset} | {:.2} million | {:.2} | {share:.1} % |",
            n_parameters / 1e6,
            1e3 * secs
        ));
    }
    Ok(())
}

fn took([preset, block, precision]: &[&str; 3]) -> anyhow::Result<Took> {
    let args = ["--config", preset, "--block", block, "--precision", precision];
    let printed = played(&[&args[..], &["--seconds", SECONDS]].concat())?;
    Ok(Took {
        cpu_secs: figure(&printed, "cpu_secs")?,
        median_secs: figure(&printed, "median_secs")?,
        late_secs: figure(&printed, "late_secs")?,
        latency_secs: figure(&printed, "latency_samples")? / RATE,
    })
}

/// What the bench prints.
fn played(args: &[&str]) -> anyhow::Result<Value> {
    let command = ["bench", "--quiet", "--package", "models", "--bench", "play", "--"];
    let output = Step::new("play", "cargo", &[&command[..], args].concat()).output()?;
    let line = output.lines().last().context("the program printed nothing")?;
    serde_json::from_str(line).with_context(|| format!("understand `{line}`"))
}

fn figure(printed: &Value, key: &str) -> anyhow::Result<f64> {
    printed[key].as_f64().with_context(|| format!("find `{key}`"))
}
