//! Exports an untrained model in every form that plays, for a comparison in the programs that play it.
//!
//! `cargo run -p models --example export_case -- FOLDER PRESET[+SWITCH…] BLOCK [key=value]…` leaves
//! `live.ts`, `whole.ts`, `live.onnx`, `whole.onnx` with their encoders and decoders, `few.ts` with half of the
//! latents where there is an order of them, `model.safetensors` (what packages hold too), and what Maquette's own
//! engine makes of `sound.npy` in blocks, without noise: `latents.npy` and `made.npy`. Prints one JSON line:
//! `{"ratio", "channels", "live", "difference", "bytes"}`: how many times faster than real time the engine
//! plays, and the largest difference of any of the files as they are read again here.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use models::rave::{
    Config, ExportSettings, LatentSpace, Model, OnnxPart, PlayedGraphs, PlayedModule,
    PlayerSettings, Plays, Randomness, Regularization, resolve,
};
use serde_json::{Value, json};

/// More than the latency of the largest configuration.
const N_SAMPLES: usize = 1 << 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("say FOLDER PRESET[+SWITCH…] BLOCK [key=value]…");
    let (folder, named, block) = (PathBuf::from(next()?), next()?, next()?.parse::<usize>()?);
    let mut overrides: BTreeMap<String, Value> = BTreeMap::new();
    for argument in arguments {
        let (key, value) = argument.split_once('=').ok_or("settings are key=value")?;
        overrides.insert(key.into(), value.into());
    }
    let mut names = named.split('+');
    let preset = names.next().unwrap_or_default();
    let switches: Vec<String> = names.map(str::to_owned).collect();
    let composition = resolve(preset, &switches, &overrides).map_err(|it| format!("{it:?}"))?;
    let config = Config::from_settings(&composition.settings).map_err(|it| format!("{it:?}"))?;
    std::fs::create_dir_all(&folder)?;

    let mut model = Model::untrained(&config, 0);
    let has_codes = config.regularization == Regularization::Discrete;
    if has_codes {
        model = with_codes(&model, &folder.join("codes.safetensors"))?;
    }
    let settings =
        PlayerSettings { max_block: block, noise: Randomness::Off, ..Default::default() };
    let mut rng = audio::Rng::new(1);
    let sound: Vec<Vec<f32>> = (0..config.channels)
        .map(|_| (0..N_SAMPLES).map(|_| 0.3 * rng.normal()).collect())
        .collect();
    let size = config.latent_size;
    let latents = encoded(&mut model.live(settings), &sound, block);
    if model.has_order() {
        model = model.with_space(LatentSpace::measured(&latents, size));
    }
    let n_frames = latents.len() / size;
    let mut made = vec![vec![0.0; N_SAMPLES]; config.channels];
    let mut played = model.live(settings);
    let started = Instant::now();
    for start in (0..N_SAMPLES).step_by(block) {
        let input: Vec<&[f32]> = sound.iter().map(|it| &it[start..start + block]).collect();
        let mut output: Vec<&mut [f32]> =
            made.iter_mut().map(|it| &mut it[start..start + block]).collect();
        played.play(&input, &mut output);
    }
    let secs = started.elapsed().as_secs_f64();
    let (rows, shown) = match has_codes {
        false => (size, shown(&model, &latents, size)),
        true => (config.num_quantizers, codes(&model, &folder.join("codes.ts"), &sound, block)?),
    };
    let write = |name: &str, shape: &[usize], values: &[f32]| {
        nn::npy::write(&folder.join(name), shape, values)
    };
    write("sound.npy", &[config.channels, N_SAMPLES], &sound.concat())?;
    write("latents.npy", &[rows, n_frames], &shown)?;
    write("made.npy", &[config.channels, N_SAMPLES], &made.concat())?;

    model.save(&folder.join("model.safetensors"))?;
    let few = folder.join("few.ts");
    if model.space().is_some() {
        let half = ExportSettings { n_latents: Some(size / 2), ..ExportSettings::new(true) };
        model.write_torch_script(half, None, &few)?;
    } else if few.exists() {
        std::fs::remove_file(&few)?;
    }
    let mut difference = 0.0f64;
    for (name, is_streaming) in [("live", true), ("whole", false)] {
        let settings = ExportSettings::new(is_streaming);
        let module = folder.join(format!("{name}.ts"));
        model.write_torch_script(settings, None, &module)?;
        let path_of = |part: OnnxPart| folder.join(format!("{name}{}", part.ending()));
        for part in OnnxPart::ALL {
            model.write_onnx(settings, part, &path_of(part))?;
        }
        let mut module = PlayedModule::open(&module)?;
        let mut graphs = PlayedGraphs::open(path_of)?;
        let files: [&mut dyn Plays; 2] = [&mut module, &mut graphs];
        for file in files {
            let found = model.verify(settings, file, block, |_| true)?.ok_or("it was stopped")?;
            difference = difference.max(found.difference());
        }
    }
    let realtime = N_SAMPLES as f64 / f64::from(config.sampling_rate) / secs;
    let bytes = |name: &str| std::fs::metadata(folder.join(name)).map_or(0, |it| it.len());
    println!(
        "{}",
        json!({
            "ratio": config.ratio(), "channels": config.channels, "live": realtime,
            "difference": difference,
            "bytes": {
                "ts": bytes("live.ts"),
                "onnx": bytes("live.onnx"),
                "safetensors": bytes("model.safetensors"),
            },
        })
    );
    Ok(())
}

