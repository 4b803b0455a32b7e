//! Models in files: of the library, of ours elsewhere, and of other programs.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::Context;
use api::ModelPlace;
use job::Shelf;
use models::{Codec, Finished, ForeignModel, PlayedModule};

use super::{refuse, sentence, train::sha256_of_file};
use crate::{
    package::{self, PRIOR},
    words::listed,
};

/// The file of a model's weights.
pub(super) const WEIGHTS: &str = "weights.safetensors";

/// A model that was read.
pub(crate) struct Opened {
    pub(crate) model: Box<dyn Finished>,
    /// As its card says, else as it says itself; absent where it has to do with no sound.
    pub(crate) rate_hz: Option<u32>,
    /// What is worth knowing about its file.
    pub(super) notes: Vec<String>,
}

/// The part of `model.json` that says how fast a model runs.
#[derive(serde::Deserialize)]
struct Rate {
    rate_hz: Option<u32>,
}

/// Reads a model of the library or of a file. `folder` is the job's.
pub(crate) fn open_model(folder: &Path, place: &ModelPlace) -> anyhow::Result<Opened> {
    let (weights, notes) = weights_of(folder, place)?;
    Ok(Opened { notes, ..load(&weights)? })
}

/// The weights of a model of the library or of a file, and what is worth knowing about them. What another
/// program left becomes a file of ours in the job's folder.
pub(super) fn weights_of(
    folder: &Path,
    place: &ModelPlace,
) -> anyhow::Result<(PathBuf, Vec<String>)> {
    match place {
        ModelPlace::Library { id } => {
            let home = job::shelf::find(folder, None, Shelf::Models, id);
            if let Some(card) = linked(&home) {
                let why = "Its weights are those of another program, which can do other things.";
                let what = format!("“{}” cannot be used for this.", card.name);
                return refuse("other_model", what, why, "Choose a model that was trained here.");
            }
            Ok((home.join(WEIGHTS), vec![]))
        }
        ModelPlace::File { path } => match found_in(path)? {
            Found::Ours(weights) => Ok((weights, vec![])),
            Found::Package(file) => {
                let inside = folder.join("package");
                let notes = unpacked(&file, &inside)?.1;
                Ok((inside.join(WEIGHTS), notes))
            }
            Found::Foreign(file) => {
                let weights = folder.join(WEIGHTS);
                let notes = translate(&file, &weights)?.1;
                Ok((weights, notes))
            }
        },
    }
}

/// The card of a model that uses weights of others where they lie; none for another one.
pub(super) fn linked(home: &Path) -> Option<api::Model> {
    let path = home.join(job::files::MODEL);
    let card: api::Model = job::whole::read_versioned(&path, api::Model::FORMAT).ok()?;
    card.linked.is_some().then_some(card)
}

/// What a file turned out to be.
pub(super) struct BroughtIn {
    /// In words.
    pub(super) kind: &'static str,
    /// Samples per second, if it has to do with sound.
    pub(super) rate_hz: Option<u32>,
    /// What is worth knowing about it: whole sentences.
    pub(super) notes: Vec<String>,
    /// What its package said, if it was one.
    pub(super) packaged: Option<api::Packaged>,
    /// The prior that came with it.
    pub(super) prior: Option<BroughtPrior>,
}

/// A prior that came with a model.
pub(super) struct BroughtPrior {
    pub(super) name: String,
    /// Where it was written, as a file of ours.
    pub(super) weights: PathBuf,
}

