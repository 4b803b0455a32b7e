//! A studio that goes, in good order or not, and the one that comes after it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use api::{JobState, SoundSource};
use serde_json::json;
use studio::{Clock, Error};

use crate::stage::{Stage, open, poll, until};

#[test]
fn two_studios_refuse_each_other() {
    let stage = Stage::new();
    let check = |expected_port: Option<u16>| {
        let Err(Error::Locked { pid, port, .. }) = open(stage.folder.path()) else { panic!() };
        assert_eq!((pid, port), (Some(std::process::id()), expected_port));
    };
    check(None);
    stage.studio.announce(4321).unwrap();
    check(Some(4321));
    let problem = open(stage.folder.path()).err().unwrap().problem();
    assert!(problem.remedy.unwrap().contains("http://127.0.0.1:4321"));
    stage.studio.close();
    assert!(!stage.workspace().join("studio.json").exists());
    assert!(matches!(stage.studio.runs(), Err(Error::Closed)));
    assert!(stage.studio.subscribe().is_closed());
    open(stage.folder.path()).unwrap();
    open(stage.folder.path()).expect("dropping the last handle closes a studio");
}

#[test]
fn a_run_goes_on_while_no_studio_looks() {
    let mut stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 100, json!({"step_ms": 5})).id;
    stage.wait_running(&run);
    stage.reopen();
    assert!(matches!(stage.state(&run), JobState::Running { .. }));
    // This one ends while nobody looks.
    stage.studio.close();
    let exit = stage.job_folder("runs", &run).join("exit.json");
    poll(|| exit.exists()).expect("it ends by itself");
    stage.reopen();
    stage.wait_done(&run);
    let curves = stage.studio.curves(&run, &[], 1000).unwrap();
    assert_eq!(curves.curves[0].steps, (1..=100).collect::<Vec<_>>());
}

#[cfg(unix)]
#[test]
fn a_run_killed_while_no_studio_looks_is_interrupted() {
    use crate::runs::{kill, worker_of};

    let mut stage = Stage::new();
    let run = stage.run(&stage.whole_dataset(), 1_000_000, json!({"step_ms": 5})).id;
    let slow = stage.dataset("slow").id;
    stage.wait_running(&run);
    stage.wait_running(&slow);
    let pids = [worker_of(&stage, &run), worker_of(&stage, &slow)];
    stage.studio.close();
    pids.into_iter().for_each(kill);
    // The last word of the killed one is torn.
    let events = stage.job_folder("runs", &run).join("events.jsonl");
    let mut text = fs::read(&events).unwrap();
    text.extend(b"{\"seq\":12");
    fs::write(&events, text).unwrap();
    stage.reopen();
    for id in [&run, &slow] {
        stage.wait_state(id, |state| matches!(state, JobState::Interrupted { .. }));
    }
    assert!(!stage.job_folder("datasets", &slow).join("sound-000.pcm").exists());
    stage.studio.resume_run(&run, None).unwrap();
    stage.wait_running(&run);
    stage.studio.stop_run(&run).unwrap();
    stage.wait_state(&run, |state| matches!(state, JobState::Stopped { .. }));
    let events = stage.studio.events(&run, 0, 10_000).unwrap();
    assert!(events.iter().enumerate().all(|(i, event)| event.seq == i as u64 + 1));
}

/// Plays a studio that is killed; see `a_killed_studio_loses_nothing`.
#[test]
fn play_studio() {
    let Ok(folder) = std::env::var("PLAY_STUDIO") else { return };
    let studio = open(folder.as_ref()).unwrap();
    let stage = Stage { studio, folder: tempfile::tempdir().unwrap(), clock: Clock::default() };
    let source = SoundSource::Folder { path: format!("{folder}/sounds").into() };
    let new = api::NewDataset { source, ..stage.new_dataset("Notes") };
    let dataset = stage.studio.create_dataset(new).unwrap().id;
    stage.wait_done(&dataset);
    let run = stage.run(&dataset, 200, json!({"step_ms": 10}));
    stage.run(&dataset, 20, json!({}));
    stage.wait_running(&run.id);
    fs::write(format!("{folder}/ready"), "").unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

#[cfg(unix)]
#[test]
fn a_killed_studio_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sounds")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a studio to be killed")]
    let mut killed = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["close_and_reopen::play_studio", "--exact"])
        .env("PLAY_STUDIO", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    poll(|| folder.path().join("ready").exists()).expect("it plays");
    let locked = open(folder.path());
    let pid = Some(killed.id());
    assert!(matches!(locked, Err(Error::Locked { pid: p, .. }) if p == pid));
    killed.kill().unwrap();
    killed.wait().unwrap();
    let studio = open(folder.path()).unwrap();
    let stage = Stage { studio, folder, clock: Clock::default() };
    let runs = stage.studio.runs().unwrap();
    let (waiting, running) = (&runs[0].id, &runs[1].id);
    assert!(matches!(stage.state(running), JobState::Running { .. }), "{:?}", stage.state(running));
    assert_eq!(stage.state(waiting), JobState::Queued { place: 0 });
    stage.wait_done(running);
    stage.wait_done(waiting);
    let started = stage.studio.events(running, 0, 10_000).unwrap();
    let n_started =
        started.iter().filter(|it| matches!(it.body, api::EventBody::Started { .. })).count();
    assert_eq!(n_started, 1, "it went on all the time");
    let curves = stage.studio.curves(running, &[], 1000).unwrap();
    assert_eq!(curves.curves[0].steps, (1..=200).collect::<Vec<_>>());
}

