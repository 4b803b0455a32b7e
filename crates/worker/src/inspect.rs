//! Looks at what people have from other programs, without taking it: folders, the directories of
//! archives and small headers are read, nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use api::{Finding, FindingKind, Findings, Problem, Unreadable};
use foreign::{audio_example, lmdb};
use models::{ENTRIES_MAX, Family, ForeignRun, OtherProgram, entries};

use crate::{folder::problem, package, words::listed};

/// How deep folders are walked.
const DEPTH_MAX: usize = 8;
/// Rates of datasets.
const RATES_HZ: std::ops::RangeInclusive<u32> = 8000..=192_000;
/// What is made of any model.
const BECOMES_MODEL: &str = "a model in the library";
/// Things that are listed.
const FINDINGS_MAX: usize = 1000;

/// What a folder or a file holds, and what would become of it.
///
/// # Errors
/// When it cannot be read at all.
pub fn inspect(path: &Path) -> Result<Findings, Problem> {
    look_into(path).map(|looked| looked.findings)
}

/// What was found, and where: not every path can be written as a key and read back.
pub(crate) struct Looked {
    pub(crate) findings: Findings,
    /// Of each key.
    pub(crate) paths: BTreeMap<String, PathBuf>,
}

/// As [`inspect`], with the paths of what was found.
pub(crate) fn look_into(path: &Path) -> Result<Looked, Problem> {
    let unreadable = |error: std::io::Error| {
        problem(
            "unreadable_folder",
            format!("“{}” could not be read.", path.display()),
            &error.to_string(),
            "Check that it exists and that you have permission to read it.",
        )
    };
    let kind = fs::metadata(path).map_err(unreadable)?;
    let mut looker = Looker {
        root: root_of(path),
        n_left: ENTRIES_MAX,
        findings: Findings { path: path.display().to_string(), ..Findings::default() },
        paths: BTreeMap::new(),
    };
    if kind.is_file() {
        looker.file(path, true);
    } else {
        fs::read_dir(path).map_err(unreadable)?;
        looker.folder(&looker.root.clone(), 0);
    }
    looker.findings.items.sort_by(|a, b| (a.kind, &a.key).cmp(&(b.kind, &b.key)));
    Ok(Looked { findings: looker.findings, paths: looker.paths })
}

/// The folder to look into: of a part of a run of another program, the run.
fn root_of(path: &Path) -> PathBuf {
    if path.is_file() {
        return path.parent().unwrap_or(path).to_owned();
    }
    let run = models::other_programs().iter().find_map(|(_, program)| program.run_around(path));
    run.unwrap_or_else(|| path.to_owned())
}

/// The run of another program in a folder, with that program and the family that it is of.
pub(crate) fn run_in(folder: &Path) -> Option<FoundRun> {
    models::other_programs().into_iter().find_map(|(family, program)| {
        let run = program.run_in(folder)?;
        Some(FoundRun { family, program, run })
    })
}

/// A run of another program.
pub(crate) struct FoundRun {
    pub(crate) family: &'static dyn Family,
    pub(crate) program: &'static dyn OtherProgram,
    pub(crate) run: ForeignRun,
}

struct Looker {
    root: PathBuf,
    n_left: usize,
    findings: Findings,
    paths: BTreeMap<String, PathBuf>,
}

impl Looker {
    fn folder(&mut self, folder: &Path, depth: usize) {
        if depth > DEPTH_MAX {
            self.findings.is_cut = true;
            return;
        }
        if folder.join("data.mdb").is_file() {
            return self.dataset(folder);
        }
        if let Some(found) = run_in(folder) {
            self.run(folder, &found);
        }
        let programs = models::other_programs();
        let mut inner = entries(folder);
        inner.sort();
        for path in inner {
            if self.n_left == 0 || self.findings.items.len() >= FINDINGS_MAX {
                self.findings.is_cut = true;
                return;
            }
            self.n_left -= 1;
            // Links are not followed, so a walk always ends.
            let Ok(kind) = fs::symlink_metadata(&path) else { continue };
            let is_part = || programs.iter().any(|(_, program)| program.is_part_of_run(&path));
            if kind.is_dir() && !is_part() {
                self.folder(&path, depth + 1);
            } else if kind.is_file() {
                self.file(&path, false);
            }
        }
    }

