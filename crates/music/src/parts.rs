//! Parts written for the harmony of a piece: drums, bass, keys, pad and melody, each one file, in one of a few styles.
//!
//! Everything is drawn from a seed. A variation is another seed for the same part, so variation 3 is the same whether
//! two or ten are asked for.

mod bass;
mod drums;
mod keys;
mod line;
mod style;

use crate::{
    bars::Bars,
    harmony::{Harmony, HarmonyError, harmony_of},
    melody::melody,
    random::Random,
    score::{Note, Score, Track},
};

pub use style::BandStyle;
use style::Template;

/// Bars that are written at most.
const BARS_MAX: u64 = 4000;

/// A part of a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Drums.
    Drums,
    /// A bass line.
    Bass,
    /// A melody.
    Melody,
    /// Chords in the rhythm of the style.
    Keys,
    /// Chords that are held.
    Pad,
}

impl Part {
    /// Every part with its name.
    pub const ALL: [(&str, Self); 5] = [
        ("drums", Self::Drums),
        ("bass", Self::Bass),
        ("melody", Self::Melody),
        ("keys", Self::Keys),
        ("pad", Self::Pad),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Drums => "Drums",
            Self::Bass => "Bass",
            Self::Melody => "Melody",
            Self::Keys => "Keys",
            Self::Pad => "Pad",
        }
    }
}

/// A bar that is written.
#[derive(Clone, Copy, Debug)]
struct Bar {
    /// Its number from the first that is written.
    idx: u64,
    start: u64,
    end: u64,
    /// Whether it is the last.
    is_last: bool,
}

/// What every part is written from.
struct Sheet<'a> {
    harmony: &'a Harmony,
    bars: Vec<Bar>,
    /// Ticks of a 16th; may have a fraction.
    step: f64,
    template: &'static Template,
    ticks_per_quarter: u32,
}

impl Sheet<'_> {
    /// Where a 16th of a bar begins; every second one is late in a style that swings.
    fn tick(&self, bar: Bar, step: usize) -> u64 {
        let swung = self.template.swing_8ths * 2.0;
        let in_beat = step % 4;
        let late = match in_beat {
            // Swung 8ths: the second of a beat moves towards the last third, and what is between with it.
            2 => swung,
            1 | 3 => swung / 2.0,
            _ => 0.0,
        };
        (bar.start + ((step as f64 + late) * self.step).round() as u64).min(bar.end)
    }

    fn n_steps(&self, bar: Bar) -> usize {
        (((bar.end - bar.start) as f64 / self.step).round() as usize).clamp(1, 128)
    }
}

/// A part for a score, in its tempo and meter, without the score's own tracks.
///
/// # Errors
/// When the score has no harmony to go by, or is too long.
pub fn write_part(
    score: &Score,
    part: Part,
    style: BandStyle,
    seed: u64,
    variation: u32,
) -> Result<Score, HarmonyError> {
    let harmony = harmony_of(score)?;
    let track = part_track(score, &harmony, part, style, seed, variation)?;
    let keys = if part == Part::Drums { Vec::new() } else { score.keys.clone() };
    Ok(Score { tracks: vec![track], markers: Vec::new(), keys, ..score.clone() })
}

/// The melody of a lead sheet with a band for it: bass, keys, drums, pad.
///
/// # Errors
/// When the score has no harmony to go by, or is too long.
pub fn arrange(score: &Score, style: BandStyle, seed: u64) -> Result<Score, HarmonyError> {
    let harmony = harmony_of(score)?;
    let mut tracks = Vec::new();
    let line = melody(score);
    if !line.is_empty() {
        let mut lead = Track::new("Melody", 0, style.template().lead_program);
        lead.notes = line.iter().map(|note| Note { channel: 0, ..*note }).collect();
        tracks.push(lead);
    }
    for part in [Part::Bass, Part::Keys, Part::Drums, Part::Pad] {
        tracks.push(part_track(score, &harmony, part, style, seed, 0)?);
    }
    Ok(Score { tracks, ..score.clone() })
}

fn part_track(
    score: &Score,
    harmony: &Harmony,
    part: Part,
    style: BandStyle,
    seed: u64,
    variation: u32,
) -> Result<Track, HarmonyError> {
    let template = style.template();
    let sheet = Sheet {
        harmony,
        bars: bars_of(score, harmony)?,
        step: f64::from(score.ticks_per_quarter.max(1)) / 4.0,
        template,
        ticks_per_quarter: score.ticks_per_quarter.max(1),
    };
    let mut random = Random::of(seed, &format!("{} {variation}", part.name()));
    let (channel, program) = match part {
        Part::Melody => (0, template.lead_program),
        Part::Bass => (1, template.bass_program),
        Part::Keys => (2, template.keys_program),
        Part::Pad => (3, 89),
        Part::Drums => (crate::score::DRUM_CHANNEL, 0),
    };
    let mut track = Track::new(part.name(), channel, program);
    track.notes = match part {
        Part::Drums => drums::write(&sheet, &mut random),
        Part::Bass => bass::write(&sheet, &mut random),
        Part::Keys => keys::write(&sheet, &mut random),
        Part::Pad => keys::write_pad(&sheet),
        Part::Melody => line::write(&sheet, &mut random),
    };
    track.notes.iter_mut().for_each(|note| note.channel = channel);
    track.sort();
    Ok(track)
}

/// The bars from the first chord to the end of the last.
fn bars_of(score: &Score, harmony: &Harmony) -> Result<Vec<Bar>, HarmonyError> {
    let bars = Bars::new(score);
    let (Some(first), Some(last)) = (harmony.chords.first(), harmony.chords.last()) else {
        return Err(HarmonyError::NoNotes);
    };
    let from = bars.place(first.start).bar;
    let n = bars.n_bars(last.end).saturating_sub(from);
    if n > BARS_MAX {
        return Err(HarmonyError::TooLong { n, most: BARS_MAX as usize });
    }
    let bar = |idx: u64| Bar {
        idx,
        start: bars.start(from + idx),
        end: bars.start(from + idx + 1),
        is_last: idx + 1 == n,
    };
    Ok((0..n).map(bar).collect())
}

/// A note without a channel; the channel comes with the track.
fn note(start: u64, end: u64, key: u8, velocity: f64) -> Note {
    Note {
        start,
        length: end.saturating_sub(start).max(1),
        key,
        velocity: velocity.round().clamp(1.0, 127.0) as u8,
        channel: 0,
        off_velocity: 64,
    }
}

#[cfg(test)]
mod tests;
