//! Exported files play what the model plays, for every configuration.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::rave::stream::{PlayerSettings, Randomness};
use crate::rave::{Config, LatentSpace, resolve};

/// Block size, in samples.
const BLOCK: usize = 2048;

/// A small model of a configuration, `preset+switch+switch`, with a latent space and code books.
fn model(named: &str, overrides: Value) -> Model {
    let mut names = named.split('+');
    let preset = names.next().unwrap();
    let switches: Vec<String> = names.map(str::to_owned).collect();
    let Value::Object(overrides) = overrides else { unreachable!("settings are an object") };
    let overrides: BTreeMap<String, Value> = overrides.into_iter().collect();
    let settings = resolve(preset, &switches, &overrides).unwrap().settings;
    let model = Model::untrained(&Config::from_settings(&settings).unwrap(), 3).with_used_codes();
    let size = model.config().latent_size;
    let noise = nn::Init::new(5).normal(1 << 16);
    let rows = vec![&noise[..]; model.config().channels];
    let latents = model.plain_latents(&rows);
    let space = LatentSpace::measured(&latents, size).filter(|_| model.has_order());
    model.with_space(space)
}

fn small(overrides: &Value) -> Value {
    let mut all = json!({ "capacity": 4 });
    for (key, value) in overrides.as_object().unwrap() {
        all[key] = value.clone();
    }
    all
}

fn settings(is_streaming: bool) -> ExportSettings {
    ExportSettings::new(is_streaming)
}

/// Writes a module, queries it as nn~ does, and compares it with the model.
fn check_module(named: &str, overrides: &Value, settings: ExportSettings) -> Verified {
    let model = model(named, small(overrides));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ts");
    model.write_torch_script(settings, None, &path).unwrap();
    let mut played = PlayedModule::open(&path).unwrap();
    assert_eq!(played.ask().unwrap(), [3, 6]);
    let found = model.verify(settings, &mut played, BLOCK, |_| true).unwrap().unwrap();
    println!("{named} {settings:?}: {found:?}");
    assert!(found.is_good(), "{named} {settings:?}: {found:?}");
    found
}

/// Writes graphs and compares them with the model.
fn check_graphs(named: &str, overrides: &Value, settings: ExportSettings) {
    let model = model(named, small(overrides));
    let folder = tempfile::tempdir().unwrap();
    let path_of = |part: OnnxPart| folder.path().join(format!("model{}", part.ending()));
    for part in OnnxPart::ALL {
        model.write_onnx(settings, part, &path_of(part)).unwrap();
    }
    let mut played = PlayedGraphs::open(path_of).unwrap();
    assert_eq!(played.n_states() > 0, settings.is_streaming, "{named}");
    let found = model.verify(settings, &mut played, BLOCK, |_| true).unwrap().unwrap();
    println!("{named} {settings:?}: {found:?}");
    // The same numbers go through the same operations: only noise is missing.
    assert!(found.is_good(), "{named} {settings:?}: {found:?}");
}

const NAMED: [&str; 19] = [
    "v1",
    "v1+causal",
    "brave",
    "v2",
    "v2+causal",
    "v2+noise",
    "v2+adain",
    "v2+snake",
    "v2+wasserstein",
    "v2+spherical",
    "v2_small",
    "v2_nopqmf",
    "v3",
    "discrete",
    "discrete_v3",
    "hybrid",
    "hybrid+causal",
    "onnx",
    "raspberry",
];
const NAMED_WHOLE: [&str; 9] =
    ["v1", "brave", "v2+noise", "v2_small", "v2_nopqmf", "v3", "discrete", "hybrid", "raspberry"];

#[test]
fn modules_play_block_by_block() {
    for named in NAMED {
        check_module(named, &json!({}), settings(true));
    }
    check_module("v2_small", &json!({ "channels": 2 }), settings(true));
    check_module("v2_small", &json!({ "gru_layers": 2 }), settings(true));
}

#[test]
fn modules_play_whole_sounds() {
    for named in NAMED_WHOLE {
        check_module(named, &json!({}), settings(false));
    }
}

