//! Files of the original program, written by it or by us.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::rave::{Model, Trainer, resolve};

/// A folder of reference files, if it is there.
fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MAQUETTE_SHARED").map(PathBuf::from);
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = root.unwrap_or_else(|| here.join("../../../shared")).join("rave").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: not found: {}", folder.display());
    None
}

#[test]
fn configurations_of_the_original_are_presets_and_switches_here() {
    let Some(folder) = shared("state_dicts") else { return };
    let check = |name: &str, preset: &str, switches: &[&str], left_out: &[&str]| {
        let text = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
        let file: Value = serde_json::from_slice(&text).unwrap();
        let gin = file["operative"].as_str().unwrap();
        let gin = foreign::gin::parse(&PathBuf::from(name), gin).unwrap();
        let mut shapes = Shapes::default();
        for (name, entry) in file["state_dict"].as_object().unwrap() {
            shapes.arrays.insert(name.clone(), serde_json::from_value(entry[0].clone()).unwrap());
        }
        let (from_gin, mut warnings) = settings::of_gin(&gin);
        let from_shapes = shapes.settings().unwrap();
        let settings = merged(from_gin, from_shapes, false, true, &mut warnings);
        let found = config_of(settings, &mut warnings).unwrap();
        let switches: Vec<String> = switches.iter().map(|it| (*it).to_owned()).collect();
        let expected = resolve(preset, &switches, &BTreeMap::new()).unwrap().settings;
        let found = found.to_settings();
        for (key, expected) in expected.as_object().unwrap() {
            // Settings that a configuration lacks, or lacks when it is only inspected and not run.
            let is_unsaid = matches!(
                key.as_str(),
                "beta" | "beta_initial" | "beta_warmup" | "n_signal" | "codebook_size"
            ) || key.starts_with("compress_")
                || key.starts_with("noise_") && !found["has_noise"].as_bool().unwrap()
                || left_out.contains(&key.as_str());
            assert!(is_unsaid || is_same(&found[key], expected), "{name}: {key}: {}", found[key]);
        }
        let config = Config::from_settings(&found).unwrap();
        writes_the_same(name, &config, &file);
        let network = Network::new(&config);
        let made = network.initialise(&config, 0).to_arrays();
        for array in made.iter().filter(|array| !array.name.contains(".rvq.")) {
            assert_eq!(
                shapes.arrays.get(&array.name),
                Some(&array.shape),
                "{name}: {}",
                array.name
            );
        }
        assert_eq!(warnings, [""; 0], "{name}");
    };
    check("v1", "v1", &[], &["noise_hidden"]);
    check("v1+causal", "v1", &["causal"], &["noise_hidden"]);
    check("v2", "v2", &[], &[]);
    check("v2+causal", "v2", &["causal"], &[]);
    check("v2+adain", "v2", &["adain"], &[]);
    check("v2+snake", "v2", &["snake"], &[]);
    check("v2+noise", "v2", &["noise"], &[]);
    let widths = ["discriminator_capacity"];
    let periods = ["discriminator_periods", "discriminator_scales", "discriminator_capacity"];
    check("v2+descript_discriminator", "v2", &["descript_discriminator"], &periods);
    check("v2+spectral_discriminator", "v2", &["spectral_discriminator"], &[]);
    check("v2+spherical", "v2", &["spherical"], &[]);
    check("v2+wasserstein", "v2", &["wasserstein"], &[]);
    check("v2_small", "v2_small", &[], &[]);
    check("v2_nopqmf", "v2_nopqmf", &[], &[]);
    check("v3", "v3", &[], &periods);
    check("discrete", "discrete", &[], &[]);
    check("discrete+causal", "discrete", &["causal"], &[]);
    check("discrete_v3", "discrete_v3", &[], &periods);
    check("hybrid", "hybrid", &[], &[]);
    check("onnx", "onnx", &[], &widths);
    check("raspberry", "raspberry", &[], &widths);
}

