//! The limit of a run: the order's, or the one given when the run was resumed (`limit.json`).

use std::path::Path;

use api::Limit;
use serde::{Deserialize, Serialize};

use crate::{Error, files, whole};

#[derive(Debug, Serialize, Deserialize)]
struct NewLimit {
    limit: Limit,
}

/// The limit of a run: the newest one that was given, else the order's.
///
/// # Errors
/// `limit.json` is there and cannot be read. The order's limit would not be what was asked for, so nothing is
/// assumed.
pub fn read(folder: &Path, ordered: Limit) -> Result<Limit, Error> {
    let newer: Option<NewLimit> = whole::read_json_if_there(&folder.join(files::LIMIT))?;
    Ok(newer.map_or(ordered, |newer| newer.limit))
}

/// Gives a run another limit.
///
/// # Errors
/// The folder cannot be written, or the disk is full.
pub fn write(folder: &Path, limit: Limit) -> Result<(), Error> {
    whole::write_json(&folder.join(files::LIMIT), &NewLimit { limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_limit_is_not_the_order_s() {
        let folder = tempfile::tempdir().unwrap();
        let ordered = Limit::Steps { steps: 5 };
        assert_eq!(read(folder.path(), ordered).unwrap(), ordered);
        write(folder.path(), Limit::Forever).unwrap();
        assert_eq!(read(folder.path(), ordered).unwrap(), Limit::Forever);
        std::fs::write(folder.path().join(files::LIMIT), r#"{"limit":{"until":"st"#).unwrap();
        assert!(matches!(read(folder.path(), ordered), Err(Error::Damaged { .. })));
    }
}
