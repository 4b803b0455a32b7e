//! Flows and blends: by command and over HTTP, with steps that fail, wait and go on, watched folders, and after a kill.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json as value};

use crate::{
    memory::{noise, sounds, tone, write},
    program::{Served, json, run, text, until},
};

fn step<'a>(run: &'a Value, key: &str) -> &'a Value {
    let steps = run["steps"].as_array().unwrap();
    steps.iter().find(|it| it["key"] == key).unwrap_or_else(|| panic!("{key}: {run}"))
}

fn file(folder: &Path, name: &str, flow: &Value) -> String {
    let path = folder.join(name);
    fs::write(&path, flow.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A memory of some sounds, of which all tones were rated good.
fn rated(workspace: &Path, folder: &Path) -> Vec<String> {
    json(workspace, &["memory", "add", folder.to_str().unwrap()]);
    let found = json(workspace, &["memory", "find", "harmonic", "--limit", "20"]);
    let ids: Vec<String> = found["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["pattern"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(!ids.is_empty(), "{found}");
    for id in &ids {
        json(workspace, &["memory", "rate", id, "good"]);
    }
    ids
}

/// Level of a 16, 24 or 32-bit file as the program measures it.
fn facts(workspace: &Path, sound: &str) -> Value {
    json(workspace, &["sound", "show", sound])["card"]["facts"].clone()
}

#[test]
fn a_ready_made_flow_goes_on_without_a_model_and_what_it_keeps_knows_its_parents() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let (_home, folder) = sounds();
    let liked = rated(&workspace, &folder);
    let listed = json(&workspace, &["flow", "list"]);
    assert_eq!(listed[0]["id"], "more-like-my-best");
    assert!(listed.as_array().unwrap().iter().all(|it| it["missing"].as_array().is_none()));

    // With what is usual, too.
    let usual = json(&workspace, &["flow", "run", "more-like-my-best"]);
    assert_eq!(usual["state"], "done", "{usual}");
    for sound in json(&workspace, &["sound", "list"]).as_array().unwrap() {
        json(&workspace, &["sound", "delete", sound["id"].as_str().unwrap()]);
    }
    let args = ["flow", "run", "more-like-my-best", "-i", "words=soft", "-i", "secs=2"];
    let done = json(&workspace, &args);
    assert_eq!(done["state"], "done", "{done}");
    let best = step(&done, "best")["knows"]["patterns"].as_array().unwrap();
    assert!(best.iter().all(|id| liked.iter().any(|it| id == it)), "{best:?}");
    let prompt = step(&done, "describe")["knows"]["facts"]["prompt"].as_str().unwrap();
    assert!(prompt.starts_with("soft, ") && prompt.contains("harmonic"), "{prompt}");
    // The words found no model, another one neither; fewer steps need one; grains need none.
    let tried = step(&done, "make")["attempts"].as_array().unwrap();
    let codes: Vec<&str> =
        tried.iter().map(|it| it["problem"]["code"].as_str().unwrap_or("")).collect();
    assert_eq!(codes, ["no_model", "no_model", "no_steps", ""]);
    assert_eq!(tried[3]["work"]["do"], "blend");
    let tested = step(&done, "test")["knows"]["sounds"].as_array().unwrap();
    assert_eq!(tested.len(), 3, "{done}");
    let likeness = tested[0]["likeness"].as_f64().unwrap();
    assert!(likeness > 0.5, "grains of tones are like them: {likeness}");

    // What was kept says what it is made of, and how it came about.
    let sounds = json(&workspace, &["sound", "list"]);
    assert_eq!(sounds.as_array().unwrap().len(), 3);
    let id = sounds[0]["id"].as_str().unwrap();
    assert_eq!(sounds[0]["tags"], value!(["flow"]));
    let facts = facts(&workspace, id);
    let secs = facts["n_samples"].as_f64().unwrap() / facts["rate_hz"].as_f64().unwrap();
    assert!((secs - 2.0).abs() < 0.01 && facts["peak_db"].as_f64().unwrap() < 0.0, "{facts}");
    let tree = json(&workspace, &["sound", "family", id]);
    let links = tree["links"].as_array().unwrap();
    let of = |how: &str| links.iter().filter(|it| it["how"] == how).count();
    assert_eq!(of("blended"), best.len().min(16));
    assert_eq!((of("kept by"), of("cut from") >= 1), (1, true), "{tree}");
    // The other way: a pattern knows all three, and a blend of one of them is a grandchild.
    let out = workspace.join("out");
    let whole = PathBuf::from(sounds[0]["folder"].as_str().unwrap()).join("sound.wav");
    let blend =
        ["blend", whole.to_str().unwrap(), &liked[0], "-o", out.to_str().unwrap(), "--keep"];
    json(&workspace, &blend);
    let tree = json(&workspace, &["sound", "family", &liked[0]]);
    let members = tree["members"].as_array().unwrap();
    let children = members.iter().filter(|it| it["generation"] == 1).count();
    assert_eq!(children, 9, "four of each run, and the blend: {tree}");

    // A kept sound is known by its file, too.
    let tree = json(&workspace, &["sound", "family", id]);
    let members = tree["members"].as_array().unwrap();
    assert_eq!(members.iter().filter(|it| it["generation"] == 1).count(), 1, "{tree}");

    // A run can be done again from a step on.
    let run_id = done["id"].as_str().unwrap();
    let again = json(&workspace, &["flow", "answer", run_id, "make", "--retry"]);
    assert_eq!((&again["state"], &step(&again, "make")["n_before"]), (&value!("done"), &value!(4)));
    assert_eq!(json(&workspace, &["sound", "list"]).as_array().unwrap().len(), 6);
    let health = served.get("/api/system").json();
    assert_eq!(health["waiting_flows"], value!([]), "{health}");
    assert!(health["memory_limit_bytes"].as_u64().unwrap() > 0);
    assert!(health["space"].as_array().unwrap().iter().any(|it| it["list"] == "generations"));
}

#[test]
fn a_model_that_makes_sound_from_words_is_taken_and_why_is_said() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let home = tempfile::tempdir().unwrap();
    let weights = home.path().join("musicgen");
    crate::weights::folder(&weights, "musicgen/musicgen", Some("mit"));
    let model = json(&workspace, &["weights", "add", weights.to_str().unwrap()]);
    let flow = file(
        home.path(),
        "rain.json",
        &value!({
            "format": 1, "name": "Rain", "inputs": [{ "key": "words", "label": "Words", "kind": "words" }],
            "steps": [
                { "key": "one", "label": "One", "work": { "do": "generate", "prompt": "{words}, soft", "secs": 0.4 } },
                { "key": "two", "label": "Two", "after": ["one"],
                  "work": { "do": "generate", "prompt": "more {words}", "secs": "0.3" } },
                { "key": "mix", "label": "Mix", "work": { "do": "blend", "sounds": ["one", "two"], "way": "layers" } },
                { "key": "keep", "label": "Keep", "work": { "do": "keep", "sounds": ["mix"], "remember": true } }
            ]
        }),
    );
    let done = json(&workspace, &["flow", "run", &flow, "-i", "words=rain"]);
    assert_eq!(done["state"], "done", "{done}");
    let attempt = &step(&done, "one")["attempts"][0];
    assert_eq!(attempt["model"], model["id"]);
    let why = attempt["why"].as_str().unwrap();
    assert!(why.starts_with("“musicgen”, the only model that can do this: about"), "{why}");
    // It is loaded once for both.
    let job = step(&done, "two")["attempts"][0]["jobs"][0].as_str().unwrap();
    let log = json(&workspace, &["job", "log", job])["text"].to_string();
    assert!(log.contains("loaded already"), "{log}");
    let sound = json(&workspace, &["sound", "list"])[0]["id"].as_str().unwrap().to_owned();
    let tree = json(&workspace, &["sound", "family", &sound]);
    let is_model = |it: &&Value| it["what"]["is"] == "model" && it["generation"] == -2;
    assert_eq!(tree["members"].as_array().unwrap().iter().filter(is_model).count(), 1, "{tree}");
    until(|| {
        let listed = json(&workspace, &["memory", "list"]);
        (listed["n_total"].as_u64().unwrap() > 0).then_some(())
    });
}

#[test]
fn a_step_that_fails_waits_for_the_person() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let (home, folder) = sounds();
    let flow = file(
        home.path(),
        "stuck.json",
        &value!({
            "format": 1, "name": "Stuck", "inputs": [{ "key": "sound", "label": "Sound", "kind": "sound" }],
            "steps": [
                { "key": "keep", "label": "Keep", "work": { "do": "keep", "sounds": ["choose"] } },
                { "key": "make", "label": "Make", "work": { "do": "generate", "prompt": "rain", "secs": 2 } },
                { "key": "blend", "label": "Blend", "after": ["make"],
                  "work": { "do": "blend", "sounds": ["make", "sound"], "count": 3, "secs": "{listen.secs}", "rhythm": "sound" } },
                { "key": "listen", "label": "Listen", "work": { "do": "analyse", "sounds": ["sound"] } },
                { "key": "choose", "label": "Choose", "work": { "do": "choose", "sounds": ["blend"], "question": "Which?" } }
            ]
        }),
    );
    let sound = format!("sound={}", folder.join("both.wav").display());
    let output = run(&workspace, &["flow", "run", &flow, "-i", &sound, "--json"]);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(!output.status.success() && err.contains("waits for you"), "{out}\n{err}");
    let waiting: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(waiting["state"], "waiting");
    assert_eq!(step(&waiting, "make")["state"], "stuck");
    // What does not need it is done.
    assert_eq!(step(&waiting, "listen")["state"], "done");
    assert!(
        (step(&waiting, "listen")["knows"]["facts"]["secs"].as_f64().unwrap() - 4.0).abs() < 0.1
    );
    let id = waiting["id"].as_str().unwrap();
    let said = run(&workspace, &["flow", "answer", id, "make", "--choose", "1"]);
    assert!(text(&said.stderr).contains("asks nothing"), "{}", text(&said.stderr));

    // Left out, it goes on to where it asks.
    let asked = run(&workspace, &["flow", "answer", id, "make", "--skip"]);
    assert!(text(&asked.stderr).contains("waits for you"), "{}", text(&asked.stderr));
    let asking = json(&workspace, &["flow", "status", id]);
    let choices = step(&asking, "choose")["choices"].as_array().unwrap();
    assert_eq!((choices.len(), &asking["state"]), (3, &value!("waiting")));
    let beyond = run(&workspace, &["flow", "answer", id, "choose", "--choose", "4"]);
    assert!(text(&beyond.stderr).contains("from 0 to 2"), "{}", text(&beyond.stderr));
    let done = json(&workspace, &["flow", "answer", id, "choose", "--choose", "3,1"]);
    assert_eq!(done["state"], "done");
    let kept = step(&done, "keep")["knows"]["sounds"].as_array().unwrap();
    assert_eq!(kept.len(), 2, "{done}");
    let runs = json(&workspace, &["flow", "runs"]);
    assert_eq!((runs.as_array().unwrap().len(), &runs[0]["state"]), (1, &value!("done")));
}

