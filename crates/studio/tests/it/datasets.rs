//! Datasets: made, refused, cancelled, started again, deleted and restored.

use std::fs;

use api::{JobState, NewDataset, SoundSource};
use studio::Error;

use crate::stage::{Stage, poll};

#[test]
fn a_folder_becomes_a_dataset() {
    let stage = Stage::new();
    let dataset = stage.dataset("Grandpa's 🎻");
    assert!(dataset.id.as_str().starts_with("grandpa-s-"), "{}", dataset.id);
    stage.wait_done(&dataset.id);
    let detail = stage.studio.dataset(&dataset.id).unwrap();
    assert_eq!(detail.dataset.name, "Grandpa's 🎻");
    assert_eq!(detail.dataset.summary.unwrap().n_files, 3);
    assert_eq!(detail.files.len(), 3);
    assert_eq!(detail.warnings.len(), 1);
    assert_eq!(detail.dataset.job.n_warnings, 1);
    let sound = stage.studio.dataset_sound(&dataset.id, 1).unwrap();
    assert_eq!((sound.offset_bytes, sound.n_bytes, sound.n_frames), (1000, 1000, 500));
    let peaks = stage.studio.dataset_peaks(&dataset.id, 0).unwrap();
    assert_eq!((peaks.min, peaks.max), (vec![-127, -126], vec![127, 126]));
    let missing = stage.studio.dataset_sound(&dataset.id, 3);
    assert!(matches!(missing, Err(Error::NotFound { what: "sound", .. })), "{missing:?}");
    let log = stage.studio.log(&dataset.id, 1 << 16).unwrap();
    assert!(log.text.contains("preparing Grandpa's"), "{}", log.text);
}

#[test]
fn what_cannot_be_a_dataset_is_refused() {
    let stage = Stage::new();
    let inside = stage.workspace().join("projects/default/runs");
    let file = stage.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let base = || stage.new_dataset("x");
    let folder = |path: &std::path::Path| SoundSource::Folder { path: path.to_owned() };
    let upload = stage.studio.new_upload().unwrap().upload;
    let check = |new: NewDataset, key: &str| {
        let refused = stage.studio.create_dataset(new);
        assert!(matches!(&refused, Err(Error::Invalid { key: k, .. }) if *k == key), "{refused:?}");
    };
    check(NewDataset { source: folder(&stage.folder.path().join("none")), ..base() }, "source");
    check(NewDataset { source: folder("relative".as_ref()), ..base() }, "source");
    check(NewDataset { source: folder(&inside), ..base() }, "source");
    check(NewDataset { source: folder(stage.folder.path()), ..base() }, "source");
    check(NewDataset { source: folder("/dev/null".as_ref()), ..base() }, "source");
    check(NewDataset { source: SoundSource::Upload { upload }, ..base() }, "source");
    check(NewDataset { rate_hz: Some(7999), ..base() }, "rate_hz");
    check(NewDataset { rate_hz: Some(192_001), ..base() }, "rate_hz");
    check(NewDataset { channels: Some(0), ..base() }, "channels");
    check(NewDataset { channels: Some(3), ..base() }, "channels");
    check(NewDataset { validation_share: Some(0.6), ..base() }, "validation_share");
    check(NewDataset { validation_share: Some(f64::NAN), ..base() }, "validation_share");
    check(NewDataset { name: Some(" ".to_owned()), ..base() }, "name");
    check(NewDataset { name: Some("x".repeat(121)), ..base() }, "name");
    check(NewDataset { name: Some("a\u{0}".to_owned()), ..base() }, "name");
    assert_eq!(stage.studio.datasets().unwrap(), []);
    let one_file = NewDataset { source: folder(&file), name: None, ..base() };
    assert_eq!(stage.studio.create_dataset(one_file).unwrap().name, "file");
}

