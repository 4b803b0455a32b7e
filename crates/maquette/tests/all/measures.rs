//! How long a run would take, over HTTP and on the command line.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Served, json as done};

/// The smallest settings that still have every part.
const SMALL: [(&str, u32); 4] =
    [("capacity", 2), ("latent_size", 4), ("batch_size", 1), ("n_signal", 32768)];

fn new_run(served: &Served) -> Value {
    let settings: serde_json::Map<_, _> =
        SMALL.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    json!({
        "dataset": served.dataset()["id"], "settings": settings,
        "limit": { "until": "steps", "steps": 100 }
    })
}

#[test]
fn a_measured_run_is_forecast_and_remembers_it() {
    let served = Served::new();
    let new = new_run(&served);
    assert_eq!(served.post("/api/runs/check", &new).json()["measured"], Value::Null);
    let queued = served.post("/api/measures", &new).json();
    let path = format!("/api/measures/{}", queued["id"].as_str().unwrap());
    let until = Instant::now() + Duration::from_secs(120);
    let result = loop {
        let measure = served.get(&path).json();
        if !measure["result"].is_null() {
            break measure["result"].clone();
        }
        assert!(Instant::now() < until, "{measure}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(result["end_step"], 100);
    let forecast = served.post("/api/runs/check", &new).json();
    assert_same(&forecast["measured"], &result);
    // Another limit needs no other measure.
    let mut longer = new.clone();
    longer["limit"] = json!({ "until": "steps", "steps": 200 });
    let longer = served.post("/api/runs/check", &longer).json()["measured"].clone();
    assert_eq!(longer["end_step"], 200);
    assert_eq!(longer["measured"]["at_ms"], result["measured"]["at_ms"]);
    assert!(longer["end_secs"].as_f64() > result["end_secs"].as_f64(), "{longer}");

    let run = served.post("/api/runs", &new).json();
    let run = format!("/api/runs/{}", run["id"].as_str().unwrap());
    assert_same(&served.get(&run).json()["forecast"], &result);
    served.post(&format!("{run}/stop"), &Value::Null);

    assert_eq!(served.send("DELETE", &path, &[], b"").status, 204);
    served.get(&path).problem(404);
    assert_eq!(served.post("/api/runs/check", &new).json()["measured"], Value::Null);
}

/// Numbers that went through JSON more often may differ in their last digit.
fn assert_same(found: &Value, expected: &Value) {
    let secs = |it: &Value| it["end_secs"].as_f64().unwrap();
    assert!((secs(found) / secs(expected) - 1.0).abs() < 1e-9, "{found} is not {expected}");
    for key in ["limit", "end_step"] {
        assert_eq!(found[key], expected[key]);
    }
    assert_eq!(found["measured"]["at_ms"], expected["measured"]["at_ms"]);
}

#[test]
fn what_cannot_be_trained_is_not_measured() {
    let served = Served::new();
    let mut new = new_run(&served);
    new["settings"]["capacity"] = json!(0);
    assert_eq!(served.post("/api/measures", &new).problem(422).code, "bad_settings");
    new["dataset"] = json!("no-such-dataset");
    served.post("/api/measures", &new).problem(404);
    served.get("/api/measures/no-such-measure").problem(404);
}

#[test]
fn the_command_measures_what_it_composes() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = done(folder.path(), &["dataset", "create", "--samples"]);
    let dataset = dataset["id"].as_str().unwrap();
    let set = SMALL.map(|(key, value)| format!("--set={key}={value}"));
    let mut args = vec!["compose", "--dataset", dataset, "--measure", "--minutes", "2"];
    args.extend(set.iter().map(String::as_str));
    let composed = done(folder.path(), &args);
    assert!(composed["measured"]["end_secs"].as_f64() >= Some(120.0), "{composed}");
    assert!(composed["measured"]["end_step"].as_u64().unwrap() > 0, "{composed}");
}
