//! Preparing a dataset: sound files are decoded on all cores, block by block, and stored in order.

mod reading;
mod split;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context;
use api::{EventBody, IndexedSound, Outcome, PrepareTask, SoundGroup, SoundSource, Warning};
use audio::Clip;

use self::reading::{Progress, ReadSound};
pub(super) use self::split::split_by_group;
use super::refuse;
use crate::{
    bad_sound,
    dataset::{About, DatasetWriter, Search},
    folder::JobFolder,
    log::log,
};

/// The most files that are taken from one folder.
const FILES_MAX: usize = 100_000;
/// The deepest sub-folders that are searched.
const DEPTH_MAX: usize = 32;
/// Bounds a text file beside a sound.
const CAPTION_BYTES_MAX: u64 = 4_000;
/// The most entries of hidden folders that are counted for the warning about them.
const HIDDEN_ENTRIES_MAX: usize = 20_000;

/// Prepares the dataset of the job's folder.
pub(crate) fn run(folder: &mut JobFolder, task: &PrepareTask) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let found = find_sounds(folder, &task.source)?;
    if found.sounds.is_empty() {
        return refuse_no_sound(&found);
    }
    let n_sounds = found.sounds.len();
    let mut writer = DatasetWriter::create(folder.path(), task.rate_hz, task.channels)
        .context("create the dataset's files")?;
    let mut warnings = vec![];
    if let Some(warning) = found.hidden.warning() {
        warn(folder, &mut warnings, warning)?;
    }
    if found.is_cut {
        warn(folder, &mut warnings, too_many_files())?;
    }
    let mut unusable = vec![];
    let mut progress = Progress::new(&found.sounds);
    folder.emit(EventBody::Progress(progress.progress()))?;
    let captions = captions_of(&found.sounds);
    let hand_over = |folder: &mut JobFolder, ReadSound { name, prepared, warnings: said }| {
        for warning in said {
            warn(folder, &mut warnings, warning)?;
        }
        match prepared.context("store a sound")? {
            Ok(mut prepared) => {
                prepared.caption = captions.get(&name).cloned();
                writer.add(prepared).context("store a sound")?;
            }
            Err(why) => unusable.push((name, why)),
        }
        Ok(())
    };
    let is_whole = reading::in_order(&found.sounds, task, folder, &mut progress, hand_over)?;
    if !is_whole {
        return Ok(Outcome::Stopped);
    }
    if writer.sounds().is_empty() {
        let (what, why, remedy) = bad_sound::none_usable(&unusable);
        return refuse("no_usable_audio", what, &why, remedy);
    }
    let search = Search::all(&mut writer, |share| {
        if let Some(progress) = progress.comparing(share) {
            // A full disk will be reported when the index is written.
            let _ = folder.emit(EventBody::Progress(progress));
        }
        !folder.should_stop()
    });
    let Some(search) = search.context("compare the sounds")? else {
        return Ok(Outcome::Stopped);
    };
    for warning in warnings_of(&search, writer.sounds()) {
        warn(folder, &mut warnings, warning)?;
    }
    let (seed, share) = (task.seed, task.validation_share);
    let split = |sounds: &[IndexedSound], groups: &[SoundGroup]| {
        split_by_group(sounds, groups, share, seed)
    };
    let prepare_secs = started.elapsed().as_secs_f64();
    let n_skipped = u32::try_from(unusable.len()).context("count the files")?;
    let source = source_in_words(&task.source, found.top);
    let about = About { source, warnings, n_skipped, prepare_secs };
    writer.finish(about, search.groups, split).context("write the dataset")?;
    folder.emit(EventBody::Progress(progress.done()))?;
    log(&format!("{n_sounds} files in {prepare_secs:.2} s, {n_skipped} left out"));
    Ok(Outcome::Done)
}

/// Emits a warning, and keeps it for the index.
fn warn(
    folder: &mut JobFolder,
    warnings: &mut Vec<Warning>,
    warning: Warning,
) -> anyhow::Result<()> {
    let warning = Warning { message: api::in_plain_words(&warning.message), ..warning };
    folder.warn(warning.clone())?;
    warnings.push(warning);
    Ok(())
}

