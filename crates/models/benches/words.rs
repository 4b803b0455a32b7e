//! Times `MusicGen` while it writes codes, on one thread, as `benches/words/speed.py` asks for it.
//!
//! Arguments: `--folder FOLDER --precision int8|int16|float32 --given FRAMES`. For every number that it reads it goes on
//! from a sound of that many frames for as many steps, and prints
//! `{"median_secs", "least_secs", "forecast_bytes", "peak_bytes"}`: processor times of a step, and memory as the model
//! forecasts it and as the system saw it at its highest. For `whole SECS` it makes a sound of that length from words and
//! prints `{"secs", "forecast_secs", "forecast_bytes", "peak_bytes"}`.
#![expect(clippy::print_stdout, reason = "its output is its result")]

mod measured;

use std::io::BufRead;
use std::ops::ControlFlow;
use std::path::PathBuf;

use models::musicgen::MusicGen;
use models::words::{Begin, BeginHow, TextToAudio as _, Wish};
use nn::dense::Precision;
use serde_json::json;

use measured::{cpu_secs, peak_bytes, whole};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    // `cargo test` runs benches too, without asking for a measurement.
    let Some(folder) = value(&args, "--folder") else { return };
    let precision = match value(&args, "--precision").as_deref() {
        Some("float32") => Precision::Float32,
        Some("int16") => Precision::Int16,
        Some("int8") | None => Precision::Int8,
        Some(other) => panic!("`{other}` is neither float32 nor int16 nor int8"),
    };
    let given = value(&args, "--given").and_then(|it| it.parse().ok()).unwrap_or(500);
    nn::set_threads(1);
    let folder = PathBuf::from(folder);
    let model = MusicGen::open(&folder, precision).expect("a model that is whole");
    let config = model.config();
    let hop = config.codec.hop();
    let rate_hz = f64::from(config.codec.sampling_rate);
    let mut rng = audio::Rng::new(0);
    let sound: Vec<f32> = (0..given * hop).map(|_| 0.1 * rng.normal()).collect();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line of text");
        if let Some(secs) = line.trim().strip_prefix("whole ") {
            let wish = Wish::of("a slow piano ballad", secs.parse().expect("seconds"), 1);
            println!("{}", whole(&model, &wish, &folder, precision));
            continue;
        }
        let n_steps: usize = line.trim().parse().expect("a number");
        let n_frames = given + n_steps;
        let wish = Wish {
            begin: Some(Begin { sound: vec![sound.clone()], how: BeginHow::Continue }),
            ..Wish::of("a slow piano ballad", (n_frames * hop) as f64 / rate_hz, 1)
        };
        let mut at = vec![];
        model
            .make(&wish, &mut |step| {
                // The first step reads the prompt and the sound; the codec's part comes before and after them all.
                if (1..step.of).contains(&step.done) {
                    at.push(cpu_secs());
                }
                ControlFlow::Continue(())
            })
            .expect("a wish that the model can grant");
        let mut took: Vec<f64> = at.windows(2).map(|it| it[1] - it[0]).collect();
        took.sort_by(f64::total_cmp);
        let report = json!({
            "median_secs": took[took.len() / 2],
            "least_secs": took[0],
            "forecast_bytes": model.weight_bytes() + model.sound_bytes(&wish),
            "peak_bytes": peak_bytes(),
        });
        println!("{report}");
    }
}

/// The value of an option.
fn value(args: &[String], name: &str) -> Option<String> {
    args.iter().skip_while(|arg| *arg != name).nth(1).cloned()
}
