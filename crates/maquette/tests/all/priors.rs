//! Priors: trained on the latents of a model of the library, listed beside it, and left behind when it goes.

use serde_json::{Value, json as value};

use crate::program::{Served, json, run, text, write_sounds};

const SMALL: [&str; 10] = [
    "--set",
    "res_size=8",
    "--set",
    "skp_size=8",
    "--set",
    "n_layers=2",
    "--set",
    "head_size=4",
    "--set",
    "batch_size=2",
];

#[test]
fn a_prior_is_trained_listed_and_outlives_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let sounds = folder.path().join("sounds");
    write_sounds(&sounds);
    let said = |args: &[&str]| {
        let refused = run(&workspace, args);
        assert!(!refused.status.success(), "{args:?}");
        text(&refused.stderr)
    };
    json(&workspace, &["dataset", "create", sounds.to_str().unwrap(), "--name", "Notes"]);
    let codec = ["train", "Notes", "--name", "Codec", "--set", "capacity=2", "--steps", "1"];
    json(&workspace, &[&codec[..], &["--set", "batch_size=1", "--follow"]].concat());
    let codec = json(&workspace, &["model", "add", "Codec"]);
    assert!(codec.get("prior_of").is_none());

    let train = ["prior", "train", "Codec", "--steps", "3", "--name", "Mine", "--follow"];
    let trained = json(&workspace, &[&train[..], &SMALL[..]].concat());
    assert_eq!((&trained["family"], &trained["preset"]), (&value!("prior"), &value!("quick")));
    let shown = json(&workspace, &["run", "show", "Mine"]);
    assert_eq!((&shown["model"], &shown["step"]), (&codec["id"], &value!(3)));
    assert_eq!(shown["dataset"], json(&workspace, &["dataset", "show", "Notes"])["id"]);
    let is_from_nothing = |it: &Value| it.get("original").is_none_or(Value::is_null);
    let samples = shown["samples"].as_array().unwrap();
    assert!(samples.iter().any(is_from_nothing) && !samples.iter().all(is_from_nothing));

    let prior = json(&workspace, &["model", "add", "Mine"]);
    let of = value!({ "sha256": codec["sha256"], "name": "Codec", "model": codec["id"] });
    assert_eq!(prior["prior_of"], of);
    assert_eq!(prior["rate_hz"], codec["rate_hz"]);
    let listed = json(&workspace, &["prior", "list", "Codec"]);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &prior["id"]));
    assert_eq!(json(&workspace, &["prior", "list"]), listed);
    assert!(text(&run(&workspace, &["prior", "list"]).stdout).contains("nats per latent"));

    // The model goes, the prior stays and says so; what needs the model is refused.
    json(&workspace, &["model", "delete", "Codec"]);
    let left = json(&workspace, &["prior", "list"]);
    assert_eq!(left[0]["prior_of"], value!({ "sha256": codec["sha256"], "name": "Codec" }));
    let table = text(&run(&workspace, &["prior", "list"]).stdout);
    assert!(table.contains("not in the library"), "{table}");
    assert!(
        said(&["run", "resume", "Mine", "--steps", "5"])
            .to_lowercase()
            .contains("restore or import")
    );
    json(&workspace, &["model", "restore", "Codec"]);
    json(&workspace, &["run", "resume", "Mine", "--steps", "5", "--follow"]);
    assert_eq!(json(&workspace, &["run", "show", "Mine"])["step"], 5);

    // A prior has no latents of its own, and a family of sounds takes no model.
    assert!(said(&["prior", "train", "Mine"]).contains("does not turn sound into latents"));
    assert!(said(&["train", "Notes", "--family", "prior"]).contains("No model was chosen"));
}

#[test]
fn a_prior_that_does_not_fit_is_refused_over_http() {
    let served = Served::new();
    let refused = served.post("/api/runs", &value!({ "family": "prior" }));
    assert!(refused.status >= 400);
    let missing = served.post("/api/runs", &value!({ "family": "prior", "model": "gone-000001" }));
    assert_eq!(missing.status, 404);
    assert_eq!(served.get("/api/models/gone-000001/priors").status, 404);
}
