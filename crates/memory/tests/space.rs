//! What a space promises to whoever uses it: nothing that was added is lost, nothing that is near is missed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use memory::{Added, Error, Found, RowSet, Snapshot, Space, SpaceName};
use proptest::prelude::*;

fn name(dim: usize) -> SpaceName {
    SpaceName { name: "test".into(), version: 1, dim }
}

/// `SplitMix64` by Vigna, public domain.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The unit vector that belongs to an identifier.
fn vector(id: u64, dim: usize) -> Vec<f32> {
    let mut state = id.wrapping_mul(77) + 5;
    let number = |state: &mut u64| (0..4).map(|_| (random(state) >> 40) as f32).sum::<f32>();
    let mut vector: Vec<f32> =
        (0..dim).map(|_| number(&mut state) / (1u64 << 25) as f32 - 1.0).collect();
    memory::unit(&mut vector);
    vector
}

fn add(space: &mut Space, ids: &[u64]) -> Added {
    let dim = space.snapshot().name().dim;
    let vectors: Vec<Vec<f32>> = ids.iter().map(|id| vector(*id, dim)).collect();
    let rows: Vec<(u64, &[f32])> =
        ids.iter().zip(&vectors).map(|(id, it)| (*id, it.as_slice())).collect();
    space.add(&rows).expect("there is room")
}

fn held(snapshot: &Snapshot) -> BTreeMap<u64, Vec<f32>> {
    snapshot.rows().map(|(row, id)| (id, snapshot.vector(row).to_vec())).collect()
}

/// The nearest, by comparing with all.
fn plainly(held: &BTreeMap<u64, Vec<f32>>, query: &[f32], n: usize) -> Vec<Found> {
    let dot = |it: &[f32]| it.iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
    let mut found: Vec<Found> =
        held.iter().map(|(id, it)| Found { id: *id, similarity: dot(it) }).collect();
    found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.id.cmp(&b.id)));
    found.truncate(n);
    found
}

fn same(found: &[Found], expected: &[Found]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found.similarity - expected.similarity).abs() < 1e-5, "{found:?}, {expected:?}");
    }
}

fn part(folder: &Path, ending: &str) -> PathBuf {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|it| it.path());
    let mut fitting: Vec<PathBuf> =
        entries.filter(|it| it.file_name().unwrap().to_string_lossy().contains(ending)).collect();
    assert_eq!(fitting.len(), 1, "{ending} in {fitting:?}");
    fitting.remove(0)
}

/// Changes a byte of a file.
fn damage(path: &Path, at: u64) {
    let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 0x55]).unwrap();
}

#[test]
fn what_was_added_is_found_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut space = Space::open(folder.path(), &name(40)).unwrap();
    assert!(space.snapshot().is_empty());
    assert_eq!(space.snapshot().search(&vector(3, 40), 5).unwrap(), []);
    assert_eq!(add(&mut space, &[1, 2, 3]), Added { n_new: 3, n_replaced: 0 });
    let before = space.snapshot();
    assert_eq!(add(&mut space, &[3, 4]), Added { n_new: 1, n_replaced: 1 });
    assert_eq!(space.delete(&[2, 2, 99]).unwrap(), 1);
    // A snapshot stays as it was.
    assert_eq!(held(&before).keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
    let check = |snapshot: &Snapshot| {
        assert_eq!(held(snapshot).keys().copied().collect::<Vec<_>>(), [1, 3, 4]);
        let found = snapshot.search(&vector(4, 40), 2).unwrap();
        assert_eq!(found[0].id, 4);
        assert!((found[0].similarity - 1.0).abs() < 1e-6);
        let only = snapshot.rows_where(|id| id == 3);
        assert_eq!(snapshot.search_within(&vector(4, 40), 9, &only).unwrap()[0].id, 3);
    };
    check(&space.snapshot());
    check(&Space::read(folder.path()).unwrap().0);
    assert!(matches!(Space::open(folder.path(), &name(40)), Err(Error::Busy { .. })));
    drop(space);
    let mut space = Space::open(folder.path(), &name(40)).unwrap();
    check(&space.snapshot());
    space.compact().unwrap();
    check(&space.snapshot());
    drop(space);
    check(&Space::open(folder.path(), &name(40)).unwrap().snapshot());
    check(&Space::read(folder.path()).unwrap().0);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut space = Space::open(folder.path(), &name(8)).unwrap();
    add(&mut space, &[1]);
    let good = vector(2, 8);
    let check = |result: Result<Added, Error>, said: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    };
    check(space.add(&[(2, &good), (3, &good[..7])]), "the vector of 3 has 7 numbers and not 8");
    check(space.add(&[(2, &good), (3, &[f32::NAN; 8])]), "not a number");
    assert_eq!(space.snapshot().len(), 1);
    assert!(space.snapshot().search(&[0.0; 8], 3).is_err());
    assert!(space.snapshot().search(&[f32::INFINITY; 8], 3).is_err());
    drop(space);
    let other = Space::open(folder.path(), &SpaceName { version: 2, ..name(8) });
    assert!(other.unwrap_err().to_string().contains("it is the space `test` 1 of 8 numbers"));
    fs::write(
        folder.path().join("space.json"),
        r#"{"format":9,"name":"a","version":1,"dim":8,"generation":1}"#,
    )
    .unwrap();
    assert!(matches!(Space::open(folder.path(), &name(8)), Err(Error::Newer { found: 9, .. })));
}

