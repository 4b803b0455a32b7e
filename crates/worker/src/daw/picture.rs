//! A project as pages draw it: its bars, the notes of its clips in seconds, and its sound files.

use std::{collections::BTreeMap, path::Path};

use api::{DawDrawnTrack, DawPicture, DawSound, Problem};
use foreign::daw::{Content, Project};
use music::{Bars, Clock};

use super::{found::Places, open, score};

/// Notes that are given at most; what comes later is left out, and counted.
const NOTES_MAX: usize = 100_000;
/// Bars that are given at most.
const BARS_MAX: u64 = 20_000;

/// What is drawn of a project; `sounds` is a folder to look for its sound files in.
///
/// # Errors
/// When the project cannot be read: what happened, and what to do.
pub fn daw_picture(path: &Path, sounds: Option<&Path>) -> Result<DawPicture, Problem> {
    let project = open(path)?;
    Ok(picture(&project, &Places::new(path, sounds)))
}

fn picture(project: &Project, places: &Places) -> DawPicture {
    let maps = score::maps_of(project);
    let (clock, bars) = (Clock::new(&maps), Bars::new(&maps));
    let secs = |quarter: f64| clock.secs_from_tick(quarter * score::TICKS);
    let clips = || project.tracks.iter().flat_map(|it| &it.clips);
    let ends = clips().map(|it| it.start + it.length);
    let end = ends.chain(project.markers.iter().map(|it| it.quarter)).fold(0.0, f64::max);
    let n_bars = bars.n_bars((end * score::TICKS).ceil() as u64).min(BARS_MAX);
    let (mut room, mut left_out) = (NOTES_MAX, 0);
    let mut tracks = Vec::with_capacity(project.tracks.len());
    for track in &project.tracks {
        let mut drawn = DawDrawnTrack::default();
        for clip in &track.clips {
            let notes: &[_] = match &clip.content {
                Content::Notes(notes) => notes,
                Content::Audio { .. } => &[],
            };
            let n = notes.len().min(room);
            room -= n;
            left_out += (notes.len() - n) as u64;
            let note = |it: &foreign::daw::Note| {
                let start = secs(clip.start + it.start);
                let end = secs(clip.start + it.start + it.length);
                [start, (end - start).max(0.0), f64::from(it.key)]
            };
            drawn.clips.push(notes[..n].iter().map(note).collect());
        }
        tracks.push(drawn);
    }
    DawPicture {
        seconds: secs(end),
        bars_s: (0..=n_bars).map(|bar| secs(bars.start(bar) as f64 / score::TICKS)).collect(),
        tracks,
        left_out,
        sounds: sounds(project, places),
    }
}

/// The sound files of a project, each once, by their paths.
fn sounds(project: &Project, places: &Places) -> Vec<DawSound> {
    let mut all: BTreeMap<&str, DawSound> = BTreeMap::new();
    for track in &project.tracks {
        for clip in &track.clips {
            let Content::Audio { path, bytes, .. } = &clip.content else { continue };
            let sound = all.entry(path).or_insert_with(|| DawSound {
                path: path.clone(),
                found_at: places.find(path, *bytes).map(|it| it.to_string_lossy().into_owned()),
                bytes: *bytes,
                is_inside: places.is_inside(path, *bytes),
                ..DawSound::default()
            });
            if !sound.tracks.contains(&track.name) {
                sound.tracks.push(track.name.clone());
            }
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use foreign::daw::{Clip, Marker, Meter, Note, Tempo, Track};

    use super::*;

    #[test]
    fn notes_and_bars_are_in_seconds_and_sounds_are_listed_once() {
        let clip = |start, content| Clip { name: String::new(), start, length: 2.0, content };
        let sound = |path: &str| Content::Audio {
            path: path.into(),
            from_secs: 0.0,
            bytes: None,
            form: None,
        };
        let note = Note { start: 1.0, length: 0.5, key: 64, velocity: 90, channel: 0 };
        let project = Project {
            tempos: vec![Tempo { quarter: 0.0, bpm: 60.0 }, Tempo { quarter: 4.0, bpm: 120.0 }],
            meters: vec![Meter { quarter: 0.0, numerator: 4, denominator: 4 }],
            markers: vec![Marker { quarter: 12.0, name: "End".into() }],
            tracks: vec![
                Track {
                    name: "Keys".into(),
                    clips: vec![clip(4.0, Content::Notes(vec![note]))],
                    ..Track::default()
                },
                Track {
                    name: "Vox".into(),
                    clips: vec![clip(0.0, sound("a.wav")), clip(2.0, sound("a.wav"))],
                    ..Track::default()
                },
            ],
            ..Project::default()
        };
        let drawn = picture(&project, &Places::new(Path::new("/nowhere/a.rpp"), None));
        assert_eq!(drawn.seconds, 8.0);
        assert_eq!(drawn.bars_s, [0.0, 4.0, 6.0, 8.0]);
        assert_eq!(drawn.tracks[0].clips, [[[4.5, 0.25, 64.0]]]);
        assert_eq!(drawn.tracks[1].clips, [[[0.0; 3]; 0], [[0.0; 3]; 0]]);
        let [sound] = &drawn.sounds[..] else { panic!("{:?}", drawn.sounds) };
        assert_eq!((sound.path.as_str(), sound.found_at.as_ref()), ("a.wav", None));
        assert_eq!(sound.tracks, ["Vox"]);
    }
}
