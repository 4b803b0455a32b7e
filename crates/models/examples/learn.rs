//! Trains on a folder of sounds and prints how the held-out distance falls: for choosing presets.
//!
//! `cargo run -p models --example learn -- FOLDER PRESET SECONDS [key=value]...`
//!
//! Seconds are those of the processor, so that figures mean the same on a busy computer; with
//! `clock=wall` those of the clock. Every sixth sound is held out. The last line tells the first and last
//! distance.
//!
//! `write=DIR` writes the sounds to learn from as one file and stops, for another program to learn from;
//! `evaluate=CHECKPOINT` measures what that made (ours or acids-rave's), in the same way.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use audio::{Clip, DecodeLimits, Rng, WavFormat};
use models::rave::{Config, Trainer, forecast, resolve};
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("say FOLDER PRESET SECONDS [key=value]...");
    let (folder, preset, secs) = (PathBuf::from(next()?), next()?, next()?.parse::<f64>()?);
    let mut overrides: BTreeMap<String, Value> = BTreeMap::new();
    let mut switches: Vec<String> = Vec::new();
    let mut out: Option<PathBuf> = None;
    let (mut written, mut evaluated): (Option<PathBuf>, Option<PathBuf>) = (None, None);
    let mut is_wall = false;
    for argument in arguments {
        let (key, value) = argument.split_once('=').ok_or("settings are key=value")?;
        match key {
            "threads" => nn::set_threads(value.parse()?),
            "switch" => switches.push(value.into()),
            "out" => out = Some(value.into()),
            "write" => written = Some(value.into()),
            "evaluate" => evaluated = Some(value.into()),
            "clock" => is_wall = value == "wall",
            _ => drop(overrides.insert(key.into(), value.into())),
        }
    }
    let composition =
        resolve(&preset, &switches, &overrides).map_err(|problems| format!("{problems:?}"))?;
    let config =
        Config::from_settings(&composition.settings).map_err(|problems| format!("{problems:?}"))?;
    println!("{:?}", forecast(&config));

    let (training, held_out) = sounds(&folder, &config)?;
    println!("{} sounds to learn from, {} held out", training.len(), held_out.len());
    if let Some(folder) = written {
        return write_training(&folder, &training, &config);
    }
    if let Some(checkpoint) = evaluated {
        let is_ours = checkpoint.extension().is_some_and(|it| it == "safetensors");
        let path = if is_ours { checkpoint } else { imported(&checkpoint)? };
        let distance = Trainer::load(&path)?.measure(&held_out);
        let distance = distance.ok_or("the held-out sounds are silent")?;
        println!("last {:.3}", distance.multiband_spectral_distance);
        return Ok(());
    }
    let mut trainer = Trainer::new(&config, 0);
    trainer.compute_on(config.compute()?);
    let mut rng = Rng::new(0);
    let measure = |trainer: &Trainer| {
        let distance = trainer.measure(&held_out).ok_or("the held-out sounds are silent")?;
        Ok::<_, &str>((distance.multiband_spectral_distance, distance.fullband_spectral_distance))
    };
    let first = measure(&trainer)?;
    println!("cpu_secs step training_multiband held_out_multiband held_out_fullband loss_total");
    println!("0 0 - {:.3} {:.3} -", first.0, first.1);
    let (mut used, mut next_report) = (0.0, 15.0);
    let mut recent = (0.0, 0.0, 0.0);
    while used < secs {
        let batch = batch(&training, &config, &mut rng);
        let (before, started) = (cpu_secs()?, std::time::Instant::now());
        let report = trainer.step(&batch);
        let cpu_secs = cpu_secs()? - before;
        used += if is_wall { started.elapsed().as_secs_f64() } else { cpu_secs };
        let value = |name| Some(report.values.iter().find(|(it, _)| *it == name)?.1);
        // Steps of the discriminators have no distance.
        if let Some(distance) = value("multiband_spectral_distance") {
            recent.0 += distance;
            recent.1 += value("loss_total").unwrap_or_default();
            recent.2 += 1.0;
        }
        if used >= next_report {
            next_report = used * 1.35;
            let last = measure(&trainer)?;
            let (step, n) = (report.step, recent.2);
            let (mean, loss) = (recent.0 / n, recent.1 / n);
            println!("{used:.0} {step} {mean:.3} {:.3} {:.3} {loss:.3}", last.0, last.1);
            recent = (0.0, 0.0, 0.0);
        }
    }
    let last = measure(&trainer)?;
    for (i, clip) in held_out.iter().chain(&training).enumerate() {
        let distance = trainer.validate(std::slice::from_ref(clip));
        println!("clip {i} {:?}", distance.map(|it| it.multiband_spectral_distance));
    }
    let steps_per_sec = trainer.global_step() as f64 / used;
    println!(
        "first {:.3} last {:.3} ratio {:.3} after {} steps, {steps_per_sec:.2} a second",
        first.0,
        last.0,
        last.0 / first.0,
        trainer.global_step()
    );
    if let Some(out) = out {
        for (i, clip) in held_out.iter().enumerate() {
            for (name, channels) in [("original", clip.clone()), ("made", trainer.render(clip))] {
                let clip = Clip { rate_hz: config.sampling_rate, channels };
                audio::write_wav(&out.join(format!("{i}-{name}.wav")), &clip, WavFormat::Int16)?;
            }
        }
        trainer.save(&out.join("model.safetensors"))?;
    }
    Ok(())
}

