//! Training steps are repeatable and resumable, and survive values that are not numbers.

mod gpu;

use nn::from_values;
use serde_json::json;

use super::*;

/// A model small enough to train in a test.
pub(in crate::rave) fn tiny(changes: &serde_json::Value) -> Config {
    let mut settings = json!({
        "capacity": 2,
        "latent_size": 3,
        "n_band": 4,
        "pqmf_attenuation": 70.0,
        "ratios": [4, 2],
        "dilations": [1, 3],
        "dilations_deepest": [1],
        "noise_ratios": [2, 2],
        "noise_bands": 3,
        "noise_hidden": 3,
        "batch_size": 2,
        "n_signal": 2048,
        "stft_scales": [256, 64],
        "discriminator_capacity": 1,
        "discriminator_periods": [2, 3],
        "discriminator_scales": 2,
        "phase_1_duration": 3,
        "beta_warmup": 10,
    });
    for (key, value) in changes.as_object().unwrap() {
        settings[key] = value.clone();
    }
    Config::from_settings(&settings).unwrap()
}

/// Decaying tones, different in every example and channel.
pub(in crate::rave) fn tones(config: &Config, seed: u64) -> Vec<f32> {
    let mut rng = Init::new(seed);
    let rows = config.batch_size * config.channels;
    (0..rows)
        .flat_map(|_| {
            let pitch = rng.uniform(1, 0.02, 0.3)[0];
            (0..config.n_signal).map(move |i| {
                let t = i as f32;
                0.5 * (pitch * t).sin() * (-t / 1500.0).exp()
            })
        })
        .collect()
}

#[test]
fn every_turn_has_finite_losses_and_gradients() {
    let check = |changes: serde_json::Value| {
        let config = tiny(&changes);
        let mut trainer = Trainer::new(&config, 1);
        let mut names = Vec::new();
        for i in 0..7 {
            let report = trainer.step(&tones(&config, i));
            assert!(report.is_finite, "{changes}: {report:?}");
            assert_eq!(report.step, i + 1);
            names.extend(report.values.into_iter().map(|(name, _)| name));
        }
        for name in ["multiband_spectral_distance", "loss_dis", "adversarial", "grad_norm"] {
            assert!(names.contains(&name), "{changes}: no {name}");
        }
    };
    check(json!({}));
    check(json!({ "channels": 2 }));
    check(json!({ "has_noise": false }));
    check(json!({ "valid_signal_crop": false, "loss_weights": "plain" }));
    check(json!({ "kernel_size": 5, "ratios": [2, 2], "noise_ratios": [4] }));
    check(json!({ "architecture": "v1", "gradient_clip": 1.0 }));
    check(json!({ "activation": "snake", "has_adain": true, "padding": "causal", "ema": 0.9 }));
    check(
        json!({ "regularization": "wasserstein", "noise_augmentation": 2, "gan_loss": "least_squares" }),
    );
    check(json!({ "regularization": "spherical", "gan_loss": "non_saturating" }));
    check(json!({
        "regularization": "discrete", "num_quantizers": 2, "codebook_size": 8, "quantize_after": 1,
    }));
    check(json!({ "decoder_output": "raw", "decoder_ratios": [4, 4, 2], "noise_ratios": [4, 2] }));
    check(json!({
        "encoder_input": "mel", "n_mels": 16, "mel_n_fft": 128, "mel_hop": 16, "ratios": [2],
        "decoder_ratios": [4, 2], "gru_layers": 2,
    }));
    check(json!({ "discriminator_periods": [], "discriminator_spectra": [256, 64] }));
}

