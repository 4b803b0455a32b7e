//! Taking in what was found in sounds, beside what a person has set.

use std::collections::{BTreeMap, BTreeSet};

use api::PatternSource;

use super::Memory;
use crate::{Added, Error, Library, Pattern, PatternId, Rating, Vectors, pattern::WORDS_MAX};

/// A new pattern has the kind of one whose kind a person has set, where the cosine of their vectors is as large.
const SAME_KIND: f64 = 0.85;
/// A new pattern that shares so much of its time with one that a person has set is left out.
const SAME_PART: f64 = 0.5;

impl Memory {
    /// Takes in what was found in whole sounds: patterns of the same sounds that are not found any more go, and those that a
    /// person has set stay, and none beside them that is of the same part. The kinds that a person has set are given to
    /// patterns that are like them in the space `like`.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn take(&mut self, found: Library, like: &str) -> Result<Added, Error> {
        let sources: BTreeMap<String, PatternSource> =
            found.patterns.iter().map(|it| (it.source.sha256.clone(), it.source.clone())).collect();
        let paths: BTreeSet<String> = sources.values().map(|it| it.path.clone()).collect();
        let by_hand: Vec<&Pattern> = self.patterns.values().filter(|it| it.is_by_hand).collect();
        let is_there = |new: &Pattern| {
            let is_same = |set: &&&Pattern| {
                set.source.sha256 == new.source.sha256 && shared(set, new) >= SAME_PART
            };
            let same = by_hand.iter().find(is_same);
            same.is_some_and(|set| set.id != new.id)
        };
        let mut patterns: Vec<Pattern> =
            found.patterns.into_iter().filter(|it| !is_there(it)).collect();
        let vectors: BTreeMap<PatternId, &[f32]> = found
            .spaces
            .iter()
            .filter(|(name, _)| name.word() == like)
            .flat_map(|(_, rows)| rows.iter().map(|(id, vector)| (*id, vector.as_slice())))
            .collect();
        let taught = self.taught_kinds(like);
        for pattern in patterns.iter_mut().filter(|it| !it.is_by_hand) {
            let Some(vector) = vectors.get(&pattern.id) else { continue };
            let nearest = taught
                .iter()
                .map(|(kind, set)| (kind, cosine(set, vector)))
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .filter(|it| it.1 >= SAME_KIND);
            if let Some((kind, likeness)) = nearest {
                pattern.kind.clone_from(kind);
                pattern.kind_confidence = likeness.clamp(0.0, 1.0);
            }
            // Tags are a person's own words, and stay.
            if let Some(before) = self.patterns.get(&pattern.id) {
                for tag in &before.tags {
                    if !pattern.tags.contains(tag) && pattern.tags.len() < WORDS_MAX {
                        pattern.tags.push(tag.clone());
                    }
                }
            }
        }
        // What a person has set follows its sound to where that is now.
        let moved: Vec<Pattern> = by_hand
            .iter()
            .filter_map(|set| {
                let source = sources.get(&set.source.sha256).filter(|it| **it != set.source)?;
                Some(Pattern { source: source.clone(), ..(*set).clone() })
            })
            .collect();
        let kept: BTreeSet<PatternId> = patterns.iter().map(|it| it.id).collect();
        let gone: Vec<PatternId> = self
            .patterns
            .values()
            // Those of the same sound, and those of what was in the same file before.
            .filter(|it| sources.contains_key(&it.source.sha256) || paths.contains(&it.source.path))
            .filter(|it| !it.is_by_hand && !kept.contains(&it.id))
            .map(|it| it.id)
            .collect();
        let spaces: Vec<Vectors> = found
            .spaces
            .into_iter()
            .map(|(name, rows)| {
                (name, rows.into_iter().filter(|it| kept.contains(&it.0)).collect())
            })
            .collect();
        let added = self.add(patterns, &spaces)?;
        self.add(moved, &[])?;
        self.delete(&gone)?;
        Ok(added)
    }

    /// Puts patterns in the place of others, as a person has set them; ratings of the old ones stay with the new.
    ///
    /// # Errors
    /// As [`Self::add`], and when the old one is not there.
    pub fn change(&mut self, old: PatternId, new: Pattern) -> Result<(), Error> {
        if !self.patterns.contains_key(&old) {
            return Err(Error::unfit(format!("there is no pattern {old} in this memory")));
        }
        let id = new.id;
        self.add(vec![new], &[])?;
        if id != old {
            let of_old = |it: &Rating| it.item == old;
            if self.ratings.iter().any(of_old) {
                for rating in self.ratings.iter_mut().filter(|it| it.item == old) {
                    rating.item = id;
                }
                self.rating_lines.rewrite(&self.ratings)?;
            }
            self.delete(&[old])?;
        }
        Ok(())
    }

    /// The kinds that a person has set, each with the vector of its pattern.
    fn taught_kinds(&self, space: &str) -> Vec<(String, Vec<f32>)> {
        let Ok(snapshot) = self.space(space) else { return vec![] };
        let set = |(row, id)| {
            let pattern = self.patterns.get(&PatternId(id)).filter(|it| it.is_by_hand)?;
            Some((pattern.kind.clone(), snapshot.vector(row).to_vec()))
        };
        snapshot.rows().filter_map(set).collect()
    }
}

