//! Folders from elsewhere: taken in when they are whole, refused when they are not, or hostile.

use std::{fs, path::Path};

use api::{Id, Import, ImportTask, JobState};
use serde_json::json;
use studio::Error;

use crate::stage::Stage;

pub(crate) fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn folders_of_another_workspace_are_taken_in() {
    let there = Stage::new();
    let model = there.model();
    let (run, dataset) = (
        model.lineage.as_ref().unwrap().run.clone(),
        model.lineage.as_ref().unwrap().dataset.clone().unwrap(),
    );
    there.studio.rename_run(&run, "A friend's run").unwrap();
    let here = Stage::new();
    let import = |list: &str, id| here.studio.import(&there.job_folder(list, id)).unwrap();
    let imported = import("runs", &run);
    assert_eq!((imported.list.as_str(), &imported.id), ("runs", &run));
    assert_eq!(imported.name, "A friend's run");
    let (mut theirs, mut ours) = (there.studio.run(&run).unwrap(), here.studio.run(&run).unwrap());
    for detail in [&mut theirs, &mut ours] {
        detail.folder.clear();
        detail.models.clear();
    }
    assert_eq!(ours, theirs);
    let curves = |stage: &Stage| stage.studio.curves(&run, &[], 1000).unwrap();
    assert_eq!(curves(&here), curves(&there));
    assert_eq!(import("models", &model.id).id, model.id);
    assert_eq!(import("datasets", &dataset).name, "Notes");
    assert_eq!(here.studio.dataset(&dataset).unwrap().files.len(), 3);
    // With its dataset here, the run goes on here.
    here.studio.resume_run(&run, Some(api::Limit::Steps { steps: 40 })).unwrap();
    here.wait(&run, |job| job.progress.as_ref().is_some_and(|it| it.n_done == 40));
    // A second time, it gets an identifier of its own, in its order too.
    let again = import("runs", &run);
    assert_ne!(again.id, run);
    let order = fs::read_to_string(here.job_folder("runs", &again.id).join("job.json")).unwrap();
    assert!(order.contains(again.id.as_str()));
}

#[test]
fn hostile_folders_are_refused() {
    let stage = Stage::new();
    let run = stage.done_run(10);
    let good = stage.folder.path().join("good");
    copy_all(&stage.job_folder("runs", &run), &good);
    let check = |spoil: &dyn Fn(&Path), expected: &str| {
        let folder = stage.folder.path().join("spoilt");
        copy_all(&good, &folder);
        spoil(&folder);
        let before = stage.studio.runs().unwrap();
        let refused = stage.studio.import(&folder).expect_err(expected);
        assert!(refused.to_string().contains(expected), "{refused}");
        assert_eq!(stage.studio.runs().unwrap(), before);
        let runs = fs::read_dir(stage.workspace().join("projects/default/runs")).unwrap();
        assert_eq!(runs.count(), before.len());
        fs::remove_dir_all(&folder).unwrap();
    };
    let edit = |folder: &Path, from: &str, to: &str| {
        let path = folder.join("job.json");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    };
    check(&|f| fs::remove_file(f.join("job.json")).unwrap(), "neither a job.json");
    check(&|f| fs::write(f.join("job.json"), "{").unwrap(), "could not be read");
    check(&|f| fs::write(f.join("job.json"), "[".repeat(100_000)).unwrap(), "could not be read");
    check(&|f| edit(f, run.as_str(), "../../evil"), "not an identifier");
    check(&|f| edit(f, "\"format\": 1", "\"format\": 99"), "format 99");
    check(&|f| edit(f, "\"train\"", "\"mine\""), "knows no job of the kind `mine`");
    check(&|f| fs::remove_file(f.join("events.jsonl")).unwrap(), "never started");
    #[cfg(unix)]
    check(&|f| std::os::unix::fs::symlink("/etc/passwd", f.join("samples/x")).unwrap(), "link");
    #[cfg(unix)]
    check(
        &|f| {
            fs::remove_dir_all(f.join("samples")).ok();
            std::os::unix::fs::symlink("/etc", f.join("samples")).unwrap();
        },
        "link",
    );
    check(&|f| fs::create_dir_all(f.join("a/".repeat(20))).unwrap(), "deep");
    let lock = |folder: &Path| {
        let file = fs::File::create(folder.join("worker.lock")).unwrap();
        file.lock().unwrap();
        std::mem::forget(file);
    };
    check(&lock, "it is in use");
    for path in [stage.workspace(), stage.folder.path().to_owned(), stage.job_folder("runs", &run)]
    {
        assert!(matches!(stage.studio.import(&path), Err(Error::BadImport { .. })), "{path:?}");
    }
    let relative = stage.studio.import(Path::new("good"));
    assert!(matches!(relative, Err(Error::Invalid { key: "path", .. })));
}

