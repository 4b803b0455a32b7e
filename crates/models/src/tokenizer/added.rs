//! Tokens that stand outside the vocabulary's rules and are found in a text as they are written.

use super::prefixes::Prefixes;

/// A token and how it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AddedToken {
    pub(super) id: u32,
    pub(super) content: String,
    /// Whether spaces before and after it belong to it.
    pub(super) takes_left: bool,
    pub(super) takes_right: bool,
    /// Whether it is found only where no word goes on before or after it.
    pub(super) is_word: bool,
}

/// Tokens to find.
#[derive(Debug, Default)]
pub(super) struct Added {
    tokens: Vec<AddedToken>,
    /// Numbers are places in `tokens`.
    prefixes: Prefixes,
}

/// A part of a text: a token that was found, or what is between.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Token(u32),
    Text { text: &'a str, is_first: bool },
}

impl Added {
    pub(super) fn new(tokens: Vec<AddedToken>) -> Self {
        let places = tokens.iter().enumerate().map(|(i, it)| (it.content.clone(), i as u32));
        let prefixes = Prefixes::new(places);
        Self { tokens, prefixes }
    }

    pub(super) fn id_of(&self, content: &str) -> Option<u32> {
        Some(self.tokens[self.prefixes.id_of(content)? as usize].id)
    }

    /// Takes a text apart, at the first and longest token first.
    pub(super) fn parts<'a>(&self, text: &'a str) -> Vec<Part<'a>> {
        let (mut parts, mut done, mut at) = (vec![], 0, 0);
        let put_text = |parts: &mut Vec<Part<'a>>, from: usize, to: usize| {
            if from < to {
                parts.push(Part::Text { text: &text[from..to], is_first: from == 0 });
            }
        };
        while at < text.len() {
            let found = self.prefixes.longest(&text.as_bytes()[at..]);
            let token = found.map(|(n, i)| (n, &self.tokens[i as usize]));
            let token = token.filter(|(n, it)| !it.is_word || stands_alone(text, at, at + n));
            let Some((n, token)) = token else {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            };
            let before = &text[done..at];
            let start = if token.takes_left { done + before.trim_end().len() } else { at };
            let mut end = at + n;
            if token.takes_right {
                let rest = &text[end..];
                end += rest.len() - rest.trim_start().len();
            }
            put_text(&mut parts, done, start);
            parts.push(Part::Token(token.id));
            (done, at) = (end, end);
        }
        put_text(&mut parts, done, text.len());
        parts
    }
}

/// Whether no word goes on before or after a part.
fn stands_alone(text: &str, from: usize, to: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    !text[..from].chars().next_back().is_some_and(is_word)
        && !text[to..].chars().next().is_some_and(is_word)
}
