//! JAMS, the JSON Annotated Music Specification, version 0.3. Source: Humphrey, Salamon, Nieto, Forsyth, Bittner, Bello,
//! «JAMS: A JSON annotated music specification for reproducible MIR research» (ISMIR 2014), and its namespaces.

use api::{Analysis, Span};
use serde_json::{Value, json};

use super::beats;

/// One annotation for each of tempo, beats, onsets, key, chords and sections that was found.
pub(super) fn write(analysis: &Analysis) -> Vec<u8> {
    let mut all = vec![];
    let mut add = |namespace: &str, observed: Vec<Value>| {
        if !observed.is_empty() {
            all.push(annotation(namespace, &observed, analysis.seconds));
        }
    };
    let whole = |value: Value, confidence: f64| json!({"time": 0.0, "duration": analysis.seconds, "value": value, "confidence": confidence});
    let tempo = analysis.tempo_bpm.map(|it| whole(json!(it), analysis.tempo_confidence));
    add("tempo", tempo.into_iter().collect());
    let at = |time: f64, value: Value| json!({"time": time, "duration": 0.0, "value": value, "confidence": null});
    add("beat", beats(analysis).iter().map(|beat| at(beat.at_s, json!(beat.number))).collect());
    add("onset", analysis.onsets_s.iter().map(|time| at(*time, Value::Null)).collect());
    // A key is written `A:minor` there.
    let key = analysis.key.as_deref().map(|it| it.replace(' ', ":"));
    let key = key.map(|it| whole(json!(it), analysis.key_confidence));
    add("key_mode", key.into_iter().collect());
    add("chord", spans(&analysis.chords));
    add("segment_open", spans(&analysis.sections));
    let file = std::path::Path::new(&analysis.file);
    let title = file.file_stem().map_or_else(String::new, |it| it.to_string_lossy().into_owned());
    super::json(&json!({
        "file_metadata": {
            "title": title,
            "artist": "",
            "release": "",
            "duration": analysis.seconds,
            "identifiers": {},
            "jams_version": "0.3.4",
        },
        "annotations": all,
        "sandbox": {},
    }))
}

fn spans(spans: &[Span]) -> Vec<Value> {
    let span = |it: &Span| {
        json!({
            "time": it.start_s,
            "duration": it.end_s - it.start_s,
            "value": it.label,
            "confidence": null,
        })
    };
    spans.iter().map(span).collect()
}

fn annotation(namespace: &str, data: &[Value], seconds: f64) -> Value {
    json!({
        "namespace": namespace,
        "data": data,
        "time": 0.0,
        "duration": seconds,
        "sandbox": {},
        "annotation_metadata": {
            "curator": {"name": "", "email": ""},
            "annotator": {},
            "version": "",
            "corpus": "",
            "annotation_tools": concat!("Maquette ", env!("CARGO_PKG_VERSION")),
            "annotation_rules": "",
            "validation": "",
            "data_source": "program",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{super::tests::waltz, *};

    #[test]
    fn each_kind_has_its_namespace() {
        let jams: Value = serde_json::from_slice(&write(&waltz())).unwrap();
        let annotations = jams["annotations"].as_array().unwrap();
        let namespaces: Vec<&str> =
            annotations.iter().map(|it| it["namespace"].as_str().unwrap()).collect();
        assert_eq!(namespaces, ["tempo", "beat", "onset", "key_mode", "chord", "segment_open"]);
        assert_eq!(annotations[1]["data"][1]["value"], 1);
        assert_eq!(annotations[3]["data"][0]["value"], "A:minor");
        assert_eq!(annotations[4]["data"][1]["duration"], 2.0);
        assert_eq!(jams["file_metadata"]["title"], "walz & co");
        let empty: Value = serde_json::from_slice(&write(&Analysis::default())).unwrap();
        assert_eq!(empty["annotations"], json!([]));
    }
}
