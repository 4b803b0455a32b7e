//! Patches: documents that people keep of playing a model.

use std::fs;

use api::{Id, NewPatch, PatchChange, PatchKind, ProjectItem};
use serde_json::json;
use studio::Error;

use crate::stage::Stage;

fn new(model: &Id, kind: PatchKind, name: &str) -> NewPatch {
    NewPatch { kind, name: name.to_owned(), model: model.clone(), body: json!({ "point": [1, 2] }) }
}

#[test]
fn a_patch_is_kept_changed_deleted_and_comes_back() {
    let mut stage = Stage::new();
    let model = stage.model();
    let favourite =
        stage.studio.create_patch(new(&model.id, PatchKind::Favourite, " Dark ")).unwrap();
    let movement =
        stage.studio.create_patch(new(&model.id, PatchKind::Trajectory, "Spiral")).unwrap();
    assert_eq!((favourite.name.as_str(), &favourite.model_sha256), ("Dark", &model.sha256));
    let ids = |stage: &Stage, kind: Option<PatchKind>| -> Vec<Id> {
        let found = stage.studio.patches(Some(&model.id), kind).unwrap();
        found.into_iter().map(|it| it.id).collect()
    };
    assert_eq!(ids(&stage, Some(PatchKind::Favourite)), std::slice::from_ref(&favourite.id));
    assert_eq!(ids(&stage, None).len(), 2);
    let nobody: Id = "nobody-000001".parse().unwrap();
    assert!(stage.studio.patches(Some(&nobody), None).unwrap().is_empty());
    let change = PatchChange { name: None, body: Some(json!([3])) };
    let changed = stage.studio.change_patch(&favourite.id, change).unwrap();
    assert_eq!((changed.name.as_str(), &changed.body), ("Dark", &json!([3])));
    stage.rebuild();
    assert_eq!(stage.studio.patch(&favourite.id).unwrap(), changed);
    stage.studio.delete_patch(&favourite.id).unwrap();
    assert!(matches!(stage.studio.delete_patch(&favourite.id), Err(Error::NotFound { .. })));
    assert_eq!(ids(&stage, None), std::slice::from_ref(&movement.id));
    stage.rebuild();
    stage.studio.restore_from_trash("patches", &favourite.id).unwrap();
    assert_eq!(stage.studio.patch(&favourite.id).unwrap(), changed);
    let project = api::NewProject { name: "P".to_owned(), defaults: api::RunDefaults::default() };
    let project = stage.studio.create_project(project).unwrap().id;
    let item = ProjectItem { list: "patches".to_owned(), id: movement.id.clone() };
    stage.studio.move_to_project(&project, &item).unwrap();
    stage.reopen();
    let there = stage.studio.in_project(Some(&project)).unwrap();
    assert_eq!(there.patches(None, None).unwrap(), [movement]);
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let stage = Stage::new();
    let model = stage.model();
    let good = new(&model.id, PatchKind::Instrument, "a");
    for name in ["", " ", "a\u{7}", &"a".repeat(121)] {
        let refused = stage.studio.create_patch(NewPatch { name: name.to_owned(), ..good.clone() });
        assert!(matches!(refused, Err(Error::Invalid { key: "name", .. })), "{refused:?}");
    }
    let long = NewPatch { body: json!("x".repeat((4 << 20) + 1)), ..good.clone() };
    let refused = stage.studio.create_patch(long);
    assert!(matches!(refused, Err(Error::TooMuch { .. })), "{refused:?}");
    let missing = NewPatch { model: "nobody-000001".parse().unwrap(), ..good.clone() };
    let refused = stage.studio.create_patch(missing);
    assert!(matches!(refused, Err(Error::NotFound { what: "model", .. })), "{refused:?}");
    let shelf = stage.workspace().join("projects/default/patches");
    assert_eq!(fs::read_dir(&shelf).unwrap().count(), 0);
    // A file that somebody has damaged hides one patch and no other.
    let patch = stage.studio.create_patch(good.clone()).unwrap();
    stage.studio.create_patch(good).unwrap();
    fs::write(shelf.join(patch.id.as_str()).join("patch.json"), "{").unwrap();
    assert_eq!(stage.studio.patches(None, None).unwrap().len(), 1);
}
