//! `maquette library similar`: the sounds of the library that are like one, which may itself be elsewhere.

use std::path::Path;

use api::{Id, LibraryItemDetail, LibraryPage, SimilarAsk};

use super::super::{Console, named, output::refused};
use crate::{
    client::{Client, Refused},
    percent::encoded,
};

/// Sounds that are asked for at a time, looking for a name.
const PAGE: usize = 500;

/// The sounds that are most like a sound of the library, by its identifier or name, or like a file.
pub(super) fn page(
    client: &Client,
    console: &Console,
    sound: &str,
    limit: u64,
) -> anyhow::Result<LibraryPage> {
    let error = match item(client, sound) {
        Ok(id) => return client.get(&format!("/api/library/items/{id}/similar?limit={limit}")),
        Err(error) => error,
    };
    let path = Path::new(sound);
    if !named::is_not_found(&error) || !path.is_file() {
        return Err(error);
    }
    console.terminal.note("Listening…");
    let found = worker::analyse(path, sound, &mut |_| true).map_err(Refused)?;
    let place = found.map(|it| it.place).unwrap_or_default();
    if place.is_empty() {
        let what = format!("“{sound}” cannot be compared with other sounds.");
        let why = "It is silent, or has notes and no sound.";
        return Err(refused("conflict", what, why, "Choose a sound that is heard.").into());
    }
    client.post("/api/library/similar", &SimilarAsk { place, limit: Some(limit) })
}

/// The sound of the library that is meant.
///
/// # Errors
/// When nothing, or more than one sound, has this name.
fn item(client: &Client, text: &str) -> anyhow::Result<Id> {
    if let Ok(id) = text.parse::<Id>() {
        match client.get::<LibraryItemDetail>(&format!("/api/library/items/{id}")) {
            Ok(shown) => return Ok(shown.item.id),
            Err(error) if named::is_not_found(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let mut all = Vec::new();
    // A search cannot have quotation marks in it, so such a name is not looked for.
    let mut is_more = !text.is_empty() && !text.contains('"');
    for n_asked in (0..).step_by(PAGE) {
        if !is_more {
            break;
        }
        let q = encoded(&format!("\"{text}\""));
        let path = format!("/api/library/items?q={q}&sort=name&offset={n_asked}&limit={PAGE}");
        let page: LibraryPage = client.get(&path)?;
        is_more = page.total > (n_asked + PAGE) as u64;
        all.extend(page.items.into_iter().map(|it| (it.id, it.name)));
    }
    let remedy =
        "`maquette library search` shows what is in the library; a file may be named, too.";
    Ok(named::choose(&all, text, "sound", remedy)?)
}
