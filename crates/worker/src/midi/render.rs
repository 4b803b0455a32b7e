//! Sound from a MIDI file: by our own instruments, or by a user's `SoundFont`.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use api::{MidiRendered, Problem};
use audio::{
    Band, BandEvent, BandMove, Instrument, SoundFontPlayer, WavFormat, WavWriter, db_from_gain,
};
use music::{Clock, DRUM_CHANNEL, Event, Score};

use super::file;
use crate::folder::problem;

/// The longest piece that is rendered.
const LONGEST_SECS: f64 = 12.0 * 3600.0;
/// What is left to fade after the last note.
const TAIL_SECS: f64 = 2.5;
/// Frames of a block.
const BLOCK: usize = 4096;
/// The largest `SoundFont` that is opened.
const FONT_BYTES_MAX: u64 = 2 << 30;

/// How to render.
#[derive(Clone, Debug, PartialEq)]
pub struct MidiRender {
    /// A `SoundFont` (SF2) that plays; else our own instruments do.
    pub sound_font: Option<PathBuf>,
    /// The sampling rate, 8000 to 192000; a `SoundFont` from 16000 on.
    pub rate_hz: u32,
}

/// Renders a MIDI file into a stereo WAV file of 32-bit numbers, block by block.
///
/// # Errors
/// When a file cannot be read, played or written: what happened, and what to do.
pub fn midi_render(input: &Path, output: &Path, how: &MidiRender) -> Result<MidiRendered, Problem> {
    render(&file::open_score(input)?, input, output, how)
}

/// Renders a part with the piece that it was written for, into a WAV file.
///
/// # Errors
/// As [`midi_render`].
pub(crate) fn midi_render_together(
    part: &Path,
    piece: &Path,
    output: &Path,
    how: &MidiRender,
) -> Result<MidiRendered, Problem> {
    let (part_score, mut score) = (file::open_score(part)?, file::open_score(piece)?);
    let ratio = f64::from(score.ticks_per_quarter) / f64::from(part_score.ticks_per_quarter);
    for mut track in part_score.tracks {
        // Both count their own ticks.
        let moved = |tick: u64| (tick as f64 * ratio).round() as u64;
        for note in &mut track.notes {
            (note.start, note.length) = (moved(note.start), moved(note.length).max(1));
        }
        track.events.iter_mut().for_each(|event| event.tick = moved(event.tick));
        score.tracks.push(track);
    }
    render(&score, part, output, how)
}

fn render(
    score: &Score,
    input: &Path,
    output: &Path,
    how: &MidiRender,
) -> Result<MidiRendered, Problem> {
    let started = Instant::now();
    let end_secs = Clock::new(score).secs_from_tick(last_tick(score) as f64);
    if end_secs > LONGEST_SECS {
        let what = format!("“{}” is too long to be rendered.", input.display());
        let why = format!("It lasts {:.1} hours; 12 are the most.", end_secs / 3600.0);
        return Err(problem("too_long", what, &why, "Cut it into parts, or check its tempo."));
    }
    let n_frames = ((end_secs + TAIL_SECS) * f64::from(how.rate_hz)).ceil() as u64;
    let mut writer = WavWriter::create(output, how.rate_hz, 2, n_frames, WavFormat::Float32)
        .map_err(|error| not_written(output, &error))?;
    let mut player = match &how.sound_font {
        None => Player::Band(Box::new(Band::new(band_events(score), how.rate_hz))),
        Some(path) => Player::font(path, score, how.rate_hz)?,
    };
    let instruments = player.name();
    let mut peak = 0.0f32;
    let mut sides = vec![vec![0.0; BLOCK], vec![0.0; BLOCK]];
    let mut done = 0;
    while done < n_frames {
        let n = (n_frames - done).min(BLOCK as u64) as usize;
        sides.iter_mut().for_each(|side| side.resize(n, 0.0));
        let [left, right] = sides.as_mut_slice() else { unreachable!("there are two sides") };
        player.play(left, right, done, how.rate_hz)?;
        peak = sides.iter().flatten().fold(peak, |peak, x| peak.max(x.abs()));
        writer.write(&sides).map_err(|error| not_written(output, &error))?;
        done += n as u64;
    }
    writer.finish().map_err(|error| not_written(output, &error))?;
    let seconds = n_frames as f64 / f64::from(how.rate_hz);
    Ok(MidiRendered {
        rate_hz: how.rate_hz,
        seconds,
        notes: score.n_notes() as u64,
        peak_db: db_from_gain(f64::from(peak)),
        instruments,
        times_real_time: seconds / started.elapsed().as_secs_f64().max(1e-9),
    })
}

