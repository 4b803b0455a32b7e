//! PyTorch's files as trees: written and read, exported modules, hostile ones.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nn::torch_checkpoint::{Tensor, Tree, open, write};
use nn::{Error, NamedArray};
use proptest::prelude::*;

/// Counts what each thread allocates, so that a number in a file that makes the reader allocate is found.
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

fn read_tree(path: &Path) -> Result<Tree, Error> {
    let checkpoint = open(path)?;
    checkpoint.tree(checkpoint.root())
}

/// Some of everything that a checkpoint of a training run has.
fn sample() -> Tree {
    let weight = Tensor::from_floats(&[2, 1, 3], &[1.0, -2.5, 3e-30, f32::MAX, 0.0, -0.0]);
    let adam = Tree::dict([
        ("step", Tree::Tensor(Tensor::from_floats(&[], &[7.0]))),
        ("exp_avg", Tree::Tensor(weight.clone())),
    ]);
    let group = Tree::dict([
        ("lr", Tree::Float(1e-3)),
        ("betas", Tree::Tuple(vec![Tree::Float(0.5), Tree::Float(0.9)])),
        ("params", Tree::List(vec![Tree::Int(0)])),
        ("foreach", Tree::None),
    ]);
    let states = Tree::dict([
        ("state", Tree::Dict(vec![(Tree::Int(0), adam)])),
        ("param_groups", Tree::List(vec![group])),
    ]);
    Tree::dict([
        ("epoch", Tree::Int(-3)),
        ("global_step", Tree::Int(1 << 40)),
        ("batches", Tree::Int(70_000)),
        ("pytorch-lightning_version", Tree::text("1.9.0")),
        ("is_last_batch", Tree::Bool(true)),
        (
            "state_dict",
            Tree::OrderedDict(vec![
                (Tree::text("net.0.weight_v"), Tree::Tensor(weight)),
                (Tree::text("net.1.count"), Tree::Tensor(Tensor::from_ints(&[1], &[-5]))),
                (Tree::text("nothing"), Tree::Tensor(Tensor::from_floats(&[0, 4], &[]))),
            ]),
        ),
        ("optimizer_states", Tree::List(vec![states])),
        ("empty", Tree::Tuple(vec![Tree::Dict(vec![]), Tree::List(vec![]), Tree::Tuple(vec![])])),
    ])
}

/// The file of [`sample`], written once: a file that is synced takes its time.
fn sample_bytes() -> Vec<u8> {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let written = || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.ckpt");
        write(&path, &sample()).unwrap();
        std::fs::read(path).unwrap()
    };
    BYTES.get_or_init(written).clone()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn a_tree_comes_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ckpt");
    write(&path, &sample()).unwrap();
    assert_eq!(read_tree(&path).unwrap(), sample());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert_eq!(std::fs::read(&path).unwrap(), sample_bytes(), "it is written alike each time");

    let checkpoint = open(&path).unwrap();
    let root = checkpoint.root();
    let arrays = checkpoint.state_dict().unwrap();
    let names: Vec<_> = arrays.iter().map(|array| array.name.as_str()).collect();
    assert_eq!(names, ["net.0.weight_v", "net.1.count", "nothing"]);
    assert_eq!(arrays[1].values, [-5.0]);
    assert_eq!(root.at("state_dict.net.1.count").unwrap().as_tensor().unwrap().shape(), [1]);
    assert_eq!(root.at("optimizer_states.0.param_groups.0.betas.1").unwrap().as_float(), Some(0.9));
    assert!(root.at("optimizer_states.0.state.0.step").unwrap().as_tensor().is_some());
    assert!(root.at("state_dict.net").is_none() && root.at("").is_none());
}

/// PyTorch maps numbers into memory where they lie, and reads members that are not compressed.
#[test]
fn the_archive_is_laid_out_as_pytorch_does() {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(sample_bytes())).unwrap();
    let mut names = Vec::new();
    for i in 0..archive.len() {
        let member = archive.by_index(i).unwrap();
        assert_eq!(member.compression(), zip::CompressionMethod::Stored);
        assert_eq!(member.data_start().unwrap() % 64, 0, "{}", member.name());
        names.push(member.name().to_owned());
    }
    // The weight and its average are one tensor, so there is one storage for both.
    let data = ["archive/data/0", "archive/data/1", "archive/data/2", "archive/data/3"];
    let expected = [&["archive/data.pkl", "archive/byteorder"], &data[..], &["archive/version"]];
    assert_eq!(names, expected.concat());
    let mut version = String::new();
    archive.by_name("archive/version").unwrap().read_to_string(&mut version).unwrap();
    assert_eq!(version, "3\n");
}