/// Writes the weights of a model file, or of the best one in a folder, as a file of ours; a prior in the same file is
/// written beside it. `name` is what the model is going to be called.
pub(super) fn bring_in(path: &Path, weights: &Path, name: &str) -> anyhow::Result<BroughtIn> {
    match found_in(path)? {
        Found::Ours(found) => {
            fs::copy(&found, weights).with_context(|| format!("copy {}", found.display()))?;
            let Opened { rate_hz, notes, .. } = load_with_rate(weights, rate_beside(&found))?;
            let kind = "a Maquette model or checkpoint";
            Ok(BroughtIn { kind, rate_hz, notes, packaged: None, prior: None })
        }
        Found::Package(file) => {
            let inside = weights.with_file_name("package");
            let (manifest, mut notes) = unpacked(&file, &inside)?;
            // Beside the weights lie the card and the sounds, as in the package.
            for name in ["card.md", "sounds", PRIOR, WEIGHTS] {
                let from = inside.join(name);
                if from.exists() {
                    fs::rename(&from, weights.with_file_name(name))
                        .with_context(|| format!("move {}", from.display()))?;
                }
            }
            fs::remove_dir_all(&inside).with_context(|| format!("remove {}", inside.display()))?;
            load(weights)?;
            let prior = prior_beside(weights, &manifest, &mut notes)?;
            let (rate_hz, packaged) = (manifest.rate_hz, Some(manifest.packaged()));
            Ok(BroughtIn { kind: "a Maquette package", rate_hz, notes, packaged, prior })
        }
        Found::Foreign(file) => {
            let foreign = opened_foreign(&file)?;
            let (kind, mut notes) = translated(foreign.as_ref(), weights)?;
            if file != path {
                notes.insert(0, format!("From this folder, {} was imported.", file.display()));
            }
            let rate_hz = load(weights)?.rate_hz;
            let beside = weights.with_file_name(PRIOR);
            let sha256 = sha256_of_file(weights).context("read back the weights")?;
            let has_prior =
                foreign.save_prior(&sha256, name, &beside).context("write its prior")?;
            let prior =
                has_prior.then(|| BroughtPrior { name: format!("{name} prior"), weights: beside });
            Ok(BroughtIn { kind, rate_hz, notes, packaged: None, prior })
        }
    }
}

/// What a file or folder turned out to hold.
enum Found {
    /// A file of ours with weights.
    Ours(PathBuf),
    /// A package of ours.
    Package(PathBuf),
    /// A file that may be of another program.
    Foreign(PathBuf),
}

fn found_in(path: &Path) -> anyhow::Result<Found> {
    let found = fs::metadata(path).with_context(|| format!("open {}", path.display()))?;
    if found.is_dir() {
        let weights = path.join(WEIGHTS);
        if weights.is_file() {
            return Ok(Found::Ours(weights));
        }
        let endings = models::other_endings().into_iter().map(|it| format!(".{it}"));
        let endings = listed(endings, "or");
        let why = format!("The folder has neither weights.safetensors nor a {endings} file.");
        return match best_foreign(path)? {
            Some(file) => Ok(Found::Foreign(file)),
            None => refuse_model(path, &why),
        };
    }
    if !found.is_file() {
        return refuse_model(path, "It is neither a regular file nor a folder.");
    }
    if package::is_package(path) {
        return Ok(Found::Package(path.to_owned()));
    }
    let mut start = Vec::new();
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    file.take(9).read_to_end(&mut start).with_context(|| format!("read {}", path.display()))?;
    // A safetensors file: the length of a header, and the header, which is JSON.
    let is_ours = start.len() == 9 && start[8] == b'{' && start[4..8] == [0; 4];
    // One that names no family may hold what another program wrote.
    let is_ours = is_ours && !(models::lora::is_adapter(path) && models::family_of(path).is_err());
    Ok(if is_ours { Found::Ours(path.to_owned()) } else { Found::Foreign(path.to_owned()) })
}

/// The file of another program's folder that is best to play, as that program says.
fn best_foreign(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let (mut files, mut n_left) = (Vec::new(), ENTRIES_MAX);
    list_foreign(folder, 0, &mut n_left, &mut files)
        .with_context(|| format!("look into {}", folder.display()))?;
    let programs = models::other_programs();
    let rank = |path: &Path| {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        let reads = programs.iter().filter(|(_, it)| it.endings().iter().any(|it| ending == *it));
        reads.map(|(_, program)| program.rank(path)).max()
    };
    // Of two that are alike the newer, and of two as old the last by name.
    let best = files.into_iter().max_by_key(|(path, age)| (rank(path), *age, path.clone()));
    Ok(best.map(|(path, _)| path))
}

