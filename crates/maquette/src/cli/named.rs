//! How users name things: by identifier, or by a name that only one thing of its kind has.

use api::{Id, TrashItem};
use serde::Deserialize;

use super::output::refused;
use crate::client::{Client, Refused};

/// The kinds of things that users name.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Dataset,
    Run,
    Model,
    Preset,
    Export,
    Film,
    Sound,
    Generation,
    Patch,
    #[value(skip)]
    Project,
}

impl Kind {
    /// The list it stands in, as the API and the trash call it.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Dataset => "datasets",
            Self::Run => "runs",
            Self::Model => "models",
            Self::Preset => "presets",
            Self::Export => "exports",
            Self::Film => "films",
            Self::Sound => "sounds",
            Self::Generation => "generations",
            Self::Patch => "patches",
            Self::Project => "projects",
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Run => "run",
            Self::Model => "model",
            Self::Preset => "preset",
            Self::Export => "export",
            Self::Film => "film",
            Self::Sound => "sound",
            Self::Generation => "generation",
            Self::Patch => "patch",
            Self::Project => "project",
        }
    }
}

/// The identifier and name of an item of a list.
#[derive(Deserialize)]
struct Listed {
    id: Id,
    /// An export has the name of its model.
    #[serde(default, alias = "model_name")]
    name: Option<String>,
    /// A film has the name of its job.
    #[serde(default)]
    job: Option<Named>,
    /// A sound has the name of its card.
    #[serde(default)]
    card: Option<Named>,
}

/// What has a name.
#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Listed {
    fn named(self) -> (Id, String) {
        let of_other = self.card.or(self.job).map(|it| it.name);
        (self.id, self.name.or(of_other).unwrap_or_default())
    }
}

/// The identifier of the thing that the user named.
///
/// # Errors
/// When nothing or more than one thing has this name.
pub(crate) fn id(client: &Client, kind: Kind, text: &str) -> anyhow::Result<Id> {
    let all: Vec<Listed> = client.get(&format!("/api/{}", kind.list()))?;
    let all: Vec<_> = all.into_iter().map(Listed::named).collect();
    let remedy = format!("`maquette {} list` shows every {0}.", kind.word());
    Ok(choose(&all, text, kind.word(), &remedy)?)
}

/// Whether the error is that nothing has this name.
pub(crate) fn is_not_found(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|it| it.0.code == "not_found")
}

/// The identifier of the deleted thing that the user named.
///
/// # Errors
/// As [`id`].
pub(crate) fn deleted(client: &Client, kind: Kind, text: &str) -> anyhow::Result<Id> {
    let all: Vec<TrashItem> = client.get("/api/trash")?;
    let of_kind = all.into_iter().filter(|it| it.list == kind.list());
    let all: Vec<_> = of_kind.map(|it| (it.id, it.name)).collect();
    let word = format!("deleted {}", kind.word());
    Ok(choose(&all, text, &word, "`maquette trash list` shows what is in the trash.")?)
}

/// The one that has this identifier, else the only one that has this name.
pub(crate) fn choose(
    all: &[(Id, String)],
    text: &str,
    word: &str,
    remedy: &str,
) -> Result<Id, Refused> {
    if let Some((id, _)) = all.iter().find(|(id, _)| id.as_str() == text) {
        return Ok(id.clone());
    }
    let named: Vec<&Id> = all.iter().filter(|(_, name)| name == text).map(|(id, _)| id).collect();
    match named[..] {
        [id] => Ok(id.clone()),
        [] => {
            let what = format!("There is no {word} “{text}”.");
            Err(refused("not_found", what, "", remedy))
        }
        _ => {
            let ids: Vec<String> = named.iter().map(ToString::to_string).collect();
            let what = format!("There is more than one {word} named “{text}”.");
            let remedy = format!("Use one of these identifiers: {}.", ids.join(", "));
            Err(refused("ambiguous", what, "", &remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_come_before_names() {
        let all = [
            ("notes-000001", "Notes"),
            ("notes-000002", "Drums"),
            ("drums-000003", "Drums"),
            ("odd-000004", "notes-000001"),
        ];
        let all = all.map(|(id, name)| (id.parse().unwrap(), name.to_owned()));
        let check = |text: &str, expected: Result<&str, &str>| {
            let found = choose(&all, text, "dataset", "Look.");
            let found = found.as_ref().map(Id::as_str).map_err(|it| it.0.code.as_str());
            assert_eq!(found, expected, "{text}");
        };
        check("notes-000002", Ok("notes-000002"));
        check("Notes", Ok("notes-000001"));
        check("notes-000001", Ok("notes-000001"));
        check("Drums", Err("ambiguous"));
        check("notes", Err("not_found"));
        check("", Err("not_found"));
        let ambiguous = choose(&all, "Drums", "dataset", "Look.").unwrap_err().0;
        let remedy = ambiguous.remedy.unwrap();
        assert!(remedy.contains("notes-000002") && remedy.contains("drums-000003"), "{remedy}");
    }
}