#[test]
fn a_search_misses_nothing_whatever_the_vectors_are_like() {
    let mut state = 3;
    // Near each other and far from each other; the second kind has hardly a difference between near and far.
    for (dim, spread) in [(64, 0.3f32), (64, 1e6), (100, 1.0)] {
        let folder = tempfile::tempdir().unwrap();
        let mut space = Space::open(folder.path(), &name(dim)).unwrap();
        let of = |id: u64| {
            let (class, own) = (vector(id % 40, dim), vector(1000 + id, dim));
            let mut it: Vec<f32> = class.iter().zip(&own).map(|(a, b)| a + spread * b).collect();
            memory::unit(&mut it);
            it
        };
        let vectors: Vec<Vec<f32>> = (0..9000).map(of).collect();
        let rows: Vec<(u64, &[f32])> =
            vectors.iter().enumerate().map(|(id, it)| (id as u64, it.as_slice())).collect();
        space.add(&rows).unwrap();
        space.delete(&(0..500).collect::<Vec<_>>()).unwrap();
        let snapshot = space.snapshot();
        let held = held(&snapshot);
        let even: RowSet = snapshot.rows_where(|id| id % 2 == 0);
        let of_even: BTreeMap<u64, Vec<f32>> =
            held.iter().filter(|it| it.0 % 2 == 0).map(|(id, it)| (*id, it.clone())).collect();
        for _ in 0..20 {
            let query = of(random(&mut state) % 100_000);
            same(&snapshot.search(&query, 10).unwrap(), &plainly(&held, &query, 10));
            let found = snapshot.search_within(&query, 10, &even).unwrap();
            same(&found, &plainly(&of_even, &query, 10));
        }
    }
}

#[test]
fn many_alike_are_all_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut space = Space::open(folder.path(), &name(32)).unwrap();
    let (one, other) = (vector(1, 32), vector(2, 32));
    let rows: Vec<(u64, &[f32])> =
        (0..6000).map(|id| (id, if id % 3 == 0 { &one[..] } else { &other[..] })).collect();
    space.add(&rows).unwrap();
    let found = space.snapshot().search(&one, 3000).unwrap();
    assert_eq!(found.iter().filter(|it| it.similarity > 0.999).count(), 2000);
    assert_eq!(found.len(), 3000);
}

