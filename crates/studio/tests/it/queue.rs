//! The queue: one training, two other jobs beside it, in order, over a restart.

use api::{Job, JobKind, JobState, Live};
use serde_json::json;
use studio::Delivery;

use crate::stage::Stage;

fn place(job: &Job) -> Option<u32> {
    match job.state {
        JobState::Queued { place } => Some(place),
        _ => None,
    }
}

#[test]
fn one_training_and_two_other_jobs_at_a_time() {
    let mut stage = Stage::new();
    let dataset = stage.whole_dataset();
    let slow = || json!({"step_ms": 10});
    let runs: Vec<_> = (0..3).map(|_| stage.run(&dataset, 1_000_000, slow()).id).collect();
    let prepares: Vec<_> = (0..3).map(|_| stage.dataset("slow").id).collect();
    stage.wait_running(&runs[0]);
    stage.wait_running(&prepares[0]);
    stage.wait_running(&prepares[1]);
    let check = |stage: &Stage| {
        let jobs = stage.studio.jobs().unwrap();
        let ids: Vec<_> = jobs.iter().map(|job| job.id.clone()).collect();
        let places: Vec<_> = jobs.iter().map(place).collect();
        assert_eq!(places, [None, None, None, Some(0), Some(1), Some(0)]);
        assert_eq!(ids[3..5], runs[1..3]);
        assert_eq!(ids[5], prepares[2]);
    };
    check(&stage);
    stage.reopen();
    check(&stage);
    // The one in the middle goes; the last one moves up.
    stage.studio.stop_run(&runs[1]).unwrap();
    assert!(matches!(stage.state(&runs[1]), JobState::Stopped { .. }));
    assert_eq!(place(&stage.studio.job(&runs[2]).unwrap()), Some(0));
    stage.studio.stop_run(&runs[0]).unwrap();
    stage.wait_running(&runs[2]);
    assert!(matches!(stage.state(&runs[0]), JobState::Stopped { .. }));
    let running = stage.studio.jobs().unwrap();
    let n_training = running.iter().filter(|job| job.kind == JobKind::Train).count();
    assert_eq!(n_training, 1);
    stage.studio.stop_run(&runs[2]).unwrap();
    for id in &prepares {
        stage.studio.cancel_dataset(id).unwrap();
    }
    stage.until(|| stage.studio.jobs().unwrap().is_empty()).expect("all end");
}

#[test]
fn what_happens_is_stored_before_it_is_told() {
    let stage = Stage::new();
    let dataset = stage.whole_dataset();
    let subscription = stage.studio.subscribe();
    let run = stage.run(&dataset, 25, json!({"step_ms": 2})).id;
    let (mut last_seq, mut states) = (0, Vec::new());
    loop {
        let delivery = subscription.next_timeout(std::time::Duration::from_secs(30));
        let Some(Delivery::Live(live)) = delivery else { panic!("{delivery:?}") };
        let stored = stage.studio.job(&run).unwrap();
        match &*live {
            Live::Event { job, event } => {
                assert_eq!(event.seq, last_seq + 1);
                assert_eq!(job.last_seq, event.seq);
                assert!(stored.last_seq >= event.seq);
                last_seq = event.seq;
            }
            Live::Job { job } if job.id == run => {
                let word = serde_json::to_value(&job.state).unwrap()["state"].clone();
                states.push(word.as_str().unwrap().to_owned());
                if matches!(job.state, JobState::Done { .. }) {
                    break;
                }
            }
            Live::Job { .. } | Live::Queue { .. } | Live::Changed { .. } => {}
        }
    }
    states.dedup();
    assert_eq!(states, ["queued", "running", "done"]);
    let events = stage.studio.events(&run, 0, 10_000).unwrap();
    assert_eq!(events.last().unwrap().seq, last_seq);
    assert_eq!(stage.studio.events(&run, last_seq - 2, 10_000).unwrap().len(), 2);
    assert_eq!(stage.studio.events(&run, 3, 4).unwrap()[0].seq, 4);
    stage.studio.close();
    while subscription.next_timeout(std::time::Duration::from_secs(30)).is_some() {}
    assert!(subscription.is_closed());
}

#[test]
fn a_queue_that_moved_is_told_in_one_message() {
    let stage = Stage::new();
    let dataset = stage.whole_dataset();
    let first = stage.run(&dataset, 1000, json!({"step_ms": 5})).id;
    stage.wait_running(&first);
    let waiting: Vec<_> = (0..3).map(|_| stage.run(&dataset, 1, json!({})).id).collect();
    let subscription = stage.studio.subscribe();
    stage.studio.stop_run(&waiting[0]).unwrap();
    let mut told = Vec::new();
    loop {
        let delivery = subscription.next_timeout(std::time::Duration::from_secs(30));
        let Some(Delivery::Live(live)) = delivery else { panic!("{delivery:?}") };
        match &*live {
            // The change of the one that left; the others are in the message about the queue.
            Live::Job { job } if job.id != first => told.push(job.id.clone()),
            Live::Queue { places } => {
                let places: Vec<_> = places.iter().map(|it| (&it.id, it.place)).collect();
                assert_eq!(places, [(&waiting[1], 0), (&waiting[2], 1)]);
                break;
            }
            _ => {}
        }
    }
    assert_eq!(told, waiting[..1]);
    waiting[1..].iter().for_each(|id| drop(stage.studio.stop_run(id)));
    stage.studio.stop_run(&first).unwrap();
    stage.until(|| stage.studio.jobs().unwrap().is_empty()).expect("all end");
}

#[test]
fn verbs_may_be_called_from_many_threads() {
    let stage = Stage::new();
    let dataset = stage.whole_dataset();
    let work = || {
        for _ in 0..5 {
            let run = stage.run(&dataset, 3, json!({})).id;
            stage.studio.rename_run(&run, "renamed").unwrap();
            let prepared = stage.dataset("Notes").id;
            stage.studio.runs().unwrap();
            if stage.studio.cancel_dataset(&prepared).is_err() {
                stage.wait_done(&prepared);
            }
            stage.studio.stop_run(&run).ok();
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    stage.until(|| stage.studio.jobs().unwrap().is_empty()).expect("all end");
    let runs = stage.studio.runs().unwrap();
    assert_eq!(runs.len(), 20);
    assert!(runs.iter().all(|run| run.name == "renamed"));
}
