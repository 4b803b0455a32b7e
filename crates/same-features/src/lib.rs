//! Nothing: its dependencies are all there is to it. Every crate of ours depends on it, so every build chooses
//! the same features of outside libraries.