#[test]
fn flows_that_cannot_run_are_refused_in_words() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let home = tempfile::tempdir().unwrap();
    let with = |steps: Value| value!({ "format": 1, "name": "Flow", "inputs": [], "steps": steps });
    let one = |key: &str, sounds: &str| value!({ "key": key, "label": key, "work": { "do": "test", "sounds": [sounds] } });
    let check = |flow: &Value, expected: &str| {
        let path = file(home.path(), "flow.json", flow);
        let output = run(&workspace, &["flow", "run", &path]);
        let err = text(&output.stderr);
        assert!(!output.status.success() && err.contains(expected), "{expected}: {err}");
    };
    check(&with(value!([one("a", "c"), one("b", "a"), one("c", "b")])), "in a circle");
    check(&with(value!([one("a", "a")])), "uses itself");
    check(&with(value!([one("a", "other"), one("others", "a")])), "Did you mean “others”");
    check(&with(value!([])), "Add a step");
    check(&with(value!([one("A", "x")])), "cannot be a key");
    check(&value!({ "format": 9, "name": "Later", "steps": [] }), "newer version");
    check(
        &value!({ "format": 1, "name": "Odd", "steps": [{ "key": "x", "label": "x", "work": { "do": "dream" } }] }),
        "Unknown variant `dream`",
    );
    check(&value!([1, 2]), "could not be read as a flow");
    let many: Vec<Value> = (0..40).map(|i| one(&format!("s{i}"), "s0")).collect();
    check(&with(value!(many)), "at most");
    let generate = value!([{ "key": "g", "label": "g",
        "work": { "do": "generate", "prompt": "{words", "secs": 1 } }]);
    check(&with(generate), "a brace is not closed");

    // Inputs that are missing, unknown, or not there.
    let run_ready = |inputs: &[&str], expected: &str| {
        let output = run(&workspace, &[&["flow", "run", "answer-from-my-memory"], inputs].concat());
        let err = text(&output.stderr);
        assert!(!output.status.success() && err.contains(expected), "{expected}: {err}");
    };
    run_ready(&[], "Give “Sound” (sound)");
    run_ready(&["-i", "sound=/nowhere/x.wav"], "Could not open");
    let gone = value!({ "flow": "answer-from-my-memory",
        "inputs": { "sound": { "in": "file", "path": "/nowhere/x.wav" } } });
    assert!(
        served.post("/api/flow-runs", &gone).problem(422).fields[0].message.contains("not there")
    );
    let odd = value!({ "flow": "more-like-my-best", "inputs": { "seconds": 3 } });
    let problem = served.post("/api/flow-runs", &odd).problem(422);
    assert!(problem.fields[0].message.contains("no input “seconds”"), "{problem:?}");
    // A flow that came with the program stays as it is; a file that is damaged hides no other.
    let find = value!({ "key": "f", "label": "Find", "work": { "do": "find", "words": "noisy" } });
    let path = file(home.path(), "own.json", &with(value!([find])));
    let own = json(&workspace, &["flow", "import", &path]);
    let id = own["id"].as_str().unwrap();
    fs::write(workspace.join("flows/own/broken-000001.json"), "{").unwrap();
    assert_eq!(json(&workspace, &["flow", "list"]).as_array().unwrap().len(), 5);
    let refused = run(&workspace, &["flow", "delete", "more-like-my-best"]);
    assert!(text(&refused.stderr).contains("came with Maquette"));
    let deleted = json(&workspace, &["flow", "delete", id]);
    assert_eq!(deleted["id"], id);
    assert_eq!(json(&workspace, &["flow", "list"]).as_array().unwrap().len(), 4);
}

