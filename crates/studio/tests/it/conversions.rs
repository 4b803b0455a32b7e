//! Conversions: sound to latents, and latents to sound.

use std::{fs, path::Path};

use api::{Conversion, ConvertTask, Id, JobState, ModelPlace};
use studio::Error;

use crate::stage::Stage;

fn latents(model: &Id, path: &Path) -> ConvertTask {
    let (model, path) = (ModelPlace::Library { id: model.clone() }, path.to_owned());
    ConvertTask::Latents { model, path, seed: None, codes: false, live: None }
}

fn done(stage: &Stage, id: &Id) -> Conversion {
    let is_done = || {
        let state = stage.studio.conversion(id).unwrap().job.state;
        matches!(state, JobState::Done { .. })
    };
    stage.until(is_done).unwrap();
    stage.studio.conversion(id).unwrap()
}

fn folders(stage: &Stage) -> usize {
    fs::read_dir(stage.workspace().join("projects/default/conversions")).unwrap().count()
}

#[test]
fn a_conversion_is_made_taken_and_removed() {
    let stage = Stage::new();
    let (model, folder) = (stage.model().id, tempfile::tempdir().unwrap());
    let input = folder.path().join("in.wav");
    fs::write(&input, "sound").unwrap();
    let id = stage.studio.create_conversion(latents(&model, &input)).unwrap().id;
    let conversion = done(&stage, &id);
    let result = conversion.result.unwrap();
    assert_eq!((result.files[0].as_str(), &result.shape[..]), ("latents.npy", &[1, 2, 3][..]));
    let path = stage.studio.job_file(&id, &result.files[0]).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "sound");
    let outside = stage.studio.job_file(&id, "../../../maquette.db");
    assert!(matches!(outside, Err(Error::NotFound { .. })), "{outside:?}");
    stage.studio.delete_job(&id).unwrap();
    assert!(matches!(stage.studio.conversion(&id), Err(Error::NotFound { .. })));
    assert_eq!(folders(&stage), 0);
}

#[test]
fn one_that_runs_can_be_cancelled() {
    let stage = Stage::new();
    let (model, folder) = (stage.model().id, tempfile::tempdir().unwrap());
    let input = folder.path().join("slow.wav");
    fs::write(&input, "sound").unwrap();
    let id = stage.studio.create_conversion(latents(&model, &input)).unwrap().id;
    stage
        .until(|| {
            let state = stage.studio.conversion(&id).unwrap().job.state;
            matches!(state, JobState::Running { .. })
        })
        .unwrap();
    stage.studio.delete_job(&id).unwrap();
    stage.until(|| stage.studio.conversion(&id).is_err() && folders(&stage) == 0).unwrap();
}

#[test]
fn what_cannot_be_converted_is_refused_at_once() {
    let stage = Stage::new();
    let model = stage.model().id;
    let refused = stage.studio.create_conversion(latents(&model, Path::new("in.wav")));
    assert!(matches!(refused, Err(Error::Invalid { key: "path", .. })), "{refused:?}");
    let refused = stage.studio.create_conversion(latents(&model, Path::new("/nowhere/in.wav")));
    assert!(matches!(refused, Err(Error::Io { .. })), "{refused:?}");
    let none = "none-000000".parse().unwrap();
    let refused = stage.studio.create_conversion(latents(&none, Path::new("/")));
    assert!(matches!(refused, Err(Error::NotFound { what: "model", .. })), "{refused:?}");
    assert_eq!(folders(&stage), 0);
}

#[test]
fn the_oldest_go() {
    let stage = Stage::new();
    let (model, folder) = (stage.model().id, tempfile::tempdir().unwrap());
    let path = folder.path().join("in.wav");
    fs::write(&path, "sound").unwrap();
    for _ in 0..25 {
        let id = stage.studio.create_conversion(latents(&model, &path)).unwrap().id;
        done(&stage, &id);
    }
    assert_eq!(folders(&stage), 20);
}
