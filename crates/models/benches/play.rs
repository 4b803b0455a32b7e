//! Times a model, or a prior, while it plays live, with random weights, on one thread.
//!
//! `cargo xtask bench stream` runs it in turns with `benches/stream_rave.py`, and `cargo xtask bench latency` in
//! turns with itself. Both read its last line:
//! `{"wall_secs", "cpu_secs", "median_secs", "late_secs", "worst_secs", "latency_samples", "weight_bytes"}`: mean
//! times of 2048 samples; the median, the 99th percentile and the longest of the times that a block took on the
//! clock; and by how many samples the model delays sound. With `--prior PRESET` it is `{"n_parameters", "wall_secs",
//! "cpu_secs"}`, mean times of a frame of latents.

use std::{collections::BTreeMap, fs, time::Instant};

use models::rave::{Config, Player, PlayerSettings, resolve};
use models::{Finished as _, Prior as _};
use nn::stream::Precision;
use serde_json::json;

/// Samples that a time is given for: the slowest frame of all configurations.
const GROUP: usize = 2048;
/// Samples of a second.
const RATE: f64 = 44_100.0;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    // `cargo test` runs benches too, without asking for a measurement.
    if let Some(preset) = value(&args, "--prior") {
        return play_prior(&preset);
    }
    let Some(preset) = value(&args, "--config") else { return };
    let block = value(&args, "--block").and_then(|it| it.parse().ok()).unwrap_or(GROUP);
    let seconds = value(&args, "--seconds").and_then(|it| it.parse().ok()).unwrap_or(4.0);
    let precision = match value(&args, "--precision").as_deref() {
        Some("int8") => Precision::Int8,
        Some("int16") => Precision::Int16,
        Some("float32") | None => Precision::Float32,
        Some(other) => panic!("`{other}` is neither float32 nor int16 nor int8"),
    };
    let settings = resolve(&preset, &[], &BTreeMap::new()).expect("a preset that exists").settings;
    let config = Config::from_settings(&settings).expect("the settings were just resolved");
    let settings = PlayerSettings { max_block: block, precision, ..Default::default() };
    let mut player = Player::untrained(&config, settings);
    let mut rng = audio::Rng::new(0);
    let input: Vec<f32> = (0..block).map(|_| 0.1 * rng.normal()).collect();
    let mut output = vec![0.0; block];
    let n_blocks = (GROUP / block).max(1);
    let samples = (n_blocks * block) as f64;
    let n_groups = (seconds * RATE / samples) as usize;
    // The first blocks take what is done once.
    for _ in 0..4 * n_blocks {
        player.play(&[&input], &mut [&mut output]);
    }
    let mut took = Vec::with_capacity(n_groups * n_blocks);
    let (started, used) = (Instant::now(), cpu_secs());
    for _ in 0..n_groups * n_blocks {
        let start = Instant::now();
        player.play(&[&input], &mut [&mut output]);
        took.push(start.elapsed().as_secs_f64());
    }
    let n = n_groups as f64 * samples / GROUP as f64;
    let (wall_secs, cpu_secs) = (started.elapsed().as_secs_f64() / n, (cpu_secs() - used) / n);
    took.sort_by(f64::total_cmp);
    let longest_of = |share: f64| took[((took.len() - 1) as f64 * share).ceil() as usize];
    let figures = json!({
        "wall_secs": wall_secs,
        "cpu_secs": cpu_secs,
        "median_secs": longest_of(0.5),
        "late_secs": longest_of(0.99),
        "worst_secs": longest_of(1.0),
        "latency_samples": player.latency_samples(),
        "weight_bytes": player.weight_bytes(),
    });
    answer(&figures);
}

/// Frames of latents that are timed.
const N_FRAMES: u32 = 2000;

fn play_prior(preset: &str) {
    let family = models::family("prior").expect("it is among the families");
    let composed = family.compose(preset, &[], &BTreeMap::new()).expect("a preset that exists");
    let config = models::prior::config::Config::from_settings(&composed.settings);
    let prior = models::prior::Model::untrained(&config.expect("the settings were just composed"));
    let mut live = prior.live(models::PriorSettings { seed: 0, temperature: 1.0 });
    let mut frame = vec![0.0; prior.space().mean.len()];
    // As many as it looks back to, so that nothing is zero any more.
    (0..prior.context_frames()).for_each(|_| live.next(&mut frame));
    let (started, used) = (Instant::now(), cpu_secs());
    (0..N_FRAMES).for_each(|_| live.next(&mut frame));
    let n_values: usize = prior.weights().iter().map(|(_, _, values)| values.len()).sum();
    answer(&json!({
        "n_parameters": n_values,
        "wall_secs": started.elapsed().as_secs_f64() / f64::from(N_FRAMES),
        "cpu_secs": (cpu_secs() - used) / f64::from(N_FRAMES),
    }));
}

fn answer(figures: &serde_json::Value) {
    #[expect(clippy::print_stdout, reason = "the bench answers on its standard output")]
    {
        println!("{figures}");
    }
}

fn value(args: &[String], name: &str) -> Option<String> {
    let at = args.iter().position(|it| it == name)?;
    args.get(at + 1).cloned()
}

/// Processor time of this thread where Linux tells it, else the time of day. It is counted in ticks, so it
/// says nothing about single blocks. Source: proc(5), `schedstat`.
fn cpu_secs() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let on_cpu = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = on_cpu.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
    match nanoseconds {
        Some(nanoseconds) => nanoseconds * 1e-9,
        None => START.get_or_init(Instant::now).elapsed().as_secs_f64(),
    }
}
