//! Changing sounds and MIDI files: what the commands do, on files of the library. What is made lies in the job's folder,
//! where it is heard before anybody keeps it.

mod daw;
mod make;

use std::{
    fs,
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Context;
use api::{
    ChangeFailure, ChangeFile, ChangeResult, ChangeTask, EventBody, Outcome, Problem, Warning,
};
use job::files;

use self::make::{Made, make};
use super::{Refused, context};
use crate::{
    folder::JobFolder,
    log::log,
    progress::{Goal, ProgressMeter},
    system,
};

/// How often stops are checked for.
const PAUSE: Duration = Duration::from_millis(30);
/// The longest name of a file, in bytes, without its number and ending.
const STEM_BYTES_MAX: usize = 100;

/// Changes the files of the job's order, one after the other. One that cannot be changed does not keep the others from it;
/// if none can be, the job fails for the reason of the first.
pub(crate) fn run(folder: &mut JobFolder, task: &ChangeTask) -> anyhow::Result<Outcome> {
    system::give_way();
    let made = folder.path().join(ChangeResult::FILES);
    context(fs::create_dir_all(&made), "make", &made)?;
    let n_files = task.files.len() as u64;
    let mut meter = ProgressMeter::new("files", Goal::Units(n_files), 0.0);
    folder.emit(EventBody::Progress(meter.progress("changing", 0)))?;
    let mut result = ChangeResult {
        format: ChangeResult::FORMAT,
        files: vec![],
        reports: vec![],
        failures: vec![],
    };
    for (of, file) in task.files.iter().enumerate() {
        if folder.should_stop() {
            return Ok(Outcome::Stopped);
        }
        let Some(changed) = changed(folder, task, of, file)? else { return Ok(Outcome::Stopped) };
        let of = u32::try_from(of).unwrap_or(u32::MAX);
        match changed {
            Ok(made) => {
                result
                    .files
                    .extend(made.files.into_iter().map(|file| api::ChangedFile { of, ..file }));
                result.reports.push(made.report);
            }
            Err(problem) if n_files == 1 => return Err(anyhow::Error::new(Refused(problem))),
            Err(problem) => {
                let message = [Some(problem.what.clone()), problem.why.clone()];
                folder.warn(Warning {
                    code: problem.code.clone(),
                    file: Some(file.name.clone()),
                    message: message.into_iter().flatten().collect::<Vec<_>>().join(" "),
                })?;
                result.failures.push(ChangeFailure { of, problem });
            }
        }
        let n_done = u64::from(of) + 1;
        if let Some(progress) = meter.mark("changing", n_done) {
            folder.emit(EventBody::Progress(progress))?;
        }
    }
    if result.reports.is_empty()
        && let Some(first) = result.failures.first()
    {
        return Err(anyhow::Error::new(Refused(first.problem.clone())));
    }
    let text = serde_json::to_vec(&result).context("encode result.json")?;
    job::whole::write(&folder.path().join(files::RESULT), &text).context("write result.json")?;
    folder.emit(EventBody::Progress(meter.progress("done", n_files)))?;
    log(&format!("{} files made of {n_files}", result.files.len()));
    Ok(Outcome::Done)
}

/// What became of one file; nothing after a stop. It is computed on a thread of its own, which a stop leaves behind: the
/// process ends with it. The steps of a file that is alone are told.
fn changed(
    folder: &mut JobFolder,
    task: &ChangeTask,
    of: usize,
    file: &ChangeFile,
) -> anyhow::Result<Option<Result<Made, Problem>>> {
    let steps = Arc::new(Steps::default());
    let order = Making {
        input: folder.path().join(&file.path),
        folder: folder.path().join(ChangeResult::FILES),
        stem: stem(&file.name, (task.files.len() > 1).then_some(of)),
        name: file.name.clone(),
        steps: Arc::clone(&steps),
    };
    let change = task.change.clone();
    let thread = thread::spawn(move || make(&order, &change));
    let mut meter: Option<ProgressMeter> = None;
    while !thread.is_finished() {
        if folder.should_stop() {
            return Ok(None);
        }
        let (n_done, n) = (steps.done.load(Ordering::Relaxed), steps.all.load(Ordering::Relaxed));
        if n > 0 && task.files.len() == 1 {
            let meter =
                meter.get_or_insert_with(|| ProgressMeter::new("tracks", Goal::Units(n), 0.0));
            if let Some(progress) = meter.mark("changing", n_done) {
                folder.emit(EventBody::Progress(progress))?;
            }
        }
        thread::sleep(PAUSE);
    }
    Ok(Some(thread.join().unwrap_or_else(|panic| resume_unwind(panic))))
}

/// How many of how many tracks of a project are made.
#[derive(Default)]
struct Steps {
    done: AtomicU64,
    all: AtomicU64,
}

/// What one file is changed with.
struct Making {
    /// The file.
    input: PathBuf,
    /// Where files are made.
    folder: PathBuf,
    /// What their names begin with.
    stem: String,
    /// The name of the file, for people.
    name: String,
    /// What is done of it.
    steps: Arc<Steps>,
}

impl Making {
    /// The path of a file to make, and its path in the job's folder.
    fn path(&self, added: &str, ending: &str) -> (PathBuf, String) {
        let name = format!("{}{added}.{ending}", self.stem);
        (self.folder.join(&name), format!("{}/{name}", ChangeResult::FILES))
    }
}

/// A name as that of a file, on every system; of many files, with a number, as two may be called the same.
fn stem(name: &str, number: Option<usize>) -> String {
    let is_odd = |c: char| c.is_control() || "<>:\"/\\|?*".contains(c);
    let plain: String = name.chars().map(|c| if is_odd(c) { '_' } else { c }).collect();
    let plain = plain.trim().trim_start_matches('.').trim();
    let plain = plain[..plain.floor_char_boundary(STEM_BYTES_MAX)].trim_end_matches(['.', ' ']);
    let plain = if plain.is_empty() { "sound" } else { plain };
    number.map_or_else(|| plain.to_owned(), |n| format!("{:03} {plain}", n + 1))
}

/// The size of a file that was made.
fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_files() {
        let check = |name: &str, number, expected: &str| assert_eq!(stem(name, number), expected);
        check("Take 1", None, "Take 1");
        check("../../etc", None, "_.._etc");
        check("a/b: c?", Some(0), "001 a_b_ c_");
        check("  .. ", None, "sound");
        check("", Some(11), "012 sound");
        check(&"é".repeat(200), None, &"é".repeat(50));
    }
}
