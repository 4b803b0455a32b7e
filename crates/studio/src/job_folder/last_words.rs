//! What a worker said before its process ended without an `exit.json`: its last event, its exit code, or the
//! last line of its log. On a full disk, one of them may be all that fitted.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use api::{Event, EventBody, Exit, Outcome, UnixMs};
use job::files::{EVENTS, LOG};

use super::{Process, disk_full};

/// How much of the end of a file is looked at: more than the longest last event.
const TAIL_BYTES: u64 = 64 << 10;

/// What a line of the log has where a job failed for want of room.
const FAILED_FULL: &str = "failed [disk_full]: ";

/// How the job ended by what its last process said, if it said anything.
pub(super) fn read(folder: &Path, process: &Process) -> Option<Exit> {
    finished(folder, process).or_else(|| {
        let logged = logged(folder, process);
        let is_full = logged.is_some() || process.code == Some(Exit::DISK_FULL);
        let ended_ms = changed_ms(&folder.join(LOG)).or(process.started_ms)?;
        is_full.then(|| Exit { ended_ms, outcome: Outcome::Failed { problem: disk_full(logged) } })
    })
}

/// The last event, if it says that the job has finished.
fn finished(folder: &Path, process: &Process) -> Option<Exit> {
    let text = tail(&folder.join(EVENTS))?;
    let whole = &text[..=text.rfind('\n')?];
    let event: Event = serde_json::from_str(whole.trim_end().rsplit('\n').next()?).ok()?;
    let is_of_this = process.started_ms.is_none_or(|started| event.time_ms >= started);
    match event.body {
        EventBody::Finished(outcome) if is_of_this => {
            Some(Exit { ended_ms: event.time_ms, outcome })
        }
        _ => None,
    }
}

/// Why there was no room, if that is the last that the log says.
fn logged(folder: &Path, process: &Process) -> Option<String> {
    let path = folder.join(LOG);
    let changed_ms = changed_ms(&path)?;
    if process.started_ms.is_some_and(|started| changed_ms < started) {
        return None;
    }
    let text = tail(&path)?;
    let last = text.lines().rev().take(LAST_LINES).find_map(|line| line.split_once(FAILED_FULL))?;
    Some(api::sentence(last.1))
}

/// Lines at the end of a log that may come after the one that counts.
const LAST_LINES: usize = 8;

fn tail(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn changed_ms(path: &Path) -> Option<UnixMs> {
    let modified: SystemTime = std::fs::metadata(path).ok()?.modified().ok()?;
    let since = modified.duration_since(UNIX_EPOCH).ok()?;
    UnixMs::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"seq":1,"time_ms":1000,"event":"started","pid":1,"version":"0","n_threads":1,"from_step":0}"#;
    const FINISHED: &str = r#"{"seq":2,"time_ms":2000,"event":"finished","outcome":"failed","problem":{"code":"disk_full","what":"Full."}}"#;

    fn said(events: &str, log: &str, process: &Process) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(EVENTS), events).unwrap();
        std::fs::write(folder.path().join(LOG), log).unwrap();
        read(folder.path(), process).map(|exit| match exit.outcome {
            Outcome::Failed { problem } => problem.code,
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn what_was_said_last_is_believed() {
        let check = |events: &[&str], log: &str, process: Process, expected: Option<&str>| {
            let events: String = events.iter().map(|line| format!("{line}\n")).collect();
            assert_eq!(said(&events, log, &process).as_deref(), expected, "{log} {process:?}");
        };
        let none = Process::default;
        let started = |started_ms| Process { started_ms: Some(started_ms), code: None };
        let full = "10:00:00 failed [disk_full]: append to events.jsonl: No space left on device\n";
        check(&[STARTED], "maquette 0.1.0", none(), None);
        check(&[STARTED, FINISHED], "", none(), Some("disk_full"));
        check(&[STARTED, FINISHED], "", started(1000), Some("disk_full"));
        // An earlier process finished; this one was killed before it said a word.
        check(&[STARTED, FINISHED], "", started(3000), None);
        check(&[STARTED], full, none(), Some("disk_full"));
        check(&[STARTED], full, started(1), Some("disk_full"));
        check(&[STARTED], full, started(u64::MAX), None);
        check(&[STARTED], "", Process { code: Some(Exit::DISK_FULL), ..none() }, Some("disk_full"));
        check(&[STARTED], "", Process { code: Some(1), ..none() }, None);
        let torn = format!("{STARTED}\n{}", &FINISHED[..60]);
        assert_eq!(said(&torn, full, &none()).as_deref(), Some("disk_full"));
        assert_eq!(said("", "", &none()), None);
    }
}
