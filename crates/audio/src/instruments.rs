//! Our own instruments: notes in, sound out, block by block, for what General MIDI calls keys, bass, pads and so on.
//!
//! [`Band`] plays events in order of time on sixteen channels. Oscillators are band-limited (`polyBLEP`, after
//! Välimäki and Huovilainen, "Antialiasing oscillators in subtractive synthesis", IEEE Signal Processing Magazine
//! 24:2, 2007); the filter is a state-variable one by trapezoidal integration (Zavalishin, "The Art of VA Filter
//! Design", 2012); plucked strings are those of Karplus and Strong (Computer Music Journal 7:2, 1983).

mod drum;
mod oscillator;
mod string;
mod tone;

use drum::Drum;
use string::PluckedString;
use tone::Tone;

/// Voices at once; the oldest gives way.
const VOICES_MAX: usize = 128;
/// Frames between looks at the events and controllers.
const CHUNK: usize = 32;
/// The gain of all, so that a full band stays below full scale mostly.
const GAIN: f32 = 0.22;

/// A kind of instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// An electric piano.
    Keys,
    /// Bells and mallets.
    Bell,
    /// An organ.
    Organ,
    /// Plucked strings.
    Pluck,
    /// A bass.
    Bass,
    /// Strings, voices and synthetic pads.
    Pad,
    /// Brass.
    Brass,
    /// Flutes and reeds.
    Wind,
    /// A synthetic lead.
    Lead,
    /// Drums; the key says which.
    Drums,
}

impl Instrument {
    /// The kind of a program of General MIDI, numbered from 0.
    pub fn of_program(program: u8) -> Self {
        match program {
            0..=7 => Self::Keys,
            8..=15 | 112..=115 => Self::Bell,
            16..=23 => Self::Organ,
            24..=31 | 45 | 46 | 104..=108 => Self::Pluck,
            32..=39 => Self::Bass,
            40..=55 | 88..=103 => Self::Pad,
            56..=63 => Self::Brass,
            64..=79 | 109..=111 => Self::Wind,
            80..=87 => Self::Lead,
            _ => Self::Drums,
        }
    }
}

/// Something that happens on a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandEvent {
    /// When, in seconds from the start.
    pub at_secs: f64,
    /// The channel, 0 to 15.
    pub channel: u8,
    /// What.
    pub what: BandMove,
}

/// What can happen on a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BandMove {
    /// A note is played.
    Note {
        /// What plays it.
        instrument: Instrument,
        /// Its key; 69 is the A at 440 Hz.
        key: u8,
        /// How hard, from 0 to 1.
        velocity: f32,
        /// How long it is held, in seconds.
        length_secs: f64,
    },
    /// The pitch wheel moves: so many semitones.
    Wheel(f32),
    /// The gain changes, as a factor.
    Gain(f32),
    /// The place between left (-1) and right (1) changes, for notes that follow.
    Pan(f32),
}

/// The state of a channel.
#[derive(Clone, Copy)]
struct Channel {
    semitones: f32,
    gain: f32,
    pan: f32,
}

/// What makes the sound of a voice.
enum Source {
    Tone(Box<Tone>),
    String(Box<PluckedString>),
    Drum(Box<Drum>),
}

/// A note that sounds.
struct Voice {
    source: Source,
    channel: u8,
    /// Frames until it is released; then it fades by itself.
    held: u64,
    left: f32,
    right: f32,
}

/// A band that plays events.
pub struct Band {
    rate_hz: f32,
    events: Vec<BandEvent>,
    next: usize,
    frame: u64,
    channels: [Channel; 16],
    voices: Vec<Voice>,
    scratch: [f32; CHUNK],
    n_played: u64,
}

impl Band {
    /// A band that plays these events at a rate; events of one time keep their order.
    pub fn new(mut events: Vec<BandEvent>, rate_hz: u32) -> Self {
        events.retain(|it| it.at_secs.is_finite());
        events.sort_by(|a, b| a.at_secs.total_cmp(&b.at_secs));
        Self {
            rate_hz: rate_hz.max(1) as f32,
            events,
            next: 0,
            frame: 0,
            channels: [Channel { semitones: 0.0, gain: 1.0, pan: 0.0 }; 16],
            voices: Vec::new(),
            scratch: [0.0; CHUNK],
            n_played: 0,
        }
    }

