//! Packages that are whole, that lie, and that are damaged.

use proptest::prelude::*;

use super::*;

fn contents<'a>(weights: &'a Path, sounds: &'a [(String, PathBuf)]) -> Contents<'a> {
    Contents {
        name: "Bells".into(),
        family: "rave".into(),
        rate_hz: Some(44_100),
        model: None,
        lineage: None,
        author: " Ann ".into(),
        license: "CC0 1.0".into(),
        weights,
        prior: None,
        card: "# Bells\n",
        sounds,
    }
}

/// A package in a folder, of one file of weights and one sound.
fn package(folder: &Path) -> PathBuf {
    let (weights, sound) = (folder.join("w"), folder.join("s"));
    fs::write(&weights, vec![7; 3000]).unwrap();
    fs::write(&sound, b"RIFF").unwrap();
    let path = folder.join("bells.maq");
    let sounds = [("sounds/1-original.wav".to_owned(), sound)];
    assert_eq!(write(&path, &contents(&weights, &sounds)).unwrap(), 3);
    path
}

/// An archive with this list and these files.
fn archive(path: &Path, manifest: &str, files: &[(&str, &[u8])]) {
    let mut archive = ZipWriter::new(File::create(path).unwrap());
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    archive.start_file(MANIFEST, stored).unwrap();
    archive.write_all(manifest.as_bytes()).unwrap();
    for (name, bytes) in files {
        archive.start_file(*name, stored).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

fn manifest(files: &[(&str, u64, &str)]) -> String {
    let file = |(path, bytes, sha256): &(&str, u64, &str)| serde_json::json!({ "path": path, "bytes": bytes, "sha256": sha256 });
    serde_json::json!({
        "format": 1, "version": "1", "name": "n", "family": "rave", "rate_hz": 44_100,
        "files": files.iter().map(file).collect::<Vec<_>>(),
    })
    .to_string()
}

#[test]
fn what_is_packed_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let path = package(folder.path());
    assert!(is_package(&path));
    let target = folder.path().join("out");
    fs::create_dir(&target).unwrap();
    let manifest = unpack(&path, &target).unwrap();
    assert_eq!(
        (&manifest.name[..], &manifest.author[..], manifest.files.len()),
        ("Bells", "Ann", 3)
    );
    assert_eq!(fs::read(target.join(WEIGHTS)).unwrap(), vec![7; 3000]);
    assert_eq!(fs::read(target.join("sounds/1-original.wav")).unwrap(), b"RIFF");
    assert_eq!(fs::read_to_string(target.join(CARD)).unwrap(), "# Bells\n");
    assert_eq!(verify(&path).unwrap(), manifest);
    assert!(unpack(&path, &target).is_err(), "nothing is written over");
}

#[test]
fn a_package_that_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bells.maq");
    let missing = folder.path().join("nowhere");
    assert!(write(&path, &contents(&missing, &[])).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_a_list_lies_about_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil.maq");
    let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let check = |files: &[(&str, u64, &str)], inside: &[(&str, &[u8])], expected: Option<&str>| {
        archive(&path, &manifest(files), inside);
        let found = verify(&path).err().map(|error| format!("{error:#}"));
        let fits = match (&found, expected) {
            (None, None) => true,
            (Some(found), Some(expected)) => found.contains(expected),
            _ => false,
        };
        assert!(fits, "{found:?}, not {expected:?}");
    };
    let abc: &[(&str, &[u8])] = &[(WEIGHTS, b"abc")];
    check(&[(WEIGHTS, 3, right)], abc, None);
    check(&[(WEIGHTS, 3, &right.replace('b', "c"))], abc, Some("damaged or was changed"));
    check(&[(WEIGHTS, 2, right)], abc, Some("damaged or was changed"));
    check(&[(WEIGHTS, 3, right)], &[], Some("find weights"));
    check(&[("../up", 3, right)], &[("../up", b"abc")], Some("points outside the package"));
    check(&[("/etc/x", 3, right)], &[("/etc/x", b"abc")], Some("points outside the package"));
    check(&[("c:x", 3, right)], &[("c:x", b"abc")], Some("points outside the package"));
    check(&[(WEIGHTS, u64::MAX, right)], abc, Some("larger than"));
    check(&[(WEIGHTS, 3, right), (WEIGHTS, 3, right)], abc, Some("twice"));
    check(&[(CARD, 3, right)], &[(CARD, b"abc")], Some("does not list weights.safetensors"));
    archive(&path, &manifest(&[(WEIGHTS, 3, right)]).replace("\"format\":1", "\"format\":9"), abc);
    assert!(format!("{:#}", verify(&path).unwrap_err()).contains("newer Maquette"));
    check(&[(WEIGHTS, 3, right)], &[(WEIGHTS, &[0; 1 << 16])], Some("damaged or was changed"));
    archive(&path, &manifest(&[(WEIGHTS, 3, right)]).replace("44100", "0"), abc);
    assert!(format!("{:#}", verify(&path).unwrap_err()).contains("sample rate is invalid"));
    // What unfolds into more than is there is not written on.
    let mut packed = ZipWriter::new(File::create(&path).unwrap());
    packed.start_file(MANIFEST, SimpleFileOptions::default()).unwrap();
    packed.write_all(manifest(&[(WEIGHTS, 3, right)]).as_bytes()).unwrap();
    let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    packed.start_file(WEIGHTS, deflated).unwrap();
    packed.write_all(&[0; 1 << 16]).unwrap();
    packed.finish().unwrap();
    let target = folder.path().join("out");
    fs::create_dir(&target).unwrap();
    assert!(format!("{:#}", unpack(&path, &target).unwrap_err()).contains("compressed"));
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_changed_byte_is_found_out(place in any::<prop::sample::Index>(), by in 1u8..) {
        let folder = tempfile::tempdir().unwrap();
        let path = package(folder.path());
        let before = verify(&path).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let at = place.index(bytes.len());
        bytes[at] = bytes[at].wrapping_add(by);
        fs::write(&path, &bytes).unwrap();
        // What is neither list nor content may change: times, and words about the archive.
        if let Ok(after) = verify(&path) {
            prop_assert_eq!(after.files, before.files);
        }
    }

    #[test]
    fn any_bytes_are_no_package_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.maq");
        fs::write(&path, &bytes).unwrap();
        prop_assert!(!is_package(&path) && verify(&path).is_err());
    }
}
