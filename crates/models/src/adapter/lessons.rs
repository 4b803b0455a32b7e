//! What adapters learn from, as the worker prepares it.

use std::path::PathBuf;

/// The model that an adapter is added to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdapterBase {
    /// SHA-256 that names its weights, in hexadecimal digits; empty where an adapter does not say it.
    pub sha256: String,
    /// What it was called.
    pub name: String,
    /// The licence of its weights, which is that of the adapter too; empty if it was not said.
    pub licence: String,
}

/// A model of others, and clips with words.
#[derive(Debug)]
pub struct Lessons {
    /// The model.
    pub base: AdapterBase,
    /// The folder of its weights.
    pub folder: PathBuf,
    /// What is learnt from, and what is held out.
    pub clips: Vec<LearntClip>,
    /// What samples are made of.
    pub prompts: Vec<LearntWords>,
}

/// A clip as the model sees it.
#[derive(Debug)]
pub struct LearntClip {
    /// What it is called.
    pub name: String,
    /// Its latents, `[frames][n_latent]`.
    pub latents: Vec<f32>,
    /// What its words mean, `[pieces][width]`.
    pub words: Vec<f32>,
    /// Whether it is held out, to measure what was learnt.
    pub is_held_out: bool,
}

/// Words as the model sees them.
#[derive(Debug)]
pub struct LearntWords {
    /// The words.
    pub text: String,
    /// What they mean, `[pieces][width]`.
    pub words: Vec<f32>,
}

/// Where the words of clips come from, and what samples are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptionSettings {
    /// What is said of clips that have no words of their own.
    pub phrase: String,
    /// Whether the names of their files are said after it.
    pub says_names: bool,
    /// What samples are made of; the words of clips that are held out where there are none.
    pub prompts: Vec<String>,
}

impl CaptionSettings {
    /// The words of a clip: its own, else the phrase and what its file is called.
    #[must_use]
    pub fn words_of(&self, path: &str, caption: Option<&str>) -> String {
        if let Some(caption) = caption.map(str::trim).filter(|it| !it.is_empty()) {
            return caption.to_owned();
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty());
        // Numbers of takes say nothing of the sound.
        let said = parts.filter(|it| !it.chars().all(|c| c.is_ascii_digit())).collect::<Vec<_>>();
        let name = if self.says_names { said.join(" ") } else { String::new() };
        let all = [self.phrase.trim().to_owned(), name];
        all.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_say_what_they_are() {
        let settings = |phrase: &str, says_names| CaptionSettings {
            phrase: phrase.into(),
            says_names,
            prompts: vec![],
        };
        let check = |settings: CaptionSettings, caption: Option<&str>, expected: &str| {
            assert_eq!(settings.words_of("kit/Slow_Kick-03.wav", caption), expected);
        };
        check(settings("my drums", true), Some(" a deep kick \n"), "a deep kick");
        check(settings("my drums", true), None, "my drums, Slow Kick");
        check(settings("my drums", false), Some(""), "my drums");
        check(settings("", true), None, "Slow Kick");
        check(settings("", false), None, "");
    }
}
