//! Runs: trained, followed, stopped, resumed, killed.

use std::time::Duration;

use api::{Control, Id, JobState, Limit, NewModel};
use serde_json::json;
use studio::Error;

use crate::stage::{STOP_GRACE, Stage, poll, request};

fn is_interrupted(state: &JobState) -> bool {
    matches!(state, JobState::Interrupted { .. })
}

fn is_stopped(state: &JobState) -> bool {
    matches!(state, JobState::Stopped { .. })
}

fn conflict<T: std::fmt::Debug>(result: &Result<T, Error>) {
    assert!(matches!(result, Err(Error::Conflict { .. })), "{result:?}");
}

fn steps_of(stage: &Stage, run: &Id) -> Vec<u64> {
    let names = ["loss_total".to_owned()];
    let mut curves = stage.studio.curves(run, &names, 100_000).unwrap().curves;
    curves.remove(0).steps
}

#[test]
fn a_run_is_followed_to_its_end() {
    let stage = Stage::new();
    let dataset = stage.whole_dataset();
    let run = stage.run(&dataset, 35, json!({}));
    assert_eq!(run.name, "Notes sketch");
    stage.wait_done(&run.id);
    let detail = stage.studio.run(&run.id).unwrap();
    assert_eq!((detail.run.step, detail.seed), (35, 7));
    assert_eq!(detail.dataset_hash, "hash of seed 0");
    assert_eq!(detail.metrics, ["loss_total", "validation_distance"]);
    let steps: Vec<_> = detail.checkpoints.iter().map(|one| (one.step, one.is_best)).collect();
    assert_eq!(steps, [(10, false), (20, true), (30, false)]);
    assert_eq!(detail.samples.len(), 3);
    assert_eq!(detail.system.unwrap().memory_bytes, 1 << 20);
    let score = detail.run.score.unwrap();
    // That of the checkpoint: step 35 was better, but is not there to have.
    assert_eq!((score.first, score.best), (10.0, 1.0));
    let curves = stage.studio.curves(&run.id, &[], 10).unwrap();
    assert_eq!(curves.last_seq, detail.run.job.last_seq);
    for curve in &curves.curves {
        assert_eq!((curve.n_points, curve.steps[0], *curve.steps.last().unwrap()), (35, 1, 35));
        assert!(curve.steps.len() <= 10);
    }
    assert!(stage.studio.job_file(&run.id, "samples/10-rendered.wav").is_ok());
    for path in ["../../../maquette.db", "/etc/passwd", "samples", "none.wav"] {
        assert!(matches!(stage.studio.job_file(&run.id, path), Err(Error::NotFound { .. })));
    }
}

#[test]
fn a_run_is_scored_as_its_worker_says() {
    let mut stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 35, json!({"rewards": true})).id;
    stage.wait_done(&run);
    let check = |stage: &Stage| {
        let detail = stage.studio.run(&run).unwrap();
        assert_eq!(detail.run.score_metric.name, "reward");
        let score = detail.run.score.unwrap();
        assert_eq!((score.first, score.best, score.latest), (1.0, 11.0, 35.0));
        let best: Vec<_> =
            detail.checkpoints.iter().map(|it| (it.validation, it.is_best)).collect();
        assert_eq!(best, [(Some(11.0), true), (Some(1.0), false), (Some(11.0), false)]);
        let phases: Vec<_> = detail.run.phases.iter().map(|it| (it.number, it.step)).collect();
        assert_eq!(phases, [(1, 0), (2, 15)]);
    };
    check(&stage);
    let new = NewModel { run: run.clone(), step: None, name: None };
    let lineage = stage.studio.add_model(new).unwrap().lineage.unwrap();
    assert_eq!((lineage.step, lineage.score_metric.title.as_str()), (10, "Reward"));
    // The folder says the same as the database.
    stage.studio.close();
    std::fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
    stage.reopen();
    check(&stage);
}

