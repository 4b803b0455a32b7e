//! Conversions as jobs: sound to latents and back, and what is refused.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::{
    ConversionResult, ConvertTask, LivePlay, LiveWeights, ModelPlace, Outcome, ReconstructTask,
    SoundFormat, Task,
};
use nn::npy::{Npy, Numbers};
use serde_json::json;

use crate::job::{Job, Scene};

impl Scene {
    fn convert(&self, task: ConvertTask) -> Job {
        self.run("conversions", Task::Convert(task))
    }

    /// The latents of the sound.
    fn encoded(&self, seed: Option<u64>, block: Option<u32>) -> Job {
        self.encoded_with(
            seed,
            block.map(|block| LivePlay { block, weights: LiveWeights::Float32 }),
        )
    }

    fn encoded_with(&self, seed: Option<u64>, live: Option<LivePlay>) -> Job {
        let (model, path) = (Self::library(), self.sound());
        self.convert(ConvertTask::Latents { model, path, seed, codes: false, live })
    }

    fn decoded(&self, path: &Path, format: SoundFormat, noise: Option<u64>) -> Job {
        let (model, path) = (Self::library(), path.to_owned());
        self.convert(ConvertTask::Sound { model, path, noise, format, live: None })
    }

    fn decoded_live(&self, path: &Path, block: u32) -> Job {
        let (model, path, format) = (Self::library(), path.to_owned(), SoundFormat::Npy);
        let live = Some(LivePlay { block, weights: LiveWeights::Float32 });
        self.convert(ConvertTask::Sound { model, path, noise: Some(0), format, live })
    }
}

fn result(job: &Job) -> ConversionResult {
    assert_eq!(job.outcome(), Outcome::Done, "{:?}", job.events().last());
    serde_json::from_slice(&fs::read(job.path().join("result.json")).unwrap()).unwrap()
}

fn output(job: &Job) -> PathBuf {
    job.path().join(&result(job).files[0])
}

fn array(job: &Job) -> Npy {
    let array = nn::npy::read(&output(job), 1 << 24).unwrap();
    let shape: Vec<u64> = array.shape.iter().map(|extent| *extent as u64).collect();
    assert_eq!(shape, result(job).shape);
    array
}

fn floats(job: &Job) -> Vec<f32> {
    match array(job).numbers {
        Numbers::Floats(floats) => floats,
        Numbers::Integers(_) => panic!("whole numbers"),
    }
}

fn samples(path: &Path) -> Vec<i16> {
    hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect()
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn encoding_and_decoding_is_reconstructing() {
    for channels in [1, 2] {
        let scene = Scene::new(&json!({ "channels": channels }));
        let latents = scene.encoded(None, None);
        assert_eq!(array(&latents).shape[..2], [1, 3]);
        let sound = scene.decoded(&output(&latents), SoundFormat::Wav, Some(0));
        write_card(&scene);
        let job = reconstructed(&scene, &scene.sound(), "r-000001");
        assert_eq!(job.outcome(), Outcome::Done);
        let expected = samples(&job.path().join("reconstruction.wav"));
        let made = samples(&output(&sound));
        assert!(expected.iter().any(|it| *it != 0), "there is something to hear");
        assert_eq!(made[..expected.len()], expected, "{channels} channels");
        let array = array(&scene.decoded(&output(&latents), SoundFormat::Npy, Some(0)));
        assert_eq!(array.shape, [channels as usize, made.len() / channels as usize]);
    }
}

/// A model's card, as the library keeps it.
fn write_card(scene: &Scene) {
    let card = json!({
        "format": 1, "id": "tiny-000001", "name": "tiny", "created_ms": 1, "family": "rave",
        "settings": {}, "rate_hz": 44_100, "bytes": 1, "sha256": "0",
    });
    fs::write(scene.model().join("model.json"), card.to_string()).unwrap();
}

fn reconstructed(scene: &Scene, sound: &Path, name: &str) -> Job {
    let task = ReconstructTask {
        model: "tiny-000001".parse().unwrap(),
        model_path: "../../models/tiny-000001".into(),
        input: sound.to_owned(),
        input_name: "tone.wav".into(),
    };
    let job = scene.workspace.job("reconstructions", name, Task::Reconstruct(task));
    job.run();
    job
}

/// Samples as 32-bit floats, one channel.
fn write_floats(path: &Path, samples: impl Iterator<Item = f32>) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 44_100,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples.for_each(|x| writer.write_sample(x).unwrap());
    writer.finalize().unwrap();
}