    /// Whether everything was played and has faded.
    pub fn is_done(&self) -> bool {
        self.next == self.events.len() && self.voices.is_empty()
    }

    /// Notes that were played so far.
    pub fn n_played(&self) -> u64 {
        self.n_played
    }

    /// The next frames of both channels, which are as long as each other.
    pub fn play(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (left, right) in left.chunks_mut(CHUNK).zip(right.chunks_mut(CHUNK)) {
            self.take_events(left.len());
            left.fill(0.0);
            right.fill(0.0);
            let n = left.len();
            for voice in &mut self.voices {
                let channel = self.channels[usize::from(voice.channel)];
                let sound = &mut self.scratch[..n];
                let is_held = voice.held > 0;
                voice.held = voice.held.saturating_sub(n as u64);
                match &mut voice.source {
                    Source::Tone(tone) => tone.play(sound, channel.semitones, is_held),
                    Source::String(string) => string.play(sound, channel.semitones, is_held),
                    Source::Drum(drum) => drum.play(sound),
                }
                let (l, r) = (voice.left * channel.gain, voice.right * channel.gain);
                for ((left, right), x) in left.iter_mut().zip(right.iter_mut()).zip(sound) {
                    *left += l * *x;
                    *right += r * *x;
                }
            }
            self.voices.retain(|voice| match &voice.source {
                Source::Tone(tone) => !tone.is_done(),
                Source::String(string) => !string.is_done(),
                Source::Drum(drum) => !drum.is_done(),
            });
            self.frame += n as u64;
        }
    }

    /// Takes what happens before the end of the next frames.
    fn take_events(&mut self, n: usize) {
        let until = (self.frame + n as u64) as f64 / f64::from(self.rate_hz);
        while let Some(event) = self.events.get(self.next).filter(|it| it.at_secs < until) {
            let at = usize::from(event.channel & 15);
            match event.what {
                BandMove::Wheel(semitones) => {
                    self.channels[at].semitones = semitones.clamp(-96.0, 96.0)
                }
                BandMove::Gain(gain) => self.channels[at].gain = gain.clamp(0.0, 4.0),
                BandMove::Pan(pan) => self.channels[at].pan = pan.clamp(-1.0, 1.0),
                BandMove::Note { instrument, key, velocity, length_secs } => {
                    let note = (instrument, key, velocity.clamp(0.0, 1.0), length_secs);
                    self.strike(note, at as u8);
                }
            }
            self.next += 1;
        }
    }

    fn strike(&mut self, note: (Instrument, u8, f32, f64), channel: u8) {
        let (instrument, key, velocity, length_secs) = note;
        if self.voices.len() >= VOICES_MAX {
            self.voices.remove(0);
        }
        self.n_played += 1;
        let seed = self.n_played;
        let source = match instrument {
            Instrument::Drums => {
                Source::Drum(Box::new(Drum::new(key, velocity, self.rate_hz, seed)))
            }
            Instrument::Pluck => {
                Source::String(Box::new(PluckedString::new(key, velocity, self.rate_hz, seed)))
            }
            _ => Source::Tone(Box::new(Tone::new(instrument, key, velocity, self.rate_hz))),
        };
        // Equal power between both sides.
        let angle = (self.channels[usize::from(channel)].pan + 1.0) * std::f32::consts::FRAC_PI_4;
        let held = (length_secs.clamp(0.0, 1e6) * f64::from(self.rate_hz)) as u64;
        self.voices.push(Voice {
            source,
            channel,
            held: held.max(1),
            left: GAIN * std::f32::consts::SQRT_2 * angle.cos(),
            right: GAIN * std::f32::consts::SQRT_2 * angle.sin(),
        });
    }
}

/// The frequency of a key, with parts of semitones.
fn frequency_hz(key: f32) -> f32 {
    440.0 * ((key - 69.0) / 12.0).exp2()
}

#[cfg(test)]
mod tests;
