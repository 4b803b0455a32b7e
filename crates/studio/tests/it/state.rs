//! The whole state of a studio as its verbs tell it, after a sequence of them.
//!
//! The clock stands still between two verbs and identifiers follow from a seed, so a change of any field of any
//! list shows here. `INSTA_UPDATE=always cargo test -p studio --test it state` accepts what is new.

use std::time::Duration;

use api::{JobState, NewModel};
use serde_json::{Value, json};

use crate::stage::Stage;

#[test]
fn every_list_after_a_sequence_of_verbs() {
    let mut stage = Stage::stepped();
    let tick = |stage: &Stage| stage.clock.step(Duration::from_secs(1));
    let dataset = stage.whole_dataset();
    tick(&stage);
    let plain = stage.run(&dataset, 12, json!({})).id;
    stage.wait_done(&plain);
    tick(&stage);
    let rewarded = stage.run(&dataset, 25, json!({ "rewards": true })).id;
    stage.wait_done(&rewarded);
    tick(&stage);
    let vanished = stage.run(&dataset, 12, json!({ "vanish_at": 5 })).id;
    stage.wait_state(&vanished, |state| matches!(state, JobState::Interrupted { .. }));
    tick(&stage);
    let new = NewModel { run: rewarded.clone(), step: None, name: Some("Kept".to_owned()) };
    let model = stage.studio.add_model(new).unwrap().id;
    tick(&stage);
    let heard = stage.studio.reconstruct_sound(&model, &dataset, 0).unwrap().id;
    stage.wait_done(&heard);
    tick(&stage);
    stage.studio.rename_run(&rewarded, "With a reward").unwrap();
    stage.studio.delete_run(&plain).unwrap();
    tick(&stage);
    let told = |stage: &Stage| {
        let studio = &stage.studio;
        let state = json!({
            "projects": studio.projects().unwrap(),
            "jobs": studio.jobs().unwrap(),
            "datasets": studio.datasets().unwrap(),
            "dataset": studio.dataset(&dataset).unwrap(),
            "runs": studio.runs().unwrap(),
            "run": studio.run(&rewarded).unwrap(),
            "curves": studio.curves(&rewarded, &[], 4).unwrap(),
            "events": studio.events(&rewarded, 0, 8).unwrap(),
            "models": studio.models().unwrap(),
            "model": studio.model(&model).unwrap(),
            "presets": studio.presets().unwrap(),
            "exports": studio.exports().unwrap(),
            "films": studio.films().unwrap(),
            "trash": studio.trash().unwrap(),
            "unreadable": studio.unreadable().unwrap(),
        });
        redacted(state, &stage.folder.path().to_string_lossy())
    };
    let state = told(&stage);
    insta::assert_snapshot!(serde_json::to_string_pretty(&state).unwrap());
    // The same once more from the database, after the studio was closed.
    stage.reopen();
    assert_eq!(told(&stage), state);
}

/// The same without what is of this test run: its folder, process ids, sizes of logs, and the version.
fn redacted(value: Value, folder: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(folder, "[folder]")),
        Value::Array(items) => items.into_iter().map(|it| redacted(it, folder)).collect(),
        Value::Object(fields) => {
            let is_of_trash = fields.contains_key("deleted_ms");
            let fields = fields.into_iter().map(|(key, value)| {
                let value = match key.as_str() {
                    "pid" => json!("[pid]"),
                    "bytes" if is_of_trash => json!("[bytes]"),
                    "version" if value == env!("CARGO_PKG_VERSION") => json!("[version]"),
                    _ => redacted(value, folder),
                };
                (key, value)
            });
            fields.collect()
        }
        plain => plain,
    }
}
