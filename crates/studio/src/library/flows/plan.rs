//! Whether a flow can run: its keys, what its steps use, that no step waits for itself, that its numbers are in range.

use std::collections::{BTreeMap, BTreeSet};

use api::{FlowCheck, FlowNumber, FlowOtherwise, FlowPlan, FlowStep, FlowWork};

use super::fill;

/// The most characters of a text in a flow, and the most sounds of one step.
const TEXT_CHARS_MAX: usize = 4000;
const SOUNDS_MAX: u32 = 64;
const PATTERNS_MAX: u32 = 500;

/// What is wrong with a flow, sentence by sentence, and the order of its steps.
pub(super) fn checked(plan: &FlowPlan) -> FlowCheck {
    let mut problems = vec![];
    if super::super::valid_name(&plan.name).is_err() {
        problems.push("Give the flow a name of 1 to 120 characters.".to_owned());
    }
    if plan.steps.is_empty() {
        problems.push("Add a step.".to_owned());
    }
    if plan.inputs.len() > FlowPlan::INPUTS_MAX || plan.steps.len() > FlowPlan::STEPS_MAX {
        problems.push(format!(
            "Use at most {} inputs and {} steps.",
            FlowPlan::INPUTS_MAX,
            FlowPlan::STEPS_MAX
        ));
        return FlowCheck { problems, ..FlowCheck::default() };
    }
    let mut keys = BTreeSet::new();
    let all = plan.inputs.iter().map(|it| (&it.key, &it.label));
    for (key, label) in all.chain(plan.steps.iter().map(|it| (&it.key, &it.label))) {
        let shown = short(key);
        if !is_key(key) {
            problems.push(format!(
                "“{shown}” cannot be a key: use a lower-case letter, then letters, digits and “_”, \
                 32 at most."
            ));
        } else if !keys.insert(key.as_str()) {
            problems.push(format!("Two inputs or steps have the key “{shown}”."));
        }
        if label.chars().count() > 120 {
            problems.push(format!("Shorten the name of “{shown}” to 120 characters."));
        }
    }
    let mut uses = BTreeMap::new();
    for step in &plan.steps {
        let mut used = BTreeSet::new();
        for key in uses_of(step) {
            match keys.contains(key.as_str()) {
                true if key == step.key => {
                    problems.push(format!("The step “{}” uses itself.", short(&step.key)));
                }
                true => {
                    used.insert(key);
                }
                false => {
                    let near = api::nearest(&key, keys.iter().copied());
                    let hint = near.map_or(String::new(), |it| format!(" Did you mean “{it}”?"));
                    let (step, key) = (short(&step.key), short(&key));
                    let message =
                        format!("The step “{step}” uses “{key}”, which is not there.{hint}");
                    problems.push(message);
                }
            }
        }
        check_work(step, &step.work, &mut problems);
        for other in &step.otherwise {
            if let FlowOtherwise::Instead { work } = other {
                check_work(step, work, &mut problems);
            }
        }
        if step.otherwise.len() > 8 {
            problems.push(format!("Try at most 8 other ways in “{}”.", short(&step.key)));
        }
        uses.insert(step.key.clone(), used.into_iter().collect::<Vec<_>>());
    }
    let columns = columns(plan, &uses, &mut problems);
    FlowCheck { problems, columns, uses, missing: vec![] }
}

/// The inputs and steps that a step names, whatever it does in the end.
pub(super) fn uses_of(step: &FlowStep) -> Vec<String> {
    let mut used = step.after.clone();
    used.extend(uses_of_work(&step.work));
    for other in &step.otherwise {
        if let FlowOtherwise::Instead { work } = other {
            used.extend(uses_of_work(work));
        }
    }
    used
}

/// Those that some work names.
pub(super) fn uses_of_work(work: &FlowWork) -> Vec<String> {
    let mut used = vec![];
    let mut texts: Vec<&str> = vec![];
    let number = |it: &FlowNumber| match it {
        FlowNumber::Is(_) => None,
        FlowNumber::Of(text) => Some(text.clone()),
    };
    let mut numbers = vec![];
    match work {
        FlowWork::Find { words, like, .. } => {
            used.extend(like.iter().cloned());
            texts.push(words);
        }
        FlowWork::Describe { from, words } => {
            used.extend(from.iter().cloned());
            texts.push(words);
        }
        FlowWork::Generate { prompt, secs, begin, .. } => {
            texts.push(prompt);
            numbers.extend(number(secs));
            used.extend(begin.iter().map(|it| it.from.clone()));
        }
        FlowWork::Analyse { sounds } | FlowWork::Through { sounds, .. } => {
            used.extend(sounds.iter().cloned());
        }
        FlowWork::Blend { sounds, secs, rhythm, .. } => {
            used.extend(sounds.iter().chain(rhythm).cloned());
            numbers.extend(secs.iter().filter_map(number));
        }
        FlowWork::Test { sounds, like, .. } => used.extend(sounds.iter().chain(like).cloned()),
        FlowWork::Choose { sounds, question } => {
            used.extend(sounds.iter().cloned());
            texts.push(question);
        }
        FlowWork::Keep { sounds, name, .. } => {
            used.extend(sounds.iter().cloned());
            texts.push(name);
        }
    }
    let texts = texts.into_iter().map(str::to_owned).chain(numbers);
    used.extend(texts.flat_map(|text| fill::keys_in(&text)));
    used
}

