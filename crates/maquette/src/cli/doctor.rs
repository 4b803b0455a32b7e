//! `maquette doctor`: checks of this computer and the workspace.

use api::{CheckStatus, Doctor};

use super::{Console, output::refused, table::table, words};
use crate::doctor::{self, CpuMeter, Subject};

pub(crate) fn run(console: &Console) -> anyhow::Result<()> {
    // Not by way of the API: it must also work where no studio can be opened.
    let subject = Subject { workspace: &console.workspace, served_at: None };
    let found = doctor::examine(&subject, &CpuMeter::default());
    console.terminal.result(&found, || report(&found))?;
    let failed: Vec<&str> = found
        .checks
        .iter()
        .filter(|check| check.status == CheckStatus::Failed)
        .map(|check| check.name.as_str())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let what = format!("{} failed.", words::n_of(failed.len(), "check"));
    let why = format!("Not in order: {}.", failed.join(", "));
    Err(refused("checks_failed", what, &why, "Do what is suggested above for each of them.").into())
}

fn report(found: &Doctor) -> String {
    let rows: Vec<_> = found
        .checks
        .iter()
        .map(|check| {
            let status = match check.status {
                CheckStatus::Ok => "ok",
                CheckStatus::Warning => "warning",
                CheckStatus::Failed => "failed",
            };
            [status.to_owned(), check.name.clone(), check.found.clone()]
        })
        .collect();
    let mut text = format!("Maquette {} on {}\n\n", found.version, found.machine.system);
    text.push_str(&table(["", "check", "result"], &rows));
    for check in &found.checks {
        if let Some(remedy) = &check.remedy {
            text.push_str(&format!("\n{}: {remedy}\n", check.name));
        }
    }
    text
}
