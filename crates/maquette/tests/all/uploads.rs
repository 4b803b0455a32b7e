//! Files that are sent to the studio.

use std::io::Write;

use serde_json::json;

use crate::program::{Served, until, wav};

fn new_upload(served: &Served) -> String {
    let upload = served.send("POST", "/api/uploads", &[], b"").json();
    upload["upload"].as_str().unwrap().to_owned()
}

#[test]
fn dropped_files_become_a_dataset() {
    let served = Served::new();
    let upload = new_upload(&served);
    let names = ["low note.wav", "caf%C3%A9 %F0%9F%8E%BB.wav", "folder%2Fthird.wav"];
    for (i, name) in names.iter().enumerate() {
        let path = format!("/api/uploads/{upload}/files/{}", name.replace(' ', "%20"));
        let sound = wav(220.0 * (i + 1) as f32);
        let held = served.send("PUT", &path, &[], &sound).json();
        assert_eq!(held["n_files"], i + 1, "{held}");
        assert_eq!(held["bytes"], (i + 1) * sound.len());
    }
    let source = json!({ "from": "upload", "upload": upload });
    let queued = served.post("/api/datasets", &json!({ "source": source, "name": "Dropped" }));
    let path = format!("/api/datasets/{}", queued.json()["id"].as_str().unwrap());
    let dataset = until(|| {
        let dataset = served.get(&path).json();
        assert_ne!(dataset["job"]["state"]["state"], "failed", "{dataset}");
        (dataset["job"]["state"]["state"] == "done").then_some(dataset)
    });
    assert_eq!(dataset["summary"]["n_files"], 3, "{dataset}");
    assert!(dataset.to_string().contains("café 🎻.wav"), "{dataset}");
}

#[test]
fn a_dropped_folder_keeps_its_name_and_its_sub_folders() {
    let served = Served::new();
    let upload = new_upload(&served);
    for (i, name) in ["drums/kicks/one.wav", "drums/snares/one.wav"].into_iter().enumerate() {
        let path = format!("/api/uploads/{upload}/files/{}", name.replace('/', "%2F"));
        let held = served.send("PUT", &path, &[], &wav(220.0 * (i + 1) as f32)).json();
        assert_eq!(held["n_files"], i + 1, "{held}");
    }
    let source = json!({ "from": "upload", "upload": upload });
    let queued = served.post("/api/datasets", &json!({ "source": source })).json();
    assert_eq!(queued["name"], "drums");
    let path = format!("/api/datasets/{}", queued["id"].as_str().unwrap());
    let dataset = until(|| {
        let dataset = served.get(&path).json();
        assert_ne!(dataset["job"]["state"]["state"], "failed", "{dataset}");
        (dataset["job"]["state"]["state"] == "done").then_some(dataset)
    });
    let files = dataset["files"].as_array().unwrap();
    let paths: Vec<_> = files.iter().map(|it| &it["path"]).collect();
    assert_eq!(paths, ["kicks/one.wav", "snares/one.wav"]);
}

#[test]
fn folders_are_counted_below_and_their_files_listed() {
    let served = Served::new();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("inner")).unwrap();
    for name in ["a.wav", "inner/b.wav", "inner/.c.wav", "m.ckpt"] {
        std::fs::write(folder.path().join(name), "1").unwrap();
    }
    let ask = |query: &str| {
        served.get(&format!("/api/folders?path={}{query}", folder.path().display())).json()
    };
    let listing = ask("");
    assert_eq!((&listing["n_sounds"], &listing["n_sounds_below"]), (&json!(1), &json!(2)));
    assert_eq!((&listing["is_count_partial"], &listing["files"]), (&json!(false), &json!([])));
    assert_eq!(ask("&files=sounds")["files"], json!([{ "name": "a.wav", "bytes": 1 }]));
    assert_eq!(ask("&files=imports")["files"], json!([{ "name": "m.ckpt", "bytes": 1 }]));
}

#[test]
fn a_broken_off_file_is_not_kept() {
    let served = Served::new();
    let upload = new_upload(&served);
    let mut stream = served.connect();
    let head = format!(
        "PUT /api/uploads/{upload}/files/half.wav HTTP/1.1\r\nHost: 127.0.0.1\r\n\
         Content-Length: 1000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&[1; 100_000]).unwrap();
    drop(stream);

    // The connection's end takes a moment to be seen; the file is gone then, and was never counted.
    let folder = served.workspace.join("uploads");
    until(|| (files_in(&folder) == 0).then_some(()));
    let held = served.get(&format!("/api/uploads/{upload}")).json();
    assert_eq!(held["n_files"], 0, "{held}");
}

fn files_in(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| if entry.path().is_dir() { files_in(&entry.path()) } else { 1 })
        .sum()
}

#[test]
fn what_does_not_fit_is_refused_at_once() {
    let served = Served::new();
    let upload = new_upload(&served);
    let path = format!("/api/uploads/{upload}/files/endless.wav");
    let headers = [("Content-Length", "1000000000000000")];
    let problem = served.send("PUT", &path, &headers, b"RIFF").problem(507);
    assert_eq!(problem.code, "disk_full");
    assert_eq!(files_in(&served.workspace.join("uploads")), 0, "nothing is left");
}

#[test]
fn an_upload_can_be_removed() {
    let served = Served::new();
    let upload = new_upload(&served);
    let path = format!("/api/uploads/{upload}");
    served.send("PUT", &format!("{path}/files/a.wav"), &[], &wav(440.0)).json();
    assert_eq!(served.send("DELETE", &path, &[], b"").status, 204);
    served.get(&path).problem(404);
    served.send("PUT", &format!("{path}/files/a.wav"), &[], b"x").problem(404);
}
