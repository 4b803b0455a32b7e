//! Passes messages on between a job that answers on a socket of this computer and a page's WebSocket: games and live
//! sessions.
//!
//! Both directions go on by themselves, so that neither waits for the other. What cannot be sent in time ends the
//! connection.

use std::{net::Ipv4Addr, time::Duration};

use api::{Id, SessionAddress};
use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::StatusCode,
    response::Response,
};
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::{Instant, sleep, timeout},
};

use super::{App, error::Failure};

/// The longest message of a job, in bytes.
const MESSAGE_BYTES_MAX: u32 = 1 << 20;
/// How often to look whether a job answers.
const LOOK_EVERY: Duration = Duration::from_millis(30);
/// How long one message may take to leave.
const SEND_TIME: Duration = Duration::from_secs(5);
/// How long a farewell may take.
const FAREWELL_TIME: Duration = Duration::from_secs(1);

/// What bounds a connection, and the words for one that cannot be made.
pub(crate) struct Limits {
    /// The longest message of a page.
    pub(crate) page_bytes_max: usize,
    /// How long a job may take until it answers.
    pub(crate) start_time: Duration,
    /// What happened when it does not,
    pub(crate) what: &'static str,
    /// and what to do then.
    pub(crate) remedy: &'static str,
}

impl Limits {
    fn no_answer(&self) -> Failure {
        Failure::plain(StatusCode::CONFLICT, "no_session", self.what, self.remedy)
    }
}

/// Waits until a job answers, and makes the request a WebSocket that is connected with it.
///
/// # Errors
/// When there is no such job, or it does not answer.
pub(crate) async fn open(
    app: App,
    id: Id,
    upgrade: WebSocketUpgrade,
    limits: &'static Limits,
) -> Result<Response, Failure> {
    let address = address(&app, &id, limits).await?;
    let job = connect(&address).await.map_err(|error| limits.no_answer().because(&error))?;
    let longest = limits.page_bytes_max;
    let upgrade = upgrade.max_message_size(longest).max_frame_size(longest);
    let mut closing = app.closing.clone();
    Ok(upgrade.on_upgrade(move |socket| async move {
        tokio::select! {
            () = pass_on(job, socket) => {}
            _ = closing.wait_for(|is_closing| *is_closing) => {}
        }
    }))
}

/// Waits until the job answers.
async fn address(app: &App, id: &Id, limits: &Limits) -> Result<SessionAddress, Failure> {
    let until = Instant::now() + limits.start_time;
    loop {
        let of = id.clone();
        if let Some(address) = app.call(move |studio| studio.session(&of)).await? {
            return Ok(address);
        }
        let of = id.clone();
        let job = app.call(move |studio| studio.job(&of)).await?;
        let is_coming =
            matches!(job.state, api::JobState::Queued { .. } | api::JobState::Running { .. });
        if !is_coming || Instant::now() > until {
            return Err(limits.no_answer());
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn connect(address: &SessionAddress) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port)).await?;
    stream.set_nodelay(true)?;
    stream.write_all(address.token.as_bytes()).await?;
    Ok(stream)
}

/// Passes messages on, both ways, until either side ends.
async fn pass_on(job: TcpStream, socket: WebSocket) {
    let (from_job, to_job) = job.into_split();
    let (mut to_page, from_page) = socket.split();
    tokio::select! {
        is_page_there = to_page_from_job(from_job, &mut to_page) => {
            if is_page_there {
                let _ = timeout(FAREWELL_TIME, to_page.send(Message::Close(None))).await;
            }
        }
        is_page_there = to_job_from_page(from_page, to_job) => {
            if is_page_there {
                let _ = timeout(FAREWELL_TIME, to_page.send(Message::Close(None))).await;
            }
        }
    }
}

/// Passes on what the job says until one of the two ends. Whether the page is still there.
async fn to_page_from_job(
    from_job: OwnedReadHalf,
    to_page: &mut SplitSink<WebSocket, Message>,
) -> bool {
    let mut from_job = Messages { stream: BufReader::new(from_job), partial: vec![] };
    while let Ok(message) = from_job.next().await {
        let sent = timeout(SEND_TIME, to_page.send(Message::Binary(message.into()))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return false;
        }
    }
    true
}

/// Passes on what the page says until one of the two ends. Whether the page is still there.
async fn to_job_from_page(
    mut from_page: SplitStream<WebSocket>,
    mut to_job: OwnedWriteHalf,
) -> bool {
    loop {
        match from_page.next().await {
            Some(Ok(Message::Binary(message))) => {
                if !matches!(timeout(SEND_TIME, send(&mut to_job, &message)).await, Ok(Ok(()))) {
                    return true;
                }
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
            Some(Ok(_)) => {}
        }
    }
}

/// One piece for the length and the message, so that they leave in one packet.
async fn send(to_job: &mut OwnedWriteHalf, message: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_le_bytes();
    to_job.write_all(&[&length, message].concat()).await
}

/// Messages of a job. What was read of one is kept when the wait for the rest is given up.
struct Messages {
    stream: BufReader<OwnedReadHalf>,
    partial: Vec<u8>,
}

impl Messages {
    async fn next(&mut self) -> std::io::Result<Vec<u8>> {
        loop {
            if let Some((length, rest)) = self.partial.split_first_chunk::<4>() {
                let length = u32::from_le_bytes(*length);
                if length > MESSAGE_BYTES_MAX {
                    return Err(std::io::ErrorKind::InvalidData.into());
                }
                let length = length as usize;
                if rest.len() >= length {
                    let message = rest[..length].to_vec();
                    self.partial.drain(..4 + length);
                    return Ok(message);
                }
            }
            if self.stream.read_buf(&mut self.partial).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
