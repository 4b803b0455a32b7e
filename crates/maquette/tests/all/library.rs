//! What people do with their library on the command line: name things, delete and restore them, stop in the middle.

use std::{fs, path::Path, process::Stdio};

use crate::program::{json, maquette, run, text, until, wav, write_sounds};

fn dataset(workspace: &Path, name: &str) -> String {
    let sounds = workspace.with_file_name("sounds");
    write_sounds(&sounds);
    let args = ["dataset", "create", sounds.to_str().unwrap(), "--name", name];
    json(workspace, &args)["id"].as_str().unwrap().to_owned()
}

#[test]
fn names_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let (notes, drums) = (dataset(&workspace, "Notes"), dataset(&workspace, "Drums"));
    let other = dataset(&workspace, "Drums");
    assert_eq!(json(&workspace, &["dataset", "show", "Notes"])["id"], notes.as_str());
    assert_eq!(json(&workspace, &["dataset", "show", &drums])["id"], drums.as_str());
    let refused = run(&workspace, &["dataset", "show", "Drums"]);
    let err = text(&refused.stderr);
    assert!(err.contains(&drums) && err.contains(&other), "{err}");
    let log = run(&workspace, &["dataset", "log", "Notes"]);
    assert!(text(&log.stdout).contains("threads"), "{}", text(&log.stdout));
    let refused = run(&workspace, &["dataset", "restart", "Notes"]);
    assert!(
        text(&refused.stderr).contains("it is done")
            || text(&refused.stderr).contains("It is done")
    );
    let settings = ["--set", "capacity=2", "--set", "batch_size=1", "--steps", "2", "--follow"];
    let queued = [&["train", "Notes", "--name", "First"], &settings[..]].concat();
    json(&workspace, &queued);
    assert_eq!(json(&workspace, &["run", "show", "First"])["step"], 2);
    let model = json(&workspace, &["model", "add", "First", "--name", "Best"]);
    let kept = json(&workspace, &["export", "Best", "--to", "safetensors"]);
    assert!(kept["files"].is_array(), "{kept}");
    let export = json(&workspace, &["export", "show", "Best"]);
    assert_eq!(export["task"]["model"]["id"], model["id"], "{export}");
    let listed = text(&run(&workspace, &["export", "list"]).stdout);
    assert!(listed.contains("Best") && listed.contains("safetensors"), "{listed}");
    json(&workspace, &["export", "delete", "Best"]);
    assert_eq!(json(&workspace, &["export", "list"]), serde_json::json!([]));
    json(&workspace, &["export", "restore", "Best"]);
    assert_eq!(json(&workspace, &["export", "list"])[0]["id"], export["id"]);
}

