//! Games, agents that learn them, and films of those: over HTTP and on the command line.

use std::{fs, path::Path};

use serde_json::{Value, json as value};

use crate::program::{Served, json, run, text, until};

/// Trains an agent of `CartPole` for a second; gives its run.
fn trained(workspace: &Path) -> Value {
    let args = ["train", "--game", "cartpole", "--preset", "quick", "--steps", "4096"];
    let more = ["--name", "Pole", "--set", "n_eval_episodes=3", "--follow"];
    let run = json(workspace, &[&args[..], &more].concat());
    assert_eq!((run["family"].as_str(), run["name"].as_str()), (Some("agent"), Some("Pole")));
    json(workspace, &["run", "show", "Pole"])
}

#[test]
fn games_are_listed_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let games = json(&workspace, &["game", "list"]);
    let served = Served::new();
    assert_eq!(served.get("/api/games").json(), games);
    assert_eq!(games[0]["key"], "cartpole");
    let brick = served.get("/api/games/brick").json();
    assert_eq!(brick, json(&workspace, &["game", "show", "brick"]));
    let person = brick["yardsticks"].as_array().unwrap().iter();
    let estimated = person.filter(|it| it["is_estimate"] == true).map(|it| &it["player"]);
    assert_eq!(estimated.collect::<Vec<_>>(), ["person"]);
    let shown = text(&run(&workspace, &["game", "show", "brick"]).stdout);
    assert!(shown.contains("ArrowLeft") && shown.contains("estimated"), "{shown}");
    let refused = run(&workspace, &["game", "show", "brik"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("`brick`"), "{said}");
    assert!(!workspace.exists(), "a list of games needs no workspace");
}

#[test]
fn an_agent_learns_plays_and_is_filmed() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let run = trained(&workspace);
    let episodes = run["episodes"].as_array().unwrap();
    let of_kind = |kind: &str| episodes.iter().filter(|it| it["kind"] == kind).count();
    assert_eq!((of_kind("milestone"), of_kind("evaluation")), (3, 3), "{episodes:?}");

    // It plays: from a checkpoint, and from the library.
    let checkpoint = run["checkpoints"].as_array().unwrap().last().unwrap()["path"].clone();
    let checkpoint = Path::new(run["folder"].as_str().unwrap()).join(checkpoint.as_str().unwrap());
    let play =
        |model: &str| json(&workspace, &["game", "play", model, "--episodes", "5", "--seed", "7"]);
    let played = play(checkpoint.to_str().unwrap());
    let scores: Vec<f64> =
        played["scores"].as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect();
    assert_eq!((scores.len(), &played["game"]["key"]), (5, &value!("cartpole")));
    let mean = scores.iter().sum::<f64>() / 5.0;
    assert!((played["mean"].as_f64().unwrap() - mean).abs() < 1e-9, "{played}");
    assert!(played["worst"].as_f64() <= played["median"].as_f64(), "{played}");
    assert!(played["median"].as_f64() <= played["best"].as_f64(), "{played}");
    let newest = run["step"].as_u64().unwrap();
    json(&workspace, &["model", "add", &format!("Pole@{newest}"), "--name", "Pole player"]);
    assert_eq!(play("Pole player"), played, "the same agent and seed");
    let told = crate::program::run(&workspace, &["game", "play", "Pole player", "--episodes", "2"]);
    let told = text(&told.stdout);
    assert!(told.contains("this agent") && told.contains("scripted"), "{told}");

    // It is filmed, with a copy at a place of one's own.
    let film = folder.path().join("pole.mp4");
    let args = ["film", "Pole", "--kind", "evaluation", "--size", "160x210", "--name", "The end"];
    let made = json(&workspace, &[&args[..], &["-o", film.to_str().unwrap()]].concat());
    let bytes = fs::read(&film).unwrap();
    assert_eq!(&bytes[4..8], b"ftyp");
    assert_eq!(made["film"]["result"]["bytes"], bytes.len());
    let refused = |args: &[&str], expected: &str| {
        let output = crate::program::run(&workspace, args);
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(expected), "{args:?}: {said}");
    };
    refused(&["film", "Pole", "-o", film.to_str().unwrap()], "already exists");
    refused(&["film", "Pole", "-o", "film.avi"], ".mp4");
    refused(&["film", "Pole", "--size", "161x210"], "even number");
    refused(&["film", "Pole", "--kind", "hour"], "no episode");
    refused(&["film", "Nobody"], "no run");
    refused(&["game", "play", "Nobody"], "no model");
    refused(&["game", "play", film.to_str().unwrap()], "cannot play");
    refused(&["train", "--game", "brik"], "brick");

    // A child goes on where it ended.
    let args = ["run", "continue", "Pole", "--minutes", "0.01", "--follow"];
    assert_eq!(json(&workspace, &args)["name"], "Pole continued");
    let child = json(&workspace, &["run", "show", "Pole continued"]);
    assert_eq!(child["parent"], run["id"]);
    assert!(child["step"].as_u64().unwrap() > newest, "{child}");
    assert_eq!(child["job"]["state"]["state"], "done");
    let share = child["job"]["progress"]["share"].as_f64().unwrap();
    assert!(share <= 1.0, "{share}");

    // The library knows it, too.
    let found = json(&workspace, &["library", "search", "kind:film", "\"the end\""]);
    let listed = &found["items"][0];
    assert_eq!((&found["total"], &listed["kind"]), (&value!(1), &value!("film")), "{found}");
    assert_eq!(listed["bytes"], bytes.len());
    let id = listed["id"].as_str().unwrap();
    assert_eq!(json(&workspace, &["library", "show", id])["item"], *listed);
    let told = crate::program::run(&workspace, &["library", "show", id]);
    assert!(text(&told.stdout).starts_with("film"), "{}", text(&told.stdout));

    json(&workspace, &["film", "delete", "The end"]);
    refused(&["film", "show", "The end"], "no film");
    assert_eq!(json(&workspace, &["film", "restore", "The end"])["job"]["name"], "The end");
    films_over_http(&workspace, &run["id"], &bytes);
}

