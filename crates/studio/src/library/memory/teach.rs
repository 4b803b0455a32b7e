//! What a person corrects: the ends of a pattern, its range of frequencies, its kind, its tags.

use ::memory::{Pattern, PatternId};
use api::{Id, MemoryTask, MemoryWork, PatternDetail, PatternEdit};

use super::{of, refused};
use crate::{Error, Studio};

/// The longest word of a person's own, and the most tags.
const WORD_MAX: usize = 60;
const TAGS_MAX: usize = 20;
/// The longest pattern, in seconds: its job holds all of it.
const LENGTH_MAX_SECS: f64 = 600.0;
/// The highest frequency that a range can have.
const HZ_MAX: f64 = 200_000.0;

impl Studio {
    /// Changes a pattern as a person has set it. New ends make it another pattern, whose identifier the answer has; a job
    /// then describes it anew and learns from it how to cut.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when what was set cannot be.
    pub fn change_pattern(
        &self,
        id: PatternId,
        edit: &PatternEdit,
    ) -> Result<PatternDetail, Error> {
        let tags = edit.tags.as_deref().map(checked_tags).transpose()?;
        let kind = edit.kind.as_deref().map(checked_word).transpose()?;
        let (new, set) = self.remembered(|it| {
            let memory = it.memory_mut();
            let old = of(memory, id)?.clone();
            let mut new = old.clone();
            new.start_secs = edit.start_secs.unwrap_or(old.start_secs);
            new.end_secs = edit.end_secs.unwrap_or(old.end_secs);
            new.low_hz = edit.low_hz.unwrap_or(old.low_hz);
            new.high_hz = edit.high_hz.unwrap_or(old.high_hz);
            if !(new.start_secs >= 0.0 && new.end_secs - new.start_secs >= 0.02) {
                return Err(Error::invalid("end_secs", "a pattern lasts 20 ms at least"));
            }
            if !(new.low_hz >= 0.0 && new.low_hz < new.high_hz && new.high_hz <= HZ_MAX) {
                return Err(Error::invalid(
                    "high_hz",
                    "the upper frequency is above the lower one",
                ));
            }
            if new.length_secs() > LENGTH_MAX_SECS {
                let message = format!("a pattern lasts {LENGTH_MAX_SECS:.0} s at most");
                return Err(Error::invalid("end_secs", message));
            }
            let has_new_ends = (old.start_secs, old.end_secs) != (new.start_secs, new.end_secs);
            if has_new_ends {
                new.id = PatternId::of(&old.source.sha256, new.start_secs, new.end_secs);
                if new.id != id && memory.patterns().contains_key(&new.id) {
                    let message = "there is a pattern with just these ends; correct that one";
                    return Err(Error::invalid("end_secs", message));
                }
                if !std::path::Path::new(&old.source.path).is_file() {
                    return Err(Error::conflict(
                        "change the ends of this pattern",
                        format!("its sound “{}” is not where it was", old.source.name),
                        "put it back, or add its folder to the memory again",
                    ));
                }
                new.confidence = 1.0;
            }
            if let Some(kind) = &kind {
                new.kind.clone_from(kind);
                new.kind_confidence = 1.0;
            }
            if let Some(tags) = &tags {
                new.tags.clone_from(tags);
            }
            // Tags say what a sound is for, not what it is: they teach nothing.
            let is_taught = Pattern { tags: old.tags.clone(), ..new.clone() } != old;
            new.is_by_hand |= is_taught;
            memory.change(id, new.clone()).map_err(refused)?;
            let set: Vec<Pattern> = memory
                .patterns()
                .values()
                .filter(|it| it.source.sha256 == new.source.sha256 && it.is_by_hand)
                .cloned()
                .collect();
            Ok((new, (has_new_ends && is_taught).then_some(set)))
        })?;
        let job = set.and_then(|patterns| {
            // The change is made; without a vector the pattern is one of those that are mended.
            let queued = self.describe_patterns(patterns, &new.source.name);
            queued.inspect_err(|error| tracing::warn!("{}: failed to {error}", new.id)).ok()
        });
        Ok(PatternDetail { job, ..self.pattern(new.id)? })
    }
}

impl Studio {
    fn describe_patterns(&self, patterns: Vec<Pattern>, name: &str) -> Result<Id, Error> {
        let project = self.project_for(None);
        let spaces = self.spaces_to_fill(&[], &project)?;
        let task = MemoryTask { work: MemoryWork::Describe { patterns }, spaces };
        Ok(self.queue_memory_job(&project, name, task, |_| Ok(()))?.job.id)
    }
}

/// A word of a person's own.
fn checked_word(word: &str) -> Result<String, Error> {
    let word = word.trim();
    let is_right = (1..=WORD_MAX).contains(&word.chars().count())
        && !word.chars().any(|c| c.is_control() || c == ',' || c == ';');
    if !is_right {
        let message = format!("a word has 1 to {WORD_MAX} characters and no comma");
        return Err(Error::invalid("kind", message));
    }
    Ok(word.to_owned())
}

/// Tags of a person's own, each once.
pub(super) fn checked_tags(tags: &[String]) -> Result<Vec<String>, Error> {
    if tags.len() > TAGS_MAX {
        return Err(Error::invalid("tags", format!("a pattern has {TAGS_MAX} tags at most")));
    }
    let mut all: Vec<String> = vec![];
    for tag in tags {
        let tag = checked_word(tag)?;
        if !all.contains(&tag) {
            all.push(tag);
        }
    }
    Ok(all)
}
