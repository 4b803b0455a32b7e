//! Engines: programs of others that make sounds, added from their folder, and what becomes of those that misbehave.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::{Value, json as value};

use crate::program::{Served, json, run, text, until};

/// The engine that `docs/engines.md` explains.
fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/engine").canonicalize().unwrap()
}

/// An engine that is a shell script: `work` runs some lines in the folder of an order.
fn script(at: &Path, silent_secs: u32, work: &str) -> String {
    fs::create_dir_all(at).unwrap();
    let words = value!({
        "rate_hz": 8_000, "channels": 1, "max_secs": 10.0, "steps": null, "guidance": 1.0, "takes_negative": false,
        "begins": [], "writes_codes": false, "max_tokens": 64,
    });
    let model = value!({ "id": "it", "name": "Script", "words": words });
    let hello = value!({ "protocol": 1, "name": "Script", "models": [model] });
    let text = format!("if [ \"$1\" = hello ]; then echo '{hello}'; exit; fi\ncd \"$2\"\n{work}\n");
    fs::write(at.join("engine.sh"), text).unwrap();
    let file = value!({
        "maquette_engine": 1, "command": ["sh", "engine.sh"], "silent_secs": silent_secs,
    });
    fs::write(at.join("engine.json"), file.to_string()).unwrap();
    at.to_str().unwrap().to_owned()
}

#[test]
fn the_example_is_added_and_makes_sounds_by_command_and_by_job() {
    let served = Served::new();
    let workspace = served.workspace.clone();
    let folder = example();
    let folder = folder.to_str().unwrap();
    let check = json(&workspace, &["engine", "check", folder]);
    assert_eq!((&check["is_well"], &check["hello"]["name"]), (&value!(true), &value!("Tones")));
    let added = json(&workspace, &["engine", "add", folder]);
    assert_eq!(added["models"].as_array().unwrap().len(), 1);
    // Added again, it is the same model.
    assert_eq!(json(&workspace, &["engine", "add", folder])["models"], added["models"]);
    assert_eq!(json(&workspace, &["engine", "list"])[0]["name"], "Tones");

    let home = tempfile::tempdir().unwrap();
    let make = |name: &str, more: &[&str]| {
        let sound = home.path().join(name);
        let args =
            ["generate-text", "Tones", "--prompt", "high low", "--seconds", "1", "--seed", "7"];
        let output = sound.to_str().unwrap();
        (json(&workspace, &[&args[..], &["-o", output], more].concat()), fs::read(&sound).unwrap())
    };
    let asked = ["generate-text", "Tones", "--prompt", "a", "--seconds", "1", "-o", "nowhere.wav"];
    let refused = run(&workspace, &asked);
    assert!(text(&refused.stderr).contains("weights accept"), "{}", text(&refused.stderr));
    json(&workspace, &["weights", "accept", "Tones"]);
    let (told, first) = make("a.wav", &[]);
    assert_eq!((&told["samples"], &told["licence"]["name"]), (&value!(44_100), &value!("CC0-1.0")));
    assert_eq!(make("b.wav", &[]).1, first);
    let from = home.path().join("a.wav");
    let from = from.to_str().unwrap();
    let (_, varied) = make("c.wav", &["--from", from, "--strength", "0"]);
    assert_eq!(varied, first, "nothing was to change");

    let recipe = value!({ "recipe": {
        "models": [{ "place": { "from": "library", "id": added["models"][0] } }],
        "source": { "from": "words", "prompts": [{ "text": "one two" }] },
        "seed": 5, "secs": 0.5, "format": "int16",
    }, "count": 2 });
    let made = served.post("/api/generations", &recipe).json();
    let path = format!("/api/generations/{}", made["id"].as_str().unwrap());
    until(|| {
        let job = served.get(&path).json()["job"].clone();
        assert_ne!(job["state"]["state"], "failed", "{job}");
        (job["state"]["state"] == "done").then_some(())
    });
    let sounds = served.get(&format!("{path}/sounds")).json();
    assert_eq!(sounds.as_array().unwrap().len(), 2);
    assert_eq!(sounds[0]["card"]["recipe"]["models"][0]["licence"], "CC0-1.0");
    let folder_of_job = served.get(&path).json()["folder"].as_str().unwrap().to_owned();
    assert_eq!(fs::read_dir(Path::new(&folder_of_job).join("engine")).unwrap().count(), 0);

    // What only weights can do is refused.
    let refused = run(&workspace, &["embed", "Tones", "--text", "a", "-o", "x.npy"]);
    assert!(text(&refused.stderr).contains("The engine “Tones” runs it"));
    json(&workspace, &["engine", "remove", folder]);
    assert_eq!(json(&workspace, &["engine", "list"]), value!([]));
}

