//! Similar sounds, and what an earlier version of the program found in sounds.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::{Analysis, Id, LibraryPage, SimilarAsk};
use studio::{Error, LibraryAsk};

use crate::{
    library::{marks, write},
    stage::Stage,
};

/// Where the analysis of each content is kept.
fn analyses(workspace: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for letters in fs::read_dir(workspace.join("analysed")).unwrap() {
        let contents = fs::read_dir(letters.unwrap().path()).unwrap();
        found.extend(contents.map(|it| it.unwrap().path().join("analysis.json")));
    }
    found
}

#[test]
fn what_an_earlier_version_found_stays_and_is_analysed_again() {
    let mut stage = Stage::new();
    let place =
        stage.place("loops", &[("a.wav", "60 A minor"), ("b.wav", "90"), ("torn.mp3", "bad")]);
    stage.watch(&place);
    stage.studio.change_library_item(&stage.item("a").id, &marks(4, &["good"], &[])).unwrap();
    for path in analyses(&stage.workspace()) {
        let found: Analysis = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let earlier = Analysis { format: 1, place: vec![], phrases: vec![], ..found };
        fs::write(&path, serde_json::to_vec(&earlier).unwrap()).unwrap();
    }
    stage.rebuild();
    // The database was lost, so files are read again for their hashes; nothing else is asked of them yet.
    let scan = stage.studio.scan_library().unwrap();
    let again = |stage: &Stage| {
        let item = stage.item("a");
        (item.is_analysed, item.is_outdated, item.tempo_bpm, item.tags)
    };
    let good = vec!["good".to_owned()];
    stage
        .until(|| stage.found("is:outdated").is_empty() && stage.found("is:new").is_empty())
        .unwrap();
    stage.wait_done(&scan.job.unwrap());
    assert_eq!(again(&stage), (true, false, Some(60.0), good.clone()));
    // With the database, what is outdated is listed as it was until it is analysed.
    for path in analyses(&stage.workspace()) {
        let found: Analysis = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let earlier = Analysis { format: 1, place: vec![], ..found };
        fs::write(&path, serde_json::to_vec(&earlier).unwrap()).unwrap();
    }
    // Marking a content reads it again.
    stage.studio.change_library_item(&stage.item("a").id, &marks(5, &["good"], &[])).unwrap();
    assert_eq!(again(&stage), (true, true, Some(60.0), good.clone()));
    let shown = stage.studio.library_item(&stage.item("a").id).unwrap().analysis.unwrap();
    assert_eq!((shown.format, shown.key.as_deref()), (1, Some("A minor")));
    assert_eq!(stage.found("is:outdated is:analysed key:Am"), ["a"]);
    assert_eq!(stage.studio.library_folders().unwrap()[0].n_new, 1);
    let refused = stage.studio.similar_library_items(&stage.item("a").id, 5).unwrap_err();
    assert!(refused.to_string().contains("earlier version"), "{refused}");
    let scan = stage.studio.scan_library().unwrap();
    assert_eq!((scan.n_new, scan.folders[0].n_new), (0, 1));
    stage.wait_done(&scan.job.unwrap());
    assert_eq!(again(&stage), (true, false, Some(60.0), good));
    assert_eq!(stage.studio.library_folders().unwrap()[0].n_new, 0);
    assert_eq!(stage.studio.scan_library().unwrap().job, None, "once is enough");
}

#[test]
fn similar_sounds_are_listed_by_how_similar_they_are() {
    let mut stage = Stage::new();
    let files = [
        ("a.wav", "100"),
        ("copy.wav", "100"),
        ("near.wav", "105 A minor"),
        ("far.wav", "300"),
        ("silent.wav", "quiet"),
        ("torn.mp3", "bad"),
        ("song.mid", "bad"),
    ];
    stage.watch(&stage.place("loops", &files));
    let names = |page: LibraryPage| -> Vec<(String, Option<u32>)> {
        let percent = |it: f64| (100.0 * it).round() as u32;
        page.items.into_iter().map(|it| (it.name, it.similarity.map(percent))).collect()
    };
    let ask = |query: &str, sort: &str, offset, limit| {
        let (query, sort) = (query.to_owned(), sort.to_owned());
        let ask = LibraryAsk { query, sort, offset, limit, ..LibraryAsk::default() };
        stage.studio.library_items(&ask)
    };
    assert_eq!(stage.found("kind:midi"), ["song"]);
    assert_eq!(stage.found("kind:sound is:failed"), ["torn"]);
    assert_eq!(stage.found("is:film"), [] as [&str; 0]);
    let [a, silent] = ["a", "silent"].map(|name| stage.item(name).id);
    let like = format!("like:{a}");
    let all = names(stage.studio.similar_library_items(&a, 9).unwrap());
    assert_eq!(all.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["copy", "near", "far"]);
    assert_eq!(all[0].1, Some(100), "equal files are the same");
    assert!(all[1].1 < Some(100) && all[1].1 > all[2].1, "{all:?}");
    assert_eq!(names(ask(&like, "", 0, 9).unwrap()), all);
    assert_eq!(names(ask(&format!("{like} key:Am"), "", 0, 9).unwrap()), all[1..2]);
    let part = ask(&like, "", 1, 1).unwrap();
    assert_eq!((part.total, names(part)), (3, all[1..2].to_vec()));
    let by_tempo = names(ask(&like, "-tempo", 0, 9).unwrap());
    assert_eq!(
        by_tempo.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(),
        ["far", "near", "copy"]
    );
    assert_eq!(by_tempo[0], all[2]);
    assert_eq!(stage.items("a")[0].similarity, None);
    // What is nowhere in the library is compared by its place.
    let near = |place: Vec<f32>| {
        let ask = SimilarAsk { place, limit: None };
        stage.studio.library_items_near(&ask, 2).map(names)
    };
    let found = near(vec![30.0, 1.0]).unwrap();
    assert_eq!((found.len(), found[0].clone()), (2, ("far".to_owned(), Some(100))));
    assert_eq!(near(vec![30.0]).unwrap(), []);
    for wrong in [vec![], vec![f32::NAN], vec![0.0; 1000]] {
        assert!(matches!(near(wrong), Err(Error::Invalid { key: "place", .. })));
    }
    // What cannot be compared says why.
    let said = |query: &str| ask(query, "", 0, 9).unwrap_err().to_string();
    assert!(said(&format!("like:{silent}")).contains("silent or no sound"));
    assert!(said("like:nobody-000001").contains("no such sound"));
    assert!(said(&format!("like:{}", stage.item("torn").id)).contains("not analysed"));
    let nobody: Id = "nobody-000001".parse().unwrap();
    let missing = stage.studio.similar_library_items(&nobody, 5);
    assert!(matches!(missing, Err(Error::NotFound { .. })));
    // What is analysed anew is compared as it is then, and so is what another studio reads.
    write(&stage.folder.path().join("loops/far.wav"), "101");
    stage.wait_done(&stage.studio.scan_library().unwrap().job.unwrap());
    let now = names(stage.studio.similar_library_items(&a, 9).unwrap());
    assert_eq!(now[1].0, "far");
    stage.rebuild();
    stage.wait_done(&stage.studio.scan_library().unwrap().job.unwrap());
    assert_eq!(names(stage.studio.similar_library_items(&a, 9).unwrap()), now);
}