#[test]
fn latents_codes_and_averages_are_reported_and_kept() {
    let check = |changes: serde_json::Value, metrics: &[&str]| {
        let config = tiny(&changes);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("step.safetensors");
        let mut trainer = Trainer::new(&config, 1);
        let mut names: Vec<&str> = Vec::new();
        for i in 0..5 {
            let report = trainer.step(&tones(&config, i));
            names.extend(report.values.into_iter().map(|(name, _)| name));
        }
        let clip = vec![tones(&config, 9)[..config.n_signal].to_vec()];
        let measured = trainer.validate(std::slice::from_ref(&clip)).unwrap();
        names.extend(measured.latents.iter().map(|(name, _)| *name));
        for metric in metrics {
            assert!(names.contains(metric), "{changes}: no {metric}");
        }
        trainer.save(&path).unwrap();
        let mut loaded = Trainer::load(&path).unwrap();
        assert_eq!(loaded.validate(std::slice::from_ref(&clip)), Some(measured));
        let model = crate::rave::Model::load(&path).unwrap();
        assert!(model.space().is_some());
        assert_eq!(model.reconstruct(&clip), trainer.render(&clip));
        assert_eq!(loaded.step(&tones(&config, 5)), trainer.step(&tones(&config, 5)));
    };
    check(json!({ "ema": 0.9 }), &["latent_active", "latent_fidelity_0.95", "grad_norm"]);
    check(json!({ "architecture": "v1" }), &["learning_rate"]);
    check(
        json!({ "regularization": "discrete", "num_quantizers": 2, "codebook_size": 8 }),
        &["codebook_usage", "codebook_perplexity", "codes_revived"],
    );
}

#[test]
fn a_step_back_goes_on_from_the_checkpoint_at_half_the_rate_and_otherwise() {
    let config = tiny(&json!({}));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step.safetensors");
    let mut trainer = Trainer::new(&config, 3);
    trainer.step(&tones(&config, 0));
    trainer.save(&path).unwrap();
    let first = trainer.step(&tones(&config, 1));
    trainer.step_back(&path).unwrap();
    assert_eq!((trainer.global_step(), trainer.n_steps_back()), (1, 1));
    let again = trainer.step(&tones(&config, 1));
    let rate = |report: &StepReport| {
        report.values.iter().find(|(name, _)| *name == "learning_rate").unwrap().1
    };
    assert!((rate(&again) / rate(&first) - 0.5).abs() < 1e-12);
    assert_ne!(again.values[0], first.values[0]);
    trainer.save(&path).unwrap();
    assert_eq!(Trainer::load(&path).unwrap().n_steps_back(), 1);
}

#[test]
fn a_step_that_is_stopped_has_not_begun() {
    let check = |changes: serde_json::Value| {
        let config = tiny(&changes);
        let [mut whole, mut stopped] = [Trainer::new(&config, 3), Trainer::new(&config, 3)];
        let mut n_parts = Vec::new();
        // All kinds of step: phase 2 begins at step 3.
        for i in 0..7 {
            let mut n = 0;
            let report = whole.step_while(&tones(&config, i), &mut || {
                n += 1;
                true
            });
            n_parts.push(n);
            for n_asked in 0..n {
                let before = (stopped.parameters.fingerprint(), stopped.global_step());
                let mut n_left = n_asked;
                let nothing = stopped.step_while(&tones(&config, i), &mut || {
                    n_left -= 1;
                    n_left >= 0
                });
                assert_eq!(nothing, None, "part {n_asked} of step {i}");
                assert_eq!((stopped.parameters.fingerprint(), stopped.global_step()), before);
            }
            assert_eq!(Some(stopped.step(&tones(&config, i))), report, "step {i}");
        }
        // Four discriminators, each in a part of its own.
        assert!(n_parts[..3].iter().all(|n| *n == 2), "{n_parts:?}");
        assert!(n_parts[3..].iter().all(|n| *n >= 4), "{n_parts:?}");
    };
    check(json!({}));
    check(json!({ "architecture": "v1", "ema": 0.9 }));
    check(json!({ "regularization": "discrete", "num_quantizers": 2, "codebook_size": 8 }));
}

#[test]
fn phase_2_begins_when_it_is_told_to() {
    let config = tiny(&json!({ "phase_1_duration": 1000 }));
    let mut trainer = Trainer::new(&config, 3);
    trainer.step(&tones(&config, 0));
    trainer.begin_phase_2();
    let report = trainer.step(&tones(&config, 1));
    assert_eq!(report.phase, Phase::Adversarial);
    assert!(report.values.iter().any(|(name, _)| *name == "loss_dis"));
}

#[test]
fn the_same_seed_gives_the_same_losses_and_another_one_others() {
    let config = tiny(&json!({}));
    let losses = |seed: u64| -> Vec<StepReport> {
        let mut trainer = Trainer::new(&config, seed);
        (0..5).map(|i| trainer.step(&tones(&config, i))).collect()
    };
    let first = losses(7);
    assert_eq!(first, losses(7));
    assert_ne!(first, losses(8));
}

