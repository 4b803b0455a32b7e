//! Models of the original program (acids-rave 2.3): its training checkpoints (`.ckpt`), exported
//! modules (`.ts`) and bare state dicts (`.pt`) are converted to ours, and ours to its.
//!
//! Layers have the same names in both, so converting means finding the settings (from `config.gin`,
//! the shapes, and the code of an exported module), restoring weight normalisation that an export has
//! multiplied out, and giving the optimisers' state the names of its parameters.

mod gin_text;
mod optimisers;
mod prior;
mod program;
mod settings;
mod shapes;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nn::NamedArray;
use nn::torch_checkpoint::{self, TorchCheckpoint, Value};
use serde_json::json;

use self::settings::Settings;
use self::shapes::Shapes;
use super::network::pqmf::Pqmf;
use super::network::{DECODER, DISCRIMINATOR, ENCODER, Network};
use super::space::LatentSpace;
use super::{Config, Regularization, configurations, infer};
use crate::Error;
use crate::prior::OriginalPrior;

pub use self::program::AcidsRave;
pub use self::write::write_run;

/// A model of the original program, parsed.
#[derive(Debug)]
pub struct Original {
    /// What kind of file it is.
    pub kind: Kind,
    /// Its settings as ours. What the file does not state, such as the batch size, is at its default.
    pub config: Config,
    /// What was left out, guessed or contradictory, one sentence each.
    pub warnings: Vec<String>,
    /// Batches it was trained with; 0 if the file does not say.
    pub step: u64,
    /// Whether phase 2 has begun.
    pub is_in_phase_2: bool,
    path: PathBuf,
    /// Encoder, decoder and, if the file has them, discriminators.
    parameters: Vec<NamedArray>,
    /// The running average of encoder and decoder, if one was kept.
    average: Vec<NamedArray>,
    space: Option<LatentSpace>,
    /// The state of both optimisers, under our names.
    optimisers: Vec<NamedArray>,
    has_discriminators: bool,
    /// The prior that an export holds.
    prior: Option<OriginalPrior>,
}

/// The kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A training checkpoint of the program.
    Checkpoint,
    /// A module exported to be played.
    Export {
        /// Whether it keeps state from block to block.
        is_streaming: bool,
        /// The number of latents it exposes; the rest is noise.
        n_latents: usize,
    },
    /// Weights alone.
    StateDict,
}

/// How many folders above a file its `config.gin` may be: `run/version_0/checkpoints/best.ckpt`.
const CONFIG_LEVELS: usize = 3;
/// Lists whose length can be derived from shapes, but not their values.
const COUNTED: &[&str] = &[
    "dilations",
    "dilations_deepest",
    "encoder_dilations",
    "stack_dilations",
    "discriminator_periods",
    "discriminator_spectra",
];
/// The decay of the average is not stored in any file; this is a common value.
const EMA: f64 = 0.999;
/// How far a filter bank may differ from ours, relative to its largest tap.
const BANK_TOLERANCE: f64 = 1e-3;

/// Reads a file of the original program, with the `config.gin` of its run if one is near.
///
/// # Errors
/// When the file cannot be read, is not from that program, or contains an unsupported model: the error
/// names the layer or the setting.
pub fn open(path: &Path) -> Result<Original, Error> {
    open_with(path, find_config(path).as_deref())
}

/// Reads a file of the original program with the given configuration, or with none.
///
/// # Errors
/// See [`open`].
pub fn open_with(path: &Path, config: Option<&Path>) -> Result<Original, Error> {
    let file = torch_checkpoint::open(path)?;
    let state = State::read(&file)?;
    let wrong = |reason: String| Error::Original { path: path.to_owned(), reason };
    let mut warnings = Vec::new();
    let gin = match config.map(foreign::gin::read) {
        Some(Ok(gin)) => Some(gin),
        Some(Err(error)) => {
            warnings.push(format!("its configuration was left out: failed to {error}"));
            None
        }
        None => None,
    };
    let from_shapes = state.shapes.settings().map_err(wrong)?;
    let from_gin = match &gin {
        Some(gin) => {
            let (settings, of_gin) = settings::of_gin(gin);
            warnings.extend(of_gin);
            settings
        }
        None => {
            warnings.push(
                "no config.gin is near it: what the file itself does not tell, such as weights of \
                 losses, is as in RAVE's own configuration"
                    .to_owned(),
            );
            usual(&from_shapes)
        }
    };
    let is_coded = !state.shapes.dilations.is_empty();
    let mut settings = merged(from_gin, from_shapes, is_coded, gin.is_some(), &mut warnings);
    state.adjust(&mut settings, &mut warnings);
    let config = config_of(settings, &mut warnings).map_err(wrong)?;
    state.finish(path, config, warnings)
}

