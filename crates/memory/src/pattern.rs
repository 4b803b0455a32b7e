//! A pattern: a part of a sound with what is known of it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Error;

/// The most characters of a name or a word.
const TEXT_MAX: usize = 1000;
/// The most words of a pattern.
const WORDS_MAX: usize = 64;
/// The longest sound there is, in seconds: a week.
const SECS_MAX: f64 = 604_800.0;

/// The identifier of a pattern: the same part of the same sound always has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(pub u64);

impl PatternId {
    /// That of a part of a sound, by the hash of its file and by its ends to a millisecond.
    #[must_use]
    pub fn of(sha256: &str, start_secs: f64, end_secs: f64) -> Self {
        let ends = [start_secs, end_secs].map(|secs| (secs * 1000.0).round() as i64);
        let bytes = sha256.bytes().chain(ends.into_iter().flat_map(i64::to_le_bytes));
        // FNV-1a, 64 bits: Fowler, Noll and Vo, RFC 9923.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash)
    }

    /// Reads what [`fmt::Display`] writes.
    ///
    /// # Errors
    /// It is not 16 hexadecimal digits.
    pub fn read(text: &str) -> Result<Self, Error> {
        let is_right = text.len() == 16 && text.bytes().all(|it| it.is_ascii_hexdigit());
        let number = is_right.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        let wrong = || {
            let short: String = text.chars().take(40).collect();
            Error::unfit(format!(
                "`{short}` is not the identifier of a pattern, 16 digits from 0 to f"
            ))
        };
        number.map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for PatternId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for PatternId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PatternId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).map_err(de::Error::custom)
    }
}

/// A part of a sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// Its identifier.
    pub id: PatternId,
    /// The sound it is of.
    pub source: Source,
    /// Where it begins in the sound.
    pub start_secs: f64,
    /// Where it ends.
    pub end_secs: f64,
    /// The frequencies between which nine tenths of its power lie.
    pub low_hz: f64,
    /// The upper of them.
    pub high_hz: f64,
    /// What kind of pattern: `rhythmic`, `harmonic`, or one of a person's own.
    pub kind: String,
    /// How sure its ends are, from 0 to 1: the share of other ways to cut that set both of them there.
    pub confidence: f64,
    /// How sure its kind is, from 0 to 1: the share of its parts that are of that kind by themselves.
    pub kind_confidence: f64,
    /// What else was measured.
    #[serde(default)]
    pub facts: Facts,
    /// Whether a person has set its ends or its kind.
    #[serde(default)]
    pub is_by_hand: bool,
}

/// The sound that a pattern is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The hash of its file.
    pub sha256: String,
    /// Its name, for people.
    pub name: String,
    /// Where the file was when it was read.
    pub path: String,
}

/// What was measured of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Beats per minute, where there is a beat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo_bpm: Option<f64>,
    /// The centre of its spectrum.
    #[serde(default)]
    pub brightness_hz: f64,
    /// How often a second something begins.
    #[serde(default)]
    pub attacks_per_sec: f64,
    /// Its level over all, in dB of full scale.
    #[serde(default)]
    pub level_db: f64,
    /// Words that describe it.
    #[serde(default)]
    pub words: Vec<String>,
}

impl Pattern {
    /// Its length.
    #[must_use]
    pub fn length_secs(&self) -> f64 {
        self.end_secs - self.start_secs
    }

    /// Whether it can be true, wherever it comes from.
    ///
    /// # Errors
    /// What cannot be.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::unfit(format!("the pattern {} has {what}", self.id)));
        let is_time = |secs: f64| (0.0..=SECS_MAX).contains(&secs);
        if !is_time(self.start_secs) || !is_time(self.end_secs) || self.start_secs >= self.end_secs
        {
            return wrong("no length");
        }
        let is_hz = |hz: f64| (0.0..=1e6).contains(&hz);
        if !is_hz(self.low_hz) || !is_hz(self.high_hz) || self.low_hz > self.high_hz {
            return wrong("a range of frequencies that cannot be");
        }
        let is_share = |x: f64| (0.0..=1.0).contains(&x);
        if !is_share(self.confidence) || !is_share(self.kind_confidence) {
            return wrong("a confidence that is not between 0 and 1");
        }
        let facts = &self.facts;
        let numbers = [facts.brightness_hz, facts.attacks_per_sec, facts.level_db];
        let is_bpm = |bpm: f64| (1.0..=10_000.0).contains(&bpm);
        if !numbers.iter().all(|x| x.is_finite()) || !facts.tempo_bpm.is_none_or(is_bpm) {
            return wrong("facts that cannot be");
        }
        let texts = [&self.source.sha256, &self.source.name, &self.source.path, &self.kind];
        let is_text = |text: &&String| {
            text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control)
        };
        if !texts.iter().all(is_text) || !facts.words.iter().all(|it| is_text(&it)) {
            return wrong("a text that is too long, or has control characters");
        }
        if facts.words.len() > WORDS_MAX || self.kind.is_empty() {
            return wrong("no kind, or too many words");
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn pattern(start_secs: f64, end_secs: f64, words: &[&str]) -> Pattern {
        let sha256 = "ab".repeat(32);
        Pattern {
            id: PatternId::of(&sha256, start_secs, end_secs),
            source: Source { sha256, name: "bell.wav".into(), path: "sounds/bell.wav".into() },
            start_secs,
            end_secs,
            low_hz: 100.0,
            high_hz: 4000.0,
            kind: "harmonic".into(),
            confidence: 0.75,
            kind_confidence: 1.0,
            facts: Facts {
                words: words.iter().map(|it| (*it).to_owned()).collect(),
                ..Facts::default()
            },
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
        good.check().unwrap();
        let check = |change: &dyn Fn(&mut Pattern), said: &str| {
            let mut bad = good.clone();
            change(&mut bad);
            let error = bad.check().unwrap_err().to_string();
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
