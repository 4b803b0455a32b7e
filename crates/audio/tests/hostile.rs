//! Whatever the bytes are, decoding ends, does not panic and stays within its memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use audio::{DecodeLimits, decode_file};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Counts what is allocated, so that a header that makes a decoder allocate is found out.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator cannot be written without; it only counts")]
// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(IN_USE.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A MiB of samples; decoders and their tables come on top.
const LIMITS: DecodeLimits =
    DecodeLimits { max_secs: 100.0, max_samples: 1 << 18, max_channels: 16 };
const MOST_BYTES: usize = 48 << 20;

/// Decodes bytes as a file of that name, and checks the guarantees of the result.
fn check(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    let before = IN_USE.load(Relaxed);
    MOST.store(before, Relaxed);
    let start = std::time::Instant::now();
    if let Ok(decoded) = decode_file(&path, &LIMITS) {
        let clip = &decoded.clip;
        assert!(clip.n_frames() > 0 && clip.n_frames() * clip.channels.len() <= LIMITS.max_samples);
        assert!(clip.channels.iter().all(|channel| channel.len() == clip.n_frames()));
        assert!(clip.channels.iter().flatten().all(|x| (-1.0..=1.0).contains(x)));
    }
    let used = MOST.load(Relaxed).saturating_sub(before);
    assert!(used < MOST_BYTES, "{name}: {used} bytes");
    assert!(start.elapsed().as_secs() < 10, "{name}: {:?}", start.elapsed());
}

/// Some hundred cases of each kind, many with `SLOW_TESTS=1`, or as many as `PROPTEST_CASES` says.
fn n_cases() -> u32 {
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return Config::default().cases;
    }
    if std::env::var_os("SLOW_TESTS").is_some() { 20_000 } else { 500 }
}

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: n_cases(), failure_persistence: None, ..Config::default() })
}

/// Files to start from: every fixture, and a WAV and an AIFF.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "md"))
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap())
        })
        .collect();
    let wav = audio::wav_header(8000, 3, 100, audio::WavFormat::Int24);
    files.push(("tone.wav".into(), [wav, vec![0x40; 900]].concat()));
    let rate = [0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0];
    let aiff = [
        &b"FORM\0\0\x03\xd4AIFFCOMM\0\0\0\x12\0\x01\0\0\x01\xe0\0\x10"[..],
        &rate,
        b"SSND\0\0\x03\xc8\0\0\0\0\0\0\0\0",
        &[0x20; 960],
    ];
    files.push(("tone.aiff".into(), aiff.concat()));
    files.sort();
    files
}

/// One change to a file: where (as a share), how long, and what comes there.
#[derive(Clone, Debug)]
enum Change {
    Overwrite(f64, Vec<u8>),
    Insert(f64, Vec<u8>),
    Cut(f64, usize),
    FlipBit(f64, u8),
    Truncate(f64),
}

fn change() -> impl Strategy<Value = Change> {
    // Headers are where it hurts, so half of all changes hit the first tenth.
    let position = prop_oneof![0.0..0.1, 0.0..1.0];
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..8),
        Just(vec![0xff; 4]),
        Just(vec![0; 4]),
        Just(vec![0x7f, 0xff, 0xff, 0xff]),
    ];
    prop_oneof![
        (position.clone(), bytes.clone()).prop_map(|(at, bytes)| Change::Overwrite(at, bytes)),
        (position.clone(), bytes).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (position.clone(), 1usize..200).prop_map(|(at, n)| Change::Cut(at, n)),
        (position.clone(), 0u8..8).prop_map(|(at, bit)| Change::FlipBit(at, bit)),
        position.prop_map(Change::Truncate),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let n = bytes.len();
        let at = |share: &f64| (share * n as f64) as usize;
        match change {
            Change::Overwrite(share, new) => {
                let first = at(share);
                let last = (first + new.len()).min(n);
                bytes[first..last].copy_from_slice(&new[..last - first]);
            }
            Change::Insert(share, new) => {
                bytes.splice(at(share)..at(share), new.iter().copied());
            }
            Change::Cut(share, len) => {
                bytes.drain(at(share)..(at(share) + len).min(n));
            }
            Change::FlipBit(share, bit) => {
                if let Some(byte) = bytes.get_mut(at(share)) {
                    *byte ^= 1 << bit;
                }
            }
            Change::Truncate(share) => bytes.truncate(at(share)),
        }
    }
    bytes
}

/// One test, because all tests share the count of memory.
#[test]
fn any_bytes_are_survived() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Tables that are made once, and the registries.
    for (name, bytes) in seeds() {
        let path = folder.join(&name);
        std::fs::write(&path, bytes).unwrap();
        let _ = decode_file(&path, &LIMITS);
    }

    let random = prop::collection::vec(any::<u8>(), 0..4000);
    runner()
        .run(&random, |bytes| {
            check(folder, "random.wav", &bytes);
            Ok(())
        })
        .unwrap();

    // Random bytes after a beginning that makes a decoder try.
    let starts = prop::sample::select(vec![
        &b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0"[..],
        b"FORM\0\0\0\0AIFCCOMM\0\0\0\x16",
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02\0\0\0\0\0\0\0\0",
        b"\xff\xfb\x90\x64",
        b"\xff\xf1\x50\x80",
        b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0\0\0\x10\0moov",
        b"ID3\x04\0\0\0\0\x0f\0",
    ]);
    runner()
        .run(&(starts, prop::collection::vec(any::<u8>(), 0..4000)), |(start, bytes)| {
            check(folder, "started.wav", &[start, &bytes].concat());
            Ok(())
        })
        .unwrap();

    let mutated = (prop::sample::select(seeds()), prop::collection::vec(change(), 1..6));
    runner()
        .run(&mutated, |((name, bytes), changes)| {
            check(folder, &name, &changed(bytes, &changes));
            Ok(())
        })
        .unwrap();
}
