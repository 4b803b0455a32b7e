//! Graphs as ONNX files, and those files read again.
//!
//! Opset 17, IR version 8. The state of a graph is passed in as `state_0`, `state_1`… and out as
//! `next_state_0`…: zeros at first, then the outputs of the block before. A file draws no random
//! numbers.
//!
//! Source: `onnx.proto` and `Operators.md` of ONNX 1.12 (<https://onnx.ai>).

mod player;
mod proto;
mod write;

pub use player::Player;
pub use write::{Described, NetworkDescribed, read_network_arrays, write, write_network};

/// The names of a graph's input and output, besides its states.
const STATE: &str = "state_";
const NEXT_STATE: &str = "next_state_";
