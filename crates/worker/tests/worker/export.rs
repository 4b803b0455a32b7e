//! Exports as jobs: what is written is read again, compared and timed before it counts as done.

use std::{fs, path::Path};

use api::{
    CardWords, ExportForm, ExportOrder, ExportResult, ExportTask, ExportedPlay, KnownModel,
    Lineage, Model, Outcome, Task,
};
use serde_json::{Value, json};

use crate::job::{Job, Scene, write_tone};

impl Scene {
    fn order(form: ExportForm) -> ExportOrder {
        let task = ExportTask { model: Scene::library(), form, prior: None };
        ExportOrder { task, model_name: "Tiny (1)".into(), known: None }
    }

    fn export(&self, form: ExportForm) -> Job {
        self.export_as(Self::order(form))
    }

    fn export_as(&self, order: ExportOrder) -> Job {
        self.run("exports", Task::Export(order))
    }
}

fn result(job: &Job) -> ExportResult {
    assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
    serde_json::from_slice(&fs::read(job.path().join("result.json")).unwrap()).unwrap()
}

fn names(result: &ExportResult) -> Vec<&str> {
    result.files.iter().map(|file| &file.path[..]).collect()
}

fn tried(result: &ExportResult) -> Vec<&str> {
    assert!(result.checks.iter().all(|check| check.is_good), "{:?}", result.checks);
    result.checks.iter().map(|check| &check.what[..]).collect()
}

fn live() -> ExportedPlay {
    ExportedPlay { block: 512, ..ExportedPlay::default() }
}

#[test]
fn modules_and_graphs_are_compared_and_timed() {
    let scene = Scene::new(&json!({}));
    let job = scene.export(ExportForm::Torchscript { play: live() });
    let module = result(&job);
    assert_eq!(names(&module), ["Tiny_1.ts"]);
    assert_eq!(tried(&module), ["written", "read", "equal", "speed"]);
    assert!(module.difference.unwrap() < 1e-5 && module.latency_samples.unwrap() > 0);
    let speed = module.speed.unwrap();
    assert!(speed.block == 512 && speed.live > 0.0 && speed.file > 0.0);

    let graphs = result(&scene.export(ExportForm::Onnx { play: live() }));
    let expected = ["Tiny_1.decoder.onnx", "Tiny_1.encoder.onnx", "Tiny_1.onnx"];
    assert_eq!(names(&graphs), expected);
    assert_eq!(tried(&graphs), ["written", "read", "equal", "speed"]);

    let whole = ExportedPlay { streaming: false, ..live() };
    let graphs = result(&scene.export(ExportForm::Onnx { play: whole }));
    assert_eq!((tried(&graphs).len(), graphs.speed, graphs.latency_samples), (3, None, Some(0)));

    // The command that looks at such files finds the same, with the model and without.
    let file = job.path().join("files/Tiny_1.ts");
    let found = worker::check_file(&file, Some(&scene.model())).unwrap();
    assert!(found.is_good && found.checks.len() == 3, "{found:?}");
    let other = Scene::new(&json!({ "latent_size": 2 }));
    assert!(!worker::check_file(&file, Some(&other.model())).unwrap().is_good);
}

#[test]
fn stereo_and_another_rate_are_had_where_they_can_be() {
    let scene = Scene::new(&json!({}));
    let play = ExportedPlay { channels: Some(2), rate_hz: Some(88_200), ..live() };
    let module = result(&scene.export(ExportForm::Torchscript { play }));
    assert_eq!((module.channels, module.latents), (Some(2), Some(6)));
    assert_eq!(module.rate_hz, Some(88_200));
    let refused = |play| scene.export(ExportForm::Torchscript { play }).problem().code;
    assert_eq!(refused(ExportedPlay { rate_hz: Some(48_000), ..live() }), "bad_rate");
    assert_eq!(refused(ExportedPlay { channels: Some(3), ..live() }), "bad_channels");
    assert_eq!(
        refused(ExportedPlay { streaming: false, rate_hz: Some(88_200), ..live() }),
        "bad_rate"
    );
    assert_eq!(refused(ExportedPlay { latents: Some(2), ..live() }), "no_latent_space");
}

