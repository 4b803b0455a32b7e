//! Generations as jobs: sounds made from recipes, the same again whatever is beside them, and what is refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use api::{
    BlendSound, BlendSource, BlendWay, Excerpt, GenerateTask, ModelPlace, NewGeneration, Outcome,
    PatternId, Recipe, RecipeModel, RecipeSource, SampleFormat, SoundCard, SoundPlace, Task, Way,
    seed_of,
};
use serde_json::json;

use crate::job::{Job, Scene, write_model, write_tone};

/// A recipe with the model of the scene.
fn recipe(source: RecipeSource) -> Recipe {
    let model = RecipeModel::at(Scene::library(), "tiny");
    Recipe {
        models: vec![model],
        source,
        controls: BTreeMap::new(),
        deviations: vec![0.5, 0.4, 0.3],
        seed: 7,
        secs: None,
        variation: None,
        loudness_lufs: None,
        finish: api::Finish::default(),
        format: SampleFormat::Int24,
    }
}

fn asked(recipe: Recipe, count: u32) -> NewGeneration {
    NewGeneration { name: None, recipe, count, vary: 0.0, inputs: vec![], folder: None }
}

fn run(scene: &Scene, asked: NewGeneration) -> Job {
    scene.run(
        "generations",
        Task::Generate(GenerateTask { asked: Box::new(asked), needs_bytes: None }),
    )
}

fn card(folder: &Path) -> SoundCard {
    serde_json::from_slice(&fs::read(folder.join(SoundCard::CARD)).unwrap()).unwrap()
}

/// The sounds of a generation in order, with their folders.
fn sounds(job: &Job) -> Vec<(PathBuf, SoundCard)> {
    assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
    let mut folders: Vec<PathBuf> =
        fs::read_dir(job.path().join("sounds")).unwrap().map(|it| it.unwrap().path()).collect();
    folders.sort();
    folders.into_iter().map(|folder| (folder.clone(), card(&folder))).collect()
}

/// What a recipe makes.
pub(crate) fn made(scene: &Scene, recipe: Recipe, count: u32) -> Vec<(PathBuf, SoundCard)> {
    sounds(&run(scene, asked(recipe, count)))
}

fn file(scene: &Scene) -> SoundPlace {
    SoundPlace::File { path: scene.sound() }
}

fn through(scene: &Scene) -> RecipeSource {
    RecipeSource::Sound { sound: file(scene), transposes_to_model: false }
}

fn walk() -> RecipeSource {
    RecipeSource::Walk { speed_hz: 4.0, range: 1.5, start: vec![1.0] }
}

fn sha256(path: &Path) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(fs::read(path).unwrap());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn samples(folder: &Path, name: &str) -> Vec<f32> {
    let limits = audio::DecodeLimits::default();
    audio::decode_file(&folder.join(name), &limits).unwrap().clip.channels.remove(0)
}

#[test]
fn a_sound_goes_through_a_model_and_stays_in_step() {
    let scene = Scene::new(&json!({}));
    let mut recipe = recipe(through(&scene));
    recipe.controls.insert("wet".into(), 0.0);
    let all = made(&scene, recipe, 1);
    let [(folder, card)] = all.as_slice() else { panic!("one sound") };
    assert!(folder.ends_with("sounds/0001"));
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["input.wav", "peaks.bin", "sound.json", "sound.wav"]);
    assert_eq!(card.name, "tone");
    assert_eq!(
        (card.facts.rate_hz, card.facts.channels, card.facts.n_samples),
        (44_100, 1, 17_640)
    );
    assert_eq!(card.facts.sha256, sha256(&folder.join(SoundCard::SOUND)));
    let weights = scene.model().join("weights.safetensors");
    assert_eq!(card.recipe.models[0].sha256, sha256(&weights));
    assert_eq!(
        fs::read(folder.join(SoundCard::PEAKS)).unwrap().len(),
        2 * 17_640usize.div_ceil(256)
    );
    // The input alone is the input, sample for sample, up to the fade at its end.
    let (came_in, went_out) =
        (samples(folder, SoundCard::INPUT), samples(folder, SoundCard::SOUND));
    assert_eq!(came_in.len(), went_out.len());
    assert!(came_in[..17_400] == went_out[..17_400]);
    let peak = f64::from(went_out.iter().fold(0.0f32, |peak, x| peak.max(x.abs())));
    assert!((card.facts.peak_db.unwrap() - 20.0 * peak.log10()).abs() < 1e-3);
    assert!((card.facts.loudness_lufs.unwrap() + 9.6).abs() < 1.0, "{:?}", card.facts);
}

