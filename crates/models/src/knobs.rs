//! Knobs of any family: the macro that makes a typed configuration and its form from one table, and
//! the reading of values that people typed.

use std::collections::BTreeMap;

use api::{FieldProblem, Knob, KnobKind, Origin, Preset, Switch};
use serde_json::{Map, Value};

/// Makes `pub struct Config` with one field a knob, its reading and writing, and `fn knobs()` from one table.
/// The module has `Config::contradictions`: settings that are valid individually and contradict each other.
///
/// A row reads `key: type = default, kind, BASIC or ADVANCED, "Title", "unit", "help";`.
macro_rules! knobs {
    ($($group:literal { $($key:ident : $type:ty = $default:expr, $kind:expr, $level:ident,
        $title:literal, $unit:literal, $help:literal;)* })*) => {
        /// Every setting of a model of this family, checked.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Config {
            $($(#[doc = $help] pub $key: $type,)*)*
        }

        impl Config {
            /// Reads frozen settings; knobs that an older file lacks get their defaults.
            ///
            /// # Errors
            /// All settings that are not valid, each with what would be.
            pub fn from_settings(
                settings: &serde_json::Value,
            ) -> Result<Self, Vec<api::FieldProblem>> {
                let whole = $crate::knobs::reread(&knobs(), settings)?;
                let config: Self = serde_json::from_value(whole)
                    .map_err(|error| vec![$crate::knobs::problem("", error.to_string())])?;
                let problems = config.contradictions();
                if problems.is_empty() { Ok(config) } else { Err(problems) }
            }

            /// The settings in the form to freeze.
            #[must_use]
            pub fn to_settings(&self) -> serde_json::Value {
                serde_json::to_value(self).expect("plain numbers become JSON")
            }
        }

        /// The knobs, in the order of the form.
        fn knobs() -> Vec<api::Knob> {
            vec![$($(api::Knob {
                key: stringify!($key).into(),
                title: $title.into(),
                help: $help.into(),
                group: $group.into(),
                is_advanced: $crate::knobs::$level,
                unit: $unit.into(),
                kind: $kind,
                default: serde_json::json!($default),
            },)*)*]
        }
    };
}
pub(crate) use knobs;

/// A knob that a form shows at once.
pub(crate) const BASIC: bool = false;
/// A knob that a form folds away at first.
pub(crate) const ADVANCED: bool = true;

/// Whole numbers from `min` to `max`.
pub(crate) const fn integer(min: i64, max: i64) -> KnobKind {
    KnobKind::Integer { min, max, multiple_of: 1 }
}

/// Multiples of `multiple_of` from `min` to `max`.
pub(crate) const fn multiple(multiple_of: i64, min: i64, max: i64) -> KnobKind {
    KnobKind::Integer { min, max, multiple_of }
}

/// Numbers from `min` to `max` on a plain slider.
pub(crate) const fn number(min: f64, max: f64) -> KnobKind {
    KnobKind::Number { min, max, is_logarithmic: false }
}

/// Numbers from `min` to `max` on a slider that moves by factors.
pub(crate) const fn factor(min: f64, max: f64) -> KnobKind {
    KnobKind::Number { min, max, is_logarithmic: true }
}

/// One of a few words.
pub(crate) fn choice(options: &[&str]) -> KnobKind {
    KnobKind::Choice { options: options.iter().map(|&word| word.into()).collect() }
}

/// Words of one's own of at most so many characters.
pub(crate) const fn text(len_max: u32) -> KnobKind {
    KnobKind::Text { len_max }
}

/// Up to `len_max` whole numbers from `min` to `max`.
pub(crate) const fn integers(len_max: u32, min: i64, max: i64) -> KnobKind {
    KnobKind::IntegerList { min, max, len_min: 1, len_max }
}

/// The same, or none at all.
pub(crate) const fn integers_or_none(len_max: u32, min: i64, max: i64) -> KnobKind {
    KnobKind::IntegerList { min, max, len_min: 0, len_max }
}

/// Whole settings, and where each of them came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Composition {
    /// A value for every knob, by key.
    pub settings: Value,
    /// The last layer that set it.
    pub origins: BTreeMap<String, Origin>,
}

