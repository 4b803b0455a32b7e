//! `MusicGen` against the reference's logits, codes and sound, and what does not fit it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nn::{Init, NamedArray, checkpoint};

use super::pattern::Pattern;
use super::*;

/// What the reference computes with a model: `benches/words/musicgen.py`.
struct Vectors {
    name: &'static str,
    config: String,
    meta: serde_json::Value,
    arrays: BTreeMap<String, NamedArray>,
}

const NAMES: [&str; 3] = ["musicgen", "musicgen_stereo", "musicgen_melody"];

fn place(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(folder)
}

fn vectors(name: &'static str) -> Vectors {
    let file = checkpoint::read(&place("musicgen").join(format!("{name}.safetensors"))).unwrap();
    Vectors {
        name,
        config: std::fs::read_to_string(place("musicgen").join(format!("{name}.json"))).unwrap(),
        meta: serde_json::from_str(&file.metadata["meta"]).unwrap(),
        arrays: file.arrays.into_iter().map(|it| (it.name.clone(), it)).collect(),
    }
}

fn u(name: &str, n: usize) -> Vec<f64> {
    Init::named(0, name).uniform(n, 0.0, 1.0).into_iter().map(f64::from).collect()
}

/// A tensor of the reference by the formulas of `benches/words`.
fn tensor(name: &str, shape: Vec<usize>) -> NamedArray {
    let fan_in: usize = shape[1..].iter().product();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let spread = |u: f64| (2.0 * u - 1.0) * (3.0 / fan_in as f64).sqrt();
    let of_codec = name.starts_with("audio_encoder.");
    let book = || name.split("layers.").nth(1).unwrap().split('.').next().unwrap().parse();
    let value = |u: f64| match () {
        () if of_codec && ends(&["weight_g"]) => 0.8 + 0.8 * u,
        () if ends(&["norm.weight"]) => 0.8 + 0.4 * u,
        () if ends(&["weight_v"]) || name.contains(".lstm.weight_") => spread(u),
        () if name.contains(".bias") => 0.2 * u - 0.1,
        () if of_codec && ends(&["embed", "embed_avg"]) => {
            (2.0 * u - 1.0) * 0.6 * 0.5f64.powi(book().unwrap())
        }
        () if of_codec && !ends(&["conv.weight"]) => 1.0,
        () if name.contains("embed_tokens") || ends(&["shared.weight"]) => 3.0 * u - 1.5,
        () if ends(&["relative_attention_bias.weight"]) => 2.0 * u - 1.0,
        () if ends(&["SelfAttention.q.weight"]) => 0.5 * spread(u),
        () => spread(u),
    };
    let draws = u(name, shape.iter().product());
    let values = draws.into_iter().map(|u| value(u) as f32).collect();
    NamedArray { name: name.to_owned(), shape, values }
}

/// A folder as a hub has it.
fn folder(vectors: &Vectors) -> tempfile::TempDir {
    let state: Vec<(String, Vec<usize>)> =
        serde_json::from_value(vectors.meta["state"].clone()).unwrap();
    let arrays: Vec<NamedArray> =
        state.into_iter().map(|(name, shape)| tensor(&name, shape)).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("config.json"), &vectors.config).unwrap();
    checkpoint::write(&path.join("model.safetensors"), &arrays, &BTreeMap::new()).unwrap();
    let tokenizer = place("tokenizers/unigram/tokenizer.json");
    std::fs::copy(tokenizer, path.join("tokenizer.json")).unwrap();
    folder
}

fn opened(name: &'static str, precision: Precision) -> (Vectors, MusicGen) {
    let vectors = vectors(name);
    let folder = folder(&vectors);
    let model = MusicGen::open(folder.path(), precision).unwrap();
    (vectors, model)
}

/// A sound that is gone on from: `sound` of `benches/words/reference.py`.
fn sound(n_channels: usize, n: usize) -> Vec<Vec<f32>> {
    let noise = u("x", n_channels * n);
    let triangle = |n: usize| (97.0 - (4.0 * (n % 97) as f64 - 194.0).abs()) / 97.0;
    let at =
        |c: usize, t: usize| 0.25 * (2.0 * noise[c * n + t] - 1.0) + 0.5 * triangle(t * (c + 1));
    (0..n_channels).map(|c| (0..n).map(|t| at(c, t) as f32).collect()).collect()
}

/// A sound whose melody is followed: `melody` of `benches/words/musicgen.py`.
fn tune(n: usize) -> Vec<f32> {
    let at = |t: usize| {
        let period = [194, 154, 130, 242, 102][t / 6_000 % 5];
        let distance = (4.0 * (t % period) as f64 - 2.0 * period as f64).abs();
        (distance / period as f64 - 1.0) as f32
    };
    (0..n).map(at).collect()
}

