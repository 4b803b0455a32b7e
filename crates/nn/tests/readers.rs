//! Every file format: written and read, damaged, hostile.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use nn::npy::{Npy, Numbers};
use nn::{Error, NamedArray, checkpoint, npy, npz, torch_checkpoint};
use proptest::prelude::*;

fn array(name: &str, shape: &[usize], values: &[f32]) -> NamedArray {
    NamedArray { name: name.to_owned(), shape: shape.to_vec(), values: values.to_vec() }
}

fn some_arrays() -> Vec<NamedArray> {
    vec![
        array("encoder.net.0.weight_v", &[2, 1, 3], &[1.0, -2.5, 3e-30, f32::MAX, 0.0, -0.0]),
        array("a scalar", &[], &[7.0]),
        array("nothing", &[0, 4], &[]),
    ]
}

fn written(folder: &Path) -> (PathBuf, Vec<u8>) {
    let path = folder.join("step-000000012.safetensors");
    let metadata = BTreeMap::from([("step".to_owned(), "12".to_owned())]);
    checkpoint::write(&path, &some_arrays(), &metadata).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

#[test]
fn a_checkpoint_comes_back_and_others_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = written(folder.path());
    let checkpoint = checkpoint::read(&path).unwrap();
    let mut arrays = checkpoint.arrays;
    arrays.sort_by(|a, b| a.name.cmp(&b.name));
    let mut expected = some_arrays();
    expected.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(arrays, expected);
    assert_eq!(checkpoint.metadata["step"], "12");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

    let theirs = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(theirs.len(), 3);
    let tensor = theirs.tensor("encoder.net.0.weight_v").unwrap();
    assert_eq!(tensor.shape(), [2, 1, 3]);
    assert_eq!(tensor.data()[..4], 1.0f32.to_le_bytes());
}

#[test]
fn a_checkpoint_that_cannot_be_written_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = written(folder.path());
    std::fs::create_dir(path.with_added_extension("partial")).unwrap();
    let error = checkpoint::write::<Vec<f32>>(&path, &[], &BTreeMap::new()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn every_truncation_of_a_checkpoint_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = written(folder.path());
    for n in 0..bytes.len() {
        std::fs::write(&path, &bytes[..n]).unwrap();
        assert!(checkpoint::read(&path).is_err(), "{n} of {} bytes", bytes.len());
    }
    std::fs::write(&path, [bytes, vec![0]].concat()).unwrap();
    assert!(checkpoint::read(&path).is_err(), "a byte too many");
}

