//! What this process uses of the computer.

use std::{path::Path, time::Instant};

use api::SystemUse;

/// Measures processor use between two calls.
pub(crate) struct SystemMeter {
    looked: Instant,
    cpu_secs: f64,
}

impl SystemMeter {
    /// Starts measuring now.
    pub(crate) fn new() -> Self {
        Self { looked: Instant::now(), cpu_secs: cpu_secs().unwrap_or(0.0) }
    }

    /// Processor use since the last call, and memory now; `None` if the system does not report them.
    pub(crate) fn look(&mut self) -> Option<SystemUse> {
        let cpu_secs = cpu_secs()?;
        let passed = self.looked.elapsed().as_secs_f64();
        let cpu_percent = 100.0 * (cpu_secs - self.cpu_secs) / passed.max(1e-3);
        *self = Self { looked: Instant::now(), cpu_secs };
        Some(SystemUse { cpu_percent, memory_bytes: memory_bytes()? })
    }
}

/// Clock ticks per second; fixed at 100 for user space on Linux.
const TICKS_PER_SEC: f64 = 100.0;

/// Processor time of this process so far, user and system. Source: proc(5), `/proc/self/stat`.
fn cpu_secs() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "centuries of ticks fit")]
    Some(ticks as f64 / TICKS_PER_SEC)
}

/// Memory this process holds. Source: proc(5), `VmRSS` in `/proc/self/status`.
fn memory_bytes() -> Option<u64> {
    status_bytes("VmRSS:")
}

/// The most memory this process has held. Source: proc(5), `VmHWM` in `/proc/self/status`.
pub(crate) fn memory_peak_bytes() -> Option<u64> {
    status_bytes("VmHWM:")
}

fn status_bytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Measures how busy other programs keep the computer.
pub(crate) struct LoadMeter {
    started: Instant,
    others_secs: Option<f64>,
}

impl LoadMeter {
    /// Starts measuring now.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), others_secs: others_secs() }
    }

    /// Cores that other programs kept busy since the start, on average; `None` if the system does not report it.
    pub(crate) fn busy_cores(&self) -> Option<f64> {
        let secs = others_secs()? - self.others_secs?;
        Some((secs / self.started.elapsed().as_secs_f64().max(1e-3)).max(0.0))
    }
}

/// Processor time of all other processes so far. Source: proc(5), the first line of `/proc/stat`: user,
/// nice, system, idle, iowait, irq, softirq, steal.
fn others_secs() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let ticks: Vec<u64> = fields.map_while(|it| it.parse().ok()).collect();
    let is_busy = |i: &usize| !matches!(i, 3 | 4);
    let busy: u64 = (0..ticks.len().min(8)).filter(is_busy).map(|i| ticks[i]).sum();
    #[expect(clippy::cast_precision_loss, reason = "centuries of ticks fit")]
    Some(busy as f64 / TICKS_PER_SEC - cpu_secs()?)
}

/// Free memory: on this computer, or below the limits of this process's control groups. `None` if the system
/// does not report it.
pub(crate) fn memory_free_bytes() -> Option<u64> {
    let limits = below_limits(Path::new("/sys/fs/cgroup"), &read("/proc/self/cgroup"));
    available(&read("/proc/meminfo")).into_iter().chain(limits).min()
}

/// Source: proc(5), `MemAvailable` in `/proc/meminfo`.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The memory left below the limit of each group in `/proc/self/cgroup`, and of its ancestors.
/// The page cache counts as free, as it does for the whole computer.
///
/// Source: cgroups(7); the kernel's documentation of both versions of cgroups.
fn below_limits(root: &Path, groups: &str) -> Vec<u64> {
    let mut left = vec![];
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (base, [limit, used, cached]) = match controllers {
            "" => (root.to_owned(), ["memory.max", "memory.current", "inactive_file"]),
            "memory" => (
                root.join("memory"),
                ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"],
            ),
            _ => continue,
        };
        // Inside a container the path may be the host's, of which only the base exists.
        let group = base.join(path.trim_start_matches('/'));
        for folder in group.ancestors().take_while(|it| it.starts_with(&base)) {
            let number = |name: &str| read(folder.join(name)).trim().parse::<u64>().ok();
            let (Some(limit), Some(used)) = (number(limit), number(used)) else { continue };
            let stat = read(folder.join("memory.stat"));
            let cached = stat.lines().find_map(|line| line.strip_prefix(cached));
            let cached = cached.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
            left.push(limit.saturating_sub(used.saturating_sub(cached)));
        }
    }
    left
}

/// The text of a system file; empty if there is none.
fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
        assert_eq!(below_limits(root.path(), "0::/a/b/c\n"), [400]);
        assert_eq!(below_limits(root.path(), "0::/a\n"), [0_u64; 0]);
        write(
            "memory",
            &[
                ("memory.limit_in_bytes", "1000"),
                ("memory.usage_in_bytes", "600"),
                ("memory.stat", "total_inactive_file 50\n"),
            ],
        );
        let first = "4:memory:/outside/of/this\n3:cpu:/\n0::/\n";
        assert_eq!(below_limits(root.path(), first), [450]);
        assert_eq!(below_limits(root.path(), "nonsense"), [0_u64; 0]);
    }
}
