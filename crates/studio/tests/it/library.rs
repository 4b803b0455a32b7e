//! The library: folders that are watched or kept, what is found in their sounds, and searching it.

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    time::Duration,
};

use api::{
    AnalysisEdit, FolderSource, HeardNote, Id, LibraryFolderChange, LibraryItem, LibraryItemChange,
    LibraryScan, NewAnalysis, NewLibraryFolder, NewProject, ProjectItem, RunDefaults, Span,
};
use studio::{DawSoundToTake, Error, LibraryAsk};

use crate::{
    sounds::{generation, kept},
    stage::Stage,
};

impl Stage {
    /// A folder of the computer with files.
    pub(crate) fn place(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        let place = self.folder.path().join(name);
        for (path, text) in files {
            write(&place.join(path), text);
        }
        place
    }

    pub(crate) fn add(&self, source: FolderSource) -> Result<LibraryScan, Error> {
        self.studio.add_library_folder(NewLibraryFolder {
            name: None,
            source,
            is_only_listed: false,
        })
    }

    /// Adds a folder and waits until it is analysed.
    pub(crate) fn watch(&self, path: &Path) -> LibraryScan {
        let scan = self.add(FolderSource::Path { path: path.to_owned() }).unwrap();
        if let Some(job) = &scan.job {
            self.wait_done(job);
        }
        scan
    }

    pub(crate) fn found(&self, query: &str) -> Vec<String> {
        self.items(query).into_iter().map(|item| item.name).collect()
    }

    pub(crate) fn items(&self, query: &str) -> Vec<LibraryItem> {
        let (query, sort) = (query.to_owned(), "name".to_owned());
        let ask = LibraryAsk { query, sort, limit: 500, ..LibraryAsk::default() };
        let page = self.studio.library_items(&ask).unwrap();
        assert_eq!(page.total as usize, page.items.len());
        page.items
    }

    pub(crate) fn item(&self, name: &str) -> LibraryItem {
        let all = self.items("");
        all.into_iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no {name}"))
    }

