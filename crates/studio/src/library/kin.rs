//! The family tree of a sound: recipes say what it was made of, and those of others what was made of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use api::{
    FamilyTree, FlowRun, GeneratedSound, Id, Kin, KinLink, KinOf, ModelPlace, PatternId, Recipe,
    RecipeSource, SoundPlace, UnixMs, WordsBegin,
};
use job::Shelf;

use super::{flows::work::FLOW, generations::recipe::sounds_of};
use crate::{
    Error, Studio,
    store::{self, items, sounds::SoundRow},
};

/// The most members of a tree, and how far it goes to each side.
const MEMBERS_MAX: usize = 200;
const GENERATIONS_MAX: i32 = 6;

/// Everything that was made here, as far as trees need it.
struct Register {
    /// Kept sounds.
    sounds: BTreeMap<Id, SoundRow>,
    /// Kept sounds by the sound of a generation that they were.
    kept_as: BTreeMap<(Id, u32), Id>,
    /// What was made of something: the child, and how.
    children: BTreeMap<KinOf, Vec<(KinOf, String)>>,
}

impl Studio {
    /// The family tree around a sound or a pattern, both ways.
    ///
    /// # Errors
    /// `NotFound` when it is not there; `Store` or `Closed`.
    pub fn family_tree(&self, of: &KinOf) -> Result<FamilyTree, Error> {
        let register = self.register()?;
        let start = register.as_kept(of.clone());
        match &start {
            KinOf::Sound { id } => drop(self.sound(id)?),
            KinOf::Generated { id, number } => drop(self.generated_sound(id, *number)?),
            KinOf::Pattern { id } => drop(self.pattern(*id)?),
            KinOf::Item { id } => drop(self.library_item(id)?),
            _ => return Err(Error::invalid("of", "choose a sound or a pattern")),
        }
        let mut tree = FamilyTree { of: key(&start), ..FamilyTree::default() };
        let mut links = BTreeSet::new();
        let mut found: BTreeMap<KinOf, i32> = [(start.clone(), 0)].into();
        for step in [-1, 1] {
            let mut open = VecDeque::from([(start.clone(), 0)]);
            let mut seen = BTreeSet::from([start.clone()]);
            while let Some((of, generation)) = open.pop_front() {
                if i32::abs(generation) >= GENERATIONS_MAX {
                    continue;
                }
                let next = match step {
                    -1 => self.parents(&register, &of),
                    _ => register.children.get(&of).cloned().unwrap_or_default(),
                };
                for (other, how) in next {
                    if found.len() >= MEMBERS_MAX && !found.contains_key(&other) {
                        tree.is_cut = true;
                        continue;
                    }
                    let (parent, child) = if step < 0 { (&other, &of) } else { (&of, &other) };
                    links.insert(KinLink { parent: key(parent), child: key(child), how });
                    found.entry(other.clone()).or_insert(generation + step);
                    if seen.insert(other.clone()) {
                        open.push_back((other, generation + step));
                    }
                }
            }
        }
        tree.links = links.into_iter().collect();
        tree.members =
            found.into_iter().map(|(of, generation)| self.kin(&register, of, generation)).collect();
        tree.members.sort_by(|a, b| {
            a.generation
                .cmp(&b.generation)
                .then(a.created_ms.cmp(&b.created_ms))
                .then(a.key.cmp(&b.key))
        });
        Ok(tree)
    }

    fn register(&self) -> Result<Register, Error> {
        let rows = self.shared.read(store::sounds::all)?;
        let mut register = Register {
            sounds: BTreeMap::new(),
            kept_as: BTreeMap::new(),
            children: BTreeMap::new(),
        };
        for row in rows {
            if let Some(taken) = &row.taken
                && let Some(number) = number_in(&taken.path)
            {
                register.kept_as.insert((taken.job.clone(), number), row.id.clone());
            }
            register.sounds.insert(row.id.clone(), row);
        }
        let mut children = vec![];
        for row in register.sounds.values() {
            let child = KinOf::Sound { id: row.id.clone() };
            let parents = parents_in(&row.card.recipe);
            children.extend(parents.into_iter().map(|(parent, how)| (parent, child.clone(), how)));
        }
        // What was generated and not kept.
        for generation in self.everywhere().generations()? {
            let mut sounds = vec![];
            loop {
                let after = sounds.last().map_or(0, |it: &GeneratedSound| it.number);
                match self.generated_sounds(&generation.id, after, 1000) {
                    Ok(some) if some.is_empty() => break,
                    Ok(some) => sounds.extend(some),
                    // It was deleted meanwhile, or cannot be read: the others are there.
                    Err(error) => {
                        tracing::debug!("{}: failed to {error}", generation.id);
                        break;
                    }
                }
            }
            for sound in sounds {
                let of = KinOf::Generated { id: generation.id.clone(), number: sound.number };
                if sound.is_gone || register.as_kept(of.clone()) != of {
                    continue;
                }
                let parents = parents_in(&sound.card.recipe);
                children.extend(parents.into_iter().map(|(parent, how)| (parent, of.clone(), how)));
            }
        }
        for (parent, child, how) in children {
            let parent = register.as_kept(parent);
            register.children.entry(parent).or_default().push((child, how));
        }
        self.add_patterns_of_sounds(&mut register)?;
        Ok(register)
    }

