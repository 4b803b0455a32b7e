//! A trained agent: it plays, says what it sees in a state, and is stored without what only training needs.

use std::{cell::OnceCell, collections::BTreeMap, path::Path};

use games::{Info, Random, Recording, Wrappers};
use nn::{
    NamedArray,
    feedforward::Pass,
    onnx::{self, NetworkDescribed},
};
use serde_json::Value;

use super::{
    config::Config,
    family::NAME,
    network::{Agent, Seen, wrappers},
    play::{choose, episodes, options},
    train::measured_choice,
    watcher::{Look, Watcher},
};
use crate::{Error, Finished};

/// A trained agent.
pub struct Player {
    config: Config,
    agent: Agent,
    parameters: Vec<f32>,
    transposed: OnceCell<Vec<f32>>,
}

/// What a file says of an agent besides its arrays.
pub(super) fn words(config: &Config) -> BTreeMap<String, String> {
    let words = [
        ("family", NAME.to_owned()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("settings", config.to_settings().to_string()),
        ("game_version", config.info().version.to_string()),
    ];
    words.map(|(key, value)| (key.to_owned(), value)).into()
}

/// The settings that a file says it was trained with.
pub(super) fn config(path: &Path, words: &BTreeMap<String, String>) -> Result<Config, Error> {
    let wrong = |reason: String| Error::Settings { path: path.into(), reason };
    let family = words.get("family").map(String::as_str);
    if family != Some(NAME) {
        return Err(wrong("it is not a game agent".into()));
    }
    let text = words.get("settings").ok_or_else(|| wrong("there are none".into()))?;
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    Config::from_settings(&value).map_err(|problems| {
        let first = problems.into_iter().next();
        wrong(first.map_or(String::new(), |it| format!("{}: {}", it.key, it.message)))
    })
}

impl Player {
    pub(super) fn new(config: Config, parameters: Vec<f32>) -> Self {
        Self { agent: Agent::new(&config), config, parameters, transposed: OnceCell::new() }
    }

    pub(super) fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Matrices for the way back through its network.
    pub(super) fn transposed(&self) -> &[f32] {
        self.transposed.get_or_init(|| {
            let mut transposed = Vec::new();
            self.agent.network.transpose(&self.parameters, &mut transposed);
            transposed
        })
    }

    /// Reads an agent from a finished model or a checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read or is no agent.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let found = nn::checkpoint::read_some(path, |name| !name.starts_with(super::state::FRONT))?;
        let config = config(path, &found.metadata)?;
        let agent = Agent::new(&config);
        let parameters = agent.network.from_arrays(&found.arrays, &agent.names)?;
        Ok(Self::new(config, parameters))
    }

    /// The game that it plays.
    #[must_use]
    pub fn game(&self) -> &'static Info {
        self.config.info()
    }

    /// What is chosen of the game.
    #[must_use]
    pub fn options(&self) -> games::Options {
        options(&self.config)
    }

    /// What stands between the game and it.
    #[must_use]
    pub fn wrappers(&self) -> Wrappers {
        wrappers(&self.config)
    }

    /// Plays `n` whole episodes. The same seed gives the same ones.
    #[must_use]
    pub fn record(&self, n: usize, seed: u64) -> Vec<Recording> {
        let choice = measured_choice(&self.config);
        episodes(&self.config, &self.agent, &self.parameters, choice, n, seed)
    }

    /// Begins to watch a game.
    #[must_use]
    pub fn watch(&self) -> Watcher<'_> {
        Watcher::new(self, self.wrappers())
    }

    /// What it makes of a picture that somebody else took; a [`Watcher`] takes its own.
    pub fn look_at_picture(&self, picture: &[u8], pass: &mut Pass) -> Look {
        self.agent.forward(&self.parameters, Seen::Bytes(&|_| picture), 1, pass);
        self.made_of(pass)
    }

    /// What it makes of numbers.
    pub fn look_at_numbers(&self, numbers: &[f32], pass: &mut Pass) -> Look {
        self.agent.forward(&self.parameters, Seen::Numbers(&|_| numbers), 1, pass);
        self.made_of(pass)
    }

    /// Chooses an action by what it made of the state.
    pub fn choose(&self, look: &Look, random: &mut Random) -> u8 {
        let mut preferences = if look.action_values.is_empty() {
            look.policy.iter().map(|it| it.max(f32::MIN_POSITIVE).ln()).collect()
        } else {
            look.action_values.clone()
        };
        choose(&mut preferences, measured_choice(&self.config), random) as u8
    }

    /// What it made of what went through its network last.
    fn made_of(&self, pass: &Pass) -> Look {
        let mut preferences = Vec::new();
        self.agent.preferences(pass, &mut preferences);
        if self.agent.is_policy() {
            super::policy::log_softmax(&mut preferences);
            let policy = preferences.iter().map(|it| it.exp()).collect();
            let value = self.agent.values(pass).map_or(0.0, |it| it[0]);
            return Look { policy, value, ..Look::default() };
        }
        let best = super::policy::best(&preferences);
        let policy = (0..preferences.len()).map(|i| f32::from(u8::from(i == best))).collect();
        Look { policy, value: preferences[best], action_values: preferences, ..Look::default() }
    }

    /// Writes it as an ONNX graph: from what is seen, `[member, channel, row, column]` or `[member, number]`, to
    /// `logits` and `value` of PPO, to `q_values` of DQN, or to `advantages` and `value` of a duelling
    /// network.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_onnx(&self, path: &Path) -> Result<(), Error> {
        let info = self.config.info();
        let actions: Vec<String> = info.actions.iter().map(|it| (*it).to_owned()).collect();
        let described = NetworkDescribed {
            input: "observation",
            factor: self.agent.factor(),
            outputs: self.agent.head_names(),
            about: format!("An agent that plays {}, trained with Maquette.", info.title),
            facts: vec![
                ("game", info.key.to_owned()),
                ("game_version", info.version.to_string()),
                ("actions", actions.join(",")),
                ("frame_skip", self.config.frames_per_action().to_string()),
            ],
        };
        let (network, names) = (&self.agent.network, &self.agent.names);
        Ok(onnx::write_network(path, network, &self.parameters, names, &described)?)
    }

    /// Whether a graph that [`Self::write_onnx`] wrote has its weights, to the last bit.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_in_onnx(&self, path: &Path) -> Result<bool, Error> {
        Ok(onnx::read_network_arrays(path)? == self.arrays())
    }

    fn arrays(&self) -> Vec<NamedArray> {
        self.agent.network.to_arrays(&self.parameters, &self.agent.names)
    }
}

impl Finished for Player {
    fn family(&self) -> &'static str {
        NAME
    }

    fn kind(&self) -> &'static str {
        "an agent that plays a game"
    }

    fn settings(&self) -> Value {
        self.config.to_settings()
    }

    fn about_weights(&self) -> &'static str {
        "holds the network under the names that Stable-Baselines3 has for its layers"
    }

    fn n_arrays(&self) -> usize {
        2 * self.agent.names.len()
    }

    fn weights(&self) -> Vec<(String, Vec<usize>, Vec<u32>)> {
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
        self.arrays().into_iter().map(|it| (it.name, it.shape, bits(it.values))).collect()
    }

    fn save(&self, path: &Path) -> Result<(), Error> {
        Ok(nn::checkpoint::write(path, &self.arrays(), &words(&self.config))?)
    }

    fn as_player(&self) -> Option<&Player> {
        Some(self)
    }
}
