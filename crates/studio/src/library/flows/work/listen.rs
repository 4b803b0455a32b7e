//! What is found out about sounds, and put into words.

use std::collections::{BTreeMap, BTreeSet};

use api::{AnalyseFile, AnalyseTask, Analysis, EventBody, FlowKnows, Id, PatternId, Problem, Task};
use job::Shelf;
use serde_json::Value;

use super::{
    super::{
        super::{analyses, make_job, name_from, passing},
        fill::{self, VALUE},
    },
    Begun, Desk, Start, problem, told, unknown,
};

/// Patterns whose words go into a prompt, and words of a prompt that come from them.
const DESCRIBED_MAX: usize = 50;
const WORDS_MAX: usize = 8;

impl Desk<'_> {
    /// A job that finds out what is in sounds.
    pub(super) fn analyse(&self, keys: &[String]) -> Result<Start, Problem> {
        let sounds = self.sounds(keys);
        if sounds.is_empty() {
            // What is known of patterns need not be found out.
            let patterns = self.patterns(keys);
            if patterns.is_empty() {
                self.some_sounds(keys)?;
            }
            return Ok(Begun::Done(self.facts_of_patterns(&patterns)?).into());
        }
        let mut all = vec![];
        for (i, sound) in (1..).zip(&sounds) {
            let (path, name) = self.file_of(&sound.place)?;
            let bytes = std::fs::metadata(&path).map_or(0, |it| it.len());
            let item: Id = format!("sound-{i}").parse().expect("it is an identifier");
            all.push(AnalyseFile { item, path, name, bytes });
        }
        let shared = &self.studio.shared;
        passing::remove_oldest(shared, api::JobKind::Analyse).map_err(told)?;
        let name = name_from(&sounds[0].name);
        let task = Task::Analyse(AnalyseTask { files: all, is_again: false });
        let project = &self.run.project;
        let id = make_job(shared, project, name, task, |_| Ok(()), |_, _| Ok(())).map_err(told)?;
        Ok(Begun::Jobs(vec![id]).into())
    }

    /// What it found.
    pub(super) fn analysed(&self, jobs: &[Id]) -> Result<FlowKnows, Problem> {
        let shared = &self.studio.shared;
        let mut knows = FlowKnows::default();
        for id in jobs {
            let folder = shared.workspace.folder(Shelf::Analyses, id);
            let (mut hashes, mut failed) = (vec![], None);
            job::events::read_all(&folder, |event| match event.body {
                EventBody::Analysed { sha256, .. } => hashes.push(sha256),
                EventBody::NotAnalysed { problem, .. } => failed = Some(problem),
                _ => {}
            });
            for sha256 in &hashes {
                let content = analyses::read_content(shared, sha256).map_err(told)?;
                if let Some(found) = content.found {
                    add_facts(&mut knows, &found);
                }
            }
            if let (true, Some(why)) = (hashes.is_empty(), failed) {
                let what = "The sound could not be analysed.";
                let told = problem("not_analysed", what, "Choose another sound.");
                return Err(Problem { why: Some(api::sentence(&why)), ..told });
            }
        }
        Ok(knows)
    }

    /// What is known of patterns, of the first that has each fact.
    fn facts_of_patterns(&self, patterns: &[PatternId]) -> Result<FlowKnows, Problem> {
        let mut knows = FlowKnows::default();
        for id in patterns.iter().take(DESCRIBED_MAX) {
            let pattern = self.studio.pattern(*id).map_err(told)?.pattern;
            let facts = &mut knows.facts;
            let mut add = |name: &str, value: Value| {
                facts.entry(name.to_owned()).or_insert(value);
            };
            add("secs", Value::from(pattern.length_secs()));
            if let Some(bpm) = pattern.facts.tempo_bpm {
                add("tempo_bpm", Value::from(bpm));
            }
            add("words", Value::from(pattern.facts.words.join(", ")));
        }
        Ok(knows)
    }

    /// Words: those that are given, those that a third of the patterns have, and what was found in sounds.
    pub(super) fn describe(&self, from: &[String], words: &str) -> Result<FlowKnows, Problem> {
        let mut all = vec![fill::text(words, self.known).map_err(unknown)?];
        let patterns = self.patterns(from);
        let mut counts = BTreeMap::<String, usize>::new();
        let mut tempos = vec![];
        let n = patterns.len().min(DESCRIBED_MAX);
        for id in patterns.iter().take(n) {
            // One that was deleted meanwhile says nothing.
            let Ok(detail) = self.studio.pattern(*id) else { continue };
            let pattern = detail.pattern;
            let own = pattern.facts.words.into_iter().chain(pattern.tags).chain([pattern.kind]);
            let own: BTreeSet<String> = own.collect();
            own.into_iter().for_each(|it| *counts.entry(it).or_default() += 1);
            tempos.extend(pattern.facts.tempo_bpm);
        }
        let mut counted: Vec<(usize, String)> =
            counts.into_iter().map(|(word, n)| (n, word)).collect();
        counted.retain(|(of, _)| of * 3 >= n);
        counted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        all.extend(counted.into_iter().take(WORDS_MAX).map(|it| it.1));
        tempos.sort_by(f64::total_cmp);
        // Where most of them have a beat, it counts.
        if tempos.len() * 2 > n.max(1) {
            all.push(format!("{:.0} bpm", tempos[tempos.len() / 2]));
        }
        for facts in from.iter().filter_map(|key| self.known.get(key)).map(|it| &it.facts) {
            let text = |name: &str| facts.get(name).and_then(Value::as_str).map(str::to_owned);
            all.extend(text("words"));
            all.extend(text("prompt"));
            all.extend(text(VALUE));
            all.extend(text("key").map(|key| format!("in {key}")));
            let tempo = facts.get("tempo_bpm").and_then(Value::as_f64);
            all.extend(tempo.map(|bpm| format!("{bpm:.0} bpm")));
        }
        let mut seen = BTreeSet::new();
        let words = all.iter().flat_map(|it| it.split(',')).map(str::trim);
        let words: Vec<&str> = words.filter(|it| !it.is_empty() && seen.insert(*it)).collect();
        if words.is_empty() {
            let what = "Nothing is known that could be said in words.";
            return Err(problem("no_words", what, "Give some words."));
        }
        let prompt = Value::from(words.join(", "));
        Ok(FlowKnows { facts: [("prompt".to_owned(), prompt)].into(), ..FlowKnows::default() })
    }
}

/// What was found in a sound, as facts; those that are known stay.
fn add_facts(knows: &mut FlowKnows, found: &Analysis) {
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            knows.facts.entry(name.to_owned()).or_insert(value);
        }
    };
    add("secs", Some(Value::from(found.seconds)));
    add("tempo_bpm", found.tempo_bpm.filter(|_| found.tempo_confidence >= 0.3).map(Value::from));
    add("key", found.key.clone().filter(|_| found.key_confidence >= 0.3).map(Value::from));
    add("loudness_lufs", found.loudness_lufs.map(Value::from));
    add("meter", found.meter.clone().map(Value::from));
    add("words", (!found.words.is_empty()).then(|| Value::from(found.words.join(", "))));
}
