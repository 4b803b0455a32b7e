//! What is known of what is in sounds: of each content, named by the SHA-256 of its files, what searches ask for.
//!
//! The whole of it stands in the workspace's folder `analysed`; this is read from there.

use api::{Analysis, AnalysisEdit, SoundFacts};
use rusqlite::{Connection, params};

use super::{sound_places, to_json};
use crate::{Error, library::search::read_key};

pub(super) const MIGRATIONS: &[(&str, &str)] = &[
    (
        "contents-1",
        "CREATE TABLE contents (
            sha256         TEXT PRIMARY KEY,
            is_read        INTEGER NOT NULL DEFAULT 0,
            analysed       INTEGER NOT NULL DEFAULT 0,
            is_edited      INTEGER NOT NULL DEFAULT 0,
            seconds        REAL,
            rate_hz        INTEGER,
            channels       INTEGER,
            tempo_bpm      REAL,
            meter          TEXT,
            key            TEXT,
            tonic          INTEGER,
            is_minor       INTEGER,
            loudness_lufs  REAL,
            true_peak_dbtp REAL,
            findings       TEXT,
            words          TEXT,
            rating         INTEGER,
            tags           TEXT,
            collections    TEXT,
            text           TEXT
        );
        CREATE INDEX contents_by_tempo ON contents (tempo_bpm);
        CREATE INDEX contents_by_key ON contents (tonic, is_minor);
        CREATE INDEX contents_by_length ON contents (seconds);
        CREATE INDEX contents_by_loudness ON contents (loudness_lufs);
        CREATE INDEX contents_by_rating ON contents (rating);",
    ),
    (
        "contents-2",
        "INSERT OR IGNORE INTO contents (sha256, seconds, rate_hz, channels, loudness_lufs)
            SELECT json_extract(card, '$.facts.sha256'),
                1.0 * json_extract(card, '$.facts.n_samples') / json_extract(card, '$.facts.rate_hz'),
                json_extract(card, '$.facts.rate_hz'), json_extract(card, '$.facts.channels'),
                json_extract(card, '$.facts.loudness_lufs')
            FROM sounds
            WHERE json_extract(card, '$.facts.sha256') <> '' AND json_extract(card, '$.facts.rate_hz') > 0;",
    ),
    // Which version of the analysis it is of; what is kept is read again for it.
    (
        "contents-3",
        "ALTER TABLE contents ADD COLUMN format INTEGER NOT NULL DEFAULT 0;
        UPDATE contents SET is_read = 0 WHERE analysed;",
    ),
];

/// What people said of a sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Marks {
    pub(crate) rating: u8,
    pub(crate) tags: Vec<String>,
    pub(crate) collections: Vec<String>,
}

/// Stores what is known of a content, in place of what was known before.
pub(crate) fn save(
    connection: &Connection,
    sha256: &str,
    found: Option<&Analysis>,
    edit: Option<&AnalysisEdit>,
    marks: &Marks,
) -> Result<(), Error> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO contents (sha256) VALUES (?1)")?
        .execute([sha256])?;
    let words = found.map_or(&[][..], |it| &it.words);
    let parts = [&marks.tags[..], &marks.collections, words];
    let text = parts.concat().join("\n").to_lowercase();
    connection
        .prepare_cached(
            "UPDATE contents SET is_read = 1, rating = ?2, tags = ?3, collections = ?4, text = ?5
             WHERE sha256 = ?1",
        )?
        .execute(params![
            sha256,
            marks.rating,
            to_json(&marks.tags),
            to_json(&marks.collections),
            text
        ])?;
    match found {
        Some(found) => save_analysis(connection, sha256, found, edit),
        None => Ok(()),
    }
}

fn save_analysis(
    connection: &Connection,
    sha256: &str,
    found: &Analysis,
    edit: Option<&AnalysisEdit>,
) -> Result<(), Error> {
    let shown = edit.map_or_else(|| found.clone(), |edit| edit.applied_to(found));
    let key = shown.key.as_deref().and_then(read_key);
    let mut findings: Vec<&str> = shown.findings.iter().map(|it| it.kind.as_str()).collect();
    findings.sort_unstable();
    findings.dedup();
    connection
        .prepare_cached(
            "UPDATE contents SET analysed = 1, is_edited = ?2, seconds = ?3, rate_hz = ?4,
                channels = ?5, tempo_bpm = ?6, meter = ?7, key = ?8, tonic = ?9, is_minor = ?10,
                loudness_lufs = ?11, true_peak_dbtp = ?12, findings = ?13, words = ?14,
                format = ?15
             WHERE sha256 = ?1",
        )?
        .execute(params![
            sha256,
            edit.is_some(),
            shown.seconds,
            shown.rate_hz,
            shown.channels,
            shown.tempo_bpm,
            shown.meter,
            shown.key,
            key.map(|(tonic, _)| tonic),
            key.map(|(_, is_minor)| is_minor),
            shown.loudness_lufs,
            shown.true_peak_dbtp,
            to_json(&findings),
            to_json(&shown.words),
            found.format,
        ])?;
    sound_places::save(connection, sha256, &found.place)
}

/// Stores what is known of a sound that was made here before it is analysed.
pub(super) fn save_facts(
    connection: &Connection,
    sha256: &str,
    facts: &SoundFacts,
) -> Result<(), Error> {
    let seconds = facts.n_samples as f64 / f64::from(facts.rate_hz.max(1));
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO contents (sha256, seconds, rate_hz, channels, loudness_lufs)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![sha256, seconds, facts.rate_hz, facts.channels, facts.loudness_lufs])?;
    Ok(())
}
