//! Agreement with the original program: the same weights and random numbers must give the same sound,
//! losses, gradients and steps.
//!
//! The vectors are not part of the project; without them these tests say so and pass.

use std::path::PathBuf;

use burn::tensor::Tensor;
use nn::{Gradients, Init, NamedArray, from_values, values};
use serde_json::{Value, json};

use super::network::Network;
use super::network::noise::impulse_responses;
use super::network::pqmf::Pqmf;
use super::objective::{self, Posterior};
use super::train::{Draws, Trainer, Turn};
use super::{Config, forecast};

/// How far numbers may differ, relative to the largest of their array.
const TOLERANCE: f64 = 1e-4;

/// What the original program computed with one configuration.
struct Golden {
    config: Config,
    weights: Vec<NamedArray>,
    arrays: Vec<NamedArray>,
    meta: Value,
}

impl Golden {
    fn v2_small() -> Option<Self> {
        let folder = shared("v2_small")?;
        let config = Config::from_settings(&json!({
            "capacity": 4,
            "discriminator_capacity": 4,
            // The vectors were made before the original had measured its receptive field.
            "valid_signal_crop": false,
            "batch_size": 2,
            "n_signal": 32_768,
            "beta": 0.05,
            "phase_1_duration": 1,
        }));
        let checkpoint = folder.join("version_0/checkpoints/golden.ckpt");
        let checkpoint = nn::torch_checkpoint::open(&checkpoint).unwrap();
        Some(Self {
            config: config.unwrap(),
            weights: checkpoint.state_dict().unwrap(),
            arrays: nn::npz::read(&folder.join("io.npz")).unwrap(),
            meta: serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap())
                .unwrap(),
        })
    }

    fn array(&self, name: &str) -> &NamedArray {
        find(&self.arrays, name)
    }

    fn values(&self, name: &str) -> Vec<f32> {
        self.array(name).values.clone()
    }

    fn tensor(&self, name: &str) -> Tensor<3> {
        let array = self.array(name);
        from_values(array.values.clone(), array.shape.clone().try_into().unwrap())
    }

    fn number(&self, path: &[&str]) -> f64 {
        path.iter().fold(&self.meta, |value, key| &value[key]).as_f64().unwrap()
    }

    fn draws(&self, prefix: &str) -> Draws {
        Draws {
            latent: self.values(&format!("{prefix}_noise0_randn_like")),
            noise: self.values(&format!("{prefix}_noise1_rand_like")),
        }
    }

    fn trainer(&self) -> Trainer {
        let mut trainer = Trainer::new(&self.config, 0);
        trainer.parameters_mut().load(&self.weights).unwrap();
        trainer
    }
}

#[test]
fn filters_of_the_filter_bank() {
    let Some(folder) = shared("components") else { return };
    let arrays = nn::npz::read(&folder.join("components.npz")).unwrap();
    for (attenuation_db, n_band) in [(100, 16), (100, 8), (70, 4)] {
        let (prototype, bank) = Pqmf::filters(n_band, f64::from(attenuation_db));
        let name = format!("pqmf{attenuation_db}_{n_band}");
        let flat: Vec<f64> = bank.into_iter().flatten().collect();
        check(&format!("{name}_h"), &prototype, &find(&arrays, &format!("{name}_h")).values);
        check(&format!("{name}_hk"), &flat, &find(&arrays, &format!("{name}_hk")).values);
    }
    let x = find(&arrays, "x").clone();
    let pqmf = Pqmf::new(16, 100.0);
    let bands = pqmf.bands_from_audio(from_values(x.values, x.shape.try_into().unwrap()));
    check_tensor("components: bands", &bands, find(&arrays, "pqmf_cachedclass_offline_fwd"));
    let audio = pqmf.audio_from_bands(bands);
    check_tensor("components: audio", &audio, find(&arrays, "pqmf_cachedclass_offline_inv"));
}

