//! Projects: what belongs together stays together, moves, leaves as one archive and comes back.

use std::{
    fs,
    io::{Cursor, Read},
    path::Path,
};

use api::{
    Id, JobState, Limit, NewModel, NewPreset, NewProject, Project, ProjectChange, ProjectItem,
    RunDefaults,
};
use serde_json::json;
use studio::{Error, Studio};

use crate::stage::{Stage, request};

fn create(studio: &Studio, name: &str) -> Id {
    let new = NewProject { name: name.to_owned(), defaults: RunDefaults::default() };
    studio.create_project(new).unwrap().id
}

fn item(list: &str, id: &Id) -> ProjectItem {
    ProjectItem { list: list.to_owned(), id: id.clone() }
}

/// A dataset, a run on it, a model of that and a reconstruction with that, all in one project.
struct Whole {
    dataset: Id,
    run: Id,
    model: Id,
    reconstruction: Id,
}

fn fill(stage: &Stage, project: &Id) -> Whole {
    let studio = stage.studio.in_project(Some(project)).unwrap();
    let dataset = studio.create_dataset(stage.new_dataset("Notes")).unwrap().id;
    stage.wait_done(&dataset);
    let run = studio.create_run(request(&dataset, 30, json!({}))).unwrap().id;
    stage.wait_done(&run);
    let model = studio.add_model(NewModel { run: run.clone(), step: None, name: None }).unwrap().id;
    let reconstruction = studio.reconstruct_sound(&model, &dataset, 0).unwrap().id;
    stage.wait_done(&reconstruction);
    Whole { dataset, run, model, reconstruction }
}

fn archive_of(studio: &Studio, project: &Id) -> Vec<u8> {
    let mut archive = Vec::new();
    studio.write_archive(project, &mut archive).unwrap();
    archive
}

fn files_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|it| if it.path().is_dir() { files_below(&it.path()) } else { 1 }).sum()
}

#[test]
fn lists_are_of_one_project_or_of_all() {
    let mut stage = Stage::new();
    let first = stage.whole_dataset();
    let drums = create(&stage.studio, "Drums");
    assert_eq!(drums.as_str(), "drums");
    let whole = fill(&stage, &drums);
    let folder = stage.workspace().join("projects/drums");
    assert!(folder.join("datasets").join(whole.dataset.as_str()).is_dir());
    assert!(folder.join("reconstructions").join(whole.reconstruction.as_str()).is_dir());
    let check = |stage: &Stage| {
        let all = &stage.studio;
        let (one, other) = (
            all.in_project(Some(&drums)).unwrap(),
            all.in_project(Some(&Project::first())).unwrap(),
        );
        let datasets =
            |it: &Studio| it.datasets().unwrap().into_iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(datasets(&one), std::slice::from_ref(&whole.dataset));
        assert_eq!(datasets(&other), std::slice::from_ref(&first));
        assert_eq!(datasets(all).len(), 2);
        assert_eq!((one.runs().unwrap().len(), other.runs().unwrap().len()), (1, 0));
        assert_eq!((one.models().unwrap().len(), other.models().unwrap().len()), (1, 0));
        assert_eq!(one.runs().unwrap()[0].job.project, drums);
        assert_eq!(one.models().unwrap()[0].project.as_ref(), Some(&drums));
        let projects = all.projects().unwrap();
        assert_eq!(projects[0].id, drums, "what was used last comes first");
        let counts = |it: &Project| (it.n_datasets, it.n_runs, it.n_models, it.n_active);
        assert_eq!(counts(&projects[0]), (1, 1, 1, 0));
        assert_eq!(counts(&projects[1]), (1, 0, 0, 0));
        assert!(all.project(&drums).unwrap().bytes > 3000);
    };
    check(&stage);
    stage.reopen();
    check(&stage);
    // Without its database, too.
    stage.studio.close();
    fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
    stage.reopen();
    check(&stage);
    let nowhere = stage.studio.in_project(Some(&"nowhere".parse().unwrap()));
    assert!(matches!(nowhere, Err(Error::NotFound { what: "project", .. })));
}

