//! Projects of audio workstations read and converted, for the commands `maquette daw …`.

mod score;
mod stems;

use std::{
    io::Cursor,
    path::{Path, PathBuf},
};

use api::{DawClip, DawConverted, DawMarker, DawMeter, DawReport, DawTempo, DawTrack, Problem};
use foreign::daw::{self, Content, Project};
use music::Clock;

use crate::{
    folder::problem,
    midi::{open_score, save_bytes},
};

/// What is in a project: tracks, tempo and meter map, markers, clips, names of effects.
///
/// # Errors
/// When the project cannot be read: what happened, and what to do.
pub fn daw_read(path: &Path) -> Result<DawReport, Problem> {
    let project = open(path)?;
    let clock = Clock::new(&score::of_project(&project));
    let secs = |quarter: f64| clock.secs_from_tick(quarter * score::TICKS);
    let clip = |it: &daw::Clip| {
        let at_s = secs(it.start);
        let (notes, audio, from_s) = match &it.content {
            Content::Notes(notes) => (Some(notes.len() as u64), None, 0.0),
            Content::Audio { path, from_secs } => (None, Some(path.clone()), *from_secs),
        };
        DawClip {
            name: it.name.clone(),
            at_s,
            length_s: secs(it.start + it.length) - at_s,
            quarter: it.start,
            notes,
            is_found: audio.as_deref().map(|audio| found(path, audio).is_some()),
            audio,
            from_s,
        }
    };
    let track = |it: &daw::Track| DawTrack {
        name: it.name.clone(),
        is_muted: it.is_muted,
        volume_db: it.volume.filter(|it| *it > 0.0).map(audio::db_from_gain),
        effects: it.effects.clone(),
        clips: it.clips.iter().map(clip).collect(),
    };
    let ends = project.tracks.iter().flat_map(|it| &it.clips).map(|it| it.start + it.length);
    Ok(DawReport {
        file: path.display().to_string(),
        format: DawReport::FORMAT,
        program: project.program.clone(),
        seconds: secs(ends.fold(0.0, f64::max)),
        tempos: project
            .tempos
            .iter()
            .map(|it| DawTempo { at_s: secs(it.quarter), quarter: it.quarter, bpm: it.bpm })
            .collect(),
        meters: project
            .meters
            .iter()
            .map(|it| DawMeter {
                quarter: it.quarter,
                meter: format!("{}/{}", it.numerator, it.denominator),
            })
            .collect(),
        markers: project
            .markers
            .iter()
            .map(|it| DawMarker {
                at_s: secs(it.quarter),
                quarter: it.quarter,
                name: it.name.clone(),
            })
            .collect(),
        tracks: project.tracks.iter().map(track).collect(),
        unread: project.unread,
    })
}

/// Converts a project or a MIDI file: into a project for REAPER (`.rpp`), a `.dawproject`, a MIDI file (`.mid`), or
/// a folder (no ending) with stems, MIDI and tempo map.
///
/// # Errors
/// When the project cannot be read or the output not written: what happened, and what to do.
pub fn daw_convert(input: &Path, output: &Path) -> Result<DawConverted, Problem> {
    let mut project = open(input)?;
    let mut lost = std::mem::take(&mut project.unread);
    let n_missing = locate(input, &mut project);
    if n_missing > 0 {
        lost.push(format!("{n_missing} sound files were not found; their places are kept."));
    }
    let n_effects: usize = project.tracks.iter().map(|it| it.effects.len()).sum();
    if n_effects > 0 {
        lost.push(format!("{n_effects} effects come along as names only."));
    }
    let ending = output.extension().map(|it| it.to_string_lossy().to_lowercase());
    let files = match ending.as_deref() {
        Some("rpp") => {
            save_bytes(output, daw::write_reaper(&project).as_bytes())?;
            vec![output.to_owned()]
        }
        Some("dawproject") => {
            let written = daw::write_dawproject(&project, Cursor::new(Vec::new()));
            let bytes = written.map_err(|error| cannot(output, &error.to_string()))?.into_inner();
            save_bytes(output, &bytes)?;
            vec![output.to_owned()]
        }
        Some("mid" | "midi") => {
            save_bytes(output, &music::write_midi(&score::of_project(&project).to_midi()))?;
            let n = project.tracks.iter().flat_map(|it| &it.clips);
            let n = n.filter(|it| matches!(it.content, Content::Audio { .. })).count();
            if n > 0 {
                lost.push(format!("{n} clips of sound do not fit into a MIDI file."));
            }
            vec![output.to_owned()]
        }
        None => stems::write(&project, output, &mut lost)?,
        Some(_) => {
            let why =
                "It must end in .rpp, .dawproject or .mid, or have no ending to become a folder.";
            return Err(problem(
                "wrong_ending",
                format!("“{}” was not written.", output.display()),
                why,
                "Change the name of the output.",
            ));
        }
    };
    let clips = || project.tracks.iter().flat_map(|it| &it.clips);
    let notes = clips().map(|it| match &it.content {
        Content::Notes(notes) => notes.len() as u64,
        Content::Audio { .. } => 0,
    });
    Ok(DawConverted {
        files: files.iter().map(|it| it.display().to_string()).collect(),
        tracks: project.tracks.len() as u64,
        clips: clips().count() as u64,
        notes: notes.sum(),
        lost,
    })
}

/// Reads a project, or a MIDI file as one.
fn open(path: &Path) -> Result<Project, Problem> {
    let is_midi = path
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("mid") || it.eq_ignore_ascii_case("midi"));
    if is_midi {
        return Ok(score::to_project(&open_score(path)?));
    }
    daw::read(path).map_err(|error| {
        let what = format!("“{}” could not be read.", path.display());
        let why = api::sentence(&format!("failed to {error}"));
        problem(
            "not_a_project",
            what,
            &why,
            "Choose a project that ends in .dawproject, .rpp, .als or .logicx, or a .mid file.",
        )
    })
}

/// Where a sound file of a project is, by its own path, beside the project, or in a folder that the program uses.
fn found(project: &Path, audio: &str) -> Option<PathBuf> {
    // Windows writes paths with backslashes.
    let audio = audio.replace('\\', "/");
    let folder = project.parent().unwrap_or(Path::new(""));
    let name = Path::new(&audio).file_name()?;
    let places = [
        PathBuf::from(&audio),
        folder.join(&audio),
        project.join("Media").join(&audio),
        project.join(&audio),
        folder.join(name),
        folder.join("Media").join(name),
        folder.join("Samples/Imported").join(name),
    ];
    places.into_iter().find(|it| it.is_absolute() && it.is_file()).or_else(|| {
        let beside = folder.join(&audio);
        beside.is_file().then_some(beside)
    })
}

/// Replaces paths of sound files by where they are; gives how many are nowhere.
fn locate(project_path: &Path, project: &mut Project) -> usize {
    let mut n_missing = 0;
    for clip in project.tracks.iter_mut().flat_map(|it| &mut it.clips) {
        if let Content::Audio { path, .. } = &mut clip.content {
            match found(project_path, path) {
                Some(place) => *path = place.to_string_lossy().into_owned(),
                None => n_missing += 1,
            }
        }
    }
    n_missing
}

fn cannot(path: &Path, why: &str) -> Problem {
    let what = format!("“{}” was not written.", path.display());
    problem(
        "not_written",
        what,
        &api::sentence(why),
        "Choose another place, or free some space there.",
    )
}
