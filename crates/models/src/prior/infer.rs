//! A trained prior: what its file says, and how it is kept.

use std::collections::BTreeMap;
use std::path::Path;

use nn::graph::{Graph, Value as Made};
use nn::{NamedArray, Parameters};
use serde_json::Value;

use super::config::{Config, Distribution};
use super::directions::Directions;
use super::family::NAME;
use super::live::Live;
use super::network::Network;
use crate::{Error, Finished, LatentSpace, LivePrior, Prior, PriorCodec, PriorSettings};

/// The prefix of the names of averaged weights in a checkpoint.
pub(super) const AVERAGE: &str = "average.";

/// A trained prior.
pub struct Model {
    config: Config,
    directions: Directions,
    codec: PriorCodec,
    network: Network,
    parameters: Parameters,
    step: u64,
}

/// What a file says of a prior besides its arrays.
pub(super) fn words(
    config: &Config,
    codec: &PriorCodec,
    n: usize,
    step: u64,
) -> BTreeMap<String, String> {
    let words = [
        ("family", NAME.to_owned()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("settings", config.to_settings().to_string()),
        ("step", step.to_string()),
        ("n_directions", n.to_string()),
        ("codec_sha256", codec.sha256.clone()),
        ("codec_name", codec.name.clone()),
        ("codec_family", codec.family.clone()),
        ("codec_settings", codec.settings.to_string()),
    ];
    words.map(|(key, value)| (key.to_owned(), value)).into()
}

/// What the words of a file say.
pub(super) struct Words {
    pub(super) config: Config,
    pub(super) codec: PriorCodec,
    pub(super) n: usize,
    pub(super) step: u64,
}

/// Reads what a file says of itself.
///
/// # Errors
/// When it is no prior, or says it in a way that cannot be used.
pub(super) fn read_words(path: &Path, words: &BTreeMap<String, String>) -> Result<Words, Error> {
    let wrong = |reason: String| Error::Settings { path: path.into(), reason };
    let word = |key: &str| {
        words.get(key).map(String::as_str).ok_or_else(|| wrong(format!("there is no {key}")))
    };
    if words.get("family").map(String::as_str) != Some(NAME) {
        return Err(wrong("it is not a prior".into()));
    }
    let parsed = |key: &str| -> Result<Value, Error> {
        serde_json::from_str(word(key)?).map_err(|error| wrong(format!("{key}: {error}")))
    };
    let first = |problems: Vec<api::FieldProblem>| {
        let first = problems.into_iter().next();
        wrong(first.map_or(String::new(), |it| format!("{}: {}", it.key, it.message)))
    };
    let config = Config::from_settings(&parsed("settings")?).map_err(first)?;
    let (family, settings) = (word("codec_family")?.to_owned(), parsed("codec_settings")?);
    let known = crate::family(&family);
    let known = known.ok_or_else(|| wrong(format!("this version has no family `{family}`")))?;
    let shape = known.settings(&settings).map_err(first)?.codec();
    let shape = shape.ok_or_else(|| wrong(format!("`{family}` is no family of codecs")))?;
    let (sha256, name) = (word("codec_sha256")?.to_owned(), word("codec_name")?.to_owned());
    let n = word("n_directions")?.parse().ok().filter(|n| (1..=shape.latent_size).contains(n));
    let n = n.ok_or_else(|| wrong("n_directions is not one of the codec's latents".into()))?;
    let step = words.get("step").and_then(|it| it.parse().ok()).unwrap_or(0);
    let codec = PriorCodec { sha256, name, family, settings, shape };
    Ok(Words { config, codec, n, step })
}

/// What a file of a prior holds besides its network.
pub(super) struct Described {
    pub(super) config: Config,
    pub(super) codec: PriorCodec,
    pub(super) directions: Directions,
    pub(super) step: u64,
}

/// Reads what a file holds besides its network.
///
/// # Errors
/// As [`read_words`], and when the directions are absent or do not fit.
pub(super) fn describe(
    path: &Path,
    words: &BTreeMap<String, String>,
    arrays: &[NamedArray],
) -> Result<Described, Error> {
    let Words { config, codec, n, step } = read_words(path, words)?;
    let directions = Directions::from_arrays(arrays, n);
    let directions = directions.filter(|it| it.size() == codec.shape.latent_size);
    let directions = directions.ok_or_else(|| Error::Settings {
        path: path.into(),
        reason: "the directions of its latents are absent or do not fit the codec".into(),
    })?;
    Ok(Described { config, codec, directions, step })
}

impl Model {
    pub(super) fn new(
        config: &Config,
        directions: Directions,
        codec: PriorCodec,
        parameters: Parameters,
        step: u64,
    ) -> Self {
        let network = Network::new(config, directions.n);
        Self { config: config.clone(), directions, codec, network, parameters, step }
    }

    /// A prior with random weights of a codec that nobody knows, to measure how fast it plays.
    #[must_use]
    pub fn untrained(config: &Config) -> Self {
        let latents = super::family::usual(config);
        let n = config.n_directions(&latents.space);
        let directions = match config.distribution {
            Distribution::Mixture => Directions::measured(&latents, n),
            Distribution::Quantised => Directions::plain(latents.space, n),
        };
        let parameters = Network::new(config, n).initialise(0);
        Self::new(config, directions, latents.codec, parameters, 0)
    }

    /// Reads a prior from a finished model or a checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read or is no prior.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let found = nn::checkpoint::read(path)?;
        let Described { config, codec, directions, step } =
            describe(path, &found.metadata, &found.arrays)?;
        let network = Network::new(&config, directions.n);
        let mut parameters = network.initialise(0);
        let average: Vec<NamedArray> = found
            .arrays
            .iter()
            .filter_map(|array| {
                let name = array.name.strip_prefix(AVERAGE)?.to_owned();
                Some(NamedArray { name, ..array.clone() })
            })
            .collect();
        parameters.load(if average.is_empty() { &found.arrays } else { &average })?;
        Ok(Self { config, directions, codec, network, parameters, step })
    }

    pub(super) fn network(&self) -> &Network {
        &self.network
    }

    pub(super) fn directions(&self) -> &Directions {
        &self.directions
    }

    pub(super) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn arrays(&self) -> Vec<NamedArray> {
        let mut arrays = self.parameters.to_arrays();
        arrays.extend(self.directions.to_arrays());
        arrays
    }
}