#[test]
fn projects_have_names_and_defaults() {
    let mut stage = Stage::new();
    let drums = create(&stage.studio, "Drums");
    let twice = stage
        .studio
        .create_project(NewProject { name: "drums".to_owned(), defaults: RunDefaults::default() });
    assert!(matches!(twice, Err(Error::Conflict { .. })), "{twice:?}");
    let defaults =
        RunDefaults { limit: Some(Limit::Minutes { minutes: 30.0 }), ..RunDefaults::default() };
    let change =
        ProjectChange { name: Some("Percussion".to_owned()), defaults: Some(defaults.clone()) };
    stage.studio.change_project(&drums, change).unwrap();
    let first = ProjectChange { name: Some("Mine".to_owned()), defaults: None };
    stage.studio.change_project(&Project::first(), first).unwrap();
    stage.reopen();
    let projects = stage.studio.projects().unwrap();
    let names: Vec<&str> = projects.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["Percussion", "Mine"]);
    assert_eq!(projects[0].defaults, defaults);
    assert!(projects[0].can_delete && !projects[1].can_delete);
    // A damaged file costs the name, and nothing else.
    fs::write(stage.workspace().join("projects/drums/project.json"), "{").unwrap();
    stage.reopen();
    assert!(stage.studio.projects().unwrap().iter().any(|it| it.name == "drums"));
}

#[test]
fn a_deleted_project_comes_back_with_all_it_holds() {
    let mut stage = Stage::new();
    let drums = create(&stage.studio, "Drums");
    let whole = fill(&stage, &drums);
    let first = stage.studio.delete_project(&Project::first());
    assert!(matches!(first, Err(Error::Conflict { .. })));
    stage.studio.delete_project(&drums).unwrap();
    assert!(stage.studio.datasets().unwrap().is_empty() && stage.studio.runs().unwrap().is_empty());
    assert!(matches!(stage.studio.run(&whole.run), Err(Error::NotFound { .. })));
    let trash = stage.studio.trash().unwrap();
    assert_eq!((trash[0].list.as_str(), trash[0].name.as_str()), ("projects", "Drums"));
    assert!(trash.len() == 1 && trash[0].bytes > 3000, "{trash:?}");
    stage.reopen();
    assert!(stage.studio.runs().unwrap().is_empty());
    // The name is free meanwhile.
    create(&stage.studio, "Drums");
    stage.studio.restore_from_trash("projects", &drums).unwrap();
    let back = stage.studio.project(&drums).unwrap().project;
    assert_eq!((back.name.as_str(), back.n_runs, back.n_models), ("Drums 2", 1, 1));
    assert_eq!(stage.studio.run(&whole.run).unwrap().run.step, 30);
    assert_eq!(stage.studio.model(&whole.model).unwrap().reconstructions.len(), 1);
    stage.studio.delete_project(&drums).unwrap();
    assert_eq!(stage.studio.empty_trash().unwrap().n_items, 1);
    assert!(!stage.workspace().join("trash/projects/drums").exists());
}

#[test]
fn a_project_that_works_stays() {
    let stage = Stage::new();
    let drums = create(&stage.studio, "Drums");
    let studio = stage.studio.in_project(Some(&drums)).unwrap();
    let dataset = studio.create_dataset(stage.new_dataset("Notes")).unwrap().id;
    stage.wait_done(&dataset);
    let run = studio.create_run(request(&dataset, 1_000_000, json!({ "step_ms": 5 }))).unwrap().id;
    stage.wait_running(&run);
    let other = create(&stage.studio, "Other");
    let is_refused = |done: Result<(), Error>| {
        assert!(matches!(&done, Err(Error::Conflict { .. })), "{done:?}");
    };
    is_refused(stage.studio.delete_project(&drums));
    is_refused(stage.studio.write_archive(&drums, &mut Vec::new()));
    is_refused(stage.studio.move_to_project(&other, &item("runs", &run)));
    is_refused(stage.studio.move_to_project(&other, &item("datasets", &dataset)));
    stage.studio.stop_run(&run).unwrap();
    stage.wait_state(&run, |state| matches!(state, JobState::Stopped { .. }));
    stage.studio.move_to_project(&other, &item("runs", &run)).unwrap();
    stage.studio.delete_project(&drums).unwrap();
}

