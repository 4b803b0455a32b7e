//! A project made of a sound: the sound on a track, over a tempo map in which bars begin where they are heard, with its
//! chords and sections as markers.
//!
//! Each bar has the tempo that makes it as long as it is. A take whose bars are all equal gets one tempo. What is before
//! the first downbeat lies in bars before it, so that the downbeat is on a bar line.

use std::path::Path;

use api::{DawOfSound, Problem, SoundMap, Span};
use foreign::daw::{Clip, Content, Marker, Meter, Project, Tempo, Track};
use music::Clock;

use super::{cannot, score, write_project};
use crate::{folder::problem, listen::analyse};

/// Bars that are all as long as this exactly, in seconds, are of one tempo.
const EVEN_SECS: f64 = 0.005;
/// A downbeat that is this near to the start of a sound is its start.
const AT_ONCE_SECS: f64 = 0.01;
/// The most bars before the first downbeat.
const BARS_BEFORE_MAX: f64 = 1000.0;
/// A chord and a section that begin so near to each other, in seconds, share a marker.
const TOGETHER_SECS: f64 = 0.05;

/// Makes a project of a sound, for REAPER (`.rpp`) or as a `.dawproject`. Its time and harmony are found, if they are not
/// given.
///
/// # Errors
/// When the sound cannot be read or the project not written: what happened, and what to do.
pub fn daw_from_sound(
    input: &Path,
    output: &Path,
    map: Option<&SoundMap>,
) -> Result<DawOfSound, Problem> {
    let ending = output.extension().map(|it| it.to_string_lossy().to_lowercase());
    if !matches!(ending.as_deref(), Some("rpp" | "dawproject")) {
        return Err(problem(
            "wrong_ending",
            format!("“{}” was not written.", output.display()),
            "It must end in .rpp or .dawproject.",
            "Change the name of the output.",
        ));
    }
    let input = std::fs::canonicalize(input).map_err(|error| {
        let what = format!("“{}” could not be read.", input.display());
        problem("unreadable", what, &api::sentence(&error.to_string()), "Check the path.")
    })?;
    let name = input.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let found;
    let map = match map {
        Some(map) => map,
        None => {
            found = map_of(&input, &name)?;
            &found
        }
    };
    if !(map.seconds > 0.0 && map.seconds < 1e8) {
        return Err(cannot(output, "the sound has no length"));
    }
    let (mut project, starts_s, lost) = project_of(map, &name, &input.to_string_lossy());
    write_project(&mut project, output)?;
    let quarter = |it: &Clip| it.start + it.length;
    let end = project.tracks[0].clips.iter().map(quarter).fold(0.0, f64::max);
    let meter = project.meters[0];
    let per_bar = quarters(&meter);
    Ok(DawOfSound {
        file: input.display().to_string(),
        output: output.display().to_string(),
        bars: (end / per_bar - 1e-6).ceil().max(0.0) as u64,
        tempo_bpm: project.tempos[0].bpm,
        tempo_changes: project.tempos.len() as u64 - 1,
        meter: format!("{}/{}", meter.numerator, meter.denominator),
        starts_s,
        markers: project.markers.len() as u64,
        lost,
    })
}

/// What is needed of a sound, found anew.
fn map_of(input: &Path, name: &str) -> Result<SoundMap, Problem> {
    let found = analyse(input, name, &mut |_| true)?.unwrap_or_default();
    Ok(SoundMap {
        beats_s: found.beats_s,
        downbeats_s: found.downbeats_s,
        meter: found.meter,
        chords: found.chords,
        sections: found.sections,
        seconds: found.seconds,
    })
}

/// The project, where the sound starts in it in seconds, and what could not be said.
fn project_of(map: &SoundMap, name: &str, path: &str) -> (Project, f64, Vec<String>) {
    let mut lost = Vec::new();
    let meter = map.meter.as_deref().and_then(meter_of);
    let meter = meter.unwrap_or(Meter { quarter: 0.0, numerator: 4, denominator: 4 });
    let downbeats = downbeats(map, &meter);
    if downbeats.len() < 2 {
        lost.push("Fewer than two bars were found in it, so the project has 120 bpm.".into());
    }
    let (tempos, starts_s) = tempos(&downbeats, quarters(&meter));
    let mut project = Project { meters: vec![meter], tempos, ..Project::default() };
    let clock = Clock::new(&score::maps_of(&project));
    let quarter = |secs: f64| clock.tick_from_secs(secs + starts_s) / score::TICKS;
    project.markers =
        markers(map).into_iter().map(|(at, name)| Marker { quarter: quarter(at), name }).collect();
    let start = quarter(0.0);
    let content = Content::Audio { path: path.to_owned(), from_secs: 0.0, bytes: None, form: None };
    let clip = Clip { name: name.to_owned(), start, length: quarter(map.seconds) - start, content };
    project.tracks = vec![Track { name: name.to_owned(), clips: vec![clip], ..Track::default() }];
    (project, starts_s, lost)
}

