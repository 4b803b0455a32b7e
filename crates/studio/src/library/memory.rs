//! Verbs on the memory: patterns of one's own sounds, what finds them, and what a person says of them.
//!
//! The memory lies in the workspace's folder `memory` and is open while the studio is. Sounds are heard by `memory` jobs;
//! what they find lies in their folders as library files, and the studio takes it as it comes and when they have ended.

mod carried;
mod find;
mod heard;
mod rate;
mod removed;
mod state;
mod teach;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use ::memory::{Memory, Pattern, PatternId, read_library};
use api::{
    CutOrder, Excerpt, Id, JobKind, KnownSounds, MemoryCount, MemoryJob, MemoryOverview,
    MemoryResult, MemorySound, MemorySpace, MemoryTask, MemoryWork, NewMemoryQuery, NewPatterns,
    PatternDetail, SpaceOrder, Task, WeightsUse,
};
use job::{Shelf, files};

pub(crate) use self::state::Remembered;
use self::state::Taken;
use super::{make_job, passing};
use crate::{
    Error, Studio,
    queue::Places,
    shared::{Shared, lock},
    store::{
        items,
        jobs::{self, Phase},
    },
    workspace::{check_path, file_name},
};

/// The space of our own vectors, by its name and version.
const OWN_SPACE: &str = "dsp-1";
/// The same without its version, as orders name it.
const OWN: &str = "dsp";
/// The kind of models of others that puts words and sounds into one space.
const READS_WORDS: &str = "clap";

impl Studio {
    /// What is in the memory.
    ///
    /// # Errors
    /// `Io` when it cannot be read.
    pub fn memory(&self) -> Result<MemoryOverview, Error> {
        let models = self.hearing_models()?;
        let job = self.memory_job_under_way()?;
        self.remembered(|it| {
            let taught = it.taught();
            let memory = it.memory();
            let mut kinds = BTreeMap::<&str, u64>::new();
            let mut tags = BTreeMap::<&str, u64>::new();
            let mut sounds = BTreeSet::new();
            for pattern in memory.patterns().values() {
                *kinds.entry(&pattern.kind).or_default() += 1;
                pattern.tags.iter().for_each(|tag| *tags.entry(tag).or_default() += 1);
                sounds.insert(&pattern.source.sha256);
            }
            let spaces: Vec<MemorySpace> =
                memory.spaces().map(|it| described(it.name(), it.len() as u64, &models)).collect();
            Ok(MemoryOverview {
                n_patterns: memory.patterns().len() as u64,
                n_sounds: sounds.len() as u64,
                n_ratings: memory.ratings().len() as u64,
                kinds: counted(kinds),
                tags: counted(tags),
                spaces,
                cutting: taught,
                n_missing: memory.missing_in(OWN_SPACE).len() as u64,
                job,
            })
        })
    }

    /// Queues a job that cuts sounds into patterns and remembers them.
    ///
    /// # Errors
    /// `Invalid` when there is nothing to add, or a path or a length cannot be used; `NotFound` when a sound or model is not
    /// there; `TooMuch` when the queue is full.
    pub fn add_patterns(&self, new: &NewPatterns) -> Result<MemoryJob, Error> {
        if new.paths.is_empty() && new.items.is_empty() {
            return Err(Error::invalid("paths", "choose a folder or sounds"));
        }
        let project = self.project_for(None);
        let mut sounds = vec![];
        for path in &new.paths {
            check_path(path)?;
            sounds.push(MemorySound { path: path.clone(), name: file_name(path) });
        }
        for id in &new.items {
            sounds.push(self.sound_of_item(id)?);
        }
        let mut how = CutOrder { way: self.remembered(|it| Ok(it.way()))?, ..CutOrder::default() };
        if let Some([shortest, longest]) = new.lengths_secs {
            let is_right = (0.05..=60.0).contains(&shortest)
                && (0.2..=600.0).contains(&longest)
                && shortest * 2.0 <= longest;
            if !is_right {
                let message = "the shortest is 0.05 to 60 s, and the longest at least twice that";
                return Err(Error::invalid("lengths_secs", message));
            }
            (how.shortest_secs, how.longest_secs) = (shortest, longest);
        }
        let tags = teach::checked_tags(&new.tags)?;
        let spaces = self.spaces_to_fill(&new.models, &project)?;
        let name = match &sounds[..] {
            [only] => only.name.clone(),
            all => format!("{} sounds", all.len()),
        };
        // Tags are given to sounds that are known, too, so these are looked at again.
        let known = match new.again || !tags.is_empty() {
            true => KnownSounds::default(),
            false => self.known_sounds(&spaces)?,
        };
        let work = MemoryWork::Cut { sounds, how, tags, again: new.again };
        self.queue_memory_job(&project, &name, MemoryTask { work, spaces }, |folder| {
            Ok(job::whole::write_json(&folder.join(files::KNOWN), &known)?)
        })
    }

