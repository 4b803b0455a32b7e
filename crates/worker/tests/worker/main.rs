//! Jobs as the studio sees them: a folder with an order goes in, events and files come out.

mod bad_input;
mod job;
mod prepare;
mod train;
