//! `maquette preset`: save and manage the user's presets.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::{Family, NewPreset, OwnPreset, PresetFile, Rename};
use serde::Serialize;

use super::{
    Console,
    named::{self, Kind},
    table::{list, table},
    training::{ChoiceArgs, LimitArgs},
    words,
};

/// The size limit of preset files.
const MAX_FILE_BYTES: u64 = 1 << 20;

#[derive(clap::Subcommand)]
pub(crate) enum PresetCommand {
    /// List all presets, your own first
    List,
    /// Save settings as a preset
    Save {
        /// The preset's name, like `My voice`
        name: String,
        /// What the preset is good for
        #[arg(long, default_value = "")]
        summary: String,
        #[command(flatten)]
        choices: ChoiceArgs,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Show one of your own presets
    Show {
        /// The preset's identifier or name
        preset: String,
    },
    /// Rename a preset
    Rename {
        /// The preset's identifier or name
        preset: String,
        /// Its new name
        name: String,
    },
    /// Move a preset to the trash
    Delete {
        /// The preset's identifier or name
        preset: String,
    },
    /// Restore a preset from the trash
    Restore {
        /// The preset's identifier or name
        preset: String,
    },
    /// Write a preset to a file for sharing
    Export {
        /// The preset's identifier or name
        preset: String,
        /// The file to write [default: print it]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Add a preset from a file
    Import {
        /// The file to read
        file: PathBuf,
    },
}

/// What `preset list --json` prints.
#[derive(Serialize)]
struct Presets {
    own: Vec<OwnPreset>,
    families: Vec<FamilyPresets>,
}

#[derive(Serialize)]
struct FamilyPresets {
    family: String,
    presets: Vec<api::Preset>,
    switches: Vec<api::Switch>,
}

pub(crate) fn run(command: PresetCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let id_of = |text: &str| named::id(&client, Kind::Preset, text);
    match command {
        PresetCommand::List => {
            let families: Vec<Family> = client.get("/api/families")?;
            let families = families.into_iter().map(|it| FamilyPresets {
                family: it.name,
                presets: it.presets,
                switches: it.switches,
            });
            let own = client.get("/api/presets")?;
            let presets = Presets { own, families: families.collect() };
            terminal.result(&presets, || overview(&presets))
        }
        PresetCommand::Save { name, summary, choices, limit } => {
            let choices = choices.choices();
            let new = NewPreset { name, summary, choices, limit: limit.limit() };
            let preset: OwnPreset = client.post("/api/presets", &new)?;
            terminal.result(&preset, || words_of(&preset))
        }
        PresetCommand::Show { preset } => {
            let id = id_of(&preset)?;
            let preset: OwnPreset = client.get(&format!("/api/presets/{id}"))?;
            terminal.result(&preset, || words_of(&preset))
        }
        PresetCommand::Rename { preset, name } => {
            let id = id_of(&preset)?;
            let preset: OwnPreset =
                client.patch(&format!("/api/presets/{id}"), &Rename { name })?;
            terminal.result(&preset, || words_of(&preset))
        }
        PresetCommand::Delete { preset } => {
            let id = id_of(&preset)?;
            client.delete(&format!("/api/presets/{id}"))?;
            terminal.result(&serde_json::json!({ "deleted": id }), || words::deleted(&id))
        }
        PresetCommand::Restore { preset } => {
            let id = named::deleted(&client, Kind::Preset, &preset)?;
            let preset: OwnPreset = client.post_empty(&format!("/api/presets/{id}/restore"))?;
            terminal.result(&preset, || words_of(&preset))
        }
        PresetCommand::Export { preset, output } => {
            let id = id_of(&preset)?;
            let file: PresetFile = client.get(&format!("/api/presets/{id}/file"))?;
            let text = serde_json::to_string_pretty(&file).context("failed to write JSON")?;
            let Some(path) = output else { return terminal.line(&text) };
            super::output::write(&path, &format!("{text}\n"))?;
            terminal.result(&serde_json::json!({ "exported": id, "file": path }), || {
                format!("Wrote {}.", path.display())
            })
        }
        PresetCommand::Import { file } => {
            let preset: OwnPreset = client.post("/api/presets/import", &read(&file)?)?;
            terminal.result(&preset, || words_of(&preset))
        }
    }
}

/// The file's JSON; the studio checks whether it is a preset.
fn read(path: &Path) -> anyhow::Result<serde_json::Value> {
    let what = || format!("failed to read {}", path.display());
    let mut text = String::new();
    let mut file = File::open(path).with_context(what)?.take(MAX_FILE_BYTES);
    file.read_to_string(&mut text).with_context(what)?;
    serde_json::from_str(&text).with_context(what)
}

fn overview(presets: &Presets) -> String {
    let own = presets.own.iter().map(|it| row(it.id.as_str(), &it.name, "yours", &it.summary));
    let theirs = presets.families.iter().flat_map(|it| &it.presets);
    let theirs = theirs.map(|it| row(&it.name, &it.title, &it.group, &it.summary));
    let rows: Vec<_> = own.chain(theirs).collect();
    let switches = presets.families.iter().flat_map(|it| &it.switches);
    let switches: Vec<_> =
        switches.map(|it| row(&it.name, &it.title, &it.group, &it.summary)).collect();
    format!(
        "{}\n{}",
        table(["preset", "name", "group", "good for"], &rows),
        table(["switch", "name", "group", "effect"], &switches)
    )
}

fn row(name: &str, title: &str, group: &str, summary: &str) -> [String; 4] {
    [name, title, group, summary].map(str::to_owned)
}

fn words_of(preset: &OwnPreset) -> String {
    let choices = &preset.choices;
    let base = choices.preset.as_deref().unwrap_or("the default preset");
    let settings: Vec<_> = choices
        .settings
        .iter()
        .map(|(key, value)| format!("{key}={}", words::setting(value)))
        .collect();
    list(&[
        ("preset", preset.id.to_string()),
        ("name", preset.name.clone()),
        ("summary", preset.summary.clone()),
        ("made of", words::composition(base, &choices.switches, None)),
        ("settings", settings.join(" ")),
        ("stops", preset.limit.map_or(String::new(), words::limit)),
    ])
}