/// Our file of a configuration has the names, shapes and order of the original's own.
fn writes_the_same(name: &str, config: &Config, file: &Value) {
    if config.encoder_input == crate::rave::EncoderInput::Mel {
        return;
    }
    let config = Config { capacity: 2, discriminator_capacity: 2, ..config.clone() };
    let config = Config { codebook_size: 2, ..config };
    let scratch = tempfile::tempdir().unwrap();
    let ours = scratch.path().join("ours.safetensors");
    Trainer::new(&config, 1).save(&ours).unwrap();
    write_run(scratch.path(), &ours).unwrap();
    let written = scratch.path().join("version_0/checkpoints/best.ckpt");
    let written = torch_checkpoint::open(&written).unwrap();
    let arrays = written.state_dict().unwrap();
    let found: std::collections::BTreeSet<&str> =
        arrays.iter().map(|array| array.name.as_str()).collect();
    let theirs = file["state_dict"].as_object().unwrap();
    let theirs: std::collections::BTreeSet<&str> = theirs.keys().map(String::as_str).collect();
    let missing: Vec<_> = theirs.difference(&found).collect();
    let extra: Vec<_> = found.difference(&theirs).collect();
    assert!(missing.is_empty() && extra.is_empty(), "{name}: lacks {missing:?}, adds {extra:?}");
    let order: Vec<&str> = ["encoder.", "decoder.", "discriminator."]
        .iter()
        .flat_map(|part| {
            let all = file["parameters"].as_array().unwrap().iter().map(|it| it.as_str().unwrap());
            all.filter(move |name| name.starts_with(part))
        })
        .collect();
    let ours = optimisers::learnt(&arrays, crate::rave::train::GENERATOR_STATE).into_iter();
    let ours: Vec<&str> =
        ours.chain(optimisers::learnt(&arrays, crate::rave::train::DISCRIMINATOR_STATE)).collect();
    assert_eq!(ours, order, "{name}");
    let again = open(&scratch.path().join("version_0/checkpoints/best.ckpt")).unwrap();
    assert_eq!(again.config.capacity, 2, "{name}");
    let counted: Vec<&String> = again
        .warnings
        .iter()
        .filter(|it| !it.contains("code books") && !it.contains("optimisers"))
        .collect();
    assert!(counted.is_empty(), "{name}: {counted:?}");
}

#[test]
fn filters_are_written_as_the_original_keeps_them() {
    let Some(folder) = shared("v2") else { return };
    let original = folder.join("version_0/checkpoints/golden.ckpt");
    let config = open(&original).unwrap().config;
    let theirs = torch_checkpoint::open(&original).unwrap().state_dict().unwrap();
    for array in write::bank(&config) {
        let theirs = theirs.iter().find(|it| it.name == array.name).unwrap();
        assert_eq!(theirs.shape, array.shape, "{}", array.name);
        let pairs = theirs.values.iter().zip(&array.values);
        let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
        assert!(difference < 1e-6, "{}: {difference}", array.name);
    }
}

#[test]
fn a_checkpoint_comes_back_from_the_originals_form() {
    comes_back(&json!({
        "capacity": 2, "latent_size": 4, "ratios": [4, 2], "noise_hidden": 4, "n_signal": 32_768,
        "batch_size": 1, "discriminator_capacity": 2, "phase_1_duration": 2, "ema": 0.9,
        "discriminator_scales": 1, "discriminator_periods": [2, 3], "n_band": 8,
    }));
    let overrides = json!({
        "capacity": 2, "latent_size": 4, "n_signal": 32_768, "batch_size": 1, "ema": 0.9,
        "discriminator_capacity": 2, "phase_1_duration": 2,
    });
    let overrides = overrides.as_object().unwrap().clone().into_iter().collect();
    comes_back(&resolve("brave", &[], &overrides).unwrap().settings);
}

