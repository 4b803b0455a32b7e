//! The follower: reads what workers append to `events.jsonl`, stores it, then publishes it.
//!
//! A line counts once it ends; the torn end of a file waits. An event counts once, by its number:
//! reading a file again from its start changes nothing. Lines that are too long or make no sense
//! are named in the studio's log and skipped, so that a worker of another make or version can do
//! no harm.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use api::{Event, EventBody, Id, JobKind, Metrics, Score};
use job::Shelf;
use rusqlite::Connection;
use serde::Deserialize;

use crate::{
    Error,
    shared::{Change, Shared},
    store::{
        checkpoints, event_marks,
        jobs::{self, JobRow, Phase},
        metrics,
        runs::{self, RunRow},
        samples, warnings,
    },
};

/// The longest line of events that is read.
const MAX_LINE_BYTES: usize = 1 << 20;

/// How much is read and stored at once.
const MAX_CHUNK_BYTES: usize = 4 << 20;

/// Warnings that are kept of one job; later ones are only counted.
const MAX_WARNINGS: u32 = 10_000;

/// The most events that one answer holds.
const MAX_ANSWER: usize = 10_000;

/// Whether a job's events were read to the end of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    End,
    Behind,
}

/// Reads the next part of a job's events, stores it and publishes it. Only events of a running job
/// are published; a job that has ended is listed with all of them at once.
pub(crate) fn follow(shared: &Shared, job: &JobRow) -> Result<Reach, Error> {
    let folder = match job.deleted_ms {
        None => shared.workspace.folder(Shelf::of(job.kind), &job.id),
        Some(_) => shared.workspace.trash(Shelf::of(job.kind), &job.id),
    };
    let path = folder.join(job::files::EVENTS);
    let chunk = match read_chunk(&path, job.read_bytes) {
        Ok(chunk) => chunk,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Reach::End),
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    if chunk.next_offset != job.read_bytes {
        shared.change(|change| store(change, job, &chunk))?;
    }
    Ok(chunk.reach)
}

/// Events after a number, read from the file.
pub(crate) fn events_after(
    path: &Path,
    from_offset: u64,
    after: u64,
    limit: usize,
) -> Result<Vec<Event>, Error> {
    let limit = limit.min(MAX_ANSWER);
    let (mut events, mut offset) = (Vec::new(), from_offset);
    while events.len() < limit {
        let chunk = match read_chunk(path, offset) {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let parsed = chunk.lines.iter().filter_map(|line| serde_json::from_slice(&line.text).ok());
        events.extend(parsed.filter(|event: &Event| event.seq > after));
        offset = chunk.next_offset;
        if chunk.reach == Reach::End {
            break;
        }
    }
    events.truncate(limit);
    Ok(events)
}

/// Part of a file of lines.
struct Chunk {
    lines: Vec<Line>,
    /// Where the next chunk begins.
    next_offset: u64,
    reach: Reach,
}

struct Line {
    text: Vec<u8>,
    end_offset: u64,
}

fn read_chunk(path: &Path, from: u64) -> std::io::Result<Chunk> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    // A file that became shorter was cut at a torn line, or put there anew: numbers tell what of
    // it is new.
    let from = if from > length { 0 } else { from };
    let mut chunk = Chunk { lines: Vec::new(), next_offset: from, reach: Reach::End };
    if from == length {
        return Ok(chunk);
    }
    // One byte more than needed tells whether the last chunk ended inside a line that is too long.
    let before = from.saturating_sub(1);
    file.seek(SeekFrom::Start(before))?;
    let mut bytes = Vec::new();
    file.take(MAX_CHUNK_BYTES as u64).read_to_end(&mut bytes)?;
    if bytes.len() == MAX_CHUNK_BYTES {
        chunk.reach = Reach::Behind;
    }
    let mut start = (from - before) as usize;
    if start == 1 && bytes.first() != Some(&b'\n') {
        start = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    }
    while let Some(length) = bytes[start..].iter().position(|byte| *byte == b'\n') {
        let end_offset = before + (start + length + 1) as u64;
        if length > MAX_LINE_BYTES {
            warn_of_long_line(path);
        } else if length > 0 {
            chunk.lines.push(Line { text: bytes[start..start + length].to_vec(), end_offset });
        }
        start += length + 1;
    }
    if bytes.len() - start > MAX_LINE_BYTES {
        warn_of_long_line(path);
        start = bytes.len();
    }
    chunk.next_offset = before + start as u64;
    Ok(chunk)
}

fn warn_of_long_line(path: &Path) {
    tracing::warn!("{}: a line over {MAX_LINE_BYTES} bytes is skipped", path.display());
}

