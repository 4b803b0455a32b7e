//! Every format is written and read again.

use super::*;
use crate::{DecodeLimits, Rng, decode_file};

/// Tones with a little noise, another pitch in every channel.
fn sound(rate_hz: u32, n_channels: usize, n_frames: usize) -> Clip {
    let mut rng = Rng::new(3);
    let channel = |c: usize| {
        let step = 0.03 * (c + 1) as f32;
        (0..n_frames).map(|n| 0.4 * (n as f32 * step).sin() + rng.uniform(-0.02, 0.02)).collect()
    };
    let channels = (0..n_channels).map(channel).collect();
    Clip { rate_hz, channels }
}

/// Written and read again, it has its rate, its channels, its length, and samples within half a step.
fn check(format: FileFormat, clip: &Clip) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("a.{}", format.extension()));
    write_sound(&path, clip, format).unwrap();
    let decoded = decode_file(&path, &DecodeLimits::default()).unwrap();
    let found = &decoded.clip;
    let what = format!("{format:?}, {} channels of {}", clip.channels.len(), clip.n_frames());
    assert_eq!(found.rate_hz, clip.rate_hz, "{what}");
    assert_eq!(found.channels.len(), clip.channels.len(), "{what}");
    assert_eq!(found.n_frames(), clip.n_frames(), "{what}");
    let tolerance = match format.bits() {
        Some(bits) => 0.5 / f64::from(1 << (bits.count() - 1)) + 1e-9,
        None => 0.0,
    };
    for (a, b) in found.channels.iter().flatten().zip(clip.channels.iter().flatten()) {
        assert!(f64::from((a - b).abs()) <= tolerance, "{what}: {a} is not {b}");
    }
    let n_left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(n_left, 1, "{what}: nothing is left over");
}

const EXACT: [FileFormat; 8] = [
    FileFormat::Wav(WavFormat::Int16),
    FileFormat::Wav(WavFormat::Int24),
    FileFormat::Wav(WavFormat::Float32),
    FileFormat::BroadcastWave,
    FileFormat::Aiff(Bits::Sixteen),
    FileFormat::Aiff(Bits::TwentyFour),
    FileFormat::Flac(Bits::Sixteen),
    FileFormat::Flac(Bits::TwentyFour),
];

#[test]
fn exact_formats_read_back_as_they_were() {
    for format in EXACT {
        for (n_channels, n_frames) in [(1, 1), (1, 5), (1, 4096), (2, 4097), (2, 9001), (6, 777)] {
            check(format, &sound(44_100, n_channels, n_frames));
        }
        for rate_hz in [8_000, 22_050, 48_000, 96_000, 192_000, 11_111] {
            check(format, &sound(rate_hz, 1, 100));
        }
        check(format, &sound(44_100, 8, 100));
    }
}

#[test]
fn any_sound_reads_back() {
    let mut rng = Rng::new(9);
    let mut noise = |n: usize, level: f32| (0..n).map(|_| rng.uniform(-level, level)).collect();
    let sounds: Vec<Vec<f32>> = vec![
        vec![0.0; 5000],
        vec![1.0; 5000],
        vec![-1.0; 4096],
        (0..9000).map(|n| if n % 2 == 0 { 1.0 } else { -1.0 }).collect(),
        (0..9000).map(|n| if n % 500 == 0 { -1.0 } else { 0.0 }).collect(),
        (0..9000).map(|n| (n / 1000) as f32 / 16.0).collect(),
        noise(9000, 1.0),
        noise(9000, 1e-4),
    ];
    for format in EXACT {
        for samples in &sounds {
            // Full scale has one step less above 0.
            let fitting = |x: &f32| x.clamp(-1.0, 1.0 - 1.0 / 32768.0);
            let one: Vec<f32> = samples.iter().map(fitting).collect();
            let other: Vec<f32> = one.iter().rev().copied().collect();
            check(format, &Clip { rate_hz: 44_100, channels: vec![one.clone()] });
            check(format, &Clip { rate_hz: 44_100, channels: vec![one, other] });
        }
    }
}

#[test]
fn flac_is_smaller() {
    let folder = tempfile::tempdir().unwrap();
    let size = |format: FileFormat| {
        let path = folder.path().join("a");
        write_sound(&path, &sound(44_100, 2, 44_100), format).unwrap();
        std::fs::metadata(&path).unwrap().len() as f64
    };
    let share = size(FileFormat::Flac(Bits::Sixteen)) / size(FileFormat::Wav(WavFormat::Int16));
    assert!(share < 0.72, "{share}");
}

#[test]
fn vorbis_sounds_like_the_original() {
    for (rate_hz, n_channels, n_frames) in [
        (44_100, 1, 1),
        (44_100, 2, 44_100),
        (48_000, 6, 30_000),
        (8_000, 1, 8_000),
        (192_000, 2, 50_000),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ogg");
        let clip = sound(rate_hz, n_channels, n_frames);
        write_sound(&path, &clip, FileFormat::Vorbis).unwrap();
        let found = decode_file(&path, &DecodeLimits::default()).unwrap().clip;
        assert_eq!((found.rate_hz, found.channels.len()), (rate_hz, n_channels));
        assert_eq!(found.n_frames(), n_frames, "{rate_hz} Hz, {n_channels} channels");
        if n_frames < 5000 {
            continue;
        }
        for (c, (a, b)) in found.channels.iter().zip(&clip.channels).enumerate() {
            // The fourth of six is low frequencies, of which the encoder keeps only those.
            if n_channels == 6 && c == 3 {
                continue;
            }
            let power = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>();
            let error = power(&mut a.iter().zip(b).map(|(a, b)| a - b));
            let share = error / power(&mut b.iter().copied());
            assert!(share < 0.03, "{rate_hz} Hz, channel {c} of {n_channels}: {share}");
        }
    }
}

#[test]
fn broadcast_wave_says_who_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    let clip = sound(48_000, 2, 1000);
    let broadcast = Broadcast { description: "Take 1".into(), ..Broadcast::default() };
    let shape = SoundShape {
        format: FileFormat::BroadcastWave,
        rate_hz: 48_000,
        n_channels: 2,
        // More than come.
        n_frames: 5000,
        broadcast,
    };
    let mut writer = SoundWriter::create(&path, &shape).unwrap();
    writer.write(&clip.channels).unwrap();
    writer.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(&bytes[12..26], b"bext\x5a\x02\0\0Take 1");
    assert_eq!(u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize, bytes.len() - 8);
    assert_eq!(decode_file(&path, &DecodeLimits::default()).unwrap().clip.n_frames(), 1000);
    assert_eq!(hound::WavReader::open(&path).unwrap().duration(), 1000);
}

#[test]
fn what_a_format_has_no_place_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |format: FileFormat, rate_hz: u32, n_channels: usize| {
        let path = folder.path().join("a");
        let refused = write_sound(&path, &sound(rate_hz, n_channels, 10), format);
        assert!(matches!(refused, Err(Error::Unwritable { .. })), "{format:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    };
    refuse(FileFormat::Flac(Bits::Sixteen), 44_100, 9);
    refuse(FileFormat::Flac(Bits::Sixteen), 2_000_000, 1);
    refuse(FileFormat::Vorbis, 44_100, 9);
    refuse(FileFormat::Vorbis, 400_000, 1);
    refuse(FileFormat::Aiff(Bits::Sixteen), 44_100, 0);
    let nowhere = folder.path().join("no/a.flac");
    let refused = write_sound(&nowhere, &sound(8_000, 1, 10), FileFormat::Flac(Bits::Sixteen));
    assert!(matches!(refused, Err(Error::Unwritable { .. })));
}
