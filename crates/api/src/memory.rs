//! The memory of one's own sounds: patterns, what is known of them, what finds them, and what ratings teach.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

use crate::{Id, Problem};

/// The identifier of a pattern, 16 hexadecimal digits: the same part of the same sound always has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "5d0f3c9a1b2e4f60")]
pub struct PatternId(pub u64);

impl PatternId {
    /// That of a part of a sound, by the hash of its file and by its ends to a millisecond.
    #[must_use]
    pub fn of(sha256: &str, start_secs: f64, end_secs: f64) -> Self {
        let ends = [start_secs, end_secs].map(|secs| (secs * 1000.0).round() as i64);
        let bytes = sha256.bytes().chain(ends.into_iter().flat_map(i64::to_le_bytes));
        // FNV-1a, 64 bits: Fowler, Noll and Vo, RFC 9923.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash)
    }

    /// Reads what [`fmt::Display`] writes.
    ///
    /// # Errors
    /// It is not 16 hexadecimal digits: what it is, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let is_right = text.len() == 16 && text.bytes().all(|it| it.is_ascii_hexdigit());
        let number = is_right.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        let wrong = || {
            let short: String = text.chars().take(40).collect();
            format!("`{short}` is not the identifier of a pattern, 16 digits from 0 to f")
        };
        number.map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for PatternId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for PatternId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PatternId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).map_err(de::Error::custom)
    }
}

/// A part of a sound, as the memory keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pattern {
    /// Its identifier.
    pub id: PatternId,
    /// The sound it is of.
    pub source: PatternSource,
    /// Where it begins in the sound.
    pub start_secs: f64,
    /// Where it ends.
    pub end_secs: f64,
    /// The frequencies between which nine tenths of its power lie, or those that a person has set.
    pub low_hz: f64,
    /// The upper of them.
    pub high_hz: f64,
    /// What kind of pattern: `stochastic`, `granular`, `spectral`, `textural`, `rhythmic`, `harmonic`, `atmospheric`, or a
    /// word of one's own.
    pub kind: String,
    /// How sure its ends are, from 0 to 1: the share of other ways to cut that set both of them there. 1 where a person has.
    pub confidence: f64,
    /// How sure its kind is, from 0 to 1: the share of its parts that are of that kind by themselves; for a kind that
    /// was learnt from corrections, how similar it is to the pattern that was corrected.
    pub kind_confidence: f64,
    /// What else was measured.
    #[serde(default)]
    pub facts: PatternFacts,
    /// Words of one's own: a genre, a project, a use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether a person has set its ends or its kind.
    #[serde(default)]
    pub is_by_hand: bool,
}

impl Pattern {
    /// Its length.
    #[must_use]
    pub fn length_secs(&self) -> f64 {
        self.end_secs - self.start_secs
    }
}

/// The sound that a pattern is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct PatternSource {
    /// The SHA-256 of its file.
    pub sha256: String,
    /// Its name.
    pub name: String,
    /// Where the file was when it was read.
    pub path: String,
}

/// What was measured of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternFacts {
    /// Beats per minute, where there is a beat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo_bpm: Option<f64>,
    /// The centre of its spectrum.
    #[serde(default)]
    pub brightness_hz: f64,
    /// How often a second something begins.
    #[serde(default)]
    pub attacks_per_sec: f64,
    /// Its level over all, in dB of full scale.
    #[serde(default)]
    pub level_db: f64,
    /// Words that describe it.
    #[serde(default)]
    pub words: Vec<String>,
}

/// A space of vectors of the memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MemorySpace {
    /// Its name with its version, as in `dsp-1`.
    pub name: String,
    /// The model of the library that computes its vectors; nothing for our own space, and where the model is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// Numbers in a vector.
    pub dim: u32,
    /// Patterns that have one.
    pub n_patterns: u64,
    /// Whether words are found in it as they are written.
    pub reads_words: bool,
    /// Whether its model is there, so that new patterns and queries get vectors.
    pub is_usable: bool,
}

