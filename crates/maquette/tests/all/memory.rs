//! The memory of one's own sounds: by command and over HTTP, with models that hear, with files that lie, and after a kill.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use nn::{Init, NamedArray, checkpoint};
use serde_json::{Value, json as value};

use crate::program::{Served, json, run, text, until, write_sounds};

const RATE_HZ: u32 = 22_050;

/// A WAV file, 16 bits, one channel, of a wave at each sample's time.
pub(crate) fn write(path: &Path, secs: f64, wave: impl Fn(f64) -> f64) {
    let n = (secs * f64::from(RATE_HZ)) as u32;
    let mut bytes = vec![];
    bytes.extend(b"RIFF");
    bytes.extend((36 + 2 * n).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(RATE_HZ.to_le_bytes());
    bytes.extend((2 * RATE_HZ).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((2 * n).to_le_bytes());
    for i in 0..n {
        let x = wave(f64::from(i) / f64::from(RATE_HZ)).clamp(-1.0, 1.0);
        bytes.extend(((x * 32_000.0) as i16).to_le_bytes());
    }
    fs::write(path, bytes).unwrap();
}

/// Noise that is the same for everybody.
pub(crate) fn noise(secs: f64) -> f64 {
    let x = (secs * 12_345.678).sin() * 43_758.545_3;
    0.4 * (x - x.floor() - 0.5)
}

pub(crate) fn tone(hz: f64) -> impl Fn(f64) -> f64 {
    move |secs| {
        let phase = std::f64::consts::TAU * hz * secs;
        0.25 * (phase.sin() + 0.5 * (2.0 * phase).sin() + 0.25 * (3.0 * phase).sin())
    }
}

/// A folder of sounds: two tones, two noises, one that changes in the middle, and a file that is no sound.
pub(crate) fn sounds() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("sounds");
    fs::create_dir(&folder).unwrap();
    write(&folder.join("low tone.wav"), 2.0, tone(220.0));
    write(&folder.join("high tone.wav"), 2.0, tone(660.0));
    write(&folder.join("wind.wav"), 2.0, noise);
    write(&folder.join("rain.wav"), 1.5, |secs| noise(secs + 7.0));
    let both = tone(330.0);
    write(&folder.join("both.wav"), 4.0, |secs| if secs < 2.0 { noise(secs) } else { both(secs) });
    fs::write(folder.join("broken.wav"), b"no sound").unwrap();
    (home, folder)
}

/// CLAP of random numbers, as small as the reference of its tests, in a folder as a hub has it.
fn clap(at: &Path) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/vectors/clap");
    let file = checkpoint::read(&vectors.join("tiny.safetensors")).unwrap();
    let meta: Value = serde_json::from_str(&file.metadata["meta"]).unwrap();
    let settings: Value =
        serde_json::from_slice(&fs::read(vectors.join("tiny.json")).unwrap()).unwrap();
    fs::create_dir_all(at).unwrap();
    for (name, part) in [("config.json", "config"), ("preprocessor_config.json", "preprocessor")] {
        fs::write(at.join(name), settings[part].to_string()).unwrap();
    }
    fs::copy(vectors.join("tokenizer.json"), at.join("tokenizer.json")).unwrap();
    let state: Vec<(String, Vec<usize>)> = serde_json::from_value(meta["state"].clone()).unwrap();
    let array = |(name, shape): (String, Vec<usize>)| {
        let n = shape.iter().product();
        let fan_in: usize = shape.iter().skip(1).product();
        let [low, high] = match &name {
            it if it.ends_with("batch_norm.running_mean") => [-20.0, -10.0],
            it if it.ends_with("batch_norm.running_var") => [100.0, 200.0],
            _ if shape.len() >= 2 => [-1.0, 1.0].map(|x| x * (3.0 / fan_in as f32).sqrt()),
            it if it.ends_with("weight") || it.ends_with("scale") => [0.8, 1.2],
            _ => [-0.1, 0.1],
        };
        let values = Init::named(0, &name).uniform(n, low, high);
        NamedArray { name, shape, values }
    };
    let arrays: Vec<NamedArray> = state.into_iter().map(array).collect();
    checkpoint::write(&at.join("model.safetensors"), &arrays, &BTreeMap::new()).unwrap();
}

