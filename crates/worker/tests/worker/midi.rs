//! MIDI files and projects of workstations, through files as the commands use them.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use music::{Marker, Meter, Note, Score, Tempo, Track, read_midi, write_midi};
use worker::{MidiHumanise, MidiQuantise, MidiRender, WritePart};

fn note(start: u64, length: u64, key: u8) -> Note {
    Note { start, length, key, velocity: 90, channel: 0, off_velocity: 64 }
}

/// A lead sheet of four bars: chord names as markers, a melody.
fn sheet() -> Score {
    let mut score = Score::new(480, 120.0);
    for (bar, name) in ["C", "Am", "F", "G7"].into_iter().enumerate() {
        score.markers.push(Marker { tick: 1920 * bar as u64, text: name.into() });
    }
    let mut track = Track::new("Melody", 0, 73);
    let keys = [72u8, 76, 74, 72, 69, 72, 71, 69, 65, 69, 67, 65, 67, 71, 74, 71];
    track.notes = keys.iter().enumerate().map(|(i, key)| note(480 * i as u64, 460, *key)).collect();
    score.tracks.push(track);
    score
}

fn saved(folder: &Path, name: &str, score: &Score) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, write_midi(&score.to_midi())).unwrap();
    path
}

fn opened(path: &Path) -> Score {
    let read = read_midi(&fs::read(path).unwrap()).unwrap();
    assert_eq!(read.damages, []);
    Score::from_midi(&read.file).0
}

#[test]
fn a_file_is_checked_and_its_damage_placed() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(folder.path(), "a.mid", &sheet());
    let report = worker::midi_check(&path).unwrap();
    assert!(report.is_valid && report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!((report.notes, report.bars, report.midi_format), (16, 4, 1));
    assert_eq!((report.lowest_key, report.highest_key, report.polyphony), (Some(65), Some(76), 1));
    assert_eq!(report.first_tempo_bpm, 120.0);
    assert_eq!(report.markers[1].at_s, 2.0);
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() - 6);
    fs::write(&path, bytes).unwrap();
    let report = worker::midi_check(&path).unwrap();
    assert!(!report.is_valid && report.notes == 16);
    assert!(report.problems.iter().any(|it| it.byte.is_some() && it.track == Some(2)));
    fs::write(&path, b"no MIDI").unwrap();
    assert_eq!(worker::midi_check(&path).unwrap_err().code, "not_midi");
}