#[test]
fn the_same_recipe_gives_the_same_sound_again() {
    let scene = Scene::new(&json!({}));
    let points = vec![vec![1.0, -1.0], vec![0.0, 2.0, 1.0], vec![-1.0]];
    let frames: Vec<Vec<f32>> = (0..60).map(|i| vec![(i as f32 * 0.2).sin(), 0.5]).collect();
    let sources = [
        through(&scene),
        RecipeSource::Path { points: points.clone(), way: Way::Linear, is_closed: false },
        RecipeSource::Path { points, way: Way::Sphere, is_closed: true },
        RecipeSource::Trajectory { frames, rate_hz: 100.0 },
        walk(),
    ];
    let mut all = BTreeSet::new();
    for source in sources {
        let mut recipe = recipe(source.clone());
        recipe.controls = [("noise".into(), 0.2), ("rest".into(), 0.5)].into();
        if !matches!(source, RecipeSource::Trajectory { .. } | RecipeSource::Sound { .. }) {
            recipe.secs = Some(0.7);
        }
        // Three at once on all threads; each again by its card, alone.
        let first = made(&scene, recipe, 3);
        assert_eq!(first.len(), 3);
        for (i, (folder, card)) in first.iter().enumerate() {
            assert_eq!(card.recipe.seed, seed_of(7, i as u32 + 1));
            assert!(samples(folder, SoundCard::SOUND).iter().any(|x| x.abs() > 1e-4));
            let again = made(&scene, card.recipe.clone(), 1);
            assert_eq!(again[0].1.facts, card.facts, "{source:?}");
            assert_eq!(again[0].1.recipe, card.recipe);
            all.insert(card.facts.sha256.clone());
        }
    }
    assert_eq!(all.len(), 15, "every sound is another");
}

#[test]
fn lengths_are_those_that_were_asked_for() {
    let scene = Scene::new(&json!({}));
    let n_of = |recipe: Recipe| made(&scene, recipe, 1)[0].1.facts.n_samples;
    let frames = vec![vec![0.0], vec![1.0], vec![0.0], vec![1.0]];
    let trajectory = RecipeSource::Trajectory { frames, rate_hz: 20.0 };
    assert_eq!(n_of(recipe(trajectory.clone())), 8820);
    let twice = Recipe { controls: [("path_speed".into(), -2.0)].into(), ..recipe(trajectory) };
    assert_eq!(n_of(twice), 4410);
    assert_eq!(n_of(Recipe { secs: Some(0.25), ..recipe(walk()) }), 11_025);
    // A sound is repeated where it is to be longer than it is, and cut where it is to be shorter.
    for secs in [0.1, 1.0] {
        let recipe = Recipe { secs: Some(secs), ..recipe(through(&scene)) };
        let all = made(&scene, recipe, 1);
        let n = (44_100.0 * secs) as usize;
        assert_eq!(all[0].1.facts.n_samples as usize, n);
        assert_eq!(samples(&all[0].0, SoundCard::INPUT).len(), n);
    }
}

#[test]
fn variations_drift_from_one_recipe() {
    let scene = Scene::new(&json!({}));
    let recipe = Recipe { secs: Some(0.5), ..recipe(walk()) };
    let plain = made(&scene, recipe.clone(), 1);
    let job = run(&scene, NewGeneration { vary: 0.5, ..asked(recipe, 3) });
    let all = sounds(&job);
    let hashes: BTreeSet<String> =
        all.iter().chain(&plain).map(|(_, card)| card.facts.sha256.clone()).collect();
    assert_eq!(hashes.len(), 4);
    for (i, (_, card)) in all.iter().enumerate() {
        let variation = card.recipe.variation.unwrap();
        assert_eq!((card.recipe.seed, variation.amount), (7, 0.5));
        assert_eq!(variation.seed, seed_of(7, i as u32 + 1));
        assert_eq!(made(&scene, card.recipe.clone(), 1)[0].1.facts, card.facts);
    }
}