    /// A file by itself. `is_asked` is whether it was named, so that there must be an answer.
    fn file(&mut self, path: &Path, is_asked: bool) {
        let ending = path.extension().map(|it| it.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("maq") => self.package(path),
            Some("safetensors") => match models::look_at(path) {
                Ok(_) => self.found(
                    path,
                    FindingKind::Model,
                    "a Maquette model or checkpoint".into(),
                    BECOMES_MODEL.into(),
                    vec![],
                ),
                Err(_) if is_of_another_program(path, "safetensors") => {
                    self.model(path, "safetensors")
                }
                // Many programs write such files; only of those that were named must there be an answer.
                Err(error) if is_asked => self.refuse(path, &format!("failed to {error}")),
                Err(_) => {}
            },
            Some(ending) if models::other_endings().contains(&ending) => self.model(path, ending),
            _ if is_asked => {
                let others = models::other_endings().into_iter().filter(|it| *it != "safetensors");
                let endings = ["maq"].into_iter().chain(others);
                let endings = endings.chain(["safetensors"]).map(|it| format!(".{it}"));
                self.refuse(path, &format!("models are {} files", listed(endings, "and")));
            }
            _ => {}
        }
    }

    fn package(&mut self, path: &Path) {
        let manifest = match package::manifest_of(path) {
            Ok(manifest) => manifest,
            Err(error) => return self.refuse(path, &format!("failed to {error:#}")),
        };
        let said = |what: &str, text: &str| {
            let text = if text.is_empty() { "not stated" } else { text };
            format!("{what}: {text}.")
        };
        let notes = vec![said("Author", &manifest.author), said("License", &manifest.license)];
        let what = "a Maquette package".to_owned();
        self.found(path, FindingKind::Model, what, BECOMES_MODEL.into(), notes);
    }

    fn model(&mut self, path: &Path, ending: &str) {
        let mut why = None;
        for (_, program) in models::other_programs() {
            if !program.endings().contains(&ending) {
                continue;
            }
            match program.recognise(path) {
                Ok(models::Recognised { what, notes }) => {
                    let (what, becomes) = (what.to_owned(), BECOMES_MODEL.into());
                    return self.found(path, FindingKind::Model, what, becomes, notes);
                }
                // What the first program says of it is told.
                Err(reason) => why = why.or(Some(reason)),
            }
        }
        self.refuse(path, &why.unwrap_or_default());
    }

    fn run(&mut self, folder: &Path, FoundRun { program, run, .. }: &FoundRun) {
        let ForeignRun { checkpoints, events, n_sessions, older } = run;
        if checkpoints.is_empty() && events.is_empty() {
            return self.refuse(folder, "the run has neither checkpoints nor TensorBoard events");
        }
        let mut steps = BTreeSet::new();
        let mut notes = vec![];
        if !older.is_empty() {
            let names = older.join(", ");
            notes.push(format!("Training was restarted after {names}; these are not imported."));
        }
        for (path, _) in checkpoints {
            match program.step_of(path) {
                Ok(step) => steps.extend(step),
                Err(error) => self.refuse(path, &format!("failed to {error}")),
            }
        }
        if steps.is_empty() {
            notes.push("It has no checkpoint, so you can look at it but not resume it.".to_owned());
        }
        let what = format!(
            "a run with {}, {} and {}",
            count(*n_sessions, "session"),
            count(checkpoints.len(), "checkpoint"),
            count(events.len(), "event file"),
        );
        let becomes = match steps.last() {
            Some(step) => format!("a run with its curves and sounds, resumable at step {step}"),
            None => "a run with its curves and sounds".into(),
        };
        self.found(folder, FindingKind::Run, what, becomes, notes);
    }

