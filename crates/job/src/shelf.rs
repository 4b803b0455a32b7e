//! Shelves: the folders of a project that hold one sort of thing each.
//!
//! A thing of the library is named by its project, its shelf and its identifier, and lies in
//! `projects/<project>/<shelf>/<identifier>`. Orders name other folders of the workspace by the way from the job's own
//! folder, and not by an absolute path, so that a workspace can be moved. As things move between projects, too, a way
//! is only where to look first ([`find`]).

use std::{
    fs,
    path::{Path, PathBuf},
};

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
    /// Films of agents at play.
    Films,
    /// Games that are played in the page.
    Plays,
    /// Models that play live in the page.
    Sessions,
    /// Sounds made from a recipe, to choose from.
    Generations,
    /// Latents of datasets, drawn.
    Maps,
    /// Sounds that were kept.
    Sounds,
    /// Favourite points, trajectories and settings of instruments.
    Patches,
    /// Folders of sounds of one's own.
    Folders,
    /// What is in sounds, being found out.
    Analyses,
    /// Sounds and MIDI files, being changed.
    Changes,
    /// What the memory asks of sounds.
    MemoryJobs,
}

impl Shelf {
    /// Every shelf with its folder and with the word for one thing on it.
    const WORDS: [(Shelf, &'static str, &'static str); 20] = [
        (Shelf::Datasets, "datasets", "dataset"),
        (Shelf::Runs, "runs", "run"),
        (Shelf::Models, "models", "model"),
        (Shelf::Reconstructions, "reconstructions", "reconstruction"),
        (Shelf::Presets, "presets", "preset"),
        (Shelf::Conversions, "conversions", "conversion"),
        (Shelf::Exports, "exports", "export"),
        (Shelf::Imports, "imports", "import"),
        (Shelf::Measures, "measures", "measure"),
        (Shelf::Films, "films", "film"),
        (Shelf::Plays, "plays", "play"),
        (Shelf::Sessions, "sessions", "session"),
        (Shelf::Generations, "generations", "generation"),
        (Shelf::Maps, "maps", "map"),
        (Shelf::Sounds, "sounds", "sound"),
        (Shelf::Patches, "patches", "patch"),
        (Shelf::Folders, "folders", "folder"),
        (Shelf::Analyses, "analyses", "analysis"),
        (Shelf::Changes, "changes", "change"),
        (Shelf::MemoryJobs, "memory-jobs", "job of the memory"),
    ];

    /// Every shelf.
    pub const ALL: [Shelf; 20] = {
        let mut all = [Shelf::Datasets; 20];
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

    /// A folder of this shelf in another project, as seen from the folder of a job.
    pub fn seen_from_job_of_another(self, project: &Id, id: &Id) -> PathBuf {
        Path::new("../../..").join(project.as_str()).join(self.name()).join(id.as_str())
    }

    /// The shelf whose folder has this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shelf| shelf.name() == name)
    }

    fn words(self) -> (Shelf, &'static str, &'static str) {
        Self::WORDS[self as usize]
    }
}

/// The folder of something of the library, for a job in `folder`: where its order says, else in the job's project, else
/// in any other one, where it may have been moved since.
///
/// What is nowhere is given where the order says it should be, for the error that follows.
pub fn find(folder: &Path, said: Option<&Path>, shelf: Shelf, id: &Id) -> PathBuf {
    let beside = folder.join(shelf.seen_from_job(id));
    let first = said.map_or_else(|| beside.clone(), |said| folder.join(said));
    let found = [&first, &beside].into_iter().find(|place| place.is_dir()).cloned();
    found.or_else(|| in_any_project(folder, shelf, id)).unwrap_or(first)
}

fn in_any_project(folder: &Path, shelf: Shelf, id: &Id) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok()?;
    // A job that was taken elsewhere has other neighbours than projects.
    let projects = folder.ancestors().nth(3).filter(|it| it.ends_with("projects"))?;
    let places = fs::read_dir(projects).ok()?.flatten();
    let mut places = places.map(|project| project.path().join(shelf.name()).join(id.as_str()));
    places.find(|place| place.is_dir())
}

/// An upload's folder, as seen from the folder of a job.
pub fn upload_seen_from_job(upload: &Id) -> PathBuf {
    Path::new("../../../../uploads").join(upload.as_str())
}

/// The folder of what was found in all sounds of the workspace, as seen from the folder of a job.
pub fn analysed_seen_from_job() -> PathBuf {
    Path::new("../../../..").join(ANALYSED)
}

/// The folder of a workspace in which everything that was found in sounds is kept, by the SHA-256 of their files.
pub const ANALYSED: &str = "analysed";

/// The folder in [`ANALYSED`] of what was found in a file; nothing where that is no SHA-256 in hexadecimal.
pub fn analysed_in(analysed: &Path, sha256: &str) -> Option<PathBuf> {
    let is_hash = sha256.len() == 64
        && sha256.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it));
    is_hash.then(|| analysed.join(&sha256[..2]).join(sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shelf_has_words_of_its_own() {
        for shelf in Shelf::ALL {
            assert_eq!(shelf.words().0, shelf);
            // Folders of several words have a hyphen between them.
            assert_eq!(format!("{shelf:?}").to_lowercase(), shelf.name().replace('-', ""));
        }
    }

    #[test]
    fn what_was_moved_is_found() {
        let root = tempfile::tempdir().unwrap();
        let projects = fs::canonicalize(root.path()).unwrap().join("projects");
        let id: Id = "notes-000001".parse().unwrap();
        let (job, other) = (projects.join("default/runs/run"), "drums".parse::<Id>().unwrap());
        fs::create_dir_all(&job).unwrap();
        let said = Shelf::Datasets.seen_from_job(&id);
        let nowhere = find(&job, Some(&said), Shelf::Datasets, &id);
        assert_eq!(nowhere, job.join("../../datasets/notes-000001"));
        let moved = projects.join("drums/datasets/notes-000001");
        fs::create_dir_all(&moved).unwrap();
        assert_eq!(find(&job, Some(&said), Shelf::Datasets, &id), moved);
        assert_eq!(find(&job, None, Shelf::Datasets, &id), moved);
        let said = Shelf::Datasets.seen_from_job_of_another(&other, &id);
        let found = find(&job, Some(&said), Shelf::Datasets, &id);
        assert_eq!(fs::canonicalize(found).unwrap(), moved);
        // Out of a workspace, nothing is looked for.
        let elsewhere = root.path().join("a/b/c/run");
        fs::create_dir_all(&elsewhere).unwrap();
        fs::create_dir_all(root.path().join("a/d/datasets/notes-000001")).unwrap();
        assert!(!find(&elsewhere, None, Shelf::Datasets, &id).is_dir());
    }
}