/// Warnings about duplicates.
fn warnings_of(search: &Search, sounds: &[IndexedSound]) -> Vec<Warning> {
    let mut warnings = vec![];
    let warning = |code: &str, message: String| Warning { code: code.into(), file: None, message };
    let n_repeats: usize = search.groups.iter().map(|group| group.files.len() - 1).sum();
    if n_repeats > 0 {
        let files =
            if n_repeats == 1 { "1 file repeats" } else { &format!("{n_repeats} files repeat") };
        let message = if search.groups.len() == 1 && search.groups[0].files.len() == sounds.len() {
            "All files are the same sound, so none is held out.".to_owned()
        } else {
            format!(
                "{files} another one. Files with the same sound are kept on the same side of the \
                 split, so that validation stays fair."
            )
        };
        warnings.push(warning("duplicates", message));
    }
    if search.is_partial {
        let message = "There are so many files of similar length that not all were compared; some \
                       duplicates may not be listed.";
        warnings.push(warning("duplicates_partial", message.into()));
    }
    warnings
}

fn too_many_files() -> Warning {
    Warning {
        code: "too_many_files".into(),
        file: None,
        message: format!("There are more than {FILES_MAX} files; the rest is left out."),
    }
}

/// A sound to read: a file, or a synthesised one.
enum Source {
    File { path: PathBuf, name: String, bytes: u64 },
    Made { name: String, clip: Clip },
}

impl Source {
    fn name(&self) -> &str {
        match self {
            Self::File { name, .. } | Self::Made { name, .. } => name,
        }
    }

    /// Its size, for progress.
    fn bytes(&self) -> u64 {
        match self {
            Self::File { bytes, .. } => *bytes,
            Self::Made { clip, .. } => clip.n_frames() as u64,
        }
    }
}

/// The sounds found in a source.
#[derive(Default)]
struct Found {
    sounds: Vec<Source>,
    hidden: Hidden,
    /// Whether there are more than [`FILES_MAX`].
    is_cut: bool,
    /// The one folder that contains all of them.
    top: Option<String>,
}

/// Sounds that are not used because they are hidden.
#[derive(Default)]
struct Hidden {
    n_sounds: usize,
    /// Entries that were counted.
    n_seen: usize,
}

impl Hidden {
    fn warning(&self) -> Option<Warning> {
        let least = if self.n_seen >= HIDDEN_ENTRIES_MAX { "At least " } else { "" };
        let files = match self.n_sounds {
            0 => return None,
            1 => "1 hidden sound file was",
            n => &format!("{n} hidden sound files were"),
        };
        let message = format!(
            "{least}{files} left out: hidden files and folders, such as the trash, are not used."
        );
        Some(Warning { code: "hidden_files".into(), file: None, message })
    }

    /// Counts the sounds in a hidden folder, up to a number of entries that takes only a moment.
    fn count(&mut self, folder: &Path) {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                self.n_seen += 1;
                if self.n_seen >= HIDDEN_ENTRIES_MAX {
                    return;
                }
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() {
                    folders.push(entry.path());
                } else {
                    self.n_sounds += usize::from(is_sound(&entry.file_name()));
                }
            }
        }
    }
}

fn is_sound(name: &std::ffi::OsStr) -> bool {
    api::is_sound_name(&name.to_string_lossy())
}

fn refuse_no_sound<T>(found: &Found) -> anyhow::Result<T> {
    let why = "No file in it or in its sub-folders has the extension of a sound file, such as wav, \
               aiff, flac, mp3, ogg or m4a.";
    let why = match found.hidden.warning() {
        Some(warning) => format!("{why} {}", warning.message),
        None => why.to_owned(),
    };
    refuse(
        "no_audio",
        "There are no sound files in this folder.",
        &why,
        "Choose a folder with recordings in one of these formats.",
    )
}

