//! What an instrument plays: the model, the sources, and blocks of any size.

use std::collections::BTreeMap;

use api::{Way, control_number};
use models::{Finished, Prior as _};
use serde_json::json;

use super::*;

/// A small model with random weights; `seed` gives others of the same shape.
pub(crate) fn small_model(seed: u64, settings: &[(&str, serde_json::Value)]) -> Box<dyn Finished> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let mut all: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for (key, value) in
        [("capacity", json!(4)), ("latent_size", json!(8)), ("batch_size", json!(1))]
    {
        all.insert(key.into(), value);
    }
    all.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    let family = models::family("rave").unwrap();
    let composed = family.compose("v2_small", &[], &all).unwrap();
    let settings = family.settings(&json!(composed.settings)).unwrap();
    settings.trainer(seed).save(&path).unwrap();
    models::open(&path).unwrap()
}

fn instrument(models: &[&dyn Finished]) -> Instrument {
    let settings = InstrumentSettings { seed: 3, ..Default::default() };
    Instrument::new(models, models[0].as_codec().unwrap().shape().rate_hz, &settings).unwrap()
}

fn tone(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.031).sin() * 0.4).collect()
}

/// Something that is done before a sample.
type Act<'a> = (usize, &'a dyn Fn(&mut Instrument));

