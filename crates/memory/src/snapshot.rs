//! A space as it was at one moment, and the search in it, which misses nothing.
//!
//! Three stages, each exact enough to throw most rows away: signs (one bit a number, in memory), whole numbers of 8 bits,
//! and the vectors themselves. After the last, the similarity of the worst that was found is compared with what a row
//! that was thrown away could have, and all rows that could be better are looked at, too. The bounds are
//! five standard deviations of the estimate by signs, and six of rounding, per row.

use std::sync::Arc;

use memmap2::Mmap;

use crate::{
    Error, RowSet, SpaceName,
    codes::{Code, Lookup, Rotation, signs_of},
    files::HEADER,
    kernels::{self, BLOCK, Level, dot_f32, dot_i8, estimate},
    unit,
};

/// Rows that are held together in memory.
pub(crate) const CHUNK: usize = 1024;
/// So few rows are compared in whole numbers at once.
const FEW: usize = 4096;
/// Standard deviations that an estimate may be wrong by.
const SIGNS_DEVIATIONS: f32 = 5.0;
const CODES_DEVIATIONS: f32 = 6.0;

/// A row that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Its identifier.
    pub id: u64,
    /// The cosine of the angle between it and the query.
    pub similarity: f32,
}

/// What is kept in memory of some rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) ids: Vec<u64>,
    steps: Vec<f32>,
    /// Whole blocks; 0 for rows that are not there yet.
    factors: Vec<f32>,
    /// Shape [blocks, columns, 32].
    bits: Vec<u8>,
}

impl Chunk {
    pub(crate) fn push(&mut self, id: u64, code: &[i8], step: f32, factor: f32) {
        let n_columns = code.len() / 8;
        let row = self.ids.len();
        if row.is_multiple_of(BLOCK) {
            self.factors.resize(row + BLOCK, 0.0);
            self.bits.resize((row / BLOCK + 1) * BLOCK * n_columns, 0);
        }
        self.ids.push(id);
        self.steps.push(step);
        self.factors[row] = factor;
        let block = &mut self.bits[row / BLOCK * BLOCK * n_columns..];
        for (column, eight) in code.chunks_exact(8).enumerate() {
            block[column * BLOCK + row % BLOCK] = signs_of(eight);
        }
    }
}

/// A space as it was when it was asked for: what is added or deleted later does not change it. Clones share everything.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) name: Arc<SpaceName>,
    pub(crate) rotation: Arc<Rotation>,
    pub(crate) vectors: Arc<Mmap>,
    pub(crate) codes: Arc<Mmap>,
    pub(crate) chunks: Arc<Vec<Arc<Chunk>>>,
    /// Rows that are deleted, replaced or damaged.
    pub(crate) gone: Arc<RowSet>,
    pub(crate) n_rows: u32,
    /// The largest factor of a row: how much an estimate by signs may be wrong.
    pub(crate) factor_max: f32,
}

impl Snapshot {
    /// What space this is of.
    #[must_use]
    pub fn name(&self) -> &SpaceName {
        &self.name
    }

    /// How many vectors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n_rows as usize - self.gone.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows that are there, with their identifiers, in order.
    pub fn rows(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let rows = self.chunks.iter().flat_map(|chunk| &chunk.ids).enumerate();
        rows.map(|(row, id)| (row as u32, *id)).filter(|(row, _)| !self.gone.contains(*row))
    }

    /// The rows whose identifiers are wanted, to keep a search to them.
    #[must_use]
    pub fn rows_where(&self, is_wanted: impl Fn(u64) -> bool) -> RowSet {
        self.rows().filter(|(_, id)| is_wanted(*id)).map(|(row, _)| row).collect()
    }

