//! Sounds wherever they are: in the library, in a dataset, in what was generated, in the memory, dropped on the page, or
//! in a file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::{DatasetIndex, SoundCard, SoundPlace};
use audio::{Clip, DecodeLimits, decode_file, resample, with_channels};
use job::Shelf;

use super::{Refused, refuse};
use crate::{
    bad_sound::explain,
    dataset::Dataset,
    instrument::LoadedSound,
    patterns::{Tap, each_part},
};

/// Where the samples of a sound are.
pub(super) enum Found {
    /// In a file that has to be decoded.
    File(PathBuf),
    /// A part of such a file.
    Part(PathBuf, [f64; 2]),
    /// In a dataset, at this place of its index.
    InDataset(Box<Dataset>, usize),
}

/// The longest sound that is read where nobody says otherwise.
pub(super) const LONGEST_SECS: f64 = 20.0 * 60.0;

/// Finds a sound. `folder` is the job's.
pub(super) fn find(folder: &Path, place: &SoundPlace) -> anyhow::Result<Found> {
    let file = match place {
        SoundPlace::Library { id } => {
            job::shelf::find(folder, None, Shelf::Sounds, id).join(SoundCard::SOUND)
        }
        SoundPlace::Generation { id, number } => {
            let generation = job::shelf::find(folder, None, Shelf::Generations, id);
            generation
                .join(job::files::GENERATED)
                .join(format!("{number:04}"))
                .join(SoundCard::SOUND)
        }
        SoundPlace::Upload { upload } => {
            let uploads = folder.join(job::shelf::upload_seen_from_job(upload));
            match first_file(&uploads) {
                Ok(Some(path)) => path,
                Ok(None) | Err(_) => {
                    let why = "Files that are dropped are kept for a while only.";
                    return refuse(
                        "no_upload",
                        "The dropped sound is gone.",
                        why,
                        "Drop it again.",
                    );
                }
            }
        }
        SoundPlace::File { path } => path.clone(),
        SoundPlace::Pattern { excerpt: Some(excerpt), .. } => {
            if let Some(part_secs) = excerpt.part_secs.filter(|_| excerpt.path.is_file()) {
                return Ok(Found::Part(excerpt.path.clone(), part_secs));
            }
            excerpt.path.clone()
        }
        SoundPlace::Pattern { excerpt: None, id } => {
            return refuse(
                "no_sound",
                format!("Nothing says where the pattern {id} is."),
                "It was not looked up in the memory.",
                "Choose it again.",
            );
        }
        SoundPlace::Dataset { dataset, idx } => {
            let path = job::shelf::find(folder, None, Shelf::Datasets, dataset);
            let dataset = match Dataset::open(&path) {
                Ok(dataset) => dataset,
                Err(error) => {
                    let what = format!("The dataset {dataset} cannot be read.");
                    let remedy = "Restore it from the trash, or choose another sound.";
                    return refuse("no_dataset", what, &api::sentence(&error.to_string()), remedy);
                }
            };
            let DatasetIndex { sounds, .. } = dataset.index();
            if sounds.get(*idx as usize).is_none() {
                let why = format!("It holds {} sounds.", sounds.len());
                let what = "The dataset holds no such sound.";
                return refuse("no_sound", what, &why, "Choose another sound.");
            }
            return Ok(Found::InDataset(Box::new(dataset), *idx as usize));
        }
    };
    if !file.is_file() {
        let what = format!("There is no sound at “{}”.", file.display());
        return refuse(
            "no_sound",
            what,
            "It may have been deleted or moved.",
            "Choose another sound.",
        );
    }
    Ok(Found::File(file))
}

/// What people call a sound.
pub(super) fn name_of(found: &Found, place: &SoundPlace, folder: &Path) -> String {
    match (found, place) {
        (Found::InDataset(dataset, idx), _) => dataset.index().sounds[*idx].file.path.clone(),
        (Found::File(_), SoundPlace::Library { id }) => {
            let card = job::shelf::find(folder, None, Shelf::Sounds, id).join(SoundCard::CARD);
            let card: io::Result<Option<SoundCard>> =
                job::whole::read_json_if_there(&card).map_err(io::Error::other);
            card.ok().flatten().map_or_else(|| id.to_string(), |card| card.name)
        }
        (Found::File(_), SoundPlace::Generation { id, number }) => format!("{id}, {number}"),
        (_, SoundPlace::Pattern { excerpt: Some(excerpt), .. }) => excerpt.name.clone(),
        (Found::File(path) | Found::Part(path, _), _) => {
            path.file_name().unwrap_or_default().to_string_lossy().into_owned()
        }
    }
}