#[test]
fn things_move_between_projects() {
    let mut stage = Stage::new();
    let (drums, other) = (create(&stage.studio, "Drums"), create(&stage.studio, "Other"));
    let whole = fill(&stage, &drums);
    let preset = stage.studio.in_project(Some(&drums)).unwrap();
    let preset = preset.create_preset(
        NewPreset {
            name: "Mine".to_owned(),
            summary: String::new(),
            choices: api::Choices::default(),
            limit: None,
        },
        &[],
    );
    let preset = preset.unwrap().id;
    for (list, id) in [("datasets", &whole.dataset), ("models", &whole.model), ("presets", &preset)]
    {
        stage.studio.move_to_project(&other, &item(list, id)).unwrap();
    }
    let check = |stage: &Stage| {
        let one = stage.studio.in_project(Some(&other)).unwrap();
        assert_eq!(one.datasets().unwrap()[0].id, whole.dataset);
        assert_eq!(one.presets().unwrap()[0].id, preset);
        let model = one.model(&whole.model).unwrap();
        assert_eq!(model.reconstructions[0].id, whole.reconstruction);
        assert_eq!(model.reconstructions[0].job.project, other);
        assert_eq!(one.runs().unwrap(), []);
    };
    check(&stage);
    stage.reopen();
    check(&stage);
    // The run that stayed finds its dataset, and goes on.
    stage.studio.resume_run(&whole.run, Some(Limit::Steps { steps: 40 })).unwrap();
    stage.wait_done(&whole.run);
    assert_eq!(stage.studio.run(&whole.run).unwrap().run.step, 40);
    // What is restored goes back to where it was; into the first project if that is gone.
    stage.studio.delete_dataset(&whole.dataset).unwrap();
    stage.studio.restore_dataset(&whole.dataset).unwrap();
    check(&stage);
    stage.studio.delete_preset(&preset).unwrap();
    stage.studio.delete_project(&other).unwrap();
    assert_eq!(stage.studio.restore_preset(&preset).unwrap().project, Some(Project::first()));
    let nowhere = stage.studio.move_to_project(&other, &item("presets", &preset));
    assert!(matches!(nowhere, Err(Error::NotFound { .. })), "{nowhere:?}");
}

#[test]
fn an_archive_comes_back_here_and_elsewhere() {
    let stage = Stage::new();
    let drums = create(&stage.studio, "Drums");
    let whole = fill(&stage, &drums);
    let waiting = stage.workspace().join("projects/drums/conversions/a-job-000001");
    fs::create_dir_all(waiting.join("deep")).unwrap();
    let order = json!({
        "format": 1, "id": "a-job-000001", "name": "A job", "created_ms": 1, "version": "0.1.0",
        "task": { "kind": "measure", "family": "rave", "settings": {}, "limit": { "until": "forever" },
                  "n_held_out": 1, "held_out_secs": 1.0 }
    });
    fs::write(waiting.join("job.json"), order.to_string()).unwrap();
    let archive = archive_of(&stage.studio, &drums);

    // Elsewhere everything keeps its identifier, and a run goes on.
    let other = Stage::new();
    let came = other.studio.read_archive(None, Cursor::new(&archive)).unwrap();
    assert_eq!((came.id.as_str(), came.name.as_str()), ("drums", "Drums"));
    assert_eq!((came.n_datasets, came.n_runs, came.n_models, came.n_active), (1, 1, 1, 0));
    assert_eq!(other.studio.run(&whole.run).unwrap().run.dataset, Some(whole.dataset.clone()));
    assert_eq!(other.studio.model(&whole.model).unwrap().reconstructions.len(), 1);
    other.studio.resume_run(&whole.run, Some(Limit::Steps { steps: 40 })).unwrap();
    other.wait_done(&whole.run);

    // Here it becomes a second project, whose things have identifiers of their own and name each other.
    let twin = stage.studio.read_archive(None, Cursor::new(&archive)).unwrap();
    assert_eq!((twin.id.as_str(), twin.name.as_str()), ("drums-2", "Drums 2"));
    let studio = stage.studio.in_project(Some(&twin.id)).unwrap();
    let (dataset, run) = (studio.datasets().unwrap().remove(0), studio.runs().unwrap().remove(0));
    let model = studio.model(&studio.models().unwrap()[0].id).unwrap();
    assert_ne!(dataset.id, whole.dataset);
    assert_ne!(run.id, whole.run);
    assert_eq!(run.dataset, Some(dataset.id));
    assert_eq!(model.model.lineage.as_ref().unwrap().run, run.id);
    assert_eq!(model.reconstructions[0].model, model.model.id);
    assert_eq!(studio.run(&run.id).unwrap().run.step, 30);
    assert_eq!(stage.studio.runs().unwrap().len(), 2);

    let named = stage.studio.read_archive(Some("A copy"), Cursor::new(&archive)).unwrap();
    assert_eq!(named.name, "A copy");
}

