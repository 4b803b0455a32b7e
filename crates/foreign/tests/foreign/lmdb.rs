//! LMDB databases: a file of the real library, deep trees of our own, damaged pages.

use foreign::lmdb::{Lmdb, open};

use crate::written;

pub(crate) const REAL: &[u8] = include_bytes!("../fixtures/three.mdb");
const PAGE: usize = 512;

fn contents(lmdb: &Lmdb) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    for entry in lmdb.entries() {
        match entry.and_then(|entry| Ok((lmdb.read(&entry)?, entry.key))) {
            Ok((value, key)) => entries.push((String::from_utf8(key).unwrap(), value)),
            Err(error) => errors.push(error.to_string()),
        }
    }
    (entries, errors)
}

fn read(bytes: &[u8]) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let (_folder, path) = written("data.mdb", bytes);
    contents(&open(&path).unwrap())
}

/// A page with its number, its kind and its nodes, which lie from its end downward.
fn page(number: u64, flags: u16, nodes: &[Vec<u8>]) -> Vec<u8> {
    let mut page = vec![0; PAGE];
    page[..8].copy_from_slice(&number.to_le_bytes());
    page[10..12].copy_from_slice(&flags.to_le_bytes());
    let mut upper = PAGE;
    for (i, node) in nodes.iter().enumerate() {
        upper -= node.len().next_multiple_of(2);
        page[upper..upper + node.len()].copy_from_slice(node);
        page[16 + 2 * i..18 + 2 * i].copy_from_slice(&(upper as u16).to_le_bytes());
    }
    page[12..14].copy_from_slice(&(16 + 2 * nodes.len() as u16).to_le_bytes());
    page[14..16].copy_from_slice(&(upper as u16).to_le_bytes());
    page
}

fn node(low: u32, flags: u16, key: &str, value: &[u8]) -> Vec<u8> {
    let (low, flags, n) = (low.to_le_bytes(), flags.to_le_bytes(), key.len() as u16);
    [&low[..], &flags, &n.to_le_bytes(), key.as_bytes(), value].concat()
}

fn meta(number: u64, transaction: u64, depth: u16, n_entries: u64, root: u64) -> Vec<u8> {
    let mut page = page(number, 0x08, &[]);
    let mut put = |at: usize, bytes: &[u8]| page[at..at + bytes.len()].copy_from_slice(bytes);
    put(16, &0xbeef_c0de_u32.to_le_bytes());
    put(20, &1u32.to_le_bytes());
    put(40, &(PAGE as u32).to_le_bytes());
    put(94, &depth.to_le_bytes());
    put(120, &n_entries.to_le_bytes());
    put(128, &root.to_le_bytes());
    put(144, &transaction.to_le_bytes());
    page
}

fn key(i: usize) -> String {
    format!("{i:08}")
}

fn value(i: usize) -> Vec<u8> {
    vec![i as u8; if i % 7 == 3 { 700 } else { i % 40 }]
}

/// A tree of depth 3 with `n` entries, every seventh on two pages of its own.
pub(crate) fn deep(n: usize) -> Vec<u8> {
    let mut pages: Vec<Vec<u8>> = vec![meta(0, 4, 3, n as u64, 2), meta(1, 3, 0, 0, u64::MAX)];
    pages.push(Vec::new());
    let mut leaves = Vec::new();
    for first in (0..n).step_by(6) {
        let mut nodes = Vec::new();
        for i in first..(first + 6).min(n) {
            let value = value(i);
            if value.len() > 100 {
                let number = pages.len() as u64;
                let mut big = vec![0; 2 * PAGE];
                big[..8].copy_from_slice(&number.to_le_bytes());
                big[10..16].copy_from_slice(&[4, 0, 2, 0, 0, 0]);
                big[16..16 + value.len()].copy_from_slice(&value);
                pages.extend(big.chunks(PAGE).map(<[u8]>::to_vec));
                nodes.push(node(value.len() as u32, 1, &key(i), &number.to_le_bytes()));
            } else {
                nodes.push(node(value.len() as u32, 0, &key(i), &value));
            }
        }
        leaves.push((key(first), pages.len() as u32));
        pages.push(page(pages.len() as u64, 2, &nodes));
    }
    let branch = |children: &[(String, u32)]| -> Vec<Vec<u8>> {
        let named = children.iter().enumerate();
        named.map(|(i, (key, at))| node(*at, 0, if i == 0 { "" } else { key }, &[])).collect()
    };
    let mut branches = Vec::new();
    for children in leaves.chunks(8) {
        branches.push((children[0].0.clone(), pages.len() as u32));
        pages.push(page(pages.len() as u64, 1, &branch(children)));
    }
    pages[2] = page(2, 1, &branch(&branches));
    pages.concat()
}

