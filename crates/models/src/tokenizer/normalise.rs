//! What is done to a text before it is split.

use super::charsmap::Charsmap;
use super::{TEXT_BYTES_MAX, until};

/// A step of normalisation.
#[derive(Debug)]
pub(super) enum Normaliser {
    /// `SentencePiece`'s table.
    Table(Charsmap),
    /// Each occurrence of a text by another.
    Replace { from: String, to: String },
    /// Each run of two or more spaces by a text.
    Runs { to: String },
    /// A text put in front.
    Prepend(String),
    /// White space taken away at the start, at the end.
    Strip { left: bool, right: bool },
    /// Small letters.
    Lowercase,
}

/// The most bytes of a normalised text: a normaliser may lengthen it, and a chain of them must not blow it up.
const BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;

impl Normaliser {
    /// The text after the step, of at most 4 MiB.
    pub(super) fn normalise(&self, text: &str) -> String {
        let long = match self {
            Self::Table(charsmap) => charsmap.replace(text, BYTES_MAX),
            Self::Replace { from, to } => replaced(text, from, to),
            Self::Runs { to } => runs_replaced(text, to),
            Self::Prepend(start) if !text.is_empty() => format!("{start}{text}"),
            Self::Prepend(_) => String::new(),
            Self::Strip { left, right } => {
                let text = if *left { text.trim_start() } else { text };
                if *right { text.trim_end() } else { text }.to_owned()
            }
            Self::Lowercase => text.to_lowercase(),
        };
        if long.len() > BYTES_MAX { until(&long, BYTES_MAX).to_owned() } else { long }
    }
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        out.push_str(&rest[..at]);
        out.push_str(to);
        rest = &rest[at + from.len()..];
        if out.len() > BYTES_MAX {
            return out;
        }
    }
    out.push_str(rest);
    out
}

fn runs_replaced(text: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("  ") {
        out.push_str(&rest[..at]);
        out.push_str(to);
        rest = rest[at..].trim_start_matches(' ');
        if out.len() > BYTES_MAX {
            return out;
        }
    }
    out.push_str(rest);
    out
}