/// Some knobs set by one source.
type Layer<'a> = (Origin, &'a BTreeMap<String, Value>);

/// What the settings of a family are composed from.
pub(crate) struct Form<'a> {
    pub(crate) knobs: &'a [Knob],
    pub(crate) presets: &'a [Preset],
    pub(crate) switches: &'a [Switch],
}

impl Form<'_> {
    /// The whole settings of a preset with switches laid over it and some knobs changed, to freeze in an
    /// order; and where each came from.
    ///
    /// # Errors
    /// Every setting that cannot be used, with what would be right.
    pub(crate) fn compose(
        &self,
        preset: &str,
        switches: &[String],
        overrides: &BTreeMap<String, Value>,
    ) -> Result<Composition, Vec<FieldProblem>> {
        let Some(preset) = self.presets.iter().find(|known| known.name == preset) else {
            let names = self.presets.iter().map(|known| known.name.as_str());
            return Err(vec![unknown_name("preset", preset, names)]);
        };
        let mut layers: Vec<Layer<'_>> = vec![(Origin::Preset, &preset.settings)];
        for name in switches {
            let Some(switch) = self.switches.iter().find(|known| known.name == *name) else {
                let names = self.switches.iter().map(|known| known.name.as_str());
                return Err(vec![unknown_name("switches", name, names)]);
            };
            layers.push((Origin::Switch { name: name.clone() }, &switch.settings));
        }
        layers.push((Origin::Setting, overrides));
        compose(self.knobs, &layers)
    }
}

