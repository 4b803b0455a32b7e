//! Sounds and folders that cannot be used are named, and spoil nothing else.

use std::fs;

use api::{Outcome, SoundSource, Task};

use crate::job::{Job, Workspace, prepare_task, write_tone};

#[test]
fn folders_without_sound_are_refused_in_words() {
    let check = |fill: fn(&std::path::Path), code: &str| {
        let workspace = Workspace::new();
        let sounds = workspace.sounds();
        fill(&sounds);
        let source = SoundSource::Folder { path: sounds };
        let job = workspace.job("datasets", "notes", Task::Prepare(prepare_task(source)));
        job.run();
        let problem = job.problem();
        assert_eq!(problem.code, code, "{problem:?}");
        assert!(problem.remedy.is_some(), "{problem:?}");
        assert_eq!(job.own_files(), [""; 0]);
    };
    check(|_| {}, "no_audio");
    check(|it| fs::write(it.join("notes.txt"), "la la la").unwrap(), "no_audio");
    check(|it| fs::write(it.join("a.wav"), "not a sound").unwrap(), "no_usable_audio");
    check(|it| fs::write(it.join("a.flac"), "").unwrap(), "no_usable_audio");
    check(|it| fs::remove_dir(it).unwrap(), "unreadable_folder");
}

#[test]
fn bad_files_are_named_and_the_others_kept() {
    let workspace = Workspace::new();
    let sounds = workspace.sounds();
    write_tone(&sounds.join("good.wav"), 44_100, 1, 1.0);
    write_tone(&sounds.join("short.wav"), 44_100, 1, 0.01);
    write_tone(&sounds.join("lies.wav"), 44_100, 1, 1.0);
    let mut bytes = fs::read(sounds.join("lies.wav")).unwrap();
    bytes[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
    fs::write(sounds.join("lies.wav"), bytes).unwrap();
    fs::write(sounds.join("garbage.mp3"), [0x5a; 5000]).unwrap();
    write_tone(&sounds.join("zero.wav"), 44_100, 1, 0.0);
    write_silence(&sounds.join("silence.wav"));
    write_tone(&sounds.join("spaces and 🎻.wav"), 44_100, 1, 0.2);
    write_tone(&sounds.join(format!("{}.wav", "long".repeat(49))), 44_100, 1, 0.2);
    let job = workspace.prepare();
    assert_eq!(job.outcome(), Outcome::Done);
    let kept: Vec<_> = job.index().sounds.into_iter().map(|it| it.file.path).collect();
    let long = format!("{}.wav", "long".repeat(49));
    assert_eq!(kept, ["good.wav", "lies.wav", &long, "short.wav", "spaces and 🎻.wav"]);
    let warnings = job.warnings();
    for expected in
        ["garbage.mp3", "silent silence.wav", "lies.wav", "zero.wav", "very_short short.wav"]
    {
        assert!(warnings.iter().any(|it| it.contains(expected)), "{expected}: {warnings:?}");
    }
    assert_eq!(job.index().summary.n_skipped, 3);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = Workspace::new();
    let sounds = workspace.sounds();
    write_tone(&sounds.join("good.wav"), 44_100, 1, 0.2);
    let locked = sounds.join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&locked).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let job = workspace.prepare();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(job.outcome(), Outcome::Done);
    assert_eq!(job.warnings(), ["unreadable_folder locked"]);
}

/// `/dev/full` answers every write as a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let workspace = Workspace::new();
    write_tone(&workspace.sounds().join("a.wav"), 44_100, 1, 3.0);
    let task = prepare_task(SoundSource::Folder { path: workspace.sounds() });
    let job = workspace.job("datasets", "notes", Task::Prepare(task));
    std::os::unix::fs::symlink("/dev/full", job.path().join("dataset.json.partial")).unwrap();
    // There is no room for the last word either, but what was kept back for it.
    std::os::unix::fs::symlink("/dev/full", job.path().join("exit.json.partial")).unwrap();
    job.run();
    assert_full(&job);
}

#[cfg(target_os = "linux")]
fn assert_full(job: &Job) {
    let problem = job.problem();
    assert_eq!(problem.code, "disk_full", "{problem:?}");
    assert_eq!(job.own_files(), [""; 0]);
}

#[test]
fn orders_that_cannot_be_read_are_refused() {
    let check = |text: &str, expected: &str| {
        let workspace = Workspace::new();
        let task = Task::Prepare(prepare_task(SoundSource::Samples));
        let job = workspace.job("datasets", "notes", task);
        fs::write(job.path().join("job.json"), text).unwrap();
        let error = format!("{:#}", worker::run(job.path()).unwrap_err());
        assert!(error.contains(expected), "{error}");
    };
    check("", "understand");
    check("{\"format\":1}", "understand");
    let newer = r#"{"format":99,"id":"notes","name":"n","created_ms":1,"version":"9.0.0",
        "task":{"kind":"prepare","source":{"from":"samples"},"rate_hz":44100,"channels":1,
        "validation_share":0.1,"seed":0}}"#;
    check(newer, "newer Maquette (9.0.0)");
}

fn write_silence(path: &std::path::Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    (0..44_100).for_each(|_| writer.write_sample(0_i16).unwrap());
    writer.finalize().unwrap();
}