#[test]
fn graphs_play_block_by_block() {
    for named in NAMED {
        check_graphs(named, &json!({}), settings(true));
    }
    check_graphs("v2_small", &json!({ "channels": 2 }), settings(true));
    check_graphs("v2_small", &json!({ "gru_layers": 2 }), settings(true));
    let both = ExportSettings { n_parallel: 2, rate_multiple: 2, ..settings(true) };
    check_graphs("discrete", &json!({}), both);
    check_graphs("v2_small", &json!({}), ExportSettings { n_latents: Some(4), ..both });
}

#[test]
fn graphs_play_whole_sounds() {
    for named in NAMED_WHOLE {
        check_graphs(named, &json!({}), settings(false));
    }
    check_graphs("v2_small", &json!({ "gru_layers": 1 }), settings(false));
}

#[test]
fn players_get_the_latents_channels_and_rate_they_want() {
    let few = ExportSettings { n_latents: Some(4), ..settings(true) };
    check_module("v2_small", &json!({}), few);
    check_module("v2_small", &json!({}), ExportSettings { n_parallel: 2, ..few });
    check_module("v2_small", &json!({}), ExportSettings { is_streaming: false, ..few });
    for rate_multiple in [2, 3] {
        check_module("v2_small", &json!({}), ExportSettings { rate_multiple, ..settings(true) });
    }
    let both = ExportSettings { n_parallel: 2, rate_multiple: 2, ..settings(true) };
    check_module("discrete", &json!({}), both);
}

/// The RAVE VST sends one channel to every module.
#[test]
fn one_channel_is_heard_on_both() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ts");
    let stereo = model("v2_small", small(&json!({ "channels": 2 })));
    let double = ExportSettings { n_parallel: 2, ..settings(true) };
    let mono = model("v2_small", small(&json!({})));
    for (model, settings) in [(stereo, settings(true)), (mono, double)] {
        model.write_torch_script(settings, None, &path).unwrap();
        let mut played = PlayedModule::open(&path).unwrap();
        let x = nn::Init::new(1).uniform(BLOCK, -0.5, 0.5);
        let one = played.encode(&x, 1).unwrap();
        played.reset().unwrap();
        assert_eq!(played.encode(&[&x[..], &x].concat(), 2).unwrap(), one);
        assert!(played.encode(&[&x[..], &x, &x].concat(), 3).is_err());
    }
}

/// The RAVE VST fills in the missing latents, differently for each side.
#[test]
fn missing_latents_may_be_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ts");
    let model = model("v2_small", small(&json!({})));
    let few = ExportSettings { n_latents: Some(4), ..settings(true) };
    model.write_torch_script(few, None, &path).unwrap();
    let mut played = PlayedModule::open(&path).unwrap();
    let (full, n) = (model.config().latent_size, 4);
    let mut decode = |values: Vec<f32>, rows: usize| {
        played.reset().unwrap();
        played.decode(&Shown { rows, values }).unwrap().values
    };
    let z = nn::Init::new(1).uniform(4 * n, -1.0, 1.0);
    let plain = decode(z.clone(), 4);
    // With zeros in their place, the output equals that of a module whose noise is off.
    let silent = decode([&z[..], &vec![0.0; (full - 4) * n]].concat(), full);
    let far = silent.iter().zip(&plain).fold(0.0f32, |far, (a, b)| far.max((a - b).abs()));
    assert!(far < 1e-6, "{far}");
    // Two sounds with different latents play as each would alone.
    let sides = [2, 3].map(|seed| {
        let sent = nn::Init::new(seed).uniform((full - 4) * n, -1.0, 1.0);
        [&z[..], &sent].concat()
    });
    let alone = sides.clone().map(|side| decode(side, full));
    assert_ne!(alone[0], alone[1]);
    played.reset().unwrap();
    let both = played.player.call("decode", &sides.concat(), [2, full, n]).unwrap();
    assert_eq!(both.shape, [2, 1, n * model.config().ratio()]);
    let far = both.values.iter().zip(alone.concat()).map(|(a, b)| (a - b).abs());
    assert!(far.clone().all(f32::is_finite) && far.fold(0.0, f32::max) < 1e-6);
}

