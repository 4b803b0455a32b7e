//! What the server answers to a sequence of requests, on the workspace that version 0.1.0 left.
//!
//! A change of any field of the API shows here. `INSTA_UPDATE=always cargo test -p maquette --test all answers`
//! accepts what is new.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{old_workspace::copy_of_old, program::Served};

const RUN: &str = "first-c95c97";

#[test]
fn the_api_answers_as_it_did() {
    let (_folder, workspace) = copy_of_old();
    let served = Served::at(&workspace);
    let mut told = String::new();
    let mut ask = |method: &str, path: &str, body: Option<Value>| {
        let headers = [("Content-Type", "application/json")];
        let headers = if body.is_some() { &headers[..] } else { &[] };
        let sent = body.map_or(String::new(), |body| body.to_string());
        let answer = served.send(method, path, headers, sent.as_bytes());
        let said = match serde_json::from_slice::<Value>(&answer.body) {
            Ok(said) => {
                let said = redacted(said, workspace.to_str().unwrap());
                serde_json::to_string_pretty(&said).unwrap()
            }
            Err(_) => String::new(),
        };
        writeln!(told, "{method} {path} {sent}\n{}\n{said}\n", answer.status).unwrap();
    };
    for list in ["projects", "jobs", "datasets", "runs", "models", "presets", "exports", "trash"] {
        ask("GET", &format!("/api/{list}"), None);
    }
    ask("GET", "/api/datasets/tones-8ac2d1", None);
    ask("GET", &format!("/api/runs/{RUN}"), None);
    ask("GET", &format!("/api/runs/{RUN}/curves?names=validation_distance,loss_total"), None);
    ask("GET", &format!("/api/runs/{RUN}/events?after=13"), None);
    ask("GET", "/api/models/my-tones-d516d1", None);
    ask("GET", "/api/exports/my-tones-8610ff", None);
    // What cannot be done, and why.
    ask("GET", "/api/runs/nobody-000001", None);
    ask("PATCH", &format!("/api/runs/{RUN}"), Some(json!({ "name": "" })));
    ask("POST", &format!("/api/runs/{RUN}/resume"), Some(json!({})));
    ask("POST", &format!("/api/runs/{RUN}/control"), Some(json!({ "control": "sample" })));
    ask("POST", "/api/datasets", Some(json!({ "source": { "from": "nowhere" } })));
    // What can.
    ask("PATCH", &format!("/api/runs/{RUN}"), Some(json!({ "name": "The first" })));
    ask("DELETE", &format!("/api/runs/{RUN}"), None);
    ask("GET", "/api/trash", None);
    ask("POST", &format!("/api/runs/{RUN}/restore"), None);
    insta::assert_snapshot!(told);
}

/// The same without what is of this test run: its folder, its time, and sizes of folders.
fn redacted(value: Value, workspace: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(workspace, "[workspace]")),
        Value::Array(items) => items.into_iter().map(|it| redacted(it, workspace)).collect(),
        Value::Object(fields) => {
            let is_of_trash = fields.contains_key("deleted_ms");
            let fields = fields.into_iter().map(|(key, value)| {
                let value = match key.as_str() {
                    "deleted_ms" | "expires_ms" => json!("[time]"),
                    "bytes" if is_of_trash => json!("[bytes]"),
                    _ => redacted(value, workspace),
                };
                (key, value)
            });
            fields.collect()
        }
        plain => plain,
    }
}
