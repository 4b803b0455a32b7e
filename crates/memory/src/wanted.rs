//! What a person looks for in words: «metallic, under 2 s, around 120 bpm».
//!
//! Parts stand between commas or the word «and». A number with a unit is a condition that must hold; other words are
//! compared with the kind, the words, the tags and the name of a pattern, and one of them must fit. What stands between
//! quotation marks is one word, and must fit.

use crate::Pattern;

/// The longest text.
const TEXT_MAX: usize = 1000;
/// How far from a number «around» reaches, as a share of it.
const AROUND: f64 = 0.1;
/// And a number by itself.
const EXACTLY: f64 = 0.025;

/// What a person looks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// What must hold.
    pub ranges: Vec<Range>,
    /// Words, of which one must fit; more are better.
    pub words: Vec<String>,
    /// Words that must not fit.
    pub unwanted: Vec<String>,
    /// Words that all must fit, each as a whole.
    pub whole: Vec<String>,
}

/// A number that must lie between two others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Of what.
    pub of: Measure,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// What a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Length, in seconds.
    Length,
    /// Tempo, in beats per minute.
    Tempo,
    /// The centre of the spectrum, in Hz.
    Brightness,
    /// Level, in dB.
    Level,
}

/// How well a pattern fits what is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// From 0 to 1: the share of words that fit; 1 where there are none.
    pub share: f64,
    /// How near its numbers are to those that were named, from 0 to 1; 1 where there are none.
    pub nearness: f64,
    /// What fits, in words.
    pub why: String,
}

impl Wanted {
    /// Reads what a person has written; everything means something.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text: String = text.chars().take(TEXT_MAX).collect::<String>().to_lowercase();
        // A minus sign, as pages write it.
        let text = text.replace('\u{2212}', "-");
        let mut wanted = Self::default();
        // Every other piece stands between quotation marks.
        let mut open = String::new();
        for (i, piece) in text.replace(['“', '”', '„'], "\"").split('"').enumerate() {
            match piece.trim() {
                whole if i % 2 == 1 && !whole.is_empty() => wanted.whole.push(whole.to_owned()),
                rest => open += &format!(",{rest}"),
            }
        }
        let text = open;
        // «between 90 and 100 bpm» is one part.
        let text = match text.split_once("between ") {
            Some((before, rest)) => format!("{before}{}", rest.replacen(" and ", "..", 1)),
            None => text,
        };
        for part in text.replace(" and ", ",").split([',', ';']).map(str::trim) {
            match range(part) {
                Some(range) => wanted.ranges.push(range),
                None => wanted.take_words(part),
            }
        }
        wanted
    }

    /// Whether nothing is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
            && self.words.is_empty()
            && self.unwanted.is_empty()
            && self.whole.is_empty()
    }

    fn take_words(&mut self, part: &str) {
        let is_not = ["not ", "no ", "without ", "-"].iter().find_map(|it| part.strip_prefix(it));
        let (list, part) = match is_not {
            Some(rest) => (&mut self.unwanted, rest),
            None => (&mut self.words, part),
        };
        // A word of two words stays whole where it is a word of ours.
        if ["one chord", "many chords"].contains(&part) {
            list.push(part.to_owned());
            return;
        }
        const EMPTY: &[&str] = &["a", "an", "the", "very", "sound", "sounds", "with", "like"];
        // «hi-hat», «loop_tabla» and «198-209» are words of several parts, as names of files have them.
        let words = part.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
        let words = words.map(|it| it.trim_matches(['-', '_']));
        let words = words.filter(|it| it.len() > 1 && !EMPTY.contains(it));
        list.extend(words.map(str::to_owned));
    }

    /// Whether everything that must hold does; words are not looked at.
    #[must_use]
    pub fn allows(&self, pattern: &Pattern) -> bool {
        let fits =
            |it: &Range| it.of.of(pattern).is_some_and(|x| (it.least..=it.most).contains(&x));
        self.ranges.iter().all(fits)
            && !self.unwanted.iter().any(|it| has(pattern, it))
            && self.whole.iter().all(|it| has_whole(pattern, it))
    }

    /// How well a pattern fits; nothing where it does not.
    #[must_use]
    pub fn fit(&self, pattern: &Pattern) -> Option<Fit> {
        if !self.allows(pattern) {
            return None;
        }
        let fitting: Vec<&str> =
            self.words.iter().map(String::as_str).filter(|it| has(pattern, it)).collect();
        if fitting.is_empty() && !self.words.is_empty() {
            return None;
        }
        let share = if self.words.is_empty() {
            1.0
        } else {
            fitting.len() as f64 / self.words.len() as f64
        };
        let of_range = |it: &Range| it.of.of(pattern).map(|x| it.of.say(x));
        let near = self.ranges.iter().filter_map(|it| Some(it.nearness(it.of.of(pattern)?)));
        let nearness = near.fold(1.0, f64::min);
        let mut parts = self.whole.clone();
        parts.extend(fitting.into_iter().map(str::to_owned));
        parts.extend(self.ranges.iter().filter_map(of_range));
        Some(Fit { share, nearness, why: parts.join(", ") })
    }
}