    /// The unit vector of a row.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn vector(&self, row: u32) -> &[f32] {
        let dim = self.name.dim;
        let from = HEADER + row as usize * dim * 4;
        bytemuck::cast_slice(&self.vectors[from..from + dim * 4])
    }

    /// The `n` nearest vectors of all, the nearest first.
    ///
    /// # Errors
    /// The query has another dimension, no direction, or numbers that are not finite.
    pub fn search(&self, query: &[f32], n: usize) -> Result<Vec<Found>, Error> {
        let searching = Searching::new(self, query, n, None)?;
        Ok(searching.run())
    }

    /// The `n` nearest vectors of some rows, the nearest first.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_within(
        &self,
        query: &[f32],
        n: usize,
        rows: &RowSet,
    ) -> Result<Vec<Found>, Error> {
        let searching = Searching::new(self, query, n, Some(rows))?;
        Ok(searching.run())
    }

    fn id(&self, row: u32) -> u64 {
        self.chunks[row as usize / CHUNK].ids[row as usize % CHUNK]
    }

    fn code(&self, row: u32) -> &[i8] {
        let width = self.rotation.width;
        let from = HEADER + row as usize * width;
        bytemuck::cast_slice(&self.codes[from..from + width])
    }
}

/// One search.
struct Searching<'a> {
    snapshot: &'a Snapshot,
    within: Option<&'a RowSet>,
    n: usize,
    level: Level,
    query: Vec<f32>,
    lookup: Lookup,
    code: Code,
}

impl<'a> Searching<'a> {
    fn new(
        snapshot: &'a Snapshot,
        query: &[f32],
        n: usize,
        within: Option<&'a RowSet>,
    ) -> Result<Self, Error> {
        let query = prepared(query, snapshot.name.dim)?;
        let rotated = snapshot.rotation.rotated(&query);
        let (lookup, code) = (Lookup::of(&rotated), Code::of(&rotated));
        Ok(Self { snapshot, within, n, level: kernels::level(), query, lookup, code })
    }

    fn run(&self) -> Vec<Found> {
        let n_there = self.snapshot.n_rows as usize;
        let n_wanted = self.within.map_or(n_there, RowSet::len);
        if self.n == 0 {
            return vec![];
        }
        if n_wanted <= FEW {
            let rows: Vec<u32> = match self.within {
                Some(within) => within.iter().filter(|row| self.is_wanted(*row)).collect(),
                None => (0..self.snapshot.n_rows).filter(|row| self.is_wanted(*row)).collect(),
            };
            return self.exact(&rows);
        }
        let (rows, dropped) = self.by_signs((32 * self.n).max(n_wanted / 256));
        let found = self.exact(&rows);
        // What was found is a bound: nothing below it, less what an estimate may be wrong by, can be among the nearest.
        let least = worst(&found, self.n) - SIGNS_DEVIATIONS * self.signs_deviation();
        if dropped <= least {
            return found;
        }
        self.exact(&self.above(least, n_wanted / 3).unwrap_or_else(|| self.all()))
    }

    fn all(&self) -> Vec<u32> {
        (0..self.snapshot.n_rows).filter(|row| self.is_wanted(*row)).collect()
    }

    fn is_wanted(&self, row: u32) -> bool {
        row < self.snapshot.n_rows
            && !self.snapshot.gone.contains(row)
            && self.within.is_none_or(|within| within.contains(row))
    }

    /// How much an estimate by signs is wrong by.
    fn signs_deviation(&self) -> f32 {
        let factor = self.snapshot.factor_max;
        ((factor * factor - 1.0).max(0.1) / (self.snapshot.rotation.width as f32 - 1.0)).sqrt()
    }

    /// The rows that are best by their signs, in order, and the best estimate of those that were dropped.
    fn by_signs(&self, limit: usize) -> (Vec<u32>, f32) {
        let mut best = Best::new(limit);
        self.estimates(|estimates, first| {
            for (row, estimate) in (first..).zip(estimates) {
                if *estimate > best.floor && self.is_wanted(row) {
                    best.push(*estimate, row);
                }
            }
            true
        });
        best.cut();
        let mut rows: Vec<u32> = best.kept.into_iter().map(|(_, row)| row).collect();
        rows.sort_unstable();
        (rows, best.floor)
    }

    /// The rows whose estimates are above a number; nothing where they are more than a limit.
    fn above(&self, least: f32, limit: usize) -> Option<Vec<u32>> {
        let mut rows = vec![];
        self.estimates(|estimates, first| {
            let above = (first..).zip(estimates).filter(|(_, estimate)| **estimate > least);
            rows.extend(above.map(|(row, _)| row).filter(|row| self.is_wanted(*row)));
            rows.len() <= limit
        });
        (rows.len() <= limit).then_some(rows)
    }

