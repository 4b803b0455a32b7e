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
    /// Takes in what was found in whole sounds.
    ///
    /// A sound that has patterns already keeps them, whatever was found in it now; only what is the same part is described
    /// anew. With `is_anew` patterns that are not found any more go, but not those that a person has set or rated, and
    /// nothing is put beside these that is of the same part. In a file that has become another sound, the patterns of the
    /// old one go. The kinds that a person has set are given to patterns that are like them in the space `like`.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn take(&mut self, found: Library, like: &str, is_anew: bool) -> Result<Added, Error> {
        // Where each sound is now, and the tags that are given to it, by the hash of its content.
        let sounds: BTreeMap<String, (PatternSource, Vec<String>)> = found
            .patterns
            .iter()
            .map(|it| (it.source.sha256.clone(), (it.source.clone(), it.tags.clone())))
            .collect();
        let paths: BTreeSet<&str> = sounds.values().map(|it| it.0.path.as_str()).collect();
        let rated: BTreeSet<PatternId> = self.ratings.iter().map(|it| it.item).collect();
        let is_set = |it: &Pattern| it.is_by_hand || rated.contains(&it.id);
        let stays = |it: &Pattern| !is_anew || is_set(it);
        let there = self.patterns.values().filter(|it| sounds.contains_key(&it.source.sha256));
        let (staying, going): (Vec<&Pattern>, Vec<&Pattern>) = there.partition(|it| stays(it));
        let is_left_out = |new: &Pattern| {
            let of_sound = || staying.iter().filter(|it| it.source.sha256 == new.source.sha256);
            match self.patterns.get(&new.id).is_some_and(stays) {
                true => false,
                false if is_anew => of_sound().any(|it| shared(it, new) >= SAME_PART),
                false => of_sound().next().is_some(),
            }
        };
        let mut patterns: Vec<Pattern> =
            found.patterns.into_iter().filter(|it| !is_left_out(it)).collect();
        self.give_taught_kinds(&mut patterns, &found.spaces, like);
        for pattern in &mut patterns {
            // Tags are a person's own words, and stay.
            if let Some(before) = self.patterns.get(&pattern.id) {
                add_tags(&mut pattern.tags, &before.tags);
            }
        }
        let kept: BTreeSet<PatternId> = patterns.iter().map(|it| it.id).collect();
        // What stays as it is follows its sound to where that is now.
        let as_it_is = |it: &&&Pattern| it.is_by_hand || !kept.contains(&it.id);
        let follow = |it: &&Pattern| {
            let (source, given) = sounds.get(&it.source.sha256)?;
            let mut moved = Pattern { source: source.clone(), ..(*it).clone() };
            if !is_anew {
                add_tags(&mut moved.tags, given);
            }
            (moved != **it).then_some(moved)
        };
        let moved: Vec<Pattern> = staying.iter().filter(as_it_is).filter_map(follow).collect();
        // Those of what was in the same file before go, too.
        let of_files = self.patterns.values().filter(|it| {
            let is_other = !sounds.contains_key(&it.source.sha256);
            is_other && paths.contains(it.source.path.as_str()) && !is_set(it)
        });
        let gone = going.into_iter().chain(of_files).map(|it| it.id);
        let gone: Vec<PatternId> = gone.filter(|id| !kept.contains(id)).collect();
        let mut spaces = found.spaces;
        spaces.iter_mut().for_each(|(_, rows)| rows.retain(|it| kept.contains(&it.0)));
        let added = self.add(patterns, &spaces)?;
        self.add(moved, &[])?;
        self.delete(&gone)?;
        Ok(added)
    }

    /// Gives the kinds that a person has set to new patterns that are like theirs in a space.
    fn give_taught_kinds(&self, patterns: &mut [Pattern], spaces: &[Vectors], like: &str) {
        let rows = spaces.iter().filter(|it| it.0.word() == like).flat_map(|it| &it.1);
        let vectors: BTreeMap<PatternId, &[f32]> =
            rows.map(|(id, vector)| (*id, vector.as_slice())).collect();
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
        }
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