    /// Sounds whose patterns have all the vectors that are asked for, each where it is known to be.
    fn known_sounds(&self, spaces: &[SpaceOrder]) -> Result<KnownSounds, Error> {
        self.remembered(|it| {
            let memory = it.memory();
            let words = memory.spaces().map(|it| it.name().word());
            let wanted = |word: &String| {
                word == OWN_SPACE || spaces.iter().any(|it| it.name == name_of_space(word))
            };
            let there: Vec<String> = words.filter(wanted).collect();
            // A space that is not there yet has no vector of any pattern.
            let is_there = |name: &str| there.iter().any(|it| name_of_space(it) == name);
            if !is_there(OWN) || !spaces.iter().all(|it| is_there(&it.name)) {
                return Ok(KnownSounds::default());
            }
            let missing: BTreeSet<PatternId> =
                there.iter().flat_map(|it| memory.missing_in(it)).collect();
            let mut known = KnownSounds::default();
            let mut is_whole = BTreeMap::<(&String, &String), bool>::new();
            for pattern in memory.patterns().values() {
                let source = (&pattern.source.sha256, &pattern.source.path);
                *is_whole.entry(source).or_insert(true) &= !missing.contains(&pattern.id);
            }
            for ((sha256, path), _) in is_whole.into_iter().filter(|it| it.1) {
                known.sounds.insert(sha256.clone(), PathBuf::from(path));
            }
            Ok(known)
        })
    }

    /// Queues a job that hears or reads what is looked for.
    ///
    /// # Errors
    /// `Invalid` when nothing is asked, or the space does not read words; `NotFound` when the space, its model or the sound
    /// is not there.
    pub fn create_memory_query(&self, new: &NewMemoryQuery) -> Result<MemoryJob, Error> {
        let project = self.project_for(None);
        let word = new.space.as_deref().unwrap_or(OWN_SPACE);
        let (name, spaces) = if word == OWN_SPACE {
            (OWN.to_owned(), vec![])
        } else {
            let models = self.hearing_models()?;
            let name = name_of_space(word);
            let model = models.iter().find(|it| it.space == name);
            let model = model.ok_or_else(|| no_space(word))?;
            if new.text.is_some() && !model.reads_words {
                let message = "words are not read in this space; choose one that reads them";
                return Err(Error::invalid("space", message));
            }
            (name.to_owned(), vec![self.order_of(model, &project)])
        };
        let sound = match (&new.path, &new.item) {
            (Some(path), _) => {
                check_path(path)?;
                Some(MemorySound { path: path.clone(), name: file_name(path) })
            }
            (None, Some(item)) => Some(self.sound_of_item(item)?),
            (None, None) => None,
        };
        let text = new.text.as_deref().map(str::trim).filter(|it| !it.is_empty());
        if text.is_some() && name == OWN {
            let message = "our own space reads no words; add a CLAP model and choose its space";
            return Err(Error::invalid("space", message));
        }
        if text.is_none() && sound.is_none() {
            return Err(Error::invalid("text", "enter words, or choose a sound"));
        }
        let part_secs = match (new.start_secs, new.end_secs) {
            (None, None) => None,
            (start, end) => {
                let part = [start.unwrap_or(0.0), end.unwrap_or(f64::MAX)];
                if !(part[0] >= 0.0 && part[0] < part[1]) {
                    return Err(Error::invalid("end_secs", "a part ends after it begins"));
                }
                Some(part)
            }
        };
        let label = text.map_or_else(
            || sound.as_ref().map_or_else(String::new, |it| it.name.clone()),
            |text| text.chars().take(60).collect(),
        );
        let text = text.map(|it| it.chars().take(2000).collect());
        let work = MemoryWork::Query { space: name, text, sound, part_secs };
        self.queue_memory_job(&project, &label, MemoryTask { work, spaces }, |_| Ok(()))
    }

