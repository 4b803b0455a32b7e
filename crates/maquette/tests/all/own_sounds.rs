//! Sounds of one's own on the command line and over HTTP: added, analysed, searched, marked, written for others.

use std::fs;

use serde_json::Value;

use crate::program::{json, run, text, write_sounds};

#[test]
fn sounds_are_added_searched_marked_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let sounds = folder.path().join("sounds");
    write_sounds(&sounds);
    fs::write(sounds.join("broken.mp3"), "no sound").unwrap();
    // Three tones, and one that is broken; a text is no sound.
    let (n_sounds, n_files) = (4, fs::read_dir(&sounds).unwrap().count());
    let added = json(&workspace, &["library", "add", sounds.to_str().unwrap(), "--follow"]);
    assert_eq!(added["folders"][0]["n_sounds"], n_sounds, "{added}");
    assert_eq!(added["folders"][0]["n_new"], 0, "{added}");
    let search = |query: &[&str]| -> Vec<Value> {
        let page = json(&workspace, &[&["library", "search"], query].concat());
        page["items"].as_array().unwrap().clone()
    };
    assert_eq!(search(&[]).len(), n_sounds);
    assert_eq!(search(&["is:failed"])[0]["name"], "broken");
    let good = search(&["is:analysed", "--sort", "-length"]);
    assert_eq!(good.len(), n_sounds - 1);
    assert!(good[0]["seconds"].as_f64().unwrap() > 0.0, "{good:?}");
    let id = good[0]["id"].as_str().unwrap();
    let marked = ["library", "mark", id, "--rating", "4", "--tags", "dark,long"];
    assert_eq!(json(&workspace, &marked)["item"]["rating"], 4);
    assert_eq!(search(&["rating>=4", "tag:dark"])[0]["id"], id);
    let shown = text(&run(&workspace, &["library", "show", id]).stdout);
    assert!(shown.contains("4 of 5") && shown.contains("dark, long"), "{shown}");
    let file = folder.path().join("found.csv");
    let export = ["library", "export", id, "--form", "csv", "-o", file.to_str().unwrap()];
    json(&workspace, &export);
    assert!(fs::read_to_string(&file).unwrap().starts_with("start_s,end_s,kind,label\r\n"));
    let refused = run(&workspace, &export);
    assert!(!refused.status.success(), "it is not overwritten");
    let refused = run(&workspace, &["library", "search", "tempo:fast"]);
    let said = text(&refused.stderr);
    assert!(said.contains("takes a number or a range, like `tempo:118..124`"), "{said}");
    // Similar sounds, to one that is named, one that has an identifier, and one that is nowhere in the library.
    let name = good[0]["name"].as_str().unwrap();
    let similar = |sound: &str| json(&workspace, &["library", "similar", sound, "--limit", "2"]);
    let by_name = similar(name);
    assert_eq!((by_name["total"].as_u64(), &by_name), (Some(2), &similar(id)));
    let shares: Vec<f64> = by_name["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["similarity"].as_f64().unwrap())
        .collect();
    assert!(shares.len() == 2 && shares[0] >= shares[1] && shares[1] > 0.0, "{shares:?}");
    let elsewhere = folder.path().join("elsewhere.wav");
    fs::copy(good[0]["path"].as_str().unwrap(), &elsewhere).unwrap();
    let by_file = similar(elsewhere.to_str().unwrap());
    assert_eq!((&by_file["items"][0]["id"], &by_file["total"]), (&good[0]["id"], &3.into()));
    assert!(by_file["items"][0]["similarity"].as_f64().unwrap() > 0.999, "{by_file}");
    assert_eq!(search(&[&format!("like:{id}")]).len(), 2);
    let shown = text(&run(&workspace, &["library", "similar", id]).stdout);
    assert!(shown.contains("similar\n") && shown.contains(" %\n"), "{shown}");
    for (sound, said) in [("nothing", "There is no sound"), ("broken", "not analysed")] {
        let refused = run(&workspace, &["library", "similar", sound]);
        assert!(text(&refused.stderr).contains(said), "{}", text(&refused.stderr));
    }
    json(&workspace, &["library", "remove", "sounds"]);
    assert_eq!(search(&[]).len(), 0);
    assert_eq!(json(&workspace, &["trash", "list"])[0]["list"], "folders");
    assert_eq!(fs::read_dir(&sounds).unwrap().count(), n_files);
}