#[test]
fn loudness_and_format_are_those_that_were_asked_for() {
    let scene = Scene::new(&json!({}));
    for (format, bits) in
        [(SampleFormat::Int16, 16), (SampleFormat::Int24, 24), (SampleFormat::Float32, 32)]
    {
        let mut recipe = recipe(through(&scene));
        recipe.controls.insert("wet".into(), 0.0);
        (recipe.format, recipe.loudness_lufs) = (format, Some(-23.0));
        let all = made(&scene, recipe, 1);
        let (folder, card) = &all[0];
        let found = card.facts.loudness_lufs.unwrap();
        assert!((found + 23.0).abs() < 0.1, "{found}");
        let reader = hound::WavReader::open(folder.join(SoundCard::SOUND)).unwrap();
        assert_eq!(reader.spec().bits_per_sample, bits);
    }
}

#[test]
fn a_job_that_was_killed_makes_only_what_is_missing() {
    let scene = Scene::new(&json!({}));
    let recipe = Recipe { secs: Some(0.3), ..recipe(walk()) };
    let job = run(&scene, asked(recipe, 5));
    let first = sounds(&job);
    // As a kill leaves it: some are there, one is half made; and one was thrown away.
    let place = |number: u32| job.path().join(format!("sounds/{number:04}"));
    fs::remove_dir_all(place(2)).unwrap();
    fs::remove_dir_all(place(5)).unwrap();
    fs::create_dir(place(5).with_extension("partial")).unwrap();
    fs::write(place(5).with_extension("partial").join("sound.wav"), b"RIFF").unwrap();
    fs::remove_file(place(3).join(SoundCard::SOUND)).unwrap();
    let made_ms = first.iter().map(|(_, card)| card.created_ms).collect::<Vec<_>>();
    std::thread::sleep(std::time::Duration::from_millis(5));
    job.run();
    let second = sounds(&job);
    assert_eq!(second.len(), 5);
    for (i, ((_, before), (_, after))) in first.iter().zip(&second).enumerate() {
        assert_eq!(before.facts, after.facts);
        let is_new = after.created_ms != made_ms[i];
        assert_eq!(is_new, i == 1 || i == 4, "sound {}", i + 1);
    }
    assert!(!place(3).join(SoundCard::SOUND).exists(), "what was thrown away stays so");
}

#[test]
fn a_folder_goes_through_and_one_bad_file_does_not_spoil_it() {
    let scene = Scene::new(&json!({ "channels": 2, "sampling_rate": 32_000 }));
    let folder = scene.workspace.sounds().join("batch");
    fs::create_dir_all(folder.join("deeper")).unwrap();
    write_tone(&folder.join("a.wav"), 48_000, 2, 0.2);
    fs::write(folder.join("b.wav"), b"no sound at all").unwrap();
    write_tone(&folder.join("deeper/c.wav"), 22_050, 1, 0.3);
    fs::write(folder.join("notes.txt"), b"no sound").unwrap();
    write_tone(&folder.join(".hidden.wav"), 22_050, 1, 0.3);
    let mut asked = asked(recipe(through(&scene)), 2);
    asked.folder = Some(folder.display().to_string());
    let job = run(&scene, asked);
    let all = sounds(&job);
    let names: Vec<(&str, &str)> = all
        .iter()
        .map(|(folder, card)| (folder.file_name().unwrap().to_str().unwrap(), card.name.as_str()))
        .collect();
    assert_eq!(names, [("0001", "a 1"), ("0002", "a 2"), ("0005", "c 1"), ("0006", "c 2")]);
    assert_eq!(job.warnings(), [format!("not_sound {}", folder.join("b.wav").display())]);
    for (place, card) in &all {
        assert_eq!((card.facts.rate_hz, card.facts.channels), (32_000, 2));
        assert!(matches!(&card.recipe.source, RecipeSource::Sound {
            sound: SoundPlace::File { path }, ..
        } if path.starts_with(&folder)));
        assert!(place.join(SoundCard::INPUT).exists());
    }
    // A file that comes later does not change which is which.
    write_tone(&folder.join("0.wav"), 22_050, 1, 0.3);
    fs::remove_dir_all(&all[3].0).unwrap();
    job.run();
    assert_eq!(sounds(&job)[3].1.facts, all[3].1.facts);
}

