//! The explanations of `maquette compose --explain`: the same sentences as beside the fields of a form, with
//! the range and the default of each setting.

use api::{Knob, KnobKind};
use serde_json::Value;

use super::words;

/// The width that sentences are broken at.
const WIDTH: usize = 96;

/// Each setting with what it does, its range and its default.
pub(super) fn explained<'a>(knobs: impl IntoIterator<Item = &'a Knob>) -> String {
    knobs.into_iter().map(one).collect::<Vec<_>>().join("\n")
}

fn one(knob: &Knob) -> String {
    let mut text = format!("{}: {}\n", knob.key, knob.title);
    let default = match &knob.default {
        Value::Number(n) if n.is_f64() => format!("Default {}.", number(n.as_f64().unwrap_or(0.0))),
        other => format!("Default {}.", words::setting(other)),
    };
    let facts = match range(knob) {
        Some(range) => format!("{range} {default}"),
        None => default,
    };
    for line in lines(&knob.help).into_iter().chain([facts]) {
        text.push_str(&format!("    {line}\n"));
    }
    text
}

/// The values that it takes; nothing for on and off.
fn range(knob: &Knob) -> Option<String> {
    let unit = if knob.unit.is_empty() { String::new() } else { format!(" {}", knob.unit) };
    Some(match &knob.kind {
        KnobKind::Bool => return None,
        KnobKind::Integer { min, max, multiple_of: 1 } => format!("Range {min} to {max}{unit}."),
        KnobKind::Integer { min, max, multiple_of } => {
            format!("Range {min} to {max}{unit}, multiples of {multiple_of}.")
        }
        KnobKind::Number { min, max, .. } => {
            format!("Range {} to {}{unit}.", number(*min), number(*max))
        }
        KnobKind::Text { len_max } => format!("Words, at most {len_max} characters."),
        KnobKind::Choice { options } => format!("Options {}.", options.join(", ")),
        KnobKind::IntegerList { min, max, len_min, len_max } => {
            format!("Range {len_min} to {len_max} numbers, {min} to {max}{unit} each.")
        }
    })
}

/// A number as people write it: `100`, `0.05`, `1e-7`.
fn number(n: f64) -> String {
    if n != 0.0 && n.abs() < 1e-4 { format!("{n:e}") } else { format!("{n}") }
}

/// A sentence, wrapped between words.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a first line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= WIDTH {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_says_effect_range_and_default() {
        let check = |kind: KnobKind, default: Value, unit: &str, expected: &str| {
            let knob = Knob {
                key: "k".to_owned(),
                title: "K".to_owned(),
                help: "More is more.".to_owned(),
                group: String::new(),
                is_advanced: false,
                unit: unit.to_owned(),
                kind,
                default,
            };
            assert_eq!(explained([&knob]), format!("k: K\n    More is more.\n    {expected}\n"));
        };
        let integer = |multiple_of| KnobKind::Integer { min: 1, max: 64, multiple_of };
        check(integer(1), 8.into(), "excerpts", "Range 1 to 64 excerpts. Default 8.");
        check(integer(16), 32.into(), "", "Range 1 to 64, multiples of 16. Default 32.");
        let number = KnobKind::Number { min: 1e-6, max: 0.1, is_logarithmic: true };
        check(number, 1e-3.into(), "", "Range 1e-6 to 0.1. Default 0.001.");
        check(KnobKind::Bool, true.into(), "", "Default true.");
        let choice = KnobKind::Choice { options: vec!["a".into(), "b".into()] };
        check(choice, "a".into(), "", "Options a, b. Default a.");
        let list = KnobKind::IntegerList { min: 2, max: 16, len_min: 0, len_max: 6 };
        check(list, serde_json::json!([]), "", "Range 0 to 6 numbers, 2 to 16 each. Default none.");
    }

    #[test]
    fn long_sentences_are_broken_between_words() {
        let text = "word ".repeat(60);
        let broken = lines(&text);
        assert!(broken.iter().all(|line| line.len() <= WIDTH), "{broken:?}");
        assert_eq!(broken.join(" "), text.trim());
    }
}
