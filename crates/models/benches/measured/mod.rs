//! What benches measure: time of the processor, and memory.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use models::effort::Speeds;
use models::words::{TextToAudio, Wish};
use nn::dense::Precision;
use serde_json::{Value, json};

/// Processor time of this thread where Linux reports it, else the time of day: other programs may be busy. Source:
/// proc(5), `schedstat`.
pub(crate) fn cpu_secs() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let on_cpu = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = on_cpu.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
    match nanoseconds {
        Some(nanoseconds) => nanoseconds * 1e-9,
        None => START.get_or_init(Instant::now).elapsed().as_secs_f64(),
    }
}

/// The most memory that this process has had so far; 0 where the system does not report it.
pub(crate) fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// A whole sound: the time of the processor that it takes and took, and memory that it takes and took at most.
pub(crate) fn whole(
    model: &dyn TextToAudio,
    wish: &Wish,
    folder: &Path,
    precision: Precision,
) -> Value {
    let effort = models::hub::effort(folder, wish, precision).expect("settings that can be used");
    // What was measured before counts as taken, and what the measure itself takes does not.
    let peak_before = peak_bytes();
    let started = cpu_secs();
    let made = model.make(wish, &mut |_| ControlFlow::Continue(()));
    assert!(made.expect("a wish that can be granted").is_some());
    let (secs, peak) = (cpu_secs() - started, peak_bytes());
    json!({
        "secs": secs,
        "forecast_secs": effort.work.secs(&Speeds::of_this_computer(precision)),
        "weight_bytes": [effort.weight_bytes, model.weight_bytes()],
        "forecast_bytes": effort.weight_bytes + effort.sound_bytes,
        "loaded_bytes": peak_before,
        "peak_bytes": peak,
    })
}
