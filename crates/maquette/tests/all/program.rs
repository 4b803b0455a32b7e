//! The program under test, and the plainest HTTP client: what it sends is what the test says.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// How long anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// `maquette` with these arguments, and none of this computer's settings.
#[expect(clippy::disallowed_methods, reason = "the program is what is tested")]
pub(crate) fn maquette(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maquette"));
    command.args(args).env_remove("MAQUETTE_WORKSPACE").env_remove("RUST_LOG");
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").stdin(Stdio::null());
    command
}

/// A verb in a workspace, done.
pub(crate) fn run(workspace: &Path, args: &[&str]) -> Output {
    maquette(args).arg("--workspace").arg(workspace).output().unwrap()
}

/// The JSON of a verb that must succeed.
pub(crate) fn json(workspace: &Path, args: &[&str]) -> Value {
    let output = run(workspace, &[args, &["--json"]].concat());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{args:?}: {out}\n{err}");
    let last = out.lines().last().unwrap_or_else(|| panic!("{args:?} printed nothing: {err}"));
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{args:?}: {error}: {last}"))
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A studio that is served until the test ends.
pub(crate) struct Served {
    pub(crate) port: u16,
    pub(crate) workspace: PathBuf,
    child: Child,
    /// Removes the workspace at the end.
    _folder: Option<TempDir>,
}

impl Served {
    /// Serves a new workspace.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut served = Self::at(&folder.path().join("workspace"));
        served._folder = Some(folder);
        served
    }

    /// Serves this workspace.
    pub(crate) fn at(workspace: &Path) -> Self {
        let mut child = maquette(&["serve", "--no-open", "--json", "--port", "0", "--workspace"])
            .arg(workspace)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let port = told["address"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        Self { port, workspace: workspace.to_owned(), child, _folder: None }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the program to end, as a system that shuts down does.
    pub(crate) fn terminate(&mut self) -> Duration {
        let start = Instant::now();
        let pid = i32::try_from(self.pid()).unwrap();
        #[expect(unsafe_code, reason = "the standard library sends no SIGTERM")]
        // SAFETY: a signal to a child that was not waited for yet, so the id is still its own.
        let sent = unsafe { libc::kill(pid, libc::SIGTERM) };
        assert_eq!(sent, 0);
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        start.elapsed()
    }

    /// Ends the program at once, as a system without memory does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether the program goes on.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [("Content-Type", "application/json")];
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    /// A request with these headers more, and its answer.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: 127.0.0.1:{}\r\n", self.port));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !headers.iter().any(|(name, _)| *name == "Content-Length") {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut stream = self.connect();
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        // A server that refuses may not read all of it.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Answer::parse(&bytes)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A dataset of a few short sounds, ready to train on.
    pub(crate) fn dataset(&self) -> Value {
        let sounds = self.workspace.with_file_name("sounds");
        write_sounds(&sounds);
        let source = serde_json::json!({ "from": "folder", "path": sounds });
        let new = serde_json::json!({ "source": source, "validation_share": 0.34 });
        let queued = self.post("/api/datasets", &new).json();
        let path = format!("/api/datasets/{}", queued["id"].as_str().unwrap());
        until(|| {
            let dataset = self.get(&path).json();
            (dataset["job"]["state"]["state"] == "done").then_some(dataset)
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = text(&bytes[..end]);
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Self { status, headers, body: bytes[end + 4..].to_vec() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = unchunked(&answer.body);
        }
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// The JSON of an answer that must be a good one.
    pub(crate) fn json(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, text(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The problem that an answer with this status must carry.
    pub(crate) fn problem(&self, status: u16) -> api::Problem {
        assert_eq!(self.status, status, "{}", text(&self.body));
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|it| it == b"\r\n") {
        let len = usize::from_str_radix(&text(&body[..end]), 16).unwrap();
        if len == 0 {
            break;
        }
        whole.extend(&body[end + 2..end + 2 + len]);
        body = &body[end + 2 + len + 2..];
    }
    whole
}

/// Waits for something to be.
pub(crate) fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Three sounds of half a second and a text that is none.
pub(crate) fn write_sounds(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, hz) in [("low", 220.0), ("middle", 440.0), ("high", 880.0)] {
        std::fs::write(folder.join(format!("{name}.wav")), wav(hz)).unwrap();
    }
    std::fs::write(folder.join("notes.txt"), "not a sound").unwrap();
}

/// Half a second of a sine, 44.1 kHz, 16 bits.
pub(crate) fn wav(hz: f32) -> Vec<u8> {
    const N_SAMPLES: u32 = 22_050;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + N_SAMPLES * 2).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(44_100u32.to_le_bytes());
    bytes.extend(88_200u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((N_SAMPLES * 2).to_le_bytes());
    for i in 0..N_SAMPLES {
        let sample = (i as f32 * hz * std::f32::consts::TAU / 44_100.0).sin();
        bytes.extend(((sample * 16_000.0) as i16).to_le_bytes());
    }
    bytes
}
