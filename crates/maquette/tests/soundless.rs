//! A family that has nothing to do with sound, through the whole program but its HTTP: form, queue, a real
//! worker, curves, pictures, library, export, import and trash.
//!
//! The worker is this very program: started with the name of a test and a folder, it runs that test alone,
//! which adds the family and works on the folder.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "soundless/family.rs"]
mod family;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::{
    CardWords, Choices, ExportForm, ExportKind, ExportTask, ExportedPlay, Id, ImportTask, JobState,
    Limit, Medium, ModelPlace, NewModel,
};
use studio::{RunRequest, Studio, WorkerCommand};

use crate::family::{Curve, SECOND_PHASE, TITLES};

/// Steps of the run; both phases are in it.
const STEPS: u64 = 40;

#[test]
fn work() {
    let folder = PathBuf::from(std::env::args().next_back().unwrap());
    if folder.join("job.json").exists() {
        models::add_family(&Curve);
        worker::run(&folder).unwrap();
    }
}

fn opened(folder: &Path) -> Studio {
    let command = WorkerCommand {
        program: std::env::current_exe().unwrap(),
        args: ["work", "--exact", "--nocapture"].map(Into::into).to_vec(),
    };
    Studio::open(folder, command).unwrap()
}

fn wait_done(studio: &Studio, id: &Id) {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let job = studio.job(id).unwrap();
        if matches!(job.state, JobState::Done { .. }) {
            return;
        }
        let has_failed = matches!(job.state, JobState::Failed { .. });
        assert!(!has_failed && Instant::now() < until, "{:?}", job.state);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Composes and queues a run as the server does, and waits until it is done.
fn trained(studio: &Studio) -> Id {
    let choices = Choices { family: Some("curve".into()), ..Choices::default() };
    let forecast = worker::compose(&choices, None).unwrap();
    assert_eq!((forecast.codec, forecast.n_discriminator_parameters), (None, 0));
    assert_eq!(forecast.memory.phase_bytes.len(), 1);
    let request = RunRequest {
        name: Some("Sine".into()),
        dataset: None,
        model: None,
        family: forecast.family,
        preset: forecast.preset,
        switches: vec![],
        own_preset: None,
        settings: forecast.settings,
        on_gpu: forecast.on_gpu,
        seed: 3,
        limit: Limit::Steps { steps: STEPS },
        forecast: None,
        memory: Some(forecast.memory),
    };
    let id = studio.create_run(request).unwrap().id;
    wait_done(studio, &id);
    id
}

fn exported(studio: &Studio, model: &Id, form: ExportForm) -> Id {
    let model = ModelPlace::Library { id: model.clone() };
    studio.create_export(ExportTask { model, form, prior: None }).unwrap().id
}

#[test]
fn a_family_without_sound_goes_through_the_whole_program() {
    models::add_family(&Curve);
    let folder = tempfile::tempdir().unwrap();
    let studio = opened(&folder.path().join("workspace"));
    let id = trained(&studio);

    let run = studio.run(&id).unwrap();
    assert_eq!((run.run.step, run.run.score_metric.unit.as_str()), (STEPS, "dB"));
    let phases: Vec<_> = run.run.phases.iter().map(|it| (it.step, it.title.as_str())).collect();
    assert_eq!(phases, [(0, TITLES[0]), (SECOND_PHASE, TITLES[1])]);
    assert_eq!(run.facts, [api::Fact::number("n_parameters", "Parameters", 4.0, "")]);
    let curves = studio.curves(&id, &[], 100).unwrap();
    assert!(curves.curves.iter().any(|it| it.name == "likeness" && it.steps.len() > 1));
    let best = run.checkpoints.iter().find(|it| it.is_best).unwrap();
    assert_eq!(Some(run.run.score.unwrap().best), best.validation);
    for sample in &run.samples {
        assert_eq!((sample.medium, &sample.original), (Medium::Picture, &None), "{sample:?}");
        let picture = Path::new(&run.folder).join(&sample.rendered);
        assert!(fs::read_to_string(picture).unwrap().starts_with("<svg"));
    }
    assert!(run.samples.iter().any(|it| it.step == STEPS), "{:?}", run.samples);

    let new = NewModel { run: id.clone(), step: None, name: Some("My sine".into()) };
    let model = studio.add_model(new).unwrap();
    assert_eq!((model.family.as_str(), model.settings["n_terms"].as_u64()), ("curve", Some(4)));
    let weights =
        PathBuf::from(studio.model(&model.id).unwrap().folder).join("weights.safetensors");
    let facts = worker::model_facts(&weights).unwrap();
    assert_eq!((facts.codec, facts.n_parameters), (None, 4));
    assert_eq!(facts.exports, [ExportKind::Safetensors, ExportKind::Maq]);

    leaves_and_comes_back(&studio, &model.id);

    studio.delete_run(&id).unwrap();
    studio.delete_model(&model.id).unwrap();
    assert_eq!(studio.trash().unwrap().iter().filter(|it| it.id == id).count(), 1);
    studio.restore_run(&id).unwrap();
    assert_eq!(studio.run(&id).unwrap().samples, run.samples);
    studio.restore_model(&model.id).unwrap();
    studio.close();
}

/// Exports a model as a package that is imported again; what only sound has is refused in words.
fn leaves_and_comes_back(studio: &Studio, model: &Id) {
    let export = exported(studio, model, ExportForm::Maq { card: CardWords::default() });
    wait_done(studio, &export);
    let export = studio.export(&export).unwrap();
    let result = export.result.unwrap();
    assert_eq!((result.rate_hz, result.channels, result.latency_samples), (None, None, None));
    let package = PathBuf::from(&export.folder).join(&result.files[0].path);
    let checked = worker::check_file(&package, None).unwrap();
    assert!(checked.is_good && checked.facts.iter().all(|(name, _)| name != "sampling rate"));

    let task = ImportTask { path: package, items: vec![], name: None, as_model: true };
    let import = studio.create_import(task).unwrap().id;
    wait_done(studio, &import);
    let taken = studio.take_import(&import).unwrap();
    let copy = studio.model(&taken[0].id).unwrap().model;
    let model = studio.model(model).unwrap().model;
    assert_eq!((copy.family, copy.settings, copy.rate_hz), (model.family, model.settings, None));

    let play = ExportedPlay::default();
    let refused = exported(studio, &taken[0].id, ExportForm::Torchscript { play });
    let until = Instant::now() + Duration::from_secs(60);
    let problem = loop {
        if let JobState::Failed { problem, .. } = studio.job(&refused).unwrap().state {
            break problem;
        }
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(problem.code, "no_such_form");
    assert_eq!(problem.remedy.unwrap(), "Choose safetensors or maq.");
}
