//! Adapters: trained on clips with words for a tiny model of others, listed beside it, added to its weights by command and by
//! jobs, exported and taken back.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use nn::{Init, NamedArray, checkpoint};
use serde_json::{Value, json as value};

use crate::program::{Served, json, run, text, until, write_sounds};

fn vectors(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/vectors").join(path)
}

/// Stable Audio 3 of random numbers, as small as the reference of its tests, in a folder as a hub has it.
fn folder(at: &Path, licence: &str) {
    let file = checkpoint::read(&vectors("stable_audio/folders.safetensors")).unwrap();
    let meta: Value = serde_json::from_str(&file.metadata["meta"]).unwrap();
    let state: Vec<(String, Vec<usize>)> = serde_json::from_value(meta["state"].clone()).unwrap();
    let text = fs::read_to_string(vectors("stable_audio/folders.json")).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    let write = |part: &str, name: &str, json: &Value| {
        fs::create_dir_all(at.join(part)).unwrap();
        fs::write(at.join(part).join(name), json.to_string()).unwrap();
    };
    for (part, name) in [
        ("transformer", "diffusion_pytorch_model.safetensors"),
        ("vae", "diffusion_pytorch_model.safetensors"),
        ("duration_embedder", "diffusion_pytorch_model.safetensors"),
        ("text_encoder", "model.safetensors"),
    ] {
        write(part, "config.json", &config[part]);
        let array = |(full, shape): &(String, Vec<usize>)| {
            let name = full.strip_prefix(part)?.strip_prefix('.')?.to_owned();
            let fan_in: usize = shape[1.min(shape.len())..].iter().product();
            let size = (3.0 / fan_in.max(1) as f32).sqrt();
            let is_gain = ["gamma", "norm.weight", "scale", "running_std"]
                .iter()
                .any(|it| name.ends_with(it));
            let [low, high] = if is_gain { [0.8, 1.2] } else { [-size, size] };
            let values = Init::named(0, full).uniform(shape.iter().product(), low, high);
            Some(NamedArray { name, shape: shape.clone(), values })
        };
        let arrays: Vec<NamedArray> = state.iter().filter_map(array).collect();
        checkpoint::write(&at.join(part).join(name), &arrays, &BTreeMap::new()).unwrap();
    }
    write("scheduler", "scheduler_config.json", &config["scheduler"]);
    write("", "model_index.json", &config["model_index"]);
    fs::create_dir_all(at.join("tokenizer")).unwrap();
    fs::copy(vectors("tokenizers/unigram/tokenizer.json"), at.join("tokenizer/tokenizer.json"))
        .unwrap();
    fs::write(at.join("README.md"), format!("---\nlicense: {licence}\n---\n")).unwrap();
}

const SMALL: [&str; 12] = [
    "--set",
    "rank=2",
    "--set",
    "crop_secs=0.1",
    "--set",
    "sample_secs=0.1",
    "--set",
    "learning_rate=0.02",
    "--set",
    "warmup=0",
    "--seed",
    "3",
];

