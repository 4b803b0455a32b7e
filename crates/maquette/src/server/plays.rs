//! `/api/plays`: games in the page. The job that plays answers on a socket of this computer; its messages are
//! passed on to the page, and the page's to it.

use std::{net::Ipv4Addr, time::Duration};

use api::{Id, Job, NewPlay, SessionAddress};
use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::StatusCode,
    response::Response,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::{Instant, sleep, timeout},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    error::{Answer, Failure},
    input::{FromJson, FromPath, InProject, OfProject},
};

/// The longest message of a job, in bytes: a screen with what goes with it is 34 kB.
const MESSAGE_BYTES_MAX: u32 = 1 << 20;
/// The longest message of a page.
const PAGE_BYTES_MAX: usize = 1 << 16;
/// How long a job may take until it answers, and how often to look.
const START_TIME: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(30);
/// How long one message may take to leave.
const SEND_TIME: Duration = Duration::from_secs(5);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_play)).routes(routes!(play_session))
}

/// Begins to play: with the newest agent of a run, with a model, or without any.
#[utoipa::path(post, path = "/api/plays", params(OfProject), tag = "games", request_body = NewPlay,
    responses((status = 200, body = Job)))]
async fn create_play(InProject(app): InProject, FromJson(new): FromJson<NewPlay>) -> Answer<Job> {
    app.ask(move |studio| studio.create_play(new)).await
}

/// A WebSocket of binary messages, to see the game and to play.
///
/// The first byte of a message says what it is. To the page: 1, a JSON text with the game, its screen's size and
/// colours, and the agent's name; 2, a frame: flags (1: over, 2: the person played), lives, action, the score as
/// a little-endian `f32`, a byte for each pixel, and the probability of each action in 255ths. From the page: 1,
/// who plays (0 agent, 1 person, 2 person while a key is held, 3 against each other) and the action asked for,
/// or 255; 2, begin anew. The job ends soon after the connection does.
#[utoipa::path(get, path = "/api/plays/{id}/session", tag = "games", params(("id" = Id, Path)),
    responses((status = 101, description = "The connection is a WebSocket now.")))]
async fn play_session(
    State(app): State<App>,
    FromPath(id): FromPath<Id>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Failure> {
    let address = address(&app, &id).await?;
    let job = connect(&address).await.map_err(|error| no_answer().because(&error))?;
    let upgrade = upgrade.max_message_size(PAGE_BYTES_MAX).max_frame_size(PAGE_BYTES_MAX);
    let mut closing = app.closing.clone();
    Ok(upgrade.on_upgrade(move |socket| async move {
        tokio::select! {
            () = pass_on(job, socket) => {}
            _ = closing.wait_for(|is_closing| *is_closing) => {}
        }
    }))
}

/// Waits until the job answers.
async fn address(app: &App, id: &Id) -> Result<SessionAddress, Failure> {
    let until = Instant::now() + START_TIME;
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
            return Err(no_answer());
        }
        sleep(LOOK_EVERY).await;
    }
}

fn no_answer() -> Failure {
    let remedy = "Start the game again. The job's log may say more.";
    Failure::plain(StatusCode::CONFLICT, "no_session", "The game does not answer.", remedy)
}

async fn connect(address: &SessionAddress) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port)).await?;
    stream.set_nodelay(true)?;
    stream.write_all(address.token.as_bytes()).await?;
    Ok(stream)
}

/// Passes messages on, both ways, until either side ends.
async fn pass_on(job: TcpStream, mut socket: WebSocket) {
    let (from_job, mut to_job) = job.into_split();
    let mut from_job = Messages { stream: BufReader::new(from_job), partial: vec![] };
    loop {
        tokio::select! {
            message = from_job.next() => {
                let Ok(message) = message else { break };
                let sent = timeout(SEND_TIME, socket.send(Message::Binary(message.into()))).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return;
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Binary(message))) => {
                    if send(&mut to_job, &message).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
    let _ = timeout(Duration::from_secs(1), socket.send(Message::Close(None))).await;
}

async fn send(to_job: &mut OwnedWriteHalf, message: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_le_bytes();
    to_job.write_all(&length).await?;
    to_job.write_all(message).await
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