#[test]
fn notes_go_to_the_grid_and_off_it() {
    let folder = tempfile::tempdir().unwrap();
    let input = saved(folder.path(), "a.mid", &sheet());
    let (loose, tight) = (folder.path().join("loose.mid"), folder.path().join("tight.mid"));
    let how = MidiHumanise { timing_ms: 15.0, velocity: 10.0, seed: 4 };
    worker::midi_humanise(&input, &loose, how).unwrap();
    assert_ne!(opened(&loose).tracks[1].notes, sheet().tracks[0].notes);
    let how = MidiQuantise {
        steps: 16,
        swing: 0.0,
        strength: 100.0,
        has_tuplets: true,
        moves_ends: false,
        groove: None,
    };
    let done = worker::midi_quantise(&loose, &tight, &how).unwrap();
    assert_eq!((done.notes, done.tuplet_beats), (16, 0));
    let starts: Vec<u64> = opened(&tight).tracks[1].notes.iter().map(|it| it.start).collect();
    assert_eq!(starts, (0..16).map(|i| 480 * i).collect::<Vec<_>>());
    // The groove of a file that is always 30 ticks late on the second 8th.
    let mut model = sheet();
    model.tracks[0]
        .notes
        .iter_mut()
        .enumerate()
        .for_each(|(i, it)| it.start = 240 * i as u64 + if i % 2 == 1 { 30 } else { 0 });
    let model = saved(folder.path(), "model.mid", &model);
    let how = MidiQuantise { steps: 8, groove: Some(model.clone()), ..how };
    worker::midi_quantise(&input, &tight, &how).unwrap();
    assert_eq!(opened(&tight).tracks[1].notes[1].start, 480);
    // The groove of a sound by its analysis: the second 8th of every beat is a tenth of a beat late.
    let analysis = api::Analysis {
        meter: Some("4/4".into()),
        beats_s: (0..17).map(f64::from).collect(),
        downbeats_s: (0..5).map(|bar| f64::from(bar) * 4.0).collect(),
        onsets_s: (0..16).flat_map(|beat| [f64::from(beat), f64::from(beat) + 0.6]).collect(),
        ..api::Analysis::default()
    };
    let json = folder.path().join("loop.json");
    fs::write(&json, serde_json::to_vec(&analysis).unwrap()).unwrap();
    let mut eighths = sheet();
    eighths.tracks[0].notes.iter_mut().enumerate().for_each(|(i, it)| it.start = 240 * i as u64);
    let eighths = saved(folder.path(), "eighths.mid", &eighths);
    let how = MidiQuantise { groove: Some(json.clone()), ..how };
    worker::midi_quantise(&eighths, &tight, &how).unwrap();
    let starts: Vec<u64> =
        opened(&tight).tracks[1].notes.iter().take(4).map(|it| it.start).collect();
    assert_eq!(starts, [0, 288, 480, 768]);
    // The same of the sound itself: 16 s of clicks, of which every second one is late by a tenth of a beat.
    let sound = folder.path().join("loop.wav");
    let rate_hz = 22_050;
    let mut clicks = vec![0.0f32; 16 * rate_hz];
    for beat in 0..32 {
        for (at, gain) in [(0.0, if beat % 4 == 0 { 0.9 } else { 0.6 }), (0.6, 0.3)] {
            let start = ((f64::from(beat) + at) * 0.5 * rate_hz as f64) as usize;
            for n in 0..400.min(clicks.len() - start) {
                let x = (n as f32 * 0.9).sin() * (-(n as f32) / 80.0).exp();
                clicks[start + n] += gain * x;
            }
        }
    }
    let clip = audio::Clip { rate_hz: rate_hz as u32, channels: vec![clicks] };
    audio::write_sound(&sound, &clip, audio::FileFormat::Wav(audio::WavFormat::Float32)).unwrap();
    let how = MidiQuantise { groove: Some(sound), ..how };
    worker::midi_quantise(&eighths, &tight, &how).unwrap();
    let notes = &opened(&tight).tracks[1].notes;
    let late = notes[1].start - notes[0].start;
    assert!((270..306).contains(&late), "{late}");
    let how = MidiQuantise { groove: Some(json.clone()), ..how };
    fs::write(&json, "{").unwrap();
    assert_eq!(worker::midi_quantise(&input, &tight, &how).unwrap_err().code, "bad_analysis");
    let done = worker::midi_restyle(&input, &model, &tight, 8).unwrap();
    assert_eq!(done.octaves.len(), opened(&tight).tracks.len());
}

#[test]
fn voices_bands_and_parts_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let input = saved(folder.path(), "a.mid", &sheet());
    let output = folder.path().join("out.mid");
    for style in worker::chord_styles() {
        let done = worker::midi_harmonise(&input, &output, style).unwrap();
        assert_eq!(done.parallels, 0, "{style}");
        assert_eq!(opened(&output).tracks.iter().filter(|it| !it.notes.is_empty()).count(), 4);
    }
    for style in worker::band_styles() {
        let done = worker::midi_arrange(&input, &output, style, 3).unwrap();
        assert!(done.chords_are_written);
        let labels: Vec<_> = done.chords.iter().map(|it| it.label.as_str()).collect();
        assert_eq!(labels, ["C:maj", "A:min", "F:maj", "G:7"]);
        assert_eq!(opened(&output).tracks.iter().filter(|it| !it.notes.is_empty()).count(), 5);
    }
    for part in worker::band_parts() {
        let order = WritePart { part: part.into(), style: "funk".into(), seed: 1, n_variations: 2 };
        let done = worker::midi_write(&input, &folder.path().join("parts"), &order).unwrap();
        assert_eq!(done.files.len(), 2);
        let first = fs::read(&done.files[0]).unwrap();
        worker::midi_write(&input, &folder.path().join("again"), &order).unwrap();
        let again = folder.path().join("again").join(format!("{part}-1.mid"));
        assert_eq!(fs::read(again).unwrap(), first, "{part}");
    }
    assert_eq!(worker::midi_arrange(&input, &output, "polka", 0).unwrap_err().code, "unknown");
    let empty = saved(folder.path(), "empty.mid", &Score::new(480, 120.0));
    assert_eq!(worker::midi_harmonise(&empty, &output, "pop").unwrap_err().code, "no_harmony");
}