#[test]
fn a_broken_database_is_rebuilt_from_the_folders() {
    let mut stage = Stage::new();
    let model = stage.model();
    let run = model.lineage.as_ref().unwrap().run.clone();
    stage.studio.rename_run(&run, "My run").unwrap();
    let deleted = stage.done_run(5);
    stage.studio.delete_run(&deleted).unwrap();
    let fast = stage
        .studio
        .reconstruct_sound(&model.id, &model.lineage.as_ref().unwrap().dataset.clone().unwrap(), 0)
        .unwrap()
        .id;
    stage.wait_done(&fast);
    let vanished = stage
        .run(&model.lineage.as_ref().unwrap().dataset.clone().unwrap(), 40, json!({"vanish_at": 5}))
        .id;
    stage.wait_state(&vanished, |state| matches!(state, JobState::Interrupted { .. }));
    let running = stage
        .run(
            &model.lineage.as_ref().unwrap().dataset.clone().unwrap(),
            1_000_000,
            json!({"step_ms": 5}),
        )
        .id;
    let waiting =
        stage.run(&model.lineage.as_ref().unwrap().dataset.clone().unwrap(), 5, json!({})).id;
    stage.wait_running(&running);
    let seen = |stage: &Stage| {
        let studio = &stage.studio;
        let mut detail = studio.run(&run).unwrap();
        // What the studio itself noticed is in the log only.
        detail.warnings.clear();
        (
            detail,
            studio.curves(&run, &[], 1000).unwrap(),
            studio.model(&model.id).unwrap(),
            studio.dataset(&model.lineage.as_ref().unwrap().dataset.clone().unwrap()).unwrap(),
            studio.runs().unwrap().into_iter().map(|run| (run.id, run.name)).collect::<Vec<_>>(),
            studio.log(&vanished, 1 << 16).unwrap(),
        )
    };
    let before = seen(&stage);
    stage.studio.close();
    fs::write(stage.workspace().join("maquette.db"), "broken ".repeat(5000)).unwrap();
    stage.studio = open(stage.folder.path()).unwrap();
    let mut after = seen(&stage);
    // These two moved on or are told by the folder alone.
    after.3.used_by.clone_from(&before.3.used_by);
    assert_eq!(after, before);
    assert!(matches!(stage.state(&running), JobState::Running { .. }));
    assert!(matches!(stage.state(&waiting), JobState::Queued { place: 0 }));
    assert!(matches!(stage.state(&vanished), JobState::Interrupted { .. }));
    stage.studio.restore_run(&deleted).unwrap();
    stage.studio.stop_run(&running).unwrap();
    stage.wait_done(&waiting);
}

#[test]
fn the_folders_are_the_truth() {
    let mut stage = Stage::new();
    let run = stage.done_run(5);
    let dataset = stage.studio.run(&run).unwrap().run.dataset.unwrap();
    stage.studio.close();
    // Moved by hand: one away, one copied, one broken, one half-made.
    let runs = stage.workspace().join("projects/default/runs");
    let copy = runs.join("by-hand");
    fs::create_dir(&copy).unwrap();
    for name in ["job.json", "events.jsonl", "exit.json"] {
        fs::copy(runs.join(run.as_str()).join(name), copy.join(name)).unwrap();
    }
    fs::create_dir(runs.join("broken")).unwrap();
    fs::write(runs.join("broken/job.json"), "{").unwrap();
    fs::create_dir(runs.join(".new-half")).unwrap();
    fs::remove_dir_all(stage.job_folder("datasets", &dataset)).unwrap();
    stage.reopen();
    let ids: Vec<_> = stage.studio.runs().unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().any(|id| id.as_str() == "by-hand"));
    assert_eq!(stage.studio.datasets().unwrap(), []);
    assert!(!runs.join(".new-half").exists());
}

