//! Verbs on films of agents at play.
//!
//! What a film is stands in its folder: the order, the result, and in the card whether somebody likes it or has
//! watched it. A film outlives the run that it shows.

pub(crate) mod automatic;

use std::path::{Path, PathBuf};

use api::{
    Episode, EpisodeKind, Film, FilmChange, FilmKind, FilmLook, FilmTask, Id, JobKind, NewFilm,
    Task,
};
use job::Shelf;
use rusqlite::Connection;

use super::{find_job, make_job, name_from, numbered_name, projects::seen_from, runs, valid_name};

use crate::{
    Error, Studio, job_folder,
    queue::Places,
    shared::{Change, Shared},
    store::{
        episodes,
        jobs::{self, JobRow, Phase},
        metrics,
        runs::RunRow,
    },
};

/// The most episodes of a film.
const EPISODES_MAX: usize = 200;

/// The most points of the learning curve that is drawn in a film.
const CURVE_POINTS: usize = 500;

/// Width and height of a film, in pixels.
const SIDE_MIN: u32 = 64;
const SIDE_MAX: u32 = 3840;

impl Studio {
    /// Every film, newest first.
    ///
    /// # Errors
    /// `Store` or `Closed` only; a film whose folder cannot be read is left out.
    pub fn films(&self) -> Result<Vec<Film>, Error> {
        let ids = self.shared.read(|c| jobs::ids(c, JobKind::Film))?;
        let mut films = Vec::new();
        for (id, _) in ids.into_iter().filter(|(_, is_deleted)| !is_deleted) {
            match self.film(&id) {
                Ok(film) => films.push(film),
                Err(error @ (Error::Store(_) | Error::Closed)) => return Err(error),
                Err(error) => tracing::warn!("film {id} is left out: failed to {error}"),
            }
        }
        films.retain(|film| self.is_shown(Some(&film.job.project)));
        films.sort_by(|a, b| b.job.created_ms.cmp(&a.job.created_ms).then(a.id.cmp(&b.id)));
        Ok(films)
    }

    /// The films of a run, newest first, also when the run is gone.
    ///
    /// # Errors
    /// As [`Studio::films`].
    pub fn run_films(&self, run: &Id) -> Result<Vec<Film>, Error> {
        let mut films = self.films()?;
        films.retain(|film| film.film.run == *run);
        Ok(films)
    }

    /// One film.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its folder cannot be read.
    pub fn film(&self, id: &Id) -> Result<Film, Error> {
        let folder = self.shared.workspace.folder(Shelf::Films, id);
        let (row, job) = self.shared.read(|c| {
            let row = jobs::find(c, id)?
                .filter(|row| row.kind == JobKind::Film && row.deleted_ms.is_none())
                .ok_or_else(|| Error::not_found("film", id))?;
            let job = row.job(Places::read(c)?.of(id));
            Ok((row, job))
        })?;
        let task = read_film_task(&folder)?;
        let run = self.shared.read(|c| jobs::find(c, &task.film.run))?;
        let result = match row.phase {
            // What somebody has taken out of the folder does not hide the film.
            Phase::Done => job::whole::read_json_if_there(&folder.join(job::files::RESULT))?,
            _ => None,
        };
        let card = job_folder::read_card(&folder);
        Ok(Film {
            id: id.clone(),
            job,
            run_name: run.map_or(task.run_name, |run| run.name),
            game: task.episodes.first().map_or_else(String::new, |it| it.game.clone()),
            film: task.film,
            result,
            folder: folder.to_string_lossy().into_owned(),
            is_favourite: card.is_favourite,
            is_new: !card.is_watched,
        })
    }

    /// Queues a film of episodes that a run has recorded.
    ///
    /// # Errors
    /// `NotFound` when there is no such run or episode; `Conflict` when the run has recorded none of the kind;
    /// `Invalid` when a choice cannot be used; `TooMuch` when the queue is full.
    pub fn create_film(&self, new: NewFilm) -> Result<Film, Error> {
        let project = self.project_for(Some(&new.run));
        let order = order_of(&self.shared, &project, new)?;
        let id = make(&self.shared, &project, order, |_, _| Ok(()))?;
        self.film(&id)
    }

    /// Gives a film another name, or marks it.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name cannot be used.
    pub fn change_film(&self, id: &Id, new: &FilmChange) -> Result<Film, Error> {
        let name = new.name.as_deref().map(valid_name).transpose()?;
        self.shared.change(|change| {
            let mut job = find_job(change, JobKind::Film, id)?;
            let folder = self.shared.workspace.folder(Shelf::Films, id);
            let mut card = job_folder::read_card(&folder);
            card.is_favourite = new.is_favourite.unwrap_or(card.is_favourite);
            card.is_watched = new.is_watched.unwrap_or(card.is_watched);
            if let Some(name) = name {
                card.name = Some(name.clone());
                job.name = name;
            }
            job_folder::write_card(&folder, &card)?;
            change.job(&job)?;
            change.list(Shelf::Films, id);
            Ok(())
        })?;
        self.film(id)
    }

