//! Changing sounds and MIDI files: what comes out, what is said of files that cannot be changed, and stopping.

use std::{fs, path::Path};

use api::{
    Change, ChangeFile, ChangeReport, ChangeResult, ChangeTask, ChangedKind, ChangedRole,
    ConvertChange, ConvertDawChange, DawForm, DawPart, GridChange, Outcome, QuantiseChange,
    RenderChange, SoundDither, SoundFileFormat, SoundMap, Span, SpectrumAction, SpectrumChange,
    SpectrumEdit, StretchChange, Task, TuneChange, WriteDawChange,
};

use crate::job::{Job, Workspace, write_tone};

fn file(path: &Path) -> ChangeFile {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    ChangeFile { item: None, path: path.to_owned(), name }
}

fn job(workspace: &Workspace, name: &str, paths: &[&Path], change: Change) -> Job {
    let files = paths.iter().map(|path| file(path)).collect();
    workspace.job("changes", name, Task::Change(ChangeTask { files, change }))
}

fn result(job: &Job) -> ChangeResult {
    assert_eq!(job.outcome(), Outcome::Done);
    serde_json::from_slice(&fs::read(job.path().join("result.json")).unwrap()).unwrap()
}

/// Frames and rate of a WAV file of the job.
fn frames(job: &Job, path: &str) -> (u32, u32) {
    let reader = hound::WavReader::open(job.path().join(path)).unwrap();
    (reader.duration(), reader.spec().sample_rate)
}