/// A model of phase 1 has its noise, except in the first architecture, where it joins in phase 2.
#[test]
fn noise_is_heard_live_and_elsewhere_as_it_is_in_training() {
    let folder = tempfile::tempdir().unwrap();
    let (weights, path) = (folder.path().join("weights"), folder.path().join("model.ts"));
    for (named, is_heard) in [("v2_small", true), ("sketch", true), ("v1", false)] {
        let config = model(named, small(&json!({ "has_noise": true }))).config().clone();
        crate::rave::Trainer::new(&config, 1).save(&weights).unwrap();
        let model = Model::load(&weights).unwrap();
        let z = nn::Init::new(1).uniform(config.latent_size * 4, -1.0, 1.0);
        let live = |noise: Randomness| {
            let max_block = 4 * config.ratio();
            let play = PlayerSettings { noise, max_block, ..PlayerSettings::default() };
            model.live(play).decode(&z).to_vec()
        };
        assert_eq!(
            live(Randomness::Seeded(1)) != live(Randomness::Seeded(2)),
            is_heard,
            "{named} live"
        );
        model.write_torch_script(settings(true), None, &path).unwrap();
        let mut played = PlayedModule::open(&path).unwrap();
        played.player.set("noise", true).unwrap();
        let mut again = || {
            played.reset().unwrap();
            played.decode(&Shown { rows: config.latent_size, values: z.clone() }).unwrap()
        };
        assert_eq!(again() != again(), is_heard, "{named} as a module");
    }
}

/// Spectra with windows other than the published one, in parallel, at another rate, and whole.
#[test]
fn mel_spectra_of_any_window_leave() {
    let odd =
        json!({ "mel_n_fft": 1000, "mel_hop": 64, "ratios": [4, 2], "decoder_ratios": [8, 4] });
    let wide =
        json!({ "mel_n_fft": 512, "mel_hop": 1024, "ratios": [2], "decoder_ratios": [8, 8, 2] });
    let both = ExportSettings { n_parallel: 2, rate_multiple: 2, ..settings(true) };
    for overrides in [odd, wide, json!({ "channels": 2 })] {
        let is_mono = overrides.get("channels").is_none();
        for settings in [settings(true), settings(false), both] {
            if is_mono || settings.n_parallel == 1 {
                check_module("hybrid", &overrides, settings);
                check_graphs("hybrid", &overrides, settings);
            }
        }
    }
}

/// More bands than any preset has: the filter bank stays a convolution.
#[test]
fn large_filter_banks_leave() {
    let overrides = json!({ "n_band": 32, "ratios": [4, 2, 2] });
    check_module("v2_small", &overrides, settings(true));
    check_graphs("v2_small", &overrides, settings(true));
}

/// The rate conversion passes sound unchanged, with the stated delay.
#[test]
fn a_change_of_rate_there_and_back_is_a_delay() {
    let model = model("v2_small", small(&json!({})));
    for rate_multiple in [2, 3, 4] {
        let exported = model.exported(ExportSettings { rate_multiple, ..settings(true) });
        let layers = [exported.slower(), exported.faster()].concat();
        let n = 4096 / rate_multiple * rate_multiple;
        let precision = nn::stream::Precision::Float32;
        let mut engine = nn::stream::Engine::new(&layers, 1, n, precision);
        let tone = |i: usize| (i as f32 * 0.15 / rate_multiple as f32).sin();
        let sound: Vec<f32> = (0..n).map(tone).collect();
        let made = engine.process(&sound, &mut |_| ()).to_vec();
        let late = exported.rate_delay();
        for (i, y) in made.iter().enumerate().skip(2 * late) {
            assert!((y - tone(i - late)).abs() < 2e-3, "{rate_multiple}: {i}");
        }
    }
}

#[test]
fn a_module_of_another_model_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ts");
    let right = model("v2_small", small(&json!({})));
    let wrong = Model::untrained(right.config(), 4).with_space(right.space().cloned());
    wrong.write_torch_script(settings(true), None, &path).unwrap();
    let mut played = PlayedModule::open(&path).unwrap();
    let found = right.verify(settings(true), &mut played, BLOCK, |_| true).unwrap().unwrap();
    assert!(!found.is_good() && found.difference() > 0.1, "{found:?}");
    assert_eq!(right.verify(settings(true), &mut played, BLOCK, |_| false).unwrap(), None);
}
