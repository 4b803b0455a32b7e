//! Agreement with the original's streaming models, for every configuration that streams: weights,
//! sound and random numbers follow the formulas in `vectors/README.md`.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use nn::Parameters;
use nn::stream::{Engine, Layer, Precision};
use serde_json::{Value, json};

use super::description::{Description, late_frames};
use super::latent::LatentMaker;
use super::{Player, PlayerSettings, Randomness};
use crate::rave::network::{Network, mel};
use crate::rave::vectors::{Vectors, u};
use crate::rave::{Config, Regularization, resolve};

/// The tolerance for numbers, relative to the largest of their array.
const TOLERANCE: f64 = 1e-4;

fn parameters(vectors: &Vectors) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, shape, values) in vectors.state() {
        if let Some(values) = values {
            parameters.insert(name, &shape, values);
        }
    }
    parameters
}

/// Compares with a stored array `[channels, frames]`, of which every n-th value is kept.
fn compare(vectors: &Vectors, array: &str, found: &[Vec<f32>]) {
    let (name, about) = (vectors.name, &vectors.meta["arrays"][array]);
    let found: Vec<f64> = found.concat().iter().map(|x| f64::from(*x)).collect();
    let shape = about["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap());
    assert_eq!(found.len(), shape.product::<u64>() as usize, "{name}: {array}");
    let expected: Vec<f64> = vectors.arrays[array].values.iter().map(|x| f64::from(*x)).collect();
    let peak = expected.iter().fold(0.0f64, |peak, x| peak.max(x.abs()));
    let stride = about["stride"].as_u64().unwrap() as usize;
    for (i, expected) in expected.iter().enumerate() {
        let difference = (found[i * stride] - expected).abs();
        assert!(
            difference <= TOLERANCE * peak,
            "{name}: {array}[{}] is {}, not {expected}; peak {peak}",
            i * stride,
            found[i * stride]
        );
    }
    // All values, so that order and sign matter.
    let probe = u(&format!("probe {array}"), found.len());
    let dot: f64 = found.iter().zip(&probe).map(|(x, u)| x * (2.0 * u - 1.0)).sum();
    let expected = about["dot"].as_f64().unwrap();
    let room = TOLERANCE * peak * (found.len() as f64).sqrt();
    assert!((dot - expected).abs() <= room, "{name}: {array}: {dot}, not {expected}");
}

/// The first example's sound: `[channels][samples]`.
fn sound(channels: usize) -> Vec<Vec<f32>> {
    let draws = u("x", channels * N_SAMPLES);
    let sample = |c: usize, t: usize| {
        let p = (t * (c + 1) % 97) as f64;
        let tri = (97.0 - (4.0 * p - 194.0).abs()) / 97.0;
        (0.25 * (2.0 * draws[c * N_SAMPLES + t] - 1.0) + 0.5 * tri) as f32
    };
    (0..channels).map(|c| (0..N_SAMPLES).map(|t| sample(c, t)).collect()).collect()
}

const N_SAMPLES: usize = 32_768;
/// The original's block.
const BLOCK: usize = 2048;

fn config(preset: &str, switches: &[&str], overrides: Value) -> Config {
    let switches: Vec<String> = switches.iter().map(|it| (*it).to_owned()).collect();
    let Value::Object(overrides) = overrides else { unreachable!("settings are an object") };
    let overrides: BTreeMap<String, Value> = overrides.into_iter().collect();
    Config::from_settings(&resolve(preset, &switches, &overrides).unwrap().settings).unwrap()
}

/// Transposes frames of the given number of channels to `[channels][frames]`.
fn planar(frames: &[f32], channels: usize) -> Vec<Vec<f32>> {
    (0..channels).map(|c| frames.iter().skip(c).step_by(channels).copied().collect()).collect()
}

/// The original's latent of a block of encoder output, with its random numbers: `[rows][frames]`.
fn latent(config: &Config, rows: &[Vec<f32>], call: &mut usize) -> Vec<Vec<f32>> {
    let n_frames = rows[0].len();
    let mut normal = |n: usize| -> Vec<f64> {
        let draws = u(&format!("draw stream {call}"), n * n_frames);
        *call += 1;
        draws.iter().map(|u| 3f64.sqrt() * (2.0 * u - 1.0)).collect()
    };
    let n = config.latent_size;
    match config.regularization {
        Regularization::Variational => {
            let noise = normal(n);
            let value = |c: usize, t: usize| {
                let deviation = f64::from(rows[n + c][t]).exp().ln_1p() + 1e-4;
                (noise[c * n_frames + t] * deviation + f64::from(rows[c][t])) as f32
            };
            (0..n).map(|c| (0..n_frames).map(|t| value(c, t)).collect()).collect()
        }
        Regularization::Spherical => {
            let length = |t: usize| rows.iter().map(|row| row[t].powi(2)).sum::<f32>().sqrt();
            let unit = |row: &Vec<f32>| (0..n_frames).map(|t| row[t] / length(t)).collect();
            rows.iter().map(unit).collect()
        }
        Regularization::Wasserstein | Regularization::Discrete => {
            if config.regularization == Regularization::Wasserstein {
                // The numbers drawn for its distance of distributions.
                *call += 1;
            }
            let mut normal = |n: usize| -> Vec<f64> {
                let draws = u(&format!("draw stream {call}"), n * n_frames);
                *call += 1;
                draws.iter().map(|u| 3f64.sqrt() * (2.0 * u - 1.0)).collect()
            };
            let extra = normal(config.decoder_latent_size() - n);
            let extra = extra.chunks(n_frames).map(|it| it.iter().map(|x| *x as f32).collect());
            rows.iter().cloned().chain(extra).collect()
        }
    }
}

/// The bands of some models come an odd number of frames late: the original plays every second one inverted.
fn decoder_of_the_original(name: &str, description: &Description<'_>) -> Vec<Layer> {
    match name {
        "v1" | "v1_causal" | "brave" => description.whole_decoder(),
        _ => description.decoder(),
    }
}

/// Streams in the original's blocks, and compares everything it stored.
fn check(name: &'static str, preset: &str, switches: &[&str], channels: usize) {
    let vectors = Vectors::read(name);
    let mut overrides = json!({ "capacity": 4, "channels": channels });
    if name != "v2_wasserstein" && name != "v2_spherical" {
        overrides["latent_size"] = json!(16);
    }
    let config = config(preset, switches, overrides);
    let parameters = parameters(&vectors);
    let description = Description { config: &config, parameters: &parameters };
    let mut encoder = Engine::new(&description.encoder(), channels, BLOCK, Precision::Float32);
    let n_rows = config.decoder_latent_size();
    let n_latents = BLOCK / config.ratio() + 1;
    let decoder = decoder_of_the_original(name, &description);
    let mut decoder = Engine::new(&decoder, n_rows, n_latents, Precision::Float32);
    let (sound, mut call) = (sound(channels), 0);
    let (mut encoded, mut latents, mut y) = (vec![], vec![], vec![]);
    let has_noise = vectors.meta["draws"]["stream"]
        .as_array()
        .unwrap()
        .iter()
        .any(|draw| draw[0].as_str() == Some("rand_like"));
    // The first architecture's noise is drawn, but not audible before phase 2.
    let is_heard = name != "v1" && name != "v1_causal";
    let mut books = LatentMaker::new(&config, &parameters, Randomness::Off);
    for start in (0..N_SAMPLES).step_by(BLOCK) {
        let block: Vec<f32> =
            (start..start + BLOCK).flat_map(|t| sound.iter().map(move |it| it[t])).collect();
        let rows = encoder.process(&block, &mut |_| ()).to_vec();
        encoded.extend_from_slice(&rows);
        // The player's code books are used: they draw no random numbers.
        let mut quantised = Vec::new();
        if name == "discrete_rvq" {
            books.make(&rows, &mut quantised);
        } else {
            quantised.clone_from(&rows);
        }
        let curves = planar(&quantised, config.latent_size * rows_per_latent(&config));
        let latent = latent(&config, &curves, &mut call);
        let frames = latent[0].len();
        let latent: Vec<f32> =
            (0..frames).flat_map(|t| latent.iter().map(move |row| row[t])).collect();
        latents.extend_from_slice(&latent);
        let noise = u(&format!("draw stream {call}"), BLOCK * channels);
        call += usize::from(has_noise);
        let mut noise = noise.into_iter();
        let mut uniform = |values: &mut [f32]| {
            values.fill_with(|| if is_heard { noise.next().unwrap() as f32 } else { 0.5 });
        };
        y.extend_from_slice(decoder.process(&latent, &mut uniform));
    }
    compare(
        &vectors,
        "stream/encoded",
        &planar(&encoded, config.latent_size * rows_per_latent(&config)),
    );
    if config.regularization == Regularization::Spherical {
        // The first blocks give rows of zeros, which the original divides by their length; the resulting
        // NaN then stays in its caches.
        assert!(vectors.meta["arrays"]["stream/y"]["dot"].is_null(), "the original plays nothing");
        return;
    }
    compare(&vectors, "stream/latent", &planar(&latents, n_rows));
    compare(&vectors, "stream/y", &planar(&y, channels));
}

fn rows_per_latent(config: &Config) -> usize {
    if config.regularization == Regularization::Variational { 2 } else { 1 }
}

#[test]
fn the_first_architecture_streams_as_the_original() {
    check("v1", "v1", &[], 1);
    check("v1_causal", "v1", &["causal"], 1);
    check("brave", "brave", &[], 1);
    check("onnx", "onnx", &[], 1);
    check("raspberry", "raspberry", &[], 1);
}

#[test]
fn the_second_architecture_streams_as_the_original() {
    check("v2", "v2", &[], 1);
    check("v2_causal", "v2", &["causal"], 1);
    check("v2_small", "v2_small", &[], 1);
    check("v2_small_causal", "v2_small", &["causal"], 1);
    check("v2_small_stereo", "v2_small", &[], 2);
    check("v2_nopqmf", "v2_nopqmf", &[], 1);
}

#[test]
fn switches_stream_as_the_original() {
    check("v3", "v3", &[], 1);
    check("v2_adain", "v2", &["adain"], 1);
    check("v2_snake", "v2", &["snake"], 1);
    check("v2_noise", "v2", &["noise"], 1);
    check("v2_wasserstein", "v2", &["wasserstein"], 1);
    check("v2_spherical", "v2", &["spherical"], 1);
    check("discrete", "discrete", &[], 1);
    check("discrete_v3", "discrete_v3", &[], 1);
    check("discrete_rvq", "discrete", &[], 1);
}

/// Models with trained batch statistics and weight lengths; not part of the project.
#[test]
fn recorded_models_stream_as_the_original() {
    for name in ["v1", "v2", "v2_small"] {
        let Some(folder) = shared(name) else { return };
        let checkpoint = folder.join("version_0/checkpoints/golden.ckpt");
        let checkpoint = nn::torch_checkpoint::open(&checkpoint).unwrap();
        let mut parameters = Parameters::new();
        for array in checkpoint.state_dict().unwrap() {
            parameters.insert(&array.name, &array.shape, array.values);
        }
        let arrays = nn::npz::read(&folder.join("io.npz")).unwrap();
        let find = |name: &str| arrays.iter().find(|it| it.name == name);
        let values = |name: &str| find(name).map(|it| it.values.clone());
        let config = config(name, &[], json!({ "capacity": 4 }));
        let description = Description { config: &config, parameters: &parameters };

        let mut encoder = Engine::new(&description.encoder(), 1, N_SAMPLES, Precision::Float32);
        let sound = &values("x").unwrap()[..N_SAMPLES];
        let rows = encoder.process(sound, &mut |_| ()).to_vec();
        let rows = planar(&rows, 2 * config.latent_size).concat();
        check_all(&format!("{name}: rows"), &rows, &values("stream_enc_raw").unwrap());

        let n_frames = N_SAMPLES / config.ratio();
        let decoder = decoder_of_the_original(name, &description);
        let mut decoder = Engine::new(&decoder, config.latent_size, n_frames, Precision::Float32);
        let latent = values("z").unwrap();
        let frames = (0..n_frames).flat_map(|t| latent.iter().skip(t).step_by(n_frames).copied());
        let frames: Vec<f32> = frames.collect();
        let noise = (0..).map_while(|i| values(&format!("stream_dec_noise{i}_rand_like")));
        let mut noise = noise.flatten();
        // The first architecture's noise is drawn, but not audible before phase 2.
        let mut uniform = |values: &mut [f32]| {
            values.fill_with(|| if name == "v1" { 0.5 } else { noise.next().unwrap() });
        };
        let made = decoder.process(&frames, &mut uniform).to_vec();
        check_all(&format!("{name}: sound"), &made, &values("stream_y").unwrap());
    }
}

fn shared(name: &str) -> Option<std::path::PathBuf> {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("MAQUETTE_SHARED").map_or_else(beside, Into::into);
    let folder = shared.join("rave").join(name);
    if !folder.is_dir() {
        println!("skipped: not found: {}", folder.display());
        return None;
    }
    Some(folder)
}

fn check_all(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let peak = expected.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let pairs = found.iter().zip(expected);
    let furthest = pairs.fold(0.0f32, |most, (a, b)| most.max((a - b).abs())) / peak;
    println!("{what}: {furthest:.1e} of the largest");
    assert!(f64::from(furthest) <= TOLERANCE, "{what} differs by {furthest} of its largest");
}

fn player(name: &'static str, preset: &str, settings: PlayerSettings) -> Player {
    let parameters = parameters(&Vectors::read(name));
    let config = config(preset, &[], json!({ "capacity": 4, "latent_size": 16 }));
    Player::new(&config, &parameters, settings)
}

fn played(player: &mut Player, sound: &[f32], sizes: &[usize]) -> Vec<f32> {
    let (mut out, mut at) = (vec![0.0; sound.len()], 0);
    for &size in sizes.iter().cycle() {
        let end = (at + size).min(sound.len());
        player.play(&[&sound[at..end]], &mut [&mut out[at..end]]);
        at = end;
        if at == sound.len() {
            return out;
        }
    }
    out
}

#[test]
fn what_is_played_does_not_depend_on_blocks() {
    let sound = &sound(1)[0];
    for name in ["v1", "brave", "v2_small", "v2"] {
        let randomness = Randomness::Seeded(5);
        let settings =
            PlayerSettings { noise: randomness, latent: randomness, ..Default::default() };
        let mut player = player(name, name, settings);
        let whole = played(&mut player, sound, &[2048]);
        for sizes in [&[64][..], &[128], &[8192], &[512], &[1, 700, 64, 3000, 2, 33]] {
            player.reset();
            assert_eq!(played(&mut player, sound, sizes), whole, "{name} in blocks of {sizes:?}");
        }
        // As when a host says that it never plays longer blocks.
        for max_block in [16, 128] {
            let settings = PlayerSettings { max_block, ..settings };
            let mut player = self::player(name, name, settings);
            let made = played(&mut player, sound, &[max_block]);
            assert_eq!(made, whole, "{name} for blocks of {max_block}");
        }
        let silent = PlayerSettings { noise: Randomness::Off, latent: Randomness::Off, ..settings };
        let mut player = self::player(name, name, silent);
        assert_ne!(played(&mut player, sound, &[2048]), whole, "{name} without noise");
    }
}

#[test]
fn a_spherical_latent_of_silence_is_finite() {
    let parameters = parameters(&Vectors::read("v2_spherical"));
    let config = config("v2", &["spherical"], json!({ "capacity": 4 }));
    let mut player = Player::new(&config, &parameters, PlayerSettings::default());
    let sound = [vec![0.0; 4096], sound(1)[0].clone()].concat();
    let made = played(&mut player, &sound, &[2048]);
    assert!(made.iter().all(|x| x.is_finite()));
    assert!(made.iter().any(|x| x.abs() > 0.01));
}

/// What a causal model plays is its reconstruction, later by the delay of its upsampling layers. Other encoders
/// fall out of step with whole sounds when they play, as in the original.
#[test]
fn causal_models_play_their_reconstruction_later() {
    let check = |preset: &str, switches: &[&str]| {
        let overrides = json!({ "capacity": 4, "latent_size": 16, "has_noise": false });
        let config = config(preset, switches, overrides);
        let sound: Vec<f32> = sound(1)[0].iter().copied().cycle().take(3 * N_SAMPLES).collect();
        let network = Network::new(&config);
        let parameters = network.initialise_generator(&config, 1);
        let settings = PlayerSettings { max_block: 128, ..Default::default() };
        let mut player = Player::new(&config, &parameters, settings);
        let made = played(&mut player, &sound, &[128]);
        let late = player.latency_samples() - network.delay_samples();

        let heard = network.analysed(nn::from_values(sound.clone(), [1, 1, sound.len()]));
        let encoded = network.encoded(&parameters.frozen(), &heard);
        let mean = encoded.narrow(1, 0, config.latent_size);
        let whole = network.decoded(&parameters.frozen(), mean, false, Vec::new);
        let whole = nn::values(whole.audio);
        // Once what came before the sound is out of the receptive field.
        let start = 2 * N_SAMPLES;
        check_all(preset, &made[start + late..], &whole[start..sound.len() - late]);
    };
    check("brave", &[]);
    check("v1", &["causal"]);
    check("v2_small", &["causal"]);
}

#[test]
fn decoders_are_as_late_as_the_engine_says() {
    let check = |preset: &str, switches: &[&str]| {
        let config = config(preset, switches, json!({ "capacity": 4, "latent_size": 16 }));
        let parameters = Network::new(&config).initialise_generator(&config, 0);
        let description = Description { config: &config, parameters: &parameters };
        let layers = description.decoder();
        let end = layers.iter().position(|it| matches!(it, Layer::Mirror { .. })).unwrap();
        let n_rows = config.decoder_latent_size();
        let engine = Engine::new(&layers[..end], n_rows, 1, Precision::Float32);
        let frames: usize = config.decoder_ratios().iter().product();
        let late = late_frames(&layers[..end]);
        assert_eq!(engine.delay() * frames as f64, late as f64, "{preset} {switches:?}");
    };
    for switches in [&[][..], &["causal"], &["noise"]] {
        for preset in ["v1", "brave", "v2", "v2_small", "discrete", "hybrid"] {
            check(preset, switches);
        }
    }
}

#[test]
fn encoding_and_decoding_make_what_is_played() {
    let sound = &sound(1)[0];
    let mut player = player("v2_small", "v2_small", PlayerSettings::default());
    let whole = played(&mut player, sound, &[2048]);
    player.reset();
    let mut made = vec![];
    for block in sound.chunks(300) {
        let latents = player.encode(&[block]).to_vec();
        made.extend_from_slice(player.decode(&latents));
    }
    assert_eq!(made.len(), sound.len());
    assert_eq!(made, whole);
}

/// The reported latency is where the impulse response of the whole is centred. Seeing that end to
/// end would need a network whose layers only have a middle tap, so the layers' delays are compared
/// with those measured on the original, and the filter bank's with a tone through the bank.
#[test]
fn latency_is_told() {
    let parameters = |name| parameters(&Vectors::read(name));
    let latency = |name: &'static str, preset: &str, switches: &[&str]| {
        let config = config(preset, switches, json!({ "capacity": 4, "latent_size": 16 }));
        let player = Player::new(&config, &parameters(name), PlayerSettings::default());
        let decoder = player.decoder.delay() * config.ratio() as f64;
        (decoder as usize, player.latency_samples())
    };
    // The decoder's part was measured on the original's exported models.
    assert_eq!(latency("v2", "v2", &[]).0, 12_512);
    assert_eq!(latency("v2_small", "v2_small", &[]).0, 5_024);
    assert_eq!(latency("v2_causal", "v2", &["causal"]).0, 1_696);
    assert_eq!(latency("brave", "brave", &[]).0, 112);
    // The whole adds the encoder's, and the bank's 16 samples, or 528 if causal; a bank of 40 dB is shorter.
    assert_eq!(latency("v2", "v2", &[]).1, 12_512 + 14_208 + 16);
    assert_eq!(latency("v2_causal", "v2", &["causal"]).1, 1_696 + 528);
    assert_eq!(latency("brave", "brave", &[]).1, 112 + 144);
    // If the decoder outputs sound instead of bands, the bank adds nothing: only the layers count.
    let raw = config("v2_nopqmf", &["causal"], json!({ "capacity": 4, "latent_size": 16 }));
    let player = Player::untrained(&raw, PlayerSettings::default());
    let layers = player.encoder.delay() + player.decoder.delay() * raw.ratio() as f64;
    assert_eq!(player.latency_samples(), layers as usize);
}

