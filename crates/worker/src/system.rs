//! What this process uses of the computer.

use std::time::Instant;

use api::SystemUse;

/// Measures processor use between two looks.
pub(crate) struct SystemMeter {
    looked: Instant,
    cpu_secs: f64,
}

impl SystemMeter {
    /// Starts measuring now.
    pub(crate) fn new() -> Self {
        Self { looked: Instant::now(), cpu_secs: cpu_secs().unwrap_or(0.0) }
    }

    /// Processor use since the last look, and memory now; `None` where the system does not tell.
    pub(crate) fn look(&mut self) -> Option<SystemUse> {
        let cpu_secs = cpu_secs()?;
        let passed = self.looked.elapsed().as_secs_f64();
        let cpu_percent = 100.0 * (cpu_secs - self.cpu_secs) / passed.max(1e-3);
        *self = Self { looked: Instant::now(), cpu_secs };
        Some(SystemUse { cpu_percent, memory_bytes: memory_bytes()? })
    }
}

/// Processor time of this process so far, user and system. Source: proc(5), `/proc/self/stat`.
fn cpu_secs() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    /// Clock ticks per second; fixed at 100 for user space on Linux.
    const TICKS_PER_SEC: f64 = 100.0;
    #[expect(clippy::cast_precision_loss, reason = "centuries of ticks fit")]
    Some(ticks as f64 / TICKS_PER_SEC)
}

/// Memory this process holds. Source: proc(5), `VmRSS` in `/proc/self/status`.
fn memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Memory that is free to use on this computer, where the system tells. Source: proc(5).
pub(crate) fn memory_free_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
