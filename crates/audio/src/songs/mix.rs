//! The mix of a song: players at their places and levels, a room, noise, and a soft limit.

use super::{
    Part, SongTruth,
    drums::Kit,
    timbres::{self, Timbre, Tone},
};
use crate::{
    Clip, Rng,
    synth::{OnePole, RATE_HZ, add_at, frames},
};

/// The sound of what was played. Notes of an instrument that sounds in another octave than it is written come to it.
pub(super) fn mix(truth: &mut SongTruth, length_secs: f64, rng: &mut Rng) -> Clip {
    let n = frames(length_secs);
    let mut sides = vec![vec![0.0f32; n]; 2];
    let mut dry = vec![0.0f32; n];
    let players: [(Part, &[Timbre], f32, f32); 3] = [
        (Part::Bass, &timbres::BASSES, 0.0, rng.uniform(0.13, 0.18)),
        (Part::Chords, &timbres::CHORDS, rng.uniform(-0.4, 0.4), rng.uniform(0.07, 0.12)),
        (Part::Melody, &timbres::MELODIES, rng.uniform(-0.2, 0.2), rng.uniform(0.08, 0.13)),
    ];
    for (part, list, place, level) in players {
        let timbre = list[rng.below(list.len())];
        let own = truth.notes.iter_mut().filter(|note| note.part == part);
        own.for_each(|note| note.midi += timbre.semitones_up());
        let mut line = played(truth, part, timbre, rng);
        line.resize(n, 0.0);
        scale_to(&mut line, level);
        pan(&line, place, &mut sides);
        add_at(&mut dry, &line, 0, 1.0);
    }
    if !truth.strokes.is_empty() {
        let kit = Kit::draw(rng);
        let level = rng.uniform(0.35, 0.6);
        for stroke in &truth.strokes {
            let mut sound = kit.strike(stroke.drum, stroke.velocity, rng);
            sound.iter_mut().for_each(|x| *x *= level);
            let at = frames(stroke.time_s).min(n);
            sound.truncate(n - at);
            let (left, right) = gains(stroke.drum.place());
            add_at(&mut sides[0], &sound, at, left);
            add_at(&mut sides[1], &sound, at, right);
            add_at(&mut dry, &sound, at, 0.5);
        }
    }
    let wet = rng.uniform(0.04, 0.16);
    for (side, seed) in sides.iter_mut().zip([0usize, 23]) {
        add_at(side, &room(&dry, seed), 0, wet);
        noise(side, truth.plan.noise_db, rng);
    }
    limited(sides)
}

/// One player alone.
fn played(truth: &SongTruth, part: Part, timbre: Timbre, rng: &mut Rng) -> Vec<f32> {
    let tuning = (truth.plan.tuning_cents / 1_200.0).exp2();
    let mut line = vec![];
    for note in truth.notes.iter().filter(|note| note.part == part) {
        let hz = crate::synth::frequency_from_midi(f64::from(note.midi)) * tuning;
        let tone = Tone { hz, secs: note.end_s - note.start_s, velocity: note.velocity };
        add_at(&mut line, &timbre.play(tone, rng), frames(note.start_s), 1.0);
    }
    line
}

/// Scales a line to a root mean square.
fn scale_to(line: &mut [f32], level: f32) {
    let power = line.iter().map(|x| f64::from(x * x)).sum::<f64>() / line.len().max(1) as f64;
    let gain = level / (power.sqrt() as f32).max(1e-6);
    line.iter_mut().for_each(|x| *x *= gain);
}

/// Gains of left and right for a place from -1 to 1, of equal power.
fn gains(place: f32) -> (f32, f32) {
    let angle = (place + 1.0) * std::f32::consts::FRAC_PI_4;
    (angle.cos(), angle.sin())
}

fn pan(line: &[f32], place: f32, sides: &mut [Vec<f32>]) {
    let (left, right) = gains(place);
    add_at(&mut sides[0], line, 0, left);
    add_at(&mut sides[1], line, 0, right);
}

/// A room: four combs side by side, then two all-passes. Source: Schroeder, "Natural sounding artificial
/// reverberation" (1962). `spread` makes the two sides differ.
fn room(dry: &[f32], spread: usize) -> Vec<f32> {
    const COMBS: [usize; 4] = [1_557, 1_617, 1_491, 1_422];
    const ALL_PASSES: [usize; 2] = [225, 556];
    let mut wet = vec![0.0f32; dry.len()];
    for length in COMBS {
        let mut line = vec![0.0f32; length + spread];
        let mut damp = OnePole::new(4_000.0);
        let n = line.len();
        for (i, (out, x)) in wet.iter_mut().zip(dry).enumerate() {
            let heard = line[i % n];
            *out += heard;
            line[i % n] = x + 0.78 * damp.run(f64::from(heard)) as f32;
        }
    }
    for length in ALL_PASSES {
        let mut line = vec![0.0f32; length + spread];
        let n = line.len();
        for (i, x) in wet.iter_mut().enumerate() {
            let heard = line[i % n];
            let y = heard - 0.5 * *x;
            line[i % n] = *x + 0.5 * y;
            *x = y;
        }
    }
    wet
}

/// Noise as of tape: less of it the higher it is.
fn noise(side: &mut [f32], level_db: f64, rng: &mut Rng) {
    let mut low = OnePole::new(1_500.0);
    let level = crate::gain_from_db(level_db);
    for x in side {
        let white = f64::from(rng.normal());
        *x += (level * (0.4 * white + 2.0 * low.run(white))) as f32;
    }
}

/// Scaled to a loudness, then rounded off below full scale.
fn limited(mut sides: Vec<Vec<f32>>) -> Clip {
    let fade = frames(0.3) as f32;
    for side in &mut sides {
        let n = side.len();
        for (i, x) in side.iter_mut().enumerate() {
            let out = ((n - i) as f32 / fade).min(1.0);
            *x = 0.9 * (*x * 1.6).tanh() * out;
        }
    }
    Clip { rate_hz: RATE_HZ, channels: sides }
}
