//! `maquette convert-sound`: a sound file in another format, at another rate, as loud as a platform asks.
//!
//! Everything is read block by block, two or more times: first to measure it, then to write it. So a file of any length
//! takes a few megabytes.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use api::{ConvertedSound, Problem, SoundDither, SoundFileFormat};
use audio::{
    Bits, Broadcast, Clip, DecodeLimits, Dither, Ditherer, Error, FileFormat, Loudness, Resampler,
    SoundReader, SoundShape, SoundWriter, TruePeakLimiter, WavFormat, db_from_gain, gain_from_db,
    is_in_steps, quality::TruePeak, with_channels,
};

use super::{named, problem_of};
use crate::folder::problem;

/// How a sound is converted.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvertSound {
    /// The format of the file that is written.
    pub format: SoundFileFormat,
    /// Samples per second; none keeps the file's.
    pub rate_hz: Option<u32>,
    /// Channels; none keeps the file's.
    pub channels: Option<u32>,
    /// How loud it becomes; none leaves it as it is.
    pub loudness: Option<LoudnessTarget>,
    /// What noise is added where samples are rounded.
    pub dither: SoundDither,
}

/// How loud a sound becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoudnessTarget {
    /// Integrated loudness, in LUFS.
    pub lufs: f64,
    /// What its peaks stay below, between the samples too, in dB.
    pub ceiling_dbtp: f64,
}

impl LoudnessTarget {
    /// What streaming services play back unchanged. Source: AES TD1008 (2021) and the services' own pages.
    pub const STREAMING: Self = Self { lufs: -14.0, ceiling_dbtp: -1.0 };
    /// Broadcasting in Europe. Source: EBU R 128 (2023).
    pub const BROADCAST: Self = Self { lufs: -23.0, ceiling_dbtp: -1.0 };
    /// What club music is mastered to; there is no standard.
    pub const CLUB: Self = Self { lufs: -9.0, ceiling_dbtp: -1.0 };
}

/// How far from its target a loudness may be, in LU. Source: EBU R 128 allows ±0.5 for programmes.
const LOUDNESS_TOLERANCE_LU: f64 = 0.1;
/// How often a limited sound is measured again before it is written as it is.
const TRIES_MAX: u32 = 6;
/// The most that a sound is turned up.
const GAIN_DB_MAX: f64 = 40.0;

/// Writes a sound file in another format; what is asked for in vain is said in the notes.
///
/// # Errors
/// When the file cannot be read as sound or the other one cannot be written: what happened, why, and what to do.
pub fn convert_sound(
    input: &Path,
    output: &Path,
    order: &ConvertSound,
) -> Result<ConvertedSound, Problem> {
    let rates = 1_000..=768_000;
    if let Some(rate_hz) = order.rate_hz.filter(|rate_hz| !rates.contains(rate_hz)) {
        let why = format!("{rate_hz} Hz is not between {} and {}.", rates.start(), rates.end());
        return Err(problem("bad_rate", "There is no such rate.", &why, "Use 44100 or 48000."));
    }
    let format = file_format(order.format);
    if let Some(n) = order.channels.filter(|n| !(1..=64).contains(n)) {
        let why = format!("A sound has 1 to 64 channels, not {n}.");
        return Err(problem("bad_channels", "It cannot be converted.", &why, "Use 1 or 2."));
    }
    convert(input, output, order, format).map_err(|error| problem_of(&error))
}