#[test]
fn strange_events_do_no_harm() {
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 12, json!({"is_strange": true})).id;
    stage.wait_done(&run);
    assert_eq!(steps_of(&stage, &run), (1..=12).collect::<Vec<_>>());
}

#[test]
fn a_stopped_run_goes_on_where_it_was() {
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 60, json!({"step_ms": 5})).id;
    stage.wait(&run, |job| job.last_seq > 30);
    conflict(&stage.studio.resume_run(&run, None));
    conflict(&stage.studio.delete_run(&run));
    stage.studio.control_run(&run, Control::Checkpoint).unwrap();
    let stopping = stage.studio.stop_run(&run).unwrap();
    assert!(matches!(stopping.job.state, JobState::Running { stopping: true, .. }));
    stage.wait_state(&run, is_stopped);
    conflict(&stage.studio.stop_run(&run));
    conflict(&stage.studio.control_run(&run, Control::Sample));
    let stopped_at = stage.studio.run(&run).unwrap().run.step;
    assert!((1..60).contains(&stopped_at));
    let behind = stage.studio.resume_run(&run, Some(Limit::Steps { steps: stopped_at }));
    assert!(matches!(behind, Err(Error::Invalid { key: "limit", .. })), "{behind:?}");
    stage.studio.resume_run(&run, None).unwrap();
    stage.wait_done(&run);
    assert_eq!(steps_of(&stage, &run), (1..=60).collect::<Vec<_>>());
    // Done: only a larger limit leads on.
    conflict(&stage.studio.resume_run(&run, None));
    let longer = stage.studio.resume_run(&run, Some(Limit::Steps { steps: 70 })).unwrap();
    assert_eq!(longer.limit, Limit::Steps { steps: 70 });
    stage.wait(&run, |job| {
        matches!(job.state, JobState::Done { .. }) && job.progress.as_ref().unwrap().n_done == 70
    });
    assert_eq!(steps_of(&stage, &run), (1..=70).collect::<Vec<_>>());
    let events = stage.studio.events(&run, 0, 10_000).unwrap();
    assert!(events.iter().enumerate().all(|(i, event)| event.seq == i as u64 + 1));
}

#[test]
fn a_run_that_vanished_is_interrupted_and_resumed() {
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 40, json!({"vanish_at": 25, "sample_at": 23})).id;
    stage.wait_state(&run, is_interrupted);
    let samples_of = |run| {
        let samples = stage.studio.run(run).unwrap().samples;
        samples.iter().map(|one| one.step).collect::<Vec<_>>()
    };
    assert_eq!(samples_of(&run), [10, 20, 23]);
    let detail = stage.studio.run(&run).unwrap();
    assert_eq!(detail.warnings[0].code, "interrupted");
    assert_eq!(steps_of(&stage, &run).last(), Some(&25));
    stage.studio.resume_run(&run, None).unwrap();
    // It goes on from the checkpoint at 20, meets step 25 again, and vanishes again.
    stage.wait_state(&run, is_interrupted);
    assert_eq!(samples_of(&run), [10, 20]);
    assert_eq!(steps_of(&stage, &run), (1..=25).collect::<Vec<_>>());
}

#[test]
fn a_run_without_memory_fails_and_says_so() {
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 40, json!({"starve_at": 15})).id;
    stage.wait_state(&run, |state| matches!(state, JobState::Failed { .. }));
    let failed = |stage: &Stage| match stage.studio.run(&run).unwrap().run.job.state {
        JobState::Failed { problem, .. } => problem,
        other => panic!("{other:?}"),
    };
    let problem = failed(&stage);
    assert_eq!(problem.code, "out_of_memory");
    assert!(problem.what.contains("memory") && problem.remedy.unwrap().contains("batch size"));
    assert!(stage.studio.run(&run).unwrap().warnings.is_empty());
    // A resume is possible, and meets the same end.
    stage.studio.resume_run(&run, None).unwrap();
    stage.wait_state(&run, |state| matches!(state, JobState::Failed { .. }));
    assert_eq!(failed(&stage).code, "out_of_memory");
}

