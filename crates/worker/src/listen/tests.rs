//! Listening: files in, analyses out, whatever the files are.

use std::path::PathBuf;

use audio::{
    Clip, WavFormat,
    songs::{SongPlan, render},
    write_wav,
};

use super::*;

fn song() -> audio::songs::Song {
    render(&SongPlan { form: "A".into(), section_bars: 8, ..SongPlan::of_set(4, 4) })
}

fn written(folder: &Path, name: &str, clip: &Clip) -> PathBuf {
    let path = folder.join(name);
    write_wav(&path, clip, WavFormat::Int16).unwrap();
    path
}

#[test]
fn a_song_is_heard_as_it_was_played() {
    let folder = tempfile::tempdir().unwrap();
    let song = song();
    let path = written(folder.path(), "song.wav", &song.clip);
    let mut shares = vec![];
    let mut go_on = |share| {
        shares.push(share);
        true
    };
    let found = analyse(&path, "song.wav", &mut go_on).unwrap().unwrap();
    assert!(shares.is_sorted() && shares.last() == Some(&1.0));
    assert_eq!((found.file.as_str(), found.format), ("song.wav", Analysis::FORMAT));
    assert_eq!((found.rate_hz, found.channels), (44_100, 2));
    assert!((found.seconds - song.clip.length_secs()).abs() < 1e-9);
    let bpm = found.tempo_bpm.unwrap();
    assert!((bpm / song.truth.plan.bpm - 1.0).abs() < 0.01, "{bpm} for {}", song.truth.plan.bpm);
    assert_eq!(found.meter, Some(song.truth.plan.meter.to_string()));
    assert!(found.loudness_lufs.is_some_and(|it| (-30.0..0.0).contains(&it)));
    assert!(found.true_peak_dbtp.is_some_and(|it| (-6.0..1.0).contains(&it)));
    assert!(found.key.is_some() && !found.words.is_empty());
    assert!(found.chords.windows(2).all(|it| (it[0].end_s - it[1].start_s).abs() < 1e-9));
    assert!(found.chords.len() > 4, "{:?}", found.chords);
    assert_eq!(found.sections.first().map(|it| it.start_s), Some(0.0));
    assert_eq!(found.sections.last().map(|it| it.end_s), Some(found.seconds));
    assert_eq!(found.chords.first().map(|it| it.start_s), Some(0.0));
    assert_eq!(found.chords.last().map(|it| it.end_s), Some(found.seconds));
    assert!(found.chords.windows(2).all(|pair| pair[0].end_s == pair[1].start_s));
    assert!(found.key.is_some() && found.key_confidence > 0.0);
    // The leading voice: notes one after the other, mostly those of the melody that was played.
    let played: Vec<_> =
        song.truth.notes.iter().filter(|it| it.part == audio::songs::Part::Melody).collect();
    let is_played = |note: &&api::HeardNote| {
        played.iter().any(|it| {
            it.midi == note.key && it.start_s < note.end_s && note.start_s < it.end_s + 0.1
        })
    };
    let n_right = found.melody.iter().filter(is_played).count();
    assert!(found.melody.windows(2).all(|it| it[0].end_s <= it[1].start_s + 1e-9));
    assert!(
        2 * n_right > found.melody.len() && 2 * n_right > played.len(),
        "{n_right} of {} found, {} played",
        found.melody.len(),
        played.len()
    );
    // What is asked to stop stops.
    assert_eq!(analyse(&path, "song.wav", &mut |_| false).unwrap(), None);
}

#[test]
fn a_folder_is_heard_in_order_and_what_fails_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let clip = Clip { rate_hz: 8_000, channels: vec![vec![0.0; 4_000]] };
    for name in ["b.wav", "a.wav", "inner/c.wav"] {
        std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        written(folder.path(), name, &clip);
    }
    std::fs::write(folder.path().join("d.wav"), "this is no sound").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "nor is this").unwrap();
    let sounds = sound_files(folder.path()).unwrap();
    let mut found = vec![];
    analyse_many(&sounds, &mut |sound, result| {
        found.push((sound.name.clone(), result.map(|it| it.file).map_err(|it| it.code)));
        true
    });
    let inner = Path::new("inner").join("c.wav").to_string_lossy().into_owned();
    let ok = |name: &str| (name.to_owned(), Ok(name.to_owned()));
    let expected =
        [ok("a.wav"), ok("b.wav"), ("d.wav".into(), Err("not_sound".into())), ok(&inner)];
    assert_eq!(found, expected);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(sound_files(empty.path()).unwrap_err().code, "no_sound");
}

#[test]
fn odd_sounds_are_heard_too() {
    let folder = tempfile::tempdir().unwrap();
    for rate_hz in [8_000, 44_100, 192_000] {
        for n in [1usize, 100, rate_hz as usize] {
            for channels in [1, 3] {
                let clip = Clip { rate_hz, channels: vec![vec![0.1; n]; channels] };
                let path = written(folder.path(), "odd.wav", &clip);
                let found = analyse(&path, "odd.wav", &mut |_| true).unwrap().unwrap();
                assert_eq!(found.tempo_bpm, None, "{n} samples at {rate_hz} Hz");
                // What is not a number would be null, and nothing else could read it.
                let json = serde_json::to_string(&found).unwrap();
                assert!(serde_json::from_str::<Analysis>(&json).is_ok(), "{json}");
            }
        }
    }
}

#[test]
fn noise_has_no_melody() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = audio::Rng::new(2);
    let noise = (0..66_150).map(|_| rng.uniform(-0.3, 0.3)).collect();
    let path =
        written(folder.path(), "noise.wav", &Clip { rate_hz: 22_050, channels: vec![noise] });
    let found = analyse(&path, "noise.wav", &mut |_| true).unwrap().unwrap();
    assert!(found.melody.is_empty(), "{:?}", found.melody);
}

#[test]
fn pieces_are_joined_in_order() {
    let mut pieces = pieces::Pieces::default();
    for (bpm, key) in [(120.0, "C major"), (121.0, "C major"), (90.0, "A minor")] {
        pieces.add(Analysis {
            seconds: 10.0,
            beats_s: vec![1.0, 2.0],
            tempo_candidates: vec![api::TempoCandidate { bpm, weight: 1.0 }],
            meter: Some("4/4".into()),
            key: Some(key.into()),
            key_confidence: 0.5,
            sections: vec![api::Span { start_s: 0.0, end_s: 10.0, label: "A".into() }],
            ..Analysis::default()
        });
    }
    let whole = pieces.joined();
    assert_eq!(whole.beats_s, [1.0, 2.0, 11.0, 12.0, 21.0, 22.0]);
    assert!((whole.tempo_bpm.unwrap() - 120.5).abs() < 0.01);
    assert_eq!(whole.key.as_deref(), Some("C major"));
    let labels: String = whole.sections.iter().map(|it| it.label.as_str()).collect();
    assert_eq!((labels.as_str(), whole.sections[2].start_s), ("ABC", 20.0));
}