/// Reads a whole sound at a rate and with as many channels.
pub(super) fn load(
    folder: &Path,
    place: &SoundPlace,
    rate_hz: u32,
    n_channels: usize,
    longest_secs: f64,
) -> anyhow::Result<LoadedSound> {
    let (clip, name) = read(folder, place, longest_secs)?;
    shaped(clip, name, rate_hz, n_channels)
}

/// Reads a whole sound as it is, with its name.
pub(super) fn read(
    folder: &Path,
    place: &SoundPlace,
    longest_secs: f64,
) -> anyhow::Result<(Clip, String)> {
    let found = find(folder, place)?;
    let name = name_of(&found, place, folder);
    let mut clip = match &found {
        Found::InDataset(dataset, idx) => {
            let sound = &dataset.index().sounds[*idx];
            let from_hz = dataset.index().summary.rate_hz;
            let longest = (longest_secs * f64::from(from_hz)) as u64;
            if sound.n_frames > longest {
                return too_long(&name, longest_secs);
            }
            let channels = dataset.read(sound, 0, sound.n_frames as usize);
            Clip { rate_hz: from_hz, channels: channels.context("read the dataset")? }
        }
        Found::File(path) => decoded(path, &name, longest_secs)?,
        Found::Part(path, [start, end]) => {
            if end - start > longest_secs {
                return too_long(&name, longest_secs);
            }
            part_of(path, &name, [*start, *end])?
        }
    };
    if clip.n_frames() == 0 {
        return empty(&name);
    }
    clip.channels.iter_mut().flatten().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
    Ok((clip, name))
}

/// A part of a file of any length.
fn part_of(path: &Path, name: &str, part_secs: [f64; 2]) -> anyhow::Result<Clip> {
    let mut part = None;
    let mut take = |_, clips: Vec<Clip>| {
        part = clips.into_iter().next();
        true
    };
    match each_part(path, name, &[Tap::Whole], &[part_secs], &mut take) {
        Ok(_) => part.with_context(|| format!("read a part of {}", path.display())),
        Err(problem) => Err(anyhow::Error::new(Refused(problem))),
    }
}

fn empty<T>(name: &str) -> anyhow::Result<T> {
    let what = format!("“{name}” is empty.");
    refuse("empty", what, "It holds no sound.", "Choose another sound.")
}

/// Reads a whole sound file at a rate and with as many channels.
pub(crate) fn load_file(
    path: &Path,
    rate_hz: u32,
    n_channels: usize,
    longest_secs: f64,
) -> anyhow::Result<LoadedSound> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let clip = decoded(path, &name, longest_secs)?;
    shaped(clip, name, rate_hz, n_channels)
}

fn decoded(path: &Path, name: &str, longest_secs: f64) -> anyhow::Result<Clip> {
    let limits = DecodeLimits { max_secs: longest_secs, ..Default::default() };
    match decode_file(path, &limits) {
        Ok(decoded) => Ok(decoded.clip),
        Err(error) => {
            let why = explain(&error);
            let what = format!("“{name}” could not be read as sound.");
            refuse(why.code, what, &why.why, why.remedy)
        }
    }
}

fn shaped(
    clip: Clip,
    name: String,
    rate_hz: u32,
    n_channels: usize,
) -> anyhow::Result<LoadedSound> {
    let clip = resample(&with_channels(clip, n_channels), rate_hz);
    if clip.n_frames() == 0 {
        return empty(&name);
    }
    let mut channels = clip.channels;
    channels.iter_mut().flatten().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
    Ok(LoadedSound { name, channels })
}

fn too_long<T>(name: &str, longest_secs: f64) -> anyhow::Result<T> {
    let what = format!("“{name}” is too long.");
    let why = format!("Sounds of up to {:.0} minutes are taken.", longest_secs / 60.0);
    refuse("too_long", what, &why, "Cut it into pieces.")
}

/// The only file of an upload, or the first by name.
fn first_file(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut files = vec![];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_file = entry.file_type()?.is_file();
        // What the studio keeps about the upload begins with a dot.
        if is_file && !entry.file_name().to_string_lossy().starts_with('.') {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files.into_iter().next())
}
