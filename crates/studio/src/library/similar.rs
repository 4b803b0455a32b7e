//! Similar sounds: every sound that was analysed has a place among others, and those whose places are near are similar.
//!
//! Places are held in memory, by the hash of what is in a file, and compared one by one: ten thousand take less time than
//! reading the rows of a list. Distances are Euclidean, as `audio/src/describe/place.rs` means them.

use std::collections::HashMap;

use api::{Id, LibraryItem, LibraryPage, SimilarAsk};
use rusqlite::Connection;

use super::items::{PAGE_MAX, find, set_paths};
use crate::{
    Error, Studio,
    shared::lock,
    store::{
        items::{self, Wanted},
        sound_places::{self, ENTRIES_MAX},
    },
};

/// The distance at which two sounds are half similar. Two of one family are 4.7 apart, two of others 6.7, by their medians
/// (`docs/benchmarks.md`).
const HALF: f64 = 4.0;

/// The places of all sounds, as far as they were read.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    /// The number of the newest place that was read.
    newest: i64,
    places: HashMap<[u8; 32], Box<[f32]>>,
}

impl Neighbours {
    /// Reads what was stored since the last time.
    fn catch_up(&mut self, connection: &Connection) -> Result<(), Error> {
        let (places, newest) = (&mut self.places, &mut self.newest);
        sound_places::since(connection, *newest, |it| {
            *newest = it.number;
            let Some(sha256) = hash(&it.sha256) else { return };
            match it.place.is_empty() {
                true => places.remove(&sha256),
                false => places.insert(sha256, it.place),
            };
        })
    }

    fn place(&self, sha256: &str) -> Option<&[f32]> {
        self.places.get(&hash(sha256)?).map(|it| &**it)
    }
}

/// The bytes of a hash in hexadecimal digits.
fn hash(text: &str) -> Option<[u8; 32]> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let mut bytes = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// The square of the distance of two places; nothing where they cannot be compared.
fn distance_squared(a: &[f32], b: &[f32]) -> Option<f32> {
    (a.len() == b.len()).then(|| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum())
}

/// How similar sounds are by the distance of their places, from 0 to 1: 1 for the same, a half at [`HALF`].
fn similarity(distance_squared: f32) -> f64 {
    (-f64::from(distance_squared) / (HALF * HALF)).exp2()
}

/// What sounds are compared with.
struct Original {
    place: Box<[f32]>,
    /// The sound that has this place, which is left out.
    item: Option<Id>,
}

impl Studio {
    /// The sounds of the library that are most similar to one of them, so many at most.
    ///
    /// # Errors
    /// `NotFound` when there is no such sound; `Conflict` when it has nothing to compare: it is not analysed, or silent.
    pub fn similar_library_items(&self, id: &Id, limit: u64) -> Result<LibraryPage, Error> {
        let original = self.shared.read(|c| {
            find(c, id)?;
            self.original_of(c, id)
        })?;
        let original = original.map_err(|why| {
            let remedy = "choose a sound that is analysed and not silent";
            Error::conflict("list similar sounds", why, remedy)
        })?;
        self.nearest(&original, &self.all(), (0, limit))
    }

    /// The sounds of the library that are nearest to a place, so many at most.
    ///
    /// # Errors
    /// `Invalid` when it is no place.
    pub fn library_items_near(&self, ask: &SimilarAsk, limit: u64) -> Result<LibraryPage, Error> {
        let place = &ask.place;
        if place.is_empty() || place.len() > ENTRIES_MAX || place.iter().any(|it| !it.is_finite()) {
            let message = "it is no place of a sound; use that of an analysis, of which silence \
                           and MIDI files have none";
            return Err(Error::invalid("place", message));
        }
        let original = Original { place: place.clone().into(), item: None };
        self.nearest(&original, &self.all(), (0, limit))
    }

    /// What passes a search that compares with a sound: most similar first, unless another order is asked for.
    pub(super) fn items_like(
        &self,
        like: &Id,
        wanted: &Wanted<'_>,
        part: (u64, u64),
    ) -> Result<LibraryPage, Error> {
        let original = self.shared.read(|c| self.original_of(c, like))?;
        let original =
            original.map_err(|why| Error::invalid("q", format!("`like:{like}`: {why}")))?;
        self.nearest(&original, wanted, part)
    }

