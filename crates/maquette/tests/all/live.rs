//! Live messages, for scripts and for pages.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use crate::program::Served;

#[test]
fn scripts_get_what_happens() {
    let served = Served::new();
    let mut stream = served.connect();
    let request = format!("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", served.port);
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    assert!(head[0].contains("200"), "{head:?}");
    assert!(head.iter().any(|it| it == "content-type: text/event-stream"), "{head:?}");

    let id = served.dataset()["id"].clone();
    let mut name = String::new();
    for line in lines {
        if let Some(event) = line.strip_prefix("event: ") {
            name = event.to_owned();
        }
        let Some(json) = line.strip_prefix("data: ") else { continue };
        let live: Value = serde_json::from_str(json).unwrap();
        assert_eq!(live["live"], name.as_str());
        if live["event"]["event"] == "finished" && live["job"]["id"] == id {
            return;
        }
    }
    panic!("the end of the job was not told");
}

#[test]
fn pages_get_what_happens_and_the_chatter_of_what_they_watch() {
    let served = Served::new();
    let mut quiet = web_socket(&served);
    let mut watching = web_socket(&served);
    // Nobody knows the identifier before: watching starts with a dataset that is there already.
    let first = served.dataset()["id"].clone();
    say(&mut watching, &serde_json::json!({ "watch": [first] }).to_string());
    for socket in [&mut quiet, &mut watching] {
        let mut kinds = Vec::new();
        loop {
            let live: Value = serde_json::from_str(&hear(socket)).unwrap();
            if live["live"] == "event" {
                kinds.push(live["event"]["event"].as_str().unwrap().to_owned());
                assert_eq!(live["job"]["id"], first);
            }
            if kinds.last().is_some_and(|kind| kind == "finished") {
                break;
            }
        }
        assert_eq!(kinds.first().map(String::as_str), Some("started"), "{kinds:?}");
    }

    // What is not understood ends the connection, with a reason.
    say(&mut quiet, "what?");
    while frame(&mut quiet).0 != 8 {}
}

#[test]
fn live_connections_end_with_the_studio() {
    let mut served = Served::new();
    let mut socket = web_socket(&served);
    let took = served.terminate();
    assert!(took.as_secs_f64() < 2.0, "{took:?}");
    let reason = loop {
        if let (8, reason) = frame(&mut socket) {
            break reason;
        }
    };
    assert_eq!(u16::from_be_bytes([reason[0], reason[1]]), 1001, "going away");
}

/// A connection that has become a WebSocket (RFC 6455).
fn web_socket(served: &Served) -> TcpStream {
    web_socket_at(served, "/api/live")
}

/// A connection to an address that has become a WebSocket.
pub(crate) fn web_socket_at(served: &Served, path: &str) -> TcpStream {
    let mut stream = served.connect();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\nOrigin: http://127.0.0.1:{0}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        served.port
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

/// Sends a text frame, masked as clients must; a mask of zeros changes nothing.
fn say(stream: &mut TcpStream, text: &str) {
    assert!(text.len() < 126, "short frames only");
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend(text.bytes());
    stream.write_all(&frame).unwrap();
}

/// Sends a binary frame, masked with zeros.
pub(crate) fn say_bytes(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    let mut frame = vec![0x82, 0x80 | 127];
    frame.extend((bytes.len() as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(bytes);
    stream.write_all(&frame)
}

/// The next text; pings and the like are passed over.
fn hear(stream: &mut TcpStream) -> String {
    loop {
        let (kind, payload) = frame(stream);
        assert_ne!(kind, 8, "closed: {}", String::from_utf8_lossy(&payload));
        if kind == 1 {
            return String::from_utf8(payload).unwrap();
        }
    }
}

/// The next frame: its kind and what it holds.
pub(crate) fn frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    let len = match head[1] {
        126 => {
            let mut len = [0; 2];
            stream.read_exact(&mut len).unwrap();
            u16::from_be_bytes(len).into()
        }
        127 => {
            let mut len = [0; 8];
            stream.read_exact(&mut len).unwrap();
            usize::try_from(u64::from_be_bytes(len)).unwrap()
        }
        len => len.into(),
    };
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload).unwrap();
    (head[0] & 0x0f, payload)
}