fn quarters(meter: &Meter) -> f64 {
    4.0 * f64::from(meter.numerator.max(1)) / f64::from(meter.denominator.max(1))
}

/// `6/8` as a meter.
fn meter_of(text: &str) -> Option<Meter> {
    let (numerator, denominator) = text.split_once('/')?;
    let (numerator, denominator) = (numerator.parse().ok()?, denominator.parse().ok()?);
    let is_meter = (1..=64).contains(&numerator) && [1, 2, 4, 8, 16, 32, 64].contains(&denominator);
    is_meter.then_some(Meter { quarter: 0.0, numerator, denominator })
}

/// The first beats of bars in order; counted from the first beat where only beats are known. In compound meters three
/// eighths are a beat.
fn downbeats(map: &SoundMap, meter: &Meter) -> Vec<f64> {
    let in_order = |times: &[f64]| {
        let mut times: Vec<f64> =
            times.iter().copied().filter(|it| (0.0..1e8).contains(it)).collect();
        times.sort_by(f64::total_cmp);
        times.dedup_by(|later, earlier| *later - *earlier < 0.05);
        times
    };
    let downbeats = in_order(&map.downbeats_s);
    if downbeats.len() > 1 {
        return downbeats;
    }
    let is_compound = meter.denominator == 8 && meter.numerator.is_multiple_of(3);
    let per_bar = if is_compound { meter.numerator / 3 } else { meter.numerator };
    let beats = in_order(&map.beats_s);
    let from = downbeats.first().map_or(0, |it| beats.partition_point(|beat| *beat < it - 0.05));
    beats[from.min(beats.len())..].iter().copied().step_by(usize::from(per_bar.max(1))).collect()
}

/// The tempo map of downbeats, and where the sound starts in its time, in seconds.
fn tempos(downbeats: &[f64], per_bar: f64) -> (Vec<Tempo>, f64) {
    let (Some(first), Some(last)) = (downbeats.first(), downbeats.last()) else {
        return (vec![Tempo { quarter: 0.0, bpm: 120.0 }], 0.0);
    };
    let n = downbeats.len() - 1;
    if n == 0 {
        return (vec![Tempo { quarter: 0.0, bpm: 120.0 }], 0.0);
    }
    let mut lengths: Vec<f64> = downbeats.windows(2).map(|it| it[1] - it[0]).collect();
    let mean = (last - first) / n as f64;
    let off = downbeats.iter().enumerate().map(|(i, it)| (it - first - i as f64 * mean).abs());
    if off.fold(0.0, f64::max) < EVEN_SECS {
        lengths.fill(mean);
    }
    let mut sorted = lengths.clone();
    sorted.sort_by(f64::total_cmp);
    let typical = sorted[n / 2];
    let bpm = |quarters: f64, secs: f64| (60.0 * quarters / secs).clamp(1.0, 10_000.0);
    let mut out = Vec::with_capacity(n);
    let mut at = 0.0;
    let mut starts_s = 0.0;
    if *first > AT_ONCE_SECS {
        let n_before = (first / lengths[0] - 1e-9).ceil().clamp(1.0, BARS_BEFORE_MAX);
        starts_s = n_before * lengths[0] - first;
        out.push(Tempo { quarter: 0.0, bpm: bpm(per_bar, lengths[0]) });
        at = n_before * per_bar;
    } else {
        // The first bar begins with the sound.
        lengths[0] += first;
    }
    for length in lengths {
        // Where a downbeat was not found, two bars are as long as two.
        let n_bars = (length / typical).round().max(1.0);
        let tempo = Tempo { quarter: at, bpm: bpm(n_bars * per_bar, length) };
        if out.last().is_none_or(|it: &Tempo| (it.bpm - tempo.bpm).abs() > 1e-9) {
            out.push(tempo);
        }
        at += n_bars * per_bar;
    }
    (out, starts_s.max(0.0))
}

/// Places in seconds with names: chords where they change, sections in brackets.
fn markers(map: &SoundMap) -> Vec<(f64, String)> {
    let is_place = |it: &&Span| (0.0..1e8).contains(&it.start_s);
    let mut all: Vec<(f64, String)> = map
        .sections
        .iter()
        .filter(is_place)
        .map(|it| (it.start_s, format!("[{}]", it.label)))
        .collect();
    let chords = map.chords.iter().filter(is_place);
    all.extend(chords.map(|it| (it.start_s, chord_name(&it.label))));
    // Sections stand before chords, and the sort keeps that.
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut out: Vec<(f64, String)> = Vec::with_capacity(all.len());
    for (at, name) in all {
        match out.last_mut() {
            Some(last)
                if at - last.0 < TOGETHER_SECS
                    && last.1.starts_with('[') != name.starts_with('[') =>
            {
                let (section, chord) = match name.starts_with('[') {
                    true => (&name, &last.1),
                    false => (&last.1, &name),
                };
                last.1 = format!("{section} {chord}");
            }
            _ => out.push((at, name)),
        }
    }
    out
}

