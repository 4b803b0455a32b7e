//! Agreement with the original program in every configuration, on vectors included in the project.
//!
//! `vectors/README.md` describes the files and the formulas of weights, sound and random numbers.

use nn::Compute;

use super::*;
use crate::rave::latent::Latent;
use crate::rave::network::Sound;
use crate::rave::vectors::{Vectors, u};

/// The original's results for one configuration.
struct Reference {
    config: Config,
    vectors: Vectors,
}

/// A configuration of the original, composed like ours.
struct Case {
    name: &'static str,
    preset: &'static str,
    switches: &'static [&'static str],
    changes: fn() -> Value,
}

/// All configurations with vectors.
const CASES: [Case; 24] = [
    case("v1", "v1", &[]),
    case("v1_causal", "v1", &["causal"]),
    case("brave", "brave", &[]),
    case("onnx", "onnx", &[]),
    case("raspberry", "raspberry", &[]),
    case("v2", "v2", &[]),
    case("v2_causal", "v2", &["causal"]),
    case("v2_noise", "v2", &["noise"]),
    case("v2_wasserstein", "v2", &["wasserstein"]),
    case("v2_spherical", "v2", &["spherical"]),
    case("v2_adain", "v2", &["adain"]),
    case("v2_snake", "v2", &["snake"]),
    case("v2_descript_discriminator", "v2", &["descript_discriminator"]),
    case("v2_spectral_discriminator", "v2", &["spectral_discriminator"]),
    case("v2_small", "v2_small", &[]),
    case("v2_small_causal", "v2_small", &["causal"]),
    Case { changes: || json!({ "channels": 2 }), ..case("v2_small_stereo", "v2_small", &[]) },
    Case {
        changes: || json!({ "valid_signal_crop": true, "n_signal": 65_536 }),
        ..case("v2_small_crop", "v2_small", &[])
    },
    case("v2_nopqmf", "v2_nopqmf", &[]),
    case("v3", "v3", &[]),
    // The original never switches its quantiser on; for the vectors it was switched on by hand.
    Case { changes: || json!({ "num_quantizers": 0 }), ..case("discrete", "discrete", &[]) },
    Case { changes: || json!({ "num_quantizers": 0 }), ..case("discrete_v3", "discrete_v3", &[]) },
    // The original overwrites what it reinitialises in the same step, so no code is ever revived.
    Case {
        changes: || json!({ "dead_code_threshold": 0.0 }),
        ..case("discrete_rvq", "discrete", &[])
    },
    case("hybrid", "hybrid", &[]),
];

const fn case(name: &'static str, preset: &'static str, switches: &'static [&'static str]) -> Case {
    Case { name, preset, switches, changes: || json!({}) }
}

/// The tolerance for gradients of a whole step: rounding can flip the sign of absolute differences.
const STEP_TOLERANCE: f64 = 2e-3;

impl Reference {
    fn read(case: &Case) -> Self {
        let mut changes = json!({
            "capacity": 4,
            "discriminator_capacity": 4,
            "latent_size": 16,
            "valid_signal_crop": false,
            "batch_size": 2,
            "n_signal": 32_768,
            "beta_warmup": 0,
        });
        for (key, value) in (case.changes)().as_object().unwrap() {
            changes[key] = value.clone();
        }
        let config = config_of(case.preset, case.switches, &changes);
        Self { config, vectors: Vectors::read(case.name) }
    }

    /// A trainer with weights from the formula.
    fn trainer(&self, changes: &Value) -> Trainer {
        let mut settings = self.config.to_settings();
        for (key, value) in changes.as_object().unwrap() {
            settings[key] = value.clone();
        }
        let mut trainer = Trainer::new(&Config::from_settings(&settings).unwrap(), 0);
        let parameters = trainer.parameters_mut();
        for (name, shape, values) in self.vectors.state().filter(|(name, ..)| self.is_ours(name)) {
            let Some(values) = values else { continue };
            let found = parameters.shape(name);
            assert_eq!(found.as_deref(), Some(&shape[..]), "{}: shape of {name}", self.name());
            parameters.values_mut(name).unwrap().copy_from_slice(&values);
        }
        trainer
    }

