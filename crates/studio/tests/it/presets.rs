//! Presets of one's own.

use std::fs;

use api::{Choices, Limit, NewPreset, PresetName};
use serde_json::json;
use studio::{Error, RunRequest};

use crate::stage::{Stage, request};

fn new(name: &str) -> NewPreset {
    let settings = serde_json::from_value(json!({ "latent_size": 16 })).unwrap();
    NewPreset {
        name: name.to_owned(),
        summary: " Soft. ".to_owned(),
        choices: Choices {
            family: Some("rave".to_owned()),
            preset: Some("v2".to_owned()),
            switches: vec!["causal".to_owned(), "noise".to_owned()],
            settings,
        },
        limit: Some(Limit::Minutes { minutes: 3.0 }),
    }
}

#[test]
fn a_preset_is_named_by_its_name() {
    let stage = Stage::new();
    let check = |name: &str, expected: &str| {
        let preset = stage.studio.create_preset(new(name), &["sketch".to_owned()]).unwrap();
        assert_eq!(preset.id.as_str(), expected);
        assert_eq!(stage.studio.preset(&preset.id).unwrap(), preset);
    };
    check("My voice", "my-voice");
    check("my VOICE", "my-voice-2");
    check("Sketch", "sketch-2");
    check("声", "untitled");
    let names: Vec<_> = stage.studio.presets().unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names.len(), 4);
    // One in the trash keeps its identifier, so that it can come back.
    stage.studio.delete_preset(&"my-voice".parse().unwrap()).unwrap();
    check("My voice", "my-voice-3");
}

#[test]
fn a_preset_is_kept_renamed_deleted_and_comes_back() {
    let mut stage = Stage::new();
    let saved = stage.studio.create_preset(new("My voice"), &[]).unwrap();
    assert_eq!(saved.summary, "Soft.");
    stage.reopen();
    assert_eq!(stage.studio.presets().unwrap(), std::slice::from_ref(&saved));
    let renamed = stage.studio.rename_preset(&saved.id, " Her voice ").unwrap();
    assert_eq!((renamed.name.as_str(), &renamed.id), ("Her voice", &saved.id));
    stage.studio.delete_preset(&saved.id).unwrap();
    let again = stage.studio.delete_preset(&saved.id);
    assert!(matches!(again, Err(Error::NotFound { what: "preset", .. })), "{again:?}");
    assert!(matches!(stage.studio.preset(&saved.id), Err(Error::NotFound { .. })));
    stage.reopen();
    assert_eq!(stage.studio.presets().unwrap(), []);
    assert_eq!(stage.studio.restore_preset(&saved.id).unwrap(), renamed);
    let there = stage.studio.restore_preset(&saved.id);
    assert!(matches!(there, Err(Error::NotFound { .. })), "{there:?}");
    // Also when the database is gone: the folders are the truth.
    stage.studio.close();
    fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
    stage.reopen();
    assert_eq!(stage.studio.presets().unwrap(), [renamed]);
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let stage = Stage::new();
    let check = |new: NewPreset, key: &str| match stage.studio.create_preset(new, &[]) {
        Err(Error::Invalid { key: found, .. }) => assert_eq!(found, key),
        other => panic!("{other:?}"),
    };
    check(new(" "), "name");
    check(new(&"a".repeat(121)), "name");
    check(NewPreset { summary: "a".repeat(1001), ..new("a") }, "summary");
    check(NewPreset { summary: "a\u{7}".to_owned(), ..new("a") }, "summary");
    let mut long = new("a");
    long.choices.settings.insert("padding".to_owned(), "x".repeat(1 << 18).into());
    check(long, "settings");
    assert_eq!(stage.studio.presets().unwrap(), []);
    let folder = stage.workspace().join("projects/default/presets");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
}

#[test]
fn a_run_remembers_what_it_was_composed_of() {
    let mut stage = Stage::new();
    let own = stage.studio.create_preset(new("My voice"), &[]).unwrap();
    let dataset = stage.whole_dataset();
    let composed = RunRequest {
        preset: "v2".to_owned(),
        switches: vec!["causal".to_owned(), "noise".to_owned()],
        own_preset: Some(PresetName { id: own.id.clone(), name: own.name.clone() }),
        ..request(&dataset, 10, json!({}))
    };
    let plain = RunRequest { own_preset: None, ..composed.clone() };
    let check = |request: RunRequest, name: &str| {
        let own_preset = request.own_preset.clone();
        let id = stage.studio.create_run(request).unwrap().id;
        stage.wait_done(&id);
        let run = stage.studio.run(&id).unwrap().run;
        assert_eq!((run.name.as_str(), run.preset.as_str()), (name, "v2"));
        assert_eq!(
            (run.switches.as_slice(), run.own_preset),
            (own.choices.switches.as_slice(), own_preset)
        );
        id
    };
    let runs = [check(composed, "Notes My voice"), check(plain, "Notes v2 causal noise")];
    let new = api::NewModel { run: runs[0].clone(), step: None, name: None };
    assert_eq!(
        stage.studio.add_model(new).unwrap().lineage.unwrap().switches,
        own.choices.switches
    );
    let before = stage.studio.runs().unwrap();
    stage.studio.delete_preset(&own.id).unwrap();
    stage.studio.close();
    fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
    stage.reopen();
    let after = stage.studio.runs().unwrap();
    let composition = |runs: &[api::Run]| -> Vec<_> {
        runs.iter()
            .map(|run| (run.id.clone(), run.switches.clone(), run.own_preset.clone()))
            .collect()
    };
    assert_eq!(composition(&after), composition(&before));
}
