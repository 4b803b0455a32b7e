//! Measuring how long a run would take.

use std::{collections::BTreeMap, fs};

use api::{Choices, EventBody, Limit, MeasureTask, Outcome, RunMeasure, Task};
use serde_json::{Value, json};

use crate::job::{Job, Workspace};

fn task(changes: Value) -> MeasureTask {
    let mut settings: BTreeMap<String, Value> = serde_json::from_value(
        json!({ "capacity": 2, "latent_size": 4, "batch_size": 1, "n_signal": 32768 }),
    )
    .unwrap();
    let choices = Choices { settings: settings.clone(), ..Choices::default() };
    settings = serde_json::from_value(worker::compose(&choices, None).unwrap().settings).unwrap();
    settings.extend(serde_json::from_value::<BTreeMap<String, Value>>(changes).unwrap());
    MeasureTask {
        family: "rave".into(),
        settings: json!(settings),
        on_gpu: false,
        limit: Limit::Steps { steps: 1000 },
        n_held_out: 2,
        held_out_secs: 0.5,
    }
}

fn job(workspace: &Workspace, task: MeasureTask) -> Job {
    workspace.job("measures", "measure", Task::Measure(task))
}

#[test]
fn a_few_steps_tell_how_long_a_run_takes() {
    let workspace = Workspace::new();
    let job = job(&workspace, task(json!({ "phase_1_duration": 400 })));
    job.run();
    assert_eq!(job.outcome(), Outcome::Done);
    // The checkpoint that was written to measure it is gone.
    assert_eq!(job.own_files(), ["result.json"]);
    let result: RunMeasure =
        serde_json::from_slice(&fs::read(job.path().join("result.json")).unwrap()).unwrap();
    let measured = &result.measured;
    let [first, second] = &measured.phases[..] else { panic!("{measured:?}") };
    assert!(first.step_secs > 0.0 && second.step_secs > 0.0, "{measured:?}");
    assert!(measured.validation_secs > 0.0 && measured.saving_secs > 0.0, "{measured:?}");
    assert!(measured.rendering_secs > measured.validation_secs, "{measured:?}");
    assert!(measured.memory_bytes > 1 << 20 && measured.n_threads > 0, "{measured:?}");
    assert_eq!((first.steps, first.is_open, second.steps), (Some(400), false, None));
    assert!(second.title.starts_with("phase 2"), "{measured:?}");
    // 400 steps of phase 1, 600 of phase 2, and what comes before, between and after.
    let alone = 400.0 * first.step_secs + 600.0 * second.step_secs;
    assert!(result.end_secs.unwrap() > alone, "{result:?}");
    assert!(result.phases[0].end_secs.unwrap() < result.end_secs.unwrap(), "{result:?}");
    assert_eq!((result.limit, result.end_step), (Limit::Steps { steps: 1000 }, Some(1000)));
    let shares = job.events().into_iter().filter_map(|it| match it {
        EventBody::Progress(it) => it.share,
        _ => None,
    });
    let shares: Vec<f64> = shares.collect();
    assert!(shares.is_sorted() && shares.last() == Some(&1.0), "{shares:?}");
}

#[test]
fn a_measure_can_be_stopped() {
    let workspace = Workspace::new();
    let job = job(&workspace, task(json!({})));
    fs::write(job.path().join("control.jsonl"), "{\"control\":\"stop\"}\n").unwrap();
    job.run();
    assert_eq!(job.outcome(), Outcome::Stopped);
    assert!(!job.path().join("result.json").exists());
}

#[test]
fn what_cannot_be_trained_is_not_measured() {
    let check = |task: MeasureTask, code: &str, key: &str| {
        let workspace = Workspace::new();
        let job = job(&workspace, task);
        job.run();
        let problem = job.problem();
        assert_eq!(problem.code, code, "{problem:?}");
        assert_eq!(problem.fields.first().map_or("", |it| &it.key), key, "{problem:?}");
        assert_eq!(job.own_files(), [""; 0]);
    };
    check(task(json!({ "batch_size": 0 })), "bad_settings", "batch_size");
    check(MeasureTask { family: "other".into(), ..task(json!({})) }, "unknown_family", "");
}
