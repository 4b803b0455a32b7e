//! The main job from end to end, with the smallest model there is.

use std::{fs, process::Stdio};

use serde_json::Value;

use crate::program::{Served, json, maquette, run, text, until, wav, write_sounds};

/// Settings and a length that make a training of a second.
const TINY: [&str; 6] = ["--set", "capacity=2", "--set", "batch_size=1", "--steps", "3"];

#[test]
fn the_whole_main_job_in_one_command() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let output = run(&workspace, &[&["quickstart", "--json"], &TINY[..]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = lines.last().unwrap();
    assert!(summary["first_loss"].as_f64().unwrap() > 0.0, "{summary}");
    assert!(summary["last_loss"].as_f64().unwrap() > 0.0, "{summary}");
    assert!(summary["seconds"].as_f64().unwrap() > 0.0, "{summary}");
    let sound = fs::read(summary["reconstruction"].as_str().unwrap()).unwrap();
    assert_eq!(&sound[..4], b"RIFF");
    assert!(lines.iter().any(|line| line["event"] == "metrics"), "every event is a line");

    // What it made can be used on.
    let (run_id, model) = (summary["run"].as_str().unwrap(), summary["model"].as_str().unwrap());
    let detail = json(&workspace, &["run", "show", run_id]);
    assert_eq!(detail["step"], 3, "{detail}");
    let added = json(&workspace, &["model", "add", &format!("{run_id}@3"), "--name", "Again"]);
    assert_eq!(added["lineage"]["step"], 3);
    assert_eq!(json(&workspace, &["model", "list"]).as_array().unwrap().len(), 2);

    let (input, output) = (folder.path().join("in.wav"), folder.path().join("out.wav"));
    fs::write(&input, wav(330.0)).unwrap();
    let args = ["reconstruct", model, input.to_str().unwrap(), "-o", output.to_str().unwrap()];
    let made = json(&workspace, &args);
    assert_eq!(made["output"], output.to_str().unwrap());
    assert_eq!(&fs::read(&output).unwrap()[..4], b"RIFF");
    assert_eq!(fs::read(&input).unwrap(), wav(330.0), "the input is as it was");
    assert_eq!(run(&workspace, &args).status.code(), Some(1), "nothing is written over");

    // Latents for scripts of one's own, and the same sound from them.
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (latents, decoded) = (path("z.npy"), path("decoded.wav"));
    let encode = ["encode", "Again", &path("in.wav"), "-o", &latents, "--mean"];
    let made = json(&workspace, &encode);
    assert_eq!(made["result"]["shape"][0], 1, "{made}");
    assert_eq!(&fs::read(&latents).unwrap()[..6], b"\x93NUMPY");
    assert_eq!(run(&workspace, &encode).status.code(), Some(1), "nothing is written over");
    json(&workspace, &["decode", model, &latents, "-o", &decoded]);
    let (whole, part) = (fs::read(&decoded).unwrap(), fs::read(&output).unwrap());
    assert_eq!(whole[44..part.len()], part[44..], "it is what reconstructing made");
    let left = fs::read_dir(workspace.join("projects/default/conversions")).unwrap().count();
    assert_eq!(left, 0, "nothing is kept");

    // A model from a file is as good as one from a run.
    let file = workspace.join(format!("projects/default/models/{model}/weights.safetensors"));
    let added =
        json(&workspace, &["model", "add", file.to_str().unwrap(), "--name", "From a file"]);
    assert_eq!(added["added"]["path"], file.to_str().unwrap());
    let known = json(&workspace, &["model", "show", added["id"].as_str().unwrap()]);
    assert!(known["facts"]["codec"]["latency_samples"].as_u64().unwrap() > 0, "{known}");
    let refused = run(&workspace, &["model", "add", &path("in.wav")]);
    assert!(
        text(&refused.stderr).contains("does not contain a model"),
        "{}",
        text(&refused.stderr)
    );

    // Every form that it leaves in is whole, plays what the model plays, and is not written over.
    let exported_as = |to: &str, file: &str, more: &[&str]| {
        let file = path(file);
        let args = [&["export", "Again", "--to", to, "-o", &file], more].concat();
        let made = json(&workspace, &args);
        assert_eq!(made["result"]["checks"][0]["is_good"], true, "{made}");
        assert_eq!(run(&workspace, &args).status.code(), Some(1), "nothing is written over");
        json(&workspace, &["check", &file, "--against", model])["is_good"] == true
    };
    assert!(exported_as("torchscript", "again.ts", &["--streaming", "--channels", "2"]));
    assert!(
        exported_as("onnx", "again.onnx", &[])
            && folder.path().join("again.encoder.onnx").is_file()
    );
    assert!(exported_as("safetensors", "again.safetensors", &[]));
    assert!(exported_as("maq", "again.maq", &["--license", "CC0 1.0", "--author", "Ann"]));
    let left = fs::read_dir(workspace.join("projects/default/exports")).unwrap().count();
    assert_eq!(left, 0, "nothing is kept");
    let there = json(&workspace, &["model", "add", &path("again.maq"), "--name", "From a package"]);
    let (id, notes) = (there["id"].as_str().unwrap(), there["added"]["notes"].to_string());
    assert!(notes.contains("CC0 1.0") && notes.contains("Ann"), "{there}");
    let inside = workspace.join("projects/default/models").join(id);
    assert!(inside.join("card.md").is_file() && inside.join("sounds/1-original.wav").is_file());
    let latents_there = path("z-package.npy");
    json(&workspace, &["encode", id, &path("in.wav"), "-o", &latents_there, "--mean"]);
    assert_eq!(fs::read(&latents_there).unwrap(), fs::read(&latents).unwrap());
    // Packed again it keeps its maker's words, its sounds and where it comes from; a file's too.
    for (source, name) in [(id, "copy.maq"), (&path("again.maq"), "copy-of-file.maq")] {
        json(&workspace, &["export", source, "--to", "maq", "-o", &path(name)]);
        let copy = json(&workspace, &["model", "add", &path(name)]);
        assert_eq!(copy["added"]["packaged"]["license"], "CC0 1.0", "{copy}");
        assert!(copy["added"]["packaged"]["lineage"]["step"].as_u64() == Some(3), "{copy}");
        let inside = workspace.join("projects/default/models").join(copy["id"].as_str().unwrap());
        assert!(inside.join("sounds/1-original.wav").is_file(), "{name}");
    }
    let module = run(&workspace, &["model", "add", &path("again.ts")]);
    assert!(
        text(&module.stderr).contains("cannot be imported as a model"),
        "{}",
        text(&module.stderr)
    );
    let share = run(&workspace, &["export", "Again", "--to", "onnx", "--fidelity", "nan"]);
    assert!(text(&share.stderr).contains("such as 0.95"), "{}", text(&share.stderr));
    let mut bytes = fs::read(path("again.maq")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path("spoilt.maq"), bytes).unwrap();
    assert_eq!(run(&workspace, &["check", &path("spoilt.maq")]).status.code(), Some(1));
    let refused = run(&workspace, &["model", "add", &path("spoilt.maq")]);
    assert!(text(&refused.stderr).contains("Failed to unpack"), "{}", text(&refused.stderr));
    let wrong =
        run(&workspace, &["export", "Again", "--to", "ckpt", "--streaming", "-o", &path("x")]);
    assert!(text(&wrong.stderr).contains("only apply to torchscript"), "{}", text(&wrong.stderr));
    // Without an output it stays in the library.
    let kept = json(&workspace, &["export", "Again", "--to", "safetensors"]);
    assert!(fs::metadata(kept["files"][0].as_str().unwrap()).unwrap().len() > 0, "{kept}");

    // Written for acids-rave and taken back, it is a run that goes on here, and sounds the same.
    let there = path("there");
    let exported = json(&workspace, &["export", "Again", "--to", "ckpt", "-o", &there]);
    assert_eq!(exported["files"].as_array().unwrap().len(), 2, "{exported}");
    let again = run(&workspace, &["export", "Again", "--to", "ckpt", "-o", &there]);
    assert_eq!(again.status.code(), Some(1), "nothing is written over");
    let found = json(&workspace, &["import", &there, "--dry-run"]);
    assert_eq!(found["items"][0]["kind"], "run", "{found}");
    let imported = json(&workspace, &["import", &there, "--name", "Back"]);
    assert_eq!((&imported[0]["list"], &imported[0]["name"]), (&"runs".into(), &"Back".into()));
    let back = imported[0]["id"].as_str().unwrap();
    json(&workspace, &["model", "add", back, "--name", "Back"]);
    let latents_back = path("z-back.npy");
    json(&workspace, &["encode", "Back", &path("in.wav"), "-o", &latents_back, "--mean"]);
    assert_eq!(fs::read(&latents_back).unwrap(), fs::read(&latents).unwrap());

    let resumed = json(&workspace, &["run", "resume", run_id, "--steps", "5", "--follow"]);
    assert_eq!(resumed["step"], 5, "{resumed}");
}

#[test]
fn a_run_outlives_the_studio_and_is_found_again() {
    let mut served = Served::new();
    let dataset = served.dataset()["id"].as_str().unwrap().to_owned();
    let settings = ["--set", "capacity=2", "--set", "batch_size=1", "--minutes", "5"];
    let queued = json(&served.workspace, &[&["train", &dataset], &settings[..]].concat());
    let id = queued["id"].as_str().unwrap();
    let path = format!("/api/runs/{id}");
    until(|| (served.get(&path).json()["step"].as_u64() > Some(0)).then_some(()));

    let step = served.get(&path).json()["step"].as_u64();
    served.terminate();
    let served = Served::at(&served.workspace);
    until(|| {
        let run = served.get(&path).json();
        assert_eq!(run["job"]["state"]["state"], "running", "{run}");
        (run["step"].as_u64() > step).then_some(())
    });

    let stopped = json(&served.workspace, &["run", "stop", id]);
    assert_eq!(stopped["job"]["state"]["state"], "stopped", "{stopped}");
    let detail = json(&served.workspace, &["run", "show", id]);
    assert!(!detail["checkpoints"].as_array().unwrap().is_empty(), "{detail}");
    let rendered = detail["samples"][0]["rendered"].as_str().unwrap();
    let sound = served.get(&format!("/api/runs/{id}/files/{rendered}"));
    assert_eq!((sound.status, &sound.body[..4]), (200, &b"RIFF"[..]));
    let curves = served.get(&format!("{path}/curves?names=loss_total&points=50")).json();
    assert_eq!(curves["curves"][0]["name"], "loss_total", "{curves}");
    let events = served.get(&format!("{path}/events?after=2&limit=5")).json();
    assert_eq!(events[0]["seq"], 3);
    let log = served.get(&format!("{path}/log")).json();
    assert!(log["text"].is_string());
}

#[test]
fn two_commands_share_a_studio_and_part() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    write_sounds(&folder.path().join("sounds"));
    let sounds = folder.path().join("sounds").display().to_string();
    let dataset = json(&workspace, &["dataset", "create", &sounds]);
    let dataset = dataset["id"].as_str().unwrap();

    // The first command has the studio; the second uses it, and outlives it.
    let settings = ["--set", "capacity=2", "--set", "batch_size=1", "--minutes", "5", "--follow"];
    let mut first = maquette(&[&["train", dataset], &settings[..]].concat());
    let first = first.arg("--workspace").arg(&workspace).stdout(Stdio::piped()).spawn().unwrap();
    let id = until(|| {
        let runs = json(&workspace, &["run", "list"]);
        let has_begun = runs[0]["job"]["state"]["state"] == "running";
        has_begun.then(|| runs[0]["id"].as_str().unwrap().to_owned())
    });
    let stopped = json(&workspace, &["run", "stop", &id]);
    assert_eq!(stopped["job"]["state"]["state"], "stopped", "{stopped}");
    let first = first.wait_with_output().unwrap();
    assert!(first.status.success(), "a run that was stopped has ended well");
    assert!(text(&first.stdout).contains("stopped"), "{}", text(&first.stdout));
}

#[test]
fn a_training_goes_on_after_its_command() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    write_sounds(&folder.path().join("sounds"));
    let sounds = folder.path().join("sounds").display().to_string();
    let dataset = json(&workspace, &["dataset", "create", &sounds]);
    let args = [&["train", dataset["id"].as_str().unwrap()], &TINY[..]].concat();
    let queued = json(&workspace, &args);
    until(|| {
        let run = json(&workspace, &["run", "show", queued["id"].as_str().unwrap()]);
        let is_done = run["job"]["state"]["state"] == "done";
        is_done.then(|| assert_eq!(run["step"], 3, "{run}"))
    });
}
