//! Both layouts against what their own programs compute, and what does not fit them.

use std::collections::BTreeMap;
use std::path::Path;

use nn::{Init, NamedArray, checkpoint};
use serde_json::Value;

use super::*;
use crate::words::Prompt;

const NAMES: [&str; 2] = ["folders", "single"];

/// What the reference computes, and the formulas of its weights and noise: `benches/words/stable_audio.py`.
struct Vectors {
    config: Value,
    meta: Value,
    arrays: BTreeMap<String, NamedArray>,
}

fn vectors(name: &str) -> Vectors {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/stable_audio");
    let file = checkpoint::read(&folder.join(format!("{name}.safetensors"))).unwrap();
    let config = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    Vectors {
        config: serde_json::from_str(&config).unwrap(),
        meta: serde_json::from_str(&file.metadata["meta"]).unwrap(),
        arrays: file.arrays.into_iter().map(|it| (it.name.clone(), it)).collect(),
    }
}

pub(crate) fn u(name: &str, n: usize) -> Vec<f64> {
    Init::named(0, name).uniform(n, 0.0, 1.0).into_iter().map(f64::from).collect()
}

/// The values of a tensor, by the end of its name.
fn values(name: &str, shape: &[usize]) -> Vec<f32> {
    let fan_in: usize = shape.iter().skip(1).product();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let spread = |u: f64, of: f64| (2.0 * u - 1.0) * (of / fan_in as f64).sqrt();
    let value = |u: f64| match () {
        () if ends(&["q_norm.gamma", "k_norm.gamma"]) => 2.0 + u,
        () if ends(&["new_tokens"]) => 0.1 * u,
        () if ends(&["layers.3.mapping.weight_g"]) => 0.1 + 0.2 * u,
        () if ends(&["transformer.proj_out.weight", "project_out.weight"]) => spread(u, 0.1),
        () if ends(&["to_out.weight"]) => spread(u, 27.0),
        () if ends(&["weight_g", "gamma", "scale", "scaling_factor", "running_std"]) => {
            0.8 + 0.4 * u
        }
        () if ends(&["alpha"]) => 0.5 + u,
        () if ends(&["bias", "beta"]) => 0.2 * u - 0.1,
        () if ends(&["norm.weight"]) => 0.4 * u - 0.2,
        () if ends(&["memory_tokens", "padding_embedding", "to_scale_shift_gate"]) => u - 0.5,
        () => spread(u, 3.0),
    };
    u(name, shape.iter().product()).into_iter().map(|u| value(u) as f32).collect()
}

/// The pieces of the tiny tokenizer, as the reference makes it.
const MERGES: [&str; 24] = [
    "t h", "▁ a", "i n", "o n", "▁ p", "e c", "h o", "ec ho", "▁ w", "i t", "it h", "▁w ith",
    "▁ echo", "a r", "p i", "▁a ▁", "d r", "u m", "dr um", "▁ b", "B P", "BP M", "a n", "n o",
];

fn tokenizer() -> Value {
    let special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"];
    let mut pieces: Vec<String> = special.iter().map(|it| (*it).to_owned()).collect();
    pieces.extend((0..256).map(|i| format!("<0x{i:02X}>")));
    pieces.push("▁".to_owned());
    pieces.extend((33..127u8).map(|i| char::from(i).to_string()));
    pieces.push("è".to_owned());
    pieces.extend(MERGES.map(|it| it.replace(' ', "")));
    let vocabulary: serde_json::Map<String, Value> =
        pieces.into_iter().enumerate().map(|(i, piece)| (piece, i.into())).collect();
    let added = special.iter().enumerate().map(|(i, content)| {
        serde_json::json!({"id": i, "content": content, "special": true, "normalized": false,
                           "single_word": false, "lstrip": false, "rstrip": false})
    });
    serde_json::json!({
        "version": "1.0",
        "added_tokens": added.collect::<Vec<Value>>(),
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "},
                          "behavior": "MergedWithPrevious", "invert": false},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}}},
        "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
                  "vocab": vocabulary, "merges": MERGES},
    })
}