fn apart(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()))
}

fn array<'a>(vectors: &'a Vectors, name: &str) -> &'a NamedArray {
    &vectors.arrays[name]
}

#[test]
fn folders_of_the_reference_are_whole() {
    for name in NAMES {
        let folder = folder(&vectors(name));
        let found = crate::hub::check(folder.path()).unwrap();
        let family = if name == "musicgen_melody" { name } else { "musicgen" };
        assert_eq!(found.family.as_deref(), Some(family));
        assert!(found.is_usable && found.unexpected.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn hidden_states_and_logits_are_those_of_the_reference() {
    for name in NAMES {
        let (vectors, model) = opened(name, Precision::Float32);
        let prompt = vectors.meta["cases"][0][1].as_str().unwrap();
        let ids = model.tokenizer.encode(prompt, TOKENS_MAX).ids;
        let hidden = apart(&model.text.run(&ids), &array(&vectors, "hidden").values);
        assert!(hidden < 1e-4, "{name}: hidden states are {hidden} apart");

        let wish = Wish { guidance: Some(1.0), ..Wish::of(prompt, 1.0, 0) };
        let (conditions, _) = model.conditions(&wish);
        let n_books = model.config.decoder.num_codebooks;
        let codes: Vec<u32> =
            u("codes", n_books * 3).into_iter().map(|u| (u * 1024.0) as u32).collect();
        let window = generation::Window { start: 0, n_given: 0, n_frames: 3 };
        let frame = |at: usize| -> Vec<f32> {
            let codes: Vec<u32> = (0..n_books).map(|book| codes[book * 3 + at]).collect();
            model.decoder.embed(&codes)
        };
        // All at once, and one after the other.
        for parts in [&[3][..], &[1, 1, 1]] {
            let (before, prompt) = model.conditioned(&conditions, &window).remove(0);
            let mut rows = [model.decoder.row(prompt, 40)];
            let mut logits = vec![];
            for (i, n) in parts.iter().enumerate() {
                let mut shown = if i == 0 { before.clone() } else { vec![] };
                shown.extend((i..i + n).flat_map(frame));
                logits = model.decoder.run(&mut rows, &[shown]);
            }
            let logits = apart(&logits, &array(&vectors, "logits").values);
            println!("{name}: hidden states {hidden:e}, logits {logits:e} apart");
            assert!(logits < 2e-4, "{name}: logits are {logits} apart");
        }
    }
}

/// Makes a case of the reference.
fn made(model: &MusicGen, case: &serde_json::Value, n_frames: usize) -> MadeSound {
    let n_given = case[3].as_u64().unwrap() as usize;
    let begin = |sound, how| Some(Begin { sound, how });
    let is_tune = model.melody.is_some();
    let wish = Wish {
        guidance: case[2].as_f64(),
        is_greedy: true,
        begin: match n_given {
            0 => None,
            n if is_tune => begin(vec![tune(n)], BeginHow::Melody),
            n => begin(sound(model.abilities.n_channels, n), BeginHow::Continue),
        },
        ..Wish::of(case[1].as_str().unwrap(), n_frames as f64 / model.config.frame_rate(), 0)
    };
    model.make(&wish, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
}

#[test]
fn codes_and_sound_are_those_of_the_reference() {
    let mut worst = 0.0f32;
    let mut n_sounds = 0;
    for name in NAMES {
        let (vectors, model) = opened(name, Precision::Float32);
        for case in vectors.meta["cases"].as_array().unwrap() {
            let case_name = case[0].as_str().unwrap();
            let expected = array(&vectors, &format!("{case_name} codes"));
            let made = made(&model, case, expected.shape[1]);
            let codes: Vec<f32> =
                made.codes.unwrap().iter().flatten().map(|code| *code as f32).collect();
            assert_eq!(codes, expected.values, "{} {case_name}", vectors.name);
            if let Some(expected) = vectors.arrays.get(&format!("{case_name} sound")) {
                assert_eq!(made.sound.len(), expected.shape[0]);
                worst = worst.max(apart(&made.sound.concat(), &expected.values));
                n_sounds += 1;
            }
        }
    }
    println!("all codes equal; sound at most {worst:e} apart");
    assert!(n_sounds == 3 && worst < 1e-3, "the sound of {n_sounds} is {worst} apart");
}

#[test]
fn melodies_are_those_of_the_reference() {
    let vectors = vectors("musicgen_melody");
    for n in [20_000, 60_000] {
        let expected = &array(&vectors, &format!("melody {n}")).values;
        let found: Vec<f32> =
            melody::melody(&tune(n), 32_000, 12).into_iter().map(|it| it as f32).collect();
        assert_eq!(&found, expected);
    }
    assert_eq!(melody::melody(&[0.0; 10], 32_000, 12), [0; 5]);
}

#[test]
fn a_seed_gives_the_same_sound_and_weights_of_8_bits_nearly() {
    let (vectors, model) = opened("musicgen", Precision::Float32);
    let make = |model: &MusicGen, wish: &Wish| {
        model.make(wish, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
    };
    let wish = |seed| Wish::of("rain on a tin roof", 0.3, seed);
    let first = make(&model, &wish(1));
    assert_eq!(first, make(&model, &wish(1)));
    assert_ne!(first.codes, make(&model, &wish(2)).codes);
    assert_eq!(first.sound[0].len(), 15 * 640);
    assert!(first.sound[0].iter().all(|x| x.is_finite()));

    let (_, small) = opened("musicgen", Precision::Int8);
    let case = &vectors.meta["cases"][0];
    let expected = &array(&vectors, "guided codes").values;
    let codes = made(&small, case, expected.len() / 4).codes.unwrap();
    let pairs = codes.iter().flatten().zip(expected);
    let n_equal = pairs.filter(|(a, b)| **a as f32 == **b).count();
    println!("with 8 bits {n_equal} of {} codes are equal", expected.len());
    // Random weights are the hardest case: what follows a code that differs differs, too.
    assert!(small.weight_bytes() < model.weight_bytes());
    assert!(n_equal > expected.len() / 10);
}

#[test]
fn it_can_be_ended_within_a_step_and_says_how_far_it_is() {
    let (_, model) = opened("musicgen", Precision::Float32);
    let wish = Wish::of("rain", 0.2, 1);
    let mut steps = vec![];
    let made = model.make(&wish, &mut |step| {
        steps.push(step);
        if step.done == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(made.unwrap(), None);
    let of = Pattern::n_steps(10, 0, 4);
    assert_eq!(steps, (0..=5).map(|done| Step { done, of }).collect::<Vec<_>>());
}

#[test]
fn it_can_be_ended_while_the_codec_works() {
    let (_, model) = opened("musicgen", Precision::Float32);
    let begin = Begin { sound: sound(1, 3_500), how: BeginHow::Continue };
    let wish = Wish { begin: Some(begin), ..Wish::of("rain", 0.3, 1) };
    let mut steps = vec![];
    let whole = model.make(&wish, &mut |step| {
        steps.push((step.done, step.of));
        ControlFlow::Continue(())
    });
    assert!(whole.unwrap().is_some());
    let of = Pattern::n_steps(15, 6, 4);
    // Before the first step the sound becomes codes, and after the last one codes become sound.
    assert_eq!((steps[0], steps[1], steps[steps.len() - 1]), ((0, of), (0, of), (of, of)));
    for end in [0, steps.len() - 1] {
        let mut n = 0;
        let made = model.make(&wish, &mut |_| {
            n += 1;
            if n > end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(made.unwrap(), None);
    }
}

#[test]
fn a_sound_longer_than_the_network_sees_is_one() {
    for name in ["musicgen", "musicgen_melody"] {
        let (_, model) = opened(name, Precision::Float32);
        let make = |secs: f64| {
            let begin = Begin { sound: vec![tune(100_000)], how: BeginHow::Melody };
            let begin = model.melody.is_some().then_some(begin);
            let wish = Wish { is_greedy: true, begin, ..Wish::of("rain", secs, 1) };
            let mut steps = vec![];
            let made = model.make(&wish, &mut |step| {
                steps.push(step.done);
                ControlFlow::Continue(())
            });
            assert!(steps.is_sorted());
            made.unwrap().unwrap()
        };
        let (short, long) = (make(29.0), make(48.5));
        assert_eq!(long.sound[0].len(), 48 * 32_000 + 16_000);
        assert!(long.sound[0].iter().all(|x| x.is_finite()));
        let (short, long) = (short.codes.unwrap(), long.codes.unwrap());
        for (short, long) in short.iter().zip(&long) {
            assert_eq!(long.len(), 48 * 50 + 25);
            // The first window is what it is alone; the next ones go on where it ended, and have no code twice.
            assert_eq!(&long[..1_400], &short[..1_400]);
            assert!(long.iter().all(|code| (0..1024).contains(code)));
        }
        // What follows is written by the network: the same frames given as codes are gone on from in the same way.
        let windows = generation::windows(0, 2_425, 50.0);
        assert_eq!(windows.len(), 3);
        let wish = Wish { is_greedy: true, ..Wish::of("rain", 48.5, 1) };
        if name == "musicgen" {
            let frames: Vec<Vec<u32>> = (0..1_500)
                .map(|frame| long.iter().map(|book| book[frame] as u32).collect())
                .collect();
            let (conditions, _) = model.conditions(&wish);
            let rest = model.write(frames, 2_425, &conditions, &mut Choice::greedy(), &mut |_| {
                ControlFlow::Continue(())
            });
            let rest: Vec<i64> = rest.unwrap().iter().map(|codes| i64::from(codes[0])).collect();
            assert_eq!(rest, long[0]);
        }
    }
}

#[test]
fn prompts_are_mixed_cut_and_led_away_from() {
    let (_, model) = opened("musicgen", Precision::Float32);
    let make = |wish: &Wish| model.make(wish, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    let plain = Wish { is_greedy: true, ..Wish::of("rain", 0.3, 1) };
    let codes = |wish: &Wish| make(wish).codes.unwrap();
    let mut mixed = plain.clone();
    mixed.prompts.push(crate::words::Prompt { text: "piano".to_owned(), weight: 1.0 });
    let only = |text: &str| Wish { is_greedy: true, ..Wish::of(text, 0.3, 1) };
    assert_ne!(codes(&mixed), codes(&plain));
    assert_ne!(codes(&mixed), codes(&only("piano")));
    // A prompt mixed with itself is that prompt.
    mixed.prompts[1].text = "rain".to_owned();
    assert_eq!(codes(&mixed), codes(&plain));

    let negative = Wish { negative: Some("piano".to_owned()), ..plain.clone() };
    assert_ne!(codes(&negative), codes(&plain));
    let unguided = Wish { guidance: Some(1.0), ..negative };
    assert!(make(&unguided).notes[0].contains("does nothing"));

    let long = Wish::of(&"🎹 שיר piano ".repeat(10_000), 0.1, 1);
    let notes = make(&long).notes;
    assert!(notes.len() == 1 && notes[0].contains("256 tokens"), "{notes:?}");
    assert!(make(&Wish::of("", 0.1, 1)).notes.is_empty());
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    let (_, model) = opened("musicgen", Precision::Float32);
    let check = |wish: Wish, expected: &str| {
        let made = model.make(&wish, &mut |_| ControlFlow::Break(()));
        let said = made.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    };
    let begin = |sound, how| Some(Begin { sound, how });
    let continued = begin(sound(1, 3_500), BeginHow::Continue);
    check(Wish { begin: continued, ..Wish::of("rain", 0.12, 1) }, "ask for more");
    let tune = begin(vec![tune(10)], BeginHow::Melody);
    check(Wish { begin: tune, ..Wish::of("rain", 1.0, 1) }, "follow a melody");
    check(Wish { noise: Some(vec![]), ..Wish::of("rain", 1.0, 1) }, "no noise");
}

#[test]
fn memory_of_weights_is_forecast_from_settings_alone() {
    for name in NAMES {
        let folder = folder(&vectors(name));
        for precision in [Precision::Float32, Precision::Int8] {
            let model = MusicGen::open(folder.path(), precision).unwrap();
            let wish = |secs: f64| Wish::of("rain", secs, 1);
            let effort =
                |secs: f64| crate::hub::effort(folder.path(), &wish(secs), precision).unwrap();
            let share = effort(1.0).weight_bytes as f64 / model.weight_bytes() as f64;
            assert!((0.8..1.25).contains(&share), "{name}, {precision:?}: {share}");
            assert_eq!(effort(2.0).sound_bytes, model.sound_bytes(&wish(2.0)));
            let [short, long] = [1.0, 2.0].map(|secs| effort(secs).work);
            assert!((long.streamed / short.streamed - 2.0).abs() < 0.1);
            assert!(long.remembered > 2.0 * short.remembered && long.codec > 1.9 * short.codec);
        }
    }
}

#[test]
fn configurations_that_lie_are_refused() {
    let whole: serde_json::Value = serde_json::from_str(&vectors("musicgen").config).unwrap();
    let check = |part: &str, field: &str, value: serde_json::Value, expected: &str| {
        let mut config = whole.clone();
        config[part][field] = value;
        let said = MusicGenConfig::parse(&config).unwrap_err();
        assert!(said.contains(expected), "{part} {field}: {said}");
    };
    check("text_encoder", "d_model", 0.into(), "in text_encoder: d_model is 0");
    check("text_encoder", "model_type", "umt5".into(), "“umt5”");
    check("audio_encoder", "audio_channels", 2.into(), "codec");
    check("audio_encoder", "target_bandwidths", serde_json::json!([0.5]), "books");
    check("decoder", "num_attention_heads", 5.into(), "whole number of heads");
    check("decoder", "num_attention_heads", 0.into(), "num_attention_heads is 0");
    check("decoder", "hidden_size", (1u64 << 40).into(), "hidden_size is");
    check("decoder", "num_codebooks", 5.into(), "5 books a channel");
    check("decoder", "vocab_size", 4096.into(), "4096 codes");
    check("decoder", "pad_token_id", 5000.into(), "pad_token_id is 5000");
    check("decoder", "activation_function", "magic".into(), "magic");
}