#[test]
fn patterns_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut score = Score::new(480, 120.0);
    let mut track = Track::new("", 0, 0);
    for (bar, up) in [(0u64, 0u8), (1, 5), (3, 2)] {
        let keys = [60u8, 62, 64, 67];
        track.notes.extend(
            keys.iter()
                .enumerate()
                .map(|(i, key)| note(1920 * bar + 240 * i as u64, 200, key + up)),
        );
    }
    score.tracks.push(track);
    let path = saved(folder.path(), "a.mid", &score);
    let found = worker::midi_patterns(&path, 10, 3).unwrap();
    let first = &found.patterns[0];
    assert_eq!((first.notes.len(), found.covered), (4, 12));
    let places: Vec<_> =
        first.occurrences.iter().map(|it| (it.place.as_str(), it.semitones)).collect();
    assert_eq!(places, [("bar 1, beat 1", 0), ("bar 2, beat 1", 5), ("bar 4, beat 1", 2)]);
}

#[test]
fn a_file_becomes_sound() {
    let folder = tempfile::tempdir().unwrap();
    let mut score = sheet();
    // A second in which nothing sounds, first.
    score.tracks[0].notes.retain(|it| it.start >= 960);
    let input = saved(folder.path(), "a.mid", &score);
    let output = folder.path().join("a.wav");
    let how = MidiRender { sound_font: None, rate_hz: 22_050 };
    let done = worker::midi_render(&input, &output, &how).unwrap();
    assert_eq!((done.notes, done.rate_hz), (14, 22_050));
    let mut reader = hound::WavReader::open(&output).unwrap();
    let samples: Vec<f32> = reader.samples::<f32>().map(Result::unwrap).collect();
    assert_eq!(samples.len() as f64 / 2.0 / 22_050.0, done.seconds);
    let peak = |from: f64, to: f64| {
        let at = |secs: f64| (secs * 22_050.0) as usize * 2;
        samples[at(from)..at(to)].iter().fold(0.0f32, |peak, x| peak.max(x.abs()))
    };
    assert_eq!(peak(0.0, 0.99), 0.0);
    assert!(peak(1.0, 8.0) > 0.01 && peak(done.seconds - 0.1, done.seconds) < 0.01);
    let how = MidiRender { sound_font: Some(input.clone()), rate_hz: 44_100 };
    assert_eq!(worker::midi_render(&input, &output, &how).unwrap_err().code, "bad_sound_font");
    // A quarter note of 16 seconds, and a million bars.
    let mut long = sheet();
    long.tempos = vec![Tempo { tick: 0, quarter_us: 16_777_215.0 }];
    long.tracks[0].notes.push(note(10_000_000, 100, 60));
    let long = saved(folder.path(), "long.mid", &long);
    let how = MidiRender { sound_font: None, rate_hz: 44_100 };
    assert_eq!(worker::midi_render(&long, &output, &how).unwrap_err().code, "too_long");
}

