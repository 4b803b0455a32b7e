//! What a recipe of words may ask for: every value in its range, and within what its model can do.

use api::{ModelPlace, Recipe, RecipeSource, WordsAdapter, WordsBegin, WordsPrompt, WordsSource};

use super::{
    super::{models, valid_name},
    recipe::check_range,
};
use crate::{Error, Studio};

/// The longest text, in bytes: what no model reads is cut there, and said, but a book is a mistake.
const TEXT_BYTES_MAX: usize = 200_000;
/// The most prompts of a mixture; the model computes once for each.
const PROMPTS_MAX: usize = 8;
/// The most adapters of a sound.
const ADAPTERS_MAX: usize = 8;
/// The most sections and parts, and the longest section, in seconds.
const SECTIONS_MAX: usize = 32;
const PARTS_MAX: usize = 16;
const SECTION_SECS_MAX: f64 = 600.0;
/// The longest name of a key.
const KEY_CHARS_MAX: usize = 20;
/// How much of a prompt names what was made of it, in characters.
const NAME_CHARS: usize = 40;

impl Studio {
    /// Sees that the model of a recipe may be used, and can do what is asked.
    pub(super) fn check_words(&self, recipe: &Recipe) -> Result<(), Error> {
        let (RecipeSource::Words(words), [model]) = (&recipe.source, &recipe.models[..]) else {
            return Err(Error::invalid("models", "choose one model"));
        };
        let ModelPlace::Library { id } = &model.place else {
            return Err(Error::invalid("models", "add the folder of weights to the library first"));
        };
        let found = self.shared.read(|c| models::find(c, id))?;
        let Some((linked, can)) =
            found.linked.as_ref().and_then(|it| Some((it, it.words.as_ref()?)))
        else {
            let message = format!("“{}” makes no sound from words", found.name);
            return Err(Error::invalid("models", message));
        };
        if linked.waits_for_acceptance() {
            return Err(Error::conflict(
                format!("use “{}”", found.name),
                "the terms of its licence have not been accepted",
                format!(
                    "read them and accept them on the model’s page, or with `maquette weights accept {id}`"
                ),
            ));
        }
        let of_sections = words.sections.iter().map(|it| it.secs);
        let longest = of_sections.chain(recipe.secs).fold(0.0, f64::max);
        if longest > can.max_secs {
            let secs = longest;
            let message = format!("“{}” makes up to {} s, not {secs}", found.name, can.max_secs);
            return Err(Error::invalid("secs", message));
        }
        match (words.steps, can.steps) {
            (Some(_), None) => return Err(Error::invalid("steps", "this model has no steps")),
            (Some(steps), Some(range)) if !(range.least..=range.most).contains(&steps) => {
                let message = format!("enter {} to {}", range.least, range.most);
                return Err(Error::invalid("steps", message));
            }
            _ => {}
        }
        if words.negative.is_some() && !can.takes_negative {
            let message = "this model cannot be told what not to make";
            return Err(Error::invalid("negative", message));
        }
        if !words.adapters.is_empty() && !can.takes_adapters {
            let message = format!("“{}” takes no adapters", found.name);
            return Err(Error::invalid("adapters", message));
        }
        for one in words.adapters.iter().map(|it| &it.adapter) {
            let ModelPlace::Library { id } = &one.place else { continue };
            if self.shared.read(|c| models::find(c, id))?.adapter_of.is_none() {
                return Err(Error::invalid("adapters", format!("“{}” is no adapter", one.name)));
            }
        }
        match &words.begin {
            Some(begin) if !can.begins.contains(&begin.how) => {
                let message = format!("“{}” cannot {}", found.name, doing(begin.how));
                Err(Error::invalid("begin", message))
            }
            _ => Ok(()),
        }
    }
}

fn doing(how: WordsBegin) -> &'static str {
    match how {
        WordsBegin::Continue => "go on from a sound",
        WordsBegin::Vary => "make a sound anew",
        WordsBegin::Fill => "fill a gap in a sound",
        WordsBegin::Melody => "follow the melody of a sound",
    }
}

