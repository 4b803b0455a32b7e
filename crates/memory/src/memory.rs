//! A memory: a folder of patterns, their vectors in every space, and a person's ratings.
//!
//! ```text
//! patterns.jsonl       what is known of each pattern, the latest line counts
//! ratings.jsonl        ratings, the oldest first
//! spaces/<name>-<n>/   vectors: see `space.rs`
//! ```
//!
//! Vectors are written before the patterns that they are of, so that a pattern that is there has its vectors; those of
//! no pattern are never found.

mod taken;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    Added, Checked, Error, Library, PATTERNS_MAX, Pattern, PatternId, RATINGS_MAX, Ranked, Rating,
    RowSet, Snapshot, Space, SpaceName, Tally, Taste, Wanted, check_pattern, journal::Journal,
    space,
};

/// The most spaces.
const SPACES_MAX: usize = 64;
/// Lines of patterns that are gone before the file is written again.
const WASTE_MAX: usize = 10_000;

/// A memory that is open: for one program at a time.
#[derive(Debug)]
pub struct Memory {
    folder: PathBuf,
    patterns: BTreeMap<PatternId, Pattern>,
    pattern_lines: Journal,
    /// Lines of patterns that do not count any more.
    n_waste: usize,
    ratings: Vec<Rating>,
    rating_lines: Journal,
    spaces: BTreeMap<String, Space>,
    tastes: BTreeMap<String, Taste>,
    n_damaged_lines: usize,
    /// Held as long as this lives.
    _lock: File,
}

/// Vectors of some patterns in a space.
pub type Vectors = (SpaceName, Vec<(PatternId, Vec<f32>)>);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PatternLine {
    Pattern(Box<Pattern>),
    Deleted(PatternId),
}

/// What a look at everything has found.
#[derive(Clone, Debug, Default)]
pub struct MemoryChecked {
    /// Lines that were damaged and are left out.
    pub n_damaged_lines: usize,
    /// What was found in each space.
    pub spaces: BTreeMap<String, Checked>,
    /// Patterns that have no vector in a space in which others have: to be made again from their sounds.
    pub missing: BTreeMap<String, Vec<PatternId>>,
}