/// The `config.gin` of the run that contains a file.
fn find_config(path: &Path) -> Option<PathBuf> {
    let folders = path.ancestors().skip(1).take(CONFIG_LEVELS);
    folders.map(|folder| folder.join("config.gin")).find(|path| path.is_file())
}

/// The contents of a file of the program.
struct State<'a> {
    file: &'a TorchCheckpoint,
    kind: Kind,
    arrays: Vec<NamedArray>,
    shapes: Shapes,
}

impl<'a> State<'a> {
    fn read(file: &'a TorchCheckpoint) -> Result<Self, Error> {
        let root = file.root();
        let code = file.code()?;
        let is_training = root.get("state_dict").is_some();
        let arrays = if is_training { file.state_dict()? } else { file.tensors(root)? };
        let mut shapes = Shapes::default();
        for array in &arrays {
            shapes.arrays.insert(array.name.clone(), array.shape.clone());
        }
        let mut state = Self { file, kind: Kind::StateDict, arrays, shapes };
        if is_training {
            state.kind = Kind::Checkpoint;
        } else if !code.classes.is_empty() {
            state.read_export(root, &code);
        }
        if state.shapes.is_causal.is_none()
            && let Some([left, right]) = state.values("receptive_field")
            && *left > 0.0
        {
            // Layers that look ahead do so about as far as they look back.
            state.shapes.is_causal = Some(4.0 * right < *left);
        }
        Ok(state)
    }

    /// What only an exported module states.
    fn read_export(&mut self, root: Value<'_>, code: &torch_checkpoint::Code) {
        for (path, object) in self.file.objects(root) {
            let Some(class) = object.class() else { continue };
            let one = |name: &str| {
                let all = code.constant_ints(class, name)?;
                usize::try_from(*all.first()?).ok().filter(|n| (1..=4096).contains(n))
            };
            if let Some(dilation) = one("dilation") {
                self.shapes.dilations.insert(path.clone(), dilation);
            }
            if let Some(stride) = one("stride") {
                self.shapes.strides.insert(path, stride);
            }
        }
        let first = "encoder.encoder.net.0";
        let right = root.at(&format!("{first}._pad.1"));
        // A layer that caches its past states its delay.
        let right = right.or_else(|| root.at(&format!("{first}.cumulative_delay")));
        self.shapes.is_causal = right.and_then(|it| it.as_int()).map(|right| right == 0);
        let rate = root.get("sr").and_then(|it| it.as_int());
        self.shapes.rate_hz = rate.and_then(|rate| u32::try_from(rate).ok());
        let n_latents = self.values("encode_params").and_then(|it: &[f32; 4]| it.get(2));
        self.kind = Kind::Export {
            is_streaming: self.array("encoder.encoder.net.0.cache.pad").is_some(),
            n_latents: n_latents.map_or(0, |n| *n as usize),
        };
    }

    /// What the file states besides shapes.
    fn adjust(&self, settings: &mut Settings, warnings: &mut Vec<String>) {
        if settings.get("regularization") == Some(&json!("discrete")) {
            let is_on = self.values("encoder.enabled").is_some_and(|[on]: &[f32; 1]| *on != 0.0);
            if !is_on {
                settings.insert("num_quantizers".into(), json!(0));
                warnings.push(
                    "its code books were never used, as the original never turns them on: its latent \
                     is continuous"
                        .to_owned(),
                );
            }
        }
        if self.averages().is_some() {
            settings.insert("ema".into(), json!(EMA));
            warnings.push(format!(
                "an average of its weights was kept, by a share that the file does not tell: from here \
                 on it is {EMA}"
            ));
        }
    }