    fn all(&self) -> Wanted<'_> {
        Wanted { project: self.project.as_ref(), ..Wanted::default() }
    }

    /// The place of a sound to compare with, or why it has none.
    fn original_of(&self, c: &Connection, id: &Id) -> Result<Result<Original, String>, Error> {
        let Some(item) = items::find(c, id)? else {
            return Ok(Err("there is no such sound in the library".to_owned()));
        };
        let mut neighbours = lock(&self.shared.neighbours);
        neighbours.catch_up(c)?;
        let place = item.sha256.as_deref().and_then(|it| neighbours.place(it));
        Ok(match place {
            Some(place) => Ok(Original { place: place.into(), item: Some(id.clone()) }),
            None if !item.is_analysed => Err(format!("“{}” is not analysed yet", item.name)),
            None if item.is_outdated => {
                Err(format!("“{}” was analysed by an earlier version; analyse it again", item.name))
            }
            None => Err(format!("“{}” is silent or no sound, so nothing is like it", item.name)),
        })
    }

    /// Sounds that pass a search and can be compared, with how similar they are.
    fn nearest(
        &self,
        original: &Original,
        wanted: &Wanted<'_>,
        (offset, limit): (u64, u64),
    ) -> Result<LibraryPage, Error> {
        self.shared.read(|c| {
            let mut near: Vec<(f32, String)> = Vec::new();
            {
                let mut neighbours = lock(&self.shared.neighbours);
                neighbours.catch_up(c)?;
                items::passing(c, wanted, |id, sha256| {
                    let place = neighbours.place(sha256);
                    let distance = place.and_then(|it| distance_squared(it, &original.place));
                    let is_other = original.item.as_ref().is_none_or(|it| it.as_str() != id);
                    near.extend(distance.filter(|_| is_other).map(|it| (it, id.to_owned())));
                })?;
            }
            if wanted.sort.is_none() {
                near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
            }
            let total = near.len() as u64;
            let skip = usize::try_from(offset).unwrap_or(usize::MAX);
            let part = near.iter().skip(skip).take(limit.min(PAGE_MAX) as usize);
            let mut found = Vec::new();
            for (distance, id) in part {
                let item = id.parse().ok().map(|id| items::find(c, &id)).transpose()?.flatten();
                let similarity = Some(similarity(*distance));
                found.extend(item.map(|item| LibraryItem { similarity, ..item }));
            }
            set_paths(&self.shared, c, &mut found)?;
            Ok(LibraryPage { total, items: found })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_and_nothing_else() {
        let text = "0f".repeat(31) + "a0";
        let bytes = hash(&text).unwrap();
        assert_eq!((bytes[0], bytes[31]), (0x0f, 0xa0));
        for wrong in ["", "0", &"0".repeat(63), &"0".repeat(65), &"0".repeat(66), &"x".repeat(64)] {
            assert_eq!(hash(wrong), None, "{wrong}");
        }
        assert_eq!(hash(&"ä".repeat(32)), None);
    }

    #[test]
    fn what_is_near_is_similar() {
        let check = |a: &[f32], b: &[f32], expected: Option<f64>| {
            let found = distance_squared(a, b).map(similarity);
            let is_near = found.zip(expected).is_none_or(|(a, b)| (a - b).abs() < 1e-6);
            assert!(found.is_some() == expected.is_some() && is_near, "{a:?} {b:?}: {found:?}");
        };
        check(&[1.0, 2.0], &[1.0, 2.0], Some(1.0));
        check(&[HALF as f32, 0.0], &[0.0, 0.0], Some(0.5));
        check(&[2.0 * HALF as f32, 0.0], &[0.0, 0.0], Some(0.0625));
        check(&[1.0], &[1.0, 2.0], None);
        check(&[f32::MAX; 4], &[f32::MIN; 4], Some(0.0));
    }
}
