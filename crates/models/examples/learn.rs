//! Trains an agent without the studio and prints its score as it learns, to try settings out:
//! `cargo run --release -p models --example learn -- quick 600s 1 game=brick learning_rate=1e-3`.
//!
//! The budget is in seconds (`600s`) or in steps (`100000`). Each line is the steps, the seconds on the clock
//! and of the CPU, the score of episodes that were played to measure, and the mean score of the last 100 that
//! were played to learn. Three words are not settings: `threads=1` is how many compute, `every=2048` prints a
//! line after so many steps and measures nothing, and `save=agent.safetensors` keeps the agent in the end.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

use std::{collections::BTreeMap, fs, path::Path, time::Instant};

use serde_json::Value;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().unwrap_or_else(|| panic!("{what} is missing"));
    let (preset, budget) = (next("the preset"), next("the budget"));
    let seed = next("the seed").parse().expect("a seed is a whole number");
    let mut words: BTreeMap<String, String> = arguments
        .filter_map(|it| it.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect();
    if let Some(n) = words.remove("threads") {
        nn::set_threads(n.parse().expect("threads are a whole number"));
    }
    let every: Option<u64> = words.remove("every").map(|n| n.parse().expect("a whole number"));
    let place = words.remove("save");
    let overrides: BTreeMap<String, Value> =
        words.into_iter().map(|(key, value)| (key, value.into())).collect();
    let family = models::family("agent").expect("the family is there");
    let composed = family.compose(&preset, &[], &overrides).expect("settings that can be used");
    let settings = family.settings(&composed.settings).expect("composed settings");
    let mut trainer = settings.trainer(seed);
    let share_of = share_of(&budget);
    println!("step,secs,cpu_secs,eval,rollout,{}", composed.settings);
    let (started, mut shown, mut last) = (Instant::now(), 0.0, f64::NAN);
    loop {
        let (step, secs) = (trainer.global_step(), started.elapsed().as_secs_f64());
        let share = share_of(step, secs);
        let is_due = every.map_or(share, |every| step as f64 / every as f64) >= shown;
        if is_due || share >= 1.0 {
            let measured = if every.is_none() { trainer.measure(&[]) } else { None };
            let score = measured.map_or(f64::NAN, |it| it.score);
            println!("{step},{secs:.2},{:.2},{score:.2},{last:.3}", cpu_secs());
            shown += if every.is_none() { 0.05 } else { 1.0 };
        }
        if share >= 1.0 {
            break;
        }
        trainer.set_share(share);
        let report = trainer.step_while(&[], &mut || true).expect("nothing stops it");
        let found = report.values.iter().find(|(name, _)| *name == "rollout/ep_rew_mean");
        last = found.map_or(last, |(_, value)| *value);
    }
    if let Some(place) = place {
        trainer.save(Path::new(&place)).expect("a place that can be written to");
    }
}

/// The share of the budget that is used after so many steps and seconds.
fn share_of(budget: &str) -> impl Fn(u64, f64) -> f64 {
    let (number, is_secs) = budget.strip_suffix('s').map_or((budget, false), |it| (it, true));
    let number: f64 = number.parse().expect("a budget is a number");
    move |step, secs| if is_secs { secs / number } else { step as f64 / number }
}

/// Seconds of the CPU that all threads of this process took; 0 where nobody says. Source: proc(5).
fn cpu_secs() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / 100.0
}
