//! Maps: one for the same weights and the same sounds.

use api::{Id, NewMap};
use studio::Error;

use crate::stage::Stage;

#[test]
fn a_map_is_drawn_once_for_the_same_weights_and_sounds() {
    let mut stage = Stage::new();
    let model = stage.model();
    let ask = |stage: &Stage, model: &Id, dataset: Option<Id>| {
        stage.studio.create_map(NewMap { model: model.clone(), dataset })
    };
    assert_eq!(stage.studio.map_of_model(&model.id, None).unwrap(), None);
    let first = ask(&stage, &model.id, None).unwrap();
    assert_eq!(Some(&first.dataset), model.lineage.as_ref().unwrap().dataset.as_ref());
    assert_eq!(ask(&stage, &model.id, None).unwrap().id, first.id);
    stage.wait_done(&first.id);
    let drawn = stage.studio.map(&first.id).unwrap();
    assert!(drawn.has_embedding && drawn.map.as_ref().is_some_and(|map| map.n_points == 1));
    stage.rebuild();
    assert_eq!(ask(&stage, &model.id, None).unwrap().id, first.id);
    assert_eq!(stage.studio.map_of_model(&model.id, None).unwrap().unwrap(), drawn);
    // Another dataset with the same sounds needs no other map; the same model by another name neither.
    let run = model.lineage.clone().unwrap().run;
    let twin = api::NewModel { run, step: None, name: Some("Twin".to_owned()) };
    let twin = stage.studio.add_model(twin).unwrap();
    assert_eq!(ask(&stage, &twin.id, None).unwrap().id, first.id);
    for path in ["points.bin", "map.json", "embedding.bin"] {
        assert!(stage.studio.map_file(&first.id, path).is_ok(), "{path}");
    }
    for path in ["", "../../x", "/etc/passwd", "coordinates.bin"] {
        let missing = stage.studio.map_file(&first.id, path);
        assert!(matches!(missing, Err(Error::NotFound { .. })), "{path}");
    }
    let nobody: Id = "nobody-000001".parse().unwrap();
    assert!(matches!(ask(&stage, &nobody, None), Err(Error::NotFound { what: "model", .. })));
    let refused = ask(&stage, &model.id, Some(nobody));
    assert!(matches!(refused, Err(Error::NotFound { what: "dataset", .. })), "{refused:?}");
    // One that was deleted is drawn again.
    stage.studio.delete_job(&first.id).unwrap();
    assert_ne!(ask(&stage, &model.id, None).unwrap().id, first.id);
}