#[test]
fn what_is_not_a_number_is_said_and_not_reconstructed_as_silence() {
    let scene = Scene::new(&json!({}));
    write_card(&scene);
    let sound = scene.workspace.sounds().join("strange.wav");
    write_floats(&sound, (0..20_000).map(|_| f32::NAN));
    let problem = reconstructed(&scene, &sound, "r-000001").problem();
    assert_eq!(problem.code, "not_a_number", "{problem:?}");
    assert!(problem.why.unwrap().starts_with("None of its samples is a valid number"));
    write_floats(&sound, (0..20_000).map(|i| if i < 9 { f32::NAN } else { 0.1 }));
    let job = reconstructed(&scene, &sound, "r-000002");
    assert_eq!(job.outcome(), Outcome::Done);
    assert_eq!(job.warnings(), ["not_a_number tone.wav"]);
}

/// Longer than a piece of the network, with the distances of the whole.
#[test]
fn long_sounds_are_reconstructed_piece_by_piece() {
    let scene = Scene::new(&json!({}));
    write_card(&scene);
    let sound = scene.workspace.sounds().join("long.wav");
    let wave = |i: u32| 1.4 * (i as f32 * 0.02).sin() * (i as f32 * 0.000_01).cos();
    write_floats(&sound, (0..700_000).map(wave));
    let job = reconstructed(&scene, &sound, "r-000001");
    assert_eq!(job.outcome(), Outcome::Done);
    let model = models::rave::Model::load(&scene.model().join("weights.safetensors")).unwrap();
    let limits = audio::DecodeLimits::default();
    let original = audio::decode_file(&sound, &limits).unwrap().clip;
    let whole = model.reconstruct(&original.channels);
    let made = samples(&job.path().join("reconstruction.wav"));
    assert_eq!(made.len(), 700_000);
    for (found, expected) in made.iter().zip(&whole[0]) {
        assert!((f32::from(*found) / 32768.0 - expected.clamp(-1.0, 1.0)).abs() < 2.0 / 32768.0);
    }
    let text = fs::read(job.path().join("result.json")).unwrap();
    let result: api::ReconstructionResult = serde_json::from_slice(&text).unwrap();
    let reconstruction = audio::Clip { rate_hz: 44_100, channels: whole };
    let distance = audio::log_spectral_distance(&original, &reconstruction);
    assert!((result.distances["log_spectral_distance_db"] - distance).abs() < 1e-6);
    let level = audio::rms_db(&reconstruction) - audio::rms_db(&original);
    assert!((result.distances["level_difference_db"] - level).abs() < 1e-3);
}

#[test]
fn weights_of_fewer_bits_change_little() {
    // Its largest layer has 256 * 512 * 3 weights.
    let scene = Scene::new(&json!({ "capacity": 64 }));
    let encode =
        |weights| floats(&scene.encoded_with(None, Some(LivePlay { block: 512, weights })));
    let exact = encode(LiveWeights::Float32);
    let loudest = exact.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let error = |weights| furthest(&encode(weights), &exact) / loudest;
    let (int16, int8) = (error(LiveWeights::Int16), error(LiveWeights::Int8));
    assert!(int16 > 0.0 && int16 < 1e-3, "{int16}");
    assert!(int8 > 10.0 * int16 && int8 < 0.1, "{int8}");
}

#[test]
fn random_numbers_come_from_the_seed_alone() {
    let scene = Scene::new(&json!({}));
    let encode = |seed| floats(&scene.encoded(seed, None));
    let mean = encode(None);
    assert_eq!(encode(Some(3)), encode(Some(3)));
    assert!(encode(Some(3)) != encode(Some(4)) && encode(Some(3)) != mean);
    let live = |seed| floats(&scene.encoded(seed, Some(300)));
    assert_eq!(live(Some(3)), live(Some(3)));
    assert!(live(Some(3)) != live(Some(4)));
}

#[test]
fn blocks_of_any_size_make_the_same() {
    let scene = Scene::new(&json!({}));
    let encode = |block| scene.encoded(None, Some(block));
    let first = encode(64);
    for block in [1, 500, 4096, 65_536] {
        assert!(furthest(&floats(&encode(block)), &floats(&first)) < 1e-5, "{block}");
    }
    let path = output(&first);
    let decode = |block| scene.decoded_live(&path, block);
    let sound = decode(64);
    assert!(result(&sound).latency_samples > 0);
    for block in [1, 500, 65_536] {
        assert!(furthest(&floats(&decode(block)), &floats(&sound)) < 1e-5, "{block}");
    }
}

