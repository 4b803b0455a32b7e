//! Who may speak to the studio, and where paths lead.

use crate::program::{Served, text};

/// What a WebSocket starts with, besides the origin.
const UPGRADE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[test]
fn other_sites_are_refused() {
    let served = Served::new();
    let own = format!("http://127.0.0.1:{}", served.port);
    let check = |path: &str, headers: &[(&str, &str)], status: u16| {
        let answer = served.send("GET", path, headers, b"");
        assert_eq!(answer.status, status, "{path} {headers:?}");
        assert!(answer.header("content-security-policy").is_some(), "also on refusals");
        assert!(answer.header("access-control-allow-origin").is_none());
    };
    for path in ["/", "/api/health", "/api/openapi.json", "/api/events"] {
        check(path, &[("Host", "evil.example")], 421);
        check(path, &[("Host", "127.0.0.1.evil.example:7878")], 421);
        check(path, &[("Origin", "https://evil.example")], 403);
        check(path, &[("Origin", "null")], 403);
    }
    check("/api/health", &[("Origin", &own)], 200);
    check("/api/health", &[("Sec-Fetch-Site", "cross-site")], 403);
    check("/", &[("Sec-Fetch-Site", "cross-site")], 200);

    let mut upgrade = UPGRADE.to_vec();
    upgrade.push(("Origin", "https://evil.example"));
    check("/api/live", &upgrade, 403);
    let mut upgrade = UPGRADE.to_vec();
    upgrade.push(("Host", "evil.example"));
    check("/api/live", &upgrade, 421);
}

#[test]
fn answers_are_isolated() {
    let served = Served::new();
    let answer = served.get("/");
    let check = |name: &str, expected: &str| assert_eq!(answer.header(name), Some(expected));
    check("cross-origin-opener-policy", "same-origin");
    check("cross-origin-embedder-policy", "require-corp");
    check("cross-origin-resource-policy", "same-origin");
    check("x-content-type-options", "nosniff");
    check("referrer-policy", "no-referrer");
}

#[test]
fn paths_never_leave_their_folder() {
    let served = Served::new();
    let dataset = served.dataset()["id"].as_str().unwrap().to_owned();
    let secret = served.workspace.join("secret.txt");
    std::fs::write(&secret, "do not read me").unwrap();
    let absolute = secret.display().to_string().replace('/', "%2F");
    let ways = [
        "../../../../secret.txt",
        "..%2F..%2F..%2F..%2Fsecret.txt",
        "..%5c..%5csecret.txt",
        "%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret.txt",
        "samples/../../../../../secret.txt",
        "samples%2F..%2F..%2F..%2F..%2F..%2Fsecret.txt",
        ".%2e/.%2e/.%2e/.%2e/secret.txt",
        &absolute,
        "secret.txt%00.wav",
        "",
    ];
    // A dataset stands for a run here: whatever the identifier, no path may lead out.
    let places = [
        format!("/api/runs/{dataset}/files"),
        format!("/api/reconstructions/{dataset}/files"),
        format!("/api/datasets/{dataset}/files"),
        "/api/runs/..%2F..%2F../files".to_owned(),
        "/assets".to_owned(),
        "/..".to_owned(),
    ];
    for place in places {
        for way in ways {
            let answer = served.get(&format!("{place}/{way}"));
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(!body.contains("do not read me"), "{place}/{way}");
            if place.starts_with("/api") {
                assert_eq!(answer.status, 404, "{place}/{way}: {body}");
            }
        }
    }
}

#[test]
fn uploads_stay_in_their_place() {
    let served = Served::new();
    let before = files_below(&served.workspace);
    let upload = served.send("POST", "/api/uploads", &[], b"").json();
    let upload = upload["upload"].as_str().unwrap();
    for name in ["..%2F..%2Fescaped.wav", "%2Ftmp%2Fescaped.wav", "..", "a%2F..%2F..%2Fescaped.wav"]
    {
        let path = format!("/api/uploads/{upload}/files/{name}");
        let answer = served.send("PUT", &path, &[], b"sound");
        assert!(answer.status == 200 || answer.status == 422, "{name}: {}", text(&answer.body));
    }
    let below = served.workspace.join("uploads").join(upload);
    for file in files_below(&served.workspace) {
        let is_new = !before.contains(&file) && file.to_string_lossy().contains("escaped");
        assert!(!is_new || file.starts_with(&below), "{}", file.display());
    }
    assert!(!std::path::Path::new("/tmp/escaped.wav").exists());
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}
