//! The values of a configuration, and how they are written.

use std::fmt::{Display, Formatter, Result};

/// The value of a parameter or a macro.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a point or an exponent.
    Float(f64),
    /// Text.
    Text(String),
    /// `[a, b]`.
    List(Vec<Value>),
    /// `(a, b)`.
    Tuple(Vec<Value>),
    /// `{key: value}`, in the order of the text.
    Dict(Vec<(Value, Value)>),
    /// `%NAME`.
    Macro(String),
    /// `@scope/module.Class`, or with `()` what calling it gives.
    Reference {
        /// The scope and the name.
        name: String,
        /// Whether it is followed by `()`.
        is_called: bool,
    },
}

impl Value {
    /// The number, if it is an integer.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if it is a list or a tuple.
    #[must_use]
    pub fn as_items(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The last part of the name of a class or function, if it is one: `EncoderV2` of
    /// `@variational/blocks.EncoderV2`.
    #[must_use]
    pub fn class_name(&self) -> Option<&str> {
        match self {
            Self::Reference { name, .. } => name.rsplit(['.', '/']).next(),
            _ => None,
        }
    }
}

/// The text that gin writes for it.
impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(value) => write!(f, "{value}"),
            // Python has no literal for infinity; a number too large for a double becomes it.
            Self::Float(value) if value.is_infinite() => {
                f.write_str(if *value > 0.0 { "1e999" } else { "-1e999" })
            }
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => write_text(f, text),
            Self::List(items) => {
                f.write_str("[")?;
                write_items(f, items)?;
                f.write_str("]")
            }
            Self::Tuple(items) => {
                f.write_str("(")?;
                write_items(f, items)?;
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            Self::Dict(entries) => {
                f.write_str("{")?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
            Self::Macro(name) => write!(f, "%{name}"),
            Self::Reference { name, is_called } => {
                write!(f, "@{name}{}", if *is_called { "()" } else { "" })
            }
        }
    }
}

fn write_items(f: &mut Formatter<'_>, items: &[Value]) -> Result {
    items
        .iter()
        .enumerate()
        .try_for_each(|(i, item)| write!(f, "{}{item}", if i == 0 { "" } else { ", " }))
}

fn write_text(f: &mut Formatter<'_>, text: &str) -> Result {
    f.write_str("'")?;
    for letter in text.chars() {
        match letter {
            '\'' | '\\' => write!(f, "\\{letter}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            letter if letter.is_control() => write!(f, "\\U{:08x}", u32::from(letter))?,
            letter => write!(f, "{letter}")?,
        }
    }
    f.write_str("'")
}