    fn name(&self) -> &'static str {
        self.vectors.name
    }

    /// Whether our model has this array as well: code books exist only where they are used.
    fn is_ours(&self, name: &str) -> bool {
        !name.contains(".rvq.") || self.config.num_quantizers > 0
    }

    /// The random numbers drawn in a section: those of the latent and those of the noise.
    fn draws(&self, section: &str) -> Draws {
        let mut draws = Draws { latent: LatentDraws::default(), noise: Vec::new() };
        let calls = self.vectors.meta["draws"][section].as_array().unwrap();
        for (k, call) in calls.iter().enumerate() {
            let n = call[1].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize);
            let uniform = u(&format!("draw {section} {k}"), n.product());
            let normal =
                || uniform.iter().map(|u| (3f64.sqrt() * (2.0 * u - 1.0)) as f32).collect();
            match call[0].as_str().unwrap() {
                "randn_like" => draws.latent.latent = normal(),
                "randn" => draws.latent.curves = normal(),
                "rand_like" => draws.noise = uniform.iter().map(|u| *u as f32).collect(),
                _ => {}
            }
        }
        draws
    }

    /// The input, with both examples.
    fn sound(&self) -> Tensor<3> {
        let (channels, samples) = (self.config.channels, self.config.n_signal);
        let noise = u("x", 2 * channels * samples);
        let value = |(i, u): (usize, &f64)| {
            let (t, c, b) = (i % samples, i / samples % channels, i / samples / channels);
            let p = (t * (b + 1) * (c + 1) % 97) as f64;
            let triangle = (97.0 - (4.0 * p - 194.0).abs()) / 97.0;
            (0.25 * (2.0 * u - 1.0) + 0.5 * triangle) as f32
        };
        from_values(noise.iter().enumerate().map(value).collect(), [2, channels, samples])
    }

    fn number(&self, name: &str) -> f64 {
        self.vectors.meta["values"][name].as_f64().unwrap_or_else(|| panic!("no value {name}"))
    }

    /// Compares an array with a fingerprint: some of its values, and a dot product with all.
    fn check(&self, name: &str, ours: &[f64]) {
        let about = &self.vectors.meta["arrays"][name];
        let number =
            |key: &str| about[key].as_f64().unwrap_or_else(|| panic!("no {key} of {name}"));
        let n: u64 =
            about["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).product();
        let name_here = format!("{} {name}", self.name());
        assert_eq!(ours.len() as u64, n, "{name_here}");
        let some: Vec<f64> = ours.iter().step_by(number("stride") as usize).copied().collect();
        check(&name_here, &some, &self.vectors.arrays[name].values);
        let probe = u(&format!("probe {name}"), ours.len());
        let dot: f64 = ours.iter().zip(probe).map(|(x, u)| x * (2.0 * u - 1.0)).sum();
        let allowed = 1e-3 * number("mean_abs") * (n as f64).sqrt();
        assert!((dot - number("dot")).abs() < allowed, "{name_here}: product {dot}");
    }

    fn check_tensor(&self, name: &str, ours: &Tensor<3>) {
        self.check(name, &wide(&values(ours.clone())));
    }

    /// A training step: losses, gradients, and the resulting weights.
    fn check_step(&self, section: &str, turn: Turn, compute: &Compute) {
        let about = &self.vectors.meta[section];
        let mut trainer = self.trainer(&json!({
            "beta": about["beta_factor"],
            "log_epsilon": about["log_epsilon"],
        }));
        trainer.compute_on(compute.clone());
        let sound = self.sound();
        let sound = compute.tensor(values(sound.clone()), sound.dims());
        let pass = trainer.pass(turn, sound, self.draws(section));
        let mut n_compared = 0;
        for (name, value) in &pass.values {
            if let Some(expected) = about["logged"][name].as_f64() {
                let name = format!("{} {section} {name}", self.name());
                check_distance(&name, *value, expected);
                n_compared += 1;
            }
        }
        assert!(n_compared >= 3, "{} {section}: {n_compared} losses compared", self.name());
        let rows: Vec<u64> = serde_json::from_value(about["params"].clone()).unwrap();
        let state: Vec<_> = self.vectors.state().collect();
        let array =
            |name: &str| self.vectors.arrays[&format!("{section}/{name}")].values.as_slice();
        let worst = rows.iter().enumerate().map(|(row, &i)| {
            let name = state[i as usize].0;
            let gradient = pass.gradients.get(name).unwrap_or_else(|| panic!("none of {name}"));
            self.check_gradient(section, name, row, gradient)
        });
        let worst = worst.fold(0.0f64, f64::max);
        assert_eq!(pass.gradients.names().count(), rows.len(), "{} {section}", self.name());
        println!("{} {section}: {} gradients within {worst:.1e}", self.name(), rows.len());
        trainer.keep(&pass.observed.values);
        trainer.update(turn, &pass.gradients);
        let rate = if turn == Turn::Discriminators { 1e-4 } else { 1e-3 };
        let (mut n, mut n_off) = (0, 0);
        // Adam's first step has full length even where single precision cannot tell the direction.
        let rows = if self.unknown(section) < 1e-3 { rows } else { Vec::new() };
        for (row, &i) in rows.iter().enumerate() {
            let ours = trainer.parameters().values(state[i as usize].0).unwrap();
            for (ours, theirs) in ours.iter().zip(&array("after")[4 * row..4 * row + 4]) {
                n += 1;
                n_off += usize::from(f64::from((ours - theirs).abs()) > 0.1 * rate);
            }
        }
        assert!(n_off * 25 <= n, "{} {section}: {n_off} of {n} steps off", self.name());
        for buffer in about["buffers"].as_array().unwrap() {
            self.check_buffer(
                section,
                &trainer,
                buffer,
                state[buffer[0].as_u64().unwrap() as usize].0,
            );
        }
    }

    /// The norm of a gradient and its dot product with a probe, within single precision.
    fn check_gradient(&self, section: &str, name: &str, row: usize, ours: &[f32]) -> f64 {
        let of =
            |what: &str| f64::from(self.vectors.arrays[&format!("{section}/{what}")].values[row]);
        let (size, known) = (of("grad_norm_double"), of("grad_norm"));
        let dots = (of("grad_dot_double"), of("grad_dot"));
        if size < ZERO_GRADIENT {
            assert!(norm(ours) < 10.0 * ZERO_GRADIENT, "{} {section} {name}", self.name());
            return 0.0;
        }
        let probe = u(&format!("probe {name}"), ours.len());
        let dot: f64 = ours.iter().zip(probe).map(|(x, u)| f64::from(*x) * (2.0 * u - 1.0)).sum();
        let theirs = ((known - size).abs() / size).max((dots.1 - dots.0).abs() / size);
        let off = ((norm(ours) - size).abs() / size).max((dot - dots.0).abs() / size);
        let floor = self.vectors.meta[section]["log_epsilon"].as_f64().unwrap();
        // With the original's floor of 1e-7, single precision cannot determine gradients of distances
        // (errors up to half their size); with a floor of 1, or for discriminators, they are accurate.
        if floor < 1e-3 && section != "p2_dis" {
            return off;
        }
        let allowed = STEP_TOLERANCE.max(4.0 * theirs).max(self.unknown(section));
        assert!(
            off < allowed,
            "{} {section} gradient of {name}: off by {off:.1e}, the original by {theirs:.1e}",
            self.name()
        );
        off
    }

    /// The largest error of the original's gradients in a section, against double precision: where
    /// one is accurate by luck, ours need not be.
    fn unknown(&self, section: &str) -> f64 {
        let of = |what: &str| self.vectors.arrays[&format!("{section}/{what}")].values.as_slice();
        let pairs = of("grad_norm").iter().zip(of("grad_norm_double"));
        let worst = pairs.map(|(a, b)| f64::from((a - b).abs()) / f64::from(*b).max(1e-12));
        worst.fold(0.0, f64::max)
    }

    /// Buffers changed by a step: their mean, mean magnitude, and dot product with a probe.
    fn check_buffer(&self, section: &str, trainer: &Trainer, buffer: &Value, name: &str) {
        // We do not keep batch counts.
        let Some(ours) = trainer.parameters().values(name) else { return };
        let probe = u(&format!("probe {name}"), ours.len());
        let n = ours.len() as f64;
        let dot: f64 = ours.iter().zip(probe).map(|(x, u)| f64::from(*x) * (2.0 * u - 1.0)).sum();
        let mean = ours.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let mean_abs = buffer[2].as_f64().unwrap();
        let near = |what: &str, found: f64, expected: f64, allowed: f64| {
            let off = (found - expected).abs();
            assert!(off < allowed, "{} {section} {name} {what}: {found}", self.name());
        };
        near("mean", mean, buffer[1].as_f64().unwrap(), 1e-3 * mean_abs);
        near("product", dot, buffer[3].as_f64().unwrap(), 1e-3 * mean_abs * n.sqrt());
    }
}

