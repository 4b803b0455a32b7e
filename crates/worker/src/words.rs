//! Words for people that several jobs put together.

/// Things as a sentence lists them: `a, b or c`, with another word for `or`.
pub(crate) fn listed(things: impl IntoIterator<Item = impl Into<String>>, word: &str) -> String {
    let mut things: Vec<String> = things.into_iter().map(Into::into).collect();
    match (things.pop(), things.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} {word} {last}", things.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thing_is_joined_by_a_word() {
        let check = |things: &[&str], expected: &str| {
            assert_eq!(listed(things.iter().copied(), "or"), expected);
        };
        check(&[], "");
        check(&["a"], "a");
        check(&["a", "b"], "a or b");
        check(&["a", "b", "c"], "a, b or c");
    }
}
