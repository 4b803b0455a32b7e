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
    let missing = run(here, &["daw", "read", &path("none.als")]);
    assert!(text(&missing.stderr).contains("what to do"));
}
