//! Jobs that answer: a socket on this computer, named in the job's folder, over which the studio passes
//! messages between the job and a page.
//!
//! A message is its length as a little-endian `u32`, and its bytes. Whoever connects says the token of
//! `session.json` first. There is one connection at a time; a new one takes the place of the old.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use api::SessionAddress;
use sha2::{Digest as _, Sha256};

use crate::folder::JobFolder;

/// The longest message from a page, in bytes.
const MESSAGE_BYTES_MAX: u32 = 1 << 20;
/// Messages that wait to be taken.
const WAITING_MAX: usize = 256;
/// How long a connection may take to say its token, or to take a message.
const PATIENCE: Duration = Duration::from_secs(5);

/// The socket of a job.
pub(crate) struct Session {
    arrivals: Receiver<TcpStream>,
    connection: Option<Connection>,
    /// Since when nobody is connected.
    alone_since: Instant,
}

struct Connection {
    stream: TcpStream,
    messages: Receiver<Vec<u8>>,
}

/// The socket of a job that answers at once: it waits for messages where [`Session`] looks for them, and keeps them in
/// memory that is allocated once.
pub(crate) struct Line {
    arrivals: Receiver<TcpStream>,
    stream: Option<TcpStream>,
    alone_since: Instant,
    /// What came of messages that are not taken yet.
    bytes: Vec<u8>,
    n_bytes: usize,
    /// The bytes of the message that was taken last, with its length.
    n_taken: usize,
}

/// What came over a line.
pub(crate) enum Came<'a> {
    /// Nothing within the time.
    Nothing,
    /// Somebody new is connected.
    Arrived,
    /// A message.
    Message(&'a [u8]),
}

impl Line {
    /// Begins to listen, and says where in the job's folder.
    pub(crate) fn open(folder: &JobFolder) -> anyhow::Result<Self> {
        Ok(Self {
            arrivals: arrivals(folder)?,
            stream: None,
            alone_since: Instant::now(),
            bytes: vec![0; 4 + MESSAGE_BYTES_MAX as usize],
            n_bytes: 0,
            n_taken: 0,
        })
    }

    /// Waits for what comes next, for about so long. Whoever was connected hears `farewell` before somebody new is.
    pub(crate) fn wait(&mut self, patience: Duration, farewell: &[u8]) -> Came<'_> {
        if let Ok(stream) = self.arrivals.try_recv() {
            self.send(&[farewell]);
            let ready = stream
                .set_nodelay(true)
                .and_then(|()| stream.set_read_timeout(Some(patience)))
                .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
            self.hang_up();
            if ready.is_ok() {
                self.stream = Some(stream);
                return Came::Arrived;
            }
        }
        self.bytes.copy_within(self.n_taken..self.n_bytes, 0);
        self.n_bytes -= self.n_taken;
        self.n_taken = 0;
        let Some(stream) = &mut self.stream else {
            thread::sleep(patience);
            return Came::Nothing;
        };
        loop {
            if let Some((length, _)) = self.bytes[..self.n_bytes].split_first_chunk::<4>() {
                let n = u32::from_le_bytes(*length);
                if n > MESSAGE_BYTES_MAX {
                    self.hang_up();
                    return Came::Nothing;
                }
                let end = 4 + n as usize;
                if self.n_bytes >= end {
                    self.n_taken = end;
                    return Came::Message(&self.bytes[4..end]);
                }
            }
            match stream.read(&mut self.bytes[self.n_bytes..]) {
                Ok(0) => break,
                Ok(n) => self.n_bytes += n,
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::Interrupted => return Came::Nothing,
                    _ => break,
                },
            }
        }
        self.hang_up();
        Came::Nothing
    }

    /// Sends a message to whoever is connected.
    pub(crate) fn send(&mut self, parts: &[&[u8]]) {
        let Some(stream) = &mut self.stream else { return };
        let n: usize = parts.iter().map(|it| it.len()).sum();
        let mut sent = stream.write_all(&u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
        for part in parts {
            sent = sent.and_then(|()| stream.write_all(part));
        }
        if sent.is_err() {
            self.hang_up();
        }
    }

    /// For how long nobody has been connected.
    pub(crate) fn alone_for(&self) -> Duration {
        if self.stream.is_some() { Duration::ZERO } else { self.alone_since.elapsed() }
    }

    fn hang_up(&mut self) {
        self.stream = None;
        self.alone_since = Instant::now();
        (self.n_bytes, self.n_taken) = (0, 0);
    }
}