/// Stores a chunk in the job as it stands now, which verbs may have changed meanwhile.
fn store(change: &mut Change<'_>, before: &JobRow, chunk: &Chunk) -> Result<(), Error> {
    let Some(mut job) = jobs::find(change.tx, &before.id)? else { return Ok(()) };
    if job.read_bytes != before.read_bytes {
        return Ok(());
    }
    let mut run = runs::find(change.tx, &job.id)?.map(|(_, run)| run);
    for line in &chunk.lines {
        let Some(event) = parse(&mut job, &line.text) else { continue };
        apply(change.tx, &mut job, run.as_mut(), &event)?;
        if event.seq.is_multiple_of(event_marks::EVERY) {
            event_marks::add(change.tx, &job.id, event.seq, line.end_offset)?;
            // Also in the middle of a long chunk, so that the tail stays short.
            metrics::pack(change.tx, &job.id)?;
        }
        if job.phase == Phase::Running {
            change.event(&job, event);
        }
    }
    job.read_bytes = chunk.next_offset;
    jobs::save(change.tx, &job)?;
    if let Some(run) = &run {
        runs::save(change.tx, &job.id, run)?;
        metrics::pack(change.tx, &job.id)?;
    }
    Ok(())
}

/// The event of a line, if it is a new one. Its number counts even if the rest makes no sense.
fn parse(job: &mut JobRow, line: &[u8]) -> Option<Event> {
    #[derive(Deserialize)]
    struct Numbered {
        seq: u64,
    }
    let (seq, event) = match serde_json::from_slice::<Event>(line) {
        Ok(event) => (event.seq, Some(event)),
        Err(error) => {
            tracing::warn!("{}: an event is skipped: {error}", job.id);
            (serde_json::from_slice::<Numbered>(line).ok()?.seq, None)
        }
    };
    if seq <= job.last_seq {
        return None;
    }
    if seq != job.last_seq + 1 {
        tracing::warn!("{}: events {} to {} are missing", job.id, job.last_seq + 1, seq - 1);
    }
    job.last_seq = seq;
    event
}

/// Stores what an event says.
fn apply(
    connection: &Connection,
    job: &mut JobRow,
    mut run: Option<&mut RunRow>,
    event: &Event,
) -> Result<(), Error> {
    match &event.body {
        EventBody::Started { pid, from_step, .. } => {
            // What the worker says counts for more than when the studio meant to start it: a
            // rebuild finds the same.
            if event.seq == 1 {
                job.first_started_ms = Some(event.time_ms);
            }
            job.first_started_ms.get_or_insert(event.time_ms);
            job.last_started_ms = Some(event.time_ms);
            if job.phase == Phase::Running {
                job.pid = Some(*pid);
            }
            if job.kind == JobKind::Train && event.seq > 1 {
                metrics::rewind(connection, &job.id, *from_step)?;
                checkpoints::rewind(connection, &job.id, *from_step)?;
                samples::rewind(connection, &job.id, *from_step)?;
            }
        }
        EventBody::Progress(progress) => {
            if let Some(run) = run.as_deref_mut().filter(|_| progress.unit == "steps") {
                run.step = progress.n_done;
            }
            job.progress = Some(progress.clone());
        }
        EventBody::Score(metric) => {
            if let Some(run) = run.as_deref_mut() {
                if run.score_metric.name != metric.name {
                    run.score = None;
                }
                run.score_metric = metric.clone();
            }
        }
        EventBody::Phase(phase) => {
            if let Some(run) = run.as_deref_mut() {
                // A run that went back says again which phase it is in; later ones have yet to come.
                run.phases.retain(|begun| begun.number < phase.number);
                run.phases.push(phase.clone());
            }
        }
        EventBody::Metrics(values) => {
            if let Some(run) = run.as_deref_mut() {
                measure(run, values);
                metrics::add(connection, &job.id, event.seq, values)?;
            }
        }
        EventBody::System(system) => {
            if let Some(run) = run.as_deref_mut() {
                run.system = Some(*system);
            }
        }
        EventBody::Sample(sample) => {
            let original = sample.original.as_ref().unwrap_or(&sample.rendered);
            if is_inside(job, &[original, &sample.rendered]) {
                samples::save(connection, &job.id, sample)?;
            }
        }
        EventBody::Checkpoint(checkpoint) => {
            if is_inside(job, &[&checkpoint.path]) {
                checkpoints::save(connection, &job.id, checkpoint)?;
            }
        }
        EventBody::CheckpointRemoved { step } => checkpoints::remove(connection, &job.id, *step)?,
        EventBody::SteppedBack { to_step } => {
            metrics::rewind(connection, &job.id, *to_step)?;
            checkpoints::rewind(connection, &job.id, *to_step)?;
            samples::rewind(connection, &job.id, *to_step)?;
        }
        EventBody::Warning(warning) => {
            job.n_warnings = job.n_warnings.saturating_add(1);
            if job.n_warnings <= MAX_WARNINGS {
                warnings::add(connection, &job.id, warning)?;
            }
        }
        EventBody::Finished(_) => {}
    }
    let moves_best = matches!(
        event.body,
        EventBody::Started { .. }
            | EventBody::Metrics(_)
            | EventBody::Checkpoint(_)
            | EventBody::CheckpointRemoved { .. }
            | EventBody::SteppedBack { .. }
    );
    match run.filter(|_| moves_best) {
        Some(run) => hold_to_checkpoints(connection, &job.id, run),
        None => Ok(()),
    }
}

