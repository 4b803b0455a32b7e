//! What the system reports about memory: for estimates before a job, and for the cause of its end.
//!
//! Limits and kills are counted in control groups, which is how containers and services are limited. Source:
//! cgroups(7), and the kernel's documentation of both versions of cgroups.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Where control groups are mounted.
const GROUPS: &str = "/sys/fs/cgroup";

/// Free memory: on this computer, or below the limits of this process's control groups. `None` if the system does
/// not report it.
#[must_use]
pub fn free_bytes() -> Option<u64> {
    let limits = below_limits(&groups(Path::new(GROUPS), &read("/proc/self/cgroup")));
    available(&read("/proc/meminfo")).into_iter().chain(limits).min()
}

/// All memory: of this computer, or the lowest limit of this process's control groups. `None` if the system does not
/// report it.
#[must_use]
pub fn total_bytes() -> Option<u64> {
    let groups = groups(Path::new(GROUPS), &read("/proc/self/cgroup"));
    let limits = groups.iter().flat_map(|group| {
        let limit = |folder: &Path| read(folder.join(group.files.limit)).trim().parse().ok();
        group.folders().filter_map(limit).collect::<Vec<u64>>()
    });
    let all = bytes_after(&read("/proc/meminfo"), "MemTotal:");
    all.into_iter().chain(limits).min()
}

/// Memory that a process takes now. `None` if there is none, or the system does not report it.
#[must_use]
pub fn of_process(pid: u32) -> Option<u64> {
    bytes_after(&read(format!("/proc/{pid}/status")), "VmRSS:")
}

/// Processes that the kernel has killed for lack of memory, on the whole computer and in this process's control
/// groups, by the file or name of each counter.
#[must_use]
pub fn kills() -> BTreeMap<String, u64> {
    let mut kills = kills_in(&groups(Path::new(GROUPS), &read("/proc/self/cgroup")));
    let all = number_after(&read("/proc/vmstat"), "oom_kill");
    kills.extend(all.map(|n| ("computer".to_owned(), n)));
    kills
}

/// A control group of a process, and the version of its files.
struct Group {
    base: PathBuf,
    folder: PathBuf,
    files: &'static Files,
}

/// The names of a version's files and of the numbers in them.
struct Files {
    limit: &'static str,
    used: &'static str,
    cached: &'static str,
    events: &'static str,
}

const VERSION_1: Files = Files {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cached: "total_inactive_file",
    events: "memory.oom_control",
};
const VERSION_2: Files = Files {
    limit: "memory.max",
    used: "memory.current",
    cached: "inactive_file",
    events: "memory.events",
};

/// The groups in the text of `/proc/self/cgroup` that limit memory.
fn groups(root: &Path, text: &str) -> Vec<Group> {
    let groups = text.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let (base, files) = match controllers {
            "" => (root.to_owned(), &VERSION_2),
            "memory" => (root.join("memory"), &VERSION_1),
            _ => return None,
        };
        let folder = base.join(path.trim_start_matches('/'));
        Some(Group { base, folder, files })
    });
    groups.collect()
}

impl Group {
    /// The group and its ancestors, which limit it as well. Inside a container the path may be the host's, of which
    /// only the base exists.
    fn folders(&self) -> impl Iterator<Item = &Path> {
        self.folder.ancestors().take_while(|it| it.starts_with(&self.base))
    }
}

/// The memory left below each limit. The page cache counts as free, as it does for the whole computer.
fn below_limits(groups: &[Group]) -> Vec<u64> {
    let mut left = vec![];
    for group in groups {
        for folder in group.folders() {
            let number = |name: &str| read(folder.join(name)).trim().parse::<u64>().ok();
            let limit_and_use = number(group.files.limit).zip(number(group.files.used));
            let Some((limit, used)) = limit_and_use else { continue };
            let stat = read(folder.join("memory.stat"));
            let cached = number_after(&stat, group.files.cached).unwrap_or(0);
            left.push(limit.saturating_sub(used.saturating_sub(cached)));
        }
    }
    left
}

