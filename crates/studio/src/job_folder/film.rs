//! Whether a film that is said to be done can be watched: a file that is missing or as good as empty is a failure.

use std::{fs, path::Path};

use api::{FilmResult, Problem};
use job::{files, inside, whole};

/// The smallest file that can be a film. One of a single black frame is larger.
const LEAST_BYTES: u64 = 1024;

/// What is wrong with the film of a job that says it is done; nothing if it is there.
pub(super) fn problem(folder: &Path) -> Option<Problem> {
    let result: FilmResult = match whole::read_json(&folder.join(files::RESULT)) {
        Ok(result) => result,
        Err(error) => return Some(empty(&format!("failed to {error}"))),
    };
    let name = &result.file;
    let Some(path) = inside::file(folder, name) else {
        return Some(empty(&format!("there is no file “{name}” in its folder")));
    };
    let n_bytes = fs::metadata(&path).map_or(0, |found| found.len());
    (n_bytes < LEAST_BYTES).then(|| empty(&format!("its file “{name}” has only {n_bytes} bytes")))
}

fn empty(why: &str) -> Problem {
    Problem {
        code: "empty_film".to_owned(),
        what: "The film is empty.".to_owned(),
        why: Some(api::sentence(why)),
        remedy: Some("Check the job's log, then start it again.".to_owned()),
        fields: Vec::new(),
    }
}