    fn dataset(&mut self, folder: &Path) {
        let metadata = match audio_example::read_metadata(&folder.join("metadata.yaml")) {
            Ok(metadata) => metadata,
            Err(error) => return self.refuse(folder, &format!("failed to {error}")),
        };
        let n_entries = match lmdb::open(folder) {
            Ok(database) => database.n_entries(),
            Err(error) => return self.refuse(folder, &format!("failed to {error}")),
        };
        if metadata.n_channels > 2 {
            let why = format!(
                "it has {} channels; only mono and stereo are supported",
                metadata.n_channels
            );
            return self.refuse(folder, &why);
        }
        if !RATES_HZ.contains(&metadata.rate_hz) {
            let why = format!(
                "its sample rate is {} Hz; 8000 to 192000 Hz are supported",
                metadata.rate_hz
            );
            return self.refuse(folder, &why);
        }
        let mut notes = vec![];
        let what = if metadata.is_lazy {
            notes.push("It refers to sound files; missing ones are left out.".to_owned());
            format!("a lazy dataset that refers to {n_entries} sound files")
        } else {
            format!("a dataset of {n_entries} excerpts")
        };
        let becomes = format!(
            "a dataset at {} Hz, {}",
            metadata.rate_hz,
            count(metadata.n_channels as usize, "channel")
        );
        self.found(folder, FindingKind::Dataset, what, becomes, notes);
    }

    fn found(
        &mut self,
        path: &Path,
        kind: FindingKind,
        what: String,
        becomes: String,
        notes: Vec<String>,
    ) {
        let name = match kind {
            FindingKind::Model => model_name(path),
            FindingKind::Dataset | FindingKind::Run => words(path.file_name()),
        };
        let (key, bytes) = (self.key(path), size(path, 0, &mut self.n_left));
        self.paths.insert(key.clone(), path.to_owned());
        self.findings.items.push(Finding { key, kind, name, what, becomes, bytes, notes });
    }

    fn refuse(&mut self, path: &Path, why: &str) {
        if self.findings.unreadable.len() < FINDINGS_MAX {
            let path = self.key(path);
            self.findings.unreadable.push(Unreadable { path, why: why.to_owned() });
        }
    }

    fn key(&self, path: &Path) -> String {
        let inner = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned();
        if inner.is_empty() { ".".to_owned() } else { inner }
    }
}

/// A file or folder of which one model is to be made, whatever it holds.
pub(crate) fn as_model(path: &Path) -> Finding {
    Finding {
        key: ".".into(),
        kind: FindingKind::Model,
        name: model_name(path),
        what: "the chosen file or folder".into(),
        becomes: BECOMES_MODEL.into(),
        bytes: 0,
        notes: vec![],
    }
}

/// What a model is called: what its maker calls it in a package, else as its file or folder.
fn model_name(path: &Path) -> String {
    let packed = package::is_package(path).then(|| package::manifest_of(path).ok()).flatten();
    match packed {
        Some(manifest) if !manifest.name.is_empty() => manifest.name,
        _ => words(if path.is_dir() { path.file_name() } else { path.file_stem() }),
    }
}

fn words(name: Option<&OsStr>) -> String {
    name.map(|it| it.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Bytes of a file or of what is in a folder, as far as `n_left` entries reach.
fn size(path: &Path, depth: usize, n_left: &mut usize) -> u64 {
    *n_left = n_left.saturating_sub(1);
    match fs::symlink_metadata(path) {
        Ok(kind) if kind.is_file() => kind.len(),
        Ok(kind) if kind.is_dir() && depth < 4 && *n_left > 0 => {
            entries(path).iter().map(|path| size(path, depth + 1, n_left)).sum()
        }
        _ => 0,
    }
}

fn count(n: usize, what: &str) -> String {
    match (n, what.split_once(' ')) {
        (1, _) => format!("1 {what}"),
        (n, Some((first, rest))) => format!("{n} {first}s {rest}"),
        (n, None) => format!("{n} {what}s"),
    }
}

/// Whether a file is one that another program wrote and that is known here.
fn is_of_another_program(path: &Path, ending: &str) -> bool {
    let programs = models::other_programs();
    programs.iter().any(|(_, it)| it.endings().contains(&ending) && it.recognise(path).is_ok())
}