#[test]
fn an_adapter_is_trained_mixed_exported_and_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let workspace = home.path().join("workspace");
    let [weights, sounds] = ["tiny", "sounds"].map(|it| home.path().join(it));
    folder(&weights, "mit");
    write_sounds(&sounds);
    let first = fs::read_dir(&sounds).unwrap().map(|it| it.unwrap().path()).min().unwrap();
    fs::write(first.with_extension("txt"), "a soft\nbell").unwrap();
    let at = |path: &Path| path.to_str().unwrap().to_owned();
    json(&workspace, &["dataset", "create", &at(&sounds), "--name", "Notes"]);
    let clips = json(&workspace, &["dataset", "show", "Notes"]);
    let captions: Vec<&str> =
        clips["files"].as_array().unwrap().iter().filter_map(|it| it["caption"].as_str()).collect();
    assert_eq!(captions, ["a soft bell"]);
    let model = json(&workspace, &["weights", "add", &at(&weights)]);
    assert_eq!(model["linked"]["words"]["takes_adapters"], true);

    let train = ["adapter", "train", "tiny", "--dataset", "Notes", "--phrase", "my bells"];
    let more = ["--prompt", "a bell", "--steps", "4", "--name", "Bells", "--follow"];
    let trained = json(&workspace, &[&train[..], &more, &SMALL].concat());
    assert_eq!((&trained["family"], &trained["preset"]), (&value!("adapter"), &value!("quick")));
    let shown = json(&workspace, &["run", "show", "Bells"]);
    assert_eq!((&shown["model"], &shown["step"]), (&model["id"], &value!(4)));
    let names: Vec<&str> = shown["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert!(names.len() >= 2 && names.iter().all(|it| *it == "a bell"), "{names:?}");
    assert!(shown["metrics"].as_array().unwrap().contains(&value!("validation_loss")));

    // It goes on where it stopped, and not where its model's weights have changed.
    json(&workspace, &["run", "resume", "Bells", "--steps", "6", "--follow"]);
    let adapter = json(&workspace, &["model", "add", "Bells@6"]);
    let of = value!({ "sha256": model["sha256"], "name": "tiny", "licence": "mit", "model": model["id"] });
    assert_eq!(adapter["adapter_of"], of);
    assert!(adapter.get("prior_of").is_none());
    let listed = json(&workspace, &["adapter", "list", "tiny"]);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &adapter["id"]));
    assert!(text(&run(&workspace, &["adapter", "list"]).stdout).contains("mit"));

    // More of it is further away, and none of it is the model itself.
    let make = |name: &str, adapters: &[&str]| {
        let sound = home.path().join(name);
        let args =
            ["generate-text", "tiny", "--prompt", "a bell", "--seconds", "0.2", "--steps", "2"];
        let adapters: Vec<&str> = adapters.iter().flat_map(|it| ["--adapter", it]).collect();
        json(&workspace, &[&args[..], &adapters, &["-o", &at(&sound)]].concat());
        fs::read(sound).unwrap()
    };
    let plain = make("a.npy", &[]);
    assert_eq!(make("b.npy", &["Bells:0"]), plain);
    let whole = make("c.npy", &["Bells"]);
    assert_ne!(whole, plain);
    let halves = make("d.npy", &["Bells:0.5", "Bells:0.5"]);
    assert_ne!(make("e.npy", &["Bells:0.5"]), halves);

    // As a file it is the same, also where another program has it.
    let exported = home.path().join("bells.safetensors");
    json(&workspace, &["export", "Bells", "--to", "safetensors", "-o", &at(&exported)]);
    assert_eq!(make("f.npy", &[&at(&exported)]), whole);
    let mut found = checkpoint::read(&exported).unwrap();
    let name = "transformer.transformer_blocks.0.self_attn.to_qkv.lora_A.weight";
    assert!(found.arrays.iter().any(|it| it.name == name && it.shape[0] == 2), "{name}");
    assert!(found.arrays.iter().all(|it| !it.name.contains("optimiser")));
    assert_eq!(found.metadata["license"], "mit");
    found.metadata.remove("family");
    let foreign = home.path().join("foreign.safetensors");
    checkpoint::write(&foreign, &found.arrays, &found.metadata).unwrap();
    let taken = json(&workspace, &["model", "add", &at(&foreign)]);
    assert_eq!(
        (&taken["family"], &taken["adapter_of"]["licence"]),
        (&value!("adapter"), &value!("mit"))
    );
    assert_eq!(make("g.npy", &[taken["id"].as_str().unwrap()]), whole);
    assert_eq!(json(&workspace, &["adapter", "list", "tiny"]).as_array().unwrap().len(), 2);

    let said = |args: &[&str]| {
        let refused = run(&workspace, args);
        assert!(!refused.status.success(), "{args:?}");
        text(&refused.stderr)
    };
    let sound = at(&home.path().join("x.wav"));
    let make =
        ["generate-text", "tiny", "--prompt", "a", "--seconds", "0.1", "-o", &sound, "--adapter"];
    assert!(said(&[&make[..], &["tiny"]].concat()).contains("is no adapter"));
    assert!(said(&[&make[..], &["Bells:9"]].concat()).contains("too much"));
    assert!(said(&["train", "Notes", "--family", "adapter"]).contains("No model was chosen"));
    let config = weights.join("transformer/config.json");
    fs::write(&config, fs::read_to_string(&config).unwrap() + " ").unwrap();
    let file = weights.join("transformer/diffusion_pytorch_model.safetensors");
    let mut changed = checkpoint::read(&file).unwrap();
    changed.arrays[0].values[0] += 1.0;
    checkpoint::write(&file, &changed.arrays, &changed.metadata).unwrap();
    let failed = run(&workspace, &["run", "resume", "Bells", "--steps", "9", "--follow"]);
    let said = text(&failed.stdout) + &text(&failed.stderr);
    assert!(said.contains("are not those this run began with"), "{said}");
}