/// The knobs of an object, by key.
pub(crate) fn settings(object: Value) -> BTreeMap<String, Value> {
    match object {
        Value::Object(settings) => settings.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// The whole settings of layers laid over the defaults, later ones winning: each of its right kind
/// and in its range.
///
/// Values may also be text as typed in a terminal: `4,4,2`, `true`, `1e-3`.
///
/// # Errors
/// Every setting that cannot be used, with what would be right.
fn compose(knobs: &[Knob], layers: &[Layer<'_>]) -> Result<Composition, Vec<FieldProblem>> {
    let keys = layers.iter().flat_map(|(_, settings)| settings.keys());
    let mut problems: Vec<FieldProblem> = keys
        .filter(|key| !knobs.iter().any(|knob| knob.key == **key))
        .map(|key| unknown(key, knobs))
        .collect();
    let (mut settings, mut origins) = (Map::new(), BTreeMap::new());
    for knob in knobs {
        let given = layers.iter().rev().find_map(|(origin, settings)| {
            settings.get(&knob.key).map(|value| (origin.clone(), value))
        });
        let (origin, value) = given.unwrap_or((Origin::Default, &knob.default));
        match checked(knob, value) {
            Ok(value) => drop(settings.insert(knob.key.clone(), value)),
            Err(problem) => problems.push(problem),
        }
        origins.insert(knob.key.clone(), origin);
    }
    let settings = Value::Object(settings);
    if problems.is_empty() { Ok(Composition { settings, origins }) } else { Err(problems) }
}

/// Settings as they were frozen, checked again: an older file may lack knobs, which get their
/// defaults.
///
/// # Errors
/// Every setting that cannot be used.
pub(crate) fn reread(knobs: &[Knob], settings: &Value) -> Result<Value, Vec<FieldProblem>> {
    let Some(settings) = settings.as_object() else {
        return Err(vec![problem("", "settings must be an object with a value per setting")]);
    };
    let given = settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    Ok(compose(knobs, &[(Origin::Setting, &given)])?.settings)
}

/// A problem of one setting without a suggestion.
pub(crate) fn problem(key: &str, message: impl Into<String>) -> FieldProblem {
    FieldProblem { key: key.into(), message: message.into(), suggestion: None }
}

/// A problem of one setting and a value that would work.
pub(crate) fn problem_with(
    key: &str,
    message: impl Into<String>,
    suggestion: impl Into<Value>,
) -> FieldProblem {
    FieldProblem { key: key.into(), message: message.into(), suggestion: Some(suggestion.into()) }
}

fn unknown_name<'a>(key: &str, name: &str, known: impl Iterator<Item = &'a str>) -> FieldProblem {
    let known: Vec<&str> = known.collect();
    match api::nearest(name, known.iter().copied()) {
        Some(meant) => problem(key, format!("there is no `{name}`; did you mean `{meant}`?")),
        None => problem(key, format!("there is no `{name}`; choose one of {}", known.join(", "))),
    }
}

fn unknown(key: &str, knobs: &[Knob]) -> FieldProblem {
    match api::nearest(key, knobs.iter().map(|knob| knob.key.as_str())) {
        Some(known) => problem(key, format!("there is no such setting; did you mean `{known}`?")),
        None => problem(key, "there is no such setting"),
    }
}

fn checked(knob: &Knob, value: &Value) -> Result<Value, FieldProblem> {
    match &knob.kind {
        KnobKind::Integer { min, max, multiple_of } => {
            let Some(n) = whole(value) else {
                return Err(problem(&knob.key, "must be a whole number"));
            };
            if n < *min || n > *max {
                let near = n.clamp(*min, *max);
                return Err(problem_with(
                    &knob.key,
                    format!("must be between {min} and {max}"),
                    near,
                ));
            }
            if n % multiple_of != 0 {
                let near = (n / multiple_of * multiple_of).max(*min);
                let message = format!("must be a multiple of {multiple_of}");
                return Err(problem_with(&knob.key, message, near));
            }
            Ok(n.into())
        }
        KnobKind::Number { min, max, .. } => {
            let n = match value {
                Value::String(text) => text.trim().parse().ok(),
                _ => value.as_f64(),
            };
            let Some(n) = n.filter(|n: &f64| n.is_finite()) else {
                return Err(problem(&knob.key, "must be a number"));
            };
            if n < *min || n > *max {
                let near = n.clamp(*min, *max);
                return Err(problem_with(
                    &knob.key,
                    format!("must be between {min} and {max}"),
                    near,
                ));
            }
            Ok(n.into())
        }
        KnobKind::Bool => match value {
            Value::Bool(yes) => Ok((*yes).into()),
            Value::String(text) if is_one_of(text, ["true", "yes", "on"]) => Ok(true.into()),
            Value::String(text) if is_one_of(text, ["false", "no", "off"]) => Ok(false.into()),
            _ => Err(problem(&knob.key, "must be true or false")),
        },
        KnobKind::Choice { options } => match value.as_str() {
            Some(word) if options.iter().any(|option| option == word) => Ok(word.into()),
            word => {
                let meant = api::nearest(word.unwrap_or(""), options.iter().map(String::as_str));
                let message = format!("must be one of {}", options.join(", "));
                Err(FieldProblem {
                    suggestion: meant.map(Into::into),
                    ..problem(&knob.key, message)
                })
            }
        },
        KnobKind::Text { len_max } => match value.as_str() {
            Some(text) if text.chars().any(char::is_control) => {
                Err(problem(&knob.key, "must be words in one line"))
            }
            Some(text) if text.chars().count() <= *len_max as usize => Ok(text.into()),
            Some(_) => Err(problem(&knob.key, format!("must have at most {len_max} characters"))),
            None => Err(problem(&knob.key, "must be words")),
        },
        KnobKind::IntegerList { min, max, len_min, len_max } => {
            checked_list(knob, value, *min..=*max, *len_min as usize..=*len_max as usize)
        }
    }
}

fn is_one_of(text: &str, words: [&str; 3]) -> bool {
    words.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

fn checked_list(
    knob: &Knob,
    value: &Value,
    range: std::ops::RangeInclusive<i64>,
    length: std::ops::RangeInclusive<usize>,
) -> Result<Value, FieldProblem> {
    let numbers: Option<Vec<i64>> = match value {
        Value::Array(values) => values.iter().map(whole).collect(),
        Value::String(text) => text
            .trim_matches(['[', ']', ' '])
            .split_terminator(',')
            .map(|part| part.trim().parse().ok())
            .collect(),
        _ => whole(value).map(|n| vec![n]),
    };
    let Some(numbers) = numbers else {
        return Err(problem(&knob.key, "must be whole numbers separated by commas, like 4,2,2"));
    };
    if !length.contains(&numbers.len()) {
        let message = format!("must have between {} and {} numbers", length.start(), length.end());
        return Err(problem(&knob.key, message));
    }
    if !numbers.iter().all(|n| range.contains(n)) {
        let message = format!("each number must be between {} and {}", range.start(), range.end());
        return Err(problem(&knob.key, message));
    }
    Ok(numbers.into())
}

/// A whole number, also if it is written `1e6` or as text.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => {
            let text = text.trim().replace('_', "");
            text.parse().ok().or_else(|| whole_of(text.parse().ok()?))
        }
        _ => value.as_i64().or_else(|| whole_of(value.as_f64()?)),
    }
}

