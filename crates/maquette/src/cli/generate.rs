//! `maquette generate`: new sounds from a prior, a path, a random walk, or a recipe, each with its recipe beside it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use api::{
    Model, ModelPlace, NewGeneration, Recipe, RecipeModel, RecipeSource, SampleFormat, SoundPlace,
};
use serde_json::Value;

use super::{
    Console, absolute,
    generated::{self, OutArgs, named_setting},
    output::refused,
};
use crate::client::Client;

/// How long a sound is if nobody says otherwise.
const SECS: f64 = 10.0;
/// Frames per second of a movement if nobody says otherwise.
const FRAME_RATE_HZ: f64 = 50.0;

#[derive(clap::Args)]
pub(crate) struct GenerateArgs {
    /// A model's identifier or name, or a file or folder with one; several with commas between them
    #[arg(required_unless_present = "recipe")]
    model: Option<String>,
    /// Let this prior make the latents up; the model's only one if neither path nor walk is asked for
    #[arg(long, value_name = "MODEL")]
    prior: Option<String>,
    /// Go on from this sound file
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
    /// How much of that sound the prior hears, from its start, in seconds
    #[arg(long, value_name = "SECS", requires = "start")]
    start_secs: Option<f64>,
    /// Follow a movement: an .npy file of coordinates [1, directions, frames] in standard deviations
    #[arg(long, value_name = "FILE.npy", conflicts_with_all = ["prior", "start", "walk"])]
    path: Option<PathBuf>,
    /// Frames per second of the movement; by default 50, or as many as last for --seconds
    #[arg(long, value_name = "HZ", requires = "path")]
    rate: Option<f64>,
    /// Walk at random where the dataset's latents are
    #[arg(long, conflicts_with_all = ["prior", "start"])]
    walk: bool,
    /// How often a second the walk comes to another place
    #[arg(long, value_name = "HZ", default_value_t = 0.5, requires = "walk")]
    speed: f64,
    /// How far the walk goes from the mean, in standard deviations
    #[arg(long, value_name = "SIGMA", default_value_t = 1.0, requires = "walk")]
    range: f64,
    /// Make the sound of this recipe again, a .json file as this command writes it
    #[arg(long, value_name = "FILE.json",
        conflicts_with_all = ["model", "prior", "start", "path", "walk", "settings", "temperature"])]
    recipe: Option<PathBuf>,
    /// The random seed [default: 0, or the recipe's]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How long each sound is [default: 10 s, or as the path or the recipe has it]
    #[arg(long, value_name = "SECS")]
    seconds: Option<f64>,
    /// How many sounds to make, each from a seed of its own
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    /// How bold the prior is: 0 the most likely, 1 as it learnt, at most 2
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,
    /// Let each sound drift so far from the recipe, in standard deviations
    #[arg(long, value_name = "V", default_value_t = 0.0)]
    vary: f64,
    /// Where a control stands, like `scale=1.5` or `z2.bias=1`; can be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = named_setting)]
    settings: Vec<(String, f64)>,
    /// What the files are called
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    out: OutArgs,
}

pub(crate) fn run(args: &GenerateArgs, console: &Console) -> anyhow::Result<()> {
    let given = args.recipe.as_deref().map(read_recipe).transpose()?;
    let client = Arc::new(console.client()?);
    let recipe = match given {
        Some(recipe) => recipe,
        None => composed(args, &client)?,
    };
    let recipe = changed(args, recipe);
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(&client, &recipe)?,
    };
    let folder = &args.out.output;
    let stem = generated::file_stem(&name);
    let file_of = |number: u32| match args.count {
        1 => folder.join(format!("{stem}.wav")),
        _ => folder.join(format!("{stem}-{number:03}.wav")),
    };
    let files: Vec<PathBuf> = (1..=args.count).map(file_of).collect();
    let recipes: Vec<PathBuf> = files.iter().map(|file| file.with_extension("json")).collect();
    generated::check_places(files.iter().chain(&recipes), folder, args.out.force)?;
    let new = NewGeneration {
        name: Some(name),
        recipe,
        count: args.count,
        vary: args.vary,
        inputs: Vec::new(),
        folder: None,
    };
    let made = generated::made(&client, &new, console)?;
    let place = |sound: &api::GeneratedSound| Ok(file_of(sound.number));
    let copied = generated::copied(&client, &made, true, args.out.keep, place)?;
    generated::report(console, &made, &copied, folder)
}

/// The recipe that the options say.
fn composed(args: &GenerateArgs, client: &Client) -> anyhow::Result<Recipe> {
    let model = args.model.as_deref().context("failed to find a model to generate with")?;
    let models = generated::models(client, model)?;
    let mut controls: BTreeMap<String, f64> = args.settings.iter().cloned().collect();
    if let Some(temperature) = args.temperature {
        controls.insert("temperature".to_owned(), temperature);
    }
    let secs = Some(args.seconds.unwrap_or(SECS));
    let (source, secs) = match &args.path {
        Some(path) => (movement(args, path)?, args.seconds),
        None if args.walk => {
            let (speed_hz, range) = (args.speed, args.range);
            (RecipeSource::Walk { speed_hz, range, start: Vec::new() }, secs)
        }
        None => (prior(args, client, &models)?, secs),
    };
    Ok(Recipe {
        models,
        source,
        controls,
        deviations: Vec::new(),
        seed: 0,
        secs,
        variation: None,
        loudness_lufs: None,
        finish: api::Finish::default(),
        format: SampleFormat::default(),
    })
}

/// A recipe with what the options say about any.
fn changed(args: &GenerateArgs, mut recipe: Recipe) -> Recipe {
    recipe.seed = args.seed.unwrap_or(recipe.seed);
    recipe.secs = args.seconds.or(recipe.secs);
    recipe.loudness_lufs = args.out.loudness.or(recipe.loudness_lufs);
    recipe.format = args.out.format.map_or(recipe.format, Into::into);
    recipe
}

