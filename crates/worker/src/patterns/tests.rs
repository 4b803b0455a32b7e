//! Tests of patterns of files: the samples that come by are those of the file, and cutting in pieces loses nothing.

use api::{CutOrder, KnownSounds};
use audio::{Clip, WavFormat, write_wav};

use super::*;

fn ramp(rate_hz: u32, secs: f64) -> Clip {
    let n = (secs * f64::from(rate_hz)) as usize;
    let channel = |sign: f32| (0..n).map(|i| sign * (i as f32 / n as f32 - 0.5)).collect();
    Clip { rate_hz, channels: vec![channel(1.0), channel(-0.5)] }
}

#[test]
fn parts_are_those_of_the_file_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ramp.wav");
    let clip = ramp(8000, 200.0);
    write_wav(&path, &clip, WavFormat::Float32).unwrap();
    // Long gaps, an overlap, one that begins before another, one beyond the end, and one that is none.
    let parts = [[150.0, 151.5], [3.0, 4.0], [3.5, 140.0], [199.5, 230.0], [500.0, 501.0]];
    let mut seen = vec![];
    let whole =
        each_part(&path, "ramp", &[Tap::Whole, Tap::Mono(4000)], &parts, &mut |i, clips| {
            let at = |secs: f64| ((secs * 8000.0) as usize).min(clip.n_frames());
            let expected = &clip.channels[1][at(parts[i][0])..at(parts[i][1])];
            assert_eq!(clips[0].channels[1], expected, "{i}");
            let n_mono = clips[1].n_frames() as f64;
            assert!((n_mono - expected.len() as f64 / 2.0).abs() <= 1.0, "{i}: {n_mono}");
            seen.push(i);
            true
        });
    assert!(whole.unwrap());
    assert_eq!(seen, [1, 2, 0, 3, 4]);
    let mut n = 0;
    let stopped = each_part(&path, "ramp", &[Tap::Whole], &parts, &mut |_, _| {
        n += 1;
        n < 2
    });
    assert_eq!((stopped.unwrap(), n), (false, 2));
    assert_eq!(
        each_part(folder.path(), "it", &[], &[], &mut |_, _| true).unwrap_err().code,
        "unreadable"
    );
}

#[test]
fn a_long_sound_is_cut_in_pieces_and_nothing_is_lost_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    // Eleven minutes of tones of 4 seconds each, so a piece ends within one.
    let rate_hz = 8000u32;
    let tone = |i: usize| {
        let hz = if (i / (4 * rate_hz as usize)).is_multiple_of(2) { 300.0 } else { 900.0 };
        (0.3 * (std::f64::consts::TAU * hz * i as f64 / f64::from(rate_hz)).sin()) as f32
    };
    let channel: Vec<f32> = (0..660 * rate_hz as usize).map(tone).collect();
    write_wav(&path, &Clip { rate_hz, channels: vec![channel] }, WavFormat::Int16).unwrap();
    let hearing = Hearing::none();
    let tags = ["test".to_owned()];
    let cut = |known: &KnownSounds, go_on: bool| {
        let cutter = Cutter { how: CutOrder::default(), tags: &tags, hearing: &hearing, known };
        cutter.patterns_of(&path, "long.wav", &|| go_on).unwrap()
    };
    let mut known = KnownSounds::default();
    let CutSound::Cut { patterns, vectors, notes } = cut(&known, true) else {
        panic!("it was not cut")
    };
    assert!(notes.is_empty());
    assert_eq!(patterns.len(), vectors.own.len());
    let covered: f64 = patterns.iter().map(Pattern::length_secs).sum();
    assert!((655.0..=660.5).contains(&covered), "{covered}");
    for pair in patterns.windows(2) {
        assert!(pair[0].end_secs <= pair[1].start_secs + 1e-6, "{pair:?}");
        assert!(pair[1].start_secs - pair[0].end_secs < 0.3, "{pair:?}");
    }
    assert!(patterns.iter().all(|it| it.tags == tags && it.kind == "harmonic"));
    assert!(matches!(cut(&known, false), CutSound::Stopped));
    // It is passed over where it is known to be, and cut elsewhere.
    let sha256 = patterns[0].source.sha256.clone();
    known.sounds.insert(sha256.clone(), path.clone());
    assert!(matches!(cut(&known, true), CutSound::Known));
    known.sounds.insert(sha256, "elsewhere.wav".into());
    assert!(matches!(cut(&known, false), CutSound::Stopped));
}
