//! What the worker for tests does of a change: files here are texts, and each becomes one with a word more.

use api::{
    ChangeReport, ChangeResult, ChangeTask, ChangedFile, ChangedKind, ChangedRole, StretchedSound,
};

use super::*;

/// Changes files that are texts: each gets the word `changed`, and a MIDI file beside it. `slow` waits to be stopped.
pub(super) fn change(folder: &Path, task: &ChangeTask, events: &mut Events) -> Option<Outcome> {
    events.started(0);
    fs::create_dir_all(folder.join("files")).unwrap();
    let mut result = ChangeResult {
        format: ChangeResult::FORMAT,
        files: vec![],
        reports: vec![],
        failures: vec![],
    };
    for (of, file) in task.files.iter().enumerate() {
        let text = fs::read_to_string(folder.join(&file.path)).unwrap();
        while text.starts_with("slow") {
            if is_stop_asked(folder) {
                return Some(Outcome::Stopped);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        for (kind, ending) in [(ChangedKind::Sound, "wav"), (ChangedKind::Midi, "mid")] {
            let path = format!("files/{of} {}.{ending}", file.name);
            fs::write(folder.join(&path), format!("{text} changed")).unwrap();
            result.files.push(ChangedFile {
                path,
                kind,
                role: ChangedRole::Result,
                name: format!("{} changed", file.name),
                of: of as u32,
                bytes: text.len() as u64 + 8,
            });
        }
        result.reports.push(ChangeReport::Stretch(StretchedSound::default()));
    }
    fs::write(folder.join("result.json"), serde_json::to_vec(&result).unwrap()).unwrap();
    Some(Outcome::Done)
}
