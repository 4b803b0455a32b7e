//! Finding patterns: by words and facts, by what they are like, and on a map.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use ::memory::{Memory, Pattern, PatternId, Wanted, plane, unit};
use api::{
    FindPatterns, FoundPattern, FoundPatterns, JobKind, LikePattern, PatternList, PatternMap,
    PatternPoint,
};

use super::{OWN_SPACE, no_space, of, passing, read_result, refused};
use crate::{Error, Studio};

/// Patterns of a search where nothing else is said, and at most.
const FOUND: u32 = 30;
const FOUND_MAX: u32 = 500;
/// Patterns that a search may name for more or less like them.
const NAMED_MAX: usize = 100;
/// Patterns of a page of the list.
const LISTED_MAX: usize = 1000;
/// Points of the map.
const POINTS_MAX: usize = 20_000;
/// How far a query moves to each pattern that there is to be more of, and from each that there is to be less of.
const MORE: f32 = 0.7;
const LESS: f32 = 0.4;
/// Neighbours whose words go into a prompt, and how many of them have to have one.
const NEIGHBOURS: usize = 8;
const SHARED_BY: usize = 4;

impl Studio {
    /// Finds patterns, the best first.
    ///
    /// # Errors
    /// `Invalid` when nothing was asked for; `NotFound` when a space, a pattern or a query is not there.
    pub fn find_patterns(&self, ask: &FindPatterns) -> Result<FoundPatterns, Error> {
        let started = Instant::now();
        let wanted = Wanted::read(&ask.words);
        let space = ask.space.as_deref().unwrap_or(OWN_SPACE);
        if ask.more.len().max(ask.less.len()) > NAMED_MAX {
            let message = format!("name {NAMED_MAX} patterns at most");
            return Err(Error::invalid("more", message));
        }
        let limit = ask.limit.unwrap_or(FOUND).clamp(1, FOUND_MAX) as usize;
        let heard = match &ask.like {
            Some(LikePattern::Query { id }) => {
                self.shared.read(|c| passing::find(c, JobKind::Memory, id))?;
                let query = read_result(&self.shared, id)?.query;
                if query.is_empty() {
                    return Err(Error::invalid("like", "that job has heard nothing to look for"));
                }
                Some(query)
            }
            Some(LikePattern::Vector { values }) => Some(values.clone()),
            _ => None,
        };
        self.remembered(|it| {
            let memory = it.memory_mut();
            let n_compared = memory.patterns().len() as u64;
            let query = query(memory, space, ask, heard)?;
            let (found, space) = match &query {
                None if wanted.is_empty() => {
                    return Err(Error::invalid("words", "say what to look for"));
                }
                None => (by_words(memory, &wanted, limit), None),
                Some(query) => {
                    let mut ranked = memory.find(space, query, limit, &wanted).map_err(refused)?;
                    // What others are to be like stays first, whatever was rated.
                    if let Some(LikePattern::Pattern { id }) = &ask.like {
                        ranked.sort_by_key(|it| it.id != *id);
                    }
                    let found = ranked.into_iter().filter_map(|it| {
                        let pattern = memory.patterns().get(&it.id)?.clone();
                        let facts = wanted.fit(&pattern)?.why;
                        let why = match facts.is_empty() {
                            true => it.why.to_string(),
                            false => format!("{facts}; {}", it.why),
                        };
                        let similarity = Some(it.plain_similarity);
                        Some(FoundPattern { pattern, score: it.score, similarity, why })
                    });
                    (found.collect(), Some(space.to_owned()))
                }
            };
            Ok(FoundPatterns {
                found,
                space,
                query: query.unwrap_or_default(),
                n_compared,
                millis: started.elapsed().as_secs_f64() * 1000.0,
            })
        })
    }

    /// Patterns that were rated good more often than not, the most useful first, at most so many.
    pub(crate) fn best_rated_patterns(&self, n: usize) -> Result<Vec<PatternId>, Error> {
        self.remembered(|it| {
            let memory = it.memory();
            let there = memory.tallies().into_iter();
            let mut best: Vec<_> = there
                .filter(|(id, tally)| {
                    tally.n_liked > tally.n_disliked && memory.patterns().contains_key(id)
                })
                .map(|(id, tally)| (tally.usefulness(), id))
                .collect();
            best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            Ok(best.into_iter().take(n).map(|it| it.1).collect())
        })
    }

    /// Every pattern with the hash of its sound.
    pub(crate) fn patterns_with_hashes(&self) -> Result<Vec<(PatternId, String)>, Error> {
        self.remembered(|it| {
            let all = it.memory().patterns().values();
            Ok(all.map(|it| (it.id, it.source.sha256.clone())).collect())
        })
    }

    /// Vectors of patterns in our own space; those that have none are left out.
    pub(crate) fn pattern_vectors(&self, ids: &[PatternId]) -> Result<Vec<Vec<f32>>, Error> {
        self.remembered(|it| {
            let memory = it.memory();
            Ok(ids.iter().filter_map(|id| memory.vector(OWN_SPACE, *id).ok()).collect())
        })
    }

    /// Patterns that fit some words, in order of their sounds and of time.
    ///
    /// # Errors
    /// `Io` when the memory cannot be read.
    pub fn patterns(&self, words: &str, offset: usize, limit: usize) -> Result<PatternList, Error> {
        let wanted = Wanted::read(words);
        self.remembered(|it| {
            let mut fitting: Vec<&Pattern> =
                it.memory().patterns().values().filter(|it| wanted.fit(it).is_some()).collect();
            fitting.sort_by(|a, b| {
                let by_name = a.source.name.cmp(&b.source.name);
                by_name.then(a.start_secs.total_cmp(&b.start_secs)).then(a.id.cmp(&b.id))
            });
            let n_total = fitting.len() as u64;
            let page = fitting.into_iter().skip(offset).take(limit.min(LISTED_MAX));
            Ok(PatternList { patterns: page.cloned().collect(), n_total })
        })
    }

