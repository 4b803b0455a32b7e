//! The trash: what is in it, how it comes back, and how its space does.

use std::fs;

use api::{Live, SoundSource};
use studio::{Delivery, Error};

use crate::stage::Stage;

/// What is in the trash, as `list id`.
fn listed(stage: &Stage) -> Vec<String> {
    let mut all: Vec<String> =
        stage.studio.trash().unwrap().iter().map(|it| format!("{} {}", it.list, it.id)).collect();
    all.sort();
    all
}

#[test]
fn what_is_deleted_is_listed_with_its_size_and_time() {
    let mut stage = Stage::new();
    let model = stage.model();
    let run = model.lineage.as_ref().unwrap().run.clone();
    let dataset = stage.studio.run(&run).unwrap().run.dataset.unwrap();
    assert_eq!(stage.studio.trash().unwrap(), []);
    stage.studio.delete_model(&model.id).unwrap();
    stage.studio.delete_run(&run).unwrap();
    stage.studio.delete_dataset(&dataset).unwrap();
    let check = |stage: &Stage| {
        let all = stage.studio.trash().unwrap();
        let expected =
            [format!("datasets {dataset}"), format!("models {}", model.id), format!("runs {run}")];
        assert_eq!(listed(stage), expected);
        for item in &all {
            assert_eq!(item.expires_ms - item.deleted_ms, 30 * 24 * 3600 * 1000, "{item:?}");
            assert!(item.bytes > 0, "{item:?}");
        }
        let of_dataset = all.iter().find(|it| it.list == "datasets").unwrap();
        assert!(of_dataset.bytes > 3000 && of_dataset.name == "Notes", "{of_dataset:?}");
    };
    check(&stage);
    stage.reopen();
    check(&stage);
    stage.studio.restore_from_trash("runs", &run).unwrap();
    stage.studio.restore_from_trash("models", &model.id).unwrap();
    stage.studio.restore_from_trash("datasets", &dataset).unwrap();
    assert_eq!(stage.studio.trash().unwrap(), []);
    assert_eq!(stage.studio.run(&run).unwrap().run.step, 30);
}

#[test]
fn space_is_regained_at_once() {
    let mut stage = Stage::new();
    let model = stage.model();
    let run = model.lineage.as_ref().unwrap().run.clone();
    let sound = stage.studio.reconstruct_sound(
        &model.id,
        &stage.studio.run(&run).unwrap().run.dataset.unwrap(),
        0,
    );
    let sound = sound.unwrap().id;
    stage.wait_done(&sound);
    let updates = stage.studio.subscribe();
    stage.studio.delete_model(&model.id).unwrap();
    stage.studio.delete_run(&run).unwrap();
    let trash = stage.workspace().join("trash");
    let bytes: u64 = stage.studio.trash().unwrap().iter().map(|it| it.bytes).sum();
    // A model takes its reconstructions along, which nothing shows without it.
    stage.studio.delete_from_trash("models", &model.id).unwrap();
    assert!(!stage.job_folder("reconstructions", &sound).exists());
    assert!(matches!(stage.studio.reconstruction(&sound), Err(Error::NotFound { .. })));
    assert_eq!(listed(&stage), [format!("runs {run}")]);
    let emptied = stage.studio.empty_trash().unwrap();
    assert_eq!(emptied.n_items, 1);
    assert!(emptied.bytes > 0 && emptied.bytes < bytes, "{emptied:?} {bytes}");
    assert!(!trash.join("runs").join(run.as_str()).exists());
    assert_eq!(stage.studio.empty_trash().unwrap().n_items, 0);
    let n_told = std::iter::from_fn(|| updates.next_timeout(std::time::Duration::ZERO))
        .filter(|it| matches!(it, Delivery::Live(live) if matches!(&**live, Live::Changed { list, .. } if list == "trash")))
        .count();
    assert_eq!(n_told, 5, "two went in; a model, its reconstruction and a run went for good");

    let missing = stage.studio.restore_from_trash("runs", &run);
    assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
    let missing = stage.studio.delete_from_trash("nothings", &run);
    assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
    // What was cut short is finished at the next start.
    let left = trash.join(".purge-runs-notes-000001");
    fs::create_dir_all(left.join("checkpoints")).unwrap();
    stage.reopen();
    assert!(!left.exists());
}

#[test]
fn nothing_is_restored_over_something_else() {
    let stage = Stage::new();
    let dataset = stage.whole_dataset();
    stage.studio.delete_dataset(&dataset).unwrap();
    let place = stage.job_folder("datasets", &dataset);
    fs::create_dir(&place).unwrap();
    fs::write(place.join("mine.txt"), "mine").unwrap();
    let refused = stage.studio.restore_from_trash("datasets", &dataset);
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(fs::read(place.join("mine.txt")).unwrap(), b"mine");
    assert_eq!(listed(&stage), [format!("datasets {dataset}")]);
    fs::remove_dir_all(&place).unwrap();
    stage.studio.restore_from_trash("datasets", &dataset).unwrap();
}

#[test]
fn what_cannot_be_read_can_still_be_removed() {
    let mut stage = Stage::new();
    let folder = stage.workspace().join("trash/runs/odd-000001");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("job.json"), "{").unwrap();
    stage.reopen();
    assert_eq!(listed(&stage), ["runs odd-000001"]);
    let id = "odd-000001".parse().unwrap();
    let refused = stage.studio.restore_from_trash("runs", &id);
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    stage.studio.delete_from_trash("runs", &id).unwrap();
    assert!(!folder.exists() && stage.studio.trash().unwrap().is_empty());
}

#[test]
fn an_upload_that_nothing_refers_to_goes_at_the_next_start() {
    use std::time::{Duration, SystemTime};

    let mut stage = Stage::new();
    let upload = |stage: &Stage| {
        let id = stage.studio.new_upload().unwrap().upload;
        let mut file = stage.studio.stage_upload(&id, "a.wav").unwrap();
        file.write(b"RIFF").unwrap();
        file.finish().unwrap();
        id
    };
    let age = |stage: &Stage, id: &api::Id, age: Duration| {
        let folder = stage.workspace().join("uploads").join(id.as_str());
        let at = SystemTime::now() - age;
        for path in [folder.join("a.wav"), folder] {
            fs::File::open(path).unwrap().set_modified(at).unwrap();
        }
    };
    let (old, new, needed) = (upload(&stage), upload(&stage), upload(&stage));
    let source = SoundSource::Upload { upload: needed.clone() };
    let failing = api::NewDataset { source, ..stage.new_dataset("fail") };
    let dataset = stage.studio.create_dataset(failing).unwrap().id;
    stage.wait_state(&dataset, |state| matches!(state, api::JobState::Failed { .. }));
    for id in [&old, &needed] {
        age(&stage, id, Duration::from_secs(2 * 3600));
    }
    age(&stage, &new, Duration::from_secs(600));
    stage.reopen();
    assert!(stage.studio.upload(&old).is_err());
    assert!(stage.studio.upload(&new).is_ok() && stage.studio.upload(&needed).is_ok());
}