#[test]
fn old_trash_is_emptied() {
    // Files are of now, whatever the studio's clock says.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut stage = Stage::with_clock(Clock::stepped(now.as_millis() as u64));
    let run = stage.done_run(5);
    stage.studio.delete_run(&run).unwrap();
    let upload = stage.studio.new_upload().unwrap().upload;
    stage.reopen();
    let trash = stage.workspace().join("trash/runs").join(run.as_str());
    assert!(trash.exists() && stage.studio.upload(&upload).is_ok());
    // The studio that runs for a month keeps house like one that is opened then.
    stage.clock.step(Duration::from_secs(31 * 24 * 3600));
    stage.until(|| stage.studio.trash().unwrap().is_empty()).expect("it is emptied");
    assert!(!trash.exists());
    assert!(matches!(stage.studio.restore_run(&run), Err(Error::NotFound { .. })));
    poll(|| stage.studio.upload(&upload).is_err()).expect("it goes too");
}

/// Plays a studio that is busy with everything until it is killed. Each update is a line.
#[test]
fn play_busy_studio() {
    let Ok(folder) = std::env::var("PLAY_BUSY_STUDIO") else { return };
    let studio = open(folder.as_ref()).unwrap();
    let updates = studio.subscribe();
    std::thread::spawn(move || {
        while updates.next_timeout(Duration::from_secs(600)).is_some() {
            writeln!(std::io::stdout(), "update").unwrap();
        }
    });
    let stage = Stage { studio, folder: tempfile::tempdir().unwrap(), clock: Clock::default() };
    let studio = &stage.studio;
    loop {
        let source = SoundSource::Folder { path: format!("{folder}/sounds").into() };
        let new = api::NewDataset { source, ..stage.new_dataset("Notes") };
        let dataset = studio.create_dataset(new).unwrap().id;
        studio.rename_dataset(&dataset, "renamed").unwrap();
        stage.wait_done(&dataset);
        let run = stage.run(&dataset, 12, json!({"step_ms": 1})).id;
        let other = stage.run(&dataset, 1000, json!({"step_ms": 1})).id;
        stage.wait_done(&run);
        let new = api::NewModel { run: run.clone(), step: None, name: None };
        let model = studio.add_model(new).unwrap().id;
        studio.reconstruct_sound(&model, &dataset, 0).unwrap();
        studio.delete_run(&run).unwrap();
        studio.stop_run(&other).unwrap();
        studio.restore_run(&run).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_studio_may_be_killed_at_any_time() {
    let n_times = if std::env::var_os("SLOW_TESTS").is_some() { 60 } else { 4 };
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sounds")).unwrap();
    for i in 0..n_times {
        #[expect(clippy::disallowed_methods, reason = "a studio to be killed")]
        let mut killed = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["close_and_reopen::play_busy_studio", "--exact"])
            .env("PLAY_BUSY_STUDIO", folder.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut updates = BufReader::new(killed.stdout.take().unwrap()).lines();
        let n_updates = 10 + 97 * i % 150;
        assert_eq!(updates.by_ref().take(n_updates).flatten().count(), n_updates);
        assert!(killed.try_wait().unwrap().is_none(), "it plays until it is killed");
        killed.kill().unwrap();
        killed.wait().unwrap();
        let studio = open(folder.path()).unwrap();
        let default = folder.path().join("workspace/projects/default");
        let listed = [
            ("datasets", studio.datasets().unwrap().len()),
            ("runs", studio.runs().unwrap().len()),
            ("models", studio.models().unwrap().len()),
        ];
        for (list, n) in listed {
            assert_eq!(fs::read_dir(default.join(list)).unwrap().count(), n, "{list}");
        }
        for run in studio.runs().unwrap() {
            let events = studio.events(&run.id, 0, 10_000).unwrap();
            assert!(events.iter().enumerate().all(|(i, event)| event.seq == i as u64 + 1));
            studio.stop_run(&run.id).ok();
        }
        for model in studio.models().unwrap() {
            let weights = default.join(format!("models/{}/weights.safetensors", model.id));
            assert_eq!(fs::metadata(weights).unwrap().len(), model.bytes);
        }
        until(&studio, || studio.jobs().unwrap().is_empty()).expect("all end");
        studio.close();
    }
    let workspace = fs::read_dir(folder.path().join("workspace")).unwrap();
    let names = workspace.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains("broken")).count(), 0, "no database was lost");
}
