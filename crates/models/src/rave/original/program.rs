//! acids-rave as a program whose models and runs are imported and exported: the layout of its folders and
//! the names of its files.

use std::path::{Path, PathBuf};

use foreign::tfevents;
use nn::torch_checkpoint;

use super::prior::has_prior;
use super::{Kind, Original, open, write_run};
use crate::other_program::entries;
use crate::{Error, ForeignModel, ForeignRun, OtherProgram, Recognised, Settings, WrittenRun};

/// The original program (acids-rave 2.3).
pub struct AcidsRave;

/// The file that marks a run's folder.
const CONFIG: &str = "config.gin";
/// Where a run keeps its best checkpoint.
const CHECKPOINT: &str = "version_0/checkpoints/best.ckpt";

impl OtherProgram for AcidsRave {
    fn name(&self) -> &'static str {
        "acids-rave"
    }

    fn takes(&self) -> &'static str {
        "an acids-rave checkpoint, export or run folder"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["ckpt", "ts", "pt"]
    }

    fn recognise(&self, file: &Path) -> Result<Recognised, String> {
        let checkpoint =
            torch_checkpoint::open(file).map_err(|error| format!("failed to {error}"))?;
        let root = checkpoint.root();
        let what = if root.get("state_dict").is_some() {
            "a training checkpoint"
        } else if root.class().is_some_and(|class| class.contains("ScriptedRAVE")) {
            "an exported model"
        } else if root.get("encoder.encoder.net.0.weight_v").is_some()
            || root.get("encoder.encoder.net.0.weight").is_some()
        {
            "weights of a model"
        } else if root.get("full_latent_size").is_some() {
            let why =
                "it is a module exported by Maquette: import the model or its package instead";
            return Err(why.to_owned());
        } else {
            return Err("it holds no acids-rave model that can be recognised".to_owned());
        };
        let mut notes = vec![];
        if has_prior(root) {
            notes.push("It holds a prior, which becomes a model of its own.".to_owned());
        }
        Ok(Recognised { what, notes })
    }

    /// The best checkpoint as measured, else another one, else an exported or saved model.
    fn rank(&self, file: &Path) -> u8 {
        let is = |ending: &str| file.extension().is_some_and(|it| it.eq_ignore_ascii_case(ending));
        let is_best = file.file_stem().is_some_and(|stem| stem == "best");
        match (is("ckpt"), is("ts")) {
            (true, _) if is_best => 3,
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    }

    fn open(&self, file: &Path) -> Result<Box<dyn ForeignModel>, Error> {
        Ok(Box::new(open(file)?))
    }

    fn run_around(&self, folder: &Path) -> Option<PathBuf> {
        let is_part = |name: &str| name == "checkpoints" || name.starts_with("version_");
        let mut folder = folder;
        while let Some(parent) = folder.parent() {
            if !folder.file_name().is_some_and(|name| is_part(&name.to_string_lossy())) {
                break;
            }
            if parent.join(CONFIG).is_file() {
                return Some(parent.to_owned());
            }
            folder = parent;
        }
        None
    }

    fn run_in(&self, folder: &Path) -> Option<ForeignRun> {
        if !folder.join(CONFIG).is_file() {
            return None;
        }
        let (versions, older) = versions_of(folder);
        if versions.is_empty() {
            return None;
        }
        Some(ForeignRun {
            checkpoints: versions.iter().flat_map(|it| checkpoints_in(it)).collect(),
            events: versions.iter().flat_map(|it| events_in(it)).collect(),
            n_sessions: versions.len(),
            older,
        })
    }

    fn is_part_of_run(&self, folder: &Path) -> bool {
        let is_version =
            folder.file_name().is_some_and(|it| it.to_string_lossy().starts_with("version_"));
        is_version && folder.with_file_name(CONFIG).is_file()
    }

    fn step_of(&self, checkpoint: &Path) -> Result<Option<i64>, Error> {
        let checkpoint = torch_checkpoint::open(checkpoint)?;
        let root = checkpoint.root();
        let step = root.at("callbacks.WarmupCallback.training_steps");
        let step = step.or_else(|| root.get("global_step"));
        Ok(step.and_then(|it| it.as_int()))
    }

    /// Its `validation` is the distance of whole sounds, and it numbers directions of the latent space from
    /// zero.
    fn metric(&self, name: &str, value: f64) -> (String, f64) {
        match name {
            "validation" => ("validation_fullband_distance".into(), value),
            name if name.starts_with("fidelity_") => (format!("latent_{name}"), value + 1.0),
            name => (name.to_owned(), value),
        }
    }

    fn write_run(&self, folder: &Path, checkpoint: &Path) -> Result<WrittenRun, Error> {
        let lost = write_run(folder, checkpoint)?;
        let words = "Wrote config.gin and a checkpoint with its optimisers.";
        Ok(WrittenRun { checkpoint: folder.join(CHECKPOINT), words, lost })
    }
}