    fn finish(
        self,
        path: &Path,
        config: Config,
        mut warnings: Vec<String>,
    ) -> Result<Original, Error> {
        let network = Network::new(&config);
        // Layers that appear only in the settings are not created.
        let n_found: usize = self.arrays.iter().map(|array| array.values.len()).sum();
        let [n_generator, n_discriminators] = network.n_values();
        if n_generator > n_found {
            let reason = format!(
                "it has {n_found} parameters, but a model with its settings has {n_generator}"
            );
            return Err(Error::Original { path: path.to_owned(), reason });
        }
        let generator = network.initialise_generator(&config, 0).to_arrays();
        let mut parameters = self.taken(&self.arrays, &generator)?;
        let mut has_discriminators = false;
        let are_stored = self.arrays.iter().any(|array| array.name.starts_with(DISCRIMINATOR));
        if are_stored && n_discriminators <= n_found {
            let all = network.initialise(&config, 0).to_arrays();
            let discriminators: Vec<_> =
                all.into_iter().filter(|it| it.name.starts_with(DISCRIMINATOR)).collect();
            match self.taken(&self.arrays, &discriminators) {
                Ok(discriminators) => {
                    parameters.extend(discriminators);
                    has_discriminators = true;
                }
                Err(error) => warnings.push(format!(
                    "its discriminators are of another kind, so it can be played and not trained on: \
                     failed to {error}"
                )),
            }
        }
        self.compare_bank(&config, &mut warnings);
        let mut average = Vec::new();
        if let Some(averages) = self.averages() {
            let mut arrays = self.file.tensors(averages)?;
            let known: Vec<String> = arrays.iter().map(|array| array.name.clone()).collect();
            // Running statistics are not averaged.
            let rest = self.arrays.iter().filter(|array| !known.contains(&array.name));
            arrays.extend(rest.cloned());
            average = self.taken(&arrays, &generator)?;
        }
        let optimisers = if has_discriminators {
            let found = optimisers::read(self.file, &parameters, &self.arrays)?;
            if found.is_none() {
                warnings.push(
                    "the state of its optimisers is not there or does not fit: the first steps after \
                     it will be rougher"
                        .to_owned(),
                );
            }
            found.unwrap_or_default()
        } else {
            Vec::new()
        };
        let step = self.step();
        let is_warm = |name: &str| self.values(name).is_some_and(|[on]: &[f32; 1]| *on != 0.0);
        let is_warm = is_warm("encoder.warmed_up") || is_warm("decoder.warmed_up");
        if let Kind::Export { n_latents, .. } = self.kind
            && n_latents > 0
            && n_latents < config.latent_size
            && config.regularization == Regularization::Variational
        {
            warnings.push(format!(
                "the export exposes {n_latents} of its {} latents; all of them were imported",
                config.latent_size
            ));
        }
        let space = self.space(&config);
        let prior = self.prior(space.is_some(), &mut warnings);
        Ok(Original {
            kind: self.kind,
            is_in_phase_2: is_warm || (step > 0 && step >= config.phase_1_duration),
            step,
            space,
            prior,
            config,
            warnings,
            path: path.to_owned(),
            parameters,
            average,
            optimisers,
            has_discriminators,
        })
    }

    /// The available arrays that a network needs, converted to normalised form if they are not.
    fn taken(
        &self,
        arrays: &[NamedArray],
        wanted: &[NamedArray],
    ) -> Result<Vec<NamedArray>, Error> {
        let found: BTreeMap<&str, &NamedArray> =
            arrays.iter().map(|array| (array.name.as_str(), array)).collect();
        let take = |wanted: &NamedArray| {
            let name = wanted.name.as_str();
            let array = match found.get(name) {
                Some(array) => (*array).clone(),
                None => normalised(&found, name)
                    .ok_or_else(|| nn::Error::Missing { name: name.to_owned() })?,
            };
            if array.shape == wanted.shape {
                return Ok(array);
            }
            let (expected, found) = (wanted.shape.clone(), array.shape);
            Err(nn::Error::Shape { name: name.to_owned(), expected, found }.into())
        };
        wanted.iter().map(take).collect()
    }

    /// The number of training batches. A checkpoint counts the steps of both optimisers, one per batch.
    fn step(&self) -> u64 {
        let root = self.file.root();
        let known = root.at("callbacks.WarmupCallback.training_steps");
        let known = known.or_else(|| root.get("global_step"));
        known.and_then(|it| it.as_int()).and_then(|step| u64::try_from(step).ok()).unwrap_or(0)
    }

