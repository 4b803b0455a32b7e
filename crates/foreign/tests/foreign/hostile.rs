//! Whatever the bytes are, reading ends, does not panic, and stays within its memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;

use proptest::prelude::*;

/// Counts what each thread allocates, so that a length in a file that makes a reader allocate is found.
struct Counting;

thread_local! {
    static IN_USE: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(n: isize) {
    IN_USE.set(IN_USE.get() + n);
    MOST.set(MOST.get().max(IN_USE.get()));
}

#[expect(unsafe_code, reason = "an allocator cannot be written without; it only counts")]
// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `read` and checks that it never held much more than the `n_bytes` it reads: what a byte may
/// cost (a value in a list of values, say), and the buffers of a reader.
fn check(n_bytes: usize, read: impl FnOnce()) {
    let before = IN_USE.get();
    MOST.set(before);
    read();
    let used = MOST.get() - before;
    assert!(used < 100 * n_bytes as isize + (64 << 10), "{used} bytes for {n_bytes}");
}

/// As many cases as `PROPTEST_CASES` says, else a few hundred.
pub(crate) fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return default;
    }
    ProptestConfig { cases: 300, ..default }
}

/// One change to a file: where (as a share), how long, and what comes there.
#[derive(Clone, Debug)]
enum Change {
    Overwrite(f64, Vec<u8>),
    Insert(f64, Vec<u8>),
    Cut(f64, usize),
    Repeat(f64, usize, usize),
    Copy(f64, f64, usize),
    Truncate(f64),
}

fn change() -> impl Strategy<Value = Change> {
    let bytes = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 1..4),
        1 => Just(vec![0xff; 8]),
        1 => Just(vec![0; 8]),
        1 => Just(vec![0xff, 0xff, 0xff, 0x7f]),
        2 => (1u8..=32).prop_map(|value| vec![value]),
    ];
    let share = 0.0..1.0;
    prop_oneof![
        6 => (share.clone(), bytes.clone()).prop_map(|(at, bytes)| Change::Overwrite(at, bytes)),
        2 => (share.clone(), bytes).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (share.clone(), 1usize..40).prop_map(|(at, n)| Change::Cut(at, n)),
        1 => (share.clone(), 1usize..8, 1usize..200).prop_map(|(at, n, times)| Change::Repeat(at, n, times)),
        2 => (share.clone(), share.clone(), 1usize..40).prop_map(|(from, to, n)| Change::Copy(from, to, n)),
        1 => share.prop_map(Change::Truncate),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let n = bytes.len();
        let at = |share: &f64| (share * n as f64) as usize;
        let part = |first: usize, length: usize| first..(first + length).min(n);
        match change {
            Change::Overwrite(share, new) => {
                let part = part(at(share), new.len());
                let n_new = part.len();
                bytes[part].copy_from_slice(&new[..n_new]);
            }
            Change::Insert(share, new) => {
                bytes.splice(at(share)..at(share), new.iter().copied());
            }
            Change::Cut(share, length) => {
                bytes.drain(part(at(share), *length));
            }
            Change::Repeat(share, length, times) => {
                let repeated = bytes[part(at(share), *length)].repeat(*times);
                bytes.splice(at(share)..at(share), repeated);
            }
            Change::Copy(from, to, length) => {
                let copied = bytes[part(at(from), *length)].to_vec();
                let part = part(at(to), copied.len());
                let n_copied = part.len();
                bytes[part].copy_from_slice(&copied[..n_copied]);
            }
            Change::Truncate(share) => bytes.truncate(at(share)),
        }
    }
    bytes
}

/// Mostly a damaged form of `whole`, sometimes any bytes at all.
fn damaged(whole: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec(change(), 1..6);
    prop_oneof![
        9 => changes.prop_map(move |changes| changed(whole.clone(), &changes)),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ]
}

/// Writes bytes to the one file that this thread writes again and again.
fn with_file(bytes: &[u8], read: impl FnOnce(&Path)) {
    thread_local! {
        static FILE: tempfile::TempPath = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    }
    FILE.with(|path| {
        std::fs::write(path, bytes).unwrap();
        read(path);
    });
}

fn read_gin(text: &str) {
    let path = Path::new("x.gin");
    let Ok(config) = foreign::gin::parse(path, text) else { return };
    for name in ["blocks.Encoder.width", "wide/deep/Encoder.dilations", "DEEP", "Conv.bias"] {
        let _ = config.get(name);
    }
    // Whatever was understood can be written and is understood again.
    let again = foreign::gin::parse(path, &config.to_string()).unwrap();
    assert_eq!(again.to_string(), config.to_string());
}

fn read_events(bytes: &[u8]) {
    with_file(bytes, |path| {
        check(bytes.len(), || {
            let n = foreign::tfevents::open(path).unwrap().count();
            assert!(n <= bytes.len() / 16 + 1, "{n} events");
        });
    });
}

fn read_database(path: &Path, n_bytes: usize) {
    check(n_bytes + 4096, || {
        let Ok(lmdb) = foreign::lmdb::open(path) else { return };
        let mut last = None;
        for (i, entry) in lmdb.entries().enumerate() {
            assert!(i <= n_bytes, "more entries than bytes");
            let Ok(entry) = entry else { continue };
            assert_eq!(lmdb.read(&entry).unwrap().len(), entry.n_bytes);
            assert!(last.is_none_or(|last| last < entry.key), "out of order");
            last = Some(entry.key);
        }
    });
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn gin_configurations(bytes in damaged(super::gin::WHOLE.as_bytes().to_vec())) {
        let text = String::from_utf8_lossy(&bytes);
        // Resolved macros may be as many as their bound says.
        check(text.len() + (1 << 17), || read_gin(&text));
    }

    #[test]
    fn event_files(bytes in damaged(super::tfevents::sample())) {
        read_events(&bytes);
    }

    #[test]
    fn events_with_right_checksums(
        payload in prop::sample::select(super::tfevents::payloads()).prop_flat_map(damaged),
    ) {
        read_events(&super::tfevents::record(&payload).repeat(2));
    }

    #[test]
    fn databases(bytes in prop_oneof![damaged(super::lmdb::deep(60)), damaged(super::lmdb::REAL.to_vec())]) {
        with_file(&bytes, |path| read_database(path, bytes.len()));
    }

    #[test]
    fn audio_examples(bytes in damaged(super::audio_example::sample())) {
        check(bytes.len(), || {
            if let Ok(example) = foreign::audio_example::decode(&bytes, Path::new("x"), "0") {
                let channels = example.buffers.values().filter_map(|it| it.channels());
                assert!(channels.flatten().flatten().count() <= bytes.len());
            }
        });
    }

    #[test]
    fn dataset_metadata(bytes in damaged(b"channels: 1\nlazy: false\nn_seconds: 59.4\nsr: 44100\n".to_vec())) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = foreign::audio_example::parse_metadata(Path::new("m.yaml"), &text);
    }
}