/// A folder as a hub has it.
fn folder(name: &str, vectors: &Vectors) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = |part: &str| {
        let place = folder.path().join(part);
        std::fs::create_dir_all(&place).unwrap();
        place
    };
    let write = |part: &str, file: &str, json: &Value| {
        std::fs::write(place(part).join(file), json.to_string()).unwrap();
    };
    let store = |part: &str, file: &str, prefix: &str, whole: &str| {
        let entries = vectors.meta["state"].as_array().unwrap().iter();
        let arrays: Vec<NamedArray> = entries
            .filter_map(|entry| {
                let full = entry[0].as_str().unwrap();
                let name = full.strip_prefix(prefix)?;
                if !whole.is_empty() && full.starts_with(whole) {
                    return None;
                }
                let shape: Vec<usize> = serde_json::from_value(entry[1].clone()).unwrap();
                let values = values(full, &shape);
                Some(NamedArray { name: name.to_owned(), shape, values })
            })
            .collect();
        checkpoint::write(&place(part).join(file), &arrays, &BTreeMap::new()).unwrap();
    };
    let config = &vectors.config;
    if name == "folders" {
        for part in ["transformer", "vae", "duration_embedder"] {
            write(part, "config.json", &config[part]);
            let file = "diffusion_pytorch_model.safetensors";
            store(part, file, &format!("{part}."), "");
        }
        write("text_encoder", "config.json", &config["text_encoder"]);
        store("text_encoder", "model.safetensors", "text_encoder.", "");
        write("scheduler", "scheduler_config.json", &config["scheduler"]);
        write("", "model_index.json", &config["model_index"]);
        write("tokenizer", "tokenizer.json", &tokenizer());
    } else {
        write("", "model_config.json", &config["model_config"]);
        store("", "model.safetensors", "", "text.");
        write("t5gemma-b-b-ul2", "config.json", &config["text_encoder"]);
        store("t5gemma-b-b-ul2", "model.safetensors", "text.", "");
        write("t5gemma-b-b-ul2", "tokenizer.json", &tokenizer());
    }
    folder
}

fn opened(name: &str) -> (Vectors, StableAudio) {
    let vectors = vectors(name);
    let folder = folder(name, &vectors);
    let model = StableAudio::open(folder.path(), Precision::Float32).unwrap();
    // Its pieces are read from the folder later.
    std::mem::forget(folder);
    (vectors, model)
}

fn sound(n: usize) -> Vec<Vec<f32>> {
    let noise = u("x", 2 * n);
    let triangle = |n: usize| (97.0 - (4.0 * (n % 97) as f64 - 194.0).abs()) / 97.0;
    let at =
        |c: usize, t: usize| 0.25 * (2.0 * noise[c * n + t] - 1.0) + 0.5 * triangle(t * (c + 1));
    (0..2).map(|c| (0..n).map(|t| at(c, t) as f32).collect()).collect()
}

/// A tiny model and its folder.
pub(crate) fn tiny(name: &str) -> (tempfile::TempDir, StableAudio) {
    let folder = folder(name, &vectors(name));
    let model = StableAudio::open(folder.path(), Precision::Float32).unwrap();
    (folder, model)
}

/// The largest difference, as a part of the largest number.
pub(crate) fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "numbers to compare");
    let most = b.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    a.iter().zip(b).fold(0.0f32, |apart, (a, b)| apart.max((a - b).abs())) / most
}