fn convert(
    input: &Path,
    output: &Path,
    order: &ConvertSound,
    format: FileFormat,
) -> Result<ConvertedSound, Error> {
    let mut notes = vec![];
    let plain = Level { gain: 1.0, ceiling: None };
    let mut measured = measure(input, order, plain)?;
    let mut level = plain;
    let (first_lufs, first_peak) = (measured.loudness_lufs, measured.true_peak);
    match (order.loudness, first_lufs) {
        (Some(target), Some(lufs)) => {
            level.gain = gain_from_db((target.lufs - lufs).min(GAIN_DB_MAX));
            if first_peak * level.gain > gain_from_db(target.ceiling_dbtp) {
                (level, measured) = limited(input, order, target, level.gain)?;
            } else {
                measured = measured.turned(level.gain);
            }
            let reached = measured.loudness_lufs.unwrap_or(target.lufs);
            if (reached - target.lufs).abs() > LOUDNESS_TOLERANCE_LU {
                notes.push(format!(
                    "It came to {reached:.1} LUFS instead of {:.1}: its peaks allow no more.",
                    target.lufs
                ));
            }
        }
        (Some(_), None) => {
            notes.push(
                "It is silent or shorter than 0.4 s, so it has no loudness to change.".into(),
            );
        }
        (None, _) => {}
    }
    // Without a limiter nothing may clip either.
    let is_float = format == FileFormat::Wav(WavFormat::Float32);
    if level.ceiling.is_none() && measured.peak > 1.0 && !is_float {
        let down = 1.0 / f64::from(measured.peak);
        notes.push(format!(
            "It was turned down by {:.1} dB, as it would clip.",
            -db_from_gain(down)
        ));
        level.gain *= down;
        measured = measured.turned(down);
    }
    let is_changed = level != plain || measured.is_reshaped;
    let dither = match order.dither {
        SoundDither::Off => Dither::Off,
        SoundDither::On => Dither::On,
        SoundDither::Shaped => Dither::Shaped,
    };
    let is_dithered = dither != Dither::Off
        && format.bits().is_some_and(|bits| is_changed || !measured.is_in_steps(bits));
    let written =
        write(input, output, order, format, level, &measured, is_dithered.then_some(dither))?;
    notes.extend(written.notes);
    let size = std::fs::metadata(output).map(|it| it.len()).unwrap_or(0);
    Ok(ConvertedSound {
        file: named(input),
        output: named(output),
        seconds: measured.n_frames as f64 / f64::from(measured.rate_hz),
        rate_hz: measured.rate_hz,
        channels: measured.n_channels as u32,
        bytes: size,
        gain_db: if level.gain == 1.0 { 0.0 } else { 20.0 * level.gain.log10() },
        limited_db: if written.least_gain == 1.0 {
            0.0
        } else {
            -db_from_gain(f64::from(written.least_gain))
        },
        loudness_lufs: measured.loudness_lufs,
        true_peak_dbtp: (measured.true_peak > 0.0).then(|| db_from_gain(measured.true_peak)),
        is_dithered,
        notes,
    })
}

/// Gain and ceiling by which a sound that has to be limited comes to its loudness: the limiter takes loudness away, so it
/// is measured and corrected until it fits.
fn limited(
    input: &Path,
    order: &ConvertSound,
    target: LoudnessTarget,
    gain: f64,
) -> Result<(Level, Measured), Error> {
    let ceiling = gain_from_db(target.ceiling_dbtp);
    let mut level = Level { gain, ceiling: Some(ceiling) };
    let mut tries = 1;
    loop {
        let measured = measure(input, order, level)?;
        let missing = target.lufs - measured.loudness_lufs.unwrap_or(target.lufs);
        let over = measured.true_peak / ceiling;
        let is_reached = missing.abs() <= LOUDNESS_TOLERANCE_LU && over <= 1.001;
        if is_reached || tries == TRIES_MAX {
            return Ok((level, measured));
        }
        tries += 1;
        // Half as much again, since the louder it is the more the limiter takes.
        let more = (missing * if missing > 0.0 { 1.5 } else { 1.0 }).clamp(-6.0, 6.0);
        level.gain = (level.gain * gain_from_db(more)).min(gain_from_db(GAIN_DB_MAX));
        if over > 1.001 {
            level.ceiling = level.ceiling.map(|now| now / over);
        }
    }
}

fn file_format(format: SoundFileFormat) -> FileFormat {
    match format {
        SoundFileFormat::Wav16 => FileFormat::Wav(WavFormat::Int16),
        SoundFileFormat::Wav24 => FileFormat::Wav(WavFormat::Int24),
        SoundFileFormat::Wav32 => FileFormat::Wav(WavFormat::Float32),
        SoundFileFormat::Bwf => FileFormat::BroadcastWave,
        SoundFileFormat::Aiff16 => FileFormat::Aiff(Bits::Sixteen),
        SoundFileFormat::Aiff => FileFormat::Aiff(Bits::TwentyFour),
        SoundFileFormat::Flac16 => FileFormat::Flac(Bits::Sixteen),
        SoundFileFormat::Flac => FileFormat::Flac(Bits::TwentyFour),
        SoundFileFormat::Ogg => FileFormat::Vorbis,
    }
}