/// A MIDI file with four notes that are a little late, at 120 beats a minute.
fn write_notes(path: &Path) {
    let mut events = vec![];
    for key in [60, 64, 67, 72] {
        // 20 ticks late, 400 long, and the rest of a beat of 480.
        events.extend([20, 0x90, key, 90, 0x83, 0x10, 0x80, key, 64, 60, 0xb0, 7, 100]);
    }
    events.extend([0, 0xff, 0x2f, 0]);
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk".to_vec();
    bytes.extend((events.len() as u32).to_be_bytes());
    bytes.extend(events);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_sound_is_changed_as_the_commands_do_it() {
    let workspace = Workspace::new();
    let tone = workspace.sounds().join("tone.wav");
    write_tone(&tone, 22_050, 1, 1.0);
    let before = fs::read(&tone).unwrap();
    let run = |name: &str, change: Change| {
        let job = job(&workspace, name, &[&tone], change);
        job.run();
        let result = result(&job);
        (job, result)
    };

    let stretch = StretchChange { ratio: Some(1.5), ..StretchChange::default() };
    let (made, said) = run("stretch", Change::Stretch(stretch));
    let [only] = &said.files[..] else { panic!("{said:?}") };
    assert_eq!((only.kind, only.role), (ChangedKind::Sound, ChangedRole::Result));
    assert_eq!(
        (only.path.as_str(), only.name.as_str()),
        ("files/tone stretched.wav", "tone stretched")
    );
    assert_eq!(frames(&made, &only.path), (33_075, 22_050));
    assert_eq!(only.bytes, fs::metadata(made.path().join(&only.path)).unwrap().len());

    let convert = ConvertChange {
        format: SoundFileFormat::Wav16,
        rate_hz: Some(44_100),
        channels: Some(2),
        loudness: None,
        dither: SoundDither::On,
    };
    let (made, said) = run("convert", Change::Convert(convert));
    assert_eq!(frames(&made, &said.files[0].path), (44_100, 44_100));

    let (_, said) =
        run("plan", Change::Tune(TuneChange { is_plan: true, ..TuneChange::default() }));
    let [ChangeReport::Tune(plan)] = &said.reports[..] else { panic!("{said:?}") };
    assert!(said.files.is_empty() && !plan.notes.is_empty() && !plan.curve.pitch.is_empty());
    let mut notes = plan.notes.clone();
    notes.iter_mut().for_each(|note| note.target = note.pitch + 2.0);
    let tune = TuneChange { notes: Some(notes), ..TuneChange::default() };
    let (made, said) = run("tune", Change::Tune(tune));
    let [ChangeReport::Tune(tuned)] = &said.reports[..] else { panic!("{said:?}") };
    assert!(tuned.cents_off[1].unwrap() < 10.0, "{tuned:?}");
    assert_eq!(frames(&made, &said.files[0].path).0, 22_050);

    let (made, said) = run("apart", Change::Separate);
    let [ChangeReport::Separate(apart)] = &said.reports[..] else { panic!("{said:?}") };
    let roles: Vec<_> = said.files.iter().map(|file| file.role).collect();
    assert_eq!(roles, [ChangedRole::Harmonic, ChangedRole::Percussive]);
    assert_eq!(said.files[1].path, "files/tone percussive.wav");
    assert!(apart.percussive_share < 0.1, "{apart:?}");
    assert_eq!(frames(&made, &said.files[0].path).0, 22_050);

    let edit = SpectrumEdit {
        start_s: 0.2,
        end_s: 0.6,
        low_hz: 300.0,
        high_hz: 600.0,
        action: SpectrumAction::Cut,
        gain_db: 0.0,
    };
    let edits = SpectrumChange { edits: vec![edit] };
    let (_, said) = run("spectrum", Change::SpectralEdit(edits));
    let [ChangeReport::SpectralEdit(edited)] = &said.reports[..] else { panic!("{said:?}") };
    assert!((0.3..0.6).contains(&edited.changed_s), "{edited:?}");

    assert_eq!(fs::read(&tone).unwrap(), before, "what is changed stays as it is");
}

#[test]
fn a_take_comes_to_the_grid_with_its_click_and_the_tempo_it_had() {
    let workspace = Workspace::new();
    let take = workspace.sounds().join("take.wav");
    write_tone(&take, 22_050, 1, 2.0);
    let beats = vec![0.1, 0.62, 1.08, 1.6];
    let grid = GridChange {
        bpm: Some(120.0),
        beats_s: Some(beats),
        has_click: true,
        has_tempo_map: true,
        ..GridChange::default()
    };
    let made = job(&workspace, "grid", &[&take], Change::ToGrid(grid.clone()));
    made.run();
    let said = result(&made);
    let roles: Vec<ChangedRole> = said.files.iter().map(|file| file.role).collect();
    assert_eq!(roles, [ChangedRole::Result, ChangedRole::Click, ChangedRole::TempoMap]);
    assert_eq!(frames(&made, &said.files[0].path), frames(&made, &said.files[1].path));
    assert!(fs::read(made.path().join(&said.files[2].path)).unwrap().starts_with(b"MThd"));

    let plan =
        job(&workspace, "plan", &[&take], Change::ToGrid(GridChange { is_plan: true, ..grid }));
    plan.run();
    let said = result(&plan);
    let [ChangeReport::ToGrid(gridded)] = &said.reports[..] else { panic!("{said:?}") };
    assert!(said.files.is_empty() && gridded.warp.len() >= 4, "{gridded:?}");
}

#[test]
fn midi_files_are_changed_and_become_sound() {
    let workspace = Workspace::new();
    let notes = workspace.sounds().join("notes.mid");
    write_notes(&notes);
    let made = job(&workspace, "quantise", &[&notes], Change::Quantise(QuantiseChange::default()));
    made.run();
    let said = result(&made);
    let [ChangeReport::Quantise(moved)] = &said.reports[..] else { panic!("{said:?}") };
    assert_eq!((moved.notes, moved.moved), (4, 4));
    assert_eq!(said.files[0].kind, ChangedKind::Midi);
    let path = made.path().join(&said.files[0].path);
    let made = job(&workspace, "render", &[&path], Change::Render(RenderChange::default()));
    made.run();
    let said = result(&made);
    assert_eq!(said.files[0].kind, ChangedKind::Sound);
    assert!(frames(&made, &said.files[0].path).0 > 44_100);
}

/// A project for REAPER with four notes on a track, and on another a sound that is named by a path of another computer.
fn write_project(path: &Path) {
    let notes: String = [60, 64, 67, 72]
        .map(|key| format!("        E 0 90 {key:x} 64\n        E 960 80 {key:x} 00\n"))
        .concat();
    let text = format!(
        "<REAPER_PROJECT 0.1 \"7.0\" 0\n  TEMPO 120 4 4\n  <TRACK\n    NAME \"Keys\"\n    <ITEM\n      POSITION 2\n      \
         LENGTH 2\n      NAME \"riff\"\n      <SOURCE MIDI\n        HASDATA 1 960 QN\n{notes}      >\n    >\n  >\n  <TRACK\n    \
         NAME \"Tone\"\n    <ITEM\n      POSITION 1\n      LENGTH 1\n      <SOURCE WAVE\n        FILE \"D:\\old\\tone.wav\"\n      \
         >\n    >\n  >\n>\n"
    );
    fs::write(path, text).unwrap();
}

#[test]
fn a_project_is_written_in_other_forms_and_so_is_a_part_of_it() {
    let workspace = Workspace::new();
    let sounds = workspace.sounds();
    fs::create_dir_all(sounds.join("elsewhere")).unwrap();
    write_tone(&sounds.join("elsewhere/tone.wav"), 48_000, 1, 1.0);
    let project = sounds.join("Song.rpp");
    write_project(&project);
    let run = |name: &str, form, part| {
        let sounds = Some(sounds.join("elsewhere"));
        let change = Change::ConvertDaw(ConvertDawChange { form, sounds, part });
        let job = job(&workspace, name, &[&project], change);
        job.run();
        let result = result(&job);
        (job, result)
    };

    let (made, said) = run("dawproject", DawForm::Dawproject, None);
    let [only] = &said.files[..] else { panic!("{said:?}") };
    assert_eq!((only.kind, only.path.as_str()), (ChangedKind::Project, "files/Song.dawproject"));
    let read = worker::daw_read(&made.path().join(&only.path), None).unwrap();
    assert_eq!(read.tracks[0].clips[0].notes, Some(4));
    assert_eq!(read.tracks[1].clips[0].is_found, Some(true), "it was found in the folder");

    let (made, said) = run("stems", DawForm::Stems, None);
    let kinds: Vec<_> = said.files.iter().map(|it| (it.kind, it.role)).collect();
    let expected = [
        (ChangedKind::Midi, ChangedRole::Result),
        (ChangedKind::Table, ChangedRole::TempoMap),
        (ChangedKind::Sound, ChangedRole::Stem),
    ];
    assert_eq!(kinds, expected, "{said:?}");
    assert_eq!(frames(&made, &said.files[2].path), (96_000, 48_000));
    assert!(said.files.iter().all(|it| it.bytes > 0));

    // The clip lies in the second bar; its own file begins with that.
    let part = DawPart { track: 0, clip: Some(0) };
    let (made, said) = run("part", DawForm::Midi, Some(part));
    let piece = worker::midi_piece(&made.path().join(&said.files[0].path)).unwrap();
    let starts: Vec<f64> = piece.tracks[0].notes.iter().map(|it| it[0]).collect();
    assert_eq!(starts, [0.0, 0.5, 1.0, 1.5]);
}

#[test]
fn a_take_becomes_a_project_with_its_bars() {
    let workspace = Workspace::new();
    let tone = workspace.sounds().join("tone.wav");
    write_tone(&tone, 22_050, 1, 6.0);
    let map = SoundMap {
        downbeats_s: vec![0.5, 2.5, 4.4],
        chords: vec![Span { start_s: 0.5, end_s: 6.0, label: "A:min".into() }],
        seconds: 6.0,
        ..SoundMap::default()
    };
    for (form, ending) in [(DawForm::Reaper, "rpp"), (DawForm::Dawproject, "dawproject")] {
        let change = Change::WriteDaw(WriteDawChange { form, map: Some(map.clone()) });
        let made = job(&workspace, ending, &[&tone], change);
        made.run();
        let said = result(&made);
        assert_eq!(said.files[0].path, format!("files/tone.{ending}"));
        let written = made.path().join(&said.files[0].path);
        let read = worker::daw_read(&written, None).unwrap();
        let clip = &read.tracks[0].clips[0];
        assert_eq!(
            clip.found_at.as_deref().map(Path::new),
            fs::canonicalize(&tone).ok().as_deref()
        );
        let bars = worker::daw_picture(&written, None).unwrap().bars_s;
        for downbeat in &map.downbeats_s {
            let is_bar = bars.iter().any(|at| (at - clip.at_s - downbeat).abs() < 0.001);
            assert!(is_bar, "{ending}: {downbeat} of {bars:?}");
        }
        assert_eq!(read.markers[0].name, "Am");
    }
    let change = Change::WriteDaw(WriteDawChange { form: DawForm::Stems, map: None });
    let refused = job(&workspace, "stems", &[&tone], change);
    refused.run();
    assert!(matches!(refused.outcome(), Outcome::Failed { .. }));
}

#[test]
fn a_bad_file_does_not_keep_others_from_being_changed() {
    let workspace = Workspace::new();
    let sounds = workspace.sounds();
    let (good, bad) = (sounds.join("good.wav"), sounds.join("bad.wav"));
    write_tone(&good, 8000, 1, 0.5);
    fs::write(&bad, "no sound at all").unwrap();
    let stretch =
        || Change::Stretch(StretchChange { ratio: Some(2.0), ..StretchChange::default() });
    let both = job(&workspace, "both", &[&bad, &good, &good], stretch());
    both.run();
    let said = result(&both);
    let of: Vec<u32> = said.files.iter().map(|file| file.of).collect();
    assert_eq!(of, [1, 2]);
    assert_ne!(said.files[0].path, said.files[1].path, "files with one name stay apart");
    assert_eq!(said.failures.len(), 1);
    assert_eq!(both.warnings().len(), 1);

    let none = job(&workspace, "none", &[&bad, &bad], stretch());
    none.run();
    assert!(none.problem().what.contains("bad.wav"), "{:?}", none.problem());
    let one = job(&workspace, "one", &[&bad], stretch());
    one.run();
    assert_eq!(one.problem(), none.problem());
    let wild = Change::Stretch(StretchChange { ratio: Some(1000.0), ..StretchChange::default() });
    let wild = job(&workspace, "wild", &[&good], wild);
    wild.run();
    assert_eq!(wild.problem().code, "bad_stretch");
    let scale = TuneChange { scale: "H loud".into(), ..TuneChange::default() };
    let odd = job(&workspace, "odd", &[&good], Change::Tune(scale));
    odd.run();
    assert!(odd.problem().why.unwrap().contains("H"));
}

#[test]
fn a_stop_leaves_no_result() {
    let workspace = Workspace::new();
    let tone = workspace.sounds().join("tone.wav");
    write_tone(&tone, 8000, 1, 0.5);
    let stretch = StretchChange { ratio: Some(2.0), ..StretchChange::default() };
    // So many that it is asked to stop long before the last of them.
    let tones = vec![tone.as_path(); 300];
    let stopped = job(&workspace, "stopped", &tones, Change::Stretch(stretch));
    job::control::append(stopped.path(), api::Control::Stop).unwrap();
    stopped.run();
    assert_eq!(stopped.outcome(), Outcome::Stopped);
    assert!(!stopped.path().join("result.json").exists());
}
