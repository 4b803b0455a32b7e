//! What choices come to, by cases that the pages' tests read too: text as it is typed after `--set`, and
//! values as a form sends them, come to the same settings and the same refusals.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use api::Origin;
use serde::Deserialize;
use serde_json::Value;

/// A case, as `compositions.json` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    preset: String,
    #[serde(default)]
    switches: Vec<String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    typed: BTreeMap<String, Value>,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    #[serde(default)]
    origins: BTreeMap<String, String>,
    #[serde(default)]
    refused: BTreeMap<String, String>,
}

fn cases() -> Vec<Case> {
    let file: Value = serde_json::from_str(include_str!("compositions.json")).unwrap();
    serde_json::from_value(file["cases"].clone()).unwrap()
}

fn word(origin: &Origin) -> &str {
    match origin {
        Origin::Default => "default",
        Origin::Preset => "preset",
        Origin::Dataset => "dataset",
        Origin::Switch { name } => name,
        Origin::Setting => "setting",
    }
}

fn check(case: &Case, set: &BTreeMap<String, Value>) {
    let composed = models::FAMILIES[0].compose(&case.preset, &case.switches, set);
    let name = &case.name;
    match composed {
        Ok(found) => {
            assert!(case.refused.is_empty(), "{name}: {set:?} is not refused");
            for (key, value) in &case.settings {
                assert_eq!(&found.settings[key], value, "{name}: {key}");
            }
            for (key, from) in &case.origins {
                assert_eq!(word(&found.origins[key]), from, "{name}: {key}");
            }
        }
        Err(problems) => {
            let keys: Vec<_> = problems.iter().map(|it| it.key.as_str()).collect();
            assert_eq!(keys.len(), case.refused.len(), "{name}: {problems:?}");
            for problem in &problems {
                let part = case.refused.get(&problem.key);
                let part = part.unwrap_or_else(|| panic!("{name}: {problem:?}"));
                assert!(problem.message.contains(part), "{name}: {problem:?}");
            }
        }
    }
}

#[test]
fn what_is_typed_and_what_a_form_sends_come_to_the_same() {
    let cases = cases();
    assert!(cases.len() > 10);
    for case in &cases {
        let text = case.set.iter().map(|(key, text)| (key.clone(), Value::from(text.as_str())));
        let text: BTreeMap<String, Value> = text.collect();
        check(case, &text);
        let mut sent = text;
        sent.extend(case.typed.clone());
        check(case, &sent);
    }
}

#[test]
fn what_a_form_sends_is_of_what_is_typed() {
    for case in cases() {
        let is_typed = |key: &String| case.set.contains_key(key);
        assert!(case.typed.keys().all(is_typed), "{}", case.name);
    }
}
