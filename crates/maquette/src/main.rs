//! The command: `maquette` serves the studio and its pages, and has the same verbs for terminals.

mod doctor;
mod server;

fn main() {
    let json = server::openapi::document().to_pretty_json().expect("a description is plain data");
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{json}");
}
