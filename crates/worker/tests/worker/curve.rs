//! A family that has nothing to do with sound goes through the form, a training with checkpoints and the
//! finished model, as every family does.

// The tests of the whole program use it too.
#[path = "../../../maquette/tests/soundless/family.rs"]
mod family;

use std::{collections::BTreeMap, fs, path::PathBuf};

use api::{Choices, EventBody, Limit, Medium, Outcome, Task, TrainTask};
use serde_json::json;

use self::family::{Curve, SECOND_PHASE};
use crate::job::{Job, Workspace};

fn run_of(workspace: &Workspace, name: &str, steps: u64) -> Job {
    models::add_family(&Curve);
    let choices = Choices { family: Some("curve".into()), ..Choices::default() };
    let forecast = worker::compose(&choices, None).unwrap();
    assert_eq!((forecast.preset.as_str(), forecast.n_parameters), ("cubic", 4));
    let task = TrainTask {
        dataset: None,
        dataset_path: PathBuf::new(),
        dataset_hash: String::new(),
        model: None,
        model_path: std::path::PathBuf::new(),
        model_sha256: String::new(),
        family: forecast.family,
        preset: forecast.preset,
        switches: vec![],
        own_preset: None,
        settings: forecast.settings,
        on_gpu: false,
        seed: 3,
        limit: Limit::Steps { steps },
        forecast: None,
        memory: None,
    };
    workspace.job("runs", name, Task::Train(task))
}

fn distances(job: &Job) -> BTreeMap<u64, f64> {
    let metrics = job.events().into_iter().filter_map(|it| match it {
        EventBody::Metrics(it) => Some((it.step, *it.values.get("loss_total")?)),
        _ => None,
    });
    metrics.collect()
}

fn checkpoint(job: &Job, step: u64) -> PathBuf {
    job.path().join(format!("checkpoints/step-{step:09}.safetensors"))
}

#[test]
fn a_family_without_sound_trains_resumes_and_is_opened() {
    let workspace = Workspace::new();
    let whole = run_of(&workspace, "whole", 12);
    whole.run();
    assert_eq!(whole.outcome(), Outcome::Done, "{:?}", whole.events().last());
    let parts = run_of(&workspace, "parts", 5);
    parts.run();
    fs::write(parts.path().join("limit.json"), r#"{"limit":{"until":"steps","steps":12}}"#)
        .unwrap();
    parts.run();
    let learnt = distances(&whole);
    assert_eq!(learnt, distances(&parts));
    assert!(learnt.len() == 12 && learnt[&12] < 0.7 * learnt[&1], "{learnt:?}");

    let [a, b] = [&whole, &parts].map(|job| models::open(&checkpoint(job, 12)).unwrap());
    assert!(a.family() == "curve" && a.has_weights_of(b.as_ref()));
    assert!(a.as_codec().is_none() && a.as_playable().is_none());
    assert_eq!(models::look_at(&checkpoint(&whole, 12)).unwrap().step, Some(12));
    let facts = worker::model_facts(&checkpoint(&whole, 12)).unwrap();
    assert_eq!((facts.n_parameters, facts.codec, facts.latent_use), (4, None, None));

    let picture = fs::read_to_string(whole.path().join("samples/step-000000012-0.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("polyline"), "{picture}");

    let events = parts.events();
    let samples = events.iter().filter_map(|it| match it {
        EventBody::Sample(it) => Some((it.step, it.medium, it.original.clone(), it.mime.as_str())),
        _ => None,
    });
    let expected = [0, 5, 12].map(|step| (step, Medium::Picture, None, "image/svg+xml"));
    assert_eq!(samples.collect::<Vec<_>>(), expected);
    // Each process says how it scores and which phase it is in; its own beginning is that of the phase.
    let scores = events.iter().filter(|it| matches!(it, EventBody::Score(it) if it.unit == "dB"));
    assert_eq!(scores.count(), 2);
    let phases = events.iter().filter_map(|it| match it {
        EventBody::Phase(it) => Some((it.number, it.step)),
        _ => None,
    });
    assert_eq!(phases.collect::<Vec<_>>(), [(1, 0), (1, 0), (2, SECOND_PHASE)]);
    let likeness = events.iter().filter_map(|it| match it {
        EventBody::Metrics(it) => it.values.get("likeness").copied(),
        _ => None,
    });
    let best = events.iter().rev().find_map(|it| match it {
        EventBody::Checkpoint(it) if it.is_best => it.validation,
        _ => None,
    });
    assert_eq!(best, likeness.max_by(f64::total_cmp), "more is better");
}

#[test]
fn an_added_family_is_in_no_form_and_its_settings_are_checked() {
    models::add_family(&Curve);
    models::add_family(&Curve);
    assert!(worker::families().iter().all(|family| family.name != "curve"));
    let settings = BTreeMap::from([("n_terms".to_owned(), json!(99))]);
    let choices = Choices { family: Some("curve".into()), settings, ..Choices::default() };
    let problem = worker::compose(&choices, None).unwrap_err();
    assert_eq!(problem.fields[0].key, "n_terms");
}