fn movement(args: &GenerateArgs, path: &Path) -> anyhow::Result<RecipeSource> {
    let frames = worker::read_movement(path)?;
    let as_long = args.seconds.map(|secs| frames.len() as f64 / secs);
    let rate_hz = args.rate.or(as_long).unwrap_or(FRAME_RATE_HZ);
    Ok(RecipeSource::Trajectory { frames, rate_hz })
}

fn prior(
    args: &GenerateArgs,
    client: &Client,
    models: &[RecipeModel],
) -> anyhow::Result<RecipeSource> {
    let start = args.start.as_deref().map(absolute).transpose()?;
    let prior = match &args.prior {
        Some(prior) => generated::model(client, prior)?,
        None => only_prior(client, models.first())?,
    };
    Ok(RecipeSource::Prior {
        prior,
        start: start.map(|path| SoundPlace::File { path }),
        start_secs: args.start_secs,
    })
}

/// The prior that is meant if none is named: the only one of the first model, or of the library if that model is a file.
fn only_prior(client: &Client, model: Option<&RecipeModel>) -> anyhow::Result<RecipeModel> {
    let all: Vec<Model> = client.get("/api/models")?;
    let named = model.and_then(|model| match &model.place {
        ModelPlace::Library { id } => all.iter().find(|it| it.id == *id),
        ModelPlace::File { .. } => None,
    });
    let is_of_it = |prior: &&Model| {
        let of = prior.prior_of.as_ref().map(|it| &it.sha256);
        prior.family == "prior" && named.is_none_or(|model| of == Some(&model.sha256))
    };
    let priors: Vec<&Model> = all.iter().filter(is_of_it).collect();
    let whose = named.map_or("The library".to_owned(), |model| format!("“{}”", model.name));
    let (why, remedy) = match priors[..] {
        [prior] => {
            let place = ModelPlace::Library { id: prior.id.clone() };
            return Ok(RecipeModel::at(place, ""));
        }
        [] => (
            format!("{whose} has no prior."),
            "Train one with `maquette prior train MODEL`, or use --walk or --path.",
        ),
        _ => {
            let names: Vec<&str> = priors.iter().map(|it| it.name.as_str()).collect();
            (
                format!("{whose} has several priors: {}.", names.join(", ")),
                "Name one with --prior, or use --walk or --path.",
            )
        }
    };
    let what = "Nothing says where the latents come from.".to_owned();
    Err(refused("no_source", what, &why, remedy).into())
}

/// Reads a recipe, or the recipe of a sound's card. Paths in it are seen from its own folder.
fn read_recipe(path: &Path) -> anyhow::Result<Recipe> {
    let unreadable = |error: &dyn std::fmt::Display| {
        let what = format!("“{}” is no recipe.", path.display());
        let remedy = "Choose a .json file as `maquette generate` writes it beside a sound.";
        refused("bad_recipe", what, &api::sentence(&error.to_string()), remedy)
    };
    let path = absolute(path)?;
    let text = fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let mut value: Value = serde_json::from_slice(&text).map_err(|error| unreadable(&error))?;
    let value = match value.get_mut("recipe") {
        Some(recipe) => recipe.take(),
        None => value,
    };
    let mut recipe: Recipe = serde_json::from_value(value).map_err(|error| unreadable(&error))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    if let RecipeSource::Performance { input, moves } = &mut recipe.source {
        // An absolute path stays what it is.
        *input = folder.join(&*input);
        *moves = folder.join(&*moves);
    }
    Ok(recipe)
}

/// `Voice walk`.
fn name_of(client: &Client, recipe: &Recipe) -> anyhow::Result<String> {
    let all: Vec<Model> = client.get("/api/models")?;
    let name = |model: &RecipeModel| match &model.place {
        ModelPlace::Library { id } => {
            let found = all.iter().find(|it| it.id == *id);
            found.map_or_else(|| model.name.clone(), |it| it.name.clone())
        }
        ModelPlace::File { path } => {
            path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
        }
    };
    let names: Vec<String> = recipe.models.iter().map(name).collect();
    let word = match &recipe.source {
        RecipeSource::Sound { .. } => "style",
        RecipeSource::Prior { .. } => "prior",
        RecipeSource::Path { .. } => "path",
        RecipeSource::Trajectory { .. } => "trajectory",
        RecipeSource::Walk { .. } => "walk",
        RecipeSource::Performance { .. } => "performance",
        RecipeSource::Words(_) => "words",
        RecipeSource::Blend(_) => "blend",
    };
    Ok(format!("{} {word}", names.join(" and ")).trim().chars().take(100).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_read_alone_or_from_a_card() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let path = folder.join("a.json");
        let recipe = serde_json::json!({
            "models": [{ "place": { "from": "file", "path": "/m.safetensors" } }],
            "source": { "from": "performance", "input": "input.wav", "moves": "/m/moves.jsonl" },
        });
        let check = |text: String| {
            fs::write(&path, text).unwrap();
            read_recipe(&path).map(|recipe| recipe.source)
        };
        let expected = RecipeSource::Performance {
            input: folder.join("input.wav"),
            moves: "/m/moves.jsonl".into(),
        };
        assert_eq!(check(recipe.to_string()).unwrap(), expected);
        let card = serde_json::json!({ "format": 1, "name": "A", "recipe": recipe });
        assert_eq!(check(card.to_string()).unwrap(), expected);
        for bad in ["", "{}", "[]", r#"{"models":[],"source":{"from":"nowhere"}}"#] {
            assert!(check(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(read_recipe(&folder.join("missing.json")).is_err());
    }
}
