//! Training as a job: events, checkpoints, stop, resume, and what happens to damaged checkpoints.

use std::{collections::BTreeMap, fs, path::Path};

use api::{Choices, EventBody, Limit, Outcome, SoundSource, Task, TrainTask};
use foreign::tfevents::{self, Content};
use serde_json::json;

use crate::job::{Job, Workspace, prepare_task};

#[test]
fn a_run_trains_saves_and_renders() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 4);
    job.run();
    assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
    let losses = losses(&job);
    assert_eq!(losses.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4]);
    let events = job.events();
    let n_samples = events.iter().filter(|it| matches!(it, EventBody::Sample(_))).count();
    assert!(n_samples >= 2, "one rendering at the start, one at the end");
    for event in &events {
        match event {
            EventBody::Sample(it) => {
                let original =
                    hound::WavReader::open(job.path().join(it.original.as_ref().unwrap())).unwrap();
                let rendered = hound::WavReader::open(job.path().join(&it.rendered)).unwrap();
                assert_eq!(original.duration(), rendered.duration());
            }
            EventBody::Checkpoint(it) => assert!(job.path().join(&it.path).exists()),
            _ => {}
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_losses_and_a_resume_goes_on_exactly() {
    let workspace = Workspace::new();
    let whole = run_job(&workspace, "whole", 6);
    whole.run();
    let parts = run_job(&workspace, "parts", 3);
    parts.run();
    fs::write(parts.path().join("limit.json"), r#"{"limit":{"until":"steps","steps":6}}"#).unwrap();
    parts.run();
    assert_eq!(losses(&whole), losses(&parts));
}

#[test]
fn the_events_are_in_files_for_tensorboard_too() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 2);
    job.run();
    extend(&job, 4);
    let mut paths: Vec<_> = fs::read_dir(job.path().join("tensorboard")).unwrap().collect();
    assert_eq!(paths.len(), 2, "one of each process");
    paths.sort_by_key(|it| it.as_ref().unwrap().path());
    let (mut scalars, mut sounds, mut texts) = (vec![], vec![], vec![]);
    for path in paths {
        for event in tfevents::open(&path.unwrap().path()).unwrap() {
            let event = event.unwrap();
            for value in event.values {
                match value.content {
                    Content::Scalar(number) => scalars.push((event.step, value.tag, number as f32)),
                    Content::Audio { bytes, .. } => sounds.push((value.tag, bytes)),
                    Content::Text(text) => texts.push(text),
                    Content::Other => panic!("{}", value.tag),
                }
            }
        }
    }
    let metrics = job.events().into_iter().filter_map(|it| match it {
        EventBody::Metrics(metrics) => Some(metrics),
        _ => None,
    });
    let expected: Vec<_> = metrics
        .flat_map(|it| {
            let step = it.step as i64;
            it.values.into_iter().map(move |(name, value)| (step, name, value as f32))
        })
        .collect();
    assert_eq!(scalars, expected);
    assert!(texts.len() == 2 && texts[0].contains("| latent_size | 4 |"), "{texts:?}");
    let rendered = fs::read(job.path().join("samples/step-000000004-0.wav")).unwrap();
    assert!(sounds.iter().all(|(tag, _)| tag.ends_with("/original") || tag.ends_with("/made")));
    assert!(sounds.iter().any(|(_, bytes)| *bytes == rendered));
}

#[test]
fn a_best_checkpoint_that_was_measured_elsewhere_is_kept() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 1);
    job.run();
    let first = checkpoints(job.path()).pop().unwrap();
    rewrite_events(&job, |event| {
        if event["event"] == "checkpoint" {
            event["validation"] = serde_json::Value::Null;
            event["is_best"] = true.into();
        }
    });
    (2..8).for_each(|steps| extend(&job, steps));
    let kept = checkpoints(job.path());
    assert!(kept.contains(&first) && kept.len() < 7, "{kept:?}");
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 2);
    job.run();
    extend(&job, 4);
    // A kill in the middle of a write leaves only a temporary file; a bad disk may leave worse.
    let newest = checkpoints(job.path()).pop().unwrap();
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    fs::write(newest.with_extension("partial"), "half").unwrap();
    extend(&job, 5);
    assert_eq!(job.outcome(), Outcome::Done);
    assert!(job.warnings().iter().any(|it| it.starts_with("damaged_checkpoint")));
    let losses = losses(&job);
    assert_eq!(losses.keys().copied().max(), Some(5));
    let names = checkpoints(job.path());
    assert!(
        names.iter().all(|it| it.extension().is_some_and(|it| it == "safetensors")),
        "{names:?}"
    );
}

