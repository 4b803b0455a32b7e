//! Sounds made from recipes.

use api::{GenerateTask, Outcome};

use super::refuse;
use crate::folder::JobFolder;

/// Does what the order says.
pub(crate) fn run(_folder: &mut JobFolder, _task: &GenerateTask) -> anyhow::Result<Outcome> {
    refuse("not_yet", "This version cannot do this.", "", "Use a newer one.")
}
