//! What was found in a sound as files for other programs: tables, labels, layers, each in a file of its own.

mod audacity;
mod csv;
mod jams;
mod midi;
mod sonic_visualiser;

use api::{Analysis, AnnotationForm};

/// What was found, in the form of another program.
#[must_use]
pub fn annotations(analysis: &Analysis, form: AnnotationForm) -> Vec<u8> {
    match form {
        AnnotationForm::Json => json(analysis),
        AnnotationForm::Csv => csv::write(analysis).into_bytes(),
        AnnotationForm::Jams => jams::write(analysis),
        AnnotationForm::Audacity => audacity::write(analysis).into_bytes(),
        AnnotationForm::SonicVisualiser => sonic_visualiser::write(analysis).into_bytes(),
        AnnotationForm::SonicVisualiserNotes => {
            sonic_visualiser::write_notes(analysis).into_bytes()
        }
        AnnotationForm::Midi => midi::write(analysis),
    }
}

/// The ending of a file of this form.
#[must_use]
pub fn annotation_ending(form: AnnotationForm) -> &'static str {
    match form {
        AnnotationForm::Json => "json",
        AnnotationForm::Csv => "csv",
        AnnotationForm::Jams => "jams",
        AnnotationForm::Audacity => "txt",
        AnnotationForm::SonicVisualiser | AnnotationForm::SonicVisualiserNotes => "svl",
        AnnotationForm::Midi => "mid",
    }
}

fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// A beat and its number in its bar, from 1; none where nothing says where bars begin.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Beat {
    at_s: f64,
    number: Option<u32>,
}

/// How far a beat may be from the first of a bar and still be it, in seconds.
const SAME_BEAT_S: f64 = 0.02;

/// Every beat with its number. Before the first bar, numbers count back from where it begins, by the length of bars.
fn beats(analysis: &Analysis) -> Vec<Beat> {
    let is_first = |at: f64| {
        let next = analysis.downbeats_s.partition_point(|it| *it < at - SAME_BEAT_S);
        analysis.downbeats_s.get(next).is_some_and(|it| *it <= at + SAME_BEAT_S)
    };
    let firsts: Vec<bool> = analysis.beats_s.iter().map(|at| is_first(*at)).collect();
    let meter = analysis.meter.as_deref().and_then(|it| it.split_once('/')?.0.parse::<u32>().ok());
    let first = firsts.iter().position(|it| *it);
    let mut number = None;
    let mut all = Vec::with_capacity(firsts.len());
    for (i, (at_s, is_first)) in analysis.beats_s.iter().zip(firsts).enumerate() {
        number = match (is_first, number, first, meter) {
            (true, ..) => Some(1),
            (false, Some(number), ..) => Some(number + 1),
            (false, None, Some(first), Some(meter)) if first > i && meter > 0 => {
                let before = (first - i) as u32 % meter;
                Some(if before == 0 { 1 } else { meter + 1 - before })
            }
            _ => None,
        };
        all.push(Beat { at_s: *at_s, number });
    }
    all
}

#[cfg(test)]
mod tests {
    use api::{AnalysisEdit, HeardNote, Phrase, SoundFinding, Span};

    use super::*;

    /// Two bars of three with an upbeat, two chords, one section, two phrases, two notes.
    pub(super) fn waltz() -> Analysis {
        let span = |start_s: f64, end_s: f64, label: &str| Span {
            start_s,
            end_s,
            label: label.to_owned(),
        };
        Analysis {
            file: "walz & co.wav".to_owned(),
            format: Analysis::FORMAT,
            seconds: 4.0,
            rate_hz: 44_100,
            channels: 2,
            tempo_bpm: Some(120.0),
            tempo_confidence: 0.9,
            meter: Some("3/4".to_owned()),
            beats_s: vec![0.0, 0.5, 1.0, 1.5, 2.0],
            downbeats_s: vec![0.501, 2.0],
            onsets_s: vec![0.0],
            key: Some("A minor".to_owned()),
            key_confidence: 0.7,
            chords: vec![span(0.0, 2.0, "A:min"), span(2.0, 4.0, "N")],
            sections: vec![span(0.0, 4.0, "A")],
            findings: vec![SoundFinding {
                kind: "clipping".to_owned(),
                start_s: 1.0,
                end_s: 1.25,
                sentence: "It is clipped, \"badly\".".to_owned(),
            }],
            phrases: vec![Phrase { start_s: 0.0, end_s: 1.5 }, Phrase { start_s: 2.0, end_s: 4.0 }],
            melody: vec![
                HeardNote { start_s: 0.5, end_s: 1.0, key: 69, cents_off: 25.0, velocity: 90 },
                HeardNote { start_s: 1.0, end_s: 1.5, key: 72, cents_off: -5.0, velocity: 80 },
            ],
            ..Analysis::default()
        }
    }

    #[test]
    fn beats_are_numbered_in_their_bars() {
        let numbers = |analysis: &Analysis| -> Vec<Option<u32>> {
            beats(analysis).iter().map(|beat| beat.number).collect()
        };
        let waltz = waltz();
        assert_eq!(numbers(&waltz), [Some(3), Some(1), Some(2), Some(3), Some(1)]);
        let bare = Analysis { downbeats_s: vec![], ..waltz.clone() };
        assert_eq!(numbers(&bare), [None; 5]);
        let without_meter = Analysis { meter: None, ..waltz };
        assert_eq!(numbers(&without_meter)[..2], [None, Some(1)]);
        assert!(beats(&Analysis::default()).is_empty());
    }

    #[test]
    fn corrections_are_what_is_written() {
        use AnnotationForm::*;
        let found = waltz();
        let moved = HeardNote { start_s: 0.75, end_s: 1.25, key: 59, cents_off: 0.0, velocity: 64 };
        let edit = AnalysisEdit { melody: Some(vec![moved]), ..AnalysisEdit::default() };
        let corrected = edit.applied_to(&found);
        let check = |form, old: &str, new: &str| {
            let text = |analysis| String::from_utf8(annotations(analysis, form)).unwrap();
            assert!(text(&found).contains(old), "{form:?}: {}", text(&found));
            let text = text(&corrected);
            assert!(text.contains(new) && !text.contains(old), "{form:?}: {text}");
        };
        check(Json, "\"key\": 69", "\"key\": 59");
        check(Csv, "note,A4", "0.750000,1.250000,note,B3");
        check(Jams, "69.25", "59.0");
        check(Audacity, "note A4", "0.750000\t1.250000\tnote B3");
        check(SonicVisualiserNotes, "label=\"A4\"", "label=\"B3\"");
        let midi = music::read_midi(&annotations(&corrected, Midi)).unwrap();
        let keys: Vec<u8> =
            music::Score::from_midi(&midi.file).0.notes().map(|it| it.key).collect();
        assert_eq!(keys, [59]);
    }

    #[test]
    fn nothing_found_is_a_file_all_the_same() {
        use AnnotationForm::*;
        for form in [Json, Csv, Jams, Audacity, SonicVisualiser, SonicVisualiserNotes] {
            let text = String::from_utf8(annotations(&Analysis::default(), form)).unwrap();
            assert!(form == Audacity || !text.is_empty(), "{form:?}");
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }
}