/// Rewrites the events that a run has so far.
fn rewrite_events(job: &Job, change: impl Fn(&mut serde_json::Value)) {
    let path = job.path().join("events.jsonl");
    let lines = fs::read_to_string(&path).unwrap();
    let lines = lines.lines().map(|line| {
        let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
        change(&mut event);
        format!("{event}\n")
    });
    fs::write(&path, lines.collect::<String>()).unwrap();
}

/// Steps that a run went back to.
fn steps_back(job: &Job) -> Vec<u64> {
    let steps = job.events().into_iter().filter_map(|it| match it {
        EventBody::SteppedBack { to_step } => Some(to_step),
        _ => None,
    });
    steps.collect()
}

#[test]
fn a_distance_that_grows_a_hundredfold_is_a_divergence() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 2);
    job.run();
    // As if the model had been a thousand times better before: what it is now has run away from that.
    rewrite_events(&job, |event| {
        for key in ["validation", "validation_distance"] {
            for holder in [&["values"][..], &[]] {
                let found = holder.iter().fold(&mut *event, |it, key| &mut it[*key]);
                if let Some(distance) = found.get(key).and_then(serde_json::Value::as_f64) {
                    found[key] = (distance / 1000.0).into();
                }
            }
        }
    });
    extend(&job, 5);
    let problem = job.problem();
    assert_eq!(problem.code, "diverged", "{problem:?}");
    assert!(problem.why.unwrap().contains("The validation distance rose to"));
    // It went back at once, and had no time to do so a second time.
    assert_eq!(steps_back(&job), [2]);
    assert!(job.warnings().iter().any(|it| it.starts_with("stepped_back")));
    let rates = job.events().into_iter().filter_map(|it| match it {
        EventBody::Metrics(it) => it.values.get("learning_rate").copied(),
        _ => None,
    });
    let rates: Vec<f64> = rates.collect();
    assert!((rates.last().unwrap() / rates[0] - 0.5).abs() < 1e-3, "{rates:?}");
    // What ran away is not what a resume would go on from, nor what a model would be made of.
    let left = checkpoints(job.path());
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].ends_with("step-000000002.safetensors"));
}

#[test]
fn a_divergence_before_the_first_good_checkpoint_starts_over() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 2);
    job.run();
    rewrite_events(&job, |event| {
        if let Some(distance) = event["values"]["validation_distance"].as_f64() {
            event["values"]["validation_distance"] = (distance / 1000.0).into();
        }
    });
    extend(&job, 3);
    assert_eq!(job.problem().code, "diverged");
    assert_eq!(steps_back(&job), [0]);
    assert_eq!(losses(&job).keys().copied().max(), Some(3));
}

#[test]
fn work_that_a_kill_lost_does_not_count_as_trained() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 2);
    job.run();
    let elapsed = |job: &Job| -> Vec<f64> {
        let told = job.events().into_iter().filter_map(|it| match it {
            EventBody::Progress(progress) => Some(progress.elapsed_secs),
            _ => None,
        });
        told.collect()
    };
    let trained = *elapsed(&job).last().unwrap();
    let n_events = job.events().len();
    // Two hours more, and a kill before the next checkpoint.
    let lost = json!({
        "seq": n_events + 1, "time_ms": 1, "event": "progress", "phase": "phase 1: reconstruction",
        "n_done": 9000, "n_total": null, "unit": "steps", "share": null, "rate_per_sec": null,
        "elapsed_secs": trained + 7200.0, "left_secs": null,
    });
    let path = job.path().join("events.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{lost}\n")).unwrap();
    let before = elapsed(&job).len();
    extend(&job, 3);
    let after = elapsed(&job)[before..].to_vec();
    assert!(after.iter().all(|secs| *secs < trained + 600.0), "{trained}: {after:?}");
    assert!(after[0] > 0.0 && after[0] <= trained + 60.0, "{trained}: {after:?}");
}