#[test]
fn a_cancelled_dataset_leaves_nothing() {
    let stage = Stage::new();
    let running = stage.dataset("slow one").id;
    let beside = stage.dataset("slow too").id;
    let waiting = stage.dataset("next").id;
    stage.wait_running(&running);
    stage.wait_running(&beside);
    stage.studio.cancel_dataset(&waiting).unwrap();
    stage.studio.cancel_dataset(&running).unwrap();
    stage.studio.cancel_dataset(&beside).unwrap();
    stage.until(|| stage.studio.datasets().unwrap().is_empty()).expect("all go");
    for id in [&running, &beside, &waiting] {
        assert!(!stage.job_folder("datasets", id).exists());
        assert!(matches!(stage.studio.dataset(id), Err(Error::NotFound { .. })));
    }
    let whole = stage.whole_dataset();
    let refused = stage.studio.cancel_dataset(&whole);
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
}

#[test]
fn a_failed_or_interrupted_dataset_can_be_started_again() {
    let stage = Stage::new();
    let failed = stage.dataset("fail").id;
    let job = stage.wait_state(&failed, |state| matches!(state, JobState::Failed { .. }));
    let JobState::Failed { problem, .. } = job.state else { panic!() };
    assert_eq!(problem.code, "no_audio");
    let vanished = stage.dataset("vanish").id;
    stage.wait_state(&vanished, |state| matches!(state, JobState::Interrupted { .. }));
    for id in [&failed, &vanished] {
        assert!(!stage.job_folder("datasets", id).join("sound-000.pcm").exists());
    }
    stage.studio.restart_dataset(&failed).unwrap();
    stage.wait_state(&failed, |state| matches!(state, JobState::Failed { .. }));
    assert!(stage.studio.events(&failed, 0, 100).unwrap().len() >= 6, "events go on");
    let whole = stage.whole_dataset();
    assert!(matches!(stage.studio.restart_dataset(&whole), Err(Error::Conflict { .. })));
}

#[test]
fn deleted_datasets_come_back() {
    let mut stage = Stage::new();
    let id = stage.whole_dataset();
    stage.studio.rename_dataset(&id, " New name ").unwrap();
    let before = stage.studio.dataset(&id).unwrap();
    stage.studio.delete_dataset(&id).unwrap();
    assert_eq!(stage.studio.datasets().unwrap(), []);
    assert!(matches!(stage.studio.delete_dataset(&id), Err(Error::NotFound { .. })));
    stage.reopen();
    assert_eq!(stage.studio.datasets().unwrap(), []);
    assert_eq!(stage.studio.restore_dataset(&id).unwrap().name, "New name");
    assert_eq!(stage.studio.dataset(&id).unwrap(), before);
    assert!(matches!(stage.studio.restore_dataset(&id), Err(Error::NotFound { .. })));
}

#[test]
fn a_dataset_in_use_stays() {
    let stage = Stage::new();
    let id = stage.whole_dataset();
    let run = stage.run(&id, 1_000_000, serde_json::json!({"step_ms": 10})).id;
    stage.wait_running(&run);
    let refused = stage.studio.delete_dataset(&id);
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(stage.studio.dataset(&id).unwrap().used_by, std::slice::from_ref(&run));
    stage.studio.stop_run(&run).unwrap();
    stage.wait_state(&run, |state| matches!(state, JobState::Stopped { .. }));
    stage.studio.delete_dataset(&id).unwrap();
}

#[test]
fn dropped_files_become_a_dataset() {
    let stage = Stage::new();
    let upload = stage.studio.new_upload().unwrap().upload;
    for bytes in [b"one".as_slice(), b"three"] {
        let mut file = stage.studio.stage_upload(&upload, "../a.wav").unwrap();
        file.write(bytes).unwrap();
        file.finish().unwrap();
    }
    let mut dropped = stage.studio.stage_upload(&upload, "b.wav").unwrap();
    dropped.write(b"half").unwrap();
    drop(dropped);
    let holds = stage.studio.upload(&upload).unwrap();
    assert_eq!((holds.n_files, holds.bytes), (2, 8));
    let folder = stage.workspace().join("uploads").join(upload.as_str());
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a (2).wav", "a.wav"]);
    let source = SoundSource::Upload { upload: upload.clone() };
    let new = NewDataset { source, name: None, ..stage.new_dataset("x") };
    let dataset = stage.studio.create_dataset(new).unwrap();
    assert_eq!(dataset.name, "Dropped sounds");
    stage.wait_done(&dataset.id);
    poll(|| !folder.exists()).expect("it goes once it was prepared");
    assert!(matches!(stage.studio.upload(&upload), Err(Error::NotFound { .. })));
}
