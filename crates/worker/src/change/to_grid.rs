//! `maquette to-grid`: a take whose beats become even, and whose notes come on the steps between them.

use std::path::Path;

use api::{GridDeviation, GriddedNote, GriddedSound, Problem};
use audio::{
    Clip, GridOrder, GridPlan, Stretch, attacks, click_track, grid_plan, resample, rhythm::rhythm,
    warped, with_channels,
};

use super::{load, named, save, tempo_map::tempo_map};
use crate::folder::problem;

/// How a sound comes to a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct ToGrid {
    /// Beats per minute; none keeps the sound's.
    pub bpm: Option<f64>,
    /// Steps in a beat.
    pub steps: f64,
    /// How far notes come to their steps, from 0 to 1.
    pub strength: f64,
    /// Beats of the sound that are known, in seconds; none finds them.
    pub beats_s: Option<Vec<f64>>,
}

/// Files that are written besides the sound.
#[derive(Clone, Copy, Debug, Default)]
pub struct GridFiles<'a> {
    /// The sound; without it everything is only planned.
    pub output: Option<&'a Path>,
    /// A click on every beat, as long as the sound afterwards.
    pub click: Option<&'a Path>,
    /// A MIDI file whose tempo follows the beats of the sound as it was.
    pub tempo_map: Option<&'a Path>,
}

/// Tempos that a sound may come to, in beats per minute.
const BPM: std::ops::RangeInclusive<f64> = 20.0..=400.0;
/// The most that a sound may become longer.
const RATIO_MAX: f64 = 8.0;
/// Onsets farther than this from where a note was put are others, in seconds.
const SAME_SECS: f64 = 0.05;

/// Puts a sound file on a grid.
///
/// # Errors
/// When the file cannot be read as sound, a file cannot be written, it has no beats, or the order is out of range: what
/// happened, why, and what to do.
pub fn to_grid(
    input: &Path,
    files: GridFiles<'_>,
    order: &ToGrid,
) -> Result<GriddedSound, Problem> {
    let refuse = |why: &str, remedy: &str| {
        Err(problem("bad_grid", "The sound cannot be put on the grid like that.", why, remedy))
    };
    if order.bpm.is_some_and(|bpm| !BPM.contains(&bpm)) {
        return refuse("The tempo lies between 20 and 400 beats per minute.", "Use another one.");
    }
    if !(0.0..=1.0).contains(&order.strength) {
        return refuse("The strength goes from 0 to 100.", "Use 100 to move notes all the way.");
    }
    if !(0.25..=48.0).contains(&order.steps) {
        return refuse("A grid goes from whole notes to 1/192.", "Use 1/16.");
    }
    let (clip, mut words) = load(input)?;
    let beats_s = match &order.beats_s {
        Some(beats) => beats.clone(),
        None => beats_of(&clip),
    };
    let rate = f64::from(clip.rate_hz);
    let frames: Vec<f64> = beats_s.iter().map(|secs| secs * rate).collect();
    let onsets = attacks(&clip);
    let grid = GridOrder { bpm: order.bpm, steps: order.steps, strength: order.strength };
    let Some(plan) = grid_plan(&clip, &frames, &onsets, grid) else {
        let why = "Fewer than two beats were found in it.";
        return refuse(
            why,
            "Give its beats with --beats, as `maquette analyse --json` prints them.",
        );
    };
    if plan.n_out as f64 > RATIO_MAX * clip.n_frames() as f64 {
        let why = format!("It would become more than {RATIO_MAX} times as long.");
        return refuse(&why, "Check the beats and the tempo.");
    }
    let mut after = None;
    if let Some(output) = files.output {
        let made = warped(&clip, &plan.warp, plan.n_out, Stretch::default());
        after = deviation(off_after(&made, &plan, order.steps));
        words = save(output, &made, words)?;
    }
    if let Some(click) = files.click {
        let secs = plan.n_out as f64 / rate;
        let beat = 60.0 / plan.bpm;
        let first = plan.first_beat_secs.rem_euclid(beat);
        let n = ((secs - first) / beat).floor().max(-1.0) + 1.0;
        let times: Vec<f64> = (0..n as usize).map(|i| first + i as f64 * beat).collect();
        save(click, &click_track(clip.rate_hz, plan.n_out, &times, |_| false), vec![])?;
    }
    if let Some(path) = files.tempo_map {
        let Some(bytes) = tempo_map(&beats_s) else {
            return refuse("Its beats go back in time.", "Check the list of beats.");
        };
        job::whole::write(path, &bytes).map_err(|error| {
            let what = format!("“{}” could not be written.", path.display());
            let why = api::sentence(&error.to_string());
            problem("unwritable", what, &why, "Free some space, or choose another folder.")
        })?;
    }
    let before = plan.notes.iter().map(|note| 1000.0 * note.off_secs.abs()).collect();
    if plan.notes.is_empty() {
        words.push("Nothing begins in it, so only its beats became even.".into());
    }
    Ok(GriddedSound {
        file: named(input),
        output: files.output.map(named),
        rate_hz: clip.rate_hz,
        channels: clip.channels.len() as u32,
        seconds: [clip.length_secs(), plan.n_out as f64 / rate],
        bpm: plan.bpm,
        first_beat_s: plan.first_beat_secs,
        beats_s,
        notes: plan.notes.iter().map(told).collect(),
        warp: plan.warp.points().iter().map(|point| point.map(|frame| frame / rate)).collect(),
        off_ms: [deviation(before), after],
        notes_for_people: words,
    })
}

