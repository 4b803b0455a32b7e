//! Flows: small graphs of steps that turn sounds, words and patterns into new sounds, as data.
//!
//! A step names what it uses by key: inputs of the flow, and steps before it. Texts and numbers may hold names in braces,
//! `{listen.key}` or, with what is taken where that is not known, `{listen.secs|10}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{BlendWay, Id, PatternId, Problem, SoundPlace, UnixMs, WordsBegin};

/// A flow as a file says it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowPlan {
    /// Version of this format; see [`FlowPlan::FORMAT`].
    pub format: u32,
    /// Its name, 1 to 120 characters.
    pub name: String,
    /// What it does, in a sentence or two.
    #[serde(default)]
    pub about: String,
    /// What whoever runs it gives.
    #[serde(default)]
    pub inputs: Vec<FlowInput>,
    /// Its steps, in any order.
    pub steps: Vec<FlowStep>,
}

impl FlowPlan {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
    /// The most inputs and steps.
    pub const INPUTS_MAX: usize = 16;
    /// The most steps.
    pub const STEPS_MAX: usize = 32;
}

/// Something that whoever runs a flow gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowInput {
    /// What steps call it: a lower-case letter, then letters, digits and `_`.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// What it is.
    pub kind: FlowInputKind,
    /// What is taken where nothing is given: a text or a number. Without it, something must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<serde_json::Value>,
}

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowInputKind {
    /// A sound: a [`SoundPlace`].
    Sound,
    /// Words.
    Words,
    /// A number.
    Number,
}

/// A step of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowStep {
    /// What other steps call it, as with inputs.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// What it does.
    pub work: FlowWork,
    /// Steps that must be done before it, besides those it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// What is tried where it fails, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<FlowOtherwise>,
    /// What happens where all of that has failed.
    #[serde(default)]
    pub if_fails: FlowIfFails,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum FlowWork {
    /// Finds patterns of the memory.
    Find {
        /// Words and facts, as in a search.
        #[serde(default)]
        words: String,
        /// Sounds and patterns that they are to be like.
        #[serde(default)]
        like: Vec<String>,
        /// Whether the best rated ones are taken, instead of what fits best.
        #[serde(default)]
        best_rated: bool,
        /// How many.
        #[serde(default = "ten")]
        n: u32,
    },
    /// Finds out what is in sounds: tempo, key, loudness, length, words. Of several, the first that has a fact says it.
    Analyse {
        /// Sounds.
        sounds: Vec<String>,
    },
    /// Puts words for a prompt together, from patterns and from what was found in sounds.
    Describe {
        /// Steps and inputs that it draws on.
        #[serde(default)]
        from: Vec<String>,
        /// Words that come first.
        #[serde(default)]
        words: String,
    },
    /// Makes sounds from words.
    Generate {
        /// The words.
        prompt: String,
        /// A model by its identifier; chosen if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Id>,
        /// How long, in seconds.
        secs: FlowNumber,
        /// How many.
        #[serde(default = "one")]
        count: u32,
        /// Steps of the sampler; the model's usual number if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<u32>,
        /// A sound to begin with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        begin: Option<FlowBegin>,
    },
    /// Sends sounds through a model of one's own.
    Through {
        /// Sounds.
        sounds: Vec<String>,
        /// The model; chosen if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Id>,
        /// How far each drifts, in standard deviations: 0 to 2.
        #[serde(default)]
        vary: f64,
        /// How many of each.
        #[serde(default = "one")]
        count: u32,
    },
    /// Blends sounds and patterns, without words.
    Blend {
        /// Sounds and patterns, at least one; of more than sixteen, the first sixteen.
        sounds: Vec<String>,
        /// How.
        #[serde(default)]
        way: BlendWay,
        /// The model whose latents are blended; chosen if absent and needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Id>,
        /// How long, in seconds; as long as the sounds are on average if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secs: Option<FlowNumber>,
        /// How many.
        #[serde(default = "one")]
        count: u32,
        /// A sound whose rhythm the result keeps: its loudness over time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rhythm: Option<String>,
        /// How much louder than the others the first sound is, in dB; of layers.
        #[serde(default)]
        first_gain_db: f64,
        /// The length of a grain, in seconds; the usual one if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grain_secs: Option<f64>,
        /// How far a grain may lie from its time in the sound, in seconds; a little where several are made, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scatter_secs: Option<f64>,
    },
    /// Tests sounds, and lets those through that pass: none that is silent or distorted.
    Test {
        /// Sounds.
        sounds: Vec<String>,
        /// Sounds and patterns that they are to be like.
        #[serde(default)]
        like: Vec<String>,
        /// The least likeness, from -1 to 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        likeness: Option<f64>,
        /// The least loudness, in LUFS.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loudness_lufs: Option<f64>,
        /// How many at the most: the most alike ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        most: Option<u32>,
    },
    /// Asks the person which sounds to go on with.
    Choose {
        /// Sounds.
        sounds: Vec<String>,
        /// What is asked.
        #[serde(default)]
        question: String,
    },
    /// Takes sounds into the library.
    Keep {
        /// Sounds.
        sounds: Vec<String>,
        /// What each is called; a number is added where there are several.
        #[serde(default)]
        name: String,
        /// Tags that they get.
        #[serde(default)]
        tags: Vec<String>,
        /// Whether they are added to the memory, too.
        #[serde(default)]
        remember: bool,
    },
}