    fn upload(&self, files: &[(&str, &str)]) -> Id {
        let id = self.studio.new_upload().unwrap().upload;
        for (path, text) in files {
            let mut file = self.studio.stage_upload(&id, path).unwrap();
            file.write(text.as_bytes()).unwrap();
            file.finish().unwrap();
        }
        id
    }
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn marks(rating: u8, tags: &[&str], collections: &[&str]) -> LibraryItemChange {
    let words = |words: &[&str]| Some(words.iter().map(|&it| it.to_owned()).collect());
    LibraryItemChange { rating: Some(rating), tags: words(tags), collections: words(collections) }
}

#[test]
fn a_watched_folder_is_analysed_and_searched() {
    let stage = Stage::new();
    let place = stage.place(
        "loops",
        &[
            ("Amen.wav", "136 A minor"),
            ("drums/Kick.wav", "120"),
            ("drums/Slow.flac", "60 F# major"),
            ("notes.txt", "no sound"),
            ("torn.mp3", "bad"),
        ],
    );
    let scan = stage.watch(&place);
    assert_eq!((scan.n_new, scan.folders.len()), (4, 1));
    assert_eq!(stage.found(""), ["Amen", "Kick", "Slow", "torn"]);
    let check = |query: &str, expected: &[&str]| {
        assert_eq!(stage.found(query), expected, "{query}");
    };
    check("tempo:118..140", &["Amen", "Kick"]);
    check("key:Am", &["Amen"]);
    check("key:Gb", &["Slow"]);
    check("key:minor", &["Amen"]);
    check("-key:minor", &["Kick", "Slow", "torn"]);
    check("format:flac", &["Slow"]);
    check("folder:drums", &["Kick", "Slow"]);
    check("folder:loops -folder:drums", &["Amen", "torn"]);
    check("DRUMS kick", &["Kick"]);
    check("bright tempo<100", &["Slow"]);
    check("word:bright len>=11 lufs>-20", &["Amen", "Slow"]);
    check("is:failed", &["torn"]);
    check("is:analysed -is:edited", &["Amen", "Kick", "Slow"]);
    check("nothing", &[]);
    let amen = stage.item("Amen");
    assert_eq!(amen.path, place.join("Amen.wav").to_string_lossy());
    assert_eq!((amen.tempo_bpm, amen.key.as_deref()), (Some(136.0), Some("A minor")));
    assert_eq!(stage.item("torn").problem.as_deref(), Some("It is not a sound file."));
    let peaks = stage.studio.library_item_peaks(&amen.id, None).unwrap();
    assert_eq!((peaks.n_samples, peaks.min, peaks.max), (1100, vec![-16], vec![16]));
    let file = stage.studio.library_item_file(&amen.id).unwrap();
    assert_eq!(fs::read_to_string(file).unwrap(), "136 A minor");
    // In other orders, and in parts.
    let ask = |sort: &str, offset, limit| {
        let sort = sort.to_owned();
        let ask = LibraryAsk { sort, offset, limit, ..LibraryAsk::default() };
        let page = stage.studio.library_items(&ask)?;
        let names = page.items.into_iter().map(|item| item.name).collect::<Vec<_>>();
        Ok::<_, Error>((page.total, names))
    };
    assert_eq!(ask("-tempo", 0, 9).unwrap().1, ["Amen", "Kick", "Slow", "torn"]);
    assert_eq!(ask("tempo", 1, 2).unwrap(), (4, vec!["Kick".to_owned(), "Amen".to_owned()]));
    assert!(matches!(ask("colour", 0, 1), Err(Error::Invalid { key: "sort", .. })));
    let refused = stage
        .studio
        .library_items(&LibraryAsk { query: "tempo:fast".to_owned(), ..LibraryAsk::default() });
    assert!(matches!(refused, Err(Error::Invalid { key: "q", .. })), "{refused:?}");
    let only = [amen.id.clone(), "nobody-000001".parse().unwrap()].to_vec();
    let ask = LibraryAsk { limit: 9, only: Some(only), ..LibraryAsk::default() };
    let page = stage.studio.library_items(&ask).unwrap();
    assert_eq!((page.total, page.items[0].id.clone()), (1, amen.id.clone()));
    let words = stage.studio.library_words().unwrap();
    let n_of = |field: &str, word: &str| {
        let found = words.iter().find(|it| it.field == field && it.word == word);
        found.map(|it| it.n_sounds)
    };
    assert_eq!((n_of("format", "wav"), n_of("key", "A minor")), (Some(2), Some(1)));
}

#[test]
fn what_changes_in_a_watched_folder_is_noticed() {
    let mut stage = Stage::new();
    let place = stage.place("loops", &[("a.wav", "100"), ("b.wav", "110"), ("c.wav", "120")]);
    let folder = stage.watch(&place).folders[0].id.clone();
    let change = marks(4, &["good"], &["Kit"]);
    stage.studio.change_library_item(&stage.item("a").id, &change).unwrap();
    stage.studio.change_library_item(&stage.item("b").id, &change).unwrap();
    // One is renamed, one is changed, one is new; one stays.
    fs::rename(place.join("a.wav"), place.join("renamed.wav")).unwrap();
    write(&place.join("b.wav"), "115 C major");
    write(&place.join("d.wav"), "130");
    let scan = stage.studio.scan_library().unwrap();
    assert_eq!((scan.n_new, scan.folders[0].n_missing), (3, 1));
    stage.wait_done(&scan.job.unwrap());
    assert_eq!(stage.found("is:missing"), ["a"]);
    assert_eq!(stage.item("renamed").tags, ["good"], "it is known by what is in it");
    let changed = stage.item("b");
    assert_eq!((changed.tempo_bpm, changed.rating), (Some(115.0), 0));
    assert_eq!(stage.item("d").tempo_bpm, Some(130.0));
    // What is missing is forgotten when it is removed; what was removed stays, and is not listed.
    stage.studio.remove_library_item(&stage.item("a").id).unwrap();
    let renamed = stage.item("renamed").id;
    stage.studio.remove_library_item(&renamed).unwrap();
    assert!(place.join("renamed.wav").exists());
    stage.studio.scan_library().unwrap();
    assert_eq!(stage.found(""), ["b", "c", "d"]);
    stage.rebuild();
    let scan = stage.studio.scan_library().unwrap();
    stage.wait_done(&scan.job.unwrap());
    assert_eq!(stage.found(""), ["b", "c", "d"], "it is written in the folder's card");
    stage.studio.restore_library_item(&renamed).unwrap();
    assert_eq!(stage.found("rating>=4"), [] as [&str; 0], "it was not read since");
    stage.wait_done(&stage.studio.scan_library().unwrap().job.unwrap());
    assert_eq!(stage.found("rating>=4 tag:good collection:kit"), ["renamed"]);
    // A disk that is taken out says so; what is on it comes back with it.
    fs::rename(&place, stage.folder.path().join("away")).unwrap();
    let scan = stage.studio.scan_library().unwrap();
    assert_eq!((scan.folders[0].n_missing, scan.job), (4, None));
    assert!(scan.folders[0].problem.as_deref().is_some_and(|it| it.contains("no such")));
    fs::rename(stage.folder.path().join("away"), &place).unwrap();
    let scan = stage.studio.scan_library().unwrap();
    assert_eq!((scan.n_new, scan.folders[0].n_missing, scan.job), (0, 0, None));
    assert_eq!(scan.folders[0].problem, None);
    assert_eq!(scan.folders[0].id, folder);
}

#[test]
fn dropped_sounds_are_kept_in_the_workspace() {
    let mut stage = Stage::new();
    let first = stage.upload(&[("a.wav", "100")]);
    let scan = stage.add(FolderSource::Upload { upload: first.clone() }).unwrap();
    stage.wait_done(&scan.job.unwrap());
    assert!(matches!(stage.studio.upload(&first), Err(Error::NotFound { .. })));
    // Single files come together; a folder stays one.
    let second = stage.upload(&[("a.wav", "110"), ("sub/b.wav", "120")]);
    let scan = stage.add(FolderSource::Upload { upload: second }).unwrap();
    stage.wait_done(&scan.job.unwrap());
    let third = stage.upload(&[("Kit/kick.wav", "1"), ("Kit/deep/snare.wav", "2")]);
    let scan = stage.add(FolderSource::Upload { upload: third }).unwrap();
    stage.wait_done(&scan.job.unwrap());
    let folders = stage.studio.library_folders().unwrap();
    let named = |name: &str| folders.iter().find(|it| it.name == name).unwrap();
    assert_eq!(folders.len(), 2);
    assert_eq!((named("Dropped sounds").n_sounds, named("Kit").n_sounds), (3, 2));
    assert!(!named("Kit").is_watched);
    assert_eq!(stage.found(""), ["a", "a (2)", "b", "kick", "snare"]);
    assert_eq!(stage.found("folder:deep"), ["snare"]);
    // A folder goes to the trash with its files, and comes back with what is known of them.
    let kit = named("Kit").id.clone();
    stage.studio.delete_library_folder(&kit).unwrap();
    assert_eq!(stage.found(""), ["a", "a (2)", "b"]);
    assert_eq!(stage.studio.trash().unwrap()[0].list, "folders");
    stage.studio.restore_from_trash("folders", &kit).unwrap();
    assert_eq!(stage.found("tempo:2"), ["snare"]);
    let change = LibraryFolderChange { name: Some("My kit".to_owned()) };
    stage.studio.change_library_folder(&kit, &change).unwrap();
    assert_eq!(stage.found("folder:\"my kit\""), ["kick", "snare"]);
    let before = stage.items("");
    stage.rebuild();
    let scan = stage.studio.scan_library().unwrap();
    stage.wait_done(&scan.job.unwrap());
    let same = |items: Vec<LibraryItem>| {
        items.into_iter().map(|it| (it.id, it.name, it.sha256)).collect::<Vec<_>>()
    };
    assert_eq!(same(stage.items("")), same(before), "identifiers follow from places");
    let empty = stage.studio.new_upload().unwrap().upload;
    let refused = stage.add(FolderSource::Upload { upload: empty });
    assert!(matches!(refused, Err(Error::Invalid { key: "upload", .. })), "{refused:?}");
}

#[test]
fn a_file_is_analysed_once_and_known_again() {
    let stage = Stage::new();
    let first = stage.place("first", &[("a.wav", "100"), ("copy.wav", "100")]);
    stage.watch(&first);
    let change = marks(5, &["dark"], &[]);
    stage.studio.change_library_item(&stage.item("a").id, &change).unwrap();
    assert_eq!(stage.found("rating:5"), ["a", "copy"], "equal files have it in common");
    let folder = stage.studio.library_folders().unwrap()[0].id.clone();
    stage.studio.delete_library_folder(&folder).unwrap();
    stage.studio.delete_from_trash("folders", &folder).unwrap();
    assert_eq!(stage.found(""), [] as [&str; 0]);
    // In another place, under another name, it is what it was.
    let second = stage.place("second", &[("other.wav", "100")]);
    stage.watch(&second);
    let other = stage.item("other");
    assert_eq!(
        (other.rating, other.tags, other.tempo_bpm),
        (5, vec!["dark".to_owned()], Some(100.0))
    );
    assert_eq!(fs::read_dir(stage.workspace().join("analysed")).unwrap().count(), 1);
    // Asked for again, it is the same folder.
    assert_eq!(stage.watch(&second).folders[0].n_sounds, 1);
    assert_eq!(stage.studio.library_folders().unwrap().len(), 1);
}

#[test]
fn what_was_found_is_corrected_and_taken_back() {
    let mut stage = Stage::new();
    let place = stage.place("loops", &[("a.wav", "60 A minor")]);
    stage.watch(&place);
    let id = stage.item("a").id;
    let span = |label: &str| Span { start_s: 0.0, end_s: 2.0, label: label.to_owned() };
    let note = |key, start_s| HeardNote {
        start_s,
        end_s: start_s + 0.5,
        key,
        cents_off: 0.0,
        velocity: 90,
    };
    let edit = AnalysisEdit {
        tempo_bpm: Some(120.0),
        beats_s: Some(vec![1.0, 0.5, 0.0]),
        key: Some("C major".to_owned()),
        chords: Some(vec![span("C:maj")]),
        melody: Some(vec![note(64, 1.0), note(60, 0.5)]),
        ..AnalysisEdit::default()
    };
    let edited = stage.studio.edit_library_item(&id, Some(edit)).unwrap();
    let analysis = edited.analysis.unwrap();
    assert_eq!((analysis.tempo_bpm, analysis.beats_s), (Some(120.0), vec![0.0, 0.5, 1.0]));
    assert_eq!(analysis.melody, [note(60, 0.5), note(64, 1.0)], "in order of time");
    let found = edited.found.unwrap();
    assert_eq!((found.tempo_bpm, found.melody), (Some(60.0), vec![]));
    assert_eq!(stage.found("tempo:120 key:C is:edited"), ["a"]);
    // It outlives another analysis, and the database.
    let again = NewAnalysis { items: Some(vec![id.clone()]), is_again: true, folder: None };
    let job = stage.studio.create_analysis(&again).unwrap().unwrap();
    stage.wait_done(&job.id);
    assert_eq!(stage.found("tempo:120"), ["a"]);
    stage.rebuild();
    stage.wait_done(&stage.studio.scan_library().unwrap().job.unwrap());
    assert_eq!(stage.found("tempo:120 is:edited"), ["a"]);
    let still = stage.studio.library_item(&id).unwrap().analysis.unwrap();
    assert_eq!(still.melody, [note(60, 0.5), note(64, 1.0)]);
    let back = stage.studio.edit_library_item(&id, None).unwrap();
    assert_eq!((back.edit, back.item.tempo_bpm), (None, Some(60.0)));
    let check = |edit: AnalysisEdit, key: &str| {
        let refused = stage.studio.edit_library_item(&id, Some(edit));
        let is_refused = matches!(&refused, Err(Error::Invalid { key: it, .. }) if *it == key);
        assert!(is_refused, "{key}: {refused:?}");
    };
    let of = AnalysisEdit::default;
    check(AnalysisEdit { tempo_bpm: Some(0.0), ..of() }, "tempo_bpm");
    check(AnalysisEdit { tempo_bpm: Some(f64::NAN), ..of() }, "tempo_bpm");
    check(AnalysisEdit { meter: Some("four".to_owned()), ..of() }, "meter");
    check(AnalysisEdit { meter: Some("4/3".to_owned()), ..of() }, "meter");
    check(AnalysisEdit { key: Some("H dur".to_owned()), ..of() }, "key");
    check(AnalysisEdit { beats_s: Some(vec![-1.0]), ..of() }, "beats_s");
    check(AnalysisEdit { downbeats_s: Some(vec![1e9]), ..of() }, "downbeats_s");
    check(AnalysisEdit { chords: Some(vec![span("")]), ..of() }, "chords");
    let turned = Span { start_s: 2.0, end_s: 1.0, label: "A".to_owned() };
    check(AnalysisEdit { sections: Some(vec![turned]), ..of() }, "sections");
    check(AnalysisEdit { melody: Some(vec![note(128, 0.0)]), ..of() }, "melody");
}

#[test]
fn sounds_that_were_made_here_are_in_the_library() {
    let mut stage = Stage::new();
    let job = generation(&stage, &stage.model().id, 2);
    let sound = stage.studio.create_sound(kept(&job, "sounds/0001")).unwrap();
    assert_eq!(stage.found("is:made"), ["Bells 1"]);
    let item = stage.item("Bells 1");
    assert_eq!((item.id.clone(), item.folder, item.seconds), (sound.id.clone(), None, Some(0.125)));
    assert!(item.path.ends_with("sound.wav"));
    let change = marks(3, &["own"], &["Kit"]);
    let changed = stage.studio.change_library_item(&sound.id, &change).unwrap();
    assert_eq!((changed.item.rating, changed.item.tags), (3, vec!["own".to_owned()]));
    assert_eq!(stage.studio.sound(&sound.id).unwrap().tags, ["own"]);
    assert_eq!(stage.found("tag:own collection:Kit rating:3"), ["Bells 1"]);
    let peaks = stage.studio.library_item_peaks(&sound.id, None).unwrap();
    assert_eq!(peaks.min, [-16, -32, 0, 1]);
    let thumb = stage.studio.library_item_peaks(&sound.id, Some(2)).unwrap();
    assert_eq!((thumb.block, thumb.min, thumb.max), (512, vec![-32, 0], vec![32, 2]));
    stage.rebuild();
    assert_eq!(stage.found("tag:own collection:Kit rating:3"), ["Bells 1"]);
    // Removing is deleting, with the same way back.
    stage.studio.remove_library_item(&sound.id).unwrap();
    assert_eq!(stage.found(""), [] as [&str; 0]);
    assert!(matches!(stage.studio.sound(&sound.id), Err(Error::NotFound { .. })));
    stage.studio.restore_library_item(&sound.id).unwrap();
    assert_eq!(stage.found(""), ["Bells 1"]);
    // Its tags are another part of the product's, too.
    let new = NewProject { name: "Drums".to_owned(), defaults: RunDefaults::default() };
    let project = stage.studio.create_project(new).unwrap().id;
    let moved = ProjectItem { list: "sounds".to_owned(), id: sound.id.clone() };
    stage.studio.move_to_project(&project, &moved).unwrap();
    let here = stage.studio.in_project(Some(&project)).unwrap();
    assert_eq!(
        here.library_items(&LibraryAsk { limit: 9, ..LibraryAsk::default() }).unwrap().total,
        1
    );
}

#[test]
fn an_analysis_is_stopped_and_goes_on() {
    let mut stage = Stage::new();
    let place = stage.place("loops", &[("a.wav", "100"), ("b.wav", "slow"), ("c.wav", "120")]);
    let scan = stage.add(FolderSource::Path { path: place.clone() }).unwrap();
    let job = scan.job.unwrap();
    stage.until(|| stage.found("is:analysed") == ["a"]).unwrap();
    // While it runs, nothing else is queued; what is added meanwhile comes after it.
    write(&place.join("d.wav"), "130");
    assert_eq!(stage.studio.scan_library().unwrap().job, Some(job.clone()));
    stage.studio.cancel_job(&job).unwrap();
    stage.wait_state(&job, |state| matches!(state, api::JobState::Stopped { .. }));
    assert_eq!(stage.found("is:new"), ["b", "c", "d"]);
    write(&place.join("b.wav"), "110");
    stage.studio.restart_job(&job).unwrap();
    stage.wait_done(&job);
    stage.until(|| stage.found("is:new") == ["b"] || stage.found("is:new").is_empty()).unwrap();
    // What its studio could not take is taken by the next one.
    let vanishing = stage.place("more", &[("v.wav", "vanish")]);
    let job = stage.add(FolderSource::Path { path: vanishing }).unwrap().job.unwrap();
    stage.wait_state(&job, |state| matches!(state, api::JobState::Interrupted { .. }));
    assert_eq!(stage.found("v.wav is:analysed"), ["v"]);
    stage.rebuild();
    assert!(stage.studio.job(&job).is_ok());
}

#[test]
fn what_cannot_be_added_is_refused_in_words() {
    let stage = Stage::new();
    let place = stage.place("loops", &[("a.wav", "100"), ("b.txt", "text")]);
    let path = |path: PathBuf| stage.add(FolderSource::Path { path });
    assert!(matches!(path("relative".into()), Err(Error::Invalid { key: "path", .. })));
    assert!(matches!(path(place.join("gone")), Err(Error::Io { .. })));
    let refused = path(place.join("b.txt")).unwrap_err().to_string();
    assert!(refused.contains("not a sound file by its name"), "{refused}");
    let refused = path(stage.workspace()).unwrap_err().to_string();
    assert!(refused.contains("lies in the workspace"), "{refused}");
    let one = path(place.join("a.wav")).unwrap();
    stage.wait_done(&one.job.unwrap());
    assert_eq!((one.folders[0].name.as_str(), stage.found("tempo:100").len()), ("a.wav", 1));
    let nobody: Id = "nobody-000001".parse().unwrap();
    let missing = [
        stage.studio.library_item(&nobody).map(drop),
        stage.studio.library_item_file(&nobody).map(drop),
        stage.studio.library_folder(&nobody).map(drop),
        stage.studio.remove_library_item(&nobody),
        stage.studio.restore_library_item(&nobody).map(drop),
        stage.studio.change_library_item(&nobody, &marks(1, &[], &[])).map(drop),
        stage.add(FolderSource::Upload { upload: nobody.clone() }).map(drop),
    ];
    for (i, missing) in missing.into_iter().enumerate() {
        assert!(matches!(missing, Err(Error::NotFound { .. })), "{i}: {missing:?}");
    }
    let id = stage.item("a").id;
    let refused = stage.studio.change_library_item(&id, &marks(6, &[], &[]));
    assert!(matches!(refused, Err(Error::Invalid { key: "rating", .. })), "{refused:?}");
}

#[test]
fn a_folder_goes_into_an_archive_and_what_it_watches_does_not_lead_out_of_one() {
    let stage = Stage::new();
    let new = NewProject { name: "Drums".to_owned(), defaults: RunDefaults::default() };
    let project = stage.studio.create_project(new).unwrap().id;
    let here = stage.studio.in_project(Some(&project)).unwrap();
    let place = stage.place("loops", &[("a.wav", "100")]);
    let add = |source| {
        let new = NewLibraryFolder { name: None, source, is_only_listed: false };
        let scan = here.add_library_folder(new).unwrap();
        stage.wait_done(&scan.job.unwrap());
    };
    add(FolderSource::Path { path: place });
    add(FolderSource::Upload { upload: stage.upload(&[("b.wav", "110")]) });
    let mut archive = Vec::new();
    stage.studio.write_archive(&project, &mut archive).unwrap();
    let copy = stage.studio.read_archive(Some("Copy"), Cursor::new(archive)).unwrap().id;
    let there = stage.studio.in_project(Some(&copy)).unwrap();
    let folders = there.scan_library().unwrap().folders;
    assert!(folders.iter().all(|it| !it.is_watched), "{folders:?}");
    assert_eq!(folders.iter().map(|it| it.n_sounds).sum::<u64>(), 1);
}

#[test]
fn sounds_of_a_project_are_taken_where_they_are_with_its_names_as_tags() {
    let mut stage = Stage::new();
    let place = stage.place("song", &[("kick.wav", "100"), ("sub/bass.wav", "110 A minor")]);
    write(&place.join("Song.rpp"), "");
    let sound = |path: &str, tracks: &[&str]| DawSoundToTake {
        path: place.join(path),
        tracks: tracks.iter().map(|&it| it.to_owned()).collect(),
    };
    let all = [
        sound("kick.wav", &["Drums"]),
        sound("sub/bass.wav", &["Bass, left"]),
        sound("gone.wav", &["Drums"]),
        sound("Song.rpp", &["Drums"]),
    ];
    let taken = stage.studio.take_daw_sounds("My song", &all).unwrap();
    assert_eq!((taken.n_new, taken.n_known, taken.failures.len()), (2, 0, 2), "{taken:?}");
    let scan = taken.scan.unwrap();
    stage.wait_done(&scan.job.unwrap());
    assert_eq!(scan.folders[0].name, "Sounds of My song");
    let bass = stage.item("bass");
    assert_eq!(Path::new(&bass.path), place.join("sub/bass.wav"));
    assert_eq!(bass.tags, ["My song", "Bass  left"]);
    assert_eq!(stage.found("tag:drums"), ["kick"]);
    assert_eq!(
        fs::read(stage.studio.library_item_file(&bass.id).unwrap()).unwrap(),
        b"110 A minor"
    );
    let paths = [place.join("sub/bass.wav"), place.join("gone.wav")];
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    assert_eq!(stage.studio.items_at(&paths).unwrap(), [Some(bass.id.clone()), None]);
    // Taken again, nothing is there twice; one that came meanwhile joins the others.
    write(&place.join("gone.wav"), "120");
    let again = stage.studio.take_daw_sounds("My song", &all[..3]).unwrap();
    assert_eq!((again.n_new, again.n_known), (1, 2), "{again:?}");
    assert_eq!(again.scan.unwrap().folders[0].id, scan.folders[0].id);
    assert_eq!(stage.items("").len(), 3);
    // It is known after the studio was closed, and noticed when a file is gone.
    stage.reopen();
    fs::remove_file(place.join("kick.wav")).unwrap();
    stage.studio.scan_library().unwrap();
    assert_eq!(stage.found("is:missing"), ["kick"]);
}

#[test]
fn projects_are_found_in_folders_of_the_library() {
    let stage = Stage::new();
    let place = stage.place("songs", &[("a.wav", "100"), ("One.rpp", ""), ("x/Two.als", "")]);
    fs::create_dir_all(place.join("Three.logicx/Alternatives/000")).unwrap();
    stage.watch(&place);
    let upload = stage.upload(&[("Four.logicx/Alternatives/000/ProjectData", "")]);
    stage.add(FolderSource::Upload { upload }).unwrap();
    let found = stage.studio.daw_files().unwrap();
    let mut names: Vec<_> = found.projects.iter().map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!((names, found.left_out), (vec!["Four", "One", "Three", "Two"], 0));
    let one = found.projects.iter().find(|it| it.name == "One").unwrap();
    assert_eq!((one.ending.as_str(), one.folder_name.as_str()), ("rpp", "songs"));
}

#[test]
fn a_list_of_files_does_not_lead_out_of_an_archive() {
    let stage = Stage::new();
    let new = NewProject { name: "Songs".to_owned(), defaults: RunDefaults::default() };
    let project = stage.studio.create_project(new).unwrap().id;
    let here = stage.studio.in_project(Some(&project)).unwrap();
    let place = stage.place("song", &[("kick.wav", "100")]);
    let sound = DawSoundToTake { path: place.join("kick.wav"), tracks: vec![] };
    let taken = here.take_daw_sounds("Song", &[sound]).unwrap();
    stage.wait_done(&taken.scan.unwrap().job.unwrap());
    let mut archive = Vec::new();
    stage.studio.write_archive(&project, &mut archive).unwrap();
    let copy = stage.studio.read_archive(Some("Copy"), Cursor::new(archive)).unwrap().id;
    let there = stage.studio.in_project(Some(&copy)).unwrap();
    let folders = there.scan_library().unwrap().folders;
    assert_eq!(folders.iter().map(|it| it.n_sounds).sum::<u64>(), 0, "{folders:?}");
    assert!(folders.iter().all(|it| !it.is_watched));
}

#[test]
fn many_sounds_are_searched_quickly() {
    let n_sounds = if std::env::var_os("SLOW_TESTS").is_some() { 10_000 } else { 2000 };
    let stage = Stage::new();
    let place = stage.folder.path().join("many");
    for i in 0..n_sounds {
        let text = format!("{} A minor {i}", 60 + i % 120);
        write(&place.join(format!("{:02}/sound {i}.wav", i % 40)), &text);
    }
    let timed = |what: &str, limit_ms: u64, act: &mut dyn FnMut() -> u64| {
        let began = std::time::Instant::now();
        let n = act();
        let took = began.elapsed();
        println!("{what}: {took:?}");
        assert!(took < Duration::from_millis(limit_ms), "{what}: {took:?}");
        n
    };
    let mut job = None;
    timed("add them", 20_000, &mut || {
        let scan = stage.add(FolderSource::Path { path: place.clone() }).unwrap();
        job = scan.job;
        scan.n_new
    });
    let job = job.unwrap();
    if n_sounds > 2000 {
        while stage.studio.library_folders().unwrap()[0].n_new > 0 {
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    stage.until(|| stage.studio.library_folders().unwrap()[0].n_new < n_sounds - 10).unwrap();
    stage.studio.cancel_job(&job).ok();
    let ask = |query: &str, sort: &str, offset: u64| {
        let (q, by) = (query.to_owned(), sort.to_owned());
        let ask = LibraryAsk { query: q, sort: by, offset, limit: 200, only: None };
        timed(&format!("search {query:?} by {sort:?} from {offset}"), 1000, &mut || {
            stage.studio.library_items(&ask).unwrap().total
        })
    };
    assert_eq!(ask("", "", 0), n_sounds);
    assert_eq!(ask("", "name", n_sounds - 200), n_sounds);
    assert!(ask("\"sound 77\"", "-tempo", 0) >= 11);
    ask("key:Am tempo:60..124 len<80 lufs>-20 -tag:drums rating<3 sound", "tempo", 0);
    let one = LibraryAsk { query: "is:analysed".to_owned(), limit: 1, ..LibraryAsk::default() };
    let page = stage.studio.library_items(&one).unwrap();
    let first = &page.items[0].id;
    // The first one reads all places; the others find them in memory.
    assert_eq!(ask(&format!("like:{first}"), "", 0), page.total - 1);
    assert_eq!(ask(&format!("like:{first}"), "", 0), page.total - 1);
    ask(&format!("like:{first} tempo:60..124 len<80"), "", 0);
    timed("look through it again", 5000, &mut || stage.studio.scan_library().unwrap().n_new);
    timed("list words", 1000, &mut || stage.studio.library_words().unwrap().len() as u64);
}