#[test]
fn spectral_distance_and_the_other_parts() {
    let Some(folder) = shared("components") else { return };
    let arrays = nn::npz::read(&folder.join("components.npz")).unwrap();
    let tensor = |name: &str| -> Tensor<3> {
        let array = find(&arrays, name);
        from_values(array.values.clone(), array.shape.clone().try_into().unwrap())
    };
    let mut config = Config::from_settings(&json!({})).unwrap();
    for (log_epsilon, name) in [(1e-7, "audiodistv1_eps1e-07"), (1.0, "audiodistv1_eps1")] {
        config.log_epsilon = log_epsilon;
        let distance = objective::distance(&config, tensor("y"), tensor("x"));
        check_tensor(name, &distance, find(&arrays, name));
    }
    let posterior = Posterior::new(tensor("vae_z"));
    check_tensor(
        "vae_out",
        &posterior.sample(find(&arrays, "vae_eps").values.clone()),
        find(&arrays, "vae_out"),
    );
    check_tensor("vae_kl", &posterior.divergence(), find(&arrays, "vae_kl"));
    for (amplitudes, n, responses) in [("amp", 5, "ir64"), ("amp32", 32, "ir64_32")] {
        let amplitudes = find(&arrays, amplitudes).values.clone();
        let amplitudes = from_values(amplitudes.clone(), [amplitudes.len() / n, n]);
        let ours = amplitudes.matmul(impulse_responses(n, 64));
        check(responses, &wide(&values(ours)), &find(&arrays, responses).values);
    }
    let flat = |name: &str| from_values(find(&arrays, name).values.clone(), [64, 64]);
    let filtered = nn::filter_blocks(flat("ir64"), flat("noise"));
    check("fftconv", &wide(&values(filtered)), &find(&arrays, "fftconv").values);
}

#[test]
fn encoder_decoder_and_distances() {
    let Some(golden) = Golden::v2_small() else { return };
    let network = Network::new(&golden.config);
    let trainer = golden.trainer();
    let weights = trainer.parameters().frozen();
    let x = golden.tensor("x").narrow(0, 0, 1);

    let original = network.analysed(x.clone());
    check_tensor("pqmf", &original.bands, golden.array("pqmf"));
    let inverse = network.pqmf.audio_from_bands(original.bands.clone());
    check_tensor("pqmf_inv", &inverse, golden.array("pqmf_inv"));

    let encoded = network.encoder.forward(&weights, original.bands.clone());
    check_tensor("enc_raw", &encoded, golden.array("enc_raw"));
    let posterior = Posterior::new(encoded);
    check_tensor("mean", &posterior.mean, golden.array("mean"));
    check_tensor("std", &posterior.deviation, golden.array("std"));
    let latent = posterior.sample(golden.values("reparam_noise0_randn_like"));
    check_tensor("z", &latent, golden.array("z"));
    check_number("reg", scalar(&posterior.divergence()), golden.number(&["reg"]));

    // From the original's own latent, so that deviations do not add up.
    let noise = || golden.values("dec_noise0_rand_like");
    let made = network.decoded(&weights, golden.tensor("z"), noise);
    check_tensor("dec_raw", &made.bands, golden.array("dec_raw"));
    check_tensor("y", &made.audio, golden.array("y"));

    let multiband = objective::distance(&golden.config, made.bands, original.bands);
    let fullband = objective::distance(&golden.config, made.audio, original.audio);
    for (name, distance) in
        [("multiband_spectral_distance", multiband), ("fullband_spectral_distance", fullband)]
    {
        check_number(name, scalar(&distance), golden.number(&[name]));
    }
}

#[test]
fn discriminators() {
    let Some(golden) = Golden::v2_small() else { return };
    let network = Network::new(&golden.config);
    let trainer = golden.trainer();
    let weights = trainer.parameters().frozen();
    let real = golden.tensor("x").narrow(0, 0, 1);
    let both = Tensor::cat(vec![real.clone(), golden.tensor("y")], 0);
    let features = network.discriminators.forward(&weights, &both);
    for (i, features) in features.iter().enumerate() {
        let score = features.last().unwrap();
        let golden_score = golden.array(&format!("disc{i}_score"));
        check(&format!("disc{i}_score"), &unfolded(score, golden_score), &golden_score.values);
        for (layer, feature) in features.iter().enumerate() {
            let mean = scalar(&feature.clone().mean());
            let size = golden.meta["disc_feature_abs_means"][i][layer].as_f64().unwrap();
            let expected = golden.meta["disc_feature_means"][i][layer].as_f64().unwrap();
            assert!((mean - expected).abs() < TOLERANCE * size, "mean {layer} of {i}: {mean}");
            let mean = scalar(&feature.clone().abs().mean());
            check_number(&format!("disc{i} layer {layer} |mean|"), mean, size);
        }
    }
    let real = network.discriminators.forward(&weights, &real);
    let fake = network.discriminators.forward(&weights, &golden.tensor("y"));
    let matching = objective::feature_matching(&golden.config, &real, &fake);
    check_number("feature_matching", scalar(&matching), golden.number(&["feature_matching"]));
    let hinge = objective::hinge(&real, &fake);
    check_number("loss_dis", scalar(&hinge), golden.number(&["loss_dis"]));
    let displeasure = objective::displeasure(&fake);
    check_number("loss_adv", scalar(&displeasure), golden.number(&["loss_adv"]));
}

