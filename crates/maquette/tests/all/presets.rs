//! What choices come to, and presets of one's own, over HTTP and on the command line.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Served, json as done, run, text};

#[test]
fn choices_come_to_settings_with_origins() {
    let served = Served::new();
    let composed = |body: Value| served.post("/api/compositions", &body).json();
    let plain = composed(json!({ "preset": "v2" }));
    let causal = composed(json!({
        "preset": "v2", "switches": ["causal", "noise"], "settings": { "latent_size": 16 }
    }));
    assert_eq!(causal["settings"]["padding"], "causal");
    assert_eq!(causal["origins"]["padding"], json!({ "from": "switch", "name": "causal" }));
    assert_eq!(causal["origins"]["latent_size"], json!({ "from": "setting" }));
    assert_eq!(causal["origins"]["capacity"], json!({ "from": "preset" }));
    let [of_causal, of_plain] = [&causal["codec"], &plain["codec"]];
    let late = |codec: &Value| codec["latency_samples"].as_u64();
    assert!(late(of_causal) < late(of_plain), "{causal}");
    assert_eq!((&of_causal["ratio"], &of_causal["compression"]), (&json!(2048), &json!(128.0)));
    assert!(plain["n_discriminator_parameters"].as_u64().unwrap() > 0);
    assert!(of_plain["receptive_field"]["back_samples"].as_u64().unwrap() > 0);

    let check = |body: Value, code: &str, key: &str| {
        let problem = served.post("/api/compositions", &body).problem(422);
        assert_eq!(problem.code, code, "{problem:?}");
        assert_eq!(problem.fields.first().map_or("", |field| &field.key), key, "{problem:?}");
    };
    check(json!({ "preset": "huge" }), "unknown_preset", "");
    check(json!({ "switches": ["loud"] }), "bad_settings", "switches");
    check(json!({ "settings": { "capacity": 0 } }), "bad_settings", "capacity");
    check(json!({ "preset": "v1", "switches": ["snake"] }), "bad_settings", "activation");

    let dataset = served.dataset()["id"].clone();
    let on_dataset = composed(json!({ "dataset": dataset }));
    assert_eq!(on_dataset["origins"]["sampling_rate"], json!({ "from": "dataset" }));
}

#[test]
fn a_preset_of_ones_own_is_used_like_any_other() {
    let served = Served::new();
    let dataset = served.dataset()["id"].clone();
    let saved = served
        .post(
            "/api/presets",
            &json!({
                "name": "My voice", "summary": "Soft.", "preset": "sketch", "switches": ["causal"],
                "settings": { "latent_size": 16 }, "limit": { "until": "steps", "steps": 2 }
            }),
        )
        .json();
    assert_eq!((&saved["id"], &saved["preset"]), (&json!("my-voice"), &json!("sketch")));

    // On top of it lie the run's own choices.
    let new = json!({
        "dataset": dataset, "preset": "my-voice", "switches": ["noise"],
        "settings": { "batch_size": 2 }
    });
    let forecast = served.post("/api/runs/check", &new).json();
    assert_eq!(forecast["switches"], json!(["causal", "noise"]));
    assert_eq!(forecast["settings"]["latent_size"], 16);
    assert_eq!(forecast["origins"]["latent_size"], json!({ "from": "preset" }));
    assert_eq!(forecast["origins"]["batch_size"], json!({ "from": "setting" }));
    let queued = served.post("/api/runs", &new).json();
    assert_eq!(
        (&queued["preset"], &queued["switches"]),
        (&json!("sketch"), &json!(["causal", "noise"]))
    );
    assert_eq!(queued["own_preset"], json!({ "id": "my-voice", "name": "My voice" }));
    assert_eq!(queued["limit"], json!({ "until": "steps", "steps": 2 }));
    let path = format!("/api/runs/{}", queued["id"].as_str().unwrap());
    assert_eq!(served.get(&path).json()["settings"], forecast["settings"]);
    served.post(&format!("{path}/stop"), &Value::Null);

    // Saved again with more on top, it stands on the family's preset, not on the first.
    let again = served
        .post(
            "/api/presets",
            &json!({
                "name": "My voice", "preset": "my-voice", "switches": ["noise"],
                "settings": { "batch_size": 2 }
            }),
        )
        .json();
    assert_eq!((&again["id"], &again["preset"]), (&json!("my-voice-2"), &json!("sketch")));
    assert_eq!(again["switches"], json!(["causal", "noise"]));
    assert_eq!(again["settings"], json!({ "latent_size": 16, "batch_size": 2 }));

    served.send("DELETE", "/api/presets/my-voice", &[], b"");
    served.get("/api/presets/my-voice").problem(404);
    assert_eq!(served.post("/api/runs/check", &new).problem(422).code, "unknown_preset");
    served.post("/api/presets/my-voice/restore", &Value::Null).json();
    served.post("/api/runs/check", &new).json();
}

