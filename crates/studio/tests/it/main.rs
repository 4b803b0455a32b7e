//! The studio as its callers see it, with real processes: this test binary is the worker, too.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests, too")]

mod changes;
mod close_and_reopen;
mod conversions;
mod datasets;
mod exports;
mod films;
mod flows;
mod formats;
mod full_disk;
mod generations;
mod imports;
mod jobs;
mod library;
mod maps;
mod measures;
mod models;
mod patches;
mod presets;
mod projects;
mod queue;
mod runs;
mod sessions;
mod similar;
mod sounds;
mod speed;
mod stage;
mod state;
mod trash;
mod unreadable;
mod worker;
