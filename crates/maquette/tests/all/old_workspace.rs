//! A workspace as version 0.1.0 left it: it opens, with and without its database, and its run, model and dataset work.
//! The folder `tests/workspaces/0.1.0` was made by that version and is never changed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

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

/// A copy of that workspace, in a folder that is removed with the test.
pub(crate) fn copy_of_old() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workspaces/0.1.0");
    copy(&old, &workspace);
    (folder, workspace)
}

fn check(prepare: impl FnOnce(&Path)) {
    let (folder, workspace) = copy_of_old();
    prepare(&workspace);
    let dataset = json(&workspace, &["dataset", "show", "tones"]);
    assert_eq!(dataset["summary"]["n_files"], 3, "{dataset}");
    let first = json(&workspace, &["run", "show", "first"]);
    assert_eq!(first["step"], 4, "{first}");
    // What its events do not say is what that version meant: sounds, and a distance as the score.
    let samples = first["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 2, "{first}");
    for sample in samples {
        assert_eq!((&sample["medium"], &sample["mime"]), (&"sound".into(), &"audio/wav".into()));
        assert_eq!(sample["original"], "samples/original-0.wav");
        assert_eq!(sample["length_secs"], 1.2);
    }
    assert_eq!(first["score_metric"]["name"], "validation_distance", "{first}");
    assert_eq!(first["score_metric"]["is_smaller_better"], true);
    let (start, end) = (34.50175476074219, 27.45498275756836);
    let score = serde_json::json!({ "first": start, "best": end, "latest": end });
    assert_eq!(first["score"], score);
    let best = &first["checkpoints"][0];
    assert_eq!((&best["step"], &best["is_best"]), (&4.into(), &true.into()));
    assert_eq!((&best["validation"], &first["phases"]), (&end.into(), &serde_json::json!([])));
    let model = json(&workspace, &["model", "show", "My tones"]);
    assert_eq!(model["lineage"]["run"], first["id"], "{model}");
    assert_eq!(model["lineage"]["score_metric"], first["score_metric"]);
    assert_eq!(json(&workspace, &["export", "list"]).as_array().map(Vec::len), Some(1));
    assert_eq!(json(&workspace, &["trash", "list"]), serde_json::json!([]));
    let checked = run(&workspace, &["run", "resume", "first", "--steps", "5", "--follow"]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let resumed = json(&workspace, &["run", "show", "first"]);
    assert_eq!(resumed["step"], 5);
    let phase = &resumed["phases"][0];
    assert_eq!((&phase["key"], &phase["step"]), (&"reconstruction".into(), &0.into()), "{resumed}");
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
