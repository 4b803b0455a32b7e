//! The pages as the server hands them out.

use crate::program::{Served, text};

#[test]
fn every_address_of_the_pages_is_the_first_page() {
    let served = Served::new();
    for path in ["/", "/index.html", "/runs/notes-3f9a2c", "/no/such/page?tab=log"] {
        let answer = served.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert!(text(&answer.body).starts_with("<!doctype html>"), "{path}");
    }
}

#[test]
fn a_missing_part_of_a_page_is_missing() {
    let served = Served::new();
    served.get("/assets/old-0000.js").problem(404);
    assert_eq!(served.send("POST", "/", &[], b"").status, 405);
    let answer = served.get("/.stamp");
    assert!(text(&answer.body).starts_with("<!doctype html>"), "the stamp is not a page");
}

#[test]
fn pages_are_not_sent_again() {
    let served = Served::new();
    let first = served.get("/");
    let tag = first.header("etag").unwrap();
    let again = served.send("GET", "/", &[("If-None-Match", tag)], b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[test]
fn every_built_file_is_served_as_it_is() {
    let served = Served::new();
    let dist = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist");
    let assets = std::fs::read_dir(dist.join("assets")).into_iter().flatten().flatten();
    for asset in assets {
        let name = asset.file_name().into_string().unwrap();
        if name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        let path = format!("/assets/{name}");
        let plain = served.get(&path);
        assert_eq!(plain.status, 200, "{name}");
        assert!(plain.body == std::fs::read(asset.path()).unwrap(), "{name}");
        assert!(plain.header("cache-control").unwrap().contains("immutable"));
        for (encoding, ending) in [("br", "br"), ("gzip", "gz")] {
            let Ok(packed) = std::fs::read(dist.join("assets").join(format!("{name}.{ending}")))
            else {
                continue;
            };
            let answer = served.send("GET", &path, &[("Accept-Encoding", encoding)], b"");
            assert_eq!(answer.header("content-encoding"), Some(encoding), "{name}");
            assert_eq!(answer.header("content-type"), plain.header("content-type"));
            assert!(answer.body == packed, "{name}");
        }
    }
}

#[test]
fn a_moving_picture_is_sent_in_parts() {
    let served = Served::new();
    let path = "/clips/brick.mp4";
    let whole = served.get(path);
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("video/mp4")));
    let asked = |range: &str| served.send("GET", path, &[("Range", range)], b"");
    let part = asked("bytes=4-7");
    assert_eq!((part.status, part.body.as_slice()), (206, &b"ftyp"[..]));
    let of_all = format!("bytes 4-7/{}", whole.body.len());
    assert_eq!(part.header("content-range"), Some(of_all.as_str()));
    assert_eq!(asked("bytes=99999999-").status, 416);
}