#[test]
fn a_recipe_keeps_its_adapters_and_says_what_does_not_fit() {
    let home = tempfile::tempdir().unwrap();
    let [weights, sounds] = ["tiny", "sounds"].map(|it| home.path().join(it));
    folder(&weights, "cc-by-4.0");
    write_sounds(&sounds);
    let served = Served::new();
    let at = |path: &Path| path.to_str().unwrap().to_owned();
    json(&served.workspace, &["dataset", "create", &at(&sounds), "--name", "Notes"]);
    let model = json(&served.workspace, &["weights", "add", &at(&weights)]);
    let train =
        ["adapter", "train", "tiny", "--dataset", "Notes", "--steps", "2", "--name", "Bells"];
    json(&served.workspace, &[&train[..], &["--follow"], &SMALL].concat());
    let adapter = json(&served.workspace, &["model", "add", "Bells"]);
    let recipe = |adapters: Value| {
        value!({ "recipe": {
            "models": [{ "place": { "from": "library", "id": model["id"] } }],
            "source": { "from": "words", "prompts": [{ "text": "a bell" }], "adapters": adapters, "steps": 2 },
            "secs": 0.2,
        }})
    };
    let one = |id: &Value, weight: f64| value!([{ "adapter": { "place": { "from": "library", "id": id } }, "weight": weight }]);
    let make = |adapters: Value| {
        let made = served.post("/api/generations", &recipe(adapters)).json();
        let path = format!("/api/generations/{}", made["id"].as_str().unwrap());
        until(|| {
            let state = served.get(&path).json()["job"]["state"]["state"].clone();
            assert_ne!(state, "failed", "{:?}", served.get(&path).json());
            (state == "done").then_some(())
        });
        served.get(&format!("{path}/sounds")).json()[0]["card"].clone()
    };
    let (plain, with) = (make(value!([])), make(one(&adapter["id"], 1.0)));
    assert_ne!(plain["facts"]["sha256"], with["facts"]["sha256"]);
    let kept = &with["recipe"]["source"]["adapters"][0];
    assert_eq!(
        (&kept["adapter"]["sha256"], &kept["adapter"]["name"]),
        (&adapter["sha256"], &value!("Bells"))
    );
    assert_eq!(kept["adapter"]["licence"], "cc-by-4.0");
    assert!(plain["recipe"]["source"].get("adapters").is_none());

    let refused = |adapters: Value| {
        let problem = served.post("/api/generations", &recipe(adapters)).problem(422);
        assert!(problem.fields.iter().any(|it| it.key == "adapters"), "{problem:?}");
    };
    refused(one(&model["id"], 1.0));
    refused(one(&adapter["id"], 40.0));
    assert_eq!(served.get("/api/models/gone-000001/adapters").status, 404);
}