/// What is in the memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MemoryOverview {
    /// Patterns.
    pub n_patterns: u64,
    /// Sounds that they are of.
    pub n_sounds: u64,
    /// Ratings.
    pub n_ratings: u64,
    /// Kinds with how many patterns are of each, the most frequent first.
    pub kinds: Vec<MemoryCount>,
    /// Tags with how many patterns have each, the most frequent first.
    pub tags: Vec<MemoryCount>,
    /// Spaces of vectors.
    pub spaces: Vec<MemorySpace>,
    /// What corrections have taught about cutting, in words; nothing before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutting: Option<String>,
    /// Vectors that are damaged or missing. `POST /api/memory/mend` makes them again.
    pub n_missing: u64,
    /// The job that works for it now, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Id>,
}

/// How many patterns have something in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemoryCount {
    /// What.
    pub name: String,
    /// How many have it.
    pub n_patterns: u64,
}

/// Sounds to cut and to remember.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewPatterns {
    /// Folders with their sub-folders, or files, by absolute paths.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub paths: Vec<PathBuf>,
    /// Sounds of the library.
    #[serde(default)]
    pub items: Vec<Id>,
    /// Models whose spaces are to be filled beside our own. Spaces that the memory has are filled anyway.
    #[serde(default)]
    pub models: Vec<Id>,
    /// Tags that the new patterns get.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The shortest and the longest pattern, in seconds.
    #[serde(default)]
    pub lengths_secs: Option<[f64; 2]>,
    /// Whether sounds that have patterns already are cut anew. Patterns that were set by hand or rated stay in any case;
    /// without this, the others do, too.
    #[serde(default)]
    pub again: bool,
}

/// What is looked for in the memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FindPatterns {
    /// Words and facts: `metallic, under 2 s, around 120 bpm`. Words may also be a kind, a tag, or part of a name.
    #[serde(default)]
    pub words: String,
    /// What it is to be like.
    #[serde(default)]
    pub like: Option<LikePattern>,
    /// More like these.
    #[serde(default)]
    pub more: Vec<PatternId>,
    /// Less like these.
    #[serde(default)]
    pub less: Vec<PatternId>,
    /// The space it is looked for in; our own where nothing is said.
    #[serde(default)]
    pub space: Option<String>,
    /// At most so many, 1 to 500; 30 where nothing is said.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What a pattern is to be like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum LikePattern {
    /// A pattern of the memory.
    Pattern {
        /// Which.
        id: PatternId,
    },
    /// What a job has heard or read; see [`NewMemoryQuery`].
    Query {
        /// The job.
        id: Id,
    },
    /// A vector that the caller has made.
    Vector {
        /// As many numbers as the space has.
        values: Vec<f32>,
    },
}

/// Patterns that were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundPatterns {
    /// The best first.
    pub found: Vec<FoundPattern>,
    /// The space that was searched; nothing where only words and facts were compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<String>,
    /// The vector that was looked for. A rating of what was found sends it along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<f32>,
    /// Patterns that were compared.
    pub n_compared: u64,
    /// How long that took.
    pub millis: f64,
}

/// A pattern that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundPattern {
    /// The pattern.
    pub pattern: Pattern,
    /// What the order goes by.
    pub score: f64,
    /// The cosine of both vectors, as ratings have moved it; nothing where only words and facts were compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f64>,
    /// Why it stands where it stands, in words.
    pub why: String,
}

/// What a job is to hear or read, so that patterns can be found by it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewMemoryQuery {
    /// The space; our own where nothing is said.
    #[serde(default)]
    pub space: Option<String>,
    /// Words, where the space reads them.
    #[serde(default)]
    pub text: Option<String>,
    /// A sound by its absolute path.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub path: Option<PathBuf>,
    /// A sound of the library.
    #[serde(default)]
    pub item: Option<Id>,
    /// Only the part that begins here.
    #[serde(default)]
    pub start_secs: Option<f64>,
    /// Only the part that ends here.
    #[serde(default)]
    pub end_secs: Option<f64>,
}

/// A rating of something that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RatePattern {
    /// Whether it is what was looked for.
    pub is_liked: bool,
    /// The space that was searched, and what was looked for there, as the search answered. Without them the rating counts
    /// for the pattern alone.
    #[serde(default)]
    pub space: Option<String>,
    /// The vector.
    #[serde(default)]
    pub query: Vec<f32>,
}

