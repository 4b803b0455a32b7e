//! Archives as people make them of the folder of a project.

use std::io::Cursor;

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

const SET: &str = "<Ableton Creator=\"Ableton Live 11.3\"><LiveSet><Tracks/></LiveSet></Ableton>";
const REAPER: &str = "<REAPER_PROJECT 0.1 \"7.0\" 1\n  TEMPO 97 4 4\n>\n";

fn gzipped(text: &str) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logic");
    let file = File::open(folder.join(format!("{name}.gz"))).unwrap();
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Reads an archive with these files.
fn of(files: &[(&str, &[u8])]) -> (Result<Project, Error>, BTreeMap<String, u64>) {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Song.ZIP");
    std::fs::write(&path, archive.finish().unwrap().into_inner()).unwrap();
    (super::super::read(&path), super::super::files_inside(&path).unwrap())
}

#[test]
fn projects_of_each_program_are_read_where_they_lie() {
    let (found, inside) = of(&[
        ("Song/Media/kick.wav", b"RIFF"),
        ("Song/song.RPP", REAPER.as_bytes()),
        ("Song/song.rpp-bak", b""),
        ("__MACOSX/Song/._song.RPP", b"x"),
    ]);
    let found = found.unwrap();
    assert_eq!((found.program.as_str(), found.tempos[0].bpm), ("REAPER 7.0", 97.0));
    assert_eq!(inside["Song/Media/kick.wav"], 4);
    assert!(!inside.keys().any(|it| it.contains("__MACOSX")), "{inside:?}");
    let backup = gzipped("<Ableton Creator=\"an earlier state\"><LiveSet/></Ableton>");
    let set = gzipped(SET);
    let (found, _) = of(&[("S Project/Backup/s [1].als", &backup), ("S Project/s.als", &set)]);
    assert_eq!(found.unwrap().program, "Ableton Live 11.3");
    let (found, _) = of(&[
        ("in/Song.logicx/Alternatives/000/ProjectData", &fixture("F4b_midinotes")),
        ("in/Song.logicx/Alternatives/001/ProjectData", b"another"),
        (
            "in/Song.logicx/Alternatives/000/MetaData.plist",
            &fixture("F4b_midinotes.MetaData.plist"),
        ),
        (
            "in/Song.logicx/Resources/ProjectInformation.plist",
            &fixture("F4b_midinotes.ProjectInformation.plist"),
        ),
    ]);
    let found = found.unwrap();
    assert!(found.program.starts_with("Logic Pro") && found.key.is_some(), "{found:?}");
    assert_eq!(found.tracks[0].clips[0].name, "Inst 1");
}

#[test]
fn the_project_that_lies_least_deep_is_meant_and_one_of_several_is_asked_for() {
    let rpp = REAPER.as_bytes();
    let (found, _) = of(&[("a/Media/loop.rpp", b"deeper"), ("a/song.rpp", rpp)]);
    assert!(found.is_ok());
    let refused = |files: &[(&str, &[u8])], why: &str| {
        let error = of(files).0.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    refused(&[("a/one.rpp", rpp), ("a/two.als", rpp)], "several projects (a/one.rpp, a/two.als)");
    refused(&[("a/song.dawproject", b"PK")], "an archive in an archive");
    refused(&[("kick.wav", b"RIFF")], "no project in it");
    refused(&[("x.logicx/Alternatives/ProjectData", b"")], "no project in it");
    refused(&[("song.rpp", b"\xff\xfe")], "it is not text");
}

#[test]
fn names_lead_nowhere_and_a_file_has_the_size_that_is_asked_for_at_most() {
    let (found, inside) = of(&[("song.rpp", REAPER.as_bytes()), ("../../up.wav", &[7; 100])]);
    assert!(found.is_ok() && inside.len() == 1, "{inside:?}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("a.wav", SimpleFileOptions::default()).unwrap();
    archive.write_all(&[0; 1 << 16]).unwrap();
    std::fs::write(&path, archive.finish().unwrap().into_inner()).unwrap();
    let mut out = Vec::new();
    assert_eq!(take_out(&path, "a.wav", 1 << 16, &mut out).unwrap(), 1 << 16);
    assert!(take_out(&path, "a.wav", 1000, &mut out).is_err());
    assert!(take_out(&path, "b.wav", 1000, &mut out).is_err());
}