type Sounds = Vec<Vec<Vec<f32>>>;

fn sounds(
    folder: &std::path::Path,
    config: &Config,
) -> Result<(Sounds, Sounds), Box<dyn std::error::Error>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|it| api::is_sound_name(&it.to_string_lossy())))
        .collect();
    paths.sort();
    let (mut training, mut held_out) = (Vec::new(), Vec::new());
    for (i, path) in paths.iter().enumerate() {
        let clip = audio::decode_file(path, &DecodeLimits::default())?.clip;
        let clip = audio::resample(&clip, config.sampling_rate);
        let mut channels = audio::with_channels(clip, config.channels).channels;
        if i % 6 == 3 {
            let most = 3 * config.sampling_rate as usize;
            channels.iter_mut().for_each(|channel| channel.truncate(most));
            held_out.push(channels);
        } else {
            training.push(channels);
        }
    }
    Ok((training, held_out))
}

/// A checkpoint of acids-rave as ours, beside it.
fn imported(checkpoint: &std::path::Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let original = models::rave::original::open(checkpoint)?;
    println!("{:?}", original.warnings);
    let path = checkpoint.with_extension("safetensors");
    original.save_checkpoint(&path)?;
    Ok(path)
}

/// All sounds to learn from, one after the other in one file.
fn write_training(
    folder: &std::path::Path,
    training: &Sounds,
    config: &Config,
) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    let channel = |i: usize| training.iter().flat_map(|sound| sound[i].clone()).collect();
    let channels = (0..config.channels).map(channel).collect();
    let clip = Clip { rate_hz: config.sampling_rate, channels };
    audio::write_wav(&folder.join("training.wav"), &clip, WavFormat::Int16)?;
    Ok(())
}

fn batch(sounds: &Sounds, config: &Config, rng: &mut Rng) -> Vec<f32> {
    let weight = |sound: &Vec<Vec<f32>>| sound[0].len().max(config.sampling_rate as usize) as f64;
    let total: f64 = sounds.iter().map(weight).sum();
    let mut batch = Vec::new();
    for _ in 0..config.batch_size {
        let mut at = rng.next_f64() * total;
        let chosen = sounds.iter().find(|sound| {
            at -= weight(sound);
            at < 0.0
        });
        let sound = chosen.unwrap_or(&sounds[0]);
        let (n, share) = (config.n_signal, rng.next_f64());
        let is_mangled = rng.next_f64() < config.phase_mangle_share;
        let before = rng.clone();
        for channel in sound {
            *rng = before.clone();
            let start = (share * (channel.len().saturating_sub(n) + 1) as f64) as usize;
            let mut excerpt = channel[start..(start + n).min(channel.len())].to_vec();
            let fill = n - excerpt.len();
            excerpt.resize(n, 0.0);
            excerpt.rotate_right((share * (fill + 1) as f64) as usize);
            if is_mangled {
                audio::phase_mangle(&mut excerpt, config.sampling_rate, rng);
            }
            batch.extend_from_slice(&excerpt);
        }
    }
    batch
}

/// Processor time of this process; Linux only.
fn cpu_secs() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}