/// The share of the shorter of two patterns of a sound that they have in common.
fn shared(a: &Pattern, b: &Pattern) -> f64 {
    let both = a.end_secs.min(b.end_secs) - a.start_secs.max(b.start_secs);
    both / a.length_secs().min(b.length_secs()).max(1e-9)
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(1e-30)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SpaceName, memory::tests::vectors, pattern::tests::pattern, testing::Random};

    #[test]
    fn what_is_found_again_takes_the_place_of_what_was_and_leaves_what_a_person_set() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(folder.path()).unwrap();
        let found = |parts: &[(f64, f64)]| {
            let patterns: Vec<Pattern> = parts.iter().map(|it| pattern(it.0, it.1, &[])).collect();
            Library { spaces: vec![vectors(&patterns, "dsp", 8)], patterns, ..Library::default() }
        };
        memory.take(found(&[(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]), "dsp-1").unwrap();
        let old = pattern(1.0, 2.0, &[]);
        let set = Pattern {
            id: PatternId::of(&old.source.sha256, 1.1, 2.3),
            start_secs: 1.1,
            end_secs: 2.3,
            kind: "clang".into(),
            is_by_hand: true,
            tags: vec!["mine".into()],
            ..old.clone()
        };
        let rating = Rating { space: String::new(), query: vec![], item: old.id, is_liked: true };
        memory.rate(rating).unwrap();
        memory.change(old.id, set.clone()).unwrap();
        assert_eq!(memory.ratings()[0].item, set.id);
        let vector = Random::new(old.id.0).unit(8);
        let of_set =
            vec![(SpaceName { name: "dsp".into(), version: 1, dim: 8 }, vec![(set.id, vector)])];
        memory.add(vec![set.clone()], &of_set).unwrap();
        // Cut otherwise: the first stays, the third goes, and what lies on the one that was set is left out. A new sound
        // whose vector is that of the one that was set has its kind.
        let mut again = found(&[(0.0, 1.0), (1.05, 2.25), (2.4, 3.4)]);
        let mut elsewhere = pattern(7.0, 8.0, &[]);
        elsewhere.source.sha256 = "cd".repeat(32);
        again.spaces[0].1.push((elsewhere.id, Random::new(old.id.0).unit(8)));
        again.patterns.push(elsewhere.clone());
        memory.take(again, "dsp-1").unwrap();
        let starts: BTreeSet<String> =
            memory.patterns().values().map(|it| format!("{:.1}", it.start_secs)).collect();
        assert_eq!(starts, ["0.0", "1.1", "2.4", "7.0"].map(str::to_owned).into());
        let kinds = |id: PatternId| memory.patterns()[&id].kind.clone();
        assert_eq!((kinds(set.id), kinds(elsewhere.id)), ("clang".into(), "clang".into()));
        assert_eq!(memory.patterns()[&set.id].tags, ["mine"]);
        // The same sound elsewhere takes along what was set; what was in the file before goes.
        let mut moved = found(&[(0.0, 1.0)]);
        moved.patterns[0].source.path = "elsewhere/bell.wav".into();
        memory.take(moved, "dsp-1").unwrap();
        assert_eq!(memory.patterns()[&set.id].source.path, "elsewhere/bell.wav");
        let mut other = pattern(0.0, 4.0, &[]);
        other.source.sha256 = "ef".repeat(32);
        other.source.path = "elsewhere/bell.wav".into();
        other.id = PatternId::of(&other.source.sha256, 0.0, 4.0);
        let other = Library { patterns: vec![other.clone()], ..Library::default() };
        memory.take(other.clone(), "dsp-1").unwrap();
        let left: Vec<f64> = memory.patterns().values().map(|it| it.end_secs).collect();
        assert!(left.contains(&4.0) && !left.contains(&1.0) && left.contains(&2.3), "{left:?}");
        memory.delete(&[other.patterns[0].id]).unwrap();
        drop(memory);
        let memory = Memory::open(folder.path()).unwrap();
        assert_eq!((memory.patterns().len(), memory.ratings()[0].item), (2, set.id));
    }
}
