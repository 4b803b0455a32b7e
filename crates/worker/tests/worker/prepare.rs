//! Preparing: what is stored, how it is split, and that it can be repeated.

use std::fs;

use api::{EventBody, Outcome, SoundSource, Split, Task};

use crate::job::{Workspace, prepare_task, write_tone};

#[test]
fn files_become_a_dataset() {
    let workspace = Workspace::new();
    for (name, rate_hz, channels, secs) in [
        ("a.wav", 44_100, 1, 0.5),
        ("b.wav", 48_000, 2, 1.0),
        ("c/d.wav", 22_050, 1, 0.1),
        ("e.wav", 96_000, 6, 0.25),
    ] {
        let path = workspace.sounds().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_tone(&path, rate_hz, channels, secs);
    }
    let job = workspace.prepare();
    assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
    let index = job.index();
    let told: Vec<_> = index.sounds.iter().map(|it| (it.file.path.as_str(), it.n_frames)).collect();
    assert_eq!(told, [("a.wav", 22_050), ("b.wav", 44_100), ("c/d.wav", 4_410), ("e.wav", 11_025)]);
    assert_eq!(index.summary.n_validation, 1);
    let n_frames: u64 = told.iter().map(|it| it.1).sum();
    assert_eq!(fs::metadata(job.path().join("sound-000.pcm")).unwrap().len(), n_frames * 2);
    for sound in &index.sounds {
        // A tone at 16000 of 32768 is at -6.2 dB, its root mean square 3 dB lower.
        assert!((sound.file.peak_db + 6.2).abs() < 0.3, "{:?}", sound.file);
        assert!((sound.file.rms_db + 9.2).abs() < 0.5, "{:?}", sound.file);
    }
}

#[test]
fn the_same_sounds_give_the_same_hash_and_split() {
    let check = |change: fn(&mut api::PrepareTask)| {
        let workspace = Workspace::new();
        for i in 0..8 {
            write_tone(
                &workspace.sounds().join(format!("{i}.wav")),
                44_100,
                1,
                0.1 + 0.01 * f64::from(i),
            );
        }
        let mut task = prepare_task(SoundSource::Folder { path: workspace.sounds() });
        change(&mut task);
        let job = workspace.job("datasets", "notes", Task::Prepare(task));
        job.run();
        let index = job.index();
        let held_out = index.sounds.iter().filter(|it| it.file.split == Split::Validation);
        (index.summary.hash, held_out.map(|it| it.file.idx).collect::<Vec<_>>())
    };
    let first = check(|_| {});
    assert_eq!(first, check(|_| {}));
    assert_eq!(first.1.len(), 2);
    assert_ne!(first.1, check(|it| it.seed = 5).1, "another seed holds out others");
    assert_ne!(first.0, check(|it| it.rate_hz = 22_050).0);
    assert_ne!(first.0, check(|it| it.channels = 2).0);
}

#[test]
fn the_end_of_an_only_recording_is_held_out() {
    let workspace = Workspace::new();
    write_tone(&workspace.sounds().join("long.wav"), 44_100, 1, 20.0);
    let index = workspace.prepare().index();
    let told: Vec<_> = index.sounds.iter().map(|it| (it.file.split, it.n_frames)).collect();
    assert_eq!(told, [(Split::Training, 793_800), (Split::Validation, 88_200)]);
}

#[test]
fn sample_sounds_need_nothing_from_outside() {
    let workspace = Workspace::new();
    let job =
        workspace.job("datasets", "samples", Task::Prepare(prepare_task(SoundSource::Samples)));
    job.run();
    assert_eq!(job.outcome(), Outcome::Done);
    let summary = job.index().summary;
    assert!((30.0..120.0).contains(&summary.length_secs), "{summary:?}");
    assert!(summary.n_files >= 8 && summary.n_skipped == 0, "{summary:?}");
}

#[test]
fn a_stop_leaves_nothing_half_made() {
    let workspace = Workspace::new();
    for i in 0..300 {
        write_tone(&workspace.sounds().join(format!("{i:03}.wav")), 48_000, 1, 1.0);
    }
    let task = prepare_task(SoundSource::Folder { path: workspace.sounds() });
    let job = workspace.job("datasets", "notes", Task::Prepare(task));
    std::thread::scope(|scope| {
        let running = scope.spawn(|| job.run());
        // Asked as soon as the job has begun.
        while !job.path().join("sound-000.pcm").exists() {
            std::thread::yield_now();
        }
        fs::write(job.path().join("control.jsonl"), "{\"control\":\"stop\"}\n").unwrap();
        running.join().unwrap();
    });
    assert_eq!(job.outcome(), Outcome::Stopped);
    assert_eq!(job.own_files(), ["control.jsonl"]);
    fs::remove_file(job.path().join("control.jsonl")).unwrap();
    job.run();
    assert_eq!(job.outcome(), Outcome::Done, "started again, it prepares everything");
    assert!(matches!(job.events().last(), Some(EventBody::Finished(Outcome::Done))));
}
