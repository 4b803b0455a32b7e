//! The follower: reads what workers append to `events.jsonl`, stores it, then publishes it.
//!
//! An event counts once, by its number: reading a file again from its start changes nothing. Lines
//! that are too long or make no sense are named in the studio's log and skipped, so that a worker of
//! another make or version can do no harm.

use api::{Episode, Event, EventBody, Id, JobKind, Metrics, Score};
use job::{
    Shelf,
    events::{self, Chunk, Reach},
};
use rusqlite::Connection;

use crate::{
    Error,
    library::{analyses, films::automatic, memory, sessions},
    shared::{Change, Shared},
    store::{
        checkpoints, episodes, event_marks,
        jobs::{self, JobRow, Phase},
        metrics,
        runs::{self, RunRow},
        samples, warnings,
    },
};

/// The most facts of a run.
const MAX_FACTS: usize = 100;

/// Warnings that are kept of one job; later ones are only counted.
const MAX_WARNINGS: u32 = 10_000;

/// Whose events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Those of a process that works, or did until a moment ago: they are acted upon.
    Live,
    /// Those of a folder that was found or imported.
    Past,
}

/// Reads the next part of a working job's events, stores it, publishes it and acts upon it.
pub(crate) fn follow(shared: &Shared, job: &JobRow) -> Result<Reach, Error> {
    read(shared, job, Reading::Live)
}

/// Reads the next part of the events of a job that was found in its folder. A job that has ended is listed with all of
/// them at once.
pub(crate) fn read_on(shared: &Shared, job: &JobRow) -> Result<Reach, Error> {
    read(shared, job, Reading::Past)
}

/// Only events of a running job are published.
fn read(shared: &Shared, job: &JobRow, reading: Reading) -> Result<Reach, Error> {
    let folder = match job.deleted_ms {
        None => shared.workspace.folder(Shelf::of(job.kind), &job.id),
        Some(_) => shared.workspace.trash(Shelf::of(job.kind), &job.id),
    };
    let chunk = events::read_chunk(&folder, job.read_bytes)?;
    if chunk.n_too_long > 0 {
        tracing::warn!("{}: {} lines are too long and skipped", job.id, chunk.n_too_long);
    }
    if chunk.next_offset != job.read_bytes {
        shared.change(|change| store(change, job, &chunk, reading))?;
        if job.kind == JobKind::Session && reading == Reading::Live {
            sessions::take_recorded(shared, &job.id, &chunk);
        }
        if job.kind == JobKind::Analyse && reading == Reading::Live {
            analyses::take_found(shared, &job.id, &chunk);
        }
        if job.kind == JobKind::Memory && reading == Reading::Live {
            memory::take_found(shared, &job.id);
        }
    }
    Ok(chunk.reach)
}

/// Stores a chunk in the job as it stands now, which verbs may have changed meanwhile.
fn store(
    change: &mut Change<'_>,
    before: &JobRow,
    chunk: &Chunk,
    reading: Reading,
) -> Result<(), Error> {
    let Some(mut job) = jobs::find(change.tx, &before.id)? else { return Ok(()) };
    if job.read_bytes != before.read_bytes {
        return Ok(());
    }
    let mut run = runs::find(change.tx, &job.id)?.map(|(_, run)| run);
    for line in &chunk.lines {
        let Some(event) = parse(&mut job, &line.text) else { continue };
        apply(change.tx, &mut job, run.as_mut(), &event)?;
        if reading == Reading::Live
            && let EventBody::Episode(episode) = &event.body
            && is_inside(&job, &paths_of(episode))
        {
            automatic::wish_for(change.tx, &job.id, episode)?;
        }
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
    let (seq, event) = match serde_json::from_slice::<Event>(line) {
        Ok(event) => (event.seq, Some(plausible(event))),
        Err(error) => {
            tracing::warn!("{}: an event is skipped: {error}", job.id);
            (events::number(line)?, None)
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

/// The event, where a job is at the end at most: a worker that has done more than it meant to is not at 120 %.
fn plausible(mut event: Event) -> Event {
    if let EventBody::Progress(progress) = &mut event.body {
        progress.share = progress.share.map(|share| share.clamp(0.0, 1.0));
        progress.n_total = progress.n_total.map(|n_total| n_total.max(progress.n_done));
    }
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
                episodes::rewind(connection, &job.id, *from_step)?;
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
        EventBody::Facts { facts } => {
            if let Some(run) = run.as_deref_mut() {
                run.facts = facts.iter().take(MAX_FACTS).cloned().collect();
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
        EventBody::Episode(episode) => {
            if is_inside(job, &paths_of(episode)) {
                episodes::save(connection, &job.id, episode)?;
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
            episodes::rewind(connection, &job.id, *to_step)?;
        }
        EventBody::Warning(warning) => {
            job.n_warnings = job.n_warnings.saturating_add(1);
            if job.n_warnings <= MAX_WARNINGS {
                warnings::add(connection, &job.id, warning)?;
            }
        }
        // What was recorded or found is taken into the library, not stored with the job.
        EventBody::Recorded { .. }
        | EventBody::Analysed { .. }
        | EventBody::NotAnalysed { .. }
        | EventBody::Finished(_) => {}
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

/// The files of an episode.
fn paths_of(episode: &Episode) -> [&str; 2] {
    [episode.agent.as_ref().unwrap_or(&episode.path), &episode.path]
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
        if read_on(shared, &job)? == Reach::End {
            return Ok(Reach::End);
        }
        if std::time::Instant::now() >= until {
            return Ok(Reach::Behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
