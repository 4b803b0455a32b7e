//! How the process treats memory that arrays leave behind.
#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "the C library's settings are C")
)]

/// Keeps the memory of freed arrays for the next ones instead of giving it back to the system.
///
/// A training step frees and takes again some hundred megabytes; with pages that the system hands out
/// anew each time, a step took 7 to 12 % longer (Linux, glibc). Call it once at the start of a process
/// whose work is computing; its memory then stays at the most it ever needed. Where the C library has
/// no such setting, it does nothing.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: `mallopt` may be called at any time and only changes thresholds.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_MMAP_THRESHOLD, i32::MAX);
    }
}
