//! Every step, the spectrogram and the sound against diffusers; what is asked of it; folders that lie.

use std::path::Path;

use super::*;
use crate::layers::reference::{Vectors, apart, cosine, place, state, write_weights};
use crate::words::{Begin, Prompt};

/// Sub-folders, and the names of their files of weights.
const PARTS: [(&str, &str); 4] = [
    ("text_encoder", "model.safetensors"),
    ("unet", "diffusion_pytorch_model.safetensors"),
    ("vae", "diffusion_pytorch_model.safetensors"),
    ("vocoder", "model.safetensors"),
];

fn write_json(path: &Path, json: &serde_json::Value) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, json.to_string()).unwrap();
}

/// A folder as a hub has it.
fn folder(vectors: &Vectors) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    write_json(&at("model_index.json"), &vectors.settings["model_index"]);
    write_json(&at("scheduler/scheduler_config.json"), &vectors.settings["scheduler"]);
    for (part, file) in PARTS {
        write_json(&at(part).join("config.json"), &vectors.settings[part]);
        let arrays = state(&vectors.meta["state"][part], &format!("{part}."));
        write_weights(&at(part).join(file), &arrays);
    }
    std::fs::create_dir(at("tokenizer")).unwrap();
    std::fs::copy(place("clap").join("tokenizer.json"), at("tokenizer/tokenizer.json")).unwrap();
    folder
}

fn opened() -> (Vectors, AudioLdm) {
    let vectors = Vectors::read("audio_ldm");
    let folder = folder(&vectors);
    let model = AudioLdm::open(&HubFolder::new(folder.path()), Precision::Float32).unwrap();
    (vectors, model)
}

/// Pixels with their channels first, as the reference has them.
fn channels_first(x: &Pictures) -> Vec<f32> {
    let n = x.rows * x.columns;
    (0..x.values.len()).map(|i| x.values[i % n * x.channels + i / n]).collect()
}

/// The wish of a case of the vectors.
fn wish_of(vectors: &Vectors, case: usize) -> Wish {
    let settings = &vectors.meta["cases"][case];
    Wish {
        negative: Some(vectors.meta["negative"].as_str().unwrap().to_owned()),
        steps: Some(vectors.meta["steps"].as_u64().unwrap() as usize),
        guidance: settings[1].as_f64(),
        noise: Some(vec![vectors.array(&format!("noise {case}")).values.clone()]),
        ..Wish::of(vectors.meta["prompts"][0].as_str().unwrap(), settings[0].as_f64().unwrap(), 0)
    }
}

fn unwatched(_: Step) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn the_folder_is_whole() {
    let folder = folder(&Vectors::read("audio_ldm"));
    let found = crate::hub::check(folder.path()).unwrap();
    assert_eq!(found.family.as_deref(), Some("audioldm"));
    assert!(
        found.is_usable && found.missing.is_empty() && found.unexpected.is_empty(),
        "{found:?}"
    );
    std::fs::remove_dir_all(folder.path().join("vae")).unwrap();
    let found = crate::hub::check(folder.path()).unwrap();
    assert!(!found.is_usable, "{found:?}");
}

#[test]
fn every_step_and_the_sound_are_those_of_the_reference() {
    let (vectors, model) = opened();
    for i in 0..3 {
        let embedding = model.text.embed(vectors.meta["prompts"][i].as_str().unwrap());
        let near = cosine(&embedding.values, &vectors.array(&format!("text {i}")).values);
        assert!(near > 0.99999, "prompt {i}: {near}");
    }
    for case in 0..vectors.meta["cases"].as_array().unwrap().len() {
        let wish = wish_of(&vectors, case);
        let guidance = wish.guidance.unwrap();
        let told = model.told(&wish, guidance, &mut vec![]);
        let sampler = Sampler::new(&model.config.sampler, wish.steps.unwrap());
        let start = model.noise(&wish, model.config.latent_size(wish.secs)).unwrap();
        let expected = vectors.array(&format!("steps {case}"));
        let of_step = expected.values.len() / sampler.n_steps();
        let mut worst = 0.0f32;
        let mut compare = |step: usize, latents: &Pictures| {
            if let Some(before) = step.checked_sub(1) {
                let far = apart(
                    &channels_first(latents),
                    &expected.values[before * of_step..][..of_step],
                );
                assert!(far < 2e-3, "case {case}, step {before}: {far}");
                worst = worst.max(far);
            }
            ControlFlow::Continue(())
        };
        let latents = model.sampled(start, &sampler, (&told, guidance), 0, &mut compare).unwrap();
        compare(sampler.n_steps(), &latents).is_break();
        let spectrogram = model.spectrogram_of(latents);
        let far = apart(&spectrogram, &vectors.array(&format!("mel {case}")).values);
        assert!(far < 2e-3, "case {case}: the spectrogram is {far} apart");
        let made = model.make(&wish, &mut unwatched).unwrap().unwrap();
        let expected = vectors.array(&format!("sound {case}"));
        assert_eq!([made.sound.len(), made.sound[0].len()], expected.shape[..], "case {case}");
        let pairs = made.sound[0].iter().zip(&expected.values);
        let sound = pairs.fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(sound < 1e-3, "case {case}: the sound is {sound} apart");
        println!("case {case}: steps {worst:e}, spectrogram {far:e}, sound {sound:e} apart");
    }
}

