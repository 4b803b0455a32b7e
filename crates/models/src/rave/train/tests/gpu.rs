//! Training on a graphics card, if there is one, equals training on the CPU up to rounding.

use nn::Compute;

use super::*;

/// The card, or a message saying why nothing is tested.
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
    // Small enough that none of these steps is skipped.
    trainer.loss_scale = nn::LossScale::continued(256.0, 0);
    trainer
}

const TURNS: [Turn; 3] = [Turn::Autoencoder, Turn::Discriminators, Turn::Decoder];

/// Models of several kinds, with a floor of spectra at which gradients are well-conditioned.
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
    .into_iter()
    .map(|mut changes| {
        changes["log_epsilon"] = json!(1.0);
        tiny(&changes)
    })
    .collect()
}

/// Compares every turn of every kind. `MAQUETTE_GPU_KINDS` limits the number of kinds: a software driver
/// takes a minute for each.
fn check(compute: &Compute, allowed: [f64; 2]) {
    let n = std::env::var("MAQUETTE_GPU_KINDS").ok().and_then(|n| n.parse().ok());
    for config in kinds().iter().take(n.unwrap_or(usize::MAX)) {
        for turn in TURNS {
            let difference = trainer(config, compute).turn_difference(turn, &tones(config, 0));
            println!("{turn:?}: {difference:?}");
            let is_near = difference.losses < allowed[0] && difference.gradients < allowed[1];
            assert!(is_near, "{difference:?} {config:?}");
        }
    }
}

#[test]
fn the_cpu_agrees_with_itself_and_nothing_is_learnt() {
    let config = tiny(&json!({}));
    let mut trainer = trainer(&config, &Compute::cpu());
    let before = (trainer.parameters.fingerprint(), trainer.step, trainer.config.log_epsilon);
    assert_eq!(trainer.difference_from_cpu(&tones(&config, 0)), StepDifference::default());
    let after = (trainer.parameters.fingerprint(), trainer.step, trainer.config.log_epsilon);
    assert_eq!(before, after);
    assert_eq!(trainer.loss_scale.factor(), 256.0);
}

#[test]
fn losses_and_gradients_are_those_of_the_cpu() {
    let Some(gpu) = gpu(false) else { return };
    check(&gpu, [1e-3, 2e-3]);
}

#[test]
fn mixed_precision_is_near() {
    let Some(gpu) = gpu(true) else { return };
    check(&gpu, [0.05, 0.1]);
}

#[test]
fn the_optimiser_moves_weights_as_on_the_cpu() {
    let Some(gpu) = gpu(false) else { return };
    let config = tiny(&json!({ "log_epsilon": 1.0, "ema": 0.9 }));
    let [on_gpu, on_cpu] = [gpu, Compute::cpu()].map(|compute| {
        let mut trainer = trainer(&config, &compute);
        for i in 0..2 {
            let report = trainer.step(&tones(&config, i));
            assert!(report.is_finite, "{report:?}");
        }
        trainer
    });
    let start = Trainer::new(&config, 1);
    let (mut moved, mut difference) = (0.0, 0.0);
    for name in start.parameters.names() {
        let of = |trainer: &Trainer| trainer.parameters.values(name).unwrap().to_vec();
        for ((a, b), from) in of(&on_gpu).iter().zip(of(&on_cpu)).zip(of(&start)) {
            moved += f64::from(b - from).abs();
            difference += f64::from(a - b).abs();
        }
    }
    println!("moved {moved:.2e}, difference {difference:.2e}");
    // Adam's first step has full length even where rounding decides its direction.
    assert!(moved > 0.0 && difference < 0.05 * moved, "{moved} {difference}");
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
fn what_was_learnt_on_a_card_is_stored_measured_and_played_elsewhere() {
    let Some(gpu) = gpu(false) else { return };
    let config = tiny(&json!({ "ema": 0.9 }));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step.safetensors");
    let mut learnt = trainer(&config, &gpu);
    for i in 0..2 {
        learnt.step(&tones(&config, i));
    }
    learnt.save(&path).unwrap();
    let mut loaded = Trainer::load(&path).unwrap();
    assert_eq!(loaded.parameters.fingerprint(), learnt.parameters.fingerprint());
    let clip = vec![tones(&config, 9)[..config.n_signal].to_vec()];
    let distance = |it: Option<Validation>| it.unwrap().multiband_spectral_distance;
    let on_gpu = distance(learnt.validate(std::slice::from_ref(&clip)));
    let on_cpu = distance(loaded.validate(std::slice::from_ref(&clip)));
    assert!((on_gpu / on_cpu - 1.0).abs() < 1e-2, "{on_gpu} {on_cpu}");
    assert_eq!(learnt.render(&clip), loaded.render(&clip));
}