/// A chord as musicians write it: `Am7` for `A:min7`.
fn chord_name(label: &str) -> String {
    if label == "N" {
        return "no chord".into();
    }
    let (root, kind) = label.split_once(':').unwrap_or((label, "maj"));
    let kind = match kind {
        "maj" => "",
        "min" => "m",
        "min7" => "m7",
        other => other,
    };
    format!("{root}{kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(all: &[(f64, f64, &str)]) -> Vec<Span> {
        let span = |&(start_s, end_s, label): &(f64, f64, &str)| Span {
            start_s,
            end_s,
            label: label.to_owned(),
        };
        all.iter().map(span).collect()
    }

    /// Where the bars of a project begin in the time of its sound, from the one of its first downbeat on.
    fn bars_heard(map: &SoundMap, n: usize) -> Vec<f64> {
        let (project, starts_s, _) = project_of(map, "take", "/take.wav");
        let clock = Clock::new(&score::maps_of(&project));
        let per_bar = quarters(&project.meters[0]);
        let secs =
            |bar: usize| clock.secs_from_tick(bar as f64 * per_bar * score::TICKS) - starts_s;
        let first = map.downbeats_s.first().copied().unwrap_or(0.0);
        let from = (0..2000).find(|bar| secs(*bar) > first - 0.02).unwrap();
        (from..from + n).map(secs).collect()
    }

    #[test]
    fn bars_are_where_they_are_heard() {
        let check = |meter: &str, downbeats: &[f64]| {
            let map = SoundMap {
                downbeats_s: downbeats.to_vec(),
                meter: Some(meter.to_owned()),
                seconds: 60.0,
                ..SoundMap::default()
            };
            let heard = bars_heard(&map, downbeats.len());
            for (heard, said) in heard.iter().zip(downbeats) {
                assert!((heard - said).abs() < 0.001, "{meter}: {heard:?} for {said}");
            }
        };
        check("4/4", &[0.0, 2.0, 4.0, 6.0]);
        check("4/4", &[0.73, 2.7, 4.75, 6.7, 8.8]);
        check("3/4", &[3.5, 5.0, 6.5]);
        check("6/8", &[0.2, 1.9, 3.7, 5.3]);
        check("7/8", &[100.0, 101.0, 102.5]);
    }

    #[test]
    fn an_even_take_has_one_tempo_and_a_gap_two_bars() {
        let tempos_of = |downbeats: &[f64]| {
            let (tempos, _) = tempos(downbeats, 4.0);
            let rounded = |it: &Tempo| (it.quarter, (it.bpm * 1e6).round() / 1e6);
            tempos.iter().map(rounded).collect::<Vec<_>>()
        };
        assert_eq!(tempos_of(&[0.0, 2.001, 3.999, 6.0]), [(0.0, 120.0)]);
        assert_eq!(tempos_of(&[0.0, 2.0, 6.0, 8.0, 10.4]), [(0.0, 120.0), (16.0, 100.0)]);
        assert_eq!(tempos_of(&[]), [(0.0, 120.0)]);
        assert_eq!(tempos_of(&[3.0]), [(0.0, 120.0)]);
    }

    #[test]
    fn bars_are_counted_where_only_beats_are_known() {
        let beats = |n: usize, step: f64| (0..n).map(|i| i as f64 * step).collect::<Vec<f64>>();
        let check = |meter: &str, beats_s: Vec<f64>, expected: &[f64]| {
            let map = SoundMap { beats_s, ..SoundMap::default() };
            let found = downbeats(&map, &meter_of(meter).unwrap());
            assert_eq!(found, expected, "{meter}");
        };
        check("4/4", beats(9, 0.5), &[0.0, 2.0, 4.0]);
        check("6/8", beats(5, 0.5), &[0.0, 1.0, 2.0]);
        check("3/4", vec![], &[]);
        check("4/4", vec![f64::NAN, -1.0, 2.0, f64::INFINITY], &[2.0]);
        for text in ["", "4", "0/4", "4/3", "a/b", "300/4"] {
            assert!(meter_of(text).is_none(), "{text}");
        }
    }

    #[test]
    fn chords_and_sections_are_markers() {
        let map = SoundMap {
            chords: spans(&[(0.0, 2.0, "A:min"), (2.0, 4.0, "G:7"), (4.0, 5.0, "N")]),
            sections: spans(&[(0.02, 4.0, "A"), (4.5, 5.0, "B")]),
            ..SoundMap::default()
        };
        let names: Vec<(f64, String)> = markers(&map);
        let expected = [(0.0, "[A] Am"), (2.0, "G7"), (4.0, "no chord"), (4.5, "[B]")]
            .map(|(at, it)| (at, it.to_owned()));
        assert_eq!(names, expected);
    }
}
