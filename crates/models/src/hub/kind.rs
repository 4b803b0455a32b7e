//! What a kind of model says of itself, and the folder that it looks at.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use api::WeightsUse;
use nn::dense::Precision;
use nn::weight_files::{self, WeightFiles, WeightFormat};
use serde_json::Value;

use crate::effort::Effort;
use crate::lora::Adapter;
use crate::words::{Abilities, TextToAudio, Wish};
use crate::{Error, htdemucs};

/// Bounds a file of settings; the largest that are known have 30 kB.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
const CONFIG: &str = "config.json";
const INDEX: &str = "model_index.json";
const ORIGINAL: &str = "model_config.json";
/// The longest name of a kind that is repeated.
const NAME_MAX: usize = 60;

/// A kind of model that can be used.
pub(crate) struct Kind {
    /// What it is called here.
    pub(crate) name: &'static str,
    /// What its configuration calls it: `model_type`, or `_class_name` of a pipeline.
    pub(crate) called: &'static [&'static str],
    /// What can be done with it.
    pub(crate) uses: &'static [WeightsUse],
    /// What its configuration needs, from settings alone; why they cannot be used, in words.
    pub(crate) look: fn(&HubFolder<'_>) -> Result<Wanted, String>,
    /// Loads it, if it makes sound from words.
    pub(crate) open_words: Option<OpenWords>,
    /// What a sound takes, from settings alone, if it makes sound from words.
    pub(crate) effort: Option<CountEffort>,
}

/// Loads a model that makes sound from words, with adapters added to its weights, as much of each as is said.
pub(crate) type OpenWords =
    fn(&HubFolder<'_>, Precision, Vec<(Adapter, f64)>) -> Result<Box<dyn TextToAudio>, Error>;

/// Refuses adapters, for a kind of model that has none.
pub(crate) fn without_adapters(adapters: &[(Adapter, f64)]) -> Result<(), Error> {
    match adapters {
        [] => Ok(()),
        _ => Err(Error::Unfit { reason: "adapters are for Stable Audio 3 alone".into() }),
    }
}

/// Counts what a sound takes, with large weights in a precision; why it cannot be said, in words.
pub(crate) type CountEffort = fn(&HubFolder<'_>, &Wish, Precision) -> Result<Effort, String>;

/// What a configuration needs of the files, and what is known from it.
pub(crate) struct Wanted {
    /// Its networks: one, or one for each sub-folder.
    pub(crate) parts: Vec<Part>,
    /// What it is like: names and values.
    pub(crate) facts: Vec<(String, String)>,
    /// How it makes sound from words, if it does.
    pub(crate) words: Option<Abilities>,
}

/// A network with files of its own.
pub(crate) struct Part {
    /// The sub-folder; empty for the folder itself.
    pub(crate) folder: &'static str,
    /// The file there, where a folder has one for each network.
    pub(crate) file: Option<(String, WeightFormat)>,
    /// Names and shapes of the tensors that it needs.
    pub(crate) tensors: Vec<(String, Vec<usize>)>,
    /// Whether a tensor may be there without being needed.
    pub(crate) is_known: fn(&str) -> bool,
}

/// A folder of a model hub.
pub(crate) struct HubFolder<'a> {
    path: &'a Path,
}

impl Kind {
    /// Whether a configuration means it by a name.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.called.contains(&name)
    }
}

impl Part {
    /// A tensor with its sub-folder in front.
    pub(crate) fn named(&self, tensor: &str) -> String {
        match (&self.file, self.folder) {
            (Some((file, _)), _) => format!("{file}: {tensor}"),
            (None, "") => tensor.to_owned(),
            (None, folder) => format!("{folder}/{tensor}"),
        }
    }
}

impl<'a> HubFolder<'a> {
    pub(crate) fn new(path: &'a Path) -> Self {
        Self { path }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    /// `config.json` of a sub-folder, of itself if that is empty.
    pub(crate) fn config(&self, sub_folder: &str) -> Result<Value, String> {
        self.settings(&format!("{sub_folder}/{CONFIG}"))
    }

    /// A file of settings, by its path inside.
    pub(crate) fn settings(&self, path: &str) -> Result<Value, String> {
        let path = path.trim_start_matches('/');
        let mut bytes = Vec::new();
        File::open(self.path.join(path))
            .and_then(|file| file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes))
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("there is no {path}: download it beside the weights")
                }
                _ => format!("{path} cannot be read: {error}"),
            })?;
        if bytes.len() as u64 > CONFIG_BYTES_MAX {
            return Err(format!("{path} has more than {CONFIG_BYTES_MAX} bytes"));
        }
        serde_json::from_slice(&bytes).map_err(|error| format!("{path} is not JSON: {error}"))
    }

    /// The files of weights of a sub-folder, of itself if that is empty.
    ///
    /// # Errors
    /// When the folder cannot be read, or one of its files is damaged or not whole.
    pub(crate) fn weights(&self, sub_folder: &str) -> Result<WeightFiles, Error> {
        let path =
            if sub_folder.is_empty() { self.path.to_owned() } else { self.path.join(sub_folder) };
        let files = weight_files::open(&path)?;
        match files.problems().first() {
            Some(problem) => Err(Error::Original { path, reason: problem.clone() }),
            None => Ok(files),
        }
    }

    /// The error that its settings cannot be used.
    pub(crate) fn unusable(&self, why: impl Into<String>) -> Error {
        let why: String = why.into();
        Error::Settings { path: self.settings_path(), reason: why.trim_end_matches('.').to_owned() }
    }

    /// Whether its networks lie in sub-folders.
    pub(super) fn has_parts(&self) -> bool {
        self.path.join(INDEX).is_file()
    }

    fn settings_path(&self) -> PathBuf {
        self.path.join(self.main_file().0)
    }

    /// The file that says what it is, and its field.
    fn main_file(&self) -> (&'static str, &'static str) {
        let has = |name: &str| self.path.join(name).is_file();
        match () {
            () if has(INDEX) => (INDEX, "_class_name"),
            () if has(ORIGINAL) && !has(CONFIG) => (ORIGINAL, "model_type"),
            () => (CONFIG, "model_type"),
        }
    }

    /// What its configuration says it is.
    pub(super) fn kind_name(&self) -> Result<String, String> {
        if !self.settings_path().is_file() && htdemucs::is_bag(self.path) {
            return Ok(htdemucs::KIND.name.to_owned());
        }
        let (file, key) = self.main_file();
        let settings = self.settings(file)?;
        let name = settings.get(key).and_then(Value::as_str);
        let short = |name: &str| name.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
        name.map(short).ok_or_else(|| format!("{file} does not say the kind of model ({key})"))
    }
}