impl ForeignModel for Original {
    fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Checkpoint => "an acids-rave checkpoint",
            Kind::Export { is_streaming: true, .. } => "a streaming acids-rave export",
            Kind::Export { is_streaming: false, .. } => "an acids-rave export",
            Kind::StateDict => "acids-rave weights",
        }
    }

    fn settings(&self) -> Box<dyn Settings> {
        Box::new(self.config.clone())
    }

    fn step(&self) -> u64 {
        self.step
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn is_trainable(&self) -> bool {
        self.is_trainable()
    }

    fn save_model(&self, path: &Path) -> Result<(), Error> {
        self.save_model(path)
    }

    fn save_prior(&self, sha256: &str, name: &str, path: &Path) -> Result<bool, Error> {
        self.save_prior(sha256, name, path)
    }

    fn save_checkpoint(&self, path: &Path) -> Result<(), Error> {
        self.save_checkpoint(path)
    }
}

/// The folders `version_N` of a run's newest training, by number; and the names of those of trainings
/// started before it. A session resumed from a checkpoint begins at its step; one started from scratch
/// begins where the first one did.
fn versions_of(run: &Path) -> (Vec<PathBuf>, Vec<String>) {
    let number = |path: &Path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        name.strip_prefix("version_")?.parse::<u64>().ok()
    };
    let mut found: Vec<(u64, PathBuf)> =
        entries(run).into_iter().filter_map(|path| Some((number(&path)?, path))).collect();
    found.sort();
    let mut versions: Vec<PathBuf> = found.into_iter().map(|(_, path)| path).collect();
    let first_steps: Vec<Option<i64>> = versions.iter().map(|it| first_step(it)).collect();
    let earliest = first_steps.iter().flatten().next().copied();
    let is_begun_anew = |step: &Option<i64>| step.is_some() && *step <= earliest;
    let newest = first_steps.iter().rposition(is_begun_anew).unwrap_or(0);
    let older = versions
        .drain(..newest)
        .filter_map(|it| Some(it.file_name()?.to_string_lossy().into_owned()));
    let older = older.collect();
    (versions, older)
}

/// The training checkpoints of a session, with whether each is its best.
fn checkpoints_in(version: &Path) -> Vec<(PathBuf, bool)> {
    let found = files(&version.join("checkpoints"), |name| name.ends_with(".ckpt"));
    found.into_iter().map(|(name, path)| (path, name.starts_with("best"))).collect()
}

/// The names contain a Unix time in seconds, always with the same number of digits.
fn events_in(version: &Path) -> Vec<PathBuf> {
    let found = files(version, |name| name.starts_with("events.out.tfevents."));
    found.into_iter().map(|(_, path)| path).collect()
}

/// The step of a session's first metrics.
fn first_step(version: &Path) -> Option<i64> {
    let events = tfevents::open(events_in(version).first()?).ok()?;
    let mut first = events.take(1000).flatten();
    first.find(|event| !event.values.is_empty()).map(|event| event.step)
}

/// Files in a folder whose names are wanted, with their names. Anything that is neither a file nor a link
/// to one is left out, as reading it might never end.
fn files(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<(String, PathBuf)> {
    let named = entries(folder).into_iter().filter_map(|path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        (is_wanted(&name) && path.is_file()).then_some((name, path))
    });
    named.collect()
}