#[test]
fn projects_go_from_program_to_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut score = sheet();
    score.tempos.push(Tempo { tick: 1920, quarter_us: 600_000.0 });
    score.meters.push(Meter { tick: 3840, numerator: 3, denominator: 4 });
    let midi = saved(folder.path(), "a.mid", &score);
    let at = |name: &str| folder.path().join(name);
    worker::daw_convert(&midi, &at("a.rpp"), &worker::DawConvert::default()).unwrap();
    worker::daw_convert(&at("a.rpp"), &at("a.dawproject"), &worker::DawConvert::default()).unwrap();
    worker::daw_convert(&at("a.dawproject"), &at("b.mid"), &worker::DawConvert::default()).unwrap();
    let again = opened(&at("b.mid"));
    let times = |score: &Score, track: usize| -> Vec<(u64, u64, u8)> {
        let per = u64::from(score.ticks_per_quarter) / 480;
        score.tracks[track]
            .notes
            .iter()
            .map(|it| (it.start / per, it.length / per, it.key))
            .collect()
    };
    assert_eq!(times(&again, 1), times(&score, 0));
    assert_eq!((again.tempos[1].tick, again.tempos[1].quarter_us), (3840, 600_000.0));
    assert_eq!((again.meters[1].tick, again.meters[1].numerator), (7680, 3));
    assert_eq!(again.markers.len(), 4);
    let report = worker::daw_read(&at("a.rpp"), None).unwrap();
    assert_eq!((report.tracks.len(), report.tracks[0].clips[0].notes), (1, Some(16)));
    assert_eq!(report.tempos[1].at_s, 2.0);
    assert_eq!(
        worker::daw_convert(&midi, &at("a.xyz"), &worker::DawConvert::default()).unwrap_err().code,
        "wrong_ending"
    );
    assert_eq!(worker::daw_read(&at("none.rpp"), None).unwrap_err().code, "not_a_project");
}

#[test]
fn sounds_inside_a_project_are_taken_out_when_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    crate::job::write_tone(&at("tone.wav"), 48_000, 1, 0.5);
    let clip = |file: &str| {
        format!(
            "<Clip time=\"0\" duration=\"1\" contentTimeUnit=\"seconds\"><Audio channels=\"1\" duration=\"0.5\" \
             sampleRate=\"48000\"><File path=\"{file}\"/></Audio></Clip>"
        )
    };
    let text = format!(
        "<Project version=\"1.0\"><Transport><Tempo unit=\"bpm\" value=\"120\"/></Transport><Structure><Track id=\"t\" \
         name=\"Tone\"/></Structure><Arrangement><Lanes timeUnit=\"beats\"><Clips track=\"t\">{}{}</Clips></Lanes>\
         </Arrangement></Project>",
        clip("audio/tone.wav"),
        clip("audio/gone.wav")
    );
    let mut archive = zip::ZipWriter::new(fs::File::create(at("a.dawproject")).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("project.xml", options).unwrap();
    archive.write_all(text.as_bytes()).unwrap();
    archive.start_file("audio/tone.wav", options).unwrap();
    archive.write_all(&fs::read(at("tone.wav")).unwrap()).unwrap();
    archive.finish().unwrap();
    let found = |path: &std::path::Path| -> Vec<_> {
        let report = worker::daw_read(path, None).unwrap();
        report.tracks[0].clips.iter().map(|it| it.is_found).collect()
    };
    assert_eq!(found(&at("a.dawproject")), [Some(true), Some(false)]);
    let how = worker::DawConvert::default();
    let done = worker::daw_convert(&at("a.dawproject"), &at("b.rpp"), &how).unwrap();
    assert_eq!(done.files.len(), 2, "{done:?}");
    assert_eq!(fs::read(at("b sounds/tone.wav")).unwrap(), fs::read(at("tone.wav")).unwrap());
    assert_eq!(found(&at("b.rpp")), [Some(true), Some(false)]);
    worker::daw_convert(&at("a.dawproject"), &at("stems"), &how).unwrap();
    assert!(at("stems/stems/01 Tone.wav").is_file());
}

