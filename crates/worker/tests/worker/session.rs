//! A live session: blocks of sound over its socket, notices, recordings, and what must not break it.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use api::{
    EventBody, ModelPlace, RecipeModel, RecipeSource, SessionAddress, SessionCommand, SessionHello,
    SessionNotice, SessionTask, SoundCard, SoundPlace, Task, control_number,
};
use serde_json::json;

use crate::job::Scene;

const RATE_HZ: usize = 44_100;

/// A session that runs in a thread of its own, and one connection to it.
struct Live {
    scene: Scene,
    job: std::path::PathBuf,
    worker: Option<thread::JoinHandle<()>>,
    stream: TcpStream,
    hello: SessionHello,
    /// Notices that came and were not looked at.
    notices: Vec<SessionNotice>,
    n_blocks: u32,
}

impl Live {
    fn new() -> Self {
        let scene = Scene::new(&json!({}));
        let place = ModelPlace::Library { id: "tiny-000001".parse().unwrap() };
        let model = RecipeModel::at(place, "tiny");
        let task = SessionTask {
            models: vec![model],
            weights: Default::default(),
            seed: 5,
            has_noise: true,
            deviations: vec![],
        };
        let job =
            scene.workspace.job("sessions", "live-000001", Task::Session(task)).path().to_owned();
        let path = job.clone();
        let worker = thread::spawn(move || worker::run(&path).unwrap());
        let stream = connect(&job);
        let mut live = Self {
            scene,
            job,
            worker: Some(worker),
            stream,
            hello: serde_json::from_value(json!({
                "models": [], "rate_hz": 0, "channels": 0, "ratio": 0, "latent_size": 0, "n_directions": 0,
                "latency_samples": 0, "block_max": 0, "can_share_latents": false, "deviations": [],
                "controls": [], "direction_controls": [], "values": [], "loaded": {},
            }))
            .unwrap(),
            notices: vec![],
            n_blocks: 0,
        };
        let (kind, text) = live.next();
        assert_eq!(kind, 3, "the greeting comes first");
        live.hello = serde_json::from_slice(&text).unwrap();
        live
    }

    fn next(&mut self) -> (u8, Vec<u8>) {
        let mut message = receive(&mut self.stream).expect("a message");
        let kind = message.remove(0);
        (kind, message)
    }

    /// The next message of a kind; notices on the way are kept.
    fn next_of(&mut self, wanted: u8) -> Vec<u8> {
        loop {
            let (kind, message) = self.next();
            if kind == wanted {
                return message;
            }
            if kind == 4 {
                self.notices.push(serde_json::from_slice(&message).unwrap());
            }
        }
    }

    fn notice(&mut self) -> SessionNotice {
        if !self.notices.is_empty() {
            return self.notices.remove(0);
        }
        serde_json::from_slice(&self.next_of(4)).unwrap()
    }

    fn send(&mut self, message: &[u8]) {
        send(&mut self.stream, message);
    }

    fn set(&mut self, key: &str, value: f32) {
        let mut message = vec![2];
        message.extend(control_number(key).unwrap().to_le_bytes());
        message.extend(value.to_le_bytes());
        self.send(&message);
    }

    fn ask(&mut self, command: &SessionCommand) {
        let mut message = vec![4];
        message.extend(serde_json::to_vec(command).unwrap());
        self.send(&message);
    }

    /// Asks for a block and gives the answer's samples.
    fn play(&mut self, block: &[f32]) -> Vec<f32> {
        self.n_blocks += 1;
        let mut message = vec![1];
        message.extend(self.n_blocks.to_le_bytes());
        message.extend((block.len() as u16).to_le_bytes());
        message.push(1);
        block.iter().for_each(|x| message.extend(x.to_le_bytes()));
        self.send(&message);
        let answer = self.next_of(1);
        assert_eq!(answer[..4], self.n_blocks.to_le_bytes());
        assert_eq!(answer[4..6], (block.len() as u16).to_le_bytes());
        let samples = answer[8..].chunks_exact(4);
        samples.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
    }

    fn play_all(&mut self, input: &[f32], block: usize) -> Vec<f32> {
        input.chunks(block).flat_map(|block| self.play(block)).collect()
    }

    fn stop(&mut self) {
        let text = serde_json::to_string(&api::Control::Stop).unwrap();
        fs::write(self.job.join("control.jsonl"), format!("{text}\n")).unwrap();
        self.worker.take().unwrap().join().unwrap();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.worker.is_some() && !thread::panicking() {
            self.stop();
        }
    }
}

fn connect(job: &std::path::Path) -> TcpStream {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let address: Option<SessionAddress> =
            fs::read(job.join("session.json")).ok().and_then(|it| serde_json::from_slice(&it).ok());
        if let Some(SessionAddress { port, token }) = address
            && let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        {
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(token.as_bytes()).unwrap();
            return stream;
        }
        assert!(Instant::now() < until, "the session does not answer");
        thread::sleep(Duration::from_millis(10));
    }
}

fn send(stream: &mut TcpStream, message: &[u8]) {
    stream.write_all(&(message.len() as u32).to_le_bytes()).unwrap();
    stream.write_all(message).unwrap();
}

