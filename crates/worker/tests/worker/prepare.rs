//! Preparing: what is stored, how it is split, and that it can be repeated.

use std::{fs, path::Path};

use api::{EventBody, Outcome, SoundGroupKind, SoundSource, Split, Task};

use crate::job::{Job, Workspace, prepare_task, write_length, write_tone};

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
                0.1 + 0.08 * f64::from(i),
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

/// Writes mono samples as 32-bit floats.
fn write_floats(path: &Path, rate_hz: u32, samples: impl Iterator<Item = f32>) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples.for_each(|x| writer.write_sample(x).unwrap());
    writer.finalize().unwrap();
}

fn stored(job: &Job) -> Vec<u8> {
    fs::read(job.path().join("sound-000.pcm")).unwrap()
}

/// Sounds of more samples than are held back come out as shorter ones do: decoded, scaled, mixed and
/// resampled as a whole.
#[test]
fn long_files_are_what_the_whole_would_be() {
    let loud = |i: u32| 1.7 * (f64::from(i) * 0.031).sin() as f32;
    let n = 1_300_000;
    let check = |write: &dyn Fn(&Path)| {
        let workspace = Workspace::new();
        let path = workspace.sounds().join("long.wav");
        write(&path);
        let mut task = prepare_task(SoundSource::Folder { path: workspace.sounds() });
        task.validation_share = 0.0;
        let job = workspace.job("datasets", "notes", Task::Prepare(task));
        job.run();
        assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
        let clip = audio::decode_file(&path, &audio::DecodeLimits::default()).unwrap().clip;
        let clip = audio::resample(&audio::with_channels(clip, 1), 44_100);
        let step = |x: &f32| (x * 32768.0).round().clamp(-32768.0, 32767.0) as i16;
        let expected: Vec<u8> =
            clip.channels[0].iter().flat_map(|x| step(x).to_le_bytes()).collect();
        assert!(stored(&job) == expected);
        assert_eq!(job.own_files(), ["dataset.json", "peaks.bin", "sound-000.pcm"]);
    };
    check(&|path| write_tone(path, 48_000, 2, f64::from(n) / 48_000.0));
    check(&|path| write_floats(path, 32_000, (0..n).map(loud)));
    // Larger than what stays in memory.
    check(&|path| write_tone(path, 44_100, 1, 110.0));
}

#[test]
fn a_stop_within_a_file_leaves_nothing() {
    let workspace = Workspace::new();
    write_length(&workspace.sounds().join("a very long one.wav"), 20 * 3600);
    let task = prepare_task(SoundSource::Folder { path: workspace.sounds() });
    let job = workspace.job("datasets", "notes", Task::Prepare(task));
    std::thread::scope(|scope| {
        let running = scope.spawn(|| job.run());
        while !job.path().join("reading-0.pcm").exists() {
            std::thread::yield_now();
        }
        fs::write(job.path().join("control.jsonl"), "{\"control\":\"stop\"}\n").unwrap();
        running.join().unwrap();
    });
    assert_eq!(job.outcome(), Outcome::Stopped);
    assert_eq!(job.own_files(), ["control.jsonl"]);
    let progress = job.events().into_iter().filter_map(|it| match it {
        EventBody::Progress(progress) => Some(progress),
        _ => None,
    });
    let progress: Vec<_> = progress.collect();
    assert!(progress.is_sorted_by(|a, b| a.share <= b.share), "{progress:?}");
    assert!(progress.iter().all(|it| it.unit == "files" && it.n_total == Some(1)));
}

#[test]
fn hidden_files_are_not_used_as_the_picker_shows() {
    let workspace = Workspace::new();
    let sounds = workspace.sounds();
    for name in
        ["ok.wav", "._ok.wav", ".Trash-0/files/deleted.wav", "__MACOSX/b.wav", "$RECYCLE.BIN/c.wav"]
    {
        let path = sounds.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_tone(&path, 44_100, 1, 0.2);
    }
    let job = workspace.prepare();
    let index = job.index();
    assert_eq!(index.sounds.len(), 1);
    assert_eq!(index.sounds[0].file.path, "ok.wav");
    assert_eq!(index.summary.n_skipped, 0, "they were never candidates");
    let said: Vec<_> = index.warnings.iter().filter(|it| it.code == "hidden_files").collect();
    assert!(said[0].message.starts_with("4 hidden sound files were left out"), "{said:?}");

    // Nothing but hidden ones is nothing.
    fs::remove_file(sounds.join("ok.wav")).unwrap();
    let problem = workspace.prepare().problem();
    assert_eq!(problem.code, "no_audio");
    assert!(problem.why.unwrap().contains("4 hidden sound files"));

    // Of a hidden folder that was chosen itself, what is in it is used.
    let source = SoundSource::Folder { path: sounds.join(".Trash-0") };
    let job = workspace.job("datasets", "trash", Task::Prepare(prepare_task(source)));
    job.run();
    assert_eq!(job.index().sounds[0].file.path, "files/deleted.wav");
}