#[test]
fn what_cannot_be_used_is_not_kept() {
    let served = Served::new();
    let check = |path: &str, body: Value, code: &str| {
        let problem = served.post(path, &body).problem(422);
        assert_eq!(problem.code, code, "{problem:?}");
    };
    check("/api/presets", json!({ "name": "a", "preset": "huge" }), "unknown_preset");
    check("/api/presets", json!({ "name": "a", "switches": ["loud"] }), "bad_settings");
    check("/api/presets", json!({ "name": "a", "settings": { "volume": 1 } }), "bad_settings");
    check("/api/presets", json!({ "name": " " }), "invalid");
    check("/api/presets/import", json!({ "name": "a" }), "bad_body");
    check("/api/presets/import", json!({ "kind": "other", "format": 1, "name": "a" }), "bad_body");
    let newer = json!({ "kind": "maquette_preset", "format": 2, "name": "a" });
    check("/api/presets/import", newer, "newer_format");
    assert_eq!(served.get("/api/presets").json(), json!([]));
    // A name that a family has stays the family's.
    assert_eq!(served.post("/api/presets", &json!({ "name": "Sketch" })).json()["id"], "sketch-2");
}

#[test]
fn a_preset_that_lacks_something_says_so() {
    let mut served = Served::new();
    served.post("/api/presets", &json!({ "name": "My voice", "preset": "v2" })).json();
    served.terminate();
    let file = served.workspace.join("projects/default/presets/my-voice/preset.json");
    let gone = fs::read_to_string(&file).unwrap().replace("\"v2\"", "\"v9\"");
    fs::write(&file, gone).unwrap();
    fs::remove_file(served.workspace.join("maquette.db")).unwrap();
    let served = Served::at(&served.workspace);
    assert_eq!(served.get("/api/presets").json()[0]["preset"], "v9");
    let problem = served.post("/api/compositions", &json!({ "preset": "my-voice" })).problem(422);
    assert_eq!(problem.code, "broken_preset");
    assert!(problem.why.unwrap().contains("the preset `v9`"));
}

#[test]
fn the_command_composes_and_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let verb = |args: &[&str]| {
        let output = run(&workspace, args);
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let shown =
        verb(&["compose", "--preset", "v2", "--switch", "causal", "--set", "latent_size=16"]);
    for words in ["v2 + causal", "latency", "padding", "--set", "compression"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("kernel_size"), "it is at its default: {shown}");
    assert!(verb(&["compose", "--all"]).contains("kernel_size"));
    let explained = verb(&["compose", "--preset", "v2", "--set", "batch_size=4", "--explain"]);
    assert!(explained.contains("batch_size: Batch size"), "{explained}");
    assert!(explained.contains("Range 1 to 64 excerpts. Default 8."), "{explained}");
    assert!(!explained.contains("kernel_size"), "it is at its default: {explained}");

    let save =
        ["preset", "save", "My voice", "--preset", "v2", "--switch", "causal", "--steps", "9"];
    let saved = done(&workspace, &save);
    assert_eq!((&saved["id"], &saved["limit"]["steps"]), (&json!("my-voice"), &json!(9)));
    let compared = done(&workspace, &["compose", "--preset", "my-voice", "--diff", "v2"]);
    let difference = json!([{ "key": "padding", "here": "causal", "there": "centered" }]);
    assert_eq!(compared["differences"], difference);
    assert!(verb(&["compose", "--preset", "v2", "--diff", "v2"]).contains("Nothing differs"));
    assert!(verb(&["preset", "list"]).contains("my-voice"));
    assert!(verb(&["preset", "show", "my-voice"]).contains("v2 + causal"));

    let file = folder.path().join("voice.json");
    verb(&["preset", "export", "my-voice", "-o", file.to_str().unwrap()]);
    let exported: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!((&exported["kind"], &exported["format"]), (&json!("maquette_preset"), &json!(1)));
    verb(&["preset", "delete", "my-voice"]);
    let taken = done(&workspace, &["preset", "import", file.to_str().unwrap()]);
    assert_eq!(taken["id"], "my-voice-2");
    verb(&["preset", "restore", "my-voice"]);
    verb(&["preset", "rename", "my-voice", "Her voice"]);
    assert_eq!(done(&workspace, &["preset", "list"])["own"].as_array().unwrap().len(), 2);

    let check = |args: &[&str], expected: &str| {
        let output = run(&workspace, args);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(err.contains(expected), "{args:?}: {err}");
    };
    check(&["compose", "--set", "capacity=0"], "capacity: must be");
    check(&["compose", "--switch", "loud"], "causal");
    check(&["compose", "--diff", "none-000000"], "none-000000");
    check(&["compose", "--diff", "NO ID"], "neither a preset nor a run “NO ID”");
    check(&["preset", "save", "x", "--preset", "huge"], "sketch");
    check(&["preset", "import", "/nowhere/at/all"], "There is no such file");
}