fn receive(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; u32::from_le_bytes(length) as usize];
    stream.read_exact(&mut message).ok()?;
    Some(message)
}

fn tone(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.03).sin() * 0.3).collect()
}

#[test]
fn every_block_is_answered_and_the_input_comes_back_in_time() {
    let mut live = Live::new();
    assert_eq!((live.hello.rate_hz, live.hello.channels), (RATE_HZ as u32, 1));
    assert_eq!(live.hello.controls.len(), api::CONTROLS.len());
    live.set("mic", 1.0);
    live.set("wet", 0.0);
    let late = live.hello.latency_samples as usize;
    // Until the gain has arrived.
    live.play_all(&vec![0.0; late + 8_192], 1_024);
    let input = tone(late + 4_096);
    let out = live.play_all(&input, 512);
    let worst = out[late..].iter().zip(&input).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-4, "{worst}");
    let status = live.next_of_status();
    assert!(status[0] > 0.2 && (status[2] - 1.0).abs() < 1e-6, "{status:?}");
    // The pitch of the tone is found beside the thread that plays.
    let expected = 0.03 / std::f32::consts::TAU * RATE_HZ as f32;
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        live.play_all(&tone(8_192), 1_024);
        let hz = live.next_of_status()[8];
        if (hz - expected).abs() < 3.0 {
            break;
        }
        assert!(Instant::now() < until, "{hz} Hz, not {expected}");
    }
}

impl Live {
    /// The next word on how it goes; blocks go on meanwhile.
    fn next_of_status(&mut self) -> Vec<f32> {
        thread::sleep(Duration::from_millis(80));
        self.send(&[9]);
        let message = self.next_of(2);
        message.chunks_exact(4).map(|it| f32::from_le_bytes(it.try_into().unwrap())).collect()
    }
}

