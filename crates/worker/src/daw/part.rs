//! A part of a project as a project of its own: a track or a clip, from the start of its first bar on.

use api::{DawPart, Problem};
use foreign::daw::{Meter, Project, Tempo, Track};
use music::Bars;

use super::score;
use crate::folder::problem;

/// The part, with the tempo and meter that hold there and the markers that lie in it.
///
/// # Errors
/// When there is no such track or clip.
pub(super) fn of_project(project: &Project, part: DawPart) -> Result<Project, Problem> {
    let none = |what: &str, n: u32| {
        let why = format!("The project has no {what} {}.", u64::from(n) + 1);
        problem("no_such_part", "That part was not written.", &why, "Read the project again.")
    };
    let track = project.tracks.get(part.track as usize);
    let track = track.ok_or_else(|| none("track", part.track))?;
    let clips = match part.clip {
        Some(n) => {
            let clip = track.clips.get(n as usize);
            vec![clip.cloned().ok_or_else(|| none("such clip on that track:", n))?]
        }
        None => track.clips.clone(),
    };
    let starts = clips.iter().map(|it| it.start);
    let start = starts.fold(f64::INFINITY, f64::min).max(0.0);
    let start = if start.is_finite() { start } else { 0.0 };
    let end = clips.iter().map(|it| it.start + it.length).fold(start, f64::max);
    let bars = Bars::new(&score::maps_of(project));
    let tick = (start * score::TICKS).round() as u64;
    let from = bars.start(bars.place(tick).bar) as f64 / score::TICKS;
    let at = |quarter: f64| (quarter - from).max(0.0);
    let mut tempos: Vec<Tempo> = Vec::new();
    for it in project.tempos.iter().filter(|it| it.quarter < end) {
        if it.quarter <= from {
            tempos.clear();
        }
        tempos.push(Tempo { quarter: at(it.quarter), bpm: it.bpm });
    }
    let mut meters: Vec<Meter> = Vec::new();
    for it in project.meters.iter().filter(|it| it.quarter < end) {
        if it.quarter <= from {
            meters.clear();
        }
        meters.push(Meter { quarter: at(it.quarter), ..*it });
    }
    let mut markers = project.markers.clone();
    markers.retain(|it| it.quarter >= from && it.quarter < end);
    markers.iter_mut().for_each(|it| it.quarter = at(it.quarter));
    let mut track = Track { clips, ..track.clone() };
    track.clips.iter_mut().for_each(|it| it.start = at(it.start));
    let (program, key) = (project.program.clone(), project.key.clone());
    let unread = Vec::new();
    Ok(Project { program, key, tempos, meters, markers, tracks: vec![track], unread })
}

#[cfg(test)]
mod tests {
    use foreign::daw::{Clip, Content, Marker};

    use super::*;

    #[test]
    fn a_clip_starts_with_its_bar_and_keeps_its_time() {
        let clip = |start: f64| Clip {
            name: String::new(),
            start,
            length: 4.0,
            content: Content::Notes(vec![]),
        };
        let project = Project {
            tempos: vec![
                Tempo { quarter: 0.0, bpm: 120.0 },
                Tempo { quarter: 5.0, bpm: 90.0 },
                Tempo { quarter: 10.0, bpm: 60.0 },
                Tempo { quarter: 100.0, bpm: 50.0 },
            ],
            meters: vec![
                Meter { quarter: 0.0, numerator: 4, denominator: 4 },
                Meter { quarter: 4.0, numerator: 3, denominator: 4 },
            ],
            markers: vec![
                Marker { quarter: 0.0, name: "A".into() },
                Marker { quarter: 8.0, name: "B".into() },
            ],
            tracks: vec![Track { clips: vec![clip(1.0), clip(8.5)], ..Track::default() }],
            ..Project::default()
        };
        // The bar of the clip starts at quarter 7.
        let part = of_project(&project, DawPart { track: 0, clip: Some(1) }).unwrap();
        assert_eq!(
            part.tempos,
            [Tempo { quarter: 0.0, bpm: 90.0 }, Tempo { quarter: 3.0, bpm: 60.0 }]
        );
        assert_eq!(part.meters, [Meter { quarter: 0.0, numerator: 3, denominator: 4 }]);
        assert_eq!(part.markers, [Marker { quarter: 1.0, name: "B".into() }]);
        assert_eq!(part.tracks[0].clips, [clip(1.5)]);
        let all = of_project(&project, DawPart { track: 0, clip: None }).unwrap();
        assert_eq!(all.tracks[0].clips, [clip(1.0), clip(8.5)]);
        for part in [DawPart { track: 1, clip: None }, DawPart { track: 0, clip: Some(2) }] {
            assert_eq!(of_project(&project, part).unwrap_err().code, "no_such_part");
        }
    }
}