fn find_sounds(folder: &mut JobFolder, source: &SoundSource) -> anyhow::Result<Found> {
    let root = match source {
        SoundSource::Samples => {
            let sounds = audio::sample_sounds(0).into_iter();
            let sounds = sounds.map(|(name, clip)| Source::Made { name, clip }).collect();
            return Ok(Found { sounds, ..Found::default() });
        }
        SoundSource::Folder { path } => path.clone(),
        SoundSource::Upload { upload } => {
            folder.path().join(job::shelf::upload_seen_from_job(upload))
        }
    };
    let unreadable = |error: io::Error| {
        refuse(
            "unreadable_folder",
            format!("The folder {} cannot be read.", root.display()),
            &error.to_string(),
            "Check that it exists and that you may read it.",
        )
    };
    let mut found = match fs::metadata(&root) {
        Ok(it) if it.is_file() => {
            let base = root.parent().unwrap_or(&root);
            Found { sounds: vec![source_from_path(root.clone(), base)], ..Found::default() }
        }
        Ok(_) => match walk(&root, folder)? {
            Ok(found) => found,
            Err(error) => return unreadable(error),
        },
        Err(error) => return unreadable(error),
    };
    if matches!(source, SoundSource::Upload { .. }) {
        found.top = leave_out_top(&mut found.sounds);
    }
    Ok(found)
}

/// If a single folder was dropped, removes it from the names of all sounds and returns it.
fn leave_out_top(sounds: &mut [Source]) -> Option<String> {
    let top = sounds.first()?.name().split_once('/')?.0.to_owned();
    let is_below = |it: &Source| {
        it.name().strip_prefix(top.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    if !sounds.iter().all(is_below) {
        return None;
    }
    for sound in sounds {
        if let Source::File { name, .. } = sound {
            name.drain(..=top.len());
        }
    }
    Some(top)
}

fn source_from_path(path: PathBuf, base: &Path) -> Source {
    let name = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().into_owned();
    let name = if cfg!(windows) { name.replace('\\', "/") } else { name };
    let bytes = fs::metadata(&path).map_or(0, |it| it.len());
    Source::File { path, name, bytes }
}

/// All sounds below a folder, by path, without hidden ones; folders that may not be read are warned
/// about, or are the error if it is the first one. Links to folders are not followed, so a walk always
/// ends.
fn walk(root: &Path, job: &mut JobFolder) -> anyhow::Result<io::Result<Found>> {
    let (mut paths, mut hidden, mut is_cut) = (vec![], Hidden::default(), false);
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if folder == root => return Ok(Err(error)),
            Err(error) => {
                job.warn(unreadable_folder(&folder, root, &error))?;
                continue;
            }
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let (path, name) = (entry.path(), entry.file_name());
            let is_hidden = api::is_hidden_name(&name.to_string_lossy());
            match (kind.is_dir(), is_hidden) {
                (true, true) => hidden.count(&path),
                (true, false) if depth < DEPTH_MAX => folders.push((path, depth + 1)),
                (false, true) => hidden.n_sounds += usize::from(is_sound(&name)),
                (false, false) if is_sound(&name) => {
                    is_cut = paths.len() >= FILES_MAX;
                    if !is_cut {
                        paths.push(path);
                    }
                }
                _ => {}
            }
        }
    }
    paths.sort();
    let sounds = paths.into_iter().map(|path| source_from_path(path, root)).collect();
    Ok(Ok(Found { sounds, hidden, is_cut, top: None }))
}

fn unreadable_folder(folder: &Path, root: &Path, error: &io::Error) -> Warning {
    let name = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().into_owned();
    Warning {
        code: "unreadable_folder".into(),
        file: Some(name),
        message: format!("This folder could not be read: {error}."),
    }
}

/// The words that lie beside sounds, in text files of the same names; by the names of the sounds.
fn captions_of(sounds: &[Source]) -> BTreeMap<String, String> {
    let beside = |sound: &Source| {
        let Source::File { path, name, .. } = sound else { return None };
        let mut bytes = Vec::new();
        let file = fs::File::open(path.with_extension("txt")).ok()?;
        file.take(CAPTION_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        let words =
            String::from_utf8_lossy(&bytes).split_whitespace().collect::<Vec<_>>().join(" ");
        let words: String = words.chars().filter(|c| !c.is_control() && *c != '\u{feff}').collect();
        (!words.is_empty()).then(|| (name.clone(), words))
    };
    sounds.iter().filter_map(beside).collect()
}

fn source_in_words(source: &SoundSource, top: Option<String>) -> String {
    match source {
        SoundSource::Folder { path } => path.display().to_string(),
        SoundSource::Upload { .. } => match top {
            Some(top) => format!("dropped folder {top}"),
            None => "dropped files".into(),
        },
        SoundSource::Samples => "built-in sample sounds".into(),
    }
}
