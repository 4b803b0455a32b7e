//! `maquette sound`: the library of sounds that were generated or recorded, and kept.

use std::path::PathBuf;

use api::{FamilyTree, KinOf, PatternId, Sound, SoundCard, SoundChange};

use super::{
    Console, generated,
    named::{self, Kind},
    output,
    table::{list, table},
    words,
};
use crate::percent::encoded;

#[derive(clap::Subcommand)]
pub(crate) enum SoundCommand {
    /// List all sounds, newest first
    List {
        /// Only favourites
        #[arg(long)]
        favourite: bool,
        /// Only those that this model made: its identifier or name
        #[arg(long)]
        model: Option<String>,
        /// Only those with this text in their name, their tags or the names of their models
        #[arg(long)]
        text: Option<String>,
    },
    /// Show a sound and how it was made
    Show {
        /// The sound's identifier or name
        sound: String,
    },
    /// Show the family tree of a sound: what it was made of, and what was made of it
    Family {
        /// The sound's identifier or name, or the identifier of a pattern of the memory
        sound: String,
    },
    /// Copy a sound to a file
    Export {
        /// The sound's identifier or name
        sound: String,
        /// Where to copy it to, a .wav file
        #[arg(short, long, value_name = "FILE.wav")]
        output: PathBuf,
        /// Write its recipe beside it, a .json file that `maquette generate --recipe` takes
        #[arg(long)]
        recipe: bool,
        /// Overwrite files that exist
        #[arg(long)]
        force: bool,
    },
    /// Rename a sound
    Rename {
        /// The sound's identifier or name
        sound: String,
        /// Its new name
        name: String,
    },
    /// Move a sound to the trash
    Delete {
        /// The sound's identifier or name
        sound: String,
    },
    /// Restore a sound from the trash
    Restore {
        /// The sound's identifier or name
        sound: String,
    },
}

pub(crate) fn run(command: &SoundCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let path_of = |text: &str| -> anyhow::Result<String> {
        Ok(format!("/api/sounds/{}", named::id(&client, Kind::Sound, text)?))
    };
    match command {
        SoundCommand::List { favourite, model, text } => {
            let mut query = Vec::new();
            if *favourite {
                query.push("favourite=true".to_owned());
            }
            if let Some(model) = model {
                query.push(format!("model={}", named::id(&client, Kind::Model, model)?));
            }
            query.extend(text.as_ref().map(|text| format!("text={}", encoded(text))));
            let sounds: Vec<Sound> = client.get(&format!("/api/sounds?{}", query.join("&")))?;
            words::note_unreadable(&client, terminal, Kind::Sound);
            terminal.result(&sounds, || overview(&sounds))
        }
        SoundCommand::Show { sound } => {
            let sound: Sound = client.get(&path_of(sound)?)?;
            terminal.result(&sound, || detail(&sound))
        }
        SoundCommand::Family { sound } => {
            let of = match PatternId::read(sound) {
                Ok(id) => KinOf::Pattern { id },
                Err(_) => KinOf::Sound { id: named::id(&client, Kind::Sound, sound)? },
            };
            let tree: FamilyTree = client.post("/api/family-tree", &of)?;
            terminal.result(&tree, || family(&tree))
        }
        SoundCommand::Export { sound, output: file, recipe, force } => {
            output::ending(file, &["wav"])?;
            let beside = recipe.then(|| file.with_extension("json"));
            output::check_place(file, *force)?;
            beside.iter().try_for_each(|beside| output::check_place(beside, *force))?;
            let path = path_of(sound)?;
            output::download(&client, &format!("{path}/files/{}", SoundCard::SOUND), file)?;
            if beside.is_some() {
                let sound: Sound = client.get(&path)?;
                let files = format!("{path}/files");
                generated::write_recipe(&client, &files, sound.card.recipe, file)?;
            }
            let json = serde_json::json!({ "file": file, "recipe": beside });
            terminal.result(&json, || file.display().to_string())
        }
        SoundCommand::Rename { sound, name } => {
            let change = SoundChange { name: Some(name.clone()), ..SoundChange::default() };
            let sound: Sound = client.patch(&path_of(sound)?, &change)?;
            terminal.result(&sound, || detail(&sound))
        }
        SoundCommand::Delete { sound } => {
            let id = named::id(&client, Kind::Sound, sound)?;
            client.delete(&format!("/api/sounds/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || words::deleted(&id))
        }
        SoundCommand::Restore { sound } => {
            let id = named::deleted(&client, Kind::Sound, sound)?;
            let sound: Sound = client.post_empty(&format!("/api/sounds/{id}/restore"))?;
            terminal.result(&sound, || detail(&sound))
        }
    }
}

fn overview(sounds: &[Sound]) -> String {
    if sounds.is_empty() {
        return "No sounds. `maquette generate` makes some, and live sessions record them."
            .to_owned();
    }
    let row = |sound: &Sound| {
        [
            sound.id.to_string(),
            sound.card.name.clone(),
            words::duration(secs(sound)),
            made_by(sound),
            if sound.is_favourite { "favourite" } else { "" }.to_owned(),
        ]
    };
    let rows: Vec<_> = sounds.iter().map(row).collect();
    table(["id", "name", "length", "made by", ""], &rows)
}

/// A sound in a few lines.
fn detail(sound: &Sound) -> String {
    let facts = &sound.card.facts;
    let db = |value: Option<f64>, unit: &str| {
        value.map_or(String::new(), |it| format!("{it:.1} {unit}"))
    };
    list(&[
        ("sound", sound.id.to_string()),
        ("name", sound.card.name.clone()),
        ("length", words::duration(secs(sound))),
        (
            "format",
            format!("{} Hz, {}", facts.rate_hz, words::n_of(facts.channels as usize, "channel")),
        ),
        ("peak", db(facts.peak_db, "dB")),
        ("loudness", db(facts.loudness_lufs, "LUFS")),
        ("made by", made_by(sound)),
        ("seed", sound.card.recipe.seed.to_string()),
        ("tags", sound.tags.join(", ")),
        ("folder", sound.folder.clone()),
    ])
}

/// A line for each link, ancestors first.
fn family(tree: &FamilyTree) -> String {
    if tree.links.is_empty() {
        return "It was made of nothing that is known, and nothing was made of it.".to_owned();
    }
    let name = |key: &str| {
        let found = tree.members.iter().find(|it| it.key == key);
        found.map_or_else(
            || key.to_owned(),
            |it| match it.is_gone {
                true => format!("{} ({key}, gone)", it.name),
                false => format!("{} ({key})", it.name),
            },
        )
    };
    let generation =
        |key: &str| tree.members.iter().find(|it| it.key == key).map_or(0, |it| it.generation);
    let mut links: Vec<_> = tree.links.iter().collect();
    links.sort_by_key(|it| (generation(&it.parent), generation(&it.child)));
    let row = |it: &&api::KinLink| [name(&it.child), it.how.clone(), name(&it.parent)];
    let rows: Vec<_> = links.iter().map(row).collect();
    let mut text = table(["sound", "how", "of"], &rows);
    if tree.is_cut {
        text.push_str("There is more than is shown.\n");
    }
    text
}

fn secs(sound: &Sound) -> f64 {
    sound.card.facts.n_samples as f64 / f64::from(sound.card.facts.rate_hz.max(1))
}

fn made_by(sound: &Sound) -> String {
    let names: Vec<&str> = sound.card.recipe.models.iter().map(|it| it.name.as_str()).collect();
    names.join(", ")
}
