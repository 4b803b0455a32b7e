//! Sounds as answers: whole, in parts, and not again when nothing changed.

use crate::program::{Served, text};

#[test]
fn a_sound_of_a_dataset_is_a_wav_file() {
    let served = Served::new();
    let dataset = served.dataset();
    let id = dataset["id"].as_str().unwrap();
    let files = dataset["files"].as_array().unwrap();
    assert_eq!(files.len(), 3, "{files:?}");

    let path = |idx: usize| format!("/api/datasets/{id}/files/{idx}/audio");
    for idx in 0..3 {
        let whole = served.get(&path(idx));
        assert_eq!(whole.status, 200);
        assert_eq!(whole.header("content-type"), Some("audio/wav"));
        assert_eq!(&whole.body[..4], b"RIFF");
        assert_eq!(&whole.body[8..16], b"WAVEfmt ");
        let n_bytes = u32::from_le_bytes(whole.body[40..44].try_into().unwrap()) as usize;
        assert_eq!(whole.body.len(), 44 + n_bytes);
        assert_eq!(n_bytes, 22_050 * 2);
        let loudest =
            whole.body[44..].chunks(2).map(|it| i16::from_le_bytes([it[0], it[1]])).max().unwrap();
        assert!((15_900..=16_100).contains(&loudest), "{loudest}");

        let peaks = served.get(&format!("/api/datasets/{id}/files/{idx}/peaks")).json();
        assert_eq!(peaks["n_samples"], 22_050);
        assert_eq!(peaks["max"].as_array().unwrap().len(), 22_050_usize.div_ceil(256));
    }
    served.get(&path(3)).problem(404);
    served.get(&format!("/api/datasets/{id}/files/-1/audio")).problem(404);
    served.get(&format!("/api/datasets/{id}/files/3/peaks")).problem(404);
}

#[test]
fn a_part_is_the_same_as_in_the_whole() {
    let served = Served::new();
    let dataset = served.dataset();
    let id = dataset["id"].as_str().unwrap();
    let path = format!("/api/datasets/{id}/files/1/audio");
    let whole = served.get(&path).body;
    let total = whole.len();

    let check = |range: &str, expected: &[u8], first: usize| {
        let answer = served.send("GET", &path, &[("Range", range)], b"");
        assert_eq!(answer.status, 206, "{range}");
        let last = first + expected.len() - 1;
        let content = format!("bytes {first}-{last}/{total}");
        assert_eq!(answer.header("content-range"), Some(content.as_str()), "{range}");
        assert_eq!(answer.header("content-length"), Some(expected.len().to_string().as_str()));
        assert!(answer.body == expected, "{range}");
    };
    check("bytes=0-", &whole, 0);
    check("bytes=0-3", b"RIFF", 0);
    check("bytes=40-47", &whole[40..48], 40);
    check("bytes=44-", &whole[44..], 44);
    check("bytes=1001-9000", &whole[1001..9001], 1001);
    check("bytes=-10", &whole[total - 10..], total - 10);

    let outside = served.send("GET", &path, &[("Range", "bytes=9999999-")], b"");
    assert_eq!(outside.status, 416);
    assert_eq!(outside.header("content-range"), Some(format!("bytes */{total}").as_str()));
    let several = served.send("GET", &path, &[("Range", "bytes=0-1,4-5")], b"");
    assert_eq!((several.status, several.body.len()), (200, total));
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    let served = Served::new();
    let dataset = served.dataset();
    let path = format!("/api/datasets/{}/files/0/audio", dataset["id"].as_str().unwrap());
    let first = served.get(&path);
    let tag = first.header("etag").unwrap();
    let again = served.send("GET", &path, &[("If-None-Match", tag)], b"");
    assert_eq!((again.status, again.body.len()), (304, 0));

    let fits = [("Range", "bytes=0-3"), ("If-Range", tag)];
    assert_eq!(served.send("GET", &path, &fits, b"").status, 206);
    let changed = [("Range", "bytes=0-3"), ("If-Range", "\"other\"")];
    assert_eq!(served.send("GET", &path, &changed, b"").status, 200);

    let head = served.send("HEAD", &path, &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(first.body.len().to_string().as_str()));
}

#[test]
fn a_sound_has_a_name_to_save_it_by() {
    let served = Served::new();
    let dataset = served.dataset();
    let path = format!("/api/datasets/{}/files/0/audio", dataset["id"].as_str().unwrap());
    let answer = served.get(&path);
    let name = answer.header("content-disposition").unwrap();
    assert!(name.starts_with("inline; filename*=UTF-8''"), "{name}");
    assert!(name.ends_with("high.wav"), "{name}: {}", text(&answer.body[..4]));
}
