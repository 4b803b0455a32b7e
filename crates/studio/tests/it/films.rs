//! Films of agents at play: asked for, and made by the studio itself.

use std::fs;

use api::{
    Film, FilmChange, FilmKind, FilmLook, Id, ItemKind, JobKind, JobState, Limit, NewFilm,
    NewProject, ProjectItem, RunDefaults,
};
use serde_json::json;
use studio::{Error, LibraryAsk};

use crate::stage::{Stage, request};

/// A run of an agent that plays `steps` steps with these settings.
fn agent(stage: &Stage, name: &str, steps: u64, settings: serde_json::Value) -> Id {
    let mut settings = settings;
    settings["plays"] = json!(true);
    let mut request = request(&"none-000000".parse().unwrap(), steps, settings);
    (request.name, request.dataset) = (Some(name.to_owned()), None);
    stage.studio.create_run(request).unwrap().id
}

fn new(run: &Id, kind: FilmKind) -> NewFilm {
    NewFilm { run: run.clone(), kind, episodes: vec![], name: None, look: FilmLook::default() }
}

fn done(stage: &Stage, id: &Id) -> Film {
    stage.wait_done(id);
    stage.studio.film(id).unwrap()
}

/// Waits until a run has so many films that are done.
fn wait_films(stage: &Stage, run: &Id, n: usize) -> Vec<Film> {
    let films = || stage.studio.run_films(run).unwrap();
    let is_done = |film: &Film| matches!(film.job.state, JobState::Done { .. });
    let have_come = stage.until(|| films().iter().filter(|it| is_done(it)).count() >= n);
    have_come.unwrap_or_else(|| panic!("they did not come: {:#?}", films()));
    films()
}

fn names(films: &[Film]) -> Vec<&str> {
    let mut names: Vec<&str> = films.iter().map(|it| it.job.name.as_str()).collect();
    names.sort_by_key(|name| (name.len(), *name));
    names
}

/// What every finished run of ten steps has: a film of each tenth, its evaluation, its journey.
const N_OF_A_RUN: usize = 12;

#[test]
fn a_run_films_itself_and_its_films_outlive_it() {
    let mut stage = Stage::new();
    let run = agent(&stage, "Brick", 10, json!({ "hour_at": 5 }));
    let films = wait_films(&stage, &run, N_OF_A_RUN + 1);
    assert_eq!(films.len(), N_OF_A_RUN + 1);
    let listed = stage.studio.runs().unwrap();
    assert_eq!(listed[0].game.as_deref(), Some(films[0].game.as_str()), "a run says its game");
    let expected = [
        "Brick, 10 %",
        "Brick, 20 %",
        "Brick, 30 %",
        "Brick, 40 %",
        "Brick, 50 %",
        "Brick, 60 %",
        "Brick, 70 %",
        "Brick, 80 %",
        "Brick, 90 %",
        "Brick, 100 %",
        "Brick, Hour 1",
        "Brick, journey",
        "Brick, evaluation",
    ];
    assert_eq!(names(&films), expected);
    let of_kind = |kind| films.iter().find(|it| it.film.kind == kind).unwrap();
    let shown = |film: &Film| {
        let path = stage.studio.film_file(&film.id, &film.result.as_ref().unwrap().file).unwrap();
        assert!(path.starts_with(&film.folder), "it lies where the gallery looks");
        String::from_utf8(fs::read(path).unwrap()).unwrap().replace('\0', "")
    };
    assert_eq!(shown(of_kind(FilmKind::Hour)), "played at 5");
    assert_eq!(shown(of_kind(FilmKind::Evaluation)), "played at 10".repeat(3));
    assert_eq!(shown(of_kind(FilmKind::Journey)).matches("played").count(), 11);

    // Nothing is filmed twice, whatever is read again.
    stage.reopen();
    stage.studio.delete_run(&run).unwrap();
    assert_eq!(stage.studio.films().unwrap().len(), N_OF_A_RUN + 1);
    assert_eq!(stage.studio.film(&films[0].id).unwrap().run_name, "Brick");
    let refused = stage.studio.create_film(new(&run, FilmKind::Journey));
    assert!(matches!(refused, Err(Error::NotFound { what: "run", .. })), "{refused:?}");
}