impl Range {
    /// How near a number within is to the middle, from 0 to 1. A range without two ends has no middle: all is as near.
    fn nearness(&self, x: f64) -> f64 {
        let half = (self.most - self.least) / 2.0;
        if !half.is_finite() || half <= 0.0 {
            return 1.0;
        }
        1.0 - ((x - self.least) / half - 1.0).abs().min(1.0)
    }
}

impl Measure {
    fn of(self, pattern: &Pattern) -> Option<f64> {
        match self {
            Self::Length => Some(pattern.length_secs()),
            Self::Tempo => pattern.facts.tempo_bpm,
            Self::Brightness => Some(pattern.facts.brightness_hz),
            Self::Level => Some(pattern.facts.level_db),
        }
    }

    fn say(self, x: f64) -> String {
        match self {
            Self::Length => format!("{x:.2} s"),
            Self::Tempo => format!("{x:.0} BPM"),
            Self::Brightness => format!("centre at {x:.0} Hz"),
            Self::Level => format!("{x:.1} dB").replace('-', "\u{2212}"),
        }
    }
}

fn has(pattern: &Pattern, word: &str) -> bool {
    is_own(pattern, word)
        || is_in(&pattern.source.name, word)
        || is_in(&pattern.kind, word)
        || pattern.tags.iter().any(|it| is_in(it, word))
}

/// Whether a kind, a word or a tag of a pattern is this one, whole, or it stands in the name of its sound.
fn has_whole(pattern: &Pattern, word: &str) -> bool {
    is_own(pattern, word) || is_in(&pattern.source.name, word)
}

/// Whether a kind, a word or a tag of a pattern is this one.
fn is_own(pattern: &Pattern, word: &str) -> bool {
    let mut own = pattern.facts.words.iter().chain(&pattern.tags).chain([&pattern.kind]);
    own.any(|it| it.to_lowercase() == word)
}

/// Whether the parts of a word stand in a text, one after the other: «drum roll» in `drum_roll.flac`.
fn is_in(text: &str, word: &str) -> bool {
    let parts_of = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty());
        parts.map(str::to_lowercase).collect()
    };
    let (text, word) = (parts_of(text), parts_of(word));
    !word.is_empty() && text.windows(word.len()).any(|it| it == word)
}

/// A part that is a number with a unit.
fn range(part: &str) -> Option<Range> {
    const LEAST: &[&str] = &[
        "over ",
        "above ",
        "longer than ",
        "more than ",
        "faster than ",
        "at least ",
        "from ",
        ">=",
        ">",
    ];
    const MOST: &[&str] = &[
        "under ",
        "below ",
        "shorter than ",
        "less than ",
        "slower than ",
        "at most ",
        "up to ",
        "<=",
        "<",
    ];
    const NEAR: &[&str] = &["around ", "about ", "near ", "roughly ", "~"];
    let after = |words: &[&str]| words.iter().find_map(|it| part.strip_prefix(it));
    if let Some((x, of)) = after(LEAST).and_then(quantity) {
        return Some(Range { of, least: x, most: f64::INFINITY });
    }
    if let Some((x, of)) = after(MOST).and_then(quantity) {
        return Some(Range { of, least: f64::NEG_INFINITY, most: x });
    }
    let near = |x: f64, of: Measure, share: f64| {
        let reach = x.abs() * share;
        Range { of, least: x - reach, most: x + reach }
    };
    if let Some((x, of)) = after(NEAR).and_then(quantity) {
        return Some(near(x, of, AROUND));
    }
    if let Some((least, most)) =
        part.split_once("..").or_else(|| part.split_once(" to ")).or_else(|| part.split_once('–'))
    {
        let (most, of) = quantity(most)?;
        let (least, own) = quantity(least).or_else(|| Some((least.trim().parse().ok()?, of)))?;
        return (own == of && least <= most).then_some(Range { of, least, most });
    }
    let (x, of) = quantity(part)?;
    Some(near(x, of, EXACTLY))
}

