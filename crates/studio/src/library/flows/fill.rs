//! Names in braces: `{listen.key}` in a text becomes what the step `listen` knows as `key`, `{listen.secs|10}` is 10 where
//! that is not known, and `{words}` is what an input holds.

use std::collections::BTreeMap;

use api::{FlowKnows, FlowNumber, FlowRun, FlowWork};
use serde_json::Value;

/// What an input or a step knows, by its key.
pub(super) type Known = BTreeMap<String, FlowKnows>;

/// The name under which an input's text or number is known, and what `{key}` alone stands for.
pub(super) const VALUE: &str = "value";

/// What is known in a run so far.
pub(super) fn known(run: &FlowRun) -> Known {
    let mut known = Known::new();
    for input in &run.plan.inputs {
        let Some(value) = run.inputs.get(&input.key).or(input.usual.as_ref()) else { continue };
        let mut knows = FlowKnows::default();
        match serde_json::from_value::<api::SoundPlace>(value.clone()) {
            Ok(place) => {
                let sound = super::work::named(place, &input.label);
                knows.sounds.push(sound);
            }
            Err(_) => drop(knows.facts.insert(VALUE.to_owned(), value.clone())),
        }
        known.insert(input.key.clone(), knows);
    }
    for step in &run.steps {
        known.insert(step.key.clone(), step.knows.clone());
    }
    known
}

/// The keys that a text names.
pub(super) fn keys_in(text: &str) -> Vec<String> {
    names_in(text).map(|name| key_and_fact(name).0.to_owned()).collect()
}

/// A text of some work in which a brace is not closed.
pub(super) fn unclosed(work: &FlowWork) -> Option<String> {
    let texts: Vec<&str> = match work {
        FlowWork::Find { words, .. } | FlowWork::Describe { words, .. } => vec![words],
        FlowWork::Generate { prompt, secs: FlowNumber::Of(secs), .. } => vec![prompt, secs],
        FlowWork::Generate { prompt, .. } => vec![prompt],
        FlowWork::Blend { secs: Some(FlowNumber::Of(secs)), .. } => vec![secs],
        FlowWork::Choose { question, .. } => vec![question],
        FlowWork::Keep { name, .. } => vec![name],
        _ => vec![],
    };
    let is_open = |text: &&str| text.rfind('{') > text.rfind('}');
    texts.into_iter().find(is_open).map(str::to_owned)
}

/// A text with what is known in the place of names.
///
/// # Errors
/// What is not known, in a sentence.
pub(super) fn text(text: &str, known: &Known) -> Result<String, String> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, name, after)) = next_name(rest) {
        filled.push_str(before);
        filled.push_str(&value(name, known)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(tidy(&filled))
}

/// A number, or the one that a text names.
///
/// # Errors
/// What is not known, or is not a number, in a sentence.
pub(super) fn number(number: &FlowNumber, known: &Known) -> Result<f64, String> {
    match number {
        FlowNumber::Is(number) => Ok(*number),
        FlowNumber::Of(named) => {
            let filled = text(named, known)?;
            let number = filled.trim().parse::<f64>().ok().filter(|it| it.is_finite());
            number.ok_or_else(|| format!("“{filled}” is not a number."))
        }
    }
}

fn value(name: &str, known: &Known) -> Result<String, String> {
    let (key, fact) = key_and_fact(name);
    let found = known.get(key).and_then(|it| it.facts.get(fact)).map(written);
    let otherwise = name.split_once('|').map(|it| it.1.to_owned());
    // What was given counts, also where it is nothing.
    let found = found.filter(|it| !it.is_empty() || (fact == VALUE && otherwise.is_none()));
    found.or(otherwise).ok_or_else(|| match fact == VALUE {
        true => format!("Nothing was given as “{key}”."),
        false => format!("The step “{key}” found no “{fact}”."),
    })
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // Enough for seconds and beats, and it reads well in a prompt.
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(0.0);
            format!("{}", (number * 100.0).round() / 100.0)
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn key_and_fact(name: &str) -> (&str, &str) {
    let name = name.split_once('|').map_or(name, |it| it.0).trim();
    name.split_once('.').unwrap_or((name, VALUE))
}

fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, name, after) = next_name(rest)?;
        rest = after;
        Some(name)
    })
}

fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    let (before, opened) = text.split_once('{')?;
    let (name, after) = opened.split_once('}')?;
    Some((before, name, after))
}

/// Without the commas and blanks that are left where nothing was filled in.
fn tidy(text: &str) -> String {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
    match text.contains(',') {
        true => parts.join(", "),
        false => text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let facts = [
            ("key".to_owned(), Value::from("A minor")),
            ("tempo_bpm".to_owned(), Value::from(91.987)),
        ];
        let listen = FlowKnows { facts: facts.into(), ..FlowKnows::default() };
        let words = [(VALUE.to_owned(), Value::from("soft, warm"))];
        let words = FlowKnows { facts: words.into(), ..FlowKnows::default() };
        [("listen".to_owned(), listen), ("words".to_owned(), words)].into()
    }

    #[test]
    fn names_become_what_is_known() {
        let check =
            |given: &str, expected: &str| assert_eq!(text(given, &known()).unwrap(), expected);
        check(
            "{words}, in {listen.key}, {listen.tempo_bpm} bpm",
            "soft, warm, in A minor, 91.99 bpm",
        );
        check("{listen.secs|10}", "10");
        check("pad, {listen.mood|}, loud", "pad, loud");
        check("no names", "no names");
        let refused = text("{listen.secs}", &known()).unwrap_err();
        assert_eq!(refused, "The step “listen” found no “secs”.");
        assert_eq!(text("{nobody}", &known()).unwrap_err(), "Nothing was given as “nobody”.");
        assert_eq!(keys_in("{words} {listen.key|x} {a.b}"), ["words", "listen", "a"]);
    }

    #[test]
    fn numbers_may_be_named() {
        let of = |text: &str| number(&FlowNumber::Of(text.into()), &known());
        assert_eq!(number(&FlowNumber::Is(4.0), &known()), Ok(4.0));
        assert_eq!(of("{listen.secs|12.5}"), Ok(12.5));
        assert_eq!(of("{listen.key}"), Err("“A minor” is not a number.".into()));
    }
}