fn comes_back(settings: &Value) {
    let config = Config::from_settings(settings).unwrap();
    let mut trainer = Trainer::new(&config, 5);
    let sound = nn::Init::new(1).uniform(config.n_signal, -0.5, 0.5);
    (0..4).for_each(|_| drop(trainer.step(&sound)));
    trainer.validate(&[vec![sound.clone()]]).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let (ours, again) =
        (scratch.path().join("a.safetensors"), scratch.path().join("b.safetensors"));
    trainer.save(&ours).unwrap();
    write_run(scratch.path(), &ours).unwrap();
    let original = open(&scratch.path().join("version_0/checkpoints/best.ckpt")).unwrap();
    assert_eq!(original.warnings.len(), 1, "{:?}", original.warnings);
    assert_eq!((original.step, original.is_in_phase_2), (4, true));
    for key in TOLD {
        let (found, expected) = (original.config.to_settings(), config.to_settings());
        let is_unused = key.starts_with("noise_") && !config.has_noise;
        assert!(is_unused || found[key] == expected[key], "{key}: {}", found[key]);
    }
    original.save_checkpoint(&again).unwrap();
    let (ours, again) =
        (nn::checkpoint::read(&ours).unwrap(), nn::checkpoint::read(&again).unwrap());
    let by_name = |arrays: Vec<NamedArray>| {
        let pairs = arrays.into_iter().map(|it| (it.name.clone(), it));
        pairs.collect::<BTreeMap<_, _>>()
    };
    let (ours, again) = (by_name(ours.arrays), by_name(again.arrays));
    let names: Vec<&String> = ours.keys().filter(|name| *name != "latent_active").collect();
    for name in names {
        assert_eq!(again.get(name), ours.get(name), "{name}");
    }
}

/// Settings that an exported module states itself.
const TOLD: &[&str] = &[
    "architecture",
    "capacity",
    "ratios",
    "dilations",
    "dilations_deepest",
    "encoder_dilations",
    "stack_dilations",
    "pqmf_attenuation",
    "padding",
    "noise_ratios",
    "noise_bands",
    "latent_size",
    "regularization",
    "sampling_rate",
    "channels",
    "has_noise",
];

#[test]
fn a_checkpoint_and_its_exports_are_one_model() {
    for (name, n_latents) in [("v1", 8), ("brave", 1), ("v2", 8), ("v2_small", 8)] {
        let Some(folder) = shared(name) else { continue };
        let checkpoint = open(&folder.join("version_0/checkpoints/golden.ckpt")).unwrap();
        assert_eq!(checkpoint.warnings, [""; 0], "{name}");
        let scratch = tempfile::tempdir().unwrap();
        let sound: Vec<f32> = nn::Init::new(3).uniform(32_768, -0.5, 0.5);
        let reconstructed = |original: &Original, file: &str| {
            let path = scratch.path().join(file);
            original.save_model(&path).unwrap();
            Model::load(&path).unwrap().reconstruct(std::slice::from_ref(&sound))
        };
        let expected = reconstructed(&checkpoint, "checkpoint.safetensors");
        for (file, is_streaming) in [("model.ts", false), ("model_streaming.ts", true)] {
            let path = folder.join(file);
            let export = open_with(&path, None).unwrap();
            // One warning for the missing config.gin, one for latents that are not exposed.
            assert_eq!(export.warnings.len(), 2, "{name} {file}: {:?}", export.warnings);
            assert_eq!(export.kind, Kind::Export { is_streaming, n_latents });
            assert!(!export.is_trainable());
            let (found, expected_settings) =
                (export.config.to_settings(), checkpoint.config.to_settings());
            for &key in TOLD {
                let is_unused = key.starts_with("noise_") && !checkpoint.config.has_noise;
                let is_same = found[key] == expected_settings[key];
                assert!(is_unused || is_same, "{name}/{file}: {key} is {}", found[key]);
            }
            let found = reconstructed(&export, file);
            let difference = found[0].iter().zip(&expected[0]).map(|(a, b)| (a - b).abs());
            let difference = difference.fold(0.0f32, f32::max);
            assert!(difference < 1e-5, "{name}/{file}: {difference}");
        }
    }
}
