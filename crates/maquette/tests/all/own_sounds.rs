//! Sounds of one's own on the command line and over HTTP: added, analysed, searched, marked, written for others.

use std::fs;

use serde_json::Value;

use crate::program::{json, run, text, write_sounds};

#[test]
fn sounds_are_added_searched_marked_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let sounds = folder.path().join("sounds");
    write_sounds(&sounds);
    fs::write(sounds.join("broken.mp3"), "no sound").unwrap();
    // Three tones, and one that is broken; a text is no sound.
    let (n_sounds, n_files) = (4, fs::read_dir(&sounds).unwrap().count());
    let added = json(&workspace, &["library", "add", sounds.to_str().unwrap(), "--follow"]);
    assert_eq!(added["folders"][0]["n_sounds"], n_sounds, "{added}");
    assert_eq!(added["folders"][0]["n_new"], 0, "{added}");
    let search = |query: &[&str]| -> Vec<Value> {
        let page = json(&workspace, &[&["library", "search"], query].concat());
        page["items"].as_array().unwrap().clone()
    };
    assert_eq!(search(&[]).len(), n_sounds);
    assert_eq!(search(&["is:failed"])[0]["name"], "broken");
    let good = search(&["is:analysed", "--sort", "-length"]);
    assert_eq!(good.len(), n_sounds - 1);
    assert!(good[0]["seconds"].as_f64().unwrap() > 0.0, "{good:?}");
    let id = good[0]["id"].as_str().unwrap();
    let marked = ["library", "mark", id, "--rating", "4", "--tags", "dark,long"];
    assert_eq!(json(&workspace, &marked)["item"]["rating"], 4);
    assert_eq!(search(&["rating>=4", "tag:dark"])[0]["id"], id);
    let shown = text(&run(&workspace, &["library", "show", id]).stdout);
    assert!(shown.contains("4 of 5") && shown.contains("dark, long"), "{shown}");
    let file = folder.path().join("found.csv");
    let export = ["library", "export", id, "--form", "csv", "-o", file.to_str().unwrap()];
    json(&workspace, &export);
    assert!(fs::read_to_string(&file).unwrap().starts_with("start_s,end_s,kind,label\r\n"));
    let refused = run(&workspace, &export);
    assert!(!refused.status.success(), "it is not overwritten");
    let refused = run(&workspace, &["library", "search", "tempo:fast"]);
    let said = text(&refused.stderr);
    assert!(said.contains("takes a number or a range, like `tempo:118..124`"), "{said}");
    // Similar sounds, to one that is named, one that has an identifier, and one that is nowhere in the library.
    let name = good[0]["name"].as_str().unwrap();
    let similar = |sound: &str| json(&workspace, &["library", "similar", sound, "--limit", "2"]);
    let by_name = similar(name);
    assert_eq!((by_name["total"].as_u64(), &by_name), (Some(2), &similar(id)));
    let shares: Vec<f64> = by_name["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["similarity"].as_f64().unwrap())
        .collect();
    assert!(shares.len() == 2 && shares[0] >= shares[1] && shares[1] > 0.0, "{shares:?}");
    let elsewhere = folder.path().join("elsewhere.wav");
    fs::copy(good[0]["path"].as_str().unwrap(), &elsewhere).unwrap();
    let by_file = similar(elsewhere.to_str().unwrap());
    assert_eq!((&by_file["items"][0]["id"], &by_file["total"]), (&good[0]["id"], &3.into()));
    assert!(by_file["items"][0]["similarity"].as_f64().unwrap() > 0.999, "{by_file}");
    assert_eq!(search(&[&format!("like:{id}")]).len(), 2);
    let shown = text(&run(&workspace, &["library", "similar", id]).stdout);
    assert!(shown.contains("similar\n") && shown.contains(" %\n"), "{shown}");
    for (sound, said) in [("nothing", "There is no sound"), ("broken", "not analysed")] {
        let refused = run(&workspace, &["library", "similar", sound]);
        assert!(text(&refused.stderr).contains(said), "{}", text(&refused.stderr));
    }
    json(&workspace, &["library", "remove", "sounds"]);
    assert_eq!(search(&[]).len(), 0);
    assert_eq!(json(&workspace, &["trash", "list"])[0]["list"], "folders");
    assert_eq!(fs::read_dir(&sounds).unwrap().count(), n_files);
}

#[test]
fn found_notes_are_corrected_exported_and_brought_back() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let sounds = folder.path().join("sounds");
    write_sounds(&sounds);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    json(&workspace, &["library", "add", sounds.to_str().unwrap(), "--follow"]);
    let items = json(&workspace, &["library", "search", "is:analysed"])["items"].clone();
    let id = items[0]["id"].as_str().unwrap();
    let found = json(&workspace, &["library", "notes", id]);
    let note = r#"[{"start_s": 0.1, "end_s": 0.25, "key": 59, "cents_off": 0, "velocity": 77}]"#;
    fs::write(path("notes.json"), note).unwrap();
    let shown = json(&workspace, &["library", "correct-notes", id, &path("notes.json")]);
    assert_eq!(shown["analysis"]["melody"][0]["key"], 59, "{shown}");
    assert_eq!(shown["found"]["melody"], found, "what was found stays");
    let listed = text(&run(&workspace, &["library", "notes", id]).stdout);
    assert!(listed.contains("0.250") && listed.contains("77"), "{listed}");
    // Every form has the corrected note.
    let export = |form: &str, name: &str| {
        let args = ["library", "export", id, "--form", form, "-o", &path(name), "--force"];
        json(&workspace, &args);
        fs::read(path(name)).unwrap()
    };
    for (form, expected) in [
        ("json", "\"key\": 59"),
        ("csv", "0.100000,0.250000,note,B3"),
        ("jams", "note_midi"),
        ("audacity", "0.100000\t0.250000\tnote B3"),
        ("sonic-visualiser-notes", "label=\"B3\""),
    ] {
        let bytes = text(&export(form, "out"));
        assert!(bytes.contains(expected), "{form}: {bytes}");
    }
    // Out as MIDI and in again, as from a DAW: the same note.
    export("midi", "out.mid");
    json(&workspace, &["library", "found-notes", id]);
    assert_eq!(json(&workspace, &["library", "notes", id]), found);
    let shown = json(&workspace, &["library", "correct-notes", id, &path("out.mid")]);
    let note = &shown["analysis"]["melody"][0];
    let near = |key: &str, at: f64| (note[key].as_f64().unwrap() - at).abs() < 2e-3;
    assert!(near("start_s", 0.1) && near("end_s", 0.25) && note["key"] == 59, "{note}");
    for (file, said) in [("nothing.json", "Failed to open"), ("out", "is no list of notes")] {
        let refused = run(&workspace, &["library", "correct-notes", id, &path(file)]);
        assert!(text(&refused.stderr).contains(said), "{}", text(&refused.stderr));
    }
}
