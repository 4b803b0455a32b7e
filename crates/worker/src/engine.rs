//! Engines: programs of others that make sounds, each in a process of its own, over files in a folder.
//!
//! An engine is trusted as any program that somebody starts, but not to be without mistakes: one that hangs, writes
//! without end, ends early or answers nonsense is ended, and it is said what it did. `docs/engines.md` is its protocol.

mod hello;
mod process;
mod work;

use std::path::Path;

use api::{EngineFile, Problem};

pub use hello::check_engine;
pub(crate) use work::Outside;

use crate::folder::problem;

/// Reads how an engine is started.
///
/// # Errors
/// What is wrong with the file, and what to do.
fn read_file(folder: &Path) -> Result<EngineFile, Problem> {
    let path = folder.join(EngineFile::NAME);
    let wrong = |why: String| {
        let what = format!("“{}” does not describe an engine.", path.display());
        problem("bad_engine", what, &why, "Name the folder of an engine: see docs/engines.md.")
    };
    let file: EngineFile = job::whole::read_json(&path)
        .map_err(|error| wrong(api::sentence(&format!("failed to {error}"))))?;
    if file.maquette_engine != EngineFile::PROTOCOL {
        return Err(wrong(format!(
            "It follows version {} of the protocol, and this is version {}.",
            file.maquette_engine,
            EngineFile::PROTOCOL
        )));
    }
    if file.command.first().is_none_or(String::is_empty) {
        return Err(wrong("It names no program.".to_owned()));
    }
    if !(1..=3_600).contains(&file.silent_secs) {
        return Err(wrong("“silent_secs” is 1 to 3600.".to_owned()));
    }
    Ok(file)
}
