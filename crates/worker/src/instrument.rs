//! Models as an instrument: what comes in, what their latents do, and what is heard.

#[allow(dead_code, reason = "the engine uses it")]
pub(crate) mod space;
