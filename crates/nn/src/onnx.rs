//! Graphs as ONNX files, and those files read again.
//!
//! Opset 17, IR version 8. What a graph remembers are inputs `state_0`, `state_1`… and outputs
//! `next_state_0`…: zeros at first, then what came out of the block before. Nothing in a file is left to
//! chance.
//!
//! Source: `onnx.proto` and `Operators.md` of ONNX 1.12 (<https://onnx.ai>).

mod player;
mod proto;
mod write;

pub use player::Player;
pub use write::{Described, write};

/// The names of a graph's input and output, besides its states.
const STATE: &str = "state_";
const NEXT_STATE: &str = "next_state_";
