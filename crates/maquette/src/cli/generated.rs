//! What `maquette generate` and `maquette style` have in common: models by name, a generation that is followed, and its
//! sounds copied out.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use api::{
    GeneratedSound, Generation, NewGeneration, Recipe, RecipeModel, RecipeSource, SampleFormat,
    SoundCard,
};

use super::{
    Console, convert, follow::Onlooker, interrupt, output, output::refused, play::setting, words,
};
use crate::{client::Client, percent::encoded_path};

/// Sounds of one answer.
const PAGE: usize = 200;

/// How samples are stored in the WAV files that a command writes.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Format {
    /// 16-bit integers; plays everywhere
    Int16,
    /// 24-bit integers
    Int24,
    /// 32-bit floats
    Float32,
}

impl From<Format> for SampleFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Int16 => Self::Int16,
            Format::Int24 => Self::Int24,
            Format::Float32 => Self::Float32,
        }
    }
}

/// Options of what comes out.
#[derive(clap::Args)]
pub(crate) struct OutArgs {
    /// The folder to write to; it is created if it is missing
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) output: PathBuf,
    /// Bring every sound to this loudness, in LUFS
    #[arg(long, value_name = "LUFS", allow_negative_numbers = true)]
    pub(crate) loudness: Option<f64>,
    /// How samples are stored [default: int24]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Keep what was made in the workspace, too, to listen to it in the browser
    #[arg(long)]
    pub(crate) keep: bool,
    /// Overwrite files that exist
    #[arg(long)]
    pub(crate) force: bool,
}

/// A sound that was made, and the file it was copied to.
pub(crate) struct Copied {
    pub(crate) file: PathBuf,
    pub(crate) sound: GeneratedSound,
}

/// The value of `--set`: a control's key and a value in its range.
pub(crate) fn named_setting(text: &str) -> Result<(String, f64), String> {
    setting(text)?;
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    let value = value.parse().map_err(|_| format!("`{key}` takes a number, not `{value}`"))?;
    Ok((key.to_owned(), value))
}

/// The models that the user named, with a comma between them; a name that has one itself is one model.
pub(crate) fn models(client: &Client, text: &str) -> anyhow::Result<Vec<RecipeModel>> {
    let all: Vec<api::Model> = client.get("/api/models")?;
    let is_one =
        all.iter().any(|it| it.name == text || it.id.as_str() == text) || Path::new(text).exists();
    let names = match is_one {
        true => vec![text],
        false => text.split(',').map(str::trim).collect(),
    };
    names.into_iter().map(|name| model(client, name)).collect()
}

/// The model that the user named.
pub(crate) fn model(client: &Client, text: &str) -> anyhow::Result<RecipeModel> {
    let place = convert::model_place(client, text)?;
    Ok(RecipeModel::at(place, ""))
}

/// Sees, before anything is computed, that no file is in the way, and makes the folders.
pub(crate) fn check_places<'p>(
    files: impl Iterator<Item = &'p PathBuf>,
    folder: &Path,
    force: bool,
) -> anyhow::Result<()> {
    if folder.exists() && !folder.is_dir() {
        let what = format!("“{}” is no folder.", folder.display());
        return Err(refused("not_a_folder", what, "", "Choose another output.").into());
    }
    for file in files {
        let parent = file.parent().unwrap_or(folder);
        if parent.is_dir() {
            output::check_place(file, force)?;
        }
    }
    Ok(())
}

/// Queues a generation and waits until it is done. One that fails or is interrupted is removed.
pub(crate) fn made(
    client: &Arc<Client>,
    new: &NewGeneration,
    console: &Console,
) -> anyhow::Result<Generation> {
    let queued: Generation = client.post("/api/generations", new)?;
    let path = format!("/api/generations/{}", queued.id);
    let onlooker = Onlooker { client, terminal: console.terminal };
    let look = || onlooker.generation(&queued.id);
    let made = interrupt::cancelled_on_interrupt::<Generation, _>(client, &path, look)
        .inspect_err(|_| client.discard(&format!("{path}?forever=true")))?;
    for note in &made.notes {
        console.terminal.note(&format!("note: {note}"));
    }
    Ok(made)
}

/// Copies the sounds of a generation to files, and recipes beside them if wanted; then removes the generation, unless it
/// is to be kept.
pub(crate) fn copied(
    client: &Client,
    generation: &Generation,
    has_recipes: bool,
    is_kept: bool,
    file_of: impl Fn(&GeneratedSound) -> anyhow::Result<PathBuf>,
) -> anyhow::Result<Vec<Copied>> {
    let copied = copy_all(client, generation, has_recipes, file_of);
    if !is_kept {
        client.discard(&format!("/api/generations/{}?forever=true", generation.id));
    }
    copied
}

