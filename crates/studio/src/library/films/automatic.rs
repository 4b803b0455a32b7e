//! Films that the studio makes by itself: of every milestone and hour while a run trains, and of its evaluation and
//! its whole journey when it has ended.
//!
//! The follower stores wishes ([`wish_for`]), once for each episode; the studio's thread grants them ([`grant`]) a few
//! at a time, so that what people ask for does not wait behind them, and a full queue loses none.

use api::{Episode, EpisodeKind, FilmKind, FilmLook, FilmTask, Id, JobKind, NewFilm};
use job::Shelf;
use rusqlite::Connection;

use super::{make, order_of, read_film_task};

use crate::{
    Error,
    library::cancel_job,
    queue,
    shared::Shared,
    store::{
        episodes, films,
        films::Wish,
        jobs::{self, Phase},
    },
};

/// Films that wait in the queue while more are asked for by themselves, at most.
const WAITING_MAX: usize = 2;

/// Places of the queue that are left to people.
const PLACES_LEFT: usize = queue::MAX_QUEUED / 4;

/// Wishes for the film of an episode that a run has just recorded.
pub(crate) fn wish_for(connection: &Connection, run: &Id, one: &Episode) -> Result<(), Error> {
    match one.kind {
        EpisodeKind::Milestone | EpisodeKind::Hour => {
            add(connection, run, FilmKind::of(one.kind), one)
        }
        // Those are shown together, once the run has ended.
        EpisodeKind::Evaluation => Ok(()),
    }
}

/// Wishes for the films of a run that has ended.
pub(crate) fn wish_for_whole(connection: &Connection, run: &Id) -> Result<(), Error> {
    let recorded = episodes::of(connection, run)?;
    let is_evaluation = |it: &&Episode| it.kind == EpisodeKind::Evaluation;
    let Some(last) = recorded.iter().rfind(is_evaluation) else { return Ok(()) };
    add(connection, run, FilmKind::Evaluation, last)?;
    let n_stations = recorded.iter().filter(|it| !is_evaluation(it)).count();
    if n_stations > 1 {
        add(connection, run, FilmKind::Journey, last)?;
    }
    Ok(())
}

/// Asks for the films that are wished for, as far as there is room.
pub(crate) fn grant(shared: &Shared) -> Result<(), Error> {
    while let Some(wish) = shared.read(next_if_room)? {
        match ask_for(shared, &wish) {
            Ok(()) => {}
            // It waits until there is room.
            Err(Error::TooMuch { .. }) => return Ok(()),
            Err(error @ (Error::Store(_) | Error::Closed)) => return Err(error),
            // The run went back to before the episode, and may record another one.
            Err(Error::NotFound { what: "episode", .. }) => {
                shared.change(|change| films::remove(change.tx, &wish))?;
            }
            Err(error) => {
                let Wish { run, kind, path, .. } = &wish;
                tracing::warn!(
                    "{run}: the {} film of {path} is skipped: failed to {error}",
                    kind.word()
                );
                shared.change(|change| films::skip(change.tx, &wish))?;
            }
        }
    }
    Ok(())
}