#[test]
fn new_sounds_of_a_watched_folder_start_a_flow_also_after_a_kill() {
    let mut served = Served::new();
    let workspace = served.workspace.clone();
    let (home, folder) = sounds();
    json(&workspace, &["memory", "add", folder.to_str().unwrap()]);
    let watched = home.path().join("incoming");
    fs::create_dir(&watched).unwrap();
    write(&watched.join("old.wav"), 1.0, noise);
    let watch = ["flow", "watch", "answer-from-my-memory", watched.to_str().unwrap()];
    let flow = json(&workspace, &watch);
    let id = flow["id"].as_str().unwrap().to_owned();
    assert_ne!(id, "answer-from-my-memory", "it is one of one's own now");
    write(&watched.join("new.wav"), 2.0, tone(440.0));
    let runs = || json(&workspace, &["flow", "runs", &id]);
    let first = until(|| Some(runs()[0].clone()).filter(|it| it["is_watched"] == true));
    // The studio is killed in the middle, and another one goes on.
    served.kill();
    let served = Served::at(&workspace);
    let run_id = first["id"].as_str().unwrap();
    let path = format!("/api/flow-runs/{run_id}");
    let done = until(|| Some(served.get(&path).json()).filter(|it| it["state"] != "running"));
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(runs().as_array().unwrap().len(), 1, "what was there before is no news");
    let answer = step(&done, "keep")["knows"]["sounds"][0]["place"]["id"].as_str().unwrap();
    let facts = facts(&workspace, answer);
    let secs = facts["n_samples"].as_f64().unwrap() / facts["rate_hz"].as_f64().unwrap();
    assert!((secs - 2.0).abs() < 0.05, "{facts}");
    until(|| {
        let listed = json(&workspace, &["memory", "list", "new"]);
        (listed["n_total"].as_u64().unwrap() > 0).then_some(())
    });
    let inside = ["flow", "watch", &id, workspace.to_str().unwrap()];
    let refused = run(&workspace, &inside);
    assert!(text(&refused.stderr).contains("lies in the workspace"), "{}", text(&refused.stderr));
    let off = json(&workspace, &["flow", "watch", &id, "--off"]);
    assert_eq!(off["watch"], Value::Null);
}