impl Memory {
    /// Opens the memory in a folder, or begins one.
    ///
    /// # Errors
    /// Another program has it open, the disk is full, or its files are damaged beyond what can be left out.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let spaces_folder = folder.join("spaces");
        fs::create_dir_all(&spaces_folder).map_err(Error::io("create", &spaces_folder))?;
        let lock = space::lock(folder)?;
        let (pattern_lines, lines, n_bad) = Journal::open(&folder.join("patterns.jsonl"))?;
        let (rating_lines, ratings, n_bad_ratings) = Journal::open(&folder.join("ratings.jsonl"))?;
        let mut patterns = BTreeMap::new();
        let n_lines = lines.len();
        for line in lines {
            match line {
                PatternLine::Pattern(it) => patterns.insert(it.id, *it),
                PatternLine::Deleted(id) => patterns.remove(&id),
            };
        }
        let mut spaces = BTreeMap::new();
        let entries = fs::read_dir(&spaces_folder).map_err(Error::io("read", &spaces_folder))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(space) = Space::open_any(&entry.path())? {
                spaces.insert(name, space);
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            n_waste: n_lines - patterns.len(),
            patterns,
            pattern_lines,
            ratings,
            rating_lines,
            spaces,
            tastes: BTreeMap::new(),
            n_damaged_lines: n_bad + n_bad_ratings,
            _lock: lock,
        })
    }

    /// All patterns, by their identifiers.
    #[must_use]
    pub fn patterns(&self) -> &BTreeMap<PatternId, Pattern> {
        &self.patterns
    }

    /// All ratings, the oldest first.
    #[must_use]
    pub fn ratings(&self) -> &[Rating] {
        &self.ratings
    }

    /// What was rated of each pattern that was.
    #[must_use]
    pub fn tallies(&self) -> BTreeMap<PatternId, Tally> {
        let mut tallies = BTreeMap::<PatternId, Tally>::new();
        for rating in &self.ratings {
            let tally = tallies.entry(rating.item).or_default();
            *tally = tally.and(rating.is_liked);
        }
        tallies
    }

    /// The spaces, by name and version as in `dsp-1`.
    pub fn spaces(&self) -> impl Iterator<Item = Snapshot> + '_ {
        self.spaces.values().map(Space::snapshot)
    }

    /// A space as it is now.
    ///
    /// # Errors
    /// There is none of that name: which there are.
    pub fn space(&self, word: &str) -> Result<Snapshot, Error> {
        let unknown = || {
            let there: Vec<&str> = self.spaces.keys().map(String::as_str).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            Error::unfit(format!("there is no space `{word}` in this memory; there is {there}"))
        };
        self.spaces.get(word).map(Space::snapshot).ok_or_else(unknown)
    }

    /// Adds patterns with their vectors; those that are there are replaced, except what a person has set by hand.
    ///
    /// # Errors
    /// A pattern or a vector cannot be, and then none is added; the disk is full, or the memory is.
    pub fn add(&mut self, patterns: Vec<Pattern>, vectors: &[Vectors]) -> Result<Added, Error> {
        patterns.iter().try_for_each(check_pattern)?;
        vectors.iter().try_for_each(|(name, _)| name.check())?;
        if self.patterns.len() + patterns.len() > PATTERNS_MAX {
            return Err(Error::unfit(format!("a memory has {PATTERNS_MAX} patterns at most")));
        }
        for (name, rows) in vectors {
            let rows: Vec<(u64, &[f32])> =
                rows.iter().map(|(id, it)| (id.0, it.as_slice())).collect();
            let space = self.space_of(name)?;
            space.add(&rows)?;
            if space.is_wasteful() {
                space.compact()?;
            }
        }
        let is_own = |it: &Pattern| {
            it.is_by_hand || !self.patterns.get(&it.id).is_some_and(|it| it.is_by_hand)
        };
        let lines: Vec<PatternLine> = patterns
            .into_iter()
            .filter(is_own)
            .map(|it| PatternLine::Pattern(Box::new(it)))
            .collect();
        self.pattern_lines.append(&lines)?;
        let mut added = Added::default();
        for line in lines {
            let PatternLine::Pattern(pattern) = line else { continue };
            match self.patterns.insert(pattern.id, *pattern) {
                None => added.n_new += 1,
                Some(_) => added.n_replaced += 1,
            }
        }
        self.n_waste += added.n_replaced;
        self.tastes.clear();
        self.tidy()?;
        Ok(added)
    }

    /// Deletes patterns and their vectors; says how many were there.
    ///
    /// # Errors
    /// The disk is full.
    pub fn delete(&mut self, ids: &[PatternId]) -> Result<usize, Error> {
        let there: Vec<PatternId> =
            ids.iter().filter(|id| self.patterns.contains_key(id)).copied().collect();
        let lines: Vec<PatternLine> = there.iter().map(|id| PatternLine::Deleted(*id)).collect();
        self.pattern_lines.append(&lines)?;
        let mut n = 0;
        for id in &there {
            n += usize::from(self.patterns.remove(id).is_some());
        }
        let rows: Vec<u64> = there.iter().map(|id| id.0).collect();
        for space in self.spaces.values_mut() {
            space.delete(&rows)?;
            if space.is_wasteful() {
                space.compact()?;
            }
        }
        self.n_waste += 2 * n;
        self.tastes.clear();
        self.tidy()?;
        Ok(n)
    }

    /// Keeps a rating. One of the same pattern in the same search takes the place of the one before.
    ///
    /// # Errors
    /// It cannot be, its pattern is not there, there are too many, or the disk is full.
    pub fn rate(&mut self, rating: Rating) -> Result<(), Error> {
        rating.check()?;
        let is_same = |it: &Rating| {
            it.item == rating.item && it.space == rating.space && it.query == rating.query
        };
        if let Some(at) = self.ratings.iter().rposition(is_same) {
            let newest = self.ratings.iter().rposition(|it| it.item == rating.item);
            if newest == Some(at) && self.ratings[at].is_liked == rating.is_liked {
                return Ok(());
            }
            let mut ratings = self.ratings.clone();
            ratings.remove(at);
            ratings.push(rating);
            return self.set_ratings(ratings);
        }
        if !self.patterns.contains_key(&rating.item) {
            return Err(Error::unfit(format!(
                "there is no pattern {} in this memory",
                rating.item
            )));
        }
        if self.ratings.len() >= RATINGS_MAX {
            return Err(Error::unfit(format!(
                "a memory has {RATINGS_MAX} ratings at most: forget them, or export them"
            )));
        }
        self.rating_lines.append(&[&rating])?;
        self.ratings.push(rating);
        self.tastes.clear();
        Ok(())
    }

    /// Withdraws the newest rating of a pattern; whether there was one.
    ///
    /// # Errors
    /// The disk is full.
    pub fn withdraw_rating(&mut self, id: PatternId) -> Result<bool, Error> {
        let Some(at) = self.ratings.iter().rposition(|it| it.item == id) else { return Ok(false) };
        let mut ratings = self.ratings.clone();
        ratings.remove(at);
        self.set_ratings(ratings)?;
        Ok(true)
    }

    /// Puts others in the place of all ratings, once they are written.
    fn set_ratings(&mut self, ratings: Vec<Rating>) -> Result<(), Error> {
        self.rating_lines.rewrite(&ratings)?;
        self.ratings = ratings;
        self.tastes.clear();
        Ok(())
    }

    /// Forgets all ratings, as if nothing had been rated; says how many there were.
    ///
    /// # Errors
    /// The disk is full.
    pub fn forget_ratings(&mut self) -> Result<usize, Error> {
        self.rating_lines.rewrite::<Rating>(&[])?;
        self.tastes.clear();
        Ok(std::mem::take(&mut self.ratings).len())
    }

    /// Puts back ratings that were forgotten, before those that came since; says how many.
    ///
    /// # Errors
    /// The disk is full.
    pub fn restore_ratings(&mut self, forgotten: Vec<Rating>) -> Result<usize, Error> {
        let room = RATINGS_MAX.saturating_sub(self.ratings.len());
        let is_said_anew = |old: &Rating| {
            let is_it = |it: &&Rating| it.item == old.item && it.space == old.space;
            self.ratings.iter().filter(is_it).any(|it| it.query == old.query)
        };
        let mut ratings: Vec<Rating> =
            forgotten.into_iter().filter(|it| !is_said_anew(it)).collect();
        ratings.drain(..ratings.len().saturating_sub(room));
        let n = ratings.len();
        ratings.extend_from_slice(&self.ratings);
        self.set_ratings(ratings)?;
        Ok(n)
    }

    /// The `n` best patterns for a vector of a space, among those that what is wanted allows.
    ///
    /// # Errors
    /// There is no such space, or the vector is not of it.
    pub fn find(
        &mut self,
        space: &str,
        query: &[f32],
        n: usize,
        wanted: &Wanted,
    ) -> Result<Vec<Ranked>, Error> {
        let snapshot = self.space(space)?;
        let rows: RowSet = snapshot.rows_where(|id| {
            self.patterns.get(&PatternId(id)).is_some_and(|it| wanted.fit(it).is_some())
        });
        let taste = self
            .tastes
            .entry(space.to_owned())
            .or_insert_with(|| Taste::of(&self.ratings, &snapshot));
        taste.find(&snapshot, query, n, Some(&rows))
    }

    /// Patterns without a vector in a space, which have to be described anew: all where there is no such space.
    #[must_use]
    pub fn missing_in(&self, word: &str) -> Vec<PatternId> {
        let space = self.spaces.get(word);
        let is_missing = |id: &&PatternId| !space.is_some_and(|it| it.contains(id.0));
        self.patterns.keys().filter(is_missing).copied().collect()
    }

    /// The spaces in which a pattern has a vector.
    #[must_use]
    pub fn spaces_of(&self, id: PatternId) -> Vec<String> {
        let has = self.spaces.iter().filter(|it| it.1.contains(id.0));
        has.map(|it| it.0.clone()).collect()
    }

    /// The vector of a pattern in a space.
    ///
    /// # Errors
    /// There is no such space, or no such vector in it.
    pub fn vector(&self, space: &str, id: PatternId) -> Result<Vec<f32>, Error> {
        let snapshot = self.space(space)?;
        let row = snapshot.rows().find(|it| it.1 == id.0).map(|it| it.0);
        let missing = || Error::unfit(format!("the pattern {id} has no vector in `{space}`"));
        row.map(|row| snapshot.vector(row).to_vec()).ok_or_else(missing)
    }

    /// Everything of some patterns, to be written as one file; sounds are added by whoever can cut them.
    #[must_use]
    pub fn library(&self, is_wanted: impl Fn(&Pattern) -> bool) -> Library {
        let patterns: BTreeMap<PatternId, &Pattern> =
            self.patterns.iter().filter(|it| is_wanted(it.1)).map(|(id, it)| (*id, it)).collect();
        let of_space = |snapshot: Snapshot| {
            let rows = snapshot.rows().map(|(row, id)| (PatternId(id), row));
            let rows = rows.filter(|(id, _)| patterns.contains_key(id));
            let rows = rows.map(|(id, row)| (id, snapshot.vector(row).to_vec())).collect();
            (snapshot.name().clone(), rows)
        };
        let ratings = self.ratings.iter().filter(|it| patterns.contains_key(&it.item));
        Library {
            spaces: self.spaces().map(of_space).collect(),
            ratings: ratings.cloned().collect(),
            sounds: BTreeMap::new(),
            patterns: patterns.into_values().cloned().collect(),
        }
    }

    /// Takes in what another memory has given: patterns that are here already stay as they are.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn import(&mut self, library: Library) -> Result<Added, Error> {
        let is_new = |id: &PatternId| !self.patterns.contains_key(id);
        let patterns: Vec<Pattern> =
            library.patterns.into_iter().filter(|it| is_new(&it.id)).collect();
        let new: BTreeSet<PatternId> = patterns.iter().map(|it| it.id).collect();
        let spaces: Vec<Vectors> = library
            .spaces
            .into_iter()
            .map(|(name, rows)| (name, rows.into_iter().filter(|it| new.contains(&it.0)).collect()))
            .collect();
        let ratings: Vec<Rating> =
            library.ratings.into_iter().filter(|it| new.contains(&it.item)).collect();
        let room = RATINGS_MAX.saturating_sub(self.ratings.len());
        let added = self.add(patterns, &spaces)?;
        let ratings = &ratings[ratings.len().saturating_sub(room)..];
        self.rating_lines.append(ratings)?;
        self.ratings.extend_from_slice(ratings);
        self.tastes.clear();
        Ok(added)
    }

    /// Reads everything, compares checksums, and says what is to be made again.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn check(&mut self) -> Result<MemoryChecked, Error> {
        let mut checked =
            MemoryChecked { n_damaged_lines: self.n_damaged_lines, ..MemoryChecked::default() };
        for (word, space) in &mut self.spaces {
            checked.spaces.insert(word.clone(), space.check()?);
            let missing = self.patterns.keys().filter(|id| !space.contains(id.0)).copied();
            checked.missing.insert(word.clone(), missing.collect());
        }
        Ok(checked)
    }

    fn space_of(&mut self, name: &SpaceName) -> Result<&mut Space, Error> {
        let word = name.word();
        if !self.spaces.contains_key(&word) {
            if self.spaces.len() >= SPACES_MAX {
                return Err(Error::unfit(format!("a memory has {SPACES_MAX} spaces at most")));
            }
            let space = Space::open(&self.folder.join("spaces").join(&word), name)?;
            self.spaces.insert(word.clone(), space);
        }
        let space = self.spaces.get_mut(&word).expect("it was just put there");
        if space.snapshot().name() != name {
            let (there, given) = (space.snapshot().name().dim, name.dim);
            return Err(Error::unfit(format!(
                "vectors of `{word}` have {there} numbers, not {given}"
            )));
        }
        Ok(space)
    }

    /// Writes the file of patterns again once most of it does not count any more.
    fn tidy(&mut self) -> Result<(), Error> {
        if self.n_waste > WASTE_MAX.max(self.patterns.len()) {
            let lines: Vec<PatternLine> = self
                .patterns
                .values()
                .map(|it| PatternLine::Pattern(Box::new(it.clone())))
                .collect();
            self.pattern_lines.rewrite(&lines)?;
            self.n_waste = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{pattern::tests::pattern, testing::Random};

    pub(super) fn vectors(patterns: &[Pattern], name: &str, dim: usize) -> Vectors {
        let name = SpaceName { name: name.into(), version: 1, dim };
        let of = |it: &Pattern| (it.id, Random::new(it.id.0).unit(dim));
        (name, patterns.iter().map(of).collect())
    }

    fn filled(folder: &Path) -> (Memory, Vec<Pattern>) {
        let mut memory = Memory::open(folder).unwrap();
        let patterns: Vec<Pattern> = (0..20)
            .map(|i| {
                let word = if i % 2 == 0 { "bright" } else { "dark" };
                pattern(f64::from(i), f64::from(i) + 0.5 + 0.1 * f64::from(i), &[word])
            })
            .collect();
        let spaces = [vectors(&patterns, "dsp", 12), vectors(&patterns[..5], "clap", 7)];
        assert_eq!(memory.add(patterns.clone(), &spaces).unwrap().n_new, 20);
        (memory, patterns)
    }

    #[test]
    fn what_a_memory_was_told_it_finds_again() {
        let folder = tempfile::tempdir().unwrap();
        let (mut memory, patterns) = filled(folder.path());
        let query = memory.vector("dsp-1", patterns[4].id).unwrap();
        let found = memory.find("dsp-1", &query, 3, &Wanted::default()).unwrap();
        assert_eq!(found[0].id, patterns[4].id);
        let dark = memory.find("dsp-1", &query, 30, &Wanted::read("dark, under 2 s")).unwrap();
        assert_eq!(dark.len(), 8);
        let rating = Rating {
            space: "dsp-1".into(),
            query: query.clone(),
            item: patterns[3].id,
            is_liked: true,
        };
        memory.rate(Rating { is_liked: false, ..rating.clone() }).unwrap();
        assert!(memory.rate(Rating { item: PatternId(1), ..rating.clone() }).is_err());
        // The same search again changes what was said of it.
        memory.rate(rating.clone()).unwrap();
        let alone = Rating { query: vec![], space: String::new(), ..rating.clone() };
        memory.rate(Rating { is_liked: false, ..alone.clone() }).unwrap();
        let tally = memory.tallies()[&rating.item];
        assert_eq!((tally.n_liked, tally.n_disliked), (1, 1));
        // What is said again is said last.
        memory.rate(Rating { is_liked: true, ..alone.clone() }).unwrap();
        memory.rate(rating.clone()).unwrap();
        memory.rate(Rating { is_liked: true, ..alone }).unwrap();
        assert!(memory.ratings().last().unwrap().query.is_empty());
        assert!(memory.withdraw_rating(rating.item).unwrap());
        assert!(!memory.withdraw_rating(patterns[5].id).unwrap());
        assert_eq!(memory.delete(&[patterns[4].id, patterns[4].id]).unwrap(), 1);
        drop(memory);
        let mut memory = Memory::open(folder.path()).unwrap();
        assert_eq!((memory.patterns().len(), memory.ratings().len()), (19, 1));
        let found = memory.find("dsp-1", &query, 3, &Wanted::default()).unwrap();
        assert_eq!(found[0].id, patterns[3].id);
        let forgotten = memory.ratings().to_vec();
        assert_eq!(memory.forget_ratings().unwrap(), 1);
        assert_eq!(memory.restore_ratings(forgotten.clone()).unwrap(), 1);
        assert_eq!(memory.restore_ratings(forgotten.clone()).unwrap(), 0);
        assert_eq!(memory.ratings(), forgotten);
        assert_eq!(memory.forget_ratings().unwrap(), 1);
        let error = memory.find("clip-1", &query, 3, &Wanted::default()).unwrap_err().to_string();
        assert!(error.contains("there is clap-1, dsp-1"), "{error}");
        let checked = memory.check().unwrap();
        assert_eq!((checked.missing["dsp-1"].len(), checked.missing["clap-1"].len()), (0, 15));
    }

    #[test]
    fn a_library_travels_and_own_words_stay() {
        let [folder, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let (mut memory, patterns) = filled(folder.path());
        let library = memory.library(|it| it.facts.words.contains(&"dark".to_owned()));
        assert_eq!(library.patterns.len(), 10);
        assert_eq!(library.spaces.iter().map(|it| it.1.len()).collect::<Vec<_>>(), [2, 10]);
        let mut taken = Memory::open(other.path()).unwrap();
        let mine = Pattern { kind: "mine".into(), is_by_hand: true, ..patterns[1].clone() };
        taken.add(vec![mine.clone()], &[]).unwrap();
        assert_eq!(taken.import(library).unwrap().n_new, 9);
        assert_eq!(taken.patterns()[&mine.id], mine);
        // A new analysis does not undo what a person has set.
        memory.add(vec![mine.clone()], &[]).unwrap();
        memory.add(vec![patterns[1].clone()], &[]).unwrap();
        assert_eq!(memory.patterns()[&mine.id], mine);
    }

    #[test]
    fn a_memory_is_of_one_program_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (_memory, _) = filled(folder.path());
        assert!(matches!(Memory::open(folder.path()), Err(Error::Busy { .. })));
    }
}
