//! Training on a graphics card, where there is one: as on the CPU, but for rounding.

use nn::Compute;

use super::*;

/// The card, or a word about why nothing is tested.
fn gpu(is_mixed: bool) -> Option<Compute> {
    match Compute::gpu(is_mixed) {
        Ok(compute) => Some(compute),
        Err(why) => {
            assert!(std::env::var_os("MAQUETTE_NEEDS_GPU").is_none(), "{why}");
            eprintln!("skipped: {why}");
            None
        }
    }
}

fn trainer(config: &Config, compute: &Compute) -> Trainer {
    let mut trainer = Trainer::new(config, 1);
    trainer.compute_on(compute.clone());
    // Small enough that no step of these is left out.
    trainer.loss_scale = nn::LossScale::continued(256.0, 0);
    trainer
}

/// The losses of the first steps, both phases, by name.
fn losses(config: &Config, compute: &Compute) -> Vec<(&'static str, f64)> {
    let mut trainer = trainer(config, compute);
    let steps = (0..5).flat_map(|i| {
        let report = trainer.step(&tones(config, i));
        assert!(report.is_finite, "{report:?}");
        report.values
    });
    steps.filter(|(name, _)| *name != "loss_scale").collect()
}

/// Losses that are far from zero, and how far they are apart.
fn worst(found: &[(&str, f64)], expected: &[(&str, f64)]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let apart = found.iter().zip(expected).map(|((name, found), (expected_name, expected))| {
        assert_eq!(name, expected_name);
        (found - expected).abs() / expected.abs().max(1e-2)
    });
    apart.fold(0.0, f64::max)
}

fn kinds() -> Vec<Config> {
    [
        json!({}),
        json!({ "channels": 2, "gradient_clip": 1.0, "ema": 0.9 }),
        json!({ "architecture": "v1" }),
        json!({ "activation": "snake", "has_adain": true, "padding": "causal" }),
        json!({ "regularization": "discrete", "num_quantizers": 2, "codebook_size": 8 }),
        json!({
            "encoder_input": "mel", "n_mels": 16, "mel_n_fft": 128, "mel_hop": 16, "ratios": [2],
            "decoder_ratios": [4, 2], "gru_layers": 2,
        }),
        json!({ "discriminator_periods": [], "discriminator_spectra": [256, 64] }),
    ]
    .iter()
    .map(tiny)
    .collect()
}

#[test]
fn first_losses_are_those_of_the_cpu() {
    let Some(gpu) = gpu(false) else { return };
    for config in kinds() {
        let worst = worst(&losses(&config, &gpu), &losses(&config, &Compute::cpu()));
        println!("off by {worst:.1e}");
        assert!(worst < 0.02, "{worst} {config:?}");
    }
}

#[test]
fn mixed_precision_is_near_and_stays_finite() {
    let Some(gpu) = gpu(true) else { return };
    for config in kinds() {
        let worst = worst(&losses(&config, &gpu), &losses(&config, &Compute::cpu()));
        println!("off by {worst:.1e}");
        assert!(worst < 0.1, "{worst} {config:?}");
    }
}

#[test]
fn a_step_that_overflows_is_left_out_and_the_scale_halves() {
    let Some(gpu) = gpu(true).filter(Compute::needs_loss_scale) else { return };
    let config = tiny(&json!({}));
    let mut trainer = trainer(&config, &gpu);
    trainer.loss_scale = nn::LossScale::continued(f32::INFINITY, 0);
    let first = trainer.loss_scale.factor();
    let before = trainer.parameters.fingerprint();
    let report = trainer.step(&tones(&config, 0));
    assert!(report.is_finite, "{report:?}");
    assert_eq!(trainer.parameters.fingerprint(), before);
    assert_eq!(trainer.loss_scale.factor(), first / 2.0);
}

#[test]
fn a_run_that_was_stored_goes_on_alike_and_plays_on_the_cpu() {
    let Some(gpu) = gpu(false) else { return };
    let config = tiny(&json!({ "ema": 0.9 }));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step.safetensors");
    let mut whole = trainer(&config, &gpu);
    for i in 0..4 {
        whole.step(&tones(&config, i));
    }
    whole.save(&path).unwrap();
    let mut loaded = Trainer::load(&path).unwrap();
    loaded.compute_on(gpu);
    let [a, b] = [&mut whole, &mut loaded].map(|it| it.step(&tones(&config, 4)).values);
    let off = worst(&a, &b);
    assert!(off < 1e-3, "{off}");
    let clip = vec![tones(&config, 9)[..config.n_signal].to_vec()];
    let [on_gpu, on_cpu] = [whole.validate(std::slice::from_ref(&clip)), {
        loaded.compute_on(Compute::cpu());
        loaded.validate(std::slice::from_ref(&clip))
    }];
    let distance = |it: Option<Validation>| it.unwrap().multiband_spectral_distance;
    let (on_gpu, on_cpu) = (distance(on_gpu), distance(on_cpu));
    assert!((on_gpu / on_cpu - 1.0).abs() < 1e-2, "{on_gpu} {on_cpu}");
    assert!(whole.render(&clip)[0].iter().all(|x| x.is_finite()));
}