#[test]
fn an_imported_order_cannot_point_outside() {
    let stage = Stage::new();
    let run = stage.done_run(5);
    let folder = stage.folder.path().join("evil");
    copy_all(&stage.job_folder("runs", &run), &folder);
    let path = folder.join("job.json");
    let mut order: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    order["task"]["dataset_path"] = json!("/etc");
    order["name"] = json!(format!("evil\u{0}{}", "x".repeat(1000)));
    fs::write(&path, order.to_string()).unwrap();
    let mut events = fs::read_to_string(folder.join("events.jsonl")).unwrap();
    let mut seq = events.lines().count();
    for (step, path) in
        ["../../../../etc/passwd", "/etc/passwd", "", "a/../../b"].iter().enumerate()
    {
        let checkpoint = json!({"event": "checkpoint", "step": step, "path": path, "bytes": 1,
            "sha256": "", "validation": null, "is_best": true});
        let sample = |original: &str, rendered: &str| {
            json!({"event": "sample", "step": step, "name": "a", "original": original,
                "rendered": rendered, "length_secs": 1.0, "distances": {}})
        };
        for mut event in [checkpoint, sample(path, "a.wav"), sample("a.wav", path)] {
            seq += 1;
            event["seq"] = json!(seq);
            event["time_ms"] = json!(1);
            events.push_str(&format!("{event}\n"));
        }
    }
    fs::write(folder.join("events.jsonl"), events).unwrap();
    let imported = stage.studio.import(&folder).unwrap();
    assert_eq!(imported.name.chars().count(), 120);
    let order =
        fs::read_to_string(stage.job_folder("runs", &imported.id).join("job.json")).unwrap();
    assert!(order.contains("../../datasets/"), "{order}");
    let detail = stage.studio.run(&imported.id).unwrap();
    assert_eq!((detail.checkpoints, detail.samples), (vec![], vec![]));
    assert_eq!(detail.run.job.last_seq, seq as u64);
    let new = api::NewModel { run: imported.id, step: None, name: None };
    assert!(matches!(stage.studio.add_model(new), Err(Error::NotFound { what: "checkpoint", .. })));
}

#[test]
fn a_dataset_without_its_sound_is_refused() {
    let stage = Stage::new();
    let dataset = stage.whole_dataset();
    let check = |spoil: &dyn Fn(&Path), expected: &str| {
        let folder = stage.folder.path().join("spoilt");
        copy_all(&stage.job_folder("datasets", &dataset), &folder);
        spoil(&folder);
        let refused = stage.studio.import(&folder).expect_err(expected);
        assert!(matches!(refused, Error::BadImport { .. }), "{refused:?}");
        assert!(refused.to_string().contains(expected), "{refused}");
        assert_eq!(stage.studio.datasets().unwrap().len(), 1);
        fs::remove_dir_all(&folder).unwrap();
    };
    let cut = |folder: &Path, name: &str| {
        let path = folder.join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
    };
    let edit = |folder: &Path, from: &str, to: &str| {
        let path = folder.join("dataset.json");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    };
    check(&|f| fs::remove_file(f.join("sound-000.pcm")).unwrap(), "“sound-000.pcm” is missing");
    check(&|f| fs::remove_file(f.join("peaks.bin")).unwrap(), "“peaks.bin” is missing");
    check(&|f| fs::remove_file(f.join("dataset.json")).unwrap(), "incomplete");
    check(&|f| cut(f, "sound-000.pcm"), "“sound-000.pcm” is cut short");
    check(&|f| cut(f, "peaks.bin"), "“peaks.bin” is cut short");
    check(&|f| edit(f, "\"chunk\":0", "\"chunk\":1"), "“sound-001.pcm” is missing");
    let n_frames = format!("\"n_frames\":{}", u64::MAX);
    check(&|f| edit(f, "\"n_frames\":500", &n_frames), "cut short");
}

fn order(path: &Path, name: Option<&str>) -> ImportTask {
    let (path, name) = (path.to_owned(), name.map(str::to_owned));
    ImportTask { path, items: vec![], name, as_model: true }
}

fn done(stage: &Stage, id: &Id) -> Import {
    let is_done = || {
        let state = stage.studio.foreign_import(id).unwrap().job.state;
        matches!(state, JobState::Done { .. })
    };
    stage.until(is_done).unwrap();
    stage.studio.foreign_import(id).unwrap()
}

fn folders(stage: &Stage) -> usize {
    fs::read_dir(stage.workspace().join("projects/default/imports")).unwrap().count()
}