    /// Queues a job that hears sounds in our own space, each by itself.
    ///
    /// # Errors
    /// `TooMuch` when the queue is full.
    pub(crate) fn hear_sounds(&self, sounds: Vec<Excerpt>) -> Result<MemoryJob, Error> {
        let project = self.project_for(None);
        let name = match &sounds[..] {
            [only] => only.name.clone(),
            all => format!("{} sounds", all.len()),
        };
        let task = MemoryTask { work: MemoryWork::Hear { sounds }, spaces: vec![] };
        self.queue_memory_job(&project, &name, task, |_| Ok(()))
    }

    /// A job of the memory.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its folder cannot be read.
    pub fn memory_job(&self, id: &Id) -> Result<MemoryJob, Error> {
        let (row, job) = self.shared.read(|c| {
            let row = passing::find(c, JobKind::Memory, id)?;
            let job = row.job(Places::read(c)?.of(id));
            Ok((row, job))
        })?;
        let result = match row.phase {
            Phase::Done => Some(read_result(&self.shared, id)?),
            _ => None,
        };
        Ok(MemoryJob { job, result })
    }

    /// A pattern with what surrounds it.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn pattern(&self, id: PatternId) -> Result<PatternDetail, Error> {
        let (pattern, siblings, tally, is_liked, prompt, has_copy, spaces) =
            self.remembered(|it| {
                let memory = it.memory_mut();
                let pattern = of(memory, id)?.clone();
                let mut siblings: Vec<Pattern> = memory
                    .patterns()
                    .values()
                    .filter(|it| it.source.sha256 == pattern.source.sha256)
                    .cloned()
                    .collect();
                siblings.sort_by(|a, b| a.start_secs.total_cmp(&b.start_secs));
                let tally = memory.tallies().get(&id).copied().unwrap_or_default();
                let is_liked =
                    memory.ratings().iter().rfind(|it| it.item == id).map(|it| it.is_liked);
                let prompt = find::prompt(memory, &pattern);
                let spaces = memory.spaces_of(id);
                let has_copy = it.sound_copy(id).is_some();
                Ok((pattern, siblings, tally, is_liked, prompt, has_copy, spaces))
            })?;
        let can_be_heard = has_copy || self.sound_of(&pattern.source).is_some();
        let item = self.shared.read(|c| items::with_content(c, &pattern.source.sha256))?;
        Ok(PatternDetail {
            pattern,
            siblings,
            n_liked: tally.n_liked,
            n_disliked: tally.n_disliked,
            is_liked,
            prompt,
            can_be_heard,
            item,
            spaces,
            job: None,
        })
    }

    /// Queues a job that makes missing vectors again, and those of models for patterns that came before them.
    ///
    /// # Errors
    /// `Conflict` when none is missing.
    pub fn mend_memory(&self) -> Result<MemoryJob, Error> {
        let project = self.project_for(None);
        let spaces = self.spaces_to_fill(&[], &project)?;
        let patterns = self.remembered(|it| {
            let memory = it.memory_mut();
            memory.check().map_err(refused)?;
            let mut missing: BTreeSet<PatternId> =
                memory.missing_in(OWN_SPACE).into_iter().collect();
            for space in memory.spaces().map(|it| it.name().word()).collect::<Vec<_>>() {
                if spaces.iter().any(|it| it.name == name_of_space(&space)) {
                    missing.extend(memory.missing_in(&space));
                }
            }
            Ok(missing
                .iter()
                .filter_map(|id| memory.patterns().get(id).cloned())
                .collect::<Vec<_>>())
        })?;
        if patterns.is_empty() {
            return Err(Error::conflict(
                "make vectors again",
                "none is missing".to_owned(),
                "nothing needs to be done",
            ));
        }
        let name = format!("{} patterns", patterns.len());
        let task = MemoryTask { work: MemoryWork::Describe { patterns }, spaces };
        self.queue_memory_job(&project, &name, task, |_| Ok(()))
    }

    fn queue_memory_job(
        &self,
        project: &Id,
        name: &str,
        task: MemoryTask,
        fill: impl FnOnce(&Path) -> Result<(), Error>,
    ) -> Result<MemoryJob, Error> {
        passing::remove_oldest(&self.shared, JobKind::Memory)?;
        let name = super::name_from(name);
        let id = make_job(&self.shared, project, name, Task::Memory(task), fill, |_, _| Ok(()))?;
        self.memory_job(&id)
    }

    fn memory_job_under_way(&self) -> Result<Option<Id>, Error> {
        self.shared.read(|c| {
            for (id, _) in jobs::ids(c, JobKind::Memory)? {
                if jobs::find(c, &id)?.is_some_and(|row| row.phase.is_active()) {
                    return Ok(Some(id));
                }
            }
            Ok(None)
        })
    }

    fn sound_of_item(&self, id: &Id) -> Result<MemorySound, Error> {
        let place = self.shared.read(|c| items::place(c, id))?;
        let place =
            place.filter(|it| !it.is_missing).ok_or_else(|| Error::not_found("sound", id))?;
        // Patterns outlive their job, so they know their sound by its whole path.
        let path = self.library_item_file(id)?;
        Ok(MemorySound { path, name: place.name })
    }

    fn spaces_to_fill(&self, chosen: &[Id], project: &Id) -> Result<Vec<SpaceOrder>, Error> {
        let models = self.hearing_models()?;
        for id in chosen {
            if !models.iter().any(|it| it.id == *id) {
                return Err(Error::not_found("model that hears", id));
            }
        }
        let there: BTreeSet<String> = self
            .remembered(|it| Ok(it.memory().spaces().map(|it| it.name().name.clone()).collect()))?;
        let is_wanted = |it: &&HearingModel| chosen.contains(&it.id) || there.contains(&it.space);
        Ok(models.iter().filter(is_wanted).map(|it| self.order_of(it, project)).collect())
    }

    fn order_of(&self, model: &HearingModel, project: &Id) -> SpaceOrder {
        let path = match &model.linked {
            Some(folder) => folder.clone(),
            None => super::projects::seen_from(&self.shared, project, Shelf::Models, &model.id),
        };
        SpaceOrder { name: model.space.clone(), path }
    }

    /// Models of the library that give vectors.
    fn hearing_models(&self) -> Result<Vec<HearingModel>, Error> {
        let models = self.models()?;
        Ok(models
            .into_iter()
            .filter_map(|it| {
                let short: String = it.sha256.chars().take(10).collect();
                match &it.linked {
                    Some(linked) => {
                        let is_one = linked.uses.contains(&WeightsUse::Embedding)
                            && !linked.waits_for_acceptance();
                        is_one.then(|| HearingModel {
                            space: format!("{}-{short}", it.family),
                            reads_words: it.family == READS_WORDS,
                            linked: Some(PathBuf::from(&linked.folder)),
                            id: it.id.clone(),
                        })
                    }
                    // Whether it is a codec is seen by the job that asks it.
                    None => is_of_sound(&it).then(|| HearingModel {
                        space: format!("{}-{short}", it.family),
                        reads_words: false,
                        linked: None,
                        id: it.id.clone(),
                    }),
                }
            })
            .collect())
    }

    /// Does something with the memory, which is opened when that is first asked.
    fn remembered<R>(
        &self,
        act: impl FnOnce(&mut Remembered) -> Result<R, Error>,
    ) -> Result<R, Error> {
        state::with(&self.shared, act)
    }
}

