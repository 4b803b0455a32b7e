//! What whoever runs a flow gives: all that is asked for, nothing else, each of its kind.

use std::collections::BTreeMap;

use api::{FlowInput, FlowInputKind, FlowPlan, SoundPlace};
use serde_json::Value;

use crate::Error;

/// The longest text of an input.
const TEXT_BYTES_MAX: usize = 20_000;

/// Inputs as a run keeps them: all that are asked for, nothing else, each of its kind.
pub(super) fn checked_inputs(
    plan: &FlowPlan,
    mut given: BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, Error> {
    let mut inputs = BTreeMap::new();
    for input in &plan.inputs {
        let value = given.remove(&input.key).filter(|it| !it.is_null());
        match value.or_else(|| input.usual.clone()) {
            Some(value) => {
                inputs.insert(input.key.clone(), checked_input(input, value)?);
            }
            None => {
                let message = format!("give “{}” ({})", input.label, input.key);
                return Err(Error::invalid("inputs", message));
            }
        }
    }
    match given.into_keys().next() {
        None => Ok(inputs),
        Some(key) => {
            let known = plan.inputs.iter().map(|it| it.key.as_str());
            let near = api::nearest(&key, known);
            let hint = near.map_or(String::new(), |it| format!("; did you mean “{it}”?"));
            let message = format!("the flow has no input “{}”{hint}", key.escape_debug());
            Err(Error::invalid("inputs", message))
        }
    }
}

fn checked_input(input: &FlowInput, value: Value) -> Result<Value, Error> {
    let wrong = |what: &str| {
        Err(Error::invalid("inputs", format!("“{}” ({}) {what}", input.label, input.key)))
    };
    match input.kind {
        FlowInputKind::Number => {
            let number = match &value {
                Value::String(text) => text.trim().parse::<f64>().ok(),
                other => other.as_f64(),
            };
            match number.filter(|it| it.is_finite()) {
                Some(number) => Ok(Value::from(number)),
                None => wrong("is a number"),
            }
        }
        FlowInputKind::Words => match &value {
            Value::String(text) if text.len() <= TEXT_BYTES_MAX => Ok(value),
            Value::String(_) => wrong("is too long"),
            _ => wrong("is a text"),
        },
        FlowInputKind::Sound => match serde_json::from_value::<SoundPlace>(value.clone()) {
            Ok(SoundPlace::File { path }) if !path.is_absolute() => {
                wrong("is a file by its absolute path")
            }
            Ok(SoundPlace::File { path }) if !path.exists() => {
                wrong(&format!("is {}, which is not there", path.display()))
            }
            Ok(_) => Ok(value),
            Err(_) => wrong("is a sound: choose one"),
        },
    }
}

/// A sound as an input.
pub(super) fn to_value(place: &SoundPlace) -> Value {
    serde_json::to_value(place).unwrap_or_default()
}