/// What is best is a checkpoint that one can have: a score that was measured of a model which is gone
/// counts only as long as there is none.
fn hold_to_checkpoints(connection: &Connection, job: &Id, run: &mut RunRow) -> Result<(), Error> {
    if let Some(score) = &mut run.score
        && let Some(best) = checkpoints::best_score(connection, job, &run.score_metric)?
    {
        score.best = best;
    }
    Ok(())
}

/// Whether the files that an event names are in its job's folder. What is not, is not listed: the
/// events of an imported folder can say anything.
fn is_inside(job: &JobRow, paths: &[&str]) -> bool {
    let is_inside = paths.iter().all(|path| job::inside::is_plain(path));
    if !is_inside {
        tracing::warn!("{}: an event is skipped: {paths:?} leave its folder", job.id);
    }
    is_inside
}

fn measure(run: &mut RunRow, metrics: &Metrics) {
    run.step = metrics.step;
    for (name, value) in &metrics.values {
        match run.latest.get_mut(name) {
            Some(latest) => *latest = *value,
            None => drop(run.latest.insert(name.clone(), *value)),
        }
    }
    let Some(&latest) = metrics.values.get(&run.score_metric.name) else { return };
    let score = run.score.get_or_insert(Score { first: latest, best: latest, latest });
    score.latest = latest;
    if run.score_metric.is_better(latest, score.best) {
        score.best = latest;
    }
}

/// Reads a job's events until their end, or until the time is up.
pub(crate) fn catch_up(
    shared: &Shared,
    id: &Id,
    until: std::time::Instant,
) -> Result<Reach, Error> {
    loop {
        let Some(job) = shared.read(|c| jobs::find(c, id))? else { return Ok(Reach::End) };
        if follow(shared, &job)? == Reach::End {
            return Ok(Reach::End);
        }
        if std::time::Instant::now() >= until {
            return Ok(Reach::Behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Lines that come out when the file grows part by part.
    fn lines_of(parts: &[&[u8]]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let (mut offset, mut lines) = (0, Vec::new());
        for part in parts {
            File::options().append(true).create(true).open(&path).unwrap().write_all(part).unwrap();
            loop {
                let chunk = read_chunk(&path, offset).unwrap();
                lines.extend(chunk.lines.into_iter().map(|it| String::from_utf8(it.text).unwrap()));
                offset = chunk.next_offset;
                if chunk.reach == Reach::End {
                    break;
                }
            }
        }
        lines
    }

    #[test]
    fn lines_are_whole_and_bounded() {
        let check = |parts: &[&[u8]], expected: &[&str]| assert_eq!(lines_of(parts), expected);
        check(&[], &[]);
        check(&[b"one\ntwo\n"], &["one", "two"]);
        check(&[b"on", b"e", b"\ntw", b"o\n", b"torn"], &["one", "two"]);
        check(&[b"\n\none\n"], &["one"]);
        let long = vec![b'x'; MAX_LINE_BYTES + 1];
        let longer = vec![b'x'; 3 * MAX_CHUNK_BYTES];
        for long in [&long, &longer] {
            check(&[b"one\n", long, b"\ntwo\n"], &["one", "two"]);
            check(&[b"one\n", long, b"yyy", b"yyy\ntwo\n"], &["one", "two"]);
            check(&[long, b"\n", long, b"\n", b"two\n"], &["two"]);
            check(&[&[long.as_slice(), b"\ntwo\n"].concat()], &["two"]);
        }
        let many = "{\"seq\":1}\n".repeat(1_000_000);
        assert_eq!(lines_of(&[many.as_bytes()]).len(), 1_000_000);
    }

    #[test]
    fn a_shorter_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, "one\n").unwrap();
        let chunk = read_chunk(&path, 100).unwrap();
        assert_eq!((chunk.lines.len(), chunk.next_offset), (1, 4));
        let chunk = read_chunk(&path, 4).unwrap();
        assert_eq!((chunk.lines.len(), chunk.next_offset), (0, 4));
    }

    #[test]
    fn numbers_decide_what_is_new() {
        let line = |seq: u64| {
            format!(r#"{{"seq":{seq},"time_ms":1,"event":"checkpoint_removed","step":1}}"#)
        };
        let id = Id::from_name("x", 1);
        let mut job = JobRow::new(id, JobKind::Train, "x".to_owned(), 0);
        assert!(parse(&mut job, line(1).as_bytes()).is_some());
        assert!(parse(&mut job, line(1).as_bytes()).is_none());
        assert!(parse(&mut job, line(5).as_bytes()).is_some());
        assert!(parse(&mut job, line(4).as_bytes()).is_none());
        let unknown = br#"{"seq":6,"time_ms":1,"event":"from_the_future"}"#;
        assert!(parse(&mut job, unknown).is_none());
        for garbage in ["", "{", "null", "[1]", "\u{0}", r#"{"seq":-1}"#, r#"{"seq":1e99}"#] {
            assert!(parse(&mut job, garbage.as_bytes()).is_none());
        }
        assert_eq!(job.last_seq, 6);
    }
}