#[test]
fn discrete_models_have_codes() {
    let scene = Scene::new(&json!({
        "regularization": "discrete", "num_quantizers": 2, "codebook_size": 8,
        "quantize_after": 0,
    }));
    let (model, path) = (Scene::library(), scene.sound());
    let codes = ConvertTask::Latents { model, path, seed: None, codes: true, live: None };
    let codes = scene.convert(codes);
    let made = array(&codes);
    assert_eq!(made.shape[..2], [1, 2]);
    let Numbers::Integers(numbers) = made.numbers else { panic!("codes are whole numbers") };
    assert!(numbers.iter().all(|code| (0..8).contains(code)));
    // The vectors that codes stand for are the latents.
    let by_codes = floats(&scene.decoded(&output(&codes), SoundFormat::Npy, Some(0)));
    let latents = scene.encoded(None, None);
    let by_latents = floats(&scene.decoded(&output(&latents), SoundFormat::Npy, Some(0)));
    assert!(furthest(&by_codes, &by_latents) < 1e-4);
    nn::npy::write_integers(&output(&codes), &[1, 2, 1], &[0, 8]).unwrap();
    let job = scene.decoded(&output(&codes), SoundFormat::Npy, None);
    assert_eq!(job.problem().code, "no_such_code");
}

#[test]
fn what_cannot_be_converted_is_refused_in_words() {
    let scene = Scene::new(&json!({}));
    let folder = scene.workspace.sounds();
    let check = |job: &Job, code: &str| {
        let problem = job.problem();
        assert_eq!(problem.code, code, "{problem:?}");
        assert!(problem.why.is_some() && problem.remedy.is_some(), "{problem:?}");
        assert!(!job.path().join("result.json").exists());
    };
    let write = |name: &str, shape: &[usize], value: f32| {
        let path = folder.join(name);
        nn::npy::write(&path, shape, &vec![value; shape.iter().product()]).unwrap();
        path
    };
    let decode = |path: &Path| scene.decoded(path, SoundFormat::Wav, None);
    check(&decode(&write("a.npy", &[1, 4, 5], 0.0)), "wrong_shape");
    check(&decode(&write("b.npy", &[2, 3, 5], 0.0)), "wrong_shape");
    check(&decode(&write("c.npy", &[1, 3, 0], 0.0)), "wrong_shape");
    check(&decode(&write("d.npy", &[1, 3, 5], f32::NAN)), "not_finite");
    check(&decode(&scene.sound()), "not_latents");
    assert_eq!(decode(&write("e.npy", &[3, 5], 0.0)).outcome(), Outcome::Done);
    nn::npy::write_integers(&folder.join("f.npy"), &[1, 3, 5], &[0; 15]).unwrap();
    check(&decode(&folder.join("f.npy")), "no_codes");
    let encode = |model: ModelPlace, path: &Path| {
        let path = path.to_owned();
        scene.convert(ConvertTask::Latents { model, path, seed: None, codes: false, live: None })
    };
    check(&encode(Scene::library(), &folder.join("a.npy")), "not_sound");
    check(&encode(ModelPlace::File { path: scene.sound() }, &scene.sound()), "not_a_model");
    check(&encode(ModelPlace::File { path: folder.clone() }, &scene.sound()), "not_a_model");
    check(&scene.encoded(None, Some(0)), "bad_block");
}

#[test]
fn models_in_files_convert_alike() {
    let scene = Scene::new(&json!({ "channels": 2, "sampling_rate": 32_000 }));
    let weights = scene.model().join("weights.safetensors");
    let elsewhere = scene.workspace.sounds().join("best.safetensors");
    fs::copy(&weights, &elsewhere).unwrap();
    let (model, path) = (ModelPlace::File { path: elsewhere.clone() }, scene.sound());
    let task = ConvertTask::Latents { model, path, seed: None, codes: false, live: None };
    assert_eq!(floats(&scene.convert(task)), floats(&scene.encoded(None, None)));

    let facts = worker::model_facts(&weights).unwrap();
    assert_eq!((facts.phase, facts.exports), (1, api::ExportKind::ALL.to_vec()));
    let codec = facts.codec.unwrap();
    assert_eq!((codec.channels, codec.latent_size, codec.ratio), (2, 3, 32));
    assert_eq!(codec.latent_rate_hz, 1000.0);
    let bytes = fs::read(&weights).unwrap();
    fs::write(&elsewhere, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(worker::model_facts(&elsewhere), None);
}
