//! Hours of sound prepared per minute, ours and `rave preprocess`, on the same made-up recordings.

use std::{env, fs, path::Path, time::Instant};

use anyhow::Context;

use super::{median, reference};
use crate::{
    root,
    step::{Step, say},
};

/// How often the two take turns.
const TURNS: usize = 3;
/// Short files, as sample packs have them, and long ones, as recordings are.
const N_SHORT: usize = 195;
const SHORT_SECS: f64 = 2.0;
const N_LONG: usize = 4;
const LONG_SECS: f64 = 300.0;
const RATE_HZ: u32 = 44_100;

/// Measures both sets and prints hours per minute and ratios.
pub(crate) fn run(with_reference: bool) -> anyhow::Result<()> {
    Step::new("build the command", "cargo", &["build", "--release", "--package", "maquette"])
        .run()?;
    let place = tempfile::tempdir().context("make a temporary folder")?;
    let python = if with_reference { reference::environment() } else { None };
    say(
        "\nhours of sound per minute of wall time, medians; ratio = ours / rave preprocess, above 1 is faster\n",
    );
    for (name, n_files, secs) in
        [("short files", N_SHORT, SHORT_SECS), ("long files", N_LONG, LONG_SECS)]
    {
        let folder = place.path().join(name.replace(' ', "-"));
        write_recordings(&folder, n_files, secs)?;
        let (mut ours, mut theirs) = (vec![], vec![]);
        for turn in 0..TURNS {
            ours.push(prepare_ours(
                &folder,
                &place.path().join(format!("workspace-{turn}-{n_files}")),
            )?);
            if let Some(python) = &python {
                let output = place.path().join(format!("rave-{turn}-{n_files}"));
                theirs.push(prepare_theirs(python, &folder, &output)?);
            }
        }
        let hours = n_files as f64 * secs / 3600.0;
        let ours = median(ours);
        let ratio = if theirs.is_empty() {
            "skipped: no reference".to_owned()
        } else {
            let theirs = median(theirs);
            format!("ratio {:.1} ({theirs:.2} s)", theirs / ours)
        };
        say(&format!(
            "{name:<12} {n_files:>4} files {:>6.0} s of sound: {ours:>6.2} s, {:>7.1} h/min   {ratio}",
            hours * 3600.0,
            hours / (ours / 60.0)
        ));
    }
    Ok(())
}

fn prepare_ours(folder: &Path, workspace: &Path) -> anyhow::Result<f64> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let program = target.join("release/maquette");
    let started = Instant::now();
    let (folder, workspace) = (folder.to_string_lossy(), workspace.to_string_lossy());
    let args = ["dataset", "create", &folder, "--workspace", &workspace, "--json"];
    Step::new("ours", &program.to_string_lossy(), &args).output()?;
    Ok(started.elapsed().as_secs_f64())
}

fn prepare_theirs(python: &Path, folder: &Path, output: &Path) -> anyhow::Result<f64> {
    let started = Instant::now();
    let (folder, output) = (folder.to_string_lossy(), output.to_string_lossy());
    let args = [
        "preprocess",
        "--input_path",
        &folder,
        "--output_path",
        &output,
        "--num_signal",
        "65536",
        "--max_db_size",
        "2",
    ];
    let path = env::var_os("PATH").unwrap_or_default();
    let rave = python.join("bin/rave").to_string_lossy().into_owned();
    Step::new("rave preprocess", &rave, &args).env("PATH", path).output()?;
    Ok(started.elapsed().as_secs_f64())
}

/// Noise with a moving tone: what it sounds like does not matter here, only that it is sound.
fn write_recordings(folder: &Path, n_files: usize, secs: f64) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    for i in 0..n_files {
        let n = (secs * f64::from(RATE_HZ)) as u32;
        let mut bytes = wav_header(n);
        let mut state = i as u32 + 1;
        for t in 0..n {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let tone = (f64::from(t) * (0.02 + 0.001 * (i % 50) as f64)).sin() * 8000.0;
            let sample = tone as i16 + (state >> 20) as i16;
            bytes.extend_from_slice(&sample.to_le_bytes());
        }
        fs::write(folder.join(format!("recording-{i:03}.wav")), bytes)?;
    }
    Ok(())
}

/// A WAV header for mono 16-bit sound. Source: the RIFF/WAVE specification, `WAVE_FORMAT_PCM`.
fn wav_header(n_frames: u32) -> Vec<u8> {
    let n_bytes = n_frames * 2;
    let mut header = vec![];
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&(36 + n_bytes).to_le_bytes());
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&16_u32.to_le_bytes());
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&RATE_HZ.to_le_bytes());
    header.extend_from_slice(&(RATE_HZ * 2).to_le_bytes());
    header.extend_from_slice(&2_u16.to_le_bytes());
    header.extend_from_slice(&16_u16.to_le_bytes());
    header.extend_from_slice(b"data");
    header.extend_from_slice(&n_bytes.to_le_bytes());
    header
}
