//! Sounds and folders that cannot be used are named, and spoil nothing else.

use std::fs;

use api::{Outcome, SoundSource, Task};

use crate::job::{Job, Workspace, prepare_task, write_length, write_tone};

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

#[test]
fn the_real_reasons_are_given_where_nothing_can_be_used() {
    let check = |fill: &dyn Fn(&std::path::Path), what: &str| {
        let workspace = Workspace::new();
        fill(&workspace.sounds());
        let problem = workspace.prepare().problem();
        assert_eq!((problem.code.as_str(), problem.what.as_str()), ("no_usable_audio", what));
    };
    let garbage = |path: std::path::PathBuf| fs::write(path, [0x5a; 5000]).unwrap();
    check(
        &|it| write_length(&it.join("day.wav"), 25 * 3600),
        "The only file could not be used: it is too long.",
    );
    check(&|it| write_silence(&it.join("a.wav")), "The only file could not be used: it is silent.");
    check(
        &|it| {
            garbage(it.join("a.wav"));
            garbage(it.join("b.wav"));
            write_silence(&it.join("c.wav"));
        },
        "None of the 3 files could be used: 2 are not sound files, 1 is silent.",
    );
}

#[test]
fn samples_that_are_not_numbers_are_counted() {
    let workspace = Workspace::new();
    let write = |name: &str, sample: fn(u32) -> f32| {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 44_100,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(workspace.sounds().join(name), spec).unwrap();
        (0..44_100).for_each(|i| writer.write_sample(sample(i)).unwrap());
        writer.finalize().unwrap();
    };
    write("all.wav", |_| f32::NAN);
    write("some.wav", |i| if i < 7 { f32::INFINITY } else { (i as f32 * 0.05).sin() });
    let job = workspace.prepare();
    let index = job.index();
    assert_eq!(index.sounds.len(), 1);
    let said: Vec<&str> = index.warnings.iter().map(|it| it.message.as_str()).collect();
    assert!(said.iter().any(|it| it.contains("None of its samples is a valid number")), "{said:?}");
    assert!(said.iter().any(|it| it.starts_with("7 samples are not numbers")), "{said:?}");
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
    check(newer, "newer version of Maquette");
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