#[test]
fn a_recording_is_a_sound_with_everything_that_was_done() {
    let mut live = Live::new();
    live.set("mic", 1.0);
    live.play_all(&tone(RATE_HZ), 2_048);
    live.ask(&SessionCommand::Record { name: "One take".into() });
    assert!(
        matches!(live.notice(), SessionNotice::Loaded { loaded } if loaded.recording.is_some())
    );
    let input = tone(2 * RATE_HZ);
    let mut heard = live.play_all(&input[..RATE_HZ], 2_048);
    live.set("gain", -6.0);
    let path = SessionCommand::Path {
        points: vec![vec![1.0], vec![-1.0]],
        way: Default::default(),
        is_closed: true,
        secs: 0.5,
    };
    live.ask(&path);
    heard.extend(live.play_all(&input[RATE_HZ..], 2_048));
    live.ask(&SessionCommand::StopRecording);
    let (path_in_job, secs) = loop {
        live.play(&[0.0; 256]);
        match live.notice() {
            SessionNotice::Recorded { path, name, secs } => {
                assert_eq!(name, "One take");
                break (path, secs);
            }
            SessionNotice::Loaded { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    let folder = live.job.join(&path_in_job);
    let card: SoundCard =
        serde_json::from_slice(&fs::read(folder.join(SoundCard::CARD)).unwrap()).unwrap();
    assert!(card.facts.n_samples as usize >= heard.len() && !card.facts.sha256.is_empty());
    assert!((secs - card.facts.n_samples as f64 / RATE_HZ as f64).abs() < 1e-6);
    assert!(matches!(card.recipe.source, RecipeSource::Performance { .. }));
    assert_eq!(card.recipe.controls.get("mic"), Some(&1.0));
    // What was heard is what was written, from some sample on: the command took its time.
    let limits = audio::DecodeLimits::default();
    let sound = audio::decode_file(&folder.join(SoundCard::SOUND), &limits).unwrap().clip;
    let sound = &sound.channels[0];
    let start = sound.len().min(heard.len()) / 2;
    let place = heard
        .windows(64)
        .position(|window| window.iter().zip(&sound[start..]).all(|(a, b)| (a - b).abs() < 1e-6));
    assert!(place.is_some(), "the recording holds what was heard");
    let came_in = audio::decode_file(&folder.join(SoundCard::INPUT), &limits).unwrap().clip;
    assert!(came_in.n_frames() > sound.len(), "with what came in before");
    let moves = fs::read_to_string(folder.join("moves.jsonl")).unwrap();
    assert!(moves.contains("\"set\":[6,-6.0]") && moves.contains("\"do\":\"path\""), "{moves}");
    live.stop();
    let mut recorded = 0;
    for line in fs::read_to_string(live.job.join("events.jsonl")).unwrap().lines() {
        let event: api::Event = serde_json::from_str(line).unwrap();
        recorded += usize::from(matches!(event.body, EventBody::Recorded { .. }));
    }
    assert_eq!(recorded, 1);
    // By its recipe it is made again, sample for sample.
    let mut recipe = card.recipe.clone();
    recipe.source = RecipeSource::Performance {
        input: folder.join(SoundCard::INPUT),
        moves: folder.join("moves.jsonl"),
    };
    let (again, made) = crate::generate::made(&live.scene, recipe, 1).remove(0);
    let again = audio::decode_file(&again.join(SoundCard::SOUND), &limits).unwrap().clip;
    let worst = again.channels[0].iter().zip(sound).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert_eq!(again.n_frames(), sound.len());
    assert!(worst < 1e-6, "{worst}");
    assert_eq!(made.facts.sha256, card.facts.sha256);
}

#[test]
fn a_recording_under_way_is_kept_when_the_session_ends() {
    let mut live = Live::new();
    live.ask(&SessionCommand::Record { name: String::new() });
    live.notice();
    live.play_all(&tone(RATE_HZ), 2_048);
    // As after a kill: files are whole up to the last second.
    thread::sleep(Duration::from_millis(1_200));
    let folder = live.job.join("recordings/0001");
    let limits = audio::DecodeLimits::default();
    let sound = || audio::decode_file(&folder.join(SoundCard::SOUND), &limits).unwrap().clip;
    assert!(sound().n_frames() > RATE_HZ / 2);
    live.play_all(&tone(RATE_HZ), 2_048);
    live.stop();
    assert!(sound().n_frames() > RATE_HZ * 3 / 2);
    let card: SoundCard =
        serde_json::from_slice(&fs::read(folder.join(SoundCard::CARD)).unwrap()).unwrap();
    assert_eq!(card.name, "Recording");
    assert_eq!(fs::metadata(folder.join(SoundCard::PEAKS)).unwrap().len(), {
        2 * card.facts.n_samples.div_ceil(256)
    });
}

#[test]
fn sounds_are_loaded_and_what_cannot_be_is_said() {
    let mut live = Live::new();
    let file = live.scene.sound();
    live.ask(&SessionCommand::Load { sound: SoundPlace::File { path: file } });
    let SessionNotice::Loaded { loaded } = live.notice() else { panic!("it is not loaded") };
    let sound = loaded.sound.unwrap();
    assert_eq!(sound.name, "tone.wav");
    assert!(sound.secs > 0.1 && sound.max.iter().any(|it| *it > 10));
    live.set("file", 1.0);
    live.set("wet", 0.0);
    let late = live.hello.latency_samples as usize;
    let out = live.play_all(&vec![0.0; late + 8_192], 1_024);
    assert!(out[late + 4_096..].iter().any(|x| x.abs() > 0.1));
    let nowhere = SoundPlace::File { path: "/nowhere/x.wav".into() };
    for (command, words) in [
        (SessionCommand::Load { sound: nowhere }, "There is no sound at “/nowhere/x.wav”."),
        (
            SessionCommand::Prior { model: "tiny-000001".parse().unwrap() },
            "This prior cannot play here.",
        ),
        (
            SessionCommand::Trajectory { frames: vec![vec![f32::NAN]], rate_hz: 0.0 },
            "That is no path.",
        ),
    ] {
        // JSON has no infinite numbers, so such a frame is not even a command.
        let is_json = serde_json::to_string(&command).is_ok_and(|text| !text.contains("null"));
        live.ask(&command);
        if is_json {
            let SessionNotice::Failed { problem } = live.notice() else { panic!("{command:?}") };
            assert_eq!(problem.what, words);
        }
    }
    // It still plays.
    assert_eq!(live.play(&[0.0; 128]).len(), 128);
}

#[test]
fn hostile_messages_break_nothing() {
    let mut live = Live::new();
    let huge = [1, 0, 0, 0, 0, 255, 255, 1];
    for message in [
        &[][..],
        &[1],
        &[1, 0, 0, 0, 0, 4, 0, 1, 0, 0],
        &huge,
        &[1, 0, 0, 0, 0, 0, 0, 0],
        &[1, 0, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0],
        &[2, 255],
        &[2, 255, 255, 0, 0, 192, 127],
        &[3, 0, 0, 192, 127, 1],
        b"\x04{\"do\":",
        b"\x04{\"do\":\"explode\"}",
        &[200; 300],
    ] {
        live.send(message);
    }
    assert!(live.play(&[f32::NAN; 64]).iter().all(|x| x.is_finite()));
    // A message longer than any ends the connection, and a new one is welcome.
    live.stream.write_all(&u32::MAX.to_le_bytes()).unwrap();
    live.stream = connect(&live.job);
    assert_eq!(live.next().0, 3);
    assert_eq!(live.play(&[0.0; 64]).len(), 64);
}

#[test]
fn a_second_page_takes_over_and_the_first_one_hears_of_it() {
    let mut live = Live::new();
    live.set("gain", -3.0);
    live.play(&[0.0; 64]);
    let mut second = connect(&live.job);
    let hello = receive(&mut second).unwrap();
    let hello: SessionHello = serde_json::from_slice(&hello[1..]).unwrap();
    assert_eq!(hello.values, [(6, -3.0)]);
    assert_eq!(live.notice(), SessionNotice::TakenOver);
    let mut rest = vec![];
    assert!(live.stream.read_to_end(&mut rest).is_ok(), "the first connection is ended");
    live.stream = second;
    assert_eq!(live.play(&[0.0; 64]).len(), 64);
}
