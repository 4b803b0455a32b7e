//! Projects over HTTP and on the command line: one view for every verb, archives that come and go.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Served, json as done, run, text, write_sounds};

#[test]
fn every_list_is_of_one_project_or_of_all() {
    let served = Served::new();
    let dataset = served.dataset()["id"].clone();
    let drums = served.post("/api/projects", &json!({ "name": "Drums" })).json();
    assert_eq!((&drums["id"], &drums["can_delete"]), (&json!("drums"), &json!(true)));
    let samples = json!({ "source": { "from": "samples" }, "name": "Mine" });
    let mine = served.post("/api/datasets?project=drums", &samples).json();
    assert_eq!(mine["job"]["project"], "drums");
    let ids = |path: &str| {
        let all = served.get(path).json();
        let ids = all.as_array().unwrap().iter().map(|it| it["id"].clone());
        ids.collect::<Vec<Value>>()
    };
    assert_eq!(ids("/api/datasets?project=drums"), [mine["id"].clone()]);
    assert_eq!(ids("/api/datasets?project=default"), std::slice::from_ref(&dataset));
    assert_eq!(ids("/api/datasets").len(), 2);
    for list in ["datasets", "runs", "models", "presets", "exports", "imports", "jobs"] {
        let problem = served.get(&format!("/api/{list}?project=nowhere")).problem(404);
        assert_eq!(problem.code, "not_found", "{list}");
        served.get(&format!("/api/{list}?project=drums")).json();
    }
    served.post("/api/projects/drums/items", &json!({ "list": "datasets", "id": dataset }));
    assert_eq!(ids("/api/datasets?project=drums").len(), 2);
    served.post("/api/projects", &json!({ "name": "drums" })).problem(409);
    let bad = json!({ "name": "Bad", "defaults": { "preset": "huge" } });
    assert_eq!(served.post("/api/projects", &bad).problem(422).code, "unknown_preset");
}

#[test]
fn new_runs_start_from_the_project_s_defaults() {
    let served = Served::new();
    let dataset = served.dataset()["id"].clone();
    let defaults = json!({ "defaults": {
        "preset": "sketch", "switches": ["causal"], "settings": { "batch_size": 2 },
        "limit": { "until": "steps", "steps": 3 }
    } });
    let body = defaults.to_string();
    let headers = [("Content-Type", "application/json")];
    served.send("PATCH", "/api/projects/default", &headers, body.as_bytes()).json();
    let check = served.post("/api/runs/check", &json!({ "dataset": dataset })).json();
    assert_eq!(
        (&check["switches"], &check["settings"]["batch_size"]),
        (&json!(["causal"]), &json!(2))
    );
    let chosen = json!({ "dataset": dataset, "preset": "sketch" });
    assert_eq!(served.post("/api/runs/check", &chosen).json()["switches"], json!([]));
}

#[test]
fn a_project_leaves_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let sounds = folder.path().join("sounds");
    write_sounds(&sounds);
    let sounds = sounds.to_str().unwrap();
    done(&here, &["project", "create", "Drum machine"]);
    let in_project = ["--project", "Drum machine"];
    let dataset = done(&here, &[&["dataset", "create", sounds][..], &in_project[..]].concat());
    assert_eq!(done(&here, &["dataset", "list", "--project", "default"]), json!([]));
    let archive = folder.path().join("a.maquette.tar");
    let archive = archive.to_str().unwrap();
    let written = done(&here, &["project", "export", "drum-machine", "-o", archive]);
    assert_eq!(written["bytes"], json!(fs::metadata(archive).unwrap().len()));
    let again = run(&here, &["project", "export", "drum-machine", "-o", archive]);
    assert!(text(&again.stderr).contains("already exists"), "nothing is overwritten by accident");

    let came = done(&there, &["project", "import", archive]);
    assert_eq!((&came["name"], &came["n_datasets"]), (&json!("Drum machine"), &json!(1)));
    let datasets = done(&there, &["dataset", "list", "--project", "drum-machine"]);
    assert_eq!(datasets[0]["id"], dataset["id"]);
    let twin = done(&here, &["project", "import", archive, "--name", "Twin"]);
    assert_eq!(twin["id"], "twin");
    assert_ne!(done(&here, &["dataset", "list", "--project", "twin"])[0]["id"], dataset["id"]);

    let bytes = fs::read(archive).unwrap();
    fs::write(archive, &bytes[..bytes.len() / 2]).unwrap();
    let cut = run(&there, &["project", "import", archive]);
    assert!(!cut.status.success() && text(&cut.stderr).contains("cut short"), "{cut:?}");
    assert_eq!(done(&there, &["project", "list"]).as_array().unwrap().len(), 2);

    done(&there, &["project", "rename", "drum-machine", "Percussion"]);
    done(&there, &["project", "delete", "Percussion"]);
    assert_eq!(done(&there, &["trash", "list"])[0]["list"], "projects");
    done(&there, &["project", "restore", "Percussion"]);
    let first = done(&there, &["dataset", "list", "--project", "Percussion"])[0]["id"].clone();
    done(&there, &["project", "move", "default", "dataset", first.as_str().unwrap()]);
    assert_eq!(done(&there, &["dataset", "list", "--project", "default"])[0]["id"], first);
    let nowhere = run(&there, &["run", "list", "--project", "nowhere"]);
    assert!(text(&nowhere.stderr).contains("There is no project “nowhere”."), "{nowhere:?}");
}