#[test]
fn losses_gradients_and_one_step_of_every_turn() {
    let Some(golden) = Golden::v2_small() else { return };
    for (prefix, turn) in [
        ("train_p1", Turn::Autoencoder),
        ("train_p2dis", Turn::Discriminators),
        ("train_p2gen", Turn::Decoder),
    ] {
        let mut trainer = golden.trainer();
        let pass = trainer.pass(turn, golden.tensor("x"), golden.draws(prefix));
        for (name, value) in &pass.values {
            if golden.meta[prefix].get(name).is_some() {
                let expected = golden.number(&[prefix, name]);
                check_number(&format!("{prefix} {name}"), *value, expected);
            }
        }
        let nudged = trainer.pass(turn, nudged(golden.tensor("x")), golden.draws(prefix));
        check_gradients(&golden, prefix, &pass.gradients, &nudged.gradients);
        trainer.update(turn, &pass.gradients);
        check_step(&golden, prefix, &trainer);
    }
}

/// Gradients of a turn: the norm of every one, and those that are stored whole.
///
/// The logarithm of spectra with a floor of 1e-7 makes gradients of phase 1 ill-conditioned: inputs
/// that differ by the last bit of `f32` change them by some 1e-3. No two programs can agree better
/// than that, so each gradient may deviate by what such a change does to it, three times.
fn check_gradients(golden: &Golden, prefix: &str, ours: &Gradients, nudged: &Gradients) {
    let norms = golden.meta[&format!("{prefix}_gradnorms")].as_object().unwrap();
    assert_eq!(ours.names().count(), norms.len(), "{prefix}: what has a gradient");
    let (mut worst, mut worst_nudged) = (0.0f64, 0.0f64);
    for (name, original) in norms {
        let gradient = ours.get(name).unwrap_or_else(|| panic!("no gradient of {name}"));
        let original = original.as_f64().unwrap();
        if original < ZERO_GRADIENT {
            // Real and made sounds push a bias alike in opposite directions.
            assert!(norm(gradient) < ZERO_GRADIENT, "{prefix} gradient of {name} is not zero");
            continue;
        }
        let allowed = GRADIENT_TOLERANCE.max(3.0 * apart(nudged.get(name).unwrap(), gradient));
        let deviation = (norm(gradient) / original - 1.0).abs();
        assert!(deviation < allowed, "{prefix} gradient of {name}: off by {deviation:.1e}");
        worst = worst.max(deviation);
        worst_nudged = worst_nudged.max(allowed / 3.0);
        let whole = golden.arrays.iter().find(|a| a.name == format!("{prefix}_grad/{name}"));
        if let Some(whole) = whole {
            let deviation = apart(gradient, &whole.values);
            println!("{prefix} gradient of {name}: within {deviation:.1e}");
            assert!(deviation < allowed, "{prefix} gradient of {name}: off by {deviation:.1e}");
        }
    }
    let n = norms.len();
    println!("{prefix}: {n} gradient norms within {worst:.1e}, last bit {worst_nudged:.1e}");
}

/// Weights after one step. Adam divides a gradient by its own size, so that where it is nearly zero
/// the step has the full length in a direction that nobody can know: all but a few may not differ.
fn check_step(golden: &Golden, prefix: &str, trainer: &Trainer) {
    let prefix = format!("{prefix}_after/");
    for array in &golden.arrays {
        let Some(name) = array.name.strip_prefix(&prefix) else { continue };
        let ours = trainer.parameters().values(name).unwrap();
        let learning_rate = if prefix.starts_with("train_p2dis") { 1e-4 } else { 1e-3 };
        let off = |(a, b): &(&f32, &f32)| f64::from((*a - *b).abs()) > 0.1 * learning_rate;
        let n_off = ours.iter().zip(&array.values).filter(off).count();
        let deviation = apart(ours, &array.values);
        println!("{prefix}{name}: within {deviation:.1e}, {n_off} of {} steps off", ours.len());
        assert!(n_off as f64 <= 0.02 * ours.len() as f64, "{prefix}{name}: {n_off} steps off");
    }
}