/// Gain, and the ceiling of a limiter after it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Level {
    gain: f64,
    ceiling: Option<f64>,
}

/// What a sound is like after it was shaped.
#[derive(Clone, Debug)]
struct Measured {
    rate_hz: u32,
    n_channels: usize,
    n_frames: u64,
    /// Whether its rate or its channels are others than the file's.
    is_reshaped: bool,
    loudness_lufs: Option<f64>,
    peak: f32,
    true_peak: f64,
    /// Whether its samples are steps of 16 and of 24 bits.
    in_steps: [bool; 2],
}

impl Measured {
    fn turned(self, gain: f64) -> Self {
        Self {
            loudness_lufs: self.loudness_lufs.map(|lufs| lufs + 20.0 * gain.log10()),
            peak: (f64::from(self.peak) * gain) as f32,
            true_peak: self.true_peak * gain,
            ..self
        }
    }

    fn is_in_steps(&self, bits: Bits) -> bool {
        self.in_steps[usize::from(bits == Bits::TwentyFour)]
    }
}

fn measure(input: &Path, order: &ConvertSound, level: Level) -> Result<Measured, Error> {
    let mut chain = Chain::open(input, order, level)?;
    let (rate_hz, n_channels) = (chain.rate_hz, chain.n_channels);
    let mut loudness = Loudness::new(rate_hz, n_channels);
    let mut true_peak = TruePeak::new(n_channels);
    let (mut peak, mut n_frames, mut in_steps) = (0.0f32, 0, [true; 2]);
    let mut block = vec![];
    while chain.next(&mut block)? {
        loudness.push(&block);
        true_peak.push(&block);
        peak = block.iter().flatten().fold(peak, |peak, x| peak.max(x.abs()));
        n_frames += block[0].len() as u64;
        for (is, bits) in in_steps.iter_mut().zip([Bits::Sixteen, Bits::TwentyFour]) {
            *is = *is && is_in_steps(&block, bits);
        }
    }
    true_peak.finish();
    Ok(Measured {
        rate_hz,
        n_channels,
        n_frames,
        is_reshaped: chain.is_reshaped,
        loudness_lufs: loudness.integrated_lufs(),
        peak,
        true_peak: true_peak.dbtp().map_or(0.0, gain_from_db),
        in_steps,
    })
}

/// What was found out while a sound was written.
struct Written {
    /// How far the limiter went down.
    least_gain: f32,
    notes: Vec<String>,
}

fn write(
    input: &Path,
    output: &Path,
    order: &ConvertSound,
    format: FileFormat,
    level: Level,
    measured: &Measured,
    dither: Option<Dither>,
) -> Result<Written, Error> {
    let mut chain = Chain::open(input, order, level)?;
    let shape = SoundShape {
        format,
        rate_hz: measured.rate_hz,
        n_channels: measured.n_channels,
        n_frames: measured.n_frames,
        broadcast: broadcast(input, measured),
    };
    let ditherer = format.bits().zip(dither);
    let mut ditherer = ditherer
        .map(|(bits, dither)| Ditherer::new(bits, dither, shape.rate_hz, shape.n_channels, 0));
    let mut writer = SoundWriter::create(output, &shape)?;
    let mut block = vec![];
    let mut least_gain = 1.0f32;
    while chain.next(&mut block)? {
        if let Some(ditherer) = &mut ditherer {
            ditherer.apply(&mut block);
        }
        writer.write(&block)?;
        least_gain = least_gain.min(chain.least_gain);
    }
    writer.finish()?;
    let notes = chain.reader.end().notes;
    // Beyond full scale is told as what was done about it.
    let notes = notes.into_iter().filter(|note| note.code != "turned_down");
    let notes = notes.map(|note| format!("{}.", note.message)).collect();
    Ok(Written { least_gain, notes })
}

