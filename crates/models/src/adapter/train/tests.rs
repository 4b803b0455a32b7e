//! Training on the tiny model: against PyTorch, on clips that are made up, broken off and gone on with.

use std::collections::BTreeMap;

use nn::{Init, checkpoint};
use serde_json::{Value, json};

use super::*;
use crate::Trainer as _;
use crate::adapter::{LearntClip, LearntWords};
use crate::stable_audio::tests::{apart, tiny, u};

fn config(more: &[(&str, Value)]) -> Config {
    let mut settings = json!({ "rank": 4, "alpha": 4.0, "learning_rate": 5e-3, "warmup": 0, "crop_secs": 0.05,
                               "caption_dropout": 0.2, "sample_secs": 0.05, "batch_size": 2 });
    for (key, value) in more {
        settings[*key] = value.clone();
    }
    Config::from_settings(&settings).unwrap()
}

/// Clips that have something in common which noise has not: slow waves along the latents.
fn lessons(folder: &Path) -> Rc<Lessons> {
    let clip = |i: usize| {
        let n_frames = 12 + i;
        let latents = (0..n_frames * 16)
            .map(|at| (0.3 * (at / 16) as f32 + 0.4 * (at % 16) as f32 + 0.1 * i as f32).sin())
            .collect();
        LearntClip {
            name: format!("{i}.wav"),
            latents,
            words: Init::named(0, "words").normal(5 * 32),
            is_held_out: i >= 4,
        }
    };
    Rc::new(Lessons {
        base: crate::AdapterBase {
            sha256: "base".into(),
            name: "tiny".into(),
            licence: "mit".into(),
        },
        folder: folder.to_owned(),
        clips: (0..6).map(clip).collect(),
        prompts: vec![LearntWords { text: "a drum".into(), words: vec![] }],
    })
}

fn step(training: &mut Training) -> StepReport {
    training.step_while(&[], &mut || true).unwrap()
}

#[test]
fn losses_gradients_and_steps_are_those_of_pytorch() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/stable_audio/adapter.safetensors");
    let vectors = checkpoint::read(&path).unwrap();
    let meta: Value = serde_json::from_str(&vectors.metadata["meta"]).unwrap();
    let number = |key: &str| meta[key].as_f64().unwrap();
    let array = |name: &str| &vectors.arrays.iter().find(|it| it.name == name).unwrap().values;
    let (folder, model) = tiny("folders");
    let learner = Learner::open(folder.path(), nn::dense::Precision::Float32).unwrap();
    let mut adapter = Adapter::new(&learner.places(), number("rank") as usize, number("alpha"), 0);
    let named: Vec<NamedArray> = adapter
        .to_arrays()
        .into_iter()
        .map(|it| {
            let draws = u(&it.name, it.values.len()).into_iter();
            let values = draws.map(|u| 0.1 * ((2.0 * u - 1.0) * 3f64.sqrt()) as f32).collect();
            NamedArray { values, ..it }
        })
        .collect();
    let values = adapter.values_of("transformer.", &named).unwrap();
    adapter.values_mut().copy_from_slice(&values);
    let n_frames = number("n_frames") as usize;
    let [latents, noise] = ["latents", "noise"].map(|name| {
        let draws = u(&format!("adapter {name}"), 16 * n_frames).into_iter();
        let values: Vec<f32> = draws.map(|u| ((2.0 * u - 1.0) * 3f64.sqrt()) as f32).collect();
        crate::stable_audio::rows_of(&values, 16)
    });
    let words = model.hidden_of("a warm piano, 120 BPM").unwrap();
    let level = number("level") as f32;
    let noisy = Noisy { latents: &latents, noise: &noise, level, words: &words };
    let mut adam = FlatAdam::new(adapter.n_values(), EPSILON);
    for i in 0..2 {
        let mut gradients = vec![0.0; adapter.n_values()];
        let loss = learner.learn(&adapter, &noisy, 1.0, &mut gradients);
        if i == 0 {
            let expected = f64::from(array("loss")[0]);
            assert!((loss / expected - 1.0).abs() < 1e-4, "{loss} {expected}");
            let most = |prefix: &str| {
                let of_each = vectors.arrays.iter().filter(|it| it.name.starts_with(prefix));
                of_each.flat_map(|it| &it.values).fold(0.0f32, |most, x| most.max(x.abs()))
            };
            let most = most("gradient ");
            for found in adapter.arrays_of("gradient transformer.", &gradients) {
                let expected = array(&found.name);
                let differences = found.values.iter().zip(expected).map(|(a, b)| (a - b).abs());
                let furthest = differences.fold(0.0f32, f32::max) / most;
                assert!(furthest < 1e-4, "{}: {furthest:e} of the largest apart", found.name);
            }
        }
        adam.step(adapter.values_mut(), &gradients, number("rate"), number("clip"));
    }
    let last = learner.loss(&adapter, &noisy);
    let expected = f64::from(array("last loss")[0]);
    assert!((last / expected - 1.0).abs() < 2e-3, "{last} {expected}");
    for found in adapter.arrays_of("after transformer.", adapter.values()) {
        // Where a gradient is next to nothing, Adam divides rounding by rounding.
        let pairs = found.values.iter().zip(array(&found.name));
        let n_near = pairs.filter(|(a, b)| (*a - *b).abs() < 1e-3).count();
        assert!(n_near * 100 >= found.values.len() * 99, "{}: {n_near}", found.name);
    }
}