fn ten() -> u32 {
    10
}

fn one() -> u32 {
    1
}

impl FlowWork {
    /// What it does, in a word: `find`, `generate`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Find { .. } => "find",
            Self::Analyse { .. } => "analyse",
            Self::Describe { .. } => "describe",
            Self::Generate { .. } => "generate",
            Self::Through { .. } => "through",
            Self::Blend { .. } => "blend",
            Self::Test { .. } => "test",
            Self::Choose { .. } => "choose",
            Self::Keep { .. } => "keep",
        }
    }
}

/// A sound that a generated sound begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowBegin {
    /// The input or step; its first sound or pattern.
    pub from: String,
    /// How it begins with it.
    pub how: WordsBegin,
    /// To vary a sound: 0 keeps it, 1 keeps nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
}

/// A number, or a text that names one: `{voice.secs|10}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FlowNumber {
    /// The number.
    Is(f64),
    /// Where it comes from.
    Of(String),
}

/// What is tried where a step has failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "try", rename_all = "snake_case", deny_unknown_fields)]
pub enum FlowOtherwise {
    /// The same with another model that is there.
    AnotherModel,
    /// The same with half as many steps of the sampler.
    FewerSteps,
    /// The same once more.
    Again,
    /// Something else.
    Instead {
        /// What.
        work: FlowWork,
    },
}

/// What happens where a step, and all that was tried otherwise, has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowIfFails {
    /// It waits for the person.
    #[default]
    Wait,
    /// The flow goes on without what the step would have made.
    Skip,
    /// The flow ends.
    Stop,
}

/// A flow of the studio: a ready-made one, or one of one's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Flow {
    /// Its identifier.
    pub id: Id,
    /// What it does.
    pub plan: FlowPlan,
    /// Whether it came with Maquette, and cannot be changed.
    #[serde(default)]
    pub is_ready_made: bool,
    /// When it was changed last; 0 for a ready-made one.
    #[serde(default)]
    pub changed_ms: UnixMs,
    /// The folder whose new sounds it runs on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<FlowWatch>,
    /// What is missing here for it to run, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// A folder whose new sounds a flow runs on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowWatch {
    /// The folder, by its absolute path; what lies in the workspace is left out.
    pub folder: String,
    /// The input that each new sound is given as.
    pub input: String,
    /// What the other inputs are.
    #[serde(default)]
    pub inputs: BTreeMap<String, serde_json::Value>,
}

/// What to watch; nothing to stop watching.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowWatching {
    /// The folder and the input.
    #[serde(default)]
    pub watch: Option<FlowWatch>,
}

