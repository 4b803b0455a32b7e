//! Whatever the bytes are, reading ends, does not panic, and what was read can be written and read again.

use music::{
    BandStyle, Bars, ChordStyle, Clock, Groove, Humanise, Meter, MidiFile, Note, Part, Quantise,
    Score, Search, Tempo, Track, arrange, features, harmonise, harmony_of, humanise, patterns,
    quantise, read_midi, restyle, write_midi, write_part,
};
use proptest::prelude::*;

/// As many cases as `PROPTEST_CASES` says, else a few hundred.
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return default;
    }
    ProptestConfig { cases: 300, ..default }
}

fn check(bytes: &[u8]) {
    let Ok(read) = read_midi(bytes) else { return };
    assert!(read.damages.len() <= 100);
    assert!(read.damages.iter().all(|it| it.byte <= bytes.len() as u64));
    let again = read_midi(&write_midi(&read.file)).expect("our own file");
    assert!(again.damages.iter().all(|it| !it.is_loss), "{:?}", again.damages);
    assert_same(&again.file, &read.file);
    let (score, _) = Score::from_midi(&read.file);
    let end = score.end();
    assert!(Clock::new(&score).secs_from_tick(end as f64).is_finite());
    let _ = Bars::new(&score).place(end);
    let (second, _) = Score::from_midi(&score.to_midi());
    assert_eq!(second.n_notes(), score.n_notes());
}

/// Equal tracks; a single file without tracks has no format of its own.
fn assert_same(a: &MidiFile, b: &MidiFile) {
    // A longer time than an event can say is said with empty texts.
    let is_long = |track: &music::MidiTrack| {
        let mut last = 0;
        track.events.iter().any(|it| it.tick - std::mem::replace(&mut last, it.tick) > 0x0fff_ffff)
    };
    if b.tracks.iter().any(is_long) {
        return;
    }
    assert_eq!(a.tracks, b.tracks);
    assert_eq!(a.division, b.division);
}

/// Does everything with a score that can be done; results are finite and have all notes.
fn work_on(score: &Score, steps: u32, seed: u64) {
    let found = features(score);
    assert!(found.length_secs.is_finite() && found.mean_bpm.is_finite());
    let n = score.n_notes();
    let groove = Groove::of(score, steps).ok();
    for has_tuplets in [false, true] {
        let groove = if has_tuplets { None } else { groove.clone() };
        let how =
            Quantise { steps, has_tuplets, groove, moves_ends: true, swing: 0.7, strength: 0.9 };
        let (out, moved) = quantise(score, &how);
        assert_eq!((out.n_notes(), moved.n_notes), (n, n));
        assert!(moved.rms_ms.is_finite());
    }
    assert_eq!(humanise(score, Humanise { seed, ..Humanise::default() }).n_notes(), n);
    let found = patterns(score, Search::default());
    assert!(found.n_covered <= found.n_points);
    if let Ok(restyled) = restyle(score, score, steps) {
        assert_eq!(restyled.score.n_notes(), n);
    }
    let _ = harmony_of(score);
    let style = ChordStyle::ALL[seed as usize % 4].1;
    if let Ok(found) = harmonise(score, style) {
        assert_eq!(found.n_parallels, 0);
    }
    let style = BandStyle::ALL[seed as usize % 7].1;
    if let Ok(band) = arrange(score, style, seed) {
        let _ = write_midi(&band.to_midi());
    }
    let _ = write_part(score, Part::Melody, style, seed, 3);
}

/// A file with much in it, to be damaged.
fn whole() -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0\x01\0\x02\x01\xe0".to_vec();
    let first = b"\0\xff\x03\x04Song\0\xff\x51\x03\x07\xa1\x20\0\xff\x58\x04\x04\x02\x18\x08\0\xff\x59\x02\xfe\x01\x83\0\xff\x06\x01A\0\xff\x2f\0";
    let second = b"\0\xc0\x05\0\xb0\x40\x7f\0\x90\x3c\x60\x60\x3c\0\0\x40\x50\x81\x40\x40\0\0\xf0\x05\x7e\x7f\x09\x01\xf7\0\xe0\0\x40\0\x90\x43\x20\x10\x80\x43\x40\0\xff\x2f\0";
    for track in [&first[..], &second[..]] {
        bytes.extend(b"MTrk");
        bytes.extend((track.len() as u32).to_be_bytes());
        bytes.extend(track);
    }
    bytes
}

#[test]
fn the_whole_file_is_whole() {
    assert_eq!(read_midi(&whole()).unwrap().damages, []);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn hostile_midi_any_bytes_after_a_header(rest in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&[b"MThd\0\0\0\x06\0\x01\0\x01\x01\xe0MTrk\0\0\x01\0", &rest[..]].concat());
    }

    #[test]
    fn hostile_midi_any_score_can_be_worked_on(
        ticks_per_quarter in prop::sample::select(vec![1u32, 3, 24, 480, 32_767]),
        notes in proptest::collection::vec((0u64..200_000, 0u64..5000, 0u8..128, 0u8..16), 0..30),
        meters in proptest::collection::vec((0u64..100_000, 1u8..=255, 0u32..7), 0..4),
        quarter_us in prop::sample::select(vec![1.0, 500_000.0, 16_777_215.0]),
        steps in 1u32..=128,
        seed in any::<u64>(),
    ) {
        let mut score = Score::new(ticks_per_quarter, 120.0);
        // As many quarter notes whatever their ticks.
        let scale = |ticks: u64| ticks * u64::from(ticks_per_quarter) / 4800;
        score.tempos.push(Tempo { tick: scale(9000), quarter_us });
        let mut meters: Vec<Meter> = meters
            .into_iter()
            .map(|(tick, numerator, power)| Meter { tick: scale(tick), numerator, denominator: 1 << power })
            .collect();
        meters.sort_by_key(|it| it.tick);
        meters.dedup_by_key(|it| it.tick);
        score.meters = meters;
        let mut track = Track::new("", 0, 0);
        track.notes = notes
            .into_iter()
            .map(|(start, length, key, channel)| Note {
                start: scale(start),
                length: scale(length),
                key,
                velocity: 1 + key % 127,
                channel,
                off_velocity: 64,
            })
            .collect();
        track.sort();
        score.tracks.push(track);
        work_on(&score, steps, seed);
    }

    #[test]
    fn hostile_midi_damaged_files(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = whole();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(&bytes);
    }
}
