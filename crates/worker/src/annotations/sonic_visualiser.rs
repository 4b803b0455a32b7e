//! A layer of Sonic Visualiser (`svl`) with the beats, to lay over the sound. Source: the files that Sonic Visualiser
//! itself exports.
//!
//! Such a file holds one layer; chords and sections go there as the table of `csv.rs`.

use std::fmt::Write as _;

use api::Analysis;

use super::beats;

/// Time instants at the beats, labelled by their number in the bar.
pub(super) fn write(analysis: &Analysis) -> String {
    let rate_hz = analysis.rate_hz.max(1);
    let frame = |at_s: f64| (at_s * f64::from(rate_hz)).round().max(0.0) as u64;
    let end = frame(analysis.seconds);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE sonic-visualiser>\n<sv>\n  <data>\n    \
         <model id=\"1\" name=\"Beats\" sampleRate=\"{rate_hz}\" start=\"0\" end=\"{end}\" type=\"sparse\" \
         dimensions=\"1\" resolution=\"1\" notifyOnAdd=\"true\" dataset=\"0\" />\n    \
         <dataset id=\"0\" dimensions=\"1\">\n"
    );
    for beat in beats(analysis) {
        let label = beat.number.map_or(String::new(), |number| number.to_string());
        // Writing to a String cannot fail.
        let _ = writeln!(text, "      <point frame=\"{}\" label=\"{label}\" />", frame(beat.at_s));
    }
    text.push_str(
        "    </dataset>\n  </data>\n  <display>\n    \
         <layer id=\"2\" type=\"timeinstants\" name=\"Beats\" model=\"1\" plotStyle=\"0\" \
         colourName=\"Purple\" colour=\"#800080\" darkBackground=\"false\" />\n  </display>\n</sv>\n",
    );
    text
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
}
