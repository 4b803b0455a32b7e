//! Places of sounds among others: of each content, named by the SHA-256 of its files, the numbers that are near those of
//! similar sounds. Searches hold them in memory (`library/similar.rs`) and ask here for what is new.

use rusqlite::{Connection, params};

use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "sound-places-1",
    // A number is never used twice, so that what changed since an earlier look is what has a higher one.
    "CREATE TABLE sound_places (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        sha256 TEXT NOT NULL UNIQUE,
        place  BLOB NOT NULL
    );",
)];

/// The most numbers of a place: an analysis from elsewhere may say anything.
pub(crate) const ENTRIES_MAX: usize = 256;

/// The place of a content, with a number that grows with every change.
pub(crate) struct SoundPlace {
    pub(crate) number: i64,
    pub(crate) sha256: String,
    /// Empty where there is none any more.
    pub(crate) place: Box<[f32]>,
}

/// Stores the place of a content, if it is not that already; one that makes no sense is none.
pub(super) fn save(connection: &Connection, sha256: &str, place: &[f32]) -> Result<(), Error> {
    let is_sound = place.len() <= ENTRIES_MAX && place.iter().all(|it| it.is_finite());
    let bytes: Vec<u8> =
        place.iter().filter(|_| is_sound).flat_map(|it| it.to_le_bytes()).collect();
    let sql = "SELECT 1 FROM sound_places WHERE sha256 = ?1 AND place = ?2";
    if connection.prepare_cached(sql)?.exists(params![sha256, bytes])? {
        return Ok(());
    }
    let sql = "INSERT OR REPLACE INTO sound_places (sha256, place) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![sha256, bytes])?;
    Ok(())
}

/// Hears every place that was stored after the one with this number.
pub(crate) fn since(
    connection: &Connection,
    number: i64,
    mut hear: impl FnMut(SoundPlace),
) -> Result<(), Error> {
    let sql = "SELECT number, sha256, place FROM sound_places WHERE number > ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([number])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(2)?.as_blob().unwrap_or_default();
        let place = bytes.as_chunks().0.iter().map(|it| f32::from_le_bytes(*it)).collect();
        hear(SoundPlace { number: row.get(0)?, sha256: row.get(1)?, place });
    }
    Ok(())
}
