//! Cutting a sound file into patterns, ten minutes at a time.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use api::{CutOrder, KnownSounds, Pattern, PatternId, Problem};
use audio::{
    patterns::{CutSettings, WAYS, agreement, cut},
    rhythm::rhythm,
};

use super::{Hearing, RATE_HZ, Vectors, described, facts, own_space, parts::Taps, source_of};

/// As much of a sound is cut at once; the last part of a piece begins the next.
const PIECE_SECS: f64 = 600.0;

/// A part is left out that is quieter than the loudest of its sound by more than this, in dB, and below a level.
const QUIET_DB: f64 = 35.0;
const QUIET_MOST_DB: f64 = -45.0;

/// Cuts sounds into patterns.
pub(crate) struct Cutter<'a> {
    /// How.
    pub(crate) how: CutOrder,
    /// Tags of the patterns.
    pub(crate) tags: &'a [String],
    /// What gives vectors beside our own.
    pub(crate) hearing: &'a Hearing,
    /// Sounds that are passed over.
    pub(crate) known: &'a KnownSounds,
}

/// What was found in a sound.
pub(crate) enum CutSound {
    /// Its patterns with their vectors, and what one should know of the file.
    Cut { patterns: Vec<Pattern>, vectors: Vectors, notes: Vec<String> },
    /// It has patterns already.
    Known,
    /// There was a stop before its end.
    Stopped,
}

impl Cutter<'_> {
    /// The patterns of a sound file, unless `go_on` says to stop.
    ///
    /// # Errors
    /// When the file cannot be read as sound: what happened, why, and what to do.
    pub(crate) fn patterns_of(
        &self,
        path: &Path,
        name: &str,
        go_on: &dyn Fn() -> bool,
    ) -> Result<CutSound, Problem> {
        let source = source_of(path, name)?;
        // One that is at another path, too, is known as well; one that has moved is not, so that its patterns follow it.
        let is_there = |it: &PathBuf| {
            it == path || super::hash(it).is_ok_and(|sha256| sha256 == source.sha256)
        };
        if self.known.sounds.get(&source.sha256).is_some_and(is_there) {
            return Ok(CutSound::Known);
        }
        let settings = settings(self.how);
        let mut taps = Taps::open(path, name, &self.hearing.taps())?;
        let (mut patterns, mut vectors) = (vec![], self.hearing.no_vectors());
        let mut from = 0.0;
        loop {
            taps.read_until(from + PIECE_SECS, name)?;
            let piece = taps.held[0].between([from, f64::INFINITY]).channels.swap_remove(0);
            let rhythm = rhythm(&piece, RATE_HZ);
            let mut cuts = cut(&piece, RATE_HZ, &rhythm, &settings);
            let is_last = taps.is_at_end;
            let next = match cuts.last() {
                // The end of a piece is no end of a part.
                Some(last) if !is_last && cuts.len() > 1 => {
                    let next = from + last.start_secs;
                    cuts.pop();
                    next
                }
                _ => taps.has_until(),
            };
            for found in cuts {
                if !go_on() {
                    return Ok(CutSound::Stopped);
                }
                let [start, end] = [found.start_secs, found.end_secs];
                let at = |secs: f64| ((secs * f64::from(RATE_HZ)) as usize).min(piece.len());
                let Some(is) = described(&piece[at(start)..at(end)]) else { continue };
                let [start_secs, end_secs] = [from + start, from + end];
                let id = PatternId::of(&source.sha256, start_secs, end_secs);
                vectors.own.push((id, is.embedding.clone()));
                self.hearing.hear(id, &taps.held, [start_secs, end_secs], &mut vectors);
                patterns.push(Pattern {
                    id,
                    source: source.clone(),
                    start_secs,
                    end_secs,
                    low_hz: is.range_hz[0],
                    high_hz: is.range_hz[1],
                    kind: is.kind.word().to_owned(),
                    confidence: found.confidence,
                    kind_confidence: is.kind_confidence,
                    facts: facts(&is, Some((&rhythm, [start, end]))),
                    tags: self.tags.to_vec(),
                    is_by_hand: false,
                });
            }
            if is_last {
                debug_assert!(vectors.own.iter().all(|it| it.1.len() == own_space().dim));
                leave_out_quiet(&mut patterns, &mut vectors);
                let notes = taps.notes();
                return Ok(CutSound::Cut { patterns, vectors, notes });
            }
            taps.forget_before(next);
            from = next;
        }
    }
}

/// Leaves out what is next to silence beside the rest of its sound: room tone, and the ends of tails.
fn leave_out_quiet(patterns: &mut Vec<Pattern>, vectors: &mut Vectors) {
    let levels = patterns.iter().map(|it| it.facts.level_db);
    let loudest = levels.fold(f64::NEG_INFINITY, f64::max);
    let least = (loudest - QUIET_DB).min(QUIET_MOST_DB);
    patterns.retain(|it| it.facts.level_db >= least);
    let kept: BTreeSet<PatternId> = patterns.iter().map(|it| it.id).collect();
    vectors.retain(|id| kept.contains(&id));
}

fn settings(how: CutOrder) -> CutSettings {
    CutSettings {
        shortest_secs: how.shortest_secs,
        longest_secs: how.longest_secs,
        way: how.way as usize,
    }
}

/// How well each way to cut meets the parts of a sound that a person has set, from 0 to 1. Looks at ten minutes at most.
///
/// # Errors
/// When the file cannot be read as sound.
pub(crate) fn agreement_with(
    path: &Path,
    name: &str,
    how: CutOrder,
    set: &[[f64; 2]],
) -> Result<[f64; WAYS.len()], Problem> {
    let first = set.iter().map(|it| it[0]).fold(f64::INFINITY, f64::min);
    let from = (first - 30.0).max(0.0);
    let mut found = [0.0; WAYS.len()];
    super::each_part(
        path,
        name,
        &[super::Tap::Mono(RATE_HZ)],
        &[[from, from + PIECE_SECS]],
        &mut |_, mut clips| {
            let samples = clips.swap_remove(0).channels.swap_remove(0);
            let length = samples.len() as f64 / f64::from(RATE_HZ);
            let set: Vec<(f64, f64)> = set
                .iter()
                .map(|it| (it[0] - from, it[1] - from))
                .filter(|it| it.1 <= length + 0.5)
                .collect();
            let rhythm = rhythm(&samples, RATE_HZ);
            found = agreement(&samples, RATE_HZ, &rhythm, &settings(how), &set);
            true
        },
    )?;
    Ok(found)
}