#[test]
fn what_an_import_makes_is_taken() {
    let mut stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.ckpt");
    fs::write(&path, "model").unwrap();
    let mut kept = vec![];
    for (name, expected) in [(None, "My best"), (Some(" Strings "), "Strings")] {
        let id = stage.studio.create_import(order(&path, name)).unwrap().id;
        let import = done(&stage, &id);
        assert_eq!(stage.studio.foreign_imports().unwrap(), std::slice::from_ref(&import));
        assert_eq!(import.result.unwrap().made.len(), 1);
        let taken = stage.studio.take_import(&id).unwrap();
        assert_eq!((taken[0].list.as_str(), taken[0].name.as_str()), ("models", expected));
        assert!(matches!(stage.studio.take_import(&id), Err(Error::NotFound { .. })));
        kept.push(taken[0].id.clone());
    }
    assert_ne!(kept[0], kept[1], "each has an identifier of its own");
    assert_eq!(folders(&stage), 0, "the imports are gone");
    stage.reopen();
    let model = stage.studio.model(&kept[1]).unwrap().model;
    let added = model.added.unwrap();
    assert_eq!(
        (Path::new(&added.path), added.step),
        (fs::canonicalize(&path).unwrap().as_path(), Some(7))
    );
    assert_eq!(added.notes, ["It is a test."]);
    let weights = stage.job_folder("models", &kept[1]).join("weights.safetensors");
    assert_eq!(fs::read_to_string(weights).unwrap(), "model");
}

#[test]
fn an_import_that_runs_can_be_cancelled() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.ckpt");
    fs::write(&path, "model").unwrap();
    let id = stage.studio.create_import(order(&path, None)).unwrap().id;
    let taken = stage.studio.take_import(&id);
    assert!(matches!(taken, Err(Error::Conflict { .. })), "{taken:?}");
    stage.studio.delete_import(&id).unwrap();
    stage.until(|| stage.studio.foreign_import(&id).is_err() && folders(&stage) == 0).unwrap();
    let relative = stage.studio.create_import(order(Path::new("best.ckpt"), None));
    assert!(matches!(relative, Err(Error::Invalid { key: "path", .. })));
    let nameless = stage.studio.create_import(order(&path, Some(" ")));
    assert!(matches!(nameless, Err(Error::Invalid { .. })));
}

/// A folder with a dataset and a run on it, whose order does not say so.
fn set(there: &Stage) -> tempfile::TempDir {
    let run = there.done_run(10);
    let dataset = there.studio.run(&run).unwrap().run.dataset.unwrap();
    let set = tempfile::tempdir().unwrap();
    copy_all(&there.job_folder("datasets", &dataset), &set.path().join("0"));
    copy_all(&there.job_folder("runs", &run), &set.path().join("1"));
    let path = set.path().join("1/job.json");
    let mut order: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    order["task"]["dataset"] = json!("unknown-000001");
    order["task"]["dataset_hash"] = json!("");
    fs::write(path, order.to_string()).unwrap();
    set
}

#[test]
fn a_run_finds_the_dataset_it_learnt_from() {
    let set = set(&Stage::new());
    let here = Stage::new();
    let id = here.studio.create_import(order(set.path(), None)).unwrap().id;
    done(&here, &id);
    let taken = here.studio.take_import(&id).unwrap();
    let [dataset, run] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!((dataset.list.as_str(), run.list.as_str()), ("datasets", "runs"));
    assert_eq!(here.studio.run(&run.id).unwrap().run.dataset, Some(dataset.id.clone()));
    here.studio.resume_run(&run.id, Some(api::Limit::Steps { steps: 40 })).unwrap();
    // A second one of this kind, and nobody knows which it was.
    let id = here.studio.create_import(order(set.path(), None)).unwrap().id;
    done(&here, &id);
    let taken = here.studio.take_import(&id).unwrap();
    let refused = here.studio.resume_run(&taken[1].id, Some(api::Limit::Steps { steps: 40 }));
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("do not say which dataset"), "{refused}");
}

#[test]
fn what_cannot_be_taken_does_not_stop_the_rest() {
    let set = set(&Stage::new());
    let here = Stage::new();
    let id = here.studio.create_import(order(set.path(), None)).unwrap().id;
    done(&here, &id);
    let index = here.job_folder("imports", &id).join("made/0/dataset.json");
    let whole = fs::read(&index).unwrap();
    fs::write(&index, "{").unwrap();
    let refused = here.studio.take_import(&id);
    assert!(matches!(refused, Err(Error::BadImport { .. })), "{refused:?}");
    assert_eq!((here.studio.datasets().unwrap().len(), here.studio.runs().unwrap().len()), (0, 1));
    fs::write(&index, whole).unwrap();
    let taken = here.studio.take_import(&id).unwrap();
    assert_eq!(taken.len(), 1, "the rest");
    assert_eq!((here.studio.datasets().unwrap().len(), here.studio.runs().unwrap().len()), (1, 1));
    assert_eq!(folders(&here), 0);
}

#[test]
fn two_who_take_at_once_get_it_once() {
    let set = set(&Stage::new());
    let here = Stage::new();
    let id = here.studio.create_import(order(set.path(), None)).unwrap().id;
    done(&here, &id);
    let taken: Vec<_> = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..4).map(|_| scope.spawn(|| here.studio.take_import(&id))).collect();
        takers.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(taken.iter().filter(|it| it.is_ok()).count(), 1, "{taken:?}");
    assert_eq!((here.studio.datasets().unwrap().len(), here.studio.runs().unwrap().len()), (1, 1));
}
