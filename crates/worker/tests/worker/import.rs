//! Imports as jobs: what acids-rave and we ourselves left becomes whole folders of ours.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::{
    DatasetIndex, Event, EventBody, FindingKind, ImportResult, ImportTask, Made, Model, Order,
    Outcome, Task,
};
use foreign::tfevents::{self, Sound};
use models::rave::original;
use serde_json::json;

use crate::job::{Job, Workspace, write_model, write_tone};

/// A dataset that the real program wrote.
const DATASET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rave_dataset");

/// A workspace, and a folder with what another program left.
struct Scene {
    workspace: Workspace,
    n_jobs: std::cell::Cell<usize>,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { workspace: Workspace::new(), n_jobs: 0.into() };
        fs::create_dir_all(scene.there()).unwrap();
        scene
    }

    fn there(&self) -> PathBuf {
        self.workspace.sounds().with_file_name("there")
    }

    /// A checkpoint of ours.
    fn checkpoint(&self) -> PathBuf {
        let path = self.there().join("ours.safetensors");
        write_model(&path, &json!({}));
        path
    }

    /// A run as acids-rave leaves it: a configuration, a checkpoint, curves and a sound.
    fn run(&self) -> PathBuf {
        let run = self.there().join("runs/strings_1a2b3c");
        let checkpoint = self.checkpoint();
        original::write_run(&run, &checkpoint).unwrap();
        fs::remove_file(checkpoint).unwrap();
        let tone = self.workspace.sounds().join("tone.wav");
        write_tone(&tone, 44_100, 1, 0.2);
        let wav = fs::read(tone).unwrap();
        let sound = Sound { rate_hz: 44_100, n_channels: 1, n_frames: 8820, wav: &wav };
        let path = run.join("version_0").join(tfevents::file_name(100.0, 0));
        let mut events = tfevents::create(&path, 100.0).unwrap();
        for step in [0, 10, 20] {
            let values = [("fullband_spectral_distance", 4.0), ("fidelity_0.95", 3.0)];
            events.scalars(step, 100.0 + step as f64, &values).unwrap();
        }
        events.scalars(20, 121.0, &[("validation", 2.5)]).unwrap();
        events.audio(20, 121.0, "audio_val", &sound).unwrap();
        events.flush().unwrap();
        run
    }

    fn dataset(&self) -> PathBuf {
        let folder = self.there().join("preprocessed");
        copy(Path::new(DATASET), &folder);
        folder
    }

    fn import(&self, path: &Path) -> Job {
        self.order(ImportTask { path: path.to_owned(), items: vec![], name: None, as_model: false })
    }

    fn add_model(&self, path: &Path) -> Job {
        let name = Some("Mine".to_owned());
        self.order(ImportTask { path: path.to_owned(), items: vec![], name, as_model: true })
    }

    fn order(&self, task: ImportTask) -> Job {
        self.n_jobs.set(self.n_jobs.get() + 1);
        let name = format!("i-{:06}", self.n_jobs.get());
        let job = self.workspace.job("imports", &name, Task::Import(task));
        job.run();
        job
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

fn made(job: &Job) -> Vec<Made> {
    assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
    let text = fs::read(job.path().join("result.json")).unwrap();
    serde_json::from_slice::<ImportResult>(&text).unwrap().made
}

fn model(job: &Job) -> Model {
    let [made] = &made(job)[..] else { panic!("not one thing") };
    let text = fs::read(job.path().join(&made.folder).join("model.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn everything_in_a_folder_is_found_and_made() {
    let scene = Scene::new();
    scene.run();
    scene.dataset();
    fs::write(scene.there().join("broken.ts"), "PK no archive").unwrap();
    fs::write(scene.there().join("notes.txt"), "of no interest").unwrap();
    let findings = worker::inspect(&scene.there()).unwrap();
    let found: Vec<_> = findings.items.iter().map(|it| (it.kind, it.key.as_str())).collect();
    let expected =
        [(FindingKind::Dataset, "preprocessed"), (FindingKind::Run, "runs/strings_1a2b3c")];
    assert_eq!(found, expected);
    assert!(findings.items[1].becomes.contains("resumable at step 1"), "{findings:?}");
    let [broken] = &findings.unreadable[..] else { panic!("{findings:?}") };
    assert!(broken.path == "broken.ts" && broken.why.contains("broken.ts"), "{broken:?}");

    let job = scene.import(&scene.there());
    let all = made(&job);
    let kinds: Vec<_> = all.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [FindingKind::Dataset, FindingKind::Run]);
    assert_eq!(all[1].learnt, None, "it is known: the only one that fits");
    let read = |i: usize, name: &str| -> serde_json::Value {
        let path = job.path().join(&all[i].folder).join(name);
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let hash = &read(0, "dataset.json")["summary"]["hash"];
    assert!(hash.is_string() && *hash == read(1, "job.json")["task"]["dataset_hash"]);
    assert_eq!(job.warnings()[0], "unreadable broken.ts");
}

#[test]
fn a_dataset_keeps_its_sound() {
    let scene = Scene::new();
    let folder = scene.dataset();
    let job = scene.import(&folder);
    let folder = job.path().join(&made(&job)[0].folder);
    let index: DatasetIndex =
        serde_json::from_slice(&fs::read(folder.join("dataset.json")).unwrap()).unwrap();
    assert_eq!((index.summary.rate_hz, index.summary.channels), (44_100, 1));
    let n_frames: u64 = index.sounds.iter().map(|sound| sound.n_frames).sum();
    assert_eq!(n_frames, 3 * 8192);
    // The sine of 220 Hz crosses zero upwards as often as it should.
    let bytes = fs::read(folder.join("sound-000.pcm")).unwrap();
    let (samples, _) = bytes.as_chunks::<2>();
    let samples: Vec<i16> = samples.iter().map(|it| i16::from_le_bytes(*it)).collect();
    let n_waves = samples.windows(2).filter(|it| it[0] < 0 && it[1] >= 0).count();
    let expected = 220.0 * n_frames as f64 / 44_100.0;
    assert!((n_waves as f64 - expected).abs() <= 2.0, "{n_waves} of {expected}");
}

#[test]
fn a_run_keeps_curves_sounds_and_checkpoints() {
    let scene = Scene::new();
    let run = scene.run();
    for path in [run.clone(), run.join("version_0"), run.join("version_0/checkpoints")] {
        let job = scene.import(&path);
        let [made] = &made(&job)[..] else { panic!("not one thing") };
        assert_eq!((made.kind, made.name.as_str()), (FindingKind::Run, "strings_1a2b3c"));
        assert_eq!(job.warnings(), ["no_dataset strings_1a2b3c"]);
        let folder = job.path().join(&made.folder);
        let order: Order =
            serde_json::from_slice(&fs::read(folder.join("job.json")).unwrap()).unwrap();
        assert_eq!(order.created_ms, 100_000);
        let Task::Train(task) = order.task else { panic!("not a run") };
        assert_eq!(task.settings["latent_size"], 3);
        let text = fs::read_to_string(folder.join("events.jsonl")).unwrap();
        let events: Vec<Event> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        let mut curves = vec![];
        let (mut n_sounds, mut checkpoints) = (0, vec![]);
        for event in events {
            match event.body {
                EventBody::Metrics(metrics) => curves.push((metrics.step, metrics.values)),
                EventBody::Sample(sample) => {
                    assert!(folder.join(sample.rendered).is_file());
                    n_sounds += 1;
                }
                EventBody::Checkpoint(checkpoint) => checkpoints.push(checkpoint),
                _ => {}
            }
        }
        assert_eq!((n_sounds, curves.len()), (1, 4));
        assert_eq!(curves[1].0, 10);
        assert_eq!(curves[1].1["latent_fidelity_0.95"], 4.0);
        assert_eq!(curves[3].1["validation_fullband_distance"], 2.5);
        let [checkpoint] = &checkpoints[..] else { panic!("{checkpoints:?}") };
        assert_eq!((checkpoint.step, checkpoint.is_best), (1, true));
        // It is a checkpoint that training goes on from, with discriminators and optimisers.
        let checkpoint = folder.join(&checkpoint.path);
        assert_eq!(models::rave::Trainer::load(&checkpoint).unwrap().global_step(), 1);
    }
}

#[test]
fn files_and_folders_become_models() {
    let scene = Scene::new();
    let ours = scene.checkpoint();
    let weights = fs::read(&ours).unwrap();
    let folder = scene.there().join("model");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(&ours, folder.join("weights.safetensors")).unwrap();
    for path in [&ours, &folder] {
        let job = scene.add_model(path);
        let model = model(&job);
        assert_eq!((model.name.as_str(), model.rate_hz), ("Mine", Some(44_100)));
        let added = model.added.unwrap();
        assert_eq!((Path::new(&added.path), added.step), (path.as_path(), Some(1)));
        let made = fs::read(job.path().join(&made(&job)[0].folder).join("weights.safetensors"));
        assert!(made.unwrap() == weights);
        assert_eq!((model.bytes, model.sha256.len()), (weights.len() as u64, 64));
    }
    assert_eq!(model(&scene.import(&ours)).name, "ours");
    // Of a run, the best checkpoint becomes a model.
    let run = scene.run();
    let added = model(&scene.add_model(&run)).added.unwrap();
    assert_eq!((added.kind.as_str(), added.step), ("an acids-rave checkpoint", Some(1)));
    assert!(added.notes[0].contains("best.ckpt"), "{:?}", added.notes);
}

#[test]
fn some_of_it_can_be_asked_for() {
    let scene = Scene::new();
    scene.run();
    scene.dataset();
    let items = vec!["preprocessed".to_owned()];
    let (path, name) = (scene.there(), Some("Sines".to_owned()));
    let job = scene.order(ImportTask { path, items, name, as_model: false });
    let [made] = &made(&job)[..] else { panic!("not one thing") };
    assert_eq!((made.kind, made.name.as_str()), (FindingKind::Dataset, "Sines"));
    let check = |items: &[&str], name: Option<&str>, expected: &str| {
        let items = items.iter().map(|&it| it.to_owned()).collect();
        let (path, name) = (scene.there(), name.map(str::to_owned));
        let job = scene.order(ImportTask { path, items, name, as_model: false });
        assert_eq!(job.problem().code, expected);
        assert!(!job.path().join("made").exists());
    };
    check(&["preprocessed", "nothing"], None, "no_such_finding");
    check(&[], Some("Both"), "one_name_for_many");
}

#[test]
fn what_cannot_be_read_is_refused_or_left_out() {
    let scene = Scene::new();
    assert_eq!(scene.import(&scene.there()).problem().code, "nothing_to_import");
    assert_eq!(scene.add_model(&scene.there()).problem().code, "not_a_model");
    let tone = scene.workspace.sounds().join("tone.wav");
    write_tone(&tone, 44_100, 1, 0.1);
    assert_eq!(scene.add_model(&tone).problem().code, "not_a_model");
    assert_eq!(scene.import(&tone).problem().code, "nothing_to_import");

    // A database cut in its midst loses records, not the rest; of a run cut so, the curves stay.
    let folder = scene.dataset();
    let data = fs::read(folder.join("data.mdb")).unwrap();
    fs::write(folder.join("data.mdb"), &data[..data.len() - 8192]).unwrap();
    let run = scene.run();
    let checkpoint = run.join("version_0/checkpoints/best.ckpt");
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &bytes[..bytes.len() / 2]).unwrap();
    let job = scene.import(&scene.there());
    let all = made(&job);
    assert_eq!(all.last().unwrap().kind, FindingKind::Run);
    let warnings = job.warnings();
    assert!(warnings.iter().any(|it| it.starts_with("damaged_checkpoint")), "{warnings:?}");
    assert!(warnings.iter().any(|it| it == "left_out preprocessed"), "{warnings:?}");

    // Of one thing alone, the job says what is wrong with it.
    fs::write(folder.join("data.mdb"), &data[..4096]).unwrap();
    let problem = scene.import(&folder).problem();
    assert!(problem.what.len() + problem.why.unwrap_or_default().len() > 20);
}

#[test]
fn of_a_run_that_was_begun_anew_the_newest_training_is_taken() {
    let scene = Scene::new();
    let run = scene.run();
    let again = |version: &str, first_step: i64| {
        let path = run.join(version).join(tfevents::file_name(200.0, 0));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut events = tfevents::create(&path, 200.0).unwrap();
        events.scalars(first_step, 200.0, &[("loss", 1.0)]).unwrap();
        events.flush().unwrap();
    };
    again("version_1", 20);
    let found = |n_sessions: &str| {
        let findings = worker::inspect(&run).unwrap();
        assert!(findings.items[0].what.contains(n_sessions), "{findings:?}");
        findings.items[0].notes.clone()
    };
    assert_eq!(found("2 sessions"), [""; 0]);
    again("version_2", 0);
    assert!(found("1 session")[0].contains("version_0, version_1"));
}

#[test]
fn strange_files_do_not_spoil_a_run() {
    let scene = Scene::new();
    let run = scene.run();
    #[cfg(unix)]
    let _socket =
        std::os::unix::net::UnixListener::bind(run.join("version_0/checkpoints/a.ckpt")).unwrap();
    let sound = scene.workspace.sounds().join("tone.wav");
    fs::copy(sound, run.join("version_0/events.out.tfevents.9999999999.x")).unwrap();
    let job = scene.import(&run);
    assert_eq!(made(&job).len(), 1);
    assert!(
        job.warnings().iter().any(|it| it == "damaged_events strings_1a2b3c"),
        "{:?}",
        job.warnings()
    );
}