#[test]
fn damage_is_found_and_can_be_made_good() {
    let folder = tempfile::tempdir().unwrap();
    let ids: Vec<u64> = (0..2500).collect();
    let mut space = Space::open(folder.path(), &name(16)).unwrap();
    add(&mut space, &ids);
    drop(space);
    // Short forms come back from the vectors.
    damage(&part(folder.path(), ".i8"), 64 + 64 * 1500);
    let mut space = Space::open(folder.path(), &name(16)).unwrap();
    assert_eq!(space.opened().n_mended, 1);
    assert_eq!(space.check().unwrap().n_whole, 2500);
    drop(space);
    // Vectors do not: it is said of which they were.
    damage(&part(folder.path(), ".f32"), 64 + 64 * 1500);
    let mut space = Space::open(folder.path(), &name(16)).unwrap();
    assert_eq!(space.opened().n_mended, 0);
    let checked = space.check().unwrap();
    assert_eq!(checked.damaged, (1024..2048).collect::<Vec<_>>());
    assert_eq!(space.snapshot().len(), 2500 - 1024);
    add(&mut space, &checked.damaged);
    assert!(space.check().unwrap().damaged.is_empty());
    assert_eq!(space.snapshot().len(), 2500);
    drop(space);
    // Without identifiers, what is missing is known to whoever has the list.
    damage(&part(folder.path(), "rows-"), 64 + 16 * 3);
    let mut space = Space::open(folder.path(), &name(16)).unwrap();
    assert_eq!(space.opened().n_lost, 1024);
    assert!(!space.contains(3) && space.contains(2400));
    add(&mut space, &(0..1024).collect::<Vec<_>>());
    assert_eq!(space.snapshot().len(), 2500);
    space.compact().unwrap();
    assert_eq!(space.check().unwrap().n_whole, 2500);
}