    /// The patterns on a plane.
    ///
    /// # Errors
    /// `NotFound` when there is no such space.
    pub fn pattern_map(&self, space: Option<&str>) -> Result<PatternMap, Error> {
        let space = space.unwrap_or(OWN_SPACE);
        let snapshot = self.remembered(|it| match it.memory().patterns().is_empty() {
            true => Ok(None),
            false => it.memory().space(space).map(Some).map_err(|_| no_space(space)),
        })?;
        let Some(snapshot) = snapshot else {
            return Ok(PatternMap { space: space.into(), shown_share: 1.0, points: vec![] });
        };
        // Some tenths of a second, in which others go on with the memory.
        let drawn = plane(&snapshot);
        let every = drawn.points.len().div_ceil(POINTS_MAX).max(1);
        self.remembered(|it| {
            let patterns = it.memory().patterns();
            let point = |(id, [x, y]): &(u64, [f32; 2])| {
                let pattern = patterns.get(&PatternId(*id))?;
                Some(PatternPoint {
                    id: pattern.id,
                    x: *x,
                    y: *y,
                    kind: pattern.kind.clone(),
                    name: pattern.source.name.clone(),
                    start_secs: pattern.start_secs as f32,
                    length_secs: pattern.length_secs() as f32,
                    level_db: pattern.facts.level_db as f32,
                    brightness_hz: pattern.facts.brightness_hz as f32,
                })
            };
            let points = drawn.points.iter().step_by(every).filter_map(point).collect();
            Ok(PatternMap { space: space.to_owned(), shown_share: drawn.shown_share, points })
        })
    }
}

/// The vector that is looked for, if any.
fn query(
    memory: &Memory,
    space: &str,
    ask: &FindPatterns,
    heard: Option<Vec<f32>>,
) -> Result<Option<Vec<f32>>, Error> {
    let vector = |id: PatternId| {
        of(memory, id)?;
        memory.vector(space, id).map_err(refused)
    };
    let mut query = match (&ask.like, heard) {
        (_, Some(heard)) => heard,
        (Some(LikePattern::Pattern { id }), _) => vector(*id)?,
        _ if ask.more.is_empty() && ask.less.is_empty() => return Ok(None),
        _ => vec![0.0; memory.space(space).map_err(|_| no_space(space))?.name().dim],
    };
    let dim = memory.space(space).map_err(|_| no_space(space))?.name().dim;
    if query.len() != dim {
        let message = format!("a vector of `{space}` has {dim} numbers, not {}", query.len());
        return Err(Error::invalid("like", message));
    }
    unit(&mut query);
    for (ids, share) in [(&ask.more, MORE), (&ask.less, -LESS)] {
        for id in ids {
            query.iter_mut().zip(vector(*id)?).for_each(|(x, y)| *x += share * y);
        }
    }
    unit(&mut query);
    Ok(Some(query))
}

/// Patterns by words and facts alone: those that fit most first, then the useful ones, then the sure ones.
fn by_words(memory: &Memory, wanted: &Wanted, n: usize) -> Vec<FoundPattern> {
    let tallies = memory.tallies();
    let mut found: Vec<(f64, &Pattern, String)> = memory
        .patterns()
        .values()
        .filter_map(|pattern| {
            let fit = wanted.fit(pattern)?;
            let usefulness = tallies.get(&pattern.id).map_or(0.5, |it| it.usefulness());
            let score = fit.share + 0.1 * (usefulness - 0.5) + 0.1 * (fit.nearness - 1.0);
            Some((score, pattern, fit.why))
        })
        .collect();
    found.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then(b.1.confidence.total_cmp(&a.1.confidence))
            .then(a.1.id.cmp(&b.1.id))
    });
    found.truncate(n);
    let found_pattern = |(score, pattern, why): (f64, &Pattern, String)| FoundPattern {
        pattern: pattern.clone(),
        score,
        similarity: None,
        why,
    };
    found.into_iter().map(found_pattern).collect()
}

/// Words for a prompt: those of a pattern, and those that half of its neighbours have, too.
pub(super) fn prompt(memory: &mut Memory, pattern: &Pattern) -> String {
    let mut words: Vec<String> = vec![pattern.kind.clone()];
    words.extend(pattern.facts.words.iter().cloned());
    words.extend(pattern.tags.iter().cloned());
    if let Ok(vector) = memory.vector(OWN_SPACE, pattern.id) {
        let near = memory.find(OWN_SPACE, &vector, NEIGHBOURS + 1, &Wanted::default());
        let mut counts = BTreeMap::<String, usize>::new();
        for it in near.unwrap_or_default().iter().filter(|it| it.id != pattern.id) {
            let Some(other) = memory.patterns().get(&it.id) else { continue };
            // Not their tags: those are how somebody files sounds, and not what they are like.
            let own: BTreeSet<_> = other.facts.words.iter().cloned().collect();
            own.into_iter().for_each(|it| *counts.entry(it).or_default() += 1);
        }
        words.extend(counts.into_iter().filter(|it| it.1 >= SHARED_BY).map(|it| it.0));
    }
    let mut seen = BTreeSet::new();
    words.retain(|it| seen.insert(it.clone()));
    if let Some(bpm) = pattern.facts.tempo_bpm {
        words.push(format!("{bpm:.0} BPM"));
    }
    words.join(", ")
}