fn told(note: &audio::GridNote) -> GriddedNote {
    GriddedNote {
        before_s: note.before_secs,
        after_s: note.after_secs,
        beat: note.beat,
        off_ms: 1000.0 * note.off_secs,
    }
}

/// The rate at which beats are looked for: higher frequencies say no more of them.
const BEATS_RATE_HZ: u32 = 22_050;

/// The beats that are found in a sound, in seconds.
fn beats_of(clip: &Clip) -> Vec<f64> {
    let mono = resample(&with_channels(clip.clone(), 1), BEATS_RATE_HZ);
    rhythm(&mono.channels[0], BEATS_RATE_HZ).beats
}

/// How far the onsets of what was made are from their steps, in milliseconds: those that were put there.
fn off_after(made: &Clip, plan: &GridPlan, steps: f64) -> Vec<f64> {
    let rate = f64::from(made.rate_hz);
    let onsets: Vec<f64> = attacks(made).iter().map(|frame| *frame as f64 / rate).collect();
    let near = |note: &audio::GridNote| {
        let apart = |onset: &f64| (onset - note.after_secs).abs();
        let nearest = onsets.iter().min_by(|a, b| apart(a).total_cmp(&apart(b)))?;
        (apart(nearest) < SAME_SECS).then(|| 1000.0 * plan.off_secs(*nearest, steps).abs())
    };
    plan.notes.iter().filter_map(near).collect()
}

fn deviation(mut off_ms: Vec<f64>) -> Option<GridDeviation> {
    off_ms.sort_by(f64::total_cmp);
    Some(GridDeviation {
        median: *off_ms.get(off_ms.len() / 2)?,
        mean: off_ms.iter().sum::<f64>() / off_ms.len() as f64,
        most: *off_ms.last()?,
    })
}

#[cfg(test)]
mod tests {
    use audio::{FileFormat, Rng, WavFormat, write_sound};

    use super::*;

    fn order(beats_s: Vec<f64>) -> ToGrid {
        ToGrid { bpm: Some(120.0), steps: 4.0, strength: 1.0, beats_s: Some(beats_s) }
    }

