//! Projects in the form of the schema, and our own.

use std::io::Cursor;

use super::*;

const PROJECT: &str = r#"<?xml version="1.0"?><Project version="1.0"><Application name="Bitwig Studio" version="5.0"/>
<Transport><Tempo unit="bpm" value="149" id="id0"/><TimeSignature denominator="8" numerator="6" id="id1"/></Transport>
<Structure>
 <Track contentType="notes" id="id2" name="Group"><Track id="id3" name="Bass"><Channel id="c"><Devices>
   <ClapPlugin deviceName="Diva" deviceID="x"/><Equalizer name="EQ"/></Devices><Volume unit="decibel" value="-6.0206"/><Mute value="true"/></Channel></Track></Track>
 <Track id="id4" name="Vox"/>
 <Track id="id5" name="Main"><Channel role="master"><Volume unit="linear" value="0.5"/></Channel></Track>
</Structure>
<Arrangement><Lanes timeUnit="beats">
 <Lanes track="id3"><Clips><Clip time="4" duration="4" playStart="1" name="line"><Notes>
   <Note time="0" duration="1" key="30" vel="1"/><Note time="1" duration="0.5" key="31" vel="0.5" channel="2"/></Notes></Clip></Clips>
  <Points/></Lanes>
 <Lanes track="id4"><Clips><Clip time="0" duration="8"><Clips><Clip time="2" duration="4" contentTimeUnit="beats" playStart="2"><Warps contentTimeUnit="seconds" timeUnit="beats">
   <Audio channels="1" duration="5" sampleRate="48000"><File path="audio/vox.wav"/></Audio><Warp time="0" contentTime="0"/><Warp time="8" contentTime="4"/></Warps></Clip></Clips></Clip></Clips></Lanes>
</Lanes><Markers><Marker time="12" name="End"/></Markers>
<TempoAutomation timeUnit="beats"><Target parameter="id0"/><RealPoint time="0" value="150" interpolation="hold"/><RealPoint time="8" value="75" interpolation="hold"/></TempoAutomation>
</Arrangement><Scenes/></Project>"#;

fn read_text(text: &str) -> Project {
    let mut project = parse(Path::new("a.dawproject"), text).unwrap();
    project.settle();
    project
}

#[test]
fn everything_is_at_its_place() {
    let project = read_text(PROJECT);
    assert_eq!(project.program, "Bitwig Studio 5.0");
    assert_eq!(
        project.tempos,
        [Tempo { quarter: 0.0, bpm: 150.0 }, Tempo { quarter: 8.0, bpm: 75.0 }]
    );
    assert_eq!(project.meters, [Meter { quarter: 0.0, numerator: 6, denominator: 8 }]);
    assert_eq!(project.markers, [Marker { quarter: 12.0, name: "End".into() }]);
    let names: Vec<_> = project.tracks.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["Group", "Bass", "Vox"]);
    let bass = &project.tracks[1];
    assert_eq!(bass.effects, ["Diva", "EQ"]);
    assert!(bass.is_muted && (bass.volume.unwrap() - 0.5).abs() < 1e-4);
    let notes =
        Content::Notes(vec![Note { start: 0.0, length: 0.5, key: 31, velocity: 64, channel: 2 }]);
    assert_eq!(bass.clips, [Clip { name: "line".into(), start: 4.0, length: 4.0, content: notes }]);
    let form = SoundForm { n_channels: 1, rate_hz: 48_000, length_secs: 5.0 };
    let audio = Content::Audio {
        path: "audio/vox.wav".into(),
        from_secs: 1.0,
        bytes: None,
        form: Some(form),
    };
    assert_eq!(
        project.tracks[2].clips,
        [Clip { name: String::new(), start: 2.0, length: 4.0, content: audio }]
    );
    assert_eq!(project.unread, ["Automation of parameters was not read."]);
}

#[test]
fn what_is_written_is_read_again() {
    let mut project = read_text(PROJECT);
    project.meters.push(Meter { quarter: 6.0, numerator: 3, denominator: 4 });
    project.tracks[0].name = "a <b> & \"c\"".into();
    let archive = write(&project, Cursor::new(Vec::new())).unwrap().into_inner();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.dawproject");
    std::fs::write(&path, archive).unwrap();
    let again = super::super::read(&path).unwrap();
    assert_eq!(
        (&again.tempos, &again.meters, &again.markers),
        (&project.tempos, &project.meters, &project.markers)
    );
    assert_eq!(again.tracks.len(), project.tracks.len(), "the master channel is no track");
    for (a, b) in again.tracks.iter().zip(&project.tracks) {
        assert_eq!((&a.name, a.is_muted, &a.clips), (&b.name, b.is_muted, &b.clips));
    }
}

#[test]
fn a_sound_of_an_unknown_form_has_the_length_of_its_clip() {
    let mut project = read_text(PROJECT);
    let Content::Audio { form, .. } = &mut project.tracks[2].clips[0].content else { panic!() };
    *form = None;
    let written = write::text(&project);
    // Four beats at 150 a minute, from a second of the sound on.
    let written = written.split_once("<Audio ").unwrap().1;
    let said: Vec<&str> = written.split('"').skip(1).step_by(2).take(3).collect();
    assert_eq!((said[0], said[2]), ("2", "44100"));
    assert!((said[1].parse::<f64>().unwrap() - 2.6).abs() < 1e-9, "{said:?}");
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.dawproject");
    std::fs::write(&path, b"PK\x03\x04 and nothing else").unwrap();
    assert!(matches!(read(&path), Err(Error::Malformed { .. })));
    assert!(parse(&path, "<Other/>").is_err());
    assert!(matches!(super::super::read(Path::new("a.flp")), Err(Error::Unsupported { .. })));
}