#[test]
fn a_run_that_was_stored_goes_on_exactly() {
    let config = tiny(&json!({}));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step.safetensors");
    let mut whole = Trainer::new(&config, 3);
    let mut halves = Trainer::new(&config, 3);
    // Phase 2 starts at step 3, so that what follows uses both optimisers.
    for i in 0..5 {
        whole.step(&tones(&config, i));
        halves.step(&tones(&config, i));
    }
    halves.save(&path).unwrap();
    let mut halves = Trainer::load(&path).unwrap();
    assert_eq!(halves.global_step(), 5);
    assert_eq!(halves.config(), &config);
    for i in 5..9 {
        assert_eq!(whole.step(&tones(&config, i)), halves.step(&tones(&config, i)));
    }
    assert_eq!(whole.parameters.fingerprint(), halves.parameters.fingerprint());
}

#[test]
fn what_is_not_a_number_changes_nothing_and_is_told() {
    let config = tiny(&json!({}));
    let mut trainer = Trainer::new(&config, 3);
    let before = trainer.parameters.fingerprint();
    let mut batch = tones(&config, 0);
    batch[100] = f32::NAN;
    assert!(!trainer.step(&batch).is_finite);
    assert_eq!(trainer.parameters.fingerprint(), before);
    assert!(trainer.step(&tones(&config, 1)).is_finite);
}

#[test]
fn gradients_agree_with_differences_of_the_loss() {
    // A high floor of spectra, so that differences can be measured in `f32`.
    let config = tiny(&json!({ "log_epsilon": 1.0, "phase_1_duration": 0 }));
    for turn in [Turn::Autoencoder, Turn::Discriminators, Turn::Decoder] {
        let mut trainer = Trainer::new(&config, 5);
        let shape = [config.batch_size, config.channels, config.n_signal];
        let audio = from_values(tones(&config, 0), shape);
        let loss = |trainer: &Trainer| {
            let pass = trainer.pass(turn, audio.clone(), trainer.draws(shape[0], shape[2]));
            let is_loss = |(name, _): &&(&str, f64)| ["loss_total", "loss_dis"].contains(name);
            (pass.values.iter().find(is_loss).unwrap().1, pass.gradients)
        };
        let (_, gradients) = loss(&trainer);
        let slope = gradients.norm();
        let step = 1e-4 / slope;
        let mut at = |distance: f64| {
            let names: Vec<String> = gradients.names().map(str::to_owned).collect();
            for name in &names {
                let values = trainer.parameters.values_mut(name).unwrap();
                for (value, g) in values.iter_mut().zip(gradients.get(name).unwrap()) {
                    *value += (distance * f64::from(*g) / slope) as f32;
                }
            }
            loss(&trainer).0
        };
        let (ahead, behind) = (at(step), at(-2.0 * step));
        let measured = (ahead - behind) / (2.0 * step);
        let deviation = (measured / slope - 1.0).abs();
        assert!(deviation < 0.05, "{turn:?}: {measured} measured, {slope} computed");
    }
}

#[test]
fn validation_is_the_same_twice_and_takes_any_length() {
    let config = tiny(&json!({}));
    let mut trainer = Trainer::new(&config, 3);
    let clip = |n: usize| vec![(0..n).map(|i| (i as f32 * 0.1).sin()).collect::<Vec<f32>>()];
    let clips = [clip(1), clip(700), clip(150_000)];
    let first = trainer.validate(&clips).unwrap();
    assert_eq!(first, trainer.validate(&clips).unwrap());
    assert!(first.multiband_spectral_distance.is_finite());
    assert_eq!(trainer.validate(&[vec![vec![0.0; 5000]]]), None);
    assert_eq!(trainer.validate(&[vec![vec![]]]), None);
}

#[test]
fn learning_makes_a_held_out_tone_nearer() {
    let config = tiny(&json!({ "phase_1_duration": 1000, "learning_rate": 2e-2 }));
    let mut trainer = Trainer::new(&config, 0);
    let held_out = [vec![tones(&config, 99)[..2048].to_vec()]];
    let first = trainer.validate(&held_out).unwrap().multiband_spectral_distance;
    for i in 0..60 {
        trainer.step(&tones(&config, i));
    }
    let last = trainer.validate(&held_out).unwrap().multiband_spectral_distance;
    assert!(last < 0.9 * first, "{first} {last}");
}
