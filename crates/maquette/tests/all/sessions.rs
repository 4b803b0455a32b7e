//! Live sessions over HTTP: the real engine answers blocks through the bridge, and what it records is kept.

use std::net::TcpStream;

use serde_json::{Value, json};

use crate::{
    live::{frame, say_bytes, web_socket_at},
    program::{Served, json as done, until},
};

/// Samples of a block.
const BLOCK: u16 = 512;

/// A small model of a run of two steps.
fn model(served: &Served) -> Value {
    served.dataset();
    let workspace = &served.workspace;
    let settings = ["--set", "capacity=2", "--set", "batch_size=1", "--steps", "2", "--follow"];
    done(workspace, &[&["train", "sounds", "--name", "Voice"], &settings[..]].concat());
    done(workspace, &["model", "add", "Voice", "--name", "Voice"])
}

fn session(served: &Served, model: &Value) -> String {
    let job = served.post("/api/sessions", &json!({ "models": [model["id"]] })).json();
    assert_eq!((&job["kind"], &job["name"]), (&json!("session"), &json!("Playing Voice")));
    job["id"].as_str().unwrap().to_owned()
}

/// The next message of a kind.
fn next(socket: &mut TcpStream, kind: u8) -> Vec<u8> {
    loop {
        let (opcode, message) = frame(socket);
        assert_ne!(opcode, 8, "closed: {}", String::from_utf8_lossy(&message));
        if opcode == 2 && message[0] == kind {
            return message[1..].to_vec();
        }
    }
}

/// Sends a block of sound, and gives its answer: number and samples.
fn play(socket: &mut TcpStream, number: u32) -> (u32, u16) {
    let mut block = vec![1];
    block.extend(number.to_le_bytes());
    block.extend(BLOCK.to_le_bytes());
    block.push(1);
    let sample = |i: u16| (f32::from(i) * 0.05).sin() * 0.5;
    block.extend((0..BLOCK).flat_map(|i| sample(i).to_le_bytes()));
    say_bytes(socket, &block).unwrap();
    let answer = next(socket, 1);
    let of_32 = |at: usize| u32::from_le_bytes(answer[at..at + 4].try_into().unwrap());
    let n_samples = u16::from_le_bytes(answer[4..6].try_into().unwrap());
    let channels = usize::from(answer[6]);
    assert_eq!(answer.len(), 8 + 4 * channels * usize::from(n_samples));
    (of_32(0), n_samples)
}

fn command(socket: &mut TcpStream, command: &Value) {
    say_bytes(socket, &[&[4], command.to_string().as_bytes()].concat()).unwrap();
}

fn sounds(served: &Served) -> Vec<Value> {
    served.get("/api/sounds").json().as_array().unwrap().clone()
}

