//! Verbs on jobs of every kind: the same for all of them, as the table of kinds has it.

use api::{ConvertTask, Id, JobKind, JobState, Task};
use serde_json::json;
use studio::Error;

use crate::stage::Stage;

/// A job of each kind that has ended, by what it makes.
fn one_of_each(stage: &Stage) -> Vec<(JobKind, Id)> {
    let model = stage.model();
    let run = model.lineage.as_ref().unwrap().run.clone();
    let dataset = stage.studio.run(&run).unwrap().run.dataset.unwrap();
    let sound = stage.studio.reconstruct_sound(&model.id, &dataset, 0).unwrap().id;
    let input = stage.folder.path().join("sounds/tone.wav");
    std::fs::write(&input, "tone").unwrap();
    let task = ConvertTask::Latents {
        path: input.clone(),
        model: api::ModelPlace::Library { id: model.id.clone() },
        seed: None,
        codes: false,
        live: None,
    };
    let conversion = stage.studio.create_conversion(task).unwrap().id;
    let all = [
        (JobKind::Prepare, dataset),
        (JobKind::Train, run),
        (JobKind::Reconstruct, sound),
        (JobKind::Convert, conversion),
    ];
    for (_, id) in &all {
        stage.wait_state(id, |state| {
            matches!(state, JobState::Done { .. } | JobState::Failed { .. })
        });
    }
    all.to_vec()
}

#[test]
fn every_kind_answers_the_same_verbs() {
    let stage = Stage::new();
    let all = one_of_each(&stage);
    let ids: Vec<Id> = stage.studio.all_jobs(None).unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), all.len());
    assert!(stage.studio.jobs().unwrap().is_empty());
    for (kind, id) in all.iter().rev() {
        let of_kind = stage.studio.all_jobs(Some(*kind)).unwrap();
        assert_eq!(of_kind.iter().map(|it| &it.id).collect::<Vec<_>>(), [id]);
        assert_eq!(stage.studio.job_of(*kind, id).unwrap().kind, *kind);
        let other = if *kind == JobKind::Train { JobKind::Prepare } else { JobKind::Train };
        assert!(matches!(stage.studio.job_of(other, id), Err(Error::NotFound { .. })));
        let files = stage.studio.job_files(id).unwrap();
        assert!(files.iter().any(|it| it.path == "job.json" && it.bytes > 0), "{files:?}");
        assert!(stage.studio.job_file(id, "job.json").is_ok());
        assert!(matches!(stage.studio.job_file(id, "../x"), Err(Error::NotFound { .. })));
        assert!(!stage.studio.events(id, 0, 10).unwrap().is_empty());
        stage.studio.log(id, 100).unwrap();
        assert!(matches!(stage.studio.cancel_job(id), Err(Error::Conflict { .. })));
        stage.studio.delete_job(id).unwrap();
        assert!(matches!(stage.studio.job(id), Err(Error::NotFound { .. })), "{kind:?}");
        let has_trash = stage.studio.kinds().iter().any(|it| it.kind == *kind && it.has_trash);
        assert_eq!(stage.studio.restore_job(id).is_ok(), has_trash, "{kind:?}");
    }
}

#[test]
fn what_waits_or_runs_is_ended_as_its_kind_has_it() {
    let stage = Stage::new();
    let dataset = stage.whole_dataset();
    let run = stage.run(&dataset, 1_000_000, json!({ "step_ms": 5 })).id;
    stage.wait_running(&run);
    stage.studio.cancel_job(&run).unwrap();
    stage.wait_state(&run, |state| matches!(state, JobState::Stopped { .. }));
    stage.studio.restart_job(&run).unwrap();
    stage.wait_running(&run);
    stage.studio.cancel_job(&run).unwrap();
    let slow = stage.dataset("slow").id;
    stage.studio.cancel_job(&slow).unwrap();
    stage.until(|| stage.studio.job(&slow).is_err()).unwrap();
    assert!(!stage.job_folder("datasets", &slow).exists());
}

#[test]
fn an_order_alone_is_only_taken_where_nothing_is_to_be_checked() {
    let stage = Stage::new();
    let task = Task::Measure(api::MeasureTask {
        family: "rave".to_owned(),
        settings: json!({}),
        on_gpu: false,
        limit: api::Limit::Forever,
        n_held_out: 1,
        held_out_secs: 1.0,
    });
    let refused = stage.studio.create_job("Mine", task);
    assert!(matches!(refused, Err(Error::Invalid { key: "task", .. })), "{refused:?}");
}