#[test]
fn what_is_learnt_lowers_the_loss_of_clips_that_are_held_out() {
    let (folder, _) = tiny("folders");
    let mut training = Training::new(&config(&[]), 3, lessons(folder.path())).unwrap();
    let first = training.validate(&[]).unwrap();
    assert_eq!(first.values.len(), MEASURED.len());
    for _ in 0..60 {
        assert!(step(&mut training).is_finite);
    }
    let last = training.validate(&[]).unwrap();
    println!("{} -> {}", first.score, last.score);
    assert!(last.score < 0.7 * first.score, "{} -> {}", first.score, last.score);
    // What was learnt is heard in samples.
    let mut fresh = Training::new(&config(&[]), 3, lessons(folder.path())).unwrap();
    let heard = |training: &Training| match training.render_words(0) {
        Some((words, Rendered::Sound(sound))) if words == "a drum" => sound.concat(),
        _ => panic!("a sound of those words"),
    };
    assert!(apart(&heard(&training), &heard(&fresh)) > 0.01);
    assert!(training.render_words(1).is_none());
    assert!(!step(&mut fresh).values.is_empty());
}

#[test]
fn a_training_that_was_broken_off_goes_on_as_if_it_had_not_been() {
    let (folder, _) = tiny("single");
    let lessons = lessons(folder.path());
    let config = config(&[("levels", "logit_normal".into()), ("layers", "attention".into())]);
    let mut whole = Training::new(&config, 5, Rc::clone(&lessons)).unwrap();
    whole.set_share(0.5);
    (0..3).for_each(|_| drop(step(&mut whole)));
    let path = folder.path().join("checkpoint.safetensors");
    whole.save(&path).unwrap();
    let family = crate::family("adapter").unwrap();
    let mut resumed = family.resume_with(&path, Rc::clone(&lessons)).unwrap();
    assert_eq!(resumed.global_step(), 3);
    for _ in 0..3 {
        assert_eq!(Some(step(&mut whole)), resumed.step_while(&[], &mut || true));
    }
    assert_eq!(whole.validate(&[]), resumed.validate(&[]));
    // A step that is broken off changes nothing.
    let before = whole.adapter.clone();
    assert_eq!(whole.step_while(&[], &mut || false), None);
    assert_eq!((whole.step, &whole.adapter), (6, &before));
    // Of other weights, or of no weights at all, it does not go on.
    let other = crate::AdapterBase { sha256: "other".into(), ..lessons.base.clone() };
    let others =
        Lessons { base: other, clips: vec![], prompts: vec![], folder: lessons.folder.clone() };
    let said = family.resume_with(&path, Rc::new(others)).err().unwrap().to_string();
    assert!(said.contains("learnt on other weights, those of “tiny”"), "{said}");
    assert!(family.resume(&path).is_err());
    let gone = Lessons {
        folder: "/nowhere".into(),
        base: lessons.base.clone(),
        clips: vec![],
        prompts: vec![],
    };
    assert!(family.resume_with(&path, Rc::new(gone)).is_err());
}

#[test]
fn a_finished_adapter_is_read_back_and_smaller_than_its_checkpoint() {
    let (folder, _) = tiny("folders");
    let mut training = Training::new(&config(&[]), 3, lessons(folder.path())).unwrap();
    step(&mut training);
    let [checkpoint, model] = ["checkpoint", "model"].map(|it| folder.path().join(it));
    training.save(&checkpoint).unwrap();
    let opened = crate::open(&checkpoint).unwrap();
    opened.save(&model).unwrap();
    assert!(opened.equals(crate::open(&model).unwrap().as_ref()));
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    assert!(size(&model) * 2 < size(&checkpoint));
    let described = crate::look_at(&model).unwrap();
    assert_eq!(described.n_parameters, Some(training.adapter.n_values() as u64));
    let base = described.adapter_of.unwrap();
    assert_eq!((&*base.name, &*base.licence, described.step), ("tiny", "mit", Some(1)));
    let words: BTreeMap<String, String> =
        checkpoint::read_some(&model, |_| false).unwrap().metadata;
    let settings: Value = serde_json::from_str(&words["lora_adapter_metadata"]).unwrap();
    assert_eq!(
        (&settings["transformer.r"], &settings["transformer.lora_alpha"]),
        (&json!(4), &json!(4.0))
    );
}

#[test]
fn a_measurement_is_of_something_as_large_as_the_published_model() {
    let config = config(&[("precision", "int8".into())]);
    let forecast = crate::Settings::forecast(&config);
    // 20 blocks of 7 layers, of which the feed forward is the largest.
    assert_eq!(
        forecast.n_parameters,
        20 * 4 * (4_096 + 2_048 + 2_048 + 3_072 + 2_048 + 9_216 + 5_120)
    );
    let mut crops: Vec<f64> = vec![];
    for change in crate::Settings::lighter(&config).concat() {
        crops.extend(change.settings.get("crop_secs").and_then(Value::as_f64));
    }
    assert!(crops.is_empty(), "a crop is at least a second: {crops:?}");
    let long = Config { crop_secs: 12.0, ..config };
    assert!(crate::Settings::lighter(&long).concat().len() >= 3);
}