#[cfg(unix)]
#[test]
fn a_kill_by_somebody_is_no_lack_of_memory() {
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 40, json!({"kill_at": 5})).id;
    stage.wait_state(&run, is_interrupted);
    let warnings = stage.studio.run(&run).unwrap().warnings;
    assert!(warnings[0].message.contains("signal: 9"), "{warnings:?}");
}

#[test]
fn what_a_run_went_back_from_is_forgotten() {
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 40, json!({"step_back_at": 35})).id;
    stage.wait_done(&run);
    let detail = stage.studio.run(&run).unwrap();
    assert_eq!(steps_of(&stage, &run), (1..=20).collect::<Vec<_>>());
    let steps = detail.checkpoints.iter().map(|it| it.step).collect::<Vec<_>>();
    assert_eq!(steps, [10, 20]);
    assert_eq!(detail.samples.iter().map(|it| it.step).collect::<Vec<_>>(), [10, 20]);
    assert_eq!(detail.run.score.unwrap().best, 1.0);
}

#[test]
fn a_crash_says_how() {
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 40, json!({"fail_at": 5})).id;
    stage.wait_state(&run, is_interrupted);
    let warnings = stage.studio.run(&run).unwrap().warnings;
    assert!(warnings[0].message.contains("exit status: 101"), "{warnings:?}");
    let log = stage.studio.log(&run, 1 << 16).unwrap().text;
    assert!(
        log.contains("as ordered") && log.contains("studio: the process stopped unexpectedly"),
        "{log}"
    );
}

#[cfg(unix)]
#[test]
fn a_worker_that_does_not_stop_is_ended_with_all_it_started() {
    let stage = Stage::stepped();
    let settings = json!({"step_ms": 5, "ignores_stop": true, "has_child": true});
    let run = stage.run(&stage.whole_dataset(), 1_000_000, settings).id;
    stage.wait_running(&run);
    let child = child_of(&stage, &run);
    assert!(is_alive(child));
    stage.studio.stop_run(&run).unwrap();
    stage.clock.step(STOP_GRACE - Duration::from_secs(1));
    stage.wait_more_events(&run);
    stage.clock.step(Duration::from_secs(1));
    stage.wait_state(&run, is_interrupted);
    poll(|| !is_alive(child)).expect("its child ends with it");
}