/// The same film in a gallery: found, seen in parts, marked.
fn films_over_http(workspace: &Path, run: &Value, bytes: &[u8]) {
    let served = Served::at(workspace);
    let run = run.as_str().unwrap();
    let named = |films: &Value, name: &str| {
        let mut found = films.as_array().unwrap().iter().filter(|it| it["job"]["name"] == name);
        found.next().cloned()
    };
    let film = named(&served.get("/api/films").json(), "The end").unwrap();
    let path = format!("/api/films/{}", film["id"].as_str().unwrap());
    let has = |query: &str| named(&served.get(&format!("/api/films?{query}")).json(), "The end");
    assert!(has(&format!("run={run}&game=cartpole&kind=evaluation")).is_some());
    assert!(has("kind=hour").is_none() && has("game=brick").is_none());
    assert!(has("run=none-000000").is_none());

    let file = film["result"]["file"].as_str().unwrap();
    let part = served.send("GET", &format!("{path}/files/{file}"), &[("Range", "bytes=4-7")], b"");
    assert_eq!((part.status, part.header("content-type")), (206, Some("video/mp4")));
    assert_eq!(part.body, &bytes[4..8]);
    let picture =
        served.get(&format!("{path}/files/{}", film["result"]["thumbnail"].as_str().unwrap()));
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
    served.get(&format!("{path}/files/..%2F..%2F..%2F..%2Fstudio.json")).problem(404);

    assert_eq!((&film["is_new"], &film["is_favourite"]), (&value!(true), &value!(false)));
    let headers = [("Content-Type", "application/json")];
    let change = value!({ "is_favourite": true, "is_watched": true, "name": "Pole at last" });
    let changed = served.send("PATCH", &path, &headers, change.to_string().as_bytes()).json();
    assert_eq!((&changed["is_new"], &changed["is_favourite"]), (&value!(false), &value!(true)));
    assert_eq!(changed["job"]["name"], "Pole at last");
    assert_eq!(
        served.send("POST", &format!("{path}/open"), &[], b"").problem(409).code,
        "no_screen"
    );

    // Without anybody asking, the run has been filmed as it learnt.
    let mut done = 0;
    until(|| {
        let films = served.get(&format!("/api/films?run={run}&kind=milestone")).json();
        let films = films.as_array().unwrap().clone();
        done = films.iter().filter(|it| it["job"]["state"]["state"] == "done").count();
        (done > 0).then_some(())
    });
    assert_eq!(served.send("DELETE", &path, &[], b"").status, 204);
    served.get(&path).problem(404);
    assert_eq!(
        served.send("POST", &format!("{path}/restore"), &[], b"").json()["is_favourite"],
        true
    );
    assert_eq!(served.send("DELETE", &format!("{path}?forever=true"), &[], b"").status, 204);
    served.send("POST", &format!("{path}/restore"), &[], b"").problem(404);
}