#[test]
fn spectrograms_become_the_latents_of_the_reference() {
    let (vectors, model) = opened();
    let mel = vectors.array("mel 0");
    let spectrogram = Pictures {
        values: mel.values.clone(),
        ..Pictures::zeros(1, [mel.shape[0], mel.shape[1]], 1)
    };
    let found = channels_first(&model.vae.encode(&spectrogram));
    let far = apart(&found, &vectors.array("encoded").values);
    assert!(far < 1e-4, "{far}");
}

#[test]
fn the_same_seed_gives_the_same_sound_and_another_another() {
    let (_, model) = opened();
    let make = |wish: &Wish| model.make(wish, &mut unwatched).unwrap().unwrap();
    let wish = Wish { steps: Some(2), ..Wish::of("rain", 0.1, 7) };
    let once = make(&wish);
    assert_eq!(once, make(&wish));
    assert_eq!(once.sound[0].len(), 1_600);
    assert!(once.notes.is_empty());
    for other in [
        Wish { seed: 8, ..wish.clone() },
        Wish { negative: Some("wind".into()), ..wish.clone() },
        Wish { guidance: Some(1.0), ..wish.clone() },
        Wish { steps: Some(3), ..wish.clone() },
    ] {
        assert!(apart(&make(&other).sound[0], &once.sound[0]) > 1e-3, "{other:?}");
    }
    // A mixture of a prompt with itself is that prompt.
    let prompt = |weight| Prompt { text: "rain".into(), weight };
    let mixed = make(&Wish { prompts: vec![prompt(1.0), prompt(3.0)], ..wish.clone() });
    assert!(apart(&mixed.sound[0], &once.sound[0]) < 1e-3);
    // A prompt that is too long is cut, and that is said.
    for text in ["rain ".repeat(1_000), "🌧️ גשם חזק على السطح ".repeat(3_000)] {
        let long = make(&Wish { steps: Some(1), ..Wish::of(&text, 0.1, 7) });
        assert!(long.notes[0].contains("longer than the 64 tokens"), "{:?}", long.notes);
        assert!(long.sound[0].iter().all(|x| x.is_finite()));
    }
}

#[test]
fn a_sound_is_varied_as_far_as_the_strength_says() {
    let (_, model) = opened();
    let sound = crate::layers::reference::sound(1_600);
    let varied = |strength| {
        let how = BeginHow::Vary { strength };
        let begin = Some(Begin { sound: vec![sound.clone()], how });
        let wish = Wish { steps: Some(10), begin, ..Wish::of("rain", 0.1, 7) };
        let mut n_steps = 0;
        let mut watch = |step: Step| {
            n_steps = step.of - STEPS_AFTER;
            ControlFlow::Continue(())
        };
        (model.make(&wish, &mut watch).unwrap().unwrap(), n_steps)
    };
    let [none, half, all] = [0.0, 0.5, 1.0].map(varied);
    assert_eq!([none.1, half.1, all.1], [0, 5, 10]);
    // Nothing is left of the seed where nothing is changed.
    let size = model.config.latent_size(0.1);
    let kept = model.vocoder.run(&model.spectrogram_of(model.latents_of(&sound, size)));
    assert_eq!(none.0.sound[0], kept[..1_600]);
    assert!(apart(&half.0.sound[0], &none.0.sound[0]) > 1e-3);
}