#[test]
fn names_and_shapes_of_all_parameters() {
    let Some(folder) = shared("state_dicts") else { return };
    let text = std::fs::read(folder.join("v2_small.json")).unwrap();
    let original: Value = serde_json::from_slice(&text).unwrap();
    let config = Config::from_settings(&json!({})).unwrap();
    let parameters = Network::new(&config).initialise(&config, 0);
    let is_ours = |name: &str| {
        ["encoder.encoder.", "decoder.", "discriminator."].iter().any(|p| name.starts_with(p))
            && !name.ends_with("target_size")
    };
    let theirs = original["state_dict"].as_object().unwrap();
    let theirs: Vec<_> = theirs.iter().filter(|(name, _)| is_ours(name)).collect();
    assert_eq!(parameters.names().count(), theirs.len());
    for (name, shape) in theirs {
        let ours = parameters.shape(name).unwrap_or_else(|| panic!("we have no {name}"));
        assert_eq!(json!(ours), shape[0], "{name}");
    }
    let forecast = forecast::forecast(&config);
    let info = &original["info"];
    let n = |key: &str| info[key].as_u64().unwrap();
    assert_eq!(forecast.n_parameters, n("params_encoder") + n("params_decoder"));
    assert_eq!(forecast.n_discriminator_parameters, n("params_discriminator"));
    // Measured by the original, from the gradient of one sample.
    let check_reach = |settings: Value, expected: (usize, usize)| {
        let config = Config::from_settings(&settings).unwrap();
        assert_eq!(forecast::forecast(&config).receptive_field_samples, expected);
    };
    // It says 10 601: the outermost four gradients of the nearly silent noise part underflow there.
    check_reach(json!({}), (10_605, 10_044));
    let v2 = json!({ "capacity": 4, "ratios": [4, 4, 4, 2], "has_noise": false });
    check_reach(v2, (27_117, 26_428));
    let discrete = json!({ "capacity": 4, "ratios": [4, 4, 2, 2], "has_noise": false });
    check_reach(discrete, (17_901, 17_724));
}

/// How far gradients may differ that are well-conditioned: real and made sounds nearly cancel in some.
const GRADIENT_TOLERANCE: f64 = 5e-4;
/// Gradients below this are rounding.
const ZERO_GRADIENT: f64 = 1e-7;

fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MAQUETTE_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join("rave").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: not found: {}", path.display());
    None
}

fn find<'a>(arrays: &'a [NamedArray], name: &str) -> &'a NamedArray {
    arrays.iter().find(|array| array.name == name).unwrap_or_else(|| panic!("no array {name}"))
}

fn scalar(tensor: &Tensor<1>) -> f64 {
    f64::from(values(tensor.clone())[0])
}

/// A score of ours, `[batch * period, 1, frames]`, in the order of the original, `[batch, 1, frames, period]`.
fn unfolded(score: &Tensor<3>, original: &NamedArray) -> Vec<f64> {
    let [rows, _, frames] = score.dims();
    let period = original.shape.get(3).copied().unwrap_or(1);
    let score = score.clone().reshape([rows / period, period, frames]).swap_dims(1, 2);
    wide(&values(score))
}

fn check_tensor<const D: usize>(name: &str, ours: &Tensor<D>, original: &NamedArray) {
    assert_eq!(ours.dims().to_vec(), original.shape, "{name}");
    check(name, &wide(&values(ours.clone())), &original.values);
}

fn check_number(name: &str, ours: f64, original: f64) {
    check(name, &[ours], &[original as f32]);
}

fn check(name: &str, ours: &[f64], original: &[f32]) {
    assert_eq!(ours.len(), original.len(), "{name}");
    let largest = original.iter().fold(0.0f64, |most, value| most.max(f64::from(value.abs())));
    let differences = ours.iter().zip(original).map(|(a, b)| (a - f64::from(*b)).abs());
    let deviation = differences.fold(0.0, f64::max) / largest;
    println!("{name}: within {deviation:.1e}");
    assert!(deviation < TOLERANCE, "{name}: off by {deviation:.1e}");
}

/// A sound changed by about the last bit of each sample.
fn nudged(x: Tensor<3>) -> Tensor<3> {
    let n = x.dims().iter().product();
    let factors = Init::new(1).uniform(n, 1.0 - 1e-7, 1.0 + 1e-7);
    let factors = from_values(factors, x.dims());
    x * factors
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
}

/// The norm of the difference, relative to that of `b`.
fn apart(a: &[f32], b: &[f32]) -> f64 {
    let differences: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    norm(&differences) / norm(b)
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}