#[test]
fn sounds_and_patterns_are_blended_by_command() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let (home, folder) = sounds();
    let [low, high] = ["low tone.wav", "high tone.wav"].map(|it| folder.join(it));
    let [low, high] = [low.to_str().unwrap(), high.to_str().unwrap()];
    let out = home.path().join("out");
    let out = out.to_str().unwrap();
    for by in ["grains", "spectra", "layers"] {
        let blend = ["blend", low, high, "--by", by, "--seconds", "1.5", "-o", out, "--force"];
        let made = json(&workspace, &blend);
        let facts = &made["sounds"][0]["facts"];
        assert_eq!(facts["n_samples"], 33_075, "{by}: {made}");
        assert!(facts["peak_db"].as_f64().unwrap() > -30.0, "{by}: {made}");
    }
    // Other grains each time, the same for the same seed.
    let hashes = |seed: &str| -> Vec<Value> {
        let args = ["blend", low, high, "-n", "2", "--scatter", "0.1", "--seed", seed, "-o", out];
        let made = json(&workspace, &[&args[..], &["--force"]].concat());
        made["sounds"].as_array().unwrap().iter().map(|it| it["facts"]["sha256"].clone()).collect()
    };
    let first = hashes("1");
    assert!(first[0] != first[1] && first == hashes("1") && first != hashes("2"));
    let refuse = |args: &[&str], expected: &str| {
        let output = run(&workspace, &[args, &["-o", out, "--force"]].concat());
        let err = text(&output.stderr);
        assert!(!output.status.success() && err.contains(expected), "{expected}: {err}");
    };
    refuse(&["blend", low, "/nowhere.wav"], "Could not open");
    refuse(&["blend", low, "00000000000000ff"], "00000000000000ff");
    refuse(&["blend", &format!("{low}=0"), &format!("{high}=0")], "a share");
    for by in ["latents", "path"] {
        refuse(&["blend", low, "--by", by], "--model");
        refuse(&["blend", low, "--by", by, "--model", "nobody"], "nobody");
    }
    refuse(&["blend", low, "--rhythm", "2"], "counted from 1");
    refuse(&["blend", low, high, "--by", "spectra", "-n", "2"], "would be the same");
    let broken = folder.join("broken.wav");
    refuse(&["blend", low, broken.to_str().unwrap()], "broken.wav");
}