#[test]
fn a_project_that_was_packed_with_its_sounds_is_read_as_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    crate::job::write_tone(&at("kick.wav"), 48_000, 1, 0.5);
    let item = |file: &str| {
        format!(
            "    <ITEM\n      POSITION 0\n      LENGTH 0.25\n      <SOURCE WAVE\n        FILE \"{file}\"\n      >\n    >\n"
        )
    };
    let text = format!(
        "<REAPER_PROJECT 0.1 \"7.0\" 1\n  TEMPO 120 4 4\n  <TRACK\n    NAME Drums\n{}{}{}  >\n>\n",
        item("Media/kick.wav"),
        item("C:\\Sounds\\Kick.WAV"),
        item("../../etc/gone.wav")
    );
    let mut archive = zip::ZipWriter::new(fs::File::create(at("Song.zip")).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("Song/Song.rpp", options).unwrap();
    archive.write_all(text.as_bytes()).unwrap();
    archive.start_file("Song/Media/kick.wav", options).unwrap();
    archive.write_all(&fs::read(at("kick.wav")).unwrap()).unwrap();
    archive.finish().unwrap();
    // What lies beside the archive is not meant, though it is called the same.
    fs::write(at("kick.wav"), "another").unwrap();
    let report = worker::daw_read(&at("Song.zip"), None).unwrap();
    let found: Vec<_> = report.tracks[0].clips.iter().map(|it| it.is_found).collect();
    assert_eq!(found, [Some(true), Some(true), Some(false)]);
    let how = worker::DawConvert::default();
    let done = worker::daw_convert(&at("Song.zip"), &at("out.dawproject"), &how).unwrap();
    assert_eq!(done.files.len(), 2, "the sound is taken out once: {done:?}");
    assert!(at("out sounds/kick.wav").is_file());
    let again = worker::daw_read(&at("out.dawproject"), None).unwrap();
    assert_eq!(again.tracks.len(), 1, "the master channel is no track");
    // The sound says what it is like itself.
    let mut archive = zip::ZipArchive::new(fs::File::open(at("out.dawproject")).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_name("project.xml").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(
        text.matches("<Audio channels=\"1\" duration=\"0.5\" sampleRate=\"48000\">").count(),
        2,
        "{text}"
    );
    // What is no project says what to do.
    let mut archive = zip::ZipWriter::new(fs::File::create(at("Kit.zip")).unwrap());
    archive.start_file("Kick.wav", options).unwrap();
    archive.finish().unwrap();
    let refused = worker::daw_read(&at("Kit.zip"), None).unwrap_err();
    let said =
        format!("{} {}", refused.why.unwrap_or_default(), refused.remedy.unwrap_or_default());
    assert!(said.contains("no project in it") && said.contains("Unpack"), "{said}");
}

#[test]
fn stems_have_their_sounds_where_they_are_heard() {
    let folder = tempfile::tempdir().unwrap();
    // Half a second of a constant value.
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(folder.path().join("hit.wav"), spec).unwrap();
    (0..24_000).for_each(|_| writer.write_sample(8192i16).unwrap());
    writer.finalize().unwrap();
    let item = |at: f64, file: &str| {
        format!(
            "    <ITEM\n      POSITION {at}\n      LENGTH 0.25\n      <SOURCE WAVE\n        FILE \"{file}\"\n      >\n    >\n"
        )
    };
    let text = format!(
        "<REAPER_PROJECT 0.1 \"7.0\" 0\n  TEMPO 100 4 4\n  <TRACK\n    NAME \"Hits/1\"\n{}{}{}  >\n>\n",
        item(1.0, "hit.wav"),
        item(2.0, "hit.wav"),
        item(3.0, "missing.wav")
    );
    let input = folder.path().join("a.rpp");
    fs::write(&input, text).unwrap();
    let report = worker::daw_read(&input, None).unwrap();
    let found: Vec<_> = report.tracks[0].clips.iter().map(|it| it.is_found).collect();
    assert_eq!(found, [Some(true), Some(true), Some(false)]);
    let output = folder.path().join("out");
    let done = worker::daw_convert(&input, &output, &worker::DawConvert::default()).unwrap();
    assert!(
        done.lost.iter().any(|it| it.contains("One sound file was not found")),
        "{:?}",
        done.lost
    );
    let mut reader = hound::WavReader::open(output.join("stems/01 Hits_1.wav")).unwrap();
    let samples: Vec<i32> = reader.samples::<i32>().map(Result::unwrap).collect();
    let at = |secs: f64| samples[(secs * 48_000.0) as usize * 2];
    assert_eq!([0.5, 1.5, 2.5].map(at), [0, 0, 0]);
    assert!([1.1, 2.1].map(at).iter().all(|it| (f64::from(*it) / 8_388_608.0 - 0.25).abs() < 0.01));
    let table = fs::read_to_string(output.join("tempo.csv")).unwrap();
    assert!(table.contains("0.000000,0,tempo_bpm,100"), "{table}");
    assert!(output.join("song.mid").is_file());
}
