//! What training takes of memory, and what was said it would take, for one phase in a process of its own.
//!
//! `cargo xtask bench memory` runs it for many configurations and reads its last line:
//! `{"forecast_bytes", "batch_size", "peak_bytes", "step_secs"}`.
//!
//! Usage: `train_memory [--forecast] PHASE PRESET [SWITCH ...] [KEY=NUMBER ...]`

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::{collections::BTreeMap, fs, time::Instant};

use models::rave::{Config, Trainer, forecast, resolve};
use serde_json::{Value, json};

fn main() {
    let mut args = std::env::args().skip(1).peekable();
    let is_only_forecast = args.next_if(|it| it == "--forecast").is_some();
    let (Some(phase), Some(preset)) = (args.next(), args.next()) else { return };
    let (settings, switches): (Vec<String>, Vec<String>) = args.partition(|it| it.contains('='));
    let changes: BTreeMap<String, Value> = settings
        .iter()
        .filter_map(|it| it.split_once('='))
        .map(|(key, value)| (key.to_owned(), serde_json::from_str(value).unwrap()))
        .collect();
    let settings = resolve(&preset, &switches, &changes).unwrap().settings;
    let config = Config::from_settings(&settings).unwrap();
    let is_phase_2 = phase == "2";
    let forecast_bytes = forecast(&config).memory.process_bytes()[usize::from(is_phase_2)];
    let mut figures = json!({ "forecast_bytes": forecast_bytes, "batch_size": config.batch_size });
    if !is_only_forecast {
        let step_secs = train(config, is_phase_2);
        figures["step_secs"] = step_secs.into();
        figures["peak_bytes"] = peak_bytes().into();
    }
    #[expect(clippy::print_stdout, reason = "the bench answers on its standard output")]
    {
        println!("{figures}");
    }
}

/// Trains as a worker does: some steps, a checkpoint, a measurement, a rendering. Gives seconds a step.
fn train(config: Config, is_phase_2: bool) -> f64 {
    nn::keep_freed_memory();
    nn::set_threads(std::thread::available_parallelism().map_or(1, usize::from));
    let config = Config { phase_1_duration: 1 << 40, update_discriminator_every: 2, ..config };
    let mut trainer = Trainer::new(&config, 0);
    let mut rng = audio::Rng::new(0);
    let mut noise = |n: usize| (0..n).map(|_| 0.1 * rng.normal()).collect::<Vec<f32>>();
    let batch = noise(config.batch_size * config.channels * config.n_signal);
    let held_out: Vec<_> =
        (0..config.channels).map(|_| noise(3 * config.sampling_rate as usize)).collect();
    if is_phase_2 {
        trainer.begin_phase_2();
    }
    let started = Instant::now();
    // In phase 2 the discriminators learn, then the decoder, then the discriminators beside its moments.
    let n_steps = if is_phase_2 { 3 } else { 2 };
    for _ in 0..n_steps {
        assert!(trainer.step(&batch).is_finite);
    }
    let step_secs = started.elapsed().as_secs_f64() / f64::from(n_steps);
    let folder = tempfile::tempdir().unwrap();
    trainer.save(&folder.path().join("step.safetensors")).unwrap();
    trainer.validate(std::slice::from_ref(&held_out));
    drop(trainer.render(&held_out));
    step_secs
}

/// The most memory that this process held. Source: proc(5).
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
