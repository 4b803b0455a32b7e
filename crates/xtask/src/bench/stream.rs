//! How many times faster than real time models play live, ours and the original's streaming models, on
//! one thread.

use anyhow::Context;
use serde_json::Value;

use super::{median, reference};
use crate::step::{Step, say};

/// How often the two take turns.
const TURNS: usize = 3;
/// Seconds of sound in a turn.
const SECONDS: &str = "4";
/// Samples that both programs give times for.
const GROUP: f64 = 2048.0;
/// Samples of a second.
const RATE: f64 = 44_100.0;

/// Configurations of the original, at their full capacity.
const CONFIGURATIONS: [&str; 5] = ["v2", "v2_small", "v1", "v3", "raspberry"];
/// Samples of a block.
const BLOCKS: [&str; 2] = ["512", "2048"];
/// How exactly ours keeps weights.
const PRECISIONS: [&str; 3] = ["float32", "int16", "int8"];

/// What one program took.
struct Took {
    /// Processor seconds of a [`GROUP`].
    cpu_secs: f64,
    /// The longest that a block took on the clock.
    worst_secs: f64,
    weight_mb: f64,
}

/// Measures all configurations and prints the table.
pub(crate) fn run(with_reference: bool) -> anyhow::Result<()> {
    let build = ["bench", "--package", "models", "--bench", "play", "--no-run"];
    Step::new("build the bench", "cargo", &build).run()?;
    let python = if with_reference { reference::environment() } else { None };
    let python = python.map(|it| it.join("bin/python").to_string_lossy().into_owned());
    say(
        "\nplaying live, one thread, times real time by processor time: median (best); the original in \
         blocks of at least a latent frame\n",
    );
    say(
        "config     block weights |          ours    MB  worst ms | the original | ours / original",
    );
    for config in CONFIGURATIONS {
        for block in BLOCKS {
            measure(config, block, python.as_deref())?;
        }
    }
    Ok(())
}

fn measure(config: &str, block: &str, python: Option<&str>) -> anyhow::Result<()> {
    let args = ["--config", config, "--block", block, "--seconds", SECONDS];
    let (mut ours, mut theirs) = (PRECISIONS.map(|_| vec![]), vec![]);
    for _ in 0..TURNS {
        for (precision, turns) in PRECISIONS.iter().zip(&mut ours) {
            let mut command = vec!["bench", "--quiet", "--package", "models", "--bench", "play"];
            command.push("--");
            command.extend_from_slice(&args);
            command.extend_from_slice(&["--precision", precision]);
            turns.push(took(Step::new("ours", "cargo", &command))?);
        }
        if let Some(python) = python {
            let mut command = vec!["-W", "ignore", "benches/stream_rave.py"];
            command.extend_from_slice(&args);
            theirs.push(took(Step::new("the original", python, &command))?);
        }
    }
    for (precision, turns) in PRECISIONS.iter().zip(&ours) {
        let compared = if theirs.is_empty() {
            "skipped".to_owned()
        } else {
            format!("{} | {:5.1}", speed(&theirs), middle(&theirs) / middle(turns))
        };
        let worst = turns.iter().map(|it| it.worst_secs).fold(f64::INFINITY, f64::min);
        let (weights, worst) = (turns[0].weight_mb, worst * 1e3);
        let ours = format!("{} {weights:5.0} {worst:9.2}", speed(turns));
        say(&format!("{config:<10} {block:>5} {precision:<7} | {ours} | {compared}"));
    }
    Ok(())
}

/// Times real time: in the median turn, and in the fastest.
fn speed(turns: &[Took]) -> String {
    let least = turns.iter().map(|it| it.cpu_secs).fold(f64::INFINITY, f64::min);
    let times = |secs: f64| GROUP / RATE / secs;
    format!("{:5.1} ({:5.1})", times(middle(turns)), times(least))
}

fn middle(turns: &[Took]) -> f64 {
    median(turns.iter().map(|it| it.cpu_secs).collect())
}

/// Both programs end with the same line of JSON.
fn took(step: Step) -> anyhow::Result<Took> {
    let output = step.output()?;
    let line = output.lines().last().context("the program printed nothing")?;
    let printed: Value =
        serde_json::from_str(line).with_context(|| format!("understand `{line}`"))?;
    Ok(Took {
        cpu_secs: printed["cpu_secs"].as_f64().context("the program measured nothing")?,
        worst_secs: printed["worst_secs"].as_f64().unwrap_or(f64::NAN),
        weight_mb: printed["weight_bytes"].as_f64().unwrap_or(f64::NAN) / 1e6,
    })
}
