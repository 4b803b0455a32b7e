//! Seconds per training step, ours and PyTorch's, for the same network, phase by phase.

use anyhow::Context;
use serde_json::Value;

use super::{median, reference};
use crate::step::{Step, say};

/// Phases of training, as both programs name them.
const PHASES: [&str; 3] = ["reconstruction", "discriminator", "generator"];

/// One point of the table.
struct Case {
    capacity: &'static str,
    n_signal: &'static str,
    batch: &'static str,
    threads: &'static str,
    /// How often the two take turns.
    turns: usize,
    /// Counted steps in a turn; one more before them warms up.
    steps: &'static str,
    /// `cpu`, or `gpu` with a build that has it.
    device: &'static str,
    precision: &'static str,
}

const CASES: [Case; 5] = [
    case("48", "131072", "1", "1"),
    case("48", "131072", "1", "2"),
    case("16", "65536", "4", "2"),
    // The reference takes up to a quarter of a minute for each of these.
    Case { turns: 2, steps: "1", ..case("48", "131072", "8", "1") },
    Case { turns: 2, steps: "1", ..case("48", "131072", "8", "2") },
];

const fn case(
    capacity: &'static str,
    n_signal: &'static str,
    batch: &'static str,
    threads: &'static str,
) -> Case {
    Case {
        capacity,
        n_signal,
        batch,
        threads,
        turns: 3,
        steps: "3",
        device: "cpu",
        precision: "float32",
    }
}

const fn gpu_case(batch: &'static str, precision: &'static str) -> Case {
    Case { steps: "10", device: "gpu", precision, ..case("48", "131072", batch, "1") }
}

/// On a graphics card, against PyTorch in eager mode on the same one.
const GPU_CASES: [Case; 4] = [
    gpu_case("1", "float32"),
    gpu_case("1", "mixed"),
    gpu_case("8", "float32"),
    gpu_case("8", "mixed"),
];

/// What one program took for a step.
#[derive(Clone, Copy)]
struct Took {
    wall_secs: f64,
    cpu_secs: f64,
    peak_mb: f64,
}

/// Measures all cases on the CPU and prints the table.
pub(crate) fn run(with_reference: bool) -> anyhow::Result<()> {
    measure_all(&CASES, &[], with_reference)
}

/// The same on a graphics card.
pub(crate) fn run_on_gpu(with_reference: bool) -> anyhow::Result<()> {
    measure_all(&GPU_CASES, &["--features", "vulkan"], with_reference)
}

fn measure_all(cases: &[Case], features: &[&str], with_reference: bool) -> anyhow::Result<()> {
    let build = ["bench", "--package", "models", "--bench", "train_step", "--no-run"];
    Step::new("build the bench", "cargo", &[&build, features].concat()).run()?;
    let python = if with_reference { reference::environment() } else { None };
    let python = python.map(|it| it.join("bin/python").to_string_lossy().into_owned());
    say(
        "\nv2_small network, seconds per step, medians; ratio = ours / PyTorch, below 1 is faster\n",
    );
    say(
        "capacity  samples batch threads precision phase            ours wall    cpu   peak MB   ratio wall   cpu  memory",
    );
    for case in cases {
        for phase in PHASES {
            measure(case, phase, features, python.as_deref())?;
        }
    }
    Ok(())
}

fn measure(
    case: &Case,
    phase: &str,
    features: &[&str],
    python: Option<&str>,
) -> anyhow::Result<()> {
    let args = [
        "--phase",
        phase,
        "--capacity",
        case.capacity,
        "--n-signal",
        case.n_signal,
        "--batch",
        case.batch,
        "--threads",
        case.threads,
        "--steps",
        case.steps,
        "--device",
        case.device,
        "--precision",
        case.precision,
    ];
    let (mut ours, mut theirs) = (vec![], vec![]);
    for _ in 0..case.turns {
        let program = ["bench", "--quiet", "--package", "models", "--bench", "train_step"];
        let command = [&program, features, &["--"], &args].concat();
        ours.push(took(Step::new("ours", "cargo", &command))?);
        if let Some(python) = python {
            let mut command = vec!["-W", "ignore", "benches/train_torch.py"];
            command.extend_from_slice(&args);
            theirs.push(took(Step::new("PyTorch", python, &command))?);
        }
    }
    let ours = middle(&ours);
    let ratio = if theirs.is_empty() {
        "skipped".to_owned()
    } else {
        let theirs = middle(&theirs);
        format!(
            "{:10.2} {:5.2} {:7.2}",
            ours.wall_secs / theirs.wall_secs,
            ours.cpu_secs / theirs.cpu_secs,
            ours.peak_mb / theirs.peak_mb
        )
    };
    say(&format!(
        "{:>8} {:>8} {:>5} {:>7} {:<9} {phase:<15} {:>10.3} {:>6.3} {:>9.0}   {ratio}",
        case.capacity,
        case.n_signal,
        case.batch,
        case.threads,
        case.precision,
        ours.wall_secs,
        ours.cpu_secs,
        ours.peak_mb
    ));
    Ok(())
}

/// Both programs end with the same line of JSON.
fn took(step: Step) -> anyhow::Result<Took> {
    let output = step.output()?;
    let line = output.lines().last().context("the program printed nothing")?;
    let printed: Value =
        serde_json::from_str(line).with_context(|| format!("understand `{line}`"))?;
    let numbers = |key: &str| -> Vec<f64> {
        printed[key].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    Ok(Took {
        wall_secs: median(numbers("wall_secs")),
        cpu_secs: median(numbers("cpu_secs")),
        peak_mb: printed["peak_bytes"].as_f64().unwrap_or(f64::NAN) / 1e6,
    })
}

fn middle(turns: &[Took]) -> Took {
    let of = |get: fn(&Took) -> f64| median(turns.iter().map(get).collect());
    Took {
        wall_secs: of(|it| it.wall_secs),
        cpu_secs: of(|it| it.cpu_secs),
        peak_mb: of(|it| it.peak_mb),
    }
}
