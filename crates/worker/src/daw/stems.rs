//! A project as a folder that any program can open: a WAV file for each track of sound, all from the start; a MIDI
//! file with the notes, the tempo map and the markers; and the tempo map as a table.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use api::Problem;
use audio::{Clip, WavFormat, write_wav};
use foreign::daw::{Content, Project, Track};
use music::Clock;

use super::{cannot, score};
use crate::{jobs::load_sound_file, midi::save_bytes};

/// The rate of stems.
const RATE_HZ: u32 = 48_000;
/// The longest stem; it is made in memory.
const LONGEST_SECS: f64 = 3600.0;

/// Writes the folder; gives its files.
pub(super) fn write(
    project: &Project,
    folder: &Path,
    progress: &dyn Fn(u64, u64),
    lost: &mut Vec<String>,
) -> Result<Vec<PathBuf>, Problem> {
    let made =
        |folder: &Path| fs::create_dir_all(folder).map_err(|it| cannot(folder, &it.to_string()));
    made(folder)?;
    let score = score::of_project(project);
    let clock = Clock::new(&score);
    let mut files = vec![folder.join("song.mid"), folder.join("tempo.csv")];
    save_bytes(&files[0], &music::write_midi(&score.to_midi()))?;
    save_bytes(&files[1], table(project, &clock).as_bytes())?;
    let stems = folder.join("stems");
    let n_tracks = project.tracks.len() as u64;
    for (i, track) in project.tracks.iter().enumerate() {
        progress(i as u64, n_tracks);
        if track.clips.iter().all(|it| matches!(it.content, Content::Notes(_))) {
            continue;
        }
        let Some(stem) = stem(track, &clock, lost) else { continue };
        made(&stems)?;
        let path = stems.join(format!("{:02} {}.wav", i + 1, file_name(&track.name)));
        write_wav(&path, &stem, WavFormat::Int24).map_err(|it| cannot(&path, &it.to_string()))?;
        files.push(path);
    }
    progress(n_tracks, n_tracks);
    Ok(files)
}

/// The tempo and meter map: a line for each change.
fn table(project: &Project, clock: &Clock) -> String {
    let mut out = String::from("time_s,quarter,kind,value\n");
    let secs = |quarter: f64| clock.secs_from_tick(quarter * score::TICKS);
    for it in &project.tempos {
        let _ = writeln!(out, "{:.6},{},tempo_bpm,{}", secs(it.quarter), it.quarter, it.bpm);
    }
    for it in &project.meters {
        let (at, meter) = (it.quarter, format!("{}/{}", it.numerator, it.denominator));
        let _ = writeln!(out, "{:.6},{at},meter,{meter}", secs(at));
    }
    for it in &project.markers {
        let name = it.name.replace('"', "\"\"");
        let _ = writeln!(out, "{:.6},{},marker,\"{name}\"", secs(it.quarter), it.quarter);
    }
    out
}

/// The sound of a track from the start of the project; none where nothing of it was found.
fn stem(track: &Track, clock: &Clock, lost: &mut Vec<String>) -> Option<Clip> {
    let secs = |quarter: f64| clock.secs_from_tick(quarter * score::TICKS);
    let frame = |secs: f64| (secs.max(0.0) * f64::from(RATE_HZ)).round() as usize;
    let end = track.clips.iter().map(|it| secs(it.start + it.length)).fold(0.0, f64::max);
    if end > LONGEST_SECS {
        lost.push(format!(
            "The track “{}” is longer than an hour; no stem was made of it.",
            track.name
        ));
        return None;
    }
    let mut channels = vec![vec![0.0f32; frame(end)]; 2];
    let mut is_heard = false;
    // Clips that follow each other are mostly of one recording, which is decoded once.
    let mut last: Option<(&str, Option<_>)> = None;
    for clip in &track.clips {
        let Content::Audio { path, from_secs, .. } = &clip.content else { continue };
        let (start, end) = (secs(clip.start), secs(clip.start + clip.length));
        if last.as_ref().is_none_or(|it| it.0 != path) {
            let sound = load_sound_file(Path::new(path), RATE_HZ, 2, LONGEST_SECS);
            let why = sound.as_ref().err().map(|error| format!("{error:#}"));
            if let Some(why) = why {
                let track = &track.name;
                lost.push(format!("“{path}” of the track “{track}” could not be read: {why}."));
            }
            last = Some((path, sound.ok()));
        }
        let Some((_, Some(sound))) = &last else { continue };
        is_heard = true;
        let (from, n) = (frame(*from_secs), frame(end) - frame(start));
        for (out, own) in channels.iter_mut().zip(&sound.channels) {
            let own = own.get(from..).unwrap_or(&[]);
            for (x, y) in out[frame(start)..].iter_mut().zip(own.iter().take(n)) {
                *x += *y;
            }
        }
    }
    is_heard.then_some(Clip { rate_hz: RATE_HZ, channels })
}

/// A name that is a file's on every system.
fn file_name(name: &str) -> String {
    let is_plain = |it: char| it.is_alphanumeric() || " -_".contains(it);
    let name: String =
        name.chars().map(|it| if is_plain(it) { it } else { '_' }).take(60).collect();
    if name.trim().is_empty() { "track".into() } else { name.trim().to_owned() }
}