#[test]
fn names_shapes_and_receptive_fields() {
    for case in &CASES {
        let reference = Reference::read(case);
        let trainer = reference.trainer(&json!({}));
        let state = reference.vectors.state();
        let theirs =
            state.filter(|(name, _, values)| values.is_some() && reference.is_ours(name)).count();
        assert_eq!(trainer.parameters().names().count(), theirs, "{}", case.name);
        let forecast = forecast::forecast(&reference.config);
        let n = |part: &str| reference.vectors.meta["parameters"][part].as_u64().unwrap();
        assert_eq!(forecast.n_parameters, n("encoder") + n("decoder"), "{}", case.name);
        assert_eq!(forecast.n_discriminator_parameters, n("discriminator"), "{}", case.name);
        if let Some(ratio) = reference.vectors.meta["compression_ratio"].as_u64() {
            assert_eq!(forecast.ratio as u64, ratio, "{}", case.name);
        }
        let (left, right) = forecast.receptive_field_samples;
        let Some(theirs) = reference.vectors.meta["receptive_field"].get("samples") else {
            continue;
        };
        // The original may measure a few samples less, because the outermost gradients underflow.
        let (their_left, their_right) = (theirs[0].as_u64().unwrap(), theirs[1].as_u64().unwrap());
        if case.name == "v2_small_stereo" {
            // For the original, the first channel gives the left reach and the second channel the right.
            assert!(((left + right) as u64).abs_diff(their_left) < 64, "{left} {right}");
            continue;
        }
        // The original measures the first architecture while its noise, with more context, is silent.
        let late = if network_of(&reference).decoder.has_late_noise() { 2048 } else { 0 };
        let near = |ours: usize, theirs: u64, late: u64| {
            (theirs..=theirs + 128 + late).contains(&(ours as u64))
        };
        assert!(near(left, their_left, late), "{}: {left}, they say {their_left}", case.name);
        // Where noise is nearly silent, the original misses that it looks ahead within its block.
        let late = if reference.config.has_noise { 1024 } else { 0 };
        assert!(near(right, their_right, late), "{}: {right}, they say {their_right}", case.name);
    }
}

