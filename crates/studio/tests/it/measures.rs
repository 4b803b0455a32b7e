//! Measures of how long runs would take.

use std::fs;

use api::{JobState, Limit};
use serde_json::{Value, json};
use studio::{Error, MeasureRequest};

use crate::stage::{Stage, request};

fn measure(name: &str, settings: Value) -> MeasureRequest {
    MeasureRequest {
        name: name.to_owned(),
        family: "rave".to_owned(),
        settings,
        on_gpu: false,
        limit: Limit::Steps { steps: 5 },
        n_held_out: 1,
        held_out_secs: 1.0,
    }
}

#[test]
fn a_measure_is_remembered_by_its_settings() {
    let mut stage = Stage::new();
    let settings = json!({ "a": 1, "b": [2, 3] });
    assert_eq!(stage.studio.measured(&settings).unwrap(), None);
    let id = stage.studio.create_measure(measure("Notes sketch", settings.clone())).unwrap().id;
    stage.wait_done(&id);
    let done = stage.studio.measure(&id).unwrap();
    let result = done.result.clone().unwrap();
    assert_eq!((done.name.as_str(), result.limit), ("Notes sketch", Limit::Steps { steps: 5 }));
    assert_eq!(stage.studio.measured(&json!({ "a": 2, "b": [2, 3] })).unwrap(), None);
    stage.reopen();
    assert_eq!(stage.studio.measure(&id).unwrap(), done);
    // Also when the database is gone: the folders are the truth.
    stage.studio.close();
    fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
    stage.reopen();
    assert_eq!(stage.studio.measured(&settings).unwrap(), Some(result));
    stage.studio.delete_job(&id).unwrap();
    assert_eq!(stage.studio.measured(&settings).unwrap(), None);
    assert!(matches!(stage.studio.measure(&id), Err(Error::NotFound { what: "measure", .. })));
    assert!(!stage.job_folder("measures", &id).exists());
}

#[test]
fn a_run_keeps_what_was_measured_before_it() {
    let stage = Stage::new();
    let id = stage.studio.create_measure(measure("a", json!({}))).unwrap().id;
    stage.wait_done(&id);
    let forecast = stage.studio.measured(&json!({})).unwrap();
    assert!(forecast.is_some());
    let dataset = stage.whole_dataset();
    let mut wanted = request(&dataset, 10, json!({}));
    wanted.forecast.clone_from(&forecast);
    let run = stage.studio.create_run(wanted).unwrap().id;
    assert_eq!(stage.studio.run(&run).unwrap().forecast, forecast);
    let plain = stage.run(&dataset, 10, json!({})).id;
    assert_eq!(stage.studio.run(&plain).unwrap().forecast, None);
}

#[test]
fn a_measure_runs_beside_a_training_and_can_be_cancelled() {
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 1_000_000, json!({ "step_ms": 5 })).id;
    stage.wait_running(&run);
    let id = stage.studio.create_measure(measure("slow", json!({}))).unwrap().id;
    stage.wait_state(&id, |state| matches!(state, JobState::Running { .. }));
    stage.studio.delete_job(&id).unwrap();
    stage.until(|| matches!(stage.studio.measure(&id), Err(Error::NotFound { .. }))).unwrap();
    assert!(matches!(stage.state(&run), JobState::Running { .. }));
    stage.studio.stop_run(&run).unwrap();
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let stage = Stage::new();
    let limit = Limit::Steps { steps: 0 };
    let refused = stage.studio.create_measure(MeasureRequest { limit, ..measure("a", json!({})) });
    assert!(matches!(refused, Err(Error::Invalid { key: "limit", .. })), "{refused:?}");
    let folder = stage.workspace().join("projects/default/measures");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
}
