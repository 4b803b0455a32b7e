//! Agreement with the original program: the same weights and random numbers must give the same sound,
//! losses, gradients and steps.
//!
//! Vectors of every configuration are part of the project ([`reference`]). Those used here, with weights
//! from a trained checkpoint, are not; without them these tests say so and pass.

mod reference;
mod transforms;

use std::path::PathBuf;

use burn::tensor::Tensor;
use nn::{Gradients, Init, NamedArray, from_values, values};
use serde_json::{Value, json};

use super::latent::{LatentDraws, Posterior};
use super::network::Network;
use super::network::noise::impulse_responses;
use super::network::pqmf::Pqmf;
use super::objective;
use super::train::{Draws, Trainer, Turn};
use super::{Config, GanLoss, Padding, forecast, resolve};

/// The tolerance for numbers, relative to the largest of their array.
const TOLERANCE: f64 = 1e-4;
/// The tolerance for distances.
const DISTANCE_TOLERANCE: f64 = 5e-4;

/// The original program's results for one configuration.
struct Golden {
    config: Config,
    weights: Vec<NamedArray>,
    arrays: Vec<NamedArray>,
    meta: Value,
}

impl Golden {
    /// Reads the vectors of one of [`NAMES`], if present.
    fn of(name: &str) -> Option<Self> {
        let folder = shared(name)?;
        let config = config_of(
            name,
            &[],
            &json!({
                "capacity": 4,
                "discriminator_capacity": 4,
                // The vectors were made before the original had measured its receptive field.
                "valid_signal_crop": false,
                "batch_size": 2,
                "n_signal": 32_768,
                "beta": 0.05,
                "beta_warmup": 0,
            }),
        );
        let checkpoint = folder.join("version_0/checkpoints/golden.ckpt");
        let checkpoint = nn::torch_checkpoint::open(&checkpoint).unwrap();
        Some(Self {
            config,
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
        let latent = self.values(&format!("{prefix}_noise0_randn_like"));
        Draws {
            latent: LatentDraws { latent, ..LatentDraws::default() },
            noise: self.noise(&format!("{prefix}_noise1_rand_like")),
        }
    }

    /// The random numbers of the noise part, if the configuration has one.
    fn noise(&self, name: &str) -> Vec<f32> {
        if self.config.has_noise { self.values(name) } else { Vec::new() }
    }

    fn trainer(&self) -> Trainer {
        let mut trainer = Trainer::new(&self.config, 0);
        trainer.parameters_mut().load(&self.weights).unwrap();
        trainer
    }
}

/// Configurations with vectors.
const NAMES: [&str; 3] = ["v1", "v2", "v2_small"];

fn config_of(preset: &str, switches: &[&str], changes: &Value) -> Config {
    let switches: Vec<String> = switches.iter().map(|&name| name.into()).collect();
    let changes = changes.as_object().unwrap().clone().into_iter().collect();
    let settings = resolve(preset, &switches, &changes).unwrap().settings;
    Config::from_settings(&settings).unwrap()
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
    let pqmf = Pqmf::new(16, 100.0, Padding::Centered);
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
    for name in NAMES {
        let Some(golden) = Golden::of(name) else { return };
        println!("{name}");
        let network = Network::new(&golden.config);
        let trainer = golden.trainer();
        let weights = trainer.parameters().frozen();
        let x = golden.tensor("x").narrow(0, 0, 1);

        let original = network.analysed(x.clone());
        check_tensor("pqmf", &original.bands, golden.array("pqmf"));
        let inverse = network.pqmf.audio_from_bands(original.bands.clone());
        check_tensor("pqmf_inv", &inverse, golden.array("pqmf_inv"));

        let encoded = network.encoded(&weights, &original);
        check_tensor("enc_raw", &encoded, golden.array("enc_raw"));
        let posterior = Posterior::new(encoded);
        check_tensor("mean", &posterior.mean, golden.array("mean"));
        check_tensor("std", &posterior.deviation, golden.array("std"));
        let latent = posterior.sample(golden.values("reparam_noise0_randn_like"));
        check_tensor("z", &latent, golden.array("z"));
        check_number("reg", scalar(&posterior.divergence()), golden.number(&["reg"]));

        // Starts from the original's own latent, so that deviations do not accumulate.
        let noise = || golden.noise("dec_noise0_rand_like");
        let made = network.decoded(&weights, golden.tensor("z"), false, noise);
        check_tensor("dec_raw", &made.bands, golden.array("dec_raw"));
        check_tensor("y", &made.audio, golden.array("y"));

        let multiband = objective::distance(&golden.config, made.bands, original.bands);
        let fullband = objective::distance(&golden.config, made.audio, original.audio);
        for (name, distance) in
            [("multiband_spectral_distance", multiband), ("fullband_spectral_distance", fullband)]
        {
            check_distance(name, scalar(&distance), golden.number(&[name]));
        }
    }
}

#[test]
fn discriminators() {
    for name in NAMES {
        let Some(golden) = Golden::of(name) else { return };
        println!("{name}");
        let network = Network::new(&golden.config);
        let trainer = golden.trainer();
        let weights = trainer.parameters().frozen();
        let real = golden.tensor("x").narrow(0, 0, 1);
        let both = Tensor::cat(vec![real.clone(), golden.tensor("y")], 0);
        let features = network.discriminators.forward(&weights, &both);
        for (i, features) in features.iter().enumerate() {
            let score = features.last().unwrap();
            let golden_score = golden.array(&format!("disc{i}_score"));
            let ours = unfolded(score, &golden_score.shape);
            check(&format!("disc{i}_score"), &ours, &golden_score.values);
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
        let hinge = objective::discriminator_loss(GanLoss::Hinge, &real, &fake);
        check_number("loss_dis", scalar(&hinge), golden.number(&["loss_dis"]));
        let generator_loss = objective::generator_loss(GanLoss::Hinge, &fake);
        check_number("loss_adv", scalar(&generator_loss), golden.number(&["loss_adv"]));
    }
}

#[test]
fn losses_gradients_and_one_step_of_every_turn() {
    for name in NAMES {
        let Some(golden) = Golden::of(name) else { return };
        for (prefix, turn) in [
            ("train_p1", Turn::Autoencoder),
            ("train_p2dis", Turn::Discriminators),
            ("train_p2gen", Turn::Decoder),
        ] {
            println!("{name} {prefix}");
            let mut trainer = golden.trainer();
            let pass = trainer.pass(turn, golden.tensor("x"), golden.draws(prefix));
            for (name, value) in &pass.values {
                if golden.meta[prefix].get(name).is_some() {
                    let expected = golden.number(&[prefix, name]);
                    check_distance(&format!("{prefix} {name}"), *value, expected);
                }
            }
            // Half of v1's gradients in phase 1 differ by a fifth between single and double precision.
            if (name, turn) == ("v1", Turn::Autoencoder) {
                continue;
            }
            let nudged = trainer.pass(turn, nudged(golden.tensor("x")), golden.draws(prefix));
            check_gradients(&golden, prefix, &pass.gradients, &nudged.gradients);
            trainer.update(turn, &pass.gradients);
            check_step(&golden, prefix, &trainer);
        }
    }
}

/// Gradients of a turn: the norms of all, and the whole arrays where stored.
///
/// The logarithm of spectra with a floor of 1e-7 makes gradients of phase 1 ill-conditioned: inputs
/// that differ by the last bit of `f32` change them by about 1e-3. No two programs can agree better
/// than that, so the tolerance is three times the effect of such a change on the most sensitive one.
/// With a floor of 1, [`reference`] compares them precisely.
fn check_gradients(golden: &Golden, prefix: &str, ours: &Gradients, nudged: &Gradients) {
    let norms = golden.meta[&format!("{prefix}_gradnorms")].as_object().unwrap();
    assert_eq!(ours.names().count(), norms.len(), "{prefix}: what has a gradient");
    let moved = |name: &String| max_difference(nudged.get(name).unwrap(), ours.get(name).unwrap());
    let most_moved = norms
        .iter()
        .filter(|(_, original)| original.as_f64().unwrap() >= ZERO_GRADIENT)
        .map(|(name, _)| moved(name))
        .fold(0.0, f64::max);
    let allowed = GRADIENT_TOLERANCE.max(3.0 * most_moved);
    let mut worst = 0.0f64;
    for (name, original) in norms {
        let gradient = ours.get(name).unwrap_or_else(|| panic!("no gradient of {name}"));
        let original = original.as_f64().unwrap();
        if original < ZERO_GRADIENT {
            // For a bias, the gradients from real and generated sounds cancel.
            assert!(norm(gradient) < ZERO_GRADIENT, "{prefix} gradient of {name} is not zero");
            continue;
        }
        let deviation = (norm(gradient) / original - 1.0).abs();
        assert!(deviation < allowed, "{prefix} gradient of {name}: off by {deviation:.1e}");
        worst = worst.max(deviation);
        let whole = golden.arrays.iter().find(|a| a.name == format!("{prefix}_grad/{name}"));
        if let Some(whole) = whole {
            let deviation = max_difference(gradient, &whole.values);
            println!("{prefix} gradient of {name}: within {deviation:.1e}");
            assert!(deviation < allowed, "{prefix} gradient of {name}: off by {deviation:.1e}");
        }
    }
    let n = norms.len();
    println!("{prefix}: {n} gradient norms within {worst:.1e}, last bit {most_moved:.1e}");
}

/// Weights after one step. Adam divides a gradient by its own size, so where it is nearly zero, the
/// step has full length in an unpredictable direction: all but a few must agree.
fn check_step(golden: &Golden, prefix: &str, trainer: &Trainer) {
    let prefix = format!("{prefix}_after/");
    for array in &golden.arrays {
        let Some(name) = array.name.strip_prefix(&prefix) else { continue };
        let ours = trainer.parameters().values(name).unwrap();
        let learning_rate = if prefix.starts_with("train_p2dis") { 1e-4 } else { 1e-3 };
        let off = |(a, b): &(&f32, &f32)| f64::from((*a - *b).abs()) > 0.1 * learning_rate;
        let n_off = ours.iter().zip(&array.values).filter(off).count();
        let deviation = max_difference(ours, &array.values);
        println!("{prefix}{name}: within {deviation:.1e}, {n_off} of {} steps off", ours.len());
        let allowed = (ours.len() / 50).max(1);
        assert!(n_off <= allowed, "{prefix}{name}: {n_off} steps off");
    }
}

/// The tolerance for well-conditioned gradients: in some, real and generated sounds nearly cancel.
const GRADIENT_TOLERANCE: f64 = 5e-4;
/// Gradients below this are rounding errors.
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

/// A score of ours, `[batch * period, 1, frames]`, in the order of the original, `[batch, 1, frames,
/// period]`.
fn unfolded(score: &Tensor<3>, original: &[usize]) -> Vec<f64> {
    let [rows, _, frames] = score.dims();
    let period = rows / original[0];
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

/// A spectral distance, whose logarithm amplifies the rounding of nearly silent bins.
fn check_distance(name: &str, ours: f64, original: f64) {
    let deviation = (ours / original - 1.0).abs();
    println!("{name}: within {deviation:.1e}");
    assert!(deviation < DISTANCE_TOLERANCE, "{name}: off by {deviation:.1e}");
}

fn check(name: &str, ours: &[f64], original: &[f32]) {
    assert_eq!(ours.len(), original.len(), "{name}");
    let largest = original.iter().fold(0.0f64, |most, value| most.max(f64::from(value.abs())));
    let differences = ours.iter().zip(original).map(|(a, b)| (a - f64::from(*b)).abs());
    let deviation = differences.fold(0.0, f64::max) / largest;
    println!("{name}: within {deviation:.1e}");
    assert!(deviation < TOLERANCE, "{name}: off by {deviation:.1e}");
}

/// The sound with about the last bit of each sample changed.
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
fn max_difference(a: &[f32], b: &[f32]) -> f64 {
    let differences: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    norm(&differences) / norm(b)
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}
