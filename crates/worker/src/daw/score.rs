//! Between projects of audio workstations and scores.

use foreign::daw::{self, Content, Project};
use music::{DRUM_CHANNEL, Marker, Meter, Note, Score, Tempo, Track};

/// Ticks of a quarter note of scores that are made here.
pub(super) const TICKS: f64 = 960.0;

/// The score of a project: its maps and markers, and the notes of each track.
pub(super) fn of_project(project: &Project) -> Score {
    let mut score = maps_of(project);
    let tick = |quarter: f64| (quarter * TICKS).round().max(0.0) as u64;
    notes(project, &mut score, tick);
    score
}

/// The score of a project's maps and markers, without notes.
pub(super) fn maps_of(project: &Project) -> Score {
    let tick = |quarter: f64| (quarter * TICKS).round().max(0.0) as u64;
    let mut score = Score::new(TICKS as u32, 120.0);
    score.tempos = project
        .tempos
        .iter()
        .map(|it| Tempo { tick: tick(it.quarter), quarter_us: 60e6 / it.bpm })
        .collect();
    score.meters = project
        .meters
        .iter()
        .map(|it| Meter {
            tick: tick(it.quarter),
            numerator: it.numerator,
            denominator: it.denominator,
        })
        .collect();
    score.markers = project
        .markers
        .iter()
        .map(|it| Marker { tick: tick(it.quarter), text: it.name.clone() })
        .collect();
    score
}

fn notes(project: &Project, score: &mut Score, tick: impl Fn(f64) -> u64) {
    let mut n_with_notes = 0u8;
    for track in &project.tracks {
        let mut out = Track { name: track.name.clone(), ..Track::default() };
        for clip in &track.clips {
            let Content::Notes(notes) = &clip.content else { continue };
            out.notes.extend(notes.iter().map(|it| {
                let start = tick(clip.start + it.start);
                let end = tick(clip.start + it.start + it.length).max(start + 1);
                Note {
                    start,
                    length: end - start,
                    key: it.key & 127,
                    velocity: it.velocity.clamp(1, 127),
                    channel: it.channel & 15,
                    off_velocity: 64,
                }
            }));
        }
        if out.notes.is_empty() {
            continue;
        }
        // Workstations mostly leave all notes on the first channel; in one file, tracks need channels of their own.
        if out.notes.iter().all(|it| it.channel == 0) {
            let free = n_with_notes % 15;
            let channel = if free >= DRUM_CHANNEL { free + 1 } else { free };
            out.notes.iter_mut().for_each(|it| it.channel = channel);
        }
        n_with_notes = n_with_notes.wrapping_add(1);
        out.sort();
        score.tracks.push(out);
    }
}

/// A project of a score: a clip for each track, from the start of its first bar on.
pub(super) fn to_project(score: &Score) -> Project {
    let per_quarter = f64::from(score.ticks_per_quarter.max(1));
    let quarter = |tick: u64| tick as f64 / per_quarter;
    let mut tempos: Vec<daw::Tempo> = score
        .tempos
        .iter()
        .map(|it| daw::Tempo { quarter: quarter(it.tick), bpm: it.bpm() })
        .collect();
    if tempos.first().is_none_or(|it| it.quarter > 0.0) {
        tempos.insert(0, daw::Tempo { quarter: 0.0, bpm: 120.0 });
    }
    let mut meters: Vec<daw::Meter> = score
        .meters
        .iter()
        .map(|it| daw::Meter {
            quarter: quarter(it.tick),
            numerator: it.numerator,
            denominator: it.denominator,
        })
        .collect();
    if meters.first().is_none_or(|it| it.quarter > 0.0) {
        meters.insert(0, daw::Meter { quarter: 0.0, numerator: 4, denominator: 4 });
    }
    let tracks = score.tracks.iter().filter(|it| !it.notes.is_empty()).map(|track| {
        let end = track.notes.iter().map(Note::end).max().unwrap_or(0);
        let notes = track.notes.iter().map(|it| daw::Note {
            start: quarter(it.start),
            length: quarter(it.length),
            key: it.key,
            velocity: it.velocity,
            channel: it.channel,
        });
        let clip = daw::Clip {
            name: track.name.clone(),
            start: 0.0,
            length: quarter(end),
            content: Content::Notes(notes.collect()),
        };
        daw::Track { name: track.name.clone(), clips: vec![clip], ..daw::Track::default() }
    });
    Project {
        program: "MIDI".into(),
        key: None,
        tempos,
        meters,
        markers: score
            .markers
            .iter()
            .map(|it| daw::Marker { quarter: quarter(it.tick), name: it.text.clone() })
            .collect(),
        tracks: tracks.collect(),
        unread: Vec::new(),
    }
}
