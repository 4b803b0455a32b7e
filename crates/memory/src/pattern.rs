//! Whether a pattern can be true, wherever it comes from.

use api::Pattern;

use crate::Error;

/// The most characters of a name or a word.
const TEXT_MAX: usize = 1000;
/// The most words of a pattern, and the most tags.
pub(crate) const WORDS_MAX: usize = 64;
/// The longest sound there is, in seconds: a week.
const SECS_MAX: f64 = 604_800.0;

/// Whether a pattern can be true, wherever it comes from.
///
/// # Errors
/// What cannot be.
pub fn check_pattern(it: &Pattern) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::unfit(format!("the pattern {} has {what}", it.id)));
    let is_time = |secs: f64| (0.0..=SECS_MAX).contains(&secs);
    if !is_time(it.start_secs) || !is_time(it.end_secs) || it.start_secs >= it.end_secs {
        return wrong("no length");
    }
    let is_hz = |hz: f64| (0.0..=1e6).contains(&hz);
    if !is_hz(it.low_hz) || !is_hz(it.high_hz) || it.low_hz > it.high_hz {
        return wrong("a range of frequencies that cannot be");
    }
    let is_share = |x: f64| (0.0..=1.0).contains(&x);
    if !is_share(it.confidence) || !is_share(it.kind_confidence) {
        return wrong("a confidence that is not between 0 and 1");
    }
    let facts = &it.facts;
    let numbers = [facts.brightness_hz, facts.attacks_per_sec, facts.level_db];
    let is_bpm = |bpm: f64| (1.0..=10_000.0).contains(&bpm);
    if !numbers.iter().all(|x| x.is_finite()) || !facts.tempo_bpm.is_none_or(is_bpm) {
        return wrong("facts that cannot be");
    }
    let texts = [&it.source.sha256, &it.source.name, &it.source.path, &it.kind];
    let is_text =
        |text: &&String| text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control);
    if !texts.iter().all(is_text) || !facts.words.iter().chain(&it.tags).all(|word| is_text(&word))
    {
        return wrong("a text that is too long, or has control characters");
    }
    if facts.words.len().max(it.tags.len()) > WORDS_MAX || it.kind.is_empty() {
        return wrong("no kind, or too many words");
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use api::{PatternFacts, PatternId, PatternSource};

    use super::*;

    pub(crate) fn pattern(start_secs: f64, end_secs: f64, words: &[&str]) -> Pattern {
        let sha256 = "ab".repeat(32);
        Pattern {
            id: PatternId::of(&sha256, start_secs, end_secs),
            source: PatternSource {
                sha256,
                name: "bell.wav".into(),
                path: "sounds/bell.wav".into(),
            },
            start_secs,
            end_secs,
            low_hz: 100.0,
            high_hz: 4000.0,
            kind: "harmonic".into(),
            confidence: 0.75,
            kind_confidence: 1.0,
            facts: PatternFacts {
                words: words.iter().map(|it| (*it).to_owned()).collect(),
                ..PatternFacts::default()
            },
            tags: vec![],
            is_by_hand: false,
        }
    }

    #[test]
    fn a_part_of_a_sound_always_has_the_same_identifier() {
        let id = PatternId::of("ab", 1.5, 2.25);
        assert_eq!(id, PatternId::of("ab", 1.500_1, 2.25));
        assert_ne!(id, PatternId::of("ab", 1.502, 2.25));
        assert_ne!(id, PatternId::of("ac", 1.5, 2.25));
        assert_eq!(PatternId::read(&id.to_string()).unwrap(), id);
        assert_eq!(PatternId(5).to_string(), "0000000000000005");
        for text in ["", "5", "000000000000000g", "+000000000000005", "00000000000000005"] {
            assert!(PatternId::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let good = pattern(0.5, 1.0, &["bright"]);
        check_pattern(&good).unwrap();
        let check = |change: &dyn Fn(&mut Pattern), said: &str| {
            let mut bad = good.clone();
            change(&mut bad);
            let error = check_pattern(&bad).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        };
        check(&|it| it.end_secs = 0.5, "no length");
        check(&|it| it.start_secs = f64::NAN, "no length");
        check(&|it| it.end_secs = f64::INFINITY, "no length");
        check(&|it| it.low_hz = 9e9, "frequencies");
        check(&|it| it.confidence = 1.5, "confidence");
        check(&|it| it.facts.tempo_bpm = Some(-3.0), "facts");
        check(&|it| it.facts.words = vec!["a\nb".into()], "control characters");
        check(&|it| it.source.name = "x".repeat(2000), "too long");
        check(&|it| it.kind = String::new(), "no kind");
    }
}