/// Ends the films of a run that wait or run: the run was moved to the trash. Those that were made by themselves are
/// wished for again, should it come back.
pub(crate) fn end_films_of(shared: &Shared, run: &Id) -> Result<(), Error> {
    let active = shared.read(|c| {
        let mut rows = jobs::in_phase(c, Phase::Queued)?;
        rows.extend(jobs::in_phase(c, Phase::Running)?);
        Ok(rows)
    })?;
    for film in active.into_iter().filter(|row| row.kind == JobKind::Film).map(|row| row.id) {
        let task = read_film_task(&shared.workspace.folder(Shelf::Films, &film));
        if !task.is_ok_and(|task| task.film.run == *run) {
            continue;
        }
        shared.change(|change| films::wait_again(change.tx, &film))?;
        match cancel_job(shared, JobKind::Film, &film) {
            // It has ended meanwhile, and stays.
            Ok(()) | Err(Error::NotFound { .. } | Error::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn add(connection: &Connection, run: &Id, kind: FilmKind, of: &Episode) -> Result<(), Error> {
    let path = &of.path;
    if !films::add(connection, run, kind, (path, of.step))? {
        tracing::warn!("{run}: the {} film of {path} is skipped: it has too many", kind.word());
    }
    Ok(())
}

fn next_if_room(connection: &Connection) -> Result<Option<Wish>, Error> {
    let Some(wish) = films::next(connection)? else { return Ok(None) };
    let waiting = jobs::in_phase(connection, Phase::Queued)?;
    let n_films = waiting.iter().filter(|row| row.kind == JobKind::Film).count();
    let has_room = n_films < WAITING_MAX && waiting.len() + PLACES_LEFT < queue::MAX_QUEUED;
    Ok(has_room.then_some(wish))
}

fn ask_for(shared: &Shared, wish: &Wish) -> Result<(), Error> {
    let episodes = match wish.kind {
        FilmKind::Milestone | FilmKind::Hour => vec![wish.path.clone()],
        // The kind says which.
        _ => vec![],
    };
    let new = NewFilm {
        run: wish.run.clone(),
        kind: wish.kind,
        episodes,
        name: None,
        look: FilmLook::default(),
    };
    let project = shared.workspace.project_of(&wish.run);
    let order = order_of(shared, &project, new)?;
    if !order.1.film.episodes.is_empty() && order.1.episodes[0].step != wish.step {
        // The run has recorded another one under this name, for which there is another wish.
        return Err(Error::NotFound { what: "episode", id: wish.path.clone() });
    }
    if let Some(film) = same_as(shared, &order.1)? {
        return shared.change(|change| films::asked(change.tx, wish, &film));
    }
    make(shared, &project, order, |change, job| films::asked(change.tx, wish, &job.id)).map(drop)
}

/// A film that shows the same: one that was queued before the wish could be crossed off, or whose wish was lost with the
/// database.
fn same_as(shared: &Shared, task: &FilmTask) -> Result<Option<Id>, Error> {
    let ids = shared.read(|c| jobs::ids(c, JobKind::Film))?;
    let is_same = |id: &Id, is_deleted: bool| {
        let folder = match is_deleted {
            false => shared.workspace.folder(Shelf::Films, id),
            true => shared.workspace.trash(Shelf::Films, id),
        };
        let other = read_film_task(&folder);
        other.is_ok_and(|other| other.film == task.film && other.episodes == task.episodes)
    };
    Ok(ids.into_iter().find(|(id, is_deleted)| is_same(id, *is_deleted)).map(|(id, _)| id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, Trust, jobs::JobRow};

    #[test]
    fn wishes_are_kept_once_and_wait_for_room() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("maquette.db"), Trust::Closed, 0).unwrap();
        let row = |n: u32, kind: JobKind, phase: Phase| {
            let row = JobRow::new(Id::from_name("job", n), kind, "job".to_owned(), 0);
            JobRow { phase, ..row }
        };
        let run = row(0, JobKind::Train, Phase::Running);
        let episode = |path: &str, kind: EpisodeKind| Episode {
            path: path.to_owned(),
            kind,
            title: String::new(),
            step: 1,
            share: None,
            elapsed_secs: 0.0,
            score: 0.0,
            n_frames: 1,
            game: "brick".to_owned(),
            game_version: 1,
            agent: None,
        };
        let act = |c: &rusqlite::Transaction<'_>| -> Result<(), Error> {
            jobs::save(c, &run)?;
            for path in ["a", "b", "a"] {
                wish_for(c, &run.id, &episode(path, EpisodeKind::Milestone))?;
                wish_for(c, &run.id, &episode(path, EpisodeKind::Evaluation))?;
            }
            let next = || next_if_room(c).map(|wish| wish.map(|it| it.path));
            assert_eq!(next()?.as_deref(), Some("a"));

            // As many films as shall wait.
            for n in 1..=WAITING_MAX as u32 {
                jobs::save(c, &row(n, JobKind::Film, Phase::Queued))?;
            }
            assert_eq!(next()?, None);
            jobs::save(c, &row(1, JobKind::Film, Phase::Running))?;
            assert_eq!(next()?.as_deref(), Some("a"));

            // A queue that is three quarters full.
            for n in 10..10 + 3 * PLACES_LEFT as u32 {
                jobs::save(c, &row(n, JobKind::Prepare, Phase::Queued))?;
            }
            assert_eq!(next()?, None);
            for n in 10..20 {
                jobs::save(c, &row(n, JobKind::Prepare, Phase::Done))?;
            }
            assert_eq!(next()?.as_deref(), Some("a"));

            films::skip(c, &films::next(c)?.unwrap())?;
            assert_eq!(next()?.as_deref(), Some("b"));
            jobs::save(c, &JobRow { deleted_ms: Some(1), ..run.clone() })?;
            assert_eq!(next()?, None, "its run is in the trash");
            jobs::save(c, &run)?;
            let film = Id::from_name("film", 1);
            films::asked(c, &films::next(c)?.unwrap(), &film)?;
            assert_eq!(next()?, None);
            films::wait_again(c, &film)?;
            assert_eq!(next()?.as_deref(), Some("b"));
            films::forget_run(c, &run.id)?;
            assert_eq!(next()?, None);

            // Nobody's events make films without end.
            for n in 0..1000 {
                wish_for(c, &run.id, &episode(&n.to_string(), EpisodeKind::Hour))?;
            }
            let mut n_wished = 0;
            while let Some(wish) = films::next(c)? {
                films::skip(c, &wish)?;
                n_wished += 1;
            }
            assert_eq!(n_wished, 100);
            Ok(())
        };
        store.write(act, |()| ()).unwrap();
    }
}