#[test]
fn named_arrays_become_a_state_dict() {
    let array =
        NamedArray { name: "a.b".to_owned(), shape: vec![2], values: vec![1.0, f32::INFINITY] };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pt");
    write(&path, &Tree::state_dict(std::slice::from_ref(&array))).unwrap();
    assert_eq!(open(&path).unwrap().state_dict().unwrap(), [array]);
    let mut tree = read_tree(&path).unwrap();
    *tree.get_mut("a.b").unwrap() = Tree::Int(5);
    assert_eq!(tree.get("a.b"), Some(&Tree::Int(5)));
}

#[test]
fn what_needs_code_is_not_written() {
    let check = |tree: Tree, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.ckpt");
        let message = write(&path, &tree).unwrap_err().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    };
    let class = "posix.system".into();
    let object = Tree::Object { class, arguments: vec![], entries: vec![], state: None };
    check(Tree::List(vec![object]), "class posix.system");
    check(Tree::Opaque, "could not be read");
    check((0..100).fold(Tree::None, |inner, _| Tree::List(vec![inner])), "so deep");
    let missing = Path::new("/none/such/x.ckpt");
    assert!(matches!(write(missing, &Tree::None), Err(Error::Io { .. })));
}

/// `{"stride": [2, 3] by build_intlist, "layer": object of class __torch__.m.Conv with such a state}`.
fn exported() -> Vec<u8> {
    let pickle = [
        &b"\x80\x02c__torch__.m\nNet\n)\x81}("[..],
        b"X\x06\x00\x00\x00labelsctorch.jit._pickle\nrestore_type_tag\n](X\x01\x00\x00\x00aX\x01\x00\x00\x00beX\x09\x00\x00\x00List[str]\x86R",
        b"X\x06\x00\x00\x00paramsctorch.jit._pickle\nbuild_intlist\n](K\x02K\x03e\x85R",
        b"X\x05\x00\x00\x00layerc__torch__.m.___torch_mangle_1\nConv\n)\x81}(X\x06\x00\x00\x00weight",
        b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQK\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR",
        b"X\x02\x00\x00\x00srM\x44\xacubub.",
    ]
    .concat();
    let code = b"class Conv(Module):\n  weight : Tensor\n  stride : Final[Tuple[int]] = (16,)\n  groups : Final[int] = 1\n  mode : Final[str] = \"zeros\"\n  def forward(self) -> Tensor:\n    return x\nclass Other(Module):\n  stride : Final[Tuple[int]] = (2, -3)\n";
    zipped(&[
        ("net/data/0", &[1.0f32.to_le_bytes(), (-1.0f32).to_le_bytes()].concat()),
        ("net/data.pkl", &pickle),
        ("net/code/__torch__/m/___torch_mangle_1.py", code),
        ("net/code/__torch__/m.py.debug_pkl", b"x"),
        ("net/constants.pkl", b"\x80\x02)."),
        ("net/version", b"4\n"),
    ])
}

#[test]
fn exported_modules_are_read_and_not_run() {
    let file = written(&exported());
    let module = open(file.path()).unwrap();
    let leaves = module.leaves(module.root());
    let names: Vec<_> = leaves.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["labels.0", "labels.1", "params.0", "params.1", "layer.weight", "layer.sr"];
    assert_eq!(names, expected);
    assert_eq!(leaves[1].1.as_str(), Some("b"));
    assert_eq!(leaves[5].1.as_int(), Some(44_100));
    assert_eq!(module.tensors(module.root()).unwrap()[0].values, [1.0, -1.0]);
    let objects = module.objects(module.root());
    let classes: Vec<_> =
        objects.iter().map(|(path, it)| (path.as_str(), it.class().unwrap())).collect();
    let conv = "__torch__.m.___torch_mangle_1.Conv";
    assert_eq!(classes, [("", "__torch__.m.Net"), ("layer", conv)]);
    let code = module.code().unwrap();
    assert_eq!(code.classes.len(), 2);
    assert_eq!(code.constant_ints(conv, "stride"), Some(vec![16]));
    assert_eq!(code.constant_ints(conv, "groups"), Some(vec![1]));
    assert_eq!(code.constant(conv, "mode"), Some("\"zeros\""));
    assert_eq!(code.constant_ints(conv, "mode"), None);
    assert_eq!(code.constant(conv, "weight"), None);
    let other = "__torch__.m.___torch_mangle_1.Other";
    assert_eq!(code.constant_ints(other, "stride"), Some(vec![2, -3]));
    assert!(matches!(module.tree(module.root()).unwrap(), Tree::Object { .. }));
}