#[test]
fn sound_through_encoder_latent_and_decoder() {
    for case in CASES.iter().filter(|case| case.name != "v2_small_crop") {
        let reference = Reference::read(case);
        let config = &reference.config;
        let network = Network::new(config);
        let trainer = reference.trainer(&json!({}));
        let weights = trainer.parameters().frozen();
        let original = network.analysed(reference.sound().narrow(0, 0, 1));
        reference.check_tensor("offline/bands", &original.bands);
        let encoded = network.encoded(&weights, &original);
        reference.check_tensor("offline/encoded", &encoded);
        let draws = reference.draws("offline");
        let latent =
            Latent::drawn(config, &network, &weights, encoded, draws.latent, config.is_quantized());
        reference.check_tensor("offline/latent", &latent.z);
        let regularization = latent.regularization.map_or(0.0, |tensor| scalar(&tensor));
        // In evaluation, the original does not report the distance of latents from their codes.
        if !config.is_quantized() {
            check_number_or_zero(
                "regularization",
                regularization,
                reference.number("offline/regularization"),
            );
        }
        let made = network.decoded(&weights, latent.z.clone(), false, || draws.noise);
        check_made(&reference, "offline", &made);
        if reference.vectors.meta["arrays"].get("offline_warm/decoded").is_some() {
            let noise = reference.draws("offline_warm").noise;
            let made = network.decoded(&weights, latent.z, true, || noise);
            reference.check_tensor("offline_warm/decoded", &made.bands);
        }
        check_distances(&reference, &original, &made);
        check_scores(&reference, &network, &weights, &original, &made);
    }
}

fn network_of(reference: &Reference) -> Network {
    Network::new(&reference.config)
}

fn check_made(reference: &Reference, section: &str, made: &Sound) {
    reference.check_tensor(&format!("{section}/y"), &made.audio);
    if reference.config.decoder_output == crate::rave::DecoderOutput::Bands {
        reference.check_tensor(&format!("{section}/decoded"), &made.bands);
    }
}

fn check_distances(reference: &Reference, original: &Sound, made: &Sound) {
    for (name, made, original) in [
        ("multiband_spectral_distance", &made.bands, &original.bands),
        ("fullband_spectral_distance", &made.audio, &original.audio),
    ] {
        let distance = objective::distance(&reference.config, made.clone(), original.clone());
        let theirs = reference.number(&format!("distance/{name}"));
        check_distance(&format!("{} {name}", reference.name()), scalar(&distance), theirs);
    }
}

