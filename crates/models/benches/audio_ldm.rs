//! Times the steps of a sound from words by `AudioLDM`, one each time a line comes in, for `benches/words/speed_ldm.py`.
//!
//! `cargo bench -p models --bench audio_ldm -- FOLDER SECS STEPS`: answers every line of the standard input with the
//! milliseconds of the step that it let go, and ends with what a whole sound took, beside its forecast.

#![expect(clippy::print_stdout, reason = "the bench answers on its standard output")]

mod measured;

use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use models::words::{Step, Wish};
use nn::dense::Precision;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let [folder, secs, steps] = &args[..] else {
        println!("skipped: give a folder, seconds and steps");
        return;
    };
    nn::set_threads(1);
    let precision = match std::env::var("PRECISION").as_deref() {
        Ok("int8") => Precision::Int8,
        Ok("int16") => Precision::Int16,
        _ => Precision::Float32,
    };
    let begun = Instant::now();
    let model = models::hub::open_words(Path::new(folder), precision).expect("a folder of a model");
    say(&format!(
        "loaded in {:.1} s, {} MB resident",
        begun.elapsed().as_secs_f64(),
        memory("VmRSS")
    ));
    let wish = Wish {
        steps: Some(steps.parse().expect("steps")),
        ..Wish::of("rain on a tin roof", secs.parse().expect("seconds"), 1)
    };
    let mut lines = std::io::stdin().lock().lines();
    let mut begun: Option<Instant> = None;
    let mut watch = |_: Step| {
        if let Some(begun) = begun {
            say(&format!("{:.1}", 1e3 * begun.elapsed().as_secs_f64()));
        }
        let go = lines.next().is_some_and(|line| line.is_ok());
        begun = Some(Instant::now());
        if go { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let made = model.make(&wish, &mut watch).expect("a wish that can be granted");
    if let Some(begun) = begun {
        say(&format!("{:.1}", 1e3 * begun.elapsed().as_secs_f64()));
    }
    assert!(made.is_some_and(|it| !it.sound[0].is_empty()), "nobody ended it");
    say(&measured::whole(&*model, &wish, Path::new(folder), precision).to_string());
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().expect("somebody listens");
}

/// A figure of this process's memory in MiB; 0 where the system does not report it.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) >> 10
}
