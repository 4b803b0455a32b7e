//! Verbs on plays: games in the page, with an agent or without, as jobs that stay.

use std::path::PathBuf;

use api::{Id, Job, JobKind, NewPlay, PlayTask, Task};
use job::Shelf;

use super::{make_job, models, passing, projects::seen_from, runs};
use crate::{
    Error, Studio,
    store::{checkpoints, episodes},
};

impl Studio {
    /// Begins to play: queues a job that answers where [`Studio::session`] says.
    ///
    /// # Errors
    /// `NotFound` when there is no such run or model; `Conflict` when the run has no agent yet; `Invalid`
    /// when nothing says which game; `TooMuch` when the queue is full.
    pub fn create_play(&self, new: NewPlay) -> Result<Job, Error> {
        passing::remove_oldest(&self.shared, JobKind::Play)?;
        let project = self.project_for(new.run.as_ref().or(new.model.as_ref()));
        let (agent, agent_name) = self.agent_of(&project, &new)?;
        if agent.is_none() && new.game.is_none() {
            return Err(Error::invalid("game", "choose a game, or an agent that plays one"));
        }
        let name = match (&new.game, agent_name.is_empty()) {
            (Some(game), true) => format!("Playing {game}"),
            _ => format!("Playing with {agent_name}"),
        };
        let task = PlayTask { game: new.game, agent, agent_name };
        let name = super::name_from(&name);
        let id =
            make_job(&self.shared, &project, name, Task::Play(task), |_| Ok(()), |_, _| Ok(()))?;
        self.job(&id)
    }

    /// The weights of the agent that plays, as its job will see them, and its name.
    fn agent_of(&self, project: &Id, new: &NewPlay) -> Result<(Option<PathBuf>, String), Error> {
        let shared = &self.shared;
        if let Some(model) = &new.model {
            let found = shared.read(|c| models::find(c, model))?;
            let folder = seen_from(shared, project, Shelf::Models, model);
            return Ok((Some(folder.join(job::files::WEIGHTS)), found.name));
        }
        let Some(run) = &new.run else { return Ok((None, String::new())) };
        let (name, path) = shared.read(|c| {
            let (job, row) = runs::find(c, run)?;
            let checkpoints = checkpoints::of(c, run, &row.score_metric)?;
            let recorded = episodes::of(c, run)?;
            let newest = checkpoints.last().map(|it| (it.step, it.path.clone()));
            // A run that has just begun has a recorded agent before its first checkpoint.
            let recorded = recorded.into_iter().filter_map(|it| Some((it.step, it.agent?)));
            let newest = newest.into_iter().chain(recorded).max();
            Ok((job.name, newest.map(|(_, path)| path)))
        })?;
        let Some(path) = path else {
            return Err(Error::conflict(
                "play with the agent of this run",
                "it has saved none yet",
                "Wait a moment and try again.",
            ));
        };
        Ok((Some(seen_from(shared, project, Shelf::Runs, run).join(path)), name))
    }
}