    /// Estimates of rows by their signs, with the first row of each part, until told to stop.
    fn estimates(&self, mut take: impl FnMut(&[f32], u32) -> bool) {
        let mut estimates = [0.0; CHUNK];
        for (i, chunk) in self.snapshot.chunks.iter().enumerate() {
            let out = &mut estimates[..chunk.factors.len()];
            let tables = &self.lookup.tables;
            estimate(self.level, &chunk.bits, tables, self.lookup.line, (&chunk.factors, out));
            if !take(&estimates[..chunk.ids.len()], (i * CHUNK) as u32) {
                return;
            }
        }
    }

    /// The nearest of some rows: in whole numbers first, then by the vectors of those that can be among them.
    fn exact(&self, rows: &[u32]) -> Vec<Found> {
        let mut step_max = 0.0f32;
        let score = |row: &u32| {
            let chunk = &self.snapshot.chunks[*row as usize / CHUNK];
            let step = chunk.steps[*row as usize % CHUNK];
            step_max = step_max.max(step);
            let product = dot_i8(self.level, self.snapshot.code(*row), &self.code.values);
            (step * self.code.step * product as f32, *row)
        };
        let mut scored: Vec<(f32, u32)> = rows.iter().map(score).collect();
        let limit = (4 * self.n).max(64).min(scored.len());
        if limit < scored.len() {
            scored.select_nth_unstable_by(limit, |a, b| b.0.total_cmp(&a.0));
        }
        let (first, rest) = scored.split_at(limit);
        let mut found: Vec<Found> = first.iter().map(|(_, row)| self.found(*row)).collect();
        sort(&mut found);
        // Rounding of both sides is even within a step.
        let deviation = (step_max.powi(2) + self.code.step.powi(2)).sqrt() / 12.0f32.sqrt();
        let least = worst(&found, self.n) - CODES_DEVIATIONS * deviation;
        let n_before = found.len();
        found.extend(rest.iter().filter(|it| it.0 > least).map(|(_, row)| self.found(*row)));
        if found.len() > n_before {
            sort(&mut found);
        }
        found.truncate(self.n);
        found
    }

    fn found(&self, row: u32) -> Found {
        let similarity = dot_f32(self.level, self.snapshot.vector(row), &self.query);
        Found { id: self.snapshot.id(row), similarity }
    }
}

/// The nearest first; those that are equally near by their identifiers.
fn sort(found: &mut [Found]) {
    found.sort_unstable_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.id.cmp(&b.id)));
}

/// A query as a unit vector.
fn prepared(query: &[f32], dim: usize) -> Result<Vec<f32>, Error> {
    if query.len() != dim {
        let reason = format!("a vector of {} numbers is not one of {dim}", query.len());
        return Err(Error::unfit(reason));
    }
    let mut query = query.to_vec();
    unit(&mut query);
    let length: f32 = query.iter().map(|x| x * x).sum();
    if !(0.99..1.01).contains(&length) {
        return Err(Error::unfit("a vector without a direction, or with numbers that are none"));
    }
    Ok(query)
}

/// The similarity that a missed row would have to exceed.
fn worst(found: &[Found], n: usize) -> f32 {
    if found.len() < n { f32::NEG_INFINITY } else { found[n - 1].similarity }
}

/// The largest of many, without sorting them all.
struct Best {
    limit: usize,
    kept: Vec<(f32, u32)>,
    /// Nothing below is wanted any more.
    floor: f32,
}

impl Best {
    fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::with_capacity(2 * limit), floor: f32::NEG_INFINITY }
    }

    fn push(&mut self, score: f32, row: u32) {
        if score > self.floor {
            self.kept.push((score, row));
            if self.kept.len() == 2 * self.limit {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if self.kept.len() > self.limit {
            let (_, (dropped, _), _) = self.kept.select_nth_unstable_by(self.limit, order);
            self.floor = self.floor.max(*dropped);
            self.kept.truncate(self.limit);
        }
    }
}
