//! Every test, or those of some crates, in the order that finds mistakes soonest.

use std::{
    collections::BTreeSet,
    env, fs,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use anyhow::{Context, bail};

use crate::{
    root,
    step::{Step, say},
    ui,
};

/// Where Chromium is looked for; `CHROMIUM` names it elsewhere.
const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Journeys that take minutes: they begin first, or one of them would still run when all others are over.
const LONG_JOURNEYS: &[&str] = &["shell", "create", "session", "help"];

/// Runs every test.
pub(crate) fn run(with_browser: bool) -> anyhow::Result<()> {
    let started = Instant::now();
    let chromium = if with_browser { Some(find_chromium()?) } else { None };
    let mut n_steps = 0_usize;
    let mut step = |step: Step| {
        n_steps += 1;
        step.run()
    };
    step(Step::new("formatting", "cargo", &["fmt", "--all", "--check"]))?;
    ui::install()?;
    step(page_step("types of the pages", "check"))?;
    step(page_step("tests of the pages", "test"))?;
    step(lint(&["--workspace"]))?;
    let doc = ["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"];
    step(Step::new("documentation", "cargo", &doc).env("RUSTDOCFLAGS", "-D warnings"))?;
    step(Step::new("tests of the crates", "cargo", &["test", "--workspace", "--no-fail-fast"]))?;
    step(Step::new("the command", "cargo", &["build", "--package", "maquette"]))?;
    if let Some(chromium) = chromium {
        n_steps += run_journeys(&chromium)?;
    }
    say(&format!("\nall in {:.0} s", started.elapsed().as_secs_f64()));
    say(&format!("{n_steps} passed, 0 failed"));
    Ok(())
}

/// Runs the tests of one crate; those of `web` are its pages'.
pub(crate) fn run_crate(name: &str) -> anyhow::Result<()> {
    if !root().join("crates").join(name).join("Cargo.toml").is_file() {
        bail!("no crate `{name}` in crates/");
    }
    let started = Instant::now();
    Step::new("formatting", "cargo", &["fmt", "--package", name, "--check"]).run()?;
    if name == "web" {
        test_pages()?;
    }
    lint(&["--package", name]).run()?;
    test(&BTreeSet::from([name.to_owned()])).run()?;
    say(&format!("\nall of {name} in {:.0} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Runs the tests of the crates that differ from `main`, and the house rules. Lints look at all crates, as a
/// change may break those above.
pub(crate) fn run_changed() -> anyhow::Result<()> {
    let started = Instant::now();
    let mut crates = changed_crates()?;
    let names: Vec<&str> = crates.iter().map(String::as_str).collect();
    say(&format!(
        "changed: {}",
        if names.is_empty() { "no crate".into() } else { names.join(", ") }
    ));
    Step::new("formatting", "cargo", &["fmt", "--all", "--check"]).run()?;
    if crates.contains("web") {
        test_pages()?;
    }
    lint(&["--workspace"]).run()?;
    crates.insert("xtask".into());
    test(&crates).run()?;
    say(&format!("\nall that changed in {:.0} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// The crates with files that differ from where the branch left `main`, or from the last commit without one.
fn changed_crates() -> anyhow::Result<BTreeSet<String>> {
    let git = |args: &[&str]| Step::new("git", "git", args).output();
    let base = git(&["merge-base", "main", "HEAD"]).unwrap_or_else(|_| "HEAD".into());
    let changed = git(&["diff", "--name-only", base.trim()])?;
    let new = git(&["ls-files", "--others", "--exclude-standard"])?;
    let crates = changed.lines().chain(new.lines()).filter_map(crate_of);
    // One that is gone has no tests.
    let is_there = |name: &&str| root().join("crates").join(name).join("Cargo.toml").is_file();
    Ok(crates.filter(is_there).map(str::to_owned).collect())
}

/// The crate that a file belongs to.
fn crate_of(path: &str) -> Option<&str> {
    Some(path.strip_prefix("crates/")?.split_once('/')?.0)
}

fn lint(selection: &[&str]) -> Step {
    let rest = ["--all-targets", "--quiet", "--", "-D", "warnings"];
    Step::new("lints", "cargo", &[&["clippy"], selection, &rest].concat())
}

fn test(crates: &BTreeSet<String>) -> Step {
    let mut args = vec!["test", "--no-fail-fast"];
    for name in crates {
        args.extend(["--package", name]);
    }
    Step::new("tests", "cargo", &args)
}

fn test_pages() -> anyhow::Result<()> {
    ui::install()?;
    page_step("types of the pages", "check").run()?;
    page_step("tests of the pages", "test").run()
}

/// Compares what a graphics card computes with the CPU and with the original program's vectors.
///
/// Without a card, `MAQUETTE_SOFTWARE_GPU=1` takes a driver that pretends to be one. `SwiftShader`, which comes
/// with Chromium, does: `VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json`. Lavapipe of Mesa 22 and 25
/// crashes while it compiles kernels that the tensor library tries.
pub(crate) fn run_on_gpu() -> anyhow::Result<()> {
    let tests = |package: &str, filters: &[&str]| {
        let start = ["test", "--package", package, "--features", "vulkan", "--lib", "--"];
        // One test at a time: a card is not faster for being asked twice at once.
        let args = [&start[..], filters, &["--nocapture", "--test-threads", "1"]].concat();
        // Without a card these tests are for nothing, so they say so and fail.
        let step = Step::new(&format!("{package} on a graphics card"), "cargo", &args);
        step.env("MAQUETTE_NEEDS_GPU", "1").run()
    };
    tests("nn", &["composed"])?;
    tests("models", &["gpu", "steps_of_every_turn"])
}

fn page_step(title: &str, script: &str) -> Step {
    Step::new(title, "npm", &["run", "--silent", script]).in_folder(&ui::folder())
}

/// The browser journeys: every `*.journey.mjs` drives the real program in a real browser.
fn journeys() -> anyhow::Result<Vec<PathBuf>> {
    let folder = ui::folder().join("journeys");
    let mut found = vec![];
    for entry in fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".journey.mjs") {
            found.push(path);
        }
    }
    found.sort_by_cached_key(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_it = |long: &&str| name.split('.').next() == Some(*long);
        (LONG_JOURNEYS.iter().position(is_it).unwrap_or(LONG_JOURNEYS.len()), name)
    });
    if found.is_empty() {
        bail!("no journey in {}", folder.display());
    }
    Ok(found)
}

/// Runs every journey, two at a time, as each mostly waits, and gives how many there are.
///
/// One that fails is run once more after the others, alone: a computer that is busy with something else can keep a page
/// waiting for longer than any limit. What failed at first is named in either case.
fn run_journeys(chromium: &str) -> anyhow::Result<usize> {
    let all = journeys()?;
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(vec![]);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(journey) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = journey_step(journey, chromium).run_quietly() {
                        say(&format!("── {error:#}; it is run once more after the others"));
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(journey);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    for journey in &failed {
        journey_step(journey, chromium).run().context("it failed twice")?;
    }
    if !failed.is_empty() {
        say(&format!("{} passed at the second try only", failed.len()));
    }
    Ok(all.len())
}

fn journey_step(journey: &std::path::Path, chromium: &str) -> Step {
    let name = journey.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let program = target.join("debug").join(format!("maquette{}", env::consts::EXE_SUFFIX));
    Step::new(&format!("journey {name}"), "node", &[&journey.to_string_lossy()])
        .in_folder(&ui::folder())
        .env("MAQUETTE_BIN", program)
        .env("CHROMIUM", chromium)
}

fn find_chromium() -> anyhow::Result<String> {
    if let Ok(path) = env::var("CHROMIUM") {
        return Ok(path);
    }
    let folders: Vec<PathBuf> =
        env::var_os("PATH").map_or(vec![], |it| env::split_paths(&it).collect());
    let found = CHROMIUM.iter().find_map(|name| {
        folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    });
    let Some(path) = found else {
        bail!(
            "no Chromium for the browser journeys: install it (Debian: `apt-get install chromium`), \
             name it in the variable CHROMIUM, or leave them out with --no-browser"
        );
    };
    Ok(path.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_its_crate() {
        let check =
            |path: &str, expected: Option<&str>| assert_eq!(crate_of(path), expected, "{path}");
        check("crates/nn/src/lib.rs", Some("nn"));
        check("crates/web/ui/src/lib/a.ts", Some("web"));
        check("crates/README.md", None);
        check("Cargo.lock", None);
    }
}
