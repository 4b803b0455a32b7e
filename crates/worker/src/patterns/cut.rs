//! Cutting a sound file into patterns, ten minutes at a time.

use std::path::Path;

use api::{CutOrder, Pattern, PatternId, Problem};
use audio::{
    patterns::{CutSettings, WAYS, agreement, cut},
    rhythm::rhythm,
};

use super::{Hearing, RATE_HZ, Vectors, described, facts, own_space, parts::Taps, source_of};

/// As much of a sound is cut at once; the last part of a piece begins the next.
const PIECE_SECS: f64 = 600.0;

/// Cuts sounds into patterns.
pub(crate) struct Cutter<'a> {
    /// How.
    pub(crate) how: CutOrder,
    /// Tags of the patterns.
    pub(crate) tags: &'a [String],
    /// What gives vectors beside our own.
    pub(crate) hearing: &'a Hearing,
}

impl Cutter<'_> {
    /// The patterns of a sound file with their vectors; nothing where `go_on` said to stop.
    ///
    /// # Errors
    /// When the file cannot be read as sound: what happened, why, and what to do.
    pub(crate) fn patterns_of(
        &self,
        path: &Path,
        name: &str,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<(Vec<Pattern>, Vectors)>, Problem> {
        let source = source_of(path, name)?;
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
                    return Ok(None);
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
                return Ok(Some((patterns, vectors)));
            }
            taps.forget_before(next);
            from = next;
        }
    }
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
