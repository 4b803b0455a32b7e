//! Malformed files, as people have them: each gives the sound in it and a note, or a clear error.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use audio::{DecodeLimits, Decoded, Error, decode_file};

/// A WAV file before anything went wrong with it.
struct Wav {
    tag: u16,
    bits: u16,
    rate_hz: u32,
    n_channels: u16,
    data: Vec<u8>,
}

impl Wav {
    /// Sixteen bits, mono, 8000 Hz: a tone of `n_frames`.
    fn tone(n_frames: usize) -> Self {
        let data = (0..n_frames).flat_map(|n| ((tone(n) * 32768.0) as i16).to_le_bytes()).collect();
        Self { tag: 1, bits: 16, rate_hz: 8000, n_channels: 1, data }
    }

    /// The file, with its lengths as given instead of as they are.
    fn with_lengths(&self, riff: u32, data: u32) -> Vec<u8> {
        let frame_bytes = self.n_channels * self.bits / 8;
        let mut file = b"RIFF".to_vec();
        file.extend(riff.to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0");
        file.extend(self.tag.to_le_bytes());
        file.extend(self.n_channels.to_le_bytes());
        file.extend(self.rate_hz.to_le_bytes());
        file.extend((self.rate_hz * u32::from(frame_bytes)).to_le_bytes());
        file.extend(frame_bytes.to_le_bytes());
        file.extend(self.bits.to_le_bytes());
        file.extend(b"data");
        file.extend(data.to_le_bytes());
        file.extend(&self.data);
        file
    }

    fn bytes(&self) -> Vec<u8> {
        let n = self.data.len() as u32;
        self.with_lengths(n + 36, n)
    }
}

fn tone(n: usize) -> f32 {
    0.5 * (n as f32 * 0.3).sin()
}

fn decode_as(name: &str, bytes: &[u8]) -> Result<Decoded, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    decode_file(&path, &DecodeLimits::default())
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

/// The bytes give between `n_frames.0` and `n_frames.1` frames, and notes with these codes.
fn check(name: &str, bytes: &[u8], n_frames: (usize, usize), codes: &[&str]) -> Decoded {
    let decoded = decode_as(name, bytes).unwrap_or_else(|e| panic!("{name}: failed to {e}"));
    let n = decoded.clip.n_frames();
    assert!((n_frames.0..=n_frames.1).contains(&n), "{name}: {n} frames");
    let found: Vec<_> = decoded.notes.iter().map(|note| note.code).collect();
    assert_eq!(found, codes, "{name}: {:?}", decoded.notes);
    for x in decoded.clip.channels.iter().flatten() {
        assert!((-1.0..=1.0).contains(x), "{name}: {x}");
    }
    decoded
}

/// The bytes give an error whose text holds `expected`.
fn check_error(name: &str, bytes: &[u8], expected: &str) {
    let error = decode_as(name, bytes).expect_err(name).to_string();
    assert!(error.contains(expected), "{name}: {error}");
    assert!(error.contains(name), "{name} is named: {error}");
    assert!(!error.ends_with('.') && error.starts_with(char::is_lowercase), "{error}");
}

#[test]
fn a_wav_with_a_wrong_length() {
    let wav = Wav::tone(8000);
    let all = (8000, 8000);
    check("right.wav", &wav.bytes(), all, &[]);
    // It claims more than it has.
    check("long.wav", &wav.with_lengths(160_036, 160_000), all, &["truncated"]);
    check("huge.wav", &wav.with_lengths(u32::MAX - 8, u32::MAX - 100), all, &["truncated"]);
    // Streams that did not know, and recorders that did not come to write it.
    check("stream.wav", &wav.with_lengths(u32::MAX, u32::MAX), all, &["wrong_length"]);
    check("zero.wav", &wav.with_lengths(0, 0), all, &["wrong_length"]);
    // It claims less than it has: a recorder that lost power.
    check("short.wav", &wav.with_lengths(4036, 4000), all, &["wrong_length"]);
    // Only the outer length lies.
    check("riff.wav", &wav.with_lengths(7, 16_000), all, &[]);
    // A chunk after the sound is not sound, nor are a few stray bytes or padding.
    let with = |tail: &[u8]| [&wav.bytes(), tail].concat();
    check("chunk.wav", &with(&[b"LIST\x40\x1f\0\0", &[7; 8000][..]].concat()), all, &[]);
    check("rubbish.wav", &with(&[200; 100]), all, &[]);
    check("padded.wav", &with(&[0; 10_000]), all, &[]);
    // Beyond 4 GiB the real length is in a chunk of its own.
    let mut long = b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0".to_vec();
    long.extend([16_072u64, 16_000, 8000].into_iter().flat_map(u64::to_le_bytes));
    long.extend([0; 4]);
    long.extend(&wav.with_lengths(0, u32::MAX)[12..]);
    check("rf64.wav", &long, all, &[]);
    // A frame that is cut in two.
    check("half.wav", &wav.bytes()[..44 + 1001], (500, 500), &["truncated"]);
}

/// A Wave64 file: names of 16 bytes, lengths of 8 that count themselves, chunks at multiples of 8.
fn wave64(wav: &Wav, claimed: u64) -> Vec<u8> {
    let chunk = |name: &[u8], n_bytes: u64, body: &[u8]| {
        let tail = b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a";
        let padding = vec![0; body.len().next_multiple_of(8) - body.len()];
        [name, tail, &(n_bytes + 24).to_le_bytes(), body, &padding].concat()
    };
    let plain = wav.bytes();
    let mut file = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0".to_vec();
    file.extend(1_000_000u64.to_le_bytes());
    file.extend(b"wave\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a");
    file.extend(chunk(b"fmt ", 16, &plain[20..36]));
    file.extend(chunk(b"fact", 4, &[0; 4]));
    file.extend(chunk(b"data", claimed, &wav.data));
    file
}

#[test]
fn wave64_whole_and_cut_off() {
    let wav = Wav::tone(8001);
    let plain = check("plain.wav", &wav.bytes(), (8001, 8001), &[]);
    let bytes = wave64(&wav, 16_002);
    let found = check("long.w64", &bytes, (8001, 8001), &[]);
    assert_eq!(found.clip, plain.clip);
    check("cut.w64", &bytes[..bytes.len() / 2], (3900, 4000), &["truncated"]);
    check("huge.w64", &wave64(&wav, u64::MAX / 2), (8000, 8004), &["truncated"]);
}

/// The system knows that most of the file is zeros, so it takes no space.
#[test]
fn sound_beyond_4_gib_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("far.wav");
    let wav = Wav::tone(8000);
    let sound = &wav.bytes()[12..];
    let skipped = u32::MAX - 1;
    let mut head = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
    // Two chunks that are not sound, 4 GiB each.
    head.extend(b"JUNK");
    head.extend(skipped.to_le_bytes());
    std::fs::write(&path, head).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let write_at = |at: u64, bytes: &[u8]| {
        use std::io::{Seek, SeekFrom, Write};
        (&file).seek(SeekFrom::Start(at)).unwrap();
        (&file).write_all(bytes).unwrap();
    };
    let second = 20 + u64::from(skipped);
    write_at(second, &[&b"JUNK"[..], &skipped.to_le_bytes()].concat());
    write_at(second + 8 + u64::from(skipped), sound);
    let decoded = decode_file(&path, &DecodeLimits::default()).unwrap();
    assert_eq!(decoded.notes, []);
    assert_eq!(decoded.clip.n_frames(), 8000);
    assert!((decoded.clip.channels[0][5] - tone(5)).abs() < 1e-4);
}

