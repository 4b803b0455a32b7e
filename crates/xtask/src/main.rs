//! Chores of the repository: `cargo xtask test`, `cargo xtask ui`, `cargo xtask bench NAME`,
//! `cargo xtask fuzz`.

mod bench;
mod check;
mod fuzz;
mod step;
mod ui;

#[cfg(test)]
mod tidy;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Chores of the repository")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Set up and run every test: style, lints, documentation, Rust, pages, browser journeys.
    Test {
        /// Only style, lints and tests of one crate.
        #[arg(value_name = "CRATE", conflicts_with_all = ["changed", "gpu"])]
        name: Option<String>,
        /// Only style, lints, the house rules and the tests of crates that differ from `main`.
        #[arg(long, conflicts_with = "gpu")]
        changed: bool,
        /// Leave the browser journeys out, on a machine without Chromium.
        #[arg(long)]
        no_browser: bool,
        /// Run instead what computes on a graphics card: a build of its own, and a long one.
        #[arg(long)]
        gpu: bool,
    },
    /// Build the pages from `crates/web/ui` into `crates/web/dist`. Needs Node.
    Ui,
    /// Measure a hot path against the program people use today.
    Bench {
        /// What to measure.
        name: bench::Name,
        /// Measure ours alone, without setting up the other program.
        #[arg(long)]
        ours_only: bool,
    },
    /// Give the readers of other people's files damaged and hostile ones, in release.
    Fuzz {
        /// One reader; all without it.
        reader: Option<fuzz::Reader>,
        /// How many files each property test gets.
        #[arg(long, default_value_t = 1_000_000)]
        cases: u32,
    },
}

fn main() -> anyhow::Result<()> {
    match Args::parse().chore {
        Chore::Test { gpu: true, .. } => check::run_on_gpu(),
        Chore::Test { name: Some(name), .. } => check::run_crate(&name),
        Chore::Test { changed: true, .. } => check::run_changed(),
        Chore::Test { no_browser, .. } => check::run(!no_browser),
        Chore::Ui => ui::build(),
        Chore::Bench { name, ours_only } => bench::run(name, !ours_only),
        Chore::Fuzz { reader, cases } => fuzz::run(reader, cases),
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or_else(|| here.to_owned(), Path::to_owned)
}