fn found_names(found: &Value) -> Vec<String> {
    let name = |it: &Value| it["pattern"]["source"]["name"].as_str().unwrap().to_owned();
    found["found"].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn sounds_are_remembered_found_rated_taught_and_carried() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let (home, folder) = sounds();
    let path = folder.to_str().unwrap();
    let nothing = run(&workspace, &["memory", "show"]);
    assert!(text(&nothing.stdout).contains("Nothing is remembered yet"));

    let added = json(&workspace, &["memory", "add", path, "--tag", "garden"]);
    assert_eq!((&added["n_sounds"], added["failures"].as_array().unwrap().len()), (&value!(5), 1));
    assert!(added["failures"][0]["file"] == "broken.wav", "{added}");
    let shown = json(&workspace, &["memory", "show"]);
    assert_eq!((&shown["n_sounds"], &shown["n_missing"]), (&value!(5), &value!(0)));
    let n = shown["n_patterns"].as_u64().unwrap();
    assert!(n >= 6, "both.wav has two: {shown}");
    assert_eq!(shown["tags"][0], value!({ "name": "garden", "n_patterns": n }));
    // The same again changes nothing.
    let again = json(&workspace, &["memory", "add", path]);
    assert_eq!((&again["n_sounds"], &again["n_known"]), (&value!(5), &value!(5)));
    assert_eq!(json(&workspace, &["memory", "show"])["n_patterns"], n);

    // By words, by a sound, by a part of a sound, by what a pattern is like.
    let noisy = json(&workspace, &["memory", "find", "noisy, over 1 s"]);
    let names = found_names(&noisy);
    assert!(
        names.contains(&"wind.wav".into()) && !names.contains(&"low tone.wav".into()),
        "{names:?}"
    );
    assert!(noisy["found"][0]["why"].as_str().unwrap().contains("noisy"), "{noisy}");
    let wind = folder.join("wind.wav");
    let like =
        json(&workspace, &["memory", "find", "--like", wind.to_str().unwrap(), "--limit", "3"]);
    assert_eq!(found_names(&like)[0], "wind.wav");
    assert_eq!(like["query"].as_array().unwrap().len(), 128);
    let both = folder.join("both.wav");
    let part = ["memory", "find", "--like", both.to_str().unwrap(), "--from", "2.2", "--to", "3.8"];
    let part = json(&workspace, &part);
    assert!(part["found"][0]["pattern"]["kind"] == "harmonic", "{part}");
    let refused = run(&workspace, &["memory", "find"]);
    assert!(text(&refused.stderr).contains("Say what to look for") || !refused.status.success());

    // A rating moves what it is about, and is forgotten.
    let tones = ["memory", "find", "--like", "low", "--limit", "10"];
    let low = folder.join("low tone.wav");
    let tones = tones.map(|it| if it == "low" { low.to_str().unwrap() } else { it });
    let before = json(&workspace, &tones);
    let last = before["found"].as_array().unwrap().last().unwrap();
    let id = last["pattern"]["id"].as_str().unwrap();
    let rated = run(&workspace, &["memory", "rate", id, "good"]);
    assert!(
        text(&rated.stdout).contains("searches like the last one follow it"),
        "{}",
        text(&rated.stdout)
    );
    let after = json(&workspace, &tones);
    let place = |found: &Value| {
        found["found"].as_array().unwrap().iter().position(|it| it["pattern"]["id"] == id).unwrap()
    };
    assert!(place(&after) < place(&before), "{after}");
    let why = after["found"][place(&after)]["why"].as_str().unwrap();
    assert!(why.contains("liked"), "{why}");
    // It can be withdrawn.
    run(&workspace, &["memory", "rate", id, "bad"]);
    assert_eq!(json(&workspace, &["memory", "show", id])["n_disliked"], 1);
    run(&workspace, &["memory", "rate", id, "none"]);
    let shown = json(&workspace, &["memory", "show", id]);
    assert_eq!((&shown["n_liked"], &shown["n_disliked"]), (&value!(0), &value!(0)));
    assert!(!run(&workspace, &["memory", "rate", id, "none"]).status.success());
    run(&workspace, &["memory", "rate", id, "good"]);
    assert_eq!(json(&workspace, &["memory", "rate", "--forget"])["n_ratings"], 1);
    let scores = |found: &Value| -> Vec<(Value, Value)> {
        let one = |it: &Value| (it["pattern"]["id"].clone(), it["score"].clone());
        found["found"].as_array().unwrap().iter().map(one).collect()
    };
    assert_eq!(scores(&json(&workspace, &tones)), scores(&before));

    // A correction stays over another cut, and says what it taught.
    let first = json(&workspace, &["memory", "list", "both"]);
    let id = first["patterns"][0]["id"].as_str().unwrap();
    let args = ["memory", "teach", id, "--end", "1.2", "--kind", "gust", "--tag", "mine"];
    let taught = json(&workspace, &args);
    let pattern = &taught["pattern"];
    assert_eq!((&pattern["end_secs"], &pattern["kind"]), (&value!(1.2), &value!("gust")));
    assert!(pattern["is_by_hand"] == true && pattern["id"] != id && pattern["confidence"] == 1.0);
    assert_eq!(taught["spaces"], value!(["dsp-1"]), "it was described anew");
    json(&workspace, &["memory", "add", path, "--again"]);
    let kept = json(&workspace, &["memory", "find", "gust", "--limit", "50"]);
    let ends: Vec<f64> = kept["found"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["pattern"]["source"]["name"] == "both.wav")
        .map(|it| it["pattern"]["end_secs"].as_f64().unwrap())
        .collect();
    assert_eq!(ends, [1.2]);
    // What is like it has its kind now.
    assert!(found_names(&kept).contains(&"wind.wav".into()), "{kept}");
    let cutting = json(&workspace, &["memory", "show"])["cutting"].clone();
    assert!(cutting.as_str().unwrap().contains("one sound"), "{cutting}");
    // Without being told to, nothing is cut anew, and a sound that has moved is followed.
    let ids = |workspace: &Path| -> Vec<Value> {
        let listed = json(workspace, &["memory", "list", "--limit", "100"]);
        let all = listed["patterns"].as_array().unwrap().iter();
        let mut ids: Vec<Value> = all.map(|it| it["id"].clone()).collect();
        ids.sort_by_key(Value::to_string);
        ids
    };
    let before = ids(&workspace);
    let moved = folder.join("moved");
    fs::create_dir(&moved).unwrap();
    fs::rename(&both, moved.join("both.wav")).unwrap();
    let again = json(&workspace, &["memory", "add", path]);
    assert_eq!((&again["n_sounds"], &again["n_known"]), (&value!(5), &value!(4)));
    assert_eq!(ids(&workspace), before);
    let shown = json(&workspace, &["memory", "show", pattern["id"].as_str().unwrap()]);
    let source = shown["pattern"]["source"]["path"].as_str().unwrap();
    assert!(source.ends_with("moved/both.wav"), "{source}");
    fs::rename(moved.join("both.wav"), &both).unwrap();
    json(&workspace, &["memory", "add", path]);

    let wrong =
        run(&workspace, &["memory", "teach", pattern["id"].as_str().unwrap(), "--end", "0"]);
    assert!(!wrong.status.success() && text(&wrong.stderr).contains("20 ms"));

    // A file that has become another sound is not heard in the place of the one that was there.
    let id = pattern["id"].as_str().unwrap();
    let can_be_heard = || json(&workspace, &["memory", "show", id])["can_be_heard"].clone();
    let as_it_was = fs::read(&both).unwrap();
    assert_eq!(can_be_heard(), true);
    fs::copy(folder.join("wind.wav"), &both).unwrap();
    assert_eq!(can_be_heard(), false);
    served.get(&format!("/api/memory/patterns/{id}/sound")).problem(409);
    fs::write(&both, as_it_was).unwrap();
    assert_eq!(can_be_heard(), true);

    // Away and back, with sounds that are heard when their files are gone.
    let file = home.path().join("garden.memory");
    let file = file.to_str().unwrap();
    let export = ["memory", "export", "-o", file, "--words", "garden", "--sounds"];
    let exported = json(&workspace, &export);
    assert!(exported["n_patterns"].as_u64().unwrap() >= 5, "{exported}");
    let again = run(&workspace, &export);
    assert!(!again.status.success() && text(&again.stderr).contains("--force"));
    fs::remove_dir_all(&folder).unwrap();
    let other = Served::new();
    let taken = json(&other.workspace, &["memory", "import", file]);
    assert_eq!(taken["n_patterns"], exported["n_patterns"]);
    let listed = json(&other.workspace, &["memory", "list", "wind"]);
    let id = listed["patterns"][0]["id"].as_str().unwrap().to_owned();
    let sound = other.get(&format!("/api/memory/patterns/{id}/sound"));
    assert_eq!((sound.status, sound.header("pattern-sound")), (200, Some("part")));
    assert_eq!(&sound.body[..4], b"RIFF");
    assert_eq!(json(&other.workspace, &["memory", "show", &id])["can_be_heard"], true);
    // Here the sounds are gone, and that is said.
    let gone = served.get(&format!("/api/memory/patterns/{id}/sound")).problem(409);
    assert!(gone.why.as_ref().is_some_and(|it| it.contains("wind.wav")), "{gone:?}");
    let removed = json(&other.workspace, &["memory", "remove", &id]);
    assert_eq!(removed["n_patterns"], 1);
    assert_eq!(other.get(&format!("/api/memory/patterns/{id}")).problem(404).code, "not_found");
    // And back, with its sound, its vector, and what was said of it.
    let removed = removed["removed"].to_string();
    let restored = json(&other.workspace, &["memory", "restore", &removed]);
    assert_eq!((&restored["n_patterns"], &restored["n_ratings"]), (&value!(1), &value!(0)));
    let shown = json(&other.workspace, &["memory", "show", &id]);
    assert_eq!((&shown["can_be_heard"], &shown["spaces"][0]), (&value!(true), &value!("dsp-1")));
    let twice = run(&other.workspace, &["memory", "restore", &removed]);
    assert!(!twice.status.success() && text(&twice.stderr).contains("already"));

    for (bytes, said) in [(&b"lies"[..], "not"), (&b"MAQMEMLB and lies"[..], "")] {
        let lying = home.path().join("lies.memory");
        fs::write(&lying, bytes).unwrap();
        let refused = run(&other.workspace, &["memory", "import", lying.to_str().unwrap()]);
        let words = text(&refused.stderr);
        assert!(!refused.status.success() && words.contains(said), "{words}");
    }
}

