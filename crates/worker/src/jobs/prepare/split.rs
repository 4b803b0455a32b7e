//! Chooses the sounds of a dataset that are held out.

use api::{IndexedSound, SoundGroup, Split};

/// Small datasets hold out this many files, if that is at most a fifth of them: a distance measured on one
/// or two says little.
const HELD_OUT_LEAST: usize = 3;
/// The suffix of the name of a single recording's held-out end.
pub(super) const HELD_OUT_END: &str = "(held-out end)";

/// Chooses a fixed number of files to hold out, in the order of a hash of seed and path. A group of
/// duplicates stays together, so that no held-out sound is trained on; groups that are too large for what is
/// left of the number are skipped.
pub(crate) fn split_by_group(
    sounds: &[IndexedSound],
    groups: &[SoundGroup],
    share: f64,
    seed: u64,
) -> Vec<Split> {
    let n = sounds.len();
    let mut splits = vec![Split::Training; n];
    if n < 2 || share <= 0.0 {
        return splits;
    }
    if n == 2 && sounds[1].file.path.ends_with(HELD_OUT_END) {
        return vec![Split::Training, Split::Validation];
    }
    let n_least = (n / 5).clamp(1, HELD_OUT_LEAST);
    let n_wanted = ((n as f64 * share).round() as usize).clamp(n_least, n - 1);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&i| (fnv1a(seed, &sounds[i].file.path), i));
    let together = files_together(n, groups);
    let mut n_held_out = 0;
    for &i in &order {
        let of_group = &together[i];
        if splits[i] == Split::Training && n_held_out + of_group.len() <= n_wanted {
            of_group.iter().for_each(|&i| splits[i] = Split::Validation);
            n_held_out += of_group.len();
        }
    }
    // Every group is larger than the number of files to hold out: take the smallest, unless that would
    // leave nothing to train on.
    if n_held_out == 0
        && let Some(&i) = order.iter().min_by_key(|&&i| together[i].len())
        && together[i].len() < n
    {
        together[i].iter().for_each(|&i| splits[i] = Split::Validation);
    }
    splits
}

/// For each file, its group of duplicates, itself included.
fn files_together(n: usize, groups: &[SoundGroup]) -> Vec<Vec<usize>> {
    let mut together: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
    for group in groups {
        let files: Vec<usize> = group.files.iter().map(|&idx| idx as usize).collect();
        for &i in &files {
            together[i].clone_from(&files);
        }
    }
    together
}

/// FNV-1a, 64 bit: spreads names evenly, the same on every computer.
fn fnv1a(seed: u64, text: &str) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(text.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // Names that are short and similar differ mostly in the hash's low bits, and sorting compares the high ones.
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
}

#[cfg(test)]
mod tests {
    use api::{SoundFile, SoundGroupKind};

    use super::*;

    fn sounds(n: usize) -> Vec<IndexedSound> {
        let sound = |i: usize| IndexedSound {
            file: SoundFile {
                idx: i as u32,
                path: format!("{i}.wav"),
                length_secs: 1.0,
                source_rate_hz: 44_100,
                source_channels: 1,
                peak_db: 0.0,
                rms_db: 0.0,
                split: Split::Training,
                caption: None,
            },
            chunk: 0,
            offset_bytes: 0,
            n_frames: 44_100,
            peaks_offset_bytes: 0,
            sha256: String::new(),
        };
        (0..n).map(sound).collect()
    }

    /// Checks that groups stay together, and gives how many files are held out.
    fn check(n: usize, groups: &[&[u32]], share: f64, seed: u64) -> usize {
        let kind = SoundGroupKind::Near;
        let of = |files: &&[u32]| SoundGroup { kind, files: files.to_vec() };
        let of_groups: Vec<SoundGroup> = groups.iter().map(of).collect();
        let splits = split_by_group(&sounds(n), &of_groups, share, seed);
        for group in groups {
            let first = splits[group[0] as usize];
            assert!(group.iter().all(|&i| splits[i as usize] == first), "{group:?} {splits:?}");
        }
        splits.iter().filter(|split| **split == Split::Validation).count()
    }

    #[test]
    fn a_group_is_never_split() {
        for seed in 0..50 {
            assert_eq!(check(20, &[], 0.25, seed), 5);
            assert_eq!(check(20, &[&[0, 7, 19], &[3, 4]], 0.25, seed), 5);
            // Five are wanted, and there are groups of three only.
            assert_eq!(check(9, &[&[0, 1, 2], &[3, 4, 5], &[6, 7, 8]], 0.5, seed), 3);
            // One is wanted, and there is none alone.
            assert_eq!(check(4, &[&[0, 3], &[1, 2]], 0.1, seed), 2);
            assert_eq!(check(5, &[&[0, 1, 2], &[3, 4]], 0.1, seed), 2);
            assert_eq!(check(3, &[&[0, 1, 2]], 0.1, seed), 0, "nothing else to train on");
        }
    }

    #[test]
    fn without_groups_the_split_goes_by_the_hash_of_names() {
        let splits = split_by_group(&sounds(10), &[], 0.3, 0);
        let mut order: Vec<usize> = (0..10).collect();
        order.sort_by_key(|&i| fnv1a(0, &format!("{i}.wav")));
        let held_out = |i: usize| splits[i] == Split::Validation;
        assert!(
            order[..3].iter().all(|&i| held_out(i)) && !order[3..].iter().any(|&i| held_out(i))
        );
    }
}
