//! Changes: what is queued and refused, and what is kept of what comes out.

use std::{fs, path::Path};

use api::{
    Change, ChangeInput, ChangeJob, ChangedBy, EditedNotes, FolderSource, Id, JobState,
    KeepChanged, LibraryItem, NewChange, NewLibraryFolder, SpectrumChange, StretchChange,
};
use studio::{Error, LibraryAsk};

use crate::stage::Stage;

fn stretch() -> Change {
    Change::Stretch(StretchChange { ratio: Some(2.0), ..StretchChange::default() })
}

fn of(ids: &[&Id], change: Change) -> NewChange {
    let inputs = ids.iter().map(|&id| ChangeInput::Item { id: id.clone() }).collect();
    NewChange { inputs, change }
}

fn keep(file: &str, name: Option<&str>) -> KeepChanged {
    KeepChanged { path: file.to_owned(), name: name.map(str::to_owned) }
}

/// A library with sounds, each a text.
fn library(stage: &Stage, files: &[(&str, &str)]) -> Vec<Id> {
    let place = stage.folder.path().join("takes");
    fs::create_dir_all(&place).unwrap();
    for (name, text) in files {
        fs::write(place.join(name), text).unwrap();
    }
    let source = FolderSource::Path { path: place };
    let new = NewLibraryFolder { name: None, source, is_only_listed: true };
    stage.studio.add_library_folder(new).unwrap();
    let all = items(stage);
    let of = |(name, _): &(&str, &str)| {
        all.iter().find(|item| item.path.ends_with(name)).unwrap().id.clone()
    };
    files.iter().map(of).collect()
}

fn items(stage: &Stage) -> Vec<LibraryItem> {
    let ask = LibraryAsk { limit: 500, ..LibraryAsk::default() };
    stage.studio.library_items(&ask).unwrap().items
}

fn made(stage: &Stage, new: NewChange) -> ChangeJob {
    let id = stage.studio.create_change(new).unwrap().id;
    stage.wait_done(&id);
    stage.studio.change_job(&id).unwrap()
}

#[test]
fn what_is_kept_becomes_a_sound_that_says_what_it_was_made_of() {
    let stage = Stage::new();
    let ids = library(&stage, &[("Take 1.wav", "120 A minor"), ("Take 2.wav", "90 C major")]);
    let change = made(&stage, of(&[&ids[0], &ids[1]], stretch()));
    let result = change.result.unwrap();
    assert_eq!((result.files.len(), result.reports.len()), (4, 2));
    let sound = &result.files[2];
    let kept = stage.studio.keep_changed(&change.id, &keep(&sound.path, None)).unwrap();
    assert_eq!(kept.item.name, "Take 2 changed");
    assert_eq!(kept.folder_name.as_deref(), Some("Changed sounds"));
    assert_eq!(fs::read_to_string(&kept.item.path).unwrap(), "90 C major changed");
    let from = kept.changed_from.unwrap();
    assert_eq!((from.item.as_ref(), from.name.as_str()), (Some(&ids[1]), "Take 2"));
    let is_stretched =
        |by: &ChangedBy| matches!(by, ChangedBy::Change { change, .. } if *change == stretch());
    assert!(is_stretched(&from.by), "{from:?}");
    // Kept again, it is the same sound; under another name, it has one of its own.
    let again = stage.studio.keep_changed(&change.id, &keep(&sound.path, None)).unwrap();
    assert_eq!(again.item.id, kept.item.id);
    let first = keep(&result.files[0].path, Some("../Slow: take"));
    let named = stage.studio.keep_changed(&change.id, &first).unwrap();
    assert!(named.item.path.contains("Changed sounds") || named.item.path.contains("folders"));
    assert_eq!(Path::new(&named.item.path).parent(), Path::new(&kept.item.path).parent());
    assert_eq!(items(&stage).len(), 4);
    // It stays when the change is gone, and can be changed itself.
    stage.studio.delete_job(&change.id).unwrap();
    let still = stage.studio.library_item(&kept.item.id).unwrap();
    assert_eq!(still.changed_from.unwrap().name, "Take 2");
    let second = made(&stage, of(&[&kept.item.id], stretch()));
    let path = &second.result.as_ref().unwrap().files[0].path;
    let text = fs::read_to_string(stage.studio.job_file(&second.id, path).unwrap()).unwrap();
    assert_eq!(text, "90 C major changed changed");
}

