//! A table of all that was found, one line a thing, for spreadsheets and scripts. Source of the form: RFC 4180.

use std::fmt::Write as _;

use api::Analysis;
use music::key_name;

use super::beats;

/// Lines of `start_s,end_s,kind,label`, in order of time. What has no length ends where it starts.
pub(super) fn write(analysis: &Analysis) -> String {
    let mut rows: Vec<(f64, f64, &str, String)> = vec![];
    let whole = |kind, label: String| (0.0, analysis.seconds, kind, label);
    rows.extend(analysis.tempo_bpm.map(|it| whole("tempo", format!("{it:.3}"))));
    rows.extend(analysis.meter.clone().map(|it| whole("meter", it)));
    rows.extend(analysis.key.clone().map(|it| whole("key", it)));
    for beat in beats(analysis) {
        let label = beat.number.map_or(String::new(), |number| number.to_string());
        rows.push((beat.at_s, beat.at_s, "beat", label));
    }
    rows.extend(analysis.onsets_s.iter().map(|at| (*at, *at, "onset", String::new())));
    for (kind, spans) in [("chord", &analysis.chords), ("section", &analysis.sections)] {
        rows.extend(spans.iter().map(|it| (it.start_s, it.end_s, kind, it.label.clone())));
    }
    let phrases = analysis.phrases.iter().zip(1..);
    rows.extend(phrases.map(|(it, n)| (it.start_s, it.end_s, "phrase", format!("{n}"))));
    rows.extend(analysis.melody.iter().map(|it| (it.start_s, it.end_s, "note", key_name(it.key))));
    for finding in &analysis.findings {
        rows.push((finding.start_s, finding.end_s, "finding", finding.sentence.clone()));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut text = "start_s,end_s,kind,label\r\n".to_owned();
    for (start_s, end_s, kind, label) in rows {
        // Writing to a String cannot fail.
        let _ = write!(text, "{start_s:.6},{end_s:.6},{kind},{}\r\n", quoted(&label));
    }
    text
}

/// A value that may hold commas, quotation marks or line ends. What a spreadsheet would take for a formula is text.
fn quoted(value: &str) -> String {
    let value = match value.starts_with(['=', '+', '-', '@']) {
        true => format!("'{value}"),
        false => value.to_owned(),
    };
    match value.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => value,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::waltz, *};

    #[test]
    fn every_thing_is_a_line() {
        let text = write(&waltz());
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[0], "start_s,end_s,kind,label");
        assert!(lines.contains(&"0.000000,4.000000,key,A minor"), "{text}");
        assert!(lines.contains(&"0.500000,0.500000,beat,1"), "{text}");
        assert!(lines.contains(&"2.000000,4.000000,chord,N"), "{text}");
        assert!(lines.contains(&"0.000000,1.500000,phrase,1"), "{text}");
        assert!(lines.contains(&"1.000000,1.500000,note,C5"), "{text}");
        let finding = "1.000000,1.250000,finding,\"It is clipped, \"\"badly\"\".\"";
        assert!(lines.contains(&finding), "{text}");
        assert_eq!(quoted("=1+1"), "'=1+1");
    }
}