#[test]
fn words_mean_what_they_mean_to_the_reference() {
    for name in NAMES {
        let (vectors, model) = opened(name);
        for (prompt, text) in vectors.meta["prompts"].as_object().unwrap() {
            let ids = &vectors.arrays[&format!("ids {prompt}")].values;
            let ids: Vec<u32> = ids.iter().map(|id| *id as u32).collect();
            let encoded = model.tokenizer.encode(text.as_str().unwrap(), model.config.n_tokens);
            assert_eq!(encoded.ids, ids, "{name} {prompt}: pieces");
            assert_eq!(encoded.n_cut > 0, prompt == "long", "{name} {prompt}: what is cut");
            let expected = &vectors.arrays[&format!("hidden {prompt}")].values;
            let apart = apart(&model.hidden(&ids).unwrap(), expected);
            println!("{name} {prompt}: {apart:e}");
            assert!(apart < 1e-4, "{name} {prompt}: {apart:e} apart");
        }
    }
}

#[test]
fn latents_and_sound_are_those_of_the_reference() {
    for name in NAMES {
        let (vectors, model) = opened(name);
        let n_latent = model.config.autoencoder.n_latent;
        for n in [1, 700, 1500] {
            let latents = model.encode(&sound(n));
            let expected =
                sampler::rows_of(&vectors.arrays[&format!("latents {n}")].values, n_latent);
            // Pieces of the original fill the end up with more frames than there is sound for.
            let expected = &expected[..latents.len()];
            let of_latents = apart(&latents, expected);
            let whole = sampler::rows_of(&vectors.arrays[&format!("latents {n}")].values, n_latent);
            let out = model.decode(&whole).concat();
            let of_sound = apart(&out, &vectors.arrays[&format!("decoded {n}")].values);
            println!("{name} {n}: latents {of_latents:e}, sound {of_sound:e}");
            assert!(of_latents < 1e-4 && of_sound < 1e-4, "{name} {n}: {of_latents} {of_sound}");
        }
    }
}

#[test]
fn pieces_of_a_sound_are_as_the_whole() {
    for name in NAMES {
        let (_, model) = opened(name);
        let hop = model.config.autoencoder.hop();
        let long = sound(hop * 3 * 64 + 5);
        let whole = model.encode(&long);
        let n_latent = model.config.autoencoder.n_latent;
        // From a piece on, nothing that lies far before is seen.
        let skip = 64usize.next_multiple_of(model.config.autoencoder.alignment());
        let part: Vec<Vec<f32>> = long.iter().map(|it| it[skip * hop..].to_vec()).collect();
        let reach = model.config.autoencoder.reach();
        let of_part = model.encode(&part);
        let apart_of = apart(&of_part[reach * n_latent..], &whole[(skip + reach) * n_latent..]);
        assert!(apart_of < 1e-5, "{name}: latents {apart_of:e} apart");
        let decoded = model.decode(&whole);
        let of_part = model.decode(&whole[skip * n_latent..]);
        let apart_of = apart(&of_part[0][reach * hop..], &decoded[0][(skip + reach) * hop..]);
        assert!(apart_of < 1e-5, "{name}: sound {apart_of:e} apart");
    }
}

fn wish_of(case: &Value, vectors: &Vectors, model: &StableAudio) -> (Wish, Plan) {
    let text = |key: &str| {
        let prompt = case.get(key)?.as_str().unwrap();
        Some(vectors.meta["prompts"][prompt].as_str().unwrap().to_owned())
    };
    let secs = case["seconds"].as_f64().unwrap();
    let rate = f64::from(model.config.autoencoder.rate_hz);
    let begin = |how| Some(Begin { sound: sound((secs * rate) as usize), how });
    let mut wish = Wish {
        steps: case.get("steps").map(|it| it.as_u64().unwrap() as usize),
        negative: text("negative"),
        guidance: Some(case.get("guidance").map_or(1.0, |it| it.as_f64().unwrap())),
        ..Wish::of(&text("prompt").unwrap(), secs, 1)
    };
    if let Some(strength) = case.get("strength") {
        wish.begin = begin(BeginHow::Vary { strength: strength.as_f64().unwrap() });
    }
    if let Some(gap) = case.get("gap") {
        let [from_secs, to_secs] = [0, 1].map(|i| gap[i].as_f64().unwrap());
        wish.begin = begin(BeginHow::Fill { from_secs, to_secs });
    }
    let headroom = case.get("headroom").map_or(0.0, |it| it.as_f64().unwrap());
    let plan = Plan::of(model.config(), &wish, headroom);
    let n = plan.n_frames * model.config.autoencoder.n_latent;
    let noise = |i: u64| {
        let draws = u(&format!("noise {} {i}", case["name"].as_str().unwrap()), n);
        draws.into_iter().map(|u| ((2.0 * u - 1.0) * 3f64.sqrt()) as f32).collect()
    };
    wish.noise = Some((0..case["n_noises"].as_u64().unwrap()).map(noise).collect());
    (wish, plan)
}