#[test]
fn it_stops_within_a_step() {
    let (_, model) = opened();
    let wish = Wish { steps: Some(4), ..Wish::of("rain", 0.1, 7) };
    for stop_at in 0..6 {
        let mut seen = vec![];
        let made = model.make(&wish, &mut |step| {
            seen.push((step.done, step.of));
            if step.done == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(made.unwrap(), None);
        assert_eq!(seen, (0..=stop_at).map(|done| (done, 6)).collect::<Vec<_>>());
    }
}

#[test]
fn noise_of_another_length_is_refused_with_the_right_one() {
    let (_, model) = opened();
    let wish = Wish { noise: Some(vec![vec![0.0; 3]]), ..Wish::of("rain", 0.1, 7) };
    let said = model.make(&wish, &mut unwatched).unwrap_err().to_string();
    assert!(said.contains("3 numbers; 4 channels of 10 rows and 4 columns"), "{said}");
}

#[test]
fn weights_of_eight_bits_take_less_and_sound_alike() {
    let vectors = Vectors::read("audio_ldm");
    let folder = folder(&vectors);
    let open = |precision| AudioLdm::open(&HubFolder::new(folder.path()), precision).unwrap();
    let [whole, small] = [Precision::Float32, Precision::Int8].map(open);
    assert!(small.weight_bytes < whole.weight_bytes * 2 / 3);
    let wish = wish_of(&vectors, 2);
    let [a, b] = [whole, small].map(|it| it.make(&wish, &mut unwatched).unwrap().unwrap().sound);
    assert!(cosine(&a[0], &b[0]) > 0.95, "{}", cosine(&a[0], &b[0]));
}

#[test]
fn memory_of_weights_is_forecast_from_settings_alone() {
    let vectors = Vectors::read("audio_ldm");
    let folder = folder(&vectors);
    let wish = wish_of(&vectors, 2);
    for precision in [Precision::Float32, Precision::Int8] {
        let model = AudioLdm::open(&HubFolder::new(folder.path()), precision).unwrap();
        let effort = crate::hub::effort(folder.path(), &wish, precision).unwrap();
        let share = effort.weight_bytes as f64 / model.weight_bytes() as f64;
        assert!((0.75..1.3).contains(&share), "{precision:?}: {share}");
        assert_eq!(effort.sound_bytes, model.sound_bytes(&wish));
        assert!(effort.work.pictures > 0.0 && effort.work.convolutions > 0.0);
    }
}

#[test]
fn settings_that_lie_are_refused_before_anything_is_made() {
    let vectors = Vectors::read("audio_ldm");
    let check = |part: &str, field: &str, value: serde_json::Value, expected: &str| {
        let mut config = vectors.settings[part].clone();
        config[field] = value;
        let said = match part {
            "unet" => UnetConfig::parse(&config).unwrap_err(),
            "vae" => VaeConfig::parse(&config).unwrap_err(),
            "vocoder" => VocoderConfig::parse(&config).unwrap_err(),
            _ => SamplerConfig::parse(&config).unwrap_err(),
        };
        assert!(said.contains(expected), "{part} {field}: {said}");
    };
    use serde_json::json;
    check("unet", "block_out_channels", json!([]), "number of block_out_channels");
    check("unet", "block_out_channels", json!([16, 24, 1_000_000]), "block_out_channels is");
    check("unet", "block_out_channels", json!([16, 20, 32]), "norm_num_groups");
    check("unet", "cross_attention_dim", 1024.into(), "more than an embedding");
    check("unet", "class_embed_type", json!(null), "simple_projection");
    check("unet", "attention_head_dim", 5.into(), "multiple of its heads");
    check("unet", "layers_per_block", json!([1]), "not as many");
    check("unet", "down_block_types", json!(["A", "B", "C"]), "kind “A”");
    check("unet", "mid_block_type", "Other".into(), "“Other”");
    check("unet", "norm_num_groups", 0.into(), "norm_num_groups is 0");
    check("unet", "norm_eps", 1.into(), "norm_eps");
    check("vae", "in_channels", 3.into(), "in_channels is 3");
    check("vae", "scaling_factor", 0.into(), "scaling_factor");
    check("vae", "layers_per_block", 1_000.into(), "layers_per_block is 1000");
    check("vocoder", "upsample_rates", json!([0, 4, 2]), "upsample_rates is 0");
    check("vocoder", "upsample_rates", json!([5, 4]), "not as many");
    check("vocoder", "upsample_initial_channel", 4.into(), "upsample_initial_channel is 4");
    check("vocoder", "resblock_kernel_sizes", json!([3, 8]), "is even");
    check("vocoder", "resblock_dilation_sizes", json!([[1], [0]]), "dilation_sizes is 0");
    check("vocoder", "leaky_relu_slope", (-1).into(), "leaky_relu_slope");
    check("scheduler", "num_train_timesteps", (1u64 << 40).into(), "num_train_timesteps is");
    check("scheduler", "beta_end", 2.into(), "do not rise");
    check("scheduler", "thresholding", true.into(), "thresholding");
    check("scheduler", "prediction_type", "colour".into(), "unknown variant");
    // Parts that do not fit each other.
    let folder = folder(&vectors);
    let mut config = vectors.settings["vae"].clone();
    config["latent_channels"] = 8.into();
    write_json(&folder.path().join("vae/config.json"), &config);
    let found = crate::hub::check(folder.path()).unwrap();
    assert!(found.problems[0].contains("channels as unet"), "{:?}", found.problems);
}