#[test]
fn a_film_is_asked_for_marked_deleted_and_restored() {
    let mut stage = Stage::new();
    let run = agent(&stage, "Brick", 10, json!({}));
    wait_films(&stage, &run, N_OF_A_RUN);
    let look = FilmLook { width: 64, height: 96, curve: true, ..FilmLook::default() };
    let mine = NewFilm { name: Some(" Mine ".to_owned()), look, ..new(&run, FilmKind::Stages) };
    let id = stage.studio.create_film(mine).unwrap().id;
    let film = done(&stage, &id);
    assert_eq!((film.job.name.as_str(), film.game.as_str()), ("Mine", "brick"));
    assert!(film.is_new && !film.is_favourite);
    let order = fs::read(stage.job_folder("films", &id).join("job.json")).unwrap();
    let order: serde_json::Value = serde_json::from_slice(&order).unwrap();
    let steps: Vec<u64> = order["task"]["episodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["step"].as_u64().unwrap())
        .collect();
    assert_eq!(steps, [1, 5, 10]);
    assert_eq!(order["task"]["curve"].as_array().unwrap().len(), 10);

    let change = FilmChange { is_favourite: Some(true), is_watched: Some(true), name: None };
    let marked = stage.studio.change_film(&id, &change).unwrap();
    assert!(marked.is_favourite && !marked.is_new);
    let renamed = FilmChange { name: Some("Ours".to_owned()), ..FilmChange::default() };
    let renamed = stage.studio.change_film(&id, &renamed).unwrap();
    assert!(renamed.is_favourite && renamed.job.name == "Ours");
    let nameless = FilmChange { name: Some(String::new()), ..FilmChange::default() };
    let refused = stage.studio.change_film(&id, &nameless);
    assert!(matches!(refused, Err(Error::Invalid { key: "name", .. })), "{refused:?}");

    stage.studio.delete_job(&id).unwrap();
    assert!(matches!(stage.studio.film(&id), Err(Error::NotFound { what: "film", .. })));
    // Marks stand in the folder: they come back with it, also to another database.
    stage.studio.close();
    fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
    stage.reopen();
    stage.studio.restore_job(&id).unwrap();
    let restored = stage.studio.film(&id).unwrap();
    assert_eq!((restored.is_favourite, restored.is_new), (true, false));
    assert_eq!(restored.job.name, "Ours");
    assert_eq!(stage.studio.films().unwrap().len(), N_OF_A_RUN + 1, "a rebuild films nothing");
    let outside = stage.studio.film_file(&id, "../../../../studio.json");
    assert!(matches!(outside, Err(Error::NotFound { .. })), "{outside:?}");
}

#[test]
fn the_library_lists_films_to_who_asks_for_them() {
    let stage = Stage::new();
    let run = agent(&stage, "Brick", 10, json!({}));
    wait_films(&stage, &run, N_OF_A_RUN);
    let list = |query: &str, sort: &str| {
        let ask = LibraryAsk {
            query: query.to_owned(),
            sort: sort.to_owned(),
            limit: 500,
            ..LibraryAsk::default()
        };
        stage.studio.library_items(&ask).unwrap()
    };
    let all = list("kind:film", "");
    assert_eq!((all.total, all.items.len()), (N_OF_A_RUN as u64, N_OF_A_RUN));
    let films = stage.studio.films().unwrap();
    let first = &all.items[0];
    assert_eq!((&first.id, &first.name), (&films[0].id, &films[0].job.name));
    let result = films[0].result.as_ref().unwrap();
    assert_eq!((first.kind, first.bytes), (ItemKind::Film, result.bytes));
    assert_eq!(first.seconds, Some(result.length_secs));
    assert!(list("", "").items.is_empty() && list("-kind:film", "").items.is_empty());
    let n = |query: &str| list(query, "").total as usize;
    assert_eq!(n("is:film brick journey"), 1);
    assert_eq!(n("kind:film -journey"), N_OF_A_RUN - 1);
    assert_eq!(n("kind:film format:mp4 is:made len<100000"), N_OF_A_RUN);
    assert_eq!(n("kind:film -key:Am"), N_OF_A_RUN);
    assert_eq!(n("kind:film key:Am") + n("kind:film kind:sound") + n("kind:film len>100000"), 0);
    let longest = |sort: &str| list("kind:film", sort).items[0].seconds.unwrap();
    assert!(longest("-length") >= longest("length"));
    let ask = LibraryAsk {
        query: "kind:film".to_owned(),
        sort: "name".to_owned(),
        offset: 1,
        limit: 2,
        only: Some(films[..4].iter().map(|it| it.id.clone()).collect()),
    };
    let part = stage.studio.library_items(&ask).unwrap();
    assert_eq!((part.total, part.items.len()), (4, 2));
    assert!(part.items[0].name < part.items[1].name);

    let shown = stage.studio.library_item(&first.id).unwrap();
    assert!(shown.item == *first && shown.analysis.is_none());
    assert!(stage.studio.library_item_file(&first.id).is_ok_and(|it| it.is_file()));
    stage.studio.delete_job(&first.id).unwrap();
    let gone = stage.studio.library_item(&first.id);
    assert!(matches!(gone, Err(Error::NotFound { what: "sound", .. })), "{gone:?}");
    assert_eq!(n("kind:film"), N_OF_A_RUN - 1);
}

#[test]
fn a_run_that_goes_on_is_filmed_anew() {
    let stage = Stage::new();
    let run = agent(&stage, "Brick", 10, json!({}));
    wait_films(&stage, &run, N_OF_A_RUN);
    stage.studio.resume_run(&run, Some(Limit::Steps { steps: 20 })).unwrap();
    // Five more tenths have new names; the evaluation has old names and is another one.
    wait_films(&stage, &run, N_OF_A_RUN + 5 + 2);
    let evaluations = stage.studio.run_films(&run).unwrap().into_iter();
    let steps = evaluations.filter(|it| it.film.kind == FilmKind::Evaluation);
    let mut steps: Vec<u64> = steps.map(|it| it.result.unwrap().step).collect();
    steps.sort_unstable();
    assert_eq!(steps, [10, 20]);
}

#[test]
fn what_cannot_be_filmed_is_refused_in_words() {
    let stage = Stage::new();
    let run = agent(&stage, "Brick", 10, json!({}));
    wait_films(&stage, &run, N_OF_A_RUN);
    let check = |new: NewFilm, expected: &str| {
        let error = stage.studio.create_film(new).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    let look = |width, height| FilmLook { width, height, ..FilmLook::default() };
    check(NewFilm { look: look(641, 840), ..new(&run, FilmKind::Journey) }, "even number");
    check(NewFilm { look: look(640, 4098), ..new(&run, FilmKind::Journey) }, "use `height`");
    check(new(&run, FilmKind::Hour), "no episode for a film of the kind “hour”");
    let episodes = vec!["episodes/none.json".to_owned()];
    check(NewFilm { episodes, ..new(&run, FilmKind::Milestone) }, "find episode");
    let episodes = vec!["episodes/Best.json".to_owned()];
    check(NewFilm { episodes, ..new(&run, FilmKind::Milestone) }, "“Best” is no episode");
    let episodes = vec!["episodes/1-10-%.json".to_owned(); 201];
    check(NewFilm { episodes, ..new(&run, FilmKind::Stages) }, "at most 200 episodes");
    let other = stage.done_run(10);
    check(new(&other, FilmKind::Milestone), "only agents that play games do");
    check(new(&"none-000000".parse().unwrap(), FilmKind::Milestone), "find run");
    assert_eq!(stage.studio.films().unwrap().len(), N_OF_A_RUN);
}

#[test]
fn an_empty_film_is_a_failure() {
    let mut stage = Stage::new();
    let run = agent(&stage, "Brick", 10, json!({}));
    wait_films(&stage, &run, N_OF_A_RUN);
    let failed = |name: &str, why: &str| {
        let new = NewFilm { name: Some(name.to_owned()), ..new(&run, FilmKind::Milestone) };
        let id = stage.studio.create_film(new).unwrap().id;
        let job = stage.wait_state(&id, |state| matches!(state, JobState::Failed { .. }));
        let JobState::Failed { problem, .. } = job.state else { panic!("{job:?}") };
        assert_eq!(problem.what, "The film is empty.");
        assert!(problem.why.as_ref().unwrap().contains(why), "{problem:?}");
        assert_eq!(stage.studio.film(&id).unwrap().result, None);
        id
    };
    let empty = failed("empty", "has only 12 bytes");
    failed("missing", "no file “film.mp4”");
    stage.studio.close();
    fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
    stage.reopen();
    assert!(matches!(stage.state(&empty), JobState::Failed { .. }), "a rebuild finds the same");
    // It can be started again, and is empty again.
    stage.studio.restart_job(&empty).unwrap();
    stage.wait_state(&empty, |state| matches!(state, JobState::Failed { .. }));
}

#[test]
fn films_run_beside_a_single_training_and_hold_up_none() {
    let stage = Stage::new();
    let settings = json!({ "step_ms": 20 });
    let runs: Vec<Id> =
        (0..5).map(|n| agent(&stage, &format!("slow {n}"), 100, settings.clone())).collect();
    stage.wait_running(&runs[0]);
    let running = |kind: JobKind| {
        let jobs = stage.studio.jobs().unwrap();
        let is_running = |it: &&api::Job| matches!(it.state, JobState::Running { .. });
        jobs.iter().filter(|it| it.kind == kind).filter(is_running).count()
    };
    stage.until(|| running(JobKind::Film) == 2).unwrap();
    // Of five runs, the one that trains is shown as running, and films take no place of the others.
    let states = || stage.studio.runs().unwrap().into_iter().map(|it| it.job.state);
    assert_eq!(states().filter(|it| matches!(it, JobState::Running { .. })).count(), 1);
    assert_eq!(states().filter(|it| matches!(it, JobState::Queued { .. })).count(), 4);
    stage.wait_done(&runs[0]);
    // Slow films do not fill the queue: two run, two wait, the others are asked for when there is room.
    assert_eq!(running(JobKind::Film), 2);
    assert_eq!(stage.studio.run_films(&runs[0]).unwrap().len(), 4);

    // With the run, what is not done ends; and comes back with it.
    stage.studio.delete_run(&runs[0]).unwrap();
    stage.until(|| stage.studio.run_films(&runs[0]).unwrap().is_empty()).unwrap();
    for run in &runs[2..] {
        stage.studio.cancel_job(run).unwrap();
    }
    stage.studio.cancel_job(&runs[1]).unwrap();
    stage.studio.delete_run(&runs[2]).unwrap();
    stage.wait_state(&runs[1], |state| matches!(state, JobState::Stopped { .. }));
    stage.studio.delete_run(&runs[1]).unwrap();
    stage.studio.restore_run(&runs[0]).unwrap();
    stage.until(|| stage.studio.run_films(&runs[0]).unwrap().len() == 4).unwrap();
}

#[test]
fn a_run_is_at_its_end_at_most_and_completes() {
    let stage = Stage::new();
    let run = agent(&stage, "Brick", 10, json!({ "overshoots": true }));
    let progress = stage.wait_done(&run).progress.unwrap();
    // Its process said 20 of 10.
    assert_eq!((progress.n_done, progress.n_total, progress.share), (20, Some(20), Some(1.0)));
}

#[test]
fn films_lie_in_the_project_of_their_run() {
    let stage = Stage::new();
    let project = stage
        .studio
        .create_project(NewProject { name: "Games".to_owned(), defaults: RunDefaults::default() })
        .unwrap()
        .id;
    let games = stage.studio.in_project(Some(&project)).unwrap();
    let mut request = request(&"none-000000".parse().unwrap(), 10, json!({ "plays": true }));
    request.dataset = None;
    let run = games.create_run(request).unwrap().id;
    let films = wait_films(&stage, &run, N_OF_A_RUN);
    assert_eq!(games.films().unwrap().len(), N_OF_A_RUN);
    let first = stage.studio.in_project(Some(&api::Project::first())).unwrap();
    assert_eq!(first.films().unwrap(), []);
    for film in &films {
        assert!(film.folder.contains(&format!("projects/{project}/films/")), "{}", film.folder);
    }
    // One that is asked for elsewhere finds the run where it is; one that moves is found where it went.
    let elsewhere = first.create_film(new(&run, FilmKind::Evaluation)).unwrap().id;
    done(&stage, &elsewhere);
    let item = ProjectItem { list: "films".to_owned(), id: films[0].id.clone() };
    stage.studio.move_to_project(&api::Project::first(), &item).unwrap();
    let moved = stage.studio.film(&films[0].id).unwrap();
    assert!(moved.folder.contains("projects/default/films/"));
    assert!(stage.studio.film_file(&moved.id, "film.mp4").is_ok());
}
