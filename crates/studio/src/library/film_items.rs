//! Films as items of the library: searches that ask for films list them, though they stay where they are made.
//!
//! A film is a job with a folder, and few: so films are read and tested one by one, where sounds are rows that the
//! database searches. A field that only sounds have passes none.

use api::{Film, Id, ItemKind, LibraryItem, LibraryPage, UnixMs};

use super::{
    items::{LibraryAsk, PAGE_MAX},
    search::{Kind, Number, Search, State, Term, Test},
};
use crate::{Error, Studio};

/// The ending of every film.
const ENDING: &str = "mp4";

/// Whether a search asks for films, rather than for sounds.
pub(super) fn asks_for_films(search: &Search) -> bool {
    search.terms.iter().any(|it| !it.is_negated && it.test == Test::Kind(Kind::Film))
}

impl Studio {
    /// The finished films that pass a search, in the order of one of the words for orders.
    pub(super) fn film_items(
        &self,
        search: &Search,
        (sort, is_down): (&str, bool),
        ask: &LibraryAsk,
    ) -> Result<LibraryPage, Error> {
        let films = self.films()?;
        let all = films.iter().filter_map(|film| Some((film, item_of(film)?)));
        let mut items: Vec<LibraryItem> = all
            .filter(|(_, item)| ask.only.as_ref().is_none_or(|only| only.contains(&item.id)))
            .filter(|(film, item)| search.terms.iter().all(|term| passes(film, item, term)))
            .map(|it| it.1)
            .collect();
        put_in_order(&mut items, sort, is_down);
        let total = items.len() as u64;
        let (from, n) = (ask.offset.min(total) as usize, ask.limit.min(PAGE_MAX) as usize);
        Ok(LibraryPage { total, items: items.into_iter().skip(from).take(n).collect() })
    }

    /// A finished film as an item of the library.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it is not finished.
    pub(super) fn film_item(&self, id: &Id) -> Result<LibraryItem, Error> {
        item_of(&self.film(id)?).ok_or_else(|| Error::not_found("film", id))
    }
}

/// What is listed of a film; nothing of one that is not finished.
fn item_of(film: &Film) -> Option<LibraryItem> {
    let result = film.result.as_ref()?;
    let path = std::path::Path::new(&film.folder).join(&result.file);
    Some(LibraryItem {
        id: film.id.clone(),
        kind: ItemKind::Film,
        project: film.job.project.clone(),
        folder: None,
        name: film.job.name.clone(),
        path: path.to_string_lossy().into_owned(),
        ending: ENDING.to_owned(),
        bytes: result.bytes,
        modified_ms: ended_ms(film),
        added_ms: film.job.created_ms,
        is_missing: false,
        problem: None,
        sha256: None,
        is_analysed: false,
        is_outdated: false,
        is_edited: false,
        seconds: Some(result.length_secs),
        rate_hz: None,
        channels: None,
        tempo_bpm: None,
        meter: None,
        key: None,
        loudness_lufs: None,
        true_peak_dbtp: None,
        findings: Vec::new(),
        words: Vec::new(),
        rating: 0,
        tags: Vec::new(),
        collections: Vec::new(),
        similarity: None,
    })
}

fn ended_ms(film: &Film) -> UnixMs {
    match film.job.state {
        api::JobState::Done { ended_ms, .. } => ended_ms,
        _ => film.job.created_ms,
    }
}

/// Whether a film passes a part of a search: names of film, run and game, length, ending, and that it was made here.
fn passes(film: &Film, item: &LibraryItem, term: &Term) -> bool {
    let is_so = match &term.test {
        Test::Text(text) => [&item.name, &film.run_name, &film.game]
            .iter()
            .any(|it| it.to_lowercase().contains(text)),
        Test::Number(Number::Length, range) => item.seconds.is_some_and(|it| range.has(it)),
        Test::Format(ending) => ending == ENDING,
        Test::Kind(kind) => *kind == Kind::Film,
        Test::Is(state) => *state == State::Made,
        _ => false,
    };
    is_so != term.is_negated
}

/// Puts films in order; newest first where a word says nothing of films.
fn put_in_order(items: &mut [LibraryItem], sort: &str, is_down: bool) {
    items.sort_by(|a, b| {
        let by = match sort {
            "name" => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
            "added" => a.added_ms.cmp(&b.added_ms),
            "modified" => a.modified_ms.cmp(&b.modified_ms),
            "length" => a.seconds.unwrap_or(0.0).total_cmp(&b.seconds.unwrap_or(0.0)),
            _ => std::cmp::Ordering::Equal,
        };
        let by = if is_down { by.reverse() } else { by };
        by.then(b.added_ms.cmp(&a.added_ms)).then(a.id.cmp(&b.id))
    });
}
