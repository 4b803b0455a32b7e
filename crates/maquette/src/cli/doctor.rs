//! `maquette doctor`: what this machine has, what works, and what to do.

use api::{CheckStatus, Doctor};

use super::{Console, table::table};
use crate::doctor::{self, CpuMeter, Subject};

pub(crate) fn run(console: &Console) -> anyhow::Result<()> {
    // Not by way of the API: it must also work where no studio can be opened.
    let subject = Subject { workspace: &console.workspace, served_at: None };
    let found = doctor::examine(&subject, &CpuMeter::default());
    console.terminal.result(&found, || words(&found))?;
    let n_failed = found.checks.iter().filter(|check| check.status == CheckStatus::Failed).count();
    anyhow::ensure!(n_failed == 0, "{n_failed} of the checks failed");
    Ok(())
}

fn words(found: &Doctor) -> String {
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
    text.push_str(&table(["", "what", "found"], &rows));
    for check in &found.checks {
        if let Some(remedy) = &check.remedy {
            text.push_str(&format!("\n{}: {remedy}\n", check.name));
        }
    }
    text
}