fn check_work(step: &FlowStep, work: &FlowWork, problems: &mut Vec<String>) {
    let mut say = |what: &str| problems.push(format!("In the step “{}”: {what}", short(&step.key)));
    let mut count = |n: u32, most: u32, what: &str| {
        if n == 0 || n > most {
            say(&format!("{what} must be 1 to {most}."));
        }
    };
    let mut sounds = None;
    match work {
        FlowWork::Find { n, .. } => count(*n, PATTERNS_MAX, "the number of patterns"),
        FlowWork::Generate { count: n, .. } => count(*n, SOUNDS_MAX, "the number of sounds"),
        FlowWork::Through { count: n, sounds: of, .. }
        | FlowWork::Blend { count: n, sounds: of, .. } => {
            count(*n, SOUNDS_MAX, "the number of sounds");
            sounds = Some(of);
        }
        FlowWork::Analyse { sounds: of }
        | FlowWork::Test { sounds: of, .. }
        | FlowWork::Choose { sounds: of, .. }
        | FlowWork::Keep { sounds: of, .. } => sounds = Some(of),
        FlowWork::Describe { .. } => {}
    }
    if sounds.is_some_and(Vec::is_empty) {
        say("say which sounds it works on.");
    }
    match work {
        FlowWork::Through { vary, .. } if !(0.0..=2.0).contains(vary) => {
            say("the drift must be 0 to 2.");
        }
        FlowWork::Blend { way, model, first_gain_db, grain_secs, scatter_secs, .. } => {
            if grain_secs.is_some_and(|it| !(0.01..=1.0).contains(&it)) {
                say("the length of a grain must be 0.01 to 1 s.");
            }
            if scatter_secs.is_some_and(|it| !(0.0..=10.0).contains(&it)) {
                say("grains may be scattered by 0 to 10 s.");
            }
            if model.is_some() && !way.needs_model() {
                say("only latents are blended with a model.");
            }
            if !(-60.0..=40.0).contains(first_gain_db) {
                say("the gain of the first sound must be -60 to 40 dB.");
            }
        }
        FlowWork::Test { likeness, loudness_lufs, .. } => {
            if likeness.is_some_and(|it| !(-1.0..=1.0).contains(&it)) {
                say("the least likeness must be -1 to 1.");
            }
            if loudness_lufs.is_some_and(|it| !(-70.0..=0.0).contains(&it)) {
                say("the least loudness must be -70 to 0 LUFS.");
            }
        }
        FlowWork::Generate { prompt, begin, .. } => {
            let strength = begin.as_ref().and_then(|it| it.strength);
            if prompt.trim().is_empty() {
                say("say what the sound is to be.");
            }
            if strength.is_some_and(|it| !(0.0..=1.0).contains(&it)) {
                say("the strength must be 0 to 1.");
            }
        }
        _ => {}
    }
    let texts = serde_json::to_string(work).map_or(usize::MAX, |it| it.chars().count());
    if texts > TEXT_CHARS_MAX {
        say(&format!("use at most {TEXT_CHARS_MAX} characters."));
    }
    if let Some(open) = fill::unclosed(work) {
        say(&format!("a brace is not closed in “{}”.", short(&open)));
    }
}

/// Steps in columns: each uses only those of columns before. What is in no column waits for itself in the end.
fn columns(
    plan: &FlowPlan,
    uses: &BTreeMap<String, Vec<String>>,
    problems: &mut Vec<String>,
) -> Vec<Vec<String>> {
    let mut left: Vec<&str> = plan.steps.iter().map(|it| it.key.as_str()).collect();
    let mut columns: Vec<Vec<String>> = vec![];
    while !left.is_empty() {
        let waits = |key: &&str| {
            let used = uses.get(*key).into_iter().flatten();
            used.into_iter().any(|it| left.contains(&it.as_str()) && it != *key)
        };
        let (blocked, ready): (Vec<&str>, Vec<&str>) = left.iter().partition(|key| waits(key));
        if ready.is_empty() {
            let names: Vec<String> = blocked.iter().map(|it| format!("“{}”", short(it))).collect();
            problems.push(format!(
                "These steps wait for each other in a circle, so none can begin: {}.",
                names.join(", ")
            ));
            break;
        }
        columns.push(ready.into_iter().map(str::to_owned).collect());
        left = blocked;
    }
    columns
}

fn is_key(key: &str) -> bool {
    let is_right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    key.len() <= 32
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(is_right)
}

fn short(text: &str) -> String {
    text.chars().filter(|it| !super::super::is_unprintable(*it)).take(40).collect()
}