fn copy_all(
    client: &Client,
    generation: &Generation,
    has_recipes: bool,
    file_of: impl Fn(&GeneratedSound) -> anyhow::Result<PathBuf>,
) -> anyhow::Result<Vec<Copied>> {
    let base = format!("/api/generations/{}", generation.id);
    let mut copied: Vec<Copied> = Vec::new();
    loop {
        let after = copied.last().map_or(0, |it| it.sound.number);
        let page: Vec<GeneratedSound> =
            client.get(&format!("{base}/sounds?after={after}&limit={PAGE}"))?;
        if page.is_empty() {
            return Ok(copied);
        }
        for sound in page {
            let file = file_of(&sound)?;
            let folder = file.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)
                .map_err(|error| output::cannot_write(&file, error.into()))?;
            let samples = encoded_path(&format!("{}/{}", sound.path, SoundCard::SOUND));
            output::download(client, &format!("{base}/files/{samples}"), &file)?;
            if has_recipes {
                let whole: GeneratedSound =
                    client.get(&format!("{base}/sounds/{}", sound.number))?;
                let files = format!("{base}/files/{}", encoded_path(&sound.path));
                write_recipe(client, &files, whole.card.recipe, &file)?;
            }
            copied.push(Copied { file, sound });
        }
    }
}

/// Writes the recipe of a sound beside it, `x.json` of `x.wav`, with the files that the recipe names in its sound's folder;
/// `files` is the address of that.
pub(crate) fn write_recipe(
    client: &Client,
    files: &str,
    mut recipe: Recipe,
    file: &Path,
) -> anyhow::Result<()> {
    if let RecipeSource::Performance { input, moves } = &mut recipe.source {
        for (path, ending) in [(input, "input.wav"), (moves, "moves.jsonl")] {
            let Some(name) = path.to_str().filter(|_| path.is_relative()) else { continue };
            let beside = file.with_extension(ending);
            output::download(client, &format!("{files}/{}", encoded_path(name)), &beside)?;
            *path = beside.file_name().map(PathBuf::from).unwrap_or_default();
        }
    }
    let text = serde_json::to_string_pretty(&recipe).context("failed to write JSON")?;
    output::write(&file.with_extension("json"), &(text + "\n"))
}

/// A name as part of a file's name: no separators, nothing hidden, nothing that other systems refuse.
pub(crate) fn file_stem(name: &str) -> String {
    let plain = |c: char| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
        c if c.is_control() => '-',
        c => c,
    };
    let stem: String = name.chars().map(plain).take(80).collect();
    let stem = stem.trim().trim_matches('.').trim();
    if stem.is_empty() { "sound".to_owned() } else { stem.to_owned() }
}

/// A file that none of these is: with a number behind its name if need be.
pub(crate) fn free_file(file: PathBuf, taken: &BTreeSet<PathBuf>) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = file.extension().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = (2..).map(|n: u32| file.with_file_name(format!("{stem}-{n}.{ending}")));
    let mut files = std::iter::once(file.clone()).chain(numbered);
    files.find(|file| !taken.contains(file)).unwrap_or(file)
}

/// Prints what was made.
pub(crate) fn report(
    console: &Console,
    generation: &Generation,
    copied: &[Copied],
    folder: &Path,
) -> anyhow::Result<()> {
    let secs = |it: &Copied| {
        it.sound.card.facts.n_samples as f64 / f64::from(it.sound.card.facts.rate_hz.max(1))
    };
    let sounds: Vec<_> = copied
        .iter()
        .map(|it| serde_json::json!({ "file": it.file, "name": it.sound.card.name, "facts": it.sound.card.facts }))
        .collect();
    let json = serde_json::json!({
        "generation": generation.id,
        "folder": folder,
        "sounds": sounds,
        "notes": generation.notes,
    });
    console.terminal.result(&json, || {
        let total: f64 = copied.iter().map(secs).sum();
        let skipped = match generation.notes.len() {
            0 => String::new(),
            n => format!(", {} skipped or changed", words::n_of(n, "input")),
        };
        format!(
            "{}: {}, {} in all{skipped}",
            folder.display(),
            words::n_of(copied.len(), "sound"),
            words::duration(total)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_paths() {
        let check = |name: &str, expected: &str| assert_eq!(file_stem(name), expected, "{name}");
        check("Voice walk", "Voice walk");
        check("../../etc", "-..-etc");
        check("a/b\\c:d", "a-b-c-d");
        check(" .hidden. ", "hidden");
        check("\u{7}", "-");
        check("", "sound");
        check("..", "sound");
    }

    #[test]
    fn files_that_are_taken_get_a_number() {
        let taken = BTreeSet::from([PathBuf::from("o/a.wav"), PathBuf::from("o/a-2.wav")]);
        let check = |file: &str, expected: &str| {
            assert_eq!(free_file(file.into(), &taken), Path::new(expected));
        };
        check("o/b.wav", "o/b.wav");
        check("o/a.wav", "o/a-3.wav");
    }

    #[test]
    fn settings_keep_their_digits() {
        assert_eq!(named_setting("wet=0.1"), Ok(("wet".to_owned(), 0.1)));
        assert!(named_setting("wet=2").is_err() && named_setting("wett=1").is_err());
    }
}