/// What plays.
enum Player {
    Band(Box<Band>),
    Font { player: Box<SoundFontPlayer>, path: PathBuf, messages: Vec<(f64, [u8; 3])>, next: usize },
}

impl Player {
    fn font(path: &Path, score: &Score, rate_hz: u32) -> Result<Self, Problem> {
        let bytes = file::bytes_of(path, FONT_BYTES_MAX)?;
        let player = SoundFontPlayer::new(&bytes, rate_hz).map_err(|it| bad_font(path, &it))?;
        let messages = messages(score);
        Ok(Self::Font { player: Box::new(player), path: path.to_owned(), messages, next: 0 })
    }

    fn name(&self) -> String {
        match self {
            Self::Band(_) => "our instruments".into(),
            Self::Font { player, .. } => player.name().to_owned(),
        }
    }

    fn play(
        &mut self,
        left: &mut [f32],
        right: &mut [f32],
        from: u64,
        rate_hz: u32,
    ) -> Result<(), Problem> {
        let (player, path, messages, next) = match self {
            Self::Band(band) => {
                band.play(left, right);
                return Ok(());
            }
            Self::Font { player, path, messages, next } => (player, path, messages, next),
        };
        let frame_of = |secs: f64| (secs * f64::from(rate_hz)).round() as u64;
        let mut at = 0;
        loop {
            // Up to the next message, which comes on its frame.
            let until = messages.get(*next).map_or(left.len(), |it| {
                (frame_of(it.0).saturating_sub(from) as usize).clamp(at, left.len())
            });
            if until > at {
                let (left, right) = (&mut left[at..until], &mut right[at..until]);
                player.play(left, right).map_err(|it| bad_font(path, &it))?;
                at = until;
            }
            if at == left.len() {
                return Ok(());
            }
            let message = messages[*next].1;
            player.send(message).map_err(|it| bad_font(path, &it))?;
            *next += 1;
        }
    }
}

/// The messages of a score that are played, with their seconds.
fn messages(score: &Score) -> Vec<(f64, [u8; 3])> {
    let clock = Clock::new(score);
    let mut all: Vec<(u64, [u8; 3])> = Vec::new();
    for track in &score.to_midi().tracks {
        for timed in &track.events {
            let message = match timed.event {
                Event::NoteOff { channel, key, velocity } => [0x80 | channel, key, velocity],
                Event::NoteOn { channel, key, velocity } => [0x90 | channel, key, velocity],
                Event::Controller { channel, number, value } => [0xb0 | channel, number, value],
                Event::Program { channel, program } => [0xc0 | channel, program, 0],
                Event::PitchWheel { channel, value } => {
                    let value = (value + 8192) as u16;
                    [0xe0 | channel, (value & 0x7f) as u8, (value >> 7) as u8]
                }
                _ => continue,
            };
            all.push((timed.tick, message));
        }
    }
    all.sort_by_key(|it| it.0);
    all.into_iter().map(|(tick, message)| (clock.secs_from_tick(tick as f64), message)).collect()
}

fn last_tick(score: &Score) -> u64 {
    // A pedal that is held makes the last notes longer, but not beyond the last event.
    let events = score.tracks.iter().flat_map(|track| track.events.last()).map(|it| it.tick);
    let end = score.end();
    let quarter = u64::from(score.ticks_per_quarter);
    end.max(events.max().unwrap_or(0).min(end + 32 * quarter))
}

/// What is said of a channel, in order.
struct Said {
    tick: u64,
    channel: u8,
    event: Event,
}