#[test]
fn a_prior_lets_a_model_go_on_by_itself() {
    let (scene, hash) = crate::prior::scene();
    let task = crate::prior::task(&scene, &hash, 4, &json!({}));
    let trained = scene.workspace.job("runs", "prior-000001", Task::Train(task));
    trained.run();
    let prior = scene.project().join("models/prior-000001");
    fs::create_dir_all(&prior).unwrap();
    fs::copy(crate::prior::newest(&trained), prior.join("weights.safetensors")).unwrap();
    let place = ModelPlace::Library { id: "prior-000001".parse().unwrap() };
    let prior = RecipeModel::at(place, "prior");
    let source = |start: Option<SoundPlace>, start_secs| RecipeSource::Prior {
        prior: prior.clone(),
        start,
        start_secs,
    };
    let of = |source: RecipeSource| {
        let all = made(&scene, Recipe { secs: Some(0.6), ..recipe(source) }, 2);
        assert_eq!(all[0].1.facts.n_samples, 26_460);
        let RecipeSource::Prior { prior, .. } = &all[0].1.recipe.source else { panic!() };
        assert_eq!(prior.sha256.len(), 64);
        assert_eq!(made(&scene, all[1].1.recipe.clone(), 1)[0].1.facts, all[1].1.facts);
        all.into_iter().map(|it| it.1.facts.sha256).collect::<Vec<_>>()
    };
    let (alone, after) = (of(source(None, None)), of(source(Some(file(&scene)), None)));
    let after_a_part = of(source(Some(file(&scene)), Some(0.1)));
    let all: BTreeSet<&String> = alone.iter().chain(&after).chain(&after_a_part).collect();
    assert_eq!(all.len(), 6, "what it heard and its seed decide");
    // A prior of another model is refused.
    write_model(&scene.model().join("weights.safetensors"), &json!({ "latent_size": 4 }));
    let job = run(&scene, asked(recipe(source(None, None)), 1));
    assert_eq!(job.problem().code, "other_codec");
}

#[test]
fn a_sound_comes_to_where_the_model_is_at_home() {
    let scene = Scene::new(&json!({}));
    let low = scene.workspace.sounds().join("low.wav");
    // 440 Hz at another speed.
    write_tone(&low, 44_100, 1, 0.5);
    let weights = sha256(&scene.model().join("weights.safetensors"));
    let map = scene.project().join("maps/map-000001");
    let of = |range: Option<[f32; 3]>| {
        fs::create_dir_all(&map).unwrap();
        let text = json!({
            "model_sha256": weights, "dataset_hash": "", "rate_hz": 44_100, "ratio": 32, "n_points": 0,
            "n_directions": 0, "directions": [], "sounds": [], "pitch_hz": range,
            "loudness_db": [0.0, 0.0, 0.0],
        });
        fs::write(map.join("map.json"), text.to_string()).unwrap();
        let sound = SoundPlace::File { path: low.clone() };
        let source = RecipeSource::Sound { sound, transposes_to_model: true };
        let job = run(&scene, asked(recipe(source), 1));
        let card = sounds(&job).remove(0).1;
        (card.recipe.controls.get("transpose").copied(), job.warnings().len())
    };
    assert_eq!(of(Some([100.0, 220.0, 300.0])), (Some(-12.0), 0));
    assert_eq!(of(Some([100.0, 220.0, 500.0])), (None, 0));
    assert_eq!(of(None), (None, 1));
}

#[test]
fn sounds_and_parts_of_sounds_are_blended_also_in_the_latents_of_a_model() {
    let scene = Scene::new(&json!({}));
    let other = scene.workspace.sounds().join("other.wav");
    write_tone(&other, 22_050, 2, 0.4);
    let part = SoundPlace::Pattern {
        id: PatternId(7),
        excerpt: Some(Excerpt {
            path: other.clone(),
            name: "a part".into(),
            part_secs: Some([0.1, 0.3]),
        }),
    };
    let of = |way: BlendWay, weights: [f64; 2]| {
        let places = [file(&scene), part.clone()].into_iter().zip(weights);
        let sounds = places.map(|(sound, weight)| BlendSound { sound, weight }).collect();
        let source = BlendSource { sounds, way, grain_secs: 0.05, ..BlendSource::default() };
        let mut recipe = Recipe { secs: Some(0.25), ..recipe(RecipeSource::Blend(source)) };
        if !way.needs_model() {
            recipe.models.clear();
        }
        made(&scene, recipe, 1).remove(0).1
    };
    let ways =
        [BlendWay::Grains, BlendWay::Spectra, BlendWay::Latents, BlendWay::Path, BlendWay::Layers];
    let mut hashes = BTreeSet::new();
    for way in ways {
        let card = of(way, [1.0, 1.0]);
        let facts = &card.facts;
        // Without a model, the higher rate and as many channels as any has.
        let expected = if way.needs_model() { (44_100, 1, 11_025) } else { (48_000, 2, 12_000) };
        assert_eq!((facts.rate_hz, facts.channels, facts.n_samples), expected, "{way:?}");
        assert!(facts.peak_db.is_some(), "{way:?}");
        assert_eq!(of(way, [1.0, 1.0]).facts, *facts, "{way:?}: the same recipe, the same sound");
        assert_eq!(card.recipe.models.len(), usize::from(way.needs_model()));
        hashes.insert(facts.sha256.clone());
    }
    assert_eq!(hashes.len(), ways.len());
    assert_ne!(of(BlendWay::Latents, [1.0, 0.0]).facts, of(BlendWay::Latents, [0.0, 1.0]).facts);
    // A part goes through a model like any sound, and is as long as it is.
    let source = RecipeSource::Sound { sound: part.clone(), transposes_to_model: false };
    let through = made(&scene, recipe(source), 1).remove(0).1;
    assert_eq!((through.facts.n_samples, through.name.as_str()), (8820, "a part"));
    // One that nobody has looked up is refused.
    let place = SoundPlace::Pattern { id: PatternId(7), excerpt: None };
    let source = RecipeSource::Sound { sound: place, transposes_to_model: false };
    assert_eq!(run(&scene, asked(recipe(source), 1)).problem().code, "no_sound");
}

