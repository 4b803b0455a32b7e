//! Projects of audio workstations read, drawn, converted, and made of sounds: for the commands `maquette daw …`, for pages,
//! and for the job that changes files.

mod forms;
mod found;
mod inside;
mod of_sound;
mod part;
mod picture;
mod score;
mod stems;

use std::{io::Cursor, path::Path};

use api::{
    DawClip, DawConverted, DawMarker, DawMeter, DawPart, DawReport, DawTempo, DawTrack, Problem,
};
use foreign::daw::{self, Content, Project};
use music::Clock;

use self::found::{Places, locate};
pub use self::of_sound::daw_from_sound;
pub use self::picture::daw_picture;
use crate::{
    folder::problem,
    midi::{open_score, save_bytes},
};

/// How a project is converted.
#[derive(Default)]
pub struct DawConvert<'a> {
    /// A folder to look for its sound files in, besides those that the project names.
    pub sounds: Option<&'a Path>,
    /// Only this part of it.
    pub part: Option<DawPart>,
    /// Hears of how many tracks of how many stems are made.
    pub progress: Option<&'a dyn Fn(u64, u64)>,
}

/// What is in a project: tracks, tempo and meter map, markers, clips, names of effects. `sounds` is a folder to look for
/// its sound files in, besides those that the project names.
///
/// # Errors
/// When the project cannot be read: what happened, and what to do.
pub fn daw_read(path: &Path, sounds: Option<&Path>) -> Result<DawReport, Problem> {
    let project = open(path)?;
    let places = Places::new(path, sounds);
    let clock = Clock::new(&score::maps_of(&project));
    let secs = |quarter: f64| clock.secs_from_tick(quarter * score::TICKS);
    let clip = |it: &daw::Clip| {
        let at_s = secs(it.start);
        let (notes, audio, from_s) = match &it.content {
            Content::Notes(notes) => (Some(notes.len() as u64), None, 0.0),
            Content::Audio { path, from_secs, .. } => (None, Some(path.clone()), *from_secs),
        };
        let (found_at, is_inside) = match &it.content {
            Content::Audio { path, bytes, .. } => {
                (places.find(path, *bytes), places.is_inside(path, *bytes))
            }
            Content::Notes(_) => (None, false),
        };
        DawClip {
            name: it.name.clone(),
            at_s,
            length_s: secs(it.start + it.length) - at_s,
            quarter: it.start,
            notes,
            is_found: audio.as_ref().map(|_| found_at.is_some() || is_inside),
            found_at: found_at.map(|it| it.to_string_lossy().into_owned()),
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
        key: project.key.clone(),
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
pub fn daw_convert(
    input: &Path,
    output: &Path,
    how: &DawConvert<'_>,
) -> Result<DawConverted, Problem> {
    let mut project = open(input)?;
    let mut lost = std::mem::take(&mut project.unread);
    if let Some(part) = how.part {
        project = part::of_project(&project, part)?;
    }
    let located = locate(&Places::new(input, how.sounds), &mut project);
    let ending = output.extension().map(|it| it.to_string_lossy().to_lowercase());
    let mut taken = Vec::new();
    if !located.inside.is_empty() && !matches!(ending.as_deref(), Some("mid" | "midi")) {
        taken = inside::take_out(input, output, &located.inside, &mut project)?;
    }
    if located.n_missing > 0 {
        lost.push(match located.n_missing {
            1 => "One sound file was not found; its place is kept.".into(),
            n => format!("{n} sound files were not found; their places are kept."),
        });
    }
    let n_effects: usize = project.tracks.iter().map(|it| it.effects.len()).sum();
    if n_effects > 0 {
        lost.push(match n_effects {
            1 => "One effect comes along as a name only.".into(),
            n => format!("{n} effects come along as names only."),
        });
    }
    let mut files = match ending.as_deref() {
        Some("rpp" | "dawproject") => {
            write_project(&mut project, output)?;
            vec![output.to_owned()]
        }
        Some("mid" | "midi") => {
            save_bytes(output, &music::write_midi(&score::of_project(&project).to_midi()))?;
            let n = project.tracks.iter().flat_map(|it| &it.clips);
            let n = n.filter(|it| matches!(it.content, Content::Audio { .. })).count();
            if n > 0 {
                lost.push(match n {
                    1 => "One clip of sound does not fit into a MIDI file.".into(),
                    n => format!("{n} clips of sound do not fit into a MIDI file."),
                });
            }
            vec![output.to_owned()]
        }
        None => stems::write(&project, output, how.progress.unwrap_or(&|_, _| ()), &mut lost)?,
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
    files.extend(taken);
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
    if has_ending(path, "mid") || has_ending(path, "midi") {
        return Ok(score::to_project(&open_score(path)?));
    }
    daw::read(path).map_err(|error| {
        let what = format!("“{}” could not be read.", path.display());
        let why = api::sentence(&format!("failed to {error}"));
        problem(
            "not_a_project",
            what,
            &why,
            match has_ending(path, "zip") {
                true => "Unpack the archive, and open the project in its folder.",
                false => "Choose a project that ends in .dawproject, .rpp, .als or .logicx, a .zip that has one of the last three in it, or a .mid file.",
            },
        )
    })
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|it| it.eq_ignore_ascii_case(ending))
}

/// Writes a project for REAPER or as a `.dawproject`, by the ending of its name.
fn write_project(project: &mut Project, output: &Path) -> Result<(), Problem> {
    if has_ending(output, "rpp") {
        return save_bytes(output, daw::write_reaper(project).as_bytes());
    }
    forms::fill_in(project);
    let written = daw::write_dawproject(project, Cursor::new(Vec::new()));
    let bytes = written.map_err(|error| cannot(output, &error.to_string()))?.into_inner();
    save_bytes(output, &bytes)
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
