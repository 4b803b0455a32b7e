//! Sound files are converted and read again.

use audio::{Rng, decode_file, loudness_lufs, write_sound};

use super::*;

const FORMATS: [SoundFileFormat; 9] = [
    SoundFileFormat::Wav16,
    SoundFileFormat::Wav24,
    SoundFileFormat::Wav32,
    SoundFileFormat::Bwf,
    SoundFileFormat::Aiff16,
    SoundFileFormat::Aiff,
    SoundFileFormat::Flac16,
    SoundFileFormat::Flac,
    SoundFileFormat::Ogg,
];

fn order(format: SoundFileFormat) -> ConvertSound {
    ConvertSound { format, rate_hz: None, channels: None, loudness: None, dither: SoundDither::On }
}

/// Bursts of noise over a tone, up to a level.
fn music(rate_hz: u32, secs: f64, level: f32) -> Clip {
    let mut rng = Rng::new(4);
    let n = (f64::from(rate_hz) * secs) as usize;
    let channel = |_| {
        let sample = |i: usize| {
            let burst = (-((i % 11_000) as f32) / 900.0).exp();
            level * (0.25 * (i as f32 * 0.031).sin() + 0.75 * burst * rng.uniform(-1.0, 1.0))
        };
        (0..n).map(sample).collect()
    };
    Clip { rate_hz, channels: (0..2).map(channel).collect() }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn sound(&self, clip: &Clip, format: WavFormat) -> std::path::PathBuf {
        let path = self.path("in.wav");
        write_sound(&path, clip, FileFormat::Wav(format)).unwrap();
        path
    }
}

fn read(path: &Path) -> Clip {
    decode_file(path, &DecodeLimits::default()).unwrap().clip
}

#[test]
fn every_format_is_written_and_reads_back() {
    let folder = Folder::new();
    let input = folder.sound(&music(44_100, 1.5, 0.8), WavFormat::Int16);
    for format in FORMATS {
        let output = folder.path("out");
        let told = convert_sound(&input, &output, &order(format)).unwrap();
        let (before, after) = (read(&input), read(&output));
        assert_eq!(after.n_frames(), before.n_frames(), "{format:?}");
        assert_eq!((told.gain_db, told.limited_db, told.is_dithered), (0.0, 0.0, false));
        // What was in steps of 16 bits stays as it is.
        if format != SoundFileFormat::Ogg {
            assert!(before == after, "{format:?}");
        }
    }
}

#[test]
fn loudness_and_peaks_are_those_of_the_preset() {
    let folder = Folder::new();
    let input = folder.sound(&music(44_100, 6.0, 0.9), WavFormat::Float32);
    for target in [LoudnessTarget::STREAMING, LoudnessTarget::BROADCAST, LoudnessTarget::CLUB] {
        let output = folder.path("out.wav");
        let order = ConvertSound { loudness: Some(target), ..order(SoundFileFormat::Wav24) };
        let told = convert_sound(&input, &output, &order).unwrap();
        let clip = read(&output);
        let lufs = loudness_lufs(&clip).unwrap();
        assert!((lufs - target.lufs).abs() < 0.15, "{target:?}: {lufs}, {told:?}");
        let mut peak = TruePeak::new(2);
        peak.push(&clip.channels);
        peak.finish();
        let dbtp = peak.dbtp().unwrap();
        assert!(dbtp <= target.ceiling_dbtp + 0.02, "{target:?}: {dbtp}");
        assert!((told.loudness_lufs.unwrap() - lufs).abs() < 0.01, "{told:?}");
        assert_eq!(clip.n_frames(), read(&input).n_frames());
    }
}

