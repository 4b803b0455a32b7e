//! Projects of audio workstations written in other forms, and made of sounds.

use std::{path::Path, sync::atomic::Ordering};

use api::{
    ChangeReport, ChangeResult, ChangedFile, ChangedKind, ChangedRole, ConvertDawChange, DawForm,
    Problem, WriteDawChange,
};

use super::{
    Making,
    make::{Made, refused, sound},
};
use crate::{DawConvert, daw_convert, daw_from_sound};

/// Writes a project in another form.
pub(super) fn convert(order: &Making, how: &ConvertDawChange) -> Result<Made, Problem> {
    let (output, path) = match how.form {
        DawForm::Dawproject => order.path("", "dawproject"),
        DawForm::Reaper => order.path("", "rpp"),
        DawForm::Midi => order.path("", "mid"),
        DawForm::Stems => {
            let path = order.folder.join(STEMS);
            (path, format!("{}/{STEMS}", ChangeResult::FILES))
        }
    };
    let progress = |done, all| {
        order.steps.done.store(done, Ordering::Relaxed);
        order.steps.all.store(all, Ordering::Relaxed);
    };
    let convert =
        DawConvert { sounds: how.sounds.as_deref(), part: how.part, progress: Some(&progress) };
    let report = daw_convert(&order.input, &output, &convert)?;
    let mut files = Vec::with_capacity(report.files.len());
    if how.form != DawForm::Stems {
        let kind = match how.form {
            DawForm::Midi => ChangedKind::Midi,
            _ => ChangedKind::Project,
        };
        files.push(of_kind(kind, sound(&output, path, order.name.clone())));
    }
    // Stems, and sounds that were taken out of the project.
    let others = report.files.iter().skip(files.len());
    files.extend(others.map(|it| stem(order, Path::new(it))));
    Ok(Made { files, report: ChangeReport::ConvertDaw(report) })
}

/// The folder of stems, beside other files of the job.
const STEMS: &str = "stems and tempo";

/// A file of the folder of stems, by what it is.
fn stem(order: &Making, path: &Path) -> ChangedFile {
    let below = path.strip_prefix(&order.folder).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|it| it.as_os_str().to_string_lossy()).collect();
    let inside = format!("{}/{}", ChangeResult::FILES, parts.join("/"));
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let file = sound(path, inside, format!("{} {name}", order.name));
    match path.extension().and_then(|it| it.to_str()) {
        Some("mid") => of_kind(ChangedKind::Midi, file),
        Some("csv") => {
            of_kind(ChangedKind::Table, ChangedFile { role: ChangedRole::TempoMap, ..file })
        }
        _ if below.parent().is_some_and(|it| it.ends_with("stems")) => {
            ChangedFile { role: ChangedRole::Stem, ..file }
        }
        _ => ChangedFile { role: ChangedRole::Part, ..file },
    }
}

fn of_kind(kind: ChangedKind, file: ChangedFile) -> ChangedFile {
    ChangedFile { kind, ..file }
}

/// Makes a project of a sound.
pub(super) fn write(order: &Making, how: &WriteDawChange) -> Result<Made, Problem> {
    let ending = match how.form {
        DawForm::Dawproject => "dawproject",
        DawForm::Reaper => "rpp",
        DawForm::Midi | DawForm::Stems => {
            return Err(refused(
                "A sound becomes a project for REAPER or a DAWproject.",
                "Use the form reaper or dawproject.",
            ));
        }
    };
    let (output, path) = order.path("", ending);
    let report = daw_from_sound(&order.input, &output, how.map.as_ref())?;
    let file = of_kind(ChangedKind::Project, sound(&output, path, order.name.clone()));
    Ok(Made { files: vec![file], report: ChangeReport::WriteDaw(report) })
}