#[test]
fn wrong_headers_are_errors_that_say_where() {
    let check = |header: &str, n_bytes: usize, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let length = (header.len() as u64).to_le_bytes();
        let bytes = [&length[..], header.as_bytes(), &vec![0; n_bytes]].concat();
        std::fs::write(&path, bytes).unwrap();
        let message = checkpoint::read(&path).unwrap_err().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
        assert!(message.contains("x.safetensors"), "`{message}` does not name the file");
    };
    check("[]", 0, "not JSON");
    check(r#"{"a":7}"#, 0, "tensor `a`");
    check(
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        4,
        "tensor `a` does not lie",
    );
    check(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, "reaches beyond");
    check(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "does not lie");
    check(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "left over");
    check(r#"{"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}}"#, 4, "type Q4");
    let huge = u64::MAX;
    check(
        &format!(r#"{{"a":{{"dtype":"F32","shape":[{huge},{huge}],"data_offsets":[0,4]}}}}"#),
        4,
        "does not lie",
    );
    check(
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        8,
        "does not lie",
    );
    check(r#"{"__metadata__":{"step":12}}"#, 0, "metadata");
}

/// An archive of stored members.
fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in members {
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// `{"state_dict": {"w": tensor of `n` floats at `offset` in storage 0}}`, and an unknown object.
fn pickle(n_storage: u8, shape: [u8; 2], strides: [u8; 2], offset: u8) -> Vec<u8> {
    let mut bytes = b"\x80\x02}(X\x0a\x00\x00\x00state_dict}X\x01\x00\x00\x00w".to_vec();
    bytes.extend(
        b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n",
    );
    bytes.extend(b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK");
    bytes.extend([n_storage, b't', b'Q', b'K', offset]);
    bytes.extend([b'K', shape[0], b'K', shape[1], 0x86, b'K', strides[0], b'K', strides[1], 0x86]);
    bytes.extend(b"\x89ccollections\nOrderedDict\n)RtRsX\x05\x00\x00\x00otherccposix\nsystem\nX\x04\x00\x00\x00echo\x85Ru.");
    bytes
}

fn torch_file(pickle: &[u8], storage: &[f32]) -> Vec<u8> {
    let storage: Vec<u8> = storage.iter().flat_map(|value| value.to_le_bytes()).collect();
    zipped(&[("x/data.pkl", pickle), ("x/byteorder", b"little"), ("x/data/0", &storage)])
}

fn read_torch(bytes: &[u8]) -> Result<Vec<NamedArray>, Error> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let checkpoint = torch_checkpoint::open(file.path())?;
    checkpoint.state_dict()
}

#[test]
fn torch_tensors_are_read_and_nothing_is_run() {
    let storage = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    let check = |shape, strides, offset, expected: &[f32]| {
        let arrays = read_torch(&torch_file(&pickle(6, shape, strides, offset), &storage)).unwrap();
        let shape = shape.map(usize::from);
        assert_eq!(arrays, [array("w", &shape, expected)]);
    };
    check([2, 3], [3, 1], 0, &storage);
    check([2, 2], [2, 1], 2, &storage[2..]);
    check([3, 2], [1, 3], 0, &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);

    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&torch_file(&pickle(6, [2, 3], [3, 1], 0), &storage)).unwrap();
    let checkpoint = torch_checkpoint::open(file.path()).unwrap();
    let other = checkpoint.root().get("other").unwrap();
    assert_eq!(other.class(), Some("cposix.system"));
    assert_eq!(other.items().next().unwrap().as_str(), Some("echo"));
}

#[test]
fn wrong_torch_files_are_errors_that_say_where() {
    let check = |bytes: &[u8], expected: &str| {
        let message = read_torch(bytes).unwrap_err().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
    };
    check(b"not an archive", "not a ZIP archive");
    check(&zipped(&[("x/other", b"")]), "no data.pkl");
    check(&torch_file(b"\x80\x02", &[]), "cut off (at byte 2)");
    check(&torch_file(b"\x80\x02R.", &[]), "(at byte 2)");
    check(&torch_file(b"\x80\x02I7\n.", &[]), "not read here (at byte 2)");
    check(&torch_file(b"\x80\x02h\x07.", &[]), "never remembered (at byte 2)");
    check(&torch_file(b"X\xff\xff\xff\xffab.", &[]), "cut off (at byte 0)");
    // A tensor beyond its storage, a storage shorter than promised, one that is missing.
    check(&torch_file(&pickle(6, [2, 4], [4, 1], 0), &[0.0; 6]), "does not fit its storage");
    check(&torch_file(&pickle(6, [2, 2], [3, 1], 2), &[0.0; 6]), "does not fit its storage");
    check(&torch_file(&pickle(6, [2, 3], [3, 1], 0), &[0.0; 5]), "20 bytes where 24");
    check(&zipped(&[("x/data.pkl", &pickle(6, [2, 3], [3, 1], 0))]), "cannot be found");
    // Numbers that are repeated far beyond what is in the file.
    check(&torch_file(&pickle(6, [255, 255], [0, 0], 0), &[0.0; 6]), "too many numbers");
    check(&torch_file(&pickle(6, [20, 20], [0, 0], 0), &[0.0; 6]), "repeats its numbers");
}

#[test]
fn the_checkpoints_of_the_real_program_are_read() {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let root = std::env::var("MAQUETTE_SHARED").unwrap_or_else(|_| default.to_owned());
    for (family, n_tensors) in [("v1", 154), ("v2", 243), ("v2_small", 247)] {
        let path =
            Path::new(&root).join(format!("rave/{family}/version_0/checkpoints/golden.ckpt"));
        if !path.exists() {
            println!("skipped: {} not found", path.display());
            continue;
        }
        let checkpoint = torch_checkpoint::open(&path).unwrap();
        let arrays = checkpoint.state_dict().unwrap();
        assert_eq!(arrays.len(), n_tensors, "{family}");
        let pca = arrays.iter().find(|array| array.name == "latent_pca").unwrap();
        assert_eq!(pca.shape, [128, 128]);
        // It is orthonormal.
        let energy: f32 = pca.values[..128].iter().map(|value| value * value).sum();
        assert!((energy - 1.0).abs() < 1e-5, "{energy}");
        let version = checkpoint.root().get("pytorch-lightning_version").unwrap();
        assert_eq!(version.as_str(), Some("1.9.0"));
    }
}

fn npy_file(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn read_npy(bytes: &[u8]) -> Result<NamedArray, Error> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    npz::read_npy(file.path())
}

#[test]
fn numpy_arrays_are_read_or_refused() {
    let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
    let data = [1.0f32.to_le_bytes(), 2.0f32.to_le_bytes()].concat();
    assert_eq!(read_npy(&npy_file(good, &data)).unwrap(), array("", &[2, 1], &[1.0, 2.0]));
    let bad = [
        npy_file(good, &data[1..]),
        npy_file(&good.replace("(2, 1)", "(-2, 1)"), &data),
        npy_file(&good.replace("(2, 1)", "(18446744073709551615, 4)"), &data),
        npy_file(&good.replace("<f4", "|O"), &data),
        npy_file(&good.replace("shape", "form"), &data),
        b"\x93NUMPY".to_vec(),
        b"PK".to_vec(),
    ];
    for bytes in bad {
        assert!(read_npy(&bytes).is_err(), "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn some_arrays_are_read_without_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = written(folder.path());
    let found = checkpoint::read_some(&path, |name| name == "a scalar").unwrap();
    assert_eq!(found.arrays, [array("a scalar", &[], &[7.0])]);
    assert_eq!(found.metadata["step"], "12");
}

fn read_strictly(bytes: &[u8], n_most: usize) -> Result<Npy, Error> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    npy::read(file.path(), n_most)
}

#[test]
fn an_array_in_columns_is_the_array_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, columns) = (folder.path().join("a.npy"), folder.path().join("b.npy"));
    let values: Vec<f32> = (0..3 * 50).map(|i| i as f32).collect();
    let rows = |from: usize, to: usize| -> Vec<Vec<f32>> {
        values.chunks(50).map(|row| row[from..to].to_vec()).collect()
    };
    for kept in [npy::Kept::Floats, npy::Kept::Integers] {
        match kept {
            npy::Kept::Floats => npy::write(&whole, &[1, 3, 50], &values).unwrap(),
            npy::Kept::Integers => {
                let integers: Vec<i64> = values.iter().map(|x| *x as i64).collect();
                npy::write_integers(&whole, &[1, 3, 50], &integers).unwrap();
            }
        }
        let mut writer = npy::RowWriter::create(&columns, &[1, 3, 50], kept).unwrap();
        for (from, to) in [(0, 7), (7, 7), (7, 49), (49, 50)] {
            writer.write(&rows(from, to)).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(std::fs::read(&whole).unwrap(), std::fs::read(&columns).unwrap());
        let mut reader = npy::RowReader::open(&columns).unwrap();
        assert_eq!(reader.shape(), [1, 3, 50]);
        assert_eq!(reader.has_integers(), kept == npy::Kept::Integers);
        let expected = rows(5, 9).concat();
        match reader.columns(5..9).unwrap() {
            Numbers::Floats(found) => assert_eq!(found, expected),
            Numbers::Integers(found) => {
                assert!(found.iter().zip(&expected).all(|(a, b)| *a as f32 == *b));
            }
        }
    }
    // What was not finished leaves nothing.
    std::fs::remove_file(&columns).unwrap();
    let half = npy::RowWriter::create(&columns, &[3, 50], npy::Kept::Floats).unwrap();
    assert!(half.finish().is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn arrays_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("z.npy");
    for shape in [&[1, 2, 3][..], &[6], &[], &[0, 4], &[1, 3, 400_000]] {
        let n = shape.iter().product();
        let floats: Vec<f32> = (0..n).map(|i| i as f32 - 0.5).collect();
        npy::write(&path, shape, &floats).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!((bytes.len() - 4 * n) % 64, 0, "numbers are aligned");
        let expected = Npy { shape: shape.to_vec(), numbers: Numbers::Floats(floats) };
        assert_eq!(npy::read(&path, n).unwrap(), expected);
        assert_eq!(npz::read_npy(&path).unwrap().shape, shape);
        let integers: Vec<i64> = (0..n as i64).map(|i| i - (1 << 40)).collect();
        npy::write_integers(&path, shape, &integers).unwrap();
        let expected = Npy { shape: shape.to_vec(), numbers: Numbers::Integers(integers) };
        assert_eq!(npy::read(&path, n).unwrap(), expected);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    std::fs::create_dir(path.with_added_extension("partial")).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(npy::write(&path, &[1], &[0.0]), Err(Error::Io { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before, "the old one stays");
}

#[test]
fn numpy_headers_are_written_as_numpy_does() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let check = |shape: &[usize], expected: &str| {
        npy::write(file.path(), shape, &vec![0.0; shape.iter().product()]).unwrap();
        let text = String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned();
        assert!(text.contains(expected), "{text}");
    };
    check(&[1, 16, 9], "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 16, 9), }");
    check(&[5], "'shape': (5,), }");
    check(&[], "'shape': (), }");
}

#[test]
fn arrays_that_are_not_taken_are_refused_in_words() {
    let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 2), }";
    let data = [0; 16];
    let check = |bytes: Vec<u8>, expected: &str| {
        let error = read_strictly(&bytes, 1000).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    assert!(read_strictly(&npy_file(good, &data), 4).is_ok());
    let with = |from: &str, to: &str| npy_file(&good.replace(from, to), &data);
    check(npy_file(good, &data[1..]), "do not agree");
    check(npy_file(good, &[0; 17]), "do not agree");
    check(with("<f4", ">f4"), "astype");
    check(with("<f4", "|O"), "astype");
    check(with("False", "True"), "ascontiguousarray");
    check(with("(2, 1, 2)", "(18446744073709551615, 4)"), "larger than is read");
    check(with("(2, 1, 2)", "(1000000, 1000000)"), "larger than is read");
    check(with("(2, 1, 2)", "(-2, 1)"), "tuple");
    check(with("(2, 1, 2)", &format!("({})", "1, ".repeat(65))), "tuple");
    check(with("shape", "form"), "tuple");
    check(with("descr", "form"), "names no type");
    check(b"\x93NUMPY\x09\x00\x00\x00".to_vec(), "version");
    check(b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "too long");
    check(b"RIFF....WAVE".to_vec(), "not a NumPy array");
    let whole = npy_file(good, &data);
    for n in 0..whole.len() {
        assert!(read_strictly(&whole[..n], 1000).is_err(), "{n} of {} bytes", whole.len());
    }
}

/// How many damaged files each reader gets; more with `SLOW_TESTS=1`.
fn n_cases() -> u32 {
    if std::env::var("SLOW_TESTS").is_ok_and(|value| value == "1") { 5_000 } else { 64 }
}

/// Bytes with some replaced, some cut out and the end perhaps cut off.
fn damaged(whole: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let n = whole.len();
    let edits = prop::collection::vec((0..n, any::<u8>()), 0..8);
    (edits, 0..n, 0..=n / 4, any::<bool>()).prop_map(move |(edits, at, length, is_cut)| {
        let mut bytes = whole.clone();
        for (at, value) in edits {
            bytes[at] = value;
        }
        if is_cut {
            bytes.drain(at..(at + length).min(n));
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_checkpoints_never_panic(seed in any::<prop::sample::Index>(), random in prop::collection::vec(any::<u8>(), 0..300)) {
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = written(folder.path());
        let at = seed.index(bytes.len());
        let mut damaged = bytes.clone();
        let n = random.len().min(bytes.len() - at).min(6);
        damaged[at..at + n].copy_from_slice(&random[..n]);
        std::fs::write(&path, damaged).unwrap();
        let _ = checkpoint::read(&path);
        std::fs::write(&path, random).unwrap();
        let _ = checkpoint::read(&path);
    }

    #[test]
    fn damaged_torch_checkpoints_never_panic(
        pickle in damaged(pickle(6, [2, 3], [3, 1], 0)),
        random in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = read_torch(&torch_file(&pickle, &[0.0; 6]));
        let _ = read_torch(&torch_file(&random, &[0.0; 6]));
    }

    #[test]
    fn damaged_archives_never_panic(bytes in damaged(torch_file(&pickle(6, [2, 3], [3, 1], 0), &[0.0; 6]))) {
        let _ = read_torch(&bytes);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let _ = npz::read(file.path());
    }

    #[test]
    fn damaged_numpy_arrays_never_panic(
        bytes in damaged(npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", &[0; 8])),
    ) {
        let _ = read_npy(&bytes);
        // What is taken is as long as its shape says, and never longer than was allowed.
        if let Ok(Npy { shape, numbers: Numbers::Floats(floats) }) = read_strictly(&bytes, 4) {
            prop_assert!(floats.len() <= 4);
            prop_assert_eq!(shape.iter().product::<usize>(), floats.len());
        }
    }
}
