//! A label track of Audacity: a line for each label, with its start, its end and its text, between tabs.
//! Source: Audacity manual, «Importing and Exporting Labels».

use std::fmt::Write as _;

use api::{Analysis, HeardNote};
use music::key_name;

use super::beats;

/// Beats as points that are named by their number in the bar; chords, sections, phrases and notes of the melody as
/// regions.
pub(super) fn write(analysis: &Analysis) -> String {
    let mut labels: Vec<(f64, f64, String)> = vec![];
    for beat in beats(analysis) {
        let label = beat.number.map_or("beat".to_owned(), |number| number.to_string());
        labels.push((beat.at_s, beat.at_s, label));
    }
    labels.extend(analysis.chords.iter().map(|it| (it.start_s, it.end_s, it.label.clone())));
    let section = |label: &str| format!("section {label}");
    labels.extend(analysis.sections.iter().map(|it| (it.start_s, it.end_s, section(&it.label))));
    let phrases = analysis.phrases.iter().zip(1..);
    labels.extend(phrases.map(|(it, n)| (it.start_s, it.end_s, format!("phrase {n}"))));
    let note = |it: &HeardNote| (it.start_s, it.end_s, format!("note {}", key_name(it.key)));
    labels.extend(analysis.melody.iter().map(note));
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut text = String::new();
    for (start_s, end_s, label) in labels {
        let label = label.replace(['\t', '\n', '\r'], " ");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{start_s:.6}\t{end_s:.6}\t{label}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::tests::waltz, *};

    #[test]
    fn labels_are_lines_with_tabs() {
        let text = write(&waltz());
        assert!(text.contains("0.500000\t0.500000\t1\n"), "{text}");
        assert!(text.contains("0.000000\t2.000000\tA:min\n"), "{text}");
        assert!(text.contains("0.000000\t4.000000\tsection A\n"), "{text}");
        assert!(text.contains("0.000000\t1.500000\tphrase 1\n"), "{text}");
        assert!(text.contains("2.000000\t4.000000\tphrase 2\n"), "{text}");
        assert!(text.contains("0.500000\t1.000000\tnote A4\n"), "{text}");
        assert!(text.lines().all(|line| line.split('\t').count() == 3));
    }
}
