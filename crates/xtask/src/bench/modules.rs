//! How fast exported modules play in PyTorch, in turns with acids-rave's own exports of the same configurations.

use anyhow::Context;
use serde_json::Value;

use super::reference;
use crate::step::{Step, say};

/// Configurations that acids-rave exports, at their full size.
const CASES: [&str; 8] =
    ["v1", "v2", "v2+causal", "v2+noise", "v2_small", "v3", "discrete", "raspberry"];
/// Samples at a time: the latent frame of most, and what people take who can wait.
const BLOCKS: [&str; 2] = ["2048", "8192"];

/// Prints the table as Markdown.
pub(crate) fn run(with_reference: bool) -> anyhow::Result<()> {
    let Some(venv) = reference::environment().filter(|_| with_reference) else {
        say("skipped: modules are played by PyTorch");
        return Ok(());
    };
    let build = ["build", "--release", "--package", "models", "--example", "export_case"];
    Step::new("build the exporter", "cargo", &build).run()?;
    let python = venv.join("bin/python").to_string_lossy().into_owned();
    let folder = tempfile::tempdir().context("make a temporary folder")?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (case, theirs) = (path("case"), path("theirs.ts"));
    say("| configuration | block | PyTorch | this module | acids-rave's own | ratio |");
    say("|---|---|---|---|---|---|");
    for name in CASES {
        let command = ["run", "--release", "--quiet", "--package", "models", "--example"];
        let command = [&command[..], &["export_case", "--", &case, name, BLOCKS[0]]].concat();
        Step::new("ours", "cargo", &command).output()?;
        let command = ["-W", "ignore", "benches/export_rave.py", name, &theirs];
        Step::new("theirs", &python, &command).output()?;
        for block in BLOCKS {
            let ours = format!("{case}/live.ts");
            let command = ["-W", "ignore", "benches/time_modules.py", block, &ours, &theirs];
            let printed = Step::new("in turns", &python, &command).output()?;
            let line = printed.lines().last().context("the program printed nothing")?;
            let printed: Value =
                serde_json::from_str(line).with_context(|| format!("understand `{line}`"))?;
            let speed = |i: usize| printed["realtime"][i].as_f64().unwrap_or(f64::NAN);
            let version = printed["version"].as_str().unwrap_or_default();
            let (ours, theirs) = (speed(0), speed(1));
            let ratio = ours / theirs;
            say(&format!(
                "| {name} | {block} | {version} | {ours:.1} | {theirs:.1} | {ratio:.1} |"
            ));
        }
    }
    Ok(())
}