#[cfg(unix)]
#[test]
fn engines_that_hang_flood_die_or_answer_nonsense_are_ended_and_it_is_said() {
    let home = tempfile::tempdir().unwrap();
    let workspace = home.path().join("workspace");
    let says = r#"echo '{"event":"finished"}' >> events.jsonl; sleep 100"#;
    for (name, work, expected) in [
        ("hangs", "sleep 100".to_owned(), "said nothing for 1 s"),
        ("dies", "echo out of memory; exit 3".to_owned(), "out of memory"),
        ("floods", "while :; do head -c 1000000 /dev/zero; done".to_owned(), "printed more than"),
        (
            "floods events",
            "while :; do head -c 100000 /dev/zero >> events.jsonl; done".to_owned(),
            "without end",
        ),
        ("no sound", says.to_owned(), "cannot be read"),
        ("nonsense", format!("echo nonsense > sound.wav; {says}"), "cannot be read"),
        (
            "refuses",
            r#"echo '{"event":"failed","reason":"No weights."}' >> events.jsonl"#.to_owned(),
            "No weights",
        ),
    ] {
        let folder = script(&home.path().join(name), 1, &work);
        json(&workspace, &["engine", "add", &folder]);
        let started = Instant::now();
        let args = ["generate-text", "Script", "--prompt", "a", "--seconds", "1", "-o"];
        let output = home.path().join("out.wav");
        let refused = run(&workspace, &[&args[..], &[output.to_str().unwrap()]].concat());
        let said = text(&refused.stderr);
        assert!(!refused.status.success() && said.contains(expected), "{name}: {said}");
        assert!(started.elapsed() < Duration::from_secs(60), "{name}");
        assert!(!output.exists());
        json(&workspace, &["engine", "remove", &folder]);
    }
}

#[cfg(unix)]
#[test]
fn a_hello_that_cannot_be_used_says_why() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path().join("engine");
    let check = |file: Value, script: &str| {
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join("engine.json"), file.to_string()).unwrap();
        fs::write(at.join("engine.sh"), script).unwrap();
        let refused = run(home.path(), &["engine", "check", at.to_str().unwrap()]);
        assert!(!refused.status.success());
        text(&refused.stderr)
    };
    let file = |command: Value| value!({ "maquette_engine": 1, "command": command });
    let good = || file(value!(["sh", "engine.sh"]));
    for (file, script, expected) in [
        (file(value!(["no-such-program-anywhere"])), "", "could not be started"),
        (file(value!([])), "", "names no program"),
        (value!({ "maquette_engine": 2, "command": ["sh"] }), "", "version 2"),
        (good(), "echo not json", "not understood"),
        (good(), "exit 4", "ended with"),
        (good(), r#"echo '{"protocol":9,"name":"x","models":[]}'"#, "version 9"),
        (good(), r#"echo '{"protocol":1,"name":"x","models":[]}'"#, "0 models"),
    ] {
        let said = check(file, script);
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let empty = run(home.path(), &["engine", "check", home.path().to_str().unwrap()]);
    assert!(text(&empty.stderr).contains("engine.json"));
}

#[cfg(unix)]
#[test]
fn a_job_that_is_cancelled_ends_its_engine() {
    let home = tempfile::tempdir().unwrap();
    let served = Served::new();
    let folder = script(&home.path().join("slow"), 60, "echo $$ > ../../engine.pid; sleep 100");
    let added = served.post("/api/engines", &value!({ "folder": folder })).json();
    let recipe = value!({ "recipe": {
        "models": [{ "place": { "from": "library", "id": added["models"][0] } }],
        "source": { "from": "words", "prompts": [{ "text": "one" }] },
        "seed": 5, "secs": 0.5, "format": "int16",
    } });
    let made = served.post("/api/generations", &recipe).json();
    let (id, job) = (made["id"].as_str().unwrap(), made["folder"].as_str().unwrap());
    let file = Path::new(job).join("engine.pid");
    let pid: i32 = until(|| fs::read_to_string(&file).ok()?.trim().parse().ok());
    served.post(&format!("/api/jobs/{id}/cancel"), &value!({}));
    until(|| {
        #[expect(unsafe_code, reason = "the standard library does not ask whether a process lives")]
        // SAFETY: signal 0 does nothing but look.
        let lives = unsafe { libc::kill(pid, 0) } == 0;
        (!lives).then_some(())
    });
}
