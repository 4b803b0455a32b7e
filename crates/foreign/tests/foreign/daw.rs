//! Hostile projects of audio workstations: reading ends, does not panic, and what was read can be written.

use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use foreign::daw::{self, Content, Project};
use proptest::prelude::*;

use crate::hostile::config;

/// A project with something of everything.
fn project() -> Project {
    let note = |start, key| daw::Note { start, length: 0.5, key, velocity: 90, channel: 0 };
    let clip = |content| daw::Clip { name: "a & b".into(), start: 1.0, length: 4.0, content };
    let track = |name: &str, content| daw::Track {
        name: name.into(),
        volume: Some(0.7),
        effects: vec!["EQ".into()],
        clips: vec![clip(content)],
        ..daw::Track::default()
    };
    Project {
        program: String::new(),
        key: None,
        tempos: vec![
            daw::Tempo { quarter: 0.0, bpm: 120.0 },
            daw::Tempo { quarter: 8.0, bpm: 90.0 },
        ],
        meters: vec![daw::Meter { quarter: 0.0, numerator: 3, denominator: 4 }],
        markers: vec![daw::Marker { quarter: 3.0, name: "\"B\"".into() }],
        tracks: vec![
            track("Keys", Content::Notes(vec![note(0.0, 60), note(1.0, 64)])),
            track(
                "Loop",
                Content::Audio { path: "a.wav".into(), from_secs: 0.5, bytes: None, form: None },
            ),
        ],
        unread: vec![],
    }
}

/// Reads bytes as a project with this ending; writes what was read in both forms.
fn check(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read_and_write(&path);
}

fn read_and_write(path: &Path) {
    let Ok(found) = daw::read(path) else { return };
    assert!(!found.tempos.is_empty() && !found.meters.is_empty());
    let _ = daw::write_reaper(&found);
    daw::write_dawproject(&found, std::io::Cursor::new(Vec::new())).unwrap();
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Some changes of bytes, then a cut.
fn damaged(
    mut bytes: Vec<u8>,
    changes: &[(prop::sample::Index, u8)],
    cut: Option<prop::sample::Index>,
) -> Vec<u8> {
    for (at, byte) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()));
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    proptest::collection::vec(
        (
            any::<prop::sample::Index>(),
            prop_oneof![any::<u8>(), prop::sample::select(&b"<>/\"'=& 0919-e."[..])],
        ),
        0..6,
    )
}

fn cut() -> impl Strategy<Value = Option<prop::sample::Index>> {
    prop_oneof![3 => Just(None), 1 => any::<prop::sample::Index>().prop_map(Some)]
}

/// The set of Ableton Live of the unit tests, which has something of everything.
fn set() -> Vec<u8> {
    let source = include_str!("../../src/daw/ableton/tests.rs");
    let start = source.find("<?xml").unwrap();
    let end = source.find("</Ableton>").unwrap() + "</Ableton>".len();
    source.as_bytes()[start..end].to_vec()
}

/// The content of `project.xml` of a project of ours.
fn text_of_dawproject() -> Vec<u8> {
    let archive = daw::write_dawproject(&project(), std::io::Cursor::new(Vec::new())).unwrap();
    let mut archive = zip::ZipArchive::new(archive).unwrap();
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name("project.xml").unwrap(), &mut text).unwrap();
    text
}

/// An archive with this `project.xml`, stored as it is.
fn archive_of(text: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file("project.xml", stored).unwrap();
    archive.write_all(text).unwrap();
    archive.finish().unwrap().into_inner()
}

fn logic() -> Vec<u8> {
    let bytes = include_bytes!("../fixtures/logic/F23_av.gz");
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut GzDecoder::new(&bytes[..]), &mut out).unwrap();
    out
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn hostile_reaper_projects(changes in changes(), cut in cut()) {
        check("a.rpp", &damaged(daw::write_reaper(&project()).into_bytes(), &changes, cut));
    }

    #[test]
    fn hostile_ableton_sets(changes in changes(), cut in cut()) {
        check("a.als", &gzipped(&damaged(set(), &changes, cut)));
    }

    #[test]
    fn hostile_dawprojects(changes in changes(), cut in cut()) {
        check("a.dawproject", &archive_of(&damaged(text_of_dawproject(), &changes, cut)));
    }

    #[test]
    fn hostile_dawproject_archives(changes in changes(), cut in cut()) {
        check("a.dawproject", &damaged(archive_of(&text_of_dawproject()), &changes, cut));
    }

    #[test]
    fn hostile_logic_projects(changes in changes(), cut in cut(), in_events in any::<bool>()) {
        let mut bytes = logic();
        // The first 4 kB of a record's content are where its events are; most of the file is not read.
        let at = bytes.windows(4).position(|it| it == b"qSvE").unwrap();
        if in_events {
            bytes.drain(0x18..at);
        }
        check("a.logicx", &damaged(bytes, &changes, cut));
    }
}
