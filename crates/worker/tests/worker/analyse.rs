//! Analysing sounds of the library: each file once, whatever becomes of the others.

use std::{fs, path::Path};

use api::{AnalyseFile, AnalyseTask, Analysis, EventBody, Outcome, Task};

use crate::job::{Job, Workspace, write_tone};

fn file(item: &str, path: &Path) -> AnalyseFile {
    AnalyseFile {
        item: item.parse().unwrap(),
        path: path.to_owned(),
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        bytes: fs::metadata(path).map_or(0, |it| it.len()),
    }
}

/// What became of each sound: its hash, or why it could not be analysed.
fn told(job: &Job) -> Vec<(String, Result<String, String>)> {
    let of = |event| match event {
        EventBody::Analysed { item, sha256, .. } => Some((item.to_string(), Ok(sha256))),
        EventBody::NotAnalysed { item, problem } => Some((item.to_string(), Err(problem))),
        _ => None,
    };
    let mut told: Vec<_> = job.events().into_iter().filter_map(of).collect();
    told.sort();
    told
}

fn read(folder: &Path) -> Analysis {
    serde_json::from_slice(&fs::read(folder.join("analysis.json")).unwrap()).unwrap()
}

#[test]
fn sounds_are_analysed_and_bad_files_are_said() {
    let workspace = Workspace::new();
    let sounds = workspace.sounds();
    write_tone(&sounds.join("a.wav"), 44_100, 2, 1.0);
    write_tone(&sounds.join("b.wav"), 8000, 1, 0.5);
    fs::copy(sounds.join("a.wav"), sounds.join("copy.wav")).unwrap();
    fs::write(sounds.join("text.mp3"), "no sound at all").unwrap();
    fs::write(sounds.join("empty.wav"), "").unwrap();
    let names = ["a.wav", "b.wav", "copy.wav", "text.mp3", "empty.wav", "gone.wav"];
    let item = |name: &str| name.replace('.', "-");
    let files: Vec<AnalyseFile> =
        names.iter().map(|name| file(&item(name), &sounds.join(name))).collect();
    let task = AnalyseTask { files, is_again: false };
    let job = workspace.job("analyses", "first", Task::Analyse(task.clone()));
    job.run();
    assert_eq!(job.outcome(), Outcome::Done);
    let told_first = told(&job);
    let hash = |name: &str| {
        let found = told_first.iter().find(|(it, _)| *it == item(name)).unwrap();
        found.1.clone()
    };
    assert_eq!(told_first.len(), names.len());
    assert_eq!(hash("a.wav"), hash("copy.wav"));
    assert_ne!(hash("a.wav"), hash("b.wav"));
    let check = |name: &str, said: &str| {
        let problem = hash(name).unwrap_err();
        assert!(problem.contains(said), "{name}: {problem}");
    };
    check("text.mp3", "not a sound file");
    check("empty.wav", "no sound");
    check("gone.wav", "could not be read");
    assert_eq!(job.warnings().len(), 3);
    let found = job.path().join("found");
    assert_eq!(fs::read_dir(&found).unwrap().count(), 2, "equal files are analysed once");
    let a = found.join(hash("a.wav").unwrap());
    let analysis = read(&a);
    assert_eq!(
        (analysis.rate_hz, analysis.channels, analysis.format),
        (44_100, 2, Analysis::FORMAT)
    );
    assert!((analysis.seconds - 1.0).abs() < 1e-9, "{}", analysis.seconds);
    assert!(analysis.loudness_lufs.is_some_and(|it| it > -20.0 && it < 0.0));
    let shape = fs::read(a.join("peaks.bin")).unwrap();
    assert_eq!(shape.len(), 2 * 44_100_usize.div_ceil(256));
    assert!(shape.chunks(2).all(|pair| pair[0].cast_signed() <= pair[1].cast_signed()));

    // What the workspace knows is not analysed again, unless that is asked for.
    let kept = workspace.sounds().with_file_name("analysed");
    let sha256 = hash("a.wav").unwrap();
    fs::create_dir_all(kept.join(&sha256[..2])).unwrap();
    fs::rename(&a, kept.join(&sha256[..2]).join(&sha256)).unwrap();
    let again = |name: &str, is_again: bool| {
        let task = AnalyseTask { files: task.files[..1].to_vec(), is_again };
        let job = workspace.job("analyses", name, Task::Analyse(task));
        job.run();
        assert_eq!(told(&job)[0].1.as_ref(), Ok(&sha256));
        job.path().join("found").join(&sha256).is_dir()
    };
    assert!(!again("second", false));
    assert!(again("third", true));
}

#[test]
fn a_job_goes_on_with_what_is_left() {
    let workspace = Workspace::new();
    let sounds = workspace.sounds();
    for name in ["a.wav", "b.wav"] {
        write_tone(&sounds.join(name), 8000, 1, if name == "a.wav" { 0.5 } else { 0.75 });
    }
    let files = vec![file("a", &sounds.join("a.wav")), file("b", &sounds.join("b.wav"))];
    let task = Task::Analyse(AnalyseTask { files, is_again: false });
    let job = workspace.job("analyses", "first", task);
    let known = r#"{"seq":1,"time_ms":1,"event":"analysed","item":"a","sha256":"00","bytes":1}"#;
    fs::write(job.path().join("events.jsonl"), format!("{known}\n")).unwrap();
    job.run();
    let items: Vec<String> = told(&job).into_iter().map(|(item, _)| item).collect();
    assert_eq!(items, ["a", "b"]);
    assert_eq!(fs::read_dir(job.path().join("found")).unwrap().count(), 1);
    let stopped = workspace.job("analyses", "second", {
        let files = vec![file("a", &sounds.join("a.wav"))];
        Task::Analyse(AnalyseTask { files, is_again: false })
    });
    fs::write(stopped.path().join("control.jsonl"), "{\"control\":\"stop\"}\n").unwrap();
    stopped.run();
    let is_early = stopped.outcome() == Outcome::Stopped;
    assert!(is_early || told(&stopped).len() == 1);
}