#[test]
fn what_cannot_be_followed_is_refused_in_words() {
    let scene = Scene::new(&json!({}));
    let check = |asked: NewGeneration, code: &str| {
        let job = run(&scene, asked);
        let problem = job.problem();
        assert_eq!(problem.code, code, "{problem:?}");
        assert!(problem.why.is_some() && problem.remedy.is_some(), "{problem:?}");
        assert_eq!(fs::read_dir(job.path().join("sounds")).unwrap().count(), 0);
    };
    let with = |change: &dyn Fn(&mut Recipe)| {
        let mut recipe = recipe(through(&scene));
        change(&mut recipe);
        asked(recipe, 1)
    };
    check(with(&|it| it.controls = [("volume".into(), 1.0)].into()), "bad_recipe");
    check(with(&|it| it.secs = Some(1e9)), "bad_recipe");
    check(with(&|it| it.models[0].sha256 = "abc".into()), "other_weights");
    check(with(&|it| it.models.clear()), "unplayable");
    let nothing = RecipeSource::Path { points: vec![], way: Way::Linear, is_closed: false };
    check(asked(recipe(nothing), 1), "bad_recipe");
    let gone = |name: &str| SoundPlace::File { path: scene.workspace.sounds().join(name) };
    let source = |sound: SoundPlace| RecipeSource::Sound { sound, transposes_to_model: false };
    check(asked(recipe(source(gone("gone.wav"))), 1), "no_sound");
    let inputs = vec![gone("gone.wav"), gone("gone too.wav")];
    check(NewGeneration { inputs, ..asked(recipe(through(&scene)), 1) }, "no_sound");
    let empty = scene.workspace.sounds().join("empty");
    fs::create_dir(&empty).unwrap();
    let folder = Some(empty.display().to_string());
    check(NewGeneration { folder, ..asked(recipe(through(&scene)), 1) }, "no_sounds");
    let inputs = vec![file(&scene)];
    check(NewGeneration { inputs, ..asked(recipe(walk()), 1) }, "bad_recipe");
    let (input, moves) = ("a.wav".into(), "b.jsonl".into());
    check(asked(recipe(RecipeSource::Performance { input, moves }), 1), "no_moves");
}

#[test]
fn a_job_that_is_stopped_keeps_what_it_has_made() {
    let scene = Scene::new(&json!({}));
    let recipe = Recipe { secs: Some(20.0), ..recipe(walk()) };
    let task =
        Task::Generate(GenerateTask { asked: Box::new(asked(recipe, 200)), needs_bytes: None });
    let job = scene.workspace.job("generations", "many-000001", task);
    let path = job.path().to_owned();
    let stopper = std::thread::spawn(move || {
        let first = path.join("sounds/0001");
        while !first.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let text = serde_json::to_string(&api::Control::Stop).unwrap();
        fs::write(path.join("control.jsonl"), format!("{text}\n")).unwrap();
    });
    job.run();
    stopper.join().unwrap();
    assert_eq!(job.outcome(), Outcome::Stopped);
    let folders: Vec<PathBuf> =
        fs::read_dir(job.path().join("sounds")).unwrap().map(|it| it.unwrap().path()).collect();
    assert!(!folders.is_empty() && folders.len() < 200);
    folders.iter().for_each(|folder| assert_eq!(card(folder).facts.n_samples, 882_000));
}
