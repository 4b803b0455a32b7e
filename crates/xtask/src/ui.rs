//! The pages: the only chore that needs Node.

use std::{fs, path::PathBuf};

use anyhow::Context;

use crate::{root, step::Step};

// The one algorithm that the pages' crate also uses; a path, because that crate cannot be built
// while `dist/` is missing, and this chore is what makes it.
#[path = "../../web/src/stamp.rs"]
#[expect(unreachable_pub, reason = "it is public in the crate of the pages")]
mod stamp;

/// The sources of the pages.
pub(crate) fn folder() -> PathBuf {
    root().join("crates/web/ui")
}

/// Installs what the pages are built with, from the lockfile alone and without running scripts.
pub(crate) fn install() -> anyhow::Result<()> {
    let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    Step::new("install page tools", "npm", &args).in_folder(&folder()).run()
}

/// Builds the pages and stamps them with the state of their sources.
pub(crate) fn build() -> anyhow::Result<()> {
    install()?;
    Step::new("build pages", "npm", &["run", "build"]).in_folder(&folder()).run()?;
    let stamp = stamp::stamp(&folder()).context("read the pages' sources")?;
    let path = root().join("crates/web/dist/.stamp");
    fs::write(&path, format!("{stamp}\n")).with_context(|| format!("write {}", path.display()))
}
