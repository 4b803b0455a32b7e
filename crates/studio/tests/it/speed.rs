//! How long things take; bounds are loose because tests run unoptimised and beside others.

use std::{
    fmt::Write as _,
    fs,
    time::{Duration, Instant},
};

use crate::stage::{Stage, open};

fn timed<R>(what: &str, limit_ms: u64, act: impl FnOnce() -> R) -> R {
    let began = Instant::now();
    let result = act();
    let took = began.elapsed();
    println!("{what}: {took:?}");
    assert!(took < Duration::from_millis(limit_ms), "{what}: {took:?}");
    result
}

#[test]
fn an_empty_workspace_opens_quickly() {
    let folder = tempfile::tempdir().unwrap();
    timed("open a new workspace", 500, || open(folder.path()).unwrap());
    let studio = timed("open it again", 500, || open(folder.path()).unwrap());
    timed("close", 200, || studio.close());
}

#[test]
fn many_runs_are_listed_quickly() {
    let n_runs = if std::env::var_os("SLOW_TESTS").is_some() { 1500 } else { 300 };
    let mut stage = Stage::new();
    let run = stage.done_run(12);
    stage.studio.close();
    let runs = stage.workspace().join("projects/default/runs");
    let read = |name: &str| fs::read(runs.join(run.as_str()).join(name)).unwrap();
    let files = ["job.json", "events.jsonl", "exit.json"].map(|name| (name, read(name)));
    for i in 1..n_runs {
        let folder = runs.join(format!("run-{i}"));
        fs::create_dir(&folder).unwrap();
        for (name, bytes) in &files {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    timed("read runs in", 20_000, || stage.reopen());
    assert_eq!(stage.studio.runs().unwrap().len(), n_runs);
    stage.until(|| stage.studio.runs().unwrap().iter().all(|run| run.step == 12)).unwrap();
    timed(&format!("list {n_runs} runs"), 300, || stage.studio.runs().unwrap());
    timed("list jobs", 100, || stage.studio.jobs().unwrap());
    stage.studio.close();
    stage.studio = timed("open with all of them", 1000, || open(stage.folder.path()).unwrap());
}

#[test]
fn a_long_run_is_read_and_its_curves_are_thinned_quickly() {
    let n = 100_000_u64;
    let mut stage = Stage::new();
    let run = stage.done_run(1);
    stage.studio.close();
    let path = stage.job_folder("runs", &run).join("events.jsonl");
    let mut text = fs::read_to_string(&path).unwrap();
    let first = text.lines().count() as u64 + 1;
    for i in 0..n {
        let (seq, step) = (first + i, i + 2);
        let loss = f64::from(1.0 / step as f32);
        writeln!(
            text,
            "{{\"seq\":{seq},\"time_ms\":1,\"event\":\"metrics\",\"step\":{step},\
             \"values\":{{\"loss_total\":{loss},\"learning_rate\":0.0001,\"grad_norm\":{loss}}}}}"
        )
        .unwrap();
    }
    fs::write(&path, text).unwrap();
    for name in ["maquette.db", "maquette.db-wal", "maquette.db-shm"] {
        fs::remove_file(stage.workspace().join(name)).ok();
    }
    let began = Instant::now();
    stage.reopen();
    stage.wait(&run, |job| job.last_seq == first + n - 1);
    println!("read {n} events: {:?}", began.elapsed());
    let names = ["loss_total".to_owned()];
    let curves =
        timed("thin 100,000 points", 500, || stage.studio.curves(&run, &names, 1000).unwrap());
    assert_eq!(curves.curves[0].n_points, n + 1);
    assert!((900..=1000).contains(&curves.curves[0].steps.len()));
    let events = timed("events near the end", 200, || {
        stage.studio.events(&run, first + n - 3, 100).unwrap()
    });
    assert_eq!(events.len(), 2);
    stage.studio.close();
    let bytes = fs::metadata(stage.workspace().join("maquette.db")).unwrap().len();
    println!("database: {:.1} bytes a point", bytes as f64 / (3 * n) as f64);
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_studio_sleeps() {
    let stage = Stage::new();
    stage.whole_dataset();
    let updates = stage.studio.subscribe();
    while updates.next_timeout(Duration::from_millis(200)).is_some() {}
    let cpu = || {
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        let stats = tasks.filter_map(|task| {
            let stat = fs::read_to_string(task.path().join("stat")).ok()?;
            let (name, rest) = stat.rsplit_once(") ")?;
            let fields: Vec<&str> = rest.split(' ').collect();
            let wakes = fs::read_to_string(task.path().join("status")).ok()?;
            let wakes = wakes.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"))?;
            let wakes: u64 = wakes.trim().parse().ok()?;
            let id: u64 = task.file_name().to_str()?.parse().ok()?;
            name.ends_with("(studio").then_some((id, (fields[11].to_owned(), wakes)))
        });
        stats.collect::<std::collections::BTreeMap<_, _>>()
    };
    // Other tests have studios, too: the quietest thread that was here all the time counts.
    let before = cpu();
    assert!(updates.next_timeout(Duration::from_secs(1)).is_none(), "nothing happens");
    let after = cpu();
    let woken = before.iter().filter_map(|(id, then)| Some(after.get(id)?.1 - then.1)).min();
    println!("an idle studio woke {woken:?} times in a second");
    assert_eq!(woken, Some(0));
}
