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
        Ok(Self { arrivals, connection: None, alone_since: Instant::now() })
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