fn whole_of(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_as_people_write_them() {
        let check = |kind: KnobKind, value: Value, expected: Option<Value>| {
            let knob = Knob {
                key: "k".into(),
                title: String::new(),
                help: String::new(),
                group: String::new(),
                is_advanced: false,
                unit: String::new(),
                kind,
                default: Value::Null,
            };
            assert_eq!(checked(&knob, &value).ok(), expected, "{value} as {:?}", knob.kind);
        };
        check(integer(1, 9), json!(3), Some(json!(3)));
        check(integer(1, 9), json!(3.0), Some(json!(3)));
        check(integer(1, 9), json!("3"), Some(json!(3)));
        check(integer(1, 2_000_000), json!("1e6"), Some(json!(1_000_000)));
        check(integer(1, 9), json!(10), None);
        check(integer(1, 9), json!(2.5), None);
        check(integer(1, 9), json!(null), None);
        check(multiple(4, 4, 64), json!(6), None);
        check(factor(1e-6, 1.0), json!("1e-3"), Some(json!(1e-3)));
        check(number(0.0, 1.0), json!(1), Some(json!(1.0)));
        check(number(0.0, 1.0), json!("nan"), None);
        check(KnobKind::Bool, json!("true"), Some(json!(true)));
        check(KnobKind::Bool, json!("Yes"), Some(json!(true)));
        check(KnobKind::Bool, json!("off"), Some(json!(false)));
        check(KnobKind::Bool, json!("maybe"), None);
        check(KnobKind::Bool, json!(1), None);
        check(choice(&["a", "b"]), json!("b"), Some(json!("b")));
        check(choice(&["a", "b"]), json!("c"), None);
        check(text(4), json!("für"), Some(json!("für")));
        check(text(4), json!("a\nb"), None);
        check(text(4), json!("12345"), None);
        check(text(4), json!(12), None);
        check(integers(3, 1, 8), json!("4, 2,2"), Some(json!([4, 2, 2])));
        check(integers(3, 1, 8), json!([4, 2]), Some(json!([4, 2])));
        check(integers(3, 1, 8), json!([4, 2, 2, 2]), None);
        check(integers(3, 1, 8), json!([9]), None);
        check(integers(3, 1, 8), json!("4,x"), None);
        check(integers(3, 1, 8), json!(""), None);
        check(integers_or_none(3, 1, 8), json!(""), Some(json!([])));
    }
}