/// What can be seen without the model.
pub(super) fn check(words: &WordsSource) -> Result<(), Error> {
    if words.parts.is_empty() || !words.prompts.is_empty() {
        check_prompts(&words.prompts)?;
    }
    if words.sections.len() > SECTIONS_MAX || words.parts.len() > PARTS_MAX {
        let limit = format!("{SECTIONS_MAX} sections and {PARTS_MAX} parts");
        return Err(Error::TooMuch { limit });
    }
    if !words.sections.is_empty() && !words.parts.is_empty() {
        return Err(Error::invalid("parts", "a sound has sections or parts, not both"));
    }
    for section in &words.sections {
        check_prompts(&section.prompts)?;
        check_range("sections", section.secs, 0.1, SECTION_SECS_MAX)?;
    }
    for part in &words.parts {
        valid_name(&part.name)?;
        if part.prompt.trim().is_empty() {
            return Err(Error::invalid("parts", "say what each is to be"));
        }
        check_range("gain_db", part.gain_db, -60.0, 20.0)?;
    }
    if let Some(tempo) = words.tempo {
        for bpm in [Some(tempo.bpm), tempo.end_bpm].into_iter().flatten() {
            check_range("tempo", bpm, 30.0, 300.0)?;
        }
    }
    if let Some(key) = &words.key
        && key.chars().count() > KEY_CHARS_MAX
    {
        return Err(Error::invalid("key", "write it like A minor or F# major"));
    }
    let of_sections = words.sections.iter().flat_map(|it| &it.prompts);
    let texts = words.prompts.iter().chain(of_sections).map(|it| &it.text).chain(&words.negative);
    let texts = texts.chain(words.parts.iter().map(|it| &it.prompt));
    if texts.map(String::len).sum::<usize>() > TEXT_BYTES_MAX {
        let limit = format!("{} kB of text", TEXT_BYTES_MAX / 1000);
        return Err(Error::TooMuch { limit });
    }
    if words.adapters.len() > ADAPTERS_MAX {
        return Err(Error::TooMuch { limit: format!("{ADAPTERS_MAX} adapters") });
    }
    for adapter in &words.adapters {
        let most = WordsAdapter::WEIGHT_MAX;
        check_range("adapters", adapter.weight, -most, most)?;
    }
    if let Some(guidance) = words.guidance {
        check_range("guidance", guidance, 0.0, 100.0)?;
    }
    let Some(begin) = &words.begin else { return Ok(()) };
    match (begin.how, begin.strength, begin.gap_secs) {
        (WordsBegin::Vary, Some(strength), _) => check_range("strength", strength, 0.0, 1.0),
        (WordsBegin::Fill, _, None) => Err(Error::invalid("gap_secs", "say where the gap is")),
        (WordsBegin::Fill, _, Some([from, to])) if !(from >= 0.0 && from < to) => {
            Err(Error::invalid("gap_secs", "a gap begins before it ends"))
        }
        _ => Ok(()),
    }
}

fn check_prompts(prompts: &[WordsPrompt]) -> Result<(), Error> {
    if !(1..=PROMPTS_MAX).contains(&prompts.len()) {
        return Err(Error::invalid("prompts", format!("give 1 to {PROMPTS_MAX}")));
    }
    for prompt in prompts {
        if prompt.text.trim().is_empty() {
            return Err(Error::invalid("prompts", "say what it is to be"));
        }
        check_range("prompts", prompt.weight, 0.01, 100.0)?;
    }
    Ok(())
}

/// The first words of a prompt.
pub(super) fn name_of(words: &WordsSource) -> String {
    let of_parts = || words.parts.first().map(|it| it.prompt.trim());
    let text = words.prompts.first().map(|it| it.text.trim()).or_else(of_parts).unwrap_or("");
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= NAME_CHARS {
        return line;
    }
    let short: String = line.chars().take(NAME_CHARS).collect();
    let whole = short.rsplit_once(' ').map_or(short.as_str(), |(whole, _)| whole);
    format!("{}…", whole.trim_end_matches([',', '.', ';', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> WordsSource {
        let prompts = vec![WordsPrompt { text: text.to_owned(), weight: 1.0 }];
        WordsSource { prompts, ..WordsSource::default() }
    }

    #[test]
    fn a_name_is_the_start_of_the_prompt() {
        assert_eq!(name_of(&words("  rain\n on  a roof ")), "rain on a roof");
        let long = "a warm analogue synthesiser pad, slowly opening, with a soft bell on top";
        assert_eq!(name_of(&words(long)), "a warm analogue synthesiser pad, slowly…");
    }

    #[test]
    fn what_cannot_be_asked_is_said() {
        assert!(check(&words("rain")).is_ok());
        assert!(check(&words(" ")).is_err());
        assert!(check(&WordsSource::default()).is_err());
        assert!(check(&words(&"a".repeat(TEXT_BYTES_MAX + 1))).is_err());
        assert!(check(&WordsSource { guidance: Some(f64::NAN), ..words("rain") }).is_err());
    }
}
