//! Every format gives the sound that is in it: our own fixtures, and the shared recordings if they are there.

use std::path::{Path, PathBuf};

use audio::{Clip, DecodeLimits, decode_file};

fn decode(path: &Path) -> audio::Decoded {
    decode_file(path, &DecodeLimits::default()).unwrap_or_else(|e| panic!("failed to {e}"))
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Amplitude of a frequency in the middle half of a channel, by projection on sine and cosine.
fn amplitude(clip: &Clip, channel: usize, frequency_hz: f64) -> f64 {
    let samples = &clip.channels[channel];
    // Whole periods of every frequency that is asked for: 200 Hz divides them all but 440 and 660.
    let step = f64::from(clip.rate_hz) / 20.0;
    let n = ((samples.len() / 2) as f64 / step).max(1.0).floor() * step;
    let first = samples.len() / 2 - (n / 2.0) as usize;
    let (mut re, mut im) = (0.0, 0.0);
    for (i, x) in samples[first..first + n as usize].iter().enumerate() {
        let angle = std::f64::consts::TAU * frequency_hz * i as f64 / f64::from(clip.rate_hz);
        re += f64::from(*x) * angle.cos();
        im += f64::from(*x) * angle.sin();
    }
    2.0 * re.hypot(im) / n.floor()
}

/// A stereo tone: 440 Hz at 0.5 left, 660 Hz at 0.25 right. Lossy codecs may add up to `padding`
/// frames.
fn check_tone(name: &str, n_frames: usize, padding: usize) {
    let decoded = decode(&fixture(name));
    let clip = &decoded.clip;
    assert_eq!(decoded.notes, [], "{name}");
    assert_eq!((clip.rate_hz, clip.channels.len()), (22_050, 2), "{name}");
    let extra = clip.n_frames().checked_sub(n_frames);
    assert!(extra.is_some_and(|extra| extra <= padding), "{name}: {} frames", clip.n_frames());
    for (channel, frequency_hz, expected) in
        [(0, 440.0, 0.5), (0, 660.0, 0.0), (1, 440.0, 0.0), (1, 660.0, 0.25)]
    {
        let found = amplitude(clip, channel, frequency_hz);
        assert!((found - expected).abs() < 0.03, "{name}, {frequency_hz} Hz: {found}");
    }
}

#[test]
fn every_format_gives_its_tone() {
    check_tone("tone.flac", 8820, 0);
    check_tone("tone-24-bit.flac", 1764, 0);
    check_tone("tone-alac.m4a", 2205, 0);
    check_tone("tone.mp3", 22_050, 0);
    check_tone("tone.ogg", 22_050, 0);
    // Encoder delay (1024 frames) and the last packet's padding stay.
    check_tone("tone.m4a", 22_050, 2048);
    check_tone("tone.aac", 22_050, 2048);
}

#[test]
fn lossless_is_exact() {
    let clip = decode(&fixture("tone.flac")).clip;
    for (n, x) in clip.channels[0].iter().enumerate() {
        let sine = 0.5 * (std::f64::consts::TAU * 440.0 * n as f64 / 22_050.0).sin();
        assert_eq!(f64::from(*x), (sine * 64.0).round_ties_even() / 64.0, "frame {n}");
    }
}

#[test]
fn surround_channels_are_in_one_order() {
    for name in ["surround.flac", "surround.ogg"] {
        let clip = decode(&fixture(name)).clip;
        assert_eq!(clip.channels.len(), 6, "{name}");
        for channel in 0..6 {
            let k = (channel + 1) as f64;
            let found = amplitude(&clip, channel, 200.0 * k);
            assert!((found - 0.1 * k).abs() < 0.03, "{name}, channel {channel}: {found}");
        }
    }
}

/// The folder of shared recordings, if this machine has it.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn shared() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let folder = std::env::var_os("MAQUETTE_SHARED").map_or(default.into(), PathBuf::from);
    let corpus = folder.join("audio");
    if corpus.join("corpus.tsv").exists() {
        Some(corpus)
    } else {
        println!("skipped: {} not found", corpus.display());
        None
    }
}

#[test]
fn real_recordings_are_as_listed() {
    let Some(corpus) = shared() else { return };
    let list = std::fs::read_to_string(corpus.join("corpus.tsv")).unwrap();
    // One in four is enough to see a format go wrong; all of them take a minute unoptimised.
    let step = if std::env::var_os("SLOW_TESTS").is_some() { 1 } else { 4 };
    let mut n_checked = 0;
    for line in list.lines().skip(1).step_by(step) {
        let fields: Vec<&str> = line.split('\t').collect();
        let decoded = decode(&corpus.join(fields[0]));
        let clip = &decoded.clip;
        let secs: f64 = fields[1].parse().unwrap();
        assert!((clip.length_secs() - secs).abs() < 0.0011, "{line}: {}", clip.length_secs());
        assert_eq!(clip.rate_hz.to_string(), fields[2], "{line}");
        assert_eq!(clip.channels.len().to_string(), fields[3], "{line}");
        assert!(decoded.notes.is_empty(), "{line}: {:?}", decoded.notes);
        n_checked += 1;
    }
    assert!(n_checked > 10);
}
