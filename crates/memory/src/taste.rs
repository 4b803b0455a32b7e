//! What a person's ratings teach: a query moves towards what was liked, some numbers of a vector come to count more than
//! others, and a pattern that was often liked goes before one that was not.
//!
//! Everything follows from the list of ratings, so that forgetting them is going back. Sources: Rocchio, "Relevance
//! feedback in information retrieval" (1971), as in Manning, Raghavan and Schütze, "Introduction to information
//! retrieval" (2008), section 9.1; a diagonal metric learnt by logistic regression on the differences of pairs; and
//! Beta distributions for how often a pattern is liked.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{Error, Found, PatternId, RowSet, Snapshot, unit};

mod metric;

pub use metric::{Metric, Pair};

/// The most results that are looked at again in the order that ratings give.
const CANDIDATES_MIN: usize = 200;
/// How far a query moves: towards the mean of what was liked, and away from the mean of what was not.
const LIKED: f32 = 1.5;
const DISLIKED: f32 = 0.5;
/// A rating counts for another query by the cosine of both queries, less this. With 0.2 what was liked in one search drew
/// others to itself: recall of what was never rated fell by 6 points.
const KIN_LEAST: f32 = 0.7;
/// How much the usefulness of a pattern, from -1 to 1, adds to its similarity.
const USEFUL: f64 = 0.05;
/// The newest ratings that a metric is learnt from.
const PAIRS_MAX: usize = 4000;

/// A rating: what was looked for, what was found, and whether the person liked it there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// The space in which it was found: its name and version, as in `dsp-1`.
    pub space: String,
    /// What was looked for: a vector of that space. Empty where nothing was: such a rating counts for its pattern alone.
    pub query: Vec<f32>,
    /// What was found.
    pub item: PatternId,
    /// Whether it was liked.
    pub is_liked: bool,
}

impl Rating {
    /// Whether it can be true, wherever it comes from.
    ///
    /// # Errors
    /// What cannot be.
    pub fn check(&self) -> Result<(), Error> {
        let is_number = |x: &f32| x.abs() < 1e9;
        if self.query.len() > 8192 || !self.query.iter().all(is_number) {
            return Err(Error::unfit(format!(
                "a rating of {} has a query that is no vector",
                self.item
            )));
        }
        if self.space.len() > 100 || self.space.chars().any(char::is_control) {
            return Err(Error::unfit(format!("a rating of {} is of no space", self.item)));
        }
        Ok(())
    }
}

/// What ratings have taught about a space.
#[derive(Clone, Debug, Default)]
pub struct Taste {
    rated: Vec<Rated>,
    metric: Option<Metric>,
    tally: BTreeMap<PatternId, Tally>,
}

/// A rating whose pattern is there.
#[derive(Clone, Debug)]
struct Rated {
    query: Vec<f32>,
    item: PatternId,
    vector: Vec<f32>,
    is_liked: bool,
}

/// How often a pattern was liked, and how often not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often it was liked.
    pub n_liked: u32,
    /// How often it was not.
    pub n_disliked: u32,
}

impl Tally {
    /// With one more rating.
    #[must_use]
    pub fn and(self, is_liked: bool) -> Self {
        match is_liked {
            true => Self { n_liked: self.n_liked + 1, ..self },
            false => Self { n_disliked: self.n_disliked + 1, ..self },
        }
    }

    /// How useful the pattern probably is, from 0 to 1: the mean of a Beta distribution that begins at 1, 1. A half where
    /// nothing is known.
    #[must_use]
    pub fn usefulness(self) -> f64 {
        let [liked, disliked] = [self.n_liked, self.n_disliked].map(|n| f64::from(n) + 1.0);
        liked / (liked + disliked)
    }
}

/// A result, with why it stands where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Which pattern.
    pub id: PatternId,
    /// What the order goes by: similarity and usefulness.
    pub score: f64,
    /// How similar it is to what was asked for, as the person's ratings have it.
    pub similarity: f64,
    /// How similar it is without any ratings.
    pub plain_similarity: f64,
    /// How useful it probably is.
    pub usefulness: f64,
    /// Why it stands where it stands.
    pub why: Why,
}