#[test]
fn the_same_sound_is_found_and_stays_on_one_side() {
    let workspace = Workspace::new();
    let sounds = workspace.sounds();
    // A tone that decays, with overtones; another pitch is another sound.
    let note = |pitch: f32, gain: f32, rate: f32| {
        move |i: u32| {
            let t = i as f32 / rate;
            let wave = |k: f32| (std::f32::consts::TAU * pitch * k * t).sin() / k;
            gain * (-3.0 * t).exp() * (1..8).map(|k| wave(k as f32)).sum::<f32>()
        }
    };
    let n = |rate: u32| 0..rate;
    for (i, pitch) in [110.0, 116.5, 123.5, 130.8, 138.6, 146.8, 155.6, 164.8].iter().enumerate() {
        let path = sounds.join(format!("{i}.wav"));
        write_floats(&path, 44_100, n(44_100).map(note(*pitch, 0.3, 44_100.0)));
    }
    fs::copy(sounds.join("2.wav"), sounds.join("copy of 2.wav")).unwrap();
    fs::copy(sounds.join("2.wav"), sounds.join("x again.wav")).unwrap();
    write_floats(&sounds.join("x quiet 5.wav"), 44_100, n(44_100).map(note(146.8, 0.02, 44_100.0)));
    write_floats(&sounds.join("x slow 5.wav"), 32_000, n(32_000).map(note(146.8, 0.3, 32_000.0)));
    for seed in 0..4 {
        let mut task = prepare_task(SoundSource::Folder { path: sounds.clone() });
        task.seed = seed;
        let job = workspace.job("datasets", &format!("notes-{seed}"), Task::Prepare(task));
        job.run();
        let index = job.index();
        let path = |idx: u32| index.sounds[idx as usize].file.path.as_str();
        let groups: Vec<(SoundGroupKind, Vec<&str>)> = index
            .groups
            .iter()
            .map(|it| (it.kind, it.files.iter().map(|idx| path(*idx)).collect()))
            .collect();
        assert_eq!(
            groups,
            [
                (SoundGroupKind::Exact, vec!["2.wav", "copy of 2.wav", "x again.wav"]),
                (SoundGroupKind::Near, vec!["5.wav", "x quiet 5.wav", "x slow 5.wav"]),
            ]
        );
        assert_eq!(index.summary.n_duplicates, 4);
        assert!(index.warnings.iter().any(|it| it.code == "duplicates"));
        for group in &index.groups {
            let splits = group.files.iter().map(|idx| index.sounds[*idx as usize].file.split);
            let splits: Vec<Split> = splits.collect();
            assert!(splits.iter().all(|split| *split == splits[0]), "{splits:?}");
        }
        assert_eq!(index.summary.n_validation, 3);
    }
}

#[test]
fn an_index_without_groups_still_opens() {
    let workspace = Workspace::new();
    write_tone(&workspace.sounds().join("a.wav"), 44_100, 1, 0.5);
    let job = workspace.prepare();
    let text = fs::read_to_string(job.path().join("dataset.json")).unwrap();
    let mut old: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(old.as_object_mut().unwrap().remove("groups").is_some());
    assert!(old["summary"].as_object_mut().unwrap().remove("n_duplicates").is_some());
    let index: api::DatasetIndex = serde_json::from_value(old).unwrap();
    assert_eq!((index.groups.len(), index.summary.n_duplicates), (0, 0));
}

#[test]
fn a_dropped_folder_gives_its_name_and_keeps_its_sub_folders() {
    let workspace = Workspace::new();
    let upload = workspace.sounds().with_file_name("uploads").join("upload-000001");
    for name in ["drums/kicks/kick.wav", "drums/snares/kick.wav"] {
        let path = upload.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_tone(&path, 44_100, 1, if name.contains("kicks") { 0.2 } else { 0.4 });
    }
    let source = SoundSource::Upload { upload: "upload-000001".parse().unwrap() };
    let job = workspace.job("datasets", "drums", Task::Prepare(prepare_task(source)));
    job.run();
    let index = job.index();
    let paths: Vec<_> = index.sounds.iter().map(|it| it.file.path.as_str()).collect();
    assert_eq!(paths, ["kicks/kick.wav", "snares/kick.wav"]);
    assert_eq!(index.summary.source, "dropped folder drums");
}