/// Adds tags that are not there yet, as long as there is room.
fn add_tags(tags: &mut Vec<String>, more: &[String]) {
    for tag in more {
        if !tags.contains(tag) && tags.len() < WORDS_MAX {
            tags.push(tag.clone());
        }
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
    fn a_sound_that_is_known_keeps_its_patterns() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(folder.path()).unwrap();
        let found = |parts: &[(f64, f64)], path: &str| {
            let mut patterns: Vec<Pattern> =
                parts.iter().map(|it| pattern(it.0, it.1, &["new"])).collect();
            patterns.iter_mut().for_each(|it| it.source.path = path.to_owned());
            Library { spaces: vec![vectors(&patterns, "dsp", 8)], patterns, ..Library::default() }
        };
        memory.take(found(&[(0.0, 1.0), (1.0, 2.0)], "a.wav"), "dsp-1", false).unwrap();
        let there: Vec<PatternId> = memory.patterns().keys().copied().collect();
        // Cut otherwise, and elsewhere: what is there stays, and follows its sound.
        let again = found(&[(0.0, 1.0), (1.2, 2.2), (3.0, 4.0)], "b.wav");
        memory.take(again, "dsp-1", false).unwrap();
        assert_eq!(memory.patterns().keys().copied().collect::<Vec<_>>(), there);
        assert!(memory.patterns().values().all(|it| it.source.path == "b.wav"));
        assert!(memory.missing_in("dsp-1").is_empty());
        // So does one whose kind was set by hand, and whose ends were not.
        let set = pattern(0.0, 1.0, &[]);
        let set = Pattern { kind: "clang".into(), is_by_hand: true, ..set };
        memory.change(set.id, set.clone()).unwrap();
        memory.take(found(&[(0.0, 1.0), (1.0, 2.0)], "c.wav"), "dsp-1", false).unwrap();
        assert!(memory.patterns().values().all(|it| it.source.path == "c.wav"));
        assert_eq!(memory.patterns()[&set.id].kind, "clang");
        // Tags are given to all of its patterns.
        let mut tagged = found(&[(0.0, 1.0), (1.2, 2.2)], "c.wav");
        tagged.patterns.iter_mut().for_each(|it| it.tags = vec!["live".into()]);
        memory.take(tagged, "dsp-1", false).unwrap();
        assert!(memory.patterns().values().all(|it| it.tags == ["live"]));
        // Cut anew, only what was set or rated stays.
        let rated = pattern(1.0, 2.0, &[]).id;
        let rating = Rating { space: String::new(), query: vec![], item: rated, is_liked: true };
        memory.rate(rating).unwrap();
        memory.take(found(&[(1.2, 2.2), (3.0, 4.0)], "c.wav"), "dsp-1", true).unwrap();
        let starts: BTreeSet<String> =
            memory.patterns().values().map(|it| format!("{:.1}", it.start_secs)).collect();
        assert_eq!(starts, ["0.0", "1.0", "3.0"].map(str::to_owned).into());
    }

    #[test]
    fn what_is_found_anew_takes_the_place_of_what_was_and_leaves_what_a_person_set() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(folder.path()).unwrap();
        let found = |parts: &[(f64, f64)]| {
            let patterns: Vec<Pattern> = parts.iter().map(|it| pattern(it.0, it.1, &[])).collect();
            Library { spaces: vec![vectors(&patterns, "dsp", 8)], patterns, ..Library::default() }
        };
        memory.take(found(&[(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]), "dsp-1", true).unwrap();
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
        memory.take(again, "dsp-1", true).unwrap();
        let starts: BTreeSet<String> =
            memory.patterns().values().map(|it| format!("{:.1}", it.start_secs)).collect();
        assert_eq!(starts, ["0.0", "1.1", "2.4", "7.0"].map(str::to_owned).into());
        let kinds = |id: PatternId| memory.patterns()[&id].kind.clone();
        assert_eq!((kinds(set.id), kinds(elsewhere.id)), ("clang".into(), "clang".into()));
        assert_eq!(memory.patterns()[&set.id].tags, ["mine"]);
        // The same sound elsewhere takes along what was set; what was in the file before goes.
        let mut moved = found(&[(0.0, 1.0)]);
        moved.patterns[0].source.path = "elsewhere/bell.wav".into();
        memory.take(moved, "dsp-1", true).unwrap();
        assert_eq!(memory.patterns()[&set.id].source.path, "elsewhere/bell.wav");
        let mut other = pattern(0.0, 4.0, &[]);
        other.source.sha256 = "ef".repeat(32);
        other.source.path = "elsewhere/bell.wav".into();
        other.id = PatternId::of(&other.source.sha256, 0.0, 4.0);
        let other = Library { patterns: vec![other.clone()], ..Library::default() };
        memory.take(other.clone(), "dsp-1", true).unwrap();
        let left: Vec<f64> = memory.patterns().values().map(|it| it.end_secs).collect();
        assert!(left.contains(&4.0) && !left.contains(&1.0) && left.contains(&2.3), "{left:?}");
        memory.delete(&[other.patterns[0].id]).unwrap();
        drop(memory);
        let memory = Memory::open(folder.path()).unwrap();
        assert_eq!((memory.patterns().len(), memory.ratings()[0].item), (2, set.id));
    }
}
