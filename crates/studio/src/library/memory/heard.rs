//! Where patterns are heard from: the file that they were cut from, the same sound in the library, or a copy.

use std::path::{Path, PathBuf};

use ::memory::PatternId;
use api::{Excerpt, PatternSource};

use super::of;
use crate::{Error, Studio, store::items};

impl Studio {
    /// The file that a pattern is heard from, and whether it is the pattern alone, which came with a library file, and not
    /// the whole sound that it is of.
    ///
    /// # Errors
    /// `NotFound` when there is no such pattern; `Conflict` when its sound is gone or has changed.
    pub fn pattern_sound(&self, id: PatternId) -> Result<(PathBuf, bool), Error> {
        let (source, copy) = self.remembered(|it| {
            let source = of(it.memory(), id)?.source.clone();
            Ok((source, it.sound_copy(id)))
        })?;
        // Outside of the memory's lock, as a long file may have to be read.
        let whole = self.sound_of(&source).map(|path| (path, false));
        whole.or_else(|| copy.map(|path| (path, true))).ok_or_else(|| Error::Conflict {
            what: "hear this pattern".to_owned(),
            why: match source.path.as_str() {
                "" => format!("“{}” is not on this computer", source.name),
                path => format!("{path} is gone, or is another sound now"),
            },
            remedy: "put the file back, or add the folder where it is now to the memory".to_owned(),
        })
    }

    /// Where the samples of a pattern are.
    ///
    /// # Errors
    /// As [`Self::pattern_sound`].
    pub(crate) fn excerpt_of(&self, id: PatternId) -> Result<Excerpt, Error> {
        let (path, is_alone) = self.pattern_sound(id)?;
        let name = self.pattern_name(id)?;
        self.remembered(|it| {
            let pattern = of(it.memory(), id)?;
            let ends = [pattern.start_secs, pattern.end_secs];
            Ok(Excerpt { path, name, part_secs: (!is_alone).then_some(ends) })
        })
    }

    /// What a pattern is called: its sound, and where it begins in that.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub(crate) fn pattern_name(&self, id: PatternId) -> Result<String, Error> {
        self.remembered(|it| {
            let pattern = of(it.memory(), id)?;
            // In hundredths, so that nothing begins at the sixtieth second.
            let start = (100.0 * pattern.start_secs).round();
            let (minutes, secs) = ((start / 6000.0).floor(), start % 6000.0 / 100.0);
            Ok(format!("{} at {minutes:.0}:{secs:05.2}", pattern.source.name))
        })
    }

    /// The file of a sound that patterns are of: where it was, or where the library has the same.
    pub(super) fn sound_of(&self, source: &PatternSource) -> Option<PathBuf> {
        let is_it = |path: &Path| self.shared.hashes.is_content(path, &source.sha256);
        let was = Path::new(&source.path);
        if is_it(was) {
            return Some(was.to_owned());
        }
        let item = self.shared.read(|c| items::with_content(c, &source.sha256)).ok()??;
        self.library_item_file(&item).ok().filter(|it| is_it(it))
    }
}
