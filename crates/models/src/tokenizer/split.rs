//! How a normalised text is split into words, which are turned into tokens one by one.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// A step of splitting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Splitter {
    /// At white space, which is dropped.
    WhiteSpace,
    /// Spaces become a sign that begins a word.
    Metaspace { sign: char, prepends: Prepends, splits: bool },
    /// Words, numbers and signs as GPT-2 splits them, written as a character for each byte.
    Bytes { adds_space: bool, splits: bool },
    /// At each occurrence of a text.
    At { pattern: String, kept: Kept },
}

/// Whether a text gets the sign of a space in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prepends {
    Always,
    First,
    Never,
}

/// What happens to the text at which is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Not,
    Alone,
    WithPrevious,
    WithNext,
    /// Occurrences that follow each other are one word.
    Together,
}

/// A word, and whether the text begins with it.
pub(super) type Word = (String, bool);

impl Splitter {
    pub(super) fn split(&self, words: Vec<Word>) -> Vec<Word> {
        let mut out = vec![];
        for (word, is_first) in words {
            let mut put = |part: String| {
                let is_first = is_first && out.is_empty();
                if !part.is_empty() {
                    out.push((part, is_first));
                }
            };
            match self {
                Self::WhiteSpace => word.split_whitespace().for_each(|it| put(it.to_owned())),
                Self::Metaspace { sign, prepends, splits } => {
                    let mut text = word.replace(' ', sign.encode_utf8(&mut [0; 4]));
                    let is_wanted = match prepends {
                        Prepends::Always => true,
                        Prepends::First => is_first,
                        Prepends::Never => false,
                    };
                    if is_wanted && !text.starts_with(*sign) {
                        text.insert(0, *sign);
                    }
                    if *splits {
                        let mut sign_bytes = [0; 4];
                        at(&text, sign.encode_utf8(&mut sign_bytes), Kept::WithNext, put);
                    } else {
                        put(text);
                    }
                }
                Self::Bytes { adds_space, splits } => {
                    let needs = *adds_space && !word.starts_with(char::is_whitespace);
                    let text = if needs { format!(" {word}") } else { word };
                    if *splits {
                        gpt2_words(&text).into_iter().for_each(|it| put(byte_chars(it)));
                    } else {
                        put(byte_chars(&text));
                    }
                }
                Self::At { pattern, kept } => at(&word, pattern, *kept, put),
            }
        }
        out
    }
}

/// Splits at each occurrence of a pattern.
fn at(text: &str, pattern: &str, kept: Kept, mut put: impl FnMut(String)) {
    // What waits to be joined with what follows.
    let (mut done, mut waiting) = (0, String::new());
    for (from, _) in text.match_indices(pattern) {
        let (before, to) = (&text[done..from], from + pattern.len());
        done = to;
        match kept {
            Kept::Not => put(before.to_owned()),
            Kept::Alone => {
                put(before.to_owned());
                put(pattern.to_owned());
            }
            Kept::WithPrevious => put(format!("{before}{pattern}")),
            Kept::WithNext => put(std::mem::replace(&mut waiting, pattern.to_owned()) + before),
            Kept::Together => {
                if !before.is_empty() {
                    put(std::mem::take(&mut waiting));
                    put(before.to_owned());
                }
                waiting.push_str(pattern);
            }
        }
    }
    match kept {
        Kept::Together => {
            put(waiting);
            put(text[done..].to_owned());
        }
        _ => put(waiting + &text[done..]),
    }
}

/// The kinds of characters that GPT-2 tells apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Letter,
    Number,
    Sign,
}

fn class(c: char) -> Class {
    match c {
        c if c.is_whitespace() => Class::Space,
        c if c.general_category_group() == GeneralCategoryGroup::Letter => Class::Letter,
        c if c.general_category_group() == GeneralCategoryGroup::Number => Class::Number,
        _ => Class::Sign,
    }
}

/// Endings of English words that are words of their own.
const ENDINGS: [&str; 7] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

/// Words as in Radford et al., "Language Models are Unsupervised Multitask Learners", 2019: endings; letters, numbers
/// or signs, each with a space in front if there is one; and white space, whose last space is left to what follows.
fn gpt2_words(text: &str) -> Vec<&str> {
    let mut words = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let n = match ENDINGS.iter().find(|it| rest.starts_with(**it)) {
            Some(ending) => ending.len(),
            None => {
                let body = rest.strip_prefix(' ').unwrap_or(rest);
                let kind = body.chars().next().map_or(Class::Space, class);
                let (start, kind) = match kind {
                    Class::Space => (0, class(first)),
                    kind => (rest.len() - body.len(), kind),
                };
                let run =
                    rest[start..].find(|c| class(c) != kind).map_or(rest.len(), |n| start + n);
                if kind == Class::Space && run < rest.len() {
                    let last = rest[..run].chars().next_back().map_or(0, char::len_utf8);
                    if last < run { run - last } else { run }
                } else {
                    run
                }
            }
        };
        words.push(&rest[..n]);
        rest = &rest[n..];
    }
    words
}

/// A text with a visible character in place of each of its bytes.
fn byte_chars(text: &str) -> String {
    text.bytes().map(byte_char).collect()
}

/// The character that stands for a byte: itself if it is visible, or else the next from 256 on.
pub(super) fn byte_char(byte: u8) -> char {
    let code = u32::from(byte);
    let code = match byte {
        0..=32 => 256 + code,
        127..=160 => 256 + 33 + code - 127,
        173 => 256 + 33 + 34,
        _ => code,
    };
    char::from_u32(code).unwrap_or(' ')
}
