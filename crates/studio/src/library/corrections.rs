//! Whether corrections of what was found in a sound make sense for it.

use api::{AnalysisEdit, HeardNote, Span};

use super::search;
use crate::Error;

/// The most beats, chords, notes or sections of a correction, and the longest name of one.
const MARKS_MAX: usize = 200_000;
const LABEL_CHARS_MAX: usize = 60;
/// How far from its key a note may be, in cents.
const CENTS_OFF_MAX: f64 = 100.0;
/// Tempos that can be meant.
const TEMPO_BPM: std::ops::RangeInclusive<f64> = 10.0..=1000.0;

/// A correction that makes sense for a sound of a length; times are put in order.
pub(super) fn valid(mut edit: AnalysisEdit, seconds: f64) -> Result<AnalysisEdit, Error> {
    if edit.tempo_bpm.is_some_and(|it| !TEMPO_BPM.contains(&it)) {
        return Err(Error::invalid("tempo_bpm", "use 10 to 1000 beats per minute"));
    }
    if let Some(meter) = &edit.meter {
        let parts = meter.split_once('/').map(|(n, d)| (n.parse::<u8>(), d.parse::<u8>()));
        let is_meter = matches!(parts, Some((Ok(1..=32), Ok(d))) if d.is_power_of_two() && d <= 32);
        if !is_meter {
            return Err(Error::invalid(
                "meter",
                format!("`{meter}` is no meter; use one like 4/4"),
            ));
        }
    }
    if let Some(key) = &edit.key
        && search::read_key(key).is_none()
    {
        return Err(Error::invalid("key", format!("`{key}` is no key; use one like A minor")));
    }
    if let Some(beats) = &mut edit.beats_s {
        *beats = valid_times("beats_s", std::mem::take(beats), seconds)?;
    }
    if let Some(downbeats) = &mut edit.downbeats_s {
        *downbeats = valid_times("downbeats_s", std::mem::take(downbeats), seconds)?;
    }
    for (key, spans) in [("chords", &edit.chords), ("sections", &edit.sections)] {
        check_spans(key, spans.as_deref().unwrap_or_default(), seconds)?;
    }
    if let Some(phrases) = &mut edit.phrases {
        check_times("phrases", phrases.iter().map(|it| (it.start_s, it.end_s)), seconds)?;
        phrases.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    }
    if let Some(melody) = &mut edit.melody {
        check_notes(melody, seconds)?;
        melody.sort_by(|a, b| a.start_s.total_cmp(&b.start_s).then(a.key.cmp(&b.key)));
    }
    Ok(edit)
}

fn valid_times(key: &'static str, mut times: Vec<f64>, seconds: f64) -> Result<Vec<f64>, Error> {
    if times.len() > MARKS_MAX {
        return Err(Error::invalid(key, format!("use at most {MARKS_MAX}")));
    }
    if times.iter().any(|time| !(0.0..=seconds).contains(time)) {
        return Err(Error::invalid(key, format!("use times from 0 to {seconds:.3} seconds")));
    }
    times.sort_by(f64::total_cmp);
    times.dedup();
    Ok(times)
}

fn check_spans(key: &'static str, spans: &[Span], seconds: f64) -> Result<(), Error> {
    check_times(key, spans.iter().map(|it| (it.start_s, it.end_s)), seconds)?;
    for Span { label, .. } in spans {
        let is_label = !label.trim().is_empty() && label.chars().count() <= LABEL_CHARS_MAX;
        if !is_label || label.chars().any(super::is_unprintable) {
            let message = format!("use names of 1 to {LABEL_CHARS_MAX} visible characters");
            return Err(Error::invalid(key, message));
        }
    }
    Ok(())
}

fn check_notes(notes: &[HeardNote], seconds: f64) -> Result<(), Error> {
    check_times("melody", notes.iter().map(|it| (it.start_s, it.end_s)), seconds)?;
    let is_note = |it: &HeardNote| {
        it.key < 128 && (1..128).contains(&it.velocity) && it.cents_off.abs() <= CENTS_OFF_MAX
    };
    match notes.iter().all(is_note) {
        true => Ok(()),
        false => Err(Error::invalid(
            "melody",
            "use keys from 0 to 127, velocities from 1 to 127, and at most 100 cents off",
        )),
    }
}

fn check_times(
    key: &'static str,
    times: impl ExactSizeIterator<Item = (f64, f64)>,
    seconds: f64,
) -> Result<(), Error> {
    // Ends are often rounded.
    let end_max = seconds + 0.1;
    if times.len() > MARKS_MAX {
        return Err(Error::invalid(key, format!("use at most {MARKS_MAX}")));
    }
    for (start_s, end_s) in times {
        let is_inside = (0.0..=end_max).contains(&start_s) && (0.0..=end_max).contains(&end_s);
        if !is_inside || start_s >= end_s {
            let message =
                format!("use times from 0 to {seconds:.3} seconds, and ends after starts");
            return Err(Error::invalid(key, message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use api::Phrase;
    use proptest::prelude::*;

    use super::*;

    fn note(start_s: f64, end_s: f64, key: u8, velocity: u8) -> HeardNote {
        HeardNote { start_s, end_s, key, cents_off: 0.0, velocity }
    }

    fn of_melody(melody: Vec<HeardNote>) -> AnalysisEdit {
        AnalysisEdit { melody: Some(melody), ..AnalysisEdit::default() }
    }

    #[test]
    fn notes_that_cannot_be_are_refused() {
        let check = |edit: AnalysisEdit, expected: &str| {
            let error = valid(edit, 2.0).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(of_melody(vec![note(-0.1, 1.0, 60, 90)]), "times from 0 to 2.000");
        check(of_melody(vec![note(0.0, 2.5, 60, 90)]), "times from 0 to 2.000");
        check(of_melody(vec![note(1.0, 1.0, 60, 90)]), "ends after starts");
        check(of_melody(vec![note(f64::NAN, 1.0, 60, 90)]), "times from 0");
        check(of_melody(vec![note(0.0, 1.0, 128, 90)]), "keys from 0 to 127");
        check(of_melody(vec![note(0.0, 1.0, 60, 0)]), "velocities from 1");
        let odd = HeardNote { cents_off: f64::INFINITY, ..note(0.0, 1.0, 60, 90) };
        check(of_melody(vec![odd]), "100 cents");
        check(of_melody(vec![note(0.0, 1.0, 60, 90); MARKS_MAX + 1]), "at most");
        let phrases = Some(vec![Phrase { start_s: 1.0, end_s: 0.5 }]);
        check(AnalysisEdit { phrases, ..AnalysisEdit::default() }, "ends after starts");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Notes that make sense are kept as they are, in order of time.
        #[test]
        fn notes_are_kept_as_they_are(drawn in prop::collection::vec((0.0f64..9.0, 0.001f64..1.0, 0u8..128, 1u8..128), 0..40)) {
            let mut notes: Vec<HeardNote> =
                drawn.iter().map(|&(at, length, key, velocity)| note(at, at + length, key, velocity)).collect();
            let kept = valid(of_melody(notes.clone()), 10.0).unwrap().melody.unwrap();
            prop_assert!(kept.is_sorted_by(|a, b| a.start_s <= b.start_s));
            notes.sort_by(|a, b| a.start_s.total_cmp(&b.start_s).then(a.key.cmp(&b.key)));
            prop_assert_eq!(kept, notes);
        }
    }
}