#[test]
fn a_model_that_reads_words_finds_sounds_by_them() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let (home, folder) = sounds();
    let weights = home.path().join("tiny clap");
    clap(&weights);
    let added = ["weights", "add", weights.to_str().unwrap(), "--accept-licence"];
    let model = json(&workspace, &added);
    let id = model["id"].as_str().unwrap();
    // Words need a space that reads them.
    let early = run(&workspace, &["memory", "find", "--text", "a storm"]);
    assert!(text(&early.stderr).contains("No space of the memory reads words"));
    json(&workspace, &["memory", "add", folder.to_str().unwrap(), "--model", id]);
    let shown = json(&workspace, &["memory", "show"]);
    let spaces = shown["spaces"].as_array().unwrap();
    let space = spaces.iter().find(|it| it["reads_words"] == true).unwrap();
    assert_eq!((&space["model"], &space["n_patterns"]), (&value!(id), &shown["n_patterns"]));
    let found = json(&workspace, &["memory", "find", "--text", "a storm", "--limit", "3"]);
    assert_eq!((&found["space"], found_names(&found).len()), (&space["name"], 3));
    // A sound is nearest to itself there, too.
    let wind = folder.join("wind.wav");
    let like = ["memory", "find", "--like", wind.to_str().unwrap(), "--space"];
    let name = space["name"].as_str().unwrap();
    let like = json(&workspace, &[&like[..], &[name]].concat());
    assert_eq!(found_names(&like)[0], "wind.wav", "{like}");
    assert!(like["found"][0]["similarity"].as_f64().unwrap() > 0.99, "{like}");
    // What comes later is heard by it without a word.
    let later = folder.join("later.wav");
    write(&later, 1.0, tone(440.0));
    json(&workspace, &["memory", "add", later.to_str().unwrap()]);
    let shown = json(&workspace, &["memory", "show"]);
    let spaces = shown["spaces"].as_array().unwrap();
    assert!(spaces.iter().all(|it| it["n_patterns"] == shown["n_patterns"]), "{shown}");
}

