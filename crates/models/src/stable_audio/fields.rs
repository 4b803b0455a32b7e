//! Reading fields of a configuration with their defaults, each of its kind or refused in words.

use serde_json::{Map, Value};

/// The fields of an object.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
}

/// The largest number that a count may be.
const COUNT_MAX: u64 = 1 << 31;

impl<'a> Fields<'a> {
    pub(super) fn of(json: &'a Value) -> Result<Self, String> {
        let map = json.as_object().ok_or("it is no object, or is not there")?;
        Ok(Self { map })
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// The object of a field; an empty one where there is none.
    pub(super) fn object(&self, name: &str) -> Result<Fields<'a>, String> {
        static NONE: Value = Value::Null;
        static EMPTY: std::sync::LazyLock<Map<String, Value>> =
            std::sync::LazyLock::new(Map::default);
        match self.get(name).unwrap_or(&NONE) {
            Value::Null => Ok(Fields { map: &EMPTY }),
            Value::Object(map) => Ok(Fields { map }),
            _ => Err(format!("{name} is no object")),
        }
    }

    pub(super) fn count(&self, name: &str, default: usize) -> Result<usize, String> {
        let Some(value) = self.get(name) else { return Ok(default) };
        count(value).ok_or_else(|| format!("{name} is {value}, and must be a whole number"))
    }

    pub(super) fn number(&self, name: &str, default: f64) -> Result<f64, String> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let number = value.as_f64().filter(|it| it.is_finite());
        number.ok_or_else(|| format!("{name} is {value}, and must be a number"))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, String> {
        let Some(value) = self.get(name) else { return Ok(default) };
        value.as_bool().ok_or_else(|| format!("{name} is {value}, and must be true or false"))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| format!("{name} is {value}, and must be a text"))
    }

    pub(super) fn counts(&self, name: &str, default: &[usize]) -> Result<Vec<usize>, String> {
        let Some(value) = self.get(name) else { return Ok(default.to_vec()) };
        let list = value.as_array().filter(|list| list.len() <= 1_000);
        let counts = list.and_then(|list| list.iter().map(count).collect::<Option<Vec<usize>>>());
        counts.ok_or_else(|| format!("{name} is no list of whole numbers"))
    }

    /// Refuses a field that has another value, where only one can be computed.
    pub(super) fn expect(&self, name: &str, only: &Value) -> Result<(), String> {
        match self.get(name) {
            Some(value) if value != only => {
                let found: String = value.to_string().chars().take(60).collect();
                Err(format!("{name} is {found}; only {only} can be used here"))
            }
            _ => Ok(()),
        }
    }
}

fn count(value: &Value) -> Option<usize> {
    value.as_u64().filter(|it| *it <= COUNT_MAX).map(|it| it as usize)
}

/// Checks a bound.
pub(super) fn within(name: &str, value: usize, from: usize, to: usize) -> Result<(), String> {
    let said = || format!("{name}: {value}, and must be from {from} to {to}");
    if (from..=to).contains(&value) { Ok(()) } else { Err(said()) }
}
