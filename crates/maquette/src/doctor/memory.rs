//! The computer's memory.

use std::fs;

/// How much memory there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Total bytes; 0 if the system does not report it.
    pub(crate) total_bytes: u64,
    /// Bytes that a new process could use now.
    pub(crate) free_bytes: u64,
}

/// The memory of this computer, or of the container that this process is in.
pub(crate) fn memory() -> Memory {
    let computer = fs::read_to_string("/proc/meminfo").map_or_else(
        |_| Memory::default(),
        |text| Memory {
            total_bytes: field(&text, "MemTotal:"),
            free_bytes: field(&text, "MemAvailable:"),
        },
    );
    match container() {
        Some(container) if container.total_bytes < computer.total_bytes => Memory {
            total_bytes: container.total_bytes,
            free_bytes: container.free_bytes.min(computer.free_bytes),
        },
        _ => computer,
    }
}

/// The limit of a container (control groups, version 2), if there is one.
fn container() -> Option<Memory> {
    let number = |name: &str| {
        let text = fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let total_bytes = number("memory.max")?;
    Some(Memory { total_bytes, free_bytes: total_bytes.saturating_sub(number("memory.current")?) })
}

/// A line of `/proc/meminfo`, like `MemTotal:   32768 kB`, in bytes.
fn field(meminfo: &str, name: &str) -> u64 {
    let kib = meminfo
        .lines()
        .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_name() {
        let text = "MemTotal:       32768 kB\nMemFree: 1 kB\nMemAvailable:   16384 kB\n";
        assert_eq!(field(text, "MemTotal:"), 32768 * 1024);
        assert_eq!(field(text, "MemAvailable:"), 16384 * 1024);
        assert_eq!(field(text, "Swap:"), 0);
    }
}