/// Why a result stands where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// Sounds that were liked in searches like this one, and that are nearer to it than the query is.
    pub n_near_liked: usize,
    /// The same of sounds that were not liked.
    pub n_near_disliked: usize,
    /// Its own ratings.
    pub tally: Tally,
    /// Whether a learnt metric has a part in it.
    pub is_by_metric: bool,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = vec![];
        match self.n_near_liked {
            0 => {}
            n => parts.push(format!("closer to {} you liked", number(n))),
        }
        match self.n_near_disliked {
            0 => {}
            n => parts.push(format!("also close to {} you disliked", number(n))),
        }
        match self.tally {
            Tally { n_liked: 0, n_disliked: 0 } => {}
            Tally { n_liked, n_disliked: 0 } => {
                parts.push(format!("you liked it {}", times(n_liked)))
            }
            Tally { n_liked: 0, n_disliked } => {
                parts.push(format!("you disliked it {}", times(n_disliked)));
            }
            Tally { n_liked, n_disliked } => {
                let n = n_liked + n_disliked;
                parts.push(format!("you liked it {n_liked} of {n} times"));
            }
        }
        if self.is_by_metric && parts.is_empty() {
            parts.push("close in what your ratings have in common".to_owned());
        }
        if parts.is_empty() {
            parts.push("by its sound".to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}

fn number(n: usize) -> String {
    let words =
        ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    words.get(n).map_or_else(|| n.to_string(), |it| (*it).to_owned())
}

fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

impl Taste {
    /// Learns from ratings, the oldest first; those of other spaces count for the usefulness of their patterns alone.
    #[must_use]
    pub fn of(ratings: &[Rating], snapshot: &Snapshot) -> Self {
        let name = snapshot.name().word();
        let wanted: BTreeMap<u64, u32> = {
            let rated: std::collections::BTreeSet<u64> =
                ratings.iter().map(|it| it.item.0).collect();
            snapshot
                .rows()
                .filter(|(_, id)| rated.contains(id))
                .map(|(row, id)| (id, row))
                .collect()
        };
        let mut taste = Self::default();
        for rating in ratings {
            let tally = taste.tally.entry(rating.item).or_default();
            *tally = tally.and(rating.is_liked);
            let fits = rating.space == name && rating.query.len() == snapshot.name().dim;
            if let Some(row) = wanted.get(&rating.item.0).filter(|_| fits) {
                let mut query = rating.query.clone();
                unit(&mut query);
                let vector = snapshot.vector(*row).to_vec();
                let (item, is_liked) = (rating.item, rating.is_liked);
                taste.rated.push(Rated { query, item, vector, is_liked });
            }
        }
        let newest = taste.rated.len().saturating_sub(PAIRS_MAX);
        let pairs: Vec<Pair<'_>> = taste.rated[newest..]
            .iter()
            .map(|it| Pair { a: &it.query, b: &it.vector, is_alike: it.is_liked })
            .collect();
        taste.metric = Metric::learn(&pairs);
        taste
    }

    /// What was rated of a pattern.
    #[must_use]
    pub fn tally(&self, id: PatternId) -> Tally {
        self.tally.get(&id).copied().unwrap_or_default()
    }

    /// The learnt metric, once there are ratings of both kinds.
    #[must_use]
    pub fn metric(&self) -> Option<&Metric> {
        self.metric.as_ref()
    }

    /// The query, moved towards what was liked and away from what was not in searches like this one.
    #[must_use]
    pub fn moved(&self, query: &[f32]) -> Vec<f32> {
        let mut moved = query.to_vec();
        unit(&mut moved);
        let own = moved.clone();
        for (is_liked, share) in [(true, LIKED), (false, -DISLIKED)] {
            let mut sum = vec![0.0f32; own.len()];
            let mut total = 0.0;
            for (rated, kin) in self.kin(&own).filter(|it| it.0.is_liked == is_liked) {
                total += kin;
                sum.iter_mut().zip(&rated.vector).for_each(|(sum, x)| *sum += kin * x);
            }
            // Little kinship moves it a little only.
            let scale = share / total.max(1.0);
            moved.iter_mut().zip(&sum).for_each(|(x, sum)| *x += scale * sum);
        }
        unit(&mut moved);
        moved
    }

    /// Ratings of searches like this one, and how much each of them counts.
    fn kin<'a>(&'a self, query: &'a [f32]) -> impl Iterator<Item = (&'a Rated, f32)> {
        let kin = move |it: &'a Rated| {
            let kin = (cosine(&it.query, query) - KIN_LEAST) / (1.0 - KIN_LEAST);
            (it, kin)
        };
        self.rated.iter().map(kin).filter(|(_, kin)| *kin > 0.0)
    }

    /// The `n` best patterns for a query among some rows, the best first.
    ///
    /// # Errors
    /// The query is not of the space.
    pub fn find(
        &self,
        snapshot: &Snapshot,
        query: &[f32],
        n: usize,
        rows: Option<&RowSet>,
    ) -> Result<Vec<Ranked>, Error> {
        let moved = self.moved(query);
        let n_candidates = if self.is_empty() { n } else { (10 * n).max(CANDIDATES_MIN) };
        let found = match rows {
            Some(rows) => snapshot.search_within(&moved, n_candidates, rows)?,
            None => snapshot.search(&moved, n_candidates)?,
        };
        let wanted: BTreeMap<u64, usize> =
            found.iter().enumerate().map(|(i, it)| (it.id, i)).collect();
        let mut vectors = vec![None; found.len()];
        for (row, id) in snapshot.rows() {
            if let Some(i) = wanted.get(&id) {
                vectors[*i] = Some(snapshot.vector(row));
            }
        }
        let with_vectors = found.iter().zip(vectors).filter_map(|(it, vector)| Some((it, vector?)));
        let mut ranked: Vec<Ranked> =
            with_vectors.map(|(it, vector)| self.ranked(it, vector, query, &moved)).collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        ranked.truncate(n);
        Ok(ranked)
    }

    /// Whether nothing was rated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tally.is_empty()
    }

    fn ranked(&self, found: &Found, vector: &[f32], query: &[f32], moved: &[f32]) -> Ranked {
        let id = PatternId(found.id);
        let tally = self.tally(id);
        let plain = cosine(query, vector);
        let similarity = match &self.metric {
            Some(metric) => metric.similarity(moved, vector),
            None => f64::from(found.similarity),
        };
        let mut why = Why { tally, is_by_metric: self.metric.is_some(), ..Why::default() };
        for (rated, _) in self.kin(query).filter(|it| it.0.item != id) {
            if cosine(&rated.vector, vector) > plain {
                match rated.is_liked {
                    true => why.n_near_liked += 1,
                    false => why.n_near_disliked += 1,
                }
            }
        }
        let usefulness = tally.usefulness();
        let score = similarity + USEFUL * (2.0 * usefulness - 1.0);
        Ranked { id, score, similarity, plain_similarity: f64::from(plain), usefulness, why }
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-20)
}

#[cfg(test)]
mod tests;