#[test]
fn blocks_are_the_whole_file() {
    for (name, bytes) in [
        ("a.wav", Wav { n_channels: 2, ..Wav::tone(30_000) }.bytes()),
        ("a.flac", fixture("tone.flac")),
        ("a.mp3", fixture("tone.mp3")),
        ("a.ogg", fixture("tone.ogg")),
        ("a.m4a", fixture("tone.m4a")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let whole = decode_file(&path, &DecodeLimits::default()).unwrap();
        let mut reader = audio::SoundReader::open(&path, &DecodeLimits::STREAMED).unwrap();
        let mut channels = vec![vec![]; reader.n_channels()];
        let (mut block, mut shares) = (vec![], vec![]);
        while reader.next(&mut block).unwrap() {
            for (channel, block) in channels.iter_mut().zip(&block) {
                channel.extend_from_slice(block);
            }
            shares.push(reader.share());
        }
        let end = reader.end();
        end.scale(&mut channels);
        assert!(channels == whole.clip.channels, "{name}");
        assert_eq!((end.n_frames as usize, &end.notes), (whole.clip.n_frames(), &whole.notes));
        assert!(shares.is_sorted() && shares.last() > Some(&0.9), "{name}: {shares:?}");
    }
}

#[test]
fn every_width_of_samples() {
    let floats = |n: usize| (0..n).map(tone);
    let n = 4000;
    let check_width = |tag, bits, data: Vec<u8>, tolerance: f32| {
        let wav = Wav { tag, bits, data, ..Wav::tone(0) };
        let name = format!("{bits}-bit-{tag}.wav");
        let decoded = check(&name, &wav.bytes(), (n, n), &[]);
        for (i, x) in decoded.clip.channels[0].iter().enumerate() {
            assert!((x - tone(i)).abs() <= tolerance, "{name}: {x} at {i}");
        }
    };
    check_width(1, 8, floats(n).map(|x| (x * 128.0 + 128.0) as u8).collect(), 1.0 / 128.0);
    let int = |bits: i32, x: f32| (f64::from(x) * 2f64.powi(bits - 1)) as i32;
    let low = |n: usize| move |x: i32| x.to_le_bytes().into_iter().take(n);
    check_width(1, 16, floats(n).map(|x| int(16, x)).flat_map(low(2)).collect(), 1.0 / 32768.0);
    check_width(1, 24, floats(n).map(|x| int(24, x)).flat_map(low(3)).collect(), 1e-6);
    check_width(1, 32, floats(n).map(|x| int(32, x)).flat_map(low(4)).collect(), 1e-6);
    check_width(3, 32, floats(n).flat_map(f32::to_le_bytes).collect(), 0.0);
    check_width(3, 64, floats(n).flat_map(|x| f64::from(x).to_le_bytes()).collect(), 0.0);
}

/// A big-endian chunk of an AIFF file.
fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&name[..], &(body.len() as u32).to_be_bytes(), body].concat()
}

