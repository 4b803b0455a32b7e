//! Shelves: the folders of a project that hold one sort of thing each.
//!
//! Orders name other folders of the workspace by the way from the job's own folder, and not by an absolute path, so
//! that a workspace can be moved.

use std::path::{Path, PathBuf};

use api::Id;

/// One sort of thing that a project holds; also the name of its folder and of its list in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Sound prepared for training.
    Datasets,
    /// Trainings.
    Runs,
    /// Models of the library.
    Models,
    /// Sounds sent through a model and back.
    Reconstructions,
    /// Presets of one's own.
    Presets,
    /// Sounds turned into latents, and back.
    Conversions,
    /// Models in the form that a player needs.
    Exports,
    /// What another program made.
    Imports,
    /// How long runs would take.
    Measures,
}

impl Shelf {
    /// Every shelf with its folder and with the word for one thing on it.
    const WORDS: [(Shelf, &'static str, &'static str); 9] = [
        (Shelf::Datasets, "datasets", "dataset"),
        (Shelf::Runs, "runs", "run"),
        (Shelf::Models, "models", "model"),
        (Shelf::Reconstructions, "reconstructions", "reconstruction"),
        (Shelf::Presets, "presets", "preset"),
        (Shelf::Conversions, "conversions", "conversion"),
        (Shelf::Exports, "exports", "export"),
        (Shelf::Imports, "imports", "import"),
        (Shelf::Measures, "measures", "measure"),
    ];

    /// Every shelf.
    pub const ALL: [Shelf; 9] = {
        let mut all = [Shelf::Datasets; 9];
        let mut i = 0;
        while i < all.len() {
            all[i] = Self::WORDS[i].0;
            i += 1;
        }
        all
    };

    /// The folder, and the `list` of [`api::Live::Changed`].
    pub fn name(self) -> &'static str {
        self.words().1
    }

    /// One thing on it, in words.
    pub fn word(self) -> &'static str {
        self.words().2
    }

    /// Where the folders of a kind of job stand.
    pub fn of(kind: api::JobKind) -> Self {
        crate::kind(kind).shelf
    }

    /// A folder of this shelf, as seen from the folder of a job of the same project.
    pub fn seen_from_job(self, id: &Id) -> PathBuf {
        Path::new("../..").join(self.name()).join(id.as_str())
    }

    fn words(self) -> (Shelf, &'static str, &'static str) {
        Self::WORDS[self as usize]
    }
}

/// An upload's folder, as seen from the folder of a job.
pub fn upload_seen_from_job(upload: &Id) -> PathBuf {
    Path::new("../../../../uploads").join(upload.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shelf_has_words_of_its_own() {
        for shelf in Shelf::ALL {
            assert_eq!(shelf.words().0, shelf);
            assert_eq!(format!("{shelf:?}").to_lowercase(), shelf.name());
        }
    }
}
