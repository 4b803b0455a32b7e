//! `maquette style`: sound files through models, a hundred at once, with their folders and names kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use api::{GeneratedSound, NewGeneration, Recipe, RecipeSource, SampleFormat, SoundPlace};

use super::{
    Console, absolute,
    generated::{self, OutArgs, named_setting},
    output::refused,
    words,
};

/// How deep sub-folders are looked into.
pub(super) const DEPTH_MAX: usize = 32;
/// The most files of one command.
pub(super) const FILES_MAX: usize = 10_000;

#[derive(clap::Args)]
pub(crate) struct StyleArgs {
    /// A model's identifier or name, or a file or folder with one; several with commas between them
    model: String,
    /// Sound files, and folders of them, with their sub-folders
    #[arg(required = true, value_name = "FOLDER|FILE")]
    inputs: Vec<PathBuf>,
    /// How much of the model is heard: 0 the input alone, 1 the model alone
    #[arg(long, value_name = "W")]
    wet: Option<f64>,
    /// Semitones to shift the input by before the model, and back after it; `auto` finds them from the pitch
    #[arg(long, value_name = "N|auto", allow_hyphen_values = true, value_parser = transposition)]
    transpose: Option<Transposition>,
    /// How far the loudness of the input is followed, 0 to 1
    #[arg(long, value_name = "F")]
    follow: Option<f64>,
    /// How slowly the latents follow, in seconds
    #[arg(long, value_name = "SECS")]
    smoothing: Option<f64>,
    /// Where a control stands, like `noise=0.2` or `z2.bias=1`; can be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = named_setting)]
    settings: Vec<(String, f64)>,
    /// The random seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write the recipe of each sound beside it, a .json file
    #[arg(long)]
    recipes: bool,
    #[command(flatten)]
    out: OutArgs,
}

/// The value of `--transpose`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Transposition {
    ToModel,
    By(f64),
}

fn transposition(text: &str) -> Result<Transposition, String> {
    match text {
        "auto" => Ok(Transposition::ToModel),
        text => {
            let (_, semitones) = named_setting(&format!("transpose={text}"))
                .map_err(|_| format!("`{text}` is neither `auto` nor a number from -24 to 24"))?;
            Ok(Transposition::By(semitones))
        }
    }
}

pub(crate) fn run(args: &StyleArgs, console: &Console) -> anyhow::Result<()> {
    let files = files_of(&args.inputs, &args.out.output)?;
    let places = files.values().map(|place| &place.0);
    generated::check_places(places, &args.out.output, args.out.force)?;
    let client = Arc::new(console.client()?);
    let inputs: Vec<SoundPlace> =
        files.keys().map(|path| SoundPlace::File { path: path.clone() }).collect();
    let first = inputs.first().cloned().context("failed to find a sound")?;
    let recipe = Recipe {
        models: generated::models(&client, &args.model)?,
        source: RecipeSource::Sound {
            sound: first,
            transposes_to_model: args.transpose == Some(Transposition::ToModel),
        },
        controls: controls(args),
        deviations: Vec::new(),
        seed: args.seed,
        secs: None,
        variation: None,
        loudness_lufs: args.out.loudness,
        finish: api::Finish::default(),
        format: args.out.format.map_or(SampleFormat::default(), Into::into),
    };
    let new = NewGeneration { name: None, recipe, count: 1, vary: 0.0, inputs, folder: None };
    let made = generated::made(&client, &new, console)?;
    let place = |sound: &GeneratedSound| match &sound.card.recipe.source {
        RecipeSource::Sound { sound: SoundPlace::File { path }, .. } => {
            let found = files.get(path).map(|place| place.0.clone());
            found.with_context(|| format!("failed to find where {} belongs", path.display()))
        }
        _ => anyhow::bail!("failed to find which file sound {} was made from", sound.number),
    };
    let copied = generated::copied(&client, &made, args.recipes, args.out.keep, place)?;
    let n_missing = files.len().saturating_sub(copied.len());
    if n_missing > 0 {
        let missing = words::n_of(n_missing, "file");
        console.terminal.note(&format!("note: {missing} could not be used."));
    }
    generated::report(console, &made, &copied, &args.out.output)
}