#[test]
fn nothing_clips() {
    let folder = Folder::new();
    let input = folder.sound(&music(44_100, 1.0, 1.7), WavFormat::Float32);
    let output = folder.path("out.flac");
    let told = convert_sound(&input, &output, &order(SoundFileFormat::Flac)).unwrap();
    assert!(told.gain_db < -1.0 && told.notes.iter().any(|it| it.contains("clip")), "{told:?}");
    assert!(audio::peak_db(&read(&output)) <= 0.0);
    // Floats have room beyond full scale.
    let output = folder.path("out.wav");
    let told = convert_sound(&input, &output, &order(SoundFileFormat::Wav32)).unwrap();
    assert_eq!(told.gain_db, 0.0);
}

#[test]
fn rate_and_channels_change_and_rounding_is_dithered() {
    let folder = Folder::new();
    let input = folder.sound(&music(48_000, 1.0, 0.5), WavFormat::Int24);
    let output = folder.path("out.aiff");
    let order = ConvertSound {
        rate_hz: Some(44_100),
        channels: Some(1),
        dither: SoundDither::Shaped,
        ..order(SoundFileFormat::Aiff16)
    };
    let told = convert_sound(&input, &output, &order).unwrap();
    let clip = read(&output);
    assert_eq!((clip.rate_hz, clip.channels.len(), clip.n_frames()), (44_100, 1, 44_100));
    assert!(told.is_dithered && told.channels == 1, "{told:?}");
    let again = folder.path("again.aiff");
    convert_sound(&input, &again, &order).unwrap();
    assert_eq!(std::fs::read(&output).unwrap(), std::fs::read(&again).unwrap());
}

#[test]
fn short_and_silent_sounds_have_no_loudness_to_change() {
    let folder = Folder::new();
    for clip in [
        Clip { rate_hz: 8_000, channels: vec![vec![0.5]] },
        Clip { rate_hz: 192_000, channels: vec![vec![0.0; 200_000]; 2] },
    ] {
        let input = folder.sound(&clip, WavFormat::Int16);
        let output = folder.path("out.flac");
        let target = Some(LoudnessTarget::STREAMING);
        let order = ConvertSound { loudness: target, ..order(SoundFileFormat::Flac16) };
        let told = convert_sound(&input, &output, &order).unwrap();
        assert!(told.loudness_lufs.is_none() && !told.notes.is_empty(), "{told:?}");
        assert!(read(&output) == clip);
    }
}

#[test]
fn what_cannot_be_converted_is_said() {
    let folder = Folder::new();
    let input = folder.sound(&music(8_000, 0.2, 0.5), WavFormat::Int16);
    let text = folder.path("text.wav");
    std::fs::write(&text, "no sound at all, really not").unwrap();
    let check = |input: &Path, output: &str, order: ConvertSound, code: &str| {
        let problem = convert_sound(input, &folder.path(output), &order).unwrap_err();
        assert_eq!(problem.code, code, "{problem:?}");
        assert!(problem.why.is_some() && problem.remedy.is_some(), "{problem:?}");
        assert!(!folder.path(output).exists());
    };
    let flac = order(SoundFileFormat::Flac);
    check(&text, "a.flac", flac.clone(), "not_sound");
    check(&folder.path("nowhere.wav"), "a.flac", flac.clone(), "unreadable");
    check(&input, "no/a.flac", flac.clone(), "unwritable");
    check(&input, "a.flac", ConvertSound { channels: Some(9), ..flac.clone() }, "unwritable");
    check(&input, "a.flac", ConvertSound { channels: Some(0), ..flac.clone() }, "bad_channels");
    check(&input, "a.flac", ConvertSound { rate_hz: Some(3), ..flac }, "bad_rate");
}

#[test]
fn days_are_counted_as_calendars_do() {
    let check = |secs: u64, expected: (&str, &str)| {
        let (date, time) = date_and_time(UNIX_EPOCH + std::time::Duration::from_secs(secs));
        assert_eq!((&date[..], &time[..]), expected);
    };
    check(0, ("1970-01-01", "00:00:00"));
    check(951_827_696, ("2000-02-29", "12:34:56"));
    check(1_798_761_599, ("2026-12-31", "23:59:59"));
}
