//! Times the steps of a model that takes noise out of latents, from its folder, on one thread.
//!
//! `benches/words/speed_stable_audio.py` runs it in turns with PyTorch. Asked by a line on its input it makes a step and
//! answers by one on its output, the seconds that it took the processor; before the first, it says
//! `{"load_secs", "forecast_bytes"}`. A line `whole` makes a whole sound and is answered by what it took beside its forecast.

mod measured;

use std::io::{BufRead as _, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use models::words::{TextToAudio, Wish};
use nn::dense::Precision;
use serde_json::json;

use measured::{cpu_secs, whole};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    // `cargo test` runs benches too, without asking for a measurement.
    let Some(folder) = value(&args, "--folder") else { return };
    let secs: f64 = value(&args, "--secs").and_then(|it| it.parse().ok()).unwrap_or(10.0);
    let n_steps = value(&args, "--steps").and_then(|it| it.parse().ok());
    let precision = match value(&args, "--precision").as_deref() {
        Some("int8") => Precision::Int8,
        Some("int16") => Precision::Int16,
        _ => Precision::Float32,
    };
    nn::set_threads(value(&args, "--threads").and_then(|it| it.parse().ok()).unwrap_or(1));
    let started = Instant::now();
    let model =
        models::hub::open_words(Path::new(&folder), precision).expect("a folder of a model");
    let wish =
        Wish { steps: n_steps, ..Wish::of("slow strings over a warm piano, 90 BPM", secs, 1) };
    let forecast_bytes = model.weight_bytes() + model.sound_bytes(&wish);
    say(&json!({ "load_secs": started.elapsed().as_secs_f64(), "forecast_bytes": forecast_bytes }));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        if line == "whole" {
            say(&whole(&*model, &wish, Path::new(&folder), precision));
        } else {
            say(&json!(step(&*model, &wish)));
        }
    }
}

/// Seconds of the processor that the first step takes.
fn step(model: &dyn TextToAudio, wish: &Wish) -> f64 {
    let mut began = cpu_secs();
    let mut took = 0.0;
    let mut watch = |step: models::words::Step| {
        if step.done == 0 {
            began = cpu_secs();
            return ControlFlow::Continue(());
        }
        took = cpu_secs() - began;
        ControlFlow::Break(())
    };
    assert!(model.make(wish, &mut watch).expect("a wish that can be granted").is_none());
    took
}

fn say(answer: &serde_json::Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}").and_then(|()| out.flush()).expect("whoever asks reads the answer");
}

/// The value of an option.
fn value(args: &[String], name: &str) -> Option<String> {
    args.iter().skip_while(|arg| *arg != name).nth(1).cloned()
}