#[test]
fn a_codec_of_ones_own_hears_by_its_latents() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let (home, folder) = sounds();
    let notes = home.path().join("notes");
    write_sounds(&notes);
    let dataset = json(&workspace, &["dataset", "create", notes.to_str().unwrap()]);
    let train = ["train", dataset["id"].as_str().unwrap(), "--steps", "3", "--follow"];
    let small = ["--set", "capacity=2", "--set", "batch_size=1"];
    let run_of = json(&workspace, &[&train[..], &small].concat());
    let model = json(&workspace, &["model", "add", run_of["id"].as_str().unwrap()]);
    let add = ["memory", "add", folder.to_str().unwrap(), "--model", model["id"].as_str().unwrap()];
    json(&workspace, &add);
    let shown = json(&workspace, &["memory", "show"]);
    let spaces = shown["spaces"].as_array().unwrap();
    let space = spaces.iter().find(|it| it["model"] == model["id"]).unwrap();
    assert_eq!(
        (&space["n_patterns"], &space["reads_words"]),
        (&shown["n_patterns"], &value!(false))
    );
    let wind = folder.join("wind.wav");
    let like = ["memory", "find", "--like", wind.to_str().unwrap(), "--space"];
    let like = json(&workspace, &[&like[..], &[space["name"].as_str().unwrap()]].concat());
    assert_eq!(found_names(&like)[0], "wind.wav", "{like}");
    // Without the model its space is still searched by patterns, and says that it hears nothing new.
    json(&workspace, &["model", "delete", model["id"].as_str().unwrap()]);
    let shown = json(&workspace, &["memory", "show"]);
    let spaces = shown["spaces"].as_array().unwrap();
    assert!(spaces.iter().any(|it| it["name"] == space["name"] && it["is_usable"] == false));
    let refused = run(
        &workspace,
        &[
            "memory",
            "find",
            "--like",
            wind.to_str().unwrap(),
            "--space",
            space["name"].as_str().unwrap(),
        ],
    );
    assert!(!refused.status.success());
}

