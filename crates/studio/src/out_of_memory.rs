//! Whether a worker was killed for lack of memory, which it cannot say itself.
//!
//! The kernel counts the processes that it kills for that, on the whole computer and in each group of
//! processes. What it had counted when a worker was started is kept in the job's folder, so that a studio
//! that was closed in between can compare, too. A worker that asked for memory and got none says so in its
//! log before it aborts.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use api::{JobKind, MemoryForecast, Problem};
use job::files::{LOG, STARTED};
use serde::{Deserialize, Serialize};

use crate::supervisor::Death;

/// `started.json`: how the computer was when a worker was started.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Start {
    /// Differs after each start of the computer: what it counts begins anew then.
    boot: String,
    /// Processes killed for lack of memory so far, by who counts them.
    kills: BTreeMap<String, u64>,
    /// Memory that was free to use, in bytes.
    free_bytes: Option<u64>,
    /// The length of the job's log.
    log_bytes: u64,
}

/// Keeps in a job's folder how the computer is as its worker starts. Where that cannot be written, a lack
/// of memory will look like any other end.
pub(crate) fn note_start(folder: &Path) {
    let log_bytes = fs::metadata(folder.join(LOG)).map_or(0, |it| it.len());
    let start = Start { log_bytes, ..Start::now() };
    if let Err(error) = job::whole::write_json(&folder.join(STARTED), &start) {
        tracing::warn!("failed to {error}");
    }
}

/// The problem of a worker that is gone without saying how it ended, if it ended for lack of memory.
pub(crate) fn problem_of(
    folder: &Path,
    kind: JobKind,
    forecast: Option<&MemoryForecast>,
    death: &Death,
) -> Option<Problem> {
    let start: Start = job::whole::read_json_if_there(&folder.join(STARTED)).ok().flatten()?;
    let is_killed = death.may_be(KILLED) && !death.is_ours && Start::now().has_killed_since(&start);
    let is_aborted = death.may_be(ABORTED) && has_no_memory(&log_since(folder, start.log_bytes));
    (is_killed || is_aborted).then(|| problem(kind, forecast, start.free_bytes))
}

/// The numbers of the signals that end such a worker, the same on every Unix.
const KILLED: i32 = 9;
const ABORTED: i32 = 6;

/// The most of a log that is looked at.
const LOG_BYTES_MAX: u64 = 1 << 20;

impl Start {
    fn now() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            boot: boot.trim().to_owned(),
            kills: job::memory::kills(),
            free_bytes: job::memory::free_bytes(),
            log_bytes: 0,
        }
    }

    /// Whether more processes were killed by now than before, by any count.
    fn has_killed_since(&self, before: &Self) -> bool {
        let is_more = |(who, n): (&String, &u64)| before.kills.get(who).is_some_and(|it| n > it);
        self.boot == before.boot && self.kills.iter().any(is_more)
    }
}

/// Whether a program of ours said that it got no memory. Source: `std::alloc::handle_alloc_error`.
fn has_no_memory(log: &str) -> bool {
    log.lines().any(|line| {
        let rest = line.strip_prefix("memory allocation of ");
        rest.is_some_and(|it| it.starts_with(|c: char| c.is_ascii_digit()) && it.contains("failed"))
    })
}

/// What was written to a job's log since it had a length; the last of it if that is much.
fn log_since(folder: &Path, from: u64) -> String {
    let read = || {
        let mut file = File::open(folder.join(LOG))?;
        let length = file.metadata()?.len();
        // A log that was set aside begins anew.
        let from = if from > length { 0 } else { from };
        file.seek(SeekFrom::Start(from.max(length.saturating_sub(LOG_BYTES_MAX))))?;
        let mut bytes = Vec::new();
        file.take(LOG_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

fn problem(kind: JobKind, forecast: Option<&MemoryForecast>, free_bytes: Option<u64>) -> Problem {
    let gb = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    let needed = forecast.map(|it| gb(it.needed_bytes()));
    // The estimate knows the limits that the system sets single programs, too.
    let free_bytes = free_bytes.into_iter().chain(forecast.and_then(|it| it.free_bytes)).min();
    let why = match (needed, free_bytes.map(gb)) {
        (Some(needed), Some(free)) => {
            Some(format!("It needed about {needed}; {free} was free when it started."))
        }
        (Some(needed), None) => Some(format!("It needed about {needed}.")),
        (None, Some(free)) => Some(format!("{free} was free when it started.")),
        (None, None) => None,
    };
    let (what, remedy) = match kind {
        JobKind::Train => (
            "Training ran out of memory.",
            "Start a new run with a lower batch size, shorter excerpts or smaller discriminators. \
             Or close other programs and resume this one.",
        ),
        JobKind::Measure => (
            "Measuring ran out of memory, as the training would.",
            "Lower the batch size, shorten the excerpts or choose smaller discriminators.",
        ),
        _ => ("The job ran out of memory.", "Close other programs and start it again."),
    };
    Problem {
        code: "out_of_memory".to_owned(),
        what: what.to_owned(),
        why,
        remedy: Some(remedy.to_owned()),
        fields: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_kills_since_the_same_start_of_the_computer_count() {
        let at = |boot: &str, n: u64| Start {
            boot: boot.to_owned(),
            kills: BTreeMap::from([("computer".to_owned(), n)]),
            ..Start::default()
        };
        let check = |now: Start, expected: bool| {
            assert_eq!(now.has_killed_since(&at("a", 3)), expected, "{now:?}");
        };
        check(at("a", 4), true);
        check(at("a", 3), false);
        check(at("b", 9), false);
        check(Start { boot: "a".to_owned(), ..Start::default() }, false);
    }

    #[test]
    fn a_failed_allocation_is_known_by_its_words() {
        let check = |log: &str, expected: bool| assert_eq!(has_no_memory(log), expected, "{log}");
        check("step 3: saved\nmemory allocation of 4294967296 bytes failed\n", true);
        check("memory allocation of a model\n", false);
        check("", false);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(LOG), "memory allocation of 8 bytes failed\n").unwrap();
        note_start(folder.path());
        let of = |death: &Death| problem_of(folder.path(), JobKind::Train, None, death);
        assert_eq!(of(&Death::default()), None, "that was the process before");
        let mut log = File::options().append(true).open(folder.path().join(LOG)).unwrap();
        std::io::Write::write_all(&mut log, b"memory allocation of 16 bytes failed\n").unwrap();
        assert_eq!(of(&Death::default()).unwrap().code, "out_of_memory");
        assert_eq!(of(&Death { signal: Some(11), ..Death::default() }), None);
    }

    #[test]
    fn it_says_what_was_needed_and_what_there_was() {
        let forecast = MemoryForecast {
            phase_bytes: vec![2_000_000_000, 12_340_000_000],
            free_bytes: None,
            level: api::MemoryLevel::Unknown,
            advice: vec![],
        };
        let why = problem(JobKind::Train, Some(&forecast), Some(8_000_000_000)).why.unwrap();
        assert_eq!(why, "It needed about 12.3 GB; 8.0 GB was free when it started.");
        let limited = MemoryForecast { free_bytes: Some(4_000_000_000), ..forecast };
        let why = problem(JobKind::Train, Some(&limited), Some(8_000_000_000)).why.unwrap();
        assert_eq!(why, "It needed about 12.3 GB; 4.0 GB was free when it started.");
        assert_eq!(problem(JobKind::Export, None, None).why, None);
    }
}
