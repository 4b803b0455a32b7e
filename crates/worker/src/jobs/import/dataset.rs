//! A dataset of the original program as one of ours: its excerpts, or the files that it names.

use std::{path::Path, sync::Arc, time::Instant};

use anyhow::Context;
use api::{Made, Outcome, PrepareTask, SoundSource, Task, Warning};
use foreign::{
    audio_example::{self, DatasetMetadata},
    lmdb,
};

use super::{One, Steps};
use crate::{
    dataset::{About, DatasetWriter, Ingest, Ingested, PreparedSound, Room, Search, spill_name},
    folder::{JobFolder, now_ms},
    jobs::prepare,
};

/// The share that is held out, as the original holds out.
const HELD_OUT_SHARE: f64 = 0.02;
/// Bytes of a record's sound that are in memory; more goes to the disk at once.
const ROOM_BYTES: usize = 64 << 20;

/// Makes the dataset, one record after the other; nothing if it was asked to stop.
pub(super) fn make(
    job: &mut JobFolder,
    one: &One<'_>,
    steps: &mut Steps,
) -> anyhow::Result<Option<Made>> {
    let started = Instant::now();
    let metadata = audio_example::read_metadata(&one.source.join("metadata.yaml"))?;
    let channels = u16::try_from(metadata.n_channels).context("count the channels")?;
    let database = lmdb::open(&one.source)?;
    let mut writer = DatasetWriter::create(&one.target, metadata.rate_hz, channels)
        .context("create the dataset's files")?;
    let (mut warnings, mut n_skipped) = (vec![], 0);
    let room: &Arc<Room> = &Room::new(ROOM_BYTES);
    let ingest =
        Ingest { rate_hz: metadata.rate_hz, channels, spill: one.target.join(spill_name(0)), room };
    // A damaged file may say that there are none.
    let n_entries = database.n_entries().max(1) as f64;
    for (i, entry) in database.entries().enumerate() {
        if !steps.go_on(job, i as f64 / n_entries)? {
            return Ok(None);
        }
        let sound = entry.map_err(anyhow::Error::from).and_then(|entry| {
            let key = String::from_utf8_lossy(&entry.key).into_owned();
            sound_of(&database, &entry, &key, &metadata, &ingest, || !job.should_stop())
        });
        match sound {
            Ok(Some(sound)) => writer.add(sound).context("store a sound")?,
            Ok(None) => return Ok(None),
            Err(error) if error.is::<std::io::Error>() => return Err(error),
            Err(error) => {
                n_skipped += 1;
                let warning = one.warning("left_out", format!("Record left out: {error:#}."));
                job.warn(warning.clone())?;
                // As many as the job itself lists.
                if warnings.len() < WARNINGS_MAX {
                    warnings.push(Warning { file: None, ..warning });
                }
            }
        }
    }
    anyhow::ensure!(!writer.sounds().is_empty(), "none of its records can be used");
    let about = About {
        source: format!("{} (acids-rave)", one.source.display()),
        warnings,
        n_skipped,
        prepare_secs: started.elapsed().as_secs_f64(),
    };
    // Excerpts of one length would all have to be compared with each other, so only equal ones are found.
    let groups = Search::exact(&writer).groups;
    writer
        .finish(about, groups, |sounds, groups| {
            prepare::split_by_group(sounds, groups, HELD_OUT_SHARE, 0)
        })
        .context("write the dataset")?;
    let task = PrepareTask {
        source: SoundSource::Folder { path: one.source.clone() },
        rate_hz: metadata.rate_hz,
        channels,
        validation_share: HELD_OUT_SHARE,
        seed: 0,
    };
    one.write_order(now_ms(), Task::Prepare(task))?;
    std::fs::write(one.target.join("events.jsonl"), "").context("write events.jsonl")?;
    one.write_exit(Outcome::Done)?;
    Ok(Some(one.made(None)))
}

/// Warnings that are kept with the dataset.
const WARNINGS_MAX: usize = 200;

/// The sound of a record; `None` after a stop.
fn sound_of(
    database: &lmdb::Lmdb,
    entry: &lmdb::Entry,
    key: &str,
    metadata: &DatasetMetadata,
    ingest: &Ingest<'_>,
    mut go_on: impl FnMut() -> bool,
) -> anyhow::Result<Option<PreparedSound>> {
    let bytes = database.read(entry)?;
    let example = audio_example::decode(&bytes, database.path(), key)?;
    let (rate_hz, n_channels) = (metadata.rate_hz, metadata.n_channels as usize);
    if let Some(buffer) = example.buffers.get("waveform") {
        let channels = buffer
            .channels()
            .with_context(|| format!("read the record {key}: its data are not sound"))?;
        anyhow::ensure!(
            channels.len() == n_channels,
            "the record {key} has {} channels instead of {n_channels}",
            channels.len()
        );
        let draft = ingest.clip(&audio::Clip { rate_hz, channels })?;
        return Ok(Some(draft.finish(&format!("excerpt {key}"), |_| None)?));
    }
    let path = example.metadata.get("path");
    let path = path.with_context(|| {
        format!("read the record {key}: it holds no sound and refers to no file")
    })?;
    match ingest.file(Path::new(path), |_| go_on())? {
        Ingested::Stopped => Ok(None),
        Ingested::Unusable(why, _) => {
            anyhow::bail!("{path}: {}", why.why.trim_end_matches('.'))
        }
        Ingested::Sound(draft, _) => Ok(Some(draft.finish(path, |_| None)?)),
    }
}
