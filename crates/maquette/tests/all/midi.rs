//! MIDI files and projects of workstations on the command line.

use std::fs;

use crate::program::{json, run, text};

/// A file with a scale of eight quarter notes, all 20 of 480 ticks late.
fn scale() -> Vec<u8> {
    let mut track = vec![0, 0xff, 0x51, 3, 0x07, 0xa1, 0x20];
    for (i, key) in [60u8, 62, 64, 65, 67, 69, 71, 72].into_iter().enumerate() {
        let late = if i == 0 { 20 } else { 80 };
        // 400 ticks long.
        track.extend([late, 0x90, key, 90, 0x83, 0x10, key, 0]);
    }
    track.extend([0, 0xff, 0x2f, 0]);
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk".to_vec();
    bytes.extend((track.len() as u32).to_be_bytes());
    bytes.extend(track);
    bytes
}

#[test]
fn midi_files_are_checked_quantised_and_rendered() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(path("a.mid"), scale()).unwrap();
    let here = folder.path();
    let report = json(here, &["midi", "check", &path("a.mid")]);
    assert_eq!((&report["notes"], &report["key"]), (&8.into(), &"C major".into()));
    assert_eq!(report["is_valid"], true);
    let quantise = ["midi", "quantise", &path("a.mid"), "-o", &path("b.mid")];
    let done = json(here, &quantise);
    assert_eq!((&done["notes"], &done["moved"]), (&8.into(), &8.into()));
    // Nothing is overwritten by accident.
    let again = run(here, &quantise);
    assert!(!again.status.success() && text(&again.stderr).contains("exists"));
    let render = ["midi", "render", &path("b.mid"), "-o", &path("b.wav"), "--rate", "8000"];
    assert!(run(here, &render).status.success());
    assert_eq!(&fs::read(path("b.wav")).unwrap()[..4], b"RIFF");
    let words = text(&run(here, &["midi", "check", &path("b.mid")]).stdout);
    assert!(words.contains("120.00 bpm") && words.contains("It follows the standard."), "{words}");
}

#[test]
fn parts_are_written_and_projects_converted() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(path("a.mid"), scale()).unwrap();
    let here = folder.path();
    let (input, drums) = (path("a.mid"), path("drums"));
    let write = ["midi", "write", "drums", "--for", &input, "--seed", "7"];
    let write = [&write[..], &["--variations", "3", "-o", &drums]].concat();
    let done = json(here, &write);
    assert_eq!(done["files"].as_array().unwrap().len(), 3);
    let harmonise = ["midi", "harmonise", &path("a.mid"), "-o", &path("h.mid")];
    assert_eq!(json(here, &harmonise)["parallels"], 0);
    let convert = ["daw", "convert", &path("h.mid"), "-o", &path("h.rpp")];
    assert_eq!(json(here, &convert)["tracks"], 4);
    let read = json(here, &["daw", "read", &path("h.rpp")]);
    assert_eq!(read["tracks"][0]["name"], "Soprano");
    // A sound that is elsewhere is found there by its name.
    let sound = "<REAPER_PROJECT 0.1 \"7.0\" 0\n  <TRACK\n    <ITEM\n      LENGTH 1\n      <SOURCE WAVE\n        \
                 FILE \"D:\\Old\\Kick.wav\"\n      >\n    >\n  >\n>\n";
    fs::write(path("s.rpp"), sound).unwrap();
    fs::create_dir(path("sounds")).unwrap();
    fs::write(path("sounds/kick.WAV"), "").unwrap();
    let clip = |args: &[&str]| json(here, args)["tracks"][0]["clips"][0].clone();
    assert_eq!(clip(&["daw", "read", &path("s.rpp")])["is_found"], false);
    let found = clip(&["daw", "read", &path("s.rpp"), "--sounds", &path("sounds")]);
    assert!(found["found_at"].as_str().unwrap().ends_with("kick.WAV"), "{found}");
    let missing = run(here, &["daw", "read", &path("none.als")]);
    assert!(text(&missing.stderr).contains("what to do"));
}