/// Whether a model of our own may be a codec: it has to do with sound, and needs no other model.
fn is_of_sound(model: &api::Model) -> bool {
    model.rate_hz.is_some() && model.prior_of.is_none() && model.adapter_of.is_none()
}

/// A model that gives vectors.
struct HearingModel {
    id: Id,
    /// The name of its space.
    space: String,
    reads_words: bool,
    /// Where its weights lie, if they are of others.
    linked: Option<PathBuf>,
}

/// Takes what a job has found so far. What cannot be taken now is taken when it has ended.
pub(crate) fn take_found(shared: &Shared, job: &Id) {
    if let Err(error) = take_left(shared, job) {
        tracing::warn!("{job}: what it found is not taken yet: failed to {error}");
    }
}

/// Takes everything that a job has found and that was not taken before.
///
/// # Errors
/// `Io` when it cannot be read or kept.
pub(crate) fn take_left(shared: &Shared, job: &Id) -> Result<(), Error> {
    // One after the other: the thread that follows jobs, and whoever removes an old one.
    let _one = lock(&shared.memory_taking);
    let folder = shared.workspace.folder(Shelf::MemoryJobs, job);
    let found = folder.join(files::FOUND);
    let Ok(entries) = fs::read_dir(&found) else { return Ok(()) };
    let mut whole: Vec<PathBuf> = entries
        .flatten()
        .map(|it| it.path())
        .filter(|it| it.extension().is_some_and(|it| it == "memory"))
        .collect();
    whole.sort();
    if whole.is_empty() {
        return state::learn_cutting(shared, &folder);
    }
    let task = job::order::read(&folder)?.task;
    let what = match &task {
        Task::Memory(MemoryTask { work: MemoryWork::Cut { again, .. }, .. }) => {
            Taken::Sounds { are_anew: *again }
        }
        _ => Taken::Patterns,
    };
    for path in whole {
        let library = match read_library(&path) {
            Ok(library) => library,
            Err(error @ ::memory::Error::Io { .. }) => return Err(refused(error)),
            Err(error) => {
                // It stays for whoever looks into it, and is not asked again.
                tracing::warn!("{}: left out: failed to {error}", path.display());
                let bad = path.with_extension("bad");
                fs::rename(&path, &bad).map_err(Error::io("move", &path))?;
                continue;
            }
        };
        state::with(shared, |it| it.take(library, what))?;
        // The mark comes first: a job that goes on must not find neither of them.
        let taken = path.with_extension("taken");
        job::whole::write(&taken, b"").map_err(Error::io("write", &taken))?;
        fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    state::learn_cutting(shared, &folder)
}

fn read_result(shared: &Shared, id: &Id) -> Result<MemoryResult, Error> {
    let path = shared.workspace.folder(Shelf::MemoryJobs, id).join(files::RESULT);
    Ok(job::whole::read_versioned(&path, MemoryResult::FORMAT)?)
}

fn of(memory: &Memory, id: PatternId) -> Result<&Pattern, Error> {
    memory
        .patterns()
        .get(&id)
        .ok_or_else(|| Error::NotFound { what: "pattern", id: id.to_string() })
}

/// What went wrong with the memory, as an error of the studio.
fn refused(error: ::memory::Error) -> Error {
    match error {
        ::memory::Error::Io { action, path, source } => Error::Io { action, path, source },
        ::memory::Error::Newer { path, found, known } => Error::Newer { path, found, known },
        ::memory::Error::Damaged { path, reason } => Error::conflict(
            format!("read “{}”", file_name(&path)),
            reason,
            "use another copy, or export it again where it comes from",
        ),
        ::memory::Error::Unfit { reason } => Error::invalid("query", reason),
        busy @ ::memory::Error::Busy { .. } => Error::conflict(
            "use the memory",
            busy.to_string(),
            "wait until the other program has ended",
        ),
    }
}

fn no_space(word: &str) -> Error {
    Error::NotFound { what: "space", id: word.escape_debug().to_string() }
}

/// The name of a space without its version.
fn name_of_space(word: &str) -> &str {
    word.rsplit_once('-').map_or(word, |(name, _)| name)
}

fn described(name: &::memory::SpaceName, n_patterns: u64, models: &[HearingModel]) -> MemorySpace {
    let model = models.iter().find(|it| it.space == name.name);
    MemorySpace {
        name: name.word(),
        model: model.map(|it| it.id.clone()),
        dim: u32::try_from(name.dim).unwrap_or(u32::MAX),
        n_patterns,
        reads_words: model.is_some_and(|it| it.reads_words),
        is_usable: name.name == OWN || model.is_some(),
    }
}

fn counted(counts: BTreeMap<&str, u64>) -> Vec<MemoryCount> {
    let count = |(name, n_patterns): (&str, u64)| MemoryCount { name: name.to_owned(), n_patterns };
    let mut counts: Vec<MemoryCount> = counts.into_iter().map(count).collect();
    counts.sort_by_key(|it| std::cmp::Reverse(it.n_patterns));
    counts
}