/// What a person changes of a pattern. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternEdit {
    /// Where it begins.
    #[serde(default)]
    pub start_secs: Option<f64>,
    /// Where it ends.
    #[serde(default)]
    pub end_secs: Option<f64>,
    /// The lower end of its range of frequencies.
    #[serde(default)]
    pub low_hz: Option<f64>,
    /// The upper end.
    #[serde(default)]
    pub high_hz: Option<f64>,
    /// Its kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
}

/// A pattern by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternDetail {
    /// The pattern.
    pub pattern: Pattern,
    /// Others of the same sound, in order of time.
    pub siblings: Vec<Pattern>,
    /// How often it was liked, and how often not.
    pub n_liked: u32,
    /// How often it was not.
    pub n_disliked: u32,
    /// What was said of it last: liked or not; none where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_liked: Option<bool>,
    /// Words for a prompt: its own, and those that most of its neighbours have, too.
    pub prompt: String,
    /// Whether its sound can be heard: its file is where it was, or the memory has a copy.
    pub can_be_heard: bool,
    /// The sound of the library that has the same content, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Id>,
    /// Spaces in which it has a vector.
    pub spaces: Vec<String>,
    /// The job that describes it anew, after a correction of its ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Id>,
}

/// A list of patterns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternList {
    /// Those of this page.
    pub patterns: Vec<Pattern>,
    /// All that fit.
    pub n_total: u64,
}

/// Places of patterns on a plane: similar ones are near each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternMap {
    /// The space that they are drawn from.
    pub space: String,
    /// The share of all differences that the plane shows.
    pub shown_share: f64,
    /// Patterns with their places, both from -1 to 1.
    pub points: Vec<PatternPoint>,
}

/// A pattern on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternPoint {
    /// Which.
    pub id: PatternId,
    /// To the right.
    pub x: f32,
    /// Upwards.
    pub y: f32,
    /// Its kind.
    pub kind: String,
    /// The name of its sound.
    pub name: String,
    /// Where it begins in its sound.
    pub start_secs: f32,
    /// Its length.
    pub length_secs: f32,
    /// Its level.
    pub level_db: f32,
    /// The centre of its spectrum.
    pub brightness_hz: f32,
}

/// What was deleted, forgotten or taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemoryMoved {
    /// Patterns.
    pub n_patterns: u64,
    /// Ratings.
    pub n_ratings: u64,
    /// What was taken out, as `POST /api/memory/removed/{removed}` puts it back; the newest few are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<u64>,
}

/// Which patterns to take along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TakePatterns {
    /// These, or where there are none all that fit the words.
    #[serde(default)]
    pub ids: Vec<PatternId>,
    /// Words and facts, as in a search.
    #[serde(default)]
    pub words: String,
    /// What becomes of them.
    pub form: PatternsForm,
}

/// What patterns are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatternsForm {
    /// One file with what is known of them, their vectors and ratings.
    Library,
    /// The same with their sounds.
    LibraryWithSounds,
    /// A folder of WAV files, to train on or to use elsewhere.
    Sounds,
}

/// A job of the memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MemoryJob {
    /// The job.
    pub job: crate::Job,
    /// What it has made, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<MemoryResult>,
}

/// `result.json` of a job of the memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MemoryResult {
    /// The version of this file; see [`MemoryResult::FORMAT`].
    pub format: u32,
    /// Sounds that were read.
    pub n_sounds: u64,
    /// Those of them that had patterns already, and were passed over.
    #[serde(default)]
    pub n_known: u64,
    /// Patterns that were found in them, or written.
    pub n_patterns: u64,
    /// Sounds that could not be read, or patterns whose sound is not there any more.
    #[serde(default)]
    pub failures: Vec<MemoryFailure>,
    /// The vector of a query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<f32>,
    /// The vectors of sounds that were heard, in their order; an empty one of a sound that is silent or could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<Vec<f32>>,
    /// What was written, by its path in the job's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What one should know, sentence by sentence.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl MemoryResult {
    /// The version that this program reads and writes.
    pub const FORMAT: u32 = 1;
}

/// A sound that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MemoryFailure {
    /// The file.
    pub file: String,
    /// What went wrong.
    pub problem: Problem,
}
