//! Models and reconstructions.

use std::fs;

use api::{JobState, NewModel};
use serde_json::json;
use studio::Error;

use crate::stage::Stage;

#[test]
fn the_best_checkpoint_becomes_a_model() {
    let stage = Stage::new();
    let model = stage.model();
    assert_eq!(
        (model.lineage.as_ref().unwrap().step, model.rate_hz, model.lineage.as_ref().unwrap().seed),
        (20, Some(44_100), 7)
    );
    assert_eq!(model.name, "Notes sketch");
    assert_eq!(model.lineage.as_ref().unwrap().dataset_hash, "hash of seed 0");
    let folder = stage.job_folder("models", &model.id);
    assert_eq!(fs::read_to_string(folder.join("weights.safetensors")).unwrap(), "weights at 20");
    let run = model.lineage.as_ref().unwrap().run.clone();
    assert_eq!(stage.studio.run(&run).unwrap().models, std::slice::from_ref(&model.id));
    let named = NewModel { run: run.clone(), step: Some(30), name: Some("Thirty".to_owned()) };
    assert_eq!(stage.studio.add_model(named).unwrap().lineage.unwrap().step, 30);
    let missing = stage.studio.add_model(NewModel { run: run.clone(), step: Some(5), name: None });
    assert!(matches!(missing, Err(Error::NotFound { what: "checkpoint", .. })), "{missing:?}");
    // The model stays when its run goes.
    stage.studio.delete_run(&run).unwrap();
    assert_eq!(stage.studio.models().unwrap().len(), 2);
}

#[test]
fn a_model_needs_no_dataset() {
    let stage = Stage::new();
    let dataset = stage.whole_dataset();
    let check = |known: Option<u32>, rate_hz: u32| {
        let run = stage.run(&dataset, 10, json!({})).id;
        stage.wait_done(&run);
        stage.studio.delete_dataset(&dataset).unwrap();
        let new = NewModel { run, step: None, name: None };
        let model = stage.studio.add_model_at(new, known).unwrap();
        assert_eq!(model.rate_hz, Some(rate_hz));
        stage.studio.restore_dataset(&dataset).unwrap();
    };
    check(Some(48_000), 48_000);
    check(None, 44_100);
}

#[test]
fn a_damaged_checkpoint_is_no_model() {
    let stage = Stage::new();
    let run = stage.done_run(10);
    let file = stage.job_folder("runs", &run).join("checkpoints/10.safetensors");
    fs::write(&file, "other").unwrap();
    let new = || NewModel { run: run.clone(), step: None, name: None };
    let refused = stage.studio.add_model(new());
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    fs::remove_file(&file).unwrap();
    assert!(matches!(stage.studio.add_model(new()), Err(Error::NotFound { .. })));
    assert_eq!(fs::read_dir(stage.workspace().join("projects/default/models")).unwrap().count(), 0);
}

#[test]
fn deleted_models_come_back() {
    let mut stage = Stage::new();
    let id = stage.model().id;
    let renamed = stage.studio.rename_model(&id, "Other").unwrap();
    stage.studio.delete_model(&id).unwrap();
    assert!(matches!(stage.studio.model(&id), Err(Error::NotFound { .. })));
    stage.reopen();
    assert_eq!(stage.studio.models().unwrap(), []);
    assert_eq!(stage.studio.restore_model(&id).unwrap(), renamed);
    stage.reopen();
    assert_eq!(stage.studio.models().unwrap(), [renamed]);
}