#[test]
fn wrong_files_are_errors_that_say_where() {
    let check = |bytes: &[u8], expected: &str| {
        let file = written(bytes);
        let message = read_tree(file.path()).unwrap_err().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
    };
    check(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9", "PyTorch before 1.6");
    // Lists in each other without end, and lists that double.
    let deep = [b"\x80\x02".to_vec(), vec![b']'; 100], vec![b'a'; 99], b".".to_vec()].concat();
    check(&zipped(&[("x/data.pkl", &deep)]), "too deep");
    check(&zipped(&[("x/data.pkl", b"\x80\x02]q\x00h\x00a.")]), "too deep");
    let doubling = [&b"\x80\x02K\x01"[..], &b"q\x00h\x00\x86".repeat(40), b"."].concat();
    check(&zipped(&[("x/data.pkl", &doubling)]), "too many objects");
    // More numbers than can be counted, without a storage that large.
    let tensor = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x40\x85K\x00\x85tR.";
    check(&zipped(&[("x/data.pkl", tensor), ("x/data/0", &[0; 4])]), "does not fit its storage");
    // One storage, said to be of two sizes.
    let part = |n: &[u8]| {
        [b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK", n, b"tQK\x00K", n, b"\x85K\x01\x85tR"].concat()
    };
    let two = [&b"\x80\x02"[..], &part(b"\x01"), &part(b"\x02"), b"\x86."].concat();
    let bytes = zipped(&[("x/data.pkl", &two), ("x/data/0", &[0; 4])]);
    check(&bytes, "different sizes");
    let file = written(&bytes);
    let checkpoint = open(file.path()).unwrap();
    assert!(checkpoint.tensors(checkpoint.root()).is_err());
}

fn shared(path: &str) -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let root = std::env::var("MAQUETTE_SHARED").unwrap_or_else(|_| default.to_owned());
    Path::new(&root).join(path)
}

#[test]
fn the_files_of_the_real_program_survive() {
    for family in ["v1", "v2", "v2_small"] {
        let path = shared(&format!("rave/{family}/version_0/checkpoints/golden.ckpt"));
        if !path.exists() {
            println!("skipped: {} not found", path.display());
            continue;
        }
        let tree = read_tree(&path).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let again = folder.path().join("again.ckpt");
        write(&again, &tree).unwrap();
        assert_eq!(read_tree(&again).unwrap(), tree, "{family}");
    }
}

#[test]
fn exported_modules_of_the_real_program_are_read() {
    for (family, ratio) in [("v1", 2048), ("v2", 2048), ("v2_small", 512)] {
        for name in ["model.ts", "model_streaming.ts"] {
            let path = shared(&format!("rave/{family}/{name}"));
            if !path.exists() {
                println!("skipped: {} not found", path.display());
                continue;
            }
            let module = open(&path).unwrap();
            let root = module.root();
            assert_eq!(root.at("sr").unwrap().as_int(), Some(44_100));
            let tree = module.tree(root.at("encode_params").unwrap()).unwrap();
            let Tree::Tensor(params) = tree else { panic!("encode_params is no tensor") };
            assert_eq!(params.ints(), Some(vec![1, 1, 8, ratio]), "{family}/{name}");
            // Every convolution says its sizes, and they fit its weights.
            let (code, mut n_convs) = (module.code().unwrap(), 0);
            for (path, object) in module.objects(root) {
                let class = object.class().unwrap_or_default();
                let Some(kernel) = code.constant_ints(class, "kernel_size") else { continue };
                let weight = object.get("weight").unwrap_or_else(|| panic!("{path} has no weight"));
                let shape = weight.as_tensor().unwrap().shape();
                assert_eq!(shape[2] as i64, kernel[0], "{path}");
                assert!(code.constant_ints(class, "stride").is_some(), "{path}");
                n_convs += 1;
            }
            assert!(n_convs > 20, "{family}/{name}: {n_convs}");
        }
    }
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let plain = prop_oneof![
        Just(Tree::None),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::Int),
        (-300i64..70_000).prop_map(Tree::Int),
        any::<f64>()
            .prop_filter("nan is not equal to itself", |it| !it.is_nan())
            .prop_map(Tree::Float),
        any::<String>().prop_map(|text| Tree::text(&text)),
        prop::collection::vec(any::<f32>(), 0..6)
            .prop_map(|values| Tree::Tensor(Tensor::from_floats(&[1, values.len()], &values))),
        any::<i64>().prop_map(|value| Tree::Tensor(Tensor::from_ints(&[], &[value]))),
    ];
    plain.prop_recursive(4, 24, 4, |inner| {
        let pairs = || prop::collection::vec((inner.clone(), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::Tuple),
            pairs().prop_map(Tree::Dict),
            pairs().prop_map(Tree::OrderedDict),
        ]
    })
}