#[cfg(unix)]
#[test]
fn a_killed_worker_is_noticed_and_reaped() {
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 1_000_000, json!({"step_ms": 5})).id;
    stage.wait(&run, |job| job.last_seq > 30);
    let pid = worker_of(&stage, &run);
    kill(pid);
    stage.wait_state(&run, is_interrupted);
    assert!(!is_alive(pid), "it is no zombie");
    let warnings = stage.studio.run(&run).unwrap().warnings;
    assert!(warnings[0].message.contains("signal: 9"), "{warnings:?}");
    stage.studio.resume_run(&run, None).unwrap();
    stage.wait_running(&run);
    stage.studio.stop_run(&run).unwrap();
    stage.wait_state(&run, is_stopped);
    let steps = steps_of(&stage, &run);
    assert_eq!(steps, (1..=steps.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_stop_while_it_starts_is_not_lost() {
    let stage = Stage::stepped();
    let dataset = stage.whole_dataset();
    let run = stage.run(&dataset, 1_000_000, json!({"step_ms": 5, "is_deaf_at_first": true})).id;
    stage.wait_state(&run, |state| matches!(state, JobState::Running { .. }));
    stage.studio.stop_run(&run).unwrap();
    // It trains on, as it overlooked that; asked again after a while, it stops.
    stage.wait_more_events(&run);
    stage.clock.step(Duration::from_secs(1));
    stage.wait_state(&run, is_stopped);
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_stands_alone() {
    // What our own parent could have left open must not reach the worker.
    let ours = std::fs::File::open("/proc/self/status").unwrap();
    #[expect(unsafe_code, reason = "the standard library closes files on exec")]
    // SAFETY: dup(2) touches no memory of ours; the copy is left open for the whole test.
    let left_open = unsafe { libc::dup(std::os::fd::AsRawFd::as_raw_fd(&ours)) };
    assert!(left_open > 2);
    let stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 1_000_000, json!({"step_ms": 5})).id;
    stage.wait_running(&run);
    let pid = worker_of(&stage, &run);
    let folder = stage.job_folder("runs", &run).canonicalize().unwrap();
    let link = |name: &str| std::fs::read_link(format!("/proc/{pid}/{name}")).unwrap();
    assert_eq!(link("cwd"), folder);
    assert_eq!(link("fd/0").to_str(), Some("/dev/null"));
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Ok(target) = std::fs::read_link(format!("/proc/{pid}/fd/{name}")) else { continue };
        let is_its_own = target.starts_with(&folder) || name == "0";
        assert!(is_its_own, "{name} is {target:?}");
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    assert_eq!((fields[2], fields[3]), (pid.to_string().as_str(), pid.to_string().as_str()));
    stage.studio.stop_run(&run).unwrap();
    stage.wait_state(&run, is_stopped);
}

#[test]
fn a_worker_that_cannot_start_is_a_failed_run() {
    let mut stage = Stage::new();
    let dataset = stage.whole_dataset();
    stage.studio.close();
    let missing = studio::WorkerCommand { program: "/nowhere/maquette".into(), args: Vec::new() };
    stage.studio = studio::Studio::open(&stage.workspace(), missing).unwrap();
    let run = stage.run(&dataset, 10, json!({})).id;
    let job = stage.wait_state(&run, |state| matches!(state, JobState::Failed { .. }));
    let JobState::Failed { problem, .. } = job.state else { panic!() };
    assert_eq!(problem.code, "not_started");
    stage.reopen();
    stage.studio.resume_run(&run, None).unwrap();
    stage.wait_done(&run);
}

#[test]
fn runs_that_cannot_be_are_refused() {
    let stage = Stage::new();
    let failed = stage.dataset("fail").id;
    stage.wait_state(&failed, |state| matches!(state, JobState::Failed { .. }));
    conflict(&stage.studio.create_run(request(&failed, 1, json!({}))));
    let none: Id = "none".parse().unwrap();
    let missing = stage.studio.create_run(request(&none, 1, json!({})));
    assert!(matches!(missing, Err(Error::NotFound { what: "dataset", .. })));
    let dataset = stage.whole_dataset();
    let check = |request: studio::RunRequest, key: &str| {
        let refused = stage.studio.create_run(request);
        assert!(matches!(&refused, Err(Error::Invalid { key: k, .. }) if *k == key), "{refused:?}");
    };
    check(request(&dataset, 0, json!({})), "limit");
    check(request(&dataset, 1, json!([])), "settings");
    check(request(&dataset, 1, json!({"x": "x".repeat(2 << 20)})), "settings");
    for minutes in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let limit = Limit::Minutes { minutes };
        check(studio::RunRequest { limit, ..request(&dataset, 1, json!({})) }, "limit");
    }
    assert_eq!(stage.studio.runs().unwrap(), []);
}

#[test]
fn a_run_needs_the_dataset_it_learnt() {
    let stage = Stage::new();
    let run = stage.done_run(10);
    let dataset = stage.studio.run(&run).unwrap().run.dataset.unwrap();
    stage.studio.delete_dataset(&dataset).unwrap();
    let more = Some(Limit::Steps { steps: 20 });
    conflict(&stage.studio.resume_run(&run, more));
    stage.studio.restore_dataset(&dataset).unwrap();
    stage.studio.resume_run(&run, more).unwrap();
    stage.wait(&run, |job| {
        matches!(job.state, JobState::Done { .. }) && job.progress.as_ref().unwrap().n_done == 20
    });
}

#[cfg(unix)]
pub(crate) fn worker_of(stage: &Stage, run: &Id) -> i32 {
    let started = stage.studio.events(run, 0, 1).unwrap().remove(0);
    match started.body {
        api::EventBody::Started { pid, .. } => pid.cast_signed(),
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
fn child_of(stage: &Stage, run: &Id) -> i32 {
    let log = stage.studio.log(run, 1 << 16).unwrap().text;
    let line = log.lines().find_map(|line| line.split_once("child ")).unwrap();
    line.1.trim().parse().unwrap()
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "a test that kills")]
pub(crate) fn kill(pid: i32) {
    // SAFETY: kill(2) touches no memory of ours.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
}

/// Whether a process is there and no zombie.
#[cfg(unix)]
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_child_goes_on_from_its_parent() {
    let mut stage = Stage::new();
    let dataset = stage.whole_dataset();
    let parent = stage.run(&dataset, 25, json!({ "step_ms": 5 })).id;
    let more = |minutes: f64| api::Continue { minutes, name: None };
    stage.wait_done(&parent);
    let refused = |minutes: f64| stage.studio.continue_run(&parent, &more(minutes)).unwrap_err();
    for minutes in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(refused(minutes), Error::Invalid { key: "minutes", .. }), "{minutes}");
    }
    assert!(matches!(refused(1e300), Error::Invalid { key: "limit", .. }));
    let before = stage.studio.run(&parent).unwrap();
    assert_eq!(before.parent, None);

    let child = stage.studio.continue_run(&parent, &more(60.0)).unwrap();
    assert_eq!(child.name, format!("{} continued", before.run.name));
    // The parent trained for 25 s, as its worker says.
    assert_eq!(child.limit, Limit::Minutes { minutes: 25.0 / 60.0 + 60.0 });
    stage.wait_running(&child.id);
    stage.wait_more_events(&child.id);
    stage.studio.stop_run(&child.id).unwrap();
    stage.wait_state(&child.id, |state| matches!(state, JobState::Stopped { .. }));
    let detail = stage.studio.run(&child.id).unwrap();
    assert_eq!(detail.parent.as_ref(), Some(&parent));
    assert_eq!(detail.settings, before.settings);
    let steps: Vec<u64> = detail.checkpoints.iter().map(|it| it.step).collect();
    assert!(steps[0] == 20 && detail.run.step > 20, "{steps:?}");
    let curves = stage.studio.curves(&child.id, &["loss_total".to_owned()], 1000).unwrap();
    assert_eq!(curves.curves[0].steps[0], 21, "it begins where its parent's checkpoint was");
    let again = stage.studio.continue_run(&parent, &more(1.0)).unwrap();
    assert_eq!(again.name, format!("{} continued 2", before.run.name));
    stage.studio.cancel_job(&again.id).unwrap();

    // Its checkpoint is its own: the parent can go, and nothing of the parent has changed.
    assert_eq!(stage.studio.run(&parent).unwrap(), before);
    stage.studio.delete_run(&parent).unwrap();
    stage.studio.delete_from_trash("runs", &parent).unwrap();
    stage.reopen();
    assert_eq!(stage.studio.run(&child.id).unwrap().parent, Some(parent));
    let path = &detail.checkpoints[0].path;
    assert!(stage.studio.job_file(&child.id, path).is_ok());

    let running = stage.run(&dataset, 1_000_000, json!({ "step_ms": 5 })).id;
    stage.wait_running(&running);
    let refused = stage.studio.continue_run(&running, &more(1.0));
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    stage.studio.stop_run(&running).unwrap();
    let short = stage.run(&dataset, 5, json!({})).id;
    stage.wait_done(&short);
    let refused = stage.studio.continue_run(&short, &more(1.0)).unwrap_err();
    assert!(refused.to_string().contains("no checkpoint"), "{refused}");
}
