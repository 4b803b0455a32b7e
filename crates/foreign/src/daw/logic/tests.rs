//! Projects that Logic Pro saved, whose content is known; see the fixtures' README.

use flate2::read::GzDecoder;

use super::*;

fn bytes_of(name: &str) -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/logic/{name}.gz"));
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn project(name: &str) -> Project {
    let mut project = parse(Path::new(name), &bytes_of(name)).unwrap();
    project.settle();
    project
}

#[test]
fn tempos_and_meters_are_at_their_places() {
    let found = project("F9_tempometer");
    let tempos: Vec<_> = found.tempos.iter().map(|it| (it.quarter, it.bpm)).collect();
    assert_eq!(tempos, [(0.0, 120.0), (4.0, 132.0), (8.0, 96.0), (16.0, 150.0)]);
    let meters: Vec<_> =
        found.meters.iter().map(|it| (it.quarter, it.numerator, it.denominator)).collect();
    assert_eq!(meters, [(0.0, 4, 4), (4.0, 3, 4), (7.0, 7, 8)]);
    let meters: Vec<_> =
        project("F10_sigs").meters.iter().map(|it| (it.numerator, it.denominator)).collect();
    assert_eq!(meters, [(4, 4), (5, 8), (9, 16), (11, 2)]);
}

#[test]
fn markers_have_their_names() {
    let found = project("F11_markers");
    let places: Vec<_> = found.markers.iter().map(|it| it.quarter).collect();
    // Bars 2, 4 and 6.
    assert_eq!(places, [4.0, 12.0, 20.0]);
    assert!(
        found.markers.iter().all(|it| !it.name.is_empty() && !it.name.contains('\\')),
        "{:?}",
        found.markers
    );
}

#[test]
fn notes_are_those_that_were_drawn() {
    let found = project("F4b_midinotes");
    let clip = &found.tracks[0].clips[0];
    assert_eq!((clip.name.as_str(), clip.start, clip.length), ("Inst 1", 0.0, 4.0));
    let note = |start, length, key, velocity| Note { start, length, key, velocity, channel: 0 };
    let expected = vec![note(0.0, 0.25, 36, 32), note(1.0, 0.5, 60, 64), note(2.0, 1.0, 84, 100)];
    assert_eq!(clip.content, Content::Notes(expected));
}

#[test]
fn tracks_have_their_names_and_regions() {
    let found = project("F23_av");
    let names: Vec<_> = found.tracks.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["Inst 1", "Inst 2", "Inst 3", "Inst 4", "047", "048", "049"]);
    for track in &found.tracks[..4] {
        assert_eq!((track.clips.len(), track.clips[0].length), (1, 4.0));
    }
    for track in &found.tracks[4..] {
        let Content::Audio { path, from_secs, .. } = &track.clips[0].content else {
            panic!("{track:?}")
        };
        assert_eq!(
            (path.as_str(), *from_secs),
            (format!("Audio Files/{}.wav", track.name).as_str(), 0.0)
        );
        assert_eq!(track.clips[0].name, track.name);
        assert!(track.clips[0].length > 0.0);
    }
}

#[test]
fn plug_ins_have_the_names_of_their_channels() {
    let bytes = bytes_of("F23_av");
    let records = records(Path::new("a"), &bytes, &mut Vec::new()).unwrap();
    let channel_of = |name: &str| {
        let objects = records.iter().filter(|it| &it.kind == b"ivnE");
        let mut named = objects.filter(|it| text_at(it.content, 0x9e).as_deref() == Some(name));
        plugins::channel_of(named.next().unwrap().content).unwrap()
    };
    // The metronome's instrument is the only plug-in of the project.
    assert_eq!(plugins::of_channel(&records, channel_of("Click")), ["Klopfgeist"]);
    let numbers = ["047", "048", "049", "Inst 1", "Inst 4", "Click"].map(channel_of);
    assert_eq!(numbers, [0, 1, 2, 40, 43, 44]);
    for name in ["047", "Inst 1"] {
        assert!(plugins::of_channel(&records, channel_of(name)).is_empty(), "{name}");
    }
}

#[test]
fn the_folder_says_key_and_version() {
    let folder = tempfile::tempdir().unwrap();
    let song = folder.path().join("Song.logicx");
    let data = song.join("Alternatives/000");
    fs::create_dir_all(&data).unwrap();
    fs::create_dir_all(song.join("Resources")).unwrap();
    fs::write(data.join("ProjectData"), bytes_of("F4b_midinotes")).unwrap();
    fs::write(data.join("MetaData.plist"), bytes_of("F4b_midinotes.MetaData.plist")).unwrap();
    let information = song.join("Resources/ProjectInformation.plist");
    fs::write(&information, bytes_of("F4b_midinotes.ProjectInformation.plist")).unwrap();
    let found = read(&song).unwrap();
    assert_eq!(found.program, "Logic Pro 11.2.2 (6387)");
    assert_eq!(found.key.as_deref(), Some("C major"));
    // Without them it is read all the same.
    fs::write(&information, "damaged").unwrap();
    fs::remove_file(data.join("MetaData.plist")).unwrap();
    let found = read(&song).unwrap();
    assert_eq!((found.program.as_str(), found.key), ("Logic Pro", None));
    assert_eq!(found.tracks[0].clips.len(), 1);
}

#[test]
fn damaged_data_are_read_up_to_the_damage() {
    let whole = bytes_of("F23_av");
    assert!(parse(Path::new("a"), &whole[..0x18]).is_err());
    assert!(parse(Path::new("a"), b"something else").is_err());
    let cut = parse(Path::new("a"), &whole[..whole.len() / 2]).unwrap();
    assert!(cut.unread.iter().any(|it| it.contains("more than are left")));
}
