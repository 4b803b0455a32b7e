//! Jobs as the studio sees them: a folder with an order goes in, events and files come out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod analyse;
mod bad_input;
mod change;
mod convert;
mod curve;
mod export;
mod games;
mod generate;
mod import;
mod job;
mod map;
mod measure;
mod midi;
mod prepare;
mod prior;
mod session;
mod train;
