//! Exports: models in the forms that players need, kept in a library of their own.

use std::fs;

use api::{
    CardWords, Export, ExportForm, ExportTask, ExportedPlay, Id, JobState, Limit, ModelPlace,
    NewModel,
};
use studio::Error;

use crate::stage::Stage;

fn module(model: &Id, play: ExportedPlay) -> ExportTask {
    let model = ModelPlace::Library { id: model.clone() };
    ExportTask { model, form: ExportForm::Torchscript { play }, prior: None }
}

fn done(stage: &Stage, id: &Id) -> Export {
    let is_done = || {
        let state = stage.studio.export(id).unwrap().job.state;
        matches!(state, JobState::Done { .. })
    };
    stage.until(is_done).unwrap();
    stage.studio.export(id).unwrap()
}

fn folders(stage: &Stage, place: &str) -> usize {
    fs::read_dir(stage.workspace().join(place)).unwrap().count()
}

#[test]
fn an_export_is_made_kept_deleted_and_restored() {
    let mut stage = Stage::new();
    let model = stage.model();
    let id = stage.studio.create_export(module(&model.id, ExportedPlay::default())).unwrap().id;
    let export = done(&stage, &id);
    let result = export.result.as_ref().unwrap();
    assert_eq!((&export.model_name, result.latents), (&model.name, Some(16)));
    let path = stage.studio.export_file(&id, &result.files[0].path).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), model.name);
    assert!(export.folder.ends_with(&format!("exports/{id}/files")), "{}", export.folder);
    let outside = stage.studio.export_file(&id, "../result.json");
    assert!(matches!(outside, Err(Error::NotFound { .. })), "{outside:?}");

    stage.studio.delete_job(&id).unwrap();
    assert!(matches!(stage.studio.export(&id), Err(Error::NotFound { .. })));
    assert_eq!(
        (folders(&stage, "projects/default/exports"), folders(&stage, "trash/exports")),
        (0, 1)
    );
    stage.reopen();
    assert_eq!(stage.studio.exports().unwrap(), []);
    stage.studio.restore_job(&id).unwrap();
    assert_eq!(stage.studio.export(&id).unwrap(), export);
    stage.reopen();
    assert_eq!(stage.studio.exports().unwrap(), [export]);
}

#[test]
fn an_export_says_when_its_run_has_gone_on() {
    let stage = Stage::new();
    let run = stage.done_run(10);
    let export = |step| {
        let new = NewModel { run: run.clone(), step: Some(step), name: None };
        let model = stage.studio.add_model(new).unwrap().id;
        let export = stage.studio.create_export(module(&model, ExportedPlay::default())).unwrap();
        done(&stage, &export.id)
    };
    let train_until = |steps| {
        stage.studio.resume_run(&run, Some(Limit::Steps { steps })).unwrap();
        stage.wait_done(&run);
    };
    let outdated = |export: &api::Export| {
        let now = stage.studio.export(&export.id).unwrap().outdated;
        now.map(|it| (it.run, it.step, it.newest_step))
    };
    let first = export(10);
    assert_eq!(outdated(&first), None);
    train_until(20);
    assert_eq!(outdated(&first), Some((run.clone(), 10, 20)));
    let best = export(20);
    // From there the run gets worse, which is no reason to export again.
    train_until(60);
    assert_eq!(outdated(&best), None);
}

#[test]
fn one_that_runs_can_be_cancelled_and_holds_its_model() {
    let stage = Stage::new();
    let model = stage.model().id;
    stage.studio.rename_model(&model, "slow").unwrap();
    let id = stage.studio.create_export(module(&model, ExportedPlay::default())).unwrap().id;
    stage
        .until(|| {
            let state = stage.studio.export(&id).unwrap().job.state;
            matches!(state, JobState::Running { .. })
        })
        .unwrap();
    let refused = stage.studio.delete_model(&model);
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    stage.studio.delete_job(&id).unwrap();
    let is_gone =
        || stage.studio.export(&id).is_err() && folders(&stage, "projects/default/exports") == 0;
    stage.until(is_gone).unwrap();
    stage.studio.delete_model(&model).unwrap();
}

#[test]
fn choices_that_cannot_be_had_are_refused_at_once() {
    let stage = Stage::new();
    let model = stage.model().id;
    let check = |play: ExportedPlay, expected: &str| {
        let refused = stage.studio.create_export(module(&model, play));
        assert!(
            matches!(&refused, Err(Error::Invalid { key, .. }) if *key == expected),
            "{refused:?}"
        );
    };
    let play = ExportedPlay::default();
    check(ExportedPlay { latents: Some(0), ..play }, "latents");
    check(ExportedPlay { latents: Some(4), fidelity: Some(0.9), ..play }, "fidelity");
    check(ExportedPlay { fidelity: Some(1.5), ..play }, "fidelity");
    check(ExportedPlay { fidelity: Some(f64::NAN), ..play }, "fidelity");
    check(ExportedPlay { block: 0, ..play }, "block");
    let none = "none-000000".parse().unwrap();
    let refused = stage.studio.create_export(module(&none, play));
    assert!(matches!(refused, Err(Error::NotFound { what: "model", .. })), "{refused:?}");
    let form = ExportForm::Maq { card: CardWords::default() };
    let nowhere = ModelPlace::File { path: "/nowhere/model".into() };
    let refused = stage.studio.create_export(ExportTask { model: nowhere, form, prior: None });
    assert!(matches!(refused, Err(Error::Io { .. })), "{refused:?}");
    assert_eq!(folders(&stage, "projects/default/exports"), 0);
}