#[test]
fn a_file_of_the_real_library_is_read() {
    let (folder, path) = written("data.mdb", REAL);
    for path in [&path, folder.path()] {
        let lmdb = open(path).unwrap();
        assert_eq!(lmdb.n_entries(), 3);
        let long = (0..3000).map(|i| (i % 251) as u8).collect();
        let expected = [(key(0), b"small".to_vec()), (key(1), long), (key(2), Vec::new())];
        assert_eq!(contents(&lmdb), (expected.to_vec(), Vec::new()));
    }
}

#[test]
fn deep_trees_are_walked_in_order() {
    for n in [1, 6, 7, 300] {
        let expected: Vec<_> = (0..n).map(|i| (key(i), value(i))).collect();
        assert_eq!(read(&deep(n)), (expected, Vec::new()));
    }
}

#[test]
fn the_newest_valid_meta_page_counts() {
    let mut bytes = deep(20);
    // The second page describes an empty database; it wins if it is newer, or the first is damaged.
    let check = |bytes: &[u8], n: usize| assert_eq!(read(bytes).0.len(), n);
    check(&bytes, 20);
    bytes[PAGE + 144] = 9;
    check(&bytes, 0);
    bytes[PAGE + 16] = 0;
    check(&bytes, 20);
    bytes[PAGE + 16] = 0xde;
    bytes[16] = 0;
    check(&bytes, 0);
}

#[test]
fn damaged_files_are_refused_in_words() {
    let check = |bytes: &[u8], expected: &str| {
        let (_folder, path) = written("data.mdb", bytes);
        let message = open(&path).err().unwrap().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
    };
    check(b"", "too short");
    check(&[0; 8192], "not an LMDB database");
    let with = |at: usize, value: u8| {
        let mut bytes = deep(20);
        (bytes[at], bytes[PAGE + at]) = (value, value);
        bytes
    };
    check(&with(20, 2), "another version");
    check(&with(41, 3), "impossible size");
    check(&with(92, 4), "flags 0x4");
    check(&with(94, 200), "a depth of 200 pages");
}

#[test]
fn damage_is_named_and_the_rest_is_read() {
    let check = |damage: &dyn Fn(&mut Vec<u8>), n_left: usize, expected: &str| {
        let mut bytes = deep(60);
        damage(&mut bytes);
        let (entries, errors) = read(&bytes);
        assert_eq!(entries.len(), n_left, "{expected}: {errors:?}");
        assert!(errors.iter().any(|it| it.contains(expected)), "{errors:?}");
    };
    // The first leaf is page 5: pages 3 and 4 hold the value of entry 3.
    let leaf = 5 * PAGE;
    check(&|bytes| bytes[leaf + 10] = 0x20, 54, "neither branch nor leaf (at byte 2560)");
    check(&|bytes| bytes[leaf] = 9, 54, "has another page's number");
    check(&|bytes| bytes[leaf + 12] = 1, 54, "impossible number of nodes");
    check(&|bytes| bytes[leaf + 17] = 9, 59, "a node is outside its page");
    check(&|bytes| bytes[3 * PAGE + 12] = 1, 59, "key `00000003`");
    check(&|bytes| bytes[2 * PAGE + 10] = 2, 0, "wrong depth");
    check(&|bytes| bytes.truncate(bytes.len() - 3 * PAGE), 0, "outside the file");
    // A page that leads to the root, and one that is visited twice.
    let last = |bytes: &Vec<u8>| bytes.len() - PAGE;
    let child = |bytes: &Vec<u8>, node: usize| {
        let page = last(bytes);
        page + usize::from(bytes[page + 16 + 2 * node])
            + 256 * usize::from(bytes[page + 17 + 2 * node])
    };
    check(
        &|bytes| {
            let at = child(bytes, 1);
            bytes[at] = 2;
        },
        54,
        "visited twice",
    );
    check(
        &|bytes| {
            let at = child(bytes, 1);
            bytes[at] = bytes[child(bytes, 0)];
        },
        54,
        "out of order",
    );
}
