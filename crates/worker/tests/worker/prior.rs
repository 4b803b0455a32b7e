//! Training on the latents of a model: encoding, batches, sounds to hear, and what is refused.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use api::{
    CardWords, EventBody, ExportForm, ExportOrder, ExportTask, ExportedPlay, ImportResult,
    ImportTask, Limit, ModelPlace, Outcome, Task, TrainTask,
};
use models::PriorSettings;
use serde_json::{Value, json};

use crate::job::{Job, Scene, write_tone};

/// A scene whose model fits the dataset that it has.
pub(crate) fn scene() -> (Scene, String) {
    let scene = Scene::new(&json!({}));
    for (i, secs) in [0.9, 0.7, 0.8, 0.6].into_iter().enumerate() {
        write_tone(&scene.workspace.sounds().join(format!("{i}.wav")), 44_100, 1, secs);
    }
    let hash = scene.workspace.prepare().index().summary.hash;
    (scene, hash)
}

pub(crate) fn task(scene: &Scene, hash: &str, steps: u64, more: &Value) -> TrainTask {
    let mut settings = json!({
        "res_size": 8, "skp_size": 8, "n_layers": 2, "head_size": 4, "latent_size": 2,
        "batch_size": 2, "n_frames": 32,
    });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let settings = models::family("prior").unwrap().settings(&settings).unwrap().to_value();
    TrainTask {
        dataset: Some("notes".parse().unwrap()),
        dataset_path: "../../datasets/notes".into(),
        dataset_hash: hash.into(),
        model: Some("tiny-000001".parse().unwrap()),
        model_path: "../../models/tiny-000001".into(),
        model_sha256: sha256(&scene.model().join("weights.safetensors")),
        family: "prior".into(),
        preset: "quick".into(),
        switches: vec![],
        own_preset: None,
        settings,
        on_gpu: false,
        seed: 3,
        limit: Limit::Steps { steps },
        forecast: None,
        memory: None,
    }
}

fn sha256(path: &Path) -> String {
    sha256_of(&fs::read(path).unwrap())
}