fn controls(args: &StyleArgs) -> BTreeMap<String, f64> {
    let semitones = match args.transpose {
        Some(Transposition::By(semitones)) => Some(semitones),
        _ => None,
    };
    let said = [
        ("wet", args.wet),
        ("transpose", semitones),
        ("follow", args.follow),
        ("smoothing", args.smoothing),
    ];
    let said = said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    said.chain(args.settings.iter().cloned()).collect()
}

/// Where the sound of a file goes.
struct Place(PathBuf);

/// Every sound file that was named, or lies in a folder that was, and where what comes of it goes: under the same name,
/// in the same sub-folder. What was made before is not sent through again.
fn files_of(inputs: &[PathBuf], output: &Path) -> anyhow::Result<BTreeMap<PathBuf, Place>> {
    let made_before = fs::canonicalize(output).ok();
    let mut files = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for input in inputs {
        let path = absolute(input)?;
        let mut found = Vec::new();
        match path.is_dir() {
            true => sounds_in(&path, made_before.as_deref(), DEPTH_MAX, &mut found)?,
            false => found.push(path.clone()),
        }
        found.sort();
        for file in found {
            let below = match path.is_dir() {
                true => file.strip_prefix(&path).unwrap_or(&file).to_owned(),
                false => PathBuf::from(file.file_name().unwrap_or_default()),
            };
            if files.contains_key(&file) {
                continue;
            }
            let place = generated::free_file(output.join(below.with_extension("wav")), &taken);
            taken.insert(place.clone());
            files.insert(file, Place(place));
        }
    }
    let (why, remedy) = match files.len() {
        0 => ("They hold no sound files.".to_owned(), "Choose others."),
        n if n > FILES_MAX => (
            format!("They are {}, and one command takes {FILES_MAX}.", words::n_of(n, "file")),
            "Choose one of the sub-folders at a time.",
        ),
        _ => return Ok(files),
    };
    let what = "These files cannot be sent through a model.".to_owned();
    Err(refused("no_sounds", what, &why, remedy).into())
}

/// Sound files in a folder and below it; hidden ones and links to folders are left out.
pub(super) fn sounds_in(
    folder: &Path,
    but: Option<&Path>,
    depth: usize,
    found: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
    if but == Some(folder) || depth == 0 {
        return Ok(());
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("failed to read {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("failed to read {}", folder.display()))?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if api::is_hidden_name(&name) {
            continue;
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            sounds_in(&entry.path(), but, depth - 1, found)?;
        } else if api::is_sound_name(&name) && entry.path().is_file() && found.len() <= FILES_MAX {
            found.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposition_is_found_or_said() {
        assert_eq!(transposition("auto"), Ok(Transposition::ToModel));
        assert_eq!(transposition("-12"), Ok(Transposition::By(-12.0)));
        assert!(transposition("25").is_err() && transposition("up").is_err());
    }

    #[test]
    fn files_keep_their_folders_and_names() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let output = root.join("in/out");
        for file in
            ["in/a.wav", "in/b/a.flac", "in/b/a.wav", "in/.c.wav", "in/d.txt", "in/out/a.wav"]
        {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        fs::write(root.join("e.mp3"), "").unwrap();
        let inputs = [root.join("in"), root.join("e.mp3"), root.join("in/a.wav")];
        let files = files_of(&inputs, &output).unwrap();
        let found: Vec<_> = files
            .iter()
            .map(|(from, Place(to))| {
                let from = from.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                (from, to.strip_prefix(&output).unwrap().to_str().unwrap().to_owned())
            })
            .collect();
        let expected = [
            ("e.mp3", "e.wav"),
            ("in/a.wav", "a.wav"),
            ("in/b/a.flac", "b/a.wav"),
            ("in/b/a.wav", "b/a-2.wav"),
        ];
        assert_eq!(found, expected.map(|(from, to)| (from.to_owned(), to.to_owned())));
        assert!(files_of(&[root.join("in/out")], &output).is_err());
        assert!(files_of(&[root.join("nowhere")], &output).is_err());
    }
}