/// The model with code books that count as learnt.
fn with_codes(model: &Model, path: &Path) -> Result<Model, Box<dyn std::error::Error>> {
    model.save(path)?;
    let mut file = nn::checkpoint::read(path)?;
    for array in &mut file.arrays {
        if array.name.ends_with("_codebook.inited") {
            array.values.fill(1.0);
        } else if array.name.ends_with("_codebook.embed") {
            // As small as what an untrained encoder puts out.
            let mut rng = audio::Rng::new(array.name.len() as u64);
            array.values.iter_mut().for_each(|x| *x = 0.01 * rng.normal());
        }
    }
    nn::checkpoint::write(path, &file.arrays, &file.metadata)?;
    Ok(Model::load(path)?)
}

/// The codes of a sound that comes in blocks, book after book, as a module shows them: the engine gives the
/// sums of their vectors, with which modules are compared before.
fn codes(
    model: &Model,
    path: &Path,
    sound: &[Vec<f32>],
    block: usize,
) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
    model.write_torch_script(ExportSettings::new(true), None, path)?;
    let mut module = PlayedModule::open(path)?;
    let mut books: Vec<Vec<f32>> = vec![vec![]; model.config().num_quantizers];
    for start in (0..N_SAMPLES).step_by(block) {
        let x: Vec<f32> = sound.iter().flat_map(|it| &it[start..start + block]).copied().collect();
        let shown = module.encode(&x, sound.len())?;
        let n = shown.values.len() / books.len();
        books.iter_mut().zip(shown.values.chunks(n)).for_each(|(book, it)| book.extend(it));
    }
    Ok(books.concat())
}

/// Latents of a sound that comes in blocks, frame after frame.
fn encoded(player: &mut models::rave::Player, sound: &[Vec<f32>], block: usize) -> Vec<f32> {
    let mut latents = Vec::new();
    for start in (0..N_SAMPLES).step_by(block) {
        let input: Vec<&[f32]> = sound.iter().map(|it| &it[start..start + block]).collect();
        latents.extend_from_slice(player.encode(&input));
    }
    latents
}

/// Latents as a file shows them, curve after curve: turned so that what matters most comes first.
fn shown(model: &Model, latents: &[f32], size: usize) -> Vec<f32> {
    let mut frames: Vec<Vec<f32>> = latents.chunks(size).map(<[f32]>::to_vec).collect();
    if let Some(space) = model.space() {
        for frame in &mut frames {
            let centred: Vec<f64> =
                frame.iter().zip(&space.mean).map(|(x, mean)| f64::from(x - mean)).collect();
            let along = |direction: &Vec<f32>| {
                direction.iter().zip(&centred).map(|(d, x)| f64::from(*d) * x).sum::<f64>() as f32
            };
            *frame = space.directions.iter().map(along).collect();
        }
    }
    (0..size).flat_map(|i| frames.iter().map(move |frame| frame[i])).collect()
}
