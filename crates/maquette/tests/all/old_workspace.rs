//! A workspace as version 0.1.0 left it: it opens, with and without its database, and its run, model and dataset work.
//! The folder `tests/workspaces/0.1.0` was made by that version and is never changed.

use std::{fs, path::Path};

use crate::program::{json, run, text, wav};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn check(prepare: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workspaces/0.1.0");
    copy(&old, &workspace);
    prepare(&workspace);
    let dataset = json(&workspace, &["dataset", "show", "tones"]);
    assert_eq!(dataset["summary"]["n_files"], 3, "{dataset}");
    let first = json(&workspace, &["run", "show", "first"]);
    assert_eq!(first["step"], 4, "{first}");
    assert_eq!(first["samples"].as_array().map(Vec::len), Some(2), "{first}");
    let model = json(&workspace, &["model", "show", "My tones"]);
    assert_eq!(model["lineage"]["run"], first["id"], "{model}");
    assert_eq!(json(&workspace, &["export", "list"]).as_array().map(Vec::len), Some(1));
    assert_eq!(json(&workspace, &["trash", "list"]), serde_json::json!([]));
    let checked = run(&workspace, &["run", "resume", "first", "--steps", "5", "--follow"]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    assert_eq!(json(&workspace, &["run", "show", "first"])["step"], 5);
    let (sound, out) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
    fs::write(&sound, wav(220.0)).unwrap();
    let paths = [sound.to_str().unwrap(), out.to_str().unwrap()];
    let args = ["reconstruct", "My tones", paths[0], "--output", paths[1]];
    let played = run(&workspace, &args);
    assert!(played.status.success() && out.is_file(), "{}", text(&played.stderr));
}

#[test]
fn a_workspace_of_version_0_1_0_opens_and_works() {
    check(|_| {});
}

#[test]
fn its_database_is_made_again_from_the_folders() {
    check(|workspace| fs::remove_file(workspace.join("maquette.db")).unwrap());
}