/// What a Broadcast Wave file says: the name it had, and the day and time at which the file was last written.
fn broadcast(input: &Path, measured: &Measured) -> Broadcast {
    let written = std::fs::metadata(input).and_then(|it| it.modified()).ok();
    let (date, time) = written.map(date_and_time).unwrap_or_default();
    Broadcast {
        description: input.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        originator: "Maquette".into(),
        date,
        time,
        start_frame: 0,
        loudness_lufs: measured.loudness_lufs,
        true_peak_dbtp: (measured.true_peak > 0.0).then(|| db_from_gain(measured.true_peak)),
    }
}

/// A moment as day and time in UTC. Source: Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn date_and_time(moment: SystemTime) -> (String, String) {
    let secs = moment.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let days = secs / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let of_day = secs % 86_400;
    (
        format!("{year:04}-{month:02}-{day:02}"),
        format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60),
    )
}

/// A file on its way: decoded, mixed to its channels, resampled, turned up or down, limited.
struct Chain {
    reader: SoundReader,
    rate_hz: u32,
    n_channels: usize,
    is_reshaped: bool,
    resampler: Resampler,
    gain: f32,
    limiter: Option<Limiting>,
    /// How far the limiter has gone down since the last block.
    least_gain: f32,
    is_ended: bool,
}

/// A limiter, and what it is late by.
struct Limiting {
    limiter: TruePeakLimiter,
    n_late: usize,
    frame: Vec<f32>,
}

impl Chain {
    fn open(input: &Path, order: &ConvertSound, level: Level) -> Result<Self, Error> {
        let reader = SoundReader::open(input, &DecodeLimits::STREAMED)?;
        let rate_hz = order.rate_hz.unwrap_or(reader.rate_hz());
        let n_channels = order.channels.map_or(reader.n_channels(), |n| n as usize);
        let limiter = level.ceiling.map(|ceiling| {
            let limiter = TruePeakLimiter::new(rate_hz, n_channels, ceiling as f32);
            Limiting { n_late: limiter.latency_samples(), frame: vec![0.0; n_channels], limiter }
        });
        Ok(Self {
            is_reshaped: rate_hz != reader.rate_hz() || n_channels != reader.n_channels(),
            resampler: Resampler::new(reader.rate_hz(), rate_hz, n_channels),
            reader,
            rate_hz,
            n_channels,
            gain: level.gain as f32,
            limiter,
            least_gain: 1.0,
            is_ended: false,
        })
    }

    /// Replaces a block by the next one, which may be empty; false at the end.
    fn next(&mut self, block: &mut Vec<Vec<f32>>) -> Result<bool, Error> {
        if self.is_ended {
            return Ok(false);
        }
        let mut out = vec![vec![]; self.n_channels];
        if self.reader.next(block)? {
            let clip = Clip { rate_hz: self.reader.rate_hz(), channels: std::mem::take(block) };
            self.resampler.push(&with_channels(clip, self.n_channels).channels, &mut out);
        } else {
            self.resampler.finish(&mut out);
            self.is_ended = true;
        }
        if self.gain != 1.0 {
            out.iter_mut().flatten().for_each(|x| *x *= self.gain);
        }
        self.limit(&mut out);
        *block = out;
        Ok(true)
    }

    /// Limits a block; the last one brings what the limiter was late by.
    fn limit(&mut self, block: &mut [Vec<f32>]) {
        let Some(Limiting { limiter, n_late, frame }) = &mut self.limiter else { return };
        if self.is_ended {
            let n_late = limiter.latency_samples();
            block.iter_mut().for_each(|channel| channel.resize(channel.len() + n_late, 0.0));
        }
        self.least_gain = 1.0;
        for i in 0..block[0].len() {
            frame.iter_mut().zip(block.iter()).for_each(|(x, channel)| *x = channel[i]);
            limiter.process(frame);
            frame.iter().zip(block.iter_mut()).for_each(|(x, channel)| channel[i] = *x);
            self.least_gain = self.least_gain.min(limiter.gain());
        }
        let n_early = (*n_late).min(block[0].len());
        *n_late -= n_early;
        block.iter_mut().for_each(|channel| drop(channel.drain(..n_early)));
    }
}

#[cfg(test)]
mod tests;
