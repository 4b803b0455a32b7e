//! Trains an agent without the studio and prints its score as it learns, to try settings out:
//! `cargo run --release -p models --example learn -- quick 600s 1 game=brick learning_rate=1e-3`.
//!
//! The budget is in seconds (`600s`) or in steps (`100000`). Each line is the steps, the seconds, the score
//! of the episodes that were measured, and the mean score of the last 100 that were played to learn.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

use std::{collections::BTreeMap, time::Instant};

use serde_json::Value;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().unwrap_or_else(|| panic!("{what} is missing"));
    let (preset, budget) = (next("the preset"), next("the budget"));
    let seed = next("the seed").parse().expect("a seed is a whole number");
    let overrides: BTreeMap<String, Value> = arguments
        .filter_map(|it| it.split_once('=').map(|(key, value)| (key.to_owned(), value.into())))
        .collect();
    let family = models::family("agent").expect("the family is there");
    let composed = family.compose(&preset, &[], &overrides).expect("settings that can be used");
    let settings = family.settings(&composed.settings).expect("composed settings");
    let mut trainer = settings.trainer(seed);
    let share_of: Box<dyn Fn(u64, f64) -> f64> = match budget.strip_suffix('s') {
        Some(secs) => {
            let secs: f64 = secs.parse().expect("seconds");
            Box::new(move |_, elapsed| elapsed / secs)
        }
        None => {
            let steps: f64 = budget.parse().expect("steps");
            Box::new(move |step, _| step as f64 / steps)
        }
    };
    println!("step,secs,eval,rollout,{}", composed.settings);
    let (started, mut shown, mut last) = (Instant::now(), 0.0, None);
    loop {
        let (step, secs) = (trainer.global_step(), started.elapsed().as_secs_f64());
        let share = share_of(step, secs);
        if share >= shown || share >= 1.0 {
            shown += 0.05;
            let score = trainer.measure(&[]).map_or(f64::NAN, |it| it.score);
            println!("{step},{secs:.1},{score:.2},{:.2}", last.unwrap_or(f64::NAN));
        }
        if share >= 1.0 {
            break;
        }
        trainer.set_share(share);
        let report = trainer.step_while(&[], &mut || true).expect("nothing stops it");
        let found = report.values.iter().find(|(name, _)| *name == "rollout/ep_rew_mean");
        last = found.map(|(_, value)| *value).or(last);
    }
}