fn kills_in(groups: &[Group]) -> BTreeMap<String, u64> {
    let mut kills = BTreeMap::new();
    for group in groups {
        for folder in [&group.folder, &group.base] {
            let file = folder.join(group.files.events);
            if let Some(n) = number_after(&read(&file), "oom_kill") {
                kills.insert(file.to_string_lossy().into_owned(), n);
            }
        }
    }
    kills
}

/// Source: proc(5), `MemAvailable` in `/proc/meminfo`.
fn available(meminfo: &str) -> Option<u64> {
    bytes_after(meminfo, "MemAvailable:")
}

/// The number of kilobytes on the line that begins with a word, in bytes.
fn bytes_after(text: &str, word: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The number on the line that begins with a word.
fn number_after(text: &str, word: &str) -> Option<u64> {
    let fields = text.lines().filter_map(|line| line.split_once(' '));
    let mut numbers = fields.filter(|(name, _)| *name == word).map(|(_, number)| number);
    numbers.next()?.trim().parse().ok()
}

/// The text of a system file; empty if there is none.
fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_computer_and_this_process_have_memory() {
        if !Path::new("/proc/meminfo").exists() {
            return;
        }
        let all = total_bytes().unwrap();
        assert!((1 << 28..1 << 50).contains(&all), "{all}");
        let own = of_process(std::process::id()).unwrap();
        assert!(own > 1 << 20 && own < all, "{own}");
        assert_eq!(of_process(u32::MAX), None);
    }

    #[test]
    fn free_memory_is_read_as_the_kernel_writes_it() {
        let text = "MemTotal:       24675712 kB\nMemAvailable:   20500000 kB\n";
        assert_eq!(available(text), Some(20_500_000 * 1024));
        assert_eq!(available(""), None);
    }

    #[test]
    fn limits_of_groups_count_where_there_are_any() {
        let root = tempfile::tempdir().unwrap();
        let write = |group: &str, files: &[(&str, &str)]| {
            let folder = root.path().join(group);
            fs::create_dir_all(&folder).unwrap();
            for (name, text) in files {
                fs::write(folder.join(name), text).unwrap();
            }
        };
        let below = |text: &str| below_limits(&groups(root.path(), text));
        write("a", &[("memory.max", "max\n"), ("memory.current", "5\n")]);
        write(
            "a/b",
            &[
                ("memory.max", "1000\n"),
                ("memory.current", "700\n"),
                ("memory.stat", "anon 1\nactive_file 9\ninactive_file 100\n"),
            ],
        );
        write("a/b/c", &[("memory.max", "max\n"), ("memory.current", "5\n")]);
        assert_eq!(below("0::/a/b/c\n"), [400]);
        assert_eq!(below("0::/a\n"), [0_u64; 0]);
        write(
            "memory",
            &[
                ("memory.limit_in_bytes", "1000"),
                ("memory.usage_in_bytes", "600"),
                ("memory.stat", "total_inactive_file 50\n"),
            ],
        );
        let first = "4:memory:/outside/of/this\n3:cpu:/\n0::/\n";
        assert_eq!(below(first), [450]);
        assert_eq!(below("nonsense"), [0_u64; 0]);
    }

    #[test]
    fn kills_are_read_as_the_kernel_writes_them() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("user/memory.events", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n");
        write("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n");
        let numbers =
            |text: &str| kills_in(&groups(root.path(), text)).into_values().collect::<Vec<_>>();
        assert_eq!(numbers("0::/user\n"), [2]);
        assert_eq!(numbers("9:cpu:/\n4:memory:/outside\n0::/\n"), [7]);
        assert_eq!(numbers("4:memory:/\n0::/user\n").len(), 2);
        assert_eq!(numbers(""), [0_u64; 0]);
        assert_eq!(number_after("nr_free 1\noom_kill 4\n", "oom_kill"), Some(4));
        assert_eq!(number_after("oom_kill_x 4\n", "oom_kill"), None);
    }
}