    /// Patterns are cut from sounds of the library, and from kept ones.
    fn add_patterns_of_sounds(&self, register: &mut Register) -> Result<(), Error> {
        let by_hash: BTreeMap<String, Id> = register
            .sounds
            .values()
            .map(|row| (row.card.facts.sha256.clone(), row.id.clone()))
            .collect();
        for (id, sha256) in self.patterns_with_hashes()? {
            if let Some(sound) = by_hash.get(&sha256) {
                let (parent, child) = (KinOf::Sound { id: sound.clone() }, KinOf::Pattern { id });
                register.children.entry(parent).or_default().push((child, "cut from".to_owned()));
            }
        }
        Ok(())
    }

    /// What something was made of, and how.
    fn parents(&self, register: &Register, of: &KinOf) -> Vec<(KinOf, String)> {
        let recipe = match of {
            KinOf::Sound { id } => self.sound(id).ok().map(|it| it.card.recipe),
            KinOf::Generated { id, number } => {
                self.generated_sound(id, *number).ok().map(|it| it.card.recipe)
            }
            KinOf::Pattern { id } => return self.source_of(register, *id).into_iter().collect(),
            _ => None,
        };
        let mut parents: Vec<(KinOf, String)> = recipe
            .iter()
            .flat_map(parents_in)
            .map(|(it, how)| (register.as_kept(it), how))
            .collect();
        if let KinOf::Sound { id } = of
            && let Some(run) = self.flow_of(id)
        {
            parents.push((KinOf::Flow { id: run.id }, "kept by".to_owned()));
        }
        parents
    }

    fn source_of(&self, register: &Register, id: PatternId) -> Option<(KinOf, String)> {
        let pattern = self.pattern(id).ok()?.pattern;
        let sha256 = pattern.source.sha256;
        let kept = register.sounds.values().find(|row| row.card.facts.sha256 == sha256);
        let item = || self.shared.read(|c| items::with_content(c, &sha256)).ok().flatten();
        let of = match kept {
            Some(row) => KinOf::Sound { id: row.id.clone() },
            None => match item() {
                Some(id) => KinOf::Item { id },
                None => KinOf::File { path: pattern.source.path },
            },
        };
        Some((of, "cut from".to_owned()))
    }

    /// The run of a flow that kept a sound.
    fn flow_of(&self, sound: &Id) -> Option<FlowRun> {
        let path = self.shared.workspace.folder(Shelf::Sounds, sound).join(FLOW);
        job::whole::read_versioned(&path, FlowRun::FORMAT).ok()
    }

    fn kin(&self, register: &Register, of: KinOf, generation: i32) -> Kin {
        let (name, created_ms): (Option<String>, Option<UnixMs>) = match &of {
            KinOf::Sound { id } => match register.sounds.get(id) {
                Some(row) => (Some(row.card.name.clone()), Some(row.card.created_ms)),
                None => (None, None),
            },
            KinOf::Generated { id, number } => match self.generated_sound(id, *number) {
                Ok(sound) if !sound.is_gone => (Some(sound.card.name), Some(sound.card.created_ms)),
                _ => (None, None),
            },
            KinOf::Pattern { id } => (self.pattern_name(*id).ok(), None),
            KinOf::Item { id } => (self.library_item(id).ok().map(|it| it.item.name), None),
            KinOf::Dataset { dataset, idx } => {
                (self.dataset_sound(dataset, *idx).ok().map(|it| it.name), None)
            }
            KinOf::File { path } => {
                let path = std::path::Path::new(path);
                (path.exists().then(|| crate::workspace::file_name(path)), None)
            }
            KinOf::Model { id } => match self.model(id) {
                Ok(it) => (Some(it.model.name), Some(it.model.created_ms)),
                Err(_) => (None, None),
            },
            KinOf::Flow { id } => match self.flow_run(id) {
                Ok(run) => (Some(run.plan.name), Some(run.created_ms)),
                Err(_) => (None, None),
            },
        };
        let is_gone = name.is_none();
        let name = name.unwrap_or_else(|| name_of_gone(&of));
        Kin { key: key(&of), name, generation, created_ms, is_gone, what: of }
    }
}

impl Register {
    /// A sound of a generation that was kept is the kept one, and a file of the library is what lies there.
    fn as_kept(&self, of: KinOf) -> KinOf {
        let of = match &of {
            KinOf::File { path } => in_workspace(std::path::Path::new(path)).unwrap_or(of),
            _ => of,
        };
        let kept = match &of {
            KinOf::Generated { id, number } => self.kept_as.get(&(id.clone(), *number)),
            _ => None,
        };
        kept.map_or(of, |id| KinOf::Sound { id: id.clone() })
    }
}

