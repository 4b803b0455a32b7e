//! What this process uses of the computer.

use std::time::Instant;

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
pub(crate) fn cpu_secs() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "centuries of ticks fit")]
    Some(ticks as f64 / TICKS_PER_SEC)
}

/// Lets other programs go first when cores are short, for work that nobody waits for.
pub(crate) fn give_way() {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the call of the system")]
    // SAFETY: it takes a number, and changes nothing but the priority of this process.
    unsafe {
        libc::nice(GIVE_WAY);
    }
}

/// How much: nice(2), of 19.
#[cfg(unix)]
const GIVE_WAY: libc::c_int = 10;

/// Goes before other programs when cores are short, for sound that must be in time. Most systems allow that to few;
/// elsewhere everything stays as it was.
pub(crate) fn go_first() {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the call of the system")]
    // SAFETY: it takes a number, and changes nothing but the priority of this process.
    unsafe {
        libc::nice(-GIVE_WAY);
    }
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
