//! A dataset of the original program as one of ours: its excerpts, or the files that it names.

use std::{path::Path, time::Instant};

use anyhow::Context;
use api::{DatasetIndex, Made, Outcome, PrepareTask, SoundSource, Split, Task, Warning};
use foreign::{
    audio_example::{self, DatasetMetadata},
    lmdb,
};

use super::{One, Steps};
use crate::{
    bad_sound::explain,
    dataset::{DatasetWriter, PreparedSound},
    folder::{JobFolder, now_ms},
    jobs::prepare,
};

/// The share that is held out, as the original holds out.
const HELD_OUT_SHARE: f64 = 0.02;

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
    // A damaged file may say that there are none.
    let n_entries = database.n_entries().max(1) as f64;
    for (i, entry) in database.entries().enumerate() {
        if !steps.go_on(job, i as f64 / n_entries)? {
            return Ok(None);
        }
        let sound = entry.map_err(anyhow::Error::from).and_then(|entry| {
            let key = String::from_utf8_lossy(&entry.key).into_owned();
            sound_of(&database, &entry, &key, &metadata)
        });
        match sound {
            Ok(sound) => writer.add(sound).context("store a sound")?,
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
    anyhow::ensure!(writer.n_sounds() > 0, "none of its records can be used");
    let split = |sounds: &[api::IndexedSound]| -> Vec<Split> {
        prepare::split_by_file(sounds, HELD_OUT_SHARE, 0)
    };
    let source = format!("{} (acids-rave)", one.source.display());
    let seconds = started.elapsed().as_secs_f64();
    writer.finish(source, split, warnings, n_skipped, seconds).context("write the dataset")?;
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

/// The sound of a record.
fn sound_of(
    database: &lmdb::Lmdb,
    entry: &lmdb::Entry,
    key: &str,
    metadata: &DatasetMetadata,
) -> anyhow::Result<PreparedSound> {
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
        let clip = audio::Clip { rate_hz, channels };
        return Ok(prepared(format!("excerpt {key}"), &clip, rate_hz, n_channels as u16));
    }
    let path = example.metadata.get("path");
    let path = path.with_context(|| {
        format!("read the record {key}: it holds no sound and refers to no file")
    })?;
    let limits = audio::DecodeLimits { max_secs: prepare::LENGTH_SECS_MAX, ..Default::default() };
    let decoded = audio::decode_file(Path::new(path), &limits).map_err(|error| {
        let (_, what, _) = explain(&error);
        anyhow::anyhow!("{path}: {}", what.trim_end_matches('.'))
    })?;
    let (of_file, in_file) = (decoded.clip.rate_hz, decoded.clip.channels.len() as u16);
    let clip = audio::with_channels(decoded.clip, n_channels);
    let clip = audio::resample(&clip, rate_hz);
    Ok(prepared(path.clone(), &clip, of_file, in_file))
}

fn prepared(path: String, clip: &audio::Clip, rate_hz: u32, channels: u16) -> PreparedSound {
    let planar: Vec<&[f32]> = clip.channels.iter().map(Vec::as_slice).collect();
    PreparedSound {
        path,
        samples: prepare::interleaved(&planar),
        peaks: audio::peaks(&planar, DatasetIndex::PEAK_BLOCK as usize),
        source_rate_hz: rate_hz,
        source_channels: channels,
        peak_db: audio::peak_db(clip),
        rms_db: audio::rms_db(clip),
    }
}
