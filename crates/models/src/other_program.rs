//! Programs of others whose models and runs a family reads and writes, behind traits, so that the jobs of
//! the worker import and export what they do not know.

use std::path::{Path, PathBuf};

use crate::{Error, Family, Settings, family};

/// Entries of a folder that are looked at.
pub const ENTRIES_MAX: usize = 50_000;

/// What is in a folder, by name; of one with very many entries, the first that the system names.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![] };
    let mut paths: Vec<PathBuf> =
        entries.flatten().take(ENTRIES_MAX + 1).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// A program that others have, with models of one of our families.
pub trait OtherProgram: Sync {
    /// What people call it.
    fn name(&self) -> &'static str;

    /// What of it becomes a model here, as part of a sentence.
    fn takes(&self) -> &'static str;

    /// How names of its files of models end, in small letters and without a dot.
    fn endings(&self) -> &'static [&'static str];

    /// What a file is and what is worth knowing about it, as far as can be told without its weights.
    ///
    /// # Errors
    /// Why it cannot become a model, in words that follow its path.
    fn recognise(&self, file: &Path) -> Result<Recognised, String>;

    /// How good a file is to make a model of, where a folder holds several.
    fn rank(&self, file: &Path) -> u8;

    /// Reads a model.
    ///
    /// # Errors
    /// When the file cannot be read, is not of that program, or is of a model that cannot be here.
    fn open(&self, file: &Path) -> Result<Box<dyn ForeignModel>, Error>;

    /// The folder of the run that a folder is a part of, if it is a part of one.
    fn run_around(&self, folder: &Path) -> Option<PathBuf>;

    /// The run in a folder, if it is one.
    fn run_in(&self, folder: &Path) -> Option<ForeignRun>;

    /// Whether a folder belongs to the run in the folder above it, and is nothing by itself.
    fn is_part_of_run(&self, folder: &Path) -> bool;

    /// The step of a training checkpoint, if it says so.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn step_of(&self, checkpoint: &Path) -> Result<Option<i64>, Error>;

    /// A value of one of its curves, under our name and by our count.
    fn metric(&self, name: &str, value: f64) -> (String, f64);

    /// Writes a checkpoint of ours as a run that the program goes on training, into a new folder.
    ///
    /// # Errors
    /// When the checkpoint cannot be read, is of a model that the program cannot have, or the folder cannot
    /// be written.
    fn write_run(&self, folder: &Path, checkpoint: &Path) -> Result<WrittenRun, Error>;
}

/// What a file of another program is, before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// In words.
    pub what: &'static str,
    /// What is worth knowing about it: whole sentences.
    pub notes: Vec<String>,
}

/// A model of another program, read and understood.
pub trait ForeignModel {
    /// What kind of file it is, in words.
    fn kind(&self) -> &'static str;

    /// Its settings as ours.
    fn settings(&self) -> Box<dyn Settings>;

    /// Steps it was trained for; 0 where the file does not say.
    fn step(&self) -> u64;

    /// What was left out, guessed or contradicted itself: a sentence each.
    fn warnings(&self) -> &[String];

    /// Whether training can go on from it.
    fn is_trainable(&self) -> bool;

    /// Stores what plays it, as a model of ours.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn save_model(&self, path: &Path) -> Result<(), Error>;

    /// Stores the prior that came with it, if one did, as a model of ours: a prior of the file that
    /// [`Self::save_model`] wrote, which has this SHA-256 and this name. Says whether there was one.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn save_prior(&self, _sha256: &str, _name: &str, _path: &Path) -> Result<bool, Error> {
        Ok(false)
    }

    /// Stores all of it, as a checkpoint of ours from which training goes on.
    ///
    /// # Errors
    /// When it is not trainable, or the file cannot be written.
    fn save_checkpoint(&self, path: &Path) -> Result<(), Error>;
}

/// The folder of a run of another program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignRun {
    /// Its training checkpoints, oldest first, each with whether it is the best.
    pub checkpoints: Vec<(PathBuf, bool)>,
    /// Its files of events for TensorBoard, in the order in which they were written.
    pub events: Vec<PathBuf>,
    /// How often training was begun or gone on with.
    pub n_sessions: usize,
    /// Names of what is in the folder of trainings that were begun before this one.
    pub older: Vec<String>,
}

/// A run that was written for another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenRun {
    /// Its checkpoint.
    pub checkpoint: PathBuf,
    /// What was written: a whole sentence.
    pub words: &'static str,
    /// What of the model could not be said there.
    pub lost: Vec<String>,
}

/// Every program whose files become ours, with the family that reads them.
#[must_use]
pub fn other_programs() -> Vec<(&'static dyn Family, &'static dyn OtherProgram)> {
    let of_family = |family: &'static dyn Family| {
        family.other_programs().iter().map(move |program| (family, *program))
    };
    family::all().into_iter().flat_map(of_family).collect()
}

/// How names of files of models of other programs end, each once, in small letters and without a dot.
#[must_use]
pub fn other_endings() -> Vec<&'static str> {
    let mut endings = vec![];
    for ending in other_programs().iter().flat_map(|(_, program)| program.endings()) {
        if !endings.contains(ending) {
            endings.push(*ending);
        }
    }
    endings
}
