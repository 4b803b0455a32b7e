//! Folders of weights as a model hub has them: whole, in pieces, damaged, hostile.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::path::Path;

use nn::weight_files::{self, WeightFiles, parse_index};
use nn::{NamedArray, checkpoint, torch_checkpoint};
use proptest::prelude::*;

fn array(name: &str, shape: &[usize], values: &[f32]) -> NamedArray {
    NamedArray { name: name.to_owned(), shape: shape.to_vec(), values: values.to_vec() }
}

/// A plain tensor and a normalised one, whose spelling is given.
fn state(lengths: &str, directions: &str) -> Vec<NamedArray> {
    vec![
        array("a.bias", &[2], &[1.0, -1.0]),
        array(&format!("a.{lengths}"), &[2, 1, 1], &[10.0, 1.0]),
        array(&format!("a.{directions}"), &[2, 1, 2], &[3.0, 4.0, 0.0, -2.0]),
    ]
}

fn needed() -> Vec<(String, Vec<usize>)> {
    vec![("a.weight".to_owned(), vec![2, 1, 2]), ("a.bias".to_owned(), vec![2])]
}

fn expected() -> Vec<NamedArray> {
    vec![array("a.weight", &[2, 1, 2], &[6.0, 8.0, 0.0, -1.0]), array("a.bias", &[2], &[1.0, -1.0])]
}

fn write(path: &Path, arrays: &[NamedArray]) {
    checkpoint::write(path, arrays, &BTreeMap::new()).unwrap();
}

fn open(folder: &Path) -> WeightFiles {
    weight_files::open(folder).unwrap()
}

#[test]
fn both_spellings_of_weight_norm_are_multiplied_out() {
    let newer = "parametrizations.weight.original";
    for [lengths, directions] in
        [["weight_g".to_owned(), "weight_v".to_owned()], [0, 1].map(|i| format!("{newer}{i}"))]
    {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("model.safetensors"), &state(&lengths, &directions));
        let files = open(folder.path());
        assert!(files.fit(&needed(), |_| false).is_whole());
        assert_eq!(files.read(&needed()).unwrap(), expected(), "{lengths}");
    }
}

#[test]
fn archives_of_pytorch_are_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let tree = |array: NamedArray| {
        let key = torch_checkpoint::Tree::Text(array.name.into());
        let tensor = torch_checkpoint::Tensor::from_floats(&array.shape, &array.values);
        (key, torch_checkpoint::Tree::Tensor(tensor))
    };
    let state = state("weight_g", "weight_v").into_iter().map(tree).collect();
    let tree = torch_checkpoint::Tree::Dict(state);
    let path = folder.path().join("pytorch_model.bin");
    torch_checkpoint::write(&path, &tree).unwrap();
    assert_eq!(open(folder.path()).read(&needed()).unwrap(), expected());

    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let problems = open(folder.path()).problems().join("; ");
    assert!(problems.contains("not downloaded whole"), "{problems}");
}

#[test]
fn shards_are_found_by_their_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let state = state("weight_g", "weight_v");
    write(&path("model-1.safetensors"), &state[..1]);
    write(&path("model-2.safetensors"), &state[1..]);
    let index = r#"{"metadata":{"total_size":32},"weight_map":{"a.bias":"model-1.safetensors",
        "a.weight_g":"model-2.safetensors","a.weight_v":"model-2.safetensors"}}"#;
    std::fs::write(path("model.safetensors.index.json"), index).unwrap();
    let files = open(folder.path());
    assert_eq!((files.files().len(), files.problems().len()), (2, 0));
    assert_eq!(files.read(&needed()).unwrap(), expected());

    // Downloaded by half: in the header, in the numbers, and not at all.
    let bytes = std::fs::read(path("model-2.safetensors")).unwrap();
    for n in [4, 20, bytes.len() - 3] {
        std::fs::write(path("model-2.safetensors"), &bytes[..n]).unwrap();
        let files = open(folder.path());
        let problems = files.problems().join("; ");
        assert!(problems.contains("model-2.safetensors"), "{n} bytes: {problems}");
        assert!(files.read(&needed()).is_err());
    }
    std::fs::remove_file(path("model-2.safetensors")).unwrap();
    let files = open(folder.path());
    assert_eq!(files.problems(), ["model-2.safetensors is not there, though the index names it"]);
    assert_eq!(files.fit(&needed(), |_| false).missing, ["a.weight"]);
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut arrays = state("weight_g", "weight_v");
    arrays[0] = array("a.bias", &[3], &[0.0; 3]);
    arrays.push(array("b", &[1], &[0.0]));
    write(&folder.path().join("model.safetensors"), &arrays);
    let files = open(folder.path());
    let fit = files.fit(&needed(), |_| false);
    assert_eq!(fit.unexpected, ["b"]);
    assert_eq!(fit.misshapen, [("a.bias".to_owned(), vec![2], vec![3])]);
    assert!(files.fit(&needed(), |name| name == "b").unexpected.is_empty());
    let error = files.read(&needed()).unwrap_err().to_string();
    assert!(error.contains("a.bias"), "{error}");
}

#[test]
fn what_is_no_file_of_weights_is_said() {
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let problems = open(folder.path()).problems().join("; ");
        assert!(problems.contains(expected), "{name}: {problems}");
    };
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    check("model.safetensors", pointer, "Git LFS pointer");
    check("model.safetensors", b"<!doctype html>", "web page");
    check("model.safetensors", b"", "empty");
    check("model.safetensors", b"0123456789abcdef", "does not fit");
    check("pytorch_model.bin", b"0123456789abcdef", "ZIP");
    check("weights.onnx", b"0123456789abcdef", "no file of weights");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    write(&path, &state("weight_g", "weight_v"));
    let bytes = std::fs::read(&path).unwrap();
    check("model.safetensors", &bytes[..bytes.len() - 1], "not copied or downloaded whole");
    // The only file under another name is taken.
    std::fs::rename(&path, folder.path().join("mine.safetensors")).unwrap();
    assert!(open(folder.path()).problems().is_empty());
    std::fs::copy(folder.path().join("mine.safetensors"), folder.path().join("b.safetensors"))
        .unwrap();
    assert!(open(folder.path()).problems()[0].contains("several files"));
}

proptest! {
    #[test]
    fn hostile_indices_are_no_worse_than_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_index(&bytes, Path::new("x"));
    }

    #[test]
    fn hostile_indices_name_files_of_their_folder_alone(file in ".{0,30}") {
        let json = serde_json::json!({ "weight_map": { "a": file } }).to_string();
        if let Ok(index) = parse_index(json.as_bytes(), Path::new("x")) {
            let file = &index.file_of["a"];
            prop_assert!(!file.is_empty() && file != ".." && file != "." && !file.contains('/'));
        }
    }

    #[test]
    fn hostile_files_are_problems_and_never_panic(at in 0usize..400, byte: u8) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        write(&path, &state("weight_g", "weight_v"));
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        std::fs::write(&path, &bytes).unwrap();
        let files = open(folder.path());
        let _ = files.fit(&needed(), |_| false);
        let _ = files.read(&needed());
    }
}
