//! Ordinary requests and what is wrong with others.

use serde_json::json;

use crate::program::Served;

#[test]
fn a_studio_says_who_it_is() {
    let served = Served::new();
    let health = served.get("/api/health").json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["pid"], served.pid());
    let doctor = served.get("/api/doctor").json();
    assert!(doctor["checks"].as_array().unwrap().len() > 5, "{doctor}");
    let machine = served.get("/api/machine").json();
    assert!(machine["n_cores"].as_u64().unwrap() > 0, "{machine}");
    let families = served.get("/api/families").json();
    assert_eq!(families[0]["name"], "rave");
    assert!(!families[0]["presets"].as_array().unwrap().is_empty());
}

#[test]
fn a_new_workspace_is_empty() {
    let served = Served::new();
    for list in ["datasets", "runs", "models", "presets", "jobs", "films"] {
        assert_eq!(served.get(&format!("/api/{list}")).json(), json!([]), "{list}");
    }
}

#[test]
fn every_error_is_a_problem() {
    let served = Served::new();
    let check = |method: &str, path: &str, body: &str, status: u16, code: &str| {
        let headers = [("Content-Type", "application/json")];
        let answer = served.send(method, path, &headers, body.as_bytes());
        let problem = answer.problem(status);
        assert_eq!(problem.code, code, "{method} {path}: {problem:?}");
        assert!(problem.what.starts_with(|c: char| c.is_uppercase()), "{problem:?}");
        assert!(problem.what.ends_with('.'), "{problem:?}");
        assert!(problem.remedy.is_some_and(|remedy| remedy.ends_with('.')), "{path}");
    };
    check("GET", "/api/nothing", "", 404, "no_such_endpoint");
    check("GET", "/api", "", 404, "no_such_endpoint");
    check("PUT", "/api/health", "", 405, "method_not_allowed");
    check("GET", "/api/datasets/none-000000", "", 404, "not_found");
    check("GET", "/api/datasets/NOT_AN_ID", "", 404, "not_found");
    check("GET", "/api/runs/none-000000/curves?points=many", "", 400, "bad_request");
    check("GET", "/api/runs/none-000000/log", "", 404, "not_found");
    check("DELETE", "/api/models/none-000000", "", 404, "not_found");
    check("POST", "/api/datasets", "{", 400, "bad_body");
    check("POST", "/api/datasets", "{}", 422, "bad_body");
    check("POST", "/api/datasets", r#"{"source":{"from":"moon"}}"#, 422, "bad_body");
    check("PATCH", "/api/runs/none-000000", r#"{"name":"x"}"#, 404, "not_found");
    check("POST", "/api/runs", r#"{"dataset":"none-000000"}"#, 404, "not_found");
    check("GET", "/api/presets/none", "", 404, "not_found");
    check("GET", "/api/games/chess", "", 404, "not_found");
    check("GET", "/api/films/none-000000", "", 404, "not_found");
    check("GET", "/api/films?kind=holiday", "", 400, "bad_request");
    check("PATCH", "/api/films/none-000000", r#"{"is_favourite":true}"#, 404, "not_found");
    check("POST", "/api/films", r#"{"run":"none-000000","kind":"hour"}"#, 404, "not_found");
    check("POST", "/api/compositions", r#"{"dataset":"none-000000"}"#, 404, "not_found");
    check("POST", "/api/imports", r#"{"path":"/nowhere/at/all"}"#, 404, "file_system");
    check("POST", "/api/imports", r#"{"path":"relative"}"#, 422, "invalid");
    let own = json!({ "path": served.workspace }).to_string();
    check("POST", "/api/imports", &own, 422, "bad_import");
    check("GET", "/assets/none.js", "", 404, "not_found");
}

#[test]
fn a_wrong_setting_is_named() {
    let served = Served::new();
    let dataset = served.dataset()["id"].clone();
    let check = |settings: serde_json::Value, key: &str| {
        let new = json!({ "dataset": dataset, "settings": settings });
        for path in ["/api/runs/check", "/api/runs"] {
            let problem = served.post(path, &new).problem(422);
            assert_eq!(problem.fields[0].key, key, "{problem:?}");
        }
    };
    check(json!({ "capacity": "many" }), "capacity");
    check(json!({ "capacity": -1 }), "capacity");
    check(json!({ "no_such_knob": 1 }), "no_such_knob");
    assert_eq!(served.get("/api/runs").json(), json!([]), "nothing was queued");

    let forecast = served.post("/api/runs/check", &json!({ "dataset": dataset })).json();
    assert!(forecast["n_parameters"].as_u64().unwrap() > 0, "{forecast}");
}

#[test]
fn a_long_body_is_refused() {
    let served = Served::new();
    let body = json!({ "path": "x".repeat(3 << 20) });
    let problem = served.post("/api/imports", &body).problem(413);
    assert_eq!(problem.code, "bad_body");
}

#[test]
fn a_body_must_say_that_it_is_json() {
    let served = Served::new();
    // What a form of another site can send without asking first.
    let headers = [("Content-Type", "text/plain")];
    served.send("POST", "/api/imports", &headers, br#"{"path":"/"}"#).problem(415);
}

#[test]
fn the_description_covers_the_api() {
    let served = Served::new();
    let document = served.get("/api/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    for path in ["/api/datasets/{id}", "/api/runs/{id}/files/{path}", "/api/live", "/api/events"] {
        assert!(paths.contains_key(path), "{path}");
    }
    let mut names = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let at = format!("{method} {path}");
            names.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(operation["responses"]["default"].is_object(), "{at} can fail");
            for parameter in operation["parameters"].as_array().unwrap_or(&vec![]) {
                let name = parameter["name"].as_str().unwrap();
                let place = if path.contains(&format!("{{{name}}}")) { "path" } else { "query" };
                assert_eq!(parameter["in"], place, "{name} of {at}");
                assert_eq!(parameter["required"], place == "path", "{name} of {at}");
            }
        }
    }
    let n_names = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), n_names, "every operation has a name of its own");
    assert_references(&document, &document);
}

/// Every reference leads somewhere.
fn assert_references(document: &serde_json::Value, part: &serde_json::Value) {
    match part {
        serde_json::Value::Object(fields) => {
            if let Some(target) = fields.get("$ref").and_then(|it| it.as_str()) {
                assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
            }
            fields.values().for_each(|field| assert_references(document, field));
        }
        serde_json::Value::Array(items) => {
            items.iter().for_each(|item| assert_references(document, item));
        }
        _ => {}
    }
}
