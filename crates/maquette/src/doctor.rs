//! Checks of this computer and the workspace, for `maquette doctor` and the pages.

mod cpu;
mod memory;

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use api::{Check, CheckStatus, Doctor, Machine};

use crate::{client, opener, server};
pub(crate) use cpu::CpuMeter;

/// What is examined.
pub(crate) struct Subject<'s> {
    /// The workspace; it need not exist yet.
    pub(crate) workspace: &'s Path,
    /// The port of the studio that asks, if one does.
    pub(crate) served_at: Option<u16>,
}

/// Below these, training works but not well; amounts of memory and disk in bytes.
const MEMORY_ENOUGH: u64 = 4_000_000_000;
const DISK_ENOUGH: u64 = 5_000_000_000;
const DISK_LEAST: u64 = 500_000_000;

/// The bytes that are written to time the disk, and the speed that is fast enough, in bytes per second.
const DISK_TRIAL_BYTES: usize = 8 << 20;
const DISK_FAST_ENOUGH: f64 = 20e6;

/// How long a process of this program may take to print its version.
const WORKER_TIME: Duration = Duration::from_secs(5);

/// Checks everything that Maquette needs.
pub(crate) fn examine(subject: &Subject<'_>, cpu: &CpuMeter) -> Doctor {
    let machine = machine(subject.workspace, cpu);
    let checks = vec![
        processor(&machine),
        graphics(),
        memory_left(&machine),
        disk_left(&machine),
        workspace(subject.workspace),
        library(subject.workspace),
        studio(subject),
        port(subject),
        worker(),
        page(),
    ];
    Doctor { version: env!("CARGO_PKG_VERSION").to_owned(), machine, checks }
}

/// The computer as it is now.
pub(crate) fn machine(workspace: &Path, cpu: &CpuMeter) -> Machine {
    let memory = memory::memory();
    Machine {
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpu: cpu::name(),
        n_cores: cpu::n_cores(),
        simd: cpu::simd().to_owned(),
        memory_bytes: memory.total_bytes,
        memory_free_bytes: memory.free_bytes,
        disk_free_bytes: studio::free_bytes(workspace).unwrap_or(0),
        cpu_percent: cpu.percent(),
    }
}

fn processor(machine: &Machine) -> Check {
    let found = format!("{}, {} cores, {}", machine.cpu, machine.n_cores, machine.simd);
    if matches!(machine.simd.as_str(), "SSE2" | "none") {
        let remedy = "Training will be slow. CPUs with AVX2 or NEON are several times faster.";
        return warning("CPU", found, remedy);
    }
    ok("CPU", found)
}

fn graphics() -> Check {
    let found = if cfg!(feature = "vulkan") {
        "used for training if there is one with a Vulkan driver"
    } else {
        "not used: this build computes on the CPU"
    };
    ok("GPU", found.to_owned())
}

fn memory_left(machine: &Machine) -> Check {
    if machine.memory_bytes == 0 {
        return ok("Memory", "unknown: this system does not report it".to_owned());
    }
    let found = format!("{} of {} free", gb(machine.memory_free_bytes), gb(machine.memory_bytes));
    if machine.memory_free_bytes < MEMORY_ENOUGH {
        let remedy = "Close other programs before training, or choose a small preset.";
        return warning("Memory", found, remedy);
    }
    ok("Memory", found)
}

fn disk_left(machine: &Machine) -> Check {
    let free = machine.disk_free_bytes;
    let found = format!("{} free", gb(free));
    match free {
        0 => ok("Disk", "unknown: this system does not report it".to_owned()),
        _ if free < DISK_LEAST => failed(
            "Disk",
            found,
            "Free some space: there is no room for checkpoints and sounds. `maquette trash empty` may help.",
        ),
        _ if free < DISK_ENOUGH => {
            warning("Disk", found, "Free some space before long training runs.")
        }
        _ => ok("Disk", found),
    }
}

/// Whether the workspace can be written to, and how fast.
fn workspace(folder: &Path) -> Check {
    let name = "Workspace";
    if !folder.exists() {
        let parent = folder.ancestors().find(|folder| folder.is_dir());
        let can_make = parent.is_some_and(|parent| tempfile_speed(parent).is_ok());
        let found = format!("{} does not exist yet", folder.display());
        return match can_make {
            true => ok(name, format!("{found}; it will be created")),
            false => failed(name, found, "Choose a folder that you can write to with --workspace."),
        };
    }
    match tempfile_speed(folder) {
        Ok(speed) => {
            let found = format!("{}, write speed {:.0} MB/s", folder.display(), speed / 1e6);
            if speed < DISK_FAST_ENOUGH {
                let remedy =
                    "Saving checkpoints will be slow. Choose a workspace on a faster disk.";
                return warning(name, found, remedy);
            }
            ok(name, found)
        }
        Err(error) => {
            let why = api::in_plain_words(&error.to_string());
            let found = format!("{} is not writable: {why}", folder.display());
            failed(name, found, "Make the folder writable, or choose another one with --workspace.")
        }
    }
}

