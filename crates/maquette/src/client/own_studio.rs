//! A studio inside this process, for the time of one command.

use std::{ffi::OsString, net::TcpListener, path::Path, thread};

use anyhow::Context;
use api::{CodecFacts, WordsForecast, WordsForecastOf};
use studio::{Options, Readers, Studio, WorkerCommand};
use tokio::sync::oneshot;

use crate::server;

/// A studio that is served on a free port until it is dropped. Its workers live on.
pub(crate) struct OwnStudio {
    studio: Studio,
    port: u16,
    farewell: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Opens a workspace with workers that are this same program.
pub(crate) fn open_studio(workspace: &Path) -> Result<Studio, studio::Error> {
    let program = std::env::current_exe().unwrap_or_else(|_| "maquette".into());
    let worker = WorkerCommand { program, args: vec![OsString::from("worker")] };
    let readers = Readers { codec_of, forecast };
    Studio::open_with(workspace, worker, Options { readers, ..Options::default() })
}

/// What a model's weights say of it as a codec.
fn codec_of(weights: &Path) -> Option<CodecFacts> {
    worker::model_facts(weights)?.codec
}

/// What a sound from words takes with the model of a folder; nothing where that cannot be said.
fn forecast(folder: &Path, of: &WordsForecastOf) -> Option<WordsForecast> {
    worker::forecast_words(folder, &server::weights::thought_of(of)).ok()
}

impl OwnStudio {
    /// Serves a studio on a free port, where other commands find it too.
    ///
    /// # Errors
    /// When there is no free port or no free thread.
    pub(crate) fn serve(studio: Studio) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("failed to find a free port")?;
        let port = listener.local_addr()?.port();
        let runtime = server::runtime().context("failed to start threads")?;
        let (farewell, said) = oneshot::channel();
        let served = studio.clone();
        let thread = thread::Builder::new().name("own studio".into()).spawn(move || {
            let said = async { said.await.unwrap_or(()) };
            if let Err(error) = runtime.block_on(server::serve(served, listener, said)) {
                tracing::error!(%error, "the studio of this command ended");
            }
            runtime.shutdown_background();
        })?;
        studio.announce(port).map_err(|error| super::Refused(error.problem()))?;
        Ok(Self { studio, port, farewell: Some(farewell), thread: Some(thread) })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for OwnStudio {
    fn drop(&mut self) {
        if let Some(farewell) = self.farewell.take() {
            // The server may have ended by itself; then nobody listens.
            let _ = farewell.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.studio.close();
    }
}
