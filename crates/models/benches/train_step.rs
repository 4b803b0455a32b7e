//! Times one training step of a network with the layers and losses of `v2_small`.
//!
//! `cargo xtask bench train` runs it in turns with `benches/train_torch.py` and reads its last line:
//! `{"phase", "wall_secs": [...], "cpu_secs": [...], "peak_bytes"}`.

use std::{collections::BTreeMap, fs, time::Instant};

use models::rave::{Config, Phase, Trainer, resolve};
use serde_json::{Value, json};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    // `cargo test` runs benches too, without asking for a measurement.
    let Some(phase) = value(&args, "--phase") else { return };
    let number = |name: &str, default: u64| {
        value(&args, name).and_then(|it| it.parse::<u64>().ok()).unwrap_or(default)
    };
    nn::keep_freed_memory();
    nn::set_threads(number("--threads", 1) as usize);
    let mut overrides: BTreeMap<String, Value> = BTreeMap::from([
        ("capacity".into(), json!(number("--capacity", 48))),
        ("discriminator_capacity".into(), json!(number("--capacity", 48))),
        ("batch_size".into(), json!(number("--batch", 1))),
        ("n_signal".into(), json!(number("--n-signal", 131_072))),
        ("device".into(), json!(value(&args, "--device").unwrap_or_else(|| "cpu".into()))),
        (
            "precision".into(),
            json!(value(&args, "--precision").unwrap_or_else(|| "float32".into())),
        ),
    ]);
    if phase != "reconstruction" {
        overrides.insert("phase_1_duration".into(), json!(0));
    }
    let settings = resolve("v2_small", &[], &overrides)
        .expect("the bench asks for settings that exist")
        .settings;
    let mut config = Config::from_settings(&settings).expect("the settings were just resolved");
    if phase == "discriminator" {
        // No other kind of step in between: each has memory of its own.
        config.update_discriminator_every = 1;
    }
    let mut trainer = Trainer::new(&config, 0);
    trainer.compute_on(config.compute().expect("there is the place that was asked for"));
    let mut rng = audio::Rng::new(0);
    let n = config.batch_size * config.n_signal;
    let batch: Vec<f32> = (0..n).map(|_| 0.1 * rng.normal()).collect();
    let n_steps = number("--steps", 3) as usize;
    let (mut wall_secs, mut cpu_secs) = (vec![], vec![]);
    let mut is_warm = false;
    while wall_secs.len() < n_steps {
        let (wall, cpu) = (Instant::now(), process_cpu_secs());
        let report = trainer.step(&batch);
        let took = (wall.elapsed().as_secs_f64(), process_cpu_secs() - cpu);
        if !is_asked(&phase, &report) {
            continue;
        }
        if is_warm {
            wall_secs.push(took.0);
            cpu_secs.push(took.1);
        }
        is_warm = true;
    }
    let peak_bytes = status_kb("VmHWM:") * 1024;
    let figures = json!({ "phase": phase, "wall_secs": wall_secs, "cpu_secs": cpu_secs, "peak_bytes": peak_bytes });
    #[expect(clippy::print_stdout, reason = "the bench answers on its standard output")]
    {
        println!("{figures}");
    }
}

/// Steps of phase 2 take turns; the asked ones are told by what they report.
fn is_asked(phase: &str, report: &models::rave::StepReport) -> bool {
    let has = |name: &str| report.values.iter().any(|it| it.0 == name);
    match phase {
        "discriminator" => has("loss_dis"),
        "generator" => report.phase == Phase::Adversarial && !has("loss_dis"),
        _ => true,
    }
}

fn value(args: &[String], name: &str) -> Option<String> {
    let at = args.iter().position(|it| it == name)?;
    args.get(at + 1).cloned()
}

/// Processor time of this process. Source: proc(5), 100 ticks a second.
fn process_cpu_secs() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |it| it.1);
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).and_then(|it| it.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

fn status_kb(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix(key)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