/// How deep the folder of a run is: `run/version_0/checkpoints`.
const DEPTH_MAX: usize = 3;
/// Files and folders that are looked at; more is not the folder of a run.
const ENTRIES_MAX: usize = 10_000;

fn list_foreign(
    folder: &Path,
    depth: usize,
    n_left: &mut usize,
    files: &mut Vec<(PathBuf, SystemTime)>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let Some(n_after) = n_left.checked_sub(1) else { break };
        *n_left = n_after;
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        if kind.is_dir() && depth < DEPTH_MAX {
            list_foreign(&path, depth + 1, n_left, files)?;
        }
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        let is_foreign = models::other_endings().iter().any(|it| ending == *it);
        if kind.is_file() && is_foreign {
            files.push((path, entry.metadata()?.modified()?));
        }
    }
    Ok(())
}

/// Takes a package apart into a new folder; what is worth knowing about it.
fn unpacked(file: &Path, folder: &Path) -> anyhow::Result<(package::Manifest, Vec<String>)> {
    // What a worker left that was killed.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir(folder).with_context(|| format!("make {}", folder.display()))?;
    let manifest = match package::unpack(file, folder) {
        Ok(manifest) => manifest,
        Err(error) => {
            let _ = fs::remove_dir_all(folder);
            return refuse_model(file, &format!("Failed to {error:#}."));
        }
    };
    let mut notes = vec![];
    if !manifest.author.is_empty() {
        notes.push(format!("Author: {}.", manifest.author));
    }
    notes.push(match manifest.license.as_str() {
        "" => "Its author does not state a license.".to_owned(),
        license => format!("License: {license}."),
    });
    Ok((manifest, notes))
}

/// Reads a file of whatever other program.
///
/// # Errors
/// When no program knows it: why the first one does not.
pub(crate) fn open_foreign(file: &Path) -> Result<Box<dyn ForeignModel>, models::Error> {
    let mut tries = models::other_programs().into_iter().map(|(_, program)| program.open(file));
    let first = tries.next();
    match first {
        Some(Err(error)) => tries.find_map(Result::ok).ok_or(error),
        Some(Ok(model)) => Ok(model),
        None => {
            let reason = "no family reads files of other programs".to_owned();
            Err(models::Error::Original { path: file.to_owned(), reason })
        }
    }
}

/// The prior of a package that was taken apart; one of another model is left out, and a note says so.
fn prior_beside(
    weights: &Path,
    manifest: &package::Manifest,
    notes: &mut Vec<String>,
) -> anyhow::Result<Option<BroughtPrior>> {
    let beside = weights.with_file_name(PRIOR);
    if !beside.is_file() {
        return Ok(None);
    }
    let sha256 = sha256_of_file(weights).context("read back the weights")?;
    let opened = models::open(&beside);
    let is_of_it =
        |model: &dyn Finished| model.as_prior().is_some_and(|prior| prior.codec().sha256 == sha256);
    match opened {
        Ok(model) if is_of_it(model.as_ref()) => {
            let name = manifest.prior_name.clone().filter(|name| !name.trim().is_empty());
            let name = name.unwrap_or_else(|| format!("{} prior", manifest.name));
            return Ok(Some(BroughtPrior { name, weights: beside }));
        }
        Ok(_) => notes.push("Its prior is not one of this model and was left out.".into()),
        Err(error) => notes.push(format!("Its prior was left out: failed to {error}.")),
    }
    fs::remove_file(&beside).context("remove its prior")?;
    Ok(None)
}

/// Writes a file of another program as one of ours; says what it is, and what of it was not understood.
fn translate(file: &Path, weights: &Path) -> anyhow::Result<(&'static str, Vec<String>)> {
    translated(opened_foreign(file)?.as_ref(), weights)
}

fn translated(
    foreign: &dyn ForeignModel,
    weights: &Path,
) -> anyhow::Result<(&'static str, Vec<String>)> {
    foreign.save_model(weights).with_context(|| format!("write {}", weights.display()))?;
    Ok((foreign.kind(), foreign.warnings().iter().map(|warning| sentence(warning)).collect()))
}