#[cfg(unix)]
#[test]
fn a_signal_saves_the_last_whole_step() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 1_000_000);
    let mut child = worker_of(&job);
    let started = std::time::Instant::now();
    let has_learnt = || fs::read_to_string(job.path().join("events.jsonl")).unwrap_or_default();
    while !has_learnt().contains("loss_total") && started.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    #[expect(clippy::disallowed_methods, reason = "plays the studio that stops a worker")]
    let told = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(told.success() && child.wait().unwrap().success());
    assert_eq!(job.outcome(), Outcome::Stopped);
    let last = job.events().into_iter().rev().find_map(|it| match it {
        EventBody::Checkpoint(it) => Some(it.step),
        _ => None,
    });
    assert_eq!(last, losses(&job).keys().copied().max());
}

#[test]
fn another_dataset_is_refused() {
    let workspace = Workspace::new();
    let job = run_job_with(&workspace, "run", 2, |it| it.dataset_hash = "other".into());
    job.run();
    assert_eq!(job.problem().code, "other_dataset");
    let job = run_job_with(&workspace, "gone", 2, |it| {
        (it.dataset, it.dataset_path) = (Some("nothing".parse().unwrap()), "../nothing".into());
    });
    job.run();
    assert_eq!(job.problem().code, "no_dataset");
}

#[test]
fn a_checkpoint_of_other_settings_is_refused() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 2);
    job.run();
    let path = job.path().join("job.json");
    let mut order: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    order["task"]["settings"]["batch_size"] = 3.into();
    fs::write(&path, order.to_string()).unwrap();
    extend(&job, 4);
    let problem = job.problem();
    assert_eq!(problem.code, "other_settings");
    assert!(problem.why.unwrap().contains("batch_size"));
}

#[test]
fn a_damaged_limit_is_not_the_order_s() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 2);
    job.run();
    fs::write(job.path().join("limit.json"), r#"{"limit":{"until":"st"#).unwrap();
    job.run();
    let problem = job.problem();
    assert!(problem.why.unwrap().contains("limit.json"), "it is named");
}

#[test]
fn knobs_are_checked_before_the_start() {
    let workspace = Workspace::new();
    let dataset = dataset(&workspace).index().summary;
    let check = |key: &str, value: serde_json::Value| {
        let mut new = choices();
        new.settings.insert(key.into(), value);
        let problem = worker::forecast(&new, None, &dataset).unwrap_err();
        assert!(problem.fields.iter().any(|it| it.key == key), "{problem:?}");
    };
    check("n_signal", json!(2048));
    check("n_signal", json!("long"));
    check("batch_size", json!(0));
    check("no_such_knob", json!(1));
    assert!(worker::forecast(&choices(), None, &dataset).is_ok());
    let unknown = Choices { preset: Some("nothing".into()), ..choices() };
    assert_eq!(worker::forecast(&unknown, None, &dataset).unwrap_err().code, "unknown_preset");
}

/// The smallest settings that still have every part.
fn choices() -> Choices {
    let settings: BTreeMap<String, serde_json::Value> = serde_json::from_value(
        json!({ "capacity": 2, "latent_size": 4, "batch_size": 1, "n_signal": 32768 }),
    )
    .unwrap();
    Choices { settings, ..Choices::default() }
}

fn dataset(workspace: &Workspace) -> Job {
    let job =
        workspace.job("datasets", "samples", Task::Prepare(prepare_task(SoundSource::Samples)));
    if !job.path().join("dataset.json").exists() {
        job.run();
    }
    job
}

fn run_job(workspace: &Workspace, name: &str, steps: u64) -> Job {
    run_job_with(workspace, name, steps, |_| {})
}