fn sha256_of(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn metrics(job: &Job, name: &str) -> Vec<(u64, f64)> {
    let events = job.events().into_iter();
    let found = events.filter_map(|it| match it {
        EventBody::Metrics(it) => Some((it.step, *it.values.get(name)?)),
        _ => None,
    });
    found.collect()
}

pub(crate) fn newest(job: &Job) -> PathBuf {
    let checkpoints = fs::read_dir(job.path().join("checkpoints")).unwrap();
    checkpoints.map(|it| it.unwrap().path()).max().unwrap()
}

#[test]
fn a_prior_learns_what_a_model_makes_of_sounds() {
    let (scene, hash) = scene();
    for (name, more) in [
        ("prior-000001", json!({})),
        ("prior-000002", json!({ "distribution": "quantised", "resolution": 8 })),
    ] {
        let job = scene.workspace.job("runs", name, Task::Train(task(&scene, &hash, 6, &more)));
        job.run();
        assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
        let scores = metrics(&job, "validation_nll");
        assert!(scores.len() >= 2 && scores.iter().all(|it| it.1.is_finite()), "{scores:?}");
        let told = job
            .events()
            .into_iter()
            .any(|it| matches!(it, EventBody::Progress(it) if it.phase == "encoding the sounds"));
        assert!(told, "encoding is reported");
        // Sounds that go on from held-out ones, and one from nothing.
        let samples: Vec<_> = job
            .events()
            .into_iter()
            .filter_map(|it| if let EventBody::Sample(it) = it { Some(it) } else { None })
            .collect();
        assert!(samples.iter().any(|it| it.original.is_none() && it.rendered.ends_with(".wav")));
        for sample in samples.iter().filter(|it| it.original.is_some()) {
            let length =
                |file: &str| hound::WavReader::open(job.path().join(file)).unwrap().duration();
            assert_eq!(length(sample.original.as_ref().unwrap()), length(&sample.rendered));
            assert!(sample.distances["nll"].is_finite());
        }
        let finished = models::open(&newest(&job)).unwrap();
        let prior = finished.as_prior().unwrap();
        assert_eq!(prior.codec().sha256, sha256(&scene.model().join("weights.safetensors")));
        let mut frame = [f32::NAN; 3];
        prior.live(PriorSettings { seed: 1, temperature: 1.0 }).next(&mut frame);
        assert!(frame.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn a_resumed_prior_goes_on_exactly_and_encodes_nothing_twice() {
    let (scene, hash) = scene();
    let run = |name: &str, steps: u64| {
        let order = Task::Train(task(&scene, &hash, steps, &json!({ "is_annealed": false })));
        let job = scene.workspace.job("runs", name, order);
        job.run();
        job
    };
    let whole = run("whole-000001", 6);
    let parts = run("parts-000001", 3);
    let latents = parts.path().join("latents/latents-000.f32");
    let before = (fs::read(&latents).unwrap(), fs::metadata(&latents).unwrap().modified().unwrap());
    fs::write(parts.path().join("limit.json"), r#"{"limit":{"until":"steps","steps":6}}"#).unwrap();
    parts.run();
    assert_eq!(metrics(&whole, "nll"), metrics(&parts, "nll"));
    assert_eq!(metrics(&whole, "nll").len(), 6);
    assert_eq!(fs::metadata(&latents).unwrap().modified().unwrap(), before.1);
    // What a crash cut off is encoded again, to the same numbers.
    fs::write(&latents, &before.0[..before.0.len() / 2]).unwrap();
    parts.run();
    assert_eq!(fs::read(&latents).unwrap(), before.0);
}

#[test]
fn what_does_not_fit_is_refused() {
    let (scene, hash) = scene();
    let good = task(&scene, &hash, 2, &json!({}));
    let refused = |name: &str, task: TrainTask| {
        let job = scene.workspace.job("runs", name, Task::Train(task));
        job.run();
        job.problem()
    };
    let problem = refused("a-000001", TrainTask { model: None, ..good.clone() });
    assert_eq!((&problem.code[..], problem.remedy.is_some()), ("no_model", true));
    let gone = Some("gone-000001".parse().unwrap());
    let gone = TrainTask { model: gone, model_path: "../../models/gone".into(), ..good.clone() };
    assert_eq!(refused("b-000001", gone).code, "no_model");
    let other = TrainTask { model_sha256: "00".repeat(32), ..good.clone() };
    assert_eq!(refused("c-000001", other).code, "other_model");
    assert_eq!(refused("d-000001", TrainTask { dataset: None, ..good }).code, "no_dataset");

    let stereo = Scene::new(&json!({ "channels": 2 }));
    write_tone(&stereo.workspace.sounds().join("more.wav"), 44_100, 1, 0.5);
    let hash = stereo.workspace.prepare().index().summary.hash;
    let order = Task::Train(task(&stereo, &hash, 2, &json!({})));
    let job = stereo.workspace.job("runs", "e-000001", order);
    job.run();
    let problem = job.problem();
    assert_eq!(problem.code, "other_sound");
    assert!(problem.why.unwrap().contains("44100 Hz and 1 channels, the model 44100 Hz and 2"));
}

#[test]
fn a_stop_ends_the_encoding_too() {
    let scene = Scene::new(&json!({}));
    // Longer than it takes to look whether somebody asked to stop.
    write_tone(&scene.workspace.sounds().join("long.wav"), 44_100, 1, 120.0);
    let hash = scene.workspace.prepare().index().summary.hash;
    let order = Task::Train(task(&scene, &hash, 2, &json!({})));
    let job = scene.workspace.job("runs", "stopped-000001", order);
    fs::write(job.path().join("control.jsonl"), "{\"control\":\"stop\"}\n").unwrap();
    job.run();
    assert_eq!(job.outcome(), Outcome::Stopped);
    // On a fast computer all of it may be encoded before anybody looks; nothing is trained even then.
    assert!(metrics(&job, "nll").is_empty(), "nothing was trained");
}

#[test]
fn a_prior_leaves_with_its_model_in_a_module_that_plays() {
    let (scene, hash) = scene();
    let export = |prior: ModelPlace| {
        let form = ExportForm::Torchscript {
            play: ExportedPlay { streaming: true, ..ExportedPlay::default() },
        };
        let task = ExportTask { model: Scene::library(), form, prior: Some(prior) };
        let order = ExportOrder { task, model_name: "Tiny".into(), known: None };
        scene.run("exports", Task::Export(order))
    };
    for (name, more) in [
        ("prior-000001", json!({})),
        ("prior-000002", json!({ "distribution": "quantised", "resolution": 8 })),
    ] {
        let job = scene.workspace.job("runs", name, Task::Train(task(&scene, &hash, 2, &more)));
        job.run();
        let made = export(ModelPlace::File { path: newest(&job) });
        assert_eq!(made.outcome(), Outcome::Done, "{:?}", made.events().last());
        let result = fs::read_to_string(made.path().join("result.json")).unwrap();
        let result: api::ExportResult = serde_json::from_str(&result).unwrap();
        let checked = result.checks.iter().find(|it| it.what == "prior").unwrap();
        assert!(checked.is_good && checked.words.contains("96 frames"), "{}", checked.words);
        let read = result.checks.iter().find(|it| it.what == "read").unwrap();
        assert!(read.words.contains("4 methods"), "{}", read.words);
    }
    // A model that is no prior, and a prior of another model.
    assert_eq!(export(Scene::library()).problem().code, "not_a_prior");
    let other = Scene::new(&json!({ "latent_noise": 0.5 }));
    fs::copy(other.model().join("weights.safetensors"), scene.model().join("weights.safetensors"))
        .unwrap();
    let checkpoint = scene.project().join("runs/prior-000001");
    let checkpoint = fs::read_dir(checkpoint.join("checkpoints")).unwrap().next().unwrap();
    let refused = export(ModelPlace::File { path: checkpoint.unwrap().path() });
    assert_eq!(refused.problem().code, "other_model");
}

#[test]
fn a_package_holds_a_model_and_its_prior() {
    let (scene, hash) = scene();
    let trained = task(&scene, &hash, 2, &json!({}));
    let trained = scene.workspace.job("runs", "prior-000001", Task::Train(trained));
    trained.run();
    let prior = Some(ModelPlace::File { path: newest(&trained) });
    let form = ExportForm::Maq { card: CardWords::default() };
    let task = ExportTask { model: Scene::library(), form, prior };
    let order = ExportOrder { task, model_name: "Tiny".into(), known: None };
    let exported = scene.run("exports", Task::Export(order));
    assert_eq!(exported.outcome(), Outcome::Done, "{:?}", exported.events().last());
    let package = exported.path().join("files/Tiny.maq");

    let import = |name: &str, path: &Path| {
        let task = ImportTask { path: path.to_owned(), items: vec![], name: None, as_model: true };
        let job = scene.workspace.job("imports", name, Task::Import(task));
        job.run();
        assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
        let text = fs::read(job.path().join("result.json")).unwrap();
        let made = serde_json::from_slice::<ImportResult>(&text).unwrap().made;
        let card = |made: &api::Made| {
            let text = fs::read(job.path().join(&made.folder).join("model.json")).unwrap();
            let model: api::Model = serde_json::from_slice(&text).unwrap();
            (model, job.path().join(&made.folder).join("weights.safetensors"))
        };
        made.iter().map(card).collect::<Vec<_>>()
    };
    let all = import("import-000001", &package);
    let [(model, weights), (prior, prior_weights)] = &all[..] else { panic!("{all:?}") };
    assert_eq!((model.family.as_str(), prior.family.as_str()), ("rave", "prior"));
    assert_eq!((prior.name.as_str(), prior.rate_hz), ("Tiny prior", None));
    assert_eq!(prior.prior_of.as_ref().unwrap().sha256, model.sha256);
    assert_eq!(sha256(weights), model.sha256);
    let opened = models::open(prior_weights).unwrap();
    assert_eq!(opened.as_prior().unwrap().codec().sha256, model.sha256);
    assert!(!weights.with_file_name("prior.safetensors").exists());

    // One that names another model is left out, and said.
    let beside = scene.workspace.sounds().join("beside");
    fs::create_dir_all(&beside).unwrap();
    opened.as_prior().unwrap().save_as_of(&"0".repeat(64), &beside.join("other")).unwrap();
    let stranger = beside.join("stranger.maq");
    repacked(&package, &stranger, "prior.safetensors", &fs::read(beside.join("other")).unwrap());
    let [(model, _)] = &import("import-000002", &stranger)[..] else { panic!("not one model") };
    let notes = &model.added.as_ref().unwrap().notes;
    assert!(notes.iter().any(|it| it.contains("not one of this model")), "{notes:?}");
}

/// The same package with another file under a name, and its list as that asks for.
fn repacked(from: &Path, to: &Path, name: &str, bytes: &[u8]) {
    let mut archive = zip::ZipArchive::new(fs::File::open(from).unwrap()).unwrap();
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = zip::ZipWriter::new(fs::File::create(to).unwrap());
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).unwrap();
        let mut content = vec![];
        file.read_to_end(&mut content).unwrap();
        if file.name() == "package.json" {
            let mut list: Value = serde_json::from_slice(&content).unwrap();
            let files = list["files"].as_array_mut().unwrap();
            let one = files.iter_mut().find(|it| it["path"] == name).unwrap();
            *one = json!({ "path": name, "bytes": bytes.len(), "sha256": sha256_of(bytes) });
            content = serde_json::to_vec(&list).unwrap();
        } else if file.name() == name {
            content = bytes.to_vec();
        }
        writer.start_file(file.name(), stored).unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap();
}
