//! Commands that change sound files: a file, a folder of them, plans, and what they refuse.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::program::{json, run, text, write_sounds};

struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with three tones in `in`, at 220 Hz and above.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir(folder.path("in")).unwrap();
        write_sounds(&folder.path("in"));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// The first of the sounds.
    fn sound(&self) -> String {
        let mut names: Vec<_> =
            fs::read_dir(self.path("in")).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names[0].to_str().unwrap().to_owned()
    }

    fn workspace(&self) -> PathBuf {
        self.path("workspace")
    }
}

fn starts(path: &Path, with: &[u8]) {
    let bytes = fs::read(path).unwrap();
    assert!(bytes.starts_with(with), "{}: {:?}", path.display(), &bytes[..4]);
}

#[test]
fn a_folder_is_converted_and_a_bad_file_does_not_stop_it() {
    let folder = Folder::new();
    fs::write(folder.path("in/broken.wav"), "this is no sound").unwrap();
    let (input, output) = (folder.text("in"), folder.text("out"));
    let arguments =
        ["convert-sound", &input, "-o", &output, "--format", "flac16", "--loudness", "-20"];
    let answer = json(&folder.workspace(), &arguments);
    assert_eq!(answer["failed"], 1, "{answer}");
    let files = answer["files"].as_array().unwrap();
    assert_eq!(files.len(), 4, "{answer}");
    assert_eq!(files.iter().filter(|it| it["problem"]["code"] == "not_sound").count(), 1);
    for file in files.iter().filter(|it| it.get("problem").is_none()) {
        starts(Path::new(file["output"].as_str().unwrap()), b"fLaC");
        let lufs = file["loudness_lufs"].as_f64().unwrap();
        assert!((lufs + 20.0).abs() < 0.2, "{file}");
    }
    // Nothing is overwritten by accident, and no workspace was made.
    let again = run(&folder.workspace(), &arguments);
    assert!(!again.status.success() && text(&again.stderr).contains("--force"));
    assert!(!folder.workspace().exists());
}

#[test]
fn a_file_is_stretched_tuned_and_edited() {
    let folder = Folder::new();
    let (input, output) = (folder.sound(), folder.text("out.wav"));
    let workspace = folder.workspace();
    let change = |arguments: &[&str]| {
        let all = [&[arguments[0], &input, "-o", &output, "--force"], &arguments[1..]].concat();
        let answer = json(&workspace, &all);
        starts(Path::new(&output), b"RIFF");
        answer
    };
    let answer = change(&["stretch", "--tempo", "100:80", "--pitch", "-2"]);
    assert_eq!(answer["ratio"], 1.25);
    let frames: Vec<u64> =
        answer["frames"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    assert_eq!(frames[1], (frames[0] as f64 * 1.25).round() as u64);
    let answer = change(&["tune", "--key", "C major"]);
    assert_eq!(answer["notes"].as_array().unwrap().len(), 1, "{answer}");
    fs::write(folder.path("beats.json"), "[0.0, 0.25, 0.5, 0.75]").unwrap();
    let answer = change(&["to-grid", "--bpm", "200", "--beats", &folder.text("beats.json")]);
    assert_eq!(answer["bpm"], 200.0, "{answer}");
    let edit =
        r#"[{"start_s": 0.2, "end_s": 0.4, "low_hz": 100, "high_hz": 900, "action": "cut"}]"#;
    fs::write(folder.path("edits.json"), edit).unwrap();
    let edits = folder.text("edits.json");
    assert!(change(&["spectral-edit", "--edits", &edits])["changed_s"].as_f64().unwrap() > 0.1);
    let undone = change(&["spectral-edit", "--edits", &edits, "--undo", "1"]);
    assert_eq!(undone["changed_s"], 0.0);
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = Folder::new();
    let (input, output) = (folder.sound(), folder.text("out.wav"));
    let check = |arguments: &[&str], expected: &str| {
        let refused = run(&folder.workspace(), arguments);
        let said = text(&refused.stderr);
        assert!(!refused.status.success() && said.contains(expected), "{arguments:?}: {said}");
    };
    check(&["convert-sound", &input, "-o", &folder.text("a.mp3")], "MP3");
    check(&["convert-sound", &input, "-o", &output, "--loudness", "loud"], "broadcast");
    check(&["stretch", &input, "-o", &output, "--ratio", "1000"], "times as long");
    check(&["stretch", &input, "-o", &output, "--tempo", "120"], "120:126");
    check(&["tune", &input, "--key", "H minor"], "no note");
    check(&["to-grid", &input, "--beats", &input, "--grid", "1/7"], "1/16");
    check(&["spectral-edit", &input, "-o", &output, "--edits", &input], "list of edits");
}