    /// The averaged weights, if there are any.
    fn averages(&self) -> Option<Value<'a>> {
        let ema = self.file.root().get("callbacks")?.get("EMA")?;
        let ema = ema.get("weights").unwrap_or(ema);
        ema.entries().any(|(_, value)| value.as_tensor().is_some()).then_some(ema)
    }

    /// The latent space, if it was ever measured: the program does so only for variational models.
    fn space(&self, config: &Config) -> Option<LatentSpace> {
        let is_measured = self.array("fidelity")?.values.iter().any(|it| *it > 0.0);
        let is_measured = is_measured && config.regularization == Regularization::Variational;
        LatentSpace::from_arrays(&self.arrays).filter(|space| {
            let numbers =
                space.mean.iter().chain(&space.fidelity).chain(space.directions.iter().flatten());
            is_measured
                && space.mean.len() == config.latent_size
                && numbers.clone().all(|it| it.is_finite())
        })
    }

    /// Warns if its filter bank differs from the one that the settings imply.
    fn compare_bank(&self, config: &Config, warnings: &mut Vec<String>) {
        let Some(theirs) = self.array("pqmf.hk") else { return };
        let (_, ours) = Pqmf::filters(config.n_band, config.pqmf_attenuation);
        let n_taps = theirs.values.len() / config.n_band.max(1);
        let mut largest = 0.0f64;
        let mut difference = 0.0f64;
        for (theirs, ours) in theirs.values.chunks(n_taps.max(1)).zip(&ours) {
            for tap in 0..n_taps.max(ours.len()) {
                let theirs = theirs.get(tap).map_or(0.0, |it| f64::from(*it));
                largest = largest.max(theirs.abs());
                difference = difference.max((theirs - ours.get(tap).copied().unwrap_or(0.0)).abs());
            }
        }
        if difference.is_nan() || difference > BANK_TOLERANCE * largest {
            warnings.push(format!(
                "its filter bank is not that of {} bands with {} dB: it differs by {:.1} %, and will \
                 sound different",
                config.n_band,
                config.pqmf_attenuation,
                100.0 * difference / largest.max(f64::MIN_POSITIVE)
            ));
        }
    }

    fn array(&self, name: &str) -> Option<&NamedArray> {
        self.arrays.iter().find(|array| array.name == name)
    }

    fn values<const N: usize>(&self, name: &str) -> Option<&[f32; N]> {
        self.array(name)?.values.as_slice().try_into().ok()
    }
}

/// The length or the direction of a weight whose normalisation an export has multiplied out.
fn normalised(found: &BTreeMap<&str, &NamedArray>, name: &str) -> Option<NamedArray> {
    let (layer, is_length) = match name.strip_suffix("weight_g") {
        Some(layer) => (layer, true),
        None => (name.strip_suffix("weight_v")?, false),
    };
    let weight = found.get(format!("{layer}weight").as_str())?;
    let mut array = NamedArray { name: name.to_owned(), ..(*weight).clone() };
    if is_length {
        let n = array.shape.first().copied().filter(|n| (1..=weight.values.len()).contains(n))?;
        array.values = nn::Init::norms(&weight.values, n);
        array.shape[1..].fill(1);
    }
    Some(array)
}

/// The settings of RAVE's own configuration of an architecture.
fn usual(from_shapes: &Settings) -> Settings {
    let is_first = from_shapes.get("architecture") == Some(&json!("v1"));
    let is_discrete = from_shapes.get("regularization") == Some(&json!("discrete"));
    let ratios = from_shapes.get("ratios").and_then(|it| it.as_array());
    let keeps_rate = ratios.is_some_and(|ratios| ratios.contains(&json!(1)));
    let name = match (is_first, keeps_rate, is_discrete) {
        (true, true, _) => "brave",
        (true, false, _) => "v1",
        (false, _, true) => "discrete",
        (false, _, false) => "v2",
    };
    let preset = configurations::presets().into_iter().find(|preset| preset.name == name);
    preset.map(|preset| preset.settings).unwrap_or_default()
}

/// Merges both; shapes win where they are conclusive. `is_coded` is whether the code states dilations,
/// `has_config` whether the first settings are from a configuration file.
fn merged(
    from_gin: Settings,
    from_shapes: Settings,
    is_coded: bool,
    has_config: bool,
    warnings: &mut Vec<String>,
) -> Settings {
    let mut settings = from_gin;
    for (key, value) in from_shapes {
        let said = settings.get(&key);
        let length = |value: &serde_json::Value| value.as_array().map(Vec::len);
        let is_coded = is_coded && key.contains("dilations");
        let keeps = match (key.as_str(), said) {
            (_, None) => false,
            // If the code does not state a list, the configuration's is kept if it has the same length.
            (key, Some(said)) if COUNTED.contains(&key) && !is_coded => {
                length(said) == length(&value)
            }
            // Both have the same shapes, so the configuration decides.
            ("regularization", Some(said)) => {
                let is_plain = |it: &serde_json::Value| *it == "wasserstein" || *it == "spherical";
                is_plain(said) && is_plain(&value)
            }
            _ => false,
        };
        if keeps {
            continue;
        }
        let said = settings.insert(key.clone(), value.clone());
        if let Some(said) = said.filter(|said| has_config && !is_same(said, &value)) {
            warnings
                .push(format!("`{key}` is {value} in the file, not {said} as in its config.gin"));
        }
    }
    settings
}