/// An AIFF file of 16-bit samples, of which the header claims `n_claimed`.
fn aiff(n_frames: usize, n_claimed: u32) -> Vec<u8> {
    let mut sound = vec![0; 8];
    sound.extend((0..n_frames).flat_map(|n| ((tone(n) * 32768.0) as i16).to_be_bytes()));
    let rate = [0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0];
    let comm = [&[0, 1][..], &n_claimed.to_be_bytes(), &[0, 16], &rate].concat();
    let mut sound = chunk(b"SSND", &sound);
    sound[4..8].copy_from_slice(&(n_claimed * 2 + 8).to_be_bytes());
    let body = [b"AIFF".to_vec(), chunk(b"COMM", &comm), chunk(b"NAME", b"tone"), sound].concat();
    chunk(b"FORM", &body)
}

#[test]
fn aiff_whole_and_cut_off() {
    let whole = check("tone.aiff", &aiff(4000, 4000), (4000, 4000), &[]);
    assert_eq!(whole.clip.rate_hz, 8000);
    assert!((whole.clip.channels[0][5] - tone(5)).abs() < 1e-4);
    let cut = &aiff(4000, 4000)[..4054];
    check("cut.aif", cut, (1900, 2000), &["truncated"]);
    check("lies.aif", &aiff(4000, 400_000), (4000, 4000), &["truncated"]);
    // Little-endian, as Macs write it.
    let mut sowt = aiff(4000, 4000);
    sowt[8..12].copy_from_slice(b"AIFC");
    let comm_end = 12 + 8 + 18;
    sowt.splice(comm_end..comm_end, *b"sowt\0\0");
    sowt[16..20].copy_from_slice(&24u32.to_be_bytes());
    let start = sowt.len() - 8000;
    sowt[start..].chunks_exact_mut(2).for_each(<[u8]>::reverse);
    let decoded = check("mac.aifc", &sowt, (4000, 4000), &[]);
    assert_eq!(decoded.clip, whole.clip);
}

#[test]
fn truncated_files_keep_their_beginning() {
    let cut = |name: &str, share: f64| {
        let whole = fixture(name);
        whole[..(whole.len() as f64 * share) as usize].to_vec()
    };
    // Blocks of 1024 frames; the one that is cut is lost.
    check("cut.flac", &cut("tone.flac", 0.5), (2048, 6144), &["truncated"]);
    check("cut-late.flac", &cut("tone.flac", 0.97), (7168, 8192), &["truncated"]);
    check("cut.mp3", &cut("tone.mp3", 0.5), (8000, 13_000), &["truncated"]);
    check("cut.m4a", &cut("tone.aac", 0.5), (8000, 13_000), &["truncated", "wrong_extension"]);
    let vorbis = decode_as("cut.ogg", &cut("tone.ogg", 0.7));
    assert!(vorbis.is_err() || vorbis.is_ok_and(|decoded| decoded.clip.n_frames() < 22_050));
}

