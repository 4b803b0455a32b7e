//! Folders of the library that cannot be read: named, kept, and read in once they are mended.

use std::fs;

use studio::find_unreadable;

use crate::stage::Stage;

#[test]
fn a_damaged_folder_is_named_and_comes_back() {
    let mut stage = Stage::new();
    let run = stage.done_run(10);
    let dataset = stage.studio.run(&run).unwrap().run.dataset.unwrap();
    assert_eq!(stage.studio.unreadable().unwrap(), []);
    let order = stage.job_folder("runs", &run).join("job.json");
    let whole = fs::read(&order).unwrap();
    stage.studio.close();
    fs::write(&order, &whole[..whole.len() / 2]).unwrap();
    fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
    stage.reopen();
    assert_eq!(stage.studio.runs().unwrap(), []);
    let found = stage.studio.unreadable().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].list.as_str(), &found[0].id), ("runs", &run));
    assert_eq!(found[0].problem.code, "unreadable");
    let why = found[0].problem.why.as_deref().unwrap();
    assert!(why.contains("job.json"), "{why}");
    assert!(found[0].problem.remedy.is_some() && found[0].path.ends_with(run.as_str()));
    // Doctor finds the same without opening the workspace.
    assert_eq!(find_unreadable(&stage.workspace()), found);

    let newer =
        String::from_utf8(whole.clone()).unwrap().replace("\"format\": 1", "\"format\": 99");
    fs::write(&order, newer).unwrap();
    let found = stage.studio.unreadable().unwrap();
    assert_eq!(found[0].problem.code, "newer", "{found:?}");
    assert!(found[0].problem.remedy.as_deref().unwrap().contains("Update"), "{found:?}");
    // A newer one may lack all that this program looks for.
    fs::write(&order, "{\"format\": 99}").unwrap();
    assert_eq!(stage.studio.unreadable().unwrap()[0].problem.code, "newer");

    fs::write(&order, &whole).unwrap();
    assert_eq!(stage.studio.unreadable().unwrap(), []);
    assert_eq!(stage.studio.run(&run).unwrap().run.step, 10);
    assert!(stage.studio.dataset(&dataset).is_ok());
}

#[test]
fn a_job_that_was_dismissed_stays_so_until_it_runs_again() {
    let mut stage = Stage::new();
    let dataset = stage.dataset("vanish").id;
    stage.wait_state(&dataset, |state| matches!(state, api::JobState::Interrupted { .. }));
    assert!(!stage.studio.job(&dataset).unwrap().dismissed);
    stage.studio.dismiss_job(&dataset).unwrap();
    assert!(stage.studio.job(&dataset).unwrap().dismissed);
    stage.studio.rename_dataset(&dataset, "vanish, renamed").unwrap();
    stage.studio.close();
    fs::remove_file(stage.workspace().join("maquette.db")).unwrap();
    stage.reopen();
    assert!(stage.studio.job(&dataset).unwrap().dismissed, "a rebuild finds it");
    let restarted = stage.studio.restart_dataset(&dataset).unwrap();
    assert!(!restarted.job.dismissed);
    stage.wait_state(&dataset, |state| matches!(state, api::JobState::Interrupted { .. }));
    assert!(!stage.studio.job(&dataset).unwrap().dismissed);
    let slow = stage.dataset("slow").id;
    let refused = stage.studio.dismiss_job(&slow);
    assert!(matches!(refused, Err(studio::Error::Conflict { .. })), "{refused:?}");
    stage.studio.cancel_dataset(&slow).unwrap();
}

#[test]
fn names_that_would_deceive_are_refused() {
    let stage = Stage::new();
    let check = |name: &str, expected: &str| {
        let refused = stage.studio.create_dataset(stage.new_dataset(name)).unwrap_err();
        let why = refused.problem().why.unwrap();
        assert!(why.contains(expected), "{name:?}: {why}");
    };
    check("gpj.\u{202e}exe", "U+202E");
    check("\u{2066}kick", "U+2066");
    check("a\u{1b}[31m", "control character");
    check("a\nb", "control character");
    check(" ", "Enter a name.");
    // Letters that are written from right to left are a name like any other.
    let dataset = stage.studio.create_dataset(stage.new_dataset("مرحبا 🎻")).unwrap();
    assert_eq!(dataset.name, "مرحبا 🎻");
}
