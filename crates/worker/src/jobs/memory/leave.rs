//! Patterns leave with their sounds: as one file, or as a folder of WAV files.

use std::{collections::BTreeMap, fs, path::Path};

use ::memory::{Library, Pattern, PatternId, SOUND_BYTES_MAX, read_library, write_library};
use api::{EventBody, Outcome, PatternSource, PatternsForm};
use audio::{Clip, WavFormat, resample, with_channels, write_wav};

use super::{
    super::{Refused, context},
    empty, finish, gone, warn,
};
use crate::{
    folder::JobFolder,
    patterns::{RATE_HZ, Tap, each_part, hash, refused},
    progress::{Goal, ProgressMeter},
};

/// What the studio put there, and what leaves.
const LIBRARY: &str = "patterns.memory";
const FILES: &str = "files";
/// The longest sound of a pattern in a library file, in seconds.
const CARRIED_SECS: f64 = 30.0;

/// Writes what the order asks for.
pub(super) fn take(folder: &mut JobFolder, form: PatternsForm) -> anyhow::Result<Outcome> {
    let home = folder.path().to_owned();
    let mut library =
        read_library(&home.join(LIBRARY)).map_err(|error| Refused(refused(&error)))?;
    let files = home.join(FILES);
    context(fs::create_dir_all(&files), "make", &files)?;
    let mut by_sound: BTreeMap<PatternSource, Vec<Pattern>> = BTreeMap::new();
    for pattern in &library.patterns {
        by_sound.entry(pattern.source.clone()).or_default().push(pattern.clone());
    }
    let mut meter = ProgressMeter::new("sounds", Goal::Units(by_sound.len() as u64), 0.0);
    let mut result = empty();
    if form != PatternsForm::Library {
        for (n, (source, patterns)) in by_sound.iter().enumerate() {
            if folder.should_stop() {
                return Ok(Outcome::Stopped);
            }
            if let Some(progress) = meter.mark("cutting out", n as u64) {
                folder.emit(EventBody::Progress(progress))?;
            }
            let path = Path::new(&source.path);
            let is_same = hash(path).is_ok_and(|it| it == source.sha256);
            // What came with a library file from elsewhere is still there.
            let carried = patterns.iter().filter(|it| library.sounds.contains_key(&it.id)).count();
            if !is_same && carried == patterns.len() && form == PatternsForm::LibraryWithSounds {
                result.n_patterns += carried as u64;
                continue;
            }
            let written = if is_same {
                write_parts(path, patterns, &files, form, &mut library)
            } else {
                Err(gone(&source.name))
            };
            match written {
                Ok(n) => {
                    result.n_sounds += 1;
                    result.n_patterns += n;
                }
                Err(problem) => warn(folder, &source.name, &problem)?,
            }
        }
    }
    result.file = Some(if form == PatternsForm::Sounds {
        if result.n_patterns == 0 {
            let what = "None of the patterns' sounds could be read.";
            return super::super::refuse("gone", what, "", "The job's warnings say why.");
        }
        FILES.to_owned()
    } else {
        result.n_patterns = library.patterns.len() as u64;
        let file = files.join("library.memory");
        write_library(&file, &library).map_err(|error| Refused(refused(&error)))?;
        format!("{FILES}/library.memory")
    });
    finish(folder, result)
}

fn write_parts(
    path: &Path,
    patterns: &[Pattern],
    files: &Path,
    form: PatternsForm,
    library: &mut Library,
) -> Result<u64, api::Problem> {
    let name = &patterns[0].source.name;
    let end = |it: &Pattern| match form {
        PatternsForm::Sounds => it.end_secs,
        _ => it.end_secs.min(it.start_secs + CARRIED_SECS),
    };
    let parts: Vec<[f64; 2]> = patterns.iter().map(|it| [it.start_secs, end(it)]).collect();
    let (mut n, mut failed) = (0, None);
    each_part(path, name, &[Tap::Whole], &parts, &mut |i, mut clips| {
        let clip = clips.swap_remove(0);
        if clip.n_frames() == 0 {
            return true;
        }
        match form {
            PatternsForm::Sounds => {
                let file = files.join(file_name(&patterns[i]));
                if let Err(error) = write_wav(&file, &clip, WavFormat::Int24) {
                    failed = Some(error);
                    return false;
                }
            }
            _ => _ = library.sounds.insert(patterns[i].id, carried(clip)),
        }
        n += 1;
        true
    })?;
    match failed {
        None => Ok(n),
        Some(error) => Err(crate::folder::problem(
            "not_written",
            "The sounds could not be written.",
            &api::sentence(&format!("failed to {error}")),
            "Check the space on the disk.",
        )),
    }
}

/// A file's name from its sound's: what it is cut from, and where.
fn file_name(pattern: &Pattern) -> String {
    let stem = Path::new(&pattern.source.name).file_stem().unwrap_or_default().to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ' | '.');
    let plain: String = stem.chars().map(|c| if is_plain(c) { c } else { '-' }).take(60).collect();
    let id: PatternId = pattern.id;
    format!("{} {:.2} s {id}.wav", plain.trim_start_matches('.'), pattern.start_secs)
}

/// A pattern's sound as a small file: as it is where that fits, else one channel at the rate at which patterns are heard.
fn carried(clip: Clip) -> Vec<u8> {
    let bytes = clip.n_frames() * clip.channels.len() * 2 + 100;
    let clip =
        if bytes <= SOUND_BYTES_MAX { clip } else { with_channels(resample(&clip, RATE_HZ), 1) };
    let n_channels = clip.channels.len() as u16;
    let n_frames = clip.n_frames();
    let mut bytes = audio::wav_header(clip.rate_hz, n_channels, n_frames as u64, WavFormat::Int16);
    for i in 0..n_frames {
        for channel in &clip.channels {
            bytes.extend(((channel[i].clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes());
        }
    }
    bytes
}
