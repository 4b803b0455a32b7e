//! Shelves: the folders of a project that hold one sort of thing each.

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

    fn words(self) -> (Shelf, &'static str, &'static str) {
        Self::WORDS[self as usize]
    }
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
