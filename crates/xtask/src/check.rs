//! Every test, in the order that finds mistakes soonest.

use std::{env, fs, path::PathBuf, time::Instant};

use anyhow::{Context, bail};

use crate::{
    root,
    step::{Step, say},
    ui,
};

/// Where Chromium is looked for; `CHROMIUM` names it elsewhere.
const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Runs every test.
pub(crate) fn run(with_browser: bool) -> anyhow::Result<()> {
    let started = Instant::now();
    let chromium = if with_browser { Some(find_chromium()?) } else { None };
    let mut n_steps = 0;
    let mut step = |step: Step| {
        n_steps += 1;
        step.run()
    };
    step(Step::new("formatting", "cargo", &["fmt", "--all", "--check"]))?;
    ui::install()?;
    step(page_step("types of the pages", "check"))?;
    step(page_step("tests of the pages", "test"))?;
    step(Step::new(
        "lints",
        "cargo",
        &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
    ))?;
    step(Step::new("tests of the crates", "cargo", &["test", "--workspace", "--no-fail-fast"]))?;
    step(Step::new("the command", "cargo", &["build", "--package", "maquette"]))?;
    if let Some(chromium) = chromium {
        for journey in journeys()? {
            step(journey_step(&journey, &chromium))?;
        }
    }
    say(&format!("\nall in {:.0} s", started.elapsed().as_secs_f64()));
    say(&format!("{n_steps} passed, 0 failed"));
    Ok(())
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
    found.sort();
    if found.is_empty() {
        bail!("no journey in {}", folder.display());
    }
    Ok(found)
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