/// A number with a unit.
fn quantity(text: &str) -> Option<(f64, Measure)> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-')?;
    let x: f64 = text[..at].parse().ok()?;
    let (scale, of) = match text[at..].trim() {
        "s" | "sec" | "secs" | "second" | "seconds" => (1.0, Measure::Length),
        "ms" => (1e-3, Measure::Length),
        "min" | "minute" | "minutes" => (60.0, Measure::Length),
        "bpm" => (1.0, Measure::Tempo),
        "hz" => (1.0, Measure::Brightness),
        "khz" => (1e3, Measure::Brightness),
        "db" => (1.0, Measure::Level),
        _ => return None,
    };
    x.is_finite().then_some((x * scale, of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::tests::pattern;

    fn check(text: &str, ranges: &[(Measure, f64, f64)], words: &[&str], unwanted: &[&str]) {
        let wanted = Wanted::read(text);
        let near = |a: f64, b: f64| a == b || (a - b).abs() < 1e-9;
        assert_eq!(wanted.ranges.len(), ranges.len(), "{text}: {wanted:?}");
        for (found, (of, least, most)) in wanted.ranges.iter().zip(ranges) {
            assert!(
                found.of == *of && near(found.least, *least) && near(found.most, *most),
                "{text}: {found:?}"
            );
        }
        assert_eq!(
            (wanted.words, wanted.unwanted),
            (
                words.iter().map(|it| (*it).to_owned()).collect(),
                unwanted.iter().map(|it| (*it).to_owned()).collect()
            ),
            "{text}"
        );
    }

    #[test]
    fn words_and_numbers_are_read() {
        use Measure::*;
        const UP: f64 = f64::INFINITY;
        check(
            "metallic, under 2 s, around 120 bpm",
            &[(Length, -UP, 2.0), (Tempo, 108.0, 132.0)],
            &["metallic"],
            &[],
        );
        check("A dark and noisy sound", &[], &["dark", "noisy"], &[]);
        check("rhythmic, not bright", &[], &["rhythmic"], &["bright"]);
        check("between 90 and 100 bpm", &[(Tempo, 90.0, 100.0)], &[], &[]);
        check("90..100bpm; over 500 ms", &[(Tempo, 90.0, 100.0), (Length, 0.5, UP)], &[], &[]);
        check("1 to 3 s", &[(Length, 1.0, 3.0)], &[], &[]);
        check("100 bpm", &[(Tempo, 97.5, 102.5)], &[], &[]);
        check(
            "above 2 kHz, under -20 dB",
            &[(Brightness, 2000.0, UP), (Level, -UP, -20.0)],
            &[],
            &[],
        );
        check("one chord", &[], &["one chord"], &[]);
        check("under the bridge", &[], &["under", "bridge"], &[]);
        check("", &[], &[], &[]);
    }

    #[test]
    fn what_fits_is_said() {
        let mut it = pattern(0.0, 1.5, &["metallic", "bright"]);
        let fit = |it: &Pattern, text: &str| Wanted::read(text).fit(it);
        let found = fit(&it, "metallic, dark, under 2 s").unwrap();
        assert_eq!((found.share, found.why.as_str()), (0.5, "metallic, 1.50 s"));
        assert_eq!(fit(&it, "metallic, over 2 s"), None);
        assert_eq!(fit(&it, "dark"), None);
        assert_eq!(fit(&it, "harmonic").unwrap().share, 1.0);
        assert_eq!(fit(&it, "bell").unwrap().share, 1.0);
        assert_eq!(fit(&it, "not metallic"), None);
        // A kind or a tag of several words is found by each of them, and by all of them as a whole.
        it.tags = vec!["Live set".into()];
        assert_eq!(fit(&it, "set").unwrap().share, 1.0);
        assert_eq!(fit(&it, "\"live set\", under 2 s").unwrap().why, "live set, 1.50 s");
        assert_eq!(fit(&it, "“live”"), None);
        assert_eq!(fit(&it, "\"live set\", dark"), None);
        // Without a beat there is no tempo to compare with.
        assert_eq!(fit(&it, "around 120 bpm"), None);
        it.facts.tempo_bpm = Some(124.0);
        let near = fit(&it, "around 120 bpm").unwrap();
        assert_eq!(near.why, "124 BPM");
        assert!(near.nearness > 0.6 && near.nearness < 0.7);
        assert_eq!(fit(&it, "over 100 bpm").unwrap().nearness, 1.0);
    }

    #[test]
    fn sounds_are_found_by_their_names() {
        let mut it = pattern(0.0, 1.5, &[]);
        let mut is_found = |name: &str, text: &str| {
            it.source.name = name.to_owned();
            Wanted::read(text).fit(&it).is_some()
        };
        for text in
            ["loop_tabla", "loop-tabla", "tabla", "loop_tabla.flac", "\"loop tabla\"", "Tabla"]
        {
            assert!(is_found("loop_tabla.flac", text), "{text}");
        }
        for text in ["tabla_loop", "\"tabla loop\"", "loop_tab", "\"loo\""] {
            assert!(!is_found("loop_tabla.flac", text), "{text}");
        }
        assert!(is_found("198-209-0000.hq.ogg", "198-209"));
        assert!(is_found("solo-trumpet-06.ogg", "solo-trumpet"));
    }

    proptest::proptest! {
        #[test]
        fn anything_can_be_typed(text in "[ -~äé–]{0,60}") {
            let _ = Wanted::read(&text).fit(&pattern(0.0, 1.0, &[]));
        }
    }
}