#[test]
fn edited_notes_become_a_file_of_their_own_that_says_what_it_was_made_of() {
    let stage = Stage::new();
    let ids = library(&stage, &[("Song.mid", "120 A minor"), ("take.wav", "90 C major")]);
    let edited = EditedNotes { added: 1, changed: 2, removed: 3 };
    let keep = |name: Option<&str>, bytes: &[u8]| {
        stage.studio.keep_edited_notes(&ids[0], name, bytes, edited).unwrap()
    };
    let first = keep(None, b"one");
    assert_eq!(first.item.name, "Song edited");
    let from = first.changed_from.clone().unwrap();
    assert_eq!((from.item.as_ref(), from.name.as_str()), (Some(&ids[0]), "Song"));
    assert_eq!(from.by, ChangedBy::Notes { edited });
    assert_eq!(fs::read(&first.item.path).unwrap(), b"one");
    // Each is a file of its own, whatever it is called; the old one is as it was.
    let (second, named) = (keep(None, b"one"), keep(Some(" ../My: song "), b"two"));
    assert_ne!(second.item.path, first.item.path);
    assert_eq!(Path::new(&named.item.path).parent(), Path::new(&first.item.path).parent());
    assert_eq!(fs::read(&named.item.path).unwrap(), b"two");
    assert_eq!(keep(Some("  "), b"three").item.ending, "mid");
    let old = fs::read(stage.folder.path().join("takes/Song.mid")).unwrap();
    assert_eq!(old, b"120 A minor");
    // What changes made lies beside them, and both are still known.
    let change = made(&stage, of(&[&ids[1]], stretch()));
    let path = &change.result.unwrap().files[0].path;
    let kept = stage.studio.keep_changed(&change.id, &self::keep(path, None)).unwrap();
    assert!(matches!(kept.changed_from.unwrap().by, ChangedBy::Change { .. }));
    assert_eq!(stage.studio.library_item(&first.item.id).unwrap().changed_from, Some(from));
    let nobody = "nobody-000000".parse().unwrap();
    let refused = stage.studio.keep_edited_notes(&nobody, None, b"", edited);
    assert!(matches!(refused, Err(Error::NotFound { .. })));
}

#[test]
fn what_cannot_be_changed_or_kept_is_said() {
    let stage = Stage::new();
    let ids = library(&stage, &[("a.wav", "120"), ("b.wav", "slow")]);
    let check = |new: NewChange, expected: &str| {
        let error = stage.studio.create_change(new).unwrap_err();
        assert!(format!("{error:?}").contains(expected), "{error:?}");
    };
    check(of(&[], stretch()), "inputs");
    check(of(&[&"nobody-000000".parse().unwrap()], stretch()), "NotFound");
    check(of(&[&ids[0], &ids[1]], Change::SpectralEdit(SpectrumChange::default())), "one file");
    let path = ChangeInput::Path { path: "take.wav".into() };
    check(NewChange { inputs: vec![path], change: stretch() }, "absolute");
    let change = made(&stage, of(&[&ids[0]], stretch()));
    let studio = &stage.studio;
    assert!(matches!(
        studio.keep_changed(&change.id, &keep("../../job.json", None)),
        Err(Error::NotFound { .. })
    ));
    let midi = studio.keep_changed(&change.id, &keep("files/0 a.mid", None)).unwrap();
    assert_eq!(midi.item.ending, "mid");
    // One that is under way has nothing to keep, and is gone when it is cancelled.
    let slow = studio.create_change(of(&[&ids[1]], stretch())).unwrap();
    stage.wait(&slow.id, |job| matches!(job.state, JobState::Running { .. }));
    let early = studio.keep_changed(&slow.id, &keep("files/0 b.wav", None)).unwrap_err();
    assert!(matches!(early, Error::Conflict { .. }), "{early:?}");
    studio.delete_job(&slow.id).unwrap();
    stage.until(|| studio.change_job(&slow.id).is_err()).unwrap();
    // A sound whose file is gone is not changed.
    fs::remove_file(stage.folder.path().join("takes/a.wav")).unwrap();
    studio.scan_library().unwrap();
    check(of(&[&ids[0]], stretch()), "NotFound");
}
