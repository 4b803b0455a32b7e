//! The kinds of job, one file each, and what they share: how a job begins and how it ends.

mod analyse;
mod change;
mod convert;
mod device;
mod export;
mod film;
mod generate;
mod import;
mod input;
mod map;
mod measure;
mod memory;
mod model_file;
mod play;
mod prepare;
mod reconstruct;
mod session;
mod sound_place;
mod steps;
mod train;

use std::{any::Any, io, panic::AssertUnwindSafe, path::Path};

use anyhow::Context;
use api::{EventBody, Outcome, Problem, Task};

pub(crate) use api::sentence;
pub(crate) use model_file::{codec_at, load_any, open_foreign, open_model};
pub(crate) use session::precision;
pub(crate) use sound_place::load_file as load_sound_file;

use crate::{
    folder::{JobFolder, problem},
    log::log,
};

/// Does the job of a folder and says in the folder how it ended.
pub(crate) fn run(path: &Path) -> anyhow::Result<()> {
    let mut folder = JobFolder::take(path)?;
    let outcome = match std::panic::catch_unwind(AssertUnwindSafe(|| work(&mut folder))) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            let problem = problem_from_error(&error);
            let words = format!("failed [{}]: {error:#}", problem.code);
            let finished = folder.finish(Outcome::Failed { problem });
            // Last: on a full disk there may be room for it only now.
            log(&words);
            return finished;
        }
        Err(panic) => Outcome::Failed { problem: problem_from_panic(panic.as_ref()) },
    };
    folder.finish(outcome)
}

fn work(folder: &mut JobFolder) -> anyhow::Result<Outcome> {
    nn::keep_freed_memory();
    // All cores, even on a busy computer: threads claim tasks, so one that is not scheduled delays none.
    nn::set_threads(std::thread::available_parallelism().map_or(1, usize::from));
    let n_threads = nn::n_threads();
    log(&format!("maquette {} with {n_threads} threads", env!("CARGO_PKG_VERSION")));
    let from_step = folder.past().last_step();
    folder.emit(EventBody::Started {
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").into(),
        n_threads: u32::try_from(n_threads).unwrap_or(u32::MAX),
        from_step,
    })?;
    match folder.order().task.clone() {
        Task::Prepare(task) => prepare::run(folder, &task),
        Task::Import(task) => import::run(folder, &task),
        Task::Train(task) => train::run(folder, &task),
        Task::Reconstruct(task) => reconstruct::run(folder, &task),
        Task::Convert(task) => convert::run(folder, &task),
        Task::Export(order) => export::run(folder, &order),
        Task::Measure(task) => measure::run(folder, &task),
        Task::Film(task) => film::run(folder, &task),
        Task::Play(task) => play::run(folder, &task),
        Task::Session(task) => session::run(folder, &task),
        Task::Generate(task) => generate::run(folder, &task),
        Task::Map(task) => map::run(folder, &task),
        Task::Analyse(task) => analyse::run(folder, &task),
        Task::Change(task) => change::run(folder, &task),
        Task::Memory(task) => memory::run(folder, &task),
    }
}

/// A problem that a job raises on purpose, with words for the user; it is passed up as an error.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Problem);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.what)
    }
}

impl std::error::Error for Refused {}

/// Ends a job with a problem in words: what happened, why, and what to do.
pub(crate) fn refuse<T>(
    code: &str,
    what: impl Into<String>,
    why: &str,
    remedy: &str,
) -> anyhow::Result<T> {
    Err(anyhow::Error::new(Refused(problem(code, what, why, remedy))))
}

fn problem_from_error(error: &anyhow::Error) -> Problem {
    if let Some(Refused(problem)) = error.downcast_ref() {
        return problem.clone();
    }
    let why = sentence(&format!("failed to {}", words_of(error)));
    if is_disk_full(error) {
        return Problem::disk_full(Some(why), "Then start the job again, or resume the run.");
    }
    problem(
        "failed",
        "The job stopped because of an error.",
        &why,
        "The job's log may say more. Fix the cause if you can, then start the job again.",
    )
}

/// Whether the disk was full.
pub(crate) fn is_disk_full(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|it| it.downcast_ref::<io::Error>()).any(job::is_disk_full)
}

/// An error with its causes, each said once: many name theirs in their own words.
fn words_of(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |words, cause| match cause.to_string() {
        cause if words.contains(&cause) => words,
        cause if words.is_empty() => cause,
        cause => format!("{words}: {cause}"),
    })
}

fn problem_from_panic(panic: &(dyn Any + Send)) -> Problem {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    let remedy = "Start the job again. If it fails again, please report this with the job's log.";
    problem("bug", "An internal error stopped this job.", text, remedy)
}

/// Opens the file or folder of a job, with its name in the error.
pub(crate) fn context<T>(result: io::Result<T>, verb: &str, path: &Path) -> anyhow::Result<T> {
    result.with_context(|| format!("{verb} {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_once() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let inner = nn::Error::Io { path: "/x".into(), source: full };
        let error = anyhow::Error::from(inner).context("write the module");
        let why = problem_from_error(&error).why.unwrap_or_default();
        assert_eq!(why.matches("no storage space").count(), 1, "{why}");
        assert!(why.starts_with("Failed to write the module: access /x"), "{why}");
    }
}