#[test]
fn a_session_answers_blocks_and_its_recordings_are_kept() {
    let served = Served::new();
    let model = model(&served);
    let id = session(&served, &model);
    let mut socket = web_socket_at(&served, &format!("/api/sessions/{id}/socket"));
    let hello: Value = serde_json::from_slice(&next(&mut socket, 3)).unwrap();
    assert_eq!(hello["models"], json!(["Voice"]));
    let controls = served.get("/api/controls").json();
    assert_eq!(controls["session"], hello["controls"]);
    assert_eq!(controls["direction"], hello["direction_controls"]);
    for number in 0..20 {
        assert_eq!(play(&mut socket, number), (number, BLOCK));
    }

    command(&mut socket, &json!({ "do": "record", "name": "Take" }));
    next(&mut socket, 4);
    for number in 20..120 {
        play(&mut socket, number);
    }
    command(&mut socket, &json!({ "do": "stop_recording" }));
    let sound = until(|| sounds(&served).first().cloned());
    assert_eq!((&sound["card"]["name"], &sound["project"]), (&json!("Take"), &json!("default")));
    let path = format!("/api/sounds/{}", sound["id"].as_str().unwrap());
    let facts = &sound["card"]["facts"];
    let n_samples = facts["n_samples"].as_u64().unwrap();
    assert!(n_samples >= 90 * u64::from(BLOCK), "{facts}");
    let part = [("Range", "bytes=0-3")];
    let part = served.send("GET", &format!("{path}/files/sound.wav"), &part, b"");
    assert_eq!((part.status, part.body.as_slice()), (206, &b"RIFF"[..]));
    let peaks = served.get(&format!("{path}/peaks")).json();
    assert_eq!(peaks["n_samples"], facts["n_samples"]);
    let block = peaks["block"].as_u64().unwrap();
    assert_eq!(peaks["min"].as_array().unwrap().len() as u64, n_samples.div_ceil(block));
    let recipe = served.get(&format!("{path}/recipe")).json();
    assert_eq!(recipe["source"]["from"], "performance");
    assert_eq!(recipe["models"][0]["sha256"], model["sha256"]);

    // Killed while it records: the studio takes what there is.
    command(&mut socket, &json!({ "do": "record", "name": "Cut" }));
    next(&mut socket, 4);
    for number in 120..320 {
        play(&mut socket, number);
    }
    let events = served.get(&format!("/api/jobs/{id}/events")).json();
    let started = events.as_array().unwrap().iter().find(|it| it["event"] == "started").unwrap();
    kill(started["pid"].as_i64().unwrap());
    let cut = until(|| sounds(&served).into_iter().find(|it| it["card"]["name"] == "Cut"));
    let n_cut = cut["card"]["facts"]["n_samples"].as_u64().unwrap();
    assert!(n_cut > 0 && n_cut <= 200 * u64::from(BLOCK), "{cut}");
    let file = served.get(&format!("/api/sounds/{}/files/sound.wav", cut["id"].as_str().unwrap()));
    assert!(file.body.len() as u64 > n_cut * 2, "{}", file.body.len());
    until(|| {
        (served.get(&format!("/api/jobs/{id}")).json()["state"]["state"] == "interrupted")
            .then_some(())
    });
    let ended = served.get(&format!("/api/sessions/{id}/socket"));
    assert!((400..500).contains(&ended.status), "{}", ended.status);

    // On the command line.
    let listed = done(&served.workspace, &["sound", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let out = served.workspace.with_file_name("take.wav");
    done(&served.workspace, &["sound", "export", "Take", "-o", out.to_str().unwrap(), "--recipe"]);
    assert_eq!(std::fs::read(&out).unwrap(), served.get(&format!("{path}/files/sound.wav")).body);
    // The recipe beside it makes it again: from what came in, and from the moves.
    let beside = |ending: &str| out.with_extension(ending);
    assert!(["json", "input.wav", "moves.jsonl"].iter().all(|it| beside(it).is_file()));
    let again = served.workspace.with_file_name("again");
    let recipe = beside("json");
    let args = ["generate", "--recipe", recipe.to_str().unwrap(), "--name", "Again"];
    done(&served.workspace, &[&args[..], &["-o", again.to_str().unwrap()]].concat());
    assert_eq!(std::fs::read(again.join("Again.wav")).unwrap(), std::fs::read(&out).unwrap());
    done(&served.workspace, &["sound", "delete", "Cut"]);
    assert_eq!(done(&served.workspace, &["sound", "list", "--text", "tak"])[0]["id"], sound["id"]);
    assert_eq!(sounds(&served).len(), 1);
}

#[test]
fn hostile_requests_are_answered_in_words() {
    let served = Served::new();
    let model = model(&served);
    let id = session(&served, &model);
    let path = format!("/api/sessions/{id}/socket");
    // What is too long ends its connection, and no other one.
    let mut socket = web_socket_at(&served, &path);
    next(&mut socket, 3);
    let _ = say_bytes(&mut socket, &vec![1; (1 << 17) + 1]);
    drop(socket);
    let mut socket = web_socket_at(&served, &path);
    next(&mut socket, 3);
    for nonsense in [&[][..], &[0], &[1], &[1, 2, 3], &[2, 1], &[3, 1], &[4, b'{'], &[99; 100]] {
        say_bytes(&mut socket, nonsense).unwrap();
    }
    assert_eq!(play(&mut socket, 7), (7, BLOCK));

    let post = |path: &str, body: &Value, status: u16| served.post(path, body).problem(status);
    post("/api/sessions", &json!({ "models": ["nobody-000001"] }), 404);
    post("/api/sessions", &json!({ "models": [] }), 422);
    post("/api/sessions", &json!({ "models": ["../../x"] }), 422);
    assert_eq!(served.get("/api/sessions/nobody-000001/socket").status, 400);
    for list in ["sounds", "generations", "maps", "patches"] {
        served.get(&format!("/api/{list}/nobody-000001")).problem(404);
        served.get(&format!("/api/{list}/..%2F..%2Fx")).problem(404);
    }
    served.get(&format!("/api/sounds/{id}/files/job.json")).problem(404);
    post("/api/sounds", &json!({ "job": id, "path": "../../x" }), 404);
    post("/api/maps", &json!({ "model": "nobody-000001" }), 404);
    assert_eq!(
        served.get(&format!("/api/models/{}/map", model["id"].as_str().unwrap())).json(),
        Value::Null
    );

    let patch = |body: Value| json!({ "kind": "favourite", "name": "A", "model": model["id"], "body": body });
    let kept = served.post("/api/patches", &patch(json!({ "point": [0.5] }))).json();
    assert_eq!(kept["model_sha256"], model["sha256"]);
    post("/api/patches", &patch(json!("x".repeat(5 << 20))), 413);
    assert!(
        [413, 400]
            .contains(&served.post("/api/patches", &patch(json!("x".repeat(9 << 20)))).status)
    );
    let recipe = json!({
        "models": [{ "place": { "from": "library", "id": model["id"] } }],
        "source": { "from": "walk", "speed_hz": 1.0, "range": 1.0 }, "secs": 1e9
    });
    let problem = post("/api/generations", &json!({ "recipe": recipe }), 422);
    assert_eq!(problem.fields[0].key, "secs");
}

pub(crate) fn kill(pid: i64) {
    let pid = i32::try_from(pid).unwrap();
    #[expect(
        unsafe_code,
        reason = "the standard library sends no signal to a process it did not start"
    )]
    // SAFETY: a signal to the worker of this test, which its session's own event named.
    let sent = unsafe { libc::kill(pid, libc::SIGKILL) };
    assert_eq!(sent, 0);
}
