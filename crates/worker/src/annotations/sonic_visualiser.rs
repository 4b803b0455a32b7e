//! Layers of Sonic Visualiser (`svl`) with the beats or the notes of the melody, to lay over the sound. Source: the files
//! that Sonic Visualiser itself exports.
//!
//! Such a file holds one layer; chords and sections go there as the table of `csv.rs`.

use std::fmt::Write as _;

use api::Analysis;
use music::key_name;

use super::beats;

/// Time instants at the beats, labelled by their number in the bar.
pub(super) fn write(analysis: &Analysis) -> String {
    let frame = |at_s: f64| frame_at(analysis, at_s);
    let mut points = String::new();
    for beat in beats(analysis) {
        let label = beat.number.map_or(String::new(), |number| number.to_string());
        // Writing to a String cannot fail.
        let _ =
            writeln!(points, "      <point frame=\"{}\" label=\"{label}\" />", frame(beat.at_s));
    }
    layer(analysis, "Beats", "dimensions=\"1\"", "", &points)
}

/// Notes at their pitches, with the part of a semitone behind the point.
pub(super) fn write_notes(analysis: &Analysis) -> String {
    let frame = |at_s: f64| frame_at(analysis, at_s);
    let mut points = String::new();
    for note in &analysis.melody {
        let (start, pitch) = (frame(note.start_s), f64::from(note.key) + note.cents_off / 100.0);
        // Writing to a String cannot fail.
        let _ = writeln!(
            points,
            "      <point frame=\"{start}\" value=\"{pitch:.2}\" duration=\"{}\" level=\"{:.3}\" label=\"{}\" />",
            frame(note.end_s).saturating_sub(start).max(1),
            f64::from(note.velocity) / 127.0,
            key_name(note.key),
        );
    }
    let of_notes = "subtype=\"note\" valueQuantization=\"0\" minimum=\"0\" maximum=\"127\" \
                    units=\"MIDI Pitch\" ";
    layer(analysis, "Notes", "dimensions=\"3\"", of_notes, &points)
}

/// The sample at a time.
fn frame_at(analysis: &Analysis, at_s: f64) -> u64 {
    (at_s * f64::from(analysis.rate_hz.max(1))).round().max(0.0) as u64
}

/// A file with one layer of points.
fn layer(
    analysis: &Analysis,
    name: &str,
    dimensions: &str,
    of_model: &str,
    points: &str,
) -> String {
    let (rate_hz, end) = (analysis.rate_hz.max(1), frame_at(analysis, analysis.seconds));
    let kind = if of_model.is_empty() { "timeinstants" } else { "notes" };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE sonic-visualiser>\n<sv>\n  <data>\n    \
         <model id=\"1\" name=\"{name}\" sampleRate=\"{rate_hz}\" start=\"0\" end=\"{end}\" type=\"sparse\" \
         {dimensions} resolution=\"1\" notifyOnAdd=\"true\" dataset=\"0\" {of_model}/>\n    \
         <dataset id=\"0\" {dimensions}>\n{points}    </dataset>\n  </data>\n  <display>\n    \
         <layer id=\"2\" type=\"{kind}\" name=\"{name}\" model=\"1\" plotStyle=\"0\" \
         colourName=\"Purple\" colour=\"#800080\" darkBackground=\"false\" />\n  </display>\n</sv>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{super::tests::waltz, *};

    #[test]
    fn beats_are_points_at_their_samples() {
        let text = write(&waltz());
        assert!(text.contains("<point frame=\"22050\" label=\"1\" />"), "{text}");
        assert!(text.contains("sampleRate=\"44100\" start=\"0\" end=\"176400\""), "{text}");
        assert_eq!(text.matches("<point ").count(), 5);
        for tag in ["sv", "data", "dataset", "display"] {
            assert_eq!(text.matches(&format!("</{tag}>")).count(), 1, "{tag}");
        }
    }

    #[test]
    fn notes_are_points_with_a_pitch_and_a_length() {
        let text = write_notes(&waltz());
        let point = "<point frame=\"22050\" value=\"69.25\" duration=\"22050\" level=\"0.709\" label=\"A4\" />";
        assert!(text.contains(point), "{text}");
        assert!(text.contains("dimensions=\"3\"") && text.contains("type=\"notes\""), "{text}");
        assert_eq!(text.matches("<point ").count(), 2);
    }
}