fn is_same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    a == b || a.as_f64().is_some_and(|a| Some(a) == b.as_f64())
}

/// The complete settings; an invalid one is corrected if it does not affect the weights.
fn config_of(mut settings: Settings, warnings: &mut Vec<String>) -> Result<Config, String> {
    for _ in 0..MENDED_MAX {
        let problems = match Config::from_settings(&json!(settings)) {
            Ok(config) => return Ok(config),
            Err(problems) => problems,
        };
        for problem in &problems {
            let Some(near) = problem.suggestion.clone().filter(|_| is_mendable(&problem.key))
            else {
                return Err(format!("`{}` {}", problem.key, problem.message));
            };
            if problem.key != "n_signal" {
                warnings
                    .push(format!("`{}` {}; {near} is used instead", problem.key, problem.message));
            }
            settings.insert(problem.key.clone(), near);
        }
    }
    Err("its settings contradict each other".to_owned())
}

/// The most settings that are corrected.
const MENDED_MAX: usize = 8;

/// Whether a setting affects neither the shapes nor the sound of a model.
fn is_mendable(key: &str) -> bool {
    const OF_TRAINING: &[&str] = &[
        "n_signal",
        "batch_size",
        "phase_1_duration",
        "beta",
        "beta_initial",
        "beta_warmup",
        "log_epsilon",
        "stft_scales",
        "multiband_weight",
        "fullband_weight",
        "feature_matching_weight",
        "adversarial_weight",
        "num_skipped_features",
        "update_discriminator_every",
        "mute_share",
        "compress_share",
        "compress_threshold",
        "compress_least",
        "compress_most",
    ];
    OF_TRAINING.contains(&key)
}

impl Original {
    /// Whether training can continue from it: its discriminators are present.
    #[must_use]
    pub fn is_trainable(&self) -> bool {
        self.has_discriminators
    }

    /// The arrays of encoder and decoder used for playing, and the latent space.
    #[must_use]
    pub fn model_arrays(&self) -> Vec<NamedArray> {
        let is_generator = |array: &&NamedArray| {
            array.name.starts_with(ENCODER) || array.name.starts_with(DECODER)
        };
        let played = if self.average.is_empty() { &self.parameters } else { &self.average };
        let mut arrays: Vec<NamedArray> = played.iter().filter(is_generator).cloned().collect();
        arrays.extend(self.space.iter().flat_map(LatentSpace::to_arrays));
        arrays
    }

    /// Saves what is needed for playing, as a model of ours.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_model(&self, path: &Path) -> Result<(), Error> {
        Ok(nn::checkpoint::write(path, &self.model_arrays(), &self.metadata())?)
    }

    /// Saves all of it, as a checkpoint of ours that training can continue from.
    ///
    /// # Errors
    /// When it has no discriminators, or the file cannot be written.
    pub fn save_checkpoint(&self, path: &Path) -> Result<(), Error> {
        if !self.has_discriminators {
            let what = "discriminators".to_owned();
            return Err(Error::NotResumable { path: self.path.clone(), what });
        }
        let mut arrays = self.parameters.clone();
        arrays.extend(self.optimisers.iter().cloned());
        let average = self.average.iter().cloned();
        arrays.extend(
            average.map(|it| NamedArray { name: format!("{}{}", infer::AVERAGE, it.name), ..it }),
        );
        arrays.extend(self.space.iter().flat_map(LatentSpace::to_arrays));
        Ok(nn::checkpoint::write(path, &arrays, &self.metadata())?)
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        let mut metadata = BTreeMap::from([
            ("family".to_owned(), "rave".to_owned()),
            ("settings".to_owned(), self.config.to_settings().to_string()),
            ("seed".to_owned(), "0".to_owned()),
            ("step".to_owned(), self.step.to_string()),
        ]);
        if self.is_in_phase_2 {
            let from = self.config.phase_1_duration.min(self.step);
            metadata.insert("phase_2_from".to_owned(), from.to_string());
        }
        metadata
    }
}

#[cfg(test)]
mod tests;
