//! `maquette serve`: the studio and its pages, until Ctrl+C.

use std::time::Duration;

use anyhow::Context;
use api::{JobState, Problem};

use super::Console;
use crate::opener;
use crate::{
    client::{Refused, open_studio},
    server,
};

/// How to serve.
#[derive(clap::Args, Default, PartialEq)]
pub(crate) struct ServeArgs {
    /// The port to listen on [default: 7878, or the next free one]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Do not open the browser
    #[arg(long)]
    no_open: bool,
}

pub(crate) fn run(args: &ServeArgs, console: &Console) -> anyhow::Result<()> {
    let terminal = console.terminal;
    let studio = open_studio(&console.workspace).map_err(|error| refused(&error))?;
    let listener = server::listen(args.port).map_err(|error| port_taken(args.port, &error))?;
    let port = listener.local_addr()?.port();
    let address = format!("http://127.0.0.1:{port}");
    let runtime = server::runtime().context("failed to start threads")?;
    // Listened for before the address is printed: whoever knows the address may also send the signal.
    let farewell = runtime.block_on(async { farewell() })?;
    studio.announce(port).map_err(|error| Refused(error.problem()))?;

    let served = serde_json::json!({
        "address": address,
        "workspace": studio.workspace(),
        "pid": std::process::id(),
    });
    let workspace = studio.workspace().display();
    terminal
        .result(&served, || format!("Maquette is running at {address}\nWorkspace: {workspace}"))?;
    terminal.note("Press Ctrl+C to quit. Training continues in the background.");
    if !args.no_open {
        open_page(&address);
    }
    let ended = runtime.block_on(server::serve(studio.clone(), listener, farewell));
    // Requests that still read or write have had their time.
    runtime.shutdown_timeout(Duration::from_millis(200));

    let jobs = studio.jobs().unwrap_or_default();
    let n_running = jobs.iter().filter(|job| matches!(job.state, JobState::Running { .. })).count();
    studio.close();
    match n_running {
        0 => terminal.note("Maquette has quit."),
        1 => terminal.note("Maquette has quit. 1 job continues in the background; start Maquette again to see it."),
        n => terminal.note(&format!(
            "Maquette has quit. {n} jobs continue in the background; start Maquette again to see them."
        )),
    }
    ended.context("failed to keep serving")
}

/// Waits for Ctrl+C, or for the system's request to end.
fn farewell() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("failed to listen for signals")?;
    #[cfg(unix)]
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
        .context("failed to listen for signals")?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

fn open_page(address: &str) {
    if let Some(opener) = opener::find()
        && let Err(error) = opener::open(opener, address)
    {
        tracing::warn!(%error, "the browser did not open");
    }
}

fn refused(error: &studio::Error) -> Refused {
    let mut problem = error.problem();
    if let studio::Error::Locked { port: Some(port), .. } = error {
        let address = format!("http://127.0.0.1:{port}");
        problem.remedy =
            Some(format!("Use the one at {address}, quit it, or choose another --workspace."));
    }
    Refused(problem)
}

fn port_taken(port: Option<u16>, error: &std::io::Error) -> Refused {
    let port = port.unwrap_or(server::PORT);
    Refused(Problem {
        code: "port_taken".to_owned(),
        what: format!("Port {port} could not be used."),
        why: Some(api::sentence(&error.to_string())),
        remedy: Some("Choose another --port, or leave it out to use a free one.".to_owned()),
        fields: vec![],
    })
}