    /// A file of a film's folder, like the film itself. Never anything outside of it.
    ///
    /// # Errors
    /// `NotFound` when there is no such film or file.
    pub fn film_file(&self, id: &Id, path: &str) -> Result<PathBuf, Error> {
        self.job_of(JobKind::Film, id)?;
        self.job_file(id, path)
    }
}

/// What to make of a film that was asked for: its name and its order.
pub(crate) fn order_of(
    shared: &Shared,
    project: &Id,
    new: NewFilm,
) -> Result<(String, FilmTask), Error> {
    check_look(new.look)?;
    let named = new.name.as_deref().map(valid_name).transpose()?;
    let run_path = seen_from(shared, project, Shelf::Runs, &new.run);
    shared.read(|c| {
        let (job, run) = runs::find(c, &new.run)?;
        let episodes = chosen(&job, episodes::of(c, &new.run)?, &new)?;
        let name = match named {
            Some(name) => name,
            None => numbered_name(
                &name_of(&job.name, new.kind, &episodes),
                &jobs::names(c, JobKind::Film)?,
            ),
        };
        let curve = score_curve(c, &new.run, &run)?;
        Ok((name, FilmTask { film: new, run_path, run_name: job.name, episodes, curve }))
    })
}

/// Makes a film's folder with its order, and queues it. `add` stores what goes with it.
pub(crate) fn make(
    shared: &Shared,
    project: &Id,
    (name, task): (String, FilmTask),
    add: impl FnOnce(&mut Change<'_>, &JobRow) -> Result<(), Error>,
) -> Result<Id, Error> {
    let run = task.film.run.clone();
    make_job(
        shared,
        project,
        name,
        Task::Film(task),
        |_| Ok(()),
        |change, job| {
            // It may have been deleted since we looked.
            runs::find(change.tx, &run)?;
            add(change, job)
        },
    )
}

/// What a film was ordered to show.
pub(crate) fn read_film_task(folder: &Path) -> Result<FilmTask, Error> {
    let order = job::order::read(folder)?;
    match order.task {
        Task::Film(task) => Ok(task),
        _ => Err(Error::not_found("film", &order.id)),
    }
}

/// `Brick breaker quick, 30 %`.
fn name_of(run_name: &str, kind: FilmKind, episodes: &[Episode]) -> String {
    let what = match (kind, episodes) {
        (FilmKind::Milestone | FilmKind::Hour, [episode]) => episode.title.as_str(),
        _ => kind.word(),
    };
    name_from(&format!("{run_name}, {what}"))
}

fn check_look(look: FilmLook) -> Result<(), Error> {
    for (key, side) in [("width", look.width), ("height", look.height)] {
        if !(SIDE_MIN..=SIDE_MAX).contains(&side) || !side.is_multiple_of(2) {
            let message = format!("use an even number of {SIDE_MIN} to {SIDE_MAX} pixels");
            return Err(Error::invalid(key, message));
        }
    }
    Ok(())
}

/// The episodes that a film shows, in order.
fn chosen(run: &JobRow, recorded: Vec<Episode>, new: &NewFilm) -> Result<Vec<Episode>, Error> {
    if recorded.is_empty() {
        return Err(none_recorded(
            run,
            "it has recorded no episode; only agents that play games do",
            "choose the run of an agent, or wait until it has recorded an episode",
        ));
    }
    let episodes = match new.episodes.is_empty() {
        true => meant(recorded, new.kind),
        false => named(&recorded, new)?,
    };
    if episodes.is_empty() {
        return Err(none_recorded(
            run,
            &format!("it has recorded no episode for a film of the kind “{}”", new.kind.word()),
            "wait until it has recorded one, or choose another kind of film",
        ));
    }
    if episodes.len() > EPISODES_MAX {
        let n = episodes.len();
        let message = format!("a film shows at most {EPISODES_MAX} episodes, and these are {n}");
        return Err(Error::invalid("episodes", message));
    }
    Ok(episodes)
}

fn none_recorded(run: &JobRow, why: &str, remedy: &str) -> Error {
    Error::conflict(format!("make a film of the run “{}”", run.name), why, remedy)
}

/// The kind of episode that a kind of film shows; any if it shows several kinds.
fn shown_by(kind: FilmKind) -> Option<EpisodeKind> {
    match kind {
        FilmKind::Milestone => Some(EpisodeKind::Milestone),
        FilmKind::Hour => Some(EpisodeKind::Hour),
        FilmKind::Evaluation => Some(EpisodeKind::Evaluation),
        FilmKind::Journey | FilmKind::Stages => None,
    }
}

/// The episodes with the paths that were asked for.
fn named(recorded: &[Episode], new: &NewFilm) -> Result<Vec<Episode>, Error> {
    let wanted = shown_by(new.kind);
    let find = |path: &String| {
        let found = recorded.iter().find(|episode| episode.path == *path);
        let episode = found.ok_or_else(|| Error::NotFound {
            what: "episode",
            id: path.escape_debug().to_string(),
        })?;
        if wanted.is_some_and(|kind| kind != episode.kind) {
            let message = format!(
                "“{}” is no episode for a film of the kind “{}”",
                episode.title,
                new.kind.word()
            );
            return Err(Error::invalid("episodes", message));
        }
        Ok(episode.clone())
    };
    new.episodes.iter().map(find).collect()
}

/// The episodes that a kind of film means if none are named; `recorded` is in order of time.
fn meant(recorded: Vec<Episode>, kind: FilmKind) -> Vec<Episode> {
    let mut episodes = recorded;
    let newest_step = |episodes: &[Episode]| episodes.last().map(|last| last.step);
    match kind {
        FilmKind::Milestone | FilmKind::Hour => {
            episodes.retain(|it| FilmKind::of(it.kind) == kind);
            episodes.drain(..episodes.len().saturating_sub(1));
        }
        FilmKind::Evaluation => {
            episodes.retain(|it| it.kind == EpisodeKind::Evaluation);
            // A run that was resumed has those of an earlier end, too.
            let newest = newest_step(&episodes);
            episodes.retain(|it| Some(it.step) == newest);
        }
        FilmKind::Journey => episodes.retain(|it| it.kind != EpisodeKind::Evaluation),
        FilmKind::Stages => {
            episodes.retain(|it| it.kind == EpisodeKind::Milestone);
            let n = episodes.len();
            let stages = [0, n.saturating_sub(1) / 2, n.saturating_sub(1)];
            let mut idx = 0..n;
            episodes.retain(|_| idx.next().is_some_and(|i| stages.contains(&i)));
        }
    }
    episodes
}

/// How a run's score went, thinned to what a small drawing can show.
fn score_curve(connection: &Connection, id: &Id, run: &RunRow) -> Result<Vec<(u64, f64)>, Error> {
    let name = run.score_metric.name.clone();
    let curves = metrics::curves(connection, id, &[name], CURVE_POINTS)?;
    let points = curves.into_iter().flat_map(|curve| curve.steps.into_iter().zip(curve.values));
    Ok(points.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(kind: EpisodeKind, step: u64) -> Episode {
        Episode {
            path: format!("episodes/{step}.json"),
            kind,
            title: step.to_string(),
            step,
            share: None,
            elapsed_secs: 0.0,
            score: 0.0,
            n_frames: 1,
            game: "brick".to_owned(),
            game_version: 1,
            agent: None,
        }
    }

    #[test]
    fn each_kind_of_film_means_its_episodes() {
        use EpisodeKind::{Evaluation, Hour, Milestone};
        let recorded = [
            (Milestone, 10),
            (Hour, 15),
            (Milestone, 20),
            (Milestone, 30),
            (Evaluation, 40),
            (Hour, 45),
            (Milestone, 50),
            (Milestone, 60),
            (Evaluation, 70),
            (Evaluation, 70),
        ];
        let check = |kind: FilmKind, expected: &[u64]| {
            let recorded = recorded.map(|(kind, step)| episode(kind, step)).to_vec();
            let steps: Vec<u64> = meant(recorded, kind).iter().map(|it| it.step).collect();
            assert_eq!(steps, expected, "{kind:?}");
            assert_eq!(meant(vec![], kind), []);
        };
        check(FilmKind::Milestone, &[60]);
        check(FilmKind::Hour, &[45]);
        check(FilmKind::Evaluation, &[70, 70]);
        check(FilmKind::Journey, &[10, 15, 20, 30, 45, 50, 60]);
        check(FilmKind::Stages, &[10, 30, 60]);
    }

    #[test]
    fn sizes_are_even_and_within_bounds() {
        let check = |width: u32, height: u32, expected: Option<&str>| {
            let refused = check_look(FilmLook { width, height, ..FilmLook::default() }).err();
            let key = refused.map(|error| match error {
                Error::Invalid { key, .. } => key,
                error => panic!("{error}"),
            });
            assert_eq!(key, expected, "{width}x{height}");
        };
        check(640, 840, None);
        check(64, 3840, None);
        check(63, 64, Some("width"));
        check(65, 64, Some("width"));
        check(64, 62, Some("height"));
        check(64, 3842, Some("height"));
        check(0, 0, Some("width"));
        check(u32::MAX, 64, Some("width"));
    }
}