#[test]
fn damage_in_the_middle_costs_only_itself() {
    let damaged = |name: &str, at: f64, n: usize| {
        let mut bytes = fixture(name);
        let first = (bytes.len() as f64 * at) as usize;
        for (i, byte) in bytes[first..first + n].iter_mut().enumerate() {
            *byte = (i * 151 + 7) as u8;
        }
        bytes
    };
    check("hit.flac", &damaged("tone.flac", 0.5, 300), (5000, 8820), &["damaged"]);
    let mp3 = decode_as("hit.mp3", &damaged("tone.mp3", 0.5, 300)).unwrap();
    assert!(mp3.clip.n_frames() > 15_000, "{}", mp3.clip.n_frames());
    assert!(mp3.notes.iter().any(|note| ["damaged", "truncated"].contains(&note.code)));
}

#[test]
fn an_mp3_with_garbage_around_and_inside() {
    let whole = fixture("tone.mp3");
    let noise = |n: usize| (0..n).map(|i| (i * i % 251) as u8).collect::<Vec<u8>>();
    let before = [noise(700), whole.clone()].concat();
    assert!(decode_as("before.mp3", &before).unwrap().clip.n_frames() > 20_000);
    let after = [whole.clone(), noise(700)].concat();
    assert!(decode_as("after.mp3", &after).unwrap().clip.n_frames() > 20_000);
    let inside = [&whole[..2000], &noise(700)[..], &whole[2000..]].concat();
    assert!(decode_as("inside.mp3", &inside).unwrap().clip.n_frames() > 20_000);
    // A tag with a picture before it, larger than the sound.
    let tag = [&b"ID3\x03\0\0\0\0\x4e\x20"[..], &[0; 10_016]].concat();
    assert!(decode_as("tag.mp3", &[tag, whole].concat()).unwrap().clip.n_frames() > 20_000);
}

#[test]
fn usual_deviations_are_not_noted() {
    let whole = fixture("tone.mp3");
    // A tag at the end, as music shops write it.
    let tag = [&b"TAG"[..], &[b' '; 125]].concat();
    check("tag.mp3", &[whole.clone(), tag].concat(), (22_050, 22_050), &[]);
    // A stream without the encoder's note, which is in its first frame.
    let second = whole.windows(2).enumerate().filter(|(_, w)| *w == [0xff, 0xf3]).nth(1);
    let second = second.expect("the fixture is MPEG 2, layer 3").0;
    check("stream.mp3", &whole[second..], (22_050, 25_000), &[]);
}

#[test]
fn empty_files_and_files_that_are_not_sound() {
    check_error("empty.wav", b"", "0 seconds");
    check_error("empty.mp3", b"", "0 seconds");
    check_error("header.wav", &Wav::tone(0).bytes(), "0 seconds");
    check_error("text.wav", b"this is a text that somebody named .wav", "not a sound file");
    check_error("text.mp3", "words ".repeat(5000).as_bytes(), "not a sound file");
    check_error("cut.wav", &Wav::tone(100).bytes()[..30], "header");
    check_error("cut.flac", &fixture("tone.flac")[..30], "");
    check_error("opus.ogg", &fixture("tone.opus"), "Opus is not supported");
    check_error("film.wma", b"0&\xb2u\x8ef\xcf\x11", "Windows Media Audio is not supported");
    // A frame of AAC inside a file does not make it AAC.
    let caf = [&b"caff\0\x01\0\0"[..], &fixture("tone.m4a")].concat();
    check_error("a.caf", &caf, "Core Audio Format is not supported");
    check_error("named.wav", &caf, "Core Audio Format is not supported");
    let adpcm = Wav { tag: 2, bits: 4, ..Wav::tone(100) };
    check_error("adpcm.wav", &adpcm.bytes(), "ADPCM in WAV is not supported");
    let wide = Wav { bits: 48, ..Wav::tone(100) };
    check_error("wide.wav", &wide.bytes(), "48-bit");
    let many = Wav { n_channels: 999, bits: 8, ..Wav::tone(9999) };
    check_error("many.wav", &many.bytes(), "999 channels");
    let still = Wav { rate_hz: 0, ..Wav::tone(100) };
    check_error("still.wav", &still.bytes(), "0 Hz");
}