#[test]
fn the_trash_is_listed_and_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let (notes, drums) = (dataset(&workspace, "Notes"), dataset(&workspace, "Drums"));
    json(&workspace, &["dataset", "delete", "Notes"]);
    json(&workspace, &["dataset", "delete", "Drums"]);
    let listed = text(&run(&workspace, &["trash", "list"]).stdout);
    assert!(
        listed.contains("Notes") && listed.contains("30 days") && listed.contains(&drums),
        "{listed}"
    );
    json(&workspace, &["trash", "restore", "Notes"]);
    assert_eq!(json(&workspace, &["dataset", "list"])[0]["id"], notes.as_str());
    // Nobody can be asked here.
    let refused = run(&workspace, &["trash", "empty"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--yes"), "{}", text(&refused.stderr));
    let emptied = json(&workspace, &["trash", "empty", "--yes"]);
    assert_eq!(emptied["n_items"], 1);
    assert!(emptied["bytes"].as_u64() > Some(100_000), "{emptied}");
    assert!(!workspace.join("trash/datasets").join(&drums).exists());
    json(&workspace, &["dataset", "delete", &notes]);
    json(&workspace, &["trash", "delete", "Notes", "--yes"]);
    assert_eq!(json(&workspace, &["trash", "list"]), serde_json::json!([]));
}

#[test]
fn nothing_reaches_the_terminal_that_would_steer_it() {
    let folder = tempfile::tempdir().unwrap();
    let (workspace, sounds) = (folder.path().join("workspace"), folder.path().join("sounds"));
    write_sounds(&sounds);
    fs::write(sounds.join("red\u{1b}[31m.wav"), wav(300.0)).unwrap();
    fs::write(sounds.join("gpj.\u{202e}evil.wav"), "no sound").unwrap();
    let created = run(&workspace, &["dataset", "create", sounds.to_str().unwrap()]);
    let shown = run(&workspace, &["dataset", "show", "sounds"]);
    for output in [&created, &shown] {
        assert!(output.status.success(), "{}", text(&output.stderr));
        let all = text(&output.stdout) + &text(&output.stderr);
        assert!(!all.contains(['\u{1b}', '\u{202e}']), "{all:?}");
        assert!(all.contains("\\u{202e}evil.wav"), "skipped files are named: {all}");
    }
    assert!(text(&shown.stdout).contains("red\\u{1b}[31m.wav"), "{}", text(&shown.stdout));
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let id = dataset(&workspace, "Notes");
    let order = workspace.join("projects/default/datasets").join(&id).join("job.json");
    let whole = fs::read(&order).unwrap();
    fs::write(&order, "{").unwrap();
    fs::remove_file(workspace.join("maquette.db")).unwrap();
    let listed = run(&workspace, &["dataset", "list"]);
    assert!(text(&listed.stderr).contains(&id), "{}", text(&listed.stderr));
    let doctor = text(&run(&workspace, &["doctor"]).stdout);
    assert!(doctor.contains(&id) && doctor.contains("job.json"), "{doctor}");
    fs::write(&order, whole).unwrap();
    let listed = run(&workspace, &["dataset", "list"]);
    assert!(text(&listed.stdout).contains(&id) && listed.stderr.is_empty());
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_what_is_being_prepared() {
    let folder = tempfile::tempdir().unwrap();
    let (workspace, sounds) = (folder.path().join("workspace"), folder.path().join("sounds"));
    fs::create_dir(&sounds).unwrap();
    // Eleven minutes each, of which only the head takes space.
    for n in 0..40 {
        let mut head = wav(300.0);
        let n_bytes: u32 = 60_000_000;
        head[4..8].copy_from_slice(&(36 + n_bytes).to_le_bytes());
        head[40..44].copy_from_slice(&n_bytes.to_le_bytes());
        let path = sounds.join(format!("{n}.wav"));
        fs::write(&path, head).unwrap();
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(44 + u64::from(n_bytes))
            .unwrap();
    }
    let sounds = sounds.to_str().unwrap();
    for args in [&["dataset", "create", sounds][..], &["quickstart", sounds]] {
        let command = maquette(args)
            .arg("--workspace")
            .arg(&workspace)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let datasets = workspace.join("projects/default/datasets");
        let events = || {
            fs::read_dir(&datasets)
                .into_iter()
                .flatten()
                .flatten()
                .any(|it| it.path().join("events.jsonl").exists())
        };
        until(|| events().then_some(()));
        #[expect(unsafe_code, reason = "the standard library sends no SIGINT")]
        // SAFETY: a signal to a child that was not waited for yet, so the id is still its own.
        let sent = unsafe { libc::kill(i32::try_from(command.id()).unwrap(), libc::SIGINT) };
        assert_eq!(sent, 0);
        let ended = command.wait_with_output().unwrap();
        let err = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(130), "{args:?}: {err}");
        assert!(err.contains("Cancelled. Nothing was kept."), "{args:?}: {err}");
        assert_eq!(fs::read_dir(&datasets).unwrap().count(), 0, "{args:?}");
        assert_eq!(json(&workspace, &["dataset", "list"]), serde_json::json!([]));
    }
}
