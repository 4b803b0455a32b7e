//! The HTTP server: thin routes over the studio's verbs, the live connections, and the pages.
//!
//! It listens on the loopback interface only, and everything passes the [`guard`]. A handler parses,
//! calls a verb on a thread that may touch the disk, and answers.

mod about;
mod assets;
mod bridge;
mod changes;
mod conversions;
mod datasets;
mod daw;
mod engines;
mod error;
mod exports;
mod families;
mod films;
mod flows;
mod folders;
mod games;
mod generations;
mod guard;
mod imports;
mod input;
mod jobs;
mod library;
mod live;
mod maps;
mod measures;
mod memory;
mod models;
mod notes;
pub(crate) mod openapi;
mod patches;
mod plays;
mod presets;
mod projects;
mod reconstructions;
mod runs;
pub(crate) mod sessions;
mod sounds;
mod stream;
mod system;
mod trash;
mod uploads;
pub(crate) mod weights;

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router, extract::DefaultBodyLimit, http::StatusCode, middleware, routing::get,
    serve::ListenerExt as _,
};
use studio::Studio;
use tokio::sync::{Semaphore, watch};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::doctor::CpuMeter;
use error::{Answer, Failure};

/// Where the studio is served if nobody says otherwise.
pub(crate) const PORT: u16 = 7878;

/// Ports after [`PORT`] that are tried when it is taken.
const PORTS_TRIED: u16 = 20;

/// The longest JSON body of a request.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Threads for verbs and for files under way at the same time.
const BLOCKING_THREADS_MAX: usize = 64;

/// How long answers that are under way may take when the server ends.
const FAREWELL_TIME: Duration = Duration::from_millis(1500);

/// What every handler has at hand.
#[derive(Clone)]
pub(crate) struct App {
    studio: Studio,
    port: u16,
    started_ms: api::UnixMs,
    cpu: Arc<CpuMeter>,
    live_places: Arc<Semaphore>,
    closing: watch::Receiver<bool>,
}

impl App {
    /// Does work that may touch the disk, away from the threads that answer.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let app = self.clone();
        match tokio::task::spawn_blocking(move || work(&app)).await {
            Ok(done) => done,
            Err(panic) => Err(Failure::internal(&panic)),
        }
    }

    /// Calls a verb of the studio and hands over what it gives.
    async fn call<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Studio) -> Result<T, studio::Error> + Send + 'static,
    ) -> Result<T, Failure> {
        self.work(|app| Ok(verb(&app.studio)?)).await
    }

    /// Calls a verb of the studio and answers with what it gives.
    async fn ask<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Studio) -> Result<T, studio::Error> + Send + 'static,
    ) -> Answer<T> {
        self.call(verb).await.map(Json)
    }

    /// Calls a verb of the studio that gives nothing, and answers so.
    async fn act(
        &self,
        verb: impl FnOnce(&Studio) -> Result<(), studio::Error> + Send + 'static,
    ) -> Result<StatusCode, Failure> {
        self.call(verb).await.map(|()| StatusCode::NO_CONTENT)
    }
}

/// A socket on the loopback interface: the port asked for, or the first free one from [`PORT`] on.
///
/// # Errors
/// When the port is taken, or all that are tried are.
pub(crate) fn listen(port: Option<u16>) -> io::Result<TcpListener> {
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let Some(port) = port else {
        let free = (PORT..PORT + PORTS_TRIED).find_map(|port| bind(port).ok());
        return free.map_or_else(|| bind(PORT), Ok);
    };
    bind(port)
}

/// The threads that answer. Verbs run on others, which come and go.
///
/// # Errors
/// When the system gives no threads.
pub(crate) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_keep_alive(Duration::from_secs(2))
        .thread_name("server")
        .enable_all()
        .build()
}

/// Serves a studio until `farewell` is over; answers under way then get a little time.
///
/// # Errors
/// When the socket cannot be used.
pub(crate) async fn serve(
    studio: Studio,
    listener: TcpListener,
    farewell: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let port = listener.local_addr()?.port();
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    // Blocks of live sound leave at once, however small they are; a socket that cannot do that is as good otherwise.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let (close, closing) = watch::channel(false);
    let app = App {
        studio,
        port,
        started_ms: now_ms(),
        cpu: Arc::new(CpuMeter::default()),
        live_places: Arc::new(Semaphore::new(live::CONNECTIONS_MAX)),
        closing: closing.clone(),
    };

    let goodbye = async move {
        farewell.await;
        // Live connections would never end by themselves.
        close.send_replace(true);
    };
    let live_places = Arc::clone(&app.live_places);
    let server = async move {
        let ended = axum::serve(listener, router(app)).with_graceful_shutdown(goodbye).await;
        // The server does not wait for what became a WebSocket; its close frame shall leave, too.
        let _ = live_places.acquire_many(live::CONNECTIONS_MAX as u32).await;
        ended
    };
    let mut closing = closing;
    let out_of_time = async move {
        let _ = closing.wait_for(|is_closing| *is_closing).await;
        tokio::time::sleep(FAREWELL_TIME).await;
    };
    tokio::select! {
        ended = server => ended,
        () = out_of_time => Ok(()),
    }
}

/// Every endpoint with its description.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::Head::openapi())
        .merge(about::routes())
        .merge(jobs::routes())
        .merge(live::routes())
        .merge(uploads::routes())
        .merge(datasets::routes())
        .merge(runs::routes())
        .merge(models::routes())
        .merge(families::routes())
        .merge(presets::routes())
        .merge(projects::routes())
        .merge(measures::routes())
        .merge(reconstructions::routes())
        .merge(conversions::routes())
        .merge(exports::routes())
        .merge(games::routes())
        .merge(plays::routes())
        .merge(films::routes())
        .merge(sessions::routes())
        .merge(generations::routes())
        .merge(maps::routes())
        .merge(sounds::routes())
        .merge(library::routes())
        .merge(changes::routes())
        .merge(notes::routes())
        .merge(daw::routes())
        .merge(patches::routes())
        .merge(weights::routes())
        .merge(engines::routes())
        .merge(memory::routes())
        .merge(flows::routes())
        .merge(system::routes())
        .merge(folders::routes())
        .merge(imports::routes())
        .merge(trash::routes())
}

fn router(app: App) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .route("/api/openapi.json", get(async || Json(openapi::document())))
        .fallback(assets::page)
        .method_not_allowed_fallback(async || Failure::method_not_allowed())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(guard::guard))
        .with_state(app)
}

fn now_ms() -> api::UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as api::UnixMs
}
