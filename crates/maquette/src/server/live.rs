//! What happens in the studio, as it happens: one WebSocket for a page, Server-Sent Events for
//! scripts.
//!
//! Every connection has a bounded subscription of its own. A client that is too slow is cut off and
//! comes back: it asks for the lists again then, which is right whatever it missed.

use std::{collections::HashSet, convert::Infallible, sync::Arc, time::Duration};

use api::{EventBody, Id, Live};
use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
    },
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{self, Sse},
    },
};
use futures_util::stream;
use serde::Deserialize;
use studio::{Delivery, Subscription};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, interval, timeout},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, error::Failure};

/// Live connections at the same time, of both kinds: many tabs and scripts, no flood.
pub(crate) const CONNECTIONS_MAX: usize = 64;

/// What a page may say at once, in bytes, and how many jobs it may watch.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
const WATCHED_MAX: usize = 256;

/// How often a quiet connection is tried, and how long it may stay quiet.
const PING_EVERY: Duration = Duration::from_secs(20);
const QUIET_MAX: Duration = Duration::from_secs(60);

/// How long one message may take to leave.
const SEND_TIME: Duration = Duration::from_secs(5);

/// The close code for a client that should come back (RFC 6455 registry: try again later), and the
/// one for a server that goes away.
const CODE_COME_BACK: u16 = 1013;
const CODE_GOING_AWAY: u16 = 1001;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(events))
}

/// What a page says: which jobs' every event it wants.
#[derive(Deserialize)]
struct Watch {
    watch: Vec<Id>,
}

/// A WebSocket of live messages, one JSON text each.
///
/// Progress, metrics and use of the computer come only of jobs that the client watches: it says
/// `{"watch": ["<id>", …]}` for that, any number of times. Everything else comes to everybody. A
/// client that falls behind is closed with code 1013: connect again, then ask for the lists.
#[utoipa::path(get, path = "/api/live", tag = "live",
    responses((status = 101, description = "The connection is a WebSocket now.")))]
async fn live(State(app): State<App>, upgrade: WebSocketUpgrade) -> Result<Response, Failure> {
    let place = a_place(&app.live_places)?;
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let code = talk(&app, socket).await;
        tracing::debug!(code, "a live connection ended");
        drop(place);
    }))
}

/// Every live message as a Server-Sent Event: its `live` word is the event's name, its JSON the data.
///
/// A client that falls behind gets an event `lagged` with the number of those that were left out.
#[utoipa::path(get, path = "/api/events", tag = "live",
    responses((status = 200, body = Live, content_type = "text/event-stream")))]
async fn events(State(app): State<App>) -> Result<Response, Failure> {
    let place = a_place(&app.live_places)?;
    let state = (app.studio.subscribe(), app.closing.clone(), place);
    let messages = stream::unfold(state, |(subscription, mut closing, place)| async move {
        let delivery = tokio::select! {
            delivery = subscription.next() => delivery?,
            _ = closing.wait_for(|is_closing| *is_closing) => return None,
        };
        Some((Ok::<_, Infallible>(message(&delivery)), (subscription, closing, place)))
    });
    Ok(Sse::new(messages).keep_alive(sse::KeepAlive::default()).into_response())
}

fn a_place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Failure> {
    places.clone().try_acquire_owned().map_err(|_| {
        Failure::plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_connections",
            "Too many pages and scripts are connected.",
            "Close some of them and try again.",
        )
    })
}

fn message(delivery: &Delivery) -> sse::Event {
    match delivery {
        Delivery::Live(live) => {
            let name = match **live {
                Live::Event { .. } => "event",
                Live::Job { .. } => "job",
                Live::Queue { .. } => "queue",
                Live::Changed { .. } => "changed",
            };
            sse::Event::default().event(name).data(json(live))
        }
        Delivery::Lagged(n_missed) => {
            sse::Event::default().event("lagged").data(format!("{{\"n_missed\":{n_missed}}}"))
        }
    }
}