#[test]
fn an_archive_that_lies_is_cut_or_escapes_leaves_nothing() {
    let stage = Stage::new();
    let drums = create(&stage.studio, "Drums");
    let studio = stage.studio.in_project(Some(&drums)).unwrap();
    let dataset = studio.create_dataset(stage.new_dataset("Notes")).unwrap().id;
    stage.wait_done(&dataset);
    let archive = archive_of(&stage.studio, &drums);
    let before = files_below(&stage.workspace().join("projects"));
    let check = |bytes: &[u8], why: &str| {
        let read = stage.studio.read_archive(None, bytes);
        let error = read.unwrap_err();
        let said = error.to_string();
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!(stage.studio.projects().unwrap().len(), 2, "{why}");
        assert_eq!(files_below(&stage.workspace().join("projects")), before, "{why}");
    };
    check(b"", "empty");
    check(b"RIFF....WAVE", "");
    check(&[7; 2000], "not the archive");
    for share in 1..20 {
        check(&archive[..archive.len() * share / 21], "");
    }
    let changed = |from: &str, to: &str| {
        let mut bytes = archive.clone();
        let at = bytes.windows(from.len()).position(|it| it == from.as_bytes()).unwrap();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    check(&changed("\"kind\": \"prepare\"", "\"kind\": \"prebare\""), "damaged");
    check(&changed("\"n_files\": ", "\"n_filez\": "), "damaged");
    check(&changed("\"format\": 1", "\"format\": 9"), "format 9");

    // Archives that are whole, with something in them that no project holds.
    let with = |path: &str, kind: tar::EntryType, n_announced: u64| {
        let mut bytes = Vec::new();
        let mut tar = tar::Builder::new(&mut bytes);
        let add = |tar: &mut tar::Builder<&mut Vec<u8>>, path: &str, kind, text: &[u8]| {
            let mut header = tar::Header::new_ustar();
            // As it stands: the library would refuse to write some of these.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(kind);
            header.set_size(text.len() as u64);
            header.set_cksum();
            tar.append(&header, text).unwrap();
        };
        let head = json!({
            "format": 1, "version": "0.1.0", "n_files": n_announced, "bytes": n_announced,
            "project": { "format": 1, "name": "Bad", "created_ms": 1 }
        });
        let file = tar::EntryType::Regular;
        add(&mut tar, "maquette-project.json", file, head.to_string().as_bytes());
        add(&mut tar, path, kind, b"x");
        let sum = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        add(&mut tar, "checksums.txt", file, format!("{sum}  {path}\n").as_bytes());
        tar.finish().unwrap();
        drop(tar);
        bytes
    };
    let file = tar::EntryType::Regular;
    for path in
        ["../escaped", "/tmp/escaped", "runs/../../../escaped", "maquette.db", "runs/a/../b"]
    {
        check(&with(path, file, 1), "in no folder of a project");
    }
    check(&with("runs/a-000001/link", tar::EntryType::Symlink, 1), "a link or a special file");
    check(&with("runs/a-000001/more", file, 0), "more than it announces");
    check(&with("runs/a-000001/less", file, 2), "does not hold");
    assert!(!stage.workspace().join("escaped").exists());
    // The same in order is taken: what cannot be read in it is shown as such.
    let came =
        stage.studio.read_archive(None, &with("runs/a-000001/job.json", file, 1)[..]).unwrap();
    assert_eq!((came.name.as_str(), came.n_runs), ("Bad", 0));
    assert_eq!(stage.studio.unreadable().unwrap().len(), 1);
}

#[test]
fn what_was_half_read_is_gone_after_a_crash() {
    let mut stage = Stage::new();
    let half = stage.workspace().join("projects/.new-archive/runs/a-000001");
    fs::create_dir_all(&half).unwrap();
    stage.reopen();
    assert!(!half.exists() && stage.studio.projects().unwrap().len() == 1);
}

#[test]
fn an_archive_larger_than_its_reader_s_memory_is_no_matter() {
    // Pieces of a megabyte, made as they are asked for, and thrown away as they are written.
    struct Counted(u64);
    impl std::io::Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            assert!(bytes.len() <= 1 << 20, "never a whole file at a time");
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let stage = Stage::new();
    let run = stage.workspace().join("projects/default/runs/large-000001");
    fs::create_dir_all(&run).unwrap();
    let large = fs::File::create(run.join("large.bin")).unwrap();
    large.set_len(64 << 20).unwrap();
    let mut counted = Counted(0);
    stage.studio.write_archive(&Project::first(), &mut counted).unwrap();
    assert!(counted.0 > 64 << 20);
    let mut first = [0; 21];
    let mut archive = Vec::new();
    stage.studio.write_archive(&Project::first(), &mut archive).unwrap();
    archive.as_slice().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"maquette-project.json");
}