#[test]
fn what_hears_a_mel_spectrogram_plays_elsewhere_too() {
    let scene = Scene::new(&mel());
    let module = result(&scene.export(ExportForm::Torchscript { play: live() }));
    assert!(
        module.difference.unwrap() < 1e-5 && module.latency_samples.unwrap() > 1024,
        "{module:?}"
    );
    let whole = ExportedPlay { streaming: false, ..live() };
    let graphs = result(&scene.export(ExportForm::Onnx { play: whole }));
    assert!(graphs.difference.unwrap() < 1e-5, "{graphs:?}");
}

#[test]
fn weights_and_packages_hold_the_model_to_the_last_bit() {
    let scene = Scene::new(&json!({}));
    let weights = result(&scene.export(ExportForm::Safetensors));
    assert_eq!(
        (names(&weights), tried(&weights)),
        (vec!["Tiny_1.safetensors"], vec!["written", "equal"])
    );

    let run = scene.project().join("runs/run-000001");
    fs::create_dir_all(run.join("samples")).unwrap();
    let mut events = String::new();
    for (seq, step) in [(1, 10), (2, 20), (3, 30)] {
        for kind in ["original", "rendered"] {
            write_tone(&run.join(format!("samples/{step}-{kind}.wav")), 44_100, 1, 0.1);
        }
        let sample = json!({
            "seq": seq, "time_ms": 1, "event": "sample", "step": step, "name": "a.wav",
            "original": format!("samples/{step}-original.wav"),
            "rendered": format!("samples/{step}-rendered.wav"), "length_secs": 0.1, "distances": {},
        });
        events += &format!("{sample}\n");
    }
    // A sound elsewhere on the disk is none of the run's.
    events += &events.lines().last().unwrap().replace("samples/30-original", "../../../secret");
    fs::write(run.join("events.jsonl"), events + "\n").unwrap();
    let card = CardWords {
        author: "Ann | Bea".into(),
        license: "CC BY 4.0".into(),
        about: "Small bells.".into(),
    };
    let mut order = Scene::order(ExportForm::Maq { card });
    order.known = Some(Box::new(known()));
    let job = scene.export_as(order);
    let package = result(&job);
    assert_eq!(tried(&package), ["written", "whole", "equal"]);
    let path = job.path().join("files").join(&package.files[0].path);
    let found = worker::check_file(&path, None).unwrap();
    assert!(found.is_good, "{found:?}");
    assert!(found.facts.contains(&("license".into(), "CC BY 4.0".into())), "{found:?}");
    let mut archive = zip::ZipArchive::new(fs::File::open(&path).unwrap()).unwrap();
    let inside: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let expected = [
        "package.json",
        "weights.safetensors",
        "card.md",
        "sounds/1-original.wav",
        "sounds/1-reconstruction.wav",
    ];
    assert_eq!(inside, expected);
    let text = std::io::read_to_string(archive.by_name("card.md").unwrap()).unwrap();
    for words in [
        "# Tiny (1)",
        "Small bells.",
        "| CC BY 4.0 |",
        "| Ann   Bea |",
        "20 training steps",
        "model add",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(left_over(job.path()).is_empty(), "{:?}", left_over(job.path()));

    // Packed again by somebody who took it, it says the same of its maker, and has its sounds.
    let place = api::ModelPlace::File { path: path.clone() };
    let mut order = Scene::order(ExportForm::Maq { card: CardWords::default() });
    order.task.model = place;
    let again = scene.export_as(order);
    let copy = again.path().join("files").join(&result(&again).files[0].path);
    let mut archive = zip::ZipArchive::new(fs::File::open(&copy).unwrap()).unwrap();
    assert_eq!(archive.file_names().collect::<Vec<_>>(), expected);
    let text = std::io::read_to_string(archive.by_name("card.md").unwrap()).unwrap();
    for words in ["| CC BY 4.0 |", "| Ann | Bea |", "Dataset: bells-000001", "20 training steps"] {
        let words = words.replace("Ann | Bea", "Ann   Bea");
        assert!(text.contains(&words), "{words}: {text}");
    }
}

/// Folders and files of a job besides what every export has.
fn left_over(folder: &Path) -> Vec<String> {
    let usual = ["job.json", "events.jsonl", "exit.json", "worker.lock", "result.json", "files"];
    let names = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
    let names = names.map(|it| it.to_string_lossy().into_owned());
    names.filter(|name| !usual.contains(&&name[..])).collect()
}

fn known() -> KnownModel {
    let lineage = Lineage {
        run: "run-000001".parse().unwrap(),
        run_name: "run".into(),
        step: 20,
        dataset: Some("bells-000001".parse().unwrap()),
        dataset_hash: "abc".into(),
        seed: 0,
        preset: "sketch".into(),
        switches: vec![],
        version: "1".into(),
        validation: Some(9.5),
        score_metric: api::ScoreMetric::default(),
    };
    let model = Model {
        project: None,
        format: Model::FORMAT,
        id: "tiny-000001".parse().unwrap(),
        name: "Tiny (1)".into(),
        created_ms: 1,
        family: "rave".into(),
        settings: json!({}),
        rate_hz: Some(44_100),
        prior_of: None,
        adapter_of: None,
        bytes: 1,
        sha256: String::new(),
        lineage: Some(lineage),
        added: None,
        linked: None,
    };
    let run_path = Some("../../runs/run-000001".into());
    KnownModel { model, dataset: None, dataset_name: Some("Bells".into()), run_path }
}

#[test]
fn a_model_becomes_a_run_of_the_original() {
    let scene = Scene::new(&json!({}));
    let run = result(&scene.export(ExportForm::Ckpt));
    let expected = ["Tiny_1/config.gin", "Tiny_1/version_0/checkpoints/best.ckpt"];
    assert_eq!(names(&run), expected);
    assert_eq!(tried(&run), ["written", "equal"]);
    let mel = Scene::new(&mel());
    assert_eq!(mel.export(ExportForm::Ckpt).problem().code, "not_for_acids_rave");
}

/// Settings of a model that only Maquette has.
fn mel() -> Value {
    json!({ "encoder_input": "mel", "decoder_ratios": [8, 8, 8], "n_signal": 32_768 })
}

/// A checkpoint whose settings are not those of its weights is refused, and leaves nothing that looks done.
#[test]
fn a_checkpoint_that_lies_is_refused() {
    let scene = Scene::new(&json!({}));
    let path = scene.model().join("weights.safetensors");
    let mut file = nn::checkpoint::read(&path).unwrap();
    let text = file.metadata["settings"].replace("\"latent_size\":3", "\"latent_size\":5");
    assert_ne!(text, file.metadata["settings"]);
    file.metadata.insert("settings".into(), text);
    nn::checkpoint::write(&path, &file.arrays, &file.metadata).unwrap();
    for form in [ExportForm::Torchscript { play: live() }, ExportForm::Safetensors] {
        let job = scene.export(form);
        let problem = job.problem();
        assert_eq!(problem.code, "not_a_model", "{problem:?}");
        assert!(problem.why.unwrap().contains("its shape is"));
        assert!(!job.path().join("files").exists() && !job.path().join("result.json").exists());
    }
    fs::write(&path, b"not weights").unwrap();
    assert_eq!(scene.export(ExportForm::Safetensors).problem().code, "not_a_model");
    let found = worker::check_file(&path, None).unwrap();
    assert!(!found.is_good, "{found:?}");
}

#[test]
fn what_cannot_be_checked_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let found = worker::check_file(&path, None);
        let words = match &found {
            Ok(found) => {
                assert!(!found.is_good, "{name}: {found:?}");
                found.checks.iter().map(|check| check.words.clone()).collect()
            }
            Err(problem) => problem.why.clone().unwrap_or_default(),
        };
        assert!(words.contains(expected), "{name}: {words}");
    };
    check("a.ts", b"PK", "Failed to");
    check("a.onnx", b"\xff\xff\xff", "Failed to");
    check("b.onnx", b"", "without a graph");
    check("a.maq", b"PK\x03\x04", "does not start like a package");
    check("a.ckpt", &[0; 100], "Failed to");
    check("a.safetensors", &[1; 9], "Failed to");
    check("a.mp3", b"ID3", "Its file extension");
    assert!(worker::check_file(folder.path(), None).is_err());
    assert!(worker::check_file(&folder.path().join("none.ts"), None).is_err());
}
