//! Folders from elsewhere: taken in when they are whole, refused when they are not, or hostile.

use std::{fs, path::Path};

use serde_json::json;
use studio::Error;

use crate::stage::Stage;

fn copy_all(from: &Path, to: &Path) {
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
    let (run, dataset) = (model.lineage.run.clone(), model.lineage.dataset.clone());
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
    check(&|f| fs::write(f.join("job.json"), "{").unwrap(), "cannot be read");
    check(&|f| fs::write(f.join("job.json"), "[".repeat(100_000)).unwrap(), "cannot be read");
    check(&|f| edit(f, run.as_str(), "../../evil"), "not an identifier");
    check(&|f| edit(f, "\"format\": 1", "\"format\": 99"), "format 99");
    check(&|f| edit(f, "\"train\"", "\"mine\""), "cannot be read");
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
    check(&lock, "is working on it");
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
    let seq = events.lines().count() + 1;
    events.push_str(&format!(
        "{{\"seq\":{seq},\"time_ms\":1,\"event\":\"checkpoint\",\"step\":9,\
         \"path\":\"../../../../etc/passwd\",\"bytes\":1,\"sha256\":\"\",\"validation\":null,\
         \"is_best\":true}}\n"
    ));
    fs::write(folder.join("events.jsonl"), events).unwrap();
    let imported = stage.studio.import(&folder).unwrap();
    assert_eq!(imported.name.chars().count(), 120);
    let order =
        fs::read_to_string(stage.job_folder("runs", &imported.id).join("job.json")).unwrap();
    assert!(order.contains("../../datasets/"), "{order}");
    let new = api::NewModel { run: imported.id, step: None, name: None };
    assert!(matches!(stage.studio.add_model(new), Err(Error::NotFound { what: "file", .. })));
}