#[test]
fn files_that_were_cut_lose_only_what_was_cut() {
    for ending in [".f32", ".i8", "rows-", "log-"] {
        let folder = tempfile::tempdir().unwrap();
        let mut space = Space::open(folder.path(), &name(16)).unwrap();
        for batch in 0..20 {
            add(&mut space, &(batch * 100..batch * 100 + 100).collect::<Vec<_>>());
        }
        drop(space);
        let path = part(folder.path(), ending);
        let row = match ending {
            "rows-" => 16,
            "log-" => 40,
            _ => 64,
        };
        let kept = if ending == "log-" { 12 } else { 1250 };
        OpenOptions::new().write(true).open(&path).unwrap().set_len(64 + kept * row).unwrap();
        let (snapshot, _) = Space::read(folder.path()).unwrap();
        assert_eq!(snapshot.len(), 1200, "{ending}");
        let mut space = Space::open(folder.path(), &name(16)).unwrap();
        assert_eq!(space.snapshot().len(), 1200, "{ending}");
        add(&mut space, &(1200..2000).collect::<Vec<_>>());
        drop(space);
        let space = Space::open(folder.path(), &name(16)).unwrap();
        assert_eq!(held(&space.snapshot()).len(), 2000, "{ending}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever is done in whatever order, a space holds what a map holds, also after it is opened again.
    #[test]
    fn a_space_is_a_map(steps in prop::collection::vec((0u8..5, 0u64..60, 1u64..40), 1..25)) {
        let folder = tempfile::tempdir().unwrap();
        let mut space = Space::open(folder.path(), &name(12)).unwrap();
        let mut expected = BTreeMap::new();
        for (what, first, n) in steps {
            let ids: Vec<u64> = (first..first + n).collect();
            match what {
                0 | 1 => {
                    add(&mut space, &ids);
                    expected.extend(ids.iter().map(|id| (*id, vector(*id, 12))));
                }
                2 => {
                    space.delete(&ids).unwrap();
                    expected.retain(|id, _| !ids.contains(id));
                }
                3 => space.compact().unwrap(),
                _ => {
                    drop(space);
                    space = Space::open(folder.path(), &name(12)).unwrap();
                }
            }
            let snapshot = space.snapshot();
            prop_assert_eq!(snapshot.len(), expected.len());
            let ids: Vec<u64> = held(&snapshot).into_keys().collect();
            prop_assert_eq!(ids, expected.keys().copied().collect::<Vec<_>>());
            let query = vector(7, 12);
            same(&snapshot.search(&query, 5).unwrap(), &plainly(&expected, &query, 5));
        }
    }

    /// Bytes that were changed anywhere are refused or left out; what is then held is what was added.
    #[test]
    fn no_damage_makes_a_wrong_vector(which in 0usize..5, at in any::<u64>(), n in 1usize..4) {
        let folder = tempfile::tempdir().unwrap();
        let mut space = Space::open(folder.path(), &name(12)).unwrap();
        for batch in 0..5 {
            add(&mut space, &(batch * 30..batch * 30 + 30).collect::<Vec<_>>());
        }
        space.delete(&[3]).unwrap();
        drop(space);
        let path = part(folder.path(), [".f32", ".i8", "rows-", "log-", "space.json"][which]);
        for i in 0..n as u64 {
            let len = fs::metadata(&path).unwrap().len();
            damage(&path, at.wrapping_mul(i + 1) % len);
        }
        if let Ok(mut space) = Space::open(folder.path(), &name(12)) {
            space.check().unwrap();
            for (id, found) in held(&space.snapshot()) {
                prop_assert_eq!(found, vector(id, 12));
            }
        }
    }
}

/// What the child of the next test does: it adds and deletes until it is killed, and says what it was promised.
#[test]
fn child_that_is_killed() {
    let Ok(folder) = std::env::var("MEMORY_TEST_FOLDER") else { return };
    let mut space = Space::open(Path::new(&folder), &name(24)).unwrap();
    let mut next = space.snapshot().rows().map(|(_, id)| id + 1).max().unwrap_or(0);
    loop {
        let n = 1 + next % 700;
        add(&mut space, &(next..next + n).collect::<Vec<_>>());
        println!("added {next} {n}");
        if next.is_multiple_of(3) {
            space.delete(&[next]).unwrap();
            println!("deleted {next}");
        }
        if next % 11 == 5 {
            space.compact().unwrap();
        }
        next += n;
    }
}

#[test]
fn a_killed_program_loses_nothing_that_it_was_promised() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = BTreeMap::new();
    let mut state = 9;
    for _ in 0..8 {
        #[expect(clippy::disallowed_methods, reason = "the process to kill is this test itself")]
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_is_killed", "--nocapture"])
            .env("MEMORY_TEST_FOLDER", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // It is killed at any moment after some lines, so also in the middle of the next step.
        let n_lines = 2 + random(&mut state) % 30;
        let mut said = vec![];
        for line in lines.by_ref() {
            said.push(line.unwrap());
            if said.iter().filter(|it| it.contains("added ")).count() as u64 >= n_lines {
                break;
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(random(&mut state) % 5000));
        child.kill().unwrap();
        child.wait().unwrap();
        said.extend(lines.map_while(Result::ok));
        let mut last_first = None;
        for line in &said {
            // The first line may stand behind what the test's own program prints.
            let words: Vec<&str> = line.split(' ').collect();
            let number = |i: usize| words[words.len() - i].parse::<u64>().ok();
            match (line.contains("added "), line.contains("deleted ")) {
                (true, _) => {
                    if let (Some(first), Some(n)) = (number(2), number(1)) {
                        last_first = Some(first);
                        expected.extend((first..first + n).map(|id| (id, vector(id, 24))));
                    }
                }
                (_, true) => {
                    number(1).map(|id| expected.remove(&id));
                }
                _ => {}
            }
        }
        let mut space = Space::open(folder.path(), &name(24)).unwrap();
        let checked = space.check().unwrap();
        assert_eq!((checked.damaged.len(), checked.n_lost), (0, 0));
        let held = held(&space.snapshot());
        for (id, vector) in &expected {
            // The last deletion may have been done and not been said yet.
            if held.contains_key(id) || Some(*id) != last_first {
                assert_eq!(held.get(id), Some(vector), "{id} was promised");
            }
        }
        // What was written without a promise may be there too, whole.
        for (id, found) in &held {
            assert_eq!(*found, vector(*id, 24));
        }
        expected = held;
    }
    assert!(expected.len() > 1000);
}