/// Whether everything in the library can be read.
fn library(workspace: &Path) -> Check {
    let found = studio::find_unreadable(workspace);
    let Some(first) = found.first() else {
        return ok("Library", "everything can be read".to_owned());
    };
    let lines = found.iter().map(|it| {
        let why = it.problem.why.as_deref().unwrap_or_default();
        format!("{} ({}): {why}", it.problem.what.trim_end_matches('.'), it.path)
    });
    let remedy = first.problem.remedy.clone().unwrap_or_default();
    let words = match found.len() {
        1 => "1 folder could not be read".to_owned(),
        n => format!("{n} folders could not be read"),
    };
    let remedy = lines.chain([remedy]).collect::<Vec<_>>().join("\n  ");
    warning("Library", words, &remedy)
}

/// The speed of writing a file in a folder, synced to disk, in bytes per second.
fn tempfile_speed(folder: &Path) -> std::io::Result<f64> {
    use std::io::Write;

    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let start = Instant::now();
    let written = fs::File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0x5a; DISK_TRIAL_BYTES])?;
        file.sync_all()
    });
    let removed = fs::remove_file(&path);
    written.and(removed)?;
    Ok(DISK_TRIAL_BYTES as f64 / start.elapsed().as_secs_f64())
}

fn studio(subject: &Subject<'_>) -> Check {
    let port = subject.served_at.or_else(|| client::who_serves(subject.workspace));
    ok(
        "Studio",
        match port {
            Some(port) => format!("running at http://127.0.0.1:{port}"),
            None => "not running; start it with `maquette`".to_owned(),
        },
    )
}

fn port(subject: &Subject<'_>) -> Check {
    let port = server::PORT;
    let is_free = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let is_ours =
        || subject.served_at.or_else(|| client::who_serves(subject.workspace)) == Some(port);
    ok(
        "Port",
        if is_free {
            format!("{port} is free")
        } else if is_ours() {
            format!("{port} is used by Maquette")
        } else {
            format!("{port} is used by another program; the next free port will be used")
        },
    )
}

/// Whether a worker can start: it is this same program in another process.
#[expect(clippy::disallowed_methods, reason = "asks this program for its version; not a job")]
fn worker() -> Check {
    let remedy = "Check that the program was not moved and can be run, then start Maquette again.";
    let started = std::env::current_exe().and_then(|program| {
        Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    });
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            return failed(
                "Worker",
                format!("could not be started: {}", api::in_plain_words(&error.to_string())),
                remedy,
            );
        }
    };
    let start = Instant::now();
    while start.elapsed() < WORKER_TIME {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => {
                let found = format!("started in {} ms", start.elapsed().as_millis());
                return ok("Worker", found);
            }
            Ok(Some(status)) => return failed("Worker", format!("ended with {status}"), remedy),
            Ok(None) => thread::sleep(Duration::from_millis(1)),
            Err(error) => {
                return failed("Worker", format!("could not be watched: {error}"), remedy);
            }
        }
    }
    // It hangs, and nothing waits for it any more.
    let _ = child.kill();
    failed("Worker", "did not answer in time".to_owned(), remedy)
}

fn page() -> Check {
    match opener::find() {
        Some(opener) => ok("Browser", format!("opened with {opener}")),
        None => warning(
            "Browser",
            "cannot be opened automatically here".to_owned(),
            "Open the address that `maquette` prints; from another computer, use an SSH tunnel.",
        ),
    }
}

fn ok(name: &str, found: String) -> Check {
    Check { name: name.to_owned(), status: CheckStatus::Ok, found, remedy: None }
}

fn warning(name: &str, found: String, remedy: &str) -> Check {
    let remedy = Some(remedy.to_owned());
    Check { name: name.to_owned(), status: CheckStatus::Warning, found, remedy }
}

fn failed(name: &str, found: String, remedy: &str) -> Check {
    Check { status: CheckStatus::Failed, ..warning(name, found, remedy) }
}

fn gb(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(simd: &str, memory_free_bytes: u64, disk_free_bytes: u64) -> Machine {
        Machine {
            system: String::new(),
            cpu: String::new(),
            n_cores: 2,
            simd: simd.to_owned(),
            memory_bytes: 8_000_000_000,
            memory_free_bytes,
            disk_free_bytes,
            cpu_percent: None,
        }
    }

    #[test]
    fn what_is_not_well_has_a_remedy() {
        let check = |check: Check, expected: CheckStatus| {
            assert_eq!(check.status, expected, "{check:?}");
            assert_eq!(check.remedy.is_some(), expected != CheckStatus::Ok, "{check:?}");
        };
        let (gb, well) = (1_000_000_000, CheckStatus::Ok);
        check(processor(&machine("AVX2", gb, gb)), well);
        check(processor(&machine("SSE2", gb, gb)), CheckStatus::Warning);
        check(memory_left(&machine("", 6 * gb, gb)), well);
        check(memory_left(&machine("", gb, gb)), CheckStatus::Warning);
        check(disk_left(&machine("", gb, 50 * gb)), well);
        check(disk_left(&machine("", gb, gb)), CheckStatus::Warning);
        check(disk_left(&machine("", gb, 1)), CheckStatus::Failed);
        check(disk_left(&machine("", gb, 0)), well);
    }

    #[test]
    fn a_workspace_is_one_that_can_be_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let check = |path: &Path, expected: CheckStatus| {
            assert_ne!(
                workspace(path).status == CheckStatus::Failed,
                expected != CheckStatus::Failed
            );
        };
        check(folder.path(), CheckStatus::Ok);
        check(&folder.path().join("new/one"), CheckStatus::Ok);
        fs::write(folder.path().join("file"), "").unwrap();
        check(&folder.path().join("file"), CheckStatus::Failed);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }
}
