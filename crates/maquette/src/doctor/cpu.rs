//! The CPU: its name, its instructions, and how busy it is.

use std::{fs, sync::Mutex};

/// Measures the load of the whole computer since the last call.
#[derive(Default)]
pub(crate) struct CpuMeter {
    last: Mutex<Option<Reading>>,
}

/// Times since the computer started, in clock ticks over all cores, and the percentage at that time.
#[derive(Clone, Copy)]
struct Reading {
    busy: u64,
    total: u64,
    percent: Option<f64>,
}

impl CpuMeter {
    /// Use of the CPU in percent of all cores. `None` the first time, and where the system does
    /// not say.
    pub(crate) fn percent(&self) -> Option<f64> {
        let (busy, total) = ticks(&fs::read_to_string("/proc/stat").ok()?)?;
        let mut last = self.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let percent = match *last {
            // Asked again within a tick: nothing new is known.
            Some(last) if last.total == total => return last.percent,
            Some(last) => {
                let busy = busy.saturating_sub(last.busy) as f64;
                Some((100.0 * busy / (total.saturating_sub(last.total)).max(1) as f64).min(100.0))
            }
            None => None,
        };
        *last = Some(Reading { busy, total, percent });
        percent
    }
}

/// Busy and all ticks by the first line of `/proc/stat`: user, nice, system, idle, iowait, irq,
/// softirq, steal. The guests' times behind them are contained in the first two.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> =
        line.split_whitespace().take(8).map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let idle = ticks.get(3)? + ticks.get(4).unwrap_or(&0);
    let total: u64 = ticks.iter().sum();
    Some((total - idle, total))
}

/// Cores that this process may use.
pub(crate) fn n_cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as u32)
}

/// The CPU's name, if the system reports it.
pub(crate) fn name() -> String {
    let found = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    found.filter(|name| !name.is_empty()).unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// The best SIMD instruction set of this CPU.
#[cfg(target_arch = "x86_64")]
pub(crate) fn simd() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "AVX-512"
    } else if std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("fma")
    {
        "AVX2"
    } else {
        "SSE2"
    }
}

/// The best SIMD instruction set of this CPU.
#[cfg(target_arch = "aarch64")]
pub(crate) fn simd() -> &'static str {
    "NEON"
}

/// The best SIMD instruction set of this CPU.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn simd() -> &'static str {
    "none"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_counted_once() {
        let check = |stat: &str, expected| assert_eq!(ticks(stat), expected, "{stat:?}");
        check("cpu  10 1 5 80 4 0 0 0 7 0\ncpu0 …", Some((16, 100)));
        check("cpu  10 1 5 80", Some((16, 96)));
        check("cpu  ten", None);
        check("", None);
    }
}