/// What a recipe draws on, and how.
fn parents_in(recipe: &Recipe) -> Vec<(KinOf, String)> {
    let how = match &recipe.source {
        RecipeSource::Sound { .. } => "sent through a model",
        RecipeSource::Prior { .. } => "continued",
        RecipeSource::Blend(_) => "blended",
        RecipeSource::Words(words) => match words.begin.as_ref().map(|it| it.how) {
            Some(WordsBegin::Continue) => "continued",
            Some(WordsBegin::Vary) => "varied",
            Some(WordsBegin::Fill) => "filled",
            Some(WordsBegin::Melody) | None => "followed",
        },
        _ => "used",
    };
    let sounds = sounds_of(recipe).into_iter().map(|place| (of_place(place), how.to_owned()));
    let mut parents: Vec<(KinOf, String)> = sounds.collect();
    if let RecipeSource::Blend(blend) = &recipe.source {
        for (i, ((_, how), sound)) in parents.iter_mut().zip(&blend.sounds).enumerate() {
            if sound.weight == 0.0 {
                let is_rhythm = blend.rhythm == u32::try_from(i).ok();
                *how = if is_rhythm { "gives the rhythm" } else { "not heard" }.to_owned();
            }
        }
    }
    let adapters = match &recipe.source {
        RecipeSource::Words(words) => words.adapters.iter().map(|it| &it.adapter).collect(),
        RecipeSource::Prior { prior, .. } => vec![prior],
        _ => vec![],
    };
    for model in recipe.models.iter().chain(adapters) {
        if let ModelPlace::Library { id } = &model.place {
            parents.push((KinOf::Model { id: id.clone() }, "made by".to_owned()));
        }
    }
    parents
}

fn of_place(place: &SoundPlace) -> KinOf {
    match place {
        SoundPlace::Library { id } => KinOf::Sound { id: id.clone() },
        SoundPlace::Generation { id, number } => {
            KinOf::Generated { id: id.clone(), number: *number }
        }
        SoundPlace::Dataset { dataset, idx } => {
            KinOf::Dataset { dataset: dataset.clone(), idx: *idx }
        }
        SoundPlace::Pattern { id, .. } => KinOf::Pattern { id: *id },
        SoundPlace::Upload { upload } => KinOf::File { path: upload.to_string() },
        SoundPlace::File { path } => KinOf::File { path: path.to_string_lossy().into_owned() },
    }
}

/// What links call a member.
fn key(of: &KinOf) -> String {
    match of {
        KinOf::Sound { id } => format!("sound:{id}"),
        KinOf::Generated { id, number } => format!("generated:{id}/{number}"),
        KinOf::Pattern { id } => format!("pattern:{id}"),
        KinOf::Item { id } => format!("item:{id}"),
        KinOf::Dataset { dataset, idx } => format!("dataset:{dataset}/{idx}"),
        KinOf::File { path } => format!("file:{path}"),
        KinOf::Model { id } => format!("model:{id}"),
        KinOf::Flow { id } => format!("flow:{id}"),
    }
}

fn name_of_gone(of: &KinOf) -> String {
    match of {
        KinOf::File { path } => crate::workspace::file_name(std::path::Path::new(path)),
        KinOf::Sound { .. } | KinOf::Item { .. } => "a sound".to_owned(),
        KinOf::Model { .. } => "a model".to_owned(),
        KinOf::Flow { .. } => "a flow".to_owned(),
        KinOf::Generated { number, .. } => format!("sound {number} of a generation"),
        KinOf::Pattern { .. } => "a pattern".to_owned(),
        KinOf::Dataset { idx, .. } => format!("sound {idx} of a dataset"),
    }
}

/// What lies in a workspace at a path: `…/sounds/ID/sound.wav`, `…/generations/ID/sounds/N/sound.wav`.
fn in_workspace(path: &std::path::Path) -> Option<KinOf> {
    let mut parts = path.iter().rev().map(|it| it.to_str().unwrap_or(""));
    if parts.next() != Some(api::SoundCard::SOUND) {
        return None;
    }
    let (name, shelf) = (parts.next()?, parts.next()?);
    if shelf != Shelf::Sounds.name() {
        return None;
    }
    match (name.parse::<u32>(), parts.next()?, parts.next()?) {
        (Ok(number), id, shelf) if shelf == Shelf::Generations.name() => {
            Some(KinOf::Generated { id: id.parse().ok()?, number })
        }
        (_, _project, "projects") => Some(KinOf::Sound { id: name.parse().ok()? }),
        _ => None,
    }
}

/// The number of a sound of a generation, by its folder's path.
fn number_in(path: &str) -> Option<u32> {
    path.strip_prefix(job::files::GENERATED)?.strip_prefix('/')?.parse().ok()
}
