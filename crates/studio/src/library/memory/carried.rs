//! Patterns that leave as a file or a folder, and those that come from elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use ::memory::{Library, PatternId, Wanted, read_library};
use api::{
    MemoryJob, MemoryMoved, MemoryTask, MemoryWork, PatternSource, PatternsForm, TakePatterns,
};

use super::{super::uploads, refused};
use crate::{Error, StagedFile, Studio};

/// The library file of patterns that leave, in their job's folder.
const LEAVING: &str = "patterns.memory";

impl Studio {
    /// Queues a job that writes patterns as one file or as a folder of sounds.
    ///
    /// # Errors
    /// `Invalid` when none fits.
    pub fn take_patterns(&self, take: &TakePatterns) -> Result<MemoryJob, Error> {
        let wanted = Wanted::read(&take.words);
        let ids: BTreeSet<PatternId> = take.ids.iter().copied().collect();
        let (library, n_patterns) = self.remembered(|it| {
            let mut library = it.memory().library(|it| match ids.is_empty() {
                true => wanted.fit(it).is_some(),
                false => ids.contains(&it.id),
            });
            if take.form != PatternsForm::Library {
                let copies = it.sound_copies(&library.patterns);
                library.sounds = copies;
            }
            let n = library.patterns.len();
            Ok((library, n))
        })?;
        if n_patterns == 0 {
            return Err(Error::invalid("words", "no pattern fits; say something else"));
        }
        let project = self.project_for(None);
        let work = MemoryWork::Take { form: take.form };
        let task = MemoryTask { work, spaces: vec![] };
        let name = format!("{n_patterns} patterns");
        self.queue_memory_job(&project, &name, task, |folder| {
            ::memory::write_library(&folder.join(LEAVING), &library).map_err(refused)
        })
    }

    /// Begins to receive a library file for [`Studio::import_patterns`].
    ///
    /// # Errors
    /// `Io` when nothing can be written.
    pub fn stage_library(&self) -> Result<StagedFile, Error> {
        uploads::stage_input(&self.shared)
    }

    /// Takes the patterns of a library file into the memory. Those that are there stay as they are.
    ///
    /// # Errors
    /// `Invalid` when the file is none, or damaged: then nothing is taken.
    pub fn import_patterns(&self, file: StagedFile) -> Result<MemoryMoved, Error> {
        let path = file.close()?;
        let library = read_library(&path).map_err(refused);
        let _ = fs::remove_file(&path);
        let mut library = library?;
        self.believe_paths(&mut library);
        let mut sounds = std::mem::take(&mut library.sounds);
        self.remembered(|it| {
            let there = it.memory().patterns();
            sounds.retain(|id, _| !there.contains_key(id));
            let n_before = it.memory().ratings().len();
            let added = it.memory_mut().import(library).map_err(refused)?;
            it.keep_sounds(&sounds)?;
            let n_ratings = (it.memory().ratings().len() - n_before) as u64;
            Ok(MemoryMoved { n_patterns: added.n_new as u64, n_ratings, removed: None })
        })
    }

    /// Forgets where sounds were on the computer that a library came from, unless the very same files are here.
    fn believe_paths(&self, library: &mut Library) {
        let mut known = BTreeMap::<PatternSource, bool>::new();
        for pattern in &mut library.patterns {
            let source = &pattern.source;
            let is_here = *known.entry(source.clone()).or_insert_with(|| {
                self.shared.hashes.is_content(Path::new(&source.path), &source.sha256)
            });
            if !is_here {
                pattern.source.path.clear();
            }
        }
    }
}