#[test]
fn every_step_is_that_of_the_reference() {
    for name in NAMES {
        let (vectors, mut model) = opened(name);
        for case in vectors.meta["cases"].as_array().unwrap() {
            let called = case["name"].as_str().unwrap();
            model.config.schedule.is_stochastic = case.get("straight").is_none();
            let (wish, plan) = wish_of(case, &vectors, &model);
            let mut steps = vec![];
            let mut seen = |x: &[f32], denoised: &[f32]| {
                steps.push(if name == "folders" { x.to_vec() } else { denoised.to_vec() });
            };
            let mut asked = vec![];
            let mut watch = |step: Step| {
                asked.push(step);
                ControlFlow::Continue(())
            };
            let made = model.make_planned(&wish, &plan, &mut watch, &mut seen).unwrap().unwrap();
            let expected = &vectors.arrays[&format!("steps {called}")];
            assert_eq!(steps.len(), expected.shape[0], "{name} {called}: steps");
            let of_one = expected.values.len() / steps.len();
            let mut worst = 0.0f32;
            for (i, (step, expected)) in
                steps.iter().zip(expected.values.chunks_exact(of_one)).enumerate()
            {
                // Frames that say nothing are cut off.
                let n = plan.n_valid * model.config.autoencoder.n_latent;
                let expected = sampler::rows_of(expected, model.config.autoencoder.n_latent);
                let apart = apart(&step[..n], &expected[..n]);
                assert!(apart < 5e-4, "{name} {called}: step {i} is {apart:e} apart");
                worst = worst.max(apart);
            }
            let expected = &vectors.arrays[&format!("sound {called}")].values;
            let of_sound = apart(&made.sound.concat(), expected);
            assert!(of_sound < 2e-3, "{name} {called}: the sound is {of_sound:e} apart");
            println!("{name} {called}: steps {worst:e}, sound {of_sound:e}");
            assert_eq!(made.notes.iter().any(|it| it.contains("cut off")), called == "long");
            let of = plan.n_steps + 1;
            assert!(asked.iter().all(|step| step.of == of));
            assert!(asked.is_sorted_by_key(|step| step.done));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_sound_and_another_one_another() {
    let (_, model) = opened("folders");
    let make = |seed: u64| {
        let wish = Wish { steps: Some(2), ..Wish::of("a drum", 0.1, seed) };
        model.make(&wish, &mut |_| ControlFlow::Continue(())).unwrap().unwrap().sound
    };
    assert_eq!(make(1), make(1));
    assert!(apart(&make(1)[0], &make(2)[0]) > 0.01);
}

#[test]
fn prompts_of_any_length_and_script_are_cut_and_it_is_said() {
    for name in NAMES {
        let (_, model) = opened(name);
        for (text, is_cut) in [
            ("", false),
            ("🎹", false),
            ("שלום", false),
            (&"a drum 🥁 طبل ".repeat(6_000), true),
            (&"z".repeat(100_000), true),
        ] {
            let wish = Wish { steps: Some(1), ..Wish::of(text, 0.05, 1) };
            let made = model.make(&wish, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
            assert_eq!(
                made.notes.iter().any(|it| it.contains("were cut off")),
                is_cut,
                "{text:.9}"
            );
            assert!(made.sound[0].iter().all(|x| x.is_finite()));
        }
    }
}

#[test]
fn memory_of_weights_is_forecast_from_settings_alone() {
    for name in NAMES {
        let vectors = vectors(name);
        let folder = folder(name, &vectors);
        let wish = Wish::of("a drum", 0.1, 1);
        for precision in [Precision::Float32, Precision::Int8] {
            let model = StableAudio::open(folder.path(), precision).unwrap();
            let effort = crate::hub::effort(folder.path(), &wish, precision).unwrap();
            let share = effort.weight_bytes as f64 / model.weight_bytes() as f64;
            assert!((0.8..1.25).contains(&share), "{name}, {precision:?}: {share}");
            assert_eq!(effort.sound_bytes, model.sound_bytes(&wish));
            assert!(effort.work.products > 0.0 && effort.work.attention > 0.0);
        }
    }
}

#[test]
fn it_stops_when_it_is_told_to() {
    let (_, model) = opened("single");
    for stop_at in [0, 1, 3] {
        let mut last = None;
        let mut watch = |step: Step| {
            last = Some(step.done);
            if step.done == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let wish = Wish { steps: Some(3), ..Wish::of("a drum", 0.1, 1) };
        assert_eq!(model.make(&wish, &mut watch).unwrap(), None);
        assert_eq!(last, Some(stop_at));
    }
}

#[test]
fn it_goes_on_from_a_sound_and_mixes_prompts() {
    let (_, model) = opened("folders");
    let go = &mut |_| ControlFlow::Continue(());
    let begin = |n: usize, how| Some(Begin { sound: sound(n), how });
    let base = Wish { steps: Some(2), ..Wish::of("a drum", 0.1, 1) };
    let going = Wish { begin: begin(800, BeginHow::Continue), ..base.clone() };
    let plain = model.make(&base, go).unwrap().unwrap().sound;
    let made = model.make(&going, go).unwrap().unwrap().sound;
    assert_eq!(made[0].len(), 1600);
    assert!(apart(&made[0], &plain[0]) > 1e-3, "what is kept is heard");
    let too_long = Wish { begin: begin(1700, BeginHow::Continue), ..base.clone() };
    let said = model.make(&too_long, go).unwrap_err().to_string();
    assert!(said.contains("ask for a longer one"), "{said}");
    // Nothing is changed: what the autoencoder makes of the sound.
    let kept = Wish { begin: begin(1600, BeginHow::Vary { strength: 0.0 }), ..base.clone() };
    let made = model.make(&kept, go).unwrap().unwrap().sound;
    let through = model.decode(&model.encode(&sound(1600)));
    assert!(apart(&made[0], &through[0][..1600]) < 1e-6);
    // Two prompts: half of each is neither; all of one is that one.
    let mut mixed = |weight: f64| {
        let mut wish = base.clone();
        wish.prompts.push(Prompt { text: "slow strings".to_owned(), weight });
        model.make(&wish, go).unwrap().unwrap().sound
    };
    assert!(apart(&mixed(1e-6)[0], &plain[0]) < 1e-3);
    assert!(apart(&mixed(1.0)[0], &plain[0]) > 1e-3);
}

#[test]
fn weights_of_8_bits_are_near_and_smaller() {
    let vectors = vectors("folders");
    let folder = folder("folders", &vectors);
    let open = |precision| StableAudio::open(folder.path(), precision).unwrap();
    let (whole, small) = (open(Precision::Float32), open(Precision::Int8));
    assert!(small.weight_bytes() < whole.weight_bytes());
    let x = sound(1500);
    let [a, b] = [&whole, &small].map(|model| model.encode(&x));
    let apart = apart(&b, &a);
    assert!(apart > 0.0 && apart < 0.1, "{apart}");
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    let (_, model) = opened("folders");
    let check = |wish: Wish, expected: &str| {
        let said = model.make(&wish, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    };
    let base = || Wish { steps: Some(2), ..Wish::of("a drum", 0.1, 1) };
    check(Wish { secs: 11.0, ..base() }, "up to 10 s long");
    check(Wish { steps: Some(0), ..base() }, "steps are 1 to 500");
    check(Wish { noise: Some(vec![vec![0.0; 3]; 2]), ..base() }, "16 × 17 numbers");
    check(Wish { noise: Some(vec![vec![0.0; 272]]), ..base() }, "at least 2 times");
    check(
        Wish {
            begin: Some(Begin { sound: vec![vec![0.0; 9]], how: BeginHow::Continue }),
            ..base()
        },
        "2 channels",
    );
}

#[test]
fn configurations_that_lie_are_refused_before_anything_is_made() {
    let whole = vectors("folders").config;
    let check = |part: &str, field: &str, value: Value, expected: &str| {
        let mut config = whole.clone();
        config[part][field] = value;
        let said = StableAudioConfig::of_folders(&|name| config[name].clone()).unwrap_err();
        assert!(said.contains(expected), "{part} {field}: {said}");
    };
    check("transformer", "embed_dim", 0.into(), "width of the transformer");
    check("transformer", "embed_dim", (1u64 << 40).into(), "whole number");
    check("transformer", "num_heads", 0.into(), "number of heads");
    check("transformer", "num_heads", 5.into(), "no multiple of its heads");
    check("transformer", "patch_size", 2.into(), "patch_size");
    check("transformer", "io_channels", 8.into(), "the size of latents");
    check("vae", "encoder_strides", serde_json::json!([]), "strides");
    check("vae", "encoder_strides", serde_json::json!([0, 2]), "stride of a level");
    check("vae", "sliding_window", 0.into(), "sliding window");
    check("vae", "encoder_channels", "many".into(), "whole number");
    check("duration_embedder", "max_val", 0.into(), "range of durations");
    check("text_encoder", "model_type", "bert".into(), "model_type");
    check("scheduler", "use_karras_sigmas", true.into(), "use_karras_sigmas");
    let single = vectors("single").config;
    let check = |pointer: &str, value: Value, expected: &str| {
        let mut config = single.clone();
        *config["model_config"].pointer_mut(pointer).unwrap() = value;
        let said = StableAudioConfig::of_single(&config["model_config"], &config["text_encoder"]);
        let said = said.unwrap_err();
        assert!(said.contains(expected), "{pointer}: {said}");
    };
    let of = "/model/diffusion/config";
    check("/model_type", "autoencoder".into(), "model_type");
    check("/model/conditioning/configs", serde_json::json!([]), "no condition `prompt`");
    check("/model/diffusion/diffusion_objective", "v".into(), "diffusion_objective");
    check(&format!("{of}/norm_type"), "layer_norm".into(), "norm_type");
    check(&format!("{of}/attn_kwargs/qk_norm"), "l2".into(), "qk_norm");
    let of = "/model/pretransform/config/encoder/config";
    check(&format!("{of}/chunk_size"), 9.into(), "encoder and decoder differ");
    check(&format!("{of}/in_channels"), 4.into(), "in_channels");
}

#[test]
fn folders_of_the_reference_are_whole() {
    for name in NAMES {
        let vectors = vectors(name);
        let folder = folder(name, &vectors);
        let found = crate::hub::check(folder.path()).unwrap();
        assert_eq!(found.family.as_deref(), Some("stable_audio_3"));
        assert_eq!(
            (found.is_usable, &found.missing, &found.unexpected),
            (true, &vec![], &vec![]),
            "{name}: {:?}",
            found.problems
        );
    }
}

/// An adapter that changes every layer.
fn filled(learner: &Learner, size: f32) -> Adapter {
    let mut adapter = Adapter::new(&learner.places(), 3, 6.0, 1);
    let n = adapter.n_values();
    let values = Init::new(2).normal(n).into_iter().map(|x| size * x).collect::<Vec<f32>>();
    adapter.values_mut().copy_from_slice(&values);
    adapter
}

#[test]
fn a_model_that_learns_computes_what_one_that_makes_sound_computes() {
    for name in NAMES {
        let (folder, plain) = tiny(name);
        let learner = Learner::open(folder.path(), Precision::Float32).unwrap();
        let hidden = plain.hidden_of("a warm piano").unwrap();
        let n = 20 * plain.config.autoencoder.n_latent;
        let x = Init::new(1).normal(n);
        for size in [0.0, 0.1] {
            let adapter = filled(&learner, size);
            let open = |share| {
                let adapters = vec![(adapter.clone(), share)];
                StableAudio::open_with(folder.path(), Precision::Float32, adapters).unwrap()
            };
            let velocity = |model: &StableAudio| {
                let length = model.length(learner.secs_of(20));
                let kept = match model.config.layout {
                    Layout::Folders => Kept::Untold,
                    Layout::Single => Kept::Nothing,
                };
                let n_pieces = hidden.len() / model.config.transformer.n_condition;
                let words = Words {
                    hidden: &hidden,
                    n_lacking: model.config.n_tokens - n_pieces,
                    lacking_are_zero: false,
                    length: &length,
                };
                let told = model.transformer.condition(&words, &kept);
                model.transformer.velocity(&x, 0.6, &told, 20)
            };
            let added = open(1.0);
            let found = learner.velocity(&adapter, &x, 0.6, &hidden);
            let difference = apart(&found, &velocity(&added));
            println!("{name} {size}: {difference:e}");
            assert!(difference < 1e-4, "{name} {size}: {difference:e} apart");
            // None of it is the model itself, and all of it is another.
            assert!(apart(&velocity(&open(0.0)), &velocity(&plain)) < 1e-6);
            assert_eq!(apart(&velocity(&added), &velocity(&plain)) > 0.01, size > 0.0);
        }
    }
}

#[test]
fn gradients_are_those_of_differences() {
    for name in NAMES {
        let (folder, plain) = tiny(name);
        let learner = Learner::open(folder.path(), Precision::Float32).unwrap();
        let words = plain.hidden_of("a drum").unwrap();
        let n = 9 * plain.config.autoencoder.n_latent;
        let (latents, noise) = (Init::new(1).normal(n), Init::new(2).normal(n));
        let noisy = Noisy { latents: &latents, noise: &noise, level: 0.7, words: &words };
        let adapter = filled(&learner, 0.05);
        let mut gradients = vec![0.0; adapter.n_values()];
        learner.learn(&adapter, &noisy, 1.0, &mut gradients);
        let most = gradients.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        // Along the gradient itself, and along random directions, in which every layer takes part.
        for i in 0..4 {
            let mut along = match i {
                0 => gradients.clone(),
                _ => Init::new(10 + i).normal(gradients.len()),
            };
            let length = along.iter().map(|x| x * x).sum::<f32>().sqrt();
            along.iter_mut().for_each(|x| *x /= length);
            let step = 2e-3f32;
            let moved = |by: f32| {
                let mut moved = adapter.clone();
                moved.values_mut().iter_mut().zip(&along).for_each(|(x, d)| *x += by * d);
                learner.loss(&moved, &noisy)
            };
            let expected = (moved(step) - moved(-step)) / f64::from(2.0 * step);
            let found: f64 =
                gradients.iter().zip(&along).map(|(g, d)| f64::from(*g) * f64::from(*d)).sum();
            let difference = (found - expected).abs() / f64::from(most);
            assert!(difference < 0.02, "{name} {i}: {found} and not {expected}");
        }
    }
}