/// Reads a file of whatever other program; refuses what cannot become a model.
fn opened_foreign(file: &Path) -> anyhow::Result<Box<dyn ForeignModel>> {
    match open_foreign(file) {
        Ok(foreign) => Ok(foreign),
        Err(_) if PlayedModule::is_one(file) || file.extension().is_some_and(|it| it == "onnx") => {
            let what =
                format!("“{}” is an export and cannot be imported as a model.", file.display());
            let why = "It holds what is needed to play the model, not the model itself.";
            refuse("not_a_model", what, why, "Import the model or its package (.maq) instead.")
        }
        Err(error) => refuse_model(file, &format!("Failed to {error}.")),
    }
}

/// Reads a model of a file or folder of ours.
pub(crate) fn load_any(path: &Path) -> anyhow::Result<Box<dyn Finished>> {
    match found_in(path)? {
        Found::Ours(weights) => Ok(load(&weights)?.model),
        Found::Package(_) | Found::Foreign(_) => refuse(
            "not_a_model",
            format!("Nothing can be compared with “{}”.", path.display()),
            "Only models in the library and Maquette weights can be compared with.",
            "Name a model by its id, or first add this one to the library with `maquette model add`.",
        ),
    }
}

/// Reads a file of ours.
pub(super) fn load(weights: &Path) -> anyhow::Result<Opened> {
    load_with_rate(weights, rate_beside(weights))
}

/// The rate that the card beside a model's weights names, if there is one.
fn rate_beside(weights: &Path) -> Option<u32> {
    let card = fs::read(weights.with_file_name("model.json")).ok()?;
    serde_json::from_slice::<Rate>(&card).ok()?.rate_hz
}

fn load_with_rate(weights: &Path, rate_hz: Option<u32>) -> anyhow::Result<Opened> {
    match models::open(weights) {
        Ok(model) => {
            // The card of a model without sound may name the rate of the dataset beside it.
            let own = model.as_codec().map(|codec| codec.shape().rate_hz);
            let rate_hz = own.map(|own| rate_hz.unwrap_or(own));
            Ok(Opened { model, rate_hz, notes: Vec::new() })
        }
        Err(error) => refuse_model(weights, &format!("Failed to {error}.")),
    }
}

/// The codec in a folder of the library, its rate, and how many channels it hears.
///
/// # Errors
/// When there is none that can be read.
pub(crate) fn codec_at(home: &Path) -> Result<(Box<dyn Finished>, u32, usize), api::Problem> {
    let read = || -> anyhow::Result<_> {
        let Opened { model, rate_hz, .. } = load(&home.join(WEIGHTS))?;
        let shape = codec(model.as_ref(), &home.display().to_string())?.shape();
        Ok((model, rate_hz.unwrap_or(shape.rate_hz), shape.channels))
    };
    read().map_err(|error| super::problem_from_error(&error))
}

fn refuse_model<T>(path: &Path, why: &str) -> anyhow::Result<T> {
    let theirs: Vec<_> = models::other_programs().iter().map(|(_, it)| it.takes()).collect();
    let remedy = format!(
        "Choose a model's folder, its weights.safetensors, a package (.maq), a checkpoint of a run, or {}.",
        listed(theirs, "or")
    );
    refuse("not_a_model", format!("{} does not contain a model.", path.display()), why, &remedy)
}

/// What people call a model of the library or of a file.
pub(super) fn name_of(place: &ModelPlace) -> String {
    match place {
        ModelPlace::Library { id } => id.to_string(),
        ModelPlace::File { path } => path.display().to_string(),
    }
}

/// A model as a codec; refuses one that makes no sound of latents.
pub(super) fn codec<'a>(model: &'a dyn Finished, name: &str) -> anyhow::Result<&'a dyn Codec> {
    model.as_codec().map_or_else(
        || {
            refuse(
                "not_a_codec",
                format!("“{name}” does not turn sound into latents and back."),
                &format!("It is a model of the family `{}`.", model.family()),
                "Choose a model that does.",
            )
        },
        Ok,
    )
}