#[test]
fn silence_and_samples_that_are_not_numbers() {
    let silent = Wav { data: vec![0; 16_000], ..Wav::tone(0) };
    check("silent.wav", &silent.bytes(), (8000, 8000), &["silent"]);
    let mut floats: Vec<f32> = (0..8000).map(tone).collect();
    floats[10] = f32::NAN;
    floats[11] = f32::NEG_INFINITY;
    let data = floats.into_iter().flat_map(f32::to_le_bytes).collect();
    let broken = Wav { tag: 3, bits: 32, data, ..Wav::tone(0) };
    let decoded = check("nan.wav", &broken.bytes(), (8000, 8000), &["not_a_number"]);
    assert_eq!(decoded.clip.channels[0][10..12], [0.0, 0.0]);
    assert_eq!(decoded.notes[0].message, "2 samples are not numbers and became 0");
    let short = Wav { data: vec![0, 64], ..Wav::tone(0) };
    check("one.wav", &short.bytes(), (1, 1), &["very_short"]);
}

#[test]
fn high_rates_and_many_channels() {
    let high = Wav { rate_hz: 96_000, ..Wav::tone(9600) };
    let decoded = check("96k.wav", &high.bytes(), (9600, 9600), &[]);
    assert_eq!(audio::resample(&decoded.clip, 44_100).n_frames(), 4410);
    let surround = Wav { n_channels: 6, ..Wav::tone(6000) };
    let decoded = check("5.1.wav", &surround.bytes(), (1000, 1000), &[]);
    assert_eq!(decoded.clip.channels.len(), 6);
    assert_eq!(audio::with_channels(decoded.clip, 1).channels.len(), 1);
}

#[test]
fn the_name_may_be_anything() {
    let bytes = Wav::tone(800).bytes();
    let long = format!("{}.wav", "n".repeat(200));
    for name in ["two words.wav", "🎻 Grandma's.wav", "Été.WAV", "a.b.wav", ".hidden.wav", &long]
    {
        check(name, &bytes, (800, 800), &[]);
    }
    check("wav in disguise.mp3", &bytes, (800, 800), &["wrong_extension"]);
    check("mp3 in disguise.wav", &fixture("tone.mp3"), (22_050, 22_050), &["wrong_extension"]);
    check("no extension", &bytes, (800, 800), &[]);
    check("unknown.sound", &bytes, (800, 800), &[]);
}

#[test]
fn files_that_the_system_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let decode = |path: PathBuf| decode_file(&path, &DecodeLimits::default());
    let missing = decode(folder.path().join("missing.wav"));
    assert!(
        matches!(missing, Err(Error::Unreadable { source, .. }) if source.kind() == std::io::ErrorKind::NotFound)
    );
    assert!(matches!(decode(folder.path().to_owned()), Err(Error::Unreadable { .. })));
    if cfg!(target_os = "linux") {
        // A device would never end.
        assert!(matches!(decode("/dev/zero".into()), Err(Error::Unreadable { .. })));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join("secret.wav");
        std::fs::write(&path, Wav::tone(10).bytes()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        // The administrator may read everything.
        if std::fs::File::open(&path).is_err() {
            assert!(matches!(decode(path), Err(Error::Unreadable { .. })));
        }
    }
}

#[test]
fn limits_hold_while_decoding() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], limits: DecodeLimits, expected: bool| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let decoded = decode_file(&path, &limits);
        match decoded {
            Ok(_) => assert!(expected, "{name} {limits:?}"),
            Err(Error::TooLong { .. }) => assert!(!expected, "{name} {limits:?}"),
            Err(other) => panic!("{name}: {other}"),
        }
    };
    let secs = |max_secs| DecodeLimits { max_secs, ..Default::default() };
    let samples = |max_samples| DecodeLimits { max_samples, ..Default::default() };
    let wav = Wav::tone(8000).bytes();
    check("a.wav", &wav, secs(1.0), true);
    check("a.wav", &wav, secs(0.9), false);
    check("a.wav", &wav, samples(8000), true);
    check("a.wav", &wav, samples(7999), false);
    check("a.mp3", &fixture("tone.mp3"), secs(0.5), false);
    check("a.flac", &fixture("tone.flac"), samples(2 * 8820), true);
    check("a.flac", &fixture("tone.flac"), samples(2 * 8820 - 1), false);
}
