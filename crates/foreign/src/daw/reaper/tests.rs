//! Projects as REAPER writes them, and our own.

use super::*;

const PROJECT: &str = r#"<REAPER_PROJECT 0.1 "6.80/x64" 1690000000
  RIPPLE 0
  TEMPO 120 4 4
  <TEMPOENVEX
    EGUID {X}
    PT 0 120 1
    PT 4 60 1 262147 0 1
  >
  MARKER 1 2 "Verse" 0
  MARKER 2 4 'The "end"' 1 0 1 R
  MARKER 2 8 "" 1
  <TRACK {GUID}
    NAME "Keys left"
    VOLPAN 0.5 0 -1 -1 1
    MUTESOLO 1 0 0
    <FXCHAIN
      BYPASS 0 0 0
      <VST "VST: ReaEQ (Cockos)" reaeq.dll 0 ""
        ZXFu
      >
      <JS loser/3BandEQ ""
      >
    >
    <ITEM
      POSITION 2
      LENGTH 2
      NAME chords
      <SOURCE MIDI
        HASDATA 1 480 QN
        E 0 90 3c 60
        <X 240 0
          /wNh
        >
        e 240 80 3c 00
        E 0 91 40 01
        E 480 91 40 00
        E 0 b0 7b 00
      >
    >
  >
  <TRACK
    NAME Drums
    <ITEM
      POSITION 4
      LENGTH 3
      SOFFS 0.25
      NAME loop.wav
      <SOURCE WAVE
        FILE "media/loop.wav"
      >
    >
    <ITEM
      POSITION 4
      LENGTH 3
      <SOURCE VIDEOEFFECT
      >
    >
  >
>
"#;

fn read_text(text: &str) -> Result<Project, Error> {
    let mut project = parse(Path::new("a.rpp"), text)?;
    project.settle();
    Ok(project)
}

#[test]
fn everything_is_at_its_place() {
    let project = read_text(PROJECT).unwrap();
    assert_eq!(project.program, "REAPER 6.80/x64");
    assert_eq!(
        project.tempos,
        [Tempo { quarter: 0.0, bpm: 120.0 }, Tempo { quarter: 8.0, bpm: 60.0 }]
    );
    let meter = |quarter, numerator, denominator| Meter { quarter, numerator, denominator };
    assert_eq!(project.meters, [meter(0.0, 4, 4), meter(8.0, 3, 4)]);
    let markers: Vec<_> = project.markers.iter().map(|it| (it.quarter, it.name.as_str())).collect();
    assert_eq!(markers, [(4.0, "Verse"), (8.0, "The \"end\"")]);
    let keys = &project.tracks[0];
    assert_eq!((keys.name.as_str(), keys.is_muted, keys.volume), ("Keys left", true, Some(0.5)));
    assert_eq!(keys.effects, ["VST: ReaEQ (Cockos)", "loser/3BandEQ"]);
    let note =
        |start, length, key, velocity, channel| Note { start, length, key, velocity, channel };
    let notes = Content::Notes(vec![note(0.0, 1.0, 60, 96, 0), note(1.0, 1.0, 64, 1, 1)]);
    assert_eq!(
        keys.clips,
        [Clip { name: "chords".into(), start: 4.0, length: 4.0, content: notes }]
    );
    let audio =
        Content::Audio { path: "media/loop.wav".into(), from_secs: 0.25, bytes: None, form: None };
    assert_eq!(
        project.tracks[1].clips,
        [Clip { name: "loop.wav".into(), start: 8.0, length: 3.0, content: audio }]
    );
    assert_eq!(project.unread.len(), 1);
}

#[test]
fn what_is_written_is_read_again() {
    let mut project = read_text(PROJECT).unwrap();
    project.meters.push(Meter { quarter: 12.0, numerator: 7, denominator: 8 });
    project.tracks[0].name = "a \"b\" 'c'".into();
    let again = read_text(&write(&project)).unwrap();
    assert_eq!(again.tempos, project.tempos);
    assert_eq!(again.meters, project.meters);
    assert_eq!(again.markers, project.markers);
    for (a, b) in again.tracks.iter().zip(&project.tracks) {
        assert_eq!((&a.name, a.is_muted, &a.clips), (&b.name, b.is_muted, &b.clips));
    }
}

#[test]
fn what_is_wrong_is_placed() {
    let check = |text: &str, line: usize| match read_text(text) {
        Err(Error::Malformed { position: Position::Line { line: found, .. }, .. }) => {
            assert_eq!(found, line, "{text}")
        }
        other => panic!("{text}: {other:?}"),
    };
    check("", 1);
    check("hello", 1);
    check("<OTHER\n>\n", 1);
    check("<REAPER_PROJECT 0.1\n  TEMPO 120 4 4\n", 2);
    check(&"<A\n".repeat(100), 65);
}