/// Whether a flow is sound, and in which order its steps go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowCheck {
    /// What is wrong, sentence by sentence; nothing if it can run.
    pub problems: Vec<String>,
    /// Keys of steps, in columns: each uses only what stands in columns before its own.
    pub columns: Vec<Vec<String>>,
    /// For each step by its key, the inputs and steps that it uses.
    pub uses: BTreeMap<String, Vec<String>>,
    /// What is missing here for it to run, in words.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// A flow to run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewFlowRun {
    /// A flow of the studio,
    #[serde(default)]
    pub flow: Option<Id>,
    /// or one that is given along.
    #[serde(default)]
    pub plan: Option<FlowPlan>,
    /// Its inputs by key: a [`SoundPlace`], a text or a number.
    #[serde(default)]
    pub inputs: BTreeMap<String, serde_json::Value>,
}

/// A flow that runs or has run, with all that its steps know. Kept as `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowRun {
    /// Version of this format; see [`FlowRun::FORMAT`].
    pub format: u32,
    /// Its identifier.
    pub id: Id,
    /// The flow of the studio that it is of, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Id>,
    /// The flow as it was then, with the work that the person gave to steps instead.
    pub plan: FlowPlan,
    /// Its inputs.
    pub inputs: BTreeMap<String, serde_json::Value>,
    /// The project in which its jobs run.
    pub project: Id,
    /// When it was started.
    pub created_ms: UnixMs,
    /// When it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<UnixMs>,
    /// Where it stands.
    pub state: FlowState,
    /// Its steps, in the order of the plan.
    pub steps: Vec<FlowStepRun>,
    /// What each random number follows from.
    pub seed: u64,
    /// Whether it was started by a new sound in a watched folder.
    #[serde(default)]
    pub is_watched: bool,
}

impl FlowRun {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// Where the run of a flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowState {
    /// It goes on by itself.
    Running,
    /// A step waits for the person, and nothing else goes on.
    Waiting,
    /// All its steps are done or were left out.
    Done,
    /// A step failed, and the flow ended there.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

impl FlowState {
    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Stopped)
    }
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowStepRun {
    /// The step's key.
    pub key: String,
    /// Where it stands.
    pub state: FlowStepState,
    /// What was tried, the last at the end.
    #[serde(default)]
    pub attempts: Vec<FlowAttempt>,
    /// How many of those were before the person said to try again.
    #[serde(default)]
    pub n_before: u32,
    /// What it found out or made.
    #[serde(default)]
    pub knows: FlowKnows,
    /// Sounds to choose from, while it asks the person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<FlowSound>,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowStepState {
    /// Its turn has not come.
    #[default]
    Waiting,
    /// It is under way.
    Running,
    /// It asks the person to choose.
    Asking,
    /// It has failed, and waits for the person to say how to go on.
    Stuck,
    /// It is done.
    Done,
    /// It was left out.
    Skipped,
    /// It has failed, and ended the flow.
    Failed,
}

/// One try at a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowAttempt {
    /// What was done.
    pub work: FlowWork,
    /// What was chosen and why, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The model that was chosen, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// Its jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<Id>,
    /// How often a job of it was started again after it was interrupted.
    #[serde(default)]
    pub n_restarts: u32,
    /// When it began.
    pub started_ms: UnixMs,
    /// When it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<UnixMs>,
    /// Why it failed, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What a step knows, and those after it may use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct FlowKnows {
    /// Patterns of the memory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<PatternId>,
    /// Sounds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sounds: Vec<FlowSound>,
    /// Facts by name: `tempo_bpm`, `key`, `secs`, `loudness_lufs`, `words`, `prompt`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, serde_json::Value>,
    /// What is worth knowing, sentence by sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A sound of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowSound {
    /// Where it is.
    pub place: SoundPlace,
    /// What it is called.
    pub name: String,
    /// What was said of it by a test, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// How alike it is to what was asked, from -1 to 1, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likeness: Option<f64>,
}

/// What the person says to a step that asks or is stuck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowAnswer {
    /// The step's key.
    pub step: String,
    /// What to do.
    #[serde(flatten)]
    pub answer: FlowSay,
}

/// What the person says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FlowSay {
    /// Go on with these of the choices, by their numbers from 0; with none, the step is left out.
    Choose {
        /// The numbers.
        numbers: Vec<u32>,
    },
    /// Try again, as the step says or otherwise.
    Retry {
        /// What to do in place of the step's work.
        #[serde(default)]
        work: Option<FlowWork>,
    },
    /// Go on without it.
    Skip,
}
