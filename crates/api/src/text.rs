//! Text for people: sentences, the system's errors in plain words, and the name that was probably meant.

use std::io::{self, ErrorKind};

/// A text as a sentence: with a capital letter, a full stop, and the system's errors in plain words.
///
/// This makes messages of libraries and fragments of our own errors fit for a [`Problem`](crate::Problem).
#[must_use]
pub fn sentence(text: &str) -> String {
    let text = in_plain_words(text.trim());
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if text.is_empty() || text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// Replaces errors of the system like «No such file or directory (os error 2)» with plain words.
///
/// It looks for them anywhere in a text, because most reach us inside the messages of libraries.
#[must_use]
pub fn in_plain_words(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, number, after)) = os_error_in(rest) {
        let error = io::Error::from_raw_os_error(number);
        let said = error.to_string();
        let said = said.rsplit_once(MARK).map_or(said.as_str(), |(said, _)| said);
        match (before.strip_suffix(said), words_of(error.kind())) {
            (Some(before), Some(words)) => {
                plain.push_str(before);
                plain.push_str(words);
            }
            _ => plain.push_str(before),
        }
        rest = after;
    }
    plain + rest
}

const MARK: &str = " (os error ";

/// The first error of the system in a text: what is before its number, the number, and what is after it.
fn os_error_in(text: &str) -> Option<(&str, i32, &str)> {
    let (before, marked) = text.split_once(MARK)?;
    let (number, after) = marked.split_once(')')?;
    Some((before, number.parse().ok()?, after))
}

fn words_of(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::PermissionDenied => "Maquette has no permission for it",
        ErrorKind::AlreadyExists => "there is already a file or folder with this name",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full",
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only",
        ErrorKind::IsADirectory => "it is a folder and not a file",
        ErrorKind::NotADirectory => "a part of its path is not a folder",
        ErrorKind::DirectoryNotEmpty => "the folder is not empty",
        ErrorKind::InvalidFilename => "the disk does not support its name",
        ErrorKind::AddrInUse => "another program uses it",
        ErrorKind::ConnectionRefused => "nothing answers there",
        _ => return None,
    })
}

/// The known name that was probably meant by a mistyped one.
#[must_use]
pub fn nearest<'a>(mistyped: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mistyped = normalised(mistyped);
    // One slip is forgiven in a short word, and one in three letters of a longer one.
    let most = (mistyped.chars().count() / 3).max(1);
    let distances = known.into_iter().filter_map(|name| {
        let other = normalised(name);
        let is_part = mistyped.len() >= 3 && other.contains(&mistyped);
        let is_whole = other.len() >= 3 && mistyped.contains(&other);
        match edit_distance(&mistyped, &other) {
            distance if distance <= most => Some((distance, name)),
            _ if is_part || is_whole => Some((most + 1, name)),
            _ => None,
        }
    });
    distances.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

fn normalised(name: &str) -> String {
    name.to_lowercase().replace(['_', '-', ' '], "")
}

/// The number of letters to insert, delete, replace or swap with their neighbours.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last = vec![];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let mut least = (last[j] + usize::from(a[i] != b[j])).min(last[j + 1] + 1);
            least = least.min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_become_sentences() {
        let check = |text: &str, expected: &str| assert_eq!(sentence(text), expected);
        check("", "");
        check("it is not ready: it is failed", "It is not ready: it is failed.");
        check(" Done already. ", "Done already.");
        check("`name` is odd", "`name` is odd.");
        check("über", "Über.");
        check("reading files…", "Reading files…");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn errors_of_the_system_are_in_plain_words() {
        let check = |text: &str, expected: &str| assert_eq!(in_plain_words(text), expected);
        let missing = std::fs::read("/nonexistent/file").unwrap_err();
        check(&format!("read a: {missing}"), "read a: there is no such file or folder");
        check(
            &format!("read a: {missing}: read b: {}", io::Error::from_raw_os_error(28)),
            "read a: there is no such file or folder: read b: the disk is full",
        );
        check(&io::Error::from_raw_os_error(5).to_string(), "Input/output error");
        check("its own words (os error 2)", "its own words");
        for text in ["", "plain", " (os error )", "an (os error x)", "an (os error 2"] {
            check(text, text);
        }
    }

    #[test]
    fn mistyped_names_find_the_one_that_was_meant() {
        let known = ["capacity", "batch_size", "latent_size", "learning_rate", "beta"];
        let check = |mistyped: &str, expected: Option<&str>| {
            assert_eq!(nearest(mistyped, known), expected, "{mistyped}");
        };
        check("capasity", Some("capacity"));
        check("Batch-Size", Some("batch_size"));
        check("batch_sise", Some("batch_size"));
        check("batch", Some("batch_size"));
        check("the_learning_rate", Some("learning_rate"));
        check("lerning_raet", Some("learning_rate"));
        check("btea", Some("beta"));
        check("volume", None);
        check("x", None);
        check("", None);
    }
}