fn json(live: &Live) -> String {
    serde_json::to_string(live).expect("plain data has no reason to fail")
}

/// Speaks with one page until either side ends; the close code that it ended with.
async fn talk(app: &App, mut socket: WebSocket) -> u16 {
    let subscription = app.studio.subscribe();
    let mut closing = app.closing.clone();
    let (code, reason) = tokio::select! {
        ended = pass_on(&subscription, &mut socket) => ended,
        _ = closing.wait_for(|is_closing| *is_closing) => (CODE_GOING_AWAY, "the studio was closed"),
    };
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    // The other side may be gone already; there is nobody to tell then.
    let _ = timeout(Duration::from_secs(1), socket.send(Message::Close(Some(frame)))).await;
    code
}

/// Passes on what happens, and listens for what the page watches.
async fn pass_on(subscription: &Subscription, socket: &mut WebSocket) -> (u16, &'static str) {
    let mut watched = HashSet::new();
    let mut ping = interval(PING_EVERY);
    let mut last_heard = Instant::now();
    loop {
        let outgoing = tokio::select! {
            delivery = subscription.next() => match delivery {
                Some(Delivery::Live(live)) if is_for(&live, &watched) => {
                    Message::Text(json(&live).into())
                }
                Some(Delivery::Live(_)) => continue,
                Some(Delivery::Lagged(_)) => return (CODE_COME_BACK, "fell behind"),
                None => return (CODE_GOING_AWAY, "the studio was closed"),
            },
            incoming = socket.recv() => {
                last_heard = Instant::now();
                match incoming {
                    Some(Ok(Message::Text(text))) => match serde_json::from_str::<Watch>(&text) {
                        Ok(ask) => watched = ask.watch.into_iter().take(WATCHED_MAX).collect(),
                        Err(_) => return (1008, "not understood"),
                    },
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return (1000, "goodbye"),
                    Some(Ok(_)) => {}
                }
                continue;
            },
            _ = ping.tick() => {
                if last_heard.elapsed() > QUIET_MAX {
                    return (CODE_COME_BACK, "no answer to pings");
                }
                Message::Ping(Default::default())
            },
        };
        match timeout(SEND_TIME, socket.send(outgoing)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return (1000, "goodbye"),
            Err(_) => return (CODE_COME_BACK, "fell behind"),
        }
    }
}

/// Whether a message goes to a page that watches these jobs.
fn is_for(live: &Live, watched: &HashSet<Id>) -> bool {
    match live {
        Live::Event { job, event } => match event.body {
            EventBody::Progress(_) | EventBody::Metrics(_) | EventBody::System(_) => {
                watched.contains(&job.id)
            }
            _ => true,
        },
        Live::Job { .. } | Live::Queue { .. } | Live::Changed { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use api::{Event, Job, JobKind, JobState, Metrics};

    use super::*;

    #[test]
    fn chatter_goes_to_those_who_watch() {
        let id = |text: &str| text.parse::<Id>().unwrap();
        let job = || Job {
            project: api::Project::first(),
            id: id("mine-000001"),
            kind: JobKind::Train,
            name: "Mine".into(),
            created_ms: 0,
            state: JobState::Running { started_ms: 0, stopping: false },
            progress: None,
            last_seq: 1,
            n_warnings: 0,
            dismissed: false,
            waits_for: None,
        };
        let event = |body| Live::Event { job: job(), event: Event { seq: 1, time_ms: 0, body } };
        let check = |live: &Live, watched: &str, expected: bool| {
            assert_eq!(is_for(live, &HashSet::from([id(watched)])), expected, "{live:?}");
        };
        let metrics = event(EventBody::Metrics(Metrics { step: 1, values: Default::default() }));
        check(&metrics, "mine-000001", true);
        check(&metrics, "other-000001", false);
        let finished = event(EventBody::Finished(api::Outcome::Done));
        check(&finished, "mine-000001", true);
        check(&finished, "other-000001", true);
        check(&Live::Job { job: job() }, "other-000001", true);
    }
}