/// The events of our own instruments: notes with what plays them, held by the pedal; wheel, volume and place.
fn band_events(score: &Score) -> Vec<BandEvent> {
    let clock = Clock::new(score);
    let mut said: Vec<Said> = Vec::new();
    for timed in score.tracks.iter().flat_map(|track| &track.events) {
        let (Event::Controller { channel, .. }
        | Event::Program { channel, .. }
        | Event::PitchWheel { channel, .. }) = timed.event
        else {
            continue;
        };
        said.push(Said { tick: timed.tick, channel, event: timed.event.clone() });
    }
    said.sort_by_key(|it| it.tick);
    let pedals = pedals(&said, last_tick(score));
    let mut out = controls(&said, &clock);
    let programs: Vec<(u64, u8, u8)> = said
        .iter()
        .filter_map(|it| match it.event {
            Event::Program { channel, program } => Some((it.tick, channel, program)),
            _ => None,
        })
        .collect();
    let mut of_channel = vec![Vec::new(); 16];
    for (tick, channel, program) in programs {
        of_channel[usize::from(channel & 15)].push((tick, program));
    }
    for note in score.notes() {
        let channel = usize::from(note.channel & 15);
        let list = &of_channel[channel];
        let before = list.partition_point(|it| it.0 <= note.start);
        // A program that is said a little after the first note is meant for it, too.
        let program = list.get(before.saturating_sub(1)).map_or(0, |it| it.1);
        let instrument = match note.channel == DRUM_CHANNEL {
            true => Instrument::Drums,
            false => Instrument::of_program(program),
        };
        let held = &pedals[channel];
        let i = held.partition_point(|it| it.1 <= note.end());
        let end = held.get(i).filter(|it| it.0 <= note.end()).map_or(note.end(), |it| it.1);
        let start_secs = clock.secs_from_tick(note.start as f64);
        let what = BandMove::Note {
            instrument,
            key: note.key,
            velocity: f32::from(note.velocity) / 127.0,
            length_secs: clock.secs_from_tick(end as f64) - start_secs,
        };
        out.push(BandEvent { at_secs: start_secs, channel: note.channel, what });
    }
    out
}

/// Where the sustain pedal of each channel is down.
fn pedals(said: &[Said], end: u64) -> Vec<Vec<(u64, u64)>> {
    let mut spans: Vec<Vec<(u64, u64)>> = vec![Vec::new(); 16];
    let mut down: [Option<u64>; 16] = [None; 16];
    for it in said {
        let Event::Controller { number: 64, value, .. } = it.event else { continue };
        let at = usize::from(it.channel & 15);
        match (down[at], value >= 64) {
            (None, true) => down[at] = Some(it.tick),
            (Some(from), false) => {
                spans[at].push((from, it.tick));
                down[at] = None;
            }
            _ => {}
        }
    }
    for (spans, down) in spans.iter_mut().zip(down) {
        spans.extend(down.map(|from| (from, end.max(from))));
    }
    spans
}

/// Wheel, volume, expression and place of all channels.
fn controls(said: &[Said], clock: &Clock) -> Vec<BandEvent> {
    // Volume, expression, and by how many semitones the wheel goes; the last two are the parameter that is set.
    let mut state = [(100.0f32, 127.0f32, 2.0f32, 127u8, 127u8); 16];
    let mut out = Vec::new();
    for it in said {
        let channel = &mut state[usize::from(it.channel & 15)];
        let what = match it.event {
            Event::PitchWheel { value, .. } => {
                BandMove::Wheel(f32::from(value) / 8192.0 * channel.2)
            }
            Event::Controller { number, value, .. } => match number {
                7 | 11 => {
                    let value = f32::from(value);
                    if number == 7 {
                        channel.0 = value
                    } else {
                        channel.1 = value
                    }
                    // General MIDI: the gain is the square of both.
                    BandMove::Gain((channel.0 / 100.0 * channel.1 / 127.0).powi(2))
                }
                10 => BandMove::Pan((f32::from(value) - 64.0) / 63.0),
                100 => {
                    channel.4 = value;
                    continue;
                }
                101 => {
                    channel.3 = value;
                    continue;
                }
                6 if (channel.3, channel.4) == (0, 0) => {
                    channel.2 = f32::from(value.min(24));
                    continue;
                }
                _ => continue,
            },
            _ => continue,
        };
        let at_secs = clock.secs_from_tick(it.tick as f64);
        out.push(BandEvent { at_secs, channel: it.channel, what });
    }
    out
}

fn bad_font(path: &Path, error: &audio::SoundFontError) -> Problem {
    let what = format!("The SoundFont “{}” cannot be used.", path.display());
    let why = api::sentence(&format!("failed to {error}"));
    problem("bad_sound_font", what, &why, "Choose another .sf2 file or rate, or leave it out.")
}

fn not_written(path: &Path, error: &audio::Error) -> Problem {
    let what = format!("“{}” was not written.", path.display());
    let why = api::sentence(&format!("failed to {error}"));
    problem("not_written", what, &why, "Choose another place, or free some space there.")
}
