//! Formats on disk: files as version 1 wrote them are still read. Add to these, never change them.

use std::{fs, path::Path};

use api::{JobState, Limit};
use studio::Error;

use crate::stage::open;

const DATASET: [(&str, &str); 3] = [
    (
        "job.json",
        r#"{"format":1,"id":"notes-000001","name":"notes","created_ms":1000,"version":"0.1.0",
            "task":{"kind":"prepare","source":{"from":"folder","path":"/sounds/notes"},
            "rate_hz":44100,"channels":1,"validation_share":0.1,"seed":0}}"#,
    ),
    (
        "dataset.json",
        r#"{"format":1,"summary":{"source":"/sounds/notes","rate_hz":44100,"channels":1,"n_files":1,
            "n_skipped":0,"n_validation":0,"length_secs":0.5,"bytes":44100,"hash":"abc",
            "prepare_secs":0.1},"sounds":[{"idx":0,"path":"a.wav","length_secs":0.5,
            "source_rate_hz":48000,"source_channels":2,"peak_db":-1.0,"rms_db":-12.0,
            "split":"training","chunk":0,"offset_bytes":0,"n_frames":22050,
            "peaks_offset_bytes":0,"sha256":"def"}],"warnings":[]}"#,
    ),
    ("exit.json", r#"{"ended_ms":3000,"outcome":{"outcome":"done"}}"#),
];

const RUN: [(&str, &str); 5] = [
    (
        "job.json",
        r#"{"format":1,"id":"first-000002","name":"first","created_ms":4000,"version":"0.1.0",
            "task":{"kind":"train","dataset":"notes-000001",
            "dataset_path":"../../datasets/notes-000001","dataset_hash":"abc","family":"rave",
            "preset":"sketch","settings":{"capacity":8},"seed":3,
            "limit":{"until":"steps","steps":10}}}"#,
    ),
    ("limit.json", r#"{"limit":{"until":"minutes","minutes":5.0}}"#),
    ("card.json", r#"{"name":"My first"}"#),
    (
        "events.jsonl",
        concat!(
            r#"{"seq":1,"time_ms":5000,"event":"started","pid":1,"version":"0.1.0","n_threads":2,"from_step":0}"#,
            "\n",
            r#"{"seq":2,"time_ms":5001,"event":"metrics","step":1,"values":{"loss_total":2.5}}"#,
            "\n",
            r#"{"seq":3,"time_ms":5002,"event":"warning","code":"nan","message":"not a number"}"#,
            "\n",
            r#"{"seq":4,"time_ms":5003,"event":"finished","outcome":"stopped"}"#,
            "\n",
        ),
    ),
    ("exit.json", r#"{"ended_ms":6000,"outcome":{"outcome":"stopped"}}"#),
];

const MODEL: [(&str, &str); 3] = [
    (
        "model.json",
        r#"{"format":1,"id":"best-000003","name":"best","created_ms":7000,"family":"rave",
            "settings":{"capacity":8},"rate_hz":44100,"bytes":1,"sha256":"0","lineage":{
            "run":"first-000002","run_name":"first","step":1,"dataset":"notes-000001",
            "dataset_hash":"abc","seed":3,"preset":"sketch","version":"0.1.0","validation":null}}"#,
    ),
    ("weights.safetensors", "w"),
    ("card.json", r#"{"name":"The best","deleted_ms":8000}"#),
];

const PRESET: [(&str, &str); 2] = [
    (
        "preset.json",
        r#"{"format":1,"id":"my-voice","created_ms":9000,"name":"My voice","summary":"Soft.",
            "family":"rave","preset":"v2","switches":["causal"],"settings":{"latent_size":16},
            "limit":{"until":"steps","steps":10}}"#,
    ),
    ("card.json", r#"{"name":"Her voice"}"#),
];

fn write_all(folder: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn version_1_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let default = folder.path().join("workspace/projects/default");
    write_all(&default.join("datasets/notes-000001"), &DATASET);
    write_all(&default.join("runs/first-000002"), &RUN);
    write_all(&default.join("models/best-000003"), &MODEL);
    write_all(&default.join("presets/my-voice"), &PRESET);
    let studio = open(folder.path()).unwrap();
    let dataset = studio.dataset(&"notes-000001".parse().unwrap()).unwrap();
    assert_eq!(dataset.files.len(), 1);
    assert!(matches!(dataset.dataset.job.state, JobState::Done { ended_ms: 3000, .. }));
    let run = studio.run(&"first-000002".parse().unwrap()).unwrap();
    assert_eq!(run.run.name, "My first");
    assert_eq!(run.run.limit, Limit::Minutes { minutes: 5.0 });
    let state = JobState::Stopped { started_ms: 5000, ended_ms: 6000 };
    assert_eq!(run.run.job.state, state);
    assert_eq!((run.run.latest["loss_total"], run.run.job.n_warnings), (2.5, 1));
    assert_eq!((run.run.switches, run.run.own_preset), (Vec::new(), None));
    assert_eq!(run.models.len(), 1);
    assert_eq!(studio.models().unwrap()[0].name, "The best");
    let preset = studio.preset(&"my-voice".parse().unwrap()).unwrap();
    assert_eq!((preset.name.as_str(), preset.summary.as_str()), ("Her voice", "Soft."));
    assert_eq!(preset.choices.preset.as_deref(), Some("v2"));
    assert_eq!(
        (preset.choices.switches, preset.limit),
        (vec!["causal".to_owned()], Some(Limit::Steps { steps: 10 }))
    );
    assert_eq!(preset.choices.settings["latent_size"], 16);
}

#[test]
fn files_of_a_newer_program_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let default = folder.path().join("workspace/projects/default");
    let newer = RUN.map(|(name, text)| (name, text.replace("\"format\":1", "\"format\":2")));
    let newer: Vec<_> = newer.iter().map(|(name, text)| (*name, text.as_str())).collect();
    write_all(&default.join("runs/first-000002"), &newer);
    let studio = open(folder.path()).unwrap();
    assert_eq!(studio.runs().unwrap(), []);
    let missing = studio.run(&"first-000002".parse().unwrap());
    assert!(matches!(missing, Err(Error::NotFound { .. })));
    assert!(default.join("runs/first-000002/job.json").exists());
}