#[test]
fn latency_is_known_before_training() {
    for preset in
        ["v1", "v2", "v2_nopqmf", "v3", "discrete", "hybrid", "onnx", "raspberry", "brave"]
    {
        let config = config(preset, &[], json!({ "capacity": 4, "latent_size": 16 }));
        let player = Player::untrained(&config, PlayerSettings::default());
        assert_eq!(super::latency_samples(&config), player.latency_samples(), "{preset}");
    }
}

/// An encoder playing live receives the spectra it was trained on, with a delay; only the beginning is padded
/// with silence instead of mirrored.
#[test]
fn mel_spectra_are_those_of_training() {
    let config = config("hybrid", &[], json!({ "capacity": 4, "latent_size": 16 }));
    let parameters = Parameters::new();
    let layers = Description { config: &config, parameters: &parameters }.mel();
    let mut live = Engine::new(&layers, 1, BLOCK, Precision::Float32);
    let sound = &sound(1)[0];
    let blocks = sound.chunks(BLOCK).flat_map(|block| live.process(block, &mut |_| ()).to_vec());
    let frames: Vec<f32> = blocks.collect();
    let (n, n_mels, late) = (N_SAMPLES / config.mel_hop, config.n_mels, 1024 / config.mel_hop);
    assert_eq!((frames.len(), live.delay()), (n * n_mels, 1024.0));

    let params =
        nn::StftParams { n_fft: config.mel_n_fft, hop: config.mel_hop, center_reflect: true };
    let magnitudes = nn::stft_magnitude(nn::from_values(sound.clone(), [1, N_SAMPLES]), params);
    let [_, n_bins, n_windows] = magnitudes.dims();
    let (magnitudes, bands) = (nn::values(magnitudes), mel::bands(&config));
    let expected = |frame: usize, band: usize| {
        let power = |bin: usize| f64::from(magnitudes[bin * n_windows + frame]).powi(2);
        let sum: f64 =
            (0..n_bins).map(|bin| f64::from(bands[band * n_bins + bin]) * power(bin)).sum();
        sum.ln_1p() as f32
    };
    // From the first window that does not start before the beginning.
    for frame in late..n - late {
        for band in 0..n_mels {
            let (found, expected) = (frames[(frame + late) * n_mels + band], expected(frame, band));
            assert!((found - expected).abs() < 1e-5, "{frame}, {band}: {found}, not {expected}");
        }
    }
}

#[test]
fn banks_delay_by_what_is_told() {
    // A short bank joins bands less exactly.
    for (preset, switches, room) in
        [("v2", &[][..], 5e-3), ("v2", &["causal"], 5e-3), ("brave", &[], 5e-2)]
    {
        let config = config(preset, switches, json!({ "capacity": 4, "latent_size": 16 }));
        let parameters = Parameters::new();
        let description = Description { config: &config, parameters: &parameters };
        let layers = [description.analysis(), description.synthesis(false)].concat();
        let mut bank = Engine::new(&layers, 1, 4096, Precision::Float32);
        let tone: Vec<f32> = (0..4096).map(|t| (TAU * 0.0137 * t as f64).sin() as f32).collect();
        let made = bank.process(&tone, &mut |_| ()).to_vec();
        let late = bank.delay() as usize + description.bank_delay();
        for t in 2000..4000 {
            assert!((made[t] - tone[t - late]).abs() < room, "{late} samples late: {t}");
        }
    }
}