fn run_job_with(workspace: &Workspace, name: &str, steps: u64, change: fn(&mut TrainTask)) -> Job {
    let summary = dataset(workspace).index().summary;
    let settings = worker::forecast(&choices(), None, &summary).unwrap().settings;
    let mut task = TrainTask {
        dataset: Some("samples".parse().unwrap()),
        dataset_path: "../../datasets/samples".into(),
        dataset_hash: summary.hash,
        model: None,
        model_path: std::path::PathBuf::new(),
        model_sha256: String::new(),
        family: "rave".into(),
        preset: "sketch".into(),
        switches: vec![],
        own_preset: None,
        settings,
        on_gpu: false,
        seed: 7,
        limit: Limit::Steps { steps },
        forecast: None,
        memory: None,
    };
    change(&mut task);
    workspace.job("runs", name, Task::Train(task))
}

fn extend(job: &Job, steps: u64) {
    let limit = json!({ "limit": { "until": "steps", "steps": steps } });
    fs::write(job.path().join("limit.json"), limit.to_string()).unwrap();
    job.run();
}

/// The loss of each step.
fn losses(job: &Job) -> BTreeMap<u64, f64> {
    let metrics = job.events().into_iter().filter_map(|it| match it {
        EventBody::Metrics(it) => Some((it.step, *it.values.get("multiband_spectral_distance")?)),
        _ => None,
    });
    metrics.collect()
}

fn checkpoints(run: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(run.join("checkpoints")).unwrap();
    let mut found: Vec<_> = entries.map(|it| it.unwrap().path()).collect();
    found.sort();
    found
}

/// Not a test of its own: the process that the next test kills.
#[test]
fn worker_process() {
    if let Some(folder) = std::env::var_os("MAQUETTE_TEST_JOB") {
        worker::run(Path::new(&folder)).unwrap();
    }
}

fn worker_of(job: &Job) -> std::process::Child {
    #[expect(clippy::disallowed_methods, reason = "plays the studio that starts a worker")]
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "train::worker_process"])
        .env("MAQUETTE_TEST_JOB", job.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_while_a_checkpoint_is_written_loses_nothing_that_was_saved() {
    let workspace = Workspace::new();
    let whole = run_job(&workspace, "whole", 20);
    whole.run();
    let killed = run_job(&workspace, "killed", 20);
    let mut child = worker_of(&killed);
    let mut asked = fs::File::create(killed.path().join("control.jsonl")).unwrap();
    let started = std::time::Instant::now();
    let is_writing = || {
        let entries =
            fs::read_dir(killed.path().join("checkpoints")).into_iter().flatten().flatten();
        entries.map(|it| it.path()).any(|it| it.extension().is_none_or(|it| it != "safetensors"))
    };
    while !is_writing() && started.elapsed().as_secs() < 20 {
        std::io::Write::write_all(&mut asked, b"{\"control\":\"checkpoint\"}\n").unwrap();
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_file(killed.path().join("control.jsonl")).unwrap();
    killed.run();
    assert_eq!(killed.outcome(), Outcome::Done, "{:?}", killed.events().last());
    assert_eq!(losses(&whole)[&20], losses(&killed)[&20]);
    let left = checkpoints(killed.path());
    assert!(left.iter().all(|it| it.extension().is_some_and(|it| it == "safetensors")), "{left:?}");
}

#[test]
fn events_of_a_stranger_cannot_name_files_elsewhere() {
    let workspace = Workspace::new();
    let job = run_job(&workspace, "run", 2);
    job.run();
    let outside = workspace.sounds().join("precious.safetensors");
    fs::write(&outside, "precious").unwrap();
    let events = job.path().join("events.jsonl");
    let mut text = fs::read_to_string(&events).unwrap();
    let n_events = text.lines().count();
    for i in 1..=5_usize {
        let checkpoint = json!({
            "seq": n_events + i, "time_ms": 1, "event": "checkpoint", "step": 100 + i,
            "path": outside, "bytes": 8, "sha256": "00", "validation": null, "is_best": false,
        });
        text.push_str(&format!("{checkpoint}\n"));
    }
    fs::write(&events, text).unwrap();
    extend(&job, 4);
    assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
    assert_eq!(fs::read_to_string(&outside).unwrap(), "precious");
}
