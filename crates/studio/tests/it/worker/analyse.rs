//! What the worker for tests does of an analysis: files here are texts, and what is in them is what was found. A sound's
//! place is its tempo.

use api::{AnalyseTask, Analysis};

use super::*;

/// Analyses files that are texts like `120 A minor`; `bad` cannot be analysed, and `slow` waits to be stopped.
pub(super) fn analyse(folder: &Path, task: &AnalyseTask, events: &mut Events) -> Option<Outcome> {
    events.started(0);
    for file in &task.files {
        if is_stop_asked(folder) {
            return Some(Outcome::Stopped);
        }
        let Ok(bytes) = fs::read(folder.join(&file.path)) else {
            let problem = "It could not be read.".to_owned();
            events.write(EventBody::NotAnalysed { item: file.item.clone(), problem });
            continue;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.starts_with("bad") {
            let problem = "It is not a sound file.".to_owned();
            events.write(EventBody::NotAnalysed { item: file.item.clone(), problem });
            continue;
        }
        while text.starts_with("slow") {
            if is_stop_asked(folder) {
                return Some(Outcome::Stopped);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let sha256: String = Sha256::digest(&bytes).iter().map(|it| format!("{it:02x}")).collect();
        let known = folder.join("../../../../analysed").join(&sha256[..2]).join(&sha256);
        let known = fs::read(known.join("analysis.json")).ok();
        let known = known.and_then(|it| serde_json::from_slice::<Analysis>(&it).ok());
        if task.is_again || known.is_none_or(|it| it.format < Analysis::FORMAT) {
            found(&folder.join("found").join(&sha256), &text);
        }
        let bytes = bytes.len() as u64;
        events.write(EventBody::Analysed { item: file.item.clone(), sha256, bytes });
        if text.starts_with("vanish") {
            return None;
        }
    }
    Some(Outcome::Done)
}

fn found(folder: &Path, text: &str) {
    fs::create_dir_all(folder).unwrap();
    let (tempo, key) = text.split_once(' ').unwrap_or((text, ""));
    let analysis = Analysis {
        format: Analysis::FORMAT,
        seconds: text.len() as f64,
        rate_hz: 100,
        channels: 1,
        tempo_bpm: tempo.parse().ok(),
        key: Some(key.to_owned()).filter(|key| !key.is_empty()),
        beats_s: vec![0.0, 0.5, 1.0],
        loudness_lufs: Some(-14.0),
        words: vec!["bright".to_owned()],
        place: tempo.parse::<f32>().map_or_else(|_| vec![], |it| vec![it / 10.0, 1.0]),
        ..Analysis::default()
    };
    fs::write(folder.join("analysis.json"), serde_json::to_vec(&analysis).unwrap()).unwrap();
    fs::write(folder.join("peaks.bin"), [0xf0, 0x10]).unwrap();
}
