//! Times the steps of training an adapter for a model of the size of Stable Audio 3 Small.
//!
//! `benches/words/adapter.py --speed` runs it in turns with PyTorch. Asked by a line on its input it makes a step and answers
//! by one on its output: `{"secs", "forecast_bytes", "peak_bytes"}`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use serde_json::json;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    // `cargo test` runs benches too, without asking for a measurement.
    let Some(crop) = value(&args, "--crop").and_then(|it| it.parse::<f64>().ok()) else { return };
    let number = |name: &str, default: usize| {
        value(&args, name).and_then(|it| it.parse().ok()).unwrap_or(default)
    };
    nn::set_threads(number("--threads", 2));
    let family = models::family("adapter").expect("it is a family");
    let rank = number("--rank", 16);
    let precision = value(&args, "--precision").unwrap_or_else(|| "float32".to_owned());
    let settings = BTreeMap::from([
        ("crop_secs".to_owned(), json!(crop)),
        ("rank".to_owned(), json!(rank)),
        ("caption_dropout".to_owned(), json!(0.0)),
        ("precision".to_owned(), json!(precision)),
    ]);
    let whole = family.compose("standard", &[], &settings).expect("settings in their ranges");
    let settings = family.settings(&whole.settings).expect("whole settings");
    let forecast_bytes = settings.forecast().memory_bytes[0];
    let mut trainer = settings.trainer(0);
    for _ in std::io::stdin().lock().lines().map_while(Result::ok) {
        let started = Instant::now();
        let report = trainer.step_while(&[], &mut || true);
        assert!(report.is_some_and(|it| it.is_finite));
        let secs = started.elapsed().as_secs_f64();
        let answer =
            json!({ "secs": secs, "forecast_bytes": forecast_bytes, "peak_bytes": peak_bytes() });
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")
            .and_then(|()| out.flush())
            .expect("whoever asks reads the answer");
    }
}

/// The most memory that this process has had.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    1024 * kilobytes.unwrap_or(0)
}

fn value(args: &[String], name: &str) -> Option<String> {
    let at = args.iter().position(|it| it == name)?;
    args.get(at + 1).cloned()
}
