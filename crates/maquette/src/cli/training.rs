//! The choices of a training, as `train`, `quickstart`, `compose` and `preset save` take them.

use api::{
    Choices, Id, LearnsFrom, Limit, MemoryForecast, MemoryLevel, NewComposition, NewRun,
    RunForecast,
};

use super::{terminal::Terminal, words};
use crate::client::Client;

/// The choices that settings are composed of.
#[derive(clap::Args)]
pub(crate) struct ChoiceArgs {
    /// The family of the model
    #[arg(long, default_value = "rave")]
    family: String,
    /// The game that an agent learns, like `brick`; the family is that of agents then
    #[arg(long, value_name = "KEY", conflicts_with = "family")]
    game: Option<String>,
    /// A preset of the family, like `sketch`, or your own [default: the family's first]
    #[arg(long, value_name = "P")]
    preset: Option<String>,
    /// Apply a switch to the preset, like `causal`; can be repeated, later ones win
    #[arg(long = "switch", value_name = "NAME")]
    switches: Vec<String>,
    /// Change a single setting; can be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    settings: Vec<(String, String)>,
}

/// What and how long to train.
#[derive(clap::Args)]
pub(crate) struct TrainingArgs {
    #[command(flatten)]
    choices: ChoiceArgs,
    /// The random seed; the same seed gives the same first losses
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    #[command(flatten)]
    limit: LimitArgs,
}

/// When a run stops by itself.
#[derive(clap::Args)]
pub(crate) struct LimitArgs {
    /// Stop after this much training time
    #[arg(long, value_name = "M", conflicts_with = "steps")]
    minutes: Option<f64>,
    /// Stop after this many steps in total
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
}

impl LimitArgs {
    /// The limit that was given, if any.
    pub(crate) fn limit(&self) -> Option<Limit> {
        let minutes = self.minutes.map(|minutes| Limit::Minutes { minutes });
        minutes.or(self.steps.map(|steps| Limit::Steps { steps }))
    }
}

impl TrainingArgs {
    /// The order to train on a dataset with these choices.
    pub(crate) fn new_run(self, dataset: Option<Id>, name: Option<String>) -> NewRun {
        let choices = self.choices.choices();
        NewRun { name, dataset, model: None, choices, limit: self.limit.limit(), seed: self.seed }
    }
}

/// Warns that memory will be short before a training is queued, since it may run unattended. Choices that
/// cannot be forecast are refused when they are queued.
pub(crate) fn warn_of_memory(client: &Client, terminal: Terminal, new: &NewRun) {
    let composition = NewComposition {
        choices: new.choices.clone(),
        dataset: new.dataset.clone(),
        limit: new.limit,
    };
    if let Ok(forecast) = client.post::<RunForecast>("/api/compositions", &composition)
        && let Some(warning) = memory_warning(&forecast.memory)
    {
        terminal.note(&format!("Warning: {warning}"));
    }
}

/// The warning and the suggestions if memory will be short.
pub(crate) fn memory_warning(memory: &MemoryForecast) -> Option<String> {
    let (needed, free) = (memory.needed_bytes(), words::bytes(memory.free_bytes?));
    let how = match memory.level {
        MemoryLevel::Tight => "nearly all of the",
        MemoryLevel::TooLarge => "more than the",
        MemoryLevel::Fits | MemoryLevel::Unknown => return None,
    };
    let mut text = format!(
        "Training needs about {} of memory, {how} {free} that is free.",
        words::bytes(needed)
    );
    for advice in &memory.advice {
        let settings = advice.settings.iter();
        let settings: Vec<_> =
            settings.map(|(key, value)| format!("--set {key}={}", words::setting(value))).collect();
        text.push_str(&format!(
            "\n  {} would need about {}: {}",
            advice.title,
            words::bytes(advice.memory_bytes),
            settings.join(" ")
        ));
    }
    Some(text)
}

impl ChoiceArgs {
    /// The choices. The values of settings are sent as they were typed: the knobs read them.
    pub(crate) fn choices(self) -> Choices {
        let family = match self.game {
            Some(_) => family_of_agents(),
            None => self.family,
        };
        // What is set by its own name comes later, and wins.
        let game = self.game.map(|key| (GAME.to_owned(), key));
        let settings = game.into_iter().chain(self.settings);
        Choices {
            family: Some(family),
            preset: self.preset,
            switches: self.switches,
            settings: settings.map(|(key, text)| (key, text.into())).collect(),
        }
    }
}

/// The setting of agents that says which game they learn.
const GAME: &str = "game";

/// The first family whose models learn from a game.
fn family_of_agents() -> String {
    family_that_learns(LearnsFrom::Game)
}

/// The first family whose models learn from this.
pub(crate) fn family_that_learns(from: LearnsFrom) -> String {
    let families = worker::families();
    let found = families.into_iter().find(|it| it.learns_from == from);
    found.map_or_else(String::new, |it| it.name)
}

pub(crate) fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn short_memory_is_said_with_what_to_change() {
        let mut memory = MemoryForecast {
            phase_bytes: vec![3_000_000_000, 9_500_000_000],
            free_bytes: Some(10_000_000_000),
            level: MemoryLevel::Tight,
            advice: vec![api::MemoryAdvice {
                title: "Batch size 4".to_owned(),
                settings: BTreeMap::from([("batch_size".to_owned(), json!(4))]),
                memory_bytes: 4_900_000_000,
            }],
        };
        assert_eq!(
            memory_warning(&memory).unwrap(),
            "Training needs about 9.5 GB of memory, nearly all of the 10.0 GB that is free.\n  \
             Batch size 4 would need about 4.9 GB: --set batch_size=4"
        );
        memory.level = MemoryLevel::Fits;
        assert_eq!(memory_warning(&memory), None);
    }

    #[test]
    fn a_game_means_an_agent() {
        let args = |game: Option<&str>, settings: &[(&str, &str)]| ChoiceArgs {
            family: "rave".to_owned(),
            game: game.map(str::to_owned),
            preset: None,
            switches: vec![],
            settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        };
        let choices = args(Some("brick"), &[("n_envs", "8")]).choices();
        assert_eq!(choices.family.as_deref(), Some("agent"));
        assert_eq!(choices.settings["game"], json!("brick"));
        assert_eq!(choices.settings["n_envs"], json!("8"));
        let choices = args(Some("brick"), &[("game", "snake")]).choices();
        assert_eq!(choices.settings["game"], json!("snake"));
        let choices = args(None, &[]).choices();
        assert_eq!((choices.family.as_deref(), choices.settings.len()), (Some("rave"), 0));
    }

    #[test]
    fn a_setting_has_a_key_and_a_value() {
        let pair = |key: &str, value: &str| Ok((key.to_owned(), value.to_owned()));
        assert_eq!(key_and_value("a=1"), pair("a", "1"));
        assert_eq!(key_and_value("a = b=c "), pair("a", "b=c"));
        assert!(key_and_value("a").is_err());
    }
}