impl Finished for Model {
    fn family(&self) -> &'static str {
        NAME
    }

    fn kind(&self) -> &'static str {
        "a prior, which makes latents of a codec"
    }

    fn settings(&self) -> Value {
        self.config.to_settings()
    }

    fn about_weights(&self) -> &'static str {
        "holds the network under the names of RAVE's prior, and the directions of the codec's latents"
    }

    fn n_arrays(&self) -> usize {
        self.arrays().len()
    }

    fn weights(&self) -> Vec<(String, Vec<usize>, Vec<u32>)> {
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
        self.arrays().into_iter().map(|it| (it.name, it.shape, bits(it.values))).collect()
    }

    fn save(&self, path: &Path) -> Result<(), Error> {
        self.save_as_of(&self.codec.sha256, path)
    }

    fn as_prior(&self) -> Option<&dyn Prior> {
        Some(self)
    }
}

impl Prior for Model {
    fn codec(&self) -> &PriorCodec {
        &self.codec
    }

    fn context_frames(&self) -> usize {
        self.config.context_frames()
    }

    fn space(&self) -> &LatentSpace {
        &self.directions.space
    }

    fn frame_in(&self, graph: &mut Graph, temperature: Made) -> Made {
        super::exported::frame(self, graph, temperature)
    }

    fn save_as_of(&self, sha256: &str, path: &Path) -> Result<(), Error> {
        let codec = PriorCodec { sha256: sha256.to_owned(), ..self.codec.clone() };
        let words = words(&self.config, &codec, self.directions.n, self.step);
        Ok(nn::checkpoint::write(path, &self.arrays(), &words)?)
    }

    fn live(&self, settings: PriorSettings) -> Box<dyn LivePrior> {
        Box::new(Live::new(self, settings))
    }
}