/// One change to bytes: where (as a share), and what comes there or how much goes.
fn damaged(whole: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let new = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..4),
        Just(vec![0xff; 4]),
        // Instructions that a pickle of tensors is made of.
        prop::sample::select(b"(0)N}]taesuqhRbQ.\x81\x85\x86\x87".to_vec())
            .prop_map(|code| vec![code]),
        (0u8..32).prop_map(|value| vec![value]),
    ];
    let change = (0.0..1.0, new, 0u8..10, 1usize..30);
    prop::collection::vec(change, 1..6).prop_map(move |changes| {
        let mut bytes = whole.clone();
        for (share, new, kind, length) in changes {
            let n = bytes.len();
            let at = (share * n as f64) as usize;
            match kind {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..(at + length).min(n))),
                2 | 3 => drop(bytes.splice(at..at, new)),
                4 => {
                    let part = bytes[at..(at + length).min(n)].repeat(1 + length % 3);
                    bytes.splice(at..at, part);
                }
                _ => {
                    let end = (at + new.len()).min(n);
                    bytes[at..end].copy_from_slice(&new[..end - at]);
                }
            }
        }
        bytes
    })
}

/// Reads everything that can be read; memory stays in proportion to the file.
fn read_all(bytes: &[u8]) {
    thread_local! {
        static FILE: tempfile::TempPath = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    }
    FILE.with(|path| {
        std::fs::write(path, bytes).unwrap();
        let before = IN_USE.get();
        MOST.set(before);
        if let Ok(checkpoint) = open(path) {
            let root = checkpoint.root();
            let _ = checkpoint.code();
            let _ = checkpoint.state_dict();
            let _ = root.at("state_dict.net.1.count");
            let _ = checkpoint.objects(root).len();
            if let Ok(tree) = checkpoint.tree(root) {
                drop(tree.clone());
            }
        }
        let used = MOST.get() - before;
        // Unpacking a member and shared containers cost more than they take in the file.
        assert!(used < 2000 * bytes.len() as isize + (4 << 20), "{used} bytes for {}", bytes.len());
    });
}

/// The members of an archive, the one of a name replaced.
fn with_member(whole: &[u8], name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(whole)).unwrap();
    let mut members = Vec::new();
    for i in 0..archive.len() {
        let mut member = archive.by_index(i).unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        if member.name() == name {
            content = bytes.to_vec();
        }
        members.push((member.name().to_owned(), content));
    }
    let members: Vec<_> = members.iter().map(|(name, it)| (name.as_str(), it.as_slice())).collect();
    zipped(&members)
}

fn member(whole: &[u8], name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(whole)).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// As many cases as `PROPTEST_CASES` says, else a few hundred.
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return default;
    }
    ProptestConfig { cases: 200, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn hostile_trees_come_back(tree in any_tree()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pt");
        write(&path, &tree).unwrap();
        let again = read_tree(&path).unwrap();
        // Compared as text, for a tensor may hold what is not equal to itself.
        prop_assert_eq!(format!("{again:?}"), format!("{tree:?}"));
    }

    #[test]
    fn hostile_pickles_of_checkpoints(pickle in damaged(member(&sample_bytes(), "archive/data.pkl"))) {
        read_all(&with_member(&sample_bytes(), "archive/data.pkl", &pickle));
    }

    #[test]
    fn hostile_pickles_of_modules(pickle in damaged(member(&exported(), "net/data.pkl"))) {
        read_all(&with_member(&exported(), "net/data.pkl", &pickle));
    }

    #[test]
    fn hostile_archives(bytes in prop_oneof![damaged(sample_bytes()), damaged(exported())]) {
        read_all(&bytes);
    }
}
