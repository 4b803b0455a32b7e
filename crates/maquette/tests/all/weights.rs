//! Weights of others: checked, added from their folder, used by command and by jobs, their terms accepted once.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use nn::{Init, NamedArray, checkpoint};
use serde_json::{Value, json as value};

use crate::program::{Served, json, run, text, until};

fn vectors(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/vectors").join(path)
}

/// A model of random numbers, in a folder as a hub has it: with the settings, and the names and shapes of the tensors, of
/// a reference.
pub(crate) fn folder(at: &Path, reference: &str, licence: Option<&str>) {
    let file = checkpoint::read(&vectors(&format!("{reference}.safetensors"))).unwrap();
    let meta: Value = serde_json::from_str(&file.metadata["meta"]).unwrap();
    let state: Vec<(String, Vec<usize>)> = serde_json::from_value(meta["state"].clone()).unwrap();
    let array = |(name, shape): (String, Vec<usize>)| {
        let fan_in: usize = shape[1.min(shape.len())..].iter().product();
        let size = (3.0 / fan_in.max(1) as f32).sqrt();
        let [low, high] = match name.contains("norm") || name.ends_with("weight_g") {
            true => [0.8, 1.2],
            false => [-size, size],
        };
        let n = shape.iter().product();
        let values = Init::named(0, &name).uniform(n, low, high);
        NamedArray { name, shape, values }
    };
    let arrays: Vec<NamedArray> = state.into_iter().map(array).collect();
    fs::create_dir_all(at).unwrap();
    checkpoint::write(&at.join("model.safetensors"), &arrays, &BTreeMap::new()).unwrap();
    fs::copy(vectors(&format!("{reference}.json")), at.join("config.json")).unwrap();
    fs::copy(vectors("tokenizers/unigram/tokenizer.json"), at.join("tokenizer.json")).unwrap();
    if let Some(licence) = licence {
        let readme = format!("---\nlicense: {licence}\n---\n# A model\n");
        fs::write(at.join("README.md"), readme).unwrap();
    }
}

