//! Exports: a model in the form that its player needs, checked before it is called done.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Job, ModelPlace};

/// Which model to export, and as what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportTask {
    /// The model.
    pub model: ModelPlace,
    /// The form it leaves in.
    pub form: ExportForm,
    /// A prior of the model that leaves with it, for forms that can hold one: a module or a package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<ModelPlace>,
}

/// What a model can leave as.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum ExportForm {
    /// A module (`.ts`) for nn~ in Max and Pure Data, and whatever else loads `TorchScript`.
    Torchscript {
        /// How it plays.
        play: ExportedPlay,
    },
    /// Graphs (`.onnx`) for code and browsers: the whole, the encoder and the decoder, a file each. They
    /// draw no random numbers; the state of one that plays block by block is among its inputs and outputs.
    Onnx {
        /// How they play.
        play: ExportedPlay,
    },
    /// Weights under their names, with the settings as JSON in the header (`.safetensors`).
    Safetensors,
    /// A package (`.maq`) that another Maquette takes: weights, settings, lineage, sounds, and a card.
    Maq {
        /// What people say of it.
        #[serde(default)]
        card: CardWords,
    },
    /// A run of acids-rave: `config.gin`, and a `.ckpt` that goes on training there.
    Ckpt,
}

/// The forms of export by name alone, as a family lists those of its models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// See [`ExportForm::Torchscript`].
    Torchscript,
    /// See [`ExportForm::Onnx`].
    Onnx,
    /// See [`ExportForm::Safetensors`].
    Safetensors,
    /// See [`ExportForm::Maq`].
    Maq,
    /// See [`ExportForm::Ckpt`].
    Ckpt,
}

impl ExportKind {
    /// All that there are.
    pub const ALL: [Self; 5] =
        [Self::Torchscript, Self::Onnx, Self::Safetensors, Self::Maq, Self::Ckpt];

    /// Its name in orders and commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Torchscript => "torchscript",
            Self::Onnx => "onnx",
            Self::Safetensors => "safetensors",
            Self::Maq => "maq",
            Self::Ckpt => "ckpt",
        }
    }
}

/// How an exported model plays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportedPlay {
    /// Block by block, with a memory of what came before; else sounds as a whole.
    pub streaming: bool,
    /// How many latents it shows, those that matter most first; all without this and `fidelity`.
    #[serde(default)]
    pub latents: Option<u32>,
    /// As many latents as keep this share of what they vary by, from 0 to 1.
    #[serde(default)]
    pub fidelity: Option<f64>,
    /// Channels of sound, if not the model's: 2 let a mono model play each side for itself.
    #[serde(default)]
    pub channels: Option<u16>,
    /// Samples per second of the player, if not the model's: a whole multiple of them.
    #[serde(default)]
    pub rate_hz: Option<u32>,
    /// Samples that the player sends at a time: what the speed is measured with.
    #[serde(default = "ExportedPlay::usual_block")]
    pub block: u32,
}

impl ExportedPlay {
    /// Samples of a block where nothing else is said.
    #[must_use]
    pub fn usual_block() -> u32 {
        2048
    }
}

impl Default for ExportedPlay {
    fn default() -> Self {
        Self {
            streaming: true,
            latents: None,
            fidelity: None,
            channels: None,
            rate_hz: None,
            block: Self::usual_block(),
        }
    }
}

/// What the card of a package says that no program knows. What is empty is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardWords {
    /// Who made it.
    #[serde(default)]
    pub author: String,
    /// What others may do with it, such as `CC BY 4.0`.
    #[serde(default)]
    pub license: String,
    /// What it is and what it was trained on.
    #[serde(default)]
    pub about: String,
}

/// An export: under way, or done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Export {
    /// Its identifier.
    pub id: Id,
    /// The order.
    pub task: ExportTask,
    /// The job that makes it; it has the name.
    pub job: Job,
    /// The name that the model has, or had.
    pub model_name: String,
    /// The folder of its files, to copy or to open.
    pub folder: String,
    /// What it made, once it is whole and checked.
    pub result: Option<ExportResult>,
    /// Whether there is something newer to export.
    pub outdated: Option<Outdated>,
}

/// That the run of an exported model has gone on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outdated {
    /// The run.
    pub run: Id,
    /// The step that was exported.
    pub step: u64,
    /// The step of the run's newest checkpoint.
    pub newest_step: u64,
}

/// `result.json` of an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportResult {
    /// What was made.
    pub files: Vec<ExportedFile>,
    /// What was found out about it, in the order it was tried.
    pub checks: Vec<ExportCheck>,
    /// Samples per second that it plays at; this and the next four are absent where the model is no codec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<u32>,
    /// Channels of sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<u16>,
    /// Latents that it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latents: Option<u32>,
    /// Samples of sound per latent frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<u32>,
    /// By how many samples it is late, where it plays block by block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_samples: Option<u64>,
    /// How fast it was, where it plays.
    pub speed: Option<ExportSpeed>,
    /// The largest difference from the model, relative to its loudest sample, where it plays.
    pub difference: Option<f64>,
    /// What it took, in seconds.
    pub compute_secs: f64,
    /// What is worth knowing: whole sentences.
    pub notes: Vec<String>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportedFile {
    /// Its path in the folder of the export's files.
    pub path: String,
    /// Its size, in bytes.
    pub bytes: u64,
}

/// Something that was tried with an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportCheck {
    /// What was tried: `written`, `read`, `equal`, `speed`, `whole`.
    pub what: String,
    /// What came out: a whole sentence.
    pub words: String,
    /// Whether that is as it should be; an export with something that is not is not kept.
    pub is_good: bool,
}

/// How fast a model plays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportSpeed {
    /// Samples of a block.
    pub block: u32,
    /// Times faster than real time that Maquette plays the model live, on one thread of this computer.
    pub live: f64,
    /// The same for the file as it was read again, by the plain reader that checks it, in blocks of whole
    /// latent frames.
    pub file: f64,
}

/// What a look at a file of a model found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileCheck {
    /// The file.
    pub path: String,
    /// What it is, in words.
    pub kind: String,
    /// What is known of it, a name and a value each.
    pub facts: Vec<(String, String)>,
    /// What was tried, in this order; the last one may have failed.
    pub checks: Vec<ExportCheck>,
    /// Whether all that was tried is as it should be.
    pub is_good: bool,
}
