//! The order of a job, `job.json`: written once when the job is queued, and never again.

use std::path::Path;

use api::Order;
use serde::Deserialize;

use crate::{Error, files, kinds, whole};

/// Reads the order of a job's folder.
///
/// # Errors
/// It is missing, damaged, of a newer version, or asks for a kind of job that this program does not know.
pub fn read(folder: &Path) -> Result<Order, Error> {
    #[derive(Deserialize)]
    struct Known {
        task: Tagged,
    }
    #[derive(Deserialize)]
    struct Tagged {
        kind: String,
    }
    let path = folder.join(files::ORDER);
    match whole::read_versioned(&path, Order::FORMAT) {
        Err(damaged @ Error::Damaged { .. }) => {
            // A kind of job that came later is no damage.
            match whole::read_json::<Known>(&path) {
                Ok(Known { task }) if kinds::by_word(&task.kind).is_none() => {
                    Err(Error::UnknownKind { path, word: task.kind })
                }
                _ => Err(damaged),
            }
        }
        read => read,
    }
}

/// Writes the order into a new job's folder.
///
/// # Errors
/// The folder cannot be written, or the disk is full.
pub fn write(folder: &Path, order: &Order) -> Result<(), Error> {
    whole::write_json(&folder.join(files::ORDER), order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_cannot_be_done_say_why() {
        let check = |text: &str, expected: &str| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(files::ORDER), text).unwrap();
            let error = read(folder.path()).unwrap_err();
            let name = format!("{error:?}");
            assert!(name.starts_with(expected), "{text}: {name}");
        };
        check("{", "Damaged");
        check(r#"{"format":99}"#, "Newer");
        check(r#"{"format":1,"task":{"kind":"dream"}}"#, "UnknownKind");
        check(r#"{"format":1,"task":{"kind":"train"}}"#, "Damaged");
    }
}
