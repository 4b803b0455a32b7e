//! `maquette generate` and `maquette style`: sounds in files, each made again by its recipe.

use std::{fs, path::Path};

use crate::program::{json, run, text, wav, write_sounds};

/// A small model of a run of two steps.
fn model(workspace: &Path) {
    let sounds = workspace.with_file_name("sounds");
    write_sounds(&sounds);
    json(workspace, &["dataset", "create", sounds.to_str().unwrap(), "--name", "Notes"]);
    let settings = ["--set", "capacity=2", "--set", "batch_size=1", "--steps", "2", "--follow"];
    json(workspace, &[&["train", "Notes", "--name", "Voice"], &settings[..]].concat());
    json(workspace, &["model", "add", "Voice", "--name", "Voice"]);
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => files
                    .push(entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    files.sort();
    files
}

#[test]
fn sounds_are_generated_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    model(&workspace);
    let out = folder.path().join("out");
    let walk = ["generate", "Voice", "--walk", "--seed", "7", "--seconds", "1", "--count", "3"];
    let more = ["--name", "Wander", "--set", "scale=1.5", "-o", out.to_str().unwrap()];
    let made = json(&workspace, &[&walk[..], &more].concat());
    assert_eq!(made["sounds"].as_array().unwrap().len(), 3, "{made}");
    let expected = ["Wander-001", "Wander-002", "Wander-003"];
    let expected: Vec<_> =
        expected.iter().flat_map(|it| [format!("{it}.json"), format!("{it}.wav")]).collect();
    assert_eq!(files_in(&out), expected);
    let bytes = |path: &Path| fs::read(path).unwrap();
    assert_ne!(bytes(&out.join("Wander-001.wav")), bytes(&out.join("Wander-002.wav")));
    // Nothing stays in the workspace, and nothing is overwritten.
    assert!(!workspace.join("projects/default/generations").read_dir().unwrap().any(|_| true));
    let refused = run(&workspace, &[&walk[..], &more].concat());
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("already exists"), "{said}");
    // Each recipe gives its sound again.
    for number in ["002", "003"] {
        let recipe = out.join(format!("Wander-{number}.json"));
        let again = folder.path().join(format!("again-{number}"));
        let args = ["generate", "--recipe", recipe.to_str().unwrap(), "--name", "Again"];
        json(&workspace, &[&args[..], &["-o", again.to_str().unwrap()]].concat());
        assert_eq!(
            bytes(&again.join("Again.wav")),
            bytes(&out.join(format!("Wander-{number}.wav")))
        );
    }
    let refused = |args: &[&str], expected: &str| {
        let output = run(&workspace, &[args, &["-o", out.to_str().unwrap()]].concat());
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(expected), "{args:?}: {said}");
    };
    refused(&["generate", "Voice"], "no prior");
    refused(&["generate", "Nobody", "--walk"], "no model");
    refused(&["generate", "Voice", "--walk", "--seconds", "601"], "600");
    refused(&["generate", "Voice", "--walk", "--set", "wett=1"], "did you mean `wet`");
    refused(&["generate", "Voice", "--path", "missing.npy"], "missing.npy");
    refused(&["generate", "--recipe", "missing.json"], "missing.json");
}

#[test]
fn a_folder_goes_through_a_model_with_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    model(&workspace);
    let (input, out) = (folder.path().join("loops"), folder.path().join("styled"));
    fs::create_dir_all(input.join("deep/er")).unwrap();
    for (name, hz) in [("a.wav", 200.0), ("deep/b.wav", 300.0), ("deep/er/c.wav", 400.0)] {
        fs::write(input.join(name), wav(hz)).unwrap();
    }
    fs::write(input.join("broken.wav"), "no sound").unwrap();
    let args = ["style", "Voice", input.to_str().unwrap(), "--wet", "0.5", "--transpose", "-3"];
    let args = [&args[..], &["-o", out.to_str().unwrap()]].concat();
    let styled = json(&workspace, &args);
    assert_eq!(styled["sounds"].as_array().unwrap().len(), 3, "{styled}");
    assert_eq!(files_in(&out), ["a.wav", "deep/b.wav", "deep/er/c.wav"]);
    let notes = styled["notes"].to_string();
    assert!(notes.contains("broken.wav"), "{notes}");
    // As long as what went in, at the model's rate.
    let facts = &styled["sounds"][0]["facts"];
    assert_eq!(
        (&facts["n_samples"], &facts["rate_hz"]),
        (&22_050.into(), &44_100.into()),
        "{facts}"
    );
    let refused = run(&workspace, &args);
    assert!(text(&refused.stderr).contains("already exists"), "{}", text(&refused.stderr));
}