#[test]
fn a_codec_is_added_from_its_folder_and_used_by_name() {
    let home = tempfile::tempdir().unwrap();
    let workspace = home.path().join("workspace");
    let weights = home.path().join("tiny codec");
    folder(&weights, "encodec/music_32khz", None);
    let added = json(&workspace, &["weights", "add", weights.to_str().unwrap()]);
    assert_eq!((&added["name"], &added["family"]), (&value!("tiny codec"), &value!("encodec")));
    assert_eq!(added["linked"]["uses"], value!(["codec"]));
    // The same folder is one model.
    let again = json(&workspace, &["weights", "add", weights.to_str().unwrap(), "--name", "other"]);
    assert_eq!(again["id"], added["id"]);
    assert_eq!(json(&workspace, &["weights", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(json(&workspace, &["model", "list"])[0]["id"], added["id"]);

    let (sound, codes) = (home.path().join("a.wav"), home.path().join("codes.npy"));
    fs::write(&sound, crate::program::wav(220.0)).unwrap();
    let [sound, codes] = [&sound, &codes].map(|path| path.to_str().unwrap().to_owned());
    json(&workspace, &["codec", "tiny codec", "encode", &sound, "-o", &codes]);
    let back = home.path().join("back.wav");
    let decode = ["codec", added["id"].as_str().unwrap(), "decode", &codes, "-o"];
    let decoded = json(&workspace, &[&decode[..], &[back.to_str().unwrap()]].concat());
    assert_eq!(decoded["rate_hz"], 32_000);

    // What a model that was trained here can do, it cannot, and says so.
    let refused = run(&workspace, &["generate", "tiny codec", "--seconds", "1", "-o", "nowhere"]);
    assert!(!refused.status.success());
    json(&workspace, &["weights", "remove", "tiny codec"]);
    assert_eq!(json(&workspace, &["weights", "list"]), value!([]));
    assert!(weights.join("model.safetensors").is_file(), "the files stay where they are");
}

#[test]
fn terms_that_restrict_use_are_accepted_before_a_model_is_used() {
    let home = tempfile::tempdir().unwrap();
    let workspace = home.path().join("workspace");
    let weights = home.path().join("tiny");
    folder(&weights, "encodec/music_32khz", Some("cc-by-nc-4.0"));
    let added = json(&workspace, &["weights", "add", weights.to_str().unwrap()]);
    assert_eq!(added["linked"]["licence"]["must_be_accepted"], true);
    assert!(added["linked"].get("accepted_ms").is_none());
    let sound = home.path().join("a.wav");
    fs::write(&sound, crate::program::wav(220.0)).unwrap();
    let codes = home.path().join("codes.npy");
    let [sound, codes] = [&sound, &codes].map(|path| path.to_str().unwrap().to_owned());
    let encode = ["codec", "tiny", "encode", &sound, "-o", &codes];
    let refused = run(&workspace, &encode);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("weights accept"), "{said}");
    assert!(said.contains("Not for commercial use"), "{said}");
    json(&workspace, &["weights", "accept", "tiny"]);
    json(&workspace, &encode);
}

#[test]
fn a_folder_that_is_not_whole_is_refused_in_words() {
    let home = tempfile::tempdir().unwrap();
    let workspace = home.path().join("workspace");
    let weights = home.path().join("tiny");
    folder(&weights, "encodec/music_32khz", None);
    fs::write(weights.join("model.safetensors"), "version https://git-lfs.github.com/spec/v1\n")
        .unwrap();
    let refused = run(&workspace, &["weights", "add", weights.to_str().unwrap()]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("Git LFS pointer"), "{said}");
    assert_eq!(json(&workspace, &["weights", "list"]), value!([]));
}

#[test]
fn words_become_sound_by_command_and_the_same_seed_gives_the_same() {
    let home = tempfile::tempdir().unwrap();
    let workspace = home.path().join("workspace");
    let weights = home.path().join("musicgen");
    folder(&weights, "musicgen/musicgen", None);
    json(&workspace, &["weights", "add", weights.to_str().unwrap()]);
    let make = |name: &str, more: &[&str]| {
        let (sound, codes) =
            (home.path().join(name), home.path().join(format!("{name}.codes.npy")));
        let [sound, codes] = [&sound, &codes].map(|path| path.to_str().unwrap().to_owned());
        let prompt = "rain 🌧️ مطر";
        let args = ["generate-text", "musicgen", "--prompt", prompt, "-o", &sound];
        let made = json(&workspace, &[&args[..], &["--codes", &codes], more].concat());
        assert_eq!((&made["rate_hz"], &made["channels"]), (&value!(32_000), &value!(1)));
        assert_eq!(made["codes_shape"][0], 4);
        fs::read(&sound).unwrap()
    };
    let short = |more: &[&'static str]| [&["--seconds", "0.5"], more].concat();
    let first = make("a.wav", &short(&["--seed", "3"]));
    assert_eq!(make("b.wav", &short(&["--seed", "3"])), first);
    assert_ne!(make("c.wav", &short(&["--seed", "4"])), first);
    let greedy = make("d.npy", &short(&["--greedy"]));
    assert_eq!(make("e.npy", &short(&["--greedy", "--seed", "9"])), greedy);
    make(
        "f.wav",
        &["--seconds", "1", "--from", home.path().join("a.wav").to_str().unwrap(), "--small"],
    );
    let args =
        ["generate-text", "musicgen", "--prompt", "a", "--seconds", "1", "--steps", "5", "-o"];
    let refused = run(&workspace, &[&args[..], &["x.wav"]].concat());
    assert!(text(&refused.stderr).contains("has no steps"), "{}", text(&refused.stderr));
}

#[test]
fn a_recipe_of_words_is_made_by_a_job_and_says_what_it_cannot_do() {
    let home = tempfile::tempdir().unwrap();
    let weights = home.path().join("musicgen");
    folder(&weights, "musicgen/musicgen", Some("mit"));
    let served = Served::new();
    let folder = weights.to_str().unwrap();
    let added = served.post("/api/weights", &value!({ "folder": folder })).json();
    let recipe = |source: Value| {
        let mut source = source;
        source["from"] = value!("words");
        value!({
            "recipe": {
                "models": [{ "place": { "from": "library", "id": added["id"] } }],
                "source": source, "seed": 5, "secs": 0.5, "format": "int16",
            },
            "count": 2,
        })
    };
    let sections = value!({
        "prompts": [{ "text": "rain" }],
        "sections": [{ "prompts": [{ "text": "storm" }], "secs": 0.5 }],
    });
    let made = served.post("/api/generations", &recipe(sections)).json();
    let path = format!("/api/generations/{}", made["id"].as_str().unwrap());
    until(|| {
        let state = served.get(&path).json()["job"]["state"]["state"].clone();
        assert_ne!(state, "failed", "{:?}", served.get(&path).json());
        (state == "done").then_some(())
    });
    let sounds = served.get(&format!("{path}/sounds")).json();
    let sounds = sounds.as_array().unwrap();
    assert_eq!(sounds.len(), 2);
    let card = &sounds[0]["card"];
    assert_eq!(card["recipe"]["models"][0]["licence"], "mit");
    assert!(card["facts"]["n_samples"].as_u64().unwrap() > 30_000, "both sections are there");
    assert_ne!(card["facts"]["sha256"], sounds[1]["card"]["facts"]["sha256"]);

    let refused = |source: Value, field: &str| {
        let answer = served.post("/api/generations", &recipe(source));
        let problem = answer.problem(422);
        assert!(problem.fields.iter().any(|it| it.key == field), "{problem:?}");
    };
    refused(value!({ "prompts": [{ "text": " " }] }), "prompts");
    refused(value!({ "prompts": [{ "text": "a" }], "steps": 3 }), "steps");
    refused(value!({ "prompts": [{ "text": "a", "weight": 0.0 }] }), "prompts");
    refused(value!({ "prompts": [{ "text": "a" }], "tempo": { "bpm": 5.0 } }), "tempo");
}

#[test]
fn a_killed_worker_is_said_one_that_is_stopped_ends_at_once_and_the_rest_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let weights = home.path().join("musicgen");
    folder(&weights, "musicgen/musicgen", Some("mit"));
    let served = Served::new();
    let added =
        served.post("/api/weights", &value!({ "folder": weights.to_str().unwrap() })).json();
    // Minutes of sound take a while even with a tiny model.
    let make = |secs: f64| {
        let recipe = value!({
            "models": [{ "place": { "from": "library", "id": added["id"] } }],
            "source": { "from": "words", "prompts": [{ "text": "rain" }] },
            "seed": 5, "secs": secs, "format": "int16",
        });
        let made = served.post("/api/generations", &value!({ "recipe": recipe })).json();
        made["id"].as_str().unwrap().to_owned()
    };
    let events = |id: &str| {
        let all = served.get(&format!("/api/jobs/{id}/events")).json();
        all.as_array().unwrap().clone()
    };
    let state =
        |id: &str| served.get(&format!("/api/generations/{id}")).json()["job"]["state"].clone();
    let making = |id: &str| {
        until(|| {
            let is_making =
                |it: &&Value| it["event"] == "progress" && it["phase"] == "making sounds";
            events(id).iter().find(is_making).map(|_| ())
        });
    };
    let killed = make(300.0);
    let (stopped, short) = (make(300.0), make(0.3));
    making(&killed);
    let started = events(&killed);
    let pid = started.iter().find_map(|it| it["pid"].as_i64()).unwrap();
    crate::sessions::kill(pid);
    until(|| {
        let found = state(&killed);
        let ended = ["failed", "interrupted"].iter().any(|it| found["state"] == *it);
        ended.then_some(())
    });
    making(&stopped);
    served.post(&format!("/api/jobs/{stopped}/cancel"), &value!({}));
    let asked = std::time::Instant::now();
    until(|| (state(&stopped)["state"] == "stopped").then_some(()));
    assert!(asked.elapsed().as_secs_f64() < 20.0, "{:?}", asked.elapsed());
    until(|| (state(&short)["state"] == "done").then_some(()));
}

#[test]
fn what_a_sound_takes_is_forecast_before_it_is_made() {
    let home = tempfile::tempdir().unwrap();
    let weights = home.path().join("musicgen");
    folder(&weights, "musicgen/musicgen", Some("mit"));
    let served = Served::new();
    let place = value!({ "folder": weights.to_str().unwrap() });
    let found = served.post("/api/weights/check", &place).json();
    let forecasts = found["forecasts"].as_array().unwrap();
    assert_eq!(forecasts.len(), 2);
    assert_eq!(forecasts[0]["sound_secs"], 10.0);
    assert!(forecasts.iter().all(|it| it["compute_secs"].as_f64().unwrap() > 0.0));
    assert!(forecasts[1]["weight_bytes"].as_u64() < forecasts[0]["weight_bytes"].as_u64());
    let added = served.post("/api/weights", &place).json();
    let ask = |secs: f64, in_8_bits: bool| {
        let of = value!({ "model": added["id"], "secs": secs, "in_8_bits": in_8_bits });
        served.post("/api/weights/forecast", &of).json()
    };
    let [short, long] = [1.0, 100.0].map(|secs| ask(secs, false));
    let secs = |of: &Value| of["compute_secs"].as_f64().unwrap();
    assert!(secs(&long) > 50.0 * secs(&short), "{short} {long}");
    assert!(long["sound_bytes"].as_u64() > short["sound_bytes"].as_u64());
    assert!(ask(1.0, true)["weight_bytes"].as_u64() < short["weight_bytes"].as_u64());
    let nobody = value!({ "model": "nobody-000001", "secs": 1.0 });
    served.post("/api/weights/forecast", &nobody).problem(404);
    // In the command's words.
    let workspace = home.path().join("workspace");
    let said = run(&workspace, &["weights", "check", weights.to_str().unwrap()]);
    let said = text(&said.stdout);
    assert!(said.contains("10 s take") && said.contains("of memory here"), "{said}");
}

#[test]
fn a_model_is_loaded_once_for_jobs_that_follow_each_other() {
    let home = tempfile::tempdir().unwrap();
    let weights = home.path().join("musicgen");
    folder(&weights, "musicgen/musicgen", Some("mit"));
    let served = Served::new();
    let added =
        served.post("/api/weights", &value!({ "folder": weights.to_str().unwrap() })).json();
    // The process that made a sound, what it said, and the sound.
    let make = |in_8_bits: bool| {
        let recipe = value!({
            "models": [{ "place": { "from": "library", "id": added["id"] } }],
            "source": { "from": "words", "prompts": [{ "text": "rain" }], "in_8_bits": in_8_bits },
            "seed": 5, "secs": 0.3, "format": "int16",
        });
        let made = served.post("/api/generations", &value!({ "recipe": recipe })).json();
        let id = made["id"].as_str().unwrap().to_owned();
        until(|| {
            let found = served.get(&format!("/api/generations/{id}")).json();
            let state = found["job"]["state"]["state"].clone();
            assert!(state != "failed" && state != "interrupted", "{found}");
            (state == "done").then_some(())
        });
        let events = served.get(&format!("/api/jobs/{id}/events")).json();
        let pid = events.as_array().unwrap().iter().find_map(|it| it["pid"].as_i64()).unwrap();
        let log = served.get(&format!("/api/jobs/{id}/log")).json()["text"].to_string();
        let sounds = served.get(&format!("/api/generations/{id}/sounds")).json();
        (pid, log.contains("loaded already"), sounds[0]["card"]["facts"]["sha256"].clone())
    };
    let kept = || served.get("/api/system").json()["kept_models"].as_array().unwrap().len();
    let first = make(false);
    assert!(!first.1);
    assert_eq!(until(|| Some(kept()).filter(|it| *it > 0)), 1);
    let second = make(false);
    assert_eq!(second, (first.0, true, first.2.clone()), "the same process, the same sound");
    // Other weights are another model, which is kept beside it as long as there is room.
    let small = make(true);
    assert!(small.0 != first.0 && !small.1);
    until(|| (kept() == 2).then_some(()));
    // One that was killed in between is no loss.
    crate::sessions::kill(first.0);
    let third = make(false);
    assert!(third.0 != first.0 && !third.1 && third.2 == first.2);
    until(|| (kept() == 2).then_some(()));
    // Weights that were written again are loaded again.
    let file = weights.join("model.safetensors");
    fs::write(&file, fs::read(&file).unwrap()).unwrap();
    assert_eq!(make(false), (third.0, false, first.2.clone()));
    // Nothing stays behind when the studio ends.
    let pids = [small.0, third.0];
    drop(served);
    let lives = |pid: &i64| Path::new(&format!("/proc/{pid}/stat")).exists();
    until(|| (!pids.iter().any(lives)).then_some(()));
}
