//! JAMS, the JSON Annotated Music Specification, version 0.3. Source: Humphrey, Salamon, Nieto, Forsyth, Bittner, Bello,
//! «JAMS: A JSON annotated music specification for reproducible MIR research» (ISMIR 2014), and its namespaces.

use api::{Analysis, HeardNote, Phrase, Span};
use serde_json::{Value, json};

use super::beats;

/// One annotation for each of tempo, beats, onsets, key, chords, sections, phrases and melody that was found.
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
    let phrase =
        |(it, n): (&Phrase, u32)| spanned(it.start_s, it.end_s, &json!(format!("phrase {n}")));
    add("segment_open", analysis.phrases.iter().zip(1..).map(phrase).collect());
    // Keys of MIDI, with the part of a semitone behind the point.
    let note = |it: &HeardNote| {
        let key = f64::from(it.key) + it.cents_off / 100.0;
        spanned(it.start_s, it.end_s, &json!(key))
    };
    add("note_midi", analysis.melody.iter().map(note).collect());
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
    spans.iter().map(|it| spanned(it.start_s, it.end_s, &json!(it.label))).collect()
}

fn spanned(start_s: f64, end_s: f64, value: &Value) -> Value {
    json!({"time": start_s, "duration": end_s - start_s, "value": value, "confidence": null})
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
        let expected = ["tempo", "beat", "onset", "key_mode", "chord", "segment_open"];
        assert_eq!(namespaces[..6], expected);
        assert_eq!(namespaces[6..], ["segment_open", "note_midi"]);
        assert_eq!(annotations[6]["data"][1]["value"], "phrase 2");
        assert_eq!(annotations[7]["data"][0]["value"], 69.25);
        assert_eq!(annotations[7]["data"][0]["duration"], 0.5);
        assert_eq!(annotations[1]["data"][1]["value"], 1);
        assert_eq!(annotations[3]["data"][0]["value"], "A:minor");
        assert_eq!(annotations[4]["data"][1]["duration"], 2.0);
        assert_eq!(jams["file_metadata"]["title"], "walz & co");
        let empty: Value = serde_json::from_slice(&write(&Analysis::default())).unwrap();
        assert_eq!(empty["annotations"], json!([]));
    }
}