/// What happened since the last look.
pub(crate) enum Heard {
    /// Nothing.
    Nothing,
    /// Somebody new is connected.
    Arrived,
    /// A message.
    Message(Vec<u8>),
}

impl Session {
    /// Begins to listen, and says where in the job's folder.
    pub(crate) fn open(folder: &JobFolder) -> anyhow::Result<Self> {
        Ok(Self { arrivals: arrivals(folder)?, connection: None, alone_since: Instant::now() })
    }

    /// Takes what came, without waiting.
    pub(crate) fn hear(&mut self) -> Heard {
        if let Ok(stream) = self.arrivals.try_recv() {
            self.connection = begin(stream).ok();
            if self.connection.is_some() {
                return Heard::Arrived;
            }
        }
        let Some(connection) = &self.connection else { return Heard::Nothing };
        match connection.messages.try_recv() {
            Ok(message) => Heard::Message(message),
            Err(TryRecvError::Empty) => Heard::Nothing,
            Err(TryRecvError::Disconnected) => {
                self.hang_up();
                Heard::Nothing
            }
        }
    }

    /// Sends a message to whoever is connected.
    pub(crate) fn send(&mut self, parts: &[&[u8]]) {
        let Some(connection) = &mut self.connection else { return };
        let n: usize = parts.iter().map(|it| it.len()).sum();
        let mut message = Vec::with_capacity(4 + n);
        message.extend(u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
        parts.iter().for_each(|part| message.extend_from_slice(part));
        if connection.stream.write_all(&message).is_err() {
            self.hang_up();
        }
    }

    /// For how long nobody has been connected.
    pub(crate) fn alone_for(&self) -> Duration {
        if self.connection.is_some() { Duration::ZERO } else { self.alone_since.elapsed() }
    }

    fn hang_up(&mut self) {
        self.connection = None;
        self.alone_since = Instant::now();
    }
}

/// Listens in a thread of its own, and says where in the job's folder; gives those who said the token.
fn arrivals(folder: &JobFolder) -> anyhow::Result<Receiver<TcpStream>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("open a socket")?;
    let port = listener.local_addr().context("open a socket")?.port();
    let token = token(folder, port);
    let (to, arrivals) = sync_channel(1);
    let expected = token.clone();
    thread::Builder::new()
        .name("session".into())
        .spawn(move || listen(&listener, &expected, &to))
        .context("listen to the socket")?;
    let text = serde_json::to_vec(&SessionAddress { port, token }).context("encode")?;
    job::whole::write(&folder.path().join(job::files::SESSION), &text)
        .context("write session.json")?;
    Ok(arrivals)
}

/// What cannot be guessed by a program that cannot read the folder.
fn token(folder: &JobFolder, port: u16) -> String {
    let mut random = [0; 32];
    let from_system =
        std::fs::File::open("/dev/urandom").and_then(|mut it| it.read_exact(&mut random));
    let mut hash = Sha256::new();
    hash.update(random);
    if from_system.is_err() {
        // Where there is no such file: the addresses of this process, and the time.
        hash.update(format!("{:p} {:?}", &raw const random, Instant::now()));
    }
    hash.update(folder.path().to_string_lossy().as_bytes());
    hash.update(port.to_le_bytes());
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn listen(listener: &TcpListener, token: &str, to: &SyncSender<TcpStream>) {
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let mut said = vec![0; token.len()];
        let is_right = stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.read_exact(&mut said))
            .is_ok_and(|()| said == token.as_bytes());
        if is_right && to.send(stream).is_err() {
            return;
        }
    }
}

/// Reads the messages of a connection in a thread of its own.
fn begin(stream: TcpStream) -> io::Result<Connection> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(None)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = stream.try_clone()?;
    let (to, messages) = sync_channel(WAITING_MAX);
    thread::Builder::new().name("session reader".into()).spawn(move || {
        while let Ok(message) = read(&mut reader) {
            if to.send(message).is_err() {
                return;
            }
        }
    })?;
    Ok(Connection { stream, messages })
}

fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let n = u32::from_le_bytes(length);
    if n > MESSAGE_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = vec![0; n as usize];
    stream.read_exact(&mut message)?;
    Ok(message)
}