#[test]
fn a_job_that_is_stopped_keeps_what_it_found_and_goes_on() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("many");
    fs::create_dir(&folder).unwrap();
    for i in 0..60 {
        let hz = 200.0 + 20.0 * f64::from(i);
        write(&folder.join(format!("{i:02}.wav")), 6.0, tone(hz));
    }
    let new = value!({ "paths": [folder] });
    let job = served.post("/api/memory/patterns", &new).json();
    let id = job["job"]["id"].as_str().unwrap().to_owned();
    let n_patterns = || served.get("/api/memory").json()["n_patterns"].as_u64().unwrap();
    until(|| (n_patterns() > 0).then_some(()));
    assert_eq!(served.post(&format!("/api/jobs/{id}/cancel"), &Value::Null).status, 204);
    let state = || served.get(&format!("/api/jobs/{id}")).json()["state"]["state"].clone();
    until(|| (state() == "stopped" || state() == "done").then_some(()));
    assert_eq!(state(), "stopped", "it has ended before it was stopped");
    let n_kept = n_patterns();
    assert!((1..60).contains(&n_kept), "{n_kept}");
    assert_eq!(served.post(&format!("/api/jobs/{id}/restart"), &Value::Null).status, 200);
    until(|| (state() == "done").then_some(()));
    assert_eq!(n_patterns(), 60);
    let mut served = served;
    served.terminate();
    // Vectors that a disk has damaged are found and made again.
    let vectors = workspace.join("memory/spaces/dsp-1/vectors-1.f32");
    let mut bytes = fs::read(&vectors).unwrap();
    // In the fourth vector, behind the head of the file.
    bytes[64 + 3 * 512 + 7] ^= 0x55;
    fs::write(&vectors, bytes).unwrap();
    let mended = json(&workspace, &["memory", "mend"]);
    assert!(mended["n_patterns"].as_u64().unwrap() >= 1, "{mended}");
    let again = run(&workspace, &["memory", "mend"]);
    assert!(text(&again.stderr).contains("None is missing"), "{}", text(&again.stderr));
}