#[test]
fn a_sound_becomes_a_project_with_its_bars_where_they_are_heard() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let here = folder.path();
    // A scale at 120 bpm, heard as a sound.
    fs::write(path("a.mid"), scale()).unwrap();
    let render = ["midi", "render", &path("a.mid"), "-o", &path("a.wav"), "--rate", "22050"];
    assert!(run(here, &render).status.success());
    for ending in ["rpp", "dawproject"] {
        let output = path(&format!("take.{ending}"));
        let made = json(here, &["daw", "from-sound", &path("a.wav"), "-o", &output]);
        let read = json(here, &["daw", "read", &output]);
        let clip = &read["tracks"][0]["clips"][0];
        assert_eq!(clip["is_found"], true, "{read}");
        let starts_s = made["starts_s"].as_f64().unwrap();
        assert!((clip["at_s"].as_f64().unwrap() - starts_s).abs() < 1e-6, "{made} {read}");
        let markers = read["markers"].as_array().unwrap().len();
        assert_eq!(made["markers"], markers, "{read}");
        assert_eq!(made["tempo_changes"], read["tempos"].as_array().unwrap().len() - 1);
    }
    let wrong = run(here, &["daw", "from-sound", &path("a.wav"), "-o", &path("a.als")]);
    assert!(text(&wrong.stderr).contains(".rpp or .dawproject"));
}

#[test]
fn notes_of_the_library_are_edited_into_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let workspace = folder.path().join("workspace");
    fs::create_dir(path("songs")).unwrap();
    fs::write(path("songs/scale.mid"), scale()).unwrap();
    json(&workspace, &["library", "add", &path("songs"), "--only-list"]);
    let found = json(&workspace, &["library", "search"]);
    let id = found["items"][0]["id"].as_str().unwrap();
    let notes = json(&workspace, &["library", "notes", id]);
    assert_eq!(notes["tracks"][0]["notes"].as_array().unwrap().len(), 8);
    assert_eq!(notes["tracks"][0]["notes"][1], serde_json::json!([500, 400, 62, 90, 0]));
    let edit = serde_json::json!({
        "sha256": notes["sha256"],
        "tracks": [{
            "track": 0,
            "removed": [7],
            "changed": [{ "note": 1, "start": 480, "length": 480, "key": 63, "velocity": 50 }],
            "added": [{ "start": 0, "length": 20, "key": 40, "velocity": 1 }],
        }],
    });
    fs::write(path("edit.json"), edit.to_string()).unwrap();
    let ask = ["library", "edit-notes", id, &path("edit.json"), "--name", "Minor"];
    let saved = json(&workspace, &ask);
    let new = saved["item"]["id"].as_str().unwrap();
    assert_eq!(
        (&saved["item"]["name"], &saved["changed_from"]["item"]),
        (&"Minor".into(), &id.into())
    );
    assert_eq!(
        saved["changed_from"]["edited"],
        serde_json::json!({"added": 1, "changed": 1, "removed": 1})
    );
    let after = json(&workspace, &["library", "notes", new]);
    let all = after["tracks"][0]["notes"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]), (8, &serde_json::json!([0, 20, 40, 1, 0])));
    assert!(all.contains(&serde_json::json!([480, 480, 63, 50, 0])), "{after}");
    assert_eq!(after["tempos"], notes["tempos"]);
    // The old file is as it was, byte by byte; so an edit of another file is refused.
    assert_eq!(fs::read(path("songs/scale.mid")).unwrap(), scale());
    let refused = run(&workspace, &["library", "edit-notes", new, &path("edit.json")]);
    assert!(text(&refused.stderr).contains("has changed since"), "{}", text(&refused.stderr));
    fs::write(path("odd.json"), r#"{"tracks": [{"track": 9}]}"#).unwrap();
    let refused = run(&workspace, &["library", "edit-notes", id, &path("odd.json")]);
    assert!(
        text(&refused.stderr).contains("The notes were not saved"),
        "{}",
        text(&refused.stderr)
    );
    let listed = text(&run(&workspace, &["library", "notes", id]).stdout);
    assert!(listed.starts_with("480 ticks a quarter note"), "{listed}");
}
