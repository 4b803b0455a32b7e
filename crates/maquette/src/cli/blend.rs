//! `maquette blend`: one sound of several: files and patterns of the memory.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use api::{
    BlendSound, BlendSource, BlendWay, GeneratedSound, NewGeneration, PatternId, Recipe,
    RecipeSource, SampleFormat, SoundPlace,
};

use super::{
    Console, from_root,
    generated::{self, OutArgs},
};

/// How sounds are blended.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum By {
    /// Short grains of one and of another
    Grains,
    /// The mean of spectra
    Spectra,
    /// The mean of a model's latents
    Latents,
    /// A way through a model's latents, from the first to the last
    Path,
    /// All together
    Layers,
}

impl From<By> for BlendWay {
    fn from(by: By) -> Self {
        match by {
            By::Grains => Self::Grains,
            By::Spectra => Self::Spectra,
            By::Latents => Self::Latents,
            By::Path => Self::Path,
            By::Layers => Self::Layers,
        }
    }
}

#[derive(clap::Args)]
pub(crate) struct BlendArgs {
    /// Sound files, or identifiers of patterns of the memory; `=0.5` behind one is its share
    #[arg(required = true, value_name = "FILE|PATTERN[=SHARE]")]
    sounds: Vec<String>,
    /// How they are blended
    #[arg(long, value_enum, default_value_t = By::Grains)]
    by: By,
    /// The model whose latents are blended
    #[arg(long, value_name = "MODEL", required_if_eq_any([("by", "latents"), ("by", "path")]))]
    model: Option<String>,
    /// The length, in seconds [default: that of the sounds on average]
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// How many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    count: u32,
    /// The length of a grain, in seconds
    #[arg(long, value_name = "S", default_value_t = 0.12)]
    grain: f64,
    /// How far a grain may lie from its time in the sound, in seconds
    #[arg(long, value_name = "S", default_value_t = 0.0)]
    scatter: f64,
    /// Keep the rhythm of a sound, by its number from 1: its loudness over time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16))]
    rhythm: Option<u32>,
    /// The number that all random numbers follow from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    out: OutArgs,
}

pub(crate) fn run(args: &BlendArgs, console: &Console) -> anyhow::Result<()> {
    let client = Arc::new(console.client()?);
    let sounds = args.sounds.iter().map(|it| sound(it)).collect::<anyhow::Result<_>>()?;
    if let Some(number) = args.rhythm.filter(|it| *it as usize > args.sounds.len()) {
        let what = format!("There is no sound {number} to take the rhythm of.");
        let remedy = format!("Sounds are counted from 1, and there are {}.", args.sounds.len());
        return Err(super::output::refused("invalid", what, "", &remedy).into());
    }
    let models = match &args.model {
        Some(model) => vec![generated::model(&client, model)?],
        None => vec![],
    };
    let source = BlendSource {
        sounds,
        way: args.by.into(),
        grain_secs: args.grain,
        scatter_secs: args.scatter,
        rhythm: args.rhythm.map(|it| it - 1),
    };
    let recipe = Recipe {
        models,
        source: RecipeSource::Blend(source),
        controls: std::collections::BTreeMap::new(),
        deviations: vec![],
        seed: args.seed,
        secs: args.seconds,
        variation: None,
        loudness_lufs: args.out.loudness,
        finish: api::Finish::default(),
        format: args.out.format.map_or(SampleFormat::default(), Into::into),
    };
    let files: Vec<PathBuf> = match args.count {
        0 | 1 => vec![args.out.output.join("blend.wav")],
        n => (1..=n).map(|i| args.out.output.join(format!("blend-{i}.wav"))).collect(),
    };
    generated::check_places(files.iter(), &args.out.output, args.out.force)?;
    let new = NewGeneration {
        name: None,
        recipe,
        count: args.count,
        vary: 0.0,
        inputs: vec![],
        folder: None,
    };
    let made = generated::made(&client, &new, console)?;
    let taken = BTreeSet::new();
    let place = |sound: &GeneratedSound| {
        let file = files.get(sound.number as usize - 1).cloned();
        let file =
            file.unwrap_or_else(|| args.out.output.join(format!("blend-{}.wav", sound.number)));
        Ok(generated::free_file(file, &taken))
    };
    let copied = generated::copied(&client, &made, false, args.out.keep, place)?;
    generated::report(console, &made, &copied, &args.out.output)
}

/// A sound with its share.
fn sound(text: &str) -> anyhow::Result<BlendSound> {
    let of = |text: &str, weight: f64| -> anyhow::Result<BlendSound> {
        let is_file = std::path::Path::new(text).exists();
        let sound = match PatternId::read(text) {
            Ok(id) if !is_file => SoundPlace::Pattern { id, excerpt: None },
            _ => SoundPlace::File { path: from_root(std::path::Path::new(text))?.into() },
        };
        Ok(BlendSound { sound, weight })
    };
    match text.rsplit_once('=').and_then(|(name, share)| Some((name, share.parse().ok()?))) {
        Some((name, weight)) if !std::path::Path::new(text).exists() => of(name, weight),
        _ => of(text, 1.0),
    }
}
