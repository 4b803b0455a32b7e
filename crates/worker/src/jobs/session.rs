//! Models that play live in the page.

use api::{Outcome, SessionTask};

use super::refuse;
use crate::folder::JobFolder;

/// Does what the order says.
pub(crate) fn run(_folder: &mut JobFolder, _task: &SessionTask) -> anyhow::Result<Outcome> {
    refuse("not_yet", "This version cannot do this.", "", "Use a newer one.")
}
