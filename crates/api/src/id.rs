//! Identifiers: short, readable, safe as folder names.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The name of one dataset, run, model or reconstruction: also the name of its folder.
///
/// Lower-case letters, digits and dashes, 1 to 64 characters, no dash at either end. That makes it
/// safe in paths, in URLs and on the command line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "notes-3f9a2c")]
pub struct Id(String);

impl Id {
    /// The longest identifier, in characters.
    pub const MAX_LEN: usize = 64;

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An identifier people can recognise: a slug of the name and a suffix that makes it unique.
    ///
    /// `("Grandpa's Violin", 0x3f9a2c)` becomes `grandpa-s-violin-3f9a2c`; a name without any
    /// letter or digit becomes `untitled-…`.
    pub fn from_name(name: &str, unique: u32) -> Self {
        Self(format!("{}-{:06x}", slug(name), unique & 0xff_ffff))
    }

    /// An identifier to be typed by people: the slug alone for 1, with the number behind it for more.
    ///
    /// `("My voice", 1)` becomes `my-voice`, `("My voice", 2)` `my-voice-2`.
    pub fn numbered(name: &str, number: u32) -> Self {
        match number {
            0 | 1 => Self(slug(name)),
            _ => Self(format!("{}-{number}", slug(name))),
        }
    }
}

/// A name in the letters of identifiers, at most 40 of them.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 40 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "untitled".to_owned() } else { slug.to_owned() }
}

impl TryFrom<String> for Id {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = !text.is_empty() && text.len() <= Self::MAX_LEN;
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits && plain && !text.starts_with('-') && !text.ends_with('-') {
            Ok(Self(text))
        } else {
            Err(format!("`{}` is not an identifier", text.escape_debug()))
        }
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl std::str::FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::try_from(text.to_owned())
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers() {
        let check = |name: &str, expected: &str| {
            let id = Id::from_name(name, 0x01);
            assert_eq!(id.as_str(), expected);
            assert_eq!(id.to_string().parse::<Id>().as_ref(), Ok(&id));
        };
        check("notes", "notes-000001");
        check("Grandpa's  Violin!", "grandpa-s-violin-000001");
        check("🎻", "untitled-000001");
        check("Été", "t-000001");
        check(&"a".repeat(200), &format!("{}-000001", "a".repeat(40)));
    }

    #[test]
    fn names_become_words_to_type() {
        let check = |name: &str, number: u32, expected: &str| {
            let id = Id::numbered(name, number);
            assert_eq!(id.as_str(), expected);
            assert_eq!(id.to_string().parse::<Id>().as_ref(), Ok(&id));
        };
        check("My Voice", 1, "my-voice");
        check("My Voice", 2, "my-voice-2");
        check("🎻", 1, "untitled");
        check(&"a".repeat(200), u32::MAX, &format!("{}-4294967295", "a".repeat(40)));
    }

    #[test]
    fn paths_are_not_identifiers() {
        for text in ["", "..", "a/b", "a\\b", "A", "-a", "a-", "a b", "a\0", &"a".repeat(65)] {
            assert!(text.parse::<Id>().is_err(), "{text:?}");
        }
    }
}
