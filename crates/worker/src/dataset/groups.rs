//! Finds duplicates in a dataset: equal samples, or the same recording in another format, rate or level.
//! A model that was trained on one of them has seen the others, so they belong on one side of the split.

use std::{collections::BTreeMap, io};

use api::{SoundGroup, SoundGroupKind};

use super::DatasetWriter;

/// The most pairs of fingerprints that are compared: every pair of a thousand sounds; in larger datasets,
/// those of similar length.
const PAIRS_MAX: u64 = 50_000_000;
/// The most samples of excerpts that are compared closely: a fixed number, plus a number for each sound, so
/// that comparing takes no longer than reading did.
const SAMPLES_LEAST: u64 = 1 << 25;
const SAMPLES_PER_SOUND: u64 = 1 << 13;

/// The groups, and whether the search was complete.
pub(crate) struct Search {
    /// Groups of two sounds or more, in order of the first of each.
    pub(crate) groups: Vec<SoundGroup>,
    /// Whether some pairs were not compared because there were too many.
    pub(crate) is_partial: bool,
}

impl Search {
    /// Sounds of equal samples.
    pub(crate) fn exact(writer: &DatasetWriter) -> Self {
        let joined = Joined::of_equal_samples(writer);
        Self { groups: joined.groups(writer), is_partial: false }
    }

    /// Sounds of equal samples, and those that sound the same; `None` if `go_on`, called with the fraction
    /// done, returned false.
    ///
    /// # Errors
    /// The stored samples cannot be read back.
    pub(crate) fn all(
        writer: &mut DatasetWriter,
        mut go_on: impl FnMut(f64) -> bool,
    ) -> io::Result<Option<Self>> {
        let mut joined = Joined::of_equal_samples(writer);
        let fingerprints = writer.fingerprints().to_vec();
        // Each group is represented by its first sound. Sorted by length, so that candidates are neighbours.
        let mut order: Vec<(usize, &audio::Fingerprint)> = fingerprints
            .iter()
            .enumerate()
            .filter(|(i, _)| joined.root(*i) == *i)
            .filter_map(|(i, it)| Some((i, it.as_ref()?)))
            .collect();
        order.sort_by(|(_, a), (_, b)| a.length_secs().total_cmp(&b.length_secs()));
        let (mut n_pairs_left, mut n_samples_left) =
            (PAIRS_MAX, SAMPLES_LEAST.max(SAMPLES_PER_SOUND * order.len() as u64));
        let mut is_partial = false;
        'sounds: for (k, (i, a)) in order.iter().enumerate() {
            if !go_on(k as f64 / order.len() as f64) {
                return Ok(None);
            }
            let mut excerpt = None;
            for (j, b) in &order[k + 1..] {
                if b.length_secs() > a.length_secs() + b.tolerance_secs() {
                    break;
                }
                if n_pairs_left == 0 {
                    is_partial = true;
                    break 'sounds;
                }
                n_pairs_left -= 1;
                if joined.root(*i) == joined.root(*j) || !a.may_equal(b) {
                    continue;
                }
                let ranges = [a.excerpt(), b.excerpt()];
                let n_samples: u64 = ranges.iter().map(|it| it.end - it.start).sum();
                let Some(left) = n_samples_left.checked_sub(n_samples) else {
                    is_partial = true;
                    break 'sounds;
                };
                n_samples_left = left;
                let [range_a, range_b] = ranges;
                let of_a = match excerpt.take() {
                    Some(excerpt) => excerpt,
                    None => writer.read_back(*i, range_a)?,
                };
                let of_b = writer.read_back(*j, range_b)?;
                let alike = audio::correlation(&of_a, &of_b, a.comparison(b));
                excerpt = Some(of_a);
                if alike >= audio::SAME_FROM {
                    joined.join(*i, *j);
                }
            }
        }
        Ok(Some(Self { groups: joined.groups(writer), is_partial }))
    }
}

/// A disjoint-set forest of equal sounds: each points to another of its group, the first to itself.
struct Joined(Vec<usize>);

impl Joined {
    fn of_equal_samples(writer: &DatasetWriter) -> Self {
        let mut joined = Self((0..writer.sounds().len()).collect());
        let mut first_of = BTreeMap::new();
        for (i, sound) in writer.sounds().iter().enumerate() {
            let first = *first_of.entry(&sound.sha256).or_insert(i);
            joined.join(first, i);
        }
        joined
    }

    /// The first sound of a group.
    fn root(&self, mut i: usize) -> usize {
        while self.0[i] != i {
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, i: usize, j: usize) {
        let (i, j) = (self.root(i), self.root(j));
        self.0[i.max(j)] = i.min(j);
    }

    fn groups(&self, writer: &DatasetWriter) -> Vec<SoundGroup> {
        let sounds = writer.sounds();
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for i in 0..sounds.len() {
            groups.entry(self.root(i)).or_default().push(i);
        }
        let groups = groups.into_values().filter(|group| group.len() > 1);
        groups
            .map(|group| {
                let is_exact = group.iter().all(|&i| sounds[i].sha256 == sounds[group[0]].sha256);
                SoundGroup {
                    kind: if is_exact { SoundGroupKind::Exact } else { SoundGroupKind::Near },
                    files: group.iter().map(|&i| sounds[i].file.idx).collect(),
                }
            })
            .collect()
    }
}
