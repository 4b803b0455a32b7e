//! Jobs that end because the disk is full: what their workers could still say is believed, and lasts.

use std::fs;

use api::{JobState, Outcome};
use serde_json::json;

use crate::stage::{Stage, poll};

fn is_full(state: &JobState) -> bool {
    matches!(state, JobState::Failed { problem, .. } if problem.code == "disk_full")
}

#[test]
fn what_a_worker_says_on_a_full_disk_is_believed() {
    let mut stage = Stage::new();
    let dataset = stage.whole_dataset();
    for said in ["exit_code", "event", "log"] {
        let run = stage.run(&dataset, 30, json!({"full_at": 12, "full": said})).id;
        let job = stage.wait_state(&run, |state| {
            !matches!(state, JobState::Running { .. } | JobState::Queued { .. })
        });
        assert!(is_full(&job.state), "{said}: {job:?}");
        let JobState::Failed { problem, .. } = job.state else { unreachable!() };
        assert_eq!(problem.what, "The disk is full.", "{said}");
        // The studio says it in the folder in the worker's place, so that a rebuild finds the same.
        let exit = stage.job_folder("runs", &run).join("exit.json");
        poll(|| exit.exists()).expect("it is written");
        let exit: api::Exit = serde_json::from_slice(&fs::read(exit).unwrap()).unwrap();
        assert!(matches!(exit.outcome, Outcome::Failed { .. }), "{said}: {exit:?}");
        stage.studio.close();
        fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
        stage.reopen();
        assert!(is_full(&stage.state(&run)), "{said}: {:?}", stage.state(&run));
        // With room again, it goes on from its last checkpoint.
        stage.studio.resume_run(&run, None).unwrap();
        let job = stage.wait_state(&run, |state| matches!(state, JobState::Done { .. }));
        assert!(matches!(job.state, JobState::Done { .. }), "{job:?}");
    }
}

#[test]
fn a_reserve_is_kept_for_a_full_disk() {
    let stage = Stage::new();
    let reserve = stage.workspace().join(".reserve");
    assert!(fs::metadata(&reserve).unwrap().len() >= 1 << 20);
}