fn check_scores(
    reference: &Reference,
    network: &Network,
    weights: &nn::Weights,
    original: &Sound,
    made: &Sound,
) {
    let config = &reference.config;
    let both = Tensor::cat(vec![original.audio.clone(), made.audio.clone()], 0);
    let features = network.discriminators.forward(weights, &both);
    let n_waveform = config.discriminator_periods.len() + config.discriminator_scales;
    for (i, features) in features.iter().enumerate() {
        let name = format!("discriminator/score{i}");
        let shape: Vec<usize> =
            serde_json::from_value(reference.vectors.meta["arrays"][&name]["shape"].clone())
                .unwrap();
        let score = features.last().unwrap().clone();
        let is_image =
            config.discriminator == crate::rave::DiscriminatorKind::Rave && i >= n_waveform;
        let score = if is_image {
            // The original has bins before frames.
            let score = score.reshape([shape[0], shape[3], shape[2]]).swap_dims(1, 2);
            wide(&values(score))
        } else {
            unfolded(&score, &shape)
        };
        reference.check(&name, &score);
        for (layer, feature) in features.iter().enumerate() {
            let [rows, channels, frames] = feature.dims();
            let halves = feature.clone().reshape([2, rows / 2, channels * frames]);
            let about = &reference.vectors.meta["features"][i][layer];
            for half in 0..2 {
                let of = |k: usize| about[1 + 2 * half + k].as_f64().unwrap();
                let half = halves.clone().narrow(0, half, 1);
                let (mean, size) = (scalar(&half.clone().mean()), scalar(&half.abs().mean()));
                let name = format!("{} feature {layer} of {i}", reference.name());
                assert!((mean - of(0)).abs() < TOLERANCE * of(1), "{name}: mean {mean}");
                check_number(&name, size, of(1));
            }
        }
    }
    let real = network.discriminators.forward(weights, &original.audio);
    let fake = network.discriminators.forward(weights, &made.audio);
    let number = |name: &str| reference.number(&format!("discriminator/{name}"));
    let matching = scalar(&objective::feature_matching(config, &real, &fake));
    check_number("feature_matching", matching, number("feature_matching"));
    let discriminator_loss = scalar(&objective::discriminator_loss(config.gan_loss, &real, &fake));
    check_number("loss_dis", discriminator_loss, number("loss_dis"));
    let generator_loss = scalar(&objective::generator_loss(config.gan_loss, &fake));
    check_number("loss_adv", generator_loss, number("loss_adv"));
}

#[test]
fn steps_of_every_turn() {
    // `raspberry` is `onnx` with another capacity. The large discriminators take long.
    let is_slow =
        |name: &str| ["raspberry", "v2_descript_discriminator", "discrete_v3"].contains(&name);
    let has_time = std::env::var_os("SLOW_TESTS").is_some();
    let gpu = Compute::gpu(false).ok();
    let devices: Vec<Compute> = std::iter::once(Compute::cpu()).chain(gpu).collect();
    for case in CASES.iter().filter(|case| has_time || !is_slow(case.name)) {
        let reference = Reference::read(case);
        for (section, turn) in [
            ("p1", Turn::Autoencoder),
            ("p1_smooth", Turn::Autoencoder),
            ("p1_mended", Turn::Autoencoder),
            ("p2_dis", Turn::Discriminators),
            ("p2_dis_mended", Turn::Discriminators),
            ("p2_gen", Turn::Decoder),
            ("p2_gen_smooth", Turn::Decoder),
            ("p2_gen_mended", Turn::Decoder),
        ] {
            if reference.vectors.arrays.contains_key(&format!("{section}/grad_norm")) {
                for compute in &devices {
                    println!("on {}", compute.description());
                    reference.check_step(section, turn, compute);
                }
            }
        }
    }
}

#[test]
fn codes_are_those_of_the_original() {
    let case = CASES.iter().find(|case| case.name == "discrete_rvq").unwrap();
    let reference = Reference::read(case);
    let network = Network::new(&reference.config);
    let trainer = reference.trainer(&json!({}));
    let weights = trainer.parameters().frozen();
    let original = network.analysed(reference.sound().narrow(0, 0, 1));
    let encoded = network.encoded(&weights, &original);
    let quantizer = network.quantizer.as_ref().unwrap();
    let quantized = quantizer.forward(&weights, encoded, Init::new(0));
    let codes: Vec<f64> = quantized.codes.into_iter().flatten().map(|code| code as f64).collect();
    reference.check("rvq/codes", &codes);
    reference.check_tensor("rvq/decoded", &quantized.latent);
}

fn check_number_or_zero(name: &str, ours: f64, original: f64) {
    if original == 0.0 {
        assert!(ours.abs() < 1e-9, "{name}: {ours}, not 0");
    } else {
        check_number(name, ours, original);
    }
}
