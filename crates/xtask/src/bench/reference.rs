//! The programs ours is measured against, in a Python environment of their own that can be thrown away.

use std::{env, path::PathBuf};

use crate::{
    root,
    step::{Step, say},
};

/// What is installed, with the versions that work together.
const PACKAGES: &[&str] = &["torch==2.5.0", "torchaudio==2.5.0", "acids-rave==2.3.1"];

/// The environment, set up on first use; `None`, with a message, where that cannot be done.
///
/// `MAQUETTE_BENCH_VENV` names one that exists already.
pub(crate) fn environment() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("MAQUETTE_BENCH_VENV") {
        return Some(PathBuf::from(folder));
    }
    let folder = root().join(".venv-bench");
    if folder.join("ready").exists() {
        return Some(folder);
    }
    match set_up(&folder) {
        Ok(()) => Some(folder),
        Err(error) => {
            say(&format!("skipped: the reference programs could not be installed: {error:#}"));
            None
        }
    }
}

fn set_up(folder: &std::path::Path) -> anyhow::Result<()> {
    let path = folder.to_string_lossy();
    Step::new("make a Python environment", "python3", &["-m", "venv", &path]).run()?;
    let pip = folder.join("bin/pip");
    let mut args = vec!["install", "--quiet"];
    args.extend_from_slice(PACKAGES);
    Step::new("install PyTorch and acids-rave (about 3 GB)", &pip.to_string_lossy(), &args)
        .run()?;
    std::fs::write(folder.join("ready"), "")?;
    Ok(())
}
