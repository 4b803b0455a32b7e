//! Times a model while it plays live, with random weights, on one thread.
//!
//! `cargo xtask bench stream` runs it in turns with `benches/stream_rave.py` and reads its last line:
//! `{"wall_secs": [...], "cpu_secs": [...], "worst_secs", "weight_bytes"}`, times for 2048 samples each.

use std::{collections::BTreeMap, fs, time::Instant};

use models::rave::{Config, Player, PlayerSettings, resolve};
use nn::stream::Precision;
use serde_json::json;

/// Samples that a time is given for: the slowest frame of all configurations.
const GROUP: usize = 2048;
/// Samples of a second.
const RATE: f64 = 44_100.0;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    // `cargo test` runs benches too, without asking for a measurement.
    let Some(preset) = value(&args, "--config") else { return };
    let block = value(&args, "--block").and_then(|it| it.parse().ok()).unwrap_or(GROUP);
    let seconds = value(&args, "--seconds").and_then(|it| it.parse().ok()).unwrap_or(4.0);
    let is_short = value(&args, "--precision").as_deref() == Some("short");
    let precision = if is_short { Precision::Short } else { Precision::Full };
    let settings = resolve(&preset, &[], &BTreeMap::new()).expect("a preset that exists").settings;
    let config = Config::from_settings(&settings).expect("the settings were just resolved");
    let settings = PlayerSettings { max_block: block, precision, ..Default::default() };
    let mut player = Player::untrained(&config, settings).expect("a configuration that plays");
    let mut rng = audio::Rng::new(0);
    let input: Vec<f32> = (0..block).map(|_| 0.1 * rng.normal()).collect();
    let mut output = vec![0.0; block];
    let n_blocks = (GROUP / block).max(1);
    let samples = (n_blocks * block) as f64;
    let n_groups = (seconds * RATE / samples) as usize;
    let (mut wall_secs, mut cpu_secs, mut worst_secs) = (vec![], vec![], 0.0f64);
    for group in 0..n_groups + 4 {
        let (wall, cpu) = (Instant::now(), thread_cpu_secs());
        let mut last = cpu;
        for _ in 0..n_blocks {
            player.play(&[&input], &mut [&mut output]);
            if n_blocks > 1 {
                let now = thread_cpu_secs();
                // The first groups take what is done once.
                worst_secs = if group < 4 { 0.0 } else { worst_secs.max(now - last) };
                last = now;
            }
        }
        let took = (wall.elapsed().as_secs_f64(), thread_cpu_secs() - cpu);
        if group >= 4 {
            wall_secs.push(took.0 * GROUP as f64 / samples);
            cpu_secs.push(took.1 * GROUP as f64 / samples);
            worst_secs = worst_secs.max(if n_blocks > 1 { 0.0 } else { took.1 });
        }
    }
    let told = json!({
        "wall_secs": wall_secs,
        "cpu_secs": cpu_secs,
        "worst_secs": worst_secs,
        "weight_bytes": player.weight_bytes(),
    });
    #[expect(clippy::print_stdout, reason = "the bench answers on its standard output")]
    {
        println!("{told}");
    }
}

fn value(args: &[String], name: &str) -> Option<String> {
    let at = args.iter().position(|it| it == name)?;
    args.get(at + 1).cloned()
}

/// Processor time of this thread where Linux tells it, else the time of day. Source: proc(5),
/// `schedstat`.
fn thread_cpu_secs() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let on_cpu = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = on_cpu.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
    match nanoseconds {
        Some(nanoseconds) => nanoseconds * 1e-9,
        None => START.get_or_init(Instant::now).elapsed().as_secs_f64(),
    }
}
