//! Engines: programs of others that do a part of the work, over files in a folder.
//!
//! `docs/engines.md` says how one is written.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, WeightsLicence, WordsAbilities, WordsBegin};

/// What every engine's folder holds: how it is started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineFile {
    /// The version of the protocol, [`EngineFile::PROTOCOL`].
    pub maquette_engine: u32,
    /// The program and its arguments. A program whose name has a separator in it is looked for from the folder on, any
    /// other in the path. It is started in the folder.
    pub command: Vec<String>,
    /// Seconds after which an engine that has said nothing counts as hanging.
    #[serde(default = "silent_secs")]
    pub silent_secs: u32,
}

fn silent_secs() -> u32 {
    120
}

impl EngineFile {
    /// Its name in the folder.
    pub const NAME: &str = "engine.json";
    /// The version of the protocol.
    pub const PROTOCOL: u32 = 1;
}

/// What an engine answers when it is started with `hello`: one JSON object on its standard output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EngineHello {
    /// The version of the protocol, 1.
    pub protocol: u32,
    /// What it is called.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// The models that it runs.
    pub models: Vec<EngineModel>,
}

/// A model that an engine runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EngineModel {
    /// What it is called in orders.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Under which terms its weights may be used.
    #[serde(default)]
    pub licence: Option<EngineLicence>,
    /// Memory that it takes, in bytes.
    #[serde(default)]
    pub memory_bytes: u64,
    /// How it makes sound from words.
    pub words: WordsAbilities,
}

/// Terms as an engine tells them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EngineLicence {
    /// Its name, such as `cc-by-nc-4.0`.
    pub name: String,
    /// Its terms in a sentence.
    #[serde(default)]
    pub terms: Option<String>,
}

/// The order of an engine that is started with `work FOLDER`: `job.json` there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineOrder {
    /// The version of the protocol, 1.
    pub protocol: u32,
    /// The model, one of those that it said hello with.
    pub model: String,
    /// What is to be made; the shares add up to 1.
    pub prompts: Vec<EnginePrompt>,
    /// What is not to be made.
    pub negative: Option<String>,
    /// How long it is to be, in seconds.
    pub secs: f64,
    /// Steps of its sampler, if it has one.
    pub steps: Option<u32>,
    /// How closely it follows the words.
    pub guidance: f64,
    /// What every random number follows from.
    pub seed: u64,
    /// A sound to begin with.
    pub begin: Option<EngineBegin>,
    /// The file to write: WAV, of the rate and the channels that it said hello with.
    pub output: String,
}

/// A prompt and its share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnginePrompt {
    /// The words.
    pub text: String,
    /// Its share, above 0 and at most 1.
    pub share: f64,
}

/// A sound to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineBegin {
    /// Its file in the folder: WAV, of the engine's rate and channels.
    pub sound: String,
    /// What to do with it.
    pub how: WordsBegin,
    /// To vary it: how far, 0 to 1.
    pub strength: Option<f64>,
    /// To fill a gap: from and to, in seconds.
    pub gap_secs: Option<[f64; 2]>,
}

/// A line of `events.jsonl` in the folder of an order, as an engine writes it. What else a line says is passed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EngineEvent {
    /// How far it is.
    Progress {
        /// Steps that are done.
        done: u64,
        /// Steps in all.
        of: u64,
    },
    /// It is still there.
    Alive,
    /// Something a person should know.
    Note {
        /// A sentence.
        message: String,
    },
    /// The sound is written.
    Finished,
    /// It could not be made.
    Failed {
        /// Why: a sentence.
        reason: String,
    },
    /// Of a newer version: it says that the engine is there.
    #[serde(other)]
    Other,
}

/// Which engine runs a model of the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EngineOfModel {
    /// The engine's name.
    pub name: String,
    /// Its version when it was added.
    pub version: String,
    /// What it calls the model.
    pub model: String,
}

/// A folder of an engine, to look at or to add. Looking at it starts the program that it names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewEngine {
    /// The folder with `engine.json`, an absolute path.
    pub folder: String,
    /// Whether the terms of its models were read and are accepted.
    #[serde(default)]
    pub accepts_licence: bool,
}

/// What came of saying hello to an engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EngineCheck {
    /// The folder, as it was named.
    pub folder: String,
    /// Whether it answered as it should.
    pub is_well: bool,
    /// What it answered.
    pub hello: Option<EngineHello>,
    /// Until it answered, in seconds.
    pub answer_secs: f64,
    /// What is wrong, sentence by sentence.
    pub problems: Vec<String>,
}

/// An engine of the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Engine {
    /// Its folder.
    pub folder: String,
    /// Its name.
    pub name: String,
    /// Its version when it was added.
    pub version: String,
    /// Its models in the library.
    pub models: Vec<Id>,
}

impl From<EngineLicence> for WeightsLicence {
    fn from(it: EngineLicence) -> Self {
        Self {
            name: it.name,
            terms: it.terms,
            file: EngineFile::NAME.to_owned(),
            // Whoever answers for an engine's terms is not known here.
            must_be_accepted: true,
        }
    }
}