    #[test]
    fn a_take_comes_to_the_grid_with_its_click() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut rng = Rng::new(2);
        let mut channel = vec![0.0f32; 44_100 * 5];
        let beats: Vec<f64> = (0..8).map(|i| 0.2 + 0.53 * f64::from(i)).collect();
        for beat in &beats {
            let start = ((beat + f64::from(rng.uniform(-0.03, 0.03))) * 44_100.0) as usize;
            for (i, x) in channel[start..start + 4000].iter_mut().enumerate() {
                *x += 0.6 * (-(i as f32) / 700.0).exp() * rng.uniform(-1.0, 1.0);
            }
        }
        let clip = Clip { rate_hz: 44_100, channels: vec![channel] };
        write_sound(&path("a.wav"), &clip, FileFormat::Wav(WavFormat::Float32)).unwrap();
        let (output, click) = (path("b.wav"), path("c.wav"));
        let midi = path("d.mid");
        let files =
            GridFiles { output: Some(&output), click: Some(&click), tempo_map: Some(&midi) };
        let made = to_grid(&path("a.wav"), files, &order(beats.clone())).unwrap();
        let [Some(before), Some(after)] = made.off_ms else { panic!("{made:?}") };
        assert!(before.most > 5.0 && after.most < 3.0, "{made:?}");
        let clicks = load(&click).unwrap().0;
        assert_eq!(clicks.n_frames(), load(&output).unwrap().0.n_frames());
        let first = clicks.channels[0].iter().position(|x| *x != 0.0).unwrap() as f64 / 44_100.0;
        assert!((first - made.first_beat_s).abs() < 0.001, "{first} {made:?}");
        assert!(std::fs::read(&midi).unwrap().starts_with(b"MThd"));
        // Planned again, nothing is written.
        let plan = to_grid(&path("a.wav"), GridFiles::default(), &order(beats)).unwrap();
        assert!(plan.notes == made.notes && plan.output.is_none() && plan.off_ms[1].is_none());
    }

    #[test]
    fn beats_are_found_where_none_are_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut rng = Rng::new(5);
        let mut channel = vec![0.0f32; 44_100 * 14];
        // Eighths at 100 beats a minute, louder on the beat, all off by up to 12 ms.
        for i in 0..44 {
            let off = f64::from(rng.uniform(-0.012, 0.012));
            let start = ((0.3 + 0.3 * f64::from(i) + off) * 44_100.0) as usize;
            let level = if i % 2 == 0 { 0.7 } else { 0.35 };
            for (k, x) in channel[start..start + 4000].iter_mut().enumerate() {
                *x += level * (-(k as f32) / 500.0).exp() * rng.uniform(-1.0, 1.0);
            }
        }
        let clip = Clip { rate_hz: 44_100, channels: vec![channel] };
        write_sound(&path("a.wav"), &clip, FileFormat::Wav(WavFormat::Float32)).unwrap();
        let order = ToGrid { bpm: Some(110.0), steps: 4.0, strength: 1.0, beats_s: None };
        let output = path("b.wav");
        let files = GridFiles { output: Some(&output), ..GridFiles::default() };
        let made = to_grid(&path("a.wav"), files, &order).unwrap();
        let after = made.off_ms[1].unwrap();
        assert!(made.notes.len() > 35 && after.median < 2.0, "{made:?}");
        assert!((made.seconds[1] - 14.0 * 100.0 / 110.0).abs() < 0.4, "{:?}", made.seconds);
    }

    #[test]
    fn what_has_no_grid_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let clip = Clip { rate_hz: 8_000, channels: vec![vec![0.0; 8_000]] };
        write_sound(&path, &clip, FileFormat::Wav(WavFormat::Int16)).unwrap();
        for order in [
            order(vec![]),
            order(vec![0.1]),
            ToGrid { bpm: Some(f64::NAN), ..order(vec![0.1, 0.6]) },
            ToGrid { bpm: Some(0.0), ..order(vec![0.1, 0.6]) },
            ToGrid { strength: 2.0, ..order(vec![0.1, 0.6]) },
            ToGrid { steps: 0.0, ..order(vec![0.1, 0.6]) },
            order(vec![0.1, 0.101, 0.102]),
            ToGrid { beats_s: None, ..order(vec![]) },
        ] {
            let problem = to_grid(&path, GridFiles::default(), &order).unwrap_err();
            assert_eq!(problem.code, "bad_grid", "{order:?}");
        }
    }
}