#[test]
fn sounds_go_through_a_model() {
    let stage = Stage::new();
    let model = stage.model();
    let mut input = stage.studio.stage_input().unwrap();
    input.write(b"some flac").unwrap();
    let upload = stage.studio.reconstruct_upload(&model.id, "My song.FLAC", input).unwrap();
    assert_eq!(upload.input_name, "My song.FLAC");
    stage.wait_done(&upload.id);
    let whole = stage.studio.reconstruction(&upload.id).unwrap();
    assert_eq!(whole.result.unwrap().reconstruction, "reconstruction.wav");
    let file = |path| stage.studio.job_file(&upload.id, path);
    assert_eq!(fs::read(file("input.flac").unwrap()).unwrap(), b"some flac");
    assert!(file("../../../../maquette.db").is_err());

    let sound = stage
        .studio
        .reconstruct_sound(&model.id, &model.lineage.as_ref().unwrap().dataset.clone().unwrap(), 1)
        .unwrap();
    stage.wait_done(&sound.id);
    let path = stage.studio.job_file(&sound.id, "input.wav").unwrap();
    let wav = fs::read(path).unwrap();
    assert_eq!(wav.len(), 44 + 1000);
    assert_eq!(&wav[..4], b"RIFF");
    assert_eq!(wav[40..44], 1000_u32.to_le_bytes());
    assert_eq!(wav[44..], vec![1; 1000]);

    let listed = stage.studio.model(&model.id).unwrap().reconstructions;
    assert_eq!(listed.len(), 2);
    stage.studio.delete_job(&sound.id).unwrap();
    assert_eq!(stage.studio.model(&model.id).unwrap().reconstructions.len(), 1);
    stage.studio.restore_job(&sound.id).unwrap();
    let empty = stage.studio.stage_input().unwrap();
    let refused = stage.studio.reconstruct_upload(&model.id, "a.wav", empty);
    assert!(matches!(refused, Err(Error::Invalid { .. })));
    assert_eq!(fs::read_dir(stage.workspace().join("uploads")).unwrap().count(), 0);
}

#[test]
fn a_model_at_work_stays() {
    let stage = Stage::new();
    let model = stage.model();
    let mut input = stage.studio.stage_input().unwrap();
    input.write(b"x").unwrap();
    let slow = stage.studio.reconstruct_upload(&model.id, "slow.wav", input).unwrap();
    stage.wait_state(&slow.id, |state| matches!(state, JobState::Running { .. }));
    assert!(matches!(stage.studio.delete_model(&model.id), Err(Error::Conflict { .. })));
    // A training runs beside it.
    let run = stage.run(&model.lineage.as_ref().unwrap().dataset.clone().unwrap(), 5, json!({})).id;
    stage.wait_done(&run);
    // Deleting a sound that is going through ends its process; nothing of it stays.
    stage.studio.delete_job(&slow.id).unwrap();
    stage.until(|| stage.studio.reconstruction(&slow.id).is_err()).expect("it goes");
    assert!(!stage.job_folder("reconstructions", &slow.id).exists());
    stage.studio.delete_model(&model.id).unwrap();
}

#[test]
fn the_newest_two_hundred_reconstructions_are_kept() {
    let mut stage = Stage::new();
    let model = stage.model();
    let first = stage
        .studio
        .reconstruct_sound(&model.id, &model.lineage.as_ref().unwrap().dataset.clone().unwrap(), 0)
        .unwrap()
        .id;
    stage.wait_done(&first);
    stage.studio.close();
    let folder = stage.job_folder("reconstructions", &first);
    for i in 0..200 {
        let copy = folder.with_file_name(format!("copy-{i}"));
        fs::create_dir(&copy).unwrap();
        for name in ["job.json", "exit.json", "result.json"] {
            fs::hard_link(folder.join(name), copy.join(name)).unwrap();
        }
    }
    stage.reopen();
    assert_eq!(stage.studio.model(&model.id).unwrap().reconstructions.len(), 201);
    let new = stage
        .studio
        .reconstruct_sound(&model.id, &model.lineage.as_ref().unwrap().dataset.clone().unwrap(), 0)
        .unwrap()
        .id;
    let kept = stage.studio.model(&model.id).unwrap().reconstructions;
    assert_eq!((kept.len(), &kept[0].id), (200, &new));
    stage.wait_done(&new);
}
