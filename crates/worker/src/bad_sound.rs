//! Why a file could not be used, in words for the person who chose it.

use std::collections::BTreeMap;

use audio::{Error, SoundEnd};

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    /// A stable identifier for programs.
    pub(crate) code: &'static str,
    /// What is wrong: a sentence.
    pub(crate) why: String,
    /// What to do about it: a sentence.
    pub(crate) remedy: &'static str,
}

const CONVERT: &str = "Convert it to WAV or FLAC with an audio editor.";
const GET_AGAIN: &str = "Get an intact copy, or export it again.";

/// Why a file could not be decoded.
pub(crate) fn explain(error: &Error) -> Unusable {
    let (code, why, remedy) = match error {
        Error::NotSound { .. } => {
            ("not_sound", "It is not a sound file, despite its name.".into(), CONVERT)
        }
        Error::Empty { .. } => {
            ("empty", "It holds no sound: its length is 0 seconds.".into(), GET_AGAIN)
        }
        Error::Damaged { why, .. } => {
            ("damaged", format!("None of it could be decoded: {why}."), GET_AGAIN)
        }
        Error::Unsupported { what, .. } => {
            ("unsupported", format!("It uses {what}, which is not supported."), CONVERT)
        }
        Error::TooLong { limit, .. } => {
            ("too_long", format!("It is longer than {limit}."), "Cut it into pieces.")
        }
        Error::Unreadable { source, .. } => (
            "unreadable",
            format!("It could not be read: {source}."),
            "Check that it exists and that you may read it.",
        ),
        Error::Unwritable { source, .. } => {
            ("unwritable", format!("It could not be written: {source}."), "Free some space.")
        }
    };
    Unusable { code, why, remedy }
}

/// Why a decoded sound is useless for training, if it is.
pub(crate) fn of_end(end: &SoundEnd) -> Option<Unusable> {
    let unusable = |code: &'static str, why: &str, remedy: &'static str| {
        Some(Unusable { code, why: why.into(), remedy })
    };
    if end.is_no_number {
        return unusable(
            "not_a_number",
            "None of its samples is a valid number, so it contains no sound.",
            GET_AGAIN,
        );
    }
    if end.peak_db <= audio::SILENCE_DB {
        return unusable(
            "silent",
            "It is silent from beginning to end, so there is nothing to learn from it.",
            "Leave it out.",
        );
    }
    None
}

/// Why none of some files could be used, each with its reason: what happened, why, and what to do.
pub(crate) fn none_usable(files: &[(String, Unusable)]) -> (String, String, &'static str) {
    const NAMED_MAX: usize = 5;
    let named = files.iter().take(NAMED_MAX);
    let mut why: Vec<String> = named.map(|(name, it)| format!("{name}: {}", it.why)).collect();
    if files.len() > NAMED_MAX {
        why.push("The warnings list the others.".into());
    }
    if let [(_, only)] = files {
        let what = format!("The only file could not be used: it {}.", in_short(only.code, 1));
        return (what, why.concat(), only.remedy);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    files.iter().for_each(|(_, it)| *counts.entry(it.code).or_default() += 1);
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(code, n)| (std::cmp::Reverse(*n), *code));
    let reasons = match counts[..] {
        [(code, n)] => format!("all {n} {}", in_short(code, n)),
        _ => {
            let reasons = counts.iter().map(|(code, n)| format!("{n} {}", in_short(code, *n)));
            reasons.collect::<Vec<_>>().join(", ")
        }
    };
    let what = format!("None of the {} files could be used: {reasons}.", files.len());
    let remedy = "Choose other recordings, or convert these to WAV or FLAC with an audio editor.";
    (what, why.join(" "), remedy)
}

/// What is wrong with `n` files, to follow «it» or a number.
fn in_short(code: &str, n: usize) -> &'static str {
    let (one, many) = match code {
        "not_sound" => ("is not a sound file", "are not sound files"),
        "empty" => ("is empty", "are empty"),
        "damaged" => ("is damaged", "are damaged"),
        "unsupported" => ("has a format that is not supported", "have unsupported formats"),
        "too_long" => ("is too long", "are too long"),
        "not_a_number" => ("contains no valid samples", "contain no valid samples"),
        "silent" => ("is silent", "are silent"),
        _ => ("could not be read", "could not be read"),
    };
    if n == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_reasons_are_given() {
        let file = |name: &str, code: &'static str, why: &str| {
            (name.to_owned(), Unusable { code, why: why.into(), remedy: "Cut it into pieces." })
        };
        let long = file("a.wav", "too_long", "It is longer than 24 hours.");
        let silent = |name: &str| file(name, "silent", "It is silent.");
        let check = |files: &[(String, Unusable)], expected: &str| {
            assert_eq!(none_usable(files).0, expected);
        };
        let only = none_usable(std::slice::from_ref(&long));
        assert_eq!(only.0, "The only file could not be used: it is too long.");
        assert_eq!(
            (&*only.1, only.2),
            ("a.wav: It is longer than 24 hours.", "Cut it into pieces.")
        );
        check(
            &[silent("b.wav"), silent("c.wav")],
            "None of the 2 files could be used: all 2 are silent.",
        );
        check(
            &[silent("b.wav"), long, silent("c.wav")],
            "None of the 3 files could be used: 2 are silent, 1 is too long.",
        );
    }
}
