//! The command: `maquette` serves the studio and its pages, and has the same verbs for terminals.
//!
//! Every verb of the command line is a call of the HTTP API, so that verbs exist once: of the studio
//! that serves the workspace, or of one inside this process for the time of the command.

mod cli;
mod client;
mod doctor;
mod opener;
mod percent;
mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