/// Plays a sound in blocks; `act` is called before the sample that it names.
fn played(instrument: &mut Instrument, input: &[f32], block: usize, acts: &[Act<'_>]) -> Vec<f32> {
    let (mut out, mut at) = (vec![], 0);
    while at < input.len() {
        acts.iter().filter(|(when, _)| *when == at).for_each(|(_, act)| act(instrument));
        let next = acts.iter().map(|(when, _)| *when).filter(|when| *when > at).min();
        let end = (at + block).min(input.len()).min(next.unwrap_or(usize::MAX));
        let mut made = vec![vec![0.0; end - at]; instrument.n_channels()];
        instrument.play(&[&input[at..end]], &mut made);
        out.extend_from_slice(&made[0]);
        at = end;
    }
    out
}

fn set(instrument: &mut Instrument, key: &str, value: f32) {
    instrument.set(control_number(key).unwrap(), value);
}

#[test]
fn by_itself_it_is_the_model_that_plays_live() {
    let model = small_model(0, &[]);
    let mut instrument = instrument(&[model.as_ref()]);
    set(&mut instrument, "mic", 1.0);
    instrument.settle();
    let input = tone(9_000);
    let out = played(&mut instrument, &input, 1_000, &[]);
    let settings = PlayerSettings { noise: Randomness::Seeded(3), ..Default::default() };
    let mut player = model.as_codec().unwrap().live(settings);
    let mut expected = vec![];
    for block in input.chunks(1_024) {
        let frames = player.encode(&[block]).to_vec();
        for frame in frames.chunks(8) {
            expected.extend_from_slice(player.decode(frame));
        }
    }
    let late = instrument.latency_samples() - player.latency_samples();
    let peak = expected.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let worst = out[late..].iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(late > 0 && peak > 0.0 && worst < 1e-4 * peak, "{worst} of {peak}");
}

#[test]
fn the_input_alone_is_as_late_as_it_says() {
    let model = small_model(0, &[]);
    for transpose in [0.0, 5.0] {
        let mut instrument = instrument(&[model.as_ref()]);
        for (key, value) in [("mic", 1.0), ("wet", 0.0), ("transpose", transpose)] {
            set(&mut instrument, key, value);
        }
        instrument.settle();
        let input = tone(20_000);
        let out = played(&mut instrument, &input, 512, &[]);
        let late = instrument.latency_samples();
        assert!(out[..late].iter().all(|x| *x == 0.0));
        assert!(out[late..] == input[..20_000 - late], "by {transpose}");
    }
}

#[test]
fn blocks_of_any_size_give_the_same_samples() {
    let (first, second) = (small_model(0, &[]), small_model(1, &[]));
    let other = small_model(2, &[("ratios", json!([2, 2, 2, 2]))]);
    let points = vec![vec![1.0, -1.0], vec![0.0, 2.0, 1.0], vec![-1.0]];
    let at_start = |instrument: &mut Instrument| {
        for (key, value) in [
            ("mic", 1.0),
            ("wet", 0.7),
            ("follow", 0.5),
            ("transpose", 3.0),
            ("path", 0.5),
            ("walk", 0.3),
            ("manual", 0.2),
            ("z2.value", 1.5),
            ("z1.bias", 0.4),
            ("z3.scale", 0.5),
            ("noise", 0.1),
            ("rest", 0.2),
            ("smoothing", 0.05),
            ("path_speed", -2.0),
            ("gain", 6.0),
        ] {
            set(instrument, key, value);
        }
        let path = Path::new(&points, Way::Sphere, true, 0.03, 8).unwrap();
        instrument.set_path(Some(Box::new(path)));
    };
    // Others come in, the first one leaves, what comes in is not needed for a while.
    let in_between = |instrument: &mut Instrument| {
        set(instrument, "model_2", 0.5);
        set(instrument, "model_3", 0.8);
        set(instrument, "share_latents", 1.0);
        set(instrument, "encoder", 0.0);
    };
    let later = |instrument: &mut Instrument| {
        set(instrument, "model_1", 0.0);
        set(instrument, "transpose", 0.0);
        set(instrument, "encoder", 1.0);
        set(instrument, "share_latents", 0.0);
    };
    let at_last = |instrument: &mut Instrument| {
        set(instrument, "model_1", 1.0);
        set(instrument, "model_2", 0.0);
        set(instrument, "hold", 1.0);
    };
    let input = tone(30_000);
    let play = |block: usize| {
        let models = [first.as_ref(), second.as_ref(), other.as_ref()];
        let mut instrument = instrument(&models);
        let acts: [Act<'_>; 4] =
            [(0, &at_start), (5_003, &in_between), (13_337, &later), (21_001, &at_last)];
        played(&mut instrument, &input, block, &acts)
    };
    let expected = play(2_048);
    assert!(expected.iter().any(|x| x.abs() > 1e-3) && expected.iter().all(|x| x.abs() <= 0.977));
    for block in [1, 64, 441, 5_000] {
        let out = play(block);
        let differing = out.iter().zip(&expected).position(|(a, b)| (a - b).abs() > 1e-6);
        assert_eq!(differing, None, "blocks of {block}");
    }
}

#[test]
fn latents_go_where_sources_say() {
    let model = small_model(0, &[]);
    let mut instrument = instrument(&[model.as_ref()]);
    set(&mut instrument, "encoder", 0.0);
    set(&mut instrument, "path", 1.0);
    let path = Path::new(&[vec![2.0, -1.0], vec![0.0, 3.0]], Way::Linear, false, 0.2, 8).unwrap();
    instrument.set_path(Some(Box::new(path)));
    instrument.settle();
    let silence = vec![0.0; 44_100];
    played(&mut instrument, &silence[..512], 512, &[]);
    assert_eq!(instrument.place()[..3], [2.0, -1.0, 0.0]);
    set(&mut instrument, "path_loop", 0.0);
    played(&mut instrument, &silence, 512, &[]);
    assert_eq!(instrument.place()[..2], [0.0, 3.0]);
    assert_eq!(instrument.path_secs(), 0.2);
    // Pad and sliders take over.
    set(&mut instrument, "path", 0.0);
    set(&mut instrument, "manual", 1.0);
    instrument.set_point([0.5, 0.25].into_iter());
    played(&mut instrument, &silence, 512, &[]);
    assert_eq!(instrument.place()[..3], [0.5, 0.25, 0.0]);
    set(&mut instrument, "hold", 1.0);
    instrument.set_point([3.0].into_iter());
    played(&mut instrument, &silence[..4_096], 512, &[]);
    assert_eq!(instrument.place()[0], 0.5);
}

#[test]
fn a_move_of_a_gain_makes_no_click() {
    let model = small_model(0, &[]);
    let mut instrument = instrument(&[model.as_ref()]);
    for (key, value) in [("mic", 1.0), ("wet", 0.0), ("gain", -12.0)] {
        set(&mut instrument, key, value);
    }
    instrument.settle();
    let input = tone(30_000);
    let louder = |instrument: &mut Instrument| set(instrument, "gain", 0.0);
    let off = |instrument: &mut Instrument| set(instrument, "mic", 0.0);
    let out = played(&mut instrument, &input, 512, &[(9_000, &louder), (14_000, &off)]);
    let step = |sound: &[f32]| sound.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(step(&out) < step(&input) * 1.3, "{} against {}", step(&out), step(&input));
    assert!(out[28_000..].iter().all(|x| x.abs() < 1e-4));
}

#[test]
fn models_that_do_not_fit_are_refused_in_words() {
    let mono = small_model(0, &[]);
    let slow = small_model(0, &[("sampling_rate", json!(22_050))]);
    let settings = InstrumentSettings::default();
    let refused =
        |models: &[&dyn Finished]| Instrument::new(models, 44_100, &settings).err().unwrap();
    assert!(refused(&[mono.as_ref(), slow.as_ref()]).0.contains("22050 Hz"));
    assert_eq!(refused(&[]).0, "No model was named.");
}

#[test]
fn invalid_samples_are_not_heard() {
    let model = small_model(0, &[]);
    let mut instrument = instrument(&[model.as_ref()]);
    set(&mut instrument, "mic", 1.0);
    let mut input = tone(8_192);
    input[100] = f32::NAN;
    input[200] = f32::INFINITY;
    let out = played(&mut instrument, &input, 512, &[]);
    assert!(out.iter().all(|x| x.is_finite()));
    instrument.reset();
    let again = played(&mut instrument, &tone(8_192), 512, &[]);
    let mut fresh = super::tests::instrument(&[model.as_ref()]);
    set(&mut fresh, "mic", 1.0);
    fresh.settle();
    assert!(again == played(&mut fresh, &tone(8_192), 512, &[]), "it plays as a new one does");
}

#[test]
fn an_instrument_with_the_players_of_another_sounds_as_a_new_one() {
    let (first, second) = (small_model(0, &[]), small_model(1, &[]));
    let models = [first.as_ref(), second.as_ref()];
    for draws_latents in [false, true] {
        let settings = |seed| InstrumentSettings { seed, draws_latents, ..Default::default() };
        let heard = |mut instrument: Instrument| {
            set(&mut instrument, "mic", 1.0);
            set(&mut instrument, "model_2", 0.5);
            instrument.settle();
            (played(&mut instrument, &tone(9_000), 700, &[]), instrument.into_players())
        };
        let (_, players) = heard(Instrument::new(&models, 44_100, &settings(3)).unwrap());
        let again = Instrument::with_players(Some(players), &models, 44_100, &settings(4));
        let fresh = Instrument::new(&models, 44_100, &settings(4)).unwrap();
        assert!(heard(again.unwrap()).0 == heard(fresh).0, "latents drawn: {draws_latents}");
    }
}

/// A prior that remembers nothing: each latent is as often as it was asked.
struct Counting(f32);

impl LivePrior for Counting {
    fn reset(&mut self, seed: u64) {
        self.0 = seed as f32;
    }
    fn set_temperature(&mut self, _temperature: f32) {}
    fn hear(&mut self, _frame: &[f32]) {}
    fn next(&mut self, frame: &mut [f32]) {
        self.0 += 0.01;
        frame.fill(self.0.sin());
    }
}

#[test]
fn playing_neither_takes_nor_gives_back_memory() {
    let (first, second) = (small_model(0, &[]), small_model(1, &[]));
    let mut instrument = instrument(&[first.as_ref(), second.as_ref()]);
    let sound = LoadedSound { name: "tone".into(), channels: vec![tone(9_000)] };
    instrument.load(Some(Box::new(sound)));
    let path = Path::new(&[vec![1.0], vec![0.0, 2.0]], Way::Sphere, true, 0.1, 8).unwrap();
    instrument.set_path(Some(Box::new(path)));
    instrument.set_prior(Some(Box::new(Counting(0.0))));
    let input = tone(5_000);
    let mut output = vec![vec![0.0; 5_000]];
    let moves = [
        ("mic", 1.0),
        ("file", 1.0),
        ("path", 0.3),
        ("prior", 0.3),
        ("walk", 0.3),
        ("manual", 0.3),
        ("model_2", 0.5),
        ("transpose", 4.0),
        ("follow", 1.0),
        ("noise", 0.1),
        ("rest", 0.1),
        ("smoothing", 0.1),
        ("share_latents", 1.0),
        ("encoder", 0.0),
        ("model_1", 0.0),
        ("model_1", 1.0),
        ("transpose", 0.0),
        ("encoder", 1.0),
        ("model_2", 0.0),
    ];
    instrument.play(&[&input], &mut output);
    let n = crate::allocations::during(|| {
        for (key, value) in moves {
            set(&mut instrument, key, value);
            instrument.play(&[&input], &mut output);
        }
        instrument.set_point([0.5, -0.5].into_iter());
        instrument.sound().seek(0.05);
        instrument.reseed(8);
        instrument.play(&[], &mut output);
    });
    assert_eq!(n, 0, "calls of the allocator");
    assert!(output[0].iter().all(|x| x.is_finite()));
}

#[test]
fn a_prior_neither_takes_nor_gives_back_memory_as_it_plays() {
    for distribution in ["mixture", "quantised"] {
        let settings = serde_json::json!({
            "distribution": distribution, "res_size": 16, "skp_size": 16, "n_layers": 4, "latent_size": 4,
        });
        let config = models::prior::config::Config::from_settings(&settings).unwrap();
        let prior = models::prior::Model::untrained(&config);
        let mut live = prior.live(models::PriorSettings { seed: 1, temperature: 1.0 });
        let mut frame = vec![0.0; prior.space().mean.len()];
        live.next(&mut frame);
        let n = crate::allocations::during(|| {
            for i in 0..40 {
                live.set_temperature(0.5 + 0.1 * i as f32);
                live.next(&mut frame);
                live.hear(&frame);
            }
            live.reset(2);
            live.next(&mut frame);
        });
        assert_eq!(n, 0, "calls of the allocator: {distribution}");
        assert!(frame.iter().all(|x| x.is_finite()), "{distribution}");
    }
}
